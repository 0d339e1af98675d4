//! Installs the zone, from packages or as a clone; undone by uninstalling it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::{Phase, Probe, Step, StepContext, foreign, planned};
use crate::api::PlannedStep;
use crate::documents::environment::Environment;
use crate::error::{Code, Error, Result};
use crate::exec::Invocation;
use crate::exec::zoneadm::{self, HostZone, ZoneState};
use crate::file::{self, Links};
use crate::operations::{data, made, origins};
use crate::value::name::ZoneName;

/// Installs a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Install {
    pub(crate) zone: ZoneName,
    pub(crate) zonepath: String,
    pub(crate) from: Origin,
    /// True if the dataset that zmgr made for the zone before may still exist: other boot environments may keep it.
    pub(crate) again: bool,
    /// Time limit.
    pub(crate) limit: Duration,
    /// Variables that the hook finds in its environment: it fetches packages.
    pub(crate) environment: Environment,
}

/// Source of the zone's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The brand's install hook, with these arguments.
    Hook(Vec<String>),
    /// Another zone, which is inactive during the clone.
    Clone(ZoneName),
}

impl Install {
    fn command(&self) -> Invocation {
        match &self.from {
            Origin::Hook(arguments) => {
                zoneadm::install(&self.zone, arguments, self.limit).with_environment(&self.environment)
            }
            Origin::Clone(source) => zoneadm::clone(&self.zone, source, self.limit),
        }
    }
}

impl Install {
    /// Checks that the source is still what the plan saw: illumos locks the new zone only.
    fn check_source(&self, step_context: &StepContext<'_>, source: &ZoneName) -> Result<()> {
        let state = step_context.host.zone_state(source)?.map(|zone| zone.state);
        if state != Some(ZoneState::Installed) {
            let state = state.map_or("gone", ZoneState::as_str);
            return Err(Error::new(
                Code::WrongState,
                format!("{source} is now {state}; only a zone that is installed and down can be cloned"),
            ));
        }
        let datasets = |zone: &ZoneName| -> Result<Vec<String>> {
            Ok(step_context.host.zone_config(zone.as_str())?.map(|config| config.datasets).unwrap_or_default())
        };
        let theirs = datasets(source)?;
        match datasets(&self.zone)?.iter().find(|dataset| theirs.contains(dataset)) {
            None => Ok(()),
            Some(shared) => Err(Error::new(
                Code::WrongState,
                format!("both {source} and {} have the dataset {shared}; cloning would damage {source}", self.zone),
            )),
        }
    }
}

impl Step for Install {
    fn id(&self) -> String {
        match self.from {
            Origin::Hook(_) => "install".to_owned(),
            Origin::Clone(_) => "clone".to_owned(),
        }
    }

    fn phase(&self) -> Phase {
        Phase::Files
    }

