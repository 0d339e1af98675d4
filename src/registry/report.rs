//! Problems with the addresses that entries hold.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::allocator::{Allocator, By};
use super::collisions::{Collision, What};
use super::pools::Segment;
use super::summary::EntryKind;
use crate::error::{Diagnostic, Result};
use crate::ipam::{AddressClass, Classes, Family, Space, number};
use crate::value::name::PoolName;

impl Allocator {
    /// Returns problems with the addresses of one pool, or of all: held twice, held against the pool's rules, of an unknown pool,
    /// of no pool, or unknown. For all pools, also checks links and MAC addresses.
    pub fn check_addresses(&self, only: Option<&PoolName>) -> Result<Vec<Diagnostic>> {
        let only = only.map(|name| self.pool(name)).transpose()?;
        let concerns = |address: IpAddr, segment: &Segment<'_>| match only {
            None => true,
            Some(pool) => {
                segment.pool == Some(pool.name.as_str())
                    || (segment.meets(&Segment::of(pool)) && pool.network_of(address).is_some())
            }
        };
        let mut found = Vec::new();
        for Collision { what, first, second, wires } in self.collisions() {
            let wanted = match &what {
                What::Address(address) => wires.iter().any(|segment| concerns(*address, segment)),
                _ => only.is_none(),
            };
            if wanted {
                let message = format!("{what} is held twice: by {} and by {}", self.say(first), self.say(second));
                let fault = Diagnostic::new("held-twice", message).with_help(what.help());
                let file = [second, first].into_iter().find_map(|by| self.file_of(by));
                found.push(match file {
                    Some(file) => fault.at_path(file),
                    None => fault,
                });
            }
        }
        let spaces: HashMap<&str, Space> =
            self.pools.values().map(|p| (p.name.as_str(), self.pools.space(p))).collect();
        let mut of_entries: BTreeMap<(Family, u128, By<'_>), (IpAddr, Segment<'_>)> = BTreeMap::new();
        self.each_claim(None, |address, claim| {
            if claim.summary.is_some() && !claim.router && concerns(address, &claim.segment) {
                of_entries.entry((Family::of(address), number(address), claim.by)).or_insert((address, claim.segment));
            }
        });
        let classes: HashMap<&str, Classes<'_>> =
            spaces.iter().map(|(name, space)| (*name, Classes::of(space))).collect();
        for ((_, _, by), (address, segment)) in of_entries {
            found.extend(self.against_the_rules(address, segment, by, &classes));
        }
        for unreadable in self.snapshot.unreadable() {
            let known = if self.is_unknown(unreadable) {
                "its addresses are unknown, so no pool allocates an address"
            } else {
                "its last known addresses count as held"
            };
            let message = format!("{} cannot be read; {known}", unreadable.file.path.display());
            found.push(Diagnostic::new("unreadable", message).at_path(&unreadable.file.path));
        }
        found.extend(self.host_usage.unread());
        Ok(found)
    }

    fn file_of(&self, by: By<'_>) -> Option<std::path::PathBuf> {
        match by {
            By::Zone(name) if self.snapshot.entry(EntryKind::Zone, name).is_some() => {
                Some(self.file(EntryKind::Zone, name))
            }
            By::Reservation(name) => Some(self.file(EntryKind::Reservation, name)),
            _ => None,
        }
    }

    fn against_the_rules(
        &self,
        address: IpAddr,
        segment: Segment<'_>,
        by: By<'_>,
        classes: &HashMap<&str, Classes<'_>>,
    ) -> Option<Diagnostic> {
        let (By::Zone(owner) | By::Reservation(owner)) = by else { return None };
        let file = self.file_of(by)?;
        let warn = |code: &str, what: String| {
            let message = format!("{} holds {address}, which {what}", self.say(by));
            Some(Diagnostic::new(code, message).warning().at_path(&file))
        };
        let Some(name) = segment.pool else { return warn("in-no-pool", "is not in a pool".to_owned()) };
        let Some(classes) = classes.get(name) else {
            return warn("unknown-pool", format!("belongs to pool {name:?}, which does not exist"));
        };
        let what = match classes.classify(address, Some(owner)) {
            AddressClass::Candidate => return None,
            // A zone can be the router.
            AddressClass::Gateway => return None,
            AddressClass::Elsewhere => "is not in a network of".to_owned(),
            AddressClass::Network => "is the address of a network of".to_owned(),
            AddressClass::Broadcast => "is the broadcast address of".to_owned(),
            AddressClass::Anycast => "is the anycast address of the routers of".to_owned(),
            AddressClass::Excluded => "is excluded from".to_owned(),
            AddressClass::Reserved(whom) => format!("is reserved for {whom} in"),
            AddressClass::OutOfRange => "is not in a range of".to_owned(),
            AddressClass::OutOfShare => {
                return warn("against-pool", format!("is not in a share of this host in pool {name}"));
            }
        };
        warn("against-pool", format!("{what} pool {name}"))
            .map(|d| d.with_help("it stays held and is not allocated to another zone"))
    }
}
