//! Settings of an aggregation. [source: libdlaggr.c]
//!
//! Invariant: the settings stand beside the properties, once as the link runs and once on record, under names that no property has.

use std::io;

use super::link::{self, Link};
use super::mac::Mac;
use crate::Machine;

/// Policy that chooses the port of a packet.
pub(super) const POLICY: &str = "aggr.policy";
/// Its own address, if it has one.
pub(super) const ADDRESS: &str = "aggr.address";
pub(super) const MODE: &str = "aggr.mode";
pub(super) const TIMER: &str = "aggr.timer";

/// Puts the settings on record in force, as at a boot of the host.
pub(super) fn bring_up(machine: &Machine, aggr: &mut Link) -> io::Result<()> {
    for name in [POLICY, ADDRESS, MODE, TIMER] {
        aggr.set_prop(name, aggr.on_record(name).map(str::to_owned));
    }
    take_address(machine, aggr)
}

/// Returns its own address, or that of its first port.
pub(super) fn take_address(machine: &Machine, aggr: &mut Link) -> io::Result<()> {
    let own = aggr.prop(ADDRESS).and_then(Mac::parse);
    let first = aggr.lower().map_or(Ok(None), |port| link::find(machine, port))?;
    aggr.mac = own.or(first.and_then(|port| port.mac));
    Ok(())
}
