//! Opens the manager from the global options, and turns signals into a cancellation.

use std::path::PathBuf;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tracing_subscriber::filter::LevelFilter;
use zmgr::{Cancel, Code, Error, Manager};

use crate::failure::Failure;
use crate::globals::Globals;
use crate::{invocation, process};

/// Environment variable with the level of the log.
pub const LOG: &str = "ZMGR_LOG";

/// Opens the manager for these options. Reads `ZMGR_ROOT` and `ZMGR_SIMULATE`.
pub fn manager(globals: &Globals) -> Result<Manager, Failure> {
    let mut builder = Manager::builder().command(command());
    if let Some(root) = globals.root.clone().or_else(|| named("ZMGR_ROOT")) {
        builder = builder.root(root);
    }
    if let Some(directory) = simulate(globals) {
        builder = builder.simulate(directory);
    }
    if let Some(directory) = &globals.host_root {
        builder = builder.host_root(directory);
    }
    #[cfg(feature = "fleet")]
    let builder = builder.store(zmgr_etcd::open);
    Ok(builder.build()?)
}

/// Returns the directory of the simulated host, if any; `--host-root` takes precedence over the environment.
pub fn simulate(globals: &Globals) -> Option<PathBuf> {
    let from_environment = || if globals.host_root.is_none() { named("ZMGR_SIMULATE") } else { None };
    globals.simulate.clone().or_else(from_environment)
}

/// Logs to standard error, if `ZMGR_LOG` names a level.
pub fn log() -> Result<(), Failure> {
    let Some(text) = std::env::var_os(LOG).filter(|text| !text.is_empty()) else { return Ok(()) };
    let level: Option<LevelFilter> = text.to_str().and_then(|text| text.parse().ok());
    let Some(level) = level else {
        return Err(Error::new(Code::InvalidArgument, format!("{LOG}: {text:?} is not a level"))
            .with_help("use error, warn, info, debug or trace")
            .into());
    };
    let unset = |error: Box<dyn std::error::Error + Send + Sync>| Error::new(Code::Internal, format!("{LOG}: {error}"));
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_writer(std::io::stderr)
        .try_init()
        .map_err(unset)?;
    Ok(())
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Returns this command line, which processes that wait for our locks report.
fn command() -> String {
    let words = invocation::words().iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    std::iter::once("zmgr".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Returns a token that SIGINT, SIGTERM and SIGHUP trigger, unless they were ignored at start-up. The first signal rolls back; a
/// second one stops immediately, and `recover` can finish the operation later.
pub fn cancel_on_signals() -> Result<Cancel, Failure> {
    let cancel = Cancel::new();
    let token = cancel.clone();
    let wanted: Vec<i32> =
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !process::is_ignored(*signal)).collect();
    let failed = |error: std::io::Error| {
        Error::new(Code::Io, format!("cannot listen for signals: {error}"))
            .with_help("try again when fewer threads are running; nothing was changed")
            .with_source(error)
    };
    let mut signals = Signals::new(&wanted).map_err(failed)?;
    let listener = thread::Builder::new().name("zmgr-signals".into());
    listener.spawn(move || signals.forever().for_each(|_| token.cancel())).map_err(failed)?;
    Ok(cancel)
}
