//! `zoneadm uninstall`, and the uninstall hooks.
//!
//! [source: uninstall_func of zoneadm.c, uninstall.ksh, uninstall of ipkg, sparse, illumos and lx;
//! recorded: kinds `hook-uninstall-options`, `hook-uninstall-state`]

use super::getopt::Getopt;
use super::play::{self, Hook};
use super::script::End;
use super::{
    Rule, brand, cleanup, complain, find_zone, lock, no_brand, or_return, relocate, sanity, set_state, usage, verify,
};
use crate::ZoneState;
use crate::index::State;
use crate::session::{Answer, FAILED, OK, Session};
use crate::zfs::dataset;

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let mut options = Getopt::quiet(args, "?F");
    let (mut force, mut help) = (false, false);
    while let Some(option) = options.next(session) {
        match option.letter {
            'F' => force = true,
            _ if option.written == '?' => {
                usage::of(session, "uninstall")?;
                help = true;
            }
            // For the brand.
            _ => {}
        }
    }
    if help {
        return ask_for_help(session, zone, args);
    }
    let refused = &[(ZoneState::Configured, "is already in state 'configured'.")];
    let rule = Rule { word: "uninstall", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    let Some(brand) = brand::open(session.machine, &target.brand) else { return Ok(no_brand(session, &target.name)) };
    verify::verify_brand(session, &target, "uninstall")?;
    // Standard input is never a terminal, so an answer on it does not help. [recorded: uninstall-y]
    if !force {
        complain(
            session,
            &target.name,
            format_args!("Input not from terminal and -F not specified: uninstall not done."),
        );
        return Ok(FAILED);
    }
    let _lock = or_return!(lock(session, &target.name)?);
    let inside = dataset::mounted_inside(session.machine, &target.root())?;
    if !inside.is_empty() {
        relocate::say_mounted(session, &target, &target.root(), &inside.iter().collect::<Vec<_>>());
        return Ok(FAILED);
    }
    or_return!(set_state(session, &target.name, State::Incomplete));
    let end = match brand.uninstall {
        true => or_return!(play::run(session, Hook::Uninstall, &target, args)?),
        false => match session.middle() {
            Ok(()) if cleanup::zonepath(session, &target)? => End::Done,
            Ok(()) => End::Fatal,
            Err(halt) => return Ok(halt.status()),
        },
    };
    match end {
        End::Done => {
            or_return!(set_state(session, &target.name, State::Configured));
            Ok(OK)
        }
        End::Usage => usage::of(session, "uninstall").map(|_| FAILED),
        _ => Ok(FAILED),
    }
}

fn ask_for_help(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Some(zone) = zone else {
        // [recorded: usage-nozone-uninstall-q]
        session.complain(format_args!("zoneadm: (null): could not get zone path: Invalid argument\n"));
        return Ok(FAILED);
    };
    let target = find_zone(session.machine, zone);
    let brand = target.as_ref().and_then(|target| brand::open(session.machine, &target.brand));
    let (Some(target), Some(brand)) = (target, brand) else { return Ok(no_brand(session, zone)) };
    if !brand.uninstall {
        return Ok(OK);
    }
    let end = or_return!(play::run(session, Hook::Uninstall, &target, args)?);
    Ok(if end == End::Done { OK } else { FAILED })
}
