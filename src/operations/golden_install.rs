//! Installs a golden zone, or waits for the process that does.

use std::time::Duration;

use super::context::Context;
use super::create;
use super::entries::entry;
use super::executor::Failure;
use super::jobs::EventSender;
use super::prepare::Prepared;
use super::view;
use crate::api::{Action, Change, CreateOptions, Outcome, Pinned, ZoneStatus};
use crate::documents::zone::EntryState;
use crate::error::{Code, Error, Result};
use crate::value::name::ZoneName;

/// Installs this golden zone. If another process is doing so, waits for it.
pub(crate) fn install(
    context: &Context,
    prepared: &Prepared,
    name: &ZoneName,
    options: &CreateOptions,
    failure: Failure,
    approved: Option<(&Change, &Pinned)>,
    events: &EventSender,
) -> Outcome {
    let (action, result) = match install_or_wait(context, prepared, name, options, failure, approved, events) {
        Ok((action, zone)) => (action, Ok(Some(zone))),
        Err(error) => (Action::Failed, Err(error)),
    };
    Outcome::new(name.to_string(), action, result, events.take_notes())
}

fn install_or_wait(
    context: &Context,
    prepared: &Prepared,
    name: &ZoneName,
    options: &CreateOptions,
    failure: Failure,
    approved: Option<(&Change, &Pinned)>,
    events: &EventSender,
) -> Result<(Action, crate::api::Zone)> {
    let limit = prepared.config_tree.config.timeouts.install;
    let locks = context.lock_with_source_for(name, None, limit, Duration::ZERO, events)?;
    match entry(context, name) {
        Ok(entry) if entry.state == Some(EntryState::Ready) => {
            let zone = view::read(&context.registry, name, None, Some(ZoneStatus::Installed))?;
            Ok((Action::Unchanged, zone))
        }
        Ok(_) => Err(Error::new(Code::RecoveryNeeded, format!("the installation of golden zone {name} is unfinished"))
            .with_help(format!("run `zmgr recover {name}`"))),
        Err(error) if error.code() == Code::NotFound => {
            let zone = create::create_locked(context, prepared, locks, name, options, failure, approved, events)?;
            Ok((Action::Created, zone))
        }
        Err(error) => Err(error),
    }
}
