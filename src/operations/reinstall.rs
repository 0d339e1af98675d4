//! Reinstalls zones from scratch and keeps their configuration, links and addresses.
//!
//! Invariant: while the old files are complete, any failure leaves the zone as it was; once they are gone, the operation can only
//! be resumed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::boot_order::BootOrder;
use super::config_tree::ConfigTree;
use super::confirm::confirmed;
use super::context::Context;
use super::create::failure;
use super::create_plan::Arrival;
use super::data;
use super::entries::entry;
use super::executor::{self, Purpose};
use super::host_assets::HostAssets;
use super::impact::Removal;
use super::inventory::Inventory;
use super::jobs::{EventSender, before};
use super::journal::{Journal, Note, REINSTALL};
use super::kept::check_clonable;
use super::lineage::Lineage;
use super::power::{self, Power};
use super::preconditions::{self, BOOT, Subject};
use super::prepare::{self, Prepared};
use super::step_context::StepContext;
use super::steps::{Autoboot, Boot, Step};
use super::{
    allocate, basis, clones, create_plan, destroy, evidence, golden, golden_install, identity, impact, snapshot, view,
};
use crate::api::{
    Action, Basis, Change, CreateOptions, DestroyOptions, EventKind, Operation, Outcome, Plan, PlannedStep,
    ReinstallOptions, Report, Request, RunOptions, StepKind, Zone, ZoneStatus,
};
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::{EntryState, Intent, ZoneEntry, is_golden_name};
use crate::error::{Code, Error, Result};
use crate::exec::zfs::Dataset;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::registry::now;
use crate::value::EntryId;
use crate::value::name::ZoneName;

/// Steps in their order.
type StepList = Vec<Box<dyn Step>>;

/// A planned reinstallation.
pub(crate) struct Reinstallation {
    entry: ZoneEntry,
    spec: ZoneSpec,
    /// Steps until the zone is down.
    down: Vec<Box<dyn Step>>,
    /// Steps that keep its old root, and the snapshot that is taken first.
    keeping: Vec<Box<dyn Step>>,
    claim: Option<TakenSnapshot>,
    /// Steps until the old files are gone.
    emptying: Vec<Box<dyn Step>>,
    /// Steps from there to `ready`.
    up: Vec<Box<dyn Step>>,
    boot: Option<Boot>,
    /// The dataset of the zone's files.
    dataset: Option<Dataset>,
    /// True if the zone is running now.
    running: bool,
    /// Time limit of a boot.
    limit: Duration,
    /// Time limit of a halt.
    halt_limit: Duration,
    pub(crate) change: Change,
}

/// Returns the spec for the installation: as it was applied, as far as that was recorded; the rest from the current files.
pub(crate) fn desired(config_tree: &ConfigTree, entry: &ZoneEntry) -> Result<ZoneSpec> {
    let mut spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)
        .map_err(|error| error.with_context(format!("cannot resolve the desired state of {}", entry.name)))?;
    let Some(applied) = &entry.applied else { return Ok(spec) };
    let (resolvers, dns_domain) = (spec.resolvers.clone(), spec.dns_domain.clone());
    create_plan::take_applied(&mut spec, applied);
    let step = entry.state.as_ref().and_then(EntryState::step);
    if step.is_none_or(|step| step.starts_with(REINSTALL)) {
        // Settings that take effect at a reinstall come from the current files.
        (spec.resolvers, spec.dns_domain) = (resolvers, dns_domain);
    }
    Ok(spec)
}

/// The golden zones of zones that are reinstalled.
#[derive(Default)]
pub(crate) struct Sources {
    /// Nothing if none of the zones is cloned from a golden zone.
    pub(crate) prepared: Option<Prepared>,
}

impl Sources {
    /// Chooses the golden zone of each zone whose files ask for one, by their present settings.
    pub(crate) fn choose(context: &Context, config_tree: &ConfigTree, names: &[ZoneName]) -> Result<Sources> {
        let spec_of = |name: &ZoneName| desired(config_tree, &entry(context, name).ok()?).ok();
        let specs: Vec<ZoneSpec> = names.iter().filter_map(spec_of).filter(is_golden_clone).collect();
        if specs.is_empty() {
            return Ok(Sources::default());
        }
        let own = ConfigTree::load(context.registry.tree())?;
        Ok(Sources { prepared: Some(prepare::prepare_goldens(context, own, &specs, false)?) })
    }

