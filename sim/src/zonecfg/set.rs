//! `set`, and the properties of the zone itself.
//!
//! [source: set_func of zonecfg.c; recorded: glob-*, zonepath-*, zonename-*, pool-*]

use super::command::{Command, Value};
use super::getopt::Found;
use super::handle::validate_name;
use super::help::{Stream, Topic};
use super::lookup;
use super::numbers;
use super::rctl;
use super::resources::Draft;
use super::session::{Flow, Scope, Zonecfg};
use super::text::text;
use super::words::{Cmd, Prop, Res};
use crate::document::{Error, IpType};

/// Size of a host id's text, including its NUL.
const HOSTID: usize = 11;
pub(super) const FS_ALLOWED: usize = 4096;

impl Zonecfg<'_, '_, '_> {
    /// `set`.
    pub(super) fn set(&mut self, command: &Command) -> Flow {
        let Some(prop) = command.prop() else { return Ok(()) };
        if self.refuses_change(Cmd::Set) {
            return Ok(());
        }
        self.options_quiet = true;
        let options = self.getopt(command, "F");
        let mut wrong = false;
        for found in options.found.iter().filter(|found| **found != Found::Option(b'F')) {
            if *found == Found::Bad(b'?') {
                self.longer_usage(Cmd::Set);
            } else {
                self.short_usage(Cmd::Set);
            }
            wrong = true;
        }
        if wrong {
            return Ok(());
        }
        if self.scope == Scope::Zone {
            if self.global_zone && prop.never_global() {
                self.fail(format!("{} is not a valid property for the global zone.", prop.word()));
                return Ok(());
            }
            if !prop.is_global() {
                self.fail("Cannot set a resource-specific property from the global scope.");
                return Ok(());
            }
        }
        if !options.found.is_empty() {
            self.fail(if self.scope == Scope::Zone {
                "Zonepath is changeable only in an alternate root."
            } else {
                "Only zonepath setting can be forced."
            });
            return Ok(());
        }
        let value = command.values.first();
        if let Scope::Resource(res) = self.scope {
            return match res {
                Some(res) => self.set_in_resource(command, res, prop, value),
                None => Ok(()),
            };
        }
        let Some(Value::Simple(value)) = value else {
            self.fail("A simple value was expected here.");
            return Ok(());
        };
        if prop == Prop::Zonename && !self.got_handle && self.state(&self.zone).is_none() {
            match validate_name(value) {
                Ok(()) => self.zone = value.clone(),
                Err(error) => self.bad_name(value, error),
            }
            return Ok(());
        }
        if self.initialize()? {
            self.set_global(prop, value);
        }
        Ok(())
    }

    fn bad_name(&mut self, name: &[u8], error: Error) {
        self.fail_on(name, error);
        self.usage(Stream::Errors, &[Topic::Names]);
    }

    fn set_global(&mut self, prop: Prop, value: &[u8]) {
        match prop {
            Prop::Zonename => self.set_name(value),
            Prop::Zonepath | Prop::Brand if self.is_installed(&self.zone) => {
                self.zerr(text!("Zone ", self.zone, " already installed; set ", prop.word(), " not allowed."));
            }
            Prop::Zonepath => {
                if !value.starts_with(b"/") {
                    self.fail(text!(value, " is not an absolute path."));
                } else if value.iter().all(|b| *b == b'/') {
                    self.fail("/ is not allowed as a zonepath.");
                } else {
                    self.store(prop, &without_spare_slashes(value));
                }
            }
            Prop::Brand | Prop::Limitpriv | Prop::Bootargs | Prop::SchedulingClass => self.store(prop, value),
            Prop::Autoboot => match value {
                b"true" | b"false" => self.store(prop, value),
                _ => self.fail("autoboot value must be 'true' or 'false'."),
            },
            Prop::Pool => self.set_pool(value),
            Prop::IpType => match value {
                b"shared" => self.set_ip_type(IpType::Shared),
                b"exclusive" => self.set_ip_type(IpType::Exclusive),
                _ => self.fail("ip-type value must be 'shared' or 'exclusive'."),
            },
            Prop::Hostid => match check_hostid(value) {
                Ok(()) => self.store(prop, value),
                Err(Error::TooBig) => self.fail(text!("hostid string is too large: ", value)),
                Err(error) => self.fail_on(prop.word(), error),
            },
            Prop::FsAllowed => match check_fs_allowed(value) {
                Ok(()) => self.store(prop, value),
                Err(error) => self.fail_zone(error),
            },
            Prop::Uuid => {
                // A zone that is not in the index yet gets the uuid when it is saved.
                self.new_uuid = value[..value.len().min(36)].to_vec();
                self.need_to_commit = true;
            }
            alias => self.set_alias(alias, value),
        }
    }

    fn store(&mut self, prop: Prop, value: &[u8]) {
        if let Some(handle) = &mut self.handle {
            handle.document.zone.set(prop.word(), value);
            self.need_to_commit = true;
        }
    }

    fn set_name(&mut self, name: &[u8]) {
        let Some(mut handle) = self.handle.take() else { return };
        let renamed = handle.rename(name, |zone| self.state(zone));
        self.handle = Some(handle);
        match renamed {
            Ok(()) => {
                self.need_to_commit = true;
                self.zone = name.to_vec();
            }
            Err(error) => self.bad_name(name, error),
        }
    }

    fn set_pool(&mut self, pool: &[u8]) {
        let Some(handle) = &self.handle else { return };
        let res = Res::DedicatedCpu;
        if pool.starts_with(b"SUNW") {
            self.fail("pool names starting with SUNW are reserved.");
        } else if lookup::find(&handle.document, &mut Draft::new(res), res).is_ok() {
            self.fail(
                "The dedicated-cpu resource already exists.  A persistent pool is incompatible\nwith the dedicated-cpu \
                 resource.",
            );
        } else {
            self.store(Prop::Pool, pool);
        }
    }

    fn set_ip_type(&mut self, ip_type: IpType) {
        let Some(handle) = &mut self.handle else { return };
        if ip_type == IpType::Shared {
            handle.document.zone.unset("ip-type");
            self.need_to_commit = true;
            return;
        }
        let brand = handle.brand(self.machine);
        let message = match &brand {
            Err(_) => text!(self.zone, ": could not get zone brand\n"),
            Ok(brand) if !super::brand::exists(self.machine, brand) => text!(self.zone, ": unknown brand.\n"),
            Ok(brand) if super::brand::allows_exclusive_ip(self.machine, brand) => {
                return self.store(Prop::IpType, b"exclusive");
            }
            Ok(brand) => text!("ip-type cannot be 'exclusive' when brand is '", brand, "'."),
        };
        self.fail(message);
    }

    /// A property that stands for a resource control.
    fn set_alias(&mut self, prop: Prop, value: &[u8]) {
        if self.global_zone && prop != Prop::CpuShares {
            self.zerr(format!("WARNING: Setting a global zone resource control too low {}", super::add::TOO_LOW));
        }
        let mut value = value.to_vec();
        if prop == Prop::MaxShmMemory {
            let Some(bytes) = numbers::bytes(&value) else {
                self.fail("A non-negative number with a required scale suffix (K, M, G or T) was expected\nhere.");
                return;
            };
            value = bytes.to_string().into_bytes();
        }
        let Some(handle) = &mut self.handle else { return };
        if !rctl::alias_is_free(&handle.document, prop.word()) {
            return self.fail_on(prop.word(), Error::AliasDisallow);
        }
        let Some(limit) = rctl::alias_limit(prop.word(), &value) else {
            return self.fail(format!("{} property is out of range.", prop.word()));
        };
        match rctl::set_alias(&mut handle.document, prop.word(), limit) {
            Ok(()) => self.need_to_commit = true,
            Err(error) => self.fail_zone(error),
        }
    }
}

