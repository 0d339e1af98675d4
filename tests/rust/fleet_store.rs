//! Hosts that share pools through a store: what each does with the store's answers.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use zmgr::internals::fleet::{Disturbance, MemoryStore, StoreCall};
use zmgr::{
    AddressStanding, ApplyOptions, AttachOptions, ClaimKind, Code, CreateOptions, DestroyOptions, EntryId, Error,
    Fault, Fleet, HaltOptions, HeldKind, HolderKind, HoldingReason, ImportOptions, Manager, PoolName, RecoverOptions,
    RenameOptions, RunOptions, Severity, SimHost, Store, StoreAnswer, StoreClaim, StoreHost, StoreKey, StorePool,
    StoreRecord, ZoneStatus,
};

use crate::crash_matrix::Reaper;
use crate::snapshot::scratch;

/// Opens a manager of the machine in this directory, with this store.
fn with_store(dir: &Path, store: impl Store + Clone + 'static) -> Manager {
    Manager::builder().simulate(dir).store(move |_| Ok(Box::new(store.clone()))).build().unwrap()
}

/// Edits a file of a host's tree.
fn edit(manager: &Manager, file: &str, change: impl Fn(String) -> String) {
    let path = manager.root().join(file);
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
}

/// Makes a host whose only pool is shared with the others, and that has joined.
pub(crate) fn host(scratch: &Path, name: &str, store: &MemoryStore) -> Manager {
    let manager = not_joined(scratch, name, store);
    manager.fleet_join(&mut RunOptions::new()).unwrap();
    manager
}

fn not_joined(scratch: &Path, name: &str, store: &MemoryStore) -> Manager {
    let manager = with_store(&scratch.join(name), store.clone());
    manager.init().unwrap();
    share(&manager, name);
    manager
}

fn share(manager: &Manager, name: &str) {
    let store = "store \"etcd\" {\n    fleet \"test\"\n    endpoint \"https://localhost:2379\"\n}\n";
    edit(manager, "config.kdl", |text| format!("host \"{name}\"\n{store}{text}"));
    edit(manager, "pools/internal.kdl", |text| text.replacen("{\n", "{\n    fleet segment=\"dmz\"\n", 1));
}

fn create(manager: &Manager, name: &str) -> Result<String, Error> {
    let zone = manager.create(name, &CreateOptions::new().boot(false), &mut RunOptions::new())?;
    Ok(zone.nets[0].addresses[0].address.addr().to_string())
}

fn destroy(manager: &Manager, name: &str) -> Result<(), Error> {
    let report = manager.destroy(&[name], &DestroyOptions::new(), &mut RunOptions::new())?;
    report.into_result().map(drop)
}

fn recover(manager: &Manager) {
    let report = manager.recover(&[], &RecoverOptions::new(), &mut RunOptions::new()).unwrap();
    let failures: Vec<_> = report.failures().map(|(name, error)| format!("{name}: {error}")).collect();
    assert!(failures.is_empty(), "{failures:?}");
}

/// The claims in the store: the key of each, with its holder.
fn claims(store: &MemoryStore) -> BTreeMap<String, String> {
    let of = |record: &StoreRecord| Some((record.key.to_string(), record.claim()?.to_string()));
    store.records().iter().filter_map(of).collect()
}

fn addresses(store: &MemoryStore) -> BTreeMap<String, String> {
    claims(store).into_iter().filter(|(key, _)| key.starts_with("ip/")).collect()
}

/// Nothing is held twice, and what the entries hold is what is claimed.
fn assert_sound(hosts: &[Manager]) {
    let trees: Vec<PathBuf> = hosts.iter().map(|host| host.root().to_owned()).collect();
    let twice = Fleet::read(&trees).unwrap().check();
    let twice: Vec<_> = twice.iter().filter(|found| found.code == "held-twice").collect();
    assert!(twice.is_empty(), "{twice:?}");
    for host in hosts {
        let status = host.fleet_status().unwrap();
        assert!(status.problems.is_empty(), "{}: {:?}", status.host, status.problems);
    }
}

#[test]
fn a_zone_claims_what_it_holds_until_it_is_destroyed() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let h1 = host(scratch.path(), "h1", &store);
    assert_eq!(create(&h1, "web01").unwrap(), "10.1.0.10");
    assert_eq!(claims(&store)["ip/dmz/10.1.0.10"], "zone web01 on host h1");
    assert!(claims(&store).keys().any(|key| key.starts_with("mac/dmz/")));
    let plan = h1.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap();
    let steps: Vec<&str> = plan.changes[0].steps.iter().rev().map(|step| step.id.as_str()).take(2).collect();
    assert_eq!(steps, ["forget", "release"]);
    assert_sound(std::slice::from_ref(&h1));
    destroy(&h1, "web01").unwrap();
    assert_eq!(claims(&store), BTreeMap::new());
}