    /// Returns the golden zones that are installed first.
    fn missing(&self) -> impl Iterator<Item = (&Prepared, &ZoneName)> {
        self.prepared.iter().flat_map(|prepared| prepared.goldens.missing().map(move |name| (prepared, name)))
    }

    /// Adds the golden zones to the zones of an operation.
    pub(crate) fn relate(&self, lineage: Lineage) -> Lineage {
        match &self.prepared {
            Some(prepared) => prepared.relate(lineage),
            None => lineage,
        }
    }

    /// Returns the spec for an installation, with the golden zone of its present settings.
    fn desired(&self, config_tree: &ConfigTree, entry: &ZoneEntry) -> Result<ZoneSpec> {
        let mut spec = desired(config_tree, entry)?;
        if let (Some(prepared), true) = (&self.prepared, is_golden_clone(&spec)) {
            let Some(golden) = prepared.goldens.of(&spec.name) else { return Err(prepared.refusal(&spec.name)) };
            spec.clone_from = Some(golden.clone().into());
        }
        Ok(spec)
    }
}

/// Returns true if the zone is cloned from a golden zone.
pub(crate) fn is_golden_clone(spec: &ZoneSpec) -> bool {
    let is_named = spec.clone_from.as_ref().is_some_and(|source| !is_golden_name(source.as_str()));
    spec.install.is_golden() && !is_named
}

/// Returns the golden zone that an interrupted reinstallation or recreation goes on with: that of the present settings if it is there, otherwise the
/// one that the zone was cloned from.
pub(crate) fn golden_to_resume(
    context: &Context,
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
) -> Result<Option<ZoneName>> {
    let Some(spec) = desired(config_tree, entry).ok().filter(is_golden_clone) else {
        return Ok(None);
    };
    let host_assets = HostAssets::of(&context.host, config_tree, &spec)?;
    let (goldens, _) = golden::choose(context, config_tree, (&host_assets, &context.snapshot()?), &[&spec], false)?;
    let there = goldens.of(&spec.name).filter(|golden| goldens.entry(golden).is_none()).cloned();
    Ok(there.or(spec.clone_from.map(|source| source.value)))
}

/// Adds the order of the boots to zones that are reinstalled: of those that are booted at the end.
pub(crate) fn in_order(
    context: &Context,
    config_tree: &ConfigTree,
    mut lineage: Lineage,
    options: &ReinstallOptions,
) -> Result<Lineage> {
    if lineage.0.len() < 2 || options.boot == Some(false) {
        return Ok(lineage);
    }
    let boot_order = BootOrder::load(context, config_tree)?;
    let zones = context.host.zones()?;
    let active: BTreeSet<&str> =
        zones.iter().filter(|zone| zone.state.is_active()).map(|zone| zone.name.as_str()).collect();
    for member in &mut lineage.0 {
        if options.boot.unwrap_or_else(|| active.contains(member.name.as_str())) {
            member.after = Some(boot_order.after(&member.name).to_vec());
        }
    }
    Ok(lineage)
}

/// Returns notes on the zones outside the operation that should be down before this one goes down.
fn followers_up(context: &Context, removal: &Removal, name: &ZoneName) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for other in removal.boot_order.followers(name) {
        let state = context.host.zone_state(other)?.map(|zone| zone.state);
        notes.extend(Power::Shutdown { force: false }.warning(name, other, state));
    }
    Ok(notes)
}

/// Returns notes on the zones outside the operation that should be up before this one goes up.
fn predecessors_down(context: &Context, removal: &Removal, name: &ZoneName, after: &[ZoneName]) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for other in after.iter().filter(|other| !removal.clones.boots_before(name, other)) {
        let state = context.host.zone_state(other)?.map(|zone| zone.state);
        notes.extend(Power::Boot.warning(name, other, state));
    }
    Ok(notes)
}

