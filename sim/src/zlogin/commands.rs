//! Commands that are simulated inside a zone.
//!
//! [source: zlogin.c; what the commands themselves print: their sources and manuals]

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::devices;
use crate::kernel::{self, ActiveZone};
use crate::session::{Answer, FAILED, Halt, OK, Session, USAGE};
use crate::{Machine, Status, dladm, ipadm, pkg, svcs};

/// Effect of a command on the shell's text that it is in.
pub(super) enum Ended {
    /// The next command of the text runs.
    Went(Status),
    /// The text ends.
    Left(Status),
    /// Another text runs first (`sh -c TEXT`); after `exec`, this one ends with it.
    Text { text: String, last: bool },
}

const NOT_FOUND: Status = Status::Exited(127);

pub(super) fn run(
    session: &mut Session<'_, '_>,
    zone: &ActiveZone,
    words: &[String],
    no_input: bool,
) -> std::io::Result<Ended> {
    let Some((program, args)) = words.split_first() else { return Ok(Ended::Went(OK)) };
    let name = program.rsplit('/').next().unwrap_or_default();
    let went = match (name, args) {
        ("exit", []) => return Ok(Ended::Left(OK)),
        ("exit", [status, ..]) => {
            let status = status.parse::<i64>().map_or(USAGE, |status| Status::Exited((status & 0xff) as i32));
            return Ok(Ended::Left(status));
        }
        ("exec", rest) if !rest.is_empty() => {
            return Ok(match run(session, zone, rest, no_input)? {
                Ended::Went(status) | Ended::Left(status) => Ended::Left(status),
                Ended::Text { text, .. } => Ended::Text { text, last: true },
            });
        }
        ("true" | ":" | "sync", _) => Ok(OK),
        ("false", _) => Ok(FAILED),
        ("echo", args) => say(session, &args.join(" ")),
        ("hostname" | "uname", []) if name == "hostname" => {
            let nodename = node_name(session.machine, zone);
            say(session, &nodename)
        }
        ("uname", [flag]) if flag == "-n" => {
            let nodename = node_name(session.machine, zone);
            say(session, &nodename)
        }
        ("uname", []) => say(session, "SunOS"),
        ("uname", [flag]) if flag == "-s" => say(session, "SunOS"),
        ("zonename", []) => say(session, &zone.name),
        ("whoami", []) => say(session, "root"),
        ("id", [flag]) if flag == "-u" => say(session, "0"),
        ("id", [flag]) if flag == "-un" => say(session, "root"),
        ("pwd", []) => say(session, "/root"),
        ("sh" | "bash" | "ksh" | "ksh93", [flag, text, ..]) if flag == "-c" => {
            return Ok(Ended::Text { text: text.clone(), last: false });
        }
        ("sleep", [seconds]) => sleep(session, seconds),
        ("cat", []) => forward(session, no_input),
        ("cat", files) => cat(session, zone, files),
        ("ls", files) if files.iter().all(|file| !file.starts_with('-')) => list(session, zone, files),
        ("test" | "[", args) => test(session, zone, name, args),
        ("svcs", args) => svcs::list(session, args, "online"),
        ("ipadm", args) if zone.brand != "lx" => {
            if !zone.exclusive && args.first().is_some_and(|command| !command.starts_with("show")) {
                session.complain(format_args!("ipadm: operation not supported in a zone of shared IP type\n"));
                return Ok(Ended::Went(FAILED));
            }
            let stack = ipadm::Stack::of_zone(session.machine, zone);
            ipadm::run_at(session, &stack, args)
        }
        ("dladm", [command, rest @ ..]) if command == "show-link" => dladm::show_link_in_zone(session, zone, rest),
        ("pkg", args) => {
            let root = format!("{}/root", zone.zonepath);
            pkg::run_at(session, &root, args)
        }
        ("route", args) => route(session, args),
        ("shutdown" | "init" | "halt" | "poweroff" | "reboot", args) => return stop(session, zone, name, args),
        ("zonecfg", _) => {
            session.complain(format_args!("zonecfg can only be run from the global zone.\n"));
            Ok(FAILED)
        }
        _ => {
            session.complain(format_args!("sh: {program}: not found\n"));
            Ok(NOT_FOUND)
        }
    };
    went.map(Ended::Went)
}

fn say(session: &mut Session<'_, '_>, line: &str) -> Answer {
    session.say(format_args!("{line}\n"));
    Ok(OK)
}

fn node_name(machine: &Machine, zone: &ActiveZone) -> String {
    let text = fs::read_to_string(inside(machine, zone, "/etc/nodename").unwrap_or_default()).unwrap_or_default();
    let name = text.trim();
    if name.is_empty() { zone.name.clone() } else { name.to_owned() }
}

/// Returns the path of a file of the zone on the machine; none if it leaves the zone's root by `..` or a symbolic link.
fn inside(machine: &Machine, zone: &ActiveZone, path: &str) -> Option<PathBuf> {
    let root = machine.path(&zone.zonepath).join("root");
    let mut place = root.clone();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/root/{path}") };
    for component in Path::new(&path).components() {
        match component {
            Component::Normal(name) => place.push(name),
            Component::ParentDir => return None,
            _ => {}
        }
    }
    let real = fs::canonicalize(&place).unwrap_or_else(|_| place.clone());
    let root = fs::canonicalize(&root).unwrap_or(root);
    (real.starts_with(&root) || place.starts_with(&root) && !place.exists()).then_some(place)
}

