//! Creating and destroying: locks, reservation, steps, and what is told of it.
//!
//! Invariant: what is asked of the host is asked before the registry lock is taken; nothing is waited for under it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::batch::{Batch, called_off};
use super::conduct::{Teller, before, conduct};
use super::create::{self, Creation, Ground};
use super::data;
use super::delegation::Delegation;
use super::destroy::{self as destruction, Destruction, Found};
use super::floor::Floor;
use super::holdings::{self, Mounts};
use super::journal::{Journal, Note};
use super::library::Library;
use super::material::Material;
use super::perform::{self, Failure};
use super::preconditions::{before_creation, parent};
use super::request::Pinned;
use super::site::{Locks, Look, Site};
use super::steps::{Boot, Halt, Probe, Step};
use super::{Change, EventKind, Outcome, Plan, Report, identity, run, view};
use crate::config::FailureRule;
use crate::document::Document;
use crate::effective::{ZoneSpec, effective};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg::ZoneConfig;
use crate::manager::{CreateOptions, DestroyOptions, OnFailure, RunOptions, Zone};
use crate::name::{TemplateName, ZoneName};
use crate::registry::{Registry, Session, Wait};
use crate::zone::{EntryState, Intent, ZoneEntry};

/// What creations are planned from, read and asked for before any lock.
pub(crate) struct Prepared {
    pub(crate) library: Library,
    pub(crate) look: Look,
    /// The files of the wishes that are built, where that is what is done.
    wishes: BTreeMap<ZoneName, Document<ZoneEntry>>,
    /// By new zone: the one that it is cloned from.
    sources: BTreeMap<ZoneName, ZoneName>,
    /// The host's configuration of each of those.
    configs: BTreeMap<ZoneName, Option<ZoneConfig>>,
    material: Material,
    /// Zones that the host has no place for, each with why.
    refused: BTreeMap<ZoneName, Error>,
    /// Datasets that zones planned so far get.
    delegated: Vec<Delegation>,
}

impl Prepared {
    pub(crate) fn ground<'a>(&'a self, site: &'a Site) -> Ground<'a> {
        Ground {
            library: &self.library,
            wishes: &self.wishes,
            host: &self.look.host,
            sources: &self.configs,
            dialect: site.host.dialect(),
            material: &self.material,
            refused: &self.refused,
            delegated: &self.delegated,
            tree: site.registry.tree(),
        }
    }

    /// Whether this zone's file is a wish that is built.
    pub(super) fn is_wish(&self, name: &ZoneName) -> bool {
        self.wishes.contains_key(name)
    }

    /// The zone that this one is cloned from.
    pub(super) fn source(&self, name: &ZoneName) -> Option<&ZoneName> {
        self.sources.get(name)
    }
}

/// Reads and asks what is needed to plan these zones.
pub(crate) fn prepare(site: &Site, wanted: &[(ZoneName, &CreateOptions)]) -> Result<Prepared> {
    prepare_from(site, wanted, BTreeMap::new())
}

/// The same for zones whose files are wishes; the others among them are new.
pub(crate) fn prepare_wishes(site: &Site, wanted: &[(ZoneName, &CreateOptions)]) -> Result<Prepared> {
    let mut wishes = BTreeMap::new();
    for (name, _) in wanted {
        let path = site.registry.tree().zone(name);
        if let Some(bytes) = super::files::read_document(site.registry.tree(), &path)? {
            let document = Document::<ZoneEntry>::parse(&path, &bytes)?;
            if document.value.state.is_none() {
                wishes.insert(name.clone(), document);
            }
        }
    }
    prepare_from(site, wanted, wishes)
}

