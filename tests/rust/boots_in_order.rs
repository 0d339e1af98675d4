//! Zones that are built, or changed with a reboot, boot in the order of `after`, each once those before it are up.

use std::fs;

use zmgr::{
    Action, ApplyOptions, AttachOptions, Code, CreateOptions, HaltOptions, ReinstallOptions, Report, ZoneStatus,
};

use crate::boot_order::{actions, fail, last, notes, outcomes, run, set, watched};
use crate::fixture::{self, Fixture};

/// A template for each zone of a chain: web01 comes after app01, and app01 after db01.
fn templates(fixture: &Fixture) {
    for (zone, after) in [("db01", ""), ("app01", "after \"db01\""), ("web01", "after \"app01\"")] {
        let text = format!("zone \"{zone}\" {{\n    template \"oi\"\n    {after}\n}}\n");
        fs::write(fixture.dir().join(format!("etc/zmgr/zones/{zone}.kdl")), text).unwrap();
    }
}

const CHAIN: [&str; 3] = ["web01", "app01", "db01"];

/// Applies the files of the chain; the outcomes are in its order.
fn apply(manager: &zmgr::Manager, options: &ApplyOptions, jobs: usize) -> Report {
    let mut report = manager.apply(&CHAIN, options, &mut run().jobs(jobs)).unwrap();
    report.outcomes.sort_by_key(|outcome| CHAIN.iter().position(|zone| *zone == outcome.name));
    report
}

/// Asserts that each zone was booted only after the services of the one before it were there.
fn assert_in_order(commands: &[String]) {
    for (zone, other) in [("app01", "db01"), ("web01", "app01")] {
        let (services, boot) = (format!("svcs -z {other} "), format!("zoneadm -z {zone} boot"));
        assert!(last(commands, &services) < last(commands, &boot), "{commands:?}");
    }
    assert!(!commands.iter().any(|command| command.starts_with("svcs -z web01")), "nothing waits for web01");
}

#[test]
fn new_zones_boot_in_their_order_and_are_installed_in_any() {
    for jobs in [1, 3] {
        let fixture = fixture::new();
        templates(&fixture);
        let (manager, commands) = watched(&fixture);
        let report = apply(&manager, &ApplyOptions::new(), jobs);
        assert_eq!(actions(&report), ["created"; 3], "{report:?}");
        let commands = commands.lock().unwrap();
        assert_in_order(&commands);
        // web01 is the first of the request.
        assert!(last(&commands, "zoneadm -z web01 install") < last(&commands, "zoneadm -z app01 boot"));
        for zone in CHAIN {
            assert_eq!(fixture.manager.zone(zone).unwrap().status, Some(ZoneStatus::Running));
        }
    }
}

#[test]
fn created_zones_boot_in_the_order_of_their_template() {
    let fixture = fixture::new();
    let template = "template \"app\" {\n    extends \"oi\"\n    after \"db01\"\n}\n";
    fs::write(fixture.dir().join("etc/zmgr/templates/app.kdl"), template).unwrap();
    let (manager, commands) = watched(&fixture);
    let options = CreateOptions::new().template("app");
    let report = manager.create_all(&["app01", "app02"], &options, &mut run().jobs(2)).unwrap();
    assert_eq!(actions(&report), ["created"; 2]);
    assert!(!commands.lock().unwrap().iter().any(|command| command.starts_with("svcs")), "db01 is not among them");
    // Its template has db01 boot after itself.
    let plan = manager.plan_create(&["app03", "db01"], &options).unwrap();
    assert_eq!(plan.changes[0].notes.iter().filter(|note| **note == "app03 is booted after db01").count(), 1);
    let report = manager.run(&plan, &mut run()).unwrap();
    let found = outcomes(&report);
    assert_eq!((found[0].2, found[1].2), (Some(Code::WrongState), Some(Code::Config)), "{report:?}");
    let why = report.outcomes[1].result.as_ref().unwrap_err();
    assert!(why.message().contains("zone db01 would boot after itself"), "{why:?}");
    for zone in ["app03", "db01"] {
        let zone = manager.zone(zone).unwrap();
        assert_eq!((zone.state, zone.status), (Some(zmgr::ZoneState::Ready), Some(ZoneStatus::Installed)));
    }
}

