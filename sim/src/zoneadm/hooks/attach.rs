//! The hook `attach` of the brands that have packages.
//!
//! [source: attach of ipkg and sparse; recorded: kind `hook-attach-options`]

use std::cmp::Ordering;
use std::io;

use super::image::{self, Source};
use super::{detach, uninstall};
use crate::dialect::BrandKind;
use crate::pkg::versions;
use crate::session::Session;
use crate::zfs::change;
use crate::zfs::dataset::{self, Dataset};
use crate::zoneadm::script::End;
use crate::zoneadm::shell::{self, Options, Read};
use crate::zoneadm::{Target, brand, environment, script};
use crate::{Machine, pkg};

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
pub(in crate::zoneadm) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let machine = session.machine;
    let script = format!("{}/attach", brand::scripts(machine, &target.brand));
    let options = match shell::options(session, &script, args, "a:d:nr:u") {
        Options::Read(options) => options,
        Options::Bad => {
            script::misused(session, "", HOOK_USAGE);
            return fail_with(session, End::Usage);
        }
        Options::Help => return fail_with(session, End::Usage),
    };
    let sources = ['a', 'd', 'r'].iter().filter(|letter| options.has(**letter)).count();
    if sources > 1 || (options.has('n') && sources == 1) {
        let complaint = if sources > 1 { "ERROR: " } else { "" };
        script::log(session, &format!("{complaint}{HOOK_USAGE}"));
        return fail_with(session, End::Usage);
    }
    // Nothing is looked at: the zone counts as attached. [recorded: attach-oi-ipkg-n]
    if options.has('n') {
        return Ok(End::Done);
    }
    script::log(session, &format!("Log File: /var/tmp/{}.attach_log.000000", target.name));
    let parent = match target.zonepath.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    };
    match environment::zonepath_dataset(machine, parent)? {
        None => {
            script::log(session, &format!("ERROR: {}", environment::NO_DATASET));
            return fail_with(session, End::Usage);
        }
        Some(found) if found.name.starts_with("rpool/ROOT/") => {
            script::log(session, &format!("ERROR: {}", environment::BELOW_ROOT));
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
    script::log(session, ATTACH_FAILED);
    Ok(end)
}

/// Takes up what is mounted on the zone's root. A zone whose root is not mounted cannot be attached.
/// [recorded: attach-oi-ipkg-unmounted]
fn existing(session: &mut Session<'_, '_>, target: &Target, options: &Read) -> io::Result<End> {
    let machine = session.machine;
    let root = target.root();
    let lock = machine.lock("datasets")?;
    let Some(environment) = dataset::mounted_at(machine, &root)? else {
        script::log(
            session,
            &format!("ERROR: Failed to locate any dataset mounted at {root}.  Attach requires a mounted dataset."),
        );
        return fail_with(session, End::NotComplete);
    };
    let zone = environment::zonepath_dataset(machine, &target.zonepath)?;
    let root_set = match &zone {
        Some(zone) => dataset::find(machine, &format!("{}/ROOT", zone.name))?,
        None => None,
    };
    let Some(mut root_set) = root_set else {
        let message = if zone.is_some() { environment::NO_ACTIVE } else { environment::NO_DATASET };
        script::log(session, &format!("ERROR: {message}"));
        return fail_with(session, End::NotComplete);
    };
    let sparse = machine.line().brand(&target.brand) == Some(BrandKind::Sparse);
    root_set.set("mountpoint", "legacy");
    root_set.set("zoned", "on");
    dataset::put(machine, &root_set)?;
    if sparse {
        for (name, place) in environment::OVERLAYS {
            let Some(mut overlay) = dataset::find(machine, &format!("{}/{name}", environment.name))? else {
                script::log(session, &format!("ERROR: {} ({place})", environment::NO_ACTIVE));
                return fail_with(session, End::NotComplete);
            };
            environment::umount(machine, &format!("{root}/{place}"))?;
            overlay.mounted = None;
            overlay.set("canmount", "noauto");
            overlay.props.retain(|(name, _)| name != "mountpoint");
            dataset::put(machine, &overlay)?;
        }
    }
    let mut environment = environment;
    environment.set(environment::PARENT, &pkg::boot_environment(machine));
    environment.set(environment::ACTIVE, "on");
    environment.set("canmount", "noauto");
    environment.props.retain(|(name, _)| name != "mountpoint" && name != "zoned");
    change::settle(machine, environment.clone(), "mountpoint")?;
    let found = dataset::find(machine, &environment.name)?;
    if let Some(mut environment) = found.filter(|found| found.mounted.as_deref() != Some(&root)) {
        if environment.mounted.is_some() {
            dataset::unmount(machine, &mut environment)?;
        }
        if !environment::mount_legacy(machine, &mut environment, &root, false)? {
            script::log(session, &format!("ERROR: {}", environment::NO_MOUNT));
            return fail_with(session, End::NotComplete);
        }
    }
    if sparse && let Err(fatal) = environment::mount_overlays(machine, target, &environment.name)? {
        script::log(session, &fatal);
        return fail_with(session, End::NotComplete);
    }
    drop(lock);
    let in_step = bring_up(machine, &root, options.has('u'))?;
    say_attached(session, target, &environment.name);
    script::log(session, "                Installing: Using pre-existing data in zonepath");
    if !in_step {
        script::log(
            session,
            &format!(
                "\n                Evaluation: Packages in zone {} are out of sync with the global zone. To proceed, retry \
                 with the -u flag.",
                target.name
            ),
        );
        // Its trap puts the dataset back as it was. [attach of ipkg: trap_exit]
        let _lock = machine.lock("datasets")?;
        detach::set_free(machine, target, &environment.name)?;
        return fail_with(session, End::NotComplete);
    }
    say_updated(session, options.has('u'));
    Ok(End::Done)
}

/// Copies the host's publishers, then brings `entire` and what it incorporates to the host's version. Without `update` that must
/// be the case already; an older version is never installed.
/// [source: attach of ipkg and sparse: pkg install entire@VERSION, with -n unless -u]
fn bring_up(machine: &Machine, root: &str, update: bool) -> io::Result<bool> {
    copy_publishers(machine, root)?;
    let Some(mut image) = pkg::image::read(machine, root)? else { return Ok(true) };
    let host = pkg::image::read(machine, "/")?.unwrap_or_default();
    let (own, wanted) = (versions::of(&image, "entire").to_owned(), versions::of(&host, "entire"));
    match versions::compare(&own, wanted) {
        Ordering::Equal => Ok(true),
        Ordering::Less if update => {
            versions::BASE.iter().for_each(|name| {
                image.versions.insert((*name).to_owned(), versions::of(&host, name).to_owned());
            });
            pkg::image::write(machine, root, &image)?;
            Ok(true)
        }
        Ordering::Less | Ordering::Greater => Ok(false),
    }
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
    script::log(session, &format!("               Attach Path: {}", target.root()));
    script::log(session, &format!("        Attach ZFS Dataset: {environment}\n"));
}

fn say_updated(session: &mut Session<'_, '_>, update: bool) {
    let lines = [
        "       Global zone version: entire@0.5.11",
        "   Non-Global zone version: entire@0.5.11",
        "                     Cache: Using /var/pkg/publisher.",
        "  Updating non-global zone: Output follows",
        "",
    ];
    lines.into_iter().for_each(|line| script::log(session, line));
    if update {
        script::log(session, "  Updating non-global zone: Zone updated.");
    }
    script::log(session, ATTACHED_WELL);
}

/// Unpacks an image into a new boot environment, also beside others, which stay active. What goes wrong destroys all of them.
/// [recorded: attach-oi-ipkg-a, attach-oi-nlipkg-a-missing]
fn unpacked(session: &mut Session<'_, '_>, target: &Target, options: &Read) -> io::Result<End> {
    let machine = session.machine;
    let sparse = machine.line().brand(&target.brand) == Some(BrandKind::Sparse);
    {
        let lock = machine.lock("datasets")?;
        if environment::zonepath_dataset(machine, &target.zonepath)?.is_none()
            && let Some(name) = environment::expected_name(machine, &target.zonepath)?
            && dataset::find(machine, &name)?.is_none()
        {
            dataset::create(machine, &mut Dataset { name, ..Dataset::default() })?;
        }
        let made = match environment::create_active(session, &target.zonepath, true)? {
            Ok((_, made)) => made,
            Err(_) => {
                drop(lock);
                return give_up(session, target);
            }
        };
        if sparse {
            environment::create_overlays(machine, &made.name)?;
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
