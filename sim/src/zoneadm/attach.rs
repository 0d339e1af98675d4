//! `zoneadm attach`, and the attach hook of the brands that have packages.
//!
//! [source: attach_func of zoneadm.c, attach of ipkg and sparse; recorded: kind `hook-attach-options`]

use std::fs;
use std::io;

use super::getopt::Getopt;
use super::hook::{self, End};
use super::image::{self, Source};
use super::play::{self, Hook};
use super::shell::{self, Options, Read};
use super::{
    ALREADY_INSTALLED, Rule, Target, UNINSTALL_FIRST, brand, complain, errno, lock, no_brand, or_return, sanity,
    set_state, uninstall, usage, verify, zonepath,
};
use crate::answer::{Answer, FAILED, Halt, OK, Session};
use crate::dialect::BrandKind;
use crate::document::Document;
use crate::index::State;
use crate::zfs::change;
use crate::zfs::dataset::{self, Dataset};
use crate::{Machine, ZoneState, pkg};

const DETACHED: &str = "SUNWdetached.xml";
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
    let target = play::find(session.machine, zone);
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

const HOOK_USAGE: &str = "attach [-a archive] [-d dataset] [-n] [-r zfs-recv] [-u]\n\
    \tThe -a archive option specifies a tar file or cpio archive.\n\
    \tThe -d dataset option specifies an existing dataset.\n\
    \tThe -r zfs-recv option receives the output of a 'zfs send' command\n\
    \tof an existing zone root dataset.\n\
    \tThe -u option indicates that the software should be updated to match\n\
    \tthe current host.";

const ATTACHED_WELL: &str = "                    Result: Attach Succeeded.";
const ATTACH_FAILED: &str = "                    Result: Attach Failed.";

/// The hook: the boot environment that is mounted on the zone's root becomes the active one; or an image is unpacked into a
/// new one.
pub(super) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let machine = session.machine;
    let script = format!("{}/attach", brand::scripts(machine, &target.brand));
    let options = match shell::options(session, &script, args, "a:d:nr:u") {
        Options::Read(options) => options,
        Options::Bad => {
            hook::misused(session, "", HOOK_USAGE);
            return fail_with(session, End::Usage);
        }
        Options::Help => return fail_with(session, End::Usage),
    };
    let sources = ['a', 'd', 'r'].iter().filter(|letter| options.has(**letter)).count();
    if sources > 1 || (options.has('n') && sources == 1) {
        let complaint = if sources > 1 { "ERROR: " } else { "" };
        hook::log(session, &format!("{complaint}{HOOK_USAGE}"));
        return fail_with(session, End::Usage);
    }
    // Nothing is looked at: the zone counts as attached. [recorded: attach-oi-ipkg-n]
    if options.has('n') {
        return Ok(End::Done);
    }
    hook::log(session, &format!("Log File: /var/tmp/{}.attach_log.000000", target.name));
    let parent = match target.zonepath.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    };
    match hook::zonepath_dataset(machine, parent)? {
        None => {
            hook::log(session, &format!("ERROR: {}", hook::NO_DATASET));
            return fail_with(session, End::Usage);
        }
        Some(found) if found.name.starts_with("rpool/ROOT/") => {
            hook::log(session, &format!("ERROR: {}", hook::BELOW_ROOT));
            return fail_with(session, End::Usage);
        }
        Some(_) => {}
    }
    match sources {
        0 => existing(session, target, &options),
        _ => unpacked(session, target, &options),
    }
}

fn fail_with(session: &mut Session<'_, '_>, end: End) -> io::Result<End> {
    hook::log(session, ATTACH_FAILED);
    Ok(end)
}

