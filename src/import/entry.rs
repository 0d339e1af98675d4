//! From what the host has to an entry that says the same, with proof.
//!
//! Invariant: an entry leaves here only if what zmgr would write from it, as its file will say it, is what the host has.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::nets::{Cabling, nets};
use super::{found, layers};
use crate::document::Document;
use crate::effective::{ZoneSpec, effective};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::zonecfg::{self, Difference, ZoneConfig};
use crate::host::{Dialect, HostState};
use crate::lifecycle::{Library, applied, document, whole};
use crate::name::{TemplateName, ZoneName};
use crate::settings::{Settings, Without};
use crate::zone::{EntryId, EntryState, Origin, ZoneEntry};

/// What zones are told from.
pub(super) struct Scene<'a> {
    pub(super) library: &'a Library,
    pub(super) host: &'a HostState,
    pub(super) dialect: Dialect,
    /// How many zones speak of each link.
    pub(super) users: HashMap<String, usize>,
    /// The template that was asked for.
    pub(super) template: Option<TemplateName>,
    pub(super) adopt_links: bool,
}

/// A zone of the host, read.
pub(super) struct Found<'a> {
    pub(super) zone: &'a HostZone,
    pub(super) name: ZoneName,
    pub(super) config: ZoneConfig,
    /// Its document in pieces.
    pub(super) pieces: Vec<String>,
}

/// A zone that can be adopted.
pub(super) struct Adoption {
    pub(super) document: Document<ZoneEntry>,
    pub(super) spec: ZoneSpec,
    pub(super) notes: Vec<String>,
}

