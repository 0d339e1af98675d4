//! The desired state of one zone after all layers: `defaults`, the chain of templates, the zone's own entry.
//!
//! Invariant: pure. Each value knows its line, and no placeholder is left in it.

mod fill;
mod merge;
mod nets;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::documents::config::Config;
use crate::documents::pool::Pool;
use crate::documents::resources::{Resources, Single};
use crate::documents::settings::{EntryNet, Install, IpType, Settings, Setup};
use crate::documents::template::Template;
use crate::documents::zone::{Origin, ZoneEntry, is_golden_name};
use crate::error::{Diagnostic, Result, Severity};
use crate::kdl_util::error_of;
use crate::schema::did_you_mean_name;
use crate::value::name::{PoolName, TemplateName, ZoneName};
use crate::value::source::{Source, Sourced};
use fill::Filler;
use merge::Merged;
pub(crate) use nets::stale;

/// Desired state of a zone, each value with its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ZoneSpec {
    /// Its name.
    pub name: ZoneName,
    /// Its template.
    pub template: Option<Sourced<TemplateName>>,
    /// Its brand.
    pub brand: Sourced<String>,
    /// Its zonepath.
    pub zonepath: Sourced<String>,
    /// True if it boots with the host.
    pub autoboot: Sourced<bool>,
    /// Its IP type.
    pub ip_type: Sourced<IpType>,
    /// Its nets. Those of a pool have the pool's `stub`, `vlan` and `mtu` unless the net sets them; addresses, VNIC and MAC address
    /// are set if the entry has them, and are chosen by the plan otherwise.
    pub nets: Vec<EntryNet>,
    /// Install settings.
    pub install: Install,
    /// The zone that it is cloned from instead of being installed.
    pub clone_from: Option<Sourced<ZoneName>>,
    /// Files written before its first boot.
    pub setup: Setup,
    /// Its name servers.
    pub resolvers: Sourced<Vec<IpAddr>>,
    /// Its DNS domain.
    pub dns_domain: Option<Sourced<String>>,
    /// Its tags.
    pub tags: Sourced<Vec<String>>,
    /// Zones that must be up before it boots.
    pub after: Sourced<Vec<ZoneName>>,
    /// True if `destroy` needs force.
    pub protected: Sourced<bool>,
    /// Commands passed through to zonecfg, which run last.
    pub zonecfg: Sourced<Vec<String>>,
    /// Its resources.
    pub resources: Resources,
    /// Parts that import found and no node can represent, verbatim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<String>,
}

