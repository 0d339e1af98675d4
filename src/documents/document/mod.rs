//! A configuration file: its text and its value, read once and changed without losing what users wrote.
//!
//! Invariant: `text` decodes to `value` after every change.

pub(crate) mod json;

use std::path::Path;
use std::sync::Arc;

use crate::error::{Code, Diagnostic, Error, Result};
use crate::kdl_util::{self, Fault, Node, Parsed, Span, Text, Value, all_same};
use crate::schema::{At, Faults, check_body, check_file, check_frozen};
use crate::value::source::{Source, Sourced};

/// The format that this version writes.
pub(crate) const FORMAT: u32 = 3;

/// A kind of configuration file, with its decoder and encoder.
pub(crate) trait Kind: Clone + Send + Sync {
    /// Place of the one node of such a file; `None` for a file that is a body itself.
    const FILE: Option<At>;

    /// True if files of a newer format may exist, of which only the address core is read.
    const FROZEN_CORE: bool = false;

    /// Nodes of older forms, and the node that replaces them when their value changes.
    const OLDER: (&'static [&'static str], &'static str) = (&[], "");

    /// Nodes whose arguments form one list, on any number of nodes.
    const LISTS: &'static [&'static str] = &[
        "tag",
        "after",
        "resolver",
        "zonecfg",
        "fs-allowed",
        "package",
        "publisher",
        "options",
        "origin",
        "mirror",
        "ssh-key",
        "hosts",
        "exclude",
    ];

    /// Decodes the nodes. They were checked against the table; nodes with reported errors are skipped.
    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// Returns the nodes of a file with this value.
    fn encode(&self) -> Vec<Node>;

    /// Returns the nodes, arranged as in a text if there is a choice.
    fn encode_like(&self, _text: &[Node]) -> Vec<Node> {
        self.encode()
    }

    /// Returns true if a newer zmgr wrote it.
    fn newer(&self) -> bool {
        false
    }
}

/// The text of a file and its value.
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
    /// Its value.
    pub value: T,
    text: Text,
    nodes: Arc<Vec<Node>>,
}

