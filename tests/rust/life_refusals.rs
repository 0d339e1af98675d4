//! Conditions in which an operation of a zone's life is refused: both the plan and the operation refuse, and nothing changes. All
//! conditions and their tests, here where no file is named:
//!
//! | operation | refused if | test |
//! |---|---|---|
//! | rename | the zone is not down, incomplete, or gone | `rename::what_refuses_a_rename_changes_nothing` |
//! | | the new name is that of a zone, a file, a reservation, or data | the same |
//! | | the new name is reserved | `a_name_that_illumos_or_zmgr_keeps_for_itself`, `golden::what_a_golden_zone_cannot_be_asked_is_refused` |
//! | move | its dataset, or the one above, is mounted elsewhere | `a_move_of_a_zone_whose_dataset_is_mounted_elsewhere_or_below_a_directory` |
//! | | the new zonepath is not empty, or a link is gone | `rename::what_refuses_a_rename_changes_nothing` |
//! | | the zone is sparse, or has no files | `rename::a_sparse_zone_or_one_outside_a_dataset_is_not_moved` |
//! | snapshot | the label is bad or taken, or the zone has no files | `zone_snapshots::refusals_change_nothing` |
//! | | the name would be too long | `a_snapshot_whose_name_zfs_would_not_take` |
//! | | a dataset of the pool has such a snapshot | `zone_snapshots::names_are_unique_over_all_zones` |
//! | delete | the snapshot is in use, or held | `zone_snapshots::a_later_snapshot_of_zmgr_that_is_in_use_is_in_the_way`, `kept_roots::clones_of_the_old_root_do_not_matter` |
//! | rollback | there are later snapshots | `zone_snapshots::later_snapshots_of_zmgr_go_only_if_asked_for`, `zone_snapshots::other_brands_are_refused_if_something_is_in_the_way` |
//! | | a later one is in use | `zone_snapshots::a_later_snapshot_of_zmgr_that_is_in_use_is_in_the_way` |
//! | | a part is missing | `zone_snapshots::a_snapshot_that_lacks_a_part_is_not_rolled_back_to` |
//! | | (never `zfs rollback -R`) | `zone_snapshots::no_command_destroys_more_than_it_names` |
//! | detach | the zone is not down, or has not one active boot environment | `attach::what_refuses_a_detach_changes_nothing` |
//! | | something is mounted below its zonepath | `a_detach_with_something_mounted_below_the_zonepath` |
//! | attach | nothing or something else is there, or ROOT is missing | `attach::what_refuses_an_attach_changes_nothing` |
//! | | the files are newer than the host, or of another release | `an_attach_of_a_zone_that_is_newer_than_the_host`, `an_attach_of_a_sparse_zone_of_another_release` |
//! | | (never `-F`, `-a`, `-d`, `-r`) | `options_of_commands_that_zmgr_never_gives` |
//! | clone | the source is of another brand or pool, active, or has not one active boot environment | `clone_refusals` |
//! | | both would have a dataset, an address, or a device | `a_clone_with_a_dataset_or_an_address_of_its_source`, `a_clone_that_would_mount_a_device_of_its_source` |
//! | | zoneadm would leave its root behind | `clone_refusals::a_zone_whose_root_a_clone_leaves_behind_is_refused` |
//! | destroy | zones were cloned from it | `a_destruction_of_a_zone_that_others_were_cloned_from` |
//! | | a delegated dataset would go unnamed | `purge::a_dataset_within_the_zones_own_is_not_destroyed_with_the_zone_unasked` |
//! | purge | the dataset has clones, holds, or is another zone's | `a_purge_of_a_dataset_that_others_need` |
//! | update | the zone runs, is half up, or has not one active boot environment | `update::what_refuses_an_update_changes_nothing` |
//! | | packages would be newer than the host's | `update::packages_that_are_newer_than_the_hosts_are_refused_before_anything_is_touched` |
//! | | (never `--be-name`) | `options_of_commands_that_zmgr_never_gives` |
//! | reinstall `--snapshot` | its uninstall leaves no root | `kept_roots::other_brands_are_refused_with_the_reason` |
//! | what makes a zone | the host boots another environment next | `next_environment::operations_whose_result_the_next_environment_lacks_are_refused` |
//! | create | addresses of both kinds on one net | `inside::what_contradicts_is_refused` |
//! | | a property of a link that the boot sets | `properties_of_a_link_that_the_boot_of_its_zone_sets` |
//! | | publishers of a linked zone | `publishers_of_a_zone_that_is_linked_to_the_host` |
//! | | the zone is a virtual machine | `a_zone_that_is_a_virtual_machine` |

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use zmgr::internals::exec::{Moment, Watcher};
use zmgr::internals::registry::WriteHook;
use zmgr::{
    AttachOptions, Code, CreateOptions, DestroyOptions, Dialect, Error, Manager, RenameOptions, RunOptions,
    UpdateOptions,
};

