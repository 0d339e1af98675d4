//! Whole hosts when the store, a host or its files are not as they should be.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zmgr::{Code, HaltOptions, ImportOptions, RunOptions, Store};

use crate::cluster::{self, Cluster, Shape, available, secret};
use crate::fleet::{Setup, Site, check, copy, fails};
use crate::proxy::{Mode, Proxy};

fn one_node() -> Cluster {
    Cluster::start(Shape { nodes: 1, ..Shape::default() })
}

/// Returns a store of one node, a client of its first host, and this many member hosts; `None` without etcd.
fn fleet(hosts: usize) -> Option<(Cluster, impl Store, Vec<Site>)> {
    if !available() {
        return None;
    }
    let cluster = one_node();
    let (store, sites) = (cluster.store("h1"), Site::members(&cluster, hosts, &Setup::of(&cluster)));
    Some((cluster, store, sites))
}

/// Requires that a creation fails as if it had never begun.
#[track_caller]
fn creates_nothing(site: &Site, message: &str) {
    let before = site.held();
    match site.create("late") {
        Err(error) if error.code() == Code::StoreUnreachable => {
            assert!(error.can_retry());
            let shown = format!("{error:?}");
            assert!(shown.contains(message), "{shown}");
            assert!(!shown.contains("secret-of"), "a password is shown: {shown}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(site.held(), before);
    assert!(!site.dir.join("etc/zones/late.xml").exists());
}

/// Requires that a zone which is to be destroyed waits for the store and keeps its addresses.
#[track_caller]
fn waits_in_release(site: &Site, zone: &str, address: &str) {
    fails(site.destroy(zone), Code::StoreUnreachable, "");
    let entry = fs::read_to_string(site.path(&format!("zones/{zone}.kdl"))).unwrap();
    assert!(entry.contains("state \"destroying\" step=\"release\"") && entry.contains(address), "{entry}");
    assert!(!site.dir.join(format!("etc/zones/{zone}.xml")).exists());
}

#[test]
fn hosts_go_on_without_one_node_and_free_nothing_without_two() {
    if !available() {
        return;
    }
    let mut cluster = Cluster::start(Shape::default());
    let store = cluster.store("h1");
    let sites = Site::members(&cluster, 2, &Setup { timeout: 2, ..Setup::of(&cluster) });
    let (h1, h2) = (&sites[0], &sites[1]);
    let address = h1.create("web01").unwrap();
    h2.create("db01").unwrap();

    cluster.kill(0);
    h1.create("web02").unwrap();
    h2.destroy("db01").unwrap();
    check(&store, &sites);

    cluster.kill(1);
    creates_nothing(h1, "");
    creates_nothing(h2, "");
    fails(h2.allocate("printer", None), Code::StoreUnreachable, "");
    // What exists works.
    let run = || RunOptions::new();
    h1.manager().boot(&["web02"], &mut run()).unwrap().into_result().unwrap();
    h1.manager().halt(&["web02"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    waits_in_release(h1, "web01", &address);
    // It stays there however often it is asked for.
    fails(h1.destroy("web01"), Code::StoreUnreachable, "");

    cluster.restart(&[0, 1]);
    // Until it is released, no other host gets it.
    fails(h2.create_at("db02", Some(&address)), Code::AddressInUse, "zone web01 on host h1");
    sites.iter().for_each(Site::recover);
    assert!(!h1.has_entry("web01"));
    assert_eq!(h2.create_at("db02", Some(&address)).unwrap(), address);
    check(&store, &sites);
}

#[test]
fn an_old_tree_that_is_restored_takes_nothing_from_others() {
    let Some((cluster, store, sites)) = fleet(2) else { return };
    let (h1, h2) = (&sites[0], &sites[1]);
    let first = h1.create("web01").unwrap();
    let printer = h1.allocate("printer", None).unwrap();
    let backup = cluster.path().join("backup");
    copy(&h1.path(""), &backup);

    let second = h1.create("web02").unwrap();
    h1.destroy("web01").unwrap();
    h1.release("printer");
    h2.create_at("db01", Some(&first)).unwrap();
    fs::remove_dir_all(h1.path("")).unwrap();
    copy(&backup, &h1.path(""));

    // Of the zone that the backup lacks, the addresses stay; those of the reservation are claimed again.
    h1.recover();
    let problems = h1.manager().fleet_status().unwrap().problems;
    let says = |code: &str, what: &str| problems.iter().any(|it| it.code == code && it.message.contains(what));
    assert!(says("left-claim", &format!("ip/dmz/{second} is claimed for zone web02")), "{problems:?}");
    assert!(
        says("held-twice", &format!("ip/dmz/{first} of zone web01 is held by zone db01 on host h2")),
        "{problems:?}"
    );
    assert!(!problems.iter().any(|it| it.message.contains("printer")), "{problems:?}");
    fails(h2.create_at("db02", Some(&second)), Code::AddressInUse, "zone web02 on host h1");
    fails(h2.allocate("scanner", Some(&printer)), Code::AddressInUse, "reservation printer on host h1");
    // An entry whose address another host has is not built.
    let applied = h1.manager().apply(&["web01"], &zmgr::ApplyOptions::new().recreate(true), &mut RunOptions::new());
    fails(applied.and_then(|report| report.into_result().map(drop)), Code::AddressInUse, "zone db01 on host h2");
    assert!(!h1.dir.join("etc/zones/web01.xml").exists());

    // The administrator decides: the zone that is there becomes the registry's, the one that is gone is removed.
    h1.manager().import(&["web02"], &ImportOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    h1.destroy("web01").unwrap();
    h1.recover();
    assert_eq!(h1.manager().fleet_status().unwrap().problems, []);
    check(&store, &sites);
}

#[test]
fn a_forgotten_host_that_returns_is_refused_until_it_joins() {
    let Some((_cluster, store, sites)) = fleet(2) else { return };
    let (h1, h2) = (&sites[0], &sites[1]);
    let address = h1.create("web01").unwrap();
    let free = h2.manager().fleet_forget("h1").unwrap();
    assert!(free.iter().any(|claim| claim.value == address), "{free:?}");
    h2.create_at("db01", Some(&address)).unwrap();

    fails(h1.create("web02"), Code::WrongState, "was forgotten");
    fails(h1.allocate("printer", None), Code::WrongState, "was forgotten");
    fails(h1.manager().fleet_join(&mut RunOptions::new()), Code::AddressInUse, "zone db01 on host h2");
    fails(h1.destroy("web01"), Code::WrongState, "was forgotten");
    assert!(h1.has_entry("web01"), "it waits in its step");
    h2.destroy("db01").unwrap();
    h1.manager().fleet_join(&mut RunOptions::new()).unwrap();
    h1.recover();
    assert!(!h1.has_entry("web01"));
    assert_eq!(h1.create_at("web01", Some(&address)).unwrap(), address);
    check(&store, &sites);
}

#[test]
fn a_zone_whose_address_another_host_has_is_not_imported() {
    if !available() {
        return;
    }
    let cluster = one_node();
    let store = cluster.store("h1");
    let setup = Setup::of(&cluster);
    // A host that was alone until now, with a zone that its registry does not have.
    let h1 = Site::alone(&cluster, "h1", &setup);
    let address = h1.create("old01").unwrap();
    h1.manager().forget(&["old01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    let h2 = Site::member(&cluster, "h2", &setup);
    h2.create_at("db01", Some(&address)).unwrap();
    h1.share(&setup);
    h1.manager().fleet_join(&mut RunOptions::new()).unwrap();

    let import = || {
        let report = h1.manager().import(&["old01"], &ImportOptions::new(), &mut RunOptions::new())?;
        report.into_result().map(drop)
    };
    fails(import(), Code::AddressInUse, "in use by zone db01 on host h2");
    assert!(!h1.has_entry("old01"));
    h2.destroy("db01").unwrap();
    import().unwrap();
    check(&store, &[h1, h2]);
}

#[test]
fn hosts_whose_files_differ() {
    let Some((_cluster, store, sites)) = fleet(2) else { return };
    let (h1, h2) = (&sites[0], &sites[1]);
    h1.create("web01").unwrap();
    let pool = "pools/internal.kdl";
    let same = fs::read_to_string(h1.path(pool)).unwrap();
    h2.edit(pool, |text| text.replace("10.1.0.250", "10.1.0.240"));
    fails(h2.create("db01"), Code::Config, "the fleet's is");
    fails(h2.allocate("printer", None), Code::Config, "that host \"h1\" wrote");
    assert!(!h2.has_entry("db01"));
    h2.manager().fleet_push("internal", &mut RunOptions::new()).unwrap();
    h2.create("db01").unwrap();
    fails(h1.create("web02"), Code::Config, "that host \"h2\" wrote");
    // What is held must fit.
    fs::write(h1.path(pool), same.replace("10.1.0.10\"", "10.1.0.200\"")).unwrap();
    fails(h1.manager().fleet_push("internal", &mut RunOptions::new()), Code::WrongState, "is not an address of pool");
    fs::copy(h2.path(pool), h1.path(pool)).unwrap();
    h1.create("web02").unwrap();
    check(&store, &sites);
}

#[test]
fn golden_zones_have_one_name_on_every_host() {
    let Some((_cluster, store, sites)) = fleet(2) else { return };
    for site in &sites {
        site.edit("templates/oi.kdl", |text| {
            let end = text.rfind('}').unwrap();
            format!("{}    install {{ golden #true; }}\n}}\n", &text[..end])
        });
    }
    let golden = |site: &Site| {
        let names = fs::read_dir(site.path("zones")).unwrap().map(|file| file.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).find(|name| name.starts_with("zmgr-golden-")).unwrap()
    };
    sites[0].create("web01").unwrap();
    sites[1].create("web02").unwrap();
    assert_eq!(golden(&sites[0]), golden(&sites[1]));
    // Names of other zones exist once.
    fails(sites[1].create("web01"), Code::Exists, "zone web01 on host h1");
    check(&store, &sites);
}

#[test]
fn a_full_store_lets_hosts_free_what_they_hold() {
    if !available() {
        return;
    }
    let small = Shape { nodes: 1, auth: true, options: vec!["--quota-backend-bytes=1048576".to_owned()] };
    let cluster = Cluster::start(small);
    let store = cluster.store("h1");
    let sites = Site::members(&cluster, 1, &Setup::of(&cluster));
    sites[0].create("web01").unwrap();
    let root = cluster.root(0);
    let put = json!({"key": STANDARD.encode("/filler"), "value": STANDARD.encode(vec![b'x'; 100_000])});
    let full = (0..100).any(|_| cluster.admin(0, "/v3/kv/put", Some(&root), &put).0 != 200);
    assert!(full, "the quota was never reached");
    creates_nothing(&sites[0], "NOSPACE");
    sites[0].destroy("web01").unwrap();
    check(&store, &sites);
}

#[test]
fn a_slow_store_and_one_that_is_cut_off_leave_nothing_behind() {
    if !available() {
        return;
    }
    let cluster = one_node();
    let store = cluster.store("h2");
    let proxy = Proxy::new(&cluster.address(0));
    let h2 = Site::member(&cluster, "h2", &Setup::of(&cluster));
    let h1 = Site::member(&cluster, "h1", &Setup { endpoints: vec![proxy.url()], timeout: 1, ..Setup::of(&cluster) });
    let address = h1.create("web01").unwrap();

    // The answers come after the time limit: what was claimed has no entry.
    proxy.hold();
    creates_nothing(&h1, "");
    proxy.let_go();
    proxy.set(Mode::Pass);
    h1.recover();
    check(&store, &[h1.clone(), h2.clone()]);

    for mode in [Mode::Swallow, Mode::Close] {
        proxy.set(mode);
        creates_nothing(&h1, "");
        // The others go on.
        h2.create(&format!("db{}", mode as u8)).unwrap();
    }
    waits_in_release(&h1, "web01", &address);
    proxy.set(Mode::Pass);
    h1.recover();
    assert!(!h1.has_entry("web01"));
    check(&store, &[h1, h2]);
}

#[test]
fn a_host_that_the_store_does_not_let_in_creates_nothing() {
    let Some((_cluster, store, sites)) = fleet(1) else { return };
    let h1 = &sites[0];
    h1.create("web01").unwrap();
    let config = fs::read_to_string(h1.path("config.kdl")).unwrap();

    // A certificate of another authority.
    let tls = h1.path("tls");
    cluster::authority(&tls, "foreign");
    cluster::certificate(&tls, "foreign", "stranger", "/O=zmgr", &[]);
    h1.edit("config.kdl", |text| text.replace("tls/host.", "tls/stranger."));
    creates_nothing(h1, "");
    h1.edit("config.kdl", |_| config.replace("tls/ca.pem", "tls/foreign.pem"));
    creates_nothing(h1, "not signed by the authority");

    // Another password.
    fs::write(h1.path("config.kdl"), &config).unwrap();
    secret(&h1.path("tls/h1.password"), "secret-of-others");
    creates_nothing(h1, "user or password is wrong");
    secret(&h1.path("tls/h1.password"), "secret-of-h1");

    // The keys of another fleet.
    h1.edit("config.kdl", |text| text.replace("fleet \"prod\"", "fleet \"other\""));
    creates_nothing(h1, "permission denied");

    fs::write(h1.path("config.kdl"), &config).unwrap();
    h1.create("web02").unwrap();
    check(&store, &sites);
}
