//! `init`, `check`, `template`, `publisher`, `explain`: the documents that people write.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zmgr::{Diagnostic, Severity};

use crate::args::Globals;
use crate::failure::Failure;
use crate::terminal::{BAD, HEADING, NOTICE, styled};
use crate::{outline, output, session};

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {}

impl Init {
    /// Writes what is not there yet, and tells which files.
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

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
}

impl Check {
    /// Tells every finding of every document.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        findings(globals, &session::manager(globals)?.check()?, self.strict)
    }
}

/// Prints findings; 3 where one counts.
pub fn findings(globals: &Globals, found: &[Diagnostic], strict: bool) -> Result<u8, Failure> {
    if globals.json {
        output::json(&found.iter().map(Diagnostic::to_json).collect())?;
    } else {
        for finding in found {
            let (style, word) =
                if finding.severity == Severity::Error { (BAD, "error:") } else { (NOTICE, "warning:") };
            output::prose(&format!("{} {finding}\n", styled(style, word)), 2)?;
            for (name, text) in [("line:", &finding.snippet), ("help:", &finding.help)] {
                if let Some(text) = text {
                    output::prose(&format!("  {} {}\n", styled(HEADING, name), text.trim()), 2)?;
                }
            }
        }
        if found.is_empty() {
            output::remark(globals, "no faults");
        }
    }
    let counts = |finding: &Diagnostic| strict || finding.severity == Severity::Error;
    Ok(if found.iter().any(counts) { 3 } else { 0 })
}

/// The commands of `template` and `publisher`.
#[derive(Debug, Subcommand)]
pub enum Documents {
    /// List their names
    List,
    /// Show one
    Show {
        /// Its name
        name: String,
    },
}

impl Documents {
    /// Templates.
    pub fn templates(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        match self {
            Documents::List => list(globals, manager.templates()?.iter().map(|t| t.to_json()).collect()),
            Documents::Show { name } => show(globals, &manager.template(name)?.to_json(), manager.root()),
        }
    }

    /// Publishers.
    pub fn publishers(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        match self {
            Documents::List => list(globals, manager.publishers()?.iter().map(|p| p.to_json()).collect()),
            Documents::Show { name } => show(globals, &manager.publisher(name)?.to_json(), manager.root()),
        }
    }
}

fn list(globals: &Globals, documents: Vec<Value>) -> Result<u8, Failure> {
    if globals.json {
        output::json(&Value::Array(documents))?;
    } else {
        for document in documents {
            output::line(document["name"].as_str().unwrap_or_default())?;
        }
    }
    Ok(0)
}

fn show(globals: &Globals, document: &Value, tree: &Path) -> Result<u8, Failure> {
    if globals.json {
        output::json(document)?
    } else {
        outline::print(document, tree)?
    }
    Ok(0)
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The node [default: all of them, as a page]
    node: Option<String>,
}

impl Explain {
    /// What a node means, and how it is written.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let Some(node) = &self.node else {
            output::text(&zmgr::reference())?;
            return Ok(0);
        };
        let found = zmgr::explain(node)?;
        if globals.json {
            output::json(&serde_json::to_value(&found).unwrap_or_default())?;
            return Ok(0);
        }
        for (n, node) in found.iter().enumerate() {
            let words = node.to_string();
            let (usage, rest) = words.split_once('\n').unwrap_or((&words, ""));
            let gap = if n > 0 { "\n" } else { "" };
            output::prose(&format!("{gap}{}\n{rest}", styled(HEADING, usage)), 4)?;
        }
        Ok(0)
    }
}
