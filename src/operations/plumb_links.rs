//! Plumbs links that a zone does not plumb by itself: it does so at its first boot only, so links that it got later, and links of a
//! clone that takes its first boot for a later one, are configured from here.
//!
//! Invariant: a link that could not be plumbed stays recorded in `applied`, for the next boot, reboot or apply.

use std::time::{Duration, Instant};

use super::step_context::StepContext;
use crate::api::PlannedStep;
use crate::documents::settings::EntryNet;
use crate::documents::zone::ZoneEntry;
use crate::error::Result;
use crate::exec::{Invocation, ipadm};
use crate::value::name::{LinkName, ZoneName};

/// Time that the zone's network services may take to start.
pub(super) const PLUMB_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between attempts.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(1);

fn inside(zone: &ZoneName, words: &[&str]) -> Invocation {
    Invocation::new("zlogin").args([zone.as_str(), "ipadm"]).args(words)
}

fn create(zone: &ZoneName, link: &LinkName) -> Invocation {
    inside(zone, &["create-if", link.as_str()])
}

/// Returns the step as a plan shows it.
pub(crate) fn planned(zone: &ZoneName, link: &LinkName) -> PlannedStep {
    let command = create(zone, link);
    let mut argv = command.argv();
    if let Some(program) = argv.first_mut() {
        *program = command.usual_path();
    }
    PlannedStep {
        id: format!("plumb:{link}"),
        kind: "plumb".to_owned(),
        argv,
        files: Vec::new(),
        undo: Vec::new(),
        evidence: None,
    }
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
        let expected = nets.iter().any(|net| net.vnic.as_ref() == Some(link) && !net.addresses.is_empty());
        loop {
            let Some(why) = bring_up(step_context, link, expected)? else { break };
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
fn bring_up(step_context: &StepContext<'_>, link: &LinkName, expected: bool) -> Result<Option<String>> {
    let run = |words: &[&str]| step_context.attempt(inside(step_context.zone, words));
    let created = step_context.attempt(create(step_context.zone, link))?;
    if !created.success() && !is_there(step_context, link)? {
        return Ok(Some(created.error().message().to_owned()));
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
