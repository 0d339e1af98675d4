//! Settings of the first boot, and of the resolver.

use super::{At, BASE, LAYERS, args};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "setup",
        at: LAYERS,
        body: Some(At::Setup),
        inherited: true,
        effect: Some(TakesEffect::Reinstall),
        help: "Files written before the zone's first boot.",
        example: r#"setup { hostname "{zone}"; timezone "UTC" }"#,
        ..BASE
    },
    NodeRule {
        name: "hostname",
        at: &[At::Setup],
        args: args!("NAME": Type::HostName),
        effect: Some(TakesEffect::Reinstall),
        help: "Host name of the zone. Default: the name of the zone.",
        example: r#"hostname "{zone}""#,
        ..BASE
    },
    NodeRule {
        name: "ssh-key",
        at: &[At::Setup],
        args: args!("PATH": Type::Path),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::Reinstall),
        help: "A file of the host with lines for root's authorized_keys.",
        example: r#"ssh-key "/etc/zmgr/keys/ops.pub""#,
        ..BASE
    },
    NodeRule {
        name: "root-password-file",
        at: &[At::Setup],
        format: 3,
        args: args!("PATH": Type::Path),
        effect: Some(TakesEffect::Reinstall),
        help: "A file of the host with the hash of root's password on one line, as in /etc/shadow: owned by root, mode 0400 or 0600. The hash appears in no plan, log or error. Default: what the installation leaves, on OmniOS an empty password.",
        example: r#"root-password-file "/etc/zmgr/secrets/root""#,
        ..BASE
    },
    NodeRule {
        name: "hosts",
        at: &[At::Setup],
        format: 3,
        args: args!("LINE": Type::HostsLine),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::Reinstall),
        help: "Lines for the zone's /etc/inet/hosts: an address, then host names. Not for brand lx.",
        example: r#"hosts "10.1.0.20 db01 db01.example.org""#,
        ..BASE
    },
    NodeRule {
        name: "timezone",
        at: &[At::Setup],
        args: args!("NAME": Type::TimeZone),
        effect: Some(TakesEffect::Reinstall),
        help: "The time zone.",
        example: r#"timezone "UTC""#,
        ..BASE
    },
    NodeRule {
        name: "resolver",
        at: &[At::Defaults, At::Template, At::Zone, At::Applied, At::Pool],
        args: args!("ADDRESS": Type::Address),
        rest: true,
        times: Times::Many,
        inherited: true,
        effect: Some(TakesEffect::Reinstall),
        help: "Name servers. Those of the zone or template override those of its pools, which override `defaults`.",
        example: r#"resolver "10.1.0.53""#,
        ..BASE
    },
    NodeRule {
        name: "dns-domain",
        at: LAYERS,
        args: args!("DOMAIN": Type::Domain),
        inherited: true,
        effect: Some(TakesEffect::Reinstall),
        help: "The DNS domain.",
        example: r#"dns-domain "example.org""#,
        ..BASE
    },
];
