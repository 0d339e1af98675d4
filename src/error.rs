//! One opaque error and one table of codes, the same in Rust, C, Python and as exit status of the command line.
//!
//! Invariant: a code's number and slug never change and are never used again for something else. Dependencies' error types
//! stay inside: they are reached through [`std::error::Error::source`] alone.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

#[cfg(feature = "miette")]
mod miette;

macro_rules! codes {
    ($($(#[$doc:meta])* $number:literal $slug:literal $variant:ident,)*) => {
        /// What kind of failure it was.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum Code {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Code {
            /// Every code, by ascending number.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable word for it, as in `--json` and in Python's `code`.
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Code::$variant => $slug,)*
                }
            }
        }
    };
}

codes! {
    /// A fault of zmgr itself, never of its input.
    1 "internal" Internal,
    /// An argument that can never be right, whatever the files and the host say.
    2 "invalid-argument" InvalidArgument,
    /// A document below the root has a fault.
    3 "config" Config,
    /// Something named does not exist.
    4 "not-found" NotFound,
    /// Something of that name exists already.
    5 "exists" Exists,
    /// The thing is not in a state that allows this.
    6 "wrong-state" WrongState,
    /// No address of the pool is free.
    7 "pool-exhausted" PoolExhausted,
    /// The address asked for is held by somebody else.
    8 "address-in-use" AddressInUse,
    /// Somebody else works on it; the same call may go through later.
    9 "busy" Busy,
    /// The caller may not do this.
    10 "permission-denied" PermissionDenied,
    /// A command of the host failed.
    11 "command-failed" CommandFailed,
    /// A command or a wait took longer than its limit.
    12 "timed-out" TimedOut,
    /// The caller asked to stop.
    13 "cancelled" Cancelled,
    /// The host cannot do what is asked: not illumos, a brand or a command that it lacks.
    14 "unsupported-host" UnsupportedHost,
    /// A file could not be read or written.
    15 "io" Io,
    /// Work was left unfinished and only a person can say which way it should go, or `recover` must run first.
    16 "recovery-needed" RecoveryNeeded,
    /// Some of several things were done and others not.
    17 "partial" Partial,
    /// What the plan rests on has changed since it was made.
    18 "stale-plan" StalePlan,
    /// The host differs from the files. An exit status only: no call fails with it.
    19 "drift" Drift,
}

impl Code {
    /// The number: exit status of the command line, `zmgr_status` in C, `number` in Python.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The code of this number.
    pub fn from_number(number: u32) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.number() == number)
    }

    /// Whether the same call may succeed later without anything being mended.
    pub const fn can_retry(self) -> bool {
        matches!(self, Code::Busy | Code::TimedOut | Code::StalePlan)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// How much a [`Diagnostic`] weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// It stops what needs this document.
    Error,
    /// It is worth a look and stops nothing.
    Warning,
}

/// One finding with its place: a fault of a document, or one of several failures of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// A stable word for this kind of finding, such as `unknown-node`.
    pub code: String,
    /// What is wrong, one sentence without a final stop.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// The file it is about.
    pub path: Option<PathBuf>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// The bytes of the file that it is about.
    pub span: Option<Range<usize>>,
    /// The line of the file, as it stands, at most 200 bytes, with control characters replaced.
    pub snippet: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            code: code.into(),
            message: message.into(),
            help: None,
            path: None,
            line: None,
            column: None,
            span: None,
            snippet: None,
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// With what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With the file it is about.
    #[must_use]
    pub fn at_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl Diagnostic {
    /// The finding as JSON, with the keys that the command line prints.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "severity": match self.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "code": self.code,
            "message": self.message,
            "help": self.help,
            "path": self.path.as_ref().map(|path| path.to_string_lossy()),
            "line": self.line,
            "column": self.column,
            "span": self.span.as_ref().map(|span| [span.start, span.end]),
            "snippet": self.snippet,
        })
    }

    /// A finding from its JSON; `None` where it is not one.
    pub fn from_json(json: &serde_json::Value) -> Option<Diagnostic> {
        let text = |key: &str| json[key].as_str().map(str::to_owned);
        let number = |value: &serde_json::Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        Some(Diagnostic {
            severity: if json["severity"] == "warning" { Severity::Warning } else { Severity::Error },
            code: text("code")?,
            message: text("message")?,
            help: text("help"),
            path: text("path").map(PathBuf::from),
            line: number(&json["line"]),
            column: number(&json["column"]),
            span: number(&json["span"][0]).zip(number(&json["span"][1])).map(|(start, end)| start..end),
            snippet: text("snippet"),
        })
    }
}

/// `PATH:LINE:COLUMN: MESSAGE`, as far as the place is known.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}:", path.display())?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
                if let Some(column) = self.column {
                    write!(f, "{column}:")?;
                }
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)
    }
}

