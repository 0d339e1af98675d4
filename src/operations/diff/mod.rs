//! Differences between desired, applied and actual state.
//!
//! Invariant: only reads. A difference is reported with all three sides, and with the line of the desired value.

mod boot;
mod compare;
mod later;
mod links;
mod offline;
mod place;
mod publishers;
mod words;

pub use words::{DriftGroup, SettingChange};

use serde_json::json;

use crate::documents::zone::{EntryState, Pending};
use crate::error::{Code, Diagnostic, Result};
use crate::operations::{
    ConfigTree, Context, Snapshots, ZoneComparison, current_pending, each_comparison, publishers as publishing,
};
use crate::schema::TakesEffect;
use crate::value::name::ZoneName;
use crate::value::source::Source;
pub(crate) use offline::diff as diff_offline;

/// Differences of zones from their files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Drift {
    /// The requested zones, by name.
    pub zones: Vec<ZoneDrift>,
}

/// Differences of a zone from its files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZoneDrift {
    /// The zone.
    pub name: String,
    /// Its status.
    pub status: DriftStatus,
    /// Each difference between desired and actual state.
    pub items: Vec<DriftItem>,
    /// Changes that were applied while the zone was running and take effect at its next boot.
    pub pending: Vec<String>,
    /// Error in its files, if any.
    pub fault: Option<Diagnostic>,
    /// True if the host was not queried: the items are differences between desired and applied state.
    pub unchecked: bool,
}

/// Status of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriftStatus {
    /// The host matches the files.
    Clean,
    /// The files match what was applied; the host was not queried.
    Unchecked,
    /// The host differs.
    Differs,
    /// The host matches the files, but the zone must reboot for some of it.
    Pending,
    /// Only differences that `apply` cannot change on an existing zone: see [`DriftItem::counts`].
    Minor,
    /// The zone has a file and was never created.
    NotBuilt,
    /// It is `ready`, but the host does not have it.
    Absent,
    /// It has an unfinished operation.
    Unfinished,
    /// Its files are invalid, or incomplete.
    Unreadable,
}

impl DriftStatus {
    /// Returns the name of the status.
    pub const fn as_str(self) -> &'static str {
        match self {
            DriftStatus::Clean => "clean",
            DriftStatus::Unchecked => "unchecked",
            DriftStatus::Differs => "differs",
            DriftStatus::Pending => "pending",
            DriftStatus::Minor => "minor",
            DriftStatus::NotBuilt => "not-built",
            DriftStatus::Absent => "absent",
            DriftStatus::Unfinished => "unfinished",
            DriftStatus::Unreadable => "unreadable",
        }
    }
}

/// A difference between desired and actual state. A side without a value is `None`.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// manager.set("web01", &[("cpu-shares", "20")], &mut RunOptions::new())?;
/// let drift = manager.diff(&["web01"])?;
/// let item: &DriftItem = &drift.zones[0].items[0];
/// assert_eq!((item.cause, &item.host), (DriftCause::Files, &None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DriftItem {
    /// Its subject: `autoboot`, `attr env value`, `vnic web01_0 mtu`.
    pub what: String,
    /// Desired value.
    pub desired: Option<String>,
    /// Last applied value.
    pub applied: Option<String>,
    /// Actual value on the host; `None` also if the host was not queried.
    pub host: Option<String>,
    /// The side that changed since.
    pub cause: DriftCause,
    /// The line of the desired value, if there is one.
    pub source: Source,
    /// When applying it takes effect; `None` if it is not a setting.
    pub effect: Option<TakesEffect>,
    /// True if the host was not queried.
    pub unchecked: bool,
    /// The difference in the words of the configuration files: one setting, or several if a side lacks a node with properties.
    pub settings: Vec<SettingChange>,
    /// True if it counts as drift. Settings that wait for a reinstall, and a net of the template that the entry does not name, do
    /// not count.
    pub counts: bool,
}

/// The side that changed since zmgr last applied the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriftCause {
    /// The files: `apply` changes the host.
    Files,
    /// The host: `apply` reverts the change.
    Host,
    /// Both: `apply` follows the files.
    Both,
    /// Added on the host and not in the files: `apply` keeps it, unless it prunes.
    Foreign,
}

impl DriftCause {
    /// Returns the name of the cause.
    pub const fn as_str(self) -> &'static str {
        match self {
            DriftCause::Files => "files",
            DriftCause::Host => "host",
            DriftCause::Both => "both",
            DriftCause::Foreign => "foreign",
        }
    }
}

