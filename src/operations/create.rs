//! Creates one zone: locks, reservation, steps and events.
//!
//! Invariant: the host is queried before the registry lock is taken; nothing is waited for under the lock.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::claims::Claims;
use super::config_tree::ConfigTree;
use super::confirm::confirmed;
use super::context::{Context, Locks, Snapshots};
use super::create_plan::{self, Creation};
use super::data;
use super::entries::entry;
use super::executor::{self, Failure, Purpose};
use super::files::unknown_file;
use super::golden::{self, Goldens};
use super::host_assets::HostAssets;
use super::jobs::EventSender;
use super::journal::Journal;
use super::kept::check_clonable;
use super::lineage::Lineage;
use super::next_environment::boots_same_environment;
use super::plan_inputs::PlanInputs;
use super::preconditions::{before_attach, before_creation};
use super::step_context::StepContext;
use super::view;
use super::zonepath::parent;
use crate::api::{AttachOptions, Change, CreateOptions, OnFailure, Operation, Pinned, Plan, Zone, ZoneStatus};
use crate::documents::config::FailureRule;
use crate::documents::document::Document;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::zone::{EntryState, MadeDataset, ZoneEntry, is_golden_name};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg::ZoneConfig;
use crate::registry::{Allocator, Directory, Session, Wait};
use crate::value::name::{TemplateName, ZoneName};

/// Inputs of creations, collected before any lock.
pub(crate) struct Prepared {
    pub(crate) config_tree: ConfigTree,
    pub(crate) snapshots: Snapshots,
    /// Files of the unbuilt zones, if that is what is created.
    unbuilt: BTreeMap<ZoneName, Document<ZoneEntry>>,
    /// Source of each new zone that is a clone.
    sources: BTreeMap<ZoneName, ZoneName>,
    /// Configuration on the host of each source.
    configs: BTreeMap<ZoneName, Option<ZoneConfig>>,
    host_assets: HostAssets,
    /// Zones that the host cannot have, each with the reason.
    refused: BTreeMap<ZoneName, Error>,
    /// Of each zone that is attached after a snapshot, the datasets of its files.
    kept: BTreeMap<ZoneName, Vec<String>>,
    /// The golden zones of zones that are cloned from one.
    pub(crate) goldens: Goldens,
    /// The zones that are booted at the end, each with those that it comes after.
    after: BTreeMap<ZoneName, Vec<ZoneName>>,
}

impl Prepared {
    pub(crate) fn inputs<'a>(&'a self, context: &'a Context) -> PlanInputs<'a> {
        PlanInputs {
            config_tree: &self.config_tree,
            unbuilt: &self.unbuilt,
            host: &self.snapshots.host,
            sources: &self.configs,
            dialect: context.host.dialect(),
            host_assets: &self.host_assets,
            refused: &self.refused,
            kept: &self.kept,
            clones: self.snapshots.clones(),
            goldens: &self.goldens,
            tree: context.registry.tree(),
        }
    }

    /// Returns true if this zone has a file and is created from it.
    pub(super) fn is_unbuilt(&self, name: &ZoneName) -> bool {
        self.unbuilt.contains_key(name)
    }

    /// Adds the golden zones to the lineage of an operation, which creations need to know.
    pub(super) fn relate(&self, mut lineage: Lineage) -> Lineage {
        self.goldens.relate(&mut lineage);
        for member in &mut lineage.0 {
            if let Some(after) = self.after.get(&member.name) {
                member.after = Some(after.clone());
            }
        }
        let _ = self.snapshots.clones.set(lineage.clones());
        lineage
    }

    /// Returns the reason why the host cannot have this zone.
    pub(super) fn refusal(&self, name: &ZoneName) -> Error {
        let unknown = || Error::new(Code::Internal, format!("{name} was refused without a reason"));
        self.refused.get(name).map_or_else(unknown, Error::restated)
    }

    /// Returns the zone that this one is cloned from.
    pub(super) fn source(&self, name: &ZoneName) -> Option<&ZoneName> {
        self.sources.get(name)
    }
}

/// Reads and queries what is needed to plan these zones.
pub(crate) fn prepare(context: &Context, wanted: &[(ZoneName, &CreateOptions)]) -> Result<Prepared> {
    prepare_from(context, wanted, &[], BTreeMap::new())
}

/// Reads and queries what is needed to create zones from their own files; names without a file are new zones. `rebuilt`: zones that are
/// built again from golden zones, which are chosen too.
pub(crate) fn prepare_unbuilt(
    context: &Context,
    wanted: &[(ZoneName, &CreateOptions)],
    rebuilt: &[ZoneSpec],
) -> Result<Prepared> {
    prepare_from(context, wanted, rebuilt, files(context, wanted, Option::is_none)?)
}

