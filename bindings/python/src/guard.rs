//! Calls into the core: release the interpreter and stop panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use zmgr_core::{Code, Error, Result};

use crate::error;

/// Calls a function with the interpreter released. A panic becomes `InternalError`, because pyo3's `PanicException` is not an
/// `Exception`.
pub(crate) fn guarded<T: Send>(py: Python<'_>, call: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    let answer = py.detach(|| {
        catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(Error::new(Code::Internal, format!("bug in zmgr: {text}")))
        })
    });
    answer.map_err(|failure| error::raised(py, &failure))
}
