//! Installing a zone from the image of a system, and unpacking one for `attach`: what kind of archive it is, what it must hold.
//!
//! [source: image_install, p2v, install_image of common.ksh; recorded: install-oi-ipkg-a-*, install-oi-ipkg-d-*]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::uninstall;
use crate::dialect::BrandKind;
use crate::session::Session;
use crate::zoneadm::script::End;
use crate::zoneadm::shell::Read;
use crate::zoneadm::{Target, script};
use crate::{Machine, pkg, tree};

const USAGE: &str = "\n        install {-a archive|-d path} {-p|-u} [-s|-v]";
const UNKNOWN: &str = "Error: Unknown archive format. Must be a flash archive, a cpio archive (can also be gzipped or \
    bzipped), a pax XUSTAR archive, or a level 0 ufsdump archive.";

/// The script image_install. Unless it goes well, everything is destroyed again.
pub(in crate::zoneadm) fn install(
    session: &mut Session<'_, '_>,
    target: &Target,
    options: &Read,
    kind: BrandKind,
) -> io::Result<End> {
    let end = unpack_and_convert(session, target, options, kind)?;
    if end != End::Done {
        uninstall::hook(session, target, &["-F".to_owned()])?;
    }
    Ok(end)
}

fn unpack_and_convert(
    session: &mut Session<'_, '_>,
    target: &Target,
    options: &Read,
    kind: BrandKind,
) -> io::Result<End> {
    // `-s` reaches the script as an operand, after which it reads no option. [recorded: install-oi-ipkg-a-u-s]
    if options.has('s') || !(options.has('u') || options.has('p')) {
        return Ok(script::misused(session, "you must specify -u (sys-unconfig) or -p (preserve identity).", USAGE));
    }
    script::log(session, &format!("    Log File: /var/tmp/{}.install_log.000000", target.name));
    let source = match (options.value('a'), options.value('d')) {
        (Some(archive), _) => Source::Archive(archive),
        (None, directory) => Source::Directory(directory.unwrap_or_default()),
    };
    if !lay_down(session, target, source, "")? {
        return Ok(End::Fatal);
    }
    script::log(session, "Postprocessing: This may take a while...");
    if let Some(dir) = ["etc", "etc/dfs", "etc/zones", "var", "var/log", "var/pkg"]
        .into_iter()
        .find(|dir| !fs::symlink_metadata(session.machine.path(target.root()).join(dir)).is_ok_and(|m| m.is_dir()))
    {
        script::log(session, &format!("ERROR: Invalid '{dir}' directory within the zone"));
        script::log(session, "        Result: Postprocessing failed.");
        script::log(session, "");
        script::log(session, "        Result: *** Installation FAILED ***");
        return Ok(End::Fatal);
    }
    convert(session, target, options)?;
    let machine = session.machine;
    let publishers = pkg::image::publishers(machine, "/")?;
    pkg::image::make(machine, &target.zonepath, &publishers, kind == BrandKind::LinkedImage, &[])?;
    script::log(session, "");
    script::log(session, "        Done: Installation completed in 31.417 seconds.");
    script::log(session, "    Log File: installed");
    if machine.line().next_steps {
        session.say(format_args!(
            "  Next Steps: Boot the zone, then log into the zone console (zlogin -C)\n\
             \x20             to complete the configuration process.\n\
             \x20             Make any other adjustments, such as disabling SMF services\n\
             \x20             that are no longer needed.\n"
        ));
    }
    Ok(End::Done)
}

/// The script p2v, which makes a zone's system of a global zone's. With `-v` it says all that it does, on OmniOS too.
fn convert(session: &mut Session<'_, '_>, target: &Target, options: &Read) -> io::Result<()> {
    let verbose = options.has('v');
    let detail = |session: &mut Session<'_, '_>, line: &str| {
        if verbose {
            session.say(format_args!("{line}\n"));
        }
    };
    let log = |session: &mut Session<'_, '_>, line: &str| match verbose {
        true => session.say(format_args!("{line}\n")),
        false => script::log(session, line),
    };
    detail(session, "Creating mount points");
    let index = fs::read_to_string(session.machine.path(target.root()).join("etc/zones/index")).unwrap_or_default();
    let zones: Vec<Vec<&str>> = index
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .filter(|fields| fields.len() > 2 && fields[0] != "global" && fields[1] == "installed")
        .collect();
    if !zones.is_empty() {
        let names: String = zones.iter().map(|fields| format!("{} ", fields[0])).collect();
        log(session, &format!("The following zones in this image will be unusable: {names}"));
        log(session, "These zonepaths could be removed from this image:");
        zones.iter().for_each(|fields| log(session, &format!("    {}", fields[2])));
    }
    let stack = match target.document.ip_type() {
        Ok(crate::document::IpType::Exclusive) => "excl",
        _ => "shared",
    };
    detail(session, &format!("Stack type '{stack}'"));
    detail(session, "Cannot update /etc/hostname.{net} file");
    detail(session, "Mounting the zone");
    log(session, "Updating the image to run within a zone");
    for line in ["Disabling invalid SMF services", "Disable SMF svc 'svc:/network/shares/*'", "Unmounting zone"] {
        detail(session, line);
    }
    log(session, "Changing the pkg variant to nonglobal...");
    log(session, "Updating the zone software to match the global zone...");
    log(session, "Zone software update complete");
    if options.has('u') {
        for line in ["Performing zone unconfiguration", "Mounting the zone", "Unmounting zone"] {
            detail(session, line);
        }
    }
    detail(session, "Postprocessing successful.");
    Ok(())
}

