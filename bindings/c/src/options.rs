//! The options structs. They only ever grow at the end; zero is the default of every field.

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};
use std::time::Duration;

use zmgr_core::{
    ApplyOptions, Code, CreateOptions, DestroyOptions, Error, Event, HaltOptions, ImportOptions, Live, OnFailure,
    Query, RecoverOptions, ReinstallOptions, Result, RunOptions,
};

use crate::cancel::zmgr_cancel;
use crate::event::{zmgr_event, zmgr_progress_fn};
use crate::ffi::{Options, optional_handle, optional_text, options, texts};

/// Options of an operation, as C gives them.
pub(crate) trait Given: Options {
    /// What the core calls them.
    type Wanted;

    /// Reads them. What its pointers point to is what the header asks for.
    unsafe fn wanted(&self) -> Result<Self::Wanted>;
}

/// The options of an operation; NULL is the default of each.
pub(crate) unsafe fn given<C: Given>(pointer: *const C) -> Result<C::Wanted> {
    // SAFETY: forwarded.
    unsafe { options(pointer, "options")?.wanted() }
}

/// Which tree and which host.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_open_options {
    /// sizeof(zmgr_open_options)
    pub size: usize,
    /// The tree of documents; NULL: etc/zmgr of the host.
    pub root: *const c_char,
    /// The directory of a simulated machine, made when absent; NULL: none.
    pub simulate_dir: *const c_char,
    /// Real programs and files below this directory; NULL: those of this host.
    pub host_root: *const c_char,
    /// What to call this program to others that wait for its locks; NULL: its name.
    pub command: *const c_char,
}
// SAFETY: repr(C), the size first, all zero legal; so for those below.
unsafe impl Options for zmgr_open_options {}

/// Whether a query asks the host for each zone's status.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum zmgr_live {
    /// Ask; where the host does not answer, leave each status empty.
    ZMGR_LIVE_AUTO = 0,
    /// Read the files only.
    ZMGR_LIVE_NEVER = 1,
    /// Ask, and fail where the host does not answer.
    ZMGR_LIVE_REQUIRED = 2,
}

/// Which zones.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_query {
    /// sizeof(zmgr_query)
    pub size: usize,
    /// Only zones with this tag; NULL: all.
    pub tag: *const c_char,
    /// Only these zones; NULL: all.
    pub names: *const *const c_char,
    /// How many names.
    pub name_count: usize,
    /// One of zmgr_live.
    pub live: u32,
    /// Also zones that the host has and the registry does not.
    pub unregistered: bool,
}
unsafe impl Options for zmgr_query {}

/// What to do with the steps done when a later one fails.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub enum zmgr_on_failure {
    /// As config.kdl says.
    ZMGR_ON_FAILURE_CONFIGURED = 0,
    /// Undo them.
    ZMGR_ON_FAILURE_ROLL_BACK = 1,
    /// Keep them, and the entry as failed.
    ZMGR_ON_FAILURE_KEEP = 2,
}

/// How an operation runs.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_run_options {
    /// sizeof(zmgr_run_options)
    pub size: usize,
    /// Hears each event; NULL: nobody.
    pub progress: zmgr_progress_fn,
    /// Handed to `progress` as it is.
    pub userdata: *mut c_void,
    /// A token that may ask to stop; NULL: none.
    pub cancel: *const zmgr_cancel,
    /// How many zones are worked on at once; 0 means 1.
    pub jobs: u32,
    /// One of zmgr_on_failure.
    pub on_failure: u32,
}
unsafe impl Options for zmgr_run_options {}

/// What a new zone shall be, where it differs from its template.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_create_options {
    /// sizeof(zmgr_create_options)
    pub size: usize,
    /// The template; NULL: default-template of config.kdl.
    pub template_name: *const c_char,
    /// Addresses wanted: texts such as "internal=10.1.0.10", without prefix length; NULL: none.
    pub addresses: *const *const c_char,
    /// How many addresses.
    pub address_count: usize,
    /// Attributes: texts such as "owner=alice"; NULL: none.
    pub attrs: *const *const c_char,
    /// How many attributes.
    pub attr_count: usize,
    /// The zone to clone in place of installing; NULL: none.
    pub clone_from: *const c_char,
    /// 0: as the template says; 1: boot; 2: leave it installed.
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