impl ZoneSpec {
    /// Returns the spec as JSON; each value that comes from a file is a map of `value` and `source`, its file and line.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Merges the zone's entry over its template's chain over `defaults`. An entry with nets has only those. An imported zone uses only
/// the tags, the boot order and the protection of its own entry, and a golden zone only its entry. Fails with `config` and every diagnostic if the layers are incomplete: a missing
/// template or pool, a circle of `extends`, no brand.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// use std::collections::BTreeMap;
/// let entry = Document::<ZoneEntry>::parse("web01.kdl".as_ref(), b"zone \"web01\" {\n    brand \"nlipkg\"\n}\n")?;
/// let spec = effective(&Config::default(), &BTreeMap::new(), &BTreeMap::new(), &entry.value)?;
/// assert_eq!(spec.zonepath.value, "/zones/web01");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn effective(
    config: &Config,
    templates: &BTreeMap<TemplateName, Template>,
    pools: &BTreeMap<PoolName, Pool>,
    zone: &ZoneEntry,
) -> Result<ZoneSpec> {
    let mut findings = Findings::default();
    let chain = match &zone.template {
        Some(name) => chain(templates, name, &mut findings),
        None => Vec::new(),
    };
    if !findings.0.is_empty() {
        return Err(findings.error(zone));
    }
    let Layers { mut settings, mut nets, brand, resolvers_below, chooses_resolvers } =
        Layers::of(config, &chain, zone, &mut findings);
    if settings.clone_from.is_none() && settings.install.as_ref().is_some_and(|install| install.is_golden()) {
        // The golden zone that it was cloned from; a plan chooses that of a new zone.
        let applied = zone.applied.as_ref().and_then(|applied| applied.settings.clone_from.as_ref());
        settings.clone_from = applied.filter(|source| is_golden_name(source.as_str())).cloned();
    }

    let brand = brand.unwrap_or_else(|| {
        let (place, source) = match &zone.template {
            Some(template) => (format!("template {:?}", template.as_str()), &template.source),
            None => ("an entry without a template".to_owned(), &zone.source),
        };
        findings.add_with_help("no-brand", source, format!("{place} has no brand"), "add: brand \"…\"");
        String::new().into()
    });
    let ip_type = settings.ip_type.take().unwrap_or_else(|| IpType::Exclusive.into());
    let shared = *ip_type == IpType::Shared;
    for net in &mut nets {
        nets::complete(net, zone, shared, pools, &mut findings);
    }
    nets::check_routes(&nets, pools, &mut findings);
    check_twice(&nets, shared, zone, &mut findings);
    // An imported configuration may be one that illumos cannot boot; `apply` checks only what has changed.
    if zone.origin != Some(Origin::Import) {
        if *ip_type == IpType::Exclusive {
            nets::check_length(&nets, &mut findings);
        }
        check_addresses(&nets, &mut findings);
    }
    if let Some(source) =
        settings.clone_from.as_ref().filter(|source| source.value == zone.name && zone.state.is_none())
    {
        let message = format!("zone {} cannot be cloned from itself", zone.name);
        findings.add_with_help("circle", &source.source, message, "name another zone in `clone-from`");
    }
    check_together(&settings.resources, &mut findings);
    if !findings.0.is_empty() {
        return Err(findings.error(zone));
    }
    let resolvers = match chooses_resolvers {
        true => settings.resolvers,
        false => of_pools(&nets, pools).or(resolvers_below),
    };
    Ok(ZoneSpec {
        name: zone.name.clone(),
        template: zone.template.clone(),
        brand,
        zonepath: zonepath(config, zone),
        autoboot: settings.autoboot.unwrap_or_else(|| false.into()),
        ip_type,
        nets,
        install: settings.install.map(|install| install.value).unwrap_or_default(),
        clone_from: settings.clone_from,
        setup: settings.setup,
        resolvers: resolvers.unwrap_or_default(),
        dns_domain: settings.dns_domain,
        tags: settings.tags.unwrap_or_default(),
        after: settings.after.unwrap_or_default(),
        protected: settings.protected.unwrap_or_else(|| false.into()),
        zonecfg: settings.zonecfg.unwrap_or_default(),
        resources: settings.resources,
        foreign: zone.foreign.clone(),
    })
}

/// The layers of a zone, laid over each other: defaults, templates, the zone's own file.
struct Layers {
    settings: Settings,
    nets: Vec<EntryNet>,
    brand: Option<Sourced<String>>,
    /// The name servers of the defaults.
    resolvers_below: Option<Sourced<Vec<IpAddr>>>,
    /// True if a template or the zone chooses its name servers.
    chooses_resolvers: bool,
}

