//! A pool, `pools/NAME.kdl`: networks and the link to them.
//!
//! Invariant: every range, exclusion and reservation is inside the network that it is listed under.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::documents::document::{Kind, Reader};
use crate::kdl_util::{Node, Span};
use crate::schema::{At, ordered, parse_range};
use crate::value::address::{parse_address, parse_network};
use crate::value::name::PoolName;
use crate::value::source::{Source, Sourced};
use crate::value::words;

/// A pool of addresses.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Pool {
    /// Its name; the file's stem.
    pub name: PoolName,
    /// Its networks, in the order of allocation within a family.
    pub networks: Vec<PoolNetwork>,
    /// Link below the VNICs; for shared-IP zones, the link that gets the addresses.
    pub stub: Option<Sourced<String>>,
    /// The VLAN of its VNICs.
    pub vlan: Option<Sourced<u16>>,
    /// MTU of its VNICs.
    pub mtu: Option<Sourced<u32>>,
    /// Its name servers, for zones without any others.
    pub resolvers: Vec<Sourced<IpAddr>>,
    /// Strategy for choosing a free address.
    pub strategy: Strategy,
    /// Layer-2 segment, if the hosts of a fleet share the pool through a store.
    pub segment: Option<Sourced<String>>,
    /// Line of the pool.
    pub source: Source,
}

impl Pool {
    /// Returns a pool without networks.
    pub fn new(name: PoolName) -> Self {
        Pool {
            name,
            networks: Vec::new(),
            stub: None,
            vlan: None,
            mtu: None,
            resolvers: Vec::new(),
            strategy: Strategy::Lowest,
            segment: None,
            source: Source::none(),
        }
    }

    /// Returns the network of the pool that contains the address.
    pub fn network_of(&self, address: IpAddr) -> Option<&PoolNetwork> {
        self.networks.iter().find(|network| network.network.contains(&address))
    }

    /// Returns the shares of all its networks.
    pub fn shares(&self) -> impl Iterator<Item = &PoolShare> {
        self.networks.iter().flat_map(|network| &network.shares)
    }
}

/// The addresses of a network that one host of a fleet allocates from.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.init()?;
/// # std::fs::write(manager.root().join("pools/front.kdl"), r#"pool "front" {
/// #     network "10.2.0.0/24"
/// #     share "h1" "10.2.0.10" "10.2.0.59"
/// #     stub "stub1"
/// # }"#)?;
/// let pools = manager.pools()?;
/// let front = pools.iter().find(|pool| pool.name.as_str() == "front").expect("it was written");
/// let share: &PoolShare = front.shares().next().expect("it has one");
/// assert_eq!((share.host.as_str(), share.first.to_string().as_str()), ("h1", "10.2.0.10"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct PoolShare {
    /// Name of the host, as `host` in its config.kdl has it.
    pub host: String,
    /// First address.
    pub first: IpAddr,
    /// Last address, not below the first.
    pub last: IpAddr,
}

/// A network of a pool.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct PoolNetwork {
    /// The network, without host bits.
    pub network: IpNet,
    /// Its router, which may be link-local.
    pub gateway: Option<IpAddr>,
    /// First and last address of each range; none means the whole network.
    pub ranges: Vec<(IpAddr, IpAddr)>,
    /// The parts that hosts of a fleet allocate from. They do not overlap.
    pub shares: Vec<PoolShare>,
    /// First and last address of each excluded range.
    pub excludes: Vec<(IpAddr, IpAddr)>,
    /// Single addresses reserved for a zone or owner of this name.
    pub reserves: Vec<(IpAddr, String)>,
    /// Line of the network.
    pub source: Source,
}

impl PoolNetwork {
    /// Returns a network without settings.
    pub fn new(network: IpNet) -> Self {
        PoolNetwork {
            network,
            gateway: None,
            ranges: Vec::new(),
            shares: Vec::new(),
            excludes: Vec::new(),
            reserves: Vec::new(),
            source: Source::none(),
        }
    }
}

