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
fn a_zone_that_was_reinstalled_outside_zmgr_is_left_alone() {
    let progress = Progress { has_begun: true, is_final: false, needs_down: false };
    let mut journals = vec![Journal::Applying, Journal::Snapshot(progress), Journal::Updating(progress)];
    for either in [false, true] {
        journals.push(Journal::Reinstalling { emptied: either });
        journals.extend(PHASES.map(|phase| Journal::Creating { phase, undo: either }));
    }
    journals.extend(PHASES.map(|phase| Journal::Destroying { phase }));
    for journal in journals {
        for host_phase in [HostZonePhase::Installed, HostZonePhase::Active] {
            for mode in [RecoverMode::LeastLoss, RecoverMode::Resume, RecoverMode::RollBack] {
                let decided = decide(journal, &zone(host_phase, Some(false)), mode);
                assert!(matches!(decided, RecoveryAction::Refuse(_)), "{journal:?}, {host_phase:?}, {mode:?}");
            }
        }
    }
}

#[test]
fn the_beginning_of_a_configuration_is_zmgrs_once_its_step_has_begun() {
    let found = HostView::Zone {
        host_phase: HostZonePhase::Configured,
        config_match: ConfigMatch::Begun,
        same_installation: None,
    };
    for phase in PHASES {
        let decided = decide(Journal::Creating { phase, undo: false }, &found, RecoverMode::LeastLoss);
        assert_eq!(decided == RecoveryAction::Undo, phase != Phase::Links, "{phase:?}");
        assert_eq!(matches!(decided, RecoveryAction::Refuse(_)), phase == Phase::Links, "{phase:?}");
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
    assert_eq!(decide(journal, &zone(HostZonePhase::Configured, None), RecoverMode::LeastLoss), RecoveryAction::Undo);
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
        for (journal, host) in journals(row[0]).into_iter().flat_map(|j| views(row[1]).into_iter().map(move |v| (j, v)))
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
