//! Runs commands as processes. No other file starts processes.
//!
//! Invariant: a started command is either waited for, or its end is unknown and the error says so.

use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal};

use super::completed::{Completed, End, Stopped};
use super::invocation::ENVIRONMENT;
use super::runner::{CancelCheck, TICK, go_on_unless};
use super::sink::{Sink, Stream};
use super::{Control, Invocation, Output, Runner, Stdin, Tick};
use crate::error::{Code, Error, Result};
use crate::file::{self, Links};
use crate::parallel;

/// Directories of programs, below the root.
const DIRECTORIES: [&str; 3] = ["usr/sbin", "usr/bin", "sbin"];

/// Time that a command has to react to each signal.
#[derive(Debug, Clone, Copy)]
pub struct Grace {
    /// After the interrupt. An install hook cleans up in this time.
    pub interrupt: Duration,
    /// After TERM.
    pub terminate: Duration,
    /// After KILL; then zmgr stops waiting.
    pub kill: Duration,
}

impl Default for Grace {
    fn default() -> Self {
        Grace { interrupt: Duration::from_secs(20), terminate: Duration::from_secs(5), kill: Duration::from_secs(10) }
    }
}

/// Runs the programs of a real host, or those below another root.
#[derive(Debug, Clone)]
pub struct SystemRunner {
    root: PathBuf,
    grace: Grace,
}

impl SystemRunner {
    /// Returns a runner of the programs below this root, which is `/` for the machine itself.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        SystemRunner { root: root.into(), grace: Grace::default() }
    }

    /// Sets other times to react to signals.
    #[cfg(test)]
    fn with_grace(mut self, grace: Grace) -> Self {
        self.grace = grace;
        self
    }

    /// Returns the root below which programs are searched.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of this program, if it exists.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        DIRECTORIES.iter().map(|directory| self.root.join(directory).join(program)).find(|path| path.is_file())
    }

    fn path_of(&self, program: &str) -> Result<PathBuf> {
        self.find(program).ok_or_else(|| {
            let directories = DIRECTORIES.map(|directory| self.root.join(directory).display().to_string());
            Error::new(
                Code::UnsupportedHost,
                format!("this host has no {program}: searched in {}", directories.join(", ")),
            )
        })
    }
}

impl Runner for SystemRunner {
    fn run(&self, invocation: &Invocation, on_tick: &mut dyn FnMut(&Tick<'_>) -> Control) -> Result<Completed> {
        let path = self.path_of(invocation.program())?;
        let mut argv = invocation.argv();
        argv[0] = path.display().to_string();
        let mut sink = Sink::new(invocation)?;
        if sink.tick(Duration::ZERO, &mut *on_tick) != Control::Continue {
            let message = format!("cancelled before {invocation} was started");
            return Err(Error::new(Code::Cancelled, message));
        }
        let mut child = spawn(&path, invocation, &sink)?;
        let mut pipes = Pipes { stdout: child.stdout.take(), stderr: child.stderr.take() };
        let mut watch = Watch::new(&child, invocation, self.grace);

        // Unreadable output is an error, but only once the command has ended: until then it changes the host.
        let mut unread: Option<Error> = None;

        let status = loop {
            if pipes.is_open() {
                if let Err(error) = pipes.read(watch.next_tick(), &mut sink) {
                    unread.get_or_insert(error);
                    pipes = Pipes { stdout: None, stderr: None };
                }
            } else {
                let until = watch.next_tick().min(watch.next_look());
                thread::sleep(until.saturating_duration_since(Instant::now()));
            }
            let ticks = watch.tick_is_due() || sink.is_fresh();
            // Only checked when the command may have ended: its pipes are closed, or a descendant holds them open.
            if (!pipes.is_open() || ticks)
                && let Some(status) = ended(&mut child, invocation)?
            {
                break status;
            }
            if ticks {
                sink.follow_log();
                let control = sink.tick(watch.elapsed(), &mut *on_tick);
                watch.obey(control);
            }
            if watch.is_given_up() {
                let message = format!("{invocation} was killed and does not end (process {})", child.id());
                return Err(Error::new(Code::TimedOut, message)
                    .with_help("the kernel holds it, for instance in an unmount; its lock is kept until it ends"));
            }
        };
        if let Some(error) = unread {
            return Err(error);
        }
        pipes.read_the_rest(&mut sink)?;
        sink.follow_log();
        if sink.is_fresh() {
            sink.tick(watch.elapsed(), &mut *on_tick);
        }
        let end = match (status.code(), status.signal()) {
            (Some(code), _) => End::Exited(code),
            (None, signal) => End::Signalled(signal.unwrap_or(0)),
        };
        Ok(sink.complete(argv, end, watch.stopped, watch.elapsed()))
    }

    fn has(&self, program: &str) -> bool {
        self.find(program).is_some()
    }

    fn run_all(&self, questions: &[Invocation], stopped: CancelCheck<'_>) -> Vec<Result<Completed>> {
        // One per core: more would delay the longest one.
        let at_a_time = parallel::cores().max(2);
        parallel::each(questions, at_a_time, |question| self.run(question, &mut |_| go_on_unless(stopped)))
    }
}

/// Starts a command, and retries briefly after temporary failures: a program written a moment ago may still be open in a child that
/// another thread is about to start, and the process limit may be reached.
fn spawn(path: &Path, invocation: &Invocation, sink: &Sink) -> Result<Child> {
    let mut command = command(path, invocation, sink)?;
    let passes = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::ExecutableFileBusy | io::ErrorKind::WouldBlock)
            || error.kind() == io::ErrorKind::Interrupted
    };
    for _ in 0..50 {
        match command.spawn() {
            Err(error) if passes(&error) => thread::sleep(TICK / 10),
            result => return result.map_err(|error| cannot_start(path, error)),
        }
    }
    command.spawn().map_err(|error| cannot_start(path, error))
}

