//! A rename in progress, recorded in the zone's entry from before the first change to the end.

use crate::kdl_util::Node;
use crate::value::name::{LinkName, ZoneName};

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
