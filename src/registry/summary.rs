//! Data that the registry needs of each entry, as values and as the bytes in the index.
//!
//! Invariant: [`EntrySummary::encode`] and [`SummaryView::decode`] are each other's inverse. Views borrow from the bytes, so that
//! scanning thousands of entries allocates nothing.

use std::net::IpAddr;

use ipnet::IpNet;

use super::codec::{Decoder, Encoder};
use super::tree::Directory;

/// Zone or reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// `zones/NAME.kdl`
    Zone,
    /// `reservations/NAME.kdl`
    Reservation,
}

impl EntryKind {
    /// Both kinds.
    pub const ALL: [EntryKind; 2] = [EntryKind::Zone, EntryKind::Reservation];

    /// Returns the directory of such files.
    pub const fn directory(self) -> Directory {
        match self {
            EntryKind::Zone => Directory::Zones,
            EntryKind::Reservation => Directory::Reservations,
        }
    }
}

/// Data of one file of the registry that lists and allocation need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntrySummary {
    /// The entry's name.
    pub name: String,
    /// Its id.
    pub id: Option<String>,
    /// Format version of the file.
    pub format: u32,
    /// `creating`, `ready`, `destroying`, `failed`; `None` for a desired state that is not built.
    pub state: Option<String>,
    /// Current step of its operation.
    pub step: Option<String>,
    /// True if a rollback began.
    pub undo: bool,
    /// Time of creation, RFC 3339.
    pub created: Option<String>,
    /// Its desired nets; for a reservation, one per pool.
    pub nets: Vec<NetSummary>,
    /// Applied nets that differ from the desired ones.
    pub applied: Vec<NetSummary>,
    /// True if the zone shares the host's IP stack; `None` if its entry does not specify it.
    pub shared: Option<bool>,
    /// Its template.
    pub template: Option<String>,
    /// Its brand.
    pub brand: Option<String>,
    /// Its zonepath.
    pub zonepath: Option<String>,
    /// The uuid of its installation.
    pub uuid: Option<String>,
    /// `create` or `import`.
    pub origin: Option<String>,
    /// `autoboot`, if set in the entry.
    pub autoboot: Option<bool>,
    /// Tags, if set in the entry.
    pub tags: Option<Vec<String>>,
    /// Zones that must be up before it boots, if set in the entry.
    pub after: Option<Vec<String>>,
    /// Attributes of the entry itself.
    pub attrs: Vec<(String, String)>,
    /// Settings of its template that it drops: node and key.
    pub without: Vec<(String, String)>,
    /// Changes that wait for the zone's next boot.
    pub pending: Option<PendingSummary>,
}

/// Changes that wait for a zone's next boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingSummary {
    /// Boot time of the host, if known.
    pub boot_time: Option<u64>,
    /// Zone id at that time.
    pub zone_id: u32,
    /// The changes.
    pub changes: Vec<String>,
}

/// A net of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetSummary {
    /// Its name within the zone.
    pub name: String,
    /// The pool its addresses come from.
    pub pool: Option<String>,
    /// Interface addresses, each with its gateway.
    pub addresses: Vec<(IpNet, Option<IpAddr>)>,
    /// The VNIC.
    pub vnic: Option<String>,
    /// The link below the VNIC.
    pub stub: Option<String>,
    /// An existing link used instead of a VNIC.
    pub physical: Option<String>,
    /// The MAC address.
    pub mac: Option<[u8; 6]>,
    /// The VLAN.
    pub vlan: Option<u16>,
    /// True if zmgr made the VNIC.
    pub managed: bool,
    /// True if held by more than the desired state: it was applied, or an operation on the zone began.
    pub held: bool,
}

/// Encoded [`EntrySummary`]: kind, name and nets are at hand, the rest is decoded on demand.
#[derive(Debug, Clone, Copy)]
pub struct SummaryView<'a> {
    /// Zone or reservation.
    pub kind: EntryKind,
    /// The entry's name.
    pub name: &'a str,
    nets: Decoder<'a>,
    applied: Decoder<'a>,
    rest: Decoder<'a>,
}

