//! Addresses: given to owners that are not zones, taken back, reported.

use std::net::IpAddr;

use super::{Manager, RunOptions};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::lifecycle::addresses;
use crate::name::{PoolName, ReservationName};
use crate::registry::{Allocation, PoolUsage, Survey};

impl Manager {
    /// Gives `owner` one address of each family of the pool, IPv4 first, or the one that is wanted. It is held, on disk, when this
    /// returns. Asked again for the same owner, it gives the same.
    ///
    /// `exists` where the owner has another than the one wanted, or is a zone; `pool-exhausted`; `address-in-use`;
    /// `invalid-argument` where the pool never gives the one wanted; `config` where a document that matters has a fault. Of the
    /// options only the ways to stop count: somebody else may have the registry's lock, and then this waits (`busy`, `cancelled`).
    pub fn allocate(
        &self,
        pool: &str,
        owner: &str,
        wanted: Option<IpAddr>,
        run: &mut RunOptions<'_>,
    ) -> Result<Allocation> {
        let (pool, owner) = (PoolName::new(pool)?, ReservationName::new(owner)?);
        let given = addresses::allocate(&self.registry(), &|| self.survey(), &pool, &[owner], wanted, run)?;
        given.into_iter().next().ok_or_else(|| Error::new(Code::Internal, "an address was given and is not there"))
    }

    /// The same for many owners at once, all or none, at little more than the cost of one.
    pub fn allocate_all(&self, pool: &str, owners: &[&str], run: &mut RunOptions<'_>) -> Result<Vec<Allocation>> {
        let pool = PoolName::new(pool)?;
        let owners = owners.iter().map(|owner| ReservationName::new(*owner)).collect::<Result<Vec<_>>>()?;
        addresses::allocate(&self.registry(), &|| self.survey(), &pool, &owners, None, run)
    }

    /// Takes back what `owner` holds of the pool, or this address of it; with `id`, only from that very reservation and not from a
    /// later one of the same name.
    ///
    /// `not-found` where the owner does not hold it. Of the options only the ways to stop count, as for `allocate`.
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

    /// How full a pool is and who holds its addresses. What the host holds is as the last survey found it.
    pub fn pool_usage(&self, pool: &str) -> Result<PoolUsage> {
        let pool = PoolName::new(pool)?;
        let usage = addresses::pool_usage(&self.registry(), &|| self.survey(), Some(&pool))?;
        usage.into_iter().next().ok_or_else(|| Error::new(Code::Internal, "a pool was looked at and is not there"))
    }

    /// The same of every pool, by name, in one look at the registry.
    pub fn pool_usages(&self) -> Result<Vec<PoolUsage>> {
        addresses::pool_usage(&self.registry(), &|| self.survey(), None)
    }

    /// What is not as it should be with the addresses of a pool, or of all: held twice, held against the pool's rules, of no pool.
    /// The host is looked at anew.
    pub fn check_pools(&self, pool: Option<&str>) -> Result<Vec<Diagnostic>> {
        let pool = pool.map(PoolName::new).transpose()?;
        addresses::check_pools(&self.registry(), &|| self.survey(), pool.as_ref())
    }

    fn survey(&self) -> Result<Survey> {
        Ok(self.site()?.look()?.survey)
    }
}
