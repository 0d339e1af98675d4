//! Invariants of a machine whatever was done to it, read from the machine's own files and never asked of zmgr.
//!
//! Two questions: does anything have what something else has ([`doubles`]), and is anything gone or down that an operation had
//! no right to touch ([`Holdings`])?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A layer-2 network: the link below, and the VLAN.
type Segment = (String, u32);

/// Returns a sentence for each address, link or MAC address that two holders have in one segment, and for each dataset that is
/// delegated to two zones, or mounted in one and delegated to another or mounted there too.
pub(crate) fn doubles(root: &Path) -> BTreeSet<String> {
    let links = links(root);
    let mut addresses: BTreeMap<(Segment, String), BTreeSet<String>> = BTreeMap::new();
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut hold = |holder: &str, link: &str, address: &str| {
        let segment = links.get(link).map_or_else(|| (link.to_owned(), 0), |link| link.segment.clone());
        let bare = address.split('/').next().unwrap_or(address).to_owned();
        addresses.entry((segment, bare)).or_default().insert(holder.to_owned());
    };
    for (zone, nets) in configured(root).into_iter().chain(running(root)) {
        for net in nets {
            net.addresses.iter().for_each(|address| hold(&zone, &net.link, address));
            if net.exclusive {
                users.entry(net.link).or_default().insert(zone.clone());
            }
        }
    }
    let pools = pools(root);
    for (name, reserved) in reservations(root) {
        for (pool, address) in reserved {
            if let Some(segment) = pools.get(&pool) {
                addresses.entry((segment.clone(), address)).or_default().insert(format!("reservation {name}"));
            }
        }
    }
    let mut macs: BTreeMap<(Segment, String), BTreeSet<String>> = BTreeMap::new();
    for (name, link) in &links {
        if let Some(mac) = &link.mac {
            macs.entry((link.segment.clone(), mac.clone())).or_default().insert(name.clone());
        }
    }
    let mut found = delegated_twice(root);
    for (((over, vlan), address), holders) in addresses {
        if holders.len() > 1 {
            found.insert(format!("{address} on {over} vlan {vlan}: {holders:?}"));
        }
    }
    for (link, zones) in users {
        if zones.len() > 1 {
            found.insert(format!("link {link}: {zones:?}"));
        }
    }
    for (((over, vlan), mac), links) in macs {
        if links.len() > 1 {
            found.insert(format!("mac {mac} on {over} vlan {vlan}: {links:?}"));
        }
    }
    found
}

/// Returns each address that a zone is configured with on a link that is not there, with the zone. It belongs to a segment again
/// once the link is made again, which gives it to no other zone.
pub(crate) fn without_link(root: &Path) -> BTreeSet<(String, String)> {
    let links = links(root);
    let mut found = BTreeSet::new();
    for (zone, nets) in configured(root) {
        for net in nets.into_iter().filter(|net| !links.contains_key(&net.link)) {
            let bare = |address: &String| address.split('/').next().unwrap_or_default().to_owned();
            found.extend(net.addresses.iter().map(|address| (bare(address), zone.clone())));
        }
    }
    found
}

/// Returns a sentence for each pair of zones that have the same dataset, or one of which has a part of the other's.
fn delegated_twice(root: &Path) -> BTreeSet<String> {
    let mut delegated: Vec<(String, String)> = Vec::new();
    for (zone, document) in documents(root) {
        delegated.extend(document.datasets.into_iter().map(|dataset| (format!("{dataset}/"), zone.clone())));
    }
    delegated.sort();
    let mut found = mounted_twice(root, &delegated);
    for (n, (outer, zone)) in delegated.iter().enumerate() {
        let within = delegated[n + 1..].iter().take_while(|(inner, _)| inner.starts_with(outer));
        let others = within.filter(|(_, other)| other != zone);
        found.extend(others.map(|(inner, other)| format!("dataset {outer} of {zone}, and {inner} of {other}")));
    }
    found
}

