//! Diagnosis of the host.

use std::ffi::{CString, c_char};

use zmgr_core::{Diagnosis, DiagnosisArea, DiagnosisItem, DiagnosisKind, DiagnosisLevel};

use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{c_text, free, give_text, handle, out, read, read_part, read_text};
use crate::guard::call;
use crate::manager::zmgr_manager;

/// Severity of an item of a diagnosis, mildest first. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_diagnosis_level {
    /// A value that is newer than this header.
    ZMGR_DIAGNOSIS_LEVEL_OTHER = 0,
    /// As it should be.
    ZMGR_DIAGNOSIS_LEVEL_OK = 1,
    /// Good to know. Nothing needs to be done.
    ZMGR_DIAGNOSIS_LEVEL_NOTE = 2,
    /// Some operations fail, or fail for some zones.
    ZMGR_DIAGNOSIS_LEVEL_WARNING = 3,
    /// The host cannot be managed.
    ZMGR_DIAGNOSIS_LEVEL_ERROR = 4,
}

/// Part of the host that an item of a diagnosis is about. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_diagnosis_area {
    /// A value that is newer than this header.
    ZMGR_DIAGNOSIS_AREA_OTHER = 0,
    /// Distribution, version, kernel.
    ZMGR_DIAGNOSIS_AREA_DISTRIBUTION = 1,
    /// Runs on real hosts.
    ZMGR_DIAGNOSIS_AREA_EVIDENCE = 2,
    /// Rights of the process.
    ZMGR_DIAGNOSIS_AREA_PRIVILEGES = 3,
    /// The host's commands and the format of their output.
    ZMGR_DIAGNOSIS_AREA_COMMANDS = 4,
    /// Brands.
    ZMGR_DIAGNOSIS_AREA_BRANDS = 5,
    /// Datasets that zones are created in.
    ZMGR_DIAGNOSIS_AREA_DATASETS = 6,
    /// Links that VNICs are created over.
    ZMGR_DIAGNOSIS_AREA_LINKS = 7,
    /// Zones and their boot environments.
    ZMGR_DIAGNOSIS_AREA_ZONES = 8,
    /// Known bugs of the platform.
    ZMGR_DIAGNOSIS_AREA_PLATFORM_BUGS = 9,
}