#[test]
fn hosts_never_get_one_address_and_choose_again() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let hosts: Vec<Manager> = (1..=4).map(|n| host(scratch.path(), &format!("h{n}"), &store)).collect();
    std::thread::scope(|scope| {
        for host in &hosts {
            scope.spawn(move || {
                create(host, "web01").unwrap();
                for n in 0..8 {
                    host.allocate("internal", &format!("owner{n}"), None, &mut RunOptions::new()).unwrap();
                }
                host.release("internal", "owner3", None, None, &mut RunOptions::new()).unwrap();
            });
        }
    });
    assert_eq!(addresses(&store).len(), 4 * 8);
    assert_sound(&hosts);
}

#[test]
fn many_owners_are_claimed_together_or_not_at_all() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    drop(host(scratch.path(), "h1", &store));
    let claimed = Arc::new(AtomicUsize::new(0));
    // The fourth claim never arrives.
    let disturb = {
        let claimed = Arc::clone(&claimed);
        move |call| match call == StoreCall::Claim && claimed.fetch_add(1, Ordering::Relaxed) == 3 {
            true => Disturbance::Unreachable,
            false => Disturbance::None,
        }
    };
    let h1 = with_store(&scratch.path().join("h1"), store.disturbed(disturb));
    let allocate = |prefix: &str| {
        let owners: Vec<String> = (0..120).map(|n| format!("{prefix}{n}")).collect();
        let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
        h1.allocate_all("internal", &owners, &mut RunOptions::new())
    };
    assert_eq!(allocate("a").unwrap().len(), 120);
    assert_eq!(claimed.load(Ordering::Relaxed), 2, "a transaction takes 100 addresses");
    let held = addresses(&store);
    assert_eq!(held.len(), 120);
    assert_eq!(held["ip/dmz/10.1.0.10"], "reservation a0 on host h1");
    // What the third has claimed is given back.
    assert_eq!(allocate("b").unwrap_err().code(), Code::StoreUnreachable);
    assert_eq!((claimed.load(Ordering::Relaxed), addresses(&store)), (4, held));
    assert_eq!(fs::read_dir(h1.root().join("reservations")).unwrap().count(), 120);
    assert_eq!(allocate("b").unwrap().len(), 120);
    assert_sound(std::slice::from_ref(&h1));
}

#[test]
fn an_address_of_another_host_is_refused_by_name() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let (h1, h2) = (host(scratch.path(), "h1", &store), host(scratch.path(), "h2", &store));
    create(&h1, "web01").unwrap();
    let wanted = Some("10.1.0.10".parse().unwrap());
    let error = h2.allocate("internal", "printer", wanted, &mut RunOptions::new()).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::AddressInUse, "10.1.0.10 is in use by zone web01 on host h1"));
    let options = CreateOptions::new().boot(false).address("internal", "10.1.0.10".parse().unwrap());
    let error = h2.create("web02", &options, &mut RunOptions::new()).unwrap_err();
    assert_eq!(error.code(), Code::AddressInUse, "{error}");
    assert_ne!(create(&h2, "web02").unwrap(), "10.1.0.10");
    assert_sound(&[h1, h2]);
}

#[test]
fn without_the_store_nothing_is_allocated_and_nothing_is_freed() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let h1 = host(scratch.path(), "h1", &store);
    create(&h1, "web01").unwrap();
    let cut_off = with_store(&scratch.path().join("h1"), store.disturbed(|_| Disturbance::Unreachable));
    let error = create(&cut_off, "web02").unwrap_err();
    assert_eq!(error.code(), Code::StoreUnreachable);
    assert!(error.can_retry() && !h1.root().join("zones/web02.kdl").exists());
    // Existing zones go on working.
    cut_off.boot(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    cut_off.halt(&["web01"], &HaltOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    let error = destroy(&cut_off, "web01").unwrap_err();
    assert_eq!(error.code(), Code::StoreUnreachable);
    let entry = fs::read_to_string(h1.root().join("zones/web01.kdl")).unwrap();
    assert!(entry.contains("destroying\" step=\"release\"") && entry.contains("10.1.0.10"), "{entry}");
    assert_eq!(addresses(&store).len(), 1);
    recover(&h1);
    assert!(!h1.root().join("zones/web01.kdl").exists());
    assert_eq!(claims(&store), BTreeMap::new());
}

#[test]
fn a_lost_answer_is_asked_for_again_and_a_leftover_claim_is_released() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let h1 = host(scratch.path(), "h1", &store);
    let dir = scratch.path().join("h1");
    for (lost, done) in [(1, true), (usize::MAX, false)] {
        let left = Arc::new(AtomicUsize::new(lost));
        let flaky = store.disturbed(move |call| {
            let lose = call == StoreCall::Claim
                && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            if lose { Disturbance::AnswerLost } else { Disturbance::None }
        });
        let created = create(&with_store(&dir, flaky), &format!("web{done}"));
        assert_eq!(created.is_ok(), done, "{created:?}");
    }
    assert_eq!(addresses(&store).len(), 2, "the claim was made, and zmgr cannot know");
    recover(&h1);
    assert_eq!(addresses(&store).len(), 1);
    assert_sound(&[h1]);
}

