//! Reading and changing the properties of one link, as libdladm and the kernel do it (linkprop.c; what the kernel refuses was
//! read in vnic_dev.c and mac.c).

use std::io;

use super::aggr_settings;
use super::args::Property;
use super::link::{self, Class, Link};
use super::status::Fault;
use super::table::{self, Check, Kind, Prop};
use super::value;
use crate::{Machine, interface, kernel};

/// Largest MTU of links that lie over none.
const LARGEST_MTU: u32 = 9000;
const SMALLEST_MTU: u32 = 576;
const USUAL_MTU: u32 = 1500;
const LAST_VLAN: u64 = 4094;

/// Requested one of a property's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Current,
    Persistent,
    Permission,
    Default,
    Possible,
}

/// Values, or why there are none.
pub(super) type Values = Result<Vec<String>, Fault>;

/// A property's values (dladm_get_linkprop). `name` is as typed.
pub(super) fn get(machine: &Machine, link: &Link, name: &str, of: Of) -> io::Result<Values> {
    let Some(prop) = table::find(name) else {
        return Ok(match (name.starts_with('_'), of) {
            // Private properties are up to the driver, and no driver here has any [linkprop-c-_priv-v0].
            (true, Of::Persistent) => persistent(link, name),
            (true, Of::Default | Of::Possible) => Err(Fault::NotSupported),
            (true, _) => Err(Fault::BadArg),
            (false, _) => Err(Fault::NotFound),
        });
    };
    if !prop.applies(link.class) {
        return Ok(Err(Fault::BadArg));
    }
    let one = |text: &str| Ok(vec![text.to_owned()]);
    Ok(match of {
        Of::Current => current(machine, link, prop)?,
        Of::Persistent if prop.kind == Kind::Zone => Err(Fault::TempOnly),
        Of::Persistent => persistent(link, name),
        Of::Permission if !prop.writable => one("r-"),
        Of::Permission => current(machine, link, prop)?.and_then(|_| one("rw")),
        Of::Default if !prop.default.is_empty() => one(prop.default),
        Of::Default => match prop.kind {
            Kind::Autopush | Kind::Free => Err(Fault::NotDefined),
            Kind::Zone => Err(Fault::NotSupported),
            Kind::Mtu => match mtu_range(machine, link)? {
                Some((default, _)) => one(&default.to_string()),
                None => Err(Fault::NotFound),
            },
            Kind::Unsupported => one(if prop.name == "flowctrl" { "no" } else { "0" }),
            _ => Err(Fault::NotFound),
        },
        Of::Possible => match prop.kind {
            Kind::Mtu => match mtu_range(machine, link)? {
                Some((_, largest)) => one(&format!("{SMALLEST_MTU}-{largest}")),
                None => Err(Fault::NotFound),
            },
            // Without rings the range is empty [set-rxrings-1].
            Kind::Rings => one(""),
            _ if prop.words.is_empty() => Err(Fault::NotSupported),
            _ => Ok(prop.words.iter().map(|word| (*word).to_owned()).collect()),
        },
    })
}

fn persistent(link: &Link, name: &str) -> Values {
    match link.on_record(name) {
        Some(value) => Ok(value.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()),
        None => Err(Fault::NotFound),
    }
}

fn current(machine: &Machine, link: &Link, prop: &Prop) -> io::Result<Values> {
    if let Kind::Bridge(_) = prop.kind {
        // The daemon does not run, so the value on record answers.
        return Ok(persistent(link, prop.name).or_else(|_| Ok(vec![prop.default.to_owned()])));
    }
    if !link.active {
        return Ok(Err(Fault::NotFound));
    }
    if prop.kind == Kind::AllowedIps
        && let Some(addresses) = lent_addresses(machine, link)?
    {
        return Ok(Ok(addresses));
    }
    let set = link.prop(prop.name);
    let one = |text: &str| Ok(vec![text.to_owned()]);
    let list = |text: Option<&str>| Ok(text.map_or_else(Vec::new, |text| text.split(',').map(str::to_owned).collect()));
    Ok(match prop.kind {
        Kind::Zone => one(&link::borrower(machine, &link.name)?.unwrap_or_default()),
        Kind::State => one("up"),
        Kind::Mtu => one(&link.mtu.to_string()),
        Kind::Unreadable => Err(Fault::NotFound),
        Kind::Unsupported => Err(Fault::NotSupported),
        // A reset leaves a count that the library does not take [reset-t-secondary-macs-0].
        Kind::SecondaryMacs if set == Some("") => Err(Fault::BadValueCount),
        Kind::Bandwidth => list(set.map(|bits| value::show_bandwidth(bits.parse().unwrap_or_default())).as_deref()),
        Kind::Word | Kind::DefaultTag | Kind::Number => one(set.unwrap_or(prop.default)),
        Kind::Pool => one(""),
        Kind::Free => one("0"),
        Kind::Effective if prop.name == "pool-effective" => one(""),
        _ => list(set),
    })
}

