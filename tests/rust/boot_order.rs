//! The order in which zones boot and go down: `after` in their files.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{
    ApplyOptions, Code, CreateOptions, DestroyOptions, Fault, HaltOptions, ImportOptions, Manager, Plan,
    RecoverOptions, ReinstallOptions, Report, RunOptions, Severity,
};

use crate::fixture::{self, Fixture, slug};
use crate::snapshot::whole;

pub(crate) fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

/// Three zones that come after each other, and one that has nothing to do with them; all are down.
fn chain() -> Fixture {
    let fixture = fixture::new();
    for name in ["web01", "app01", "db01", "other01"] {
        fixture.create(name);
    }
    set(&fixture, "web01", "after", "app01");
    set(&fixture, "app01", "after", "db01");
    fixture
}

const ALL: [&str; 4] = ["web01", "app01", "db01", "other01"];

pub(crate) fn set(fixture: &Fixture, zone: &str, key: &str, value: &str) {
    fixture.manager.set(zone, &[(key, value)], &mut run()).unwrap();
}

/// Builds a zone from its file.
fn build(fixture: &Fixture, zone: &str) -> zmgr::Result<()> {
    fixture.manager.apply(&[zone], &ApplyOptions::new(), &mut run())?.into_result().map(drop)
}

/// Lets these commands fail, for every call.
pub(crate) fn fail(fixture: &Fixture, program: &str, subcommand: Option<&str>, zone: &str) {
    let mut fault = Fault::new(program);
    fault.subcommand = subcommand.map(str::to_owned);
    fault.zone = Some(zone.to_owned());
    fault.exit = Some(1);
    fixture.machine.host.fault(&fault).unwrap();
}

/// Lets zmgr die before this command, once.
fn die(fixture: &Fixture, subcommand: &str, zone: &str) {
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.zone) = (Some(subcommand.to_owned()), Some(zone.to_owned()));
    (fault.panic, fault.times) = (true, Some(1));
    fixture.machine.host.fault(&fault).unwrap();
}

/// A manager, and the commands that it has completed so far.
pub(crate) fn watched(fixture: &Fixture) -> (Manager, Arc<Mutex<Vec<String>>>) {
    let commands = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&commands);
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if let Moment::After(invocation) = moment {
            heard.lock().unwrap().push(invocation.to_string());
        }
    });
    (fixture.observed(watcher, WriteHook::none()), commands)
}

/// The place of the last command that begins with this.
pub(crate) fn last(commands: &[String], beginning: &str) -> usize {
    commands
        .iter()
        .rposition(|command| command.starts_with(beginning))
        .unwrap_or_else(|| panic!("{beginning} is not among {commands:?}"))
}

pub(crate) fn outcomes(report: &Report) -> Vec<(&str, &str, Option<Code>)> {
    let one = |outcome: &zmgr::Outcome| outcome.result.as_ref().err().map(zmgr::Error::code);
    report.outcomes.iter().map(|outcome| (outcome.name.as_str(), outcome.action.as_str(), one(outcome))).collect()
}

pub(crate) fn actions(report: &Report) -> Vec<&str> {
    report.outcomes.iter().map(|outcome| outcome.action.as_str()).collect()
}

pub(crate) fn notes(report: &Report) -> Vec<&str> {
    report.outcomes.iter().flat_map(|outcome| &outcome.notes).map(String::as_str).collect()
}

/// Returns true if the host itself boots the zone.
fn host_boots(fixture: &Fixture, zone: &str) -> bool {
    let document = fs::read_to_string(fixture.dir().join(format!("etc/zones/{zone}.xml"))).unwrap();
    document.contains("autoboot=\"true\"")
}

#[test]
fn each_zone_waits_for_the_services_of_those_that_it_comes_after() {
    for jobs in [1, 4] {
        let fixture = chain();
        let (manager, commands) = watched(&fixture);
        let report = manager.boot(&ALL, &mut run().jobs(jobs)).unwrap();
        assert_eq!(actions(&report), ["booted"; 4]);
        assert_eq!(notes(&report), [""; 0]);
        let commands = commands.lock().unwrap();
        for (zone, other) in [("app01", "db01"), ("web01", "app01")] {
            let (services, boot) = (format!("svcs -z {other} "), format!("zoneadm -z {zone} boot"));
            assert!(last(&commands, &services) < last(&commands, &boot), "{commands:?}");
        }
        // It was asked until its services were there, and nothing waits for the others.
        assert_eq!(commands.iter().filter(|command| command.starts_with("svcs -z db01 ")).count(), 3);
        assert!(
            !commands.iter().any(|command| command.starts_with("svcs -z web01") || command.contains("svcs -z other"))
        );
    }
}

