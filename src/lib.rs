//! zmgr manages illumos zones from flat KDL files.
#![forbid(unsafe_code)]

pub mod sim;