fn prepare_from(
    site: &Site,
    wanted: &[(ZoneName, &CreateOptions)],
    wishes: BTreeMap<ZoneName, Document<ZoneEntry>>,
) -> Result<Prepared> {
    let library = Library::load(site.registry.tree())?;
    let mut checked: BTreeSet<Option<TemplateName>> = BTreeSet::new();
    for (name, options) in wanted {
        let template: Option<TemplateName> = match &options.template {
            _ if wishes.contains_key(name) => wishes.get(name).and_then(|wish| wish.value.template_name().cloned()),
            Some(template) => Some(template.parse()?),
            None => library.config.default_template.as_ref().map(|template| template.value.clone()),
        };
        if let (Some(_), Some(template)) = (&options.template, &template)
            && !library.has(template)
        {
            return Err(Error::new(Code::NotFound, format!("there is no template {template}"))
                .with_help("zmgr template list shows those there are"));
        }
        if !checked.contains(&template) {
            library.check(template.as_ref())?;
            checked.insert(template);
        }
    }
    let mut specs: Vec<ZoneSpec> = Vec::new();
    let (mut sources, mut configs, mut material) = (BTreeMap::new(), BTreeMap::new(), Material::default());
    let mut parents: BTreeSet<String> = BTreeSet::new();
    for (name, options) in wanted {
        // What is wrong with a wish, its plan says.
        let wish = wishes.get(name).map(|document| Ok(document.value.clone()));
        let Ok(entry) = wish.unwrap_or_else(|| create::wish(&library, name, options)) else { continue };
        let Ok(spec) = effective(&library.config, &library.templates, &library.pools, &entry) else { continue };
        parents.insert(parent(&spec.zonepath.value).to_owned());
        material.gather(&site.host, &library, &spec)?;
        if let Some(source) = &spec.clone_from {
            if let Entry::Vacant(vacant) = configs.entry(source.value.clone()) {
                let config = site.host.zone_config(source.value.as_str())?;
                vacant.insert(config);
            }
            sources.insert(name.clone(), source.value.clone());
        }
        specs.push(spec);
    }
    let look = site.look_at(&parents)?;
    let mut refused = BTreeMap::new();
    // A zone that the host has already is refused with a better reason.
    let is_new = |spec: &&ZoneSpec| look.host.zone(spec.name.as_str()).is_none();
    let zonepaths = specs.iter().filter(is_new).map(|spec| spec.zonepath.value.as_str());
    let places = data::Places::look(&site.host, zonepaths)?;
    for spec in &specs {
        if is_new(&spec)
            && let Err(error) = before_creation(&site.host, spec, &places)
        {
            if error.code() == Code::Cancelled {
                return Err(error);
            }
            refused.insert(spec.name.clone(), error);
        }
    }
    Ok(Prepared { library, look, wishes, sources, configs, material, refused, delegated: Vec::new() })
}

fn each<'o>(names: &[ZoneName], options: &'o CreateOptions) -> Vec<(ZoneName, &'o CreateOptions)> {
    names.iter().map(|name| (name.clone(), options)).collect()
}

/// What creating these zones would do. Touches nothing.
pub(crate) fn plan_create(site: &Site, names: &[ZoneName], options: &CreateOptions) -> Result<Plan> {
    let prepared = prepare(site, &each(names, options))?;
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
    let prepared = match before(run, |teller| prepare(&site.heeding(teller), &each(names, options))) {
        Ok(prepared) => prepared,
        Err(error) => return Report::called_off(names, "created", error),
    };
    let failure = failure(run.on_failure, &prepared.library);
    let batch = Batch::new(site, &prepared, names, options, run.jobs);
    let outcomes = conduct(names.iter().enumerate().collect(), run, |(at, name), teller| {
        let result = batch.create(at, failure, teller);
        Outcome { name: name.to_string(), action: "created".to_owned(), result: result.map(Some), notes: Vec::new() }
    });
    Ok(Report { outcomes: outcomes? })
}

pub(crate) fn failure(asked: OnFailure, library: &Library) -> Failure {
    match (asked, library.config.on_failure) {
        (OnFailure::Keep, _) | (OnFailure::Configured, FailureRule::Keep) => Failure::Keep,
        _ => Failure::RollBack,
    }
}

