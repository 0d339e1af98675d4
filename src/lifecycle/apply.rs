//! Brings the host to the files: builds wishes, changes what differs and nothing else.
//!
//! Invariant: the host is changed first, `applied` is written after; so a death between the two leaves a difference that is told,
//! and what `applied` says was on the host. What somebody else put there is never taken away unasked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::basis;
use super::conduct::{Teller, conduct};
use super::create::{self, vnics};
use super::journal::Journal;
use super::library::Library;
use super::material::Material;
use super::operate::{self, failure};
use super::perform::{self, Failure};
use super::plan::{Basis, Change, PlannedFile, PlannedStep};
use super::power::{self, Power};
use super::request::{Pinned, PinnedNet, Request};
use super::run::confirmed;
use super::site::{Locks, Look, Site};
use super::standing::{Standing, standings};
use super::steps::{Boot, Reconfigure, Step, Unlink};
use super::{EventKind, Outcome, Plan, Report, identity, view};
use crate::document::Document;
use crate::error::{Code, Error, Result};
use crate::exec::zonecfg::{self, ZoneConfig, parts};
use crate::exec::{Invocation, zoneadm::ZoneState};
use crate::host::HostState;
use crate::manager::{ApplyOptions, CreateOptions, RunOptions, Zone};
use crate::name::{LinkName, ZoneName};
use crate::registry::{Ledger, Wait};
use crate::settings::EntryNet;
use crate::zone::{Applied, Before, Intent, ZoneEntry};

/// What takes effect without a reboot of the zone.
const AT_ONCE: [&str; 2] = ["autoboot", "attr"];

/// What is to be done to a zone that was built before.
pub(crate) struct Application {
    old: Document<ZoneEntry>,
    /// The entry with what is chosen now.
    entry: ZoneEntry,
    steps: Vec<Box<dyn Step>>,
    /// VNICs that go once the zone no longer uses them.
    unlinks: Vec<Unlink>,
    /// It is built again from nothing.
    rebuild: bool,
    /// What the entry says is applied once the steps are done.
    applied: Applied,
    reboot: bool,
    boot: Option<Boot>,
    /// Links that a zone that was booted before gets.
    gained: Vec<LinkName>,
    pub(crate) change: Change,
}

impl Application {
    fn is_nothing(&self) -> bool {
        self.change.steps.is_empty()
    }
}

/// What applying the files of these zones would do, or of all where none is named. Touches nothing.
pub(crate) fn plan_apply(site: &Site, names: &[ZoneName], options: &ApplyOptions) -> Result<Plan> {
    let library = Library::load(site.registry.tree())?;
    let look = site.look()?;
    let mut ledger = site.registry.ledger(library.pools.clone(), look.survey.clone())?;
    let mut changes = Vec::new();
    let mut wishes = Vec::new();
    for (name, standing) in standings(site, &library, &look, names)? {
        let standing = standing?;
        if standing.entry().state.is_none() {
            wishes.push(name);
            continue;
        }
        let application = plan(site, &library, &look.host, Some(&mut ledger), standing, options, None)?;
        if !application.is_nothing() || !application.change.notes.is_empty() {
            ledger.plan_entry(&application.entry);
            changes.push(application.change);
        }
    }
    if !wishes.is_empty() {
        let create = CreateOptions::default();
        let wanted: Vec<(ZoneName, &CreateOptions)> = wishes.iter().map(|name| (name.clone(), &create)).collect();
        let prepared = operate::prepare_wishes(site, &wanted)?;
        for name in &wishes {
            let creation = create::plan(&prepared.ground(site), &mut ledger, name, &create, None)?;
            ledger.plan_entry(&creation.entry);
            changes.push(creation.change);
        }
    }
    changes.sort_by(|a, b| a.zone.cmp(&b.zone));
    Ok(Plan::new("apply", changes))
}

