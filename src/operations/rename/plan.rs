//! Plans a rename: what gets the new name, and what refuses it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::steps::steps;
use crate::api::{Basis, Change, RenameOptions, Request};
use crate::documents::document::Document;
use crate::documents::renaming::Renaming;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::zone::{Before, EntryState, Intent, ZoneEntry};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::{self, Root};
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::{Context, Snapshots};
use crate::operations::create_plan::vnics;
use crate::operations::data::{self, Places};
use crate::operations::journal::RENAME;
use crate::operations::next_environment::OtherEnvironment;
use crate::operations::steps::Step;
use crate::operations::zonepath::parent;
use crate::operations::{basis, entries, evidence, golden, identity, kept, preconditions, references, renamed_entry};
use crate::registry::{Allocator, EntryKind, HostUsage};
use crate::value::EntryId;
use crate::value::link_name::Pattern;
use crate::value::name::{LinkName, ZoneName};

/// A planned rename.
pub(super) struct RenamePlan {
    pub(super) document: Document<ZoneEntry>,
    /// The entry that records the intent.
    pub(super) entry: ZoneEntry,
    pub(super) steps: Vec<Box<dyn Step>>,
    /// The zones whose locks are needed: both names, and the zones whose entries name the old one.
    pub(super) zones: BTreeSet<ZoneName>,
    pub(super) host_usage: Arc<HostUsage>,
    pub(super) change: Change,
}

/// Plans to rename a zone, as the registry and the host have it now.
pub(super) fn plan(
    context: &Context,
    config_tree: &ConfigTree,
    from: &ZoneName,
    to: &ZoneName,
    options: &RenameOptions,
) -> Result<RenamePlan> {
    let document = entries::document(context, from)?;
    let mut entry = document.value.clone();
    identity::settled(&entry)?;
    golden::refuse(&entry, "renamed")?;
    golden::check_name(to)?;
    if from == to {
        return Err(Error::new(Code::InvalidArgument, format!("the new name of {from} is its current name"))
            .with_help("name another one"));
    }
    let snapshots = context.snapshot()?;
    let mut allocator = context.registry.allocator(config_tree.pools.clone(), snapshots.host_usage.clone())?;
    free_in_registry(context, config_tree, &mut allocator, from, to)?;
    let zone = renamable(context, &entry, from)?;
    free_on_host(context, &entry, &zone, to)?;
    let mut notes = same_storage(config_tree, &entry, to)?;
    let mut renaming = Renaming::new(from.clone(), to.clone());
    if options.links {
        renaming.links = links(&snapshots, config_tree, &mut allocator, &entry, to)?;
    }
    let environment = OtherEnvironment::of(&context.host)?;
    if options.zonepath {
        // Both environments have the same dataset, and the other one would look for it at its old place.
        environment.as_ref().map_or(Ok(()), |environment| Err(environment.refusal()))?;
        renaming.zonepath = Some(zonepath(context, &mut entry, &zone, to)?);
    }
    notes.extend(kept(&entry, &zone, &renaming, options));
    notes.extend(environment.map(|environment| environment.note(from, &format!("called {from}"))));
    let Some(id) = entry.id.clone() else {
        return Err(Error::new(Code::RecoveryNeeded, format!("the entry of {from} has a state but no id")));
    };
    let steps = steps(context, config_tree, &entry, &renaming, &id)?;
    let mut zones = super::referring(&context.registry, &[from])?;
    zones.extend([from.clone(), to.clone()]);
    let first = steps.first().map(|step| step.id()).unwrap_or_default();
    entry.state = Some(EntryState::Creating { step: format!("{RENAME}{first}"), undo: false });
    entry.intent = Intent { before: Some(Before::Ready), ..Intent::default() };
    renamed_entry::begin(&renaming, &mut entry);
    entry.renaming = Some(renaming);
    let change = change(context, config_tree, &document.value, &zone, to, options, &id, &steps, notes)?;
    Ok(RenamePlan { document, entry, steps, zones, host_usage: snapshots.host_usage, change })
}

/// Checks that no file has or names the new name.
fn free_in_registry(
    context: &Context,
    config_tree: &ConfigTree,
    allocator: &mut Allocator,
    from: &ZoneName,
    to: &ZoneName,
) -> Result<()> {
    let unreadable: Vec<&str> = config_tree.unreadable().filter(|path| !path.starts_with("publishers/")).collect();
    if let Some(first) = unreadable.first() {
        return Err(Error::new(Code::Config, format!("{first} cannot be read, and may name zone {from}"))
            .with_help("run `zmgr check` to see the error, and fix the file"));
    }
    preconditions::unregistered(allocator, to)?;
    if allocator.find(EntryKind::Reservation, to.as_str()).is_some() {
        return Err(Error::new(Code::Exists, format!("a reservation has the name {to} (reservations/{to}.kdl)"))
            .with_help("use another name, or release its addresses with `zmgr pool release`"));
    }
    let naming = references::find(&context.registry, to, &[from])?;
    let Some(first) = naming.first() else { return Ok(()) };
    let details = naming.iter().map(|file| Diagnostic::new("names-zone", format!("it is named in {}", file.shown)));
    Err(Error::new(Code::Exists, format!("{} already names a zone {to}", first.shown))
        .with_details(details.collect())
        .with_help("use another name, or remove that one from the file"))
}

