//! Making, deleting and renaming links.

use std::io;

use super::args::{Given, Property};
use super::getopt::Word;
use super::link::{Class, Link};
use super::mac::{self, Mac, MacKind};
use super::props;
use super::status::Fault;
use super::value::whole_number;
use super::{Parsed, die, link, name, or_die, usage};
use crate::Machine;
use crate::session::{Answer, OK, Session};

/// The bytes that random addresses begin with.
const RANDOM_PREFIX: [u8; 3] = [2, 8, 0x20];

const ETHERSTUB_MTU: u32 = 9000;

const LAST_VLAN: i64 = 4094;

/// Number of random addresses that are drawn before the link is refused.
const DRAWS: usize = 256;

pub(super) const NO_ROOT: &str = "-R is not simulated";

/// A link without anything that sets it apart.
pub(super) fn blank(wanted: &str, class: Class) -> Link {
    Link {
        name: wanted.to_owned(),
        id: 0,
        class,
        over: Vec::new(),
        mac: None,
        mac_kind: MacKind::Fixed,
        vid: 0,
        force: false,
        mtu: 0,
        active: true,
        persistent: true,
        props: Vec::new(),
        recorded: Vec::new(),
    }
}

/// Refuses names that are too long or not names.
pub(super) fn check_name(wanted: &str) -> Result<(), String> {
    if wanted.len() > name::MAX {
        return Err(format!("link name too long '{wanted}'"));
    }
    if !name::is_valid(wanted) {
        return Err(format!("invalid link name '{wanted}'"));
    }
    Ok(())
}

/// Returns true if the name is taken in the global zone. Names are per zone: a link on loan counts as the other zone's
/// [loan-create-vnic_-l_net0_v0].
pub(super) fn is_taken(machine: &Machine, wanted: &str) -> io::Result<bool> {
    Ok(link::find(machine, wanted)?.is_some() && link::borrower(machine, wanted)?.is_none())
}

pub(super) fn create_etherstub(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let (mut temporary, mut root) = (false, false);
    for word in &parsed.words {
        match word {
            Word::Option('t', _) => temporary = true,
            Word::Option('R', _) => root = true,
            bad => return parsed.refuse(session, bad),
        }
    }
    let [wanted] = &parsed.operands[..] else { return usage(session) };
    or_die!(session, check_name(wanted));
    if root {
        return die(session, NO_ROOT);
    }
    let _lock = session.machine.lock("links")?;
    if is_taken(session.machine, wanted)? {
        return die(session, &format!("etherstub creation failed: {}", Fault::Exists.text()));
    }
    let new = Link {
        id: link::next_id(session.machine)?,
        mtu: ETHERSTUB_MTU,
        persistent: !temporary,
        ..blank(wanted, Class::Etherstub)
    };
    link::put(session.machine, &new)?;
    Ok(OK)
}

/// Value of `-m`.
#[derive(Debug, PartialEq)]
enum WantedMac {
    Auto,
    Random,
    Factory,
    Vrrp,
    Fixed(Vec<u8>),
}

/// A word at the beginning decides [source: dladm_vnic_str2macaddrtype]; else it is an address.
fn wanted_mac(text: &str) -> Result<WantedMac, String> {
    match text {
        "fixed" => Err("'fixed' is not a valid MAC address".into()),
        _ if text.starts_with("fixed") => Ok(WantedMac::Fixed(Vec::new())),
        _ if text.starts_with("random") => Ok(WantedMac::Random),
        _ if text.starts_with("factory") => Ok(WantedMac::Factory),
        _ if text.starts_with("auto") => Ok(WantedMac::Auto),
        _ if text.starts_with("vrrp") => Ok(WantedMac::Vrrp),
        _ => mac::bytes(text).map(WantedMac::Fixed).ok_or_else(|| "invalid MAC address".into()),
    }
}

fn vlan(text: &str) -> Result<u16, String> {
    match whole_number(text) {
        Some(vid) if (1..=LAST_VLAN).contains(&vid) => Ok(vid as u16),
        _ => Err(format!("invalid VLAN identifier '{text}'")),
    }
}

