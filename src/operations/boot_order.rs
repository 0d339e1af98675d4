//! The order in which zones go up and down, from `after` in their files.
//!
//! Invariant: a zone that waits for itself stops only the zones of that circle and those after them.

use std::collections::BTreeMap;

use super::config_tree::ConfigTree;
use super::context::Context;
use super::entries;
use super::list::{Defaults, dropped};
use super::order::{Cycle, Need, Order, Relation};
use super::view;
use crate::documents::resolve::ZoneSpec;
use crate::documents::zone::Origin;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::registry::{EntryKind, EntrySummary};
use crate::value::name::ZoneName;
use crate::value::source::Source;

/// Boot order of registered zones: the zones that each comes after.
#[derive(Debug, Default)]
pub(crate) struct BootOrder {
    /// Only zones that come after others.
    after: BTreeMap<ZoneName, Vec<ZoneName>>,
}

/// The turns of an operation on several zones, all by their places in the request.
pub(crate) struct Sequence {
    pub(crate) order: Order,
    /// Zones that wait for each other.
    pub(crate) circles: Vec<Vec<usize>>,
    /// True for each zone that another zone of the operation comes after.
    pub(crate) awaited: Vec<bool>,
}

impl BootOrder {
    /// Reads the order of all registered zones from the registry. A file that cannot be read orders nothing.
    pub(crate) fn load(context: &Context, config_tree: &ConfigTree) -> Result<BootOrder> {
        let snapshot = context.registry.snapshot()?;
        let mut defaults = Defaults::new(config_tree);
        let mut after = BTreeMap::new();
        for entry in snapshot.entries().filter(|entry| entry.summary.kind == EntryKind::Zone) {
            let names = of_summary(&entry.summary.to_summary(), &mut defaults);
            if let (false, Ok(name)) = (names.is_empty(), ZoneName::new(entry.summary.name)) {
                after.insert(name, names);
            }
        }
        Ok(BootOrder { after })
    }

    /// Returns the zones that come after others, by name.
    pub(crate) fn zones(&self) -> impl Iterator<Item = &ZoneName> {
        self.after.keys()
    }

    /// Returns the order without these zones, for an operation that removes them.
    pub(crate) fn without(mut self, names: &[ZoneName]) -> BootOrder {
        for name in names {
            self.after.remove(name);
        }
        self
    }

    /// Returns the zones that must be up before this one.
    pub(crate) fn after(&self, zone: &ZoneName) -> &[ZoneName] {
        self.after.get(zone).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the zones that come directly after this one, by name.
    pub(crate) fn followers(&self, zone: &ZoneName) -> impl Iterator<Item = &ZoneName> {
        self.after.iter().filter(move |(name, after)| *name != zone && after.contains(zone)).map(|(name, _)| name)
    }

    /// Returns what removing this zone means for the zones that come after it.
    pub(crate) fn note(&self, zone: &ZoneName) -> Option<String> {
        let names: Vec<&str> = self.followers(zone).map(ZoneName::as_str).collect();
        (!names.is_empty())
            .then(|| format!("zones that boot after {zone} still name it in `after`: {}", names.join(", ")))
    }

    /// Returns the turns of an operation on these zones. `up`: each waits for those that it comes after; otherwise for those that
    /// come after it.
    pub(crate) fn sequence(&self, names: &[ZoneName], up: bool, need: Need) -> Sequence {
        let relation = Relation::of(names, |at| self.after(&names[at]).iter().cloned().map(move |other| (other, need)));
        let mut pairs: Vec<(usize, usize, Need)> = match up {
            true => relation.up().collect(),
            false => relation.down().collect(),
        };
        let mut awaited = vec![false; names.len()];
        for (_, other, _) in relation.pairs() {
            awaited[*other] = true;
        }
        let mut circles = Vec::new();
        loop {
            match Order::new(names.len(), pairs.iter().copied()) {
                Ok(order) => return Sequence { order, circles, awaited },
                Err(Cycle(places)) => {
                    pairs.retain(|(zone, other, _)| !(places.contains(zone) && places.contains(other)));
                    circles.push(places);
                }
            }
        }
    }
}

impl FromIterator<(ZoneName, Vec<ZoneName>)> for BootOrder {
    /// Each zone with those that it comes after.
    fn from_iter<I: IntoIterator<Item = (ZoneName, Vec<ZoneName>)>>(pairs: I) -> BootOrder {
        BootOrder { after: pairs.into_iter().collect() }
    }
}

/// Returns the zones that an entry comes after, with those of its template.
fn of_summary(summary: &EntrySummary, defaults: &mut Defaults<'_>) -> Vec<ZoneName> {
    let imported = summary.origin.as_deref() == Some(Origin::Import.as_str());
    match &summary.after {
        Some(own) => own.iter().filter_map(|name| ZoneName::new(name.as_str()).ok()).collect(),
        None if imported => Vec::new(),
        None => {
            let inherited = defaults.of(summary.template.as_deref()).map(|spec| spec.after.value.clone());
            let mut names = inherited.unwrap_or_default();
            names.retain(|name| !dropped(&summary.without, "after", Some(name.as_str())));
            names
        }
    }
}

/// Returns what a plan says of a zone that the host would boot if it did not come after others.
pub(crate) fn host_note(spec: &ZoneSpec) -> Option<String> {
    let name = &spec.name;
    let others: Vec<&str> = spec.after.iter().map(ZoneName::as_str).collect();
    (spec.autoboot.value && !others.is_empty()).then(|| {
        format!(
            "{name} comes after {}, so that svc:/application/zmgr/zones boots it with the host, not the host's own autoboot",
            others.join(", ")
        )
    })
}

/// Describes zones that wait for each other.
pub(crate) fn describe(names: &[&ZoneName]) -> String {
    match names {
        [one] => format!("zone {one} would boot after itself"),
        _ => {
            let circle: Vec<&str> = names.iter().chain(names.first()).map(|name| name.as_str()).collect();
            format!("zones would boot after each other in a circle: {}", circle.join(" → "))
        }
    }
}

/// Advice for zones that wait for each other.
pub(crate) const CIRCLE_HELP: &str = "remove one of them from the `after` of another";

/// Returns the error for a zone that is not booted because another one is not up.
pub(crate) fn not_up(name: &ZoneName, other: &ZoneName) -> Error {
    let message = format!("zone {name} is not booted: {other}, which it comes after, is not running");
    Error::new(Code::WrongState, message).with_help(not_in_turn(name, other))
}

/// Advice for a zone whose turn did not come because of another one.
pub(crate) fn not_in_turn(name: &ZoneName, other: &ZoneName) -> String {
    format!("fix what is wrong with {other}, then run the command again; alone, {name} does not wait for it")
}

/// Returns the error for zones that wait for each other, with the line of each `after`.
pub(crate) fn circle(context: &Context, config_tree: &ConfigTree, names: &[&ZoneName]) -> Error {
    let line = |name: &ZoneName| -> Option<Source> {
        let entry = entries::entry(context, name).ok()?;
        view::desired(config_tree, &entry).map(|spec| spec.after.source)
    };
    let details = names.iter().enumerate().map(|(at, name)| {
        let next = names[(at + 1) % names.len()];
        let mut detail = Diagnostic::new("circle", format!("zone {name} comes after {next}"));
        if let Some(source) = line(name) {
            detail.path = source.file.as_ref().map(|file| file.to_path_buf());
            detail.line = (source.line > 0).then_some(source.line as usize);
        }
        detail
    });
    Error::new(Code::Config, describe(names)).with_details(details.collect()).with_help(CIRCLE_HELP)
}
