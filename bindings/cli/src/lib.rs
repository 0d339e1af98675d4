//! The CLI of zmgr, built on its public API. A library, so that the Python package brings the same command: [`run`] is all of it, and
//! not an interface for other programs.

mod args;
mod commands;
mod examples;
mod failure;
mod globals;
mod invocation;
mod outline;
mod output;
mod process;
mod progress;
mod session;
mod terminal;
mod usage;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use zmgr::{Code, Error};

use crate::args::Cli;
use crate::commands::completions;
use crate::failure::Failure;

/// Output of `--version`.
const VERSION: &str = concat!("zmgr ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command line and returns the exit status. Once per process, before it has other threads: changes its handlers of signals.
///
/// - `words`: the name of the program, then its arguments.
/// - `program`: a command that runs this program, to which arguments can be added.
pub fn run(words: Vec<OsString>, program: Vec<OsString>) -> u8 {
    process::clean();
    if std::env::var_os(completions::VARIABLE).is_some() {
        match completions::answer(Cli::command, &words) {
            Ok(true) => return 0,
            Ok(false) => {}
            Err(refusal) => return failure::refused(&refusal, &Cli::command(), &words, false),
        }
    }
    invocation::set(words.clone(), program);
    let status = answer(words);
    // A program that is not Rust's own does not flush at its end.
    let _ = io::stdout().flush();
    status
}

fn answer(words: Vec<OsString>) -> u8 {
    // Answered before clap is set up: scripts ask often, and building the command tree doubles the start-up time.
    if let [_, word] = words.as_slice()
        && (word == "--version" || word == "-V")
    {
        return match output::text(VERSION) {
            Ok(()) => 0,
            Err(failure) => failure.tell(false),
        };
    }
    // Found before parsing, so that a program that asked for JSON also gets usage errors as JSON.
    let json = words.iter().take_while(|word| *word != "--").any(|word| word == "--json");
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(refusal) => return failure::refused(&unknown_command(&words, refusal), &Cli::command(), &words, json),
    };
    match panic::catch_unwind(|| session::log().and_then(|()| cli.command.run(&cli.globals))) {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => failure.tell(cli.globals.json),
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
            Failure::from(Error::new(Code::Internal, format!("bug in zmgr: {text}"))).tell(cli.globals.json)
        }
    }
}

/// Returns the refusal of an unknown command with clap's suggestions, which it makes for `zmgr creat` and not for `zmgr help creat`.
fn unknown_command(words: &[OsString], refusal: clap::Error) -> clap::Error {
    let Some(at) = words.iter().position(|word| word == "help") else { return refusal };
    if refusal.kind() != ErrorKind::InvalidSubcommand {
        return refusal;
    }
    match Cli::try_parse_from(words[..at].iter().chain(&words[at + 1..])) {
        Err(better) if better.kind() == ErrorKind::InvalidSubcommand => better,
        _ => refusal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_of_the_command_line() {
        assert_eq!(Cli::command().render_version(), VERSION);
    }
}
