//! Checks nodes against the table.

use super::table::{TABLE, inherited, rule, rules};
use super::type_check::one_of;
use super::types::Type;
use super::{At, NodeRule, Prop, Times, did_you_mean};
use std::collections::HashSet;

use crate::kdl_util::{Entry, Fault, MAX_FAULTS, Node, Span};

/// Problems of one file, in order of discovery.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>, pub(crate) usize);

impl Faults {
    pub(crate) fn add(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.push(Fault::new(code, span, message));
    }

    /// Adds a problem, or only counts it if there are many already.
    pub(crate) fn push(&mut self, fault: Fault) {
        if self.is_full() { self.1 += 1 } else { self.0.push(fault) }
    }

    /// Returns true if further problems are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MAX_FAULTS
    }

    pub(crate) fn add_with_help(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Fault::new(code, span, message).help(help));
    }
}

/// Checks a file that has one node, and returns that node.
pub(crate) fn check_file<'n>(nodes: &'n [Node], at: At, stem: &str, faults: &mut Faults) -> Option<&'n Node> {
    let root = root_of(nodes, at, stem, faults)?;
    check_node(root, at, faults);
    Some(root)
}

/// Checks the parts of a newer file whose meaning never changes.
pub(crate) fn check_frozen<'n>(nodes: &'n [Node], at: At, stem: &str, faults: &mut Faults) -> Option<&'n Node> {
    const CORE: [&str; 9] = ["format", "id", "state", "net", "pool", "address", "vnic", "mac", "created"];
    let root = root_of(nodes, at, stem, faults)?;
    let body = rule(at, &root.name).and_then(|rule| rule.body)?;
    let applied = root.children_named("applied").flat_map(|node| node.children_named("net"));
    for node in root.nodes().iter().filter(|node| CORE.contains(&node.name.as_str())).chain(applied) {
        let Some(found) = rule(body, &node.name) else { continue };
        if node.name != "state" && !is_newer_word(node) {
            check_arguments(node, found, faults);
        }
        let Some(inner) = found.body else { continue };
        for child in node.nodes().iter().filter(|child| CORE.contains(&child.name.as_str()) && !is_newer_word(child)) {
            if let Some(found) = rule(inner, &child.name) {
                check_arguments(child, found, faults);
            }
        }
    }
    Some(root)
}

/// Returns true for an `address` that is a word, such as "dhcp": a newer zmgr may have more of them, and none of them is an address.
fn is_newer_word(node: &Node) -> bool {
    let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    node.name == "address" && node.text().is_some_and(word)
}

fn root_of<'n>(nodes: &'n [Node], at: At, stem: &str, faults: &mut Faults) -> Option<&'n Node> {
    let wanted = rules(at).next()?;
    let mut root = None;
    for node in nodes.iter().filter(|node| !node.name.starts_with("x-")) {
        if node.name != wanted.name {
            unknown(node, at, faults);
        } else if root.is_some() {
            let message = format!("duplicate `{}`: a file has only one", node.name);
            faults.add_with_help("duplicate-node", node.name_span, message, "move it to a file with its name");
        } else {
            root = Some(node);
        }
    }
    let Some(root) = root else {
        if nodes.iter().all(|node| node.name.starts_with("x-")) {
            let message = format!("the file has no `{}`", wanted.name);
            faults.add_with_help("missing-node", Span::default(), message, format!("for example: {}", wanted.example));
        }
        return None;
    };
    if let Some(name) = root.arguments().next()
        && let Some(text) = name.value.as_text()
        && text != stem
    {
        let message = format!("the {} is named {text:?}, but its file is {stem}.kdl", wanted.name);
        faults.add_with_help(
            "name-differs",
            name.span,
            message,
            format!("write {stem:?}, or rename the file to {text}.kdl"),
        );
    }
    Some(root)
}

