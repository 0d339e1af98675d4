//! Carries out what was planned for one zone, under its locks.
//!
//! Invariant: the host is changed first, `applied` is written after.

use super::{Application, plan, plan_of};
use crate::error::{Code, Error, Result};
use crate::lifecycle::conduct::Teller;
use crate::lifecycle::floor::Floor;
use crate::lifecycle::journal::{Journal, Note};
use crate::lifecycle::library::Library;
use crate::lifecycle::perform::{self, Failure};
use crate::lifecycle::plan::Change;
use crate::lifecycle::power::{self, Power};
use crate::lifecycle::request::Request;
use crate::lifecycle::run::confirmed;
use crate::lifecycle::site::{Locks, Look, Site};
use crate::lifecycle::standing::{Standing, standings};
use crate::lifecycle::steps::{Probe, Step};
use crate::lifecycle::take_up::take_up;
use crate::lifecycle::{EventKind, operate, pending, preconditions, view};
use crate::manager::{ApplyOptions, Zone};
use crate::name::ZoneName;
use crate::registry::Wait;
use crate::zone::{Before, Intent, Pending, ZoneEntry};

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
    if approved.is_none() && !standing.needs_reservation() {
        // Most zones need nothing, and no lock to see that.
        let status = standing.host.as_ref().map(|(zone, _)| zone.state.as_str().to_owned());
        let spec = standing.spec.clone();
        let application = plan(&site.heeding(teller), library, look, None, standing, options, None)?;
        if application.is_nothing() {
            let mut zone = view::of_entry(&application.entry, Some(&spec), status);
            zone.pending = application.pending.iter().flat_map(Pending::texts).collect();
            return Ok(("unchanged", zone, application.change.notes));
        }
    }
    let locks = site.lock(&name, library.config.lock_timeout, teller)?;
    let mut again = standings(site, library, look, std::slice::from_ref(&name))?;
    let Some((_, standing)) = again.pop() else {
        return Err(Error::new(Code::Internal, "a zone that was named is not there"));
    };
    let application = reserve(&site.heeding(teller), library, look, &locks, standing?, options, approved, teller)?;
    let floor = site.floor(library, &name, &locks, teller)?;
    floor.tell(EventKind::Started);
    let done = carry_out(site, library, &application, &floor);
    floor.at_step("", (0, application.change.steps.len()));
    floor.tell(EventKind::Finished { ok: done.is_ok() });
    done?;
    drop(floor);
    let found = site.host.zone_state(&name)?;
    let status = found.as_ref().map(|zone| zone.state.as_str().to_owned());
    let mut zone = view::read(&site.registry, &name, view::spec(&site.registry, &name).ok().as_ref(), status)?;
    zone.pending = pending::texts(&site.host, &operate::entry(site, &name)?, found.as_ref())?;
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
    if !standing.needs_reservation() {
        let planned = plan(site, library, look, None, standing, options, pinned);
        return confirmed(planned, approved, |application| &application.change);
    }
    let mut pulse = || teller.stops() == 0;
    let mut wait = Wait::up_to(library.config.lock_timeout).pulse(&mut pulse);
    let mut session = site.registry.reserving(library.pools.clone(), look.survey.clone(), &mut wait)?;
    let planned = plan(site, library, look, Some(session.ledger()), standing, options, pinned);
    let mut application = confirmed(planned, approved, |application| &application.change)?;
    let new = application.old.with(application.entry.clone())?;
    session.reserve_zone(&locks.zone, Some(&application.old), &new)?;
    session.commit()?;
    application.old = new;
    Ok(application)
}

