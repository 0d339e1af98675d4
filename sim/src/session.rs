//! Context that every command gets: its machine, its arguments, its streams, its fault.

use std::time::{Duration, Instant};
use std::{fmt, io};

use super::fault::Fault;
use super::{Call, Machine, Output, Status};

/// Result of a command. An `io::Error` is the machine's own trouble (the disk is full, a file is unreadable).
pub(crate) type Answer = io::Result<Status>;

pub(crate) const OK: Status = Status::Exited(0);

pub(crate) const FAILED: Status = Status::Exited(1);

pub(crate) const USAGE: Status = Status::Exited(2);

/// One command at work.
pub(crate) struct Session<'s, 'a> {
    pub(crate) machine: &'s Machine,
    pub(crate) call: &'s mut Call<'a>,
    pub(crate) out: &'s mut dyn Output,
    /// The program as it was invoked, which some messages begin with.
    pub(crate) program: String,
    /// The arguments after the program.
    pub(crate) args: Vec<String>,
    pub(crate) fault: Option<Fault>,
}

/// Why a command did not get past its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halt {
    /// A fault ends it with this status.
    Fault(i32),
    /// An interrupt reached it.
    Interrupted,
}

impl Session<'_, '_> {
    /// Writes to standard output.
    pub(crate) fn say(&mut self, text: fmt::Arguments<'_>) {
        self.out.stdout(text.to_string().as_bytes());
    }

    /// Writes to standard error.
    pub(crate) fn complain(&mut self, text: fmt::Arguments<'_>) {
        self.out.stderr(text.to_string().as_bytes());
    }

    /// The fault that has not acted yet, for a hook to act it out.
    pub(crate) fn take_fault(&mut self) -> Fault {
        self.fault.take().unwrap_or_default()
    }

    /// As a hook, the fault of the command that runs it.
    pub(crate) fn set_fault(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    /// The middle of the command: its first change of state is made, the rest of its work is not. Here a fault acts, once.
    pub(crate) fn middle(&mut self) -> Result<(), Halt> {
        let Some(fault) = self.fault.take() else { return Ok(()) };
        if let Some(text) = &fault.stdout {
            self.out.stdout(line(text).as_bytes());
        }
        if let Some(text) = &fault.stderr {
            self.out.stderr(line(text).as_bytes());
        }
        if let Some(delay) = fault.delay {
            self.wait(delay)?;
        }
        fault.exit.map_or(Ok(()), |code| Err(Halt::Fault(code)))
    }

    /// Lets time pass, unless an interrupt comes.
    pub(crate) fn wait(&self, delay: Duration) -> Result<(), Halt> {
        let began = Instant::now();
        loop {
            if (self.call.interrupted)() {
                return Err(Halt::Interrupted);
            }
            match delay.checked_sub(began.elapsed()) {
                Some(left) if !left.is_zero() => std::thread::sleep(left.min(Duration::from_millis(10))),
                _ => return Ok(()),
            }
        }
    }
}

impl Halt {
    /// The end of a command that has nothing to tidy.
    pub(crate) fn status(self) -> Status {
        match self {
            Halt::Fault(code) => Status::Exited(code),
            Halt::Interrupted => Status::Signalled(2),
        }
    }
}

fn line(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
