//! The crash matrix of all brands: each operation on a zone of every brand that it applies to. Each row names the kinds of steps that its
//! operation runs, and the rows together have every kind.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use zmgr::StepKind::*;
use zmgr::{
    ApplyOptions, AttachOptions, CreateOptions, DestroyOptions, Dialect, Error, Manager, ReinstallOptions,
    RenameOptions, RunOptions, SimHost, StepKind, UpdateOptions,
};

use crate::brand_lives::write_template;
use crate::crash_matrix::{done, manager, operate};
use crate::crash_rows::{Left, Row, SITES, Site, unhealthy};
use crate::sim_machine::answer;
use crate::snapshot::scratch;

/// Runs an operation of these rows.
pub(crate) fn operate_brand(manager: &Manager, operation: &str, run: &mut RunOptions<'_>) -> Result<(), Error> {
    match operation {
        "create-booted" => manager.create("web01", &CreateOptions::new().template("t").boot(true), run).map(drop),
        "clone-booted" => {
            let options = CreateOptions::new().template("t").clone_from("web01").boot(true);
            manager.create("web02", &options, run).map(drop)
        }
        "destroy-clone" => manager.destroy(&["web02"], &DestroyOptions::new(), run).and_then(done),
        "destroy-snapshots" => manager.destroy(&["web01"], &DestroyOptions::new().force(true), run).and_then(done),
        "destroy-keep" => manager.destroy(&["web01"], &DestroyOptions::new().keep_data(true), run).and_then(done),
        "snapshot-delete-last" => {
            let label = manager.snapshots(&["web01"]).unwrap().pop().unwrap().label;
            manager.delete_snapshot("web01", &label, run).and_then(done)
        }
        "attach-update" => manager.attach(&["web01"], &AttachOptions::new().update(true), run).and_then(done),
        "rename-links" => manager.rename("web01", "web09", &RenameOptions::new().links(true), run).and_then(done),
        "reinstall-force" => manager.reinstall("web01", &ReinstallOptions::new().force(true), run).map(drop),
        "apply-running" => manager.apply(&[], &ApplyOptions::new(), run).and_then(done),
        "apply-snapshot" => manager.apply(&["web01"], &ApplyOptions::new().snapshot(true), run).and_then(done),
        "update-running" => {
            let options = UpdateOptions::new().force(true).snapshot(false);
            manager.update(&["web01"], &options, run).and_then(done)
        }
        other => panic!("no operation {other}"),
    }
}

fn any(_: Site) -> bool {
    true
}

fn is_clonable((_, brand): Site) -> bool {
    brand != "illumos"
}

fn has_packages((_, brand): Site) -> bool {
    !matches!(brand, "illumos" | "lx")
}

fn has_publishers(site: Site) -> bool {
    matches!(site, (Dialect::OpenIndiana, "nlipkg") | (Dialect::OmniOs, "ipkg"))
}

fn has_environments(site: Site) -> bool {
    has_packages(site) && !is_overlaid(site)
}

fn is_overlaid((_, brand): Site) -> bool {
    matches!(brand, "sparse" | "pkgsrc")
}

