//! Overlays: virtual networks between hosts, as far as they are links that VNICs can lie over. What varpd refuses is not simulated.
//! [source: do_create_overlay of dladm.c, libdloverlay.c; overlay.c of illumos-gate for the MTU and for what the kernel refuses]

use super::args::Given;
use super::change::{blank, check_name, is_taken};
use super::getopt::Word;
use super::link::{self, Class, Link};
use super::status::Fault;
use super::{Parsed, die, name, or_die, remove, usage};
use crate::session::{Answer, OK, Session};

/// MTU that a tunnel leaves of a packet.
const MTU: u32 = 1400;
/// vxlan has three bytes for the number of a network.
const LARGEST_NETWORK: u64 = 0x00ff_ffff;
/// The plugin for encapsulation that a host has.
const ENCAPSULATION: &str = "vxlan";

/// The options of `create-overlay`.
#[derive(Default)]
struct Wanted {
    temporary: bool,
    encapsulation: Option<String>,
    search: Option<String>,
    network: Option<u64>,
    given: Given,
}

impl Wanted {
    fn take(&mut self, letter: char, text: &str) -> Result<(), String> {
        match letter {
            't' => self.temporary = true,
            'e' => self.encapsulation = Some(text.to_owned()),
            's' => self.search = Some(text.to_owned()),
            'p' => self.given.push(text).map_err(|held| format!("property list too long '{held}'"))?,
            // strtoul: blanks and a sign may come first.
            _ => match text.trim_start().trim_start_matches('+') {
                digits if !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    return Err(format!("couldn't parse virtual networkd id: {text}"));
                }
                "" => self.network = Some(0),
                digits => {
                    let id = digits.parse();
                    self.network = Some(id.map_err(|_| format!("virtual networkd id too large: {text}"))?);
                }
            },
        }
        Ok(())
    }
}

pub(super) fn create(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut wanted = Wanted::default();
    for word in &parsed.words {
        match word {
            Word::Option(letter, text) => or_die!(session, wanted.take(*letter, text)),
            bad => return parsed.refuse(session, bad),
        }
    }
    let network = or_die!(session, wanted.network.ok_or("missing required virtual network id"));
    let encapsulation = or_die!(session, wanted.encapsulation.ok_or("missing required encapsulation plugin"));
    let search = or_die!(session, wanted.search.ok_or("missing required search plugin"));
    let [wanted_name] = &parsed.operands[..] else { return die(session, "missing device name") };
    or_die!(session, check_name(wanted_name));
    for (plugin, what) in [(&encapsulation, "encapsulation"), (&search, "search")] {
        if plugin.len() > name::MAX {
            // The name of the wrong one, for both.
            return die(session, &format!("{what} plugin name too long '{encapsulation}'"));
        }
    }
    let properties = if wanted.given.is_empty() { Some(Vec::new()) } else { wanted.given.parse() };
    let properties = or_die!(session, properties.ok_or("invalid overlay property"));
    let machine = session.machine;
    let _lock = machine.lock("links")?;
    let failed = |session: &mut Session<'_, '_>, fault: Fault| {
        die(session, &format!("overlay creation failed: {}", fault.text()))
    };
    if is_taken(machine, wanted_name)? {
        return failed(session, Fault::Exists);
    }
    if encapsulation != ENCAPSULATION {
        return failed(session, Fault::NotFound);
    }
    if network > LARGEST_NETWORK {
        return failed(session, Fault::BadArg);
    }
    let has = |name: &str| properties.iter().any(|given| given.name == name && !given.values.is_empty());
    let complete = match search.as_str() {
        "direct" => has("direct/dest_ip"),
        "files" => has("files/config"),
        _ => false,
    };
    if !complete || !has("vxlan/listen_ip") {
        return die(session, "what varpd says to an overlay that lacks a property is not simulated");
    }
    let new = Link {
        id: link::next_id(machine)?,
        mtu: MTU,
        persistent: !wanted.temporary,
        ..blank(wanted_name, Class::Overlay)
    };
    link::put(machine, &new)?;
    Ok(OK)
}

pub(super) fn delete(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let mut temporary = false;
    for word in &parsed.words {
        match word {
            Word::Option(_, _) => temporary = true,
            bad => return parsed.refuse(session, bad),
        }
    }
    let [name] = &parsed.operands[..] else { return usage(session) };
    let machine = session.machine;
    let _lock = machine.lock("links")?;
    let done = match link::find(machine, name)? {
        None => Err(Fault::NotFound),
        Some(found) if found.class != Class::Overlay => Err(Fault::BadArg),
        Some(found) => remove::remove(machine, found, temporary)?,
    };
    match done {
        Ok(()) => Ok(OK),
        Err(fault) => die(session, &format!("failed to delete {name}: {}", fault.text())),
    }
}
