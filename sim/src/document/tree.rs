//! The zone document as a tree: elements with attributes in the order they were set, children in the order they were added.
//!
//! Values are bytes, as the commands take them; only a document on disk has a character set.

/// An element of the document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    /// The element's name in the document type.
    pub(crate) name: String,
    attributes: Vec<(String, Vec<u8>)>,
    /// Child elements in document order.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// An element without attributes or children.
    pub(crate) fn new(name: &str) -> Self {
        Element { name: name.to_owned(), ..Element::default() }
    }

    /// The element with one more attribute.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.set(name, value);
        self
    }

    /// The attribute as it stands in the document: none when it is not written there.
    pub(crate) fn written(&self, name: &str) -> Option<&[u8]> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// Sets an attribute: in its place when it is there, else as the last one.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let value = value.as_ref().to_vec();
        match self.attributes.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }

    /// Takes an attribute away; nothing when it is not there.
    pub(crate) fn unset(&mut self, name: &str) {
        self.attributes.retain(|(n, _)| n != name);
    }

    /// The attributes in order.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.attributes.iter().map(|(n, v)| (n.as_str(), v.as_slice()))
    }

    /// The children of this name, in order.
    pub(crate) fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }
}