/// Applies the files of these zones, or of all where none is named.
pub(crate) fn apply(
    site: &Site,
    names: &[ZoneName],
    options: &ApplyOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let library = Library::load(site.registry.tree())?;
    let look = site.look()?;
    let standings = standings(site, &library, &look, names)?;
    let on_failure = failure(run.on_failure, &library);
    let create = CreateOptions::default();
    let wishes: Vec<(ZoneName, &CreateOptions)> = standings
        .iter()
        .filter(|(_, standing)| standing.as_ref().is_ok_and(|standing| standing.entry().state.is_none()))
        .map(|(name, _)| (name.clone(), &create))
        .collect();
    let prepared = if wishes.is_empty() { None } else { Some(operate::prepare_wishes(site, &wishes)?) };
    let outcomes = conduct(standings, run, |(name, standing), teller| {
        let wish = standing.as_ref().is_ok_and(|standing| standing.entry().state.is_none());
        if let (true, Some(prepared)) = (wish, &prepared) {
            let result = operate::create_one(site, prepared, &name, &create, on_failure, None, teller);
            return Outcome {
                name: name.to_string(),
                action: "created".to_owned(),
                result: result.map(Some),
                notes: Vec::new(),
            };
        }
        match standing.and_then(|standing| apply_one(site, &library, &look, standing, options, None, teller)) {
            Ok((action, zone, notes)) => {
                Outcome { name: name.to_string(), action: action.to_owned(), result: Ok(Some(zone)), notes }
            }
            Err(error) => {
                Outcome { name: name.to_string(), action: "failed".to_owned(), result: Err(error), notes: Vec::new() }
            }
        }
    });
    Ok(Report { outcomes })
}

