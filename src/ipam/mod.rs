//! Allocation of addresses: the candidates, the next one, and the usage of all others.
//!
//! Invariant: everything here is interval arithmetic over `u128`. No function iterates over a prefix, so a /64 costs as much as a
//! /24, and a single function, [`Space::candidates`], decides for allocation, explicit requests, reports and checks.

mod intervals;
#[cfg(test)]
mod model;
mod pick;
mod space;
mod usage;

pub use intervals::{Interval, Intervals};
pub use pick::{Candidates, Pick};
pub use space::{AddressClass, Block, Classes, Space};
pub use usage::{AddressRange, AddressUse, Holder, Holding, RangeUse, Usage};

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 or IPv6. An address is a number only together with its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both, in the order in which a pool allocates them.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// Returns the family of an address.
    pub fn of(address: IpAddr) -> Family {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// Returns the address of this number.
    ///
    /// For IPv4 only the lower 32 bits count; nothing in this module makes a larger one.
    pub fn address(self, number: u128) -> IpAddr {
        match self {
            Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(number as u32)),
            Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(number)),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        })
    }
}

/// Returns the number of an address within its family.
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(a) => u128::from(a.to_bits()),
        IpAddr::V6(a) => a.to_bits(),
    }
}
