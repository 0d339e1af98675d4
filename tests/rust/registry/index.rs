//! The derived index: whatever becomes of it, no answer changes.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;
use zmgr::internals::registry::EntrySummary;

use super::*;

const POOL: &str = "pool \"p\" {\n    network \"10.4.0.0/24\"\n    stub \"stub0\"\n}\n";

/// Content of the registry, whatever the state of the index.
fn summary(registry: &Registry) -> BTreeMap<String, EntrySummary> {
    let snapshot = registry.snapshot().unwrap();
    let mut all = BTreeMap::new();
    for entry in snapshot.entries() {
        let summary = entry.summary.to_summary();
        assert!(all.insert(format!("{:?} {}", entry.summary.kind, summary.name), summary).is_none(), "twice");
    }
    all
}

/// A site whose files have been at rest for long enough to be indexed, and whose index is written.
fn indexed() -> (Site, Registry) {
    let site = Site::new(&[POOL]);
    let registry = registry(site.path());
    for n in 10..20 {
        let body =
            format!("net \"n\" {{ pool \"p\"; address \"10.4.0.{n}/24\"; vnic \"z{n}_0\"; mac \"2:8:20:0:0:{n:x}\" }}");
        site.zone(&format!("z{n}"), &body);
    }
    allocate(&registry, "p", "printer", None).unwrap();
    tick();
    allocate(&registry, "p", "scanner", None).unwrap();
    release(&registry, "p", "scanner", None).unwrap();
    assert!(site.path().join(".zmgr/index.v1").exists());
    (site, registry)
}

#[test]
fn damaged_in_any_way() {
    let (site, registry) = indexed();
    let path = site.path().join(".zmgr/index.v1");
    let expected = summary(&registry);
    assert_eq!(expected.len(), 11);
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        assert_eq!(summary(&registry), expected, "{what}");
    };
    fs::remove_file(&path).unwrap();
    assert_eq!(summary(&registry), expected, "thrown away");
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        check(&whole[..at], "cut off");
    }
    let all = std::env::var_os("ZMGR_SOAK").is_some();
    for at in (0..whole.len()).step_by(if all { 1 } else { 7 }) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        check(&flipped, "flipped");
    }
    check(b"zmgr index 2 9.9.9\nwhatever", "newer");
    check(&[&whole[..], &whole[..]].concat(), "doubled");
    // An allocation on top of a damaged index writes a whole one.
    fs::write(&path, b"rubbish").unwrap();
    assert_eq!(given(&allocate(&registry, "p", "printer", None).unwrap()), ["10.4.0.1/24"]);
    tick();
    assert_eq!(summary(&registry), expected);
}

#[test]
fn an_edit_of_the_same_size_within_the_same_second() {
    let (site, registry) = indexed();
    let path = site.path().join("zones/z15.kdl");
    for address in ["10.4.0.95", "10.4.0.25", "10.4.0.96", "10.4.0.15"] {
        let text = fs::read_to_string(&path).unwrap();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let start = text.find("10.4.0.").unwrap();
        let end = start + text[start..].find('/').unwrap();
        fs::write(&path, format!("{}{address}{}", &text[..start], &text[end..])).unwrap();
        // The time of modification can be set back; the time of change cannot.
        fs::File::open(&path).unwrap().set_modified(modified).unwrap();
        let seen = &summary(&registry)["Zone z15"].nets[0].addresses[0].0;
        assert_eq!(seen.addr().to_string(), address);
        allocate(&registry, "p", "printer", None).unwrap();
    }
}

#[test]
fn what_is_added_moved_and_removed_by_hand() {
    let (site, registry) = indexed();
    fs::rename(site.path().join("zones/z10.kdl"), site.path().join("zones/gone.txt")).unwrap();
    fs::remove_file(site.path().join("zones/z11.kdl")).unwrap();
    site.zone("new", "net \"n\" { pool \"p\"; address \"10.4.0.2/24\" }");
    fs::write(site.path().join("zones/.swap.kdl.swp"), "x").unwrap();
    fs::write(site.path().join("zones/z12.kdl~"), "x").unwrap();
    let names: Vec<String> = summary(&registry).into_keys().collect();
    assert_eq!(names.len(), 10);
    assert!(names.contains(&"Zone new".to_owned()));
    assert_eq!(given(&allocate(&registry, "p", "a", None).unwrap()), ["10.4.0.3/24"]);
    assert_eq!(given(&allocate(&registry, "p", "b", Some("10.4.0.10")).unwrap()), ["10.4.0.10/24"]);
}

#[test]
fn a_link_in_place_of_a_document_is_read() {
    let (site, registry) = indexed();
    fs::rename(site.path().join("zones/z10.kdl"), site.path().join("elsewhere.kdl")).unwrap();
    std::os::unix::fs::symlink("../elsewhere.kdl", site.path().join("zones/z10.kdl")).unwrap();
    std::os::unix::fs::symlink("../nowhere.kdl", site.path().join("zones/z09.kdl")).unwrap();
    let snapshot = registry.snapshot().unwrap();
    assert_eq!(snapshot.entries().count(), 11);
    assert_eq!(snapshot.unreadable().len(), 1);
    assert_eq!(snapshot.unreadable()[0].file.name, "z09");
}

