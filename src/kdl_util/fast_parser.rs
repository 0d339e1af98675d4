//! The quick way from text to nodes, for texts as zmgr and most people write them.
//!
//! Invariant: what it reads, the parser reads too and in the same way, places included; what it does not know for certain it
//! leaves to the parser. It goes no deeper than [`MAX_DEPTH`], so it needs no stack of its own.

use std::collections::HashSet;

use super::scan::is_keyword;
use super::{Entry, MAX_BYTES, MAX_DEPTH, Node, Span, Value};

/// The nodes of a plain text; `None` where the parser has to look.
///
/// Plain is: printable ASCII, tabs and `\n`; bare names; strings on one line with the escapes `\" \\ \n \r \t`; whole numbers in
/// decimal, `#true`, `#false`, `#null`; properties without blanks around `=`; comments from `//` to the end of the line.
pub(super) fn nodes(text: &str) -> Option<Vec<Node>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    let nodes = reader.nodes(0)?;
    (reader.at == text.len()).then_some(nodes)
}

/// Properties that are compared with each other one by one.
const LINEAR_MAX: usize = 16;

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// How a node ends.
enum End {
    /// A newline or `;`, which is passed.
    Terminated,
    /// The brace of the block that it is in, or the end of the text.
    Closed,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Nodes up to the end of the block or text.
    fn nodes(&mut self, depth: usize) -> Option<Vec<Node>> {
        let mut nodes = Vec::new();
        loop {
            self.lines(depth)?;
            match self.peek() {
                None => return (depth == 0).then_some(nodes),
                Some(b'}') => return (depth > 0).then_some(nodes),
                Some(_) => {}
            }
            let (node, end) = self.node(depth)?;
            nodes.push(node);
            if let End::Closed = end {
                let closed = if depth > 0 { self.peek() == Some(b'}') } else { self.peek().is_none() };
                return closed.then_some(nodes);
            }
        }
    }

    fn node(&mut self, depth: usize) -> Option<(Node, End)> {
        let (name, name_span) = self.name()?;
        let mut node = Node { name_span, head_end: name_span.end, span: name_span, ..Node::new(name) };
        let mut names = HashSet::new();
        loop {
            let blanks = self.blanks();
            match self.peek() {
                Some(b'{') if blanks && node.children.is_none() => {
                    if depth >= MAX_DEPTH {
                        return None;
                    }
                    let open = self.at;
                    self.at += 1;
                    node.children = Some(self.nodes(depth + 1)?);
                    self.at += 1;
                    node.braces = Some(Span::new(open, self.at));
                    node.span.end = self.at;
                }
                Some(b'\n' | b';') => {
                    self.at += 1;
                    return Some((node, End::Terminated));
                }
                Some(b'/') => {
                    self.comment(depth)?;
                    return Some((node, End::Terminated));
                }
                None | Some(b'}') => return Some((node, End::Closed)),
                Some(_) if blanks && node.children.is_none() => {
                    let entry = self.entry(depth)?;
                    if let Some(name) = &entry.name {
                        // Few are compared one by one, which is faster than a set.
                        if names.is_empty() && node.entries.len() >= LINEAR_MAX {
                            names.extend(node.entries.iter().filter_map(|entry| entry.name.clone()));
                        }
                        let new =
                            if names.is_empty() { node.property(name).is_none() } else { names.insert(name.clone()) };
                        if !new {
                            return None;
                        }
                    }
                    (node.head_end, node.span.end) = (entry.span.end, entry.span.end);
                    node.entries.push(entry);
                }
                Some(_) => return None,
            }
        }
    }

    fn entry(&mut self, depth: usize) -> Option<Entry> {
        let start = self.at;
        if !matches!(self.peek()?, b'a'..=b'z' | b'A'..=b'Z' | b'_') {
            let value = self.value(depth)?;
            return Some(Entry { name: None, value, span: Span::new(start, self.at) });
        }
        let (name, span) = self.name()?;
        let name = name.to_owned();
        if self.peek() != Some(b'=') {
            return Some(Entry { name: None, value: Value::Text(name), span });
        }
        self.at += 1;
        let value = self.value(depth)?;
        Some(Entry { name: Some(name), value, span: Span::new(start, self.at) })
    }

