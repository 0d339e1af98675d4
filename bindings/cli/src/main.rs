//! The command line of zmgr: one consumer of its public API.

fn main() {}
