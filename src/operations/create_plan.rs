//! Plans a creation: from the desired state, the allocator and a snapshot of the host to an entry and steps.
//!
//! Invariant: pure except for the choice of random ids and MAC addresses; with the same choices, it returns the same steps.

use std::collections::BTreeMap;

use serde_json::Value;

use super::allocate::{AddressRequests, allocate, pinned_nets};
use super::boot_order::host_note;
use super::claims::Claims;
use super::config_tree::ConfigTree;
use super::evidence;
use super::host_assets::HostAssets;
use super::journal::Journal;
use super::plan_inputs::PlanInputs;
use super::plumb_links::{self, link_of};
use super::preconditions;
use super::steps::{
    AddPackages, Attach, Autoboot, Boot, Configure, FirstBoot, Image, Install, LinkProperty, MakeDataset,
    Origin as Files, Publishers, SetPublisher, Step, TakeSnapshot, Vnic,
};
use super::used_datasets::{UsedDataset, used_by};
use super::wanted::{check_whole, wanted, without_nets};
use super::{basis, brand, golden, setup};
use crate::api::{Basis, Change, CreateOptions, Pinned, PlannedStep, Request, StepKind};
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::resources::{Attr, Dataset};
use crate::documents::settings::{EntryNet, IpType, Settings};
use crate::documents::snapshot::TakenSnapshot;
use crate::documents::zone::{Applied, Before, EntryState, Intent, Origin, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::dladm;
use crate::exec::zonecfg::ZoneConfig;
use crate::host::{self, Distribution, is_pkg_image};
use crate::registry::{Allocator, now};
use crate::value::EntryId;
use crate::value::name::{LinkName, SnapshotLabel, TemplateName, ZoneName};
use crate::value::source::Sourced;

/// A planned creation.
pub(crate) struct Creation {
    /// The entry that reserves everything.
    pub(crate) entry: ZoneEntry,
    pub(crate) spec: ZoneSpec,
    /// The steps up to `ready`, in order.
    pub(crate) steps: Vec<Box<dyn Step>>,
    /// The boot after `ready`.
    pub(crate) boot: Option<Boot>,
    /// The datasets that are delegated to the zone or mounted in it.
    pub(crate) used_datasets: Vec<UsedDataset>,
    pub(crate) change: Change,
}

/// Source of a zone's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// They are installed, or cloned; `again` for a zone that was installed before.
    Installed { again: bool },
    /// They are there and are attached; `update` brings their packages to those of the host.
    Attached { update: bool },
}

impl Arrival {
    /// Returns what an unfinished creation does.
    pub(crate) fn of(intent: &Intent) -> Arrival {
        match intent.attach {
            true => Arrival::Attached { update: intent.update },
            false => Arrival::Installed { again: false },
        }
    }
}

/// Returns the entry to begin with: the zone's own file, that of a golden zone, or a new one.
fn initial_entry(
    inputs: &PlanInputs<'_>,
    allocator: &mut Allocator,
    name: &ZoneName,
    options: &CreateOptions,
) -> Result<ZoneEntry> {
    let entry = match (inputs.unbuilt.get(name), inputs.goldens.entry(name)) {
        (Some(document), _) => document.value.clone(),
        (None, golden) => {
            preconditions::unregistered(allocator, name)?;
            match golden {
                Some(golden) => golden.clone(),
                None => desired(inputs.config_tree, name, options)?,
            }
        }
    };
    if !entry.is_golden() {
        golden::check_name(name)?;
    }
    Ok(entry)
}

/// Returns the spec of the zone, with the zone that it is cloned from.
fn resolved(inputs: &PlanInputs<'_>, entry: &ZoneEntry, options: &CreateOptions) -> Result<ZoneSpec> {
    let config_tree = inputs.config_tree;
    let mut spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)?;
    match (&options.attach, inputs.goldens.of(&entry.name), &spec.clone_from) {
        // The files are there.
        (Some(_), ..) => spec.clone_from = None,
        (None, Some(golden), _) => spec.clone_from = Some(golden.clone().into()),
        (None, None, Some(source)) => golden::check_source(source)?,
        (None, None, None) => {}
    }
    Ok(spec)
}

