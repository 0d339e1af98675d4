//! Installs the zone, from packages or as a clone; undone by uninstalling it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::{Probe, Step, StepContext, foreign, planned};
use crate::api::{PlannedStep, StepKind};
use crate::documents::environment::Environment;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{self, HostZone, ZoneState};
use crate::exec::{Completed, Invocation};
use crate::file::{self, Links};
use crate::host::{self, Brand, Cloning};
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

/// Largest host key or name that is compared.
const IDENTITY_MAX: u64 = 1 << 16;

impl Install {
    /// Checks the effect of the hook, which ends well even if the clone still has the identity of its source.
    fn check_identity(&self, step_context: &StepContext<'_>, source: &ZoneName, ended: &Completed) -> Result<()> {
        let printed = [&ended.stdout, &ended.stderr].map(|stream| stream.last_lines());
        let failed = printed.iter().flat_map(|text| text.lines()).find(|line| line.contains("ERROR:"));
        let kept = self.kept_identity(step_context, true)?;
        let Some(why) = kept.or(failed.map(|line| line.trim().to_owned())) else { return Ok(()) };
        let message = format!("zoneadm cloned {source}, but the clone still has its identity: {why}");
        Err(Error::new(Code::CommandFailed, message).with_command(ended.failed()))
    }

    /// Returns what the clone has in common with its source although the hook should have removed it; `None` if nothing is found, and
    /// for brands whose clone hook leaves the identity. `is_new`: nothing has been written into it yet.
    fn kept_identity(&self, step_context: &StepContext<'_>, is_new: bool) -> Result<Option<String>> {
        let (host, Origin::Clone(source)) = (&step_context.host, &self.from) else { return Ok(None) };
        let Some(zone) = host.zone_state(source)? else { return Ok(None) };
        let takes_it = |row: &Brand| matches!(row.cloning.value, Cloning::Hook | Cloning::HookWithoutNetwork);
        if !host::brand(&zone.brand, host.dialect()).is_some_and(takes_it) {
            return Ok(None);
        }
        // A root that is not mounted cannot be compared.
        let (Ok(own), Ok(theirs)) = (host.zone_root(&self.zonepath), host.zone_root(&zone.zonepath)) else {
            return Ok(None);
        };
        let name = own.read(NODENAME, IDENTITY_MAX)?;
        if name.is_some() && (is_new || name == theirs.read(NODENAME, IDENTITY_MAX)?) {
            return Ok(Some(format!("its host name is set in {NODENAME}")));
        }
        for kind in ["rsa", "dsa", "ecdsa", "ed25519"] {
            let path = format!("/etc/ssh/ssh_host_{kind}_key");
            let key = own.read(&path, IDENTITY_MAX)?;
            if key.is_some() && key == theirs.read(&path, IDENTITY_MAX)? {
                return Ok(Some(format!("both have the host key {path}")));
            }
        }
        Ok(None)
    }
}

/// The file with a zone's host name.
const NODENAME: &str = "/etc/nodename";

impl Step for Install {
    fn kind(&self) -> StepKind {
        match self.from {
            Origin::Hook(_) => StepKind::Install,
            Origin::Clone(_) => StepKind::Clone,
        }
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), Some(&zoneadm::uninstall(&self.zone, self.limit)))
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        Ok(match step_context.host.zone_state(&self.zone)?.map(|zone| zone.state) {
            None => Probe::Foreign(format!("the zone {} has vanished from the host", self.zone)),
            Some(ZoneState::Configured) => Probe::Absent,
            Some(ZoneState::Incomplete) => Probe::Partial,
            // zmgr died before it could see that the hook had left the identity.
            Some(ZoneState::Installed) if self.kept_identity(step_context, false)?.is_some() => Probe::Partial,
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
            Origin::Clone(source) => {
                origins::cloned(step_context, &zone.brand)?;
                self.check_identity(step_context, source, &ended)
            }
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
                data::check_destroyable(step_context, &self.zonepath, false)?;
                if matches!(self.from, Origin::Clone(_)) {
                    // An earlier run may have been killed before it could.
                    origins::record(step_context, &zone.brand)?;
                }
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
