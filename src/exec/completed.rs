//! The end of a command: its status and output, and the error for it.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::invocation::command_line;
use crate::documents::environment::Environment;
use crate::error::{Code, Error, FailedCommand, Result};

/// Number of a stream's last lines that an error shows.
const SHOWN_LINES: usize = 8;
/// Number of a stream's last bytes that are kept for errors.
const SHOWN_BYTES: usize = 4096;

/// End of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It exited with this status.
    Exited(i32),
    /// This signal ended it.
    Signalled(i32),
}

/// The exit status, or the signal.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Exited(status) => status.fmt(f),
            End::Signalled(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// Why a command was stopped before it ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The caller cancelled it.
    Cancelled,
    /// It exceeded this time limit.
    TimedOut(Duration),
}

/// Output of a command on one stream.
#[derive(Debug, Clone, Default)]
pub struct Captured {
    head: Vec<u8>,
    tail: Vec<u8>,
    total: u64,
}

impl Captured {
    /// Takes bytes; keeps the first `keep` of them, and of the rest only the last ones.
    pub(super) fn push(&mut self, bytes: &[u8], keep: usize) {
        self.total += bytes.len() as u64;
        let room = keep.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        let rest = &bytes[room..];
        self.tail.extend_from_slice(&rest[rest.len().saturating_sub(SHOWN_BYTES)..]);
        // Cut rarely, so that a flood costs an occasional copy and not one per write.
        if self.tail.len() > 4 * SHOWN_BYTES {
            self.tail.drain(..self.tail.len() - SHOWN_BYTES);
        }
    }

    /// Hides secrets in what was kept.
    pub(super) fn mask(&mut self, environment: &Environment) {
        for part in [&mut self.head, &mut self.tail] {
            let text = String::from_utf8_lossy(part);
            let masked = environment.mask(&text);
            if masked != text {
                *part = masked.into_bytes();
            }
        }
    }

    /// Returns true if more was written than was kept.
    pub fn is_cut(&self) -> bool {
        self.total > self.head.len() as u64
    }

    /// Returns the beginning that was kept.
    pub fn bytes(&self) -> &[u8] {
        &self.head
    }

    /// Returns the last lines, without blank ones and control characters.
    pub fn last_lines(&self) -> String {
        let from = if self.tail.len() >= SHOWN_BYTES { 0 } else { self.head.len().saturating_sub(SHOWN_BYTES) };
        let head = if self.tail.len() >= SHOWN_BYTES { &[] } else { &self.head[from..] };
        let text = [head, &self.tail].concat();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<String> = text.split('\n').filter_map(clean_line).collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }
}

/// Returns a line as a terminal would show it: text overwritten after a carriage return is dropped, as are control characters;
/// `None` if nothing is left.
pub(super) fn clean_line(line: &str) -> Option<String> {
    let line = line.trim_end().rsplit('\r').next().unwrap_or_default();
    let clean: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim_end();
    (!clean.trim().is_empty()).then(|| clean.to_owned())
}

/// A command that ended, successfully or not.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its end.
    pub end: End,
    /// Reason why it was stopped, if it was; `end` is then its reaction.
    pub stopped: Option<Stopped>,
    /// Standard output; if it wrote to a log, the end of both streams.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// The log that holds its output.
    pub log: Option<PathBuf>,
    /// Duration of the run.
    pub elapsed: Duration,
}

impl Completed {
    /// Returns true if it ran to its end and exited with 0.
    pub fn success(&self) -> bool {
        self.stopped.is_none() && self.end == End::Exited(0)
    }

    /// Returns itself if it succeeded; otherwise `cancelled`, `timed-out` or `command-failed` with the last lines of both streams.
    pub fn check(self) -> Result<Completed> {
        if self.success() { Ok(self) } else { Err(self.error()) }
    }

    /// Returns itself if it was not stopped, whatever its status: a stopped command has answered nothing.
    pub fn answered(self) -> Result<Completed> {
        if self.stopped.is_none() { Ok(self) } else { Err(self.error()) }
    }

