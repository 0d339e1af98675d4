//! The resource types as tables: their properties, how long each may be, and the element that holds them; and a resource being
//! worked on.
//!
//! [source: struct zone_nwiftab and its kin in libzonecfg.h; zonecfg.dtd; recorded: fs-type-long, attrname-*]

use super::words::{Prop, Res};
use crate::document::{Element, Error, fetch};

/// The library's buffers, each with room for the final NUL.
pub(super) const PATH: usize = 1024;
pub(super) const NAME: usize = 256;
const FS_TYPE: usize = 16;
const ATTR_VALUE: usize = 2048;
const ADDRESS: usize = 46;
const LINK: usize = 32;
const USER: usize = 32;
const AUTHS: usize = 4096;
const FLAGS: usize = 1024;
const MAC: usize = 20;
const VLAN: usize = 11;
/// The value of a property of a net or device, its name being a `NAME`.
pub(super) const PART: usize = 1024;

/// A property of a resource type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) prop: Prop,
    pub(super) attribute: &'static str,
    /// Longer values are cut when they are set, and not found when they are looked for.
    size: usize,
    /// True if the attribute is left out of the document while it is empty.
    optional: bool,
}

const fn required(prop: Prop, attribute: &'static str, size: usize) -> Field {
    Field { prop, attribute, size, optional: false }
}

const fn optional(prop: Prop, attribute: &'static str, size: usize) -> Field {
    Field { prop, attribute, size, optional: true }
}

impl Res {
    /// The element that holds a resource.
    pub(super) fn element(self) -> &'static str {
        match self {
            Res::Fs => "filesystem",
            Res::Net => "network",
            Res::DedicatedCpu => "pset",
            Res::CappedMemory => "mcap",
            other => other.word(),
        }
    }

    /// The properties, in the order in which the document gets them.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Res::Fs => {
                const {
                    &[
                        required(Prop::Special, "special", PATH),
                        optional(Prop::Raw, "raw", PATH),
                        required(Prop::Dir, "directory", PATH),
                        required(Prop::Type, "type", FS_TYPE),
                    ]
                }
            }
            Res::Net => {
                const {
                    &[
                        optional(Prop::Address, "address", ADDRESS),
                        optional(Prop::AllowedAddress, "allowed-address", ADDRESS),
                        required(Prop::Physical, "physical", LINK),
                        optional(Prop::Defrouter, "defrouter", ADDRESS),
                        optional(Prop::MacAddr, "mac-addr", MAC),
                        optional(Prop::VlanId, "vlan-id", VLAN),
                        optional(Prop::GlobalNic, "global-nic", LINK),
                    ]
                }
            }
            Res::Device => const { &[required(Prop::Match, "match", PATH)] },
            Res::Rctl => const { &[required(Prop::Name, "name", NAME)] },
            Res::Attr => {
                const {
                    &[
                        required(Prop::Name, "name", NAME),
                        required(Prop::Type, "type", NAME),
                        required(Prop::Value, "value", ATTR_VALUE),
                    ]
                }
            }
            Res::Dataset => const { &[required(Prop::Name, "name", NAME)] },
            // `ncpus` is a range: its lower end stands under Lower, its upper end under Upper.
            Res::DedicatedCpu => {
                const { &[required(Prop::Lower, "ncpu_min", NAME), required(Prop::Upper, "ncpu_max", NAME)] }
            }
            Res::CappedCpu => const { &[] },
            Res::CappedMemory => const { &[required(Prop::Physical, "physcap", NAME)] },
            Res::Admin => const { &[required(Prop::User, "user", USER), required(Prop::Auths, "auths", AUTHS)] },
            Res::SecurityFlags => {
                const {
                    &[
                        required(Prop::Default, "default", FLAGS),
                        required(Prop::Lower, "lower", FLAGS),
                        required(Prop::Upper, "upper", FLAGS),
                    ]
                }
            }
        }
    }

    /// The element of the values that a resource can have several of, and those values' attributes.
    pub(super) fn parts(self) -> Option<(&'static str, &'static [&'static str])> {
        match self {
            Res::Fs => Some(("fsoption", &["name"])),
            Res::Net | Res::Device => Some(("net-attr", &["name", "value"])),
            Res::Rctl => Some(("rctl-value", &["priv", "limit", "action"])),
            _ => None,
        }
    }

    /// Returns the maximum length of such a value.
    fn part_size(self) -> usize {
        if self == Res::Rctl { NAME } else { PART }
    }
}

