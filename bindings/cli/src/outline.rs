//! A JSON document as a table: one row per value, with its dotted key and its source.

use serde_json::Value;

use crate::failure::Failure;
use crate::output;

/// The fields that name an item of a list.
const NAMES: [&str; 6] = ["name", "dir", "pattern", "user", "match", "address"];

/// Prints the table; adds a column with the file and line of each value if the document has them.
pub fn print(document: &Value, tree: &std::path::Path) -> Result<(), Failure> {
    let mut rows = Vec::new();
    flatten("", document, "", tree, &mut rows);
    // The value comes last because it may be long.
    if rows.iter().all(|[_, from, _]| from.is_empty()) {
        let rows: Vec<[&str; 2]> = rows.iter().map(|[key, _, value]| [key.as_str(), value.as_str()]).collect();
        return output::table(["KEY", "VALUE"], &rows);
    }
    output::table(["KEY", "FROM", "VALUE"], &rows)
}

fn flatten(key: &str, value: &Value, source: &str, tree: &std::path::Path, rows: &mut Vec<[String; 3]>) {
    match value {
        Value::Null => {}
        // In an item of a list, a flag that is not set deserves no row.
        Value::Bool(false) if key.matches('.').count() > 1 => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            let words: Vec<String> = items.iter().map(scalar).collect();
            rows.push([key.to_owned(), source.to_owned(), words.join(", ")]);
        }
        Value::Array(items) if items.iter().all(|item| item["gateway"].is_string() || item["address"].is_string()) => {
            let words = items.iter().map(|item| match (item["address"].as_str(), item["gateway"].as_str()) {
                (Some(address), Some(gateway)) => format!("{address} via {gateway}"),
                (address, gateway) => address.or(gateway).unwrap_or_default().to_owned(),
            });
            rows.push([key.to_owned(), source.to_owned(), words.collect::<Vec<_>>().join(", ")]);
        }
        Value::Array(items) => flatten_items(key, items, source, tree, rows),
        // A tagged value: the type is clear from the value.
        Value::Object(fields) if key.ends_with(".value") && fields.len() == 1 => {
            let key = key.trim_end_matches(".value");
            fields.values().for_each(|value| flatten(key, value, source, tree, rows));
        }
        Value::Object(fields) => {
            let own = fields.get("source").filter(|own| own.get("file").is_some());
            let source = own.map_or_else(|| source.to_owned(), |own| place(own, tree));
            let wrapped = own.is_some() && fields.contains_key("value") && fields.len() == 2;
            for (name, value) in fields.iter().filter(|(name, value)| *name != "source" || !value.is_object()) {
                // The key already ends with the name.
                if NAMES.contains(&name.as_str()) && key.ends_with(&format!(".{}", value.as_str().unwrap_or_default()))
                {
                    continue;
                }
                let transparent = wrapped || (value.is_object() && matches!(name.as_str(), "settings" | "resources"));
                let below = match (transparent, key) {
                    (true, _) => key.to_owned(),
                    (_, "") => name.replace('_', "-"),
                    _ => format!("{key}.{}", name.replace('_', "-")),
                };
                flatten(&below, value, &source, tree, rows);
            }
        }
        Value::Number(hundredths) if key == "capped-cpu.hundredths" => {
            let number = u32::try_from(hundredths.as_u64().unwrap_or_default()).unwrap_or(u32::MAX);
            rows.push(["capped-cpu".to_owned(), source.to_owned(), zmgr::CappedCpu::new(number).to_string()]);
        }
        Value::Number(bytes) if is_size(key) => {
            let size = bytes.as_u64().map_or_else(|| bytes.to_string(), |bytes| zmgr::Size(bytes).to_string());
            rows.push([key.to_owned(), source.to_owned(), size]);
        }
        _ => rows.push([key.to_owned(), source.to_owned(), scalar(value)]),
    }
}

/// Adds the rows of a list of objects; the name of each is a part of its key.
fn flatten_items(key: &str, items: &[Value], source: &str, tree: &std::path::Path, rows: &mut Vec<[String; 3]>) {
    for (n, item) in items.iter().enumerate() {
        // A value with a source has its name one level deeper.
        let own = NAMES.iter().find_map(|name| item[name].as_str().or_else(|| item["value"][name].as_str()));
        let below = own.map_or_else(|| (n + 1).to_string(), str::to_owned);
        let rows_before = rows.len();
        flatten(&format!("{key}.{below}"), item, source, tree, rows);
        // An item with nothing but its name, such as a dataset that is only delegated.
        if let Some(own) = own.filter(|_| rows.len() == rows_before) {
            let at = item.get("source").filter(|at| at.get("file").is_some());
            let source = at.map_or_else(|| source.to_owned(), |at| place(at, tree));
            rows.push([key.to_owned(), source, own.to_owned()]);
        }
    }
}

/// Returns true for the settings whose values are bytes.
fn is_size(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or_default();
    key.starts_with("capped-memory.") || matches!(last, "max-shm-memory" | "quota")
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// Formats a source, such as `templates/oi.kdl:5`; a value without one is a default.
fn place(source: &Value, tree: &std::path::Path) -> String {
    let Some(file) = source["file"].as_str() else { return "default".to_owned() };
    let file = std::path::Path::new(file);
    format!("{}:{}", file.strip_prefix(tree).unwrap_or(file).display(), source["line"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_their_places() {
        let document = serde_json::json!({
            "brand": {"value": "nlipkg", "source": {"file": "/t/templates/oi.kdl", "line": 3}},
            "capped_cpu": {"value": {"hundredths": 150}, "source": {"file": "/t/templates/oi.kdl", "line": 8}},
            "capped_memory": {"value": {"physical": 1_610_612_736_u64, "swap": null}, "source": {"file": "/t/templates/oi.kdl", "line": 7}},
            "datasets": [{"value": {"name": "rpool/db", "create": false, "quota": null}, "source": {"file": "/t/templates/oi.kdl", "line": 10}}],
            "fs": [{"value": {"dir": "/data", "special": "/export"}, "source": {"file": "/t/templates/oi.kdl", "line": 9}}],
            "name": "web01",
            "nets": [{"name": "front", "mtu": null, "managed": false, "vnic": "web01_0", "source": {"file": "/t/zones/web01.kdl", "line": 9}}],
            "tags": {"value": [], "source": {"file": null, "line": 0}},
        });
        let mut rows = Vec::new();
        flatten("", &document, "", std::path::Path::new("/t"), &mut rows);
        let rows: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
        assert_eq!(
            rows,
            [
                "brand|templates/oi.kdl:3|nlipkg",
                "capped-cpu|templates/oi.kdl:8|1.5",
                "capped-memory.physical|templates/oi.kdl:7|1536M",
                "datasets|templates/oi.kdl:10|rpool/db",
                "fs./data.special|templates/oi.kdl:9|/export",
                "name||web01",
                "nets.front.vnic|zones/web01.kdl:9|web01_0"
            ]
        );
    }
}
