//! The fleet that this host shares addresses with.

use super::Manager;
use crate::api::{RecordedOperation, RunOptions};
use crate::error::Result;
use crate::fleet::{FleetClaim, FleetStatus};
use crate::operations::fleet;
use crate::value::name::PoolName;

impl Manager {
    /// Compares this host with its fleet: members, what each holds, shared pools, and what is wrong. Changes nothing and needs no
    /// host programs.
    ///
    /// Fails with `config` without `store` in config.kdl; `store-unreachable`.
    ///
    /// ```no_run
    /// # use zmgr::*;
    /// let manager = Manager::open("/etc/zmgr")?;
    /// assert!(manager.fleet_status()?.joined);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn fleet_status(&self) -> Result<FleetStatus> {
        fleet::status(&self.registry(), &self.stores())
    }

    /// Joins the fleet: draws an incarnation, writes it to config.kdl and to the store, and claims everything that the entries of this
    /// host hold. A host that is a member already claims what is missing. Of the options only those for cancellation are used.
    ///
    /// Fails with `address-in-use` and a detail for each thing that another host holds, in which case nothing was claimed;
    /// `wrong-state` if another host of this name is a member; `config`; `store-unreachable`.
    ///
    /// ```no_run
    /// # use zmgr::*;
    /// let manager = Manager::open("/etc/zmgr")?;
    /// let status = manager.fleet_join(&mut RunOptions::new())?;
    /// println!("{} is a member of {}", status.host, status.fleet);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn fleet_join(&self, run: &mut RunOptions<'_>) -> Result<FleetStatus> {
        run.wanted()?;
        let joined = fleet::join(&self.registry(), &self.stores(), &mut || run.goes_on())?;
        self.record_files(RecordedOperation::FleetJoin, &[joined.host.as_str()]);
        Ok(joined)
    }

    /// Forgets a host that is gone for good: what it holds becomes free, and its claims are refused until it joins again. Returns what
    /// is free now. Make sure first that none of its zones is running.
    ///
    /// Fails with `not-found` if the fleet has no such host; `wrong-state` if it joined again in the meantime; `config`;
    /// `store-unreachable`.
    ///
    /// ```no_run
    /// # use zmgr::*;
    /// let manager = Manager::open("/etc/zmgr")?;
    /// for free in manager.fleet_forget("h3")? {
    ///     println!("{} {}", free.kind, free.value);
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn fleet_forget(&self, host: &str) -> Result<Vec<FleetClaim>> {
        let free = fleet::forget(&self.registry(), &self.stores(), host)?;
        self.record_files(RecordedOperation::FleetForget, &[host]);
        Ok(free)
    }

    /// Makes this host's definition of a shared pool the fleet's, if every address that is held still fits. The other hosts then refuse
    /// to allocate from it until their file is the same. Of the options only those for cancellation are used.
    ///
    /// Fails with `not-found` if the pool is not shared; `wrong-state` with a detail for each address that does not fit; `config`;
    /// `store-unreachable`.
    ///
    /// ```no_run
    /// # use zmgr::*;
    /// let manager = Manager::open("/etc/zmgr")?;
    /// manager.fleet_push("front", &mut RunOptions::new())?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn fleet_push(&self, pool: &str, run: &mut RunOptions<'_>) -> Result<()> {
        let pool = PoolName::new(pool)?;
        run.wanted()?;
        fleet::push(&self.registry(), &self.stores(), &pool, &mut || run.goes_on())?;
        self.record_files(RecordedOperation::FleetPush, &[pool.as_str()]);
        Ok(())
    }
}