/// A resource being worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    res: Res,
    values: Vec<(Prop, Vec<u8>)>,
    /// Mount options, values of a resource control, or properties of a net or device.
    pub(super) parts: Vec<Vec<Vec<u8>>>,
}

impl Draft {
    /// An empty one.
    pub(super) fn new(res: Res) -> Self {
        Draft { res, values: Vec::new(), parts: Vec::new() }
    }

    /// A property's value, empty when it is not set.
    pub(super) fn get(&self, prop: Prop) -> &[u8] {
        self.values.iter().find(|(p, _)| *p == prop).map_or(b"", |(_, value)| value)
    }

    /// Sets a property, cut to what the library has room for.
    pub(super) fn set(&mut self, prop: Prop, value: &[u8]) {
        let size = self.res.fields().iter().find(|field| field.prop == prop).map_or(NAME, |field| field.size);
        let value = value[..value.len().min(size - 1)].to_vec();
        match self.values.iter_mut().find(|(p, _)| *p == prop) {
            Some((_, old)) => *old = value,
            None => self.values.push((prop, value)),
        }
    }

    /// Takes up another value of those that there can be several of.
    pub(super) fn push(&mut self, part: &[&[u8]]) {
        let size = self.res.part_size();
        self.parts.push(part.iter().map(|text| text[..text.len().min(size - 1)].to_vec()).collect());
    }

    /// Drops the first such value. False when there is none like it.
    pub(super) fn drop_part(&mut self, part: &[&[u8]]) -> bool {
        let found = self.parts.iter().position(|p| p.iter().map(Vec::as_slice).eq(part.iter().copied()));
        found.map(|at| self.parts.remove(at)).is_some()
    }

    /// The element for the document.
    pub(super) fn element(&self) -> Element {
        let mut element = Element::new(self.res.element());
        for field in self.res.fields() {
            let value = self.get(field.prop);
            if !(field.optional && value.is_empty()) {
                element.set(field.attribute, value);
            }
        }
        if let Some((name, attributes)) = self.res.parts() {
            for part in &self.parts {
                let mut child = Element::new(name);
                for (attribute, text) in attributes.iter().zip(part) {
                    child.set(attribute, text);
                }
                element.children.push(child);
            }
        }
        element
    }

    /// Reads an element of the document: an error where the library has no room for a value.
    pub(super) fn read(res: Res, element: &Element) -> Result<Draft, Error> {
        let mut draft = Draft::new(res);
        draft.update(element, |_| true)?;
        Ok(draft)
    }

    /// Takes over the `wanted` properties of an element, and all that there are several of.
    pub(super) fn update(&mut self, element: &Element, wanted: impl Fn(Prop) -> bool) -> Result<(), Error> {
        for field in self.res.fields().iter().filter(|field| wanted(field.prop)) {
            let value = fetch(element, field.attribute, field.size)?;
            self.set(field.prop, value);
        }
        self.parts.clear();
        if let Some((_, attributes)) = self.res.parts() {
            for child in &element.children {
                let part: Result<Vec<&[u8]>, Error> =
                    attributes.iter().map(|name| fetch(child, name, self.res.part_size())).collect();
                let Ok(part) = part else { break };
                self.push(&part);
            }
        }
        Ok(())
    }
}

/// Value of this property in an element, as the library compares it: none if the library's buffer cannot hold it.
pub(super) fn value(res: Res, element: &Element, prop: Prop) -> Option<&[u8]> {
    let field = res.fields().iter().find(|field| field.prop == prop)?;
    // A search has less room for the value of an attr than the attr itself.
    let size = if field.size == ATTR_VALUE { NAME } else { field.size };
    fetch(element, field.attribute, size).ok()
}

/// Returns true if an attribute of the element is this value, whatever its length.
pub(super) fn has(res: Res, element: &Element, prop: Prop, value: &[u8]) -> bool {
    let attribute = res.fields().iter().find(|field| field.prop == prop).map_or("", |field| field.attribute);
    fetch(element, attribute, usize::MAX) == Ok(value)
}
