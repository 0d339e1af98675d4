//! Builds the entry of a zone on the host, and proves that it is equivalent.
//!
//! Invariant: an entry is returned only if the configuration that zmgr would write from it, after reading its file back, equals the
//! one on the host.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::nets::{Cabling, nets};
use super::{found, layers};
use crate::documents::document::Document;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::settings::{Install, IpType, Settings, Without};
use crate::documents::zone::{EntryState, Origin, ZoneEntry};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::zonecfg::{self, Difference, ZoneConfig};
use crate::host::{Distribution, HostSnapshot};
use crate::operations::{ConfigTree, applied, document, whole};
use crate::value::EntryId;
use crate::value::name::{TemplateName, ZoneName};

/// Inputs for building entries.
pub(super) struct AdoptionInputs<'a> {
    pub(super) config_tree: &'a ConfigTree,
    pub(super) host: &'a HostSnapshot,
    pub(super) dialect: Distribution,
    /// Number of zones that name each link.
    pub(super) users: HashMap<String, usize>,
    pub(super) templates: Templates,
    pub(super) adopt_links: bool,
}

/// Templates that zones may be matched to.
pub(super) struct Templates {
    /// The best one in a tie first.
    candidates: Vec<TemplateKind>,
    /// True if the caller chose the only candidate.
    chosen: bool,
}

/// Properties that a zone must share with its template.
struct TemplateKind {
    name: TemplateName,
    brand: String,
    ip_type: IpType,
}

impl Templates {
    /// Returns the candidates: the requested template, none, or all, the default template first. Fails with `config` if one of them
    /// is unreadable or incomplete: silently leaving it out would match zones to another one.
    pub(super) fn of(config_tree: &ConfigTree, asked: Option<&TemplateName>, none: bool) -> Result<Templates> {
        if none {
            return Ok(Templates { candidates: Vec::new(), chosen: false });
        }
        if let Some(name) = asked {
            let kind = kind(config_tree, name)?.ok_or_else(|| {
                Error::new(Code::Config, format!("cannot import with template \"{name}\": it has no brand"))
                    .with_help("use another template, or pass --no-template")
            })?;
            return Ok(Templates { candidates: vec![kind], chosen: true });
        }
        config_tree.check_templates().map_err(|error| match error.details() {
            [] => error,
            _ => error.with_help("fix the files, use --template, or pass --no-template"),
        })?;
        let default = config_tree.config.default_template.as_ref().map(|template| &template.value);
        let default = default.filter(|name| config_tree.templates.contains_key(*name));
        let others = config_tree.templates.keys().filter(|name| Some(*name) != default);
        let mut candidates = Vec::new();
        for name in default.into_iter().chain(others) {
            let unusable = |error: Error| {
                error
                    .with_context(format!("cannot tell which zones template \"{name}\" fits"))
                    .with_help("fix the template, use --template, or pass --no-template")
            };
            candidates.extend(kind(config_tree, name).map_err(unusable)?);
        }
        Ok(Templates { candidates, chosen: false })
    }

    /// Returns the templates to try for this zone; `None`, last, means without a template.
    fn for_zone(&self, found: &Found<'_>) -> Result<Vec<Option<&TemplateName>>> {
        let ip_type = found::ip_type(&found.config);
        let fits = |kind: &&TemplateKind| kind.brand == found.config.brand && kind.ip_type == ip_type;
        let fitting = self.candidates.iter().filter(fits).map(|kind| Some(&kind.name));
        if !self.chosen {
            return Ok(fitting.chain([None]).collect());
        }
        let fitting: Vec<_> = fitting.collect();
        if let ([], [asked]) = (fitting.as_slice(), self.candidates.as_slice()) {
            let TemplateKind { name, brand, ip_type: theirs } = asked;
            return Err(Error::new(
                Code::Config,
                format!(
                    "template \"{name}\" does not fit: it is for brand {brand}, ip-type {}; the zone has brand {}, ip-type {}",
                    theirs.as_str(),
                    found.config.brand,
                    ip_type.as_str()
                ),
            )
            .with_help("use another template, or pass --no-template"));
        }
        Ok(fitting)
    }
}

/// Returns the kind of zone that a template is for; `None` if it has no brand, so that it is only extended.
fn kind(config_tree: &ConfigTree, name: &TemplateName) -> Result<Option<TemplateKind>> {
    // Brand and ip-type are the same for every zone of the template, so any name serves.
    let mut entry = ZoneEntry::new(ZoneName::new("zone-of-template")?);
    entry.template = Some(name.clone().into());
    match effective(&config_tree.config, &config_tree.templates, &config_tree.pools, &entry) {
        Ok(spec) => Ok(Some(TemplateKind { name: name.clone(), brand: spec.brand.value, ip_type: spec.ip_type.value })),
        Err(error) if error.details().iter().any(|detail| detail.code == "no-brand") => Ok(None),
        Err(error) => Err(error),
    }
}

/// A zone of the host and its configuration.
pub(super) struct Found<'a> {
    pub(super) zone: &'a HostZone,
    pub(super) name: ZoneName,
    pub(super) config: ZoneConfig,
    /// The elements of its document.
    pub(super) pieces: Vec<String>,
}