fn once(letter: char) -> String {
    format!("the option -{letter} cannot be specified more than once")
}

fn over_name(text: &str) -> Result<String, &'static str> {
    if text.len() > name::MAX { Err("link name too long") } else { Ok(text.to_owned()) }
}

/// The options of `create-vnic`.
#[derive(Default)]
struct Wanted {
    temporary: bool,
    root: bool,
    force: bool,
    over: Option<String>,
    mac: Option<WantedMac>,
    slot: Option<i64>,
    prefix: Vec<u8>,
    vid: u16,
    router: Option<u8>,
    v6: Option<bool>,
    given: Given,
}

impl Wanted {
    fn take(&mut self, letter: char, text: &str) -> Result<(), String> {
        match letter {
            't' => self.temporary = true,
            'R' => self.root = true,
            'f' => self.force = true,
            'l' => self.over = Some(over_name(text)?),
            'm' if self.mac.is_some() => return Err("cannot specify -m option twice".into()),
            'm' => self.mac = Some(wanted_mac(text)?),
            'n' => self.slot = Some(whole_number(text).ok_or("invalid slot number")?),
            'p' => self.given.push(text).map_err(|held| format!("property list too long '{held}'"))?,
            'r' => self.prefix = mac::bytes(text).ok_or("invalid MAC address")?,
            'V' => {
                let id = whole_number(text).and_then(|id| u8::try_from(id).ok()).filter(|id| *id > 0);
                self.router = Some(id.ok_or_else(|| format!("invalid VRRP identifier '{text}'"))?);
            }
            'A' => {
                self.v6 = Some(match text {
                    "inet" => false,
                    "inet6" => true,
                    _ => return Err(format!("invalid address family '{text}'")),
                });
            }
            _ if self.vid != 0 => return Err(once('v')),
            _ => self.vid = vlan(text)?,
        }
        Ok(())
    }

    /// Returns true if the options belong together; if not, the usage text is the answer [macopt-net0-n-random].
    fn fits(&self) -> bool {
        let prefixed = !self.prefix.is_empty();
        let mac = self.mac.as_ref().unwrap_or(&WantedMac::Auto);
        // A slot of -1 is none [macopt-net0-factory-nneg].
        let slotted = self.slot.is_some_and(|slot| slot != -1);
        let vrrp = *mac == WantedMac::Vrrp;
        (!prefixed || matches!(mac, WantedMac::Random | WantedMac::Fixed(_)))
            && (!vrrp || (self.router.is_some() && self.v6.is_some()))
            && (vrrp || (self.router.is_none() && self.v6.is_none()))
            && self.over.is_some()
            && (!slotted || *mac == WantedMac::Factory)
    }
}

pub(super) fn create_vnic(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut wanted = Wanted::default();
    for word in &parsed.words {
        match word {
            Word::Option(letter, text) => or_die!(session, wanted.take(*letter, text)),
            bad => return parsed.refuse(session, bad),
        }
    }
    if wanted.force && wanted.vid == 0 {
        return die(session, "-f option can only be used with -v");
    }
    let (true, Some(over), [name]) = (wanted.fits(), wanted.over.clone(), &parsed.operands[..]) else {
        return usage(session);
    };
    or_die!(session, check_name(name));
    if wanted.root {
        return die(session, NO_ROOT);
    }
    let _lock = session.machine.lock("links")?;
    let Some(lower) = link::find(session.machine, &over)? else {
        return die(session, &format!("invalid link name '{over}'"));
    };
    let Some(given) = (if wanted.given.is_empty() { Some(Vec::new()) } else { wanted.given.parse() }) else {
        return die(session, "invalid vnic property");
    };
    match make_vnic(session.machine, &wanted, &lower, name, &given)? {
        Ok(()) => Ok(OK),
        // The library says "link busy"; nothing else that makes a VNIC does [vid-1].
        Err(Fault::Busy) => die(session, &format!("VLAN over '{over}' may not use default_tag ID (see dladm(1M))")),
        Err(fault) => die(session, &format!("vnic creation over {over} failed: {}", fault.text())),
    }
}

