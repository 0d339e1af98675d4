//! Files and documents that cannot be read: which addresses are unknown then, and how their zones are named.

use super::*;
use crate::host::UnreadDocument;
use crate::registry::WriteHook;

/// Loads a tree with these files, none of which can be read.
fn spoiled(files: &[&str], host_usage: Usage) -> (tempfile::TempDir, Allocator) {
    let root = tempfile::tempdir().unwrap();
    for directory in ["zones", "reservations"] {
        std::fs::create_dir(root.path().join(directory)).unwrap();
    }
    for file in files {
        std::fs::write(root.path().join(file), "zone {").unwrap();
    }
    let registry = Registry::new(Tree::new(root.path()), "test", WriteHook::none());
    let allocator = registry.allocator(pools(&[POOL]), HostUsage::from(host_usage)).unwrap();
    (root, allocator)
}

#[test]
fn a_zone_of_the_host_is_named_with_its_file_even_if_that_cannot_be_read() {
    let on_stub = |name: &str, address: &str| on_host(name, &[on_link("stub0", address)]);
    let zones = [on_stub("bad", "10.4.0.2"), on_stub("other", "10.4.0.3"), on_stub("res", "10.4.0.4")];
    let (root, mut allocator) = spoiled(&["zones/bad.kdl", "reservations/res.kdl"], host_of(&zones));
    let pools = Arc::clone(&allocator.pools);
    let mut named = |last: u8| {
        let there = pools.values().next().map(Segment::of).unwrap();
        allocator.holder(there, address(last), (EntryKind::Zone, "new"))
    };
    let file = root.path().join("zones/bad.kdl");
    assert_eq!(named(2), Some(HeldBy::Zone { name: "bad".to_owned(), file }));
    assert_eq!(named(3), Some(HeldBy::HostZone("other".to_owned())));
    assert_eq!(named(4), Some(HeldBy::HostZone("res".to_owned())), "a reservation's file is not the zone's");
}

#[test]
fn an_unreadable_file_may_hold_any_address_unless_the_host_knows_its_zone() {
    let known = || host_of(&[on_host("x", &[])]);
    let unread = |nets_known: bool| {
        let unread = Some(UnreadDocument { reason: "the document is broken".to_owned(), nets_known });
        host_of(&[OnHost { document: None, unread, ..on_host("x", &[]) }])
    };
    // The file, the host, the number of unknown files, whether a zone is unknown, and why nothing is allocated.
    let cases = [
        ("", known(), 0, false, None),
        ("zones/x.kdl", Usage::default(), 1, true, Some((Code::Config, "zones/x.kdl cannot be read"))),
        ("zones/x.kdl", known(), 0, false, None),
        ("zones/y.kdl", known(), 1, true, Some((Code::Config, "zones/y.kdl cannot be read"))),
        ("reservations/x.kdl", known(), 1, false, Some((Code::Config, "reservations/x.kdl cannot be read"))),
        ("", unread(false), 0, true, Some((Code::Io, "the document is broken; the addresses of the zone are unknown"))),
        ("", unread(true), 0, false, None),
    ];
    for (file, host_usage, count, a_zone, refused) in cases {
        let files: Vec<&str> = Some(file).filter(|file| !file.is_empty()).into_iter().collect();
        let (_root, mut allocator) = spoiled(&files, host_usage.clone());
        let case = format!("{file} {:?}", host_usage.zones);
        assert_eq!(allocator.unknown().count(), count, "{case}");
        assert_eq!(allocator.has_unknown_zone(), a_zone, "{case}");
        let pool = pools(&[POOL]).keys().next().unwrap().clone();
        let answer = allocator.refuse_unknown(&pool);
        match refused {
            None => assert!(answer.is_ok(), "{case}: {answer:?}"),
            Some((code, words)) => {
                let error = answer.unwrap_err();
                assert_eq!(error.code(), code, "{case}: {error}");
                assert!(error.message().contains(words), "{case}: {error}");
            }
        }
        let reported = allocator.pool_usage(&pool).unwrap().unknown;
        assert_eq!(reported.is_empty(), refused.is_none(), "{case}: {reported:?}");
    }
}
