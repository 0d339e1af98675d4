//! What differs between files and host, and bringing the host to the files.

use std::fs;

use zmgr::{
    ApplyOptions, Code, CreateOptions, Dialect, DriftCause, DriftStatus, ImportOptions, Manager, RunOptions, ZoneDrift,
};

use crate::import::{configure, document, manager, plant};
use crate::sim_machine::{self, Pretend};

fn create(manager: &Manager, zone: &str) {
    manager.create(zone, &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
}

fn zonecfg(pretend: &Pretend, zone: &str, command: &str) {
    let said = pretend.argv(&["zonecfg", "-z", zone, command], "");
    assert!(said.ends_with("=0"), "{said}");
}

fn drift(manager: &Manager, zone: &str) -> ZoneDrift {
    manager.diff(&[zone]).unwrap().zones.remove(0)
}

fn edit(manager: &Manager, path: &str, change: impl Fn(String) -> String) {
    let path = manager.root().join(path);
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed);
    fs::write(path, changed).unwrap();
}

#[test]
fn nothing_differs_after_create_and_after_import() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    create(&manager, "web01");
    configure(&pretend, "db", "add attr\nset name=a\nset type=string\nset value=b\nend");
    manager.import(&["db"], &ImportOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    let drift = manager.diff(&[]).unwrap();
    assert!(drift.is_clean(), "{drift}");
    assert_eq!(drift.zones.len(), 2);
    assert_eq!(drift.to_string(), "");
}

#[test]
fn a_difference_is_told_from_three_sides_with_its_line() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    create(&manager, "web01");
    zonecfg(&pretend, "web01", "set autoboot=false; add attr; set name=extra; set type=string; set value=x; end");
    edit(&manager, "templates/oi.kdl", |text| text.replacen("autoboot", "bootargs \"-v\"\n    autoboot", 1));
    let found = drift(&manager, "web01");
    assert_eq!(found.status, DriftStatus::Differs);
    let item = |what: &str| found.items.iter().find(|item| item.what == what).unwrap_or_else(|| panic!("{found:#?}"));
    let autoboot = item("autoboot");
    assert_eq!((autoboot.cause, autoboot.host.as_deref()), (DriftCause::Host, Some("false")));
    let bootargs = item("bootargs");
    assert_eq!((bootargs.cause, bootargs.wish.as_deref(), &bootargs.host), (DriftCause::Files, Some("-v"), &None));
    assert!(bootargs.source.to_string().contains("templates/oi.kdl:"), "{}", bootargs.source);
    assert_eq!(item("attr extra").cause, DriftCause::Foreign);
    assert_eq!(found.items.len(), 3);
    let json = found.to_json();
    assert_eq!(json["status"], "differs");
    assert!(json["items"][0]["line"].is_number(), "{json}");
}

#[test]
fn links_and_states_are_compared_too() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    for zone in ["a", "b", "c"] {
        create(&manager, zone);
    }
    let vnic = manager.zone("a").unwrap().nets[0].vnic.clone().unwrap();
    assert_eq!(pretend.run(&format!("dladm delete-vnic {vnic}")), "=0");
    assert!(pretend.run("zoneadm -z b uninstall -F").ends_with("=0"));
    assert!(pretend.run("zonecfg -z b delete -F").ends_with("=0"));
    fs::write(manager.root().join("zones/wish.kdl"), "zone \"wish\" { template \"oi\"; }\n").unwrap();
    fs::write(manager.root().join("zones/bad.kdl"), "zone \"bad\" { nonsense; }\n").unwrap();
    let all = manager.diff(&[]).unwrap();
    let status: Vec<(&str, DriftStatus)> = all.zones.iter().map(|zone| (zone.name.as_str(), zone.status)).collect();
    assert_eq!(
        status,
        [
            ("a", DriftStatus::Differs),
            ("b", DriftStatus::Absent),
            ("bad", DriftStatus::Unreadable),
            ("c", DriftStatus::Clean),
            ("wish", DriftStatus::NotBuilt),
        ]
    );
    assert_eq!(all.zones[0].items[0].what, format!("vnic {vnic}"));
    assert!(all.zones[2].fault.is_some());
}

fn apply(manager: &Manager, names: &[&str], options: &ApplyOptions) -> Vec<zmgr::Outcome> {
    let report = manager.apply(names, options, &mut RunOptions::new()).unwrap();
    assert!(report.error().is_none(), "{report:#?}");
    report.outcomes
}

/// The commands that a call runs on the machine and that change something.
fn commands(manager: &Manager, names: &[&str], options: &ApplyOptions) -> Vec<String> {
    let mut commands = Vec::new();
    let mut progress = |event: &zmgr::Event| {
        if let zmgr::EventKind::Command { argv } = &event.kind {
            commands.push(argv.join(" "));
        }
        true
    };
    let report = manager.apply(names, options, &mut RunOptions::new().progress(&mut progress)).unwrap();
    assert!(report.error().is_none(), "{report:#?}");
    commands
}

