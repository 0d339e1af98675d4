//! Cancellation tokens.

use zmgr_core::Cancel;

use crate::ffi::{free, give, read};

/// Cancellation token. Any thread may use it, even while a call uses it. Free it with zmgr_cancel_free() when no call uses it.
pub struct zmgr_cancel(pub(crate) Cancel);

/// Creates a token that has not been triggered.
#[unsafe(no_mangle)]
pub extern "C" fn zmgr_cancel_new() -> *mut zmgr_cancel {
    give(zmgr_cancel(Cancel::new()))
}

/// Cancels the calls that use the token: they roll back and return ZMGR_CANCELLED. A second request stops the rollback too;
/// zmgr_recover() can finish it. Async-signal-safe: takes no lock and allocates no memory.
///
/// # Safety
/// `cancel` is NULL or a live token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_cancel_request(cancel: *const zmgr_cancel) {
    unsafe { read(cancel, (), |token| token.0.cancel()) }
}

/// Returns true if zmgr_cancel_request() was called for the token.
///
/// # Safety
/// `cancel` is NULL or a live token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_cancel_is_requested(cancel: *const zmgr_cancel) -> bool {
    unsafe { read(cancel, false, |token| token.0.is_cancelled()) }
}

/// Frees a token; does nothing if it is NULL.
///
/// # Safety
/// `cancel` is NULL or a token that the caller owns that no call uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_cancel_free(cancel: *mut zmgr_cancel) {
    unsafe { free(cancel) }
}