/// Source of an image.
#[derive(Debug, Clone, Copy)]
pub(in crate::zoneadm) enum Source<'a> {
    Archive(&'a str),
    Directory(&'a str),
}

/// Kind of a file by its first bytes, in the words of file(1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::zoneadm) enum FileKind {
    Tar,
    Pax,
    Gzip,
    Bzip2,
    Xz,
    Cpio,
    ZfsStream,
    Text,
    Data,
}

impl FileKind {
    pub(in crate::zoneadm) fn word(self) -> &'static str {
        match self {
            FileKind::Tar => "POSIX tar archive",
            FileKind::Pax => "POSIX tar archive (pax)",
            FileKind::Gzip => "gzip compressed data",
            FileKind::Bzip2 => "bzip2 compressed data",
            FileKind::Xz => "XZ compressed data",
            FileKind::Cpio => "ASCII cpio archive",
            FileKind::ZfsStream => "ZFS snapshot stream",
            FileKind::Text => "ASCII text",
            FileKind::Data => "data",
        }
    }

    /// Recognizes a file by its first bytes.
    pub(in crate::zoneadm) fn of(bytes: &[u8]) -> FileKind {
        let starts = |magic: &[u8]| bytes.starts_with(magic);
        if bytes.get(257..262) == Some(b"ustar") {
            return if bytes.get(156) == Some(&b'x') { FileKind::Pax } else { FileKind::Tar };
        }
        if starts(&[0x1f, 0x8b]) {
            FileKind::Gzip
        } else if starts(b"BZh") {
            FileKind::Bzip2
        } else if starts(&[0xfd, b'7', b'z', b'X', b'Z']) {
            FileKind::Xz
        } else if starts(b"070701") || starts(b"070707") {
            FileKind::Cpio
        } else if starts(b"ZFS") || bytes.get(8..16) == Some(&[0xac, 0xcb, 0xba, 0xf5, 2, 0, 0, 0]) {
            FileKind::ZfsStream
        } else if bytes.iter().take(512).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
            FileKind::Text
        } else {
            FileKind::Data
        }
    }
}

/// A file of the machine, or of the host that runs the simulation: people name theirs.
pub(in crate::zoneadm) fn locate(machine: &Machine, path: &str) -> PathBuf {
    let inside = machine.path(path);
    if inside.exists() || !Path::new(path).is_absolute() { inside } else { PathBuf::from(path) }
}

/// A file's name in messages: the place on the host that runs the simulation, so that it is seen which file was taken.
pub(in crate::zoneadm) fn shown(machine: &Machine, path: &str) -> String {
    let inside = machine.path(path);
    if path.starts_with('/') && inside.exists() { inside.display().to_string() } else { path.to_owned() }
}

