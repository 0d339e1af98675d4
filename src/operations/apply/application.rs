//! The changes of one zone that is registered as ready: what is chosen, the steps in their order, and what waits for its next boot.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kept_nets::{dropped, held, hold, renamed};
use super::links::Relinking;
use super::{boots, installed, links, publishers};
use crate::api::{ApplyOptions, Basis, Change, PinnedNet, PlannedStep, Request, StepKind};
use crate::documents::document::Document;
use crate::documents::resolve::ZoneSpec;
use crate::documents::settings::EntryNet;
use crate::documents::zone::{Applied, Pending, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::zonecfg::{self, ZoneConfig};
use crate::operations::allocate::{AddressRequests, allocate, pinned_nets};
use crate::operations::boot_order::host_note;
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::{Context, Snapshots};
use crate::operations::create_plan::{self, Arrival, vnic_steps, vnics};
use crate::operations::host_assets::HostAssets;
use crate::operations::power::{self, Power};
use crate::operations::preconditions::Unmet;
use crate::operations::steps::{Boot, MakeDataset, Quota, Reconfigure, Step, Unlink};
use crate::operations::zone_comparison::ZoneComparison;
use crate::operations::{basis, evidence, identity, pending, plumb_links, preconditions, snapshot};
use crate::registry::{Allocator, now};
use crate::value::name::{LinkName, ZoneName};

/// Planned changes of an existing zone.
pub(crate) struct Application {
    pub(super) old: Document<ZoneEntry>,
    /// The entry with everything chosen.
    pub(super) entry: ZoneEntry,
    pub(super) changes: Changes,
    /// The snapshot that is taken first.
    pub(super) snapshot: Option<snapshot::Work>,
    pub(crate) change: Change,
}

impl Application {
    pub(super) fn is_nothing(&self) -> bool {
        self.change.steps.is_empty()
    }

    /// Returns true if the entry lists changes that no longer wait for a boot.
    pub(super) fn is_outdated(&self) -> bool {
        self.entry.pending.is_some() && self.changes.pending.is_none()
    }
}

/// Changes of the host, and of what the entry says about it.
pub(super) struct Changes {
    pub(super) steps: Vec<Box<dyn Step>>,
    /// Steps between its shutdown and its boot, if it is rebooted and something needs it to be down.
    pub(super) cold: Vec<Box<dyn Step>>,
    /// VNICs that are deleted once the zone no longer uses them.
    pub(super) unlinks: Vec<Unlink>,
    /// True if it is recreated from nothing.
    pub(super) rebuild: bool,
    /// The `applied` block once the steps are done.
    pub(super) applied: Applied,
    /// Changes that will then wait for the zone's next boot.
    pub(super) pending: Option<Pending>,
    /// The zone on the host before the steps, unless it is recreated.
    pub(super) found: Option<(HostZone, ZoneConfig)>,
    pub(super) reboot: bool,
    pub(super) boot: Option<Boot>,
    /// Links that the zone plumbs at the end.
    pub(super) plumb: Vec<LinkName>,
}

/// Choices of an approved plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pinned<'a> {
    nets: &'a BTreeMap<String, PinnedNet>,
    /// When the snapshot is taken.
    snapshot: Option<&'a str>,
}

impl<'a> Pinned<'a> {
    pub(super) fn of(change: &'a Change) -> Option<Self> {
        match &change.request {
            Request::Apply { nets, snapshot, .. } => Some(Pinned { nets, snapshot: snapshot.as_deref() }),
            _ => None,
        }
    }
}

