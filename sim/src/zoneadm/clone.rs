//! `zoneadm clone`, the clone hook of the brands that have packages, and zoneadm's own ZFS clone for the others.
//!
//! [source: clone_func of zoneadm.c, zfs.c, clone of ipkg and sparse; recorded: kind `hook-clone-options`]

use std::io;

use super::getopt::Getopt;
use super::play::{self, Hook};
use super::script::End;
use super::{
    ALREADY_INSTALLED, Rule, Target, UNINSTALL_FIRST, brand, complain, environment, find_zone, install, lock, no_brand,
    or_return, sanity, set_state, text, usage, verify,
};
use crate::document::{Document, Element};
use crate::index::{self, State};
use crate::session::{Answer, FAILED, OK, Session};
use crate::zfs::dataset::{self, Dataset};
use crate::{Status, ZoneState, kernel};

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let mut options = Getopt::quiet(args, "?m:s:");
    let (mut method, mut snapshot, mut help) = (None, None, false);
    while let Some(option) = options.next(session) {
        match option.letter {
            'm' => method = option.value,
            's' => snapshot = option.value,
            _ if option.written == '?' => {
                usage::of(session, "clone")?;
                help = true;
            }
            // For the brand.
            _ => {}
        }
    }
    let [source] = options.operands() else { return usage::of(session, "clone") };
    if help {
        return ask_for_help(session, zone, args);
    }
    let refused = &[(ZoneState::Installed, ALREADY_INSTALLED), (ZoneState::Incomplete, UNINSTALL_FIRST)];
    let rule = Rule { word: "clone", must_be_active: false, must_be_inactive: true, refused };
    let mut target = or_return!(sanity(session, zone, rule)?);
    if !verify::details(session, &target, "clone")? {
        return Ok(FAILED);
    }
    let source = or_return!(check_source(session, &target, source)?);
    if warn_of_shared(session, &target, &source) {
        // The check for shared data sets forgets which of the two zones it works for. [recorded: clone-common-dataset]
        target = source.clone();
    }
    let Some(brand) = brand::open(session.machine, &target.brand) else { return Ok(no_brand(session, &target.name)) };
    let _lock = or_return!(lock(session, &target.name)?);
    or_return!(set_state(session, &target.name, State::Incomplete));
    if !brand.clone {
        return built_in(session, &target, &source, method.as_deref(), snapshot.as_deref());
    }
    // The hook gets the command line as it is. However it fails, nothing is cleaned. [recorded: hookexit-omnios-clone-254]
    match or_return!(play::run(session, Hook::Clone, &target, args)?) {
        End::Done => {
            or_return!(set_state(session, &target.name, State::Installed));
            return Ok(OK);
        }
        End::Usage => usage::of(session, "clone").map(drop)?,
        End::Signalled => {
            complain(session, &target.name, format_args!("'brand-specific clone' terminated by signal SIGKILL."));
        }
        End::NotComplete | End::Fatal => {}
    }
    Ok(FAILED)
}

fn ask_for_help(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let target = zone.and_then(|zone| find_zone(session.machine, zone));
    let Some(target) = target else {
        session.complain(format_args!("zoneadm: (null): could not get zone path: Invalid argument\n"));
        return Ok(FAILED);
    };
    match brand::open(session.machine, &target.brand) {
        Some(brand) if brand.clone => {
            let end = or_return!(play::run(session, Hook::Clone, &target, args)?);
            Ok(if end == End::Done { OK } else { FAILED })
        }
        _ => Ok(OK),
    }
}

fn check_source(session: &mut Session<'_, '_>, target: &Target, source: &str) -> io::Result<Result<Target, Status>> {
    let new = target.name.clone();
    if source == "global" {
        complain(session, &new, format_args!("clone operation is invalid for the global zone."));
        return Ok(Err(FAILED));
    }
    if source.starts_with("SUNW") {
        complain(session, &new, format_args!("clone operation is invalid for zones starting with SUNW."));
        return Ok(Err(FAILED));
    }
    if let Some(active) = kernel::find(session.machine, source)? {
        complain(session, &new, format_args!("clone operation is invalid for {} zones.", active.state.word()));
        return Ok(Err(FAILED));
    }
    let Some(entry) = index::find(session.machine, source.as_bytes()) else {
        session.complain(format_args!("zoneadm: {source}: could not get state: No such zone configured\n"));
        return Ok(Err(FAILED));
    };
    if entry.state != State::Installed {
        let state = entry.state.word();
        session.complain(format_args!("zoneadm: zone {source} is {state}; installed is required.\n"));
        return Ok(Err(FAILED));
    }
    let (Ok(document), Some(brand)) =
        (Document::load(session.machine, source.as_bytes()), super::brand_of(session.machine, source))
    else {
        complain(session, source, format_args!("missing or invalid brand"));
        return Ok(Err(FAILED));
    };
    if brand != target.brand {
        session.complain(format_args!("zoneadm: Zones '{source}' and '{new}' have different brand types.\n"));
        return Ok(Err(FAILED));
    }
    let state = entry.state.into();
    Ok(Ok(Target { name: source.into(), state, brand, zonepath: text(&entry.zonepath), document }))
}

