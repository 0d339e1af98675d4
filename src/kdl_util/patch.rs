//! Changes of a text that leave everything else as people wrote it.
//!
//! Invariant: only what differs between `from` (what the text says) and `to` is touched; comments, order, spacing and nodes that
//! zmgr does not know stay. The caller reads the result again and compares.

use super::node::same_entries;
use super::write::{entry, head, write_node};
use super::{Node, Span};

const INDENT: &str = "    ";

/// The text changed so that it says `to`. `nodes` is the text's own tree, `from` the tidy tree of what it says.
pub(crate) fn patch(text: &str, nodes: &[Node], from: &[Node], to: &[Node]) -> String {
    let mut patcher = Patcher { text, newline: if text.contains("\r\n") { "\r\n" } else { "\n" }, edits: Vec::new() };
    let whole = Block {
        nodes,
        inside: Span::new(0, text.len()),
        indent: String::new(),
        parent_indent: String::new(),
        braces: None,
    };
    patcher.block(&whole, from, to);
    patcher.apply()
}

struct Block<'a> {
    nodes: &'a [Node],
    inside: Span,
    indent: String,
    parent_indent: String,
    braces: Option<Span>,
}

struct Edit {
    span: Span,
    text: String,
    /// Edits at one place keep the order in which they were made.
    order: usize,
}

struct Patcher<'a> {
    text: &'a str,
    newline: &'static str,
    edits: Vec<Edit>,
}

/// What becomes of a run of nodes of one name.
enum Fate<'n> {
    Keep,
    Change(&'n Node, &'n Node),
    Remove,
}

