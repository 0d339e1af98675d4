//! Updates the packages of zones, from outside and in place: a snapshot first, and the zone down.
//!
//! Invariant: nothing of a zone is touched before its publishers have answered and pkg has planned the update. A zone is never left
//! with other boot environments than before. What fails is rolled back to the snapshot, or can be resumed.

use std::collections::BTreeMap;

use super::config_tree::ConfigTree;
use super::confirm::confirmed;
use super::context::Context;
use super::create::failure;
use super::executor::{self, Failure, Purpose};
use super::jobs::{EventSender, before, run_jobs};
use super::journal::{Journal, Note};
use super::next_environment::boots_same_environment;
use super::snapshot::{self, Progress, Subject, subject};
use super::step_context::StepContext;
use super::steps::{Boot, Image, RefreshCatalogs, ShutDown, Step, UpdatePackages, not_mounted};
use super::{entries, evidence, identity, power, preconditions, view};
use crate::api::{
    Action, Basis, Change, EventKind, Operation, Outcome, Plan, Report, Request, RunOptions, StepKind, UpdateOptions,
    Zone,
};
use crate::documents::config::Config;
use crate::documents::zone::{EntryState, Intent, UPDATE, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::pkg::{self, PackageChange};
use crate::exec::zoneadm::ZoneState;
use crate::host::{self, Brand, Host, Packages};
use crate::registry::{EntryKind, now};
use crate::value::name::{SnapshotLabel, ZoneName};

/// Number of changed packages that are named.
const NAMED: usize = 10;

/// The package that says which release an image has.
const RELEASE: &str = "entire";

/// A planned update.
pub(crate) struct Update {
    subject: Subject,
    refresh: RefreshCatalogs,
    snapshot: Option<snapshot::Work>,
    /// For a zone that runs and is rebooted.
    down: Option<ShutDown>,
    packages: UpdatePackages,
    boot: Option<Boot>,
    /// False for zones whose packages pkg keeps in step with the host's by itself.
    may_outrun_host: bool,
    force: bool,
    pub(crate) change: Change,
}

/// Returns the zones that are meant: these, or every zone that is complete and has an image.
fn meant(context: &Context, names: &[ZoneName]) -> Result<Vec<ZoneName>> {
    if !names.is_empty() {
        return Ok(names.to_vec());
    }
    let snapshot = context.registry.snapshot()?;
    let ready = snapshot
        .entries()
        .filter(|entry| entry.summary.kind == EntryKind::Zone && entry.unreadable.is_none())
        .filter(|entry| entry.summary.state() == Some("ready"))
        .filter_map(|entry| ZoneName::new(entry.summary.name).ok());
    let mut found: Vec<ZoneName> = ready.collect();
    found.sort_unstable();
    found.retain(|name| entries::entry(context, name).map_or(true, |entry| has_image(context, &entry)));
    Ok(found)
}

/// Returns true unless the zone is of a brand without packages of pkg.
fn has_image(context: &Context, entry: &ZoneEntry) -> bool {
    let applied = entry.applied.as_deref().and_then(|applied| applied.settings.brand.as_ref());
    let brand = applied.map(|brand| brand.as_str()).or(entry.brand());
    let row = brand.and_then(|brand| host::brand(brand, context.host.dialect()));
    row.is_none_or(|row| row.packages.value != Packages::None)
}

/// Returns the image of a zone.
fn image(subject: &Subject) -> Image {
    Image { zone: subject.document.value.name.clone(), zonepath: subject.zone.zonepath.clone() }
}

fn update_packages(subject: &Subject, config: &Config, label: Option<SnapshotLabel>, running: bool) -> UpdatePackages {
    let (limit, environment) = (config.timeouts.install, config.environment.clone());
    UpdatePackages { image: image(subject), label, running, limit, environment }
}

/// Checks that the zone can be updated. Returns the row of its brand, and whether it is running.
fn checked(context: &Context, subject: &Subject, options: &UpdateOptions) -> Result<(&'static Brand, bool)> {
    let name = &subject.document.value.name;
    let wrong = |message: String| Error::new(Code::WrongState, message);
    if options.reboot && options.force {
        return Err(Error::new(Code::InvalidArgument, "reboot and force contradict each other")
            .with_help("give one of the two"));
    }
    let row = host::brand(&subject.zone.brand, context.host.dialect());
    let Some(row) = row.filter(|row| row.packages.value != Packages::None) else {
        let message = format!("{name} has brand {}, whose packages pkg does not manage", subject.zone.brand);
        return Err(wrong(message).with_help(format!("run its own package manager: `zmgr exec {name} -- COMMAND`")));
    };
    let running = match subject.zone.state {
        ZoneState::Installed => false,
        ZoneState::Running if options.reboot || options.force => true,
        ZoneState::Running => {
            return Err(wrong(format!("{name} is running; its packages are updated while it is down"))
                .with_help("pass --reboot to shut it down and boot it again, or --force to update it as it runs"));
        }
        ZoneState::Configured | ZoneState::Incomplete => {
            return Err(wrong(format!("{name} is {}: only an installed zone has packages", subject.zone.state))
                .with_help(format!("run `zmgr reinstall {name}` to install it again")));
        }
        state => {
            return Err(wrong(format!("{name} is {state}; its packages are updated while it is down"))
                .with_help(format!("run `zmgr halt {name}` first")));
        }
    };
    boots_same_environment(&context.host)?;
    // With none or several of its boot environments active, the host's own update fails.
    snapshot::check_data(&context.host, &subject.zone)?;
    if !context.host.zone_root(&subject.zone.zonepath)?.is_directory("/var/pkg")? {
        return Err(not_mounted(name, &subject.zone.zonepath));
    }
    Ok((row, running))
}

/// Plans the update of one zone; `created` is the time of its snapshot.
pub(crate) fn plan(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    options: &UpdateOptions,
    created: Option<&str>,
) -> Result<Update> {
    let subject = subject(context, name)?;
    let (row, running) = checked(context, &subject, options)?;
    let reboots = running && options.reboot;
    let created = created.map_or_else(now, str::to_owned);
    let snapshot = match options.snapshot {
        true => Some(snapshot::plan_taking(context, name, None, &created)?),
        false => None,
    };
    let label = snapshot.as_ref().and_then(snapshot::Work::label);
    let config = &config_tree.config;
    let refresh = RefreshCatalogs { image: image(&subject), environment: config.environment.clone() };
    let packages = update_packages(&subject, config, label, running && !reboots);
    if reboots {
        preconditions::before_boot(&context.host, name, true)?;
    }
    let down = reboots.then(|| shut_down(name, config, packages.label.as_ref()));
    let boot = reboots.then(|| Boot { zone: name.clone(), limit: config.timeouts.boot });
    let mut steps = vec![refresh.planned()];
    let mut notes = vec!["if pkg finds no updates, nothing else is done".to_owned()];
    match &snapshot {
        Some(snapshot) => {
            steps.extend(snapshot.change.steps.iter().cloned());
            notes.extend(snapshot.change.notes.iter().cloned());
        }
        None => notes.push(format!("no snapshot of {name} is taken: nothing brings its old packages back")),
    }
    if running && !reboots {
        notes.push(format!("{name} is running: its files change under it, and its services are not restarted"));
    }
    steps.extend(down.iter().map(|down| down.planned()));
    steps.push(packages.planned());
    steps.extend(boot.iter().map(|boot| boot.planned()));
    let id = subject.id.to_string();
    let mut change = Change {
        zone: name.to_string(),
        entry_id: id.clone(),
        request: Request::Update { options: options.clone(), snapshot: snapshot.as_ref().map(|_| created) },
        spec: serde_json::Value::Null,
        steps,
        notes,
        basis: Basis {
            entry: id,
            host: BTreeMap::from([(format!("zone {name}"), subject.zone.state.as_str().to_owned())]),
            ..Basis::default()
        },
    };
    evidence::annotate(&mut change, &context.host, Some(&subject.zone.brand), true)?;
    let (may_outrun_host, force) = (!row.is_linked(), options.force);
    Ok(Update { subject, refresh, snapshot, down, packages, boot, may_outrun_host, force, change })
}

/// Returns the step that shuts the zone down; its id names the snapshot, for recovery.
fn shut_down(name: &ZoneName, config: &Config, label: Option<&SnapshotLabel>) -> ShutDown {
    let (limit, boot_limit) = (config.timeouts.shutdown, config.timeouts.boot);
    ShutDown { of: label.map(SnapshotLabel::to_string).unwrap_or_default(), zone: name.clone(), limit, boot_limit }
}

/// Plans to update these zones, or all that have packages. Changes nothing.
pub(crate) fn plan_update(context: &Context, names: &[ZoneName], options: &UpdateOptions) -> Result<Plan> {
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let planned = |name: &ZoneName| Ok(plan(context, &config_tree, name, options, None)?.change);
    let changes = meant(context, names)?.iter().map(planned).collect::<Result<Vec<_>>>()?;
    Ok(Plan::new(Operation::Update, changes))
}

/// Updates these zones, or all that have packages.
pub(crate) fn update(
    context: &Context,
    names: &[ZoneName],
    options: &UpdateOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let prepared = before(run, |_| Ok((ConfigTree::load(context.registry.tree())?, meant(context, names)?)));
    let (config_tree, names) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Report::called_off(names, Action::Updated, error),
    };
    let on_failure = failure(run.on_failure, &config_tree);
    let outcomes = run_jobs(names, run, |name, events| {
        let done = update_one(context, &config_tree, &name, (options, None), on_failure, None, events);
        let (action, result, mut notes) = match done {
            Ok((action, zone, notes)) => (action, Ok(Some(zone)), notes),
            Err(error) => (Action::Updated, Err(error), Vec::new()),
        };
        notes.extend(events.take_notes());
        Outcome::new(name.to_string(), action, result, notes)
    });
    Ok(Report { outcomes: outcomes? })
}

