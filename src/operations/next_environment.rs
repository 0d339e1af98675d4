//! The boot environment that the host boots next, if it is not the one that it runs.
//!
//! Invariant: only reads.

use crate::error::{Code, Error, Result};
use crate::exec::beadm;
use crate::host::Host;
use crate::value::name::ZoneName;

/// The boot environments of a host that boots another one next. The zones, their configurations and zmgr's own files are those of
/// the running one, and the next one has copies from before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherEnvironment {
    running: String,
    next: String,
}

impl OtherEnvironment {
    /// Asks the host; `None` if it boots the environment that it runs, or has none.
    pub(crate) fn of(host: &Host) -> Result<Option<OtherEnvironment>> {
        let listed = match host.question(&beadm::list()) {
            // No such program.
            Err(error) if error.code() == Code::UnsupportedHost => return Ok(None),
            listed => listed?,
        };
        let all = if listed.success() { beadm::parse_list(&listed)? } else { Vec::new() };
        let next = all.iter().find(|environment| environment.next && !environment.running);
        let running = all.iter().find(|environment| environment.running);
        let names = next.zip(running);
        Ok(names.map(|(next, running)| OtherEnvironment { running: running.name.clone(), next: next.name.clone() }))
    }

    /// Returns the error for an operation whose result the next environment would lack.
    pub(crate) fn refusal(&self) -> Error {
        let message = format!("the host runs boot environment {} and boots {} next", self.running, self.next);
        Error::new(Code::WrongState, message)
            .with_help(format!("reboot the host first, or run `beadm activate {}`", self.running))
    }

    /// Returns the note in a plan for an operation that only the running environment sees; `what` is the zone's state in the next one.
    pub(crate) fn note(&self, zone: &ZoneName, what: &str) -> String {
        format!("the host boots environment {} next, in which {zone} is still {what}", self.next)
    }
}

/// Checks that the host boots the environment that it runs: what changes in the boot environments of zones now would be missing in
/// those of another one.
pub(crate) fn boots_same_environment(host: &Host) -> Result<()> {
    match OtherEnvironment::of(host)? {
        Some(other) => Err(other.refusal()),
        None => Ok(()),
    }
}
