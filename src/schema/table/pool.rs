//! Pools of addresses.

use super::{At, BASE, POOL, args, must};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "pool",
        at: &[At::PoolFile],
        args: args!("NAME": Type::PoolName),
        body: Some(At::Pool),
        required: true,
        help: "Networks and the link to them. The name must match the file name.",
        example: r#"pool "internal" { network "10.1.0.0/24"; gateway "10.1.0.1"; stub "stub0" }"#,
        ..BASE
    },
    NodeRule {
        name: "network",
        at: &[At::Pool],
        args: args!("NETWORK": Type::Network),
        body: Some(At::PoolNetwork),
        times: Times::Keyed,
        required: true,
        help: "A network of the pool, with a prefix of at least 8 bits. A zone gets one address of each family; several networks of one family are tried in order.",
        example: r#"network "10.1.0.0/24""#,
        ..BASE
    },
    NodeRule {
        name: "gateway",
        at: POOL,
        args: args!("ADDRESS": Type::Address),
        times: Times::Many,
        help: "Router of the network that contains it; never allocated to a zone.",
        example: r#"gateway "10.1.0.1""#,
        ..BASE
    },
    NodeRule {
        name: "stub",
        at: &[At::Pool],
        args: args!("LINK": Type::Link),
        help: "Link below the VNICs: etherstub, physical, aggregation or overlay, never a VNIC. zmgr never creates or deletes it.",
        example: r#"stub "stub0""#,
        ..BASE
    },
    NodeRule {
        name: "range",
        at: POOL,
        args: args!("FIRST": Type::Address, "LAST": Type::Address),
        times: Times::Many,
        help: "Addresses that may be allocated, both ends included. Default: the whole network except addresses that cannot be used.",
        example: r#"range "10.1.0.10" "10.1.0.250""#,
        ..BASE
    },
    NodeRule {
        name: "share",
        at: POOL,
        args: args!("HOST": Type::HostName, "FIRST": Type::Address, "LAST": Type::Address),
        times: Times::Many,
        help: "Addresses that one host of a fleet allocates from, both ends included. Once a pool has shares, every host allocates only from its own (see `host` in config.kdl), and a host without one allocates nothing.",
        example: r#"share "h1" "10.1.0.10" "10.1.0.59""#,
        ..BASE
    },
    NodeRule {
        name: "fleet",
        at: &[At::Pool],
        props: &[must(
            "segment",
            Type::NetName,
            "the layer-2 network of the pool; pools of one segment share their MAC addresses",
        )],
        help: "Shares the pool with the other hosts of the fleet through the `store` of config.kdl. Every host needs the same pool file.",
        example: r#"fleet segment="dmz""#,
        ..BASE
    },
    NodeRule {
        name: "exclude",
        at: POOL,
        args: args!("ADDRESSES": Type::AddressRange),
        rest: true,
        times: Times::Many,
        help: "Addresses that are never allocated: single ones or ranges.",
        example: r#"exclude "10.1.0.53" "10.1.0.100-10.1.0.120""#,
        ..BASE
    },
    NodeRule {
        name: "reserve",
        at: POOL,
        args: args!("ADDRESS": Type::Address),
        props: &[must("for", Type::NetName, "the zone or owner that it is reserved for")],
        times: Times::Keyed,
        help: "An address for only one zone or owner.",
        example: r#"reserve "10.1.0.20" for="db01""#,
        ..BASE
    },
    NodeRule {
        name: "range-start",
        at: POOL,
        args: args!("ADDRESS": Type::Address),
        help: "Older form of the start of a range.",
        example: r#"range-start "10.1.0.10""#,
        ..BASE
    },
    NodeRule {
        name: "range-end",
        at: POOL,
        args: args!("ADDRESS": Type::Address),
        help: "Older form of the end of a range.",
        example: r#"range-end "10.1.0.250""#,
        ..BASE
    },
    NodeRule {
        name: "addresses",
        at: POOL,
        body: Some(At::PoolAddresses),
        help: "Older form of ranges of one address each.",
        example: r#"addresses { address "10.1.0.10"; address "10.1.0.12" }"#,
        ..BASE
    },
    NodeRule {
        name: "address",
        at: &[At::PoolAddresses],
        args: args!("ADDRESS": Type::Address),
        rest: true,
        times: Times::Many,
        help: "Single addresses that may be allocated.",
        example: r#"address "10.1.0.10""#,
        ..BASE
    },
    NodeRule {
        name: "vlan",
        at: &[At::Pool, At::ZoneNet],
        args: args!("ID": Type::Int(1, 4094)),
        effect: Some(TakesEffect::NextReboot),
        help: "VLAN of the VNICs.",
        example: "vlan 20",
        ..BASE
    },
    NodeRule {
        name: "mtu",
        at: &[At::Pool, At::ZoneNet],
        args: args!("BYTES": Type::Int(576, 65_535)),
        effect: Some(TakesEffect::NextReboot),
        help: "MTU of the VNIC; default: the underlying link's.",
        example: "mtu 9000",
        ..BASE
    },
    NodeRule {
        name: "strategy",
        at: &[At::Pool],
        args: args!("WHAT": Type::Word(&["lowest", "next"])),
        default: r#"strategy "lowest""#,
        help: "Which free address is allocated: the lowest, or the first after the newest entry's.",
        example: r#"strategy "lowest""#,
        ..BASE
    },
];
