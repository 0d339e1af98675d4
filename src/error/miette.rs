//! Errors in miette's form: message, help, and each finding with its line.

use std::fmt;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::{Diagnostic, Error, Severity};

/// A finding whose message leaves out the place, which miette draws from the span.
#[derive(Debug)]
pub(super) struct Finding(pub(super) Diagnostic);

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.snippet {
            Some(_) => f.write_str(&self.0.message),
            None => self.0.fmt(f),
        }
    }
}

impl std::error::Error for Finding {}

impl Finding {
    /// Position of the finding in the snippet, in bytes.
    fn within_snippet(&self) -> Option<SourceSpan> {
        let snippet = self.0.snippet.as_deref()?;
        let skipped = self.0.column?.saturating_sub(1);
        let start = snippet.char_indices().nth(skipped).map_or(snippet.len(), |(at, _)| at);
        let length = self.0.span.as_ref().map_or(0, ExactSizeIterator::len).min(snippet.len() - start);
        Some((start, length).into())
    }
}

/// The one line kept in the finding represents the file.
impl SourceCode for Finding {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.0.snippet.as_deref().unwrap_or_default();
        let name = self.0.path.as_ref().map_or_else(String::new, |path| path.display().to_string());
        let line = self.0.line.unwrap_or(1).saturating_sub(1);
        let column = self.0.column.unwrap_or(1).saturating_sub(1);
        Ok(Box::new(MietteSpanContents::new_named(name, text.as_bytes(), (0, text.len()).into(), line, column, 1)))
    }
}

impl miette::Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.0.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.0.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0.snippet.as_ref().map(|_| self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, self.within_snippet()?))))
    }
}

impl miette::Diagnostic for Error {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(Error::code(self)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        // The help of a finding is already shown there.
        let told = |help: &&str| self.details().iter().any(|detail| detail.help.as_deref() == Some(*help));
        Error::help(self).filter(|help| !told(help)).map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let findings = self.0.findings.get_or_init(|| self.details().iter().cloned().map(Finding).collect());
        Some(Box::new(findings.iter().map(|finding| finding as &dyn miette::Diagnostic)))
    }
}