/// Returns true if a step of this id is one of those until the old files are gone.
pub(crate) fn is_down(step: &str) -> bool {
    use StepKind::{AutobootOff, Copy, Halt, SetAside, Take, Uninstall, Unmount};
    matches!(StepKind::of_id(step), Some(AutobootOff | Halt | Copy | Take | Unmount | SetAside | Uninstall))
}

/// Returns true if steps of this kind remove the old files, or what they were cloned from.
pub(crate) fn empties(kind: StepKind) -> bool {
    matches!(kind, StepKind::Uninstall | StepKind::Origin)
}

/// Returns the zone on the host and its spec as the files say now, or the reason why it is not reinstalled.
fn reinstallable(
    context: &Context,
    config_tree: &ConfigTree,
    removal: &Removal,
    entry: &ZoneEntry,
    options: &ReinstallOptions,
) -> Result<(HostZone, ZoneSpec)> {
    let name = &entry.name;
    identity::settled(entry)?;
    golden::refuse(entry, "reinstalled")?;
    config_tree.check(entry.template_name())?;
    if let (Some(source), false) = (config_tree.protection(entry), options.force) {
        return Err(Error::new(Code::WrongState, format!("{name} is protected ({source})"))
            .with_help(format!("use --force, or run `zmgr set {name} protected=false` first")));
    }
    let Some(zone) = context.host.zone_state(name)? else {
        return Err(Error::new(Code::WrongState, format!("the host does not have zone {name}"))
            .with_help(format!("run `zmgr apply --recreate {name}` to create it again")));
    };
    identity::same_installation(entry, &zone)?;
    let files = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)?;
    identity::unchanged(&files, &zone)?;
    match &removal.environment {
        Some(environment) => Err(environment.refusal()),
        None => Ok((zone, files)),
    }
}

/// Checks that the zone can be cloned from its source. Returns the source as the host has it; `None` if this operation builds it first.
fn source_state(context: &Context, removal: &Removal, spec: &ZoneSpec, source: &ZoneName) -> Result<Option<HostZone>> {
    let is_built_before = removal.clones.brand_of(source).is_some();
    let state = context.host.zone_state(source)?.filter(|_| !is_built_before);
    if !is_built_before {
        preconditions::clonable(spec, source, state.as_ref())?;
    }
    if let Some(found) = &state {
        check_clonable(&context.host, found, &spec.name, &spec.zonepath.value)?;
    }
    let shared = context.host.zone_config(source.as_str())?;
    preconditions::shares_no_data(spec, source, shared.as_ref())?;
    Ok(state)
}

