//! Help of zoneadm itself.

use super::getopt::Getopt;
use super::{COMMANDS, Command};
use crate::Status;
use crate::session::{Answer, OK, Session, USAGE};

const HEAD: &str = "usage:\tzoneadm help\n\
    \tzoneadm [-z <zone>] [-u <uuid-match>] list\n\
    \tzoneadm {-z <zone>|-u <uuid-match>} <subcommand>\n";

fn about(command: &Command) -> &'static str {
    match command.name {
        "help" => "Print usage message.",
        "boot" => "Activates (boots) the zone.  See zones(5) for valid boot arguments.",
        "halt" => "Halts the zone, bypassing shutdown scripts and removing its runtime resources.",
        "ready" => "Prepares a zone for running applications but does not start any processes in it.",
        "shutdown" => "Gracefully shuts the zone down, or reboots it with -r.",
        "reboot" => "Restarts the zone, equivalent to a halt / boot sequence.",
        "list" => "Lists the current zones, or a specific zone if indicated.",
        "verify" => "Checks that the zone can safely be installed or booted on this machine.",
        "install" => "Installs the configuration on to the system.",
        "uninstall" => "Uninstalls the configuration from the system.  The -F flag forces the action.",
        "clone" => "Clones the installation of another zone.",
        "move" => "Moves the zone to a new zonepath.",
        "detach" => "Detaches the zone from the system.  The -n flag only prints the manifest.",
        "attach" => "Attaches a detached zone.  The -F flag skips the checks.",
        "mark" => "Sets the state of the zone.",
        _ => "",
    }
}

/// Prints every synopsis to standard error.
pub(super) fn short(session: &mut Session<'_, '_>) -> Answer {
    let lines: String = COMMANDS.iter().map(|command| format!("{}\n", command.synopsis)).collect();
    session.complain(format_args!("{HEAD}\nSubcommands:\n\n{lines}\n"));
    Ok(USAGE)
}

/// Prints every synopsis, with the purpose of the subcommand, to standard output.
pub(super) fn long(session: &mut Session<'_, '_>, status: Status) -> Answer {
    let lines: String =
        COMMANDS.iter().map(|command| format!("{}\n\t{}\n\n", command.synopsis, about(command))).collect();
    session.say(format_args!("{HEAD}\nSubcommands:\n\n{lines}"));
    Ok(status)
}

/// Prints one subcommand's usage to standard error.
pub(super) fn of(session: &mut Session<'_, '_>, name: &str) -> Answer {
    if let Some(command) = COMMANDS.iter().find(|command| command.name == name) {
        session.complain(format_args!("usage:\t{}\n\t{}\n", command.synopsis, about(command)));
    }
    Ok(USAGE)
}

/// Prints the usage, for `-?` or after an unknown option. `-?` is not a failure.
/// [recorded: usage-boot-q, usage-boot-Q]
pub(super) fn answer(session: &mut Session<'_, '_>, name: &str, written: char) -> Answer {
    of(session, name)?;
    Ok(if written == '?' { OK } else { USAGE })
}

pub(super) fn help(session: &mut Session<'_, '_>, _: Option<&str>, args: &[String]) -> Answer {
    if args.is_empty() {
        return long(session, OK);
    }
    let mut options = Getopt::new(args, "?");
    if let Some(option) = options.next(session) {
        return answer(session, "help", option.written);
    }
    for name in options.operands() {
        if !COMMANDS.iter().any(|command| command.name == name) {
            return of(session, "help");
        }
        of(session, name)?;
    }
    Ok(OK)
}
