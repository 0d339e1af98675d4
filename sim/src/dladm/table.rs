//! The properties of links: which links have them, what they can be, what they are when nothing was set (libdladm's table of
//! properties, linkprop.c; the order is that of the listings [linkprop-v0, linkprop-stub0, usage-show-linkprop-bare]).

use super::link::Class;

/// Format in which a property is read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of Wi-Fi, InfiniBand and tunnels: no link here has it.
    OtherMedia,
    /// Properties that this host's network card does not report: its speed, its duplex mode.
    Unreadable,
    /// Properties that this host's network card does not have.
    Unsupported,
    Autopush,
    Zone,
    State,
    Mtu,
    SecondaryMacs,
    Bandwidth,
    Cpus,
    Pool,
    /// One of the words, kept by the kernel.
    Word,
    /// Kept by the bridge daemon, which does not run: the value is the one on record.
    Bridge(Check),
    DefaultTag,
    Number,
    Protection,
    AllowedIps,
    AllowedCids,
    Rings,
    /// Follows from other properties; nothing here.
    Effective,
    /// Rings and groups that are free; there are none here.
    Free,
}

/// Values of a property of bridges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Words,
    Priority,
    Cost,
    Migration,
}

/// One property.
#[derive(Debug)]
pub(super) struct Prop {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Default in the table; empty if the kernel is asked.
    pub(super) default: &'static str,
    /// The words that it can be.
    pub(super) words: &'static [&'static str],
    pub(super) writable: bool,
    classes: &'static [Class],
}

impl Prop {
    pub(super) fn applies(&self, class: Class) -> bool {
        self.kind != Kind::OtherMedia && (self.classes.is_empty() || self.classes.contains(&class))
    }

    /// Returns true if `create-vnic -p` makes it active at once, and checks it; all others are only put on record [create-p-mtu-7].
    pub(super) fn is_resource(&self) -> bool {
        use Kind::{AllowedCids, AllowedIps, Bandwidth, Cpus, Effective, Pool, Protection, Rings};
        matches!(self.kind, Bandwidth | Cpus | Pool | Protection | AllowedIps | AllowedCids | Rings | Effective)
            || self.name == "priority"
    }
}

const ALL: &[Class] = &[];
const PHYS: &[Class] = &[Class::Phys];
const VNIC: &[Class] = &[Class::Vnic];
const TAGGED: &[Class] = &[Class::Phys, Class::Aggr, Class::Vnic];
const NOT_VNIC: &[Class] = &[Class::Phys, Class::Vlan, Class::Aggr, Class::Etherstub, Class::Overlay];
const BRIDGED: &[Class] = &[Class::Phys, Class::Aggr, Class::Etherstub];

const BITS: &[&str] = &["1", "0"];
const NONE: &[&str] = &[];

const fn prop(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    words: &'static [&'static str],
    writable: bool,
    classes: &'static [Class],
) -> Prop {
    Prop { name, kind, default, words, writable, classes }
}

/// A capability of network cards: what the other side can do is read-only.
const fn capability(name: &'static str) -> Prop {
    prop(name, Kind::Unsupported, "", BITS, matches!(name.as_bytes()[0], b'e'), PHYS)
}

