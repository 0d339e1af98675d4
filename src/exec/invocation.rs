//! A command of the host before it runs: the program by its name, its arguments, standard input, output and time limit.
//!
//! Invariant: no shell ever sees any of it, and the environment is [`ENVIRONMENT`] and, for commands that fetch packages, what
//! config.kdl names, and nothing else.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::documents::environment::Environment;

/// All that a command sees of the environment. A leaked `_ZONEADM_LOCK_HELD` would switch illumos's own lock off, a locale
/// would translate what is parsed.
pub const ENVIRONMENT: [(&str, &str); 3] = [("PATH", "/usr/sbin:/usr/bin:/sbin"), ("HOME", "/root"), ("LC_ALL", "C")];

/// Default time limit, for commands that only look something up or change one record.
pub const SHORT: Duration = Duration::from_secs(120);

/// Standard input of a command.
#[derive(Debug, Clone, Default)]
pub enum Stdin {
    /// Nothing.
    #[default]
    Null,
    /// This empty file, with a shared `flock`: it is locked as long as the command or a descendant of it lives, even if the caller
    /// dies.
    Held(Arc<Path>),
    /// The caller's standard input.
    Inherit,
}

/// Output of a command.
#[derive(Debug, Clone, Default)]
pub enum Output {
    /// Into memory, up to a cap.
    #[default]
    Capture,
    /// To the callback, as it arrives; only the last lines are kept.
    Stream,
    /// Both streams to this file, appended, created with mode 0600: with a pipe, the command would die with its reader.
    Log(PathBuf),
    /// To the caller's own terminal, of this type (`TERM`); the command stays in the caller's process group.
    Terminal(Option<OsString>),
}

/// A command for a [`Runner`](super::Runner).
#[derive(Debug, Clone)]
pub struct Invocation {
    program: &'static str,
    args: Vec<OsString>,
    stdin: Stdin,
    output: Output,
    limit: Option<Duration>,
    environment: Environment,
    /// Number of arguments that a log may show; `None` for all.
    shown: Option<usize>,
}

impl Invocation {
    /// Returns the program of this name, without arguments or input, captured, with the time limit [`SHORT`].
    pub fn new(program: &'static str) -> Self {
        Invocation {
            program,
            args: Vec::new(),
            stdin: Stdin::Null,
            output: Output::Capture,
            limit: Some(SHORT),
            environment: Environment::default(),
            shown: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets the standard input.
    #[must_use]
    pub fn with_stdin(mut self, stdin: Stdin) -> Self {
        self.stdin = stdin;
        self
    }

    /// Sets the output.
    #[must_use]
    pub fn with_output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Sets the time limit; `None` only if a user is waiting, as in a login.
    #[must_use]
    pub fn with_limit(mut self, limit: Option<Duration>) -> Self {
        self.limit = limit;
        self
    }

    /// With these variables beside [`ENVIRONMENT`].
    #[must_use]
    pub fn with_environment(mut self, environment: &Environment) -> Self {
        self.environment = environment.clone();
        self
    }

    /// Keeps the arguments after the first `shown` out of logs: the commands of users may hold secrets.
    #[must_use]
    pub fn with_private_arguments(mut self, shown: usize) -> Self {
        self.shown = Some(shown);
        self
    }

    /// Returns the command as a log shows it.
    pub fn logged(&self) -> String {
        let argv = self.argv();
        match self.shown.map(|shown| shown + 1).filter(|shown| *shown < argv.len()) {
            Some(shown) => format!("{} …", command_line(&argv[..shown])),
            None => command_line(&argv),
        }
    }

    /// The program's bare name.
    pub fn program(&self) -> &'static str {
        self.program
    }

    /// Returns the arguments.
    pub fn arguments(&self) -> &[OsString] {
        &self.args
    }

    /// Returns the standard input.
    pub fn stdin(&self) -> &Stdin {
        &self.stdin
    }

    /// Returns the output.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Returns the time limit.
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// The variables beside [`ENVIRONMENT`].
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The path at which illumos has the program.
    pub fn usual_path(&self) -> String {
        let directory = match self.program {
            "pkg" | "ppriv" | "pfexec" | "svcs" | "uname" | "zonename" => "/usr/bin",
            _ => "/usr/sbin",
        };
        format!("{directory}/{}", self.program)
    }

    /// Returns the name and the arguments, as plans and errors show them.
    pub fn argv(&self) -> Vec<String> {
        std::iter::once(self.program.to_owned())
            .chain(self.args.iter().map(|arg| arg.to_string_lossy().into_owned()))
            .collect()
    }
}

/// Returns the command as a user would type it, quoted as for a shell.
impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&command_line(&self.argv()))
    }
}

/// Returns these words as a user would type them. For display: nothing runs the result.
pub fn command_line(argv: &[String]) -> String {
    let quoted: Vec<String> = argv.iter().map(|word| super::quote::posix(word)).collect();
    quoted.join(" ")
}
