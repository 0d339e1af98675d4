//! Runs commands on a simulated machine, in this process. Only this file and the public `SimHost` know of it.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use super::completed::{Completed, End, Stopped};
use super::invocation::ENVIRONMENT;
use super::runner::TICK;
use super::sink::{Sink, Stream};
use super::{Control, Invocation, Runner, Stdin, Tick};
use crate::error::{Code, Error, Result};
use zmgr_sim::{Call, Caller, Machine, Output, Status};

/// Runs commands on a simulated machine.
#[derive(Debug, Clone)]
pub struct SimRunner {
    machine: Machine,
}

impl SimRunner {
    /// Returns a runner for this machine.
    pub fn new(machine: Machine) -> Self {
        SimRunner { machine }
    }

    /// Returns the root directory of the machine.
    pub fn root(&self) -> &Path {
        self.machine.root()
    }
}

impl Runner for SimRunner {
    fn run(&self, invocation: &Invocation, on_tick: &mut dyn FnMut(&Tick<'_>) -> Control) -> Result<Completed> {
        let run = RefCell::new(Run {
            sink: Sink::new(invocation)?,
            on_tick,
            started: Instant::now(),
            last_tick: Instant::now(),
            limit: invocation.limit(),
            stopped: None,
        });
        run.borrow_mut().tick(Duration::ZERO);
        if run.borrow().stopped.is_some() {
            let message = format!("cancelled before {invocation} was started");
            return Err(Error::new(Code::Cancelled, message));
        }
        let mut argv = vec![OsString::from(invocation.usual_path())];
        argv.extend_from_slice(invocation.arguments());
        let env: Vec<(OsString, OsString)> =
            ENVIRONMENT.into_iter().chain(invocation.environment().iter()).map(|(n, v)| (n.into(), v.into())).collect();
        let mut stdin: Box<dyn Read> = match invocation.stdin() {
            Stdin::Null | Stdin::Held(_) => Box::new(io::empty()),
            Stdin::Inherit => Box::new(io::stdin()),
        };
        let status = self.machine.answer(
            &mut Call {
                argv: &argv,
                env: &env,
                cwd: Path::new("/"),
                stdin: &mut stdin,
                interrupted: &|| run.borrow_mut().is_interrupted(),
                hooks: None,
                caller: Caller::InProcess,
            },
            &mut Tee(&run),
        );
        let mut run = run.into_inner();
        let elapsed = run.started.elapsed();
        if run.sink.is_fresh() {
            run.tick(elapsed);
        }
        let end = match status {
            Status::Exited(status) => End::Exited(status),
            Status::Signalled(signal) => End::Signalled(signal),
        };
        let argv = argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        Ok(run.sink.complete(argv, end, run.stopped, elapsed))
    }

    fn has(&self, program: &str) -> bool {
        self.machine.has_program(program)
    }
}

/// A running command: takes the machine's output, and tells it when to stop.
struct Run<'a> {
    sink: Sink,
    on_tick: &'a mut dyn FnMut(&Tick<'_>) -> Control,
    started: Instant,
    last_tick: Instant,
    limit: Option<Duration>,
    stopped: Option<Stopped>,
}

impl Run<'_> {
    fn tick(&mut self, elapsed: Duration) {
        self.last_tick = Instant::now();
        let control = self.sink.tick(elapsed, &mut *self.on_tick);
        if control != Control::Continue && self.stopped.is_none() {
            self.stopped = Some(Stopped::Cancelled);
        }
    }

    fn is_interrupted(&mut self) -> bool {
        let elapsed = self.started.elapsed();
        if self.last_tick.elapsed() >= TICK {
            self.tick(elapsed);
        }
        if let Some(limit) = self.limit
            && elapsed >= limit
            && self.stopped.is_none()
        {
            self.stopped = Some(Stopped::TimedOut(limit));
        }
        self.stopped.is_some()
    }

    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if let Some(mut log) = self.sink.log_file() {
            // As with a real command, a log that cannot be written is the command's failure, not the runner's.
            let _ = io::Write::write_all(&mut log, bytes);
            self.sink.follow_log();
        } else {
            self.sink.push(stream, bytes);
        }
    }
}

struct Tee<'a, 'b>(&'a RefCell<Run<'b>>);

impl Output for Tee<'_, '_> {
    fn stdout(&mut self, bytes: &[u8]) {
        self.0.borrow_mut().write(Stream::Stdout, bytes);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.0.borrow_mut().write(Stream::Stderr, bytes);
    }
}
