//! Values: what documents, wishes and reports are made of, to be walked by C.

use std::ffi::{CStr, CString, c_char};

use serde_json::Value;

use crate::ffi::{c_text, free, give_text, read, read_part, read_text};

/// What a value is. Values may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_value_kind {
    /// Nothing: what is not set, and what was asked of NULL.
    ZMGR_VALUE_NULL = 0,
    /// See zmgr_value_bool.
    ZMGR_VALUE_BOOL = 1,
    /// See zmgr_value_integer.
    ZMGR_VALUE_INTEGER = 2,
    /// See zmgr_value_text.
    ZMGR_VALUE_TEXT = 3,
    /// See zmgr_value_len and zmgr_value_at.
    ZMGR_VALUE_LIST = 4,
    /// See zmgr_value_get; zmgr_value_len, zmgr_value_key and zmgr_value_at walk through it.
    ZMGR_VALUE_MAP = 5,
}

/// A document, a wish or a report: a tree of maps, lists and plain values with the keys of `zmgr --json`. What
/// zmgr_value_get and zmgr_value_at give belongs to the value that was given out; only that one is freed, with zmgr_value_free.
/// Immutable: any thread may read it.
pub struct zmgr_value(Tree);

enum Tree {
    Null,
    Bool(bool),
    Integer(i64),
    Text(CString),
    List(Vec<zmgr_value>),
    Map(Vec<(CString, zmgr_value)>),
}

impl zmgr_value {
    pub(crate) fn new(value: &Value) -> Self {
        zmgr_value(match value {
            Value::Null => Tree::Null,
            Value::Bool(yes) => Tree::Bool(*yes),
            // Counts of addresses may be larger than any integer of C: then they are text.
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Tree::Text(c_text(&number.to_string())), Tree::Integer)
            }
            Value::String(text) => Tree::Text(c_text(text)),
            Value::Array(items) => Tree::List(items.iter().map(zmgr_value::new).collect()),
            Value::Object(members) => {
                Tree::Map(members.iter().map(|(key, value)| (c_text(key), zmgr_value::new(value))).collect())
            }
        })
    }

    fn json(&self) -> Value {
        let text = |text: &CStr| text.to_string_lossy().into_owned();
        match &self.0 {
            Tree::Null => Value::Null,
            Tree::Bool(yes) => Value::Bool(*yes),
            Tree::Integer(number) => Value::from(*number),
            Tree::Text(words) => Value::String(text(words)),
            Tree::List(items) => Value::Array(items.iter().map(zmgr_value::json).collect()),
            Tree::Map(members) => Value::Object(members.iter().map(|(key, v)| (text(key), v.json())).collect()),
        }
    }
}

/// What the value is; ZMGR_VALUE_NULL for NULL.
///
/// # Safety
/// `value` is NULL or a live value; so for all that follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_get_kind(value: *const zmgr_value) -> zmgr_value_kind {
    unsafe {
        read(value, zmgr_value_kind::ZMGR_VALUE_NULL, |value| match value.0 {
            Tree::Null => zmgr_value_kind::ZMGR_VALUE_NULL,
            Tree::Bool(_) => zmgr_value_kind::ZMGR_VALUE_BOOL,
            Tree::Integer(_) => zmgr_value_kind::ZMGR_VALUE_INTEGER,
            Tree::Text(_) => zmgr_value_kind::ZMGR_VALUE_TEXT,
            Tree::List(_) => zmgr_value_kind::ZMGR_VALUE_LIST,
            Tree::Map(_) => zmgr_value_kind::ZMGR_VALUE_MAP,
        })
    }
}

/// The truth of a ZMGR_VALUE_BOOL; false for all else.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_bool(value: *const zmgr_value) -> bool {
    unsafe { read(value, false, |value| matches!(value.0, Tree::Bool(true))) }
}

/// The number of a ZMGR_VALUE_INTEGER; 0 for all else. A number that int64_t cannot hold is a ZMGR_VALUE_TEXT of its digits.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_integer(value: *const zmgr_value) -> i64 {
    unsafe { read(value, 0, |value| if let Tree::Integer(number) = value.0 { number } else { 0 }) }
}

/// The text of a ZMGR_VALUE_TEXT; NULL for all else.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_text(value: *const zmgr_value) -> *const c_char {
    unsafe {
        read_text(value, |value| match &value.0 {
            Tree::Text(text) => Some(text),
            _ => None,
        })
    }
}

/// How many members a list or a map has; 0 for all else.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_len(value: *const zmgr_value) -> usize {
    unsafe {
        read(value, 0, |value| match &value.0 {
            Tree::List(items) => items.len(),
            Tree::Map(members) => members.len(),
            _ => 0,
        })
    }
}

/// Member number `index` of a list or a map; NULL past the last.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_at(value: *const zmgr_value, index: usize) -> *const zmgr_value {
    unsafe {
        read_part(value, |value| match &value.0 {
            Tree::List(items) => items.get(index),
            Tree::Map(members) => members.get(index).map(|(_, member)| member),
            _ => None,
        })
    }
}

/// The key of member number `index` of a map; NULL past the last.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_key(value: *const zmgr_value, index: usize) -> *const c_char {
    unsafe {
        read_text(value, |value| match &value.0 {
            Tree::Map(members) => members.get(index).map(|(key, _)| key.as_c_str()),
            _ => None,
        })
    }
}

/// The member of a map with this key; NULL where it has none.
///
/// # Safety
/// See zmgr_value_get_kind; `key` is NULL or ends in a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_get(value: *const zmgr_value, key: *const c_char) -> *const zmgr_value {
    let Ok(Some(key)) = (unsafe { crate::ffi::optional_text(key, "key") }) else { return std::ptr::null() };
    unsafe {
        read_part(value, |value| match &value.0 {
            Tree::Map(members) => {
                members.iter().find(|(name, _)| name.to_bytes() == key.as_bytes()).map(|(_, member)| member)
            }
            _ => None,
        })
    }
}

/// The value as JSON. The text is the caller's: zmgr_string_free.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_json(value: *const zmgr_value) -> *mut c_char {
    unsafe { read(value, std::ptr::null_mut(), |value| give_text(&value.json().to_string())) }
}

/// Frees a value that a call gave through `out`. NULL is fine.
///
/// # Safety
/// `value` is NULL or a value of the caller's, used no more, and not a member of another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_free(value: *mut zmgr_value) {
    unsafe { free(value) }
}
