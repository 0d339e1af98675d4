//! Plumbs links that a zone does not plumb by itself: it does so at its first boot only, so links that it got later, and links of a
//! clone that takes its first boot for a later one, are configured from here, and so are addresses that a zone gets by itself.
//!
//! Invariant: a link that could not be plumbed stays recorded in `applied`, for the next boot, reboot or apply.

use std::time::{Duration, Instant};

use super::step_context::StepContext;
use crate::api::{PlannedStep, StepKind};
use crate::documents::settings::{EntryNet, InsideAddress};
use crate::documents::zone::ZoneEntry;
use crate::error::Result;
use crate::exec::{Invocation, ipadm};
use crate::value::name::{LinkName, ZoneName};

/// Time that the zone's network services may take to start.
pub(super) const PLUMB_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between attempts.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Seconds that making an address waits for an answer of a DHCP server. The zone keeps asking afterwards.
const ANSWER: &str = "30";

fn inside(zone: &ZoneName, words: &[&str]) -> Invocation {
    Invocation::new("zlogin").args([zone.as_str(), "ipadm"]).args(words)
}

fn create(zone: &ZoneName, link: &LinkName) -> Invocation {
    inside(zone, &["create-if", link.as_str()])
}

/// Returns the link of a net of an exclusive-IP zone.
pub(crate) fn link_of(net: &EntryNet) -> Option<LinkName> {
    net.vnic.clone().or_else(|| LinkName::new(net.physical.as_deref()?).ok())
}

/// Returns the links of nets whose addresses the zone has to be made to get by itself, or no longer: those that differ from what was
/// applied.
pub(crate) fn reconfigured(nets: &[EntryNet], applied: &[EntryNet]) -> Vec<LinkName> {
    let was = |link: &LinkName| applied.iter().find(|was| link_of(was).as_ref() == Some(link));
    let differs = |net: &&EntryNet, link: &LinkName| was(link).map_or(&[][..], |was| &was.inside) != net.inside;
    nets.iter().filter_map(|net| link_of(net).filter(|link| differs(&net, link))).collect()
}

/// Returns true if the addresses that the configuration gives to this link differ from those that were applied.
pub(crate) fn moves(link: &LinkName, nets: &[EntryNet], applied: &[EntryNet]) -> bool {
    let of = |nets: &[EntryNet]| {
        let net = nets.iter().find(|net| link_of(net).as_ref() == Some(link));
        net.map(|net| net.addresses.iter().map(|each| each.address).collect::<Vec<_>>())
    };
    of(applied).is_some_and(|was| Some(was) != of(nets))
}

/// Returns the name of the address object with which a zone gets an address by itself.
pub(crate) fn object(link: &LinkName, kind: InsideAddress) -> String {
    format!("{link}/{kind}")
}

fn ask(zone: &ZoneName, link: &LinkName, kind: InsideAddress) -> Invocation {
    let object = object(link, kind);
    match kind {
        InsideAddress::Dhcp => inside(zone, &["create-addr", "-T", "dhcp", "-w", ANSWER, &object]),
        InsideAddress::Slaac => inside(zone, &["create-addr", "-T", "addrconf", &object]),
    }
}

fn forget(zone: &ZoneName, link: &LinkName, kind: InsideAddress) -> Invocation {
    inside(zone, &["delete-addr", &object(link, kind)])
}

/// Returns the steps for a link as a plan shows them, given the nets as they were applied.
pub(crate) fn planned(zone: &ZoneName, link: &LinkName, nets: &[EntryNet], applied: &[EntryNet]) -> Vec<PlannedStep> {
    let kinds = |nets: &[EntryNet]| {
        let net = nets.iter().find(|net| link_of(net).as_ref() == Some(link));
        net.map(|net| net.inside.clone()).unwrap_or_default()
    };
    let (now, was) = (kinds(nets), kinds(applied));
    let mut steps = Vec::new();
    if now.is_empty() {
        steps.push(planned_command(format!("plumb:{link}"), &create(zone, link)));
    }
    for kind in was.iter().filter(|kind| !now.contains(kind)) {
        steps.push(planned_command(format!("plumb:{link}:no-{kind}"), &forget(zone, link, *kind)));
    }
    for kind in now.iter().filter(|kind| !was.contains(kind)) {
        steps.push(planned_command(format!("plumb:{link}:{kind}"), &ask(zone, link, *kind)));
    }
    steps
}

fn planned_command(id: String, command: &Invocation) -> PlannedStep {
    let mut argv = command.argv();
    if let Some(program) = argv.first_mut() {
        *program = command.usual_path();
    }
    PlannedStep { id, argv, ..PlannedStep::writing(StepKind::Plumb, Vec::new()) }
}