#[test]
fn zones_go_down_in_the_reverse_order() {
    for jobs in [1, 4] {
        let fixture = chain();
        fixture.manager.boot(&ALL, &mut run()).unwrap();
        let (manager, commands) = watched(&fixture);
        // As given, db01 comes before those that need it.
        let names = ["db01", "app01", "web01"];
        let report = manager.shutdown(&names, &HaltOptions::new(), &mut run().jobs(jobs)).unwrap();
        assert_eq!(actions(&report), ["shut-down"; 3]);
        let commands = commands.lock().unwrap();
        let at = |zone: &str| last(&commands, &format!("zoneadm -z {zone} shutdown"));
        assert!(at("web01") < at("app01") && at("app01") < at("db01"), "{commands:?}");
    }
}

#[test]
fn a_zone_that_does_not_boot_keeps_those_after_it_down_and_no_others() {
    let fixture = chain();
    fail(&fixture, "zoneadm", Some("boot"), "db01");
    let report = fixture.manager.boot(&ALL, &mut run()).unwrap();
    let expected = [
        ("web01", "failed", Some(Code::WrongState)),
        ("app01", "failed", Some(Code::WrongState)),
        ("db01", "failed", Some(Code::CommandFailed)),
        ("other01", "booted", None),
    ];
    assert_eq!(outcomes(&report), expected);
    let error = report.outcomes[1].result.as_ref().unwrap_err();
    assert_eq!(error.message(), "zone app01 is not booted: db01, which it comes after, is not running");
    fixture.machine.host.clear_faults().unwrap();
    assert_eq!(actions(&fixture.manager.boot(&ALL, &mut run()).unwrap()), ["booted", "booted", "booted", "unchanged"]);
}

#[test]
fn a_zone_that_stays_up_keeps_those_before_it_up() {
    let fixture = chain();
    fixture.manager.boot(&ALL, &mut run()).unwrap();
    fail(&fixture, "zoneadm", Some("shutdown"), "web01");
    let names = ["db01", "app01", "web01"];
    let report = fixture.manager.shutdown(&names, &HaltOptions::new(), &mut run()).unwrap();
    let codes: Vec<_> = outcomes(&report).into_iter().map(|(_, _, code)| code).collect();
    assert_eq!(codes, [Some(Code::WrongState), Some(Code::WrongState), Some(Code::CommandFailed)]);
    let error = report.outcomes[1].result.as_ref().unwrap_err();
    assert_eq!(error.message(), "zone app01 is not shut down: web01, which comes after it, is still up");
    // A halted zone is not waited for, and force ends it.
    let report = fixture.manager.shutdown(&names, &HaltOptions::new().force(true), &mut run()).unwrap();
    assert_eq!(actions(&report), ["shut-down"; 3]);
    fixture.manager.boot(&names, &mut run()).unwrap();
    fail(&fixture, "zoneadm", Some("halt"), "web01");
    let report = fixture.manager.halt(&names, &HaltOptions::new(), &mut run()).unwrap();
    assert_eq!(actions(&report), ["halted", "halted", "failed"]);
}

#[test]
fn what_failed_does_not_matter_if_it_is_in_the_state_that_is_needed() {
    let fixture = chain();
    fixture.manager.boot(&ALL, &mut run()).unwrap();
    fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap();
    // Its file is broken, and it is down all the same.
    fixture.edit("zones/web01.kdl", "after", "aftr");
    let report = fixture.manager.shutdown(&["app01", "web01"], &HaltOptions::new(), &mut run()).unwrap();
    assert_eq!(actions(&report), ["shut-down", "failed"]);
}