/// Reads and queries what is needed to attach zones: from the entries of detached zones, from users' files, or new.
pub(crate) fn prepare_attach(context: &Context, wanted: &[(ZoneName, &CreateOptions)]) -> Result<Prepared> {
    let attachable = |state: &Option<EntryState>| matches!(state, None | Some(EntryState::Detached));
    prepare_from(context, wanted, &[], files(context, wanted, attachable)?)
}

/// Returns the files of those of these zones whose state allows it.
fn files(
    context: &Context,
    wanted: &[(ZoneName, &CreateOptions)],
    allows: impl Fn(&Option<EntryState>) -> bool,
) -> Result<BTreeMap<ZoneName, Document<ZoneEntry>>> {
    let mut found = BTreeMap::new();
    for (name, _) in wanted {
        let path = context.registry.tree().zone(name);
        if let Some(bytes) = super::files::read_document(context.registry.tree(), &path)? {
            let document = Document::<ZoneEntry>::parse(&path, &bytes)?;
            if allows(&document.value.state) {
                found.insert(name.clone(), document);
            }
        }
    }
    Ok(found)
}

fn prepare_from(
    context: &Context,
    wanted: &[(ZoneName, &CreateOptions)],
    rebuilt: &[ZoneSpec],
    unbuilt: BTreeMap<ZoneName, Document<ZoneEntry>>,
) -> Result<Prepared> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let mut checked: BTreeSet<Option<TemplateName>> = BTreeSet::new();
    for (name, options) in wanted {
        let template: Option<TemplateName> = match &options.template {
            _ if unbuilt.contains_key(name) => {
                unbuilt.get(name).and_then(|desired| desired.value.template_name().cloned())
            }
            Some(template) => Some(template.parse()?),
            None => config_tree.config.default_template.as_ref().map(|template| template.value.clone()),
        };
        if let (Some(_), Some(template)) = (&options.template, &template)
            && !config_tree.has(template)
        {
            let tree = context.registry.tree();
            return Err(unknown_file(tree, Directory::Templates, "template", template.as_str()));
        }
        if !checked.contains(&template) {
            config_tree.check(template.as_ref())?;
            checked.insert(template);
        }
    }
    let mut specs: Vec<ZoneSpec> = Vec::new();
    let (mut sources, mut configs, mut host_assets) = (BTreeMap::new(), BTreeMap::new(), HostAssets::default());
    let (mut parents, mut after): (BTreeSet<String>, _) = (BTreeSet::new(), BTreeMap::new());
    // Zones to attach, with the datasets that zmgr made for each.
    let mut attached: BTreeMap<ZoneName, (Vec<MadeDataset>, &AttachOptions)> = BTreeMap::new();
    for (name, options) in wanted {
        // Errors of the desired state are reported by its plan.
        let desired = unbuilt.get(name).map(|document| Ok(document.value.clone()));
        let Ok(entry) = desired.unwrap_or_else(|| create_plan::desired(&config_tree, name, options)) else { continue };
        let Ok(mut spec) = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, &entry) else {
            continue;
        };
        if let Some(attach) = &options.attach {
            // The files are there.
            spec.clone_from = None;
            attached.insert(name.clone(), (entry.datasets.clone(), attach));
        }
        parents.insert(parent(&spec.zonepath.value).to_owned());
        host_assets.gather(&context.host, &config_tree, &spec)?;
        if let Some(source) = &spec.clone_from {
            if let Entry::Vacant(vacant) = configs.entry(source.value.clone()) {
                let config = context.host.zone_config(source.value.as_str())?;
                vacant.insert(config);
            }
            sources.insert(name.clone(), source.value.clone());
        }
        if options.boot.unwrap_or(spec.autoboot.value) {
            after.insert(name.clone(), spec.after.value.clone());
        }
        specs.push(spec);
    }
    for spec in rebuilt {
        parents.insert(parent(&spec.zonepath.value).to_owned());
        host_assets.gather(&context.host, &config_tree, spec)?;
    }
    let names: Vec<ZoneName> = specs.iter().chain(rebuilt).map(|spec| spec.name.clone()).collect();
    let snapshots = context.snapshot_at(&parents)?.for_zones(&names);
    let (mut refused, mut kept) = (BTreeMap::new(), BTreeMap::new());
    // A zone that the host already has is refused with a better reason.
    let is_new = |spec: &&ZoneSpec| snapshots.host.zone(spec.name.as_str()).is_none();
    let is_cloned =
        |spec: &&ZoneSpec| spec.install.is_golden() && spec.clone_from.is_none() && !attached.contains_key(&spec.name);
    let cloned: Vec<&ZoneSpec> = specs.iter().filter(is_cloned).chain(rebuilt).collect();
    let (goldens, without) = golden::choose(context, &config_tree, (&host_assets, &snapshots), &cloned, false)?;
    refused.extend(without);
    for spec in cloned {
        sources.extend(goldens.of(&spec.name).map(|golden| (spec.name.clone(), golden.clone())));
    }
    for entry in goldens.entries() {
        specs.push(effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)?);
        if let Some(spec) = specs.last() {
            host_assets.gather(&context.host, &config_tree, spec)?;
        }
    }
    let zonepaths = specs.iter().filter(is_new).map(|spec| spec.zonepath.value.as_str());
    let places = data::Places::inspect(&context.host, zonepaths)?;
    let environment = boots_same_environment(&context.host);
    let mut sound = BTreeSet::new();
    for spec in &specs {
        let inventory = context.inventory(&snapshots);
        let checked = match attached.get(&spec.name) {
            _ if !is_new(&spec) => Ok(()),
            Some((recorded, attach)) => before_attach(inventory, spec, recorded, attach)
                .map(|parts| drop(kept.insert(spec.name.clone(), parts))),
            None => match &environment {
                Ok(()) => before_creation(inventory, spec, &places)
                    .and_then(|()| source_fits(&mut sound, context, &snapshots, spec)),
                Err(error) => Err(error.restated()),
            },
        };
        if let Err(error) = checked {
            if error.code() == Code::Cancelled {
                return Err(error);
            }
            refused.insert(spec.name.clone(), error);
        }
    }
    Ok(Prepared { config_tree, snapshots, unbuilt, sources, configs, host_assets, refused, kept, goldens, after })
}