/// The entry of this zone; the error says why there can be none.
pub(super) fn adopt(
    scene: &Scene<'_>,
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

    let (all, foreign) = said(scene, found, path)?;
    let mut best: Option<(usize, Adoption)> = None;
    let mut fault = None;
    for template in templates(scene, found)? {
        if template.is_none() && best.is_some() {
            break;
        }
        match over(scene, found, path, &entry, all.clone(), foreign.clone(), template) {
            Ok(adoption) => {
                let weight = weight(&adoption.document.value);
                if best.as_ref().is_none_or(|(least, _)| weight < *least) {
                    best = Some((weight, adoption));
                }
            }
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    match (best, fault) {
        (Some((_, adoption)), _) => Ok(adoption),
        (None, Some(fault)) => Err(fault),
        (None, None) => Err(Error::new(Code::Internal, "no entry was tried")),
    }
}

/// The templates to be tried, the one that is best in a tie first; `None`, last, is without.
fn templates(scene: &Scene<'_>, found: &Found<'_>) -> Result<Vec<Option<TemplateName>>> {
    let library = scene.library;
    let fits = |name: &TemplateName| {
        let mut entry = ZoneEntry::new(found.name.clone());
        entry.template = Some(name.clone().into());
        let spec = effective(&library.config, &library.templates, &library.pools, &entry);
        spec.is_ok_and(|spec| {
            spec.brand.value == found.config.brand && spec.ip_type.value == found::ip_type(&found.config)
        })
    };
    if let Some(asked) = &scene.template {
        if !fits(asked) {
            return Err(Error::new(
                Code::Config,
                format!(
                    "the template {asked} does not fit: the zone is of brand {}, ip-type {}",
                    found.config.brand,
                    found.config.ip_type.as_str()
                ),
            )
            .with_help("name another with --template, or none"));
        }
        return Ok(vec![Some(asked.clone())]);
    }
    let default = library.config.default_template.as_ref().map(|template| &template.value);
    let others = library.templates.keys().filter(|name| Some(*name) != default);
    let named = default.into_iter().chain(others).filter(|name| fits(name)).map(|name| Some(name.clone()));
    Ok(named.chain([None]).collect())
}

/// How much an entry has to say beyond its template.
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

/// The entry over this template, proved.
fn over(
    scene: &Scene<'_>,
    found: &Found<'_>,
    path: &Path,
    entry: &ZoneEntry,
    all: Settings,
    foreign: Vec<String>,
    template: Option<TemplateName>,
) -> Result<Adoption> {
    let library = scene.library;
    let mut entry = entry.clone();
    entry.template = template.map(Into::into);
    entry.settings.brand = Some(found.config.brand.clone().into());
    entry.foreign = foreign;
    let inherited = effective(&library.config, &library.templates, &library.pools, &entry)?;

    let mut notes = Vec::new();
    if found.zone.state == ZoneState::Configured {
        notes.push("it is only configured: nothing of it is installed".to_owned());
    }
    let cabling = Cabling { host: scene.host, pools: &library.pools, users: &scene.users, adopt: scene.adopt_links };
    entry.nets = nets(&found.config, &cabling, &inherited.nets, &mut notes);
    entry.settings = layers::beyond(all, &inherited);
    let drop_all = |node: &str| Without::new(node, None).into();
    if entry.nets.is_empty() && !inherited.nets.is_empty() {
        entry.settings.without.push(drop_all("net"));
    }
    let name_service = |name: &str| found.config.attrs.iter().any(|attr| attr.name == name);
    if scene.dialect == Dialect::OmniOs {
        if !name_service("resolvers") && !spec(library, &entry)?.resolvers.value.is_empty() {
            entry.settings.without.push(drop_all("resolver"));
        }
        if !name_service("dns-domain") && inherited.dns_domain.is_some() {
            entry.settings.without.push(drop_all("dns-domain"));
        }
    }
    keep_odd_networks(scene, found, &mut entry)?;
    if !inherited.zonecfg.value.is_empty() && !proved(scene, found, &entry).is_ok_and(|gaps| gaps.is_empty()) {
        entry.settings.without.push(drop_all("zonecfg"));
    }

    let spec = spec(library, &entry)?;
    let mut applied = applied(&spec);
    // Whatever publishers its image has, zmgr did not give it.
    applied.settings.install = None;
    entry.applied = Some(Box::new(applied));
    let document = Document::create(path, entry)?;
    let gaps = proved(scene, found, &document.value)?;
    if !gaps.is_empty() {
        return Err(lossy(&gaps));
    }
    Ok(Adoption { document, spec, notes })
}

fn lossy(gaps: &[Difference]) -> Error {
    let error =
        Error::new(Code::UnsupportedHost, format!("its entry would not say all that the host has: {}", gaps[0]));
    gaps.iter().fold(error, |error, gap| error.with_detail(Diagnostic::new("not-said", gap.to_string())))
}

/// In what zmgr would write something else from this entry than the host has.
fn proved(scene: &Scene<'_>, found: &Found<'_>, entry: &ZoneEntry) -> Result<Vec<Difference>> {
    let would = whole(&spec(scene.library, entry)?, scene.dialect)?;
    Ok(zonecfg::differences(&found.config, &would))
}

fn spec(library: &Library, entry: &ZoneEntry) -> Result<ZoneSpec> {
    effective(&library.config, &library.templates, &library.pools, entry)
}

/// All that the zone says in our words, and the pieces that have none.
fn said(scene: &Scene<'_>, found: &Found<'_>, path: &Path) -> Result<(Settings, Vec<String>)> {
    let alone = |settings: Settings, foreign: Vec<String>| {
        let mut entry = ZoneEntry::new(found.name.clone());
        entry.zonepath = Some(found.config.zonepath.clone().into());
        entry.settings = settings;
        entry.foreign = foreign;
        entry
    };
    // Whether the words come back from the file, and say the same there. Without nets, and without layers beneath.
    let comes_back = |settings: &Settings, foreign: &[String], wanted: &ZoneConfig| {
        let read = Document::create(path, alone(settings.clone(), foreign.to_vec()));
        let said = read.and_then(|read| {
            let spec = effective(&Default::default(), &Default::default(), &Default::default(), &read.value)?;
            whole(&spec, scene.dialect)
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
    // zonecfg writes a second one beside the first, and no node can say two.
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
    // What can be said gets in the way of what cannot: then the document is kept as it is.
    Ok((found::identity(&bare), found.pieces.iter().filter(|piece| !is_network(piece)).cloned().collect()))
}

fn is_network(piece: &str) -> bool {
    zonecfg::parse_pieces(&[piece.to_owned()]).is_ok_and(|said| !said.nets.is_empty())
}

/// Keeps the network resources of each link that the nets do not say all of, word for word.
fn keep_odd_networks(scene: &Scene<'_>, found: &Found<'_>, entry: &mut ZoneEntry) -> Result<()> {
    let said = document(&spec(scene.library, entry)?, scene.dialect)?.canonical().nets;
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