/// Returns a sentence for each dataset that is mounted in a zone, by an `fs` of type zfs, and used by another.
fn mounted_twice(root: &Path, delegated: &[(String, String)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut mounted: BTreeMap<String, String> = BTreeMap::new();
    for (zone, document) in documents(root) {
        for dataset in document.mounted {
            let mine = format!("{dataset}/");
            for (theirs, other) in delegated.iter().filter(|(outer, other)| mine.starts_with(outer) && *other != zone) {
                found.insert(format!("dataset {theirs} of {other}, and {dataset} is mounted in {zone}"));
            }
            if let Some(other) = mounted.insert(dataset.clone(), zone.clone()) {
                found.insert(format!("dataset {dataset} is mounted in {other} and in {zone}"));
            }
        }
    }
    found
}

/// A net of a zone, as configured or as it runs.
struct Net {
    link: String,
    exclusive: bool,
    addresses: Vec<String>,
}

/// A link of the machine.
struct Link {
    segment: Segment,
    mac: Option<String>,
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn entries(directory: PathBuf) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// The first word behind `key` in a record of lines `KEY VALUE`.
fn field<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))
}

fn links(root: &Path) -> BTreeMap<String, Link> {
    let mut links = BTreeMap::new();
    for path in entries(root.join("etc/dladm/datalinks")) {
        let (name, text) = (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path));
        let over = field(&text, "over").map(str::to_owned);
        let vlan = field(&text, "vid").and_then(|vid| vid.parse().ok()).unwrap_or(0);
        let mac = over.as_ref().and(field(&text, "mac")).map(str::to_owned);
        links.insert(name.clone(), Link { segment: (over.unwrap_or(name), vlan), mac });
    }
    links
}

/// Holdings in a zone's configuration.
struct Configured {
    nets: Vec<Net>,
    datasets: Vec<String>,
    /// Sources of its file systems of type zfs.
    mounted: Vec<String>,
}

fn configured(root: &Path) -> Vec<(String, Vec<Net>)> {
    documents(root).into_iter().map(|(zone, document)| (zone, document.nets)).collect()
}

/// The configurations of the zones that the host lists.
fn documents(root: &Path) -> Vec<(String, Configured)> {
    let index = read(root.join("etc/zones/index"));
    let listed: BTreeSet<&str> = index.lines().filter_map(|line| line.split(':').next()).collect();
    let mut zones = Vec::new();
    for path in entries(root.join("etc/zones")) {
        let name = stem(&path);
        if path.extension().is_none_or(|extension| extension != "xml") || !listed.contains(name.as_str()) {
            continue;
        }
        let text = read(&path);
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
        let Ok(document) = roxmltree::Document::parse_with_options(&text, options) else { continue };
        let exclusive = document.root_element().attribute("ip-type") == Some("exclusive");
        let nets = document.root_element().children().filter(|node| node.has_tag_name("network"));
        let nets = nets.map(|net| Net {
            link: net.attribute("physical").unwrap_or_default().to_owned(),
            exclusive,
            addresses: [net.attribute("allowed-address"), net.attribute("address")]
                .into_iter()
                .flatten()
                .flat_map(|text| text.split(','))
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .collect(),
        });
        let datasets = document.root_element().children().filter(|node| node.has_tag_name("dataset"));
        let datasets = datasets.filter_map(|node| node.attribute("name").map(str::to_owned)).collect();
        let mounted = document.root_element().children().filter(|node| node.has_tag_name("filesystem"));
        let mounted = mounted.filter(|node| node.attribute("type") == Some("zfs"));
        let mounted = mounted.filter_map(|node| node.attribute("special").map(str::to_owned)).collect();
        zones.push((name, Configured { nets: nets.collect(), datasets, mounted }));
    }
    zones
}