/// Kind of an item of a diagnosis. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_diagnosis_kind {
    /// A value that is newer than this header.
    ZMGR_DIAGNOSIS_OTHER = 0,
    /// The distribution, which zmgr knows.
    ZMGR_DIAGNOSIS_DISTRIBUTION = 1,
    /// An illumos distribution that zmgr does not know.
    ZMGR_DIAGNOSIS_UNKNOWN_DISTRIBUTION = 2,
    /// The system is not illumos.
    ZMGR_DIAGNOSIS_NOT_ILLUMOS = 3,
    /// zmgr runs in a zone, not in the global zone.
    ZMGR_DIAGNOSIS_NOT_GLOBAL_ZONE = 4,
    /// The host is simulated.
    ZMGR_DIAGNOSIS_SIMULATED = 5,
    /// Runs on real hosts.
    ZMGR_DIAGNOSIS_REAL_HOSTS = 6,
    /// The process may change zones.
    ZMGR_DIAGNOSIS_PRIVILEGED = 7,
    /// The process does not run as root, so it can only read.
    ZMGR_DIAGNOSIS_NOT_ROOT = 8,
    /// Root without all privileges.
    ZMGR_DIAGNOSIS_PRIVILEGES_MISSING = 9,
    /// The command is there, and its output is as expected.
    ZMGR_DIAGNOSIS_COMMAND_WORKS = 10,
    /// The command is there. It has no query to try.
    ZMGR_DIAGNOSIS_COMMAND_PRESENT = 11,
    /// The host does not have the command.
    ZMGR_DIAGNOSIS_COMMAND_MISSING = 12,
    /// The command failed.
    ZMGR_DIAGNOSIS_COMMAND_FAILED = 13,
    /// The output of the command cannot be read.
    ZMGR_DIAGNOSIS_COMMAND_UNREADABLE = 14,
    /// An installed brand that zmgr can install zones of.
    ZMGR_DIAGNOSIS_BRAND_KNOWN = 15,
    /// An installed brand whose zones zmgr can install, but what its uninstall destroys is only inferred.
    ZMGR_DIAGNOSIS_BRAND_UNPROVEN = 16,
    /// An installed brand that zmgr does not touch.
    ZMGR_DIAGNOSIS_BRAND_IGNORED = 17,
    /// A template needs a brand that is not installed.
    ZMGR_DIAGNOSIS_BRAND_MISSING = 18,
    /// No brand is installed that zmgr can install zones of.
    ZMGR_DIAGNOSIS_NO_BRAND = 19,
    /// The dataset of new zones is mounted.
    ZMGR_DIAGNOSIS_DATASET_READY = 20,
    /// No dataset has the directory of new zones as its mount point.
    ZMGR_DIAGNOSIS_DATASET_MISSING = 21,
    /// The dataset of new zones is not mounted.
    ZMGR_DIAGNOSIS_DATASET_UNMOUNTED = 22,
    /// The dataset of new zones is almost full.
    ZMGR_DIAGNOSIS_DATASET_FULL = 23,
    /// The link that a pool names is there and can carry VNICs.
    ZMGR_DIAGNOSIS_LINK_READY = 24,
    /// The link that a pool names does not exist.
    ZMGR_DIAGNOSIS_LINK_MISSING = 25,
    /// The link that a pool names cannot carry VNICs.
    ZMGR_DIAGNOSIS_LINK_UNSUITABLE = 26,
    /// Some configuration files have errors, so what they ask for is not checked.
    ZMGR_DIAGNOSIS_CONFIG_UNREADABLE = 27,
    /// Zones whose datasets are as they should be.
    ZMGR_DIAGNOSIS_ZONES_HEALTHY = 28,
    /// It is not known which boot environment of the host runs, so those of the zones are not checked.
    ZMGR_DIAGNOSIS_HOST_ENVIRONMENT_UNKNOWN = 29,
    /// The host boots another boot environment next, which does not have zones created now.
    ZMGR_DIAGNOSIS_OTHER_ENVIRONMENT_NEXT = 30,
    /// The zone is incomplete: an install, clone or uninstall did not finish.
    ZMGR_DIAGNOSIS_ZONE_INCOMPLETE = 31,
    /// The zone's root is mounted for maintenance, so it cannot boot.
    ZMGR_DIAGNOSIS_ZONE_MOUNTED = 32,
    /// No dataset is mounted at the zonepath.
    ZMGR_DIAGNOSIS_ZONEPATH_UNMOUNTED = 33,
    /// The zone has no boot environment.
    ZMGR_DIAGNOSIS_NO_ENVIRONMENT = 34,
    /// The zone's boot environments belong to other boot environments of the host.
    ZMGR_DIAGNOSIS_FOREIGN_PARENT = 35,
    /// None of the zone's boot environments is active.
    ZMGR_DIAGNOSIS_NONE_ACTIVE = 36,
    /// More than one of the zone's boot environments is active.
    ZMGR_DIAGNOSIS_SEVERAL_ACTIVE = 37,
    /// The zone has more than one boot environment, and its brand cannot uninstall such a zone.
    ZMGR_DIAGNOSIS_SEVERAL_ENVIRONMENTS = 38,
    /// The zone's active boot environment is not mounted.
    ZMGR_DIAGNOSIS_ENVIRONMENT_UNMOUNTED = 39,
    /// Properties of the zone's active boot environment are not as the brand sets them.
    ZMGR_DIAGNOSIS_ENVIRONMENT_CHANGED = 40,
    /// Clones of this brand come up without network; zmgr makes their interfaces.
    ZMGR_DIAGNOSIS_CLONE_WITHOUT_NETWORK = 41,
    /// Link properties given to `dladm create-vnic` are only recorded; zmgr sets them again.
    ZMGR_DIAGNOSIS_LINK_PROPERTIES_RECORDED = 42,
    /// Long addresses of one link can make a boot fail; zmgr refuses them.
    ZMGR_DIAGNOSIS_LINK_ADDRESSES_LIMITED = 43,
    /// The service that boots the zones with `after` is online.
    ZMGR_DIAGNOSIS_BOOT_SERVICE_ONLINE = 44,
    /// Zones have `after`, and the service that boots them is missing, disabled or broken.
    ZMGR_DIAGNOSIS_BOOT_SERVICE_NOT_ONLINE = 45,
}

