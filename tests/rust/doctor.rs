//! The diagnosis of a host: what it finds on each dialect of the simulated host, and in each broken state.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{Diagnosis, DiagnosisItem, DiagnosisKind, DiagnosisLevel, Dialect, Distribution, Evidence, Fault, Manager};

use crate::fixture::{self, Fixture};
use crate::sim_machine;

fn diagnose(fixture: &Fixture) -> Diagnosis {
    fixture.manager.doctor().unwrap()
}

/// The items that are warnings or worse, as `LEVEL KIND SUBJECT`.
fn complaints(diagnosis: &Diagnosis) -> Vec<String> {
    let is_bad = |item: &&DiagnosisItem| item.level >= DiagnosisLevel::Warning;
    diagnosis.items.iter().filter(is_bad).map(|item| format!("{} {} {}", item.level, item.kind, item.subject)).collect()
}

fn find(diagnosis: &Diagnosis, kind: DiagnosisKind) -> &DiagnosisItem {
    diagnosis.items.iter().find(|item| item.kind == kind).unwrap_or_else(|| panic!("no {kind} in {diagnosis:#?}"))
}

fn on(dialect: Dialect) -> Diagnosis {
    let machine = sim_machine::new(dialect);
    let manager = Manager::builder().simulate(machine.dir.path()).build().unwrap();
    manager.init().unwrap();
    manager.doctor().unwrap()
}

#[test]
fn a_new_host_of_a_known_distribution_has_nothing_to_complain_about() {
    for (dialect, distribution) in
        [(Dialect::OpenIndiana, Distribution::OpenIndiana), (Dialect::OmniOs, Distribution::OmniOs)]
    {
        let diagnosis = on(dialect);
        assert_eq!(complaints(&diagnosis), [""; 0]);
        assert!(diagnosis.can_manage() && diagnosis.simulated);
        assert_eq!(diagnosis.distribution, distribution);
        assert!(
            diagnosis.version.as_deref().is_some_and(|version| diagnosis.release.as_ref().unwrap().contains(version))
        );
        assert!(diagnosis.kernel.as_ref().unwrap().starts_with("SunOS 5.11 "));
        assert!(find(&diagnosis, DiagnosisKind::RealHosts).message.contains("not yet run on a real host"));
    }
}

#[test]
fn a_distribution_that_zmgr_does_not_know_has_brands_that_are_only_inferred() {
    let diagnosis = on(Dialect::Illumos);
    assert!(diagnosis.can_manage());
    assert_eq!(
        complaints(&diagnosis),
        ["warning unknown-distribution illumos", "warning brand-unproven ipkg", "warning brand-unproven lipkg"]
    );
    let brand = find(&diagnosis, DiagnosisKind::BrandUnproven);
    assert_eq!(brand.evidence, Some(Evidence::Inferred));
    assert!(brand.message.contains("--unproven"), "{brand:?}");
}

#[test]
fn smartos_cannot_be_managed() {
    let diagnosis = on(Dialect::SmartOs);
    assert!(!diagnosis.can_manage());
    let found = complaints(&diagnosis);
    for program in ["dladm", "zfs", "ipadm"] {
        assert!(found.contains(&format!("error command-missing {program}")), "{found:?}");
    }
    assert!(!found.iter().any(|item| item.contains("zoneadm")), "{found:?}");
}

#[test]
fn a_machine_without_the_commands_is_diagnosed_all_the_same() {
    let root = tempfile::tempdir().unwrap();
    let manager = Manager::builder().host_root(root.path()).build().unwrap();
    let diagnosis = manager.doctor().unwrap();
    assert!(!diagnosis.can_manage() && !diagnosis.simulated);
    let found = complaints(&diagnosis);
    assert!(found.contains(&"error command-missing zoneadm".to_owned()), "{found:?}");
    assert!(found.contains(&"error no-brand ".to_owned()), "{found:?}");
}

#[test]
fn known_bugs_of_the_platform_are_named_where_they_matter() {
    let bugs = |dialect| -> Vec<String> {
        let diagnosis = on(dialect);
        let bugs = diagnosis.items.iter().filter(|item| item.area == zmgr::DiagnosisArea::PlatformBugs);
        bugs.map(|item| format!("{} {}", item.kind, item.subject)).collect()
    };
    let everywhere = ["link-properties-recorded dladm", "link-addresses-limited zoneadmd"];
    assert_eq!(bugs(Dialect::OmniOs), everywhere);
    assert_eq!(
        bugs(Dialect::OpenIndiana),
        [&["clone-without-network ipkg", "clone-without-network nlipkg"][..], &everywhere].concat()
    );
}

