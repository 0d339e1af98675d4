//! `svcs`: the services of the global zone and of a running zone, the latter asked from inside it or, with `-z`, from the global zone.
//!
//! The global zone has, beside those of every zone, the services whose manifests lie below /lib/svc/manifest.
//!
//! A zone that has just booted runs long before its services are up: its first answer is that its repository is not there yet, its
//! second that they are still starting.
//!
//! [source: svcs.c, svcs(1); manifest-import, service_bundle.dtd.1 for manifests]

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
        let services = host_services(session.machine)?;
        return list_of(session, &args, &services);
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

/// Returns the number of queries of the zone since it booted.
fn progress(machine: &Machine, zone: &ActiveZone) -> std::io::Result<u64> {
    let file = machine.own("services").join(component(&zone.name));
    let known = fs::read_to_string(&file).unwrap_or_default();
    let known = known.split_once(' ').filter(|(serial, _)| serial.parse() == Ok(zone.serial));
    let asked = known.and_then(|(_, asked)| asked.parse().ok()).unwrap_or(0);
    fs::create_dir_all(machine.own("services"))?;
    fs::write(&file, format!("{} {}", zone.serial, asked + 1))?;
    Ok(asked)
}

/// Services of the global zone: those of every zone, and those of its manifests. One that is enabled is online.
fn host_services(machine: &Machine) -> std::io::Result<Vec<(String, &'static str)>> {
    let everywhere = SERVICES.iter().chain(&["svc:/system/zones:default"]);
    let mut services: Vec<(String, &'static str)> = everywhere.map(|fmri| ((*fmri).to_owned(), "online")).collect();
    let mut directories = vec![machine.path("lib/svc/manifest")];
    while let Some(directory) = directories.pop() {
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for path in entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()? {
            match path.is_dir() {
                true => directories.push(path),
                false => services.extend(manifest(&fs::read_to_string(&path).unwrap_or_default())),
            }
        }
    }
    services.sort();
    Ok(services)
}

/// The instances that a manifest describes. One that cannot be read describes none.
fn manifest(text: &str) -> Vec<(String, &'static str)> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let Ok(document) = roxmltree::Document::parse_with_options(text, options) else { return Vec::new() };
    let mut services = Vec::new();
    for service in document.descendants().filter(|node| node.has_tag_name("service")) {
        let name = service.attribute("name").unwrap_or_default();
        for node in service.children() {
            let instance = match node.tag_name().name() {
                "create_default_instance" => "default",
                "instance" => node.attribute("name").unwrap_or_default(),
                _ => continue,
            };
            let state = if node.attribute("enabled") == Some("true") { "online" } else { "disabled" };
            services.push((format!("svc:/{name}:{instance}"), state));
        }
    }
    services
}

/// Lists the services of a zone that runs, all in this state.
pub(crate) fn list(session: &mut Session<'_, '_>, args: &[String], state: &'static str) -> Answer {
    let services: Vec<(String, &'static str)> = SERVICES.iter().map(|fmri| ((*fmri).to_owned(), state)).collect();
    list_of(session, args, &services)
}

fn list_of(session: &mut Session<'_, '_>, args: &[String], services: &[(String, &'static str)]) -> Answer {
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
        if !services.iter().any(|(fmri, _)| matches(fmri, pattern)) {
            session.complain(format_args!("svcs: Pattern '{pattern}' doesn't match any instances\n"));
            status = FAILED;
        }
    }
    let wanted =
        |fmri: &str| options.operands.is_empty() || options.operands.iter().any(|pattern| matches(fmri, pattern));
    for (fmri, state) in services.iter().filter(|(fmri, _)| wanted(fmri)) {
        let row: Vec<String> = fields
            .iter()
            .map(|field| match *field {
                "state" | "s" | "nstate" => {
                    if fields.len() == 1 {
                        (*state).to_owned()
                    } else {
                        format!("{state:<14}")
                    }
                }
                "stime" => format!("{:<8}", "12:00:00"),
                "fmri" => fmri.clone(),
                _ => "-".to_owned(),
            })
            .collect();
        text.push_str(&format!("{}\n", row.join(" ")));
    }
    session.say(format_args!("{text}"));
    Ok(status)
}
