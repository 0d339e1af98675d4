//! Attaches zones: brings back detached ones, and the files that a destruction kept.
//!
//! Invariant: a creation whose files are there. Whatever fails, the files stay.

use super::context::Context;
use super::create::{create_one, each};
use super::create_plan;
use super::executor::Failure;
use super::jobs::before;
use super::lineage::Lineage;
use super::prepare::prepare_attach;
use crate::api::{Action, AttachOptions, CreateOptions, Operation, Outcome, Plan, Report, RunOptions};
use crate::error::Result;
use crate::registry::now;
use crate::value::name::ZoneName;

/// Returns the request for one zone.
fn request(options: &AttachOptions) -> CreateOptions {
    let mut create = CreateOptions::new().boot(options.boot);
    let attach = AttachOptions { snapshot_at: options.snapshot.then(now), ..options.clone() };
    (create.template, create.attach) = (options.template.clone(), Some(attach));
    create
}

/// Plans to attach these zones. Changes nothing.
pub(crate) fn plan_attach(context: &Context, names: &[ZoneName], options: &AttachOptions) -> Result<Plan> {
    let options = request(options);
    let prepared = prepare_attach(context, &each(names, &options))?;
    let mut allocator =
        context.registry.allocator(prepared.config_tree.pools.clone(), prepared.snapshots.host_usage.clone())?;
    prepared.relate(Lineage::unrelated(names));
    let mut changes = Vec::new();
    for name in names {
        let creation = create_plan::plan(&prepared.inputs(context), &mut allocator, name, &options, None)?;
        allocator.plan_entry(&creation.entry);
        changes.push(creation.change);
    }
    Ok(Plan::new(Operation::Attach, changes))
}

/// Attaches zones.
pub(crate) fn attach(
    context: &Context,
    names: &[ZoneName],
    options: &AttachOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let options = request(options);
    let prepared = match before(run, |events| prepare_attach(&context.with_cancel(events), &each(names, &options))) {
        Ok(prepared) => prepared,
        Err(error) => return Report::called_off(names, Action::Attached, error),
    };
    let building = prepared.relate(Lineage::unrelated(names)).building()?;
    let outcomes = building.run((context, &prepared.config_tree), names.to_vec(), run, |name, events| {
        let result = create_one(context, &prepared, &name, &options, Failure::RollBack, None, events);
        Outcome::new(name.to_string(), Action::Attached, result.map(Some), events.take_notes())
    });
    Ok(Report { outcomes: outcomes? })
}
