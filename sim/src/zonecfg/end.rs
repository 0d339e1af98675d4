//! `end`: the resource being worked on is checked and becomes part of the document.
//!
//! [source: end_func, end_check_reqd of zonecfg.c; recorded: net-*, fs-*, dcpu-*, ccpu-*, cmem-*]

use super::command::Command;
use super::lookup;
use super::numbers;
use super::rctl;
use super::resources::Draft;
use super::session::{EndsIn, Flow, Scope, Zonecfg};
use super::text::text;
use super::words::{Cmd, Prop, Res};
use crate::document::Error;

impl Zonecfg<'_, '_, '_> {
    /// `end`.
    pub(super) fn end(&mut self, command: &Command) -> Flow {
        if self.forced(command, "?").is_none() {
            return Ok(());
        }
        let Scope::Resource(Some(res)) = self.scope else {
            if self.scope == Scope::Zone {
                self.scope_usage(Cmd::End);
            }
            return Ok(());
        };
        let draft = self.draft(res).clone();
        if !self.is_complete(res, &draft) {
            self.saw_error = true;
            return Ok(());
        }
        if self.ends_in == Some(EndsIn::Addition)
            && let Some(message) = self.already_there(res, &draft)
        {
            self.fail(message);
            return Ok(());
        }
        let result = self.put(res, &draft);
        if res == Res::Fs || (res == Res::Rctl && result.is_ok()) {
            self.draft(res).parts.clear();
        }
        match result {
            Ok(()) => {
                self.need_to_commit = true;
                self.scope = Scope::Zone;
                self.ends_in = None;
            }
            Err(error) => self.fail_zone(error),
        }
        Ok(())
    }

    fn put(&mut self, res: Res, draft: &Draft) -> Result<(), Error> {
        let extras = self.line.net_extras;
        // A `select` in a zone that is not there gets this far.
        let Some(handle) = &mut self.handle else { return Err(Error::BadHandle) };
        let document = &mut handle.document;
        let changes = self.ends_in == Some(EndsIn::Change);
        match res {
            Res::CappedCpu => {}
            Res::CappedMemory if self.line.memory_cap_is_rctl => {}
            Res::CappedMemory if !draft.get(Prop::Physical).is_empty() => {
                lookup::replace(document, draft, draft, res, extras)?;
            }
            Res::CappedMemory if changes => {
                // It may have been cleared: that there is none is as it should be.
                let _ = lookup::delete(document, draft, res, extras);
            }
            Res::CappedMemory => {}
            _ if changes => lookup::replace(document, &self.selected[res as usize], draft, res, extras)?,
            _ => lookup::add(document, draft, res),
        }
        Ok(())
    }

    /// Tells that a required property is not set.
    fn requires(&mut self, draft: &Draft, prop: Prop, word: &str) -> bool {
        let set = !draft.get(prop).is_empty();
        if !set {
            self.zerr(format!("{word} not specified"));
        }
        set
    }

    fn is_absolute(&mut self, draft: &Draft, prop: Prop) -> bool {
        let path = draft.get(prop);
        let absolute = path.starts_with(b"/");
        if !absolute {
            self.zerr(text!(prop.word(), " ", path, " is not an absolute path."));
        }
        absolute
    }

    /// Returns true if everything is filled in; reports what is not. Runs every check, whatever the earlier results.
    fn is_complete(&mut self, res: Res, draft: &Draft) -> bool {
        match res {
            Res::Fs => {
                let dir = self.requires(draft, Prop::Dir, "dir") && self.is_absolute(draft, Prop::Dir);
                let special = self.requires(draft, Prop::Special, "special");
                let raw = draft.get(Prop::Raw).is_empty() || self.is_absolute(draft, Prop::Raw);
                let kind = self.requires(draft, Prop::Type, "type");
                dir && special && raw && kind
            }
            Res::Net => self.requires(draft, Prop::Physical, "physical"),
            Res::Device => self.requires(draft, Prop::Match, "match"),
            Res::Dataset => self.requires(draft, Prop::Name, "name"),
            Res::DedicatedCpu => self.requires(draft, Prop::Lower, "ncpus"),
            Res::Rctl => {
                let name = self.requires(draft, Prop::Name, "name");
                if draft.parts.is_empty() {
                    self.zerr("no value specified");
                }
                name && !draft.parts.is_empty()
            }
            Res::Attr => {
                let name = self.requires(draft, Prop::Name, "name");
                let kind = self.requires(draft, Prop::Type, "type");
                let value = self.requires(draft, Prop::Value, "value");
                let good_name = self.is_attr_name(draft.get(Prop::Name));
                let good_value = self.is_attr_value(draft.get(Prop::Type), draft.get(Prop::Value));
                name && kind && value && good_name && good_value
            }
            Res::CappedCpu => {
                let set = self.alias(rctl::CPU_CAP).is_some();
                if !set {
                    self.zerr("ncpus not specified");
                }
                set
            }
            Res::CappedMemory => self.is_memory_cap(draft),
            Res::Admin => {
                let user = self.requires(draft, Prop::User, "user") && self.is_user_name(draft.get(Prop::User));
                let auths = self.requires(draft, Prop::Auths, "auths") && self.are_rights(draft.get(Prop::Auths));
                user && auths
            }
            Res::SecurityFlags => self.are_security_flags(draft),
        }
    }

    pub(super) fn is_user_name(&mut self, name: &[u8]) -> bool {
        let known = super::admin::is_user(name);
        if !known {
            self.zerr(text!("user ", name, " is not a valid username"));
        }
        known
    }

    /// The value behind an alias, where there is one.
    pub(super) fn alias(&self, name: &str) -> Option<u64> {
        self.handle.as_ref().and_then(|handle| rctl::get_alias(&handle.document, name).ok())
    }

    fn is_memory_cap(&mut self, draft: &Draft) -> bool {
        let physical = if self.line.memory_cap_is_rctl {
            self.alias(rctl::MAX_PHYSICAL)
        } else {
            let text = draft.get(Prop::Physical);
            (!text.is_empty()).then(|| numbers::strtoull(text, 10).0.unwrap_or(u64::MAX))
        };
        let (swap, locked) = (self.alias(rctl::MAX_SWAP), self.alias(rctl::MAX_LOCKED));
        if physical.or(swap).or(locked).is_none() {
            self.zerr("No property was specified.  One of physical, swap or locked is required.");
            return false;
        }
        let fits = physical.zip(locked).is_none_or(|(physical, locked)| locked <= physical);
        if !fits {
            self.zerr("The locked cap must be less than or equal to the physical cap.");
        }
        fits
    }

    fn is_attr_name(&mut self, name: &[u8]) -> bool {
        if !name.first().is_some_and(u8::is_ascii_alphanumeric) {
            self.zerr(text!("Invalid attr name ", name, ": must start with an alpha-numeric character."));
            return false;
        }
        let plain = name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        if !plain {
            let what = ": can only contain alpha-numeric characters, plus '-' and '.'.";
            self.zerr(text!("Invalid attr name ", name, what));
        }
        plain
    }

    fn is_attr_value(&mut self, kind: &[u8], value: &[u8]) -> bool {
        let valid = match kind {
            b"boolean" => matches!(value, b"true" | b"false"),
            b"int" => numbers::signed(value).is_some(),
            b"string" => value.len() < super::resources::NAME,
            b"uint" => {
                let number = matches!(numbers::strtoull(value, 10), (Some(_), b""));
                number && numbers::signed(value).is_none_or(|value| value >= 0)
            }
            _ => {
                self.zerr(text!("invalid attr type '", kind, "'"));
                return false;
            }
        };
        if !valid {
            self.zerr(text!("invalid attr value for type=", kind));
        }
        valid
    }

    /// Message if such a resource already exists.
    fn already_there(&self, res: Res, draft: &Draft) -> Option<Vec<u8>> {
        let document = &self.handle.as_ref()?.document;
        let props: &[Prop] = match res {
            Res::Fs => &[Prop::Dir],
            Res::Net => &[Prop::Physical, Prop::Address, Prop::AllowedAddress, Prop::Defrouter],
            Res::Device => &[Prop::Match],
            Res::Rctl | Res::Attr | Res::Dataset => &[Prop::Name],
            Res::Admin => &[Prop::User],
            Res::DedicatedCpu | Res::CappedCpu | Res::CappedMemory | Res::SecurityFlags => return None,
        };
        let mut like = Draft::new(res);
        for prop in props {
            like.set(*prop, draft.get(*prop));
        }
        lookup::find(document, &mut like, res).ok()?;
        let article = if res == Res::Attr { "An " } else { "A " };
        let first = text!(article, res.word(), " resource with the ", props[0].word(), " '", draft.get(props[0]), "'");
        if res != Res::Net {
            return Some(text!(first, " already exists."));
        }
        let address = if draft.get(Prop::Address).is_empty() { Prop::AllowedAddress } else { Prop::Address };
        Some(text!(first, ", and ", address.word(), " '", draft.get(address), "' already exists."))
    }
}
