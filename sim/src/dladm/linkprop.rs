//! `show-linkprop`, `set-linkprop` and `reset-linkprop`.

use std::io;

use super::args::Given;
use super::getopt::Word;
use super::link::{self, Link};
use super::props::{self, Flags, Of};
use super::status::Fault;
use super::table::PROPS;
use super::{Parsed, die, or_die, usage};
use crate::session::{Answer, FAILED, OK, Session};
use crate::table::{self, Cell, Column, Request};

const COLUMNS: &[Column] = &[
    Column { name: "LINK", width: 13 },
    Column { name: "PROPERTY", width: 16 },
    Column { name: "PERM", width: 5 },
    Column { name: "VALUE", width: 15 },
    Column { name: "DEFAULT", width: 15 },
    Column { name: "POSSIBLE", width: 20 },
];

/// One use of `-p`.
fn take(given: &mut Given, text: &str) -> Result<(), String> {
    given.push(text).map_err(|held| format!("property list too long '{held}'"))
}

pub(super) fn set(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    change(session, parsed, false)
}

pub(super) fn reset(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    change(session, parsed, true)
}

fn change(session: &mut Session<'_, '_>, parsed: &Parsed<'_>, reset: bool) -> Answer {
    let mut given = Given::default();
    let (mut temporary, mut root) = (false, false);
    for word in &parsed.words {
        match word {
            Word::Option('p', text) => or_die!(session, take(&mut given, text)),
            Word::Option('t', _) => temporary = true,
            Word::Option('R', _) => root = true,
            bad => return parsed.refuse(session, bad),
        }
    }
    let [name] = &parsed.operands[..] else { return usage(session) };
    let malformed = "invalid link properties specified";
    let list = match (given.is_empty(), reset) {
        (true, true) => None,
        (true, false) => return die(session, "link property must be specified"),
        (false, true) => match given.names() {
            Some(names) => Some(names.into_iter().map(|name| (name, None)).collect::<Vec<_>>()),
            None => return die(session, malformed),
        },
        (false, false) => match given.parse() {
            Some(list) => Some(list.into_iter().map(|found| (found.name, Some(found.values))).collect()),
            None => return die(session, malformed),
        },
    };
    if root {
        return die(session, "-R is not simulated");
    }
    let _lock = session.machine.lock("links")?;
    let Some(mut found) = link::find(session.machine, name)? else {
        return die(session, &format!("link {name} is not valid: {}", Fault::NotFound.text()));
    };
    let flags = Flags { active: true, persistent: !temporary };
    let last = match list {
        None => reset_all(session, &mut found, flags)?,
        Some(list) => {
            let mut last = Ok(());
            for (name, values) in list {
                last = change_one(session, &mut found, &name, values.as_deref(), flags)?;
            }
            last
        }
    };
    link::put(session.machine, &found)?;
    // Nothing is undone, and the last property decides [list-set-bad-first, list-set-bad-second].
    Ok(if last.is_ok() { OK } else { FAILED })
}

fn change_one(
    session: &mut Session<'_, '_>,
    link: &mut Link,
    name: &str,
    values: Option<&[String]>,
    flags: Flags,
) -> io::Result<Result<(), Fault>> {
    if values.is_some_and(<[String]>::is_empty) {
        warn(session, &format!("no value specified for '{name}'"));
        return Ok(Err(Fault::BadArg));
    }
    let done = props::set(session.machine, link, name, values, flags)?;
    let verb = if values.is_some() { "set" } else { "reset" };
    if let Err(fault) = done {
        let plain = format!("cannot {verb} link property '{name}' on '{}': {}", link.name, fault.text());
        let text = match fault {
            Fault::NotFound => format!("invalid link property '{name}'"),
            Fault::BadValue => match props::get(session.machine, link, name, Of::Possible)? {
                Ok(possible) => format!("link property '{name}' must be one of: {}", possible.join(",")),
                Err(_) => format!("cannot set link property '{name}' on '{}': {}", link.name, fault.text()),
            },
            _ => plain,
        };
        warn(session, &text);
    }
    Ok(done)
}

/// Every property that the link has. `zone` cannot be reset on record and the rings not at all, so this always fails
/// [reset-all-v0].
fn reset_all(session: &mut Session<'_, '_>, link: &mut Link, flags: Flags) -> io::Result<Result<(), Fault>> {
    let mut last = Ok(());
    let class = link.class;
    for prop in PROPS.iter().filter(|prop| prop.applies(class)) {
        match props::set(session.machine, link, prop.name, None, flags)? {
            Ok(()) | Err(Fault::ReadOnly | Fault::NotSupported) => {}
            Err(fault) => {
                let name = &link.name;
                warn(session, &format!("cannot reset link property '{}' on '{name}': {}", prop.name, fault.text()));
                last = Err(fault);
            }
        }
    }
    Ok(last)
}

