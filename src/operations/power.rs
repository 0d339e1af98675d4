//! Boots, halts, shuts down and reboots a zone: one command each, judged by the state that follows.
//!
//! Invariant: the host decides whether a zone runs. The registry only drops the changes that waited for the boot.

use std::time::{Duration, Instant};

use super::config_tree::ConfigTree;
use super::context::Context;
use super::entries::entry;
use super::jobs::EventSender;
use super::journal::Journal;
use super::plumb_links::{has_ipadm, plumb_links};
use super::preconditions;
use super::step_context::StepContext;
use super::verify_addresses::verify_addresses;
use super::{golden, identity, pending, readiness, view};
use crate::api::{Action, EventKind, PlannedStep, StepKind, Zone};
use crate::documents::config::Timeouts;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{self, HostZone, ZoneState};
use crate::value::name::ZoneName;

/// Time that a state may lag behind the command that caused it.
const SETTLE: Duration = Duration::from_secs(10);
/// Interval at which the state is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Power operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    Boot,
    Halt,
    /// Asks the zone to shut down; `force` halts it if that fails.
    Shutdown {
        force: bool,
    },
    /// Asks the zone to shut down and boots it; `force` halts it instead of asking.
    Reboot {
        force: bool,
    },
}

impl Power {
    /// Returns its verb, after "can".
    fn word(self) -> &'static str {
        match self {
            Power::Boot => "boot",
            Power::Halt => "be halted",
            Power::Shutdown { .. } => "be shut down",
            Power::Reboot { .. } => "be rebooted",
        }
    }

    /// Returns what was done, in a word.
    pub(super) fn done(self) -> Action {
        match self {
            Power::Boot => Action::Booted,
            Power::Halt => Action::Halted,
            Power::Shutdown { .. } => Action::ShutDown,
            Power::Reboot { .. } => Action::Rebooted,
        }
    }

    /// Returns the step of its events.
    fn step(self) -> StepKind {
        match self {
            Power::Boot => StepKind::Boot,
            Power::Halt => StepKind::Halt,
            Power::Shutdown { .. } => StepKind::ShutDown,
            Power::Reboot { .. } => StepKind::Reboot,
        }
    }

    /// Returns true if the zone is up afterwards.
    pub(super) fn ends_up(self) -> bool {
        matches!(self, Power::Boot | Power::Reboot { .. })
    }

    /// Returns a warning if another zone, in this state, should have gone up or down before this one.
    pub(super) fn warning(self, zone: &ZoneName, other: &ZoneName, state: Option<ZoneState>) -> Option<String> {
        match (self.ends_up(), state == Some(ZoneState::Running)) {
            (true, false) => Some(format!("{zone} comes after {other}, which is not running")),
            (false, true) => Some(format!("{zone} goes down before {other}, which comes after it and is running")),
            _ => None,
        }
    }

    /// Returns true if a zone in this state needs nothing more.
    fn is_done(self, state: ZoneState) -> bool {
        match self {
            Power::Boot => state == ZoneState::Running,
            Power::Halt | Power::Shutdown { .. } => state == ZoneState::Installed,
            Power::Reboot { .. } => false,
        }
    }

    /// Returns the time limit if the caller sets none.
    pub(crate) fn limit(self, timeouts: &Timeouts) -> Duration {
        match self {
            Power::Boot => timeouts.boot,
            Power::Halt | Power::Shutdown { .. } => timeouts.shutdown,
            Power::Reboot { .. } => timeouts.shutdown + timeouts.boot,
        }
    }
}

/// Request for one zone.
pub(super) struct PowerRequest {
    pub(super) what: Power,
    pub(super) limit: Duration,
    /// True if others wait until its services are online.
    pub(super) is_awaited: bool,
    /// Zones that are not part of the operation, and that should be up if this one goes up, or down if it goes down.
    pub(super) neighbours: Vec<ZoneName>,
}

