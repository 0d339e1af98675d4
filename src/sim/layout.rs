//! What a new machine's disk holds.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::dialect::BrandKind;
use super::{Machine, document};

/// Lays the machine out. May be run again after it was broken off.
pub(in crate::sim) fn lay_out(machine: &Machine) -> io::Result<()> {
    for folder in ["etc/zones", "var/run/zones", "usr/lib/brand", "usr/lib/zones", "var/pkg", "zones", "root", "tmp"] {
        fs::create_dir_all(machine.path(folder))?;
    }
    fs::create_dir_all(machine.own("tmp"))?;
    fs::set_permissions(machine.path("var/run/zones"), fs::Permissions::from_mode(0o700))?;
    fs::set_permissions(machine.path("zones"), fs::Permissions::from_mode(0o755))?;
    let line = machine.line();
    machine.replace("etc/release", format!("{}\n", line.release).as_bytes())?;
    if let Some(text) = line.os_release {
        machine.replace("etc/os-release", text.as_bytes())?;
    }
    machine.replace("etc/zones/index", b"global:installed:/\n")?;
    document::install_templates(machine)?;
    for (name, kind) in line.brands {
        let folder = Path::new("usr/lib/brand").join(name);
        fs::create_dir_all(machine.path(&folder))?;
        machine.replace(folder.join("config.xml"), brand_config(name, *kind).as_bytes())?;
        machine.replace(folder.join("platform.xml"), brand_platform(name).as_bytes())?;
    }
    Ok(())
}

fn brand_config(name: &str, kind: BrandKind) -> String {
    let hook = |program: &str| format!("/usr/lib/brand/{name}/{program} -z %z -R %R");
    let hooks = match kind {
        BrandKind::Plain => String::new(),
        BrandKind::Vm => format!("\t<install>{}</install>\n", hook("install")),
        BrandKind::Image | BrandKind::LinkedImage | BrandKind::Archive => [
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
