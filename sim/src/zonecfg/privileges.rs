//! The privileges that a zone is limited to: which words there are, and what a zone cannot do without or must not have.
//!
//! [source: priv_defs and zonecfg_get_privset, verify_privset of libzonecfg.c; recorded: privs-*, glob-limitpriv-*]

use std::collections::BTreeSet;

use crate::document::{Document, IpType};

/// Privileges that every process has unless they are taken away.
const BASIC: &[&str] =
    &["file_link_any", "file_read", "file_write", "net_access", "proc_exec", "proc_fork", "proc_info", "proc_session"];

/// The others.
const OTHERS: &[&str] = &[
    "contract_event",
    "contract_identity",
    "contract_observer",
    "cpc_cpu",
    "dtrace_kernel",
    "dtrace_proc",
    "dtrace_user",
    "file_chown",
    "file_chown_self",
    "file_dac_execute",
    "file_dac_read",
    "file_dac_search",
    "file_dac_write",
    "file_downgrade_sl",
    "file_flag_set",
    "file_owner",
    "file_setid",
    "file_upgrade_sl",
    "graphics_access",
    "graphics_map",
    "hyprlofs_control",
    "ipc_dac_read",
    "ipc_dac_write",
    "ipc_owner",
    "net_bindmlp",
    "net_icmpaccess",
    "net_mac_aware",
    "net_mac_implicit",
    "net_observability",
    "net_privaddr",
    "net_rawaccess",
    "proc_audit",
    "proc_chroot",
    "proc_clock_highres",
    "proc_lock_memory",
    "proc_meminfo",
    "proc_owner",
    "proc_prioup",
    "proc_priocntl",
    "proc_secflags",
    "proc_setid",
    "proc_taskid",
    "proc_zone",
    "sys_acct",
    "sys_admin",
    "sys_audit",
    "sys_config",
    "sys_devices",
    "sys_dl_config",
    "sys_fs_import",
    "sys_ip_config",
    "sys_ipc_config",
    "sys_iptun_config",
    "sys_linkdir",
    "sys_mount",
    "sys_net_config",
    "sys_nfs",
    "sys_ppp_config",
    "sys_res_bind",
    "sys_res_config",
    "sys_resource",
    "sys_smb",
    "sys_suser_compat",
    "sys_time",
    "sys_trans_label",
    "virt_manage",
    "win_colormap",
    "win_config",
    "win_dac_read",
    "win_dac_write",
    "win_devices",
    "win_dga",
    "win_downgrade_sl",
    "win_fontpath",
    "win_mac_read",
    "win_mac_write",
    "win_selection",
    "win_upgrade_sl",
    "xvm_control",
];

/// In which zones a privilege belongs to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum In {
    Any,
    Shared,
    Exclusive,
}

/// Privileges that are safe in a zone besides the basic ones.
const SAFE: &[(&str, In)] = &[
    ("contract_event", In::Any),
    ("contract_identity", In::Any),
    ("contract_observer", In::Any),
    ("file_chown", In::Any),
    ("file_chown_self", In::Any),
    ("file_dac_execute", In::Any),
    ("file_dac_read", In::Any),
    ("file_dac_search", In::Any),
    ("file_dac_write", In::Any),
    ("file_owner", In::Any),
    ("file_setid", In::Any),
    ("ipc_dac_read", In::Any),
    ("ipc_dac_write", In::Any),
    ("ipc_owner", In::Any),
    ("net_bindmlp", In::Any),
    ("net_icmpaccess", In::Any),
    ("net_mac_aware", In::Any),
    ("net_observability", In::Any),
    ("net_privaddr", In::Any),
    ("net_rawaccess", In::Exclusive),
    ("proc_chroot", In::Any),
    ("sys_audit", In::Any),
    ("proc_audit", In::Any),
    ("proc_lock_memory", In::Any),
    ("proc_owner", In::Any),
    ("proc_secflags", In::Any),
    ("proc_setid", In::Any),
    ("proc_taskid", In::Any),
    ("sys_acct", In::Any),
    ("sys_admin", In::Any),
    ("sys_ip_config", In::Exclusive),
    ("sys_iptun_config", In::Exclusive),
    ("sys_mount", In::Any),
    ("sys_nfs", In::Any),
    ("sys_ppp_config", In::Exclusive),
    ("sys_resource", In::Any),
    ("sys_smb", In::Any),
];

