//! Changes a text and leaves everything else as people wrote it.
//!
//! Invariant: only what differs between `from` (what the text says) and `to` is touched. Comments, order, spacing and nodes that zmgr
//! does not know stay; no comment outside of a removed node is deleted. The caller reads the result again and compares.

use std::collections::HashMap;

use super::align::{Pairing, align, align_keys, in_order};
use super::layout::{After, Edit, Layout};
use super::node::{all_same, same_entries};
use super::write::{entry, inline, value, write_node};
use super::{Entry, Node, Span};

/// Edit of a text: the content it has, and the content it must have.
pub(crate) struct Change<'a> {
    /// Content of the text, in the shape that the text has.
    pub(crate) from: &'a [Node],
    /// Content that it must have, in the same shape.
    pub(crate) to: &'a [Node],
    /// Names of nodes whose arguments are one list, on however many nodes they stand.
    pub(crate) lists: &'a [&'a str],
    /// Removes properties that say nothing in `from` from the nodes that change.
    pub(crate) strict: bool,
}

/// Names of nodes that stand for the thing their first argument names: another name is another thing, not a change of this one.
const KEYED: [&str; 7] = ["net", "fs", "device", "dataset", "attr", "rctl", "admin"];

/// Returns the text changed so that it says `change.to`. `nodes` is the text's own tree.
pub(crate) fn patch(text: &str, nodes: &[Node], change: &Change<'_>) -> String {
    let mut patcher = Patcher { layout: Layout::new(text, nodes), change, edits: Vec::new() };
    let whole = Block {
        nodes,
        inside: Span::new(patcher.layout.start, text.len()),
        braces: None,
        owner: None,
        indent: String::new(),
    };
    patcher.block(&whole, change.from, change.to);
    patcher.layout.apply(patcher.edits, Span::new(0, text.len()))
}

/// The nodes of a block, or of the whole file.
struct Block<'a> {
    nodes: &'a [Node],
    inside: Span,
    braces: Option<Span>,
    owner: Option<&'a Node>,
    /// The indentation of a node in it.
    indent: String,
}

struct Patcher<'a> {
    layout: Layout<'a>,
    change: &'a Change<'a>,
    edits: Vec<Edit>,
}

/// Fate of a node of the text.
#[derive(Clone, Copy)]
enum Fate<'n> {
    Keep,
    Change(&'n Node, &'n Node),
    Remove,
}

/// A node that comes into a block.
#[derive(Clone, Copy)]
struct Insert<'n> {
    node: &'n Node,
    /// The node of the text that it is, moved, and what that says.
    moved: Option<(usize, &'n Node)>,
}

/// Edits to the nodes of one block.
struct Plan<'n> {
    fates: Vec<Fate<'n>>,
    before: HashMap<usize, Vec<Insert<'n>>>,
    after: HashMap<usize, Vec<Insert<'n>>>,
    /// Nodes of names that the block does not have, by their index in `to`.
    fresh: Vec<(usize, Insert<'n>)>,
}

/// The nodes of one name.
#[derive(Default)]
struct Group<'n> {
    /// Their indices in the text's block.
    mine: Vec<usize>,
    old: Vec<&'n Node>,
    new: Vec<&'n Node>,
    /// Positions of the new ones in `to`.
    new_at: Vec<usize>,
}

fn groups<'n>(nodes: &'n [Node], from: &'n [Node], to: &'n [Node]) -> Vec<(&'n str, Group<'n>)> {
    let mut index: HashMap<&str, usize> = HashMap::new();
    let mut found: Vec<(&str, Group<'n>)> = Vec::new();
    let mut group = |name: &'n str, found: &mut Vec<(&'n str, Group<'n>)>| {
        *index.entry(name).or_insert_with(|| {
            found.push((name, Group::default()));
            found.len() - 1
        })
    };
    for (at, node) in to.iter().enumerate() {
        let mine = group(&node.name, &mut found);
        found[mine].1.new.push(node);
        found[mine].1.new_at.push(at);
    }
    for node in from {
        let mine = group(&node.name, &mut found);
        found[mine].1.old.push(node);
    }
    for (at, node) in nodes.iter().enumerate() {
        let mine = group(&node.name, &mut found);
        found[mine].1.mine.push(at);
    }
    found
}

