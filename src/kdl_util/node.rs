//! A tree of nodes with their places, independent of the parser's types.

/// Range of bytes of the text, from `start` to `end` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    pub(crate) fn overlaps(self, other: Span) -> bool {
        self.start < other.end.max(other.start + 1) && other.start < self.end.max(self.start + 1)
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Int(i128),
    Float(f64),
    Bool(bool),
    Null,
}

impl Value {
    /// Returns the kind of value, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a string",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a fraction",
            Value::Bool(_) => "#true or #false",
            Value::Null => "#null",
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Value::Bool(yes)
    }
}

macro_rules! from_integer {
    ($($type:ty),+) => {
        $(impl From<$type> for Value {
            fn from(number: $type) -> Self {
                Value::Int(number.into())
            }
        })+
    };
}

from_integer!(u16, u32, u64, i64);

/// An argument, or a property if it has a name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: Option<String>,
    pub(crate) value: Value,
    pub(crate) span: Span,
}

/// A node. Equality includes places; [`Node::same`] ignores them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) entries: Vec<Entry>,
    /// `None` if there is no block.
    pub(crate) children: Option<Vec<Node>>,
    /// From the name to the end of the last entry or the closing brace.
    pub(crate) span: Span,
    /// The name alone.
    pub(crate) name_span: Span,
    /// The end of the name and entries, before any block.
    pub(crate) head_end: usize,
    /// Places of the opening and closing braces.
    pub(crate) braces: Option<Span>,
}

impl Node {
    /// Returns a node that is not part of a text.
    pub(crate) fn new(name: &str) -> Self {
        Node {
            name: name.to_owned(),
            entries: Vec::new(),
            children: None,
            span: Span::default(),
            name_span: Span::default(),
            head_end: 0,
            braces: None,
        }
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, value: impl Into<Value>) -> Self {
        self.entries.push(Entry { name: None, value: value.into(), span: Span::default() });
        self
    }

    /// Adds arguments.
    pub(crate) fn args<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Self {
        values.into_iter().fold(self, |node, value| node.arg(value))
    }

    /// Adds a property.
    pub(crate) fn prop(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.entries.push(Entry { name: Some(name.to_owned()), value: value.into(), span: Span::default() });
        self
    }

    /// Adds a property if it has a value.
    pub(crate) fn prop_if(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.prop(name, value),
            None => self,
        }
    }

    /// Adds a block with these nodes.
    pub(crate) fn block(mut self, children: Vec<Node>) -> Self {
        self.children = Some(children);
        self
    }

    /// Returns the arguments.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.name.is_none())
    }

    /// Returns the first argument, if it is text.
    pub(crate) fn text(&self) -> Option<&str> {
        self.arguments().next().and_then(|entry| entry.value.as_text())
    }

    /// Returns the first argument.
    pub(crate) fn first(&self) -> Option<&Value> {
        self.arguments().next().map(|entry| &entry.value)
    }

    /// Returns every argument that is text.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.arguments().filter_map(|entry| entry.value.as_text())
    }

    /// Returns a property.
    pub(crate) fn property(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name.as_deref() == Some(name))
    }

    /// Returns a property, if it is text.
    pub(crate) fn property_text(&self, name: &str) -> Option<&str> {
        self.property(name).and_then(|entry| entry.value.as_text())
    }

    /// Returns the nodes of the block.
    pub(crate) fn nodes(&self) -> &[Node] {
        self.children.as_deref().unwrap_or_default()
    }

    /// Returns the first node of this name in the block.
    pub(crate) fn child(&self, name: &str) -> Option<&Node> {
        self.nodes().iter().find(|node| node.name == name)
    }

    /// Returns every node of this name in the block.
    pub(crate) fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes().iter().filter(move |node| node.name == name)
    }

    /// Returns true if name, entries and blocks are equal, ignoring places.
    pub(crate) fn same(&self, other: &Node) -> bool {
        self.name == other.name && same_entries(&self.entries, &other.entries) && all_same(self.nodes(), other.nodes())
    }
}

/// Returns true if the nodes are equal, ignoring places.
pub(crate) fn all_same(a: &[Node], b: &[Node]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
}

/// Returns true if the entries are equal, ignoring places.
pub(crate) fn same_entries(a: &[Entry], b: &[Entry]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && a.value == b.value)
}
