//! Settings for zmgr itself: tags, order, protection, and lines for zonecfg.

use super::{At, BASE, LAYERS, args};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "tag",
        at: LAYERS,
        args: args!("WORD": Type::NetName),
        rest: true,
        times: Times::Many,
        inherited: true,
        effect: Some(TakesEffect::AtOnce),
        help: "Tags for selecting zones.",
        example: r#"tag "web""#,
        ..BASE
    },
    NodeRule {
        name: "after",
        at: &[At::Template, At::Zone],
        inherited: true,
        format: 3,
        args: args!("ZONE": Type::ZoneName),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::AtOnce),
        help: "Zones that must be up before this one boots, and that stay up until it is down. The host's own autoboot is off then: the service svc:/application/zmgr/zones boots the zone.",
        example: r#"after "db01""#,
        ..BASE
    },
    NodeRule {
        name: "protected",
        at: LAYERS,
        args: args!("WHETHER": Type::Bool),
        default: "protected #false",
        effect: Some(TakesEffect::AtOnce),
        help: "Whether `destroy` needs --force.",
        example: "protected #true",
        ..BASE
    },
    NodeRule {
        name: "zonecfg",
        at: LAYERS,
        args: args!("COMMAND": Type::Command),
        rest: true,
        times: Times::Many,
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "A command passed through to zonecfg, run last: set, clear, add, select, remove or end. Not for zonename, zonepath, brand, ip-type, net.",
        example: r#"zonecfg "set fs-allowed=ufs""#,
        ..BASE
    },
    NodeRule {
        name: "without",
        at: LAYERS,
        args: args!("NODE": Type::Inherited, "KEY": Type::Plain(1000)),
        optional: true,
        times: Times::Many,
        help: "Drops a node of the layers below, by name and key, or all of a kind.",
        example: r#"without "attr" "env""#,
        ..BASE
    },
];
