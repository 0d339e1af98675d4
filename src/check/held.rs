//! What two holders have and only one can have, each at the line that claims it.

use super::Documents;
use crate::error::Diagnostic;
use crate::registry::{Allocator, By, Collision, What};
use crate::settings::EntryNet;
use crate::source::Source;

/// Everything that is held twice. Who has what is for the allocator to say; the lines come from the documents.
pub(super) fn check(documents: &Documents, allocator: &Allocator) -> Vec<Diagnostic> {
    let collisions = allocator.collisions();
    collisions.iter().map(|collision| told(documents, collision)).collect()
}

fn told(documents: &Documents, Collision { what, first, second, .. }: &Collision<'_>) -> Diagnostic {
    let (code, help) = match what {
        What::Address(_) => ("duplicate-address", "give one of them another address"),
        What::Link(_) => ("duplicate-vnic", "give one of them another link"),
        What::Mac(_) => ("duplicate-mac", "give one of them another MAC address"),
    };
    let message = match what {
        What::Address(address) => format!("{address} of {} is held by {} too", name(*second), name(*first)),
        What::Link(link) => format!("the link {link} of {} is that of {} too", name(*second), name(*first)),
        What::Mac(mac) => format!("the MAC address {mac} of {} is that of {} too", name(*second), name(*first)),
    };
    let finding = Diagnostic::new(code, message).with_help(help);
    match [*second, *first].into_iter().find_map(|by| place(documents, by, what)) {
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
        By::Zone(name) => format!("the zone {name}"),
        By::Reservation(name) => format!("the reservation {name}"),
        By::Host(object) => format!("the host itself ({object})"),
        By::Gateway(pool) => format!("the pool {pool} as its gateway"),
    }
}

/// Where the holder's document says so, or where it begins.
fn place<'d>(documents: &'d Documents, by: By<'_>, what: &What) -> Option<&'d Source> {
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
            let reservation = documents.reservations.iter().find(|each| each.name.as_str() == name)?;
            let address = reservation.addresses.iter().find(|each| *what == What::Address(each.address));
            Some(address.map_or(&reservation.source, |address| &address.source))
        }
        By::Gateway(name) => {
            let pool = documents.pools.get(name)?;
            let network = pool.networks.iter().find(|each| each.gateway.map(What::Address).as_ref() == Some(what));
            Some(network.map_or(&pool.source, |network| &network.source))
        }
        By::Host(_) => None,
    }
}
