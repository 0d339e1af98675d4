//! A zone's entry in the registry, `zones/NAME.kdl`: wish, journal and record of one zone.
//!
//! Invariant: the address core (`id`, `state`, `net`, `pool`, `address`, `vnic`, `mac`) never changes its meaning, so that an
//! older zmgr can read from any newer file what is in use.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::name::{TemplateName, ZoneName};
use crate::settings::{EntryNet, Settings, words};
use crate::source::{Source, Sourced};

/// The newest `format` that this zmgr writes, of zones and reservations alike.
pub const FORMAT: u32 = 1;

/// One zone as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZoneEntry {
    /// Its name; the file's stem.
    pub name: ZoneName,
    /// The format of the file; above [`FORMAT`] only the address core was read, and the file is not changed.
    pub format: u32,
    /// What tells this entry from earlier and later ones of the same name; `None` for a wish written by hand.
    pub id: Option<EntryId>,
    /// The template that it follows.
    pub template: Option<Sourced<TemplateName>>,
    /// The zonepath: an absolute path of the host.
    pub zonepath: Option<Sourced<String>>,
    /// How far it is; `None` is a wish not yet built.
    pub state: Option<EntryState>,
    /// The uuid of its installation.
    pub uuid: Option<String>,
    /// When it was registered: RFC 3339, UTC.
    pub created: Option<String>,
    /// How it came here.
    pub origin: Option<Origin>,
    /// Its nets.
    pub nets: Vec<EntryNet>,
    /// What it says otherwise than its template, the brand among it.
    pub settings: Settings,
    /// The configuration as zmgr last applied it.
    pub applied: Option<Box<Applied>>,
    /// What import found and these documents have no words for, verbatim, a line each.
    pub foreign: Vec<String>,
    /// Where the entry begins.
    pub source: Source,
}

impl ZoneEntry {
    /// A wish of this name that says nothing yet.
    pub fn new(name: ZoneName) -> Self {
        ZoneEntry {
            name,
            format: FORMAT,
            id: None,
            template: None,
            zonepath: None,
            state: None,
            uuid: None,
            created: None,
            origin: None,
            nets: Vec::new(),
            settings: Settings::default(),
            applied: None,
            foreign: Vec::new(),
            source: Source::none(),
        }
    }

    /// The brand, where the entry names it.
    pub fn brand(&self) -> Option<&str> {
        self.settings.brand.as_ref().map(|brand| brand.as_str())
    }

    /// The template's name, where the entry has one.
    pub fn template_name(&self) -> Option<&TemplateName> {
        self.template.as_ref().map(|template| &template.value)
    }

    /// Whether a newer zmgr wrote it: only the address core was read.
    pub fn is_newer(&self) -> bool {
        self.format > FORMAT
    }
}

/// The configuration as last applied: the base of a three-way comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Applied {
    /// The zonepath.
    pub zonepath: Option<Sourced<String>>,
    /// The nets.
    pub nets: Vec<EntryNet>,
    /// Everything else.
    pub settings: Settings,
}

/// How far an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntryState {
    /// It is being made; `step` is on its way or failed, and `undo` says that a roll back began.
    Creating {
        /// The step on its way.
        step: String,
        /// Whether the steps are being undone.
        undo: bool,
    },
    /// It is as it should be.
    Ready,
    /// It is being destroyed.
    Destroying {
        /// The step on its way.
        step: String,
    },
    /// It was given up at this step.
    Failed {
        /// The step that failed.
        step: String,
    },
}

impl EntryState {
    /// The word in the file.
    pub const fn as_str(&self) -> &'static str {
        match self {
            EntryState::Creating { .. } => "creating",
            EntryState::Ready => "ready",
            EntryState::Destroying { .. } => "destroying",
            EntryState::Failed { .. } => "failed",
        }
    }

    /// The step, for all but `ready`.
    pub fn step(&self) -> Option<&str> {
        match self {
            EntryState::Creating { step, .. } | EntryState::Destroying { step } | EntryState::Failed { step } => {
                Some(step)
            }
            EntryState::Ready => None,
        }
    }
}

impl fmt::Display for EntryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an entry came into the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// zmgr made the zone.
    Create,
    /// The zone was there before.
    Import,
}

impl Origin {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::Create => "create",
            Origin::Import => "import",
        }
    }
}

words!(Origin: Origin::Create, Origin::Import);

/// 128 random bits that tell an entry from every other of the same name: 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryId(String);

impl EntryId {
    /// A new one. `internal` where the system gives no random bytes.
    pub fn random() -> Result<Self> {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::new(Code::Internal, format!("the system gives no random bytes: {error}")))?;
        Ok(EntryId(bytes.iter().map(|b| format!("{b:02x}")).collect()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EntryId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        if text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(EntryId(text.to_owned()));
        }
        Err(Error::new(
            Code::InvalidArgument,
            format!("{text:?} is no id: 32 lower-case hexadecimal digits are wanted"),
        ))
    }
}

impl TryFrom<String> for EntryId {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> String {
        id.0
    }
}
