//! Files of a new zone's root, as a package installation leaves them.
//!
//! [source: files of the packages system/core-os and network/ssh; recorded: kind `hook-install-options`]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Target;
use crate::session::Session;

/// The files of a freshly installed system that people look at or change first.
const FILES: &[(&str, u32, &str)] = &[
    ("etc/default/init", 0o644, "# This file is /etc/default/init.\nTZ=UTC\nCMASK=022\n"),
    (
        "etc/group",
        0o644,
        "root::0:\nother::1:root\nbin::2:root,daemon\nsys::3:root,bin,adm\nstaff::10:\nnobody::60001:\n",
    ),
    ("etc/inet/hosts", 0o644, "::1 localhost\n127.0.0.1 localhost loghost\n"),
    ("etc/nsswitch.conf", 0o644, NSSWITCH_FILES),
    ("etc/nsswitch.dns", 0o644, NSSWITCH_DNS),
    ("etc/nsswitch.files", 0o644, NSSWITCH_FILES),
    (
        "etc/passwd",
        0o644,
        "root:x:0:0:Super-User:/root:/usr/bin/bash\ndaemon:x:1:1::/:\nbin:x:2:2::/usr/bin:\n\
         nobody:x:60001:60001:NFS Anonymous Access User:/:\n",
    ),
    ("etc/shadow", 0o400, "root:NP:6445::::::\ndaemon:NP:6445::::::\nbin:NP:6445::::::\nnobody:*LK*:6445::::::\n"),
    ("etc/ssh/sshd_config", 0o644, "PermitRootLogin no\nSubsystem sftp internal-sftp\n"),
];

const NSSWITCH_FILES: &str = "passwd: files\ngroup: files\nhosts: files\nipnodes: files\n";
const NSSWITCH_DNS: &str = "passwd: files\ngroup: files\nhosts: files dns\nipnodes: files dns\n";

const DIRECTORIES: &[&str] = &[
    "dev",
    "etc/default",
    "etc/dfs",
    "etc/inet",
    "etc/ssh",
    "etc/svc/profile/site",
    "etc/zones",
    "proc",
    "root",
    "sbin",
    "tmp",
    "usr/bin",
    "var/log",
    "var/pkg",
    "var/svc",
];

/// Fills a new zone's root: what a package installation leaves, as far as the commands here and people's first steps go.
pub(super) fn populate(session: &Session<'_, '_>, target: &Target) -> io::Result<()> {
    let machine = session.machine;
    let root = machine.path(&target.zonepath).join("root");
    for directory in DIRECTORIES {
        fs::create_dir_all(root.join(directory))?;
        fs::set_permissions(root.join(directory), fs::Permissions::from_mode(0o755))?;
    }
    for (name, mode, text) in FILES {
        write(&root.join(name), text, *mode)?;
    }
    for program in ["sbin/init", "usr/bin/pkg"] {
        write(&root.join(program), "", 0o755)?;
    }
    write(&root.join("etc/release"), &format!("{}\n", machine.line().release), 0o644)?;
    let hosts = root.join("etc/hosts");
    if fs::symlink_metadata(&hosts).is_err() {
        std::os::unix::fs::symlink("./inet/hosts", hosts)?;
    }
    fs::set_permissions(root.join("root"), fs::Permissions::from_mode(0o700))
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}
