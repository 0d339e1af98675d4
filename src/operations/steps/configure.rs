//! Configures the zone, with `autoboot` off at first; undone by deleting the configuration.

use super::{Probe, Step, StepContext, foreign, planned};
use crate::api::{PlannedFile, PlannedStep, StepKind};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg::{self, Command, Difference, ScriptFile, ZoneConfig};
use crate::operations::identity;
use crate::value::name::ZoneName;

/// Shown in a plan instead of the private file that the script is written to.
const SCRIPT: &str = "SCRIPT";

/// Configures a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configure {
    pub(crate) zone: ZoneName,
    /// The configuration of the host after this step.
    pub(crate) config: ZoneConfig,
    /// Passed-through commands, run last.
    pub(crate) more: Vec<String>,
}

impl Configure {
    fn script(&self) -> String {
        zonecfg::creation(&self.config, &self.more)
    }

    /// Returns the configuration of the host after this step, including what is passed through.
    fn expected(&self) -> ZoneConfig {
        // An unknown command was refused when the plan was made.
        zonecfg::with_passed_through(&self.config, &self.more).unwrap_or_else(|_| self.config.clone())
    }

    /// Returns how the host's configuration contradicts the planned one: it contains something unplanned.
    pub(crate) fn stranger(&self, found: &ZoneConfig) -> Option<String> {
        if self.extent(found).is_some() {
            return None;
        }
        self.differences(found).into_iter().find(|one| one.found.is_some()).map(|one| one.to_string())
    }

    /// Returns how the host's configuration differs from the planned one and from every beginning of it. Stricter than
    /// [`Configure::stranger`]: before a configuration is deleted, missing parts must be explained too.
    pub(crate) fn not_ours(&self, found: &ZoneConfig) -> Option<String> {
        if self.extent(found).is_some() {
            return None;
        }
        let differences = self.differences(found);
        let first = differences.iter().find(|one| one.found.is_some()).or(differences.first());
        Some(first.map_or_else(|| "it is a different one".to_owned(), ToString::to_string))
    }

    /// Returns how much of the planned configuration the host has; `None` if it has something else. zonecfg keeps what came before
    /// the first error, so a beginning is the result of some of the commands, from the first one on.
    pub(crate) fn extent(&self, found: &ZoneConfig) -> Option<Extent> {
        let found = settled(found);
        if settled(&self.expected()) == found {
            return Some(Extent::Whole);
        }
        let script = self.script();
        // The first line creates the configuration. An unknown command was refused when the plan was made.
        let commands: Vec<Command> = script.lines().skip(1).map_while(|line| Command::parse(line).ok()).collect();
        let blank = ZoneConfig { name: found.name.clone(), ..ZoneConfig::default() };
        (0..=commands.len())
            .filter_map(|count| zonecfg::apply(blank.clone(), &commands[..count]).ok())
            .any(|beginning| settled(&beginning) == found)
            .then_some(Extent::Beginning)
    }

    fn differences(&self, found: &ZoneConfig) -> Vec<Difference> {
        let differences = zonecfg::differences(&self.expected(), found);
        differences.into_iter().filter(|one| one.what != "autoboot").collect()
    }
}

/// Part of a configuration that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// The result of the first commands.
    Beginning,
}

/// Normalized for comparison: autoboot belongs to a later step, and may be either.
fn settled(config: &ZoneConfig) -> ZoneConfig {
    ZoneConfig { autoboot: false, ..config.canonical() }
}

impl Step for Configure {
    fn kind(&self) -> StepKind {
        StepKind::Configure
    }

