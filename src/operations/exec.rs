//! Commands and logins inside a zone.
//!
//! Invariant: a returned exit status is the command's own; if it is unknown how the command ended, that is an error.

use std::ffi::OsString;

use super::context::Context;
use super::entries::entry;
use super::identity;
use crate::api::{ExecOptions, ExecStream};
use crate::error::{Code, Error, Result};
use crate::exec::zlogin::{self, Mark, StatusFilter};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::{Control, End, Stdin, Stopped, command_line, in_words};
use crate::value::EntryId;
use crate::value::name::ZoneName;

/// Runs a command in a zone and returns its exit status. Takes no lock: running a command does not change the zone.
pub(crate) fn exec(context: &Context, name: &ZoneName, words: &[String], options: &mut ExecOptions<'_>) -> Result<i32> {
    if words.first().is_none_or(|word| word.is_empty()) {
        return Err(Error::new(Code::InvalidArgument, "no command given"));
    }
    if let Some(word) = words.iter().find(|word| word.contains('\0')) {
        return Err(Error::new(Code::InvalidArgument, format!("the argument {word:?} contains a NUL byte")));
    }
    let zone = running(context, name)?;
    // A process that could guess the mark could forge the status.
    let mark = Mark::new(EntryId::random()?.as_str());
    let stdin = if options.stdin { Stdin::Inherit } else { Stdin::Null };
    let command = zlogin::command(name, words, &mark, stdin, options.timeout);
    let mut filter = StatusFilter::new(mark);
    let mut refused = false;
    let ended = context.host.run(&command, &mut |tick| {
        let stdout = filter.pass(tick.stdout);
        refused |= !tell(options, ExecStream::Stdout, &stdout) || !tell(options, ExecStream::Stderr, tick.stderr);
        refused |= options.pulse.as_mut().is_some_and(|pulse| !pulse());
        match options.cancel.map_or(0, crate::value::Cancel::requests) {
            2.. => Control::Kill,
            1 => Control::Cancel,
            0 if refused => Control::Cancel,
            0 => Control::Continue,
        }
    })?;
    let (rest, status) = filter.finish();
    tell(options, ExecStream::Stdout, &rest);
    match (status, ended.stopped) {
        (Some(status), None) => Ok(status),
        (_, Some(stopped)) => Err(stopped_by_caller(name, words, stopped)),
        (None, None) => Err(match context.host.zone_state(name)? {
            Some(now) if now.state == ZoneState::Running && same_life(&zone, &now) => {
                ended.error().with_context(format!("the exit status of the command in {name} is unknown"))
            }
            now => {
                let state =
                    now.map_or("gone", |now| if same_life(&zone, &now) { now.state.as_str() } else { "rebooted" });
                Error::new(Code::WrongState, format!("{name} went down while the command was running: it is {state}"))
                    .with_help("the exit status of the command is unknown")
                    .with_command(ended.failed())
            }
        }),
    }
}

/// Returns the error of a cancelled command. The command line inside the zone and its output are not repeated: the caller has seen
/// them.
fn stopped_by_caller(name: &ZoneName, words: &[String], stopped: Stopped) -> Error {
    let command = command_line(words);
    match stopped {
        Stopped::Cancelled => Error::new(Code::Cancelled, format!("`{command}` in zone \"{name}\" was cancelled")),
        Stopped::TimedOut(limit) => {
            let message =
                format!("`{command}` in zone \"{name}\" took longer than {} and was stopped", in_words(limit));
            Error::new(Code::TimedOut, message)
        }
    }
}

/// Logs in on the caller's terminal; returns the status of the login shell.
pub(crate) fn login(context: &Context, name: &ZoneName, user: Option<&str>, term: Option<OsString>) -> Result<i32> {
    if let Some(user) = user
        && (user.is_empty() || user.starts_with('-') || user.contains(|c: char| c.is_control() || c.is_whitespace()))
    {
        return Err(Error::new(Code::InvalidArgument, format!("invalid user name {user:?}")));
    }
    running(context, name)?;
    let ended = context.host.run(&zlogin::login(name, user, term), &mut |_| Control::Continue)?;
    Ok(match ended.end {
        End::Exited(status) => status,
        End::Signalled(signal) => 128 + signal,
    })
}

/// Returns the host's zone, which must be the registered one, and running.
fn running(context: &Context, name: &ZoneName) -> Result<HostZone> {
    let entry = entry(context, name)?;
    let Some(zone) = context.host.zone_state(name)? else {
        return Err(Error::new(Code::WrongState, format!("the host does not have zone {name}")));
    };
    identity::same(&entry, &zone)?;
    if zone.state != ZoneState::Running {
        return Err(Error::new(Code::WrongState, format!("{name} is {}, not running", zone.state))
            .with_help(format!("run `zmgr boot {name}`")));
    }
    Ok(zone)
}

/// Returns true if the zone has not been down in between. The id may be missing if it was read before the state.
fn same_life(before: &HostZone, now: &HostZone) -> bool {
    before.id.zip(now.id).is_none_or(|(before, now)| before == now)
}

fn tell(options: &mut ExecOptions<'_>, stream: ExecStream, bytes: &[u8]) -> bool {
    match options.output.as_mut() {
        Some(output) if !bytes.is_empty() => output(stream, bytes),
        _ => true,
    }
}