/// Checks the nodes of a body. Diagnostics of missing nodes point at `owner`.
pub(crate) fn check_body(nodes: &[Node], at: At, owner: Span, faults: &mut Faults) {
    let mut seen: HashSet<(&str, Option<String>)> = HashSet::new();
    for node in nodes.iter().filter(|node| !node.name.starts_with("x-")) {
        let Some(rule) = check_node(node, at, faults) else { continue };
        let key = match rule.times {
            Times::Many => continue,
            Times::Once => None,
            Times::Keyed => node.arguments().next(),
        };
        if !seen.insert((&node.name, key.map(|key| format!("{:?}", key.value)))) {
            let (span, message) = match key {
                Some(key) => (key.span, format!("duplicate `{}` {}", node.name, shown(key))),
                None => (node.name_span, format!("duplicate `{}`", node.name)),
            };
            faults.add_with_help("duplicate-node", span, message, "remove one of them");
        }
    }
    let mut missing: Vec<&NodeRule> =
        rules(at).filter(|rule| rule.required && !nodes.iter().any(|node| node.name == rule.name)).collect();
    if !missing.is_empty() {
        // A misspelt node was reported already.
        let unknown: HashSet<&str> = nodes
            .iter()
            .map(|node| node.name.as_str())
            .filter(|name| !name.starts_with("x-") && rule(at, name).is_none())
            .collect();
        let slips: HashSet<&str> = unknown
            .into_iter()
            .take(MAX_FAULTS)
            .filter_map(|name| did_you_mean(name, rules(at).map(|rule| rule.name)))
            .collect();
        missing.retain(|rule| !slips.contains(rule.name));
    }
    for rule in missing {
        let message = format!("missing `{}` in `{}`", rule.name, at.describe());
        faults.add_with_help("missing-node", owner, message, format!("for example: {}", rule.example));
    }
}

pub(super) fn check_node(node: &Node, at: At, faults: &mut Faults) -> Option<&'static NodeRule> {
    let Some(rule) = rule(at, &node.name) else {
        unknown(node, at, faults);
        return None;
    };
    check_arguments(node, rule, faults);
    check_properties(node, rule, faults);
    match (rule.body, &node.children) {
        (None, Some(_)) => {
            let span = node.braces.map_or(node.name_span, |braces| Span::new(braces.start, braces.start + 1));
            faults.add("unexpected-block", span, format!("`{}` has no block", node.name));
        }
        (Some(body), children) => check_body(children.as_deref().unwrap_or_default(), body, node.name_span, faults),
        (None, None) => {}
    }
    Some(rule)
}

fn unknown(node: &Node, at: At, faults: &mut Faults) {
    if faults.is_full() {
        return faults.add("unknown-node", node.name_span, "");
    }
    let name = node.name.as_str();
    let places: Vec<&str> =
        TABLE.iter().filter(|rule| rule.name == name).flat_map(|rule| rule.at).map(|at| at.describe()).collect();
    if !places.is_empty() {
        let mut shown: Vec<String> = Vec::new();
        for place in places {
            if !shown.iter().any(|s| s == place) {
                shown.push(place.to_owned());
            }
        }
        let message = format!("`{name}` is not allowed in `{}`", at.describe());
        return faults.add_with_help(
            "misplaced-node",
            node.name_span,
            message,
            format!("it belongs in {}", list(&shown)),
        );
    }
    let message = format!("unknown node `{name}` in `{}`", at.describe());
    match did_you_mean(name, rules(at).map(|rule| rule.name)) {
        Some(near) => faults.add_with_help("unknown-node", node.name_span, message, format!("did you mean `{near}`?")),
        None => faults.add_with_help(
            "unknown-node",
            node.name_span,
            message,
            "for a custom node, use a name that begins with `x-`",
        ),
    }
}

/// Formats `a`, `a or b`, `a, b or c`.
fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}

fn shown(entry: &Entry) -> String {
    match entry.value.as_text() {
        Some(text) => format!("{text:?}"),
        None => "with this argument".to_owned(),
    }
}

