//! MAC addresses and interface addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};

/// A MAC address. It prints as dladm does, `2:8:20:7d:1e:9f`, without leading zeros.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let mac: MacAddr = "02:08:20:0a:0b:0c".parse()?;
/// assert_eq!(mac.to_string(), "2:8:20:a:b:c", "as illumos prints it");
/// assert!(MacAddr::random()?.is_unicast());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddr([u8; 6]);

impl MacAddr {
    /// Returns one from its bytes.
    pub const fn new(bytes: [u8; 6]) -> Self {
        MacAddr(bytes)
    }

    /// Returns a random one: unicast, locally administered, the other 46 bits random. `internal` if the system gives no random
    /// bytes.
    pub fn random() -> Result<Self> {
        Self::random_below(None)
    }

    /// Returns a random one that begins with this prefix.
    pub(crate) fn random_below(prefix: Option<&MacPrefix>) -> Result<Self> {
        let mut bytes = [0; 6];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::new(Code::Internal, format!("the system gives no random bytes: {error}")))?;
        match prefix {
            Some(prefix) => bytes[..prefix.0.len()].copy_from_slice(&prefix.0),
            None => bytes[0] = bytes[0] & 0xfc | 2,
        }
        Ok(MacAddr(bytes))
    }

    /// Returns its bytes.
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// Returns true if a single station can have it: neither a group address nor all zeros.
    pub fn is_unicast(self) -> bool {
        self.0[0] & 1 == 0 && self.0 != [0; 6]
    }
}

/// The first bytes of the MAC addresses that zmgr chooses: one to five of them, such as `2:8:20`.
///
/// ```
/// # use zmgr::*;
/// let prefix: MacPrefix = "02:08:20".parse()?;
/// assert_eq!(prefix.to_string(), "2:8:20", "as illumos prints it");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct MacPrefix(Vec<u8>);

impl From<MacPrefix> for String {
    fn from(prefix: MacPrefix) -> String {
        prefix.to_string()
    }
}

impl fmt::Display for MacPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<String> = self.0.iter().map(|byte| format!("{byte:x}")).collect();
        f.write_str(&bytes.join(":"))
    }
}

/// The error is a sentence.
impl FromStr for MacPrefix {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let byte = |part: &str| {
            let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
            digits.then(|| u8::from_str_radix(part, 16).ok()).flatten()
        };
        match text.split(':').map(byte).collect::<Option<Vec<u8>>>() {
            Some(bytes) if bytes.len() > 5 => {
                Err(format!("{text:?} has {} bytes: at most 5 leave room for different addresses", bytes.len()))
            }
            Some(bytes) if bytes[0] & 1 == 1 => Err(format!("{text:?} begins a group address: its first byte is odd")),
            Some(bytes) => Ok(MacPrefix(bytes)),
            None => Err(format!(
                "{text:?} is not a MAC prefix: expected one to five hexadecimal bytes with colons, such as 2:8:20"
            )),
        }
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{g:x}")
    }
}

impl FromStr for MacAddr {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(
                Code::InvalidArgument,
                format!(
                    "invalid MAC address {:?}: expected six hexadecimal bytes with colons, such as 2:8:20:7d:1e:9f",
                    text
                ),
            )
        };
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().ok_or_else(wrong)?;
            if part.is_empty() || part.len() > 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(wrong());
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| wrong())?;
        }
        if parts.next().is_some() {
            return Err(wrong());
        }
        Ok(MacAddr(bytes))
    }
}

impl TryFrom<String> for MacAddr {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<MacAddr> for String {
    fn from(mac: MacAddr) -> String {
        mac.to_string()
    }
}

/// An interface address with its prefix length (host bits kept), and the gateway of its network.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let address = NetAddress::new("10.1.0.10/24".parse()?, Some("10.1.0.1".parse()?));
/// assert_eq!(address.address.prefix_len(), 24);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NetAddress {
    /// The address with the prefix length of its network.
    pub address: IpNet,
    /// The router, which may be link-local.
    pub gateway: Option<IpAddr>,
}

