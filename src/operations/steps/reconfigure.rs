//! Changes a zone's configuration to the desired one.

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedFile, PlannedStep, StepKind};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zoneadm;
use crate::exec::zonecfg::{self, ScriptFile, ZoneConfig};
use crate::value::name::ZoneName;

/// Shown in a plan instead of the private file that the script is written to.
const SCRIPT: &str = "SCRIPT";

/// Changes a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reconfigure {
    pub(crate) zone: ZoneName,
    pub(crate) from: ZoneConfig,
    pub(crate) to: ZoneConfig,
    /// The difference from the current to the desired configuration.
    pub(crate) script: String,
}

impl Reconfigure {
    /// Restores the configuration after a failed change.
    fn put_back(&self, step_context: &StepContext<'_>, found: &ZoneConfig) -> Result<()> {
        if found.means(&self.from) {
            return Ok(());
        }
        let script = ScriptFile::write(&step_context.scratch, &self.zone, &zonecfg::edit(found, &self.from)?)?;
        let ended = step_context.run_locked(zonecfg::configure(&self.zone, script.path()))?;
        match step_context.host.zone_config(self.zone.as_str())? {
            Some(now) if now.means(&self.from) => Ok(()),
            _ => Err(ended.error()),
        }
    }
}

impl Step for Reconfigure {
    fn kind(&self) -> StepKind {
        StepKind::Reconfigure
    }

    fn planned(&self) -> PlannedStep {
        let file = PlannedFile { path: SCRIPT.to_owned(), text: self.script.clone() };
        planned(self, &zonecfg::configure(&self.zone, SCRIPT.as_ref()), vec![file], None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.zone_config(self.zone.as_str())? {
            Some(found) if found.means(&self.to) => Probe::Done,
            Some(found) if found.means(&self.from) => Probe::Absent,
            Some(_) => Probe::Partial,
            None => Probe::Foreign(format!("the zone {} has vanished from the host", self.zone)),
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        match self.probe(step_context)? {
            Probe::Absent => {}
            Probe::Done => return Ok(()),
            Probe::Foreign(what) => return Err(super::foreign(what)),
            Probe::Partial => {
                let message = format!("the configuration of {} was changed by another process", self.zone);
                return Err(Error::new(Code::Busy, message).with_help("run it again"));
            }
        }
        let script = ScriptFile::write(&step_context.scratch, &self.zone, &self.script)?;
        let ended = step_context.run_locked(zonecfg::configure(&self.zone, script.path()))?;
        drop(script);
        let found = step_context.host.zone_config(self.zone.as_str())?;
        let differences = found.as_ref().map(|found| zonecfg::differences(&self.to, found)).unwrap_or_default();
        let is_written = ended.success() && differences.is_empty();
        // zoneadm judges what is committed, so that a zone that could not boot with it gets its old configuration back.
        let verified = is_written.then(|| step_context.host.question(&zoneadm::verify(&self.zone))).transpose();
        if let Ok(Some(verified)) = &verified
            && verified.success()
        {
            return Ok(());
        }
        let error = match verified {
            Ok(Some(verified)) => {
                verified.error().with_context(format!("{} could not boot with the new configuration", self.zone))
            }
            Err(error) => error,
            Ok(None) if ended.success() => Error::new(
                Code::CommandFailed,
                format!("zonecfg did not store the given configuration of {}", self.zone),
            )
            .with_command(ended.failed()),
            Ok(None) => ended.error(),
        };
        let error = match found.map_or(Ok(()), |found| self.put_back(step_context, &found)) {
            Ok(()) => error.with_context(format!("{} is configured as before", self.zone)),
            Err(also) => error
                .with_context(format!("{} is configured only in part", self.zone))
                .with_detail(Diagnostic::new("not-put-back", also.message())),
        };
        Err(differences.iter().fold(error, |error, difference| {
            error.with_detail(Diagnostic::new("configuration-differs", difference.to_string()))
        }))
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        // The changes made so far match the files; the next apply continues from there.
        Ok(())
    }
}
