//! Running a plan that was approved: everything is planned anew from its requests, and only the same steps are done.
//!
//! Invariant: nothing of a plan is executed; it is only compared with. One that is stale anywhere when it comes to be run does
//! nothing at all, and what changes after that is noticed again under each zone's lock.

use std::collections::BTreeMap;

use super::conduct::{Teller, before, conduct};
use super::create;
use super::holdings::Mounts;
use super::library::Library;
use super::operate::{self, Prepared, failure};
use super::plan::difference;
use super::request::{Pinned, Request};
use super::site::{Look, Site};
use super::{Change, Outcome, Plan, Report, apply, forget, reinstall};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::manager::{CreateOptions, RunOptions, Zone};
use crate::name::ZoneName;

/// The one operation besides those of single requests: whatever brings the host to the files.
const APPLY: &str = "apply";

/// What the changes of a plan are planned from, read and asked for before any lock.
struct Ground {
    /// For creations, where there are any.
    prepared: Option<Prepared>,
    library: Library,
    mounts: Mounts,
    /// For applications, where there are any.
    look: Option<Look>,
}

/// Runs a plan.
pub(crate) fn run(site: &Site, plan: &Plan, run: &mut RunOptions<'_>) -> Result<Report> {
    let changes = checked(plan)?;
    let creations: Vec<(ZoneName, &CreateOptions)> = changes
        .iter()
        .filter_map(|(name, change)| match &change.request {
            Request::Create { options, .. } => Some((name.clone(), options)),
            _ => None,
        })
        .collect();
    let prepare = if plan.operation == APPLY { operate::prepare_wishes } else { operate::prepare };
    let applies = changes.iter().any(|(_, change)| matches!(change.request, Request::Apply { .. }));
    let ground = before(run, |teller| {
        let site = &site.heeding(teller);
        let prepared = match creations.as_slice() {
            [] => None,
            creations => Some(prepare(site, creations).map_err(not_planned)?),
        };
        let mounts = if creations.len() < changes.len() { Mounts::look(&site.host)? } else { Mounts::default() };
        let look = if applies { Some(site.look()?) } else { None };
        let ground = Ground { look, prepared, library: Library::load(site.registry.tree())?, mounts };
        ground.confirm_all(site, &changes)?;
        Ok(ground)
    })?;
    let on_failure = failure(run.on_failure, &ground.library);
    let outcomes = conduct(changes, run, |(name, change), teller| {
        let result = ground.work(site, &name, change, on_failure, teller);
        let nothing = change.steps.is_empty() && matches!(change.request, Request::Apply { .. });
        let action = if nothing { "unchanged" } else { change.request.done() };
        let (action, notes) = (action.to_owned(), change.notes.clone());
        Outcome { name: name.to_string(), action, result, notes }
    });
    Ok(Report { outcomes: outcomes? })
}

/// The changes with their names, which must be legal, each there once, and of the plan's operation.
fn checked(plan: &Plan) -> Result<Vec<(ZoneName, &Change)>> {
    if plan.zmgr != env!("CARGO_PKG_VERSION") {
        let message =
            format!("the plan is stale: zmgr {} made it, and this is {}", plan.zmgr, env!("CARGO_PKG_VERSION"));
        return Err(Error::new(Code::StalePlan, message).with_help(AGAIN));
    }
    let wrong = |message: String| Error::new(Code::InvalidArgument, message);
    let mut names = BTreeMap::new();
    let mut changes = Vec::with_capacity(plan.changes.len());
    for change in &plan.changes {
        let name = ZoneName::new(change.zone.as_str())?;
        if names.insert(name.clone(), ()).is_some() {
            return Err(wrong(format!("the plan has two changes of the zone {name}")));
        }
        let operation = change.request.operation();
        if plan.operation != operation && plan.operation != APPLY {
            return Err(wrong(format!("a plan to {} asks to {operation} {name}", plan.operation)));
        }
        changes.push((name, change));
    }
    Ok(changes)
}

