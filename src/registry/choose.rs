//! Chooses addresses of pools, names of VNICs and MAC addresses. Choosing does not hold anything.

use std::net::IpAddr;

use ipnet::IpNet;

use super::allocator::{AddressOwner, Allocator, HeldBy, in_use};
use super::pools::Segment;
use super::summary::EntryKind;
use crate::documents::pool::{Pool, Strategy};
use crate::error::{Code, Error, Result};
use crate::ipam::{AddressClass, Block, Family, Pick, Space};
use crate::value::address::{MacAddr, MacPrefix, NetAddress};
use crate::value::link_name::Pattern;
use crate::value::name::{LinkName, PoolName, ZoneName};

/// Addresses of a pool to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRequest<'a> {
    /// One address of each family of the pool; these, if they are of that family.
    EachFamily(&'a [IpAddr]),
    /// This address only.
    Only(IpAddr),
}

impl Allocator {
    /// Chooses addresses of a pool, IPv4 first, each with its prefix length and gateway. `taken` are addresses already chosen for
    /// the same owner that the allocator does not hold yet.
    ///
    /// Fails with `pool-exhausted` and how the addresses are used; `address-in-use` with the holder of the requested address;
    /// `invalid-argument` if the pool never allocates it; `config` if an unreadable file may hold any address.
    pub fn choose(
        &mut self,
        pool: &PoolName,
        owner: AddressOwner<'_>,
        request: AddressRequest<'_>,
        taken: &[IpAddr],
    ) -> Result<Vec<NetAddress>> {
        let space = self.space(pool)?;
        self.refuse_unknown(pool)?;
        let wanted = match request {
            AddressRequest::Only(ref address) => std::slice::from_ref(address),
            AddressRequest::EachFamily(wanted) => wanted,
        };
        for (n, address) in wanted.iter().enumerate() {
            self.check_wanted(pool, *address, owner)?;
            if taken.contains(address) {
                return Err(Error::new(Code::AddressInUse, format!("{address} is requested twice")));
            }
            if wanted[..n].iter().any(|other| Family::of(*other) == Family::of(*address)) {
                let message = format!("two {} addresses are requested, but a net gets one", Family::of(*address));
                return Err(Error::new(Code::InvalidArgument, message));
            }
        }
        let mut chosen: Vec<IpAddr> = Vec::new();
        for family in space.families() {
            match (wanted.iter().find(|a| Family::of(**a) == family), request) {
                (Some(address), _) => chosen.push(*address),
                (None, AddressRequest::Only(_)) => {}
                (None, AddressRequest::EachFamily(_)) => {
                    chosen.push(self.next_free(pool, &space, family, owner, taken)?)
                }
            }
        }
        if self.pool(pool)?.strategy == Strategy::Next {
            for address in &chosen {
                self.last_given.insert((pool.clone(), Family::of(*address)), crate::ipam::number(*address));
            }
        }
        Ok(chosen.into_iter().filter_map(|address| Some(interface(space.block(address)?, address))).collect())
    }

    /// Checks that the pool may allocate this address to the owner and that no other holder has it.
    pub(super) fn check_wanted(&mut self, name: &PoolName, address: IpAddr, owner: AddressOwner<'_>) -> Result<()> {
        let space = self.space(name)?;
        let pool = self.pool(name)?;
        let file = self.tree.pool(name);
        let never = |why: String, help: String| Err(Error::new(Code::InvalidArgument, why).with_help(help));
        let said = |what: &str| format!("{address} {what} of pool {name} and is never allocated");
        match space.classify(address, Some(owner.name)) {
            AddressClass::Candidate => {}
            AddressClass::Elsewhere => {
                let networks: Vec<String> = pool.networks.iter().map(|n| n.network.to_string()).collect();
                return never(
                    format!("{address} is not in pool {name}"),
                    format!("its networks are {} ({})", networks.join(", "), file.display()),
                );
            }
            AddressClass::Network => {
                return never(said("is the address of a network"), "request another address".to_owned());
            }
            AddressClass::Broadcast => {
                return never(said("is the broadcast address"), "request another address".to_owned());
            }
            AddressClass::Anycast => {
                return never(said("is the anycast address of the routers"), "request another address".to_owned());
            }
            AddressClass::Excluded => {
                let why = format!("{address} is excluded from pool {name} and is never allocated");
                return never(why, format!("see `exclude` in {}", file.display()));
            }
            AddressClass::OutOfRange => {
                return never(
                    format!("{address} is not in a range of pool {name}"),
                    format!("see `range` in {}", file.display()),
                );
            }
            AddressClass::OutOfShare => return Err(self.not_shared(name, address)?),
            AddressClass::Gateway => return Err(in_use(address, &HeldBy::Gateway(name.to_string()))),
            AddressClass::Reserved(whom) => {
                let message = format!("{address} is reserved for {whom}");
                return Err(Error::new(Code::AddressInUse, message)
                    .with_help(format!("see `reserve` in {}; request another address", file.display())));
            }
        }
        // Most addresses are free, and the collected set shows that at once.
        let number = crate::ipam::number(address);
        if !self.used(name, Family::of(address))?.numbers.contains(&number) {
            return Ok(());
        }
        let pools = std::sync::Arc::clone(&self.pools);
        let Some(pool) = pools.get(name) else { return Ok(()) };
        match self.holder(Segment::of(pool), address, (owner.kind, owner.name)) {
            Some(holder) => Err(in_use(address, &holder)),
            None => Ok(()),
        }
    }