#[test]
fn a_new_zone_whose_predecessor_does_not_boot_is_built_and_stays_down() {
    for jobs in [1, 3] {
        let fixture = fixture::new();
        templates(&fixture);
        fail(&fixture, "zoneadm", Some("boot"), "db01");
        let report = apply(&fixture.manager, &ApplyOptions::new(), jobs);
        let found = outcomes(&report);
        assert_eq!(found[2].2, Some(Code::CommandFailed), "{report:?}");
        assert_eq!((found[0].2, found[1].2), (Some(Code::WrongState), Some(Code::WrongState)), "{report:?}");
        let why = report.outcomes[1].result.as_ref().unwrap_err();
        assert_eq!(why.message(), "zone app01 is not booted: db01, which it comes after, is not running");
        for zone in CHAIN {
            let zone = fixture.manager.zone(zone).unwrap();
            assert_eq!((zone.state, zone.status), (Some(zmgr::ZoneState::Ready), Some(ZoneStatus::Installed)));
        }
    }
}

#[test]
fn a_new_zone_whose_predecessor_is_not_built_is_built() {
    let fixture = fixture::new();
    templates(&fixture);
    fail(&fixture, "zoneadm", Some("install"), "db01");
    let report = apply(&fixture.manager, &ApplyOptions::new(), 1);
    assert_eq!(outcomes(&report)[2].2, Some(Code::CommandFailed), "{report:?}");
    assert_eq!(fixture.manager.zone("web01").unwrap().status, Some(ZoneStatus::Installed));
    // Nothing is left to recover but what failed.
    let report = apply(&fixture.manager, &ApplyOptions::new(), 1);
    assert_eq!(outcomes(&report)[0], ("web01", "unchanged", None));
}

/// Running zones whose next boot brings something new.
fn changed() -> Fixture {
    let fixture = fixture::new();
    templates(&fixture);
    apply(&fixture.manager, &ApplyOptions::new(), 1).into_result().unwrap();
    for zone in CHAIN {
        set(&fixture, zone, "limitpriv", "default,dtrace_user");
    }
    fixture
}

#[test]
fn zones_that_are_changed_with_a_reboot_are_rebooted_in_their_order() {
    for jobs in [1, 3] {
        let fixture = changed();
        let (manager, commands) = watched(&fixture);
        let report = apply(&manager, &ApplyOptions::new().reboot(true), jobs);
        assert_eq!(actions(&report), ["applied"; 3], "{report:?}");
        assert_eq!(notes(&report), [""; 0]);
        let commands = commands.lock().unwrap();
        for (zone, other) in [("app01", "db01"), ("web01", "app01")] {
            let (services, reboot) = (format!("svcs -z {other} "), format!("zoneadm -z {zone} shutdown -r"));
            assert!(last(&commands, &services) < last(&commands, &reboot), "{commands:?}");
        }
    }
}

#[test]
fn zones_that_are_not_rebooted_wait_for_none() {
    let fixture = changed();
    let (manager, commands) = watched(&fixture);
    let report = apply(&manager, &ApplyOptions::new(), 1);
    assert_eq!(actions(&report), ["applied"; 3]);
    assert!(!commands.lock().unwrap().iter().any(|command| command.starts_with("svcs")));
}

