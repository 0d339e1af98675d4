//! The `format` that an entry needs: older versions of zmgr read only the address core of entries of a higher format than theirs, and do
//! not change them.
//!
//! Invariant: a node, property or word that a released version does not know has a higher format than that version's; the test compares
//! with the words that each released format had.

use super::table::{inherited, rule};
use super::types::Type;
use super::{At, NodeRule};
use crate::kdl_util::{Node, Value};

/// Returns the lowest `format` whose readers know every node, property and word.
pub(crate) fn needed_format(nodes: &[Node], at: At) -> u32 {
    nodes.iter().filter_map(|node| Some(of_node(node, rule(at, &node.name)?))).max().unwrap_or(OLDEST)
}

/// The format of the first version.
const OLDEST: u32 = 1;

fn of_node(node: &Node, rule: &NodeRule) -> u32 {
    let of_value = |ty: Type, value: &Value| value.as_text().map_or(OLDEST, |word| format_of(ty, word));
    let ty = rule.args.iter().map(|arg| arg.ty).find(|ty| ty.has_newer_words());
    let arguments = ty.map(|ty| node.arguments().map(move |entry| of_value(ty, &entry.value)));
    let properties = rule.props.iter().filter_map(|prop| {
        let value = &node.property(prop.name)?.value;
        Some(if prop.ty.has_newer_words() { prop.format.max(of_value(prop.ty, value)) } else { prop.format })
    });
    let inner = rule.body.map(|body| needed_format(node.nodes(), body));
    arguments.into_iter().flatten().chain(properties).chain(inner).fold(rule.format, u32::max)
}

/// Words that came after the first format: of `address`, `origin`, `state` and its property `before`.
const NEWER_WORDS: [(&str, u32); 5] = [("dhcp", 3), ("slaac", 3), ("golden", 3), ("desired", 3), ("detached", 3)];

/// Returns the format of a word of this type. The name of a node came with its node.
fn format_of(ty: Type, word: &str) -> u32 {
    match ty {
        Type::Inherited => inherited().find(|rule| rule.name == word).map_or(OLDEST, |rule| rule.format),
        _ => NEWER_WORDS.iter().find(|(newer, _)| *newer == word).map_or(OLDEST, |(_, format)| *format),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::documents::document::FORMAT;
    use crate::schema::table::rules;

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
            Type::Inherited => inherited().map(|rule| rule.name).collect(),
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
                let of_word = |ty, word: &str, base: u32| base.max(format_of(ty, word));
                for (ty, word) in
                    rule.args.iter().flat_map(|arg| words_of(arg.ty).into_iter().map(|word| (arg.ty, word)))
                {
                    lines.push((format!("{node} {word:?}"), of_word(ty, word, rule.format)));
                }
                for prop in rule.props {
                    lines.push((format!("{node} {}=", prop.name), rule.format.max(prop.format)));
                    for word in words_of(prop.ty) {
                        lines.push((
                            format!("{node} {}={word:?}", prop.name),
                            of_word(prop.ty, word, rule.format.max(prop.format)),
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
