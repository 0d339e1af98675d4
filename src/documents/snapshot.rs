//! The snapshots that zmgr took of a zone, as its entry records them.

use crate::kdl_util::Node;
use crate::value::EntryId;
use crate::value::name::SnapshotLabel;

/// A snapshot of a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// manager.create_snapshot("web01", Some("before"), &mut RunOptions::new())?;
/// let path = manager.root().join("zones/web01.kdl");
/// let entry: ZoneEntry = Document::parse(&path, &std::fs::read(&path)?)?.value;
/// let taken: &TakenSnapshot = &entry.snapshots[0];
/// let part: &SnapshotPart = &taken.parts[0];
/// assert_eq!((&taken.label, part.dataset.as_str()), (&SnapshotLabel::new("before")?, "rpool/zones/web01/ROOT/zbe"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TakenSnapshot {
    /// Its label, unique within the zone.
    pub label: SnapshotLabel,
    /// Its name on the host, behind the `@`: unique over all zones.
    pub name: String,
    /// When it was taken, RFC 3339, UTC.
    pub created: String,
    /// Its parts, one for each dataset of the zone's data.
    pub parts: Vec<SnapshotPart>,
}

/// The snapshot of one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotPart {
    /// The dataset that was taken. The snapshot may have moved since: the host promotes clones.
    pub dataset: String,
    /// Its guid, which identifies it wherever it is. `None` while it is being taken: no such snapshot existed before.
    pub guid: Option<String>,
}

impl TakenSnapshot {
    /// Returns the record of one that is about to be taken of these datasets.
    pub(crate) fn claim(id: &EntryId, label: SnapshotLabel, created: &str, datasets: &[String]) -> Self {
        let name = name_on_host(id, &label, created);
        let parts = datasets.iter().map(|dataset| SnapshotPart { dataset: dataset.clone(), guid: None }).collect();
        TakenSnapshot { label, name, created: created.to_owned(), parts }
    }

    /// Returns true if it was taken, as opposed to one that is about to be.
    pub(crate) fn is_taken(&self) -> bool {
        self.parts.iter().any(|part| part.guid.is_some())
    }

    pub(super) fn decode(node: &Node) -> Option<Self> {
        let parts = node.children_named("dataset").filter_map(|node| {
            let guid = node.property_text("guid").map(str::to_owned);
            Some(SnapshotPart { dataset: node.text()?.to_owned(), guid })
        });
        Some(TakenSnapshot {
            label: node.text()?.parse().ok()?,
            name: node.property_text("name")?.to_owned(),
            created: node.property_text("created")?.to_owned(),
            parts: parts.collect(),
        })
    }

    pub(super) fn encode(&self) -> Node {
        let part =
            |part: &SnapshotPart| Node::new("dataset").arg(part.dataset.as_str()).prop_if("guid", part.guid.as_deref());
        Node::new("snapshot")
            .arg(self.label.as_str())
            .prop("name", self.name.as_str())
            .prop("created", self.created.as_str())
            .block(self.parts.iter().map(part).collect())
    }
}

/// Beginning of the names of zmgr's snapshots on the host.
const PREFIX: &str = "zmgr-";

/// Returns the name on the host. The entry's id and the time make it unique over all zones, because the host may move a snapshot to
/// a dataset of another zone, and cannot where one of the same name is.
fn name_on_host(id: &EntryId, label: &SnapshotLabel, created: &str) -> String {
    let time: String = created.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{PREFIX}{}-{time}-{label}", &id.as_str()[..8])
}

/// Returns true if this is the name of a snapshot of zmgr. No uuid begins like it.
pub(crate) fn is_name_on_host(name: &str) -> bool {
    name.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_has_the_zone_the_time_and_the_label() {
        let id: EntryId = "5f0c1234aaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
        let label = "before-upgrade".parse().unwrap();
        let taken = TakenSnapshot::claim(&id, label, "2026-03-22T12:14:09Z", &["p/w/ROOT/zbe".to_owned()]);
        assert_eq!(taken.name, "zmgr-5f0c1234-20260322T121409Z-before-upgrade");
        assert_eq!(TakenSnapshot::decode(&taken.encode()), Some(taken));
    }
}