#[test]
fn zones_after_each_other_in_a_circle_are_an_error_with_its_lines() {
    let fixture = chain();
    set(&fixture, "db01", "after", "web01");
    fixture.create("last01");
    set(&fixture, "last01", "after", "web01");
    let report = fixture.manager.boot(&["web01", "app01", "db01", "other01", "last01"], &mut run()).unwrap();
    let codes: Vec<_> = outcomes(&report).into_iter().map(|(_, _, code)| code).collect();
    assert_eq!(codes, [Some(Code::Config), Some(Code::Config), Some(Code::Config), None, Some(Code::WrongState)]);
    let error = report.outcomes[0].result.as_ref().unwrap_err();
    assert!(error.message().starts_with("zones would boot after each other in a circle: "), "{error}");
    let line = |zone: &str| {
        let text = fs::read_to_string(fixture.entry(zone)).unwrap();
        text.lines().position(|line| line.trim_start().starts_with("after ")).map(|at| at + 1)
    };
    for detail in error.details() {
        let zone = detail.message.split(' ').nth(1).unwrap();
        assert_eq!((detail.path.as_deref(), detail.line), (Some(&*fixture.entry(zone)), line(zone)), "{detail:?}");
    }
    assert_eq!(error.details().len(), 3);
    let found = fixture.manager.check().unwrap();
    let circle: Vec<_> = found.iter().filter(|found| found.code == "circle").collect();
    assert_eq!(circle.len(), 1, "{found:?}");
    assert!(circle[0].severity == Severity::Error && circle[0].line.is_some() && circle[0].snippet.is_some());
    // They can always be shut down.
    set(&fixture, "db01", "after", "");
    fixture.manager.boot(&["web01", "app01", "db01"], &mut run()).unwrap().into_result().unwrap();
    set(&fixture, "db01", "after", "web01");
    let report = fixture.manager.shutdown_all(&HaltOptions::new(), &mut run()).unwrap();
    assert!(report.error().is_none(), "{report:?}");
    set(&fixture, "db01", "after", "db01");
    let report = fixture.manager.boot(&["db01", "app01"], &mut run()).unwrap();
    assert_eq!(report.outcomes[0].result.as_ref().unwrap_err().message(), "zone db01 would boot after itself");
}

#[test]
fn services_that_do_not_come_up_are_reported_and_keep_nothing_waiting_for_ever() {
    let fixture = chain();
    fail(&fixture, "svcs", None, "db01");
    fixture.edit("config.kdl", "default-template", "timeouts boot=1\ndefault-template");
    let report = fixture.manager.boot(&["db01", "app01"], &mut run()).unwrap();
    assert_eq!(actions(&report), ["booted", "booted"]);
    let notes = notes(&report);
    assert!(notes.len() == 1 && notes[0].starts_with("db01 is running, but after 1 second"), "{notes:?}");
}

#[test]
fn a_cancellation_ends_the_wait() {
    let fixture = chain();
    fail(&fixture, "svcs", None, "db01");
    let cancel = zmgr::Cancel::new();
    let mut progress = |event: &zmgr::Event| {
        let asks = matches!(&event.kind, zmgr::EventKind::Command { argv } if argv[0] == "svcs");
        if asks {
            cancel.cancel();
        }
        true
    };
    let report = fixture.manager.boot(&["db01", "app01"], &mut run().cancel(&cancel).progress(&mut progress)).unwrap();
    let codes: Vec<_> = outcomes(&report).into_iter().map(|(_, _, code)| code).collect();
    assert_eq!(codes, [Some(Code::Cancelled), Some(Code::Cancelled)]);
    assert!(fixture.zones().contains(&"db01:running".to_owned()), "illumos has booted it");
}

#[test]
fn zones_outside_the_operation_are_warned_of() {
    let fixture = chain();
    let report = fixture.manager.boot(&["app01"], &mut run()).unwrap();
    assert_eq!(notes(&report), ["app01 comes after db01, which is not running"]);
    fixture.manager.boot(&["db01"], &mut run()).unwrap();
    let report = fixture.manager.shutdown(&["db01"], &HaltOptions::new(), &mut run()).unwrap();
    assert_eq!(notes(&report), ["db01 goes down before app01, which comes after it and is running"]);
}

