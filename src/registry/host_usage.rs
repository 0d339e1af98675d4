//! Names and addresses that the host and all its zones use, as of the last snapshot of the host: `.zmgr/host.v1`.
//!
//! Invariant: a snapshot of the host is taken before the registry lock, never under it. It includes every zone, so that an entry
//! that disappears from the registry frees nothing. A file that is damaged or of another version is not used.

use ipnet::IpNet;

use super::codec::{Decoder, Encoder, checksum};
use super::summary::{NetSummary, NetView};
use super::{Registry, RegistryLock};
use crate::error::Diagnostic;
use crate::file;
use crate::host::{FileStamp, HostNet, HostSnapshot, HostZoneNets, UnreadDocument, ZonesStamp};

const HEADER: &str = concat!("zmgr host 4 ", env!("CARGO_PKG_VERSION"), "\n");

/// Largest file that is read. A host with 8,191 zones has about 2 MiB.
const LIMIT: u64 = 64 << 20;

/// Addresses, links and MAC addresses in use on a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostUsage {
    /// Time of the snapshot, RFC 3339.
    pub taken: String,
    /// All zones except the global one.
    pub zones: Vec<ZoneUsage>,
    /// Addresses of the host itself, each with its address object.
    pub addresses: Vec<(IpNet, String)>,
    /// Names of all data links.
    pub links: Vec<String>,
    /// VNICs, each with the link below it and its VLAN.
    pub vnics: Vec<(String, String, Option<u16>)>,
    /// MAC addresses of VNICs.
    pub macs: Vec<[u8; 6]>,
    /// Stamp of the zones' documents.
    pub stamp: ZonesStamp,
}

/// A zone of the host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ZoneUsage {
    /// Its name.
    pub name: String,
    /// Stamp of its document; `None` if it could not be read.
    pub document: Option<FileStamp>,
    /// Reason if its document could not be read.
    pub unread: Option<UnreadDocument>,
    /// True if it shares the host's IP stack.
    pub shared: bool,
    /// True if it is known to have nothing besides what its document lists.
    pub settled: bool,
    /// Its nets. `managed` means that only the running zone has the net: its document differs.
    pub nets: Vec<NetSummary>,
}

impl ZoneUsage {
    fn of(nets: &HostZoneNets) -> ZoneUsage {
        let summary = nets.nets.iter().map(|net| {
            let link = Some(net.link.clone());
            let (vnic, physical) = if net.over.is_some() { (link, None) } else { (None, link) };
            NetSummary {
                vnic,
                physical,
                stub: net.over.as_ref().map(|(over, _)| over.clone()),
                vlan: net.over.as_ref().and_then(|(_, vlan)| *vlan),
                mac: net.mac,
                addresses: net.addresses.iter().map(|address| (*address, None)).collect(),
                managed: net.running,
                held: true,
                ..NetSummary::default()
            }
        });
        ZoneUsage {
            name: nets.zone.clone(),
            document: nets.document,
            unread: nets.unread.clone(),
            shared: nets.shared,
            settled: nets.settled,
            nets: summary.collect(),
        }
    }

    /// Converts to the form that the next snapshot of the host takes.
    fn to_host(&self) -> HostZoneNets {
        let nets = self.nets.iter().map(|net| HostNet {
            link: net.vnic.clone().or_else(|| net.physical.clone()).unwrap_or_default(),
            over: net.stub.clone().map(|stub| (stub, net.vlan)),
            mac: net.mac,
            addresses: net.addresses.iter().map(|(address, _)| *address).collect(),
            running: net.managed,
        });
        HostZoneNets {
            zone: self.name.clone(),
            document: self.document,
            unread: self.unread.clone(),
            shared: self.shared,
            settled: self.settled,
            nets: nets.collect(),
        }
    }
}

impl HostUsage {
    /// Builds the usage from a snapshot of the host.
    pub fn of(host: &HostSnapshot) -> HostUsage {
        HostUsage {
            taken: super::now(),
            zones: host.nets.iter().map(ZoneUsage::of).collect(),
            addresses: host.addresses.iter().map(|held| (held.address, held.object.clone())).collect(),
            links: host.links.iter().map(|link| link.name.clone()).collect(),
            vnics: host.vnics.iter().map(|vnic| (vnic.name.clone(), vnic.over.clone(), vnic.vlan)).collect(),
            macs: host.vnics.iter().filter_map(|vnic| vnic.mac).collect(),
            stamp: host.stamp,
        }
    }