/// What is to be done to this zone. Without a ledger nothing can be chosen; `None` is the answer to that.
pub(crate) fn plan(
    site: &Site,
    library: &Library,
    host: &HostState,
    ledger: Option<&mut Ledger>,
    standing: Standing<'_>,
    options: &ApplyOptions,
    pinned: Option<&BTreeMap<String, PinnedNet>>,
) -> Result<Application> {
    let name = standing.spec.name.clone();
    identity::settled(standing.entry())?;
    let Some(id) = standing.entry().id.clone() else {
        return Err(Error::new(Code::Config, format!("the entry of {name} has a state and no id"))
            .with_help("it was edited by hand; remove its state to have it built anew"));
    };
    let applied = standing.applied();
    let mut standing = standing;
    let opens: Vec<String> = standing.open_nets().map(|net| net.name.clone()).collect();
    let mut chosen = BTreeMap::new();
    let mut entry = standing.entry().clone();
    if !opens.is_empty() {
        let Some(ledger) = ledger else {
            return Err(Error::new(Code::Internal, "addresses are to be chosen, and there is no ledger"));
        };
        let pinned = pinned.map(|nets| Pinned { id: id.to_string(), created: String::new(), nets: nets.clone() });
        let create = CreateOptions::default();
        let nets = create::nets(library, ledger, host, &standing.spec, &create, pinned.as_ref())?;
        chosen = create::pinned_nets(nets.iter().filter(|net| opens.contains(&net.name)));
        standing.spec.nets.clone_from(&nets);
        entry.nets = nets;
    }
    let spec = &standing.spec;
    let mut applied_now = create::applied(spec);
    let mut steps: Vec<Box<dyn Step>> = Vec::new();
    let (mut notes, mut unlinks, mut gained) = (Vec::new(), Vec::new(), Vec::new());
    let (mut rebuild, mut boot, mut reboot) = (false, None, false);
    let mut facts = basis::host(host, spec);
    match &standing.host {
        None if !options.recreate => {
            return Err(Error::new(
                Code::WrongState,
                format!("{name} is ready in the registry, and the host does not have it"),
            )
            .with_help(format!("zmgr apply --recreate {name} builds it again; zmgr destroy {name} forgets it")));
        }
        None => {
            rebuild = true;
            let material = Material::of(&site.host, library, spec)?;
            steps = create::steps(spec, library, site.host.dialect(), &material)?;
            let limit = library.config.timeouts.boot;
            boot = spec.autoboot.value.then(|| Boot { zone: name.clone(), limit });
        }
        Some((zone, found)) => {
            identity::same(standing.entry(), zone)?;
            let wish = standing.wish()?;
            let target = zonecfg::merge(&wish, &applied, found, options.prune);
            let script = zonecfg::edit(found, &target).map_err(|error| error.with_context(format!("zone {name}")))?;
            if !script.is_empty() && zonecfg::validate(found).is_ok() {
                zonecfg::validate(&target).map_err(|error| error.with_context(format!("zone {name}")))?;
            }
            for vnic in vnics(&spec.nets) {
                if host.link(vnic.name.as_str()).is_none() {
                    if zone.state != ZoneState::Configured {
                        gained.push(vnic.name.clone());
                    }
                    steps.push(Box::new(vnic));
                }
            }
            facts.insert(format!("configuration of {name}"), digest(found));
            let active = zone.state.is_active();
            let waits = active && waits_for_reboot(found, &target);
            reboot = waits && options.reboot && zone.state == ZoneState::Running;
            if !script.is_empty() {
                let (from, to) = (found.clone(), target);
                steps.push(Box::new(Reconfigure { zone: name.clone(), from, to, script }));
            }
            let kept: Vec<EntryNet> = dropped(standing.entry(), &spec.nets, host);
            for vnic in vnics(&kept) {
                if active && !reboot {
                    notes.push(format!(
                        "the VNIC {} goes once {name} is down: run zmgr apply {name} again then",
                        vnic.name
                    ));
                } else {
                    unlinks.push(Unlink { vnic });
                }
            }
            if active && !reboot {
                applied_now.nets.extend(kept);
            }
            if waits && !reboot {
                notes
                    .push(format!("{name} runs, and some of this takes effect at its next reboot: zmgr reboot {name}"));
            }
            if !gained.is_empty() && !reboot {
                let links: Vec<&str> = gained.iter().map(LinkName::as_str).collect();
                notes.push(format!(
                    "once {name} has booted with it, ipadm create-if {} in the zone takes the new link up",
                    links.join(" ")
                ));
            }
        }
    }
    let stale = entry.applied.as_deref() != Some(&applied_now);
    let file = |id: &str| PlannedStep {
        id: id.to_owned(),
        kind: id.to_owned(),
        argv: Vec::new(),
        files: vec![PlannedFile { path: format!("zones/{name}.kdl"), text: String::new() }],
        undo: Vec::new(),
    };
    let mut planned: Vec<PlannedStep> = Vec::new();
    planned.extend((!opens.is_empty()).then(|| file("reserve")));
    planned.extend(steps.iter().map(|step| step.planned()));
    planned.extend(unlinks.iter().filter(|_| !reboot).map(|unlink| unlink.planned()));
    planned.extend((stale || !planned.is_empty()).then(|| file("applied")));
    if reboot {
        planned.push(power::planned_reboot(&name, library.config.timeouts.shutdown));
        planned.extend(gained.iter().map(|link| plumb_planned(&name, link)));
        planned.extend(unlinks.iter().map(|unlink| unlink.planned()));
    }
    planned.extend(boot.iter().map(|boot| boot.planned()));
    let change = Change {
        zone: name.to_string(),
        entry_id: id.to_string(),
        request: Request::Apply { options: options.clone(), nets: chosen },
        spec: serde_json::to_value(spec).unwrap_or(Value::Null),
        steps: planned,
        notes,
        basis: Basis { documents: basis::documents(library, spec), entry: id.to_string(), host: facts },
    };
    let old = standing.document;
    Ok(Application { old, entry, steps, unlinks, rebuild, applied: applied_now, reboot, boot, gained, change })
}

/// The nets that were applied with a VNIC of zmgr's making that the wish no longer has and the host still does.
fn dropped(entry: &ZoneEntry, wish: &[EntryNet], host: &HostState) -> Vec<EntryNet> {
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    let gone = |net: &&EntryNet| net.managed && !wish.iter().any(|wish| wish.vnic == net.vnic);
    let there = |net: &&EntryNet| net.vnic.as_ref().is_some_and(|vnic| host.vnic(vnic.as_str()).is_some());
    applied.iter().filter(gone).filter(there).cloned().collect()
}