impl Patcher<'_> {
    fn apply(mut self) -> String {
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end, edit.order));
        let mut out = String::with_capacity(self.text.len() + 256);
        let mut at = 0;
        for edit in &self.edits {
            if edit.span.start < at {
                continue;
            }
            out.push_str(&self.text[at..edit.span.start]);
            out.push_str(&edit.text);
            at = edit.span.end;
        }
        out.push_str(&self.text[at..]);
        out
    }

    fn edit(&mut self, span: Span, text: impl Into<String>) {
        let order = self.edits.len();
        self.edits.push(Edit { span, text: text.into(), order });
    }

    fn block(&mut self, block: &Block<'_>, from: &[Node], to: &[Node]) {
        let mut names: Vec<&str> = Vec::new();
        for node in to.iter().chain(from) {
            if !names.contains(&node.name.as_str()) {
                names.push(&node.name);
            }
        }
        // Nodes that are new in this block, each after the text node that it follows.
        let mut fresh: Vec<(Option<usize>, &Node)> = Vec::new();
        let mut removed = vec![false; block.nodes.len()];
        for name in &names {
            let mine: Vec<usize> = (0..block.nodes.len()).filter(|at| block.nodes[*at].name == *name).collect();
            let old: Vec<&Node> = from.iter().filter(|node| node.name == *name).collect();
            let new: Vec<&Node> = to.iter().filter(|node| node.name == *name).collect();
            if old.len() == new.len() && old.iter().zip(&new).all(|(a, b)| a.same(b)) {
                continue;
            }
            if mine.len() != old.len() {
                // Written in another shape than ours: ours takes its place.
                for at in &mine {
                    removed[*at] = true;
                    self.remove(block, &block.nodes[*at]);
                }
                fresh.extend(new.iter().map(|node| (mine.last().copied(), *node)));
                continue;
            }
            let (fates, inserts) = align(&old, &new);
            for (at, fate) in mine.iter().zip(&fates) {
                match fate {
                    Fate::Keep => {}
                    Fate::Change(old, new) => self.change(block, &block.nodes[*at], old, new),
                    Fate::Remove => {
                        removed[*at] = true;
                        self.remove(block, &block.nodes[*at]);
                    }
                }
            }
            for (after, node) in inserts {
                let anchor = after.map(|index: usize| mine[index]);
                if anchor.is_none() && !mine.is_empty() {
                    self.insert_before(block, &block.nodes[mine[0]], node);
                } else {
                    fresh.push((anchor, node));
                }
            }
        }
        for (anchor, node) in fresh {
            let anchor = anchor.or_else(|| {
                // After what precedes it in our own order, as far as the text has it.
                let before = to.iter().take_while(|each| !std::ptr::eq(*each, node)).map(|each| each.name.as_str());
                let before: Vec<&str> = before.collect();
                before.iter().rev().find_map(|name| block.nodes.iter().rposition(|each| each.name == **name))
            });
            let anchor = anchor.or_else(|| block.nodes.len().checked_sub(1));
            match anchor {
                Some(at) => self.insert_after(block, &block.nodes[at], node),
                None => self.insert_into_empty(block, node),
            }
        }
    }

    fn change(&mut self, block: &Block<'_>, node: &Node, old: &Node, new: &Node) {
        if !same_entries(&old.entries, &new.entries) {
            self.change_entries(node, old, new);
        }
        let same_children =
            old.nodes().len() == new.nodes().len() && old.nodes().iter().zip(new.nodes()).all(|(a, b)| a.same(b));
        if same_children {
            return;
        }
        let indent = self.indent_of(node).unwrap_or_else(|| block.indent.clone());
        match node.braces {
            Some(braces) => {
                let deeper = node
                    .nodes()
                    .iter()
                    .find_map(|child| self.indent_of(child))
                    .unwrap_or_else(|| format!("{indent}{}", step(&indent)));
                let inner = Block {
                    nodes: node.nodes(),
                    inside: Span::new(braces.start + 1, braces.end.saturating_sub(1)),
                    indent: deeper,
                    parent_indent: indent,
                    braces: Some(braces),
                };
                self.block(&inner, old.nodes(), new.nodes());
            }
            None => {
                let mut text = String::from(" {\n");
                for child in new.nodes() {
                    write_node(&mut text, child, &format!("{indent}{}", step(&indent)), step(&indent));
                }
                text.push_str(&indent);
                text.push('}');
                let text = self.lines(text);
                self.edit(Span::new(node.span.end, node.span.end), text);
            }
        }
    }

    /// The entries that differ, each in its place, where the text has the same ones; all of them otherwise.
    fn change_entries(&mut self, node: &Node, old: &Node, new: &Node) {
        if !same_entries(&node.entries, &old.entries) {
            let head = head(new);
            let name = head.len() - head.trim_start_matches(|c: char| c != ' ').len();
            let rest = if new.entries.is_empty() { "" } else { &head[name..] };
            return self.edit(Span::new(node.name_span.end, node.head_end), rest);
        }
        let mut last = node.name_span.end;
        let mut wanted: Vec<&super::Entry> = new.entries.iter().collect();
        for mine in &node.entries {
            // Arguments pair in their order, properties by name.
            let pair = match &mine.name {
                None => wanted.iter().position(|each| each.name.is_none()),
                Some(name) => wanted.iter().position(|each| each.name.as_ref() == Some(name)),
            };
            match pair {
                Some(at) => {
                    let each = wanted.remove(at);
                    if each.value != mine.value {
                        self.edit(mine.span, entry(each));
                    }
                    last = mine.span.end;
                }
                None => self.edit(Span::new(last, mine.span.end), ""),
            }
            last = last.max(mine.span.end);
        }
        for each in wanted {
            self.edit(Span::new(last, last), format!(" {}", entry(each)));
        }
    }

    /// With the text's own newlines.
    fn lines(&self, text: String) -> String {
        if self.newline == "\n" { text } else { text.replace('\n', self.newline) }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |n| n + 1)
    }

    /// The blanks before a node that is the first of its line.
    fn indent_of(&self, node: &Node) -> Option<String> {
        let start = self.line_start(node.span.start);
        let before = &self.text[start..node.span.start];
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        before.chars().all(|c| c == ' ' || c == '\t').then(|| before.to_owned())
    }

    /// The end of the line after a node, where nothing but its terminator and a comment follows.
    fn line_end_after(&self, node: &Node, limit: usize) -> Option<usize> {
        let rest = &self.text[node.span.end..limit];
        let line = rest.split('\n').next().unwrap_or_default();
        let tail = line.trim_start_matches([' ', '\t']);
        let tail = tail.strip_prefix(';').unwrap_or(tail).trim_start_matches([' ', '\t']).trim_end_matches('\r');
        let alone = tail.is_empty() || tail.starts_with("//");
        (alone && rest.len() > line.len()).then(|| node.span.end + line.len() + 1)
    }

    fn insert_after(&mut self, block: &Block<'_>, anchor: &Node, node: &Node) {
        let indent = self.indent_of(anchor).unwrap_or_else(|| block.indent.clone());
        if let Some(at) = self.line_end_after(anchor, block.inside.end) {
            let mut text = String::new();
            write_node(&mut text, node, &indent, step(&indent));
            let text = self.lines(text);
            return self.edit(Span::new(at, at), text);
        }
        if block.braces.is_none() && self.text[anchor.span.end..].trim().is_empty() {
            // The last line of the file has no newline.
            let mut text = String::from("\n");
            write_node(&mut text, node, &indent, step(&indent));
            let text = self.lines(text);
            return self.edit(Span::new(anchor.span.end, anchor.span.end), text);
        }
        self.edit(Span::new(anchor.span.end, anchor.span.end), format!("; {}", inline(node)));
    }

    fn insert_before(&mut self, block: &Block<'_>, anchor: &Node, node: &Node) {
        match self.indent_of(anchor) {
            Some(indent) => {
                let start = self.line_start(anchor.span.start);
                let mut text = String::new();
                write_node(&mut text, node, &indent, step(&indent));
                let text = self.lines(text);
                self.edit(Span::new(start, start), text);
            }
            None => {
                let _ = block;
                self.edit(Span::new(anchor.span.start, anchor.span.start), format!("{}; ", inline(node)));
            }
        }
    }

    fn insert_into_empty(&mut self, block: &Block<'_>, node: &Node) {
        let Some(braces) = block.braces else {
            let mut text = String::new();
            write_node(&mut text, node, "", INDENT);
            let text = self.lines(text);
            return self.edit(Span::new(self.text.len(), self.text.len()), text);
        };
        let close = braces.end.saturating_sub(1);
        let start = self.line_start(close);
        let own_line = start > braces.start && self.text[start..close].trim().is_empty();
        let mut text = String::new();
        write_node(&mut text, node, &block.indent, step(&block.indent));
        if own_line {
            let text = self.lines(text);
            return self.edit(Span::new(start, start), text);
        }
        // `{}`: several nodes may come, each opening the block again would not do.
        let first = !self.edits.iter().any(|edit| edit.span == Span::new(braces.start + 1, close));
        if first {
            let kept = self.text[braces.start + 1..close].trim_end().to_owned();
            let text = self.lines(format!("{kept}\n{text}{}", block.parent_indent));
            self.edit(Span::new(braces.start + 1, close), text);
        } else if let Some(edit) = self.edits.iter_mut().find(|edit| edit.span == Span::new(braces.start + 1, close)) {
            let tail = edit.text.len() - block.parent_indent.len();
            edit.text.insert_str(tail, &text);
        }
    }

    fn remove(&mut self, block: &Block<'_>, node: &Node) {
        if self.indent_of(node).is_some()
            && let Some(end) = self.line_end_after(node, block.inside.end)
        {
            let start = self.line_start(node.span.start);
            return self.edit(Span::new(start.max(block.inside.start), end), "");
        }
        let mut end = node.span.end;
        let rest = &self.text[end..block.inside.end];
        let trimmed = rest.trim_start_matches([' ', '\t']);
        if let Some(after) = trimmed.strip_prefix(';') {
            let after = after.trim_start_matches([' ', '\t']);
            end += rest.len() - after.len();
        }
        self.edit(Span::new(node.span.start, end), "");
    }
}

