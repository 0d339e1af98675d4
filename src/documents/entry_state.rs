//! The journal of an entry: the state of the operation in progress, and the origin of the entry.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::documents::document::Reader;
use crate::kdl_util::{Node, Value};
use crate::value::words;

/// First part of the steps of an `apply` in the journal.
pub(crate) const APPLYING: &str = "apply:";

/// State of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntryState {
    /// It is being created; `step` is running or failed, and `undo` is true once a rollback began.
    Creating {
        /// The current step.
        step: String,
        /// True if the steps are being undone.
        undo: bool,
    },
    /// It is complete.
    Ready,
    /// It is being destroyed.
    Destroying {
        /// The current step.
        step: String,
    },
    /// Its files are kept, and the host does not have it.
    Detached,
    /// Its operation failed at this step.
    Failed {
        /// The step that failed.
        step: String,
    },
}

/// Options of the operation in progress: properties of `state`, removed once the zone is `ready`.
///
/// ```
/// # use zmgr::*;
/// assert!(!Intent::default().keep_data);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Intent {
    /// A creation or reinstallation: whether it is booted at the end; `None` as autoboot says.
    pub boot: Option<bool>,
    /// A destruction, reinstallation or change: whether it was running before, so that it is booted again afterwards or after a
    /// roll back.
    pub running: bool,
    /// A destruction: whether its files are kept.
    pub keep_data: bool,
    /// A destruction: whether datasets that zmgr made and delegated to it are destroyed.
    pub purge: bool,
    /// A destruction: whether the entry stays, as that of a detached zone.
    pub keep_entry: bool,
    /// A creation: whether files that are there are attached instead of installing new ones.
    pub attach: bool,
    /// An attach: whether the zone's packages are updated to the host's.
    pub update: bool,
    /// A reinstallation: whether the old root is kept, with the snapshot that is recorded last.
    pub keep_root: bool,
    /// A creation: what the entry was before, to restore it in a rollback; `None` if there was no entry.
    pub before: Option<Before>,
}

/// State of an entry before its zone was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Before {
    /// A user's file with a desired state.
    Desired,
    /// The entry of a zone that the host had lost.
    Ready,
    /// The entry of a detached zone.
    Detached,
}

impl Before {
    /// Returns its name in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Before::Desired => "desired",
            Before::Ready => "ready",
            Before::Detached => "detached",
        }
    }
}

impl EntryState {
    /// Returns its name in the file.
    pub const fn as_str(&self) -> &'static str {
        match self {
            EntryState::Creating { .. } => "creating",
            EntryState::Ready => "ready",
            EntryState::Destroying { .. } => "destroying",
            EntryState::Detached => "detached",
            EntryState::Failed { .. } => "failed",
        }
    }

    /// Returns the step, for all states except `ready` and `detached`.
    pub fn step(&self) -> Option<&str> {
        match self {
            EntryState::Creating { step, .. } | EntryState::Destroying { step } | EntryState::Failed { step } => {
                Some(step)
            }
            EntryState::Ready | EntryState::Detached => None,
        }
    }
}

/// Prefix of the steps of operations on snapshots, which an older zmgr does not know.
pub(crate) const SNAPSHOT: &str = "snapshot:";

/// Prefix of the steps of an update of packages, which an older zmgr does not know either.
pub(crate) const UPDATE: &str = "update:";

impl EntryState {
    /// Returns true while a snapshot is taken, deleted or rolled back to.
    pub(crate) fn is_of_snapshot(&self) -> bool {
        self.step().is_some_and(|step| step.starts_with(SNAPSHOT))
    }

    /// Returns true while packages are updated.
    pub(crate) fn is_of_update(&self) -> bool {
        self.step().is_some_and(|step| step.starts_with(UPDATE))
    }
}

impl fmt::Display for EntryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Origin of an entry.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// assert_eq!(manager.zone("web01")?.origin, Some(Origin::Create));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// zmgr created the zone.
    Create,
    /// The zone was imported.
    Import,
    /// zmgr installed it for others to be cloned from.
    Golden,
}

impl Origin {
    /// Returns its name in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::Create => "create",
            Origin::Import => "import",
            Origin::Golden => "golden",
        }
    }
}

words!(Origin: Origin::Create, Origin::Import, Origin::Golden);

/// Reads the properties of the node `state`.
pub(super) fn intent(node: &Node) -> Intent {
    let flag = |name: &str| node.property(name).map(|entry| entry.value == Value::Bool(true));
    Intent {
        boot: flag("boot"),
        running: flag("running").unwrap_or_default(),
        keep_data: flag("keep-data").unwrap_or_default(),
        purge: flag("purge").unwrap_or_default(),
        keep_entry: flag("keep-entry").unwrap_or_default(),
        attach: flag("attach").unwrap_or_default(),
        update: flag("update").unwrap_or_default(),
        keep_root: flag("keep-root").unwrap_or_default(),
        before: node
            .property_text("before")
            // Older versions wrote "wish".
            .map(|word| if word == "wish" { "desired" } else { word })
            .and_then(|word| {
                [Before::Desired, Before::Ready, Before::Detached].into_iter().find(|before| before.as_str() == word)
            }),
    }
}

/// Reads the node `state`.
pub(super) fn state(node: &Node, reader: &mut Reader<'_>) -> Option<EntryState> {
    let word = node.text()?;
    let step = node.property_text("step").map(str::to_owned);
    let undo = node.property("undo").map(|entry| (entry.span, entry.value == Value::Bool(true)));
    if let Some((span, true)) = undo
        && word != "creating"
        && !reader.frozen
    {
        reader.faults.add("contradiction", span, format!("undo belongs to creating; the state is {word}"));
    }
    if word == "ready" || word == "detached" && !reader.frozen {
        if let Some(entry) = node.property("step").filter(|_| !reader.frozen) {
            reader.faults.add("contradiction", entry.span, format!("what is {word} has no step"));
        }
        return Some(if word == "ready" { EntryState::Ready } else { EntryState::Detached });
    }
    // A state that only a newer zmgr knows cannot be acted on.
    let step = match step {
        Some(step) => step,
        None if reader.frozen => String::new(),
        None => {
            if matches!(word, "creating" | "destroying" | "failed") {
                let message = format!("the state {word} needs a step");
                reader.faults.add_with_help(
                    "missing-property",
                    node.name_span,
                    message,
                    "for example: step=\"install\"",
                );
            }
            return None;
        }
    };
    match word {
        "creating" => Some(EntryState::Creating { step, undo: undo.is_some_and(|(_, undo)| undo) }),
        "destroying" => Some(EntryState::Destroying { step }),
        _ if word == "failed" || reader.frozen => Some(EntryState::Failed { step }),
        _ => None,
    }
}