/// A zone that can be adopted.
pub(super) struct Adoption {
    pub(super) document: Document<ZoneEntry>,
    pub(super) spec: ZoneSpec,
    pub(super) notes: Vec<String>,
}

/// Builds the entry of this zone, or fails with the reason.
pub(super) fn adopt(
    inputs: &AdoptionInputs<'_>,
    found: &Found<'_>,
    path: &Path,
    id: EntryId,
    created: String,
) -> Result<Adoption> {
    let mut entry = ZoneEntry::new(found.name.clone());
    entry.id = Some(id);
    entry.created = Some(created);
    entry.state = Some(EntryState::Ready);
    entry.origin = Some(Origin::Import);
    entry.uuid.clone_from(&found.zone.uuid);
    entry.zonepath = Some(found.config.canonical().zonepath.into());

    let (all, foreign) = said(inputs, found, path)?;
    let mut best: Option<(usize, Adoption)> = None;
    let mut failure = None;
    for template in inputs.templates.for_zone(found)? {
        if template.is_none() && best.is_some() {
            break;
        }
        match over(inputs, found, path, &entry, all.clone(), foreign.clone(), template) {
            Ok(adoption) => {
                let weight = weight(&adoption.document.value);
                if best.as_ref().is_none_or(|(least, _)| weight < *least) {
                    best = Some((weight, adoption));
                }
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match (best, failure) {
        (Some((_, adoption)), _) => Ok(adoption),
        (None, Some(failure)) => Err(failure),
        (None, None) => Err(Error::new(Code::Internal, "no entry was tried")),
    }
}

/// Returns the amount that an entry contains in addition to its template.
fn weight(entry: &ZoneEntry) -> usize {
    let settings = serde_json::to_value(&entry.settings).unwrap_or_default();
    let Some(resources) = settings.get("resources").and_then(|resources| resources.as_object()) else { return 0 };
    let said = resources.values().map(|value| match value {
        serde_json::Value::Array(list) => list.len(),
        value => usize::from(!value.is_null()),
    });
    said.sum::<usize>()
        + entry.settings.without.len()
        + usize::from(entry.settings.autoboot.is_some())
        + usize::from(entry.settings.ip_type.is_some())
}

/// Builds the entry over this template, and proves it.
fn over(
    inputs: &AdoptionInputs<'_>,
    found: &Found<'_>,
    path: &Path,
    entry: &ZoneEntry,
    all: Settings,
    foreign: Vec<String>,
    template: Option<&TemplateName>,
) -> Result<Adoption> {
    let config_tree = inputs.config_tree;
    let mut entry = entry.clone();
    entry.template = template.cloned().map(Into::into);
    entry.settings.brand = Some(found.config.brand.clone().into());
    entry.foreign = foreign;
    let inherited = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, &entry)?;

    let mut notes = Vec::new();
    if found.zone.state == ZoneState::Configured {
        notes.push("it is only configured, not installed".to_owned());
    }
    let cabling =
        Cabling { host: inputs.host, pools: &config_tree.pools, users: &inputs.users, adopt: inputs.adopt_links };
    entry.nets = nets(&found.config, &cabling, &inherited.nets, &mut notes);
    entry.settings = layers::beyond(all, &inherited);
    let drop_all = |node: &str| Without::new(node, None).into();
    if entry.nets.is_empty() && !inherited.nets.is_empty() {
        entry.settings.without.push(drop_all("net"));
    }
    // Settings that leave no trace in the configuration do not apply to this zone: it was not installed from the template.
    let unproved = [
        ("install", inherited.install != Install::default()),
        ("clone-from", inherited.clone_from.is_some()),
        ("setup", !inherited.setup.is_empty()),
    ];
    entry.settings.without.extend(unproved.into_iter().filter(|(_, there)| *there).map(|(node, _)| drop_all(node)));
    // OmniOS keeps the name service in attributes.
    let is_attr =
        |name: &str| inputs.dialect == Distribution::OmniOs && found.config.attrs.iter().any(|attr| attr.name == name);
    if !is_attr("resolvers") && !spec(config_tree, &entry)?.resolvers.value.is_empty() {
        entry.settings.without.push(drop_all("resolver"));
    }
    if !is_attr("dns-domain") && inherited.dns_domain.is_some() {
        entry.settings.without.push(drop_all("dns-domain"));
    }
    keep_odd_networks(inputs, found, &mut entry)?;
    if !inherited.zonecfg.value.is_empty() && !proved(inputs, found, &entry).is_ok_and(|gaps| gaps.is_empty()) {
        entry.settings.without.push(drop_all("zonecfg"));
    }

    let spec = spec(config_tree, &entry)?;
    let mut applied = applied(&spec);
    // zmgr did not install it, so the settings of the installation are unknown.
    (applied.settings.install, applied.settings.clone_from) = (None, None);
    applied.settings.setup = Default::default();
    entry.applied = Some(Box::new(applied));
    let document = Document::create(path, entry)?;
    let gaps = proved(inputs, found, &document.value)?;
    if !gaps.is_empty() {
        return Err(lossy(&gaps));
    }
    Ok(Adoption { document, spec, notes })
}

fn lossy(gaps: &[Difference]) -> Error {
    let error =
        Error::new(Code::UnsupportedHost, format!("its entry would lose part of its configuration: {}", gaps[0]));
    gaps.iter().fold(error, |error, gap| error.with_detail(Diagnostic::new("not-said", gap.to_string())))
}

/// Returns the differences between what the host has and what zmgr would write from this entry.
fn proved(inputs: &AdoptionInputs<'_>, found: &Found<'_>, entry: &ZoneEntry) -> Result<Vec<Difference>> {
    let would = whole(&spec(inputs.config_tree, entry)?, inputs.dialect)?;
    Ok(zonecfg::differences(&found.config, &would))
}

fn spec(config_tree: &ConfigTree, entry: &ZoneEntry) -> Result<ZoneSpec> {
    effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)
}

/// Returns the settings that represent the zone's configuration, and the elements that no setting can represent.
fn said(inputs: &AdoptionInputs<'_>, found: &Found<'_>, path: &Path) -> Result<(Settings, Vec<String>)> {
    let alone = |settings: Settings, foreign: Vec<String>| {
        let mut entry = ZoneEntry::new(found.name.clone());
        entry.zonepath = Some(found.config.zonepath.clone().into());
        entry.settings = settings;
        entry.foreign = foreign;
        entry
    };
    // Returns true if an entry with these settings, written and read again, gives the wanted configuration.
    let comes_back = |settings: &Settings, foreign: &[String], wanted: &ZoneConfig| {
        let read = Document::create(path, alone(settings.clone(), foreign.to_vec()));
        let said = read.and_then(|read| {
            let spec = effective(&Default::default(), &Default::default(), &Default::default(), &read.value)?;
            whole(&spec, inputs.dialect)
        });
        said.is_ok_and(|said| said.means(wanted))
    };
    let wanted = ZoneConfig { nets: Vec::new(), ..found.config.clone() };
    if let Some(all) = found::settings(&wanted)
        && comes_back(&all, &[], &wanted)
    {
        return Ok((all, Vec::new()));
    }
    let bare = ZoneConfig {
        name: found.config.name.clone(),
        zonepath: found.config.zonepath.clone(),
        brand: found.config.brand.clone(),
        autoboot: found.config.autoboot,
        ip_type: found.config.ip_type,
        ..ZoneConfig::default()
    };
    let (mut sayable, mut foreign) = (bare.clone(), Vec::new());
    // zonecfg writes a second one beside the first, and a node represents only one.
    let flags = |piece: &String| piece.starts_with("<security-flags");
    let twice = found.pieces.iter().filter(|piece| flags(piece)).count() > 1;
    for piece in found.pieces.iter().filter(|piece| !is_network(piece)) {
        if twice && flags(piece) {
            foreign.push(piece.clone());
            continue;
        }
        let one = std::slice::from_ref(piece);
        let with = |config: ZoneConfig| zonecfg::with_pieces(config, one);
        let says = with(bare.clone())
            .ok()
            .and_then(|with| found::settings(&with).filter(|settings| comes_back(settings, &[], &with)).map(|_| ()));
        match (says, with(sayable.clone())) {
            (Some(()), Ok(more)) => sayable = more,
            _ => foreign.push(piece.clone()),
        }
    }
    if let Some(settings) = found::settings(&sayable)
        && comes_back(&settings, &foreign, &wanted)
    {
        return Ok((settings, foreign));
    }
    // The settings contradict the other elements, so all elements are kept verbatim.
    Ok((found::identity(&bare), found.pieces.iter().filter(|piece| !is_network(piece)).cloned().collect()))
}

fn is_network(piece: &str) -> bool {
    zonecfg::parse_pieces(&[piece.to_owned()]).is_ok_and(|said| !said.nets.is_empty())
}

/// Keeps the network resources of each link verbatim if the nets do not represent all of them.
fn keep_odd_networks(inputs: &AdoptionInputs<'_>, found: &Found<'_>, entry: &mut ZoneEntry) -> Result<()> {
    let said = document(&spec(inputs.config_tree, entry)?, inputs.dialect)?.canonical().nets;
    let there = found.config.canonical().nets;
    let of = |nets: &[zonecfg::Net], link: &str| -> Vec<zonecfg::Net> {
        nets.iter().filter(|net| net.physical == link).cloned().collect()
    };
    let links: BTreeSet<&str> = there.iter().map(|net| net.physical.as_str()).collect();
    let odd: Vec<&str> = links.into_iter().filter(|link| of(&said, link) != of(&there, link)).collect();
    if odd.is_empty() {
        return Ok(());
    }
    for piece in &found.pieces {
        let said = zonecfg::parse_pieces(std::slice::from_ref(piece)).unwrap_or_default();
        if said.nets.iter().any(|net| odd.contains(&net.physical.as_str())) {
            entry.foreign.push(piece.clone());
        }
    }
    Ok(())
}
