//! Makes the host match the files: creates zones that do not exist, and changes only what differs.
//!
//! Invariant: the host is changed first, `applied` is written afterwards. After a crash between the two, the difference is
//! reported, and `applied` never contains what was not on the host. What others added is not removed unless requested.

mod boots;
mod execute;
mod first_look;
pub(crate) mod installed;
pub(crate) mod links;
pub(crate) mod publishers;
pub(crate) mod rebuilt;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::allocate::{AddressRequests, allocate, pinned_nets};
use super::basis;
use super::boot_order::host_note;
use super::claims::Claims;
use super::config_tree::ConfigTree;
use super::context::{Context, Snapshots};
use super::create::{self, failure};
use super::create_plan::{self, Arrival, vnic_steps, vnics};
use super::entries;
use super::host_assets::HostAssets;
use super::jobs::before;
use super::lineage::Lineage;
use super::plumb_links;
use super::power::{self, Power};
use super::steps::{Boot, MakeDataset, Quota, Reconfigure, Step, Unlink};
use super::zone_comparison::{ZoneComparison, comparisons, each_comparison};
use super::{evidence, golden_install, identity, pending, preconditions, snapshot};
use crate::api::{
    Action, ApplyOptions, Basis, Change, CreateOptions, Operation, Outcome, PinnedNet, Plan, PlannedStep, Report,
    Request, RunOptions, StepKind,
};
use crate::documents::document::Document;
use crate::documents::resolve::ZoneSpec;
use crate::documents::settings::EntryNet;
use crate::documents::zone::{Applied, EntryState, Pending, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg::{self, ZoneConfig};
use crate::registry::{Allocator, now};
use crate::value::name::{LinkName, ZoneName};

pub(crate) use boots::unmet_by_boot;
use execute::apply_one;
pub(crate) use execute::{apply_planned, confirm, finish};
use first_look::{FirstLook, Relation};

/// Planned changes of an existing zone.
pub(crate) struct Application {
    old: Document<ZoneEntry>,
    /// The entry with everything chosen.
    entry: ZoneEntry,
    steps: Vec<Box<dyn Step>>,
    /// Steps between its shutdown and its boot, if it is rebooted and something needs it to be down.
    cold: Vec<Box<dyn Step>>,
    /// VNICs that are deleted once the zone no longer uses them.
    unlinks: Vec<Unlink>,
    /// True if it is recreated from nothing.
    rebuild: bool,
    /// The `applied` block once the steps are done.
    applied: Applied,
    /// Changes that will then wait for the zone's next boot.
    pending: Option<Pending>,
    reboot: bool,
    boot: Option<Boot>,
    /// The snapshot that is taken first.
    snapshot: Option<snapshot::Work>,
    /// Links that the zone plumbs at the end.
    plumb: Vec<LinkName>,
    pub(crate) change: Change,
}

impl Application {
    fn is_nothing(&self) -> bool {
        self.change.steps.is_empty()
    }

    /// Returns true if the entry lists changes that no longer wait for a boot.
    fn is_outdated(&self) -> bool {
        self.entry.pending.is_some() && self.pending.is_none()
    }
}

/// Choices of an approved plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pinned<'a> {
    nets: &'a BTreeMap<String, PinnedNet>,
    /// When the snapshot is taken.
    snapshot: Option<&'a str>,
}

impl<'a> Pinned<'a> {
    fn of(change: &'a Change) -> Option<Self> {
        match &change.request {
            Request::Apply { nets, snapshot, .. } => Some(Pinned { nets, snapshot: snapshot.as_deref() }),
            _ => None,
        }
    }
}

