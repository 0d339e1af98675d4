//! `zoneadm install`, and the install hook of the brands that have packages.
//!
//! [source: install_func of zoneadm.c, pkgcreatezone of ipkg and sparse; recorded: kind `hook-install-options`]

use std::fs;
use std::io;

use super::getopt::Getopt;
use super::play::{self, Hook};
use super::script::End;
use super::{
    ALREADY_INSTALLED, Rule, Target, UNINSTALL_FIRST, brand, brand_name, cleanup, complain, environment, find_zone,
    lock, no_brand, or_return, sanity, set_state, text, usage, verify,
};
use crate::ZoneState;
use crate::document::Document;
use crate::index::{self, State};
use crate::session::{Answer, FAILED, OK, Session};
use crate::zfs::dataset::{self, Dataset};

/// The shell line of a hook may be this long.
const MAX_COMMAND: usize = 1024;

/// Arguments of `install`: the hook's, and two of its own.
struct Words {
    hook: Vec<String>,
    with_dataset: bool,
    help: bool,
}

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Some(name) = zone else { return usage::of(session, "install") };
    let machine = session.machine;
    let brand = match name {
        "global" => None,
        _ => brand::open(machine, &brand_name(machine, name)),
    };
    let Some(brand) = brand else { return Ok(no_brand(session, name)) };
    let Some(spec) = brand.install_options else {
        complain(session, name, format_args!("Missing brand install command"));
        return Ok(FAILED);
    };
    let words = read_words(session, args, spec)?;
    let entry = index::find(machine, name.as_bytes());
    let zonepath = entry.map_or_else(
        || Document::load(machine, name.as_bytes()).map(|document| text(document.zonepath())).unwrap_or_default(),
        |entry| text(&entry.zonepath),
    );
    let scripts = brand::scripts(machine, &brand_name(machine, name));
    let line = format!("exec {scripts}/pkgcreatezone -z {name} -R {zonepath}");
    if line.len() + words.hook.iter().map(|arg| arg.len() + 1).sum::<usize>() >= MAX_COMMAND {
        complain(session, name, format_args!("Install command line too long"));
        return Ok(FAILED);
    }
    if words.help {
        // The hook is asked for its usage in any state. [recorded: usage-install-q]
        let Some(target) = find_zone(machine, name) else { return Ok(FAILED) };
        let end = or_return!(play::run(session, Hook::Install, &target, &words.hook)?);
        return Ok(if end == End::Done { OK } else { FAILED });
    }
    let refused = &[(ZoneState::Installed, ALREADY_INSTALLED), (ZoneState::Incomplete, UNINSTALL_FIRST)];
    let rule = Rule { word: "install", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    if !verify::details(session, &target, "install")? {
        return Ok(FAILED);
    }
    let _lock = or_return!(lock(session, &target.name)?);
    or_return!(set_state(session, &target.name, State::Incomplete));
    if words.with_dataset {
        make_dataset(session, &target)?;
    }
    let end = or_return!(play::run(session, Hook::Install, &target, &words.hook)?);
    finish(session, &target, end)
}

/// Reads the words by the options that the brand declares: what is declared with a value is glued to it.
/// [recorded: install-omnios-ipkg-p-a]
fn read_words(session: &mut Session<'_, '_>, args: &[String], spec: &str) -> io::Result<Words> {
    let spec = format!("?x:{spec}");
    let mut options = Getopt::quiet(args, &spec);
    let mut words = Words { hook: Vec::new(), with_dataset: true, help: false };
    while let Some(option) = options.next(session) {
        if option.letter == 'x' {
            words.with_dataset &= option.value.as_deref() != Some("nodataset");
            continue;
        }
        if option.written == '?' {
            usage::of(session, "install")?;
            words.help = true;
        }
        words.hook.push(format!("-{}{}", option.written, option.value.unwrap_or_default()));
    }
    words.hook.extend(options.operands().iter().cloned());
    Ok(words)
}

/// Effect of an install hook's exit status on the zone, which is `incomplete` until then.
fn finish(session: &mut Session<'_, '_>, target: &Target, end: End) -> Answer {
    match end {
        End::Done => {
            or_return!(set_state(session, &target.name, State::Installed));
            return Ok(OK);
        }
        End::Usage => usage::of(session, "install").map(drop)?,
        // Only cleaned for real while nothing is mounted below. [recorded: fail-oi-ipkg-install-pkg-4]
        End::NotComplete if cleanup::zonepath(session, target)? => {
            or_return!(set_state(session, &target.name, State::Configured));
        }
        End::NotComplete => session
            .complain(format_args!("zoneadm: {}: cleaning up zonepath failed: No such zone configured\n", target.name)),
        End::Signalled => {
            complain(
                session,
                &target.name,
                format_args!("'brand-specific installation' terminated by signal SIGKILL."),
            );
        }
        End::Fatal => {}
    }
    Ok(FAILED)
}

/// Zoneadm makes a data set for the zonepath if its parent is the mount point of one. One that is there is used as it is.
/// [recorded: install-dataset-there]
pub(super) fn make_dataset(session: &mut Session<'_, '_>, target: &Target) -> io::Result<()> {
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    if dataset::mounted_at(machine, &target.zonepath)?.is_some() {
        return Ok(());
    }
    let Some(name) = environment::expected_name(machine, &target.zonepath)? else { return Ok(()) };
    if dataset::find(machine, &name)?.is_some() {
        return Ok(());
    }
    if !dataset::is_valid(&name) {
        session.complain(format_args!("cannot create ZFS dataset {name}: invalid dataset name\n"));
        return Ok(());
    }
    let mut new = Dataset { name: name.clone(), ..Dataset::default() };
    new.set("sharenfs", "off");
    new.set("sharesmb", "off");
    if !dataset::create(machine, &mut new)? {
        session.complain(format_args!("cannot mount ZFS dataset {name}: mountpoint or dataset is busy\n"));
        return match dataset::find(machine, &name)? {
            Some(made) => dataset::destroy(machine, &made),
            None => Ok(()),
        };
    }
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(machine.path(&target.zonepath), fs::Permissions::from_mode(0o700))?;
    session.say(format_args!("A ZFS file system has been created for this zone.\n"));
    Ok(())
}
