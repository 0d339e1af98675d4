//! Asked to stop: what is under way is taken back, what is not begun never is, and a second request leaves what `recover` ends.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::{FsChange, HookPoint, WriteHook, WriteObserver};
use zmgr::{
    ApplyOptions, Cancel, Code, CreateOptions, DestroyOptions, EventKind, Fault, HaltOptions, ImportOptions, Manager,
    RecoverOptions, ReinstallOptions, Report, RunOptions, SimHost,
};

use crate::changes;
use crate::fixture::{self, Fixture};
use crate::sim_machine::Pretend;
use crate::snapshot::{differences, whole};

/// All that a manager does: commands, and changes of the tree.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<String>>);

impl WriteObserver for Seen {
    fn at(&self, when: HookPoint, _: FsChange, path: &Path) -> io::Result<()> {
        if when == HookPoint::Before {
            self.0.lock().unwrap().push(path.display().to_string());
        }
        Ok(())
    }
}

impl Seen {
    fn of(&self, word: &str) -> Vec<String> {
        self.0.lock().unwrap().iter().filter(|line| line.contains(word)).cloned().collect()
    }
}

fn watched(fixture: &Fixture) -> (Manager, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let commands = Arc::clone(&seen);
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if let Moment::Before(command) = moment {
            commands.0.lock().unwrap().push(command.to_string());
        }
    });
    (fixture.observed(watcher, WriteHook::new(seen.clone())), seen)
}

