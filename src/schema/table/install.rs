//! Settings of the installation: packages, images, sources of clones.

use super::{At, BASE, LAYERS, args};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "install",
        at: LAYERS,
        body: Some(At::Install),
        inherited: true,
        effect: Some(TakesEffect::Reinstall),
        help: "How the zone is installed.",
        example: r#"install { package "editor/vim" }"#,
        ..BASE
    },
    NodeRule {
        name: "publisher",
        at: &[At::Install],
        args: args!("PUBLISHER": Type::PublisherName),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::AtOnce),
        help: "A publisher of the zone's image. Default: those of the host.",
        example: r#"publisher "openindiana.org""#,
        ..BASE
    },
    NodeRule {
        name: "package",
        at: &[At::Install],
        args: args!("PACKAGE": Type::Safe),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::Reinstall),
        help: "Packages in addition to the brand's own.",
        example: r#"package "editor/vim""#,
        ..BASE
    },
    NodeRule {
        name: "image",
        at: &[At::Install],
        args: args!("PATH": Type::Safe),
        effect: Some(TakesEffect::Reinstall),
        help: "Archive, snapshot, dataset or directory to install from, for brands that need one.",
        example: r#"image "/export/images/zone.tar""#,
        ..BASE
    },
    NodeRule {
        name: "golden",
        at: &[At::Install],
        args: args!("YES": Type::Bool),
        effect: Some(TakesEffect::Reinstall),
        help: "Zones are cloned from a golden zone, which the first creation installs and which never boots. Zones share it if brand, publishers, packages, image, the directory of the zonepath and the host's version of entire are the same.",
        default: "golden #false",
        example: "golden #true",
        format: 3,
        ..BASE
    },
    NodeRule {
        name: "clone-from",
        at: LAYERS,
        args: args!("ZONE": Type::ZoneName),
        inherited: true,
        effect: Some(TakesEffect::Reinstall),
        help: "A zone to clone instead of installing.",
        example: r#"clone-from "golden""#,
        ..BASE
    },
];
