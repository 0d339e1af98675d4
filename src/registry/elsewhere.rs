//! Addresses that other hosts of a fleet hold, as the store said when it was read.
//!
//! Invariant: the data may be old. It only directs the choice; a claim in the store decides.

use std::collections::HashMap;
use std::net::IpAddr;

/// Claims in the segments of a fleet, except those of this host's entries.
#[derive(Debug, Clone, Default)]
pub struct Elsewhere {
    /// Addresses, each with its segment and its holder.
    addresses: Vec<(String, IpAddr, String)>,
    /// MAC addresses, each with its holder.
    macs: HashMap<[u8; 6], String>,
}

impl Elsewhere {
    /// Adds an address of a segment, with its holder.
    pub fn hold(&mut self, segment: &str, address: IpAddr, holder: String) {
        self.addresses.push((segment.to_owned(), address, holder));
    }

    /// Adds a MAC address, with its holder. It counts in every segment.
    pub fn hold_mac(&mut self, mac: [u8; 6], holder: String) {
        self.macs.insert(mac, holder);
    }

    /// Returns true if nothing is known to be held.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.macs.is_empty()
    }

    pub(super) fn has_mac(&self, mac: [u8; 6]) -> bool {
        self.macs.contains_key(&mac)
    }

    /// Returns the holder of a MAC address.
    pub(super) fn of_mac(&self, mac: [u8; 6]) -> Option<&str> {
        self.macs.get(&mac).map(String::as_str)
    }

    /// Returns the addresses of a segment, each with its holder.
    pub(super) fn of<'s>(&'s self, segment: &'s str) -> impl Iterator<Item = (IpAddr, &'s str)> {
        let of = self.addresses.iter().filter(move |(known, ..)| known == segment);
        of.map(|(_, address, holder)| (*address, holder.as_str()))
    }
}