#[test]
fn a_plan_has_the_zones_in_their_order_and_is_run_in_it() {
    let fixture = chain();
    fixture.manager.boot(&["db01"], &mut run()).unwrap();
    let before = whole(fixture.dir());
    let plan = fixture.manager.plan_boot(&[]).unwrap();
    assert_eq!(whole(fixture.dir()), before, "a plan changes nothing");
    let changes: Vec<_> = plan.changes.iter().map(|change| (change.zone.as_str(), change.steps.len())).collect();
    assert_eq!(changes, [("db01", 0), ("app01", 1), ("other01", 1), ("web01", 1)]);
    let plan = Plan::from_json(&plan.to_json()).unwrap();
    let report = fixture.manager.run(&plan, &mut run().jobs(2)).unwrap();
    assert_eq!(actions(&report), ["unchanged", "booted", "booted", "booted"]);
    // Now it is stale: there is nothing left to do.
    assert_eq!(slug(fixture.manager.run(&plan, &mut run())), "stale-plan");
    let options = HaltOptions::new().force(true).timeout(std::time::Duration::from_secs(60));
    let plan = fixture.manager.plan_shutdown(&["db01", "app01"], &options).unwrap();
    let zones: Vec<&str> = plan.changes.iter().map(|change| change.zone.as_str()).collect();
    assert_eq!(zones, ["app01", "db01"]);
    assert_eq!(plan.changes[0].steps[0].argv[1..], ["-z", "app01", "shutdown"]);
    assert_eq!(plan.changes[0].notes, ["app01 goes down before web01, which comes after it and is running"]);
    let mut mixed = Plan::from_json(&plan.to_json()).unwrap();
    mixed.changes[1].request =
        fixture.manager.plan_shutdown(&["db01"], &HaltOptions::new()).unwrap().changes[0].request.clone();
    assert_eq!(slug(fixture.manager.run(&mixed, &mut run())), "invalid-argument");
    assert_eq!(actions(&fixture.manager.run(&plan, &mut run()).unwrap()), ["shut-down", "shut-down"]);
    set(&fixture, "db01", "after", "web01");
    assert_eq!(slug(fixture.manager.plan_boot(&["web01", "app01", "db01"])), "config");
    assert_eq!(slug(fixture.manager.plan_boot(&["absent"])), "not-found");
}

