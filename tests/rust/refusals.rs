//! A refusal says why and how to go on; equal things are not reported as different; a request is carried out in full.

use std::fs;
use std::sync::Barrier;

use zmgr::{
    ApplyOptions, AttachOptions, Code, CreateOptions, DestroyOptions, Drift, DriftStatus, Error, Fault, HaltOptions,
    ImportOptions, RecoverOptions, ReinstallOptions, RunOptions, ZoneState,
};

use crate::fixture::{self, Fixture};

fn run() -> RunOptions<'static> {
    RunOptions::new()
}

/// Writes the file of a zone, and builds it without booting it.
fn build(fixture: &Fixture, body: &str) -> Result<(), Error> {
    let text = format!("zone \"web01\" {{\n    template \"oi\"\n    autoboot #false\n{body}\n}}\n");
    fs::write(fixture.entry("web01"), text).unwrap();
    let report = fixture.manager.apply(&[], &ApplyOptions::new(), &mut run())?;
    report.error().map_or(Ok(()), Err)
}

fn zonecfg(fixture: &Fixture, commands: &str) -> String {
    fixture.machine.argv(&["zonecfg", "-z", "web01", commands], "")
}

fn is_clean(drift: &Drift) -> bool {
    drift.zones.iter().all(|zone| zone.status == DriftStatus::Clean)
}

#[test]
fn an_edited_brand_or_zonepath_of_a_built_zone_is_not_mistaken_for_another_zone() {
    for (from, to) in [
        ("brand \"nlipkg\"\n    zone", "brand \"ipkg\"\n    zone"),
        ("\"/zones/web01\"\n    state", "\"/zones/w\"\n    state"),
    ] {
        let fixture = fixture::new();
        fixture.create("web01");
        fixture.edit("zones/web01.kdl", from, to);
        let report = fixture.manager.apply(&["web01"], &ApplyOptions::new(), &mut run()).unwrap();
        let error = report.error().unwrap();
        assert_eq!(error.code(), Code::WrongState, "{error:?}");
        assert!(error.message().contains("it is fixed once a zone is created"), "{error}");
    }
}

#[test]
fn a_zone_named_twice_is_refused_whatever_is_to_be_done() {
    let fixture = fixture::new();
    fixture.create("web01");
    let (manager, twice) = (&fixture.manager, ["web01", "web01"]);
    let errors = [
        manager.apply(&twice, &ApplyOptions::new(), &mut RunOptions::new().jobs(2)).map(drop),
        manager.plan_apply(&twice, &ApplyOptions::new()).map(drop),
        manager.create_all(&twice, &CreateOptions::new(), &mut run()).map(drop),
        manager.plan_create(&twice, &CreateOptions::new()).map(drop),
        manager.destroy(&twice, &DestroyOptions::new(), &mut run()).map(drop),
        manager.plan_destroy(&twice, &DestroyOptions::new()).map(drop),
        manager.reinstall_all(&twice, &ReinstallOptions::new(), &mut run()).map(drop),
        manager.recover(&twice, &RecoverOptions::new(), &mut run()).map(drop),
        manager.import(&twice, &ImportOptions::new(), &mut run()).map(drop),
        manager.forget(&twice, &mut run()).map(drop),
        manager.boot(&twice, &mut run()).map(drop),
        manager.halt(&twice, &HaltOptions::new(), &mut run()).map(drop),
        manager.diff(&twice).map(drop),
    ];
    for (n, result) in errors.into_iter().enumerate() {
        assert_eq!(result.unwrap_err().code(), Code::InvalidArgument, "{n}");
    }
    assert_eq!(fixture.zones(), ["web01:installed"]);
}

#[test]
fn a_destroy_that_recover_finished_is_not_called_undone() {
    let fixture = fixture::new();
    fixture.create("web01");
    let mut fault = Fault::new("dladm");
    (fault.subcommand, fault.exit, fault.times) = (Some("delete-vnic".to_owned()), Some(1), Some(1));
    fixture.machine.host.fault(&fault).unwrap();
    let report = fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap();
    assert_eq!(report.error().unwrap().code(), Code::CommandFailed);
    assert_eq!(fixture.recover(), ["destroyed web01"]);
    fixture.assert_bare();
}

#[test]
fn imports_at_once_all_end_well() {
    let fixture = fixture::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    for name in names {
        fixture.create(name);
        fs::remove_file(fixture.entry(name)).unwrap();
    }
    let together = Barrier::new(3);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                together.wait();
                let report = fixture.manager.import(&[], &ImportOptions::new(), &mut run()).unwrap();
                assert!(report.error().is_none(), "{report:?}");
            });
        }
    });
    for name in names {
        assert_eq!(fixture.manager.zone(name).unwrap().state, Some(ZoneState::Ready), "{name}");
    }
}

#[test]
fn each_family_may_have_its_default_route_on_a_net_of_its_own() {
    let fixture = fixture::new();
    let pool = "pool \"six\" {\n    network \"2001:db8:1::/64\" { gateway \"fe80::1\"; range \"2001:db8:1::10\" \"2001:db8:1::ff\"; }\n    stub \"stub0\"\n}\n";
    fs::write(fixture.file("pools/six.kdl"), pool).unwrap();
    let nets = "    net \"internal\" { pool \"internal\"; default-route #true; }\n    net \"six\" { pool \"six\"; default-route #true; }";
    build(&fixture, nets).unwrap();
    let config = zonecfg(&fixture, "export");
    assert!(config.contains("defrouter=10.1.0.1") && config.contains("defrouter=fe80::1"), "{config}");
}

