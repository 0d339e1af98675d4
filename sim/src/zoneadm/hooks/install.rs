//! The hook `install`: the packages of ipkg, the shared files of sparse.
//!
//! [source: pkgcreatezone of ipkg and sparse; recorded: kind `hook-install-options`]

use std::fs;
use std::io;

use super::{image, seed};
use crate::dialect::BrandKind;
use crate::pkg;
use crate::pkg::network;
use crate::session::Session;
use crate::zoneadm::script::End;
use crate::zoneadm::shell::{self, Options, Read};
use crate::zoneadm::{Target, brand, environment, populate, script};

/// The hook of the zone's brand.
pub(in crate::zoneadm) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
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
        Options::Bad => return Ok(script::misused(session, "", HOOK_USAGE)),
        Options::Help => return Ok(End::Fatal),
    };
    if options.has('h') {
        return Ok(script::misused(session, "", HOOK_USAGE));
    }
    if let Some(archive) = options.value('a').filter(|archive| archive.contains('='))
        && !machine.path(archive).is_file()
    {
        // The message begins with `-a`, which printf takes for an option. [recorded: install-omnios-ipkg-a-pub]
        session.complain(format_args!(
            "{script}[99]: printf: -a: unknown option\n\
             Usage: printf [-v name] format [string ...]\n Help: printf [ --help | --man ] 2>&1\n"
        ));
        return Ok(script::misused(session, "", HOOK_USAGE));
    }
    let is_image = options.has('a') || options.has('d');
    if let Some(conflict) = conflict(&options, is_image) {
        return Ok(script::misused(session, &conflict, HOOK_USAGE));
    }
    let publisher = options.value('P').map(|publisher| publisher.split_once('=').unwrap_or((publisher, "")));
    if publisher.is_some_and(|(name, origin)| name.is_empty() || origin.is_empty()) {
        return Ok(script::misused(session, "Syntax error in publisher information.", HOOK_USAGE));
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
        return script::fatal(session, &target.zonepath, &message);
    }
    {
        let _lock = machine.lock("datasets")?;
        if let Err(end) = environment::create_active(session, &target.zonepath, false)? {
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
        return Ok(script::incomplete(session, "failed to create image\n"));
    }
    let extras: Vec<String> = options.values('e').map(str::to_owned).collect();
    say_sources(session, &publishers);
    if cut_off(session, &publishers)? {
        return script::fatal(session, &target.zonepath, "failed to install package\n");
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
        return script::fatal(session, &target.zonepath, "failed to install package\n");
    }
    populate::populate(session, target)?;
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
        Options::Bad => return Ok(script::misused(session, "", SPARSE_USAGE)),
        Options::Help => return Ok(End::Fatal),
    };
    if options.has('h') {
        return Ok(script::misused(session, "", SPARSE_USAGE));
    }
    if options.has('s') && options.has('v') {
        return Ok(script::misused(session, "cannot specify both -s and -v options", SPARSE_USAGE));
    }
    {
        let _lock = machine.lock("datasets")?;
        let (_, environment) = match environment::create_active(session, &target.zonepath, false)? {
            Ok(made) => made,
            Err(end) => return Ok(end),
        };
        environment::create_overlays(machine, &environment.name)?;
        if let Err(fatal) = environment::mount_overlays(machine, target, &environment.name)? {
            script::print_fatal(session, &target.zonepath, &fatal)?;
            return Ok(End::Fatal);
        }
    }
    session.say(format_args!(
        "       Image: Preparing at {}.\nSanity Check: Looking for 'entire' incorporation.\n",
        target.root()
    ));
    let publishers = pkg::image::publishers(machine, "/")?;
    if cut_off(session, &publishers)? {
        return script::fatal(session, &target.zonepath, "failed to install package\n");
    }
    populate::populate(session, target)?;
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
    populate::populate(session, target)?;
    Ok(End::Done)
}
