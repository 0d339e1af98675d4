//! Whole hosts: simulated machines whose trees share a pool through a real etcd, and a checker that asks zmgr nothing.
//!
//! The checker reads the files of the trees and of the machines as text, and the store through the client. Three views must agree:
//! what entries hold, what the store has, and what the zones of the machines use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use zmgr::{Code, CreateOptions, DestroyOptions, Error, Manager, RecoverOptions, RunOptions, Store, StoreKey};

use crate::cluster::{Cluster, FLEET};
use crate::done;

/// A simulated host of the fleet.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
}

/// Settings that differ between fleets.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) endpoints: Vec<String>,
    /// Seconds until a call of the store fails.
    pub(crate) timeout: u64,
    /// Last address of the pool; the first is 10.1.0.10.
    pub(crate) last: &'static str,
    pub(crate) unique_names: bool,
}

impl Setup {
    pub(crate) fn of(cluster: &Cluster) -> Setup {
        Setup { endpoints: cluster.urls(), timeout: 10, last: "10.1.0.250", unique_names: true }
    }
}

impl Site {
    /// Makes a machine with a tree that is not yet in the fleet.
    pub(crate) fn alone(cluster: &Cluster, name: &str, setup: &Setup) -> Site {
        let site = Site { name: name.to_owned(), dir: cluster.path().join("hosts").join(name) };
        site.manager().init().unwrap();
        site.write_pool("", setup);
        let tls = site.path("tls");
        fs::create_dir_all(&tls).unwrap();
        let password = format!("{name}.password");
        for file in ["ca.pem", "host.pem", "host.key", &password] {
            fs::copy(cluster.path().join(file), tls.join(file)).unwrap();
        }
        site
    }

    /// Makes a member of the fleet.
    pub(crate) fn member(cluster: &Cluster, name: &str, setup: &Setup) -> Site {
        let site = Site::alone(cluster, name, setup);
        site.share(setup);
        site.manager().fleet_join(&mut RunOptions::new()).unwrap();
        site
    }

    pub(crate) fn members(cluster: &Cluster, count: usize, setup: &Setup) -> Vec<Site> {
        (1..=count).map(|n| Site::member(cluster, &format!("h{n}"), setup)).collect()
    }

    /// Names the store in config.kdl and shares the pool.
    pub(crate) fn share(&self, setup: &Setup) {
        let endpoints: Vec<String> = setup.endpoints.iter().map(|url| format!("{url:?}")).collect();
        let store = format!(
            "host \"{0}\"\nunique-names #{1}\nstore \"etcd\" {{\n    fleet \"{FLEET}\"\n    endpoint {2}\n    \
             tls ca=\"/etc/zmgr/tls/ca.pem\" cert=\"/etc/zmgr/tls/host.pem\" key=\"/etc/zmgr/tls/host.key\"\n    \
             user \"{0}\" password-file=\"/etc/zmgr/tls/{0}.password\"\n    timeout {3}\n}}\n",
            self.name,
            setup.unique_names,
            endpoints.join(" "),
            setup.timeout
        );
        self.edit("config.kdl", |text| format!("{store}{text}"));
        self.write_pool("    fleet segment=\"dmz\"\n", setup);
    }

    fn write_pool(&self, more: &str, setup: &Setup) {
        let pool = format!(
            "pool \"internal\" {{\n{more}    network \"10.1.0.0/16\"\n    gateway \"10.1.0.1\"\n    stub \"stub0\"\n    \
             range \"10.1.0.10\" \"{}\"\n}}\n",
            setup.last
        );
        fs::write(self.path("pools/internal.kdl"), pool).unwrap();
    }

    /// Opens the manager as a new process does.
    pub(crate) fn manager(&self) -> Manager {
        Manager::builder().simulate(&self.dir).store(zmgr_etcd::open).build().unwrap()
    }

