//! The hook `uninstall`.
//!
//! [source: uninstall of ipkg, sparse, illumos and lx; recorded: kinds `hook-uninstall-options`, `hook-uninstall-state`]

use std::fs;
use std::io;

use crate::dialect::BrandKind;
use crate::session::Session;
use crate::zfs::change::promotion_clash;
use crate::zfs::dataset::{self, Dataset};
use crate::zfs::destroy::destroy_one;
use crate::zoneadm::script::End;
use crate::zoneadm::shell::{self, Options, Read};
use crate::zoneadm::{Target, brand, environment, script};
use crate::{Machine, kernel, pkg, tree};

/// The hook of the zone's brand.
pub(in crate::zoneadm) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    match session.machine.line().brand(&target.brand) {
        Some(BrandKind::Image | BrandKind::LinkedImage | BrandKind::Sparse) => packages(session, target, args),
        _ => everything(session, target),
    }
}

/// The hook of illumos and lx, which takes no option: `zfs destroy -r`, delegated data sets below included.
/// [recorded: uninstall-omnios-illumos-child]
fn everything(session: &mut Session<'_, '_>, target: &Target) -> io::Result<End> {
    let machine = session.machine;
    if !machine.path(&target.zonepath).is_dir() {
        return script::fatal(session, &target.zonepath, &format!("{} is not a directory", target.zonepath));
    }
    let _lock = machine.lock("datasets")?;
    let Some(found) = dataset::mounted_at(machine, &target.zonepath)? else {
        tree::remove(machine, &machine.path(&target.zonepath))?;
        return Ok(End::Done);
    };
    let mut doomed = dataset::descendants(machine, &found.name)?;
    for name in &doomed {
        for snapshot in dataset::snapshots(machine, name)? {
            let outside: Vec<&String> = snapshot.clones.iter().filter(|clone| !doomed.contains(clone)).collect();
            if !outside.is_empty() {
                let list: String = outside.iter().map(|clone| format!("{clone}\n")).collect();
                session.complain(format_args!(
                    "cannot destroy '{}': filesystem has dependent clones\n\
                     use '-R' to destroy the following datasets:\n{list}",
                    found.name
                ));
                return Ok(End::Fatal);
            }
        }
    }
    doomed.reverse();
    for name in doomed {
        destroy_one(machine, &name)?;
    }
    let _ = fs::remove_dir(machine.path(&target.zonepath));
    Ok(End::Done)
}

/// Datasets that the script destroys, or with `-n` prints.
struct Run {
    dry: bool,
    verbose: bool,
}

impl Run {
    /// `false` if nothing is to be done.
    fn does(&self, session: &mut Session<'_, '_>, command: &str, announcement: &str) -> bool {
        if self.dry {
            session.say(format_args!("{command}\n"));
        } else if self.verbose {
            session.say(format_args!("{announcement}\n"));
        }
        !self.dry
    }
}

const USAGE: &str = "Usage: uninstall: [-hFn]\n";

/// `-F` twice is as wrong as an operand. [recorded: uninstall-oi-ipkg-F-twice]
fn misused(options: &Read) -> bool {
    let letters: Vec<char> = options.iter().collect();
    let twice = letters.iter().enumerate().any(|(at, letter)| letters[..at].contains(letter));
    twice || !(options.operands.is_empty() || options.has('h') || options.has('H'))
}

