//! `ipadm`: the addresses of the global zone, and those that are up in a zone.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Completed, Invocation, fields};
use crate::error::{Code, Error, Result};
use crate::value::name::ZoneName;

/// An address of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAddress {
    /// Its address object, such as `net0/v4`.
    pub object: String,
    /// The address with its prefix.
    pub address: IpNet,
}

/// Lists all address objects of the global zone.
pub fn show_addr() -> Invocation {
    Invocation::new("ipadm").args(["show-addr", "-p", "-o", "addrobj,addr"])
}

/// Lists all addresses inside a running zone, with their states.
pub fn show_states(zone: &ZoneName) -> Invocation {
    Invocation::new("zlogin").args([zone.as_str(), "ipadm", "show-addr", "-p", "-o", "state,addr"])
}

/// Lists all address objects inside a running zone, with their states.
pub fn show_objects(zone: &ZoneName) -> Invocation {
    Invocation::new("zlogin").args([zone.as_str(), "ipadm", "show-addr", "-p", "-o", "addrobj,state,addr"])
}

/// An address object inside a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsideObject {
    /// Its name, such as `net0/dhcp`.
    pub name: String,
    /// Its address if it is up: one of DHCP has none until a server answers.
    pub up: Option<IpAddr>,
}

/// Parses the output of [`show_objects`].
pub fn parse_objects(completed: &Completed) -> Result<Vec<InsideObject>> {
    object_lines(&completed.text()?).map_err(|line| unexpected(completed, line))
}

fn object_lines(text: &str) -> std::result::Result<Vec<InsideObject>, &str> {
    fields::lines(text, 3, fields::split_dladm)
        .map(|line| {
            let line = line?;
            let address = line[2].split("->").next().and_then(parse_end).map(|address| address.addr());
            Ok(InsideObject { name: line[0].to_string(), up: address.filter(|_| line[1] == "ok") })
        })
        .collect()
}

/// Parses the output of [`show_states`]: the addresses that are up.
pub fn parse_up(completed: &Completed) -> Result<Vec<IpAddr>> {
    up_lines(&completed.text()?).map_err(|line| unexpected(completed, line))
}

/// Parses the output of [`show_addr`]. Objects without an address yet, as with DHCP, are left out.
pub fn parse_addr(completed: &Completed) -> Result<Vec<HostAddress>> {
    parse_lines(&completed.text()?).map_err(|line| unexpected(completed, line))
}

fn unexpected(completed: &Completed, line: &str) -> Error {
    Error::new(Code::CommandFailed, format!("unexpected output of ipadm: {line:?}")).with_command(completed.failed())
}

fn up_lines(text: &str) -> std::result::Result<Vec<IpAddr>, &str> {
    let mut up = Vec::new();
    for line in fields::lines(text, 2, fields::split_dladm) {
        let line = line?;
        if line[0] == "ok" {
            up.extend(line[1].split("->").next().and_then(parse_end).map(|address| address.addr()));
        }
    }
    Ok(up)
}

fn parse_lines(text: &str) -> std::result::Result<Vec<HostAddress>, &str> {
    let mut addresses = Vec::new();
    for line in fields::lines(text, 2, fields::split_dladm) {
        let line = line?;
        // A tunnel shows both ends, `local->remote`.
        for end in line[1].split("->") {
            if let Some(address) = parse_end(end) {
                addresses.push(HostAddress { object: line[0].to_string(), address });
            }
        }
    }
    Ok(addresses)
}

fn parse_end(text: &str) -> Option<IpNet> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
        None => (text, None),
    };
    // A scope names an interface and is not part of the address.
    let address: IpAddr = address.split('%').next()?.parse().ok()?;
    let full = if address.is_ipv4() { 32 } else { 128 };
    IpNet::new(address, prefix.unwrap_or(full)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads() {
        let text = "lo0/v4:127.0.0.1/8\nnet0/v6:fe80\\:\\:1%net0/10\nnet0/dhcp:?\ntun0/v4:10.0.0.1->10.0.0.2\n";
        let addresses: Vec<String> = parse_lines(text).unwrap().iter().map(|a| a.address.to_string()).collect();
        assert_eq!(addresses, ["127.0.0.1/8", "fe80::1/10", "10.0.0.1/32", "10.0.0.2/32"]);
    }

    #[test]
    fn an_address_that_is_a_duplicate_is_not_up() {
        let text = "ok:127.0.0.1/8\nok:192.0.2.10/24\nduplicate:192.0.2.11/24\nok:2001\\:db8\\:\\:5/64\nok:?\ndisabled:192.0.2.12\n";
        let up: Vec<String> = up_lines(text).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(up, ["127.0.0.1", "192.0.2.10", "2001:db8::5"]);
        assert_eq!(up_lines("ok\n"), Err("ok"));
    }

    #[test]
    fn an_object_without_an_answer_is_not_up() {
        let text = "lo0/v4:ok:127.0.0.1/8\nnet0/dhcp:ok:?\nnet0/slaac:ok:fe80\\:\\:1%net0/10\nnet1/dhcp:duplicate:192.0.2.7/24\n";
        let objects = object_lines(text).unwrap();
        let found: Vec<_> = objects.iter().map(|object| (object.name.as_str(), object.up.is_some())).collect();
        assert_eq!(found, [("lo0/v4", true), ("net0/dhcp", false), ("net0/slaac", true), ("net1/dhcp", false)]);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = object_lines(&text);
            let _ = parse_lines(&text);
            let _ = up_lines(&text);
        }
    }
}