fn check_arguments(node: &Node, rule: &NodeRule, faults: &mut Faults) {
    let given: Vec<&Entry> = node.arguments().collect();
    for (at, entry) in given.iter().enumerate() {
        let arg = match rule.args.get(at) {
            Some(arg) => arg,
            None if rule.rest && !rule.args.is_empty() => &rule.args[rule.args.len() - 1],
            None => {
                let message = match rule.args.len() {
                    0 => format!("`{}` does not take an argument", node.name),
                    1 => format!("`{}` takes one argument", node.name),
                    n => format!("`{}` takes {n} arguments", node.name),
                };
                faults.add_with_help("extra-argument", entry.span, message, format!("for example: {}", rule.example));
                return;
            }
        };
        check_value(entry, arg.ty, faults);
    }
    let least = rule.args.len() - usize::from(rule.optional);
    if given.len() < least {
        let missing: Vec<String> = rule.args[given.len()..least].iter().map(|arg| arg.name.to_owned()).collect();
        let message = format!("`{}` needs {}", node.name, missing.join(" and "));
        faults.add_with_help("missing-argument", node.name_span, message, format!("for example: {}", rule.example));
    }
}

fn check_properties(node: &Node, rule: &NodeRule, faults: &mut Faults) {
    let mut seen: HashSet<&str> = HashSet::new();
    for entry in &node.entries {
        let Some(name) = entry.name.as_deref() else { continue };
        if !seen.insert(name) {
            let message = format!("duplicate property `{name}`");
            faults.add_with_help("duplicate-property", entry.span, message, "remove one of them");
            continue;
        }
        match rule.props.iter().find(|prop| prop.name == name) {
            Some(prop) => check_value(entry, prop.ty, faults),
            None if faults.is_full() => faults.add("unknown-property", entry.span, ""),
            None => {
                let message = format!("unknown property `{name}` of `{}`", node.name);
                let near = did_you_mean(name, rule.props.iter().map(|prop| prop.name));
                let help = match near {
                    Some(near) => format!("did you mean {near}?"),
                    None if rule.body.and_then(|body| super::table::rule(body, name)).is_some() => {
                        format!("`{name}` is a node in its block: {} {{ {name} … }}", node.name)
                    }
                    None if rule.props.is_empty() => format!("for example: {}", rule.example),
                    None => {
                        let names: Vec<String> = rule.props.iter().map(|prop| prop.name.to_owned()).collect();
                        format!("it has {}", names.join(", "))
                    }
                };
                faults.add_with_help("unknown-property", entry.span, message, help);
            }
        }
    }
    let mut missing: Vec<&Prop> = rule.props.iter().filter(|prop| prop.required && !seen.contains(prop.name)).collect();
    if !missing.is_empty() {
        // A misspelt property was reported already.
        let slips: HashSet<&str> = seen
            .iter()
            .filter(|name| !rule.props.iter().any(|prop| prop.name == **name))
            .take(MAX_FAULTS)
            .filter_map(|name| did_you_mean(name, rule.props.iter().map(|prop| prop.name)))
            .collect();
        missing.retain(|prop| !slips.contains(prop.name));
    }
    for prop in missing {
        let message = format!("`{}` needs the property `{}`: {}", node.name, prop.name, prop.help);
        faults.add_with_help("missing-property", node.name_span, message, format!("for example: {}", rule.example));
    }
}

fn check_value(entry: &Entry, ty: Type, faults: &mut Faults) {
    let known = match (ty, entry.value.as_text()) {
        (Type::Inherited, Some(text)) => one_of(ty, text, inherited().map(|rule| rule.name)),
        _ => ty.check(&entry.value),
    };
    if let Err(wrong) = known {
        let mut fault = Fault::new(wrong.code, entry.span, wrong.message);
        fault.help = wrong.help;
        faults.push(fault);
    }
}
