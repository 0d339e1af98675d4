//! Finds who holds an address, a MAC address, a link or a name, and why.
//!
//! Invariant: only reads. Everything that keeps the allocator from giving something out is found, each reason with its line.

mod files;
mod host;
mod store;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use serde_json::json;

use super::config_tree::ConfigTree;
use super::context::Context;
use super::membership::Stores;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::dladm::parse_mac;
use crate::registry::{AddressStanding, Directory, Elsewhere, EntryKind, HostUsage, Registry, Snapshot, stem_of};
use crate::schema::did_you_mean;
use crate::value::address::MacAddr;
use crate::value::name::PoolName;
use crate::value::source::Source;

/// Answer to a search for an address, a MAC address, a link or a name.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let found: Found = manager.find("10.1.0.10")?;
/// let holding: &Holding = &found.holdings[0];
/// assert_eq!((holding.kind, holding.name.as_str()), (HolderKind::Zone, "web01"));
/// assert_eq!((holding.what, holding.why), (HeldKind::Address, HoldingReason::Desired));
/// println!("{}", holding.source);
///
/// let free = manager.find("10.1.0.99")?;
/// let place: &PoolPlace = &free.pools[0];
/// assert!(free.holdings.is_empty() && place.standing == AddressStanding::Free);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Search term, as zmgr writes it.
    pub query: String,
    /// Every holder and every reason, by holder.
    pub holdings: Vec<Holding>,
    /// For an address, what each pool whose networks contain it says of it.
    pub pools: Vec<PoolPlace>,
    /// Places that could not be searched: unreadable files, and as a warning a host that could not be queried.
    pub unknown: Vec<Diagnostic>,
    /// If nothing was found, a similar name or link that exists.
    pub similar: Option<String>,
}

/// A holder and one reason why it holds what was searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holding {
    /// Resource held.
    pub what: HeldKind,
    /// Kind of the holder.
    pub kind: HolderKind,
    /// Its name; for the host, its address object or link.
    pub name: String,
    /// The reason.
    pub why: HoldingReason,
    /// The net of a zone's file, or the segment of a claim in the store, if any.
    pub net: Option<String>,
    /// The link on the host, if any.
    pub link: Option<String>,
    /// For a claim in the store of the fleet, the host of the holder.
    pub host: Option<String>,
    /// The line; without a line for a whole file, empty for a fact of the running host and for a claim.
    pub source: Source,
}

/// Resource held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HeldKind {
    /// A name.
    Name,
    /// An address.
    Address,
    /// A MAC address.
    Mac,
    /// A link.
    Link,
}

/// Kind of a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HolderKind {
    /// A zone of the registry.
    Zone,
    /// A zone of the host that is not in the registry.
    HostZone,
    /// A reservation.
    Reservation,
    /// A pool.
    Pool,
    /// A template.
    Template,
    /// A publisher.
    Publisher,
    /// The host itself.
    Host,
}

/// Reason why something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HoldingReason {
    /// A file has this name.
    Named,
    /// The desired state in a file.
    Desired,
    /// State that zmgr last applied.
    Applied,
    /// The zone's configuration on the host.
    Configured,
    /// The running zone.
    Running,
    /// A reservation.
    Reservation,
    /// A `reserve` of a pool.
    Reserved,
    /// The gateway of a pool, or of a net.
    Gateway,
    /// VNICs are created over this link.
    Stub,
    /// The host itself has it.
    Host,
    /// An entry, perhaps of another host, has claimed it in the store of the fleet.
    Claimed,
}

impl HeldKind {
    /// Returns its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            HeldKind::Name => "name",
            HeldKind::Address => "address",
            HeldKind::Mac => "mac",
            HeldKind::Link => "link",
        }
    }
}

impl HolderKind {
    /// All kinds.
    pub const ALL: [HolderKind; 7] = [
        HolderKind::Zone,
        HolderKind::HostZone,
        HolderKind::Reservation,
        HolderKind::Pool,
        HolderKind::Template,
        HolderKind::Publisher,
        HolderKind::Host,
    ];