/// Plans to apply the files of these zones, or of all if none is named. Changes nothing. A zone that cannot be planned does not
/// stop the others: if none was named, its change has no steps and a note with the reason.
pub(crate) fn plan_apply(context: &Context, names: &[ZoneName], options: &ApplyOptions) -> Result<Plan> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let snapshots = context.snapshot()?.for_zones(names);
    let mut allocator = context.registry.allocator(config_tree.pools.clone(), snapshots.host_usage.clone())?;
    // Most zones need nothing, and nothing is kept of them.
    let seen = each_comparison(context, &config_tree, &snapshots, names, |comparison| {
        if names.is_empty() && is_detached(&comparison) {
            return None;
        }
        let relation = Relation::of(comparison.as_ref().ok(), options);
        Some((relation, FirstLook::at(context, &config_tree, &snapshots, comparison, options)))
    })?;
    let seen: Vec<_> = seen.into_iter().filter_map(|(name, seen)| Some((name, seen?))).collect();
    let mut lineage = Lineage(seen.iter().map(|(name, (relation, _))| relation.member(name)).collect());
    let again: Vec<ZoneName> =
        seen.iter().filter(|(_, (relation, _))| relation.is_rebuilt).map(|(name, _)| name.clone()).collect();
    let mut changes = Vec::new();
    if !again.is_empty() {
        let specs = rebuilt::specs(&comparisons(context, &config_tree, &snapshots, &again)?, options);
        let prepared = create::prepare_unbuilt(context, &[], &specs)?;
        rebuilt::set_goldens(&snapshots, &prepared, &specs);
        lineage = prepared.relate(lineage);
        for golden in prepared.goldens.missing() {
            let create = CreateOptions::default();
            let inputs = prepared.inputs(context);
            changes.push(create_plan::plan(&inputs, &mut allocator, golden, &create, None)?.change);
        }
    }
    let order = lineage.building()?.sorted(lineage.names().iter().map(ToString::to_string).collect());
    let _ = snapshots.clones.set(lineage.clones());
    let (mut unbuilt, mut choosing) = (Vec::new(), Vec::new());
    let left = |name: &ZoneName, error: Error| match names {
        [] => Ok(left_alone(name, options, &error)),
        _ => Err(error),
    };
    for (name, (_, look)) in seen {
        match look {
            FirstLook::Nothing => {}
            FirstLook::Unbuilt => unbuilt.push(name),
            FirstLook::Change(change) => changes.push(*change),
            FirstLook::Choosing => choosing.push(name),
            FirstLook::Left(error) => changes.push(left(&name, error)?),
        }
    }
    for some in choosing.chunks(AT_ONCE) {
        for (name, comparison) in comparisons(context, &config_tree, &snapshots, some)? {
            let planned = match comparison {
                Ok(comparison) if comparison.entry().state.is_none() => {
                    unbuilt.push(name);
                    continue;
                }
                Ok(comparison) => {
                    plan(context, &config_tree, &snapshots, Some(&mut allocator), comparison, options, None)
                }
                Err(error) => Err(error),
            };
            match planned {
                Ok(planned) if planned.is_nothing() && planned.change.notes.is_empty() => {}
                Ok(planned) => {
                    allocator.plan_entry(&planned.entry);
                    changes.push(planned.change);
                }
                Err(error) => changes.push(left(&name, error)?),
            }
        }
    }
    let (unbuilt, faulty) = buildable(context, &config_tree, unbuilt);
    for (name, error) in faulty {
        changes.push(left(&name, error)?);
    }
    if !unbuilt.is_empty() {
        let create = CreateOptions::default();
        let wanted: Vec<(ZoneName, &CreateOptions)> = unbuilt.iter().map(|name| (name.clone(), &create)).collect();
        let prepared = create::prepare_unbuilt(context, &wanted, &[])?;
        prepared.relate(lineage);
        let is_planned = |golden: &&ZoneName| changes.iter().any(|change| change.zone == golden.as_str());
        let goldens: Vec<&ZoneName> = prepared.goldens.missing().filter(|golden| !is_planned(golden)).collect();
        let mut together = Claims::default();
        // Without a rank they come first.
        for name in goldens.into_iter().chain(&unbuilt) {
            let planned = create_plan::plan(&prepared.inputs(context), &mut allocator, name, &create, None);
            match planned.and_then(|creation| together.add(&creation.entry, &creation.used_datasets).map(|()| creation))
            {
                Ok(creation) => {
                    allocator.plan_entry(&creation.entry);
                    changes.push(creation.change);
                }
                Err(error) => changes.push(left(name, error)?),
            }
        }
    }
    let ranks: HashMap<&str, usize> = order.iter().enumerate().map(|(rank, name)| (name.as_str(), rank)).collect();
    changes.sort_by_key(|change| ranks.get(change.zone.as_str()).copied());
    Ok(Plan::new(Operation::Apply, changes))
}

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

