//! zmgr manages illumos zones from flat KDL files.
#![forbid(unsafe_code)]

pub mod api;
mod doctor;
pub mod documents;
pub mod error;
#[doc(hidden)]
pub mod exec;
mod file;
pub mod fleet;
#[doc(hidden)]
pub mod fuzz;
#[doc(hidden)]
pub mod host;
#[doc(hidden)]
pub mod ipam;
mod kdl_util;
pub mod manager;
pub mod operations;
mod parallel;
#[doc(hidden)]
pub mod registry;
mod schema;
#[cfg(feature = "sim")]
mod simhost;
pub mod value;

pub use api::{
    ApplyOptions, CreateOptions, DestroyOptions, Event, EventKind, ExecOptions, ExecStream, HaltOptions, ImportOptions,
    OnFailure, Outcome, Plan, Query, QueryHost, RecoverOptions, ReinstallOptions, Report, RunOptions, Zone,
    ZoneAddress, ZoneNet,
};
pub use doctor::{Diagnosis, DiagnosisArea, DiagnosisItem, DiagnosisKind, DiagnosisLevel};
pub use documents::config::Config;
pub use documents::document::Document;
pub use documents::environment::Environment;
pub use documents::pool::{Pool, PoolNetwork, PoolShare};
pub use documents::publisher::Publisher;
pub use documents::reservation::Reservation;
pub use documents::resolve::{ZoneSpec, effective};
pub use documents::resources::Resources;
pub use documents::settings::{EntryNet, Settings};
pub use documents::template::Template;
pub use documents::zone::{EntryState, Pending, PendingChange, ZoneEntry};
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
pub use value::source::{Source, Sourced};
pub use value::{Cancel, EntryId};

/// The programs of the README run as tests.
#[cfg(all(doctest, feature = "sim"))]
#[doc = include_str!("../README.md")]
struct Readme;
