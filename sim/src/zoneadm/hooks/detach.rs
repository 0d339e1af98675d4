//! The hook `detach`.
//!
//! [source: detach of ipkg and sparse; recorded: kind `hook-detach-options`]

use std::fs;
use std::io;

use crate::Machine;
use crate::dialect::BrandKind;
use crate::session::Session;
use crate::zfs::{change, dataset};
use crate::zoneadm::script::End;
use crate::zoneadm::shell::{self, Options};
use crate::zoneadm::{DETACHED, Target, brand, environment, script};

/// Makes the root of a zone a dataset that the host mounts by itself.
pub(super) fn set_free(machine: &Machine, target: &Target, root: &str) -> io::Result<bool> {
    let mut sets = vec![(root.to_owned(), target.root())];
    if machine.line().brand(&target.brand) == Some(BrandKind::Sparse) {
        let overlays = environment::OVERLAYS.iter();
        sets.extend(overlays.map(|(name, at)| (format!("{root}/{name}"), format!("{}/{at}", target.root()))));
    }
    for (at, (name, place)) in sets.iter().enumerate() {
        let Some(mut set) = dataset::find(machine, name)? else { return Ok(false) };
        if at == 0 {
            set.set("zoned", "off");
        }
        set.set("canmount", "on");
        set.set("mountpoint", place);
        change::settle_from(machine, set, "legacy")?;
    }
    Ok(true)
}

/// The hook: the active boot environment is made one that is mounted without the zone, and stays mounted.
/// [recorded: state-installed-detach]
pub(in crate::zoneadm) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let machine = session.machine;
    let script = format!("{}/detach", brand::scripts(machine, &target.brand));
    let options = match shell::options(session, &script, args, "nR:z:") {
        Options::Read(options) => options,
        Options::Bad => return Ok(script::misused(session, "", "detach [-n ].")),
        Options::Help => return Ok(End::Fatal),
    };
    let manifest = fs::read(machine.path(crate::document::path(target.name.as_bytes())))?;
    if options.has('n') {
        session.out.stdout(&manifest);
        return Ok(End::Done);
    }
    let _lock = machine.lock("datasets")?;
    let environment = match environment::find_active(machine, target)? {
        Ok(environment) => environment,
        Err(fatal) => {
            script::print_fatal(session, &target.zonepath, &fatal)?;
            return Ok(End::Fatal);
        }
    };
    if !set_free(machine, target, &environment.name)? {
        return Ok(End::NotComplete);
    }
    machine.replace(format!("{}/{DETACHED}", target.zonepath), &manifest)?;
    Ok(End::Done)
}