/// The addresses that zoneadmd allowed on a link when it lent it to a zone. They are in force only; the record does not have them.
fn lent_addresses(machine: &Machine, link: &Link) -> io::Result<Option<Vec<String>>> {
    let Some(borrower) = link::borrower(machine, &link.name)? else { return Ok(None) };
    let Some(zone) = kernel::find(machine, &borrower)? else { return Ok(None) };
    let single = |address: &str| {
        let address = address.split('/').next().unwrap_or_default();
        format!("{address}/{}", if address.contains(':') { 128 } else { 32 })
    };
    let lent = zone.links.iter().find(|lent| lent.name == link.name && !lent.addresses.is_empty());
    Ok(lent.map(|lent| lent.addresses.iter().flat_map(|text| text.split(',')).map(single).collect()))
}

/// The default and the largest MTU: those of the lower link, when there is one [linkprop-mtu-s0, linkprop-mtu-stub0].
fn mtu_range(machine: &Machine, link: &Link) -> io::Result<Option<(u32, u32)>> {
    if !link.active {
        return Ok(None);
    }
    Ok(match lower(machine, link)? {
        Some(lower) => Some((lower.mtu, lower.mtu)),
        None => Some((USUAL_MTU, LARGEST_MTU)),
    })
}

fn lower(machine: &Machine, link: &Link) -> io::Result<Option<Link>> {
    let over = link.lower().filter(|_| matches!(link.class, Class::Vnic | Class::Vlan));
    over.map_or(Ok(None), |over| link::find(machine, over))
}

/// Places in which a change takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) active: bool,
    pub(super) persistent: bool,
}

/// Sets or, with no values, resets a property (dladm_set_linkprop). The lock `links` is held; the caller writes the link.
pub(super) fn set(
    machine: &Machine,
    link: &mut Link,
    name: &str,
    values: Option<&[String]>,
    flags: Flags,
) -> io::Result<Result<(), Fault>> {
    if values.is_some_and(<[String]>::is_empty) {
        return Ok(Err(Fault::BadArg));
    }
    let Some(prop) = table::find(name) else {
        return Ok(match name.starts_with('_') {
            true if flags.active => Err(Fault::NotSupported),
            true => {
                record(link, name, values, false);
                Ok(())
            }
            false => Err(Fault::NotFound),
        });
    };
    if !prop.applies(link.class) {
        return Ok(Err(Fault::BadArg));
    }
    if flags.persistent && prop.kind == Kind::Zone {
        return Ok(Err(Fault::TempOnly));
    }
    if flags.active {
        if !prop.writable {
            return Ok(Err(Fault::ReadOnly));
        }
        let done = match values {
            Some(values) => activate(machine, link, prop, values, flags)?,
            None => reset(machine, link, prop, flags)?,
        };
        if let Err(fault) = done {
            return Ok(Err(fault));
        }
    }
    if flags.persistent {
        record(link, name, values, prop.kind == Kind::AllowedIps);
    }
    Ok(Ok(()))
}

/// Puts a value on record, as typed. The check of addresses cuts their prefixes off before they are recorded
/// [set-allowed-ips-1].
fn record(link: &mut Link, name: &str, values: Option<&[String]>, cut: bool) {
    let value = values.map(|values| {
        let typed = values.iter().map(|value| if cut { value.split('/').next().unwrap_or(value) } else { value });
        typed.collect::<Vec<_>>().join(",")
    });
    link.put_on_record(name, value);
}

fn one(values: &[String], otherwise: Fault) -> Result<&str, Fault> {
    match values {
        [value] => Ok(value),
        _ => Err(otherwise),
    }
}

/// The words of the table that these are, in the table's spelling.
fn words(prop: &Prop, values: &[String]) -> Result<Vec<&'static str>, Fault> {
    let word = |value: &String| prop.words.iter().find(|word| word.eq_ignore_ascii_case(value)).copied();
    values.iter().map(|value| word(value).ok_or(Fault::BadValue)).collect()
}

fn number_below(text: &str, most: u64) -> Result<u64, Fault> {
    match value::leading_number(text) {
        (number, "") if number <= most => Ok(number),
        _ => Err(Fault::BadValue),
    }
}

