//! Reports on pools: how full they are, who holds what, and what is not as it should be.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::facts::EntryKind;
use super::ledger::{HeldBy, Holding, Ledger};
use super::pools::{self, Wire};
use super::survey::SurveyHolder;
use crate::error::{Diagnostic, Result};
use crate::ipam::{AddressUse, Family, Run, Space, Standing, Usage, number};
use crate::name::PoolName;

/// How full a pool is and who holds its addresses.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let usage = manager.pool_usage("internal")?;
/// for HeldAddress { address, by, .. } in &usage.holders {
///     if let HeldBy::Zone { name, file } = by {
///         println!("{address}: {name}, as {} says", file.display());
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolUsage {
    /// The pool.
    pub pool: PoolName,
    /// Each of its families, IPv4 first.
    pub families: Vec<Usage>,
    /// Every address in its networks that somebody holds, ascending, IPv4 first; gateways among them.
    pub holders: Vec<HeldAddress>,
    /// Files that cannot be read and may hold more: while there are any, the pool gives nothing.
    pub unknown: Vec<Diagnostic>,
}

/// An address and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldAddress {
    /// The address.
    pub address: IpAddr,
    /// Who holds it.
    pub by: HeldBy,
    /// Whether the pool could give it: not so for what was held before the pool said otherwise.
    pub in_range: bool,
}

impl PoolUsage {
    /// The report as JSON, with the keys that the command line prints.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "pool": self.pool.as_str(),
            "families": self.families.iter().map(family_json).collect::<Vec<_>>(),
            "holders": self.holders.iter().map(HeldAddress::to_json).collect::<Vec<_>>(),
            "unknown": self.unknown.iter().map(Diagnostic::to_json).collect::<Vec<_>>(),
        })
    }
}

fn family_json(usage: &Usage) -> serde_json::Value {
    // JSON numbers end where u64 does for most readers.
    let count = |n: u128| u64::try_from(n).map_or_else(|_| n.to_string().into(), serde_json::Value::from);
    let run = |run: Run, taken_for: Option<AddressUse>| {
        let mut json = serde_json::json!({
            "first": run.first.to_string(), "last": run.last.to_string(), "count": count(run.count),
        });
        if let Some(taken_for) = taken_for {
            json["taken-for"] = taken_for.as_str().into();
        }
        json
    };
    serde_json::json!({
        "family": usage.family.to_string().to_lowercase(),
        "total": count(usage.total),
        "used": count(usage.used()),
        "zones": count(usage.zones),
        "reservations": count(usage.reservations),
        "host": count(usage.host),
        "gateways": count(usage.gateways),
        "excluded": count(usage.excluded),
        "reserved": count(usage.reserved),
        "free": count(usage.free),
        "outside": count(usage.outside),
        "largest-free": usage.largest_free.map(|free| run(free, None)),
        "map": usage.map.iter().map(|part| run(part.run, Some(part.taken_for))).collect::<Vec<_>>(),
    })
}

impl HeldAddress {
    /// The address and its holder as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        let (kind, name) = match &self.by {
            HeldBy::Zone { name, .. } => ("zone", name),
            HeldBy::Reservation { name, .. } => ("reservation", name),
            HeldBy::Host(name) => ("host", name),
            HeldBy::HostZone(name) => ("host-zone", name),
            HeldBy::Gateway(name) => ("gateway", name),
        };
        serde_json::json!({
            "address": self.address.to_string(), "kind": kind, "name": name, "in-range": self.in_range,
        })
    }
}

impl Ledger {
    /// How full a pool is and who holds its addresses.
    pub fn pool_usage(&mut self, name: &PoolName) -> Result<PoolUsage> {
        let space = self.space(name)?;
        let pool = self.pool(name)?;
        let holdings = self.holdings(pool);
        let mut holders = Vec::new();
        self.each_held(Wire::of(pool), |address, holding| {
            // The router of an entry's net is named by its pool, or stands nowhere else.
            let named = matches!(holding, Holding::EntryGateway(..))
                && pool.networks.iter().any(|network| network.gateway == Some(address));
            if space.block(address).is_some() && !named {
                let standing = space.standing(address, owner_of(holding));
                let in_range = matches!(standing, Standing::Candidate | Standing::Gateway);
                holders.push(HeldAddress { address, by: self.say(holding), in_range });
            }
        });
        holders.sort_by(|a: &HeldAddress, b| (a.address, &a.by).cmp(&(b.address, &b.by)));
        holders.dedup();
        Ok(PoolUsage {
            pool: name.clone(),
            families: space.families().map(|family| space.usage(family, &holdings)).collect(),
            holders,
            unknown: self.unknown().flat_map(|unreadable| unreadable.faults.clone()).collect(),
        })
    }