    /// Returns standard output for a parser. Fails if the output was cut: half an answer is none.
    pub fn text(&self) -> Result<Cow<'_, str>> {
        if self.stdout.is_cut() {
            let message = format!("the output of {} is too long: {} bytes", self.command(), self.stdout.total);
            return Err(Error::new(Code::CommandFailed, message).with_command(self.failed()));
        }
        Ok(String::from_utf8_lossy(self.stdout.bytes()))
    }

    /// Returns the error for this end, even if it exited with 0 but did not do what it should.
    pub fn error(&self) -> Error {
        let (code, how) = match (self.stopped, self.end) {
            (Some(Stopped::Cancelled), _) => (Code::Cancelled, "was cancelled".to_owned()),
            (Some(Stopped::TimedOut(limit)), _) => {
                (Code::TimedOut, format!("took longer than {} and was stopped", in_words(limit)))
            }
            (None, End::Exited(0)) => (Code::CommandFailed, "reported success but had no effect".to_owned()),
            (None, End::Exited(status)) => (Code::CommandFailed, format!("failed with exit status {status}")),
            (None, End::Signalled(signal)) => (Code::CommandFailed, format!("was ended by signal {signal}")),
        };
        let failed = self.failed();
        let mut message = format!("{} {how}", self.command());
        // Most programs end with the reason. The other lines are in the command.
        let last = |lines: &str| lines.lines().next_back().map(|line| line.trim().to_owned());
        if let Some(reason) = last(&failed.stderr).or_else(|| last(&failed.stdout)) {
            message.push_str(": ");
            message.push_str(&reason);
        }
        let mut error = Error::new(code, message);
        if let Some(log) = &self.log {
            error = error.with_help(format!("see its full output in {}", log.display()));
        }
        error.with_command(failed)
    }

    /// Returns the command for an error.
    pub fn failed(&self) -> FailedCommand {
        let (status, signal) = match self.end {
            End::Exited(status) => (Some(status), None),
            End::Signalled(signal) => (None, Some(signal)),
        };
        let mut failed =
            FailedCommand::new(self.argv.clone(), status, signal, self.stdout.last_lines(), self.stderr.last_lines());
        failed.log.clone_from(&self.log);
        failed
    }

    fn command(&self) -> String {
        let mut argv = self.argv.clone();
        if let Some(program) = argv.first_mut()
            && let Some(name) = program.rsplit('/').next()
        {
            *program = name.to_owned();
        }
        command_line(&argv)
    }
}

/// Formats a time for an error.
pub(crate) fn in_words(limit: Duration) -> String {
    match limit.as_secs() {
        0 => format!("{} ms", limit.as_millis()),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_head_and_the_last_lines() {
        let mut captured = Captured::default();
        for number in 0..10_000 {
            captured.push(format!("line {number}\n").as_bytes(), 20);
        }
        assert!(captured.is_cut());
        assert_eq!(captured.bytes(), b"line 0\nline 1\nline 2");
        assert!(captured.last_lines().ends_with("line 9998\nline 9999"));
        assert_eq!(captured.last_lines().lines().count(), SHOWN_LINES);

        let mut whole = Captured::default();
        whole.push(b"one\n\n\x1b[1mtwo\nold\rnew\n", 100);
        assert!(!whole.is_cut());
        assert_eq!(whole.last_lines(), "one\n [1mtwo\nnew");
    }

    #[test]
    fn a_message_has_no_line_breaks() {
        let mut completed = Completed {
            argv: vec!["/usr/sbin/zoneadm".into(), "-z".into(), "web01".into(), "install".into()],
            end: End::Exited(1),
            stopped: None,
            stdout: Captured::default(),
            stderr: Captured::default(),
            log: None,
            elapsed: Duration::ZERO,
        };
        completed.stdout.push(b"ERROR: failed to install package\n", 100);
        completed.stderr.push(b"zoneadm: no\n", 100);
        let error = completed.clone().check().unwrap_err();
        assert_eq!(error.code(), Code::CommandFailed);
        assert_eq!(error.message(), "zoneadm -z web01 install failed with exit status 1: zoneadm: no");
        assert_eq!(error.command().unwrap().status, Some(1));
        assert_eq!(error.command().unwrap().stdout, "ERROR: failed to install package");
        completed.stderr = Captured::default();
        assert!(completed.error().message().ends_with("exit status 1: ERROR: failed to install package"));
        completed.stopped = Some(Stopped::TimedOut(Duration::from_secs(60)));
        assert_eq!(completed.check().unwrap_err().code(), Code::TimedOut);
    }
}
