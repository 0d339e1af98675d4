//! Asking before something is lost.

use std::io::{self, BufRead, IsTerminal, Write};

use super::work::misused;
use crate::failure::Failure;
use crate::output;

/// Shows the plan and asks a person to type what is to go: the name of the zone, or how many zones there are. Fails with
/// `invalid-argument` where the answer is another, or where there is nobody to ask.
pub fn confirm(what: &str, names: &[String], plan: impl FnOnce() -> Result<String, Failure>) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        let message = format!("{what} asks before it acts, and there is no terminal to ask on");
        return Err(misused(message, "give --yes"));
    }
    output::aside(plan()?.trim_end());
    let (ask, expected) = match names {
        [name] => (format!("Type the zone's name to {what} it: "), name.clone()),
        names => (format!("Type how many zones there are to {what} them: "), names.len().to_string()),
    };
    let _ = write!(io::stderr().lock(), "{ask}").and_then(|()| io::stderr().flush());
    let mut answer = String::new();
    // An answer that cannot be read is none.
    let _ = io::stdin().lock().read_line(&mut answer);
    if answer.trim() == expected {
        return Ok(());
    }
    Err(misused(
        format!("nothing was done: the answer was not {expected}"),
        "type it as it stands there, or give --yes",
    ))
}
