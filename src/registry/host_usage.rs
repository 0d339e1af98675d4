//! Names and addresses that the host and all its zones use, as of the last snapshot of the host: `.zmgr/host.v1`.
//!
//! Invariant: a snapshot of the host is taken before the registry lock, never under it. It includes every zone, so that an entry
//! that disappears from the registry frees nothing. A file that is damaged or of another version is not used.

use std::collections::HashSet;
use std::ops::Range;

use ipnet::IpNet;

use super::codec::{Decoder, Encoder, checksum};
use super::summary::{LinksView, NetView, encode_net};
use super::{Registry, RegistryLock};
use crate::error::Diagnostic;
use crate::file;
use crate::host::{FileStamp, HostNet, HostSnapshot, HostZoneNets, UnreadDocument, ZonesStamp};

const HEADER: &str = concat!("zmgr host 5 ", env!("CARGO_PKG_VERSION"), "\n");

/// Largest file that is read. A host with 8,191 zones has about 2 MiB.
const LIMIT: u64 = 64 << 20;

/// A stamp of a document: six numbers, little endian.
type StampBytes = [u8; 48];

/// Addresses, links and MAC addresses in use on a host. It stays encoded, because most callers need little of it: each part is decoded on
/// demand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostUsage {
    /// Stamp of the zones' documents.
    pub stamp: ZonesStamp,
    /// The stamp and the parts.
    content: Vec<u8>,
    zones: Range<usize>,
    links: Range<usize>,
    vnics: Range<usize>,
    addresses: Range<usize>,
    macs: Range<usize>,
}

/// A zone of the host.
#[derive(Debug, Clone, Copy)]
pub struct ZoneUsage<'a> {
    /// Its name.
    pub name: &'a str,
    /// Reason if its document could not be read; true if the nets of an earlier state of the document are known.
    unread: Option<(&'a str, bool)>,
    /// Stamp of its document; `None` if it could not be read.
    document: Option<&'a StampBytes>,
    /// True if it shares the host's IP stack.
    pub shared: bool,
    /// True if it is known to have nothing besides what its document lists.
    settled: bool,
    nets: Decoder<'a>,
}

impl<'a> ZoneUsage<'a> {
    /// Encodes a zone, with its nets as `nets` encodes each.
    pub(super) fn encode<N>(zone: &HostZoneNets, all: &[N], nets: impl Fn(&N, &mut Encoder), e: &mut Encoder) {
        e.counted(|e| {
            e.text(&zone.zone);
            let nets_known = zone.unread.as_ref().is_some_and(|unread| unread.nets_known);
            let flags = [zone.document.is_some(), zone.shared, zone.settled, zone.unread.is_some(), nets_known];
            e.byte(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)));
            zone.unread.iter().for_each(|unread| e.text(&unread.reason));
            zone.document.iter().flat_map(|stamp| stamp.0).for_each(|number| e.fixed(number.to_le_bytes()));
            all.iter().for_each(|net| e.counted(|e| nets(net, e)));
        });
    }

    fn decode(mut d: Decoder<'a>) -> Option<ZoneUsage<'a>> {
        let (name, flags) = (d.text()?, d.byte()?);
        let unread = if flags & 8 == 8 { Some((d.text()?, flags & 16 == 16)) } else { None };
        let document = if flags & 1 == 1 { Some(d.array()?) } else { None };
        Some(ZoneUsage { name, unread, document, shared: flags & 2 == 2, settled: flags & 4 == 4, nets: d })
    }

    /// Returns its nets. `managed` means that only the running zone has the net: its document differs.
    pub fn nets(&self) -> impl Iterator<Item = NetView<'a>> + use<'a> {
        NetView::all(self.nets)
    }

    fn document(&self) -> Option<FileStamp> {
        let mut stamp = FileStamp::default();
        for (number, bytes) in stamp.0.iter_mut().zip(self.document?.as_chunks().0) {
            *number = u64::from_le_bytes(*bytes);
        }
        Some(stamp)
    }

    fn unread(&self) -> Option<UnreadDocument> {
        self.unread.map(|(reason, nets_known)| UnreadDocument { reason: reason.to_owned(), nets_known })
    }

    /// Converts to the form that the next snapshot of the host takes.
    fn to_host(self) -> HostZoneNets {
        let net = |net: NetView<'_>| {
            let links = net.links();
            HostNet {
                link: links.vnic.or(links.physical).unwrap_or_default().to_owned(),
                over: links.stub.map(|stub| (stub.to_owned(), links.vlan)),
                mac: links.mac,
                addresses: net.addresses().map(|(address, _)| address).collect(),
                running: links.managed,
            }
        };
        HostZoneNets {
            zone: self.name.to_owned(),
            document: self.document(),
            unread: self.unread(),
            shared: self.shared,
            settled: self.settled,
            nets: self.nets().map(net).collect(),
        }
    }
}

