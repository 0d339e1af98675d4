//! `svcs`: the states of services inside a zone, asked from the host.

use super::{Completed, Invocation};
use crate::value::name::ZoneName;

/// The service that is online once a zone has started everything that it starts at boot.
pub const MULTI_USER: &str = "svc:/milestone/multi-user-server:default";

/// Prints the state of [`MULTI_USER`] in a running zone. Fails while the zone's repository of services is not up.
pub fn multi_user(zone: &ZoneName) -> Invocation {
    Invocation::new("svcs").args(["-z", zone.as_str(), "-H", "-o", "state", MULTI_USER])
}

/// Returns the state, such as `online` or `offline*`; `None` if the zone does not answer yet.
pub fn parse_state(completed: &Completed) -> Option<String> {
    let text = completed.text().ok().filter(|_| completed.success())?;
    Some(text.lines().next()?.trim().to_owned()).filter(|state| !state.is_empty())
}
