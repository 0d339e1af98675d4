//! Strings: bare, quoted, raw, over several lines.

use super::{Bridge, Scanner, Span};
use crate::kdl_util::chars::{identifier_length, is_blank, is_identifier, is_newline, is_plain, newline_length};

/// Result of scanning for a string.
pub(super) enum Word {
    Good,
    /// None stands here.
    No,
    /// A string begins here, and the rest of its line was skipped.
    Hopeless,
}

impl Scanner<'_> {
    /// An identifier, quoted or raw string.
    pub(super) fn string(&mut self, depth: usize) -> Word {
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
                let end = start + identifier_length(self.text, start);
                let word = &self.text[start..end];
                let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
                let unsigned = unsigned.strip_prefix('.').unwrap_or(unsigned);
                if unsigned.starts_with(|c: char| c.is_ascii_digit()) {
                    return Word::No;
                }
                self.at = end;
                if word == "r" && self.is_raw_of_kdl1(end) {
                    return self.raw_of_kdl1(start);
                }
                Word::Good
            }
            _ => Word::No,
        }
    }

    /// Returns true if an `r` is followed by the rest of a raw string of KDL 1: `r"…"`, `r#"…"#`.
    fn is_raw_of_kdl1(&self, at: usize) -> bool {
        let hashes = self.bytes[at..].iter().take_while(|b| **b == b'#').count();
        self.bytes.get(at + hashes) == Some(&b'"')
    }

    /// A raw string of KDL 1, which is passed as a whole.
    fn raw_of_kdl1(&mut self, start: usize) -> Word {
        let hashes = self.bytes[self.at..].iter().take_while(|b| **b == b'#').count();
        let close = format!("\"{}", "#".repeat(hashes));
        self.at += hashes + 1;
        let end = self.text[self.at..].find(&close).map(|n| self.at + n + close.len());
        let Some(end) = end else {
            self.fault(
                "unclosed-string",
                start,
                "this raw string is never closed",
                Some("raw strings of KDL 2: #\"…\"#"),
            );
            self.hopeless = true;
            return Word::Hopeless;
        };
        self.at = end;
        let message = "`r\"…\"` is KDL 1: raw strings of KDL 2 have no `r`, and at least one `#`";
        let inner = &self.text[start + 1 + hashes..end - hashes];
        let fence = "#".repeat(hashes.max(1));
        let help = if inner.len() < 80 && !inner.contains(is_newline) {
            format!("write {fence}{inner}{fence}")
        } else {
            "write #\"…\"#".to_owned()
        };
        self.fault("kdl1-raw-string", start, message, Some(&help));
        self.patches.push((Span::new(start, end), Bridge::Word));
        Word::Good
    }

    /// Returns the string that stands between these places; `None` if its lines are not indented as they must be.
    pub(super) fn decoded(&self, start: usize, end: usize) -> Option<String> {
        let text = &self.text[start..end];
        let hashes = text.bytes().take_while(|b| *b == b'#').count();
        let Some(quoted) = text[hashes..].strip_prefix('"') else { return Some(text.to_owned()) };
        let inner = &quoted[..quoted.len() - 1 - hashes];
        let has_escapes = hashes == 0 && inner.contains('\\');
        match inner.strip_prefix("\"\"") {
            Some(lines) if lines.len() >= 2 => dedented(&lines[..lines.len() - 2], has_escapes),
            _ if has_escapes => Some(unescaped(inner)),
            _ => Some(inner.to_owned()),
        }
    }

    /// A string must be followed by something that ends it.
    pub(super) fn string_end(&mut self, good: bool, depth: usize, start: usize) -> Word {
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

    pub(super) fn quoted(&mut self, start: usize) -> bool {
        self.at = start + 1;
        loop {
            self.at += self.bytes[self.at..].iter().take_while(|b| is_plain(**b)).count();
            let Some(c) = self.peek() else { break };
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
    pub(super) fn escape(&mut self) -> bool {
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
                    format!("`\\{shown}` is not an escape"),
                    Some("write \\\\ for a backslash, or a raw string: #\"…\"#"),
                );
                self.skip_line(start);
                false
            }
        }
    }

    pub(super) fn raw(&mut self, start: usize, hashes: usize) -> bool {
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

    pub(super) fn multi_line(&mut self, start: usize, hashes: usize) -> bool {
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
}

/// Returns the text that a quoted string stands for. Its escapes are well formed.
fn unescaped(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else { break };
        let plain = match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            's' => ' ',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let (digits, after) = rest[1..].trim_start_matches('{').split_once('}').unwrap_or_default();
                text.extend(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32));
                rest = after;
                continue;
            }
            _ if is_blank(c) || is_newline(c) => {
                rest = rest.trim_start_matches(|c| is_blank(c) || is_newline(c));
                continue;
            }
            _ => c,
        };
        text.push(plain);
        rest = &rest[c.len_utf8()..];
    }
    text.push_str(rest);
    text
}

/// Returns the text of a string of several lines: without the indentation of its last line, which has nothing else.
fn dedented(inner: &str, has_escapes: bool) -> Option<String> {
    let joined = has_escapes.then(|| without_escaped_blanks(inner));
    let mut lines: Vec<&str> = lines(joined.as_deref().unwrap_or(inner)).collect();
    let (indentation, first) = (lines.pop()?, lines.first()?);
    if !first.is_empty() || !indentation.chars().all(is_blank) {
        return None;
    }
    let mut text = String::with_capacity(inner.len());
    for (n, line) in lines[1..].iter().enumerate() {
        if n > 0 {
            text.push('\n');
        }
        if line.chars().all(is_blank) {
            continue;
        }
        let line = line.strip_prefix(indentation)?;
        if has_escapes { text.push_str(&unescaped(line)) } else { text.push_str(line) }
    }
    Some(text)
}

/// Splits a text at its newlines, of which CR LF is one.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(is_newline) else { return rest.take() };
        rest = Some(&text[at + newline_length(text, at)..]);
        Some(&text[..at])
    })
}

/// Leaves out each `\` with the blanks and newlines after it, which is done before lines are told apart.
fn without_escaped_blanks(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        let after = &rest[at + 1..];
        if after.starts_with(|c| is_blank(c) || is_newline(c)) {
            text.push_str(&rest[..at]);
            rest = after.trim_start_matches(|c| is_blank(c) || is_newline(c));
        } else {
            let escape = after.chars().next().map_or(0, char::len_utf8);
            text.push_str(&rest[..at + 1 + escape]);
            rest = &after[escape..];
        }
    }
    text.push_str(rest);
    text
}
