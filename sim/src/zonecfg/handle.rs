//! A document being edited: where it came from, what it is to replace, and how it is saved together with the index.
//!
//! Invariant: a save puts the document in place first and the index after it; where the index cannot be changed the document
//! is put back as it was.
//!
//! [source: zonecfg_save, zonecfg_set_name of libzonecfg.c; recorded: rename, zone-*]

use std::fs;

use super::brand;
use super::rctl;
use crate::document::{self, Document, Error};
use crate::index::{Change, SmartOsFields, State};
use crate::{Machine, index};

/// A document being edited.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    pub(super) document: Document,
    /// It was made from a template and is not saved yet.
    new: bool,
    /// The name under which it is saved, while it is to be saved under another.
    old_name: Option<Vec<u8>>,
    /// It does not keep to the document type. The real library hands it out all the same, and asserts when it is saved.
    pub(super) invalid: bool,
}

impl Handle {
    /// The saved document of a zone.
    pub(super) fn load(machine: &Machine, zone: &[u8]) -> Result<Handle, Error> {
        Ok(Handle { document: Document::load(machine, zone)?, new: false, old_name: None, invalid: false })
    }

    /// A saved document that does not keep to the document type.
    pub(super) fn load_invalid(machine: &Machine, zone: &[u8]) -> Option<Handle> {
        let document = Document::load_invalid(machine, zone)?;
        Some(Handle { document, new: false, old_name: None, invalid: true })
    }

    /// A new document like that of `template`.
    pub(super) fn from_template(machine: &Machine, template: &[u8], zone: &[u8]) -> Result<Handle, Error> {
        let mut handle = Handle { new: true, ..Handle::load(machine, template)? };
        handle.document.zone.set("name", zone);
        Ok(handle)
    }

    /// A saved document taken for a new one (SmartOS `create -X`).
    pub(super) fn adopted(machine: &Machine, zone: &[u8]) -> Result<Handle, Error> {
        let handle = Handle::load(machine, zone).map_err(|e| if e == Error::NoZone { Error::MiscFs } else { e })?;
        Ok(Handle { new: true, ..handle })
    }

    /// A new document from the one that a detached zone carries in its zonepath.
    pub(super) fn detached(machine: &Machine, path: &[u8], zone: &[u8]) -> Result<Handle, Error> {
        use std::os::unix::ffi::OsStrExt as _;
        let directory = machine.path(std::ffi::OsStr::from_bytes(path));
        if !directory.join("root").is_dir() {
            return Err(Error::NoZone);
        }
        let bytes = fs::read(directory.join("SUNWdetached.xml")).map_err(|_| Error::NoZone)?;
        let mut document = Document::parse(&bytes)?;
        document.zone.children.retain(|child| child.name != "package");
        document.zone.set("zonepath", path);
        document.zone.set("name", zone);
        Ok(Handle { document, new: true, old_name: None, invalid: false })
    }

    /// The brand, where an empty one means the default.
    pub(super) fn brand(&self, machine: &Machine) -> Result<Vec<u8>, Error> {
        brand::of(machine, &self.document)
    }

    /// A memory cap of old documents becomes a resource control.
    pub(super) fn fix_obsolete(&mut self) {
        let cap = self.document.resources("mcap").next().and_then(|e| e.written("physcap")).map(<[u8]>::to_vec);
        if let Some(bytes) = cap.as_deref().and_then(super::numbers::unsigned) {
            self.document.zone.children.retain(|child| child.name != "mcap");
            let _ = rctl::set_alias(&mut self.document, "max-physical-memory", bytes);
        }
    }

    /// Gives the zone another name, in effect when it is saved.
    pub(super) fn rename(&mut self, name: &[u8], state: impl Fn(&[u8]) -> Option<Option<State>>) -> Result<(), Error> {
        let current = self.document.fetch("name", 64)?.to_vec();
        if name == current {
            return Ok(());
        }
        if name.starts_with(b"SUNW") {
            return Err(Error::BogusZoneName);
        }
        validate_name(name)?;
        if self.old_name.as_deref() == Some(name) {
            self.document.zone.set("name", name);
            self.old_name = None;
            return Ok(());
        }
        if state(name).is_some() {
            return Err(Error::NameInUse);
        }
        if !self.new {
            let saved = self.old_name.clone().unwrap_or(current);
            if state(&saved) == Some(None) {
                return Err(Error::BadZoneState);
            }
            self.old_name = Some(saved);
        }
        self.document.zone.set("name", name);
        Ok(())
    }

    fn is_renaming(&self) -> bool {
        !self.new && self.old_name.is_some()
    }

    /// Saves the document and brings the index into line with it.
    pub(super) fn save(&mut self, machine: &Machine) -> Result<(), Error> {
        let name = self.document.fetch("name", 64)?.to_vec();
        let file = machine.path(document::path(&name));
        let before = if self.new || self.is_renaming() {
            None
        } else {
            Some(fs::read(&file).map_err(|error| match error.kind() {
                std::io::ErrorKind::PermissionDenied => Error::Access,
                _ => Error::MiscFs,
            })?)
        };
        self.document.save(machine, &name)?;
        if self.refresh_index(machine, &name).is_err() {
            // The first error is the one to tell.
            let _ = match before {
                Some(bytes) => machine.replace(document::path(&name), &bytes),
                None => fs::remove_file(&file),
            };
            return Err(Error::UpdatingIndex);
        }
        self.new = false;
        if let Some(old) = self.old_name.take() {
            // One that is gone already is as good as removed.
            let _ = fs::remove_file(machine.path(document::path(&old)));
        }
        Ok(())
    }

    fn refresh_index(&self, machine: &Machine, name: &[u8]) -> Result<(), Error> {
        let zonepath = self.document.fetch("zonepath", 1024)?;
        let extra = machine.line().index_extended.then(|| self.extra(machine));
        let mut change = Change { zonepath: Some(zonepath), smartos: extra.as_ref(), ..Change::default() };
        if self.is_renaming() {
            change.new_name = Some(name);
            return index::modify(machine, self.old_name.as_deref().unwrap_or(name), &change);
        }
        if self.new {
            change.state = Some(State::Configured);
            if !index::contains(machine, name) {
                return index::add(machine, name, State::Configured, &change);
            }
        }
        index::modify(machine, name, &change)
    }

    fn extra(&self, machine: &Machine) -> SmartOsFields {
        SmartOsFields {
            brand: self.brand(machine).unwrap_or_default(),
            ip_type: self.document.ip_type().ok(),
            debug_id: std::str::from_utf8(self.document.get("debugid")).ok().and_then(|id| id.parse().ok()),
        }
    }

    /// Gives the document the next debug id, where it has none yet.
    pub(super) fn give_debug_id(&mut self, machine: &Machine) {
        if !self.document.get("debugid").is_empty() {
            return;
        }
        let Ok(_lock) = machine.lock("debug-id") else { return };
        let counter = "/etc/zones/did.txt";
        let last = fs::read_to_string(machine.path(counter)).ok().and_then(|text| text.trim().parse::<u32>().ok());
        let id = last.map_or(1, |last| last.wrapping_add(1));
        if machine.replace(counter, format!("{id}\n").as_bytes()).is_ok() {
            self.document.zone.set("debugid", id.to_string());
        }
    }
}

/// Returns true if a zone can have this name.
pub(super) fn validate_name(name: &[u8]) -> Result<(), Error> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let valid = name != b"global"
        && name.len() < 64
        && name.first().is_some_and(u8::is_ascii_alphanumeric)
        && name.iter().all(plain);
    if valid { Ok(()) } else { Err(Error::BogusZoneName) }
}