/// Updates one zone; with `approved`, only if the plan is still the same. Returns what was done, the zone, and what has changed.
pub(crate) fn update_one(
    context: &Context,
    config_tree: &ConfigTree,
    name: &ZoneName,
    (options, created): (&UpdateOptions, Option<&str>),
    on_failure: Failure,
    approved: Option<&Change>,
    events: &EventSender,
) -> Result<(Action, Zone, Vec<String>)> {
    // Checked first: taking a lock creates a file, even for a name that no zone has.
    identity::settled(&entries::entry(context, name)?)?;
    let locks = context.lock(name, config_tree.config.lock_timeout, events)?;
    let planned = plan(&context.with_cancel(events), config_tree, name, options, created);
    let update = match confirmed(planned, approved, |update| &update.change) {
        Err(error) if !context.registry.tree().zone(name).exists() => {
            locks.retire();
            return Err(error);
        }
        update => update?,
    };
    let step_context = context.step_context(config_tree, name, &locks, events)?;
    step_context.start(Some(&update.change));
    step_context.made.recorded(&update.subject.document.value);
    step_context.plan_steps(update.change.steps.len());
    let mut journal = Journal::new(&context.registry, name, update.subject.id.clone()).updating();
    // Catalogs only: nothing to record, and nothing to undo.
    executor::run(&step_context, &mut journal, [&update.refresh as &dyn Step], Purpose::Catalogs)?;
    let changes = update.changes(&step_context)?;
    let (action, notes) = match changes {
        None => (Action::Unchanged, Vec::new()),
        Some(changes) => {
            update.run(context, config_tree, &step_context, &mut journal, on_failure)?;
            (Action::Updated, said(&changes))
        }
    };
    drop(step_context);
    let status = context.host.zone_state(name)?.map(|zone| zone.state.status());
    let spec = view::spec(&context.registry, name).ok();
    Ok((action, view::read(&context.registry, name, spec.as_ref(), status)?, notes))
}

