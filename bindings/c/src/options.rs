//! Options structs. New fields are only added at the end; zero is the default of every field.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::time::Duration;

use zmgr_core::{
    ApplyOptions, Code, CreateOptions, DestroyOptions, Error, Event, HaltOptions, ImportOptions, OnFailure, Query,
    QueryHost, RecoverOptions, ReinstallOptions, Result, RunOptions,
};

use crate::cancel::zmgr_cancel;
use crate::event::{zmgr_event, zmgr_progress_fn};
use crate::ffi::{Options, optional_handle, optional_text, options, texts};
use crate::log::zmgr_log_fn;

/// C representation of the options of an operation.
pub(crate) trait Given: Options {
    /// Rust type of the options.
    type Wanted;

    /// Converts the options. Pointers must be valid as the header requires.
    unsafe fn wanted(&self) -> Result<Self::Wanted>;
}

/// Reads the options of an operation; NULL means all defaults.
pub(crate) unsafe fn given<C: Given>(pointer: *const C) -> Result<C::Wanted> {
    // SAFETY: forwarded.
    unsafe { options(pointer, "options")?.wanted() }
}

/// Options for zmgr_open(): the configuration files and the host.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_open_options {
    /// sizeof(zmgr_open_options)
    pub size: usize,
    /// Directory of the configuration files; NULL: etc/zmgr of the host.
    pub root: *const c_char,
    /// Directory of a simulated host, created if missing; NULL: none.
    pub simulate_dir: *const c_char,
    /// Directory under which host programs and files are found; NULL: /.
    pub host_root: *const c_char,
    /// Name of this program, shown to processes that wait for its locks; NULL: its file name.
    pub command: *const c_char,
    /// Log callback; NULL: none.
    pub log: zmgr_log_fn,
    /// Passed to `log`.
    pub log_userdata: *mut c_void,
    /// Least severe records that `log` gets, a zmgr_log_level; 0: ZMGR_LOG_INFO.
    pub log_level: u32,
}
// SAFETY: repr(C), the size first, all zero legal; also for the structs below.
unsafe impl Options for zmgr_open_options {}

/// Use of the host by a query, for the status of each zone.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum zmgr_query_host {
    /// Query the host; leave every status empty if it does not answer.
    ZMGR_QUERY_HOST_IF_AVAILABLE = 0,
    /// Read only the files.
    ZMGR_QUERY_HOST_NEVER = 1,
    /// Query the host; fail if it does not answer.
    ZMGR_QUERY_HOST_REQUIRED = 2,
}

/// Options for zmgr_zones(): the zones to return.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_query {
    /// sizeof(zmgr_query)
    pub size: usize,
    /// Tag that the zones must have; NULL: any.
    pub tag: *const c_char,
    /// Names of the zones; NULL: all.
    pub names: *const *const c_char,
    /// Number of names.
    pub name_count: usize,
    /// One of zmgr_query_host.
    pub query_host: u32,
    /// Include zones of the host that are not in the registry.
    pub unregistered: bool,
}
unsafe impl Options for zmgr_query {}

/// Boot of a zone at the end of an operation.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum zmgr_boot {
    /// A creation: as the template says. A reinstallation: if the zone was running before.
    ZMGR_BOOT_DEFAULT = 0,
    /// Boot the zone.
    ZMGR_BOOT_YES = 1,
    /// Do not boot the zone.
    ZMGR_BOOT_NO = 2,
}

/// Handling of completed steps when a later step fails.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum zmgr_on_failure {
    /// Use the setting in config.kdl.
    ZMGR_ON_FAILURE_CONFIGURED = 0,
    /// Roll back.
    ZMGR_ON_FAILURE_ROLL_BACK = 1,
    /// Keep them, and keep the entry in the state "failed".
    ZMGR_ON_FAILURE_KEEP = 2,
}

/// Options for running an operation.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_run_options {
    /// sizeof(zmgr_run_options)
    pub size: usize,
    /// Progress callback; may be NULL.
    pub progress: zmgr_progress_fn,
    /// Passed to `progress`.
    pub userdata: *mut c_void,
    /// Cancellation token; may be NULL.
    pub cancel: *const zmgr_cancel,
    /// Number of zones to process in parallel; 0 means 1.
    pub jobs: u32,
    /// One of zmgr_on_failure.
    pub on_failure: u32,
}
unsafe impl Options for zmgr_run_options {}

/// Options for zmgr_zone_create(), zmgr_zones_create() and zmgr_plan_create().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_create_options {
    /// sizeof(zmgr_create_options)
    pub size: usize,
    /// Name of the template; NULL: default-template in config.kdl.
    pub template_name: *const c_char,
    /// Addresses to use: strings such as "internal=10.1.0.10" (NET=ADDRESS without prefix length); NULL: none.
    pub addresses: *const *const c_char,
    /// Number of addresses.
    pub address_count: usize,
    /// Attributes: strings such as "owner=alice"; NULL: none.
    pub attrs: *const *const c_char,
    /// Number of attributes.
    pub attr_count: usize,
    /// Name of the zone to clone instead of installing; NULL: none.
    pub clone_from: *const c_char,
    /// One of zmgr_boot.
    pub boot: u32,
}
unsafe impl Options for zmgr_create_options {}

