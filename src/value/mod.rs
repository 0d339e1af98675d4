//! Values: checked once, trusted afterwards.

pub(crate) mod address;
pub(crate) mod cancel;
pub(crate) mod entry_id;
pub(crate) mod link_name;
pub(crate) mod name;
mod secret;
pub(crate) mod size;
pub(crate) mod source;
mod words;

pub use cancel::Cancel;
pub use entry_id::EntryId;
pub(crate) use secret::Secret;
pub use size::{CappedCpu, Size};
pub(crate) use words::{word_enum, words};
