//! The commands `boot`, `shutdown`, `halt`, `reboot`, `exec` and `login`.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use clap::Args;
use zmgr::{ExecOptions, ExecStream, HaltOptions, Manager, Report, Result, RunOptions};

use super::operation::{Work, plan_or_run, tell_report, with_run_options};
use super::zone_args;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::{output, session};

/// Exit status of a command that SIGPIPE ended, as a shell reports it.
const SIGPIPE: u8 = 128 + 13;

/// Options of `boot`.
#[derive(Debug, Args)]
pub struct Boot {
    #[command(flatten)]
    zones: zone_args::AnyZoneArgs,
    /// Number of zones to process in parallel
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
}

/// Options of `shutdown`.
#[derive(Debug, Args)]
pub struct Shutdown {
    #[command(flatten)]
    zones: zone_args::AnyZoneArgs,
    #[command(flatten)]
    how: How,
}

/// Options of `halt` and `reboot`.
#[derive(Debug, Args)]
pub struct Down {
    #[command(flatten)]
    zones: zone_args::ZoneArgs,
    #[command(flatten)]
    how: How,
}

/// Options of commands that take zones down.
#[derive(Debug, Args)]
struct How {
    /// Time to wait for the state [default: timeouts in config.kdl]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// shutdown: halt zones that do not go down in time; reboot: halt instead of shutting down
    #[arg(long)]
    force: bool,
    /// Number of zones to process in parallel
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
}

/// Options of `exec`.
#[derive(Debug, Args)]
pub struct Exec {
    /// Name of the zone
    #[arg(add = super::completions::zones())]
    name: String,
    /// Command and its arguments, passed on unchanged
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    words: Vec<String>,
    /// Stop the command after this time
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

/// Options of `login`.
#[derive(Debug, Args)]
pub struct Login {
    /// Name of the zone
    #[arg(add = super::completions::zones())]
    name: String,
    /// User to log in as [default: root]
    #[arg(short, long)]
    user: Option<String>,
}

impl Boot {
    /// Boots the zones.
    pub fn run(&self, globals: &Globals) -> std::result::Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let names = self.zones.names(&manager)?;
        let work = Work { jobs: self.jobs, dry_run: self.zones.dry_run, ..Work::default() };
        let plan = |all: &[&str]| manager.plan_boot(all);
        plan_or_run(globals, &work, &names, plan, |all, run| match self.zones.all {
            true => manager.boot_all(run),
            false => manager.boot(all, run),
        })
    }
}

impl How {
    fn options(&self) -> HaltOptions {
        let options = HaltOptions::new().force(self.force);
        match self.timeout {
            Some(seconds) => options.timeout(Duration::from_secs(seconds)),
            None => options,
        }
    }
}

impl Shutdown {
    /// Shuts the zones down.
    pub fn run(&self, globals: &Globals) -> std::result::Result<u8, Failure> {
        let (manager, options) = (session::manager(globals)?, self.how.options());
        let names = self.zones.names(&manager)?;
        let work = Work { jobs: self.how.jobs, dry_run: self.zones.dry_run, ..Work::default() };
        let plan = |all: &[&str]| manager.plan_shutdown(all, &options);
        plan_or_run(globals, &work, &names, plan, |all, run| match self.zones.all {
            true => manager.shutdown_all(&options, run),
            false => manager.shutdown(all, &options, run),
        })
    }
}

impl Down {
    /// Halts the zones.
    pub fn halt(&self, globals: &Globals) -> std::result::Result<u8, Failure> {
        self.call(globals, Manager::halt)
    }

    /// Reboots the zones.
    pub fn reboot(&self, globals: &Globals) -> std::result::Result<u8, Failure> {
        self.call(globals, Manager::reboot)
    }

    fn call(
        &self,
        globals: &Globals,
        call: impl FnOnce(&Manager, &[&str], &HaltOptions, &mut RunOptions<'_>) -> Result<Report>,
    ) -> std::result::Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let names = self.zones.names(&manager)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let work = Work { jobs: self.how.jobs, ..Work::default() };
        let done = |run: &mut RunOptions<'_>| call(&manager, &names, &self.how.options(), run);
        tell_report(globals, &with_run_options(globals, &work, done)?)
    }
}

impl Exec {
    /// Runs the command and returns its exit status.
    pub fn run(&self, globals: &Globals) -> std::result::Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let cancel = session::cancel_on_signals()?;
        let mut unwritten = None;
        let mut pass_on = |stream: ExecStream, bytes: &[u8]| match stream {
            ExecStream::Stdout => {
                let mut out = std::io::stdout().lock();
                match out.write_all(bytes).and_then(|()| out.flush()) {
                    Ok(()) => true,
                    // Stop the command, as SIGPIPE would on this host.
                    Err(error) => {
                        unwritten.get_or_insert(error);
                        false
                    }
                }
            }
            _ => {
                let _ = std::io::stderr().lock().write_all(bytes);
                true
            }
        };
        let mut options = ExecOptions::new().output(&mut pass_on).cancel(&cancel).stdin(true);
        if let Some(seconds) = self.timeout {
            options = options.timeout(Duration::from_secs(seconds));
        }
        let ended = manager.exec(&self.name, &self.words, &mut options);
        match (unwritten, ended) {
            (None, ended) => Ok(status(ended?)),
            // Standard output was closed (`zmgr exec … | head`).
            (Some(error), Err(_)) if error.kind() == ErrorKind::BrokenPipe => Ok(SIGPIPE),
            (Some(error), Ok(ended)) if error.kind() == ErrorKind::BrokenPipe => Ok(status(ended)),
            (Some(error), _) => Err(output::unwritten(error)),
        }
    }
}

impl Login {
    /// Logs in and returns the exit status of the session.
    pub fn run(&self, globals: &Globals) -> std::result::Result<u8, Failure> {
        let manager = session::manager(globals)?;
        Ok(status(manager.login(&self.name, self.user.as_deref(), std::env::var_os("TERM"))?))
    }
}

fn status(status: i32) -> u8 {
    u8::try_from(status & 0xff).unwrap_or(1)
}
