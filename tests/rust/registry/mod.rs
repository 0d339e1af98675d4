//! The registry: allocation, its errors, the derived index, concurrency, deaths.

mod allocation;
mod concurrency;
mod crash;
mod index;
mod model;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zmgr::internals::registry::{Allocation, HostUsage, Pools, Registry, Session, Tree, Wait, WriteHook};
use zmgr::{Document, Pool, Result};
use zmgr::{PoolName, ReservationName};

/// A tree in a directory of its own.
struct Site {
    root: tempfile::TempDir,
}

impl Site {
    fn new(pools: &[&str]) -> Site {
        let root = tempfile::tempdir().unwrap();
        for directory in ["pools", "zones", "reservations"] {
            std::fs::create_dir(root.path().join(directory)).unwrap();
        }
        let site = Site { root };
        for pool in pools {
            site.pool(pool);
        }
        site
    }

    fn path(&self) -> &Path {
        self.root.path()
    }

    /// Writes a pool's file; its name is the first quoted word.
    fn pool(&self, text: &str) {
        let name = text.split('"').nth(1).unwrap();
        std::fs::write(self.path().join(format!("pools/{name}.kdl")), text).unwrap();
    }

    fn zone(&self, name: &str, body: &str) {
        let text = format!("zone {name:?} {{\n{body}\n}}\n");
        std::fs::write(self.path().join(format!("zones/{name}.kdl")), text).unwrap();
    }

    fn names(&self, directory: &str) -> Vec<String> {
        names(&self.path().join(directory))
    }
}

/// The names in a directory, sorted; hidden ones too.
fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until files that are written from here on are newer than those written before: the clock of a file system moves in steps.
fn tick() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let written = || {
        std::fs::write(file.path(), "tick").unwrap();
        std::fs::metadata(file.path()).unwrap().modified().unwrap()
    };
    let before = written();
    while written() <= before {
        std::thread::yield_now();
    }
}

fn registry(root: &Path) -> Registry {
    Registry::new(Tree::new(root), "test", WriteHook::none())
}

fn pools(root: &Path) -> Arc<Pools> {
    let mut pools = BTreeMap::new();
    for file in names(&root.join("pools")) {
        let path = root.join("pools").join(file);
        let pool: Pool = Document::parse(&path, &std::fs::read(&path).unwrap()).unwrap().value;
        pools.insert(pool.name.clone(), pool);
    }
    Arc::new(Pools::new(pools, None))
}

/// Under the lock, and to the end of it.
fn within<T>(registry: &Registry, act: impl FnOnce(&mut Session<'_>) -> Result<T>) -> Result<T> {
    let host_usage = registry.last_host_usage().unwrap_or_default();
    host_zones(registry, host_usage, act)
}

fn host_zones<T>(
    registry: &Registry,
    host_usage: HostUsage,
    act: impl FnOnce(&mut Session<'_>) -> Result<T>,
) -> Result<T> {
    let mut wait = Wait::up_to(Duration::from_secs(60));
    let mut session = registry.reserving(pools(registry.tree().root()), host_usage, &mut wait)?;
    let answer = act(&mut session)?;
    session.commit()?;
    Ok(answer)
}

fn allocate(registry: &Registry, pool: &str, owner: &str, wanted: Option<&str>) -> Result<Allocation> {
    within(registry, |session| session.allocate(&pool_name(pool), &owner_name(owner), wanted.map(address)))
}

fn release(registry: &Registry, pool: &str, owner: &str, which: Option<&str>) -> Result<()> {
    within(registry, |session| session.release(&pool_name(pool), &owner_name(owner), which.map(address), None))
}

/// The addresses of an answer.
fn given(allocation: &Allocation) -> Vec<String> {
    allocation.addresses.iter().map(|a| a.address.to_string()).collect()
}

fn pool_name(name: &str) -> PoolName {
    PoolName::new(name).unwrap()
}

fn owner_name(name: &str) -> ReservationName {
    ReservationName::new(name).unwrap()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}