/// Returns what an address is that no interface can have, in any network.
fn reserved(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) if ip.is_broadcast() => Some("the broadcast address"),
        IpAddr::V4(ip) if ip.octets()[0] == 0 => Some("not the address of a host"),
        IpAddr::V4(ip) if ip.octets()[0] >= 240 => Some("a reserved address"),
        IpAddr::V6(ip) if ip.is_unspecified() => Some("not the address of a host"),
        IpAddr::V6(ip) if ip.is_unicast_link_local() => {
            Some("link-local, and every interface has such an address already")
        }
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some() => Some("an IPv4 address written as IPv6"),
        ip if ip.is_multicast() => Some("a multicast address"),
        ip if ip.is_loopback() => Some("a loopback address"),
        _ => None,
    }
}

/// Shortest prefix of a pool's network. A shorter one spans networks of several owners: all their addresses would be on the link,
/// and none of them could be reached through the gateway.
const SHORTEST_PREFIX: u8 = 8;

/// Returns why no pool can have this network.
pub(crate) fn unusable_network(net: &IpNet) -> Option<String> {
    if net.prefix_len() < SHORTEST_PREFIX {
        return Some(format!("{net} is not the network of one link: its prefix is shorter than /{SHORTEST_PREFIX}"));
    }
    reserved(net.network()).map(|what| format!("{net} has no addresses for interfaces: {} is {what}", net.network()))
}

/// Returns why no interface can have this address, or why its gateway cannot be reached.
pub(crate) fn misuse(address: &NetAddress) -> Option<String> {
    let (ip, prefix) = (address.address.addr(), address.address.prefix_len());
    let in_network = || match ip {
        IpAddr::V4(_) if prefix < 31 && ip == address.address.network() => Some("the address of the network itself"),
        IpAddr::V4(_) if prefix < 31 && ip == address.address.broadcast() => {
            Some("the broadcast address of its network")
        }
        _ => None,
    };
    if let Some(what) = reserved(ip).or_else(in_network) {
        return Some(format!("{} is {what}", address.address));
    }
    let gateway = address.gateway?;
    let link_local = matches!(gateway, IpAddr::V6(ip) if ip.is_unicast_link_local());
    if gateway == ip {
        return Some(format!("{gateway} is both the address and its gateway"));
    }
    // A host route has no network that the gateway could be in.
    let single = prefix == address.address.max_prefix_len();
    if gateway.is_ipv4() != ip.is_ipv4() || !(link_local || single || address.address.contains(&gateway)) {
        return Some(format!("gateway {gateway} is outside the network of {}", address.address));
    }
    let net = address.address;
    if gateway.is_ipv4() && prefix < 31 && (gateway == net.network() || gateway == net.broadcast()) {
        return Some(format!("gateway {gateway} of {net} cannot be the address of a router"));
    }
    None
}

impl NetAddress {
    /// Returns an address with its router.
    pub fn new(address: IpNet, gateway: Option<IpAddr>) -> Self {
        NetAddress { address, gateway }
    }
}

/// Parses an address as `std::net` does (no leading zeros); fails with a readable sentence.
pub(crate) fn parse_address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| match text {
        _ if text.contains('/') && parse_network(text).is_ok() => {
            format!("{text:?} has a prefix length: expected only the address")
        }
        _ => explain_address(text),
    })
}

