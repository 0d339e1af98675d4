//! Reads the files of the registry into summaries.

use std::ops::Range;
use std::path::Path;

use super::codec::Encoder;
use super::entry_file::{EntryFile, Unknown};
use super::index::Stamp;
use super::summary::{EntryKind, EntrySummary, NetSummary, PendingSummary};
use super::{Registry, Tree};
use crate::documents::document::{Document, Kind};
use crate::documents::reservation::Reservation;
use crate::documents::settings::IpType;
use crate::documents::zone::{APPLYING, EntryState, ZoneEntry};
use crate::error::{Code, Diagnostic, Error};
use crate::parallel;

/// Result of reading a file.
pub(super) enum Read {
    /// The file is gone.
    Gone,
    /// The file is valid: position of its summary, and its stamp before it was read.
    Good(Range<usize>, Stamp),
    /// The file is not valid.
    Bad(EntryFile, Vec<Diagnostic>),
}

/// Files that one thread read, in order.
#[derive(Default)]
pub(super) struct Share {
    /// Encoded summaries of the valid files.
    pub(super) bytes: Vec<u8>,
    pub(super) reads: Vec<Read>,
}

/// Minimum number of files per thread.
const MIN_PER_THREAD: usize = 32;

impl Registry {
    /// Returns the entry whose text is not that of its file, if it is valid.
    pub(super) fn instead(&self) -> Option<(EntryKind, EntrySummary)> {
        let (path, bytes) = self.tree().instead()?;
        let is_in = |kind: EntryKind| path.parent() == Some(&self.tree().directory(kind.directory()));
        if is_in(EntryKind::Zone) {
            let entry = Document::<ZoneEntry>::parse(path, bytes).ok()?.value;
            return Some((EntryKind::Zone, EntrySummary::from(&entry)));
        }
        let reservation = Some(path).filter(|_| is_in(EntryKind::Reservation));
        let reservation = Document::<Reservation>::parse(reservation?, bytes).ok()?.value;
        Some((EntryKind::Reservation, EntrySummary::from(&reservation)))
    }

    /// Reads the files of these entries, in parallel if there are many; keeps the order.
    pub(super) fn read_all(&self, entries: &[Unknown]) -> Vec<Share> {
        parallel::shares(entries, self.threads(entries.len(), MIN_PER_THREAD), |share| {
            let mut encoder = Encoder::default();
            let reads = share.iter().map(|entry| read(self.tree(), entry, &mut encoder)).collect();
            Share { bytes: encoder.bytes, reads }
        })
    }
}

/// State in summaries of entries that a newer zmgr wrote.
const NEWER: &str = "newer";

fn read(tree: &Tree, entry: &Unknown, encoder: &mut Encoder) -> Read {
    let file = EntryFile::new(tree, entry.kind, &entry.name);
    let read = match file.kind {
        EntryKind::Zone => read_as::<ZoneEntry>(tree, &file, entry.regular),
        EntryKind::Reservation => read_as::<Reservation>(tree, &file, entry.regular),
    };
    match read {
        Ok((summary, stamp)) => {
            let start = encoder.bytes.len();
            summary.encode(file.kind, encoder);
            Read::Good(start..encoder.bytes.len(), stamp)
        }
        Err(error) if error.code() == Code::NotFound && file.path.symlink_metadata().is_err() => Read::Gone,
        Err(error) => {
            let faults = faults(&file.path, error);
            Read::Bad(file, faults)
        }
    }
}

fn read_as<T>(tree: &Tree, file: &EntryFile, regular: bool) -> Result<(EntrySummary, Stamp), Error>
where
    T: Kind,
    EntrySummary: for<'a> From<&'a T>,
{
    let (bytes, meta) = tree.read_entry(&file.path, regular)?;
    let document = Document::<T>::parse(&file.path, &bytes)?;
    Ok((EntrySummary::from(&document.value), Stamp::of_file(&meta)))
}

fn faults(path: &Path, error: Error) -> Vec<Diagnostic> {
    match error.details() {
        [] => vec![Diagnostic::new(error.code().slug(), error.message()).at_path(path)],
        details => details.to_vec(),
    }
}

