//! `zoneadm install`, and the install hook of the brands that have packages.

use std::io;

use super::hook::{self, End};
use super::play::{self, Hook};
use super::zonepath::Care;
use super::{
    ALREADY_INSTALLED, Rule, Target, UNINSTALL_FIRST, complain, lock, or_return, sanity, set_state, usage, verify,
};
use crate::answer::{Answer, FAILED, OK, Session};
use crate::dialect::BrandKind;
use crate::index::State;
use crate::options::{Parsed, parse};
use crate::zfs::dataset::{self, Dataset};
use crate::{ZoneState, pkg, tree};

/// The shell line of a hook may be this long.
const MAX_COMMAND: usize = 1024;

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    if args.iter().any(|arg| arg == "-?") {
        return usage::of(session, "install");
    }
    let (with_dataset, hook_args) = own_options(args);
    let refused = &[(ZoneState::Installed, ALREADY_INSTALLED), (ZoneState::Incomplete, UNINSTALL_FIRST)];
    let rule = Rule { word: "install", must_be_active: false, must_be_inactive: true, refused };
    let target = or_return!(sanity(session, zone, rule)?);
    let kind = session.machine.line().brand(&target.brand).unwrap_or(BrandKind::Plain);
    if kind == BrandKind::Plain {
        complain(session, &target.name, format_args!("Missing brand install command"));
        return Ok(FAILED);
    }
    let line = format!("/usr/lib/brand/{}/pkgcreatezone -z {} -R {}", target.brand, target.name, target.zonepath);
    if line.len() + hook_args.iter().map(|arg| arg.len() + 1).sum::<usize>() >= MAX_COMMAND {
        complain(session, &target.name, format_args!("Install command line too long"));
        return Ok(FAILED);
    }
    if !verify::details(session, &target, Care::Make)? {
        return Ok(FAILED);
    }
    let _lock = or_return!(lock(session, &target.name)?);
    or_return!(set_state(session, &target.name, State::Incomplete));
    if with_dataset {
        make_dataset(session, &target)?;
    }
    let end = or_return!(play::run(session, Hook::Install, &target, &hook_args)?);
    finish(session, &target, "install", "brand-specific installation", end)
}

/// `-x nodataset` is zoneadm's own, the rest the hook's.
fn own_options(args: &[String]) -> (bool, Vec<String>) {
    let mut with_dataset = true;
    let mut rest = Vec::new();
    let mut words = args.iter().peekable();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-xnodataset" => with_dataset = false,
            "-x" if words.peek().is_some_and(|next| *next == "nodataset") => {
                words.next();
                with_dataset = false;
            }
            // The line is put together for a shell, which drops an empty word.
            "" => {}
            _ => rest.push(word.clone()),
        }
    }
    (with_dataset, rest)
}

/// What the end of an install, clone or attach hook means for the zone, which is `incomplete` meanwhile.
pub(super) fn finish(session: &mut Session<'_, '_>, target: &Target, name: &str, hook: &str, end: End) -> Answer {
    match end {
        End::Done => {
            or_return!(set_state(session, &target.name, State::Installed));
            return Ok(OK);
        }
        End::Usage => usage::of(session, name).map(drop)?,
        End::NotComplete => {
            clear_zonepath(session, target)?;
            or_return!(set_state(session, &target.name, State::Configured));
        }
        End::Signalled => complain(session, &target.name, format_args!("'{hook}' terminated by signal SIGKILL.")),
        End::Fatal => {}
    }
    Ok(FAILED)
}

fn clear_zonepath(session: &Session<'_, '_>, target: &Target) -> io::Result<()> {
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    if let Some(found) = hook::zonepath_dataset(machine, &target.zonepath)? {
        let mut doomed = dataset::descendants(machine, &found.name)?;
        doomed.reverse();
        for name in doomed {
            crate::zfs::destroy::destroy_one(machine, &name)?;
        }
    }
    tree::remove(machine, &machine.path(&target.zonepath))
}

