//! Which way unfinished work should go, decided from the journal and the host alone: the way that loses least.
//!
//! Invariant: pure, and never in favour of uninstalling an installed zone unless zmgr itself had begun to, under this very entry
//! and installation.

use crate::operations::steps::Phase;

/// What the journal says of a zone that is not `ready`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journal {
    /// Being created, at this phase; `undo` once a roll back began.
    Creating { phase: Phase, undo: bool },
    /// Being destroyed, at this phase.
    Destroying { phase: Phase },
    /// Being installed again; `emptied` once its old files were gone.
    Reinstalling { emptied: bool },
    /// Down for what is applied to it.
    Applying,
}

/// What the host says of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostView {
    /// The host does not have it.
    Nothing,
    /// The host has it.
    Zone {
        /// Its state.
        host_phase: HostZonePhase,
        /// Whether its configuration is what the plan wrote.
        config_match: ConfigMatch,
        /// Whether its uuid is the noted one; `None` where none is noted or none is there.
        same_installation: Option<bool>,
    },
}

/// The zone's state on the host, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostZonePhase {
    Configured,
    Incomplete,
    Installed,
    Active,
}

/// Whether the configuration on the host is zmgr's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigMatch {
    /// It is what the plan wrote.
    Yes,
    /// It is a beginning of it.
    Begun,
    /// It differs, and how.
    No(String),
}

/// What a person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RecoverMode {
    /// Whatever loses least.
    #[default]
    LeastLoss,
    /// Go on with what was begun.
    Resume,
    /// Take it back.
    RollBack,
}

/// Which way to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RecoveryAction {
    /// Take everything back that zmgr made; the entry goes last.
    Undo,
    /// Do the steps that are left.
    Finish,
    /// The zone is whole and was to be destroyed: leave it as it was.
    Restore,
    /// Somebody else's hand: say what differs, change nothing.
    Refuse(String),
}

/// Decides. See the design's rules of recovery.
pub(crate) fn decide(journal: Journal, found: &HostView, mode: RecoverMode) -> RecoveryAction {
    match journal {
        Journal::Creating { phase, undo } => creating(phase, undo, found, mode),
        Journal::Destroying { phase } => destroying(phase, found, mode),
        Journal::Reinstalling { emptied } => reinstalling(emptied, found, mode),
        Journal::Applying => applying(found, mode),
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
        return RecoveryAction::Refuse(format!("the host's zone is not the one that was being created: {how}"));
    }
    if *same_installation == Some(false) {
        return RecoveryAction::Refuse("somebody else has installed the zone anew since".to_owned());
    }
    // One step ahead of the journal is a whole step; a bare configuration, as anybody would begin one, is somebody's.
    if phase == Phase::Links && *config_match == ConfigMatch::Begun {
        return RecoveryAction::Refuse(
            "the zone is half configured although its creation had not come so far".to_owned(),
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
            "the zone is {} although its creation had not come so far",
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
            RecoveryAction::Refuse("it was being rolled back, and is installed all the same".to_owned())
        }
        (HostZonePhase::Installed, _) if mode == RecoverMode::RollBack => RecoveryAction::Undo,
        (HostZonePhase::Installed, _) => RecoveryAction::Finish,
        (HostZonePhase::Active, _) if mode == RecoverMode::RollBack => {
            RecoveryAction::Refuse("the zone is active, and an active zone is never undone".to_owned())
        }
        (HostZonePhase::Active, true) if mode == RecoverMode::LeastLoss => {
            RecoveryAction::Refuse("it was being rolled back, and is active all the same".to_owned())
        }
        (HostZonePhase::Active, _) => RecoveryAction::Finish,
    }
}

fn destroying(phase: Phase, found: &HostView, mode: RecoverMode) -> RecoveryAction {
    let HostView::Zone { host_phase, config_match, same_installation } = found else {
        return match mode {
            RecoverMode::RollBack => {
                RecoveryAction::Refuse("the zone is gone from the host and cannot be brought back".to_owned())
            }
            _ => RecoveryAction::Finish,
        };
    };
    if let ConfigMatch::No(how) = config_match {
        return RecoveryAction::Refuse(format!("the host's zone is not the one that was being destroyed: {how}"));
    }
    if *same_installation == Some(false) && *host_phase != HostZonePhase::Incomplete {
        return RecoveryAction::Refuse("somebody else has installed the zone anew since".to_owned());
    }
    match host_phase {
        HostZonePhase::Installed | HostZonePhase::Active if phase < Phase::Files => {
            RecoveryAction::Refuse("the zone is installed although it had been uninstalled".to_owned())
        }
        HostZonePhase::Installed | HostZonePhase::Active if mode == RecoverMode::Resume => RecoveryAction::Finish,
        HostZonePhase::Installed | HostZonePhase::Active => RecoveryAction::Restore,
        // A zone that was never installed may be destroyed too: nothing of it had been harmed before its configuration goes.
        HostZonePhase::Configured if phase == Phase::Settled && mode != RecoverMode::Resume => RecoveryAction::Restore,
        HostZonePhase::Configured | HostZonePhase::Incomplete if mode == RecoverMode::RollBack => {
            RecoveryAction::Refuse("the zone's files are gone already".to_owned())
        }
        HostZonePhase::Configured | HostZonePhase::Incomplete => RecoveryAction::Finish,
    }
}

/// A zone that was whole is never taken back: it becomes as it was while its files are there, and is installed again once they are not.
fn reinstalling(emptied: bool, found: &HostView, mode: RecoverMode) -> RecoveryAction {
    let HostView::Zone { host_phase, config_match, same_installation } = found else {
        return RecoveryAction::Refuse(
            "the zone that was being reinstalled is gone from the host, configuration and all".to_owned(),
        );
    };
    if let ConfigMatch::No(how) = config_match {
        return RecoveryAction::Refuse(format!("the host's zone is not the one that was being reinstalled: {how}"));
    }
    match host_phase {
        HostZonePhase::Installed | HostZonePhase::Active if *same_installation == Some(false) => {
            RecoveryAction::Refuse("somebody else has installed the zone anew since".to_owned())
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
                "the zone's old files are gone and cannot be brought back; zmgr destroy removes what is left"
                    .to_owned(),
            )
        }
        HostZonePhase::Configured | HostZonePhase::Incomplete => RecoveryAction::Finish,
    }
}

/// A zone that was taken down to be changed comes up again, changed: what it was before is not known any more.
fn applying(found: &HostView, mode: RecoverMode) -> RecoveryAction {
    let HostView::Zone { host_phase, config_match, same_installation } = found else {
        return RecoveryAction::Refuse(
            "the zone that was being changed is gone from the host, configuration and all".to_owned(),
        );
    };
    if let ConfigMatch::No(how) = config_match {
        return RecoveryAction::Refuse(format!("the host's zone is not the one that was being changed: {how}"));
    }
    match host_phase {
        _ if *same_installation == Some(false) => {
            RecoveryAction::Refuse("somebody else has installed the zone anew since".to_owned())
        }
        HostZonePhase::Configured | HostZonePhase::Incomplete => {
            RecoveryAction::Refuse("the zone that was being changed has no files any more".to_owned())
        }
        _ if mode == RecoverMode::RollBack => {
            RecoveryAction::Refuse("what was being applied cannot be taken back, only finished".to_owned())
        }
        HostZonePhase::Installed | HostZonePhase::Active => RecoveryAction::Finish,
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
    fn somebody_elses_zone_is_left_alone() {
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
}
