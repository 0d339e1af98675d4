//! Settings with one value, which zonecfg has as a property of the zone or as a resource control: one row each.
//!
//! Invariant: a row says everything. Its node in this table, its field in `Resources`, and from there reading, writing, merging, dropping,
//! `set`, import, `diff` and zonecfg follow from it.

use super::{BASE, COUNT, LAYERS, args};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect};

/// Passes the rows on to a macro, after the tokens of the caller.
///
/// A row has the field of `Resources` and its type, the counterpart in zonecfg, `filled` if placeholders such as `{zone}` are filled in,
/// `extended` if only the zonecfg of OmniOS and SmartOS has it, and the columns of [`NodeRule`] that differ from `SINGLE`.
macro_rules! singles {
    ($callback:ident $($tokens:tt)*) => {
        $callback! {
            $($tokens)*
            cpu_shares: u64 = Control("zone.cpu-shares", RctlAction::None) {
                name: "cpu-shares",
                help: "Shares of the fair share scheduler.",
                args: args!("SHARES": Type::Int(0, COUNT)),
                example: "cpu-shares 10",
            }
            max_lwps: u64 = Control("zone.max-lwps", RctlAction::Deny) {
                name: "max-lwps",
                help: "Maximum number of LWPs.",
                args: args!("NUMBER": Type::Int(100, COUNT)),
                example: "max-lwps 2000",
            }
            max_processes: u64 = Control("zone.max-processes", RctlAction::Deny) {
                name: "max-processes",
                help: "Maximum number of processes.",
                args: args!("NUMBER": Type::Int(100, COUNT)),
                example: "max-processes 1000",
            }
            max_shm_memory: Size = Control("zone.max-shm-memory", RctlAction::Deny) {
                name: "max-shm-memory",
                help: "Maximum amount of System V shared memory.",
                args: args!("SIZE": Type::Size),
                example: r#"max-shm-memory "4G""#,
            }
            max_shm_ids: u64 = Control("zone.max-shm-ids", RctlAction::Deny) {
                name: "max-shm-ids",
                help: "Maximum number of shared memory ids.",
                args: args!("NUMBER": Type::Int(0, COUNT)),
                example: "max-shm-ids 100",
            }
            max_msg_ids: u64 = Control("zone.max-msg-ids", RctlAction::Deny) {
                name: "max-msg-ids",
                help: "Maximum number of message queue ids.",
                args: args!("NUMBER": Type::Int(0, COUNT)),
                example: "max-msg-ids 100",
            }
            max_sem_ids: u64 = Control("zone.max-sem-ids", RctlAction::Deny) {
                name: "max-sem-ids",
                help: "Maximum number of semaphore ids.",
                args: args!("NUMBER": Type::Int(0, COUNT)),
                example: "max-sem-ids 100",
            }
            zfs_io_priority: u64 = Control("zone.zfs-io-priority", RctlAction::None) extended {
                name: "zfs-io-priority",
                help: "Priority of the zone's ZFS I/O relative to other zones; only on OmniOS and SmartOS.",
                args: args!("PRIORITY": Type::Int(0, 1024)),
                format: 3,
                example: "zfs-io-priority 100",
            }
            hostid: String = Property("hostid") {
                name: "hostid",
                help: "Host id in the zone.",
                args: args!("ID": Type::HostId),
                example: r#"hostid "0x1234abcd""#,
            }
            bootargs: String = Property("bootargs") filled {
                name: "bootargs",
                help: "Arguments of each boot.",
                args: args!("ARGUMENTS": Type::Plain(255)),
                example: r#"bootargs "-m verbose""#,
            }
            limitpriv: String = Property("limitpriv") {
                name: "limitpriv",
                help: "Maximum set of the zone's privileges.",
                args: args!("PRIVILEGES": Type::Plain(1000)),
                example: r#"limitpriv "default,dtrace_user""#,
            }
            scheduling_class: String = Property("scheduling-class") {
                name: "scheduling-class",
                help: "The scheduling class.",
                args: args!("CLASS": Type::Word(&["FSS", "TS", "IA", "FX", "RT", "SDC"])),
                example: r#"scheduling-class "FSS""#,
            }
            fs_allowed: Vec<String> = Property("fs-allowed") {
                name: "fs-allowed",
                help: "Types of file systems that the zone may mount.",
                args: args!("TYPE": Type::FileSystem),
                rest: true,
                example: r#"fs-allowed "ufs" "pcfs""#,
            }
            resource_pool: String = Property("pool") filled {
                name: "resource-pool",
                help: "The resource pool: zonecfg's own property \"pool\".",
                args: args!("NAME": Type::Plain(255)),
                example: r#"resource-pool "pool_web""#,
            }
        }
    };
}
pub(crate) use singles;

const SINGLE: NodeRule = NodeRule { at: LAYERS, inherited: true, effect: Some(TakesEffect::NextReboot), ..BASE };

macro_rules! nodes {
    ($($field:ident: $type:ty = $kind:ident($($zonecfg:expr),+) $($flag:ident)* {
        name: $name:literal, help: $help:literal, $($column:ident: $value:expr,)*
    })+) => {
        &[$(NodeRule { name: $name, help: $help, $($column: $value,)* ..SINGLE },)+]
    };
}

pub(super) const NODES: &[NodeRule] = singles!(nodes);
