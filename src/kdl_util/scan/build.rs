//! Builds the tree of nodes while the scanner passes them.
//!
//! Invariant: the tree is that which the parser would build, places included. A value that only the parser decodes makes the whole tree
//! uncertain, and then there is none.

use super::super::{Entry, Node, Span, Value};

/// A node that is not finished.
struct Open {
    node: Node,
    /// `/-` stands before it, so it leaves no trace.
    is_dropped: bool,
    /// Place of the brace that opens its block.
    brace: usize,
    /// The nodes before it in the same block.
    before: Vec<Node>,
}

/// The tree as far as it has been read.
#[derive(Default)]
pub(super) struct Builder {
    /// The finished nodes of the innermost block.
    nodes: Vec<Node>,
    /// The node whose head is being read.
    current: Option<(Node, bool)>,
    /// The nodes whose blocks are open, the outermost first.
    open: Vec<Open>,
    is_uncertain: bool,
}

impl Builder {
    /// Begins a node.
    pub(super) fn begin(&mut self, name: Option<String>, name_span: Span, is_dropped: bool) {
        let name = self.known(name);
        let node = Node { name_span, head_end: name_span.end, span: name_span, ..Node::new("") };
        self.current = Some((Node { name, ..node }, is_dropped));
    }

    /// Adds an argument or property to the current node.
    pub(super) fn entry(&mut self, name: Option<Option<String>>, value: Option<Value>, span: Span) {
        let name = name.map(|name| self.known(name));
        let value = value.unwrap_or_else(|| {
            self.is_uncertain = true;
            Value::Null
        });
        if let Some((node, _)) = &mut self.current {
            node.head_end = node.head_end.max(span.end);
            node.entries.push(Entry { name, value, span });
        }
    }

    /// Opens the block of the current node.
    pub(super) fn open_block(&mut self, brace: usize) {
        if let Some((node, is_dropped)) = self.current.take() {
            let before = std::mem::take(&mut self.nodes);
            self.open.push(Open { node, is_dropped, brace, before });
        }
    }

    /// Closes the innermost block, whose node becomes the current one again. `end` is where the brace ends.
    pub(super) fn close_block(&mut self, end: usize) {
        if let Some(Open { mut node, is_dropped, brace, before }) = self.open.pop() {
            node.children = Some(std::mem::replace(&mut self.nodes, before));
            node.braces = Some(Span::new(brace, end));
            self.current = Some((node, is_dropped));
        }
    }

    /// Ends the current node, whose last part ends at `end`.
    pub(super) fn end(&mut self, end: usize) {
        if let Some((mut node, is_dropped)) = self.current.take()
            && !is_dropped
        {
            node.span.end = end;
            self.nodes.push(node);
        }
    }

    /// Returns the tree; `None` if the parser has to decode a part of it.
    pub(super) fn finish(self) -> Option<Vec<Node>> {
        (!self.is_uncertain && self.open.is_empty()).then_some(self.nodes)
    }

    fn known(&mut self, text: Option<String>) -> String {
        text.unwrap_or_else(|| {
            self.is_uncertain = true;
            String::new()
        })
    }
}
