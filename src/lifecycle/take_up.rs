//! Links that a zone got after its first boot. It makes interfaces of its links by itself at its first boot alone, so it is told to
//! once it has booted with them.
//!
//! Invariant: a link that could not be taken up stays noted in `applied`, for the next boot, reboot or apply.

use std::time::{Duration, Instant};

use super::PlannedStep;
use super::floor::Floor;
use crate::error::Result;
use crate::exec::Invocation;
use crate::name::{LinkName, ZoneName};

/// How long the zone's network services may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often they are asked meanwhile.
const ASK: Duration = Duration::from_secs(1);

fn inside(zone: &ZoneName, words: &[&str]) -> Invocation {
    Invocation::new("zlogin").args([zone.as_str(), "ipadm"]).args(words)
}

fn create(zone: &ZoneName, link: &LinkName) -> Invocation {
    inside(zone, &["create-if", link.as_str()])
}

/// How a plan shows it.
pub(crate) fn planned(zone: &ZoneName, link: &LinkName) -> PlannedStep {
    let command = create(zone, link);
    let mut argv = command.argv();
    if let Some(program) = argv.first_mut() {
        *program = command.usual_path();
    }
    PlannedStep { id: format!("plumb:{link}"), kind: "plumb".to_owned(), argv, files: Vec::new(), undo: Vec::new() }
}

/// Has the running zone make an interface of each link that has none; answers with those that it did not.
pub(crate) fn take_up(floor: &Floor<'_>, links: &[LinkName], mut at: impl FnMut(&str)) -> Result<Vec<LinkName>> {
    let until = Instant::now() + PATIENCE;
    let mut left = Vec::new();
    for link in links {
        at(&format!("plumb:{link}"));
        loop {
            let ended = floor.attempt(create(floor.zone, link))?;
            if ended.success() || is_there(floor, link)? {
                break;
            }
            floor.check_cancel()?;
            if Instant::now() >= until {
                let why = ended.error();
                floor.warn(format!("{link} could not be taken up in {}: {}", floor.zone, why.message()));
                left.push(link.clone());
                break;
            }
            std::thread::sleep(ASK);
        }
    }
    Ok(left)
}

fn is_there(floor: &Floor<'_>, link: &LinkName) -> Result<bool> {
    let shown = floor.attempt(inside(floor.zone, &["show-if", "-p", "-o", "ifname"]))?;
    Ok(shown.success() && shown.text()?.lines().any(|line| line == link.as_str()))
}
