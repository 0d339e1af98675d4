//! `svcs`: the services of a running zone, asked from inside it or, with `-z`, from the global zone. Those of the global zone itself are
//! not played.
//!
//! A zone that has just booted runs long before its services are up: its first answer is that its repository is not there yet, its
//! second that they are still starting.
//!
//! [source: svcs.c, svcs(1)]

use std::fs;

use super::kernel::{self, ActiveZone};
use super::machine::component;
use super::options::parse;
use super::session::{Answer, FAILED, OK, Session, USAGE};
use super::{Machine, ZoneState};

/// Services that are online in any zone that runs.
const SERVICES: &[&str] = &[
    "svc:/milestone/multi-user-server:default",
    "svc:/milestone/multi-user:default",
    "svc:/milestone/name-services:default",
    "svc:/milestone/network:default",
    "svc:/milestone/single-user:default",
    "svc:/network/ssh:default",
    "svc:/system/boot-archive:default",
    "svc:/system/console-login:default",
    "svc:/system/filesystem/local:default",
    "svc:/system/identity:node",
    "svc:/system/sysding:system",
    "svc:/system/system-log:default",
];

const OPTIONS: &str = "Hao:xvz:";

pub(crate) fn run(session: &mut Session<'_, '_>) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    let args = session.args.clone();
    let Ok(options) = parse(&args, OPTIONS, &[]) else {
        session.complain(format_args!("svcs: illegal option\n"));
        return Ok(USAGE);
    };
    let Some(zone) = options.value('z') else {
        session.complain(format_args!("svcs: not simulated: the services of the global zone\n"));
        return Ok(FAILED);
    };
    let running = kernel::find(session.machine, zone)?.filter(|zone| zone.state == ZoneState::Running);
    let Some(zone) = running.filter(|zone| zone.brand != "lx") else {
        return unbound(session);
    };
    match progress(session.machine, &zone)? {
        0 => unbound(session),
        1 => list(session, &args, "offline"),
        _ => list(session, &args, "online"),
    }
}

fn unbound(session: &mut Session<'_, '_>) -> Answer {
    session
        .complain(format_args!("svcs: Could not bind to repository server: repository server unavailable. Exiting.\n"));
    Ok(FAILED)
}

/// How often the zone has been asked since it booted.
fn progress(machine: &Machine, zone: &ActiveZone) -> std::io::Result<u64> {
    let file = machine.own("services").join(component(&zone.name));
    let known = fs::read_to_string(&file).unwrap_or_default();
    let known = known.split_once(' ').filter(|(serial, _)| serial.parse() == Ok(zone.serial));
    let asked = known.and_then(|(_, asked)| asked.parse().ok()).unwrap_or(0);
    fs::create_dir_all(machine.own("services"))?;
    fs::write(&file, format!("{} {}", zone.serial, asked + 1))?;
    Ok(asked)
}

/// Lists the services of a zone that runs, all in this state.
pub(crate) fn list(session: &mut Session<'_, '_>, args: &[String], state: &str) -> Answer {
    let Ok(options) = parse(args, OPTIONS, &[]) else {
        session.complain(format_args!("svcs: illegal option\n"));
        return Ok(USAGE);
    };
    if options.has('x') {
        return Ok(OK);
    }
    let fields: Vec<&str> = options.value('o').unwrap_or("state,stime,fmri").split(',').collect();
    let matches = |fmri: &str, pattern: &str| {
        let stem = fmri.trim_start_matches("svc:/");
        let instance = stem.rsplit_once(':').map_or(stem, |(stem, _)| stem);
        [fmri, stem, instance].contains(&pattern) || instance.rsplit('/').next() == Some(pattern)
    };
    let mut text = String::new();
    if !options.has('H') {
        text.push_str("STATE          STIME    FMRI\n");
    }
    let mut status = OK;
    for pattern in &options.operands {
        if !SERVICES.iter().any(|fmri| matches(fmri, pattern)) {
            session.complain(format_args!("svcs: Pattern '{pattern}' doesn't match any instances\n"));
            status = FAILED;
        }
    }
    let wanted =
        |fmri: &str| options.operands.is_empty() || options.operands.iter().any(|pattern| matches(fmri, pattern));
    for fmri in SERVICES.iter().filter(|fmri| wanted(fmri)) {
        let row: Vec<String> = fields
            .iter()
            .map(|field| match *field {
                "state" | "s" | "nstate" => {
                    if fields.len() == 1 {
                        state.to_owned()
                    } else {
                        format!("{state:<14}")
                    }
                }
                "stime" => format!("{:<8}", "12:00:00"),
                "fmri" => (*fmri).to_owned(),
                _ => "-".to_owned(),
            })
            .collect();
        text.push_str(&format!("{}\n", row.join(" ")));
    }
    session.say(format_args!("{text}"));
    Ok(status)
}