    /// A value that something follows which ends it.
    fn value(&mut self, depth: usize) -> Option<Value> {
        let value = match self.peek()? {
            b'"' => self.string(depth)?,
            b'#' => self.keyword()?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return None,
        };
        self.ends().then_some(value)
    }

    /// Whether a word ends here.
    fn ends(&self) -> bool {
        matches!(self.peek(), None | Some(b' ' | b'\t' | b'\n' | b';' | b'}'))
    }

    fn name(&mut self) -> Option<(&'_ str, Span)> {
        let start = self.at;
        let long = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let length = self.bytes[start..].iter().position(|b| !long(b)).unwrap_or(self.bytes.len() - start);
        self.at += length;
        let name = &self.text[start..self.at];
        let ends = self.ends() || self.peek() == Some(b'=');
        let bare = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (ends && bare && !is_keyword(name)).then_some((name, Span::new(start, self.at)))
    }

    fn string(&mut self, depth: usize) -> Option<Value> {
        let start = self.at + 1;
        let mut text = String::new();
        let (mut copied, mut at) = (start, start);
        let mut braces = depth;
        loop {
            match self.bytes.get(at)? {
                b'"' => break,
                b'\\' => {
                    text.push_str(&self.text[copied..at]);
                    text.push(match self.bytes.get(at + 1)? {
                        b'"' => '"',
                        b'\\' => '\\',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        _ => return None,
                    });
                    at += 2;
                    copied = at;
                    continue;
                }
                b'{' => braces += 1,
                b' '..=b'~' | b'\t' => {}
                _ => return None,
            }
            at += 1;
        }
        if braces > MAX_DEPTH {
            return None;
        }
        text.push_str(&self.text[copied..at]);
        self.at = at + 1;
        Some(Value::Text(text))
    }

