//! Removes entries from the registry and leaves everything else as it is.
//!
//! Invariant: nothing on the host changes. What the zone still has stays held, like that of any unregistered zone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::basis;
use super::boot_order::BootOrder;
use super::config_tree::ConfigTree;
use super::confirm::confirmed;
use super::context::Context;
use super::entries;
use super::golden;
use super::jobs::{EventSender, before, run_jobs};
use crate::api::{Action, Basis, Change, Operation, Outcome, Plan, PlannedStep, Report, Request, RunOptions, StepKind};
use crate::documents::document::Document;
use crate::documents::resolve::effective;
use crate::documents::zone::{EntryState, Origin, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::registry::Wait;
use crate::value::name::ZoneName;

/// Result for a removed entry.
const DONE: Action = Action::Forgotten;

/// Plans the removal of these entries. Changes nothing.
pub(crate) fn plan_forget(context: &Context, names: &[ZoneName]) -> Result<Plan> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let boot_order = BootOrder::load(context, &config_tree)?.without(names);
    let changes =
        names.iter().map(|name| plan(context, &config_tree, &boot_order, name)).collect::<Result<Vec<_>>>()?;
    Ok(Plan::new(Operation::Forget, changes))
}

/// Removes these entries.
pub(crate) fn forget(context: &Context, names: &[ZoneName], run: &mut RunOptions<'_>) -> Result<Report> {
    let loaded = before(run, |_| {
        let config_tree = ConfigTree::load(context.registry.tree())?;
        let boot_order = BootOrder::load(context, &config_tree)?.without(names);
        Ok((config_tree, boot_order))
    });
    let (config_tree, boot_order) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return Report::called_off(names, DONE, error),
    };
    let outcomes = run_jobs(names.to_vec(), run, |name, events| {
        let (result, notes) = match forget_one(context, &config_tree, &boot_order, &name, None, events) {
            Ok(notes) => (Ok(None), notes),
            Err(error) => (Err(error), Vec::new()),
        };
        Outcome::new(name.to_string(), DONE, result, notes)
    });
    // Best effort: a stale index entry only costs time.
    let _ = context.registry.clear_up(&mut Wait::none());
    Ok(Report { outcomes: outcomes? })
}

/// Removes one entry; with `approved`, only if the plan is still the same. Returns what is lost with it.
pub(crate) fn forget_one(
    context: &Context,
    config_tree: &ConfigTree,
    boot_order: &BootOrder,
    name: &ZoneName,
    approved: Option<&Change>,
    events: &EventSender,
) -> Result<Vec<String>> {
    // Read before the lock is taken: a lock leaves a file, even for a name that is not registered.
    entries::entry(context, name)?;
    let locks = context.lock(name, config_tree.config.lock_timeout, events)?;
    events.begin(name, 1, None);
    let removed = (|| {
        let planned = plan(&context.with_cancel(events), config_tree, boot_order, name);
        let change = confirmed(planned, approved, |change| change)?;
        events.flush();
        if events.cancel_requests() > 0 {
            return Err(Error::new(Code::Cancelled, format!("cancelled: {name} is still registered")));
        }
        // Under the registry lock, so that no allocation is made between the removal and the end of the host snapshot, which lacks
        // the zone.
        let mut pulse = || events.cancel_requests() == 0;
        // The claims of a zone that the host still has stay, like its addresses.
        if let Some(membership) = context.membership(config_tree).ok().flatten()
            && let Some(wanted) = membership.wanted(&entries::entry(context, name)?)
            && context.host.zone_state(name)?.is_none()
        {
            membership.release(&wanted)?;
        }
        let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
        let lock = context.registry.lock_registry(&mut wait)?;
        context.registry.remove(&context.registry.tree().zone(name))?;
        context.registry.drop_host_usage(&lock);
        Ok(change.notes)
    })();
    if removed.is_ok() || !context.registry.tree().zone(name).exists() {
        locks.retire();
    }
    removed
}

