//! Refreshes templates: installs a new golden zone for the present settings of each, and removes those that nothing needs.
//!
//! Invariant: a golden zone is removed only if no zone is cloned from it, and only once those that replace it are installed. Each
//! installation and each removal has a journal of its own, so that `recover` ends whatever was interrupted.

use std::collections::{BTreeMap, BTreeSet};

use super::config_tree::ConfigTree;
use super::confirm::{AGAIN, confirmed, not_planned};
use super::context::Context;
use super::create::failure;
use super::create_plan;
use super::destroy;
use super::files::unknown_file;
use super::golden;
use super::golden_install;
use super::impact::Removal;
use super::jobs::{EventSender, before, run_in_order};
use super::lineage::Lineage;
use super::order::{Need, Order};
use super::prepare::{self, Prepared};
use super::template_goldens::{has_golden, spec_of, unneeded, without_golden};
use crate::api::{
    Action, Change, CreateOptions, DestroyOptions, Operation, Outcome, Pinned, Plan, RefreshOptions, Report, Request,
    RunOptions,
};
use crate::error::{Code, Error, Result};
use crate::registry::{Directory, Wait};
use crate::value::name::{TemplateName, ZoneName};

/// A refresh that is prepared.
struct Refresh {
    prepared: Prepared,
    /// The options of each golden zone that is installed.
    installed: BTreeMap<ZoneName, CreateOptions>,
    /// Golden zones that are removed afterwards.
    unneeded: Vec<ZoneName>,
    removal: Removal,
    destroy: DestroyOptions,
    /// Reason why no golden zone is removed, if that is not known.
    kept: Option<String>,
}

/// Plans to refresh these templates. Changes nothing.
pub(crate) fn plan_refresh(context: &Context, names: &[TemplateName], options: &RefreshOptions) -> Result<Plan> {
    let changes = Refresh::prepare(context, names, options)?.changes(context, &BTreeMap::new())?;
    Ok(Plan::new(Operation::Refresh, changes))
}

/// Refreshes these templates; none means that only unneeded golden zones are removed.
pub(crate) fn refresh(
    context: &Context,
    names: &[TemplateName],
    options: &RefreshOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let refresh = before(run, |events| Refresh::prepare(&context.with_cancel(events), names, options))?;
    refresh.run(context, &BTreeMap::new(), run)
}

/// Runs a plan to refresh templates, if it is still the approved one.
pub(crate) fn run_planned(
    context: &Context,
    changes: &[(ZoneName, &Change)],
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let (mut names, mut options, mut pinned) = (Vec::new(), RefreshOptions::new(), BTreeMap::new());
    for (name, change) in changes {
        match &change.request {
            Request::Create { options: CreateOptions { template: Some(template), .. }, pinned: choices } => {
                names.push(template.parse::<TemplateName>()?);
                pinned.insert(name.clone(), choices);
            }
            Request::Destroy { options: destroy } => options.unproven |= destroy.unproven,
            request => {
                let message = format!("a plan to refresh templates asks to {} {name}", request.operation());
                return Err(Error::new(Code::InvalidArgument, message));
            }
        }
    }
    let refresh = before(run, |events| {
        let context = &context.with_cancel(events);
        let refresh = Refresh::prepare(context, &names, &options).map_err(not_planned)?;
        let planned = refresh.changes(context, &pinned).map_err(not_planned)?;
        let is_same =
            planned.iter().map(|change| change.zone.as_str()).eq(changes.iter().map(|(name, _)| name.as_str()));
        if !is_same {
            let message = "the plan is stale: golden zones came or went, or zones were cloned from one";
            return Err(Error::new(Code::StalePlan, message).with_help(AGAIN));
        }
        for (planned, (_, approved)) in planned.into_iter().zip(changes) {
            confirmed(Ok(planned), Some(approved), |change| change)?;
        }
        Ok(refresh)
    })?;
    let approved = changes.iter().map(|(name, change)| (name.clone(), *change)).collect();
    refresh.run(context, &approved, run)
}

