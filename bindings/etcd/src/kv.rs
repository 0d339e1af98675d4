//! Requests and answers of the key-value service, as JSON. Invariant: a transaction rests on revisions that were read in one step, so
//! it succeeds only if nothing has changed since.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::failure::{Effect, Failure};

/// Most operations of a transaction, and most comparisons (--max-txn-ops).
pub(crate) const MOST: usize = 128;

/// A key with its value, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) key: String,
    pub(crate) value: String,
    /// Number of the transaction that wrote the value.
    pub(crate) revision: i64,
}

/// Keys that were read in one step.
pub(crate) type Found = BTreeMap<String, Stored>;

/// A transaction: all comparisons hold and all operations are carried out, or the alternative is.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    compare: Vec<Value>,
    success: Vec<Value>,
    failure: Vec<Value>,
}

impl Transaction {
    /// Requires that a key does not exist.
    pub(crate) fn absent(&mut self, key: &str) -> &mut Self {
        self.compare.push(json!({"key": text(key), "target": "CREATE", "result": "EQUAL", "create_revision": "0"}));
        self
    }

    /// Requires that a key is as it was read.
    pub(crate) fn unchanged(&mut self, found: &Stored) -> &mut Self {
        let revision = found.revision.to_string();
        let key = text(&found.key);
        self.compare.push(json!({"key": key, "target": "MOD", "result": "EQUAL", "mod_revision": revision}));
        self
    }

    /// Requires that a key is as it was read, or does not exist if it was not found.
    pub(crate) fn same(&mut self, key: &str, found: &Found) -> &mut Self {
        match found.get(key) {
            Some(stored) => self.unchanged(stored),
            None => self.absent(key),
        }
    }

    /// Requires that the value of a key begins with this text and goes on.
    pub(crate) fn begins(&mut self, key: &str, start: &str) -> &mut Self {
        let key = text(key);
        // No text has the byte 255, so this is above all that begin so.
        let end = [start.as_bytes(), &[0xff]].concat();
        self.compare.push(json!({"key": key, "target": "VALUE", "result": "GREATER", "value": text(start)}));
        self.compare.push(json!({"key": key, "target": "VALUE", "result": "LESS", "value": STANDARD.encode(end)}));
        self
    }

    pub(crate) fn put(&mut self, key: &str, value: &str) -> &mut Self {
        self.success.push(json!({"request_put": {"key": text(key), "value": text(value)}}));
        self
    }

    pub(crate) fn delete(&mut self, key: &str) -> &mut Self {
        self.success.push(json!({"request_delete_range": {"key": text(key)}}));
        self
    }

    /// Reads a key if the comparisons do not hold.
    pub(crate) fn or_read(&mut self, key: &str) -> &mut Self {
        self.failure.push(json!({"request_range": {"key": text(key)}}));
        self
    }

    /// Returns true if etcd takes a transaction of this size.
    pub(crate) fn fits(&self) -> bool {
        [&self.compare, &self.success, &self.failure].into_iter().all(|part| part.len() <= MOST)
    }

    pub(crate) fn request(&self) -> Value {
        json!({"compare": self.compare, "success": self.success, "failure": self.failure})
    }
}

/// Returns a transaction that reads keys in one step.
pub(crate) fn reading<'a>(keys: impl IntoIterator<Item = &'a str>) -> Value {
    let ops: Vec<Value> = keys.into_iter().map(|key| json!({"request_range": {"key": text(key)}})).collect();
    json!({"success": ops})
}

/// Returns the request for the keys that begin with `prefix`, from `from` on, at most `limit`, as of `revision`.
pub(crate) fn range(prefix: &str, from: &str, limit: usize, revision: Option<&str>) -> Value {
    let mut end = prefix.as_bytes().to_vec();
    // Prefixes end with a character of ASCII, so the next byte exists.
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    let (from, end) = (text(from), STANDARD.encode(end));
    let mut request = json!({"key": from, "range_end": end, "limit": limit.to_string()});
    if let Some(revision) = revision {
        request["revision"] = json!(revision);
    }
    request
}

/// Returns true if the comparisons held. The gateway leaves out what is false.
pub(crate) fn succeeded(answer: &Value) -> bool {
    answer["succeeded"] == json!(true)
}

/// Returns the keys of an answer of the range request.
pub(crate) fn keys(answer: &Value) -> Result<Vec<Stored>, Failure> {
    let Some(all) = answer.get("kvs") else { return Ok(Vec::new()) };
    all.as_array().ok_or_else(malformed)?.iter().map(stored).collect()
}

/// Returns the keys of an answer to a transaction that reads.
pub(crate) fn found(answer: &Value) -> Result<Found, Failure> {
    let mut found = Found::new();
    for response in answer["responses"].as_array().into_iter().flatten() {
        for stored in keys(&response["response_range"])? {
            found.insert(stored.key.clone(), stored);
        }
    }
    Ok(found)
}

/// Returns the revision of the store as of an answer.
pub(crate) fn revision(answer: &Value) -> Result<String, Failure> {
    answer["header"]["revision"].as_str().map(str::to_owned).ok_or_else(malformed)
}

fn stored(json: &Value) -> Result<Stored, Failure> {
    let bytes = |name: &str| json[name].as_str().and_then(|text| STANDARD.decode(text).ok());
    let string = |name: &str| bytes(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let revision = json["mod_revision"].as_str().and_then(|text| text.parse().ok());
    let (Some(key), Some(revision)) = (string("key"), revision) else { return Err(malformed()) };
    // The gateway leaves out an empty value.
    Ok(Stored { key, value: string("value").unwrap_or_default(), revision })
}

fn malformed() -> Failure {
    Failure::new(Effect::Unknown, "the answer is not one of etcd's key-value service")
}

fn text(text: &str) -> String {
    STANDARD.encode(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_strictly() {
        let good = json!({"kvs": [{"key": "Zm9v", "mod_revision": "7"}]});
        assert_eq!(keys(&good).unwrap(), [Stored { key: "foo".to_owned(), value: String::new(), revision: 7 }]);
        for bad in [
            json!({"kvs": {}}),
            json!({"kvs": [{"key": "Zm9v"}]}),
            json!({"kvs": [{"mod_revision": "7"}]}),
            json!({"kvs": [{"key": "%", "mod_revision": "7"}]}),
            json!({"kvs": [{"key": "Zm9v", "mod_revision": "seven"}]}),
        ] {
            assert_eq!(keys(&bad).unwrap_err().effect, Effect::Unknown, "{bad}");
        }
        assert!(!succeeded(&json!({})));
        assert!(revision(&json!({})).is_err());
    }

    #[test]
    fn a_prefix_ends_before_the_next_text() {
        let request = range("/zmgr/1/prod/", "/zmgr/1/prod/", 10, None);
        assert_eq!(request["range_end"], STANDARD.encode("/zmgr/1/prod0"));
    }
}
