//! Users that may be given rights over a zone, and those rights.
//!
//! [source: libzonecfg.c, zone_add_admin; recorded: admin-*]

use super::session::Zonecfg;
use super::text::text;

/// The users of a pretend machine.
const USERS: &[&[u8]] = &[
    b"root",
    b"daemon",
    b"bin",
    b"sys",
    b"adm",
    b"uucp",
    b"nuucp",
    b"dladm",
    b"netadm",
    b"netcfg",
    b"smmsp",
    b"listen",
    b"gdm",
    b"lp",
    b"mysql",
    b"openldap",
    b"webservd",
    b"postgres",
    b"nobody",
    b"noaccess",
    b"nobody4",
];
/// Name of a right after `solaris.zone.`.
const RIGHTS: &[&[u8]] = &[b"login", b"manage", b"clonefrom"];

pub(super) fn is_user(name: &[u8]) -> bool {
    USERS.contains(&name)
}

impl Zonecfg<'_, '_, '_> {
    /// Returns true if all of these rights exist; reports those that do not.
    pub(super) fn are_rights(&mut self, rights: &[u8]) -> bool {
        let mut known = true;
        for right in rights.split(|b| *b == b',').filter(|right| !right.is_empty()) {
            if !RIGHTS.contains(&right) {
                let message = text!("zone '", self.zone, "': '", right, "' is not a valid authorization\n");
                self.host.out.stderr(&message);
                known = false;
            }
        }
        known
    }
}