fn carry_out(site: &Site, library: &Library, application: &Application, floor: &Floor<'_>) -> Result<()> {
    let Some(id) = application.entry.id.clone() else {
        return Err(Error::new(Code::Internal, "an entry without id"));
    };
    let mut journal = Journal::new(&site.registry, floor.zone, id);
    let of = application.change.steps.len();
    if application.rebuild {
        floor.made.recorded(&application.entry.datasets);
        floor.made.forget_zonepath();
        journal.keep(&floor.made);
        journal.uninstalled();
        journal.intend(Intent { before: Some(Before::Ready), ..Intent::default() });
        perform::create(floor, &mut journal, &application.steps, 0, Failure::Keep)?;
        note_applied(&journal, application)?;
        return operate::finish(floor, &mut journal, application.boot.as_ref());
    }
    floor.made.recorded(&application.entry.datasets);
    let mut position = 0;
    let mut at = |id: &str| {
        position += 1;
        floor.at_step(id, (position, of));
    };
    for step in &application.steps {
        at(&step.id());
        floor.check_cancel()?;
        let done = step.prepare(floor).and_then(|()| journal.note_made(&floor.made));
        let done = done.and_then(|()| perform::timed(floor, step.as_ref()));
        let noted = journal.note_made(&floor.made);
        done.and(noted).map_err(|error| {
            floor.tell(EventKind::StepFailed { message: error.message().to_owned() });
            error.with_context(format!("applying {} failed at {}", floor.zone, step.id()))
        })?;
    }
    if !application.reboot {
        unlink(floor, application, &mut at)?;
    }
    if application.cold.is_empty() {
        note_applied(&journal, application)?;
    }
    if !application.reboot {
        return plumb(floor, &journal, application, &mut at);
    }
    let limits = library.config.timeouts;
    let act = |what: Power, limit| power::act(floor, &application.entry, what, limit);
    if application.cold.is_empty() {
        at("reboot");
        act(Power::Reboot { force: false }, limits.shutdown + limits.boot)?;
        booted(site, floor, &journal)?;
        plumb(floor, &journal, application, &mut at)?;
        return unlink(floor, application, &mut at);
    }
    preconditions::before_boot(&floor.host, floor.zone, true)?;
    // Noted, so that a zone that was taken down comes up again, whoever dies meanwhile.
    let mut journal = journal.applying();
    journal.intend(Intent { running: true, ..Intent::default() });
    at("shutdown");
    journal.note(Note::Creating { step: "shutdown" })?;
    let changed = act(Power::Shutdown { force: false }, limits.shutdown)
        .and_then(|_| cold(floor, &journal, application, &mut at))
        .and_then(|()| note_applied(&journal, application));
    // Asked twice to stop: recovery brings it up.
    if changed.as_ref().is_err_and(|error| error.code() == Code::Cancelled) {
        floor.undoing();
    }
    // It ran before, and it shall run again, whatever became of its links.
    at("boot");
    journal.note(Note::Creating { step: "boot" })?;
    let booted = act(Power::Boot, limits.boot);
    if booted.as_ref().is_err_and(|error| error.code() == Code::Cancelled) {
        return booted.and(changed);
    }
    journal.note(Note::Ready)?;
    changed?;
    booted.map_err(|error| error.with_help(format!("fix the cause, then run `zmgr boot {}`", floor.zone)))?;
    plumb(floor, &journal, application, &mut at)
}

/// Brings a zone up again that was down for a change when zmgr died, and does before what of the change is left.
pub(crate) fn finish(
    site: &Site,
    library: &Library,
    entry: &ZoneEntry,
    floor: &Floor<'_>,
    journal: &mut Journal<'_>,
) -> Result<()> {
    match left_to_do(site, library, entry) {
        Ok(application) => carry_out(site, library, &application, floor)?,
        // A person has edited it meanwhile. It comes up as it is, and `apply` tells them.
        Err(error) => floor.warn(format!("what is left to apply to {} is not done: {}", floor.zone, error.message())),
    }
    if entry.intent.running {
        floor.at_step("boot", (1, 1));
        journal.note(Note::Creating { step: "boot" })?;
        power::act(floor, entry, Power::Boot, library.config.timeouts.boot)?;
    }
    journal.note(Note::Ready)?;
    if entry.intent.running {
        power::links_taken_up(site, floor, &operate::entry(site, floor.zone)?)?;
    }
    Ok(())
}

