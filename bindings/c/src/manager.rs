//! Opening and closing.

use std::ffi::{CStr, c_char};

use zmgr_core::Manager;

use crate::cancel::zmgr_cancel;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{call, free, handle, optional_text, options, out};
use crate::options::zmgr_open_options;

/// The zones of one host and the files that describe them. Any number of threads may use one manager at once, until zmgr_close.
pub struct zmgr_manager(pub(crate) Manager);

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<zmgr_manager>();
};

/// Opens a manager: `options` NULL is this host with the tree /etc/zmgr. Nothing is read yet.
/// Errors: ZMGR_INVALID_ARGUMENT for options that exclude each other.
///
/// # Safety
/// `options` is NULL or points to options of the size that they state; `out` to a place for a pointer; `error` is NULL or
/// points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_open(
    options: *const zmgr_open_options,
    out: *mut *mut zmgr_manager,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let options = self::options(options, "options")?;
            let mut builder = Manager::builder();
            if let Some(root) = optional_text(options.root, "options->root")? {
                builder = builder.root(root);
            }
            if let Some(directory) = optional_text(options.simulate_dir, "options->simulate_dir")? {
                builder = builder.simulate(directory);
            }
            if let Some(directory) = optional_text(options.host_root, "options->host_root")? {
                builder = builder.host_root(directory);
            }
            if let Some(command) = optional_text(options.command, "options->command")? {
                builder = builder.command(command);
            }
            let manager = builder.build()?;
            out.set(|| zmgr_manager(manager));
            Ok(())
        })
    }
}

/// The same manager once more, whose questions (zmgr_zones, zmgr_zone_find, zmgr_check, zmgr_diff, plans, pools) end with
/// ZMGR_CANCELLED once somebody has used the token, also while the host does not answer. Operations heed the token of their own
/// run options alone. Close it as any other; the token may be freed before.
/// Errors: ZMGR_INVALID_ARGUMENT where one of them is NULL.
///
/// # Safety
/// `manager` is a live manager, `cancel` a live token; `out` points to a place for a pointer; `error` is NULL or points to a
/// place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_stopped_by(
    manager: *const zmgr_manager,
    cancel: *const zmgr_cancel,
    out: *mut *mut zmgr_manager,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let asking = handle(manager, "manager")?.0.stopped_by(&handle(cancel, "cancel")?.0);
            out.set(|| zmgr_manager(asking));
            Ok(())
        })
    }
}

/// Closes a manager: from here on no thread may use it. Objects that it gave live on. NULL is fine.
///
/// # Safety
/// `manager` is NULL or a manager that no call uses any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_close(manager: *mut zmgr_manager) {
    unsafe { free(manager) }
}

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version without NUL"),
};

/// The version of the library in use, such as "0.1.0". The text is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn zmgr_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The version of the library in use as ZMGR_VERSION_NUMBER of its header.
#[unsafe(no_mangle)]
pub extern "C" fn zmgr_version_number() -> u32 {
    const fn number(text: &str) -> u32 {
        let (bytes, mut n, mut at) = (text.as_bytes(), 0, 0);
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            n = n * 10 + (bytes[at] - b'0') as u32;
            at += 1;
        }
        n
    }
    const NUMBER: u32 = (number(env!("CARGO_PKG_VERSION_MAJOR")) << 16)
        | (number(env!("CARGO_PKG_VERSION_MINOR")) << 8)
        | number(env!("CARGO_PKG_VERSION_PATCH"));
    NUMBER
}
