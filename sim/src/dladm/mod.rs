//! `dladm`: the administration of data links.

mod change;
pub(crate) mod link;
pub(crate) mod mac;
pub(crate) mod name;
mod props;
mod show;

use super::answer::{Answer, FAILED, Session};
use super::kernel::ActiveZone;
use super::options::{Bad, Parsed, parse};

/// One subcommand: its name, its options, what its usage line says, and what it does.
struct Command {
    name: &'static str,
    options: &'static str,
    usage: &'static str,
    run: fn(&mut Session<'_, '_>, &Parsed) -> Answer,
}

const LONG: &[(&str, char)] = &[
    ("temporary", 't'),
    ("root-dir", 'R'),
    ("link", 'l'),
    ("mac-address", 'm'),
    ("mac-prefix", 'r'),
    ("slot", 'n'),
    ("vlan-id", 'v'),
    ("prop", 'p'),
    ("force", 'f'),
];

const LONG_SHOW: &[(&str, char)] = &[
    ("parsable", 'p'),
    ("parseable", 'p'),
    ("persistent", 'P'),
    ("statistics", 's'),
    ("interval", 'i'),
    ("output", 'o'),
    ("link", 'l'),
    ("mac", 'm'),
    ("prop", 'p'),
];

const COMMANDS: &[Command] = &[
    Command {
        name: "show-link",
        options: "pPs:i:o:",
        usage: "    show-link        [-pP] [-o <field>,..] [-s [-i <interval>]] [<link>]",
        run: show::link,
    },
    Command {
        name: "show-phys",
        options: "pPmo:H",
        usage: "    show-phys        [-m | -H | -P] [[-p] [-o <field>[,...]] [<link>]",
        run: show::phys,
    },
    Command {
        name: "show-linkprop",
        options: "p:cPo:",
        usage: "    show-linkprop    [-P] [[-c] [-o <field>[,...]]] [-p <prop>[,...]] [<link>]",
        run: props::show,
    },
    Command {
        name: "set-linkprop",
        options: "tR:p:",
        usage: "    set-linkprop     [-t] -p <prop>=<value>[,...] <link>",
        run: props::set,
    },
    Command {
        name: "reset-linkprop",
        options: "tR:p:",
        usage: "    reset-linkprop   [-t] [-p <prop>,...] <link>",
        run: props::reset,
    },
    Command {
        name: "create-vnic",
        options: "tR:l:m:n:p:r:v:V:A:f",
        usage: "    create-vnic      [-t] -l <link> [-m <value> | auto |\n\
                \t\t     {factory [-n <slot-id>]} | {random [-r <prefix>]} |\n\
                \t\t     {vrrp -V <vrid> -A {inet | inet6}} [-v <vid> [-f]]\n\
                \t\t     [-p <prop>=<value>[,...]] <vnic-link>",
        run: change::create_vnic,
    },
    Command {
        name: "delete-vnic",
        options: "tR:",
        usage: "    delete-vnic      [-t] <vnic-link>",
        run: change::delete_vnic,
    },
    Command {
        name: "show-vnic",
        options: "pPl:si:o:",
        usage: "    show-vnic        [-pP] [-l <link>] [-s [-i <interval>]] [<link>]",
        run: show::vnic,
    },
    Command {
        name: "create-vlan",
        options: "ftR:l:v:p:",
        usage: "    create-vlan      [-ft] -l <link> -v <vid> [link]",
        run: change::create_vlan,
    },
    Command {
        name: "delete-vlan",
        options: "tR:",
        usage: "    delete-vlan      [-t] <link>",
        run: change::delete_vlan,
    },
    Command {
        name: "show-vlan",
        options: "pPo:",
        usage: "    show-vlan        [-pP] [-o <field>,..] [<link>]",
        run: show::vlan,
    },
    Command {
        name: "create-etherstub",
        options: "tR:",
        usage: "    create-etherstub [-t] <link>",
        run: change::create_etherstub,
    },
    Command {
        name: "delete-etherstub",
        options: "tR:",
        usage: "    delete-etherstub [-t] <link>",
        run: change::delete_etherstub,
    },
    Command { name: "show-etherstub", options: "t", usage: "    show-etherstub   [-t] [<link>]", run: show::etherstub },
    Command {
        name: "rename-link",
        options: "R:",
        usage: "    rename-link      [-R <root-dir>] <oldlink> <newlink>",
        run: change::rename,
    },
];

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let program = session.program.clone();
    let Some(name) = session.args.first().cloned() else {
        return usage(session);
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        session.complain(format_args!("{program}: unknown subcommand '{name}'\n"));
        return usage(session);
    };
    let longs = if name.starts_with("show") { LONG_SHOW } else { LONG };
    match parse(&session.args[1..], command.options, longs) {
        Ok(options) => (command.run)(session, &options),
        Err(bad) => {
            match bad {
                Bad::Missing(option) => {
                    session.complain(format_args!("{program}: option '{option}' requires a value\n"))
                }
                Bad::Unknown(option) => session.complain(format_args!("{program}: unrecognized option '{option}'\n")),
            }
            session.complain(format_args!("usage: {}\n", command.usage.trim_start()));
            Ok(FAILED)
        }
    }
}

/// `show-link` inside a zone: the links that it has on loan.
pub(crate) fn show_link_in_zone(session: &mut Session<'_, '_>, zone: &ActiveZone, args: &[String]) -> Answer {
    match parse(args, "pPsi:o:", LONG_SHOW) {
        Ok(options) => show::link_of(session, &options, Some(zone)),
        Err(_) => usage(session),
    }
}

/// The usage text with every synopsis.
fn usage(session: &mut Session<'_, '_>) -> Answer {
    session.complain(format_args!("usage:  dladm <subcommand> <args> ...\n"));
    for command in COMMANDS {
        session.complain(format_args!("{}\n", command.usage));
    }
    Ok(FAILED)
}

/// A message of dladm's, and its one failing status.
fn fail(session: &mut Session<'_, '_>, message: std::fmt::Arguments<'_>) -> Answer {
    let program = session.program.clone();
    session.complain(format_args!("{program}: {message}\n"));
    Ok(FAILED)
}
