//! The only place that knows the parser: guarded reading of files, trees of nodes with their places, edits of text.
//!
//! Invariant: the parser sees nothing but what [`scan`] found well formed, within the limits, and only on a thread with a stack
//! of our own; what is plain it does not see at all ([`plain`]). It recurses without a limit of its own, also over `}` and `/-`, and an overflow would end the host program.

mod fault;
mod file;
mod node;
mod patch;
mod plain;
mod read;
mod scan;
mod write;

pub(crate) use fault::{Fault, Text, credentials, error_of, snippet};
pub(crate) use file::{Trust, check_above, check_folder, check_owner, read as read_file, read_regular};
pub(crate) use node::{Entry, Node, Span, Value};
pub(crate) use patch::patch;
pub(crate) use read::{Parsed, parse, parse_many};
pub(crate) use write::print;

/// The largest file that is read: 1 MiB.
pub(crate) const MOST_BYTES: usize = 1 << 20;

/// The deepest nesting of blocks; zmgr's own documents need four.
pub(crate) const MOST_DEPTH: usize = 16;

#[cfg(test)]
mod tests;