/// Checks what must hold before anything is allocated. Returns the datasets that the zone uses.
fn check(
    inputs: &PlanInputs<'_>,
    allocator: &mut Allocator,
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    options: &CreateOptions,
) -> Result<Vec<UsedDataset>> {
    if entry.state == Some(EntryState::Detached) {
        same_place(entry, spec)?;
    }
    preconditions::creatable(inputs, spec, options)?;
    preconditions::check_own_place(allocator, spec)?;
    // Errors of the configuration itself are reported by the plan's steps.
    let used_datasets = without_nets(spec, inputs.dialect).map(|config| used_by(&config)).unwrap_or_default();
    if !used_datasets.is_empty() {
        // Read under the registry lock, so that no other creation can interfere.
        let claims = Claims::read(inputs.tree, inputs.config_tree, inputs.dialect, inputs.host)?;
        used_datasets.iter().try_for_each(|dataset| claims.check(&entry.name, dataset))?;
    }
    if let Some(source) = &spec.clone_from
        && inputs.clones.brand_of(&source.value).is_none()
    {
        preconditions::undisturbed(allocator, &source.value)?;
    }
    Ok(used_datasets)
}

/// Gives the entry its id and its time, as they are pinned or new.
fn identify(entry: &mut ZoneEntry, pinned: Option<&Pinned>) -> Result<()> {
    entry.id = Some(match pinned {
        Some(pinned) => pinned.id.parse()?,
        None => EntryId::random()?,
    });
    entry.datasets.clear();
    let created = pinned.map_or_else(now, |pinned| pinned.created.clone());
    if entry.is_golden() {
        entry.snapshots.iter_mut().for_each(|record| record.created.clone_from(&created));
    } else {
        entry.snapshots.clear();
        entry.origin = Some(Origin::Create);
    }
    entry.created = Some(created);
    Ok(())
}

/// Plans the creation of one zone. With `pinned`, requests exactly what was chosen before.
pub(crate) fn plan(
    inputs: &PlanInputs<'_>,
    allocator: &mut Allocator,
    name: &ZoneName,
    options: &CreateOptions,
    pinned: Option<&Pinned>,
) -> Result<Creation> {
    let config_tree = inputs.config_tree;
    let mut entry = initial_entry(inputs, allocator, name, options)?;
    let mut spec = resolved(inputs, &entry, options)?;
    let used_datasets = check(inputs, allocator, &entry, &spec, options)?;
    let attach = options.attach.as_ref();
    let was_detached = entry.state == Some(EntryState::Detached);
    if !was_detached {
        identify(&mut entry, pinned)?;
    }
    entry.zonepath = Some(spec.zonepath.value.clone().into());
    entry.settings.brand = Some(spec.brand.value.clone().into());
    let asked = AddressRequests { addresses: &options.addresses, pinned: pinned.map(|pinned| &pinned.nets) };
    let nets = allocate(config_tree, allocator, inputs.host, &entry, &spec, &asked)?;
    entry.nets = own_nets(&nets);

    // From here on the spec has everything that was chosen.
    spec.nets = nets;
    let plumb_links = match (&entry.applied, was_detached) {
        (Some(applied), true) => applied.plumb_links.clone(),
        _ => unknown_links(&spec, attach.is_some()),
    };
    entry.applied = Some(Box::new(Applied { plumb_links, ..applied(&spec) }));
    for vnic in vnics(&entry.nets) {
        preconditions::link_fits(inputs.host, &vnic)?;
    }
    entry.intent.attach = attach.is_some();
    entry.intent.update = attach.is_some_and(|attach| attach.update);
    if let Some(at) = attach.and_then(|attach| attach.snapshot_at.as_deref()) {
        claim_snapshot(inputs, &mut entry, at)?;
    }
    let steps = steps(&spec, config_tree, inputs.dialect, inputs.host_assets, Arrival::of(&entry.intent))?;
    let mut steps = after_snapshot(&entry, steps);
    steps.extend(golden::seal(&entry));
    let limit = config_tree.config.timeouts.boot;
    let boots = options.boot.unwrap_or(spec.autoboot.value);
    let boot = boots.then(|| Boot { zone: name.clone(), limit });
    entry.intent.before = match (was_detached, inputs.unbuilt.contains_key(name)) {
        (true, _) => Some(Before::Detached),
        (false, true) => Some(Before::Desired),
        (false, false) => None,
    };
    entry.intent.boot = (boots != spec.host_autoboot()).then_some(boots);
    entry.state = Some(EntryState::Creating { step: steps[0].id(), undo: false });

    let mut change = change(inputs, name, options, &entry, &spec, &steps, boot.as_ref())?;
    change.notes.extend(boot.iter().flat_map(|_| inputs.clones.notes(name)));
    if entry.intent.update {
        let how = match claimed(&entry) {
            Some(record) => format!("the snapshot {}", record.label),
            None => "only a snapshot of its dataset".to_owned(),
        };
        change.notes.push(format!("the packages of {name} are updated in place: {how} brings the old ones back"));
    }
    Ok(Creation { entry, spec, steps, boot, used_datasets, change })
}

