//! In what the files, what was applied last, and the host differ.
//!
//! Invariant: only looks. A difference is told with all three sides, and with the line that wishes it.

mod compare;
mod later;
mod links;
mod place;
mod publishers;

use serde_json::json;

use crate::error::{Code, Diagnostic, Result};
use crate::name::ZoneName;
use crate::operations::{ConfigTree, Context, Snapshots, ZoneComparison, comparisons, current_pending};
use crate::schema::TakesEffect;
use crate::source::Source;
use crate::zone::{EntryState, Pending};

/// In what zones differ from their files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Drift {
    /// Each zone that was asked for, by name.
    pub zones: Vec<ZoneDrift>,
}

/// In what a zone differs from its files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZoneDrift {
    /// The zone.
    pub name: String,
    /// How it stands.
    pub status: DriftStatus,
    /// Each point in which wish and host differ.
    pub items: Vec<DriftItem>,
    /// Changes that were applied while the zone ran and take effect at its next boot.
    pub pending: Vec<String>,
    /// What is wrong with its documents, where something is.
    pub fault: Option<Diagnostic>,
}

/// How a zone stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriftStatus {
    /// The host has what is wished.
    Clean,
    /// The host has something else.
    Differs,
    /// The host has what is wished, and the zone must reboot for some of it.
    Pending,
    /// Only such items differ as `apply` cannot change on a zone that exists: see [`DriftItem::counts`].
    Minor,
    /// It is a wish that was never built.
    NotBuilt,
    /// It is `ready`, and the host does not have it.
    Absent,
    /// Work on it was left unfinished.
    Unfinished,
    /// Its documents cannot be read, or make no whole zone.
    Unreadable,
}

impl DriftStatus {
    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            DriftStatus::Clean => "clean",
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

/// One point in which wish and host differ. A side that says nothing of it is `None`.
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
    /// What it is about: `autoboot`, `attr env value`, `vnic web01_0 mtu`.
    pub what: String,
    /// What the files wish.
    pub desired: Option<String>,
    /// What zmgr applied last.
    pub applied: Option<String>,
    /// What the host has.
    pub host: Option<String>,
    /// Who changed it.
    pub cause: DriftCause,
    /// The line that wishes it, where one does.
    pub source: Source,
    /// When applying it takes effect; `None` for what is no setting.
    pub effect: Option<TakesEffect>,
    /// Whether it counts as drift. What waits for a reinstall, and a net of the template that the entry does not name, do not.
    pub counts: bool,
}

/// Who changed it, since zmgr last applied the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriftCause {
    /// The files: `apply` brings it to the host.
    Files,
    /// The host: `apply` puts it back.
    Host,
    /// Both: `apply` does what the files say.
    Both,
    /// Somebody else put it there beside what the files say: `apply` leaves it, unless it prunes.
    Foreign,
}

impl DriftCause {
    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            DriftCause::Files => "files",
            DriftCause::Host => "host",
            DriftCause::Both => "both",
            DriftCause::Foreign => "foreign",
        }
    }
}

impl DriftItem {
    /// One from its sides.
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
        DriftItem { what, desired, applied, host, cause, source, effect: None, counts: true }
    }

    fn taking_effect(mut self, effect: TakesEffect) -> Self {
        self.effect = Some(effect);
        self
    }

    /// An item that is listed and is no drift.
    fn minor(mut self) -> Self {
        self.counts = false;
        self
    }
}

impl Drift {
    /// Returns whether every zone is as its files wish, and none waits for a reboot. What waits for a reinstall does not count.
    pub fn is_clean(&self) -> bool {
        self.zones.iter().all(|zone| matches!(zone.status, DriftStatus::Clean | DriftStatus::Minor))
    }

    /// Returns whether there is nothing at all to list.
    pub fn is_empty(&self) -> bool {
        self.zones.iter().all(|zone| zone.status == DriftStatus::Clean)
    }

    /// The drift as JSON: an array with an object for each zone.
    pub fn to_json(&self) -> serde_json::Value {
        self.zones.iter().map(ZoneDrift::to_json).collect()
    }
}

