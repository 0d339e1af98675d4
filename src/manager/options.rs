//! What a caller may say about a call: plain structs with defaults and setters, so that a field more breaks nobody.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::operations::{Cancel, Event};

/// Which zones to list, and how much to ask of the host.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let query = Query::new().name("web01").tag("web").query_host(QueryHost::Never).unregistered(false);
/// assert!(manager.zones(&query)?.is_empty(), "web01 has no such tag");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// Only these names; empty means all.
    pub names: Vec<String>,
    /// Only zones with this tag.
    pub tag: Option<String>,
    /// Whether to ask the host for each zone's status.
    pub query_host: QueryHost,
    /// Also zones that the host has and the registry does not (`zmgr list -a`).
    pub unregistered: bool,
}

impl Query {
    /// Every registered zone.
    pub fn new() -> Self {
        Query::default()
    }

    /// Only this name as well; the first call narrows from all to one.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Only zones with this tag.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Whether to ask the host for each zone's status.
    #[must_use]
    pub fn query_host(mut self, query_host: QueryHost) -> Self {
        self.query_host = query_host;
        self
    }

    /// Also zones that the host has and the registry does not.
    #[must_use]
    pub fn unregistered(mut self, yes: bool) -> Self {
        self.unregistered = yes;
        self
    }
}

/// Whether a query asks the host.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// // The files alone, where no command of the host shall run.
/// let zones = manager.zones(&Query::new().query_host(QueryHost::Never))?;
/// assert!(zones[0].status.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum QueryHost {
    /// Ask; where the host does not answer, leave each status empty.
    #[default]
    IfAvailable,
    /// Do not ask: read files only.
    Never,
    /// Ask, and fail where the host does not answer.
    Required,
}

/// What to do with the steps done when a later one fails.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let mut run = RunOptions::new().on_failure(OnFailure::Keep);
/// manager.create("web01", &CreateOptions::new(), &mut run)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OnFailure {
    /// As `on-failure` in `config.kdl` says.
    #[default]
    Configured,
    /// Undo them.
    RollBack,
    /// Keep them, and the entry as `failed`.
    Keep,
}

/// How an operation runs: who hears of it, who may stop it, how much at once.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let cancel = Cancel::new();
/// let mut tell = |event: &Event| {
///     if let EventKind::StepStarted = event.kind {
///         println!("{} {}", event.zone, event.step);
///     }
///     true // go on
/// };
/// let mut alive = || true;
/// let mut run = RunOptions::new().progress(&mut tell).pulse(&mut alive).cancel(&cancel).jobs(4);
/// manager.create_all(&["web01", "web02"], &CreateOptions::new(), &mut run)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
#[non_exhaustive]
pub struct RunOptions<'a> {
    /// Hears each event on the calling thread; `false` asks to stop. A step begins only once its [`EventKind::StepStarted`] has been
    /// heard, so that one that is refused there is not done.
    ///
    /// [`EventKind::StepStarted`]: crate::EventKind::StepStarted
    pub progress: Option<&'a mut dyn FnMut(&Event) -> bool>,
    /// Asked every 50 ms on the calling thread while something is waited for; `false` asks to stop. For callers that
    /// must look at signals of their own runtime.
    pub pulse: Option<&'a mut dyn FnMut() -> bool>,
    /// A token that may ask to stop from another thread.
    pub cancel: Option<&'a Cancel>,
    /// How many zones are worked on at once, at least 1; 0 means 1.
    pub jobs: usize,
    /// What to do with the steps done when a later one fails.
    pub on_failure: OnFailure,
}

impl<'a> RunOptions<'a> {
    /// No progress, no cancel, one at a time, as `config.kdl` says.
    pub fn new() -> Self {
        RunOptions::default()
    }

    /// With somebody who hears each event.
    #[must_use]
    pub fn progress(mut self, progress: &'a mut dyn FnMut(&Event) -> bool) -> Self {
        self.progress = Some(progress);
        self
    }

    /// With somebody who is asked every 50 ms whether to go on.
    #[must_use]
    pub fn pulse(mut self, pulse: &'a mut dyn FnMut() -> bool) -> Self {
        self.pulse = Some(pulse);
        self
    }

    /// With a token that may ask to stop.
    #[must_use]
    pub fn cancel(mut self, cancel: &'a Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// With so many zones at once.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs;
        self
    }

