//! `zlogin`: runs a command inside a running zone. A small set of commands is played; any other is refused.
//!
//! [source: zlogin.c; zlogin(1)]

mod commands;
mod devices;
mod shell;

use super::options::parse;
use super::session::{Answer, FAILED, Session, USAGE};
use super::{Status, ZoneState, index, kernel};

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    let usage = "usage: zlogin [ -dnQCES ] [ -e cmdchar ] [-l user] zonename [command [args ...] ]\n";
    let args = session.args.clone();
    let Ok(options) = parse(&args, "dnQCESe:l:", &[]) else {
        session.complain(format_args!("{usage}"));
        return Ok(USAGE);
    };
    let Some((zone, command)) = options.operands.split_first() else {
        session.complain(format_args!("{usage}"));
        return Ok(USAGE);
    };
    if options.has('S') && options.has('l') {
        return fail(session, format_args!("-l may not be specified for failsafe login"));
    }
    if options.has('C') && !command.is_empty() {
        return fail(session, format_args!("a command may not be specified for console login"));
    }
    if zone == "global" {
        return fail(session, format_args!("'zlogin' not applicable to the global zone"));
    }
    let active = kernel::find(session.machine, zone)?;
    let state = match (&active, index::find(session.machine, zone.as_bytes())) {
        (Some(active), _) => active.state,
        (None, Some(entry)) => entry.state.into(),
        (None, None) => return fail(session, format_args!("zone '{zone}' unknown")),
    };
    if state < ZoneState::Installed {
        return fail(session, format_args!("cannot login to a zone which is '{}'", state.word()));
    }
    let Some(active) = active.filter(|active| active.state == ZoneState::Running && !options.has('C')) else {
        if options.has('C') {
            return fail(session, format_args!("the console is not played by this machine"));
        }
        return fail(session, format_args!("login allowed only to running zones ({zone} is '{}').", state.word()));
    };
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let text = match command {
        // Without a command a shell reads its commands.
        [] if !options.has('n') => {
            let mut input = String::new();
            session.call.stdin.read_to_string(&mut input)?;
            input
        }
        words => words.join(" "),
    };
    let status = shell::run(session, &active, &text, options.has('n'))?;
    Ok(match status {
        // The exit byte of the wait status: a command that a signal ended looks as if it had gone well.
        Status::Signalled(_) if (session.call.interrupted)() => status,
        Status::Signalled(_) => Status::Exited(0),
        exited => exited,
    })
}

fn fail(session: &mut Session<'_, '_>, message: std::fmt::Arguments<'_>) -> Answer {
    session.complain(format_args!("zlogin: {message}\n"));
    Ok(FAILED)
}
