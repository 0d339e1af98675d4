//! This host as a member of a fleet: claims in the store that other hosts see.
//!
//! Invariant: what an entry holds of a shared pool is claimed before the entry is on disk. The claim ends when nothing uses it: for a
//! zone before its entry is removed, which records the step, and for a reservation after. The fleet lock is held from a claim until the
//! entry is on disk; while the store is asked, the registry lock is not.

mod stores;
mod sweep;

pub(crate) use stores::{OpenStore, Stores};

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::config_tree::ConfigTree;
use crate::api::hex;
use crate::documents::pool::Pool;
use crate::documents::store::StoreConfig;
use crate::documents::zone::{ZoneEntry, is_golden_name};
use crate::error::{Code, Error, Result};
use crate::fleet::{
    ClaimKind, MAX_STORE_KEYS, Store, StoreAnswer, StoreClaim, StoreHost, StoreKey, StorePool, StoreRecord,
    StoreRefusal, StoreValue,
};
use crate::registry::{
    Elsewhere, EntryKind, EntrySummary, FleetLock, HostUsage, Pools, Registry, Session, SummaryView, Wait, now,
};
use crate::value::EntryId;
use crate::value::address::MacAddr;
use crate::value::name::{PoolName, ZoneName};

/// Number of times that a call is made until its answer arrives.
const REPEATS: usize = 3;

/// Number of times that other addresses are chosen when other hosts are faster.
const CHOICES: usize = 20;

impl Stores {
    /// Returns this host as a member of a fleet, if it shares anything with other hosts. Opens no connection.
    ///
    /// Fails with `config` if a pool is shared and there is no store.
    pub(crate) fn membership(&self, registry: &Registry, config_tree: &ConfigTree) -> Result<Option<Membership>> {
        let shares = |membership: &Membership| membership.unique_names || !membership.shared.is_empty();
        Ok(self.member_of(registry, config_tree)?.filter(shares))
    }

    /// Returns this host as a member of a fleet; `None` without `store` in config.kdl. Otherwise as [`Stores::membership`].
    pub(super) fn member_of(&self, registry: &Registry, config_tree: &ConfigTree) -> Result<Option<Membership>> {
        let Some(config) = &config_tree.config.store else {
            let Some(pool) = config_tree.pools.values().find(|pool| pool.segment.is_some()) else { return Ok(None) };
            let message =
                format!("pool {:?} is shared with other hosts, and config.kdl has no `store`", pool.name.as_str());
            return Err(Error::new(Code::Config, message)
                .with_help("add `store` to config.kdl, or remove `fleet` from the pool to use it on one host"));
        };
        let named = config_tree.config.host.as_ref().map(|host| host.value.clone());
        let shared = config_tree.pools.values().filter_map(|pool| {
            let segment = pool.segment.as_ref()?.value.clone();
            Some((pool.name.clone(), Shared { segment, digest: digest(pool) }))
        });
        let layers = config_tree.templates.values().map(|template| &template.settings);
        let golden = layers.chain([&config_tree.config.defaults]).filter_map(|layer| layer.clone_from.as_ref());
        Ok(Some(Membership {
            stores: self.clone(),
            host: named.or_else(|| registry.tree().nodename()),
            shared: shared.collect(),
            unique_names: config_tree.config.unique_names,
            golden: golden.map(|source| source.value.clone()).collect(),
            timeout: config_tree.config.lock_timeout,
            pools: Arc::clone(&config_tree.pools),
            config: config.clone(),
        }))
    }
}

/// A pool that hosts share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) segment: String,
    pub(super) digest: String,
}

/// This host as a member of a fleet.
#[derive(Debug)]
pub(crate) struct Membership {
    stores: Stores,
    pub(super) config: StoreConfig,
    host: Option<String>,
    pub(super) shared: BTreeMap<PoolName, Shared>,
    unique_names: bool,
    /// Zones that others are cloned from: their names may exist on every host.
    golden: BTreeSet<ZoneName>,
    timeout: Duration,
    pub(super) pools: Arc<Pools>,
}

