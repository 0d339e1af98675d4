//! Zones that cannot be cloned: each is refused before anything is touched, and the reason names the zone or the dataset.

use std::fs;

use zmgr::{Code, CreateOptions, Dialect, ReinstallOptions, RunOptions};

use crate::fixture::{self, Fixture};
use crate::snapshot::{differences, whole};

type Refused = (&'static str, fn(&Fixture), Code, &'static str);

/// The file system of zones that are in another pool.
fn other_pool(fixture: &Fixture) {
    // The simulated machine has no zpool; its record of a pool is a file.
    let pools = fixture.dir().join("etc/zfs");
    fs::create_dir(pools.join("tank")).unwrap();
    fs::copy(pools.join("rpool/@"), pools.join("tank/@")).unwrap();
    let made = fixture.machine.run("zfs create -o mountpoint=/tank/zones tank/zones");
    assert!(made.ends_with("=0"), "{made}");
    fixture.edit("config.kdl", "zonepath-prefix \"/zones\"", "zonepath-prefix \"/tank/zones\"");
}

const ZBE: &str = "rpool/zones/web01/ROOT/zbe";

fn second_environment(fixture: &Fixture) {
    let parent = fixture.machine.run(&format!("zfs get -H -o value org.opensolaris.libbe:parentbe {ZBE}"));
    let parent = parent.lines().next().unwrap().to_owned();
    fixture.machine.run(&format!("zfs snapshot {ZBE}@two"));
    let made = fixture.machine.run(&format!(
        "zfs clone -o canmount=noauto -o org.opensolaris.libbe:active=on -o org.opensolaris.libbe:parentbe={parent} \
         {ZBE}@two rpool/zones/web01/ROOT/zbe-1"
    ));
    assert!(made.ends_with("=0"), "{made}");
}

#[test]
fn sources_that_cannot_be_cloned_are_refused() {
    let table: &[Refused] = &[
        ("a running source", |f| drop(f.machine.run("zoneadm -z web01 boot")), Code::WrongState, "web01 is running"),
        (
            "a source that is ready",
            |f| drop(f.machine.run("zoneadm -z web01 ready")),
            Code::WrongState,
            "web01 is ready",
        ),
        (
            "a source without files",
            |f| drop(f.machine.run("zoneadm -z web01 uninstall -F")),
            Code::WrongState,
            "only an installed zone can be cloned",
        ),
        (
            "a source of another brand",
            |f| f.edit("templates/oi.kdl", "brand \"nlipkg\"", "brand \"ipkg\""),
            Code::Config,
            "its brand is ipkg, but its clone source web01 has brand nlipkg",
        ),
        (
            "no active boot environment",
            |f| drop(f.machine.run(&format!("zfs set org.opensolaris.libbe:active=off {ZBE}"))),
            Code::WrongState,
            "that zone has 0 active boot environments",
        ),
        ("two active boot environments", second_environment, Code::WrongState, "2 active boot environments"),
    ];
    for (what, change, code, part) in table {
        let fixture = fixture::new();
        fixture.create("web01");
        change(&fixture);
        refused(&fixture, what, *code, part);
    }
}

fn refused(fixture: &Fixture, what: &str, code: Code, part: &str) {
    let before = whole(fixture.dir());
    let options = CreateOptions::new().clone_from("web01");
    let planned = fixture.manager.plan_create(&["web02"], &options).map(drop).unwrap_err();
    let done = fixture.manager.create("web02", &options, &mut RunOptions::new()).map(drop).unwrap_err();
    for error in [planned, done] {
        assert_eq!(error.code(), code, "{what}: {error:?}");
        assert!(error.message().contains(part), "{what}: {error:?}");
    }
    let after = whole(fixture.dir());
    assert!(before == after, "{what}:\n{}", differences(&before, &after));
}

#[test]
fn a_zone_in_another_pool_than_its_source_is_refused() {
    let fixture = fixture::new();
    fixture.create("web01");
    other_pool(&fixture);
    refused(&fixture, "another pool", Code::WrongState, "is in another pool than tank/zones");
}

#[test]
fn a_reinstalled_clone_needs_a_source_with_one_boot_environment() {
    let fixture = fixture::new();
    fixture.create("web01");
    let options = CreateOptions::new().clone_from("web01").boot(false);
    fixture.manager.create("web02", &options, &mut RunOptions::new()).unwrap();
    fixture.machine.run(&format!("zfs set org.opensolaris.libbe:active=off {ZBE}"));
    let before = whole(fixture.dir());
    let error = fixture.manager.reinstall("web02", &ReinstallOptions::new(), &mut RunOptions::new()).unwrap_err();
    assert!(error.message().contains("that zone has 0 active boot environments"), "{error:?}");
    assert!(before == whole(fixture.dir()));
}

/// zoneadm leaves the root of these behind.
#[test]
fn a_zone_whose_root_a_clone_leaves_behind_is_refused() {
    let (pretend, manager) = crate::brand_lives::site(Dialect::OmniOs, "illumos");
    let options = CreateOptions::new().template("t");
    manager.create("web01", &options.clone().boot(false), &mut RunOptions::new()).unwrap();
    let before = fs::read_dir(pretend.dir.path().join("etc/zmgr/zones")).unwrap().count();
    let error = manager.create("web02", &options.clone_from("web01"), &mut RunOptions::new()).unwrap_err();
    assert_eq!(error.code(), Code::Config);
    assert!(error.message().contains("leaves the root of brand illumos behind"), "{error:?}");
    assert_eq!(fs::read_dir(pretend.dir.path().join("etc/zmgr/zones")).unwrap().count(), before);
}