/// Plans the reinstallation of a zone. `created`: when its snapshot is taken, in an approved plan.
pub(crate) fn plan(
    context: &Context,
    config_tree: &ConfigTree,
    (removal, sources): (&Removal, &Sources),
    name: &ZoneName,
    (options, created): (&ReinstallOptions, Option<&str>),
) -> Result<Reinstallation> {
    let entry = entry(context, name)?;
    let (zone, files) = reinstallable(context, config_tree, removal, &entry, options)?;
    let config = context.host.zone_config(name.as_str())?;
    allocate::refuse_taken(context, config_tree, &entry)?;
    let mut impact = impact::inspect(&context.host, &zone, config.as_ref(), &removal.mounts)?;
    impact.leave_out(removal.clones.of(name));
    impact.know(&entry.snapshots, &context.host)?;
    data::check_ours(&entry.datasets, name, impact.dataset())?;
    let created = created.map_or_else(now, str::to_owned);
    let limits = config_tree.config.timeouts;
    let keeping = match options.snapshot {
        true => Some(snapshot::plan_keeping(context, limits.command, name, &created)?),
        false => None,
    };
    match &keeping {
        Some(_) => impact.check_with_roots(name)?,
        None => {
            loses_no_snapshot(&entry, options)?;
            impact.check_destroyable(name, options.force, false)?;
        }
    }
    let spec = sources.desired(config_tree, &entry)?;
    let autoboot = config.as_ref().is_some_and(|config| config.autoboot);
    let (down, emptying) = parted(destroy::down(config_tree, &entry, &zone, autoboot, &DestroyOptions::new()));
    let host_assets = HostAssets::of(&context.host, config_tree, &spec)?;
    let again = Arrival::Installed { again: true };
    let install = create_plan::installation(&spec, config_tree, context.host.dialect(), &host_assets, again)?;
    let dropped = if keeping.is_some() { None } else { destroy::drop_snapshots(&context.registry, &entry) };
    let up: Vec<Box<dyn Step>> = dropped.into_iter().chain(install).collect();
    let (limit, halt_limit) = (limits.boot, limits.shutdown);
    let boot = options.boot.unwrap_or(zone.state.is_active()).then(|| Boot { zone: name.clone(), limit });
    if let Some(config) = &config {
        let subject = Subject { spec: Some(&spec), ..Subject::new(Inventory::now(&context.host), name, config) };
        subject.check(preconditions::REINSTALL)?;
        if boot.is_some() {
            subject.check(BOOT)?;
        }
    }
    let mut summary = BTreeMap::from([(format!("zone {name}"), zone.state.as_str().to_owned())]);
    if let Some(source) = &spec.clone_from {
        let state = source_state(context, removal, &spec, &source.value)?;
        let state = state.map_or(basis::ABSENT, |zone| zone.state.as_str());
        summary.insert(format!("zone {}", source.value), state.to_owned());
    }
    let id = entry.id.as_ref().map(EntryId::to_string).unwrap_or_default();
    let ready = PlannedStep::of_entry(StepKind::Ready, name.as_str());
    let kept = keeping.as_ref().map_or(&[][..], |keeping| keeping.steps.as_slice());
    let steps = down.iter().chain(kept).chain(&emptying).chain(&up).map(|step| step.planned()).chain([ready]);
    let notes = match &keeping {
        Some(keeping) => keeping.notes.iter().cloned().chain(impact.notes_with_roots()).collect(),
        None => impact.notes(&zone.zonepath, false),
    };
    let mut change = Change {
        zone: name.to_string(),
        entry_id: id.clone(),
        request: Request::Reinstall { options: options.clone(), snapshot: keeping.as_ref().map(|_| created) },
        spec: serde_json::to_value(&spec).unwrap_or(Value::Null),
        steps: steps.chain(boot.as_ref().map(|boot| boot.planned())).collect(),
        notes: notes.into_iter().chain(boot.iter().flat_map(|_| removal.clones.notes(name))).collect(),
        basis: Basis { documents: basis::documents(config_tree, &spec), entry: id, host: summary },
    };
    evidence::annotate(&mut change, &context.host, Some(&zone.brand), options.unproven)?;
    let running = zone.state.is_active();
    if running {
        change.notes.extend(followers_up(context, removal, name)?);
    }
    if boot.is_some() {
        change.notes.extend(predecessors_down(context, removal, name, &files.after.value)?);
    }
    let dataset = impact.into_dataset();
    let (keeping, claim) = match keeping {
        Some(keeping) => (keeping.steps, Some(keeping.record)),
        None => (Vec::new(), None),
    };
    Ok(Reinstallation {
        entry,
        spec,
        down,
        keeping,
        claim,
        emptying,
        up,
        boot,
        dataset,
        running,
        limit,
        halt_limit,
        change,
    })
}

/// Parts the steps until the zone's files are gone: those until it is down, and the rest.
pub(crate) fn parted(mut down: StepList) -> (StepList, StepList) {
    let at = down.iter().position(|step| step.kind() == StepKind::Uninstall).unwrap_or(down.len());
    let rest = down.split_off(at);
    (down, rest)
}

/// Refuses a reinstallation that would destroy snapshots that zmgr took.
fn loses_no_snapshot(entry: &ZoneEntry, options: &ReinstallOptions) -> Result<()> {
    let ([first, ..], false) = (entry.snapshots.as_slice(), options.force) else { return Ok(()) };
    let name = &entry.name;
    let labels: Vec<&str> = entry.snapshots.iter().map(|record| record.label.as_str()).collect();
    let message = format!("{name} has snapshots, which a reinstallation destroys: {}", labels.join(", "));
    Err(Error::new(Code::WrongState, message).with_help(format!(
        "use --snapshot to keep them with the old root, use --force, or run `zmgr snapshot delete {name} {}` first",
        first.label
    )))
}

