//! Reports what two holders have and only one can have, at the lines that claim it.

use std::collections::HashMap;

use super::Documents;
use crate::documents::reservation::Reservation;
use crate::documents::settings::EntryNet;
use crate::error::Diagnostic;
use crate::registry::{Allocator, By, Collision, What};
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
