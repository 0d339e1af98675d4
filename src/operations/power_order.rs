//! Power operations on several zones, in the order in which their files say that they boot.
//!
//! Invariant: going up, a zone is started only once those that it comes after are running; going down, it is stopped only once those
//! that come after it are down. An order that cannot be kept stops the zones that it concerns and no others.

use std::time::Duration;

use super::boot_order::{BootOrder, Sequence, circle};
use super::config_tree::ConfigTree;
use super::context::Context;
use super::jobs::{EventSender, run_in_order};
use super::list;
use super::order::Need;
use super::power::{Power, PowerRequest, power_one};
use crate::api::{Outcome, Report, RunOptions, Zone};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::value::name::ZoneName;

/// What registered zones are in once they are built, and once their file has errors.
const READY: &str = "ready";
const UNREADABLE: &str = "unreadable";

/// An operation on several zones.
struct Work<'a> {
    context: &'a Context,
    config_tree: &'a ConfigTree,
    boot_order: BootOrder,
    sequence: Sequence,
    names: &'a [ZoneName],
    what: Power,
    limit: Duration,
}

/// Applies it to each of these zones.
pub(crate) fn power(
    context: &Context,
    names: &[ZoneName],
    what: Power,
    timeout: Option<Duration>,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let config_tree = &ConfigTree::load(context.registry.tree())?;
    let limit = timeout.unwrap_or_else(|| what.limit(&config_tree.config.timeouts));
    let boot_order = BootOrder::load(context, config_tree)?;
    // A halt asks nothing of a zone, so it is not worth waiting for one that does not go down.
    let need = if what == Power::Halt { Need::End } else { Need::Success };
    let sequence = boot_order.sequence(names, what.ends_up(), need);
    let work = Work { context, config_tree, boot_order, sequence, names, what, limit };
    let outcomes = run_in_order((0..names.len()).collect(), &work.sequence.order, run, |at, blocked, events| {
        work.turn(at, blocked, events)
    });
    Ok(Report { outcomes: outcomes? })
}

/// Applies it to every built zone of the registry; a boot, to those that boot with the host. A zone with an unfinished operation is
/// left out, with a note.
pub(crate) fn power_all(
    context: &Context,
    what: Power,
    timeout: Option<Duration>,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let (mut names, mut skipped) = (Vec::new(), Vec::new());
    let boots = |zone: &Zone| what != Power::Boot || zone.autoboot.unwrap_or(zone.state.as_deref() == Some(UNREADABLE));
    for zone in list::registered(&context.registry, &|_| true)?.into_iter().filter(boots) {
        match (zone.state.as_deref(), ZoneName::new(zone.name.as_str())) {
            (Some(READY | UNREADABLE), Ok(name)) => names.push(name),
            (Some(state), Ok(name)) => {
                let note = format!("{name} is {state}: its operation is unfinished; run `zmgr recover {name}`");
                skipped.push(Outcome { name: zone.name, action: "skipped".to_owned(), result: Ok(None), notes: vec![note] });
            }
            _ => {}
        }
    }
    let mut report = power(context, &names, what, timeout, run)?;
    report.outcomes.extend(skipped);
    report.outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(report)
}

impl Work<'_> {
    fn turn(&self, at: usize, blocked: Option<usize>, events: &EventSender) -> Outcome {
        let name = &self.names[at];
        let done = match self.obstacle(at, blocked, events) {
            Ok(None) => power_one(self.context, self.config_tree, name, &self.request(at), events),
            Ok(Some(error)) | Err(error) => Err(error),
        };
        let (action, result) = match done {
            Ok((true, zone)) => (self.what.done(), Ok(Some(zone))),
            Ok((false, zone)) => ("unchanged", Ok(Some(zone))),
            Err(error) => ("failed", Err(error)),
        };
        Outcome { name: name.to_string(), action: action.to_owned(), result, notes: events.take_notes() }
    }

    fn request(&self, at: usize) -> PowerRequest {
        let name = &self.names[at];
        let others: Vec<ZoneName> = match self.what.ends_up() {
            true => self.boot_order.after(name).to_vec(),
            false => self.boot_order.followers(name).cloned().collect(),
        };
        PowerRequest {
            what: self.what,
            limit: self.limit,
            is_awaited: self.what.ends_up() && self.sequence.awaited[at],
            neighbours: others.into_iter().filter(|other| !self.names.contains(other)).collect(),
        }
    }

    /// Returns why the turn of this zone cannot be taken. What counts is the state of the zone that failed, not why it failed.
    fn obstacle(&self, at: usize, blocked: Option<usize>, events: &EventSender) -> Result<Option<Error>> {
        let up = self.what.ends_up();
        if let Some(places) = self.sequence.circles.iter().find(|places| up && places.contains(&at)) {
            let names: Vec<&ZoneName> = places.iter().map(|place| &self.names[*place]).collect();
            return Ok(Some(circle(self.context, self.config_tree, &names)));
        }
        let Some(other) = blocked.map(|place| &self.names[place]) else { return Ok(None) };
        let name = &self.names[at];
        if events.cancel_requests() > 0 {
            let message = format!("the operation was cancelled before {name} was started");
            return Ok(Some(Error::new(Code::Cancelled, message)));
        }
        let state = self.context.with_cancel(events).host.zone_state(other)?.map(|zone| zone.state);
        let (is_met, message) = match up {
            true => {
                (state == Some(ZoneState::Running), format!("zone {name} is not booted: {other}, which it comes after, is not running"))
            }
            false => (
                !state.is_some_and(ZoneState::is_active),
                format!("zone {name} is not shut down: {other}, which comes after it, is still up"),
            ),
        };
        let help = format!("fix what is wrong with {other}, then run the command again; alone, {name} does not wait for it");
        Ok((!is_met).then(|| Error::new(Code::WrongState, message).with_help(help)))
    }
}