/// Names the packages that have changed, the first of them.
fn said(changes: &[PackageChange]) -> Vec<String> {
    let mut notes: Vec<String> = changes.iter().take(NAMED).map(PackageChange::to_string).collect();
    if changes.len() > NAMED {
        notes.push(format!("and {} more packages", changes.len() - NAMED));
    }
    notes
}

impl Update {
    /// Asks pkg what it would change; `None` if nothing. Refuses packages that are newer than the host's.
    fn changes(&self, step_context: &StepContext<'_>) -> Result<Option<Vec<PackageChange>>> {
        let (image, limit) = (self.packages.image.root(), self.packages.limit);
        let command = pkg::plan_update(&image, limit).with_environment(&self.packages.environment);
        let ended = step_context.attempt(command)?;
        if pkg::had_nothing_to_do(&ended) {
            return Ok(None);
        }
        if !ended.success() {
            return Err(ended.error().with_context(format!("pkg cannot update {}", self.packages.image.zone)));
        }
        let changes = pkg::parse_changes(&ended)?;
        if self.may_outrun_host && !self.force {
            stays_with_host(&step_context.host, &self.packages.image.zone, &changes)?;
        }
        Ok(Some(changes))
    }

    /// Takes the snapshot, and updates the packages of the zone while it is down.
    fn run(
        &self,
        context: &Context,
        config_tree: &ConfigTree,
        step_context: &StepContext<'_>,
        journal: &mut Journal<'_>,
        on_failure: Failure,
    ) -> Result<()> {
        if let Some(snapshot) = &self.snapshot {
            snapshot.run(context, step_context)?;
        }
        journal.intend(Intent { running: self.down.is_some(), ..Intent::default() });
        let down = self.down.iter().map(|down| down as &dyn Step);
        if let Err(error) = executor::run(step_context, journal, down, Purpose::Update) {
            return Err(self.as_before(step_context, journal, error));
        }
        if let Err(error) = executor::run(step_context, journal, [&self.packages as &dyn Step], Purpose::Update) {
            return Err(self.undone(context, config_tree, step_context, journal, on_failure, error));
        }
        executor::finish(step_context, journal, self.boot.as_ref())?;
        match &self.boot {
            Some(boot) => power::after_boot(context, step_context, boot.limit),
            None => Ok(()),
        }
    }