fn sleep(session: &mut Session<'_, '_>, seconds: &str) -> Answer {
    let Some(length) = seconds.parse().ok().and_then(|s: f64| Duration::try_from_secs_f64(s).ok()) else {
        session.complain(format_args!("sleep: bad character in argument\n"));
        return Ok(USAGE);
    };
    match session.wait(length) {
        Ok(()) => Ok(OK),
        Err(Halt::Interrupted) => Ok(Status::Signalled(2)),
        Err(Halt::Fault(status)) => Ok(Status::Exited(status)),
    }
}

fn forward(session: &mut Session<'_, '_>, no_input: bool) -> Answer {
    if no_input {
        return Ok(OK);
    }
    let mut buffer = [0; 4096];
    loop {
        let length = session.call.stdin.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        session.out.stdout(&buffer[..length]);
    }
    Ok(OK)
}

fn cat(session: &mut Session<'_, '_>, zone: &ActiveZone, files: &[String]) -> Answer {
    let mut status = OK;
    for file in files {
        let place = inside(session.machine, zone, file);
        let contents = place.and_then(|place| {
            let mut bytes = Vec::new();
            fs::File::open(place).ok()?.read_to_end(&mut bytes).ok()?;
            Some(bytes)
        });
        match contents {
            Some(bytes) => session.out.stdout(&bytes),
            None => {
                session.complain(format_args!("cat: {file}: No such file or directory\n"));
                status = FAILED;
            }
        }
    }
    Ok(status)
}

fn list(session: &mut Session<'_, '_>, zone: &ActiveZone, files: &[String]) -> Answer {
    let mut status = OK;
    let here = ["/root".to_owned()];
    for file in if files.is_empty() { &here[..] } else { files } {
        if devices::is_volume_path(file) {
            match devices::listed(&devices::volumes(session.machine, zone)?, file) {
                Some(names) => names.iter().for_each(|name| session.say(format_args!("{name}\n"))),
                None => {
                    session.complain(format_args!("{file}: No such file or directory\n"));
                    status = USAGE;
                }
            }
            continue;
        }
        let place = inside(session.machine, zone, file);
        match place.as_ref().map(|place| (place.is_dir(), place)) {
            Some((true, place)) => {
                let mut names: Vec<String> = fs::read_dir(place)?
                    .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                    .filter(|name| !name.starts_with('.'))
                    .collect();
                names.sort();
                names.iter().for_each(|name| session.say(format_args!("{name}\n")));
            }
            Some((false, place)) if place.exists() => session.say(format_args!("{file}\n")),
            _ => {
                session.complain(format_args!("{file}: No such file or directory\n"));
                status = USAGE;
            }
        }
    }
    Ok(status)
}

fn test(session: &mut Session<'_, '_>, zone: &ActiveZone, name: &str, args: &[String]) -> Answer {
    let args = if name == "[" { args.split_last().map_or(args, |(_, rest)| rest) } else { args };
    let holds = match args {
        [flag, file] if devices::is_volume_path(file) => {
            let nodes = devices::volumes(session.machine, zone)?;
            let is_node = nodes.contains(file);
            match flag.as_str() {
                "-e" => devices::listed(&nodes, file).is_some(),
                "-d" => !is_node && devices::listed(&nodes, file).is_some(),
                "-b" => is_node && file.starts_with("/dev/zvol/dsk/"),
                "-c" => is_node && file.starts_with("/dev/zvol/rdsk/"),
                "-f" => false,
                "-n" => true,
                "-z" => false,
                _ => return Ok(USAGE),
            }
        }
        [flag, file] => {
            let place = inside(session.machine, zone, file);
            match flag.as_str() {
                "-e" => place.is_some_and(|place| place.exists()),
                "-f" => place.is_some_and(|place| place.is_file()),
                "-d" => place.is_some_and(|place| place.is_dir()),
                "-n" => !file.is_empty(),
                "-z" => file.is_empty(),
                _ => return Ok(USAGE),
            }
        }
        [left, operator, right] if operator == "=" => left == right,
        [left, operator, right] if operator == "!=" => left != right,
        [word] => !word.is_empty(),
        _ => return Ok(USAGE),
    };
    Ok(if holds { OK } else { FAILED })
}

fn route(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let persistent = args.iter().any(|arg| arg == "-p");
    let words: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let [command, network, gateway] = words[..] else {
        session.complain(format_args!("route: not played by this machine\n"));
        return Ok(FAILED);
    };
    session.say(format_args!("{command} net {network}: gateway {gateway}\n"));
    if persistent {
        session.say(format_args!("{command} persistent net {network}: gateway {gateway}\n"));
    }
    Ok(OK)
}

/// Stops the zone from within. Its links return to the host as soon as it is down.
fn stop(session: &mut Session<'_, '_>, zone: &ActiveZone, name: &str, args: &[String]) -> std::io::Result<Ended> {
    let again = name == "reboot" || args.iter().any(|arg| arg == "-i6" || arg == "6");
    let single = args.iter().any(|arg| matches!(arg.as_str(), "-is" | "s" | "S" | "1" | "2" | "3"));
    if single {
        return Ok(Ended::Went(OK));
    }
    let machine = session.machine;
    if again {
        crate::ipadm::boot_zone(machine, zone)?;
        let (id, serial) = kernel::next_id(machine)?;
        kernel::put(machine, &ActiveZone { id, serial, ..zone.clone() })?;
    } else {
        kernel::remove(machine, &zone.name)?;
        for link in &zone.links {
            dladm::link::given_back(machine, &link.name, &zone.name)?;
        }
    }
    // All processes of the zone were killed, and the login with them.
    Ok(Ended::Left(Status::Signalled(9)))
}
