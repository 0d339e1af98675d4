//! The brands' own hooks, which `zoneadm` runs for install, clone, attach, detach and uninstall.
//!
//! [source: brand hooks of pkg5 and illumos-omnios; recorded: hooks.jsonl]

pub(super) mod attach;
pub(super) mod clone;
pub(super) mod detach;
pub(super) mod image;
pub(super) mod install;
mod seed;
pub(super) mod uninstall;