#[test]
fn a_creation_that_fails_releases_its_claims() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let h1 = host(scratch.path(), "h1", &store);
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.exit) = (Some("install".to_owned()), Some(1));
    SimHost::open(scratch.path().join("h1")).unwrap().fault(&fault).unwrap();
    assert_eq!(create(&h1, "web01").unwrap_err().code(), Code::CommandFailed);
    assert_eq!(claims(&store), BTreeMap::new());
}

#[test]
fn a_forgotten_host_is_refused_until_nothing_conflicts() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let (h1, h2) = (host(scratch.path(), "h1", &store), host(scratch.path(), "h2", &store));
    create(&h1, "web01").unwrap();
    let free = h2.fleet_forget("h1").unwrap();
    assert!(free.iter().any(|claim| claim.value == "10.1.0.10" && claim.holder.as_deref() == Some("zone web01")));
    assert_eq!(h2.fleet_forget("h1").unwrap_err().code(), Code::NotFound);
    assert_eq!(create(&h2, "db01").unwrap(), "10.1.0.10");
    assert_eq!(create(&h1, "web02").unwrap_err().code(), Code::WrongState);
    assert_eq!(destroy(&h1, "web01").unwrap_err().code(), Code::WrongState);
    let error = h1.fleet_join(&mut RunOptions::new()).unwrap_err();
    assert_eq!(error.code(), Code::AddressInUse);
    assert!(error.message().contains("in use by zone db01 on host h2"), "{error}");
    assert!(!claims(&store).values().any(|holder| holder.ends_with("h1")), "nothing was claimed");
    destroy(&h2, "db01").unwrap();
    assert!(h1.fleet_join(&mut RunOptions::new()).unwrap().joined);
    destroy(&h1, "web01").unwrap();
    assert_sound(&[h1, h2]);
}

#[test]
fn two_hosts_of_one_name_cannot_be_members() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let _first = host(scratch.path(), "h1", &store);
    let other = with_store(&scratch.path().join("other"), store.clone());
    other.init().unwrap();
    share(&other, "h1");
    assert_eq!(other.fleet_join(&mut RunOptions::new()).unwrap_err().code(), Code::WrongState);
    assert_eq!(create(&other, "web01").unwrap_err().code(), Code::WrongState);
}

#[test]
fn a_host_with_another_pool_file_is_refused_until_it_is_pushed() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let (h1, h2) = (host(scratch.path(), "h1", &store), host(scratch.path(), "h2", &store));
    create(&h1, "web01").unwrap();
    let narrow = |text: String| text.replacen("{\n", "{\n    exclude \"10.1.0.11\"\n", 1);
    edit(&h2, "pools/internal.kdl", narrow);
    let error = create(&h2, "web02").unwrap_err();
    assert_eq!(error.code(), Code::Config);
    assert!(error.message().contains("host \"h1\" wrote"), "{error}");
    h2.fleet_push("internal", &mut RunOptions::new()).unwrap();
    assert!(!["10.1.0.10", "10.1.0.11"].contains(&create(&h2, "web02").unwrap().as_str()));
    assert_eq!(create(&h1, "web03").unwrap_err().code(), Code::Config);
    // Every address that is held must fit.
    edit(&h1, "pools/internal.kdl", |text| text.replacen("{\n", "{\n    exclude \"10.1.0.10\"\n", 1));
    let error = h1.fleet_push("internal", &mut RunOptions::new()).unwrap_err();
    assert_eq!((error.code(), error.details().len()), (Code::WrongState, 1), "{error}");
}

