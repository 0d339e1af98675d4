//! Merges layers.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::documents::resources::{Fs, Resources};
use crate::documents::settings::{EntryNet, Install, Settings, Without};
use crate::value::source::Sourced;

/// Nodes that `without` drops by their key.
const KEYED: [&str; 7] = ["net", "fs", "dataset", "device", "attr", "rctl", "admin"];

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
            "tag" => drop_of_list(&mut settings.tags, key),
            "after" => drop_of_list(&mut settings.after, key),
            "zonecfg" => drop_of_list(&mut settings.zonecfg, key),
            "capped-memory" => resources.capped_memory = None,
            "capped-cpu" => resources.capped_cpu = None,
            "dedicated-cpu" => resources.dedicated_cpu = None,
            "cpu-shares" => resources.cpu_shares = None,
            "max-lwps" => resources.max_lwps = None,
            "max-processes" => resources.max_processes = None,
            "max-shm-memory" => resources.max_shm_memory = None,
            "max-shm-ids" => resources.max_shm_ids = None,
            "max-msg-ids" => resources.max_msg_ids = None,
            "max-sem-ids" => resources.max_sem_ids = None,
            "hostid" => resources.hostid = None,
            "bootargs" => resources.bootargs = None,
            "limitpriv" => resources.limitpriv = None,
            "scheduling-class" => resources.scheduling_class = None,
            "fs-allowed" => drop_of_list(&mut resources.fs_allowed, key),
            "resource-pool" => resources.resource_pool = None,
            "security-flags" => resources.security_flags = None,
            _ => {}
        }
    }
}

fn nearer<T: Clone>(mine: &mut Option<Sourced<T>>, top: &Option<Sourced<T>>) {
    if top.is_some() {
        mine.clone_from(top);
    }
}

fn drop_of_list<T: AsRef<str>>(list: &mut Option<Sourced<Vec<T>>>, key: Option<&str>) {
    match key {
        None => *list = None,
        Some(key) => {
            if let Some(list) = list {
                list.value.retain(|word| word.as_ref() != key);
            }
        }
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

fn overlay_resources(mine: &mut Resources, top: &Resources) {
    for fs in &top.fs {
        // The same mount point in two layers is one file system; within one layer, it is refused later.
        let same = |other: &&mut Sourced<Fs>| {
            other.dir == fs.dir
                || other.clean_dir() == fs.clean_dir() && !top.fs.iter().any(|twin| twin.dir == other.dir)
        };
        match mine.fs.iter_mut().find(same) {
            Some(mine) => *mine = fs.clone(),
            None => mine.fs.push(fs.clone()),
        }
    }
    keyed(&mut mine.datasets, &top.datasets, |dataset| &dataset.name);
    keyed(&mut mine.devices, &top.devices, |device| &device.pattern);
    keyed(&mut mine.attrs, &top.attrs, |attr| &attr.name);
    keyed(&mut mine.rctls, &top.rctls, |rctl| &rctl.name);
    keyed(&mut mine.admins, &top.admins, |admin| &admin.user);
    nearer(&mut mine.capped_memory, &top.capped_memory);
    nearer(&mut mine.capped_cpu, &top.capped_cpu);
    nearer(&mut mine.dedicated_cpu, &top.dedicated_cpu);
    nearer(&mut mine.cpu_shares, &top.cpu_shares);
    nearer(&mut mine.max_lwps, &top.max_lwps);
    nearer(&mut mine.max_processes, &top.max_processes);
    nearer(&mut mine.max_shm_memory, &top.max_shm_memory);
    nearer(&mut mine.max_shm_ids, &top.max_shm_ids);
    nearer(&mut mine.max_msg_ids, &top.max_msg_ids);
    nearer(&mut mine.max_sem_ids, &top.max_sem_ids);
    nearer(&mut mine.hostid, &top.hostid);
    nearer(&mut mine.bootargs, &top.bootargs);
    nearer(&mut mine.limitpriv, &top.limitpriv);
    nearer(&mut mine.scheduling_class, &top.scheduling_class);
    nearer(&mut mine.fs_allowed, &top.fs_allowed);
    nearer(&mut mine.resource_pool, &top.resource_pool);
    nearer(&mut mine.security_flags, &top.security_flags);
}