/// Returns whether anything had to be done, and the resulting zone.
pub(super) fn power_one(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    request: &PowerRequest,
    events: &EventSender,
) -> Result<(bool, Zone)> {
    let PowerRequest { what, limit, .. } = *request;
    // Checked first: taking a lock creates a file, even for a name that no zone has, and an unfinished operation is visible without
    // a lock.
    let before = entry(context, name)?;
    identity::settled(&before)?;
    if what.ends_up() {
        golden::refuse(&before, "booted")?;
    }
    let locks = context.lock(name, config_tree.config.lock_timeout, events)?;
    let entry = match entry(context, name) {
        Err(error) if error.code() == Code::NotFound => {
            locks.retire();
            return Err(error);
        }
        entry => entry?,
    };
    identity::settled(&entry)?;
    let step_context = context.step_context(config_tree, name, &locks, events)?;
    step_context.start(None);
    step_context.set_step(what.step().as_str(), (1, 1));
    warn_of_neighbours(&step_context, request)?;
    let result = act(&step_context, &entry, what, limit).and_then(|(changed, zone)| {
        if what.ends_up() {
            links_taken_up(context, &step_context, &entry)?;
            if changed {
                verify_addresses(&step_context, &entry, limit);
            }
            if request.is_awaited {
                readiness::wait(&step_context, &entry, limit)?;
            }
        }
        if let Some(id) = entry.id.clone() {
            pending::clear(&context.host, &Journal::new(&context.registry, name, id), &entry, Some(&zone))?;
        }
        Ok((changed, zone))
    });
    if let Err(error) = &result {
        step_context.emit(EventKind::StepFailed { message: error.message().to_owned() });
    }
    let (changed, zone) = result?;
    let spec = view::desired(config_tree, &entry);
    let pending = pending::texts(&context.host, &entry, Some(&zone))?;
    let zone = Zone { pending, ..view::of_entry(&entry, spec.as_ref(), Some(zone.state.status())) };
    Ok((changed, zone))
}

/// Warns of zones that this one should not go up without, or go down before.
fn warn_of_neighbours(step_context: &StepContext<'_>, request: &PowerRequest) -> Result<()> {
    for other in &request.neighbours {
        let state = step_context.host.zone_state(other)?.map(|zone| zone.state);
        if let Some(warning) = request.what.warning(step_context.zone, other, state) {
            step_context.warn_and_note(warning);
        }
    }
    Ok(())
}

/// Does what follows a boot: interfaces that the zone does not plumb itself are plumbed, and its addresses are
/// verified.
pub(crate) fn after_boot(context: &Context, step_context: &StepContext<'_>, limit: Duration) -> Result<()> {
    links_taken_up(context, step_context, &entry(context, step_context.zone)?)?;
    settled_after_boot(context, step_context, limit)
}

/// Verifies the addresses of a zone that was booted, and waits for its services if other zones do.
pub(crate) fn settled_after_boot(context: &Context, step_context: &StepContext<'_>, limit: Duration) -> Result<()> {
    let entry = entry(context, step_context.zone)?;
    verify_addresses(step_context, &entry, limit);
    if step_context.is_awaited.get() {
        readiness::wait(step_context, &entry, limit)?;
    }
    Ok(())
}

/// Makes the zone plumb the links that it got since its last boot.
fn links_taken_up(context: &Context, step_context: &StepContext<'_>, entry: &ZoneEntry) -> Result<()> {
    let Some(applied) = entry.applied.as_deref() else { return Ok(()) };
    let links = applied.plumb_links.as_slice();
    let (Some(id), false) = (entry.id.clone(), links.is_empty()) else { return Ok(()) };
    let left = if has_ipadm(entry) { plumb_links(step_context, &applied.nets, links, |_| {})? } else { Vec::new() };
    if left == links {
        return Ok(());
    }
    Journal::new(&context.registry, step_context.zone, id).edit(|entry| {
        if let Some(applied) = &mut entry.applied {
            applied.plumb_links.clone_from(&left);
        }
    })
}