/// Strategy for choosing a free address.
///
/// ```
/// # use zmgr::*;
/// assert_eq!("next".parse(), Ok(Strategy::Next));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Strategy {
    /// The lowest one.
    #[default]
    Lowest,
    /// The first one after the newest entry's, wrapping around.
    Next,
}

impl Strategy {
    /// Returns its name in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Strategy::Lowest => "lowest",
            Strategy::Next => "next",
        }
    }
}

words!(Strategy: Strategy::Lowest, Strategy::Next);

impl Pool {
    /// Returns what it says as JSON, without the lines that the values stand on.
    pub fn to_json(&self) -> serde_json::Value {
        crate::documents::document::json::of(self)
    }
}

impl Kind for Pool {
    const FILE: Option<At> = Some(At::PoolFile);
    const OLDER: (&'static [&'static str], &'static str) = (&["range-start", "range-end", "addresses"], "range");

    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut pool = Pool {
            stub: reader.text_of(root, "stub"),
            vlan: reader.number(root, "vlan"),
            mtu: reader.number(root, "mtu"),
            resolvers: resolvers(root, reader),
            strategy: reader.parsed(root, "strategy").map(|strategy| strategy.value).unwrap_or_default(),
            segment: root
                .child("fleet")
                .and_then(|node| Some(reader.sourced(node, node.property_text("segment")?.to_owned()))),
            source: reader.source(root),
            ..Pool::new(root.text()?.parse().ok()?)
        };
        let mut whole = true;
        let mut blocks = Vec::new();
        let mut apart = Apart::new();
        for node in root.children_named("network") {
            match node.text().and_then(|text| parse_network(text).ok()).filter(|net| net.addr() == net.network()) {
                Some(network) => {
                    check_overlap(&mut apart, network, node, reader);
                    pool.networks.push(PoolNetwork { source: reader.source(node), ..PoolNetwork::new(network) });
                    blocks.push(node);
                }
                // Settings inside this network cannot be distinguished from settings in none.
                None => whole = false,
            }
        }
        for (at, node) in blocks.iter().enumerate() {
            let mut filler = Filler::new(&mut pool.networks[at..=at], true, true);
            filler.fill(node, reader);
        }
        let mut filler = Filler::new(&mut pool.networks, false, whole);
        filler.fill(root, reader);
        check_shares(root, reader);
        Some(pool)
    }

    fn encode(&self) -> Vec<Node> {
        self.encode_arranged(&Arrangement::default())
    }

    fn encode_like(&self, text: &[Node]) -> Vec<Node> {
        let root = text.iter().find(|node| node.name == "pool");
        self.encode_arranged(&root.map(|root| Arrangement::of(root, &self.networks)).unwrap_or_default())
    }
}

/// Settings of networks that are written beside the networks, not in their blocks.
#[derive(Default)]
struct Arrangement {
    /// Returns the nodes beside the networks, as zmgr writes them.
    beside: HashSet<String>,
    /// For each network and kind of node, true if some are beside the network, false if all are in its block.
    kinds: HashMap<(IpNet, String), bool>,
    /// Networks without a block, whose settings would all be beside them.
    bare: HashSet<IpNet>,
}

impl Arrangement {
    fn of(root: &Node, networks: &[PoolNetwork]) -> Self {
        const KINDS: [&str; 5] = ["gateway", "range", "share", "exclude", "reserve"];
        let mut found = Arrangement::default();
        let first = |node: &Node| parse_range(place(node)).ok().map(|(first, _)| first);
        for node in root.nodes().iter().filter(|node| KINDS.contains(&node.name.as_str())) {
            let Some(address) = first(node) else { continue };
            let mut family = networks.iter().filter(|each| each.network.addr().is_ipv4() == address.is_ipv4());
            let only = || family.next().filter(|_| family.next().is_none());
            let network = networks.iter().find(|each| each.network.contains(&address)).or_else(only);
            if let Some(network) = network {
                found.kinds.insert((network.network, node.name.clone()), true);
            }
            let each = node.arguments().map(|entry| key(&node.name, entry.value.as_text().unwrap_or_default()));
            found.beside.extend(each);
        }
        let any_beside = !found.beside.is_empty();
        for node in root.children_named("network") {
            let Some(network) = node.text().and_then(|text| parse_network(text).ok()) else { continue };
            for child in node.nodes() {
                found.kinds.entry((network, child.name.clone())).or_insert(false);
            }
            if node.children.is_none() && (networks.len() == 1 || any_beside) {
                found.bare.insert(network);
            }
        }
        found
    }

