//! A token by which another thread asks an operation to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Asks an operation to stop. Clones are the same token; it may be used from any thread and from signal handlers.
///
/// The first request rolls the operation back. A second one, while it rolls back, leaves a recoverable entry at once.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let cancel = Cancel::new();
/// cancel.cancel();
/// let stopped = manager.create("web01", &CreateOptions::new(), &mut RunOptions::new().cancel(&cancel));
/// assert_eq!(stopped.unwrap_err().code(), Code::Cancelled);
/// assert!(cancel.is_cancelled() && manager.zones(&Query::new())?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicU32>);

impl Cancel {
    /// A token nobody has used.
    pub fn new() -> Self {
        Cancel::default()
    }

    /// Asks to stop; once more, to stop rolling back.
    pub fn cancel(&self) {
        // Saturates: a key held down must not wrap round to "nobody asked".
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_add(1));
    }

    /// Whether somebody has asked.
    pub fn is_cancelled(&self) -> bool {
        self.requests() > 0
    }

    /// How often somebody has asked.
    pub fn requests(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}