impl Given for zmgr_create_options {
    type Wanted = CreateOptions;

    unsafe fn wanted(&self) -> Result<CreateOptions> {
        let mut create = CreateOptions::new();
        create.template = unsafe { optional_text(self.template_name, "options->template_name")? }.map(str::to_owned);
        create.clone_from = unsafe { optional_text(self.clone_from, "options->clone_from")? }.map(str::to_owned);
        for text in unsafe { texts(self.addresses, self.address_count, "options->addresses")? } {
            let wrong = || Error::new(Code::InvalidArgument, format!("{text:?} is not NET=ADDRESS"));
            let (net, address) = text.split_once('=').ok_or_else(wrong)?;
            create = create.address(net, address.parse().map_err(|_| wrong())?);
        }
        create.attrs = unsafe { pairs(self.attrs, self.attr_count, "options->attrs")? };
        create.boot = boot(self.boot)?;
        Ok(create)
    }
}

/// Options for zmgr_zone_destroy(), zmgr_zones_destroy() and zmgr_plan_destroy().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_destroy_options {
    /// sizeof(zmgr_destroy_options)
    pub size: usize,
    /// Act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    pub force: bool,
    /// Detach the zone and keep its files, instead of uninstalling.
    pub keep_data: bool,
    /// Not 0: act on a real host even if what a step destroys is only inferred; see `zmgr explain brand`. A size_t, so that it
    /// does not lie in the padding of the struct of an older program.
    pub unproven: usize,
    /// Not 0: also destroy the delegated datasets that zmgr created, and those that uninstalling the zone destroys. Contradicts
    /// keep_data. A size_t for the same reason.
    pub purge: usize,
}
unsafe impl Options for zmgr_destroy_options {}

impl Given for zmgr_destroy_options {
    type Wanted = DestroyOptions;

    unsafe fn wanted(&self) -> Result<DestroyOptions> {
        Ok(DestroyOptions::new()
            .force(self.force)
            .keep_data(self.keep_data)
            .purge(self.purge != 0)
            .unproven(self.unproven != 0))
    }
}

/// Options for zmgr_zone_reinstall(), zmgr_zones_reinstall() and zmgr_plan_reinstall().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_reinstall_options {
    /// sizeof(zmgr_reinstall_options)
    pub size: usize,
    /// One of zmgr_boot.
    pub boot: u32,
    /// Act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    pub force: bool,
    /// Not 0: act on a real host even if what a step destroys is only inferred; see `zmgr explain brand`. A size_t, so that it
    /// does not lie in the padding of the struct of an older program.
    pub unproven: usize,
    /// Not 0: keep the zone's old root with a snapshot, labelled with the time; zmgr_snapshot_rollback() brings it back. A size_t, so
    /// that it does not lie in the padding of the struct of an older program.
    pub snapshot: usize,
}
unsafe impl Options for zmgr_reinstall_options {}

impl Given for zmgr_reinstall_options {
    type Wanted = ReinstallOptions;

    unsafe fn wanted(&self) -> Result<ReinstallOptions> {
        let mut reinstall =
            ReinstallOptions::new().force(self.force).snapshot(self.snapshot != 0).unproven(self.unproven != 0);
        reinstall.boot = boot(self.boot)?;
        Ok(reinstall)
    }
}

/// Options for zmgr_zones_import() and zmgr_plan_import().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_import_options {
    /// sizeof(zmgr_import_options)
    pub size: usize,
    /// Name of the template; NULL: the best match for each zone's brand, or none.
    pub template_name: *const c_char,
    /// Take over VNICs that look like zmgr's own, so that destroying the zone deletes them.
    pub adopt_links: bool,
    /// Adopt without a template; conflicts with template_name.
    pub no_template: bool,
}
unsafe impl Options for zmgr_import_options {}

impl Given for zmgr_import_options {
    type Wanted = ImportOptions;

    unsafe fn wanted(&self) -> Result<ImportOptions> {
        let mut import = ImportOptions::new().adopt_links(self.adopt_links).no_template(self.no_template);
        import.template = unsafe { optional_text(self.template_name, "options->template_name")? }.map(str::to_owned);
        Ok(import)
    }
}

/// Options for zmgr_apply() and zmgr_plan_apply().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_apply_options {
    /// sizeof(zmgr_apply_options)
    pub size: usize,
    /// Also remove settings that are not in the files.
    pub prune: bool,
    /// Reboot running zones if a change needs it.
    pub reboot: bool,
    /// Create zones again that are in the registry but missing on the host.
    pub recreate: bool,
    /// Not 0: take a snapshot of each zone before it is changed, labelled with the time. A size_t, so that it does not lie in the
    /// padding of the struct of an older program.
    pub snapshot: usize,
}
unsafe impl Options for zmgr_apply_options {}

