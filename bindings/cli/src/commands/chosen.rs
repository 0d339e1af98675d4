//! Arguments that select zones, by name and by tag.

use clap::Args;
use zmgr::{Code, Error, Live, Manager, Query, Result};

/// Selects at least one zone.
#[derive(Debug, Args)]
pub struct Some {
    /// Names of the zones
    #[arg(required_unless_present = "tag", value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Also select every zone with this tag
    #[arg(long)]
    tag: Option<String>,
}

/// Selects all zones if none is named.
#[derive(Debug, Args)]
pub struct Any {
    /// Names of the zones [default: all]
    #[arg(value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Also select every zone with this tag
    #[arg(long)]
    tag: Option<String>,
}

impl Some {
    /// Returns the names of the zones.
    pub fn names(&self, manager: &Manager) -> Result<Vec<String>> {
        chosen(manager, &self.names, self.tag.as_deref())
    }
}

impl Any {
    /// Returns the names of the zones; empty means all.
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
        // An empty list means all zones to some commands.
        if names.is_empty() {
            return Err(Error::new(Code::NotFound, format!("no zone has the tag {tag:?}"))
                .with_help("run `zmgr show NAME` to see the tags of a zone"));
        }
    }
    Ok(names)
}