/// Keys that an entry needs in the store.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(super) entry: EntryId,
    pub(super) kind: ClaimKind,
    pub(super) name: String,
    pub(super) keys: BTreeSet<StoreKey>,
    pools: BTreeSet<PoolName>,
}

impl Wanted {
    /// Returns the id of the entry.
    pub(crate) fn entry_id(&self) -> &EntryId {
        &self.entry
    }
}

/// Answer to a claim.
pub(super) enum Claimed {
    Done,
    /// Other entries hold some of the keys.
    Held(Vec<StoreRecord>),
}

impl Membership {
    pub(super) fn store(&self) -> Result<Arc<dyn Store>> {
        self.stores.store(&self.config)
    }

    /// Returns the name of this host in the fleet.
    pub(super) fn host_name(&self) -> Result<&str> {
        self.host.as_deref().ok_or_else(|| {
            Error::new(Code::Config, "the name of this host in the fleet is not known")
                .with_help("set `host` in config.kdl")
        })
    }

    /// Returns this host with its incarnation; `wrong-state` if it has not joined.
    pub(super) fn member(&self) -> Result<StoreHost> {
        let name = self.host_name()?;
        match &self.config.incarnation {
            Some(incarnation) => Ok(StoreHost::new(name, incarnation.clone(), String::new())),
            None => Err(not_joined(name, &self.config.fleet)),
        }
    }

    /// Takes the fleet lock of this host. Zone locks come first, the registry lock later.
    pub(crate) fn lock(&self, registry: &Registry, pulse: &mut dyn FnMut() -> bool) -> Result<FleetLock> {
        registry.lock_fleet(&mut Wait::up_to(self.timeout).pulse(pulse))
    }

    /// Returns what a zone's entry needs in the store; `None` if that is nothing.
    pub(crate) fn wanted(&self, entry: &ZoneEntry) -> Option<Wanted> {
        let summary = EntrySummary::from(entry);
        let nets = summary.nets.iter().chain(&summary.applied);
        let nets =
            nets.map(|net| (net.pool.as_deref(), net.mac, net.addresses.iter().map(|(a, _)| a.addr()).collect()));
        let mut names = vec![entry.name.clone()];
        names.extend(entry.renaming.iter().flat_map(|renaming| [renaming.from.clone(), renaming.to.clone()]));
        self.collect(entry.id.clone()?, ClaimKind::Zone, entry.name.as_str(), names, nets)
    }

    /// Returns what an entry of the registry needs in the store; `None` if that is nothing, or if it is not built.
    pub(super) fn wanted_of(&self, summary: &SummaryView<'_>) -> Option<Wanted> {
        let id = summary.id()?.parse().ok()?;
        let (kind, names) = match summary.kind {
            EntryKind::Zone => (ClaimKind::Zone, ZoneName::new(summary.name).into_iter().collect()),
            EntryKind::Reservation => (ClaimKind::Reservation, Vec::new()),
        };
        let nets = summary.all_nets();
        let nets = nets.map(|net| (net.pool, net.mac(), net.addresses().map(|(a, _)| a.addr()).collect()));
        self.collect(id, kind, summary.name, names, nets)
    }

    /// Returns what a reservation needs in the store for addresses of a pool; `None` if the pool is not shared.
    pub(crate) fn wanted_by(
        &self,
        id: &EntryId,
        owner: &str,
        pool: &PoolName,
        addresses: Vec<IpAddr>,
    ) -> Option<Wanted> {
        let net = (Some(pool.as_str()), None, addresses);
        self.collect(id.clone(), ClaimKind::Reservation, owner, Vec::new(), std::iter::once(net))
    }