/// Plans to reinstall these zones. Changes nothing.
pub(crate) fn plan_reinstall(context: &Context, names: &[ZoneName], options: &ReinstallOptions) -> Result<Plan> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let sources = Sources::choose(context, &config_tree, names)?;
    let lineage = in_order(context, &config_tree, clones::of_entries(context, names), options)?;
    let lineage = sources.relate(lineage);
    let building = lineage.building()?;
    let removal = Removal::inspect(context, &config_tree, &lineage)?;
    let mut changes = Vec::new();
    for (prepared, golden) in sources.missing() {
        let Prepared { config_tree, snapshots, .. } = prepared;
        let mut allocator = context.registry.allocator(config_tree.pools.clone(), snapshots.host_usage.clone())?;
        let installed = CreateOptions::default();
        changes.push(create_plan::plan(&prepared.inputs(context), &mut allocator, golden, &installed, None)?.change);
    }
    for name in names {
        changes.push(plan(context, &config_tree, (&removal, &sources), name, (options, None))?.change);
    }
    Ok(Plan::new(Operation::Reinstall, building.sorted(changes)))
}

/// Reinstalls zones.
pub(crate) fn reinstall(
    context: &Context,
    names: &[ZoneName],
    options: &ReinstallOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let prepared = before(run, |events| {
        let context = &context.with_cancel(events);
        let sources = Sources::choose(context, &config_tree, names)?;
        let lineage = in_order(context, &config_tree, clones::of_entries(context, names), options)?;
        let lineage = sources.relate(lineage);
        let removal = Removal::inspect(context, &config_tree, &lineage)?;
        Ok((sources, lineage.building(), removal))
    });
    let (sources, building, removal) = match prepared {
        Ok((sources, building, removal)) => (sources, building?, removal),
        Err(error) => return Report::called_off(names, Action::Reinstalled, error),
    };
    let on_failure = failure(run.on_failure, &config_tree);
    let goldens = sources.missing().map(|(prepared, name)| (name.clone(), Some(prepared)));
    let items = goldens.chain(names.iter().map(|name| (name.clone(), None))).collect();
    let outcomes = building.run((context, &config_tree), items, run, |(name, golden), events| {
        if let Some(prepared) = golden {
            let installed = CreateOptions::default();
            return golden_install::install(context, prepared, &name, &installed, on_failure, None, events);
        }
        let result = reinstall_one(context, &config_tree, (&removal, &sources), &name, (options, None), None, events);
        Outcome::new(name.to_string(), Action::Reinstalled, result.map(Some), events.take_notes())
    });
    Ok(Report { outcomes: outcomes? })
}

/// Reinstalls one zone; with `approved`, only if the plan is still the same.
pub(crate) fn reinstall_one(
    context: &Context,
    config_tree: &ConfigTree,
    (removal, sources): (&Removal, &Sources),
    name: &ZoneName,
    (options, created): (&ReinstallOptions, Option<&str>),
    approved: Option<&Change>,
    events: &EventSender,
) -> Result<Zone> {
    let before = entry(context, name)?;
    identity::settled(&before)?;
    let spec = sources.desired(config_tree, &before)?;
    let source = spec.clone_from.as_ref().map(|source| source.value.clone());
    let locks = context.lock_with_source(name, source.as_ref(), config_tree.config.lock_timeout, events)?;
    if let Some(source) = source.filter(|source| removal.clones.brand_of(source).is_some()) {
        // The plan took it for granted.
        preconditions::clonable(&spec, &source, context.host.zone_state(&source)?.as_ref())?;
    }
    let planned = plan(&context.with_cancel(events), config_tree, (removal, sources), name, (options, created));
    let planned = match confirmed(planned, approved, |planned| &planned.change) {
        Err(error) if !context.registry.tree().zone(name).exists() => {
            locks.retire();
            return Err(error);
        }
        planned => planned?,
    };
    let id = identity::id_of(&planned.entry)?;
    let step_context = context.step_context(config_tree, name, &locks, events)?;
    step_context.start(Some(&planned.change));
    step_context.made.recorded(&planned.entry);
    data::adopt(&step_context, planned.dataset.as_ref());
    let mut journal = Journal::new(&context.registry, name, id).reinstalling();
    if let Some(claim) = &planned.claim {
        step_context.made.took(claim.clone());
    }
    journal.keep(&step_context.made);
    journal.intend(Intent {
        boot: Some(planned.boot.is_some()),
        running: planned.running,
        keep_root: planned.claim.is_some(),
        ..Intent::default()
    });
    step_context.boots_later.set(removal.clones.boots_later(name));
    step_context.is_awaited.set(removal.clones.is_awaited(name));
    let boot = planned.boot.as_ref().filter(|_| !step_context.boots_later.get());
    let result = work(&step_context, &mut journal, &planned)
        .and_then(|()| boot.map_or(Ok(()), |boot| power::after_boot(context, &step_context, boot.limit)));
    result?;
    let status = if boot.is_some() { ZoneStatus::Running } else { ZoneStatus::Installed };
    view::read(&context.registry, name, Some(&planned.spec), Some(status))
}