    /// Handles a failure before pkg has begun: the zone is booted again if it was running.
    fn as_before(&self, step_context: &StepContext<'_>, journal: &mut Journal<'_>, error: Error) -> Error {
        step_context.undoing();
        step_context.emit(EventKind::Undoing);
        let restored = self.down.iter().try_for_each(|down| down.undo(step_context));
        match restored.and_then(|()| journal.note(Note::Ready)) {
            Ok(()) => error.with_context(format!("{} is unchanged", step_context.zone)),
            Err(also) => error.with_detail(also.to_detail()).with_help(recover(step_context.zone)),
        }
    }

    /// Handles a failure of pkg: the files go back to the snapshot if there is one and the zone is down.
    fn undone(
        &self,
        context: &Context,
        config_tree: &ConfigTree,
        step_context: &StepContext<'_>,
        journal: &mut Journal<'_>,
        on_failure: Failure,
        error: Error,
    ) -> Error {
        step_context.undoing();
        let name = step_context.zone;
        let again = format!("fix the cause, then run `zmgr update {name}` again");
        if let (Some(label), Failure::RollBack, false) = (&self.packages.label, on_failure, self.packages.running) {
            step_context.emit(EventKind::Undoing);
            match back_to(context, config_tree, step_context, label, self.boot.as_ref()) {
                Ok(()) => {
                    return error
                        .with_context(format!("{name} was rolled back to its snapshot {label}"))
                        .with_help(again);
                }
                // The place of such a zone's files is only inferred: the user decides about a rollback.
                Err(also) if also.code() == Code::UnsupportedHost => {}
                Err(also) => return error.with_detail(also.to_detail()).with_help(recover(name)),
            }
        }
        let error = match &self.packages.label {
            Some(label) => error.with_help(format!("{again}, or `zmgr snapshot rollback {name} {label}`")),
            None => error.with_help(again),
        };
        // pkg has ended, and a second update goes on from there.
        let booted = match &self.boot {
            Some(boot) => executor::run(step_context, journal, [boot as &dyn Step], Purpose::Boot),
            None => Ok(()),
        };
        match booted.and_then(|()| journal.note(Note::Ready)) {
            Ok(()) => error.with_context(format!("the packages of {name} may be updated in part")),
            Err(also) => error.with_detail(also.to_detail()).with_help(recover(name)),
        }
    }
}

