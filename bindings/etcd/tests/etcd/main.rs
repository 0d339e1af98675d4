//! The client, and whole hosts, with a real etcd: three nodes on loopback, with TLS and authentication.
#![allow(clippy::print_stderr)]

mod calls;
mod cluster;
mod fleet;
mod fleet_kills;
mod history;
mod hosts;
mod kills;
mod operators;
mod page;
mod processes;
mod proxy;
mod quorum;
mod wrong;

use zmgr::{ClaimKind, Code, EntryId, Error, StoreAnswer, StoreClaim, StoreHost, StoreKey, StoreRefusal};

pub(crate) const CREATED: &str = "2026-11-30T20:00:00Z";

/// A host with an incarnation of its own.
pub(crate) fn host(name: &str) -> StoreHost {
    StoreHost::new(name, EntryId::random().unwrap(), CREATED)
}

/// A claim of a zone with an entry id of its own.
pub(crate) fn claim(host: &StoreHost, zone: &str) -> StoreClaim {
    StoreClaim::new(EntryId::random().unwrap(), host, ClaimKind::Zone, zone, CREATED)
}

pub(crate) fn ip(address: &str) -> StoreKey {
    StoreKey::Ip { segment: "dmz".to_owned(), address: address.parse().unwrap() }
}

#[track_caller]
pub(crate) fn done<T>(answer: StoreAnswer<T>) -> T {
    match answer {
        StoreAnswer::Done(value) => value,
        StoreAnswer::Refused(refusal) => panic!("refused: {refusal:?}"),
        StoreAnswer::Unknown(error) => panic!("unknown: {error} ({:?})", error.help()),
        StoreAnswer::Unreachable(error) => panic!("unreachable: {error} ({:?})", error.help()),
    }
}

#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: StoreAnswer<T>) -> StoreRefusal {
    match answer {
        StoreAnswer::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn unreachable<T: std::fmt::Debug>(answer: StoreAnswer<T>) -> Error {
    match answer {
        StoreAnswer::Unreachable(error) => {
            assert_eq!(error.code(), Code::StoreUnreachable);
            error
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn unknown<T: std::fmt::Debug>(answer: StoreAnswer<T>) -> Error {
    match answer {
        StoreAnswer::Unknown(error) => error,
        other => panic!("{other:?}"),
    }
}
