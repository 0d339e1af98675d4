//! The `format` that an entry needs: older versions of zmgr read only the address core of entries of a higher format than theirs, and do
//! not change them.
//!
//! Invariant: a node, property or word that a released version does not know has a higher format than that version's; the test compares
//! with the words that each released format had.

use super::table::rule;
use super::{At, NodeRule};
use crate::kdl_util::{Node, Value};

/// Returns the lowest `format` whose readers know every node, property and word.
pub(crate) fn needed_format(nodes: &[Node], at: At) -> u32 {
    nodes.iter().filter_map(|node| Some(of_node(node, rule(at, &node.name)?))).max().unwrap_or(OLDEST)
}

/// The format of the first version.
const OLDEST: u32 = 1;

fn of_node(node: &Node, rule: &NodeRule) -> u32 {
    let of_value = |value: &Value| value.as_text().and_then(newer_word).unwrap_or(OLDEST);
    let arguments = rule
        .args
        .iter()
        .any(|arg| arg.ty.has_newer_words())
        .then(|| node.arguments().map(|entry| of_value(&entry.value)));
    let properties = rule.props.iter().filter_map(|prop| {
        let value = &node.property(prop.name)?.value;
        Some(if prop.ty.has_newer_words() { prop.format.max(of_value(value)) } else { prop.format })
    });
    let inner = rule.body.map(|body| needed_format(node.nodes(), body));
    arguments.into_iter().flatten().chain(properties).chain(inner).fold(rule.format, u32::max)
}

/// Words that came after the first format: of `address`, `origin`, `without`, `state` and its property `before`.
const NEWER_WORDS: [(&str, u32); 6] =
    [("dhcp", 3), ("slaac", 3), ("golden", 3), ("desired", 3), ("detached", 3), ("after", 3)];

fn newer_word(word: &str) -> Option<u32> {
    NEWER_WORDS.iter().find(|(newer, _)| *newer == word).map(|(_, format)| *format)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::documents::document::FORMAT;
    use crate::schema::table::rules;
    use crate::schema::types::Type;

    /// Bodies of entries, from the files down.
    fn places() -> Vec<At> {
        let mut all = vec![At::Zone, At::Reservation];
        let mut next = 0;
        while let Some(at) = all.get(next).copied() {
            next += 1;
            let bodies: Vec<At> = rules(at).filter_map(|rule| rule.body).filter(|body| !all.contains(body)).collect();
            all.extend(bodies);
        }
        all
    }

    fn words_of(ty: Type) -> Vec<&'static str> {
        match ty {
            Type::Word(words) => words.to_vec(),
            Type::NetAddress => vec!["dhcp", "none", "slaac"],
            Type::Interface => vec!["none"],
            _ => Vec::new(),
        }
    }

    /// Every node, property and word of entries, as a line, with its format.
    fn vocabulary() -> Vec<(String, u32)> {
        let mut lines = Vec::new();
        for at in places() {
            for rule in rules(at) {
                let node = format!("{} / {}", at.describe(), rule.name);
                let of_word = |word: &str, base: u32| base.max(newer_word(word).unwrap_or(OLDEST));
                for word in rule.args.iter().flat_map(|arg| words_of(arg.ty)) {
                    lines.push((format!("{node} {word:?}"), of_word(word, rule.format)));
                }
                for prop in rule.props {
                    lines.push((format!("{node} {}=", prop.name), rule.format.max(prop.format)));
                    for word in words_of(prop.ty) {
                        lines.push((
                            format!("{node} {}={word:?}", prop.name),
                            of_word(word, rule.format.max(prop.format)),
                        ));
                    }
                }
                lines.push((node, rule.format));
            }
        }
        lines
    }

    #[test]
    fn a_node_that_an_older_version_does_not_know_raises_the_format() {
        let known: BTreeSet<&str> = include_str!("format-1.txt").lines().collect();
        assert!(known.len() > 100);
        for (line, format) in vocabulary() {
            assert_eq!(format == OLDEST, known.contains(line.as_str()), "{line} has the format {format}");
            assert!(format <= FORMAT, "{line}: raise FORMAT to {format}");
        }
    }
}
