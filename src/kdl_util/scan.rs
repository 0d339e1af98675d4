//! Looks a text over before the parser does: limits, and whether it is well formed at all.
//!
//! Invariant: no recursion, one pass, and every fault of the text, so that one run reports all. What passes is KDL 2 without type
//! annotations. Faulty spots that can be bridged are bridged in a copy of the same length, in which the rest can still be read.

use super::{Fault, MOST_BYTES, MOST_DEPTH, Span};

/// Faults beyond this many say nothing new.
const MOST_FAULTS: usize = 50;

/// What was found.
pub(super) struct Scanned {
    pub(super) faults: Vec<Fault>,
    /// A copy of the text, of the same length, that the parser can read; `None` where the text itself will do or nothing will.
    pub(super) bridged: Option<String>,
    /// Whether text or copy may be given to the parser.
    pub(super) readable: bool,
    /// Where the braces of each block stand, by the opening one.
    pub(super) blocks: Vec<Span>,
}

/// Bytes as text within the limits. `Err` is the one fault that hides all others, with the text as far as it can be shown.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, (Fault, String)> {
    if bytes.len() > MOST_BYTES {
        let fault = Fault::new(
            "too-large",
            Span::default(),
            format!("the file has {} bytes; documents have at most 1 MiB", bytes.len()),
        );
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

/// Looks the text over.
pub(super) fn scan(text: &str) -> Scanned {
    let mut scanner = Scanner::new(text);
    scanner.document();
    let Scanner { mut faults, patches, hopeless, mut blocks, .. } = scanner;
    blocks.sort_unstable_by_key(|block| block.start);
    faults.truncate(MOST_FAULTS);
    let bridged = (!faults.is_empty() && !hopeless).then(|| bridge(text, &patches)).flatten();
    let readable = faults.is_empty() || bridged.is_some();
    Scanned { faults, bridged, readable, blocks }
}

/// Replaces each bad spot by a word or by blanks of the same length.
fn bridge(text: &str, patches: &[(Span, Bridge)]) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    for (span, how) in patches {
        let fill = match how {
            Bridge::Word => b'x',
            Bridge::Blank => b' ',
        };
        bytes.get_mut(span.start..span.end)?.fill(fill);
    }
    let text = String::from_utf8(bytes).ok()?;
    // The copy must be beyond doubt: a bridge that is none would send the parser where it must not go.
    scan_is_clean(&text).then_some(text)
}

fn scan_is_clean(text: &str) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.document();
    scanner.faults.is_empty()
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
}

/// What ended a run of blanks.
#[derive(PartialEq)]
enum Gap {
    None,
    Some,
}

