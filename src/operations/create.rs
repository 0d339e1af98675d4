//! Creates one zone: locks, reservation, steps and events.
//!
//! Invariant: the host is queried before the registry lock is taken; nothing is waited for under the lock.

use super::claims::Claims;
use super::config_tree::ConfigTree;
use super::confirm::confirmed;
use super::context::{Context, Locks};
use super::create_plan::{self, Creation};
use super::entries::entry;
use super::executor::{self, Failure, Purpose};
use super::jobs::EventSender;
use super::journal::Journal;
use super::lineage::Lineage;
use super::prepare::{Prepared, prepare};
use super::step_context::StepContext;
use super::view;
use crate::api::{Change, CreateOptions, OnFailure, Operation, Pinned, Plan, Zone, ZoneStatus};
use crate::documents::config::FailureRule;
use crate::documents::document::Document;
use crate::documents::zone::EntryState;
use crate::error::{Code, Error, Result};
use crate::registry::{Allocator, Session, Wait};
use crate::value::name::ZoneName;

pub(super) fn each<'o>(names: &[ZoneName], options: &'o CreateOptions) -> Vec<(ZoneName, &'o CreateOptions)> {
    names.iter().map(|name| (name.clone(), options)).collect()
}

/// Plans to create these zones. Changes nothing.
pub(crate) fn plan_create(context: &Context, names: &[ZoneName], options: &CreateOptions) -> Result<Plan> {
    let prepared = prepare(context, &each(names, options))?;
    let mut allocator =
        context.registry.allocator(prepared.config_tree.pools.clone(), prepared.snapshots.host_usage.clone())?;
    prepared.relate(Lineage::unrelated(names));
    let (mut changes, mut together) = (Vec::new(), Claims::default());
    let installed = CreateOptions::default();
    let goldens = prepared.goldens.missing().map(|name| (name, &installed));
    for (name, options) in goldens.chain(names.iter().map(|name| (name, options))) {
        let creation = create_plan::plan(&prepared.inputs(context), &mut allocator, name, options, None)?;
        together.add(&creation.entry, &creation.used_datasets)?;
        allocator.plan_entry(&creation.entry);
        changes.push(creation.change);
    }
    Ok(Plan::new(Operation::Create, changes))
}

pub(crate) fn failure(asked: OnFailure, config_tree: &ConfigTree) -> Failure {
    match (asked, config_tree.config.on_failure) {
        (OnFailure::Keep, _) | (OnFailure::Configured, FailureRule::Keep) => Failure::Keep,
        _ => Failure::RollBack,
    }
}

/// Returns the error for a creation that was cancelled before it began.
fn called_off(name: &ZoneName) -> Error {
    Error::new(Code::Cancelled, format!("the creation of {name} was cancelled before it began"))
}

/// Creates one zone; with `approved`, only if the plan is still the same, and with what was chosen then.
pub(crate) fn create_one(
    context: &Context,
    prepared: &Prepared,
    name: &ZoneName,
    options: &CreateOptions,
    failure: Failure,
    approved: Option<(&Change, &Pinned)>,
    events: &EventSender,
) -> Result<Zone> {
    if events.cancel_requests() > 0 {
        return Err(called_off(name));
    }
    let limit = prepared.config_tree.config.lock_timeout;
    let locks = context.lock_with_source(name, prepared.source(name), limit, events)?;
    create_locked(context, prepared, locks, name, options, failure, approved, events)
}

/// Creates one zone whose locks are held.
#[allow(clippy::too_many_arguments)]
pub(crate) fn create_locked(
    context: &Context,
    prepared: &Prepared,
    locks: Locks,
    name: &ZoneName,
    options: &CreateOptions,
    failure: Failure,
    approved: Option<(&Change, &Pinned)>,
    events: &EventSender,
) -> Result<Zone> {
    let step_context = context.step_context(&prepared.config_tree, name, &locks, events)?;
    let reserved = reserve(context, prepared, &locks, name, options, approved, events);
    let creation = match reserved {
        Ok(creation) => creation,
        Err(error) => {
            drop(step_context);
            // Nothing was reserved, so nothing of the zone may stay, including its lock files.
            if !context.registry.tree().zone(name).exists() {
                locks.retire();
            }
            return Err(error);
        }
    };
    step_context.start(Some(&creation.change));
    complete(context, prepared, locks, &creation, step_context, failure)
}

/// Creates a zone for which everything is reserved.
pub(crate) fn create_reserved(
    context: &Context,
    prepared: &Prepared,
    locks: Locks,
    creation: &Creation,
    failure: Failure,
    events: &EventSender,
) -> Result<Zone> {
    let name = &creation.entry.name;
    let step_context = context.step_context(&prepared.config_tree, name, &locks, events)?;
    step_context.start(Some(&creation.change));
    if step_context.is_stopped() {
        drop(step_context);
        call_off(context, locks, creation)?;
        return Err(called_off(name));
    }
    complete(context, prepared, locks, creation, step_context, failure)
}

/// Rolls back a creation of which only the reservation was made.
pub(super) fn call_off(context: &Context, locks: Locks, creation: &Creation) -> Result<()> {
    if let Some(id) = creation.entry.id.clone() {
        Journal::new(&context.registry, &creation.entry.name, id).remove()?;
    }
    locks.retire();
    Ok(())
}