/// Plans the changes of this zone. Fails if something must be chosen and there is no allocator.
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
pub(super) fn plan_of(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    allocator: Option<&mut Allocator>,
    mut comparison: ZoneComparison<'_>,
    options: &ApplyOptions,
    pinned: Option<Pinned<'_>>,
) -> Result<Application> {
    let id = identity::id_of(comparison.entry())?;
    let applied = comparison.applied();
    let reserves = comparison.needs_reservation();
    let (mut entry, mut nets) = (comparison.entry().clone(), BTreeMap::new());
    if reserves {
        let Some(allocator) = allocator else {
            return Err(Error::new(Code::Internal, "nets must be reserved, and there is no allocator"));
        };
        let opens: Vec<String> = comparison.open_nets().map(|net| net.name.clone()).collect();
        let asked = AddressRequests { addresses: &BTreeMap::new(), pinned: pinned.map(|pinned| pinned.nets) };
        let chosen = allocate(config_tree, allocator, &snapshots.host, &entry, &comparison.spec, &asked)?;
        nets = pinned_nets(chosen.iter().filter(|net| opens.contains(&net.name)));
        entry.nets = create_plan::own_nets(&chosen);
        comparison.spec.nets = chosen;
    }
    let spec = &comparison.spec;
    let waited = match &comparison.host {
        Some((zone, _)) => pending::current(&context.host, comparison.entry(), Some(zone))?.cloned(),
        None => None,
    };
    let planning = Planning { context, config_tree, snapshots, comparison: &comparison, options, applied };
    let Draft { changes, mut notes, unmet, host } = planning.draft(waited.as_ref())?;
    let is_stale = comparison.entry().applied.as_deref() != Some(&changes.applied) || changes.pending != waited;
    let mut steps = planning.planned_steps(&changes, reserves, is_stale);
    notes.extend(boots::refuse(&steps, &spec.name, unmet)?);
    let created = pinned.and_then(|pinned| pinned.snapshot).map_or_else(now, str::to_owned);
    let is_installed = comparison.host.as_ref().is_some_and(|(zone, _)| zone.state != ZoneState::Configured);
    let snapshot = match options.snapshot && is_installed && !steps.is_empty() {
        true => Some(snapshot::plan_taking(context, &spec.name, None, &created)?),
        false => None,
    };
    if let Some(first) = &snapshot {
        steps.splice(0..0, first.change.steps.iter().cloned());
        notes.extend(first.change.notes.iter().cloned());
    }
    let mut change = Change {
        zone: spec.name.to_string(),
        entry_id: id.to_string(),
        request: Request::Apply { options: options.clone(), nets, snapshot: snapshot.as_ref().map(|_| created) },
        spec: serde_json::to_value(spec).unwrap_or(Value::Null),
        steps,
        notes,
        basis: Basis { documents: basis::documents(config_tree, spec), entry: id.to_string(), host },
    };
    evidence::annotate(&mut change, &context.host, Some(&spec.brand.value), false)?;
    Ok(Application { old: comparison.document, entry, changes, snapshot, change })
}

/// The inputs of a plan, with everything chosen.
struct Planning<'p, 'h> {
    context: &'p Context,
    config_tree: &'p ConfigTree,
    snapshots: &'p Snapshots,
    comparison: &'p ZoneComparison<'h>,
    options: &'p ApplyOptions,
    /// The configuration that was applied last.
    applied: ZoneConfig,
}

/// A plan that is being made.
struct Draft {
    changes: Changes,
    notes: Vec<String>,
    /// Reasons why the zone could not boot afterwards.
    unmet: Vec<Unmet>,
    /// Facts about the host that the plan rests on.
    host: BTreeMap<String, String>,
}

impl Planning<'_, '_> {
    fn entry(&self) -> &ZoneEntry {
        self.comparison.entry()
    }

    fn spec(&self) -> &ZoneSpec {
        &self.comparison.spec
    }

    fn applied_nets(&self) -> &[EntryNet] {
        self.entry().applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default()
    }

    fn may_reboot(&self, zone: &HostZone) -> bool {
        self.options.reboot && zone.state == ZoneState::Running
    }

    /// Plans everything but the snapshot. `waited`: changes that have waited for the zone's next boot.
    fn draft(&self, waited: Option<&Pending>) -> Result<Draft> {
        let changes = Changes {
            steps: Vec::new(),
            cold: Vec::new(),
            unlinks: Vec::new(),
            rebuild: false,
            applied: create_plan::applied(self.spec()),
            pending: None,
            found: None,
            reboot: false,
            boot: None,
            plumb: Vec::new(),
        };
        let host = basis::host(&self.snapshots.host, self.spec());
        let mut draft = Draft { changes, notes: Vec::new(), unmet: Vec::new(), host };
        match &self.comparison.host {
            None => self.rebuild(&mut draft)?,
            Some((zone, found)) => self.change(zone, found, waited, &mut draft)?,
        }
        Ok(draft)
    }