    fn planned(&self) -> PlannedStep {
        let file = PlannedFile { path: SCRIPT.to_owned(), text: self.script() };
        let command = zonecfg::configure(&self.zone, SCRIPT.as_ref());
        planned(self, &command, vec![file], Some(&zonecfg::delete(&self.zone)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.zone_config(self.zone.as_str())? {
            None => Probe::Absent,
            Some(found) => match (self.extent(&found), self.not_ours(&found)) {
                (Some(Extent::Whole), _) if step_context.host.zone_state(&self.zone)?.is_some() => Probe::Done,
                (_, Some(how)) => Probe::Foreign(format!("zone {} on the host: {how}", self.zone)),
                (_, None) => Probe::Partial,
            },
        })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        // `create` on an installed zone does not fail, and the following commands would edit another zone. So check again.
        if let Some(zone) = step_context.host.zone_state(&self.zone)? {
            return Err(Error::new(
                Code::Exists,
                format!("the host now has a zone {}, {}", self.zone, zone.state.as_str()),
            )
            .with_help(format!("run `zmgr import {}` to adopt it", self.zone)));
        }
        if let Some(left) = step_context.host.zone_config(self.zone.as_str())? {
            if self.not_ours(&left).is_none() {
                delete(step_context, &self.zone)?;
                return self.run(step_context);
            }
            let path = step_context.host.zone_document(self.zone.as_str());
            return Err(Error::new(
                Code::Exists,
                format!("{} exists, but the host has no zone {}", path.display(), self.zone),
            )
            .with_help(format!("run `zonecfg -z {} delete -F` to remove what a killed zonecfg left", self.zone)));
        }
        let script = ScriptFile::write(&step_context.scratch, &self.zone, &self.script())?;
        let ended = step_context.run_locked(zonecfg::configure(&self.zone, script.path()))?;
        drop(script);
        let differs = match step_context.host.zone_config(self.zone.as_str())? {
            None => return Err(ended.error()),
            Some(found) => zonecfg::differences(&self.expected(), &found),
        };
        if ended.success() && differs.is_empty() {
            return Ok(());
        }
        let error = if ended.success() {
            Error::new(Code::CommandFailed, format!("zonecfg did not store the given configuration of {}", self.zone))
                .with_command(ended.failed())
        } else {
            ended.error()
        };
        Err(differs.iter().fold(error, |error, difference| {
            error.with_detail(Diagnostic::new("configuration-differs", difference.to_string()))
        }))
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        let Some(zone) = step_context.host.zone_state(&self.zone)? else {
            return match identity::renamed(&step_context.host, &self.config.zonepath)? {
                Some(other) => Err(foreign(format!("zone {} was renamed to {}", self.zone, other.name))),
                // zonecfg writes the document first and the index then: if it is killed in between, only the document exists.
                None => match step_context.host.zone_config(self.zone.as_str())? {
                    Some(left) if self.not_ours(&left).is_none() => delete(step_context, &self.zone),
                    _ => Ok(()),
                },
            };
        };
        if let Some(config) = step_context.host.zone_config(self.zone.as_str())?
            && let Some(how) = self.not_ours(&config)
        {
            // This step does not touch a zone that it did not configure; it only matters whether that zone needs what the earlier
            // steps made.
            let needs = |net: &zonecfg::Net| self.config.nets.iter().any(|own| own.physical == net.physical);
            return match config.nets.iter().any(needs) {
                true => Err(foreign(format!("zone {} on the host: {how}", self.zone))),
                false => {
                    step_context.warn(format!("the host's zone {} was not made by zmgr and stays: {how}", self.zone));
                    Ok(())
                }
            };
        }
        // Deleting the configuration of a zone that has files orphans them.
        if zone.state != ZoneState::Configured {
            return Err(foreign(format!("the zone {} is {}, not configured", self.zone, zone.state.as_str())));
        }
        step_context.host.remove_if_empty(&self.config.zonepath);
        delete(step_context, &self.zone)
    }
}

/// Deletes the configuration of a zone that was just seen to be `configured`, or to exist only as a document.
pub(super) fn delete(step_context: &StepContext<'_>, zone: &ZoneName) -> Result<()> {
    let ended = step_context.run_locked(zonecfg::delete(zone))?;
    let is_left =
        step_context.host.zone_state(zone)?.is_some() || step_context.host.zone_document(zone.as_str()).exists();
    if is_left { Err(ended.error()) } else { Ok(()) }
}