fn waits_for_reboot(from: &ZoneConfig, to: &ZoneConfig) -> bool {
    let (from, to) = (parts(from), parts(to));
    let changed = from.iter().filter(|part| !to.contains(part)).chain(to.iter().filter(|part| !from.contains(part)));
    changed.into_iter().any(|part| !AT_ONCE.contains(&part.key[0].as_str()))
}

fn digest(config: &ZoneConfig) -> String {
    use sha2::{Digest, Sha256};
    super::plan::hex(&Sha256::digest(format!("{:?}", config.canonical())))
}

fn plumb(zone: &ZoneName, link: &LinkName) -> Invocation {
    Invocation::new("zlogin").args([zone.as_str(), "ipadm", "create-if", link.as_str()])
}

fn plumb_planned(zone: &ZoneName, link: &LinkName) -> PlannedStep {
    let command = plumb(zone, link);
    let mut argv = command.argv();
    if let Some(program) = argv.first_mut() {
        *program = command.usual_path();
    }
    PlannedStep { id: format!("plumb:{link}"), kind: "plumb".to_owned(), argv, files: Vec::new(), undo: Vec::new() }
}

/// What was done in a word, the zone as it is then, and what a person should know.
pub(crate) fn apply_one(
    site: &Site,
    library: &Library,
    look: &Look,
    standing: Standing<'_>,
    options: &ApplyOptions,
    approved: Option<&Change>,
    teller: &Teller,
) -> Result<(&'static str, Zone, Vec<String>)> {
    let name = standing.spec.name.clone();
    let open = standing.open_nets().next().is_some();
    if approved.is_none() && !open {
        // Most zones need nothing, and no lock to see that.
        let status = standing.host.as_ref().map(|(zone, _)| zone.state.as_str().to_owned());
        let spec = standing.spec.clone();
        let application = plan(site, library, &look.host, None, standing, options, None)?;
        if application.is_nothing() {
            let zone = view::of_entry(&application.entry, Some(&spec), status);
            return Ok(("unchanged", zone, application.change.notes));
        }
    }
    let locks = site.lock(&name, library.config.lock_timeout, teller)?;
    let mut again = standings(site, library, look, std::slice::from_ref(&name))?;
    let Some((_, standing)) = again.pop() else {
        return Err(Error::new(Code::Internal, "a zone that was named is not there"));
    };
    let application = reserve(site, library, look, &locks, standing?, options, approved, teller)?;
    let floor = site.floor(library, &name, &locks, teller)?;
    floor.tell(EventKind::Started);
    let done = carry_out(site, library, &application, &floor);
    floor.at_step("", (0, application.change.steps.len()));
    floor.tell(EventKind::Finished { ok: done.is_ok() });
    done?;
    drop(floor);
    let status = site.host.zone_state(&name)?.map(|zone| zone.state.as_str().to_owned());
    let zone = view::read(&site.registry, &name, view::spec(&site.registry, &name).ok().as_ref(), status)?;
    let action = if application.rebuild { "recreated" } else { "applied" };
    Ok((action, zone, application.change.notes))
}

/// Plans under the locks; where something is chosen, it is in the entry when this returns.
#[expect(clippy::too_many_arguments, reason = "each is another thing that the plan rests on")]
fn reserve(
    site: &Site,
    library: &Library,
    look: &Look,
    locks: &Locks,
    standing: Standing<'_>,
    options: &ApplyOptions,
    approved: Option<&Change>,
    teller: &Teller,
) -> Result<Application> {
    let pinned = approved.and_then(|approved| match &approved.request {
        Request::Apply { nets, .. } => Some(nets),
        _ => None,
    });
    if standing.open_nets().next().is_none() {
        let planned = plan(site, library, &look.host, None, standing, options, pinned);
        return confirmed(planned, approved, |application| &application.change);
    }
    let mut pulse = || teller.stops() == 0;
    let mut wait = Wait::up_to(library.config.lock_timeout).pulse(&mut pulse);
    let mut session = site.registry.reserving(library.pools.clone(), look.survey.clone(), &mut wait)?;
    let planned = plan(site, library, &look.host, Some(session.ledger()), standing, options, pinned);
    let mut application = confirmed(planned, approved, |application| &application.change)?;
    let new = application.old.with(application.entry.clone())?;
    session.reserve_zone(&locks.zone, Some(&application.old), &new)?;
    session.commit()?;
    application.old = new;
    Ok(application)
}

