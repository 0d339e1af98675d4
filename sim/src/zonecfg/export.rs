//! `export`: the commands that would make the document again.
//!
//! [source: export_func of zonecfg.c; recorded: export-*, full-export, j-export-*]

use std::fs;

use super::brand;
use super::command::Command;
use super::files;
use super::getopt::Found;
use super::info::{property_value, range, rctl_value, units};
use super::lookup;
use super::options::Unknown;
use super::resources::{Draft, NAME, PATH};
use super::session::{Flow, Zonecfg};
use super::set::{FS_ALLOWED, check_fs_allowed, check_hostid};
use super::text::text;
use super::words::{Cmd, Prop, Res};
use crate::document::Document;
use crate::index;

impl Zonecfg<'_, '_, '_> {
    /// `export`.
    pub(super) fn export(&mut self, command: &Command) -> Flow {
        let Some(options) = self.options(command, "?f:", Unknown::Usage) else { return Ok(()) };
        let name = options.iter().rev().find_map(|option| match option {
            Found::WithValue(b'f', name) if !name.is_empty() => Some(name.clone()),
            _ => None,
        });
        let file = name.as_ref().map(|name| files::resolve(self.host.call.cwd, name));
        if let (Some(file), Some(name)) = (&file, &name)
            && let Err(error) = fs::write(file, b"")
        {
            self.zerr(text!("opening file ", name, ": ", files::reason(&error)));
            return Ok(());
        }
        if !self.initialize()? {
            return Ok(());
        }
        self.middle()?;
        let Some(handle) = &self.handle else { return Ok(()) };
        let commands = self.commands(&handle.document);
        match file {
            // A disk that is full is not noticed by the real one either.
            Some(file) => drop(fs::write(file, commands)),
            None => self.host.out.stdout(&commands),
        }
        Ok(())
    }

    fn commands(&self, document: &Document) -> Vec<u8> {
        let mut out = b"create -b\n".to_vec();
        let mut set = |prop: Prop, value: &[u8]| out.extend(text!("set ", prop.word(), "=", value, "\n"));
        let text =
            |attribute: &str, size: usize| document.fetch(attribute, size).ok().filter(|value| !value.is_empty());
        if let Some(path) = text("zonepath", PATH) {
            set(Prop::Zonepath, path);
        }
        if let Ok(brand) = brand::of_saved(self.machine, &self.zone)
            && brand != brand::NATIVE
        {
            set(Prop::Brand, &brand);
        }
        if let Ok(value @ (b"true" | b"false")) = document.fetch("autoboot", 6) {
            set(Prop::Autoboot, value);
        }
        for (prop, size) in
            [(Prop::Bootargs, 256), (Prop::Pool, NAME), (Prop::Limitpriv, usize::MAX), (Prop::SchedulingClass, NAME)]
        {
            if let Some(value) = text(prop.word(), size) {
                set(prop, value);
            }
        }
        if let Ok(ip_type) = document.ip_type() {
            set(Prop::IpType, ip_type.word().as_bytes());
        }
        if let Some(value) = text("hostid", 11).filter(|value| check_hostid(value).is_ok()) {
            set(Prop::Hostid, value);
        }
        if let Some(value) = text("fs-allowed", FS_ALLOWED).filter(|value| check_fs_allowed(value).is_ok()) {
            set(Prop::FsAllowed, value);
        }
        if self.line.uuid_property
            && let Some(uuid) = index::find(self.machine, &self.zone).and_then(|entry| entry.uuid)
        {
            set(Prop::Uuid, uuid.as_bytes());
        }
        for res in [Res::Fs, Res::Net, Res::Device] {
            self.resources(&mut out, document, res);
        }
        if !self.line.memory_cap_is_rctl {
            self.resources(&mut out, document, Res::CappedMemory);
        }
        for res in [Res::Rctl, Res::Attr, Res::Dataset, Res::DedicatedCpu, Res::Admin, Res::SecurityFlags] {
            self.resources(&mut out, document, res);
        }
        out
    }

    fn resources(&self, out: &mut Vec<u8>, document: &Document, res: Res) {
        let drafts = match res {
            Res::DedicatedCpu | Res::SecurityFlags | Res::CappedMemory => {
                let mut draft = Draft::new(res);
                lookup::find(document, &mut draft, res).map(|()| draft).into_iter().collect()
            }
            _ => lookup::all(document, res),
        };
        for draft in drafts {
            out.extend(format!("{} {}\n", Cmd::Add.word(), res.word()).bytes());
            self.members(out, &draft, res);
            out.extend(b"end\n");
        }
    }

    fn members(&self, out: &mut Vec<u8>, draft: &Draft, res: Res) {
        let members: &[Prop] = match res {
            Res::Fs => &[Prop::Dir, Prop::Special, Prop::Raw, Prop::Type],
            Res::Net => &[
                Prop::Address,
                Prop::AllowedAddress,
                Prop::Physical,
                Prop::MacAddr,
                Prop::VlanId,
                Prop::GlobalNic,
                Prop::Defrouter,
            ],
            Res::Device => &[Prop::Match],
            Res::Rctl | Res::Dataset => &[Prop::Name],
            Res::Attr => &[Prop::Name, Prop::Type, Prop::Value],
            Res::Admin => &[Prop::User, Prop::Auths],
            Res::SecurityFlags => &[Prop::Default, Prop::Lower, Prop::Upper],
            Res::DedicatedCpu | Res::CappedCpu | Res::CappedMemory => &[],
        };
        for prop in members {
            let value = draft.get(*prop);
            let quote = if self.line.export_quotes_always || value.contains(&b' ') { "\"" } else { "" };
            if !value.is_empty() {
                out.extend(text!("set ", prop.word(), "=", quote, value, quote, "\n"));
            }
        }
        match res {
            Res::CappedMemory => out.extend(format!("set physical={}\n", units(draft.get(Prop::Physical))).bytes()),
            Res::DedicatedCpu => {
                out.extend(text!("set ncpus=", range(draft), "\n"));
                if !draft.get(Prop::Importance).is_empty() {
                    out.extend(text!("set importance=", draft.get(Prop::Importance), "\n"));
                }
            }
            _ => {}
        }
        for part in &draft.parts {
            let line = match res {
                Res::Fs => {
                    let option = part.concat();
                    let quote = if option.contains(&b'=') { "\"" } else { "" };
                    text!("add options ", quote, option, quote, "\n")
                }
                Res::Rctl => text!("add value ", rctl_value(part), "\n"),
                _ => text!("add property ", property_value(part), "\n"),
            };
            out.extend(line);
        }
    }
}
