//! How a failure ends the program: words for a person or JSON on standard error, and the code's number as exit status.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use miette::{GraphicalReportHandler, GraphicalTheme};
use zmgr::{Code, Error};

/// An error on its way to standard error.
#[derive(Debug)]
pub struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl Failure {
    /// Tells of it and gives the exit status.
    pub fn tell(&self, json: bool) -> ExitCode {
        let text = if json { format!("{}\n", self.0.to_json()) } else { self.words() };
        // Where nobody reads standard error there is nobody to tell.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        status(self.0.code())
    }

    fn words(&self) -> String {
        let error = &self.0;
        let mut text = format!("zmgr: {}\n", error.message());
        if let Some(command) = error.command() {
            for (stream, lines) in [("stdout", &command.stdout), ("stderr", &command.stderr)] {
                // What the sentence says already is not said twice.
                let new = |line: &&str| !line.trim().is_empty() && !error.message().contains(line.trim());
                for line in lines.lines().filter(new) {
                    text += &format!("  {stream}: {line}\n");
                }
            }
            if let Some(log) = &command.log {
                text += &format!("  log: {}\n", log.display());
            }
        }
        let in_words =
            |detail: &zmgr::Diagnostic| !error.message().contains(&detail.message) && detail.snippet.is_none();
        for detail in error.details().iter().filter(|detail| in_words(detail)) {
            text += &format!("  {detail}\n");
            if let Some(help) = &detail.help {
                text += &format!("    help: {help}\n");
            }
        }
        text += &documents(error);
        if let Some(help) = error.help() {
            text += &format!("  help: {help}\n");
        }
        text
    }
}

/// The findings that point into documents, drawn.
pub fn documents(error: &Error) -> String {
    use miette::Diagnostic;
    let terminal = std::io::stderr().is_terminal();
    let theme = match (terminal, std::env::var_os("NO_COLOR").is_some()) {
        (true, false) => GraphicalTheme::unicode(),
        (true, true) => GraphicalTheme::unicode_nocolor(),
        (false, _) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_context_lines(0);
    let mut text = String::new();
    for finding in error.related().into_iter().flatten().filter(|finding| finding.source_code().is_some()) {
        if handler.render_report(&mut text, finding).is_err() {
            text += &format!("{finding}\n");
        }
    }
    text
}

/// What clap says of the words it was given: help goes to standard output, refusals to standard error.
pub fn usage(refusal: &clap::Error, json: bool) -> ExitCode {
    if !refusal.use_stderr() {
        let _ = refusal.print();
        return ExitCode::SUCCESS;
    }
    if json {
        let plain = refusal.render().to_string();
        let (message, help) = plain.split_once('\n').unwrap_or((&plain, ""));
        let error = Error::new(Code::InvalidArgument, message.trim_start_matches("error: "));
        return Failure(error.with_help(help.trim())).tell(true);
    }
    let _ = refusal.print();
    status(Code::InvalidArgument)
}

fn status(code: Code) -> ExitCode {
    ExitCode::from(u8::try_from(code.number()).unwrap_or(1))
}
