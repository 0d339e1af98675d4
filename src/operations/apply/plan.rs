//! The plan of many zones: a first look at all of them on all cores, then choices, one zone after the other.

use std::collections::HashMap;

use super::application;
use super::first_look::{FirstLook, Relation};
use super::{buildable, is_detached, left_alone, rebuilt};
use crate::api::{ApplyOptions, Change, CreateOptions, Operation, Plan};
use crate::error::{Error, Result};
use crate::operations::claims::Claims;
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::{Context, Snapshots};
use crate::operations::lineage::Lineage;
use crate::operations::zone_comparison::{comparisons, each_comparison};
use crate::operations::{create_plan, prepare};
use crate::registry::Allocator;
use crate::value::name::ZoneName;

/// Number of zones that are compared before those are planned one after the other.
const AT_ONCE: usize = 256;

/// Plans to apply the files of these zones, or of all if none is named. Changes nothing. A zone that cannot be planned does not
/// stop the others: if none was named, its change has no steps and a note with the reason.
pub(crate) fn plan_apply(context: &Context, names: &[ZoneName], options: &ApplyOptions) -> Result<Plan> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let snapshots = context.snapshot()?.for_zones(names);
    let allocator = context.registry.allocator(config_tree.pools.clone(), snapshots.host_usage.clone())?;
    // Most zones need nothing, and nothing is kept of them.
    let seen = each_comparison(context, &config_tree, &snapshots, names, |comparison| {
        if names.is_empty() && is_detached(&comparison) {
            return None;
        }
        let relation = Relation::of(comparison.as_ref().ok(), options);
        Some((relation, FirstLook::at(context, &config_tree, &snapshots, comparison, options)))
    })?;
    let seen: Vec<_> = seen.into_iter().filter_map(|(name, seen)| Some((name, seen?))).collect();
    let (config_tree, snapshots) = (&config_tree, &snapshots);
    let mut planner = Planner { context, config_tree, snapshots, allocator, names, options, changes: Vec::new() };
    let lineage = planner.rebuild(seen.iter().map(|(name, (relation, _))| (name, relation)))?;
    let order = lineage.building()?.sorted(lineage.names().iter().map(ToString::to_string).collect());
    let _ = snapshots.clones.set(lineage.clones());
    let (mut unbuilt, mut choosing) = (Vec::new(), Vec::new());
    for (name, (_, look)) in seen {
        match look {
            FirstLook::Nothing => {}
            FirstLook::Unbuilt => unbuilt.push(name),
            FirstLook::Change(change) => planner.changes.push(*change),
            FirstLook::Choosing => choosing.push(name),
            FirstLook::Left(error) => planner.leave(&name, error)?,
        }
    }
    unbuilt.extend(planner.choose(&choosing)?);
    planner.build(unbuilt, lineage)?;
    let mut changes = planner.changes;
    let ranks: HashMap<&str, usize> = order.iter().enumerate().map(|(rank, name)| (name.as_str(), rank)).collect();
    // Without a rank they come first.
    changes.sort_by_key(|change| ranks.get(change.zone.as_str()).copied());
    Ok(Plan::new(Operation::Apply, changes))
}

/// The inputs of a plan, what has been chosen, and the changes so far.
struct Planner<'p> {
    context: &'p Context,
    config_tree: &'p ConfigTree,
    snapshots: &'p Snapshots,
    allocator: Allocator,
    names: &'p [ZoneName],
    options: &'p ApplyOptions,
    changes: Vec<Change>,
}

impl Planner<'_> {
    /// Leaves out a zone that cannot be planned, or fails if it was named.
    fn leave(&mut self, name: &ZoneName, error: Error) -> Result<()> {
        match self.names {
            [] => self.changes.push(left_alone(name, self.options, &error)),
            _ => return Err(error),
        }
        Ok(())
    }

    /// Plans the golden zones that are missing for zones that are built again. Returns what the zones are cloned from.
    fn rebuild<'r>(&mut self, seen: impl Iterator<Item = (&'r ZoneName, &'r Relation)> + Clone) -> Result<Lineage> {
        let lineage = Lineage(seen.clone().map(|(name, relation)| relation.member(name)).collect());
        let again: Vec<ZoneName> =
            seen.filter(|(_, relation)| relation.is_rebuilt).map(|(name, _)| name.clone()).collect();
        if again.is_empty() {
            return Ok(lineage);
        }
        let specs = rebuilt::specs(&comparisons(self.context, self.config_tree, self.snapshots, &again)?, self.options);
        let prepared = prepare::prepare_unbuilt(self.context, &[], &specs)?;
        rebuilt::set_goldens(self.snapshots, &prepared, &specs);
        for golden in prepared.goldens.missing() {
            let (inputs, create) = (prepared.inputs(self.context), CreateOptions::default());
            self.changes.push(create_plan::plan(&inputs, &mut self.allocator, golden, &create, None)?.change);
        }
        Ok(prepared.relate(lineage))
    }

    /// Plans zones for which something must be chosen. Returns those that turn out to be unbuilt.
    fn choose(&mut self, names: &[ZoneName]) -> Result<Vec<ZoneName>> {
        let mut unbuilt = Vec::new();
        for some in names.chunks(AT_ONCE) {
            for (name, comparison) in comparisons(self.context, self.config_tree, self.snapshots, some)? {
                let planned = match comparison {
                    Ok(comparison) if comparison.entry().state.is_none() => {
                        unbuilt.push(name);
                        continue;
                    }
                    Ok(comparison) => {
                        let (context, allocator) = (self.context, Some(&mut self.allocator));
                        let (config_tree, snapshots, options) = (self.config_tree, self.snapshots, self.options);
                        application::plan(context, config_tree, snapshots, allocator, comparison, options, None)
                    }
                    Err(error) => Err(error),
                };
                match planned {
                    Ok(planned) if planned.is_nothing() && planned.change.notes.is_empty() => {}
                    Ok(planned) => {
                        self.allocator.plan_entry(&planned.entry);
                        self.changes.push(planned.change);
                    }
                    Err(error) => self.leave(&name, error)?,
                }
            }
        }
        Ok(unbuilt)
    }

    /// Plans zones that are built, after the golden zones that they need.
    fn build(&mut self, unbuilt: Vec<ZoneName>, lineage: Lineage) -> Result<()> {
        let (unbuilt, faulty) = buildable(self.context, self.config_tree, unbuilt);
        for (name, error) in faulty {
            self.leave(&name, error)?;
        }
        if unbuilt.is_empty() {
            return Ok(());
        }
        let create = CreateOptions::default();
        let wanted: Vec<(ZoneName, &CreateOptions)> = unbuilt.iter().map(|name| (name.clone(), &create)).collect();
        let prepared = prepare::prepare_unbuilt(self.context, &wanted, &[])?;
        prepared.relate(lineage);
        let is_planned = |golden: &&ZoneName| self.changes.iter().any(|change| change.zone == golden.as_str());
        let goldens: Vec<&ZoneName> = prepared.goldens.missing().filter(|golden| !is_planned(golden)).collect();
        let mut together = Claims::default();
        for name in goldens.into_iter().chain(&unbuilt) {
            let inputs = prepared.inputs(self.context);
            let planned = create_plan::plan(&inputs, &mut self.allocator, name, &create, None);
            match planned.and_then(|creation| together.add(&creation.entry, &creation.used_datasets).map(|()| creation))
            {
                Ok(creation) => {
                    self.allocator.plan_entry(&creation.entry);
                    self.changes.push(creation.change);
                }
                Err(error) => self.leave(name, error)?,
            }
        }
        Ok(())
    }
}