/// Also where the index knows the document and not how its file stood, as of one that was written while the index was.
#[test]
fn a_link_that_leads_nowhere_is_reported() {
    let site = Site::new(&[POOL]);
    let registry = registry(site.path());
    site.zone("z10", "net \"n\" { pool \"p\"; address \"10.4.0.10/24\" }");
    let path = site.path().join("zones/z10.kdl");
    let later = std::time::SystemTime::now() + Duration::from_secs(3600);
    fs::File::open(&path).unwrap().set_modified(later).unwrap();
    allocate(&registry, "p", "printer", None).unwrap();
    assert!(site.path().join(".zmgr/index.v1").exists());
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("../nowhere.kdl", &path).unwrap();
    let snapshot = registry.snapshot().unwrap();
    assert_eq!(
        snapshot.unreadable().iter().map(|each| (each.file.name.as_str(), each.known)).collect::<Vec<_>>(),
        [("z10", true)]
    );
}

#[test]
fn readers_write_nothing() {
    let (site, registry) = indexed();
    fs::remove_dir_all(site.path().join(".zmgr")).unwrap();
    summary(&registry);
    registry.allocator(pools(site.path()), HostUsage::default()).unwrap().pool_usage(&pool_name("p")).unwrap();
    assert!(!site.path().join(".zmgr").exists());
}

/// Action of a person or a program beside zmgr.
#[derive(Debug, Clone)]
enum Hand {
    Write(u8, u8),
    Append(u8),
    Rename(u8, u8),
    Remove(u8),
    /// Leftover of a dead holder of the lock.
    LeaveTemp(u8),
    Break(u8),
    Link(u8),
    Directory(u8),
    /// zmgr itself at work, which renews the index now and then.
    Allocate(u8),
    Release(u8),
    Rest,
}

fn hand() -> impl Strategy<Value = Hand> {
    let n = 0..6u8;
    prop_oneof![
        (n.clone(), 2..250u8).prop_map(|(n, address)| Hand::Write(n, address)),
        n.clone().prop_map(Hand::Append),
        (n.clone(), n.clone()).prop_map(|(a, b)| Hand::Rename(a, b)),
        n.clone().prop_map(Hand::Remove),
        n.clone().prop_map(Hand::LeaveTemp),
        n.clone().prop_map(Hand::Break),
        n.clone().prop_map(Hand::Link),
        n.clone().prop_map(Hand::Directory),
        n.clone().prop_map(Hand::Allocate),
        n.prop_map(Hand::Release),
        Just(Hand::Rest),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("ZMGR_SOAK").is_some() { 4000 } else { 60 }))]

    /// A registry that never had an index is the judge.
    #[test]
    fn no_answer_depends_on_it(hands in proptest::collection::vec(hand(), 1..40)) {
        let site = Site::new(&[POOL]);
        let registry = registry(site.path());
        let judge = tempfile::tempdir().unwrap();
        for directory in ["zones", "reservations"] {
            std::os::unix::fs::symlink(site.path().join(directory), judge.path().join(directory)).unwrap();
        }
        let judge = super::registry(judge.path());
        let zone = |n: u8| site.path().join(format!("zones/z{n}.kdl"));
        for hand in hands {
            // An action that is impossible there is left out.
            match hand {
                Hand::Write(n, address) => {
                    let body = format!("net \"n\" {{ pool \"p\"; address \"10.4.0.{address}/24\" }}");
                    let _ = fs::write(zone(n), format!("zone \"z{n}\" {{\n{body}\n}}\n"));
                }
                Hand::Append(n) => {
                    let file = fs::OpenOptions::new().append(true).open(zone(n));
                    let _ = file.and_then(|mut file| std::io::Write::write_all(&mut file, b"// by hand\n"));
                }
                Hand::Rename(a, b) => drop(fs::rename(zone(a), zone(b))),
                Hand::Remove(n) => drop(fs::remove_file(zone(n)).or_else(|_| fs::remove_dir(zone(n)))),
                Hand::LeaveTemp(n) => drop(fs::write(site.path().join(format!("zones/.z{n}.kdl.tmp")), "zone")),
                Hand::Break(n) => drop(fs::write(zone(n), "zone {")),
                Hand::Link(n) => drop(std::os::unix::fs::symlink("../nowhere.kdl", zone(n))),
                Hand::Directory(n) => drop(fs::create_dir(zone(n))),
                Hand::Allocate(n) => drop(allocate(&registry, "p", &format!("r{n}"), None)),
                Hand::Release(n) => drop(release(&registry, "p", &format!("r{n}"), None)),
                Hand::Rest => tick(),
            }
            let unreadable = |registry: &Registry| -> Vec<String> {
                registry.snapshot().unwrap().unreadable().iter().map(|each| each.file.name.clone()).collect()
            };
            prop_assert_eq!(unreadable(&registry), unreadable(&judge));
            // Of a file that is broken now, the index still tells what it held.
            let (mut ours, theirs) = (summary(&registry), summary(&judge));
            for name in unreadable(&judge) {
                ours.remove(&format!("Zone {name}"));
            }
            prop_assert_eq!(ours, theirs);
        }
    }
}
