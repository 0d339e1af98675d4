//! The one binary of integration tests; each file beside it is a theme.
#![allow(missing_docs)]
#![allow(clippy::print_stderr, reason = "the long tests say how far they are")]

mod answers;
mod batch;
mod boots;
mod brand_lives;
mod cancel;
mod check;
mod concurrent_edits;
mod crash_matrix;
mod data_ownership;
mod doctor;
mod documents;
mod drift;
mod examples;
mod first_contact;
mod fixture;
mod fleet;
mod forget;
mod held;
mod import;
mod invariants;
mod kills;
mod layering;
mod layers;
mod lossless;
mod order;
mod packages;
mod packaging;
mod parity;
mod partial_state;
mod pending;
mod plans;
mod power;
mod purge;
mod refusals;
mod registry;
mod resources;
mod round_trip;
mod runner;
mod sequences;
mod setup;
mod sim_machine;
mod sim_random;
mod snapshot;
mod words;