impl From<DiagnosisLevel> for zmgr_diagnosis_level {
    fn from(value: DiagnosisLevel) -> Self {
        use zmgr_diagnosis_level::*;
        match value {
            DiagnosisLevel::Ok => ZMGR_DIAGNOSIS_LEVEL_OK,
            DiagnosisLevel::Note => ZMGR_DIAGNOSIS_LEVEL_NOTE,
            DiagnosisLevel::Warning => ZMGR_DIAGNOSIS_LEVEL_WARNING,
            DiagnosisLevel::Error => ZMGR_DIAGNOSIS_LEVEL_ERROR,
            _ => ZMGR_DIAGNOSIS_LEVEL_OTHER,
        }
    }
}

impl From<DiagnosisArea> for zmgr_diagnosis_area {
    fn from(value: DiagnosisArea) -> Self {
        use zmgr_diagnosis_area::*;
        match value {
            DiagnosisArea::Distribution => ZMGR_DIAGNOSIS_AREA_DISTRIBUTION,
            DiagnosisArea::Evidence => ZMGR_DIAGNOSIS_AREA_EVIDENCE,
            DiagnosisArea::Privileges => ZMGR_DIAGNOSIS_AREA_PRIVILEGES,
            DiagnosisArea::Commands => ZMGR_DIAGNOSIS_AREA_COMMANDS,
            DiagnosisArea::Brands => ZMGR_DIAGNOSIS_AREA_BRANDS,
            DiagnosisArea::Datasets => ZMGR_DIAGNOSIS_AREA_DATASETS,
            DiagnosisArea::Links => ZMGR_DIAGNOSIS_AREA_LINKS,
            DiagnosisArea::Zones => ZMGR_DIAGNOSIS_AREA_ZONES,
            DiagnosisArea::PlatformBugs => ZMGR_DIAGNOSIS_AREA_PLATFORM_BUGS,
            _ => ZMGR_DIAGNOSIS_AREA_OTHER,
        }
    }
}

