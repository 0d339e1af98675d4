//! Merges layers.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

use crate::documents::resources::{Fs, Resources};
use crate::documents::settings::{EntryNet, Install, Settings, Without};
use crate::value::source::Sourced;

/// Nodes that `without` drops by their key.
const KEYED: [&str; 11] =
    ["net", "fs", "dataset", "device", "attr", "rctl", "admin", "tag", "after", "zonecfg", "fs-allowed"];

/// The merged layers so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Merged {
    pub(super) settings: Settings,
    pub(super) nets: Vec<EntryNet>,
}

impl Merged {
    /// Adds a layer: removes what its `without` lists, then applies its settings.
    pub(super) fn overlay(&mut self, layer: &Settings, nets: &[EntryNet]) {
        // Nodes with a key are dropped together: a layer may have thousands.
        let mut dropped: HashMap<&str, HashSet<&str>> = HashMap::new();
        for without in &layer.without {
            match without.key.as_deref() {
                Some(key) if KEYED.contains(&without.node.as_str()) => {
                    dropped.entry(&without.node).or_default().insert(key);
                }
                _ => self.drop_inherited(without),
            }
        }
        self.drop_by_key(&dropped);
        let (mine, top) = (&mut self.settings, layer);
        nearer(&mut mine.brand, &top.brand);
        nearer(&mut mine.autoboot, &top.autoboot);
        nearer(&mut mine.ip_type, &top.ip_type);
        // A zone is either installed or cloned: the nearer layer decides.
        if let Some(install) = &top.install {
            mine.clone_from = None;
            mine.install = Some(merge_install(mine.install.take(), install));
        }
        if top.clone_from.is_some() {
            mine.install = None;
            mine.clone_from = top.clone_from.clone();
        }
        nearer(&mut mine.setup.hostname, &top.setup.hostname);
        nearer(&mut mine.setup.ssh_keys, &top.setup.ssh_keys);
        nearer(&mut mine.setup.root_password_file, &top.setup.root_password_file);
        nearer(&mut mine.setup.hosts, &top.setup.hosts);
        nearer(&mut mine.setup.timezone, &top.setup.timezone);
        nearer(&mut mine.resolvers, &top.resolvers);
        nearer(&mut mine.dns_domain, &top.dns_domain);
        nearer(&mut mine.tags, &top.tags);
        nearer(&mut mine.after, &top.after);
        nearer(&mut mine.protected, &top.protected);
        nearer(&mut mine.zonecfg, &top.zonecfg);
        overlay_resources(&mut mine.resources, &top.resources);
        replace_by_key(&mut self.nets, nets, |net| &net.name);
    }

    fn drop_by_key(&mut self, dropped: &HashMap<&str, HashSet<&str>>) {
        let resources = &mut self.settings.resources;
        for (node, keys) in dropped {
            let keep = |name: &str| !keys.contains(name);
            match *node {
                "net" => self.nets.retain(|net| keep(&net.name)),
                "fs" => resources.fs.retain(|fs| keep(&fs.dir)),
                "dataset" => resources.datasets.retain(|dataset| keep(&dataset.name)),
                "device" => resources.devices.retain(|device| keep(&device.pattern)),
                "attr" => resources.attrs.retain(|attr| keep(&attr.name)),
                "rctl" => resources.rctls.retain(|rctl| keep(&rctl.name)),
                "admin" => resources.admins.retain(|admin| keep(&admin.user)),
                "tag" => keep_of_list(&mut self.settings.tags, keep),
                "after" => keep_of_list(&mut self.settings.after, keep),
                "zonecfg" => keep_of_list(&mut self.settings.zonecfg, keep),
                "fs-allowed" => keep_of_list(&mut resources.fs_allowed, keep),
                _ => {}
            }
        }
    }

    /// Drops what selects zones for bulk operations, orders them there, or protects them from being destroyed. An imported zone was
    /// not created from its template, so the template's tags must not select it, and its order must not turn autoboot off.
    pub(super) fn drop_selection(&mut self) {
        (self.settings.tags, self.settings.after, self.settings.protected) = (None, None, None);
    }

    fn drop_inherited(&mut self, without: &Without) {
        let key = without.key.as_deref();
        let settings = &mut self.settings;
        let resources = &mut settings.resources;
        match without.node.as_str() {
            "net" => self.nets.clear(),
            "fs" => resources.fs.clear(),
            "dataset" => resources.datasets.clear(),
            "device" => resources.devices.clear(),
            "attr" => resources.attrs.clear(),
            "rctl" => resources.rctls.clear(),
            "admin" => resources.admins.clear(),
            "install" => settings.install = None,
            "clone-from" => settings.clone_from = None,
            "setup" => match key {
                None => settings.setup = Default::default(),
                Some("hostname") => settings.setup.hostname = None,
                Some("ssh-key") => settings.setup.ssh_keys = None,
                Some("root-password-file") => settings.setup.root_password_file = None,
                Some("hosts") => settings.setup.hosts = None,
                Some("timezone") => settings.setup.timezone = None,
                Some(_) => {}
            },
            "resolver" => settings.resolvers = None,
            "dns-domain" => settings.dns_domain = None,
            "tag" => settings.tags = None,
            "after" => settings.after = None,
            "zonecfg" => settings.zonecfg = None,
            "capped-memory" => resources.capped_memory = None,
            "capped-cpu" => resources.capped_cpu = None,
            "dedicated-cpu" => resources.dedicated_cpu = None,
            "security-flags" => resources.security_flags = None,
            node => {
                resources.singles_mut().filter(|(single, _)| single.node == node).for_each(|(_, slot)| slot.clear())
            }
        }
    }
}

