//! Zones, their nets, and what is done to one zone.

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use zmgr_core::{Manager, Zone, ZoneNet};

use crate::error::{zmgr_diagnostic, zmgr_error, zmgr_status};
use crate::ffi::{c_text, call, free, give_text, handle, out, read, read_part, read_text, text};
use crate::manager::zmgr_manager;
use crate::operate;
use crate::options::{
    self, zmgr_create_options, zmgr_destroy_options, zmgr_halt_options, zmgr_query, zmgr_reinstall_options,
    zmgr_run_options,
};

/// A zone: its registry entry joined with its template's defaults and the host's word. A snapshot: immutable, any thread may read
/// it, later changes do not touch it. One that a call gave through `out` is freed with zmgr_zone_free; one of a list or a report
/// belongs to that.
pub struct zmgr_zone {
    zone: Zone,
    /// Made when first asked for, so that a list of thousands costs nothing beyond the list.
    texts: OnceLock<Box<Texts>>,
}

struct Texts {
    name: CString,
    id: Option<CString>,
    brand: Option<CString>,
    template: Option<CString>,
    zonepath: Option<CString>,
    state: Option<CString>,
    status: Option<CString>,
    uuid: Option<CString>,
    created: Option<CString>,
    origin: Option<CString>,
    tags: Vec<CString>,
    attrs: Vec<(CString, CString)>,
    pending: Vec<CString>,
    nets: Vec<zmgr_net>,
    fault: Option<zmgr_diagnostic>,
}

/// One net of a zone. It belongs to the zone, and any thread may read it as long as that lives.
pub struct zmgr_net {
    name: CString,
    pool: Option<CString>,
    vnic: Option<CString>,
    stub: Option<CString>,
    mac: Option<CString>,
    physical: Option<CString>,
    vlan: u32,
    managed: bool,
    addresses: Vec<(CString, Option<CString>)>,
}

fn c_texts(text: &Option<String>) -> Option<CString> {
    text.as_deref().map(c_text)
}

impl zmgr_zone {
    pub(crate) fn new(zone: Zone) -> Self {
        zmgr_zone { zone, texts: OnceLock::new() }
    }

    fn texts(&self) -> &Texts {
        let zone = &self.zone;
        self.texts.get_or_init(|| {
            Box::new(Texts {
                name: c_text(&zone.name),
                id: c_texts(&zone.id),
                brand: c_texts(&zone.brand),
                template: c_texts(&zone.template),
                zonepath: c_texts(&zone.zonepath),
                state: c_texts(&zone.state),
                status: c_texts(&zone.status),
                uuid: c_texts(&zone.uuid),
                created: c_texts(&zone.created),
                origin: c_texts(&zone.origin),
                tags: zone.tags.iter().map(|tag| c_text(tag)).collect(),
                attrs: zone.attrs.iter().map(|(name, value)| (c_text(name), c_text(value))).collect(),
                pending: zone.pending.iter().map(|change| c_text(change)).collect(),
                nets: zone.nets.iter().map(zmgr_net::new).collect(),
                fault: zone.fault.as_ref().map(zmgr_diagnostic::new),
            })
        })
    }
}

impl zmgr_net {
    fn new(net: &ZoneNet) -> Self {
        zmgr_net {
            name: c_text(&net.name),
            pool: c_texts(&net.pool),
            vnic: c_texts(&net.vnic),
            stub: c_texts(&net.stub),
            mac: c_texts(&net.mac),
            physical: c_texts(&net.physical),
            vlan: net.vlan.unwrap_or(0).into(),
            managed: net.managed,
            addresses: net
                .addresses
                .iter()
                .map(|a| (c_text(&a.address.to_string()), a.gateway.map(|gateway| c_text(&gateway.to_string()))))
                .collect(),
        }
    }
}

/// Zones, in the order of their names. A snapshot: immutable, any thread may read it; it outlives the manager, until
/// zmgr_zone_list_free.
pub struct zmgr_zone_list(Vec<zmgr_zone>);

/// The zones that `query` asks for; NULL asks for all that are registered. A zone whose file has a fault is among them, with the
/// fault.
/// Errors: ZMGR_NOT_FOUND for a name that is asked for and not registered; ZMGR_UNSUPPORTED_HOST and ZMGR_COMMAND_FAILED only for
/// ZMGR_LIVE_REQUIRED.
///
/// # Safety
/// `manager` is a live manager; `query` NULL or options of the size that they state; `out` points to a place for a pointer;
/// `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zones(
    manager: *const zmgr_manager,
    query: *const zmgr_query,
    out: *mut *mut zmgr_zone_list,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let zones = handle(manager, "manager")?.0.zones(&options::query(query)?)?;
            out.set(|| zmgr_zone_list(zones.into_iter().map(zmgr_zone::new).collect()));
            Ok(())
        })
    }
}

