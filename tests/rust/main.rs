//! The one binary of integration tests; each file beside it is a theme.
#![allow(missing_docs)]
#![allow(clippy::print_stderr, reason = "the long tests say how far they are")]

mod answers;
mod batch;
mod cancel;
mod check;
mod crash_matrix;
mod documents;
mod drift;
mod examples;
mod first_contact;
mod fleet;
mod foreign_hands;
mod forget;
mod half_made;
mod held;
mod import;
mod invariants;
mod kills;
mod layering;
mod lossless;
mod packaging;
mod parity;
mod pending;
mod plans;
mod power;
mod registry;
mod resources;
mod round_trip;
mod scene;
mod seam;
mod sequences;
mod setup;
mod sim_machine;
mod sim_random;
mod whole;
mod whose_data;
