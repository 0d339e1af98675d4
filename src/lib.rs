//! zmgr manages illumos zones from flat KDL files.
#![forbid(unsafe_code)]
#![warn(unnameable_types)]
// What only `internals` shows is neither reachable nor used without that feature.
#![cfg_attr(not(feature = "internals"), allow(unreachable_pub, dead_code, unused_imports))]

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
mod manager;
mod operations;
mod parallel;
mod registry;
mod schema;
#[cfg(feature = "sim")]
mod simhost;
mod value;

pub use api::{
    ApplyOptions, Basis, Change, CreateOptions, DestroyOptions, Event, EventKind, ExecOptions, ExecStream, HaltOptions,
    ImportOptions, OnFailure, Outcome, Pinned, PinnedNet, Plan, PlannedFile, PlannedStep, Query, QueryHost,
    RecoverOptions, ReinstallOptions, Report, Request, RunOptions, Zone, ZoneAddress, ZoneNet,
};
pub use doctor::{Diagnosis, DiagnosisArea, DiagnosisItem, DiagnosisKind, DiagnosisLevel};
pub use documents::config::{Config, FailureRule, Timeouts};
pub use documents::document::Document;
pub use documents::environment::Environment;
pub use documents::pool::{Pool, PoolNetwork, PoolShare, Strategy};
pub use documents::publisher::Publisher;
pub use documents::reservation::{Reservation, ReservedAddress};
pub use documents::resolve::{ZoneSpec, effective};
pub use documents::resources::{
    Admin, Attr, AttrValue, CappedMemory, Dataset, DedicatedCpu, Device, Fs, Rctl, RctlAction, RctlPrivilege,
    RctlValue, Resources, SecurityFlags,
};
pub use documents::settings::{EntryNet, Install, IpType, Settings, Setup, Without};
pub use documents::template::Template;
pub use documents::zone::{
    Applied, Before, EntryState, Intent, MadeDataset, Origin, Pending, PendingChange, ZoneEntry,
};
pub use error::{Code, Diagnostic, Error, FailedCommand, Result, Severity};
pub use fleet::{Fleet, FleetZone};
pub use host::{BrandFact, BrandOperation, Distribution, Evidence, brand_reference, explain_brand};
pub use ipam::{AddressRange, AddressUse, Family, RangeUse, Usage};
pub use manager::{Manager, ManagerBuilder};
pub use operations::diff::{Drift, DriftCause, DriftItem, DriftStatus, ZoneDrift};
pub use operations::find::{Found, HeldKind, HolderKind, Holding, HoldingReason, PoolPlace};
pub use registry::{AddressStanding, Allocation, HeldAddress, HeldBy, PoolUsage};
pub use schema::{ExplainedValue, Explanation, TakesEffect, explain, reference};
#[cfg(feature = "sim")]
pub use simhost::{Abort, CommandIo, Dialect, FailedBoot, Fault, SimHost, SimStatus, SpawnFn};
pub use value::address::{MacAddr, MacPrefix, NetAddress};
pub use value::name::{LinkName, PoolName, PublisherName, ReservationName, TemplateName, ZoneName};
pub use value::source::{Source, Sourced};
pub use value::{Cancel, CappedCpu, EntryId, Size};

/// The programs of the README run as tests.
#[cfg(all(doctest, feature = "sim"))]
#[doc = include_str!("../README.md")]
struct Readme;