/// Encodes a net of a zone as a net of an entry. `managed` means that only the running zone has it.
fn encode_host_net(net: &HostNet, e: &mut Encoder) {
    let link = Some(net.link.as_str());
    let (vnic, physical) = if net.over.is_some() { (link, None) } else { (None, link) };
    let links = LinksView {
        vnic,
        physical,
        stub: net.over.as_ref().map(|(over, _)| over.as_str()),
        vlan: net.over.as_ref().and_then(|(_, vlan)| *vlan),
        mac: net.mac,
        managed: net.running,
        held: true,
        ..LinksView::default()
    };
    encode_net(None, net.addresses.iter().map(|address| (*address, None)), &links, e);
}

impl HostUsage {
    /// Builds the usage from a snapshot of the host, without the links of these names: VNICs of registered zones, which the registry
    /// tracks.
    pub fn of(host: &HostSnapshot, registered: &HashSet<&str>) -> HostUsage {
        HostUsage::encode(host, registered, |e| {
            host.nets.iter().for_each(|zone| ZoneUsage::encode(zone, &zone.nets, encode_host_net, e));
        })
    }

    /// Encodes a snapshot of the host, with its zones as `zones` encodes them.
    pub(super) fn encode(
        host: &HostSnapshot,
        registered: &HashSet<&str>,
        zones: impl FnOnce(&mut Encoder),
    ) -> HostUsage {
        let mut e = Encoder::default();
        host.stamp.0.iter().for_each(|number| e.fixed(number.to_le_bytes()));
        let zones = part(&mut e, zones);
        let names = host.links.iter().map(|link| link.name.as_str()).filter(|name| !registered.contains(name));
        let links = part(&mut e, |e| names.for_each(|name| e.text(name)));
        let vnics = part(&mut e, |e| {
            for vnic in &host.vnics {
                e.text(&vnic.name);
                e.text(&vnic.over);
                e.maybe_number(vnic.vlan.map(u64::from));
            }
        });
        let addresses = part(&mut e, |e| {
            for held in &host.addresses {
                e.interface(held.address);
                e.text(&held.object);
            }
        });
        let macs = part(&mut e, |e| host.vnics.iter().filter_map(|vnic| vnic.mac).for_each(|mac| e.fixed(mac)));
        HostUsage { stamp: host.stamp, content: e.bytes, zones, links, vnics, addresses, macs }
    }

    fn decode(content: Vec<u8>) -> Option<HostUsage> {
        let mut d = Decoder { bytes: &content };
        let mut stamp = ZonesStamp::default();
        for number in &mut stamp.0 {
            *number = u64::from_le_bytes(d.fixed()?);
        }
        let mut part = || {
            let length = d.counted()?.bytes.len();
            let end = content.len() - d.bytes.len();
            Some(end - length..end)
        };
        let (zones, links, vnics, addresses, macs) = (part()?, part()?, part()?, part()?, part()?);
        (macs.end == content.len()).then_some(HostUsage { stamp, content, zones, links, vnics, addresses, macs })
    }

