//! Diagnosis of the host.

use super::Manager;
use crate::doctor::{Diagnosis, diagnose};
use crate::error::{Code, Result};
use crate::host::Host;
use crate::operations::Context;

impl Manager {
    /// Checks whether this host can be managed: distribution, brands, commands and what they print, datasets, links, privileges,
    /// known bugs of the platform, the boot environments of every zone, and the service that boots zones with `after`. Changes
    /// nothing.
    ///
    /// Succeeds on a machine that cannot manage zones, too: see [`Diagnosis::can_manage`]. Costs a dozen commands, whatever the
    /// number of zones.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// let diagnosis = manager.doctor()?;
    /// assert!(diagnosis.can_manage());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn doctor(&self) -> Result<Diagnosis> {
        let (context, _temporary) = match self.planning_site() {
            Err(error) if error.code() == Code::UnsupportedHost => {
                let host = Host::unchecked(self.host_root());
                (Context { registry: self.registry(), host, stores: self.stores() }, None)
            }
            found => found?,
        };
        diagnose(&context)
    }
}