/// Returns the links that the new zone does not plumb by itself, or may not: those of nets whose addresses it gets by itself, and on some
/// hosts all links of a clone, or of an image of a used zone, which takes its first boot for a later one.
pub(crate) fn unknown_links(spec: &ZoneSpec, attached: bool) -> Vec<LinkName> {
    if spec.ip_type.value == IpType::Shared {
        return Vec::new();
    }
    let used =
        (attached || spec.clone_from.is_some() || spec.install.image.is_some()) && is_pkg_image(&spec.brand.value);
    let unknown = spec.nets.iter().filter_map(|net| match net.inside.is_empty() {
        true => net.vnic.clone().filter(|_| used),
        false => link_of(net),
    });
    unknown.collect()
}

/// Returns the steps from nothing to a `ready` zone, for a spec with everything chosen.
pub(crate) fn steps(
    spec: &ZoneSpec,
    config_tree: &ConfigTree,
    dialect: Distribution,
    host_assets: &HostAssets,
    files: Arrival,
) -> Result<Vec<Box<dyn Step>>> {
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    for dataset in host_assets.missing_datasets(spec)? {
        steps.push(Box::new(MakeDataset(dataset)));
    }
    steps.extend(steps_to_configured(spec, dialect)?);
    steps.extend(installation(spec, config_tree, dialect, host_assets, files)?);
    Ok(steps)
}

/// Returns the steps of a creation that have something to undo. They need only the spec, so that a missing key or publisher does
/// not prevent a rollback.
pub(crate) fn steps_to_undo(
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    config_tree: &ConfigTree,
    dialect: Distribution,
) -> Result<Vec<Box<dyn Step>>> {
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    // A zone that the host has lost, or that was detached, keeps what was allocated to it.
    if !matches!(entry.intent.before, Some(Before::Ready | Before::Detached)) {
        let made = entry.datasets.iter().filter(|made| made.is_delegated());
        steps.extend(made.map(|made| Box::new(MakeDataset(Dataset::new(&made.name))) as Box<dyn Step>));
    }
    steps.extend(steps_to_configured(spec, dialect)?);
    steps.push(match Arrival::of(&entry.intent) {
        Arrival::Attached { update } => Box::new(attach(spec, config_tree, update)),
        Arrival::Installed { again } => {
            let from = spec.clone_from.as_ref().map(|source| Files::Clone(source.value.clone()));
            Box::new(install(spec, config_tree, from.unwrap_or_else(|| Files::Hook(Vec::new())), again))
        }
    });
    Ok(after_snapshot(entry, steps))
}

/// Label of the snapshot that comes before an attach.
const BEFORE_ATTACH: &str = "before-attach";

/// Records the snapshot that is about to be taken of files that are attached.
fn claim_snapshot(inputs: &PlanInputs<'_>, entry: &mut ZoneEntry, at: &str) -> Result<()> {
    let (Some(id), Some(parts)) = (&entry.id, inputs.kept.get(&entry.name)) else { return Ok(()) };
    let is_free = |label: &String| !entry.snapshots.iter().any(|record| record.label.as_str() == label);
    let labels = std::iter::once(BEFORE_ATTACH.to_owned()).chain((2..).map(|n| format!("{BEFORE_ATTACH}-{n}")));
    let label = SnapshotLabel::new(labels.into_iter().find(is_free).unwrap_or_default())?;
    let record = TakenSnapshot::claim(id, label, at, parts);
    entry.snapshots.push(record);
    Ok(())
}

/// Returns the record of the snapshot that an attach takes first, until it is taken.
fn claimed(entry: &ZoneEntry) -> Option<&TakenSnapshot> {
    entry.snapshots.iter().find(|record| entry.intent.attach && !record.is_taken())
}

/// Puts the snapshot that an attach takes first before the step that attaches.
pub(crate) fn after_snapshot(entry: &ZoneEntry, mut steps: Vec<Box<dyn Step>>) -> Vec<Box<dyn Step>> {
    let attach = steps.iter().position(|step| step.id() == "attach");
    if let (Some(at), Some(record)) = (attach, claimed(entry))
        && let Some(base) = record.parts.first().map(|part| part.dataset.clone())
    {
        // Delegated datasets may lie below the dataset of a zone without ROOT.
        let recursive = base.contains("/ROOT/");
        steps.insert(at, Box::new(TakeSnapshot { record: record.clone(), base, recursive }));
    }
    steps
}