impl Patcher<'_> {
    fn edit(&mut self, span: Span, text: impl Into<String>) {
        self.edits.push(Edit { span, text: text.into() });
    }

    fn block(&mut self, block: &Block<'_>, from: &[Node], to: &[Node]) {
        let mut plan = Plan {
            fates: vec![Fate::Keep; block.nodes.len()],
            before: HashMap::new(),
            after: HashMap::new(),
            fresh: Vec::new(),
        };
        for (name, group) in groups(block.nodes, from, to) {
            let same = group.old.len() == group.new.len() && group.old.iter().zip(&group.new).all(|(a, b)| a.same(b));
            if same || (self.change.lists.contains(&name) && self.list(block, &group, &mut plan)) {
                continue;
            }
            nodes_of_one_name(name, block, &group, &mut plan);
        }
        let alone = place_fresh(block, to, &mut plan);
        self.carry_out(block, plan, &alone);
    }

    /// Changes a list that stands as arguments on any number of nodes, item by item. Returns false if the text does not have the list
    /// as `from` has it.
    fn list<'n>(&mut self, block: &Block<'n>, group: &Group<'n>, plan: &mut Plan<'n>) -> bool {
        let bare = |node: &Node| node.children.is_none() && node.entries.iter().all(|entry| entry.name.is_none());
        let mine: Vec<&'n Node> = group.mine.iter().map(|at| &block.nodes[*at]).collect();
        let all = mine.iter().chain(&group.old).chain(&group.new);
        if mine.is_empty() || group.new.is_empty() || !all.copied().all(bare) {
            return false;
        }
        // Each item with the node that it stands on.
        let items: Vec<(usize, &Entry)> =
            mine.iter().enumerate().flat_map(|(at, node)| node.entries.iter().map(move |entry| (at, entry))).collect();
        let old: Vec<&Entry> = group.old.iter().flat_map(|node| &node.entries).collect();
        let new: Vec<&Entry> = group.new.iter().flat_map(|node| &node.entries).collect();
        if items.is_empty() || items.len() != old.len() {
            return false;
        }
        let keys = |entries: &[&Entry]| entries.iter().map(|entry| value(&entry.value)).collect::<Vec<_>>();
        let pairs = align_keys(&keys(&old), &keys(&new));
        let mut left: Vec<usize> = mine.iter().map(|node| node.entries.len()).collect();
        let mut stays = vec![false; items.len()];
        pairs.iter().flatten().for_each(|at| stays[*at] = true);
        items.iter().zip(&stays).filter(|(_, stays)| !**stays).for_each(|((node, _), _)| left[*node] -= 1);
        for ((node, item), stays) in items.iter().zip(&stays) {
            if left[*node] == 0 {
                plan.fates[group.mine[*node]] = Fate::Remove;
            } else if !stays {
                self.remove_entry(mine[*node], item);
            }
        }
        // One item per node, if the text or zmgr itself writes it so.
        let single = mine.iter().all(|node| node.entries.len() == 1)
            && (mine.len() > 1 || group.new.iter().all(|node| node.entries.len() == 1) && group.new.len() > 1);
        let mut last: Option<usize> = None;
        let first = stays.iter().position(|stays| *stays);
        let mut singles = new.iter().zip(&pairs).filter(|(_, pair)| pair.is_none()).map(|(entry, _)| *entry);
        let fresh: Vec<&'n Node> = if single { self.single_nodes(group, &mut singles) } else { Vec::new() };
        let mut fresh = fresh.into_iter();
        for (each, pair) in new.iter().zip(&pairs) {
            if let Some(at) = pair {
                let item = items[*at].1;
                if old[*at].value != each.value {
                    self.edit(item.span, value(&each.value));
                }
                last = Some(*at);
                continue;
            }
            match (last, first, fresh.next()) {
                (Some(at), _, Some(node)) => {
                    plan.after.entry(group.mine[items[at].0]).or_default().push(Insert { node, moved: None });
                }
                (None, Some(at), Some(node)) => {
                    plan.before.entry(group.mine[items[at].0]).or_default().push(Insert { node, moved: None });
                }
                (None, None, Some(node)) => {
                    plan.after.entry(group.mine[0]).or_default().push(Insert { node, moved: None });
                }
                (Some(at), _, None) => {
                    let end = items[at].1.span.end;
                    self.edit(Span::new(end, end), format!(" {}", value(&each.value)));
                }
                (None, Some(at), None) => {
                    let start = items[at].1.span.start;
                    self.edit(Span::new(start, start), format!("{} ", value(&each.value)));
                }
                (None, None, None) => return false,
            }
        }
        true
    }

    /// The nodes of `new` that hold one new item each, where zmgr writes one item per node; none otherwise.
    fn single_nodes<'n>(&self, group: &Group<'n>, items: &mut dyn Iterator<Item = &Entry>) -> Vec<&'n Node> {
        let items: Vec<&Entry> = items.collect();
        let mut nodes = group.new.iter().filter(|node| node.entries.len() == 1);
        let mut found = Vec::new();
        for item in items {
            match nodes.by_ref().find(|node| node.entries[0].value == item.value) {
                Some(node) => found.push(*node),
                None => return Vec::new(),
            }
        }
        found
    }

    /// Makes the edits of a plan.
    fn carry_out(&mut self, block: &Block<'_>, mut plan: Plan<'_>, alone: &[Insert<'_>]) {
        for (at, node) in block.nodes.iter().enumerate() {
            let mut before = plan.before.remove(&at).unwrap_or_default();
            let mut after = plan.after.remove(&at).unwrap_or_default();
            match plan.fates[at] {
                Fate::Keep => {}
                Fate::Change(old, new) => self.change_node(block, node, old, new),
                Fate::Remove => {
                    before.append(&mut after);
                    if before.is_empty() {
                        self.remove(block, at);
                    } else {
                        // The node that replaces it takes its position.
                        let text = self.in_place(block, at, before[0]);
                        self.edit(node.span, text);
                        self.insert_after(block, at, &before[1..]);
                    }
                    continue;
                }
            }
            self.insert_before(block, node, &before);
            self.insert_after(block, at, &after);
        }
        self.insert_into_empty(block, alone);
    }

    fn change_node(&mut self, block: &Block<'_>, node: &Node, old: &Node, new: &Node) {
        if !same_entries(&old.entries, &new.entries) {
            self.change_entries(node, old, new);
        }
        if all_same(old.nodes(), new.nodes()) {
            return;
        }
        let indent = self.layout.indent_of(node).unwrap_or(&block.indent).to_owned();
        let deeper = format!("{indent}{}", self.layout.step);
        match node.braces {
            Some(braces) => {
                let own = node.nodes().iter().find_map(|child| self.layout.indent_of(child)).map(str::to_owned);
                let inner = Block {
                    nodes: node.nodes(),
                    inside: Span::new(braces.start + 1, braces.end.saturating_sub(1)),
                    braces: Some(braces),
                    owner: Some(node),
                    indent: own.unwrap_or(deeper),
                };
                self.block(&inner, old.nodes(), new.nodes());
            }
            None => {
                let text = if self.layout.on_own_line(node, block.inside.end) {
                    let mut text = String::from(" {\n");
                    for child in new.nodes() {
                        write_node(&mut text, child, &deeper, &self.layout.step);
                    }
                    text.push_str(&indent);
                    text.push('}');
                    self.layout.newlines(&text)
                } else {
                    format!(" {{ {} }}", new.nodes().iter().map(inline).collect::<Vec<_>>().join("; "))
                };
                self.edit(Span::new(node.span.end, node.span.end), text);
            }
        }
    }

    /// Changes the entries that differ, each in its place.
    fn change_entries(&mut self, node: &Node, old: &Node, new: &Node) {
        let mine: Vec<&Entry> = node.arguments().collect();
        let (was, is): (Vec<&Entry>, Vec<&Entry>) = (old.arguments().collect(), new.arguments().collect());
        // If the text has other arguments than `from`, they are compared with its own.
        let was = if was.len() == mine.len() { was } else { mine.clone() };
        let mut last = node.name_span.end;
        for (at, entry) in mine.iter().enumerate() {
            match is.get(at) {
                Some(each) if each.value == was[at].value => {}
                Some(each) => self.edit(entry.span, value(&each.value)),
                None => self.remove_entry(node, entry),
            }
            last = entry.span.end;
        }
        for each in is.iter().skip(mine.len()) {
            self.edit(Span::new(last, last), format!(" {}", value(&each.value)));
        }
        let properties = |node: &Node| -> HashMap<String, super::Value> {
            let named = node.entries.iter().filter_map(|entry| Some((entry.name.clone()?, entry.value.clone())));
            named.collect()
        };
        let (was, is, have) = (properties(old), properties(new), properties(node));
        for each in node.entries.iter() {
            let Some(name) = &each.name else { continue };
            match (was.get(name), is.get(name)) {
                (Some(was), Some(is)) if was == is => {}
                (_, Some(is)) => {
                    if each.value != *is {
                        let start = self.layout.value_start(each);
                        self.edit(Span::new(start, each.span.end), value(is));
                    }
                }
                (Some(_), None) => self.remove_entry(node, each),
                (None, None) if self.change.strict => self.remove_entry(node, each),
                (None, None) => {}
            }
        }
        let end = node.entries.iter().map(|entry| entry.span.end).fold(node.name_span.end, usize::max);
        for each in new.entries.iter() {
            let Some(name) = &each.name else { continue };
            if !have.contains_key(name) && was.get(name) != Some(&each.value) {
                self.edit(Span::new(end, end), format!(" {}", entry(each)));
            }
        }
    }

    /// Removes an argument or property and the blanks before it.
    fn remove_entry(&mut self, node: &Node, entry: &Entry) {
        let start = self.layout.blanks_before(entry.span.start).max(node.name_span.end);
        self.edit(Span::new(start, entry.span.end), "");
    }

    /// The text of a node that is put in, on one line or on lines of its own.
    fn text_of(&mut self, block: &Block<'_>, insert: Insert<'_>, indent: Option<&str>) -> String {
        if let Some((at, old)) = insert.moved {
            let node = &block.nodes[at];
            let others = std::mem::take(&mut self.edits);
            self.change_node(block, node, old, insert.node);
            let mine = std::mem::replace(&mut self.edits, others);
            return self.layout.apply(mine, node.span);
        }
        match indent {
            None => inline(insert.node),
            Some(indent) => {
                let mut text = String::new();
                write_node(&mut text, insert.node, indent, &self.layout.step);
                self.layout.newlines(text.trim_start_matches([' ', '\t']).trim_end_matches('\n'))
            }
        }
    }

    /// The text that takes the place of a node.
    fn in_place(&mut self, block: &Block<'_>, at: usize, insert: Insert<'_>) -> String {
        let node = &block.nodes[at];
        let indent = self.layout.indent_of(node).map(str::to_owned);
        let indent = indent.filter(|_| self.layout.on_own_line(node, self.limit(block, at)));
        self.text_of(block, insert, indent.as_deref())
    }

    /// Returns the start of the text after a node: the next node, or the end of the block.
    fn limit(&self, block: &Block<'_>, at: usize) -> usize {
        block.nodes.get(at + 1).map_or(block.inside.end, |next| next.span.start)
    }

    fn insert_after(&mut self, block: &Block<'_>, at: usize, inserts: &[Insert<'_>]) {
        if inserts.is_empty() {
            return;
        }
        let anchor = &block.nodes[at];
        let tail = self.layout.tail(anchor.span.end, self.limit(block, at));
        let own = self.layout.indent_of(anchor).map(str::to_owned);
        let indent = own.clone().unwrap_or_else(|| block.indent.clone());
        let last = at + 1 == block.nodes.len();
        let lines = own.is_some() || self.layout.has_newline(Span::new(block.inside.start, anchor.span.start));
        match tail.next {
            After::Newline(end) => {
                let newline = self.layout.text[tail.end..end].trim_start_matches(super::chars::is_blank);
                let newline = if newline.is_empty() { self.layout.newline } else { newline }.to_owned();
                let text: String =
                    self.all(block, inserts, Some(&indent)).map_text(|text| format!("{indent}{text}{newline}"));
                self.edit(Span::new(end, end), text);
            }
            After::End if last && (block.braces.is_none() || lines) => {
                let newline = self.layout.newline;
                let text = self.all(block, inserts, Some(&indent)).map_text(|text| format!("{newline}{indent}{text}"));
                self.edit(Span::new(tail.end, tail.end), text);
            }
            After::End | After::Other => match tail.semicolon {
                Some(_) => {
                    let text = self.all(block, inserts, None).map_text(|text| format!(" {text};"));
                    self.edit(Span::new(tail.end, tail.end), text);
                }
                None => {
                    let text = self.all(block, inserts, None).map_text(|text| format!("; {text}"));
                    self.edit(Span::new(anchor.span.end, anchor.span.end), text);
                }
            },
        }
    }

    fn insert_before(&mut self, block: &Block<'_>, anchor: &Node, inserts: &[Insert<'_>]) {
        if inserts.is_empty() {
            return;
        }
        match self.layout.indent_of(anchor).map(str::to_owned) {
            Some(indent) => {
                let start = anchor.span.start - indent.len();
                let newline = self.layout.newline;
                let text = self.all(block, inserts, Some(&indent)).map_text(|text| format!("{indent}{text}{newline}"));
                self.edit(Span::new(start, start), text);
            }
            None => {
                let text = self.all(block, inserts, None).map_text(|text| format!("{text}; "));
                self.edit(Span::new(anchor.span.start, anchor.span.start), text);
            }
        }
    }

    fn insert_into_empty(&mut self, block: &Block<'_>, inserts: &[Insert<'_>]) {
        if inserts.is_empty() {
            return;
        }
        let newline = self.layout.newline;
        let Some(braces) = block.braces else {
            let lines = self.all(block, inserts, Some("")).map_text(|text| format!("{text}{newline}"));
            let end = block.inside.end;
            let begun = !self.layout.at_line_start(end);
            let text = if begun { format!("{newline}{lines}") } else { lines };
            return self.edit(Span::new(end, end), text);
        };
        let close = braces.end.saturating_sub(1);
        let inside = Span::new(braces.start + 1, close);
        let indent = block.indent.clone();
        let blank = self.layout.text[inside.start..inside.end].chars().all(super::chars::is_blank);
        let owner = block.owner.and_then(|owner| self.layout.indent_of(owner)).map(str::to_owned);
        if let Some(start) = self.layout.line_of_brace(close).filter(|start| *start > braces.start) {
            let text = self.all(block, inserts, Some(&indent)).map_text(|text| format!("{indent}{text}{newline}"));
            return self.edit(Span::new(start, start), text);
        }
        match owner.filter(|_| blank) {
            Some(owner) => {
                let lines = self.all(block, inserts, Some(&indent)).map_text(|text| format!("{indent}{text}{newline}"));
                self.edit(inside, format!("{newline}{lines}{owner}"));
            }
            None => {
                let text = self.all(block, inserts, None).map_text(|text| format!(" {text};"));
                let blank = if blank && inside.start == inside.end { " " } else { "" };
                self.edit(Span::new(inside.start, inside.start), text + blank);
            }
        }
    }

    fn all(&mut self, block: &Block<'_>, inserts: &[Insert<'_>], indent: Option<&str>) -> Texts {
        Texts(inserts.iter().map(|insert| self.text_of(block, *insert, indent)).collect())
    }

    /// Removes a node and its terminator; comments beside it stay.
    fn remove(&mut self, block: &Block<'_>, at: usize) {
        let node = &block.nodes[at];
        let tail = self.layout.tail(node.span.end, self.limit(block, at));
        let indent = self.layout.indent_of(node).map(str::len);
        match (indent, tail.next) {
            (Some(indent), After::Newline(end)) if tail.comments.is_empty() => {
                self.edit(Span::new(node.span.start - indent, end), "");
            }
            (_, next) => {
                let mut from = node.span.start;
                if tail.comments.is_empty() && indent.is_none() && !matches!(next, After::Other) {
                    from = self.layout.blanks_before(from).max(block.inside.start);
                }
                let blanks = match next {
                    After::Other => self.layout.blanks_after(tail.end),
                    _ => tail.end,
                };
                // Everything up to the end of what belongs to it, except the comments.
                for comment in &tail.comments {
                    self.edit(Span::new(from, comment.start), "");
                    from = comment.end;
                }
                if from < blanks && (tail.comments.is_empty() || tail.semicolon.is_some_and(|at| at >= from)) {
                    self.edit(Span::new(from, blanks), "");
                }
            }
        }
    }
}

