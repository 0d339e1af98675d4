//! Golden zones: each is installed once for one set of install settings, never boots, and is cloned by every zone of these settings.
//!
//! Invariant: the name says what was installed: a digest of the settings, and a number if there was one before. A golden zone is a
//! registered zone like others; it has no nets, no template, and no settings but its own.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::config_tree::ConfigTree;
use super::confirm::AGAIN;
use super::context::{Context, Snapshots};
use super::host_assets::HostAssets;
use super::lineage::{self, Lineage, Member};
use super::steps::{Step, TakeSnapshot};
use super::zonepath::parent;
use super::{brand, entries};
use crate::api::hex;
use crate::documents::resolve::ZoneSpec;
use crate::documents::settings::Install;
use crate::documents::snapshot::{SnapshotPart, TakenSnapshot};
use crate::documents::zone::{GOLDEN_PREFIX, Origin, ZoneEntry, is_golden_name};
use crate::error::{Code, Error, Result};
use crate::exec::pkg;
use crate::exec::zoneadm::ZoneState;
use crate::host::{self, Brand, Cloning, Distribution, Host, HostSnapshot, Root};
use crate::registry::{EntryKind, Snapshot};
use crate::value::name::{SnapshotLabel, ZoneName};

/// Number of hexadecimal digits of the digest in a name.
const DIGITS: usize = 12;

/// Label of the snapshot that zones are cloned from if their brand's own clone does not work.
const LABEL: &str = "golden";

/// The golden zones of zones that are to be built.
#[derive(Debug, Default)]
pub(crate) struct Goldens {
    of: BTreeMap<ZoneName, ZoneName>,
    /// Those that are to be installed first, each with its entry before anything is chosen.
    missing: BTreeMap<ZoneName, ZoneEntry>,
}

impl Goldens {
    /// Returns the golden zone that this zone is cloned from.
    pub(crate) fn of(&self, zone: &ZoneName) -> Option<&ZoneName> {
        self.of.get(zone)
    }

    /// Returns the entry to begin with of a golden zone that is to be installed.
    pub(crate) fn entry(&self, golden: &ZoneName) -> Option<&ZoneEntry> {
        self.missing.get(golden)
    }

    /// Returns the golden zones that are to be installed.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &ZoneName> {
        self.missing.keys()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &ZoneEntry> {
        self.missing.values()
    }

    /// Finds the golden zone of a zone with this spec.
    fn choose(&mut self, inputs: &Inputs<'_>, spec: &ZoneSpec, base: &str) -> Result<ZoneName> {
        let known = Generations::of(base, &inputs.snapshots.host, inputs.registered);
        let generation = match known.usable.filter(|_| !inputs.again) {
            Some(usable) => return name_of(base, usable),
            // Another process is installing it, or has died.
            None => known.unfinished.unwrap_or_else(|| known.last.map_or(1, |last| last + 1)),
        };
        let name = name_of(base, generation)?;
        if !self.missing.contains_key(&name) {
            let entry = new_entry(inputs, spec, &name)?;
            self.missing.insert(name.clone(), entry);
        }
        Ok(name)
    }

    /// Adds the golden zones to the zones of an operation: those that are installed come first, and their clones after them.
    pub(crate) fn relate(&self, lineage: &mut Lineage) {
        for member in &mut lineage.0 {
            if let Some(entry) = self.missing.get(&member.name) {
                (member.is_built, member.brand) = (true, entry.brand().unwrap_or_default().to_owned());
            } else if let Some(golden) = self.of.get(&member.name) {
                (member.is_built, member.source) = (true, Some(golden.clone().into()));
            }
        }
        let is_known = |name: &ZoneName| lineage.0.iter().any(|member| member.name == *name);
        let added: Vec<Member> = self
            .missing
            .iter()
            .filter(|(name, _)| !is_known(name))
            .map(|(name, entry)| Member {
                name: name.clone(),
                brand: entry.brand().unwrap_or_default().to_owned(),
                source: None,
                is_built: true,
                after: None,
            })
            .collect();
        lineage.0.splice(0..0, added);
    }
}

/// Input of the choice of golden zones.
struct Inputs<'a> {
    host_assets: &'a HostAssets,
    snapshots: &'a Snapshots,
    registered: &'a Snapshot,
    dialect: Distribution,
    /// A new one is installed, even if one can be cloned.
    again: bool,
}

/// The golden zones of the same settings, by number.
#[derive(Debug, Default, PartialEq, Eq)]
struct Generations {
    /// The last that can be cloned.
    usable: Option<u32>,
    /// The last whose creation is unfinished, if it comes after the usable one.
    unfinished: Option<u32>,
    /// The last of all.
    last: Option<u32>,
}

