//! Adopts zones that the host has and the registry does not.
//!
//! Invariant: nothing on the host changes. A zone is adopted completely, with proof that nothing of it is lost, or skipped with the
//! reason.

mod entry;
mod found;
mod layers;
mod nets;
mod sift;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entry::{Adoption, AdoptionInputs, Found, Templates};

use crate::api::{
    Action, Basis, Change, ImportOptions, Operation, Outcome, Plan, PlannedFile, PlannedStep, Report, Request,
    RunOptions, StepKind,
};
use crate::documents::document::Document;
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::exec::zonecfg;
use crate::operations::membership::{Membership, Wanted};
use crate::operations::{ConfigTree, Context, EventSender, Snapshots, before, run_counted, view};
use crate::registry::{EntryKind, FleetLock, Wait, ZoneLock, now};
use crate::schema::did_you_mean;
use crate::value::EntryId;
use crate::value::name::{TemplateName, ZoneName};

/// Reason for skipping a zone that has an entry.
const REGISTERED: &str = "already registered";

/// Number of files that this process may need besides the locks of zones.
const SPARE_FILES: u64 = 64;

/// A zone of the host, or a requested name.
struct Candidate {
    name: String,
    what: Result<Box<Adoption>, Error>,
}

/// Id and time that a plan chose, by zone.
type Chosen = BTreeMap<String, (EntryId, String)>;

/// Plans the adoption of these zones, or of every zone of the host if none is named. Changes nothing.
pub(crate) fn plan_import(context: &Context, names: &[ZoneName], options: &ImportOptions) -> Result<Plan> {
    let Prepared { config_tree, snapshots } = prepare(context, options)?;
    let candidates = candidates(context, &config_tree, &snapshots, names, options, &Chosen::new())?;
    let mut changes = Vec::new();
    for Candidate { name, what } in candidates {
        match what {
            Ok(adoption) => changes.push(change(&config_tree, &snapshots, options, &adoption)),
            Err(error) if names.is_empty() => changes.push(skipped(name, options, &error)),
            Err(error) => return Err(error.with_context(format!("cannot import {name}"))),
        }
    }
    Ok(Plan::new(Operation::Import, changes))
}

/// Adopts these zones, or every zone of the host if none is named.
pub(crate) fn import(
    context: &Context,
    names: &[ZoneName],
    options: &ImportOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let Prepared { config_tree, snapshots } = before(run, |events| prepare(&context.with_cancel(events), options))?;
    let candidates = candidates(context, &config_tree, &snapshots, names, options, &Chosen::new())?;
    let total = candidates.len();
    let outcomes = run_counted(vec![candidates], total, run, |candidates, events| {
        adopt_all(context, &config_tree, &snapshots, candidates, names.is_empty(), events)
    });
    Ok(Report { outcomes: outcomes?.into_iter().flatten().collect() })
}

/// Runs a plan. Fails with `stale-plan`, before doing anything, if any of it would now be different.
pub(crate) fn run(context: &Context, plan: &Plan, run: &mut RunOptions<'_>) -> Result<Report> {
    let mut names = Vec::new();
    let mut chosen = Chosen::new();
    let mut options = ImportOptions::default();
    for change in plan.changes.iter().filter(|change| !change.steps.is_empty()) {
        let Request::Import { options: asked, id, created } = &change.request else {
            return Err(Error::new(
                Code::InvalidArgument,
                format!("a plan to import has another request for {}", change.zone),
            ));
        };
        options.clone_from(asked);
        chosen.insert(change.zone.clone(), (id.parse()?, created.clone()));
        names.push(ZoneName::new(change.zone.as_str())?);
    }
    if names.is_empty() {
        return Ok(Report { outcomes: Vec::new() });
    }
    let Prepared { config_tree, snapshots } = before(run, |events| prepare(&context.with_cancel(events), &options))?;
    let candidates = candidates(context, &config_tree, &snapshots, &names, &options, &chosen)?;
    let mut confirmed = Vec::new();
    for Candidate { name, what } in candidates {
        let approved = plan.changes.iter().find(|change| change.zone == name);
        let planned = what.map(|adoption| (change(&config_tree, &snapshots, &options, &adoption), adoption));
        let (_, adoption) = crate::operations::confirmed(planned, approved, |(change, _)| change)?;
        confirmed.push(Candidate { name, what: Ok(adoption) });
    }
    let total = confirmed.len();
    let outcomes = run_counted(vec![confirmed], total, run, |candidates, events| {
        adopt_all(context, &config_tree, &snapshots, candidates, false, events)
    });
    Ok(Report { outcomes: outcomes?.into_iter().flatten().collect() })
}

