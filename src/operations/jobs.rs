//! Runs jobs on worker threads and delivers their events on the calling thread, one at a time, whatever the number of jobs; polls
//! for cancellation there every 50 ms. A worker that calls `EventSender::flush` waits until its events were delivered, so that a
//! callback can refuse a step before it begins.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::order::{Order, Turns};
use crate::api::{Action, Change, ChangeRecord, Event, EventKind, Outcome, Plan, RunOptions};
use crate::error::{Code, Error, Result};
use crate::parallel;
use crate::value::Cancel;
use crate::value::name::ZoneName;

const PULSE: Duration = Duration::from_millis(50);

/// Result of a worker, as far as progress is concerned.
pub(crate) trait Reported {
    /// Returns the outcomes of the zones that are finished with it.
    fn outcomes(&self) -> &[Outcome] {
        &[]
    }

    /// Returns true if what waits for it may begin.
    fn is_ok(&self) -> bool {
        self.outcomes().iter().all(|outcome| outcome.result.is_ok())
    }
}

impl Reported for Outcome {
    fn outcomes(&self) -> &[Outcome] {
        std::slice::from_ref(self)
    }
}

impl Reported for Vec<Outcome> {
    fn outcomes(&self) -> &[Outcome] {
        self
    }
}

/// A preparation finishes no zone.
impl<T> Reported for Result<T> {}

/// Sends the events of a worker to the caller.
pub(crate) struct EventSender {
    messages: Sender<Message>,
    /// Number of steps of the zone that is worked on.
    steps: Cell<usize>,
    stop: Cancel,
    /// True if the caller has a progress callback.
    has_listener: bool,
    /// Notes for the outcome of the item that is worked on.
    notes: RefCell<Vec<String>>,
    /// The span of the item that is worked on.
    span: RefCell<tracing::Span>,
    /// The record of changes.
    record: Option<Arc<ChangeRecord>>,
    /// Digest of the plan of the item that is worked on, once it has begun to change something.
    begun: RefCell<Option<Option<String>>>,
}

/// Logs an event. Commands are logged where they run.
fn log(event: &Event) {
    let (zone, step) = (event.zone.as_str(), event.step.as_str());
    let millis = |elapsed: &Duration| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    match &event.kind {
        EventKind::Started => tracing::info!(zone, "started"),
        EventKind::StepStarted => tracing::debug!(zone, step, "step started"),
        EventKind::StepDone { elapsed } => tracing::debug!(zone, step, elapsed_ms = millis(elapsed), "step done"),
        EventKind::StepFailed { message } => tracing::warn!(zone, step, reason = message.as_str(), "step failed"),
        EventKind::Undoing => tracing::info!(zone, step, "undoing"),
        EventKind::Warning { message } => tracing::warn!(zone, reason = message.as_str(), "warning"),
        EventKind::Log { path } => tracing::info!(zone, step, path = %path.display(), "output goes to a log"),
        EventKind::Finished { ok: true, action, .. } => tracing::info!(zone, action = action.as_str(), "finished"),
        EventKind::Finished { summary, .. } => tracing::error!(zone, reason = summary.as_str(), "failed"),
        EventKind::Command { .. } | EventKind::Running { .. } => {}
    }
}

/// Message from a worker.
enum Message {
    Event(Event),
    /// Barrier: dropped after all earlier events were delivered.
    Flush(#[expect(dead_code, reason = "dropping it is the signal")] Sender<()>),
}

impl EventSender {
    /// Sends an event. If no one receives it, the operation continues.
    pub(crate) fn send(&self, event: Event) {
        self.steps.set(event.position.1);
        log(&event);
        let _ = self.messages.send(Message::Event(event));
    }

    /// Records and announces that a zone begins to change, by this plan.
    pub(crate) fn begin(&self, zone: &ZoneName, steps: usize, change: Option<&Change>) {
        self.span.borrow().record("zone", zone.as_str());
        if let Some(record) = &self.record {
            // Of the approved plan, or of the one that was made now.
            let of = |change: &Change| Plan::new(change.request.operation(), vec![change.clone()]).digest();
            let plan = record.plan().cloned().or_else(|| change.map(of));
            let warning = record.started(zone.as_str(), plan.as_deref());
            self.begun.replace(Some(plan));
            self.warn(zone.as_str(), warning);
        }
        self.send(Event::new(zone.as_str(), "", (0, steps), EventKind::Started));
    }

    /// Records and announces what came of a zone.
    fn end(&self, outcome: &Outcome, begun: Option<&Option<String>>) {
        let changed = begun.is_some() || outcome.action == Action::Adopted;
        if let Some(record) = self.record.as_ref().filter(|_| changed) {
            let plan = begun.and_then(|plan| plan.as_deref());
            self.warn(&outcome.name, record.ended(outcome, plan));
        }
        self.send(Event::finished(outcome, self.steps.get()));
    }