/// Number of zones that are compared before those are planned one after the other.
const AT_ONCE: usize = 256;

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
            Some(before(run, |events| create::prepare_unbuilt(&context.with_cancel(events), wanted, rebuilt))?)
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

/// Plans the changes of this zone. Returns `None` if something must be chosen and there is no allocator.
pub(crate) fn plan(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    allocator: Option<&mut Allocator>,
    comparison: ZoneComparison<'_>,
    options: &ApplyOptions,
    pinned: Option<Pinned<'_>>,
) -> Result<Application> {
    identity::settled(comparison.entry())?;
    plan_of(context, config_tree, snapshots, allocator, comparison, options, pinned)
}

/// Plans the changes of a zone that may have an operation in progress.
fn plan_of(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    allocator: Option<&mut Allocator>,
    comparison: ZoneComparison<'_>,
    options: &ApplyOptions,
    pinned: Option<Pinned<'_>>,
) -> Result<Application> {
    let host = &snapshots.host;
    let name = comparison.spec.name.clone();
    let id = identity::id_of(comparison.entry())?;
    let applied = comparison.applied();
    let mut comparison = comparison;
    let opens: Vec<String> = comparison.open_nets().map(|net| net.name.clone()).collect();
    let reserves = comparison.needs_reservation();
    let mut chosen = BTreeMap::new();
    let mut entry = comparison.entry().clone();
    if reserves {
        let Some(allocator) = allocator else {
            return Err(Error::new(Code::Internal, "nets must be reserved, and there is no allocator"));
        };
        let asked = AddressRequests { addresses: &BTreeMap::new(), pinned: pinned.map(|pinned| pinned.nets) };
        let nets = allocate(config_tree, allocator, host, &entry, &comparison.spec, &asked)?;
        chosen = pinned_nets(nets.iter().filter(|net| opens.contains(&net.name)));
        entry.nets = create_plan::own_nets(&nets);
        comparison.spec.nets = nets;
    }
    let spec = &comparison.spec;
    let mut applied_now = create_plan::applied(spec);
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    let mut cold: Vec<Box<dyn Step>> = Vec::new();
    let (mut notes, mut unlinks, mut plumb, mut unmet) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut rebuild, mut boot, mut reboot, mut waiting_now) = (false, None, false, None);
    let waited = match &comparison.host {
        Some((zone, _)) => pending::current(&context.host, comparison.entry(), Some(zone))?.cloned(),
        None => None,
    };
    let mut summary = basis::host(host, spec);
    match &comparison.host {
        None if !options.recreate => {
            return Err(Error::new(
                Code::WrongState,
                format!("{name} is registered as ready, but the host does not have it"),
            )
            .with_help(format!(
                "run `zmgr apply --recreate {name}` to create it again, or `zmgr destroy {name}` to drop its entry"
            )));
        }
        None => {
            rebuild = true;
            applied_now.plumb_links = create_plan::unknown_links(spec, false);
            preconditions::source_fits(snapshots.clones(), host, spec)?;
            boots::check_rebuild(context, config_tree, snapshots, spec)?;
            let host_assets = HostAssets::of(&context.host, config_tree, spec)?;
            steps = create_plan::steps(
                spec,
                config_tree,
                context.host.dialect(),
                &host_assets,
                Arrival::Installed { again: false },
            )?;
            let limit = config_tree.config.timeouts.boot;
            boot = spec.autoboot.value.then(|| Boot { zone: name.clone(), limit });
            notes.extend(boot.iter().flat_map(|_| snapshots.clones().notes(&name)));
        }
        Some((zone, found)) => {
            identity::same(comparison.entry(), zone)?;
            identity::unchanged(spec, zone)?;
            let active = zone.state.is_active();
            let links = links::plan(context, snapshots, comparison.entry(), spec)?;
            let waited = waited.as_ref();
            let may_reboot = options.reboot && zone.state == ZoneState::Running;
            let desired = match active && !may_reboot {
                // A VNIC that is created again later keeps its addresses until then.
                true => comparison.desired_of(&held(spec, comparison.entry(), &links.moved))?,
                false => comparison.desired()?,
            };
            let target = zonecfg::merge(&desired, &applied, found, options.prune);
            let script = zonecfg::edit(found, &target).map_err(|error| error.with_context(format!("zone {name}")))?;
            if !script.is_empty() && zonecfg::validate(found).is_ok() {
                zonecfg::validate(&target).map_err(|error| error.with_context(format!("zone {name}")))?;
            }
            unmet = boots::unmet(context, config_tree, snapshots, spec, zone, found, &target)?;
            steps.extend(datasets(context, snapshots, comparison.entry(), spec)?);
            let mut gained = Vec::new();
            let had = |link: &LinkName| {
                let nets = comparison.entry().applied.iter().flat_map(|applied| &applied.nets);
                nets.into_iter().any(|net| net.vnic.as_ref() == Some(link))
            };
            for vnic in vnics(&spec.nets) {
                if host.link(vnic.name.as_str()).is_none() {
                    // The zone already knows a VNIC that is created again.
                    if zone.state != ZoneState::Configured
                        && !had(&vnic.name)
                        && plumb_links::has_ipadm(comparison.entry())
                    {
                        gained.push(vnic.name.clone());
                    }
                    steps.extend(vnic_steps(vnic, &spec.nets));
                }
            }
            let was = comparison.entry().applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
            if zone.state != ZoneState::Configured && plumb_links::has_ipadm(comparison.entry()) {
                let changed = plumb_links::reconfigured(&spec.nets, was);
                gained.extend(changed.into_iter().filter(|link| !gained.contains(link)).collect::<Vec<_>>());
            }
            summary.insert(format!("configuration of {name}"), digest(found));
            let dialect = context.host.dialect();
            let changes = active
                && pending::changed_parts(found, &target).iter().any(|changed| changed.waits_for_reboot(dialect));
            reboot = may_reboot && (changes || waited.is_some() || !links.down.is_empty());
            waiting_now = pending::after(&context.host, waited, zone, found, &target)?;
            notes.extend(links.refused);
            hold(&mut applied_now.nets, comparison.entry(), &links.foreign, &[]);
            steps.extend(links.at_once);
            match (active, reboot) {
                (false, _) => steps.extend(links.down),
                (true, true) => cold = links.down,
                (true, false) => {
                    let what = links.waiting.into_iter();
                    notes.extend(what.map(|what| {
                        format!(
                            "{what} once {name} is down: run `zmgr apply --reboot {name}`, or halt it and apply again"
                        )
                    }));
                    hold(&mut applied_now.nets, comparison.entry(), &links.nets, &links.moved);
                }
            }
            if found.autoboot && !target.autoboot {
                notes.extend(host_note(spec));
            }
            if !script.is_empty() {
                let (from, to) = (found.clone(), target);
                steps.push(Box::new(Reconfigure { zone: name.clone(), from, to, script }));
            }
            let (kept, free) = dropped(context, snapshots, comparison.entry(), spec, active && !reboot)?;
            for vnic in vnics(&kept) {
                notes.push(format!(
                    "the VNIC {} is deleted once {name} no longer uses it: reboot or halt the zone, then run `zmgr apply {name}`",
                    vnic.name
                ));
            }
            unlinks.extend(vnics(&free).into_iter().map(|vnic| Unlink { vnic }));
            for net in kept {
                let net = renamed(net, &applied_now.nets);
                applied_now.nets.push(net);
            }
            let ours = publishers::are_ours(context, comparison.entry(), spec, zone);
            let mut published = ours;
            if ours {
                match publishers::inspect(context, config_tree, comparison.entry(), spec, options.prune) {
                    Ok(publishing) => {
                        steps.extend(publishers::steps(context, config_tree, spec, publishing, &mut notes)?)
                    }
                    Err(error) if error.code() == Code::Config => return Err(error),
                    Err(error) => {
                        published = false;
                        notes.push(format!("cannot read the publishers of {name}: {}", error.message()));
                    }
                }
            }
            installed::keep(&mut applied_now, comparison.entry(), dialect, published);
            let later = installed::differences(comparison.entry(), spec, dialect, ours);
            notes.extend(later.iter().map(installed::AtReinstall::note));
            if changes && !reboot {
                notes.push(format!(
                    "{name} is running: some of this takes effect at its next reboot; run `zmgr reboot {name}`"
                ));
            } else if !reboot && waited.is_some() {
                notes.push(format!(
                    "{name} has changes pending until its next reboot; run `zmgr apply --reboot {name}` or `zmgr reboot {name}`"
                ));
            }
            if comparison.entry().uuid.is_some() && matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete)
            {
                notes.push(format!("{name} is {}, not installed: run `zmgr reinstall {name}`", zone.state));
            }
            let known = comparison.entry().applied.iter().flat_map(|applied| &applied.plumb_links);
            let desired =
                |link: &LinkName| spec.nets.iter().any(|net| plumb_links::link_of(net).as_ref() == Some(link));
            let mut waiting: Vec<LinkName> = known.filter(|link| desired(link)).cloned().chain(gained).collect();
            waiting.sort_unstable();
            waiting.dedup();
            if reboot {
                plumb = waiting;
            } else {
                if zone.state == ZoneState::Running {
                    (plumb, waiting) = lent(context, snapshots, &name, waiting)?;
                    // The running zone has the addresses of its configuration until it boots again.
                    let (later, now) = plumb.into_iter().partition(|link| plumb_links::moves(link, &spec.nets, was));
                    plumb = now;
                    waiting.extend::<Vec<LinkName>>(later);
                }
                applied_now.plumb_links = waiting;
            }
        }
    }
    let was_nets = entry.applied.as_deref().map(|applied| applied.nets.clone()).unwrap_or_default();
    let stale = entry.applied.as_deref() != Some(&applied_now) || waiting_now != waited;
    let file = |kind| PlannedStep::of_entry(kind, name.as_str());
    let mut planned: Vec<PlannedStep> = Vec::new();
    planned.extend(reserves.then(|| file(StepKind::Reserve)));
    planned.extend(steps.iter().map(|step| step.planned()));
    planned.extend(unlinks.iter().filter(|_| !reboot).map(|unlink| unlink.planned()));
    planned.extend((stale || !planned.is_empty()).then(|| file(StepKind::Applied)));
    if !reboot {
        planned.extend(plumb.iter().flat_map(|link| plumb_links::planned(&name, link, &spec.nets, &was_nets)));
    }
    if reboot {
        let limits = &config_tree.config.timeouts;
        if cold.is_empty() {
            planned.push(power::planned(&name, Power::Reboot { force: false }, limits.shutdown));
            planned.extend(plumb.iter().flat_map(|link| plumb_links::planned(&name, link, &spec.nets, &was_nets)));
            planned.extend(unlinks.iter().map(|unlink| unlink.planned()));
        } else {
            planned.push(power::planned(&name, Power::Shutdown { force: false }, limits.shutdown));
            planned.extend(cold.iter().map(|step| step.planned()));
            planned.extend(unlinks.iter().map(|unlink| unlink.planned()));
            planned.push(power::planned(&name, Power::Boot, limits.boot));
            planned.extend(plumb.iter().flat_map(|link| plumb_links::planned(&name, link, &spec.nets, &was_nets)));
        }
    }
    planned.extend(boot.iter().map(|boot| boot.planned()));
    notes.extend(boots::refuse(&planned, &name, unmet)?);
    let created = pinned.and_then(|pinned| pinned.snapshot).map_or_else(now, str::to_owned);
    let is_installed = comparison.host.as_ref().is_some_and(|(zone, _)| zone.state != ZoneState::Configured);
    let first = match options.snapshot && is_installed && !planned.is_empty() {
        true => Some(snapshot::plan_taking(context, &name, None, &created)?),
        false => None,
    };
    if let Some(first) = &first {
        planned.splice(0..0, first.change.steps.iter().cloned());
        notes.extend(first.change.notes.iter().cloned());
    }
    let mut change = Change {
        zone: name.to_string(),
        entry_id: id.to_string(),
        request: Request::Apply { options: options.clone(), nets: chosen, snapshot: first.as_ref().map(|_| created) },
        spec: serde_json::to_value(spec).unwrap_or(Value::Null),
        steps: planned,
        notes,
        basis: Basis { documents: basis::documents(config_tree, spec), entry: id.to_string(), host: summary },
    };
    evidence::annotate(&mut change, &context.host, Some(&spec.brand.value), false)?;
    let old = comparison.document;
    let (applied, pending) = (applied_now, waiting_now);
    let snapshot = first;
    Ok(Application {
        old,
        entry,
        steps,
        cold,
        unlinks,
        rebuild,
        applied,
        pending,
        reboot,
        boot,
        snapshot,
        plumb,
        change,
    })
}