#[test]
fn a_dns_domain_without_resolver_makes_no_resolv_conf_without_nameserver() {
    let fixture = fixture::new();
    build(&fixture, "    dns-domain \"example.org\"\n    setup { timezone \"UTC\"; }").unwrap();
    let path = fixture.dir().join("zones/web01/root/etc/resolv.conf");
    let text = fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.contains("nameserver"), "{text}");
}

#[test]
fn file_systems_over_the_root_or_over_each_other_are_refused() {
    for body in [
        "    fs \"/\" special=\"/export\" type=\"lofs\"",
        "    fs \"/a\" special=\"/export\" type=\"lofs\"\n    fs \"/a/\" special=\"/export\" type=\"lofs\"",
    ] {
        let fixture = fixture::new();
        fs::create_dir_all(fixture.dir().join("export")).unwrap();
        assert_eq!(build(&fixture, body).unwrap_err().code(), Code::Config, "{body}");
        assert!(!fixture.manager.check().unwrap().is_empty(), "{body}");
        assert_eq!(fixture.zones(), [""; 0], "{body}");
    }
}

#[test]
fn the_order_of_a_list_and_the_case_of_a_flag_are_no_drift() {
    let fixture = fixture::new();
    let body = "    fs-allowed \"ufs\" \"nfs\"\n    admin \"root\" \"login\" \"manage\"\n    security-flags default=\"ASLR\" lower=\"none\" upper=\"all\"";
    build(&fixture, body).unwrap();
    let xml = fixture.dir().join("etc/zones/web01.xml");
    let text = fs::read_to_string(&xml).unwrap();
    let other = text.replace("ufs,nfs", "nfs,ufs").replace("login,manage", "manage,login").replace("ASLR", "aslr");
    assert_ne!(text, other);
    fs::write(&xml, other).unwrap();
    assert!(is_clean(&fixture.manager.diff(&[]).unwrap()));
    assert!(fixture.manager.plan_apply(&[], &ApplyOptions::new()).unwrap().is_empty());
}

#[test]
fn setting_one_cap_of_the_memory_keeps_the_others_of_the_template() {
    let fixture = fixture::new();
    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    capped-memory physical=\"2G\" swap=\"4G\"");
    fixture.create("web01");
    fixture.manager.set("web01", &[("capped-memory.physical", "3G")], &mut run()).unwrap();
    fixture.manager.apply(&[], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    let memory = zonecfg(&fixture, "info capped-memory");
    assert!(memory.contains("physical: 3G") && memory.contains("swap: 4G"), "{memory}");
}

#[test]
fn a_vnic_that_a_running_zone_no_longer_uses_is_deleted_by_apply_after_the_reboot() {
    let fixture = fixture::new();
    fs::copy(fixture.file("pools/internal.kdl"), fixture.file("pools/dmz.kdl")).unwrap();
    fixture.edit("pools/dmz.kdl", "pool \"internal\"", "pool \"dmz\"");
    fixture.edit("pools/dmz.kdl", "10.1.0.", "10.2.0.");
    fixture.create("web01");
    fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
    let text = fs::read_to_string(fixture.entry("web01")).unwrap();
    let (desired, applied) = text.split_at(text.find("    applied {").unwrap());
    let (before, _) = desired.split_at(desired.find("    net ").unwrap());
    let edited = format!("{before}    net \"dmz\" {{\n        pool \"dmz\"\n    }}\n{applied}");
    fs::write(fixture.entry("web01"), edited).unwrap();
    let apply = || fixture.manager.apply(&[], &ApplyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    apply();
    assert_eq!(fixture.vnics().len(), 2, "the running zone has it");
    fixture.manager.reboot(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    apply();
    let vnics = fixture.vnics();
    assert!(vnics.len() == 1 && vnics[0] != "web01_0", "{vnics:?}");
}

#[test]
fn destroying_an_imported_zone_says_that_its_vnic_stays() {
    let fixture = fixture::new();
    fixture.create("web01");
    fs::remove_file(fixture.entry("web01")).unwrap();
    fixture.manager.import(&[], &ImportOptions::new(), &mut run()).unwrap().into_result().unwrap();
    let plan = fixture.manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    let note = "the VNIC web01_0 is kept: zmgr did not create it".to_owned();
    assert!(plan.changes[0].notes.contains(&note), "{plan}");
    let report = fixture.manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap();
    assert!(report.outcomes[0].notes.contains(&note), "{report:?}");
    assert_eq!(fixture.vnics(), ["web01_0"]);
}

#[test]
fn kept_data_is_in_the_way_of_a_new_zone_and_the_way_back_is_named() {
    let fixture = fixture::new();
    fixture.create("web01");
    let keep = DestroyOptions::new().keep_data(true);
    fixture.manager.destroy(&["web01"], &keep, &mut run()).unwrap().into_result().unwrap();
    let error = fixture.manager.create("web01", &CreateOptions::new(), &mut run()).unwrap_err();
    assert_eq!(error.code(), Code::Exists);
    assert!(error.message().contains("rpool/zones/web01"), "{error}");
    let help = error.help().unwrap();
    assert!(help.contains("run `zmgr attach web01`"), "{help}");
    // The help is right.
    fixture.manager.attach(&["web01"], &AttachOptions::new(), &mut run()).unwrap().into_result().unwrap();
    fixture.manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
}
