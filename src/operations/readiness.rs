//! Waits until a zone that others come after has started its services.
//!
//! Invariant: a zone that runs never fails because of it. What is not up in time is a warning and a note.

use std::time::{Duration, Instant};

use super::step_context::StepContext;
use crate::documents::zone::ZoneEntry;
use crate::error::Result;
use crate::exec::svcs;
use crate::host::has_services;

/// Interval between queries.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Time limit of one query.
const QUERY: Duration = Duration::from_secs(30);

/// Waits until the zone's services are online, up to `limit`. A zone of a brand without services is ready once it is running.
pub(crate) fn wait(step_context: &StepContext<'_>, entry: &ZoneEntry, limit: Duration) -> Result<()> {
    if !entry.brand().is_none_or(has_services) {
        return Ok(());
    }
    let zone = step_context.zone;
    let until = Instant::now() + limit;
    loop {
        let asked = step_context.attempt(svcs::multi_user(zone).with_limit(Some(QUERY)));
        step_context.check_cancel()?;
        let state = asked.as_ref().ok().and_then(svcs::parse_state);
        if state.as_deref() == Some("online") {
            return Ok(());
        }
        if Instant::now() + POLL_INTERVAL >= until {
            let why = match (state, asked) {
                (Some(state), _) => format!("is {state}"),
                (None, Ok(asked)) => format!("is unknown: {}", asked.error().message()),
                (None, Err(error)) => format!("is unknown: {}", error.message()),
            };
            step_context.warn_and_note(format!(
                "{zone} is running, but after {} seconds {} {why}; the zones that come after it are not kept waiting",
                limit.as_secs(),
                svcs::MULTI_USER
            ));
            return Ok(());
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}
