//! Properties of the zone as a whole.

use super::{BASE, LAYERS, args, prop};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "hostid",
        at: LAYERS,
        args: args!("ID": Type::HostId),
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "Host id in the zone.",
        example: r#"hostid "0x1234abcd""#,
        ..BASE
    },
    NodeRule {
        name: "bootargs",
        at: LAYERS,
        args: args!("ARGUMENTS": Type::Plain(255)),
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "Arguments of each boot.",
        example: r#"bootargs "-m verbose""#,
        ..BASE
    },
    NodeRule {
        name: "limitpriv",
        at: LAYERS,
        args: args!("PRIVILEGES": Type::Plain(1000)),
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "Maximum set of the zone's privileges.",
        example: r#"limitpriv "default,dtrace_user""#,
        ..BASE
    },
    NodeRule {
        name: "scheduling-class",
        at: LAYERS,
        args: args!("CLASS": Type::Word(&["FSS", "TS", "IA", "FX", "RT", "SDC"])),
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "The scheduling class.",
        example: r#"scheduling-class "FSS""#,
        ..BASE
    },
    NodeRule {
        name: "fs-allowed",
        at: LAYERS,
        args: args!("TYPE": Type::FileSystem),
        rest: true,
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "Types of file systems that the zone may mount.",
        example: r#"fs-allowed "ufs" "pcfs""#,
        ..BASE
    },
    NodeRule {
        name: "resource-pool",
        at: LAYERS,
        args: args!("NAME": Type::Plain(255)),
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "The resource pool: zonecfg's own property \"pool\".",
        example: r#"resource-pool "pool_web""#,
        ..BASE
    },
    NodeRule {
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
    },
];
