//! Death at every command and at every write of what golden zones are made and replaced by, and of an attach after a snapshot.

use std::fs;
use std::path::Path;

use zmgr::{DestroyOptions, Dialect, RunOptions, SimHost, ZoneState, ZoneStatus};

use crate::crash_matrix::{
    HOOKED, ROOTS, assert_tidy, die, manager, operate, recover, sampled, visit_where, with_zone_down,
};
use crate::sim_machine::answer;
use crate::snapshot::{copy, scratch, whole};

/// A machine whose template has golden zones.
fn with_golden_template(dir: &Path, (dialect, brand): (Dialect, &str)) {
    SimHost::create(dir, dialect).unwrap();
    manager(dir).init().unwrap();
    crate::golden::make_golden(dir, brand);
}

/// The names of the golden zones in the registry.
fn golden_names(dir: &Path) -> Vec<String> {
    let files = fs::read_dir(dir.join("etc/zmgr/zones")).unwrap().map(|file| file.unwrap().file_name());
    let names = files.map(|name| name.to_str().unwrap().trim_end_matches(".kdl").to_owned());
    names.filter(|name| name.starts_with("zmgr-golden-")).collect()
}

#[test]
fn a_golden_zone_and_its_clone() {
    for (site, one_in) in [(ROOTS[0], 1), (ROOTS[1], sampled()), (ROOTS[2], sampled()), (ROOTS[3], sampled())] {
        visit_golden(site, one_in);
    }
}

#[test]
fn a_golden_zone_and_its_clone_of_the_other_brands() {
    let others = [
        (Dialect::OpenIndiana, "ipkg"),
        (Dialect::OmniOs, "lipkg"),
        (Dialect::OmniOs, "pkgsrc"),
        (Dialect::OmniOs, "lx"),
    ];
    for site in others {
        visit_golden(site, 2 * sampled());
    }
}

fn visit_golden(site: (Dialect, &str), one_in: usize) {
    let prepare = |dir: &Path| with_golden_template(dir, site);
    let scratch = scratch();
    let alone = scratch.path().join("alone");
    prepare(&alone);
    operate(&manager(&alone), "golden");
    manager(&alone).destroy(&["web01"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
    let name = golden_names(&alone).remove(0);
    let alone = whole(&alone);
    visit_where("golden", one_in, &["web01", &name], prepare, |_, before, now| before == now || alone == *now);
}

/// The time of the snapshot differs, so the machines cannot be compared as a whole.
#[test]
fn attach_after_a_snapshot() {
    for (dialect, brand) in HOOKED {
        let scratch = scratch();
        let start = scratch.path().join("start");
        with_zone_down(&start, dialect, brand);
        manager(&start).detach(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
        let done = scratch.path().join("done");
        copy(&start, &done);
        assert!(!die(&done, "attach-snapshot", 0));
        let count: u64 = fs::read_to_string(format!("{}.count", done.display())).unwrap().parse().unwrap();
        let labels = |dir: &Path| {
            let taken = manager(dir).snapshots(&["web01"]).unwrap();
            taken.iter().map(|snapshot| snapshot.label.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(labels(&done), ["before-attach"]);
        let on_host = |dir: &Path| {
            let argv = ["zfs", "list", "-H", "-o", "name", "-t", "snapshot", "-r", "rpool/zones/web01"];
            answer(&SimHost::open(dir).unwrap(), &argv, "")
        };
        let (mut back, mut on) = (0, 0);
        for point in (1..=count).step_by(sampled()) {
            let dir = scratch.path().join(point.to_string());
            copy(&start, &dir);
            assert!(die(&dir, "attach-snapshot", point));
            recover(&dir);
            let zone = manager(&dir).zone("web01").unwrap();
            let found = on_host(&dir).lines().filter(|line| line.contains("before-attach")).count();
            match zone.state {
                Some(ZoneState::Detached) => {
                    // It brings back what an update of the packages has changed.
                    assert_eq!(labels(&dir).len(), usize::from(found > 0), "{brand}, death at point {point}");
                    back += 1;
                }
                Some(ZoneState::Ready) => {
                    assert_eq!(zone.status, Some(ZoneStatus::Installed));
                    assert_eq!(labels(&dir), ["before-attach"], "{brand}, death at point {point}");
                    assert!(found > 0, "{brand}, death at point {point}");
                    on += 1;
                }
                other => panic!("{brand}, death at point {point}: {other:?}"),
            }
            assert_tidy(&dir, &["web01"]);
            fs::remove_dir_all(&dir).unwrap();
        }
        assert!(back > 0 && on > 0, "{brand}: {back} as before, {on} attached");
    }
}