/// The hook of ipkg and its kin.
fn packages(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let machine = session.machine;
    let script = format!("{}/uninstall", brand::scripts(machine, &target.brand));
    let options = match shell::options(session, &script, args, "FhHnv") {
        Options::Read(options) if !misused(&options) => options,
        Options::Read(_) | Options::Bad => {
            session.complain(format_args!("Error: invalid usage\n{USAGE}"));
            return Ok(End::Usage);
        }
        Options::Help => return Ok(End::Fatal),
    };
    if options.has('h') || options.has('H') {
        session.say(format_args!("{USAGE}"));
        return Ok(End::Usage);
    }
    let run = Run { dry: options.has('n'), verbose: options.has('v') };
    // With -n the script never succeeds, as it has done nothing.
    let done = if run.dry { End::Fatal } else { End::Done };
    let _lock = machine.lock("datasets")?;
    let Some(zone) = environment::zonepath_dataset(machine, &target.zonepath)? else {
        remove_zonepath(session, target, &run)?;
        return Ok(done);
    };
    let childless = |name: &str| Ok::<_, io::Error>(dataset::children(machine, name)?.is_empty());
    let root_set = format!("{}/ROOT", zone.name);
    if dataset::find(machine, &root_set)?.is_some() {
        let environments = environment::boot_environments(machine, &zone.name, &pkg::boot_environment(machine))?;
        if machine.line().brand(&target.brand) == Some(BrandKind::Sparse) && environments.len() != 1 {
            session.say(format_args!("Error: Found {} top-level filesystems.\n", environments.len()));
            let names: Vec<&str> = environments.iter().map(|be| be.name.as_str()).collect();
            session.say(format_args!("  {}\n", names.join(" ")));
            return Ok(End::Fatal);
        }
        for environment in environments {
            if let Err(end) = drop_environment(session, &environment, &run)? {
                return Ok(end);
            }
        }
        if childless(&root_set)? && !destroy_set(session, &root_set, &run)? {
            return Ok(End::Fatal);
        }
    }
    if childless(&zone.name)? && !destroy_set(session, &zone.name, &run)? {
        return Ok(End::Fatal);
    }
    remove_zonepath(session, target, &run)?;
    Ok(done)
}

/// `rm_zonepath`: what is known to be there; other files keep the directory.
fn remove_zonepath(session: &mut Session<'_, '_>, target: &Target, run: &Run) -> io::Result<()> {
    let machine = session.machine;
    let path = &target.zonepath;
    let place = machine.path(path);
    let attached = format!("{path}/SUNWattached.xml");
    if run.does(session, &format!("/bin/rm -f {attached}"), &format!("deleting '{attached}'.")) {
        let _ = fs::remove_file(machine.path(&attached));
    }
    for name in ["lu", "dev", "root"] {
        let doomed = format!("{path}/{name}");
        let busy = dataset::mounted_at(machine, &doomed)?.is_some();
        if run.does(session, &format!("/bin/rm -rf {doomed}"), &format!("recursively deleting '{doomed}'.")) && !busy {
            tree::remove(machine, &place.join(name))?;
        }
    }
    if run.does(session, &format!("/bin/rmdir {path}"), &format!("deleting '{path}'.")) {
        let _ = fs::remove_dir(&place);
    }
    Ok(())
}

/// `zfs_destroy`: the data set and all below it, then the snapshot that it was cloned from, unless something else hangs on it.
fn destroy_set(session: &mut Session<'_, '_>, name: &str, run: &Run) -> io::Result<bool> {
    let machine = session.machine;
    if !run.does(session, &format!("/sbin/zfs destroy -r {name}"), &format!("destroying '{name}'.")) {
        return Ok(true);
    }
    let origin = dataset::find(machine, name)?.and_then(|found| found.origin);
    let mut doomed = dataset::descendants(machine, name)?;
    for name in &doomed {
        for snapshot in dataset::snapshots(machine, name)? {
            if snapshot.clones.iter().any(|clone| !doomed.contains(clone)) {
                session.complain(format_args!("Error: destroying ZFS dataset.\n"));
                return Ok(false);
            }
        }
    }
    doomed.reverse();
    for name in doomed {
        destroy_one(machine, &name)?;
    }
    if let Some(origin) = origin {
        run.does(session, &format!("/sbin/zfs destroy {origin}"), &format!("destroying '{origin}'."));
        if dataset::find_snapshot(machine, &origin)?.is_some_and(|snapshot| snapshot.clones.is_empty()) {
            dataset::destroy_snapshot(machine, &origin)?;
        }
    }
    Ok(true)
}

