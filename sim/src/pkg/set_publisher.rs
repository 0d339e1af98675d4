//! `pkg set-publisher`: the refused combinations, then the publisher as it would be, then its repositories, its place, its copies
//! of keys. [client_api.py: _publisher_set, _add_update_pub; api.py: __update_publisher; image.py: __add_publisher]

use super::address;
use super::change::change;
use super::from_repository::from_repository;
use super::grammar::Given;
use super::request::{Fault, Request, check_combinations};
use super::work::{Work, is_openindiana, work_directory};
use crate::Status;
use crate::session::{Answer, OK, Session, USAGE};

pub(super) fn run(session: &mut Session<'_, '_>, mut work: Work, given: &Given) -> Answer {
    // OpenIndiana's text lacks the plural. [recorded: oi-flags-006]
    let combined = if is_openindiana(session) { "option" } else { "options" };
    let fault = match check_combinations(given, combined) {
        Err(text) => Some(text),
        Ok(()) => match given.operands.as_slice() {
            [] if given.value("p").is_none() => Some("requires a publisher name".to_owned()),
            [_, _, ..] => Some("only one publisher name may be specified".to_owned()),
            _ => None,
        },
    };
    if let Some(text) = fault {
        session.complain(format_args!("pkg set-publisher: {text}\n{USAGE_TEXT}"));
        return Ok(USAGE);
    }
    let request = match Request::new(session, &work, given) {
        Ok(request) => request,
        Err(fault) => return Ok(tell(session, &fault)),
    };
    if let Some(uri) = given.value("p") {
        return from_repository(session, work, given, request, &address::parse(uri, &work_directory(session)));
    }
    let name = given.operands.first().cloned().unwrap_or_default();
    match change(session, &mut work, &name, &request)? {
        Ok(()) => Ok(OK),
        Err(fault) => Ok(tell(session, &fault)),
    }
}

const USAGE_TEXT: &str = "Usage:\n        pkg set-publisher [options] [publisher]\n";

fn tell(session: &mut Session<'_, '_>, fault: &Fault) -> Status {
    let usage = if fault.status == USAGE { USAGE_TEXT } else { "" };
    session.complain(format_args!("{}\n{usage}", fault.text));
    fault.status
}
