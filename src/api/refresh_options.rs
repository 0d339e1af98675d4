//! Options of a refresh of templates.

/// Options for refreshing templates.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.init()?;
/// # let template = dir.path().join("etc/zmgr/templates/oi.kdl");
/// # let text = std::fs::read_to_string(&template)?.replace("autoboot #true", "install { golden #true; }");
/// # std::fs::write(template, text)?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let options = RefreshOptions::new().unproven(true);
/// let plan = manager.plan_refresh_templates(&["oi"], &options)?;
/// assert_eq!(plan.operation, Operation::Refresh);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RefreshOptions {
    /// Remove golden zones on a real host even if what the removal destroys is only inferred.
    pub unproven: bool,
}

impl RefreshOptions {
    /// Returns the careful defaults.
    pub fn new() -> Self {
        RefreshOptions::default()
    }

    /// Removes golden zones on a real host even if what the removal destroys is only inferred.
    #[must_use]
    pub fn unproven(mut self, unproven: bool) -> Self {
        self.unproven = unproven;
        self
    }
}
