//! The error type and the table of codes that Rust, C, Python and the exit status of the CLI share.
//!
//! Invariant: the number and the slug of a code never change and are never reused. Error types of dependencies are only reachable
//! through [`std::error::Error::source`].

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

#[cfg(feature = "miette")]
mod miette;

macro_rules! codes {
    ($($(#[$doc:meta])* $number:literal $slug:literal $variant:ident,)*) => {
        /// Kind of an error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum Code {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Code {
            /// All codes, by ascending number.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// Returns the stable name of the code, as in `--json` and in Python's `code`.
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Code::$variant => $slug,)*
                }
            }
        }
    };
}

codes! {
    /// A bug in zmgr.
    1 "internal" Internal,
    /// An argument is invalid, whatever the state of files and host.
    2 "invalid-argument" InvalidArgument,
    /// A configuration file has an error.
    3 "config" Config,
    /// A zone, pool, template or other object does not exist.
    4 "not-found" NotFound,
    /// An object of that name already exists.
    5 "exists" Exists,
    /// The state of the zone does not allow the operation.
    6 "wrong-state" WrongState,
    /// The pool has no free address.
    7 "pool-exhausted" PoolExhausted,
    /// The requested address is already held.
    8 "address-in-use" AddressInUse,
    /// Another process holds the lock; the same call may succeed later.
    9 "busy" Busy,
    /// Permission denied.
    10 "permission-denied" PermissionDenied,
    /// A host command failed.
    11 "command-failed" CommandFailed,
    /// A command or a wait exceeded its time limit.
    12 "timed-out" TimedOut,
    /// The call was cancelled.
    13 "cancelled" Cancelled,
    /// The host does not support the operation: it is not illumos, or lacks a brand or a command.
    14 "unsupported-host" UnsupportedHost,
    /// Reading or writing a file failed.
    15 "io" Io,
    /// An interrupted operation must be recovered first, by `recover` or by hand.
    16 "recovery-needed" RecoveryNeeded,
    /// Some operations failed.
    17 "partial" Partial,
    /// The basis of the plan has changed since it was created.
    18 "stale-plan" StalePlan,
    /// The host differs from the files. Exit status of `zmgr diff` only: no call returns it.
    19 "drift" Drift,
    /// The store of the fleet cannot be reached, is full, or does not let this host in. Nothing was allocated or released.
    20 "store-unreachable" StoreUnreachable,
}

impl Code {
    /// Returns the number: exit status of the CLI, `zmgr_status` in C, `number` in Python.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Returns the code with this number.
    pub fn from_number(number: u32) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.number() == number)
    }

    /// Returns true if the same call may succeed later without changes.
    pub const fn can_retry(self) -> bool {
        matches!(self, Code::Busy | Code::TimedOut | Code::StalePlan | Code::StoreUnreachable)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// Severity of a [`Diagnostic`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Operations that need the file fail.
    Error,
    /// Operations continue.
    Warning,
}

/// Message about a configuration file or one of several failures, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Severity.
    pub severity: Severity,
    /// Stable name of this kind of diagnostic, such as `unknown-node`.
    pub code: String,
    /// Message: one sentence without a full stop.
    pub message: String,
    /// Advice on what to do next, if there is any.
    pub help: Option<String>,
    /// File.
    pub path: Option<PathBuf>,
    /// Line, counted from 1.
    pub line: Option<usize>,
    /// Column in characters, counted from 1.
    pub column: Option<usize>,
    /// Byte range in the file.
    pub span: Option<Range<usize>>,
    /// Text of the line, at most 200 bytes, with control characters replaced.
    pub snippet: Option<String>,
}

/// Most bytes of a message or a help text. A word of a file, which it may quote, can be as long as the file.
const LONGEST: usize = 4 << 10;

/// Returns a message without line breaks and other control characters, which a command or the name of a file may have.
fn one_line(message: String) -> String {
    let message = shortened(message);
    if !message.contains(char::is_control) {
        return message;
    }
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ").replace(char::is_control, " ")
}

/// Takes out the middle of a text that is too long to be read.
fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        let head = text.floor_char_boundary(LONGEST * 3 / 4);
        let tail = text.ceil_char_boundary(text.len() - LONGEST / 4);
        text.replace_range(head..tail, " … ");
    }
    text
}

