//! `init`: the first tree.

use clap::Args;
use serde_json::{Value, json};

use crate::args::Globals;
use crate::failure::Failure;
use crate::{output, session};

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {}

impl Init {
    /// Writes what is not there yet, and tells which files.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let written = session::manager(globals)?.init()?;
        if globals.json {
            output::json(&Value::Array(written.iter().map(|path| json!(path.to_string_lossy())).collect()))?;
        } else {
            for path in written {
                output::line(path.display())?;
            }
        }
        Ok(0)
    }
}