enum After {
    /// Entries may follow.
    Entries,
    /// The block was there: only a terminator may follow.
    Block,
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
        // Where each open block began, and whether what precedes its end may be followed by more.
        let mut open: Vec<usize> = Vec::new();
        loop {
            if self.hopeless || self.faults.len() > MOST_FAULTS {
                self.hopeless = true;
                return;
            }
            self.line_space(open.len());
            let Some(c) = self.peek() else { break };
            let start = self.at;
            match c {
                '}' => {
                    self.at += 1;
                    match open.pop() {
                        Some(opened) => {
                            self.blocks.push(Span::new(opened, self.at));
                            self.tail(&mut open, After::Block);
                        }
                        None => {
                            self.fault("unmatched-brace", start, "this `}` closes nothing", None);
                            self.hopeless = true;
                        }
                    }
                }
                '/' if self.starts("/-") => {
                    self.at += 2;
                    self.line_space(open.len());
                    if self.starts("/-") || matches!(self.peek(), None | Some('}' | '{' | ';')) {
                        self.fault("dangling-slashdash", start, "`/-` must stand right before a node", None);
                        self.skip_line(start);
                    } else {
                        self.node(&mut open);
                    }
                }
                ';' => {
                    self.at += 1;
                    self.fault("unexpected", start, "a `;` with no node before it", None);
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
                    format!("the character U+{:04X} may not stand in a document", c as u32),
                );
                self.faults.push(fault.help("remove it; within a string, \\u{…} names a character"));
                self.hopeless = true;
                return;
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn starts(&self, what: &str) -> bool {
        self.bytes[self.at..].starts_with(what.as_bytes())
    }

    fn fault(&mut self, code: &'static str, start: usize, message: impl Into<String>, help: Option<&str>) {
        let end = self.at.max(start + self.text[start..].chars().next().map_or(0, char::len_utf8));
        let mut fault = Fault::new(code, Span::new(start, end), message);
        fault.help = help.map(str::to_owned);
        self.faults.push(fault);
    }

    /// Too deep: the one fault for which the parser must not run.
    fn check_depth(&mut self, depth: usize, start: usize) {
        if depth > MOST_DEPTH && !self.hopeless {
            self.fault(
                "too-deep",
                start,
                format!("nested deeper than {MOST_DEPTH} levels (braces in strings and comments count)"),
                None,
            );
            self.hopeless = true;
        }
    }

    /// Blanks, newlines and comments.
    fn line_space(&mut self, depth: usize) {
        loop {
            match self.peek() {
                Some(c) if is_newline(c) || is_blank(c) => self.at += c.len_utf8(),
                Some('/') if self.starts("//") => self.line_comment(depth),
                Some('/') if self.starts("/*") => self.block_comment(depth),
                Some('\\') => {
                    if self.continuation(depth).is_none() {
                        return;
                    }
                }
                _ => return,
            }
            if self.hopeless {
                return;
            }
        }
    }

    /// Blanks, comments within the line, continued lines.
    fn node_space(&mut self, depth: usize) -> Gap {
        let mut gap = Gap::None;
        let mut continued = 0;
        loop {
            match self.peek() {
                Some(c) if is_blank(c) => self.at += c.len_utf8(),
                Some('/') if self.starts("/*") => self.block_comment(depth),
                Some('\\') => {
                    continued += 1;
                    let start = self.at;
                    if self.continuation(depth).is_none() {
                        return gap;
                    }
                    if continued > 64 {
                        self.fault("too-deep", start, "more than 64 continued lines in a row", None);
                        self.hopeless = true;
                    }
                }
                _ => return gap,
            }
            gap = Gap::Some;
            if self.hopeless {
                return gap;
            }
        }
    }

    /// `\`, blanks, an optional comment, a newline.
    fn continuation(&mut self, depth: usize) -> Option<()> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(c) if is_blank(c) => self.at += c.len_utf8(),
                Some('/') if self.starts("/*") => self.block_comment(depth),
                _ => break,
            }
            if self.hopeless {
                return None;
            }
        }
        if self.starts("//") {
            self.line_comment(depth);
        }
        match self.peek() {
            Some(c) if is_newline(c) => {
                self.at += if self.starts("\r\n") { 2 } else { c.len_utf8() };
                Some(())
            }
            None => Some(()),
            _ => {
                self.at = start + 1;
                self.fault(
                    "unexpected",
                    start,
                    "a `\\` continues a line and must stand at its end",
                    Some("put strings that hold it in quotes"),
                );
                self.skip_line(start);
                None
            }
        }
    }

    fn line_comment(&mut self, depth: usize) {
        let start = self.at;
        let end = self.text[start..].find(is_newline).map_or(self.text.len(), |n| start + n);
        self.at = end;
        self.braces(depth, start, end);
    }

    fn block_comment(&mut self, depth: usize) {
        let start = self.at;
        let mut nested = 0usize;
        while self.at < self.bytes.len() {
            if self.starts("/*") {
                self.at += 2;
                nested += 1;
                if nested > MOST_DEPTH {
                    self.check_depth(nested, start);
                    return;
                }
            } else if self.starts("*/") {
                self.at += 2;
                nested -= 1;
                if nested == 0 {
                    let end = self.at;
                    return self.braces(depth, start, end);
                }
            } else {
                self.at += 1;
            }
        }
        self.at = start + 2;
        self.fault("unclosed-comment", start, "this comment is never closed", Some("add the missing `*/`"));
        self.hopeless = true;
    }

    /// Counts the braces of a string or comment on top of the depth around it, should the parser ever see it otherwise than we do.
    fn braces(&mut self, depth: usize, start: usize, end: usize) {
        let mut level = 0usize;
        for b in &self.bytes[start..end] {
            match b {
                b'{' => {
                    level += 1;
                    if depth + level > MOST_DEPTH {
                        return self.check_depth(depth + level, start);
                    }
                }
                b'}' => level = level.saturating_sub(1),
                _ => {}
            }
        }
    }

    /// A node from its name on.
    fn node(&mut self, open: &mut Vec<usize>) {
        let start = self.at;
        if self.peek() == Some('(') {
            self.annotation();
        }
        match self.string(open.len()) {
            Word::Good => self.tail(open, After::Entries),
            Word::Hopeless => {}
            Word::No => {
                let c = self.peek().unwrap_or(' ');
                self.at += c.len_utf8();
                let word = self.bare_word();
                let message = match c {
                    '=' => "an `=` with no property name before it".to_owned(),
                    _ if c.is_ascii_digit() => {
                        format!("`{c}{word}` is no name of a node: names do not begin with a digit")
                    }
                    _ => format!("`{c}` cannot begin a node"),
                };
                self.fault("unexpected", start, message, Some("a line begins with the name of a node"));
                self.skip_line(start);
            }
        }
    }

    /// What follows a name or a block, up to the end of the node or the beginning of its block.
    fn tail(&mut self, open: &mut Vec<usize>, after: After) {
        loop {
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
                '{' if matches!(after, After::Entries) => {
                    self.at += 1;
                    open.push(start);
                    return self.check_depth(open.len(), start);
                }
                '/' if self.starts("/-") => {
                    self.at += 2;
                    self.line_space(open.len());
                    match self.peek() {
                        Some('{') => {
                            let start = self.at;
                            self.at += 1;
                            self.dropped_block(open.len(), start);
                            if self.hopeless {
                                return;
                            }
                        }
                        None | Some('}' | ';' | '/') => {
                            self.fault("dangling-slashdash", start, "`/-` must stand right before what it drops", None);
                            return self.skip_line(start);
                        }
                        _ => {
                            if !self.entry(open.len()) {
                                return;
                            }
                        }
                    }
                }
                _ => {
                    if matches!(after, After::Block) {
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
                    if !self.entry(open.len()) {
                        return;
                    }
                }
            }
        }
    }

    /// The block after `/-`: scanned with the same rules by a scanner that keeps its own stack of blocks.
    fn dropped_block(&mut self, depth: usize, start: usize) {
        self.check_depth(depth + 1, start);
        // Its nodes are nodes like others; the stack begins with the block itself, and ends with it.
        let mut open = vec![start; depth + 1];
        while !self.hopeless {
            self.line_space(open.len());
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
                    if self.starts("/-") || matches!(self.peek(), None | Some('}' | '{' | ';')) {
                        self.fault("dangling-slashdash", at, "`/-` must stand right before a node", None);
                        self.hopeless = true;
                    }
                }
                Some(';' | '{') => {
                    self.fault("unexpected", at, "no node stands before this", None);
                    self.hopeless = true;
                }
                Some(_) => match self.string(open.len()) {
                    Word::Good => self.tail_of_dropped(&mut open),
                    _ => {
                        if !self.hopeless {
                            self.fault("unexpected", at, "no name of a node", None);
                            self.hopeless = true;
                        }
                    }
                },
            }
            if self.faults.len() > MOST_FAULTS {
                self.hopeless = true;
            }
        }
    }

    /// Within a dropped block a second one may be dropped only by its node: `/-{` inside `/-{` is refused, which keeps this free of
    /// recursion.
    fn tail_of_dropped(&mut self, open: &mut Vec<usize>) {
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
                    if !self.entry(open.len()) || self.hopeless {
                        self.hopeless = true;
                        return;
                    }
                }
            }
        }
    }

    /// An argument or property. False where the rest of the line was given up.
    fn entry(&mut self, depth: usize) -> bool {
        let start = self.at;
        if self.peek() == Some('(') {
            self.annotation();
        }
        let was_bare = !matches!(self.peek(), Some('"' | '#'));
        match self.string(depth) {
            Word::Hopeless => return false,
            Word::No => return self.value(depth, start),
            Word::Good => {}
        }
        let end = self.at;
        // `name = value`: blanks may stand around the `=`.
        let mut probe = self.at;
        while let Some(c) = self.text[probe..].chars().next().filter(|c| is_blank(*c)) {
            probe += c.len_utf8();
        }
        if self.bytes.get(probe) == Some(&b'=') {
            self.at = probe + 1;
            self.node_space(depth);
            if self.hopeless {
                return false;
            }
            if self.peek() == Some('(') {
                self.annotation();
            }
            let start = self.at;
            let bare = !matches!(self.peek(), Some('"' | '#'));
            return match self.string(depth) {
                Word::Good => {
                    if bare {
                        self.bare_value(start, self.at)
                    } else {
                        true
                    }
                }
                Word::Hopeless => false,
                Word::No => match self.peek() {
                    None | Some('\n' | '\r' | ';' | '}' | '{') => {
                        self.fault(
                            "unexpected",
                            start.saturating_sub(1),
                            "a property without a value",
                            Some("write NAME=VALUE, without a space around the `=`"),
                        );
                        self.skip_line(end);
                        false
                    }
                    _ => self.value(depth, start),
                },
            };
        }
        if was_bare { self.bare_value(start, end) } else { true }
    }

    /// A bare word in the place of a value: KDL 2 reads it as a string, but for the words that KDL 1 had.
    fn bare_value(&mut self, start: usize, end: usize) -> bool {
        let word = &self.text[start..end];
        if matches!(self.peek(), Some('/')) && !self.starts("//") && !self.starts("/*") && !self.starts("/-") {
            return self.bad_word(start);
        }
        if matches!(word, "true" | "false" | "null" | "inf" | "-inf" | "nan") {
            let fault =
                Fault::new("kdl1-keyword", Span::new(start, end), format!("`{word}` was KDL 1; in KDL 2 it has a `#`"))
                    .help(format!("write #{word}"));
            self.faults.push(fault);
            self.patches.push((Span::new(start, end), Bridge::Word));
        }
        true
    }

    /// A number or keyword, and everything that is neither.
    fn value(&mut self, _depth: usize, start: usize) -> bool {
        let c = self.peek().unwrap_or(' ');
        if c == '#' {
            let word_end = start
                + 1
                + self.text[start + 1..].find(|c: char| !is_identifier(c)).unwrap_or(self.text.len() - start - 1);
            let word = &self.text[start..word_end];
            self.at = word_end;
            if matches!(word, "#true" | "#false" | "#null" | "#inf" | "#-inf" | "#nan") {
                return true;
            }
            self.fault(
                "unexpected",
                start,
                format!("`{word}` is no keyword"),
                Some("#true, #false and #null are; put other texts in quotes"),
            );
            self.patches.push((Span::new(start, self.at), Bridge::Word));
            return !matches!(self.peek(), Some('#' | '"'));
        }
        let signed = matches!(c, '+' | '-' | '.');
        if c.is_ascii_digit() || signed {
            let end = start + self.text[start..].find(|c: char| !is_identifier(c)).unwrap_or(self.text.len() - start);
            let word = &self.text[start..end];
            let next = self.text[end..].chars().next();
            let ends = match next {
                None => true,
                Some(c) => {
                    is_blank(c)
                        || is_newline(c)
                        || matches!(c, ';' | '{' | '}' | '\\')
                        || (c == '/' && self.comment_at(end))
                }
            };
            if ends {
                self.at = end;
                return match number(word) {
                    Ok(()) => true,
                    Err((code, message, help)) => {
                        self.fault(code, start, message, Some(help));
                        self.patches.push((Span::new(start, end), Bridge::Word));
                        true
                    }
                };
            }
        }
        if matches!(c, '(' | ')' | '[' | ']' | '=' | ',') || is_newline(c) {
            self.at += c.len_utf8();
            self.fault(
                "unexpected",
                start,
                format!("`{}` has no place here", if is_newline(c) { ' ' } else { c }),
                None,
            );
            self.skip_line(start);
            return false;
        }
        self.bad_word(start)
    }

    fn comment_at(&self, at: usize) -> bool {
        ["//", "/*", "/-"].iter().any(|mark| self.bytes[at..].starts_with(mark.as_bytes()))
    }

    /// A bare text that needs quotes: an address, a path.
    fn bad_word(&mut self, start: usize) -> bool {
        self.at = start;
        while let Some(c) = self.peek() {
            if is_blank(c)
                || is_newline(c)
                || matches!(c, ';' | '{' | '}' | '"' | '\\' | '(' | ')' | '=' | '#')
                || (c == '/' && self.at > start && self.comment_at(self.at))
            {
                break;
            }
            self.at += c.len_utf8();
        }
        if self.at == start {
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        let word = &self.text[start..self.at];
        let address = word.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'/' | b'-'))
            && (word.matches('.').count() >= 2 || word.contains(':'));
        let (code, message) = if address {
            ("bare-address", format!("the address {word} must stand in quotes"))
        } else if word.starts_with('/') {
            ("bare-path", format!("the path {word} must stand in quotes"))
        } else {
            ("bare-word", format!("`{word}` must stand in quotes"))
        };
        let help = format!("write {word:?}");
        self.fault(code, start, message, Some(&help));
        self.patches.push((Span::new(start, self.at), Bridge::Word));
        match self.peek() {
            Some('"' | '(' | ')' | '=' | '#') => {
                self.skip_line(start);
                false
            }
            _ => true,
        }
    }

    /// Type annotations mean nothing here.
    fn annotation(&mut self) {
        let start = self.at;
        let line_end = start + self.text[start..].find(is_newline).unwrap_or(self.text.len() - start);
        let end = self.text[start..line_end].find(')').map_or(line_end, |n| start + n + 1);
        self.at = end;
        self.fault(
            "type-annotation",
            start,
            "type annotations have no meaning in these documents",
            Some("leave it out"),
        );
        self.patches.push((Span::new(start, end), Bridge::Blank));
    }

    /// An identifier, quoted or raw string.
    fn string(&mut self, depth: usize) -> Word {
        let start = self.at;
        match self.peek() {
            Some('"') => {
                let good = if self.starts("\"\"\"") { self.multi_line(start, 0) } else { self.quoted(start) };
                self.string_end(good, depth, start)
            }
            Some('#') => {
                let hashes = self.bytes[start..].iter().take_while(|b| **b == b'#').count();
                if self.bytes.get(start + hashes) != Some(&b'"') {
                    return Word::No;
                }
                self.at += hashes;
                let good = if self.starts("\"\"\"") { self.multi_line(start, hashes) } else { self.raw(start, hashes) };
                self.string_end(good, depth, start)
            }
            Some(c) if is_identifier(c) => {
                let end =
                    start + self.text[start..].find(|c: char| !is_identifier(c)).unwrap_or(self.text.len() - start);
                let word = &self.text[start..end];
                let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
                let unsigned = unsigned.strip_prefix('.').unwrap_or(unsigned);
                if unsigned.starts_with(|c: char| c.is_ascii_digit()) {
                    return Word::No;
                }
                self.at = end;
                Word::Good
            }
            _ => Word::No,
        }
    }

    /// A string must be followed by something that ends it.
    fn string_end(&mut self, good: bool, depth: usize, start: usize) -> Word {
        if !good {
            return Word::Hopeless;
        }
        let end = self.at;
        self.braces(depth, start, end);
        if self.hopeless {
            return Word::Hopeless;
        }
        match self.peek() {
            None => Word::Good,
            Some(c) if is_blank(c) || is_newline(c) || matches!(c, '=' | ';' | '{' | '}' | ')' | '\\') => Word::Good,
            Some('/') if self.comment_at(self.at) => Word::Good,
            Some(c) => {
                let at = self.at;
                self.at += c.len_utf8();
                self.fault(
                    "unexpected",
                    at,
                    format!("`{c}` directly after a string"),
                    Some("put a space between them; within a string write \\\""),
                );
                self.skip_line(start);
                Word::Hopeless
            }
        }
    }

    fn quoted(&mut self, start: usize) -> bool {
        self.at = start + 1;
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.at += 1;
                    return true;
                }
                '\\' => {
                    if !self.escape() {
                        return false;
                    }
                }
                _ if is_newline(c) => break,
                _ => self.at += c.len_utf8(),
            }
        }
        self.fault("unclosed-string", start, "this string is not closed on its line", Some("add the missing quote"));
        self.skip_line(start);
        false
    }

    /// A `\` within a string.
    fn escape(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some('"' | '\\' | 'b' | 'f' | 'n' | 'r' | 't' | 's') => {
                self.at += 1;
                true
            }
            Some('u') => {
                let rest = &self.text[self.at + 1..];
                let digits = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(digits, _)| digits);
                let good = digits.filter(|d| !d.is_empty() && d.len() <= 6 && d.bytes().all(|b| b.is_ascii_hexdigit()));
                match good.and_then(|d| u32::from_str_radix(d, 16).ok().and_then(char::from_u32).map(|_| d.len())) {
                    Some(length) => {
                        self.at += 1 + 1 + length + 1;
                        true
                    }
                    None => {
                        self.fault(
                            "bad-escape",
                            start,
                            "`\\u` needs one to six hexadecimal digits of a character in braces",
                            Some("for example \\u{e9}"),
                        );
                        self.skip_line(start);
                        false
                    }
                }
            }
            Some(c) if is_blank(c) || is_newline(c) => {
                while let Some(c) = self.peek().filter(|c| is_blank(*c) || is_newline(*c)) {
                    self.at += c.len_utf8();
                }
                true
            }
            other => {
                self.at += other.map_or(0, char::len_utf8);
                let shown = other.map(String::from).unwrap_or_default();
                self.fault(
                    "bad-escape",
                    start,
                    format!("`\\{shown}` is no escape"),
                    Some("write \\\\ for a backslash, or a raw string: #\"…\"#"),
                );
                self.skip_line(start);
                false
            }
        }
    }

    fn raw(&mut self, start: usize, hashes: usize) -> bool {
        self.at += 1;
        let close = format!("\"{}", "#".repeat(hashes));
        let line_end = self.at + self.text[self.at..].find(is_newline).unwrap_or(self.text.len() - self.at);
        match self.text[self.at..line_end].find(&close) {
            Some(n) => {
                self.at += n + close.len();
                true
            }
            None => {
                self.fault(
                    "unclosed-string",
                    start,
                    "this raw string is not closed on its line",
                    Some("it ends with a quote and as many # as it began with"),
                );
                self.skip_line(start);
                false
            }
        }
    }

    fn multi_line(&mut self, start: usize, hashes: usize) -> bool {
        self.at += 3;
        let close = format!("\"\"\"{}", "#".repeat(hashes));
        if !self.peek().is_some_and(is_newline) {
            self.fault(
                "bad-string",
                start,
                "a newline must follow the three quotes that open a string of several lines",
                None,
            );
            self.hopeless = true;
            return false;
        }
        while self.at < self.bytes.len() {
            if self.starts(&close) {
                self.at += close.len();
                return true;
            }
            if hashes == 0 && self.starts("\\") {
                if !self.escape() {
                    self.hopeless = true;
                    return false;
                }
                continue;
            }
            self.at += self.peek().map_or(1, char::len_utf8);
        }
        self.at = start + 3;
        self.fault(
            "unclosed-string",
            start,
            "this string of several lines is never closed",
            Some("it ends with three quotes on a line of their own"),
        );
        self.hopeless = true;
        false
    }

    /// The rest of a bare word, only to be shown.
    fn bare_word(&mut self) -> &'a str {
        let start = self.at;
        let end = start + self.text[start..].find(|c: char| !is_identifier(c)).unwrap_or(self.text.len() - start);
        self.at = end;
        &self.text[start..end]
    }

    /// Gives the rest of the line up. A brace in it may open or close a block, which nobody can tell: then nothing after it counts.
    fn skip_line(&mut self, from: usize) {
        let end = from + self.text[from..].find(is_newline).unwrap_or(self.text.len() - from);
        let rest = &self.bytes[from..end.max(self.at).min(self.bytes.len())];
        if rest.iter().any(|b| matches!(b, b'{' | b'}')) || self.at > end || self.text[from..end].contains("/*") {
            self.hopeless = true;
        }
        self.at = end;
        self.patches.push((Span::new(from, end), Bridge::Blank));
    }
}

