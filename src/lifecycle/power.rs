//! Boots, halts, shuts down and reboots zones: one command each, judged by the state that follows.
//!
//! Invariant: whether a zone runs is the host's to say. The registry only forgets what waited for the boot.

use std::time::{Duration, Instant};

use super::conduct::{Teller, conduct};
use super::floor::Floor;
use super::journal::Journal;
use super::library::Library;
use super::operate::entry;
use super::preconditions;
use super::site::Site;
use super::take_up::{has_ipadm, take_up};
use super::{EventKind, Outcome, PlannedStep, Report, identity, pending, view};
use crate::config::Timeouts;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{self, HostZone, ZoneState};
use crate::manager::{RunOptions, Zone};
use crate::name::ZoneName;
use crate::zone::ZoneEntry;

/// How long a state may lag behind the command that brought it about.
const SETTLE: Duration = Duration::from_secs(10);
/// How often the state is asked for meanwhile.
const ASK: Duration = Duration::from_millis(100);

/// What to do with a zone's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    Boot,
    Halt,
    /// Asks the zone to shut down; `force` falls back to halting it.
    Shutdown {
        force: bool,
    },
    /// Asks the zone to shut down and boots it; `force` halts it in place of asking.
    Reboot {
        force: bool,
    },
}

impl Power {
    /// The word for it, after "can".
    fn word(self) -> &'static str {
        match self {
            Power::Boot => "boot",
            Power::Halt => "be halted",
            Power::Shutdown { .. } => "be shut down",
            Power::Reboot { .. } => "be rebooted",
        }
    }

    /// What was done, in a word.
    fn done(self) -> &'static str {
        match self {
            Power::Boot => "booted",
            Power::Halt => "halted",
            Power::Shutdown { .. } => "shut-down",
            Power::Reboot { .. } => "rebooted",
        }
    }

    /// The step of its events.
    fn step(self) -> &'static str {
        match self {
            Power::Boot => "boot",
            Power::Halt => "halt",
            Power::Shutdown { .. } => "shutdown",
            Power::Reboot { .. } => "reboot",
        }
    }

    /// Whether the zone is up after it.
    fn ends_up(self) -> bool {
        matches!(self, Power::Boot | Power::Reboot { .. })
    }

    /// How long it may take where the caller says nothing.
    pub(crate) fn limit(self, timeouts: &Timeouts) -> Duration {
        match self {
            Power::Boot => timeouts.boot,
            Power::Halt | Power::Shutdown { .. } => timeouts.shutdown,
            Power::Reboot { .. } => timeouts.shutdown + timeouts.boot,
        }
    }
}

/// Does it to each of these zones.
pub(crate) fn power(
    site: &Site,
    names: &[ZoneName],
    what: Power,
    timeout: Option<Duration>,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let library = Library::load(site.registry.tree())?;
    let limit = timeout.unwrap_or_else(|| what.limit(&library.config.timeouts));
    let outcomes = conduct(names.to_vec(), run, |name, teller| {
        let (action, result) = match power_one(site, &library, &name, what, limit, teller) {
            Ok((true, zone)) => (what.done(), Ok(Some(zone))),
            Ok((false, zone)) => ("unchanged", Ok(Some(zone))),
            Err(error) => ("failed", Err(error)),
        };
        Outcome { name: name.to_string(), action: action.to_owned(), result, notes: Vec::new() }
    });
    Ok(Report { outcomes: outcomes? })
}