/// Parses an address with a prefix length; host bits are kept.
pub(crate) fn parse_network(text: &str) -> Result<IpNet, String> {
    let Some((address, prefix)) = text.split_once('/') else {
        return Err(match text.parse::<IpAddr>() {
            Ok(address) => format!(
                "{text:?} has no prefix length; {address}/{} is meant?",
                if address.is_ipv4() { 24 } else { 64 }
            ),
            Err(_) => explain_address(text),
        });
    };
    let address: IpAddr = address.parse().map_err(|_| explain_address(address))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let plain = !prefix.is_empty()
        && prefix.len() <= 3
        && prefix.bytes().all(|b| b.is_ascii_digit())
        && (prefix == "0" || !prefix.starts_with('0'));
    if plain
        && let Ok(length) = prefix.parse::<u8>()
        && let Ok(net) = IpNet::new(address, length)
    {
        return Ok(net);
    }
    if prefix.len() > 1 && prefix.starts_with('0') && prefix.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("the prefix length {prefix:?} has a leading zero"));
    }
    Err(format!("the prefix length {prefix:?} is not a number from 0 to {most}"))
}

fn explain_address(text: &str) -> String {
    let quads: Vec<&str> = text.split('.').collect();
    if quads.len() == 4 && quads.iter().all(|q| !q.is_empty() && q.len() <= 4 && q.bytes().all(|b| b.is_ascii_digit()))
    {
        if let Some(quad) = quads.iter().find(|q| q.len() > 1 && q.starts_with('0')) {
            return format!("invalid address {text:?}: {quad:?} has a leading zero, which some programs read as octal");
        }
        if let Some(quad) = quads.iter().find(|q| q.parse::<u16>().is_ok_and(|n| n > 255)) {
            return format!("invalid address {text:?}: {quad} is larger than 255");
        }
    }
    if text.contains('%') {
        return format!("invalid address {text:?}: a zone index (%…) is not allowed");
    }
    format!("{text:?} is not an IP address")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn macs() {
        let mac: MacAddr = "02:08:20:0a:B:c".parse().unwrap();
        assert_eq!(mac.to_string(), "2:8:20:a:b:c");
        assert!(mac.is_unicast());
        for bad in [
            "",
            "2:8:20:a:b",
            "2:8:20:a:b:c:d",
            "2:8:20:a:b:g",
            "2:8:20:a:b:",
            "002:8:20:a:b:c",
            "2-8-20-a-b-c",
            "+2:8:20:a:b:c",
        ] {
            assert!(bad.parse::<MacAddr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(parse_network("10.0.0.5/24").unwrap().to_string(), "10.0.0.5/24");
        for (bad, word) in [
            ("010.0.0.1", "leading zero"),
            ("10.0.0.256", "larger than 255"),
            ("fe80::1%net0", "zone index"),
            ("10.0.0.1/24", "prefix length"),
            ("dbserver", "not an IP address"),
            ("10.0.0", "not an IP address"),
        ] {
            let said = parse_address(bad).unwrap_err();
            assert!(said.contains(word), "{bad}: {said}");
        }
        for (bad, word) in [
            ("10.0.0.0/08", "leading zero"),
            ("010.0.0.0/8", "leading zero"),
            ("10.0.0.0/33", "0 to 32"),
            ("::/129", "0 to 128"),
            ("10.0.0.0/", "0 to 32"),
            ("10.0.0.0/+8", "0 to 32"),
            ("10.0.0.0", "10.0.0.0/24"),
        ] {
            let said = parse_network(bad).unwrap_err();
            assert!(said.contains(word), "{bad}: {said}");
        }
    }

    proptest! {
        #[test]
        fn macs_print_and_parse(bytes in any::<[u8; 6]>()) {
            let mac = MacAddr::new(bytes);
            prop_assert_eq!(mac.to_string().parse::<MacAddr>().unwrap(), mac);
        }

        #[test]
        fn networks_print_and_parse(bits in any::<u128>(), v6 in any::<bool>(), length in 0u8..=128) {
            let address = if v6 { IpAddr::V6(bits.into()) } else { IpAddr::V4((bits as u32).into()) };
            let net = IpNet::new(address, if v6 { length } else { length % 33 }).unwrap();
            prop_assert_eq!(parse_network(&net.to_string()).unwrap(), net);
        }
    }
}