/// Splits these links into those that the zone has booted with and the others.
fn lent(
    context: &Context,
    snapshots: &Snapshots,
    zone: &ZoneName,
    links: Vec<LinkName>,
) -> Result<(Vec<LinkName>, Vec<LinkName>)> {
    if links.is_empty() {
        return Ok((links, Vec::new()));
    }
    let owners = snapshots.properties(context)?;
    let lent =
        |link: &LinkName| owners.get(&(link.to_string(), "zone".to_owned())).is_some_and(|it| it == zone.as_str());
    Ok(links.into_iter().partition(lent))
}

/// Keeps these nets as they were applied: they change only once the zone is down. Those in `moved` change as a whole.
fn hold(nets: &mut [EntryNet], entry: &ZoneEntry, names: &[String], moved: &[String]) {
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    for net in nets.iter_mut().filter(|net| names.contains(&net.name)) {
        let Some(was) = applied.iter().find(|was| was.vnic == net.vnic) else { continue };
        let name = net.name.clone();
        if moved.contains(&name) {
            *net = EntryNet { name, ..was.clone() };
        } else {
            let (addresses, default_route) = (std::mem::take(&mut net.addresses), net.default_route);
            *net = EntryNet { addresses, default_route, name, pool: net.pool.clone(), ..was.clone() };
        }
    }
}

