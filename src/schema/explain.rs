//! Help generated from the table: for one node, or the whole reference page.

use std::collections::BTreeSet;

use serde::Serialize;

use super::table::{At, TABLE, rules};
use super::{NodeRule, TakesEffect, Times, did_you_mean};
use crate::error::{Code, Error, Result};

/// Description of a node, for the places where it has the same meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// Its name.
    pub node: String,
    /// Places where it is allowed.
    pub places: Vec<String>,
    /// Syntax.
    pub usage: String,
    /// Purpose.
    pub help: String,
    /// When a change takes effect in an existing zone; `None` if it is not a setting of a zone.
    pub effect: Option<TakesEffect>,
    /// Its arguments.
    pub arguments: Vec<ExplainedValue>,
    /// Its properties.
    pub properties: Vec<ExplainedValue>,
    /// Nodes of its block.
    pub children: Vec<String>,
    /// True if it is required.
    pub required: bool,
    /// Number of times that it may appear there.
    pub times: Times,
    /// Default, in the syntax of the node.
    pub default: Option<String>,
    /// An example.
    pub example: String,
}

/// An argument or property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ExplainedValue {
    /// Its name.
    pub name: String,
    /// Type of its value.
    pub value: String,
    /// True if it is required.
    pub required: bool,
    /// Purpose.
    pub help: String,
}

/// Describes a node, once for each meaning of its name. A part of a node has the node's name before a dot, such as `net.address`; the
/// keys of settings, such as `capped-memory.physical` and `attr.owner`, stand for the node. Fails with `not-found` for unknown names.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let meanings: Vec<Explanation> = explain("fs")?;
/// let special: &ExplainedValue = &meanings[0].properties[0];
/// assert_eq!(special.name, "special");
/// print!("{}", meanings[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain(node: &str) -> Result<Vec<Explanation>> {
    let found: Vec<Explanation> = TABLE.iter().filter(|rule| rule.name == node).map(explanation).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let parent = node.split_once('.').filter(|(parent, _)| TABLE.iter().any(|rule| rule.name == *parent));
    if let Some((parent, part)) = parent {
        return explain_part(parent, part);
    }
    let error = Error::new(Code::NotFound, format!("unknown node `{node}`"));
    Err(match did_you_mean(node, TABLE.iter().map(|rule| rule.name)) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error.with_help("see docs/format.md for all nodes"),
    })
}

/// Describes a part of a node: a node of its block, such as `net.address`. For a property, or a name that the user chooses, such as
/// `capped-memory.physical` and `attr.owner`, describes the node itself.
fn explain_part(parent: &str, part: &str) -> Result<Vec<Explanation>> {
    let parents = || TABLE.iter().filter(|rule| rule.name == parent);
    let children = || parents().filter_map(|rule| rule.body).flat_map(rules);
    let mut found: Vec<&NodeRule> = Vec::new();
    for child in children().filter(|child| child.name == part) {
        if !found.iter().any(|known| std::ptr::eq(*known, child)) {
            found.push(child);
        }
    }
    let names = children().map(|rule| rule.name);
    let near = did_you_mean(part, names.chain(parents().flat_map(|rule| rule.props).map(|property| property.name)));
    let has_part = |rule: &NodeRule| {
        rule.props.iter().any(|property| property.name == part) || (rule.times == Times::Keyed && near.is_none())
    };
    if found.is_empty() {
        found = parents().filter(|rule| has_part(rule)).collect();
    }
    if !found.is_empty() {
        return Ok(found.into_iter().map(explanation).collect());
    }
    let error = Error::new(Code::NotFound, format!("unknown node `{parent}.{part}`"));
    Err(match near {
        Some(near) => error.with_help(format!("did you mean `{parent}.{near}`?")),
        None => error.with_help(format!("run `zmgr explain {parent}` to see what it has")),
    })
}

/// Returns the names of all nodes, each once, in alphabetical order.
///
/// ```
/// assert!(zmgr::nodes().any(|node| node == "capped-memory"));
/// ```
pub fn nodes() -> impl Iterator<Item = &'static str> {
    let names: BTreeSet<&'static str> = TABLE.iter().map(|rule| rule.name).collect();
    names.into_iter()
}

fn explanation(rule: &NodeRule) -> Explanation {
    Explanation {
        node: rule.name.to_owned(),
        places: rule.at.iter().map(|at| at.describe().to_owned()).collect(),
        usage: usage(rule),
        help: rule.help.to_owned(),
        effect: rule.effect,
        arguments: rule
            .args
            .iter()
            .enumerate()
            .map(|(n, arg)| ExplainedValue {
                name: arg.name.to_owned(),
                value: arg.ty.describe(),
                required: !(rule.optional && n + 1 == rule.args.len()),
                help: String::new(),
            })
            .collect(),
        properties: rule
            .props
            .iter()
            .map(|prop| ExplainedValue {
                name: prop.name.to_owned(),
                value: prop.ty.describe(),
                required: prop.required,
                help: prop.help.to_owned(),
            })
            .collect(),
        children: rule.body.map(|body| rules(body).map(|rule| rule.name.to_owned()).collect()).unwrap_or_default(),
        required: rule.required,
        times: rule.times,
        default: (!rule.default.is_empty()).then(|| rule.default.to_owned()),
        example: rule.example.to_owned(),
    }
}

