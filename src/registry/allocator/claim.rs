//! Claims on addresses, and the parties that make them.

use std::fmt;
use std::path::PathBuf;

use crate::registry::pools::Segment;
use crate::registry::summary::{EntryKind, SummaryView};

/// Holder of an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HeldBy {
    /// A zone of the registry.
    Zone {
        /// Its name.
        name: String,
        /// Its file.
        file: PathBuf,
    },
    /// A reservation.
    Reservation {
        /// Its name.
        name: String,
        /// Its file.
        file: PathBuf,
    },
    /// The host itself, through this address object.
    Host(String),
    /// A zone of the host that is not in the registry.
    HostZone(String),
    /// The gateway of a pool.
    Gateway(String),
    /// A zone or reservation on another host of the fleet, as its claim in the store names it.
    Fleet(String),
}

impl fmt::Display for HeldBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeldBy::Zone { name, file } => write!(f, "zone {name} ({})", file.display()),
            HeldBy::Reservation { name, file } => write!(f, "reservation {name} ({})", file.display()),
            HeldBy::Host(object) => write!(f, "the host itself ({object})"),
            HeldBy::HostZone(name) => write!(f, "zone {name}, which is not in the registry"),
            HeldBy::Gateway(pool) => write!(f, "the gateway of pool {pool}"),
            HeldBy::Fleet(holder) => f.write_str(holder),
        }
    }
}

/// The party that makes a claim. A zone is one party, whether the claim comes from its entry or from the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum By<'a> {
    Zone(&'a str),
    Reservation(&'a str),
    Host(&'a str),
    Gateway(&'a str),
    Fleet(&'a str),
}

impl<'a> By<'a> {
    pub(in crate::registry) fn entry(kind: EntryKind, name: &'a str) -> Self {
        match kind {
            EntryKind::Zone => By::Zone(name),
            EntryKind::Reservation => By::Reservation(name),
        }
    }
}

/// A claim on an address.
#[derive(Debug, Clone, Copy)]
pub(in crate::registry) struct Claim<'a> {
    pub(in crate::registry) by: By<'a>,
    pub(in crate::registry) segment: Segment<'a>,
    /// True if more than a desired state makes the claim.
    pub(in crate::registry) held: bool,
    /// True if the address is the router of the holder's net and not its own address.
    pub(in crate::registry) router: bool,
    /// Entry that makes the claim; `None` for the host and for gateways.
    pub(in crate::registry) summary: Option<SummaryView<'a>>,
}

/// A claim that owns its data.
#[derive(Debug)]
pub(super) struct OwnedClaim {
    by: (u8, Box<str>),
    pool: Option<Box<str>>,
    stub: Option<Box<str>>,
    vlan: Option<u16>,
    pub(super) held: bool,
}

impl OwnedClaim {
    pub(super) fn new(claim: &Claim<'_>) -> Self {
        let (kind, name) = match claim.by {
            By::Zone(name) => (0, name),
            By::Reservation(name) => (1, name),
            By::Host(name) => (2, name),
            By::Gateway(name) => (3, name),
            By::Fleet(holder) => (4, holder),
        };
        let (pool, stub, vlan) = claim.segment.parts();
        OwnedClaim {
            by: (kind, name.into()),
            pool: pool.map(Box::from),
            stub: stub.map(Box::from),
            vlan,
            held: claim.held,
        }
    }

    pub(super) fn by(&self) -> By<'_> {
        let name = &*self.by.1;
        match self.by.0 {
            0 => By::Zone(name),
            1 => By::Reservation(name),
            2 => By::Host(name),
            3 => By::Gateway(name),
            _ => By::Fleet(name),
        }
    }

    pub(super) fn segment(&self) -> Segment<'_> {
        Segment::from_parts(self.pool.as_deref(), self.stub.as_deref(), self.vlan)
    }
}

/// Age of an entry, to decide between two desired states: entries with a creation time come before entries without one.
pub(in crate::registry) type Rank<'a> = (bool, &'a str, &'a str);

pub(super) fn rank<'a>(summary: &SummaryView<'a>) -> Rank<'a> {
    let created = summary.created();
    (created.is_none(), created.unwrap_or_default(), summary.name)
}
