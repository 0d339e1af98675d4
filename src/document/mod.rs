//! A document: a file's text and what it says, read once and changed without losing what people wrote.
//!
//! Invariant: `text` decodes to `value`, whatever was changed.

pub(crate) mod json;

use std::path::Path;
use std::sync::Arc;

use crate::error::{Code, Error, Result};
use crate::kdl_util::{self, Fault, Node, Parsed, Span, Text, Value};
use crate::schema::{At, Faults, check_body, check_file, check_frozen};
use crate::source::{Source, Sourced};
use crate::zone::FORMAT;

/// A kind of document: how it is decoded and written.
pub(crate) trait Kind: Clone + Send + Sync {
    /// Where the one node of such a file stands; `None` for a file that is a body itself.
    const FILE: Option<At>;

    /// Whether files of a newer format may come, of which only the address core is read.
    const FROZEN_CORE: bool = false;

    /// Nodes of older forms, which make way when what they say changes.
    const OLDER: &'static [&'static str] = &[];

    /// What the nodes say. They were checked against the table; what is at fault was told and is to be passed over.
    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// The nodes of a file that says this.
    fn encode(&self) -> Vec<Node>;

    /// Whether a newer zmgr wrote it.
    fn newer(&self) -> bool {
        false
    }
}

/// A file's text and what it says.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// use std::path::Path;
/// let text = b"pool \"internal\" { // mine\n    network \"10.1.0.0/24\"\n}\n";
/// let document: Document<Pool> = Document::parse(Path::new("internal.kdl"), text)?;
/// let mut changed = document.value.clone();
/// changed.networks[0].gateway = Some("10.1.0.1".parse()?);
/// let document = document.with(changed)?;
/// assert!(document.text().contains("// mine"), "what people wrote stays");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Document<T> {
    /// What it says.
    pub value: T,
    text: Text,
    nodes: Arc<Vec<Node>>,
}

#[expect(private_bounds, reason = "the kinds are those of this crate")]
impl<T: Kind> Document<T> {
    /// Reads a document from its bytes; `path` gives the stem that its name must equal, and stands in every diagnostic. The error
    /// (`config`) has every fault in its details.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Document<T>> {
        Document::of(Arc::from(path), kdl_util::parse(bytes))
    }

    /// Several at once, on all cores. The order is kept.
    pub fn parse_many(files: &[(Arc<Path>, Vec<u8>)]) -> Vec<Result<Document<T>>> {
        Document::parse_many_into(files, |document| document)
    }

    /// Several at once, and something made of each on the thread that read it.
    pub fn parse_many_into<R: Send>(
        files: &[(Arc<Path>, Vec<u8>)],
        make: impl Fn(Document<T>) -> R + Sync,
    ) -> Vec<Result<R>> {
        kdl_util::parse_many(
            files,
            |(_, bytes)| bytes,
            |(path, _), parsed| Document::of(path.clone(), parsed).map(&make),
        )
    }

    /// The text of a new document that says `value`: tidy, and the same every time.
    pub fn create(path: &Path, value: T) -> Result<Document<T>> {
        let text = kdl_util::print(&value.encode(), 0);
        let made: Document<T> = Document::parse(path, text.as_bytes())?;
        if says_same(&made.value.encode(), &value.encode()) { Ok(made) } else { Err(lost(path)) }
    }

    /// The document changed so that it says `value`: only the lines that differ change; comments, order and spacing stay.
    /// `config` where a newer zmgr wrote it.
    pub fn with(&self, value: T) -> Result<Document<T>> {
        let path = &**self.text.path();
        if self.value.newer() {
            return Err(Error::new(
                Code::Config,
                format!("{} was written by a newer zmgr and is not changed by this one", path.display()),
            )
            .with_help("use the zmgr that wrote it"));
        }
        let mut from = self.value.encode();
        let to = value.encode();
        if says_same(&from, &to) {
            return Ok(self.clone());
        }
        if let (Some(mine), Some(old)) = (self.nodes.iter().find(|node| !is_private(node)), from.first_mut()) {
            make_way::<T>(mine, old, to.first());
        }
        let text = kdl_util::patch(self.text.as_str(), &self.nodes, &from, &to);
        if let Ok(changed) = Document::<T>::parse(path, text.as_bytes())
            && says_same(&changed.value.encode(), &to)
        {
            return Ok(changed);
        }
        // A text too odd to be edited: the node is written anew, and what stands around it stays.
        let span = self.nodes.iter().find(|node| !is_private(node)).map_or(Span::default(), |node| node.span);
        let before = &self.text.as_str()[..span.start];
        let after = self.text.as_str()[span.end..].trim_start_matches([' ', '\t', ';']);
        let anew = kdl_util::print(&to, 0);
        let text = format!("{before}{}{}{after}", anew.trim_end(), if after.starts_with('\n') { "" } else { "\n" });
        let changed: Document<T> = Document::parse(path, text.as_bytes())?;
        if says_same(&changed.value.encode(), &to) { Ok(changed) } else { Err(lost(path)) }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// Its file.
    pub fn path(&self) -> &Arc<Path> {
        self.text.path()
    }

    fn of(path: Arc<Path>, parsed: Parsed) -> Result<Document<T>> {
        let Parsed { text, nodes, faults: mut form } = parsed;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text = Text::new(path, text.into());
        let Some(nodes) = nodes else { return Err(text.error(form)) };
        let mut faults = Faults::default();
        let value = read_value::<T>(&nodes, &text, &stem, &mut faults);
        if !form.is_empty() {
            // What the bridges over ill-formed spots brought about is no fault of its own.
            let bridged = |fault: &Fault| {
                fault.code.starts_with("missing-") || form.iter().any(|other| other.span.overlaps(fault.span))
            };
            let mut meaning: Vec<Fault> = faults.0.into_iter().filter(|fault| !bridged(fault)).collect();
            form.append(&mut meaning);
            return Err(text.error(form));
        }
        if !faults.0.is_empty() {
            return Err(text.error(faults.0));
        }
        let Some(value) = value else {
            return Err(text.error(vec![Fault::new("unreadable", Span::default(), "the file could not be read")]));
        };
        Ok(Document { value, text, nodes: Arc::new(nodes) })
    }
}