/// The zones that run, with the links and addresses that they run with.
fn running(root: &Path) -> Vec<(String, Vec<Net>)> {
    let mut zones = Vec::new();
    for path in entries(root.join("var/run/zones")) {
        if path.extension().is_none_or(|extension| extension != "kernel") {
            continue;
        }
        let text = read(&path);
        let exclusive = field(&text, "ip-type") == Some("exclusive");
        let mut nets: Vec<Net> = Vec::new();
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("link", link)) => nets.push(Net { link: link.to_owned(), exclusive, addresses: Vec::new() }),
                Some(("address", address)) => {
                    if let Some(net) = nets.last_mut() {
                        net.addresses.push(address.to_owned());
                    }
                }
                _ => {}
            }
        }
        zones.push((stem(&path), nets));
    }
    zones
}

/// The first quoted word behind a node's name on a line of its own.
fn quoted<'t>(line: &'t str, node: &str) -> Option<&'t str> {
    line.trim_start().strip_prefix(node)?.strip_prefix(" \"")?.split('"').next()
}

fn pools(root: &Path) -> BTreeMap<String, Segment> {
    let mut pools = BTreeMap::new();
    for path in entries(root.join("etc/zmgr/pools")) {
        let text = read(&path);
        let stub = text.lines().find_map(|line| quoted(line, "stub")).unwrap_or_default().to_owned();
        let vlan = text.lines().find_map(|line| line.trim_start().strip_prefix("vlan ")?.trim().parse().ok());
        pools.insert(stem(&path), (stub, vlan.unwrap_or(0)));
    }
    pools
}

fn reservations(root: &Path) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    for path in entries(root.join("etc/zmgr/reservations")) {
        if path.extension().is_none_or(|extension| extension != "kdl") || stem(&path).starts_with('.') {
            continue;
        }
        let held = |line: &str| {
            let address = quoted(line, "address")?.to_owned();
            let pool = line.split("pool=\"").nth(1)?.split('"').next()?.to_owned();
            Some((pool, address))
        };
        found.push((stem(&path), read(&path).lines().filter_map(held).collect()));
    }
    found
}

/// The data and the running zones of a machine at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// By guid, the name of each dataset that is not a snapshot.
    pub(crate) datasets: BTreeMap<String, String>,
    /// Files of people: everything named `precious` anywhere below the machine's root.
    pub(crate) precious: BTreeSet<PathBuf>,
    /// Zones that run.
    pub(crate) running: BTreeSet<String>,
}

impl Holdings {
    pub(crate) fn of(root: &Path) -> Holdings {
        let mut holdings = Holdings { running: active(root), ..Holdings::default() };
        datasets(&root.join("etc/zfs"), &root.join("etc/zfs"), &mut holdings.datasets);
        precious(root, root, &mut holdings.precious);
        holdings
    }
}

/// The zones that the kernel says run.
pub(crate) fn active(root: &Path) -> BTreeSet<String> {
    let runs = |path: &PathBuf| field(&read(path), "state") == Some("running");
    let kernels = entries(root.join("var/run/zones"));
    kernels
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "kernel"))
        .filter(runs)
        .map(|p| stem(&p))
        .collect()
}

fn datasets(top: &Path, directory: &Path, found: &mut BTreeMap<String, String>) {
    for path in entries(directory.to_owned()) {
        // The record of a dataset begins with `@`, and so do its files while it is not mounted.
        let is_record = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('@'));
        if path.is_dir() && !is_record {
            let record = read(path.join("@"));
            let name = path.strip_prefix(top).unwrap().to_string_lossy().into_owned();
            let guid = field(&record, "guid").map_or_else(|| name.clone(), str::to_owned);
            found.insert(guid, name);
            datasets(top, &path, found);
        }
    }
}

fn precious(top: &Path, directory: &Path, found: &mut BTreeSet<PathBuf>) {
    for path in entries(directory.to_owned()) {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("@@")) {
            // Copies in a snapshot, which go with it.
        } else if path.is_dir() && !path.is_symlink() {
            precious(top, &path, found);
        } else if path.file_name().is_some_and(|name| name == "precious") {
            found.insert(path.strip_prefix(top).unwrap().to_owned());
        }
    }
}
