//! Allocates and releases addresses for owners that are not zones, and reports on pools.

use std::net::IpAddr;
use std::sync::Arc;

use super::Manager;
use crate::api::{RecordedOperation, RunOptions};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::host::ZonesStamp;
use crate::operations::EventSender;
use crate::operations::addresses::{self, HostUsages};
use crate::operations::find::{self, Found};
use crate::registry::{Allocation, HostUsage, PoolUsage};
use crate::value::name::{PoolName, ReservationName};

impl Manager {
    /// Allocates one address of each family of the pool to `owner`, IPv4 first, or the requested one. It is held, on disk, when
    /// this returns. Idempotent: returns what the owner already has.
    ///
    /// Fails with `exists` if the owner has another address than the requested one, or is a zone; `pool-exhausted`;
    /// `address-in-use`; `invalid-argument` if the pool never allocates the requested one; `config` if a relevant file has errors.
    /// Of the options only those for cancellation are used: this waits if another process has the registry's lock (`busy`,
    /// `cancelled`).
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let given = manager.allocate("internal", "printer", None, &mut RunOptions::new())?;
    /// assert_eq!(given.addresses[0].address.to_string(), "10.1.0.10/24");
    /// // A second request for the same owner returns the same address.
    /// assert_eq!(manager.allocate("internal", "printer", None, &mut RunOptions::new())?, given);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allocate(
        &self,
        pool: &str,
        owner: &str,
        wanted: Option<IpAddr>,
        run: &mut RunOptions<'_>,
    ) -> Result<Allocation> {
        let (pool, owner) = (PoolName::new(pool)?, ReservationName::new(owner)?);
        let given = addresses::allocate(
            &self.registry(),
            &self.stores(),
            &self.host_usages(&|events| self.host_usage(events)),
            &pool,
            std::slice::from_ref(&owner),
            wanted,
            run,
        );
        if given.is_ok() {
            self.record_files(RecordedOperation::Allocate, &[owner.as_str()]);
        }
        let given = given?;
        given.into_iter().next().ok_or_else(|| Error::new(Code::Internal, "the allocated address is missing"))
    }

    /// Allocates for many owners at once, all or none, at little more than the cost of one.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let given = manager.allocate_all("internal", &["printer", "camera"], &mut RunOptions::new())?;
    /// assert_eq!(given[1].owner.as_str(), "camera");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allocate_all(&self, pool: &str, owners: &[&str], run: &mut RunOptions<'_>) -> Result<Vec<Allocation>> {
        let pool = PoolName::new(pool)?;
        let owners = owners.iter().map(|owner| ReservationName::new(*owner)).collect::<Result<Vec<_>>>()?;
        let make = |events: Option<&EventSender>| self.host_usage(events);
        let given =
            addresses::allocate(&self.registry(), &self.stores(), &self.host_usages(&make), &pool, &owners, None, run);
        let names: Vec<&str> = owners.iter().map(ReservationName::as_str).collect();
        if given.is_ok() {
            self.record_files(RecordedOperation::Allocate, &names);
        }
        given
    }

    /// Releases what `owner` holds of the pool, or only this address; with `id`, only from that very reservation and not from a
    /// later one of the same name.
    ///
    /// Fails with `not-found` if the owner does not hold it. Of the options only those for cancellation are used, as for
    /// `allocate`.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let given = manager.allocate("internal", "printer", None, &mut RunOptions::new())?;
    /// manager.release("internal", "printer", None, Some(given.id.as_str()), &mut RunOptions::new())?;
    /// let again = manager.release("internal", "printer", None, None, &mut RunOptions::new());
    /// assert_eq!(again.unwrap_err().code(), Code::NotFound);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn release(
        &self,
        pool: &str,
        owner: &str,
        address: Option<IpAddr>,
        id: Option<&str>,
        run: &mut RunOptions<'_>,
    ) -> Result<()> {
        let (pool, owner) = (PoolName::new(pool)?, ReservationName::new(owner)?);
        let id = id.map(str::parse).transpose()?;
        let done = addresses::release(&self.registry(), &self.stores(), &pool, &owner, address, id.as_ref(), run);
        if done.is_ok() {
            self.record_files(RecordedOperation::Release, &[owner.as_str()]);
        }
        done
    }

    /// Returns the usage and the holders of a pool. Queries the host only if its zones have changed since the last snapshot.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let usage: PoolUsage = manager.pool_usage("internal")?;
    /// let ipv4: &Usage = &usage.families[0];
    /// assert_eq!((ipv4.zones, ipv4.used() + ipv4.free), (1, ipv4.total));
    /// assert_eq!(usage.holders.iter().filter(|held| held.address.to_string() == "10.1.0.10").count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pool_usage(&self, pool: &str) -> Result<PoolUsage> {
        let pool = PoolName::new(pool)?;
        let usage = addresses::pool_usage(
            &self.registry(),
            &self.stores(),
            &self.host_usages(&|events| self.host_usage(events)),
            Some(&pool),
        )?;
        usage.into_iter().next().ok_or_else(|| Error::new(Code::Internal, "the pool is missing"))
    }

    /// Returns the usage and the holders of every pool, by name, loading the registry once.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// for pool in manager.pool_usages()? {
    ///     println!("{}: {} free", pool.pool, pool.families[0].free);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pool_usages(&self) -> Result<Vec<PoolUsage>> {
        addresses::pool_usage(
            &self.registry(),
            &self.stores(),
            &self.host_usages(&|events| self.host_usage(events)),
            None,
        )
    }

    /// Returns problems with the addresses of a pool, or of all: held twice, on this host or by another host of the fleet, held against
    /// the pool's rules, of no pool. Takes a new snapshot of the host. If the store of the fleet does not answer, a warning says so.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// let findings: Vec<Diagnostic> = manager.check_pools(None)?;
    /// assert!(findings.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check_pools(&self, pool: Option<&str>) -> Result<Vec<Diagnostic>> {
        let pool = pool.map(PoolName::new).transpose()?;
        addresses::check_pools(
            &self.registry(),
            &self.stores(),
            &self.host_usages(&|events| self.host_usage(events)),
            pool.as_ref(),
        )
    }

    /// Finds who holds an address (with or without prefix length), a MAC address, a link or a name, why, and where it is written:
    /// in files, in the configurations of the host's zones, in running zones, and in the store of the fleet. Fails with
    /// `invalid-argument` for a text that can be none of them. Without a host, only files and the store are searched.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// for holding in manager.find("web01_0")?.holdings {
    ///     println!("{} {}: {} ({})", holding.kind.as_str(), holding.name, holding.why.as_str(), holding.source);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn find(&self, what: &str) -> Result<Found> {
        find::find(&self.registry(), &self.stores(), self.asking_if_there()?.as_ref(), what)
    }

    fn host_usages<'a>(&self, make: addresses::MakeHostUsage<'a>) -> HostUsages<'a> {
        HostUsages { stamp: ZonesStamp::of(self.host_root()), make }
    }

    fn host_usage(&self, events: Option<&EventSender>) -> Result<Arc<HostUsage>> {
        let snapshots = match events {
            Some(events) => self.context()?.with_cancel(events).snapshot()?,
            None => self.asking()?.snapshot()?,
        };
        Ok(snapshots.host_usage)
    }
}
