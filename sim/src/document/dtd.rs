//! The document type of a zone's configuration, as data: which elements may stand where, which attributes they take.
//!
//! An attribute that the type gives a default reads as that default when it is not written in the document.
//!
//! [source: zonecfg.dtd.1; recorded: zone_xml_after of zonecfg.jsonl; xml-* of zoneadm.jsonl]

use super::tree::Element;

/// Values that an attribute may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any text; must be written.
    Required,
    /// Any text; reads as empty when not written.
    Optional,
    /// One of these words; must be written.
    Choice(&'static [&'static str]),
    /// This word or not written at all.
    Fixed(&'static str),
}

struct Rule {
    element: &'static str,
    children: &'static [&'static str],
    attributes: &'static [(&'static str, Kind)],
}

use Kind::{Choice, Fixed, Optional, Required};

/// The elements that the lines of illumos know between them. A stock illumos has neither `net-attr` nor the attributes of a
/// VNIC made on demand; a document that has them was not written by it.
const RULES: &[Rule] = &[
    Rule {
        element: "zone",
        children: &[
            "filesystem",
            "inherited-pkg-dir",
            "network",
            "device",
            "deleted-device",
            "rctl",
            "attr",
            "dataset",
            "package",
            "patch",
            "dev-perm",
            "tmp_pool",
            "pset",
            "mcap",
            "admin",
            "security-flags",
        ],
        attributes: &[
            ("name", Required),
            ("zonepath", Required),
            ("autoboot", Choice(&["true", "false"])),
            ("ip-type", Optional),
            ("hostid", Optional),
            ("pool", Optional),
            ("limitpriv", Optional),
            ("bootargs", Optional),
            ("brand", Optional),
            ("debugid", Optional),
            ("scheduling-class", Optional),
            ("fs-allowed", Optional),
            ("version", Fixed("1")),
        ],
    },
    Rule {
        element: "filesystem",
        children: &["fsoption"],
        attributes: &[("special", Required), ("raw", Optional), ("directory", Required), ("type", Required)],
    },
    Rule { element: "fsoption", children: &[], attributes: &[("name", Required)] },
    Rule { element: "inherited-pkg-dir", children: &[], attributes: &[("directory", Required)] },
    Rule {
        element: "network",
        children: &["net-attr"],
        attributes: &[
            ("address", Optional),
            ("allowed-address", Optional),
            ("defrouter", Optional),
            ("global-nic", Optional),
            ("mac-addr", Optional),
            ("physical", Required),
            ("vlan-id", Optional),
        ],
    },
    Rule { element: "net-attr", children: &[], attributes: &[("name", Required), ("value", Required)] },
    Rule { element: "device", children: &["net-attr"], attributes: &[("match", Required)] },
    Rule { element: "deleted-device", children: &[], attributes: &[("match", Required)] },
    Rule { element: "rctl", children: &["rctl-value"], attributes: &[("name", Required)] },
    Rule {
        element: "rctl-value",
        children: &[],
        attributes: &[("priv", Required), ("limit", Required), ("action", Required)],
    },
    Rule {
        element: "attr",
        children: &[],
        attributes: &[("name", Required), ("type", Choice(&["boolean", "int", "string", "uint"])), ("value", Required)],
    },
    Rule { element: "dataset", children: &[], attributes: &[("name", Required), ("alias", Optional)] },
    Rule { element: "package", children: &[], attributes: &[("name", Required), ("version", Required)] },
    Rule { element: "patch", children: &["obsoletes", "incompatible"], attributes: &[("id", Required)] },
    Rule { element: "obsoletes", children: &[], attributes: &[("id", Required)] },
    Rule { element: "incompatible", children: &[], attributes: &[("id", Required)] },
    Rule {
        element: "dev-perm",
        children: &[],
        attributes: &[("name", Required), ("uid", Required), ("gid", Required), ("mode", Required), ("acl", Required)],
    },
    Rule { element: "tmp_pool", children: &[], attributes: &[("importance", Required)] },
    Rule { element: "pset", children: &[], attributes: &[("ncpu_min", Required), ("ncpu_max", Required)] },
    Rule { element: "mcap", children: &[], attributes: &[("physcap", Required)] },
    Rule { element: "admin", children: &[], attributes: &[("user", Required), ("auths", Required)] },
    Rule {
        element: "security-flags",
        children: &[],
        attributes: &[("default", Optional), ("lower", Optional), ("upper", Optional)],
    },
];

fn rule(element: &str) -> Option<&'static Rule> {
    RULES.iter().find(|r| r.element == element)
}

/// Returns true if the element and all below it keep to the document type.
pub(super) fn is_valid(element: &Element) -> bool {
    let Some(rule) = rule(&element.name) else { return false };
    let known = |name: &str| rule.attributes.iter().any(|(n, _)| *n == name);
    element.attributes().all(|(name, _)| known(name))
        && rule.attributes.iter().all(|(name, kind)| match (kind, element.written(name)) {
            (Required, value) => value.is_some(),
            (Optional, _) | (Fixed(_), None) => true,
            (Choice(words), value) => value.is_some_and(|v| words.iter().any(|w| w.as_bytes() == v)),
            (Fixed(word), Some(value)) => word.as_bytes() == value,
        })
        && element.children.iter().all(|c| rule.children.contains(&c.name.as_str()) && is_valid(c))
}

/// Value of an attribute that is not written: none if the type gives no default.
pub(super) fn default(element: &str, attribute: &str) -> Option<&'static str> {
    let (_, kind) = rule(element)?.attributes.iter().find(|(n, _)| *n == attribute)?;
    match kind {
        Optional => Some(""),
        Fixed(word) => Some(word),
        Required | Choice(_) => None,
    }
}