fn nearer<T: Clone>(mine: &mut Option<Sourced<T>>, top: &Option<Sourced<T>>) {
    if top.is_some() {
        mine.clone_from(top);
    }
}

fn keep_of_list<T: AsRef<str>>(list: &mut Option<Sourced<Vec<T>>>, keep: impl Fn(&str) -> bool) {
    if let Some(list) = list {
        list.value.retain(|word| keep(word.as_ref()));
    }
}

fn merge_install(mine: Option<Sourced<Install>>, top: &Sourced<Install>) -> Sourced<Install> {
    let mut merged = mine.map(|install| install.value).unwrap_or_default();
    if !top.publishers.is_empty() {
        merged.publishers.clone_from(&top.publishers);
    }
    if !top.packages.is_empty() {
        merged.packages.clone_from(&top.packages);
    }
    if top.image.is_some() {
        merged.image.clone_from(&top.image);
    }
    merged.golden = top.golden.or(merged.golden);
    Sourced::new(merged, top.source.clone())
}

/// Replaces keyed nodes with those of a nearer layer, completely; new ones are added at the end.
fn keyed<T: Clone>(mine: &mut Vec<Sourced<T>>, top: &[Sourced<T>], key: impl Fn(&T) -> &str) {
    replace_by_key(mine, top, |each| key(&each.value));
}

fn replace_by_key<T: Clone>(mine: &mut Vec<T>, top: &[T], key: impl Fn(&T) -> &str) {
    if top.is_empty() {
        return;
    }
    let mut index: HashMap<String, usize> = HashMap::with_capacity(mine.len() + top.len());
    for (at, each) in mine.iter().enumerate() {
        index.entry(key(each).to_owned()).or_insert(at);
    }
    for each in top {
        match index.entry(key(each).to_owned()) {
            Entry::Occupied(at) => mine[*at.get()] = each.clone(),
            Entry::Vacant(free) => {
                free.insert(mine.len());
                mine.push(each.clone());
            }
        }
    }
}

/// Replaces file systems with those of a nearer layer. The same mount point in two layers is one file system in any spelling; within
/// one layer, two spellings are refused later.
fn overlay_file_systems(mine: &mut Vec<Sourced<Fs>>, top: &[Sourced<Fs>]) {
    if top.is_empty() {
        return;
    }
    let spellings: HashSet<&str> = top.iter().map(|fs| fs.dir.as_str()).collect();
    let mut by_dir: HashMap<String, usize> = HashMap::with_capacity(mine.len() + top.len());
    let mut otherwise: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (at, fs) in mine.iter().enumerate() {
        by_dir.entry(fs.dir.clone()).or_insert(at);
        if !spellings.contains(fs.dir.as_str()) {
            otherwise.entry(fs.clean_dir()).or_default().push_back(at);
        }
    }
    for fs in top {
        let same = by_dir.get(&fs.dir).copied();
        let other = otherwise.get_mut(&fs.clean_dir());
        let at = match (same, other) {
            (Some(same), Some(other)) if other.front().is_some_and(|at| *at < same) => other.pop_front(),
            (None, Some(other)) => other.pop_front(),
            (same, _) => same,
        };
        match at {
            Some(at) => mine[at] = fs.clone(),
            None => mine.push(fs.clone()),
        }
        by_dir.insert(fs.dir.clone(), at.unwrap_or(mine.len() - 1));
    }
}

fn overlay_resources(mine: &mut Resources, top: &Resources) {
    overlay_file_systems(&mut mine.fs, &top.fs);
    keyed(&mut mine.datasets, &top.datasets, |dataset| &dataset.name);
    keyed(&mut mine.devices, &top.devices, |device| &device.pattern);
    keyed(&mut mine.attrs, &top.attrs, |attr| &attr.name);
    keyed(&mut mine.rctls, &top.rctls, |rctl| &rctl.name);
    keyed(&mut mine.admins, &top.admins, |admin| &admin.user);
    nearer(&mut mine.capped_memory, &top.capped_memory);
    nearer(&mut mine.capped_cpu, &top.capped_cpu);
    nearer(&mut mine.dedicated_cpu, &top.dedicated_cpu);
    nearer(&mut mine.security_flags, &top.security_flags);
    mine.overlay_singles(top);
}
