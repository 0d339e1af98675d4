//! Nets of templates and zones.

use super::{At, BASE, NETS, args, prop};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "pool",
        at: NETS,
        args: args!("POOL": Type::PoolName),
        effect: Some(TakesEffect::NextReboot),
        help: "Pool of the net's addresses and link.",
        example: r#"pool "internal""#,
        ..BASE
    },
    NodeRule {
        name: "address",
        at: NETS,
        args: args!("ADDRESS": Type::NetAddress),
        props: &[prop("gateway", Type::Address, "the router")],
        times: Times::Keyed,
        effect: Some(TakesEffect::NextReboot),
        help: "An address with its prefix length. \"dhcp\", \"slaac\": zmgr makes the zone get its addresses by DHCP, or from router advertisements; a pool gives the net only its link. \"none\": zmgr assigns no address; the zone configures itself.",
        example: r#"address "10.1.0.10/24" gateway="10.1.0.1""#,
        ..BASE
    },
    NodeRule {
        name: "host-name",
        at: &[At::ZoneNet],
        args: args!("NAME": Type::Plain(255)),
        times: Times::Many,
        help: "A host name instead of an address, as import may find it.",
        example: r#"host-name "db.example.org""#,
        ..BASE
    },
    NodeRule {
        name: "physical",
        at: &[At::TemplateNet],
        args: args!("LINK": Type::Link),
        effect: Some(TakesEffect::NextReboot),
        help: "An existing link that the zone gets as it is; never created or deleted.",
        example: r#"physical "e1000g1""#,
        ..BASE
    },
    NodeRule {
        name: "physical",
        at: &[At::ZoneNet],
        args: args!("LINK": Type::FoundLink),
        effect: Some(TakesEffect::NextReboot),
        help: "An existing link that the zone has as it is; never created or deleted.",
        example: r#"physical "e1000g1""#,
        ..BASE
    },
    NodeRule {
        name: "link-property",
        at: NETS,
        args: args!("NAME": Type::LinkProperty, "VALUE": Type::LinkValue),
        times: Times::Keyed,
        effect: Some(TakesEffect::AtOnce),
        help: "A property of the VNIC, as in `dladm set-linkprop`; not mtu and those that the zone's boot sets.",
        example: r#"link-property "maxbw" "100M""#,
        ..BASE
    },
    NodeRule {
        name: "default-route",
        at: NETS,
        args: args!("WHETHER": Type::Bool),
        effect: Some(TakesEffect::NextReboot),
        help: "Whether default routes use this net. Default: the first net with a gateway has them.",
        example: "default-route #false",
        ..BASE
    },
    NodeRule {
        name: "vnic",
        at: &[At::ZoneNet],
        args: args!("LINK": Type::Vnic),
        effect: Some(TakesEffect::NextReboot),
        help: "The VNIC.",
        example: r#"vnic "web01_0""#,
        ..BASE
    },
    NodeRule {
        name: "stub",
        at: &[At::ZoneNet],
        args: args!("LINK": Type::Link),
        effect: Some(TakesEffect::NextReboot),
        help: "Link below the VNIC; for a shared-IP zone, the link that has the address.",
        example: r#"stub "stub0""#,
        ..BASE
    },
    NodeRule {
        name: "mac",
        at: &[At::ZoneNet],
        args: args!("MAC": Type::Mac),
        effect: Some(TakesEffect::NextReboot),
        help: "MAC address of the VNIC, chosen by zmgr: a VNIC is zmgr's only if name, link below and MAC address match.",
        example: r#"mac "2:8:20:7d:1e:9f""#,
        ..BASE
    },
    NodeRule {
        name: "override",
        at: &[At::ZoneNet],
        format: 2,
        args: args!("SETTING": Type::Word(&["stub", "vlan", "mtu", "gateway"])),
        rest: true,
        help: "Written by zmgr in `applied`: settings of the entry that differ from its pool.",
        example: r#"override "mtu""#,
        ..BASE
    },
    NodeRule {
        name: "managed",
        at: &[At::ZoneNet],
        args: args!("WHETHER": Type::Bool),
        default: "managed #false",
        help: "Written by zmgr: it created the VNIC, so `destroy` may delete it.",
        example: "managed #true",
        ..BASE
    },
];
