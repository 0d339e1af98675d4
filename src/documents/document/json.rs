//! Configuration files as JSON: the values, without their lines.

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Returns what a document says, without the lines that the values stand on.
pub(crate) fn of(document: &impl Serialize) -> Value {
    plain(serde_json::to_value(document).unwrap_or_default())
}

/// Replaces each value with its source by the value.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut members) if members.len() == 2 && is_source(members.get("source")) => {
            plain(members.remove("value").unwrap_or_default())
        }
        Value::Object(members) => members
            .into_iter()
            .filter(|(key, member)| key != "source" || !is_source(Some(member)))
            .map(|(key, member)| (key, plain(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

fn is_source(value: Option<&Value>) -> bool {
    value
        .and_then(Value::as_object)
        .is_some_and(|source| source.len() == 2 && source.contains_key("file") && source.contains_key("line"))
}

/// Returns a time as seconds.
pub(crate) fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    time.as_secs_f64().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use crate::documents::config::Config;
    use crate::documents::pool::Pool;

    #[test]
    fn the_lines_are_left_out() {
        let config = Config::default().to_json();
        assert_eq!(config["zonepath_prefix"], "/zones");
        assert_eq!(config["lock_timeout"], 30.0);
        assert_eq!(config["on_failure"], "rollback");
        assert!(config.get("source").is_none());
        let mut pool = Pool::new("p".parse().unwrap());
        pool.vlan = Some(20.into());
        assert_eq!(pool.to_json()["vlan"], 20);
        assert_eq!(pool.to_json()["strategy"], "lowest");
    }
}
