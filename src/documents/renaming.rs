//! A rename in progress, recorded in the zone's entry from before the first change to the end.

use crate::documents::zone::ZoneEntry;
use crate::kdl_util::Node;
use crate::value::name::{LinkName, ZoneName};
use crate::value::source::Sourced;

/// A rename of a zone that is in progress.
///
/// ```
/// # use zmgr::*;
/// let text = br#"zone "web01" {
///     format 3
///     state "creating" step="rename:zonecfg"
///     renaming "web01" to="web02" { link "web01_0" to="web02_0" }
/// }"#;
/// let entry: ZoneEntry = Document::parse("web01.kdl".as_ref(), text)?.value;
/// let renaming: Renaming = entry.renaming.unwrap();
/// assert_eq!((renaming.to.as_str(), renaming.links.len()), ("web02", 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renaming {
    /// Name of the zone before.
    pub from: ZoneName,
    /// Name of the zone afterwards.
    pub to: ZoneName,
    /// The VNICs that are renamed too, each with its old and its new name.
    pub links: Vec<(LinkName, LinkName)>,
    /// The zonepath before and afterwards, if the zone is moved.
    pub zonepath: Option<(String, String)>,
}

impl Renaming {
    /// Returns a rename of the zone alone.
    pub(crate) fn new(from: ZoneName, to: ZoneName) -> Self {
        Renaming { from, to, links: Vec::new(), zonepath: None }
    }

    /// Reserves the new names in an entry that still describes the zone as it was: what it wants is held, and so is what was
    /// applied.
    pub(crate) fn begin(&self, entry: &mut ZoneEntry) {
        for net in &mut entry.nets {
            rename(&mut net.vnic, self.links.iter().map(|(from, to)| (from, to)));
        }
    }

    /// Describes in an entry the zone as it is once everything is renamed. `unplumbed`: the zone does not know the new links yet.
    pub(crate) fn complete(&self, entry: &mut ZoneEntry, unplumbed: bool) {
        let Some(applied) = &mut entry.applied else { return };
        for net in &mut applied.nets {
            rename(&mut net.vnic, self.links.iter().map(|(from, to)| (from, to)));
        }
        applied.plumb_links.retain(|link| !self.links.iter().any(|(from, _)| from == link));
        if unplumbed {
            applied.plumb_links.extend(self.links.iter().map(|(_, to)| to.clone()));
        }
        if let Some((_, to)) = &self.zonepath {
            entry.zonepath = Some(Sourced::from(to.clone()));
            applied.zonepath = Some(Sourced::from(to.clone()));
        }
        // It was down, so nothing waits for a boot.
        entry.pending = None;
    }

    /// Drops the reserved names from an entry again.
    pub(crate) fn revert(&self, entry: &mut ZoneEntry) {
        for net in &mut entry.nets {
            rename(&mut net.vnic, self.links.iter().map(|(from, to)| (to, from)));
        }
    }

    pub(super) fn decode(node: &Node) -> Option<Renaming> {
        let to = |node: &Node| node.property_text("to").map(str::to_owned);
        let links = node
            .children_named("link")
            .filter_map(|link| Some((LinkName::new(link.text()?).ok()?, LinkName::new(to(link)?).ok()?)));
        Some(Renaming {
            from: ZoneName::new(node.text()?).ok()?,
            to: ZoneName::new(to(node)?).ok()?,
            links: links.collect(),
            zonepath: node.child("zonepath").and_then(|moved| Some((moved.text()?.to_owned(), to(moved)?))),
        })
    }

    pub(super) fn encode(&self) -> Node {
        let pair = |name: &str, from: &str, to: &str| Node::new(name).arg(from).prop("to", to);
        let links = self.links.iter().map(|(from, to)| pair("link", from.as_str(), to.as_str()));
        let moved = self.zonepath.iter().map(|(from, to)| pair("zonepath", from, to));
        let inner: Vec<Node> = links.chain(moved).collect();
        let node = pair("renaming", self.from.as_str(), self.to.as_str());
        if inner.is_empty() { node } else { node.block(inner) }
    }
}

fn rename<'l>(link: &mut Option<LinkName>, mut names: impl Iterator<Item = (&'l LinkName, &'l LinkName)>) {
    if let Some(link) = link
        && let Some((_, to)) = names.find(|(from, _)| *from == link)
    {
        *link = to.clone();
    }
}
