//! Zones, their nets, and operations on one zone.

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

use zmgr_core::{Zone, ZoneNet};

use crate::error::zmgr_diagnostic;
use crate::ffi::{c_text, free, give_text, read, read_part, read_text};
use crate::words::{zmgr_host_status, zmgr_origin, zmgr_state};

/// Zone: its registry entry, with defaults from its template and the status from the host. An immutable snapshot that any thread may
/// read. Free a zone that a call returned through `out` with zmgr_zone_free(); a list or report owns its zones.
pub struct zmgr_zone {
    zone: Zone,
    /// Converted on first use, so that long lists stay cheap.
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
    up: Vec<CString>,
    nets: Vec<zmgr_net>,
    fault: Option<zmgr_diagnostic>,
}

/// Net of a zone. It belongs to the zone; any thread may read it while the zone exists.
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
                state: zone.state.map(|state| c_text(state.as_str())),
                status: zone.status.map(|status| c_text(status.as_str())),
                uuid: c_texts(&zone.uuid),
                created: c_texts(&zone.created),
                origin: zone.origin.map(|origin| c_text(origin.as_str())),
                tags: zone.tags.iter().map(|tag| c_text(tag)).collect(),
                attrs: zone.attrs.iter().map(|(name, value)| (c_text(name), c_text(value))).collect(),
                pending: zone.pending.iter().map(|change| c_text(change)).collect(),
                up: zone.up.iter().flatten().map(|address| c_text(&address.to_string())).collect(),
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

/// Zones, sorted by name. An immutable snapshot that any thread may read; valid until zmgr_zone_list_free(), even after
/// zmgr_close().
pub struct zmgr_zone_list(Vec<zmgr_zone>);

impl zmgr_zone_list {
    pub(crate) fn new(zones: Vec<Zone>) -> Self {
        zmgr_zone_list(zones.into_iter().map(zmgr_zone::new).collect())
    }
}

/// Returns the number of zones in the list.
///
/// # Safety
/// `list` is NULL or a live list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_list_len(list: *const zmgr_zone_list) -> usize {
    unsafe { read(list, 0, |list| list.0.len()) }
}

/// Returns zone `index`, which the list owns; NULL if out of range.
///
/// # Safety
/// `list` is NULL or a live list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_list_get(list: *const zmgr_zone_list, index: usize) -> *const zmgr_zone {
    unsafe { read_part(list, |list| list.0.get(index)) }
}

/// Frees a list and its zones; does nothing if it is NULL.
///
/// # Safety
/// `list` is NULL or a list that the caller owns, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_list_free(list: *mut zmgr_zone_list) {
    unsafe { free(list) }
}

/// Frees a zone that a call returned through `out`; does nothing if it is NULL. Do not use it for zones of a list or report.
///
/// # Safety
/// `zone` is NULL or a zone that the caller owns, not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_free(zone: *mut zmgr_zone) {
    unsafe { free(zone) }
}

/// Returns the name of the zone.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_name(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| Some(&z.texts().name)) }
}

/// Returns the id of the entry, 32 hex digits; NULL if the zone has not been created yet or is not registered.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_id(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().id.as_deref()) }
}

/// Returns the brand; NULL if unknown.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_brand(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().brand.as_deref()) }
}

/// Returns the name of the template; NULL if it has none.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_template_name(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().template.as_deref()) }
}

/// Returns the zonepath; NULL if unknown.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_zonepath(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().zonepath.as_deref()) }
}

/// Returns the state in the registry: "creating", "ready", "destroying", "detached", "failed", "unreadable", "newer"; NULL if the zone has
/// not been
/// created yet or is not registered.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_state(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().state.as_deref()) }
}

/// Returns the state in the registry as a constant.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_get_state(zone: *const zmgr_zone) -> zmgr_state {
    unsafe { read(zone, zmgr_state::ZMGR_STATE_NONE, |z| z.zone.state.into()) }
}

/// Returns the status on the host as a constant.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_get_status(zone: *const zmgr_zone) -> zmgr_host_status {
    unsafe { read(zone, zmgr_host_status::ZMGR_HOST_STATUS_NONE, |z| z.zone.status.into()) }
}

/// Returns the origin of the entry as a constant.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_get_origin(zone: *const zmgr_zone) -> zmgr_origin {
    unsafe { read(zone, zmgr_origin::ZMGR_ORIGIN_NONE, |z| z.zone.origin.into()) }
}

/// Returns the status on the host: "configured", "incomplete", "installed", "ready", "running", "shutting_down", "down", "absent";
/// NULL if the host was not queried, or cannot read the zone.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_status(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().status.as_deref()) }
}

/// Returns the UUID of the installation; NULL if it is not installed.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_uuid(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().uuid.as_deref()) }
}

/// Returns the time of registration in RFC 3339 format; NULL if it is not registered.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_created(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().created.as_deref()) }
}

