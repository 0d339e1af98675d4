//! Decides how to recover an unfinished operation, from the journal and the host alone: the way that loses least.
//!
//! Invariant: pure, and never uninstalls an installed zone unless zmgr itself had begun to, with this very entry and installation.

use crate::operations::snapshot::Progress;
use crate::operations::steps::Phase;
use crate::value::name::ZoneName;

/// The journal of a zone that is not `ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journal {
    /// Being created, in this phase; `undo` once a rollback began.
    Creating { phase: Phase, undo: bool },
    /// Being destroyed, in this phase.
    Destroying { phase: Phase },
    /// Being reinstalled; `emptied` once its old files are gone.
    Reinstalling { emptied: bool },
    /// Down for a change.
    Applying,
    /// A snapshot is being taken, deleted or rolled back to.
    Snapshot(Progress),
    /// Packages are being updated.
    Updating(Progress),
}

/// The zone on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostView {
    /// The host does not have it.
    Nothing,
    /// The host has the zone.
    Zone {
        /// Its state.
        host_phase: HostZonePhase,
        /// Comparison of its configuration with the planned one.
        config_match: ConfigMatch,
        /// True if its uuid is the recorded one; `None` if none is recorded or the zone has none.
        same_installation: Option<bool>,
    },
}

/// The zone's state on the host, reduced to what matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostZonePhase {
    Configured,
    Incomplete,
    Installed,
    Active,
}

/// Comparison of the host's configuration with the planned one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigMatch {
    /// It is the planned configuration.
    Yes,
    /// It is the beginning of the planned configuration.
    Begun,
    /// It differs, in this way.
    No(String),
}

/// The requested kind of recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RecoverMode {
    /// Lose as little as possible.
    #[default]
    LeastLoss,
    /// Resume the operation.
    Resume,
    /// Roll the operation back.
    RollBack,
}

/// The action to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RecoveryAction {
    /// Undo everything that zmgr made; the entry is removed last.
    Undo,
    /// Run the remaining steps.
    Finish,
    /// The zone is complete and was to be destroyed: leave it as it was.
    Restore,
    /// The zone was changed outside zmgr: report the difference, change nothing.
    Refuse(String),
}

/// Decides, by the recovery rules of the design.
pub(crate) fn decide(journal: Journal, found: &HostView, mode: RecoverMode) -> RecoveryAction {
    match journal {
        Journal::Creating { phase, undo } => creating(phase, undo, found, mode),
        Journal::Destroying { phase } => destroying(phase, found, mode),
        Journal::Reinstalling { emptied } => reinstalling(emptied, found, mode),
        Journal::Applying => applying(found, mode),
        Journal::Snapshot(progress) => changing_files(progress, found, mode, ("snapshot", "rolled back")),
        Journal::Updating(progress) => changing_files(progress, found, mode, ("update", "updated")),
    }
}

/// Returns advice for a refusal: the options of `recover` with which `decide` would not refuse, or to fix the difference.
pub(crate) fn advice(name: &ZoneName, decide: impl Fn(RecoverMode) -> RecoveryAction) -> String {
    let ways: Vec<_> = [(RecoverMode::Resume, "--resume"), (RecoverMode::RollBack, "--rollback")]
        .into_iter()
        .filter(|(mode, _)| !matches!(decide(*mode), RecoveryAction::Refuse(_)))
        .map(|(_, option)| format!("`zmgr recover {name} {option}`"))
        .collect();
    match ways.is_empty() {
        true => format!("fix the zone by hand, then run `zmgr recover {name}`"),
        false => format!("check the zone and its entry, then run {}", ways.join(" or ")),
    }
}

/// The zone on the host during a rename.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RenameView {
    /// The host has it under its old name.
    Old,
    /// The host has it under its new name; `active` if it is not down.
    New { active: bool },
    /// Another process changed it, in this way.
    Strange(String),
}

/// Decides about a rename; `undo` once a rollback began. Nothing is lost in either direction, so it goes on once the host has renamed
/// the zone, and back before that.
pub(crate) fn renaming(undo: bool, found: &RenameView, mode: RecoverMode) -> RecoveryAction {
    match (found, mode) {
        (RenameView::Strange(how), _) => RecoveryAction::Refuse(how.clone()),
        (RenameView::New { active: true }, RecoverMode::RollBack) => {
            RecoveryAction::Refuse("the zone is active under its new name; halt it to roll back its rename".to_owned())
        }
        (RenameView::New { active: false }, RecoverMode::LeastLoss) if undo => RecoveryAction::Undo,
        (_, RecoverMode::Resume) | (RenameView::New { .. }, RecoverMode::LeastLoss) => RecoveryAction::Finish,
        (RenameView::Old, _) | (RenameView::New { .. }, RecoverMode::RollBack) => RecoveryAction::Undo,
    }
}

