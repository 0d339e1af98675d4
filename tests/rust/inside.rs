//! Addresses that a zone gets by itself: `address "dhcp"`, `address "slaac"`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zmgr::{ApplyOptions, Code, CreateOptions, Dialect, Fault, HaltOptions, ReinstallOptions, RunOptions};

use crate::fixture::{self, Fixture, slug};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

/// A host whose template has one net over this link, with these addresses.
fn host(stub: &str, addresses: &str) -> Fixture {
    let fixture = fixture::new();
    let pool = format!("pool \"lan\" {{\n    network \"198.18.0.0/16\"\n    stub {stub:?}\n}}\n");
    fs::write(fixture.file("pools/lan.kdl"), pool).unwrap();
    template(&fixture, addresses);
    fixture
}

fn template(fixture: &Fixture, addresses: &str) {
    let text = format!(
        "template \"lan\" {{\n    brand \"nlipkg\"\n    net \"lan\" {{\n        pool \"lan\"\n        {addresses}\n    }}\n}}\n"
    );
    fs::write(fixture.file("templates/lan.kdl"), text).unwrap();
}

fn options() -> CreateOptions {
    CreateOptions::new().template("lan").boot(true)
}

const BOTH: &str = "address \"dhcp\"; address \"slaac\"";

/// Address objects of the zone's link, with type, state and address.
fn objects(fixture: &Fixture) -> Vec<String> {
    let text = fixture.machine.run("zlogin web01 ipadm show-addr -p -o addrobj,type,state,addr");
    text.lines().filter(|line| line.starts_with("web01_0/")).map(str::to_owned).collect()
}

/// Changes the address of the zone's own net, not the one that is recorded as applied.
fn change(fixture: &Fixture, address: &str) {
    let text = entry(fixture);
    assert!(text.contains("address \"dhcp\""), "{text}");
    fs::write(fixture.entry("web01"), text.replacen("address \"dhcp\"", address, 1)).unwrap();
}

fn entry(fixture: &Fixture) -> String {
    fs::read_to_string(fixture.entry("web01")).unwrap()
}

#[test]
fn a_zone_gets_its_addresses_by_itself_and_keeps_getting_them() {
    let fixture = host("net0", BOTH);
    let plan = fixture.manager.plan_create(&["web01"], &options()).unwrap();
    let shown = plan.to_string();
    for command in ["ipadm create-addr -T dhcp -w 30 web01_0/dhcp", "ipadm create-addr -T addrconf web01_0/slaac"] {
        assert!(shown.contains(command), "{shown}");
    }
    let report = fixture.manager.create_all(&["web01"], &options(), &mut run()).unwrap();
    assert_eq!(report.outcomes[0].notes, [""; 0]);
    let found = objects(&fixture);
    assert!(found[0].starts_with("web01_0/dhcp:dhcp:ok:198.18."), "{found:?}");
    assert!(found[1].starts_with("web01_0/slaac:addrconf:ok:fe80"), "{found:?}");
    let document = fs::read_to_string(fixture.dir().join("etc/zones/web01.xml")).unwrap();
    assert!(document.contains("web01_0") && !document.contains("allowed-address"), "{document}");
    let text = entry(&fixture);
    assert!(text.contains("format 3\n") && text.contains("address \"dhcp\"") && !text.contains("take-up"), "{text}");
    assert!(fixture.manager.diff(&[]).unwrap().is_clean());
    let report = fixture.manager.reboot(&["web01"], &HaltOptions::new(), &mut run()).unwrap();
    assert_eq!(report.outcomes[0].notes, [""; 0]);
    assert_eq!(objects(&fixture), found);
    // A reinstallation loses what the zone remembers.
    fixture.manager.reinstall("web01", &ReinstallOptions::new().boot(true), &mut run()).unwrap();
    assert_eq!(objects(&fixture), found);
}

#[test]
fn a_server_that_does_not_answer_is_reported_and_nothing_fails() {
    let fixture = host("stub0", "address \"dhcp\"");
    let report = fixture.manager.create_all(&["web01"], &options(), &mut run()).unwrap();
    let notes = &report.outcomes[0].notes;
    assert!(report.error().is_none() && notes.len() == 1, "{report:?}");
    assert!(notes[0].starts_with("web01 is running, but these addresses are not up: web01_0/dhcp"), "{notes:?}");
    assert_eq!(objects(&fixture), ["web01_0/dhcp:dhcp:ok:?"]);
    assert!(!entry(&fixture).contains("take-up"), "the zone keeps asking by itself");
}