/// Returns the spec with these nets as they were applied.
fn held(spec: &ZoneSpec, entry: &ZoneEntry, moved: &[String]) -> ZoneSpec {
    let mut spec = spec.clone();
    hold(&mut spec.nets, entry, moved, moved);
    spec
}

/// Returns the applied nets with a VNIC of zmgr's that the spec no longer has and the host still does: those that a running zone
/// uses, and the others.
fn dropped(
    context: &Context,
    snapshots: &Snapshots,
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    stays_up: bool,
) -> Result<(Vec<EntryNet>, Vec<EntryNet>)> {
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    let gone = |net: &&EntryNet| net.managed && !spec.nets.iter().any(|desired| desired.vnic == net.vnic);
    let there = |net: &&EntryNet| net.vnic.as_ref().is_some_and(|vnic| snapshots.host.vnic(vnic.as_str()).is_some());
    let nets: Vec<EntryNet> = applied.iter().filter(gone).filter(there).cloned().collect();
    if nets.is_empty() || !stays_up {
        return Ok((Vec::new(), nets));
    }
    let owners = snapshots.properties(context)?;
    let used = |net: &EntryNet| {
        net.vnic.as_ref().is_some_and(|vnic| {
            owners.get(&(vnic.to_string(), "zone".to_owned())).is_some_and(|owner| owner == entry.name.as_str())
        })
    };
    Ok(nets.into_iter().partition(used))
}