/// Returns the origin of the entry, "create", "import" or "golden"; NULL if it is not registered.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_origin(zone: *const zmgr_zone) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().origin.as_deref()) }
}

/// Returns 1 if the zone boots with the host, 0 if it does not, -1 if unknown.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_autoboot(zone: *const zmgr_zone) -> i32 {
    unsafe { read(zone, -1, |z| z.zone.autoboot.map_or(-1, i32::from)) }
}

/// Returns the error in the zone's file, which the zone owns; NULL if there is none.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_fault(zone: *const zmgr_zone) -> *const zmgr_diagnostic {
    unsafe { read_part(zone, |z| z.texts().fault.as_ref()) }
}

/// Returns the number of tags.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_tag_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.tags.len()) }
}

/// Returns tag `index`; NULL if out of range.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_tag(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().tags.get(index).map(|tag| tag.as_c_str())) }
}

/// Returns the number of attributes.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_attr_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.attrs.len()) }
}

/// Returns the name of attribute `index`, sorted by name; NULL if out of range.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_attr_name(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().attrs.get(index).map(|(name, _)| name.as_c_str())) }
}

/// Returns the value of attribute `index`; NULL if out of range.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_attr_value(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().attrs.get(index).map(|(_, value)| value.as_c_str())) }
}

/// Returns the number of applied changes that take effect at the next boot.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_pending_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.pending.len()) }
}

/// Returns pending change `index`, such as "bootargs"; NULL if out of range.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_pending(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().pending.get(index).map(|change| change.as_c_str())) }
}

/// Returns true if the zone was asked for the addresses that are up in it: it is running and answered.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_has_up(zone: *const zmgr_zone) -> bool {
    unsafe { read(zone, false, |z| z.zone.up.is_some()) }
}

/// Returns the number of addresses that are up in the zone, without those of its loopback; 0 if it was not asked.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_up_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.up.as_ref().map_or(0, Vec::len)) }
}

/// Returns address `index` of those that are up, such as "10.1.0.10"; NULL if out of range.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_up(zone: *const zmgr_zone, index: usize) -> *const c_char {
    unsafe { read_text(zone, |z| z.texts().up.get(index).map(|address| address.as_c_str())) }
}

/// Returns the number of nets.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_net_count(zone: *const zmgr_zone) -> usize {
    unsafe { read(zone, 0, |z| z.zone.nets.len()) }
}

/// Returns net `index`, which the zone owns; NULL if out of range.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_net(zone: *const zmgr_zone, index: usize) -> *const zmgr_net {
    unsafe { read_part(zone, |z| z.texts().nets.get(index)) }
}

/// Returns the zone as JSON, as `zmgr show --json` prints it. Free the text with zmgr_string_free.
///
/// # Safety
/// `zone` is NULL or a live zone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_zone_json(zone: *const zmgr_zone) -> *mut c_char {
    unsafe { read(zone, std::ptr::null_mut(), |z| give_text(&z.zone.to_json().to_string())) }
}

/// Returns the name of the net within the zone.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_name(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| Some(&n.name)) }
}

/// Returns the pool of its addresses; NULL if it has none.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_pool(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.pool.as_deref()) }
}

/// Returns the VNIC of the net; NULL if it has none.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_vnic(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.vnic.as_deref()) }
}

/// Returns the link under the VNIC.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_stub(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.stub.as_deref()) }
}

/// Returns the MAC address of the VNIC, as dladm prints it.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_mac(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.mac.as_deref()) }
}

/// Returns the existing link that the net uses instead of a VNIC; NULL if it has a VNIC.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_physical(net: *const zmgr_net) -> *const c_char {
    unsafe { read_text(net, |n| n.physical.as_deref()) }
}

/// Returns the VLAN; 0 if it has none.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_vlan(net: *const zmgr_net) -> u32 {
    unsafe { read(net, 0, |n| n.vlan) }
}

/// Returns true if zmgr created the VNIC and may delete it.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_managed(net: *const zmgr_net) -> bool {
    unsafe { read(net, false, |n| n.managed) }
}

/// Returns the number of addresses.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_address_count(net: *const zmgr_net) -> usize {
    unsafe { read(net, 0, |n| n.addresses.len()) }
}

/// Returns address `index` with its prefix length, such as "10.1.0.10/24"; NULL if out of range.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_address(net: *const zmgr_net, index: usize) -> *const c_char {
    unsafe { read_text(net, |n| n.addresses.get(index).map(|(address, _)| address.as_c_str())) }
}

/// Returns the gateway of address `index`; NULL if it has none or `index` is out of range.
///
/// # Safety
/// `net` is NULL or a live net.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmgr_net_gateway(net: *const zmgr_net, index: usize) -> *const c_char {
    unsafe { read_text(net, |n| n.addresses.get(index).and_then(|(_, gateway)| gateway.as_deref())) }
}