fn carry_out(site: &Site, library: &Library, application: &Application, floor: &super::floor::Floor<'_>) -> Result<()> {
    let Some(id) = application.entry.id.clone() else {
        return Err(Error::new(Code::Internal, "an entry without id"));
    };
    let mut journal = Journal::new(&site.registry, floor.zone, id);
    let of = application.change.steps.len();
    if application.rebuild {
        journal.uninstalled();
        journal.intend(Intent { before: Some(Before::Ready), ..Intent::default() });
        perform::create(floor, &mut journal, &application.steps, 0, Failure::Keep)?;
        note_applied(&journal, application)?;
        return operate::finish(floor, &mut journal, application.boot.as_ref());
    }
    let mut position = 0;
    let mut at = |id: &str| {
        position += 1;
        floor.at_step(id, (position, of));
    };
    for step in &application.steps {
        at(&step.id());
        floor.check_cancel()?;
        perform::timed(floor, step.as_ref()).map_err(|error| {
            floor.tell(EventKind::StepFailed { message: error.message().to_owned() });
            error.with_context(format!("applying {} failed at {}", floor.zone, step.id()))
        })?;
    }
    if !application.reboot {
        unlink(floor, application, &mut at)?;
    }
    note_applied(&journal, application)?;
    if application.reboot {
        at("reboot");
        let limits = library.config.timeouts;
        power::act(floor, &application.entry, Power::Reboot { force: false }, limits.shutdown + limits.boot)?;
        for link in &application.gained {
            at(&format!("plumb:{link}"));
            let ended = floor.attempt(plumb(floor.zone, link))?;
            if !ended.success() {
                floor.warn(format!("{link} could not be taken up in {}: {}", floor.zone, ended.error().message()));
            }
        }
        unlink(floor, application, &mut at)?;
    }
    Ok(())
}

fn unlink(floor: &super::floor::Floor<'_>, application: &Application, at: &mut impl FnMut(&str)) -> Result<()> {
    for step in &application.unlinks {
        at(&step.id());
        if step.probe(floor)? != super::steps::Probe::Done {
            perform::timed(floor, step)?;
        }
    }
    Ok(())
}

/// Notes what the host has by now.
fn note_applied(journal: &Journal<'_>, application: &Application) -> Result<()> {
    journal.edit(|entry| entry.applied = Some(Box::new(application.applied.clone())))
}

/// Looks whether a planned application is still what it was.
pub(crate) fn confirm(site: &Site, library: &Library, look: &Look, name: &ZoneName, change: &Change) -> Result<()> {
    let Request::Apply { options, nets } = &change.request else {
        return Err(Error::new(Code::Internal, "no change to apply"));
    };
    let mut ledger = site.registry.ledger(library.pools.clone(), look.survey.clone())?;
    for (_, standing) in standings(site, library, look, std::slice::from_ref(name))? {
        let planned = standing
            .and_then(|standing| plan(site, library, &look.host, Some(&mut ledger), standing, options, Some(nets)));
        confirmed(planned, Some(change), |application| &application.change)?;
    }
    Ok(())
}

/// Runs a planned application.
pub(crate) fn apply_planned(
    site: &Site,
    library: &Library,
    look: &Look,
    name: &ZoneName,
    change: &Change,
    teller: &Teller,
) -> Result<Option<Zone>> {
    let Request::Apply { options, .. } = &change.request else {
        return Err(Error::new(Code::Internal, "no change to apply"));
    };
    let mut standings = standings(site, library, look, std::slice::from_ref(name))?;
    let Some((_, standing)) = standings.pop() else { return Ok(None) };
    apply_one(site, library, look, standing?, options, Some(change), teller).map(|(_, zone, _)| Some(zone))
}
