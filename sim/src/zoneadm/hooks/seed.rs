//! The install hooks of brands illumos and lx: a zone from a tar archive, a ZFS stream, a data set or a snapshot.
//!
//! [source: seed_zone of image.ksh, illumos/createzone, lx/lx_install; recorded: install-omnios-illumos-s-*]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

use super::image::{self, FileKind};
use crate::calendar::Date;
use crate::dialect::BrandKind;
use crate::index;
use crate::session::Session;
use crate::zfs::dataset::{self, Dataset};
use crate::zfs::destroy;
use crate::zoneadm::script::End;
use crate::zoneadm::shell::{self, Options};
use crate::zoneadm::{Target, brand, environment, populate, script};

const OPTIONS: &str = "Available options are:\n\
    \t-s <dataset|snapshot|pathname>\tZone installation source\n\
    \t(-t is a backwards compatible alias for -s)\n\n";

/// Prints the options, on standard output; 255, so that zoneadm says nothing more.
fn usage(session: &mut Session<'_, '_>, message: &str) -> End {
    if !message.is_empty() {
        session.say(format_args!("{message}\n\n"));
    }
    session.say(format_args!("{OPTIONS}"));
    End::Fatal
}

pub(in crate::zoneadm) fn hook(
    session: &mut Session<'_, '_>,
    target: &Target,
    kind: BrandKind,
    args: &[String],
) -> io::Result<End> {
    let name = if kind == BrandKind::Illumos { "createzone" } else { "lx_install" };
    let script = format!("{}/{name}", brand::scripts(session.machine, &target.brand));
    let options = match shell::options(session, &script, args, "R:s:t:z:v") {
        Options::Read(options) => options,
        Options::Bad => return Ok(usage(session, "")),
        Options::Help => return Ok(End::Fatal),
    };
    let source = options.value('s').or_else(|| options.value('t'));
    let Some(source) = source.filter(|source| !source.is_empty()) else {
        return Ok(usage(session, "The installation source must be specified."));
    };
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    let Some(zone) = dataset::mounted_at(machine, &target.zonepath)? else {
        let parent =
            target.zonepath.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
        let message = match dataset::mounted_at(machine, parent)? {
            Some(_) => format!("Could not find a ZFS dataset for {}", target.zonepath),
            None => format!(
                "Could not find parent dataset for {}\nMake sure that {parent} is a ZFS dataset",
                target.zonepath
            ),
        };
        return script::fatal(session, &target.zonepath, &message);
    };
    let with_environment = kind == BrandKind::Illumos;
    let root_set = format!("{}/ROOT", zone.name);
    if with_environment {
        if dataset::find(machine, &root_set)?.is_some() {
            return script::fatal(session, &target.zonepath, &format!("Could not create {root_set}"));
        }
        environment::make_root_dataset(machine, &root_set)?;
    }
    let set = if with_environment { format!("{root_set}/illumos") } else { zone.name.clone() };
    let found = match find_source(session, target, source, options.has('v'))? {
        Ok(found) => found,
        Err(end) => return Ok(end),
    };
    lay_down(session, target, source, &set, with_environment, &found)?;
    if with_environment {
        finish_environment(session, &root_set, &set)?;
    } else {
        finish_lx(session, target, &set)?;
    }
    script::begin_log(machine, &target.zonepath, "installed")?;
    Ok(End::Done)
}

/// Source of the zone's files.
enum Found {
    Snapshot(String),
    Stream,
    Archive(FileKind),
}

fn find_source(
    session: &mut Session<'_, '_>,
    target: &Target,
    source: &str,
    verbose: bool,
) -> io::Result<Result<Found, End>> {
    let machine = session.machine;
    let refuse =
        |session: &mut Session<'_, '_>, message: String| script::fatal(session, &target.zonepath, &message).map(Err);
    let place = image::locate(machine, source);
    if place.is_file() {
        let mut kind = FileKind::of(&fs::read(&place)?);
        let filter = match kind {
            FileKind::Tar | FileKind::Pax | FileKind::ZfsStream => "cat",
            FileKind::Gzip => "gzip -dc",
            FileKind::Bzip2 => "bzip2 -dc",
            _ => {
                let source = image::shown(machine, source);
                return refuse(session, format!("Seed file {source} not in a supported format ({})", kind.word()));
            }
        };
        let base = kind.word();
        if matches!(kind, FileKind::Gzip | FileKind::Bzip2) {
            // Its content is assumed to be that of typical files of this kind.
            kind = FileKind::Tar;
        }
        if verbose {
            session.say(format_args!(
                "Base file type is '{base}'\nSelected filter '{filter}'\nUnderlying file type is '{}'\n",
                kind.word()
            ));
        }
        return Ok(Ok(if kind == FileKind::ZfsStream {
            Found::Stream
        } else {
            Found::Archive(FileKind::of(&fs::read(&place)?))
        }));
    }
    if source.starts_with('/') {
        return refuse(session, format!("Source file '{}' not found", image::shown(machine, source)));
    }
    if source.contains('@') {
        return match dataset::find_snapshot(machine, source)? {
            Some(_) => Ok(Ok(Found::Snapshot(source.to_owned()))),
            None => refuse(session, format!("Could not find ZFS snapshot {source}")),
        };
    }
    let Some(set) = dataset::find(machine, source)? else {
        return refuse(session, format!("Could not find ZFS filesystem {source}"));
    };
    let name = now();
    if dataset::find_snapshot(machine, &format!("{source}@{name}"))?.is_some() {
        return refuse(session, format!("ZFS snapshot ({source}@{name}) failed (1)"));
    }
    dataset::snapshot(machine, &set, &name)?;
    if verbose {
        session.say(format_args!("Snapshotted {source}@{name}\n"));
    }
    Ok(Ok(Found::Snapshot(format!("{source}@{name}"))))
}