    fn collect<'n>(
        &self,
        entry: EntryId,
        kind: ClaimKind,
        name: &str,
        names: Vec<ZoneName>,
        nets: impl Iterator<Item = (Option<&'n str>, Option<[u8; 6]>, Vec<IpAddr>)>,
    ) -> Option<Wanted> {
        let (mut keys, mut pools) = (BTreeSet::new(), BTreeSet::new());
        for (pool, mac, addresses) in nets {
            let Some((pool, Shared { segment, .. })) = pool.and_then(|pool| self.shared.get_key_value(pool)) else {
                continue;
            };
            let of = addresses.into_iter().map(|address| StoreKey::Ip { segment: segment.clone(), address });
            keys.extend(of);
            keys.extend(mac.map(|mac| StoreKey::Mac { segment: segment.clone(), mac: MacAddr::new(mac) }));
            pools.insert(pool.clone());
        }
        if self.unique_names {
            // A golden zone that zmgr named has the same name on every host that installs the same.
            let is_golden = |name: &ZoneName| self.golden.contains(name) || is_golden_name(name.as_str());
            keys.extend(names.into_iter().filter(|name| !is_golden(name)).map(StoreKey::Zone));
        }
        (!keys.is_empty()).then(|| Wanted { entry, kind, name: name.to_owned(), keys, pools })
    }

    /// Claims everything that an entry needs, or nothing. Asking twice is safe.
    pub(super) fn claim(&self, wanted: &Wanted) -> Result<Claimed> {
        self.claim_together(std::slice::from_ref(wanted))
    }