    /// Returns the nets of its zones, for the next snapshot of the host.
    pub fn nets(&self) -> Vec<HostZoneNets> {
        self.zones.iter().map(ZoneUsage::to_host).collect()
    }

    /// Returns a diagnostic for each zone whose document could not be read.
    pub(crate) fn unread(&self) -> impl Iterator<Item = Diagnostic> {
        self.zones.iter().filter_map(|zone| zone.unread.as_ref().map(|unread| unread_zone(&zone.name, unread)))
    }

    /// Returns a diagnostic for each zone that may hold any address because its document was never read.
    pub(super) fn unknown(&self) -> impl Iterator<Item = Diagnostic> {
        let unread = self.zones.iter().filter_map(|zone| Some((&zone.name, zone.unread.as_ref()?)));
        unread.filter(|(_, unread)| !unread.nets_known).map(|(zone, unread)| unread_zone(zone, unread))
    }

    /// Returns true if it knows what this zone holds.
    pub fn knows(&self, zone: &str) -> bool {
        self.zones.iter().any(|known| known.name == zone && known.document.is_some())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut e = Encoder::default();
        e.text(&self.taken);
        self.stamp.0.iter().for_each(|number| e.number(*number));
        e.number(self.zones.len() as u64);
        for zone in &self.zones {
            e.text(&zone.name);
            let nets_known = zone.unread.as_ref().is_some_and(|unread| unread.nets_known);
            let flags = [zone.document.is_some(), zone.shared, zone.settled, zone.unread.is_some(), nets_known];
            e.byte(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)));
            zone.unread.iter().for_each(|unread| e.text(&unread.reason));
            zone.document.iter().flat_map(|stamp| stamp.0).for_each(|number| e.number(number));
            e.number(zone.nets.len() as u64);
            zone.nets.iter().for_each(|net| e.counted(|e| net.encode(e)));
        }
        e.number(self.links.len() as u64);
        self.links.iter().for_each(|name| e.text(name));
        e.number(self.vnics.len() as u64);
        for (name, over, vlan) in &self.vnics {
            e.text(name);
            e.text(over);
            e.maybe_number(vlan.map(u64::from));
        }
        e.number(self.addresses.len() as u64);
        for (address, object) in &self.addresses {
            e.interface(*address);
            e.text(object);
        }
        e.number(self.macs.len() as u64);
        self.macs.iter().for_each(|mac| e.fixed(*mac));
        let mut bytes = HEADER.as_bytes().to_vec();
        bytes.extend_from_slice(&checksum(&e.bytes).to_le_bytes());
        bytes.extend_from_slice(&e.bytes);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<HostUsage> {
        let mut d = Decoder { bytes: bytes.strip_prefix(HEADER.as_bytes())? };
        let sum = u64::from_le_bytes(d.fixed()?);
        if sum != checksum(d.bytes) {
            return None;
        }
        let mut host_usage = HostUsage { taken: d.text()?.to_owned(), ..HostUsage::default() };
        for number in &mut host_usage.stamp.0 {
            *number = d.number()?;
        }
        for _ in 0..d.number()? {
            let name = d.text()?.to_owned();
            let flags = d.byte()?;
            let unread = match flags & 8 {
                0 => None,
                _ => Some(UnreadDocument { reason: d.text()?.to_owned(), nets_known: flags & 16 == 16 }),
            };
            let document = match flags & 1 {
                0 => None,
                _ => {
                    let mut stamp = FileStamp::default();
                    for number in &mut stamp.0 {
                        *number = d.number()?;
                    }
                    Some(stamp)
                }
            };
            let mut nets = Vec::new();
            for _ in 0..d.number()? {
                nets.push(NetView::decode(d.counted()?)?.to_summary());
            }
            let (shared, settled) = (flags & 2 == 2, flags & 4 == 4);
            host_usage.zones.push(ZoneUsage { name, document, unread, shared, settled, nets });
        }
        for _ in 0..d.number()? {
            host_usage.links.push(d.text()?.to_owned());
        }
        for _ in 0..d.number()? {
            let (name, over) = (d.text()?.to_owned(), d.text()?.to_owned());
            let vlan = d.maybe_number()?.map(u16::try_from).transpose().ok()?;
            host_usage.vnics.push((name, over, vlan));
        }
        for _ in 0..d.number()? {
            let address = d.interface()?;
            host_usage.addresses.push((address, d.text()?.to_owned()));
        }
        for _ in 0..d.number()? {
            host_usage.macs.push(d.fixed()?);
        }
        Some(host_usage)
    }
}