/// Runs it, and waits for the state. If the zone already has that state, that is a success, except for a reboot, which needs a
/// running zone.
pub(crate) fn act(
    step_context: &StepContext<'_>,
    entry: &ZoneEntry,
    what: Power,
    limit: Duration,
) -> Result<(bool, HostZone)> {
    let until = deadline(limit);
    let mut zone = present(step_context)?;
    identity::same(entry, &zone)?;
    if let (Some(noted), Some(found)) = (&entry.uuid, &zone.uuid)
        && noted != found
    {
        step_context
            .warn(format!("{} was reinstalled outside zmgr: its uuid is {found}, not {noted}", step_context.zone));
    }
    if what == Power::Boot {
        zone = come_down(step_context, zone, until.min(Instant::now() + SETTLE))?;
    }
    let state = zone.state;
    if what.is_done(state) {
        return Ok((false, zone));
    }
    possible(step_context.zone, what, state)?;
    if what.ends_up() && (what == Power::Boot || state == ZoneState::Running) {
        preconditions::before_boot(&step_context.host, step_context.zone, what != Power::Boot)?;
    }
    match what {
        Power::Reboot { .. } if state != ZoneState::Running => {
            Err(Error::new(Code::WrongState, format!("{} is {state}, not running", step_context.zone))
                .with_help(format!("run `zmgr boot {}`", step_context.zone)))
        }
        // A zone without processes cannot shut itself down, and illumos refuses to.
        Power::Shutdown { .. } if matches!(state, ZoneState::Ready | ZoneState::Mounted) => {
            carry_out(step_context, Power::Halt, &zone, until)
        }
        Power::Shutdown { force: true } => match carry_out(step_context, what, &zone, until) {
            Err(error) if error.code() != Code::Cancelled && !step_context.is_stopped() => {
                step_context.warn(format!("{} did not shut down and is being halted", step_context.zone));
                carry_out(step_context, Power::Halt, &zone, deadline(limit))
            }
            done => done,
        },
        _ => carry_out(step_context, what, &zone, until),
    }
    .map(|zone| (true, zone))
}

/// Refuses what cannot be done with a zone in this state.
fn possible(zone: &ZoneName, what: Power, state: ZoneState) -> Result<()> {
    if matches!(state, ZoneState::Configured | ZoneState::Incomplete) {
        let message = format!("{zone} is {state}; only an installed zone can {}", what.word());
        return Err(
            Error::new(Code::WrongState, message).with_help(format!("run `zmgr reinstall {zone}` to install it again"))
        );
    }
    if what.ends_up() && is_going_down(state) {
        let message = format!("{zone} is {state}: its shutdown has not finished");
        return Err(
            Error::new(Code::WrongState, message).with_help(format!("run `zmgr halt {zone}`, then `zmgr boot {zone}`"))
        );
    }
    Ok(())
}

/// Returns the steps that it takes with a registered zone, and the zone: none if it needs nothing more. Changes nothing.
pub(super) fn plan(
    context: &Context,
    entry: &ZoneEntry,
    what: Power,
    limit: Duration,
) -> Result<(Vec<PlannedStep>, HostZone)> {
    let name = &entry.name;
    identity::settled(entry)?;
    let zone = context.host.zone_state(name)?.ok_or_else(|| absent(name))?;
    identity::same(entry, &zone)?;
    if what.is_done(zone.state) {
        return Ok((Vec::new(), zone));
    }
    possible(name, what, zone.state)?;
    if what.ends_up() {
        preconditions::before_boot(&context.host, name, what != Power::Boot)?;
    }
    Ok((vec![planned(name, what, limit)], zone))
}

/// Returns the deadline for a limit. One that no clock can represent is years away.
fn deadline(limit: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + YEARS)
}