#[expect(private_bounds, reason = "the kinds are defined in this crate")]
impl<T: Kind> Document<T> {
    /// Parses a file; `path` gives the stem that its name must equal, and is part of every diagnostic. Fails with `config` and all
    /// errors in the details.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Document<T>> {
        Document::of(Arc::from(path), kdl_util::parse(bytes))
    }

    /// Parses several in parallel; keeps the order.
    pub fn parse_many(files: &[(Arc<Path>, Vec<u8>)]) -> Vec<Result<Document<T>>> {
        Document::parse_many_into(files, |document| document)
    }

    /// Parses several in parallel, and converts each on the thread that parsed it.
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

    /// Reads and parses several in parallel, and hands each to `make` on the thread that parsed it, with `None` for a file that does
    /// not exist. Only what `make` returns stays in memory. Keeps the order.
    pub(crate) fn read_many<I: Sync, R: Send>(
        files: &[I],
        read: impl Fn(&I) -> Result<Option<(Arc<Path>, Vec<u8>)>> + Sync,
        make: impl Fn(&I, Result<Option<Document<T>>>) -> R + Sync,
    ) -> Vec<R> {
        kdl_util::with_parser(files, |file, parse| {
            let document = match read(file) {
                Ok(Some((path, bytes))) => Document::of(path, parse(&bytes)).map(Some),
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            };
            make(file, document)
        })
    }

    /// Returns the text of a new file with `value`: tidy, and always the same.
    pub fn create(path: &Path, value: T) -> Result<Document<T>> {
        let text = kdl_util::print(&value.encode(), 0);
        let made: Document<T> = Document::parse(path, text.as_bytes())?;
        if equivalent(&made.value.encode(), &value.encode()) { Ok(made) } else { Err(lost(path)) }
    }

    /// Returns the document changed to `value`. Only what differs changes; comments, order and spacing stay. Fails with `config` if
    /// a newer zmgr wrote it, or if the change cannot be made in place; nothing else is ever rewritten.
    pub fn with(&self, value: T) -> Result<Document<T>> {
        self.moved(self.text.path(), value)
    }

    /// Like [`Document::with`], for the text of another file: the value may have another name.
    pub(crate) fn moved(&self, path: &Path, value: T) -> Result<Document<T>> {
        if self.value.newer() {
            return Err(Error::new(Code::Config, format!("{} was written by a newer zmgr", path.display()))
                .with_help("use the zmgr that wrote it"));
        }
        let to = value.encode();
        if equivalent(&self.value.encode(), &to) {
            return Ok(self.clone());
        }
        // In the shape of the text; if the result differs from the value, every node that differs from zmgr's own form is changed.
        let (mut from, like) = (self.value.encode_like(&self.nodes), value.encode_like(&self.nodes));
        if let (Some(mine), Some(old)) = (self.nodes.iter().find(|node| !is_private(node)), from.first_mut()) {
            replace_older::<T>(mine, old, like.first());
            keep_format(mine, old);
        }
        let written = without_private(&self.nodes);
        for (from, to, strict) in [(&from, &like, false), (&from, &like, true), (&written, &to, true)] {
            let change = kdl_util::Change { from, to, lists: T::LISTS, strict };
            let text = kdl_util::patch(self.text.as_str(), &self.nodes, &change);
            if let Ok(changed) = Document::<T>::parse(path, text.as_bytes())
                && equivalent(&changed.value.encode(), &value.encode())
            {
                return Ok(changed);
            }
        }
        // A value that no file can represent is the caller's mistake, not the text's.
        if let Err(error) = Document::create(path, value)
            && let Some(why) = error.details().first()
        {
            let message = format!("cannot write this value to {}: {}", path.display(), why.message);
            // The lines are those of a text that is not in a file.
            let mut detail = Diagnostic::new(why.code.clone(), why.message.clone());
            detail.help.clone_from(&why.help);
            let error = Error::new(Code::InvalidArgument, message).with_details(vec![detail]);
            return Err(match &why.help {
                Some(help) => error.with_help(help.clone()),
                None => error,
            });
        }
        Err(self.refused(&from, &like))
    }

    /// Returns the error for an impossible change, at its node.
    fn refused(&self, from: &[Node], to: &[Node]) -> Error {
        let differs = |old: &[Node], new: &[Node]| {
            let changed = new.iter().filter(|node| !old.iter().any(|other| other.same(node)));
            let gone = old.iter().filter(|node| !new.iter().any(|other| other.same(node)));
            changed.chain(gone).next().map(|node| node.name.clone())
        };
        let root = self.nodes.iter().find(|node| !is_private(node));
        let (nodes, name) = match (T::FILE, root, from, to) {
            (Some(_), Some(root), [old], [new]) => (root.nodes(), differs(old.nodes(), new.nodes())),
            _ => (&self.nodes[..], differs(from, to)),
        };
        let node = nodes.iter().find(|node| Some(&node.name) == name.as_ref()).or(root);
        let span = node.map_or(Span::default(), |node| node.name_span);
        let message = match name {
            Some(name) => {
                format!("cannot change `{name}` in place: the new value cannot be written or reads back differently")
            }
            None => "cannot change this file in place".to_owned(),
        };
        self.text
            .error(vec![Fault::new("cannot-edit", span, message).help("edit the file by hand; nothing was written")], 0)
    }

    /// Returns its text.
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// Returns its file.
    pub fn path(&self) -> &Arc<Path> {
        self.text.path()
    }

    fn of(path: Arc<Path>, parsed: Parsed) -> Result<Document<T>> {
        let Parsed { text, nodes, faults: mut form, more, dropped } = parsed;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text = Text::new(path, text.into());
        let Some(nodes) = nodes else { return Err(text.error(form, more)) };
        let mut faults = Faults::default();
        let value = read_value::<T>(&nodes, &text, &stem, &mut faults);
        if !form.is_empty() {
            // Errors caused only by bridging an invalid place are left out.
            let Faults(meaning, other) = faults;
            let caused = |fault: &Fault| {
                form.iter().any(|other| other.span.overlaps(fault.span))
                    || fault.code.starts_with("missing-") && may_be_hidden(fault, &nodes, text.as_str(), &dropped)
            };
            let mut meaning: Vec<Fault> = meaning.into_iter().filter(|fault| !caused(fault)).collect();
            form.append(&mut meaning);
            return Err(text.error(form, more + other));
        }
        if !faults.0.is_empty() {
            return Err(text.error(faults.0, faults.1));
        }
        let Some(value) = value else {
            let unreadable = Fault::new("unreadable", Span::default(), "the file could not be read");
            return Err(text.error(vec![unreadable], 0));
        };
        Ok(Document { value, text, nodes: Arc::new(nodes) })
    }
}

/// Returns true if two values would be written in the same way: an empty list equals none.
fn equivalent(a: &[Node], b: &[Node]) -> bool {
    all_same(a, b)
}

fn is_private(node: &Node) -> bool {
    node.name.starts_with("x-")
}