impl From<DiagnosisKind> for zmgr_diagnosis_kind {
    fn from(value: DiagnosisKind) -> Self {
        use zmgr_diagnosis_kind::*;
        match value {
            DiagnosisKind::Distribution => ZMGR_DIAGNOSIS_DISTRIBUTION,
            DiagnosisKind::UnknownDistribution => ZMGR_DIAGNOSIS_UNKNOWN_DISTRIBUTION,
            DiagnosisKind::NotIllumos => ZMGR_DIAGNOSIS_NOT_ILLUMOS,
            DiagnosisKind::NotGlobalZone => ZMGR_DIAGNOSIS_NOT_GLOBAL_ZONE,
            DiagnosisKind::Simulated => ZMGR_DIAGNOSIS_SIMULATED,
            DiagnosisKind::RealHosts => ZMGR_DIAGNOSIS_REAL_HOSTS,
            DiagnosisKind::Privileged => ZMGR_DIAGNOSIS_PRIVILEGED,
            DiagnosisKind::NotRoot => ZMGR_DIAGNOSIS_NOT_ROOT,
            DiagnosisKind::PrivilegesMissing => ZMGR_DIAGNOSIS_PRIVILEGES_MISSING,
            DiagnosisKind::CommandWorks => ZMGR_DIAGNOSIS_COMMAND_WORKS,
            DiagnosisKind::CommandPresent => ZMGR_DIAGNOSIS_COMMAND_PRESENT,
            DiagnosisKind::CommandMissing => ZMGR_DIAGNOSIS_COMMAND_MISSING,
            DiagnosisKind::CommandFailed => ZMGR_DIAGNOSIS_COMMAND_FAILED,
            DiagnosisKind::CommandUnreadable => ZMGR_DIAGNOSIS_COMMAND_UNREADABLE,
            DiagnosisKind::BrandKnown => ZMGR_DIAGNOSIS_BRAND_KNOWN,
            DiagnosisKind::BrandUnproven => ZMGR_DIAGNOSIS_BRAND_UNPROVEN,
            DiagnosisKind::BrandIgnored => ZMGR_DIAGNOSIS_BRAND_IGNORED,
            DiagnosisKind::BrandMissing => ZMGR_DIAGNOSIS_BRAND_MISSING,
            DiagnosisKind::NoBrand => ZMGR_DIAGNOSIS_NO_BRAND,
            DiagnosisKind::DatasetReady => ZMGR_DIAGNOSIS_DATASET_READY,
            DiagnosisKind::DatasetMissing => ZMGR_DIAGNOSIS_DATASET_MISSING,
            DiagnosisKind::DatasetUnmounted => ZMGR_DIAGNOSIS_DATASET_UNMOUNTED,
            DiagnosisKind::DatasetFull => ZMGR_DIAGNOSIS_DATASET_FULL,
            DiagnosisKind::LinkReady => ZMGR_DIAGNOSIS_LINK_READY,
            DiagnosisKind::LinkMissing => ZMGR_DIAGNOSIS_LINK_MISSING,
            DiagnosisKind::LinkUnsuitable => ZMGR_DIAGNOSIS_LINK_UNSUITABLE,
            DiagnosisKind::ConfigUnreadable => ZMGR_DIAGNOSIS_CONFIG_UNREADABLE,
            DiagnosisKind::ZonesHealthy => ZMGR_DIAGNOSIS_ZONES_HEALTHY,
            DiagnosisKind::HostEnvironmentUnknown => ZMGR_DIAGNOSIS_HOST_ENVIRONMENT_UNKNOWN,
            DiagnosisKind::OtherEnvironmentNext => ZMGR_DIAGNOSIS_OTHER_ENVIRONMENT_NEXT,
            DiagnosisKind::ZoneIncomplete => ZMGR_DIAGNOSIS_ZONE_INCOMPLETE,
            DiagnosisKind::ZoneMounted => ZMGR_DIAGNOSIS_ZONE_MOUNTED,
            DiagnosisKind::ZonepathUnmounted => ZMGR_DIAGNOSIS_ZONEPATH_UNMOUNTED,
            DiagnosisKind::NoEnvironment => ZMGR_DIAGNOSIS_NO_ENVIRONMENT,
            DiagnosisKind::ForeignParent => ZMGR_DIAGNOSIS_FOREIGN_PARENT,
            DiagnosisKind::NoneActive => ZMGR_DIAGNOSIS_NONE_ACTIVE,
            DiagnosisKind::SeveralActive => ZMGR_DIAGNOSIS_SEVERAL_ACTIVE,
            DiagnosisKind::SeveralEnvironments => ZMGR_DIAGNOSIS_SEVERAL_ENVIRONMENTS,
            DiagnosisKind::EnvironmentUnmounted => ZMGR_DIAGNOSIS_ENVIRONMENT_UNMOUNTED,
            DiagnosisKind::EnvironmentChanged => ZMGR_DIAGNOSIS_ENVIRONMENT_CHANGED,
            DiagnosisKind::CloneWithoutNetwork => ZMGR_DIAGNOSIS_CLONE_WITHOUT_NETWORK,
            DiagnosisKind::LinkPropertiesRecorded => ZMGR_DIAGNOSIS_LINK_PROPERTIES_RECORDED,
            DiagnosisKind::LinkAddressesLimited => ZMGR_DIAGNOSIS_LINK_ADDRESSES_LIMITED,
            DiagnosisKind::BootServiceOnline => ZMGR_DIAGNOSIS_BOOT_SERVICE_ONLINE,
            DiagnosisKind::BootServiceNotOnline => ZMGR_DIAGNOSIS_BOOT_SERVICE_NOT_ONLINE,
            _ => ZMGR_DIAGNOSIS_OTHER,
        }
    }
}

