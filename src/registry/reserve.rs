//! Allocates and releases every address, link name and MAC address; nothing else does.
//!
//! Invariant: a session holds the registry lock from reading the registry until its allocations are on disk. An entry's addresses,
//! links and MAC addresses are in one file, so they are allocated all together or not at all.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::allocator::AddressOwner;
use super::allocator::Allocator;
use super::choose::AddressRequest;
use super::host_usage::HostUsage;
use super::lock::{RegistryLock, Wait, ZoneLock};
use super::pools::Pools;
use super::snapshot::Snapshot;
use super::summary::{EntryKind, EntrySummary, SummaryView};
use super::write::Staged;
use super::{Registry, now};
use crate::documents::document::Document;
use crate::documents::reservation::{Reservation, ReservedAddress};
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::value::EntryId;
use crate::value::address::NetAddress;
use crate::value::name::{PoolName, ReservationName};

/// The locked registry: see what is in use, allocate, and commit.
#[derive(Debug)]
#[must_use = "commit the session to make the reservations durable"]
pub struct Session<'r> {
    registry: &'r Registry,
    /// `None` in a session that only chooses: it writes nothing.
    lock: Option<RegistryLock>,
    allocator: Allocator,
    pending: Vec<Pending>,
}

/// A change that waits for the commit.
#[derive(Debug)]
enum Pending {
    New(Staged),
    Edit { path: PathBuf, before: Vec<u8>, after: Vec<u8> },
    Remove(PathBuf),
}

/// Addresses that a reservation is about to release.
#[derive(Debug)]
pub(crate) struct Leaving {
    /// Id of the reservation.
    pub(crate) id: Option<EntryId>,
    /// The addresses, each with its pool.
    pub(crate) addresses: Vec<(IpAddr, String)>,
    /// True if the reservation has no others.
    pub(crate) all: bool,
}

/// An owner's addresses of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allocation {
    /// The pool.
    pub pool: PoolName,
    /// The owner.
    pub owner: ReservationName,
    /// Its addresses of this pool, IPv4 first, each with the prefix length and gateway of its network.
    pub addresses: Vec<NetAddress>,
    /// Distinguishes this reservation from earlier and later ones of the same name.
    pub id: EntryId,
}

impl Allocation {
    /// Returns the allocation as JSON, with the keys that the command line prints.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "pool": self.pool.as_str(),
            "owner": self.owner.as_str(),
            "addresses": self.addresses.iter().map(|a| a.address.to_string()).collect::<Vec<_>>(),
            "id": self.id.as_str(),
        })
    }
}

impl Registry {
    /// Takes the registry lock and loads everything. The host usage was taken before.
    pub fn reserving(
        &self,
        pools: Arc<Pools>,
        host_usage: impl Into<Arc<HostUsage>>,
        wait: &mut Wait<'_>,
    ) -> Result<Session<'_>> {
        let lock = self.lock_registry(wait)?;
        let snapshot = self.snapshot()?;
        self.clear_temps(&snapshot)?;
        self.session(snapshot, pools, host_usage.into(), Some(lock))
    }

    /// Loads everything for a choice. Takes no lock and writes nothing: what is chosen is checked again in a session that does.
    pub(crate) fn choosing(&self, pools: Arc<Pools>, host_usage: Arc<HostUsage>) -> Result<Session<'_>> {
        self.session(self.snapshot()?, pools, host_usage, None)
    }

    /// Returns a session for a choice from the entries as the last commit of this process left them, without a look at each file. A
    /// refusal may come from what has changed since: choose again with [`Registry::choosing`].
    pub(crate) fn choosing_from_last(
        &self,
        pools: &Arc<Pools>,
        host_usage: &Arc<HostUsage>,
    ) -> Option<Result<Session<'_>>> {
        let snapshot = self.take_committed()?;
        Some(self.session(snapshot, Arc::clone(pools), Arc::clone(host_usage), None))
    }

    fn session(
        &self,
        snapshot: Snapshot,
        pools: Arc<Pools>,
        host_usage: Arc<HostUsage>,
        lock: Option<RegistryLock>,
    ) -> Result<Session<'_>> {
        let mut allocator = Allocator::new(self.tree().clone(), snapshot, pools, host_usage)?;
        allocator.last_given = self.last_given(&allocator.pools);
        Ok(Session { registry: self, lock, allocator, pending: Vec::new() })
    }
}