fn work(step_context: &StepContext<'_>, journal: &mut Journal<'_>, planned: &Reinstallation) -> Result<()> {
    let (down, keeping, emptying) = (&planned.down, &planned.keeping, &planned.emptying);
    let count = down.len() + keeping.len() + emptying.len() + planned.up.len();
    step_context.plan_steps(count + usize::from(planned.boot.is_some()));
    let steps = executor::each(down).chain(executor::each(keeping)).chain(executor::each(emptying));
    if let Err(error) = executor::run(step_context, journal, steps, Purpose::Empty) {
        return Err(back(step_context, journal, planned, error));
    }
    journal.uninstalled();
    if let Err(error) = executor::run(step_context, journal, executor::each(&planned.up), Purpose::Resume) {
        return Err(given_up(step_context, journal, error));
    }
    create_plan::note_installed(journal, &planned.spec)?;
    executor::finish(step_context, journal, planned.boot.as_ref())
}

/// Handles a failure while the zone was taken down: if its files are complete, the zone is restored.
fn back(step_context: &StepContext<'_>, journal: &mut Journal<'_>, planned: &Reinstallation, error: Error) -> Error {
    step_context.undoing();
    match restored(step_context, journal, planned) {
        Ok(true) => error.with_context(format!("reinstalling {} failed; the zone is unchanged", step_context.zone)),
        Ok(false) => given_up(step_context, journal, error),
        Err(also) => error.with_detail(also.to_detail()).with_help(format!("run `zmgr recover {}`", step_context.zone)),
    }
}

fn restored(step_context: &StepContext<'_>, journal: &mut Journal<'_>, planned: &Reinstallation) -> Result<bool> {
    let whole = match step_context.host.zone_state(step_context.zone)? {
        Some(zone) if identity::same_installation(&planned.entry, &zone).is_ok() => {
            !matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete)
        }
        _ => false,
    };
    if !whole {
        return Ok(false);
    }
    step_context.emit(EventKind::Undoing);
    executor::undo_all(step_context, planned.down.len(), &planned.keeping)?;
    journal.keep(&step_context.made);
    let took_autoboot = planned.down.iter().any(|step| step.id() == "autoboot-off");
    if took_autoboot {
        let on = Autoboot { zone: step_context.zone.clone(), on: true };
        executor::run(step_context, journal, [&on as &dyn Step], Purpose::Restore)?;
    }
    if planned.running {
        let boot = Boot { zone: step_context.zone.clone(), limit: planned.limit };
        executor::boot_again(step_context, journal, &boot, planned.halt_limit)?;
    }
    journal.note(Note::Ready)?;
    Ok(true)
}

/// Returns the error for a zone whose old files are gone and whose new ones are not there.
fn given_up(step_context: &StepContext<'_>, journal: &mut Journal<'_>, error: Error) -> Error {
    let noted = journal.note(Note::GivenUp);
    let error = error.with_help(format!(
        "its old files are gone; fix the cause, then run `zmgr recover {0}` to install it, or `zmgr destroy {0}` to remove it",
        step_context.zone
    ));
    match noted {
        Ok(()) => error,
        Err(also) => error.with_detail(also.to_detail()),
    }
}
