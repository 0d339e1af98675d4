//! Templates: the layers between the defaults and a zone.

use super::{At, BASE, args};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "template",
        at: &[At::TemplateFile],
        args: args!("NAME": Type::TemplateName),
        body: Some(At::Template),
        required: true,
        help: "Settings that zones share. The name must match the file name.",
        example: r#"template "oi" { brand "nlipkg" }"#,
        ..BASE
    },
    NodeRule {
        name: "extends",
        at: &[At::Template],
        args: args!("TEMPLATE": Type::TemplateName),
        help: "The template that this one extends.",
        example: r#"extends "base""#,
        ..BASE
    },
    NodeRule {
        name: "net",
        at: &[At::Template],
        args: args!("NAME": Type::NetName),
        body: Some(At::TemplateNet),
        times: Times::Keyed,
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "A net of the template's zones: a VNIC with addresses of a pool, or an existing link.",
        example: r#"net "internal" { pool "internal" }"#,
        ..BASE
    },
    NodeRule {
        name: "pool",
        at: &[At::Template],
        args: args!("POOL": Type::PoolName),
        help: "Older form of one net \"default\" with this pool.",
        example: r#"pool "internal""#,
        ..BASE
    },
];