#[test]
fn a_command_that_fails_or_answers_nonsense_is_found() {
    for (program, subcommand, exit, stdout, expected) in [
        ("dladm", "show-link", 1, None, "error command-failed"),
        ("zoneadm", "list", 0, Some("nonsense\n"), "error command-unreadable"),
        ("kstat", "", 1, None, "warning command-failed"),
        ("beadm", "list", 1, None, "warning command-failed"),
        ("pkg", "publisher", 0, Some("nonsense\n"), "warning command-unreadable"),
    ] {
        let fixture = fixture::new();
        let mut fault = Fault::new(program);
        fault.subcommand = Some(subcommand.to_owned()).filter(|word| !word.is_empty());
        fault.exit = Some(exit);
        fault.stdout = stdout.map(str::to_owned);
        fixture.machine.host.fault(&fault).unwrap();
        let diagnosis = diagnose(&fixture);
        let found = complaints(&diagnosis);
        assert!(found.iter().any(|item| item.starts_with(&format!("{expected} {program}"))), "{program}: {found:?}");
        assert_eq!(diagnosis.can_manage(), expected.starts_with("warning"), "{program}");
    }
}

#[test]
fn a_brand_that_a_template_needs_and_the_host_lacks_is_found() {
    let fixture = fixture::new();
    fixture.edit("templates/oi.kdl", "brand \"nlipkg\"", "brand \"sparse\"");
    assert_eq!(complaints(&diagnose(&fixture)), ["warning brand-missing sparse"]);
    fs::remove_dir_all(fixture.dir().join("usr/lib/brand")).unwrap();
    assert!(!diagnose(&fixture).can_manage());
}

#[test]
fn what_pools_and_new_zones_need_is_checked() {
    let fixture = fixture::new();
    fixture.edit("pools/internal.kdl", "stub \"stub0\"", "stub \"stub9\"");
    fixture.edit("config.kdl", "zonepath-prefix \"/zones\"", "zonepath-prefix \"/elsewhere\"");
    fs::write(fixture.file("pools/broken.kdl"), "pool {").unwrap();
    let diagnosis = diagnose(&fixture);
    assert_eq!(
        complaints(&diagnosis),
        ["warning dataset-missing /elsewhere", "warning config-unreadable ", "warning link-missing internal"]
    );
    assert!(find(&diagnosis, DiagnosisKind::LinkMissing).message.contains("pools/internal.kdl:"));
    fixture.machine.run("dladm create-vnic -l stub0 stub9");
    assert_eq!(find(&diagnose(&fixture), DiagnosisKind::LinkUnsuitable).subject, "internal");
}

/// The boot environment of `web01`, and the uuid of the host's that it belongs to.
fn environment(fixture: &Fixture) -> (String, String) {
    let text = fixture.machine.run("zfs list -H -o name,org.opensolaris.libbe:parentbe -r rpool/zones/web01");
    let line = text.lines().find(|line| line.contains("/ROOT/")).unwrap().to_owned();
    let (name, parent) = line.split_once('\t').unwrap();
    (name.to_owned(), parent.to_owned())
}

#[test]
fn a_broken_boot_environment_is_found_and_its_help_repairs_it() {
    let fixture = fixture::new();
    fixture.create("web01");
    let healthy = diagnose(&fixture);
    assert_eq!(complaints(&healthy), [""; 0]);
    assert!(find(&healthy, DiagnosisKind::ZonesHealthy).message.contains("1 zone "));
    let (zbe, parent) = environment(&fixture);
    let set = |what: &str, of: &str| assert_eq!(fixture.machine.run(&format!("zfs set {what} {of}")), "=0");
    let expect = |kind: DiagnosisKind| {
        let diagnosis = diagnose(&fixture);
        assert_eq!(complaints(&diagnosis), [format!("warning {kind} web01")]);
        assert!(diagnosis.can_manage(), "one broken zone does not keep zmgr from managing the others");
        find(&diagnosis, kind).help.clone().unwrap()
    };

    set("org.opensolaris.libbe:active=off", &zbe);
    let help = expect(DiagnosisKind::NoneActive);
    let command = help.split('`').nth(1).unwrap();
    assert_eq!(fixture.machine.run(command), "=0");
    assert_eq!(complaints(&diagnose(&fixture)), [""; 0]);

    set("org.opensolaris.libbe:parentbe=00000000-1111-2222-3333-444444444444", &zbe);
    expect(DiagnosisKind::ForeignParent);
    set(&format!("org.opensolaris.libbe:parentbe={parent}"), &zbe);

    let other = zbe.replace("zbe", "zbe-1");
    fixture.machine.run(&format!("zfs snapshot {zbe}@again"));
    assert_eq!(fixture.machine.run(&format!("zfs clone -o canmount=noauto {zbe}@again {other}")), "=0");
    assert_eq!(complaints(&diagnose(&fixture)), [""; 0], "an inactive one beside it is normal");
    set(&format!("org.opensolaris.libbe:parentbe={parent}"), &other);
    set("org.opensolaris.libbe:active=on", &other);
    assert!(expect(DiagnosisKind::SeveralActive).contains(&other), "the one that is not mounted is the loser");
    set("org.opensolaris.libbe:active=off", &other);

    set("canmount=on", &zbe);
    expect(DiagnosisKind::EnvironmentChanged);
    set("canmount=noauto", &zbe);

    fixture.machine.run("umount /zones/web01/root");
    expect(DiagnosisKind::EnvironmentUnmounted);
}

