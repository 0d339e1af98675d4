//! Options of calls: structs with defaults and setters, so that an added field breaks no caller.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::setters::setters;
use crate::api::AttachOptions;

/// Settings of a new zone that differ from its template.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let options = CreateOptions::new()
///     .template("oi")
///     .address("internal", "10.1.0.77".parse()?)
///     .attr("owner", "alice")
///     .boot(false);
/// let first = manager.create("web01", &options, &mut RunOptions::new())?;
/// // The second one is a clone of it.
/// let options = CreateOptions::new().clone_from(first.name);
/// manager.create("web02", &options, &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CreateOptions {
    /// Template; default: `default-template` of `config.kdl`.
    pub template: Option<String>,
    /// Requested addresses, by net; at most one of each family per net.
    pub addresses: BTreeMap<String, Vec<IpAddr>>,
    /// Boot at the end, or not; default: the desired `autoboot`.
    pub boot: Option<bool>,
    /// The zone to clone instead of installing.
    pub clone_from: Option<String>,
    /// Attributes of the zone (`attr NAME VALUE`).
    pub attrs: BTreeMap<String, String>,
    /// Attach files that are there instead of installing new ones: the request of an attach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attach: Option<AttachOptions>,
}

impl CreateOptions {
    /// Returns the defaults of the default template.
    pub fn new() -> Self {
        CreateOptions::default()
    }

    /// Sets the template.
    #[must_use]
    pub fn template(mut self, template: impl Into<String>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// Requests this address for this net.
    #[must_use]
    pub fn address(mut self, net: impl Into<String>, address: IpAddr) -> Self {
        self.addresses.entry(net.into()).or_default().push(address);
        self
    }

    /// Sets whether to boot at the end.
    #[must_use]
    pub fn boot(mut self, boot: bool) -> Self {
        self.boot = Some(boot);
        self
    }

    /// Clones this zone.
    #[must_use]
    pub fn clone_from(mut self, zone: impl Into<String>) -> Self {
        self.clone_from = Some(zone.into());
        self
    }

    /// Adds this attribute.
    #[must_use]
    pub fn attr(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attrs.insert(name.into(), value.into());
        self
    }
}

/// Options for destroying a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// // Its files stay, also though it is protected.
/// let options = DestroyOptions::new().keep_data(true).force(true).unproven(false);
/// manager.destroy(&["web01"], &options, &mut RunOptions::new())?;
/// // Another goes with the delegated datasets that zmgr created for it.
/// # manager.create("web02", &CreateOptions::new(), &mut RunOptions::new())?;
/// manager.destroy(&["web02"], &DestroyOptions::new().purge(true), &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DestroyOptions {
    /// Destroy even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    pub force: bool,
    /// Detach it and leave its files instead of uninstalling it.
    pub keep_data: bool,
    /// Also destroy the delegated datasets that zmgr created, and those that uninstalling the zone destroys. Contradicts `keep_data`.
    pub purge: bool,
    /// Allow steps that destroy data on a real host even if what they destroy is only inferred: the note of the plan says from what.
    pub unproven: bool,
    /// The entry stays too, as that of a detached zone: the request of a detach.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) keep_entry: bool,
}

impl DestroyOptions {
    /// Returns those of a detach: the files and the entry stay.
    pub(crate) fn detach() -> Self {
        DestroyOptions { keep_data: true, keep_entry: true, ..DestroyOptions::default() }
    }

    /// Returns the careful defaults.
    pub fn new() -> Self {
        DestroyOptions::default()
    }

    /// Destroys even if something else is harmed.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Keeps its files.
    #[must_use]
    pub fn keep_data(mut self, keep: bool) -> Self {
        self.keep_data = keep;
        self
    }

    setters! {
        /// Destroys the delegated datasets that zmgr created, and those that uninstalling the zone destroys.
        purge: bool;
        /// Allows destructive steps that no evidence supports.
        unproven: bool;
    }
}

/// Options for reinstalling a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let options = ReinstallOptions::new().force(true).boot(true).snapshot(true).unproven(false);
/// manager.reinstall("web01", &options, &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ReinstallOptions {
    /// Reinstall even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    pub force: bool,
    /// Boot at the end, or not; default: if it was running before.
    pub boot: Option<bool>,
    /// Take a snapshot of the zone once it is down, labelled with the time, and keep its old root: `snapshot rollback` brings it back.
    /// Only for brands whose zones have boot environments of their own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub snapshot: bool,
    /// Allow steps that destroy data on a real host even if what they destroy is only inferred: the note of the plan says from what.
    pub unproven: bool,
}

impl ReinstallOptions {
    /// Returns the careful defaults; the zone is booted if it was running.
    pub fn new() -> Self {
        ReinstallOptions::default()
    }

