//! What is wrong with a text, and where.

use std::path::Path;
use std::sync::Arc;

use super::Span;
use crate::error::{Code, Diagnostic, Error};
use crate::source::Source;

/// Something wrong at a place of a text.
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

/// A file's text, with its lines found.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    path: Arc<Path>,
    text: Arc<str>,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Text {
    pub(crate) fn new(path: Arc<Path>, text: Arc<str>) -> Self {
        let lines = std::iter::once(0).chain(memchr_lines(text.as_bytes())).collect();
        Text { path, text, lines }
    }

    pub(crate) fn path(&self) -> &Arc<Path> {
        &self.path
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    /// The line that a place is on.
    pub(crate) fn source(&self, span: Span) -> Source {
        Source::new(self.path.clone(), self.line_of(span.start) as u32)
    }

    /// A fault with its place in words.
    pub(crate) fn diagnostic(&self, fault: Fault) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(fault.code, fault.message).at_path(&*self.path);
        diagnostic.help = fault.help;
        let start = floor_char(&self.text, fault.span.start);
        let end = floor_char(&self.text, fault.span.end.max(start));
        let line = self.line_of(start);
        let begin = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        diagnostic.line = Some(line);
        diagnostic.column = Some(self.text[begin..start].chars().count() + 1);
        diagnostic.span = Some(start..end);
        diagnostic.snippet = Some(snippet(&self.text[begin..]));
        diagnostic
    }

    /// Every fault as one error.
    pub(crate) fn error(&self, mut faults: Vec<Fault>) -> Error {
        faults.sort_by_key(|fault| (fault.span.start, fault.span.end));
        error_of(faults.into_iter().map(|fault| self.diagnostic(fault)).collect())
    }
}

/// One error of all these diagnostics.
pub(crate) fn error_of(diagnostics: Vec<Diagnostic>) -> Error {
    let message = match diagnostics.as_slice() {
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
        [] => "a document is at fault".to_owned(),
    };
    let help = match diagnostics.as_slice() {
        [one] => one.help.clone(),
        _ => None,
    };
    let error = Error::new(Code::Config, message).with_details(diagnostics);
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

fn memchr_lines(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1)
}

fn floor_char(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The first line, at most 200 bytes, with control characters replaced.
pub(crate) fn snippet(text: &str) -> String {
    let line = text.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let cut = &line[..floor_char(line, 200)];
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
