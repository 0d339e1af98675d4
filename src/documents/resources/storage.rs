//! File systems and datasets.

use serde::{Deserialize, Serialize};

use crate::kdl_util::{Node, Value};
use crate::value::Size;

/// A file system mounted in the zone.
///
/// ```
/// # use zmgr::*;
/// let fs = Fs::new("/data", "/export/data", "lofs");
/// assert!(fs.options.is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Fs {
    /// Mount point in the zone; absolute. The key.
    pub dir: String,
    /// Source: a directory of the host, a device, a dataset.
    pub special: String,
    /// Raw device, for types that check their file system.
    pub raw: Option<String>,
    /// The type: `lofs`, `zfs`, `ufs`, …
    pub fs_type: String,
    /// Mount options.
    pub options: Vec<String>,
}

impl Fs {
    /// Returns a file system without raw device and options.
    pub fn new(dir: impl Into<String>, special: impl Into<String>, fs_type: impl Into<String>) -> Self {
        Fs { dir: dir.into(), special: special.into(), raw: None, fs_type: fs_type.into(), options: Vec::new() }
    }

    /// Returns the directory in its shortest spelling.
    pub(crate) fn clean_dir(&self) -> String {
        let parts: Vec<&str> = self.dir.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        format!("/{}", parts.join("/"))
    }
}

/// A ZFS dataset delegated to the zone. `destroy` keeps it, except with `purge` one that zmgr created.
///
/// ```
/// # use zmgr::*;
/// assert!(!Dataset::new("tank/data").create, "it must exist");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Dataset {
    /// Its name. The key.
    pub name: String,
    /// True if `create` makes it if the host does not have it.
    pub create: bool,
    /// Its quota. Set when zmgr creates the dataset, and when the quota in the file changes; an existing dataset keeps its own
    /// until then.
    pub quota: Option<Size>,
}

impl Dataset {
    /// Returns the dataset of this name, which must exist.
    pub fn new(name: impl Into<String>) -> Self {
        Dataset { name: name.into(), create: false, quota: None }
    }

    pub(super) fn decode(node: &Node) -> Option<Dataset> {
        Some(Dataset {
            name: node.text()?.to_owned(),
            create: node.property("create").is_some_and(|entry| entry.value == Value::Bool(true)),
            quota: node.property_text("quota").and_then(|text| text.parse().ok()),
        })
    }

    pub(super) fn encode(&self) -> Node {
        Node::new("dataset")
            .arg(self.name.as_str())
            .prop_if("create", self.create.then_some(true))
            .prop_if("quota", self.quota.map(|quota| quota.to_string()))
    }
}

impl Fs {
    pub(super) fn decode(node: &Node) -> Option<Fs> {
        Some(Fs {
            dir: node.text()?.to_owned(),
            special: node.property_text("special")?.to_owned(),
            raw: node.property_text("raw").map(str::to_owned),
            fs_type: node.property_text("type")?.to_owned(),
            options: node.children_named("options").flat_map(Node::texts).map(str::to_owned).collect(),
        })
    }

    pub(super) fn encode(&self) -> Node {
        let node = Node::new("fs")
            .arg(self.dir.as_str())
            .prop("special", self.special.as_str())
            .prop("type", self.fs_type.as_str())
            .prop_if("raw", self.raw.as_deref());
        match self.options.as_slice() {
            [] => node,
            options => node.block(vec![Node::new("options").args(options.iter().map(String::as_str))]),
        }
    }
}
