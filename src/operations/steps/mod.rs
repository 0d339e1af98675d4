//! The steps of plans. Each knows its command, how to find out whether it is done, and how to undo it.
//!
//! Invariant: a step may be run, probed and undone any number of times, and after being killed at any instant.

mod attach;
mod autoboot;
mod boot;
mod configure;
mod dataset;
mod edit_document;
mod first_boot;
mod halt;
mod install;
mod kept_root;
mod link_property;
mod move_entry;
mod move_zone;
mod origin;
mod packages;
mod publishers;
mod purge;
mod quota;
mod reconfigure;
mod rename_link;
mod rename_zone;
mod roll_back;
mod shut_down;
mod snapshot;
mod unconfigure;
mod uninstall;
mod unlink;
mod update_packages;
mod vnic;

pub(crate) use attach::Attach;
pub(crate) use autoboot::Autoboot;
pub(crate) use boot::Boot;
pub(crate) use configure::{Configure, Extent};
pub(crate) use dataset::MakeDataset;
pub(crate) use edit_document::EditDocument;
pub(crate) use first_boot::{Content, FirstBoot};
pub(crate) use halt::Halt;
pub(crate) use install::{Install, Origin};
pub(crate) use kept_root::{DropRoot, SetAside, Unmount};
pub(crate) use link_property::LinkProperty;
pub(crate) use move_entry::MoveEntry;
pub(crate) use move_zone::MoveZone;
pub(crate) use origin::DropOrigin;
pub(crate) use packages::AddPackages;
pub(crate) use publishers::{Image, Publishers, SetPublisher, difference as publisher_difference, not_mounted};
pub(crate) use purge::PurgeDataset;
pub(crate) use quota::Quota;
pub(crate) use reconfigure::Reconfigure;
pub(crate) use rename_link::RenameLink;
pub(crate) use rename_zone::RenameZone;
pub(crate) use roll_back::{CloneEnvironment, MountEnvironment, RollBack, SetActive, Switch};
pub(crate) use shut_down::ShutDown;
pub(crate) use snapshot::{DeleteSnapshot, DropSnapshots, ForgetSnapshot, KeepCopy, MoveCopies, TakeSnapshot};
pub(crate) use unconfigure::Unconfigure;
pub(crate) use uninstall::Uninstall;
pub(crate) use unlink::Unlink;
pub(crate) use update_packages::{RefreshCatalogs, UpdatePackages};
pub(crate) use vnic::Vnic;

use super::step_context::{StepContext, foreign};
use crate::api::{PlannedFile, PlannedStep, StepKind};
use crate::error::Result;
use crate::exec::Invocation;

/// Progress of a step on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Nothing is done.
    Absent,
    /// It was begun and not completed.
    Partial,
    /// It is completed.
    Done,
    /// Something exists that this step did not make.
    Foreign(String),
}

/// Effect of a step: what the host can have after it, in the order of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Links: the zone is not on the host yet, or no longer.
    Links,
    /// The configuration is written or deleted.
    Configuration,
    /// The files are installed or uninstalled.
    Files,
    /// Anything while the zone is installed and inactive, or is about to be.
    Settled,
}

impl Phase {
    /// Returns the phase of steps of this kind: for a zone that zmgr works on, and for one whose journal names the step.
    pub(crate) fn of(kind: StepKind) -> Phase {
        use StepKind as Kind;
        match kind {
            Kind::Vnic
            | Kind::Link
            | Kind::Unlink
            | Kind::Dataset
            | Kind::Quota
            | Kind::Purge
            | Kind::DropSnapshots
            | Kind::Release => Phase::Links,
            // What a zone was cloned from goes once the zone's own files are gone.
            Kind::Configure | Kind::Reconfigure | Kind::Unconfigure | Kind::Zonecfg | Kind::Origin => {
                Phase::Configuration
            }
            Kind::Install | Kind::Clone | Kind::Uninstall | Kind::Attach | Kind::Detach | Kind::Move => Phase::Files,
            Kind::Plumb
            | Kind::Autoboot
            | Kind::AutobootOff
            | Kind::FirstBoot
            | Kind::Publisher
            | Kind::Publishers
            | Kind::Refresh
            | Kind::Packages
            | Kind::PackagesRunning
            | Kind::Boot
            | Kind::Halt
            | Kind::ShutDown
            | Kind::Reboot
            | Kind::Copy
            | Kind::Take
            | Kind::Delete
            | Kind::Discard
            | Kind::Discarded
            | Kind::RollBack
            | Kind::CloneEnvironment
            | Kind::Activate
            | Kind::Deactivate
            | Kind::Mount
            | Kind::Unmount
            | Kind::SetAside
            | Kind::DropRoot
            | Kind::Copies
            | Kind::Entry
            | Kind::Document
            | Kind::Reserve
            | Kind::Applied
            | Kind::Ready
            | Kind::Adopt
            | Kind::Forget
            | Kind::Detached => Phase::Settled,
        }
    }
}

/// One step of a plan.
pub(crate) trait Step: Send + Sync {
    /// Returns its kind.
    fn kind(&self) -> StepKind;

    /// Returns the id for the journal, unique within the plan: its kind, then `:` and its subject if it has one.
    fn id(&self) -> String {
        self.kind().to_string()
    }

    /// Returns the phase of the host after the step.
    fn phase(&self) -> Phase {
        Phase::of(self.kind())
    }

    /// Returns its command and files, for display.
    fn planned(&self) -> PlannedStep;

    /// Returns its progress.
    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe>;

    /// Checks conditions right before it runs, and sets `step_context.made` to what the journal must record by then.
    fn prepare(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Runs it, from `Absent`.
    fn run(&self, step_context: &StepContext<'_>) -> Result<()>;

    /// Undoes it, from any progress; having nothing to undo is not a failure. What others made stays, and is the error
    /// `recovery-needed`.
    fn undo(&self, step_context: &StepContext<'_>) -> Result<()>;
}

/// Shows a step in plans.
fn planned(step: &dyn Step, command: &Invocation, files: Vec<PlannedFile>, undo: Option<&Invocation>) -> PlannedStep {
    let undo = undo.map(shown).unwrap_or_default();
    PlannedStep { argv: shown(command), undo, ..with_files(step, files) }
}

/// Shows a step without a command that writes or removes these files.
fn with_files(step: &dyn Step, files: Vec<PlannedFile>) -> PlannedStep {
    PlannedStep { id: step.id(), ..PlannedStep::writing(step.kind(), files) }
}

/// Shows a step that only writes or removes this file of the tree.
fn without_command(step: &dyn Step, path: String) -> PlannedStep {
    with_files(step, vec![PlannedFile { path, text: String::new() }])
}

fn shown(command: &Invocation) -> Vec<String> {
    let mut argv = command.argv();
    if let Some(program) = argv.first_mut() {
        *program = command.usual_path();
    }
    argv
}