    /// What is not as it should be with the addresses of one pool, or of all: held twice, held against the pool's rules, of a pool
    /// that does not exist, of no pool, or not known.
    pub fn check_addresses(&self, only: Option<&PoolName>) -> Result<Vec<Diagnostic>> {
        let only = only.map(|name| self.pool(name)).transpose()?;
        let concerns = |held: &Held<'_>| match only {
            None => true,
            Some(pool) => {
                held.wire.pool == Some(pool.name.as_str())
                    || (held.wire.meets(&Wire::of(pool)) && pool.network_of(held.address).is_some())
            }
        };
        let mut all: Vec<Held<'_>> = self.all_held().into_iter().filter(concerns).collect();
        all.sort_by_key(|held| (Family::of(held.address), number(held.address)));
        let mut found = Vec::new();
        for same in all.chunk_by(|a, b| a.address == b.address) {
            for (n, later) in same.iter().enumerate() {
                let first = same[..n].iter().find(|earlier| {
                    (earlier.by != later.by) && earlier.wire.meets(&later.wire) && (earlier.owned() || later.owned())
                });
                if let Some(first) = first {
                    found.push(self.held_twice(first, later));
                }
            }
        }
        let spaces: HashMap<&str, Space> = self.pools.values().map(|p| (p.name.as_str(), pools::space(p))).collect();
        for held in all.iter().filter(|held| held.owned()) {
            found.extend(self.against_the_rules(held, &spaces));
        }
        for unreadable in self.snapshot.unreadable() {
            let known = if self.is_unknown(unreadable) {
                "what it holds is not known, so no pool gives an address"
            } else {
                "the addresses of its last good version are taken as held"
            };
            let message = format!("{} cannot be read; {known}", unreadable.file.path.display());
            found.push(Diagnostic::new("unreadable", message).at_path(&unreadable.file.path));
        }
        Ok(found)
    }

    /// Every address that is held anywhere, routers left out.
    fn all_held(&self) -> Vec<Held<'_>> {
        let mut all = Vec::new();
        let mut registered = HashSet::new();
        for entry in self.snapshot.entries() {
            let facts = entry.facts;
            if facts.kind == EntryKind::Zone && entry.unreadable.is_none() {
                registered.insert(facts.name);
            }
            for net in facts.nets() {
                let wire = Wire::of_net(&self.pools, &net);
                let by = By::Entry(facts.kind, facts.name);
                all.extend(net.addresses().map(|(address, _)| Held { address: address.addr(), wire, by }));
            }
        }
        for (address, holder) in &self.survey.addresses {
            let by = match holder {
                SurveyHolder::Zone(name) if registered.contains(name.as_str()) => continue,
                SurveyHolder::Zone(name) => By::HostZone(name),
                SurveyHolder::Host(object) => By::Host(object),
            };
            all.push(Held { address: address.addr(), wire: Wire::default(), by });
        }
        all
    }

    fn held_twice(&self, first: &Held<'_>, later: &Held<'_>) -> Diagnostic {
        let message =
            format!("{} is held twice: by {} and by {}", later.address, self.name(first.by), self.name(later.by));
        let found = Diagnostic::new("held-twice", message).with_help("give one of them another address");
        match (first.by, later.by) {
            (_, By::Entry(kind, name)) | (By::Entry(kind, name), _) => found.at_path(self.file(kind, name)),
            _ => found,
        }
    }

    fn against_the_rules(&self, held: &Held<'_>, spaces: &HashMap<&str, Space>) -> Option<Diagnostic> {
        let By::Entry(kind, owner) = held.by else { return None };
        let warn = |code: &str, what: String| {
            let message = format!("{} holds {}, which {what}", self.name(held.by), held.address);
            Some(Diagnostic::new(code, message).warning().at_path(self.file(kind, owner)))
        };
        let Some(name) = held.wire.pool else { return warn("in-no-pool", "is in no pool".to_owned()) };
        let Some(space) = spaces.get(name) else {
            return warn("unknown-pool", format!("is said to be of pool {name}, and there is none"));
        };
        let what = match space.standing(held.address, Some(owner)) {
            Standing::Candidate => return None,
            // A zone may well be the router.
            Standing::Gateway => return None,
            Standing::Elsewhere => "is in none of its networks".to_owned(),
            Standing::Network => "is the address of the network".to_owned(),
            Standing::Broadcast => "is the broadcast address".to_owned(),
            Standing::Anycast => "is the anycast address of the routers".to_owned(),
            Standing::Excluded => "is excluded".to_owned(),
            Standing::Reserved(whom) => format!("is reserved for {whom}"),
            Standing::OutOfRange => "is in no range".to_owned(),
        };
        warn("against-pool", format!("{what} of pool {name}"))
            .map(|d| d.with_help("it stays held; nobody else gets it"))
    }

    fn name(&self, by: By<'_>) -> HeldBy {
        match by {
            By::Entry(kind, name) => self.held_by(kind, name),
            By::Host(object) => HeldBy::Host(object.to_owned()),
            By::HostZone(name) => HeldBy::HostZone(name.to_owned()),
        }
    }
}

/// An address somewhere.
struct Held<'a> {
    address: IpAddr,
    wire: Wire<'a>,
    by: By<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By<'a> {
    Entry(EntryKind, &'a str),
    Host(&'a str),
    HostZone(&'a str),
}

impl Held<'_> {
    /// Whether an entry of the registry holds it. What the host and others do among themselves is their business.
    fn owned(&self) -> bool {
        matches!(self.by, By::Entry(..))
    }
}

fn owner_of<'a>(holding: Holding<'a>) -> Option<&'a str> {
    match holding {
        Holding::Entry(facts, _) => Some(facts.name),
        _ => None,
    }
}