/// The name of a snapshot that a hook takes: the time, in UTC.
fn now() -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    let Date { year, month, day, hour, minute, second } = Date::of(seconds);
    format!("{year:04}-{month:02}-{day:02}:{hour:02}:{minute:02}:{second:02}")
}

fn lay_down(
    session: &mut Session<'_, '_>,
    target: &Target,
    source: &str,
    set: &str,
    with_environment: bool,
    found: &Found,
) -> io::Result<()> {
    let machine = session.machine;
    let root = machine.path(target.root());
    match found {
        Found::Snapshot(snapshot) => {
            session.say(format_args!(
                "Installing zone from ZFS filesystem {snapshot}\nCloning from snapshot {snapshot}\n"
            ));
            replace(machine, set, with_environment)?;
            dataset::create(
                machine,
                &mut Dataset { name: set.into(), origin: Some(snapshot.clone()), ..Dataset::default() },
            )?;
        }
        Found::Stream => {
            session.say(format_args!("Installing zone from ZFS stream\n"));
            replace(machine, set, with_environment)?;
            dataset::create(machine, &mut Dataset { name: set.into(), ..Dataset::default() })?;
            if !with_environment {
                fs::create_dir_all(&root)?;
                populate::populate(session, target)?;
            }
        }
        Found::Archive(kind) => {
            session.say(format_args!("Installing zone from tar file {}\n", image::shown(machine, source)));
            fs::create_dir_all(&root)?;
            let mut made = None;
            if with_environment {
                dataset::create(machine, &mut Dataset { name: set.into(), ..Dataset::default() })?;
                made = dataset::find(machine, set)?;
                if let Some(made) = &mut made {
                    environment::mount_legacy(machine, made, &target.root(), false)?;
                }
            }
            populate::populate(session, target)?;
            if matches!(kind, FileKind::Tar | FileKind::Pax) {
                image::tar(&image::locate(machine, source), &root);
            }
            fs::set_permissions(&root, fs::Permissions::from_mode(0o755))?;
            // The root of an illumos zone is unmounted again. [recorded: install-omnios-illumos-s-tar]
            if let Some(made) = &mut made {
                dataset::unmount(machine, made)?;
            }
        }
    }
    if !root.is_dir() {
        fs::create_dir(&root)?;
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// A clone or stream takes the place of the zonepath's own data set, if the zone has no boot environments.
fn replace(machine: &crate::Machine, set: &str, with_environment: bool) -> io::Result<()> {
    if !with_environment {
        destroy::destroy_one(machine, set)?;
    }
    Ok(())
}

/// The boot environments of an illumos zone belong to the zone, not to the global zone's. [recorded: install-omnios-illumos-s-ds]
fn finish_environment(session: &Session<'_, '_>, root_set: &str, set: &str) -> io::Result<()> {
    let machine = session.machine;
    let own = index::new_uuid();
    if let Some(mut root) = dataset::find(machine, root_set)? {
        root.set(environment::OWN_PARENT, &own);
        dataset::put(machine, &root)?;
    }
    if let Some(mut environment) = dataset::find(machine, set)? {
        environment.set(environment::ACTIVE, "on");
        environment.set(environment::PARENT, &own);
        environment.set("canmount", "noauto");
        dataset::put(machine, &environment)?;
    }
    Ok(())
}

fn finish_lx(session: &Session<'_, '_>, target: &Target, set: &str) -> io::Result<()> {
    let machine = session.machine;
    let root = machine.path(target.root());
    fs::create_dir_all(root.join("dev"))?;
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755))?;
    let _ = fs::remove_dir(machine.path(&target.zonepath).join("cores"));
    if let Some(mut zone) = dataset::find(machine, set)? {
        zone.set("devices", "off");
        dataset::put(machine, &zone)?;
    }
    Ok(())
}