enum Word {
    Good,
    /// None stands here.
    No,
    /// One begins here and the rest of its line was given up.
    Hopeless,
}

type NumberFault = (&'static str, String, &'static str);

/// Whether a word is a number that can be kept.
fn number(word: &str) -> Result<(), NumberFault> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let based = |digits: &str, radix: u32| {
        let plain: String = digits.chars().filter(|c| *c != '_').collect();
        let shaped = !digits.starts_with('_') && !plain.is_empty() && plain.chars().all(|c| c.is_digit(radix));
        shaped.then(|| i128::from_str_radix(&plain, radix).is_ok())
    };
    let too_large =
        || Err(("number-too-large", format!("the number {word} is too large"), "numbers here have at most 38 digits"));
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return match based(digits, radix) {
                Some(true) => Ok(()),
                Some(false) => too_large(),
                None => Err(("bad-number", format!("`{word}` is no number"), "put texts in quotes")),
            };
        }
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit()) && part.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    };
    let shaped = digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    if !shaped {
        let quads = word.split('.').count() == 4 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if quads || word.contains(':') {
            return Err(("bare-address", format!("the address {word} must stand in quotes"), "write it as \"…\""));
        }
        let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if !unit.is_empty() && unit.len() <= 3 && unit.chars().all(|c| c.is_ascii_alphabetic()) {
            return Err(("bare-unit", format!("`{word}` is no number"), "put numbers with a unit in quotes"));
        }
        return Err(("bad-number", format!("`{word}` is no number"), "put texts in quotes"));
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(("leading-zero", format!("the number {word} has a leading zero"), "leave it out; octal is 0o…"));
    }
    if fraction.is_some() || exponent.is_some() {
        let plain: String = unsigned.chars().filter(|c| *c != '_').collect();
        return match plain.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(()),
            _ => too_large(),
        };
    }
    match based(whole, 10) {
        Some(true) => Ok(()),
        _ => too_large(),
    }
}

fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

fn is_identifier(c: char) -> bool {
    !is_blank(c)
        && !is_newline(c)
        && !matches!(c, '\\' | '/' | '(' | ')' | '{' | '}' | ';' | '[' | ']' | '"' | '#' | '=')
}
