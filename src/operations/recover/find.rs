//! Reads the journal and the host of a zone with an unfinished operation.

use std::collections::BTreeMap;

use super::decision::{ConfigMatch, HostView, HostZonePhase, Journal};
use crate::api::StepKind;
use crate::documents::config::Config;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::zone::{Before, EntryState, ZoneEntry};
use crate::error::{Error, Result};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::Context;
use crate::operations::journal::{APPLY, REINSTALL};
use crate::operations::snapshot::Progress;
use crate::operations::steps::Extent;
use crate::operations::steps::Phase;
use crate::operations::update::StoppedUpdate;
use crate::operations::{create_plan, identity, reinstall};

/// The zone on the host.
pub(super) struct Findings {
    pub(super) found: HostView,
    pub(super) zone: Option<HostZone>,
    /// True if its configuration boots it with the host.
    pub(super) autoboot: bool,
    /// The uuid of a complete installation.
    pub(super) uuid: Option<String>,
}

/// The spec of the operation. If the files no longer define it, the spec of the entry alone, which is enough to undo what was made,
/// and the error.
pub(super) fn mode(config_tree: &ConfigTree, entry: &ZoneEntry) -> Result<(ZoneSpec, Option<Error>)> {
    let error = match reinstall::desired(config_tree, entry) {
        Ok(spec) => return Ok((spec, None)),
        Err(error) => error,
    };
    match of_entry_alone(entry) {
        Some(spec) => {
            let name = &entry.name;
            let help =
                format!("fix the files, then run `zmgr recover {name}` to resume; --rollback works without them");
            Ok((spec, Some(error.with_help(help))))
        }
        None => Err(error),
    }
}

fn of_entry_alone(entry: &ZoneEntry) -> Option<ZoneSpec> {
    let applied = entry.applied.as_deref()?;
    let mut alone = ZoneEntry::new(entry.name.clone());
    alone.settings.brand = entry.settings.brand.clone().or_else(|| applied.settings.brand.clone());
    alone.settings.clone_from.clone_from(&entry.settings.clone_from);
    let mut spec = effective(&Config::default(), &BTreeMap::new(), &BTreeMap::new(), &alone).ok()?;
    create_plan::take_applied(&mut spec, applied);
    Some(spec)
}

/// Returns the position in the journal; `None` if nothing is unfinished.
pub(super) fn journal(entry: &ZoneEntry) -> Option<Journal> {
    let state = entry.state.as_ref()?;
    if let Some(step) = state.step().and_then(|step| step.strip_prefix(REINSTALL)) {
        return Some(Journal::Reinstalling { emptied: !reinstall::is_down(step) });
    }
    if state.step().is_some_and(|step| step.starts_with(APPLY)) {
        return Some(Journal::Applying);
    }
    if state.is_of_snapshot() {
        // The host shows its progress.
        return Some(Journal::Snapshot(Progress { has_begun: false, is_final: false, needs_down: false }));
    }
    if let Some(stopped) = StoppedUpdate::at(entry) {
        return Some(Journal::Updating(stopped.progress()));
    }
    Some(match state {
        EntryState::Ready | EntryState::Detached => return None,
        EntryState::Creating { step, undo } => Journal::Creating { phase: phase(step), undo: *undo },
        EntryState::Destroying { step } => Journal::Destroying { phase: phase(step) },
        // Of these two, only creations can fail.
        EntryState::Failed { step } => Journal::Creating { phase: phase(step), undo: false },
    })
}

/// Returns true if the unfinished operation is on a complete zone.
pub(super) fn is_reinstallation(entry: &ZoneEntry) -> bool {
    matches!(journal(entry), Some(Journal::Reinstalling { .. }))
}

/// Returns true if the unfinished operation builds a zone again that the host had lost.
pub(crate) fn is_rebuild(entry: &ZoneEntry) -> bool {
    entry.intent.before == Some(Before::Ready)
        && !entry.intent.attach
        && matches!(journal(entry), Some(Journal::Creating { .. }))
}