fn usage(rule: &NodeRule) -> String {
    let mut text = rule.name.to_owned();
    for (n, arg) in rule.args.iter().enumerate() {
        let last = n + 1 == rule.args.len();
        match (last && rule.rest, last && rule.optional) {
            (true, _) => text.push_str(&format!(" {}…", arg.name)),
            (_, true) => text.push_str(&format!(" [{}]", arg.name)),
            _ => text.push_str(&format!(" {}", arg.name)),
        }
    }
    for prop in rule.props {
        match prop.required {
            true => text.push_str(&format!(" {}=…", prop.name)),
            false => text.push_str(&format!(" [{}=…]", prop.name)),
        }
    }
    if rule.body.is_some() {
        text.push_str(" { … }");
    }
    text
}

/// Formats it for `zmgr explain`.
impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.usage)?;
        writeln!(f, "    {}", self.help)?;
        writeln!(
            f,
            "    in {}, {}{}",
            self.places.join(", "),
            self.times,
            if self.required { ", required" } else { "" }
        )?;
        for value in self.arguments.iter().chain(&self.properties) {
            let help = if value.help.is_empty() { String::new() } else { format!(": {}", value.help) };
            writeln!(f, "    {} is {}{help}", value.name, value.value)?;
        }
        if !self.children.is_empty() {
            writeln!(f, "    its block has {}", self.children.join(", "))?;
        }
        if let Some(effect) = self.effect {
            writeln!(f, "    a change {}", effect.describe())?;
        }
        if let Some(default) = &self.default {
            writeln!(f, "    default: {default}")?;
        }
        writeln!(f, "    example: {}", self.example)
    }
}

/// Returns the reference page in Markdown.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// assert!(reference().contains("## pools/NAME.kdl"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reference() -> String {
    const FILES: [(&str, &[At]); 6] = [
        ("config.kdl", &[At::Config, At::Store]),
        ("templates/NAME.kdl", &[At::TemplateFile, At::Template, At::TemplateNet]),
        (
            "Settings: nodes of templates, zones, `defaults` and `applied`",
            &[At::Defaults, At::Install, At::Setup, At::Fs, At::Rctl],
        ),
        ("pools/NAME.kdl", &[At::PoolFile, At::Pool, At::PoolNetwork, At::PoolAddresses]),
        (
            "zones/NAME.kdl",
            &[At::ZoneFile, At::Zone, At::ZoneNet, At::Applied, At::Pending, At::Renaming, At::Datasets, At::Foreign],
        ),
        (
            "publishers/NAME.kdl and reservations/NAME.kdl",
            &[At::PublisherFile, At::Publisher, At::ReservationFile, At::Reservation],
        ),
    ];
    let mut page = String::from(concat!(
        "# Configuration files of zmgr\n",
        "\n",
        "`zmgr explain NODE` prints the section of a node. Files are KDL 2. Nodes whose names begin with\n",
        "`x-` are kept and ignored; every other unknown node or property is an error.\n",
        "\n",
        "zmgr refuses a few things that KDL 2 allows: type annotations; blocks nested more than 16 deep\n",
        "(braces in strings and comments count); `/-` within a block that `/-` drops; more than 64\n",
        "continued lines in a row; numbers of more than 38 digits or with leading zeros. A file has at\n",
        "most 1 MiB, and a chain of `extends` at most 64 templates.\n",
    ));
    let mut told: Vec<*const NodeRule> = Vec::new();
    for (title, bodies) in FILES {
        page.push_str(&format!("\n## {title}\n"));
        for body in bodies {
            for rule in rules(*body) {
                // Settings have a separate part.
                let setting = rule.at.contains(&At::Defaults) && !bodies.contains(&At::Defaults);
                if setting || told.contains(&std::ptr::from_ref(rule)) {
                    continue;
                }
                told.push(rule);
                page.push_str(&entry(rule));
            }
        }
    }
    page
}

fn entry(rule: &NodeRule) -> String {
    let told = explanation(rule);
    let mut text = format!("\n### `{}`\n\n{}\n\n", told.usage, told.help);
    let required = if told.required { "; required" } else { "" };
    text.push_str(&format!("- in {}; {}{required}\n", told.places.join(", "), told.times));
    for value in told.arguments.iter().chain(&told.properties) {
        let help = if value.help.is_empty() { String::new() } else { format!(" ({})", value.help) };
        text.push_str(&format!("- `{}`: {}{help}\n", value.name, value.value));
    }
    if let Some(effect) = rule.effect {
        text.push_str(&format!("- a change {}\n", effect.describe()));
    }
    if let Some(default) = &told.default {
        text.push_str(&format!("- default: `{default}`\n"));
    }
    text.push_str(&format!("\n```kdl\n{}\n```\n", told.example));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_nodes() {
        for (written, node) in [
            ("capped-memory.physical", "capped-memory"),
            ("attr.owner", "attr"),
            ("rctl.zone.cpu-shares", "rctl"),
            ("net.address", "address"),
            ("install.publisher", "publisher"),
        ] {
            let found = explain(written).unwrap();
            assert!(!found.is_empty() && found.iter().all(|one| one.node == node), "{written}: {found:?}");
        }
        for (written, help) in [
            ("net.adress", "did you mean `net.address`?"),
            ("capped-memory.phys", "did you mean `capped-memory.physical`?"),
            ("brand.owner", "run `zmgr explain brand` to see what it has"),
            ("capped-memroy", "did you mean `capped-memory`?"),
        ] {
            let error = explain(written).unwrap_err();
            assert_eq!((error.code(), error.help()), (Code::NotFound, Some(help)), "{written}");
        }
    }
}
