//! Allocates what a zone does not hold yet: addresses, link names, MAC addresses. Every operation uses it.
//!
//! Invariant: what a file asks for is allocated like anything else, and never from another holder, whichever operation it is.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::config_tree::ConfigTree;
use super::context::Context;
use super::preconditions;
use crate::api::PinnedNet;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::settings::{EntryNet, IpType};
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::host::HostSnapshot;
use crate::registry::{self, AddressOwner, Allocator};
use crate::schema::did_you_mean;
use crate::value::address::{MacAddr, NetAddress};
use crate::value::name::LinkName;

/// Requests of the caller, besides the content of the files.
pub(crate) struct AddressRequests<'a> {
    /// Requested addresses by net.
    pub(crate) addresses: &'a BTreeMap<String, Vec<IpAddr>>,
    /// Choices of an approved plan, by net: nothing else is acceptable.
    pub(crate) pinned: Option<&'a BTreeMap<String, PinnedNet>>,
}

/// Returns the nets of a spec, with everything chosen that they lack.
///
/// Fails with `address-in-use` and `exists` if another holder has what the nets name and the entry does not hold; otherwise as
/// [`Allocator::choose`].
pub(crate) fn allocate(
    config_tree: &ConfigTree,
    allocator: &mut Allocator,
    host: &HostSnapshot,
    entry: &ZoneEntry,
    spec: &ZoneSpec,
    requests: &AddressRequests<'_>,
) -> Result<Vec<EntryNet>> {
    let nets = complete(config_tree, allocator, host, spec, requests)?;
    let wanted = with_nets(entry, &nets);
    allocator.refuse_taken(&wanted, spec.ip_type.value == IpType::Shared)?;
    Ok(nets)
}

/// Returns true if the spec needs something that the entry does not hold: nothing may be done to the zone before it is allocated.
pub(crate) fn gains(entry: &ZoneEntry, spec: &ZoneSpec) -> bool {
    registry::gains(&with_nets(entry, &spec.nets))
}

/// Fails if the entry needs something that another holder has: for operations that allocate nothing themselves. The host is queried
/// only if the entry needs anything that it does not hold.
pub(crate) fn refuse_taken(context: &Context, config_tree: &ConfigTree, entry: &ZoneEntry) -> Result<()> {
    let spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry)?;
    if entry.nets.is_empty() || !gains(entry, &spec) {
        return Ok(());
    }
    let mut allocator = context.registry.allocator(config_tree.pools.clone(), context.snapshot()?.host_usage)?;
    allocator.refuse_taken(&with_nets(entry, &spec.nets), spec.ip_type.value == IpType::Shared)
}

fn with_nets(entry: &ZoneEntry, nets: &[EntryNet]) -> ZoneEntry {
    ZoneEntry { nets: nets.to_vec(), ..entry.clone() }
}

/// Chooses what the nets lack.
fn complete(
    config_tree: &ConfigTree,
    allocator: &mut Allocator,
    host: &HostSnapshot,
    spec: &ZoneSpec,
    requests: &AddressRequests<'_>,
) -> Result<Vec<EntryNet>> {
    if let Some(unknown) = requests.addresses.keys().find(|net| !spec.nets.iter().any(|known| known.name == **net)) {
        let known: Vec<&str> = spec.nets.iter().map(|net| net.name.as_str()).collect();
        return Err(Error::new(Code::InvalidArgument, format!("net {unknown:?} does not exist in this zone"))
            .with_help(match (did_you_mean(unknown, known.iter().copied()), known.as_slice()) {
                (Some(near), _) => format!("did you mean {near:?}?"),
                (None, []) => "it has no nets".to_owned(),
                (None, known) => format!("its nets are {}", known.join(", ")),
            }));
    }
    let mut nets = spec.nets.clone();
    let (mut taken, mut links, mut macs) = (Vec::new(), Vec::<LinkName>::new(), Vec::<MacAddr>::new());
    for (index, net) in nets.iter_mut().enumerate() {
        let pinned = requests.pinned.and_then(|pinned| pinned.get(&net.name));
        if let Some(pool) = net.pool.clone()
            && !net.no_address
            && net.addresses.is_empty()
        {
            let wanted = match pinned {
                Some(pinned) => pinned.addresses.iter().map(|address| address.addr()).collect(),
                None => requests.addresses.get(&net.name).cloned().unwrap_or_default(),
            };
            net.addresses = allocator.choose(
                &pool,
                AddressOwner::zone(&spec.name),
                registry::AddressRequest::EachFamily(&wanted),
                &taken,
            )?;
            taken.extend(net.addresses.iter().map(|each: &NetAddress| each.address.addr()));
        }
        if net.physical.is_some() || spec.ip_type.value == IpType::Shared {
            continue;
        }
        let given = net.vnic.clone();
        let is_there = given.as_ref().is_some_and(|vnic| host.link(vnic.as_str()).is_some());
        if given.is_some() && net.mac.is_some() && net.managed || is_there && !net.managed {
            continue;
        }
        let vnic = match (given, pinned.and_then(|pinned| pinned.vnic.as_deref())) {
            // The zone's own file names it; conflicts are checked once everything is chosen.
            (Some(given), _) => given,
            (None, Some(vnic)) => preconditions::still_free(allocator, LinkName::new(vnic)?)?,
            (None, None) => allocator.choose_link(&config_tree.config.vnic_name, &spec.name, index, &links)?,
        };
        let mac = match pinned.and_then(|pinned| pinned.mac.as_deref()) {
            Some(mac) => mac.parse()?,
            None => match net.mac {
                Some(mac) => mac,
                None => allocator.choose_mac(config_tree.config.mac_prefix.as_deref(), &macs)?,
            },
        };
        links.push(vnic.clone());
        macs.push(mac);
        (net.vnic, net.mac, net.managed) = (Some(vnic), Some(mac), true);
    }
    Ok(nets)
}

/// Returns what was chosen for these nets, by name.
pub(crate) fn pinned_nets<'n>(nets: impl Iterator<Item = &'n EntryNet>) -> BTreeMap<String, PinnedNet> {
    nets.map(|net| {
        let pinned = PinnedNet {
            addresses: net.addresses.iter().map(|each| each.address).collect(),
            vnic: net.vnic.as_ref().map(LinkName::to_string),
            mac: net.mac.map(|mac| mac.to_string()),
        };
        (net.name.clone(), pinned)
    })
    .collect()
}
