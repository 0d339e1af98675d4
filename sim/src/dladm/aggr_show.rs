//! `show-aggr`: aggregations, their ports, and what their ports agreed on. [source: do_show_aggr of dladm.c, aggr_lacp.c]
//!
//! The switch at the other end speaks LACP when it is asked: the ports of an aggregation that asks are in step with it.

use std::io;

use super::aggr;
use super::aggr_settings::{ADDRESS, MODE, POLICY, TIMER};
use super::getopt::Word;
use super::link::{self, Class, Link};
use super::mac::Mac;
use super::status::Fault;
use super::value::whole_number;
use super::{Parsed, die, or_die, usage};
use crate::Machine;
use crate::session::{Answer, Session};
use crate::table::{self, Column, Request, column};

const GROUPS: &[Column] = &[
    column("LINK", 16),
    column("POLICY", 9),
    column("ADDRPOLICY", 21),
    column("LACPACTIVITY", 14),
    column("LACPTIMER", 12),
    column("FLAGS", 8),
];
const PORTS: &[Column] = &[
    column("LINK", 12),
    column("PORT", 15),
    column("SPEED", 5),
    column("DUPLEX", 10),
    column("STATE", 10),
    column("ADDRESS", 19),
    column("PORTSTATE", 16),
];
const LACP: &[Column] = &[
    column("LINK", 12),
    column("PORT", 13),
    column("AGGREGATABLE", 13),
    column("SYNC", 5),
    column("COLL", 5),
    column("DIST", 5),
    column("DEFAULTED", 10),
    column("EXPIRED", 15),
];

/// The address policy is cut to what its buffer holds.
const LONGEST_ADDRESS: usize = 20;

/// The options, in the order in which messages name them.
#[derive(Default)]
struct Options<'a> {
    lacp: bool,
    parsable: bool,
    extended: bool,
    persistent: bool,
    statistics: bool,
    interval: bool,
    fields: Option<&'a str>,
}

impl<'a> Options<'a> {
    fn take(&mut self, letter: char, text: &'a str) -> Result<(), String> {
        let field = match letter {
            'L' => &mut self.lacp,
            'p' => &mut self.parsable,
            'x' => &mut self.extended,
            'P' => &mut self.persistent,
            's' => &mut self.statistics,
            'i' => &mut self.interval,
            _ => {
                self.fields = Some(text);
                return Ok(());
            }
        };
        if *field {
            return Err(format!("the option -{letter} cannot be specified more than once"));
        }
        *field = true;
        if letter == 'i' && whole_number(text).is_none_or(|seconds| !(1..=i64::from(u32::MAX)).contains(&seconds)) {
            return Err(format!("invalid interval value '{text}'"));
        }
        Ok(())
    }

    /// Refuses options that do not go together.
    fn check(&self) -> Result<(), String> {
        let all = self.fields.is_some_and(|fields| fields.eq_ignore_ascii_case("all"));
        let chosen = [('L', self.lacp), ('p', self.parsable), ('x', self.extended), ('P', self.persistent)];
        let first = |letters: &str| {
            let mut given = chosen.iter().filter(|(letter, given)| *given && letters.contains(*letter));
            given.next().map(|(letter, _)| *letter)
        };
        if self.parsable && self.fields.is_none() {
            return Err("-p requires -o".into());
        }
        if self.parsable && all {
            return Err("\"-o all\" is invalid with -p".into());
        }
        if self.interval && !self.statistics {
            return Err("the option -i can be used only with -s".into());
        }
        let pairs = [(self.statistics, "LpxP", 's'), (self.lacp, "P", 'L'), (self.extended, "LP", 'x')];
        match pairs.iter().filter(|(given, ..)| *given).find_map(|(_, letters, with)| Some((first(letters)?, with))) {
            Some((letter, with)) => Err(format!("the option -{letter} cannot be used with -{with}")),
            None => Ok(()),
        }
    }
}

/// A row: an aggregation, or one of its ports.
struct Row<'a> {
    aggr: &'a Link,
    /// Its place among the ports, and the port itself.
    port: Option<(usize, Link)>,
}