/// Destroys one boot environment. If other zones were cloned from it, the oldest clone of the youngest snapshot takes the
/// shared past over.
fn drop_environment(session: &mut Session<'_, '_>, environment: &Dataset, run: &Run) -> io::Result<Result<(), End>> {
    let machine = session.machine;
    if let Some(end) = stray_clones(session, environment)? {
        return Ok(Err(end));
    }
    let mut snapshots = dataset::snapshots(machine, &environment.name)?;
    if let Some(youngest) = snapshots.iter().rposition(|snapshot| !snapshot.clones.is_empty()) {
        for unused in snapshots.iter().filter(|snapshot| snapshot.clones.is_empty()) {
            let name = &unused.name;
            if run.does(session, &format!("/sbin/zfs destroy -r {name}"), &format!("destroying '{name}'.")) {
                dataset::destroy_snapshot(machine, name)?;
            }
        }
        let youngest = snapshots.swap_remove(youngest);
        let Some(clone) = youngest.clones.first().map(|name| dataset::find(machine, name)).transpose()?.flatten()
        else {
            return Ok(Err(End::Fatal));
        };
        if let Err(end) = make_room(session, environment, &clone, &youngest.name, run)? {
            return Ok(Err(end));
        }
        if run.dry {
            session.say(format_args!("/sbin/zfs promote {}\n", clone.name));
        } else {
            session.say(format_args!("promoting '{}'.\n", clone.name));
            if let Some(clone) = dataset::find(machine, &clone.name)? {
                dataset::promote(machine, &clone)?;
            }
        }
    }
    Ok(if destroy_set(session, &environment.name, run)? { Ok(()) } else { Err(End::Fatal) })
}

/// Clones of what lies below the boot environment: nothing takes those over. [recorded: uninstall-omnios-sparse-source-of-clone]
fn stray_clones(session: &mut Session<'_, '_>, environment: &Dataset) -> io::Result<Option<End>> {
    let machine = session.machine;
    if dataset::snapshots(machine, &environment.name)?.is_empty() {
        return Ok(None);
    }
    let below: Vec<String> = dataset::descendants(machine, &environment.name)?.into_iter().skip(1).collect();
    let mut strays = Vec::new();
    for name in &below {
        for snapshot in dataset::snapshots(machine, name)? {
            strays.extend(snapshot.clones.into_iter().filter(|clone| !below.contains(clone)));
        }
    }
    if strays.is_empty() {
        return Ok(None);
    }
    strays.sort();
    let list: String = strays.iter().map(|name| format!("\t{name}\n")).collect();
    session.complain(format_args!(
        "Error: cloned zone datasets found outsize of zone.\n{list}Error: please delete clone(s) and retry uninstall.\n"
    ));
    Ok(Some(End::Fatal))
}

/// Renames the snapshots whose names the clone has too.
fn make_room(
    session: &mut Session<'_, '_>,
    environment: &Dataset,
    clone: &Dataset,
    youngest: &str,
    run: &Run,
) -> io::Result<Result<(), End>> {
    let machine = session.machine;
    while let Some(short) = promotion_clash(machine, clone, youngest)? {
        let old = format!("{}@{short}", environment.name);
        if used_by_zone(machine, clone)? {
            session.complain(format_args!(
                "Error: cloned zone dataset(s) in use.\n\t{}\n\
                 Error: please stop using clone(s) and retry uninstall.\n",
                clone.name
            ));
            return Ok(Err(End::Fatal));
        }
        let Some(base) = renamed(&short) else {
            session.complain(format_args!(
                "Error: user snapshot(s) detected.\n\t{old}\nError: please delete snapshot(s) and retry uninstall.\n"
            ));
            return Ok(Err(End::Fatal));
        };
        let mut new = None;
        for candidate in (1..100).map(|n| format!("{}@{base}{n}", environment.name)) {
            let clash = format!("{}@{}", clone.name, candidate.rsplit('@').next().unwrap_or_default());
            if dataset::find_snapshot(machine, &candidate)?.is_none()
                && dataset::find_snapshot(machine, &clash)?.is_none()
            {
                new = Some(candidate);
                break;
            }
        }
        let Some(new) = new else { return Ok(Err(End::Fatal)) };
        if !run.dry {
            session.say(format_args!("renaming '{old}' to '{new}'.\n"));
        }
        dataset::rename_snapshot(machine, &old, &new)?;
    }
    Ok(Ok(()))
}

/// Prefix of a snapshot's new name, if it is one that clones or boot environments make.
fn renamed(short: &str) -> Option<String> {
    let stem = short.trim_end_matches(|c: char| c.is_ascii_digit());
    match stem {
        "zbe-" if stem.len() < short.len() => Some("zbe-".into()),
        stem if stem.ends_with("_snap") => Some(stem.to_owned()),
        _ => None,
    }
}

fn used_by_zone(machine: &Machine, clone: &Dataset) -> io::Result<bool> {
    let place = clone.mounted.as_deref();
    Ok(kernel::all(machine)?.iter().any(|zone| place == Some(&format!("{}/root", zone.zonepath))))
}
