//! Work on worker threads, word of it on the caller's: events are delivered one at a time on the calling thread, whatever the
//! number of jobs, and requests to stop are looked for there every 50 ms. A worker that asks `EventSender::heard` waits until what it
//! told has been listened to, so that a callback's refusal of what is about to begin is known before it begins.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::{Cancel, Event};
use crate::error::{Code, Error, Result};
use crate::manager::RunOptions;
use crate::parallel;

const PULSE: Duration = Duration::from_millis(50);

/// A worker's line to the caller.
pub(crate) struct EventSender {
    messages: Sender<Message>,
    stop: Cancel,
    /// Whether the caller listens to events at all.
    has_listener: bool,
}

/// What a worker sends.
enum Message {
    Event(Event),
    /// Let go of once everything before it has been delivered.
    Flush(#[expect(dead_code, reason = "its end is what it says")] Sender<()>),
}

impl EventSender {
    /// Sends an event. Nobody listening is no failure: the work goes on.
    pub(crate) fn send(&self, event: Event) {
        let _ = self.messages.send(Message::Event(event));
    }

    /// Waits until the caller has heard everything that was told, and what it answered counts.
    pub(crate) fn flush(&self) {
        if self.has_listener {
            let (listening, end) = mpsc::channel();
            let _ = self.messages.send(Message::Flush(listening));
            // Ends as well where the caller's callback panicked and nobody listens any more.
            let _ = end.recv();
        }
    }

    /// How often the caller has asked to stop.
    pub(crate) fn cancel_requests(&self) -> u32 {
        self.stop.requests()
    }

    /// What counts the caller's requests to stop.
    pub(crate) fn token(&self) -> Cancel {
        self.stop.clone()
    }
}

/// Does what comes before the work; a request to stop ends it and is its answer.
pub(crate) fn before<T: Send>(
    options: &mut RunOptions<'_>,
    work: impl FnOnce(&EventSender) -> Result<T> + Send,
) -> Result<T> {
    let stop = Cancel::new();
    let mut answers = run_jobs_until(&stop, vec![work], options, |work, events| work(events))?;
    let answer = answers.pop().unwrap_or_else(|| Err(Error::new(Code::Internal, "nothing came before the work")));
    match answer {
        // Also where it was asked so late that nothing was left to be stopped.
        Ok(_) if stop.is_cancelled() => Err(Error::new(Code::Cancelled, "stopped before it began")),
        answer => answer,
    }
}

/// Works on each item, on up to `options.jobs` threads, and answers in the order of the items. If the system refuses some of the
/// threads, the others do the work; an error if it refuses all of them, and then nothing was begun.
///
/// A panic of a worker goes on as a panic of the caller, once the other workers have come to their end.
pub(crate) fn run_jobs<T, R>(
    items: Vec<T>,
    options: &mut RunOptions<'_>,
    work: impl Fn(T, &EventSender) -> R + Sync,
) -> Result<Vec<R>>
where
    T: Send,
    R: Send,
{
    run_jobs_until(&Cancel::new(), items, options, work)
}

/// Like [`run_jobs`]; `stop` counts what the caller asks.
fn run_jobs_until<T, R>(
    stop: &Cancel,
    items: Vec<T>,
    options: &mut RunOptions<'_>,
    work: impl Fn(T, &EventSender) -> R + Sync,
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
    let queue: Mutex<VecDeque<(usize, T)>> = Mutex::new(items.into_iter().enumerate().collect());
    // Asked before anything began: no worker begins.
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
                let events = EventSender { messages: messages.clone(), stop: stop.clone(), has_listener };
                let answer = answer.clone();
                let (queue, work) = (&queue, &work);
                move || {
                    loop {
                        // Let go of before the work begins: in the head of a `while let` it would be held until the work ends.
                        // A poisoned queue only means that another worker panicked; what is queued is still whole.
                        let next = queue.lock().unwrap_or_else(|e| e.into_inner()).pop_front();
                        let Some((n, item)) = next else { break };
                        let _ = answer.send((n, work(item, &events)));
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

        // The closure that delivers may itself panic (a callback of the caller): the workers are then told to stop before
        // the scope waits for them, or it would wait for the end of an install. Its end of the line goes with it.
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

/// Hands events to the caller until every worker has hung up.
///
/// Of the requests on the caller's token, `passed_on` have been.
fn dispatch(heard: mpsc::Receiver<Message>, stop: &Cancel, mut passed_on: u32, options: &mut RunOptions<'_>) {
    let mut refused = false;
    // Requests that a callback made after its first one: it hears of every event, and asking at each is not impatience.
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
        // A refusal counts once: the same callback goes on hearing of the roll back and may well go on refusing.
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
    use crate::operations::EventKind;
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
        // Each waits for the other: one after the other would be for ever.
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
    fn nobody_waits_for_a_caller_that_panicked() {
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