fn activate(
    machine: &Machine,
    link: &mut Link,
    prop: &Prop,
    values: &[String],
    flags: Flags,
) -> io::Result<Result<(), Fault>> {
    let checked = match prop.kind {
        Kind::Mtu => match one(values, Fault::BadValue) {
            Ok(text) => return set_mtu(machine, link, value::leading_number(text).0 as u32),
            Err(fault) => Err(fault),
        },
        Kind::Zone => match one(values, Fault::BadValueCount) {
            Ok(zone) => return set_zone(machine, link, zone),
            Err(fault) => Err(fault),
        },
        Kind::Bridge(check) => {
            let checked = bridge(prop, check, values);
            return Ok(if flags.persistent { checked } else { checked.and(Err(Fault::PersistentOnly)) });
        }
        // The card's driver does not know it.
        Kind::Unreadable | Kind::Unsupported => Err(Fault::NotSupported),
        _ => resource(prop, values),
    };
    Ok(checked.map(|value| link.set_prop(prop.name, Some(value))))
}

/// The value that the kernel keeps for these words. Those of resources are also checked by `create-vnic -p`.
fn resource(prop: &Prop, values: &[String]) -> Result<String, Fault> {
    match prop.kind {
        Kind::Autopush => value::autopush(one(values, Fault::BadValueCount)?),
        Kind::SecondaryMacs => value::secondary_macs(values),
        Kind::Bandwidth => Ok(value::bandwidth(one(values, Fault::BadValueCount)?)?.to_string()),
        Kind::Cpus => value::cpus(values),
        // No pools are configured.
        Kind::Pool => Err(Fault::BadValue),
        Kind::Word => match words(prop, values)?[..] {
            [word] => Ok(word.to_owned()),
            // Of several the kernel gets the first; a priority must be one.
            [word, ..] if prop.name != "priority" => Ok(word.to_owned()),
            _ => Err(Fault::BadValue),
        },
        Kind::DefaultTag => Ok(number_below(one(values, Fault::BadValueCount)?, LAST_VLAN)?.to_string()),
        Kind::Number => Ok((value::leading_number(one(values, Fault::BadValue)?).0 as u32).to_string()),
        Kind::Protection => {
            let chosen = words(prop, values)?;
            Ok(prop.words.iter().filter(|word| chosen.contains(word)).copied().collect::<Vec<_>>().join(","))
        }
        Kind::AllowedIps => unique(value::addresses(values)?),
        Kind::AllowedCids => unique(value::client_ids(values)?),
        Kind::Rings => {
            let text = one(values, Fault::BadValue)?;
            let named =
                ["hw", "sw"].iter().any(|word| text.get(..2).is_some_and(|head| head.eq_ignore_ascii_case(word)));
            if !named && value::leading_number(text).0 == 0 {
                return Err(Fault::BadValue);
            }
            // The card has no rings to give [set-rxrings-0].
            Err(Fault::BadArg)
        }
        _ => Err(Fault::BadArg),
    }
}

/// A list in which the kernel takes nothing twice [set-allowed-ips-5].
fn unique(list: Vec<String>) -> Result<String, Fault> {
    let twice = list.iter().enumerate().any(|(at, item)| list[..at].contains(item));
    if twice { Err(Fault::BadArg) } else { Ok(list.join(",")) }
}

fn bridge(prop: &Prop, check: Check, values: &[String]) -> Result<(), Fault> {
    match check {
        Check::Words => words(prop, values).map(drop),
        Check::Cost => match one(values, Fault::BadValueCount)? {
            "auto" => Ok(()),
            text => number_below(text, 65535).map(drop),
        },
        Check::Priority => number_below(one(values, Fault::BadValueCount)?, 255).map(drop),
        Check::Migration => match number_below(one(values, Fault::BadValueCount)?, 255)? {
            0 => Ok(()),
            // Only on a bridge that runs the rapid protocol.
            _ => Err(Fault::Failed),
        },
    }
}

/// A link over another can have any MTU up to that one's [set-mtu-4]; a link cannot have less than the active links over it
/// [mtu-lower-below].
fn set_mtu(machine: &Machine, link: &mut Link, mtu: u32) -> io::Result<Result<(), Fault>> {
    let least = if lower(machine, link)?.is_some() { 1 } else { SMALLEST_MTU };
    let largest = match mtu_range(machine, link)? {
        Some((_, largest)) => largest,
        None => return Ok(Err(Fault::NotFound)),
    };
    if !(least..=largest).contains(&mtu) {
        return Ok(Err(Fault::BadArg));
    }
    if link::uppers(machine, &link.name)?.iter().any(|upper| upper.active && upper.mtu > mtu) {
        return Ok(Err(Fault::Busy));
    }
    link.mtu = mtu;
    Ok(Ok(()))
}

