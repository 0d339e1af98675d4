//! Syntax of addresses and interface names.
//!
//! [source: validate_net_address_syntax, validate_net_physical_syntax of zonecfg.c; ifparse_ifspec; recorded: net-*, j-net-*]

use std::net::{Ipv4Addr, Ipv6Addr};

use super::help::{Stream, Topic};
use super::numbers::{atoi, strtoull};
use super::session::Zonecfg;
use super::text::text;
use crate::document::IpType;

/// Longest host name, its NUL counted.
const HOST_NAME: usize = 256;
/// Longest interface name, its NUL counted.
const LINK_NAME: usize = 32;
/// Longest MAC address, its NUL counted.
const MAC: usize = 20;

/// Returns true if two addresses are the same. One with a prefix length is the same as one without.
pub(super) fn same_address(a: &[u8], b: &[u8]) -> bool {
    let host = |address: &[u8]| address.iter().position(|b| *b == b'/');
    match (host(a), host(b)) {
        _ if a == b => true,
        (Some(end), None) => &a[..end] == b,
        (None, Some(end)) => a == &b[..end],
        _ => false,
    }
}

/// A MAC address with two digits for every byte. Text after a part that is not a byte is lost.
pub(super) fn normal_mac(text: &[u8]) -> Vec<u8> {
    let text = &text[..text.len().min(MAC - 1)];
    let mut parts = Vec::new();
    for part in text.split(|b| *b == b':').filter(|part| !part.is_empty()) {
        match strtoull(part, 16) {
            (Some(value), b"") if value <= 0xff => parts.push(format!("{value:02x}")),
            _ => break,
        }
    }
    parts.join(":").into_bytes()
}

fn is_host_name(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphanumeric)
        && text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

fn parses<T: std::str::FromStr>(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<T>().is_ok())
}

/// Validity of an interface name in a zone that shares the host's stack.
#[derive(Debug, PartialEq, Eq)]
enum Interface {
    Physical,
    /// A logical one: `bge0:1`.
    Logical,
    Invalid,
}

/// Reads `NAME[:LUN]` as libinetutil's ifparse_ifspec does: NAME ends in a number, and nothing more is asked of it.
fn interface(text: &[u8]) -> Interface {
    if text.len() >= LINK_NAME {
        return Interface::Invalid;
    }
    let colon = text.iter().position(|b| *b == b':');
    let (name, unit) = colon.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
    if unit.is_some_and(|unit| !is_at_most(unit, u64::from(u32::MAX))) {
        return Interface::Invalid;
    }
    let (driver, number) = split_number(name);
    match unit {
        _ if driver.is_empty() || !is_at_most(number, u64::from(u32::MAX)) => Interface::Invalid,
        Some(_) => Interface::Logical,
        None => Interface::Physical,
    }
}

/// The name without the number that it ends in, and that number.
fn split_number(name: &[u8]) -> (&[u8], &[u8]) {
    let digits = name.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    name.split_at(name.len() - digits)
}

fn leads_with_zero(number: &[u8]) -> bool {
    number.len() > 1 && number[0] == b'0'
}

fn is_at_most(number: &[u8], most: u64) -> bool {
    let digits = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    digits && strtoull(number, 10).0.is_some_and(|value| value <= most)
}

/// Returns true if a data link can have this name.
fn is_link_name(text: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.');
    let (before, number) = split_number(text);
    text.len() < LINK_NAME
        && !before.is_empty()
        && !text[0].is_ascii_digit()
        && text.iter().all(plain)
        && !number.is_empty()
        && !leads_with_zero(number)
}

impl Zonecfg<'_, '_, '_> {
    /// Returns true if this is an address; reports errors. A `host` takes no prefix length.
    pub(super) fn is_address(&mut self, address: &[u8], host: bool) -> bool {
        let slash = address.iter().position(|b| *b == b'/');
        let (part, prefix) = slash.map_or((address, None), |at| (&address[..at], Some(atoi(&address[at + 1..]))));
        let part = &part[..part.len().min(HOST_NAME - 1)];
        if host && prefix.is_some() {
            self.zerr(text!(
                "Warning: prefix length in ",
                address,
                " is not required and will be ignored. The default host-prefix length will be used"
            ));
        }
        let prefix = prefix.filter(|_| !host);
        if parses::<Ipv6Addr>(part) {
            return match prefix {
                None if !host => {
                    self.zerr(text!(address, ": IPv6 addresses require /prefix-length suffix."));
                    false
                }
                Some(length) if !(0..=128).contains(&length) => {
                    self.zerr(text!(address, ": IPv6 address prefix lengths must be 0 - 128."));
                    false
                }
                _ => true,
            };
        }
        if prefix.is_some_and(|length| !(0..=32).contains(&length)) {
            self.zerr(text!(address, ": IPv4 address prefix lengths must be 0 - 32."));
            return false;
        }
        if parses::<Ipv4Addr>(part) || is_host_name(part) {
            return true;
        }
        self.fail(text!(part, ": bogus host name or network address syntax"));
        self.usage(Stream::Errors, &[Topic::Addresses]);
        false
    }

    /// Returns true if this names an interface that the zone can currently have; reports errors.
    pub(super) fn is_interface(&mut self, name: &[u8]) -> bool {
        let ip_type = self.handle.as_ref().and_then(|handle| handle.document.ip_type().ok());
        let wrong = match ip_type {
            None => {
                self.zerr("zone configuration has an invalid or nonexistent ip-type property");
                return false;
            }
            Some(IpType::Shared) => match interface(name) {
                Interface::Physical => return true,
                Interface::Logical => ": LUNs not allowed in physical interface names",
                Interface::Invalid => ": invalid physical interface name",
            },
            Some(IpType::Exclusive) if is_link_name(name) => return true,
            Some(IpType::Exclusive) if name.contains(&b':') => {
                ": physical interface name required; logical interface name not allowed"
            }
            Some(IpType::Exclusive) => ": invalid physical interface name",
        };
        self.zerr(text!(name, wrong));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interface_names() {
        assert_eq!(interface(b"my-nic0"), Interface::Physical);
        for good in ["bge00", "0bge0", "a b0"] {
            assert_eq!(interface(good.as_bytes()), Interface::Physical, "{good}");
        }
        assert_eq!(interface(b"bge0:1"), Interface::Logical);
        for bad in ["bge", "7", "bge0:", "bge0:x", ""] {
            assert_eq!(interface(bad.as_bytes()), Interface::Invalid, "{bad}");
        }
        assert!(is_link_name(b"web_1") && is_link_name(b"net0") && is_link_name(b"_a.b0"));
        for bad in ["web-1", "lan", "net00", "0net0", "", "a:1"] {
            assert!(!is_link_name(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn addresses_with_and_without_a_prefix() {
        assert!(same_address(b"10.0.0.1/24", b"10.0.0.1") && !same_address(b"10.0.0.1/24", b"10.0.0.1/25"));
    }

    #[test]
    fn mac_addresses() {
        assert_eq!(normal_mac(b"2:8:20:A:b:FF"), b"02:08:20:0a:0b:ff");
        assert_eq!(normal_mac(b"2:zz:3"), b"02");
        assert_eq!(normal_mac(b"zz"), b"");
    }
}