fn creating(phase: Phase, undo: bool, found: &HostView, mode: RecoverMode) -> RecoveryAction {
    let HostView::Zone { host_phase, config_match, same_installation } = found else {
        return match mode {
            RecoverMode::Resume if !undo => RecoveryAction::Finish,
            _ => RecoveryAction::Undo,
        };
    };
    if let ConfigMatch::No(how) = config_match {
        return RecoveryAction::Refuse(format!("the zone on the host is not the one that was being created: {how}"));
    }
    if *same_installation == Some(false) {
        return RecoveryAction::Refuse("the zone was reinstalled outside zmgr".to_owned());
    }
    // The host may be one whole step ahead of the journal; a bare configuration, which anyone may create, is not zmgr's.
    if phase == Phase::Links && *config_match == ConfigMatch::Begun {
        return RecoveryAction::Refuse(
            "the zone is partly configured, but its creation had not begun to configure it".to_owned(),
        );
    }
    let reached = match host_phase {
        HostZonePhase::Configured => Phase::Configuration,
        HostZonePhase::Incomplete => Phase::Files,
        HostZonePhase::Installed | HostZonePhase::Active => Phase::Files,
    };
    // The journal is written before a step runs, so the host can be at most one step ahead of what reached the disk.
    if !undo && reached > phase.next() {
        return RecoveryAction::Refuse(format!(
            "the zone is {}, but its creation had not come that far",
            match host_phase {
                HostZonePhase::Configured => "configured",
                HostZonePhase::Incomplete => "incomplete",
                HostZonePhase::Installed => "installed",
                HostZonePhase::Active => "active",
            }
        ));
    }
    match (host_phase, undo) {
        (HostZonePhase::Configured | HostZonePhase::Incomplete, false) if mode == RecoverMode::Resume => {
            RecoveryAction::Finish
        }
        (HostZonePhase::Configured | HostZonePhase::Incomplete, _) => RecoveryAction::Undo,
        (HostZonePhase::Installed, true) if *same_installation == Some(true) => RecoveryAction::Undo,
        (HostZonePhase::Installed, true) if mode == RecoverMode::LeastLoss => {
            RecoveryAction::Refuse("it was being rolled back, but is installed".to_owned())
        }
        (HostZonePhase::Installed, _) if mode == RecoverMode::RollBack => RecoveryAction::Undo,
        (HostZonePhase::Installed, _) => RecoveryAction::Finish,
        (HostZonePhase::Active, _) if mode == RecoverMode::RollBack => {
            RecoveryAction::Refuse("the zone is active, and an active zone is never undone".to_owned())
        }
        (HostZonePhase::Active, true) if mode == RecoverMode::LeastLoss => {
            RecoveryAction::Refuse("it was being rolled back, but is active".to_owned())
        }
        (HostZonePhase::Active, _) => RecoveryAction::Finish,
    }
}

fn destroying(phase: Phase, found: &HostView, mode: RecoverMode) -> RecoveryAction {
    let HostView::Zone { host_phase, config_match, same_installation } = found else {
        return match mode {
            RecoverMode::RollBack => {
                RecoveryAction::Refuse("the zone is gone from the host and cannot be restored".to_owned())
            }
            _ => RecoveryAction::Finish,
        };
    };
    if let ConfigMatch::No(how) = config_match {
        return RecoveryAction::Refuse(format!("the zone on the host is not the one that was being destroyed: {how}"));
    }
    if *same_installation == Some(false) && *host_phase != HostZonePhase::Incomplete {
        return RecoveryAction::Refuse("the zone was reinstalled outside zmgr".to_owned());
    }
    match host_phase {
        HostZonePhase::Installed | HostZonePhase::Active if phase < Phase::Files => {
            RecoveryAction::Refuse("the zone is installed, but it had been uninstalled".to_owned())
        }
        HostZonePhase::Installed | HostZonePhase::Active if mode == RecoverMode::Resume => RecoveryAction::Finish,
        HostZonePhase::Installed | HostZonePhase::Active => RecoveryAction::Restore,
        // A zone that was never installed may be destroyed too: nothing of it is lost before its configuration is deleted.
        HostZonePhase::Configured if phase == Phase::Settled && mode != RecoverMode::Resume => RecoveryAction::Restore,
        HostZonePhase::Configured | HostZonePhase::Incomplete if mode == RecoverMode::RollBack => {
            RecoveryAction::Refuse("the zone's files are already gone".to_owned())
        }
        HostZonePhase::Configured | HostZonePhase::Incomplete => RecoveryAction::Finish,
    }
}

