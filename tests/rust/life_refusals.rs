//! Conditions in which a zone's files cannot be cloned, detached or attached: both the plan and the operation refuse, and nothing
//! changes.

use std::fs;
use std::path::Path;

use zmgr::{AttachOptions, Code, CreateOptions, Dialect, Error, Manager, RunOptions};

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
