//! The command `init`.

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::globals::Globals;
use crate::{output, session};

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {}

impl Init {
    /// Writes the files that are missing, and prints their paths.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let written = session::manager(globals)?.init()?;
        if globals.json {
            output::json(&written.iter().map(|path| json!(path.to_string_lossy())).collect())?;
        } else {
            for path in written {
                output::line(path.display())?;
            }
        }
        Ok(0)
    }
}
