//! A pool, `pools/NAME.kdl`: networks and the link that leads to them.
//!
//! Invariant: every range, exclusion and reservation lies in the network that it is listed under.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::name::PoolName;
use crate::settings::words;
use crate::source::{Source, Sourced};

/// A pool of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pool {
    /// Its name; the file's stem.
    pub name: PoolName,
    /// Its networks, in the order in which those of one family are tried.
    pub networks: Vec<PoolNetwork>,
    /// The link that VNICs are made over; on a shared stack, the link that gets the addresses.
    pub stub: Option<Sourced<String>>,
    /// The VLAN of its VNICs.
    pub vlan: Option<Sourced<u16>>,
    /// The largest packet.
    pub mtu: Option<Sourced<u32>>,
    /// Its name servers, for zones that nobody gives others.
    pub resolvers: Vec<Sourced<IpAddr>>,
    /// Which free address is given next.
    pub strategy: Strategy,
    /// Where it begins.
    pub source: Source,
}

impl Pool {
    /// A pool without networks.
    pub fn new(name: PoolName) -> Self {
        Pool {
            name,
            networks: Vec::new(),
            stub: None,
            vlan: None,
            mtu: None,
            resolvers: Vec::new(),
            strategy: Strategy::Lowest,
            source: Source::none(),
        }
    }

    /// The network of the pool that the address lies in.
    pub fn network_of(&self, address: IpAddr) -> Option<&PoolNetwork> {
        self.networks.iter().find(|network| network.network.contains(&address))
    }
}

/// One network of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolNetwork {
    /// The network, without host bits.
    pub network: IpNet,
    /// Its router, which may be link-local.
    pub gateway: Option<IpAddr>,
    /// First and last address of each range; none means the whole network.
    pub ranges: Vec<(IpAddr, IpAddr)>,
    /// First and last address of what is never given.
    pub excludes: Vec<(IpAddr, IpAddr)>,
    /// Single addresses kept for a zone or owner of this name.
    pub reserves: Vec<(IpAddr, String)>,
    /// Where it was written.
    pub source: Source,
}

impl PoolNetwork {
    /// The whole of a network.
    pub fn new(network: IpNet) -> Self {
        PoolNetwork {
            network,
            gateway: None,
            ranges: Vec::new(),
            excludes: Vec::new(),
            reserves: Vec::new(),
            source: Source::none(),
        }
    }
}

/// Which free address a pool gives next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Strategy {
    /// The lowest.
    #[default]
    Lowest,
    /// The first one after the newest entry's, beginning again at the end.
    Next,
}

impl Strategy {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Strategy::Lowest => "lowest",
            Strategy::Next => "next",
        }
    }
}

words!(Strategy: Strategy::Lowest, Strategy::Next);