/// Returns the net under a name that none of these has: another net may have taken its name.
fn renamed(mut net: EntryNet, nets: &[EntryNet]) -> EntryNet {
    let is_taken = |name: &str| nets.iter().any(|net| net.name == name);
    if is_taken(&net.name)
        && let Some(vnic) = &net.vnic
    {
        let first = vnic.to_string();
        let more = (2..).map(|n| format!("{vnic}-{n}"));
        net.name = std::iter::once(first).chain(more).find(|name| !is_taken(name)).unwrap_or_default();
    }
    net
}

/// Returns the steps that create missing delegated datasets and change quotas.
fn datasets(
    context: &Context,
    snapshots: &Snapshots,
    entry: &ZoneEntry,
    spec: &ZoneSpec,
) -> Result<Vec<Box<dyn Step>>> {
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    let applied = entry.applied.as_deref().map(|applied| applied.settings.resources.datasets.as_slice());
    for dataset in &spec.resources.datasets {
        let was = applied.unwrap_or_default().iter().find(|was| was.name == dataset.name);
        if dataset.create && context.inventory(snapshots).dataset(&dataset.name)?.is_none() {
            steps.push(Box::new(MakeDataset(dataset.value.clone())));
        } else if was.is_some_and(|was| was.quota != dataset.quota) {
            steps.push(Box::new(Quota { dataset: dataset.name.clone(), quota: dataset.quota }));
        }
    }
    Ok(steps)
}

fn digest(config: &ZoneConfig) -> String {
    use sha2::{Digest, Sha256};
    crate::api::hex(&Sha256::digest(format!("{:?}", config.canonical())))
}