/// Runs one command and waits for the state.
fn carry_out(step_context: &StepContext<'_>, what: Power, before: &HostZone, until: Instant) -> Result<HostZone> {
    step_context.begin()?;
    let started = Instant::now();
    let limit = until.saturating_duration_since(started);
    // A boot leaves zoneadmd behind, which would hold the zone's lock for as long as the zone runs.
    let ended = match what {
        Power::Boot => step_context.attempt(zoneadm::boot(step_context.zone, limit))?,
        Power::Halt => step_context.run_locked(zoneadm::halt(step_context.zone, limit))?,
        Power::Shutdown { .. } => step_context.run_locked(zoneadm::shutdown(step_context.zone, false, limit))?,
        Power::Reboot { force: false } => step_context.attempt(zoneadm::shutdown(step_context.zone, true, limit))?,
        Power::Reboot { force: true } => step_context.attempt(zoneadm::reboot(step_context.zone, limit))?,
    };
    // A shutdown that was already running gets the whole time, unless zoneadm has refused.
    let under_way = ended.success() && is_going_down(before.state);
    let ignored_cancels = if under_way { until } else { until.min(Instant::now() + SETTLE) };
    if let Some(zone) = settle(step_context, what, before, ignored_cancels)? {
        step_context.emit(EventKind::StepDone { elapsed: started.elapsed() });
        return Ok(zone);
    }
    let error = ended.error();
    Err(match what {
        Power::Shutdown { force: false } => {
            error.with_help(format!("run `zmgr shutdown --force {0}` or `zmgr halt {0}` to halt it", step_context.zone))
        }
        Power::Reboot { force: false } => {
            error.with_help(format!("run `zmgr reboot --force {}` to halt it instead of asking", step_context.zone))
        }
        _ => error,
    })
}

/// Returns the step as a plan shows it.
pub(crate) fn planned(zone: &ZoneName, what: Power, limit: Duration) -> PlannedStep {
    let command = match what {
        Power::Boot => zoneadm::boot(zone, limit),
        Power::Halt => zoneadm::halt(zone, limit),
        Power::Shutdown { .. } => zoneadm::shutdown(zone, false, limit),
        Power::Reboot { force: false } => zoneadm::shutdown(zone, true, limit),
        Power::Reboot { force: true } => zoneadm::reboot(zone, limit),
    };
    let mut argv = command.argv();
    if let Some(program) = argv.first_mut() {
        *program = command.usual_path();
    }
    PlannedStep { argv, ..PlannedStep::writing(what.step(), Vec::new()) }
}

fn present(step_context: &StepContext<'_>) -> Result<HostZone> {
    step_context.host.zone_state(step_context.zone)?.ok_or_else(|| absent(step_context.zone))
}

fn absent(zone: &ZoneName) -> Error {
    Error::new(Code::WrongState, format!("the host does not have zone {zone}")).with_help(format!(
        "run `zmgr diff {zone}` to see what is missing, or `zmgr apply --recreate {zone}` to create it again"
    ))
}

fn is_going_down(state: ZoneState) -> bool {
    matches!(state, ZoneState::ShuttingDown | ZoneState::Down)
}

/// Waits for a zone that is going down: it can be booted once it is down.
fn come_down(step_context: &StepContext<'_>, mut zone: HostZone, until: Instant) -> Result<HostZone> {
    while is_going_down(zone.state) && Instant::now() < until {
        step_context.check_cancel()?;
        std::thread::sleep(POLL_INTERVAL);
        zone = present(step_context)?;
    }
    Ok(zone)
}

/// Returns the zone if it reaches the requested state in time. A completed reboot shows in the zone's new id.
fn settle(step_context: &StepContext<'_>, what: Power, before: &HostZone, until: Instant) -> Result<Option<HostZone>> {
    loop {
        let now = present(step_context)?;
        let reached = if what.ends_up() {
            now.state == ZoneState::Running && (what == Power::Boot || now.id != before.id)
        } else {
            now.state == ZoneState::Installed
        };
        if reached {
            return Ok(Some(now));
        }
        // Only transitional states are worth waiting for.
        let moving = is_going_down(now.state) || now.state == ZoneState::Ready;
        if !moving || Instant::now() >= until || step_context.is_stopped() {
            return Ok(None);
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}
