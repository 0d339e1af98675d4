//! The guard around functions that can fail: stops panics, and hands errors to the caller.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zmgr_core::{Code, Error, Result};

use crate::error::{zmgr_error, zmgr_status};

/// Runs the body of a function that can fail. A panic becomes `ZMGR_INTERNAL`; an error is stored in `*error` unless that is NULL.
pub(crate) unsafe fn call(error: *mut *mut zmgr_error, body: impl FnOnce() -> Result<()>) -> zmgr_status {
    if !error.is_null() {
        // SAFETY: the caller gives NULL or a place for a pointer.
        unsafe { error.write(std::ptr::null_mut()) };
    }
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return zmgr_status::ZMGR_OK,
        Ok(Err(failure)) => failure,
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
            Error::new(Code::Internal, format!("bug in zmgr: {text}"))
        }
    };
    let status = zmgr_status::from(failure.code());
    if !error.is_null() {
        let object = Box::into_raw(Box::new(zmgr_error::new(failure)));
        // SAFETY: as above.
        unsafe { error.write(object) };
    }
    status
}
