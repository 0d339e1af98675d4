//! Arguments and properties: values, and what people write in their place.

use super::chars::{is_blank, is_identifier, is_keyword, is_newline};
use super::number::number;
use super::strings::Word;
use super::{Bridge, Fault, Scanner, Span};

impl Scanner<'_> {
    /// An argument or property. False where the rest of the line was given up.
    pub(super) fn entry(&mut self, depth: usize) -> bool {
        let start = self.at;
        if self.peek() == Some('(') {
            self.annotation();
        }
        let was_bare = !matches!(self.peek(), Some('"' | '#'));
        match self.string(depth) {
            Word::Hopeless => return false,
            Word::No => return self.value(start),
            Word::Good => {}
        }
        let end = self.at;
        // `name = value`: blanks may stand around the `=`.
        let mut probe = self.at;
        while let Some(c) = self.text[probe..].chars().next().filter(|c| is_blank(*c)) {
            probe += c.len_utf8();
        }
        if self.bytes.get(probe) == Some(&b'=') {
            let begin = start;
            self.not_a_keyword(start);
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
                            begin,
                            "a property without a value",
                            Some("write NAME=VALUE, without a space around the `=`"),
                        );
                        self.skip_line(end);
                        false
                    }
                    _ => self.value(start),
                },
            };
        }
        if was_bare { self.bare_value(start, end) } else { true }
    }

    /// A bare word that cannot be a name.
    pub(super) fn not_a_keyword(&mut self, start: usize) {
        let word = &self.text[start..self.at];
        if is_keyword(word) {
            let fault = Fault::new("kdl1-keyword", Span::new(start, self.at), format!("`{word}` is no name"));
            self.faults.push(fault.help("put names like that in quotes"));
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
            let fault =
                Fault::new("kdl1-keyword", Span::new(start, end), format!("`{word}` was KDL 1; in KDL 2 it has a `#`"))
                    .help(format!("write #{word}"));
            self.faults.push(fault);
            self.patches.push((Span::new(start, end), Bridge::Word));
        }
        true
    }

    /// A number or keyword, and everything that is neither.
    pub(super) fn value(&mut self, start: usize) -> bool {
        let Some(c) = self.peek() else { return false };
        let start = start.max(self.at);
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
    pub(super) fn annotation(&mut self) {
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
}
