//! Separates the settings of an entry from those that the layers below already have.
//!
//! Invariant: pure. The result over those layers is equivalent to all settings without layers.

use crate::documents::resolve::ZoneSpec;
use crate::documents::settings::{Settings, Without};
use crate::value::source::Sourced;

/// Returns what is left of `all` over layers with `inherited`: differences, and what to drop. The brand always stays.
pub(super) fn beyond(all: Settings, inherited: &ZoneSpec) -> Settings {
    let mut left = Settings { brand: all.brand, ..Settings::default() };
    left.autoboot = all.autoboot.filter(|autoboot| *autoboot != inherited.autoboot);
    left.ip_type = all.ip_type.filter(|ip_type| *ip_type != inherited.ip_type);
    let mut dropped: Vec<Without> = Vec::new();
    let (theirs, below) = (all.resources, &inherited.resources);
    let singles = theirs.clone();
    let mine = &mut left.resources;
    mine.fs = keyed("fs", theirs.fs, &below.fs, |fs| &fs.dir, &mut dropped);
    mine.datasets = keyed("dataset", theirs.datasets, &below.datasets, |dataset| &dataset.name, &mut dropped);
    mine.devices = keyed("device", theirs.devices, &below.devices, |device| &device.pattern, &mut dropped);
    mine.attrs = keyed("attr", theirs.attrs, &below.attrs, |attr| &attr.name, &mut dropped);
    mine.rctls = keyed("rctl", theirs.rctls, &below.rctls, |rctl| &rctl.name, &mut dropped);
    mine.admins = keyed("admin", theirs.admins, &below.admins, |admin| &admin.user, &mut dropped);
    macro_rules! single {
        ($($field:ident $node:literal),+ $(,)?) => {
            $(mine.$field = single($node, theirs.$field, &below.$field, &mut dropped);)+
        };
    }
    single!(
        capped_memory "capped-memory",
        capped_cpu "capped-cpu",
        dedicated_cpu "dedicated-cpu",
        security_flags "security-flags",
    );
    dropped.extend(mine.keep_singles(&singles, below).into_iter().map(|node| Without::new(node, None)));
    left.without = dropped.into_iter().map(Sourced::from).collect();
    left
}

fn keyed<T: PartialEq>(
    node: &str,
    all: Vec<Sourced<T>>,
    below: &[Sourced<T>],
    key: impl Fn(&T) -> &String,
    dropped: &mut Vec<Without>,
) -> Vec<Sourced<T>> {
    for inherited in below {
        if !all.iter().any(|each| key(each) == key(inherited)) {
            dropped.push(Without::new(node, Some(key(inherited).clone())));
        }
    }
    all.into_iter().filter(|each| !below.contains(each)).collect()
}

fn single<T: PartialEq>(
    node: &str,
    all: Option<Sourced<T>>,
    below: &Option<Sourced<T>>,
    dropped: &mut Vec<Without>,
) -> Option<Sourced<T>> {
    if all.is_none() && below.is_some() {
        dropped.push(Without::new(node, None));
    }
    all.filter(|all| below.as_ref() != Some(all))
}