    fn is_beside(&self, network: IpNet, node: &Node) -> bool {
        self.beside.contains(&key(&node.name, place(node)))
            || match self.kinds.get(&(network, node.name.clone())) {
                Some(beside) => *beside,
                None => self.bare.contains(&network),
            }
    }
}

/// Returns the argument that says which network a setting belongs to.
fn place(node: &Node) -> &str {
    node.texts().nth(usize::from(node.name == "share")).unwrap_or_default()
}

/// Returns a node of this name with this first argument, in any spelling of its addresses.
fn key(name: &str, text: &str) -> String {
    match parse_range(text) {
        Ok((first, last)) => format!("{name} {first}-{last}"),
        Err(_) => format!("{name} {text}"),
    }
}

impl Pool {
    fn encode_arranged(&self, arrangement: &Arrangement) -> Vec<Node> {
        let mut inner = Vec::new();
        let mut beside = Vec::new();
        for network in &self.networks {
            let mut nodes = Vec::new();
            nodes.extend(network.gateway.map(|gateway| Node::new("gateway").arg(gateway.to_string())));
            nodes.extend(network.ranges.iter().map(|(a, b)| Node::new("range").arg(a.to_string()).arg(b.to_string())));
            nodes.extend(network.shares.iter().map(|share| {
                Node::new("share").arg(share.host.as_str()).arg(share.first.to_string()).arg(share.last.to_string())
            }));
            nodes.extend(
                network
                    .excludes
                    .iter()
                    .map(|(a, b)| Node::new("exclude").arg(if a == b { a.to_string() } else { format!("{a}-{b}") })),
            );
            nodes.extend(
                network
                    .reserves
                    .iter()
                    .map(|(address, whom)| Node::new("reserve").arg(address.to_string()).prop("for", whom.as_str())),
            );
            let node = Node::new("network").arg(network.network.to_string());
            let (out, within): (Vec<Node>, Vec<Node>) =
                nodes.into_iter().partition(|each| arrangement.is_beside(network.network, each));
            beside.extend(out);
            inner.push(if within.is_empty() { node } else { node.block(within) });
        }
        inner.extend(beside);
        inner.extend(self.stub.as_ref().map(|stub| Node::new("stub").arg(stub.as_str())));
        inner.extend(self.vlan.as_ref().map(|vlan| Node::new("vlan").arg(vlan.value)));
        inner.extend(self.mtu.as_ref().map(|mtu| Node::new("mtu").arg(mtu.value)));
        inner.extend(self.resolvers.iter().map(|address| Node::new("resolver").arg(address.to_string())));
        let next = self.strategy != Strategy::Lowest;
        inner.extend(self.segment.as_ref().map(|segment| Node::new("fleet").prop("segment", segment.as_str())));
        inner.extend(next.then(|| Node::new("strategy").arg(self.strategy.as_str())));
        vec![Node::new("pool").arg(self.name.as_str()).block(inner)]
    }
}

fn resolvers(root: &Node, reader: &Reader<'_>) -> Vec<Sourced<IpAddr>> {
    root.children_named("resolver")
        .flat_map(|node| node.texts().map(move |text| (node, text)))
        .filter_map(|(node, text)| Some(reader.sourced(node, parse_address(text).ok()?)))
        .collect()
}

fn check_overlap(apart: &mut Apart, network: IpNet, node: &Node, reader: &mut Reader<'_>) {
    let (first, last) = (network.network(), network.broadcast());
    let below = apart.range(..=first).next_back().filter(|(_, other)| other.broadcast() >= first);
    let above = apart.range(first..).next().filter(|(other, _)| **other <= last);
    match below.or(above).map(|(_, other)| *other) {
        // A repeated network is reported as a duplicate node.
        Some(other) if other == network => {}
        Some(other) => {
            let message = format!("networks {network} and {other} of the pool overlap");
            reader.faults.add("overlap", node.name_span, message);
        }
        None => {
            apart.insert(first, network);
        }
    }
}