    fn next_free(
        &mut self,
        name: &PoolName,
        space: &Space,
        family: Family,
        owner: AddressOwner<'_>,
        taken: &[IpAddr],
    ) -> Result<IpAddr> {
        let strategy = self.pool(name)?.strategy;
        let last = self.last_given.get(&(name.clone(), family)).copied();
        let contested = self.is_contested(self.pool(name)?);
        let used = self.used(name, family)?;
        let more: Vec<u128>;
        let numbers = match taken {
            [] => used.numbers.as_slice(),
            taken => {
                let taken = taken.iter().filter(|a| Family::of(**a) == family).map(|a| crate::ipam::number(*a));
                more = used.numbers.iter().copied().chain(taken).collect();
                &more
            }
        };
        // Addresses reserved for the owner come first.
        let is_free = |address: &IpAddr| !numbers.contains(&crate::ipam::number(*address));
        if let Some(kept) = space.kept_for(family, owner.name).find(is_free) {
            return Ok(kept);
        }
        let newest = used.newest.as_ref().map(|(_, newest)| *newest);
        let pick = match (last.or(newest), strategy) {
            _ if contested => anywhere()?,
            (Some(last), Strategy::Next) => Pick::After(family.address(last)),
            _ => Pick::Lowest,
        };
        let candidates = space.candidates(family, Some(owner.name));
        let found = candidates.first_free(numbers, pick);
        self.refuse_reserved(name, space, family, owner, taken)?;
        match found {
            Some(address) => Ok(address),
            None => Err(self.exhausted(name, space, family)?),
        }
    }

    /// Fails if addresses are reserved for the owner and all of them are taken: it must not silently get another one.
    fn refuse_reserved(
        &mut self,
        name: &PoolName,
        space: &Space,
        family: Family,
        owner: AddressOwner<'_>,
        taken: &[IpAddr],
    ) -> Result<()> {
        let reserves = space.blocks.iter().filter(|block| block.family() == family).flat_map(|block| &block.reserves);
        let kept: Vec<IpAddr> = reserves.filter(|(_, whom)| whom == owner.name).map(|(address, _)| *address).collect();
        let mut refused = None;
        for address in kept {
            // Another net of the same owner has it.
            if taken.contains(&address) {
                return Ok(());
            }
            let held = match self.check_wanted(name, address, owner) {
                Ok(()) => return Ok(()),
                Err(error) if error.code() == Code::AddressInUse => error,
                Err(error) => Error::new(Code::Config, error.message())
                    .with_help(format!("change `reserve` in {}", self.tree.pool(name).display())),
            };
            let context = format!("pool {:?} reserves {address} for {}", name.as_str(), owner.name);
            refused.get_or_insert(held.with_context(context));
        }
        refused.map_or(Ok(()), Err)
    }

    /// Explains that this host may not allocate an address of the pool that is in no share of its own.
    fn not_shared(&self, name: &PoolName, address: IpAddr) -> Result<Error> {
        let pool = self.pool(name)?;
        let file = self.tree.pool(name).display().to_string();
        let of = pool.shares().find(|share| (share.first..=share.last).contains(&address));
        let message = match of {
            Some(share) => format!("{address} is in the share of host {:?} in pool {:?}", share.host, name.as_str()),
            None => format!("{address} is in no share of pool {:?}", name.as_str()),
        };
        Ok(Error::new(Code::InvalidArgument, message)
            .with_help(format!("ask for an address of this host's share; `share` in {file} sets them")))
    }

    /// Explains that this host has no share of a pool that is divided among hosts, if that is so.
    fn without_share(&self, name: &PoolName, family: Family) -> Result<Option<Error>> {
        let pool = self.pool(name)?;
        let mut of_family = pool.shares().filter(|share| Family::of(share.first) == family);
        let host = self.pools.host();
        let divided = pool.shares().next().is_some();
        if !divided || of_family.any(|share| Some(share.host.as_str()) == host) {
            return Ok(None);
        }
        let file = self.tree.pool(name).display().to_string();
        let (who, help) = match host {
            Some(host) => (format!("host {host:?}"), format!("add `share {host:?} FIRST LAST` to {file}")),
            None => ("this host, whose name is not known,".to_owned(), "set `host` in config.kdl".to_owned()),
        };
        let message = format!(
            "pool {:?} has no {family} address to give: {who} has no {family} share of it ({file})",
            name.as_str()
        );
        Ok(Some(Error::new(Code::PoolExhausted, message).with_help(help)))
    }

