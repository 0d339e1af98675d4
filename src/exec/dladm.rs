//! `dladm`: data links, and the VNICs that zones get.

use std::collections::BTreeMap;
use std::fmt;

use super::{Completed, Invocation, fields};
use crate::error::{Code, Error, Result};
use crate::value::name::LinkName;

/// Class of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkClass {
    /// A network card.
    Physical,
    /// A switch without a card.
    Etherstub,
    /// Several cards combined.
    Aggregation,
    /// An encapsulating link.
    Overlay,
    /// A virtual network card.
    Vnic,
    /// A tagged view of another link.
    Vlan,
    /// A simulated card.
    Simnet,
    /// Another class, by its name.
    Other(String),
}

impl LinkClass {
    fn from_word(word: &str) -> LinkClass {
        match word {
            "phys" => LinkClass::Physical,
            "etherstub" => LinkClass::Etherstub,
            "aggr" => LinkClass::Aggregation,
            "overlay" => LinkClass::Overlay,
            "vnic" => LinkClass::Vnic,
            "vlan" => LinkClass::Vlan,
            "simnet" => LinkClass::Simnet,
            other => LinkClass::Other(other.to_owned()),
        }
    }

    /// Returns the host's name for it.
    pub fn as_str(&self) -> &str {
        match self {
            LinkClass::Physical => "phys",
            LinkClass::Etherstub => "etherstub",
            LinkClass::Aggregation => "aggr",
            LinkClass::Overlay => "overlay",
            LinkClass::Vnic => "vnic",
            LinkClass::Vlan => "vlan",
            LinkClass::Simnet => "simnet",
            LinkClass::Other(word) => word,
        }
    }

    /// Returns true if VNICs can be created over a link of this class.
    pub fn carries_vnics(&self) -> bool {
        matches!(
            self,
            LinkClass::Physical
                | LinkClass::Etherstub
                | LinkClass::Aggregation
                | LinkClass::Overlay
                | LinkClass::Simnet
        )
    }
}

impl fmt::Display for LinkClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A data link of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostLink {
    /// Its name, unique across all classes.
    pub name: String,
    /// Its class.
    pub class: LinkClass,
    /// Its MTU, if known.
    pub mtu: Option<u32>,
    /// The link below it.
    pub over: Option<String>,
}

/// A VNIC of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostVnic {
    /// Its name.
    pub name: String,
    /// The link below it.
    pub over: String,
    /// Its MAC address.
    pub mac: Option<[u8; 6]>,
    /// Its VLAN.
    pub vlan: Option<u16>,
}

/// Creates a persistent VNIC with these properties, such as `mtu`.
pub fn create_vnic(
    name: &LinkName,
    over: &str,
    mac: [u8; 6],
    vlan: Option<u16>,
    properties: &BTreeMap<String, String>,
) -> Invocation {
    let mut invocation = Invocation::new("dladm").args(["create-vnic", "-l", over, "-m", &mac_text(mac)]);
    if let Some(vlan) = vlan {
        invocation = invocation.args(["-v", &vlan.to_string()]);
    }
    if !properties.is_empty() {
        invocation = invocation.args(["-p", &assignments(properties)]);
    }
    invocation.arg(name.as_str())
}

/// Returns true if `create-vnic -p` activates a property. It only records all others, unchecked, until the host boots.
pub fn is_set_by_creation(property: &str) -> bool {
    matches!(property, "maxbw" | "cpus" | "pool" | "priority" | "rxrings" | "txrings" | "allowed-dhcp-cids")
}

/// Sets a property of a link, both active and persistent. Of several in one command only the last determines the exit status.
pub fn set_property(name: &LinkName, property: &str, value: &str) -> Invocation {
    Invocation::new("dladm").args(["set-linkprop", "-p", &format!("{property}={value}"), name.as_str()])
}

/// Gives a link that no zone uses another name.
pub fn rename_link(name: &LinkName, to: &LinkName) -> Invocation {
    Invocation::new("dladm").args(["rename-link", name.as_str(), to.as_str()])
}

/// Resets a property of a link to its default, both active and persistent.
pub fn reset_property(name: &LinkName, property: &str) -> Invocation {
    Invocation::new("dladm").args(["reset-linkprop", "-p", property, name.as_str()])
}

