//! The command `completions`. The script calls zmgr at each completion, so that it knows the current zones, pools and templates.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, EnvCompleter, Shells};
use zmgr::{Code, Error, Manager, Query, QueryHost};

use crate::failure::Failure;
use crate::{invocation, output};

/// Environment variable that the completion scripts set.
pub const VARIABLE: &str = "_ZMGR_COMPLETE";

/// Answers a completion script; returns false if the environment does not ask for one.
pub fn answer(command: fn() -> clap::Command, words: &[OsString]) -> clap::error::Result<bool> {
    invocation::set(words.to_vec(), Vec::new());
    CompleteEnv::with_factory(command).var(VARIABLE).try_complete(words, std::env::current_dir().ok().as_deref())
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// Shell to complete for
    #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

impl Completions {
    /// Prints the script.
    pub fn run(&self) -> Result<u8, Failure> {
        let shells = Shells::builtins();
        let mut script = Vec::new();
        let shell: &dyn EnvCompleter = shells
            .completer(&self.shell)
            .ok_or_else(|| Error::new(Code::InvalidArgument, format!("no completions for {}", self.shell)))?;
        shell
            .write_registration(VARIABLE, "zmgr", "zmgr", "zmgr", &mut script)
            .map_err(|error| Error::new(Code::Io, format!("cannot write the completions: {error}")))?;
        if self.shell == "zsh" {
            // Autoloaded from `fpath`, the script is first read during a completion, which it must then answer.
            script.extend_from_slice(
                b"\nif [ \"$funcstack[1]\" = \"_zmgr\" ]; then\n    _clap_dynamic_completer_zmgr \"$@\"\nfi\n",
            );
        }
        output::text(&String::from_utf8_lossy(&script))?;
        Ok(0)
    }
}

/// Completes names of zones in the registry.
pub fn zones() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let zones = manager().and_then(|manager| manager.zones(&Query::new().query_host(QueryHost::Never)).ok());
        zones.unwrap_or_default().into_iter().map(|zone| CompletionCandidate::new(zone.name)).collect()
    })
}

/// Completes what `edit` takes: kinds of files, and names of zones, templates and pools.
pub fn editable() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let kinds = ["config", "pool", "publisher", "reservation", "template", "zone"].map(CompletionCandidate::new);
        let names = [zones(), templates(), pools()].into_iter().flat_map(|names| names.candidates());
        kinds.into_iter().chain(names).collect()
    })
}

/// Completes names of pools.
pub fn pools() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let pools = manager().and_then(|manager| manager.pools().ok());
        pools.unwrap_or_default().into_iter().map(|pool| CompletionCandidate::new(pool.name.to_string())).collect()
    })
}

/// Completes names of templates.
pub fn templates() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let templates = manager().and_then(|manager| manager.templates().ok());
        let templates = templates.unwrap_or_default().into_iter();
        templates.map(|template| CompletionCandidate::new(template.name.to_string())).collect()
    })
}

/// Opens the manager for the command line and the environment. Never creates anything: a directory that does not exist yields no
/// names.
fn manager() -> Option<Manager> {
    let words = invocation::words();
    let option = |name: &str| {
        let at = words.iter().position(|word| word == OsStr::new(name))?;
        words.get(at + 1).map(PathBuf::from)
    };
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let there = |dir: &Path| dir.is_dir();
    let mut builder = Manager::builder();
    if let Some(root) = option("--root").or_else(|| variable("ZMGR_ROOT")) {
        builder = builder.root(root);
    }
    if let Some(directory) = option("--host-root") {
        builder = builder.host_root(directory);
    } else if let Some(directory) = option("--simulate").or_else(|| variable("ZMGR_SIMULATE")) {
        builder = builder.simulate(Some(directory).filter(|directory| there(directory))?);
    }
    builder.build().ok()
}
