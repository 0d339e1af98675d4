//! Addresses for what is not a zone, and who holds which.

use std::ffi::{CString, c_char};
use std::net::IpAddr;

use serde_json::Value;
use zmgr_core::{Allocation, Code, Error, Manager, PoolUsage, Result};

use crate::document::zmgr_diagnostic_list;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{c_text, call, free, handle, optional_out, optional_text, read, read_text, text, texts};
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{with_run_options, zmgr_run_options};
use crate::value::zmgr_value;

/// What an owner holds of a pool, IPv4 first. A snapshot: immutable, any thread may read it; it outlives the manager, until
/// zmgr_address_list_free.
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
/// disk, when the call returns. Asked again for the same owner, it gives the same. Of `run` only `cancel` counts. `out` may be NULL.
/// Errors: ZMGR_NOT_FOUND (the pool); ZMGR_EXISTS where the owner has another than the one wanted, or is a zone; ZMGR_POOL_EXHAUSTED;
/// ZMGR_ADDRESS_IN_USE; ZMGR_INVALID_ARGUMENT for one that the pool never gives; ZMGR_CONFIG for a fault of a document that matters;
/// ZMGR_BUSY and ZMGR_CANCELLED while somebody else changes the registry.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `wanted` may be NULL; `run` is NULL or of the size that it states; `out` and
/// `error` are NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_allocate(
    manager: *const zmgr_manager,
    pool: *const c_char,
    owner: *const c_char,
    wanted: *const c_char,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_address_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let manager = handle(manager, "manager")?;
            let (pool, owner) = (text(pool, "pool")?, text(owner, "owner")?);
            let wanted = address(optional_text(wanted, "wanted")?)?;
            let given = with_run_options(run, |run| manager.0.allocate(pool, owner, wanted, run))?;
            out.set(|| zmgr_address_list::new(&given));
            Ok(())
        })
    }
}

/// The same for many owners at once, all or none, at little more than the cost of one. `*out` (which may be NULL) gets a list of
/// maps with the keys of `zmgr pool allocate --json`, in the order of the owners.
/// Errors: as for zmgr_address_allocate.
///
/// # Safety
/// As for zmgr_address_allocate; `owners` points to `count` texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_addresses_allocate(
    manager: *const zmgr_manager,
    pool: *const c_char,
    owners: *const *const c_char,
    count: usize,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = optional_out(out);
            let manager = handle(manager, "manager")?;
            let (pool, owners) = (text(pool, "pool")?, texts(owners, count, "owners")?);
            let given = with_run_options(run, |run| manager.0.allocate_all(pool, &owners, run))?;
            out.set(|| zmgr_value::new(&Value::Array(given.iter().map(Allocation::to_json).collect())));
            Ok(())
        })
    }
}

/// Takes back what `owner` holds of the pool, or only this `address` (NULL: all of it); with `id` (may be NULL) only from that very
/// reservation, not from a later one of the same name. Of `run` only `cancel` counts.
/// Errors: ZMGR_NOT_FOUND where the owner does not hold it; ZMGR_BUSY and ZMGR_CANCELLED while somebody else changes the registry.
///
/// # Safety
/// `manager` is a live manager; texts end in a NUL; `run` is NULL or of the size that it states; `error` is NULL or points to a
/// place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_release(
    manager: *const zmgr_manager,
    pool: *const c_char,
    owner: *const c_char,
    address: *const c_char,
    id: *const c_char,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let manager = handle(manager, "manager")?;
            let (pool, owner) = (text(pool, "pool")?, text(owner, "owner")?);
            let (address, id) = (self::address(optional_text(address, "address")?)?, optional_text(id, "id")?);
            with_run_options(run, |run| manager.0.release(pool, owner, address, id, run))
        })
    }
}

/// How full a pool is and who holds its addresses: a map with the keys of `zmgr pool show --json`. For `pool` NULL a list of
/// all pools, by name.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where a pool has a fault.
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
    let one = |m: &Manager, pool: &str| Ok(m.pool_usage(pool)?.to_json());
    let all = |m: &Manager| Ok(m.pool_usages()?.iter().map(PoolUsage::to_json).collect());
    unsafe { operate::value_or_all(manager, (pool, "pool"), out, error, one, all) }
}

/// What is not as it should be with the addresses of a pool, or of all (`pool` NULL): held twice, held against the pool's rules, of
/// no pool. Looks at the host anew. Findings are no failure of the call.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where a pool has a fault; ZMGR_UNSUPPORTED_HOST.
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
    unsafe { operate::findings(manager, out, error, |manager| manager.check_pools(optional_text(pool, "pool")?)) }
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
    unsafe { read_text(list, |list| list.addresses.get(index).map(|(text, _)| text.as_c_str())) }
}

/// The gateway of address number `index`; NULL where it has none, and past the last.
///
/// # Safety
/// See zmgr_address_list_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_gateway(list: *const zmgr_address_list, index: usize) -> *const c_char {
    unsafe { read_text(list, |list| list.addresses.get(index).and_then(|(_, gateway)| gateway.as_deref())) }
}

/// What tells this reservation from earlier and later ones of the same name; see zmgr_address_release.
///
/// # Safety
/// See zmgr_address_list_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_id(list: *const zmgr_address_list) -> *const c_char {
    unsafe { read_text(list, |list| Some(&list.id)) }
}

/// Frees a list. NULL is fine.
///
/// # Safety
/// `list` is NULL or a list of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_free(list: *mut zmgr_address_list) {
    unsafe { free(list) }
}
