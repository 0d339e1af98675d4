//! The commands `template`, `publisher` and `explain`.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::Value;
use zmgr::{BrandFact, Code, Error};

use crate::failure::Failure;
use crate::globals::Globals;
use crate::terminal::{HEADING, styled};
use crate::{outline, output, session};

/// The commands of `template` and `publisher`.
#[derive(Debug, Subcommand)]
pub enum Documents {
    /// List names
    List,
    /// Show one, with the source of each value
    Show {
        /// Name to show
        #[arg(add = super::completions::documents())]
        name: String,
    },
}

impl Documents {
    /// Lists or shows templates.
    pub fn templates(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        match self {
            Documents::List => list(globals, manager.templates()?.iter().map(|t| t.to_json()).collect()),
            Documents::Show { name } => show(globals, &manager.template(name)?.to_json(), manager.root()),
        }
    }

    /// Lists or shows publishers.
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

/// Prints what is known of a brand: one table per distribution.
fn brand_facts(globals: &Globals, facts: &[BrandFact]) -> Result<u8, Failure> {
    if globals.json {
        output::json(&serde_json::to_value(facts).unwrap_or_default())?;
        return Ok(0);
    }
    for (n, facts) in facts.chunk_by(|one, next| one.distribution == next.distribution).enumerate() {
        let gap = if n > 0 { "\n" } else { "" };
        let heading = format!("{} on {}", facts[0].brand, facts[0].distribution.as_str());
        output::line(format_args!("{gap}{}", styled(HEADING, heading)))?;
        for fact in facts {
            let words = format!("    {}: {} [{}: {}]\n", fact.operation, fact.behaviour, fact.evidence, fact.source);
            output::prose(&words, 4)?;
        }
    }
    Ok(0)
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Node to explain [default: all nodes]
    #[arg(add = super::completions::nodes())]
    node: Option<String>,
    /// With the node `brand`: the brand whose operations to explain, with their evidence
    #[arg(add = super::completions::brands())]
    brand: Option<String>,
}

impl Explain {
    /// Prints the description of a node, or the whole reference.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let Some(node) = &self.node else {
            output::text(&zmgr::reference())?;
            return Ok(0);
        };
        match (&self.brand, node.as_str()) {
            (Some(brand), "brand") => return brand_facts(globals, &zmgr::explain_brand(brand)?),
            (Some(extra), _) => {
                return Err(Error::new(Code::InvalidArgument, format!("unexpected argument {extra:?}"))
                    .with_help("only `zmgr explain brand` takes a second argument, the name of a brand")
                    .into());
            }
            (None, _) => {}
        }
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
        if node == "brand" {
            output::remark(globals, "run `zmgr explain brand NAME` to see what a brand does, and how zmgr knows");
        }
        Ok(0)
    }
}