pub(super) const PROPS: &[Prop] = &[
    prop("channel", Kind::OtherMedia, "", NONE, false, PHYS),
    prop("powermode", Kind::OtherMedia, "off", NONE, true, PHYS),
    prop("radio", Kind::OtherMedia, "on", NONE, true, PHYS),
    prop("linkmode", Kind::OtherMedia, "cm", NONE, true, ALL),
    prop("speed", Kind::Unreadable, "", NONE, true, PHYS),
    prop("autopush", Kind::Autopush, "", NONE, true, ALL),
    prop("zone", Kind::Zone, "", NONE, true, ALL),
    prop("duplex", Kind::Unreadable, "", &["half", "full"], false, PHYS),
    prop("state", Kind::State, "up", &["up", "down"], false, ALL),
    prop("adv_autoneg_cap", Kind::Unsupported, "", BITS, true, PHYS),
    prop("mtu", Kind::Mtu, "", NONE, true, ALL),
    prop("secondary-macs", Kind::SecondaryMacs, "--", NONE, true, VNIC),
    prop("flowctrl", Kind::Unsupported, "", &["no", "tx", "rx", "bi"], true, PHYS),
    capability("adv_100gfdx_cap"),
    capability("en_100gfdx_cap"),
    capability("adv_50gfdx_cap"),
    capability("en_50gfdx_cap"),
    capability("adv_40gfdx_cap"),
    capability("en_40gfdx_cap"),
    capability("adv_25gfdx_cap"),
    capability("en_25gfdx_cap"),
    capability("adv_10gfdx_cap"),
    capability("en_10gfdx_cap"),
    capability("adv_5000fdx_cap"),
    capability("en_5000fdx_cap"),
    capability("adv_2500fdx_cap"),
    capability("en_2500fdx_cap"),
    capability("adv_1000fdx_cap"),
    capability("en_1000fdx_cap"),
    capability("adv_1000hdx_cap"),
    capability("en_1000hdx_cap"),
    capability("adv_100fdx_cap"),
    capability("en_100fdx_cap"),
    capability("adv_100hdx_cap"),
    capability("en_100hdx_cap"),
    capability("adv_10fdx_cap"),
    capability("en_10fdx_cap"),
    capability("adv_10hdx_cap"),
    capability("en_10hdx_cap"),
    prop("maxbw", Kind::Bandwidth, "--", NONE, true, ALL),
    prop("cpus", Kind::Cpus, "--", NONE, true, ALL),
    prop("cpus-effective", Kind::Effective, "--", NONE, false, ALL),
    prop("pool", Kind::Pool, "--", NONE, true, ALL),
    prop("pool-effective", Kind::Effective, "--", NONE, false, ALL),
    prop("priority", Kind::Word, "high", &["low", "medium", "high"], true, ALL),
    prop("tagmode", Kind::Word, "vlanonly", &["normal", "vlanonly"], true, TAGGED),
    prop("hoplimit", Kind::OtherMedia, "", NONE, true, ALL),
    prop("encaplimit", Kind::OtherMedia, "", NONE, true, ALL),
    prop("forward", Kind::Bridge(Check::Words), "1", BITS, true, NOT_VNIC),
    prop("default_tag", Kind::DefaultTag, "1", NONE, true, BRIDGED),
    prop("learn_limit", Kind::Number, "1000", NONE, true, BRIDGED),
    prop("learn_decay", Kind::Number, "200", NONE, true, BRIDGED),
    prop("stp", Kind::Bridge(Check::Words), "1", BITS, true, BRIDGED),
    prop("stp_priority", Kind::Bridge(Check::Priority), "128", NONE, true, BRIDGED),
    prop("stp_cost", Kind::Bridge(Check::Cost), "auto", NONE, true, BRIDGED),
    prop("stp_edge", Kind::Bridge(Check::Words), "1", BITS, true, BRIDGED),
    prop("stp_p2p", Kind::Bridge(Check::Words), "auto", &["true", "false", "auto"], true, BRIDGED),
    prop("stp_mcheck", Kind::Bridge(Check::Migration), "0", BITS, true, BRIDGED),
    prop("protection", Kind::Protection, "--", &["mac-nospoof", "restricted", "ip-nospoof", "dhcp-nospoof"], true, ALL),
    prop("promisc-filtered", Kind::Word, "on", &["off", "on"], true, VNIC),
    prop("allowed-ips", Kind::AllowedIps, "--", NONE, true, ALL),
    prop("allowed-dhcp-cids", Kind::AllowedCids, "--", NONE, true, ALL),
    prop("rxrings", Kind::Rings, "--", NONE, true, ALL),
    prop("rxrings-effective", Kind::Effective, "--", NONE, false, ALL),
    prop("txrings", Kind::Rings, "--", NONE, true, ALL),
    prop("txrings-effective", Kind::Effective, "--", NONE, false, ALL),
    prop("txrings-available", Kind::Free, "", NONE, false, ALL),
    prop("rxrings-available", Kind::Free, "", NONE, false, ALL),
    prop("rxhwclnt-available", Kind::Free, "", NONE, false, ALL),
    prop("txhwclnt-available", Kind::Free, "", NONE, false, ALL),
];

/// The property of that name, whatever its case.
pub(super) fn find(name: &str) -> Option<&'static Prop> {
    PROPS.iter().find(|prop| prop.name.eq_ignore_ascii_case(name))
}
