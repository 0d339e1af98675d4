//! Pointer casts.
//!
//! Safety: every function here requires of a pointer what the header requires of C: NULL, or a live object of that type.

use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use zmgr_core::{Code, Error, Result};

/// Runs a getter; returns `none` for a NULL handle or on a panic.
pub(crate) unsafe fn read<T, R>(handle: *const T, none: R, get: impl FnOnce(&T) -> R) -> R {
    // SAFETY: the caller gives NULL or a live object.
    match unsafe { handle.as_ref() } {
        Some(handle) => catch_unwind(AssertUnwindSafe(|| get(handle))).unwrap_or(none),
        None => none,
    }
}

/// Runs a getter of text that the handle owns; returns NULL for a NULL handle or if there is no text.
pub(crate) unsafe fn read_text<T>(handle: *const T, get: impl FnOnce(&T) -> Option<&CStr>) -> *const c_char {
    // SAFETY: forwarded.
    unsafe { read(handle, std::ptr::null(), |handle| get(handle).map_or(std::ptr::null(), CStr::as_ptr)) }
}

/// Runs a getter of an object that the handle owns; returns NULL for a NULL handle or if there is no object.
pub(crate) unsafe fn read_part<T, P>(handle: *const T, get: impl FnOnce(&T) -> Option<&P>) -> *const P {
    // SAFETY: forwarded.
    unsafe { read(handle, std::ptr::null(), |handle| get(handle).map_or(std::ptr::null(), std::ptr::from_ref)) }
}

/// Borrows a required handle.
pub(crate) unsafe fn handle<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: the caller gives NULL or a live object.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// Borrows an optional handle.
pub(crate) unsafe fn optional_handle<'a, T>(pointer: *const T) -> Option<&'a T> {
    // SAFETY: the caller gives NULL or a live object.
    unsafe { pointer.as_ref() }
}

/// Output parameter for an object, initialized to NULL.
pub(crate) struct Out<T>(*mut *mut T);

impl<T> Out<T> {
    /// Passes the object to the caller unless the parameter is NULL.
    pub(crate) fn set(self, value: impl FnOnce() -> T) {
        if !self.0.is_null() {
            let object = Box::into_raw(Box::new(value()));
            // SAFETY: the constructor of this `Out` required a place for a pointer.
            unsafe { self.0.write(object) };
        }
    }
}

/// Returns a required output parameter.
pub(crate) unsafe fn out<T>(pointer: *mut *mut T, name: &str) -> Result<Out<T>> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: forwarded.
    Ok(unsafe { optional_out(pointer) })
}

/// Returns an optional output parameter.
pub(crate) unsafe fn optional_out<T>(pointer: *mut *mut T) -> Out<T> {
    if !pointer.is_null() {
        // SAFETY: the caller gives a place for a pointer.
        unsafe { pointer.write(std::ptr::null_mut()) };
    }
    Out(pointer)
}

/// Returns an output parameter for a number, initialized to 0.
pub(crate) unsafe fn out_number<'a>(pointer: *mut i32, name: &str) -> Result<&'a mut i32> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: the caller gives a place for a number, which is written before it is read.
    unsafe {
        pointer.write(0);
        Ok(&mut *pointer)
    }
}

/// Borrows a required string.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: forwarded.
    unsafe { optional_text(pointer, name) }?.ok_or_else(|| null(name))
}

/// Borrows an optional string.
pub(crate) unsafe fn optional_text<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller gives text that ends in a NUL and lives for the call.
    let text = unsafe { CStr::from_ptr(pointer) };
    match text.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(Error::new(Code::InvalidArgument, format!("{name} is not UTF-8")).with_source(error)),
    }
}

/// Borrows an array of strings, none of them NULL.
pub(crate) unsafe fn texts<'a>(pointer: *const *const c_char, count: usize, name: &str) -> Result<Vec<&'a str>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: the caller gives an array of `count` pointers.
    let pointers = unsafe { std::slice::from_raw_parts(pointer, count) };
    // SAFETY: forwarded.
    pointers.iter().map(|pointer| unsafe { text(*pointer, name) }).collect()
}

/// An options struct. Its first field is a `size_t` with the size that the caller was compiled with.
///
/// # Safety
/// `repr(C)`, the first field a `usize`, and all bytes zero a legal value of it.
pub(crate) unsafe trait Options: Copy {}

/// Copies the options, at most `size` bytes; the rest is zero. If the caller's struct is larger than this library's, the rest must be
/// zero: otherwise an option would be ignored silently.
pub(crate) unsafe fn options<T: Options>(pointer: *const T, name: &str) -> Result<T> {
    let mut known = MaybeUninit::<T>::zeroed();
    if pointer.is_null() {
        // SAFETY: all zero is legal (`Options`).
        return Ok(unsafe { known.assume_init() });
    }
    // SAFETY: the first field is there in every version of the struct.
    let size = unsafe { pointer.cast::<usize>().read_unaligned() };
    if size < size_of::<usize>() {
        return Err(Error::new(
            Code::InvalidArgument,
            format!("{name}->size is {size}, and not the size of the struct"),
        )
        .with_help("set .size = sizeof of the options struct"));
    }
    let bytes = pointer.cast::<u8>();
    for n in size_of::<T>()..size {
        // SAFETY: the caller says that so many bytes are there.
        if unsafe { bytes.add(n).read() } != 0 {
            return Err(Error::new(
                Code::InvalidArgument,
                format!("{name} asks for something that this version of libzmgr does not know (byte {n} is not zero)"),
            ));
        }
    }
    // SAFETY: no more than either side has; what is not copied stays zero, which is legal.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes, known.as_mut_ptr().cast::<u8>(), size.min(size_of::<T>()));
        Ok(known.assume_init())
    }
}

/// Frees an object that the caller owns; does nothing if it is NULL.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: it came from `Box::into_raw` of this type, and the caller does not use it afterwards.
        let object = unsafe { Box::from_raw(pointer) };
        // A panicking destructor leaves nothing that is used again.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(object)));
    }
}

/// Moves an object to the heap for the caller to own.
pub(crate) fn give<T>(object: T) -> *mut T {
    Box::into_raw(Box::new(object))
}

/// Copies text to the heap for the caller to own.
pub(crate) fn give_text(text: &str) -> *mut c_char {
    c_text(text).into_raw()
}

/// Converts text to a C string; drops NUL bytes.
pub(crate) fn c_text(text: &str) -> CString {
    let mut bytes = text.as_bytes().to_vec();
    bytes.retain(|byte| *byte != 0);
    CString::new(bytes).unwrap_or_default()
}

fn null(name: &str) -> Error {
    Error::new(Code::InvalidArgument, format!("{name} is NULL"))
}

/// Frees a string that this library returned as `char *`; does nothing if it is NULL. Never pass such a string to free().
///
/// # Safety
/// `text` is NULL or came from this library as `char *`, and is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it came from `CString::into_raw`.
        drop(unsafe { CString::from_raw(text) });
    }
}
