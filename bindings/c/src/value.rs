//! Values: trees of maps, lists and scalars.

use std::ffi::{CStr, CString, c_char};

use serde_json::Value;

use crate::ffi::{c_text, free, give_text, read, read_part, read_text};

/// Kind of a value. Kinds may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum zmgr_value_kind {
    /// No value.
    ZMGR_VALUE_NULL = 0,
    /// See zmgr_value_bool.
    ZMGR_VALUE_BOOL = 1,
    /// See zmgr_value_integer.
    ZMGR_VALUE_INTEGER = 2,
    /// See zmgr_value_text.
    ZMGR_VALUE_TEXT = 3,
    /// See zmgr_value_len and zmgr_value_at.
    ZMGR_VALUE_LIST = 4,
    /// See zmgr_value_get; iterate with zmgr_value_len, zmgr_value_key and zmgr_value_at.
    ZMGR_VALUE_MAP = 5,
}

/// Tree of maps, lists and scalars with the keys of `zmgr --json`. Free only the value that a call returned through `out`, with
/// zmgr_value_free(); it owns the values that zmgr_value_get() and zmgr_value_at() return. Immutable: any thread may read it.
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
            // Counts of IPv6 addresses can exceed every C integer type; they become text.
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

/// Returns the kind of a value; ZMGR_VALUE_NULL for NULL.
///
/// # Safety
/// `value` is NULL or a live value; the same holds for the functions below.
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

/// Returns the value of a ZMGR_VALUE_BOOL; false for other kinds.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_bool(value: *const zmgr_value) -> bool {
    unsafe { read(value, false, |value| matches!(value.0, Tree::Bool(true))) }
}

/// Returns the value of a ZMGR_VALUE_INTEGER; 0 for other kinds. A number that does not fit into int64_t is a ZMGR_VALUE_TEXT of its
/// digits.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_integer(value: *const zmgr_value) -> i64 {
    unsafe { read(value, 0, |value| if let Tree::Integer(number) = value.0 { number } else { 0 }) }
}

/// Returns the text of a ZMGR_VALUE_TEXT; NULL for other kinds.
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

/// Returns the number of members of a list or map; 0 for other kinds.
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

/// Returns member `index` of a list or map; NULL if out of range.
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

/// Returns the key of member `index` of a map; NULL if out of range.
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

/// Returns the member of a map with this key; NULL if there is none.
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

/// Returns the value as JSON. Free the text with zmgr_string_free.
///
/// # Safety
/// See zmgr_value_get_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_json(value: *const zmgr_value) -> *mut c_char {
    unsafe { read(value, std::ptr::null_mut(), |value| give_text(&value.json().to_string())) }
}

/// Frees a value that a call returned through `out`; does nothing if it is NULL.
///
/// # Safety
/// `value` is NULL or a value that the caller owns, not used afterwards, and not a member of another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_value_free(value: *mut zmgr_value) {
    unsafe { free(value) }
}
