//! Arguments and properties: values, and what people write in their place.

use super::super::Value;
use super::number::number;
use super::strings::Word;
use super::{Bridge, Fault, Scanner, Span};
use crate::kdl_util::chars::{comment_end, identifier_length, is_blank, is_keyword, is_newline, newline_length};

impl Scanner<'_> {
    /// Scans an argument or property, which is the current node's unless `is_dropped`. False if the rest of the line was given up.
    pub(super) fn entry(&mut self, depth: usize, is_dropped: bool) -> bool {
        if self.peek() == Some('(') {
            self.annotation();
        }
        let start = self.at;
        let was_bare = !matches!(self.peek(), Some('"' | '#'));
        match self.string(depth) {
            Word::Hopeless => return false,
            Word::No => {
                return self.value(start).is_some_and(|value| self.keep_entry(None, Some(value), start, is_dropped));
            }
            Word::Good => {}
        }
        let end = self.at;
        // Blanks, comments and continued lines may stand around the `=`.
        if self.equals_follows() {
            let begin = start;
            self.not_a_keyword(start);
            self.node_space(depth);
            if self.hopeless {
                return false;
            }
            self.at += 1;
            self.node_space(depth);
            if self.hopeless {
                return false;
            }
            if self.peek() == Some('(') {
                self.annotation();
            }
            let start = self.at;
            let bare = !matches!(self.peek(), Some('"' | '#'));
            let name = Some((begin, end));
            return match self.string(depth) {
                Word::Good => {
                    let value = self.decoded(start, self.at).map(Value::Text);
                    (!bare || self.bare_value(start, self.at)) && self.keep_entry(name, value, begin, is_dropped)
                }
                Word::Hopeless => false,
                Word::No => match self.peek() {
                    None | Some('\n' | '\r' | ';' | '}' | '{') => {
                        self.fault(
                            "unexpected",
                            begin,
                            "a property without a value",
                            Some("write NAME=VALUE, without a space around the `=`"),
                        );
                        self.skip_line(end);
                        false
                    }
                    _ => self.value(start).is_some_and(|value| self.keep_entry(name, Some(value), begin, is_dropped)),
                },
            };
        }
        let value = self.decoded(start, end).map(Value::Text);
        (!was_bare || self.bare_value(start, end)) && self.keep_entry(None, value, start, is_dropped)
    }

    /// Adds the entry that begins at `start` and ends here to the tree. Always true.
    fn keep_entry(
        &mut self,
        name: Option<(usize, usize)>,
        value: Option<Value>,
        start: usize,
        is_dropped: bool,
    ) -> bool {
        if !is_dropped {
            let name = name.map(|(start, end)| self.decoded(start, end));
            self.tree.entry(name, value, Span::new(start, self.at));
        }
        true
    }

    /// Returns true if the `=` of a property comes next, after blanks and comments.
    fn equals_follows(&self) -> bool {
        let mut at = self.at;
        loop {
            let rest = &self.text[at..];
            match rest.chars().next() {
                Some('=') => return true,
                Some(c) if is_blank(c) => at += c.len_utf8(),
                Some('/') if rest.starts_with("/*") => match comment_end(self.bytes, at) {
                    Some(end) => at = end,
                    None => return false,
                },
                Some('\\') => {
                    at += 1;
                    while let Some(c) = self.text[at..].chars().next().filter(|c| is_blank(*c)) {
                        at += c.len_utf8();
                    }
                    if self.bytes[at..].starts_with(b"//") {
                        at += self.text[at..].find(is_newline).unwrap_or(self.text.len() - at);
                    }
                    if !self.text[at..].starts_with(is_newline) {
                        return false;
                    }
                    at += newline_length(self.text, at);
                }
                _ => return false,
            }
        }
    }

    /// A bare word that cannot be a name.
    pub(super) fn not_a_keyword(&mut self, start: usize) {
        let word = &self.text[start..self.at];
        if is_keyword(word) {
            let fault = Fault::new("kdl1-keyword", Span::new(start, self.at), format!("`{word}` is not a name"));
            self.keep(fault.help("put such a name in quotes"));
            self.patches.push((Span::new(start, self.at), Bridge::Word));
        }
    }

    /// A bare word in the place of a value: KDL 2 reads it as a string, but for the words that KDL 1 had.
    pub(super) fn bare_value(&mut self, start: usize, end: usize) -> bool {
        let word = &self.text[start..end];
        if matches!(self.peek(), Some('/')) && !self.starts("//") && !self.starts("/*") && !self.starts("/-") {
            return self.bad_word(start);
        }
        if is_keyword(word) {
            let fault = Fault::new(
                "kdl1-keyword",
                Span::new(start, end),
                format!("`{word}` is KDL 1: KDL 2 writes it with a `#`"),
            )
            .help(format!("write #{word}"));
            self.keep(fault);
            self.patches.push((Span::new(start, end), Bridge::Word));
        }
        true
    }

    /// Scans a number or keyword, and everything that is neither. `None` if the rest of the line was given up; what was bridged counts
    /// as `#null`.
    pub(super) fn value(&mut self, start: usize) -> Option<Value> {
        let c = self.peek()?;
        let start = start.max(self.at);
        if c == '#' {
            let word_end = start + 1 + identifier_length(self.text, start + 1);
            let word = &self.text[start..word_end];
            self.at = word_end;
            let keyword = match word {
                "#true" => Some(Value::Bool(true)),
                "#false" => Some(Value::Bool(false)),
                "#null" => Some(Value::Null),
                "#inf" => Some(Value::Float(f64::INFINITY)),
                "#-inf" => Some(Value::Float(f64::NEG_INFINITY)),
                "#nan" => Some(Value::Float(f64::NAN)),
                _ => None,
            };
            if keyword.is_some() {
                return keyword;
            }
            self.fault(
                "unexpected",
                start,
                format!("unknown keyword `{word}`"),
                Some("use #true, #false or #null, or put the text in quotes"),
            );
            self.patches.push((Span::new(start, self.at), Bridge::Word));
            return (!matches!(self.peek(), Some('#' | '"'))).then_some(Value::Null);
        }
        let signed = matches!(c, '+' | '-' | '.');
        if c.is_ascii_digit() || signed {
            let end = start + identifier_length(self.text, start);
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
                return Some(number(word).unwrap_or_else(|(code, message, help)| {
                    self.fault(code, start, message, Some(help));
                    self.patches.push((Span::new(start, end), Bridge::Word));
                    Value::Null
                }));
            }
        }
        if matches!(c, '(' | ')' | '[' | ']' | '=' | ',') || is_newline(c) {
            self.at += c.len_utf8();
            self.fault(
                "unexpected",
                start,
                format!("`{}` is not allowed here", if is_newline(c) { ' ' } else { c }),
                None,
            );
            self.skip_line(start);
            return None;
        }
        self.bad_word(start).then_some(Value::Null)
    }

    pub(super) fn comment_at(&self, at: usize) -> bool {
        ["//", "/*", "/-"].iter().any(|mark| self.bytes[at..].starts_with(mark.as_bytes()))
    }

    /// A bare text that needs quotes: an address, a path.
    pub(super) fn bad_word(&mut self, start: usize) -> bool {
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
            ("bare-address", format!("the address {word} must be in quotes"))
        } else if word.starts_with('/') {
            ("bare-path", format!("the path {word} must be in quotes"))
        } else {
            ("bare-word", format!("`{word}` must be in quotes"))
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

    /// A type annotation, which has no meaning in these files.
    pub(super) fn annotation(&mut self) {
        let start = self.at;
        let mut quoted = false;
        let mut escaped = false;
        let end = self.text[start..].char_indices().find(|(_, c)| {
            let ends = is_newline(*c) || (*c == ')' && !quoted);
            quoted ^= *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let end = end.map_or(self.text.len(), |(at, c)| start + at + usize::from(c == ')'));
        self.at = end;
        self.fault("type-annotation", start, "type annotations are not supported", Some("remove it"));
        while let Some(c) = self.peek().filter(|c| is_blank(*c)) {
            self.at += c.len_utf8();
        }
        self.patches.push((Span::new(start, end), Bridge::Blank));
    }
}
