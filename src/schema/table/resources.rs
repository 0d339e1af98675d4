//! Resources with a key: file systems, datasets, devices, attributes, controls, administrators.

use super::{At, BASE, COUNT, LAYERS, args, must, prop};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "fs",
        at: LAYERS,
        args: args!("DIR": Type::Path),
        props: &[
            must("special", Type::Plain(1000), "the source of the mount"),
            must("type", Type::FileSystem, "the type, such as lofs or zfs"),
            prop("raw", Type::Plain(1000), "the raw device"),
        ],
        body: Some(At::Fs),
        times: Times::Keyed,
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "A file system mounted at this directory of the zone.",
        example: r#"fs "/data" special="/export/{zone}" type="lofs" { options "rw" }"#,
        ..BASE
    },
    NodeRule {
        name: "options",
        at: &[At::Fs],
        args: args!("OPTION": Type::Plain(255)),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::NextReboot),
        help: "Mount options, one per string.",
        example: r#"options "rw" "nodevices""#,
        ..BASE
    },
    NodeRule {
        name: "dataset",
        at: LAYERS,
        args: args!("NAME": Type::Dataset),
        props: &[
            prop("create", Type::Bool, "whether `create` makes it if it is missing"),
            prop("quota", Type::Size, "its quota, if it is made"),
        ],
        times: Times::Keyed,
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "A ZFS dataset delegated to the zone. `destroy` keeps it; with --purge, it destroys those that zmgr created.",
        example: r#"dataset "tank/{zone}" create=#true quota="50G""#,
        ..BASE
    },
    NodeRule {
        name: "device",
        at: LAYERS,
        args: args!("PATTERN": Type::Plain(1000)),
        times: Times::Keyed,
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "Devices of the host in the zone.",
        example: r#"device "/dev/dsk/c1t0d0*""#,
        ..BASE
    },
    NodeRule {
        name: "attr",
        at: LAYERS,
        args: args!("NAME": Type::AttrName, "VALUE": Type::AttrValue),
        props: &[prop(
            "type",
            Type::Word(&["string", "int", "uint", "boolean"]),
            "the type, if the value does not determine it",
        )],
        times: Times::Keyed,
        inherited: true,
        effect: Some(TakesEffect::AtOnce),
        help: "A user-defined attribute (zonecfg attr).",
        example: r#"attr "env" "prod""#,
        ..BASE
    },
    NodeRule {
        name: "rctl",
        at: LAYERS,
        args: args!("NAME": Type::RctlName),
        body: Some(At::Rctl),
        times: Times::Keyed,
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "A resource control, for those without their own node.",
        example: r#"rctl "zone.max-lofi" { value limit=10 }"#,
        ..BASE
    },
    NodeRule {
        name: "value",
        at: &[At::Rctl],
        props: &[
            must("limit", Type::Int(0, COUNT), "the limit"),
            prop("priv", Type::Word(&["privileged", "basic"]), "who may change it; privileged"),
            prop("action", Type::Word(&["deny", "none"]), "what happens when it is exceeded; deny"),
        ],
        times: Times::Many,
        required: true,
        help: "A value of the control.",
        example: r#"value limit=10 action="deny""#,
        ..BASE
    },
    NodeRule {
        name: "admin",
        at: LAYERS,
        args: args!("USER": Type::Plain(32), "AUTH": Type::Word(&["login", "manage", "clonefrom"])),
        rest: true,
        times: Times::Keyed,
        inherited: true,
        effect: Some(TakesEffect::AtOnce),
        help: "A user of the host who may administer the zone, and how.",
        example: r#"admin "alice" "login" "manage""#,
        ..BASE
    },
];
