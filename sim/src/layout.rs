//! Files and datasets of a new machine.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::dialect::BrandKind;
use super::dladm::link::{self, Class, Link};
use super::dladm::mac::{Mac, MacKind};
use super::pkg::image::Image;
use super::pkg::{self, Publisher};
use super::zfs::dataset::{self, Dataset};
use super::{Dialect, Error, Machine, document, index};

impl Machine {
    /// Makes a new machine in `root`, a directory that is made if it is not there and may hold other things.
    pub fn create(root: &Path, dialect: Dialect) -> Result<Machine, Error> {
        fs::create_dir_all(root).map_err(|source| Error::io(root, source))?;
        let root = fs::canonicalize(root).map_err(|source| Error::io(root, source))?;
        let machine = Machine::unborn(root, dialect);
        let failed = |source| Error::io(machine.root(), source);
        let _lock = machine.lock("create").map_err(failed)?;
        if machine.is_identified() {
            return Err(Error::Exists(machine.root().to_owned()));
        }
        lay_out(&machine).map_err(failed)?;
        machine.identify().map_err(failed)?;
        Ok(machine)
    }
}

/// Lays the machine out. May be run again after it was broken off.
fn lay_out(machine: &Machine) -> io::Result<()> {
    for directory in [
        "etc/zones",
        "var/run/zones",
        "var/log",
        "usr/lib/brand",
        "usr/lib/zones",
        "var/pkg",
        "etc/zfs",
        "root",
        "tmp",
        "var/tmp",
    ] {
        fs::create_dir_all(machine.path(directory))?;
    }
    fs::create_dir_all(machine.own("tmp"))?;
    for private in ["var/run/zones", "root"] {
        fs::set_permissions(machine.path(private), fs::Permissions::from_mode(0o700))?;
    }
    let line = machine.line();
    machine.replace("etc/release", format!("{}\n", line.release).as_bytes())?;
    if let Some(text) = line.os_release {
        machine.replace("etc/os-release", text.as_bytes())?;
    }
    machine.replace("etc/zones/index", b"global:installed:/\n")?;
    document::install_templates(machine)?;
    for (name, kind) in line.brands {
        let directory = Path::new("usr/lib/brand").join(name);
        fs::create_dir_all(machine.path(&directory))?;
        machine.replace(directory.join("config.xml"), brand_config(name, *kind).as_bytes())?;
        machine.replace(directory.join("platform.xml"), brand_platform(name).as_bytes())?;
    }
    lay_out_links(machine)?;
    lay_out_datasets(machine)?;
    let publishers = line.publishers.iter().map(|(name, origin)| Publisher::new(name, origin)).collect();
    pkg::image::write(machine, "/", &Image { publishers, ..Image::default() })
}

/// The address of the network card, the same on every machine, as a card's address does not change with the system on it.
const CARD: &str = "0:c:29:1:2:1";

/// A physical link and an etherstub.
fn lay_out_links(machine: &Machine) -> io::Result<()> {
    let _lock = machine.lock("links")?;
    for (name, class, mtu) in [("net0", Class::Phys, 1500), ("stub0", Class::Etherstub, 9000)] {
        let link = Link {
            name: name.into(),
            id: link::next_id(machine)?,
            class,
            over: Vec::new(),
            mac: if class == Class::Phys { Mac::parse(CARD) } else { None },
            mac_kind: MacKind::Fixed,
            vid: 0,
            force: false,
            mtu,
            active: true,
            persistent: true,
            props: Vec::new(),
            recorded: Vec::new(),
        };
        link::put(machine, &link)?;
    }
    Ok(())
}

/// A root pool with the file systems that zones and their delegated data live in.
fn lay_out_datasets(machine: &Machine) -> io::Result<()> {
    let _lock = machine.lock("datasets")?;
    machine.replace("etc/zfs/@boot-environment", format!("{}\n", index::new_uuid()).as_bytes())?;
    let sets = [("rpool", "/rpool"), ("rpool/ROOT", "legacy"), ("rpool/export", "/export"), ("rpool/zones", "/zones")];
    for (name, mountpoint) in sets {
        if dataset::find(machine, name)?.is_none() {
            let mut new = Dataset { name: name.into(), ..Dataset::default() };
            new.set("mountpoint", mountpoint);
            dataset::create(machine, &mut new)?;
        }
    }
    let mut environment = Dataset { name: "rpool/ROOT/be".into(), ..Dataset::default() };
    environment.set("mountpoint", "/");
    environment.set("canmount", "noauto");
    match dataset::find(machine, &environment.name)? {
        Some(found) => environment = found,
        None => drop(dataset::create(machine, &mut environment)?),
    }
    // The root directory is where it is: nothing is moved to mount it.
    environment.mounted = Some("/".into());
    dataset::put(machine, &environment)
}

fn brand_config(name: &str, kind: BrandKind) -> String {
    let hook = |program: &str| format!("/usr/lib/brand/{name}/{program} -z %z -R %R");
    let hooks = match kind {
        BrandKind::Plain => String::new(),
        BrandKind::Illumos | BrandKind::Lx => [("install", "install"), ("uninstall", "uninstall")]
            .iter()
            .map(|(element, program)| format!("\t<{element}>{}</{element}>\n", hook(program)))
            .collect(),
        BrandKind::Vm => format!("\t<install>{}</install>\n", hook("install")),
        _ => [
            ("install", "pkgcreatezone"),
            ("attach", "attach"),
            ("detach", "detach"),
            ("clone", "clone"),
            ("uninstall", "uninstall"),
            ("prestatechange", "prestate"),
            ("poststatechange", "poststate"),
        ]
        .iter()
        .map(|(element, program)| format!("\t<{element}>{}</{element}>\n", hook(program)))
        .collect(),
    };
    format!(
        "<?xml version=\"1.0\"?>\n\
         <!DOCTYPE brand PUBLIC \"-//Sun Microsystems Inc//DTD Brands//EN\" \
         \"file:///usr/share/lib/xml/dtd/brand.dtd.1\">\n\
         <brand name=\"{name}\">\n\
         \t<modname></modname>\n\
         \t<initname>/sbin/init</initname>\n\
         \t<login_cmd>/usr/bin/login -z %Z -f %u</login_cmd>\n\
         {hooks}\
         </brand>\n"
    )
}

fn brand_platform(name: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n\
         <!DOCTYPE platform PUBLIC \"-//Sun Microsystems Inc//Zones Platform//EN\" \
         \"file:///usr/share/lib/xml/dtd/zone_platform.dtd.1\">\n\
         <platform name=\"{name}\" allow-exclusive-ip=\"true\"/>\n"
    )
}
