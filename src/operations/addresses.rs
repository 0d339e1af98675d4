//! Allocates addresses to owners that are not zones, releases them and reports on them.

use std::net::IpAddr;
use std::sync::Arc;

use super::config_tree::ConfigTree;
use super::jobs::{EventSender, before};
use super::membership::{Membership, Stores};
use crate::api::RunOptions;
use crate::documents::document::Document;
use crate::documents::resolve::{effective, stale};
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::host::ZonesStamp;
use crate::registry::{Allocation, Directory, Elsewhere, HostUsage, PoolUsage, Registry, Session, Wait};
use crate::value::EntryId;
use crate::value::name::{PoolName, ReservationName};

/// Takes a new snapshot of the host, cancellable if an event sender is given. Called before any lock is taken.
pub(crate) type MakeHostUsage<'a> = &'a (dyn Fn(Option<&EventSender>) -> Result<Arc<HostUsage>> + Sync);

/// Source of the host usage: the last one, as long as the stamp of the zones' documents still matches, or a new one.
pub(crate) struct HostUsages<'a> {
    /// The current stamp of the zones' documents.
    pub(crate) stamp: ZonesStamp,
    pub(crate) make: MakeHostUsage<'a>,
}

impl HostUsages<'_> {
    /// Returns the last host usage if it is still valid.
    fn last(&self, registry: &Registry) -> Option<Arc<HostUsage>> {
        registry.last_host_usage().filter(|last| last.stamp == self.stamp).map(Arc::new)
    }

    /// Takes a new one; a cancellation ends it.
    fn refresh(&self, run: &mut RunOptions<'_>) -> Result<Arc<HostUsage>> {
        before(run, |events| (self.make)(Some(events)))
    }
}

/// Allocates one address of each family of the pool to each owner, or the requested one to the first: loads the registry and locks
/// it once for all owners, and succeeds or fails as a whole.
pub(crate) fn allocate(
    registry: &Registry,
    stores: &Stores,
    host_usages: &HostUsages<'_>,
    pool: &PoolName,
    owners: &[ReservationName],
    wanted: Option<IpAddr>,
    run: &mut RunOptions<'_>,
) -> Result<Vec<Allocation>> {
    run.wanted()?;
    let (mut host_usage, mut made) = match host_usages.last(registry) {
        Some(last) => (last, false),
        None => (host_usages.refresh(run)?, true),
    };
    let config_tree = ConfigTree::load_pools(registry.tree())?;
    config_tree.check(None)?;
    let membership = stores.membership(registry, &config_tree)?;
    loop {
        if let Some(membership) = &membership {
            match claimed(registry, membership, &host_usage, made, (pool, owners, wanted), run)? {
                Some(given) => return Ok(given),
                None => (host_usage, made) = (host_usages.refresh(run)?, true),
            }
            continue;
        }
        let pools = std::sync::Arc::clone(&config_tree.pools);
        let mut pulse = || run.goes_on();
        let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
        let mut session = registry.reserving(pools, host_usage, &mut wait)?;
        if made {
            session.keep_host_usage();
        } else if session.allocator().has_unknown_zone() {
            // The host may know which addresses an unreadable file held; it is never queried under the lock.
            drop(session);
            (host_usage, made) = (host_usages.refresh(run)?, true);
            continue;
        }
        let given = give(&mut session, pool, owners, wanted)?;
        session.commit()?;
        return Ok(given);
    }
}

/// Allocates from a pool that hosts may share: chooses, claims, and writes what was chosen. Returns `None` if the host must be queried
/// first.
fn claimed(
    registry: &Registry,
    membership: &Membership,
    host_usage: &Arc<HostUsage>,
    made: bool,
    (pool, owners, wanted): (&PoolName, &[ReservationName], Option<IpAddr>),
    run: &mut RunOptions<'_>,
) -> Result<Option<Vec<Allocation>>> {
    let mut pulse = || run.goes_on();
    membership.reserve(
        registry,
        host_usage,
        &mut pulse,
        |session| match made || !session.allocator().has_unknown_zone() {
            true => give(session, pool, owners, wanted).map(Some),
            false => Ok(None),
        },
        |chosen| {
            let needs = chosen.iter().flatten().filter_map(|each| {
                let addresses = each.addresses.iter().map(|address| address.address.addr()).collect();
                membership.wanted_by(&each.id, each.owner.as_str(), pool, addresses)
            });
            needs.collect()
        },
        |session, chosen| {
            if made {
                session.keep_host_usage();
            }
            chosen.iter().flatten().try_for_each(|each| session.allocate_again(each, wanted))
        },
    )
}

fn give(
    session: &mut Session<'_>,
    pool: &PoolName,
    owners: &[ReservationName],
    wanted: Option<IpAddr>,
) -> Result<Vec<Allocation>> {
    owners.iter().map(|owner| session.allocate(pool, owner, wanted)).collect()
}

/// Releases what the owner holds of the pool. Errors in other files do not matter here.
pub(crate) fn release(
    registry: &Registry,
    stores: &Stores,
    pool: &PoolName,
    owner: &ReservationName,
    address: Option<IpAddr>,
    id: Option<&EntryId>,
    run: &mut RunOptions<'_>,
) -> Result<()> {
    run.wanted()?;
    let mut pulse = || run.goes_on();
    let config_tree = ConfigTree::load_pools(registry.tree())?;
    let membership = stores.membership(registry, &config_tree).ok().flatten();
    // Held until the claim is gone, so that no other process claims for the same owner in the meantime.
    let _lock = membership.as_ref().map(|membership| membership.lock(registry, &mut pulse)).transpose()?;
    let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
    let mut session = registry.reserving(<_>::default(), HostUsage::default(), &mut wait)?;
    let leaving = session.leaving(pool, owner, address, id)?;
    session.release(pool, owner, address, id)?;
    session.commit()?;
    if let (Some(membership), Some(id)) = (membership, leaving.id) {
        let addresses = leaving.addresses.into_iter().map(|(address, _)| address).collect();
        if let Some(wanted) = membership.wanted_by(&id, owner.as_str(), pool, addresses) {
            // Last: an address whose release is not certain must not look held.
            membership.settle(&wanted, None);
        }
    }
    Ok(())
}

