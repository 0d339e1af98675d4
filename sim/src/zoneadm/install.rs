//! `zoneadm install`, and the install hook of the brands that have packages.
//!
//! [source: install_func of zoneadm.c, pkgcreatezone of ipkg and sparse; recorded: kind `hook-install-options`]

use std::fs;
use std::io;

use super::getopt::Getopt;
use super::hook::{self, End};
use super::play::{self, Hook};
use super::shell::{self, Options, Read};
use super::{
    ALREADY_INSTALLED, Rule, Target, UNINSTALL_FIRST, brand, brand_name, cleanup, complain, image, lock, no_brand,
    or_return, sanity, seed, set_state, text, usage, verify,
};
use crate::answer::{Answer, FAILED, OK, Session};
use crate::dialect::BrandKind;
use crate::document::Document;
use crate::index::{self, State};
use crate::pkg::network;
use crate::zfs::dataset::{self, Dataset};
use crate::{ZoneState, pkg};

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
        let Some(target) = play::find(machine, name) else { return Ok(FAILED) };
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
    let Some(name) = hook::expected_name(machine, &target.zonepath)? else { return Ok(()) };
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

/// The hook of the zone's brand.
pub(super) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    match session.machine.line().brand(&target.brand).unwrap_or(BrandKind::Plain) {
        kind @ (BrandKind::Image | BrandKind::LinkedImage) => packages(session, target, kind, args),
        BrandKind::Sparse => sparse(session, target, args),
        kind @ (BrandKind::Illumos | BrandKind::Lx) => seed::hook(session, target, kind, args),
        BrandKind::Archive | BrandKind::Vm | BrandKind::Plain => bare(session, target),
    }
}

const HOOK_USAGE: &str = "\n        install [-h]\n\
    \x20       install [-c certificate_file] [-k key_file] [-P publisher=uri]\n\
    \x20               [-e extrapkg [...]]\n\
    \x20       install {-a archive|-d path} {-p|-u} [-s|-v]";

const SPARSE_USAGE: &str = "\n        install [-h]\n        install [-s|-v]";

/// Options that exclude each other, in the order in which the hook looks.
fn conflict(options: &Read, image: bool) -> Option<String> {
    let both = |one: &str, other: &str| Some(format!("cannot specify both {one} and {other} options"));
    for (one, other) in [('a', 'd'), ('s', 'v'), ('u', 'p')] {
        if options.has(one) && options.has(other) {
            return both(&format!("-{one}"), &format!("-{other}"));
        }
    }
    if image && let Some(letter) = ['P', 'e', 'c', 'k'].into_iter().find(|letter| options.has(*letter)) {
        return both("-a|-d", &format!("-{letter}"));
    }
    if !image && (options.has('p') || options.has('u')) {
        return both("default", "-p|-u");
    }
    None
}

/// The hook of ipkg and its kin: a boot environment, an image, its publishers, its packages.
fn packages(session: &mut Session<'_, '_>, target: &Target, kind: BrandKind, args: &[String]) -> io::Result<End> {
    let machine = session.machine;
    let script = format!("{}/pkgcreatezone", brand::scripts(machine, &target.brand));
    let options = match shell::options(session, &script, args, "a:c:d:e:hk:P:pR:suvz:") {
        Options::Read(options) => options,
        Options::Bad => return Ok(hook::misused(session, "", HOOK_USAGE)),
        Options::Help => return Ok(End::Fatal),
    };
    if options.has('h') {
        return Ok(hook::misused(session, "", HOOK_USAGE));
    }
    if let Some(archive) = options.value('a').filter(|archive| archive.contains('='))
        && !machine.path(archive).is_file()
    {
        // The message begins with `-a`, which printf takes for an option. [recorded: install-omnios-ipkg-a-pub]
        session.complain(format_args!(
            "{script}[99]: printf: -a: unknown option\n\
             Usage: printf [-v name] format [string ...]\n Help: printf [ --help | --man ] 2>&1\n"
        ));
        return Ok(hook::misused(session, "", HOOK_USAGE));
    }
    let is_image = options.has('a') || options.has('d');
    if let Some(conflict) = conflict(&options, is_image) {
        return Ok(hook::misused(session, &conflict, HOOK_USAGE));
    }
    let publisher = options.value('P').map(|publisher| publisher.split_once('=').unwrap_or((publisher, "")));
    if publisher.is_some_and(|(name, origin)| name.is_empty() || origin.is_empty()) {
        return Ok(hook::misused(session, "Syntax error in publisher information.", HOOK_USAGE));
    }
    session.say(format_args!("Sanity Check: Looking for 'entire' incorporation.\n"));
    let lacks_entire = |(name, origin): &(&str, &str)| {
        !is_reachable(session, origin) || !network::holds(machine, origin, name, "entire")
    };
    if let Some((name, _)) = publisher.filter(lacks_entire) {
        // [recorded: install-omnios-ipkg-P-unreachable]
        let message = format!(
            "Unable to locate the incorporation 'entire@{}' in the preferred publisher '{name}'.\n\
             Use -P to supply a publisher which contains this package.\n",
            machine.line().entire
        );
        return hook::fatal(session, &target.zonepath, &message);
    }
    {
        let _lock = machine.lock("datasets")?;
        if let Err(end) = hook::create_active(session, &target.zonepath, false)? {
            return Ok(end);
        }
    }
    if is_image {
        // Whatever it was, the zone can be installed again. [recorded: install-oi-ipkg-a-missing]
        let end = image::install(session, target, &options, kind)?;
        return Ok(if end == End::Done { End::Done } else { End::NotComplete });
    }
    session.say(format_args!("       Image: Preparing at {}.\n", target.root()));
    let publishers = match publisher {
        Some((name, origin)) => vec![pkg::Publisher::new(name, origin)],
        None => pkg::image::publishers(machine, "/")?,
    };
    if publishers.is_empty() {
        return Ok(hook::incomplete(session, "failed to create image\n"));
    }
    let extras: Vec<String> = options.values('e').map(str::to_owned).collect();
    say_sources(session, &publishers);
    if cut_off(session, &publishers)? {
        return hook::fatal(session, &target.zonepath, "failed to install package\n");
    }
    // Names that no repository has, or that the ones given have not. [recorded: install-omnios-ipkg-e-nosuch]
    let is_there = |name: &str| {
        let mut origins = publishers.iter().flat_map(|source| source.origins.iter().map(move |o| (source, &o.uri)));
        !name.contains("nosuch") && origins.any(|(source, uri)| network::holds(machine, uri, &source.name, name))
    };
    if let Some(missing) = extras.iter().find(|name| !is_there(name)) {
        session.complain(format_args!(
            "\npkg install: The following pattern(s) did not match any allowable packages.  Try\n\
             using a different matching pattern, or refreshing publisher information:\n\n\t{missing}\n\n"
        ));
        return hook::fatal(session, &target.zonepath, "failed to install package\n");
    }
    hook::populate(session, target)?;
    pkg::image::make(machine, &target.zonepath, &publishers, kind == BrandKind::LinkedImage, &extras)?;
    say_packages(session, extras.len());
    Ok(End::Done)
}

