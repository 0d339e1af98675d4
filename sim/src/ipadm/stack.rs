//! One IP stack: the global zone's, or that of a zone of exclusive ip-type.
//!
//! [source: ipadm_ngz.c of libipadm; ipmgmtd: first_boot_done]

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

use crate::dladm::mac::Mac;
use crate::interface::{DIRECTORY, file};
use crate::kernel::{self, ActiveZone};
use crate::machine::from_component;
use crate::record::Record;
use crate::{Machine, dladm};

/// The mark of a zone whose first boot is over (the property ipmgmtd/first_boot_done of its network service).
pub(super) const FIRST_BOOT_DONE: &str = "etc/svc/ipmgmtd-first_boot_done";

/// An IP interface made by a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) persistent: bool,
    pub(super) enabled: bool,
    /// Made while its zone runs: what the global zone says of its addresses is not taken until it is enabled again.
    pub(super) fresh: bool,
    pub(super) addresses: Vec<Address>,
}

/// An address object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// The object's name: `net0/v4`.
    pub(super) object: String,
    /// `static`, `dhcp`, `addrconf` or `from-gz`.
    pub(super) kind: String,
    pub(super) address: String,
    pub(super) persistent: bool,
    pub(super) up: bool,
}

/// The stack that a command acts on.
pub(crate) struct Stack<'a> {
    machine: &'a Machine,
    /// Directory of its records.
    root: PathBuf,
    /// The zone whose stack it is; the global one when absent.
    zone: Option<&'a ActiveZone>,
}

impl<'a> Stack<'a> {
    /// The global zone's.
    pub(crate) fn global(machine: &'a Machine) -> Stack<'a> {
        Stack { machine, root: machine.root().to_owned(), zone: None }
    }

    /// An active zone's.
    pub(crate) fn of_zone(machine: &'a Machine, zone: &'a ActiveZone) -> Stack<'a> {
        Stack { machine, root: machine.path(&zone.zonepath).join("root"), zone: Some(zone) }
    }

    /// Returns true if an interface can be made on the link from here.
    pub(super) fn has_link(&self, name: &str) -> io::Result<bool> {
        match self.zone {
            Some(zone) => Ok(zone.links.iter().any(|link| link.name == name)),
            None => Ok(dladm::link::find(self.machine, name)?.is_some_and(|link| link.active)
                && dladm::link::borrower(self.machine, name)?.is_none()),
        }
    }

    /// The address that a DHCP server gives. One answers on each physical link, and none on an etherstub.
    pub(super) fn lease(&self, name: &str) -> io::Result<Option<String>> {
        Ok(self.outside(name)?.map(|[.., a, b]| format!("198.18.{a}.{}/16", b.max(1))))
    }

