//! Refreshes of templates: a new golden zone for the zones to come, and the removal of those that nothing needs.

use std::fs;
use std::sync::{Arc, Once};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{
    Action, ApplyOptions, Code, DestroyOptions, Dialect, Fault, HaltOptions, Manager, Operation, RecoverOptions,
    RefreshOptions, ReinstallOptions, RunOptions, Severity,
};

use crate::fixture::slug;
use crate::golden::{create, goldens, options, refused, site, source_of};
use crate::sim_machine::Pretend;

/// Refreshes these templates, and returns the actions by zone.
fn refresh(manager: &Manager, templates: &[&str]) -> Vec<(String, Action)> {
    let report = manager.refresh_templates(templates, &RefreshOptions::new(), &mut RunOptions::new()).unwrap();
    let done = report.outcomes.iter().map(|outcome| (outcome.name.clone(), outcome.action)).collect();
    report.into_result().unwrap();
    done
}

/// Refreshes the template, of which nothing is there, and returns the new golden zone.
fn installed(manager: &Manager) -> String {
    let mut done = refresh(manager, &["t"]);
    assert_eq!((done.len(), done[0].1), (1, Action::Created));
    done.remove(0).0
}

fn destroy(manager: &Manager, name: &str) {
    manager.destroy(&[name], &DestroyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
}

fn edit_template(pretend: &Pretend, name: &str, from: &str, to: &str) {
    let path = pretend.dir.path().join(format!("etc/zmgr/templates/{name}.kdl"));
    let text = fs::read_to_string(&path).unwrap();
    let other = text.replace(from, to);
    assert_ne!(text, other);
    fs::write(path, other).unwrap();
}

#[test]
fn later_zones_are_cloned_from_the_new_golden_zone_of_each_brand() {
    for (dialect, brand) in [
        (Dialect::OpenIndiana, "nlipkg"),
        (Dialect::OmniOs, "lipkg"),
        (Dialect::OmniOs, "sparse"),
        (Dialect::OmniOs, "illumos"),
        (Dialect::OmniOs, "lx"),
    ] {
        let (pretend, manager) = site(dialect, brand);
        let before = pretend.run("zfs list -H -o name -t all");
        create(&manager, "one");
        let old = source_of(&manager, "one");
        let new = format!("{old}-2");
        assert_eq!(refresh(&manager, &["t"]), [(new.clone(), Action::Created)], "{brand}: one needs the old one");
        create(&manager, "two");
        assert_eq!(source_of(&manager, "two"), new);
        assert_eq!(goldens(&manager), [old.clone(), new.clone()]);
        assert!(manager.diff(&[]).unwrap().is_empty(), "{brand}");
        destroy(&manager, "one");
        assert_eq!(refresh(&manager, &[]), [(old, Action::Destroyed)], "{brand}");
        destroy(&manager, "two");
        // What a template clones now stays.
        assert_eq!(refresh(&manager, &[]).len(), 0);
        destroy(&manager, &new);
        assert_eq!(pretend.run("zfs list -H -o name -t all"), before, "{brand}");
    }
}

#[test]
fn an_unused_golden_zone_is_replaced() {
    let (_pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let first = installed(&manager);
    let second = format!("{first}-2");
    assert_eq!(refresh(&manager, &["t"]), [(second.clone(), Action::Created), (first, Action::Destroyed)]);
    assert_eq!(goldens(&manager), [second]);
}

#[test]
fn golden_zones_of_earlier_settings_are_removed() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    create(&manager, "one");
    let old = source_of(&manager, "one");
    edit_template(&pretend, "t", "golden #true", "golden #true; package \"editor/vim\"");
    assert_eq!(refresh(&manager, &[]).len(), 0, "one is cloned from it");
    destroy(&manager, "one");
    let found = manager.check().unwrap();
    let [row] = found.iter().filter(|row| row.code == "golden-unneeded").collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(row.severity, Severity::Warning);
    assert!(
        row.message.contains(&old) && row.help.as_ref().unwrap().contains("zmgr template refresh --prune"),
        "{row:?}"
    );
    assert_eq!(refresh(&manager, &[]), [(old, Action::Destroyed)]);
    assert!(manager.check().unwrap().iter().all(|row| row.code != "golden-unneeded"));
    let new = installed(&manager);
    create(&manager, "one");
    assert_eq!(source_of(&manager, "one"), new);
}

/// It may be the golden zone of a template whose files have an error.
#[test]
fn nothing_that_an_unreadable_file_may_need_is_removed() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let first = installed(&manager);
    let path = pretend.dir.path().join("etc/zmgr/templates/t.kdl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, "template {").unwrap();
    assert_eq!(refresh(&manager, &[]).len(), 0);
    fs::write(&path, text).unwrap();
    let zone = pretend.dir.path().join("etc/zmgr/zones/x.kdl");
    fs::write(&zone, "zone {").unwrap();
    let report = manager.refresh_templates(&["t"], &RefreshOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(report.outcomes.len(), 1);
    assert!(report.outcomes[0].notes[0].contains("may no longer be needed stay"), "{:?}", report.outcomes[0].notes);
    assert!(goldens(&manager).contains(&first));
    refused(manager.refresh_templates(&[], &RefreshOptions::new(), &mut RunOptions::new()), Code::Config, "x.kdl");
}

#[test]
fn a_plan_changes_nothing_and_runs_only_while_it_holds() {
    let (pretend, manager) = site(Dialect::OmniOs, "lipkg");
    let first = installed(&manager);
    let before = pretend.run("zfs list -H -o name -t all");
    let plan = manager.plan_refresh_templates(&["t"], &RefreshOptions::new()).unwrap();
    assert_eq!(plan.operation, Operation::Refresh);
    let zones: Vec<&str> = plan.changes.iter().map(|change| change.zone.as_str()).collect();
    let second = format!("{first}-2");
    assert_eq!(zones, [second.as_str(), first.as_str()]);
    let text = plan.to_string();
    assert!(text.contains(&format!("zoneadm -z {second} install")), "{text}");
    assert!(text.contains(&format!("zoneadm -z {first} uninstall")), "{text}");
    assert_eq!(pretend.run("zfs list -H -o name -t all"), before);
    // A zone that is cloned from the old one keeps it.
    create(&manager, "one");
    assert_eq!(slug(manager.run(&plan, &mut RunOptions::new())), "stale-plan");
    assert_eq!(goldens(&manager), std::slice::from_ref(&first));
    let plan = manager.plan_refresh_templates(&["t"], &RefreshOptions::new()).unwrap();
    let plan = zmgr::Plan::from_json(&plan.to_json()).unwrap();
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(goldens(&manager), [first, second.clone()]);
    assert_eq!(slug(manager.run(&plan, &mut RunOptions::new())), "stale-plan");
    destroy(&manager, "one");
    let plan = manager.plan_refresh_templates(&[], &RefreshOptions::new()).unwrap();
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(goldens(&manager), [second]);
}

#[test]
fn a_failed_installation_keeps_the_old_golden_zone() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let first = installed(&manager);
    let before = pretend.run("zfs list -H -o name -t all");
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit, fault.times) = (Some("install".to_owned()), Some(254), Some(1));
    pretend.host.fault(&fault).unwrap();
    let report = manager.refresh_templates(&["t"], &RefreshOptions::new(), &mut RunOptions::new()).unwrap();
    let actions: Vec<Action> = report.outcomes.iter().map(|outcome| outcome.action).collect();
    assert_eq!(actions, [Action::Failed, Action::Skipped]);
    assert!(report.outcomes[1].notes[0].contains("was not installed"), "{:?}", report.outcomes[1].notes);
    assert_eq!(slug(report.into_result()), "partial");
    assert_eq!(pretend.run("zfs list -H -o name -t all"), before);
    assert_eq!(goldens(&manager), [first]);
}

#[test]
fn an_unfinished_installation_is_recovered_first() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit, fault.times) = (Some("install".to_owned()), Some(254), Some(1));
    pretend.host.fault(&fault).unwrap();
    let mut keep = RunOptions::new().on_failure(zmgr::OnFailure::Keep);
    manager.refresh_templates(&["t"], &RefreshOptions::new(), &mut keep).unwrap();
    let again = manager.refresh_templates(&["t"], &RefreshOptions::new(), &mut RunOptions::new());
    refused(again.and_then(|report| report.into_result()), Code::RecoveryNeeded, "unfinished");
    refused(manager.plan_refresh_templates(&["t"], &RefreshOptions::new()), Code::Exists, "already registered");
    manager
        .recover(&[], &RecoverOptions::new().roll_back(true), &mut RunOptions::new())
        .unwrap()
        .into_result()
        .unwrap();
    assert_eq!(refresh(&manager, &["t"]).len(), 1);
}