    /// With another rule for failures than `config.kdl` has.
    #[must_use]
    pub fn on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// Whether nobody asks to stop. For what is done, and waited for, on the calling thread itself.
    pub(crate) fn goes_on(&mut self) -> bool {
        let asked = self.cancel.is_some_and(Cancel::is_cancelled);
        !asked && self.pulse.as_mut().is_none_or(|pulse| pulse())
    }

    /// `cancelled` where somebody asked to stop before it began.
    pub(crate) fn wanted(&mut self) -> Result<()> {
        if self.goes_on() { Ok(()) } else { Err(Error::new(Code::Cancelled, "stopped before it began")) }
    }
}

/// What a new zone shall be, where it differs from its template.
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
    /// The template; without one, `default-template` of `config.kdl`.
    pub template: Option<String>,
    /// Addresses asked for, by net; a net may be asked for one of each family.
    pub addresses: BTreeMap<String, Vec<IpAddr>>,
    /// Whether to boot at the end; without a word, as the wish's `autoboot` says.
    pub boot: Option<bool>,
    /// The zone to clone instead of installing.
    pub clone_from: Option<String>,
    /// Attributes of the zone (`attr NAME VALUE`).
    pub attrs: BTreeMap<String, String>,
}

impl CreateOptions {
    /// As the default template says.
    pub fn new() -> Self {
        CreateOptions::default()
    }

    /// From this template.
    #[must_use]
    pub fn template(mut self, template: impl Into<String>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// With this address on this net.
    #[must_use]
    pub fn address(mut self, net: impl Into<String>, address: IpAddr) -> Self {
        self.addresses.entry(net.into()).or_default().push(address);
        self
    }

    /// Booted at the end, or not.
    #[must_use]
    pub fn boot(mut self, boot: bool) -> Self {
        self.boot = Some(boot);
        self
    }

    /// Cloned from this zone.
    #[must_use]
    pub fn clone_from(mut self, zone: impl Into<String>) -> Self {
        self.clone_from = Some(zone.into());
        self
    }

    /// With this attribute.
    #[must_use]
    pub fn attr(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attrs.insert(name.into(), value.into());
        self
    }
}

/// How far to go in destroying a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// // Its files stay, also though it is protected.
/// let options = DestroyOptions::new().keep_data(true).force(true);
/// manager.destroy(&["web01"], &options, &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DestroyOptions {
    /// Also where snapshots that zmgr did not make, or zones cloned from it, would be harmed, and where it is protected.
    pub force: bool,
    /// Detach it and leave its files, in place of uninstalling it.
    pub keep_data: bool,
}

impl DestroyOptions {
    /// Carefully.
    pub fn new() -> Self {
        DestroyOptions::default()
    }

    /// Also where something else would be harmed.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Leave its files.
    #[must_use]
    pub fn keep_data(mut self, keep: bool) -> Self {
        self.keep_data = keep;
        self
    }
}

/// How to install a zone again.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let options = ReinstallOptions::new().force(true).boot(true);
/// manager.reinstall("web01", &options, &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ReinstallOptions {
    /// Also where snapshots that zmgr did not make, or zones cloned from it, would be harmed, and where it is protected.
    pub force: bool,
    /// Whether to boot at the end; without a word, as it ran before or not.
    pub boot: Option<bool>,
}

impl ReinstallOptions {
    /// Carefully, and left running or not as it was.
    pub fn new() -> Self {
        ReinstallOptions::default()
    }

    /// Also where something else would be harmed.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Booted at the end, or not.
    #[must_use]
    pub fn boot(mut self, boot: bool) -> Self {
        self.boot = Some(boot);
        self
    }
}

/// How to stop a zone.
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HaltOptions {
    /// How long to wait for the state; without a word, as `timeouts` of `config.kdl` says.
    pub timeout: Option<Duration>,
    /// `shutdown`: fall back to halt. `reboot`: zoneadm's own reboot, at once.
    pub force: bool,
}

impl HaltOptions {
    /// With the time limit of `config.kdl`.
    pub fn new() -> Self {
        HaltOptions::default()
    }

    /// With this time limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Less gently.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }
}

