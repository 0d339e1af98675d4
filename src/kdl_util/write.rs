//! Text of nodes: tidy, and the same every time.

use std::fmt::Write;

use super::{Entry, Node, Value};

const INDENT: &str = "    ";

/// Nodes as text, a line each, indented by so many levels.
pub(crate) fn print(nodes: &[Node], level: usize) -> String {
    let mut text = String::new();
    for node in nodes {
        write_node(&mut text, node, &INDENT.repeat(level), INDENT);
    }
    text
}

/// Returns one node with its final newline.
pub(super) fn write_node(text: &mut String, node: &Node, indent: &str, step: &str) {
    text.push_str(indent);
    text.push_str(&head(node));
    match node.children.as_deref() {
        None => {}
        Some([]) => text.push_str(" {\n"),
        Some(children) => {
            text.push_str(" {\n");
            let deeper = format!("{indent}{step}");
            for child in children {
                write_node(text, child, &deeper, step);
            }
        }
    }
    if node.children.is_some() {
        text.push_str(indent);
        text.push('}');
    }
    text.push('\n');
}

/// A node on one line.
pub(super) fn inline(node: &Node) -> String {
    let mut text = head(node);
    match node.children.as_deref() {
        None => {}
        Some([]) => text.push_str(" {}"),
        Some(children) => {
            let children: Vec<String> = children.iter().map(inline).collect();
            let _ = write!(text, " {{ {} }}", children.join("; "));
        }
    }
    text
}

/// Name and entries.
pub(super) fn head(node: &Node) -> String {
    let mut text = word(&node.name);
    for each in &node.entries {
        text.push(' ');
        text.push_str(&entry(each));
    }
    text
}

/// An argument or `name=value`.
pub(super) fn entry(entry: &Entry) -> String {
    match &entry.name {
        Some(name) => format!("{}={}", word(name), value(&entry.value)),
        None => value(&entry.value),
    }
}

pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Int(number) => number.to_string(),
        Value::Float(number) if number.is_nan() => "#nan".to_owned(),
        Value::Float(number) if number.is_infinite() => if *number > 0.0 { "#inf" } else { "#-inf" }.to_owned(),
        Value::Float(number) => format!("{number:?}"),
        Value::Bool(yes) => if *yes { "#true" } else { "#false" }.to_owned(),
        Value::Null => "#null".to_owned(),
    }
}

/// A name, bare where it can be.
fn word(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !matches!(name, "true" | "false" | "null" | "inf" | "nan");
    if bare { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{85}'
            | '\u{2028}'
            | '\u{2029}' => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
