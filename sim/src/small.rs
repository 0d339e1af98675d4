//! `zonename`, `pfexec`, `kstat`, `beadm` and `uname`.
//!
//! [source: beadm(8), kstat(8), pfexec(1), uname(1), zonename(1)]

use std::ffi::OsString;

use super::options::parse;
use super::session::{Answer, FAILED, OK, Session, USAGE};
use super::{Call, pkg};

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

/// The boot environments of the machine: the running one, in the form that the brands' hooks read (name, uuid, `N` for running and
/// `R` for the next boot, mount point, space, policy, time of creation).
pub(crate) fn beadm(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let words: Vec<&str> = session.args.iter().map(String::as_str).collect();
    if words != ["list", "-H"] {
        session.complain(format_args!("beadm: only `beadm list -H` is simulated\n"));
        return Ok(FAILED);
    }
    let uuid = pkg::boot_environment(session.machine);
    let time = session.machine.boot_time()?;
    session.say(format_args!("be;{uuid};NR;/;536870912;static;{time}\n"));
    Ok(OK)
}

/// Identity of the machine. Prints the requested fields as uname(1) does, in its own order: system, node, release, version, machine.
pub(crate) fn uname(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let Ok(options) = parse(&session.args, "amnprsv", &[]) else {
        session.complain(format_args!("usage: uname [-snrvmapiX]\n       uname [-S system_name]\n"));
        return Ok(FAILED);
    };
    let kernel = session.machine.line().kernel;
    let words = [('s', "SunOS"), ('n', "simulated"), ('r', "5.11"), ('v', kernel), ('m', "i86pc"), ('p', "i386")];
    let asked = |letter| options.has(letter) || options.has('a') || letter == 's' && session.args.is_empty();
    let words: Vec<&str> = words.into_iter().filter(|(letter, _)| asked(*letter)).map(|(_, word)| word).collect();
    session.say(format_args!("{}\n", words.join(" ")));
    Ok(OK)
}