use crate::brand_lives::site;
use crate::fixture;
use crate::snapshot::{differences, whole};
use crate::update::upgrade_host;

#[track_caller]
fn refused(dir: &Path, part: &str, code: Code, work: impl Fn() -> [Result<(), Error>; 2]) {
    let before = whole(dir);
    for result in work() {
        let error = result.unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
        assert!(error.message().contains(part) && error.help().is_some(), "{error:?}");
    }
    let after = whole(dir);
    assert!(before == after, "{part}:\n{}", differences(&before, &after));
}

#[test]
fn a_clone_that_would_mount_a_device_of_its_source() {
    let fixture = fixture::new();
    fixture.create("web01");
    let device = "fs \"/u\" special=\"/dev/dsk/c0t0d0s0\" raw=\"/dev/rdsk/c0t0d0s0\" type=\"ufs\"";
    fixture.edit("templates/oi.kdl", "autoboot #true", &format!("autoboot #true\n    {device}"));
    let add = "add fs; set dir=/u; set special=/dev/dsk/c0t0d0s0; set raw=/dev/rdsk/c0t0d0s0; set type=ufs; end";
    assert!(fixture.machine.argv(&["zonecfg", "-z", "web01", add], "").ends_with("=0"));
    let options = CreateOptions::new().clone_from("web01").boot(false);
    refused(fixture.dir(), "mount the device /dev/rdsk/c0t0d0s0", Code::Config, || {
        [
            fixture.manager.plan_create(&["web02"], &options).map(drop),
            fixture.manager.create("web02", &options, &mut RunOptions::new()).map(drop),
        ]
    });
}

fn detach(manager: &Manager) -> Result<(), Error> {
    manager.detach(&["web01"], &mut RunOptions::new())?.into_result().map(drop)
}

fn attach(manager: &Manager, options: &AttachOptions) -> [Result<(), Error>; 2] {
    let done = manager.attach(&["web01"], options, &mut RunOptions::new()).and_then(|report| report.into_result());
    [manager.plan_attach(&["web01"], options).map(drop), done.map(drop)]
}

/// The hooks of the other brands look at mounts themselves; zoneadm refuses these, and leaves the zone half way.
#[test]
fn a_detach_with_something_mounted_below_the_zonepath() {
    for brand in ["lx", "illumos"] {
        let (pretend, manager) = site(Dialect::OmniOs, brand);
        manager.create("web01", &CreateOptions::new().template("t").boot(false), &mut RunOptions::new()).unwrap();
        assert!(pretend.run("zfs create rpool/zones/web01/data").ends_with("=0"));
        refused(pretend.dir.path(), "/zones/web01/data is mounted below the zonepath", Code::WrongState, || {
            [manager.plan_detach(&["web01"]).map(drop), detach(&manager)]
        });
        assert!(pretend.run("zfs destroy rpool/zones/web01/data").ends_with("=0"));
        detach(&manager).unwrap();
    }
}

