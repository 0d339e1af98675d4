//! Addresses for what is not a zone, and who holds which.

use std::ffi::{CString, c_char};
use std::net::IpAddr;

use serde_json::Value;
use zmgr_core::{Allocation, Code, Error, PoolUsage, Result};

use crate::document::zmgr_diagnostic_list;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{borrow, c_text, call, free, handle, optional_out, optional_text, out, read, text, texts};
use crate::manager::zmgr_manager;
use crate::value::zmgr_value;

/// What an owner holds of a pool, IPv4 first.
pub struct zmgr_address_list {
    id: CString,
    addresses: Vec<(CString, Option<CString>)>,
}

impl zmgr_address_list {
    fn new(given: &Allocation) -> Self {
        let addresses = given.addresses.iter();
        zmgr_address_list {
            id: c_text(given.id.as_str()),
            addresses: addresses
                .map(|a| (c_text(&a.address.to_string()), a.gateway.map(|gateway| c_text(&gateway.to_string()))))
                .collect(),
        }
    }
}

/// Gives `owner` one address of each family of the pool, or the one that is `wanted` (NULL: the next free one). It is held, on
/// disk, when the call returns. Asked again for the same owner, it gives the same. `out` may be NULL. ZMGR_EXISTS where the
/// owner has another than the one wanted, or is a zone; ZMGR_POOL_EXHAUSTED; ZMGR_ADDRESS_IN_USE.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `out` and `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_allocate(
    manager: *const zmgr_manager,
    pool: *const c_char,
    owner: *const c_char,
    wanted: *const c_char,
    out: *mut *mut zmgr_address_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let manager = handle(manager, "manager")?;
            let wanted = address(optional_text(wanted, "wanted")?)?;
            let given = manager.0.allocate(text(pool, "pool")?, text(owner, "owner")?, wanted)?;
            out.set(|| zmgr_address_list::new(&given));
            Ok(())
        })
    }
}

/// The same for many owners at once, all or none, at little more than the cost of one. `*out` (which may be NULL) gets a list of
/// maps with the keys of `zmgr pool allocate --json`, in the order of the owners.
///
/// # Safety
/// As for zmgr_address_allocate; `owners` points to `count` texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_addresses_allocate(
    manager: *const zmgr_manager,
    pool: *const c_char,
    owners: *const *const c_char,
    count: usize,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let manager = handle(manager, "manager")?;
            let given = manager.0.allocate_all(text(pool, "pool")?, &texts(owners, count, "owners")?)?;
            out.set(|| zmgr_value::new(&Value::Array(given.iter().map(Allocation::to_json).collect())));
            Ok(())
        })
    }
}

/// Takes back what `owner` holds of the pool, or only this `address` (NULL: all of it); with `id` (may be NULL) only from that very
/// reservation. ZMGR_NOT_FOUND where the owner does not hold it.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `error` is NULL or points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_release(
    manager: *const zmgr_manager,
    pool: *const c_char,
    owner: *const c_char,
    address: *const c_char,
    id: *const c_char,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let manager = handle(manager, "manager")?;
            let address = self::address(optional_text(address, "address")?)?;
            manager.0.release(text(pool, "pool")?, text(owner, "owner")?, address, optional_text(id, "id")?)
        })
    }
}

/// How full a pool is and who holds its addresses: a map with the keys of `zmgr pool show --json`. For `pool` NULL a list of
/// all pools, by name.
///
/// # Safety
/// `manager` is a live manager; `pool` is NULL or ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does
/// so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_pool_usage(
    manager: *const zmgr_manager,
    pool: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let manager = handle(manager, "manager")?;
            let usage = match optional_text(pool, "pool")? {
                Some(pool) => manager.0.pool_usage(pool)?.to_json(),
                None => Value::Array(manager.0.pool_usages()?.iter().map(PoolUsage::to_json).collect()),
            };
            out.set(|| zmgr_value::new(&usage));
            Ok(())
        })
    }
}

/// What is not as it should be with the addresses of a pool, or of all (`pool` NULL): held twice, held against the pool's rules, of
/// no pool. Looks at the host anew.
///
/// # Safety
/// As for zmgr_pool_usage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_pool_check(
    manager: *const zmgr_manager,
    pool: *const c_char,
    out: *mut *mut zmgr_diagnostic_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let found = handle(manager, "manager")?.0.check_pools(optional_text(pool, "pool")?)?;
            out.set(|| zmgr_diagnostic_list::new(&found));
            Ok(())
        })
    }
}

fn address(text: Option<&str>) -> Result<Option<IpAddr>> {
    let parse = |text: &str| {
        let wrong = || Error::new(Code::InvalidArgument, format!("{text:?} is not an address without prefix length"));
        text.parse().map_err(|_| wrong())
    };
    text.map(parse).transpose()
}

/// How many addresses.
///
/// # Safety
/// `list` is NULL or a live list; so for all that follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_len(list: *const zmgr_address_list) -> usize {
    unsafe { read(list, 0, |list| list.addresses.len()) }
}

/// Address number `index` with its prefix length, such as "10.1.0.10/24"; NULL past the last.
///
/// # Safety
/// See zmgr_address_list_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_get(list: *const zmgr_address_list, index: usize) -> *const c_char {
    unsafe {
        read(list, std::ptr::null(), |list| {
            list.addresses.get(index).map_or(std::ptr::null(), |(text, _)| text.as_ptr())
        })
    }
}

/// The gateway of address number `index`; NULL where it has none, and past the last.
///
/// # Safety
/// See zmgr_address_list_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_gateway(list: *const zmgr_address_list, index: usize) -> *const c_char {
    unsafe {
        read(list, std::ptr::null(), |list| {
            list.addresses.get(index).map_or(std::ptr::null(), |(_, gateway)| borrow(gateway))
        })
    }
}

/// What tells this reservation from earlier and later ones of the same name; see zmgr_address_release.
///
/// # Safety
/// See zmgr_address_list_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_id(list: *const zmgr_address_list) -> *const c_char {
    unsafe { read(list, std::ptr::null(), |list| list.id.as_ptr()) }
}

/// Frees a list. NULL is fine.
///
/// # Safety
/// `list` is NULL or a list of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_free(list: *mut zmgr_address_list) {
    unsafe { free(list) }
}