/// The texts of nodes that are put in at one place.
struct Texts(Vec<String>);

impl Texts {
    fn map_text(self, each: impl Fn(&str) -> String) -> String {
        self.0.iter().map(|text| each(text)).collect()
    }
}

/// Decides what becomes of the nodes of one name.
fn nodes_of_one_name<'n>(name: &str, block: &Block<'n>, group: &Group<'n>, plan: &mut Plan<'n>) {
    let Group { mine, old, new, new_at } = group;
    let insert = |node| Insert { node, moved: None };
    if old.is_empty() {
        // The text has such nodes, but what they say is the default.
        for (at, node) in mine.iter().zip(new) {
            plan.fates[*at] = Fate::Change(&block.nodes[*at], node);
        }
        for (at, node) in new_at.iter().zip(new).skip(mine.len()) {
            match mine.last() {
                Some(last) => plan.after.entry(*last).or_default().push(insert(*node)),
                None => plan.fresh.push((*at, insert(*node))),
            }
        }
        return;
    }
    let Some(text_of) = pair_with_text(block, mine, old) else {
        // The text says it in another shape: ours takes its place.
        mine.iter().for_each(|at| plan.fates[*at] = Fate::Remove);
        for (at, node) in new_at.iter().zip(new) {
            match mine.first() {
                Some(first) => plan.after.entry(*first).or_default().push(insert(*node)),
                None => plan.fresh.push((*at, insert(*node))),
            }
        }
        return;
    };
    let pairs = align(old, new, if KEYED.contains(&name) { Pairing::ByKey } else { Pairing::ByPlace });
    let stays = in_order(&pairs);
    let mut gone = vec![true; old.len()];
    for (at, pair) in pairs.iter().enumerate() {
        let Some(from) = *pair else { continue };
        if stays[at] {
            gone[from] = false;
            if !old[from].same(new[at]) {
                plan.fates[text_of[from]] = Fate::Change(old[from], new[at]);
            }
        }
    }
    (0..old.len()).filter(|from| gone[*from]).for_each(|from| plan.fates[text_of[from]] = Fate::Remove);
    let first = pairs.iter().zip(&stays).find_map(|(pair, stays)| pair.filter(|_| *stays)).map(|from| text_of[from]);
    let mut last: Option<usize> = None;
    for (at, node) in new.iter().enumerate() {
        match pairs[at] {
            Some(from) if stays[at] => last = Some(text_of[from]),
            pair => {
                let moved = pair.map(|from| (text_of[from], old[from]));
                let insert = Insert { node, moved };
                match (last, first) {
                    (Some(last), _) => plan.after.entry(last).or_default().push(insert),
                    (None, Some(first)) => plan.before.entry(first).or_default().push(insert),
                    (None, None) => match text_of.first() {
                        Some(first) => plan.after.entry(*first).or_default().push(insert),
                        None => plan.fresh.push((new_at[at], insert)),
                    },
                }
            }
        }
    }
}