/// Reports shares that overlap: two hosts would allocate the same address.
fn check_shares(root: &Node, reader: &mut Reader<'_>) {
    let bodies = std::iter::once(root).chain(root.children_named("network"));
    let shares = bodies.flat_map(|body| body.children_named("share"));
    let mut seen: BTreeMap<IpAddr, (IpAddr, &str)> = BTreeMap::new();
    for node in shares {
        let Some((host, first, last)) = share(node) else { continue };
        let Ok((first, last)) = ordered(first, last) else { continue };
        let before = seen.range(..=last).next_back().filter(|(_, (other_last, _))| *other_last >= first);
        match before {
            Some((other_first, (other_last, other))) => {
                let message = format!(
                    "the share {first} to {last} of host {host:?} overlaps {other_first} to {other_last} of host {other:?}"
                );
                reader.faults.add("overlap", node.name_span, message);
            }
            None => {
                seen.insert(first, (last, host));
            }
        }
    }
}

/// Returns the host and the ends of a `share` node.
fn share(node: &Node) -> Option<(&str, IpAddr, IpAddr)> {
    let mut texts = node.texts();
    let host = texts.next()?;
    Some((host, parse_address(texts.next()?).ok()?, parse_address(texts.next()?).ok()?))
}

/// Networks that do not overlap, by their first address.
type Apart = BTreeMap<IpAddr, IpNet>;

/// Assigns gateways, ranges, exclusions and reservations to the networks that contain them.
struct Filler<'p> {
    networks: &'p mut [PoolNetwork],
    /// True if the nodes are inside the block of the only network.
    within: bool,
    /// True if every network could be read.
    whole: bool,
    /// The networks by their first address.
    index: BTreeMap<IpAddr, usize>,
}

impl<'p> Filler<'p> {
    fn new(networks: &'p mut [PoolNetwork], within: bool, whole: bool) -> Self {
        let index = networks.iter().enumerate().map(|(at, network)| (network.network.network(), at)).collect();
        Filler { networks, within, whole, index }
    }

    /// Returns the network that contains an address.
    fn network_at(&self, address: IpAddr) -> Option<usize> {
        let (_, at) = self.index.range(..=address).next_back()?;
        self.networks[*at].network.contains(&address).then_some(*at)
    }

