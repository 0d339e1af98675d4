//! Asking before something is lost.

use std::io::{self, BufRead, IsTerminal, Write};

use super::work::misused;
use crate::failure::Failure;

/// Shows the plan and asks a person; where there is none, nobody has said yes.
pub fn confirmed(what: &str, plan: impl FnOnce() -> Result<String, Failure>) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        let message = format!("{} asks before it acts, and there is no terminal to ask on", what.to_lowercase());
        return Err(misused(message, "give --yes"));
    }
    let plan = plan()?;
    let _ = write!(io::stderr().lock(), "{plan}{what}? [y/N] ");
    let mut answer = String::new();
    // An answer that cannot be read is none.
    let _ = io::stdin().lock().read_line(&mut answer);
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