impl From<&ZoneEntry> for EntrySummary {
    fn from(entry: &ZoneEntry) -> EntrySummary {
        let settings = &entry.settings;
        let attrs = settings.resources.attrs.iter().map(|attr| (attr.value.name.clone(), attr.value.value.to_string()));
        let without = settings.without.iter().map(|w| (w.node.clone(), w.key.clone().unwrap_or_default()));
        let (nets, applied) = held_nets(entry);
        let ip_type = entry.applied.as_ref().and_then(|applied| applied.settings.ip_type.as_ref());
        let ip_type = ip_type.or(settings.ip_type.as_ref());
        EntrySummary {
            name: entry.name.to_string(),
            id: entry.id.as_ref().map(|id| id.to_string()),
            format: entry.format,
            state: match entry.is_newer() {
                true => Some(NEWER.to_owned()),
                false => entry.state.as_ref().map(|state| state.as_str().to_owned()),
            },
            step: entry.state.as_ref().and_then(|state| state.step()).map(str::to_owned),
            undo: matches!(entry.state, Some(EntryState::Creating { undo: true, .. })),
            created: entry.created.clone(),
            nets,
            applied,
            shared: ip_type.map(|ip_type| ip_type.value == IpType::Shared),
            template: entry.template_name().map(|name| name.to_string()),
            brand: entry.brand().map(str::to_owned),
            zonepath: entry.zonepath.as_ref().map(|path| path.to_string()),
            uuid: entry.uuid.clone(),
            origin: entry.origin.map(|origin| origin.as_str().to_owned()),
            autoboot: settings.autoboot.as_ref().map(|autoboot| **autoboot),
            tags: settings.tags.as_ref().map(|tags| tags.value.clone()),
            after: settings.after.as_ref().map(|after| after.iter().map(ToString::to_string).collect()),
            attrs: attrs.collect(),
            without: without.collect(),
            pending: entry.pending.as_ref().map(|pending| PendingSummary {
                boot_time: pending.boot_time,
                zone_id: pending.zone_id,
                changes: pending.texts(),
            }),
        }
    }
}

/// Returns the desired nets, each with whether it is held by more than the desired state, and the applied nets that differ from
/// them. A built zone without `applied` holds its desired nets.
fn held_nets(entry: &ZoneEntry) -> (Vec<NetSummary>, Vec<NetSummary>) {
    let applied: Vec<NetSummary> =
        entry.applied.iter().flat_map(|applied| &applied.nets).map(NetSummary::from).collect();
    let settled = match &entry.state {
        None => false,
        // An apply that was interrupted holds what it had applied: the file may have been edited since.
        Some(EntryState::Creating { step, .. }) if step.starts_with(APPLYING) => entry.applied.is_none(),
        // An edit that was not applied is not held, in whatever way the zone leaves the host or comes back.
        Some(EntryState::Ready | EntryState::Detached | EntryState::Destroying { .. }) => entry.applied.is_none(),
        Some(_) => true,
    };
    let same = |a: &NetSummary, b: &NetSummary| {
        NetSummary { name: String::new(), ..a.clone() } == NetSummary { name: String::new(), ..b.clone() }
    };
    let mut nets: Vec<NetSummary> = entry.nets.iter().map(NetSummary::from).collect();
    let past = applied.iter().filter(|was| !nets.iter().any(|net| same(net, was)));
    let past = past.map(|was| NetSummary { held: true, ..was.clone() }).collect();
    for net in &mut nets {
        net.held = settled || applied.iter().any(|was| same(net, was));
    }
    (nets, past)
}

impl From<&crate::documents::settings::EntryNet> for NetSummary {
    fn from(net: &crate::documents::settings::EntryNet) -> NetSummary {
        NetSummary {
            name: net.name.clone(),
            pool: net.pool.as_ref().map(|pool| pool.to_string()),
            addresses: net.addresses.iter().map(|a| (a.address, a.gateway)).collect(),
            vnic: net.vnic.as_ref().map(|link| link.to_string()),
            stub: net.stub.clone(),
            physical: net.physical.clone(),
            mac: net.mac.map(|mac| mac.bytes()),
            vlan: net.vlan,
            managed: net.managed,
            held: false,
        }
    }
}

impl From<&Reservation> for EntrySummary {
    fn from(reservation: &Reservation) -> EntrySummary {
        let nets = reservation.addresses.iter().map(|held| NetSummary {
            pool: Some(held.pool.to_string()),
            addresses: vec![(held.address.into(), None)],
            held: true,
            ..NetSummary::default()
        });
        EntrySummary {
            name: reservation.name.to_string(),
            id: reservation.id.as_ref().map(|id| id.to_string()),
            format: reservation.format,
            created: reservation.created.clone(),
            nets: nets.collect(),
            ..EntrySummary::default()
        }
    }
}
