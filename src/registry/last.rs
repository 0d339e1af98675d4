//! Last address allocated from each pool with `strategy "next"`: `.zmgr/last.v1`, one line per pool and family.
//!
//! Invariant: only a hint where the next search begins. Without the file, the newest entry's address is used.

use std::collections::HashMap;
use std::net::IpAddr;

use super::{Pools, Registry, RegistryLock};
use crate::documents::pool::Strategy;
use crate::ipam::{Family, number};
use crate::value::name::PoolName;

/// Largest part of the file that is read.
const MAX_BYTES: u64 = 1 << 20;

impl Registry {
    /// Returns the number of the last address allocated from each of these pools, if known.
    pub(super) fn last_given(&self, pools: &Pools) -> HashMap<(PoolName, Family), u128> {
        let mut last = HashMap::new();
        if !pools.values().any(|pool| pool.strategy == Strategy::Next) {
            return last;
        }
        let Some(text) = self.read_derived(&self.tree().last_given(), MAX_BYTES) else { return last };
        for line in String::from_utf8_lossy(&text).lines() {
            if let Some((pool, address)) = line.split_once(' ')
                && let Some((name, _)) = pools.get_key_value(pool)
                && let Ok(address) = address.parse::<IpAddr>()
            {
                last.insert((name.clone(), Family::of(address)), number(address));
            }
        }
        last
    }

    /// Saves them; the registry lock is held.
    pub(super) fn keep_last_given(&self, last: &HashMap<(PoolName, Family), u128>, _lock: &RegistryLock) {
        if last.is_empty() {
            return;
        }
        let mut lines: Vec<String> =
            last.iter().map(|((pool, family), number)| format!("{pool} {}\n", family.address(*number))).collect();
        lines.sort();
        let text = lines.concat().into_bytes();
        let path = self.tree().last_given();
        if self.read_derived(&path, MAX_BYTES).as_ref() != Some(&text) {
            // If it cannot be kept, the newest entry says about the same.
            let _ = self.replace_derived(&path, &[&text]);
        }
    }
}