/// Encoded [`NetSummary`]: pool and addresses are at hand, the rest is decoded on demand.
#[derive(Debug, Clone, Copy)]
pub struct NetView<'a> {
    /// The pool its addresses come from.
    pub pool: Option<&'a str>,
    addresses: Decoder<'a>,
    rest: Decoder<'a>,
}

/// Links of a net.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinksView<'a> {
    /// The VNIC.
    pub vnic: Option<&'a str>,
    /// The link below the VNIC.
    pub stub: Option<&'a str>,
    /// An existing link used instead of a VNIC.
    pub physical: Option<&'a str>,
    /// The MAC address.
    pub mac: Option<[u8; 6]>,
    /// The VLAN.
    pub vlan: Option<u16>,
    pub(super) name: &'a str,
    pub(super) managed: bool,
    /// True if held by more than the desired state.
    pub held: bool,
}

impl EntrySummary {
    pub(super) fn encode(&self, kind: EntryKind, e: &mut Encoder) {
        e.byte(kind as u8);
        e.text(&self.name);
        e.counted(|e| self.nets.iter().for_each(|net| e.counted(|e| net.encode(e))));
        e.counted(|e| self.applied.iter().for_each(|net| e.counted(|e| net.encode(e))));
        e.maybe_text(self.state.as_deref());
        e.maybe_text(self.created.as_deref());
        e.maybe_text(self.id.as_deref());
        e.number(u64::from(self.format));
        e.maybe_text(self.step.as_deref());
        e.byte(u8::from(self.undo));
        for text in [&self.template, &self.brand, &self.zonepath, &self.uuid, &self.origin] {
            e.maybe_text(text.as_deref());
        }
        e.maybe_bool(self.autoboot);
        e.maybe_bool(self.shared);
        for list in [&self.tags, &self.after] {
            e.maybe_number(list.as_ref().map(|words| words.len() as u64));
            for word in list.iter().flatten() {
                e.text(word);
            }
        }
        for pairs in [&self.attrs, &self.without] {
            e.number(pairs.len() as u64);
            for (key, value) in pairs {
                e.text(key);
                e.text(value);
            }
        }
        e.maybe_number(self.pending.as_ref().map(|pending| u64::from(pending.zone_id)));
        if let Some(pending) = &self.pending {
            e.maybe_number(pending.boot_time);
            e.number(pending.changes.len() as u64);
            pending.changes.iter().for_each(|change| e.text(change));
        }
    }
}

impl NetSummary {
    pub(super) fn encode(&self, e: &mut Encoder) {
        let links = LinksView {
            vnic: self.vnic.as_deref(),
            stub: self.stub.as_deref(),
            physical: self.physical.as_deref(),
            mac: self.mac,
            vlan: self.vlan,
            name: &self.name,
            managed: self.managed,
            held: self.held,
        };
        encode_net(self.pool.as_deref(), self.addresses.iter().copied(), &links, e);
    }
}

/// Encodes a net: its pool, its interface addresses, each with its gateway, and its links.
pub(super) fn encode_net(
    pool: Option<&str>,
    addresses: impl Iterator<Item = (IpNet, Option<IpAddr>)>,
    links: &LinksView<'_>,
    e: &mut Encoder,
) {
    e.maybe_text(pool);
    e.counted(|e| {
        for (address, gateway) in addresses {
            e.interface(address);
            e.address(gateway);
        }
    });
    for text in [links.vnic, links.stub, links.physical] {
        e.maybe_text(text);
    }
    e.byte(u8::from(links.mac.is_some()) | u8::from(links.managed) << 1 | u8::from(links.held) << 2);
    if let Some(mac) = links.mac {
        e.fixed(mac);
    }
    e.maybe_number(links.vlan.map(u64::from));
    e.text(links.name);
}

