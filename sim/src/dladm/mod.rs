//! `dladm`: the administration of data links.
//!
//! Its output and effects were compared with recordings of the real program (case ids in brackets), and read in dladm.c,
//! libdladm and ofmt.c of the illumos gate.

mod aggr;
mod aggr_settings;
mod aggr_show;
mod args;
mod change;
mod getopt;
pub(crate) mod link;
mod linkprop;
pub(crate) mod mac;
pub(crate) mod name;
mod overlay;
mod props;
mod remove;
mod show;
mod status;
mod table;
mod usage;
mod value;

use std::fmt::Display;

use getopt::{Long, Word};

use super::kernel::ActiveZone;
use super::session::{Answer, FAILED, Session};

pub(crate) use props::bring_up;

/// One subcommand: its name, its options, and what it does.
struct Command {
    name: &'static str,
    options: &'static str,
    longs: &'static [Long],
    run: fn(&mut Session<'_, '_>, &Parsed<'_>) -> Answer,
}

/// Result of parsing a command line.
struct Parsed<'a> {
    name: &'a str,
    words: Vec<Word>,
    operands: Vec<String>,
}

impl Parsed<'_> {
    /// Says what is wrong with an option, and how the command is used [usage-show-vnic-Q].
    fn refuse(&self, session: &mut Session<'_, '_>, bad: &Word) -> Answer {
        let text = match bad {
            Word::Missing(letter) => format!("option '-{letter}' requires a value"),
            Word::Unknown(letter) | Word::Option(letter, _) => format!("unrecognized option '-{letter}'"),
        };
        die(session, &format!("{text}\nusage: {}", usage::of(self.name)))
    }
}

const GENERAL: &[Long] = &[
    ("vlan-id", 'v', true),
    ("output", 'o', true),
    ("dev", 'd', true),
    ("policy", 'P', true),
    ("lacp-mode", 'L', true),
    ("lacp-timer", 'T', true),
    ("unicast", 'u', true),
    ("temporary", 't', false),
    ("root-dir", 'R', true),
    ("link", 'l', true),
    ("forcible", 'f', false),
    ("bw-limit", 'b', true),
    ("mac-address", 'm', true),
    ("slot", 'n', true),
];

const SHOW: &[Long] = &[
    ("statistics", 's', false),
    ("continuous", 'S', false),
    ("interval", 'i', true),
    ("parsable", 'p', false),
    ("parseable", 'p', false),
    ("extended", 'x', false),
    ("output", 'o', true),
    ("persistent", 'P', false),
    ("lacp", 'L', false),
];

const PROP: &[Long] = &[
    ("temporary", 't', false),
    ("output", 'o', true),
    ("root-dir", 'R', true),
    ("prop", 'p', true),
    ("parsable", 'c', false),
    ("parseable", 'c', false),
    ("persistent", 'P', false),
];

/// No --link and no --vlan-id [options-long-link].
const VNIC: &[Long] = &[
    ("temporary", 't', false),
    ("root-dir", 'R', true),
    ("mac-address", 'm', true),
    ("slot", 'n', true),
    ("mac-prefix", 'r', true),
    ("vrid", 'V', true),
    ("address-family", 'A', true),
];

const ETHERSTUB: &[Long] = &[("temporary", 't', false), ("root-dir", 'R', true)];

const COMMANDS: &[Command] = &[
    Command { name: "rename-link", options: ":R:", longs: GENERAL, run: remove::rename },
    Command { name: "show-link", options: ":pPsi:o:", longs: SHOW, run: show::link },
    Command { name: "set-linkprop", options: ":p:R:t", longs: PROP, run: linkprop::set },
    Command { name: "reset-linkprop", options: ":p:R:t", longs: PROP, run: linkprop::reset },
    Command { name: "show-linkprop", options: ":p:cPo:", longs: PROP, run: linkprop::show },
    Command { name: "create-aggr", options: ":d:l:L:P:R:tfu:T:p:", longs: GENERAL, run: aggr::create },
    Command { name: "delete-aggr", options: ":R:t", longs: GENERAL, run: aggr::delete },
    Command { name: "add-aggr", options: ":d:l:R:tf", longs: GENERAL, run: aggr::add },
    Command { name: "remove-aggr", options: ":d:l:R:t", longs: GENERAL, run: aggr::remove },
    Command { name: "modify-aggr", options: ":L:l:P:R:tu:T:", longs: GENERAL, run: aggr::modify },
    Command { name: "show-aggr", options: ":LpPxsi:o:", longs: SHOW, run: aggr_show::show },
    Command { name: "create-overlay", options: ":te:v:p:s:", longs: &[], run: overlay::create },
    Command { name: "delete-overlay", options: ":t", longs: GENERAL, run: overlay::delete },
    Command { name: "create-vlan", options: ":tfR:l:v:p:", longs: GENERAL, run: change::create_vlan },
    Command { name: "delete-vlan", options: ":R:t", longs: GENERAL, run: remove::delete_vlan },
    Command { name: "show-vlan", options: ":pPo:", longs: SHOW, run: show::vlan },
    Command { name: "show-phys", options: ":pPo:mH", longs: SHOW, run: show::phys },
    Command { name: "create-vnic", options: ":tfR:l:m:n:p:r:v:V:A:", longs: VNIC, run: change::create_vnic },
    Command { name: "delete-vnic", options: ":R:t", longs: GENERAL, run: remove::delete_vnic },
    Command { name: "show-vnic", options: ":pPl:si:o:", longs: GENERAL, run: show::vnic },
    Command { name: "create-etherstub", options: "tR:", longs: ETHERSTUB, run: change::create_etherstub },
    Command { name: "delete-etherstub", options: ":R:t", longs: GENERAL, run: remove::delete_etherstub },
    Command { name: "show-etherstub", options: ":pPl:si:o:", longs: GENERAL, run: show::etherstub },
];

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let Some((name, rest)) = session.args.split_first() else {
        return usage(session);
    };
    let name = name.clone();
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => {
            let (words, operands) = getopt::read(rest, command.options, command.longs);
            (command.run)(session, &Parsed { name: &name, words, operands })
        }
        None if usage::knows(&name) => die(session, &format!("{name} is not simulated")),
        None => {
            let program = session.program.clone();
            session.complain(format_args!("{program}: unknown subcommand '{name}'\n"));
            usage(session)
        }
    }
}

/// `show-link` inside a zone: the links that it has on loan.
pub(crate) fn show_link_in_zone(session: &mut Session<'_, '_>, zone: &ActiveZone, args: &[String]) -> Answer {
    let (words, operands) = getopt::read(args, ":pPsi:o:", SHOW);
    show::link_of(session, &Parsed { name: "show-link", words, operands }, Some(zone))
}

/// The usage text with every synopsis.
fn usage(session: &mut Session<'_, '_>) -> Answer {
    session.complain(format_args!("usage:  dladm <subcommand> <args> ...\n{}", usage::ALL));
    Ok(FAILED)
}

/// A message of dladm's, and its one failing status.
fn die(session: &mut Session<'_, '_>, message: &(impl Display + ?Sized)) -> Answer {
    let program = session.program.clone();
    session.complain(format_args!("{program}: {message}\n"));
    Ok(FAILED)
}

/// Goes on with the value, or dies with the message.
macro_rules! or_die {
    ($session:expr, $result:expr) => {
        match $result {
            Ok(value) => value,
            Err(message) => return $crate::dladm::die($session, &message),
        }
    };
}
use or_die;
