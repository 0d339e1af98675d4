//! What an aggregation is set to. [source: libdlaggr.c]
//!
//! Invariant: the settings stand beside the properties, once as the link runs and once on record, under names that no property has.

use std::io;

use super::link::{self, Link};
use super::mac::Mac;
use crate::Machine;

/// What decides which port a packet takes.
pub(super) const POLICY: &str = "aggr.policy";
/// Its own address, if it was given one.
pub(super) const ADDRESS: &str = "aggr.address";
pub(super) const MODE: &str = "aggr.mode";
pub(super) const TIMER: &str = "aggr.timer";

/// As the host boots: the settings on record come into force.
pub(super) fn bring_up(machine: &Machine, aggr: &mut Link) -> io::Result<()> {
    for name in [POLICY, ADDRESS, MODE, TIMER] {
        aggr.set_prop(name, aggr.on_record(name).map(str::to_owned));
    }
    take_address(machine, aggr)
}

/// Its own address, else that of its first port.
pub(super) fn take_address(machine: &Machine, aggr: &mut Link) -> io::Result<()> {
    let own = aggr.prop(ADDRESS).and_then(Mac::parse);
    let first = aggr.lower().map_or(Ok(None), |port| link::find(machine, port))?;
    aggr.mac = own.or(first.and_then(|port| port.mac));
    Ok(())
}