#[test]
fn a_zone_whose_address_another_host_claimed_is_not_imported() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let (h1, h2) = (host(scratch.path(), "h1", &store), host(scratch.path(), "h2", &store));
    create(&h1, "web01").unwrap();
    h1.forget(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(addresses(&store).len(), 1, "the host still has the zone");
    recover(&h1);
    assert_eq!(addresses(&store).len(), 1, "a zone of the host uses it");
    // Its claims are the zone's again.
    h1.import(&["web01"], &ImportOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_sound(std::slice::from_ref(&h1));
    h1.forget(&["web01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    h2.fleet_forget("h1").unwrap();
    assert_eq!(create(&h2, "db01").unwrap(), "10.1.0.10");
    h1.fleet_join(&mut RunOptions::new()).unwrap();
    let report = h1.import(&["web01"], &ImportOptions::new(), &mut RunOptions::new()).unwrap();
    let error = report.into_result().unwrap_err();
    assert!(error.message().contains("in use by zone db01 on host h2"), "{error}");
    assert!(!h1.root().join("zones/web01.kdl").exists());
}

#[test]
fn a_changed_address_is_claimed_before_the_old_one_is_released() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let (h1, h2) = (host(scratch.path(), "h1", &store), host(scratch.path(), "h2", &store));
    create(&h1, "web01").unwrap();
    let taken = create(&h2, "web02").unwrap();
    let apply = |h1: &Manager| {
        let options = ApplyOptions::new();
        h1.apply(&["web01"], &options, &mut RunOptions::new()).unwrap().into_result().map(drop)
    };
    let desire = |from: &str, to: &str| {
        edit(&h1, "zones/web01.kdl", |text| {
            let (desired, applied) = text.split_at(text.find("applied {").unwrap());
            desired.replace(from, to) + applied
        });
    };
    desire("10.1.0.10/24", &format!("{taken}/24"));
    assert_eq!(apply(&h1).unwrap_err().code(), Code::AddressInUse);
    desire(&format!("{taken}/24"), "10.1.0.99/24");
    apply(&h1).unwrap();
    let held = addresses(&store);
    assert_eq!(held["ip/dmz/10.1.0.99"], "zone web01 on host h1");
    assert!(!held.contains_key("ip/dmz/10.1.0.10"), "{held:?}");
    assert_sound(&[h1, h2]);
}

#[test]
fn a_name_that_may_exist_once_is_claimed() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let (h1, h2) = (host(scratch.path(), "h1", &store), host(scratch.path(), "h2", &store));
    for host in [&h1, &h2] {
        edit(host, "config.kdl", |text| format!("unique-names #true\n{text}"));
    }
    create(&h1, "web01").unwrap();
    let error = create(&h2, "web01").unwrap_err();
    assert_eq!(error.code(), Code::Exists);
    assert!(error.message().contains("zone name \"web01\" is in use by zone web01 on host h1"), "{error}");
    create(&h2, "web02").unwrap();
    let rename = |to: &str| {
        let report = h2.rename("web02", to, &RenameOptions::new(), &mut RunOptions::new())?;
        report.into_result().map(drop)
    };
    assert_eq!(rename("web01").unwrap_err().code(), Code::Exists);
    rename("web03").unwrap();
    let names: Vec<String> = claims(&store).into_keys().filter(|key| key.starts_with("zone/")).collect();
    assert_eq!(names, ["zone/web01", "zone/web03"]);
    assert_sound(&[h1, h2]);
}

#[test]
fn a_shared_pool_needs_a_store_and_a_client() {
    let scratch = scratch();
    let manager = Manager::builder().simulate(scratch.path().join("h1")).build().unwrap();
    manager.init().unwrap();
    share(&manager, "h1");
    let incarnation = format!("    incarnation \"{}\"\n    fleet", "0".repeat(32));
    edit(&manager, "config.kdl", |text| text.replacen("    fleet", &incarnation, 1));
    let error = create(&manager, "web01").unwrap_err();
    assert_eq!(error.code(), Code::StoreUnreachable, "{error}");
    let without = |text: String| text.split_once("store ").unwrap().0.to_owned() + "default-template \"oi\"\n";
    edit(&manager, "config.kdl", without);
    assert_eq!(create(&manager, "web01").unwrap_err().code(), Code::Config);
}

#[test]
fn histories_with_lost_answers_leave_no_double_and_no_leak() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let hosts: Vec<Manager> = (1..=8).map(|n| host(scratch.path(), &format!("h{n}"), &store)).collect();
    let seed = env::var("ZMGR_SEQUENCE").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x2f6e_2b1d_u64);
    std::thread::scope(|scope| {
        for (n, host) in hosts.iter().enumerate() {
            let (store, dir) = (store.clone(), scratch.path().join(format!("h{}", n + 1)));
            scope.spawn(move || {
                let random = Arc::new(AtomicU64::new(seed.wrapping_mul(n as u64 + 1)));
                let draw = move |random: &AtomicU64| {
                    // SplitMix64.
                    let state = random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
                    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                    mixed ^ (mixed >> 31)
                };
                let disturbing = Arc::clone(&random);
                let flaky = with_store(
                    &dir,
                    store.disturbed(move |_| match draw(&disturbing) % 10 {
                        0 => Disturbance::Unreachable,
                        1 | 2 => Disturbance::AnswerLost,
                        3 => Disturbance::RequestLost,
                        _ => Disturbance::None,
                    }),
                );
                let mut acknowledged = BTreeSet::new();
                for turn in 0..24 {
                    let owner = format!("o{}", draw(&random) % 6);
                    let run = &mut RunOptions::new();
                    match draw(&random) % 4 {
                        0 if turn % 8 == 7 => {
                            let _ = destroy(&flaky, "zone");
                        }
                        1 if turn % 8 == 3 => {
                            let _ = create(&flaky, "zone");
                        }
                        0 | 1 => {
                            if flaky.release("internal", &owner, None, None, run).is_ok() {
                                acknowledged.remove(&owner);
                            }
                        }
                        _ => {
                            if flaky.allocate("internal", &owner, None, run).is_ok() {
                                acknowledged.insert(owner);
                            }
                        }
                    }
                }
                for owner in acknowledged {
                    assert!(host.root().join(format!("reservations/{owner}.kdl")).exists(), "{owner} of seed {seed}");
                }
            });
        }
    });
    hosts.iter().for_each(recover);
    assert_sound(&hosts);
}

