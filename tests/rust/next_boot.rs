//! The links of a zone's next boot: which of them the host must have, and which line asks for them.

use std::fs;

use zmgr::{
    ApplyOptions, Code, CreateOptions, Dialect, DriftCause, Error, Fault, HaltOptions, ImportOptions, Manager,
    RunOptions,
};

use crate::fixture::{self, Fixture};
use crate::sim_machine::{self, Pretend};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

fn ok(pretend: &Pretend, line: &str) {
    let said = pretend.run(line);
    assert!(said.ends_with("=0"), "{line}: {said}");
}

fn zonecfg(pretend: &Pretend, commands: &str) {
    let said = pretend.argv(&["zonecfg", "-z", "web01", commands], "");
    assert!(said.ends_with("=0"), "{commands}: {said}");
}

fn boot(manager: &Manager) -> Result<(), Error> {
    manager.boot(&["web01"], &mut run())?.into_result().map(drop)
}

/// A machine with OmniOS and an installed zone that was imported, with this net.
fn imported(ip_type: &str, net: &str) -> (Pretend, Manager) {
    let pretend = sim_machine::new(Dialect::OmniOs);
    let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
    manager.init().unwrap();
    ok(&pretend, "ipadm create-if net0");
    ok(&pretend, "ipadm create-addr -T static -a 10.1.0.2/24 net0/v4");
    let ip_type = format!("set ip-type={ip_type}");
    zonecfg(&pretend, &format!("create -t lipkg; set zonepath=/zones/web01; {ip_type}; add net; {net}; end"));
    ok(&pretend, "zoneadm -z web01 install");
    manager.import(&["web01"], &ImportOptions::new(), &mut run()).unwrap().into_result().unwrap();
    (pretend, manager)
}

#[test]
fn a_link_that_the_boot_makes_needs_the_one_below_it_alone() {
    for (below, lacks) in [("net0", None), ("auto", None), ("gone0", Some("the host has no link gone0"))] {
        let net = format!("set physical=od0; set global-nic={below}; set allowed-address=10.1.0.9/24");
        let (pretend, manager) = imported("exclusive", &net);
        match lacks {
            None => {
                boot(&manager).unwrap();
                assert!(pretend.run("dladm show-vnic -p -o link").contains("od0"), "{below}");
            }
            Some(message) => {
                let error = boot(&manager).unwrap_err();
                assert!(error.code() == Code::Config && error.message().contains(message), "{below}: {error:?}");
            }
        }
    }
}

#[test]
fn a_zone_that_shares_the_hosts_addresses_needs_an_interface_of_the_host() {
    for (interface, lacks) in [("net0", None), ("lo0", None), ("gone0", Some("the host has no link gone0"))] {
        let (_pretend, manager) = imported("shared", &format!("set physical={interface}; set address=10.1.0.9/24"));
        match (boot(&manager), lacks) {
            (result, None) => result.unwrap(),
            (result, Some(message)) => {
                let error = result.unwrap_err();
                assert!(error.code() == Code::Config && error.message().contains(message), "{error:?}");
            }
        }
    }
}

#[test]
fn a_link_that_is_gone_is_reported_at_the_net_that_names_it() {
    let fixture = fixture::new();
    fixture.create("web01");
    for link in ["theirs0", "theirs1"] {
        ok(&fixture.machine, &format!("dladm create-vnic -l stub0 {link}"));
        zonecfg(&fixture.machine, &format!("add net; set physical={link}; end"));
    }
    fixture.manager.forget(&["web01"], &mut run()).unwrap().into_result().unwrap();
    fixture.manager.import(&["web01"], &ImportOptions::new(), &mut run()).unwrap().into_result().unwrap();
    ok(&fixture.machine, "dladm delete-vnic theirs1");
    assert_reported(&fixture, "theirs1");
    // A zone with the host's addresses names links of the host.
    let fixture = fixture::new();
    ok(&fixture.machine, "dladm create-vlan -l net0 -v 7 seven0");
    ok(&fixture.machine, "ipadm create-if seven0");
    ok(&fixture.machine, "ipadm create-if stub0");
    let nets = [("physical", "net0"), ("physical", "seven0"), ("stub", "stub0")];
    let net = |(n, (kind, link))| format!("    net \"n{n}\" {{ {kind} \"{link}\"; address \"10.{n}.0.7/24\"; }}\n");
    let nets: String = nets.into_iter().enumerate().map(net).collect();
    let text = format!("zone \"web01\" {{\n    brand \"nlipkg\"\n    ip-type \"shared\"\n{nets}}}\n");
    fs::write(fixture.entry("web01"), text).unwrap();
    fixture.manager.apply(&[], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert!(fixture.manager.diff(&[]).unwrap().is_clean());
    fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    for (link, kind) in [("seven0", "vlan"), ("stub0", "etherstub")] {
        ok(&fixture.machine, &format!("ipadm delete-if {link}"));
        ok(&fixture.machine, &format!("dladm delete-{kind} {link}"));
    }
    for link in ["seven0", "stub0"] {
        assert_reported(&fixture, link);
    }
}

/// Checks that the host's lack of this link is reported at the line of its net.
fn assert_reported(fixture: &Fixture, link: &str) {
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    let names = |line: &str| line.starts_with("    net ") && line.contains(&format!("\"{link}\""));
    let at = text.lines().position(names).unwrap() + 1;
    let drift = fixture.manager.diff(&["web01"]).unwrap();
    let what = format!("link {link} on the host");
    let item = drift.zones[0].items.iter().find(|item| item.what == what).unwrap();
    assert_eq!((item.cause, item.source.line as usize), (DriftCause::Host, at), "{drift}");
    assert_eq!(item.source.file.as_deref(), Some(fixture.entry("web01").as_path()));
}

/// A boot alone verifies the zone by itself, and nothing is lost if it fails.
#[test]
fn a_zone_is_verified_if_it_is_stopped_before_it_boots() {
    let fixture = fixture::new();
    fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap();
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit) = (Some("verify".to_owned()), Some(1));
    fixture.machine.host.fault(&fault).unwrap();
    let rebooted = fixture.manager.reboot(&["web01"], &HaltOptions::new(), &mut run()).unwrap().error().unwrap();
    assert!(rebooted.message().contains("zone web01 could not boot again"), "{rebooted:?}");
    assert_eq!(fixture.zones(), ["web01:running"]);
    fixture.manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    boot(&fixture.manager).unwrap();
}
