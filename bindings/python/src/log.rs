//! The log of a manager, as records of the logger `zmgr`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use zmgr_core::{LogLevel, LogRecord};

/// Logs a record on whatever thread it comes from. Nothing is logged while the interpreter ends.
pub(crate) fn log(record: &LogRecord) {
    Python::try_attach(|py| {
        if let Err(error) = tell(py, record) {
            error.write_unraisable(py, None);
        }
    });
}

fn tell(py: Python<'_>, record: &LogRecord) -> PyResult<()> {
    static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let logger = LOGGER
        .get_or_try_init(py, || PyResult::Ok(py.import("logging")?.call_method1("getLogger", ("zmgr",))?.unbind()))?;
    let logger = logger.bind(py);
    // The numbers of logging.ERROR and so on.
    let level = match record.level {
        LogLevel::Error => 40,
        LogLevel::Warn => 30,
        LogLevel::Info => 20,
        LogLevel::Debug => 10,
        _ => 5,
    };
    if !logger.call_method1("isEnabledFor", (level,))?.is_truthy()? {
        return Ok(());
    }
    let (fields, extra, keywords) = (PyDict::new(py), PyDict::new(py), PyDict::new(py));
    for (name, value) in &record.fields {
        fields.set_item(*name, value)?;
    }
    extra.set_item("zmgr", fields)?;
    keywords.set_item("extra", extra)?;
    logger.call_method("log", (level, "%s", record.to_string()), Some(&keywords))?;
    Ok(())
}
