//! Addresses: given to owners that are not zones, taken back, reported.

use std::net::IpAddr;

use super::{Manager, RunOptions};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::host::ZonesStamp;
use crate::name::{PoolName, ReservationName};
use crate::operations::EventSender;
use crate::operations::addresses::{self, HostUsages};
use crate::registry::{Allocation, HostUsage, PoolUsage};

impl Manager {
    /// Gives `owner` one address of each family of the pool, IPv4 first, or the one that is wanted. It is held, on disk, when this
    /// returns. Asked again for the same owner, it gives the same.
    ///
    /// `exists` where the owner has another than the one wanted, or is a zone; `pool-exhausted`; `address-in-use`;
    /// `invalid-argument` where the pool never gives the one wanted; `config` where a document that matters has a fault. Of the
    /// options only the ways to stop count: somebody else may have the registry's lock, and then this waits (`busy`, `cancelled`).
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let given = manager.allocate("internal", "printer", None, &mut RunOptions::new())?;
    /// assert_eq!(given.addresses[0].address.to_string(), "10.1.0.10/24");
    /// // AddressRequest again, it gives the same.
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
            &self.host_usages(&|events| self.host_usage(events)),
            &pool,
            &[owner],
            wanted,
            run,
        )?;
        given.into_iter().next().ok_or_else(|| Error::new(Code::Internal, "an address was given and is not there"))
    }

    /// The same for many owners at once, all or none, at little more than the cost of one.
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
        addresses::allocate(
            &self.registry(),
            &self.host_usages(&|events| self.host_usage(events)),
            &pool,
            &owners,
            None,
            run,
        )
    }

    /// Takes back what `owner` holds of the pool, or this address of it; with `id`, only from that very reservation and not from a
    /// later one of the same name.
    ///
    /// `not-found` where the owner does not hold it. Of the options only the ways to stop count, as for `allocate`.
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
        addresses::release(&self.registry(), &pool, &owner, address, id.as_ref(), run)
    }

    /// How full a pool is and who holds its addresses. The host is asked only where its zones have changed
    /// since it was last looked at.
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
        let usage =
            addresses::pool_usage(&self.registry(), &self.host_usages(&|events| self.host_usage(events)), Some(&pool))?;
        usage.into_iter().next().ok_or_else(|| Error::new(Code::Internal, "a pool was looked at and is not there"))
    }

    /// The same of every pool, by name, in one look at the registry.
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
        addresses::pool_usage(&self.registry(), &self.host_usages(&|events| self.host_usage(events)), None)
    }

    /// What is not as it should be with the addresses of a pool, or of all: held twice, held against the pool's rules, of no pool.
    /// The host is looked at anew.
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
        addresses::check_pools(&self.registry(), &self.host_usages(&|events| self.host_usage(events)), pool.as_ref())
    }

    fn host_usages<'a>(&self, make: addresses::MakeHostUsage<'a>) -> HostUsages<'a> {
        HostUsages { stamp: ZonesStamp::of(self.host_root()), make }
    }

    fn host_usage(&self, events: Option<&EventSender>) -> Result<HostUsage> {
        let snapshots = match events {
            Some(events) => self.context()?.with_cancel(events).snapshot()?,
            None => self.asking()?.snapshot()?,
        };
        Ok(snapshots.host_usage)
    }
}