/// Returns the finished golden zones that no template needs: their settings have changed, or a later one of the same settings can be
/// cloned. `bases`: start of the name of each template's golden zones, or `None` if it is unknown; `renewed`: those of which another
/// one is installed.
pub(crate) fn outdated(
    host: &HostSnapshot,
    registered: &Snapshot,
    bases: &[Option<String>],
    renewed: &BTreeSet<String>,
) -> Vec<ZoneName> {
    let all_known = bases.iter().all(Option::is_some);
    let last: BTreeMap<&str, Option<u32>> =
        bases.iter().flatten().map(|base| (base.as_str(), Generations::of(base, host, registered).usable)).collect();
    let is_outdated = |name: &str| match last.iter().find_map(|(base, last)| Some((base, last, number_of(base, name)?)))
    {
        Some((base, last, number)) => renewed.contains(*base) || *last > Some(number),
        // It may be that of a template whose files have an error.
        None => all_known,
    };
    let entries = registered.entries().filter(|entry| entry.summary.kind == EntryKind::Zone);
    entries
        .filter(|entry| is_golden_name(entry.summary.name) && entry.summary.state() == Some("ready"))
        .filter(|entry| is_outdated(entry.summary.name))
        .filter_map(|entry| ZoneName::new(entry.summary.name).ok())
        .collect()
}

impl Generations {
    fn of(base: &str, host: &HostSnapshot, registered: &Snapshot) -> Generations {
        let mut known = Generations::default();
        let entries = registered.entries().filter(|entry| entry.summary.kind == EntryKind::Zone);
        for entry in entries {
            let Some(number) = number_of(base, entry.summary.name) else { continue };
            known.last = known.last.max(Some(number));
            let state = host.zone(entry.summary.name).map(|zone| zone.state);
            match entry.summary.state() {
                Some("ready") if state == Some(ZoneState::Installed) => known.usable = known.usable.max(Some(number)),
                Some("creating" | "failed") => known.unfinished = known.unfinished.max(Some(number)),
                _ => {}
            }
        }
        let unreadable = registered.unreadable().iter().map(|unreadable| unreadable.file.name.as_str());
        // The host may have one that the registry has lost.
        let others = host.zones.iter().map(|zone| zone.name.as_str()).chain(unreadable);
        known.last = others.filter_map(|name| number_of(base, name)).max().max(known.last);
        known.unfinished = known.unfinished.filter(|number| Some(*number) > known.usable);
        known
    }
}

/// Returns the name of a golden zone of this number.
fn name_of(base: &str, number: u32) -> Result<ZoneName> {
    match number {
        1 => ZoneName::new(base),
        number => ZoneName::new(format!("{base}-{number}")),
    }
}

/// Returns the start of a golden zone's name: without its number.
pub(crate) fn base_of(golden: &ZoneName) -> String {
    golden.as_str().chars().take(GOLDEN_PREFIX.len() + DIGITS).collect()
}

/// Returns the number of a golden zone with this start of its name; `None` for other zones.
fn number_of(base: &str, name: &str) -> Option<u32> {
    match name.strip_prefix(base)? {
        "" => Some(1),
        rest => rest.strip_prefix('-')?.parse().ok().filter(|number| *number > 1),
    }
}

/// Chooses the golden zones of zones with these specs. Those that cannot have one are returned with the reason. `again`: new ones are
/// installed, even if there are some that can be cloned.
pub(crate) fn choose(
    context: &Context,
    config_tree: &ConfigTree,
    (host_assets, snapshots): (&HostAssets, &Snapshots),
    specs: &[&ZoneSpec],
    again: bool,
) -> Result<(Goldens, BTreeMap<ZoneName, Error>)> {
    let (mut goldens, mut refused) = (Goldens::default(), BTreeMap::new());
    if specs.is_empty() {
        return Ok((goldens, refused));
    }
    let registered = context.registry.snapshot()?;
    let inputs = Inputs { host_assets, snapshots, registered: &registered, dialect: context.host.dialect(), again };
    let mut entire = None;
    for spec in specs {
        let chosen = base_name(&context.host, config_tree, host_assets, spec, &mut entire)
            .and_then(|base| goldens.choose(&inputs, spec, &base));
        match chosen {
            Ok(golden) => drop(goldens.of.insert(spec.name.clone(), golden)),
            Err(error) if error.code() == Code::Cancelled => return Err(error),
            Err(error) => drop(refused.insert(spec.name.clone(), error)),
        }
    }
    Ok((goldens, refused))
}

