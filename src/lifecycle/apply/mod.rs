//! Brings the host to the files: builds wishes, changes what differs and nothing else.
//!
//! Invariant: the host is changed first, `applied` is written after; so a death between the two leaves a difference that is told,
//! and what `applied` says was on the host. What somebody else put there is never taken away unasked.

pub(crate) mod links;
pub(crate) mod publishers;
mod work;

use std::collections::BTreeMap;

use serde_json::Value;

use super::basis;
use super::conduct::{before, conduct};
use super::create::{self, vnics};
use super::library::Library;
use super::material::Material;
use super::operate::{self, failure};
use super::plan::{Basis, Change, PlannedFile, PlannedStep};
use super::power::{self, Power};
use super::request::{Pinned, PinnedNet, Request};
use super::site::{Look, Site};
use super::standing::{Standing, standings};
use super::steps::{Boot, Reconfigure, Step, Unlink};
use super::take_up;
use super::{Outcome, Plan, Report, identity};
use crate::document::Document;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::ZoneState;
use crate::exec::zonecfg::{self, ZoneConfig, parts};
use crate::host::HostState;
use crate::manager::{ApplyOptions, CreateOptions, RunOptions};
use crate::name::{LinkName, ZoneName};
use crate::registry::Ledger;
use crate::settings::EntryNet;
use crate::zone::{Applied, Origin, ZoneEntry};

use work::apply_one;
pub(crate) use work::{apply_planned, confirm, finish};

/// What takes effect without a reboot of the zone.
const AT_ONCE: [&str; 2] = ["autoboot", "attr"];

/// What is to be done to a zone that was built before.
pub(crate) struct Application {
    old: Document<ZoneEntry>,
    /// The entry with what is chosen now.
    entry: ZoneEntry,
    steps: Vec<Box<dyn Step>>,
    /// What is done between its shutdown and its boot, where it is rebooted and something needs it to be down.
    cold: Vec<Box<dyn Step>>,
    /// VNICs that go once the zone no longer uses them.
    unlinks: Vec<Unlink>,
    /// It is built again from nothing.
    rebuild: bool,
    /// What the entry says is applied once the steps are done.
    applied: Applied,
    reboot: bool,
    boot: Option<Boot>,
    /// Links that the zone makes interfaces of once all else is done.
    plumb: Vec<LinkName>,
    pub(crate) change: Change,
}

impl Application {
    fn is_nothing(&self) -> bool {
        self.change.steps.is_empty()
    }
}

/// What applying the files of these zones would do, or of all where none is named. Touches nothing. A zone that cannot be planned
/// stops no other: where none was named, its change has no steps, and a note that says why.
pub(crate) fn plan_apply(site: &Site, names: &[ZoneName], options: &ApplyOptions) -> Result<Plan> {
    let library = Library::load(site.registry.tree())?;
    let look = site.look()?;
    let mut ledger = site.registry.ledger(library.pools.clone(), look.survey.clone())?;
    let mut changes = Vec::new();
    let mut wishes = Vec::new();
    let left = |name: &ZoneName, error: Error| match names {
        [] => Ok(left_alone(name, options, &error)),
        _ => Err(error),
    };
    for (name, standing) in standings(site, &library, &look, names)? {
        let planned = match standing {
            Ok(standing) if standing.entry().state.is_none() => {
                wishes.push(name);
                continue;
            }
            Ok(standing) => plan(site, &library, &look, Some(&mut ledger), standing, options, None),
            Err(error) => Err(error),
        };
        match planned {
            Ok(planned) if planned.is_nothing() && planned.change.notes.is_empty() => {}
            Ok(planned) => {
                ledger.plan_entry(&planned.entry);
                changes.push(planned.change);
            }
            Err(error) => changes.push(left(&name, error)?),
        }
    }
    let (wishes, faulty) = buildable(site, &library, wishes);
    for (name, error) in faulty {
        changes.push(left(&name, error)?);
    }
    if !wishes.is_empty() {
        let create = CreateOptions::default();
        let wanted: Vec<(ZoneName, &CreateOptions)> = wishes.iter().map(|name| (name.clone(), &create)).collect();
        let prepared = operate::prepare_wishes(site, &wanted)?;
        for name in &wishes {
            match create::plan(&prepared.ground(site), &mut ledger, name, &create, None) {
                Ok(creation) => {
                    ledger.plan_entry(&creation.entry);
                    changes.push(creation.change);
                }
                Err(error) => changes.push(left(name, error)?),
            }
        }
    }
    changes.sort_by(|a, b| a.zone.cmp(&b.zone));
    Ok(Plan::new("apply", changes))
}

