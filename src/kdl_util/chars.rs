//! Characters of KDL 2 and what they begin.

/// Words that KDL 2 does not take bare, since KDL 1 gave them a meaning.
pub(super) fn is_keyword(word: &str) -> bool {
    matches!(word, "true" | "false" | "null" | "inf" | "-inf" | "nan")
}

pub(super) fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

pub(super) fn is_identifier(c: char) -> bool {
    !is_blank(c)
        && !is_newline(c)
        && !matches!(c, '\\' | '/' | '(' | ')' | '{' | '}' | ';' | '[' | ']' | '"' | '#' | '=')
}

/// Returns the number of bytes of the identifier that begins at this place.
pub(super) fn identifier_length(text: &str, start: usize) -> usize {
    let bytes = &text.as_bytes()[start..];
    let quick = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let length = bytes.iter().position(|b| !quick(b)).unwrap_or(bytes.len());
    let rest = &text[start + length..];
    length + rest.find(|c: char| !is_identifier(c)).unwrap_or(rest.len())
}

/// Returns true if a byte of a string is a character without a special meaning.
pub(super) fn is_plain(b: u8) -> bool {
    matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\')
}

/// Returns the end of the line that this place is on, before its newline.
pub(super) fn line_end(text: &str, start: usize) -> usize {
    let bytes = &text.as_bytes()[start..];
    let length = bytes.iter().position(|b| !matches!(b, b'\t' | b' '..=b'~')).unwrap_or(bytes.len());
    let rest = &text[start + length..];
    start + length + rest.find(is_newline).unwrap_or(rest.len())
}

/// The length of the newline at this place; CR LF is one.
pub(super) fn newline_length(text: &str, at: usize) -> usize {
    if text[at..].starts_with("\r\n") { 2 } else { text[at..].chars().next().map_or(0, char::len_utf8) }
}

/// The end of a comment that begins with `/*`, if it has one; such comments nest.
pub(super) fn comment_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0usize);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    None
}
