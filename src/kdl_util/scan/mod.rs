//! Reads a text: checks that it is well formed and within the limits, and builds its nodes.
//!
//! Invariant: no recursion, linear time, and every problem of the text, so that one run reports all. What passes is KDL 2 without type
//! annotations, and is read as the `kdl` crate reads it. Problems that can be bridged are bridged in a copy of the same length, so that
//! the rest can still be read.

use std::collections::HashMap;

mod build;
mod entries;
mod nodes;
mod number;
mod space;
mod strings;

use super::chars::{is_identifier, is_newline};
use super::{Fault, MAX_BYTES, MAX_DEPTH, MAX_FAULTS, Node, Span};
use build::Builder;
use nodes::After;

/// Errors found.
pub(super) struct Scanned {
    pub(super) faults: Vec<Fault>,
    pub(super) tree: Tree,
    /// The number of faults beyond those.
    pub(super) more: usize,
    /// Places of the braces of each block, by the opening one.
    pub(super) blocks: Vec<Span>,
    /// Start of each node's name, and end of the node.
    pub(super) ends: Vec<(usize, usize)>,
    /// The parts that were given up.
    pub(super) dropped: Vec<Span>,
}

/// The nodes of a text, as far as the scanner knows them.
pub(super) enum Tree {
    /// All of them.
    Read(Vec<Node>),
    /// The parser has to read them: from this copy of the text, of the same length, or from the text itself.
    Parser(Option<String>),
    /// Nothing can be read.
    Unreadable,
}

/// Bytes as text within the limits. `Err` is the one fault that hides all others, with the text as far as it can be shown.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, (Fault, String)> {
    if bytes.len() > MAX_BYTES {
        let fault =
            Fault::new("too-large", Span::default(), format!("the file has {} bytes; the limit is 1 MiB", bytes.len()));
        return Err((fault, String::new()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let shown = String::from_utf8_lossy(bytes).into_owned();
        let fault = Fault::new(
            "not-utf8",
            Span::new(at, at + 1),
            format!("the file is not UTF-8 text: byte 0x{:02x}", bytes[at]),
        )
        .help("save it as UTF-8");
        (fault, shown)
    })
}

/// Checks a text, and reads it as far as the scanner can.
pub(super) fn scan(text: &str) -> Scanned {
    let mut scanner = Scanner::new(text);
    scanner.document();
    let Scanner { faults, more, patches, hopeless, mut blocks, mut ends, dropped, tree, .. } = scanner;
    let tree = match tree.finish() {
        _ if hopeless => Tree::Unreadable,
        Some(nodes) if faults.is_empty() => Tree::Read(nodes),
        _ if patches.is_empty() && faults.is_empty() => Tree::Parser(None),
        _ => bridge(text, &patches).unwrap_or(Tree::Unreadable),
    };
    if matches!(tree, Tree::Parser(_)) {
        blocks.sort_unstable_by_key(|block| block.start);
        ends.sort_unstable();
    }
    Scanned { faults, more, tree, blocks, ends, dropped }
}

/// Reads a copy in which each bad spot is a word or blanks of the same length.
fn bridge(text: &str, patches: &[(Span, Bridge)]) -> Option<Tree> {
    let mut bytes = text.as_bytes().to_vec();
    for (span, how) in patches {
        let fill = match how {
            Bridge::Word => b'x',
            Bridge::Blank => b' ',
        };
        bytes.get_mut(span.start..span.end)?.fill(fill);
    }
    let text = String::from_utf8(bytes).ok()?;
    let mut scanner = Scanner::new(&text);
    scanner.document();
    // The copy must be beyond doubt: a bridge that is not sound would send the parser where it must not go.
    let tree = scanner.faults.is_empty().then(|| scanner.tree.finish())?;
    Some(tree.map_or_else(|| Tree::Parser(Some(text)), Tree::Read))
}