/// In the order in which library, daemon and kernel refuse (dladm_vnic_create).
fn make_vnic(
    machine: &Machine,
    wanted: &Wanted,
    lower: &Link,
    name: &str,
    given: &[Property],
) -> io::Result<Result<(), Fault>> {
    if matches!(lower.class, Class::Vnic | Class::Vlan) {
        return Ok(Err(Fault::BadArg));
    }
    if is_taken(machine, name)? {
        return Ok(Err(Fault::Exists));
    }
    let mut new = Link {
        over: vec![lower.name.clone()],
        vid: wanted.vid,
        force: wanted.force,
        mtu: lower.mtu,
        persistent: !wanted.temporary,
        ..blank(name, Class::Vnic)
    };
    if let Err(fault) = props::extract(&mut new, given) {
        return Ok(Err(fault));
    }
    if !lower.active {
        return Ok(Err(Fault::NotFound));
    }
    // The aggregation has its ports to itself [source: aggr_port.c].
    if link::is_port(machine, &lower.name)? {
        return Ok(Err(Fault::Busy));
    }
    let chosen = match wanted.mac.as_ref().unwrap_or(&WantedMac::Auto) {
        WantedMac::Factory => Err(Fault::NotSupported),
        WantedMac::Fixed(bytes) => fixed_mac(machine, lower, bytes, wanted.vid)?.map(|mac| (mac, MacKind::Fixed)),
        WantedMac::Auto | WantedMac::Random => {
            random_mac(machine, lower, &wanted.prefix, wanted.vid)?.map(|mac| (mac, MacKind::Random))
        }
        WantedMac::Vrrp => {
            let (id, v6) = (wanted.router.unwrap_or_default(), wanted.v6.unwrap_or_default());
            let mac = Mac::vrrp(id, v6);
            in_use(machine, lower, mac, wanted.vid)?.map(|()| (mac, MacKind::Vrrp(id, v6)))
        }
    };
    match chosen {
        Ok((mac, kind)) => (new.mac, new.mac_kind) = (Some(mac), kind),
        Err(fault) => return Ok(Err(fault)),
    }
    if wanted.vid != 0 && wanted.vid == default_tag(lower) {
        return Ok(Err(Fault::Busy));
    }
    new.id = link::next_id(machine)?;
    if let Err(fault) = props::record_all(machine, &mut new, given)? {
        return Ok(Err(fault));
    }
    link::put(machine, &new)?;
    Ok(Ok(()))
}

/// The tag that untagged packets of the link belong to; 0 when none.
fn default_tag(lower: &Link) -> u16 {
    lower.prop("default_tag").map_or(1, |tag| tag.parse().unwrap_or(1))
}

fn fixed_mac(machine: &Machine, lower: &Link, bytes: &[u8], vid: u16) -> io::Result<Result<Mac, Fault>> {
    let Some(mac) = Mac::new(bytes).filter(|mac| mac.is_unicast()) else { return Ok(Err(Fault::MacValue)) };
    // An etherstub's own address is zero [mac-stub-zero].
    if lower.mac == Some(mac) || (lower.class == Class::Etherstub && mac == Mac::ZERO) {
        return Ok(Err(Fault::MacReserved));
    }
    Ok(in_use(machine, lower, mac, vid)?.map(|()| mac))
}

fn in_use(machine: &Machine, lower: &Link, mac: Mac, vid: u16) -> io::Result<Result<(), Fault>> {
    let holder = link::with_mac(machine, &lower.name, mac, vid)?;
    Ok(if holder.is_some() { Err(Fault::MacInUse) } else { Ok(()) })
}

fn random_mac(machine: &Machine, lower: &Link, prefix: &[u8], vid: u16) -> io::Result<Result<Mac, Fault>> {
    let prefix = if prefix.is_empty() { &RANDOM_PREFIX[..] } else { prefix };
    if prefix.len() >= 6 {
        return Ok(Err(Fault::MacPrefixLength));
    }
    for _ in 0..DRAWS {
        let mac = Mac::random(prefix)?;
        if !mac.is_unicast() {
            return Ok(Err(Fault::MacPrefix));
        }
        if in_use(machine, lower, mac, vid)?.is_ok() {
            return Ok(Ok(mac));
        }
    }
    Ok(Err(Fault::MacInUse))
}

