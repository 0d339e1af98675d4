//! Prints an error on standard error, as text or JSON, and turns its code into the exit status.

use std::ffi::OsString;
use std::io::Write;

use clap::error::ErrorKind;
use miette::{GraphicalReportHandler, GraphicalTheme};
use zmgr::{Code, Diagnostic, Error};

use crate::terminal::{self, BAD, HEADING, styled};
use crate::usage;

/// An error on its way to standard error.
#[derive(Debug)]
pub struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl Failure {
    /// Prints the error and returns the exit status.
    pub fn tell(&self, json: bool) -> u8 {
        match json {
            true => {
                let _ = writeln!(anstream::stderr().lock(), "{}", self.0.to_json());
            }
            false => self.show(),
        }
        status(self.0.code())
    }

    /// Prints the error as text. If standard error is closed, the exit status still reports the failure.
    pub fn show(&self) {
        let _ = anstream::stderr().lock().write_all(self.words().as_bytes());
    }

    fn words(&self) -> String {
        let error = &self.0;
        let width = terminal::stderr_width();
        let fill = |text: String| terminal::fill(&text, width, 2);
        let help = |help: &str| format!("{} {help}\n", styled(HEADING, "help:"));
        let mut text = fill(format!("{} {}\n", styled(BAD, "zmgr:"), error.message()));
        if let Some(command) = error.command() {
            let stdout = if command.log.is_some() { "output" } else { "stdout" };
            for (stream, lines) in [(stdout, &command.stdout), ("stderr", &command.stderr)] {
                // Lines that the message already contains are not repeated.
                let new = |line: &&str| !line.trim().is_empty() && !error.message().contains(line.trim());
                for line in lines.lines().filter(new) {
                    text += &format!("  {stream}: {line}\n");
                }
            }
            let told = |log: &std::path::Path| error.help().is_some_and(|help| help.contains(&*log.to_string_lossy()));
            if let Some(log) = command.log.as_ref().filter(|log| !told(log)) {
                text += &format!("  log: {}\n", log.display());
            }
        }
        let shown = |detail: &&Diagnostic| detail.snippet.is_some() || !error.message().contains(&detail.message);
        text += &drawn(error.details().iter().filter(shown), width);
        // The rendered diagnostic already includes its help.
        let told = |words: &&str| error.details().iter().filter(shown).any(|one| one.help.as_deref() == Some(*words));
        if let Some(words) = error.help().filter(|words| !told(words)) {
            text += &fill(format!("  {}", help(words)));
        }
        text
    }
}

/// Draws diagnostics, each with the line that it points at, if any, and its help. The one style of diagnostics, wherever they are printed.
pub fn drawn<'a>(findings: impl IntoIterator<Item = &'a Diagnostic>, width: Option<usize>) -> String {
    use miette::Diagnostic as _;
    // `anstream` removes the colours if they are not wanted.
    let mut theme = if width.is_some() { GraphicalTheme::unicode() } else { GraphicalTheme::none() };
    // Words that can be searched for, instead of signs.
    theme.characters.error = "error:".to_owned();
    theme.characters.warning = "warning:".to_owned();
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_context_lines(0);
    let handler = handler.with_width(width.unwrap_or(200));
    let error = Error::new(Code::Config, "").with_details(findings.into_iter().cloned().collect());
    let mut text = String::new();
    for finding in error.related().into_iter().flatten() {
        if handler.render_report(&mut text, finding).is_err() {
            text += &format!("{finding}\n");
        }
    }
    text
}

/// Prints what clap returns instead of arguments: help on standard output, usage errors on standard error.
pub fn refused(refusal: &clap::Error, root: &clap::Command, words: &[OsString], json: bool) -> u8 {
    if !refusal.use_stderr() {
        let _ = refusal.print();
        return 0;
    }
    // A command without its subcommand: clap's text is the command's help.
    if refusal.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && !json {
        let _ = refusal.print();
        return status(Code::InvalidArgument);
    }
    Failure(usage::error(refusal, root, words)).tell(json)
}

fn status(code: Code) -> u8 {
    u8::try_from(code.number()).unwrap_or(1)
}
