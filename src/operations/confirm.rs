//! Compares a plan with the approved one.

use crate::api::{Change, difference};
use crate::error::{Code, Error, Result};

pub(crate) const AGAIN: &str = "create the plan again, review it, and run the new one";

/// Returns the new plan if it is the approved one; otherwise `stale-plan` with the difference. Without an approved change, every
/// plan is accepted.
pub(crate) fn confirmed<T>(planned: Result<T>, approved: Option<&Change>, change: impl Fn(&T) -> &Change) -> Result<T> {
    let Some(approved) = approved else { return planned };
    let planned = planned.map_err(not_planned)?;
    match difference(approved, change(&planned)) {
        None => Ok(planned),
        Some(how) => Err(Error::new(
            Code::StalePlan,
            format!("the plan to {} {} is stale: {how}", approved.request.operation(), approved.zone),
        )
        .with_help(AGAIN)),
    }
}

/// A change that could be planned then and cannot be planned now is stale too, unless the error does not concern the plan, like
/// files that cannot be trusted.
pub(crate) fn not_planned(error: Error) -> Error {
    match error.code() {
        _ if error.details().iter().any(|detail| detail.code == "not-trusted") => error,
        Code::InvalidArgument
        | Code::NotFound
        | Code::Exists
        | Code::WrongState
        | Code::PoolExhausted
        | Code::AddressInUse
        | Code::RecoveryNeeded
        | Code::UnsupportedHost
        | Code::Config => {
            let details = error.details().to_vec();
            let stale = Error::new(Code::StalePlan, format!("the plan is no longer possible: {}", error.message()))
                .with_details(details)
                .with_help(error.help().map_or(AGAIN.to_owned(), |help| format!("{help}; then {AGAIN}")));
            stale.with_source(error)
        }
        _ => error,
    }
}