    /// Returns its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            HolderKind::Zone => "zone",
            HolderKind::HostZone => "host-zone",
            HolderKind::Reservation => "reservation",
            HolderKind::Pool => "pool",
            HolderKind::Template => "template",
            HolderKind::Publisher => "publisher",
            HolderKind::Host => "host",
        }
    }
}

impl HoldingReason {
    /// All reasons.
    pub const ALL: [HoldingReason; 11] = [
        HoldingReason::Named,
        HoldingReason::Desired,
        HoldingReason::Applied,
        HoldingReason::Configured,
        HoldingReason::Running,
        HoldingReason::Reservation,
        HoldingReason::Reserved,
        HoldingReason::Gateway,
        HoldingReason::Stub,
        HoldingReason::Host,
        HoldingReason::Claimed,
    ];

    /// Returns its name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            HoldingReason::Named => "named",
            HoldingReason::Desired => "desired",
            HoldingReason::Applied => "applied",
            HoldingReason::Configured => "configured",
            HoldingReason::Running => "running",
            HoldingReason::Reservation => "reservation",
            HoldingReason::Reserved => "reserved",
            HoldingReason::Gateway => "gateway",
            HoldingReason::Stub => "stub",
            HoldingReason::Host => "host",
            HoldingReason::Claimed => "claimed",
        }
    }
}

/// Status of an address in one of a pool's networks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolPlace {
    /// The pool.
    pub pool: PoolName,
    /// Status of the address: free, held, or the reason why it is never allocated.
    pub standing: AddressStanding,
    /// Line of the network.
    pub source: Source,
}

impl Found {
    /// Returns the answer as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "query": self.query,
            "holdings": self.holdings.iter().map(Holding::to_json).collect::<Vec<_>>(),
            "pools": self.pools.iter().map(PoolPlace::to_json).collect::<Vec<_>>(),
            "unknown": self.unknown.iter().map(Diagnostic::to_json).collect::<Vec<_>>(),
            "similar": self.similar,
        })
    }
}

impl Holding {
    /// Returns the holding as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "what": self.what.as_str(),
            "kind": self.kind.as_str(),
            "name": self.name,
            "why": self.why.as_str(),
            "net": self.net,
            "link": self.link,
            "host": self.host,
            "path": self.source.file.as_ref().map(|file| file.to_string_lossy()),
            "line": (self.source.line > 0).then_some(self.source.line),
        })
    }
}

impl PoolPlace {
    /// Returns the place as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "pool": self.pool.as_str(),
            "standing": self.standing.as_str(),
            "path": self.source.file.as_ref().map(|file| file.to_string_lossy()),
            "line": (self.source.line > 0).then_some(self.source.line),
        })
    }
}

/// Search term.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Query {
    Address(IpAddr),
    Mac([u8; 6]),
    /// A link, or the name of a zone, reservation, pool, template or publisher.
    Word(String),
}

impl Query {
    fn parse(text: &str) -> Result<Query> {
        if let Some(address) = address(text) {
            return Ok(Query::Address(address));
        }
        if let Some(mac) = parse_mac(text) {
            return Ok(Query::Mac(mac));
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if !text.is_empty() && text.chars().all(is_word) {
            return Ok(Query::Word(text.to_owned()));
        }
        Err(Error::new(Code::InvalidArgument, format!("cannot search for {text:?}: it is not an address or a name"))
            .with_help("name an address, a MAC address, a link, or a zone, reservation, pool, template or publisher"))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Query::Address(address) => address.fmt(f),
            Query::Mac(mac) => MacAddr::new(*mac).fmt(f),
            Query::Word(word) => f.write_str(word),
        }
    }
}

/// Parses an address with or without a prefix length.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse::<IpNet>().ok().map(|net| net.addr()))
}