/// Puts a claim of a host that is not simulated into the store.
fn put(store: &MemoryStore, key: StoreKey, name: &str) {
    let h9 = StoreHost::new("h9", EntryId::random().unwrap(), "2026-11-30T20:00:00Z");
    let claim = StoreClaim::new(EntryId::random().unwrap(), &h9, ClaimKind::Zone, name, "2026-11-30T20:00:00Z");
    store.put(&key, &claim.encode());
}

#[test]
fn a_claim_of_another_host_on_what_this_host_uses_is_a_finding() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let (h1, h2) = (host(scratch.path(), "h1", &store), host(scratch.path(), "h2", &store));
    let address = create(&h1, "web01").unwrap();
    create(&h2, "db01").unwrap();
    assert_eq!(h1.check_pools(None).unwrap(), []);
    // A zone of the host whose entry was removed: its claims are the host's own.
    h2.forget(&["db01"], &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(h2.check_pools(None).unwrap(), []);

    let mac = h1.zone("web01").unwrap().nets[0].mac.clone().unwrap();
    let dmz = || "dmz".to_owned();
    put(&store, StoreKey::Ip { segment: dmz(), address: address.parse().unwrap() }, "lost");
    put(&store, StoreKey::Mac { segment: dmz(), mac: mac.parse().unwrap() }, "lost");
    let found = h1.check_pools(None).unwrap();
    let path = h1.root().join("zones/web01.kdl");
    let by = format!("is held twice: by zone web01 ({}) and by zone lost on host h9", path.display());
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, [format!("{address} {by}"), format!("MAC address {mac} {by}")]);
    assert!(found.iter().all(|finding| finding.code == "held-twice"), "{found:?}");
    assert_eq!(h1.check_pools(Some("internal")).unwrap().len(), 1);
    assert_eq!(h2.check_pools(None).unwrap(), []);

    let cut_off = with_store(&scratch.path().join("h1"), store.disturbed(|_| Disturbance::Unreachable));
    let found = cut_off.check_pools(None).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].severity == Severity::Warning && found[0].code == "store-unreachable", "{found:?}");
}