impl Layers {
    /// Fills them layer by layer, so that what is dropped or overridden has its name in this zone.
    fn of(config: &Config, chain: &[&Template], zone: &ZoneEntry, findings: &mut Findings) -> Self {
        let none = Settings::default();
        let defaults = if zone.is_golden() { &none } else { &config.defaults };
        let templates = chain.iter().map(|template| &template.settings);
        let nearest = std::iter::once(&zone.settings).chain(templates).chain([defaults]);
        let brand = nearest.filter_map(|layer| layer.brand.clone()).next();
        let values = vec![
            ("zone", zone.name.to_string()),
            ("template", zone.template_name().map(ToString::to_string).unwrap_or_default()),
            ("brand", brand.as_ref().map(|brand| brand.value.clone()).unwrap_or_default()),
        ];
        let mut filler = Filler { values, findings };
        let mut merged = Merged::default();
        merged.overlay(&filler.layer(defaults), &[]);
        let resolvers_below = merged.settings.resolvers.clone();
        for template in chain.iter().rev() {
            merged.overlay(&filler.layer(&template.settings), &template.nets);
        }
        if !zone.nets.is_empty() {
            merged.nets.clear();
        }
        if zone.origin == Some(Origin::Import) {
            merged.drop_selection();
        }
        merged.overlay(&filler.layer(&zone.settings), &zone.nets);
        // A layer that drops name servers chooses to have none, including those of its pools.
        let chooses = |layer: &Settings| {
            layer.resolvers.is_some() || layer.without.iter().any(|without| without.node == "resolver")
        };
        let chooses_resolvers = chooses(&zone.settings) || chain.iter().any(|template| chooses(&template.settings));
        let Merged { settings, nets } = merged;
        Layers { settings, nets, brand, resolvers_below, chooses_resolvers }
    }
}

/// Returns the zonepath of a zone: its own, or one below the prefix.
fn zonepath(config: &Config, zone: &ZoneEntry) -> Sourced<String> {
    let mut zonepath = zone.zonepath.clone().unwrap_or_else(|| {
        let prefix = config.zonepath_prefix.trim_end_matches('/');
        Sourced::new(format!("{prefix}/{}", zone.name), config.zonepath_prefix.source.clone())
    });
    // Settings of the host keep their spelling.
    if zone.state.is_none() && zonepath.value.len() > 1 {
        zonepath.value.truncate(zonepath.value.trim_end_matches('/').len().max(1));
    }
    zonepath
}

/// Longest chain of `extends`.
const MAX_CHAIN: usize = 64;

/// Returns a template and those that it extends, itself first. Reports a missing template, a circle, and a chain that is too long.
pub(crate) fn chain<'t>(
    templates: &'t BTreeMap<TemplateName, Template>,
    first: &Sourced<TemplateName>,
    findings: &mut Findings,
) -> Vec<&'t Template> {
    let mut chain: Vec<&Template> = Vec::new();
    let mut next = Some(first);
    while let Some(name) = next {
        let Some(template) = templates.get(&name.value) else {
            let message = format!("template {:?} does not exist", name.as_str());
            let near = did_you_mean_name(name.as_str(), templates.keys().map(TemplateName::as_str));
            findings.add_near("no-template", &name.source, message, near);
            break;
        };
        if chain.iter().any(|each| each.name == template.name) {
            let names: Vec<&str> = chain.iter().map(|each| each.name.as_str()).chain([name.as_str()]).collect();
            findings.add(
                "circle",
                &name.source,
                format!("templates extend each other in a circle: {}", names.join(" → ")),
            );
            break;
        }
        if chain.len() == MAX_CHAIN {
            let message = format!("more than {MAX_CHAIN} templates extend each other");
            findings.add_with_help("chain-too-long", &name.source, message, "merge some of them");
            break;
        }
        chain.push(template);
        next = template.extends.as_ref();
    }
    chain
}

/// Refuses addresses that no interface can have, and unreachable gateways.
fn check_addresses(nets: &[EntryNet], findings: &mut Findings) {
    for net in nets {
        for why in net.addresses.iter().filter_map(crate::value::address::misuse) {
            let help = "use an address of the network with its prefix length, such as \"10.1.0.10/24\", and a gateway of the same network";
            findings.add_with_help("bad-address", &net.source, format!("net {:?}: {why}", net.name), help);
        }
    }
}

