//! `zonename`, `pfexec` and `kstat`.

use std::ffi::OsString;

use super::Call;
use super::answer::{Answer, FAILED, OK, Session, USAGE};
use super::options::parse;

/// The only statistic that this machine keeps.
const BOOT_TIME: &str = "unix:0:system_misc:boot_time";

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

/// Kernel statistics: when the machine booted, in the parsable form.
pub(crate) fn kstat(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    match parse(&session.args, "p", &[]) {
        Ok(options) if options.has('p') && options.operands.len() == 1 => {
            if options.operands[0] != BOOT_TIME {
                return Ok(FAILED);
            }
            let time = session.machine.boot_time()?;
            session.say(format_args!("{BOOT_TIME}\t{time}\n"));
            Ok(OK)
        }
        _ => {
            session.complain(format_args!("Usage:\nkstat [ -Cjlpq ] [ -T d|u ] [ -m module ] [ -i instance ] [ -n name ] [ -s statistic ] [ -c class ]\n"));
            Ok(USAGE)
        }
    }
}