#[test]
fn zones_that_did_not_get_to_an_end_are_found() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.create("web02");
    fixture.machine.run("zoneadm -z web01 mark incomplete");
    assert_eq!(complaints(&diagnose(&fixture)), ["warning zone-incomplete web01"]);
}

#[test]
fn an_unknown_boot_environment_of_the_host_leaves_zones_unchecked_and_says_so() {
    let fixture = fixture::new();
    fixture.create("web01");
    let mut fault = Fault::new("beadm");
    fault.exit = Some(1);
    fixture.machine.host.fault(&fault).unwrap();
    let diagnosis = diagnose(&fixture);
    assert!(find(&diagnosis, DiagnosisKind::HostEnvironmentUnknown).message.contains("1 zone "));
    assert!(!diagnosis.items.iter().any(|item| item.kind == DiagnosisKind::ZonesHealthy));
}

#[test]
fn nothing_changes_and_the_number_of_commands_does_not_depend_on_the_zones() {
    let fixture = fixture::new();
    let commands = |fixture: &Fixture| {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let watcher: Arc<Watcher> = Arc::new(move |moment| {
            if matches!(moment, Moment::Before(_)) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        fixture.observed(watcher, WriteHook::none()).doctor().unwrap();
        count.load(Ordering::SeqCst)
    };
    let before = commands(&fixture);
    for name in ["web01", "web02", "web03"] {
        fixture.create(name);
    }
    let state = fixture.machine.state();
    assert_eq!(commands(&fixture), before);
    assert!(before <= 16, "{before} commands");
    assert_eq!(fixture.machine.state(), state);
}

#[test]
fn a_simulated_host_that_does_not_exist_yet_is_not_created() {
    let dir = tempfile::tempdir().unwrap();
    let manager = Manager::builder().simulate(dir.path().join("new")).build().unwrap();
    assert!(manager.doctor().unwrap().can_manage());
    assert!(!dir.path().join("new").exists());
}

#[test]
fn the_json_has_every_item_and_whether_the_host_can_be_managed() {
    let json = on(Dialect::SmartOs).to_json();
    assert_eq!(json["can_manage"], false);
    assert_eq!(json["distribution"], "smartos");
    let items = json["items"].as_array().unwrap();
    let dladm = items.iter().find(|item| item["subject"] == "dladm").unwrap();
    assert_eq!((dladm["kind"].as_str(), dladm["level"].as_str()), (Some("command-missing"), Some("error")));
    assert_eq!(dladm["area"], "commands");
}

#[test]
fn the_service_that_boots_zones_in_order_is_checked_if_zones_have_one() {
    let fixture = fixture::new();
    for name in ["web01", "db01"] {
        fixture.create(name);
    }
    let about_service = |diagnosis: &Diagnosis| -> Vec<(DiagnosisKind, String)> {
        let is_service = |item: &&DiagnosisItem| item.subject == "svc:/application/zmgr/zones:default";
        diagnosis.items.iter().filter(is_service).map(|item| (item.kind, item.message.clone())).collect()
    };
    assert_eq!(about_service(&diagnose(&fixture)), []);
    fixture.manager.set("web01", &[("after", "db01")], &mut zmgr::RunOptions::new()).unwrap();
    let [(kind, message)] = &about_service(&diagnose(&fixture))[..] else { panic!() };
    assert_eq!(*kind, DiagnosisKind::BootServiceNotOnline);
    assert!(message.contains("does not have this service") && message.ends_with("web01"), "{message}");

    let manifests = fixture.machine.dir.path().join("lib/svc/manifest/application/zmgr");
    fs::create_dir_all(&manifests).unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/illumos/smf/zones.xml");
    let text = fs::read_to_string(manifest).unwrap();
    fs::write(manifests.join("zones.xml"), &text).unwrap();
    let [(kind, _)] = &about_service(&diagnose(&fixture))[..] else { panic!() };
    assert_eq!(*kind, DiagnosisKind::BootServiceOnline);

    fs::write(manifests.join("zones.xml"), text.replace("enabled=\"true\"", "enabled=\"false\"")).unwrap();
    let diagnosis = diagnose(&fixture);
    let item = find(&diagnosis, DiagnosisKind::BootServiceNotOnline);
    assert!(item.message.starts_with("disabled, so "), "{}", item.message);
    assert!(item.help.as_ref().unwrap().contains("svcadm enable zmgr/zones"));
}
