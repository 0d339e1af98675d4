//! `zoneadm mark`: sets the state that the index holds, whatever is on disk.

use super::{Rule, lock, or_return, sanity, set_state, usage};
use crate::answer::{Answer, OK, Session, USAGE};
use crate::index::State;
use crate::options::parse;

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Ok(options) = parse(args, "F", &[]) else { return usage::of(session, "mark") };
    let state = match (options.operands.as_slice(), options.has('F')) {
        ([word], _) if word == "incomplete" => State::Incomplete,
        ([word], true) if word == "configured" => State::Configured,
        ([word], true) if word == "installed" => State::Installed,
        ([_], _) => return Ok(USAGE),
        _ => return usage::of(session, "mark"),
    };
    let rule = Rule { word: "mark", must_be_active: false, must_be_inactive: true, refused: &[] };
    let target = or_return!(sanity(session, zone, rule)?);
    let _lock = or_return!(lock(session, &target.name)?);
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    or_return!(set_state(session, &target.name, state));
    Ok(OK)
}
