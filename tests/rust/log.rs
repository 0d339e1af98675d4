//! The log of a manager, and the record of changes.

use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use zmgr::{
    ApplyOptions, CreateOptions, DestroyOptions, ExecOptions, Fault, LogLevel, LogRecord, Manager, Plan, RunOptions,
    SimHost,
};

use crate::fixture::{self, Fixture};

type Records = Arc<Mutex<Vec<LogRecord>>>;

/// A manager of the fixture's machine, and the records of its log.
fn logged(fixture: &Fixture, level: LogLevel) -> (Manager, Records) {
    let records: Records = Arc::default();
    let heard = Arc::clone(&records);
    let sink = move |record: &LogRecord| heard.lock().unwrap().push(record.clone());
    let manager = Manager::builder().simulate(fixture.dir()).command("tests").log(level, sink).build().unwrap();
    (manager, records)
}

fn changes(fixture: &Fixture) -> Vec<Value> {
    let text = fs::read_to_string(fixture.dir().join("var/log/zmgr/changes.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn operation_zone_step_and_command_are_logged() {
    let fixture = fixture::new();
    let (manager, records) = logged(&fixture, LogLevel::Debug);
    let options = CreateOptions::new().boot(true);
    manager.create_all(&["web01", "web02"], &options, &mut RunOptions::new().jobs(2)).unwrap();
    let records = std::mem::take(&mut *records.lock().unwrap());
    let find = |message: &str, zone: &str| {
        let is_it = |record: &&LogRecord| record.message == message && record.field("zone") == Some(zone);
        records.iter().filter(is_it).cloned().collect::<Vec<_>>()
    };
    for zone in ["web01", "web02"] {
        assert_eq!(find("started", zone)[0].field("operation"), Some("create"));
        let steps: Vec<String> =
            find("step done", zone).iter().map(|record| record.field("step").unwrap().to_owned()).collect();
        assert_eq!(steps, ["vnic:internal", "configure", "install", "autoboot", "boot"]);
        assert!(find("step done", zone)[0].field("elapsed_ms").unwrap().parse::<u64>().is_ok());
        let commands = find("command", zone);
        let install =
            commands.iter().find(|record| record.field("command") == Some(&format!("zoneadm -z {zone} install")));
        let install = install.unwrap_or_else(|| panic!("{commands:#?}"));
        assert_eq!((install.field("status"), install.field("step")), (Some("0"), Some("install")));
        assert_eq!(install.field("operation"), Some("create"));
        assert_eq!(find("finished", zone)[0].field("action"), Some("created"));
    }
    // Queries are logged too.
    assert!(
        records.iter().any(|record| record.field("command").is_some_and(|command| command.starts_with("dladm show-")))
    );
}

#[test]
fn a_level_leaves_out_what_is_below_it() {
    let fixture = fixture::new();
    let (manager, records) = logged(&fixture, LogLevel::Info);
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit) = (Some("install".to_owned()), Some(1));
    SimHost::open(fixture.dir()).unwrap().fault(&fault).unwrap();
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap_err();
    let records = records.lock().unwrap();
    assert!(records.iter().all(|record| record.level <= LogLevel::Info), "{records:#?}");
    let failed = records.iter().find(|record| record.level == LogLevel::Error).unwrap();
    assert_eq!(failed.message, "failed");
    assert!(failed.to_string().starts_with("failed operation=create zone=web01 reason=web01: creating"), "{failed}");
    assert!(records.iter().any(|record| record.message == "step failed" && record.field("step") == Some("install")));
}

#[test]
fn two_managers_do_not_share_a_log() {
    let (one, other) = (fixture::new(), fixture::new());
    let (manager, records) = logged(&one, LogLevel::Trace);
    let (_quiet, nothing) = logged(&other, LogLevel::Trace);
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    other.manager.create("web02", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    let records = records.lock().unwrap();
    assert!(!records.is_empty() && records.iter().all(|record| !record.to_string().contains("web02")));
    assert!(nothing.lock().unwrap().is_empty());
}

#[test]
fn what_is_run_inside_a_zone_is_not_logged() {
    let fixture = fixture::new();
    fixture.manager.create("web01", &CreateOptions::new().boot(true), &mut RunOptions::new()).unwrap();
    let (manager, records) = logged(&fixture, LogLevel::Trace);
    let words = ["echo".to_owned(), "pa55word".to_owned()];
    assert_eq!(manager.exec("web01", &words, &mut ExecOptions::new()).unwrap(), 0);
    let records = records.lock().unwrap();
    assert!(records.iter().any(|record| record.field("command") == Some("zlogin web01 …")), "{records:#?}");
    assert!(records.iter().all(|record| !record.to_string().contains("pa55word")), "{records:#?}");
}

#[test]
fn every_change_is_recorded_with_its_plan_and_result() {
    let fixture = fixture::new();
    let manager = Manager::builder().simulate(fixture.dir()).command("nightly job").build().unwrap();
    manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    let seen = changes(&fixture);
    assert_eq!(seen.len(), 2, "{seen:#?}");
    let (started, ended) = (&seen[0], &seen[1]);
    assert_eq!((&started["event"], &ended["event"]), (&"started".into(), &"ended".into()));
    for line in &seen {
        assert_eq!((&line["operation"], &line["subject"]), (&"create".into(), &"web01".into()));
        assert_eq!((&line["command"], &line["pid"]), (&"nightly job".into(), &std::process::id().into()));
        assert!(line["uid"].is_u64() && line["time"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(ended["result"], "created");
    assert_eq!(started["plan"].as_str().unwrap().len(), 64);
    assert_eq!(started["plan"], ended["plan"]);

    // An approved plan is named by its own digest.
    let plan = manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    let plan = Plan::from_json(&plan.to_json()).unwrap();
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(changes(&fixture)[2]["plan"], plan.digest());

    manager.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap();
    manager.release("internal", "printer", None, None, &mut RunOptions::new()).unwrap();
    let was = manager.read_file("config.kdl").unwrap();
    manager.write_file("config.kdl", &format!("{was}\n"), Some(&was), &mut RunOptions::new()).unwrap();
    let results: Vec<Value> = changes(&fixture)[4..].iter().map(|line| line["result"].clone()).collect();
    assert_eq!(results, ["allocated", "released", "written"]);
    let mode =
        std::os::unix::fs::MetadataExt::mode(&fs::metadata(fixture.dir().join("var/log/zmgr/changes.jsonl")).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn failures_and_what_needs_nothing() {
    let fixture = fixture::new();
    fixture.create("web01");
    let before = changes(&fixture).len();
    fixture.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    fixture.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    assert_eq!(changes(&fixture).len(), before, "nothing was changed");
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit) = (Some("install".to_owned()), Some(1));
    SimHost::open(fixture.dir()).unwrap().fault(&fault).unwrap();
    fixture.manager.create("web02", &CreateOptions::new(), &mut RunOptions::new()).unwrap_err();
    let last = changes(&fixture).pop().unwrap();
    assert_eq!((&last["result"], &last["code"]), (&"failed".into(), &"command-failed".into()), "{last}");
}

#[test]
fn a_record_that_cannot_be_written_is_a_warning() {
    let fixture = fixture::new();
    fixture.edit("config.kdl", "lock-timeout 30", "lock-timeout 30\nlog-dir \"/etc/release\"");
    let mut warnings = Vec::new();
    let mut hear = |event: &zmgr::Event| {
        if let zmgr::EventKind::Warning { message } = &event.kind {
            warnings.push(message.clone());
        }
        true
    };
    let options = CreateOptions::new().boot(false);
    let done = fixture.manager.create("web01", &options, &mut RunOptions::new().progress(&mut hear));
    assert!(warnings.iter().any(|warning| warning.contains("cannot record changes")), "{warnings:?} {done:?}");
}