    /// Plans to build a zone again that the host has lost.
    fn rebuild(&self, draft: &mut Draft) -> Result<()> {
        let (spec, name) = (self.spec(), &self.spec().name);
        if !self.options.recreate {
            let message = format!("{name} is registered as ready, but the host does not have it");
            return Err(Error::new(Code::WrongState, message).with_help(format!(
                "run `zmgr apply --recreate {name}` to create it again, or `zmgr destroy {name}` to drop its entry"
            )));
        }
        let (host, clones) = (&self.context.host, self.snapshots.clones());
        preconditions::source_fits(clones, &self.snapshots.host, spec)?;
        boots::check_rebuild(self.context, self.config_tree, self.snapshots, spec)?;
        let host_assets = HostAssets::of(host, self.config_tree, spec)?;
        let arrival = Arrival::Installed { again: false };
        let limit = self.config_tree.config.timeouts.boot;
        draft.changes.rebuild = true;
        draft.changes.applied.plumb_links = create_plan::unknown_links(spec, false);
        draft.changes.steps = create_plan::steps(spec, self.config_tree, host.dialect(), &host_assets, arrival)?;
        draft.changes.boot = spec.autoboot.value.then(|| Boot { zone: name.clone(), limit });
        draft.notes.extend(draft.changes.boot.iter().flat_map(|_| clones.notes(name)));
        Ok(())
    }