#[test]
fn what_others_hold_is_remembered_and_read_again_before_a_pool_is_exhausted() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let hosts = ["h1", "h2"].map(|name| host(scratch.path(), name, &store));
    hosts.iter().for_each(|host| edit(host, "pools/internal.kdl", |text| text.replace("10.1.0.250", "10.1.0.13")));
    let [_, h2] = &hosts;
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    let counting = store.disturbed(move |call| {
        counted.fetch_add(usize::from(call == StoreCall::Read), Ordering::SeqCst);
        Disturbance::None
    });
    let h1 = with_store(&scratch.path().join("h1"), counting);
    let allocate = |host: &Manager, owner: &str| host.allocate("internal", owner, None, &mut RunOptions::new());
    allocate(h2, "a").unwrap();
    allocate(h2, "b").unwrap();
    // The first choice is refused; the store is read once.
    allocate(&h1, "x").unwrap();
    let first = reads.load(Ordering::SeqCst);
    assert!(first > 0);
    h2.release("internal", "a", None, None, &mut RunOptions::new()).unwrap();
    allocate(&h1, "y").unwrap();
    assert_eq!(reads.load(Ordering::SeqCst), first, "it is known where to choose");
    // As far as is known, nothing is free.
    allocate(&h1, "z").unwrap();
    assert_eq!(reads.load(Ordering::SeqCst), 2 * first);
    assert_eq!(allocate(&h1, "last").unwrap_err().code(), Code::PoolExhausted);
    assert_eq!(addresses(&store).len(), 4);
    assert_sound(&hosts);
}

/// A choice from what the process remembers is only a choice: files that were edited, added or removed since count.
#[test]
fn what_a_process_remembers_of_its_last_commit_is_checked_before_it_is_written() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let h1 = host(scratch.path(), "h1", &store);
    edit(&h1, "pools/internal.kdl", |text| text.replace("10.1.0.250", "10.1.0.13"));
    let claimed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&claimed);
    let counting = store.disturbed(move |call| {
        counted.fetch_add(usize::from(call == StoreCall::Claim), Ordering::SeqCst);
        Disturbance::None
    });
    let h1 = with_store(&scratch.path().join("h1"), counting);
    let again = with_store(&scratch.path().join("h1"), store.clone());
    let allocate = |manager: &Manager, owner: &str| {
        let given = manager.allocate("internal", owner, None, &mut RunOptions::new())?;
        Ok::<_, Error>(given.addresses[0].address.addr().to_string())
    };
    assert_eq!(allocate(&h1, "a").unwrap(), "10.1.0.10");
    // Edited in place: no directory changes. The entry holds more than was claimed for it.
    edit(&h1, "reservations/a.kdl", |text| {
        let line = text.lines().find(|line| line.contains("10.1.0.10")).unwrap().to_owned();
        text.replace(&line, &format!("{line}\n{}", line.replace("10.1.0.10", "10.1.0.11")))
    });
    let before = claimed.load(Ordering::SeqCst);
    assert_eq!(allocate(&h1, "b").unwrap(), "10.1.0.12");
    assert_eq!(claimed.load(Ordering::SeqCst) - before, 2, "the first choice is made from memory");
    assert!(!claims(&store).contains_key("ip/dmz/10.1.0.11"), "the claim of the first choice was released");
    // Another process allocates, and releases what this one remembers.
    assert_eq!(allocate(&again, "c").unwrap(), "10.1.0.13");
    again.release("internal", "b", None, None, &mut RunOptions::new()).unwrap();
    assert_eq!(allocate(&h1, "d").unwrap(), "10.1.0.12");
    assert_eq!(allocate(&h1, "c").unwrap(), "10.1.0.13", "the owner has it already");
    // As far as it remembers, the pool is full.
    edit(&h1, "reservations/a.kdl", |text| {
        text.lines().filter(|line| !line.contains("10.1.0.11")).collect::<Vec<_>>().join("\n")
    });
    assert_eq!(allocate(&h1, "e").unwrap(), "10.1.0.11");
    // A file that cannot be read holds any address.
    fs::write(h1.root().join("reservations/g.kdl"), "reservation \"g\" {").unwrap();
    assert_eq!(allocate(&h1, "f").unwrap_err().code(), Code::Config);
    assert_eq!(addresses(&store).len(), 4, "nothing is claimed for it");
}