    fn keyword(&mut self) -> Option<Value> {
        for (word, value) in [("#true", Value::Bool(true)), ("#false", Value::Bool(false)), ("#null", Value::Null)] {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Some(value);
            }
        }
        None
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let digits = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let leading_zero = digits > 1 && self.peek() == Some(b'0');
        self.at += digits;
        if leading_zero || digits > 18 {
            return None;
        }
        self.text[start..self.at].parse().ok().map(Value::Int)
    }

    /// Blanks within a line. Whether there were any.
    fn blanks(&mut self) -> bool {
        let blanks = self.bytes[self.at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.at += blanks;
        blanks > 0
    }

    /// What may stand between nodes: blanks, ends of lines, comments.
    fn lines(&mut self, depth: usize) -> Option<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n') => self.at += 1,
                Some(b'/') => self.comment(depth)?,
                _ => return Some(()),
            }
        }
    }

    /// A comment and the end of its line.
    fn comment(&mut self, depth: usize) -> Option<()> {
        if !self.bytes[self.at..].starts_with(b"//") {
            return None;
        }
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let comment = &rest[..length];
        let braces = comment.iter().filter(|b| **b == b'{').count();
        if depth + braces > MAX_DEPTH || comment.iter().any(|b| !matches!(b, b' '..=b'~' | b'\t')) {
            return None;
        }
        self.at += (length + 1).min(rest.len());
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::parse_with_kdl;
    use super::*;
    use proptest::prelude::*;

    /// What it reads, the parser reads so too.
    fn agrees(text: &str) -> Result<bool, TestCaseError> {
        let Some(nodes) = nodes(text) else { return Ok(false) };
        let parsed = parse_with_kdl(text.as_bytes());
        prop_assert!(parsed.faults.is_empty(), "{:?} {:?}", text, parsed.faults);
        prop_assert_eq!(parsed.nodes, Some(nodes), "{:?}", text);
        Ok(true)
    }

    #[test]
    fn what_zmgr_writes_is_plain() {
        let text = "// of ops { }\nzone \"web01\" {\n    format 1\n    state \"creating\" step=\"install\" undo=#true\n    net \"a\" { vnic \"a_0\"; mtu -1 } // c\n\n\tx-note _a \"\" k.1=\"\\\\ \\\" { {zone}_{index}\" #null {}\n}\n  last";
        assert!(agrees(text).unwrap());
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_parser() {
        for text in [
            "a \"\"\"\nx\n\"\"\"",
            "a \"\"\"x\"\"\"",
            "a #\"x\"#",
            "a /* */ 1",
            "/- a",
            "a /- 1",
            "a\\\n 1",
            "a 1.5",
            "a 0x1",
            "a 1_0",
            "a 010",
            "a true",
            "true",
            "a k = 1",
            "a k=1 k=2",
            "a{}",
            "a {}b",
            "a {} {}",
            "a {} 1",
            "a \"x\"y",
            "a 1\"x\"",
            "a b\"x\"",
            "(t)a",
            "a (t)1",
            "a \"\\u{41}\"",
            "a \"\\s\"",
            "a \"é\"",
            "// é",
            "a\r\n",
            "\u{feff}a",
            ";",
            "a;;",
            "a }",
            "a {",
            "1a",
            "a -",
            "a -b",
            "a +1",
            "a 1a",
            "a k=",
            "a k=b",
            "a k",
            "a .1",
            "-a",
            "a #truex",
            "a 10.0.0.1",
            "a = 1",
            "\"a\" 1",
            "a 1234567890123456789",
            "a -0",
            "a 1//c",
            "a//c",
            "a 1{}",
            "a k{}",
            "a \"x\"{}",
            "a \"x",
            "a \"x\ny\"",
            "a \t ; b",
            "a {};b",
            "a {} ;b",
            "a {} // c\nb",
            "a { b }",
            "a {b;}\n",
            "a # b",
            "a / b",
            "a//",
            "a 1 //",
            "nan",
            "a nan",
            "a inf",
            "a -inf",
            "a k=nan",
            "a null=1",
        ] {
            agrees(text).unwrap();
        }
        let deep = |n: usize| format!("{}{}", "a {\n".repeat(n), "}\n".repeat(n));
        assert!(agrees(&deep(MAX_DEPTH)).unwrap());
        assert!(!agrees(&deep(MAX_DEPTH + 1)).unwrap());
        for n in [15, 16, 17] {
            let open = "{".repeat(n);
            for text in [
                format!("a \"{open}\""),
                format!("// {open}"),
                format!("a {{ b \"{open}\" }}"),
                format!("a {{ b // {open}\n }}"),
            ] {
                agrees(&text).unwrap();
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn as_the_parser_reads_it(pieces in proptest::collection::vec(prop_oneof![
            6 => Just(" "), 4 => Just("\n"), 4 => Just("a"), 2 => Just("net"), 2 => Just(" {"), 3 => Just("}"), 2 => Just(";"), 2 => Just("k="), 2 => Just("\"x\""),
            2 => Just("\"{a}\\n\\\\\""), 2 => Just("1"), 1 => Just("-20"), 1 => Just("#true"), 1 => Just("#null"), 1 => Just("// c { \n"), 1 => Just("\t"), 1 => Just("\""),
            1 => Just("\\"), 1 => Just("/-"), 1 => Just("/*"), 1 => Just("-"), 1 => Just("."), 1 => Just("0"), 1 => Just("="), 1 => Just("#"), 1 => Just("true"),
            1 => Just("\r\n"), 1 => Just("é"), 1 => Just("{"),
        ], 0..24)) {
            agrees(&pieces.concat())?;
        }

        #[test]
        fn nodes_of_every_shape(lines in proptest::collection::vec((0usize..3, prop_oneof![
            Just("a 1"), Just("net \"x\" k=\"y\" m=2"), Just("word bare #false"), Just("// c"), Just(""), Just("b {}"), Just("c { d; e 1 }"), Just("f \"\\\"\" ; g")
        ], prop_oneof![Just("\n"), Just(" \n"), Just(";"), Just(" // c\n")]), 0..12)) {
            let mut text = String::new();
            let mut depth = 0;
            for (deeper, line, end) in lines {
                match deeper {
                    1 if depth < 5 => { text.push_str(&format!("{}n \"{depth}\" {{ // in\n", "  ".repeat(depth))); depth += 1; }
                    2 if depth > 0 => { depth -= 1; text.push_str(&format!("{}}}\n", "  ".repeat(depth))); }
                    _ => {}
                }
                text.push_str(&"  ".repeat(depth));
                text.push_str(line);
                text.push_str(end);
            }
            text.push_str(&"}\n".repeat(depth));
            agrees(&text)?;
        }
    }
}