impl Ground {
    /// That every change is still what was approved.
    fn confirm_all(&self, site: &Site, changes: &[(ZoneName, &Change)]) -> Result<()> {
        let mut ledger = match &self.prepared {
            Some(prepared) => Some(site.registry.ledger(prepared.library.pools.clone(), prepared.look.survey.clone())?),
            None => None,
        };
        let mut stale: Vec<Error> = Vec::new();
        for (name, change) in changes {
            let confirmed = match (&change.request, &self.prepared, &mut ledger) {
                (Request::Create { options, pinned }, Some(prepared), Some(ledger)) => {
                    let planned = create::plan(&prepared.ground(site), ledger, name, options, Some(pinned));
                    confirmed(planned, Some(change), |creation| &creation.change)
                        .map(|creation| ledger.plan_entry(&creation.entry))
                }
                (Request::Create { .. }, ..) => Err(Error::new(Code::Internal, "a creation without its ground")),
                (Request::Destroy { options }, ..) => {
                    let planned = operate::plan_destruction(site, &self.library, &self.mounts, name, options);
                    confirmed(planned, Some(change), |destruction| &destruction.change).map(drop)
                }
                (Request::Reinstall { options }, ..) => {
                    let planned = reinstall::plan(site, &self.library, &self.mounts, name, options);
                    confirmed(planned, Some(change), |reinstallation| &reinstallation.change).map(drop)
                }
                (Request::Forget {}, ..) => {
                    confirmed(forget::plan(site, &self.library, name), Some(change), |change| change).map(drop)
                }
                (Request::Import { .. }, ..) => Err(elsewhere(change)),
                (Request::Apply { .. }, ..) => match &self.look {
                    Some(look) => apply::confirm(site, &self.library, look, name, change),
                    None => Err(elsewhere(change)),
                },
            };
            match confirmed {
                Err(error) if error.code() == Code::StalePlan => stale.push(error),
                confirmed => confirmed?,
            }
        }
        let of = changes.len();
        match stale.len() {
            0 => Ok(()),
            1 if of == 1 => Err(stale.remove(0)),
            n => {
                let details = stale.iter().map(|error| Diagnostic::new("stale-plan", error.message())).collect();
                let message = format!("{n} of {of} changes are stale, the first: {}", stale[0].message());
                Err(Error::new(Code::StalePlan, message).with_details(details).with_help(AGAIN))
            }
        }
    }

    /// Does one change, planned once more under the zone's locks.
    fn work(
        &self,
        site: &Site,
        name: &ZoneName,
        change: &Change,
        on_failure: super::perform::Failure,
        teller: &Teller,
    ) -> Result<Option<Zone>> {
        match &change.request {
            Request::Create { options, pinned } => {
                let Some(prepared) = &self.prepared else {
                    return Err(Error::new(Code::Internal, "a creation without its ground"));
                };
                let approved: Option<(&Change, &Pinned)> = Some((change, pinned));
                operate::create_one(site, prepared, name, options, on_failure, approved, teller).map(Some)
            }
            Request::Destroy { options } => {
                operate::destroy_one(site, &self.library, &self.mounts, name, options, Some(change), teller)
                    .map(|_| None)
            }
            Request::Reinstall { options } => {
                reinstall::reinstall_one(site, &self.library, &self.mounts, name, options, Some(change), teller)
                    .map(Some)
            }
            Request::Forget {} => forget::forget_one(site, &self.library, name, Some(change), teller).map(|_| None),
            Request::Import { .. } => Err(elsewhere(change)),
            Request::Apply { .. } if change.steps.is_empty() => Ok(None),
            Request::Apply { .. } => match &self.look {
                Some(look) => apply::apply_planned(site, &self.library, look, name, change, teller),
                None => Err(elsewhere(change)),
            },
        }
    }
}

/// A change of an operation that runs its plans itself.
fn elsewhere(change: &Change) -> Error {
    let what = format!("the change of {} is not one of this operation", change.zone);
    Error::new(Code::InvalidArgument, what)
}

pub(crate) const AGAIN: &str = "make the plan again, look at it, and run that one";

/// What was planned anew, where it is what was approved; `stale-plan` in words where it is not. Without an approved change,
/// anything will do.
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

/// What could be planned then and cannot be planned now is stale too, unless it is not about the plan, as files that are not to be
/// trusted.
pub(crate) fn not_planned(error: Error) -> Error {
    match error.code() {
        _ if error.details().iter().any(|detail| detail.code == "not-trusted") => error,
        Code::NotFound
        | Code::Exists
        | Code::WrongState
        | Code::PoolExhausted
        | Code::AddressInUse
        | Code::RecoveryNeeded
        | Code::UnsupportedHost
        | Code::Config => {
            let details = error.details().to_vec();
            let stale = Error::new(Code::StalePlan, format!("the plan no longer holds: {}", error.message()))
                .with_details(details)
                .with_help(error.help().map_or(AGAIN.to_owned(), |help| format!("{help}; then {AGAIN}")));
            stale.with_source(error)
        }
        _ => error,
    }
}