impl<'a> SummaryView<'a> {
    /// Returns true if these bytes belong to this entry.
    pub(super) fn is_of(bytes: &[u8], kind: EntryKind, name: &[u8]) -> bool {
        bytes.first() == Some(&(kind as u8)) && SummaryView::name_bytes(bytes) == Some(name)
    }

    /// Returns the name in these bytes without decoding the rest.
    pub(super) fn name_bytes(bytes: &'a [u8]) -> Option<&'a [u8]> {
        let mut d = Decoder { bytes };
        d.byte()?;
        d.text_bytes()
    }

    pub(super) fn decode(bytes: &'a [u8]) -> Option<SummaryView<'a>> {
        let mut d = Decoder { bytes };
        let kind = match d.byte()? {
            0 => EntryKind::Zone,
            1 => EntryKind::Reservation,
            _ => return None,
        };
        Some(SummaryView { kind, name: d.text()?, nets: d.counted()?, applied: d.counted()?, rest: d })
    }

    /// Returns its desired nets, in order.
    pub fn nets(&self) -> impl Iterator<Item = NetView<'a>> + use<'a> {
        NetView::all(self.nets)
    }

    /// Returns its desired nets and the applied ones that differ from them: everything that the entry holds.
    pub fn all_nets(&self) -> impl Iterator<Item = NetView<'a>> + use<'a> {
        self.nets().chain(NetView::all(self.applied))
    }

    /// Returns true if the zone shares the host's IP stack; `None` if its entry does not specify it.
    pub(super) fn shared(&self) -> Option<bool> {
        let mut d = self.rest;
        for _ in ["state", "created", "id"] {
            d.maybe_text()?;
        }
        d.number()?;
        d.maybe_text()?;
        d.byte()?;
        for _ in ["template", "brand", "zonepath", "uuid", "origin"] {
            d.maybe_text()?;
        }
        d.maybe_bool()?;
        d.maybe_bool()?
    }

    /// Returns `creating`, `ready`, `destroying`, `failed`; `None` for a desired state that is not built.
    pub fn state(&self) -> Option<&'a str> {
        let mut d = self.rest;
        d.maybe_text()?
    }

    /// Returns the time of creation, RFC 3339.
    pub fn created(&self) -> Option<&'a str> {
        let mut d = self.rest;
        d.maybe_text()?;
        d.maybe_text()?
    }

    /// Returns its id.
    pub fn id(&self) -> Option<&'a str> {
        let mut d = self.rest;
        d.maybe_text()?;
        d.maybe_text()?;
        d.maybe_text()?
    }

    /// Returns its zonepath, if the entry has one.
    pub fn zonepath(&self) -> Option<&'a str> {
        let mut d = self.rest;
        for _ in ["state", "created", "id"] {
            d.maybe_text()?;
        }
        d.number()?;
        d.maybe_text()?;
        d.byte()?;
        for _ in ["template", "brand"] {
            d.maybe_text()?;
        }
        d.maybe_text()?
    }

    /// Decodes everything.
    pub fn to_summary(self) -> EntrySummary {
        self.rest().unwrap_or_else(|| EntrySummary { name: self.name.to_owned(), ..EntrySummary::default() })
    }

    fn rest(&self) -> Option<EntrySummary> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let mut summary = EntrySummary { name: self.name.to_owned(), ..EntrySummary::default() };
        summary.nets.extend(self.nets().map(|net| net.to_summary()));
        summary.applied.extend(NetView::all(self.applied).map(|net| net.to_summary()));
        let mut d = self.rest;
        summary.state = own(d.maybe_text()?);
        summary.created = own(d.maybe_text()?);
        summary.id = own(d.maybe_text()?);
        summary.format = u32::try_from(d.number()?).ok()?;
        summary.step = own(d.maybe_text()?);
        summary.undo = d.byte()? == 1;
        for text in
            [&mut summary.template, &mut summary.brand, &mut summary.zonepath, &mut summary.uuid, &mut summary.origin]
        {
            *text = own(d.maybe_text()?);
        }
        summary.autoboot = d.maybe_bool()?;
        summary.shared = d.maybe_bool()?;
        for list in [&mut summary.tags, &mut summary.after] {
            if let Some(count) = d.maybe_number()? {
                *list = Some((0..count).map(|_| d.text().map(str::to_owned)).collect::<Option<_>>()?);
            }
        }
        for pairs in [&mut summary.attrs, &mut summary.without] {
            for _ in 0..d.number()? {
                pairs.push((d.text()?.to_owned(), d.text()?.to_owned()));
            }
        }
        if let Some(zone_id) = d.maybe_number()? {
            let mut pending = PendingSummary {
                zone_id: u32::try_from(zone_id).ok()?,
                boot_time: d.maybe_number()?,
                ..PendingSummary::default()
            };
            for _ in 0..d.number()? {
                pending.changes.push(d.text()?.to_owned());
            }
            summary.pending = Some(pending);
        }
        Some(summary)
    }
}