/// Refuses the same address, MAC address, VNIC or (unless the host's IP stack is shared) existing link on two nets of a zone.
/// Duplicates that import found are left alone.
fn check_twice(nets: &[EntryNet], shared: bool, zone: &ZoneEntry, findings: &mut Findings) {
    let things = |net: &EntryNet| {
        let addresses = net.addresses.iter().map(|each| ("address", each.address.addr().to_string()));
        let mac = net.mac.map(|mac| ("MAC address", mac.to_string()));
        let vnic = net.vnic.as_ref().map(|link| ("link", link.to_string()));
        let physical = net.physical.as_ref().filter(|_| !shared).map(|link| ("link", link.clone()));
        addresses.chain(mac).chain(vnic).chain(physical).collect::<Vec<_>>()
    };
    let found = match zone.origin {
        // Before it is registered, an imported zone has only what was found.
        Some(Origin::Import) => zone.applied.as_deref().map_or(nets, |applied| &applied.nets),
        _ => &[],
    };
    let mut imported: HashMap<(&str, String), usize> = HashMap::new();
    found.iter().flat_map(things).for_each(|thing| *imported.entry(thing).or_default() += 1);
    let mut seen: HashMap<(&str, String), &EntryNet> = HashMap::new();
    for net in nets {
        for thing in things(net) {
            match seen.entry(thing) {
                Entry::Occupied(first) if imported.get(first.key()).is_none_or(|count| *count < 2) => {
                    let ((what, which), first) = (first.key(), first.get());
                    let message = if std::ptr::eq(*first, net) {
                        format!("net {:?} has the {what} {which} twice", net.name)
                    } else {
                        format!("nets {:?} and {:?} both have the {what} {which}", first.name, net.name)
                    };
                    let help = format!("use a different {what} for each net");
                    findings.add_with_help("twice-in-zone", &net.source, message, help);
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(free) => {
                    free.insert(net);
                }
            }
        }
    }
}

/// Refuses file systems on the zone's root, and two on one mount point, in any spelling.
fn check_filesystems(resources: &Resources, findings: &mut Findings) {
    let mut seen: HashMap<String, &str> = HashMap::with_capacity(resources.fs.len());
    for fs in &resources.fs {
        let dir = fs.clean_dir();
        if dir == "/" {
            let message = format!("fs {:?} would be mounted over the root of the zone", fs.dir);
            findings.add_with_help("bad-value", &fs.source, message, "use a directory below it");
            continue;
        }
        match seen.entry(dir) {
            Entry::Occupied(first) => {
                let message = format!("fs {:?} and fs {:?} have the same mount point", first.get(), fs.dir);
                findings.add_with_help("contradiction", &fs.source, message, "remove one of them");
            }
            Entry::Vacant(free) => {
                free.insert(&fs.dir);
            }
        }
    }
}

/// Refuses combinations that zonecfg would refuse.
fn check_together(resources: &Resources, findings: &mut Findings) {
    check_filesystems(resources, findings);
    if let Some(dedicated) = &resources.dedicated_cpu {
        let others = [
            ("capped-cpu", resources.capped_cpu.is_some()),
            ("cpu-shares", resources.cpu_shares.is_some()),
            ("resource-pool", resources.resource_pool.is_some()),
        ];
        for (name, _) in others.iter().filter(|(_, there)| *there) {
            let message = format!("`dedicated-cpu` and `{name}` exclude each other");
            findings.add_with_help(
                "contradiction",
                &dedicated.source,
                message,
                "remove an inherited one with `without`",
            );
        }
    }
    if let (Some(class), Some(_)) = (&resources.scheduling_class, &resources.cpu_shares)
        && class.value != "FSS"
    {
        let message = format!("`cpu-shares` needs the scheduling class FSS, not {}", class.value);
        findings.add("contradiction", &class.source, message);
    }
    let taken = |rctl: &str| match rctl {
        "zone.max-swap" => resources.capped_memory.as_ref().is_some_and(|memory| memory.swap.is_some()),
        "zone.max-locked-memory" => resources.capped_memory.as_ref().is_some_and(|memory| memory.locked.is_some()),
        "zone.max-physical-memory" => resources.capped_memory.as_ref().is_some_and(|memory| memory.physical.is_some()),
        "zone.cpu-cap" => resources.capped_cpu.is_some(),
        _ => resources.alias(rctl).is_some(),
    };
    for rctl in resources.rctls.iter().filter(|rctl| taken(&rctl.name)) {
        let message = format!("control {} is also set by its own node", rctl.name);
        findings.add("contradiction", &rctl.source, message);
    }
}

/// Returns the name servers of the nets' pools, without duplicates.
fn of_pools(nets: &[EntryNet], pools: &BTreeMap<PoolName, Pool>) -> Option<Sourced<Vec<IpAddr>>> {
    let mut all: Vec<IpAddr> = Vec::new();
    let mut source = None;
    for pool in nets.iter().filter_map(|net| pools.get(net.pool.as_ref()?)) {
        for resolver in pool.resolvers.iter() {
            source = source.or_else(|| Some(resolver.source.clone()));
            if !all.contains(&resolver.value) {
                all.push(resolver.value);
            }
        }
    }
    source.map(|source| Sourced::new(all, source))
}

impl ZoneSpec {
    /// Returns true if the host itself boots the zone. A zone that comes after others is booted by zmgr, which knows the order.
    pub fn host_autoboot(&self) -> bool {
        self.autoboot.value && self.after.value.is_empty()
    }

    /// Returns the net of the default route of a family, and its gateway: the one with `default-route #true`, or else the first
    /// with a gateway and no `default-route`.
    pub fn default_route(&self, ipv4: bool) -> Option<(&EntryNet, IpAddr)> {
        let gateway = |net: &EntryNet| {
            net.addresses.iter().filter_map(|address| address.gateway).find(|gateway| gateway.is_ipv4() == ipv4)
        };
        let chosen = self.nets.iter().filter(|net| net.default_route == Some(true));
        let others = self.nets.iter().filter(|net| net.default_route.is_none());
        chosen.chain(others).find_map(|net| Some((net, gateway(net)?)))
    }
}

impl Resources {
    /// Returns the value of a control that has a node of its own, if it is set.
    pub fn alias(&self, rctl: &str) -> Option<u64> {
        let (wanted, _) = Single::of_control(rctl)?;
        let (_, slot) = self.singles().find(|(single, _)| single.node == wanted.node)?;
        slot.to_zonecfg()?.parse().ok()
    }
}

/// Returns the nets that a zone would have if its entry named none; none if its layers are incomplete.
pub(crate) fn nets_of_template(
    config: &Config,
    templates: &BTreeMap<TemplateName, Template>,
    pools: &BTreeMap<PoolName, Pool>,
    entry: &ZoneEntry,
) -> Vec<EntryNet> {
    let bare = ZoneEntry { nets: Vec::new(), applied: None, state: None, ..entry.clone() };
    effective(config, templates, pools, &bare).map(|spec| spec.nets).unwrap_or_default()
}

/// Problems of the layers, in the order of discovery.
#[derive(Debug, Default)]
pub(crate) struct Findings(pub(crate) Vec<Diagnostic>);

impl Findings {
    /// Makes the last finding a warning.
    pub(crate) fn lower_last(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.severity = Severity::Warning;
        }
    }

    pub(crate) fn add(&mut self, code: &str, source: &Source, message: impl Into<String>) {
        let mut diagnostic = Diagnostic::new(code, message);
        diagnostic.path = source.file.as_ref().map(|file| file.to_path_buf());
        diagnostic.line = (source.line > 0).then_some(source.line as usize);
        self.0.push(diagnostic);
    }

    pub(crate) fn add_with_help(
        &mut self,
        code: &str,
        source: &Source,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(code, source, message);
        if let Some(last) = self.0.last_mut() {
            last.help = Some(help.into());
        }
    }

    pub(crate) fn add_near(&mut self, code: &str, source: &Source, message: String, near: Option<&str>) {
        match near {
            Some(near) => self.add_with_help(code, source, message, format!("did you mean {near:?}?")),
            None => self.add(code, source, message),
        }
    }

    fn error(self, zone: &ZoneEntry) -> crate::error::Error {
        error_of(self.0).with_context(format!("zone {}", zone.name))
    }
}

#[cfg(test)]
mod tests;
