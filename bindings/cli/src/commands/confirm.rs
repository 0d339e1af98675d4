//! Confirmation of destructive commands.

use std::io::{self, BufRead, IsTerminal, Write};

use zmgr::Plan;

use super::operation::misused;
use crate::failure::Failure;
use crate::output;

/// Shows the plan and asks the user to type the name of the zone, or the number of zones. Fails with `invalid-argument` if the
/// answer is wrong or if standard input is not a terminal.
pub fn confirm(what: &str, names: &[String], plan: impl FnOnce(&[&str]) -> zmgr::Result<Plan>) -> Result<(), Failure> {
    check_terminal(what)?;
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    output::aside(plan(&all)?.to_string().trim_end());
    let (ask, expected) = match names {
        [name] => (format!("Type the zone's name to {what} it: "), name.clone()),
        names => (format!("Type the number of zones to {what} them: "), names.len().to_string()),
    };
    typed(what, &ask, &expected)
}

/// Fails with `invalid-argument` if standard input is not a terminal.
pub fn check_terminal(what: &str) -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        return Ok(());
    }
    let message = format!("cannot confirm {what}: stdin is not a terminal");
    Err(misused(message, "pass `--yes`"))
}

/// Asks the user to type a text; fails with `invalid-argument` if the answer is another one.
pub fn typed(what: &str, ask: &str, expected: &str) -> Result<(), Failure> {
    let _ = write!(io::stderr().lock(), "{ask}").and_then(|()| io::stderr().flush());
    let mut answer = String::new();
    // An unreadable answer counts as an empty one.
    let _ = io::stdin().lock().read_line(&mut answer);
    if answer.trim() == expected {
        return Ok(());
    }
    Err(misused(
        format!("{what} not confirmed: the answer is not {expected:?}; nothing was changed"),
        "type exactly what the question asks for, or pass `--yes`",
    ))
}