/// Its /usr is the host's, so the rest must be of the same release.
#[test]
fn an_attach_of_a_sparse_zone_of_another_release() {
    let (pretend, manager) = site(Dialect::OmniOs, "sparse");
    manager.create("web01", &CreateOptions::new().template("t").boot(false), &mut RunOptions::new()).unwrap();
    detach(&manager).unwrap();
    upgrade_host(pretend.dir.path());
    let options = AttachOptions::new();
    refused(pretend.dir.path(), "its /usr would be the host's", Code::WrongState, || attach(&manager, &options));
}

#[test]
fn an_attach_of_a_zone_that_is_newer_than_the_host() {
    let fixture = fixture::new();
    fixture.create("web01");
    detach(&fixture.manager).unwrap();
    let image = fixture.dir().join("zones/web01/root/var/pkg/pkg5.image");
    let text = fs::read_to_string(&image).unwrap();
    fs::write(&image, format!("{text}version entire 0.5.11-2099.0.0.1\n")).unwrap();
    for update in [false, true] {
        let options = AttachOptions::new().update(update);
        refused(fixture.dir(), "newer than the host's", Code::WrongState, || attach(&fixture.manager, &options));
    }
}

/// Both the plan and the operation.
fn created(manager: &Manager, name: &str, options: &CreateOptions) -> [Result<(), Error>; 2] {
    [manager.plan_create(&[name], options).map(drop), manager.create(name, options, &mut RunOptions::new()).map(drop)]
}

fn renamed(manager: &Manager, options: &RenameOptions) -> [Result<(), Error>; 2] {
    let done = manager.rename("web01", "db01", options, &mut RunOptions::new());
    [manager.plan_rename("web01", "db01", options).map(drop), done.and_then(|report| report.into_result()).map(drop)]
}

fn destroyed(manager: &Manager, name: &str, options: &DestroyOptions) -> [Result<(), Error>; 2] {
    let done = manager.destroy(&[name], options, &mut RunOptions::new());
    [manager.plan_destroy(&[name], options).map(drop), done.and_then(|report| report.into_result()).map(drop)]
}

#[test]
fn a_name_that_illumos_or_zmgr_keeps_for_itself() {
    let fixture = fixture::new();
    let before = whole(fixture.dir());
    for (name, part) in [("global", "the global zone"), ("SUNWweb", "SUNW"), ("zmgr-golden-web", "zmgr-golden-")] {
        for result in created(&fixture.manager, name, &CreateOptions::new()) {
            let error = result.unwrap_err();
            assert!(error.code() == Code::InvalidArgument && error.message().contains(part), "{error:?}");
        }
    }
    assert!(before == whole(fixture.dir()));
}

/// zoneadm would copy the zone, or move it to where the next one cannot be made.
#[test]
fn a_move_of_a_zone_whose_dataset_is_mounted_elsewhere_or_below_a_directory() {
    let moving = RenameOptions::new().zonepath(true);
    for (make, part) in [
        ("zfs set mountpoint=/elsewhere rpool/zones/web01", "is not the mount point of a dataset"),
        ("zfs set mountpoint=/other rpool/zones", "is not the mount point of a dataset"),
    ] {
        let fixture = fixture::new();
        fixture.create("web01");
        fixture.machine.run("zfs set mountpoint=/zones/web01 rpool/zones/web01");
        assert!(fixture.machine.run(make).ends_with("=0"));
        refused(fixture.dir(), part, Code::WrongState, || renamed(&fixture.manager, &moving));
    }
}