/// How many zones the list has.
///
/// # Safety
/// `list` is NULL or a live list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_list_len(list: *const zmgr_zone_list) -> usize {
    unsafe { read(list, 0, |list| list.0.len()) }
}

/// Zone number `index`; NULL past the last. It belongs to the list.
///
/// # Safety
/// `list` is NULL or a live list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_list_get(list: *const zmgr_zone_list, index: usize) -> *const zmgr_zone {
    unsafe { read_part(list, |list| list.0.get(index)) }
}

/// Frees a list and its zones. NULL is fine.
///
/// # Safety
/// `list` is NULL or a list of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_list_free(list: *mut zmgr_zone_list) {
    unsafe { free(list) }
}

/// The zone of this name. Reads its one file, and asks the host about it.
/// Errors: ZMGR_NOT_FOUND where it is not registered.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_find(
    manager: *const zmgr_manager,
    name: *const c_char,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        call(error, || {
            let out = self::out(out, "out")?;
            let zone = handle(manager, "manager")?.0.zone(text(name, "name")?)?;
            out.set(|| zmgr_zone::new(zone));
            Ok(())
        })
    }
}

/// Creates a zone: allocates its addresses, configures, installs, and boots it where that is wished. `out` may be NULL. On
/// failure what was done is undone, unless `run` or config.kdl says otherwise.
/// Errors: ZMGR_EXISTS where the registry or the host has such a zone; ZMGR_NOT_FOUND (the template, the zone to clone);
/// ZMGR_POOL_EXHAUSTED; ZMGR_ADDRESS_IN_USE; ZMGR_COMMAND_FAILED; ZMGR_RECOVERY_NEEDED where the undoing did not succeed either.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; options are NULL or of the size that they state; `out` and `error` are
/// NULL or point to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_create(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_create_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::one(manager, name, options, run, out, error, Manager::create) }
}

/// Installs a zone again: its files go and come anew; its addresses, links and configuration stay. `out` may be NULL.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for a protected zone and what else needs `force`; ZMGR_COMMAND_FAILED;
/// ZMGR_RECOVERY_NEEDED for unfinished work.
///
/// # Safety
/// As for zmgr_zone_create.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_reinstall(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_reinstall_options,
    run: *const zmgr_run_options,
    out: *mut *mut zmgr_zone,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::one(manager, name, options, run, out, error, Manager::reinstall) }
}

/// Destroys a zone, and what zmgr made for it: halts, uninstalls, deletes its configuration, its VNICs and its entry.
/// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for a protected zone and what else needs `force`; ZMGR_COMMAND_FAILED;
/// ZMGR_RECOVERY_NEEDED where somebody else's hand is seen.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; options are NULL or of the size that they state; `error` is NULL or
/// points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_destroy(
    manager: *const zmgr_manager,
    name: *const c_char,
    options: *const zmgr_destroy_options,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe { operate::alone(manager, name, options, run, error, Manager::destroy) }
}

/// Removes the entry of a zone from the registry, and nothing else: the zone stays on the host as it is.
/// Errors: ZMGR_NOT_FOUND; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_BUSY while another process works on the zone.
///
/// # Safety
/// `manager` is a live manager; `name` ends in a NUL; `run` is NULL or of the size that it states; `error` is NULL or points to a
/// place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_forget(
    manager: *const zmgr_manager,
    name: *const c_char,
    run: *const zmgr_run_options,
    error: *mut *mut zmgr_error,
) -> zmgr_status {
    unsafe {
        let none = std::ptr::null::<zmgr_halt_options>();
        operate::alone(manager, name, none, run, error, |m, names, _, run| m.forget(names, run))
    }
}

/// Frees a zone that a call gave through `out`. NULL is fine. Zones of a list are freed with the list.
///
/// # Safety
/// `zone` is NULL or a zone of the caller's, used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_free(zone: *mut zmgr_zone) {
    unsafe { free(zone) }
}

/// The name.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_name(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| Some(&z.texts().name)) }
}

/// The id of its entry, 32 hex digits; NULL for a wish not yet built and for a zone that is not registered.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_id(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().id.as_deref()) }
}