/// Which stream of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a command runs inside a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// use std::time::Duration;
/// let cancel = Cancel::new();
/// let mut print = |_: ExecStream, bytes: &[u8]| {
///     print!("{}", String::from_utf8_lossy(bytes));
///     true
/// };
/// let mut alive = || true;
/// let mut options = ExecOptions::new()
///     .output(&mut print)
///     .pulse(&mut alive)
///     .cancel(&cancel)
///     .timeout(Duration::from_secs(10))
///     .stdin(false);
/// manager.exec("web01", &["hostname".to_owned()], &mut options)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
#[non_exhaustive]
pub struct ExecOptions<'a> {
    /// Hears what it writes, as it comes, on the calling thread; `false` asks to stop it.
    #[allow(clippy::type_complexity)]
    pub output: Option<&'a mut dyn FnMut(ExecStream, &[u8]) -> bool>,
    /// Asked every 50 ms on the calling thread; `false` asks to stop it.
    pub pulse: Option<&'a mut dyn FnMut() -> bool>,
    /// A token that may ask to stop it from another thread; the second request kills it.
    pub cancel: Option<&'a Cancel>,
    /// How long it may take; without a word, as long as it likes.
    pub timeout: Option<Duration>,
    /// Whether it reads the caller's own standard input; without it, it reads nothing.
    pub stdin: bool,
}

impl<'a> ExecOptions<'a> {
    /// Unheard, without input or time limit.
    pub fn new() -> Self {
        ExecOptions::default()
    }

    /// With somebody who hears what it writes.
    #[must_use]
    pub fn output(mut self, output: &'a mut dyn FnMut(ExecStream, &[u8]) -> bool) -> Self {
        self.output = Some(output);
        self
    }

    /// With somebody who is asked every 50 ms whether it shall go on.
    #[must_use]
    pub fn pulse(mut self, pulse: &'a mut dyn FnMut() -> bool) -> Self {
        self.pulse = Some(pulse);
        self
    }

    /// With a token that may ask to stop it.
    #[must_use]
    pub fn cancel(mut self, cancel: &'a Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// With this time limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Reading the caller's own standard input.
    #[must_use]
    pub fn stdin(mut self, stdin: bool) -> Self {
        self.stdin = stdin;
        self
    }
}

/// What to do about unfinished work.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// // Waits for commands that a killed process left at work, then takes back what was begun.
/// let options = RecoverOptions::new().wait(true).resume(false).roll_back(true);
/// manager.recover(&[], &options, &mut RunOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoverOptions {
    /// Go on with what was begun, also where less would be lost by taking it back.
    pub resume: bool,
    /// Take back what was begun, also an installed zone.
    pub roll_back: bool,
    /// Wait for commands that a killed zmgr left at work.
    pub wait: bool,
}

impl RecoverOptions {
    /// The way that loses least, without waiting.
    pub fn new() -> Self {
        RecoverOptions::default()
    }

    /// Go on with what was begun.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Take back what was begun.
    #[must_use]
    pub fn roll_back(mut self, roll_back: bool) -> Self {
        self.roll_back = roll_back;
        self
    }

    /// Wait for commands that are still at work.
    #[must_use]
    pub fn wait(mut self, wait: bool) -> Self {
        self.wait = wait;
        self
    }
}

/// How zones are adopted.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let options = ImportOptions::new().template("oi").adopt_links(true);
/// manager.init()?;
/// let report = manager.import(&[], &options, &mut RunOptions::new())?;
/// assert_eq!(report.outcomes[0].action, "skipped", "the global zone is not managed");
/// let plan = manager.plan_import(&[], &ImportOptions::new().no_template(true))?;
/// assert!(plan.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Template of the entries. Default: the one of the zone's brand that leaves the least to say in the entry, or none.
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

/// How far to go in bringing the host to the files.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let options = ApplyOptions::new().prune(true).reboot(true).recreate(false);
/// let report = manager.apply(&["web01"], &options, &mut RunOptions::new())?;
/// assert_eq!(report.outcomes[0].action, "unchanged");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// Also take away what somebody else put there beside what the files say.
    pub prune: bool,
    /// Reboot running zones where something takes effect only then.
    pub reboot: bool,
    /// Build zones again that are `ready` and that the host does not have.
    pub recreate: bool,
}

impl ApplyOptions {
    /// What the files say and no more; nothing is rebooted or built again.
    pub fn new() -> Self {
        ApplyOptions::default()
    }

    /// Also take away what somebody else put there.
    #[must_use]
    pub fn prune(mut self, prune: bool) -> Self {
        self.prune = prune;
        self
    }

    /// Reboot running zones where that is needed.
    #[must_use]
    pub fn reboot(mut self, reboot: bool) -> Self {
        self.reboot = reboot;
        self
    }

    /// Build zones again that the host does not have.
    #[must_use]
    pub fn recreate(mut self, recreate: bool) -> Self {
        self.recreate = recreate;
        self
    }
}