fn steps_to_configured(spec: &ZoneSpec, dialect: Distribution) -> Result<Vec<Box<dyn Step>>> {
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    for vnic in vnics(&spec.nets) {
        steps.extend(vnic_steps(vnic, &spec.nets));
    }
    steps.push(Box::new(configuration(spec, dialect)?));
    Ok(steps)
}

fn install(spec: &ZoneSpec, config_tree: &ConfigTree, from: Files, again: bool) -> Install {
    let (zone, zonepath) = (spec.name.clone(), spec.zonepath.value.clone());
    let environment = config_tree.config.environment.clone();
    Install { zone, zonepath, from, again, limit: config_tree.config.timeouts.install, environment }
}

fn attach(spec: &ZoneSpec, config_tree: &ConfigTree, update: bool) -> Attach {
    Attach {
        zone: spec.name.clone(),
        zonepath: spec.zonepath.value.clone(),
        brand: spec.brand.value.clone(),
        update,
        limit: config_tree.config.timeouts.install,
        environment: config_tree.config.environment.clone(),
    }
}

/// Refuses to attach files that are recorded as those of another brand or zonepath.
fn same_place(entry: &ZoneEntry, spec: &ZoneSpec) -> Result<()> {
    let Some(applied) = &entry.applied else { return Ok(()) };
    let pairs = [
        ("brand", applied.settings.brand.as_ref(), &spec.brand),
        ("zonepath", applied.zonepath.as_ref(), &spec.zonepath),
    ];
    for (what, was, now) in pairs {
        if let Some(was) = was.filter(|was| was.value != now.value) {
            let message =
                format!("{} was detached with {what} {:?}, not {:?} ({})", spec.name, was.value, now.value, now.source);
            return Err(Error::new(Code::WrongState, message).with_help(format!("set {what} back to {:?}", was.value)));
        }
    }
    Ok(())
}

/// Returns the steps from a configured zone to a `ready` one.
pub(crate) fn installation(
    spec: &ZoneSpec,
    config_tree: &ConfigTree,
    dialect: Distribution,
    host_assets: &HostAssets,
    arrival: Arrival,
) -> Result<Vec<Box<dyn Step>>> {
    let mut steps: Vec<Box<dyn Step>> = vec![match arrival {
        Arrival::Attached { update } => Box::new(attach(spec, config_tree, update)),
        Arrival::Installed { again } => {
            let from = match (&spec.clone_from, golden::seed(spec, dialect, host_assets)) {
                (_, Some(snapshot)) => Files::Hook(vec!["-s".to_owned(), snapshot]),
                (Some(source), None) => Files::Clone(source.value.clone()),
                (None, None) => {
                    Files::Hook(brand::install_arguments(spec, config_tree, dialect, host_assets.image(spec))?)
                }
            };
            Box::new(install(spec, config_tree, from, again))
        }
    }];
    let installed = matches!(arrival, Arrival::Installed { .. });
    steps.extend(publishers(spec, config_tree, dialect, host_assets, installed)?);
    // Files that are attached have had their first boot.
    let files = match installed {
        true => setup::first_boot(spec, dialect, host_assets.keys(spec)?, host_assets.password(spec)?)?,
        false => Vec::new(),
    };
    if !files.is_empty() {
        let (zone, zonepath) = (spec.name.clone(), spec.zonepath.value.clone());
        let mounts_by_ready =
            host::brand(&spec.brand.value, dialect).is_some_and(|row| row.root.value == host::Root::WhileActive);
        let limit = config_tree.config.timeouts.boot;
        steps.push(Box::new(FirstBoot { zone, zonepath, files, mounts_by_ready, limit }));
    }
    if spec.host_autoboot() {
        steps.push(Box::new(Autoboot { zone: spec.name.clone(), on: true }));
    }
    Ok(steps)
}