/// Whether anything had to be done, and the zone as it is then.
fn power_one(
    site: &Site,
    library: &Library,
    name: &ZoneName,
    what: Power,
    limit: Duration,
    teller: &Teller,
) -> Result<(bool, Zone)> {
    // Looked at first: taking a lock leaves a file for a name that may be nobody's, and unfinished work needs no lock to be seen.
    identity::settled(&entry(site, name)?)?;
    let locks = site.lock(name, library.config.lock_timeout, teller)?;
    let entry = match entry(site, name) {
        Err(error) if error.code() == Code::NotFound => {
            locks.retire();
            return Err(error);
        }
        entry => entry?,
    };
    identity::settled(&entry)?;
    let floor = site.floor(library, name, &locks, teller)?;
    floor.tell(EventKind::Started);
    floor.at_step(what.step(), (1, 1));
    let result = act(&floor, &entry, what, limit).and_then(|(changed, zone)| {
        if what.ends_up() {
            links_taken_up(site, &floor, &entry)?;
        }
        if let Some(id) = entry.id.clone() {
            pending::clear(&site.host, &Journal::new(&site.registry, name, id), &entry, Some(&zone))?;
        }
        Ok((changed, zone))
    });
    if let Err(error) = &result {
        floor.tell(EventKind::StepFailed { message: error.message().to_owned() });
    }
    floor.at_step("", (0, 1));
    floor.tell(EventKind::Finished { ok: result.is_ok() });
    let (changed, zone) = result?;
    let spec = view::wish(library, &entry);
    let pending = pending::texts(&site.host, &entry, Some(&zone))?;
    let zone = Zone { pending, ..view::of_entry(&entry, spec.as_ref(), Some(zone.state.as_str().to_owned())) };
    Ok((changed, zone))
}

/// Has the zone make interfaces of the links that it got since it was up the last time.
pub(crate) fn links_taken_up(site: &Site, floor: &Floor<'_>, entry: &ZoneEntry) -> Result<()> {
    let Some(applied) = entry.applied.as_deref() else { return Ok(()) };
    let links = applied.take_up.as_slice();
    let (Some(id), false) = (entry.id.clone(), links.is_empty()) else { return Ok(()) };
    let left = if has_ipadm(entry) { take_up(floor, &applied.nets, links, |_| {})? } else { Vec::new() };
    if left == links {
        return Ok(());
    }
    Journal::new(&site.registry, floor.zone, id).edit(|entry| {
        if let Some(applied) = &mut entry.applied {
            applied.take_up.clone_from(&left);
        }
    })
}

/// Does it, and waits for the state. Already being in that state is success, but for a reboot, which needs a running zone.
pub(crate) fn act(floor: &Floor<'_>, entry: &ZoneEntry, what: Power, limit: Duration) -> Result<(bool, HostZone)> {
    let until = deadline(limit);
    let mut zone = present(floor)?;
    identity::same(entry, &zone)?;
    if let (Some(noted), Some(found)) = (&entry.uuid, &zone.uuid)
        && noted != found
    {
        floor.warn(format!("somebody has installed {} anew: its uuid is {found}, not {noted}", floor.zone));
    }
    if what == Power::Boot {
        zone = come_down(floor, zone, until.min(Instant::now() + SETTLE))?;
    }
    let state = zone.state;
    match what {
        Power::Boot if state == ZoneState::Running => return Ok((false, zone)),
        Power::Halt | Power::Shutdown { .. } if state == ZoneState::Installed => return Ok((false, zone)),
        _ => {}
    }
    if matches!(state, ZoneState::Configured | ZoneState::Incomplete) {
        return Err(Error::new(
            Code::WrongState,
            format!("{} is {state}, and only an installed zone can {}", floor.zone, what.word()),
        )
        .with_help(format!("zmgr reinstall {} installs it again", floor.zone)));
    }
    if what.ends_up() && is_going_down(state) {
        return Err(Error::new(Code::WrongState, format!("{} is {state}: its shutdown has not finished", floor.zone))
            .with_help(format!("run `zmgr halt {0}`, then `zmgr boot {0}`", floor.zone)));
    }
    if what.ends_up() && (what == Power::Boot || state == ZoneState::Running) {
        preconditions::before_boot(&floor.host, floor.zone, what != Power::Boot)?;
    }
    match what {
        Power::Reboot { .. } if state != ZoneState::Running => {
            Err(Error::new(Code::WrongState, format!("{} is {state}, not running", floor.zone))
                .with_help(format!("run zmgr boot {}", floor.zone)))
        }
        // A zone without processes has nobody to ask, and illumos refuses to shut it down.
        Power::Shutdown { .. } if matches!(state, ZoneState::Ready | ZoneState::Mounted) => {
            carry_out(floor, Power::Halt, &zone, until)
        }
        Power::Shutdown { force: true } => match carry_out(floor, what, &zone, until) {
            Err(error) if error.code() != Code::Cancelled && !floor.is_stopped() => {
                floor.warn(format!("{} did not shut down and is being halted", floor.zone));
                carry_out(floor, Power::Halt, &zone, deadline(limit))
            }
            done => done,
        },
        _ => carry_out(floor, what, &zone, until),
    }
    .map(|zone| (true, zone))
}

