//! One host's tree, reduced to what the comparison needs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use super::FleetZone;
use crate::documents::config::Config;
use crate::documents::document::{Document, Kind};
use crate::documents::pool::Pool;
use crate::documents::reservation::Reservation;
use crate::documents::settings::{EntryNet, Settings};
use crate::documents::template::Template;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::parallel;
use crate::registry::{Directory, Tree};
use crate::value::address::MacAddr;
use crate::value::name::{PoolName, ZoneName};
use crate::value::source::Source;

/// An address or MAC address of a holder on this host.
#[derive(Debug)]
pub(super) struct Claim {
    /// `zone "web01"` or `reservation "printer"`.
    pub(super) holder: String,
    /// The pool; claims in different pools never collide.
    pub(super) pool: PoolName,
    pub(super) what: Claimed,
    pub(super) source: Source,
}

/// An address or a MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claimed {
    Address(IpAddr),
    Mac(MacAddr),
}

/// The content of one tree.
#[derive(Debug)]
pub(super) struct HostTree {
    pub(super) host: String,
    pub(super) zones: Vec<FleetZone>,
    pub(super) pools: BTreeMap<PoolName, Pool>,
    pub(super) claims: Vec<Claim>,
    /// True if its config.kdl asks for zone names that exist once in the fleet.
    pub(super) unique_names: bool,
    /// Names of the zones that others are cloned from.
    pub(super) golden: BTreeSet<ZoneName>,
    /// Diagnostics of unreadable files.
    pub(super) unreadable: Vec<Diagnostic>,
}

impl HostTree {
    pub(super) fn read(root: &Path) -> Result<HostTree> {
        if !root.is_dir() {
            return Err(Error::new(Code::NotFound, format!("cannot read tree {root:?}: it is not a directory")));
        }
        let tree = Tree::new(root).of_anyone();
        let mut unreadable = Vec::new();
        let config = read_one::<Config>(&tree, &tree.config(), &mut unreadable).unwrap_or_default();
        let named = config.host.as_ref().map(|host| host.value.clone());
        let host = named.unwrap_or_else(|| root.display().to_string());
        let templates = read_all::<Template>(&tree, Directory::Templates, &mut unreadable)?;
        let layers = templates.iter().map(|template| &template.settings).chain([&config.defaults]);
        let golden = layers.filter_map(cloned_from).collect();
        let pools: Vec<Pool> = read_all(&tree, Directory::Pools, &mut unreadable)?;
        let pools = pools.into_iter().map(|pool| (pool.name.clone(), pool)).collect();
        let unique_names = config.unique_names;
        let (zones, claims) = (Vec::new(), Vec::new());
        let mut found = HostTree { host, zones, pools, claims, unique_names, golden, unreadable: Vec::new() };
        for entry in read_all::<ZoneEntry>(&tree, Directory::Zones, &mut unreadable)? {
            found.take_zone(&tree, &entry);
        }
        for reservation in read_all::<Reservation>(&tree, Directory::Reservations, &mut unreadable)? {
            let holder = format!("reservation {:?}", reservation.name.as_str());
            found.claims.extend(reservation.addresses.into_iter().map(|held| Claim {
                holder: holder.clone(),
                pool: held.pool,
                what: Claimed::Address(held.address),
                source: held.source,
            }));
        }
        found.unreadable = unreadable;
        Ok(found)
    }

    fn take_zone(&mut self, tree: &Tree, entry: &ZoneEntry) {
        let applied = entry.applied.iter().map(|applied| &applied.settings);
        self.golden.extend(applied.chain([&entry.settings]).filter_map(cloned_from));
        if entry.is_golden() {
            // It has no addresses, and the same name on every host with these install settings.
            return;
        }
        let applied = entry.applied.iter().flat_map(|applied| &applied.nets);
        let nets: Vec<&EntryNet> = entry.nets.iter().chain(applied).collect();
        let mut zone = FleetZone {
            host: self.host.clone(),
            name: entry.name.to_string(),
            id: entry.id.as_ref().map(ToString::to_string),
            template: entry.template_name().map(ToString::to_string),
            addresses: Vec::new(),
            macs: Vec::new(),
            file: tree.zone(&entry.name),
        };
        let holder = format!("zone {:?}", zone.name);
        for net in nets {
            for address in &net.addresses {
                if !zone.addresses.contains(&address.address) {
                    zone.addresses.push(address.address);
                }
                let pool = net.pool.clone().or_else(|| self.pool_of(address.address.addr()));
                self.claim(&holder, pool, Claimed::Address(address.address.addr()), &net.source);
            }
            if let Some(mac) = net.mac {
                if !zone.macs.contains(&mac) {
                    zone.macs.push(mac);
                }
                self.claim(&holder, net.pool.clone(), Claimed::Mac(mac), &net.source);
            }
        }
        self.zones.push(zone);
    }

    /// Adds a claim that this holder does not have yet. An address without a pool cannot be compared.
    fn claim(&mut self, holder: &str, pool: Option<PoolName>, what: Claimed, source: &Source) {
        let Some(pool) = pool else { return };
        let known = self.claims.iter().rev().take_while(|claim| claim.holder == holder);
        if !known.into_iter().any(|claim| claim.pool == pool && claim.what == what) {
            self.claims.push(Claim { holder: holder.to_owned(), pool, what, source: source.clone() });
        }
    }

    fn pool_of(&self, address: IpAddr) -> Option<PoolName> {
        self.pools.values().find(|pool| pool.network_of(address).is_some()).map(|pool| pool.name.clone())
    }
}

/// Returns the zone that these settings have a zone cloned from.
fn cloned_from(settings: &Settings) -> Option<ZoneName> {
    settings.clone_from.as_ref().map(|source| source.value.clone())
}

/// Reads an optional file; keeps its errors.
fn read_one<T: Kind>(tree: &Tree, path: &Path, unreadable: &mut Vec<Diagnostic>) -> Option<T> {
    let read = tree.read(path).and_then(|bytes| Document::<T>::parse(path, &bytes));
    match read {
        Ok(document) => Some(document.value),
        Err(error) if error.code() == Code::NotFound => None,
        Err(error) => {
            unreadable.extend(diagnostics(&error, path));
            None
        }
    }
}

fn read_all<T: Kind + Send>(tree: &Tree, kind: Directory, unreadable: &mut Vec<Diagnostic>) -> Result<Vec<T>> {
    let directory = tree.directory(kind);
    let names = tree.documents(kind)?;
    let read = parallel::each(&names, parallel::cores(), |name| {
        let mut wrong = Vec::new();
        (read_one::<T>(tree, &directory.join(name), &mut wrong), wrong)
    });
    let mut values = Vec::with_capacity(read.len());
    for (value, wrong) in read {
        values.extend(value);
        unreadable.extend(wrong);
    }
    Ok(values)
}

fn diagnostics(error: &Error, path: &Path) -> Vec<Diagnostic> {
    if !error.details().is_empty() {
        return error.details().to_vec();
    }
    let mut diagnostic = Diagnostic::new("unreadable", error.message());
    diagnostic.path = Some(path.to_owned());
    vec![diagnostic]
}