/// One thing that a diagnosis found. Owned by the diagnosis. Immutable: any thread may read it. Valid until zmgr_diagnosis_free().
pub struct zmgr_diagnosis_item {
    area: zmgr_diagnosis_area,
    kind: zmgr_diagnosis_kind,
    level: zmgr_diagnosis_level,
    subject: CString,
    message: CString,
    help: Option<CString>,
    evidence: Option<CString>,
}

impl zmgr_diagnosis_item {
    fn new(item: &DiagnosisItem) -> Self {
        zmgr_diagnosis_item {
            area: item.area.into(),
            kind: item.kind.into(),
            level: item.level.into(),
            subject: c_text(&item.subject),
            message: c_text(&item.message),
            help: item.help.as_deref().map(c_text),
            evidence: item.evidence.map(|evidence| c_text(evidence.as_str())),
        }
    }
}

/// Diagnosis of a host. Immutable: any thread may read it. Valid until zmgr_diagnosis_free(), even after zmgr_close().
pub struct zmgr_diagnosis {
    diagnosis: Diagnosis,
    distribution: CString,
    release: Option<CString>,
    version: Option<CString>,
    kernel: Option<CString>,
    items: Vec<zmgr_diagnosis_item>,
}

impl zmgr_diagnosis {
    fn new(diagnosis: Diagnosis) -> Self {
        zmgr_diagnosis {
            distribution: c_text(diagnosis.distribution.as_str()),
            release: diagnosis.release.as_deref().map(c_text),
            version: diagnosis.version.as_deref().map(c_text),
            kernel: diagnosis.kernel.as_deref().map(c_text),
            items: diagnosis.items.iter().map(zmgr_diagnosis_item::new).collect(),
            diagnosis,
        }
    }
}

/// Checks whether the host can be managed: distribution, brands, commands and what they print, datasets, links, privileges, known
/// bugs of the platform, and the boot environments of every zone. Changes nothing. Returns ZMGR_OK on a machine that cannot manage
/// zones, too: see zmgr_diagnosis_can_manage().
/// Errors: ZMGR_CANCELLED.
///
/// # Safety
/// `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_doctor(
    manager: *const zmgr_manager,
    out: *mut *mut zmgr_diagnosis,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let diagnosis = handle(manager, "manager")?.0.doctor()?;
            out.set(|| zmgr_diagnosis::new(diagnosis));
            Ok(())
        })
    }
}

/// Returns true if zmgr can manage zones on the host: no item has the level ZMGR_DIAGNOSIS_LEVEL_ERROR.
///
/// # Safety
/// `diagnosis` is NULL or live; the same holds for the functions below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_can_manage(diagnosis: *const zmgr_diagnosis) -> bool {
    unsafe { read(diagnosis, false, |d| d.diagnosis.can_manage()) }
}

/// Returns true if the host is simulated.
///
/// # Safety
/// See zmgr_diagnosis_can_manage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_simulated(diagnosis: *const zmgr_diagnosis) -> bool {
    unsafe { read(diagnosis, false, |d| d.diagnosis.simulated) }
}

/// Returns the distribution: "openindiana", "omnios", "smartos", or "illumos" for any other.
///
/// # Safety
/// See zmgr_diagnosis_can_manage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_distribution(diagnosis: *const zmgr_diagnosis) -> *const c_char {
    unsafe { read_text(diagnosis, |d| Some(&d.distribution)) }
}

/// Returns the first line of /etc/release; NULL if there is none.
///
/// # Safety
/// See zmgr_diagnosis_can_manage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_release(diagnosis: *const zmgr_diagnosis) -> *const c_char {
    unsafe { read_text(diagnosis, |d| d.release.as_deref()) }
}

/// Returns VERSION_ID of /etc/os-release; NULL if there is none.
///
/// # Safety
/// See zmgr_diagnosis_can_manage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_version(diagnosis: *const zmgr_diagnosis) -> *const c_char {
    unsafe { read_text(diagnosis, |d| d.version.as_deref()) }
}

