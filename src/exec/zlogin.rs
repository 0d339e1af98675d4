//! `zlogin`: runs commands and logins inside a zone.
//!
//! zlogin exits with 0 even if the command was killed with its zone, and with 1 for its own failures too. So the command's own
//! shell writes a mark with its status as the last part of standard output: without the mark the exit status is unknown.

use std::ffi::OsString;
use std::time::Duration;

use super::{Invocation, Output, Stdin, quote};
use crate::value::name::ZoneName;

/// Largest number of digits of an exit status, and the newline.
const STATUS: usize = 4;
/// Shell builtins that could end the shell before it writes the mark.
const SPECIAL: [&str; 10] = [".", "break", "continue", "eval", "exec", "exit", "return", "set", "shift", "trap"];

/// A mark that precedes a command's status.
#[derive(Debug, Clone)]
pub struct Mark(String);

impl Mark {
    /// Returns a mark with a word that cannot be guessed, such as random hexadecimal digits.
    pub fn new(secret: &str) -> Mark {
        Mark(format!("zmgr-exec-{secret}:"))
    }
}

/// Runs a command inside a running zone, as the zone's root. Each word reaches it unchanged; both streams are passed on as they
/// arrive, standard output with the mark at its end: see [`StatusFilter`].
pub fn command(zone: &ZoneName, words: &[String], mark: &Mark, stdin: Stdin, limit: Option<Duration>) -> Invocation {
    let takes_over = words.first().is_some_and(|word| SPECIAL.contains(&word.as_str()));
    let words: Vec<String> = words.iter().map(|word| quote::posix(word)).collect();
    let mut line = words.join(" ");
    if takes_over {
        line = format!("/bin/sh -c {}", quote::posix(&line));
    }
    let script = format!("{line}; echo {}$?", mark.0);
    // zlogin joins its arguments with blanks, and the login shell of the zone's root reads them.
    Invocation::new("zlogin")
        .args([zone.as_str(), "/bin/sh", "-c", &quote::posix(&script)])
        .with_private_arguments(1)
        .with_stdin(stdin)
        .with_output(Output::Stream)
        .with_limit(limit)
}

/// Logs in on the caller's terminal of this type, as this user or root.
pub fn login(zone: &ZoneName, user: Option<&str>, term: Option<OsString>) -> Invocation {
    let invocation = Invocation::new("zlogin");
    let invocation = match user {
        Some(user) => invocation.args(["-l", user]),
        None => invocation,
    };
    invocation.arg(zone.as_str()).with_stdin(Stdin::Inherit).with_output(Output::Terminal(term)).with_limit(None)
}

/// Removes the mark from a command's standard output.
#[derive(Debug)]
pub struct StatusFilter {
    mark: Mark,
    held: Vec<u8>,
}

impl StatusFilter {
    /// Returns a filter for this mark.
    pub fn new(mark: Mark) -> Self {
        StatusFilter { mark, held: Vec::new() }
    }

    /// Takes bytes and returns those that are not part of the mark, or of a beginning of it.
    pub fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let longest = self.mark.0.len() + STATUS;
        let first = self.held.len().saturating_sub(longest);
        let end = (first..self.held.len()).find(|at| self.may_be_mark(&self.held[*at..])).unwrap_or(self.held.len());
        self.held.drain(..end).collect()
    }

    fn may_be_mark(&self, bytes: &[u8]) -> bool {
        let mark = self.mark.0.as_bytes();
        let shared = bytes.len().min(mark.len());
        bytes[..shared] == mark[..shared] && bytes[shared..].iter().all(|b| b.is_ascii_digit() || *b == b'\n')
    }

    /// Returns the rest of the output, and the command's exit status; `None` if the command did not end by itself.
    pub fn finish(self) -> (Vec<u8>, Option<i32>) {
        let mark = self.mark.0.as_bytes();
        let at = self.held.windows(mark.len()).rposition(|window| window == mark);
        let found = at.and_then(|at| {
            let status = std::str::from_utf8(&self.held[at + mark.len()..]).ok()?.strip_suffix('\n')?;
            Some((at, status.parse::<u8>().ok()?))
        });
        match found {
            Some((at, status)) => (self.held[..at].to_vec(), Some(i32::from(status))),
            None => (self.held, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn through(text: &[u8], chunk: usize) -> (Vec<u8>, Option<i32>) {
        let mut filter = StatusFilter::new(Mark::new("0123"));
        let mut passed: Vec<u8> = text.chunks(chunk).flat_map(|bytes| filter.pass(bytes)).collect();
        let (rest, status) = filter.finish();
        passed.extend(rest);
        (passed, status)
    }

    #[test]
    fn builds() {
        let zone = ZoneName::new("web01").unwrap();
        let words = ["echo".to_owned(), "it's".to_owned()];
        let invocation = command(&zone, &words, &Mark::new("ab"), Stdin::Null, None);
        let argv = invocation.argv();
        assert_eq!(argv[..4], ["zlogin", "web01", "/bin/sh", "-c"]);
        // Two shells read this, one after the other: the one that zlogin starts and the /bin/sh of the command.
        let line = argv[2..].join(" ");
        let output = std::process::Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        assert_eq!(output.stdout, b"it's\nzmgr-exec-ab:0\n");
        let words = ["exit".to_owned(), "3".to_owned()];
        let line = command(&zone, &words, &Mark::new("ab"), Stdin::Null, None).argv()[2..].join(" ");
        let output = std::process::Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        assert_eq!(output.stdout, b"zmgr-exec-ab:3\n");
    }

    #[test]
    fn takes_the_mark_out() {
        assert_eq!(through(b"no newlinezmgr-exec-0123:7\n", 3), (b"no newline".to_vec(), Some(7)));
        assert_eq!(through(b"zmgr-exec-0123:255\n", 100), (Vec::new(), Some(255)));
        assert_eq!(through(b"killed\n", 2), (b"killed\n".to_vec(), None));
        assert_eq!(through(b"zmgr-exec-0123:1", 2), (b"zmgr-exec-0123:1".to_vec(), None));
    }

    #[test]
    fn holds_nothing_back_but_the_beginning_of_the_mark() {
        let mut filter = StatusFilter::new(Mark::new("0123"));
        assert_eq!(filter.pass(b"login: "), b"login: ");
        assert_eq!(filter.pass(b"zm"), b"");
        assert_eq!(filter.pass(b"gr is"), b"zmgr is");
        assert_eq!(filter.pass(b"\nzmgr-exec-0123:0\n"), b"\n");
        assert_eq!(filter.finish(), (Vec::new(), Some(0)));
    }

    proptest! {
        #[test]
        fn loses_nothing(text in prop::collection::vec(any::<u8>(), 0..200), chunk in 1usize..50, status in 0u8..) {
            let mut marked = text.clone();
            marked.extend(format!("zmgr-exec-0123:{status}\n").bytes());
            prop_assert_eq!(through(&marked, chunk), (text.clone(), Some(i32::from(status))));
            prop_assert_eq!(through(&text, chunk), (text, None));
        }
    }
}
