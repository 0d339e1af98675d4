//! Usage of a pool's addresses.

use std::net::IpAddr;

use super::intervals::{Interval, Intervals};
use super::space::{Block, Space};
use super::{Family, number};

/// Kind of holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    /// A zone of the registry.
    Zone,
    /// A reservation.
    Reservation,
    /// The host itself, or an unregistered zone.
    Host,
    /// Another host of the fleet.
    Fleet,
}

/// An address and its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The address.
    pub address: IpAddr,
    /// Kind of holder.
    pub holder: Holder,
}

/// A range of addresses, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    /// The first.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
    /// Number of addresses.
    pub count: u128,
}

/// Use of an address of the ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AddressUse {
    /// Held by a zone of the registry.
    Zone,
    /// Held by a reservation.
    Reservation,
    /// Held by the host or by an unregistered zone.
    Host,
    /// Held by another host of the fleet.
    Fleet,
    /// A gateway of the pool's networks.
    Gateway,
    /// Excluded by the pool.
    Excluded,
    /// Reserved in the pool for an owner that does not hold it yet.
    Reserved,
    /// Free.
    Free,
}

impl AddressUse {
    /// Returns its name, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            AddressUse::Zone => "zone",
            AddressUse::Reservation => "reservation",
            AddressUse::Host => "host",
            AddressUse::Fleet => "fleet",
            AddressUse::Gateway => "gateway",
            AddressUse::Excluded => "excluded",
            AddressUse::Reserved => "reserved",
            AddressUse::Free => "free",
        }
    }
}

/// Adjacent addresses with the same use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RangeUse {
    /// The addresses.
    pub range: AddressRange,
    /// Their use.
    pub taken_for: AddressUse,
}

/// Usage of the addresses of one family. The parts add up to `total`: an address counts once, as the first of `zones`,
/// `reservations`, `host`, `fleet`, `gateways`, `excluded`, `reserved` that applies.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let usage = manager.pool_usage("internal")?;
/// let ipv4: &Usage = usage.families.iter().find(|usage| usage.family == Family::V4).expect("the pool has IPv4");
/// let first: &RangeUse = &ipv4.map[0];
/// assert_eq!((first.taken_for, first.range.count), (AddressUse::Zone, 1));
/// let free: AddressRange = ipv4.largest_free.expect("there is room");
/// println!("{} addresses from {} on; {}% used", free.count, free.first, ipv4.percent().unwrap_or(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The family.
    pub family: Family,
    /// Number of addresses of the ranges that a host may have.
    pub total: u128,
    /// Held by zones of the registry.
    pub zones: u128,
    /// Held by reservations.
    pub reservations: u128,
    /// Held by the host or by unregistered zones.
    pub host: u128,
    /// Held by other hosts of the fleet.
    pub fleet: u128,
    /// Gateways of the pool's networks.
    pub gateways: u128,
    /// Excluded.
    pub excluded: u128,
    /// Reserved in the pool for an owner that does not hold it yet.
    pub reserved: u128,
    /// Free.
    pub free: u128,
    /// Held, in one of the networks, but outside the ranges. Not part of `total`.
    pub outside: u128,
    /// The longest range of free addresses.
    pub largest_free: Option<AddressRange>,
    /// Every address of the ranges, ascending: adjacent addresses with the same use are one range.
    pub map: Vec<RangeUse>,
}

impl Usage {
    /// Returns the number of held addresses.
    pub fn used(&self) -> u128 {
        self.zones + self.reservations + self.host + self.fleet
    }

    /// Returns the percentage of the addresses of the ranges that are held; `None` if there are none. A little is not 0, and nearly all
    /// is not 100.
    pub fn percent(&self) -> Option<u8> {
        let used = self.used();
        match used.saturating_mul(100).checked_div(self.total)? {
            0 if used > 0 => Some(1),
            percent => u8::try_from(percent).ok(),
        }
    }
}

impl Space {
    /// Returns the usage of the addresses of one family.
    pub fn usage(&self, family: Family, holdings: &[Holding]) -> Usage {
        let blocks: Vec<&Block> = self.blocks.iter().filter(|b| b.family() == family).collect();
        let union = |of: &dyn Fn(&Block) -> Intervals| -> Intervals {
            blocks.iter().flat_map(|b| of(b).as_slice().to_vec()).collect()
        };
        let held = |holder: Holder| -> Intervals {
            holdings
                .iter()
                .filter(|h| h.holder == holder && Family::of(h.address) == family)
                .map(|h| number(h.address))
                .collect()
        };
        let everything = union(&|b| [b.interval()].into_iter().collect());
        let mut rest = union(&Block::ranged);
        let total = rest.count();
        let mut map = Vec::new();
        let run = |Interval { first, last }: Interval| AddressRange {
            first: family.address(first),
            last: family.address(last),
            count: Interval { first, last }.count(),
        };
        let mut take = |part: &Intervals, taken_for: AddressUse| {
            let taken = rest.intersect(part);
            rest = rest.subtract(part);
            map.extend(taken.as_slice().iter().map(|interval| RangeUse { range: run(*interval), taken_for }));
            taken.count()
        };
        let (by_zones, by_reservations, by_host) = (held(Holder::Zone), held(Holder::Reservation), held(Holder::Host));
        let zones = take(&by_zones, AddressUse::Zone);
        let reservations = take(&by_reservations, AddressUse::Reservation);
        let host = take(&by_host, AddressUse::Host);
        let by_fleet = held(Holder::Fleet);
        let fleet = take(&by_fleet, AddressUse::Fleet);
        let gateways = take(&union(&Block::gateways), AddressUse::Gateway);
        let excluded = take(&union(&Block::excluded), AddressUse::Excluded);
        let reserved = take(&union(&|b| b.reserved(None)), AddressUse::Reserved);
        let largest_free = rest.longest().map(run);
        let free = rest.count();
        map.extend(
            rest.as_slice().iter().map(|interval| RangeUse { range: run(*interval), taken_for: AddressUse::Free }),
        );
        map.sort_unstable_by_key(|part| part.range.first);
        let all_held: Intervals =
            [by_zones, by_reservations, by_host, by_fleet].iter().flat_map(|set| set.as_slice().to_vec()).collect();
        Usage {
            family,
            total,
            zones,
            reservations,
            host,
            fleet,
            gateways,
            excluded,
            reserved,
            free,
            outside: everything.intersect(&all_held).count() - (zones + reservations + host + fleet),
            largest_free,
            map,
        }
    }
}
