//! `zoneadm mark`: sets the state that the index holds, whatever is on disk. [recorded: state-configured-mark-F-installed]

use super::getopt::Getopt;
use super::{Rule, brand, lock, no_brand, or_return, sanity, set_state};
use crate::index::State;
use crate::session::{Answer, OK, Session, USAGE};

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    // Wrong words get no message at all. [recorded: usage-mark-q]
    let mut options = Getopt::quiet(args, "F");
    let mut force = false;
    while let Some(option) = options.next(session) {
        if option.letter != 'F' {
            return Ok(USAGE);
        }
        force = true;
    }
    let state = match (options.operands(), force) {
        ([word], _) if word == "incomplete" => State::Incomplete,
        ([word], true) if word == "configured" => State::Configured,
        ([word], true) if word == "installed" => State::Installed,
        _ => return Ok(USAGE),
    };
    let rule = Rule { word: "mark", must_be_active: false, must_be_inactive: true, refused: &[] };
    let target = or_return!(sanity(session, zone, rule)?);
    if brand::open(session.machine, &target.brand).is_none() {
        return Ok(no_brand(session, &target.name));
    }
    let _lock = or_return!(lock(session, &target.name)?);
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    or_return!(set_state(session, &target.name, state));
    Ok(OK)
}
