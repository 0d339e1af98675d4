//! Options of a rename.

use super::setters::setters;

/// Options for renaming a zone: what gets a new name besides the zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
/// let options = RenameOptions::new().links(true).zonepath(true);
/// let zones = manager.rename("web01", "web02", &options, &mut RunOptions::new())?.into_result()?;
/// assert_eq!(zones[0].nets[0].vnic.as_deref(), Some("web02_0"));
/// assert_eq!(zones[0].zonepath.as_deref(), Some("/zones/web02"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RenameOptions {
    /// Rename the VNICs that are named after the zone.
    pub links: bool,
    /// Move the zone to the zonepath of the new name, beside the current one. The dataset keeps its name.
    pub zonepath: bool,
}

impl RenameOptions {
    /// Returns the careful defaults: only the zone gets a new name.
    pub fn new() -> Self {
        RenameOptions::default()
    }

    setters! {
        /// Renames the VNICs that are named after the zone.
        links: bool;
        /// Moves the zone to the zonepath of the new name.
        zonepath: bool;
    }
}