/// Privileges that a zone must not have. The last one is reported first.
const PROHIBITED: &[(&str, In)] = &[
    ("dtrace_kernel", In::Any),
    ("proc_zone", In::Any),
    ("sys_config", In::Any),
    ("sys_devices", In::Any),
    ("sys_ip_config", In::Shared),
    ("sys_linkdir", In::Any),
    ("sys_net_config", In::Any),
    ("sys_res_config", In::Any),
    ("sys_suser_compat", In::Any),
    ("xvm_control", In::Any),
    ("virt_manage", In::Any),
    ("sys_ppp_config", In::Shared),
];

/// Privileges that a zone cannot do without. The last one is reported first.
const REQUIRED: &[(&str, In)] =
    &[("proc_exec", In::Any), ("proc_fork", In::Any), ("sys_ip_config", In::Exclusive), ("sys_mount", In::Any)];

fn listed(list: &'static [(&str, In)], ip_type: IpType) -> impl DoubleEndedIterator<Item = &'static str> {
    let other = if ip_type == IpType::Shared { In::Exclusive } else { In::Shared };
    list.iter().filter(move |(_, place)| *place != other).map(|(name, _)| *name)
}

/// Reads a list of privileges into `set`: the word that is none of them, on failure.
fn read(set: &mut BTreeSet<&'static str>, list: &[u8]) -> Result<(), Vec<u8>> {
    let every = || BASIC.iter().chain(OTHERS).copied();
    for token in list.split(|b| *b == b',').filter(|token| !token.is_empty()) {
        match token.to_ascii_lowercase().as_slice() {
            b"basic" => set.extend(BASIC),
            b"none" => set.clear(),
            // The global zone can have all of them.
            b"all" | b"zone" => set.extend(every()),
            word => {
                let (taken_away, name) = match word.split_first() {
                    Some((b'-' | b'!', name)) => (true, name),
                    Some((b'+', name)) => (false, name),
                    _ => (false, word),
                };
                let name = name.strip_prefix(b"priv_").unwrap_or(name);
                let known = every().find(|known| known.as_bytes() == name).ok_or_else(|| token.to_vec())?;
                if taken_away {
                    set.remove(known);
                } else {
                    set.insert(known);
                }
            }
        }
    }
    Ok(())
}

/// Error in the zone's privileges: one that is unknown, not allowed, or missing.
pub(super) fn wrong(document: &Document) -> Option<Vec<u8>> {
    let limit = document.get("limitpriv");
    let ip_type = document.ip_type().ok()?;
    if limit.is_empty() || limit == b"default" {
        return None;
    }
    let (first, rest) = match limit.iter().position(|b| *b == b',') {
        Some(comma) => (Some(&limit[..comma]), &limit[comma + 1..]),
        None => (None, &limit[..0]),
    };
    // The library compares as much of the word as there is before the comma.
    let with_default = first.is_some_and(|first| b"default".starts_with(first));
    let list = if with_default { rest } else { limit };
    if list.split(|b| *b == b',').any(|token| token == b"zone") {
        return Some(b"zone".to_vec());
    }
    let mut set = BTreeSet::new();
    if with_default {
        set.extend(BASIC);
        set.extend(listed(SAFE, ip_type));
    }
    if let Err(word) = read(&mut set, list) {
        return Some(word);
    }
    let prohibited = listed(PROHIBITED, ip_type).rev().find(|name| set.contains(name));
    let missing = || listed(REQUIRED, ip_type).rev().find(|name| !set.contains(name));
    prohibited.or_else(missing).map(|name| name.as_bytes().to_vec())
}
