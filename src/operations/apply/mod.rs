//! Makes the host match the files: creates zones that do not exist, and changes only what differs.
//!
//! Invariant: the host is changed first, `applied` is written afterwards. After a crash between the two, the difference is
//! reported, and `applied` never contains what was not on the host. What others added is not removed unless requested.

mod application;
mod boots;
mod execute;
mod first_look;
pub(crate) mod installed;
mod kept_nets;
pub(crate) mod links;
mod plan;
pub(crate) mod publishers;
pub(crate) mod rebuilt;

use std::collections::BTreeMap;

use serde_json::Value;

use super::config_tree::ConfigTree;
use super::context::Context;
use super::create::{self, failure};
use super::entries;
use super::golden_install;
use super::jobs::before;
use super::lineage::Lineage;
use super::prepare;
use super::zone_comparison::{ZoneComparison, comparisons};
use crate::api::{Action, ApplyOptions, Basis, Change, CreateOptions, Outcome, Report, Request, RunOptions};
use crate::documents::zone::EntryState;
use crate::error::{Code, Error, Result};
use crate::value::name::ZoneName;

pub(crate) use boots::unmet_by_boot;
use execute::apply_one;
pub(crate) use execute::{apply_planned, confirm, finish};
use first_look::Relation;
pub(crate) use plan::plan_apply;

/// Leaves out detached zones that were not named: there is nothing to apply to them.
fn attached<'h>(
    mut comparisons: Vec<(ZoneName, Result<ZoneComparison<'h>>)>,
    names: &[ZoneName],
) -> Vec<(ZoneName, Result<ZoneComparison<'h>>)> {
    comparisons.retain(|(_, comparison)| !names.is_empty() || !is_detached(comparison));
    comparisons
}

fn is_detached(comparison: &Result<ZoneComparison<'_>>) -> bool {
    comparison.as_ref().is_ok_and(|comparison| comparison.entry().state == Some(EntryState::Detached))
}

/// Splits unbuilt zones into those with valid files and those with errors.
fn buildable(
    context: &Context,
    config_tree: &ConfigTree,
    unbuilt: Vec<ZoneName>,
) -> (Vec<ZoneName>, Vec<(ZoneName, Error)>) {
    let (mut good, mut faulty) = (Vec::new(), Vec::new());
    for name in unbuilt {
        match entries::entry(context, &name).and_then(|entry| config_tree.check(entry.template_name())) {
            Ok(()) => good.push(name),
            Err(error) => faulty.push((name, error)),
        }
    }
    (good, faulty)
}

/// Returns what the zones that this operation builds are cloned from.
pub(crate) fn lineage<'a, 'h: 'a>(
    zones: impl Iterator<Item = (&'a ZoneName, Option<&'a ZoneComparison<'h>>)>,
    options: &ApplyOptions,
) -> Lineage {
    Lineage(zones.map(|(name, comparison)| Relation::of(comparison, options).member(name)).collect())
}

/// Returns the change of a zone that cannot be planned.
fn left_alone(name: &ZoneName, options: &ApplyOptions, error: &Error) -> Change {
    let details = error.details().iter().map(|detail| detail.message.clone());
    let mut notes = vec![format!("left alone: {}", error.message())];
    notes.extend(details.filter(|detail| !error.message().contains(detail.as_str())));
    Change {
        zone: name.to_string(),
        entry_id: String::new(),
        request: Request::Apply { options: options.clone(), nets: BTreeMap::new(), snapshot: None },
        spec: Value::Null,
        steps: Vec::new(),
        notes,
        basis: Basis::default(),
    }
}

/// A zone that an operation works on.
enum Item<'h> {
    /// A golden zone that is installed.
    Golden(ZoneName),
    /// A zone, compared with the host.
    Zone(ZoneName, Box<Result<ZoneComparison<'h>>>),
}

/// Applies the files of these zones, or of all if none is named.
pub(crate) fn apply(
    context: &Context,
    names: &[ZoneName],
    options: &ApplyOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let snapshots = match before(run, |events| context.with_cancel(events).snapshot()) {
        Ok(snapshots) => snapshots.for_zones(names),
        Err(error) => return Report::called_off(names, Action::Failed, error),
    };
    let mut comparisons = attached(comparisons(context, &config_tree, &snapshots, names)?, names);
    let on_failure = failure(run.on_failure, &config_tree);
    let create = CreateOptions::default();
    let is_unbuilt = |comparison: &Result<ZoneComparison<'_>>| {
        comparison.as_ref().is_ok_and(|comparison| comparison.entry().state.is_none())
    };
    let unbuilt =
        comparisons.iter().filter(|(_, comparison)| is_unbuilt(comparison)).map(|(name, _)| name.clone()).collect();
    let (unbuilt, faulty) = buildable(context, &config_tree, unbuilt);
    for (name, error) in faulty {
        if let Some((_, comparison)) = comparisons.iter_mut().find(|(known, _)| *known == name) {
            *comparison = Err(error);
        }
    }
    let lineage = lineage(comparisons.iter().map(|(name, comparison)| (name, comparison.as_ref().ok())), options);
    lineage.building()?;
    let wanted: Vec<(ZoneName, &CreateOptions)> = unbuilt.iter().map(|name| (name.clone(), &create)).collect();
    let rebuilt = rebuilt::specs(&comparisons, options);
    let prepared = match (wanted.as_slice(), rebuilt.as_slice()) {
        ([], []) => None,
        (wanted, rebuilt) => {
            Some(before(run, |events| prepare::prepare_unbuilt(&context.with_cancel(events), wanted, rebuilt))?)
        }
    };
    let lineage = match &prepared {
        Some(prepared) => {
            rebuilt::set_goldens(&snapshots, prepared, &rebuilt);
            rebuilt::update(&mut comparisons, &snapshots);
            prepared.relate(lineage)
        }
        None => lineage,
    };
    let _ = snapshots.clones.set(lineage.clones());
    let goldens = prepared.iter().flat_map(|prepared| prepared.goldens.missing().cloned().map(Item::Golden));
    let items = goldens
        .chain(comparisons.into_iter().map(|(name, comparison)| Item::Zone(name, Box::new(comparison))))
        .collect();
    let outcomes = lineage.building()?.run((context, &config_tree), items, run, |item, events| {
        let (name, comparison) = match (item, &prepared) {
            (Item::Zone(name, comparison), _) => (name, *comparison),
            (Item::Golden(name), Some(prepared)) => {
                return golden_install::install(context, prepared, &name, &create, on_failure, None, events);
            }
            (Item::Golden(name), None) => {
                let error = Error::new(Code::Internal, "a golden zone of no zone");
                return Outcome::new(name.to_string(), Action::Failed, Err(error), Vec::new());
            }
        };
        if let (true, Some(prepared)) = (is_unbuilt(&comparison), &prepared) {
            let result = create::create_one(context, prepared, &name, &create, on_failure, None, events);
            return Outcome::new(name.to_string(), Action::Created, result.map(Some), events.take_notes());
        }
        match comparison
            .and_then(|comparison| apply_one(context, &config_tree, &snapshots, comparison, options, None, events))
        {
            Ok((action, zone, mut notes)) => {
                notes.extend(events.take_notes());
                Outcome::new(name.to_string(), action, Ok(Some(zone)), notes)
            }
            Err(error) => Outcome::new(name.to_string(), Action::Failed, Err(error), Vec::new()),
        }
    });
    Ok(Report { outcomes: outcomes? })
}