/// Opens the file that a command holds locked. Only the process that may start commands for the zone gets here, so other holders
/// are commands too, and an excluding lock is temporary.
fn open_locked(path: &Path) -> Result<File> {
    let access = OFlags::RDWR | OFlags::CREATE;
    let (file, _) = file::open_with(path, Links::Refuse, access, Mode::from(0o600))
        .map_err(|why| why.error("open the lock", path))?;
    for _ in 0..50 {
        match file.try_lock_shared() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(TICK / 10),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", path, error)),
        }
    }
    Err(Error::new(Code::Busy, format!("cannot lock {}: another process holds it", path.display())))
}

fn command(path: &Path, invocation: &Invocation, sink: &Sink) -> Result<Command> {
    let copy = |file: &File| file.try_clone().map_err(|error| cannot_start(path, error));
    let mut command = Command::new(path);
    // The caller's working directory may be on a file system that the command has to unmount.
    command.args(invocation.arguments()).env_clear().envs(invocation.environment().iter()).envs(ENVIRONMENT);
    command.current_dir("/");
    command.stdin(match invocation.stdin() {
        Stdin::Null => Stdio::null(),
        // This process keeps no copy: see `ChildLock`.
        Stdin::Held(path) => Stdio::from(open_locked(path)?),
        Stdin::Inherit => Stdio::inherit(),
    });
    match (invocation.output(), sink.log_file()) {
        (Output::Terminal(term), _) => {
            command.stdout(Stdio::inherit()).stderr(Stdio::inherit());
            command.envs(term.iter().map(|term| ("TERM", term)));
        }
        (_, Some(log)) => {
            command.stdout(Stdio::from(copy(log)?)).stderr(Stdio::from(copy(log)?));
        }
        (_, None) => {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
    }
    if leads(invocation) {
        command.process_group(0);
    }
    Ok(command)
}

/// Returns true if the command leads a process group of its own, so that Ctrl-C at zmgr's terminal reaches zmgr only, and zmgr ends
/// the command with all its descendants. A command that may read from the terminal must not: the system would stop it for that.
fn leads(invocation: &Invocation) -> bool {
    !matches!(invocation.output(), Output::Terminal(_)) && !matches!(invocation.stdin(), Stdin::Inherit)
}

fn cannot_start(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidInput => Error::new(
            Code::InvalidArgument,
            format!("cannot start {}: an argument contains a NUL byte", path.display()),
        ),
        _ => Error::io("start", path, error),
    }
}

fn ended(child: &mut Child, invocation: &Invocation) -> Result<Option<ExitStatus>> {
    child.try_wait().map_err(|error| {
        if error.raw_os_error() == Some(rustix::io::Errno::CHILD.raw_os_error()) {
            return Error::new(
                Code::Io,
                format!("the exit status of {invocation} is unknown: something else has reaped it"),
            )
            .with_help("this process ignores SIGCHLD or reaps every child; set SIGCHLD to its default while zmgr works")
            .with_source(error);
        }
        Error::new(Code::Io, format!("cannot wait for {invocation}: {error}")).with_source(error)
    })
}