/// Inputs shared by all candidates.
struct Prepared {
    config_tree: ConfigTree,
    snapshots: Snapshots,
}

fn prepare(context: &Context, options: &ImportOptions) -> Result<Prepared> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    // Before the host is queried: errors in the files do not need a host.
    templates(&config_tree, options)?;
    let snapshots = context.snapshot()?;
    Ok(Prepared { config_tree, snapshots })
}

fn templates(config_tree: &ConfigTree, options: &ImportOptions) -> Result<Templates> {
    let asked: Option<TemplateName> = options.template.as_deref().map(str::parse).transpose()?;
    if let (Some(asked), true) = (&asked, options.no_template) {
        let message = format!("cannot import with template \"{asked}\" and without a template");
        return Err(Error::new(Code::InvalidArgument, message).with_help("pass --template or --no-template"));
    }
    config_tree.check(asked.as_ref())?;
    if let Some(asked) = asked.as_ref().filter(|asked| !config_tree.has(asked)) {
        let near = did_you_mean(asked.as_str(), config_tree.templates.keys().map(TemplateName::as_str));
        let help = match (asked.as_str(), near) {
            ("none" | "no" | "-", _) => "did you mean --no-template?".to_owned(),
            (_, Some(near)) => format!("did you mean {near:?}?"),
            _ => "run `zmgr template list`; --no-template imports without one".to_owned(),
        };
        return Err(Error::new(Code::NotFound, format!("template {:?} not found", asked.as_str())).with_help(help));
    }
    Templates::of(config_tree, asked.as_ref(), options.no_template)
}

