//! What differs between files and host, and bringing the host to the files.

use std::fs;

use zmgr::{CreateOptions, Dialect, DriftCause, DriftStatus, ImportOptions, Manager, RunOptions, ZoneDrift};

use crate::import::{configure, manager};
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
