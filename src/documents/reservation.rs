//! A reservation, `reservations/NAME.kdl`: addresses held for something that is not a zone.

use std::net::IpAddr;

use crate::documents::document::{FORMAT, Kind, Reader};
use crate::documents::zone::OLDEST_FORMAT;
use crate::kdl_util::Node;
use crate::schema::At;
use crate::value::EntryId;
use crate::value::address::parse_address;
use crate::value::name::{PoolName, ReservationName};
use crate::value::source::Source;

/// Addresses held for an owner that is not a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let given: Allocation = manager.allocate("internal", "printer", None, &mut RunOptions::new())?;
/// let path = manager.root().join("reservations/printer.kdl");
/// let held: Reservation = Document::parse(&path, &std::fs::read(&path)?)?.value;
/// assert_eq!(held.name.as_str(), given.owner.as_str());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reservation {
    /// The owner; the file's stem.
    pub name: ReservationName,
    /// Format of the file. Of a newer one than 2, only the address core was read, and the file is not changed.
    pub format: u32,
    /// Distinguishes it from earlier and later ones of the same name.
    pub id: Option<EntryId>,
    /// Time of creation, RFC 3339, UTC.
    pub created: Option<String>,
    /// The addresses.
    pub addresses: Vec<ReservedAddress>,
    /// Line of the reservation.
    pub source: Source,
}

impl Reservation {
    /// Returns a reservation without addresses.
    pub fn new(name: ReservationName) -> Self {
        Reservation {
            name,
            format: OLDEST_FORMAT,
            id: None,
            created: None,
            addresses: Vec::new(),
            source: Source::none(),
        }
    }

    /// Returns true if a newer zmgr wrote it: only the address core was read.
    pub fn is_newer(&self) -> bool {
        self.format > FORMAT
    }
}

/// An address of a reservation.
///
/// ```
/// # use zmgr::*;
/// let printer = ReservedAddress::new("10.1.0.30".parse()?, PoolName::new("internal")?);
/// assert_eq!(printer.pool.as_str(), "internal");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReservedAddress {
    /// The address.
    pub address: IpAddr,
    /// The pool it comes from.
    pub pool: PoolName,
    /// Line of the address.
    pub source: Source,
}

impl ReservedAddress {
    /// Returns an address of a pool.
    pub fn new(address: IpAddr, pool: PoolName) -> Self {
        ReservedAddress { address, pool, source: Source::none() }
    }
}

impl Kind for Reservation {
    const FILE: Option<At> = Some(At::ReservationFile);
    const FROZEN_CORE: bool = true;

    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let addresses = root.children_named("address").filter_map(|node| {
            Some(ReservedAddress {
                address: parse_address(node.text()?).ok()?,
                pool: node.property_text("pool")?.parse().ok()?,
                source: reader.source(node),
            })
        });
        Some(Reservation {
            format: reader.number(root, "format").map_or(OLDEST_FORMAT, |format| format.value),
            id: reader.parsed(root, "id").map(|id| id.value),
            created: reader.text_of(root, "created").map(|created| created.value),
            addresses: addresses.collect(),
            source: reader.source(root),
            ..Reservation::new(root.text()?.parse().ok()?)
        })
    }

    fn encode(&self) -> Vec<Node> {
        let mut inner = vec![Node::new("format").arg(self.format)];
        inner.extend(self.id.as_ref().map(|id| Node::new("id").arg(id.as_str())));
        inner.extend(self.created.as_ref().map(|created| Node::new("created").arg(created.as_str())));
        inner.extend(
            self.addresses
                .iter()
                .map(|held| Node::new("address").arg(held.address.to_string()).prop("pool", held.pool.as_str())),
        );
        vec![Node::new("reservation").arg(self.name.as_str()).block(inner)]
    }

    fn newer(&self) -> bool {
        self.is_newer()
    }
}