/// The steps that give the image its publishers: those that install could not give, then the check of all; then the packages that
/// install could not find. An attach gives the host's publishers instead, and no packages.
fn publishers(
    spec: &ZoneSpec,
    config_tree: &ConfigTree,
    dialect: Distribution,
    host_assets: &HostAssets,
    installed: bool,
) -> Result<Vec<Box<dyn Step>>> {
    let desired = host_assets.publishers(spec, config_tree, brand::is_linked(&spec.brand.value, dialect))?;
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    if desired.is_empty() {
        return Ok(steps);
    }
    let image = Image { zone: spec.name.clone(), zonepath: spec.zonepath.value.clone() };
    let mut after: Option<String> = None;
    for publisher in &desired {
        let is_first = after.is_none() && (publisher.entire || desired.len() == 1);
        let is_set = installed && is_first && brand::is_set_by_install(publisher);
        let name = publisher.name.to_string();
        if !is_set {
            steps.push(Box::new(SetPublisher {
                image: image.clone(),
                publisher: publisher.clone(),
                after,
                found: None,
            }));
        }
        after = Some(name);
    }
    let finds_packages = brand::hook_finds_packages(&desired);
    steps.push(Box::new(Publishers { image: image.clone(), desired, gone: None }));
    if installed && !finds_packages && !spec.install.packages.is_empty() && spec.clone_from.is_none() {
        steps.push(Box::new(AddPackages {
            image,
            packages: spec.install.packages.clone(),
            limit: config_tree.config.timeouts.install,
            environment: config_tree.config.environment.clone(),
        }));
    }
    Ok(steps)
}

/// Returns the step that configures a zone as desired, except that the host does not boot it yet.
pub(crate) fn configuration(spec: &ZoneSpec, dialect: Distribution) -> Result<Configure> {
    let config = ZoneConfig { autoboot: false, ..wanted(spec, dialect)? };
    check_whole(spec, &config, dialect)?;
    Ok(Configure { zone: spec.name.clone(), config, more: spec.zonecfg.value.clone() })
}

/// Returns the caller's request as an entry without anything chosen.
pub(crate) fn desired(config_tree: &ConfigTree, name: &ZoneName, options: &CreateOptions) -> Result<ZoneEntry> {
    let mut entry = ZoneEntry::new(name.clone());
    let template: TemplateName = match (&options.template, &config_tree.config.default_template) {
        (Some(template), _) => template.parse()?,
        (None, Some(template)) => template.value.clone(),
        (None, None) => {
            return Err(Error::new(Code::Config, "no template given, and config.kdl has no `default-template`")
                .with_help("use --template, or set `default-template` in config.kdl"));
        }
    };
    entry.template = Some(template.into());
    if let Some(source) = &options.clone_from {
        entry.settings.clone_from = Some(source.parse::<ZoneName>()?.into());
    }
    for (key, value) in &options.attrs {
        entry.settings.resources.attrs.push(Sourced::from(Attr::text(key, value)));
    }
    Ok(entry)
}

/// Returns the nets as the entry contains them: `override` is only for `applied`.
pub(crate) fn own_nets(nets: &[EntryNet]) -> Vec<EntryNet> {
    nets.iter().map(|net| EntryNet { overrides: Vec::new(), ..net.clone() }).collect()
}

/// Returns the VNICs that zmgr makes for these nets.
pub(crate) fn vnics(nets: &[EntryNet]) -> Vec<Vnic> {
    nets.iter()
        .filter(|net| net.managed)
        .filter_map(|net| {
            Some(Vnic {
                net: net.name.clone(),
                name: net.vnic.clone()?,
                over: net.stub.clone()?,
                mac: net.mac?.bytes(),
                vlan: net.vlan,
                properties: at_once(properties(net)).0,
            })
        })
        .collect()
}

/// Splits the properties of a VNIC into those set when it is created and those set afterwards.
fn at_once(properties: BTreeMap<String, String>) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    properties.into_iter().partition(|(name, _)| dladm::is_set_by_creation(name))
}

/// Returns the steps that create a VNIC of one of these nets with all its properties.
pub(crate) fn vnic_steps(vnic: Vnic, nets: &[EntryNet]) -> Vec<Box<dyn Step>> {
    let net = nets.iter().find(|net| net.name == vnic.net);
    let later = net.map(|net| at_once(properties(net)).1).unwrap_or_default();
    let mut steps: Vec<Box<dyn Step>> = vec![Box::new(vnic.clone())];
    for (name, value) in later {
        steps.push(Box::new(LinkProperty { vnic: vnic.clone(), name, value: Some(value) }));
    }
    steps
}

/// Returns the desired properties of a net's VNIC, by dladm's names.
pub(crate) fn properties(net: &EntryNet) -> BTreeMap<String, String> {
    let mut properties = net.link_properties.clone();
    properties.extend(net.mtu.map(|mtu| ("mtu".to_owned(), mtu.to_string())));
    properties
}