impl<'a> NetView<'a> {
    pub(super) fn all(mut d: Decoder<'a>) -> impl Iterator<Item = NetView<'a>> + use<'a> {
        std::iter::from_fn(move || NetView::decode(d.counted()?))
    }

    pub(super) fn decode(mut d: Decoder<'a>) -> Option<NetView<'a>> {
        Some(NetView { pool: d.maybe_text()?, addresses: d.counted()?, rest: d })
    }

    /// Returns the interface addresses, each with its gateway.
    pub fn addresses(&self) -> impl Iterator<Item = (IpNet, Option<IpAddr>)> + use<'a> {
        let mut d = self.addresses;
        std::iter::from_fn(move || Some((d.interface()?, d.address()?)))
    }

    /// Returns true if one of its links, other than the one below, has this name.
    pub fn has_link(&self, name: &str) -> bool {
        let mut d = self.rest;
        let mut next = || d.maybe_text_bytes().flatten();
        let (vnic, _stub, physical) = (next(), next(), next());
        [vnic, physical].contains(&Some(name.as_bytes()))
    }

    /// Returns true if the link below has this name.
    pub(super) fn is_on(&self, name: &str) -> bool {
        let mut d = self.rest;
        let mut next = || d.maybe_text_bytes().flatten();
        let (_vnic, stub) = (next(), next());
        stub == Some(name.as_bytes())
    }

    /// Returns the MAC address.
    pub fn mac(&self) -> Option<[u8; 6]> {
        let mut d = self.rest;
        for _ in 0..3 {
            d.maybe_text_bytes()?;
        }
        if d.byte()? & 1 == 1 { d.fixed() } else { None }
    }

    /// Returns true if held by more than the desired state.
    pub(super) fn held(&self) -> bool {
        let mut d = self.rest;
        let mut skip = || d.maybe_text_bytes();
        let texts = [skip(), skip(), skip()];
        texts.iter().all(Option::is_some) && d.byte().is_some_and(|flags| flags & 4 == 4)
    }