/// The reading ends of a command's output.
struct Pipes {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Pipes {
    fn is_open(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// Waits for output or until `until`, and reads once.
    fn read(&mut self, until: Instant, sink: &mut Sink) -> Result<bool> {
        let wait = until.saturating_duration_since(Instant::now());
        let wait = Timespec { tv_sec: wait.as_secs() as _, tv_nsec: wait.subsec_nanos() as _ };
        let (mut stdout, mut stderr) = (false, false);
        {
            let mut polled = Vec::with_capacity(2);
            if let Some(pipe) = &self.stdout {
                polled.push(PollFd::new(pipe, PollFlags::IN));
            }
            if let Some(pipe) = &self.stderr {
                polled.push(PollFd::new(pipe, PollFlags::IN));
            }
            match rustix::event::poll(&mut polled, Some(&wait)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(false),
                Ok(_) => {}
                // Temporarily out of memory.
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::NOMEM) => {
                    thread::sleep(TICK / 10);
                    return Ok(false);
                }
                Err(error) => return Err(Error::new(Code::Io, format!("cannot wait for output: {error}"))),
            }
            let mut ready = polled.iter().map(|fd| !fd.revents().is_empty());
            if self.stdout.is_some() {
                stdout = ready.next().unwrap_or_default();
            }
            if self.stderr.is_some() {
                stderr = ready.next().unwrap_or_default();
            }
        }
        if stdout {
            read_once(&mut self.stdout, Stream::Stdout, sink)?;
        }
        if stderr {
            read_once(&mut self.stderr, Stream::Stderr, sink)?;
        }
        Ok(true)
    }

    /// Reads the remaining output of an ended command. Does not wait for a descendant that holds the pipes, and does not read
    /// forever from one that keeps writing.
    fn read_the_rest(&mut self, sink: &mut Sink) -> Result<()> {
        let until = Instant::now() + TICK;
        while self.is_open() && self.read(Instant::now(), sink)? && Instant::now() < until {}
        Ok(())
    }
}

fn read_once(pipe: &mut Option<impl Read>, stream: Stream, sink: &mut Sink) -> Result<()> {
    let Some(reader) = pipe else { return Ok(()) };
    let mut buffer = [0; 65536];
    match reader.read(&mut buffer) {
        Ok(0) => *pipe = None,
        Ok(count) => sink.push(stream, &buffer[..count]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(Error::new(Code::Io, format!("cannot read output: {error}")).with_source(error)),
    }
    Ok(())
}

/// Tracks the time of a run, and stops it.
struct Watch {
    process: Option<Pid>,
    /// True if the command leads a process group of its own.
    leads: bool,
    started: Instant,
    last_tick: Instant,
    deadline: Option<(Instant, Duration)>,
    grace: Grace,
    stopped: Option<Stopped>,
    /// The last signal sent, and the time of the next one.
    sent: Option<(Signal, Instant)>,
    given_up: bool,
}

impl Watch {
    fn new(child: &Child, invocation: &Invocation, grace: Grace) -> Watch {
        let started = Instant::now();
        Watch {
            process: i32::try_from(child.id()).ok().and_then(Pid::from_raw),
            leads: leads(invocation),
            started,
            last_tick: started,
            // A limit that no clock can represent is none.
            deadline: invocation.limit().and_then(|limit| Some((started.checked_add(limit)?, limit))),
            grace,
            stopped: None,
            sent: None,
            given_up: false,
        }
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn next_tick(&self) -> Instant {
        self.last_tick + TICK
    }

    /// Returns when to check next whether a command without open pipes has ended: soon for a short one, rarely for a long one.
    fn next_look(&self) -> Instant {
        Instant::now() + (self.elapsed() / 20).clamp(Duration::from_micros(100), TICK)
    }

    fn tick_is_due(&mut self) -> bool {
        let due = Instant::now() >= self.next_tick();
        if due {
            self.last_tick = Instant::now();
        }
        due
    }

    fn is_given_up(&self) -> bool {
        self.given_up
    }

    fn obey(&mut self, control: Control) {
        let now = Instant::now();
        if control != Control::Continue && self.stopped.is_none() {
            self.stopped = Some(Stopped::Cancelled);
        }
        if let Some((deadline, limit)) = self.deadline
            && now >= deadline
            && self.stopped.is_none()
        {
            self.stopped = Some(Stopped::TimedOut(limit));
        }
        if self.stopped.is_none() {
            return;
        }
        match self.sent {
            _ if control == Control::Kill && self.sent.is_none_or(|(signal, _)| signal != Signal::KILL) => {
                self.send(Signal::KILL, self.grace.kill);
            }
            None => self.send(Signal::INT, self.grace.interrupt),
            Some((_, due)) if now < due => {}
            Some((Signal::INT, _)) => self.send(Signal::TERM, self.grace.terminate),
            Some((Signal::TERM, _)) => self.send(Signal::KILL, self.grace.kill),
            Some(_) => self.given_up = true,
        }
    }

    fn send(&mut self, signal: Signal, grace: Duration) {
        // It fails only if no process is left, and then the next check sees the end.
        let _ = match self.process {
            Some(process) if self.leads => rustix::process::kill_process_group(process, signal),
            Some(process) => rustix::process::kill_process(process, signal),
            None => Ok(()),
        };
        self.sent = Some((signal, Instant::now() + grace));
    }
}

#[cfg(test)]
mod tests;