/// Returns true if a missing node may be in a part of the text that could not be read.
fn may_be_hidden(fault: &Fault, nodes: &[Node], text: &str, dropped: &[Span]) -> bool {
    // The node that lacks something, and the nodes beside and below it.
    let mut beside = nodes;
    let mut owner: Option<&Node> = None;
    let mut around: Option<Span> = None;
    while owner.is_none() && fault.span.end > 0 {
        let Some(node) =
            beside.iter().find(|node| node.span.start <= fault.span.start && fault.span.end <= node.span.end)
        else {
            break;
        };
        if node.name_span == fault.span || node.braces.is_none_or(|braces| fault.span.start < braces.start) {
            owner = Some(node);
        } else {
            (beside, around) = (node.nodes(), node.braces);
        }
    }
    // Directly within the braces, not in the block of a node there.
    let directly = |at: usize, braces: Option<Span>, inner: &[Node]| {
        braces.is_none_or(|braces| braces.start < at && at < braces.end)
            && !inner.iter().any(|node| node.braces.is_some_and(|braces| braces.start < at && at < braces.end))
    };
    dropped.iter().any(|gone| {
        let Some(owner) = owner else { return directly(gone.start, None, beside) };
        let in_block = owner.braces.is_some() && directly(gone.start, owner.braces, owner.nodes());
        let from = owner.head_end.min(gone.start);
        let on_line = gone.start >= owner.span.start && !text[from..gone.start].contains(['\n', '\r']);
        let next_to = owner.name_span != fault.span || fault.code == "missing-node" && owner.braces.is_none();
        in_block || on_line || next_to && directly(gone.start, around, beside)
    })
}

fn lost(path: &Path) -> Error {
    Error::new(Code::Internal, format!("the text for {} would read back differently", path.display()))
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

/// Returns the nodes without those that zmgr does not know.
fn without_private(nodes: &[Node]) -> Vec<Node> {
    let known = nodes.iter().filter(|node| !is_private(node));
    known.map(|node| Node { children: node.children.as_deref().map(without_private), ..node.clone() }).collect()
}

/// Puts the `format` that the text has in place of the one that the value needs: people add nodes by hand.
fn keep_format(mine: &Node, from: &mut Node) {
    let has = mine.child("format").cloned().unwrap_or_else(|| Node::new("format").arg(1_u32));
    if let Some(needed) = from.children.iter_mut().flatten().find(|node| node.name == "format") {
        *needed = has;
    }
}

/// If the value of nodes of an older form changes, adds them to `from` in place of the nodes that they stand for, so that those
/// replace them.
fn replace_older<T: Kind>(mine: &Node, from: &mut Node, to: Option<&Node>) {
    let (older_names, name) = T::OLDER;
    let older: Vec<Node> =
        mine.nodes().iter().filter(|node| older_names.contains(&node.name.as_str())).cloned().collect();
    let those = |node: &Node| node.children_named(name).cloned().collect::<Vec<_>>();
    if older.is_empty() || to.is_some_and(|to| all_same(&those(from), &those(to))) {
        return;
    }
    let written: Vec<&str> = mine.children_named(name).filter_map(Node::text).collect();
    if let Some(children) = &mut from.children {
        children.retain(|node| node.name != name || node.text().is_some_and(|key| written.contains(&key)));
        children.extend(older);
    }
}

/// Context of decoding: the text, for places, and the list of errors.
pub(crate) struct Reader<'a> {
    text: &'a Text,
    pub(crate) faults: &'a mut Faults,
    /// True for a file of a newer format, of which only the address core is read.
    pub(crate) frozen: bool,
}

impl Reader<'_> {
    /// Returns the line of a node.
    pub(crate) fn source(&self, node: &Node) -> Source {
        self.text.source(node.name_span)
    }

    /// Returns a value with the line of its node.
    pub(crate) fn sourced<V>(&self, node: &Node, value: V) -> Sourced<V> {
        Sourced::new(value, self.source(node))
    }

    /// Returns the first argument of a node of this name, as text.
    pub(crate) fn text_of(&self, body: &Node, name: &str) -> Option<Sourced<String>> {
        let node = body.child(name)?;
        Some(self.sourced(node, node.text()?.to_owned()))
    }

    /// Returns the first argument of a node of this name, parsed.
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

    /// Returns every argument of every node of this name, with the line of the first; `None` if there is no such node.
    pub(crate) fn list(&self, body: &Node, name: &str) -> Option<Sourced<Vec<String>>> {
        let first = body.child(name)?;
        let all = body.children_named(name).flat_map(|node| node.texts()).map(str::to_owned).collect();
        Some(self.sourced(first, all))
    }
}

/// Returns a whole number in range.
pub(crate) fn integer<V: TryFrom<i128>>(value: &Value) -> Option<V> {
    match value {
        Value::Int(number) => V::try_from(*number).ok(),
        _ => None,
    }
}

/// Returns a node with one argument, if there is a value.
pub(crate) fn scalar<V: Into<Value> + Clone>(name: &str, value: &Option<Sourced<V>>) -> Option<Node> {
    value.as_ref().map(|value| Node::new(name).arg(value.value.clone()))
}

#[cfg(test)]
mod tests;
