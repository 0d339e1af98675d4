//! Searches the claims in the store of the fleet.

use super::{HeldKind, HolderKind, Holding, HoldingReason, Query};
use crate::error::Result;
use crate::fleet::{ClaimKind, StoreKey, StoreRecord};
use crate::operations::config_tree::ConfigTree;
use crate::operations::membership::{Stores, holder};
use crate::registry::{Elsewhere, Registry};
use crate::value::address::MacAddr;
use crate::value::name::ZoneName;
use crate::value::source::Source;

/// Matches in the store.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) holdings: Vec<Holding>,
    /// Addresses among them, as the allocator sees them.
    pub(super) elsewhere: Elsewhere,
}

/// Searches the segments of this tree's shared pools and, for a name, the names that exist once in the fleet. Opens no connection if
/// this host shares nothing.
pub(super) fn search(registry: &Registry, stores: &Stores, config_tree: &ConfigTree, query: &Query) -> Result<Claims> {
    let mut claims = Claims::default();
    let Some(membership) = stores.membership(registry, config_tree)? else { return Ok(claims) };
    let mut segments: Vec<&String> = membership.shared.values().map(|shared| &shared.segment).collect();
    segments.sort();
    segments.dedup();
    let of_segments = |key: &dyn Fn(String) -> StoreKey| segments.iter().map(|of| key((*of).clone())).collect();
    let keys: Vec<StoreKey> = match query {
        Query::Address(address) => of_segments(&|segment| StoreKey::Ip { segment, address: *address }),
        Query::Mac(mac) => of_segments(&|segment| StoreKey::Mac { segment, mac: MacAddr::new(*mac) }),
        Query::Word(word) => ZoneName::new(word).into_iter().map(StoreKey::Zone).collect(),
    };
    for key in keys {
        // The store reads by the start of keys: other keys may begin with this one.
        claims.take(membership.read(&key.to_string())?.iter().filter(|record| record.key == key));
    }
    Ok(claims)
}

impl Claims {
    fn take<'r>(&mut self, records: impl Iterator<Item = &'r StoreRecord>) {
        for record in records {
            let (what, net) = match &record.key {
                StoreKey::Ip { segment, address } => {
                    self.elsewhere.hold(segment, *address, holder(record));
                    (HeldKind::Address, Some(segment.clone()))
                }
                StoreKey::Mac { segment, .. } => (HeldKind::Mac, Some(segment.clone())),
                _ => (HeldKind::Name, None),
            };
            let claim = record.claim();
            let kind = match claim.map(|claim| claim.kind) {
                Some(ClaimKind::Reservation) => HolderKind::Reservation,
                Some(ClaimKind::Zone) | None => HolderKind::Zone,
            };
            self.holdings.push(Holding {
                what,
                kind,
                name: claim.map_or_else(|| holder(record), |claim| claim.name.clone()),
                why: HoldingReason::Claimed,
                net,
                link: None,
                host: claim.map(|claim| claim.host.clone()),
                source: Source::none(),
            });
        }
    }
}
