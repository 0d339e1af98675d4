//! A token with which another thread cancels an operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Cancels an operation. Clones share the token; it may be used from any thread and from signal handlers.
///
/// The first request rolls the operation back. A second one during the rollback leaves a recoverable entry at once.
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
    /// Returns a new token.
    pub fn new() -> Self {
        Cancel::default()
    }

    /// Requests cancellation; a second request stops the rollback.
    pub fn cancel(&self) {
        // Saturates: a key held down must not wrap around to zero.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_add(1));
    }

    /// Returns true if cancellation was requested.
    pub fn is_cancelled(&self) -> bool {
        self.requests() > 0
    }

    /// Returns the number of requests.
    pub fn requests(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}
