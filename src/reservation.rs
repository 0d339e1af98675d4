//! A reservation, `reservations/NAME.kdl`: addresses held for something that is not a zone.

use std::net::IpAddr;

use crate::name::{PoolName, ReservationName};
use crate::source::Source;
use crate::zone::{EntryId, FORMAT};

/// Addresses held for an owner that is not a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reservation {
    /// The owner; the file's stem.
    pub name: ReservationName,
    /// The format of the file; above [`FORMAT`] only the address core was read, and the file is not changed.
    pub format: u32,
    /// What tells it from earlier and later ones of the same name.
    pub id: Option<EntryId>,
    /// When it was made: RFC 3339, UTC.
    pub created: Option<String>,
    /// The addresses.
    pub addresses: Vec<ReservedAddress>,
    /// Where it begins.
    pub source: Source,
}

impl Reservation {
    /// A reservation of nothing yet.
    pub fn new(name: ReservationName) -> Self {
        Reservation { name, format: FORMAT, id: None, created: None, addresses: Vec::new(), source: Source::none() }
    }

    /// Whether a newer zmgr wrote it: only the address core was read.
    pub fn is_newer(&self) -> bool {
        self.format > FORMAT
    }
}

/// One address of a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReservedAddress {
    /// The address.
    pub address: IpAddr,
    /// The pool it comes from.
    pub pool: PoolName,
    /// Where it was written.
    pub source: Source,
}

impl ReservedAddress {
    /// An address of a pool.
    pub fn new(address: IpAddr, pool: PoolName) -> Self {
        ReservedAddress { address, pool, source: Source::none() }
    }
}