/// Zoneadm makes a data set for the zonepath where its parent is the mount point of one.
pub(super) fn make_dataset(session: &mut Session<'_, '_>, target: &Target) -> io::Result<()> {
    let machine = session.machine;
    let _lock = machine.lock("datasets")?;
    if dataset::mounted_at(machine, &target.zonepath)?.is_some() {
        return Ok(());
    }
    let Some(name) = hook::zonepath_dataset_name(machine, &target.zonepath)? else { return Ok(()) };
    if !dataset::is_valid(&name) {
        session.complain(format_args!("cannot create ZFS dataset {name}: invalid dataset name\n"));
    } else if dataset::find(machine, &name)?.is_some() {
        session.complain(format_args!("cannot create ZFS dataset {name}: dataset already exists\n"));
    } else {
        let mut new = Dataset { name: name.clone(), ..Dataset::default() };
        if !dataset::create(machine, &mut new)? {
            session.complain(format_args!("cannot mount ZFS dataset {name}: mountpoint or dataset is busy\n"));
            return dataset::destroy(machine, &new);
        }
        super::zonepath::make(machine, &target.zonepath)?;
        session.say(format_args!("A ZFS file system has been created for this zone.\n"));
    }
    Ok(())
}

/// The hook of the zone's brand.
pub(super) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let kind = session.machine.line().brand(&target.brand).unwrap_or(BrandKind::Plain);
    match kind {
        BrandKind::Image | BrandKind::LinkedImage => packages(session, target, kind, args),
        BrandKind::Archive => archive(session, target, args),
        BrandKind::Vm | BrandKind::Plain => bare(session, target),
    }
}

const HOOK_USAGE: &str = "brand-specific usage: \n\
    \tinstall [-h]\n\
    \tinstall [-c certificate_file] [-k key_file] [-P publisher=uri] [-e extrapkg [...]]\n\
    \tinstall {-a archive|-d path} {-p|-u} [-s|-v]\n";

fn misused(session: &mut Session<'_, '_>, message: &str) -> End {
    if !message.is_empty() {
        session.complain(format_args!("{message}\n"));
    }
    session.complain(format_args!("{HOOK_USAGE}"));
    End::Usage
}

fn hook_options(session: &mut Session<'_, '_>, args: &[String]) -> Result<Parsed, End> {
    let Ok(options) = parse(args, "a:c:d:e:hk:P:psuv", &[]) else { return Err(misused(session, "")) };
    if options.has('h') {
        return Err(misused(session, ""));
    }
    let image = options.has('a') || options.has('d');
    let conflicts = [
        ('a', 'd', "cannot specify both -a and -d options"),
        ('s', 'v', "cannot specify both -s and -v options"),
        ('u', 'p', "cannot specify both -u and -p options"),
    ];
    for (one, other, message) in conflicts {
        if options.has(one) && options.has(other) {
            return Err(misused(session, message));
        }
    }
    if image && ['P', 'e', 'c', 'k'].iter().any(|letter| options.has(*letter)) {
        return Err(misused(session, "cannot specify -P, -e, -c or -k with -a or -d options"));
    }
    if !image && (options.has('p') || options.has('u')) {
        return Err(misused(session, "cannot specify -p or -u without -a or -d options"));
    }
    if options.value('a').is_some_and(|archive| archive.contains('=')) {
        session.complain(format_args!("-a publisher=uri option is obsolete, use -P instead.\n"));
        return Err(End::Usage);
    }
    if options
        .value('P')
        .is_some_and(|publisher| publisher.split_once('=').is_none_or(|(n, u)| n.is_empty() || u.is_empty()))
    {
        session.complain(format_args!("Syntax error in publisher information.\n"));
        return Err(End::Usage);
    }
    Ok(options)
}