#[test]
fn find_names_the_holder_on_another_host() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let (h1, h2) = (host(scratch.path(), "h1", &store), host(scratch.path(), "h2", &store));
    edit(&h1, "config.kdl", |text| format!("unique-names #true\n{text}"));
    let address = create(&h1, "web01").unwrap();
    let mac = h1.zone("web01").unwrap().nets[0].mac.clone().unwrap();
    let found = h2.find(&address).unwrap();
    assert_eq!(found.holdings.len(), 1);
    let holding = &found.holdings[0];
    assert_eq!((holding.kind, holding.name.as_str(), holding.host.as_deref()), (HolderKind::Zone, "web01", Some("h1")));
    assert_eq!((holding.why, holding.net.as_deref()), (HoldingReason::Claimed, Some("dmz")));
    assert_eq!(found.pools[0].standing, AddressStanding::Held);
    assert_eq!(h2.find(&mac).unwrap().holdings[0].what, HeldKind::Mac);
    assert_eq!(h2.find("web01").unwrap().holdings[0].host.as_deref(), Some("h1"));
    // On the host itself, the claim is one reason among others.
    let reasons: Vec<HoldingReason> = h1.find(&address).unwrap().holdings.iter().map(|held| held.why).collect();
    assert!(reasons.contains(&HoldingReason::Desired) && reasons.contains(&HoldingReason::Claimed), "{reasons:?}");
    // An address that begins as this one does is another.
    let shorter = h2.find(&address[..address.len() - 1]).unwrap().holdings;
    assert!(shorter.iter().all(|held| held.why == HoldingReason::Gateway), "{shorter:?}");

    let cut_off = with_store(&scratch.path().join("h2"), store.disturbed(|_| Disturbance::Unreachable));
    let found = cut_off.find(&address).unwrap();
    assert!(found.holdings.is_empty() && found.unknown[0].severity == Severity::Warning, "{found:?}");
}

#[test]
fn golden_zones_that_zmgr_names_exist_on_every_host() {
    let (scratch, store) = (scratch(), MemoryStore::new());
    let hosts = ["h1", "h2"].map(|name| host(scratch.path(), name, &store));
    for (n, host) in hosts.iter().enumerate() {
        edit(host, "config.kdl", |text| format!("unique-names #true\n{text}"));
        crate::golden::make_golden(&scratch.path().join(format!("h{}", n + 1)), "nlipkg");
        let options = CreateOptions::new().template("t").boot(false);
        host.create(&format!("web0{n}"), &options, &mut RunOptions::new()).unwrap();
    }
    let names: Vec<String> = claims(&store).into_keys().filter(|key| key.starts_with("zone/")).collect();
    assert_eq!(names, ["zone/web00", "zone/web01"]);
    assert_sound(&hosts);
}

/// A store that passes a point before and after each call.
#[derive(Debug, Clone)]
struct Watched(MemoryStore, Arc<Points>);

struct Points(Arc<Reaper>);

impl std::fmt::Debug for Points {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Points")
    }
}

impl Watched {
    fn call<T>(&self, call: impl FnOnce(&MemoryStore) -> T) -> T {
        self.1.0.pass();
        let answer = call(&self.0);
        self.1.0.pass();
        answer
    }
}

impl Store for Watched {
    fn read(&self, prefix: &str) -> StoreAnswer<Vec<StoreRecord>> {
        self.0.read(prefix)
    }
    fn claim_all(&self, claims: &[(StoreClaim, Vec<StoreKey>)], pools: &[(PoolName, StorePool)]) -> StoreAnswer<()> {
        self.call(|store| store.claim_all(claims, pools))
    }
    fn release(&self, host: &StoreHost, entry: &EntryId, keys: &[StoreKey]) -> StoreAnswer<()> {
        self.call(|store| store.release(host, entry, keys))
    }
    fn join(&self, host: &StoreHost) -> StoreAnswer<()> {
        self.call(|store| store.join(host))
    }
    fn forget(&self, host: &str) -> StoreAnswer<Vec<StoreRecord>> {
        self.call(|store| store.forget(host))
    }
    fn push(&self, host: &StoreHost, pool: &PoolName, new: &StorePool, expected: Option<&str>) -> StoreAnswer<()> {
        self.call(|store| store.push(host, pool, new, expected))
    }
}

/// Names the work of a child of this test: `DIR|OPERATION|POINT`.
const DEATH: &str = "ZMGR_TEST_FLEET_DEATH";

fn operate(manager: &Manager, operation: &str) {
    let run = &mut RunOptions::new();
    // The parent sees from the files whether the work failed.
    let _ = match operation {
        "create" => create(manager, "web02").map(drop),
        "destroy" => destroy(manager, "web01"),
        "allocate" => manager.allocate("internal", "printer", None, run).map(drop),
        "release" => manager.release("internal", "scanner", None, None, run),
        "rename" => manager.rename("web01", "web09", &RenameOptions::new(), run).map(drop),
        "join" => manager.fleet_join(run).map(drop),
        "apply" | "build" => manager.apply(&["web01"], &ApplyOptions::new().recreate(true), run).map(drop),
        "import" => manager.import(&["web01"], &ImportOptions::new(), run).map(drop),
        "attach" => manager.attach(&["web01"], &AttachOptions::new(), run).map(drop),
        "recover" => manager.recover(&[], &RecoverOptions::new(), run).map(drop),
        "push" => manager.fleet_push("internal", run),
        other => panic!("no operation {other}"),
    };
}