/// Checks that the files of a new zone's source can be cloned; `sound`: the sources and directories that were checked. What zmgr
/// installs for cloning is in order.
fn source_fits(
    sound: &mut BTreeSet<(ZoneName, String)>,
    context: &Context,
    snapshots: &Snapshots,
    spec: &ZoneSpec,
) -> Result<()> {
    let Some(source) = spec.clone_from.as_ref().filter(|source| !is_golden_name(source.as_str())) else {
        return Ok(());
    };
    let known = (source.value.clone(), parent(&spec.zonepath.value).to_owned());
    // Another brand, and a zone that is not down, are reported as such.
    let found = snapshots.host.zone(source.as_str());
    let found = found.filter(|found| found.state == ZoneState::Installed && found.brand == spec.brand.value);
    if let Some(found) = found.filter(|_| !sound.contains(&known)) {
        check_clonable(&context.host, found, &spec.name, &spec.zonepath.value)?;
        sound.insert(known);
    }
    Ok(())
}

/// Reads and queries what is needed to install the golden zones of zones of these specs; `again`: even if one can be cloned.
pub(crate) fn prepare_goldens(
    context: &Context,
    config_tree: ConfigTree,
    specs: &[ZoneSpec],
    again: bool,
) -> Result<Prepared> {
    let (mut host_assets, mut parents, mut names) = (HostAssets::default(), BTreeSet::new(), Vec::new());
    for spec in specs {
        host_assets.gather(&context.host, &config_tree, spec)?;
        parents.insert(parent(&spec.zonepath.value).to_owned());
        names.push(spec.name.clone());
    }
    let snapshots = context.snapshot_at(&parents)?.for_zones(&names);
    let cloned: Vec<&ZoneSpec> = specs.iter().collect();
    let (goldens, mut refused) = golden::choose(context, &config_tree, (&host_assets, &snapshots), &cloned, again)?;
    let mut installed = Vec::new();
    for entry in goldens.entries() {
        let spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)?;
        host_assets.gather(&context.host, &config_tree, &spec)?;
        installed.push(spec);
    }
    let zonepaths = installed.iter().map(|spec| spec.zonepath.value.as_str());
    let places = data::Places::inspect(&context.host, zonepaths)?;
    let environment = boots_same_environment(&context.host);
    for spec in &installed {
        let checked = match &environment {
            Ok(()) => before_creation(context.inventory(&snapshots), spec, &places),
            Err(error) => Err(error.restated()),
        };
        match checked {
            Err(error) if error.code() == Code::Cancelled => return Err(error),
            Err(error) => drop(refused.insert(spec.name.clone(), error)),
            Ok(()) => {}
        }
    }
    let (unbuilt, sources, configs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (kept, after) = (BTreeMap::new(), BTreeMap::new());
    Ok(Prepared { config_tree, snapshots, unbuilt, sources, configs, host_assets, refused, kept, goldens, after })
}

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
    let locks = context.lock_with_source(name, prepared.sources.get(name), limit, events)?;
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
        match (entry(context, name), prepared.unbuilt.get(name)) {
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
    let desired = prepared.unbuilt.get(name);
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
