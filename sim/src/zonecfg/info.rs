//! `info`: what the document says, for people to read.
//!
//! [source: info_func and the info_* functions of zonecfg.c; recorded: info-*, full-info]

use super::command::Command;
use super::lookup;
use super::net;
use super::numbers::in_units;
use super::rctl;
use super::resources::{Draft, NAME, PATH};
use super::session::{Flow, Scope, Zonecfg};
use super::set::{FS_ALLOWED, check_fs_allowed, check_hostid};
use super::text::text;
use super::words::{Prop, Res};
use crate::document::Error;
use crate::index;

const BOOT_ARGS: usize = 256;
const HOSTID: usize = 11;

/// The properties of the zone, in order.
const GLOBAL: &[Prop] = &[
    Prop::Zonename,
    Prop::Zonepath,
    Prop::Brand,
    Prop::Autoboot,
    Prop::Bootargs,
    Prop::Pool,
    Prop::Limitpriv,
    Prop::SchedulingClass,
    Prop::IpType,
    Prop::Hostid,
    Prop::FsAllowed,
    Prop::Uuid,
    Prop::MaxLwps,
    Prop::MaxProcesses,
    Prop::MaxShmMemory,
    Prop::MaxShmIds,
    Prop::MaxMsgIds,
    Prop::MaxSemIds,
    Prop::CpuShares,
    Prop::ZfsIoPriority,
];

/// The resources, in order.
const RESOURCES: &[Res] = &[
    Res::Fs,
    Res::Net,
    Res::Device,
    Res::DedicatedCpu,
    Res::CappedCpu,
    Res::CappedMemory,
    Res::Attr,
    Res::Dataset,
    Res::Admin,
    Res::Rctl,
    Res::SecurityFlags,
];

/// A value as it is shown: in quotes where it has a blank.
fn quoted(value: &[u8]) -> Vec<u8> {
    if value.contains(&b' ') { text!("\"", value, "\"") } else { value.to_vec() }
}

fn member(prop: Prop, value: &[u8]) -> Vec<u8> {
    if value.is_empty() {
        format!("\t{} not specified\n", prop.word()).into_bytes()
    } else {
        text!("\t", prop.word(), ": ", quoted(value), "\n")
    }
}

