//! Context of a step: the host, the zone's locks, the event sender and cancellation.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::jobs::EventSender;
use super::made::Made;
use super::membership::Membership;
use crate::api::{Change, Event, EventKind};
use crate::error::{Code, Error, Result};
use crate::exec::{Completed, Control, Invocation, Output, Stdin};
use crate::file;
use crate::host::Host;
use crate::value::name::ZoneName;

/// Interval of progress events while a command is running.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// The context in which the steps of one zone run.
pub(crate) struct StepContext<'a> {
    /// The host; its queries end when the operation is cancelled.
    pub(crate) host: Host,
    pub(crate) zone: &'a ZoneName,
    /// Directory for private files of commands.
    pub(crate) scratch: PathBuf,
    /// The file that a command holds locked while it runs: its stdin.
    pub(crate) child: Arc<Path>,
    /// Log for the full output of long commands.
    pub(crate) log: Option<PathBuf>,
    /// Set by the step that installs: the uuid of the installation.
    pub(crate) uuid: RefCell<Option<String>>,
    /// The installation that this operation has made, with its uuid if it has one: a rollback uninstalls no other.
    pub(crate) installation: RefCell<Option<Option<String>>>,
    /// The datasets that zmgr made for the zone.
    pub(crate) made: Made,
    /// The zone is cloned by the same operation, and booted after that.
    pub(crate) boots_later: Cell<bool>,
    /// Other zones of the operation are booted only once the services of this one are up.
    pub(crate) is_awaited: Cell<bool>,
    /// This host as a member of a fleet.
    pub(crate) membership: Option<Membership>,
    events: &'a EventSender,
    step: RefCell<String>,
    position: Cell<(usize, usize)>,
    /// Number of cancellation requests to ignore: 1 during a rollback.
    ignored_cancels: Arc<AtomicU32>,
    /// Number of cancellation requests to ignore in queries about the effect of a command: without the answer, the step could not
    /// be undone.
    outcome: Arc<AtomicU32>,
}

impl<'a> StepContext<'a> {
    pub(crate) fn new(
        host: &'a Host,
        zone: &'a ZoneName,
        scratch: PathBuf,
        child: &Path,
        events: &'a EventSender,
    ) -> Self {
        let (ignored_cancels, outcome) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
        let (stop, let_pass) = (events.token(), [Arc::clone(&ignored_cancels), Arc::clone(&outcome)]);
        StepContext {
            host: host.with_cancel(Arc::new(move || {
                let_pass.iter().all(|let_pass| stop.requests() > let_pass.load(Ordering::SeqCst))
            })),
            zone,
            scratch,
            child: Arc::from(child),
            log: None,
            uuid: RefCell::new(None),
            installation: RefCell::new(None),
            made: Made::default(),
            boots_later: Cell::new(false),
            is_awaited: Cell::new(false),
            membership: None,
            events,
            step: RefCell::new(String::new()),
            position: Cell::new((0, 0)),
            ignored_cancels,
            outcome,
        }
    }

    /// Sets the step of the events that follow.
    pub(crate) fn set_step(&self, id: &str, position: (usize, usize)) {
        self.step.replace(id.to_owned());
        self.position.set(position);
        self.outcome.store(0, Ordering::SeqCst);
    }

    /// Says how many steps there are. The next one is the first.
    pub(crate) fn plan_steps(&self, total: usize) {
        self.set_step("", (0, total));
    }

    /// Goes on to the next step, which the events that follow are about.
    pub(crate) fn next_step(&self, id: &str) {
        let (done, total) = self.position.get();
        // A recovery does not know how many there are.
        self.set_step(id, (done + 1, if total == 0 { 0 } else { total.max(done + 1) }));
    }

    /// Number of this step, and of all steps.
    pub(crate) fn position(&self) -> (usize, usize) {
        self.position.get()
    }

    /// From here on the first cancellation request is ignored: the rollback that it requested is running.
    pub(crate) fn undoing(&self) {
        self.ignored_cancels.store(self.events.cancel_requests().max(1), Ordering::SeqCst);
    }

    /// Records and announces that the zone begins to change, by this plan.
    pub(crate) fn start(&self, change: Option<&Change>) {
        self.events.begin(self.zone, self.position.get().1, change);
    }

    /// Sends an event.
    pub(crate) fn emit(&self, kind: EventKind) {
        self.events.send(Event::new(self.zone.as_str(), &self.step.borrow(), self.position.get(), kind));
    }

    /// Announces the step. The callback's answer to that, or to an earlier event, can still stop it.
    pub(crate) fn begin(&self) -> Result<()> {
        self.emit(EventKind::StepStarted);
        self.checkpoint()
    }

    /// Waits for the callback to see all events; fails with `cancelled` if the operation was cancelled.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        self.events.flush();
        self.check_cancel()
    }

    /// Sends a warning.
    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.emit(EventKind::Warning { message: message.into() });
    }

    /// Sends a warning, which is a note of the outcome too.
    pub(crate) fn warn_and_note(&self, message: String) {
        self.events.note(message.clone());
        self.warn(message);
    }

    /// Fails with `cancelled` if the operation was cancelled.
    pub(crate) fn check_cancel(&self) -> Result<()> {
        if self.is_stopped() {
            return Err(Error::new(Code::Cancelled, format!("the operation on {} was cancelled", self.zone)));
        }
        Ok(())
    }

    /// Returns true if the operation was cancelled.
    pub(crate) fn is_stopped(&self) -> bool {
        self.events.cancel_requests() > self.ignored_cancels.load(Ordering::SeqCst)
    }

    /// Runs a command that changes the host and may outlive zmgr: it holds the zone's child lock, so that no recovery decides while
    /// the state is still changing.
    pub(crate) fn run_locked(&self, invocation: Invocation) -> Result<Completed> {
        self.attempt(invocation.with_stdin(Stdin::Held(Arc::clone(&self.child))))
    }

    /// Runs a command that may take long and outlive zmgr: its output goes to the log, and it holds the zone's child lock.
    pub(crate) fn run_logged(&self, mut invocation: Invocation) -> Result<Completed> {
        if let Some(log) = &self.log {
            if let Some(directory) = log.parent() {
                file::make_directories(directory, 0o755).map_err(|error| Error::io("make", directory, error))?;
            }
            self.emit(EventKind::Log { path: log.clone() });
            invocation = invocation.with_output(Output::Log(log.clone()));
        }
        self.run_locked(invocation)
    }

    /// Runs a command to its end, whatever its status. For queries, and for commands that leave a daemon behind: the zoneadmd of a
    /// booted zone would hold the lock for as long as the zone runs.
    pub(crate) fn attempt(&self, invocation: Invocation) -> Result<Completed> {
        self.emit(EventKind::Command { argv: invocation.argv() });
        let mut last_event = Duration::ZERO;
        let ended = self.host.runner().run(&invocation, &mut |tick| {
            if tick.elapsed >= last_event + PROGRESS_INTERVAL {
                last_event = tick.elapsed;
                let last_line = (!tick.last_line.is_empty()).then(|| tick.last_line.to_owned());
                self.emit(EventKind::Running { elapsed: tick.elapsed, last_line });
            }
            if self.is_stopped() { Control::Cancel } else { Control::Continue }
        });
        self.outcome.store(self.events.cancel_requests().max(1), Ordering::SeqCst);
        ended
    }
}

/// Returns the error for a thing that zmgr did not make in the place of its own.
pub(crate) fn foreign(what: String) -> Error {
    Error::new(Code::RecoveryNeeded, what)
        .with_help("check it, then run the command again; zmgr does not change what it did not make")
}