/// Finds the node of the text for each one of `from`: by the first argument, then by their order. `None` if the text does not have
/// one node for each.
fn pair_with_text(block: &Block<'_>, mine: &[usize], old: &[&Node]) -> Option<Vec<usize>> {
    let key = |node: &Node| node.first().map(value);
    let mut by_key: HashMap<Option<String>, Vec<usize>> = HashMap::new();
    for at in mine.iter().rev() {
        by_key.entry(key(&block.nodes[*at])).or_default().push(*at);
    }
    let mut found: Vec<Option<usize>> = old.iter().map(|node| by_key.get_mut(&key(node)).and_then(Vec::pop)).collect();
    let mut left: Vec<usize> = by_key.into_values().flatten().collect();
    let open = found.iter().filter(|found| found.is_none()).count();
    if open > 0 {
        if open != left.len() {
            return None;
        }
        left.sort_unstable();
        let mut left = left.into_iter();
        found.iter_mut().filter(|found| found.is_none()).for_each(|found| *found = left.next());
    }
    found.into_iter().collect()
}

/// Gives each node of a new name its place: after what precedes it in zmgr's own order, as far as the text has that. Returns those that
/// come into a block without nodes.
fn place_fresh<'n>(block: &Block<'_>, to: &[Node], plan: &mut Plan<'n>) -> Vec<Insert<'n>> {
    let mut fresh = std::mem::take(&mut plan.fresh);
    if fresh.is_empty() {
        return Vec::new();
    }
    fresh.sort_by_key(|(at, _)| *at);
    if block.nodes.is_empty() {
        return fresh.into_iter().map(|(_, insert)| insert).collect();
    }
    let mut last_of: HashMap<&str, usize> = HashMap::new();
    for (at, node) in block.nodes.iter().enumerate() {
        last_of.insert(&node.name, at);
    }
    let mut fresh = fresh.into_iter().peekable();
    let mut anchor = None;
    for (at, node) in to.iter().enumerate() {
        anchor = last_of.get(node.name.as_str()).copied().or(anchor);
        if let Some((_, insert)) = fresh.next_if(|(mine, _)| *mine == at) {
            plan.after.entry(anchor.unwrap_or(block.nodes.len() - 1)).or_default().push(insert);
        }
    }
    Vec::new()
}