impl Given for zmgr_apply_options {
    type Wanted = ApplyOptions;

    unsafe fn wanted(&self) -> Result<ApplyOptions> {
        Ok(ApplyOptions::new()
            .prune(self.prune)
            .reboot(self.reboot)
            .recreate(self.recreate)
            .snapshot(self.snapshot != 0))
    }
}

/// Options for halting, shutting down and rebooting zones.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_halt_options {
    /// sizeof(zmgr_halt_options)
    pub size: usize,
    /// Time to wait for the state, in milliseconds; 0: the timeout in config.kdl.
    pub timeout_ms: u64,
    /// For shutdown: halt zones that do not go down in time. For reboot: halt instead of shutting down.
    pub force: bool,
}
unsafe impl Options for zmgr_halt_options {}

impl Given for zmgr_halt_options {
    type Wanted = HaltOptions;

    unsafe fn wanted(&self) -> Result<HaltOptions> {
        let mut halt = HaltOptions::new().force(self.force);
        halt.timeout = (self.timeout_ms != 0).then(|| Duration::from_millis(self.timeout_ms));
        Ok(halt)
    }
}

/// Options for zmgr_recover().
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_recover_options {
    /// sizeof(zmgr_recover_options)
    pub size: usize,
    /// Resume the operation, even if rolling it back would lose less.
    pub resume: bool,
    /// Roll back the operation, even if the zone is already installed.
    pub roll_back: bool,
    /// Wait for host commands that a killed process left running.
    pub wait: bool,
    /// Leave alone what can only be resumed by installing the zone.
    pub skip_installs: bool,
}
unsafe impl Options for zmgr_recover_options {}

impl Given for zmgr_recover_options {
    type Wanted = RecoverOptions;

    unsafe fn wanted(&self) -> Result<RecoverOptions> {
        Ok(RecoverOptions::new()
            .resume(self.resume)
            .roll_back(self.roll_back)
            .wait(self.wait)
            .skip_installs(self.skip_installs))
    }
}

pub(crate) unsafe fn query(pointer: *const zmgr_query) -> Result<Query> {
    let given = unsafe { options(pointer, "query")? };
    let mut query = Query::new().unregistered(given.unregistered);
    query.tag = unsafe { optional_text(given.tag, "query->tag")? }.map(str::to_owned);
    query.names =
        unsafe { texts(given.names, given.name_count, "query->names")? }.into_iter().map(str::to_owned).collect();
    query.query_host = match given.query_host {
        0 => QueryHost::IfAvailable,
        1 => QueryHost::Never,
        2 => QueryHost::Required,
        other => return Err(unknown("query->query_host", other)),
    };
    Ok(query)
}

fn boot(given: u32) -> Result<Option<bool>> {
    const BOOT_DEFAULT: u32 = zmgr_boot::ZMGR_BOOT_DEFAULT as u32;
    const BOOT_YES: u32 = zmgr_boot::ZMGR_BOOT_YES as u32;
    const BOOT_NO: u32 = zmgr_boot::ZMGR_BOOT_NO as u32;
    match given {
        BOOT_DEFAULT => Ok(None),
        BOOT_YES => Ok(Some(true)),
        BOOT_NO => Ok(Some(false)),
        other => Err(unknown("options->boot", other)),
    }
}

unsafe fn pairs(pointer: *const *const c_char, count: usize, name: &str) -> Result<BTreeMap<String, String>> {
    let pair = |text: &str| match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(Error::new(Code::InvalidArgument, format!("{text:?} is not NAME=VALUE"))),
    };
    unsafe { texts(pointer, count, name)? }.into_iter().map(pair).collect()
}

/// Calls an operation with its run options, and passes its events to C as they arrive.
pub(crate) unsafe fn with_run_options<T>(
    pointer: *const zmgr_run_options,
    body: impl FnOnce(&mut RunOptions<'_>) -> Result<T>,
) -> Result<T> {
    let given = unsafe { options(pointer, "run")? };
    let on_failure = match given.on_failure {
        0 => OnFailure::Configured,
        1 => OnFailure::RollBack,
        2 => OnFailure::Keep,
        other => return Err(unknown("run->on_failure", other)),
    };
    let mut run = RunOptions::new().jobs(given.jobs as usize).on_failure(on_failure);
    if let Some(cancel) = unsafe { optional_handle(given.cancel) } {
        run = run.cancel(&cancel.0);
    }
    let mut hear;
    if let Some(progress) = given.progress {
        hear = move |event: &Event| {
            let event = zmgr_event::new(event);
            // SAFETY: the caller gave a function of this type and matching userdata.
            unsafe { progress(given.userdata, &event) }
        };
        run = run.progress(&mut hear);
    }
    body(&mut run)
}

fn unknown(name: &str, value: u32) -> Error {
    Error::new(Code::InvalidArgument, format!("{value} is not a value of {name}"))
}
