//! The store that the hosts of a zmgr fleet share, on etcd.
//!
//! [`EtcdStore`] implements [`zmgr::Store`] with etcd's JSON gateway (etcd 3.4 or newer). Calls block; there is no runtime and no
//! background thread. Each request is tried at the members in turn, within one time limit. Every request may be carried out twice
//! without harm, so a lost answer is asked for again, and what remains unknown is reported as
//! [`Unknown`](zmgr::StoreAnswer::Unknown).
//!
//! Connections use TLS with the authority that the configuration names, and no other. Proxies of the environment are not used, and
//! redirects are not followed. Keys and passwords are read from files that only their owner can read, and appear in no error, no log
//! and no `Debug`.
#![forbid(unsafe_code)]
#![warn(unnameable_types)]

mod client;
mod failure;
mod files;
mod kv;
mod store;
mod transport;

pub use store::{EtcdStore, EtcdStoreBuilder, open};

/// The program on the package's page runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