    setters! {
        /// Reinstalls even if something else is harmed.
        force: bool;
        /// Sets whether to boot at the end.
        boot: bool, in Some;
        /// Keeps the old root, with a snapshot.
        snapshot: bool;
        /// Allows destructive steps that no evidence supports.
        unproven: bool;
    }
}

/// Options for stopping a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// use std::time::Duration;
/// let options = HaltOptions::new().timeout(Duration::from_secs(30)).force(true);
/// manager.reboot(&["web01"], &options, &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HaltOptions {
    /// Time limit for reaching the state; default: `timeouts` of `config.kdl`.
    pub timeout: Option<Duration>,
    /// `shutdown`: halt if it fails. `reboot`: halt and boot at once.
    pub force: bool,
}

impl HaltOptions {
    /// Returns the time limit of `config.kdl`.
    pub fn new() -> Self {
        HaltOptions::default()
    }

    setters! {
        /// Sets the time limit.
        timeout: Duration, in Some;
        /// Sets `force`.
        force: bool;
    }
}

/// Options for recovering unfinished operations.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// // Waits for commands that a killed process left at work, then takes back what was begun.
/// let options = RecoverOptions::new().wait(true).resume(false).roll_back(true).skip_installs(false);
/// manager.recover(&[], &options, &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoverOptions {
    /// Resume the operation, even if rolling it back would lose less.
    pub resume: bool,
    /// Roll the operation back, even if that removes an installed zone.
    pub roll_back: bool,
    /// Wait for commands that a killed zmgr left running.
    pub wait: bool,
    /// Leave alone what can only be resumed by installing the zone.
    pub skip_installs: bool,
}

impl RecoverOptions {
    /// Returns the defaults: lose as little as possible, without waiting.
    pub fn new() -> Self {
        RecoverOptions::default()
    }

    setters! {
        /// Resumes operations.
        resume: bool;
        /// Rolls operations back.
        roll_back: bool;
        /// Waits for commands that are still running.
        wait: bool;
    }

    /// Leaves alone what can only be resumed by installing the zone, which takes long and needs the network.
    #[must_use]
    pub fn skip_installs(mut self, skip: bool) -> Self {
        self.skip_installs = skip;
        self
    }
}

/// Options for adopting zones.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let options = ImportOptions::new().template("oi").adopt_links(true);
/// manager.init()?;
/// let report = manager.import(&[], &options, &mut RunOptions::new())?;
/// assert_eq!(report.outcomes[0].action, Action::Skipped, "the global zone is not managed");
/// let plan = manager.plan_import(&[], &ImportOptions::new().no_template(true))?;
/// assert!(plan.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Template of the entries. Default: the template of the zone's brand that leaves the smallest entry, or none.
    pub template: Option<String>,
    /// Adopt without a template. Excludes `template`.
    pub no_template: bool,
    /// Make VNICs that zmgr could have created its own: `destroy` deletes them.
    pub adopt_links: bool,
}

impl ImportOptions {
    /// Returns the defaults: the template that fits best, and no link becomes zmgr's.
    pub fn new() -> Self {
        ImportOptions::default()
    }

    /// Sets the template.
    #[must_use]
    pub fn template(mut self, template: impl Into<String>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// Leaves the template out.
    #[must_use]
    pub fn no_template(mut self, no_template: bool) -> Self {
        self.no_template = no_template;
        self
    }

    /// Adopts the VNICs that zmgr could have created.
    #[must_use]
    pub fn adopt_links(mut self, adopt: bool) -> Self {
        self.adopt_links = adopt;
        self
    }
}

/// Options for applying files.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let options = ApplyOptions::new().prune(true).reboot(true).recreate(false).snapshot(true);
/// let report = manager.apply(&["web01"], &options, &mut RunOptions::new())?;
/// assert_eq!(report.outcomes[0].action, Action::Unchanged);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// Also remove settings that are not in the files.
    pub prune: bool,
    /// Reboot running zones if a change takes effect only then.
    pub reboot: bool,
    /// Create zones again that are `ready` but missing on the host.
    pub recreate: bool,
    /// Take a snapshot of each zone before it is changed, labelled with the time.
    pub snapshot: bool,
}

impl ApplyOptions {
    /// Returns the defaults: only what the files define; no reboots, no zones created again.
    pub fn new() -> Self {
        ApplyOptions::default()
    }

    setters! {
        /// Also removes settings that are not in the files.
        prune: bool;
        /// Reboots running zones if necessary.
        reboot: bool;
        /// Creates zones again that are missing on the host.
        recreate: bool;
        /// Takes a snapshot of each zone before it is changed.
        snapshot: bool;
    }
}