#[derive(Clone, Copy)]
enum Bridge {
    Word,
    Blank,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    faults: Vec<Fault>,
    patches: Vec<(Span, Bridge)>,
    /// A fault after which nothing can be trusted.
    hopeless: bool,
    blocks: Vec<Span>,
    ends: Vec<(usize, usize)>,
    dropped: Vec<Span>,
    /// The number of faults that were not kept.
    more: usize,
    /// Place of the `/-` that drops the node whose name begins at the first place.
    slashes: HashMap<usize, usize>,
    /// Start of the name of the node of each open block.
    owners: Vec<usize>,
    tree: Builder,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Scanner {
            text,
            bytes: text.as_bytes(),
            at: 0,
            faults: Vec::new(),
            patches: Vec::new(),
            hopeless: false,
            blocks: Vec::new(),
            ends: Vec::new(),
            dropped: Vec::new(),
            owners: Vec::new(),
            more: 0,
            slashes: HashMap::new(),
            tree: Builder::default(),
        }
    }

    fn document(&mut self) {
        self.code_points();
        if self.hopeless {
            return;
        }
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        // Start of each open block, and whether more may follow what precedes its end.
        let mut open: Vec<usize> = Vec::new();
        loop {
            self.line_space(open.len());
            if self.hopeless {
                return;
            }
            let Some(c) = self.peek() else { break };
            let start = self.at;
            match c {
                '}' => {
                    self.at += 1;
                    match open.pop() {
                        Some(opened) => {
                            self.blocks.push(Span::new(opened, self.at));
                            self.tree.close_block(self.at);
                            let owner = self.owners.pop().unwrap_or(opened);
                            self.tail(&mut open, After::Block, owner);
                        }
                        None => {
                            self.fault("unmatched-brace", start, "`}` without a `{` before it", None);
                            self.hopeless = true;
                        }
                    }
                }
                '/' if self.starts("/-") => {
                    self.at += 2;
                    self.line_space(open.len());
                    if self.hopeless {
                        return;
                    }
                    if self.starts("/-") || matches!(self.peek(), None | Some('}' | '{' | ';')) {
                        self.fault("dangling-slashdash", start, "`/-` is not followed by a node", None);
                        self.skip_line(start);
                    } else {
                        self.slashes.insert(self.at, start);
                        self.node(&mut open);
                    }
                }
                ';' => {
                    self.at += 1;
                    self.fault("unexpected", start, "`;` without a node before it", None);
                    self.patches.push((Span::new(start, self.at), Bridge::Blank));
                }
                '{' => {
                    self.fault(
                        "unexpected",
                        start,
                        "a block without a node before it",
                        Some("put the node's name on the same line as its `{`"),
                    );
                    self.hopeless = true;
                }
                _ => self.node(&mut open),
            }
        }
        if let Some(start) = open.last() {
            self.fault("unclosed-block", *start, "this `{` is never closed", Some("add the missing `}`"));
            self.hopeless = true;
        }
    }

    /// Characters that no KDL text may have.
    fn code_points(&mut self) {
        // No byte of these characters is anything else.
        let suspicious = |b: &u8| matches!(b, 0..=8 | 0xe..=0x1f | 0x7f | 0xe2 | 0xef);
        if !self.bytes.iter().fold(false, |any, b| any | suspicious(b)) {
            return;
        }
        for (at, c) in self.text.char_indices() {
            let bad = match c {
                '\u{0}'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}' => true,
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
                '\u{feff}' => at != 0,
                _ => false,
            };
            if bad {
                let fault = Fault::new(
                    "control-character",
                    Span::new(at, at + c.len_utf8()),
                    format!("the character U+{:04X} is not allowed", c as u32),
                );
                self.keep(fault.help("remove it; in a string, write \\u{…}"));
                self.hopeless = true;
                return;
            }
        }
    }

    fn peek(&self) -> Option<char> {
        match *self.bytes.get(self.at)? {
            b if b.is_ascii() => Some(b.into()),
            _ => self.text[self.at..].chars().next(),
        }
    }

    fn starts(&self, what: &str) -> bool {
        self.bytes[self.at..].starts_with(what.as_bytes())
    }

    fn fault(&mut self, code: &'static str, start: usize, message: impl Into<String>, help: Option<&str>) {
        let end = self.at.max(start + self.text[start..].chars().next().map_or(0, char::len_utf8));
        let mut fault = Fault::new(code, Span::new(start, end), message);
        fault.help = help.map(str::to_owned);
        self.keep(fault);
    }

    /// Keeps a fault, or only counts it if there are many already.
    fn keep(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS { self.faults.push(fault) } else { self.more += 1 }
    }

    /// Too deep: the one fault for which the parser must not run.
    fn check_depth(&mut self, depth: usize, start: usize) {
        if depth > MAX_DEPTH && !self.hopeless {
            self.fault(
                "too-deep",
                start,
                format!("nested more than {MAX_DEPTH} levels deep (braces in strings and comments count)"),
                None,
            );
            self.hopeless = true;
        }
    }

    /// The rest of a bare word, only to be shown.
    fn bare_word(&mut self) -> &'a str {
        let start = self.at;
        let end = start + self.text[start..].find(|c: char| !is_identifier(c)).unwrap_or(self.text.len() - start);
        self.at = end;
        &self.text[start..end]
    }

    /// Skips the rest of the line. If it has a brace that may open or close a block, the rest of the text is skipped too.
    fn skip_line(&mut self, from: usize) {
        let end = from + self.text[from..].find(is_newline).unwrap_or(self.text.len() - from);
        let rest = &self.bytes[from..end.max(self.at).min(self.bytes.len())];
        if rest.iter().any(|b| matches!(b, b'{' | b'}')) || self.at > end || self.text[from..end].contains("/*") {
            self.hopeless = true;
        }
        self.at = end;
        self.patches.push((Span::new(from, end), Bridge::Blank));
        self.dropped.push(Span::new(from, end));
    }
}

#[cfg(test)]
mod tests;
