//! Checks that the example trees below tests/data have every node of the table: once valid, and once with an error.

use std::path::Path;

use super::check::{check_body, check_node};
use super::table::{TABLE, rule, rules};
use super::{At, Faults, NodeRule};
use crate::kdl_util::{Node, parse};

const DIRECTORIES: [(&str, At); 5] = [
    ("templates", At::TemplateFile),
    ("pools", At::PoolFile),
    ("zones", At::ZoneFile),
    ("publishers", At::PublisherFile),
    ("reservations", At::ReservationFile),
];

/// Returns every node of a tree with its place.
fn walk(tree: &str, each: &mut dyn FnMut(&'static NodeRule, At, &Node)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/documents").join(tree);
    let mut file = |path: &Path, at: At| {
        let parsed = parse(&std::fs::read(path).unwrap());
        for node in parsed.nodes.iter().flatten() {
            below(node, at, each);
        }
    };
    file(&root.join("config.kdl"), At::Config);
    for (directory, at) in DIRECTORIES {
        for entry in std::fs::read_dir(root.join(directory)).unwrap() {
            file(&entry.unwrap().path(), at);
        }
    }
}

fn below(node: &Node, at: At, each: &mut dyn FnMut(&'static NodeRule, At, &Node)) {
    let Some(rule) = rule(at, &node.name) else { return };
    each(rule, at, node);
    if let Some(body) = rule.body {
        node.nodes().iter().for_each(|child| below(child, body, each));
    }
}

fn missing(seen: &[*const NodeRule]) -> Vec<String> {
    let missing = TABLE.iter().filter(|rule| !seen.contains(&std::ptr::from_ref(*rule)));
    missing.map(|rule| format!("{} in {:?}", rule.name, rule.at)).collect()
}

#[test]
fn every_node_has_a_good_example() {
    let mut seen: Vec<*const NodeRule> = Vec::new();
    walk("good", &mut |rule, at, node| {
        let mut faults = Faults::default();
        check_node(node, at, &mut faults);
        assert!(faults.0.is_empty(), "{}: {:?}", node.name, faults.0);
        seen.push(rule);
    });
    assert_eq!(missing(&seen), Vec::<String>::new());
}

#[test]
fn every_node_has_a_bad_example() {
    let mut seen: Vec<*const NodeRule> = Vec::new();
    walk("bad", &mut |rule, at, node| {
        let mut faults = Faults::default();
        // Without its block, whose errors belong to other nodes, unless nothing else can be wrong with it.
        let alone = Node { children: None, ..node.clone() };
        let alone = if rule.args.is_empty() && rule.props.is_empty() { node } else { &alone };
        check_node(alone, at, &mut faults);
        if !faults.0.is_empty() {
            seen.push(rule);
        }
    });
    assert_eq!(missing(&seen), Vec::<String>::new());
}

#[test]
fn the_examples_of_the_table_read() {
    for rule in TABLE {
        let parsed = parse(rule.example.as_bytes());
        let nodes = parsed.nodes.unwrap_or_default();
        assert!(parsed.faults.is_empty() && nodes.len() == 1 && nodes[0].name == rule.name, "{}", rule.example);
        for at in rule.at {
            let mut faults = Faults::default();
            check_node(&nodes[0], *at, &mut faults);
            // Nodes of files leave out their required content in the short examples of the table.
            faults.0.retain(|fault| !fault.code.starts_with("missing-node"));
            assert!(faults.0.is_empty(), "{}: {:?}", rule.example, faults.0);
        }
        if !rule.default.is_empty() {
            let mut faults = Faults::default();
            let nodes = parse(rule.default.as_bytes()).nodes.unwrap();
            check_node(&nodes[0], rule.at[0], &mut faults);
            assert!(faults.0.is_empty(), "{}", rule.default);
        }
    }
    let mut faults = Faults::default();
    check_body(&[], At::Defaults, Default::default(), &mut faults);
    assert!(faults.0.is_empty() && rules(At::Defaults).count() > 30);
}