    fn part(&self, range: &Range<usize>) -> Decoder<'_> {
        Decoder { bytes: self.content.get(range.clone()).unwrap_or_default() }
    }

    /// Returns all zones except the global one.
    pub fn zones(&self) -> impl Iterator<Item = ZoneUsage<'_>> {
        let mut d = self.part(&self.zones);
        std::iter::from_fn(move || ZoneUsage::decode(d.counted()?))
    }

    /// Returns the zone of this name, without decoding the others.
    pub(super) fn zone(&self, name: &str) -> Option<ZoneUsage<'_>> {
        let mut d = self.part(&self.zones);
        let is_it = |zone: &Decoder<'_>| { *zone }.text_bytes() == Some(name.as_bytes());
        std::iter::from_fn(move || d.counted()).find(is_it).and_then(ZoneUsage::decode)
    }

    /// Returns the names of all data links.
    pub(super) fn links(&self) -> impl Iterator<Item = &str> {
        let mut d = self.part(&self.links);
        std::iter::from_fn(move || d.text())
    }

    /// Returns true if a data link has this name.
    pub(super) fn has_link(&self, name: &str) -> bool {
        let mut d = self.part(&self.links);
        std::iter::from_fn(move || d.text_bytes()).any(|link| link == name.as_bytes())
    }

    /// Returns the VNICs, each with the link below it and its VLAN.
    pub(super) fn vnics(&self) -> impl Iterator<Item = (&str, &str, Option<u16>)> {
        let mut d = self.part(&self.vnics);
        std::iter::from_fn(move || {
            let (name, over) = (d.text()?, d.text()?);
            Some((name, over, d.maybe_number()?.map(u16::try_from).transpose().ok()?))
        })
    }

    /// Returns the link below this VNIC and its VLAN; `None` if the host does not have the VNIC. Does not decode the others.
    pub(super) fn vnic(&self, name: &str) -> Option<(&str, Option<u16>)> {
        let mut d = self.part(&self.vnics);
        loop {
            let (found, over) = (d.text_bytes()?, d.text_bytes()?);
            let vlan = d.maybe_number()?;
            if found == name.as_bytes() {
                return Some((std::str::from_utf8(over).ok()?, vlan.map(u16::try_from).transpose().ok()?));
            }
        }
    }

    /// Returns the addresses of the host itself, each with its address object.
    pub fn addresses(&self) -> impl Iterator<Item = (IpNet, &str)> {
        let mut d = self.part(&self.addresses);
        std::iter::from_fn(move || Some((d.interface()?, d.text()?)))
    }

    /// Returns the MAC addresses of VNICs.
    pub fn macs(&self) -> impl Iterator<Item = [u8; 6]> {
        let mut d = self.part(&self.macs);
        std::iter::from_fn(move || d.fixed())
    }

    /// Returns the nets of its zones, for the next snapshot of the host.
    pub fn nets(&self) -> Vec<HostZoneNets> {
        self.zones().map(ZoneUsage::to_host).collect()
    }

    /// Returns a diagnostic for each zone whose document could not be read.
    pub(crate) fn unread(&self) -> impl Iterator<Item = Diagnostic> {
        self.zones().filter_map(|zone| Some(unread_zone(zone.name, &zone.unread()?)))
    }

    /// Returns a diagnostic for each zone that may hold any address because its document was never read.
    pub(super) fn unknown(&self) -> impl Iterator<Item = Diagnostic> {
        let unread = self.zones().filter_map(|zone| Some((zone.name, zone.unread()?)));
        unread.filter(|(_, unread)| !unread.nets_known).map(|(zone, unread)| unread_zone(zone, &unread))
    }

    /// Returns true if it knows what this zone holds.
    pub fn knows(&self, zone: &str) -> bool {
        self.zone(zone).is_some_and(|known| known.document.is_some())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = HEADER.as_bytes().to_vec();
        bytes.extend_from_slice(&checksum(&self.content).to_le_bytes());
        bytes.extend_from_slice(&self.content);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<HostUsage> {
        let mut d = Decoder { bytes: bytes.strip_prefix(HEADER.as_bytes())? };
        let sum = u64::from_le_bytes(d.fixed()?);
        if sum != checksum(d.bytes) {
            return None;
        }
        HostUsage::decode(d.bytes.to_vec())
    }
}