#[test]
fn the_host_boots_no_zone_that_has_an_order() {
    let fixture = fixture::new();
    let boot = CreateOptions::new();
    fixture.manager.create("db01", &boot, &mut run()).unwrap();
    fs::write(fixture.entry("web01"), "zone \"web01\" {\n    template \"oi\"\n    after \"db01\"\n}\n").unwrap();
    build(&fixture, "web01").unwrap();
    let zone = fixture.manager.zone("web01").unwrap();
    assert_eq!((zone.status, zone.autoboot), (Some(zmgr::ZoneStatus::Running), Some(true)));
    assert_eq!((host_boots(&fixture, "db01"), host_boots(&fixture, "web01")), (true, false));
    assert!(fixture.manager.diff(&[]).unwrap().is_clean());
    fixture.machine.host.reboot().unwrap();
    let report = fixture.manager.boot_all(&mut run()).unwrap();
    assert_eq!(outcomes(&report), [("db01", "unchanged", None), ("web01", "booted", None)]);
    // The order comes and goes with an apply.
    set(&fixture, "db01", "after", "other01");
    let drift = fixture.manager.diff(&["db01"]).unwrap();
    let item = &drift.zones[0].items[0];
    assert_eq!((item.what.as_str(), item.source.line > 0), ("autoboot", true));
    let text = fs::read_to_string(fixture.entry("db01")).unwrap();
    assert!(text.lines().nth(item.source.line as usize - 1).unwrap().contains("after"), "{item:?}");
    let report = fixture.manager.apply(&["db01"], &ApplyOptions::new(), &mut run()).unwrap();
    assert!(notes(&report)[0].starts_with("db01 comes after other01, so that svc:/application/zmgr/zones boots it"));
    assert!(!host_boots(&fixture, "db01") && fixture.manager.diff(&[]).unwrap().is_clean());
    set(&fixture, "db01", "after", "");
    fixture.manager.apply(&["db01"], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert!(host_boots(&fixture, "db01") && fixture.manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn a_template_gives_its_zones_an_order_that_they_may_drop() {
    let fixture = fixture::new();
    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    after \"db01\" \"cache01\"");
    for (name, body) in [("db01", "without \"after\""), ("web01", ""), ("web02", "without \"after\" \"cache01\"")] {
        fs::write(fixture.entry(name), format!("zone {name:?} {{\n    template \"oi\"\n    {body}\n}}\n")).unwrap();
        build(&fixture, name).unwrap();
    }
    fixture.manager.halt(&["db01", "web01", "web02"], &HaltOptions::new(), &mut run()).unwrap();
    assert!(host_boots(&fixture, "db01") && !host_boots(&fixture, "web01") && !host_boots(&fixture, "web02"));
    let after = |zone: &str| fixture.manager.effective(zone).unwrap().after.value.len();
    assert_eq!((after("db01"), after("web01"), after("web02")), (0, 2, 1));
    let found = fixture.manager.check().unwrap();
    let found: Vec<&str> =
        found.iter().filter(|found| found.code == "boot-order").map(|f| f.message.as_str()).collect();
    assert_eq!(found, ["zone web01 comes after zone \"cache01\", which is not registered"]);
    let report = fixture.manager.boot_all(&mut run().jobs(4)).unwrap();
    assert_eq!(actions(&report), ["booted"; 3]);
    assert_eq!(notes(&report), ["web01 comes after cache01, which is not running"]);
}

#[test]
fn all_means_the_zones_that_boot_with_the_host_and_are_whole() {
    let fixture = chain();
    set(&fixture, "other01", "autoboot", "false");
    fs::write(fixture.entry("unbuilt"), "zone \"unbuilt\" {\n    template \"oi\"\n}\n").unwrap();
    fixture.create("half01");
    die(&fixture, "uninstall", "half01");
    let reinstall =
        || fixture.manager.reinstall("half01", &ReinstallOptions::new().boot(true), &mut run()).map(drop).unwrap_err();
    catch_unwind(AssertUnwindSafe(reinstall)).unwrap_err();
    let report = fixture.manager.boot_all(&mut run().jobs(2)).unwrap();
    let expected =
        [("app01", "booted", None), ("db01", "booted", None), ("half01", "skipped", None), ("web01", "booted", None)];
    assert_eq!(outcomes(&report), expected);
    assert!(notes(&report)[0].contains("run `zmgr recover half01`"), "{report:?}");
    let report = fixture.manager.shutdown_all(&HaltOptions::new(), &mut run()).unwrap();
    assert_eq!(actions(&report), ["shut-down", "shut-down", "skipped", "unchanged", "shut-down"]);
}

#[test]
fn an_unreadable_file_stops_its_own_zone_alone() {
    let fixture = chain();
    fixture.edit("zones/other01.kdl", "template", "tmplate");
    let report = fixture.manager.boot_all(&mut run()).unwrap();
    let expected = [
        ("app01", "booted", None),
        ("db01", "booted", None),
        ("other01", "failed", Some(Code::Config)),
        ("web01", "booted", None),
    ];
    assert_eq!(outcomes(&report), expected);
}

#[test]
fn what_died_in_the_middle_is_ended_by_running_it_again() {
    let fixture = chain();
    die(&fixture, "boot", "app01");
    catch_unwind(AssertUnwindSafe(|| fixture.manager.boot_all(&mut run()).map(drop))).unwrap_err();
    assert!(fixture.zones().contains(&"db01:running".to_owned()));
    let report = fixture.manager.boot_all(&mut run()).unwrap();
    assert!(report.error().is_none());
    die(&fixture, "shutdown", "app01");
    let down = || fixture.manager.shutdown_all(&HaltOptions::new(), &mut run()).map(drop);
    catch_unwind(AssertUnwindSafe(down)).unwrap_err();
    assert!(fixture.zones().contains(&"db01:running".to_owned()), "it went down before those that need it");
    down().unwrap();
    assert!(fixture.zones().iter().all(|zone| zone.ends_with(":installed")));
}

#[test]
fn a_creation_that_died_at_the_boot_is_booted_by_its_recovery() {
    let fixture = fixture::new();
    fs::write(fixture.entry("web01"), "zone \"web01\" {\n    template \"oi\"\n    after \"db01\"\n}\n").unwrap();
    die(&fixture, "boot", "web01");
    catch_unwind(AssertUnwindSafe(|| build(&fixture, "web01"))).unwrap_err();
    assert_eq!(fixture.recover(), ["finished web01"]);
    assert_eq!(fixture.zones(), ["web01:running"]);
    assert!(!host_boots(&fixture, "web01"));
    // The host loses it, and zmgr dies while it builds it again.
    fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap();
    for line in ["zoneadm -z web01 uninstall -F", "zonecfg -z web01 delete -F"] {
        fixture.machine.run(line);
    }
    die(&fixture, "boot", "web01");
    let again = || fixture.manager.apply(&["web01"], &ApplyOptions::new().recreate(true), &mut run()).map(drop);
    catch_unwind(AssertUnwindSafe(again)).unwrap_err();
    fixture.recover();
    assert_eq!(fixture.zones(), ["web01:running"]);
}

#[test]
fn recovery_leaves_out_what_needs_an_installation() {
    let fixture = fixture::new();
    fixture.create("web01");
    die(&fixture, "install", "web01");
    let reinstall = || fixture.manager.reinstall("web01", &ReinstallOptions::new(), &mut run()).map(drop);
    catch_unwind(AssertUnwindSafe(reinstall)).unwrap_err();
    let skip = RecoverOptions::new().skip_installs(true);
    let before = fs::read_to_string(fixture.entry("web01")).unwrap();
    let report = fixture.manager.recover(&[], &skip, &mut run()).unwrap();
    assert_eq!(outcomes(&report), [("web01", "skipped", None)]);
    assert_eq!(notes(&report), ["web01 has to be installed: run `zmgr recover web01`"]);
    assert_eq!(fs::read_to_string(fixture.entry("web01")).unwrap(), before);
    assert_eq!(fixture.recover(), ["finished web01"]);
    // Operations that need no installation are completed: here a creation whose zone is installed, and one that is rolled back.
    die(&fixture, "boot", "db01");
    let create = |name: &str| fixture.manager.create(name, &CreateOptions::new(), &mut run()).map(drop);
    catch_unwind(AssertUnwindSafe(|| create("db01"))).unwrap_err();
    die(&fixture, "install", "db02");
    catch_unwind(AssertUnwindSafe(|| create("db02"))).unwrap_err();
    let report = fixture.manager.recover(&[], &skip, &mut run()).unwrap();
    assert_eq!(outcomes(&report), [("db01", "finished", None), ("db02", "undone", None)]);
}

#[test]
fn removing_a_zone_that_others_name_is_reported() {
    let fixture = chain();
    let note = "zones that boot after db01 still name it in `after`: app01";
    let plan = fixture.manager.plan_destroy(&["db01"], &DestroyOptions::new()).unwrap();
    assert!(plan.changes[0].notes.iter().any(|found| found == note), "{:?}", plan.changes[0].notes);
    let forgets = fixture.manager.plan_forget(&["db01"]).unwrap();
    assert!(forgets.changes[0].notes.iter().any(|found| found == note), "{:?}", forgets.changes[0].notes);
    // Together with those that name it, there is nothing to report.
    let plan = fixture.manager.plan_destroy(&["db01", "app01"], &DestroyOptions::new()).unwrap();
    assert!(!plan.changes.iter().flat_map(|change| &change.notes).any(|note| note.contains("db01 still")));
    fixture.manager.run(&plan, &mut run()).unwrap().into_result().unwrap();
    let report = fixture.manager.forget(&["other01", "web01"], &mut run()).unwrap();
    assert_eq!(actions(&report), ["forgotten", "forgotten"]);
}

#[test]
fn an_imported_zone_takes_no_order_from_its_template() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.machine.run("zonecfg -z web01 set autoboot=true");
    fixture.manager.forget(&["web01"], &mut run()).unwrap();
    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    after \"db01\"");
    let report = fixture.manager.import(&["web01"], &ImportOptions::new().template("oi"), &mut run()).unwrap();
    assert_eq!(actions(&report), ["adopted"]);
    assert!(fixture.manager.diff(&["web01"]).unwrap().is_clean());
}