/// Names that never resolve stand for repositories that cannot be reached.
fn is_reachable(session: &Session<'_, '_>, origin: &str) -> bool {
    let host = origin.split("//").nth(1).unwrap_or(origin).split(['/', ':']).next().unwrap_or_default();
    !host.split('.').any(|label| label == "nosuch" || label == "invalid")
        && !network::is_walled(session.machine, session.call.env, origin)
}

/// Says that none of the publishers answers, as `pkg install` does when it refreshes them.
fn cut_off(session: &mut Session<'_, '_>, publishers: &[pkg::Publisher]) -> io::Result<bool> {
    let walled = |uri: &str| network::is_walled(session.machine, session.call.env, uri);
    let mut origins = publishers.iter().flat_map(|publisher| &publisher.origins);
    if publishers.is_empty() || !origins.all(|origin| walled(&origin.uri)) {
        return Ok(false);
    }
    session.complain(format_args!("pkg: 0/{} catalogs successfully updated:\n", publishers.len()));
    Ok(true)
}

fn say_sources(session: &mut Session<'_, '_>, publishers: &[pkg::Publisher]) {
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
}

fn say_packages(session: &mut Session<'_, '_>, extras: usize) {
    session.say(format_args!("Packages to install: {}\n", 118 + extras));
    session.say(format_args!(" Postinstall: Copying SMF seed repository ... done.\n"));
    session.say(format_args!("        Done: Installation completed in 74.208 seconds.\n\n"));
    if session.machine.line().next_steps {
        session.say(format_args!(
            "  Next Steps: Boot the zone, then log into the zone console (zlogin -C)\n\
             \x20             to complete the configuration process.\n"
        ));
    }
}

/// The hook of sparse and pkgsrc: as that of ipkg, with two data sets laid over the root, and hardly any options.
/// [recorded: install-omnios-sparse-P-e]
fn sparse(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let machine = session.machine;
    let script = format!("{}/pkgcreatezone", brand::scripts(machine, &target.brand));
    let options = match shell::options(session, &script, args, "hb:R:svz:") {
        Options::Read(options) => options,
        Options::Bad => return Ok(hook::misused(session, "", SPARSE_USAGE)),
        Options::Help => return Ok(End::Fatal),
    };
    if options.has('h') {
        return Ok(hook::misused(session, "", SPARSE_USAGE));
    }
    if options.has('s') && options.has('v') {
        return Ok(hook::misused(session, "cannot specify both -s and -v options", SPARSE_USAGE));
    }
    {
        let _lock = machine.lock("datasets")?;
        let (_, environment) = match hook::create_active(session, &target.zonepath, false)? {
            Ok(made) => made,
            Err(end) => return Ok(end),
        };
        hook::create_overlays(machine, &environment.name)?;
        if let Err(fatal) = hook::mount_overlays(machine, target, &environment.name)? {
            hook::print_fatal(session, &target.zonepath, &fatal)?;
            return Ok(End::Fatal);
        }
    }
    session.say(format_args!(
        "       Image: Preparing at {}.\nSanity Check: Looking for 'entire' incorporation.\n",
        target.root()
    ));
    let publishers = pkg::image::publishers(machine, "/")?;
    if cut_off(session, &publishers)? {
        return hook::fatal(session, &target.zonepath, "failed to install package\n");
    }
    hook::populate(session, target)?;
    pkg::image::make(machine, &target.zonepath, &publishers, true, &[])?;
    let from: String =
        publishers.iter().map(|p| format!("   Publisher: Using {} ({}).\n", p.name, p.origin())).collect();
    session
        .say(format_args!("{from}       Cache: Using /var/pkg/publisher.\n  Installing: Packages (output follows)\n"));
    session.say(format_args!(
        " Postinstall: Copying SMF seed repository ... done.\n        Done: Installation completed in 51.003 seconds.\n\n"
    ));
    Ok(End::Done)
}

/// A root directory and nothing that is played in it.
fn bare(session: &mut Session<'_, '_>, target: &Target) -> io::Result<End> {
    let root = session.machine.path(target.root());
    fs::create_dir_all(root)?;
    hook::populate(session, target)?;
    Ok(End::Done)
}