/// Warns of what both zones have. True if a data set is among it.
fn warn_of_shared(session: &mut Session<'_, '_>, target: &Target, source: &Target) -> bool {
    warn_of_file_systems(session, target, source);
    let mut shared = |element: &str, attribute: &str, warn: &mut dyn FnMut(&mut Session<'_, '_>, &str)| {
        let value = |element: &Element| element.written(attribute).filter(|value| !value.is_empty()).map(text);
        let theirs: Vec<String> = source.document.resources(element).filter_map(value).collect();
        let both: Vec<String> =
            target.document.resources(element).filter_map(value).filter(|value| theirs.contains(value)).collect();
        both.iter().for_each(|value| warn(session, value));
        !both.is_empty()
    };
    shared("network", "address", &mut |session, value| {
        session.complain(format_args!("WARNING: network address '{value}' is configured in both zones.\n"));
    });
    shared("device", "match", &mut |session, value| {
        session.complain(format_args!("WARNING: device '{value}' is configured in both zones.\n"));
    });
    shared("dataset", "name", &mut |session, value| {
        let warning = format!("WARNING: dataset '{value}' is configured in both zones.\n");
        complain(session, &source.name, format_args!("{warning}"));
    })
}

/// Loopback mounts are only warned of if either is writable. [recorded: clone-common-lofs]
fn warn_of_file_systems(session: &mut Session<'_, '_>, target: &Target, source: &Target) {
    let field = |fs: &Element, name: &str| text(fs.written(name).unwrap_or_default());
    let writable = |fs: &Element| {
        let options: Vec<String> = fs.children_named("fsoption").map(|option| field(option, "name")).collect();
        options.is_empty() || options.iter().any(|option| option.split(',').any(|word| word == "rw"))
    };
    for ours in target.document.resources("filesystem") {
        let special = field(ours, "special");
        let Some(theirs) = source.document.resources("filesystem").find(|fs| field(fs, "special") == special) else {
            continue;
        };
        match field(ours, "type").as_str() {
            "lofs" if writable(ours) || writable(theirs) => session.complain(format_args!(
                "WARNING: read-write lofs file system on '{special}' is configured in both zones.\n"
            )),
            "lofs" => {}
            kind => session
                .complain(format_args!("WARNING: {kind} file system on '{special}' is configured in both zones.\n")),
        }
    }
}

/// Zoneadm's own way, for brands without a hook: a ZFS clone of the zonepath's data set alone.
/// [recorded: clone-omnios-illumos-none]
fn built_in(
    session: &mut Session<'_, '_>,
    target: &Target,
    source: &Target,
    method: Option<&str>,
    snapshot: Option<&str>,
) -> Answer {
    if let Err(halt) = session.middle() {
        return Ok(halt.status());
    }
    if method.is_some_and(|method| method != "copy") {
        usage::of(session, "clone")?;
        return Ok(FAILED);
    }
    let machine = session.machine;
    let lock = machine.lock("datasets")?;
    if let Some(snapshot) = snapshot {
        let owner = snapshot.rsplit_once('@').map(|(owner, _)| owner);
        if owner.map(|owner| dataset::find(machine, owner)).transpose()?.flatten().is_none() {
            session.complain(format_args!("unable to find path for {snapshot}.\n"));
            return Ok(FAILED);
        }
        if dataset::find_snapshot(machine, snapshot)?.is_none() {
            // Nothing was done, so the zone is as before. [recorded: clone-omnios-illumos-s-otherds]
            drop(lock);
            or_return!(set_state(session, &target.name, State::Configured));
            return Ok(FAILED);
        }
        if !clone_snapshot(session, target, snapshot)? {
            session.complain(format_args!("zoneadm: copying a zone is not simulated\n"));
            return Ok(FAILED);
        }
        or_return!(set_state(session, &target.name, State::Installed));
        return Ok(OK);
    }
    if method.is_none()
        && let Some(set) = dataset::mounted_at(machine, &source.zonepath)?
        && dataset::mounted_at(machine, &target.zonepath)?.is_none()
    {
        let taken = dataset::snapshots(machine, &set.name)?;
        let last = taken.iter().filter_map(|s| s.name.split_once("@SUNWzone")?.1.parse::<u64>().ok()).max();
        let short = format!("SUNWzone{}", last.unwrap_or(0) + 1);
        dataset::snapshot(machine, &set, &short)?;
        let full = format!("{}@{short}", set.name);
        if clone_snapshot(session, target, &full)? {
            session.say(format_args!("Instead of copying, a ZFS clone has been created for this zone.\n"));
            or_return!(set_state(session, &target.name, State::Installed));
            return Ok(OK);
        }
        dataset::destroy_snapshot(machine, &full)?;
    }
    drop(lock);
    copy(session, target, source)
}

fn clone_snapshot(session: &mut Session<'_, '_>, target: &Target, snapshot: &str) -> io::Result<bool> {
    let machine = session.machine;
    let Some(name) = environment::expected_name(machine, &target.zonepath)? else { return Ok(false) };
    session.say(format_args!("Cloning snapshot {snapshot}\n"));
    if dataset::find(machine, &name)?.is_some() || name.split('/').next() != snapshot.split('/').next() {
        return Ok(false);
    }
    let mut new = Dataset { name, origin: Some(snapshot.to_owned()), ..Dataset::default() };
    new.set("sharenfs", "off");
    dataset::create(machine, &mut new)
}

fn copy(session: &mut Session<'_, '_>, target: &Target, source: &Target) -> Answer {
    let machine = session.machine;
    install::make_dataset(session, target)?;
    session.say(format_args!("Copying {}...\n", source.zonepath));
    let from = machine.path(&source.zonepath);
    if !from.is_dir() {
        // [recorded: brand-illumos-clone]
        complain(session, &target.name, format_args!("'copy' failed with exit code 2."));
        session.complain(format_args!("\nThe copy failed.\nMore information can be found in /var/log/zone000000\n"));
        return Ok(FAILED);
    }
    session.complain(format_args!("zoneadm: copying a zone is not simulated\n"));
    Ok(FAILED)
}
