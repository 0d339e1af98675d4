//! Finds, adds, removes and replaces resources of a document. Decides as the library does which resource is meant.
//!
//! [source: zonecfg_lookup_*, zonecfg_add_*, zonecfg_delete_* of libzonecfg.c; recorded: select-*, net-select-*, net-remove-*]

use super::net;
use super::resources::{Draft, has, value};
use super::words::{Prop, Res};
use crate::document::{Document, Element, Error, IpType};

/// Returns the resources of this type in the document's order, up to the first that does not fit into the library's buffers.
pub(super) fn all(document: &Document, res: Res) -> Vec<Draft> {
    document.resources(res.element()).map_while(|element| Draft::read(res, element).ok()).collect()
}

/// Completes `draft` from the one resource that it describes.
pub(super) fn find(document: &Document, draft: &mut Draft, res: Res) -> Result<(), Error> {
    match res {
        Res::Fs => by_properties(document, draft, res, &[Prop::Dir, Prop::Special, Prop::Raw, Prop::Type]),
        Res::Attr => by_properties(document, draft, res, &[Prop::Name, Prop::Type, Prop::Value]),
        Res::Device => by_properties(document, draft, res, &[Prop::Match]),
        Res::Dataset => by_properties(document, draft, res, &[Prop::Name]),
        Res::Admin => by_properties(document, draft, res, &[Prop::User]),
        Res::Net => network(document, draft),
        Res::Rctl => {
            if draft.get(Prop::Name).is_empty() {
                return Err(Error::Invalid);
            }
            let mut elements = document.resources("rctl");
            let found = elements.find(|e| value(res, e, Prop::Name) == Some(draft.get(Prop::Name)));
            draft.update(found.ok_or(Error::NoResourceId)?, |_| true)
        }
        Res::SecurityFlags | Res::DedicatedCpu | Res::CappedMemory | Res::CappedCpu => {
            let found = document.resources(res.element()).next().ok_or(Error::NoEntry)?;
            draft.update(found, |_| true)?;
            if res == Res::DedicatedCpu {
                let importance = document.resources("tmp_pool").last().and_then(|e| e.written("importance"));
                draft.set(Prop::Importance, importance.unwrap_or_default());
            }
            Ok(())
        }
    }
}

/// Searches as the library does: only a later property of the same resource that differs undoes the match of the first one, and a
/// later property can match even if the first did not.
fn by_properties(document: &Document, draft: &mut Draft, res: Res, props: &[Prop]) -> Result<(), Error> {
    let mut found: Option<&Element> = None;
    for element in document.resources(res.element()) {
        let is_it = |found: Option<&Element>| found.is_some_and(|f| std::ptr::eq(f, element));
        for (at, prop) in props.iter().enumerate().filter(|(_, prop)| !draft.get(**prop).is_empty()) {
            let Some(has) = value(res, element, *prop) else { continue };
            if has == draft.get(*prop) {
                match found {
                    None => found = Some(element),
                    Some(_) if at > 0 && is_it(found) => {}
                    Some(_) => return Err(Error::InsufficientSpec),
                }
            } else if at > 0 && is_it(found) {
                found = None;
            }
        }
    }
    draft.update(found.ok_or(Error::NoResourceId)?, |_| true)
}

fn network(document: &Document, draft: &mut Draft) -> Result<(), Error> {
    let given = |prop: Prop| !draft.get(prop).is_empty();
    if given(Prop::Address) && given(Prop::AllowedAddress) {
        return Err(Error::Invalid);
    }
    let telling =
        [Prop::Address, Prop::Physical, Prop::Defrouter, Prop::AllowedAddress, Prop::MacAddr, Prop::GlobalNic];
    if !telling.into_iter().any(given) {
        return Err(Error::InsufficientSpec);
    }
    let exclusive = document.ip_type()? == IpType::Exclusive;
    let relevant = |prop: Prop| match prop {
        Prop::Address => !exclusive,
        Prop::AllowedAddress | Prop::MacAddr | Prop::GlobalNic | Prop::VlanId => exclusive,
        _ => true,
    };
    let matches = |element: &Element, prop: Prop| {
        let Some(has) = value(Res::Net, element, prop) else { return false };
        match prop {
            Prop::Address | Prop::AllowedAddress | Prop::Defrouter => net::same_address(draft.get(prop), has),
            Prop::MacAddr => net::normal_mac(has) == draft.get(prop),
            _ => has == draft.get(prop),
        }
    };
    let mut found = document
        .resources("network")
        .filter(|e| telling.into_iter().filter(|p| given(*p) && relevant(*p)).all(|prop| matches(e, prop)));
    let element = found.next().ok_or(Error::NoResourceId)?;
    if found.next().is_some() {
        return Err(Error::InsufficientSpec);
    }
    let element = element.clone();
    draft.update(&element, relevant)
}

/// Adds the resource as the last one.
pub(super) fn add(document: &mut Document, draft: &Draft, res: Res) {
    document.zone.children.push(draft.element());
    if res == Res::DedicatedCpu {
        set_importance(document, draft);
    }
}

fn set_importance(document: &mut Document, draft: &Draft) {
    drop_first(document, |e| e.name == "tmp_pool");
    if !draft.get(Prop::Importance).is_empty() {
        document.zone.children.push(Element::new("tmp_pool").with("importance", draft.get(Prop::Importance)));
    }
}

/// Removes the first resource that the library considers to be this one.
pub(super) fn delete(document: &mut Document, draft: &Draft, res: Res, extras: bool) -> Result<(), Error> {
    let same = |e: &Element, props: &[Prop]| props.iter().all(|prop| has(res, e, *prop, draft.get(*prop)));
    let dropped = drop_first(document, |e| {
        e.name == res.element()
            && match res {
                Res::Fs => same(e, &[Prop::Dir, Prop::Special, Prop::Raw, Prop::Type]),
                Res::Net if extras => {
                    same(e, &[Prop::Physical])
                        && (same(e, &[Prop::Address, Prop::AllowedAddress])
                            || same(e, &[Prop::MacAddr])
                            || same(e, &[Prop::GlobalNic]))
                }
                Res::Net => same(e, &[Prop::Physical, Prop::Address, Prop::AllowedAddress]),
                Res::Device => same(e, &[Prop::Match]),
                Res::Rctl | Res::Dataset => same(e, &[Prop::Name]),
                Res::Attr => same(e, &[Prop::Name, Prop::Type, Prop::Value]),
                Res::Admin => same(e, &[Prop::User]),
                Res::SecurityFlags => same(e, &[Prop::Default, Prop::Lower, Prop::Upper]),
                Res::DedicatedCpu | Res::CappedCpu | Res::CappedMemory => true,
            }
    });
    if res == Res::DedicatedCpu {
        drop_first(document, |e| e.name == "tmp_pool");
    }
    if dropped { Ok(()) } else { Err(Error::NoResourceId) }
}

/// Replaces `old` by `new`, as the last resource.
pub(super) fn replace(document: &mut Document, old: &Draft, new: &Draft, res: Res, extras: bool) -> Result<(), Error> {
    match delete(document, old, res, extras) {
        Err(_) if res == Res::CappedMemory => {}
        deleted => deleted?,
    }
    add(document, new, res);
    Ok(())
}

/// Removes every resource of this type.
pub(super) fn delete_all(document: &mut Document, res: Res) {
    document.zone.children.retain(|child| child.name != res.element());
}

fn drop_first(document: &mut Document, wanted: impl Fn(&Element) -> bool) -> bool {
    let found = document.zone.children.iter().position(wanted);
    found.map(|at| document.zone.children.remove(at)).is_some()
}