impl Refresh {
    fn prepare(context: &Context, names: &[TemplateName], options: &RefreshOptions) -> Result<Refresh> {
        let config_tree = ConfigTree::load(context.registry.tree())?;
        let names: BTreeSet<&TemplateName> = names.iter().collect();
        let mut specs = Vec::new();
        for name in &names {
            if !config_tree.has(name) {
                return Err(unknown_file(context.registry.tree(), Directory::Templates, "template", name.as_str()));
            }
            let spec = spec_of(&config_tree, name)?;
            if !has_golden(&spec) {
                return Err(without_golden(name));
            }
            specs.push(spec);
        }
        let prepared = prepare::prepare_goldens(context, config_tree, &specs, true)?;
        let mut installed = BTreeMap::new();
        for (name, spec) in names.iter().zip(&specs) {
            let Some(golden) = prepared.goldens.of(&spec.name) else { return Err(prepared.refusal(&spec.name)) };
            installed.entry(golden.clone()).or_insert_with(|| CreateOptions::new().template(name.as_str()));
        }
        let renewed = installed.keys().map(golden::base_of).collect();
        let mut kept = None;
        let unneeded = match golden::needed(context) {
            Ok(needed) => {
                let known = (&prepared.snapshots.host, &context.registry.snapshot()?);
                unneeded(&context.host, &prepared.config_tree, known, &needed, &renewed)?
            }
            Err(error) if names.is_empty() || error.code() == Code::Cancelled => return Err(error),
            Err(error) => {
                kept = Some(format!("golden zones that may no longer be needed stay: {}", error.message()));
                Vec::new()
            }
        };
        let removal = Removal::inspect(context, &prepared.config_tree, &Lineage::unrelated(&unneeded))?;
        let destroy = DestroyOptions::new().unproven(options.unproven);
        Ok(Refresh { prepared, installed, unneeded, removal, destroy, kept })
    }

    /// Plans the installations, then the removals.
    fn changes(&self, context: &Context, pinned: &BTreeMap<ZoneName, &Pinned>) -> Result<Vec<Change>> {
        let Prepared { config_tree, snapshots, .. } = &self.prepared;
        let mut allocator = context.registry.allocator(config_tree.pools.clone(), snapshots.host_usage.clone())?;
        let mut changes = Vec::new();
        for (name, options) in &self.installed {
            let choices = pinned.get(name).copied();
            let creation = create_plan::plan(&self.prepared.inputs(context), &mut allocator, name, options, choices)?;
            allocator.plan_entry(&creation.entry);
            changes.push(creation.change);
        }
        for name in &self.unneeded {
            let planned = destroy::plan_destruction(context, config_tree, &self.removal, name, &self.destroy)?;
            changes.push(planned.change);
        }
        Ok(changes)
    }

    fn run(
        &self,
        context: &Context,
        approved: &BTreeMap<ZoneName, &Change>,
        run: &mut RunOptions<'_>,
    ) -> Result<Report> {
        let first = self.installed.len();
        let items: Vec<ZoneName> = self.installed.keys().chain(&self.unneeded).cloned().collect();
        let total = items.len();
        let waits = (first..total).flat_map(|at| (0..first).map(move |other| (at, other, Need::Success)));
        let order = Order::new(total, waits).unwrap_or_else(|_| Order::any(total));
        let on_failure = failure(run.on_failure, &self.prepared.config_tree);
        let outcomes = run_in_order(items.clone(), total, &order, run, |name, blocked, events| {
            match (self.installed.get(&name), blocked) {
                (Some(options), _) => {
                    let approved = approved.get(&name).and_then(|change| match &change.request {
                        Request::Create { pinned, .. } => Some((*change, pinned)),
                        _ => None,
                    });
                    let prepared = &self.prepared;
                    golden_install::install(context, prepared, &name, options, on_failure, approved, events)
                }
                (None, Some(other)) => {
                    let note = format!("{name} stays: {}, which replaces it, was not installed", items[other]);
                    Outcome::new(name.to_string(), Action::Skipped, Ok(None), vec![note])
                }
                (None, None) => self.remove(context, &name, approved.get(&name).copied(), events),
            }
        });
        // Best effort: a stale index entry only costs time.
        let _ = context.registry.clear_up(&mut Wait::none());
        let mut outcomes = outcomes?;
        if let Some(first) = outcomes.first_mut() {
            first.notes.extend(self.kept.clone());
        }
        Ok(Report { outcomes })
    }

    /// Removes a golden zone, unless a zone was cloned from it in the meantime.
    fn remove(&self, context: &Context, name: &ZoneName, approved: Option<&Change>, events: &EventSender) -> Outcome {
        let config_tree = &self.prepared.config_tree;
        let removed = destroy::destroy_one(context, config_tree, &self.removal, name, &self.destroy, approved, events);
        let (action, result, notes) = match removed {
            Ok(notes) => (Action::Destroyed, Ok(None), notes),
            Err(error) => match golden::check_unused(context, name, &[]) {
                Err(used) if used.code() == Code::WrongState => {
                    (Action::Skipped, Ok(None), vec![format!("{name} stays: {}", used.message())])
                }
                _ => (Action::Destroyed, Err(error), Vec::new()),
            },
        };
        Outcome::new(name.to_string(), action, result, notes)
    }
}