/// Returns the zone on the host, if it is in a state in which zonecfg renames it.
fn renamable(context: &Context, entry: &ZoneEntry, from: &ZoneName) -> Result<HostZone> {
    let Some(zone) = context.host.zone_state(from)? else {
        return Err(Error::new(Code::WrongState, format!("the host does not have zone {from}"))
            .with_help(format!("run `zmgr apply --recreate {from}` to create it again, or `zmgr destroy {from}`")));
    };
    identity::same_installation(entry, &zone)?;
    match zone.state {
        ZoneState::Configured | ZoneState::Installed => Ok(zone),
        ZoneState::Incomplete => {
            Err(Error::new(Code::WrongState, format!("{from} is incomplete; an installation of it was interrupted"))
                .with_help(format!("run `zmgr reinstall {from}` first")))
        }
        state => Err(Error::new(Code::WrongState, format!("{from} is {state}; a zone is renamed while it is down"))
            .with_help(kept::take_down(from.as_str(), state))),
    }
}

/// Checks that the host has nothing under the new name: no zone, no document of one, no data.
fn free_on_host(context: &Context, entry: &ZoneEntry, zone: &HostZone, to: &ZoneName) -> Result<()> {
    if let Some(other) = context.host.zone_state(to)? {
        return Err(Error::new(Code::Exists, format!("the host already has a zone {to}, {}", other.state)));
    }
    if context.host.zone_text(to.as_str())?.is_some() {
        let path = context.host.zone_document(to.as_str());
        return Err(Error::new(Code::Exists, format!("{} exists, but the host has no zone {to}", path.display()))
            .with_help(format!("run `zonecfg -z {to} delete -F` to remove what a killed zonecfg left")));
    }
    let place = format!("{}/{to}", parent(&zone.zonepath).trim_end_matches('/'));
    if place == zone.zonepath {
        return Ok(());
    }
    let vacant =
        Places::inspect(&context.host, std::iter::once(place.as_str()))?.check_vacant(&context.host, to, &place);
    let own = entry.datasets.iter().find(|made| made.zonepath).and_then(|made| made.guid.as_ref());
    match (vacant, own) {
        // A zone that was moved has a dataset of another name, which may be the one that it gets back.
        (Err(error), Some(guid)) => match data::dataset_of(&context.host, &place)? {
            Some(found) if found.guid == *guid => Ok(()),
            _ => Err(error),
        },
        (vacant, _) => vacant,
    }
}

/// Checks that the zone keeps its storage: templates may name file systems and datasets after the zone. Returns notes on what else
/// they name after it.
fn same_storage(config_tree: &ConfigTree, entry: &ZoneEntry, to: &ZoneName) -> Result<Vec<String>> {
    let spec = |entry: &ZoneEntry| -> Result<ZoneSpec> {
        effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)
    };
    let (now, then) = (spec(entry)?, spec(&ZoneEntry { name: to.clone(), ..entry.clone() })?);
    let (a, b) = (&now.resources, &then.resources);
    let lists = [
        a.fs.iter().map(|fs| (format!("file system {} from {}", fs.dir, fs.special), &fs.source)).collect::<Vec<_>>(),
        a.datasets.iter().map(|dataset| (format!("dataset {}", dataset.name), &dataset.source)).collect(),
        a.devices.iter().map(|device| (format!("device {}", device.pattern), &device.source)).collect(),
    ];
    let kept = [
        b.fs.iter().map(|fs| format!("file system {} from {}", fs.dir, fs.special)).collect::<Vec<_>>(),
        b.datasets.iter().map(|dataset| format!("dataset {}", dataset.name)).collect(),
        b.devices.iter().map(|device| format!("device {}", device.pattern)).collect(),
    ];
    for (list, kept) in lists.iter().zip(&kept) {
        if let Some((what, source)) = list.iter().find(|(what, _)| !kept.contains(what)) {
            let message = format!("{} would lose its {what}: {source} names it after the zone", now.name);
            return Err(Error::new(Code::Config, message).with_help(format!(
                "write it into zones/{}.kdl without a placeholder, then rename the zone",
                now.name
            )));
        }
    }
    let mut notes = Vec::new();
    if a.attrs != b.attrs
        || a.bootargs != b.bootargs
        || a.resource_pool != b.resource_pool
        || now.zonecfg != then.zonecfg
    {
        notes.push(format!("settings with the zone's name in them change: run `zmgr apply {to}` afterwards"));
    }
    Ok(notes)
}