/// A command of the host that failed.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let machine = SimHost::create(dir.path(), Dialect::OpenIndiana)?;
/// let mut fault = Fault::new("dladm");
/// fault.exit = Some(1);
/// machine.fault(&fault)?;
/// let error = manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap_err();
/// let command: &FailedCommand = error.command().expect("a command failed");
/// println!("{:?} said {}", command.argv, command.stderr);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedCommand {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The last lines of standard output.
    pub stdout: String,
    /// The last lines of standard error.
    pub stderr: String,
    /// The file that holds its full output.
    pub log: Option<PathBuf>,
}

impl FailedCommand {
    /// One from its parts.
    pub fn new(argv: Vec<String>, status: Option<i32>, signal: Option<i32>, stdout: String, stderr: String) -> Self {
        FailedCommand { argv, status, signal, stdout, stderr, log: None }
    }
}

/// What every call that can fail answers with.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// fn first(manager: &Manager) -> Result<Zone> {
///     manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())
/// }
/// # first(&manager)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed: a code, a sentence, and whatever helps to mend it.
///
/// It is opaque, so that more can be said about a failure without breaking anybody.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let error: Error = manager.zone("nobody").unwrap_err();
/// assert_eq!((error.code(), error.code().number()), (Code::NotFound, 4));
/// println!("{}", error.message());
/// if let Some(help) = error.help() {
///     println!("{help}");
/// }
/// assert!(!error.can_retry() && error.details().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Inner>);

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Inner {
    code: Code,
    message: String,
    help: Option<String>,
    details: Vec<Diagnostic>,
    command: Option<FailedCommand>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// The details in the form that miette borrows; made when it asks.
    #[cfg(feature = "miette")]
    findings: std::sync::OnceLock<Vec<miette::Finding>>,
}

impl Error {
    /// An error of this code with this sentence (no final stop, no colour, no line break where it can be avoided).
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            code,
            message: message.into(),
            help: None,
            details: Vec::new(),
            command: None,
            source: None,
            #[cfg(feature = "miette")]
            findings: std::sync::OnceLock::new(),
        }))
    }

    /// A failure of the file system at `path`; `doing` completes "cannot …". Refusals for want of permission get their own code.
    pub fn io(doing: &str, path: impl AsRef<Path>, error: std::io::Error) -> Self {
        let code = match error.kind() {
            std::io::ErrorKind::PermissionDenied => Code::PermissionDenied,
            _ => Code::Io,
        };
        let path = path.as_ref();
        Error::new(code, format!("cannot {doing} {}: {error}", path.display()))
            .with_details(vec![Diagnostic::new(code.slug(), error.to_string()).at_path(path)])
            .with_source(error)
    }

    /// With what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// With these findings, in place of any before.
    #[must_use]
    pub fn with_details(mut self, details: Vec<Diagnostic>) -> Self {
        self.0.details = details;
        self.without_findings()
    }

    /// With one finding more.
    #[must_use]
    pub fn with_detail(mut self, detail: Diagnostic) -> Self {
        self.0.details.push(detail);
        self.without_findings()
    }

    /// Forgets what was made for miette of details that have changed since.
    #[cfg_attr(not(feature = "miette"), allow(unused_mut))]
    fn without_findings(mut self) -> Self {
        #[cfg(feature = "miette")]
        self.0.findings.take();
        self
    }

    /// With the command that failed.
    #[must_use]
    pub fn with_command(mut self, command: FailedCommand) -> Self {
        self.0.command = Some(command);
        self
    }

    /// With the error beneath it.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// With words put before the message: `context: message`.
    #[must_use]
    pub fn with_context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// The same error once more, without the one beneath it.
    pub(crate) fn restated(&self) -> Error {
        let mut again = Error::new(self.code(), self.message()).with_details(self.0.details.clone());
        again.0.help = self.0.help.clone();
        again.0.command = self.0.command.clone();
        again
    }

    /// What kind of failure it was.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What went wrong, in a sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next, where there is something to say.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Each single finding, with its place where it has one.
    pub fn details(&self) -> &[Diagnostic] {
        &self.0.details
    }

    /// The command of the host that failed, where one did.
    pub fn command(&self) -> Option<&FailedCommand> {
        self.0.command.as_ref()
    }

    /// The error as JSON, with the keys that the command line prints: `{"error":{"code","number","message","help","details"}}`,
    /// and `command` where a command failed.
    pub fn to_json(&self) -> serde_json::Value {
        let mut error = serde_json::json!({
            "code": self.code().slug(),
            "number": self.code().number(),
            "message": self.message(),
            "help": self.help(),
            "details": self.details().iter().map(Diagnostic::to_json).collect::<Vec<_>>(),
        });
        if let Some(command) = self.command() {
            error["command"] = serde_json::json!({
                "argv": command.argv,
                "status": command.status,
                "signal": command.signal,
                "stdout": command.stdout,
                "stderr": command.stderr,
                "log": command.log.as_ref().map(|log| log.to_string_lossy()),
            });
        }
        serde_json::json!({ "error": error })
    }

    /// Whether the same call may succeed later without anything being mended.
    pub fn can_retry(&self) -> bool {
        self.0.code.can_retry()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("help", &self.0.help)
            .field("details", &self.0.details)
            .field("command", &self.0.command)
            .field("source", &self.0.source)
            .finish()
    }
}