/// Pairs the old nodes with the new ones of the same name: those that stay the same first, in order, then by their first argument,
/// then whatever is left between two that stay. Answers the fate of each old one, and the new ones that are to be put after the
/// old one of that index.
fn align<'n>(old: &[&'n Node], new: &[&'n Node]) -> (Vec<Fate<'n>>, Vec<(Option<usize>, &'n Node)>) {
    // The longest common run, kept small by the few nodes of one name that a document has.
    let (n, m) = (old.len(), new.len());
    let mut longest = vec![vec![0usize; m + 1]; n + 1];
    let close =
        |a: &Node, b: &Node| if a.same(b) { 3 } else { usize::from(a.first().is_some() && a.first() == b.first()) };
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            let pair = match close(old[i], new[j]) {
                0 => 0,
                weight => weight + longest[i + 1][j + 1],
            };
            longest[i][j] = pair.max(longest[i + 1][j]).max(longest[i][j + 1]);
        }
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < n && j < m {
        let weight = close(old[i], new[j]);
        if weight > 0 && longest[i][j] == weight + longest[i + 1][j + 1] {
            pairs.push((i, j));
            i += 1;
            j += 1;
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    let mut fates: Vec<Fate<'n>> = Vec::with_capacity(n);
    let mut inserts = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (pi, pj) in pairs.into_iter().chain([(n, m)]) {
        while i < pi && j < pj {
            fates.push(Fate::Change(old[i], new[j]));
            i += 1;
            j += 1;
        }
        while i < pi {
            fates.push(Fate::Remove);
            i += 1;
        }
        while j < pj {
            inserts.push((i.checked_sub(1), new[j]));
            j += 1;
        }
        if pi < n {
            fates.push(if old[pi].same(new[pj]) { Fate::Keep } else { Fate::Change(old[pi], new[pj]) });
            i = pi + 1;
            j = pj + 1;
        }
    }
    (fates, inserts)
}

/// One step deeper, in the manner of this indent.
fn step(indent: &str) -> &'static str {
    if indent.contains('\t') { "\t" } else { INDENT }
}

/// A node on one line.
fn inline(node: &Node) -> String {
    let mut text = head(node);
    if node.children.is_some() {
        let children: Vec<String> = node.nodes().iter().map(inline).collect();
        text.push_str(&format!(" {{ {} }}", children.join("; ")));
    }
    text
}
