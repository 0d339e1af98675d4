//! Common behaviour of the brands' scripts: how they end, and what they print.
//!
//! [source: common.ksh and shared/*.ksh of pkg5 of OmniOS and OpenIndiana; recorded: hooks.jsonl]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use crate::Machine;
use crate::session::Session;

/// End of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Done,
    /// 253: the arguments were wrong.
    Usage,
    /// 254: nothing that matters is left of the zone.
    NotComplete,
    /// 255 or any other failure.
    Fatal,
    Signalled,
}

impl End {
    pub(super) fn of_status(status: i32) -> End {
        match status {
            0 => End::Done,
            253 => End::Usage,
            254 => End::NotComplete,
            _ => End::Fatal,
        }
    }

    pub(super) fn status(self) -> i32 {
        match self {
            End::Done => 0,
            End::Usage => 253,
            End::NotComplete => 254,
            End::Fatal | End::Signalled => 255,
        }
    }
}

/// A message that ends a script, as its function `fail_fatal` prints it.
pub(super) type Fatal = String;

/// Prints what `fail_fatal` prints, on the stream that the distribution's scripts use. Those of OmniOS also start a log with it, in
/// the zonepath, which they create if necessary. [recorded: clone-omnios-sparse-s-nosuch]
pub(super) fn print_fatal(session: &mut Session<'_, '_>, zonepath: &str, message: &str) -> io::Result<()> {
    if session.machine.line().hook_errors_on_stdout {
        session.say(format_args!("{message}\n"));
        return Ok(());
    }
    session.complain(format_args!("{message}\n"));
    begin_log(session.machine, zonepath, message)
}

/// `setuplog` of OmniOS.
pub(super) fn begin_log(machine: &Machine, zonepath: &str, message: &str) -> io::Result<()> {
    let directory = machine.path(zonepath).join("log");
    if fs::create_dir_all(&directory).is_err() {
        return Ok(());
    }
    let file = directory.join("zone.log");
    let mut text = fs::read_to_string(&file).unwrap_or_default();
    text.push_str(message);
    text.push('\n');
    fs::write(&file, text)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))
}

/// Ends a hook with a message, 255.
pub(super) fn fatal(session: &mut Session<'_, '_>, zonepath: &str, message: &str) -> io::Result<End> {
    print_fatal(session, zonepath, &format!("ERROR: {message}"))?;
    Ok(End::Fatal)
}

/// Ends a hook with a message, 254.
pub(super) fn incomplete(session: &mut Session<'_, '_>, message: &str) -> End {
    session.complain(format_args!("ERROR: {message}\n"));
    End::NotComplete
}

/// Progress messages of the scripts. Those of OpenIndiana write them to standard output; those of OmniOS write it to a log only.
/// [recorded: install-omnios-ipkg-a-missing]
pub(super) fn log(session: &mut Session<'_, '_>, message: &str) {
    if session.machine.line().hook_errors_on_stdout {
        session.say(format_args!("{message}\n"));
    }
}

/// Prints a hook's own usage; 253.
pub(super) fn misused(session: &mut Session<'_, '_>, message: &str, usage: &str) -> End {
    session.complain(format_args!("{message}\nbrand-specific usage: {usage}\n"));
    End::Usage
}

/// Prints what the shell's getopts prints on `-?`: flags together, then each option with a value. [recorded: usage-uninstall-q]
pub(super) fn shell_usage(session: &mut Session<'_, '_>, script: &str, spec: &str) {
    let letters: Vec<char> = spec.chars().collect();
    let (mut flags, mut valued) = (String::new(), String::new());
    for (at, letter) in letters.iter().enumerate().filter(|(_, letter)| **letter != ':') {
        match letters.get(at + 1) {
            Some(':') => valued.push_str(&format!(" [-{letter} arg]")),
            _ => flags.push(*letter),
        }
    }
    let flags = if flags.is_empty() { flags } else { format!(" [-{flags}]") };
    session.complain(format_args!("Usage: {script}{flags}{valued}\n Help: {script} [ --help | --man ] 2>&1\n"));
}

/// Prints what `error` of the scripts prints: on standard output, or on OmniOS to a log, which the first message creates.
pub(super) fn log_error(session: &mut Session<'_, '_>, zonepath: &str, message: &str) -> io::Result<()> {
    if session.machine.line().hook_errors_on_stdout {
        session.say(format_args!("ERROR: {message}\n"));
        return Ok(());
    }
    begin_log(session.machine, zonepath, message)
}