impl Session<'_> {
    /// Returns the allocator, including what this session allocated.
    pub fn allocator(&mut self) -> &mut Allocator {
        &mut self.allocator
    }

    /// Saves the host usage for operations that take no snapshot.
    pub fn keep_host_usage(&self) {
        if let Some(lock) = &self.lock {
            self.registry.keep_host_usage(&self.allocator.host_usage, lock);
        }
    }

    /// Reserves everything that a zone's entry names. `old` is the previous content of the file, if there is one: a desired state
    /// that is not built, or an entry that gains something.
    ///
    /// Fails with `exists` if the name, a link or a MAC address is taken; `address-in-use` and `invalid-argument` as for
    /// [`Allocator::choose`].
    pub fn reserve_zone(
        &mut self,
        lock: &ZoneLock,
        old: Option<&Document<ZoneEntry>>,
        new: &Document<ZoneEntry>,
    ) -> Result<()> {
        let summary = self.zone_summary(lock, old, new)?;
        match self.allocator.conflicts(EntryKind::Zone, &summary, true)?.into_iter().next() {
            Some(conflict) => Err(conflict),
            None => self.write_zone(summary, old, new),
        }
    }

    /// Registers a zone as it is: it already holds what it has. Returns a warning for each thing that [`reserve_zone`] would have
    /// refused.
    ///
    /// [`reserve_zone`]: Session::reserve_zone
    pub fn adopt_zone(&mut self, lock: &ZoneLock, new: &Document<ZoneEntry>) -> Result<Vec<Diagnostic>> {
        let summary = self.zone_summary(lock, None, new)?;
        let conflicts = self.allocator.conflicts(EntryKind::Zone, &summary, false)?;
        self.write_zone(summary, None, new)?;
        let warning = |error: Error| {
            let said = Diagnostic::new(error.code().slug(), error.message()).warning();
            error.help().map_or(said.clone(), |help| said.with_help(help))
        };
        Ok(conflicts.into_iter().map(warning).collect())
    }

    fn zone_summary(
        &mut self,
        lock: &ZoneLock,
        old: Option<&Document<ZoneEntry>>,
        new: &Document<ZoneEntry>,
    ) -> Result<EntrySummary> {
        if *lock.name() != new.value.name {
            let message = format!("the lock of zone {} was given for zone {}", lock.name(), new.value.name);
            return Err(Error::new(Code::Internal, message));
        }
        let name = new.value.name.as_str();
        if old.is_none() {
            let file = self.registry.tree().zone(&new.value.name);
            let unreadable = self.allocator.snapshot.unreadable();
            let known = unreadable.iter().any(|u| u.file.path == file);
            if known || self.allocator.snapshot.find(EntryKind::Zone, name).is_some() {
                return Err(Error::new(
                    Code::Exists,
                    format!("zone {name} is already registered ({})", file.display()),
                ));
            }
        }
        Ok(EntrySummary::from(&new.value))
    }

    fn write_zone(
        &mut self,
        summary: EntrySummary,
        old: Option<&Document<ZoneEntry>>,
        new: &Document<ZoneEntry>,
    ) -> Result<()> {
        let path = self.registry.tree().zone(&new.value.name);
        self.write(&path, old.map(|old| old.text()), new.text())?;
        self.allocator.put(EntryKind::Zone, &summary);
        Ok(())
    }

    fn write(&mut self, path: &Path, before: Option<&str>, after: &str) -> Result<()> {
        if before == Some(after) || self.lock.is_none() {
            return Ok(());
        }
        let pending = match before {
            None => Pending::New(self.registry.stage(path, after.as_bytes())?),
            Some(before) => {
                let (before, after) = (before.as_bytes().to_vec(), after.as_bytes().to_vec());
                Pending::Edit { path: path.to_owned(), before, after }
            }
        };
        self.pending.push(pending);
        Ok(())
    }

    /// Allocates one address of each family of the pool to `owner`, or the requested one. Idempotent: returns what the owner
    /// already has.
    ///
    /// Fails with `exists` if the owner has another address than the requested one, or is a zone; otherwise as
    /// [`Allocator::choose`].
    pub fn allocate(&mut self, pool: &PoolName, owner: &ReservationName, wanted: Option<IpAddr>) -> Result<Allocation> {
        let request = wanted.map_or(AddressRequest::EachFamily(&[]), AddressRequest::Only);
        self.allocate_as(pool, owner, request, wanted, None)
    }

    /// `id`: that of a new reservation.
    fn allocate_as(
        &mut self,
        pool: &PoolName,
        owner: &ReservationName,
        request: AddressRequest<'_>,
        wanted: Option<IpAddr>,
        id: Option<&EntryId>,
    ) -> Result<Allocation> {
        self.allocator.pool(pool)?;
        if self.allocator.snapshot.find(EntryKind::Zone, owner.as_str()).is_some() {
            return Err(Error::new(Code::Exists, format!("{owner} is a zone, and a zone's addresses are its own"))
                .with_help("use another name for the reservation"));
        }
        let path = self.registry.tree().reservation(owner);
        self.refuse_unreadable(&path)?;
        let held = self.reservation(owner)?;
        if let Some((id, addresses)) = &held {
            let ours: Vec<IpAddr> = addresses.iter().filter(|(_, p)| p == pool.as_str()).map(|(a, _)| *a).collect();
            if !ours.is_empty() {
                return self.held_already(pool, owner, wanted, id.clone(), ours);
            }
        }
        let address_owner = AddressOwner { kind: EntryKind::Reservation, name: owner.as_str() };
        let chosen = self.allocator.choose(pool, address_owner, request, &[])?;
        let more = chosen.iter().map(|c| ReservedAddress::new(c.address.addr(), pool.clone()));
        let (summary, id) = if held.is_some() {
            let old = self.read_reservation(&path)?;
            let mut value = old.value.clone();
            value.addresses.extend(more);
            let id = id_of(&mut value)?;
            let summary = EntrySummary::from(&value);
            let new = old.with(value)?;
            self.write(&path, Some(old.text()), new.text())?;
            (summary, id)
        } else {
            let mut value = Reservation::new(owner.clone());
            value.id = id.cloned();
            value.created = Some(now());
            value.addresses.extend(more);
            let id = id_of(&mut value)?;
            let summary = EntrySummary::from(&value);
            let new = Document::create(&path, value)?;
            self.write(&path, None, new.text())?;
            (summary, id)
        };
        self.allocator.put(EntryKind::Reservation, &summary);
        Ok(Allocation { pool: pool.clone(), owner: owner.clone(), addresses: chosen, id })
    }

    /// Allocates what another session has chosen, for the same request, and did not commit.
    ///
    /// Fails as [`Session::allocate`].
    pub(crate) fn allocate_again(&mut self, chosen: &Allocation, wanted: Option<IpAddr>) -> Result<()> {
        let (pool, owner) = (&chosen.pool, &chosen.owner);
        let addresses: Vec<IpAddr> = chosen.addresses.iter().map(|address| address.address.addr()).collect();
        let request = wanted.map_or(AddressRequest::EachFamily(&addresses), AddressRequest::Only);
        let given = self.allocate_as(pool, owner, request, wanted, Some(&chosen.id))?;
        if given == *chosen {
            return Ok(());
        }
        // Another process allocated for the same owner in the meantime.
        Err(Error::new(Code::Exists, format!("{owner} has other addresses of pool {pool}")))
    }

    fn held_already(
        &mut self,
        pool: &PoolName,
        owner: &ReservationName,
        wanted: Option<IpAddr>,
        id: Option<EntryId>,
        ours: Vec<IpAddr>,
    ) -> Result<Allocation> {
        if let Some(wanted) = wanted.filter(|wanted| !ours.contains(wanted)) {
            let has: Vec<String> = ours.iter().map(IpAddr::to_string).collect();
            let message = format!("{owner} already has {} of pool {pool}, not {wanted}", has.join(" and "));
            return Err(Error::new(Code::Exists, message)
                .with_help(format!("release it first: `zmgr pool release {pool} {owner}`, or use another owner")));
        }
        let mut addresses = Vec::new();
        for address in ours {
            let alone = NetAddress::new(address.into(), None);
            addresses.push(self.allocator.interface_of(pool, address)?.unwrap_or(alone));
        }
        addresses.sort_by_key(|a| !a.address.addr().is_ipv4());
        let path = self.registry.tree().reservation(owner);
        let Some(id) = id else {
            let message = format!("reservation {owner} has no id ({})", path.display());
            return Err(Error::new(Code::Config, message).with_help("remove the file, and allocate the address again"));
        };
        Ok(Allocation { pool: pool.clone(), owner: owner.clone(), addresses, id })
    }

    /// Releases what `owner` holds of the pool, or only this address; with `id`, only from that very reservation.
    ///
    /// Fails with `not-found` if the owner does not hold it.
    pub fn release(
        &mut self,
        pool: &PoolName,
        owner: &ReservationName,
        address: Option<IpAddr>,
        id: Option<&EntryId>,
    ) -> Result<()> {
        let path = self.registry.tree().reservation(owner);
        if self.leaving(pool, owner, address, id)?.all {
            self.drop_pending(&path);
            self.pending.push(Pending::Remove(path));
            self.allocator.drop_entry(EntryKind::Reservation, owner.as_str());
            return Ok(());
        }
        let old = self.read_reservation(&path)?;
        let mut value = old.value.clone();
        value.addresses.retain(|a| a.pool != *pool || address.is_some_and(|address| a.address != address));
        let summary = EntrySummary::from(&value);
        let new = old.with(value)?;
        self.write(&path, Some(old.text()), new.text())?;
        self.allocator.put(EntryKind::Reservation, &summary);
        Ok(())
    }

    /// Returns what [`Session::release`] would release, and fails as it would.
    pub(crate) fn leaving(
        &mut self,
        pool: &PoolName,
        owner: &ReservationName,
        address: Option<IpAddr>,
        id: Option<&EntryId>,
    ) -> Result<Leaving> {
        let path = self.registry.tree().reservation(owner);
        self.refuse_unreadable(&path)?;
        let Some((has_id, addresses)) = self.reservation(owner)? else {
            let error = Error::new(Code::NotFound, format!("{owner} holds nothing"));
            return Err(match self.allocator.snapshot.find(EntryKind::Zone, owner.as_str()) {
                Some(_) => error.with_help("it is a zone, whose addresses `zmgr destroy` releases"),
                None => error.with_help(format!("{} does not exist", path.display())),
            });
        };
        if let Some(id) = id.filter(|id| has_id.as_ref() != Some(*id)) {
            let now = has_id.map_or("none".to_owned(), |id| id.to_string());
            return Err(Error::new(Code::NotFound, format!("the reservation of {owner} with id {id} is gone"))
                .with_help(format!("the reservation of that name has id {now} and stays")));
        }
        let goes = |(held, of): &(IpAddr, String)| of == pool.as_str() && address.is_none_or(|a| a == *held);
        if !addresses.iter().any(goes) {
            let what = address.map_or("nothing".to_owned(), |address| format!("no {address}"));
            return Err(Error::new(Code::NotFound, format!("{owner} holds {what} of pool {pool}")));
        }
        let all = addresses.iter().all(goes);
        let going = addresses.into_iter().filter(goes).collect();
        Ok(Leaving { id: has_id, addresses: going, all })
    }

    /// Makes all changes durable: new files, then changed ones, then released ones. On failure, removes the new files again.
    pub fn commit(mut self) -> Result<()> {
        self.write_pending().map(drop)
    }

    /// Commits, and remembers the entries for [`Registry::choosing_from_last`].
    pub(crate) fn commit_and_remember(mut self) -> Result<()> {
        let lock = self.write_pending()?;
        self.registry.keep_committed(std::mem::take(&mut self.allocator.snapshot), &lock);
        Ok(())
    }

    fn write_pending(&mut self) -> Result<RegistryLock> {
        let Some(lock) = self.lock.take() else {
            return Err(Error::new(Code::Internal, "a session that only chooses has nothing to commit"));
        };
        let pending = std::mem::take(&mut self.pending);
        let new: Vec<&Staged> =
            pending.iter().filter_map(|p| if let Pending::New(s) = p { Some(s) } else { None }).collect();
        let mut linked = 0;
        let done = self.link_all(&new, &mut linked).and_then(|()| self.edit_all(&pending));
        if let Err(error) = done {
            for staged in &new[..linked] {
                // The first error is reported; a file that stays is an entry like any other.
                let _ = self.registry.remove(&staged.path);
            }
            for staged in &new[linked..] {
                self.registry.unstage(staged);
            }
            return Err(error);
        }
        self.registry.keep_last_given(&self.allocator.last_given, &lock);
        self.registry.renew_index(&self.allocator.snapshot, &lock);
        Ok(lock)
    }

    fn link_all(&self, new: &[&Staged], linked: &mut usize) -> Result<()> {
        // All files are written at this point, so the first flush includes the others.
        new.iter().try_for_each(|staged| self.registry.sync_staged(staged))?;
        for staged in new {
            self.registry.link(staged)?;
            *linked += 1;
        }
        let mut directories: Vec<&Path> = Vec::new();
        for staged in new {
            if !directories.iter().any(|path| path.parent() == staged.path.parent()) {
                directories.push(&staged.path);
            }
        }
        directories.into_iter().try_for_each(|path| self.registry.sync_directory_of(path))
    }

    fn edit_all(&self, pending: &[Pending]) -> Result<()> {
        for each in pending {
            match each {
                Pending::New(_) => {}
                Pending::Edit { path, before, after } => self.registry.change(path, |now| {
                    if now == before.as_slice() {
                        return Ok(after.clone());
                    }
                    let message = format!("{} was changed by another process", path.display());
                    Err(Error::new(Code::Busy, message).with_help("try again"))
                })?,
                Pending::Remove(path) => self.registry.remove(path)?,
            }
        }
        Ok(())
    }

    /// Removes a file that this session has staged and not committed.
    fn drop_pending(&mut self, path: &Path) {
        let registry = self.registry;
        self.pending.retain(|pending| match pending {
            Pending::New(staged) if staged.path == path => {
                registry.unstage(staged);
                false
            }
            Pending::Edit { path: edited, .. } => edited != path,
            _ => true,
        });
    }

    /// Returns the id and addresses of a reservation, each with its pool.
    #[allow(clippy::type_complexity)]
    fn reservation(&mut self, owner: &ReservationName) -> Result<Option<(Option<EntryId>, Vec<(IpAddr, String)>)>> {
        let Some(entry) = self.allocator.snapshot.find(EntryKind::Reservation, owner.as_str()) else { return Ok(None) };
        let summary: SummaryView<'_> = entry.summary;
        let id = summary.id().map(str::parse).transpose()?;
        let of_net = |net: super::NetView<'_>| {
            let pool = net.pool.unwrap_or_default().to_owned();
            net.addresses().map(move |(address, _)| (address.addr(), pool.clone())).collect::<Vec<_>>()
        };
        Ok(Some((id, summary.nets().flat_map(of_net).collect())))
    }

    fn read_reservation(&self, path: &Path) -> Result<Document<Reservation>> {
        Document::parse(path, &self.registry.tree().read(path)?)
    }

    fn refuse_unreadable(&self, path: &Path) -> Result<()> {
        match self.allocator.snapshot.unreadable().iter().find(|u| u.file.path == path) {
            Some(unreadable) => Err(Error::new(Code::Config, format!("{} cannot be read", path.display()))
                .with_details(unreadable.faults.clone())),
            None => Ok(()),
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        for pending in &self.pending {
            if let Pending::New(staged) = pending {
                self.registry.unstage(staged);
            }
        }
    }
}

fn id_of(reservation: &mut Reservation) -> Result<EntryId> {
    if let Some(id) = &reservation.id {
        return Ok(id.clone());
    }
    let id = EntryId::random()?;
    reservation.id = Some(id.clone());
    Ok(id)
}
