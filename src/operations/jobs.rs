//! Runs jobs on worker threads and delivers their events on the calling thread, one at a time, whatever the number of jobs; polls
//! for cancellation there every 50 ms. A worker that calls `EventSender::flush` waits until its events were delivered, so that a
//! callback can refuse a step before it begins.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::order::{Order, Turns};
use crate::api::{Event, Outcome, RunOptions};
use crate::error::{Code, Error, Result};
use crate::parallel;
use crate::value::Cancel;

const PULSE: Duration = Duration::from_millis(50);

/// Sends the events of a worker to the caller.
pub(crate) struct EventSender {
    messages: Sender<Message>,
    stop: Cancel,
    /// True if the caller has a progress callback.
    has_listener: bool,
    /// Notes for the outcome of the item that is worked on.
    notes: RefCell<Vec<String>>,
}

/// What a worker sends.
enum Message {
    Event(Event),
    /// Barrier: dropped after all earlier events were delivered.
    Flush(#[expect(dead_code, reason = "dropping it is the signal")] Sender<()>),
}

impl EventSender {
    /// Sends an event. If no one receives it, the operation continues.
    pub(crate) fn send(&self, event: Event) {
        let _ = self.messages.send(Message::Event(event));
    }

    /// Adds a note to the outcome of the item that is worked on.
    pub(crate) fn note(&self, note: String) {
        self.notes.borrow_mut().push(note);
    }

    /// Returns the notes for the outcome.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        self.notes.take()
    }

    /// Waits until all events sent so far were delivered and the callback's answer counts.
    pub(crate) fn flush(&self) {
        if self.has_listener {
            let (listening, end) = mpsc::channel();
            let _ = self.messages.send(Message::Flush(listening));
            // Also ends if the callback panicked and nothing is received any more.
            let _ = end.recv();
        }
    }

    /// Returns the number of cancellation requests.
    pub(crate) fn cancel_requests(&self) -> u32 {
        self.stop.requests()
    }

    /// Returns the token that counts cancellation requests.
    pub(crate) fn token(&self) -> Cancel {
        self.stop.clone()
    }
}

/// Runs the preparation of an operation; a cancellation ends it and is its result.
pub(crate) fn before<T: Send>(
    options: &mut RunOptions<'_>,
    work: impl FnOnce(&EventSender) -> Result<T> + Send,
) -> Result<T> {
    let stop = Cancel::new();
    let mut answers =
        run_jobs_until(&stop, vec![work], &Order::any(1), options, |work, _, events| work(events), |_| true)?;
    let answer = answers.pop().unwrap_or_else(|| Err(Error::new(Code::Internal, "the preparation returned no result")));
    match answer {
        // Even if it was cancelled so late that there was nothing left to stop.
        Ok(_) if stop.is_cancelled() => Err(Error::new(Code::Cancelled, "cancelled before it began")),
        answer => answer,
    }
}

/// Runs `work` on each item, on up to `options.jobs` threads, and returns the results in the order of the items. If the system
/// refuses some of the threads, the others do the work; if it refuses all, returns an error and nothing has begun.
///
/// A panic of a worker becomes a panic of the caller, once the other workers have ended.
pub(crate) fn run_jobs<T, R>(
    items: Vec<T>,
    options: &mut RunOptions<'_>,
    work: impl Fn(T, &EventSender) -> R + Sync,
) -> Result<Vec<R>>
where
    T: Send,
    R: Send,
{
    let order = Order::any(items.len());
    run_jobs_until(&Cancel::new(), items, &order, options, |item, _, events| work(item, events), |_| true)
}

/// Like [`run_jobs`], in this order. The work is also given the place of the item whose failure keeps this one from being started,
/// and then only says so.
pub(crate) fn run_in_order<T: Send>(
    items: Vec<T>,
    order: &Order,
    options: &mut RunOptions<'_>,
    work: impl Fn(T, Option<usize>, &EventSender) -> Outcome + Sync,
) -> Result<Vec<Outcome>> {
    run_jobs_until(&Cancel::new(), items, order, options, work, |outcome| outcome.result.is_ok())
}

/// Items that wait for their turns, and the turns.
struct Queue<T> {
    items: Vec<Option<T>>,
    turns: Turns,
}

/// What the workers take items from.
struct SharedQueue<T> {
    queue: Mutex<Queue<T>>,
    changed: Condvar,
}

impl<T> SharedQueue<T> {
    fn new(items: Vec<T>, order: &Order) -> Self {
        let items = items.into_iter().map(Some).collect();
        SharedQueue { queue: Mutex::new(Queue { items, turns: Turns::of(order) }), changed: Condvar::new() }
    }