/// Returns the name of the first golden zone of these install settings. `entire`: the host's version of it, once it was asked.
pub(crate) fn base_name(
    host: &Host,
    config_tree: &ConfigTree,
    host_assets: &HostAssets,
    spec: &ZoneSpec,
    entire: &mut Option<String>,
) -> Result<String> {
    let (brand, dialect) = (spec.brand.value.as_str(), host.dialect());
    let row = row(spec, dialect)?;
    let directory = parent(&spec.zonepath.value);
    let Some(above) = host_assets.dataset_above(&spec.zonepath.value) else {
        let message =
            format!("zone {}: a golden zone cannot be cloned: {directory} is not a ZFS file system", spec.name);
        return Err(Error::new(Code::UnsupportedHost, message)
            .with_help(format!("run `zfs create -o mountpoint={directory} rpool{directory}`, or remove `golden`")));
    };
    if entire.is_none() && row.root.value != Root::Directory {
        let listed = host.question(&pkg::list("/", &["entire"]))?;
        *entire = Some(pkg::parse_version(&listed)?.unwrap_or_default());
    }
    let mut digest = Sha256::new();
    let mut add = |what: &str, value: &str| {
        digest.update(format!("{what} {}\n", value.len()));
        digest.update(value);
    };
    add("brand", brand);
    for publisher in brand::publishers(spec, config_tree, row.is_linked())? {
        add("publisher", &publisher.to_json().to_string());
    }
    let mut packages = spec.install.packages.clone();
    packages.sort_unstable();
    packages.dedup();
    packages.iter().for_each(|package| add("package", package));
    spec.install.image.iter().for_each(|image| add("image", image));
    add("dataset", above);
    if row.root.value != Root::Directory {
        entire.iter().for_each(|version| add("entire", version));
    }
    Ok(format!("{GOLDEN_PREFIX}{}", &hex(&digest.finalize())[..DIGITS]))
}

/// Returns the row of the brand.
fn row(spec: &ZoneSpec, dialect: Distribution) -> Result<&'static Brand> {
    host::brand(&spec.brand.value, dialect).ok_or_else(|| {
        Error::new(Code::Config, format!("zone {}: zmgr cannot install zones of brand {}", spec.name, spec.brand))
    })
}

/// Returns true if zones of this brand are installed from a snapshot of the golden zone: `zoneadm clone` leaves its root, or the
/// properties of its dataset, behind.
fn is_seeded(row: &Brand) -> bool {
    matches!(row.cloning.value, Cloning::LosesRoot | Cloning::Zonepath)
}

/// Returns the dataset of a golden zone's root, below this dataset.
fn root_dataset(above: &str, golden: &ZoneName, row: &Brand) -> String {
    match row.root.value {
        Root::WhileActive => format!("{above}/{golden}/ROOT/illumos"),
        _ => format!("{above}/{golden}"),
    }
}

/// Returns the snapshot that a zone of this spec is installed from, if it is cloned from a golden zone and its brand is installed
/// from snapshots.
pub(crate) fn seed(spec: &ZoneSpec, dialect: Distribution, host_assets: &HostAssets) -> Option<String> {
    let golden = &spec.clone_from.as_ref().filter(|source| is_golden_name(source.as_str()))?.value;
    let row = host::brand(&spec.brand.value, dialect).filter(|row| is_seeded(row))?;
    let above = host_assets.dataset_above(&spec.zonepath.value)?;
    Some(format!("{}@{golden}", root_dataset(above, golden, row)))
}

/// Returns the entry of a golden zone before anything is chosen.
fn new_entry(inputs: &Inputs<'_>, spec: &ZoneSpec, name: &ZoneName) -> Result<ZoneEntry> {
    let mut entry = ZoneEntry::new(name.clone());
    entry.origin = Some(Origin::Golden);
    entry.zonepath = Some(format!("{}/{name}", parent(&spec.zonepath.value).trim_end_matches('/')).into());
    entry.settings.brand = Some(spec.brand.value.clone().into());
    let install = Install { golden: None, ..spec.install.clone() };
    entry.settings.install = (install != Install::default()).then(|| install.into());
    let row = row(spec, inputs.dialect)?;
    if let Some(above) = inputs.host_assets.dataset_above(&spec.zonepath.value).filter(|_| is_seeded(row)) {
        let part = SnapshotPart { dataset: root_dataset(above, name, row), guid: None };
        let label = SnapshotLabel::new(LABEL)?;
        entry.snapshots =
            vec![TakenSnapshot { label, name: name.to_string(), created: String::new(), parts: vec![part] }];
    }
    Ok(entry)
}

