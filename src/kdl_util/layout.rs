//! Layout of a text: newlines, indentation, and what separates two nodes.

use super::chars::{comment_end, is_blank, is_newline, newline_length};
use super::{Entry, Node, Span};

/// Default indentation of a level.
const STEP: &str = "    ";

/// A replacement of a part of the text.
pub(super) struct Edit {
    pub(super) span: Span,
    pub(super) text: String,
}

/// A text and its author's style.
pub(super) struct Layout<'a> {
    pub(super) text: &'a str,
    /// Start of the text, after a byte order mark.
    pub(super) start: usize,
    /// Kind of newline.
    pub(super) newline: &'a str,
    /// Indentation of one level.
    pub(super) step: String,
}

/// End of the part of a line that belongs to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// A newline, which ends here.
    Newline(usize),
    /// The end of the block or of the file.
    End,
    /// Another node, or a `/-`.
    Other,
}

/// Text after a node on its line.
pub(super) struct Tail {
    pub(super) next: After,
    /// Place of its `;`.
    pub(super) semicolon: Option<usize>,
    /// Comments after it.
    pub(super) comments: Vec<Span>,
    /// End of all that, without blanks.
    pub(super) end: usize,
}

impl<'a> Layout<'a> {
    pub(super) fn new(text: &'a str, nodes: &[Node]) -> Self {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let newline = text.find(is_newline).map_or("\n", |at| &text[at..at + newline_length(text, at)]);
        let mut layout = Layout { text, start, newline, step: String::new() };
        layout.step = layout.find_step(nodes);
        layout
    }

    /// Returns the indentation of one level: that of a child minus that of its parent.
    fn find_step(&self, nodes: &[Node]) -> String {
        let mut open: Vec<&Node> = nodes.iter().rev().collect();
        while let Some(parent) = open.pop() {
            open.extend(parent.nodes().iter().rev());
            let Some(outer) = self.indent_of(parent) else { continue };
            let inner = parent.nodes().iter().find_map(|child| self.indent_of(child));
            if let Some(step) = inner.and_then(|inner| inner.strip_prefix(outer)).filter(|step| !step.is_empty()) {
                return step.to_owned();
            }
        }
        let tabs = nodes.iter().filter_map(|node| self.indent_of(node)).any(|indent| indent.contains('\t'));
        if tabs { "\t" } else { STEP }.to_owned()
    }

    /// Converts newlines to the text's own.
    pub(super) fn newlines(&self, text: &str) -> String {
        if self.newline == "\n" { text.to_owned() } else { text.replace('\n', self.newline) }
    }

    /// Applies edits within a part of the text.
    pub(super) fn apply(&self, mut edits: Vec<Edit>, part: Span) -> String {
        // The sort is stable: edits at one place keep their order.
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut out = String::with_capacity(part.end - part.start + 256);
        let mut at = part.start;
        for edit in &edits {
            if edit.span.start >= at {
                out.push_str(&self.text[at..edit.span.start]);
            }
            out.push_str(&edit.text);
            at = at.max(edit.span.end);
        }
        out.push_str(&self.text[at..part.end]);
        out
    }

