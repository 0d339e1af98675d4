//! Properties of the zone with several values.

use super::{BASE, LAYERS, prop};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect};

pub(super) const NODES: &[NodeRule] = &[NodeRule {
    name: "security-flags",
    at: LAYERS,
    props: &[
        prop("default", Type::Plain(255), "flags that processes start with"),
        prop("lower", Type::Plain(255), "flags that are always set"),
        prop("upper", Type::Plain(255), "flags that may be set at most"),
    ],
    inherited: true,
    effect: Some(TakesEffect::NextReboot),
    help: "Security flags, as comma-separated lists.",
    example: r#"security-flags default="aslr" upper="all""#,
    ..BASE
}];
