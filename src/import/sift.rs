//! Which zones of the host may be adopted, and why the others may not.

use crate::error::{Code, Error};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::{BrandKind, HostState, brand_kind};
use crate::name::ZoneName;

/// Why this zone of the host cannot be adopted, but for what its configuration says; else its name.
pub(super) fn sift(host: &HostState, zone: &HostZone) -> Result<ZoneName, Error> {
    let name = &zone.name;
    if name == "global" {
        return Err(refused(Code::InvalidArgument, "it is the global zone, which is not managed"));
    }
    match brand_kind(&zone.brand) {
        BrandKind::Managed => {}
        BrandKind::Vm => {
            let message = format!("its brand {} is a virtual machine's, which zmgr never touches", zone.brand);
            return Err(refused(Code::UnsupportedHost, message).with_help("vm-manager manages virtual machines"));
        }
        BrandKind::Other => {
            return Err(refused(
                Code::UnsupportedHost,
                format!("its brand {} is none that zmgr can install", zone.brand),
            ));
        }
    }
    if !host.brands.contains(&zone.brand) {
        let message = format!("the host does not have its brand {} any more", zone.brand);
        return Err(refused(Code::UnsupportedHost, message).with_help(format!("pkg install brand/{}", zone.brand)));
    }
    match zone.state {
        ZoneState::Configured | ZoneState::Installed | ZoneState::Ready | ZoneState::Running => {}
        ZoneState::Incomplete => {
            return Err(refused(
                Code::WrongState,
                "it is incomplete: an install or uninstall of it has not come to its end",
            )
            .with_help(format!("zoneadm -z {name} uninstall takes away what there is of it")));
        }
        state => {
            return Err(refused(Code::WrongState, format!("it is in motion: {}", state.as_str()))
                .with_help("import it once it has come to rest"));
        }
    }
    ZoneName::new(name.as_str()).map_err(|error| {
        refused(Code::InvalidArgument, format!("its name is not one that zmgr manages: {}", error.message()))
    })
}

/// The error for a zone that is left alone; the caller says which zone.
pub(super) fn refused(code: Code, why: impl Into<String>) -> Error {
    Error::new(code, why)
}