/// Moves the link to a running zone of exclusive ip-type, or back to the global zone.
fn set_zone(machine: &Machine, link: &Link, zone: &str) -> io::Result<Result<(), Fault>> {
    let holder = link::borrower(machine, &link.name)?;
    if zone == holder.as_deref().unwrap_or("global") {
        return Ok(Ok(()));
    }
    let target = match zone {
        "global" => None,
        _ => match kernel::find(machine, zone)?.filter(|active| active.exclusive) {
            Some(active) => Some(active),
            None => return Ok(Err(Fault::BadValue)),
        },
    };
    if target.is_some() && interface::is_plumbed(machine, &link.name)? {
        return Ok(Err(Fault::Busy));
    }
    if let Some(mut from) = holder.map_or(Ok(None), |holder| kernel::find(machine, &holder))? {
        from.links.retain(|lent| lent.name != link.name);
        kernel::put(machine, &from)?;
        link::given_back(machine, &link.name, &from.name)?;
    }
    if let Some(mut to) = target {
        link::will_lend(machine, &link.name, &to.name)?;
        let lent = kernel::LentLink { name: link.name.clone(), addresses: Vec::new(), routers: Vec::new() };
        to.links.push(lent);
        kernel::put(machine, &to)?;
    }
    Ok(Ok(()))
}

fn reset(machine: &Machine, link: &mut Link, prop: &Prop, flags: Flags) -> io::Result<Result<(), Fault>> {
    match prop.kind {
        Kind::Mtu => match mtu_range(machine, link)? {
            Some((default, _)) => set_mtu(machine, link, default),
            None => Ok(Err(Fault::NotFound)),
        },
        Kind::Zone => set_zone(machine, link, "global"),
        Kind::Unreadable => Ok(Err(Fault::NotFound)),
        Kind::Unsupported => Ok(Err(Fault::NotSupported)),
        Kind::Bridge(_) if !flags.persistent => Ok(Err(Fault::PersistentOnly)),
        Kind::Bridge(_) => Ok(Ok(())),
        Kind::Rings => Ok(Err(Fault::BadArg)),
        Kind::SecondaryMacs => {
            link.set_prop(prop.name, Some(String::new()));
            Ok(Ok(()))
        }
        _ => {
            link.set_prop(prop.name, None);
            Ok(Ok(()))
        }
    }
}

/// Puts every property of a new link on record, if it has one; a temporary link ignores what it cannot have at once,
/// whatever it is [create-t-p-nosuch-0].
pub(super) fn record_all(machine: &Machine, link: &mut Link, given: &[Property]) -> io::Result<Result<(), Fault>> {
    if link.persistent {
        for Property { name, values } in given {
            let flags = Flags { active: false, persistent: true };
            if let Err(fault) = set(machine, link, name, Some(values), flags)? {
                return Ok(Err(fault));
            }
        }
    }
    Ok(Ok(()))
}

/// The properties of a new link that take effect at once (dladm_link_proplist_extract): of each resource the first in the
/// list, checked; all others are ignored.
pub(super) fn extract(link: &mut Link, given: &[Property]) -> Result<(), Fault> {
    for prop in table::PROPS.iter().filter(|prop| prop.is_resource()) {
        if let Some(found) = given.iter().find(|found| prop.name.eq_ignore_ascii_case(&found.name)) {
            let value = resource(prop, &found.values)?;
            link.set_prop(prop.name, Some(value));
        }
    }
    Ok(())
}

/// As the host boots: what is on record becomes active, and what cannot is left out without a word [reboot-create-p-mtu-0].
/// Only names in the table's spelling are found [reboot-set-MTU-0].
pub(crate) fn bring_up(machine: &Machine, link: &mut Link) -> io::Result<()> {
    link.props.clear();
    link.mtu = match lower(machine, link)? {
        Some(lower) => lower.mtu,
        None if link.class == Class::Etherstub => LARGEST_MTU,
        None => USUAL_MTU,
    };
    if link.class == Class::Aggr {
        aggr_settings::bring_up(machine, link)?;
    }
    for prop in table::PROPS {
        if let Ok(values) = persistent(link, prop.name)
            && prop.applies(link.class)
            && prop.writable
        {
            // A failure is not reported.
            let _ = activate(machine, link, prop, &values, Flags { active: true, persistent: true })?;
        }
    }
    Ok(())
}
