//! zmgr manages illumos zones from flat KDL files: it allocates addresses from pools, creates, changes and destroys zones, and
//! recovers from crashes. There is no daemon and no database. The command `zmgr`, the C library and the Python module are built
//! on this crate, and do nothing that it does not offer.
//!
//! # Quick start
//!
//! [`Manager`] is the entry point. On an illumos host, [`Manager::open`] takes the directory of the configuration files,
//! usually `/etc/zmgr`. On any other machine, [`ManagerBuilder::simulate`] takes a directory for a simulated host (feature
//! `sim`), on which everything works the same:
//!
//! ```
//! use zmgr::{CreateOptions, Manager, Query, RunOptions};
//!
//! # let host = tempfile::tempdir().unwrap();
//! let manager = Manager::builder().simulate(host.path()).build()?;
//!
//! let zone = manager.create("web01", &CreateOptions::new().attr("owner", "alice"), &mut RunOptions::new())?;
//! assert_eq!(zone.nets[0].addresses[0].address.to_string(), "10.1.0.10/24");
//!
//! let names: Vec<String> = manager.zones(&Query::new())?.into_iter().map(|zone| zone.name).collect();
//! assert_eq!(names, ["web01"]);
//! # Ok::<(), zmgr::Error>(())
//! ```
//!
//! Operations on several zones return a [`Report`] with one [`Outcome`] per zone. Every operation that changes something also
//! exists as a [`Plan`], a value that you can print, keep as JSON, approve and [run](Manager::run) later.
//!
//! # Errors
//!
//! Every function returns [`Result`]. An [`Error`] has a [`Code`], whose number is the exit status of the command line, a
//! message, usually a help text, and, if a host command failed, that [command](Error::command) with its output. Match on the
//! code; messages may change. [`Error::can_retry`] says if the same call may succeed later. If an operation fails, it is rolled
//! back before the error returns; if that fails too, the code is [`Code::RecoveryNeeded`], and [`Manager::recover`] finishes or
//! undoes it.
//!
//! # Threads and processes
//!
//! A `Manager` is `Send`, `Sync` and cheap to clone, and holds no locks between calls. Any number of threads and processes may
//! work on one tree: operations on one zone wait for each other, up to `lock-timeout` in `config.kdl`, and then fail with
//! [`Code::Busy`]; different zones do not wait for each other. [`RunOptions::jobs`] sets how many zones one call processes at a
//! time. Progress callbacks run on the calling thread, one at a time.
//!
//! The crate prints nothing, reads no environment variable, installs no signal handler and has no process-wide state. Host
//! commands are started without a shell, in process groups of their own.
//!
//! # Cancellation
//!
//! A [`Cancel`] in the [`RunOptions`] ends an operation within a tenth of a second, from any thread: it is rolled back and
//! fails with [`Code::Cancelled`]. A callback that returns `false` does the same. A second [`Cancel::cancel`] ends the rollback
//! too and leaves the rest to `recover`. For calls without `RunOptions`, use [`Manager::with_cancel`].
//!
//! ```
//! # use zmgr::*;
//! # let host = tempfile::tempdir().unwrap();
//! # let manager = Manager::builder().simulate(host.path()).build()?;
//! let cancel = Cancel::new();
//! // As another thread or a signal handler would while the zone is installed.
//! let mut progress = |event: &Event| {
//!     if event.step == "install" {
//!         cancel.cancel();
//!     }
//!     true
//! };
//! let mut run = RunOptions::new().cancel(&cancel).progress(&mut progress);
//! let error = manager.create("web01", &CreateOptions::new(), &mut run).unwrap_err();
//! assert_eq!(error.code(), Code::Cancelled);
//! assert!(manager.zones(&Query::new())?.is_empty());
//! # Ok::<(), zmgr::Error>(())
//! ```
//!
//! # The simulated host
//!
//! With the feature `sim`, `SimHost` creates a host in a directory for your tests, and makes its commands fail as you like. It
//! answers `zonecfg`, `zoneadm`, `dladm`, `zfs`, `pkg` and others as recordings of the real programs do, and refuses what it
//! does not know.
//!
//! # Feature flags
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `sim` | no | the simulated host: `SimHost`, `ManagerBuilder::simulate` |
//! | `miette` | no | `miette::Diagnostic` for [`Error`], which draws each [`Diagnostic`] with the line that it points at |
//!
//! The minimum supported Rust version is the highest that a dependency needs, today 1.95. Raising it raises the minor version.
#![forbid(unsafe_code)]
#![warn(unnameable_types)]
// Items that only `internals` exports are neither reachable nor used without that feature.
#![cfg_attr(not(feature = "internals"), allow(unreachable_pub, dead_code, unused_imports))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod doctor;
mod documents;
mod error;
mod exec;
mod file;
mod fleet;
#[cfg(feature = "internals")]
mod fuzz;
mod host;
#[cfg(feature = "internals")]
pub mod internals;
mod ipam;
mod kdl_util;
mod log;
mod manager;
mod operations;
mod parallel;
mod registry;
mod schema;
#[cfg(feature = "sim")]
mod simhost;
mod value;