/// Returns all requested zones, by name, with their entry or the reason for having none.
fn candidates(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    names: &[ZoneName],
    options: &ImportOptions,
    chosen: &Chosen,
) -> Result<Vec<Candidate>> {
    let snapshot = context.registry.snapshot()?;
    let mut registered: BTreeSet<String> = BTreeSet::new();
    let mut users: HashMap<String, usize> = HashMap::new();
    for entry in snapshot.entries().filter(|entry| entry.summary.kind == EntryKind::Zone) {
        registered.insert(entry.summary.name.to_owned());
        for link in entry.summary.nets().filter_map(|net| {
            let links = net.links();
            links.vnic.or(links.physical)
        }) {
            *users.entry(link.to_owned()).or_default() += 1;
        }
    }
    let unreadable = snapshot.unreadable().iter().filter(|each| each.file.kind == EntryKind::Zone);
    registered.extend(unreadable.map(|each| each.file.name.clone()));

    let host = &snapshots.host;
    let asked = |name: &str| names.is_empty() || names.iter().any(|asked| asked.as_str() == name);
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut refuse = |name: &str, error: Error| candidates.push(Candidate { name: name.to_owned(), what: Err(error) });
    let mut readable: Vec<Found<'_>> = Vec::new();
    for zone in &host.zones {
        let name = match sift::sift(host, zone) {
            _ if registered.contains(&zone.name) => Err(sift::refused(Code::Exists, REGISTERED)),
            sifted => sifted,
        };
        let read = name.and_then(|name| Ok((name, read(context, &zone.name)?)));
        match read {
            Ok((name, (config, pieces))) => {
                let links: BTreeSet<&str> = config.nets.iter().map(|net| net.physical.as_str()).collect();
                for link in links {
                    *users.entry(link.to_owned()).or_default() += 1;
                }
                readable.push(Found { zone, name, config, pieces });
            }
            Err(error) if asked(&zone.name) => refuse(&zone.name, error),
            Err(_) => {}
        }
    }
    // `zoneadm list` leaves out zones that it cannot read.
    let listed = host.zones_by_name();
    for name in context.host.indexed()? {
        if !listed.contains_key(name.as_str()) && asked(&name) {
            let why = match context.host.zone_config(&name) {
                Ok(None) => "it is in the host's index, but its configuration file is missing".to_owned(),
                Ok(Some(_)) => "it is in the host's index, but `zoneadm list` does not show it".to_owned(),
                Err(error) => {
                    format!("it is in the host's index, but its configuration cannot be read: {}", error.message())
                }
            };
            let help = format!("run `zoneadm -z {name} list -v`");
            refuse(&name, sift::refused(Code::WrongState, why).with_help(help));
        }
    }
    for name in names {
        let known = listed.contains_key(name.as_str()) || candidates.iter().any(|each| each.name == name.as_str());
        if !known {
            let error = match registered.contains(name.as_str()) {
                true => sift::refused(Code::Exists, "already registered, but not on the host"),
                false => sift::refused(Code::NotFound, "not on the host"),
            };
            candidates.push(Candidate { name: name.to_string(), what: Err(error.with_help("run `zoneadm list -c`")) });
        }
    }

    let inputs = AdoptionInputs {
        config_tree,
        host,
        dialect: context.host.dialect(),
        users,
        templates: templates(config_tree, options)?,
        adopt_links: options.adopt_links,
    };
    let time = now();
    for found in readable.iter().filter(|found| asked(found.name.as_str())) {
        let path = context.registry.tree().zone(&found.name);
        let chosen = chosen.get(found.name.as_str()).cloned();
        let (id, created) = match chosen {
            Some(chosen) => chosen,
            None => (EntryId::random()?, time.clone()),
        };
        let what = entry::adopt(&inputs, found, &path, id, created).map(Box::new);
        candidates.push(Candidate { name: found.name.to_string(), what });
    }
    candidates.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(candidates)
}

/// Reads the host's configuration of a zone, and its elements.
fn read(context: &Context, name: &str) -> Result<(zonecfg::ZoneConfig, Vec<String>)> {
    let refused = |why: String| sift::refused(Code::WrongState, why);
    let Some(text) = context.host.zone_text(name)? else {
        return Err(refused("its configuration file is missing".to_owned()));
    };
    let path = context.host.zone_document(name);
    let fault = |fault: String| refused(format!("{} is not a zone's configuration: {fault}", path.display()));
    Ok((zonecfg::parse_xml(&text).map_err(fault)?, zonecfg::pieces(&text).map_err(fault)?))
}

/// Adopts the zones that can be adopted: many zones with one load of the registry and one flush.
fn adopt_all(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    candidates: Vec<Candidate>,
    all: bool,
    events: &EventSender,
) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut batch: Vec<Adoption> = Vec::new();
    let most = batch_size();
    let zones = snapshots.host.zones_by_name();
    let finish = |batch: &mut Vec<Adoption>, outcomes: &mut Vec<Outcome>| {
        let mut adopted = adopt_batch(context, config_tree, snapshots, std::mem::take(batch), all, events);
        for zone in adopted.iter_mut().filter_map(|outcome| outcome.result.as_mut().ok()?.as_mut()) {
            zone.status = zones.get(zone.name.as_str()).map(|found| found.state.status());
        }
        outcomes.append(&mut adopted);
    };
    for Candidate { name, what } in candidates {
        match what {
            Ok(adoption) => {
                batch.push(*adoption);
                if batch.len() == most {
                    finish(&mut batch, &mut outcomes);
                }
            }
            Err(error) => outcomes.push(left_alone(name, error, all)),
        }
    }
    finish(&mut batch, &mut outcomes);
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    outcomes
}

/// Number of zones whose locks may be held at once: each is an open file.
fn batch_size() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit.saturating_sub(SPARE_FILES) / 2).unwrap_or(usize::MAX).clamp(16, 8192)
}

