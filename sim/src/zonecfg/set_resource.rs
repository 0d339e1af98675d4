//! `set` within a resource.
//!
//! [source: set_func of zonecfg.c; recorded: net-set-*, fs-*, attr-*, device-*]

use super::command::{Command, Value};
use super::numbers;
use super::rctl;
use super::session::{Flow, Zonecfg};
use super::text::text;
use super::words::{Cmd, Prop, Res};
use crate::document::Error;

const MEGABYTE: u64 = 1 << 20;
const NO_AMOUNT: &str = "A positive number with a required scale suffix (K, M, G or T) was expected here.";
const NO_AMOUNT_OR_NONE: &str = "A non-negative number with a required scale suffix (K, M, G or T) was expected\nhere.";

impl Zonecfg<'_, '_, '_> {
    /// Sets a property of the resource being worked on.
    pub(super) fn set_in_resource(&mut self, command: &Command, res: Res, prop: Prop, value: Option<&Value>) -> Flow {
        let several = matches!((res, prop), (Res::Fs, Prop::Options) | (Res::Rctl, Prop::Value))
            || (res, prop) == (Res::Net, Prop::Property);
        let simple = value.and_then(Value::simple);
        if !several && simple.is_none() {
            self.fail("A simple value was expected here.");
            return Ok(());
        }
        if !self.initialize()? {
            return Ok(());
        }
        if several {
            return self.set_several(command, res, value);
        }
        let text = simple.unwrap_or_default();
        match (res, prop) {
            (Res::Fs, Prop::Type) if !is_fs_type(text) => {
                self.fail(text!("\"", text, "\" is not a valid type."));
            }
            (Res::Net, Prop::Address | Prop::AllowedAddress | Prop::Defrouter) => {
                if self.is_address(text, prop == Prop::Defrouter) {
                    self.draft(res).set(prop, text);
                } else {
                    self.saw_error = true;
                }
            }
            (Res::Net, Prop::Physical) => {
                if self.is_interface(text) {
                    self.draft(res).set(prop, text);
                } else {
                    self.saw_error = true;
                }
            }
            (Res::Net, Prop::MacAddr) => {
                let mac = super::net::normal_mac(text);
                self.draft(res).set(prop, &mac);
            }
            (Res::Rctl, Prop::Name) if !rctl::valid_name(text) => {
                self.zerr(text!("'", text, "' is not a valid zone rctl name."));
            }
            (Res::DedicatedCpu, Prop::Ncpus) => self.set_cpus(text),
            (Res::DedicatedCpu, Prop::Importance) => {
                if numbers::unsigned(text).is_some() {
                    self.draft(res).set(prop, text);
                } else {
                    self.fail("importance property is out of range.");
                }
            }
            (Res::CappedCpu, Prop::Ncpus) => self.set_cpu_cap(text),
            (Res::CappedMemory, Prop::Physical | Prop::Swap | Prop::Locked) => self.set_memory(prop, text),
            (Res::DedicatedCpu | Res::CappedMemory | Res::CappedCpu, _) => {
                self.no_such_property(Cmd::Set, prop.word());
            }
            _ if res.fields().iter().any(|field| field.prop == prop) => self.draft(res).set(prop, text),
            _ => self.no_such_property(Cmd::Set, prop.word()),
        }
        Ok(())
    }

    /// Puts a value, or a list of them, in place of all that there were.
    fn set_several(&mut self, command: &Command, res: Res, value: Option<&Value>) -> Flow {
        match (res, value) {
            (Res::Fs, Some(Value::Simple(_) | Value::List(_)))
            | (Res::Rctl, Some(Value::Complex(_) | Value::List(_)))
            | (Res::Net, Some(Value::Complex(_))) => {}
            (Res::Fs, _) => {
                self.fail("A simple or list value was expected here.");
                return Ok(());
            }
            (Res::Rctl, _) => {
                self.fail("A complex or list value was expected here.");
                return Ok(());
            }
            _ => {
                self.fail("A complex value was expected here.");
                return Ok(());
            }
        }
        self.draft(res).parts.clear();
        let empty = value.is_some_and(|value| *value == Value::List(Vec::new()));
        if empty { Ok(()) } else { self.add_value(command) }
    }

    fn set_cpus(&mut self, text: &[u8]) {
        let (low, high) = match text.iter().position(|b| *b == b'-') {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, text),
        };
        match (numbers::unsigned(low), numbers::unsigned(high)) {
            (Some(least), Some(most)) if least >= 1 && least <= most => {
                let draft = self.draft(Res::DedicatedCpu);
                draft.set(Prop::Lower, low);
                draft.set(Prop::Upper, high);
            }
            _ => self.fail("ncpus property is out of range."),
        }
    }

    fn set_cpu_cap(&mut self, text: &[u8]) {
        let (cap, rest) = numbers::strtod(text);
        let hundredths = if self.line.cpu_cap_rounded {
            Some(cap * 100.0).filter(|h| *h >= 1.0).map(|h| h + 0.5)
        } else {
            // A single-precision number, cut.
            Some(f64::from(cap as f32 * 100.0)).filter(|h| *h >= 1.0)
        };
        let hundredths = hundredths.filter(|h| rest.is_empty() && *h < f64::from(i32::MAX));
        let Some(hundredths) = hundredths else {
            self.fail("ncpus property is out of range.");
            return;
        };
        self.set_hidden(rctl::CPU_CAP, hundredths as u64);
    }

    /// A property of a resource that is a resource control in truth.
    fn set_hidden(&mut self, alias: &str, value: u64) {
        let Some(handle) = &mut self.handle else { return };
        match rctl::set_alias(&mut handle.document, alias, value) {
            Ok(()) => self.need_to_commit = true,
            Err(error) => self.fail_zone(error),
        }
    }

    fn set_memory(&mut self, prop: Prop, text: &[u8]) {
        let amount = numbers::bytes(text);
        if prop == Prop::Physical && !self.line.memory_cap_is_rctl {
            match amount {
                None => self.fail(NO_AMOUNT),
                Some(bytes) if bytes < MEGABYTE => {
                    self.fail("physical value is too small.  It must be at least 1M.");
                }
                Some(bytes) => self.draft(Res::CappedMemory).set(prop, bytes.to_string().as_bytes()),
            }
            return;
        }
        // The real one names the locked memory where the physical cannot be set.
        let (alias, named) = match prop {
            Prop::Swap => (rctl::MAX_SWAP, "swap"),
            Prop::Physical => (rctl::MAX_PHYSICAL, "locked"),
            _ => (rctl::MAX_LOCKED, "locked"),
        };
        if !self.handle.as_ref().is_some_and(|handle| rctl::alias_is_free(&handle.document, alias)) {
            self.fail_on(named, Error::AliasDisallow);
            return;
        }
        let least = match prop {
            Prop::Swap if self.global_zone => 100 * MEGABYTE,
            Prop::Swap => 50 * MEGABYTE,
            _ => 0,
        };
        match amount {
            None => self.fail(if prop == Prop::Swap { NO_AMOUNT } else { NO_AMOUNT_OR_NONE }),
            Some(bytes) if bytes < least => {
                let least = numbers::in_units(least);
                self.fail(format!("swap value is too small.  It must be at least {least}."));
            }
            Some(bytes) => self.set_hidden(alias, bytes),
        }
    }
}

/// Returns true if a file system type can be the name of a directory.
fn is_fs_type(text: &[u8]) -> bool {
    text.len() < super::resources::NAME && !text.contains(&b'/') && !matches!(text, b"" | b"." | b"..")
}
