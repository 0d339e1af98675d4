//! Power operations on several zones, in the order in which their files say that they boot.
//!
//! Invariant: going up, a zone is started only once those that it comes after are running; going down, it is stopped only once those
//! that come after it are down. An order that cannot be kept stops the zones that it concerns and no others.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::boot_order::{BootOrder, Sequence, circle, not_in_turn, not_up};
use super::config_tree::ConfigTree;
use super::confirm::confirmed;
use super::context::Context;
use super::entries;
use super::golden;
use super::jobs::{EventSender, run_in_order};
use super::list;
use super::order::Need;
use super::power::{self, Power, PowerRequest, power_one};
use crate::api::{Action, Basis, Change, HaltOptions, Outcome, Plan, Report, Request, RunOptions, Zone, ZoneState};
use crate::documents::zone::is_golden_name;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm;
use crate::value::name::ZoneName;

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
    let work = Work::new(context, config_tree, names, what, timeout)?;
    let outcomes =
        run_in_order((0..names.len()).collect(), names.len(), &work.sequence.order, run, |at, blocked, events| {
            work.turn(at, blocked, events)
        });
    Ok(Report { outcomes: outcomes? })
}

/// Applies it to every built zone of the registry except golden ones; a boot, to those that boot with the host. A zone with an unfinished operation is
/// left out, with a note.
pub(crate) fn power_all(
    context: &Context,
    what: Power,
    timeout: Option<Duration>,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let (names, skipped) = select_all(context, what)?;
    let mut report = power(context, &names, what, timeout, run)?;
    report.outcomes.extend(skipped);
    report.outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(report)
}

/// Returns the zones that an operation on all zones is for, and the outcomes of those that it leaves out.
fn select_all(context: &Context, what: Power) -> Result<(Vec<ZoneName>, Vec<Outcome>)> {
    let (mut names, mut skipped) = (Vec::new(), Vec::new());
    let boots = |zone: &Zone| what != Power::Boot || zone.autoboot.unwrap_or(zone.state == Some(ZoneState::Unreadable));
    for zone in list::registered(&context.registry, &|name| !is_golden_name(name))?.into_iter().filter(boots) {
        match (zone.state, ZoneName::new(zone.name.as_str())) {
            (Some(ZoneState::Ready | ZoneState::Unreadable), Ok(name)) => names.push(name),
            // The host does not have it.
            (Some(ZoneState::Detached), _) => {}
            (Some(state), Ok(name)) => {
                let note = format!("{name} is {state}: its operation is unfinished; run `zmgr recover {name}`");
                skipped.push(Outcome::new(zone.name, Action::Skipped, Ok(None), vec![note]));
            }
            _ => {}
        }
    }
    Ok((names, skipped))
}

/// Plans to boot these zones, or to shut them down; none means those that the same operation on all zones is for. The plan has them in
/// their order. Changes nothing.
pub(crate) fn plan_power(context: &Context, names: &[ZoneName], request: &Request) -> Result<Plan> {
    let (what, timeout) = asked(request)?;
    let names = if names.is_empty() { select_all(context, what)?.0 } else { names.to_vec() };
    let config_tree = &ConfigTree::load(context.registry.tree())?;
    let work = Work::new(context, config_tree, &names, what, timeout)?;
    let changes = (0..names.len()).map(|at| work.plan(at, request)).collect::<Result<Vec<_>>>()?;
    Ok(Plan::new(request.operation(), work.sequence.order.sorted(changes)))
}

/// Runs a plan to boot zones, or to shut them down, if it is still the approved one.
pub(crate) fn run_planned(
    context: &Context,
    changes: &[(ZoneName, &Change)],
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let Some((_, first)) = changes.first() else { return Ok(Report { outcomes: Vec::new() }) };
    let (what, timeout) = asked(&first.request)?;
    let names: Vec<ZoneName> = changes.iter().map(|(name, _)| name.clone()).collect();
    let config_tree = &ConfigTree::load(context.registry.tree())?;
    let work = Work::new(context, config_tree, &names, what, timeout)?;
    for (at, (name, change)) in changes.iter().enumerate() {
        if change.request != first.request {
            let message = format!("the plan asks for {name} in another way than for {}", names[0]);
            return Err(Error::new(Code::InvalidArgument, message));
        }
        confirmed(work.plan(at, &first.request), Some(change), |change| change)?;
    }
    power(context, &names, what, timeout, run)
}

/// Returns what a request asks of a zone.
fn asked(request: &Request) -> Result<(Power, Option<Duration>)> {
    match request {
        Request::Boot {} => Ok((Power::Boot, None)),
        Request::Shutdown { options: HaltOptions { timeout, force } } => {
            Ok((Power::Shutdown { force: *force }, *timeout))
        }
        other => Err(Error::new(Code::Internal, format!("{} is not a power operation", other.operation()))),
    }
}

