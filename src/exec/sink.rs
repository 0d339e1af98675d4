//! Collects the output of a command for every runner: keeps, cuts and passes it on, and tracks the last line.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use super::completed::{Captured, Completed, End, Stopped, clean_line};
use super::{Invocation, Output, Tick};
use crate::documents::environment::Environment;
use crate::error::Result;
use crate::file::{self, Links};

/// Limit per stream. The longest known output is `zoneadm list -cp` of 8,191 zones, about 1.5 MiB.
const MAX_BYTES: usize = 32 << 20;
/// Longest last line that is shown.
const MAX_LINE: usize = 400;

/// Output stream of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// The log of a command that writes to a file, and the position up to which it has been read.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    read: u64,
}

/// Collects the output of one command.
#[derive(Debug)]
pub(super) struct Sink {
    keep: usize,
    streams: bool,
    stdout: Captured,
    stderr: Captured,
    fresh_stdout: Vec<u8>,
    fresh_stderr: Vec<u8>,
    line: Vec<u8>,
    last_line: String,
    log: Option<Log>,
    environment: Environment,
}

impl Sink {
    /// Returns a sink for this command; opens its log.
    pub(super) fn new(invocation: &Invocation) -> Result<Sink> {
        let log = match invocation.output() {
            Output::Log(path) => Some(open_log(path)?),
            _ => None,
        };
        let streams = matches!(invocation.output(), Output::Stream | Output::Terminal(_));
        Ok(Sink {
            keep: if streams || log.is_some() { 0 } else { MAX_BYTES },
            streams,
            stdout: Captured::default(),
            stderr: Captured::default(),
            fresh_stdout: Vec::new(),
            fresh_stderr: Vec::new(),
            line: Vec::new(),
            last_line: String::new(),
            log,
            environment: invocation.environment().clone(),
        })
    }

    /// Returns the log file, for the command.
    pub(super) fn log_file(&self) -> Option<&File> {
        self.log.as_ref().map(|log| &log.file)
    }

    /// Takes output of the command.
    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout.push(bytes, self.keep),
            Stream::Stderr => self.stderr.push(bytes, self.keep),
        }
        if self.streams {
            match stream {
                Stream::Stdout => self.fresh_stdout.extend_from_slice(bytes),
                Stream::Stderr => self.fresh_stderr.extend_from_slice(bytes),
            }
        }
        // Only the end of the bytes can contain the last line.
        let from = bytes.len().saturating_sub(4 * MAX_LINE);
        if from > 0 {
            self.line.clear();
        }
        for byte in &bytes[from..] {
            if *byte == b'\n' {
                self.end_line();
            } else if self.line.len() < MAX_LINE || *byte == b'\r' {
                if *byte == b'\r' && self.line.len() >= MAX_LINE {
                    self.line.clear();
                }
                self.line.push(*byte);
            }
        }
    }

    fn end_line(&mut self) {
        if let Some(line) = clean_line(&String::from_utf8_lossy(&self.line)) {
            self.last_line = line;
        }
        self.line.clear();
    }

    /// Reads what was added to the log.
    pub(super) fn follow_log(&mut self) {
        let Some(mut log) = self.log.take() else { return };
        let mut buffer = [0; 8192];
        // An unreadable log costs the progress, not the run.
        while let Ok(count @ 1..) = log.file.read_at(&mut buffer, log.read) {
            log.read += count as u64;
            self.push(Stream::Stdout, &buffer[..count]);
        }
        self.log = Some(log);
    }

    /// Returns true if there is output to pass on.
    pub(super) fn is_fresh(&self) -> bool {
        !self.fresh_stdout.is_empty() || !self.fresh_stderr.is_empty()
    }

    /// Calls back with the progress and the new output.
    pub(super) fn tick<T>(&mut self, elapsed: Duration, tell: impl FnOnce(&Tick<'_>) -> T) -> T {
        let line = clean_line(&String::from_utf8_lossy(&self.line));
        let line = line.as_deref().unwrap_or(&self.last_line);
        let masked = (!self.environment.is_empty()).then(|| self.environment.mask(line));
        let answer = tell(&Tick {
            elapsed,
            last_line: masked.as_deref().unwrap_or(line),
            stdout: &self.fresh_stdout,
            stderr: &self.fresh_stderr,
        });
        self.fresh_stdout.clear();
        self.fresh_stderr.clear();
        answer
    }

    /// Returns the result of the run.
    pub(super) fn complete(
        mut self,
        argv: Vec<String>,
        end: End,
        stopped: Option<Stopped>,
        elapsed: Duration,
    ) -> Completed {
        if !self.environment.is_empty() {
            self.stdout.mask(&self.environment);
            self.stderr.mask(&self.environment);
            self.log.iter().for_each(|log| mask_log(&log.file, &self.environment));
        }
        Completed {
            argv,
            end,
            stopped,
            stdout: self.stdout,
            stderr: self.stderr,
            log: self.log.map(|log| log.path),
            elapsed,
        }
    }
}

/// The largest log that is searched for secrets.
const MASKED: u64 = 64 << 20;

/// Hides secrets that a command has written to its log. A log that cannot be read or written stays as it is, with mode 0600.
fn mask_log(file: &File, environment: &Environment) {
    let length = file.metadata().map_or(u64::MAX, |meta| meta.len());
    let Some(mut bytes) = usize::try_from(length).ok().filter(|_| length <= MASKED).map(|length| vec![0; length])
    else {
        return;
    };
    if file.read_exact_at(&mut bytes, 0).is_err() {
        return;
    }
    let text = String::from_utf8_lossy(&bytes);
    let masked = environment.mask(&text);
    // Opened for appending, so that what is written goes to the end wherever that is.
    if masked != text && file.set_len(0).is_ok() {
        let _ = (&*file).write_all(masked.as_bytes());
    }
}

fn open_log(path: &Path) -> Result<Log> {
    let access = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
    let (file, meta) = file::open_with(path, Links::Refuse, access, Mode::from(0o600))
        .map_err(|why| why.error("open the log", path))?;
    Ok(Log { path: path.to_owned(), file, read: meta.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_last_line() {
        let mut sink = Sink::new(&Invocation::new("pkg")).unwrap();
        let line = |sink: &mut Sink| sink.tick(Duration::ZERO, |tick| tick.last_line.to_owned());
        sink.push(Stream::Stdout, b"one\ntwo\n\n");
        assert_eq!(line(&mut sink), "two");
        sink.push(Stream::Stderr, b"thr");
        assert_eq!(line(&mut sink), "thr");
        sink.push(Stream::Stdout, b"ee\r 4 %");
        assert_eq!(line(&mut sink), " 4 %");
        sink.push(Stream::Stdout, "x".repeat(100_000).as_bytes());
        assert_eq!(line(&mut sink), "x".repeat(MAX_LINE));
        sink.push(Stream::Stdout, b"\nlast\n");
        assert_eq!(line(&mut sink), "last");
    }
}