#[test]
fn templates_without_golden_zones_are_refused() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let plan = |names: &[&str]| manager.plan_refresh_templates(names, &RefreshOptions::new());
    refused(plan(&["oi2"]), Code::NotFound, "does not exist");
    refused(plan(&["oi"]), Code::WrongState, "template oi has no golden zones");
    edit_template(&pretend, "t", "golden #true", "golden #false");
    refused(plan(&["t"]), Code::WrongState, "template t has no golden zones");
    assert!(plan(&[]).unwrap().changes.is_empty());
}

/// The golden zone that a creation has chosen is removed before the creation has its lock.
#[test]
fn a_creation_whose_golden_zone_was_removed_leaves_nothing() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    let first = installed(&manager);
    let dir = pretend.dir.path().to_owned();
    let (other, golden) = (Manager::builder().simulate(&dir).build().unwrap(), first.clone());
    let removed = Arc::new(Once::new());
    let once = Arc::clone(&removed);
    // This question is the last of the choice.
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if let Moment::After(invocation) = moment
            && invocation.to_string().contains("entire")
        {
            once.call_once(|| destroy(&other, &golden));
        }
    });
    let late = Manager::builder().simulate(&dir).observed(watcher, WriteHook::none()).build().unwrap();
    let created = late.create("one", &options(), &mut RunOptions::new());
    assert!(removed.is_completed());
    refused(created, Code::WrongState, "was removed in the meantime");
    assert_eq!(slug(manager.zone("one")), "not-found");
    create(&manager, "one");
}

