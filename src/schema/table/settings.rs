//! Settings that decide the kind of a zone: brand, boot, IP stack.

use super::{BASE, LAYERS, args};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "brand",
        at: LAYERS,
        args: args!("BRAND": Type::Brand),
        effect: Some(TakesEffect::Never),
        help: "The brand. OpenIndiana: ipkg is linked to the host's image, nlipkg is not; OmniOS: lipkg is, ipkg is not.",
        example: r#"brand "nlipkg""#,
        ..BASE
    },
    NodeRule {
        name: "autoboot",
        at: LAYERS,
        args: args!("WHETHER": Type::Bool),
        default: "autoboot #false",
        effect: Some(TakesEffect::AtOnce),
        help: "Whether the zone boots with the host, and at the end of `create`.",
        example: "autoboot #true",
        ..BASE
    },
    NodeRule {
        name: "ip-type",
        at: LAYERS,
        args: args!("WHAT": Type::Word(&["exclusive", "shared"])),
        default: r#"ip-type "exclusive""#,
        effect: Some(TakesEffect::NextReboot),
        help: "IP type. \"shared\": no VNIC; the addresses are set on the pool's link on the host.",
        example: r#"ip-type "exclusive""#,
        ..BASE
    },
];
