//! Differences between files and host, and applying the files.

use std::fs;

use zmgr::{
    ApplyOptions, Code, CreateOptions, Dialect, DriftCause, DriftStatus, HaltOptions, ImportOptions, Manager, Query,
    QueryHost, RunOptions, ZoneDrift, ZoneStatus,
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
fn a_difference_is_reported_with_three_sides_and_its_line() {
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
    assert_eq!((bootargs.cause, bootargs.desired.as_deref(), &bootargs.host), (DriftCause::Files, Some("-v"), &None));
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
    fs::write(manager.root().join("zones/unbuilt.kdl"), "zone \"unbuilt\" { template \"oi\"; }\n").unwrap();
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
            ("unbuilt", DriftStatus::NotBuilt),
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
    assert_eq!(apply(&manager, &[], &ApplyOptions::new())[0].action, zmgr::Action::Unchanged);
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
    // Settings that are no longer desired are removed, but only if zmgr set them.
    edit(&manager, "templates/oi.kdl", |text| {
        text.replace("    attr \"a\" \"1\"\n", "").replace("    bootargs \"-v\"\n", "")
    });
    assert_eq!(commands(&manager, &[], &ApplyOptions::new()).len(), 1);
    assert_eq!(drift(&manager, "web01").items.len(), 1);
    assert_eq!(commands(&manager, &[], &ApplyOptions::new().prune(true)).len(), 1);
    assert!(manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn apply_creates_zones_and_what_is_missing() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let path = manager.root().join("zones/unbuilt.kdl");
    let text = "// ours\nzone \"unbuilt\" {\n    template \"oi\" // keep\n    attr \"a\" \"b\"\n}\n";
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
    // A failed change is undone to what the person wrote.
    let other = text.replace("unbuilt", "other");
    fs::write(manager.root().join("zones/other.kdl"), &other).unwrap();
    let mut fault = zmgr::Fault::new("zoneadm");
    (fault.subcommand, fault.exit) = (Some("install".to_owned()), Some(1));
    pretend.host.fault(&fault).unwrap();
    let report = manager.apply(&["other"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(report.failures().count(), 1);
    pretend.host.clear_faults().unwrap();
    assert_eq!(fs::read_to_string(manager.root().join("zones/other.kdl")).unwrap(), other);
    assert_eq!(apply(&manager, &["other"], &ApplyOptions::new())[0].action, zmgr::Action::Created);

    // The zone is removed outside zmgr; it is created again only on request.
    for line in ["zoneadm -z unbuilt halt", "zoneadm -z unbuilt uninstall -F", "zonecfg -z unbuilt delete -F"] {
        assert!(pretend.run(line).ends_with("=0"), "{line}");
    }
    let refused = manager.apply(&["unbuilt"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(refused.outcomes[0].result.as_ref().unwrap_err().code(), Code::WrongState);
    let before = manager.zone("unbuilt").unwrap();
    assert_eq!(apply(&manager, &["unbuilt"], &ApplyOptions::new().recreate(true))[0].action, zmgr::Action::Recreated);
    let after = manager.zone("unbuilt").unwrap();
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

/// A zone on pool `lan`, over net0, and its VNIC.
fn on_the_lan(manager: &Manager, boot: bool) -> String {
    let put = |path: &str, text: &str| fs::write(manager.root().join(path), text).unwrap();
    put("pools/lan.kdl", "pool \"lan\" { network \"10.5.0.0/24\"; stub \"net0\"; vlan 20; mtu 1400; }\n");
    put(
        "templates/lan.kdl",
        "template \"lan\" { extends \"oi\"; without \"net\"; net \"lan\" { pool \"lan\"; link-property \"maxbw\" \"100M\"; }; }\n",
    );
    let zone =
        manager.create("web01", &CreateOptions::new().template("lan").boot(boot), &mut RunOptions::new()).unwrap();
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
    zone.nets[0].vnic.clone().unwrap()
}

/// The arguments of the commands, without the paths of the programs.
fn short(commands: &[String]) -> Vec<String> {
    let short = |line: &String| {
        let (program, rest) = line.split_once(' ').unwrap_or((line, ""));
        format!("{} {rest}", program.rsplit('/').next().unwrap())
    };
    commands.iter().map(short).filter(|line| !line.contains(" publisher -H")).collect()
}

#[test]
fn links_are_changed_by_the_smallest_commands() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let vnic = on_the_lan(&manager, false);
    let shown = pretend.run(&format!("dladm show-linkprop -c -o value -p maxbw {vnic}"));
    assert_eq!(shown, "  100\n=0");
    let mac = manager.zone("web01").unwrap().nets[0].mac.clone().unwrap();
    pretend.run("dladm create-etherstub stub1");
    let both = |from: &str, to: &str| {
        edit(&manager, "zones/web01.kdl", |text| {
            let (own, applied) = text.split_once("    applied {").unwrap();
            format!("{}    applied {{{applied}", own.replacen(from, to, 1))
        });
        let drift = drift(&manager, "web01");
        assert_eq!(drift.items.len(), 1, "{drift:#?}");
        assert_eq!(drift.items[0].cause, DriftCause::Files, "{drift:#?}");
        let ran = short(&commands(&manager, &["web01"], &ApplyOptions::new()));
        assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
        assert_eq!(commands(&manager, &[], &ApplyOptions::new()), [""; 0]);
        ran
    };
    assert_eq!(both("mtu 1400", "mtu 1300"), [format!("dladm set-linkprop -p mtu=1300 {vnic}")]);
    assert_eq!(both("\"100M\"", "\"1500M\""), [format!("dladm set-linkprop -p maxbw=1500M {vnic}")]);
    assert_eq!(both("link-property \"maxbw\" \"1500M\"", ""), [format!("dladm reset-linkprop -p maxbw {vnic}")]);
    assert_eq!(
        both("vlan 20", "vlan 30"),
        [
            format!("dladm delete-vnic {vnic}"),
            format!("dladm create-vnic -l net0 -m {mac} -v 30 {vnic}"),
            format!("dladm set-linkprop -p mtu=1300 {vnic}")
        ]
    );
    assert_eq!(
        both("stub \"net0\"", "stub \"stub1\""),
        [
            format!("dladm delete-vnic {vnic}"),
            format!("dladm create-vnic -l stub1 -m {mac} -v 30 {vnic}"),
            format!("dladm set-linkprop -p mtu=1300 {vnic}")
        ]
    );
    assert_eq!(both("mtu 1300", ""), [format!("dladm reset-linkprop -p mtu {vnic}")]);
}

#[test]
fn a_link_property_that_cannot_be_read_hides_no_other() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let vnic = on_the_lan(&manager, false);
    // dladm prints the properties that it can read, and exits with 1.
    let mut fault = zmgr::Fault::new("dladm");
    fault.subcommand = Some("show-linkprop".into());
    fault.exit = Some(1);
    fault.stdout = Some(format!("{vnic}:maxbw:  300\n{vnic}:mtu:1400\n"));
    fault.stderr = Some("dladm: warning: cannot get link property 'zone' on 'net0': operation not supported\n".into());
    pretend.host.fault(&fault).unwrap();
    let found = drift(&manager, "web01");
    assert_eq!(found.items.len(), 1, "{found:#?}");
    assert_eq!(found.items[0].what, format!("vnic {vnic} maxbw"));
    assert_eq!(found.items[0].host.as_deref(), Some("300"));
}

#[test]
fn a_link_in_use_waits_for_its_zone_to_be_down() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let vnic = on_the_lan(&manager, true);
    edit(&manager, "zones/web01.kdl", |text| {
        let text = text.replacen("vlan 20", "vlan 30", 1).replacen("\"100M\"", "\"200M\"", 1);
        text.replacen("mtu 1400", "mtu 1300", 1)
    });
    // Changes that a running zone can take are made at once.
    let mut ran = Vec::new();
    let mut progress = |event: &zmgr::Event| {
        if let zmgr::EventKind::Command { argv } = &event.kind {
            ran.push(argv.join(" "));
        }
        true
    };
    let mut run = RunOptions::new().progress(&mut progress);
    let outcome = manager.apply(&[], &ApplyOptions::new(), &mut run).unwrap().outcomes.remove(0);
    assert!(outcome.notes.iter().any(|note| note.contains("VLAN 30 instead of VLAN 20")), "{:?}", outcome.notes);
    assert_eq!(short(&ran), [""; 0], "a VNIC that is created again gets everything at once");
    assert_eq!(drift(&manager, "web01").items[0].cause, DriftCause::Files);
    let plan = manager.plan_apply(&[], &ApplyOptions::new().reboot(true)).unwrap();
    let steps: Vec<&str> = plan.changes[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(steps, ["reserve", "applied", "shutdown", "unlink:lan", "vnic:lan", "link:lan:mtu", "boot"]);
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
    assert_eq!(pretend.run(&format!("dladm show-vnic -p -o over,vid {vnic}")), "net0:30\n=0");
    let running = Query::new().query_host(QueryHost::Required);
    assert_eq!(manager.zones(&running).unwrap()[0].status, Some(ZoneStatus::Running));
    // A property alone is taken while it runs.
    edit(&manager, "zones/web01.kdl", |text| text.replacen("\"200M\"", "\"300M\"", 1));
    let ran = commands(&manager, &[], &ApplyOptions::new());
    assert_eq!(short(&ran), [format!("dladm set-linkprop -p maxbw=300M {vnic}")]);
    assert!(manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn a_property_that_creation_only_records_is_active_at_once() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    fs::write(
        manager.root().join("templates/tagged.kdl"),
        "template \"tagged\" { extends \"oi\"; without \"net\"; net \"a\" { \
         pool \"small\"; link-property \"tagmode\" \"normal\"; link-property \"maxbw\" \"100M\"; }; }\n",
    )
    .unwrap();
    let pool = "pool \"small\" { network \"10.6.0.0/24\"; stub \"stub0\"; mtu 1400; }\n";
    fs::write(manager.root().join("pools/small.kdl"), pool).unwrap();
    let options = CreateOptions::new().template("tagged").boot(false);
    let plan = manager.plan_create(&["web01"], &options).unwrap();
    let steps: Vec<String> = plan.changes[0].steps.iter().map(|step| step.argv.join(" ")).collect();
    assert!(steps[0].ends_with("-p maxbw=100M web01_0"), "{steps:?}");
    manager.run(&plan, &mut RunOptions::new()).unwrap().into_result().unwrap();
    for words in ["", "-P "] {
        let shown = pretend.run(&format!("dladm show-linkprop {words}-c -o value -p mtu,tagmode web01_0"));
        assert_eq!(shown, "1400\nnormal\n=0", "{words}");
    }
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
}

#[test]
fn a_link_on_loan_to_a_zone_is_not_made_a_second_time() {
    let pretend = sim_machine::with_zones(&["other"]);
    let manager = manager(&pretend);
    assert_eq!(pretend.run("zoneadm -z other boot"), "=0");
    let mut lent = false;
    // Another program takes the name when the plan has been made.
    let mut progress = |event: &zmgr::Event| {
        if event.step == "vnic:internal" && !lent {
            lent = true;
            assert_eq!(pretend.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 web01_0"), "=0");
            assert_eq!(pretend.run("dladm set-linkprop -t -p zone=other web01_0"), "=0");
        }
        true
    };
    let options = CreateOptions::new().template("oi").boot(false);
    let error = manager.create("web01", &options, &mut RunOptions::new().progress(&mut progress)).unwrap_err();
    assert!(format!("{error:?}").contains("2:8:20:1:2:3"), "{error:?}");
    assert!(pretend.run("dladm show-vnic -p -o macaddress web01_0").starts_with("2:8:20:1:2:3"));
    assert_eq!(pretend.run("dladm show-linkprop -c -o value -p zone web01_0"), "other\n=0");
}

#[test]
fn a_link_that_zmgr_did_not_make_is_left_alone() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let vnic = on_the_lan(&manager, false);
    pretend.run(&format!("dladm delete-vnic {vnic}"));
    pretend.run(&format!("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 {vnic}"));
    let outcomes = apply(&manager, &[], &ApplyOptions::new());
    assert_eq!(outcomes[0].action, zmgr::Action::Unchanged);
    assert!(outcomes[0].notes[0].contains("left alone"), "{:?}", outcomes[0].notes);
    assert!(pretend.run(&format!("dladm show-vnic -p -o macaddress {vnic}")).starts_with("2:8:20:1:2:3"));
    assert_eq!(drift(&manager, "web01").status, DriftStatus::Differs);
}

#[test]
fn what_no_link_can_have_is_refused() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    for (body, said) in [
        ("pool \"internal\"; link-property \"mtu\" \"1400\"", "a node of its own"),
        ("pool \"internal\"; link-property \"allowed-ips\" \"10.0.0.1\"", "the zone's boot sets it"),
        ("pool \"internal\"; link-property \"maxbw\" \"1 G\"", "is not a text"),
        ("physical \"net0\"; address \"none\"; link-property \"maxbw\" \"1G\"", "physical link"),
    ] {
        let text = format!("template \"t\" {{ brand \"nlipkg\"; net \"a\" {{ {body}; }}; }}\n");
        fs::write(manager.root().join("templates/t.kdl"), text).unwrap();
        let error = manager.plan_create(&["z"], &CreateOptions::new().template("t")).unwrap_err();
        assert!(format!("{error:?}").contains(said), "{body}: {error:?}");
    }
}

#[test]
fn publishers_follow_the_files() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let put = |path: &str, text: &str| fs::write(manager.root().join(path), text).unwrap();
    for name in ["a", "b", "c"] {
        let entire = if name == "a" { " entire=#true" } else { "" };
        put(
            &format!("publishers/{name}.kdl"),
            &format!("publisher \"{name}\"{entire} {{ origin \"https://{name}.example/\"; }}\n"),
        );
    }
    let install = |names: &str| {
        put("templates/p.kdl", &format!("template \"p\" {{ extends \"oi\"; install {{ publisher {names}; }}; }}\n"))
    };
    install("\"a\" \"b\"");
    manager.create("web01", &CreateOptions::new().template("p").boot(false), &mut RunOptions::new()).unwrap();
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
    let image = "/zones/web01/root";
    let names = || {
        let text = pretend.run(&format!("pkg -R {image} publisher -H -F tsv"));
        let mut names: Vec<String> = text
            .lines()
            .filter(|line| !line.starts_with('='))
            .map(|line| line.split('\t').next().unwrap().to_owned())
            .collect();
        names.dedup();
        names.join(" ")
    };
    // The order, and one more.
    install("\"b\" \"c\" \"a\"");
    let items = drift(&manager, "web01").items;
    assert_eq!(
        (items.len(), items[0].what.as_str(), items[0].cause),
        (1, "publisher c", DriftCause::Files),
        "{items:#?}"
    );
    apply(&manager, &[], &ApplyOptions::new());
    assert_eq!(names(), "b c a");
    assert!(manager.diff(&[]).unwrap().is_clean());
    assert_eq!(commands(&manager, &[], &ApplyOptions::new()), [""; 0]);
    // One less; what others added to the image stays.
    assert!(pretend.run(&format!("pkg -R {image} set-publisher --no-refresh -g https://x.example/ x")).ends_with("=0"));
    install("\"b\" \"c\"");
    let ran = short(&commands(&manager, &[], &ApplyOptions::new()));
    assert_eq!(ran, [format!("pkg -R {image} unset-publisher a")]);
    assert_eq!(names(), "b c x");
    let items = drift(&manager, "web01").items;
    assert_eq!((items.len(), items[0].what.as_str(), items[0].cause), (1, "publisher x", DriftCause::Foreign));
    commands(&manager, &[], &ApplyOptions::new().prune(true));
    assert_eq!(names(), "b c");
    // One is disabled and another changed outside zmgr.
    pretend.run(&format!("pkg -R {image} set-publisher --disable b"));
    pretend.run(&format!("pkg -R {image} set-publisher --no-refresh --non-sticky -G * -g https://other.example/ c"));
    let whats: Vec<String> = drift(&manager, "web01").items.into_iter().map(|item| item.what).collect();
    assert_eq!(whats, ["publisher b enabled", "publisher c origin", "publisher c sticky"]);
    apply(&manager, &[], &ApplyOptions::new());
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
    // An origin that is disabled is not in use, although its publisher is enabled.
    pretend.run(&format!("pkg -R {image} set-publisher --no-refresh --disable -g * c"));
    let whats: Vec<String> = drift(&manager, "web01").items.into_iter().map(|item| item.what).collect();
    assert_eq!(whats, ["publisher c origin"]);
    apply(&manager, &[], &ApplyOptions::new());
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
}

#[test]
fn one_bad_zone_keeps_no_other_from_being_applied() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    for zone in ["a", "b", "c", "gone", "torn"] {
        create(&manager, zone);
    }
    let put = |path: &str, text: &str| fs::write(manager.root().join(path), text).unwrap();
    for line in ["zoneadm -z gone uninstall -F", "zonecfg -z gone delete -F"] {
        assert!(pretend.run(line).ends_with("=0"));
    }
    put("templates/broken.kdl", "template \"broken\" { nonsense; }\n");
    put("zones/torn.kdl", "zone \"torn\" {");
    put("zones/lost.kdl", "zone \"lost\" { template \"nosuch\"; }\n");
    put("zones/sick.kdl", "zone \"sick\" { template \"broken\"; }\n");
    put("zones/full.kdl", "zone \"full\" { template \"oi\"; limitpriv \"zone\"; brand \"lipkg\"; }\n");
    put("zones/unbuilt.kdl", "zone \"unbuilt\" { template \"oi\"; }\n");
    edit(&manager, "templates/oi.kdl", |text| text.replacen("autoboot", "cpu-shares 30\n    autoboot", 1));
    let options = ApplyOptions::new();
    let plan = manager.plan_apply(&[], &options).unwrap();
    let said: Vec<(&str, bool)> =
        plan.changes.iter().map(|change| (change.zone.as_str(), change.steps.is_empty())).collect();
    assert_eq!(
        said,
        [
            ("a", false),
            ("b", false),
            ("c", false),
            ("full", true),
            ("gone", true),
            ("lost", true),
            ("sick", true),
            ("torn", true),
            ("unbuilt", false)
        ]
    );
    assert!(
        plan.changes
            .iter()
            .all(|change| change.steps.is_empty() == change.notes.iter().any(|note| note.starts_with("left alone")))
    );
    assert!(manager.plan_apply(&["lost"], &options).is_err());
    let report = manager.apply(&[], &options, &mut RunOptions::new().jobs(4)).unwrap();
    let failed: Vec<&str> = report.failures().map(|(name, _)| name).collect();
    assert_eq!(failed, ["full", "gone", "lost", "sick", "torn"]);
    assert_eq!(report.error().unwrap().code(), Code::Partial);
    let done = |zone: &str| report.outcomes.iter().find(|outcome| outcome.name == zone).unwrap().action.as_str();
    assert_eq!((done("a"), done("unbuilt")), ("applied", "created"));
    // A plan that leaves some alone can be run.
    edit(&manager, "templates/oi.kdl", |text| text.replacen("cpu-shares 30", "cpu-shares 31", 1));
    let plan = manager.plan_apply(&[], &options).unwrap();
    let report = manager.run(&plan, &mut RunOptions::new()).unwrap();
    assert!(report.error().is_none(), "{report:#?}");
    assert_eq!(drift(&manager, "b").status, DriftStatus::Clean);
}

/// Each key that `set` knows, with a value, what the file says then, and a value that is refused.
const KEYS: &[(&str, &str, &str, &str)] = &[
    ("attr.owner", "alice b", "attr \"owner\" \"alice b\"", "say \"hi\""),
    ("autoboot", "false", "autoboot #false", "maybe"),
    ("protected", "true", "protected #true", "1"),
    ("tags", "web, prod", "tag \"web\" \"prod\"", ""),
    ("bootargs", "-m verbose", "bootargs \"-m verbose\"", "a\nb"),
    ("hostid", "0a0b0c", "hostid \"0a0b0c\"", "zz"),
    ("limitpriv", "default,dtrace_user", "limitpriv \"default,dtrace_user\"", "a\"b"),
    ("scheduling-class", "FSS", "scheduling-class \"FSS\"", "a\"b"),
    ("fs-allowed", "ufs,pcfs", "fs-allowed \"ufs\" \"pcfs\"", "u fs"),
    ("resource-pool", "p1", "resource-pool \"p1\"", "SUNWp"),
    ("dns-domain", "example.org", "dns-domain \"example.org\"", "a b"),
    ("resolvers", "9.9.9.9, 2620:fe::fe", "resolver \"2620:fe::fe\"", "9.9.9"),
    ("cpu-shares", "20", "cpu-shares 20", "x"),
    ("capped-cpu", "1.5", "capped-cpu ncpus=\"1.5\"", "0"),
    ("capped-memory.physical", "2G", "capped-memory physical=\"2G\"", "2GB"),
    ("capped-memory.swap", "4G", "swap=\"4G\"", "1M"),
    ("capped-memory.locked", "1G", "locked=\"1G\"", "9G"),
    ("max-lwps", "2000", "max-lwps 2000", "50"),
    ("max-processes", "1000", "max-processes 1000", "-1"),
    ("max-shm-memory", "1G", "max-shm-memory \"1G\"", "lots"),
    ("max-shm-ids", "11", "max-shm-ids 11", "1.5"),
    ("max-msg-ids", "12", "max-msg-ids 12", "x"),
    ("max-sem-ids", "13", "max-sem-ids 13", "x"),
];

#[test]
fn every_key_of_set_reaches_the_host_and_goes_again() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    create(&manager, "web01");
    let set = |pairs: &[(&str, &str)]| manager.set("web01", pairs, &mut RunOptions::new());
    let own = || {
        let text = fs::read_to_string(manager.root().join("zones/web01.kdl")).unwrap();
        text.split("    applied {").next().unwrap().to_owned()
    };
    let error = set(&[("nonsense", "1")]).unwrap_err();
    let known: Vec<&str> = error.help().unwrap().split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
    for (key, ..) in KEYS {
        let listed = if key.starts_with("attr.") { "attr.NAME" } else { *key };
        assert!(known.contains(&listed), "{key} in {known:?}");
    }
    assert_eq!(known.iter().filter(|word| KEYS.iter().any(|(key, ..)| key == *word)).count(), KEYS.len() - 1);
    let before = own();
    for (key, value, line, bad) in KEYS {
        assert!(
            bad.is_empty()
                || set(&[(key, bad)]).is_err()
                || manager.plan_apply(&["web01"], &ApplyOptions::new()).is_err(),
            "{key}={bad}"
        );
        set(&[(key, "")]).unwrap();
        set(&[(key, value)]).unwrap();
        assert!(own().contains(line), "{key}: {}", own());
    }
    apply(&manager, &["web01"], &ApplyOptions::new());
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
    let document = fs::read_to_string(pretend.dir.path().join("etc/zones/web01.xml")).unwrap();
    for part in ["alice b", "-m verbose", "ufs,pcfs", "zone.cpu-cap", "limit=\"150\"", "zone.max-sem-ids", "physcap"] {
        assert!(document.contains(part), "{part}: {document}");
    }
    let none: Vec<(&str, &str)> = KEYS.iter().map(|(key, ..)| (*key, "")).collect();
    set(&none).unwrap();
    assert_eq!(own(), before);
    apply(&manager, &["web01"], &ApplyOptions::new());
    assert!(manager.diff(&[]).unwrap().is_clean(), "{}", manager.diff(&[]).unwrap());
    let document = fs::read_to_string(pretend.dir.path().join("etc/zones/web01.xml")).unwrap();
    assert!(!document.contains("rctl") && !document.contains("attr name"), "{document}");
}

#[test]
fn a_clone_that_believes_it_has_booted_before_gets_its_addresses() {
    for dialect in [Dialect::OpenIndiana, Dialect::OmniOs] {
        let pretend = sim_machine::new(dialect);
        let manager = manager(&pretend);
        let template = if dialect == Dialect::OmniOs { "omnios" } else { "oi" };
        let options = || CreateOptions::new().template(template).boot(true);
        let text = "template \"omnios\" { brand \"ipkg\"; net \"internal\" { pool \"internal\"; }; }\n";
        fs::write(manager.root().join("templates/omnios.kdl"), text).unwrap();
        manager.create("golden", &options(), &mut RunOptions::new()).unwrap();
        manager.halt(&["golden"], &HaltOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
        let clone = manager.create("copy", &options().clone_from("golden"), &mut RunOptions::new()).unwrap();
        let shown = pretend.argv(&["zlogin", "copy", "ipadm", "show-addr", "-p", "-o", "type,addr"], "");
        let address = clone.nets[0].addresses[0].address;
        assert!(shown.contains(&format!("from-gz:{address}")), "{dialect:?}: {shown}");
        assert!(!fs::read_to_string(manager.root().join("zones/copy.kdl")).unwrap().contains("take-up"));
    }
}

#[test]
fn a_running_zone_takes_a_new_link_up_once_it_has_booted_with_it() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    fs::write(
        manager.root().join("pools/backend.kdl"),
        "pool \"backend\" { network \"10.2.0.0/24\"; stub \"stub0\"; }\n",
    )
    .unwrap();
    let interfaces = |zone: &str| pretend.argv(&["zlogin", zone, "ipadm", "show-if", "-p", "-o", "ifname"], "");
    for (zone, how) in [("a", "apply --reboot"), ("b", "reboot"), ("c", "by hand"), ("d", "boot")] {
        manager.create(zone, &CreateOptions::new().boot(true), &mut RunOptions::new()).unwrap();
        edit(&manager, &format!("zones/{zone}.kdl"), |text| {
            text.replacen("    net \"internal\"", "    net \"storage\" { pool \"backend\"; }\n    net \"internal\"", 1)
        });
        let create = format!("zlogin {zone} ipadm create-if");
        let ran = short(&commands(&manager, &[zone], &ApplyOptions::new().reboot(how == "apply --reboot")));
        assert_eq!(ran.iter().filter(|line| line.starts_with(&create)).count(), usize::from(zone == "a"), "{ran:?}");
        let again = || short(&commands(&manager, &[zone], &ApplyOptions::new()));
        match how {
            "apply --reboot" => {}
            "reboot" => {
                assert_eq!(again(), [""; 0], "it has not booted with it");
                manager.reboot(&[zone], &HaltOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
            }
            "by hand" => {
                assert!(pretend.run(&format!("zoneadm -z {zone} reboot")).ends_with("=0"));
                let ran = again();
                assert!(ran[0].starts_with(&create), "{ran:?}");
            }
            _ => {
                manager.halt(&[zone], &HaltOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
                assert_eq!(again(), [""; 0]);
                manager.boot(&[zone], &mut RunOptions::new()).unwrap().into_result().unwrap();
            }
        }
        assert!(
            interfaces(zone).lines().filter(|line| line.ends_with("_0")).count() == 2,
            "{how}: {}",
            interfaces(zone)
        );
        // An interface made in a running zone has no address until it is enabled again.
        let addresses = pretend.argv(&["zlogin", zone, "ipadm", "show-addr", "-p", "-o", "type"], "");
        assert_eq!(addresses.lines().filter(|line| *line == "from-gz").count(), 2, "{how}: {addresses}");
        assert_eq!(again(), [""; 0], "{how}");
        assert!(!fs::read_to_string(manager.root().join(format!("zones/{zone}.kdl"))).unwrap().contains("take-up"));
        assert!(manager.diff(&[zone]).unwrap().is_clean());
    }
}

#[test]
fn one_line_of_a_template_is_one_difference_of_all_its_zones() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    for n in 1..=4 {
        create(&manager, &format!("web0{n}"));
    }
    edit(&manager, "templates/oi.kdl", |text| {
        text.replacen("autoboot", "capped-memory physical=\"1G\" swap=\"2G\"\n    autoboot", 1)
    });
    manager.set("web04", &[("cpu-shares", "20")], &mut RunOptions::new()).unwrap();
    let groups = manager.diff(&[]).unwrap().groups();
    let mut said: Vec<String> =
        groups.iter().map(|group| group.to_string().split(" (").next().unwrap().to_owned()).collect();
    said.sort();
    assert_eq!(
        said,
        [
            "4 zones: capped-memory.physical unset → 1G",
            "4 zones: capped-memory.swap unset → 2G",
            "web04: cpu-shares unset → 20",
        ]
    );
    assert!(groups.iter().any(|group| group.source.to_string().contains("templates/oi.kdl:")), "{groups:?}");
    apply(&manager, &[], &ApplyOptions::new());
    zonecfg(&pretend, "web02", "set cpu-shares=7");
    let group = manager.diff(&[]).unwrap().groups().remove(0).to_string();
    assert!(group.starts_with("web02: cpu-shares 7 is on the host and not in the files"), "{group}");
}