/// zfs takes 255 bytes, with the name of the dataset.
#[test]
fn a_snapshot_whose_name_zfs_would_not_take() {
    let fixture = fixture::new();
    let above = format!("rpool/{}/{}", "d".repeat(75), "d".repeat(75));
    assert!(fixture.machine.run(&format!("zfs create -p {above}")).ends_with("=0"));
    fixture.edit("config.kdl", "prefix \"/zones\"", &format!("prefix \"/{above}\""));
    fixture.create("web01");
    let label = "l".repeat(60);
    refused(fixture.dir(), "longer than 255 bytes", Code::InvalidArgument, || {
        [
            fixture.manager.plan_create_snapshot("web01", Some(&label)).map(drop),
            fixture.manager.create_snapshot("web01", Some(&label), &mut RunOptions::new()).map(drop),
        ]
    });
    let long = "l".repeat(64);
    let error = fixture.manager.plan_create_snapshot("web01", Some(&long)).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
}

#[test]
fn a_clone_with_a_dataset_or_an_address_of_its_source() {
    let fixture = fixture::new();
    fixture.machine.run("zfs create rpool/data");
    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    dataset \"rpool/data\"");
    let source = fixture.create("web01");
    let options = CreateOptions::new().clone_from("web01").boot(false);
    refused(fixture.dir(), "rpool/data", Code::Config, || created(&fixture.manager, "web02", &options));
    fixture.edit("templates/oi.kdl", "autoboot #true\n    dataset \"rpool/data\"", "autoboot #true");
    let address = source.nets[0].addresses[0].address.addr().to_string();
    let options = options.address("internal", address.parse().unwrap());
    refused(fixture.dir(), &address, Code::AddressInUse, || created(&fixture.manager, "web02", &options));
}

/// Zones of these brands have volumes, and none of the rules for datasets holds for them.
#[test]
fn a_zone_that_is_a_virtual_machine() {
    for brand in ["bhyve", "kvm", "emu"] {
        let fixture = fixture::new();
        let line = "brand \"nlipkg\"";
        fixture.edit("templates/oi.kdl", line, &format!("brand \"{brand}\""));
        refused(fixture.dir(), brand, Code::Config, || created(&fixture.manager, "web01", &CreateOptions::new()));
    }
}

/// The host's own update would refuse publishers that come before its own.
#[test]
fn publishers_of_a_zone_that_is_linked_to_the_host() {
    for (dialect, brand) in [
        (Dialect::OpenIndiana, "ipkg"),
        (Dialect::OmniOs, "lipkg"),
        (Dialect::OmniOs, "sparse"),
        (Dialect::OmniOs, "pkgsrc"),
    ] {
        let (pretend, manager) = site(dialect, brand);
        let tree = pretend.dir.path().join("etc/zmgr");
        fs::write(tree.join("publishers/own.kdl"), "publisher \"own\" { origin \"https://pkg.example/own\"; }\n")
            .unwrap();
        let path = tree.join("templates/t.kdl");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("    setup", "    install { publisher \"own\"; }\n    setup")).unwrap();
        let options = CreateOptions::new().template("t");
        refused(pretend.dir.path(), "use the host's publishers", Code::Config, || created(&manager, "web01", &options));
    }
}

/// zoneadmd sets both at each boot, and boots no zone whose link has them already.
#[test]
fn properties_of_a_link_that_the_boot_of_its_zone_sets() {
    for property in ["protection", "allowed-ips", "zone"] {
        let fixture = fixture::new();
        let net = format!("pool \"internal\"\n        link-property \"{property}\" \"x\"");
        fixture.edit("templates/oi.kdl", "pool \"internal\"\n", &format!("{net}\n"));
        refused(fixture.dir(), property, Code::Config, || created(&fixture.manager, "web01", &CreateOptions::new()));
    }
}

/// A zone with a dataset that zmgr made for it.
fn with_data() -> fixture::Fixture {
    let fixture = fixture::new();
    fixture.edit("templates/oi.kdl", "autoboot #true", "autoboot #true\n    dataset \"rpool/{zone}\" create=#true");
    fixture.create("web01");
    fixture
}

