//! Boots, halts, shuts down and reboots zones: one command each, judged by the state that follows.
//!
//! Invariant: nothing is noted in the registry; whether a zone runs is the host's to say.

use std::time::{Duration, Instant};

use super::EventKind;
use super::floor::Floor;
use crate::error::{Code, Error, Result};
use crate::exec::Invocation;
use crate::exec::zoneadm::{self, HostZone, ZoneState};

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
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
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

    fn command(self, floor: &Floor<'_>, limit: Duration) -> Invocation {
        match self {
            Power::Boot => zoneadm::boot(floor.zone, limit),
            Power::Halt => zoneadm::halt(floor.zone, limit),
            Power::Shutdown { .. } => zoneadm::shutdown(floor.zone, false, limit),
            Power::Reboot { force: false } => zoneadm::shutdown(floor.zone, true, limit),
            Power::Reboot { force: true } => zoneadm::reboot(floor.zone, limit),
        }
    }
}

/// Does it, and waits for the state. Already being in that state is success, but for a reboot, which needs a running zone.
pub(crate) fn power(floor: &Floor<'_>, what: Power, limit: Duration) -> Result<()> {
    let zone = present(floor)?;
    match (what, zone.state) {
        (Power::Boot, ZoneState::Running) => return Ok(()),
        (Power::Halt | Power::Shutdown { .. }, ZoneState::Installed) => return Ok(()),
        (_, ZoneState::Configured | ZoneState::Incomplete) => {
            return Err(Error::new(
                Code::WrongState,
                format!("{} is {}, and only an installed zone can {}", floor.zone, zone.state.as_str(), what.word()),
            )
            .with_help(match zone.state {
                ZoneState::Incomplete => format!("run zmgr recover {}", floor.zone),
                _ => format!("run zmgr reinstall {}", floor.zone),
            }));
        }
        (Power::Reboot { .. }, state) if state != ZoneState::Running => {
            return Err(Error::new(Code::WrongState, format!("{} is {}, not running", floor.zone, state.as_str()))
                .with_help(format!("run zmgr boot {}", floor.zone)));
        }
        _ => {}
    }
    floor.tell(EventKind::StepStarted);
    let started = Instant::now();
    let ended = floor.attempt(what.command(floor, limit))?;
    let reached = settle(floor, what, &zone, limit.saturating_sub(started.elapsed()).min(SETTLE))?;
    if reached {
        floor.tell(EventKind::StepDone { elapsed: started.elapsed() });
        return Ok(());
    }
    if what == (Power::Shutdown { force: true }) && !floor.is_stopped() {
        floor.warn(format!("{} did not shut down and is being halted", floor.zone));
        return power(floor, Power::Halt, limit);
    }
    let error = ended.error();
    Err(match what {
        Power::Shutdown { .. } => {
            error.with_help(format!("zmgr shutdown --force {0} or zmgr halt {0} halts it", floor.zone))
        }
        Power::Reboot { force: false } => {
            error.with_help(format!("zmgr reboot --force {} does not ask the zone", floor.zone))
        }
        _ => error,
    })
}

fn present(floor: &Floor<'_>) -> Result<HostZone> {
    floor.host.zone_state(floor.zone)?.ok_or_else(|| {
        Error::new(Code::WrongState, format!("the host does not have the zone {}", floor.zone)).with_help(format!(
            "zmgr diff {0} says what is missing; zmgr apply --recreate {0} builds it again",
            floor.zone
        ))
    })
}

/// Whether the zone comes to the state that was asked for within `patience`. A reboot that was done is known by the zone's new id.
fn settle(floor: &Floor<'_>, what: Power, before: &HostZone, patience: Duration) -> Result<bool> {
    let until = Instant::now() + patience;
    loop {
        let now = present(floor)?;
        let reached = if what.ends_up() {
            now.state == ZoneState::Running && (what == Power::Boot || now.id != before.id)
        } else {
            now.state == ZoneState::Installed
        };
        // Only states on their way to somewhere are worth waiting for.
        let moving = matches!(now.state, ZoneState::ShuttingDown | ZoneState::Down | ZoneState::Ready);
        if reached || !moving || Instant::now() >= until || floor.is_stopped() {
            return Ok(reached);
        }
        std::thread::sleep(ASK);
    }
}
