//! `zoneadm clone`, the clone hook of the brands that have packages, and zoneadm's own ZFS clone for the others.
//!
//! [source: clone_func of zoneadm.c, zfs.c, clone of ipkg and sparse; recorded: kind `hook-clone-options`]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use super::getopt::Getopt;
use super::hook::{self, End};
use super::play::{self, Hook};
use super::shell::{self, Options};
use super::{
    ALREADY_INSTALLED, Rule, Target, UNINSTALL_FIRST, active, brand, complain, install, lock, no_brand, or_return,
    sanity, set_state, text, usage, verify,
};
use crate::answer::{Answer, FAILED, OK, Session};
use crate::dialect::BrandKind;
use crate::document::{Document, Element};
use crate::index::{self, State};
use crate::zfs::dataset::{self, Dataset};
use crate::{Machine, Status, ZoneState, kernel, pkg};

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
    let target = zone.and_then(|zone| play::find(session.machine, zone));
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
    let Some(name) = hook::expected_name(machine, &target.zonepath)? else { return Ok(false) };
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

const HOOK_USAGE: &str = "clone {sourcezone}";
const BAD_SOURCE: &str = "Error: specified snapshot is invalid for this source zone.";

/// The hook of ipkg, and of sparse, whose three data sets are snapped and cloned together.
pub(super) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let machine = session.machine;
    let script = format!("{}/clone", brand::scripts(machine, &target.brand));
    let options = match shell::options(session, &script, args, "R:s:Xz:") {
        Options::Read(options) if options.operands.len() == 1 => options,
        Options::Read(_) | Options::Bad => return Ok(hook::misused(session, "", HOOK_USAGE)),
        Options::Help => return Ok(End::Fatal),
    };
    let source = options.operands[0].clone();
    {
        let _lock = machine.lock("datasets")?;
        let (origin, snapshot) = match find_origin(session, target, &source, options.value('s'))? {
            Ok(found) => found,
            Err(end) => return Ok(end),
        };
        if let Some(end) = clone_sets(session, target, &origin, snapshot)? {
            return Ok(end);
        }
    }
    finish(session, target, options.has('X'))
}

/// The boot environment to clone, and its snapshot if one is named.
fn find_origin(
    session: &mut Session<'_, '_>,
    target: &Target,
    source: &str,
    wanted: Option<&str>,
) -> io::Result<Result<(Dataset, Option<String>), End>> {
    let machine = session.machine;
    let (owner, snapshot) = match wanted {
        None => ("", ""),
        Some(full) if full.contains('@') => full.split_once('@').unwrap_or_default(),
        Some(owner) if owner.contains('/') => (owner, ""),
        Some(short) => ("", short),
    };
    let origin = if owner.is_empty() {
        let path = play::find(machine, source).map(|found| found.zonepath).unwrap_or_default();
        let Some(zone) = hook::zonepath_dataset(machine, &path)? else {
            return hook::fatal(session, &target.zonepath, hook::NO_DATASET).map(Err);
        };
        match hook::active_environment(machine, &zone.name, &pkg::boot_environment(machine))? {
            Ok(environment) => environment,
            Err(fatal) => {
                hook::print_fatal(session, &target.zonepath, &fatal)?;
                return Ok(Err(End::Fatal));
            }
        }
    } else {
        let fits = owner.rsplit_once('/').is_some_and(|(root, _)| root.ends_with(&format!("/{source}/ROOT")));
        if !fits {
            return hook::fatal(session, &target.zonepath, BAD_SOURCE).map(Err);
        }
        let Some(found) = dataset::find(machine, owner)? else {
            session.complain(format_args!("cannot open '{owner}': dataset does not exist\n"));
            return hook::fatal(session, &target.zonepath, BAD_SOURCE).map(Err);
        };
        found
    };
    if snapshot.is_empty() {
        return Ok(Ok((origin, None)));
    }
    let full = format!("{}@{snapshot}", origin.name);
    if dataset::find_snapshot(machine, &full)?.is_none() {
        session.complain(format_args!("cannot open '{full}': dataset does not exist\n"));
        return hook::fatal(session, &target.zonepath, BAD_SOURCE).map(Err);
    }
    Ok(Ok((origin, Some(snapshot.to_owned()))))
}