/// Runs in a process of its own, which is killed before or after a call of the store.
#[test]
fn child() {
    let Ok(work) = env::var(DEATH) else { return };
    let mut words = work.split('|');
    let (dir, operation, point) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let reaper = Arc::new(Reaper { at: point.parse().unwrap(), passed: AtomicU64::new(0) });
    let store = MemoryStore::in_file(Path::new(dir).join("store.json"));
    operate(&with_store(&Path::new(dir).join("h1"), Watched(store, Arc::new(Points(reaper)))), operation);
}

/// Brings the host to where an operation begins.
fn prepare(operation: &str, h1: &Manager, scratch: &Path, store: &MemoryStore) {
    let run = || RunOptions::new();
    match operation {
        "apply" => edit(h1, "zones/web01.kdl", |text| {
            let (desired, applied) = text.split_at(text.find("applied {").unwrap());
            desired.replace("10.1.0.10/24", "10.1.0.99/24") + applied
        }),
        // An entry of an old backup, which has lost its claims.
        "build" => {
            let entry = fs::read(h1.root().join("zones/web01.kdl")).unwrap();
            destroy(h1, "web01").unwrap();
            fs::write(h1.root().join("zones/web01.kdl"), entry).unwrap();
        }
        "import" => drop(h1.forget(&["web01"], &mut run()).unwrap().into_result().unwrap()),
        "attach" => {
            let keep = DestroyOptions::new().keep_data(true);
            h1.destroy(&["web01"], &keep, &mut run()).unwrap().into_result().unwrap();
        }
        // A destruction that waits for the store, a claim without an entry and an entry without a claim.
        "recover" => {
            let cut_off = with_store(&scratch.join("h1"), store.disturbed(|_| Disturbance::Unreachable));
            destroy(&cut_off, "web01").unwrap_err();
            let reservation = h1.root().join("reservations/scanner.kdl");
            let entry = fs::read(&reservation).unwrap();
            h1.release("internal", "scanner", None, None, &mut run()).unwrap();
            h1.allocate("internal", "printer", None, &mut run()).unwrap();
            fs::remove_file(h1.root().join("reservations/printer.kdl")).unwrap();
            fs::write(reservation, entry).unwrap();
        }
        "push" => edit(h1, "pools/internal.kdl", |text| text.replacen("{\n", "{\n    exclude \"10.1.0.200\"\n", 1)),
        _ => {}
    }
}

#[test]
fn death_before_and_after_each_call_of_the_store_leaves_nothing() {
    use std::os::unix::process::ExitStatusExt;
    let operations = ["create", "destroy", "allocate", "release", "rename", "join", "apply", "build"];
    let others = ["import", "attach", "recover", "push"];
    for operation in operations.into_iter().chain(others) {
        let mut died = 0;
        for point in 1.. {
            let scratch = scratch();
            let store = MemoryStore::in_file(scratch.path().join("store.json"));
            let h1 = not_joined(scratch.path(), "h1", &store);
            edit(&h1, "config.kdl", |text| format!("unique-names #true\n{text}"));
            if operation != "join" {
                h1.fleet_join(&mut RunOptions::new()).unwrap();
                create(&h1, "web01").unwrap();
                h1.allocate("internal", "scanner", None, &mut RunOptions::new()).unwrap();
            }
            prepare(operation, &h1, scratch.path(), &store);
            let output = Command::new(env::current_exe().unwrap())
                .args(["--exact", "fleet_store::child", "--test-threads=1"])
                .env(DEATH, format!("{}|{operation}|{point}", scratch.path().display()))
                .output()
                .unwrap();
            match operation {
                "join" => drop(h1.fleet_join(&mut RunOptions::new()).unwrap()),
                "push" => h1.fleet_push("internal", &mut RunOptions::new()).unwrap(),
                _ => {}
            }
            recover(&h1);
            if operation == "import" && !h1.root().join("zones/web01.kdl").exists() {
                // Without an entry, what the zone uses stays claimed.
                let again = h1.import(&["web01"], &ImportOptions::new(), &mut RunOptions::new());
                again.unwrap().into_result().unwrap();
            }
            assert_sound(std::slice::from_ref(&h1));
            let there = h1.zones(&zmgr::Query::new()).unwrap();
            // Only a zone that `apply` builds is booted.
            assert!(
                operation == "build" || there.iter().all(|zone| zone.status != Some(ZoneStatus::Running)),
                "{operation} {point}"
            );
            if output.status.signal() != Some(9) {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
                break;
            }
            died += 1;
        }
        assert!(died >= 2, "{operation} died {died} times");
    }
}
