//! Names, links and datasets with which a zone cannot be created or changed, the help of each refusal, and the cases that are just allowed.

use std::fs;

use zmgr::{ApplyOptions, AttachOptions, Code, CreateOptions, Error, Fault, OnFailure, RunOptions};

use crate::fixture::{self, Fixture};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

fn ok(fixture: &Fixture, line: &str) {
    let said = fixture.machine.run(line);
    assert!(said.ends_with("=0"), "{line}: {said}");
}

fn planned(fixture: &Fixture, options: &CreateOptions) -> Result<(), Error> {
    fixture.manager.plan_create(&["web01"], options).map(drop)
}

#[track_caller]
fn refused(fixture: &Fixture, options: &CreateOptions, part: &str) {
    let error = planned(fixture, options).unwrap_err();
    assert!(error.message().contains(part), "{error:?}");
}

fn change_pool(fixture: &Fixture, node: &str) {
    let path = fixture.file("pools/internal.kdl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text.replacen("{\n", &format!("{{\n    {node}\n"), 1)).unwrap();
}

/// Brings the name of the zone into use, in the way that this help is for.
fn take_name(fixture: &Fixture, help: &str) {
    if help.contains("zmgr apply") {
        fs::write(fixture.entry("web01"), "zone \"web01\" { template \"oi\"; }\n").unwrap();
        return;
    }
    if help.contains("zmgr recover") {
        let mut fault = Fault::new("zoneadm");
        (fault.subcommand, fault.exit, fault.times) = (Some("install".to_owned()), Some(1), Some(1));
        fixture.machine.host.fault(&fault).unwrap();
        let options = CreateOptions::new().boot(false);
        fixture.manager.create("web01", &options, &mut run().on_failure(OnFailure::Keep)).unwrap_err();
        return;
    }
    fixture.create("web01");
    if help.contains("zmgr attach") {
        fixture.manager.detach(&["web01"], &mut run()).unwrap().into_result().unwrap();
    } else if help.contains("zmgr check") {
        fs::write(fixture.entry("web01"), "zone \"web01\" {\n").unwrap();
    } else if help.contains("newer") {
        let text = "zone \"web01\" {\n    format 9\n    state \"half-frozen\"\n}\n";
        fs::write(fixture.entry("web01"), text).unwrap();
    }
}

#[test]
fn a_name_that_is_taken_is_refused_with_the_way_out() {
    for help in [
        "its file exists, but not the zone: run `zmgr apply web01` to create it",
        "run `zmgr attach web01` to bring it back",
        "a newer zmgr wrote its entry: use that zmgr, or a later one",
        "run `zmgr show web01` to see it, or `zmgr destroy web01` to remove it",
        "it has an unfinished operation: run `zmgr recover web01`",
        "zones/web01.kdl is unreadable: run `zmgr check`",
    ] {
        let fixture = fixture::new();
        take_name(&fixture, help);
        // A file that cannot be read matters to its own name alone.
        fs::write(fixture.entry("web02"), "zone \"web02\" {\n").unwrap();
        let error = fixture.manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap_err();
        assert_eq!((error.code(), error.help()), (Code::Exists, Some(help)), "{error:?}");
    }
}

#[test]
fn a_brand_that_the_host_lacks_is_refused_with_those_that_it_has() {
    let fixture = fixture::new();
    fixture.edit("templates/oi.kdl", "brand \"nlipkg\"", "brand \"lipkg\"");
    let error = planned(&fixture, &CreateOptions::new()).unwrap_err();
    assert_eq!(error.code(), Code::UnsupportedHost, "{error:?}");
    let help = "run `pkg install brand/lipkg`, or use a brand that the host has: ipkg, nlipkg";
    assert_eq!(error.help(), Some(help));
}

#[test]
fn a_frame_may_be_as_large_as_the_link_below_carries_and_no_larger() {
    for (mtu, fits) in [(1400, true), (1500, true), (1501, false)] {
        let fixture = fixture::new();
        fixture.edit("pools/internal.kdl", "stub \"stub0\"", "stub \"net0\"");
        change_pool(&fixture, &format!("mtu {mtu}"));
        match fits {
            true => planned(&fixture, &CreateOptions::new()).unwrap(),
            false => refused(&fixture, &CreateOptions::new(), "is larger than that of net0, 1500"),
        }
    }
}

#[test]
fn only_a_zone_with_an_ip_stack_of_its_own_needs_a_link_that_carries_vnics() {
    let fixture = fixture::new();
    ok(&fixture, "dladm create-vnic -l stub0 host0");
    fixture.edit("pools/internal.kdl", "stub \"stub0\"", "stub \"host0\"");
    refused(&fixture, &CreateOptions::new(), "link host0 is a vnic, which cannot carry a VNIC");
    fixture.edit("templates/oi.kdl", "autoboot", "ip-type \"shared\"\n    autoboot");
    planned(&fixture, &CreateOptions::new()).unwrap();
}

#[test]
fn only_a_zone_that_shares_the_hosts_ip_stack_needs_an_address() {
    let fixture = fixture::new();
    fixture.edit("templates/oi.kdl", "pool \"internal\"\n", "physical \"net0\"; address \"none\"\n");
    let options = |boot| CreateOptions::new().boot(boot);
    planned(&fixture, &options(true)).unwrap();
    fixture.edit("templates/oi.kdl", "autoboot", "ip-type \"shared\"\n    autoboot");
    refused(&fixture, &options(true), "needs an address: the zone shares the host's IP stack");
    refused(&fixture, &options(false), "net net0: it has no address");
}

/// A dataset that was also given to another zone by hand is reported elsewhere; other changes are still allowed.
#[test]
fn a_dataset_that_a_zone_has_is_not_asked_for_again() {
    let fixture = fixture::new();
    ok(&fixture, "zfs create rpool/data");
    fs::write(
        fixture.entry("web01"),
        "zone \"web01\" {\n    template \"oi\"\n    autoboot #false\n    dataset \"rpool/data\"\n}\n",
    )
    .unwrap();
    let apply = || fixture.manager.apply(&["web01"], &ApplyOptions::new(), &mut run()).unwrap().into_result().map(drop);
    apply().unwrap();
    let by_hand = "create -b; set brand=nlipkg; set zonepath=/zones/theirs; add dataset; set name=rpool/data; end";
    assert_eq!(fixture.machine.argv(&["zonecfg", "-z", "theirs", by_hand], ""), "=0");
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    let add = |node: &str| {
        let changed =
            text.replacen("    dataset \"rpool/data\"", &format!("    dataset \"rpool/data\"\n    {node}"), 1);
        fs::write(fixture.entry("web01"), changed).unwrap();
    };
    add("attr \"owner\" \"me\"");
    apply().unwrap();
    // Another use of it is new.
    add("fs \"/data\" special=\"rpool/data\" type=\"zfs\"");
    let error = apply().unwrap_err();
    assert_eq!(error.code(), Code::Config, "{error:?}");
}

#[test]
fn every_file_for_the_first_boot_that_cannot_be_used_is_named() {
    let fixture = fixture::new();
    let setup = "setup { ssh-key \"/no/key\"; root-password-file \"/no/password\"; }\n    autoboot #true";
    fixture.edit("templates/oi.kdl", "autoboot #true", setup);
    let error = planned(&fixture, &CreateOptions::new()).unwrap_err();
    let said = format!("{error} {:?}", error.details());
    fs::write(fixture.entry("web01"), "zone \"web01\" { template \"oi\"; }\n").unwrap();
    let found = fixture.manager.check().unwrap();
    for file in ["/no/key", "/no/password"] {
        assert!(said.contains(file), "{file}: {error:?}");
        assert!(found.iter().any(|found| found.message.contains(file)), "{file}: {found:#?}");
    }
}

#[test]
fn a_place_that_overlaps_that_of_a_zone_of_the_host_is_refused() {
    let fixture = fixture::new();
    for place in ["/zones/web01", "/zones/web01/below"] {
        let by_hand = format!("create -b; set brand=nlipkg; set zonepath={place}");
        assert_eq!(fixture.machine.argv(&["zonecfg", "-z", "theirs", &by_hand], ""), "=0");
        let part = "the zonepath /zones/web01 overlaps that of zone theirs";
        refused(&fixture, &CreateOptions::new(), part);
        ok(&fixture, "zonecfg -z theirs delete -F");
    }
    planned(&fixture, &CreateOptions::new()).unwrap();
}

#[test]
fn a_source_need_not_be_registered_but_no_operation_may_be_at_work_on_it() {
    let fixture = fixture::new();
    fixture.create("theirs");
    let entry = fixture.entry("theirs");
    let text = fs::read_to_string(&entry).unwrap();
    let options = CreateOptions::new().clone_from("theirs");
    planned(&fixture, &options).unwrap();
    fs::write(&entry, text.replacen("state \"ready\"", "state \"creating\" step=\"boot\"", 1)).unwrap();
    refused(&fixture, &options, "theirs is creating and cannot be cloned now");
    fs::write(&entry, &text).unwrap();
    fixture.manager.forget(&["theirs"], &mut run()).unwrap().into_result().unwrap();
    planned(&fixture, &options).unwrap();
    fixture.manager.create("web01", &options.boot(false), &mut run()).unwrap();
}

#[test]
fn a_link_of_the_host_is_not_taken_for_a_net() {
    let fixture = fixture::new();
    let text = "zone \"web01\" {\n    template \"oi\"\n    net \"internal\" { pool \"internal\"; vnic \"net0\"; }\n}\n";
    fs::write(fixture.entry("web01"), text).unwrap();
    let error = fixture.manager.plan_apply(&["web01"], &ApplyOptions::new()).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Exists, "zone web01: the host already has a link net0"));
    fs::remove_file(fixture.entry("web01")).unwrap();
    // The name of a detached zone's link is taken by hand.
    fixture.create("web01");
    fixture.manager.detach(&["web01"], &mut run()).unwrap().into_result().unwrap();
    ok(&fixture, "dladm create-vnic -l stub0 web01_0");
    let error = fixture.manager.plan_attach(&["web01"], &AttachOptions::new()).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Exists, "the host already has a link web01_0, a vnic"));
    assert!(error.help().unwrap().contains("zmgr never reuses a link that it did not make"), "{error:?}");
}

#[test]
fn only_a_file_system_can_be_delegated() {
    let fixture = fixture::new();
    ok(&fixture, "zfs create -V 1G rpool/volume");
    ok(&fixture, "zfs create rpool/data");
    fixture.edit("templates/oi.kdl", "autoboot #true", "dataset \"rpool/volume\"\n    autoboot #true");
    refused(
        &fixture,
        &CreateOptions::new(),
        "rpool/volume is a volume, and only a file system can be delegated, which ",
    );
    fixture.edit("templates/oi.kdl", "rpool/volume", "rpool/data");
    planned(&fixture, &CreateOptions::new()).unwrap();
}