    fn fill(&mut self, body: &Node, reader: &mut Reader<'_>) {
        for node in body.nodes() {
            let text = node.text().unwrap_or_default();
            let span = node.arguments().next().map_or(node.name_span, |entry| entry.span);
            match node.name.as_str() {
                "gateway" => {
                    if let Ok(gateway) = parse_address(text) {
                        self.gateway(gateway, span, reader);
                    }
                }
                "range" => {
                    let ends: Vec<IpAddr> = node.texts().filter_map(|text| parse_address(text).ok()).collect();
                    if let [first, last] = ends[..] {
                        self.range(first, last, span, reader);
                    }
                }
                "share" => {
                    if let Some((host, first, last)) = share(node) {
                        self.share(host, first, last, node, reader);
                    }
                }
                "exclude" => {
                    for entry in node.arguments() {
                        let ends = entry.value.as_text().and_then(|text| parse_range(text).ok());
                        if let Some((first, last)) = ends
                            && let Some(network) = self.holder("exclude", first, last, entry.span, reader)
                        {
                            network.excludes.push((first, last));
                        }
                    }
                }
                "reserve" => {
                    if let (Ok(address), Some(whom)) = (parse_address(text), node.property_text("for"))
                        && let Some(network) = self.holder("reserve", address, address, span, reader)
                    {
                        network.reserves.push((address, whom.to_owned()));
                    }
                }
                "addresses" => {
                    for each in node.children_named("address") {
                        for entry in each.arguments() {
                            if let Some(address) = entry.value.as_text().and_then(|text| parse_address(text).ok())
                                && let Some(network) = self.holder("address", address, address, entry.span, reader)
                            {
                                network.ranges.push((address, address));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        self.older_range(body, reader);
    }

    /// `range-start` and `range-end`.
    fn older_range(&mut self, body: &Node, reader: &mut Reader<'_>) {
        let end =
            |name: &str| body.child(name).map(|node| (node, node.text().and_then(|text| parse_address(text).ok())));
        match (end("range-start"), end("range-end")) {
            (Some((node, Some(first))), Some((_, Some(last)))) => self.range(first, last, node.name_span, reader),
            (Some((node, _)), None) => {
                reader.faults.add("missing-node", node.name_span, "`range-start` needs `range-end`");
            }
            (None, Some((node, _))) => {
                reader.faults.add("missing-node", node.name_span, "`range-end` needs `range-start`");
            }
            _ => {}
        }
    }

    fn range(&mut self, first: IpAddr, last: IpAddr, span: Span, reader: &mut Reader<'_>) {
        match ordered(first, last) {
            Err(message) => reader.faults.add("bad-range", span, message),
            Ok((first, last)) => {
                if let Some(network) = self.holder("range", first, last, span, reader) {
                    network.ranges.push((first, last));
                }
            }
        }
    }

    fn share(&mut self, host: &str, first: IpAddr, last: IpAddr, node: &Node, reader: &mut Reader<'_>) {
        let span = node.arguments().nth(1).map_or(node.name_span, |entry| entry.span);
        match ordered(first, last) {
            Err(message) => reader.faults.add("bad-range", span, message),
            Ok((first, last)) => {
                if let Some(network) = self.holder("share", first, last, span, reader) {
                    network.shares.push(PoolShare { host: host.to_owned(), first, last });
                }
            }
        }
    }

    /// Returns the network that contains both ends.
    fn holder(
        &mut self,
        what: &str,
        first: IpAddr,
        last: IpAddr,
        span: Span,
        reader: &mut Reader<'_>,
    ) -> Option<&mut PoolNetwork> {
        let at = self.network_at(first).filter(|at| self.networks[*at].network.contains(&last));
        if at.is_none() && self.whole {
            let shown = if first == last { first.to_string() } else { format!("{first} to {last}") };
            let place = if self.within { "its network" } else { "the networks of the pool" };
            reader.faults.add("outside-network", span, format!("`{what}` {shown} is outside {place}"));
        }
        at.map(|at| &mut self.networks[at])
    }

    fn gateway(&mut self, gateway: IpAddr, span: Span, reader: &mut Reader<'_>) {
        let same_family = |network: &PoolNetwork| network.network.addr().is_ipv4() == gateway.is_ipv4();
        let link_local = matches!(gateway, IpAddr::V6(a) if a.is_unicast_link_local());
        let at = match self.network_at(gateway) {
            Some(at) => Some(at),
            // A link-local router serves the network beside it: the pool's only one of its family.
            None if link_local => {
                let mut mine = (0..self.networks.len()).filter(|at| same_family(&self.networks[*at]));
                mine.next().filter(|_| mine.next().is_none())
            }
            None => None,
        };
        let Some(at) = at else {
            if self.whole {
                let place = if self.within { "its network" } else { "the networks of the pool" };
                let message = format!("gateway {gateway} is outside {place}");
                match link_local {
                    true => reader.faults.add_with_help(
                        "bad-gateway",
                        span,
                        message,
                        "move it to the block of the network that it serves",
                    ),
                    false => reader.faults.add("bad-gateway", span, message),
                }
            }
            return;
        };
        let network = &mut self.networks[at];
        if network.gateway.is_some() {
            return reader.faults.add("duplicate-node", span, format!("a second gateway of {}", network.network));
        }
        let (first, last) = (network.network.network(), network.network.broadcast());
        let plain = match network.network {
            IpNet::V4(net) => net.prefix_len() < 31,
            IpNet::V6(_) => false,
        };
        if plain && (gateway == first || gateway == last) {
            return reader.faults.add(
                "bad-gateway",
                span,
                format!("{gateway} cannot be the address of a router of {}", network.network),
            );
        }
        network.gateway = Some(gateway);
    }
}
