//! A plan: the changes of an operation as a value that can be printed, saved, approved and run later.
//!
//! Invariant: a plan is only a description. Running it plans again from its requests and requires the same steps; no command line
//! is ever taken from a plan.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api::{Operation, Request, StepKind};
use crate::error::{Code, Error, Result};
use crate::host::Evidence;
use crate::registry::Directory;

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// The changes that an operation would make, to one or many zones.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let plan: Plan = manager.plan_create(&["web01"], &CreateOptions::new())?;
/// let kept = Plan::from_json(&plan.to_json())?;
/// assert_eq!(kept.digest(), plan.digest());
/// for step in &plan.changes[0].steps {
///     println!("{} {}", step.id, step.argv.join(" "));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// The version of this form: 1.
    pub format: u32,
    /// The version of zmgr that made it.
    pub zmgr: String,
    /// The operation.
    pub operation: Operation,
    /// The changes, in the order in which they are made.
    pub changes: Vec<Change>,
}

/// The changes that an operation would make to one zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let plan = manager.plan_create(&["web01"], &CreateOptions::new())?;
/// let change: &Change = &plan.changes[0];
/// assert_eq!(change.zone, "web01");
/// let basis: &Basis = &change.basis;
/// assert_eq!(basis.entry, "absent");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Change {
    /// The zone.
    pub zone: String,
    /// The id of the registry entry that it creates or changes.
    pub entry_id: String,
    /// The request, with everything that zmgr chose pinned: running the plan plans again from it.
    pub request: Request,
    /// The spec after all layers, for reading; empty if the operation has none.
    pub spec: serde_json::Value,
    /// The steps in order.
    pub steps: Vec<PlannedStep>,
    /// Other notes for the user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Files and host state that the plan was made from.
    pub basis: Basis,
}

/// One step of a change.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let plan = manager.plan_create(&["web01"], &CreateOptions::new())?;
/// let configure: &PlannedStep = plan.changes[0].steps.iter().find(|step| step.kind == StepKind::Configure).ok_or("none")?;
/// let script: &PlannedFile = &configure.files[0];
/// assert!(script.text.contains("set zonepath="));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlannedStep {
    /// Its id within the change, such as `vnic:internal`; used by the journal.
    pub id: String,
    /// Kind of the step.
    pub kind: StepKind,
    /// The command, if it runs one: the absolute path of the program, then its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// Files it writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PlannedFile>,
    /// The command that undoes it, if there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<String>,
    /// Evidence for the behaviour of the command on this host; `None` if the step runs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl PlannedStep {
    /// Returns a step without a command, whose id is its kind, that writes or removes these files.
    pub(crate) fn writing(kind: StepKind, files: Vec<PlannedFile>) -> Self {
        PlannedStep { id: kind.to_string(), kind, argv: Vec::new(), files, undo: Vec::new(), evidence: None }
    }

    /// Returns a step that writes or removes the entry of a zone.
    pub(crate) fn of_entry(kind: StepKind, zone: &str) -> Self {
        Self::writing(kind, vec![PlannedFile { path: format!("zones/{zone}.kdl"), text: String::new() }])
    }
}

/// A file that a step writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PlannedFile {
    /// Path of the file.
    pub path: String,
    /// Full content; empty if the file is removed.
    pub text: String,
}

/// State that a change was planned from; any of it may have changed when the plan is run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Basis {
    /// SHA-256 of each document read, by its path below the root.
    pub documents: BTreeMap<String, String>,
    /// The id of the zone's registry entry, or `absent`.
    pub entry: String,
    /// Facts about the host, by subject.
    pub host: BTreeMap<String, String>,
}

impl Plan {
    pub(crate) fn new(operation: Operation, changes: Vec<Change>) -> Self {
        Plan { format: FORMAT, zmgr: env!("CARGO_PKG_VERSION").to_owned(), operation, changes }
    }

    /// Returns the plan as indented JSON.
    pub fn to_json(&self) -> String {
        // A plan contains strings, numbers, lists and maps with text keys: nothing that JSON cannot represent.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Parses a plan; `invalid-argument` if the text is not one, or has a version that this zmgr does not know.
    pub fn from_json(json: &str) -> Result<Plan> {
        let wrong = |message: String| {
            Error::new(Code::InvalidArgument, message)
                .with_help("create plans with `--dry-run --json` or the `plan_*` methods")
        };
        let value: serde_json::Value =
            serde_json::from_str(json).map_err(|error| wrong(format!("not a plan: {error}")).with_source(error))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => {
                return Err(wrong(format!("unsupported plan format {format}; expected {FORMAT}")));
            }
            None => return Err(wrong("not a plan: it has no format number".to_owned())),
        }
        serde_json::from_value(value).map_err(|error| wrong(format!("not a plan: {error}")).with_source(error))
    }

    /// Returns the SHA-256 of the plan as 64 hex digits: two plans with the same digest are the same.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
    }

    /// Returns true if there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| change.steps.is_empty())
    }
}