/// Returns usage and holders of this pool, or of all.
pub(crate) fn pool_usage(
    registry: &Registry,
    stores: &Stores,
    host_usages: &HostUsages<'_>,
    pool: Option<&PoolName>,
) -> Result<Vec<PoolUsage>> {
    // If the host cannot be queried, its last known state is better than nothing.
    let (host_usage, unchecked) = match host_usages.last(registry).map_or_else(|| (host_usages.make)(None), Ok) {
        Err(error) if error.code() == Code::Cancelled => return Err(error),
        Err(error) => (registry.last_host_usage().unwrap_or_default().into(), Some(host_unchecked(&error))),
        Ok(host_usage) => (host_usage, None),
    };
    let config_tree = ConfigTree::load_pools(registry.tree())?;
    config_tree.check(None)?;
    let membership = stores.membership(registry, &config_tree)?;
    let mut allocator = registry.allocator(Arc::clone(&config_tree.pools), host_usage)?;
    // If the store does not answer, what this host knows is better than nothing.
    let elsewhere = membership.map(|membership| membership.elsewhere(registry, config_tree.pools.keys()));
    let unanswered = match elsewhere.transpose() {
        Ok(elsewhere) => {
            allocator.set_elsewhere(Arc::new(elsewhere.unwrap_or_default()));
            None
        }
        Err(error) => Some(error.to_detail().warning()),
    };
    let names = pool.map_or_else(|| allocator.pool_names(), |name| vec![name.clone()]);
    let usage = |name: &PoolName| {
        let mut usage = allocator.pool_usage(name)?;
        usage.unknown.extend(unchecked.iter().chain(&unanswered).cloned());
        Ok(usage)
    };
    names.iter().map(usage).collect()
}

/// Returns problems with the addresses of this pool, or of all, on the host as it is now.
pub(crate) fn check_pools(
    registry: &Registry,
    stores: &Stores,
    host_usages: &HostUsages<'_>,
    pool: Option<&PoolName>,
) -> Result<Vec<Diagnostic>> {
    let (host_usage, unchecked) = match (host_usages.make)(None) {
        Err(error) if error.code() == Code::UnsupportedHost => (Arc::default(), Some(host_unchecked(&error))),
        host_usage => (host_usage?, None),
    };
    let config_tree = ConfigTree::load_pools(registry.tree())?;
    config_tree.check(None)?;
    let mut allocator = registry.allocator(Arc::clone(&config_tree.pools), host_usage)?;
    let (elsewhere, unanswered) = on_other_hosts(registry, stores, &config_tree);
    allocator.set_elsewhere(Arc::new(elsewhere));
    let mut found = allocator.check_addresses(pool)?;
    found.extend(unchecked.into_iter().chain(unanswered));
    found.extend(stale_nets(registry, pool)?);
    Ok(found)
}

/// Returns what other hosts hold in the segments of the shared pools, or an error; a warning if the store does not answer.
fn on_other_hosts(registry: &Registry, stores: &Stores, config_tree: &ConfigTree) -> (Elsewhere, Option<Diagnostic>) {
    let held = match stores.membership(registry, config_tree) {
        Ok(None) => return Default::default(),
        Ok(Some(membership)) => membership.on_other_hosts(registry, config_tree.pools.keys()),
        Err(error) => return (Elsewhere::default(), Some(error.to_detail())),
    };
    match held {
        Ok(elsewhere) => (elsewhere, None),
        Err(error) => (Elsewhere::default(), Some(error.to_detail().warning())),
    }
}

/// Warns that only the files were read: `host-unchecked` on a machine without zones, `host-failed` if the host does not answer.
pub(crate) fn host_unchecked(error: &Error) -> Diagnostic {
    let code = if error.code() == Code::UnsupportedHost { "host-unchecked" } else { "host-failed" };
    let message = format!("the host was not checked, only the files: {}", error.message());
    Diagnostic::new(code, message).warning()
}

/// Returns a warning for each net that no longer matches its pool.
fn stale_nets(registry: &Registry, pool: Option<&PoolName>) -> Result<Vec<Diagnostic>> {
    let config_tree = ConfigTree::load(registry.tree())?;
    let tree = registry.tree();
    let of_zone = |document: Document<ZoneEntry>| {
        let mut entry = document.value;
        entry.nets.retain(|net| pool.is_none_or(|pool| net.pool.as_ref() == Some(pool)));
        match effective(&config_tree.config, &config_tree.templates, &config_tree.pools, &entry) {
            Ok(spec) => stale(&entry, &spec.nets),
            Err(_) => Vec::new(),
        }
    };
    let found = Document::<ZoneEntry>::read_many(
        &tree.documents(Directory::Zones)?,
        |name| {
            let path = tree.directory(Directory::Zones).join(name);
            Ok(super::files::read_document(tree, &path)?.map(|bytes| (Arc::from(path), bytes)))
        },
        // An unreadable file is reported by the check of address holders.
        |_, document| document.ok().flatten().map(of_zone).unwrap_or_default(),
    );
    Ok(found.into_iter().flatten().collect())
}