/// The zone is installed as its files say now: the golden zone that it was cloned from is that of its earlier settings.
#[test]
fn a_reinstalled_zone_is_cloned_from_the_golden_zone_of_its_present_settings() {
    for (dialect, brand) in [(Dialect::OpenIndiana, "nlipkg"), (Dialect::OmniOs, "lipkg"), (Dialect::OmniOs, "lx")] {
        let (pretend, manager) = site(dialect, brand);
        for name in ["one", "two"] {
            create(&manager, name);
        }
        let old = source_of(&manager, "one");
        let reinstall = |name: &str| {
            manager.reinstall(name, &ReinstallOptions::new(), &mut RunOptions::new()).unwrap();
            source_of(&manager, name)
        };
        assert_eq!(reinstall("one"), old, "{brand}: the settings are the same");
        assert_eq!(refresh(&manager, &["t"]).len(), 1);
        let new = format!("{old}-2");
        assert_eq!(reinstall("one"), new, "{brand}");
        // Other settings, for which nothing is installed yet.
        let other = if brand == "lx" { "image" } else { "package" };
        match other {
            "image" => {
                let path = pretend.dir.path().join("etc/zmgr/templates/t.kdl");
                let text = fs::read_to_string(&path).unwrap();
                let image = text.split("image \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
                fs::copy(pretend.dir.path().join(&image[1..]), pretend.dir.path().join("export/other.tar")).unwrap();
                fs::write(&path, text.replace(&image, "/export/other.tar")).unwrap();
            }
            _ => edit_template(&pretend, "t", "golden #true", "golden #true; package \"editor/vim\""),
        }
        let plan = manager.plan_reinstall(&["one", "two"], &ReinstallOptions::new()).unwrap();
        let zones: Vec<&str> = plan.changes.iter().map(|change| change.zone.as_str()).collect();
        assert!(zones[0].starts_with("zmgr-golden-") && zones[0] != old && zones[1..] == ["one", "two"], "{zones:?}");
        let report = manager.run(&plan, &mut RunOptions::new().jobs(2)).unwrap();
        let actions: Vec<Action> = report.outcomes.iter().map(|outcome| outcome.action).collect();
        assert_eq!(actions, [Action::Created, Action::Reinstalled, Action::Reinstalled], "{report:?}");
        assert_eq!([source_of(&manager, "one"), source_of(&manager, "two")], [zones[0], zones[0]]);
        assert!(manager.diff(&[]).unwrap().is_empty(), "{brand}");
        assert_eq!(refresh(&manager, &[]).len(), 2, "{brand}: nothing is cloned from the others");
        assert_eq!(reinstall("two"), zones[0]);
    }
}

#[test]
fn a_reinstallation_installs_the_missing_golden_zone_first() {
    let (pretend, manager) = site(Dialect::OpenIndiana, "nlipkg");
    create(&manager, "one");
    let old = source_of(&manager, "one");
    edit_template(&pretend, "t", "golden #true", "golden #true; package \"editor/vim\"");
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit, fault.times) = (Some("install".to_owned()), Some(254), Some(1));
    pretend.host.fault(&fault).unwrap();
    let report = manager.reinstall_all(&["one"], &ReinstallOptions::new(), &mut RunOptions::new()).unwrap();
    let actions: Vec<Action> = report.outcomes.iter().map(|outcome| outcome.action).collect();
    assert_eq!(actions, [Action::Failed, Action::Failed], "{report:?}");
    assert!(report.outcomes[1].result.as_ref().unwrap_err().message().contains("was not started"), "{report:?}");
    assert_eq!((goldens(&manager), source_of(&manager, "one")), (vec![old.clone()], old.clone()));
    // The zone itself is returned, not its golden zone.
    let zone = manager.reinstall("one", &ReinstallOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(zone.name, "one");
    assert_ne!(source_of(&manager, "one"), old);
    // Without golden zones it is installed like any other.
    edit_template(&pretend, "t", "golden #true", "golden #false");
    manager.reinstall("one", &ReinstallOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(source_of(&manager, "one"), "");
    assert_eq!(refresh(&manager, &[]).len(), 2);
}

/// Takes a zone from the host behind zmgr's back.
fn lose(pretend: &Pretend, manager: &Manager, name: &str) {
    manager.halt(&[name], &HaltOptions::new(), &mut RunOptions::new()).unwrap();
    for line in [format!("zoneadm -z {name} uninstall -F"), format!("zonecfg -z {name} delete -F")] {
        assert!(pretend.run(&line).ends_with("=0"), "{line}");
    }
}

#[test]
fn a_zone_that_is_built_again_is_cloned_from_the_golden_zone_of_its_present_settings() {
    for (dialect, brand) in [(Dialect::OpenIndiana, "nlipkg"), (Dialect::OmniOs, "lipkg")] {
        let (pretend, manager) = site(dialect, brand);
        for name in ["one", "two"] {
            create(&manager, name);
        }
        let old = source_of(&manager, "one");
        let again = ApplyOptions::new().recreate(true);
        lose(&pretend, &manager, "one");
        manager.apply(&["one"], &again, &mut RunOptions::new()).unwrap().into_result().unwrap();
        assert_eq!(
            (source_of(&manager, "one"), goldens(&manager).len()),
            (old.clone(), 1),
            "the settings are the same"
        );

        edit_template(&pretend, "t", "golden #true", "golden #true; package \"editor/vim\"");
        lose(&pretend, &manager, "one");
        lose(&pretend, &manager, "two");
        let plan = manager.plan_apply(&["one", "two"], &again).unwrap();
        let zones: Vec<&str> = plan.changes.iter().map(|change| change.zone.as_str()).collect();
        assert!(zones[0].starts_with("zmgr-golden-") && zones[0] != old && zones[1..] == ["one", "two"], "{zones:?}");
        manager.run(&plan, &mut RunOptions::new().jobs(2)).unwrap().into_result().unwrap();
        assert_eq!([source_of(&manager, "one"), source_of(&manager, "two")], [zones[0], zones[0]]);
        assert!(manager.diff(&[]).unwrap().is_empty(), "{brand}");

        edit_template(&pretend, "t", "editor/vim", "editor/nano");
        lose(&pretend, &manager, "two");
        let report = manager.apply(&["two"], &again, &mut RunOptions::new()).unwrap();
        let actions: Vec<Action> = report.outcomes.iter().map(|outcome| outcome.action).collect();
        assert_eq!(actions, [Action::Created, Action::Recreated], "{report:?}");
        assert!(![old, zones[0].to_owned()].contains(&source_of(&manager, "two")));
    }
}