fn recover(name: &ZoneName) -> String {
    format!("run `zmgr recover {name}`")
}

/// Rolls the zone back to the snapshot that was taken before its packages changed, and boots it if it was running.
fn back_to(
    context: &Context,
    config_tree: &ConfigTree,
    step_context: &StepContext<'_>,
    label: &SnapshotLabel,
    boot: Option<&Boot>,
) -> Result<()> {
    let work = snapshot::plan_return(context, config_tree, step_context.zone, label, boot)?;
    work.run(context, step_context)
}

/// Refuses an update to a newer release than the host's: its kernel may not be able to run that zone.
fn stays_with_host(host: &Host, name: &ZoneName, changes: &[PackageChange]) -> Result<()> {
    let Some(release) = changes.iter().find(|change| change.name == RELEASE) else { return Ok(()) };
    let Some(own) = pkg::parse_version(&host.question(&pkg::list("/", &[RELEASE]))?)? else { return Ok(()) };
    if !pkg::is_newer(&release.to, &own) {
        return Ok(());
    }
    let message =
        format!("{name} would get newer packages than the host: {RELEASE} {}, and the host has {own}", release.to);
    Err(Error::new(Code::WrongState, message)
        .with_help("update the host first (`pkg update`) and boot it, or pass --force"))
}

/// The step at which an update stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoppedUpdate {
    kind: Option<StepKind>,
    label: Option<SnapshotLabel>,
}

impl StoppedUpdate {
    /// Returns the step in an entry's journal, if the operation is an update.
    pub(crate) fn at(entry: &ZoneEntry) -> Option<StoppedUpdate> {
        let id = entry.state.as_ref().and_then(EntryState::step)?.strip_prefix(UPDATE)?;
        let (kind, label) = id.split_once(':').unwrap_or((id, ""));
        Some(StoppedUpdate { kind: kind.parse().ok(), label: label.parse().ok() })
    }

    /// Returns how far it had come.
    pub(crate) fn progress(&self) -> Progress {
        let is_down = self.kind == Some(StepKind::Packages);
        let in_pkg = is_down || self.kind == Some(StepKind::PackagesRunning);
        Progress {
            has_begun: self.kind != Some(StepKind::ShutDown),
            is_final: self.kind == Some(StepKind::Boot) || in_pkg && !(is_down && self.label.is_some()),
            needs_down: is_down,
        }
    }

    /// Updates the packages again, and boots the zone if it was running before.
    pub(crate) fn finish(
        &self,
        context: &Context,
        config_tree: &ConfigTree,
        entry: &ZoneEntry,
        step_context: &StepContext<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<()> {
        let subject = snapshot::unfinished_subject(context, &entry.name)?;
        let config = &config_tree.config;
        let boot = entry.intent.running.then(|| Boot { zone: entry.name.clone(), limit: config.timeouts.boot });
        if self.kind != Some(StepKind::Boot) {
            let down = entry.intent.running.then(|| shut_down(&entry.name, config, self.label.as_ref()));
            let running = self.kind == Some(StepKind::PackagesRunning);
            let packages = update_packages(&subject, config, self.label.clone(), running);
            let steps = down.iter().map(|down| down as &dyn Step).chain([&packages as &dyn Step]);
            executor::run(step_context, journal, steps, Purpose::Resume)?;
        }
        executor::finish(step_context, journal, boot.as_ref())?;
        match &boot {
            Some(boot) => power::after_boot(context, step_context, boot.limit),
            None => Ok(()),
        }
    }

    /// Makes the zone what it was before.
    pub(crate) fn undo(
        &self,
        context: &Context,
        config_tree: &ConfigTree,
        entry: &ZoneEntry,
        step_context: &StepContext<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<()> {
        let config = &config_tree.config;
        if let (true, Some(label)) = (self.progress().has_begun, &self.label) {
            let boot = entry.intent.running.then(|| Boot { zone: entry.name.clone(), limit: config.timeouts.boot });
            return back_to(context, config_tree, step_context, label, boot.as_ref());
        }
        if entry.intent.running {
            shut_down(&entry.name, config, self.label.as_ref()).undo(step_context)?;
        }
        executor::finish(step_context, journal, None)
    }
}
