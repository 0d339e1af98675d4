//! Decides which zones of the host may be adopted.

use crate::documents::zone::is_golden_name;
use crate::error::{Code, Error};
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::host::{BrandKind, HostSnapshot, brand_kind};
use crate::value::name::ZoneName;

/// Returns the zone's name if it may be adopted, as far as that does not depend on its configuration; otherwise the reason.
pub(super) fn sift(host: &HostSnapshot, zone: &HostZone) -> Result<ZoneName, Error> {
    let name = &zone.name;
    if name == "global" {
        return Err(refused(Code::InvalidArgument, "it is the global zone"));
    }
    if is_golden_name(name) {
        return Err(refused(Code::InvalidArgument, "it is a golden zone that the registry does not know").with_help(
            format!(
                "destroy it if nothing is cloned from it: zoneadm -z {name} uninstall -F; zonecfg -z {name} delete -F"
            ),
        ));
    }
    match brand_kind(&zone.brand) {
        BrandKind::Managed => {}
        BrandKind::Vm => {
            let message = format!("its brand {} is for virtual machines, which zmgr never changes", zone.brand);
            return Err(refused(Code::UnsupportedHost, message).with_help("use vm-manager for virtual machines"));
        }
        BrandKind::Other => {
            return Err(refused(Code::UnsupportedHost, format!("zmgr does not support its brand {}", zone.brand)));
        }
    }
    if !host.brands.contains(&zone.brand) {
        let message = format!("the host does not have its brand {}", zone.brand);
        return Err(
            refused(Code::UnsupportedHost, message).with_help(format!("run `pkg install brand/{}`", zone.brand))
        );
    }
    match zone.state {
        ZoneState::Configured | ZoneState::Installed | ZoneState::Ready | ZoneState::Running => {}
        ZoneState::Incomplete => {
            return Err(refused(Code::WrongState, "it is incomplete: an install or uninstall did not finish")
                .with_help(format!("run `zoneadm -z {name} uninstall` to remove what is left of it")));
        }
        state => {
            return Err(refused(Code::WrongState, format!("the zone is changing state ({})", state.as_str()))
                .with_help("import it again once it is stable"));
        }
    }
    ZoneName::new(name.as_str())
        .map_err(|error| refused(Code::InvalidArgument, format!("its name is not valid: {}", error.message())))
}

/// Returns the error for a skipped zone; the caller adds the name.
pub(super) fn refused(code: Code, why: impl Into<String>) -> Error {
    Error::new(code, why)
}