impl<'a> Work<'a> {
    fn new(
        context: &'a Context,
        config_tree: &'a ConfigTree,
        names: &'a [ZoneName],
        what: Power,
        timeout: Option<Duration>,
    ) -> Result<Work<'a>> {
        let limit = timeout.unwrap_or_else(|| what.limit(&config_tree.config.timeouts));
        let boot_order = BootOrder::load(context, config_tree)?;
        // A halt asks nothing of a zone, so it is not worth waiting for one that does not go down.
        let need = if what == Power::Halt { Need::End } else { Need::Success };
        let sequence = boot_order.sequence(names, what.ends_up(), need);
        Ok(Work { context, config_tree, boot_order, sequence, names, what, limit })
    }

    /// Plans the turn of one zone.
    fn plan(&self, at: usize, request: &Request) -> Result<Change> {
        let name = &self.names[at];
        if let Some(error) = self.in_circle(at) {
            return Err(error);
        }
        let entry = entries::entry(self.context, name)?;
        if self.what.ends_up() {
            golden::refuse(&entry, "booted")?;
        }
        let (steps, zone) = power::plan(self.context, &entry, self.what, self.limit)?;
        let mut notes = Vec::new();
        if !steps.is_empty() {
            for other in self.neighbours(at) {
                let state = self.context.host.zone_state(&other)?.map(|zone| zone.state);
                notes.extend(self.what.warning(name, &other, state));
            }
        }
        let id = entry.id.as_ref().map(ToString::to_string).unwrap_or_default();
        Ok(Change {
            zone: name.to_string(),
            entry_id: id.clone(),
            request: request.clone(),
            spec: Value::Null,
            steps,
            notes,
            basis: Basis {
                documents: BTreeMap::new(),
                entry: id,
                host: BTreeMap::from([(format!("zone {name}"), zone.state.as_str().to_owned())]),
            },
        })
    }

    fn turn(&self, at: usize, blocked: Option<usize>, events: &EventSender) -> Outcome {
        let name = &self.names[at];
        let done = match self.obstacle(at, blocked, events) {
            Ok(None) => power_one(self.context, self.config_tree, name, &self.request(at), events),
            Ok(Some(error)) | Err(error) => Err(error),
        };
        let (action, result) = match done {
            Ok((true, zone)) => (self.what.done(), Ok(Some(zone))),
            Ok((false, zone)) => (Action::Unchanged, Ok(Some(zone))),
            Err(error) => (Action::Failed, Err(error)),
        };
        Outcome::new(name.to_string(), action, result, events.take_notes())
    }

    fn request(&self, at: usize) -> PowerRequest {
        PowerRequest {
            what: self.what,
            limit: self.limit,
            is_awaited: self.what.ends_up() && self.sequence.awaited[at],
            neighbours: self.neighbours(at),
        }
    }

    /// Returns the zones outside the operation that should be up before this one goes up, or down before it goes down.
    fn neighbours(&self, at: usize) -> Vec<ZoneName> {
        let name = &self.names[at];
        let mut others: Vec<ZoneName> = match self.what.ends_up() {
            true => self.boot_order.after(name).to_vec(),
            false => self.boot_order.followers(name).cloned().collect(),
        };
        others.retain(|other| !self.names.contains(other));
        others
    }

    /// Returns the error of a zone that would wait for itself.
    fn in_circle(&self, at: usize) -> Option<Error> {
        let places = self.sequence.circles.iter().find(|places| self.what.ends_up() && places.contains(&at))?;
        let names: Vec<&ZoneName> = places.iter().map(|place| &self.names[*place]).collect();
        Some(circle(self.context, self.config_tree, &names))
    }

    /// Returns why the turn of this zone cannot be taken. What counts is the state of the zone that failed, not why it failed.
    fn obstacle(&self, at: usize, blocked: Option<usize>, events: &EventSender) -> Result<Option<Error>> {
        if let Some(error) = self.in_circle(at) {
            return Ok(Some(error));
        }
        let Some(other) = blocked.map(|place| &self.names[place]) else { return Ok(None) };
        let name = &self.names[at];
        if events.cancel_requests() > 0 {
            let message = format!("the operation was cancelled before {name} was started");
            return Ok(Some(Error::new(Code::Cancelled, message)));
        }
        let state = self.context.with_cancel(events).host.zone_state(other)?.map(|zone| zone.state);
        if self.what.ends_up() {
            return Ok((state != Some(zoneadm::ZoneState::Running)).then(|| not_up(name, other)));
        }
        let message = format!("zone {name} is not shut down: {other}, which comes after it, is still up");
        let is_up = state.is_some_and(zoneadm::ZoneState::is_active);
        Ok(is_up.then(|| Error::new(Code::WrongState, message).with_help(not_in_turn(name, other))))
    }
}
