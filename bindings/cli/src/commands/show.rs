//! The commands `list` and `show`.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::Path;

use anstyle::Style;
use clap::Args;
use zmgr::{Drift, Origin, Query, QueryHost, Zone, ZoneSpec, ZoneState, ZoneStatus};

use super::operation::{absent, addresses};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::terminal::{self, HEADING, styled};
use crate::{outline, output, session};

/// Options of `list`.
#[derive(Debug, Args)]
pub struct List {
    /// Include zones of the host that are not in the registry
    #[arg(short, long)]
    all: bool,
    /// List only zones with this tag
    #[arg(long, add = super::completions::tags())]
    tag: Option<String>,
    /// Read only the files, not the host; the status stays empty
    #[arg(long)]
    offline: bool,
}

impl List {
    /// Prints one line or one JSON object per zone.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let mut query = Query::new().unregistered(self.all);
        query.tag = self.tag.clone();
        if self.offline {
            query = query.query_host(QueryHost::Never);
        }
        // Leaked: freeing thousands of zones takes longer than printing them, and the process is about to exit.
        let zones = session::manager(globals)?.zones(&query)?.leak();
        if globals.json {
            output::json_array(zones.iter().map(Zone::to_json))?;
            return Ok(0);
        }
        fn text(value: &Option<String>) -> Cow<'_, str> {
            value.as_deref().unwrap_or_default().into()
        }
        fn row(zone: &Zone) -> [Cow<'_, str>; 6] {
            let name = zone.name.as_str().into();
            let state = zone.state.map_or("", ZoneState::as_str);
            let state = match zone.pending.is_empty() {
                true => state.into(),
                false => format!("{state} (pending)").into(),
            };
            let status = zone.status.map_or("", ZoneStatus::as_str).into();
            [name, state, status, text(&zone.brand), text(&zone.template), addresses(zone).into()]
        }
        let rows = zones.iter().map(row).collect::<Vec<_>>().leak();
        if rows.is_empty() {
            match &self.tag {
                Some(tag) => output::remark(globals, format_args!("no zone has the tag {tag:?}")),
                None => output::remark(globals, "no zones; run `zmgr create NAME` to create one"),
            }
            return Ok(0);
        }
        output::styled_table(["NAME", "STATE", "STATUS", "BRAND", "TEMPLATE", "ADDRESSES"], rows, &|column, word| {
            match column {
                1 | 2 => terminal::of_state(word),
                _ => Style::new(),
            }
        })?;
        unfinished(globals, zones);
        waiting(globals, zones);
        if !globals.quiet {
            if !self.offline && zones.iter().all(|zone| zone.status.is_none()) {
                output::aside("zmgr: the host was not queried: this machine cannot manage zones");
            }
            for fault in zones.iter().filter_map(|zone| zone.fault.as_ref()) {
                output::aside(format_args!("zmgr: {fault}"));
            }
        }
        Ok(0)
    }
}

/// Options of `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Name of the zone
    #[arg(add = super::completions::zones())]
    name: String,
    /// Show the resolved desired state, each value with its file and line
    #[arg(long)]
    effective: bool,
}

impl Show {
    /// Prints one zone.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        if self.effective {
            let spec = manager.effective(&self.name)?.to_json();
            if globals.json {
                output::json(&spec)?
            } else {
                outline::print(&spec, manager.root())?
            }
            return Ok(0);
        }
        let zone = manager.zone(&self.name).map_err(|error| absent(&manager, &self.name, error))?;
        if globals.json {
            output::json(&zone.to_json())?;
        } else {
            // An error in the zone's files is printed with the zone.
            output::text(&in_words(&zone, manager.effective(&self.name).ok().as_ref()))?;
            if let Ok(spec) = manager.effective(&self.name) {
                output::line("")?;
                outline::print(&spec.to_json(), manager.root())?;
            }
            match (&zone.status, manager.diff(&[&self.name])) {
                (Some(_), Ok(drift)) => differences(&drift, manager.root())?,
                // Without a host there is nothing to compare with.
                (None, _) if !globals.quiet => {
                    output::aside("zmgr: the host was not queried: this machine cannot manage zones");
                }
                _ => {}
            }
            unfinished(globals, std::slice::from_ref(&zone));
        }
        Ok(0)
    }
}

/// Prints the settings that the zone does not have on the host as the files say.
fn differences(drift: &Drift, tree: &Path) -> Result<(), Failure> {
    let groups = drift.groups();
    if !groups.is_empty() {
        output::line(format_args!("\n{}", styled(HEADING, "ON THE HOST, AND WHAT THE FILES SAY")))?;
    }
    for group in groups {
        let words = output::below(&group.to_string(), tree);
        let words = words.split_once(": ").map_or(words.as_str(), |(_, words)| words);
        output::prose(&format!("{words}\n"), 2)?;
    }
    Ok(())
}