/// Returns the moment at which a limit is over. One that no clock can reach is years away.
fn deadline(limit: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + YEARS)
}

/// One command, and the wait for the state.
fn carry_out(floor: &Floor<'_>, what: Power, before: &HostZone, until: Instant) -> Result<HostZone> {
    floor.begin()?;
    let started = Instant::now();
    let limit = until.saturating_duration_since(started);
    // What boots leaves zoneadmd behind, which would hold the zone's lock for as long as the zone runs.
    let ended = match what {
        Power::Boot => floor.attempt(zoneadm::boot(floor.zone, limit))?,
        Power::Halt => floor.attempt_held(zoneadm::halt(floor.zone, limit))?,
        Power::Shutdown { .. } => floor.attempt_held(zoneadm::shutdown(floor.zone, false, limit))?,
        Power::Reboot { force: false } => floor.attempt(zoneadm::shutdown(floor.zone, true, limit))?,
        Power::Reboot { force: true } => floor.attempt(zoneadm::reboot(floor.zone, limit))?,
    };
    // A shutdown that was under way before is another's: it gets the whole time, unless zoneadm has refused.
    let under_way = ended.success() && is_going_down(before.state);
    let patience = if under_way { until } else { until.min(Instant::now() + SETTLE) };
    if let Some(zone) = settle(floor, what, before, patience)? {
        floor.tell(EventKind::StepDone { elapsed: started.elapsed() });
        return Ok(zone);
    }
    let error = ended.error();
    Err(match what {
        Power::Shutdown { force: false } => {
            error.with_help(format!("zmgr shutdown --force {0} or zmgr halt {0} halts it", floor.zone))
        }
        Power::Reboot { force: false } => {
            error.with_help(format!("zmgr reboot --force {} does not ask the zone", floor.zone))
        }
        _ => error,
    })
}

/// How a plan shows it.
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
    let id = what.step().to_owned();
    PlannedStep { kind: id.clone(), id, argv, files: Vec::new(), undo: Vec::new() }
}

fn present(floor: &Floor<'_>) -> Result<HostZone> {
    floor.host.zone_state(floor.zone)?.ok_or_else(|| {
        Error::new(Code::WrongState, format!("the host does not have the zone {}", floor.zone)).with_help(format!(
            "zmgr diff {0} says what is missing; zmgr apply --recreate {0} builds it again",
            floor.zone
        ))
    })
}

fn is_going_down(state: ZoneState) -> bool {
    matches!(state, ZoneState::ShuttingDown | ZoneState::Down)
}

/// Waits for a zone that is on its way down: it can be booted once it is there.
fn come_down(floor: &Floor<'_>, mut zone: HostZone, until: Instant) -> Result<HostZone> {
    while is_going_down(zone.state) && Instant::now() < until {
        floor.check_cancel()?;
        std::thread::sleep(ASK);
        zone = present(floor)?;
    }
    Ok(zone)
}

/// The zone, where it comes to the state that was asked for by then. A reboot that was done is known by the zone's new id.
fn settle(floor: &Floor<'_>, what: Power, before: &HostZone, until: Instant) -> Result<Option<HostZone>> {
    loop {
        let now = present(floor)?;
        let reached = if what.ends_up() {
            now.state == ZoneState::Running && (what == Power::Boot || now.id != before.id)
        } else {
            now.state == ZoneState::Installed
        };
        if reached {
            return Ok(Some(now));
        }
        // Only states on their way to somewhere are worth waiting for.
        let moving = is_going_down(now.state) || now.state == ZoneState::Ready;
        if !moving || Instant::now() >= until || floor.is_stopped() {
            return Ok(None);
        }
        std::thread::sleep(ASK);
    }
}
