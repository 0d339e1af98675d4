//! Looks into a zone that has booted: whether its interfaces have come up with the addresses of its nets.
//!
//! Invariant: what is missing is a warning and a note. A zone that runs never fails because of it.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::plumb_links::{PLUMB_TIMEOUT, POLL_INTERVAL, has_ipadm, link_of, object};
use super::step_context::StepContext;
use crate::documents::settings::IpType;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error};
use crate::exec::ipadm;
use crate::host::Host;

/// Time that addresses may take once the zone's loopback is up, such as for the detection of duplicates. A simulated zone needs none.
const GRACE: Duration = Duration::from_secs(5);

/// Addresses that ipadm inside a zone shows when all is well.
#[derive(PartialEq)]
enum Expected {
    Address(IpAddr),
    /// An object with whatever address the zone gets by itself.
    Object(String),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::Address(address) => address.fmt(f),
            Expected::Object(name) => name.fmt(f),
        }
    }
}

/// Looks once if all addresses are up, and repeatedly for up to this long if the zone's network services have not started yet. Zones
/// without a stack or an ipadm of their own are left out.
pub(crate) fn verify_addresses(step_context: &StepContext<'_>, entry: &ZoneEntry, limit: Duration) {
    let mut missing = expected(entry);
    let mut until = Instant::now() + limit.min(PLUMB_TIMEOUT);
    let mut services_up = None;
    while !missing.is_empty() && !step_context.is_stopped() {
        let asks = missing.iter().any(|missing| matches!(missing, Expected::Object(_)));
        let why = match look(step_context, asks) {
            Ok(up) => {
                if up.iter().any(|up| matches!(up, Expected::Address(address) if address.is_loopback())) {
                    let grace = match (step_context.host.is_real(), asks) {
                        (false, _) => Duration::ZERO,
                        (true, false) => GRACE,
                        // A DHCP server may take its time.
                        (true, true) => PLUMB_TIMEOUT,
                    };
                    until = until.min(*services_up.get_or_insert_with(Instant::now) + grace);
                }
                missing.retain(|missing| !up.contains(missing));
                String::new()
            }
            Err(error) => format!(": {}", error.message().lines().next().unwrap_or_default()),
        };
        if missing.is_empty() {
            return;
        }
        if Instant::now() + POLL_INTERVAL >= until {
            let list = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let zone = step_context.zone;
            step_context.warn_and_note(format!(
                "{zone} is running, but these addresses are not up: {list}{why}; run `zlogin {zone} ipadm show-addr`"
            ));
            return;
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Time that a zone may take to name its addresses when it is shown.
const SHOW_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns the addresses that are up in a running zone, without those of its loopback; `None` if it has no ipadm or does not answer.
///
/// Errors: `cancelled`.
pub(crate) fn up(host: &Host, entry: &ZoneEntry) -> Result<Option<Vec<IpAddr>>, Error> {
    if !can_answer(entry) {
        return Ok(None);
    }
    let asked = host.ask(&ipadm::show_states(&entry.name).with_limit(Some(SHOW_TIMEOUT)));
    match asked.and_then(|completed| ipadm::parse_up(&completed)) {
        Ok(up) => Ok(Some(up.into_iter().filter(|address| !address.is_loopback()).collect())),
        Err(error) if error.code() == Code::Cancelled => Err(error),
        Err(_) => Ok(None),
    }
}

/// Returns true if the zone has a stack and an ipadm of its own.
fn can_answer(entry: &ZoneEntry) -> bool {
    let ip_type = entry.applied.as_deref().and_then(|applied| applied.settings.ip_type.as_ref());
    ip_type.is_none_or(|ip_type| ip_type.value != IpType::Shared) && has_ipadm(entry)
}

/// Returns the addresses that the zone shows in its own ipadm when all is well.
fn expected(entry: &ZoneEntry) -> Vec<Expected> {
    let Some(applied) = entry.applied.as_deref() else { return Vec::new() };
    if !can_answer(entry) {
        return Vec::new();
    }
    let addresses = applied.nets.iter().flat_map(|net| &net.addresses);
    let addresses = addresses.map(|each| Expected::Address(each.address.addr()));
    let objects = applied.nets.iter().filter_map(|net| Some((net, link_of(net)?)));
    let objects =
        objects.flat_map(|(net, link)| net.inside.iter().map(move |kind| Expected::Object(object(&link, *kind))));
    addresses.chain(objects).collect()
}

/// Returns what is up; objects only if they matter.
fn look(step_context: &StepContext<'_>, objects: bool) -> Result<Vec<Expected>, Error> {
    let query = if objects { ipadm::show_objects(step_context.zone) } else { ipadm::show_states(step_context.zone) };
    let shown = step_context.attempt(query.with_limit(Some(PLUMB_TIMEOUT)))?.check()?;
    if !objects {
        return Ok(ipadm::parse_up(&shown)?.into_iter().map(Expected::Address).collect());
    }
    let up = ipadm::parse_objects(&shown)?.into_iter().filter_map(|object| Some((object.name, object.up?)));
    Ok(up.flat_map(|(name, address)| [Expected::Object(name), Expected::Address(address)]).collect())
}
