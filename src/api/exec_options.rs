//! Options of a command inside a zone.

use std::time::Duration;

use super::setters::{cancellation, setters};
use crate::value::Cancel;

/// Output stream of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Options for a command inside a zone.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// use std::time::Duration;
/// let cancel = Cancel::new();
/// let mut print = |_: ExecStream, bytes: &[u8]| {
///     print!("{}", String::from_utf8_lossy(bytes));
///     true
/// };
/// let mut alive = || true;
/// let mut options = ExecOptions::new()
///     .output(&mut print)
///     .pulse(&mut alive)
///     .cancel(&cancel)
///     .timeout(Duration::from_secs(10))
///     .stdin(false);
/// manager.exec("web01", &["hostname".to_owned()], &mut options)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
#[non_exhaustive]
pub struct ExecOptions<'a> {
    /// Called with the output as it arrives, on the calling thread; `false` cancels.
    #[allow(clippy::type_complexity)]
    pub output: Option<&'a mut dyn FnMut(ExecStream, &[u8]) -> bool>,
    /// Called every 50 ms on the calling thread; `false` cancels.
    pub pulse: Option<&'a mut dyn FnMut() -> bool>,
    /// A token to cancel from another thread; the second request kills the command.
    pub cancel: Option<&'a Cancel>,
    /// Time limit; default: none.
    pub timeout: Option<Duration>,
    /// True to read the caller's standard input; default: no input.
    pub stdin: bool,
}

impl<'a> ExecOptions<'a> {
    /// Returns the defaults: no callbacks, no input, no time limit.
    pub fn new() -> Self {
        ExecOptions::default()
    }

    cancellation!('a);

    setters! {
        /// Sets the output callback.
        output: &'a mut dyn FnMut(ExecStream, &[u8]) -> bool, in Some;
        /// Sets the time limit.
        timeout: Duration, in Some;
        /// Reads the caller's standard input.
        stdin: bool;
    }
}
