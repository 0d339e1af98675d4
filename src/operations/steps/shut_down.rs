//! Shuts a running zone down for a change of its files. Undone, it is booted again.

use std::thread;
use std::time::{Duration, Instant};

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::zoneadm::{self, ZoneState};
use crate::value::name::ZoneName;

/// Time that the state may lag behind the command.
const SETTLE: Duration = Duration::from_secs(10);
/// Interval at which the state is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Shuts a zone down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShutDown {
    /// Subject of the operation, for the id.
    pub(crate) of: String,
    pub(crate) zone: ZoneName,
    /// Time limit of the shutdown.
    pub(crate) limit: Duration,
    /// Time limit of the boot that undoes it.
    pub(crate) boot_limit: Duration,
}

impl ShutDown {
    fn state(&self, step_context: &StepContext<'_>) -> Result<Option<ZoneState>> {
        Ok(step_context.host.zone_state(&self.zone)?.map(|zone| zone.state))
    }
}

fn is_going_down(state: Option<ZoneState>) -> bool {
    matches!(state, Some(ZoneState::ShuttingDown | ZoneState::Down))
}

impl Step for ShutDown {
    fn kind(&self) -> StepKind {
        StepKind::ShutDown
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.of)
    }

    fn planned(&self) -> PlannedStep {
        let boot = zoneadm::boot(&self.zone, self.boot_limit);
        planned(self, &zoneadm::shutdown(&self.zone, false, self.limit), Vec::new(), Some(&boot))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let active = self.state(step_context)?.is_some_and(ZoneState::is_active);
        Ok(if active { Probe::Absent } else { Probe::Done })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let ended = step_context.run_locked(zoneadm::shutdown(&self.zone, false, self.limit))?;
        let until = Instant::now() + SETTLE;
        loop {
            match self.state(step_context)? {
                Some(ZoneState::Installed) => return Ok(()),
                state if is_going_down(state) && Instant::now() < until && !step_context.is_stopped() => {
                    thread::sleep(POLL_INTERVAL);
                }
                _ => {
                    let help = format!("run `zmgr shutdown --force {0}` or `zmgr halt {0}` first", self.zone);
                    return Err(ended.error().with_help(help));
                }
            }
        }
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        // If zmgr died while it shut down, it may be half way down, where it stays until it is halted.
        if is_going_down(self.state(step_context)?) {
            step_context.run_locked(zoneadm::halt(&self.zone, self.limit))?;
        }
        if self.state(step_context)? == Some(ZoneState::Running) {
            return Ok(());
        }
        let ended = step_context.attempt(zoneadm::boot(&self.zone, self.boot_limit))?;
        match self.state(step_context)? {
            Some(ZoneState::Running) => Ok(()),
            _ => Err(ended.error().with_context(format!("{} was running, and cannot be booted again", self.zone))),
        }
    }
}