/// How far to go in destroying a zone.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_destroy_options {
    /// sizeof(zmgr_destroy_options)
    pub size: usize,
    /// Also a protected zone, one that others were cloned from, one with snapshots of others.
    pub force: bool,
    /// Detach it and leave its files, in place of uninstalling it.
    pub keep_data: bool,
}
unsafe impl Options for zmgr_destroy_options {}

impl Given for zmgr_destroy_options {
    type Wanted = DestroyOptions;

    unsafe fn wanted(&self) -> Result<DestroyOptions> {
        Ok(DestroyOptions::new().force(self.force).keep_data(self.keep_data))
    }
}

/// How to install a zone again.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_reinstall_options {
    /// sizeof(zmgr_reinstall_options)
    pub size: usize,
    /// 0: as it ran before or not; 1: boot; 2: leave it installed.
    pub boot: u32,
    /// Also a protected zone, one that others were cloned from, one with snapshots of others.
    pub force: bool,
}
unsafe impl Options for zmgr_reinstall_options {}

impl Given for zmgr_reinstall_options {
    type Wanted = ReinstallOptions;

    unsafe fn wanted(&self) -> Result<ReinstallOptions> {
        let mut reinstall = ReinstallOptions::new().force(self.force);
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
    /// Template of the entries; NULL: the one of the zone's brand that fits best, or none.
    pub template_name: *const c_char,
    /// Make VNICs that zmgr could have created its own: destroying the zone deletes them.
    pub adopt_links: bool,
    /// Adopt without a template. Excludes template_name.
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

/// How far to go in bringing the host to the files.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_apply_options {
    /// sizeof(zmgr_apply_options)
    pub size: usize,
    /// Also take away what somebody else put there beside what the files say.
    pub prune: bool,
    /// Reboot running zones where something takes effect only then.
    pub reboot: bool,
    /// Build zones again that are ready and that the host does not have.
    pub recreate: bool,
}
unsafe impl Options for zmgr_apply_options {}

impl Given for zmgr_apply_options {
    type Wanted = ApplyOptions;

    unsafe fn wanted(&self) -> Result<ApplyOptions> {
        Ok(ApplyOptions::new().prune(self.prune).reboot(self.reboot).recreate(self.recreate))
    }
}

/// How to stop a zone.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_halt_options {
    /// sizeof(zmgr_halt_options)
    pub size: usize,
    /// How long to wait for the state, in milliseconds; 0: as config.kdl says.
    pub timeout_ms: u64,
    /// zmgr_zone_shutdown: fall back to halt. zmgr_zone_reboot: at once.
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

/// What to do about unfinished work.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct zmgr_recover_options {
    /// sizeof(zmgr_recover_options)
    pub size: usize,
    /// Go on with what was begun, also where less would be lost by taking it back.
    pub resume: bool,
    /// Take back what was begun, also an installed zone.
    pub roll_back: bool,
    /// Wait for commands that a killed zmgr left at work.
    pub wait: bool,
}
unsafe impl Options for zmgr_recover_options {}

impl Given for zmgr_recover_options {
    type Wanted = RecoverOptions;

    unsafe fn wanted(&self) -> Result<RecoverOptions> {
        Ok(RecoverOptions::new().resume(self.resume).roll_back(self.roll_back).wait(self.wait))
    }
}

pub(crate) unsafe fn query(pointer: *const zmgr_query) -> Result<Query> {
    let given = unsafe { options(pointer, "query")? };
    let mut query = Query::new().unregistered(given.unregistered);
    query.tag = unsafe { optional_text(given.tag, "query->tag")? }.map(str::to_owned);
    query.names =
        unsafe { texts(given.names, given.name_count, "query->names")? }.into_iter().map(str::to_owned).collect();
    query.live = match given.live {
        0 => Live::Auto,
        1 => Live::Never,
        2 => Live::Required,
        other => return Err(unknown("query->live", other)),
    };
    Ok(query)
}

fn boot(given: u32) -> Result<Option<bool>> {
    match given {
        0 => Ok(None),
        1 => Ok(Some(true)),
        2 => Ok(Some(false)),
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

/// Calls with the options of a run. The events are handed on to C as they come.
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
            // SAFETY: the caller gave a function of this type, and userdata to go with it.
            unsafe { progress(given.userdata, &event) }
        };
        run = run.progress(&mut hear);
    }
    body(&mut run)
}

fn unknown(name: &str, value: u32) -> Error {
    Error::new(Code::InvalidArgument, format!("{value} is no value of {name}"))
}