/// Searches the files, the store of the fleet, and the host if there is one.
pub(crate) fn find(registry: &Registry, stores: &Stores, context: Option<&Context>, text: &str) -> Result<Found> {
    let query = Query::parse(text)?;
    let snapshot = registry.snapshot()?;
    let config_tree = ConfigTree::load(registry.tree())?;
    let files = files::search(registry.tree(), &snapshot, &query)?;
    let mut found = Found {
        query: query.to_string(),
        holdings: files.holdings,
        pools: Vec::new(),
        unknown: snapshot.unreadable().iter().flat_map(|unreadable| unreadable.faults.clone()).collect(),
        similar: None,
    };
    found.unknown.extend(files.unknown);
    let elsewhere = match store::search(registry, stores, &config_tree, &query) {
        Ok(claims) => {
            found.holdings.extend(claims.holdings);
            claims.elsewhere
        }
        Err(error) => {
            found.unknown.push(error.to_detail().warning());
            Elsewhere::default()
        }
    };
    let asked = match context {
        Some(context) => context.snapshot().and_then(|snapshots| {
            let holdings = host::search(context, &snapshots.host, &query, &|zone| is_registered(&snapshot, zone))?;
            Ok((holdings, snapshots))
        }),
        None => Err(Error::new(Code::UnsupportedHost, "this machine cannot manage zones")),
    };
    let mut links = Vec::new();
    let host_usage = match asked {
        Ok((holdings, snapshots)) => {
            found.holdings.extend(holdings);
            links.extend(snapshots.host.links.into_iter().map(|link| link.name));
            snapshots.host_usage
        }
        Err(error) if error.code() == Code::Cancelled => return Err(error),
        Err(error) => {
            found.unknown.push(super::addresses::host_unchecked(&error));
            registry.last_host_usage().unwrap_or_default().into()
        }
    };
    found.unknown.extend(host_usage.unread());
    if let Query::Address(address) = query {
        match places(registry, &config_tree, (host_usage, elsewhere), address) {
            Ok(places) => found.pools = places,
            Err(error) => found.unknown.push(error.to_detail()),
        }
    }
    found.holdings.sort_by(|a, b| order(a).cmp(&order(b)));
    found.holdings.dedup_by(|a, b| order(a) == order(b));
    if let (true, Query::Word(word)) = (found.holdings.is_empty(), &query) {
        found.similar = similar(registry, word, &links)?;
    }
    Ok(found)
}

type Order<'a> = (HeldKind, HolderKind, &'a str, HoldingReason, [Option<&'a str>; 3], u32);

fn order(holding: &Holding) -> Order<'_> {
    let parts = [&holding.host, &holding.net, &holding.link].map(Option::as_deref);
    (holding.what, holding.kind, &holding.name, holding.why, parts, holding.source.line)
}

fn is_registered(snapshot: &Snapshot, zone: &str) -> bool {
    let is_it = |file: &crate::registry::EntryFile| file.kind == EntryKind::Zone && file.name == zone;
    snapshot.entry(EntryKind::Zone, zone).is_some() || snapshot.unreadable().iter().any(|each| is_it(&each.file))
}

/// Returns what each pool that contains the address says of it.
fn places(
    registry: &Registry,
    config_tree: &ConfigTree,
    (host_usage, elsewhere): (Arc<HostUsage>, Elsewhere),
    address: IpAddr,
) -> Result<Vec<PoolPlace>> {
    let pools = config_tree.pools.values().filter_map(|pool| Some((pool, pool.network_of(address)?)));
    let pools: Vec<_> = pools.map(|(pool, network)| (pool.name.clone(), network.source.clone())).collect();
    if pools.is_empty() {
        return Ok(Vec::new());
    }
    let mut allocator = registry.allocator(config_tree.pools.clone(), host_usage)?;
    allocator.set_elsewhere(elsewhere.into());
    let place = |(pool, source): (PoolName, Source)| {
        let standing = allocator.standing(&pool, address)?;
        Ok(PoolPlace { pool, standing, source })
    };
    pools.into_iter().map(place).collect()
}

/// Returns the name or link that is most similar to a word.
fn similar(registry: &Registry, word: &str, links: &[String]) -> Result<Option<String>> {
    let mut known = links.to_vec();
    for directory in Directory::ALL {
        let files = registry.tree().documents(directory)?;
        known.extend(files.iter().filter_map(|file| stem_of(file)).map(str::to_owned));
    }
    Ok(did_you_mean(word, known.iter().map(String::as_str)).map(str::to_owned))
}
