//! Nodes: a name, entries, a block; and blocks that `/-` drops.

use super::space::Gap;
use super::strings::Word;
use super::{Bridge, MAX_FAULTS, Scanner, Span};
use crate::kdl_util::chars::is_newline;

/// Parts that may follow in a node.
pub(super) enum After {
    /// Entries may follow.
    Entries,
    /// A block was dropped: no entries may follow, but a block may.
    Dropped,
    /// The block was there: only a terminator may follow.
    Block,
}

impl Scanner<'_> {
    /// A node from its name on.
    pub(super) fn node(&mut self, open: &mut Vec<usize>) {
        if self.peek() == Some('(') {
            self.annotation();
        }
        let start = self.at;
        match self.string(open.len()) {
            Word::Good => {
                self.not_a_keyword(start);
                let name = self.decoded(start, self.at);
                self.tree.begin(name, Span::new(start, self.at), self.slashes.contains_key(&start));
                self.tail(open, After::Entries, start);
            }
            Word::Hopeless => {}
            Word::No => {
                let Some(c) = self.peek() else { return };
                self.at += c.len_utf8();
                let word = self.bare_word();
                let message = match c {
                    '=' => "an `=` with no property name before it".to_owned(),
                    _ if c.is_ascii_digit() => {
                        format!("`{c}{word}` is not the name of a node: names do not begin with a digit")
                    }
                    _ => format!("`{c}` cannot begin a node"),
                };
                self.fault("unexpected", start, message, Some("a line begins with the name of a node"));
                self.skip_line(start);
            }
        }
    }

    /// Scans what follows a name or a block, up to the end of the node or the beginning of its block. `owner` is where the node's
    /// name begins.
    pub(super) fn tail(&mut self, open: &mut Vec<usize>, after: After, owner: usize) {
        let mut end = self.at;
        let blocks = open.len();
        self.tail_up_to(open, after, &mut end);
        if open.len() > blocks {
            self.owners.push(owner);
            return;
        }
        self.ends.push((owner, end));
        self.tree.end(end);
        // The parser takes no `;` after a node that `/-` drops: it does not get to see the node.
        if self.bytes[..self.at].ends_with(b";")
            && let Some(slash) = self.slashes.get(&owner)
        {
            self.patches.push((Span::new(*slash, self.at), Bridge::Blank));
        }
    }

    /// `end` becomes the end of the last part of the node.
    fn tail_up_to(&mut self, open: &mut Vec<usize>, mut after: After, end: &mut usize) {
        // `/-` may touch the `}` of the node's block, but no value and no block that was dropped.
        let mut may_touch = matches!(after, After::Block);
        loop {
            *end = self.at;
            let gap = self.node_space(open.len());
            if self.hopeless {
                return;
            }
            let start = self.at;
            let Some(c) = self.peek() else { return };
            match c {
                ';' => {
                    self.at += 1;
                    return;
                }
                _ if is_newline(c) => return,
                // The block's own end is handled where nodes begin.
                '}' => return,
                '/' if self.starts("//") => return self.line_comment(open.len()),
                '{' if !matches!(after, After::Block) => {
                    self.at += 1;
                    open.push(start);
                    self.tree.open_block(start);
                    return self.check_depth(open.len(), start);
                }
                '/' if self.starts("/-") => {
                    self.at += 2;
                    self.line_space(open.len());
                    if self.hopeless {
                        return;
                    }
                    match self.peek() {
                        Some('{') => {
                            if gap == Gap::None && !may_touch {
                                return self.touching_slashdash(start);
                            }
                            may_touch = false;
                            let start = self.at;
                            self.at += 1;
                            self.dropped_block(open.len(), start);
                            if self.hopeless {
                                return;
                            }
                            if matches!(after, After::Entries) {
                                after = After::Dropped;
                            }
                        }
                        None | Some('}' | ';' | '/') => {
                            self.fault(
                                "dangling-slashdash",
                                start,
                                "`/-` is not followed by anything that it could drop",
                                None,
                            );
                            return self.skip_line(start);
                        }
                        _ => {
                            if !matches!(after, After::Entries) {
                                self.fault(
                                    "unexpected",
                                    start,
                                    "an entry after a block",
                                    Some("entries come before the block"),
                                );
                                return self.skip_line(start);
                            }
                            if gap == Gap::None {
                                return self.touching_slashdash(start);
                            }
                            if !self.entry(open.len(), true) {
                                return;
                            }
                        }
                    }
                }
                _ => {
                    if !matches!(after, After::Entries) {
                        self.at += c.len_utf8();
                        self.bare_word();
                        self.fault(
                            "unexpected",
                            start,
                            "something follows the `}` on its line",
                            Some("end the line, or write `;`"),
                        );
                        return self.skip_line(start);
                    }
                    if gap == Gap::None {
                        self.at += c.len_utf8();
                        self.fault(
                            "unexpected",
                            start,
                            format!("`{c}` directly after another value"),
                            Some("put a space between them"),
                        );
                        return self.skip_line(start);
                    }
                    if !self.entry(open.len(), false) {
                        return;
                    }
                }
            }
        }
    }

    /// A `/-` without a space before it.
    fn touching_slashdash(&mut self, start: usize) {
        self.fault("unexpected", start, "`/-` directly after another value", Some("put a space between them"));
        self.skip_line(start);
    }

    /// The block after `/-`: scanned with the same rules by a scanner that keeps its own stack of blocks.
    pub(super) fn dropped_block(&mut self, depth: usize, start: usize) {
        self.check_depth(depth + 1, start);
        // Its nodes are ordinary nodes; the stack begins and ends with the block itself.
        let mut open = vec![start; depth + 1];
        while !self.hopeless {
            self.line_space(open.len());
            if self.hopeless {
                return;
            }
            let at = self.at;
            match self.peek() {
                None => {
                    self.fault("unclosed-block", start, "this `{` is never closed", Some("add the missing `}`"));
                    self.hopeless = true;
                }
                Some('}') => {
                    self.at += 1;
                    open.pop();
                    if open.len() == depth {
                        return;
                    }
                    self.tail_of_dropped(&mut open);
                }
                Some('/') if self.starts("/-") => {
                    self.at += 2;
                    self.line_space(open.len());
                    if self.hopeless {
                        return;
                    }
                    if self.starts("/-") || matches!(self.peek(), None | Some('}' | '{' | ';')) {
                        self.fault("dangling-slashdash", at, "`/-` is not followed by a node", None);
                        self.hopeless = true;
                    }
                }
                Some(';' | '{') => {
                    self.fault("unexpected", at, "expected the name of a node", None);
                    self.hopeless = true;
                }
                Some(_) => match self.string(open.len()) {
                    Word::Good => self.tail_of_dropped(&mut open),
                    _ => {
                        if !self.hopeless {
                            self.fault("unexpected", at, "expected the name of a node", None);
                            self.hopeless = true;
                        }
                    }
                },
            }
            if self.faults.len() > MAX_FAULTS {
                self.hopeless = true;
            }
        }
    }

    /// Within a dropped block a second one may be dropped only by its node: `/-{` inside `/-{` is refused, which keeps this free of
    /// recursion.
    pub(super) fn tail_of_dropped(&mut self, open: &mut Vec<usize>) {
        loop {
            self.node_space(open.len());
            let start = self.at;
            match self.peek() {
                None | Some('}') => return,
                Some(';') => {
                    self.at += 1;
                    return;
                }
                Some(c) if is_newline(c) => return,
                Some('/') if self.starts("//") => return self.line_comment(open.len()),
                Some('{') => {
                    self.at += 1;
                    open.push(start);
                    return self.check_depth(open.len(), start);
                }
                Some('/') if self.starts("/-") => {
                    self.fault(
                        "too-deep",
                        start,
                        "`/-` within a block that `/-` drops",
                        Some("drop the outer one alone"),
                    );
                    self.hopeless = true;
                    return;
                }
                Some(_) => {
                    if !self.entry(open.len(), true) || self.hopeless {
                        self.hopeless = true;
                        return;
                    }
                }
            }
        }
    }
}