/// Makes the target's data sets, tolerating those that are there. `Some` if it failed.
fn clone_sets(
    session: &mut Session<'_, '_>,
    target: &Target,
    origin: &Dataset,
    snapshot: Option<String>,
) -> io::Result<Option<End>> {
    let machine = session.machine;
    let overlays = overlays(machine, target);
    let (parent, base) = match target.zonepath.rsplit_once('/') {
        Some(("", base)) => ("/", base),
        Some(split) => split,
        None => ("/", ""),
    };
    let Some(above) = hook::zonepath_dataset(machine, parent)? else {
        return hook::fatal(session, &target.zonepath, hook::NO_DATASET).map(Some);
    };
    if format!("{}/", above.name).starts_with("rpool/ROOT/") {
        return hook::fatal(session, &target.zonepath, hook::BELOW_ROOT).map(Some);
    }
    let zone = format!("{}/{base}", above.name);
    let root_set = format!("{zone}/ROOT");
    for name in [&zone, &root_set] {
        if dataset::find(machine, name)?.is_some() {
            session.complain(format_args!("cannot create '{name}': dataset already exists\n"));
        } else if *name == root_set {
            hook::make_root_dataset(machine, name)?;
        } else {
            dataset::create(machine, &mut Dataset { name: name.clone(), ..Dataset::default() })?;
        }
    }
    let snapshot = match snapshot {
        Some(snapshot) => snapshot,
        None => match take_snapshot(session, target, origin, !overlays.is_empty())? {
            Some(snapshot) => snapshot,
            None => return hook::fatal(session, &target.zonepath, hook::NO_CREATE).map(Some),
        },
    };
    if zone.split('/').next() != origin.name.split('/').next() {
        return hook::fatal(session, &target.zonepath, hook::NO_CREATE).map(Some);
    }
    let candidates = std::iter::once("zbe".to_owned()).chain((1..100).map(|n| format!("zbe-{n}")));
    let mut made = None;
    for name in candidates.map(|name| format!("{root_set}/{name}")) {
        if dataset::find(machine, &name)?.is_some() {
            session.complain(format_args!("cannot create '{name}': dataset already exists\n"));
            continue;
        }
        made = Some(name);
        break;
    }
    let Some(name) = made else { return hook::fatal(session, &target.zonepath, hook::NO_CREATE).map(Some) };
    let mut new =
        Dataset { name: name.clone(), origin: Some(format!("{}@{snapshot}", origin.name)), ..Dataset::default() };
    new.set(hook::ACTIVE, "on");
    new.set(hook::PARENT, &pkg::boot_environment(machine));
    new.set("canmount", "noauto");
    let mut environment =
        Dataset { props: if overlays.is_empty() { new.props.clone() } else { Vec::new() }, ..new.clone() };
    dataset::create(machine, &mut environment)?;
    for overlay in overlays {
        let full = format!("{}/{overlay}@{snapshot}", origin.name);
        if dataset::find_snapshot(machine, &full)?.is_none() {
            session.complain(format_args!("cannot open '{full}': dataset does not exist\n"));
            return Ok(Some(hook::incomplete(session, &format!("Unable to clone zone's {overlay} ZFS dataset."))));
        }
        let mut cloned = Dataset { name: format!("{name}/{overlay}"), origin: Some(full), ..Dataset::default() };
        cloned.set("canmount", "noauto");
        dataset::create(machine, &mut cloned)?;
    }
    if let Some(mut environment) = dataset::find(machine, &name)? {
        environment.props = new.props;
        dataset::put(machine, &environment)?;
    }
    let root = machine.path(target.root());
    if !root.is_dir() {
        fs::create_dir_all(&root)?;
        fs::set_permissions(machine.path(&target.zonepath), fs::Permissions::from_mode(0o700))?;
    }
    Ok(None)
}

fn overlays(machine: &Machine, target: &Target) -> Vec<&'static str> {
    match machine.line().brand(&target.brand) {
        Some(BrandKind::Sparse) => hook::OVERLAYS.iter().map(|(name, _)| *name).collect(),
        _ => Vec::new(),
    }
}

/// `SRCBE@TARGET_snap`, then `…_snap1` and so on.
fn take_snapshot(
    session: &mut Session<'_, '_>,
    target: &Target,
    origin: &Dataset,
    recursive: bool,
) -> io::Result<Option<String>> {
    let machine = session.machine;
    let base = format!("{}_snap", target.name);
    for short in std::iter::once(base.clone()).chain((1..100).map(|n| format!("{base}{n}"))) {
        let all = if recursive { dataset::descendants(machine, &origin.name)? } else { vec![origin.name.clone()] };
        // All of them or none: a clone that was uninstalled leaves the snapshots of its overlays behind.
        // [recorded: clone-omnios-sparse-again]
        let mut taken = None;
        for full in all.iter().map(|name| format!("{name}@{short}")) {
            if dataset::find_snapshot(machine, &full)?.is_some() {
                taken = Some(full);
                break;
            }
        }
        if let Some(full) = taken {
            session.complain(format_args!("cannot create snapshot '{full}': dataset already exists\n"));
            continue;
        }
        for name in all {
            if let Some(found) = dataset::find(machine, &name)? {
                dataset::snapshot(machine, &found, &short)?;
            }
        }
        return Ok(Some(short));
    }
    Ok(None)
}

/// The clone is mounted to take its identity from it, and unmounted; with `-X` it stays mounted.
/// [recorded: clone-omnios-ipkg-X]
fn finish(session: &mut Session<'_, '_>, target: &Target, keep: bool) -> io::Result<End> {
    let Some(mut target) = play::find(session.machine, &target.name) else { return Ok(End::Fatal) };
    target.state = ZoneState::Incomplete;
    if active::mount_for_hook(session, &target)? != OK {
        hook::log_error(session, &target.zonepath, "Zone mount failed")?;
        hook::log_error(session, &target.zonepath, "Unmounting zone")?;
        complain(session, &target.name, format_args!("must be mounted before unmount."));
        return Ok(End::Fatal);
    }
    if keep {
        return Ok(End::Done);
    }
    crate::ipadm::unconfigure(session.machine, &session.machine.path(target.root()))?;
    active::unmount_for_hook(session, &target)?;
    Ok(End::Done)
}