/// Does what the creation needs besides its entry, and cleans up after a failure.
fn complete(
    context: &Context,
    prepared: &Prepared,
    locks: Locks,
    creation: &Creation,
    step_context: StepContext<'_>,
    failure: Failure,
) -> Result<Zone> {
    let name = &creation.entry.name;
    let clones = prepared.snapshots.clones();
    step_context.boots_later.set(clones.boots_later(name));
    step_context.is_awaited.set(clones.is_awaited(name));
    let result = build(context, creation, &step_context, failure);
    drop(step_context);
    if result.is_err() {
        match (entry(context, name), prepared.unbuilt(name)) {
            // This also releases what was chosen for it; the file is again as the user wrote it.
            (Ok(entry), Some(desired)) if matches!(entry.state, None | Some(EntryState::Detached)) => {
                context.registry.change(desired.path(), |_| Ok(desired.text().as_bytes().to_vec()))?;
            }
            (Err(error), _) if error.code() == Code::NotFound => locks.retire(),
            _ => {}
        }
    }
    result
}

/// Plans the creation under the registry lock, and allocates everything that the plan names.
fn reserve(
    context: &Context,
    prepared: &Prepared,
    locks: &Locks,
    name: &ZoneName,
    options: &CreateOptions,
    approved: Option<(&Change, &Pinned)>,
    events: &EventSender,
) -> Result<Creation> {
    let config_tree = &prepared.config_tree;
    let mut pulse = || events.cancel_requests() == 0;
    if let Some(membership) = context.membership(config_tree)? {
        return membership.reserve(
            &context.registry,
            &prepared.snapshots.host_usage,
            &mut pulse,
            |session| choose(session.allocator(), context, prepared, name, options, approved),
            |creation| membership.wanted(&creation.entry).into_iter().collect(),
            |session, creation| {
                session.keep_host_usage();
                write(session, context, prepared, locks, creation)
            },
        );
    }
    let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
    let mut session =
        context.registry.reserving(config_tree.pools.clone(), prepared.snapshots.host_usage.clone(), &mut wait)?;
    let creation = choose(session.allocator(), context, prepared, name, options, approved)?;
    write(&mut session, context, prepared, locks, &creation)?;
    session.keep_host_usage();
    session.commit()?;
    Ok(creation)
}

/// Plans and reserves in a session that reserves for other zones too; `together` has their datasets. Takes effect once the session
/// commits.
pub(super) fn reserve_in(
    session: &mut Session<'_>,
    context: &Context,
    prepared: &Prepared,
    locks: &Locks,
    name: &ZoneName,
    options: &CreateOptions,
    together: &mut Claims,
) -> Result<Creation> {
    let creation = choose(session.allocator(), context, prepared, name, options, None)?;
    together.add(&creation.entry, &creation.used_datasets)?;
    write(session, context, prepared, locks, &creation)?;
    Ok(creation)
}

fn choose(
    allocator: &mut Allocator,
    context: &Context,
    prepared: &Prepared,
    name: &ZoneName,
    options: &CreateOptions,
    approved: Option<(&Change, &Pinned)>,
) -> Result<Creation> {
    let pinned = approved.map(|(_, pinned)| pinned);
    let planned = create_plan::plan(&prepared.inputs(context), allocator, name, options, pinned);
    confirmed(planned, approved.map(|(change, _)| change), |creation| &creation.change)
}

fn write(
    session: &mut Session<'_>,
    context: &Context,
    prepared: &Prepared,
    locks: &Locks,
    creation: &Creation,
) -> Result<()> {
    let name = &creation.entry.name;
    let desired = prepared.unbuilt(name);
    let document = match desired {
        Some(desired) => desired.with(creation.entry.clone())?,
        None => Document::create(&context.registry.tree().zone(name), creation.entry.clone())?,
    };
    session.reserve_zone(&locks.zone, desired, &document)
}

/// Returns the steps of a creation whose entry exists.
fn build(context: &Context, creation: &Creation, step_context: &StepContext<'_>, failure: Failure) -> Result<Zone> {
    let Some(id) = creation.entry.id.clone() else {
        return Err(Error::new(Code::Internal, "an entry without id"));
    };
    let mut journal = Journal::new(&context.registry, &creation.entry.name, id);
    step_context.made.recorded(&creation.entry);
    step_context.plan_steps(creation.steps.len() + usize::from(creation.boot.is_some()));
    let purpose = if creation.entry.intent.attach { Purpose::Attach } else { Purpose::Create };
    executor::create(step_context, &mut journal, &creation.steps, purpose, failure)?;
    executor::finish(step_context, &mut journal, creation.boot.as_ref())?;
    let boot = creation.boot.as_ref().filter(|_| !step_context.boots_later.get());
    if let Some(boot) = boot {
        super::power::after_boot(context, step_context, boot.limit)?;
    }
    let status = if boot.is_some() { ZoneStatus::Running } else { ZoneStatus::Installed };
    view::read(&context.registry, &creation.entry.name, Some(&creation.spec), Some(status))
}