/// The brand; NULL where it is not known.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_brand(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().brand.as_deref()) }
}

/// The template it follows; NULL where it follows none.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_template_name(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().template.as_deref()) }
}

/// Where it lies on the host.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_zonepath(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().zonepath.as_deref()) }
}

/// What the registry says: "creating", "ready", "destroying", "failed", "unreadable"; NULL for a wish not yet built and
/// for a zone that is not registered.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_state(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().state.as_deref()) }
}

/// What the host says: "configured", "incomplete", "installed", "ready", "running", "shutting_down", "down", "absent"; NULL
/// where the host was not asked.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_status(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().status.as_deref()) }
}

/// The uuid of its installation; NULL before it is installed.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_uuid(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().uuid.as_deref()) }
}

/// When it was registered, RFC 3339; NULL where it is not.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_created(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().created.as_deref()) }
}

/// "create" or "import"; NULL where it is not registered.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_origin(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().origin.as_deref()) }
}

/// Whether it is to boot with the host: 1 or 0; -1 where nobody says.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_autoboot(zone: *const zmgr_zone) -> i32 {
    unsafe { read(zone, -1, |z| z.zone.autoboot.map_or(-1, i32::from)) }
}

/// What is wrong with its file; NULL where nothing is. It belongs to the zone.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_fault(zone: *const zmgr_zone) -> *const zmgr_diagnostic {
    unsafe { read_part(zone, |z| z.texts().fault.as_ref()) }
}

/// How many tags it has.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_tag_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.tags.len()) }
}

/// Tag number `index`; NULL past the last.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_tag(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().tags.get(index).map(|tag| tag.as_c_str())) }
}

/// How many attributes it has.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_attr_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.attrs.len()) }
}

/// The name of attribute number `index`, in the order of the names; NULL past the last.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_attr_name(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().attrs.get(index).map(|(name, _)| name.as_c_str())) }
}

/// The value of attribute number `index`; NULL past the last.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_attr_value(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().attrs.get(index).map(|(_, value)| value.as_c_str())) }
}

/// Number of changes that were applied while the zone ran and take effect at its next boot.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_pending_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.pending.len()) }
}

/// Pending change number `index`, such as "bootargs"; NULL past the last.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_pending(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().pending.get(index).map(|change| change.as_c_str())) }
}

/// How many nets it has.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_net_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.nets.len()) }
}

/// Net number `index`; NULL past the last. It belongs to the zone.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_net(zone: *const zmgr_zone, index: usize) -> *const zmgr_net {
    unsafe { read_part(zone, |z| z.texts().nets.get(index)) }
}

/// The zone as JSON, as `zmgr show --json` prints it. The text is the caller's: zmgr_string_free.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_json(zone: *const zmgr_zone) -> *mut c_char {
    unsafe { read(zone, std::ptr::null_mut(), |z| give_text(&z.zone.to_json().to_string())) }
}

/// Its name within the zone.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_name(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| Some(&n.name)) }
}

/// The pool that its addresses come from; NULL where they come from none.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_pool(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.pool.as_deref()) }
}

/// The VNIC that was made for it; NULL where there is none.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_vnic(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.vnic.as_deref()) }
}

/// The link below the VNIC.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_stub(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.stub.as_deref()) }
}

/// The MAC address of the VNIC, as dladm prints it.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_mac(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.mac.as_deref()) }
}

/// The existing link that it uses in place of a VNIC; NULL where it has a VNIC.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_physical(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.physical.as_deref()) }
}

/// Its VLAN; 0 for none.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_vlan(net: *const zmgr_net) -> u32 {
    unsafe { read(net, 0, |n| n.vlan) }
}

/// Whether zmgr made the VNIC, and so may delete it.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_managed(net: *const zmgr_net) -> bool {
    unsafe { read(net, false, |n| n.managed) }
}

/// How many addresses it has.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_address_count(net: *const zmgr_net) -> usize {
    unsafe { read(net, 0, |n| n.addresses.len()) }
}

/// Address number `index` with its prefix length, such as "10.1.0.10/24"; NULL past the last.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_address(net: *const zmgr_net, index: usize) -> *const c_char {
    unsafe { read_text(net, |n| n.addresses.get(index).map(|(address, _)| address.as_c_str())) }
}

/// The gateway of address number `index`; NULL where it has none, and past the last.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_gateway(net: *const zmgr_net, index: usize) -> *const c_char {
    unsafe { read_text(net, |n| n.addresses.get(index).and_then(|(_, gateway)| gateway.as_deref())) }
}