    /// Returns the blanks before a node that is the first on its line.
    pub(super) fn indent_of(&self, node: &Node) -> Option<&'a str> {
        let start = self.blanks_before(node.span.start);
        self.at_line_start(start).then(|| &self.text[start..node.span.start])
    }

    pub(super) fn at_line_start(&self, at: usize) -> bool {
        at <= self.start || self.text[..at].ends_with(is_newline)
    }

    /// Returns true if a node is the first on its line, and only its end and comments follow there.
    pub(super) fn on_own_line(&self, node: &Node, limit: usize) -> bool {
        let tail = self.tail(node.span.end, limit);
        let ends = matches!(tail.next, After::Newline(_)) || (tail.next == After::End && limit == self.text.len());
        self.indent_of(node).is_some() && ends
    }

    pub(super) fn blanks_before(&self, at: usize) -> usize {
        self.text[self.start.min(at)..at].trim_end_matches(is_blank).len() + self.start.min(at)
    }

    pub(super) fn blanks_after(&self, at: usize) -> usize {
        self.text.len() - self.text[at..].trim_start_matches(is_blank).len()
    }

    pub(super) fn has_newline(&self, span: Span) -> bool {
        self.text[span.start..span.end.max(span.start)].contains(is_newline)
    }

    /// Returns the start of the line of a closing brace that is the first on its line.
    pub(super) fn line_of_brace(&self, close: usize) -> Option<usize> {
        let start = self.blanks_before(close);
        self.at_line_start(start).then_some(start)
    }

    /// Returns what follows a node, up to `limit`.
    pub(super) fn tail(&self, from: usize, limit: usize) -> Tail {
        let bytes = self.text.as_bytes();
        let mut tail = Tail { next: After::End, semicolon: None, comments: Vec::new(), end: from };
        let mut at = from;
        while at < limit {
            let rest = &self.text[at..limit];
            let Some(c) = rest.chars().next() else { break };
            if is_blank(c) {
                at += c.len_utf8();
            } else if is_newline(c) {
                tail.next = After::Newline(at + newline_length(self.text, at));
                return tail;
            } else if c == ';' && tail.semicolon.is_none() {
                tail.semicolon = Some(at);
                at += 1;
                tail.end = at;
            } else if rest.starts_with("//") {
                let end = at + rest.find(is_newline).unwrap_or(rest.len());
                tail.comments.push(Span::new(at, end));
                (at, tail.end) = (end, end);
            } else if rest.starts_with("/*") {
                let end = comment_end(bytes, at).unwrap_or(limit).min(limit);
                tail.comments.push(Span::new(at, end));
                (at, tail.end) = (end, end);
            } else if c == '\\' {
                // A continued line: blanks and optionally a comment follow, then a newline.
                at += 1;
                let gap = self.tail(at, limit);
                if let After::Newline(end) = gap.next {
                    // The newline of a `//` comment is part of the comment.
                    let keep =
                        gap.comments.into_iter().map(|comment| match self.text[comment.start..].starts_with("//") {
                            true => Span::new(comment.start, end),
                            false => comment,
                        });
                    tail.comments.extend(keep);
                    (at, tail.end) = (end, end);
                } else {
                    (at, tail.end) = (limit, limit);
                }
            } else {
                tail.next = After::Other;
                return tail;
            }
        }
        if limit < self.text.len() && !self.text[limit..].starts_with('}') {
            tail.next = After::Other;
        }
        tail
    }

    /// Returns the start of an entry's value.
    pub(super) fn value_start(&self, entry: &Entry) -> usize {
        if entry.name.is_none() {
            return entry.span.start;
        }
        let text = &self.text[entry.span.start..entry.span.end];
        let name = if let Some(rest) = text.strip_prefix('"') {
            let mut escaped = false;
            let close = rest.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            close.map_or(0, |close| close + 2)
        } else if text.starts_with('#') {
            let hashes = text.len() - text.trim_start_matches('#').len();
            let close = format!("\"{}", "#".repeat(hashes));
            text[hashes + 1..].find(&close).map_or(0, |at| hashes + 1 + at + close.len())
        } else {
            text.find(|c| c == '=' || c == '\\' || c == '/' || is_blank(c)).unwrap_or(0)
        };
        let mut at = entry.span.start + name;
        for passed in [false, true] {
            at = self.skip_space(at, entry.span.end);
            if !passed && self.text[at..].starts_with('=') {
                at += 1;
            }
        }
        if at < entry.span.end { at } else { entry.span.start }
    }

    /// Skips blanks, comments and continued lines.
    fn skip_space(&self, mut at: usize, limit: usize) -> usize {
        while at < limit {
            let rest = &self.text[at..limit];
            match rest.chars().next() {
                Some(c) if is_blank(c) => at += c.len_utf8(),
                Some('\\') => {
                    let end = at + rest.find(is_newline).unwrap_or(rest.len());
                    at = (end + newline_length(self.text, end)).min(limit);
                }
                Some('/') if rest.starts_with("/*") => {
                    at = comment_end(self.text.as_bytes(), at).unwrap_or(limit).min(limit)
                }
                _ => break,
            }
        }
        at
    }
}
