//! Usage errors: what clap refuses, in the form of every other error of zmgr.

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use zmgr::{Code, Error};

/// Returns the error for arguments that clap refuses, with its best suggestion or a command that helps.
pub fn error(refusal: &clap::Error, root: &clap::Command, words: &[OsString]) -> Error {
    let parts = Parts(refusal);
    let command = command(root, words);
    let help = match (parts.suggestion(&command), parts.synopsis()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, Some(synopsis)) if refusal.kind() == ErrorKind::MissingRequiredArgument => format!("write `{synopsis}`"),
        (None, _) => format!("run `{command} --help`"),
    };
    Error::new(Code::InvalidArgument, parts.message()).with_help(help)
}

/// Returns the words of the command line that name a command, such as `zmgr pool show`.
fn command(root: &clap::Command, words: &[OsString]) -> String {
    let (mut command, mut named) = (root, "zmgr".to_owned());
    for word in words.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--") {
        if let Some(inner) = command.find_subcommand(word) {
            named = format!("{named} {word}");
            command = inner;
        }
    }
    named
}

struct Parts<'a>(&'a clap::Error);

impl Parts<'_> {
    fn message(&self) -> String {
        let text = |kind| self.text(kind).unwrap_or_default();
        let (argument, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
        match self.0.kind() {
            ErrorKind::InvalidSubcommand => format!("unknown command \"{}\"", text(ContextKind::InvalidSubcommand)),
            ErrorKind::UnknownArgument if argument.starts_with('-') => format!("unknown option \"{argument}\""),
            ErrorKind::UnknownArgument => format!("unexpected argument \"{argument}\""),
            ErrorKind::MissingRequiredArgument => format!("missing argument: {argument}"),
            ErrorKind::InvalidValue if value.is_empty() => format!("{argument} needs a value"),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                format!("invalid value \"{value}\" for {argument}: {}", self.reason())
            }
            ErrorKind::ArgumentConflict => match text(ContextKind::PriorArg) {
                other if other == argument => format!("{argument} cannot be given more than once"),
                other => format!("{argument} cannot be used with {other}"),
            },
            // The first line of clap's own text.
            _ => {
                let text = self.0.render().to_string();
                text.lines().next().unwrap_or_default().trim_start_matches("error: ").replace('\'', "\"")
            }
        }
    }

    /// Returns why a value is not accepted.
    fn reason(&self) -> String {
        match (self.0.source(), self.text(ContextKind::ValidValue)) {
            (Some(source), _) => source.to_string(),
            (None, Some(words)) => format!("expected one of {words}"),
            (None, None) => "it is not accepted".to_owned(),
        }
    }

    /// Returns the most similar thing that clap knows, as it is typed.
    fn suggestion(&self, command: &str) -> Option<String> {
        let last = |kind| match self.0.get(kind)? {
            ContextValue::String(word) => Some(word.clone()),
            // The best one is last.
            ContextValue::Strings(words) => words.last().cloned(),
            _ => None,
        };
        if let Some(word) = last(ContextKind::SuggestedSubcommand) {
            return Some(format!("{command} {word}"));
        }
        last(ContextKind::SuggestedArg).or_else(|| last(ContextKind::SuggestedValue))
    }

    /// Returns how the command is used.
    fn synopsis(&self) -> Option<String> {
        let ContextValue::StyledStr(usage) = self.0.get(ContextKind::Usage)? else { return None };
        let usage = usage.to_string();
        let words = usage.trim_start_matches("Usage:").split_whitespace();
        Some(words.collect::<Vec<_>>().join(" "))
    }

    /// Returns a piece of what clap knows of the refusal; several are joined.
    fn text(&self, kind: ContextKind) -> Option<String> {
        match self.0.get(kind)? {
            ContextValue::String(text) => Some(text.clone()),
            ContextValue::Strings(texts) => Some(texts.join(", ")),
            ContextValue::StyledStr(text) => Some(text.to_string()),
            _ => None,
        }
    }
}