#[test]
fn apply_changes_what_differs_and_nothing_else() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    create(&manager, "web01");
    assert_eq!(apply(&manager, &[], &ApplyOptions::new())[0].action, "unchanged");
    zonecfg(&pretend, "web01", "add attr; set name=extra; set type=string; set value=x; end");
    edit(&manager, "templates/oi.kdl", |text| {
        text.replacen("autoboot", "bootargs \"-v\"\n    attr \"a\" \"1\"\n    autoboot", 1)
    });
    let plan = manager.plan_apply(&[], &ApplyOptions::new()).unwrap();
    let steps: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(steps, ["reconfigure", "applied"]);
    assert_eq!(
        plan.changes[0].steps[0].files[0].text,
        "set bootargs=\"-v\"\nadd attr\nset name=\"a\"\nset type=\"string\"\nset value=\"1\"\nend\n"
    );
    let plan = zmgr::Plan::from_json(&plan.to_json()).unwrap();
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(manager.run(&plan, &mut RunOptions::new()).is_err());
    let left = drift(&manager, "web01");
    assert_eq!(left.items.iter().map(|item| item.what.as_str()).collect::<Vec<_>>(), ["attr extra"]);
    assert_eq!(commands(&manager, &[], &ApplyOptions::new()), Vec::<String>::new());
    // What is no longer wished goes, and only where zmgr put it.
    edit(&manager, "templates/oi.kdl", |text| {
        text.replace("    attr \"a\" \"1\"\n", "").replace("    bootargs \"-v\"\n", "")
    });
    assert_eq!(commands(&manager, &[], &ApplyOptions::new()).len(), 1);
    assert_eq!(drift(&manager, "web01").items.len(), 1);
    assert_eq!(commands(&manager, &[], &ApplyOptions::new().prune(true)).len(), 1);
    assert!(manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn apply_builds_wishes_and_makes_what_is_missing() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let path = manager.root().join("zones/wish.kdl");
    let text = "// ours\nzone \"wish\" {\n    template \"oi\" // keep\n    attr \"a\" \"b\"\n}\n";
    fs::write(&path, text).unwrap();
    let plan = manager.plan_apply(&[], &ApplyOptions::new()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
    let built = fs::read_to_string(&path).unwrap();
    assert!(
        built.starts_with("// ours\n") && built.contains("// keep") && built.contains("state \"ready\""),
        "{built}"
    );
    assert!(manager.diff(&[]).unwrap().is_clean());
    // What fails is taken back to what the person wrote.
    let other = text.replace("wish", "other");
    fs::write(manager.root().join("zones/other.kdl"), &other).unwrap();
    let mut fault = zmgr::Fault::new("zoneadm");
    (fault.subcommand, fault.exit) = (Some("install".to_owned()), Some(1));
    pretend.host.fault(&fault).unwrap();
    let report = manager.apply(&["other"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(report.failures().count(), 1);
    pretend.host.clear_faults().unwrap();
    assert_eq!(fs::read_to_string(manager.root().join("zones/other.kdl")).unwrap(), other);
    assert_eq!(apply(&manager, &["other"], &ApplyOptions::new())[0].action, "created");

    // Somebody takes the zone away; it is built again only where that is asked for.
    for line in ["zoneadm -z wish halt", "zoneadm -z wish uninstall -F", "zonecfg -z wish delete -F"] {
        assert!(pretend.run(line).ends_with("=0"), "{line}");
    }
    let refused = manager.apply(&["wish"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(refused.outcomes[0].result.as_ref().unwrap_err().code(), Code::WrongState);
    let before = manager.zone("wish").unwrap();
    assert_eq!(apply(&manager, &["wish"], &ApplyOptions::new().recreate(true))[0].action, "recreated");
    let after = manager.zone("wish").unwrap();
    assert_eq!(after.nets, before.nets);
    assert_ne!(after.uuid, before.uuid);
    assert!(manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn a_net_more_and_a_net_less() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    create(&manager, "web01");
    fs::write(
        manager.root().join("pools/backend.kdl"),
        "pool \"backend\" { network \"10.2.0.0/24\"; stub \"stub0\"; vlan 7; }\n",
    )
    .unwrap();
    edit(&manager, "zones/web01.kdl", |text| {
        text.replacen("    net \"internal\"", "    net \"storage\" { pool \"backend\"; }\n    net \"internal\"", 1)
    });
    assert_eq!(drift(&manager, "web01").items[0].what, "net storage");
    let ran = commands(&manager, &["web01"], &ApplyOptions::new());
    assert_eq!(ran.len(), 2, "{ran:?}");
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
    let zone = manager.zone("web01").unwrap();
    let storage = zone.nets.iter().find(|net| net.name == "storage").unwrap();
    let vnic = storage.vnic.clone().unwrap();
    assert!(storage.managed && storage.addresses[0].address.to_string().starts_with("10.2.0."));
    let path = manager.root().join("zones/web01.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let (start, applied) = text.split_once("    applied {").unwrap();
    let at = start.find("    net \"storage\"").unwrap();
    let end = start.find("    net \"internal\"").unwrap();
    let start = if at < end { start[..at].to_owned() + &start[end..] } else { start[..at].to_owned() };
    fs::write(&path, format!("{start}    applied {{{applied}")).unwrap();
    let ran = commands(&manager, &["web01"], &ApplyOptions::new());
    assert!(ran.iter().any(|line| line.ends_with(&format!("delete-vnic {vnic}"))), "{ran:?}");
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
    assert_eq!(commands(&manager, &[], &ApplyOptions::new()), Vec::<String>::new());
}

#[test]
fn two_hundred_zones_after_one_edit_in_the_template() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    for n in 0..200 {
        let inner =
            format!("<network physical=\"v{n}\" allowed-address=\"10.1.0.{}/24\" defrouter=\"10.1.0.1\"/>", n + 10);
        let text = document(&format!("z{n:03}"), "brand=\"nlipkg\" autoboot=\"true\" ip-type=\"exclusive\"", &inner);
        plant(&pretend, &format!("z{n:03}"), "configured", Some(&text));
    }
    let made = manager.import(&[], &ImportOptions::new().template("oi"), &mut RunOptions::new()).unwrap();
    assert_eq!(made.zones().count(), 200);
    zonecfg(&pretend, "z007", "add attr; set name=foreign; set type=string; set value=x; end");
    edit(&manager, "templates/oi.kdl", |text| text.replacen("autoboot", "cpu-shares 30\n    autoboot", 1));
    let ran = commands(&manager, &[], &ApplyOptions::new());
    assert_eq!(ran.len(), 200, "{:?}", &ran[..3]);
    assert!(ran.iter().all(|line| line.contains("zonecfg -z z") && line.contains(" -f ")));
    assert_eq!(commands(&manager, &[], &ApplyOptions::new()), Vec::<String>::new());
    assert_eq!(drift(&manager, "z007").items[0].what, "attr foreign");
}

#[test]
fn a_running_zone_is_rebooted_only_where_asked() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new().boot(true), &mut RunOptions::new()).unwrap();
    edit(&manager, "templates/oi.kdl", |text| text.replacen("autoboot", "bootargs \"-v\"\n    autoboot", 1));
    let plan = manager.plan_apply(&[], &ApplyOptions::new().reboot(true)).unwrap();
    assert_eq!(plan.changes[0].steps.last().unwrap().id, "reboot");
    let outcomes = apply(&manager, &[], &ApplyOptions::new());
    assert!(outcomes[0].notes[0].contains("next reboot"), "{:?}", outcomes[0].notes);
    edit(&manager, "templates/oi.kdl", |text| text.replace("\"-v\"", "\"-s\""));
    let ran = commands(&manager, &[], &ApplyOptions::new().reboot(true));
    assert!(ran.iter().any(|line| line.ends_with("shutdown -r")), "{ran:?}");
}

#[test]
fn single_settings_are_set_in_the_file_alone() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    create(&manager, "web01");
    edit(&manager, "zones/web01.kdl", |text| format!("// mine\n{text}"));
    let zone = manager
        .set(
            "web01",
            &[("attr.owner", "alice"), ("tags", "web,prod"), ("capped-memory.physical", "2G")],
            &mut RunOptions::new(),
        )
        .unwrap();
    assert_eq!((zone.attrs["owner"].as_str(), zone.tags.len()), ("alice", 2));
    let text = fs::read_to_string(manager.root().join("zones/web01.kdl")).unwrap();
    assert!(text.starts_with("// mine\n") && text.contains("attr \"owner\" \"alice\""), "{text}");
    assert_eq!(drift(&manager, "web01").items.len(), 2);
    assert_eq!(commands(&manager, &["web01"], &ApplyOptions::new()).len(), 1);
    assert!(manager.diff(&[]).unwrap().is_clean());
    manager.set("web01", &[("attr.owner", ""), ("capped-memory.physical", "")], &mut RunOptions::new()).unwrap();
    assert_eq!(commands(&manager, &["web01"], &ApplyOptions::new()).len(), 1);
    for (key, value) in
        [("nonsense", "1"), ("autoboot", "maybe"), ("cpu-shares", "x"), ("attr.a_b", "c"), ("hostid", "zz")]
    {
        assert!(manager.set("web01", &[(key, value)], &mut RunOptions::new()).is_err(), "{key}");
    }
}