#[test]
fn a_purge_of_a_dataset_that_others_need() {
    let purge = DestroyOptions::new().purge(true);
    for (make, part) in [
        (&["zfs snapshot rpool/web01@a", "zfs clone rpool/web01@a rpool/copy"][..], "rpool/copy was cloned from"),
        (
            &["zfs create rpool/web01/below", "zfs snapshot rpool/web01/below@a", "zfs hold keep rpool/web01/below@a"],
            "is held",
        ),
    ] {
        let fixture = with_data();
        for line in make {
            assert!(fixture.machine.run(line).ends_with("=0"), "{line}");
        }
        for force in [false, true] {
            let purge = purge.clone().force(force);
            refused(fixture.dir(), part, Code::WrongState, || destroyed(&fixture.manager, "web01", &purge));
        }
    }
    let fixture = with_data();
    let other = "create -b; set brand=nlipkg; set zonepath=/zones/other; add dataset; set name=rpool/web01/x; end";
    assert!(fixture.machine.argv(&["zonecfg", "-z", "other", other], "").ends_with("=0"));
    refused(fixture.dir(), "zone other", Code::WrongState, || destroyed(&fixture.manager, "web01", &purge));
}

#[test]
fn a_destruction_of_a_zone_that_others_were_cloned_from() {
    for (dialect, brand) in [(Dialect::OpenIndiana, "nlipkg"), (Dialect::OmniOs, "sparse"), (Dialect::OmniOs, "lx")] {
        let (pretend, manager) = site(dialect, brand);
        let options = CreateOptions::new().template("t").boot(false);
        manager.create("web01", &options, &mut RunOptions::new()).unwrap();
        manager.create("web02", &options.clone_from("web01"), &mut RunOptions::new()).unwrap();
        let options = DestroyOptions::new();
        refused(pretend.dir.path(), "web02", Code::WrongState, || destroyed(&manager, "web01", &options));
    }
}

/// An attach by force leaves the files as the detach left them, the other options destroy what is there, and an image that is not in
/// use has no boot environment to name.
#[test]
fn options_of_commands_that_zmgr_never_gives() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    for (dialect, brand) in [(Dialect::OpenIndiana, "nlipkg"), (Dialect::OmniOs, "ipkg"), (Dialect::OmniOs, "sparse")] {
        let (pretend, plain) = site(dialect, brand);
        plain.create("web01", &CreateOptions::new().template("t").boot(false), &mut RunOptions::new()).unwrap();
        let commands = Arc::clone(&seen);
        let watcher: Arc<Watcher> = Arc::new(move |moment| {
            if let Moment::Before(invocation) = moment {
                commands.lock().unwrap().push(invocation.argv());
            }
        });
        let dir = pretend.dir.path();
        let manager = Manager::builder().simulate(dir).observed(watcher, WriteHook::none()).build().unwrap();
        detach(&manager).unwrap();
        upgrade_host(dir);
        let [_, attached] = attach(&manager, &AttachOptions::new().update(true));
        attached.unwrap();
        crate::update::next_release(dir);
        let options = UpdateOptions::new().snapshot(false);
        manager.update(&["web01"], &options, &mut RunOptions::new()).unwrap().into_result().unwrap();
    }
    let seen = seen.lock().unwrap();
    let of = |word: &str| seen.iter().filter(|argv| argv.iter().any(|each| each == word)).collect::<Vec<_>>();
    assert_eq!((of("attach").len(), of("detach").len()), (3, 3));
    for argv in of("attach").into_iter().chain(of("detach")) {
        assert!(!argv.iter().any(|word| ["-F", "-a", "-d", "-r", "-n"].contains(&word.as_str())), "{argv:?}");
    }
    assert!(of("update").len() >= 3);
    for argv in of("update") {
        assert!(!argv.iter().any(|word| word.contains("be-name")), "{argv:?}");
    }
}
