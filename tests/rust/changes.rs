//! Waits for changes of files, so that tests need no pauses.

use std::path::Path;
use std::time::{Duration, Instant};

/// Only a test that fails waits this long.
const LIMIT: Duration = Duration::from_secs(300);

/// Evaluates a condition whenever something changes below a directory, until it holds; fails if it does not within minutes.
pub(crate) fn until(directory: &Path, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    let changes = Changes::new();
    loop {
        // Every change from here on is an event, even if `holds` sees it already.
        changes.watch(directory);
        if holds() {
            return;
        }
        assert!(Instant::now() < end && changes.wait(end), "waited in vain until {what}");
    }
}

#[cfg(target_os = "linux")]
struct Changes(rustix::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Changes {
    fn new() -> Changes {
        use rustix::fs::inotify::{CreateFlags, init};
        Changes(init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap())
    }

    /// Watches a directory and those below it, except for locks, which a condition takes too.
    fn watch(&self, directory: &Path) {
        use rustix::fs::inotify::{WatchFlags, add_watch};
        let events = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE | WatchFlags::MODIFY;
        // It may be gone again.
        let _ = add_watch(&self.0, directory, events | WatchFlags::ONLYDIR);
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != "locks" {
                self.watch(&entry.path());
            }
        }
    }

    /// Waits for the next change; returns false if there is none until the end.
    fn wait(&self, end: Instant) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).unwrap();
        let ready = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&left)).unwrap();
        while rustix::io::read(&self.0, &mut [0; 4096]).is_ok_and(|bytes| bytes > 0) {}
        ready > 0
    }
}

/// Other systems report changes in other ways.
#[cfg(not(target_os = "linux"))]
struct Changes;

#[cfg(not(target_os = "linux"))]
impl Changes {
    fn new() -> Changes {
        Changes
    }

    fn watch(&self, _: &Path) {}

    fn wait(&self, _: Instant) -> bool {
        std::thread::park_timeout(Duration::from_millis(5));
        true
    }
}
