//! Opening and closing a manager.

use std::ffi::{CStr, c_char};

use zmgr_core::Manager;

use crate::cancel::zmgr_cancel;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{free, handle, optional_text, options, out};
use crate::guard::call;
use crate::log;
use crate::options::zmgr_open_options;

/// Manages the zones of one host and their configuration files. Any number of threads may use one manager concurrently until
/// zmgr_close().
pub struct zmgr_manager(pub(crate) Manager);

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<zmgr_manager>();
};

/// Opens a manager; if `options` is NULL, for this host and the files in /etc/zmgr. Performs no I/O.
/// Errors: ZMGR_INVALID_ARGUMENT for options that conflict.
///
/// # Safety
/// `options` is NULL or points to options whose `size` is set; `out` to a place for a pointer; `error` is NULL or
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
            if let Some((level, sink)) = log::sink(options.log, options.log_userdata, options.log_level)? {
                builder = builder.log(level, sink);
            }
            #[cfg(feature = "fleet")]
            let builder = builder.store(zmgr_etcd::open);
            let manager = builder.build()?;
            out.set(|| zmgr_manager(manager));
            Ok(())
        })
    }
}

/// Returns a copy of the manager whose queries (zmgr_zones, zmgr_zone_find, zmgr_check, zmgr_diff, plans, pools) fail with
/// ZMGR_CANCELLED once the token is triggered, even while the host does not answer. Operations use only the token in their own run
/// options. Close the copy with zmgr_close(); the token may be freed earlier.
/// Errors: ZMGR_INVALID_ARGUMENT if one of them is NULL.
///
/// # Safety
/// `manager` is a live manager, `cancel` a live token; `out` points to a place for a pointer; `error` is NULL or points to a
/// place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_with_cancel(
    manager: *const zmgr_manager,
    cancel: *const zmgr_cancel,
    out: *mut *mut zmgr_manager,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let asking = handle(manager, "manager")?.0.with_cancel(&handle(cancel, "cancel")?.0);
            out.set(|| zmgr_manager(asking));
            Ok(())
        })
    }
}

/// Closes a manager; does nothing if it is NULL. No thread may use it afterwards. Objects that it returned stay valid.
///
/// # Safety
/// `manager` is NULL or a manager that no call uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_close(manager: *mut zmgr_manager) {
    unsafe { free(manager) }
}

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version without NUL"),
};

/// Returns the version of the loaded library, such as "0.1.0". The string is static.
#[unsafe(no_mangle)]
pub extern "C" fn zmgr_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Returns the version of the loaded library as a number; compare it with ZMGR_VERSION_NUMBER of the header.
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