pub(super) fn show(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut options = Options::default();
    for word in &parsed.words {
        match word {
            Word::Option(letter, text) => or_die!(session, options.take(*letter, text)),
            bad => return parsed.refuse(session, bad),
        }
    }
    or_die!(session, options.check());
    let machine = session.machine;
    let named = match &parsed.operands[..] {
        [] => None,
        [operand] => match aggr::named(machine, operand)? {
            Ok(found) => Some(found),
            Err(_) => return die(session, &format!("non-existent aggregation '{operand}'")),
        },
        _ => return usage(session),
    };
    let columns = if options.lacp {
        LACP
    } else if options.extended {
        PORTS
    } else {
        GROUPS
    };
    let request = Request { columns, parsable: options.parsable, fields: options.fields, wrap: false };
    let output = match table::open(session, &request) {
        Ok(output) => output,
        Err(status) => return Ok(status),
    };
    if options.statistics {
        return die(session, "the statistics of aggregations are not simulated");
    }
    let is_shown =
        |link: &Link| link.class == Class::Aggr && if options.persistent { link.persistent } else { link.active };
    let aggrs = match named {
        Some(found) if !is_shown(&found) => {
            return die(session, &format!("failed to show aggr {}: {}", parsed.operands[0], Fault::NotFound.text()));
        }
        Some(found) => vec![found],
        None => link::all(machine)?.into_iter().filter(is_shown).collect(),
    };
    let rows = rows(machine, &options, &aggrs)?;
    output.print(session, &rows, |row, column| value(row, column, &options))
}

fn rows<'a>(machine: &Machine, options: &Options<'_>, aggrs: &'a [Link]) -> io::Result<Vec<Row<'a>>> {
    let mut rows = Vec::new();
    for aggr in aggrs {
        if !options.lacp {
            rows.push(Row { aggr, port: None });
        }
        if options.lacp || options.extended {
            for (at, name) in aggr.over.iter().enumerate() {
                rows.extend(link::find(machine, name)?.map(|port| Row { aggr, port: Some((at, port)) }));
            }
        }
    }
    Ok(rows)
}

fn value(row: &Row<'_>, column: &str, options: &Options<'_>) -> String {
    let aggr = row.aggr;
    let set = |name: &str| if options.persistent { aggr.on_record(name) } else { aggr.prop(name) };
    let asks = set(MODE).is_some_and(|mode| mode != "off");
    let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
    match (column, &row.port) {
        ("LINK", Some((0, _))) | ("LINK", None) if options.lacp || row.port.is_none() => aggr.name.clone(),
        ("LINK", Some(_)) if options.lacp => String::new(),
        // The row of the aggregation has a blank here, which is not an empty field.
        ("LINK", Some(_)) if !options.parsable => " ".into(),
        ("LINK", _) => aggr.name.clone(),
        ("POLICY", _) => set(POLICY).unwrap_or("L4").into(),
        ("ADDRPOLICY", _) => match set(ADDRESS) {
            Some(address) => format!("fixed ({address})").chars().take(LONGEST_ADDRESS).collect(),
            None => "auto".into(),
        },
        ("LACPACTIVITY", _) => set(MODE).unwrap_or("off").into(),
        ("LACPTIMER", _) => set(TIMER).unwrap_or("short").into(),
        ("FLAGS", _) => if aggr.force { "f----" } else { "-----" }.into(),
        ("PORT", Some((_, port))) => port.name.clone(),
        ("SPEED", _) => "1000Mb".into(),
        ("DUPLEX", _) => "full".into(),
        ("STATE", _) => "up".into(),
        ("ADDRESS", Some((_, port))) => port.mac.unwrap_or(Mac::ZERO).shown(),
        ("ADDRESS", None) => aggr.mac.unwrap_or(Mac::ZERO).shown(),
        ("PORTSTATE", Some(_)) => "attached".into(),
        ("AGGREGATABLE", _) => yes(true),
        ("SYNC" | "COLL" | "DIST", _) => yes(asks),
        ("DEFAULTED" | "EXPIRED", _) => yes(false),
        _ => String::new(),
    }
}