    /// A poisoned queue only means that another worker panicked; what is queued is still whole.
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next item, with its place and the one whose failure keeps it from being started. Waits while each that is left
    /// waits for one that is worked on.
    fn take(&self) -> Option<(usize, Option<usize>, T)> {
        let mut queue = self.lock();
        loop {
            if let Some((at, blocked)) = queue.turns.take() {
                return Some((at, blocked, queue.items[at].take()?));
            }
            if queue.turns.are_taken() {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A turn that was taken. It ends even if the worker panics, or those that wait for it would wait for ever.
struct Turn<'q, T> {
    queue: &'q SharedQueue<T>,
    at: usize,
    ok: bool,
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        self.queue.lock().turns.end(self.at, self.ok);
        self.queue.changed.notify_all();
    }
}

/// Like [`run_jobs`]; `stop` counts the caller's cancellation requests.
fn run_jobs_until<T, R>(
    stop: &Cancel,
    items: Vec<T>,
    order: &Order,
    options: &mut RunOptions<'_>,
    work: impl Fn(T, Option<usize>, &EventSender) -> R + Sync,
    is_ok: impl Fn(&R) -> bool + Sync,
) -> Result<Vec<R>>
where
    T: Send,
    R: Send,
{
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let workers = options.jobs.clamp(1, items.len().max(1));
    let mut answers: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let queue = SharedQueue::new(items, order);
    // Cancelled before anything began: no worker begins.
    let passed_on = options.cancel.map_or(0, Cancel::requests);
    (0..passed_on).for_each(|_| stop.cancel());
    let (messages, heard) = mpsc::channel::<Message>();
    let has_listener = options.progress.is_some();
    let (answer, answered) = mpsc::channel::<(usize, R)>();

    let panicked = thread::scope(|scope| {
        let mut threads = Vec::with_capacity(workers);
        let mut refused = None;
        while threads.len() < workers && refused.is_none() {
            let started = parallel::start(scope, threads.is_empty(), || {
                let events = EventSender {
                    messages: messages.clone(),
                    stop: stop.clone(),
                    has_listener,
                    notes: RefCell::default(),
                };
                let answer = answer.clone();
                let (queue, work, is_ok) = (&queue, &work, &is_ok);
                move || {
                    while let Some((at, blocked, item)) = queue.take() {
                        let mut turn = Turn { queue, at, ok: false };
                        events.take_notes();
                        let result = work(item, blocked, &events);
                        turn.ok = is_ok(&result);
                        let _ = answer.send((at, result));
                    }
                }
            });
            match started {
                Ok(thread) => threads.push(thread),
                Err(error) => refused = Some(error),
            }
        }
        drop(messages);
        drop(answer);
        if let Some(error) = refused.filter(|_| threads.is_empty()) {
            return Err(parallel::no_thread(error));
        }

        // The dispatcher may itself panic (in a callback): the workers are then cancelled before the scope waits for them, or it
        // would wait for the end of an install. The receiver is dropped with it.
        let delivered = panic::catch_unwind(AssertUnwindSafe(|| dispatch(heard, stop, passed_on, options)));
        if delivered.is_err() {
            stop.cancel();
        }
        let mut panicked = delivered.err();
        for thread in threads {
            if let Err(payload) = thread.join() {
                panicked.get_or_insert(payload);
            }
        }
        Ok(panicked)
    })?;
    if let Some(payload) = panicked {
        panic::resume_unwind(payload);
    }
    for (n, result) in answered.try_iter() {
        answers[n] = Some(result);
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Delivers events to the caller until every worker has hung up.
///
/// `passed_on` of the requests on the caller's token were passed on before.
fn dispatch(heard: mpsc::Receiver<Message>, stop: &Cancel, mut passed_on: u32, options: &mut RunOptions<'_>) {
    let mut refused = false;
    // Number of repeated requests by a callback: it may cancel at every event, which must not count as a second request.
    let (mut asked, mut repeated) = (false, 0);
    loop {
        let message = heard.recv_timeout(PULSE);
        if let Some(cancel) = options.cancel {
            let requests = cancel.requests() - repeated;
            for _ in passed_on..requests {
                stop.cancel();
            }
            passed_on = passed_on.max(requests);
        }
        // A refusal counts once: the same callback also gets the events of the rollback and may refuse them too.
        let mut refuse = |wanted: bool| {
            if !wanted && !std::mem::replace(&mut refused, true) {
                stop.cancel();
            }
        };
        let before = options.cancel.map_or(0, Cancel::requests);
        if let Some(pulse) = options.pulse.as_mut() {
            refuse(pulse());
        }
        match message {
            Ok(Message::Event(event)) => {
                if let Some(progress) = options.progress.as_mut() {
                    refuse(progress(&event));
                }
            }
            Ok(Message::Flush(_)) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let made = options.cancel.map_or(0, Cancel::requests) - before;
        repeated += made - u32::from(made > 0 && !asked);
        asked |= made > 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::EventKind;
    use std::thread::ThreadId;

    fn event(zone: &str) -> Event {
        Event { zone: zone.to_owned(), step: String::new(), position: (0, 0), kind: EventKind::Started }
    }

    #[test]
    fn answers_keep_the_order_and_events_come_on_the_calling_thread() {
        let mut heard: Vec<(String, ThreadId)> = Vec::new();
        let mut progress = |event: &Event| {
            heard.push((event.zone.clone(), thread::current().id()));
            true
        };
        let mut options = RunOptions::new().jobs(4).progress(&mut progress);
        let answers = run_jobs((0..20).collect(), &mut options, |n: i32, events| {
            events.send(event(&n.to_string()));
            n * 2
        })
        .unwrap();
        assert_eq!(answers, (0..20).map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(heard.len(), 20);
        assert!(heard.iter().all(|(_, id)| *id == thread::current().id()));
    }

    #[test]
    fn jobs_are_worked_on_at_the_same_time() {
        // Each job waits for the other: running them one after the other would block forever.
        let both = std::sync::Barrier::new(2);
        let answers = run_jobs(vec![1, 2], &mut RunOptions::new().jobs(2), |n, _| {
            both.wait();
            n
        })
        .unwrap();
        assert_eq!(answers, [1, 2]);
    }

    #[test]
    fn a_refusal_reaches_the_workers_once() {
        let mut progress = |_: &Event| false;
        let mut options = RunOptions::new().progress(&mut progress);
        let cancel_requests = run_jobs(vec![()], &mut options, |(), events| {
            for _ in 0..3 {
                events.send(event("z"));
                events.flush();
            }
            events.cancel_requests()
        })
        .unwrap();
        assert_eq!(cancel_requests, [1]);
    }

    #[test]
    fn what_was_heard_has_been_answered() {
        for _ in 0..200 {
            let mut progress = |event: &Event| event.zone != "no";
            let mut options = RunOptions::new().jobs(2).progress(&mut progress);
            let cancel_requests = run_jobs(vec!["yes", "no"], &mut options, |message, events| {
                events.send(event(message));
                events.flush();
                (message, events.cancel_requests())
            })
            .unwrap();
            assert_eq!(cancel_requests[1], ("no", 1));
        }
    }

    #[test]
    fn a_callback_that_asks_its_own_token_is_heard_too() {
        let cancel = Cancel::new();
        let mut progress = |_: &Event| {
            cancel.cancel();
            true
        };
        let mut options = RunOptions::new().cancel(&cancel).progress(&mut progress);
        let cancel_requests = run_jobs(vec![()], &mut options, |(), events| {
            events.send(event("z"));
            events.flush();
            events.cancel_requests()
        })
        .unwrap();
        assert_eq!(cancel_requests, [1]);
    }

    #[test]
    fn a_panic_of_the_callback_blocks_no_worker() {
        let mut progress = |_: &Event| panic!("the caller's");
        let mut options = RunOptions::new().jobs(2).progress(&mut progress);
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            run_jobs(vec![1, 2, 3, 4], &mut options, |_, events| {
                events.send(event("z"));
                events.flush();
            })
        }));
        assert!(caught.is_err());
    }

    #[test]
    fn a_second_request_on_the_token_counts() {
        let cancel = Cancel::new();
        cancel.cancel();
        cancel.cancel();
        let mut options = RunOptions::new().cancel(&cancel);
        let cancel_requests = run_jobs(vec![()], &mut options, |(), events| {
            while events.cancel_requests() < 2 {
                thread::yield_now();
            }
            events.cancel_requests()
        })
        .unwrap();
        assert_eq!(cancel_requests, [2]);
    }

    #[test]
    fn a_panic_of_a_worker_is_the_callers() {
        let mut options = RunOptions::new().jobs(2);
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            run_jobs(vec![1, 2], &mut options, |n, _| assert!(n != 1, "worker one"))
        }));
        assert!(caught.is_err());
    }
}
