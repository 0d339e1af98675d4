//! What this process has inherited from the one that started it. The only file of the program with unsafe code: the standard
//! library has no safe way to ask for the handler of a signal, or to mark a descriptor that nothing here has opened.

use std::fs;
use std::mem::MaybeUninit;

/// Undoes what a careless parent has left: a SIGCHLD that is ignored, which would hide how commands end, and open descriptors, which
/// commands of the host would inherit and keep.
pub fn clean() {
    // SAFETY: the default action is a valid handler, and no other thread is running yet.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    for descriptor in descriptors() {
        // SAFETY: only a flag of the descriptor changes; if it has been closed since, the call fails and changes nothing.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Returns the inherited descriptors that no command is meant to have.
fn descriptors() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter(|descriptor| *descriptor > 2).collect()
}

/// Whether this signal was ignored when the program started, as under `nohup` or in a background job of a script. It must stay so.
pub fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action the call only fills in `action`, which is large enough; zeroes are a valid value of it.
    let action = unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}