    /// Path of a file of the tree.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.dir.join("etc/zmgr").join(file)
    }

    pub(crate) fn edit(&self, file: &str, change: impl Fn(String) -> String) {
        let path = self.path(file);
        fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
    }

    pub(crate) fn has_entry(&self, zone: &str) -> bool {
        self.path(&format!("zones/{zone}.kdl")).exists()
    }

    /// Creates a zone that is not booted; its address.
    pub(crate) fn create(&self, zone: &str) -> Result<String, Error> {
        self.create_at(zone, None)
    }

    pub(crate) fn create_at(&self, zone: &str, address: Option<&str>) -> Result<String, Error> {
        let mut options = CreateOptions::new().boot(false);
        if let Some(address) = address {
            options = options.address("internal", address.parse().unwrap());
        }
        let zone = self.manager().create(zone, &options, &mut RunOptions::new())?;
        Ok(zone.nets[0].addresses[0].address.addr().to_string())
    }

    pub(crate) fn destroy(&self, zone: &str) -> Result<(), Error> {
        let report = self.manager().destroy(&[zone], &DestroyOptions::new(), &mut RunOptions::new())?;
        report.into_result().map(drop)
    }

    pub(crate) fn allocate(&self, owner: &str, address: Option<&str>) -> Result<String, Error> {
        let wanted = address.map(|address| address.parse().unwrap());
        let given = self.manager().allocate("internal", owner, wanted, &mut RunOptions::new())?;
        Ok(given.addresses[0].address.addr().to_string())
    }

    pub(crate) fn release(&self, owner: &str) {
        self.manager().release("internal", owner, None, None, &mut RunOptions::new()).unwrap();
    }

    pub(crate) fn recover(&self) {
        let report = self.manager().recover(&[], &RecoverOptions::new(), &mut RunOptions::new()).unwrap();
        let failures: Vec<_> = report.failures().map(|(name, error)| format!("{name}: {error}")).collect();
        assert!(failures.is_empty(), "{}: {failures:?}", self.name);
    }

    /// Returns what each entry of the tree holds, by its id.
    pub(crate) fn held(&self) -> Held {
        let mut held = Held::new();
        let unique = fs::read_to_string(self.path("config.kdl")).unwrap().contains("unique-names #true");
        for directory in ["zones", "reservations"] {
            for file in fs::read_dir(self.path(directory)).into_iter().flatten() {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "kdl") {
                    let text = fs::read_to_string(&path).unwrap();
                    let state = value(&text, "state");
                    assert!(state.is_none_or(|state| state == "ready"), "{}: {state:?}", path.display());
                    let (id, keys) = keys_of(&text, unique).unwrap_or_else(|| panic!("{}: {text}", path.display()));
                    assert!(held.insert(id, keys).is_none(), "two entries of {} have one id", self.name);
                }
            }
        }
        held
    }

    /// Returns the addresses that the configurations of the machine's zones have.
    fn used(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for file in fs::read_dir(self.dir.join("etc/zones")).into_iter().flatten() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            for part in text.split("allowed-address=\"").skip(1) {
                let addresses = part.split('"').next().unwrap();
                used.extend(addresses.split(',').map(|address| address.split('/').next().unwrap().to_owned()));
            }
        }
        used
    }
}

/// Keys by the id of their entry.
pub(crate) type Held = BTreeMap<String, BTreeSet<String>>;

/// Returns the value of the first line of a file that sets a node.
fn value<'t>(text: &'t str, node: &str) -> Option<&'t str> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix(node)?.strip_prefix(" \""));
    lines.map(|rest| rest.split('"').next().unwrap()).next()
}

/// Returns the id of an entry and its keys.
fn keys_of(text: &str, unique: bool) -> Option<(String, BTreeSet<String>)> {
    let mut keys = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        let of = |node: &str| line.strip_prefix(node).map(|rest| rest.split('"').next().unwrap());
        if let Some(address) = of("address \"") {
            keys.insert(format!("ip/dmz/{}", address.split('/').next().unwrap()));
        } else if let Some(mac) = of("mac \"") {
            keys.insert(format!("mac/dmz/{mac}"));
        } else if let Some(name) = of("zone \"").filter(|name| unique && !name.starts_with("zmgr-golden-")) {
            keys.insert(format!("zone/{name}"));
        }
    }
    Some((value(text, "id")?.to_owned(), keys))
}

/// Requires that trees, machines and store agree, and that nothing is there twice or for nothing.
pub(crate) fn check(store: &dyn Store, sites: &[Site]) {
    let mut stored: BTreeMap<String, Held> = BTreeMap::new();
    for record in done(store.read("")) {
        match &record.key {
            StoreKey::Host(_) | StoreKey::Pool(_) => {}
            key => {
                let claim = record.claim().unwrap_or_else(|| panic!("{record:?}"));
                let of_host = stored.entry(claim.host.clone()).or_default();
                of_host.entry(claim.entry.to_string()).or_default().insert(key.to_string());
            }
        }
    }
    let mut holders: BTreeMap<String, &str> = BTreeMap::new();
    let mut users: BTreeMap<String, &str> = BTreeMap::new();
    for site in sites {
        let held: Held = site.held().into_iter().filter(|(_, keys)| !keys.is_empty()).collect();
        assert_eq!(held, stored.remove(&site.name).unwrap_or_default(), "the entries of {} and its claims", site.name);
        let keys: BTreeSet<String> = held.into_values().flatten().collect();
        for address in site.used() {
            assert!(keys.contains(&format!("ip/dmz/{address}")), "a zone of {} uses {address} unclaimed", site.name);
            if let Some(other) = users.insert(address.clone(), &site.name) {
                panic!("{address} is used on {other} and {}", site.name);
            }
        }
        for key in keys {
            if let Some(other) = holders.insert(key.clone(), &site.name) {
                panic!("{key} is held on {other} and {}", site.name);
            }
        }
    }
    assert!(stored.is_empty(), "claims of hosts that are not there: {stored:?}");
}

/// Copies a directory.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Requires an error of this code whose message has this text.
#[track_caller]
pub(crate) fn fails<T: std::fmt::Debug>(result: Result<T, Error>, code: Code, message: &str) {
    match result {
        Err(error) if error.code() == code && error.message().contains(message) => {}
        other => panic!("{other:?}"),
    }
}
