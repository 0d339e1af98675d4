//! Publishers of packages.

use super::{At, BASE, args, prop};
use crate::schema::types::Type;
use crate::schema::{NodeRule, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "publisher",
        at: &[At::PublisherFile],
        args: args!("NAME": Type::PublisherName),
        props: &[prop(
            "entire",
            Type::Bool,
            "whether it has the package entire, with which the install of a zone begins; #true for exactly one of several publishers in an `install`",
        )],
        body: Some(At::Publisher),
        required: true,
        help: "A publisher of packages. The name must match the file name.",
        example: r#"publisher "openindiana.org" entire=#true { origin "https://pkg.example/hipster" }"#,
        ..BASE
    },
    NodeRule {
        name: "origin",
        at: &[At::Publisher],
        args: args!("URL": Type::Url),
        rest: true,
        times: Times::Many,
        required: true,
        help: "Origin of the packages.",
        example: r#"origin "https://pkg.example/hipster""#,
        ..BASE
    },
    NodeRule {
        name: "mirror",
        at: &[At::Publisher],
        args: args!("URL": Type::Url),
        rest: true,
        times: Times::Many,
        help: "Mirror of their content.",
        example: r#"mirror "https://mirror.example/hipster""#,
        ..BASE
    },
    NodeRule {
        name: "sticky",
        at: &[At::Publisher],
        args: args!("WHETHER": Type::Bool),
        default: "sticky #true",
        help: "Whether updates of its packages must come from it too.",
        example: "sticky #true",
        ..BASE
    },
    NodeRule {
        name: "ssl-cert",
        at: &[At::Publisher],
        args: args!("PATH": Type::Path),
        help: "Client certificate, a file of the host; requires ssl-key.",
        example: r#"ssl-cert "/etc/zmgr/ssl/x.pem""#,
        ..BASE
    },
    NodeRule {
        name: "ssl-key",
        at: &[At::Publisher],
        args: args!("PATH": Type::Path),
        help: "Key of the certificate, a file of the host.",
        example: r#"ssl-key "/etc/zmgr/ssl/x.key""#,
        ..BASE
    },
];