    /// Returns the message for a pool without a free address: its size and how the addresses are used.
    fn exhausted(&self, name: &PoolName, space: &Space, family: Family) -> Result<Error> {
        if let Some(error) = self.without_share(name, family)? {
            return Ok(error);
        }
        let usage = space.usage(family, &self.holdings(self.pool(name)?));
        let parts = [
            (usage.zones, "held by zones"),
            (usage.reservations, "held by reservations"),
            (usage.host, "held by the host and by zones that are not in the registry"),
            (usage.fleet, "held by other hosts of the fleet"),
            (usage.gateways, "of gateways"),
            (usage.excluded, "excluded"),
            (usage.reserved, "reserved"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let message = match parts.as_slice() {
            [] => format!("pool {name} has no {family} addresses to allocate"),
            parts => {
                format!("pool {name} has no free {family} address: of {}, {}", usage.total, parts.join(", "))
            }
        };
        let help = format!(
            "run `zmgr pool show {name}` to see the holders; add a range or network in {}",
            self.tree.pool(name).display()
        );
        Ok(Error::new(Code::PoolExhausted, message).with_help(help))
    }

    /// Chooses a free name for a VNIC, by the pattern of `config.kdl`. `taken` are names already chosen that the allocator does not
    /// hold yet.
    pub fn choose_link(
        &mut self,
        pattern: &str,
        zone: &ZoneName,
        index: usize,
        taken: &[LinkName],
    ) -> Result<LinkName> {
        let pattern = Pattern::new(pattern).map_err(|message| Error::new(Code::Config, message))?;
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        pattern.choose(zone, index, |name| taken.iter().any(|t| t.as_str() == name) || self.has_link(name))
    }

    /// Chooses a free random MAC address, with this prefix if there is one. `taken` are those already chosen that the allocator
    /// does not hold yet.
    ///
    /// Fails with `pool-exhausted` if none is found with the prefix.
    pub fn choose_mac(&mut self, prefix: Option<&MacPrefix>, taken: &[MacAddr]) -> Result<MacAddr> {
        /// With this many tries, a half-full prefix of three bytes fails once in 2^1000 times.
        const TRIES: usize = 1000;
        let mut tries = 0;
        loop {
            tries += 1;
            if let (Some(prefix), true) = (prefix, tries > TRIES) {
                let message = format!("no free MAC address begins with {prefix}");
                return Err(Error::new(Code::PoolExhausted, message)
                    .with_help("set `mac-prefix` in config.kdl to a shorter prefix, or remove it"));
            }
            let mac = MacAddr::random_below(prefix)?;
            if !taken.contains(&mac) && !self.has_mac(mac.bytes()) {
                return Ok(mac);
            }
        }
    }

    /// Returns an address of this pool with its prefix length and gateway.
    pub fn interface_of(&mut self, pool: &PoolName, address: IpAddr) -> Result<Option<NetAddress>> {
        let space = self.space(pool)?;
        Ok(space.block(address).map(|block| interface(block, address)))
    }

    /// Returns the addresses of a pool that are held, by kind of holder.
    pub(super) fn holdings(&self, pool: &Pool) -> Vec<crate::ipam::Holding> {
        use super::allocator::By;
        use crate::ipam::{Holder, Holding};
        let mut holdings = Vec::new();
        self.each_claim(Some(Segment::of(pool)), |address, claim| {
            // The pool counts its own gateways; other gateways are outside the registry.
            let gateway = claim.router && pool.networks.iter().any(|n| n.gateway == Some(address));
            let holder = match claim.by {
                _ if gateway => return,
                By::Gateway(_) => Holder::Host,
                _ if claim.router => Holder::Host,
                By::Zone(name) if claim.summary.is_some() || self.snapshot.entry(EntryKind::Zone, name).is_some() => {
                    Holder::Zone
                }
                By::Reservation(_) => Holder::Reservation,
                By::Fleet(_) => Holder::Fleet,
                By::Zone(_) | By::Host(_) => Holder::Host,
            };
            holdings.push(Holding { address, holder });
        });
        holdings
    }
}

/// Returns where hosts that contend for addresses begin to search: at random, so that they rarely meet.
fn anywhere() -> Result<Pick> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Code::Internal, format!("the system gives no random bytes: {error}")))?;
    Ok(Pick::Rank(u128::from_ne_bytes(bytes)))
}

fn interface(block: &Block, address: IpAddr) -> NetAddress {
    let network = IpNet::new(address, block.network.prefix_len()).unwrap_or(IpNet::from(address));
    // A router of the other family cannot serve this address.
    NetAddress::new(network, block.gateway.filter(|gateway| gateway.is_ipv4() == address.is_ipv4()))
}
