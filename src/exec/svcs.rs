//! `svcs`: the states of services, of the host and inside a zone.

use super::{Completed, Invocation};
use crate::value::name::ZoneName;

/// The service that is online once a zone has started everything that it starts at boot.
pub const MULTI_USER: &str = "svc:/milestone/multi-user-server:default";

/// Prints the state of [`MULTI_USER`] in a running zone. Fails while the zone's repository of services is not up.
pub fn multi_user(zone: &ZoneName) -> Invocation {
    Invocation::new("svcs").args(["-z", zone.as_str(), "-H", "-o", "state", MULTI_USER])
}

/// The service that boots the zones that come after others.
pub const BOOT_SERVICE: &str = "svc:/application/zmgr/zones:default";

/// Prints the state of [`BOOT_SERVICE`]. Fails if the host does not have it.
pub fn boot_service() -> Invocation {
    Invocation::new("svcs").args(["-H", "-o", "state", BOOT_SERVICE])
}

/// Returns the state, such as `online` or `offline*`; `None` if the zone does not answer yet.
pub fn parse_state(completed: &Completed) -> Option<String> {
    let text = completed.text().ok().filter(|_| completed.success())?;
    Some(text.lines().next()?.trim().to_owned()).filter(|state| !state.is_empty())
}
