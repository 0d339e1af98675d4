//! Checks of the whole document, and saving it.
//!
//! [source: verify_func of zonecfg.c; recorded: verify-*, net-excl-*, net-shared-*, dataset-*]

use super::lookup;
use super::privileges;
use super::resources::{Draft, NAME, PATH};
use super::session::{Flow, Scope, Stop, Zonecfg};
use super::set::{check_fs_allowed, check_hostid};
use super::text::text;
use super::words::{Prop, Res};
use crate::document::{Error, IpType};
use crate::index;

/// Result of the first failed check.
struct Verdict(Option<Error>);

impl Verdict {
    /// Keeps the first error.
    fn is(&mut self, error: Error) {
        self.0.get_or_insert(error);
    }
}

/// A link of an exclusive zone, as the checks of its addresses see it.
struct Link {
    name: Vec<u8>,
    address: bool,
    router: bool,
}

impl Zonecfg<'_, '_, '_> {
    /// Checks the document, and saves it if asked to and nothing is wrong.
    pub(super) fn check(&mut self, save: bool) -> Flow {
        if !self.initialize()? {
            return Ok(());
        }
        let Some(verdict) = self.judge() else { return Ok(()) };
        let mut verdict = verdict;
        if save && verdict.is_none() {
            verdict = self.save()?.err();
            if !self.new_uuid.is_empty() {
                self.give_uuid();
            }
        } else if save {
            self.zerr(text!("Zone ", self.zone, " failed to verify"));
        }
        if let Some(error) = verdict {
            self.fail_zone(error);
        }
        Ok(())
    }

    fn save(&mut self) -> Flow<Result<(), Error>> {
        let Some(handle) = &mut self.handle else { return Ok(Err(Error::BadHandle)) };
        if handle.invalid {
            return Err(Stop::Abort);
        }
        if self.line.list_debug_id {
            handle.give_debug_id(self.machine);
        }
        if let Err(error) = handle.save(self.machine) {
            return Ok(Err(error));
        }
        self.need_to_commit = false;
        self.revert_zone = self.zone.clone();
        self.middle()?;
        Ok(Ok(()))
    }

    fn give_uuid(&mut self) {
        let uuid = String::from_utf8_lossy(&self.new_uuid).to_lowercase();
        if index::set_uuid(self.machine, &self.zone, &uuid).is_ok() {
            self.new_uuid.clear();
        } else {
            self.zerr(text!(self.zone, ": ", Error::InvalidProperty.text()));
        }
    }

    /// The first error of the document, after telling of every one. None where the checks could not be finished.
    fn judge(&mut self) -> Option<Option<Error>> {
        let document = self.handle.as_ref()?.document.clone();
        let brand = self.handle.as_ref()?.brand(self.machine);
        let mut verdict = Verdict(None);
        if !self.global_zone {
            match document.fetch("zonepath", PATH) {
                Err(_) => {
                    self.fail("zonepath not specified");
                    verdict.is(Error::RequiredResourceMissing);
                }
                Ok(b"") => {
                    self.fail("zonepath cannot be empty.");
                    verdict.is(Error::RequiredResourceMissing);
                }
                Ok(_) => {}
            }
        }
        match brand {
            Err(error) => {
                self.fail_zone(error);
                return None;
            }
            Ok(brand) if !super::brand::exists(self.machine, &brand) => {
                self.zerr(text!(self.zone, ": unknown brand.\n"));
                self.fail_zone(Error::InvalidDocument);
                return None;
            }
            Ok(_) => {}
        }
        let ip_type = document.ip_type();
        if ip_type.is_err() {
            self.fail("cannot get ip-type");
            verdict = Verdict(Some(Error::RequiredResourceMissing));
        }
        let exclusive = ip_type == Ok(IpType::Exclusive);
        if let Some(privilege) = privileges::wrong(&document) {
            self.zerr(text!(self.zone, ": invalid privilege: ", privilege));
            return None;
        }
        for (attribute, wrong) in [
            ("hostid", check_hostid as fn(&[u8]) -> Result<(), Error>),
            ("fs-allowed", check_fs_allowed as fn(&[u8]) -> Result<(), Error>),
        ] {
            let value = document.get(attribute);
            if !value.is_empty() && wrong(value) == Err(Error::InvalidProperty) {
                self.zerr(text!(self.zone, ": invalid ", attribute, ": ", value));
                return None;
            }
        }
        for fs in lookup::all(&document, Res::Fs) {
            self.demand(&mut verdict, &fs, Res::Fs, &[Prop::Dir, Prop::Special, Prop::Type]);
        }
        self.judge_nets(&mut verdict, lookup::all(&document, Res::Net), exclusive);
        self.judge_rctls(&mut verdict, &document);
        for attr in lookup::all(&document, Res::Attr) {
            self.demand(&mut verdict, &attr, Res::Attr, &[Prop::Name, Prop::Type, Prop::Value]);
        }
        for dataset in lookup::all(&document, Res::Dataset) {
            let name = dataset.get(Prop::Name);
            if name.is_empty() {
                self.fail("dataset: name not specified");
                verdict.is(Error::RequiredPropertyMissing);
            } else if !super::dataset::is_name(name) {
                self.fail("dataset: name invalid");
                verdict.is(Error::BadProperty);
            }
        }
        for admin in lookup::all(&document, Res::Admin) {
            self.demand(&mut verdict, &admin, Res::Admin, &[Prop::User, Prop::Auths]);
            if verdict.0.is_none() && !self.is_user_name(admin.get(Prop::User)) {
                verdict.is(Error::BadProperty);
            }
            if verdict.0.is_none() && !self.are_rights(admin.get(Prop::Auths)) {
                verdict.is(Error::BadProperty);
            }
        }
        let mut flags = Draft::new(Res::SecurityFlags);
        if lookup::find(&document, &mut flags, Res::SecurityFlags).is_ok() && !self.are_security_flags(&flags) {
            verdict = Verdict(Some(Error::BadProperty));
        }
        if self.scope != Scope::Zone {
            self.fail("resource specification incomplete");
            verdict.is(Error::InsufficientSpec);
        }
        Some(verdict.0)
    }

    fn demand(&mut self, verdict: &mut Verdict, draft: &Draft, res: Res, props: &[Prop]) {
        for prop in props.iter().filter(|prop| draft.get(**prop).is_empty()) {
            self.fail(format!("{}: {} not specified", res.word(), prop.word()));
            verdict.is(Error::RequiredPropertyMissing);
        }
    }

    fn judge_nets(&mut self, verdict: &mut Verdict, nets: Vec<Draft>, exclusive: bool) {
        let mut links: Vec<Link> = Vec::new();
        for net in nets {
            self.demand(verdict, &net, Res::Net, &[Prop::Physical]);
            if !self.is_interface(net.get(Prop::Physical)) {
                self.saw_error = true;
                verdict.is(Error::Invalid);
            }
            if !exclusive {
                self.demand(verdict, &net, Res::Net, &[Prop::Address]);
                if !net.get(Prop::AllowedAddress).is_empty() {
                    self.fail("net: allowed-address cannot be specified for a shared IP type");
                    verdict.is(Error::Invalid);
                }
                continue;
            }
            if !net.get(Prop::Address).is_empty() {
                self.fail("net: address cannot be specified for an exclusive IP type");
                verdict.is(Error::Invalid);
                continue;
            }
            let address = !net.get(Prop::AllowedAddress).is_empty();
            let router = !net.get(Prop::Defrouter).is_empty();
            let name = net.get(Prop::Physical);
            match links.iter_mut().find(|link| link.name == name) {
                Some(link) => {
                    link.address |= address;
                    link.router |= router;
                }
                // The last one is looked at first.
                None => links.insert(0, Link { name: name.to_vec(), address, router }),
            }
        }
        for link in links.iter().filter(|link| link.router && !link.address) {
            let rest = " cannot be specified without allowed-address for an exclusive IP type";
            self.fail(text!("net: defrouter for ", link.name, rest));
            *verdict = Verdict(Some(Error::Invalid));
        }
    }

    fn judge_rctls(&mut self, verdict: &mut Verdict, document: &crate::document::Document) {
        let mut shares = false;
        let mut cap = false;
        for rctl in lookup::all(document, Res::Rctl) {
            self.demand(verdict, &rctl, Res::Rctl, &[Prop::Name]);
            shares |= rctl.get(Prop::Name) == b"zone.cpu-shares";
            cap |= rctl.get(Prop::Name) == b"zone.cpu-cap";
            if rctl.parts.is_empty() {
                self.fail("rctl: no value specified");
                verdict.is(Error::RequiredPropertyMissing);
            }
        }
        let res = Res::DedicatedCpu;
        let dedicated = lookup::find(document, &mut Draft::new(res), res).is_ok();
        if dedicated && shares {
            self.fail("rctl zone.cpu-shares and dedicated-cpu are incompatible.");
            verdict.is(Error::Incompatible);
        }
        let class = document.fetch("scheduling-class", NAME).unwrap_or_default();
        if shares && !class.is_empty() && class != b"FSS" {
            let class = text!("WARNING: rctl zone.cpu-shares and scheduling-class=", class, " are incompatible");
            self.fail(class);
            verdict.is(Error::Incompatible);
        }
        if dedicated && cap {
            self.fail("rctl zone.cpu-cap and the dedicated-cpu are incompatible.");
            verdict.is(Error::Incompatible);
        }
    }
}
