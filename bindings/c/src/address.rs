//! Address reservations and the use of pools.

use std::ffi::{CString, c_char};
use std::net::IpAddr;

use serde_json::Value;
use zmgr_core::{Allocation, Code, Error, Manager, PoolUsage, Result};

use crate::diagnostic::zmgr_diagnostic_list;
use crate::error::{zmgr_error, zmgr_status};
use crate::ffi::{c_text, free, handle, optional_out, optional_text, read, read_text, text, texts};
use crate::guard::call;
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{with_run_options, zmgr_run_options};
use crate::value::zmgr_value;

/// Addresses that an owner holds in a pool, IPv4 first. An immutable snapshot that any thread may read; valid until
/// zmgr_address_list_free(), even after zmgr_close().
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

/// Reserves one address of each family of a pool for `owner`, or the address `wanted` (NULL: the next free ones). The reservation is
/// on disk when the call returns. A repeated call for the same owner returns the same addresses. Uses only `cancel` of `run`. `out`
/// may be NULL.
/// Errors: ZMGR_NOT_FOUND (the pool); ZMGR_EXISTS if the owner holds another address than `wanted`, or is a zone;
/// ZMGR_POOL_EXHAUSTED; ZMGR_ADDRESS_IN_USE; ZMGR_INVALID_ARGUMENT for an address that the pool never allocates; ZMGR_CONFIG for
/// an error in a configuration file that is needed; ZMGR_BUSY and ZMGR_CANCELLED while another process changes the registry.
///
/// # Safety
/// `manager` is a live manager; strings end in a NUL; `wanted` may be NULL; `run` is NULL or points to a struct whose `size` is
/// set; `out` and `error` are NULL or point to a place for a pointer.
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

/// Reserves addresses for `count` owners in one step: for all of them or for none. `*out` receives a list of maps with the keys of
/// `zmgr pool allocate --json`, in the order of the owners. `out` may be NULL.
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

/// Releases what `owner` holds in a pool, or only `address` (NULL: all). With `id` (may be NULL), only if the reservation has this
/// id, so that a later reservation of the same name is left alone. Uses only `cancel` of `run`.
/// Errors: ZMGR_NOT_FOUND if the owner does not hold it; ZMGR_BUSY and ZMGR_CANCELLED while another process changes the registry.
///
/// # Safety
/// `manager` is a live manager; strings end in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is NULL or
/// points to a place for a pointer.
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

/// Returns the use of a pool and the holders of its addresses as a map with the keys of `zmgr pool show --json`; if `pool` is NULL,
/// a list of all pools by name.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a pool's file.
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

/// Checks the addresses of a pool (NULL: of all pools): addresses held twice, held against the pool's rules, or outside every pool.
/// Always queries the host. Returns ZMGR_OK even if there are findings.
/// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a pool's file; ZMGR_UNSUPPORTED_HOST.
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

/// Finds who holds an address (with or without prefix length), a MAC address, a link or a name, why, and where it is written. Returns
/// a map with the keys of `zmgr find --json`; if nothing holds it, "holdings" is empty.
/// Errors: ZMGR_INVALID_ARGUMENT for a text that can be none of them.
///
/// # Safety
/// `manager` is a live manager; `what` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_find(
    manager: *const zmgr_manager,
    what: *const c_char,
    out: *mut *mut zmgr_value,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::value(manager, out, error, |manager| Ok(manager.find(text(what, "what")?)?.to_json())) }
}

fn address(text: Option<&str>) -> Result<Option<IpAddr>> {
    let parse = |text: &str| {
        let wrong = || Error::new(Code::InvalidArgument, format!("{text:?} is not an address without prefix length"));
        text.parse().map_err(|_| wrong())
    };
    text.map(parse).transpose()
}

/// Returns the number of addresses.
///
/// # Safety
/// `list` is NULL or a live list; the same holds for the functions below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_len(list: *const zmgr_address_list) -> usize {
    unsafe { read(list, 0, |list| list.addresses.len()) }
}

/// Returns address `index` with its prefix length, such as "10.1.0.10/24"; NULL if out of range.
///
/// # Safety
/// See zmgr_address_list_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_get(list: *const zmgr_address_list, index: usize) -> *const c_char {
    unsafe { read_text(list, |list| list.addresses.get(index).map(|(text, _)| text.as_c_str())) }
}

/// Returns the gateway of address `index`; NULL if it has none or `index` is out of range.
///
/// # Safety
/// See zmgr_address_list_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_gateway(list: *const zmgr_address_list, index: usize) -> *const c_char {
    unsafe { read_text(list, |list| list.addresses.get(index).and_then(|(_, gateway)| gateway.as_deref())) }
}

/// Returns the id of the reservation, which differs from earlier and later ones of the same name; see zmgr_address_release().
///
/// # Safety
/// See zmgr_address_list_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_id(list: *const zmgr_address_list) -> *const c_char {
    unsafe { read_text(list, |list| Some(&list.id)) }
}

/// Frees a list; does nothing if it is NULL.
///
/// # Safety
/// `list` is NULL or a list that the caller owns, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_address_list_free(list: *mut zmgr_address_list) {
    unsafe { free(list) }
}
