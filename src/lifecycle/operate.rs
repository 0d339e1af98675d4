//! Creating and destroying: locks, reservation, steps, and what is told of it.
//!
//! Invariant: what is asked of the host is asked before the registry lock is taken; nothing is waited for under it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::conduct::{Teller, conduct};
use super::create::{self, Creation, Ground};
use super::destroy as destruction;
use super::journal::{Journal, Note};
use super::library::Library;
use super::perform::{self, Failure};
use super::preflight::parent;
use super::site::{Locks, Look, Site};
use super::steps::Step;
use super::{EventKind, Outcome, Plan, Report, view};
use crate::config::FailureRule;
use crate::document::Document;
use crate::effective::effective;
use crate::error::{Code, Error, Result};
use crate::manager::{CreateOptions, DestroyOptions, OnFailure, RunOptions, Zone};
use crate::name::{TemplateName, ZoneName};
use crate::registry::Wait;
use crate::zone::ZoneEntry;

/// What a creation is planned from, read and asked for before any lock.
struct Prepared {
    library: Library,
    look: Look,
    datasets: BTreeMap<String, bool>,
}

impl Prepared {
    fn ground<'a>(&'a self, site: &Site) -> Ground<'a> {
        Ground { library: &self.library, host: &self.look.host, datasets: &self.datasets, dialect: site.host.dialect() }
    }
}

fn prepare(site: &Site, names: &[ZoneName], options: &CreateOptions) -> Result<Prepared> {
    let library = Library::load(site.registry.tree())?;
    let template: Option<TemplateName> = match &options.template {
        Some(template) => Some(template.parse()?),
        None => library.config.default_template.as_ref().map(|template| template.value.clone()),
    };
    library.check(template.as_ref())?;
    let look = site.look()?;
    let mut datasets = BTreeMap::new();
    for name in names {
        let mut entry = ZoneEntry::new(name.clone());
        entry.template = template.clone().map(Into::into);
        if let Ok(spec) = effective(&library.config, &library.templates, &library.pools, &entry) {
            let parent = parent(&spec.zonepath.value).to_owned();
            if let Entry::Vacant(vacant) = datasets.entry(parent) {
                let mounted = site.host.dataset_at(vacant.key())?.is_some();
                vacant.insert(mounted);
            }
        }
    }
    Ok(Prepared { library, look, datasets })
}

/// What creating these zones would do. Touches nothing.
pub(crate) fn plan_create(site: &Site, names: &[ZoneName], options: &CreateOptions) -> Result<Plan> {
    let prepared = prepare(site, names, options)?;
    let mut ledger = site.registry.ledger(prepared.library.pools.clone(), prepared.look.survey.clone())?;
    let mut changes = Vec::new();
    for name in names {
        let creation = create::plan(&prepared.ground(site), &mut ledger, name, options, None)?;
        ledger.plan_entry(&creation.entry);
        changes.push(creation.change);
    }
    Ok(Plan::new("create", changes))
}

/// Creates zones.
pub(crate) fn create(
    site: &Site,
    names: &[ZoneName],
    options: &CreateOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let prepared = prepare(site, names, options)?;
    let failure = failure(run.on_failure, &prepared.library);
    let outcomes = conduct(names.to_vec(), run, |name, teller| {
        let result = create_one(site, &prepared, &name, options, failure, teller);
        Outcome { name: name.to_string(), action: "created".to_owned(), result: result.map(Some), notes: Vec::new() }
    });
    Ok(Report { outcomes })
}

fn failure(asked: OnFailure, library: &Library) -> Failure {
    match (asked, library.config.on_failure) {
        (OnFailure::Keep, _) | (OnFailure::Configured, FailureRule::Keep) => Failure::Keep,
        _ => Failure::RollBack,
    }
}

fn create_one(
    site: &Site,
    prepared: &Prepared,
    name: &ZoneName,
    options: &CreateOptions,
    failure: Failure,
    teller: &Teller,
) -> Result<Zone> {
    let library = &prepared.library;
    let locks = site.lock(name, library.config.lock_timeout, teller)?;
    let floor = site.floor(library, name, &locks, teller)?;
    floor.tell(EventKind::Started);
    let reserved = reserve(site, prepared, &locks, name, options, teller);
    let creation = match reserved {
        Ok(creation) => creation,
        Err(error) => {
            drop(floor);
            // Nothing was reserved, so nothing of the zone shall stay, the files of its locks included.
            if !site.registry.tree().zone(name).exists() {
                locks.retire();
            }
            return Err(error);
        }
    };
    let result = build(site, &creation, &floor, failure);
    floor.at_step("", (0, creation.steps.len()));
    floor.tell(EventKind::Finished { ok: result.is_ok() });
    drop(floor);
    if result.is_err() && !site.registry.tree().zone(name).exists() {
        locks.retire();
    }
    result
}

