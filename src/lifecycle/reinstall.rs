//! Installing a zone again: its files go and come anew, its configuration, links and addresses stay.
//!
//! Invariant: while the old files are whole, whatever goes wrong leaves the zone as it was; once they are gone, the only way is on.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::conduct::{Teller, before, conduct};
use super::data;
use super::floor::Floor;
use super::holdings::Mounts;
use super::journal::{Journal, Note, REINSTALL};
use super::library::Library;
use super::material::Material;
use super::operate::{boot_again, entry, finish};
use super::plan::{Basis, Change, PlannedFile, PlannedStep};
use super::preconditions::{self, BOOT, Subject};
use super::request::Request;
use super::site::Site;
use super::steps::{Autoboot, Boot, Halt, Step, Uninstall};
use super::{EventKind, Outcome, Plan, Report, allocate, basis, create, holdings, identity, perform, run, view};
use crate::effective::{ZoneSpec, effective};
use crate::error::{Code, Error, Result};
use crate::exec::zfs::Dataset;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::manager::{ReinstallOptions, RunOptions, Zone};
use crate::name::ZoneName;
use crate::zone::{EntryId, EntryState, Intent, ZoneEntry};

/// A reinstallation, planned.
pub(crate) struct Reinstallation {
    entry: ZoneEntry,
    spec: ZoneSpec,
    /// Until the old files are gone.
    down: Vec<Box<dyn Step>>,
    /// From there to `ready`.
    up: Vec<Box<dyn Step>>,
    boot: Option<Boot>,
    /// The dataset of its files.
    dataset: Option<Dataset>,
    /// Whether it runs now.
    running: bool,
    /// How long a boot may take.
    limit: Duration,
    /// How long a halt may take.
    halt_limit: Duration,
    pub(crate) change: Change,
}

/// The wish that a zone is installed by: as it was applied, as far as that was noted; the rest as the documents say now.
pub(crate) fn wish(library: &Library, entry: &ZoneEntry) -> Result<ZoneSpec> {
    let mut spec = effective(&library.config, &library.templates, &library.pools, entry)
        .map_err(|error| error.with_context(format!("what {} should be cannot be said", entry.name)))?;
    let Some(applied) = &entry.applied else { return Ok(spec) };
    let (resolvers, dns_domain) = (spec.resolvers.clone(), spec.dns_domain.clone());
    create::take_applied(&mut spec, applied);
    let step = entry.state.as_ref().and_then(EntryState::step);
    if step.is_none_or(|step| step.starts_with(REINSTALL)) {
        // A reinstallation gives the zone what takes effect at reinstall as the files say now.
        (spec.resolvers, spec.dns_domain) = (resolvers, dns_domain);
    }
    Ok(spec)
}

/// The steps until the zone's old files are gone.
pub(crate) fn down(library: &Library, entry: &ZoneEntry, zone: &HostZone, autoboot: bool) -> Vec<Box<dyn Step>> {
    let (name, uuid) = (&entry.name, entry.uuid.as_ref());
    let limits = library.config.timeouts;
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    if autoboot {
        steps.push(Box::new(Autoboot { zone: name.clone(), on: false }));
    }
    if zone.state.is_active() {
        steps.push(Box::new(Halt { zone: name.clone(), limit: limits.shutdown }));
    }
    if zone.state != ZoneState::Configured {
        steps.push(Box::new(Uninstall {
            zone: name.clone(),
            zonepath: zone.zonepath.clone(),
            keep_data: false,
            uuid: uuid.cloned(),
            limit: limits.install,
        }));
    }
    steps
}

/// Whether a step of this id is one of those until the old files are gone.
pub(crate) fn is_down(step: &str) -> bool {
    matches!(step, "autoboot-off" | "halt" | "uninstall")
}