/// A complete zone is never undone: while its files exist, it is restored, and afterwards it is installed again.
fn reinstalling(emptied: bool, found: &HostView, mode: RecoverMode) -> RecoveryAction {
    let HostView::Zone { host_phase, config_match, same_installation } = found else {
        return RecoveryAction::Refuse(
            "the zone that was being reinstalled is gone from the host, with its configuration".to_owned(),
        );
    };
    if let ConfigMatch::No(how) = config_match {
        return RecoveryAction::Refuse(format!(
            "the zone on the host is not the one that was being reinstalled: {how}"
        ));
    }
    match host_phase {
        HostZonePhase::Installed | HostZonePhase::Active if *same_installation == Some(false) => {
            RecoveryAction::Refuse("the zone was reinstalled outside zmgr".to_owned())
        }
        HostZonePhase::Installed | HostZonePhase::Active if emptied && mode == RecoverMode::RollBack => {
            RecoveryAction::Refuse("the zone's old files are gone, and the new ones are there".to_owned())
        }
        HostZonePhase::Installed | HostZonePhase::Active if emptied || mode == RecoverMode::Resume => {
            RecoveryAction::Finish
        }
        HostZonePhase::Installed | HostZonePhase::Active => RecoveryAction::Restore,
        HostZonePhase::Configured | HostZonePhase::Incomplete if mode == RecoverMode::RollBack => {
            RecoveryAction::Refuse(
                "the zone's old files are gone and cannot be restored; run `zmgr destroy` to remove the rest"
                    .to_owned(),
            )
        }
        HostZonePhase::Configured | HostZonePhase::Incomplete => RecoveryAction::Finish,
    }
}

/// A zone that was taken down to be changed is changed and booted: its earlier state is no longer known.
fn applying(found: &HostView, mode: RecoverMode) -> RecoveryAction {
    let HostView::Zone { host_phase, config_match, same_installation } = found else {
        return RecoveryAction::Refuse(
            "the zone that was being changed is gone from the host, with its configuration".to_owned(),
        );
    };
    if let ConfigMatch::No(how) = config_match {
        return RecoveryAction::Refuse(format!("the zone on the host is not the one that was being changed: {how}"));
    }
    match host_phase {
        _ if *same_installation == Some(false) => {
            RecoveryAction::Refuse("the zone was reinstalled outside zmgr".to_owned())
        }
        HostZonePhase::Configured | HostZonePhase::Incomplete => {
            RecoveryAction::Refuse("the zone that was being changed has lost its files".to_owned())
        }
        _ if mode == RecoverMode::RollBack => {
            RecoveryAction::Refuse("changes cannot be rolled back, only resumed".to_owned())
        }
        HostZonePhase::Installed | HostZonePhase::Active => RecoveryAction::Finish,
    }
}

/// Undoes what can be undone, unless so much is done that completing it loses less.
fn changing_files(
    progress: Progress,
    found: &HostView,
    mode: RecoverMode,
    (what, done): (&str, &str),
) -> RecoveryAction {
    let HostView::Zone { host_phase, config_match, same_installation } = found else {
        return RecoveryAction::Refuse(format!(
            "the zone is gone from the host, with its configuration, since work on its {what} began"
        ));
    };
    if let ConfigMatch::No(how) = config_match {
        return RecoveryAction::Refuse(format!("the zone on the host is not the one of the {what}: {how}"));
    }
    match host_phase {
        _ if *same_installation == Some(false) => {
            RecoveryAction::Refuse("the zone was reinstalled outside zmgr".to_owned())
        }
        HostZonePhase::Configured | HostZonePhase::Incomplete => {
            RecoveryAction::Refuse(format!("the zone of the {what} has lost its files"))
        }
        HostZonePhase::Active if progress.needs_down => {
            RecoveryAction::Refuse(format!("the zone was being {done}, and is active: halt it first (`zoneadm halt`)"))
        }
        _ if mode == RecoverMode::RollBack && progress.is_final => {
            RecoveryAction::Refuse("the files have begun to change, which can only be resumed".to_owned())
        }
        _ if mode == RecoverMode::RollBack || mode == RecoverMode::LeastLoss && !progress.has_begun => {
            RecoveryAction::Restore
        }
        _ => RecoveryAction::Finish,
    }
}

impl Phase {
    fn next(self) -> Phase {
        match self {
            Phase::Links => Phase::Configuration,
            Phase::Configuration => Phase::Files,
            Phase::Files | Phase::Settled => Phase::Settled,
        }
    }
}

#[cfg(test)]
mod tests;
