//! Inputs of creations: the files, the host's answers and the golden zones, collected before any lock.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::config_tree::ConfigTree;
use super::context::{Context, Snapshots};
use super::files::unknown_file;
use super::golden::{self, Goldens};
use super::host_assets::HostAssets;
use super::kept::check_clonable;
use super::lineage::Lineage;
use super::next_environment::boots_same_environment;
use super::plan_inputs::PlanInputs;
use super::preconditions::{before_attach, before_creation};
use super::zonepath::parent;
use super::{create_plan, data};
use crate::api::{AttachOptions, CreateOptions};
use crate::documents::document::Document;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::zone::{EntryState, MadeDataset, ZoneEntry, is_golden_name};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg::ZoneConfig;
use crate::registry::Directory;
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

    /// Returns the zone's own file, if it is created from it.
    pub(super) fn unbuilt(&self, name: &ZoneName) -> Option<&Document<ZoneEntry>> {
        self.unbuilt.get(name)
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
    check_templates(context, &config_tree, wanted, &unbuilt)?;
    let mut gathered = Gathered::of(context, &config_tree, wanted, &unbuilt)?;
    for spec in rebuilt {
        gathered.parents.insert(parent(&spec.zonepath.value).to_owned());
        gathered.host_assets.gather(&context.host, &config_tree, spec)?;
    }
    let Gathered { mut specs, mut sources, configs, mut host_assets, parents, after, attached } = gathered;
    let names: Vec<ZoneName> = specs.iter().chain(rebuilt).map(|spec| spec.name.clone()).collect();
    let snapshots = context.snapshot_at(&parents)?.for_zones(&names);
    let is_cloned =
        |spec: &&ZoneSpec| spec.install.is_golden() && spec.clone_from.is_none() && !attached.contains_key(&spec.name);
    let cloned: Vec<&ZoneSpec> = specs.iter().filter(is_cloned).chain(rebuilt).collect();
    let (goldens, without) = golden::choose(context, &config_tree, (&host_assets, &snapshots), &cloned, false)?;
    for spec in cloned {
        sources.extend(goldens.of(&spec.name).map(|golden| (spec.name.clone(), golden.clone())));
    }
    for entry in goldens.entries() {
        let spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)?;
        host_assets.gather(&context.host, &config_tree, &spec)?;
        specs.push(spec);
    }
    let HostChecks { mut refused, kept } = check_on_host(context, &snapshots, &specs, &attached)?;
    refused.extend(without);
    Ok(Prepared { config_tree, snapshots, unbuilt, sources, configs, host_assets, refused, kept, goldens, after })
}

/// Checks the template of each zone, once.
fn check_templates(
    context: &Context,
    config_tree: &ConfigTree,
    wanted: &[(ZoneName, &CreateOptions)],
    unbuilt: &BTreeMap<ZoneName, Document<ZoneEntry>>,
) -> Result<()> {
    let mut checked: BTreeSet<Option<TemplateName>> = BTreeSet::new();
    for (name, options) in wanted {
        let template: Option<TemplateName> = match (unbuilt.get(name), &options.template) {
            (Some(desired), _) => desired.value.template_name().cloned(),
            (None, Some(template)) => Some(template.parse()?),
            (None, None) => config_tree.config.default_template.as_ref().map(|template| template.value.clone()),
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
    Ok(())
}

/// Zones to attach, with the datasets that zmgr made for each.
type Attached<'a> = BTreeMap<ZoneName, (Vec<MadeDataset>, &'a AttachOptions)>;

/// The zones of an operation, as far as their files resolve, and what the host is asked for them.
#[derive(Default)]
struct Gathered<'a> {
    specs: Vec<ZoneSpec>,
    sources: BTreeMap<ZoneName, ZoneName>,
    configs: BTreeMap<ZoneName, Option<ZoneConfig>>,
    host_assets: HostAssets,
    /// The directories of the zonepaths.
    parents: BTreeSet<String>,
    after: BTreeMap<ZoneName, Vec<ZoneName>>,
    attached: Attached<'a>,
}

impl<'a> Gathered<'a> {
    fn of(
        context: &Context,
        config_tree: &ConfigTree,
        wanted: &[(ZoneName, &'a CreateOptions)],
        unbuilt: &BTreeMap<ZoneName, Document<ZoneEntry>>,
    ) -> Result<Self> {
        let mut gathered = Gathered::default();
        for (name, options) in wanted {
            // Errors of the desired state are reported by its plan.
            let desired = unbuilt.get(name).map(|document| Ok(document.value.clone()));
            let desired = desired.unwrap_or_else(|| create_plan::desired(config_tree, name, options));
            let Ok(entry) = desired else { continue };
            let spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, &entry);
            let Ok(mut spec) = spec else { continue };
            if let Some(attach) = &options.attach {
                // The files are there.
                spec.clone_from = None;
                gathered.attached.insert(name.clone(), (entry.datasets.clone(), attach));
            }
            gathered.parents.insert(parent(&spec.zonepath.value).to_owned());
            gathered.host_assets.gather(&context.host, config_tree, &spec)?;
            if let Some(source) = &spec.clone_from {
                if let Entry::Vacant(vacant) = gathered.configs.entry(source.value.clone()) {
                    vacant.insert(context.host.zone_config(source.value.as_str())?);
                }
                gathered.sources.insert(name.clone(), source.value.clone());
            }
            if options.boot.unwrap_or(spec.autoboot.value) {
                gathered.after.insert(name.clone(), spec.after.value.clone());
            }
            gathered.specs.push(spec);
        }
        Ok(gathered)
    }
}

/// Results of the checks on the host.
#[derive(Default)]
struct HostChecks {
    /// Zones that the host cannot have, each with the reason.
    refused: BTreeMap<ZoneName, Error>,
    /// Of each zone that is attached after a snapshot, the datasets of its files.
    kept: BTreeMap<ZoneName, Vec<String>>,
}

/// Checks what the host has of these zones.
fn check_on_host(
    context: &Context,
    snapshots: &Snapshots,
    specs: &[ZoneSpec],
    attached: &Attached<'_>,
) -> Result<HostChecks> {
    // A zone that the host already has is refused with a better reason.
    let is_new = |spec: &&ZoneSpec| snapshots.host.zone(spec.name.as_str()).is_none();
    let zonepaths = specs.iter().filter(is_new).map(|spec| spec.zonepath.value.as_str());
    let places = data::Places::inspect(&context.host, zonepaths)?;
    let environment = boots_same_environment(&context.host);
    let (mut checks, mut sound) = (HostChecks::default(), BTreeSet::new());
    for spec in specs {
        let inventory = context.inventory(snapshots);
        let checked = match attached.get(&spec.name) {
            _ if !is_new(&spec) => Ok(()),
            Some((recorded, attach)) => before_attach(inventory, spec, recorded, attach)
                .map(|parts| drop(checks.kept.insert(spec.name.clone(), parts))),
            None => match &environment {
                Ok(()) => before_creation(inventory, spec, &places)
                    .and_then(|()| source_fits(&mut sound, context, snapshots, spec)),
                Err(error) => Err(error.restated()),
            },
        };
        if let Err(error) = checked {
            if error.code() == Code::Cancelled {
                return Err(error);
            }
            checks.refused.insert(spec.name.clone(), error);
        }
    }
    Ok(checks)
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