#[test]
fn a_zone_whose_predecessor_does_not_come_up_is_not_rebooted() {
    let fixture = changed();
    fail(&fixture, "zoneadm", Some("shutdown"), "db01");
    let plan = fixture.manager.plan_apply(&CHAIN, &ApplyOptions::new().reboot(true)).unwrap();
    let report = fixture.manager.run(&plan, &mut run()).unwrap();
    let failed: Vec<_> = outcomes(&report).into_iter().filter(|(.., code)| code.is_some()).collect();
    // It still runs, as it did before, and that is what the others need.
    assert_eq!(failed, [("db01", Action::Failed.as_str(), Some(Code::CommandFailed))], "{report:?}");
    let fixture = changed();
    fixture.machine.run("zoneadm -z db01 halt");
    fail(&fixture, "zonecfg", None, "db01");
    let report = apply(&fixture.manager, &ApplyOptions::new().reboot(true), 1);
    // A zone that was down is not rebooted, and nothing waits for it.
    assert_eq!(outcomes(&report)[1].2, None, "{report:?}");
}

#[test]
fn new_zones_after_each_other_are_built_and_not_booted() {
    let fixture = fixture::new();
    templates(&fixture);
    let path = fixture.dir().join("etc/zmgr/zones/db01.kdl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text.replace("template \"oi\"", "template \"oi\"\n    after \"web01\"")).unwrap();
    let report = apply(&fixture.manager, &ApplyOptions::new(), 2);
    for outcome in &report.outcomes {
        let error = outcome.result.as_ref().unwrap_err();
        assert_eq!(error.code(), Code::Config, "{error:?}");
        assert!(error.message().contains("would boot after each other in a circle"), "{error:?}");
        assert_eq!(fixture.manager.zone(&outcome.name).unwrap().status, Some(ZoneStatus::Installed));
    }
}

#[test]
fn zones_that_are_reinstalled_boot_in_their_order() {
    for jobs in [1, 3] {
        let fixture = fixture::new();
        templates(&fixture);
        apply(&fixture.manager, &ApplyOptions::new(), 1).into_result().unwrap();
        let (manager, commands) = watched(&fixture);
        let plan = manager.plan_reinstall(&CHAIN, &ReinstallOptions::new()).unwrap();
        assert!(plan.to_string().contains("web01 is booted after app01"), "{plan}");
        let report = match jobs {
            1 => manager.reinstall_all(&CHAIN, &ReinstallOptions::new(), &mut run()).unwrap(),
            jobs => manager.run(&plan, &mut run().jobs(jobs)).unwrap(),
        };
        assert_eq!(actions(&report), ["reinstalled"; 3], "{report:?}");
        assert_in_order(&commands.lock().unwrap());
        for zone in CHAIN {
            assert_eq!(fixture.manager.zone(zone).unwrap().status, Some(ZoneStatus::Running));
        }
    }
}

/// Its neighbours are not part of the operation, so the plan only names them.
#[test]
fn a_reinstallation_names_the_zones_that_it_leaves_out_of_order() {
    let fixture = fixture::new();
    templates(&fixture);
    apply(&fixture.manager, &ApplyOptions::new(), 1).into_result().unwrap();
    fixture.manager.halt(&["db01"], &HaltOptions::new(), &mut run()).unwrap();
    let notes = |zone: &str| fixture.manager.plan_reinstall(&[zone], &ReinstallOptions::new()).unwrap().to_string();
    let text = notes("app01");
    assert!(text.contains("app01 goes down before web01, which comes after it and is running"), "{text}");
    assert!(text.contains("app01 comes after db01, which is not running"), "{text}");
    let text = notes("db01");
    assert!(!text.contains("goes down") && !text.contains("comes after"), "{text}");
}

#[test]
fn attached_zones_boot_in_their_order() {
    for jobs in [1, 3] {
        let fixture = fixture::new();
        templates(&fixture);
        apply(&fixture.manager, &ApplyOptions::new(), 1).into_result().unwrap();
        fixture.manager.shutdown(&CHAIN, &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
        fixture.manager.detach(&CHAIN, &mut run()).unwrap().into_result().unwrap();
        let (manager, commands) = watched(&fixture);
        let options = AttachOptions::new().boot(true);
        let report = manager.attach(&CHAIN, &options, &mut run().jobs(jobs)).unwrap();
        assert_eq!(actions(&report), ["attached"; 3], "{report:?}");
        assert_in_order(&commands.lock().unwrap());
    }
}
