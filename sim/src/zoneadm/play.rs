//! Runs the brands' hooks: as a process of their own if the caller can start one, so that a hook outlives a
//! `zoneadm` that is killed, as on illumos; else within the command.
//!
//! Invariant: a hook touches data sets and the files below the zonepath; the zone's state is `zoneadm`'s alone.
//!
//! [source: brand hooks as zoneadm.c runs them: do_subproc; recorded: hook lines in calls of hooks.jsonl]

use std::ffi::OsString;
use std::io;

use super::hooks::{attach, clone, detach, install, uninstall};
use super::script::End;
use super::{Target, find_zone, shell_words};
use crate::Status;
use crate::fault::Fault;
use crate::record::Record;
use crate::session::{Answer, FAILED, Halt, Session};

/// The name under which the machine answers to itself as a brand's hook.
pub(crate) const PROGRAM: &str = "brand-hook";

/// Hook of a brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    Install,
    Clone,
    Attach,
    Detach,
    Uninstall,
}

const WORDS: [(Hook, &str); 5] = [
    (Hook::Install, "install"),
    (Hook::Clone, "clone"),
    (Hook::Attach, "attach"),
    (Hook::Detach, "detach"),
    (Hook::Uninstall, "uninstall"),
];

/// Runs a hook for a zone. `Err` holds the status with which a fault ends `zoneadm` itself.
pub(super) fn run(
    session: &mut Session<'_, '_>,
    hook: Hook,
    target: &Target,
    args: &[String],
) -> io::Result<Result<End, Status>> {
    let args = shell_words(args);
    let Some(start) = session.call.hooks else { return here(session, hook, target, &args) };
    // Signals are only left to the hook once it runs.
    if (session.call.interrupted)() {
        return Ok(Err(Status::Signalled(2)));
    }
    let fault = session.take_fault();
    let word = WORDS.iter().find(|(known, _)| *known == hook).map_or("", |(_, word)| word);
    let mut argv: Vec<OsString> = [PROGRAM, word, &target.name].map(OsString::from).to_vec();
    argv.push(fault.encode().text().into());
    argv.extend(args.iter().map(OsString::from));
    Ok(match start(&argv)? {
        Status::Exited(status) if fault.exit == Some(status) && !is_hooks(status) => Err(Status::Exited(status)),
        Status::Exited(status) => Ok(End::of_status(status)),
        Status::Signalled(_) => Ok(End::Signalled),
    })
}

/// The statuses that are a hook's own, and decide about the zone's state.
fn is_hooks(status: i32) -> bool {
    (253..=255).contains(&status)
}

fn here(
    session: &mut Session<'_, '_>,
    hook: Hook,
    target: &Target,
    args: &[String],
) -> io::Result<Result<End, Status>> {
    match session.middle() {
        Ok(()) => {}
        Err(Halt::Interrupted) => {
            if hook == Hook::Install {
                session.complain(format_args!("Installation cancelled due to interrupt.\n"));
            }
            return Ok(Ok(End::Fatal));
        }
        Err(Halt::Fault(status)) if is_hooks(status) => return Ok(Ok(End::of_status(status))),
        // The hook did its part; what fails is zoneadm itself.
        Err(Halt::Fault(status)) => return Ok(Err(Status::Exited(status))),
    }
    Ok(Ok(match hook {
        Hook::Install => install::hook(session, target, args)?,
        Hook::Clone => clone::hook(session, target, args)?,
        Hook::Attach => attach::hook(session, target, args)?,
        Hook::Detach => detach::hook(session, target, args)?,
        Hook::Uninstall => uninstall::hook(session, target, args)?,
    }))
}

/// The hook as a program of its own.
pub(crate) fn program(session: &mut Session<'_, '_>) -> Answer {
    let args = session.args.clone();
    let [word, zone, fault, rest @ ..] = args.as_slice() else { return Ok(FAILED) };
    let hook = WORDS.iter().find(|(_, known)| known == word).map(|(hook, _)| *hook);
    let (Some(hook), Some(target)) = (hook, find_zone(session.machine, zone)) else { return Ok(FAILED) };
    session.set_fault(Fault::decode(&Record::parse(fault)).unwrap_or_default());
    Ok(match here(session, hook, &target, rest)? {
        Ok(end) => Status::Exited(end.status()),
        Err(status) => status,
    })
}
