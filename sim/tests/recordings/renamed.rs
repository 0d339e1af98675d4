//! The recordings with other names of zones, links and publishers: a rule that was made for a name in them would show.

use serde_json::Value;

/// Names, each with another one of its length.
type Names = [(&'static str, &'static str)];

const ZONES: &Names = &[("web1", "db77"), ("web2", "db78"), ("src", "sor")];
const LINKS: &Names =
    &[("v0", "w7"), ("t0", "u7"), ("s0", "k4"), ("vl0", "wl5"), ("vv0", "ww6"), ("v9", "x3"), ("estub1", "estob4")];
const PUBLISHERS: &Names = &[("a.org", "q.net"), ("b.org", "r.net"), ("c.org", "s.net")];

/// Returns the case with other names of zones.
pub(crate) fn zones(case: &Value) -> Value {
    renamed(case, ZONES)
}

/// Returns the case with other names of links.
pub(crate) fn links(case: &Value) -> Value {
    renamed(case, LINKS)
}

/// Returns the case with other names of publishers.
pub(crate) fn publishers(case: &Value) -> Value {
    renamed(case, PUBLISHERS)
}

fn renamed(case: &Value, names: &Names) -> Value {
    let mut result = other_names(case, names);
    for what in ["id", "kind"] {
        result[what] = case[what].clone();
    }
    result
}

fn other_names(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => Value::String(in_text(text, names)),
        Value::Array(list) => list.iter().map(|value| other_names(value, names)).collect(),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(name, value)| (in_text(name, names), other_names(value, names))).collect(),
        ),
        other => other.clone(),
    }
}

/// Replaces the names where they stand as words.
fn in_text(text: &str, names: &Names) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = names.iter().find(|(name, _)| {
            rest.starts_with(name) && !rest[name.len()..].starts_with(is_word) && !result.ends_with(is_word)
        });
        match found {
            Some((name, other)) => {
                result.push_str(other);
                rest = &rest[name.len()..];
            }
            None => {
                result.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    result
}
