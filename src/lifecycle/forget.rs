//! Removes entries from the registry and leaves everything else as it is.
//!
//! Invariant: nothing on the host is changed. What the zone still has stays held, as the holdings of an unregistered zone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::conduct::{Teller, before, conduct};
use super::library::Library;
use super::operate;
use super::plan::{Basis, Change, PlannedFile, PlannedStep};
use super::request::Request;
use super::run;
use super::site::Site;
use super::{Event, EventKind, Outcome, Plan, Report, basis};
use crate::document::Document;
use crate::effective::effective;
use crate::error::{Code, Error, Result};
use crate::manager::RunOptions;
use crate::name::ZoneName;
use crate::registry::Wait;
use crate::zone::{EntryState, Origin, ZoneEntry};

/// What has become of an entry that was removed.
const DONE: &str = "forgotten";

/// Plans the removal of these entries. Changes nothing.
pub(crate) fn plan_forget(site: &Site, names: &[ZoneName]) -> Result<Plan> {
    let library = Library::load(site.registry.tree())?;
    let changes = names.iter().map(|name| plan(site, &library, name)).collect::<Result<Vec<_>>>()?;
    Ok(Plan::new("forget", changes))
}

/// Removes these entries.
pub(crate) fn forget(site: &Site, names: &[ZoneName], run: &mut RunOptions<'_>) -> Result<Report> {
    let library = match before(run, |_| Library::load(site.registry.tree())) {
        Ok(library) => library,
        Err(error) => return Report::called_off(names, DONE, error),
    };
    let outcomes = conduct(names.to_vec(), run, |name, teller| {
        let (result, notes) = match forget_one(site, &library, &name, None, teller) {
            Ok(notes) => (Ok(None), notes),
            Err(error) => (Err(error), Vec::new()),
        };
        Outcome { name: name.to_string(), action: DONE.to_owned(), result, notes }
    });
    // Best effort: a stale index entry only costs time.
    let _ = site.registry.clear_up(&mut Wait::none());
    Ok(Report { outcomes: outcomes? })
}

/// Removes one entry; with `approved`, only if that is still what it comes to. Returns what is lost by it.
pub(crate) fn forget_one(
    site: &Site,
    library: &Library,
    name: &ZoneName,
    approved: Option<&Change>,
    teller: &Teller,
) -> Result<Vec<String>> {
    // Read before the lock is taken: a lock leaves a file, even for a name that is not registered.
    operate::entry(site, name)?;
    let locks = site.lock(name, library.config.lock_timeout, teller)?;
    let tell = |kind| {
        teller.tell(Event { zone: name.to_string(), step: String::new(), position: (0, 1), kind });
    };
    tell(EventKind::Started);
    let removed = (|| {
        let planned = plan(&site.heeding(teller), library, name);
        let change = run::confirmed(planned, approved, |change| change)?;
        teller.heard();
        if teller.stops() > 0 {
            return Err(Error::new(Code::Cancelled, format!("cancelled: {name} is still registered")));
        }
        // The registry lock: no allocation is decided between the removal and the end of the host snapshot, which lacks the zone.
        let mut pulse = || teller.stops() == 0;
        let mut wait = Wait::up_to(library.config.lock_timeout).pulse(&mut pulse);
        let lock = site.registry.lock_registry(&mut wait)?;
        site.registry.remove(&site.registry.tree().zone(name))?;
        site.registry.drop_survey(&lock);
        Ok(change.notes)
    })();
    tell(EventKind::Finished { ok: removed.is_ok() });
    if removed.is_ok() || !site.registry.tree().zone(name).exists() {
        locks.retire();
    }
    removed
}

/// Plans the removal of one entry, as the registry and the host have it now.
pub(super) fn plan(site: &Site, library: &Library, name: &ZoneName) -> Result<Change> {
    let document = operate::document(site, name)?;
    let entry = &document.value;
    if entry.is_newer() {
        return Err(Error::new(Code::Config, format!("cannot forget {name}: its entry was written by a newer zmgr"))
            .with_help("use that zmgr, or a later one"));
    }
    if let Some(state @ (EntryState::Creating { .. } | EntryState::Destroying { .. } | EntryState::Failed { .. })) =
        &entry.state
    {
        let step = state.step().unwrap_or_default();
        return Err(Error::new(
            Code::RecoveryNeeded,
            format!("cannot forget {name}: an operation on it is unfinished ({}, step {step})", state.as_str()),
        )
        .with_help(format!("run `zmgr recover {name}` first")));
    }
    let host = site.host.zone_state(name)?;
    let id = entry.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let state = host.as_ref().map_or(basis::ABSENT, |zone| zone.state.as_str());
    let step = PlannedStep {
        id: "forget".to_owned(),
        kind: "forget".to_owned(),
        argv: Vec::new(),
        files: vec![PlannedFile { path: format!("zones/{name}.kdl"), text: String::new() }],
        undo: Vec::new(),
    };
    Ok(Change {
        zone: name.to_string(),
        entry_id: id.clone(),
        request: Request::Forget {},
        spec: Value::Null,
        steps: vec![step],
        notes: losses(library, &document, host.is_some()),
        basis: Basis {
            documents: BTreeMap::new(),
            entry: id,
            host: BTreeMap::from([(format!("zone {name}"), state.to_owned())]),
        },
    })
}

/// Describes what is lost with the entry: what `import` could not write again.
fn losses(library: &Library, document: &Document<ZoneEntry>, on_host: bool) -> Vec<String> {
    let entry = &document.value;
    let name = &entry.name;
    let mut lost = Vec::new();
    match (&entry.state, on_host) {
        (None, _) => lost.push(format!("{name} is not built: its file is the only record of it")),
        (Some(_), false) => {
            let addresses: Vec<String> =
                entry.nets.iter().flat_map(|net| &net.addresses).map(|held| held.address.addr().to_string()).collect();
            let freed =
                if addresses.is_empty() { String::new() } else { format!(": {} becomes free", addresses.join(", ")) };
            lost.push(format!("the host has no zone {name}{freed}"));
        }
        (Some(_), true) => {}
    }
    if entry.origin != Some(Origin::Import) && entry.state.is_some() && on_host {
        lost.push(format!("zmgr created {name}: without its entry, destroy leaves what zmgr made for it, and addresses stay held by an unregistered zone"));
    } else if entry.nets.iter().any(|net| net.managed) {
        lost.push(format!("{name} has links that are zmgr's: import them again with --adopt-links"));
    }
    if entry.origin == Some(Origin::Import) && is_edited(library, document) {
        lost.push(format!("zones/{name}.kdl was edited since the import"));
    }
    lost
}

/// Whether an imported entry says what another import would not write.
fn is_edited(library: &Library, document: &Document<ZoneEntry>) -> bool {
    let entry = &document.value;
    let settings = &entry.settings;
    let written = Document::create(document.path(), entry.clone());
    let only_here = settings.tags.is_some()
        || settings.protected.is_some()
        || settings.install.is_some()
        || settings.clone_from.is_some()
        || !settings.setup.is_empty();
    let as_applied = effective(&library.config, &library.templates, &library.pools, entry).is_ok_and(|spec| {
        let mut now = super::applied(&spec);
        // Import records nothing of how the zone was installed.
        (now.settings.install, now.settings.clone_from) = (None, None);
        now.settings.setup = Default::default();
        entry.applied.as_deref() == Some(&now)
    });
    only_here || !as_applied || !written.is_ok_and(|written| written.text() == document.text())
}
