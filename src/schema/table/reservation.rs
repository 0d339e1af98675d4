//! Reservations of addresses.

use super::{At, BASE, args, must};
use crate::schema::types::Type;
use crate::schema::{NodeRule, Times};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "reservation",
        at: &[At::ReservationFile],
        args: args!("NAME": Type::ReservationName),
        body: Some(At::Reservation),
        required: true,
        help: "Addresses held for an owner that is not a zone. The name must match the file name.",
        example: r#"reservation "printer" { address "10.1.0.30" pool="internal" }"#,
        ..BASE
    },
    NodeRule {
        name: "address",
        at: &[At::Reservation],
        args: args!("ADDRESS": Type::Address),
        props: &[must("pool", Type::PoolName, "the pool of the address")],
        times: Times::Keyed,
        help: "An address that is held, and its pool.",
        example: r#"address "10.1.0.30" pool="internal""#,
        ..BASE
    },
];