impl DriftStatus {
    /// Returns what the status means, as the rest of a sentence about zones.
    pub const fn describe(self) -> &'static str {
        match self {
            DriftStatus::Clean => "as the files say",
            DriftStatus::Unchecked => "applied as the files say; the host was not queried",
            DriftStatus::Differs => "differs",
            DriftStatus::Pending => "waits for the next reboot",
            DriftStatus::Minor => "differs in what apply cannot change",
            DriftStatus::NotBuilt => "not created yet",
            DriftStatus::Absent => "in the registry as ready, but not on the host",
            DriftStatus::Unfinished => "has an unfinished operation",
            DriftStatus::Unreadable => "cannot be compared",
        }
    }
}

impl DriftItem {
    /// Returns the difference between these sides.
    fn new(
        what: String,
        desired: Option<String>,
        applied: Option<String>,
        host: Option<String>,
        source: Source,
    ) -> Self {
        let cause = if desired.is_none() && applied.is_none() {
            DriftCause::Foreign
        } else if applied == host {
            DriftCause::Files
        } else if applied == desired {
            DriftCause::Host
        } else {
            DriftCause::Both
        };
        let settings = words::settings(&what, desired.as_deref(), host.as_deref());
        DriftItem {
            what,
            desired,
            applied,
            host,
            cause,
            source,
            effect: None,
            unchecked: false,
            settings,
            counts: true,
        }
    }

    fn taking_effect(mut self, effect: TakesEffect) -> Self {
        self.effect = Some(effect);
        self
    }

    /// Returns a difference that is listed but does not count as drift.
    fn minor(mut self) -> Self {
        self.counts = false;
        self
    }
}

impl Drift {
    /// Returns true if every zone matches its files and none waits for a reboot. Settings that wait for a reinstall do not count.
    pub fn is_clean(&self) -> bool {
        let clean = |status| matches!(status, DriftStatus::Clean | DriftStatus::Unchecked | DriftStatus::Minor);
        self.zones.iter().all(|zone| clean(zone.status))
    }

    /// Returns true if there is no difference to list.
    pub fn is_empty(&self) -> bool {
        self.zones.iter().all(|zone| matches!(zone.status, DriftStatus::Clean | DriftStatus::Unchecked))
    }

    /// Returns the drift as JSON: an array with an object for each zone.
    pub fn to_json(&self) -> serde_json::Value {
        self.zones.iter().map(ZoneDrift::to_json).collect()
    }
}

impl ZoneDrift {
    fn bare(name: String, status: DriftStatus) -> Self {
        ZoneDrift { name, status, items: Vec::new(), pending: Vec::new(), fault: None, unchecked: false }
    }

    /// Returns the drift of a zone with these differences and pending changes.
    fn of(name: String, items: Vec<DriftItem>, pending: Vec<String>) -> Self {
        let status = if items.iter().any(|item| item.counts) {
            DriftStatus::Differs
        } else if !pending.is_empty() {
            DriftStatus::Pending
        } else if !items.is_empty() {
            DriftStatus::Minor
        } else {
            DriftStatus::Clean
        };
        ZoneDrift { items, pending, ..ZoneDrift::bare(name, status) }
    }

    /// Returns the zone's drift as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "name": self.name,
            "status": self.status.as_str(),
            "items": self.items.iter().map(DriftItem::to_json).collect::<Vec<_>>(),
            "pending": self.pending,
            "fault": self.fault.as_ref().map(Diagnostic::to_json),
            "unchecked": self.unchecked,
        })
    }
}

impl DriftItem {
    /// Returns the difference as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "what": self.what,
            "desired": self.desired,
            "applied": self.applied,
            "host": self.host,
            "cause": self.cause.as_str(),
            "path": self.source.file.as_ref().map(|file| file.to_string_lossy()),
            "line": (self.source.line > 0).then_some(self.source.line),
            "effect": self.effect.map(TakesEffect::as_str),
            "counts": self.counts,
            "settings": self.settings,
        })
    }
}

/// One line: subject, actual value (if the host was not queried: applied value), desired value and its place.
impl std::fmt::Display for DriftItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = |value: &String| if value.is_empty() { "set".to_owned() } else { format!("{value:?}") };
        if self.unchecked {
            match (&self.desired, &self.applied) {
                (Some(desired), Some(applied)) => {
                    write!(f, "{}: {} applied, should be {}", self.what, said(applied), said(desired))?
                }
                (Some(desired), None) => write!(f, "{}: not applied, should be {}", self.what, said(desired))?,
                (None, Some(applied)) => write!(f, "{}: {} applied, not in files", self.what, said(applied))?,
                (None, None) => f.write_str(&self.what)?,
            }
            return self.write_place_and_effect(f);
        }
        match (&self.desired, &self.host) {
            (Some(desired), Some(host)) => {
                write!(f, "{}: {} on host, should be {}", self.what, said(host), said(desired))?
            }
            (Some(desired), None) if desired.is_empty() => write!(f, "{}: not on host", self.what)?,
            (Some(desired), None) => write!(f, "{}: not set on host, should be {}", self.what, said(desired))?,
            (None, Some(host)) if host.is_empty() => write!(f, "{}: on host, not in files", self.what)?,
            (None, Some(host)) => write!(f, "{}: {} on host, not in files", self.what, said(host))?,
            (None, None) => f.write_str(&self.what)?,
        }
        self.write_place_and_effect(f)
    }
}

