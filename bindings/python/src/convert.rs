//! Conversion of values to and from Python.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList};
use serde_json::Value;

/// Converts JSON to dicts, lists and scalars.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(yes) => yes.into_bound_py_any(py),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(n), _, _) => n.into_bound_py_any(py),
            (None, Some(n), _) => n.into_bound_py_any(py),
            (None, None, n) => n.into_bound_py_any(py),
        },
        Value::String(text) => text.into_bound_py_any(py),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            Ok(list.into_any())
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            for (key, member) in members {
                dict.set_item(key, to_python(py, member)?)?;
            }
            Ok(dict.into_any())
        }
    }
}

/// Returns a class of `zmgr`; looks it up once.
pub(crate) fn value_class<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let class = cell.get_or_try_init(py, || PyResult::Ok(py.import("zmgr")?.getattr(name)?.unbind()))?;
    Ok(class.bind(py).clone())
}

/// Calls `zmgr.NAME._from_json(value)`.
pub(crate) fn from_json<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
    value: &Value,
) -> PyResult<Bound<'py, PyAny>> {
    value_class(py, cell, name)?.call_method1("_from_json", (to_python(py, value)?,))
}
