//! Booting, halting and commands inside zones, through the manager.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{Cancel, Code, Error, ExecOptions, ExecStream, Fault, HaltOptions, Report, RunOptions, ZoneStatus};

use crate::fixture::{self, Fixture, When, slug};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

fn actions(report: &Report) -> Vec<&str> {
    report.outcomes.iter().map(|outcome| outcome.action.as_str()).collect()
}

fn failure(report: Result<Report, Error>) -> Error {
    report.unwrap().error().unwrap()
}

fn fault(fixture: &Fixture, program: &str, subcommand: Option<&str>, change: impl FnOnce(&mut Fault)) {
    let mut fault = Fault::new(program);
    fault.subcommand = subcommand.map(str::to_owned);
    change(&mut fault);
    fixture.machine.host.fault(&fault).unwrap();
}

#[test]
fn zones_go_up_and_down() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.create("web02");
    let both = ["web01", "web02"];
    let report = fixture.manager.boot(&both, &mut run().jobs(2)).unwrap();
    assert_eq!(actions(&report), ["booted", "booted"]);
    assert!(report.zones().all(|zone| zone.status == Some(ZoneStatus::Running)));
    assert_eq!(actions(&fixture.manager.boot(&both, &mut run()).unwrap()), ["unchanged", "unchanged"]);
    assert_eq!(actions(&fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap()), ["halted"]);
    assert_eq!(fixture.zones(), ["web02:running", "web01:installed"]);
    let report = fixture.manager.shutdown(&both, &HaltOptions::new(), &mut run()).unwrap();
    assert_eq!(actions(&report), ["unchanged", "shut-down"]);
    assert_eq!(fixture.zones(), ["web01:installed", "web02:installed"]);
}

#[test]
fn a_reboot_needs_a_zone_that_runs_and_gives_it_a_new_id() {
    let fixture = fixture::new();
    fixture.create("web01");
    let reboot = |force| fixture.manager.reboot(&["web01"], &HaltOptions::new().force(force), &mut run());
    let error = failure(reboot(false));
    assert_eq!((error.code(), error.help()), (Code::WrongState, Some("run `zmgr boot web01`")));
    fixture.manager.boot(&["web01"], &mut run()).unwrap();
    let id = || fixture.machine.run("zoneadm list -p").lines().nth(1).unwrap().split(':').next().unwrap().to_owned();
    let mut ids = vec![id()];
    for force in [false, true] {
        assert_eq!(actions(&reboot(force).unwrap()), ["rebooted"]);
        ids.push(id());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "{ids:?}");
}

#[test]
fn a_zone_that_does_not_shut_down_is_halted_with_force_alone() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.manager.boot(&["web01"], &mut run()).unwrap();
    fault(&fixture, "zoneadm", Some("shutdown"), |fault| {
        fault.exit = Some(1);
        fault.stderr = Some("zone 'web01': unable to shutdown zone\n".to_owned());
    });
    let error = failure(fixture.manager.shutdown(&["web01"], &HaltOptions::new(), &mut run()));
    assert_eq!(error.code(), Code::CommandFailed);
    assert!(error.message().contains("unable to shutdown zone"), "{error}");
    assert_eq!(error.help(), Some("run `zmgr shutdown --force web01` or `zmgr halt web01` to halt it"));
    let mut warned = false;
    let mut progress = |event: &zmgr::Event| {
        warned |= matches!(&event.kind, zmgr::EventKind::Warning { message } if message.contains("is being halted"));
        true
    };
    let force = HaltOptions::new().force(true);
    let report = fixture.manager.shutdown(&["web01"], &force, &mut run().progress(&mut progress)).unwrap();
    assert_eq!(actions(&report), ["shut-down"]);
    assert!(warned);
    assert_eq!(fixture.zones(), ["web01:installed"]);
}