impl Zonecfg<'_, '_, '_> {
    /// `info`.
    pub(super) fn info(&mut self, command: &Command) -> Flow {
        if !self.initialize()? {
            return Ok(());
        }
        self.middle()?;
        let shown = !self.interactive || self.has_pager() || self.line.info_without_pager;
        let mut out = Vec::new();
        match self.scope {
            Scope::Resource(Some(res)) => {
                let draft = self.draft(res).clone();
                match res {
                    Res::CappedCpu => self.show_cpu_cap(&mut out),
                    Res::CappedMemory => self.show_memory(&mut out, draft.get(Prop::Physical)),
                    _ => self.show_resource(&mut out, res, &draft),
                }
            }
            Scope::Resource(None) => {}
            Scope::Zone => {
                let never = command.res.is_some_and(Res::never_global);
                if let Some(prop) = command.prop().filter(|_| command.res.is_none()) {
                    if self.global_zone && prop.never_global() {
                        self.zerr(format!("{} is not a valid property for the global zone.", prop.word()));
                    } else {
                        self.show_global(&mut out, prop);
                    }
                } else if let Some(res) = command.res {
                    if self.global_zone && never {
                        self.zerr(format!("{} is not a valid resource for the global zone.", res.word()));
                    } else {
                        self.show_resources(&mut out, res, command, shown)?;
                    }
                } else {
                    self.show_everything(&mut out, command, shown)?;
                }
            }
        }
        if shown {
            self.host.out.stdout(&out);
        }
        Ok(())
    }

    fn show_everything(&mut self, out: &mut Vec<u8>, command: &Command, shown: bool) -> Flow {
        for prop in GLOBAL {
            let known = match prop {
                Prop::Uuid => self.line.uuid_property,
                Prop::ZfsIoPriority => self.line.joyent_rctls,
                _ => true,
            };
            // The global zone has a name after all.
            if known && !(self.global_zone && prop.never_global() && *prop != Prop::Zonename) {
                self.show_global(out, *prop);
            }
        }
        for res in RESOURCES {
            if !(self.global_zone && (res.never_global() || *res == Res::Admin)) {
                self.show_resources(out, *res, command, shown)?;
            }
        }
        Ok(())
    }

    fn show_global(&mut self, out: &mut Vec<u8>, prop: Prop) {
        let Some(handle) = &self.handle else { return };
        let document = &handle.document;
        let word = prop.word();
        let result: Result<Vec<u8>, Error> = match prop {
            Prop::Zonename => {
                Ok(document.fetch("name", 64).map_or(b" not specified".to_vec(), |name| text!(": ", name)))
            }
            Prop::Zonepath => {
                Ok(document.fetch("zonepath", PATH).map_or(b" not specified".to_vec(), |path| text!(": ", path)))
            }
            Prop::Brand => {
                Ok(handle.brand(self.machine).map_or(b" not specified".to_vec(), |brand| text!(": ", brand)))
            }
            Prop::Autoboot => match document.fetch("autoboot", 6) {
                Ok(value @ (b"true" | b"false")) => Ok(text!(": ", value)),
                Ok(_) => Err(Error::BadProperty),
                Err(error) => Err(error),
            },
            Prop::Bootargs => document.fetch(word, BOOT_ARGS).map(|value| text!(": ", value)),
            Prop::Pool | Prop::SchedulingClass => document.fetch(word, NAME).map(|value| text!(": ", value)),
            Prop::Limitpriv => document.fetch(word, usize::MAX).map(|value| text!(": ", value)),
            Prop::IpType => document.ip_type().map(|ip_type| text!(": ", ip_type.word())),
            Prop::Hostid => document.fetch(word, HOSTID).and_then(|value| {
                if value.is_empty() { Ok(()) } else { check_hostid(value) }.map(|()| text!(": ", value))
            }),
            Prop::FsAllowed => {
                document.fetch(word, FS_ALLOWED).and_then(|value| check_fs_allowed(value).map(|()| text!(": ", value)))
            }
            Prop::Uuid => Ok(match self.uuid() {
                Some(uuid) => text!(": ", uuid),
                None => b":".to_vec(),
            }),
            alias => {
                if let Ok(limit) = rctl::get_alias(document, alias.word()) {
                    let limit = if prop == Prop::MaxShmMemory { in_units(limit) } else { limit.to_string() };
                    out.extend(format!("[{word}: {limit}]\n").bytes());
                }
                return;
            }
        };
        match result {
            Ok(rest) => out.extend(text!(word, rest, "\n")),
            Err(error) => self.fail_zone(error),
        }
    }

    /// The zone's uuid: the one it is to get, or the one it has.
    fn uuid(&self) -> Option<Vec<u8>> {
        if !self.new_uuid.is_empty() {
            return Some(self.new_uuid.clone());
        }
        index::find(self.machine, &self.zone).and_then(|entry| entry.uuid).map(String::into_bytes)
    }

    fn show_resources(&mut self, out: &mut Vec<u8>, res: Res, command: &Command, shown: bool) -> Flow {
        let Some(handle) = &self.handle else { return Ok(()) };
        match res {
            Res::CappedCpu => {
                self.show_cpu_cap(out);
                return Ok(());
            }
            Res::CappedMemory => {
                let cap = lookup::all(&handle.document, res).first().map(|draft| draft.get(Prop::Physical).to_vec());
                let caps = [rctl::MAX_PHYSICAL, rctl::MAX_SWAP, rctl::MAX_LOCKED];
                let caps = &caps[usize::from(!self.line.memory_cap_is_rctl)..];
                if cap.is_some() || caps.iter().any(|alias| self.alias(alias).is_some()) {
                    self.show_memory(out, &cap.unwrap_or_default());
                }
                return Ok(());
            }
            Res::DedicatedCpu | Res::SecurityFlags => {
                let mut draft = Draft::new(res);
                if lookup::find(&handle.document, &mut draft, res).is_ok() {
                    self.show_resource(out, res, &draft);
                }
                return Ok(());
            }
            _ => {}
        }
        let mut any = false;
        for draft in lookup::all(&handle.document, res) {
            if command.pairs > 0 {
                match self.describe(command, res)? {
                    Ok(wanted) if matches(res, &wanted, &draft) => any = true,
                    _ => continue,
                }
            }
            self.show_resource(out, res, &draft);
        }
        if !any && command.pairs > 0 {
            // Not by way of the pager.
            let message = format!("No such {} resource.\n", res.word());
            if shown {
                out.extend(message.bytes());
            } else {
                self.host.out.stdout(message.as_bytes());
            }
        }
        Ok(())
    }

    fn show_resource(&self, out: &mut Vec<u8>, res: Res, draft: &Draft) {
        out.extend(format!("{}:\n", res.word()).bytes());
        let members: &[Prop] = match res {
            Res::Fs => &[Prop::Dir, Prop::Special, Prop::Raw, Prop::Type],
            Res::Net if self.line.net_extras => &[
                Prop::Address,
                Prop::AllowedAddress,
                Prop::Defrouter,
                Prop::GlobalNic,
                Prop::MacAddr,
                Prop::Physical,
                Prop::VlanId,
            ],
            Res::Net => &[Prop::Address, Prop::AllowedAddress, Prop::Physical, Prop::Defrouter],
            Res::Device => &[Prop::Match],
            Res::Rctl | Res::Dataset => &[Prop::Name],
            Res::Attr => &[Prop::Name, Prop::Type, Prop::Value],
            Res::Admin => &[Prop::User, Prop::Auths],
            Res::SecurityFlags => &[Prop::Default, Prop::Lower, Prop::Upper],
            Res::DedicatedCpu | Res::CappedCpu | Res::CappedMemory => &[],
        };
        for prop in members {
            out.extend(member(*prop, draft.get(*prop)));
        }
        match res {
            Res::Fs => {
                let options: Vec<Vec<u8>> = draft
                    .parts
                    .iter()
                    .flatten()
                    .map(|option| if option.contains(&b'=') { text!("\"", option, "\"") } else { option.clone() })
                    .collect();
                out.extend(text!("\toptions: [", options.join(&b','), "]\n"));
            }
            Res::DedicatedCpu => {
                out.extend(text!("\tncpus: ", range(draft), "\n"));
                if !draft.get(Prop::Importance).is_empty() {
                    out.extend(text!("\timportance: ", draft.get(Prop::Importance), "\n"));
                }
            }
            Res::Rctl => {
                for value in &draft.parts {
                    out.extend(text!("\tvalue: ", rctl_value(value), "\n"));
                }
            }
            Res::Net | Res::Device => {
                for property in &draft.parts {
                    out.extend(text!("\tproperty: ", property_value(property), "\n"));
                }
            }
            _ => {}
        }
    }

    fn show_cpu_cap(&self, out: &mut Vec<u8>) {
        if let Some(cap) = self.alias(rctl::CPU_CAP) {
            out.extend(format!("capped-cpu:\n\t[ncpus: {:.2}]\n", cap as f32 / 100.0).bytes());
        }
    }

    fn show_memory(&self, out: &mut Vec<u8>, cap: &[u8]) {
        out.extend(b"capped-memory:\n");
        let mut caps = vec![("swap", rctl::MAX_SWAP), ("locked", rctl::MAX_LOCKED)];
        if self.line.memory_cap_is_rctl {
            caps.insert(0, ("physical", rctl::MAX_PHYSICAL));
        } else if !cap.is_empty() {
            out.extend(format!("\tphysical: {}\n", units(cap)).bytes());
        }
        for (word, alias) in caps {
            if let Some(bytes) = self.alias(alias) {
                out.extend(format!("\t[{word}: {}]\n", in_units(bytes)).bytes());
            }
        }
    }
}

