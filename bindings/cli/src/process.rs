//! Clean-up of what this process inherits from its parent. The only file of the CLI with unsafe code: the standard library has
//! no safe way to query a signal handler or to mark a descriptor that the process did not open.

use std::fs;
use std::mem::MaybeUninit;

/// Resets SIGCHLD, because ignoring it would hide the exit status of commands, and keeps host commands from inheriting stray
/// descriptors.
pub fn clean() {
    // SAFETY: the default action is a valid handler, and no other thread is running yet.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    for descriptor in descriptors() {
        // SAFETY: only a flag of the descriptor changes; if it has been closed since, the call fails and changes nothing.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Returns all open descriptors except standard input, output and error.
fn descriptors() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter(|descriptor| *descriptor > 2).collect()
}

/// Returns true if this signal was ignored at start-up, as under `nohup` or in a background job. It must stay ignored.
pub fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action the call only fills in `action`, which is large enough; zeroes are a valid value of it.
    let action = unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}