#[test]
fn a_shutdown_is_waited_for_no_longer_than_said() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.manager.boot(&["web01"], &mut run()).unwrap();
    fault(&fixture, "zoneadm", Some("shutdown"), |fault| fault.delay = Some(Duration::from_secs(60)));
    let began = Instant::now();
    let quick = HaltOptions::new().timeout(Duration::from_millis(300));
    // illumos ends by itself what it has begun: the command is stopped, and the zone is down all the same.
    let report = fixture.manager.shutdown(&["web01"], &quick, &mut run()).unwrap();
    assert_eq!((actions(&report), fixture.zones()), (vec!["shut-down"], vec!["web01:installed".to_owned()]));
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_boot_that_fails_says_why() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.machine.run("dladm delete-vnic web01_0");
    let error = failure(fixture.manager.boot(&["web01"], &mut run()));
    assert_eq!(error.code(), Code::Config);
    assert!(error.message().contains("web01_0"), "{error}");
    assert_eq!(fixture.zones(), ["web01:installed"]);
    fixture.manager.apply(&["web01"], &zmgr::ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    fault(&fixture, "zoneadm", Some("boot"), |fault| {
        (fault.exit, fault.stderr) = (Some(1), Some("no boot today".to_owned()));
    });
    let error = failure(fixture.manager.boot(&["web01"], &mut run()));
    assert_eq!(error.code(), Code::CommandFailed);
    assert!(error.command().is_some_and(|command| command.stderr.contains("no boot today")), "{error:?}");
}

#[test]
fn only_registered_zones_that_are_ready_are_touched() {
    let fixture = fixture::new();
    fixture.create("web01");
    let boot = |name: &str| failure(fixture.manager.boot(&[name], &mut run()));
    assert_eq!(boot("web02").code(), Code::NotFound);
    assert!(!fixture.file(".zmgr/locks/web02.lock").exists());
    fixture.edit("zones/web01.kdl", "state \"ready\"", "state \"failed\" step=\"install\"");
    let error = boot("web01");
    assert_eq!((error.code(), error.help()), (Code::RecoveryNeeded, Some("run `zmgr recover web01`")));
    fixture.edit("zones/web01.kdl", "state \"failed\" step=\"install\"", "state \"ready\"");
    // A virtual machine has taken its place.
    let xml = fixture.dir().join("etc/zones/web01.xml");
    let text = std::fs::read_to_string(&xml).unwrap();
    std::fs::write(&xml, text.replace("brand=\"nlipkg\"", "brand=\"bhyve\"")).unwrap();
    let error = boot("web01");
    assert!(matches!(error.code(), Code::UnsupportedHost | Code::CommandFailed), "{error:?}");
    assert_eq!(fixture.zones().iter().filter(|zone| zone.ends_with(":running")).count(), 0);
}

#[test]
fn some_of_several_failing_is_partial() {
    let fixture = fixture::new();
    fixture.create("web01");
    let report = fixture.manager.boot(&["web01", "web02"], &mut run()).unwrap();
    let error = report.error().unwrap();
    assert_eq!(error.code(), Code::Partial);
    assert_eq!(actions(&report), ["booted", "failed"]);
}

#[test]
fn a_zone_that_is_stuck_on_its_way_down_is_not_waited_for_and_the_way_out_is_named() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.manager.boot(&["web01"], &mut run()).unwrap();
    fault(&fixture, "zoneadm", Some("halt"), |fault| (fault.exit, fault.times) = (Some(1), Some(1)));
    let quick = HaltOptions::new().timeout(Duration::from_millis(300));
    let error = failure(fixture.manager.halt(&["web01"], &quick, &mut run()));
    assert_eq!((error.code(), fixture.zones()), (Code::CommandFailed, vec!["web01:shutting_down".to_owned()]));
    let began = Instant::now();
    let boot = failure(fixture.manager.boot(&["web01"], &mut run()));
    let reboot = failure(fixture.manager.reboot(&["web01"], &HaltOptions::new(), &mut run()));
    for error in [boot, reboot] {
        assert_eq!(error.code(), Code::WrongState, "{error:?}");
        assert!(error.message().contains("its shutdown has not finished"), "{error}");
        assert_eq!(error.help(), Some("run `zmgr halt web01`, then `zmgr boot web01`"));
    }
    assert!(began.elapsed() < Duration::from_secs(60), "a boot may take 300 s");
    let error = failure(fixture.manager.shutdown(&["web01"], &quick, &mut run()));
    assert!(error.help().unwrap().contains("zmgr halt web01"), "{error:?}");
    // The help is right.
    fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
    assert_eq!(fixture.zones(), ["web01:running"]);
}

fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|word| (*word).to_owned()).collect()
}

/// Output of a command on both streams, and its status.
fn exec(fixture: &Fixture, line: &[&str]) -> Result<(i32, String, String), Error> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut output = |stream, bytes: &[u8]| {
        match stream {
            ExecStream::Stdout => out.extend_from_slice(bytes),
            _ => err.extend_from_slice(bytes),
        }
        true
    };
    let status = fixture.manager.exec("web01", &words(line), &mut ExecOptions::new().output(&mut output))?;
    Ok((status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap()))
}

#[test]
fn a_command_in_a_zone_answers_with_its_own_status() {
    let fixture = fixture::new();
    fixture.create("web01");
    assert_eq!(slug(exec(&fixture, &["true"])), "wrong-state");
    fixture.manager.boot(&["web01"], &mut run()).unwrap();
    assert_eq!(exec(&fixture, &["zonename"]).unwrap(), (0, "web01\n".to_owned(), String::new()));
    let line = ["echo", "it's", "a  b", "$HOME", "*", "\"", "\\", ";false", "ünïcode"];
    assert_eq!(exec(&fixture, &line).unwrap(), (0, format!("{}\n", line[1..].join(" ")), String::new()));
    assert_eq!(exec(&fixture, &["false"]).unwrap().0, 1);
    assert_eq!(exec(&fixture, &["sh", "-c", "echo some; exit 42"]).unwrap(), (42, "some\n".to_owned(), String::new()));
    assert_eq!(exec(&fixture, &["exit", "3"]).unwrap().0, 3);
    let (status, _, stderr) = exec(&fixture, &["nonsense"]).unwrap();
    assert_eq!(status, 127);
    assert!(stderr.contains("not found"), "{stderr}");
    for bad in [&[][..], &[""], &["echo", "a\0b"]] {
        assert_eq!(slug(exec(&fixture, bad)), "invalid-argument");
    }
    assert_eq!(slug(fixture.manager.exec("web09", &words(&["true"]), &mut ExecOptions::new())), "not-found");
}

#[test]
fn a_zone_that_dies_under_a_command_is_noticed() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.manager.boot(&["web01"], &mut run()).unwrap();
    // zlogin exits with 0 all the same.
    let error = exec(&fixture, &["sh", "-c", "echo working; halt; echo never"]).unwrap_err();
    assert_eq!(error.code(), Code::WrongState);
    assert_eq!(error.message(), "web01 went down while the command was running: it is installed");
}

#[test]
fn a_command_can_be_stopped() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.manager.boot(&["web01"], &mut run()).unwrap();
    let sleep = words(&["sleep", "60"]);
    let began = Instant::now();
    let limited = fixture.manager.exec("web01", &sleep, &mut ExecOptions::new().timeout(Duration::from_millis(200)));
    assert_eq!(slug(limited), "timed-out");
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(slug(fixture.manager.exec("web01", &sleep, &mut ExecOptions::new().cancel(&cancel))), "cancelled");
    let mut pulse = || false;
    assert_eq!(slug(fixture.manager.exec("web01", &sleep, &mut ExecOptions::new().pulse(&mut pulse))), "cancelled");
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn power_waits_for_the_process_that_works_on_the_zone() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.edit("config.kdl", "lock-timeout 30", "lock-timeout 0");
    let other = fixture.manager.clone();
    let busy = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&busy);
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if matches!(moment, Moment::Before(command) if command.to_string().ends_with("web01 boot")) {
            let error = failure(other.halt(&["web01"], &HaltOptions::new(), &mut RunOptions::new()));
            seen.store(error.code() == Code::Busy, Ordering::SeqCst);
        }
    });
    fixture.observed(watcher, WriteHook::none()).boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
    assert!(busy.load(Ordering::SeqCst));
}