/// Returns system, release and version that uname prints; NULL if unknown.
///
/// # Safety
/// See zmgr_diagnosis_can_manage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_kernel(diagnosis: *const zmgr_diagnosis) -> *const c_char {
    unsafe { read_text(diagnosis, |d| d.kernel.as_deref()) }
}

/// Returns the number of items.
///
/// # Safety
/// See zmgr_diagnosis_can_manage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_len(diagnosis: *const zmgr_diagnosis) -> usize {
    unsafe { read(diagnosis, 0, |d| d.items.len()) }
}

/// Returns item `index`, by area; NULL if out of range. The diagnosis owns it.
///
/// # Safety
/// See zmgr_diagnosis_can_manage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_get(
    diagnosis: *const zmgr_diagnosis,
    index: usize,
) -> *const zmgr_diagnosis_item {
    unsafe { read_part(diagnosis, |d| d.items.get(index)) }
}

/// Returns the diagnosis as JSON, as `zmgr doctor --json` prints it. Free it with zmgr_string_free().
///
/// # Safety
/// See zmgr_diagnosis_can_manage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_json(diagnosis: *const zmgr_diagnosis) -> *mut c_char {
    unsafe { read(diagnosis, std::ptr::null_mut(), |d| give_text(&d.diagnosis.to_json().to_string())) }
}

/// Frees a diagnosis and its items; does nothing if it is NULL.
///
/// # Safety
/// `diagnosis` is NULL or live, and not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_free(diagnosis: *mut zmgr_diagnosis) {
    unsafe { free(diagnosis) }
}

/// Returns the part of the host that the item is about.
///
/// # Safety
/// `item` is NULL or an item of a live diagnosis; the same holds for the functions below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_item_get_area(item: *const zmgr_diagnosis_item) -> zmgr_diagnosis_area {
    unsafe { read(item, zmgr_diagnosis_area::ZMGR_DIAGNOSIS_AREA_OTHER, |i| i.area) }
}

/// Returns the kind of the item.
///
/// # Safety
/// See zmgr_diagnosis_item_get_area.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_item_get_kind(item: *const zmgr_diagnosis_item) -> zmgr_diagnosis_kind {
    unsafe { read(item, zmgr_diagnosis_kind::ZMGR_DIAGNOSIS_OTHER, |i| i.kind) }
}

/// Returns the severity of the item.
///
/// # Safety
/// See zmgr_diagnosis_item_get_area.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_item_get_level(item: *const zmgr_diagnosis_item) -> zmgr_diagnosis_level {
    unsafe { read(item, zmgr_diagnosis_level::ZMGR_DIAGNOSIS_LEVEL_OTHER, |i| i.level) }
}

/// Returns the name of the command, brand, dataset, pool or zone that the item is about; may be empty.
///
/// # Safety
/// See zmgr_diagnosis_item_get_area.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_item_subject(item: *const zmgr_diagnosis_item) -> *const c_char {
    unsafe { read_text(item, |i| Some(&i.subject)) }
}

/// Returns the message: a sentence without a full stop.
///
/// # Safety
/// See zmgr_diagnosis_item_get_area.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_item_message(item: *const zmgr_diagnosis_item) -> *const c_char {
    unsafe { read_text(item, |i| Some(&i.message)) }
}

/// Returns the advice for the user; NULL if there is none.
///
/// # Safety
/// See zmgr_diagnosis_item_get_area.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_item_help(item: *const zmgr_diagnosis_item) -> *const c_char {
    unsafe { read_text(item, |i| i.help.as_deref()) }
}

/// Returns the evidence: "recorded", "ran", "read" or "inferred"; NULL if the item is not about what illumos does.
///
/// # Safety
/// See zmgr_diagnosis_item_get_area.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_diagnosis_item_evidence(item: *const zmgr_diagnosis_item) -> *const c_char {
    unsafe { read_text(item, |i| i.evidence.as_deref()) }
}
