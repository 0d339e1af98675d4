//! The start of this command line. Set once, by the program, because the arguments of the process are not those of the command if
//! Python runs it.

use std::ffi::OsString;
use std::sync::OnceLock;

struct Invocation {
    words: Vec<OsString>,
    program: Vec<OsString>,
}

static INVOCATION: OnceLock<Invocation> = OnceLock::new();

/// Records the command line; a second call changes nothing.
pub fn set(words: Vec<OsString>, program: Vec<OsString>) {
    let _ = INVOCATION.set(Invocation { words, program });
}

/// Returns the name of the program and its arguments.
pub fn words() -> &'static [OsString] {
    INVOCATION.get().map(|invocation| invocation.words.as_slice()).unwrap_or_default()
}

/// Returns a command that runs this program, to which arguments can be added.
pub fn program() -> &'static [OsString] {
    INVOCATION.get().map(|invocation| invocation.program.as_slice()).unwrap_or_default()
}
