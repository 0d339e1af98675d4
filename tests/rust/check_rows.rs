//! Bad states that older versions, editors, backups and administrators leave: `check` reports each, with what repairs it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{ApplyOptions, CreateOptions, Diagnostic, Manager, RunOptions, Severity};

use crate::fixture::{self, Fixture};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

fn ok(fixture: &Fixture, line: &str) {
    let output = fixture.machine.run(line);
    assert!(output.ends_with("=0"), "{line}: {output}");
}

/// The diagnostics with this code; each must have help.
fn found(manager: &Manager, code: &str) -> Vec<Diagnostic> {
    let all = manager.check().unwrap();
    let found: Vec<Diagnostic> = all.into_iter().filter(|found| found.code == code).collect();
    assert!(found.iter().all(|found| found.help.is_some()), "{found:#?}");
    found
}

fn messages(manager: &Manager, code: &str) -> Vec<String> {
    found(manager, code).into_iter().map(|found| found.message).collect()
}

#[test]
fn datasets_that_no_zone_has_were_silent_until_create_refused() {
    let fixture = fixture::new();
    fixture.create("web01");
    assert_eq!(messages(&fixture.manager, "orphan-dataset"), [""; 0]);
    for dataset in ["rpool/zones/web09", "rpool/zones/shared", "rpool/zones/given", "rpool/zones/elsewhere"] {
        ok(&fixture, &format!("zfs create {dataset}"));
    }
    ok(&fixture, "zfs set mountpoint=/export/elsewhere rpool/zones/elsewhere");
    // One that a file names is not an orphan, nor is one that is mounted elsewhere.
    fixture.edit("templates/oi.kdl", "autoboot", "dataset \"rpool/zones/given\"\n    autoboot");
    fs::write(fixture.entry("next"), "zone \"next\" { template \"oi\"; dataset \"rpool/zones/shared\"; }\n").unwrap();
    let found = found(&fixture.manager, "orphan-dataset");
    let names: Vec<&str> = found.iter().filter_map(|found| found.message.split(' ').nth(2)).collect();
    assert_eq!(names, ["rpool/zones/web09"], "{found:#?}");
    assert!(found[0].help.as_ref().unwrap().contains("zmgr attach web09"), "{found:#?}");
    assert_eq!(found[0].severity, Severity::Warning);
}

