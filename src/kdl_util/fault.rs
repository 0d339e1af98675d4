//! Errors of a text, with their places.

use std::path::Path;
use std::sync::Arc;

use super::Span;
use super::chars::is_newline;
use crate::error::{Code, Diagnostic, Error};
use crate::value::source::Source;

/// Code of a problem that is not the file's: the system refused to start a thread.
pub(super) const NO_THREAD: &str = "no-thread";

/// An error at a place of a text.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) span: Span,
}

impl Fault {
    pub(crate) fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Fault { code, message: message.into(), help: None, span }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Maximum number of reported errors per file; the others are only counted.
pub(crate) const MAX_FAULTS: usize = 100;

/// A file's text with the places of its lines.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    path: Arc<Path>,
    text: Arc<str>,
    /// Start of each line; the first one is after a byte order mark.
    lines: Vec<usize>,
}

impl Text {
    pub(crate) fn new(path: Arc<Path>, text: Arc<str>) -> Self {
        let lines = line_starts(&text);
        Text { path, text, lines }
    }

    pub(crate) fn path(&self) -> &Arc<Path> {
        &self.path
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// Returns the line of a place.
    pub(crate) fn source(&self, span: Span) -> Source {
        Source::new(self.path.clone(), self.line_of(span.start) as u32)
    }

    /// Returns an error with its line and column.
    pub(crate) fn diagnostic(&self, fault: Fault) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(fault.code, fault.message).at_path(&*self.path);
        if let Some(help) = fault.help {
            diagnostic = diagnostic.with_help(help);
        }
        let start = floor_char(&self.text, fault.span.start);
        let end = floor_char(&self.text, fault.span.end.max(start));
        let line = self.line_of(start);
        let begin = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        diagnostic.line = Some(line);
        diagnostic.column = Some(self.text[begin.min(start)..start].trim_start_matches('\u{feff}').chars().count() + 1);
        diagnostic.span = Some(start..end);
        diagnostic.snippet = Some(snippet(&self.text[begin..]));
        diagnostic
    }

    /// Combines these errors, and the number of uncounted ones, into one error.
    pub(crate) fn error(&self, mut faults: Vec<Fault>, more: usize) -> Error {
        faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
        let more = more + faults.len().saturating_sub(MAX_FAULTS);
        faults.truncate(MAX_FAULTS);
        let mut diagnostics: Vec<Diagnostic> = faults.into_iter().map(|fault| self.diagnostic(fault)).collect();
        if more > 0 {
            let message = format!("{more} more problems in this file are not listed");
            diagnostics.push(Diagnostic::new("too-many", message).at_path(&*self.path));
        }
        error_of(diagnostics)
    }
}

/// Combines several diagnostics into one error.
pub(crate) fn error_of(diagnostics: Vec<Diagnostic>) -> Error {
    let message = match diagnostics.as_slice() {
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        [] => "a configuration file is invalid".to_owned(),
    };
    let help = match diagnostics.as_slice() {
        [one] => one.help.clone(),
        _ => None,
    };
    // A text that could not be parsed for lack of a thread is not invalid.
    let code = if diagnostics.iter().any(|one| one.code == NO_THREAD) { Code::Io } else { Code::Config };
    let error = Error::new(code, message).with_details(diagnostics);
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// Returns the starts of lines: after each newline of KDL; CR LF is one.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut lines = vec![if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }];
    let mut at = 0;
    while at < bytes.len() {
        let length = match bytes[at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r' | 0x0b | 0x0c, ..] => 1,
            [0xc2, 0x85, ..] => 2,
            [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
            _ => {
                at += 1;
                continue;
            }
        };
        at += length;
        lines.push(at);
    }
    lines
}

fn floor_char(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Returns the part of a URL that holds a user name or password, as a range of bytes.
pub(crate) fn credentials(url: &str) -> Option<std::ops::Range<usize>> {
    let at = url.rfind('@')?;
    let start = match url.find("://") {
        Some(scheme) => scheme + 3,
        // A URL without a scheme is recognized too; `pkg:/name@version` is not one.
        None if url.starts_with("pkg:") => return None,
        None => 0,
    };
    let rest = url.get(start..at)?;
    // A slash ends the host, and the rest is the path; a slash in a password only looks so.
    let host = &rest[..rest.find('/').unwrap_or(rest.len())];
    let port = host.rsplit_once(':').map(|(_, port)| port);
    let is_password = port.is_some_and(|port| port.bytes().any(|b| !b.is_ascii_digit())) && !host.starts_with('[');
    (host.len() == rest.len() || is_password).then_some(start..at)
}

/// Hides the user name and password of each URL in a line, and keeps its width.
fn without_credentials(line: &str) -> String {
    if !line.contains('@') {
        return line.to_owned();
    }
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | ';' | '{' | '}');
    let hidden = line.split_inclusive(is_end).map(|word| match credentials(word.trim_end_matches(is_end)) {
        Some(secret) if word[..secret.end].contains(':') => {
            let stars = "*".repeat(word[secret.clone()].chars().count());
            format!("{}{stars}{}", &word[..secret.start], &word[secret.end..])
        }
        _ => word.to_owned(),
    });
    hidden.collect()
}

/// A text with the places of its lines, for many lookups.
pub(crate) struct Lines {
    text: String,
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: String) -> Lines {
        Lines { starts: line_starts(&text), text }
    }

    /// Returns this line, counted from 1, as an error shows it.
    pub(crate) fn snippet(&self, line: usize) -> Option<String> {
        self.starts.get(line.saturating_sub(1)).map(|start| snippet(&self.text[*start..]))
    }
}

/// Returns the first line, at most 200 bytes, with control characters replaced and secrets hidden.
fn snippet(text: &str) -> String {
    // Cut first: a file of one long line may have thousands of faults.
    let line = text[..floor_char(text, 200)].split(is_newline).next().unwrap_or_default();
    let cut = without_credentials(line);
    cut.chars()
        .map(|c| {
            if c == '\t' {
                ' '
            } else if c.is_control() {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_and_hidden() {
        for (line, shown) in [
            (r#"origin "https://bob:pw@pkg.example/x""#, r#"origin "https://******@pkg.example/x""#),
            (r#"origin "https://bob@pkg.example/x";"#, r#"origin "https://***@pkg.example/x";"#),
            (r#"origin "https://bob:p/w@pkg.example/x""#, r#"origin "https://*******@pkg.example/x""#),
            (r#"orgin bob:pw@pkg.example"#, r#"orgin ******@pkg.example"#),
        ] {
            assert_eq!(snippet(line), shown);
        }
        for line in [
            r#"origin "https://pkg.example/@x""#,
            r#"origin "http://pkg.example:8080/@x""#,
            r#"origin "http://[2001:db8::1]/@x""#,
            r#"package "pkg://openindiana.org/web/server@1.2""#,
            r#"package "pkg:/web/server@1.2""#,
            r#"attr "owner" "alice@example.org""#,
        ] {
            assert_eq!(snippet(line), line);
        }
    }
}
