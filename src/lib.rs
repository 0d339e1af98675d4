//! zmgr manages illumos zones from flat KDL files.
#![forbid(unsafe_code)]

pub mod address;
mod check;
pub mod config;
mod doctor;
pub mod document;
mod drift;
pub mod effective;
pub mod environment;
pub mod error;
#[doc(hidden)]
pub mod exec;
mod file;
pub mod fleet;
#[doc(hidden)]
pub mod fuzz;
#[doc(hidden)]
pub mod host;
mod import;
#[doc(hidden)]
pub mod ipam;
mod kdl_util;
#[doc(hidden)]
pub mod link_name;
pub mod manager;
pub mod name;
pub mod operations;
mod parallel;
pub mod pool;
pub mod publisher;
#[doc(hidden)]
pub mod registry;
pub mod reservation;
pub mod resources;
mod schema;
mod set;
pub mod settings;
#[cfg(feature = "sim")]
mod simhost;
pub mod source;
pub mod starter;
pub mod template;
pub mod zone;

pub use address::{MacAddr, MacPrefix, NetAddress};
pub use config::Config;
pub use doctor::{Diagnosis, DiagnosisArea, DiagnosisItem, DiagnosisKind, DiagnosisLevel};
pub use document::Document;
pub use drift::{Drift, DriftCause, DriftItem, DriftStatus, ZoneDrift};
pub use effective::{ZoneSpec, effective};
pub use environment::Environment;
pub use error::{Code, Diagnostic, Error, FailedCommand, Result, Severity};
pub use fleet::{Fleet, FleetZone};
pub use host::{BrandFact, BrandOperation, Distribution, Evidence, brand_reference, explain_brand};
pub use ipam::{AddressRange, AddressUse, Family, RangeUse, Usage};
pub use manager::{
    ApplyOptions, CreateOptions, DestroyOptions, ExecOptions, ExecStream, HaltOptions, ImportOptions, Manager,
    ManagerBuilder, OnFailure, Query, QueryHost, RecoverOptions, ReinstallOptions, RunOptions, Zone, ZoneAddress,
    ZoneNet,
};
pub use operations::{Cancel, Event, EventKind, Outcome, Plan, Report};
pub use pool::{Pool, PoolNetwork, PoolShare};
pub use publisher::Publisher;
pub use registry::{Allocation, HeldAddress, HeldBy, PoolUsage};
pub use reservation::Reservation;
pub use resources::Resources;
pub use schema::{ExplainedValue, Explanation, TakesEffect, explain, reference};
pub use settings::{EntryNet, Settings};
#[cfg(feature = "sim")]
pub use simhost::{Abort, CommandIo, Dialect, FailedBoot, Fault, SimHost, SimStatus, SpawnFn};
pub use source::{Source, Sourced};
pub use template::Template;
pub use zone::{EntryId, EntryState, Pending, PendingChange, ZoneEntry};

/// The programs of the README run as tests.
#[cfg(all(doctest, feature = "sim"))]
#[doc = include_str!("../README.md")]
struct Readme;