pub(crate) fn plan(
    site: &Site,
    library: &Library,
    mounts: &Mounts,
    name: &ZoneName,
    options: &ReinstallOptions,
) -> Result<Reinstallation> {
    let entry = entry(site, name)?;
    identity::settled(&entry)?;
    library.check(entry.template_name())?;
    if let (Some(source), false) = (library.protection(&entry), options.force) {
        return Err(Error::new(Code::WrongState, format!("{name} is protected ({source})"))
            .with_help(format!("reinstall it with --force, or zmgr set {name} protected=false first")));
    }
    let Some(zone) = site.host.zone_state(name)? else {
        return Err(Error::new(Code::WrongState, format!("the host does not have the zone {name}"))
            .with_help(format!("zmgr apply --recreate {name} builds it again")));
    };
    identity::same_installation(&entry, &zone)?;
    let config = site.host.zone_config(name.as_str())?;
    allocate::refuse_taken(site, library, &entry)?;
    let holdings = holdings::look(&site.host, &zone, config.as_ref(), mounts)?;
    data::is_ours(&entry.datasets, name, holdings.dataset())?;
    holdings.may_go(name, options.force)?;
    let spec = wish(library, &entry)?;
    let autoboot = config.as_ref().is_some_and(|config| config.autoboot);
    let down = down(library, &entry, &zone, autoboot);
    let material = Material::of(&site.host, library, &spec)?;
    let up = create::installation(&spec, library, site.host.dialect(), &material, true)?;
    let (limit, halt_limit) = (library.config.timeouts.boot, library.config.timeouts.shutdown);
    let boot = options.boot.unwrap_or(zone.state.is_active()).then(|| Boot { zone: name.clone(), limit });
    if let Some(config) = &config {
        let subject = Subject { spec: Some(&spec), ..Subject::new(&site.host, name, config) };
        subject.check(preconditions::REINSTALL)?;
        if boot.is_some() {
            subject.check(BOOT)?;
        }
    }
    let mut facts = BTreeMap::from([(format!("zone {name}"), zone.state.as_str().to_owned())]);
    if let Some(source) = &spec.clone_from {
        let state = site.host.zone_state(&source.value)?;
        super::preconditions::clonable(&spec, &source.value, state.as_ref())?;
        let shared = site.host.zone_config(source.value.as_str())?;
        super::preconditions::shares_no_dataset(&spec, &source.value, shared.as_ref())?;
        facts.insert(
            format!("zone {}", source.value),
            state.map_or(basis::ABSENT, |zone| zone.state.as_str()).to_owned(),
        );
    }
    let id = entry.id.as_ref().map(EntryId::to_string).unwrap_or_default();
    let ready = PlannedStep {
        id: "ready".to_owned(),
        kind: "ready".to_owned(),
        argv: Vec::new(),
        files: vec![PlannedFile { path: format!("zones/{name}.kdl"), text: String::new() }],
        undo: Vec::new(),
    };
    let steps = down.iter().chain(&up).map(|step| step.planned()).chain([ready]);
    let change = Change {
        zone: name.to_string(),
        entry_id: id.clone(),
        request: Request::Reinstall { options: options.clone() },
        spec: serde_json::to_value(&spec).unwrap_or(Value::Null),
        steps: steps.chain(boot.as_ref().map(|boot| boot.planned())).collect(),
        notes: holdings.notes(&zone.zonepath, false),
        basis: Basis { documents: basis::documents(library, &spec), entry: id, host: facts },
    };
    let (running, dataset) = (zone.state.is_active(), holdings.into_dataset());
    Ok(Reinstallation { entry, spec, down, up, boot, dataset, running, limit, halt_limit, change })
}

/// What reinstalling these zones would do. Touches nothing.
pub(crate) fn plan_reinstall(site: &Site, names: &[ZoneName], options: &ReinstallOptions) -> Result<Plan> {
    let library = Library::load(site.registry.tree())?;
    let mounts = Mounts::look(&site.host)?;
    let changes = names
        .iter()
        .map(|name| Ok(plan(site, &library, &mounts, name, options)?.change))
        .collect::<Result<Vec<_>>>()?;
    Ok(Plan::new("reinstall", changes))
}

/// Reinstalls zones.
pub(crate) fn reinstall(
    site: &Site,
    names: &[ZoneName],
    options: &ReinstallOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let library = Library::load(site.registry.tree())?;
    let mounts = match before(run, |teller| Mounts::look(&site.heeding(teller).host)) {
        Ok(mounts) => mounts,
        Err(error) => return Report::called_off(names, "reinstalled", error),
    };
    let outcomes = conduct(names.to_vec(), run, |name, teller| {
        let result = reinstall_one(site, &library, &mounts, &name, options, None, teller);
        Outcome {
            name: name.to_string(),
            action: "reinstalled".to_owned(),
            result: result.map(Some),
            notes: Vec::new(),
        }
    });
    Ok(Report { outcomes: outcomes? })
}

