//! Operations on a fleet: join it, compare this host with it, forget a dead member, change a shared pool.

use std::collections::{BTreeMap, BTreeSet};

use super::config_tree::ConfigTree;
use super::membership::{Claimed, Membership, Stores, Wanted, ask, holder, taken};
use crate::documents::config::Config;
use crate::documents::document::Document;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::fleet::{
    FleetClaim, FleetHost, FleetPool, FleetStatus, StoreAnswer, StoreHost, StoreKey, StorePool, StoreRecord,
    StoreRefusal, StoreValue,
};
use crate::ipam::{AddressClass, Space};
use crate::registry::{self, Registry, Wait, now};
use crate::value::EntryId;
use crate::value::name::PoolName;

/// Returns this host as a member of the fleet that config.kdl names.
fn membership(registry: &Registry, stores: &Stores) -> Result<(ConfigTree, Membership)> {
    let config_tree = ConfigTree::load(registry.tree())?;
    config_tree.check_templates()?;
    match stores.member_of(registry, &config_tree)? {
        Some(membership) => Ok((config_tree, membership)),
        None => Err(Error::new(Code::Config, "this host is in no fleet: config.kdl has no `store`")
            .with_help("add `store` to config.kdl; run `zmgr explain store` to see how")),
    }
}

/// Returns what each built entry needs in the store.
fn wanted(registry: &Registry, membership: &Membership) -> Result<Vec<Wanted>> {
    let snapshot = registry.snapshot()?;
    if let Some(unreadable) = snapshot.unreadable().first() {
        let message = format!("{} cannot be read, so its addresses are unknown", unreadable.file.path.display());
        return Err(Error::new(Code::Config, message).with_details(unreadable.faults.clone()));
    }
    Ok(snapshot.entries().filter_map(|entry| membership.wanted_of(&entry.summary)).collect())
}

/// Compares this host with its fleet.
pub(crate) fn status(registry: &Registry, stores: &Stores) -> Result<FleetStatus> {
    let (_, membership) = membership(registry, stores)?;
    let host = membership.host_name()?.to_owned();
    let records = membership.read("")?;
    let mut hosts: BTreeMap<String, FleetHost> = BTreeMap::new();
    let named = |name: &str| FleetHost { name: name.to_owned(), joined: None, claims: 0 };
    let mut stored: BTreeMap<PoolName, StorePool> = BTreeMap::new();
    let mut joined = false;
    for record in &records {
        match (&record.key, &record.value) {
            (_, StoreValue::Host(member)) => {
                joined |= member.host == host && membership.config.incarnation.as_ref() == Some(&member.incarnation);
                hosts.entry(member.host.clone()).or_insert_with(|| named(&member.host)).joined =
                    Some(member.created.clone());
            }
            (_, StoreValue::Claim(claim)) => {
                hosts.entry(claim.host.clone()).or_insert_with(|| named(&claim.host)).claims += 1;
            }
            (StoreKey::Pool(name), StoreValue::Pool(pool)) => drop(stored.insert(name.clone(), pool.clone())),
            _ => {}
        }
    }
    let mut problems = Vec::new();
    if !joined {
        let message = format!("host {host:?} has not joined fleet {:?}, or was forgotten", membership.config.fleet);
        problems.push(Diagnostic::new("not-joined", message).with_help("run `zmgr fleet join`"));
    }
    let names: BTreeSet<&PoolName> = membership.shared.keys().chain(stored.keys()).collect();
    let pools: Vec<FleetPool> = names
        .into_iter()
        .map(|name| {
            let (ours, theirs) = (membership.shared.get(name), stored.get(name));
            FleetPool {
                name: name.clone(),
                segment: ours.map(|pool| pool.segment.clone()),
                digest: ours.map(|pool| pool.digest.clone()),
                stored: theirs.map(|pool| pool.digest.clone()),
                written_by: theirs.map(|pool| pool.host.clone()),
            }
        })
        .collect();
    for pool in &pools {
        if let (Some(ours), Some(theirs)) = (&pool.digest, &pool.stored)
            && ours != theirs
        {
            let by = pool.written_by.as_deref().unwrap_or_default();
            let message = format!("pool {:?} is not the one that host {by:?} wrote to the store", pool.name.as_str());
            problems.push(Diagnostic::new("pool-differs", message).with_help(format!(
                "use the same file on every host; to make this one the fleet's, run `zmgr fleet push {}`",
                pool.name
            )));
        }
    }
    problems.extend(differences(&wanted(registry, &membership)?, &records, &host));
    let claims = records.iter().filter_map(FleetClaim::of).collect();
    let fleet = membership.config.fleet.clone();
    Ok(FleetStatus { fleet, host, joined, hosts: hosts.into_values().collect(), pools, claims, problems })
}

