//! Reads, guards and edits KDL text; the only place that uses the `kdl` crate.
//!
//! Invariant: the scanner reads everything that it understands. The crate's parser gets only text that [`scan`] found within the
//! limits, and only on a thread with its own stack, since it recurses without a limit and an overflow would kill the calling
//! program.

mod align;
mod chars;
mod fault;
mod file;
mod layout;
mod node;
mod patch;
mod read;
mod scan;
mod write;

pub(crate) use fault::{Fault, Lines, MAX_FAULTS, Text, credentials, error_of};
pub(crate) use file::{Trust, check_above, check_directory, check_owner, read as read_file, read_regular};
pub(crate) use node::{Entry, Node, Span, Value, all_same};
pub(crate) use patch::{Change, patch};
pub(crate) use read::{Parsed, parse, parse_many, with_parser};
pub(crate) use write::print;

/// Size of the largest file that is read: 1 MiB.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Deepest nesting of blocks; zmgr's own files need four.
pub(crate) const MAX_DEPTH: usize = 16;

#[cfg(test)]
mod tests;
