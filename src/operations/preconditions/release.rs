//! The release of the files that a zone is made of again, compared with the host's.

use crate::documents::resolve::ZoneSpec;
use crate::error::{Code, Error, Result};
use crate::exec::pkg;
use crate::host::{self, Host, Packages, Root};

/// The package that says which release an image has.
const RELEASE: &str = "entire";

/// Checks that the host can run the files of a detached zone, whose packages may be updated to the host's. A version that cannot be read
/// is left to the attach.
pub(super) fn fits(host: &Host, spec: &ZoneSpec, is_updated: bool) -> Result<()> {
    let Some(row) = host::brand(&spec.brand.value, host.dialect()).filter(|row| row.packages.value != Packages::None)
    else {
        return Ok(());
    };
    let version = |image: &str| pkg::parse_version(&host.question(&pkg::list(image, &[RELEASE]))?);
    let Some(own) = version(&format!("{}/root", spec.zonepath.value))? else { return Ok(()) };
    let Some(hosts) = version("/")? else { return Ok(()) };
    let (name, brand) = (&spec.name, &spec.brand.value);
    let wrong = |why: String| Err(Error::new(Code::WrongState, format!("zone {name}: {why}")));
    if pkg::is_newer(&own, &hosts) {
        return wrong(format!("its files are of {RELEASE} {own}, newer than the host's {hosts}"))
            .map_err(|error| error.with_help("update the host first: pkg installs no older packages over newer ones"));
    }
    if row.root.value == Root::Overlaid && own != hosts && !is_updated {
        return wrong(format!("its files are of {RELEASE} {own}, and its /usr would be the host's, of {hosts}"))
            .map_err(|error| {
                error.with_help(format!(
                    "pass --update to bring its packages to the host's release, as brand {brand} needs"
                ))
            });
    }
    Ok(())
}