fn unread_zone(zone: &str, unread: &UnreadDocument) -> Diagnostic {
    let known = match unread.nets_known {
        true => "its last known addresses count as held",
        false => "the addresses of the zone are unknown, so no pool allocates an address",
    };
    let message = format!("{}; {known}", unread.reason);
    let help = format!(
        "restore the document of zone {zone} from a backup; if the zone is gone, remove the document and its line in /etc/zones/index"
    );
    Diagnostic::new("unreadable", message).with_help(help)
}

impl Registry {
    /// Returns the last host usage; `None` if it is missing or cannot be read.
    pub fn last_host_usage(&self) -> Option<HostUsage> {
        HostUsage::from_bytes(&self.read_derived(&self.tree().host_usage(), LIMIT)?)
    }

    /// Drops the last host usage, so that the next snapshot reads everything again.
    pub fn drop_host_usage(&self, _lock: &RegistryLock) {
        // A file that cannot be removed is detected by its stamp or replaced later.
        let _ = self.remove(&self.tree().host_usage());
    }

    /// Reads a derived file; `None` if it is missing, unreadable or larger than this.
    pub(super) fn read_derived(&self, path: &std::path::Path, most: u64) -> Option<Vec<u8>> {
        let (file, meta) = self.tree().open_state(path)?;
        file::read_to_limit(&file, &meta, most).ok()
    }

    /// Saves a host usage for operations that take no snapshot; the registry lock is held.
    pub(super) fn keep_host_usage(&self, host_usage: &HostUsage, _lock: &RegistryLock) {
        let same = |last: HostUsage| HostUsage { taken: host_usage.taken.clone(), ..last } == *host_usage;
        if !self.last_host_usage().is_some_and(same) {
            // If it cannot be saved, the next one is taken from scratch.
            let _ = self.replace_derived(&self.tree().host_usage(), &[&host_usage.to_bytes()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_whole_or_not_at_all() {
        let zone = ZoneUsage {
            name: "vm1".to_owned(),
            document: Some(FileStamp([1, 2, 3, 4, u64::MAX, 6])),
            unread: None,
            shared: true,
            settled: true,
            nets: vec![NetSummary {
                vnic: Some("vm1_0".to_owned()),
                stub: Some("stub0".to_owned()),
                vlan: Some(7),
                addresses: vec![("10.1.0.9/24".parse().unwrap(), None)],
                ..NetSummary::default()
            }],
        };
        let unread = UnreadDocument { reason: "cannot read it".to_owned(), nets_known: true };
        let second = ZoneUsage { name: "vm2".to_owned(), unread: Some(unread), ..ZoneUsage::default() };
        let host_usage = HostUsage {
            taken: "2026-03-22T12:14:09Z".to_owned(),
            zones: vec![zone, second],
            addresses: vec![("fe80::2/64".parse().unwrap(), "net0/v6".to_owned())],
            links: vec!["net0".to_owned(), "stub0".to_owned()],
            vnics: vec![("vm1_0".to_owned(), "stub0".to_owned(), Some(7))],
            macs: vec![[2, 8, 0x20, 1, 2, 3]],
            stamp: ZonesStamp([1, 2, 3, 4, 5, 6, 7, u64::MAX]),
        };
        let bytes = host_usage.to_bytes();
        assert_eq!(HostUsage::from_bytes(&bytes), Some(host_usage));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert_eq!(HostUsage::from_bytes(&flipped), None, "byte {at}");
            assert_eq!(HostUsage::from_bytes(&bytes[..at]), None, "cut off at {at}");
        }
    }
}