/// Prints what to do about zones with an unfinished operation.
fn unfinished(globals: &Globals, zones: &[Zone]) {
    let half_way =
        |zone: &&Zone| matches!(zone.state, Some(ZoneState::Creating | ZoneState::Destroying | ZoneState::Failed));
    remark(
        globals,
        zones.iter().filter(half_way),
        |name| format!("{name} has an unfinished operation; run `zmgr recover {name}` unless it is still running"),
        |n, _| format!("{n} zones have unfinished operations; run `zmgr recover` unless they are still running"),
    );
}

/// Prints which zones have changes that take effect at their next boot.
fn waiting(globals: &Globals, zones: &[Zone]) {
    remark(
        globals,
        zones.iter().filter(|zone| !zone.pending.is_empty()),
        |name| format!("{name} has changes pending until its next reboot; run `zmgr reboot {name}`"),
        |n, names| format!("{n} zones have changes pending until their next reboot: {names}"),
    );
}

fn remark<'z>(
    globals: &Globals,
    zones: impl Iterator<Item = &'z Zone>,
    one: impl Fn(&str) -> String,
    many: impl Fn(usize, String) -> String,
) {
    match zones.map(|zone| zone.name.as_str()).collect::<Vec<_>>().as_slice() {
        [] => {}
        [name] => output::remark(globals, one(name)),
        names => output::remark(globals, many(names.len(), names.join(", "))),
    }
}

fn in_words(zone: &Zone, spec: Option<&ZoneSpec>) -> String {
    let mut text = String::new();
    let mut say = |key: &str, value: &str| {
        if !value.is_empty() {
            text += &format!("{} {value}\n", styled(HEADING, format!("{key:<10}")));
        }
    };
    say("name", &zone.name);
    let known = [
        ("state", zone.state.map(ZoneState::as_str)),
        ("status", zone.status.map(ZoneStatus::as_str)),
        ("brand", zone.brand.as_deref()),
        ("template", zone.template.as_deref()),
        ("zonepath", zone.zonepath.as_deref()),
        ("uuid", zone.uuid.as_deref()),
        ("id", zone.id.as_deref()),
        ("created", zone.created.as_deref()),
        ("origin", zone.origin.map(Origin::as_str)),
    ];
    for (key, value) in known {
        say(key, value.unwrap_or_default());
    }
    say("autoboot", zone.autoboot.map_or("", |yes| if yes { "yes" } else { "no" }));
    say("tags", &zone.tags.join(", "));
    for (name, value) in &zone.attrs {
        say("attr", &format!("{name}={value}"));
    }
    for net in &zone.nets {
        let link = match (&net.vnic, &net.physical) {
            (Some(vnic), _) => format!(" on {vnic} over {}", net.stub.as_deref().unwrap_or("?")),
            (None, Some(physical)) => format!(" on {physical}"),
            (None, None) => String::new(),
        };
        let vlan = net.vlan.map_or_else(String::new, |vlan| format!(" vlan {vlan}"));
        let mac = net.mac.as_ref().map_or_else(String::new, |mac| format!(" mac {mac}"));
        say("net", &format!("{}{link}{vlan}{mac}", net.name));
        for address in &net.addresses {
            let gateway = address.gateway.map_or_else(String::new, |gateway| format!(" via {gateway}"));
            let up = match &zone.up {
                Some(up) if up.contains(&address.address.addr()) => " (up)",
                Some(_) => " (not up)",
                None => "",
            };
            say("", &format!("{}{gateway}{up}", address.address));
        }
    }
    let own =
        |address: &IpAddr| zone.nets.iter().any(|net| net.addresses.iter().any(|own| own.address.addr() == *address));
    for address in zone.up.iter().flatten().filter(|address| !own(address)) {
        say("also up", &address.to_string());
    }
    for (key, value) in spec.into_iter().flat_map(settled) {
        say(key, &value);
    }
    if !zone.pending.is_empty() {
        say("pending", &format!("{} (until the next reboot)", zone.pending.join(", ")));
    }
    if let Some(fault) = &zone.fault {
        say("fault", &fault.to_string());
    }
    text
}

/// Returns the settings that zmgr writes into the zone before its first boot.
fn settled(spec: &ZoneSpec) -> Vec<(&'static str, String)> {
    let text = |value: &Option<zmgr::Sourced<String>>| value.as_ref().map(|it| it.value.clone()).unwrap_or_default();
    let resolvers: Vec<String> = spec.resolvers.value.iter().map(ToString::to_string).collect();
    let publishers: Vec<&str> = spec.install.publishers.iter().map(|name| name.as_str()).collect();
    let keys = spec.setup.ssh_keys.as_ref().map(|keys| keys.value.join(", ")).unwrap_or_default();
    vec![
        ("hostname", text(&spec.setup.hostname)),
        ("timezone", text(&spec.setup.timezone)),
        ("resolvers", resolvers.join(", ")),
        ("domain", text(&spec.dns_domain)),
        ("ssh-keys", keys),
        ("publishers", publishers.join(", ")),
    ]
}