fn without_spare_slashes(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::with_capacity(path.len());
    for b in path {
        if *b != b'/' || kept.last() != Some(&b'/') {
            kept.push(*b);
        }
    }
    if kept.last() == Some(&b'/') {
        kept.pop();
    }
    kept
}

/// Returns true if this is a valid host id: hexadecimal, below the value that means none.
pub(super) fn check_hostid(text: &[u8]) -> Result<(), Error> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    if text.is_empty() || text.iter().any(blank) {
        return Err(Error::InvalidProperty);
    }
    let digits = if text.starts_with(b"0x") || text.starts_with(b"0X") { &text[2..] } else { text };
    let (value, rest) = numbers::strtoull(digits, 16);
    if text.len() - rest.len() >= HOSTID {
        return Err(Error::TooBig);
    }
    let valid = rest.is_empty() && value.is_some_and(|value| value < u64::from(u32::MAX));
    if valid { Ok(()) } else { Err(Error::InvalidProperty) }
}

/// Returns true if this is a valid list of file system types.
pub(super) fn check_fs_allowed(text: &[u8]) -> Result<(), Error> {
    if text.len() > FS_ALLOWED {
        return Err(Error::TooBig);
    }
    let plain = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
    let valid = text.is_empty() || text.split(|b| *b == b',').all(|part| !part.is_empty() && part.iter().all(plain));
    if valid { Ok(()) } else { Err(Error::InvalidProperty) }
}
