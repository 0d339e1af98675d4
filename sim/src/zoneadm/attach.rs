//! `zoneadm attach`, and the attach hook of the brands that have packages.
//!
//! [source: attach_func of zoneadm.c, attach of ipkg and sparse; recorded: kind `hook-attach-options`]

use std::fs;
use std::io;

use super::getopt::Getopt;
use super::hooks::image;
use super::play::{self, Hook};
use super::script::End;
use super::{
    ALREADY_INSTALLED, DETACHED, Rule, Target, UNINSTALL_FIRST, brand, complain, errno, find_zone, lock, no_brand,
    or_return, sanity, set_state, usage, verify, zonepath,
};
use crate::ZoneState;
use crate::document::Document;
use crate::index::State;
use crate::session::{Answer, FAILED, Halt, OK, Session};

const ATTACHED: &str = "SUNWattached.xml";

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let mut options = Getopt::quiet(args, "?Fn:U");
    let (mut force, mut help, mut forced_update, mut manifest) = (false, false, false, None);
    while let Some(option) = options.next(session) {
        match option.letter {
            'F' => force = true,
            'U' => forced_update = true,
            'n' => manifest = option.value,
            _ if option.written == '?' => {
                usage::of(session, "attach")?;
                help = true;
            }
            // For the brand.
            _ => {}
        }
    }
    if help {
        return ask_for_help(session, zone, args);
    }
    if let Some(manifest) = manifest {
        if force {
            let about = zone.map_or_else(String::new, |zone| format!("zone '{zone}': "));
            session.complain(format_args!("zoneadm: {about}-F and -n flags are mutually exclusive\n"));
            return Ok(FAILED);
        }
        return dry_run(session, zone.unwrap_or_default(), &manifest);
    }
    let refused: &[_] = match forced_update {
        true => &[(ZoneState::Installed, ALREADY_INSTALLED)],
        false => &[(ZoneState::Installed, ALREADY_INSTALLED), (ZoneState::Incomplete, UNINSTALL_FIRST)],
    };
    let rule = Rule { word: "attach", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if !verify::details(session, &target, "attach")? {
        return Ok(FAILED);
    }
    let Some(brand) = brand::open(session.machine, &target.brand) else { return Ok(no_brand(session, &target.name)) };
    let _lock = or_return!(lock(session, &target.name)?);
    let end = match brand.attach && !force {
        true => or_return!(play::run(session, Hook::Attach, &target, args)?),
        false => match session.middle() {
            Ok(()) => End::Done,
            Err(Halt::Fault(status @ 253..=255)) if brand.attach => End::of_status(status),
            Err(halt) => return Ok(halt.status()),
        },
    };
    match end {
        End::Done => {}
        End::Usage => return usage::of(session, "attach").map(|_| FAILED),
        _ => return Ok(FAILED),
    }
    if !zonepath::check(session, &target.name, &target.zonepath, "attach")? {
        session.complain(format_args!("could not verify zonepath {} because of the above errors.\n", target.zonepath));
        return Ok(FAILED);
    }
    forget_detached(session, &target, force)?;
    or_return!(set_state(session, &target.name, State::Installed));
    Ok(OK)
}

fn ask_for_help(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Some(zone) = zone else {
        // [recorded: usage-nozone-attach-q]
        session.complain(format_args!("zoneadm: (null): could not get zone path: Invalid argument\n"));
        return Ok(FAILED);
    };
    let target = find_zone(session.machine, zone);
    let brand = target.as_ref().and_then(|target| brand::open(session.machine, &target.brand));
    let (Some(target), Some(brand)) = (target, brand) else { return Ok(no_brand(session, zone)) };
    if !brand.attach {
        return Ok(OK);
    }
    let end = or_return!(play::run(session, Hook::Attach, &target, args)?);
    Ok(if end == End::Done { OK } else { FAILED })
}

/// `attach -n PATH` judges a manifest. [recorded: attach-oi-ipkg-n-file]
fn dry_run(session: &mut Session<'_, '_>, zone: &str, path: &str) -> Answer {
    let bytes = match path {
        "-" => {
            let mut bytes = Vec::new();
            session.call.stdin.read_to_end(&mut bytes)?;
            bytes
        }
        path => match fs::read(image::locate(session.machine, path)) {
            Ok(bytes) => bytes,
            Err(error) => {
                complain(session, zone, format_args!("could not open manifest path {path}: {}", errno(&error)));
                return Ok(FAILED);
            }
        },
    };
    let fault = match Document::parse(&bytes) {
        Ok(_) => return Ok(OK),
        Err(_) if path == "-" => "Input is not a valid XML file".to_owned(),
        Err(_) if bytes.starts_with(b"<?xml") => {
            "Cannot attach to an earlier release of the operating system".to_owned()
        }
        Err(_) => format!("{} is not an XML file", image::shown(session.machine, path)),
    };
    complain(session, zone, format_args!("{fault}"));
    Ok(FAILED)
}

/// The manifest of the detach is no longer needed; a forced attach keeps it under another name.
fn forget_detached(session: &Session<'_, '_>, target: &Target, force: bool) -> io::Result<()> {
    let place = session.machine.path(&target.zonepath);
    let done = match force {
        true => fs::rename(place.join(DETACHED), place.join(ATTACHED)),
        false => fs::remove_file(place.join(DETACHED)),
    };
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