/// A machine with a template `t` of this brand, whose zones have a dataset, an order and files of their first boot.
fn furnish(dir: &Path, (dialect, brand): Site) {
    let host = SimHost::create(dir, dialect).unwrap();
    assert_eq!(answer(&host, &["zfs", "create", "rpool/data"], ""), "=0");
    manager(dir).init().unwrap();
    write_template(dir, brand);
    fs::write(dir.join("key.pub"), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== ops\n").unwrap();
    let nodes = "autoboot #true\n    dataset \"rpool/data/{zone}\" create=#true quota=\"1G\"\n    \
                 setup { ssh-key \"/key.pub\"; ";
    edit_template(dir, "setup { ", nodes);
}

fn edit_template(dir: &Path, from: &str, to: &str) {
    let path = dir.join("etc/zmgr/templates/t.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let other = text.replace(from, to);
    assert_ne!(text, other);
    fs::write(path, other).unwrap();
}

fn create(dir: &Path, name: &str, boot: bool) {
    let options = CreateOptions::new().template("t").boot(boot);
    manager(dir).create(name, &options, &mut RunOptions::new()).unwrap();
}

/// A zone that is up, with a file of its own.
fn running(dir: &Path, site: Site) {
    furnish(dir, site);
    create(dir, "web01", true);
    fs::write(dir.join("zones/web01/root/etc/motd"), "old\n").unwrap();
}

fn down(dir: &Path, site: Site) {
    furnish(dir, site);
    create(dir, "web01", false);
}

fn cloned(dir: &Path, site: Site) {
    down(dir, site);
    operate(&manager(dir), "clone-booted");
    assert!(manager(dir).zone("web02").is_ok());
}

fn detached(dir: &Path, site: Site) {
    down(dir, site);
    manager(dir).detach(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
}

fn take(dir: &Path, label: &str) {
    manager(dir).create_snapshot("web01", Some(label), &mut RunOptions::new()).unwrap();
}

macro_rules! rows {
    ($($test:ident { $($field:ident: $value:expr),* $(,)? })*) => {
        $(#[test]
        fn $test() {
            Row { $($field: $value),* }.visit();
        })*

        /// The kinds of steps of all rows.
        fn kinds() -> BTreeSet<StepKind> {
            let rows = [$(Row { $($field: $value),* }),*];
            rows.iter().flat_map(|row| row.steps).copied().collect()
        }
    };
}

fn apply(dir: &Path) {
    operate(&manager(dir), "apply-running");
}

fn apply_and_reboot(dir: &Path) {
    operate(&manager(dir), "change");
}

/// A newer release, of which the zone knows already that it is there.
fn offer_updates(dir: &Path) {
    crate::update::release(dir);
    let host = SimHost::open(dir).unwrap();
    answer(&host, &["pkg", "-R", "/zones/web01/root", "refresh"], "");
}

/// A zone that is rolled back past what was written since, and is up.
fn to_roll_back(dir: &Path, site: Site) {
    running(dir, site);
    take(dir, "s");
    fs::write(dir.join("zones/web01/root/later"), "later\n").unwrap();
}

fn with_snapshots(dir: &Path, site: Site) {
    down(dir, site);
    take(dir, "s");
    take(dir, "later");
}

/// A zone that files name, with a snapshot.
fn named(dir: &Path, site: Site) {
    furnish(dir, site);
    edit_template(dir, "rpool/data/{zone}", "rpool/data/all");
    create(dir, "web01", false);
    take(dir, "s");
    let pool = dir.join("etc/zmgr/pools/internal.kdl");
    let text = fs::read_to_string(&pool).unwrap();
    let end = text.rfind('}').unwrap();
    fs::write(&pool, format!("{}    reserve \"10.1.0.99\" for=\"web01\"\n}}\n", &text[..end])).unwrap();
}

/// Changes what the entry asks for, not what was applied.
fn edit_entry(dir: &Path, from: &str, to: &str) {
    let path = dir.join("etc/zmgr/zones/web01.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let other = text.replacen(from, to, 1);
    assert_ne!(text, other);
    fs::write(path, other).unwrap();
}

/// A zone that is to get another link, a larger quota and another attribute.
fn changed(dir: &Path, site: Site) {
    running(dir, site);
    edit_entry(dir, "stub \"stub0\"", "stub \"stub0\"\n        vlan 20");
    edit_template(dir, "quota=\"1G\"", "quota=\"2G\"");
    edit_template(dir, "autoboot #true", "autoboot #true\n    attr \"owner\" \"alice\"");
}

/// A zone that gets another net while it is up.
fn with_another_net(dir: &Path, site: Site) {
    running(dir, site);
    edit_entry(dir, "    net ", "    net \"second\" { pool \"internal\"; }\n    net ");
}

/// Adds a publisher to the template that install cannot set, beside the host's.
fn publish(dir: &Path, nodes: &str) {
    let publishers = dir.join("etc/zmgr/publishers");
    let own = fs::read_dir(&publishers).unwrap().next().unwrap().unwrap().file_name();
    let own = own.to_str().unwrap().trim_end_matches(".kdl");
    let path = publishers.join(format!("{own}.kdl"));
    let (name, text) = (format!("publisher \"{own}\""), fs::read_to_string(&path).unwrap());
    fs::write(&path, text.replace(&format!("{name} {{"), &format!("{name} entire=#true {{"))).unwrap();
    let local = "publisher \"local\" {\n    origin \"https://pkg.example/local\"\n}\n";
    fs::write(publishers.join("local.kdl"), local).unwrap();
    edit_template(dir, "    setup", &format!("    install {{ {name} \"local\"; {nodes} }}\n    setup"));
}

/// A zone that was cloned from a golden zone, and settings of which there is no golden zone.
fn of_earlier_settings(dir: &Path, site: Site) {
    golden(dir, site);
    operate(&manager(dir), "golden");
    if is_overlaid(site) {
        crate::update::upgrade_host(dir);
    } else if has_packages(site) {
        edit_template(dir, "golden #true", "golden #true; package \"editor/vim\"");
    } else {
        fs::copy(dir.join("export/base.tar"), dir.join("export/next.tar")).unwrap();
        edit_template(dir, "/export/base.tar", "/export/next.tar");
    }
}

fn golden(dir: &Path, (dialect, brand): Site) {
    SimHost::create(dir, dialect).unwrap();
    manager(dir).init().unwrap();
    crate::golden::make_golden(dir, brand);
}

fn lose(dir: &Path) {
    let host = SimHost::open(dir).unwrap();
    for argv in [["zoneadm", "-z", "web01", "uninstall", "-F"], ["zonecfg", "-z", "web01", "delete", "-F"]] {
        assert!(answer(&host, &argv, "").ends_with("=0"));
    }
}

rows! {
    creation {
        operation: "create-booted", sites: any, prepare: furnish, left: None,
        steps: &[Autoboot, Boot, Configure, Dataset, FirstBoot, Install, Vnic],
    }
    creation_with_publishers {
        operation: "create-booted", sites: has_publishers, prepare: |dir, site| { furnish(dir, site); publish(dir, "package \"editor/vim\";"); }, left: None,
        steps: &[Autoboot, Boot, Configure, Dataset, FirstBoot, Install, Packages, Publisher, Publishers, Vnic],
    }
    // The interface that a clone has to be made to create waits for a boot or an apply if zmgr dies right after the boot.
    clone {
        operation: "clone-booted", sites: is_clonable, prepare: down, left: Some(Left::Before(apply)),
        steps: &[Autoboot, Boot, Clone, Configure, Dataset, FirstBoot, Vnic],
    }
    destruction {
        operation: "purge", sites: any, prepare: running, left: None,
        steps: &[AutobootOff, Halt, Purge, Unconfigure, Uninstall, Unlink],
    }
    destruction_of_a_clone {
        operation: "destroy-clone", sites: is_clonable, prepare: cloned, left: None,
        steps: &[AutobootOff, Halt, Origin, Unconfigure, Uninstall, Unlink],
    }
    destruction_with_snapshots {
        operation: "destroy-snapshots", sites: any, prepare: with_snapshots, left: None,
        steps: &[AutobootOff, DropSnapshots, Unconfigure, Uninstall, Unlink],
    }
    destruction_that_keeps_the_files {
        operation: "destroy-keep", sites: any, prepare: running, left: None,
        steps: &[AutobootOff, Detach, Halt, Unconfigure, Unlink],
    }
    detach {
        operation: "detach", sites: any, prepare: down, left: None,
        steps: &[AutobootOff, Detach, Unconfigure, Unlink],
    }
    attach {
        operation: "attach", sites: any, prepare: detached, left: None,
        steps: &[Attach, Autoboot, Boot, Configure, Vnic],
    }
    attach_that_updates {
        operation: "attach-update", sites: has_packages, prepare: |dir, site| { detached(dir, site); crate::update::upgrade_host(dir); }, left: None,
        steps: &[Attach, Autoboot, Configure, Vnic],
    }
    reinstallation {
        operation: "reinstall", sites: any, prepare: running, left: None,
        steps: &[Autoboot, AutobootOff, Boot, FirstBoot, Halt, Install, Uninstall],
    }
    reinstallation_with_snapshots {
        operation: "reinstall-force", sites: any, prepare: with_snapshots, left: None,
        steps: &[Autoboot, AutobootOff, DropSnapshots, FirstBoot, Install, Uninstall],
    }
    reinstallation_that_keeps_the_root {
        operation: "reinstall-snapshot", sites: has_environments, prepare: running, left: None,
        steps: &[Autoboot, AutobootOff, Boot, Copy, FirstBoot, Halt, Install, SetAside, Take, Uninstall, Unmount],
    }
    deletion_of_a_kept_root {
        operation: "snapshot-delete-last", sites: has_environments, prepare: |dir, site| { down(dir, site); operate(&manager(dir), "reinstall-snapshot"); }, left: None,
        steps: &[DropRoot, Forget],
    }
    rename {
        operation: "rename-all", sites: |site| !is_overlaid(site), prepare: named, left: None,
        steps: &[Copies, Document, Entry, Link, Move, Zonecfg],
    }
    rename_in_place {
        operation: "rename-links", sites: is_overlaid, prepare: named, left: None,
        steps: &[Copies, Document, Entry, Link, Zonecfg],
    }
    update {
        operation: "update", sites: has_packages, prepare: |dir, site| { down(dir, site); offer_updates(dir); }, left: None,
        steps: &[Packages, Refresh],
    }
    update_with_a_snapshot_and_a_reboot {
        operation: "update-reboot", sites: has_packages, prepare: |dir, site| { running(dir, site); offer_updates(dir); }, left: Some(Left::After(|dir| { manager(dir).create_snapshot("web01", None, &mut RunOptions::new()).unwrap(); })),
        steps: &[Boot, Copy, Packages, Refresh, ShutDown, Take],
    }
    update_of_a_running_zone {
        operation: "update-running", sites: has_packages, prepare: |dir, site| { running(dir, site); offer_updates(dir); }, left: None,
        steps: &[PackagesRunning, Refresh],
    }
    snapshot {
        operation: "snapshot", sites: any, prepare: down, left: None,
        steps: &[Copy, Take],
    }
    deletion_of_a_snapshot {
        operation: "snapshot-delete", sites: any, prepare: with_snapshots, left: None,
        steps: &[Delete, Forget],
    }
    rollback {
        operation: "snapshot-rollback", sites: any, prepare: to_roll_back, left: None,
        steps: &[Boot, RollBack, ShutDown],
    }
    rollback_past_a_later_snapshot {
        operation: "snapshot-rollback", sites: any, prepare: with_snapshots, left: None,
        steps: &[Discard, Discarded, RollBack],
    }
    switch_of_boot_environments {
        operation: "snapshot-rollback", sites: has_environments, prepare: |dir, site| {
            to_roll_back(dir, site);
            answer(&SimHost::open(dir).unwrap(), &["zfs", "snapshot", "rpool/zones/web01/ROOT/zbe@other"], "");
        }, left: None,
        steps: &[Activate, Boot, CloneEnvironment, Deactivate, Mount, ShutDown],
    }
    change_with_a_reboot {
        operation: "change", sites: any, prepare: changed, left: Some(Left::Before(apply_and_reboot)),
        steps: &[Boot, Quota, Reconfigure, ShutDown, Unlink, Vnic],
    }
    change_of_a_running_zone {
        operation: "apply-running", sites: any, prepare: with_another_net, left: Some(Left::Before(apply)),
        steps: &[Reconfigure, Vnic],
    }
    change_with_a_snapshot {
        operation: "apply-snapshot", sites: any, prepare: |dir, site| {
            running(dir, site);
            edit_template(dir, "autoboot #true", "autoboot #true\n    attr \"owner\" \"alice\"");
        }, left: Some(Left::Before(apply)),
        steps: &[Copy, Reconfigure, Take],
    }
    change_of_publishers {
        operation: "apply-running", sites: has_publishers,
        prepare: |dir, site| { down(dir, site); publish(dir, ""); },
        left: Some(Left::Before(apply)),
        steps: &[Publisher, Publishers],
    }
    reinstallation_from_another_golden_zone {
        operation: "reinstall", sites: any, prepare: of_earlier_settings,
        left: Some(Left::After(|dir| operate(&manager(dir), "refresh"))),
        steps: &[Clone, Configure, FirstBoot, Install, Origin, Take, Uninstall],
    }
    recreation_from_another_golden_zone {
        operation: "apply", sites: any, prepare: |dir, site| { of_earlier_settings(dir, site); lose(dir); },
        left: Some(Left::Before(|dir| operate(&manager(dir), "apply"))),
        steps: &[Clone, Configure, FirstBoot, Install, Take, Vnic],
    }
    refresh_that_replaces_a_golden_zone {
        operation: "refresh", sites: any,
        prepare: |dir, site| { golden(dir, site); operate(&manager(dir), "refresh"); },
        left: Some(Left::Before(|dir| operate(&manager(dir), "prune"))),
        steps: &[Configure, DropSnapshots, Install, Take, Unconfigure, Uninstall],
    }
}

/// Kinds that plans name for what is done around the steps: writes of an entry, at which each row dies too, and what a running zone is
/// told.
const AROUND: [StepKind; 8] = [Reserve, Applied, Ready, Adopt, Detached, Release, Plumb, Reboot];

#[test]
fn each_kind_of_step_is_in_a_row() {
    let known = kinds();
    let missing: Vec<&StepKind> =
        StepKind::ALL.iter().filter(|kind| !known.contains(kind) && !AROUND.contains(kind)).collect();
    assert_eq!(missing, [&StepKind::Vnic; 0]);
}

#[test]
fn a_zone_without_an_active_boot_environment_is_noticed() {
    for site in SITES.into_iter().filter(|site| has_packages(*site)) {
        let scratch = scratch();
        let dir = scratch.path().join("host");
        down(&dir, site);
        assert_eq!(unhealthy(&dir), [""; 0]);
        let host = SimHost::open(&dir).unwrap();
        let off = ["zfs", "set", "org.opensolaris.libbe:active=off", "rpool/zones/web01/ROOT/zbe"];
        assert_eq!(answer(&host, &off, ""), "=0");
        assert_eq!(unhealthy(&dir), ["web01"]);
    }
}
