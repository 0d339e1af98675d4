//! Which way unfinished work should go, decided from the journal and the host alone: the way that loses least.
//!
//! Invariant: pure, and never in favour of uninstalling an installed zone unless zmgr itself had begun to, under this very entry
//! and installation.

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

/// How far a step goes: what the host can have after it, in the order of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Links: the zone is not on the host yet, or no longer.
    Links,
    /// The configuration is written or deleted.
    Configuration,
    /// The files are installed or uninstalled.
    Files,
    /// Whatever comes while the zone is installed and inactive, or is about to be.
    Settled,
}

/// What the host says of the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The host does not have it.
    Nothing,
    /// The host has it.
    Zone {
        /// Its state.
        condition: Condition,
        /// Whether its configuration is what the plan wrote.
        ours: Ours,
        /// Whether its uuid is the noted one; `None` where none is noted or none is there.
        same_installation: Option<bool>,
    },
}

/// The zone's state on the host, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Configured,
    Incomplete,
    Installed,
    Active,
}

/// Whether the configuration on the host is zmgr's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ours {
    /// It is what the plan wrote.
    Yes,
    /// It is a beginning of it.
    Begun,
    /// It differs, and how.
    No(String),
}

/// What a person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Wish {
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
pub(crate) enum Verdict {
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
pub(crate) fn decide(journal: Journal, found: &Found, wish: Wish) -> Verdict {
    match journal {
        Journal::Creating { phase, undo } => creating(phase, undo, found, wish),
        Journal::Destroying { phase } => destroying(phase, found, wish),
        Journal::Reinstalling { emptied } => reinstalling(emptied, found, wish),
        Journal::Applying => applying(found, wish),
    }
}

fn creating(phase: Phase, undo: bool, found: &Found, wish: Wish) -> Verdict {
    let Found::Zone { condition, ours, same_installation } = found else {
        return match wish {
            Wish::Resume if !undo => Verdict::Finish,
            _ => Verdict::Undo,
        };
    };
    if let Ours::No(how) = ours {
        return Verdict::Refuse(format!("the host's zone is not the one that was being created: {how}"));
    }
    if *same_installation == Some(false) {
        return Verdict::Refuse("somebody else has installed the zone anew since".to_owned());
    }
    // One step ahead of the journal is a whole step; a bare configuration, as anybody would begin one, is somebody's.
    if phase == Phase::Links && *ours == Ours::Begun {
        return Verdict::Refuse("the zone is half configured although its creation had not come so far".to_owned());
    }
    let reached = match condition {
        Condition::Configured => Phase::Configuration,
        Condition::Incomplete => Phase::Files,
        Condition::Installed | Condition::Active => Phase::Files,
    };
    // The journal is written before a step runs, so the host can be at most one step ahead of what reached the disk.
    if !undo && reached > phase.next() {
        return Verdict::Refuse(format!(
            "the zone is {} although its creation had not come so far",
            match condition {
                Condition::Configured => "configured",
                Condition::Incomplete => "incomplete",
                Condition::Installed => "installed",
                Condition::Active => "active",
            }
        ));
    }
    match (condition, undo) {
        (Condition::Configured | Condition::Incomplete, false) if wish == Wish::Resume => Verdict::Finish,
        (Condition::Configured | Condition::Incomplete, _) => Verdict::Undo,
        (Condition::Installed, true) if *same_installation == Some(true) => Verdict::Undo,
        (Condition::Installed, true) if wish == Wish::LeastLoss => {
            Verdict::Refuse("it was being rolled back, and is installed all the same".to_owned())
        }
        (Condition::Installed, _) if wish == Wish::RollBack => Verdict::Undo,
        (Condition::Installed, _) => Verdict::Finish,
        (Condition::Active, _) if wish == Wish::RollBack => {
            Verdict::Refuse("the zone is active, and an active zone is never undone".to_owned())
        }
        (Condition::Active, true) if wish == Wish::LeastLoss => {
            Verdict::Refuse("it was being rolled back, and is active all the same".to_owned())
        }
        (Condition::Active, _) => Verdict::Finish,
    }
}

fn destroying(phase: Phase, found: &Found, wish: Wish) -> Verdict {
    let Found::Zone { condition, ours, same_installation } = found else {
        return match wish {
            Wish::RollBack => Verdict::Refuse("the zone is gone from the host and cannot be brought back".to_owned()),
            _ => Verdict::Finish,
        };
    };
    if let Ours::No(how) = ours {
        return Verdict::Refuse(format!("the host's zone is not the one that was being destroyed: {how}"));
    }
    if *same_installation == Some(false) && *condition != Condition::Incomplete {
        return Verdict::Refuse("somebody else has installed the zone anew since".to_owned());
    }
    match condition {
        Condition::Installed | Condition::Active if phase < Phase::Files => {
            Verdict::Refuse("the zone is installed although it had been uninstalled".to_owned())
        }
        Condition::Installed | Condition::Active if wish == Wish::Resume => Verdict::Finish,
        Condition::Installed | Condition::Active => Verdict::Restore,
        // A zone that was never installed may be destroyed too: nothing of it had been harmed before its configuration goes.
        Condition::Configured if phase == Phase::Settled && wish != Wish::Resume => Verdict::Restore,
        Condition::Configured | Condition::Incomplete if wish == Wish::RollBack => {
            Verdict::Refuse("the zone's files are gone already".to_owned())
        }
        Condition::Configured | Condition::Incomplete => Verdict::Finish,
    }
}

/// A zone that was whole is never taken back: it becomes as it was while its files are there, and is installed again once they are not.
fn reinstalling(emptied: bool, found: &Found, wish: Wish) -> Verdict {
    let Found::Zone { condition, ours, same_installation } = found else {
        return Verdict::Refuse(
            "the zone that was being reinstalled is gone from the host, configuration and all".to_owned(),
        );
    };
    if let Ours::No(how) = ours {
        return Verdict::Refuse(format!("the host's zone is not the one that was being reinstalled: {how}"));
    }
    match condition {
        Condition::Installed | Condition::Active if *same_installation == Some(false) => {
            Verdict::Refuse("somebody else has installed the zone anew since".to_owned())
        }
        Condition::Installed | Condition::Active if emptied && wish == Wish::RollBack => {
            Verdict::Refuse("the zone's old files are gone, and the new ones are there".to_owned())
        }
        Condition::Installed | Condition::Active if emptied || wish == Wish::Resume => Verdict::Finish,
        Condition::Installed | Condition::Active => Verdict::Restore,
        Condition::Configured | Condition::Incomplete if wish == Wish::RollBack => Verdict::Refuse(
            "the zone's old files are gone and cannot be brought back; zmgr destroy removes what is left".to_owned(),
        ),
        Condition::Configured | Condition::Incomplete => Verdict::Finish,
    }
}

/// A zone that was taken down to be changed comes up again, changed: what it was before is not known any more.
fn applying(found: &Found, wish: Wish) -> Verdict {
    let Found::Zone { condition, ours, same_installation } = found else {
        return Verdict::Refuse(
            "the zone that was being changed is gone from the host, configuration and all".to_owned(),
        );
    };
    if let Ours::No(how) = ours {
        return Verdict::Refuse(format!("the host's zone is not the one that was being changed: {how}"));
    }
    match condition {
        _ if *same_installation == Some(false) => {
            Verdict::Refuse("somebody else has installed the zone anew since".to_owned())
        }
        Condition::Configured | Condition::Incomplete => {
            Verdict::Refuse("the zone that was being changed has no files any more".to_owned())
        }
        _ if wish == Wish::RollBack => {
            Verdict::Refuse("what was being applied cannot be taken back, only finished".to_owned())
        }
        Condition::Installed | Condition::Active => Verdict::Finish,
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

    fn zone(condition: Condition, same_installation: Option<bool>) -> Found {
        Found::Zone { condition, ours: Ours::Yes, same_installation }
    }

    #[test]
    fn an_installed_zone_is_undone_only_where_zmgr_had_begun_to() {
        for phase in PHASES {
            for undo in [false, true] {
                for same in [None, Some(true), Some(false)] {
                    for condition in [Condition::Installed, Condition::Active] {
                        let verdict =
                            decide(Journal::Creating { phase, undo }, &zone(condition, same), Wish::LeastLoss);
                        let may = undo && same == Some(true) && condition == Condition::Installed;
                        assert_eq!(verdict == Verdict::Undo, may, "{phase:?} {undo} {same:?} {condition:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_active_zone_is_never_undone_whatever_is_asked() {
        for phase in PHASES {
            for undo in [false, true] {
                for wish in [Wish::LeastLoss, Wish::Resume, Wish::RollBack] {
                    let verdict = decide(Journal::Creating { phase, undo }, &zone(Condition::Active, Some(true)), wish);
                    assert_ne!(verdict, Verdict::Undo);
                }
            }
        }
    }

    #[test]
    fn somebody_elses_zone_is_left_alone() {
        let found = Found::Zone {
            condition: Condition::Configured,
            ours: Ours::No("another brand".to_owned()),
            same_installation: None,
        };
        for phase in PHASES {
            for wish in [Wish::LeastLoss, Wish::Resume, Wish::RollBack] {
                for journal in [Journal::Creating { phase, undo: false }, Journal::Destroying { phase }] {
                    assert!(matches!(decide(journal, &found, wish), Verdict::Refuse(_)));
                }
            }
        }
    }

    #[test]
    fn creation_is_undone_before_the_install_is_through_and_finished_after() {
        let journal = |phase| Journal::Creating { phase, undo: false };
        assert_eq!(decide(journal(Phase::Links), &Found::Nothing, Wish::LeastLoss), Verdict::Undo);
        assert_eq!(decide(journal(Phase::Files), &zone(Condition::Incomplete, None), Wish::LeastLoss), Verdict::Undo);
        assert_eq!(decide(journal(Phase::Files), &zone(Condition::Installed, None), Wish::LeastLoss), Verdict::Finish);
        assert_eq!(
            decide(journal(Phase::Settled), &zone(Condition::Active, Some(true)), Wish::LeastLoss),
            Verdict::Finish
        );
    }

    #[test]
    fn the_host_may_be_one_step_ahead_and_no_more() {
        let journal = Journal::Creating { phase: Phase::Links, undo: false };
        assert_eq!(decide(journal, &zone(Condition::Configured, None), Wish::LeastLoss), Verdict::Undo);
        assert!(matches!(decide(journal, &zone(Condition::Installed, None), Wish::LeastLoss), Verdict::Refuse(_)));
    }

    #[test]
    fn a_reinstallation_is_never_undone() {
        for emptied in [false, true] {
            for wish in [Wish::LeastLoss, Wish::Resume, Wish::RollBack] {
                for same in [None, Some(true), Some(false)] {
                    for condition in
                        [Condition::Configured, Condition::Incomplete, Condition::Installed, Condition::Active]
                    {
                        let verdict = decide(Journal::Reinstalling { emptied }, &zone(condition, same), wish);
                        assert_ne!(verdict, Verdict::Undo);
                        let whole = matches!(condition, Condition::Installed | Condition::Active);
                        if whole && same == Some(true) && !emptied && wish != Wish::Resume {
                            assert_eq!(verdict, Verdict::Restore);
                        }
                        if !whole && wish == Wish::LeastLoss {
                            assert_eq!(verdict, Verdict::Finish);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_zone_that_was_taken_down_to_be_changed_comes_up_again() {
        for condition in [Condition::Installed, Condition::Active] {
            for same in [None, Some(true)] {
                let decided = |wish| decide(Journal::Applying, &zone(condition, same), wish);
                assert_eq!((decided(Wish::LeastLoss), decided(Wish::Resume)), (Verdict::Finish, Verdict::Finish));
                assert!(matches!(decided(Wish::RollBack), Verdict::Refuse(_)));
            }
            let other = decide(Journal::Applying, &zone(condition, Some(false)), Wish::LeastLoss);
            assert!(matches!(other, Verdict::Refuse(_)));
        }
        for found in [Found::Nothing, zone(Condition::Configured, None), zone(Condition::Incomplete, None)] {
            assert!(matches!(decide(Journal::Applying, &found, Wish::LeastLoss), Verdict::Refuse(_)));
        }
    }

    #[test]
    fn destruction_goes_back_while_nothing_is_lost() {
        let journal = |phase| Journal::Destroying { phase };
        assert_eq!(
            decide(journal(Phase::Settled), &zone(Condition::Active, Some(true)), Wish::LeastLoss),
            Verdict::Restore
        );
        assert_eq!(
            decide(journal(Phase::Files), &zone(Condition::Installed, Some(true)), Wish::LeastLoss),
            Verdict::Restore
        );
        assert_eq!(
            decide(journal(Phase::Files), &zone(Condition::Incomplete, Some(false)), Wish::LeastLoss),
            Verdict::Finish
        );
        assert_eq!(decide(journal(Phase::Links), &Found::Nothing, Wish::LeastLoss), Verdict::Finish);
    }
}