fn left_alone(name: String, error: Error, all: bool) -> Outcome {
    if !all {
        let error = error.with_context(format!("cannot import {name}"));
        return Outcome::new(name, Action::Skipped, Err(error), Vec::new());
    }
    let details = error.details().iter().map(|detail| detail.message.clone());
    let notes = [error.message().to_owned()].into_iter().chain(details).collect();
    Outcome::new(name, Action::Skipped, Ok(None), notes)
}

fn adopt_batch(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    batch: Vec<Adoption>,
    all: bool,
    events: &EventSender,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let failed = |name: &ZoneName, error: Error| {
        Outcome::new(
            name.to_string(),
            Action::Skipped,
            Err(error.with_context(format!("cannot import {name}"))),
            Vec::new(),
        )
    };
    let mut held: Vec<(Adoption, ZoneLock)> = Vec::new();
    for adoption in batch {
        let name = &adoption.document.value.name;
        let mut pulse = || events.cancel_requests() == 0;
        let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
        match context.registry.lock_zone(name, &mut wait) {
            Ok(lock) => held.push((adoption, lock)),
            Err(error) => outcomes.push(failed(name, error)),
        }
    }
    let mut pulse = || events.cancel_requests() == 0;
    let claimed = claim(context, config_tree, held, &mut outcomes, &mut pulse);
    let Claimed { held, wanted, membership, lock: _lock } = claimed;
    if held.is_empty() {
        return outcomes;
    }
    let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
    let mut session =
        match context.registry.reserving(config_tree.pools.clone(), snapshots.host_usage.clone(), &mut wait) {
            Ok(session) => session,
            Err(error) => {
                for (adoption, lock) in held {
                    outcomes.push(failed(&adoption.document.value.name, again(&error)));
                    lock.retire();
                }
                give_back(context, membership.as_ref(), &wanted);
                return outcomes;
            }
        };
    let mut adopted: Vec<(Adoption, ZoneLock)> = Vec::new();
    for (mut adoption, lock) in held {
        match session.adopt_zone(&lock, &adoption.document) {
            Ok(warnings) => {
                adoption.notes.extend(warnings.into_iter().map(|warning| warning.message));
                adopted.push((adoption, lock));
            }
            Err(error) => {
                let name = &adoption.document.value.name;
                outcomes.push(match error.code() {
                    // Another import, or a create, was faster: the same result as if it had come first.
                    Code::Exists => left_alone(name.to_string(), sift::refused(Code::Exists, REGISTERED), all),
                    _ => failed(name, error),
                });
                // The existing entry belongs to that process, and so does the lock file.
                drop(lock);
            }
        }
    }
    session.keep_host_usage();
    let committed = session.commit();
    // Claims of what was not adopted.
    give_back(context, membership.as_ref(), &wanted);
    for (adoption, lock) in adopted {
        let entry = &adoption.document.value;
        match &committed {
            Ok(()) => {
                outcomes.push(Outcome::new(
                    entry.name.to_string(),
                    Action::Adopted,
                    Ok(Some(view::of_entry(entry, Some(&adoption.spec), None))),
                    adoption.notes,
                ));
            }
            Err(error) => {
                outcomes.push(failed(&entry.name, again(error)));
                lock.retire();
            }
        }
    }
    outcomes
}

/// Zones whose names and addresses no other host has.
struct Claimed {
    held: Vec<(Adoption, ZoneLock)>,
    wanted: Vec<Wanted>,
    membership: Option<Membership>,
    /// Held until the entries are on disk.
    lock: Option<FleetLock>,
}