/// Plans the removal of one entry, as the registry and the host have it now.
pub(super) fn plan(
    context: &Context,
    config_tree: &ConfigTree,
    boot_order: &BootOrder,
    name: &ZoneName,
) -> Result<Change> {
    let document = entries::document(context, name)?;
    let entry = &document.value;
    golden::refuse(entry, "forgotten")?;
    if entry.is_newer() {
        return Err(Error::new(Code::Config, format!("cannot forget {name}: its entry was written by a newer zmgr"))
            .with_help("use that zmgr, or a later one"));
    }
    if let Some(state @ (EntryState::Creating { .. } | EntryState::Destroying { .. } | EntryState::Failed { .. })) =
        &entry.state
    {
        let step = state.step().unwrap_or_default();
        return Err(Error::new(
            Code::RecoveryNeeded,
            format!("cannot forget {name}: an operation on it is unfinished ({}, step {step})", state.as_str()),
        )
        .with_help(format!("run `zmgr recover {name}` first")));
    }
    let host = context.host.zone_state(name)?;
    let id = entry.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let state = host.as_ref().map_or(basis::ABSENT, |zone| zone.state.as_str());
    let step = PlannedStep::of_entry(StepKind::Forget, name.as_str());
    Ok(Change {
        zone: name.to_string(),
        entry_id: id.clone(),
        request: Request::Forget {},
        spec: Value::Null,
        steps: vec![step],
        notes: losses(config_tree, &document, host.is_some()).into_iter().chain(boot_order.note(name)).collect(),
        basis: Basis {
            documents: BTreeMap::new(),
            entry: id,
            host: BTreeMap::from([(format!("zone {name}"), state.to_owned())]),
        },
    })
}

/// Describes what is lost with the entry: what `import` could not write again.
fn losses(config_tree: &ConfigTree, document: &Document<ZoneEntry>, on_host: bool) -> Vec<String> {
    let entry = &document.value;
    let name = &entry.name;
    let mut lost = Vec::new();
    match (&entry.state, on_host) {
        (None, _) => lost.push(format!("{name} is not built: its file is the only record of it")),
        (Some(_), false) => {
            let addresses: Vec<String> =
                entry.nets.iter().flat_map(|net| &net.addresses).map(|held| held.address.addr().to_string()).collect();
            let freed =
                if addresses.is_empty() { String::new() } else { format!(": {} becomes free", addresses.join(", ")) };
            lost.push(format!("the host has no zone {name}{freed}"));
        }
        (Some(_), true) => {}
    }
    if entry.origin != Some(Origin::Import) && entry.state.is_some() && on_host {
        lost.push(format!("zmgr created {name}: without its entry, its addresses stay held by an unregistered zone"));
    } else if entry.nets.iter().any(|net| net.managed) {
        lost.push(format!("{name} has links that are zmgr's: import them again with --adopt-links"));
    }
    lost.extend(left(entry));
    if entry.origin == Some(Origin::Import) && is_edited(config_tree, document) {
        lost.push(format!("zones/{name}.kdl was edited since the import"));
    }
    lost
}

/// Describes what zmgr created for the zone and no longer knows of without the entry.
fn left(entry: &ZoneEntry) -> Option<String> {
    let datasets = entry.datasets.iter().map(|made| match made.zonepath {
        true => format!("dataset {} (the zone's files)", made.name),
        false if made.is_snapshot() => format!("snapshot {} (the zone was cloned from it)", made.name),
        false => format!("dataset {} (delegated)", made.name),
    });
    let applied = entry.applied.iter().flat_map(|applied| &applied.nets);
    let mut links: Vec<String> = Vec::new();
    for vnic in entry.nets.iter().chain(applied).filter(|net| net.managed).filter_map(|net| net.vnic.as_ref()) {
        let link = format!("link {vnic}");
        if !links.contains(&link) {
            links.push(link);
        }
    }
    let snapshots = entry.snapshots.iter().map(|record| format!("snapshot {} ({})", record.label, record.name));
    let what: Vec<String> = datasets.chain(links).chain(snapshots).collect();
    (entry.state.is_some() && !what.is_empty())
        .then(|| format!("what zmgr created stays on the host, and zmgr no longer removes it: {}", what.join(", ")))
}

/// Returns true if an imported entry contains something that another import would not write.
fn is_edited(config_tree: &ConfigTree, document: &Document<ZoneEntry>) -> bool {
    let entry = &document.value;
    let settings = &entry.settings;
    let written = Document::create(document.path(), entry.clone());
    let only_here = settings.tags.is_some()
        || settings.after.is_some()
        || settings.protected.is_some()
        || settings.install.is_some()
        || settings.clone_from.is_some()
        || !settings.setup.is_empty();
    let as_applied =
        effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry).is_ok_and(|spec| {
            let mut now = super::applied(&spec);
            // Import does not record how the zone was installed.
            (now.settings.install, now.settings.clone_from) = (None, None);
            now.settings.setup = Default::default();
            entry.applied.as_deref() == Some(&now)
        });
    only_here || !as_applied || !written.is_ok_and(|written| written.text() == document.text())
}
