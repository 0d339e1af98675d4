//! A token by which another thread asks a call to stop.

use zmgr_core::Cancel;

use crate::ffi::{free, give, read};

/// Asks a running call to stop. Any thread may use it, also while a call that was given it runs. Free it with
/// zmgr_cancel_free when no call uses it.
pub struct zmgr_cancel(pub(crate) Cancel);

/// A token nobody has used.
#[unsafe(no_mangle)]
pub extern "C" fn zmgr_cancel_new() -> *mut zmgr_cancel {
    give(zmgr_cancel(Cancel::new()))
}

/// Asks the calls that were given the token to stop: they undo what they did and return ZMGR_CANCELLED. A second request
/// stops the undoing too, and leaves what zmgr_recover can finish. Takes no lock and no memory, so that a signal handler may
/// call it.
///
/// # Safety
/// `cancel` is NULL or a live token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_cancel_request(cancel: *const zmgr_cancel) {
    unsafe { read(cancel, (), |token| token.0.cancel()) }
}

/// Whether somebody has asked.
///
/// # Safety
/// `cancel` is NULL or a live token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_cancel_is_requested(cancel: *const zmgr_cancel) -> bool {
    unsafe { read(cancel, false, |token| token.0.is_cancelled()) }
}

/// Frees a token. NULL is fine.
///
/// # Safety
/// `cancel` is NULL or a token of the caller's that no call uses any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_cancel_free(cancel: *mut zmgr_cancel) {
    unsafe { free(cancel) }
}