/// Creates one zone; with `approved`, only if that is what it comes to, and with what was chosen then.
pub(crate) fn create_one(
    site: &Site,
    prepared: &Prepared,
    name: &ZoneName,
    options: &CreateOptions,
    failure: Failure,
    approved: Option<(&Change, &Pinned)>,
    teller: &Teller,
) -> Result<Zone> {
    if teller.stops() > 0 {
        return Err(called_off(name));
    }
    let library = &prepared.library;
    let locks = site.lock_with_source(name, prepared.sources.get(name), library.config.lock_timeout, teller)?;
    let floor = site.floor(library, name, &locks, teller)?;
    floor.tell(EventKind::Started);
    let reserved = reserve(site, prepared, &locks, name, options, approved, teller);
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
    complete(site, prepared, locks, &creation, floor, failure)
}

/// Creates a zone for which everything is reserved.
pub(crate) fn create_reserved(
    site: &Site,
    prepared: &Prepared,
    locks: Locks,
    creation: &Creation,
    failure: Failure,
    teller: &Teller,
) -> Result<Zone> {
    let name = &creation.entry.name;
    let floor = site.floor(&prepared.library, name, &locks, teller)?;
    floor.tell(EventKind::Started);
    if floor.is_stopped() {
        floor.tell(EventKind::Finished { ok: false });
        drop(floor);
        call_off(site, locks, creation)?;
        return Err(called_off(name));
    }
    complete(site, prepared, locks, creation, floor, failure)
}

/// Takes back a creation of which nothing was done but its reservation.
pub(super) fn call_off(site: &Site, locks: Locks, creation: &Creation) -> Result<()> {
    if let Some(id) = creation.entry.id.clone() {
        Journal::new(&site.registry, &creation.entry.name, id).remove()?;
    }
    locks.retire();
    Ok(())
}