/// Plans the creation under the registry lock, and gives the zone all that the plan names.
fn reserve(
    site: &Site,
    prepared: &Prepared,
    locks: &Locks,
    name: &ZoneName,
    options: &CreateOptions,
    teller: &Teller,
) -> Result<Creation> {
    let library = &prepared.library;
    let mut pulse = || teller.stops() == 0;
    let mut wait = Wait::up_to(library.config.lock_timeout).pulse(&mut pulse);
    let mut session = site.registry.reserving(library.pools.clone(), prepared.look.survey.clone(), &mut wait)?;
    let creation = create::plan(&prepared.ground(site), session.ledger(), name, options, None)?;
    let document = Document::create(&site.registry.tree().zone(name), creation.entry.clone())?;
    session.reserve_zone(&locks.zone, None, &document)?;
    session.keep_survey();
    session.commit()?;
    Ok(creation)
}

/// The steps of a creation whose entry is there.
fn build(site: &Site, creation: &Creation, floor: &super::floor::Floor<'_>, failure: Failure) -> Result<Zone> {
    let Some(id) = creation.entry.id.clone() else {
        return Err(Error::new(Code::Internal, "an entry without id"));
    };
    let mut journal = Journal::new(&site.registry, &creation.entry.name, id);
    perform::create(floor, &mut journal, &creation.steps, 0, failure)?;
    finish(floor, &mut journal, creation.boot.as_ref())?;
    let status = if creation.boot.is_some() { "running" } else { "installed" };
    view::read(&site.registry, &creation.entry.name, Some(&creation.spec), Some(status.to_owned()))
}

/// What comes after the last step that can be undone: the entry is `ready`, and the zone is booted. A boot that fails leaves the zone.
pub(crate) fn finish(
    floor: &super::floor::Floor<'_>,
    journal: &mut Journal<'_>,
    boot: Option<&super::steps::Boot>,
) -> Result<()> {
    journal.note(Note::Ready)?;
    let Some(boot) = boot else { return Ok(()) };
    floor.at_step(&boot.id(), (0, 0));
    perform::timed(floor, boot).map_err(|error| {
        floor.tell(EventKind::StepFailed { message: error.message().to_owned() });
        error
            .with_context(format!("{} is ready but could not be booted", floor.zone))
            .with_help(format!("the zone is kept; mend the cause, then run zmgr boot {}", floor.zone))
    })
}

/// What destroying these zones would do. Touches nothing.
pub(crate) fn plan_destroy(site: &Site, names: &[ZoneName], options: &DestroyOptions) -> Result<Plan> {
    let library = Library::load(site.registry.tree())?;
    let changes = names
        .iter()
        .map(|name| Ok(plan_destruction(site, &library, name, options)?.change))
        .collect::<Result<Vec<_>>>()?;
    Ok(Plan::new("destroy", changes))
}

fn plan_destruction(
    site: &Site,
    library: &Library,
    name: &ZoneName,
    options: &DestroyOptions,
) -> Result<destruction::Destruction> {
    let entry = entry(site, name)?;
    let host = site.host.zone_state(name)?;
    let autoboot = match &host {
        Some(_) => site.host.zone_config(name.as_str())?.is_some_and(|config| config.autoboot),
        None => false,
    };
    destruction::plan(library, &entry, host.as_ref(), autoboot, options)
}

/// The entry of this zone as its file has it now.
pub(crate) fn entry(site: &Site, name: &ZoneName) -> Result<ZoneEntry> {
    let path = site.registry.tree().zone(name);
    match super::files::read_file(&path)? {
        Some(bytes) => Ok(Document::<ZoneEntry>::parse(&path, &bytes)?.value),
        None => Err(Error::new(Code::NotFound, format!("there is no zone {name} in the registry"))
            .with_help("zmgr list shows those there are; zmgr list -a also those of the host")),
    }
}

/// Destroys zones.
pub(crate) fn destroy(
    site: &Site,
    names: &[ZoneName],
    options: &DestroyOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let library = Library::load(site.registry.tree())?;
    let outcomes = conduct(names.to_vec(), run, |name, teller| {
        let result = destroy_one(site, &library, &name, options, teller);
        Outcome {
            name: name.to_string(),
            action: "destroyed".to_owned(),
            result: result.map(|()| None),
            notes: Vec::new(),
        }
    });
    Ok(Report { outcomes })
}

fn destroy_one(
    site: &Site,
    library: &Library,
    name: &ZoneName,
    options: &DestroyOptions,
    teller: &Teller,
) -> Result<()> {
    // Looked for first: taking a lock leaves a file for a name that may be nobody's.
    let before = entry(site, name)?;
    let locks = site.lock(name, library.config.lock_timeout, teller)?;
    let floor = site.floor(library, name, &locks, teller)?;
    floor.tell(EventKind::Started);
    let destruction = plan_destruction(site, library, name, options)?;
    let Some(id) = before.id else {
        return Err(Error::new(Code::WrongState, format!("{name} is a wish not yet built"))
            .with_help(format!("remove zones/{name}.kdl")));
    };
    let mut journal = Journal::new(&site.registry, name, id);
    let result = perform::destroy(&floor, &mut journal, &destruction.steps, 0);
    floor.at_step("", (0, destruction.steps.len()));
    floor.tell(EventKind::Finished { ok: result.is_ok() });
    drop(floor);
    if result.is_ok() {
        locks.retire();
    }
    result
}