fn assignments(properties: &BTreeMap<String, String>) -> String {
    properties.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

/// Lists every property of all links, or of one. Exits with 1 if one of them cannot be read, and prints the others.
pub fn show_properties(name: Option<&str>) -> Invocation {
    Invocation::new("dladm").args(["show-linkprop", "-c", "-o", "link,property,value"]).args(name)
}

/// Lists the zone that each link is assigned to, and the addresses that it may have there: two properties of all links, in the
/// format of [`show_properties`].
pub fn show_lent() -> Invocation {
    Invocation::new("dladm").args(["show-linkprop", "-c", "-o", "link,property,value", "-p", "zone,allowed-ips"])
}

/// Parses the output of [`show_properties`]: values by link and property. Unset ones are left out.
pub fn parse_properties(completed: &Completed) -> Result<BTreeMap<(String, String), String>> {
    parse_property_lines(&completed.text()?).map_err(|line| unreadable(completed, line))
}

/// Returns true if dladm shows a property as it was set, so that another value means a failure.
pub fn is_comparable(name: &str) -> bool {
    matches!(name, "mtu" | "maxbw" | "cpus" | "priority" | "tagmode" | "promisc-filtered")
}

/// Returns true if two values of a property are equivalent: dladm shows a bandwidth in Mb/s, and processors as ranges.
pub fn same_property(name: &str, a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    let both = |read: fn(&str) -> Option<Vec<u64>>| match (read(a), read(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    };
    match name {
        "maxbw" => both(|text| Some(vec![kilobits(text)?])),
        "cpus" => both(processors),
        _ => a.eq_ignore_ascii_case(b),
    }
}

fn kilobits(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix(['K', 'k', 'M', 'm', 'G', 'g']) {
        Some(number) => (number, text.as_bytes()[text.len() - 1].to_ascii_uppercase()),
        None => (text, b'M'),
    };
    let factor = match unit {
        b'K' => 1.0,
        b'M' => 1e3,
        _ => 1e6,
    };
    let number: f64 = number.parse().ok()?;
    // More than any link has; and the cast is exact.
    (0.0..1e9).contains(&number).then(|| (number * factor).round() as u64)
}

fn processors(text: &str) -> Option<Vec<u64>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        let (low, high): (u64, u64) = (low.parse().ok()?, high.parse().ok()?);
        if high.saturating_sub(low) > 4096 {
            return None;
        }
        all.extend(low..=high);
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// Deletes a VNIC and its persistent record.
pub fn delete_vnic(name: &LinkName) -> Invocation {
    Invocation::new("dladm").args(["delete-vnic", name.as_str()])
}

/// Lists all links, or one; exits with 1 if there is none of that name.
pub fn show_link(name: Option<&str>) -> Invocation {
    Invocation::new("dladm").args(["show-link", "-p", "-o", "link,class,mtu,over"]).args(name)
}

/// Lists the links without a link below: few, however many VNICs there are. Exits with 0 whenever dladm works.
pub fn show_phys() -> Invocation {
    Invocation::new("dladm").args(["show-phys", "-p", "-o", "link"])
}

/// Parses the output of [`show_link`].
pub fn parse_links(completed: &Completed) -> Result<Vec<HostLink>> {
    parse_link_lines(&completed.text()?).map_err(|line| unreadable(completed, line))
}

/// Lists all VNICs, or one. For a link of another class with that name it prints nothing and exits with 0.
pub fn show_vnic(name: Option<&str>) -> Invocation {
    Invocation::new("dladm").args(["show-vnic", "-p", "-o", "link,over,macaddress,vid"]).args(name)
}

/// Parses the output of [`show_vnic`].
pub fn parse_vnics(completed: &Completed) -> Result<Vec<HostVnic>> {
    parse_vnic_lines(&completed.text()?).map_err(|line| unreadable(completed, line))
}

/// Lists the record that restores a VNIC at a reboot of the host, whether or not the VNIC exists now. Same output as [`show_vnic`];
/// exits with 1 if there is none.
pub fn show_recorded_vnic(name: &str) -> Invocation {
    Invocation::new("dladm").args(["show-vnic", "-P", "-p", "-o", "link,over,macaddress,vid", name])
}

/// Formats a MAC address as dladm does: without leading zeros.
pub fn mac_text(mac: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}")
}

/// Parses a MAC address of six bytes, with or without leading zeros.
pub fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut bytes = text.split(':');
    for byte in &mut mac {
        let digits = bytes.next()?;
        let legal = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        *byte = u8::from_str_radix(digits, 16).ok().filter(|_| legal)?;
    }
    bytes.next().is_none().then_some(mac)
}

fn unreadable(completed: &Completed, line: &str) -> Error {
    Error::new(Code::CommandFailed, format!("unexpected output of dladm: {line:?}")).with_command(completed.failed())
}

