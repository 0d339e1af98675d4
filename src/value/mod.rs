//! Values: checked once, trusted afterwards.

pub mod address;
pub mod cancel;
pub mod entry_id;
pub mod link_name;
pub mod name;
pub mod size;
pub mod source;
mod words;

pub use cancel::Cancel;
pub use entry_id::EntryId;
pub use size::{CappedCpu, Size};
pub(crate) use words::words;
