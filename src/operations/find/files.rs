//! Searches the configuration files.

use std::path::{Path, PathBuf};

use super::{HeldKind, HolderKind, Holding, HoldingReason, Query, address};
use crate::error::{Code, Diagnostic, Result};
use crate::exec::dladm::parse_mac;
use crate::kdl_util::{self, Node, Span, Text};
use crate::registry::{Directory, EntryKind, Snapshot, SummaryView, Tree, stem_of};
use crate::value::source::Source;

/// Matches in the files.
#[derive(Default)]
pub(super) struct Files {
    pub(super) holdings: Vec<Holding>,
    /// Files that could not be read.
    pub(super) unknown: Vec<Diagnostic>,
}

/// Searches all files. Of the registry, only the files of entries that hold it are read.
pub(super) fn search(tree: &Tree, snapshot: &Snapshot, query: &Query) -> Result<Files> {
    let mut files = Files::default();
    for (directory, kind) in [
        (Directory::Pools, HolderKind::Pool),
        (Directory::Templates, HolderKind::Template),
        (Directory::Publishers, HolderKind::Publisher),
    ] {
        for file in tree.documents(directory)? {
            let Some(name) = stem_of(&file) else { continue };
            files.read(tree, tree.directory(directory).join(&file), query, (kind, name));
        }
    }
    // A pool's gateway and stub are those of every zone of the pool.
    let is_of_pool = |why| files.holdings.iter().any(|held| held.kind == HolderKind::Pool && held.why == why);
    let shared = Shared { gateway: is_of_pool(HoldingReason::Gateway), stub: is_of_pool(HoldingReason::Stub) };
    for entry in snapshot.entries().filter(|entry| shared.leaves(query, &entry.summary)) {
        let kind = match entry.summary.kind {
            EntryKind::Zone => HolderKind::Zone,
            EntryKind::Reservation => HolderKind::Reservation,
        };
        let path = tree.directory(entry.summary.kind.directory()).join(format!("{}.kdl", entry.summary.name));
        let before = files.holdings.len();
        files.read(tree, path.clone(), query, (kind, entry.summary.name));
        let mut added = files.holdings.split_off(before);
        added.retain(|held| shared.keeps(held.why));
        // It is held until the file can be read again, as when it was last read.
        if added.is_empty() && entry.unreadable.is_some() {
            let source = Source::new(path.into(), 0);
            added.push(holding(query, (kind, entry.summary.name), HoldingReason::Desired, None, source));
        }
        files.holdings.append(&mut added);
    }
    Ok(files)
}

/// Matches in pools that apply to all of their zones.
struct Shared {
    gateway: bool,
    stub: bool,
}

impl Shared {
    fn keeps(&self, why: HoldingReason) -> bool {
        match why {
            HoldingReason::Gateway => !self.gateway,
            HoldingReason::Stub => !self.stub,
            _ => true,
        }
    }

    /// Returns true if the file of this entry has to be read.
    fn leaves(&self, query: &Query, summary: &SummaryView<'_>) -> bool {
        let mut nets = summary.all_nets();
        match query {
            Query::Address(wanted) => nets.any(|net| {
                let is_router = |gateway| !self.gateway && gateway == Some(*wanted);
                net.addresses().any(|(address, gateway)| address.addr() == *wanted || is_router(gateway))
            }),
            Query::Mac(wanted) => nets.any(|net| net.mac() == Some(*wanted)),
            Query::Word(word) => {
                let of_net = |stub: Option<&str>| !self.stub && stub == Some(word);
                summary.name == word || nets.any(|net| net.has_link(word) || of_net(net.links().stub))
            }
        }
    }
}

fn holding(
    query: &Query,
    (kind, name): (HolderKind, &str),
    why: HoldingReason,
    net: Option<&str>,
    source: Source,
) -> Holding {
    let what = match query {
        Query::Address(_) => HeldKind::Address,
        Query::Mac(_) => HeldKind::Mac,
        Query::Word(_) if why == HoldingReason::Named => HeldKind::Name,
        Query::Word(_) => HeldKind::Link,
    };
    Holding { what, kind, name: name.to_owned(), why, net: net.map(str::to_owned), link: None, host: None, source }
}