/// Returns claims of this host that no entry has, and entries whose claims are missing or held by others.
fn differences(wanted: &[Wanted], records: &[StoreRecord], host: &str) -> Vec<Diagnostic> {
    let by_key: BTreeMap<&StoreKey, &StoreRecord> = records.iter().map(|record| (&record.key, record)).collect();
    let needed: BTreeSet<(&EntryId, &StoreKey)> =
        wanted.iter().flat_map(|each| each.keys.iter().map(|key| (&each.entry, key))).collect();
    let mut found = Vec::new();
    for each in wanted {
        for key in &each.keys {
            let who = format!("{} {}", each.kind.as_str(), each.name);
            match by_key.get(key) {
                Some(record) if record.claim().is_some_and(|claim| claim.entry == each.entry) => {}
                Some(record) => {
                    let message = format!("{key} of {who} is held by {}", holder(record));
                    found.push(Diagnostic::new("held-twice", message).with_help("give one of them another address"));
                }
                None => {
                    let message = format!("{key} of {who} is not claimed");
                    found.push(Diagnostic::new("not-claimed", message).with_help("run `zmgr recover`"));
                }
            }
        }
    }
    for record in records {
        if let Some(claim) = record.claim().filter(|claim| claim.host == host)
            && !needed.contains(&(&claim.entry, &record.key))
        {
            let message =
                format!("{} is claimed for {} {}, and no entry has it", record.key, claim.kind.as_str(), claim.name);
            found.push(Diagnostic::new("left-claim", message).warning().with_help("run `zmgr recover`"));
        }
    }
    found
}

/// Joins the fleet: claims everything that this host's entries hold, or nothing.
pub(crate) fn join(registry: &Registry, stores: &Stores, pulse: &mut dyn FnMut() -> bool) -> Result<FleetStatus> {
    let (config_tree, membership) = membership(registry, stores)?;
    let lock = membership.lock(registry, pulse)?;
    let name = membership.host_name()?.to_owned();
    let records = membership.read("")?;
    let needs = wanted(registry, &membership)?;
    refuse_conflicts(&needs, &records)?;
    let member = records.iter().find_map(|record| match &record.value {
        StoreValue::Host(member) if member.host == name => Some(member.clone()),
        _ => None,
    });
    let member = match member {
        Some(member) if membership.config.incarnation.as_ref() == Some(&member.incarnation) => member,
        Some(other) => return Err(membership.refused(StoreRefusal::NotJoined(Some(other)))),
        None => {
            let member = StoreHost::new(name, EntryId::random()?, now());
            // In the file first: if zmgr dies in between, the next call draws another.
            let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(pulse);
            write_incarnation(registry, &member.incarnation, &mut wait)?;
            member
        }
    };
    let config_tree = ConfigTree::load(registry.tree())?;
    let Some(membership) = stores.member_of(registry, &config_tree)? else {
        return Err(Error::new(Code::Busy, "config.kdl was changed by another process").with_help("try again"));
    };
    let store = membership.store()?;
    match ask(|| store.join(&member)) {
        StoreAnswer::Done(()) => {}
        StoreAnswer::Refused(refusal) => return Err(membership.refused(refusal)),
        StoreAnswer::Unknown(error) | StoreAnswer::Unreachable(error) => return Err(error),
    }
    for each in &needs {
        if let Claimed::Held(held) = membership.claim(each)? {
            return Err(taken(&held).with_context(format!("{} {}", each.kind.as_str(), each.name)));
        }
    }
    drop(lock);
    status(registry, stores)
}

/// Fails with a detail for each thing of this host that another entry holds.
fn refuse_conflicts(needs: &[Wanted], records: &[StoreRecord]) -> Result<()> {
    let by_key: BTreeMap<&StoreKey, &StoreRecord> = records.iter().map(|record| (&record.key, record)).collect();
    let mut conflicts = Vec::new();
    for each in needs {
        for key in &each.keys {
            if let Some(record) = by_key.get(key)
                && record.claim().is_none_or(|claim| claim.entry != each.entry)
            {
                let who = format!("{} {}", each.kind.as_str(), each.name);
                let message = format!("{key} of {who} is in use by {}", holder(record));
                conflicts.push(Diagnostic::new(Code::AddressInUse.slug(), message));
            }
        }
    }
    match conflicts.first() {
        None => Ok(()),
        Some(first) => {
            let message = format!("cannot join the fleet, and nothing was claimed: {}", first.message);
            Err(Error::new(Code::AddressInUse, message)
                .with_help("change or destroy what conflicts on one of the hosts, then join again")
                .with_details(conflicts))
        }
    }
}

fn write_incarnation(registry: &Registry, incarnation: &EntryId, wait: &mut Wait<'_>) -> Result<()> {
    let _lock = registry.lock_registry(wait)?;
    let path = registry.tree().config();
    registry.change(&path, |bytes| {
        let document = Document::<Config>::parse(&path, bytes)?;
        let mut config = document.value.clone();
        let Some(store) = &mut config.store else {
            return Err(Error::new(Code::Config, "config.kdl has no `store`"));
        };
        store.incarnation = Some(incarnation.clone());
        Ok(document.with(config)?.text().as_bytes().to_vec())
    })
}