/// What of a change is left, without taking the zone down for it once more.
fn left_to_do(site: &Site, library: &Library, entry: &ZoneEntry) -> Result<Application> {
    let look = site.look()?;
    let Some((_, standing)) = standings(site, library, &look, std::slice::from_ref(&entry.name))?.pop() else {
        return Err(Error::new(Code::Internal, "a zone that was named is not there"));
    };
    let mut ledger = site.registry.ledger(library.pools.clone(), look.survey.clone())?;
    plan_of(site, library, &look, Some(&mut ledger), standing?, &ApplyOptions::new(), None)
}

/// What needs the zone to be down.
fn cold(floor: &Floor<'_>, journal: &Journal<'_>, application: &Application, at: &mut impl FnMut(&str)) -> Result<()> {
    for step in &application.cold {
        at(&step.id());
        floor.check_cancel()?;
        journal.note(Note::Creating { step: &step.id() })?;
        perform::timed(floor, step.as_ref())
            .map_err(|error| error.with_context(format!("applying {} failed at {}", floor.zone, step.id())))?;
    }
    unlink(floor, application, at)
}

/// Has the zone make interfaces of the links that it got, and notes those that it did not.
fn plumb(floor: &Floor<'_>, journal: &Journal<'_>, application: &Application, at: &mut impl FnMut(&str)) -> Result<()> {
    let left = take_up(floor, &application.applied.nets, &application.plumb, at)?;
    if left.is_empty() {
        return Ok(());
    }
    journal.edit(|entry| {
        if let Some(applied) = &mut entry.applied {
            applied.take_up.extend(left.iter().cloned());
        }
    })
}

fn unlink(floor: &Floor<'_>, application: &Application, at: &mut impl FnMut(&str)) -> Result<()> {
    for step in &application.unlinks {
        at(&step.id());
        if step.probe(floor)? != Probe::Done {
            perform::timed(floor, step)?;
        }
    }
    Ok(())
}

/// Notes what the host has by now.
fn note_applied(journal: &Journal<'_>, application: &Application) -> Result<()> {
    let is_down = !application.cold.is_empty();
    journal.edit(|entry| {
        entry.applied = Some(Box::new(application.applied.clone()));
        entry.pending = application.pending.clone().filter(|_| !is_down);
    })
}

/// Forgets what waited for the boot that has just been.
fn booted(site: &Site, floor: &Floor<'_>, journal: &Journal<'_>) -> Result<()> {
    let zone = site.host.zone_state(floor.zone)?;
    pending::clear(&site.host, journal, &operate::entry(site, floor.zone)?, zone.as_ref())
}

/// Looks whether a planned application is still what it was.
pub(crate) fn confirm(site: &Site, library: &Library, look: &Look, name: &ZoneName, change: &Change) -> Result<()> {
    let Request::Apply { options, nets } = &change.request else {
        return Err(Error::new(Code::Internal, "no change to apply"));
    };
    let mut ledger = site.registry.ledger(library.pools.clone(), look.survey.clone())?;
    for (_, standing) in standings(site, library, look, std::slice::from_ref(name))? {
        let planned =
            standing.and_then(|standing| plan(site, library, look, Some(&mut ledger), standing, options, Some(nets)));
        match planned {
            // A zone that is not built yet, and could not be: it is not built now either.
            Err(error) if change.steps.is_empty() && error.code() == Code::WrongState => {}
            // Nothing was to be done to it, because of an error that is still there.
            Err(error) if change.steps.is_empty() => {
                let now = super::left_alone(name, options, &error);
                confirmed(Ok(now), Some(change), |now| now)?;
            }
            planned => {
                confirmed(planned, Some(change), |application| &application.change)?;
            }
        }
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
