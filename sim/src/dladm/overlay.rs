//! Overlays: virtual networks between hosts, as far as they are links that VNICs can lie over. What goes wrong with one was never
//! seen, so all of it is refused. [source: dladm(8); overlay.c of illumos-gate for the MTU]

use super::change::{blank, check_name, is_taken};
use super::getopt::Word;
use super::link::{self, Class, Link};
use super::remove::{self, is_busy};
use super::{Parsed, die, or_die, usage};
use crate::session::{Answer, OK, Session};

/// MTU that a tunnel leaves of a packet.
const MTU: u32 = 1400;
const LARGEST_NETWORK: u32 = 0x00ff_ffff;

pub(super) fn create(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let (mut temporary, mut given, mut properties) = (false, Vec::new(), Vec::new());
    for word in &parsed.words {
        match word {
            Word::Option('t', _) => temporary = true,
            Word::Option('p', text) => properties.extend(text.split(',').filter_map(|text| text.split_once('='))),
            Word::Option(letter, text) => given.push((*letter, text.as_str())),
            bad => return parsed.refuse(session, bad),
        }
    }
    let [name] = &parsed.operands[..] else { return usage(session) };
    or_die!(session, check_name(name));
    let option = |letter: char| given.iter().find(|(known, _)| *known == letter).map(|(_, text)| *text);
    let has = |name: &str| properties.iter().any(|(known, value)| *known == name && !value.is_empty());
    let network = option('v').and_then(|text| text.parse::<u32>().ok()).filter(|id| (1..=LARGEST_NETWORK).contains(id));
    let complete = match option('s') {
        Some("direct") => has("direct/dest_ip"),
        Some("files") => has("files/config"),
        _ => false,
    };
    let fits = option('e') == Some("vxlan")
        && network.is_some()
        && complete
        && has("vxlan/listen_ip")
        && option('R').is_none();
    let machine = session.machine;
    let _lock = machine.lock("links")?;
    if !fits || is_taken(machine, name)? {
        return die(session, "an overlay that cannot be made is not simulated");
    }
    let new = Link { id: link::next_id(machine)?, mtu: MTU, persistent: !temporary, ..blank(name, Class::Overlay) };
    link::put(machine, &new)?;
    Ok(OK)
}

pub(super) fn delete(session: &mut Session<'_, '_>, parsed: &Parsed<'_>) -> Answer {
    let (name, temporary) = match remove::deletion(session, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let machine = session.machine;
    let _lock = machine.lock("links")?;
    match link::find(machine, name)? {
        Some(found) if found.class == Class::Overlay && found.active && !is_busy(machine, name)? => {
            match remove::remove(machine, found, temporary)? {
                Ok(()) => Ok(OK),
                Err(fault) => die(session, &format!("an overlay that stays ({}) is not simulated", fault.text())),
            }
        }
        _ => die(session, "an overlay that cannot be deleted is not simulated"),
    }
}