#[test]
fn another_process_may_do_the_same_at_the_same_time() {
    let fixture = fixture::new();
    fixture.create("web01");
    let interfered =
        fixture.with_interference(When::Before, "web01 boot", |machine| drop(machine.run("zoneadm -z web01 boot")));
    assert_eq!(actions(&interfered.boot(&["web01"], &mut run()).unwrap()), ["booted"]);
    let interfered =
        fixture.with_interference(When::Before, "web01 shutdown", |machine| drop(machine.run("zoneadm -z web01 halt")));
    assert_eq!(actions(&interfered.shutdown(&["web01"], &HaltOptions::new(), &mut run()).unwrap()), ["shut-down"]);
}

#[test]
fn a_zone_that_runs_without_its_address_is_reported_and_one_look_finds_that_all_is_well() {
    let fixture = fixture::new();
    let zone = fixture.create("web01");
    let address = zone.nets[0].addresses[0].address.addr().to_string();
    let (mut looks, mut warnings) = (0, Vec::new());
    let mut progress = |event: &zmgr::Event| {
        match &event.kind {
            zmgr::EventKind::Command { argv } => looks += usize::from(argv.iter().any(|word| word == "show-addr")),
            zmgr::EventKind::Warning { message } => warnings.push(message.clone()),
            _ => {}
        }
        true
    };
    let report = fixture.manager.boot(&["web01"], &mut run().progress(&mut progress)).unwrap();
    assert_eq!((actions(&report), report.outcomes[0].notes.as_slice()), (vec!["booted"], [].as_slice()));
    assert_eq!((std::mem::take(&mut looks), std::mem::take(&mut warnings)), (1, vec![]));

    // A zone whose network services have not started yet is asked again.
    let mut looks = 0;
    let mut progress = |event: &zmgr::Event| {
        if let zmgr::EventKind::Command { argv } = &event.kind {
            looks += usize::from(argv.iter().any(|word| word == "show-addr"));
        }
        true
    };
    fault(&fixture, "zlogin", None, |fault| (fault.exit, fault.times) = (Some(1), Some(1)));
    let report = fixture.manager.reboot(&["web01"], &HaltOptions::new(), &mut run().progress(&mut progress)).unwrap();
    assert_eq!((report.outcomes[0].notes.as_slice(), looks), ([].as_slice(), 2));

    // Later boots enable the interfaces that are there.
    assert!(fixture.machine.run("zlogin web01 ipadm delete-if web01_0").ends_with("=0"));
    let mut progress = |event: &zmgr::Event| {
        if let zmgr::EventKind::Warning { message } = &event.kind {
            warnings.push(message.clone());
        }
        true
    };
    let soon = HaltOptions::new().timeout(Duration::from_secs(2));
    let report = fixture.manager.reboot(&["web01"], &soon, &mut run().progress(&mut progress)).unwrap();
    assert_eq!(actions(&report), ["rebooted"]);
    let said =
        format!("web01 is running, but these addresses are not up: {address}; run `zlogin web01 ipadm show-addr`");
    assert_eq!((&report.outcomes[0].notes, &warnings), (&vec![said.clone()], &vec![said]));
    let up = || fixture.manager.zone("web01").unwrap().up;
    assert_eq!(up(), Some(Vec::new()));
    fixture.machine.run("zlogin web01 ipadm create-if web01_0");
    fixture.machine.run("zlogin web01 ipadm disable-if -t web01_0");
    fixture.machine.run("zlogin web01 ipadm enable-if -t web01_0");
    assert_eq!(up().map(|up| up.iter().map(ToString::to_string).collect::<Vec<_>>()), Some(vec![address]));
    fault(&fixture, "zlogin", None, |fault| (fault.exit, fault.times) = (Some(1), Some(1)));
    assert_eq!(up(), None);
}