impl ZoneDrift {
    fn bare(name: String, status: DriftStatus) -> Self {
        ZoneDrift { name, status, items: Vec::new(), pending: Vec::new(), fault: None }
    }

    /// The zone's drift as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        json!({
            "name": self.name,
            "status": self.status.as_str(),
            "items": self.items.iter().map(DriftItem::to_json).collect::<Vec<_>>(),
            "pending": self.pending,
            "fault": self.fault.as_ref().map(Diagnostic::to_json),
        })
    }
}

impl DriftItem {
    /// The point as JSON.
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
        })
    }
}

/// A line for each point: what, what the host has, what is wished and where.
impl std::fmt::Display for DriftItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = |value: &String| if value.is_empty() { "there".to_owned() } else { format!("{value:?}") };
        match (&self.desired, &self.host) {
            (Some(desired), Some(host)) => {
                write!(f, "{} is {}, and {} is wished", self.what, said(host), said(desired))?
            }
            (Some(desired), None) if desired.is_empty() => write!(f, "{} is missing", self.what)?,
            (Some(desired), None) => write!(f, "{} is missing, and {} is wished", self.what, said(desired))?,
            (None, Some(host)) if host.is_empty() => write!(f, "{} is there, and not wished", self.what)?,
            (None, Some(host)) => write!(f, "{} is {}, and not wished", self.what, said(host))?,
            (None, None) => f.write_str(&self.what)?,
        }
        if self.source.file.is_some() {
            write!(f, " ({})", self.source)?;
        }
        f.write_str(match self.cause {
            DriftCause::Files => "; the files have changed",
            DriftCause::Host => "; the host has changed",
            DriftCause::Both => "; files and host have changed",
            DriftCause::Foreign => "; zmgr did not put it there",
        })?;
        match self.effect {
            Some(effect @ (TakesEffect::Reinstall | TakesEffect::Never)) => write!(f, "; {}", effect.describe()),
            _ => Ok(()),
        }
    }
}

/// What a person reads: a line a zone, and below it one a point.
impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for zone in self.zones.iter().filter(|zone| zone.status != DriftStatus::Clean) {
            let words = match zone.status {
                DriftStatus::Clean => "is as wished",
                DriftStatus::Differs => "differs",
                DriftStatus::Pending => "waits for its next reboot",
                DriftStatus::Minor => "differs in what apply cannot change",
                DriftStatus::NotBuilt => "is a wish not yet built",
                DriftStatus::Absent => "is ready in the registry, and not on the host",
                DriftStatus::Unfinished => "was left unfinished",
                DriftStatus::Unreadable => "cannot be compared",
            };
            write!(f, "{} {words}", zone.name)?;
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

/// In what these zones differ from their files, or all where none is named.
pub(crate) fn diff(context: &Context, names: &[ZoneName]) -> Result<Drift> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let snapshots = context.snapshot()?;
    let mut zones = Vec::new();
    for (name, comparison) in comparisons(context, &config_tree, &snapshots, names)? {
        zones.push(match comparison {
            Ok(comparison) => of_zone(context, &config_tree, &snapshots, &comparison),
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
            items.extend(publishers::publishers(context, config_tree, comparison, zone));
            items.extend(later::quotas(comparison));
            items.extend(later::at_reinstall(context, comparison, zone));
            items.extend(later::nets_of_the_template(config_tree, comparison));
            let pending = match current_pending(&context.host, comparison.entry(), Some(zone)) {
                Ok(pending) => pending.map(Pending::texts).unwrap_or_default(),
                Err(error) => return unreadable(&name, &error),
            };
            let status = if items.iter().any(|item| item.counts) {
                DriftStatus::Differs
            } else if !pending.is_empty() {
                DriftStatus::Pending
            } else if !items.is_empty() {
                DriftStatus::Minor
            } else {
                DriftStatus::Clean
            };
            ZoneDrift { name, status, items, pending, fault: None }
        }
        (Some(_), _) => bare(DriftStatus::Unfinished),
    }
}