#[test]
fn what_changes_in_a_running_zone_changes_at_once() {
    let fixture = host("net0", "address \"dhcp\"");
    fixture.manager.create("web01", &options(), &mut run()).unwrap();
    change(&fixture, "address \"slaac\"");
    let apply = || fixture.manager.apply(&["web01"], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    let plan = fixture.manager.plan_apply(&["web01"], &ApplyOptions::new()).unwrap().to_string();
    for command in ["delete-addr web01_0/dhcp", "create-addr -T addrconf web01_0/slaac"] {
        assert!(plan.contains(command), "{plan}");
    }
    apply();
    assert!(objects(&fixture).iter().all(|object| object.starts_with("web01_0/slaac:")), "{:?}", objects(&fixture));
    assert!(fixture.manager.diff(&[]).unwrap().is_clean());
    assert!(fixture.manager.plan_apply(&["web01"], &ApplyOptions::new()).unwrap().is_empty());
}

#[test]
fn an_address_of_the_configuration_comes_and_goes_with_the_boot() {
    let fixture = host("net0", "address \"dhcp\"");
    fixture.manager.create("web01", &options(), &mut run()).unwrap();
    change(&fixture, "address \"198.18.0.9/16\"");
    fixture.manager.apply(&["web01"], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert!(objects(&fixture)[0].starts_with("web01_0/dhcp:"), "the zone has not booted yet");
    fixture.manager.reboot(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert!(objects(&fixture).iter().all(|object| object.contains("from-gz")), "{:?}", objects(&fixture));
    assert!(fixture.manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn a_death_before_the_zone_is_asked_is_made_good_by_its_next_boot() {
    let fixture = host("net0", BOTH);
    let mut fault = Fault::new("zlogin");
    (fault.panic, fault.times) = (true, Some(1));
    fixture.machine.host.fault(&fault).unwrap();
    let create = || fixture.manager.create("web01", &options(), &mut run()).map(drop);
    catch_unwind(AssertUnwindSafe(create)).unwrap_err();
    assert!(entry(&fixture).contains("take-up \"web01_0\""));
    fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
    assert_eq!(objects(&fixture).len(), 3, "{:?}", objects(&fixture));
    assert!(!entry(&fixture).contains("take-up"));
}

#[test]
fn a_zone_whose_services_are_late_is_asked_again() {
    let fixture = host("net0", "address \"dhcp\"");
    let mut fault = Fault::new("zlogin");
    (fault.exit, fault.times) = (Some(1), Some(1));
    fault.stderr = Some("ipadm: Could not open handle to library - Could not communicate with dhcpagent".to_owned());
    fixture.machine.host.fault(&fault).unwrap();
    fixture.manager.create("web01", &options(), &mut run()).unwrap();
    assert!(objects(&fixture)[0].starts_with("web01_0/dhcp:dhcp:ok:198.18."));
}

#[test]
fn what_contradicts_is_refused() {
    let fixture = fixture::new();
    for (body, code) in [
        ("net \"a\" { pool \"internal\"; address \"dhcp\"; address \"10.1.0.9/24\"; }", "contradiction"),
        ("net \"a\" { pool \"internal\"; address \"dhcp\"; address \"none\"; }", "contradiction"),
        ("net \"a\" { pool \"internal\"; address \"none\"; }", "contradiction"),
        ("net \"a\" { pool \"internal\"; address \"dhcp6\"; }", "bad-address"),
        ("ip-type \"shared\"; net \"a\" { pool \"internal\"; address \"dhcp\"; }", "contradiction"),
    ] {
        fs::write(fixture.entry("web01"), format!("zone \"web01\" {{\n    template \"oi\"\n    {body}\n}}\n")).unwrap();
        let found = fixture.manager.check().unwrap();
        assert!(found.iter().any(|found| found.code == code && found.line.is_some()), "{body}: {found:?}");
        assert_eq!(slug(fixture.manager.plan_apply(&["web01"], &ApplyOptions::new())), "config", "{body}");
    }
}

#[test]
fn a_linux_zone_is_refused() {
    let machine = crate::sim_machine::new(Dialect::OmniOs);
    let manager = zmgr::Manager::builder().simulate(machine.dir.path()).build().unwrap();
    manager.init().unwrap();
    let tree = machine.dir.path().join("etc/zmgr");
    fs::write(machine.dir.path().join("lx.tar"), "").unwrap();
    let text = "template \"lx\" {\n    brand \"lx\"\n    install { image \"/lx.tar\" }\n    net \"a\" { physical \"net0\"; address \"dhcp\"; }\n}\n";
    fs::write(tree.join("templates/lx.kdl"), text).unwrap();
    let error = manager.plan_create(&["web01"], &CreateOptions::new().template("lx")).unwrap_err();
    assert!(error.code() == Code::Config && error.message().contains("brand lx"), "{error:?}");
}