/// `install_image`: unpacks the source into the zone's root. `false` if it is not a system; the error has been printed then.
/// `installing` is what is said before it begins.
pub(in crate::zoneadm) fn lay_down(
    session: &mut Session<'_, '_>,
    target: &Target,
    source: Source<'_>,
    installing: &str,
) -> io::Result<bool> {
    let machine = session.machine;
    let root = machine.path(target.root());
    let abort = |session: &mut Session<'_, '_>, message: &str| {
        script::log(session, message);
        script::log(session, "ERROR: Installation aborted.");
        Ok(false)
    };
    let mut archive = None;
    match source {
        Source::Archive(path) => {
            let place = locate(machine, path);
            let kind = match place.is_file() {
                true => FileKind::of(&fs::read(&place)?),
                false => FileKind::Data,
            };
            if matches!(kind, FileKind::Text | FileKind::Data | FileKind::Xz) {
                return abort(session, UNKNOWN);
            }
            archive = Some((place, kind));
        }
        Source::Directory("-") => {}
        Source::Directory(path) => {
            if !path.starts_with('/') {
                script::log(session, &format!("ERROR: Pathname specified to -a '{path}' must be absolute."));
                return Ok(false);
            }
            let place = locate(machine, path);
            if !place.exists() {
                return abort(session, &format!("{path}: error: file or directory not found."));
            }
            if !place.is_dir() {
                return abort(session, "Error: must be a directory");
            }
            if !is_system(session, &place, &shown(machine, path)) {
                return Ok(false);
            }
        }
    }
    if !matches!(source, Source::Directory("-")) && fs::read_dir(&root)?.next().is_some() {
        let message = format!(
            "ERROR: Zonepath root {} exists and contains data; remove or move aside prior to install.",
            target.root()
        );
        script::log(session, &message);
        return Ok(false);
    }
    script::log(session, installing);
    match (source, archive) {
        (Source::Archive(_), Some((place, kind))) => unpack(&place, kind, &root),
        (Source::Directory(path), _) if path != "-" => {
            for entry in fs::read_dir(locate(machine, path))? {
                let name = entry?.file_name();
                tree::copy(&locate(machine, path).join(&name), &root.join(&name))?;
            }
        }
        _ => {}
    }
    fs::set_permissions(machine.path(&target.zonepath), fs::Permissions::from_mode(0o700))?;
    Ok(is_system(session, &root, &target.root()))
}

/// Unpacks what the scripts unpack: a compressed archive is taken for cpio, so a compressed tar yields nothing.
/// [recorded: install-omnios-ipkg-a-gz-u]
fn unpack(archive: &Path, kind: FileKind, root: &Path) {
    if matches!(kind, FileKind::Tar | FileKind::Pax) {
        tar(archive, root);
    }
}

/// Unpacks a tar archive. What it does not hold is seen by what is missing then.
pub(in crate::zoneadm) fn tar(archive: &Path, root: &Path) {
    let Ok(bytes) = fs::read(archive) else { return };
    let mut rest = bytes.as_slice();
    while let Some((header, after)) = rest.split_at_checked(512).filter(|(header, _)| header[0] != 0) {
        let field = |from: usize, to: usize| {
            let bytes = &header[from..to];
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(&bytes[..end]).into_owned()
        };
        let number = |from: usize, to: usize| u32::from_str_radix(field(from, to).trim(), 8).unwrap_or(0);
        let size = number(124, 136) as usize;
        let Some(contents) = after.get(..size) else { return };
        rest = after.get(size.div_ceil(512) * 512..).unwrap_or_default();
        let prefix = field(345, 500);
        let name = if prefix.is_empty() { field(0, 100) } else { format!("{prefix}/{}", field(0, 100)) };
        let parts = Path::new(&name).components().filter_map(|part| match part {
            std::path::Component::Normal(part) => Some(part),
            _ => None,
        });
        let place = parts.fold(root.to_owned(), |place, part| place.join(part));
        // Errors are ignored, as by the scripts.
        let _ = unpack_one(header[156], &place, contents, &field(157, 257), number(100, 108));
    }
}

fn unpack_one(kind: u8, place: &Path, contents: &[u8], link: &str, mode: u32) -> io::Result<()> {
    match kind {
        b'5' => fs::create_dir_all(place)?,
        b'0' | 0 | b'2' => {
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)?;
            }
            if kind == b'2' {
                return std::os::unix::fs::symlink(link, place);
            }
            fs::write(place, contents)?;
        }
        _ => return Ok(()),
    }
    fs::set_permissions(place, fs::Permissions::from_mode(mode & 0o7777))
}

/// `sanity_check`: what a system's image must hold.
fn is_system(session: &mut Session<'_, '_>, place: &Path, name: &str) -> bool {
    let missing: Vec<&str> =
        ["etc", "etc/svc", "var", "var/svc"].into_iter().filter(|path| !place.join(path).exists()).collect();
    for path in &missing {
        script::log(session, &format!("Missing {path} at {name}"));
    }
    if !missing.is_empty() {
        script::log(session, "Is this a sparse zone image?  The image must be whole-root.");
    }
    let pkg = fs::metadata(place.join("usr/bin/pkg")).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0);
    if missing.is_empty() && !pkg {
        script::log(session, &format!("Missing usr/bin/pkg at {name}"));
    }
    if missing.is_empty() && pkg {
        return true;
    }
    script::log(session, "  Sanity Check: FAILED (see log for details).");
    script::log(session, "ERROR:         Result: *** Installation FAILED ***");
    false
}
