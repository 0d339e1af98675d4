//! Datasets as zones use them, and which two zones cannot use at the same time.

use crate::exec::zonecfg::ZoneConfig;

/// Use of a dataset by a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Use {
    /// It is delegated, with everything below it.
    Delegated,
    /// It alone is mounted in the zone, by an `fs` of type zfs.
    Mounted,
}

impl Use {
    /// Returns the participle for messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Use::Delegated => "delegated",
            Use::Mounted => "mounted",
        }
    }

    /// Returns the way out if another zone has the dataset.
    pub(crate) fn help(self) -> &'static str {
        match self {
            Use::Delegated => "delegate another dataset: two zones that use the same one destroy its data",
            Use::Mounted => {
                "use another dataset: one can be mounted once. To share files, mount it on the host and use an fs of type lofs"
            }
        }
    }
}

/// A dataset as a zone uses it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UsedDataset {
    pub(crate) name: String,
    pub(crate) how: Use,
}

impl UsedDataset {
    pub(crate) fn new(name: &str, how: Use) -> Self {
        UsedDataset { name: name.to_owned(), how }
    }

    /// Returns true if two zones cannot have both.
    pub(crate) fn excludes(&self, other: &UsedDataset) -> bool {
        match (self.how, other.how) {
            (Use::Delegated, Use::Delegated) => overlap(&self.name, &other.name),
            (Use::Delegated, Use::Mounted) => is_within(&other.name, &self.name),
            (Use::Mounted, Use::Delegated) => is_within(&self.name, &other.name),
            (Use::Mounted, Use::Mounted) => self.name == other.name,
        }
    }
}

/// Returns the datasets that a zone of this configuration uses.
pub(crate) fn used_by(config: &ZoneConfig) -> Vec<UsedDataset> {
    let delegated = config.datasets.iter().map(|dataset| UsedDataset::new(dataset, Use::Delegated));
    let mounted = config.filesystems.iter().filter(|fs| fs.kind == "zfs");
    delegated.chain(mounted.map(|fs| UsedDataset::new(&fs.special, Use::Mounted))).collect()
}

/// Returns true if the datasets are the same or one contains the other.
pub(crate) fn overlap(a: &str, b: &str) -> bool {
    is_within(a, b) || is_within(b, a)
}

/// Returns true if the datasets are the same or the first lies in the second.
pub(crate) fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