impl DriftItem {
    /// Writes the end of the line: where the desired value is, what changed, when a change takes effect.
    fn write_place_and_effect(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.source.file.is_some() {
            write!(f, " ({})", self.source)?;
        }
        f.write_str(match self.cause {
            DriftCause::Files => "; the files have changed",
            DriftCause::Host => "; the host has changed",
            DriftCause::Both => "; files and host have changed",
            DriftCause::Foreign => "; not set by zmgr",
        })?;
        match self.effect {
            Some(effect @ (TakesEffect::Reinstall | TakesEffect::Never)) => write!(f, "; {}", effect.describe()),
            _ => Ok(()),
        }
    }
}

/// Readable form: one line per zone, followed by one line per difference.
impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for zone in self.zones.iter().filter(|zone| zone.status != DriftStatus::Clean) {
            let words = zone.status.describe();
            write!(f, "{}: {words}", zone.name)?;
            if zone.unchecked {
                f.write_str("; the host was not queried")?;
            }
            if let Some(fault) = &zone.fault {
                write!(f, ": {fault}")?;
            }
            writeln!(f)?;
            for item in &zone.items {
                writeln!(f, "    {item}")?;
            }
            for change in &zone.pending {
                writeln!(f, "    {change}: applied, takes effect at the next reboot")?;
            }
        }
        Ok(())
    }
}

/// Compares these zones with their files, or all if none is named.
pub(crate) fn diff(context: &Context, names: &[ZoneName]) -> Result<Drift> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let snapshots = context.snapshot()?.for_zones(names);
    let make = |comparison: Result<ZoneComparison<'_>>| {
        comparison.map(|comparison| of_zone(context, &config_tree, &snapshots, &comparison))
    };
    let mut zones = Vec::new();
    for (name, drift) in each_comparison(context, &config_tree, &snapshots, names, make)? {
        zones.push(match drift {
            Ok(drift) => drift,
            Err(error) if error.code() == Code::NotFound => return Err(error),
            Err(error) => unreadable(name.as_str(), &error),
        });
    }
    Ok(Drift { zones })
}

fn unreadable(name: &str, error: &crate::error::Error) -> ZoneDrift {
    let fault = error.details().first().cloned();
    let fault = fault.unwrap_or_else(|| Diagnostic::new(error.code().slug(), error.message()));
    ZoneDrift { fault: Some(fault), ..ZoneDrift::bare(name.to_owned(), DriftStatus::Unreadable) }
}

fn of_zone(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    comparison: &ZoneComparison<'_>,
) -> ZoneDrift {
    let name = comparison.spec.name.to_string();
    let bare = |status| ZoneDrift::bare(name.clone(), status);
    match (&comparison.entry().state, &comparison.host) {
        (None, _) => bare(DriftStatus::NotBuilt),
        (Some(EntryState::Ready), None) => bare(DriftStatus::Absent),
        // As recorded, there is nothing to compare.
        (Some(EntryState::Detached), None) => bare(DriftStatus::Clean),
        (Some(EntryState::Ready), Some((zone, config))) => {
            let desired = match comparison.desired() {
                Ok(desired) => desired,
                Err(error) => return unreadable(&name, &error),
            };
            let dialect = context.host.dialect();
            let mut items = compare::documents(&desired, &comparison.applied(), config, &comparison.spec, dialect);
            items.extend(compare::identity(comparison.entry(), zone));
            match links::vnics(context, snapshots, comparison) {
                Ok(found) => items.extend(found),
                Err(error) => return unreadable(&name, &error),
            }
            match boot::boot(context, snapshots, comparison, zone, config, &desired) {
                Ok(found) => items.extend(found),
                Err(error) => return unreadable(&name, &error),
            }
            items.extend(publishers::publishers(context, config_tree, comparison, zone));
            items.extend(later::quotas(comparison));
            let ours = publishing::are_ours(context, comparison.entry(), &comparison.spec, zone);
            items.extend(later::at_reinstall(comparison, ours));
            items.extend(later::nets_of_the_template(config_tree, comparison));
            let pending = match current_pending(&context.host, comparison.entry(), Some(zone)) {
                Ok(pending) => pending.map(Pending::texts).unwrap_or_default(),
                Err(error) => return unreadable(&name, &error),
            };
            ZoneDrift::of(name, items, pending)
        }
        (Some(_), _) => bare(DriftStatus::Unfinished),
    }
}