/// Returns true for the values that mean "none", which depend on the release.
fn present(field: &str) -> Option<String> {
    (!matches!(field, "" | "--" | "-" | "?")).then(|| field.to_owned())
}

fn parse_link_lines(text: &str) -> std::result::Result<Vec<HostLink>, &str> {
    fields::lines(text, 4, fields::split_dladm)
        .map(|line| {
            let line = line?;
            Ok(HostLink {
                name: line[0].to_string(),
                class: LinkClass::from_word(&line[1]),
                mtu: line[2].parse().ok(),
                over: present(&line[3]),
            })
        })
        .collect()
}

fn parse_vnic_lines(text: &str) -> std::result::Result<Vec<HostVnic>, &str> {
    fields::lines(text, 4, fields::split_dladm)
        .map(|line| {
            let line = line?;
            Ok(HostVnic {
                name: line[0].to_string(),
                over: line[1].to_string(),
                mac: parse_mac(&line[2]),
                vlan: line[3].parse().ok().filter(|vlan| *vlan != 0),
            })
        })
        .collect()
}

fn parse_property_lines(text: &str) -> std::result::Result<BTreeMap<(String, String), String>, &str> {
    fields::lines(text, 3, fields::split_dladm)
        .map(|line| line.map(|line| ((line[0].to_string(), line[1].to_string()), line[2].trim().to_owned())))
        .filter(|line| line.as_ref().map_or(true, |(_, value)| present(value).is_some()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads() {
        let links =
            parse_link_lines("e1000g0:phys:1500:\nzstub0:etherstub:9000:--\nweb1n0:vnic:9000:zstub0\n").unwrap();
        assert_eq!((links[0].over.as_deref(), links[1].over.as_deref()), (None, None));
        assert_eq!((links[2].class.clone(), links[2].over.as_deref()), (LinkClass::Vnic, Some("zstub0")));
        let vnics = parse_vnic_lines("web1n0:zstub0:2\\:8\\:20\\:7d\\:1e\\:9f:0\n").unwrap();
        assert_eq!((vnics[0].mac, vnics[0].vlan), (Some([2, 8, 0x20, 0x7d, 0x1e, 0x9f]), None));
        assert!(parse_link_lines("x\n").is_err());
    }

    #[test]
    fn builds() {
        let name = LinkName::new("web01_0").unwrap();
        let properties = BTreeMap::from([("maxbw".to_owned(), "1G".to_owned()), ("mtu".to_owned(), "9000".to_owned())]);
        assert_eq!(
            create_vnic(&name, "stub0", [2, 8, 0x20, 0xa, 0, 1], Some(20), &properties).to_string(),
            "dladm create-vnic -l stub0 -m 2:8:20:a:0:1 -v 20 -p maxbw=1G,mtu=9000 web01_0"
        );
        assert_eq!(set_property(&name, "mtu", "1400").to_string(), "dladm set-linkprop -p mtu=1400 web01_0");
        assert_eq!(reset_property(&name, "maxbw").to_string(), "dladm reset-linkprop -p maxbw web01_0");
    }

    #[test]
    fn values_of_properties() {
        for (name, a, b) in [
            ("maxbw", "100M", "  100"),
            ("maxbw", "1.5G", " 1500"),
            ("maxbw", "1200K", "    1.200"),
            ("cpus", "0,1,2,4", "0-2,4"),
            ("priority", "LOW", " low"),
        ] {
            assert!(same_property(name, a, b) && same_property(name, b, a), "{name} {a} {b}");
        }
        for (name, a, b) in [("maxbw", "100M", "100K"), ("maxbw", "50%", "50"), ("cpus", "0-2", "0-3"), ("x", "a", "b")]
        {
            assert!(!same_property(name, a, b), "{name} {a} {b}");
        }
        let found = parse_property_lines("v0:maxbw:  100\nv0:cpus:--\nv0:autopush:\n").unwrap();
        assert_eq!(found, BTreeMap::from([(("v0".to_owned(), "maxbw".to_owned()), "100".to_owned())]));
    }

    #[test]
    fn hardware_addresses() {
        assert_eq!(parse_mac("02:08:20:0A:b:c"), Some([2, 8, 0x20, 0xa, 0xb, 0xc]));
        for bad in ["", "2:8:20:a:b", "2:8:20:a:b:c:d", "2:8:20:a:b:", "2:8:20:a:b:100", "2:8:20:a:b:+1"] {
            assert_eq!(parse_mac(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = (parse_link_lines(&text), parse_vnic_lines(&text), parse_mac(&text));
        }
    }
}