/// The hook of ipkg and its kin: a boot environment, an image, its publishers, its packages.
fn packages(session: &mut Session<'_, '_>, target: &Target, kind: BrandKind, args: &[String]) -> io::Result<End> {
    let options = match hook_options(session, args) {
        Ok(options) => options,
        Err(end) => return Ok(end),
    };
    let machine = session.machine;
    let image = options.has('a') || options.has('d');
    let linked = kind == BrandKind::LinkedImage;
    let publishers = match options.value('P').and_then(|publisher| publisher.split_once('=')) {
        Some((name, origin)) => vec![pkg::Publisher::new(name, origin)],
        None => pkg::image::publishers(machine, "/")?,
    };
    if publishers.is_empty() && !image {
        session.complain(format_args!("ERROR: failed to create image\n"));
        return Ok(End::NotComplete);
    }
    if !image {
        session.say(format_args!("Sanity Check: Looking for 'entire' incorporation.\n"));
    }
    {
        let _lock = machine.lock("datasets")?;
        let Some(dataset) = hook::zonepath_dataset(machine, &target.zonepath)? else {
            return Ok(hook::fatal(session, format_args!("{}", hook::NO_DATASET)));
        };
        if dataset.name.starts_with("rpool/ROOT/") {
            return Ok(hook::fatal(session, format_args!("{}", hook::BELOW_ROOT)));
        }
        // As after a wait for another install: its root is in the way.
        if dataset::mounted_at(machine, &format!("{}/root", target.zonepath))?.is_some() {
            return Ok(hook::fatal(session, format_args!("Unable to mount the zone's ZFS dataset.")));
        }
        if hook::make_environment(machine, &target.zonepath, &dataset.name, None)?.is_none() {
            return Ok(hook::fatal(session, format_args!("Unable to create the zone's ZFS dataset.")));
        }
    }
    session.say(format_args!("       Image: Preparing at {}/root.\n\n", target.zonepath));
    if image {
        let source = options.value('a').or_else(|| options.value('d')).unwrap_or_default();
        if !session.machine.path(source).exists() && !std::path::Path::new(source).exists() {
            return Ok(hook::fatal(session, format_args!("{source}: no such file or directory.")));
        }
    }
    hook::populate(session, target)?;
    let extras: Vec<String> = options.values('e').map(str::to_owned).collect();
    pkg::image::make(session.machine, &target.zonepath, &publishers, linked, &extras)?;
    say_packages(session, &publishers, extras.len());
    Ok(End::Done)
}

fn say_packages(session: &mut Session<'_, '_>, publishers: &[pkg::Publisher], extras: usize) {
    let line = session.machine.line();
    let cache = "       Cache: Using /var/pkg/publisher.\n";
    let from: String = publishers
        .iter()
        .map(|publisher| format!("   Publisher: Using {} ({}).\n", publisher.name, publisher.origin()))
        .collect();
    if line.next_steps {
        session.say(format_args!("{from}{cache}  Installing: Packages (output follows)\n"));
    } else {
        session.say(format_args!("{cache}  Installing: Packages (output follows)\n{from}"));
    }
    session.say(format_args!("Packages to install: {}\n", 118 + extras));
    session.say(format_args!(" Postinstall: Copying SMF seed repository ... done.\n"));
    session.say(format_args!("        Done: Installation completed in 74.208 seconds.\n"));
    if line.next_steps {
        session.say(format_args!(
            "\n  Next Steps: Boot the zone, then log into the zone console (zlogin -C)\n\
             \x20             to complete the configuration process.\n"
        ));
    }
}

/// The hook of the brands that are made from somebody's archive, snapshot or data set.
fn archive(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let Ok(options) = parse(args, "a:d:hpst:uvx:", &[]).or_else(|_| parse(args, "s:t:h", &[])) else {
        return Ok(misused(session, ""));
    };
    let sources = ['a', 'd', 's', 't'].iter().filter(|letter| options.has(**letter)).count();
    if options.has('h') || sources != 1 {
        session.complain(format_args!("exactly one source is needed\n"));
        return Ok(End::Usage);
    }
    bare(session, target)
}

/// A root directory and nothing that is played in it.
fn bare(session: &mut Session<'_, '_>, target: &Target) -> io::Result<End> {
    let root = session.machine.path(&target.zonepath).join("root");
    std::fs::create_dir_all(root)?;
    hook::populate(session, target)?;
    Ok(End::Done)
}
