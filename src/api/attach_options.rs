//! Options of an attach.

use super::setters::setters;

/// Options for attaching a detached zone, or the files that `destroy` kept.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new())?;
/// manager.destroy(&["web01"], &DestroyOptions::new().keep_data(true), &mut RunOptions::new())?;
/// let options = AttachOptions::new().template("oi").update(true).boot(true);
/// let zones = manager.attach(&["web01"], &options, &mut RunOptions::new())?.into_result()?;
/// assert_eq!(zones[0].status, Some(ZoneStatus::Running));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AttachOptions {
    /// Update the zone's packages to those of the host, in place: after an upgrade of the host.
    pub update: bool,
    /// Boot at the end.
    pub boot: bool,
    /// Take a snapshot of the zone's files first, with the label `before-attach`: an update cannot be undone without one.
    pub snapshot: bool,
    /// Template of a zone without an entry; default: `default-template` of `config.kdl`.
    pub template: Option<String>,
    /// When the snapshot is taken, RFC 3339: set by the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) snapshot_at: Option<String>,
}

impl AttachOptions {
    /// Returns the defaults: no update, no snapshot, no boot, the default template.
    pub fn new() -> Self {
        AttachOptions::default()
    }

    setters! {
        /// Updates the zone's packages to those of the host.
        update: bool;
        /// Takes a snapshot of the zone's files first.
        snapshot: bool;
        /// Boots at the end.
        boot: bool;
    }

    /// Sets the template of a zone without an entry.
    #[must_use]
    pub fn template(mut self, template: impl Into<String>) -> Self {
        self.template = Some(template.into());
        self
    }
}
