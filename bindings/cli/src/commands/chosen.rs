//! Which zones a command is about: those named, and those with a tag.

use clap::Args;
use zmgr::{Code, Error, Live, Manager, Query, Result};

/// One zone at least.
#[derive(Debug, Args)]
pub struct Some {
    /// The zones
    #[arg(required_unless_present = "tag", value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Every zone with this tag, too
    #[arg(long)]
    tag: Option<String>,
}

/// All where none is named.
#[derive(Debug, Args)]
pub struct Any {
    /// The zones [default: all]
    #[arg(value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Every zone with this tag, too
    #[arg(long)]
    tag: Option<String>,
}

impl Some {
    /// Their names.
    pub fn names(&self, manager: &Manager) -> Result<Vec<String>> {
        chosen(manager, &self.names, self.tag.as_deref())
    }
}

impl Any {
    /// Their names; none for all.
    pub fn names(&self, manager: &Manager) -> Result<Vec<String>> {
        chosen(manager, &self.names, self.tag.as_deref())
    }
}

fn chosen(manager: &Manager, names: &[String], tag: Option<&str>) -> Result<Vec<String>> {
    let mut names = names.to_vec();
    if let Option::Some(tag) = tag {
        let zones = manager.zones(&Query::new().tag(tag).live(Live::Never))?;
        for zone in zones {
            if !names.contains(&zone.name) {
                names.push(zone.name);
            }
        }
        // Without a name, some commands would take all.
        if names.is_empty() {
            return Err(Error::new(Code::NotFound, format!("no zone has the tag {tag:?}"))
                .with_help("zmgr show NAME tells a zone's tags"));
        }
    }
    Ok(names)
}