/// Two values are the same if they would be written the same: an empty list and none are.
fn says_same(a: &[Node], b: &[Node]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
}

fn is_private(node: &Node) -> bool {
    node.name.starts_with("x-")
}

fn lost(path: &Path) -> Error {
    Error::new(Code::Internal, format!("what was written for {} would not be read as it was meant", path.display()))
}

fn read_value<T: Kind>(nodes: &[Node], text: &Text, stem: &str, faults: &mut Faults) -> Option<T> {
    let Some(at) = T::FILE else {
        check_body(nodes, At::Config, Span::default(), faults);
        let root = Node { children: Some(nodes.to_vec()), ..Node::new("config") };
        return T::decode(&root, &mut Reader { text, faults, frozen: false });
    };
    let frozen = T::FROZEN_CORE && nodes.iter().any(is_of_newer_format);
    let root = match frozen {
        true => check_frozen(nodes, at, stem, faults),
        false => check_file(nodes, at, stem, faults),
    }?;
    T::decode(root, &mut Reader { text, faults, frozen })
}

fn is_of_newer_format(root: &Node) -> bool {
    matches!(root.child("format").and_then(Node::first), Some(Value::Int(format)) if *format > i128::from(FORMAT))
}

/// Where the text says something in an older form, and what it says changes: the older nodes go, the node of ours comes.
fn make_way<T: Kind>(mine: &Node, from: &mut Node, to: Option<&Node>) {
    let older: Vec<Node> = mine.nodes().iter().filter(|node| T::OLDER.contains(&node.name.as_str())).cloned().collect();
    let nets = |node: &Node| node.children_named("net").cloned().collect::<Vec<_>>();
    let changed = to.is_none_or(|to| {
        let (a, b) = (nets(from), nets(to));
        a.len() != b.len() || a.iter().zip(&b).any(|(a, b)| !a.same(b))
    });
    if older.is_empty() || !changed {
        return;
    }
    let written: Vec<String> = mine.children_named("net").filter_map(|net| net.text().map(str::to_owned)).collect();
    if let Some(children) = &mut from.children {
        children.retain(|node| {
            node.name != "net" || node.text().is_some_and(|name| written.iter().any(|each| each == name))
        });
        children.extend(older);
    }
}

/// What decoding needs beside the nodes: their text, for places, and somewhere to tell faults.
pub(crate) struct Reader<'a> {
    text: &'a Text,
    pub(crate) faults: &'a mut Faults,
    /// A file of a newer format: only its address core counts.
    pub(crate) frozen: bool,
}

impl Reader<'_> {
    /// The line of a node.
    pub(crate) fn source(&self, node: &Node) -> Source {
        self.text.source(node.name_span)
    }

    /// A value with the line of its node.
    pub(crate) fn sourced<V>(&self, node: &Node, value: V) -> Sourced<V> {
        Sourced::new(value, self.source(node))
    }

    /// The first argument of a node of this name, as text.
    pub(crate) fn text_of(&self, body: &Node, name: &str) -> Option<Sourced<String>> {
        let node = body.child(name)?;
        Some(self.sourced(node, node.text()?.to_owned()))
    }

    /// The first argument of a node of this name, parsed.
    pub(crate) fn parsed<V: std::str::FromStr>(&self, body: &Node, name: &str) -> Option<Sourced<V>> {
        let node = body.child(name)?;
        Some(self.sourced(node, node.text()?.parse().ok()?))
    }

    pub(crate) fn flag(&self, body: &Node, name: &str) -> Option<Sourced<bool>> {
        let node = body.child(name)?;
        match node.first()? {
            Value::Bool(yes) => Some(self.sourced(node, *yes)),
            _ => None,
        }
    }

    pub(crate) fn number<V: TryFrom<i128>>(&self, body: &Node, name: &str) -> Option<Sourced<V>> {
        let node = body.child(name)?;
        Some(self.sourced(node, integer(node.first()?)?))
    }

    /// Every argument of every node of this name, with the line of the first; `None` where there is no such node.
    pub(crate) fn list(&self, body: &Node, name: &str) -> Option<Sourced<Vec<String>>> {
        let first = body.child(name)?;
        let all = body.children_named(name).flat_map(|node| node.texts()).map(str::to_owned).collect();
        Some(self.sourced(first, all))
    }
}

/// A whole number that fits.
pub(crate) fn integer<V: TryFrom<i128>>(value: &Value) -> Option<V> {
    match value {
        Value::Int(number) => V::try_from(*number).ok(),
        _ => None,
    }
}

/// A node of one argument, where there is something to say.
pub(crate) fn scalar<V: Into<Value> + Clone>(name: &str, value: &Option<Sourced<V>>) -> Option<Node> {
    value.as_ref().map(|value| Node::new(name).arg(value.value.clone()))
}

#[cfg(test)]
mod tests;