    fn warn(&self, zone: &str, warning: Option<String>) {
        if let Some(message) = warning {
            self.send(Event::new(zone, "", (0, self.steps.get()), EventKind::Warning { message }));
        }
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
    let mut answers = run_jobs_until(&stop, (vec![work], 0), &Order::any(1), options, |work, _, events| work(events))?;
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
    R: Reported + Send,
{
    let total = items.len();
    run_counted(items, total, options, work)
}

/// Like [`run_jobs`], for items that are not one zone each: `total` is the number of zones.
pub(crate) fn run_counted<T, R>(
    items: Vec<T>,
    total: usize,
    options: &mut RunOptions<'_>,
    work: impl Fn(T, &EventSender) -> R + Sync,
) -> Result<Vec<R>>
where
    T: Send,
    R: Reported + Send,
{
    let order = Order::any(items.len());
    run_jobs_until(&Cancel::new(), (items, total), &order, options, |item, _, events| work(item, events))
}

/// Like [`run_counted`], in this order. The work is also given the place of the item whose failure keeps this one from being
/// started, and then only says so.
pub(crate) fn run_in_order<T: Send, R: Reported + Send>(
    items: Vec<T>,
    total: usize,
    order: &Order,
    options: &mut RunOptions<'_>,
    work: impl Fn(T, Option<usize>, &EventSender) -> R + Sync,
) -> Result<Vec<R>> {
    run_jobs_until(&Cancel::new(), (items, total), order, options, work)
}

/// Items that wait for their turns, and the turns.
struct Queue<T> {
    items: Vec<Option<T>>,
    turns: Turns,
}

/// Queue from which the workers take items.
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

/// Like [`run_in_order`], for these items and this number of zones; `stop` counts the caller's cancellation requests.
fn run_jobs_until<T, R>(
    stop: &Cancel,
    (items, total): (Vec<T>, usize),
    order: &Order,
    options: &mut RunOptions<'_>,
    work: impl Fn(T, Option<usize>, &EventSender) -> R + Sync,
) -> Result<Vec<R>>
where
    T: Send,
    R: Reported + Send,
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
    let (has_listener, record) = (options.progress.is_some(), options.record.clone());
    let (answer, answered) = mpsc::channel::<(usize, R)>();

    let panicked = thread::scope(|scope| {
        let mut threads = Vec::with_capacity(workers);
        let mut refused = None;
        while threads.len() < workers && refused.is_none() {
            let started = parallel::start(scope, threads.is_empty(), || {
                let events = EventSender {
                    messages: messages.clone(),
                    steps: Cell::new(0),
                    stop: stop.clone(),
                    has_listener,
                    notes: RefCell::default(),
                    span: RefCell::new(tracing::Span::none()),
                    record: record.clone(),
                    begun: RefCell::default(),
                };
                let answer = answer.clone();
                let (queue, work) = (&queue, &work);
                move || {
                    let work_off = || {
                        while let Some((at, blocked, item)) = queue.take() {
                            let operation = events.record.as_ref().map(|record| record.operation());
                            let span = tracing::info_span!("zone", operation, zone = tracing::field::Empty);
                            events.span.replace(span.clone());
                            let _inside = span.enter();
                            let mut turn = Turn { queue, at, ok: false };
                            events.take_notes();
                            events.steps.set(0);
                            let result = work(item, blocked, &events);
                            turn.ok = result.is_ok();
                            let begun = events.begun.take();
                            result.outcomes().iter().for_each(|outcome| events.end(outcome, begun.as_ref()));
                            let _ = answer.send((at, result));
                        }
                    };
                    match events.record.clone() {
                        Some(record) => record.logging(work_off),
                        None => work_off(),
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
        let delivered = panic::catch_unwind(AssertUnwindSafe(|| dispatch(heard, stop, passed_on, total, options)));
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
fn dispatch(
    heard: mpsc::Receiver<Message>,
    stop: &Cancel,
    mut passed_on: u32,
    total: usize,
    options: &mut RunOptions<'_>,
) {
    let (mut refused, mut finished) = (false, 0);
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
            Ok(Message::Event(mut event)) => {
                finished += usize::from(matches!(event.kind, EventKind::Finished { .. }));
                event.zones = (finished, total);
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
    use std::thread::ThreadId;

    impl Reported for i32 {}
    impl Reported for u32 {}
    impl Reported for () {}
    impl Reported for (&str, u32) {}

    fn event(zone: &str) -> Event {
        Event::new(zone, "", (0, 0), EventKind::Started)
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