/// Returns the last step of a golden zone's creation, if zones are installed from a snapshot of it.
pub(crate) fn seal(entry: &ZoneEntry) -> Option<Box<dyn Step>> {
    let record = entry.snapshots.first().filter(|_| entry.is_golden())?.clone();
    let base = record.parts.first()?.dataset.clone();
    Some(Box::new(TakeSnapshot { record, base, recursive: false }))
}

/// Checks that a plan for these zones has every golden zone that is to be installed.
pub(crate) fn check_planned(goldens: &Goldens, names: &[ZoneName]) -> Result<()> {
    match goldens.missing().find(|golden| !names.contains(golden)) {
        None => Ok(()),
        Some(golden) => {
            Err(Error::new(Code::StalePlan, format!("the plan is stale: golden zone {golden} is not there"))
                .with_help(AGAIN))
        }
    }
}

/// Checks that a zone may have this name.
pub(crate) fn check_name(name: &ZoneName) -> Result<()> {
    match is_golden_name(name.as_str()) {
        false => Ok(()),
        true => Err(Error::new(
            Code::InvalidArgument,
            format!("{name} is the name of a golden zone, which only zmgr gives"),
        )
        .with_help(format!("choose a name that does not start with {GOLDEN_PREFIX}"))),
    }
}

/// Checks that a zone may be cloned from this one because its files say so.
pub(crate) fn check_source(source: &ZoneName) -> Result<()> {
    match is_golden_name(source.as_str()) {
        false => Ok(()),
        true => Err(Error::new(Code::Config, format!("{source} is a golden zone, which `clone-from` cannot name"))
            .with_help("use: install { golden #true }")),
    }
}

/// Checks that no zone is cloned from a golden zone, except those that the same operation removes first.
pub(crate) fn check_unused(context: &Context, golden: &ZoneName, except: &[ZoneName]) -> Result<()> {
    let clones: Vec<String> = clones(context)?
        .into_iter()
        .filter(|(clone, source)| source == golden && !except.contains(clone))
        .map(|(clone, _)| clone.to_string())
        .collect();
    match clones.as_slice() {
        [] => Ok(()),
        clones => Err(Error::new(
            Code::WrongState,
            format!("{golden} is a golden zone, and zones are cloned from it: {}", clones.join(", ")),
        )
        .with_help("destroy those zones first, or in the same command")),
    }
}

/// Returns the zones that are cloned from golden zones, each with its source.
fn clones(context: &Context) -> Result<Vec<(ZoneName, ZoneName)>> {
    let (mut clones, registered) = (Vec::new(), context.registry.snapshot()?);
    let readable = registered.entries().filter(|entry| entry.summary.kind == EntryKind::Zone);
    let unreadable = registered.unreadable().iter().filter(|unreadable| unreadable.file.kind == EntryKind::Zone);
    let names: BTreeSet<&str> =
        readable.map(|entry| entry.summary.name).chain(unreadable.map(|entry| entry.file.name.as_str())).collect();
    for name in names {
        let Ok(name) = ZoneName::new(name) else { continue };
        let entry = match entries::entry(context, &name) {
            Err(error) if error.code() == Code::NotFound => continue,
            // An unreadable entry may be a clone of any golden zone.
            Err(error) => return Err(error.with_context(format!("{name} may be cloned from a golden zone"))),
            Ok(entry) => entry,
        };
        let source = lineage::source_of(&entry).filter(|source| is_golden_name(source.as_str()));
        clones.extend(source.map(|source| (name, source.value)));
    }
    Ok(clones)
}

/// Returns the golden zones that a zone is cloned from.
pub(crate) fn needed(context: &Context) -> Result<BTreeSet<ZoneName>> {
    Ok(clones(context)?.into_iter().map(|(_, source)| source).collect())
}

/// Refuses an operation on a golden zone.
pub(crate) fn refuse(entry: &ZoneEntry, operation: &str) -> Result<()> {
    match entry.is_golden() {
        false => Ok(()),
        true => Err(Error::new(
            Code::WrongState,
            format!("{} is a golden zone, which others are cloned from: it is not {operation}", entry.name),
        )
        .with_help("destroy it once no zone is cloned from it: the next creation that needs it installs another")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_zones_of_the_same_settings_are_numbered() {
        let base = "zmgr-golden-0123456789ab";
        for number in [1, 2, 17] {
            assert_eq!(number_of(base, name_of(base, number).unwrap().as_str()), Some(number));
        }
        for other in ["zmgr-golden-0123456789abc", "zmgr-golden-0123456789ab-1", "zmgr-golden-0123456789ab-x", "web01"]
        {
            assert_eq!(number_of(base, other), None, "{other}");
        }
    }
}
