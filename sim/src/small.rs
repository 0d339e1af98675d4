//! `zonename` and `pfexec`.

use std::ffi::OsString;

use super::Call;
use super::answer::{Answer, FAILED, OK, Session, USAGE};
use super::options::parse;

/// The name of the zone that asks: always the global one.
pub(crate) fn zonename(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    match parse(&session.args, "t", &[]) {
        Ok(options) if options.operands.is_empty() => {
            session.say(format_args!("{}\n", if options.has('t') { "exclusive" } else { "global" }));
            Ok(OK)
        }
        _ => {
            session.complain(format_args!("usage: zonename [-t]\n"));
            Ok(FAILED)
        }
    }
}

/// Runs another of the machine's programs; its rights are the machine's own already.
pub(crate) fn pfexec(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let command = match parse(&session.args, "P:", &[]) {
        Ok(options) if !options.operands.is_empty() => options.operands,
        _ => {
            session.complain(format_args!("pfexec: usage: pfexec [-P privset] cmd [arg ..]\n"));
            return Ok(USAGE);
        }
    };
    if command[0].rsplit('/').next() == Some("pfexec") {
        session.complain(format_args!("pfexec: {}: not played by this machine\n", command[0]));
        return Ok(FAILED);
    }
    let argv: Vec<OsString> = command.iter().map(OsString::from).collect();
    let mut inner = Call { argv: &argv, stdin: &mut *session.call.stdin, ..*session.call };
    Ok(session.machine.answer(&mut inner, session.out))
}