/// Returns the VNICs to rename, each with its new name.
fn links(
    snapshots: &Snapshots,
    config_tree: &ConfigTree,
    allocator: &mut Allocator,
    entry: &ZoneEntry,
    to: &ZoneName,
) -> Result<Vec<(LinkName, LinkName)>> {
    let pattern = &config_tree.config.vnic_name;
    let named = Pattern::new(pattern).map_err(|message| Error::new(Code::Config, message))?;
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    let (mut renamed, mut taken) = (Vec::new(), Vec::new());
    for vnic in vnics(applied) {
        let index = (0..u32::try_from(applied.len()).unwrap_or(u32::MAX))
            .find(|index| named.plain(&entry.name, *index).as_ref() == Some(&vnic.name));
        let Some(index) = index else { continue };
        if snapshots.host.vnic(vnic.name.as_str()).is_none() {
            return Err(Error::new(Code::WrongState, format!("the host does not have the VNIC {}", vnic.name))
                .with_help(format!("run `zmgr apply {}` to create it, then rename the zone", entry.name)));
        }
        let new = allocator.choose_link(pattern, to, index as usize, &taken)?;
        taken.push(new.clone());
        renamed.push((vnic.name, new));
    }
    Ok(renamed)
}

/// Returns the zonepath now and afterwards.
fn zonepath(context: &Context, entry: &mut ZoneEntry, zone: &HostZone, to: &ZoneName) -> Result<(String, String)> {
    let name = &entry.name;
    let wrong = |message: String| Error::new(Code::WrongState, message).with_help("rename it without --zonepath");
    if zone.state == ZoneState::Configured {
        return Err(wrong(format!("{name} is configured; only an installed zone can be moved")));
    }
    let row = host::brand(&zone.brand, context.host.dialect());
    if row.is_none_or(|row| row.root.value == Root::Overlaid) {
        let message =
            format!("a zone of brand {} cannot be moved: halted, it has file systems mounted in its root", zone.brand);
        return Err(wrong(message));
    }
    let Some(dataset) = context.host.dataset_at(&zone.zonepath)? else {
        return Err(wrong(format!(
            "{} is not the mount point of a dataset, so moving {name} would copy it",
            zone.zonepath
        )));
    };
    let above = parent(&zone.zonepath);
    if context.host.dataset_at(above)?.is_none() {
        return Err(wrong(format!("{above} is not the mount point of a dataset, below which zones must be")));
    }
    if !entry.datasets.iter().any(|made| made.zonepath) {
        entry.datasets.push(data::recorded(&dataset));
    }
    data::check_ours(&entry.datasets, &entry.name, Some(&dataset))?;
    Ok((zone.zonepath.clone(), format!("{}/{to}", above.trim_end_matches('/'))))
}

/// Describes what keeps the old name.
fn kept(entry: &ZoneEntry, zone: &HostZone, renaming: &Renaming, options: &RenameOptions) -> Vec<String> {
    let (from, to) = (&renaming.from, &renaming.to);
    let mut notes = Vec::new();
    if renaming.zonepath.is_some() {
        notes.push("the dataset of its zonepath keeps its name".to_owned());
    } else if zone.zonepath.rsplit('/').next() == Some(from.as_str()) {
        notes.push(format!("it keeps its zonepath {}: a new zone {from} needs another one", zone.zonepath));
    }
    let links: Vec<String> = vnics(&entry.nets)
        .into_iter()
        .map(|vnic| vnic.name)
        .filter(|name| !renaming.links.iter().any(|(renamed, _)| renamed == name))
        .map(|name| name.to_string())
        .collect();
    if !links.is_empty() {
        let why = if options.links { "which are not named after it" } else { "" };
        notes.push(format!("it keeps its VNICs {} {why}", links.join(", ")).trim_end().to_owned());
    }
    if !renaming.links.is_empty() && zone.state == ZoneState::Installed {
        notes.push(format!("its interfaces are made on the renamed links when you boot it with `zmgr boot {to}`"));
    }
    if zone.state == ZoneState::Installed {
        notes.push("the host name inside the zone does not change".to_owned());
    }
    notes
}

#[expect(clippy::too_many_arguments, reason = "each is another thing that the plan shows")]
fn change(
    context: &Context,
    config_tree: &ConfigTree,
    entry: &ZoneEntry,
    zone: &HostZone,
    to: &ZoneName,
    options: &RenameOptions,
    id: &EntryId,
    steps: &[Box<dyn Step>],
    notes: Vec<String>,
) -> Result<Change> {
    let spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)?;
    let host = BTreeMap::from([(format!("zone {}", entry.name), zone.state.as_str().to_owned())]);
    let mut change = Change {
        zone: entry.name.to_string(),
        entry_id: id.to_string(),
        request: Request::Rename { to: to.to_string(), options: options.clone() },
        spec: Value::Null,
        steps: steps.iter().map(|step| step.planned()).collect(),
        notes,
        basis: Basis { documents: basis::documents(config_tree, &spec), entry: id.to_string(), host },
    };
    evidence::annotate(&mut change, &context.host, Some(&zone.brand), false)?;
    Ok(change)
}