pub use api::{
    Action, ApplyOptions, AttachOptions, Basis, Change, CreateOptions, DestroyOptions, Event, EventKind, ExecOptions,
    ExecStream, HaltOptions, ImportOptions, OnFailure, Operation, Outcome, Pinned, PinnedNet, Plan, PlannedFile,
    PlannedStep, Query, QueryHost, RecoverOptions, RefreshOptions, ReinstallOptions, RenameOptions, Report, Request,
    RollbackOptions, RunOptions, Snapshot, SnapshotDataset, SnapshotState, StepKind, UpdateOptions, Zone, ZoneAddress,
    ZoneNet, ZoneState, ZoneStatus,
};
pub use doctor::{Diagnosis, DiagnosisArea, DiagnosisItem, DiagnosisKind, DiagnosisLevel};
pub use documents::config::{Config, FailureRule, Timeouts};
pub use documents::document::Document;
pub use documents::environment::Environment;
pub use documents::pool::{Pool, PoolNetwork, PoolShare, Strategy};
pub use documents::publisher::Publisher;
pub use documents::renaming::Renaming;
pub use documents::reservation::{Reservation, ReservedAddress};
pub use documents::resolve::{ZoneSpec, effective};
pub use documents::resources::{
    Admin, Attr, AttrValue, CappedMemory, Dataset, DedicatedCpu, Device, Fs, Rctl, RctlAction, RctlPrivilege,
    RctlValue, Resources, SecurityFlags,
};
pub use documents::settings::{EntryNet, InsideAddress, Install, IpType, Settings, Setup, Without};
pub use documents::snapshot::{SnapshotPart, TakenSnapshot};
pub use documents::store::{StoreConfig, StoreKind, StoreTls, StoreUser};
pub use documents::template::Template;
pub use documents::zone::{
    Applied, Before, EntryState, Intent, MadeDataset, Origin, Pending, PendingChange, ZoneEntry,
};
pub use error::{Code, Diagnostic, Error, FailedCommand, Result, Severity};
pub use fleet::{
    ClaimKind, Fleet, FleetClaim, FleetClaimKind, FleetHost, FleetPool, FleetStatus, FleetZone, MAX_STORE_KEYS, Store,
    StoreAnswer, StoreClaim, StoreHost, StoreKey, StorePool, StoreRecord, StoreRefusal, StoreValue,
};
pub use host::{BrandFact, BrandOperation, Distribution, Evidence, brand_reference, explain_brand, managed_brands};
pub use ipam::{AddressRange, AddressUse, Family, RangeUse, Usage};
pub use log::{LogLevel, LogRecord};
pub use manager::{Manager, ManagerBuilder};
pub use operations::diff::{Drift, DriftCause, DriftGroup, DriftItem, DriftStatus, SettingChange, ZoneDrift};
pub use operations::find::{Found, HeldKind, HolderKind, Holding, HoldingReason, PoolPlace};
pub use operations::set::setting_keys;
pub use registry::{AddressStanding, Allocation, HeldAddress, HeldBy, PoolUsage};
pub use schema::{ExplainedValue, Explanation, TakesEffect, Times, explain, nodes, reference};
#[cfg(feature = "sim")]
pub use simhost::{Abort, CommandIo, Dialect, FailedBoot, Fault, SimHost, SimStatus, SpawnFn};
pub use value::address::{MacAddr, MacPrefix, NetAddress};
pub use value::name::{LinkName, PoolName, PublisherName, ReservationName, SnapshotLabel, TemplateName, ZoneName};
pub use value::source::{Source, Sourced};
pub use value::{Cancel, CappedCpu, EntryId, Size};

/// The programs of the README run as tests.
#[cfg(all(doctest, feature = "sim"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The page on crates.io, too.
#[cfg(all(doctest, feature = "sim"))]
#[doc = include_str!("README.md")]
struct CratePage;