/// Reinstalls one zone; with `approved`, only if that is what it comes to.
pub(crate) fn reinstall_one(
    site: &Site,
    library: &Library,
    mounts: &Mounts,
    name: &ZoneName,
    options: &ReinstallOptions,
    approved: Option<&Change>,
    teller: &Teller,
) -> Result<Zone> {
    let before = entry(site, name)?;
    identity::settled(&before)?;
    let source = wish(library, &before)?.clone_from.map(|source| source.value);
    let locks = site.lock_with_source(name, source.as_ref(), library.config.lock_timeout, teller)?;
    let planned = plan(&site.heeding(teller), library, mounts, name, options);
    let planned = match run::confirmed(planned, approved, |planned| &planned.change) {
        Err(error) if !site.registry.tree().zone(name).exists() => {
            locks.retire();
            return Err(error);
        }
        planned => planned?,
    };
    let Some(id) = planned.entry.id.clone() else {
        return Err(Error::new(Code::RecoveryNeeded, format!("the entry of {name} has a state and no id")));
    };
    let floor = site.floor(library, name, &locks, teller)?;
    floor.tell(EventKind::Started);
    floor.made.recorded(&planned.entry.datasets);
    data::adopt(&floor, planned.dataset.as_ref());
    let mut journal = Journal::new(&site.registry, name, id).reinstalling();
    journal.keep(&floor.made);
    journal.intend(Intent { boot: Some(planned.boot.is_some()), running: planned.running, ..Intent::default() });
    let result = work(&floor, &mut journal, &planned);
    floor.at_step("", (0, planned.change.steps.len()));
    floor.tell(EventKind::Finished { ok: result.is_ok() });
    result?;
    let status = if planned.boot.is_some() { "running" } else { "installed" };
    view::read(&site.registry, name, Some(&planned.spec), Some(status.to_owned()))
}

fn work(floor: &Floor<'_>, journal: &mut Journal<'_>, planned: &Reinstallation) -> Result<()> {
    if let Err(error) = perform::empty(floor, journal, &planned.down) {
        return Err(back(floor, journal, planned, error));
    }
    journal.uninstalled();
    if let Err(error) = perform::resume(floor, journal, &planned.up) {
        return Err(given_up(floor, journal, error));
    }
    create::note_installed(journal, &planned.spec)?;
    finish(floor, journal, planned.boot.as_ref())
}

/// Something went wrong while the zone was taken down: where its files are whole, it becomes as it was.
fn back(floor: &Floor<'_>, journal: &mut Journal<'_>, planned: &Reinstallation, error: Error) -> Error {
    floor.undoing();
    match restored(floor, journal, planned) {
        Ok(true) => error.with_context(format!("reinstalling {} failed and the zone is as it was", floor.zone)),
        Ok(false) => given_up(floor, journal, error),
        Err(also) => error.with_detail(perform::finding(&also)).with_help(format!("run zmgr recover {}", floor.zone)),
    }
}

fn restored(floor: &Floor<'_>, journal: &Journal<'_>, planned: &Reinstallation) -> Result<bool> {
    let whole = match floor.host.zone_state(floor.zone)? {
        Some(zone) if identity::same_installation(&planned.entry, &zone).is_ok() => {
            !matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete)
        }
        _ => false,
    };
    if !whole {
        return Ok(false);
    }
    floor.tell(EventKind::Undoing);
    let took_autoboot = planned.down.iter().any(|step| step.id() == "autoboot-off");
    if took_autoboot {
        let on = Autoboot { zone: floor.zone.clone(), on: true };
        if on.probe(floor)? != super::steps::Probe::Done {
            on.run(floor)?;
        }
    }
    if planned.running {
        boot_again(floor, &Boot { zone: floor.zone.clone(), limit: planned.limit }, planned.halt_limit)?;
    }
    journal.note(Note::Ready)?;
    Ok(true)
}

/// The old files are gone or going, and the new ones are not there.
fn given_up(floor: &Floor<'_>, journal: &mut Journal<'_>, error: Error) -> Error {
    let noted = journal.note(Note::GivenUp);
    let error = error.with_help(format!(
        "its old files are gone; mend the cause, then zmgr recover {0} installs it, or zmgr destroy {0} removes it",
        floor.zone
    ));
    match noted {
        Ok(()) => error,
        Err(also) => error.with_detail(perform::finding(&also)),
    }
}
