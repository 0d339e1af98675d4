//! config.kdl: the host, its fleet and the defaults of all zones.

use super::{At, BASE, SECONDS, args, must, prop};
use crate::schema::types::Type;
use crate::schema::{NodeRule, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "zonepath-prefix",
        at: &[At::Config],
        args: args!("PATH": Type::SafePath),
        default: r#"zonepath-prefix "/zones""#,
        help: "Parent directory of the zonepaths of new zones; it must be a ZFS file system.",
        example: r#"zonepath-prefix "/zones""#,
        ..BASE
    },
    NodeRule {
        name: "default-template",
        at: &[At::Config],
        args: args!("TEMPLATE": Type::TemplateName),
        help: "Template of zones for which none is given.",
        example: r#"default-template "oi""#,
        ..BASE
    },
    NodeRule {
        name: "lock-timeout",
        at: &[At::Config],
        args: args!("SECONDS": Type::Int(0, 86_400)),
        default: "lock-timeout 30",
        help: "Seconds to wait for a lock; 0 fails at once.",
        example: "lock-timeout 30",
        ..BASE
    },
    NodeRule {
        name: "on-failure",
        at: &[At::Config],
        args: args!("WHAT": Type::Word(&["rollback", "keep"])),
        default: r#"on-failure "rollback""#,
        help: "What to do with completed steps when a later one fails: undo them, or keep them for you to inspect.",
        example: r#"on-failure "rollback""#,
        ..BASE
    },
    NodeRule {
        name: "vnic-name",
        at: &[At::Config],
        args: args!("PATTERN": Type::VnicPattern),
        default: r#"vnic-name "{zone}_{index}""#,
        help: "Pattern of VNIC names. A `-` in the zone's name becomes `_`; if the name does not fit, z, eight digits of its hash, _ and the index are used.",
        example: r#"vnic-name "{zone}_{index}""#,
        ..BASE
    },
    NodeRule {
        name: "mac-prefix",
        at: &[At::Config],
        args: args!("BYTES": Type::MacPrefix),
        help: "Prefix of the MAC addresses that zmgr chooses: one to five bytes. Default: locally administered addresses with 46 random bits.",
        example: r#"mac-prefix "2:8:20""#,
        ..BASE
    },
    NodeRule {
        name: "timeouts",
        at: &[At::Config],
        props: &[
            prop("install", SECONDS, "install and clone; 3600"),
            prop("boot", SECONDS, "boot, until the zone is running; 600"),
            prop("shutdown", SECONDS, "shutdown, until the zone is down; 130, because illumos itself waits 100"),
            prop("command", SECONDS, "every other command; 120"),
        ],
        default: "timeouts install=3600 boot=600 shutdown=130 command=120",
        help: "Time limits in seconds.",
        example: "timeouts install=3600 boot=600 shutdown=130",
        ..BASE
    },
    NodeRule {
        name: "environment",
        at: &[At::Config],
        args: args!("NAME": Type::EnvironmentName, "VALUE": Type::EnvironmentValue),
        times: Times::Keyed,
        help: "An environment variable of the commands that fetch packages: zoneadm install, pkg install. Other commands do not get it. A proxy for the host: http_proxy, https_proxy, all_proxy, and no_proxy with the hosts that need none; limits of pkg: PKG_CLIENT_… and PKG_CONCURRENCY.",
        example: r#"environment "https_proxy" "http://proxy.example.org:3128""#,
        ..BASE
    },
    NodeRule {
        name: "host",
        at: &[At::Config],
        args: args!("NAME": Type::HostName),
        help: "Name of this host in a fleet of hosts. Default: the name in /etc/nodename; `fleet list` shows the path of the tree.",
        example: r#"host "h1""#,
        ..BASE
    },
    NodeRule {
        name: "unique-names",
        at: &[At::Config],
        args: args!("VALUE": Type::Bool),
        default: "unique-names #false",
        help: "Whether a zone name may exist on one host of the fleet only. `fleet check` then reports a name on two hosts as an error. Zones that others are cloned from are exempt.",
        example: "unique-names #true",
        ..BASE
    },
    NodeRule {
        name: "store",
        at: &[At::Config],
        args: args!("KIND": Type::Word(&["etcd"])),
        body: Some(At::Store),
        help: "The store that the hosts of a fleet share: each address of a pool with `fleet` is claimed there before it is used. Without it, zmgr never opens a connection.",
        example: r#"store "etcd" { fleet "prod"; endpoint "https://a.example:2379" }"#,
        ..BASE
    },
    NodeRule {
        name: "fleet",
        at: &[At::Store],
        args: args!("NAME": Type::NetName),
        required: true,
        help: "Name of the fleet. Fleets with different names share nothing, even in one store.",
        example: r#"fleet "prod""#,
        ..BASE
    },
    NodeRule {
        name: "endpoint",
        at: &[At::Store],
        args: args!("URL": Type::Endpoint),
        rest: true,
        times: Times::Many,
        required: true,
        help: "Members of the store, in the order in which zmgr tries them.",
        example: r#"endpoint "https://a.example:2379" "https://b.example:2379" "https://c.example:2379""#,
        ..BASE
    },
    NodeRule {
        name: "tls",
        at: &[At::Store],
        props: &[
            prop(
                "ca",
                Type::Path,
                "certificates of the authorities that sign the endpoints' certificates; default: those of the host",
            ),
            prop("cert", Type::Path, "certificate of this host"),
            prop("key", Type::Path, "private key of that certificate"),
        ],
        help: "PEM files of the TLS connection to the store. etcd refuses a host certificate with a CommonName while authentication is on.",
        example: r#"tls ca="/etc/zmgr/tls/ca.pem" cert="/etc/zmgr/tls/h1.pem" key="/etc/zmgr/tls/h1.key""#,
        ..BASE
    },
    NodeRule {
        name: "user",
        at: &[At::Store],
        args: args!("NAME": Type::Plain(100)),
        props: &[must("password-file", Type::Path, "file with the password of the user in its first line")],
        help: "User of the store.",
        example: r#"user "h1" password-file="/etc/zmgr/tls/h1.password""#,
        ..BASE
    },
    NodeRule {
        name: "timeout",
        at: &[At::Store],
        args: args!("SECONDS": Type::Int(1, 3_600)),
        default: "timeout 10",
        help: "Time limit of each call of the store, in seconds.",
        example: "timeout 10",
        ..BASE
    },
    NodeRule {
        name: "incarnation",
        at: &[At::Store],
        args: args!("ID": Type::Id),
        help: "Written by zmgr: the id that this host drew when it joined the fleet. The store refuses a host with another one.",
        example: r#"incarnation "6f1b7c2d9e3a4b5c8d7e6f5a4b3c2d1e""#,
        ..BASE
    },
    NodeRule {
        name: "log-dir",
        at: &[At::Config],
        args: args!("PATH": Type::Path),
        default: r#"log-dir "/var/log/zmgr""#,
        help: "Directory for the full output of install, clone and uninstall, one file per command.",
        example: r#"log-dir "/var/log/zmgr""#,
        ..BASE
    },
    NodeRule {
        name: "defaults",
        at: &[At::Config],
        body: Some(At::Defaults),
        help: "The layer below every template: any node of a template except its nets.",
        example: r#"defaults { dns-domain "example.org" }"#,
        ..BASE
    },
];