    /// Returns its links.
    pub fn links(&self) -> LinksView<'a> {
        self.decode_links().unwrap_or_default()
    }

    fn decode_links(&self) -> Option<LinksView<'a>> {
        let mut d = self.rest;
        let (vnic, stub, physical) = (d.maybe_text()?, d.maybe_text()?, d.maybe_text()?);
        let flags = d.byte()?;
        let mac = if flags & 1 == 1 { Some(d.fixed()?) } else { None };
        let vlan = d.maybe_number()?.map(u16::try_from).transpose().ok()?;
        Some(LinksView {
            vnic,
            stub,
            physical,
            mac,
            vlan,
            name: d.text()?,
            managed: flags & 2 == 2,
            held: flags & 4 == 4,
        })
    }

    pub(super) fn to_summary(self) -> NetSummary {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let links = self.links();
        NetSummary {
            name: links.name.to_owned(),
            pool: own(self.pool),
            addresses: self.addresses().collect(),
            vnic: own(links.vnic),
            stub: own(links.stub),
            physical: own(links.physical),
            mac: links.mac,
            vlan: links.vlan,
            managed: links.managed,
            held: links.held,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = Option<String>> {
        proptest::option::of("[a-zä ]{0,6}")
    }

    fn net() -> impl Strategy<Value = NetSummary> {
        let address = (any::<IpAddr>(), any::<u8>())
            .prop_map(|(a, p)| IpNet::new(a, if a.is_ipv4() { p % 33 } else { p % 129 }).unwrap());
        let addresses = proptest::collection::vec((address, any::<Option<IpAddr>>()), 0..3);
        ("[a-z]{1,4}", text(), addresses, text(), text(), text(), any::<(Option<[u8; 6]>, Option<u16>, bool, bool)>())
            .prop_map(|(name, pool, addresses, vnic, stub, physical, (mac, vlan, managed, held))| NetSummary {
                name,
                pool,
                addresses,
                vnic,
                stub,
                physical,
                mac,
                vlan,
                managed,
                held,
            })
    }

    pub(in crate::registry) fn any_summary() -> impl Strategy<Value = EntrySummary> {
        let pairs = || {
            proptest::collection::vec(("[a-z]{0,4}".prop_map(String::from), "[a-z]{0,4}".prop_map(String::from)), 0..3)
        };
        (
            ("[a-z][a-z0-9]{0,8}", text(), any::<u32>(), text(), text(), any::<bool>(), text()),
            (proptest::collection::vec(net(), 0..3), proptest::collection::vec(net(), 0..3), any::<Option<bool>>()),
            (text(), text(), text(), text(), text()),
            (
                any::<Option<bool>>(),
                proptest::option::of(proptest::collection::vec("[a-z]{0,4}".prop_map(String::from), 0..3)),
                proptest::option::of(proptest::collection::vec("[a-z]{0,4}".prop_map(String::from), 0..3)),
                pairs(),
                pairs(),
                proptest::option::of((
                    proptest::option::of(0..u64::MAX),
                    any::<u32>(),
                    proptest::collection::vec("[a-z]{0,4}".prop_map(String::from), 0..3),
                )),
            ),
        )
            .prop_map(
                |(
                    (name, id, format, state, step, undo, created),
                    (nets, applied, shared),
                    (template, brand, zonepath, uuid, origin),
                    (autoboot, tags, after, attrs, without, pending),
                )| EntrySummary {
                    name,
                    id,
                    format,
                    state,
                    step,
                    undo,
                    created,
                    nets,
                    applied,
                    shared,
                    template,
                    brand,
                    zonepath,
                    uuid,
                    origin,
                    autoboot,
                    tags,
                    after,
                    attrs,
                    without,
                    pending: pending.map(|(boot_time, zone_id, changes)| PendingSummary {
                        boot_time,
                        zone_id,
                        changes,
                    }),
                },
            )
    }

    proptest! {
        #[test]
        fn they_come_back(summary in any_summary()) {
            let mut encoder = Encoder::default();
            summary.encode(EntryKind::Reservation, &mut encoder);
            let view = SummaryView::decode(&encoder.bytes).unwrap();
            prop_assert_eq!(view.kind, EntryKind::Reservation);
            prop_assert_eq!(SummaryView::name_bytes(&encoder.bytes), Some(summary.name.as_bytes()));
            prop_assert_eq!(view.nets().count(), summary.nets.len());
            prop_assert_eq!(view.all_nets().count(), summary.nets.len() + summary.applied.len());
            for (view, net) in view.nets().zip(&summary.nets) {
                prop_assert_eq!(view.mac(), net.mac);
                for name in ["", "a", "ab"].into_iter().chain(net.vnic.as_deref()).chain(net.stub.as_deref()).chain(net.physical.as_deref()) {
                    let has = [&net.vnic, &net.physical].into_iter().any(|link| link.as_deref() == Some(name));
                    prop_assert_eq!(view.has_link(name), has);
                }
            }
            prop_assert_eq!(view.to_summary(), summary);
        }
    }
}
