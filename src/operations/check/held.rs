//! Reports what two holders have and only one can have, at the lines that claim it, and what a built zone asks for in vain.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::Documents;
use crate::documents::reservation::Reservation;
use crate::documents::settings::{EntryNet, IpType};
use crate::documents::zone::EntryState;
use crate::error::{Diagnostic, Severity};
use crate::registry::{Allocator, By, Collision, What, gains};
use crate::value::source::Source;

/// Returns everything that is held twice. The allocator decides who holds what; the lines come from the files.
pub(super) fn check(documents: &Documents, allocator: &Allocator) -> Vec<Diagnostic> {
    let collisions = allocator.collisions();
    let reservations: Reservations<'_> = match collisions.as_slice() {
        [] => HashMap::new(),
        _ => documents.reservations.iter().map(|each| (each.name.as_str(), each)).collect(),
    };
    collisions.iter().map(|collision| diagnostic(documents, &reservations, collision)).collect()
}

/// Returns an error for each built zone whose files ask for a link, an address or a MAC address that `apply` would refuse, unless one
/// of these findings is an error of its file already.
pub(super) fn refused(documents: &Documents, allocator: &mut Allocator, known: &[Diagnostic]) -> Vec<Diagnostic> {
    let errors = known.iter().filter(|finding| finding.severity == Severity::Error);
    let faulty: HashSet<PathBuf> = errors.filter_map(|finding| finding.path.clone()).collect();
    let mut found = Vec::new();
    for zone in documents.zones.values().filter(|zone| zone.state == Some(EntryState::Ready) && !zone.is_newer()) {
        let is_faulty = zone.source.file.as_deref().is_some_and(|path| faulty.contains(path));
        if zone.applied.is_none() || is_faulty || !gains(zone) {
            continue;
        }
        let ip_type = zone.settings.ip_type.as_ref();
        let ip_type = ip_type.or(zone.applied.as_ref().and_then(|applied| applied.settings.ip_type.as_ref()));
        let shared = ip_type.is_some_and(|ip_type| ip_type.value == IpType::Shared);
        let Err(error) = allocator.refuse_taken(zone, shared) else { continue };
        let message = error.message();
        let message = message.strip_prefix(&format!("zone {}: ", zone.name)).unwrap_or(message);
        let message = format!("zone {} cannot be changed as its files say: {message}", zone.name);
        let help = error.help().unwrap_or("run `zmgr diff` to see what would change");
        found.push(Diagnostic {
            path: zone.source.file.as_ref().map(|file| file.to_path_buf()),
            line: zone.nets.first().map(|net| net.source.line as usize).filter(|line| *line > 0),
            ..Diagnostic::new("cannot-change", message).with_help(help)
        });
    }
    found
}

/// The reservations by name.
type Reservations<'d> = HashMap<&'d str, &'d Reservation>;

fn diagnostic(
    documents: &Documents,
    reservations: &Reservations<'_>,
    Collision { what, first, second, .. }: &Collision<'_>,
) -> Diagnostic {
    let (code, help) = match what {
        What::Address(_) => ("duplicate-address", "change the address of one of them"),
        What::Link(_) => ("duplicate-vnic", "change the link of one of them"),
        What::Mac(_) => ("duplicate-mac", "change the MAC address of one of them"),
    };
    let message = match what {
        What::Address(address) => format!("{address} of {} is also held by {}", name(*second), name(*first)),
        What::Link(link) => format!("link {link} of {} is also used by {}", name(*second), name(*first)),
        What::Mac(mac) => format!("MAC address {mac} of {} is also used by {}", name(*second), name(*first)),
    };
    let finding = Diagnostic::new(code, message).with_help(help);
    match [*second, *first].into_iter().find_map(|by| place(documents, reservations, by, what)) {
        Some(source) => Diagnostic {
            path: source.file.as_ref().map(|file| file.to_path_buf()),
            line: (source.line > 0).then_some(source.line as usize),
            ..finding
        },
        None => finding,
    }
}

fn name(by: By<'_>) -> String {
    match by {
        By::Zone(name) => format!("zone {name}"),
        By::Reservation(name) => format!("reservation {name}"),
        By::Host(object) => format!("the host itself ({object})"),
        By::Gateway(pool) => format!("pool {pool} as its gateway"),
        By::Fleet(holder) => holder.to_owned(),
    }
}

/// Returns the line of the holder's file that claims it, or its first line.
fn place<'d>(documents: &'d Documents, reservations: &Reservations<'d>, by: By<'_>, what: &What) -> Option<&'d Source> {
    let has = |net: &&EntryNet| match what {
        What::Address(address) => net.addresses.iter().any(|each| each.address.addr() == *address),
        What::Link(link) => {
            net.vnic.as_ref().is_some_and(|vnic| vnic.as_str() == link) || net.physical.as_ref() == Some(link)
        }
        What::Mac(mac) => net.mac == Some(*mac),
    };
    match by {
        By::Zone(name) => {
            let zone = documents.zones.get(name)?;
            Some(zone.nets.iter().find(has).map_or(&zone.source, |net| &net.source))
        }
        By::Reservation(name) => {
            let reservation = reservations.get(name)?;
            let address = reservation.addresses.iter().find(|each| *what == What::Address(each.address));
            Some(address.map_or(&reservation.source, |address| &address.source))
        }
        By::Gateway(name) => {
            let pool = documents.pools.get(name)?;
            let network = pool.networks.iter().find(|each| each.gateway.map(What::Address).as_ref() == Some(what));
            Some(network.map_or(&pool.source, |network| &network.source))
        }
        By::Host(_) | By::Fleet(_) => None,
    }
}