pub(super) fn create_vlan(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut wanted = Wanted::default();
    for word in &parsed.words {
        match word {
            // Here a name of any length is taken, but one alone.
            Word::Option('l', _) if wanted.over.is_some() => return die(session, &once('l')),
            Word::Option('l', text) => wanted.over = Some(text.clone()),
            Word::Option(letter, text) => or_die!(session, wanted.take(*letter, text)),
            bad => return parsed.refuse(session, bad),
        }
    }
    let (Some(over), true, operands) = (wanted.over.clone(), wanted.vid != 0, &parsed.operands[..]) else {
        return usage(session);
    };
    let name = match operands {
        [] => match default_vlan_name(&over, wanted.vid) {
            Some(name) => name,
            None => return die(session, &format!("invalid link name '{over}'")),
        },
        [name] if name.len() > name::MAX => return die(session, &format!("vlan name too long '{name}'")),
        [name] => name.clone(),
        _ => return usage(session),
    };
    if wanted.root {
        return die(session, NO_ROOT);
    }
    let _lock = session.machine.lock("links")?;
    let Some(lower) = link::find(session.machine, &over)? else {
        return die(session, &format!("invalid link name '{over}'"));
    };
    let Some(given) = (if wanted.given.is_empty() { Some(Vec::new()) } else { wanted.given.parse() }) else {
        return die(session, "invalid vlan property");
    };
    match make_vlan(session.machine, &wanted, &lower, &name, &given)? {
        Ok(()) => Ok(OK),
        Err(Fault::Busy) => die(session, &format!("VLAN over '{over}' may not use default_tag ID (see dladm(1M))")),
        Err(fault) => die(session, &format!("create operation failed: {}", fault.text())),
    }
}

fn make_vlan(
    machine: &Machine,
    wanted: &Wanted,
    lower: &Link,
    name: &str,
    given: &[Property],
) -> io::Result<Result<(), Fault>> {
    if matches!(lower.class, Class::Vnic | Class::Vlan) || !name::is_valid(name) {
        return Ok(Err(Fault::BadArg));
    }
    if is_taken(machine, name)? {
        return Ok(Err(Fault::Exists));
    }
    let mut new = Link {
        over: vec![lower.name.clone()],
        mac: lower.mac,
        vid: wanted.vid,
        force: wanted.force,
        mtu: lower.mtu,
        persistent: !wanted.temporary,
        ..blank(name, Class::Vlan)
    };
    if let Err(fault) = props::extract(&mut new, given) {
        return Ok(Err(fault));
    }
    // A VLAN has the address of the link below, and an etherstub has none [create-vlan-over-estub1].
    let Some(mac) = lower.mac.filter(|_| lower.active && lower.class != Class::Etherstub) else {
        return Ok(Err(Fault::Failed));
    };
    if wanted.vid == default_tag(lower) {
        return Ok(Err(Fault::Busy));
    }
    if let Err(fault) = in_use(machine, lower, mac, wanted.vid)? {
        return Ok(Err(fault));
    }
    new.id = link::next_id(machine)?;
    if let Err(fault) = props::record_all(machine, &mut new, given)? {
        return Ok(Err(fault));
    }
    link::put(machine, &new)?;
    Ok(Ok(()))
}

/// As bge0 and tag 7 make bge7000 [vid-vlan-noname]. There is room for units of three digits only. [source: do_create_vlan]
fn default_vlan_name(over: &str, vid: u16) -> Option<String> {
    let stem = over.trim_end_matches(|c: char| c.is_ascii_digit());
    let unit: u64 = over[stem.len()..].parse().ok().filter(|unit| *unit < 1000)?;
    let made = format!("{stem}{}", u64::from(vid) * 1000 + unit);
    (name::is_valid(over) && made.len() <= name::MAX).then_some(made)
}