/// Returns the commands and files in readable form.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{} {}", self.operation, change.zone)?;
            for note in &change.notes {
                writeln!(f, "  note: {note}")?;
            }
            for step in &change.steps {
                // Files with unknown content, or that are only removed, are listed by name.
                let (shown_whole, named): (Vec<_>, Vec<_>) = step.files.iter().partition(|file| !file.text.is_empty());
                let mut words = Vec::new();
                if !step.argv.is_empty() {
                    words.push(shown(&step.argv));
                }
                words.extend(named.iter().map(|file| file.path.to_string()));
                let gap = if words.is_empty() { "" } else { " " };
                writeln!(f, "  [{}]{gap}{}", step.id, words.join(" "))?;
                for file in shown_whole {
                    writeln!(f, "    {}:", file.path)?;
                    for line in file.text.lines() {
                        writeln!(f, "      {line}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Returns a command line as a user would type it: arguments with unusual characters in single quotes.
pub(crate) fn shown(argv: &[String]) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&b);
    let words: Vec<String> = argv
        .iter()
        .map(|word| {
            if !word.is_empty() && word.bytes().all(plain) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        })
        .collect();
    words.join(" ")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Describes how a new plan differs from the approved one; `None` if they are the same.
pub(crate) fn difference(approved: &Change, now: &Change) -> Option<String> {
    if approved.basis.entry != now.basis.entry {
        return Some(match now.basis.entry.as_str() {
            "absent" => format!("the registry entry of {} is gone", now.zone),
            _ if approved.basis.entry == "absent" => format!("{} is in the registry now", now.zone),
            _ => format!("{} has been created again since", now.zone),
        });
    }
    let steps = approved.steps.iter().map(Some).chain(std::iter::repeat(None));
    let current = now.steps.iter().map(Some).chain(std::iter::repeat(None));
    for (old, new) in steps.zip(current) {
        match (old, new) {
            (None, None) => break,
            (old, new) if old == new => {}
            (Some(old), None) => {
                return Some(format!("the step {} is no longer needed{}", old.id, cause(approved, now)));
            }
            (None, Some(new)) => return Some(format!("the step {} is needed now{}", new.id, cause(approved, now))),
            (Some(old), Some(new)) if old.id != new.id => {
                return Some(format!("the step {} comes where {} was planned{}", new.id, old.id, cause(approved, now)));
            }
            (Some(old), Some(_)) => {
                return Some(format!("the step {} would do something else{}", old.id, cause(approved, now)));
            }
        }
    }
    // The losses and leftovers that a plan names are approved with it.
    if let Some(note) = now.notes.iter().find(|note| !approved.notes.contains(note)) {
        return Some(format!("it has a new note: {note}"));
    }
    if let Some(note) = approved.notes.iter().find(|note| !now.notes.contains(note)) {
        return Some(format!("it no longer has the note: {note}"));
    }
    let (approved_spec, spec) = (with_short_sources(&approved.spec), with_short_sources(&now.spec));
    if approved_spec != spec {
        return Some(match different_key(&approved_spec, &spec) {
            Some(key) => format!("the spec of {} has another {key}{}", now.zone, cause(approved, now)),
            None => format!("the spec of {} is different{}", now.zone, cause(approved, now)),
        });
    }
    if approved.basis != now.basis {
        return Some(format!("its basis has changed{}", cause(approved, now)));
    }
    if approved.request != now.request {
        return Some(format!("it was planned from another request for {}", now.zone));
    }
    (approved.entry_id != now.entry_id).then(|| format!("{} has another entry id", now.zone))
}

/// Returns a spec whose sources name files below the tree only: the tree of a simulated host that does not exist yet is planned
/// elsewhere.
fn with_short_sources(spec: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let short = |path: &str| {
        let mut parts = path.rsplitn(3, '/');
        let (file, directory) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let below = Directory::ALL.iter().any(|known| known.name() == directory);
        Value::from(if below { format!("{directory}/{file}") } else { file.to_owned() })
    };
    match spec {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| match value.as_str() {
                Some(path) if key == "file" => (key.clone(), short(path)),
                _ => (key.clone(), with_short_sources(value)),
            };
            members.iter().map(member).collect()
        }
        Value::Array(items) => items.iter().map(with_short_sources).collect(),
        other => other.clone(),
    }
}

/// Returns the first key of two objects whose values differ.
fn different_key<'v>(approved: &'v serde_json::Value, now: &'v serde_json::Value) -> Option<&'v str> {
    let (approved, now) = (approved.as_object()?, now.as_object()?);
    let keys = now.keys().chain(approved.keys().filter(|key| !now.contains_key(*key)));
    keys.into_iter().find(|key| approved.get(*key) != now.get(*key)).map(String::as_str)
}

fn cause(approved: &Change, now: &Change) -> String {
    for (path, digest) in &now.basis.documents {
        if approved.basis.documents.get(path) != Some(digest) {
            return format!(" ({path} has changed)");
        }
    }
    if let Some(path) = approved.basis.documents.keys().find(|path| !now.basis.documents.contains_key(*path)) {
        return format!(" ({path} is no longer read)");
    }
    for (what, fact) in &now.basis.host {
        if approved.basis.host.get(what) != Some(fact) {
            return format!(" ({what} is now {fact})");
        }
    }
    String::new()
}