#[test]
fn thousands_of_datasets_cost_no_command_each() {
    let fixture = fixture::new();
    let lines: String = (0..2_000).map(|n| format!("    dataset \"rpool/d{n}\"\n")).collect();
    fs::write(fixture.entry("web01"), format!("zone \"web01\" {{\n    template \"oi\"\n{lines}}}\n")).unwrap();
    let commands = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&commands);
    let watcher: Arc<Watcher> = Arc::new(move |moment| {
        if matches!(moment, Moment::Before(_)) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let manager = fixture.observed(watcher, WriteHook::none());
    assert!(!found(&manager, "cannot-create").is_empty());
    let commands = commands.load(Ordering::Relaxed);
    assert!(commands < 100, "{commands}");
}

#[test]
fn a_zone_whose_dataset_is_not_mounted_was_reported_as_sound() {
    let fixture = fixture::new();
    fixture.create("web01");
    assert_eq!(messages(&fixture.manager, "not-mounted"), [""; 0]);
    ok(&fixture, "zfs set mountpoint=/else rpool/zones/web01");
    let missing = found(&fixture.manager, "not-mounted");
    let elsewhere = found(&fixture.manager, "no-zonepath");
    assert_eq!(missing.len() + elsewhere.len(), 1, "{missing:#?} {elsewhere:#?}");
    ok(&fixture, "zfs set mountpoint=/zones/web01 rpool/zones/web01");
    assert_eq!(messages(&fixture.manager, "not-mounted"), [""; 0]);
    let zonepath = fixture.dir().join("zones/web01");
    fs::set_permissions(&zonepath, fs::Permissions::from_mode(0o755)).unwrap();
    let mode = found(&fixture.manager, "zonepath-mode");
    assert_eq!(mode[0].help.as_deref(), Some("run `chmod 700 /zones/web01`"), "{mode:#?}");
    fs::set_permissions(&zonepath, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(messages(&fixture.manager, "zonepath-mode"), [""; 0]);
}

#[test]
fn pending_changes_that_are_done_stayed_in_the_entry() {
    let fixture = fixture::new();
    fixture.manager.create("web01", &CreateOptions::new().boot(true), &mut run()).unwrap();
    fixture.manager.set("web01", &[("bootargs", "-v")], &mut run()).unwrap();
    fixture.manager.apply(&["web01"], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(messages(&fixture.manager, "pending-done"), [""; 0]);
    let path = fixture.entry("web01");
    let text = fs::read_to_string(&path).unwrap();
    let (before, after) = text.split_once(" boot-time=").unwrap();
    let rest = &after[after.find(' ').unwrap()..];
    fs::write(&path, format!("{before}{rest}")).unwrap();
    let unknown = found(&fixture.manager, "pending-unknown");
    assert_eq!(unknown[0].help.as_deref(), Some("run `zmgr apply --reboot web01`"), "{unknown:#?}");
    fs::write(&path, &text).unwrap();
    ok(&fixture, "zoneadm -z web01 reboot");
    let done = found(&fixture.manager, "pending-done");
    assert_eq!(done[0].help.as_deref(), Some("run `zmgr apply web01` to remove them from the entry"), "{done:#?}");
    let report = fixture.manager.apply(&["web01"], &ApplyOptions::new(), &mut run()).unwrap();
    assert_eq!(report.outcomes[0].action, zmgr::Action::Unchanged);
    assert!(!fs::read_to_string(&path).unwrap().contains("pending"));
    assert_eq!(messages(&fixture.manager, "pending-done"), [""; 0]);
}

#[test]
fn a_net_of_the_template_never_reached_zones_that_exist() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.create("web02");
    assert_eq!(messages(&fixture.manager, "missing-net"), [""; 0]);
    fixture.edit("templates/oi.kdl", "net \"internal\"", "net \"more\" { pool \"internal\"; }\n    net \"internal\"");
    let missing = found(&fixture.manager, "missing-net");
    assert_eq!(missing.len(), 1, "{missing:#?}");
    assert!(missing[0].message.starts_with("zones web01, web02 lack net \"more\" of template oi"), "{missing:#?}");
    assert!(missing[0].path.as_ref().unwrap().ends_with("templates/oi.kdl") && missing[0].line.is_some());
    fixture.edit("zones/web02.kdl", "    template \"oi\"", "    template \"oi\"\n    without \"net\"");
    assert!(messages(&fixture.manager, "missing-net")[0].starts_with("zone web01 lacks"));
    fixture.edit("templates/oi.kdl", "net \"internal\"", "net \"other\"");
    let extra = found(&fixture.manager, "extra-net");
    assert_eq!(extra.len(), 1, "{extra:#?}");
    assert!(extra[0].message.contains("zone web01 has net \"internal\", and its template oi does not"), "{extra:#?}");
}

#[test]
fn files_with_another_name_were_skipped_silently() {
    let fixture = fixture::new();
    fixture.create("web01");
    assert_eq!(messages(&fixture.manager, "not-read"), [""; 0]);
    for name in ["zones/web02.KDL", "zones/web02.kdl.bak", "zones/web02.kdl~", "pools/.dmz.kdl", "extra.kdl"] {
        fs::write(fixture.file(name), "zone \"web02\" { template \"oi\"; }\n").unwrap();
    }
    fs::create_dir(fixture.file("template")).unwrap();
    fs::write(fixture.file("template/a.kdl"), "template \"a\" { brand \"nlipkg\"; }\n").unwrap();
    for name in ["zones/README", "notes.txt", ".gitignore"] {
        fs::write(fixture.file(name), "*\n").unwrap();
    }
    let found = found(&fixture.manager, "not-read");
    let mut names: Vec<&str> =
        found.iter().map(|found| found.path.as_ref().unwrap().file_name().unwrap().to_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, [".dmz.kdl", "extra.kdl", "template", "web02.KDL", "web02.kdl.bak", "web02.kdl~"]);
    assert!(found.iter().all(|found| found.severity == Severity::Warning));
}