    /// Plans the changes of a zone that the host has, configured as `found`.
    fn change(&self, zone: &HostZone, found: &ZoneConfig, waited: Option<&Pending>, draft: &mut Draft) -> Result<()> {
        let (spec, name, dialect) = (self.spec(), &self.spec().name, self.context.host.dialect());
        identity::same(self.entry(), zone)?;
        identity::unchanged(spec, zone)?;
        let links = links::plan(self.context, self.snapshots, self.entry(), spec)?;
        let target = self.target(zone, found, &links)?;
        let script = script(name, found, &target)?;
        draft.unmet = boots::unmet(self.context, self.config_tree, self.snapshots, spec, zone, found, &target)?;
        draft.changes.steps.extend(self.datasets()?);
        let gained = self.add_vnics(zone, draft);
        draft.host.insert(format!("configuration of {name}"), digest(found));
        let waits = zone.state.is_active()
            && pending::changed_parts(found, &target).iter().any(|changed| changed.waits_for_reboot(dialect));
        draft.changes.reboot = self.may_reboot(zone) && (waits || waited.is_some() || !links.down.is_empty());
        draft.changes.pending = pending::after(&self.context.host, waited, zone, found, &target)?;
        draft.changes.found = Some((zone.clone(), found.clone()));
        self.change_links(zone, links, draft);
        if found.autoboot && !target.autoboot {
            draft.notes.extend(host_note(spec));
        }
        if !script.is_empty() {
            let step = Reconfigure { zone: name.clone(), from: found.clone(), to: target, script };
            draft.changes.steps.push(Box::new(step));
        }
        self.drop_vnics(zone, draft)?;
        self.publish(zone, draft)?;
        if !draft.changes.reboot {
            draft.notes.extend(match (waits, waited) {
                (true, _) => Some(format!(
                    "{name} is running: some of this takes effect at its next reboot; run `zmgr reboot {name}`"
                )),
                (false, Some(_)) => Some(format!(
                    "{name} has changes pending until its next reboot; run `zmgr apply --reboot {name}` or `zmgr reboot {name}`"
                )),
                (false, None) => None,
            });
        }
        if self.entry().uuid.is_some() && matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete) {
            draft.notes.push(format!("{name} is {}, not installed: run `zmgr reinstall {name}`", zone.state));
        }
        self.plumb(zone, gained, draft)
    }

    /// Returns the configuration that the zone is to have.
    fn target(&self, zone: &HostZone, found: &ZoneConfig, links: &Relinking) -> Result<ZoneConfig> {
        let desired = match zone.state.is_active() && !self.may_reboot(zone) {
            // A VNIC that is created again later keeps its addresses until then.
            true => self.comparison.desired_of(&held(self.spec(), self.entry(), &links.moved))?,
            false => self.comparison.desired()?,
        };
        Ok(zonecfg::merge(&desired, &self.applied, found, self.options.prune))
    }

    /// Returns the steps that create missing delegated datasets and change quotas.
    fn datasets(&self) -> Result<Vec<Box<dyn Step>>> {
        let mut steps: Vec<Box<dyn Step>> = Vec::new();
        let applied = self.entry().applied.as_deref().map(|applied| applied.settings.resources.datasets.as_slice());
        for dataset in &self.spec().resources.datasets {
            let was = applied.unwrap_or_default().iter().find(|was| was.name == dataset.name);
            if dataset.create && self.context.inventory(self.snapshots).dataset(&dataset.name)?.is_none() {
                steps.push(Box::new(MakeDataset(dataset.value.clone())));
            } else if was.is_some_and(|was| was.quota != dataset.quota) {
                steps.push(Box::new(Quota { dataset: dataset.name.clone(), quota: dataset.quota }));
            }
        }
        Ok(steps)
    }

    /// Plans the VNICs that the host does not have. Returns the links that an installed zone has to plumb because of it, or because
    /// their addresses change.
    fn add_vnics(&self, zone: &HostZone, draft: &mut Draft) -> Vec<LinkName> {
        let (nets, was) = (&self.spec().nets, self.applied_nets());
        let plumbs = zone.state != ZoneState::Configured && plumb_links::has_ipadm(self.entry());
        let mut gained = Vec::new();
        for vnic in vnics(nets) {
            // The zone already knows a VNIC that is created again. One that an apply that was killed has created is new to it.
            if plumbs && !was.iter().any(|net| net.vnic.as_ref() == Some(&vnic.name)) {
                gained.push(vnic.name.clone());
            }
            if self.snapshots.host.link(vnic.name.as_str()).is_none() {
                draft.changes.steps.extend(vnic_steps(vnic, nets));
            }
        }
        if plumbs {
            let changed = plumb_links::reconfigured(nets, was);
            gained.extend(changed.into_iter().filter(|link| !gained.contains(link)).collect::<Vec<_>>());
        }
        gained
    }

    /// Plans the changes of VNICs: at once, while the zone is down for its reboot, or not in this run.
    fn change_links(&self, zone: &HostZone, links: Relinking, draft: &mut Draft) {
        let (name, changes) = (&self.spec().name, &mut draft.changes);
        draft.notes.extend(links.refused);
        hold(&mut changes.applied.nets, self.entry(), &links.foreign, &[]);
        changes.steps.extend(links.at_once);
        match (zone.state.is_active(), changes.reboot) {
            (false, _) => changes.steps.extend(links.down),
            (true, true) => changes.cold = links.down,
            (true, false) => {
                draft.notes.extend(links.waiting.into_iter().map(|what| {
                    format!("{what} once {name} is down: run `zmgr apply --reboot {name}`, or halt it and apply again")
                }));
                hold(&mut changes.applied.nets, self.entry(), &links.nets, &links.moved);
            }
        }
    }

    /// Plans to delete the VNICs that the spec no longer has. A running zone keeps those that it uses.
    fn drop_vnics(&self, zone: &HostZone, draft: &mut Draft) -> Result<()> {
        let (name, changes) = (&self.spec().name, &mut draft.changes);
        let stays_up = zone.state.is_active() && !changes.reboot;
        let (kept, free) = dropped(self.context, self.snapshots, self.entry(), self.spec(), stays_up)?;
        for vnic in vnics(&kept) {
            draft.notes.push(format!(
                "the VNIC {} is deleted once {name} no longer uses it: reboot or halt the zone, then run `zmgr apply {name}`",
                vnic.name
            ));
        }
        changes.unlinks.extend(vnics(&free).into_iter().map(|vnic| Unlink { vnic }));
        for net in kept {
            let net = renamed(net, &changes.applied.nets);
            changes.applied.nets.push(net);
        }
        Ok(())
    }

    /// Plans the changes of the zone's publishers, and notes what only a new installation changes.
    fn publish(&self, zone: &HostZone, draft: &mut Draft) -> Result<()> {
        let (context, config_tree, spec, entry) = (self.context, self.config_tree, self.spec(), self.entry());
        let ours = publishers::are_ours(context, entry, spec, zone);
        let mut published = ours;
        if ours {
            match publishers::inspect(context, config_tree, entry, spec, self.options.prune) {
                Ok(publishing) => {
                    let steps = publishers::steps(context, config_tree, spec, publishing, &mut draft.notes)?;
                    draft.changes.steps.extend(steps);
                }
                Err(error) if error.code() == Code::Config => return Err(error),
                Err(error) => {
                    published = false;
                    draft.notes.push(format!("cannot read the publishers of {}: {}", spec.name, error.message()));
                }
            }
        }
        let dialect = context.host.dialect();
        installed::keep(&mut draft.changes.applied, entry, dialect, published);
        let later = installed::differences(entry, spec, dialect, ours);
        draft.notes.extend(later.iter().map(installed::AtReinstall::note));
        Ok(())
    }

    /// Plans the links that the zone plumbs now, and notes in the entry those that wait for its next boot.
    fn plumb(&self, zone: &HostZone, gained: Vec<LinkName>, draft: &mut Draft) -> Result<()> {
        let (nets, changes) = (&self.spec().nets, &mut draft.changes);
        let known = self.entry().applied.iter().flat_map(|applied| &applied.plumb_links);
        let desired = |link: &LinkName| nets.iter().any(|net| plumb_links::link_of(net).as_ref() == Some(link));
        let mut waiting: Vec<LinkName> = known.filter(|link| desired(link)).cloned().chain(gained).collect();
        waiting.sort_unstable();
        waiting.dedup();
        if changes.reboot {
            changes.plumb = waiting;
            return Ok(());
        }
        if zone.state == ZoneState::Running {
            let (lent, others) = self.lent(waiting)?;
            // The running zone has the addresses of its configuration until it boots again.
            let (later, now): (Vec<_>, _) =
                lent.into_iter().partition(|link| plumb_links::moves(link, nets, self.applied_nets()));
            changes.plumb = now;
            waiting = [others, later].concat();
        }
        changes.applied.plumb_links = waiting;
        Ok(())
    }

    /// Splits these links into those that the zone has booted with and the others.
    fn lent(&self, links: Vec<LinkName>) -> Result<(Vec<LinkName>, Vec<LinkName>)> {
        if links.is_empty() {
            return Ok((links, Vec::new()));
        }
        let (owners, zone) = (self.snapshots.properties(self.context)?, self.spec().name.as_str());
        let lent = |link: &LinkName| owners.get(&(link.to_string(), "zone".to_owned())).is_some_and(|it| it == zone);
        Ok(links.into_iter().partition(lent))
    }

    /// Returns the steps in their order, as the plan shows them.
    fn planned_steps(&self, changes: &Changes, reserves: bool, is_stale: bool) -> Vec<PlannedStep> {
        let (name, limits) = (&self.spec().name, &self.config_tree.config.timeouts);
        let file = |kind| PlannedStep::of_entry(kind, name.as_str());
        let plumb = || {
            let planned = |link| plumb_links::planned(name, link, &self.spec().nets, self.applied_nets());
            changes.plumb.iter().flat_map(planned)
        };
        let unlinks = || changes.unlinks.iter().map(|unlink| unlink.planned());
        let power = |power, limit| power::planned(name, power, limit);
        let mut planned: Vec<PlannedStep> = Vec::new();
        planned.extend(reserves.then(|| file(StepKind::Reserve)));
        planned.extend(changes.steps.iter().map(|step| step.planned()));
        if !changes.reboot {
            planned.extend(unlinks());
        }
        planned.extend((is_stale || !planned.is_empty()).then(|| file(StepKind::Applied)));
        if !changes.reboot {
            planned.extend(plumb());
        } else if changes.cold.is_empty() {
            planned.push(power(Power::Reboot { force: false }, limits.shutdown));
            planned.extend(plumb());
            planned.extend(unlinks());
        } else {
            planned.push(power(Power::Shutdown { force: false }, limits.shutdown));
            planned.extend(changes.cold.iter().map(|step| step.planned()));
            planned.extend(unlinks());
            planned.push(power(Power::Boot, limits.boot));
            planned.extend(plumb());
        }
        planned.extend(changes.boot.iter().map(|boot| boot.planned()));
        planned
    }
}

/// Returns the subcommands of zonecfg that turn one configuration into the other. What they result in is checked if the host's own
/// configuration would pass.
fn script(zone: &ZoneName, found: &ZoneConfig, target: &ZoneConfig) -> Result<String> {
    let script = zonecfg::edit(found, target).map_err(|error| error.with_context(format!("zone {zone}")))?;
    if !script.is_empty() && zonecfg::validate(found).is_ok() {
        zonecfg::validate(target).map_err(|error| error.with_context(format!("zone {zone}")))?;
    }
    Ok(script)
}

fn digest(config: &ZoneConfig) -> String {
    use sha2::{Digest, Sha256};
    crate::api::hex(&Sha256::digest(format!("{:?}", config.canonical())))
}