/// Those of these wishes whose documents are in order; each of the others with its fault.
fn buildable(site: &Site, library: &Library, wishes: Vec<ZoneName>) -> (Vec<ZoneName>, Vec<(ZoneName, Error)>) {
    let (mut good, mut faulty) = (Vec::new(), Vec::new());
    for name in wishes {
        match operate::entry(site, &name).and_then(|entry| library.check(entry.template_name())) {
            Ok(()) => good.push(name),
            Err(error) => faulty.push((name, error)),
        }
    }
    (good, faulty)
}

/// The change of a zone that cannot be planned.
fn left_alone(name: &ZoneName, options: &ApplyOptions, error: &Error) -> Change {
    let details = error.details().iter().map(|detail| detail.message.clone());
    let mut notes = vec![format!("left alone: {}", error.message())];
    notes.extend(details.filter(|detail| !error.message().contains(detail.as_str())));
    Change {
        zone: name.to_string(),
        entry_id: String::new(),
        request: Request::Apply { options: options.clone(), nets: BTreeMap::new() },
        spec: Value::Null,
        steps: Vec::new(),
        notes,
        basis: Basis::default(),
    }
}

/// Applies the files of these zones, or of all where none is named.
pub(crate) fn apply(
    site: &Site,
    names: &[ZoneName],
    options: &ApplyOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let library = Library::load(site.registry.tree())?;
    let look = match before(run, |teller| site.heeding(teller).look()) {
        Ok(look) => look,
        Err(error) => return Report::called_off(names, "failed", error),
    };
    let mut standings = standings(site, &library, &look, names)?;
    let on_failure = failure(run.on_failure, &library);
    let create = CreateOptions::default();
    let is_wish =
        |standing: &Result<Standing<'_>>| standing.as_ref().is_ok_and(|standing| standing.entry().state.is_none());
    let wishes = standings.iter().filter(|(_, standing)| is_wish(standing)).map(|(name, _)| name.clone()).collect();
    let (wishes, faulty) = buildable(site, &library, wishes);
    for (name, error) in faulty {
        if let Some((_, standing)) = standings.iter_mut().find(|(known, _)| *known == name) {
            *standing = Err(error);
        }
    }
    let wanted: Vec<(ZoneName, &CreateOptions)> = wishes.iter().map(|name| (name.clone(), &create)).collect();
    let prepared = match wanted.as_slice() {
        [] => None,
        wanted => Some(before(run, |teller| operate::prepare_wishes(&site.heeding(teller), wanted))?),
    };
    let outcomes = conduct(standings, run, |(name, standing), teller| {
        if let (true, Some(prepared)) = (is_wish(&standing), &prepared) {
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
    Ok(Report { outcomes: outcomes? })
}

/// What is to be done to this zone. Without a ledger nothing can be chosen; `None` is the answer to that.
pub(crate) fn plan(
    site: &Site,
    library: &Library,
    look: &Look,
    ledger: Option<&mut Ledger>,
    standing: Standing<'_>,
    options: &ApplyOptions,
    pinned: Option<&BTreeMap<String, PinnedNet>>,
) -> Result<Application> {
    identity::settled(standing.entry())?;
    plan_of(site, library, look, ledger, standing, options, pinned)
}

/// The same of a zone on which work may be under way.
fn plan_of(
    site: &Site,
    library: &Library,
    look: &Look,
    ledger: Option<&mut Ledger>,
    standing: Standing<'_>,
    options: &ApplyOptions,
    pinned: Option<&BTreeMap<String, PinnedNet>>,
) -> Result<Application> {
    let host = &look.host;
    let name = standing.spec.name.clone();
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
    let mut cold: Vec<Box<dyn Step>> = Vec::new();
    let (mut notes, mut unlinks, mut plumb) = (Vec::new(), Vec::new(), Vec::new());
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
            let mut gained = Vec::new();
            let had = |link: &LinkName| {
                let nets = standing.entry().applied.iter().flat_map(|applied| &applied.nets);
                nets.into_iter().any(|net| net.vnic.as_ref() == Some(link))
            };
            for vnic in vnics(&spec.nets) {
                if host.link(vnic.name.as_str()).is_none() {
                    // One that it had before and that is made again is known to it.
                    if zone.state != ZoneState::Configured && !had(&vnic.name) {
                        gained.push(vnic.name.clone());
                    }
                    steps.push(Box::new(vnic));
                }
            }
            facts.insert(format!("configuration of {name}"), digest(found));
            let active = zone.state.is_active();
            let links = links::plan(site, look, standing.entry(), spec)?;
            let waits = active && (waits_for_reboot(found, &target) || !links.down.is_empty());
            reboot = waits && options.reboot && zone.state == ZoneState::Running;
            notes.extend(links.refused);
            steps.extend(links.at_once);
            match (active, reboot) {
                (false, _) => steps.extend(links.down),
                (true, true) => cold = links.down,
                (true, false) => {
                    let what = links.waiting.into_iter();
                    notes.extend(what.map(|what| {
                        format!("{what}, once {name} is down: zmgr apply --reboot {name}, or halt it and apply again")
                    }));
                    hold(&mut applied_now.nets, standing.entry(), &links.nets);
                }
            }
            let reconfigured = target.clone();
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
            if publishers::are_ours(site, standing.entry(), spec, zone) {
                match publishers::look(site, library, standing.entry(), spec, options.prune) {
                    Ok(publishing) => steps.extend(publishers::steps(site, library, spec, publishing)?),
                    Err(error) if error.code() == Code::Config => return Err(error),
                    Err(error) => notes.push(format!("its publishers cannot be read: {}", error.message())),
                }
            } else if standing.entry().origin == Some(Origin::Import) {
                applied_now.settings.install = None;
            }
            if active && !reboot && waits_for_reboot(found, &reconfigured) {
                notes
                    .push(format!("{name} runs, and some of this takes effect at its next reboot: zmgr reboot {name}"));
            }
            let known = standing.entry().applied.iter().flat_map(|applied| &applied.take_up);
            let wished = |link: &LinkName| spec.nets.iter().any(|net| net.vnic.as_ref() == Some(link));
            let mut waiting: Vec<LinkName> = known.filter(|link| wished(link)).cloned().chain(gained).collect();
            if reboot {
                plumb = waiting;
            } else {
                if zone.state == ZoneState::Running {
                    (plumb, waiting) = lent(site, look, &name, waiting)?;
                }
                applied_now.take_up = waiting;
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
    if !reboot {
        planned.extend(plumb.iter().map(|link| take_up::planned(&name, link)));
    }
    if reboot {
        let limits = &library.config.timeouts;
        if cold.is_empty() {
            planned.push(power::planned(&name, Power::Reboot { force: false }, limits.shutdown));
            planned.extend(plumb.iter().map(|link| take_up::planned(&name, link)));
            planned.extend(unlinks.iter().map(|unlink| unlink.planned()));
        } else {
            planned.push(power::planned(&name, Power::Shutdown { force: false }, limits.shutdown));
            planned.extend(cold.iter().map(|step| step.planned()));
            planned.extend(unlinks.iter().map(|unlink| unlink.planned()));
            planned.push(power::planned(&name, Power::Boot, limits.boot));
            planned.extend(plumb.iter().map(|link| take_up::planned(&name, link)));
        }
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
    Ok(Application { old, entry, steps, cold, unlinks, rebuild, applied: applied_now, reboot, boot, plumb, change })
}

/// Those of these links that the zone has booted with, and the others.
fn lent(site: &Site, look: &Look, zone: &ZoneName, links: Vec<LinkName>) -> Result<(Vec<LinkName>, Vec<LinkName>)> {
    if links.is_empty() {
        return Ok((links, Vec::new()));
    }
    let owners = look.properties(site)?;
    let lent =
        |link: &LinkName| owners.get(&(link.to_string(), "zone".to_owned())).is_some_and(|it| it == zone.as_str());
    Ok(links.into_iter().partition(lent))
}

/// Has these nets stay as they were applied: what they are to be is not yet so.
fn hold(nets: &mut [EntryNet], entry: &ZoneEntry, names: &[String]) {
    let applied = entry.applied.as_deref().map(|applied| applied.nets.as_slice()).unwrap_or_default();
    for net in nets.iter_mut().filter(|net| names.contains(&net.name)) {
        if let Some(was) = applied.iter().find(|was| was.vnic == net.vnic) {
            let (addresses, default_route) = (std::mem::take(&mut net.addresses), net.default_route);
            *net = EntryNet { addresses, default_route, name: net.name.clone(), pool: net.pool.clone(), ..was.clone() };
        }
    }
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