/// Returns true if zones of this brand have an ipadm. The init of lx configures the links itself, at every boot.
pub(crate) fn has_ipadm(entry: &ZoneEntry) -> bool {
    entry.brand().is_none_or(crate::host::has_ipadm)
}

/// Creates an interface on each of these links in the running zone. Returns the links on which that failed. An interface created in
/// a running zone takes its addresses from the global zone only when it is enabled again.
pub(crate) fn plumb_links(
    step_context: &StepContext<'_>,
    nets: &[EntryNet],
    links: &[LinkName],
    mut at: impl FnMut(&str),
) -> Result<Vec<LinkName>> {
    let until = Instant::now() + PLUMB_TIMEOUT;
    let mut left = Vec::new();
    for link in links {
        at(&format!("plumb:{link}"));
        let net = nets.iter().find(|net| link_of(net).as_ref() == Some(link));
        loop {
            let Some(why) = bring_up(step_context, link, net)? else { break };
            step_context.check_cancel()?;
            if Instant::now() >= until {
                step_context.warn(format!("{link} has no network in {}: {why}", step_context.zone));
                left.push(link.clone());
                break;
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
    Ok(left)
}

/// Tries once. Returns what is missing.
fn bring_up(step_context: &StepContext<'_>, link: &LinkName, net: Option<&EntryNet>) -> Result<Option<String>> {
    let kinds = net.map(|net| net.inside.as_slice()).unwrap_or_default();
    if !kinds.is_empty() {
        return configure(step_context, link, kinds);
    }
    let expected = net.is_some_and(|net| !net.addresses.is_empty());
    let run = |words: &[&str]| step_context.attempt(inside(step_context.zone, words));
    let created = step_context.attempt(create(step_context.zone, link))?;
    if !created.success() {
        if !is_there(step_context, link)? {
            return Ok(Some(created.error().message().to_owned()));
        }
        // It may have addresses that the zone got by itself before.
        if let Some(why) = configure(step_context, link, &[])? {
            return Ok(Some(why));
        }
    }
    if !expected || has_address(step_context, link)? {
        return Ok(None);
    }
    run(&["disable-if", "-t", link.as_str()])?;
    let enabled = run(&["enable-if", "-t", link.as_str()])?;
    if has_address(step_context, link)? {
        return Ok(None);
    }
    let why = if enabled.success() { "it has no address".to_owned() } else { enabled.error().message().to_owned() };
    Ok(Some(why))
}

/// Makes the zone get these addresses by itself, and no others of zmgr's. Returns what is missing: an answer of a DHCP server is not, as
/// the zone keeps asking.
fn configure(step_context: &StepContext<'_>, link: &LinkName, kinds: &[InsideAddress]) -> Result<Option<String>> {
    let zone = step_context.zone;
    let there = || -> Result<std::result::Result<Vec<String>, String>> {
        let shown = step_context.attempt(ipadm::show_objects(zone))?;
        if !shown.success() {
            return Ok(Err(shown.error().message().to_owned()));
        }
        Ok(Ok(ipadm::parse_objects(&shown)?.into_iter().map(|object| object.name).collect()))
    };
    let known = match there()? {
        Ok(known) => known,
        Err(why) => return Ok(Some(why)),
    };
    for kind in [InsideAddress::Dhcp, InsideAddress::Slaac] {
        let name = object(link, kind);
        let ended = match (kinds.contains(&kind), known.contains(&name)) {
            (true, false) => step_context.attempt(ask(zone, link, kind))?,
            (false, true) => step_context.attempt(forget(zone, link, kind))?,
            _ => continue,
        };
        let is_made = kinds.contains(&kind) && there()?.is_ok_and(|known| known.contains(&name));
        if !ended.success() && !is_made {
            return Ok(Some(ended.error().message().to_owned()));
        }
    }
    Ok(None)
}

fn is_there(step_context: &StepContext<'_>, link: &LinkName) -> Result<bool> {
    let shown = step_context.attempt(inside(step_context.zone, &["show-if", "-p", "-o", "ifname"]))?;
    Ok(shown.success() && shown.text()?.lines().any(|line| line == link.as_str()))
}

fn has_address(step_context: &StepContext<'_>, link: &LinkName) -> Result<bool> {
    let shown = step_context.attempt(inside(step_context.zone, &["show-addr", "-p", "-o", "addrobj,addr"]))?;
    if !shown.success() {
        return Ok(false);
    }
    let is_its = |object: &str| object.split('/').next() == Some(link.as_str());
    Ok(ipadm::parse_addr(&shown)?.iter().any(|found| is_its(&found.object)))
}