impl Diagnostic {
    /// Creates an error without a place.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            code: code.into(),
            message: one_line(message.into()),
            help: None,
            path: None,
            line: None,
            column: None,
            span: None,
            snippet: None,
        }
    }

    /// Creates a warning without a place.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Sets what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(shortened(help.into()));
        self
    }

    /// Sets the file.
    #[must_use]
    pub fn at_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }
}

impl Diagnostic {
    /// Returns the diagnostic as JSON, as the CLI prints it.
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

    /// Reads a diagnostic from JSON; returns `None` if it is not one.
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

/// Formats the diagnostic as `PATH:LINE:COLUMN: MESSAGE`, without unknown parts.
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

/// Host command that failed.
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
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Exit status; `None` if a signal ended the command.
    pub status: Option<i32>,
    /// Signal that ended the command.
    pub signal: Option<i32>,
    /// Last lines of standard output.
    pub stdout: String,
    /// Last lines of standard error.
    pub stderr: String,
    /// Log with all output of the command.
    pub log: Option<PathBuf>,
}

impl FailedCommand {
    /// Creates a failed command from its parts.
    pub fn new(argv: Vec<String>, status: Option<i32>, signal: Option<i32>, stdout: String, stderr: String) -> Self {
        FailedCommand { argv, status, signal, stdout, stderr, log: None }
    }
}

/// Result of every fallible call.
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

/// Reason for a failed call: a code, a message, and information that helps to fix it.
///
/// Opaque, so that more information can be added without breaking callers.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let error: Error = manager.zone("missing").unwrap_err();
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
    /// Details in the form that miette borrows, converted on first use.
    #[cfg(feature = "miette")]
    findings: std::sync::OnceLock<Vec<miette::Finding>>,
}

impl Error {
    /// Returns the error as a detail of another.
    pub(crate) fn to_detail(&self) -> Diagnostic {
        let detail = Diagnostic::new(self.code().slug(), self.message());
        match self.help() {
            Some(help) => detail.with_help(help),
            None => detail,
        }
    }

    /// Creates an error with this code and message (no full stop). Line breaks become semicolons, other control characters spaces.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            code,
            message: one_line(message.into()),
            help: None,
            details: Vec::new(),
            command: None,
            source: None,
            #[cfg(feature = "miette")]
            findings: std::sync::OnceLock::new(),
        }))
    }

    /// Creates an error for a failed file operation at `path`; `doing` completes "cannot …". Missing permissions get their own code.
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

    /// Sets what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(shortened(help.into()));
        self
    }

    /// Replaces the details.
    #[must_use]
    pub fn with_details(mut self, details: Vec<Diagnostic>) -> Self {
        self.0.details = details;
        self.without_findings()
    }

    /// Adds a detail.
    #[must_use]
    pub fn with_detail(mut self, detail: Diagnostic) -> Self {
        self.0.details.push(detail);
        self.without_findings()
    }

    /// Discards the details converted for miette.
    #[cfg_attr(not(feature = "miette"), allow(unused_mut))]
    fn without_findings(mut self) -> Self {
        #[cfg(feature = "miette")]
        self.0.findings.take();
        self
    }

    /// Sets the command that failed.
    #[must_use]
    pub fn with_command(mut self, command: FailedCommand) -> Self {
        self.0.command = Some(command);
        self
    }

    /// Sets the underlying error.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Prefixes the message: `context: message`.
    #[must_use]
    pub fn with_context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = one_line(format!("{context}: {}", self.0.message));
        self
    }

    /// Copies the error without the underlying one, except for the number that the system gave for it.
    pub(crate) fn restated(&self) -> Error {
        let mut again = Error::new(self.code(), self.message()).with_details(self.0.details.clone());
        again.0.help = self.0.help.clone();
        again.0.command = self.0.command.clone();
        let cause = self.0.source.as_ref().and_then(|source| source.downcast_ref::<std::io::Error>());
        match cause.and_then(std::io::Error::raw_os_error) {
            Some(number) => again.with_source(std::io::Error::from_raw_os_error(number)),
            None => again,
        }
    }

    /// Returns the code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Returns the message: one sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns what to do next, if there is advice.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Returns the diagnostics, each with its place if it has one.
    pub fn details(&self) -> &[Diagnostic] {
        &self.0.details
    }

    /// Returns the host command that failed, if any.
    pub fn command(&self) -> Option<&FailedCommand> {
        self.0.command.as_ref()
    }

    /// Returns the error as JSON, as the CLI prints it: `{"error":{"code","number","message","help","details"}}`, and `command` if a
    /// command failed.
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

    /// Returns true if the same call may succeed later without changes.
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