/// Does what the creation needs beyond its entry, and clears up after a failure.
fn complete(
    site: &Site,
    prepared: &Prepared,
    locks: Locks,
    creation: &Creation,
    floor: Floor<'_>,
    failure: Failure,
) -> Result<Zone> {
    let name = &creation.entry.name;
    let result = build(site, creation, &floor, failure);
    floor.at_step("", (0, creation.steps.len()));
    floor.tell(EventKind::Finished { ok: result.is_ok() });
    drop(floor);
    if result.is_err() {
        match (entry(site, name), prepared.wishes.get(name)) {
            // What was chosen for it is given up too, and the file is what the person wrote.
            (Ok(entry), Some(wish)) if entry.state.is_none() => {
                site.registry.change(wish.path(), |_| Ok(wish.text().as_bytes().to_vec()))?;
            }
            (Err(error), _) if error.code() == Code::NotFound => locks.retire(),
            _ => {}
        }
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
    approved: Option<(&Change, &Pinned)>,
    teller: &Teller,
) -> Result<Creation> {
    let library = &prepared.library;
    let mut pulse = || teller.stops() == 0;
    let mut wait = Wait::up_to(library.config.lock_timeout).pulse(&mut pulse);
    let mut session = site.registry.reserving(library.pools.clone(), prepared.look.survey.clone(), &mut wait)?;
    let creation = reserve_in(&mut session, site, prepared, locks, name, options, approved)?;
    session.keep_survey();
    session.commit()?;
    Ok(creation)
}

/// The same in a session that may reserve for others too. It is there once the session commits.
pub(super) fn reserve_in(
    session: &mut Session<'_>,
    site: &Site,
    prepared: &Prepared,
    locks: &Locks,
    name: &ZoneName,
    options: &CreateOptions,
    approved: Option<(&Change, &Pinned)>,
) -> Result<Creation> {
    let pinned = approved.map(|(_, pinned)| pinned);
    let planned = create::plan(&prepared.ground(site), session.ledger(), name, options, pinned);
    let creation = run::confirmed(planned, approved.map(|(change, _)| change), |creation| &creation.change)?;
    let wish = prepared.wishes.get(name);
    let document = match wish {
        Some(wish) => wish.with(creation.entry.clone())?,
        None => Document::create(&site.registry.tree().zone(name), creation.entry.clone())?,
    };
    session.reserve_zone(&locks.zone, wish, &document)?;
    Ok(creation)
}

/// The steps of a creation whose entry is there.
fn build(site: &Site, creation: &Creation, floor: &Floor<'_>, failure: Failure) -> Result<Zone> {
    let Some(id) = creation.entry.id.clone() else {
        return Err(Error::new(Code::Internal, "an entry without id"));
    };
    let mut journal = Journal::new(&site.registry, &creation.entry.name, id);
    floor.made.recorded(&creation.entry.datasets);
    perform::create(floor, &mut journal, &creation.steps, 0, failure)?;
    finish(floor, &mut journal, creation.boot.as_ref())?;
    if creation.boot.is_some() {
        super::power::links_taken_up(site, floor, &entry(site, &creation.entry.name)?)?;
    }
    let status = if creation.boot.is_some() { "running" } else { "installed" };
    view::read(&site.registry, &creation.entry.name, Some(&creation.spec), Some(status.to_owned()))
}

/// What comes after the last step that can be undone: the zone is booted, and the entry `ready`. A boot that fails leaves the zone.
pub(crate) fn finish(floor: &Floor<'_>, journal: &mut Journal<'_>, boot: Option<&Boot>) -> Result<()> {
    floor.made.settle(&floor.host)?;
    journal.keep(&floor.made);
    let Some(boot) = boot else { return journal.note(Note::Ready) };
    // Noted as a step, so that a zone that was to be booted is, whoever dies meanwhile.
    journal.note(Note::Creating { step: &boot.id() })?;
    let booted = boot_now(floor, boot);
    journal.note(Note::Ready)?;
    booted
}

/// Boots a zone that is whole.
pub(crate) fn boot_now(floor: &Floor<'_>, boot: &Boot) -> Result<()> {
    // One step more than those that can be undone.
    let (_, of) = floor.position();
    floor.at_step(&boot.id(), (of + 1, of + 1));
    let booted = boot.probe(floor).and_then(|probe| match probe {
        Probe::Done => Ok(()),
        _ => perform::timed(floor, boot),
    });
    booted.map_err(|error| {
        floor.tell(EventKind::StepFailed { message: error.message().to_owned() });
        error
            .with_context(format!("{} is ready but could not be booted", floor.zone))
            .with_help(format!("the zone is kept; fix the cause, then run `zmgr boot {}`", floor.zone))
    })
}

/// Boots a zone that ran before the work that is taken back. Who died while halting it may have left it half way down, where it
/// stays until it is halted again.
pub(crate) fn boot_again(floor: &Floor<'_>, boot: &Boot, halt_limit: Duration) -> Result<()> {
    let state = floor.host.zone_state(floor.zone)?.map(|zone| zone.state);
    if matches!(state, Some(ZoneState::ShuttingDown | ZoneState::Down)) {
        perform::timed(floor, &Halt { zone: floor.zone.clone(), limit: halt_limit })?;
    }
    boot_now(floor, boot)
}

/// What destroying these zones would do. Touches nothing.
pub(crate) fn plan_destroy(site: &Site, names: &[ZoneName], options: &DestroyOptions) -> Result<Plan> {
    let library = Library::load(site.registry.tree())?;
    let mounts = Mounts::look(&site.host)?;
    let changes = names
        .iter()
        .map(|name| Ok(plan_destruction(site, &library, &mounts, name, options)?.change))
        .collect::<Result<Vec<_>>>()?;
    Ok(Plan::new("destroy", changes))
}

pub(crate) fn plan_destruction(
    site: &Site,
    library: &Library,
    mounts: &Mounts,
    name: &ZoneName,
    options: &DestroyOptions,
) -> Result<Destruction> {
    let entry = entry(site, name)?;
    let Some(zone) = site.host.zone_state(name)? else {
        if let Some(zonepath) = &entry.zonepath
            && let Some(other) = identity::renamed(&site.host, &zonepath.value)?
        {
            return Err(Error::new(
                Code::RecoveryNeeded,
                format!("the host's zone {} has the zonepath {} of {name}", other.name, other.zonepath),
            )
            .with_help(format!(
                "somebody renamed it: give it its name back (zonecfg -z {} set zonename={name})",
                other.name
            )));
        }
        return destruction::plan(library, &entry, None, options);
    };
    let config = site.host.zone_config(name.as_str())?;
    let holdings = holdings::look(&site.host, &zone, config.as_ref(), mounts)?;
    let autoboot = config.is_some_and(|config| config.autoboot);
    destruction::plan(library, &entry, Some(&Found { zone, autoboot, holdings }), options)
}

/// Reads the entry of this zone.
pub(crate) fn entry(site: &Site, name: &ZoneName) -> Result<ZoneEntry> {
    Ok(document(site, name)?.value)
}

/// Reads the entry of this zone, with its text.
pub(crate) fn document(site: &Site, name: &ZoneName) -> Result<Document<ZoneEntry>> {
    document_in(&site.registry, name)
}

/// Reads the entry of a zone of this registry, with its text.
pub(crate) fn document_in(registry: &Registry, name: &ZoneName) -> Result<Document<ZoneEntry>> {
    let path = registry.tree().zone(name);
    match super::files::read_document(registry.tree(), &path)? {
        Some(bytes) => Document::<ZoneEntry>::parse(&path, &bytes),
        None => Err(super::files::unknown_zone(registry.tree(), name.as_str())),
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
    let mounts = match before(run, |teller| Mounts::look(&site.heeding(teller).host)) {
        Ok(mounts) => mounts,
        Err(error) => return Report::called_off(names, "destroyed", error),
    };
    let outcomes = conduct(names.to_vec(), run, |name, teller| {
        let (result, notes) = match destroy_one(site, &library, &mounts, &name, options, None, teller) {
            Ok(notes) => (Ok(None), notes),
            Err(error) => (Err(error), Vec::new()),
        };
        Outcome { name: name.to_string(), action: "destroyed".to_owned(), result, notes }
    });
    // That the index still speaks of what is gone costs time at most.
    let _ = site.registry.clear_up(&mut Wait::none());
    Ok(Report { outcomes: outcomes? })
}

/// Destroys one zone; with `approved`, only if that is what it comes to. Answers with what a person should know.
pub(crate) fn destroy_one(
    site: &Site,
    library: &Library,
    mounts: &Mounts,
    name: &ZoneName,
    options: &DestroyOptions,
    approved: Option<&Change>,
    teller: &Teller,
) -> Result<Vec<String>> {
    // Looked for first: taking a lock leaves a file for a name that may be nobody's.
    entry(site, name)?;
    let locks = site.lock(name, library.config.lock_timeout, teller)?;
    let planned = plan_destruction(&site.heeding(teller), library, mounts, name, options);
    let destruction = match run::confirmed(planned, approved, |destruction| &destruction.change) {
        Err(error) if !site.registry.tree().zone(name).exists() => {
            locks.retire();
            return Err(error);
        }
        planned => planned?,
    };
    let floor = site.floor(library, name, &locks, teller)?;
    floor.tell(EventKind::Started);
    let mut journal = Journal::new(&site.registry, name, destruction.id);
    floor.made.recorded(&destruction.made);
    data::adopt(&floor, destruction.dataset.as_ref());
    journal.keep(&floor.made);
    // A destruction that is taken up again knows from its entry what the zone was before it first began.
    if matches!(entry(site, name)?.state, None | Some(EntryState::Ready)) {
        journal.intend(Intent { running: destruction.running, keep_data: options.keep_data, ..Intent::default() });
    }
    let result = perform::destroy(&floor, &mut journal, &destruction.steps, 0);
    floor.at_step("", (0, destruction.steps.len()));
    floor.tell(EventKind::Finished { ok: result.is_ok() });
    drop(floor);
    if result.is_ok() {
        locks.retire();
    }
    result.map(|()| destruction.change.notes)
}