/// Runs an operation and cancels it once this step of the zone has begun.
fn stopping<T>(zone: &'static str, step: &'static str, work: impl FnOnce(&mut RunOptions<'_>) -> T) -> T {
    let mut hear = |event: &zmgr::Event| {
        !(event.zone == zone && event.step == step && matches!(event.kind, EventKind::Command { .. }))
    };
    work(&mut RunOptions::new().progress(&mut hear))
}

fn codes(report: &Report) -> Vec<Option<Code>> {
    report.outcomes.iter().map(|outcome| outcome.result.as_ref().err().map(zmgr::Error::code)).collect()
}

fn slow(fixture: &Fixture, program: &str, subcommand: &str, seconds: f32) {
    fixture.machine.host.fault(&slowness(program, subcommand, seconds)).unwrap();
}

fn slowness(program: &str, subcommand: &str, seconds: f32) -> Fault {
    let mut fault = Fault::new(program);
    fault.subcommand = Some(subcommand.to_owned());
    fault.delay = Some(Duration::from_secs_f32(seconds));
    fault
}

/// Returns a delay of the next such command only.
fn slow_once(program: &str, subcommand: &str, seconds: f32) -> Fault {
    let mut fault = slowness(program, subcommand, seconds);
    fault.times = Some(1);
    fault
}

/// Sets a fault of [`slow_once`], and asks to stop once the command is at work, which it is
/// as soon as it has taken its fault.
fn stop_at_work(machine: &Pretend, fault: Fault, cancel: &Cancel) -> std::thread::JoinHandle<()> {
    machine.host.fault(&fault).unwrap();
    let (host, token) = (SimHost::open(machine.dir.path()).unwrap(), cancel.clone());
    std::thread::spawn(move || {
        let is_set = |set: &Fault| (&set.program, &set.subcommand) == (&fault.program, &fault.subcommand);
        changes::until(host.dir(), "the command is at work", || !host.faults().unwrap().iter().any(is_set));
        token.cancel();
    })
}

#[test]
fn of_several_creations_those_not_begun_never_are() {
    let fixture = fixture::new();
    let (manager, seen) = watched(&fixture);
    slow(&fixture, "zoneadm", "install", 0.8);
    let options = CreateOptions::new().boot(false);
    let names = ["web01", "web02", "web03"];
    let report = stopping("web02", "install", |run| manager.create_all(&names, &options, run)).unwrap();
    assert_eq!(codes(&report), [None, Some(Code::Cancelled), Some(Code::Cancelled)]);
    assert_eq!(report.error().unwrap().code(), Code::Partial);
    // Its address was reserved together with the others', and is given back.
    let asked = |line: &String| line.contains("zfs list");
    let commands = seen.of("web03").into_iter().filter(|line| !line.ends_with("web03.kdl") && !line.ends_with(".tmp"));
    let commands = commands.filter(|line| !asked(line));
    assert_eq!(commands.collect::<Vec<_>>(), [""; 0], "it was begun");
    assert!(!fixture.entry("web03").exists());
    assert_eq!((fixture.zones(), fixture.vnics()), (vec!["web01:installed".to_owned()], vec!["web01_0".to_owned()]));
    assert!(!fixture.entry("web02").exists());
}

#[test]
fn of_several_zones_those_not_begun_keep_their_power() {
    let fixture = fixture::new();
    let names = ["web01", "web02", "web03"];
    for name in names {
        fixture.create(name);
    }
    fixture.manager.boot(&names, &mut RunOptions::new()).unwrap().into_result().unwrap();
    let (manager, seen) = watched(&fixture);
    slow(&fixture, "zoneadm", "halt", 0.3);
    let report = stopping("web01", "halt", |run| manager.halt(&names, &HaltOptions::new(), run)).unwrap();
    assert_eq!(codes(&report)[1..], [Some(Code::Cancelled), Some(Code::Cancelled)], "{report:?}");
    assert!(seen.of("web02").is_empty() && seen.of("web03").is_empty());
    let running = fixture.zones().iter().filter(|zone| zone.ends_with(":running")).count();
    assert!(running >= 2, "{:?}", fixture.zones());
}

#[test]
fn asked_before_anything_began_nothing_begins() {
    let fixture = fixture::new();
    fixture.create("web01");
    let before = whole(fixture.dir());
    let cancel = Cancel::new();
    cancel.cancel();
    let run = || RunOptions::new().cancel(&cancel).jobs(2);
    let all = ["web01"];
    let reports = [
        fixture.manager.create_all(&["web02", "web03"], &CreateOptions::new(), &mut run()).unwrap(),
        fixture.manager.destroy(&all, &DestroyOptions::new(), &mut run()).unwrap(),
        fixture.manager.boot(&all, &mut run()).unwrap(),
        fixture.manager.recover(&all, &RecoverOptions::new(), &mut run()).unwrap(),
    ];
    for report in reports {
        assert_eq!(report.error().unwrap().code(), Code::Cancelled);
    }
    let now = whole(fixture.dir());
    assert!(now == before, "{}", differences(&before, &now));
}

/// The second request reaches the roll back, at whichever of its commands.
#[test]
fn twice_during_a_roll_back_leaves_what_recover_ends() {
    let mut left = 0;
    for at in ["uninstall", "delete -F", "delete-vnic"] {
        let fixture = fixture::new();
        let before = whole(fixture.dir());
        let (install, undo) = ("install", at.trim_end_matches(" -F"));
        let program = if undo == "delete" { "zonecfg" } else { "zoneadm" };
        let program = if undo == "delete-vnic" { "dladm" } else { program };
        for (program, subcommand) in [("zoneadm", install), (program, undo)] {
            fixture.machine.host.fault(&slow_once(program, subcommand, 0.2)).unwrap();
        }
        let cancel = Cancel::new();
        // A person at a keyboard: what a callback asks for repeatedly counts once.
        let (press, pressed) = std::sync::mpsc::channel::<&str>();
        let (host, token) = (SimHost::open(fixture.dir()).unwrap(), cancel.clone());
        let keyboard = std::thread::spawn(move || {
            for command in pressed {
                let is_set = |fault: &Fault| fault.subcommand.as_deref() == Some(command);
                changes::until(host.dir(), "the command is at work", || !host.faults().unwrap().iter().any(is_set));
                token.cancel();
            }
        });
        let mut undoing = false;
        let mut hear = |event: &zmgr::Event| {
            undoing |= matches!(event.kind, EventKind::Undoing);
            if let EventKind::Command { argv } = &event.kind {
                let line = argv.join(" ");
                if undoing && line.contains(at) {
                    press.send(undo).unwrap();
                } else if line.ends_with("web01 install") {
                    press.send(install).unwrap();
                }
            }
            true
        };
        let options = CreateOptions::new().boot(false);
        let run = &mut RunOptions::new().cancel(&cancel).progress(&mut hear);
        let error = fixture.manager.create("web01", &options, run).unwrap_err();
        drop(press);
        keyboard.join().unwrap();
        assert_eq!((error.code(), cancel.requests()), (Code::Cancelled, 2), "{at}: {error:?}");
        fixture.machine.host.clear_faults().unwrap();
        if fixture.entry("web01").exists() {
            assert!(error.help().unwrap().contains("zmgr recover web01"), "{at}: {error:?}");
            assert!(error.details().iter().all(|detail| detail.code != "not-rolled-back"), "{at}: {error:?}");
            // It was not tried and failed: its roll back is under way.
            let text = fs::read_to_string(fixture.entry("web01")).unwrap();
            assert!(text.contains("state \"creating\" ") && text.contains(" undo=#true\n"), "{at}: {text}");
            assert_eq!(fixture.recover(), ["undone web01"], "{at}");
            left += 1;
        }
        let now = whole(fixture.dir());
        assert!(now == before, "{at}: {}", differences(&before, &now));
    }
    assert!(left > 0, "no second request reached a roll back");
}

/// A callback hears of every event of a step, and of the roll back: asking at each is one request.
#[test]
fn a_callback_that_asks_at_every_event_asks_once() {
    let fixture = fixture::new();
    let cancel = Cancel::new();
    let mut asked = 0;
    let mut hear = |event: &zmgr::Event| {
        if event.step == "install" || event.step == "configure" {
            cancel.cancel();
            asked += 1;
        }
        true
    };
    let mut run = RunOptions::new().progress(&mut hear).cancel(&cancel);
    let error = fixture.manager.create("web01", &CreateOptions::new(), &mut run).unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
    assert!(asked > 1);
    assert!(fixture.zones().is_empty() && fixture.vnics().is_empty() && !fixture.entry("web01").exists());
}

/// The steps go on while the caller listens, but none begins before the caller has heard of it, and none is the last before its
/// end has been heard: whichever word a callback refuses, up to the last but one, nothing of the creation stays.
#[test]
fn whatever_word_is_refused_nothing_stays() {
    let fixture = fixture::new();
    let before = whole(fixture.dir());
    let options = CreateOptions::new().boot(false);
    let mut words = 0;
    loop {
        let (mut heard, mut last) = (0, false);
        let mut hear = |event: &zmgr::Event| {
            heard += 1;
            last |= heard == words + 1 && matches!(event.kind, EventKind::Finished { .. });
            heard != words + 1
        };
        let result = fixture.manager.create("web01", &options, &mut RunOptions::new().progress(&mut hear));
        if last {
            assert_eq!(result.unwrap().name, "web01", "all was done before the last word");
            break;
        }
        assert_eq!(result.unwrap_err().code(), Code::Cancelled, "at word {words}");
        let now = whole(fixture.dir());
        assert!(now == before, "at word {words}: {}", differences(&before, &now));
        words += 1;
    }
    assert!(words > 10, "only {words} words were heard");
}

/// Returns true if an installation is one's own is known once the host has said how it ended: a request that comes meanwhile waits.
#[test]
fn asked_while_the_host_says_how_the_install_ended() {
    let fixture = fixture::new();
    let before = whole(fixture.dir());
    let cancel = Cancel::new();
    let token = cancel.clone();
    let manager = fixture.with_interference(fixture::When::After, "web01 install", move |machine| {
        stop_at_work(machine, slow_once("zoneadm", "list", 0.3), &token);
    });
    let options = CreateOptions::new().boot(false);
    let error = manager.create("web01", &options, &mut RunOptions::new().cancel(&cancel)).unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
    let now = whole(fixture.dir());
    assert!(now == before, "{}", differences(&before, &now));
}

/// Of what cannot be taken back nothing is done once it was refused.
#[test]
fn a_step_that_is_refused_does_not_begin() {
    let fixture = fixture::new();
    for name in ["web01", "web02"] {
        fixture.manager.create(name, &CreateOptions::new().boot(true), &mut RunOptions::new()).unwrap();
    }
    let (manager, seen) = watched(&fixture);
    let ran = |command: &str, zone: &str| !seen.of(&format!("zoneadm -z {zone} {command}")).is_empty();
    let destroy = DestroyOptions::new().force(true);
    for step in ["halt", "uninstall"] {
        let mut hear = |event: &zmgr::Event| !(event.step == step && matches!(event.kind, EventKind::StepStarted));
        let mut run = RunOptions::new().progress(&mut hear);
        let report = manager.destroy(&["web01"], &destroy, &mut run).unwrap();
        assert_eq!(codes(&report), [Some(Code::Cancelled)], "{step}");
        assert!(!ran(step, "web01"), "{step} was refused and began");
    }
    assert_eq!(fixture.recover(), ["restored web01"]);
    assert_eq!(fixture.zones(), ["web02:running", "web01:running"], "put back, and up as it was");
    manager.destroy(&["web01"], &destroy, &mut RunOptions::new()).unwrap();
    assert!(ran("halt", "web01") && ran("uninstall", "web01"), "{seen:?}");

    let mut hear = |event: &zmgr::Event| !matches!(event.kind, EventKind::StepStarted);
    let report = manager.halt(&["web02"], &HaltOptions::new(), &mut RunOptions::new().progress(&mut hear)).unwrap();
    assert_eq!(codes(&report), [Some(Code::Cancelled)]);
    assert!(!ran("halt", "web02"));
}

/// The host may not answer: dladm hangs, or zoneadm waits for a lock. Nothing has begun at that point, and nothing is left.
#[test]
fn a_question_that_is_not_answered_is_not_waited_for() {
    let fixture = fixture::new();
    fixture.create("web01");
    let before = whole(fixture.dir());
    let (manager, all) = (&fixture.manager, ["web01"]);
    type Work<'a> = (&'a str, &'a dyn Fn(&mut RunOptions<'_>) -> Option<zmgr::Error>);
    let create: Work = ("create", &|run| manager.create("web02", &CreateOptions::new(), run).err());
    let destroy: Work = ("destroy", &|run| manager.destroy(&all, &DestroyOptions::new(), run).unwrap().error());
    let reinstall: Work = ("reinstall", &|run| manager.reinstall("web01", &ReinstallOptions::new(), run).err());
    let import: Work = ("import", &|run| manager.import(&[], &ImportOptions::new(), run).err());
    let apply: Work = ("apply", &|run| manager.apply(&[], &ApplyOptions::new(), run).err());
    let recover: Work = ("recover", &|run| manager.recover(&all, &RecoverOptions::new(), run).unwrap().error());
    let allocate: Work = ("allocate", &|run| {
        // So that the host is asked.
        fs::remove_file(fixture.file(".zmgr/host.v1")).unwrap();
        manager.allocate("internal", "printer", None, run).err()
    });
    for (program, subcommand, asking) in [
        ("zoneadm", "list", vec![create, destroy, reinstall, import, apply, recover, allocate]),
        ("dladm", "show-link", vec![create, import, apply]),
        ("zfs", "list", vec![create, destroy]),
        ("zfs", "mount", vec![destroy, reinstall]),
    ] {
        for (what, work) in asking {
            let (cancel, begun) = (Cancel::new(), Instant::now());
            let asked = stop_at_work(&fixture.machine, slow_once(program, subcommand, 60.0), &cancel);
            let error = work(&mut RunOptions::new().cancel(&cancel));
            asked.join().unwrap();
            assert_eq!(error.map(|error| error.code()), Some(Code::Cancelled), "{what}, {program} {subcommand}");
            assert!(begun.elapsed() < Duration::from_secs(20), "{what} waited for {program} {subcommand}");
        }
        fixture.machine.host.clear_faults().unwrap();
        let now = whole(fixture.dir());
        assert!(now == before, "{program} {subcommand}: {}", differences(&before, &now));
    }
}