/// Returns true if the unfinished operation is a change of a zone that was taken down for it.
pub(super) fn is_application(entry: &ZoneEntry) -> bool {
    matches!(journal(entry), Some(Journal::Applying))
}

/// Returns the phase of a step; `Settled` if this version does not know the step.
fn phase(step: &str) -> Phase {
    StepKind::of_id(step).map_or(Phase::Settled, Phase::of)
}

/// Inspects the host.
pub(super) fn inspect(context: &Context, entry: &ZoneEntry, spec: &ZoneSpec) -> Result<Findings> {
    let name = &entry.name;
    let Some(zone) = context.host.zone_state(name)? else {
        let moved = identity::renamed(&context.host, &spec.zonepath.value)?;
        let found = match &moved {
            Some(moved) => HostView::Zone {
                host_phase: host_phase(moved.state),
                config_match: ConfigMatch::No(format!(
                    "its zonepath {} now belongs to zone {}",
                    moved.zonepath, moved.name
                )),
                same_installation: None,
            },
            None => HostView::Nothing,
        };
        return Ok(Findings { found, zone: None, autoboot: false, uuid: None });
    };
    let config = context.host.zone_config(name.as_str())?;
    let host_phase = host_phase(zone.state);
    let whole = matches!(host_phase, HostZonePhase::Installed | HostZonePhase::Active);
    let same_installation = match (&entry.uuid, &zone.uuid) {
        (Some(noted), Some(found)) if whole => Some(noted == found),
        _ => None,
    };
    let is_destruction = matches!(entry.state, Some(EntryState::Destroying { .. }));
    let mut begun = false;
    let stranger = if zone.brand != spec.brand.value {
        Some(format!("its brand is {}, not {}", zone.brand, spec.brand.value))
    } else if zone.zonepath != spec.zonepath.value {
        Some(format!("its zonepath is {}, not {}", zone.zonepath, spec.zonepath.value))
    } else {
        match &config {
            None => Some("its configuration is gone".to_owned()),
            // A reinstallation does not write the configuration, and an apply has written it before: it may have been edited since.
            Some(_) if is_reinstallation(entry) || is_application(entry) => None,
            // An operation on a snapshot does not change it.
            Some(_) if entry.state.as_ref().is_some_and(EntryState::is_of_snapshot) => None,
            // Nor does an update.
            Some(_) if entry.state.as_ref().is_some_and(EntryState::is_of_update) => None,
            // A destruction likewise counts only if this installation is the one to remove.
            Some(_) if is_destruction && same_installation == Some(true) => None,
            Some(config) => {
                let configure = create_plan::configuration(spec, context.host.dialect())?;
                begun = configure.extent(config) == Some(Extent::Beginning);
                // A partial configuration is deleted if a creation left it before the zone has files; later, and in a destruction,
                // a user may have removed something.
                let is_creation = matches!(entry.state, Some(EntryState::Creating { .. } | EntryState::Failed { .. }));
                match host_phase {
                    HostZonePhase::Configured if is_creation => configure.not_ours(config),
                    _ => configure.stranger(config),
                }
            }
        }
    };
    let config_match = match stranger {
        Some(how) => ConfigMatch::No(how),
        None if begun => ConfigMatch::Begun,
        None => ConfigMatch::Yes,
    };
    Ok(Findings {
        found: HostView::Zone { host_phase, config_match, same_installation },
        autoboot: config.is_some_and(|config| config.autoboot),
        uuid: zone.uuid.clone().filter(|_| whole),
        zone: Some(zone),
    })
}

fn host_phase(state: ZoneState) -> HostZonePhase {
    match state {
        ZoneState::Configured => HostZonePhase::Configured,
        ZoneState::Incomplete => HostZonePhase::Incomplete,
        ZoneState::Installed => HostZonePhase::Installed,
        _ => HostZonePhase::Active,
    }
}