    /// Claims everything that these entries need in one transaction, or nothing. Asking twice is safe.
    fn claim_together(&self, wanted: &[Wanted]) -> Result<Claimed> {
        if let Some(large) = wanted.iter().find(|each| each.keys.len() > MAX_STORE_KEYS) {
            let (name, count) = (&large.name, large.keys.len());
            let message = format!("{name} has {count} addresses of shared pools, more than {MAX_STORE_KEYS}");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let (store, member, time) = (self.store()?, self.member()?, now());
        let claim = |each: &Wanted| {
            let claim = StoreClaim::new(each.entry.clone(), &member, each.kind, each.name.as_str(), time.as_str());
            (claim, each.keys.iter().cloned().collect::<Vec<_>>())
        };
        let claims: Vec<(StoreClaim, Vec<StoreKey>)> = wanted.iter().map(claim).collect();
        let names: BTreeSet<&PoolName> = wanted.iter().flat_map(|each| &each.pools).collect();
        let pool = |name: &PoolName| {
            let digest = &self.shared.get(name)?.digest;
            Some((name.clone(), StorePool::new(digest, &member.host, time.as_str())))
        };
        let pools: Vec<(PoolName, StorePool)> = names.into_iter().filter_map(pool).collect();
        match ask(|| store.claim_all(&claims, &pools)) {
            StoreAnswer::Done(()) => Ok(Claimed::Done),
            StoreAnswer::Refused(StoreRefusal::Held(held)) => Ok(Claimed::Held(held)),
            StoreAnswer::Refused(refusal) => Err(self.refused(refusal)),
            // The claim may have succeeded: `recover` releases it if no entry has it.
            StoreAnswer::Unknown(error) | StoreAnswer::Unreachable(error) => Err(error),
        }
    }

    /// Claims what an entry on disk needs, before anything is built for it. An entry of an old backup may have lost its claims.
    pub(crate) fn ensure(&self, entry: &ZoneEntry) -> Result<()> {
        let Some(wanted) = self.wanted(entry) else { return Ok(()) };
        match self.claim(&wanted)? {
            Claimed::Done => Ok(()),
            Claimed::Held(held) => Err(taken(&held)),
        }
    }

    /// Releases what an entry holds in the store.
    pub(crate) fn release(&self, wanted: &Wanted) -> Result<()> {
        self.release_keys(&wanted.entry, wanted.keys.iter().cloned().collect())
    }

    pub(super) fn release_keys(&self, entry: &EntryId, keys: Vec<StoreKey>) -> Result<()> {
        let (store, member) = (self.store()?, self.member()?);
        for keys in keys.chunks(MAX_STORE_KEYS) {
            match ask(|| store.release(&member, entry, keys)) {
                StoreAnswer::Done(()) => {}
                StoreAnswer::Refused(refusal) => return Err(self.refused(refusal)),
                StoreAnswer::Unknown(error) | StoreAnswer::Unreachable(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Releases what an entry held before a change and does not hold after it. What cannot be released now is left to `recover`.
    pub(crate) fn settle(&self, before: &Wanted, now: Option<&ZoneEntry>) {
        let kept = now.and_then(|entry| self.wanted(entry)).map(|wanted| wanted.keys).unwrap_or_default();
        let gone: Vec<StoreKey> = before.keys.difference(&kept).cloned().collect();
        if !gone.is_empty()
            && let Err(error) = self.release_keys(&before.entry, gone)
        {
            tracing::warn!(zone = %before.name, "claims are left to `zmgr recover`: {}", error.message());
        }
    }

    /// Reads what begins with this text.
    pub(super) fn read(&self, prefix: &str) -> Result<Vec<StoreRecord>> {
        match self.store()?.read(prefix) {
            StoreAnswer::Done(records) => Ok(records),
            StoreAnswer::Refused(refusal) => Err(self.refused(refusal)),
            StoreAnswer::Unknown(error) | StoreAnswer::Unreachable(error) => Err(error),
        }
    }

    /// Returns what no entry of this host holds in the segments of these pools, and the store has.
    pub(super) fn elsewhere<'p>(
        &self,
        registry: &Registry,
        pools: impl Iterator<Item = &'p PoolName>,
    ) -> Result<Elsewhere> {
        self.elsewhere_except(registry, pools, |_| false)
    }

    /// Returns what other hosts hold in the segments of these pools.
    pub(super) fn on_other_hosts<'p>(
        &self,
        registry: &Registry,
        pools: impl Iterator<Item = &'p PoolName>,
    ) -> Result<Elsewhere> {
        let host = self.host_name()?;
        self.elsewhere_except(registry, pools, |claim| claim.host == host)
    }

    fn elsewhere_except<'p>(
        &self,
        registry: &Registry,
        pools: impl Iterator<Item = &'p PoolName>,
        except: impl Fn(&StoreClaim) -> bool,
    ) -> Result<Elsewhere> {
        let segments: BTreeSet<&str> = pools.filter_map(|pool| Some(self.shared.get(pool)?.segment.as_str())).collect();
        let mut records = Vec::new();
        for segment in segments {
            records.extend(self.read(&format!("ip/{segment}/"))?);
            records.extend(self.read(&format!("mac/{segment}/"))?);
        }
        // Read afterwards: an entry of this host whose claim was seen is on disk, or its lock is held by us.
        let snapshot = registry.snapshot()?;
        let ours: BTreeSet<&str> = snapshot.entries().filter_map(|entry| entry.summary.id()).collect();
        let mut elsewhere = Elsewhere::default();
        for record in &records {
            if record.claim().is_some_and(|claim| ours.contains(claim.entry.as_str()) || except(claim)) {
                continue;
            }
            learn(&mut elsewhere, record);
        }
        Ok(elsewhere)
    }

    /// Reads what others hold in the segments of these pools, and keeps it for the next choice.
    fn read_elsewhere<'p>(
        &self,
        registry: &Registry,
        pools: impl Iterator<Item = &'p PoolName>,
    ) -> Result<Arc<Elsewhere>> {
        let elsewhere = Arc::new(self.elsewhere(registry, pools)?);
        self.stores.remember(&self.config, Arc::clone(&elsewhere));
        Ok(elsewhere)
    }

    /// Chooses with `choose`, claims what `wanted` says, and writes entries with `write`, in this order. If another host is faster,
    /// chooses again.
    pub(crate) fn reserve<T>(
        &self,
        registry: &Registry,
        host_usage: &Arc<HostUsage>,
        pulse: &mut dyn FnMut() -> bool,
        mut choose: impl FnMut(&mut Session<'_>) -> Result<T>,
        wanted: impl Fn(&T) -> Vec<Wanted>,
        mut write: impl FnMut(&mut Session<'_>, &T) -> Result<()>,
    ) -> Result<T> {
        let _lock = self.lock(registry, pulse)?;
        let (mut elsewhere, mut was_read) = (self.stores.known(&self.config), false);
        let mut failed = None;
        for turn in 0..CHOICES {
            let (chosen, of_last) = self.choose(registry, host_usage, &elsewhere, turn == 0, &mut choose)?;
            let chosen = match chosen {
                Err(_) if of_last => continue,
                // What others held may be free now.
                Err(error) if !was_read && !elsewhere.is_empty() && is_shortage(&error) => {
                    (elsewhere, was_read) = (self.read_elsewhere(registry, self.shared.keys())?, true);
                    continue;
                }
                chosen => chosen?,
            };
            let wanted = wanted(&chosen);
            if let Some(held) = self.claim_all(registry, &wanted)? {
                // Another process of this host claimed it.
                if of_last && held.iter().all(|record| self.is_ours(record)) {
                    continue;
                }
                refuse_names(&held)?;
                if elsewhere.is_empty() || failed.is_some() {
                    let pools = wanted.iter().flat_map(|wanted| &wanted.pools);
                    (elsewhere, was_read) = (self.read_elsewhere(registry, pools)?, true);
                } else {
                    // Little has changed since it was read: the refusal says what.
                    held.iter().for_each(|record| learn(Arc::make_mut(&mut elsewhere), record));
                    self.stores.remember(&self.config, Arc::clone(&elsewhere));
                }
                failed = Some(taken(&held));
                continue;
            }
            let written = self.session(registry, host_usage, pulse, &elsewhere).and_then(|mut session| {
                write(&mut session, &chosen)?;
                session.commit_and_remember()
            });
            let Err(error) = written else { return Ok(chosen) };
            wanted.iter().for_each(|wanted| self.give_back(registry, wanted));
            match error.code() {
                // Another process of this host was faster; if not, choosing again says so.
                Code::AddressInUse | Code::Exists => failed = Some(error),
                _ if of_last => failed = Some(error),
                _ => return Err(error),
            }
        }
        Err(failed.unwrap_or_else(|| Error::new(Code::Busy, "other hosts claim every address that is chosen")))
    }

    /// Chooses; returns true with a choice that was made from what the process knows, which `from_last` allows. What is chosen is only
    /// held once it is claimed and written, under the registry lock and after a look at each file.
    fn choose<T>(
        &self,
        registry: &Registry,
        host_usage: &Arc<HostUsage>,
        elsewhere: &Arc<Elsewhere>,
        from_last: bool,
        choose: &mut impl FnMut(&mut Session<'_>) -> Result<T>,
    ) -> Result<(Result<T>, bool)> {
        let last = if from_last { registry.choosing_from_last(&self.pools, host_usage) } else { None };
        let of_last = last.is_some();
        let choosing = || registry.choosing(Arc::clone(&self.pools), Arc::clone(host_usage));
        let mut session = last.unwrap_or_else(choosing)?;
        session.allocator().set_elsewhere(Arc::clone(elsewhere));
        Ok((choose(&mut session), of_last))
    }

    /// Returns true if this host made the claim.
    fn is_ours(&self, record: &StoreRecord) -> bool {
        record.claim().is_some_and(|claim| Some(&claim.host) == self.host.as_ref())
    }

    fn session<'r>(
        &self,
        registry: &'r Registry,
        host_usage: &Arc<HostUsage>,
        pulse: &mut dyn FnMut() -> bool,
        elsewhere: &Arc<Elsewhere>,
    ) -> Result<Session<'r>> {
        let mut wait = Wait::up_to(self.timeout).pulse(pulse);
        let mut session = registry.reserving(Arc::clone(&self.pools), Arc::clone(host_usage), &mut wait)?;
        session.allocator().set_elsewhere(Arc::clone(elsewhere));
        Ok(session)
    }

    /// Claims all of these, or none, in as few transactions as hold them. Returns what others hold.
    fn claim_all(&self, registry: &Registry, wanted: &[Wanted]) -> Result<Option<Vec<StoreRecord>>> {
        let mut done = 0;
        while done < wanted.len() {
            let mut keys = 0;
            let fits = |each: &&Wanted| {
                keys += each.keys.len();
                keys <= MAX_STORE_KEYS
            };
            let count = wanted[done..].iter().take_while(fits).count().max(1);
            let claimed = self.claim_together(&wanted[done..done + count]);
            if !matches!(claimed, Ok(Claimed::Done)) {
                wanted[..done].iter().for_each(|each| self.give_back(registry, each));
            }
            if let Claimed::Held(held) = claimed? {
                return Ok(Some(held));
            }
            done += count;
        }
        Ok(None)
    }

    /// Claims what the entry of an existing zone needs. If the claims of an entry that was forgotten are still those of the zone, the
    /// new entry takes its id. The fleet lock is held.
    pub(crate) fn adopt(&self, registry: &Registry, entry: &ZoneEntry) -> Result<Option<Wanted>> {
        let Some(mut wanted) = self.wanted(entry) else { return Ok(None) };
        let Claimed::Held(held) = self.claim(&wanted)? else { return Ok(Some(wanted)) };
        let member = self.member()?;
        let snapshot = registry.snapshot()?;
        let known: BTreeSet<&str> = snapshot.entries().filter_map(|entry| entry.summary.id()).collect();
        let left = |claim: &&StoreClaim| {
            let of_an_entry = known.contains(claim.entry.as_str());
            claim.host == member.host && claim.name == wanted.name && claim.kind == ClaimKind::Zone && !of_an_entry
        };
        let ids: Option<BTreeSet<&EntryId>> =
            held.iter().map(|record| record.claim().filter(left).map(|claim| &claim.entry)).collect();
        let Some(id) = ids.filter(|ids| ids.len() == 1).and_then(|ids| ids.into_iter().next().cloned()) else {
            return Err(taken(&held));
        };
        wanted.entry = id;
        match self.claim(&wanted)? {
            Claimed::Done => Ok(Some(wanted)),
            Claimed::Held(held) => Err(taken(&held)),
        }
    }

    /// Releases what was claimed for an entry that was not written, except what an entry with its id holds.
    pub(crate) fn give_back(&self, registry: &Registry, wanted: &Wanted) {
        let Ok(snapshot) = registry.snapshot() else { return };
        let entry = snapshot.entries().find(|entry| entry.summary.id() == Some(wanted.entry.as_str()));
        let kept = entry.and_then(|entry| self.wanted_of(&entry.summary)).map(|own| own.keys).unwrap_or_default();
        let gone = wanted.keys.difference(&kept).cloned().collect();
        // If the release fails, `recover` does it later.
        let _ = self.release_keys(&wanted.entry, gone);
    }

    pub(super) fn refused(&self, refusal: StoreRefusal) -> Error {
        let host = self.host.as_deref().unwrap_or_default();
        match refusal {
            StoreRefusal::Held(held) => taken(&held),
            StoreRefusal::NotJoined(None) => not_joined(host, &self.config.fleet),
            StoreRefusal::NotJoined(Some(other)) => Error::new(
                Code::WrongState,
                format!("another host {host:?} joined fleet {:?} at {}", self.config.fleet, other.created),
            )
            .with_help(format!("set another `host` in config.kdl; if it is gone, run `zmgr fleet forget {host}`")),
            StoreRefusal::PoolDiffers { pool, stored } => {
                let ours = self.shared.get(&pool).map_or("", |shared| shared.digest.as_str());
                let theirs = match &stored {
                    Some(stored) => {
                        format!("{:?} that host {:?} wrote at {}", stored.digest, stored.host, stored.created)
                    }
                    None => "an unknown one".to_owned(),
                };
                let message = format!(
                    "pool {:?} is not the same on all hosts: its digest here is {ours:?}, the fleet's is {theirs}",
                    pool.as_str()
                );
                Error::new(Code::Config, message).with_help(format!(
                    "use the same file on every host; to make this one the fleet's, run `zmgr fleet push {pool}`"
                ))
            }
        }
    }
}

/// Fails if others hold a name, for which nothing else can be chosen.
fn refuse_names(held: &[StoreRecord]) -> Result<()> {
    let names: Vec<StoreRecord> =
        held.iter().filter(|record| matches!(record.key, StoreKey::Zone(_))).cloned().collect();
    if names.is_empty() { Ok(()) } else { Err(taken(&names)) }
}

/// Adds what a record holds to what is known of other hosts.
fn learn(elsewhere: &mut Elsewhere, record: &StoreRecord) {
    match &record.key {
        StoreKey::Ip { segment, address } => elsewhere.hold(segment, *address, holder(record)),
        StoreKey::Mac { mac, .. } => elsewhere.hold_mac(mac.bytes(), holder(record)),
        _ => {}
    }
}

/// Returns true if a choice failed because something is held.
fn is_shortage(error: &Error) -> bool {
    matches!(error.code(), Code::AddressInUse | Code::PoolExhausted | Code::Exists)
}

/// Asks again as long as the answer is lost.
pub(super) fn ask<T>(mut call: impl FnMut() -> StoreAnswer<T>) -> StoreAnswer<T> {
    for _ in 1..REPEATS {
        match call() {
            StoreAnswer::Unknown(_) => {}
            answer => return answer,
        }
    }
    call()
}

fn not_joined(host: &str, fleet: &str) -> Error {
    Error::new(Code::WrongState, format!("host {host:?} has not joined fleet {fleet:?}, or was forgotten"))
        .with_help("run `zmgr fleet join`")
}

/// Returns the error for keys that others hold.
pub(super) fn taken(held: &[StoreRecord]) -> Error {
    let of = |record: &StoreRecord| match &record.key {
        StoreKey::Ip { address, .. } => (Code::AddressInUse, format!("address {address}")),
        StoreKey::Mac { mac, .. } => (Code::Exists, format!("MAC address {mac}")),
        StoreKey::Zone(name) => (Code::Exists, format!("zone name {:?}", name.as_str())),
        key => (Code::Exists, key.to_string()),
    };
    let said: Vec<(Code, String)> = held
        .iter()
        .map(|record| {
            let (code, what) = of(record);
            (code, format!("{what} is in use by {}", holder(record)))
        })
        .collect();
    let first = said.iter().find(|(code, _)| *code == Code::AddressInUse).or(said.first());
    let (code, message) = first.cloned().unwrap_or((Code::Exists, "it is in use on another host".to_owned()));
    let others = said.into_iter().filter(|(_, other)| *other != message);
    let details = others.map(|(code, message)| crate::error::Diagnostic::new(code.slug(), message)).collect();
    Error::new(code, message).with_details(details).with_help("run `zmgr fleet status` to see what each host holds")
}

/// Returns the holder of a record as text.
pub(super) fn holder(record: &StoreRecord) -> String {
    match &record.value {
        StoreValue::Claim(claim) => claim.to_string(),
        _ => "an entry that this zmgr cannot read".to_owned(),
    }
}

/// Returns the digest of what decides which addresses of a pool are free: hosts that disagree about it must not share the pool.
pub(super) fn digest(pool: &Pool) -> String {
    let mut lines = Vec::new();
    for network in &pool.networks {
        let of = network.network;
        lines.push(format!("network {of}"));
        lines.extend(network.gateway.map(|gateway| format!("gateway {of} {gateway}")));
        lines.extend(network.ranges.iter().map(|(first, last)| format!("range {of} {first} {last}")));
        lines.extend(network.excludes.iter().map(|(first, last)| format!("exclude {of} {first} {last}")));
        lines.extend(network.reserves.iter().map(|(address, whom)| format!("reserve {of} {address} {whom}")));
        let shares = network.shares.iter();
        lines.extend(shares.map(|share| format!("share {of} {} {} {}", share.host, share.first, share.last)));
    }
    lines.extend(pool.vlan.as_ref().map(|vlan| format!("vlan {}", vlan.value)));
    lines.extend(pool.segment.as_ref().map(|segment| format!("segment {}", segment.value)));
    lines.sort();
    hex(&Sha256::digest(lines.join("\n")))
}