/// Forgets a host that is gone for good: what it holds becomes free. Returns that.
pub(crate) fn forget(registry: &Registry, stores: &Stores, host: &str) -> Result<Vec<FleetClaim>> {
    let (_, membership) = membership(registry, stores)?;
    let key = StoreKey::Host(host.to_owned());
    let records = membership.read("")?;
    if !records.iter().any(|r| r.key == key || r.claim().is_some_and(|claim| claim.host == host)) {
        let known: Vec<String> = records
            .iter()
            .filter_map(|record| match &record.key {
                StoreKey::Host(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let fleet = &membership.config.fleet;
        return Err(Error::new(Code::NotFound, format!("fleet {fleet:?} has no host {host:?}"))
            .with_help(format!("its hosts are {}", known.join(", "))));
    }
    let store = membership.store()?;
    let mut gone = Vec::new();
    // The first reading has the claims that were removed before an answer was lost.
    let held: Vec<StoreRecord> =
        records.into_iter().filter(|record| record.claim().is_some_and(|claim| claim.host == host)).collect();
    match ask(|| store.forget(host)) {
        StoreAnswer::Done(removed) => {
            gone.extend(held.iter().filter_map(FleetClaim::of));
            let known: BTreeMap<&StoreKey, &StoreValue> = held.iter().map(|held| (&held.key, &held.value)).collect();
            let later = removed.iter().filter(|record| known.get(&record.key) != Some(&&record.value));
            gone.extend(later.filter_map(FleetClaim::of));
            Ok(gone)
        }
        StoreAnswer::Refused(refusal) => Err(membership.refused(refusal)),
        StoreAnswer::Unknown(error) | StoreAnswer::Unreachable(error) => Err(error),
    }
}

/// Makes this host's definition of a pool the fleet's, if every claim still fits.
pub(crate) fn push(
    registry: &Registry,
    stores: &Stores,
    pool: &PoolName,
    pulse: &mut dyn FnMut() -> bool,
) -> Result<()> {
    let (config_tree, membership) = membership(registry, stores)?;
    let Some(shared) = membership.shared.get(pool) else {
        let message = match config_tree.pools.contains_key(pool) {
            true => format!("pool {pool} is not shared"),
            false => format!("pool {:?} does not exist", pool.as_str()),
        };
        return Err(Error::new(Code::NotFound, message)
            .with_help(format!("add `fleet segment=…` to {}", registry.tree().pool(pool).display())));
    };
    let _lock = membership.lock(registry, pulse)?;
    let member = membership.member()?;
    let before =
        membership.read(&StoreKey::Pool(pool.clone()).to_string())?.into_iter().find_map(|record| match record.value {
            StoreValue::Pool(stored) if record.key == StoreKey::Pool(pool.clone()) => Some(stored),
            _ => None,
        });
    refuse_unfit(&membership, pool)?;
    let new = StorePool::new(&shared.digest, &member.host, now());
    let store = membership.store()?;
    let replace = |new: &StorePool, expected: Option<&str>| match ask(|| store.push(&member, pool, new, expected)) {
        StoreAnswer::Done(()) => Ok(()),
        StoreAnswer::Refused(refusal) => Err(membership.refused(refusal)),
        StoreAnswer::Unknown(error) | StoreAnswer::Unreachable(error) => Err(error),
    };
    replace(&new, before.as_ref().map(|before| before.digest.as_str()))?;
    // A host may have claimed by the old definition until now; from here on none can.
    match (refuse_unfit(&membership, pool), before) {
        (Err(error), Some(before)) if error.code() == Code::WrongState => {
            replace(&before, Some(&new.digest))?;
            Err(error)
        }
        (fits, _) => fits,
    }
}

/// Fails if an address that is held in the pool's segment and networks may not be allocated from the pool.
fn refuse_unfit(membership: &Membership, pool: &PoolName) -> Result<()> {
    let (Some(shared), Some(definition)) = (membership.shared.get(pool), membership.pools.get(pool)) else {
        return Ok(());
    };
    let space = registry::space(definition);
    let others: Vec<_> = membership
        .shared
        .iter()
        .filter(|(name, other)| *name != pool && other.segment == shared.segment)
        .filter_map(|(name, _)| Some(registry::space(membership.pools.get(name)?)))
        .collect();
    let mut unfit = Vec::new();
    for record in membership.read(&format!("ip/{}/", shared.segment))? {
        let StoreKey::Ip { address, .. } = &record.key else { continue };
        let name = record.claim().map(|claim| claim.name.clone());
        let fits = |space: &Space| {
            let class = space.classify(*address, name.as_deref());
            matches!(class, AddressClass::Candidate | AddressClass::OutOfShare)
        };
        if !fits(&space) && !others.iter().any(fits) {
            let message = format!("{address} of {} is not an address of pool {pool}", holder(&record));
            unfit.push(Diagnostic::new("unfit", message));
        }
    }
    match unfit.first() {
        None => Ok(()),
        Some(first) => {
            let message = format!("cannot change pool {:?} of the fleet: {}", pool.as_str(), first.message);
            Err(Error::new(Code::WrongState, message)
                .with_help("keep what is held in the pool, or give its holders other addresses first")
                .with_details(unfit))
        }
    }
}