/// Returns the `applied` block for this spec, which recovery compares with the host.
pub(crate) fn applied(spec: &ZoneSpec) -> Applied {
    let settings = Settings {
        brand: Some(spec.brand.clone()),
        autoboot: Some(Sourced::new(spec.host_autoboot(), spec.autoboot.source.clone())),
        ip_type: Some(spec.ip_type.clone()),
        zonecfg: (!spec.zonecfg.value.is_empty()).then(|| spec.zonecfg.clone()),
        resolvers: (!spec.resolvers.value.is_empty()).then(|| spec.resolvers.clone()),
        dns_domain: spec.dns_domain.clone(),
        install: (spec.clone_from.is_none() || spec.install.is_golden()).then(|| spec.install.clone().into()),
        clone_from: spec.clone_from.clone(),
        setup: spec.setup.clone(),
        resources: spec.resources.clone(),
        ..Settings::default()
    };
    Applied { zonepath: Some(spec.zonepath.clone()), nets: spec.nets.clone(), plumb_links: Vec::new(), settings }
}

/// Records in the entry the settings that its zone was installed with.
pub(crate) fn note_installed(journal: &Journal<'_>, spec: &ZoneSpec) -> Result<()> {
    let now = applied(spec).settings;
    let links = unknown_links(spec, false);
    journal.edit(|entry| {
        if let Some(applied) = &mut entry.applied {
            applied.plumb_links.clone_from(&links);
            let settings = &mut applied.settings;
            settings.setup = now.setup.clone();
            settings.clone_from = now.clone_from.clone();
            settings.resolvers = now.resolvers.clone();
            settings.dns_domain = now.dns_domain.clone();
            settings.install = now.install.clone();
        }
    })
}

/// Returns the spec as it was applied: the reverse of [`applied`].
pub(crate) fn take_applied(spec: &mut ZoneSpec, applied: &Applied) {
    if let Some(zonepath) = &applied.zonepath {
        spec.zonepath = zonepath.clone();
    }
    spec.nets.clone_from(&applied.nets);
    let settings = &applied.settings;
    if let Some(brand) = &settings.brand {
        spec.brand = brand.clone();
    }
    if let Some(autoboot) = &settings.autoboot {
        spec.autoboot = autoboot.clone();
        // It is the host's own, which takes the order into account.
        spec.after = Default::default();
    }
    if let Some(ip_type) = &settings.ip_type {
        spec.ip_type = ip_type.clone();
    }
    spec.zonecfg = settings.zonecfg.clone().unwrap_or_default();
    spec.resolvers = settings.resolvers.clone().unwrap_or_default();
    spec.dns_domain.clone_from(&settings.dns_domain);
    spec.resources = settings.resources.clone();
}

fn change(
    inputs: &PlanInputs<'_>,
    name: &ZoneName,
    options: &CreateOptions,
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    steps: &[Box<dyn Step>],
    boot: Option<&Boot>,
) -> Result<Change> {
    let nets = pinned_nets(entry.nets.iter());
    let id = entry.id.as_ref().map(EntryId::to_string).unwrap_or_default();
    let pinned = Pinned { id: id.clone(), created: entry.created.clone().unwrap_or_default(), nets };
    let ready = PlannedStep::of_entry(StepKind::Ready, name.as_str());
    let steps = steps.iter().map(|step| step.planned()).chain([ready]).chain(boot.map(|boot| boot.planned()));
    let mut steps: Vec<PlannedStep> = steps.collect();
    if boot.is_some() {
        let asking = spec.nets.iter().filter(|net| !net.inside.is_empty()).filter_map(link_of);
        steps.extend(asking.flat_map(|link| plumb_links::planned(name, &link, &spec.nets, &[])));
    }
    evidence::set_evidence(&mut steps, host::brand(&spec.brand.value, inputs.dialect));
    Ok(Change {
        zone: name.to_string(),
        entry_id: id,
        request: Request::Create { options: options.clone(), pinned },
        spec: serde_json::to_value(spec).unwrap_or(Value::Null),
        steps,
        notes: brand::notes(spec).into_iter().chain(host_note(spec)).collect(),
        basis: Basis {
            documents: basis::documents(inputs.config_tree, spec),
            entry: basis::ABSENT.to_owned(),
            host: basis::host(inputs.host, spec),
        },
    })
}