impl Files {
    fn read(&mut self, tree: &Tree, path: PathBuf, query: &Query, holder: (HolderKind, &str)) {
        let bytes = match tree.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.code() == Code::NotFound => return,
            Err(error) => {
                self.unknown.extend(error.details().iter().cloned());
                self.named(&path, query, holder, 0);
                return;
            }
        };
        let parsed = kdl_util::parse(&bytes);
        let text = Text::new(path.as_path().into(), parsed.text.into());
        let Some(nodes) = parsed.nodes else {
            // Entries that cannot be read are reported with the registry.
            if !matches!(holder.0, HolderKind::Zone | HolderKind::Reservation) {
                self.unknown.extend(text.error(parsed.faults, parsed.more).details().iter().cloned());
            }
            self.named(&path, query, holder, 0);
            return;
        };
        let Some(root) = nodes.iter().find(|node| !node.name.starts_with("x-")) else { return };
        self.named(&path, query, holder, text.source(root.name_span).line);
        let mut reader = Reader { query, text: &text, holder, found: &mut self.holdings };
        match holder.0 {
            HolderKind::Reservation => reader.body(root, HoldingReason::Reservation, None),
            HolderKind::Pool => reader.pool(root),
            _ => {
                // The older, flat form is the net "default".
                reader.body(root, HoldingReason::Desired, Some("default"));
                reader.nets(root, HoldingReason::Desired);
                root.children_named("applied").for_each(|applied| reader.nets(applied, HoldingReason::Applied));
            }
        }
    }

    /// Notes a file that has the name that is searched for.
    fn named(&mut self, path: &Path, query: &Query, holder: (HolderKind, &str), line: u32) {
        if matches!(query, Query::Word(word) if word == holder.1) {
            self.holdings.push(holding(query, holder, HoldingReason::Named, None, Source::new(path.into(), line)));
        }
    }
}

/// Searches the nodes of a file.
struct Reader<'a> {
    query: &'a Query,
    text: &'a Text,
    holder: (HolderKind, &'a str),
    found: &'a mut Vec<Holding>,
}

impl Reader<'_> {
    fn push(&mut self, span: Span, why: HoldingReason, net: Option<&str>) {
        self.found.push(holding(self.query, self.holder, why, net, self.text.source(span)));
    }

    fn nets(&mut self, body: &Node, why: HoldingReason) {
        for net in body.children_named("net") {
            self.body(net, why, net.text());
        }
    }

    /// Searches the addresses and links of a net.
    fn body(&mut self, body: &Node, why: HoldingReason, net: Option<&str>) {
        for node in body.nodes() {
            let text = node.text().unwrap_or_default();
            match (node.name.as_str(), self.query) {
                ("address", Query::Address(wanted)) => {
                    if address(text) == Some(*wanted) {
                        self.push(node.name_span, why, net);
                    }
                    if let Some(gateway) = node.property("gateway")
                        && gateway.value.as_text().and_then(address) == Some(*wanted)
                    {
                        self.push(gateway.span, HoldingReason::Gateway, net);
                    }
                }
                ("gateway", Query::Address(wanted)) if address(text) == Some(*wanted) => {
                    self.push(node.name_span, HoldingReason::Gateway, net);
                }
                ("mac", Query::Mac(wanted)) if parse_mac(text) == Some(*wanted) => {
                    self.push(node.name_span, why, net);
                }
                ("vnic" | "physical", Query::Word(word)) if text == word => self.push(node.name_span, why, net),
                ("stub", Query::Word(word)) if text == word => self.push(node.name_span, HoldingReason::Stub, net),
                _ => {}
            }
        }
    }

    /// Searches what a pool keeps from being allocated.
    fn pool(&mut self, body: &Node) {
        for node in body.nodes() {
            let text = node.text().unwrap_or_default();
            match (node.name.as_str(), self.query) {
                ("network", _) => self.pool(node),
                ("gateway", Query::Address(wanted)) if address(text) == Some(*wanted) => {
                    self.push(node.name_span, HoldingReason::Gateway, None);
                }
                ("reserve", Query::Address(wanted)) if node.texts().any(|text| address(text) == Some(*wanted)) => {
                    self.push(node.name_span, HoldingReason::Reserved, None);
                }
                ("stub", Query::Word(word)) if text == word => self.push(node.name_span, HoldingReason::Stub, None),
                _ => {}
            }
        }
    }
}