/// Claims what the zones have of shared pools. Zones of which another host has something are reported and left alone.
fn claim(
    context: &Context,
    config_tree: &ConfigTree,
    held: Vec<(Adoption, ZoneLock)>,
    outcomes: &mut Vec<Outcome>,
    pulse: &mut dyn FnMut() -> bool,
) -> Claimed {
    let mut claimed = Claimed { held: Vec::new(), wanted: Vec::new(), membership: None, lock: None };
    let mut refuse = |adoption: &Adoption, lock: ZoneLock, error: Error| {
        let name = adoption.document.value.name.to_string();
        let error = error.with_context(format!("cannot import {name}"));
        outcomes.push(Outcome::new(name, Action::Skipped, Err(error), Vec::new()));
        lock.retire();
    };
    let membership = match context.membership(config_tree) {
        Ok(None) => return Claimed { held, ..claimed },
        Ok(Some(membership)) => membership,
        Err(error) => {
            held.into_iter().for_each(|(adoption, lock)| refuse(&adoption, lock, again(&error)));
            return claimed;
        }
    };
    match membership.lock(&context.registry, pulse) {
        Ok(lock) => claimed.lock = Some(lock),
        Err(error) => {
            held.into_iter().for_each(|(adoption, lock)| refuse(&adoption, lock, again(&error)));
            return claimed;
        }
    }
    for (mut adoption, lock) in held {
        match membership.adopt(&context.registry, &adoption.document.value) {
            Ok(None) => claimed.held.push((adoption, lock)),
            Ok(Some(wanted)) => {
                // A claim of an entry that was forgotten stays that of the zone.
                let entry = ZoneEntry { id: Some(wanted.entry_id().clone()), ..adoption.document.value.clone() };
                match Document::create(adoption.document.path(), entry) {
                    Ok(document) => {
                        adoption.document = document;
                        claimed.wanted.push(wanted);
                        claimed.held.push((adoption, lock));
                    }
                    Err(error) => {
                        membership.give_back(&context.registry, &wanted);
                        refuse(&adoption, lock, error);
                    }
                }
            }
            Err(error) => refuse(&adoption, lock, error),
        }
    }
    Claimed { membership: Some(membership), ..claimed }
}

fn give_back(context: &Context, membership: Option<&Membership>, wanted: &[Wanted]) {
    if let Some(membership) = membership {
        wanted.iter().for_each(|wanted| membership.give_back(&context.registry, wanted));
    }
}

/// Returns a copy of the error, for another zone of the batch.
fn again(error: &Error) -> Error {
    let same = Error::new(error.code(), error.message()).with_details(error.details().to_vec());
    match error.help() {
        Some(help) => same.with_help(help),
        None => same,
    }
}

fn change(config_tree: &ConfigTree, snapshots: &Snapshots, options: &ImportOptions, adoption: &Adoption) -> Change {
    let Adoption { document, spec, notes } = adoption;
    let entry = &document.value;
    let id = entry.id.as_ref().map(EntryId::to_string).unwrap_or_default();
    let file = PlannedFile { path: format!("zones/{}.kdl", entry.name), text: document.text().to_owned() };
    let step = PlannedStep::writing(StepKind::Adopt, vec![file]);
    let template = match (entry.template_name(), &options.template) {
        (Some(name), Some(_)) => format!("template \"{name}\""),
        (Some(name), None) => format!("template \"{name}\", matched by brand; --no-template leaves it out"),
        (None, _) => "no template".to_owned(),
    };
    Change {
        zone: entry.name.to_string(),
        entry_id: id.clone(),
        request: Request::Import { options: options.clone(), id, created: entry.created.clone().unwrap_or_default() },
        spec: serde_json::to_value(spec).unwrap_or(serde_json::Value::Null),
        steps: vec![step],
        notes: notes.iter().cloned().chain([template]).collect(),
        basis: Basis::of_import(config_tree, &snapshots.host, spec),
    }
}

/// Returns the change of a skipped zone, so that the plan contains the reason.
fn skipped(zone: String, options: &ImportOptions, error: &Error) -> Change {
    Change {
        zone,
        entry_id: String::new(),
        request: Request::Import { options: options.clone(), id: String::new(), created: String::new() },
        spec: serde_json::Value::Null,
        steps: Vec::new(),
        notes: vec![format!("skipped: {}", error.message())],
        basis: Basis::default(),
    }
}