/// Appends what `encode` writes, preceded by its length; returns where it is.
fn part(e: &mut Encoder, encode: impl FnOnce(&mut Encoder)) -> Range<usize> {
    let mut start = 0;
    e.counted(|e| {
        start = e.bytes.len();
        encode(e);
    });
    start..e.bytes.len()
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
        let (path, bytes) = (self.tree().host_usage(), host_usage.to_bytes());
        if self.read_derived(&path, LIMIT).is_none_or(|last| last != bytes) {
            // If it cannot be saved, the next one is taken from scratch.
            let _ = self.replace_derived(&path, &[&bytes]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::dladm::{HostLink, HostVnic, LinkClass};
    use crate::exec::ipadm::HostAddress;

    #[test]
    fn it_comes_back_whole_or_not_at_all() {
        let net = HostNet {
            link: "vm1_0".to_owned(),
            over: Some(("stub0".to_owned(), Some(7))),
            mac: Some([2, 8, 0x20, 1, 2, 3]),
            addresses: vec!["10.1.0.9/24".parse().unwrap()],
            running: true,
        };
        let physical = HostNet { link: "net0".to_owned(), ..HostNet::default() };
        let first = HostZoneNets {
            zone: "vm1".to_owned(),
            document: Some(FileStamp([1, 2, 3, 4, u64::MAX, 6])),
            unread: None,
            shared: true,
            settled: true,
            nets: vec![net, physical],
        };
        let unread = UnreadDocument { reason: "cannot read it".to_owned(), nets_known: true };
        let second = HostZoneNets { zone: "vm2".to_owned(), unread: Some(unread), ..HostZoneNets::default() };
        let link = |name: &str| HostLink { name: name.to_owned(), class: LinkClass::Vnic, mtu: None, over: None };
        let vnic = HostVnic {
            name: "vm1_0".to_owned(),
            over: "stub0".to_owned(),
            mac: Some([2, 8, 0x20, 1, 2, 3]),
            vlan: Some(7),
        };
        let mut host = HostSnapshot::default();
        host.stamp = ZonesStamp([1, 2, 3, 4, 5, 6, 7, u64::MAX]);
        host.nets = vec![first, second];
        host.links = ["net0", "vm1_0", "stub0"].map(link).to_vec();
        host.vnics = vec![vnic];
        host.addresses = vec![HostAddress { address: "fe80::2/64".parse().unwrap(), object: "net0/v6".to_owned() }];
        let usage = HostUsage::of(&host, &HashSet::from(["vm1_0"]));
        let bytes = usage.to_bytes();
        let read = HostUsage::from_bytes(&bytes).unwrap();
        assert_eq!(read, usage);
        assert_eq!((read.stamp, read.nets()), (host.stamp, host.nets));
        assert_eq!(read.links().collect::<Vec<_>>(), ["net0", "stub0"], "without the link of a registered zone");
        assert_eq!(read.vnics().collect::<Vec<_>>(), [("vm1_0", "stub0", Some(7))]);
        assert_eq!((read.vnic("vm1_0"), read.vnic("vm1")), (Some(("stub0", Some(7))), None));
        assert_eq!(read.addresses().collect::<Vec<_>>(), [("fe80::2/64".parse().unwrap(), "net0/v6")]);
        assert_eq!(read.macs().collect::<Vec<_>>(), [[2, 8, 0x20, 1, 2, 3]]);
        assert!(read.has_link("stub0") && !read.has_link("vm1_0") && read.knows("vm1") && !read.knows("vm2"));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert_eq!(HostUsage::from_bytes(&flipped), None, "byte {at}");
            assert_eq!(HostUsage::from_bytes(&bytes[..at]), None, "cut off at {at}");
        }
    }
}