/// Takes up what is mounted on the zone's root. A zone whose root is not mounted cannot be attached.
/// [recorded: attach-oi-ipkg-unmounted]
fn existing(session: &mut Session<'_, '_>, target: &Target, options: &Read) -> io::Result<End> {
    let machine = session.machine;
    let root = target.root();
    let lock = machine.lock("datasets")?;
    let Some(environment) = dataset::mounted_at(machine, &root)? else {
        hook::log(
            session,
            &format!("ERROR: Failed to locate any dataset mounted at {root}.  Attach requires a mounted dataset."),
        );
        return fail_with(session, End::NotComplete);
    };
    let zone = hook::zonepath_dataset(machine, &target.zonepath)?;
    let root_set = match &zone {
        Some(zone) => dataset::find(machine, &format!("{}/ROOT", zone.name))?,
        None => None,
    };
    let Some(mut root_set) = root_set else {
        let message = if zone.is_some() { hook::NO_ACTIVE } else { hook::NO_DATASET };
        hook::log(session, &format!("ERROR: {message}"));
        return fail_with(session, End::NotComplete);
    };
    let sparse = machine.line().brand(&target.brand) == Some(BrandKind::Sparse);
    root_set.set("mountpoint", "legacy");
    root_set.set("zoned", "on");
    dataset::put(machine, &root_set)?;
    if sparse {
        for (name, place) in hook::OVERLAYS {
            let Some(mut overlay) = dataset::find(machine, &format!("{}/{name}", environment.name))? else {
                hook::log(session, &format!("ERROR: {} ({place})", hook::NO_ACTIVE));
                return fail_with(session, End::NotComplete);
            };
            hook::umount(machine, &format!("{root}/{place}"))?;
            overlay.mounted = None;
            overlay.set("canmount", "noauto");
            overlay.props.retain(|(name, _)| name != "mountpoint");
            dataset::put(machine, &overlay)?;
        }
    }
    let mut environment = environment;
    environment.set(hook::PARENT, &pkg::boot_environment(machine));
    environment.set(hook::ACTIVE, "on");
    environment.set("canmount", "noauto");
    environment.props.retain(|(name, _)| name != "mountpoint" && name != "zoned");
    change::settle(machine, environment.clone(), "mountpoint")?;
    let found = dataset::find(machine, &environment.name)?;
    if let Some(mut environment) = found.filter(|found| found.mounted.as_deref() != Some(&root)) {
        if environment.mounted.is_some() {
            dataset::unmount(machine, &mut environment)?;
        }
        if !hook::mount_legacy(machine, &mut environment, &root, false)? {
            hook::log(session, &format!("ERROR: {}", hook::NO_MOUNT));
            return fail_with(session, End::NotComplete);
        }
    }
    if sparse && let Err(fatal) = hook::mount_overlays(machine, target, &environment.name)? {
        hook::log(session, &fatal);
        return fail_with(session, End::NotComplete);
    }
    drop(lock);
    copy_publishers(machine, &root)?;
    say_attached(session, target, &environment.name);
    hook::log(session, "                Installing: Using pre-existing data in zonepath");
    say_updated(session, options.has('u'));
    Ok(End::Done)
}

/// The host's publishers replace those of the same name and come first; those that only the zone has come after them. A linked
/// image has the host's anyhow.
/// [source: attach of ipkg and sparse, pkg copy-publishers-from; pkg5, src/client.py]
fn copy_publishers(machine: &Machine, root: &str) -> io::Result<()> {
    let Some(mut image) = pkg::image::read(machine, root)? else { return Ok(()) };
    if image.publishers.iter().any(|publisher| publisher.system) {
        return Ok(());
    }
    let mut publishers = pkg::image::publishers(machine, "/")?;
    let is_new = |own: &pkg::image::Publisher| !publishers.iter().any(|known| known.name == own.name);
    let own: Vec<_> = image.publishers.drain(..).filter(is_new).collect();
    publishers.extend(own);
    image.publishers = publishers;
    pkg::image::write(machine, root, &image)
}

fn say_attached(session: &mut Session<'_, '_>, target: &Target, environment: &str) {
    hook::log(session, &format!("               Attach Path: {}", target.root()));
    hook::log(session, &format!("        Attach ZFS Dataset: {environment}\n"));
}

fn say_updated(session: &mut Session<'_, '_>, update: bool) {
    let lines = [
        "       Global zone version: entire@0.5.11",
        "   Non-Global zone version: entire@0.5.11",
        "                     Cache: Using /var/pkg/publisher.",
        "  Updating non-global zone: Output follows",
        "",
    ];
    lines.into_iter().for_each(|line| hook::log(session, line));
    if update {
        hook::log(session, "  Updating non-global zone: Zone updated.");
    }
    hook::log(session, ATTACHED_WELL);
}

/// Unpacks an image into a new boot environment, also beside others, which stay active. What goes wrong destroys all of them.
/// [recorded: attach-oi-ipkg-a, attach-oi-nlipkg-a-missing]
fn unpacked(session: &mut Session<'_, '_>, target: &Target, options: &Read) -> io::Result<End> {
    let machine = session.machine;
    let sparse = machine.line().brand(&target.brand) == Some(BrandKind::Sparse);
    {
        let lock = machine.lock("datasets")?;
        if hook::zonepath_dataset(machine, &target.zonepath)?.is_none()
            && let Some(name) = hook::expected_name(machine, &target.zonepath)?
            && dataset::find(machine, &name)?.is_none()
        {
            dataset::create(machine, &mut Dataset { name, ..Dataset::default() })?;
        }
        let made = match hook::create_active(session, &target.zonepath, true)? {
            Ok((_, made)) => made,
            Err(_) => {
                drop(lock);
                return give_up(session, target);
            }
        };
        if sparse {
            hook::create_overlays(machine, &made.name)?;
        }
    }
    say_attached(session, target, "");
    let source = match (options.value('a'), options.value('d')) {
        (Some(archive), _) => Source::Archive(archive),
        (None, Some(directory)) => Source::Directory(directory),
        (None, None) => {
            session.complain(format_args!("attach -r is not simulated\n"));
            return give_up(session, target);
        }
    };
    if !image::lay_down(session, target, source, "                Installing: This may take several minutes...")? {
        return give_up(session, target);
    }
    let publishers = pkg::image::publishers(machine, "/")?;
    pkg::image::make(machine, &target.zonepath, &publishers, false, &[])?;
    say_updated(session, options.has('u'));
    Ok(End::Done)
}

fn give_up(session: &mut Session<'_, '_>, target: &Target) -> io::Result<End> {
    uninstall::hook(session, target, &["-F".to_owned()])?;
    fail_with(session, End::NotComplete)
}
