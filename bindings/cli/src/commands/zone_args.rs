//! Arguments that select zones, by name and by tag.

use clap::Args;
use zmgr::{Code, Error, Manager, Query, QueryHost, Result};

/// Selects at least one zone.
#[derive(Debug, Args)]
pub struct ZoneArgs {
    /// Names of the zones
    #[arg(required_unless_present = "tag", value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Also select every zone with this tag
    #[arg(long, add = super::completions::tags())]
    tag: Option<String>,
}

/// Selects at least one zone, or explicitly all.
#[derive(Debug, Args)]
pub struct AnyZoneArgs {
    /// Names of the zones
    #[arg(required_unless_present_any = ["tag", "all"], value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Also select every zone with this tag
    #[arg(long, add = super::completions::tags())]
    tag: Option<String>,
    /// Select every built zone; boot: every one that boots with the host
    #[arg(long, conflicts_with_all = ["names", "tag"])]
    pub all: bool,
    /// Print the commands in their order and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Selects all zones if none is named.
#[derive(Debug, Args)]
pub struct OptionalZoneArgs {
    /// Names of the zones [default: all]
    #[arg(value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
    /// Also select every zone with this tag
    #[arg(long, add = super::completions::tags())]
    tag: Option<String>,
}

impl ZoneArgs {
    /// Returns the names of the zones.
    pub fn names(&self, manager: &Manager) -> Result<Vec<String>> {
        select(manager, &self.names, self.tag.as_deref())
    }
}

impl AnyZoneArgs {
    /// Returns the names of the zones; none with `all`.
    pub fn names(&self, manager: &Manager) -> Result<Vec<String>> {
        select(manager, &self.names, self.tag.as_deref())
    }
}

impl OptionalZoneArgs {
    /// Returns the names of the zones; empty means all.
    pub fn names(&self, manager: &Manager) -> Result<Vec<String>> {
        select(manager, &self.names, self.tag.as_deref())
    }
}

fn select(manager: &Manager, names: &[String], tag: Option<&str>) -> Result<Vec<String>> {
    let mut names = names.to_vec();
    if let Some(tag) = tag {
        let zones = manager.zones(&Query::new().tag(tag).query_host(QueryHost::Never))?;
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
