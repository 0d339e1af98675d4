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
mod tests {
    use super::*;

    const PHASES: [Phase; 4] = [Phase::Links, Phase::Configuration, Phase::Files, Phase::Settled];

    fn zone(host_phase: HostZonePhase, same_installation: Option<bool>) -> HostView {
        HostView::Zone { host_phase, config_match: ConfigMatch::Yes, same_installation }
    }

    #[test]
    fn an_installed_zone_is_undone_only_where_zmgr_had_begun_to() {
        for phase in PHASES {
            for undo in [false, true] {
                for same in [None, Some(true), Some(false)] {
                    for host_phase in [HostZonePhase::Installed, HostZonePhase::Active] {
                        let decision =
                            decide(Journal::Creating { phase, undo }, &zone(host_phase, same), RecoverMode::LeastLoss);
                        let may = undo && same == Some(true) && host_phase == HostZonePhase::Installed;
                        assert_eq!(decision == RecoveryAction::Undo, may, "{phase:?} {undo} {same:?} {host_phase:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_refusal_suggests_only_what_would_not_be_refused() {
        let name = ZoneName::new("web01").unwrap();
        let journal = Journal::Creating { phase: Phase::Settled, undo: true };
        let suggested = |found: &HostView| advice(&name, |mode| decide(journal, found, mode));
        let check = "check the zone and its entry, then run";
        assert_eq!(
            suggested(&zone(HostZonePhase::Installed, Some(true))),
            format!("{check} `zmgr recover web01 --resume` or `zmgr recover web01 --rollback`")
        );
        assert_eq!(suggested(&zone(HostZonePhase::Active, None)), format!("{check} `zmgr recover web01 --resume`"));
        assert_eq!(
            suggested(&zone(HostZonePhase::Installed, Some(false))),
            "fix the zone by hand, then run `zmgr recover web01`"
        );
    }

    #[test]
    fn an_active_zone_is_never_undone_whatever_is_asked() {
        for phase in PHASES {
            for undo in [false, true] {
                for mode in [RecoverMode::LeastLoss, RecoverMode::Resume, RecoverMode::RollBack] {
                    let decision =
                        decide(Journal::Creating { phase, undo }, &zone(HostZonePhase::Active, Some(true)), mode);
                    assert_ne!(decision, RecoveryAction::Undo);
                }
            }
        }
    }

    #[test]
    fn a_zone_that_zmgr_did_not_make_is_left_alone() {
        let found = HostView::Zone {
            host_phase: HostZonePhase::Configured,
            config_match: ConfigMatch::No("another brand".to_owned()),
            same_installation: None,
        };
        for phase in PHASES {
            for mode in [RecoverMode::LeastLoss, RecoverMode::Resume, RecoverMode::RollBack] {
                for journal in [Journal::Creating { phase, undo: false }, Journal::Destroying { phase }] {
                    assert!(matches!(decide(journal, &found, mode), RecoveryAction::Refuse(_)));
                }
            }
        }
    }

    #[test]
    fn creation_is_undone_before_the_install_is_through_and_finished_after() {
        let journal = |phase| Journal::Creating { phase, undo: false };
        assert_eq!(decide(journal(Phase::Links), &HostView::Nothing, RecoverMode::LeastLoss), RecoveryAction::Undo);
        assert_eq!(
            decide(journal(Phase::Files), &zone(HostZonePhase::Incomplete, None), RecoverMode::LeastLoss),
            RecoveryAction::Undo
        );
        assert_eq!(
            decide(journal(Phase::Files), &zone(HostZonePhase::Installed, None), RecoverMode::LeastLoss),
            RecoveryAction::Finish
        );
        assert_eq!(
            decide(journal(Phase::Settled), &zone(HostZonePhase::Active, Some(true)), RecoverMode::LeastLoss),
            RecoveryAction::Finish
        );
    }

    #[test]
    fn the_host_may_be_one_step_ahead_and_no_more() {
        let journal = Journal::Creating { phase: Phase::Links, undo: false };
        assert_eq!(
            decide(journal, &zone(HostZonePhase::Configured, None), RecoverMode::LeastLoss),
            RecoveryAction::Undo
        );
        assert!(matches!(
            decide(journal, &zone(HostZonePhase::Installed, None), RecoverMode::LeastLoss),
            RecoveryAction::Refuse(_)
        ));
    }

    #[test]
    fn a_reinstallation_is_never_undone() {
        for emptied in [false, true] {
            for mode in [RecoverMode::LeastLoss, RecoverMode::Resume, RecoverMode::RollBack] {
                for same in [None, Some(true), Some(false)] {
                    for host_phase in [
                        HostZonePhase::Configured,
                        HostZonePhase::Incomplete,
                        HostZonePhase::Installed,
                        HostZonePhase::Active,
                    ] {
                        let decision = decide(Journal::Reinstalling { emptied }, &zone(host_phase, same), mode);
                        assert_ne!(decision, RecoveryAction::Undo);
                        let whole = matches!(host_phase, HostZonePhase::Installed | HostZonePhase::Active);
                        if whole && same == Some(true) && !emptied && mode != RecoverMode::Resume {
                            assert_eq!(decision, RecoveryAction::Restore);
                        }
                        if !whole && mode == RecoverMode::LeastLoss {
                            assert_eq!(decision, RecoveryAction::Finish);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_zone_that_was_taken_down_to_be_changed_comes_up_again() {
        for host_phase in [HostZonePhase::Installed, HostZonePhase::Active] {
            for same in [None, Some(true)] {
                let decided = |mode| decide(Journal::Applying, &zone(host_phase, same), mode);
                assert_eq!(
                    (decided(RecoverMode::LeastLoss), decided(RecoverMode::Resume)),
                    (RecoveryAction::Finish, RecoveryAction::Finish)
                );
                assert!(matches!(decided(RecoverMode::RollBack), RecoveryAction::Refuse(_)));
            }
            let other = decide(Journal::Applying, &zone(host_phase, Some(false)), RecoverMode::LeastLoss);
            assert!(matches!(other, RecoveryAction::Refuse(_)));
        }
        for found in [HostView::Nothing, zone(HostZonePhase::Configured, None), zone(HostZonePhase::Incomplete, None)] {
            assert!(matches!(decide(Journal::Applying, &found, RecoverMode::LeastLoss), RecoveryAction::Refuse(_)));
        }
    }

    #[test]
    fn a_rename_goes_on_once_the_host_has_made_it() {
        let active = |active| RenameView::New { active };
        assert_eq!(renaming(false, &RenameView::Old, RecoverMode::LeastLoss), RecoveryAction::Undo);
        assert_eq!(renaming(false, &RenameView::Old, RecoverMode::Resume), RecoveryAction::Finish);
        for is_active in [false, true] {
            assert_eq!(renaming(false, &active(is_active), RecoverMode::LeastLoss), RecoveryAction::Finish);
        }
        assert_eq!(renaming(true, &active(false), RecoverMode::LeastLoss), RecoveryAction::Undo);
        assert_eq!(renaming(false, &active(false), RecoverMode::RollBack), RecoveryAction::Undo);
        assert!(matches!(renaming(true, &active(true), RecoverMode::RollBack), RecoveryAction::Refuse(_)));
        for mode in [RecoverMode::LeastLoss, RecoverMode::Resume, RecoverMode::RollBack] {
            let decided = renaming(false, &RenameView::Strange("gone".to_owned()), mode);
            assert_eq!(decided, RecoveryAction::Refuse("gone".to_owned()));
        }
    }

    #[test]
    fn a_rollback_is_resumed_once_files_have_changed() {
        let decided = |has_begun, is_final, mode| {
            let progress = Progress { has_begun, is_final, needs_down: has_begun };
            decide(Journal::Snapshot(progress), &zone(HostZonePhase::Installed, Some(true)), mode)
        };
        assert_eq!(decided(false, false, RecoverMode::LeastLoss), RecoveryAction::Restore);
        assert_eq!(decided(false, false, RecoverMode::Resume), RecoveryAction::Finish);
        assert_eq!(decided(true, false, RecoverMode::LeastLoss), RecoveryAction::Finish);
        assert_eq!(decided(true, false, RecoverMode::RollBack), RecoveryAction::Restore);
        assert_eq!(decided(true, true, RecoverMode::LeastLoss), RecoveryAction::Finish);
        assert!(matches!(decided(true, true, RecoverMode::RollBack), RecoveryAction::Refuse(_)));
        let begun = Journal::Snapshot(Progress { has_begun: true, is_final: true, needs_down: true });
        for found in [
            HostView::Nothing,
            zone(HostZonePhase::Incomplete, None),
            zone(HostZonePhase::Active, Some(true)),
            zone(HostZonePhase::Installed, Some(false)),
        ] {
            assert!(matches!(decide(begun, &found, RecoverMode::LeastLoss), RecoveryAction::Refuse(_)), "{found:?}");
        }
    }

    #[test]
    fn destruction_goes_back_while_nothing_is_lost() {
        let journal = |phase| Journal::Destroying { phase };
        assert_eq!(
            decide(journal(Phase::Settled), &zone(HostZonePhase::Active, Some(true)), RecoverMode::LeastLoss),
            RecoveryAction::Restore
        );
        assert_eq!(
            decide(journal(Phase::Files), &zone(HostZonePhase::Installed, Some(true)), RecoverMode::LeastLoss),
            RecoveryAction::Restore
        );
        assert_eq!(
            decide(journal(Phase::Files), &zone(HostZonePhase::Incomplete, Some(false)), RecoverMode::LeastLoss),
            RecoveryAction::Finish
        );
        assert_eq!(decide(journal(Phase::Links), &HostView::Nothing, RecoverMode::LeastLoss), RecoveryAction::Finish);
    }

    /// Returns the journals that a cell of the table in docs/architecture.md names.
    fn journals(cell: &str) -> Vec<Journal> {
        let creating = |undo| Journal::Creating { phase: Phase::Files, undo };
        match cell {
            "creating" => vec![creating(false)],
            "creating `undo`" => vec![creating(true)],
            "destroying" => PHASES.map(|phase| Journal::Destroying { phase }).to_vec(),
            "destroying, uninstall not begun" => vec![Journal::Destroying { phase: Phase::Settled }],
            "destroying, uninstall begun" => vec![Journal::Destroying { phase: Phase::Files }],
            "destroying, uninstall done" => {
                vec![Journal::Destroying { phase: Phase::Configuration }, Journal::Destroying { phase: Phase::Links }]
            }
            "`reinstall:`, old files there" => vec![Journal::Reinstalling { emptied: false }],
            "`reinstall:`, old files gone" => vec![Journal::Reinstalling { emptied: true }],
            "`apply:`" => vec![Journal::Applying],
            "`snapshot:`, nothing changed yet" => {
                vec![Journal::Snapshot(Progress { has_begun: false, is_final: false, needs_down: false })]
            }
            "`snapshot:`, switch of boot environments begun" => {
                vec![Journal::Snapshot(Progress { has_begun: true, is_final: false, needs_down: true })]
            }
            "`snapshot:`, files have begun to change" => {
                vec![Journal::Snapshot(Progress { has_begun: true, is_final: true, needs_down: true })]
            }
            "`update:`, the zone is going down" => {
                vec![Journal::Updating(Progress { has_begun: false, is_final: false, needs_down: false })]
            }
            "`update:`, pkg has begun, with a snapshot" => {
                vec![Journal::Updating(Progress { has_begun: true, is_final: false, needs_down: true })]
            }
            "`update:`, pkg has begun, without one" => {
                vec![Journal::Updating(Progress { has_begun: true, is_final: true, needs_down: true })]
            }
            "`update:`, the zone is booting" => {
                vec![Journal::Updating(Progress { has_begun: true, is_final: true, needs_down: false })]
            }
            "`reinstall:`, `apply:`" => vec![Journal::Reinstalling { emptied: true }, Journal::Applying],
            other => panic!("no journal is {other:?}"),
        }
    }

    /// Returns the views of the host that a cell names.
    fn views(cell: &str) -> Vec<HostView> {
        let (states, same) = match cell.split_once(", same uuid").or_else(|| cell.split_once(", no uuid recorded")) {
            Some((states, _)) => (states, cell.contains("same").then_some(true)),
            None => (cell, Some(true)),
        };
        let view = |state: &str| match state {
            "no zone" => HostView::Nothing,
            "configured" => zone(HostZonePhase::Configured, None),
            "incomplete" => zone(HostZonePhase::Incomplete, same),
            "installed" => zone(HostZonePhase::Installed, same),
            "active" => zone(HostZonePhase::Active, same),
            other => panic!("no state of a zone is {other:?}"),
        };
        states.split(", ").map(view).collect()
    }

    #[test]
    fn the_table_of_the_documentation_is_what_is_decided() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
        let page = std::fs::read_to_string(page).unwrap();
        let table = page.split("\n## Recovery\n").nth(1).unwrap();
        let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
        let rows: Vec<Vec<&str>> = rows
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect();
        assert!(rows.len() > 15);
        // Renames have a function of their own; the last row is about zones that were changed outside zmgr.
        for row in rows.iter().filter(|row| row[0] != "any" && !row[0].starts_with("`rename:`")) {
            for (journal, host) in
                journals(row[0]).into_iter().flat_map(|j| views(row[1]).into_iter().map(move |v| (j, v)))
            {
                let modes = [RecoverMode::LeastLoss, RecoverMode::Resume, RecoverMode::RollBack];
                for (mode, expected) in modes.into_iter().zip(&row[2..]) {
                    let decided = match decide(journal, &host, mode) {
                        RecoveryAction::Undo => "roll back",
                        RecoveryAction::Finish => "resume",
                        RecoveryAction::Restore => "back to `ready`",
                        RecoveryAction::Refuse(_) => "refuse",
                    };
                    assert_eq!(decided, *expected, "{journal:?}, {host:?}, {mode:?}");
                }
            }
        }
    }
}