    fn planned(&self) -> PlannedStep {
        planned(self.id(), &self.command(), Vec::new(), Some(&zoneadm::uninstall(&self.zone, self.limit)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.zone_state(&self.zone)?.map(|zone| zone.state) {
            None => Probe::Foreign(format!("the zone {} has vanished from the host", self.zone)),
            Some(ZoneState::Configured) => Probe::Absent,
            Some(ZoneState::Incomplete) => Probe::Partial,
            Some(_) => Probe::Done,
        })
    }

    fn prepare(&self, step_context: &StepContext<'_>) -> Result<()> {
        data::claim(step_context, &self.zonepath, self.again)?;
        match &self.from {
            Origin::Clone(source) => origins::claim(step_context, source),
            Origin::Hook(_) => Ok(()),
        }
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        if let Origin::Clone(source) = &self.from {
            self.check_source(step_context, source)?;
        }
        let ended = step_context.run_logged(self.command())?;
        let Some(zone) = step_context.host.zone_state(&self.zone)? else {
            return Err(foreign(format!("the zone {} has vanished from the host", self.zone)));
        };
        // A failed hook leaves no installed zone. If there is one, it existed before.
        if ended.success() || ended.stopped.is_some() {
            step_context.installation.replace(Some(zone.uuid.clone()));
        }
        if !ended.success() || zone.state == ZoneState::Configured || zone.state == ZoneState::Incomplete {
            return Err(explain(step_context, &zone, &self.environment, ended.error()));
        }
        step_context.uuid.replace(zone.uuid.clone());
        data::installed(step_context, &self.zonepath)?;
        match &self.from {
            Origin::Clone(_) => origins::cloned(step_context, &zone.brand),
            Origin::Hook(_) => Ok(()),
        }
    }

    fn undo(&self, step_context: &StepContext<'_>) -> Result<()> {
        let Some(zone) = step_context.host.zone_state(&self.zone)? else {
            return origins::undo(step_context);
        };
        match zone.state {
            ZoneState::Configured => origins::undo(step_context),
            state if state.is_active() => Err(Error::new(
                Code::WrongState,
                format!("zone {} is {}; an active zone is not uninstalled", self.zone, state.as_str()),
            )),
            ZoneState::Installed if !is_ours(step_context, zone.uuid.as_ref()) => {
                Err(foreign(format!("zone {} was installed by another process", self.zone)))
            }
            _ => {
                data::may_destroy(step_context, &self.zonepath, false)?;
                let ended = step_context.run_logged(zoneadm::uninstall(&self.zone, self.limit))?;
                match step_context.host.zone_state(&self.zone)?.map(|zone| zone.state) {
                    None | Some(ZoneState::Configured) => {
                        if let Some(made) = step_context.made.of_zonepath()
                            && made::find(&step_context.host, &made.name)?.is_none()
                        {
                            step_context.made.forget(&made.name);
                        }
                        origins::undo(step_context)
                    }
                    Some(_) => Err(ended.error()),
                }
            }
        }
    }
}

/// Largest part of a hook's log that is read, and number of its last lines to show.
const HOOK_LOG: u64 = 1 << 20;
const SHOWN: usize = 5;

/// Adds what the brand's hook wrote in a log of its own to the error, and keeps the log: the rollback destroys the zone's files,
/// and hooks of some distributions print nothing at all.
pub(super) fn explain(
    step_context: &StepContext<'_>,
    zone: &HostZone,
    environment: &Environment,
    error: Error,
) -> Error {
    let mut found = vec![step_context.host.path(&zone.zonepath).join("log/zone.log")];
    let ours = |name: &str| name.starts_with(&format!("{}.", zone.name)) && name.contains("_log.");
    let temporary = fs::read_dir(step_context.host.path("/var/tmp")).into_iter().flatten().flatten();
    found.extend(temporary.filter(|entry| entry.file_name().to_str().is_some_and(ours)).map(|entry| entry.path()));
    let read = |path: &PathBuf| {
        let (file, meta) = file::open(path, Links::Refuse).ok()?;
        let bytes = file::read_to_limit(&file, &meta, HOOK_LOG).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = environment.mask(&found.iter().filter_map(read).collect::<String>());
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let Some(last) = lines.len().checked_sub(1).map(|end| &lines[end.saturating_sub(SHOWN - 1)..]) else {
        return error;
    };
    let mut help = format!("the brand's hook logged: {}", last.join(" / "));
    if let Some(kept) = step_context.log.as_ref().map(|log| log.with_extension("hook.log"))
        && fs::write(&kept, &text).is_ok()
    {
        help.push_str(&format!("; read all of it in {}", kept.display()));
    }
    error.with_help(help)
}

/// Returns true if this operation made the existing installation, or may undo it as if it had.
fn is_ours(step_context: &StepContext<'_>, found: Option<&String>) -> bool {
    match (&*step_context.installation.borrow(), found) {
        (None, _) => false,
        (Some(Some(made)), Some(found)) => made == found,
        (Some(_), _) => true,
    }
}