    /// The link-local address of an interface.
    pub(super) fn link_local(&self, name: &str) -> io::Result<String> {
        let [a, b, c, d, e, f] = self.mac(name)?.map_or([2, 0, 0, 0, 0, 1], Mac::bytes);
        Ok(format!("{}/10", Ipv6Addr::from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f])))
    }

    /// The address of the prefix that a router advertises, on the same links as there is a DHCP server.
    pub(super) fn advertised(&self, name: &str) -> io::Result<Option<String>> {
        Ok(self.outside(name)?.map(|[a, b, c, d, e, f]| {
            let bytes = [0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f];
            format!("{}/64", Ipv6Addr::from(bytes))
        }))
    }

    /// The MAC address of a link over a physical one.
    fn outside(&self, name: &str) -> io::Result<Option<[u8; 6]>> {
        let Some(link) = dladm::link::find(self.machine, name)? else { return Ok(None) };
        let lower = match link.lower() {
            Some(lower) => dladm::link::find(self.machine, lower)?,
            None => Some(link.clone()),
        };
        Ok(link.mac.filter(|_| lower.is_some_and(|lower| lower.class == dladm::link::Class::Phys)).map(Mac::bytes))
    }

    fn mac(&self, name: &str) -> io::Result<Option<Mac>> {
        Ok(dladm::link::find(self.machine, name)?.and_then(|link| link.mac))
    }

    /// Links and addresses of the zones that share this stack.
    pub(super) fn of_zones(&self) -> io::Result<Vec<(String, String)>> {
        match self.zone {
            Some(_) => Ok(Vec::new()),
            None => Ok(kernel::all(self.machine)?.into_iter().flat_map(|zone| zone.shared).collect()),
        }
    }

    pub(super) fn interface(&self, name: &str) -> io::Result<Option<Interface>> {
        let Some(record) = Record::read(&file(&self.root, name))? else { return Ok(None) };
        let mut interface = Interface {
            name: name.to_owned(),
            persistent: record.get("persistent") == Some("yes"),
            enabled: record.get("enabled") != Some("no"),
            fresh: record.get("fresh") == Some("yes"),
            addresses: Vec::new(),
        };
        for (_, value) in record.pairs().filter(|(key, _)| *key == "address") {
            if let [object, kind, address, persistent, up] = value.split(' ').collect::<Vec<_>>()[..] {
                interface.addresses.push(Address {
                    object: object.into(),
                    kind: kind.into(),
                    address: address.into(),
                    persistent: persistent == "yes",
                    up: up == "up",
                });
            }
        }
        Ok(Some(interface))
    }

    pub(super) fn put(&self, interface: &Interface) -> io::Result<()> {
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        let mut record = Record::default();
        record.push("persistent", yes(interface.persistent));
        record.push("enabled", yes(interface.enabled));
        record.push("fresh", yes(interface.fresh));
        for Address { object, kind, address, persistent, up } in &interface.addresses {
            let up = if *up { "up" } else { "down" };
            record.push("address", format!("{object} {kind} {address} {} {up}", yes(*persistent)));
        }
        fs::create_dir_all(self.root.join(DIRECTORY))?;
        let path = file(&self.root, &interface.name);
        let address = path.strip_prefix(self.machine.root()).unwrap_or(&path).to_owned();
        self.machine.replace(address, record.text().as_bytes())
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(file(&self.root, name))?;
        // Gone with the last interface.
        let _ = fs::remove_dir(self.root.join(DIRECTORY));
        Ok(())
    }

    /// Returns true if it is a zone's.
    pub(super) fn is_of_zone(&self) -> bool {
        self.zone.is_some()
    }

    /// As ipmgmtd and the network services do when the zone boots: at its first boot it makes interfaces of the links to which the
    /// global zone gives addresses, at later ones it only enables those that are there (ipadm_ngz.c, ipmgmtd).
    pub(super) fn come_up(&self) -> io::Result<()> {
        let given = self.zone.map_or(&[][..], |zone| &zone.links);
        let marker = self.root.join(FIRST_BOOT_DONE);
        if !self.root.is_dir() {
            return Ok(());
        }
        let first = !marker.try_exists()?;
        for name in self.made()? {
            match self.interface(&name)? {
                Some(found) if found.persistent => self.put(&Interface { enabled: true, fresh: false, ..found })?,
                _ => self.remove(&name)?,
            }
        }
        for link in given.iter().filter(|link| first && !link.addresses.is_empty()) {
            if self.interface(&link.name)?.is_none() {
                let (name, addresses) = (link.name.clone(), Vec::new());
                self.put(&Interface { name, persistent: true, enabled: true, fresh: false, addresses })?;
            }
        }
        if first {
            fs::create_dir_all(marker.parent().unwrap_or(&self.root))?;
            fs::write(marker, "")?;
        }
        Ok(())
    }

    fn made(&self) -> io::Result<Vec<String>> {
        match fs::read_dir(self.root.join(DIRECTORY)) {
            Ok(entries) => {
                let names: io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
                Ok(names?.iter().filter_map(|name| from_component(name)).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The interfaces that were made, by name.
    pub(super) fn interfaces(&self) -> io::Result<Vec<Interface>> {
        let mut names = self.made()?;
        names.sort();
        let given = self.zone.map_or(&[][..], |zone| &zone.links);
        let mut interfaces = Vec::new();
        for name in names {
            let Some(mut interface) = self.interface(&name)? else { continue };
            // A zone may remember a link that it no longer has.
            interface.enabled &= self.zone.is_none_or(|zone| zone.links.iter().any(|link| link.name == name));
            let pulls = interface.enabled && !interface.fresh;
            let addresses = given.iter().filter(|link| pulls && link.name == name).flat_map(|link| &link.addresses);
            let from_above = addresses.zip('a'..='z').map(|(address, letter)| Address {
                object: format!("{name}/_{letter}"),
                kind: "from-gz".into(),
                address: address.clone(),
                persistent: false,
                up: true,
            });
            interface.addresses = from_above.chain(interface.addresses).collect();
            interfaces.push(interface);
        }
        Ok(interfaces)
    }

    /// The interface with an address in whose subnet this one lies.
    pub(super) fn link_of_subnet(&self, address: &str) -> io::Result<Option<String>> {
        let Some(wanted) = address.split('/').next().and_then(|text| text.parse::<IpAddr>().ok()) else {
            return Ok(None);
        };
        let holds = |known: &Address| {
            let (network, prefix) = known.address.split_once('/')?;
            Some(bits(wanted, prefix.parse().ok()?)? == bits(network.parse().ok()?, prefix.parse().ok()?)?)
        };
        let interfaces = self.interfaces()?;
        let found = interfaces.iter().find(|interface| interface.addresses.iter().any(|a| holds(a) == Some(true)));
        Ok(found.map(|interface| interface.name.clone()))
    }
}

/// The family, and the leading bits of an address.
fn bits(address: IpAddr, prefix: u32) -> Option<(bool, u128)> {
    match address {
        IpAddr::V4(v4) => Some((true, u128::from(v4.to_bits().checked_shr(32u32.checked_sub(prefix)?).unwrap_or(0)))),
        IpAddr::V6(v6) => Some((false, v6.to_bits().checked_shr(128u32.checked_sub(prefix)?).unwrap_or(0))),
    }
}