/// An amount of memory as the document has it, in units.
pub(super) fn units(bytes: &[u8]) -> String {
    in_units(super::numbers::strtoull(bytes, 10).0.unwrap_or(i64::MAX as u64))
}

/// The range of processors, or their number.
pub(super) fn range(draft: &Draft) -> Vec<u8> {
    let (low, high) = (draft.get(Prop::Lower), draft.get(Prop::Upper));
    if low == high { high.to_vec() } else { text!(low, "-", high) }
}

/// A value of a resource control.
pub(super) fn rctl_value(value: &[Vec<u8>]) -> Vec<u8> {
    let part = |at: usize| value.get(at).map_or(b"".as_slice(), Vec::as_slice);
    text!("(priv=", part(0), ",limit=", part(1), ",action=", part(2), ")")
}

/// A property of a net or device.
pub(super) fn property_value(property: &[Vec<u8>]) -> Vec<u8> {
    let part = |at: usize| property.get(at).map_or(b"".as_slice(), Vec::as_slice);
    text!("(name=", part(0), ",value=\"", part(1), "\")")
}

/// Returns true if a resource is what `info` was asked for. Not every property counts.
fn matches(res: Res, wanted: &Draft, draft: &Draft) -> bool {
    let props: &[Prop] = match res {
        Res::Fs => &[Prop::Dir, Prop::Special, Prop::Type],
        Res::Net => &[Prop::Physical, Prop::Address],
        Res::Device => &[Prop::Match],
        Res::Rctl | Res::Dataset => &[Prop::Name],
        Res::Attr => &[Prop::Name, Prop::Type, Prop::Value],
        Res::Admin => &[Prop::User],
        _ => &[],
    };
    props.iter().filter(|prop| !wanted.get(**prop).is_empty()).all(|prop| {
        if *prop == Prop::Address {
            net::same_address(wanted.get(*prop), draft.get(*prop))
        } else {
            wanted.get(*prop) == draft.get(*prop)
        }
    })
}