fn warn(session: &mut Session<'_, '_>, text: &str) {
    let program = session.program.clone();
    session.complain(format_args!("{program}: warning: {text}\n"));
}

/// State of a listing from row to row (dladm's show_linkprop_state).
struct State {
    parsable: bool,
    persistent: bool,
    /// Properties were asked for by name, so that failures are reported.
    named: bool,
    /// The property read last failed: the next failure in the same row is not reported again.
    failing: bool,
    failed: bool,
}

pub(super) fn show(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut given = Given::default();
    let (mut parsable, mut persistent, mut fields) = (false, false, None);
    for word in &parsed.words {
        match word {
            Word::Option('p', text) => or_die!(session, take(&mut given, text)),
            Word::Option('c', _) => parsable = true,
            Word::Option('P', _) => persistent = true,
            Word::Option('o', text) => fields = Some(text.as_str()),
            bad => return parsed.refuse(session, bad),
        }
    }
    let links = match &parsed.operands[..] {
        [] => link::all(session.machine)?,
        [name] => match link::find(session.machine, name)? {
            Some(found) => vec![found],
            None => return die(session, &format!("link {name} is not valid: {}", Fault::NotFound.text())),
        },
        _ => return usage(session),
    };
    let names = match (given.is_empty(), given.names()) {
        (true, _) => None,
        (false, Some(names)) => Some(names),
        (false, None) => return die(session, "invalid link properties specified"),
    };
    let request = Request { columns: COLUMNS, parsable, fields, wrap: !parsable };
    let mut output = match table::open(session, &request) {
        Ok(output) => output,
        Err(status) => return Ok(status),
    };
    let mut state = State { parsable, persistent, named: names.is_some(), failing: false, failed: false };
    // Of a link that is not there, or not on record, nothing is printed [linkprop-P-mtu-t0].
    for link in links.iter().filter(|link| if persistent { link.persistent } else { link.active }) {
        state.failing = false;
        match &names {
            Some(names) => {
                for name in names {
                    show_one(session, &mut output, &mut state, link, name)?;
                }
            }
            None => {
                for prop in PROPS.iter().filter(|prop| prop.applies(link.class)) {
                    show_one(session, &mut output, &mut state, link, prop.name)?;
                }
                if persistent {
                    for (name, _) in link.recorded.iter().filter(|(name, _)| name.starts_with('_')) {
                        show_one(session, &mut output, &mut state, link, name)?;
                    }
                }
            }
        }
    }
    output.flush(session);
    Ok(if state.failed { FAILED } else { OK })
}

fn show_one(
    session: &mut Session<'_, '_>,
    output: &mut table::Output,
    state: &mut State,
    link: &Link,
    name: &str,
) -> io::Result<()> {
    // In a table, what can be read neither as it is nor as it was made is left out, unless it was asked for.
    if !state.parsable
        && !state.named
        && props::get(session.machine, link, name, Of::Default)?.is_err()
        && props::get(session.machine, link, name, Of::Current)?.is_err()
    {
        return Ok(());
    }
    let mut cells = Vec::new();
    for column in output.columns().to_vec() {
        let of = match column.name {
            "LINK" => {
                cells.push(Cell::Text(link.name.clone()));
                continue;
            }
            "PROPERTY" => {
                cells.push(Cell::Text(name.to_owned()));
                continue;
            }
            "PERM" => Of::Permission,
            "VALUE" if state.persistent => Of::Persistent,
            "VALUE" => Of::Current,
            "DEFAULT" => Of::Default,
            _ => Of::Possible,
        };
        cells.push(cell(session, state, link, name, of)?);
    }
    output.row(&cells);
    Ok(())
}

/// One field (dladm's print_linkprop).
fn cell(session: &mut Session<'_, '_>, state: &mut State, link: &Link, name: &str, of: Of) -> io::Result<Cell> {
    let values = match props::get(session.machine, link, name, of)? {
        Ok(values) => values,
        // The one thing that is not on record: the zone.
        Err(Fault::TempOnly) => {
            state.failing = true;
            return Ok(Cell::Unknown);
        }
        Err(Fault::NotDefined) => vec![String::new()],
        Err(fault) if fault == Fault::NotSupported || state.persistent => match of {
            Of::Current | Of::Permission => vec!["--".into()],
            _ => vec![String::new()],
        },
        Err(fault) => {
            if state.named && !state.failing {
                warn(session, &format!("cannot get link property '{name}' for {}: {}", link.name, fault.text()));
            }
            state.failing = true;
            state.failed = true;
            return Ok(Cell::Unknown);
        }
    };
    state.failing = false;
    let shown =
        values.into_iter().map(|value| if value.is_empty() && !state.parsable { "--".to_owned() } else { value });
    let text = shown.collect::<Vec<_>>().join(",");
    // The last column of a table is printed with a blank after it [linkprop-v0].
    Ok(Cell::Text(if of == Of::Possible && !state.parsable { format!("{text} ") } else { text }))
}
