//! The command `completions`. The script calls zmgr at each completion, so that it knows the current zones, pools and templates.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, EnvCompleter, Shells};
use zmgr::{Code, Error, HeldBy, Manager, Query, QueryHost, Zone};

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
        if self.shell == "bash" {
            script = joined(&String::from_utf8_lossy(&script))?.into_bytes();
        }
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

/// Lines of clap's script for bash that take the words of the command line.
const WORDS: &str = include_str!("completions/words.bash");

/// Replacement for these lines that joins words: bash splits them at `=`, and replaces only the part after it.
const JOINED: &str = include_str!("completions/joined.bash");

/// Completes `--option=VALUE` and `KEY=VALUE` in bash too.
fn joined(script: &str) -> Result<String, Failure> {
    const ANSWERS: &str = "    if [[ $? != 0 ]]; then\n        unset COMPREPLY\n";
    if !script.contains(WORDS) || !script.contains(ANSWERS) {
        return Err(Error::new(Code::Internal, "the completion script for bash has changed").into());
    }
    let script = script.replace(WORDS, JOINED);
    let shortened =
        format!("{ANSWERS}    elif [[ -n $before ]]; then\n        COMPREPLY=( \"${{COMPREPLY[@]#\"$before\"}}\" )\n");
    Ok(script.replace(ANSWERS, &shortened))
}

/// Completes names that the tree has; none if it cannot be read.
fn named(names: fn(&Manager) -> zmgr::Result<Vec<String>>) -> ArgValueCandidates {
    ArgValueCandidates::new(move || {
        let names: BTreeSet<String> =
            manager().and_then(|manager| names(&manager).ok()).unwrap_or_default().into_iter().collect();
        names.into_iter().map(CompletionCandidate::new).collect()
    })
}

fn registered(manager: &Manager) -> zmgr::Result<Vec<Zone>> {
    manager.zones(&Query::new().query_host(QueryHost::Never))
}

/// Completes names of zones in the registry.
pub fn zones() -> ArgValueCandidates {
    named(|manager| Ok(registered(manager)?.into_iter().map(|zone| zone.name).collect()))
}

/// Completes what `edit` takes: kinds of files and names of zones; after a kind, the names of its files.
pub fn editable() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let kinds = ["config", "pool", "publisher", "reservation", "template", "zone"];
        match before("edit").into_iter().find(|word| kinds.contains(word)) {
            Some("config") => Vec::new(),
            Some("pool") => pools().candidates(),
            Some("publisher") => publishers().candidates(),
            Some("reservation") => owners().candidates(),
            Some("template") => templates().candidates(),
            Some(_) => zones().candidates(),
            None => kinds.map(CompletionCandidate::new).into_iter().chain(zones().candidates()).collect(),
        }
    })
}

/// Returns the words between this command and the word that is being typed, without options.
fn before(command: &str) -> Vec<&'static str> {
    let words = invocation::words().iter().map(|word| word.to_str().unwrap_or_default());
    let mut words: Vec<&str> = words.skip_while(|word| *word != command).skip(1).collect();
    words.pop();
    words.retain(|word| !word.starts_with('-'));
    words
}

/// Completes labels of snapshots, after `snapshot`, its command and the zone.
pub fn labels() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let zone = before("snapshot").get(1).copied();
        let snapshots = zone.and_then(|zone| manager()?.snapshots(&[zone]).ok()).unwrap_or_default();
        snapshots.into_iter().map(|snapshot| CompletionCandidate::new(snapshot.label)).collect()
    })
}

/// Completes brands after `explain brand`.
pub fn brands() -> ArgValueCandidates {
    ArgValueCandidates::new(|| match before("explain").as_slice() {
        ["brand"] => zmgr::managed_brands().map(CompletionCandidate::new).collect(),
        _ => Vec::new(),
    })
}

/// Completes names of pools.
pub fn pools() -> ArgValueCandidates {
    named(|manager| Ok(manager.pools()?.iter().map(|pool| pool.name.to_string()).collect()))
}

/// Completes the keys of `set`, and after the sign of some of them their values.
pub fn keys() -> ArgValueCandidates {
    let keys = || zmgr::setting_keys().map(|key| key.replace("NAME", "") + if key.contains("NAME") { "" } else { "=" });
    ArgValueCandidates::new(move || {
        let typed = invocation::words().last().and_then(|word| word.to_str()).unwrap_or_default();
        let values = match typed.split_once('=').map(|(key, _)| key) {
            Some("autoboot" | "protected") => ["true", "false"].map(CompletionCandidate::new).into(),
            Some("tags") => tags().candidates(),
            Some("after") => zones().candidates(),
            Some(_) => Vec::new(),
            None => return keys().map(CompletionCandidate::new).collect(),
        };
        let key = typed.split('=').next().unwrap_or_default();
        let whole = |value: CompletionCandidate| format!("{key}={}", value.get_value().to_string_lossy());
        values.into_iter().map(|value| CompletionCandidate::new(whole(value))).collect()
    })
}

/// Completes the nodes of `explain`.
pub fn nodes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| zmgr::nodes().map(CompletionCandidate::new).collect())
}

/// Completes tags of zones.
pub fn tags() -> ArgValueCandidates {
    named(|manager| Ok(registered(manager)?.into_iter().flat_map(|zone| zone.tags).collect()))
}

/// Completes owners of reservations.
pub fn owners() -> ArgValueCandidates {
    named(|manager| {
        let holders = manager.pool_usages()?.into_iter().flat_map(|usage| usage.holders);
        let owner = |by: HeldBy| if let HeldBy::Reservation { name, .. } = by { Some(name) } else { None };
        Ok(holders.filter_map(|held| owner(held.by)).collect())
    })
}

/// Completes names of publishers after `publisher`, otherwise of templates.
pub fn documents() -> ArgValueCandidates {
    ArgValueCandidates::new(|| match invocation::words().iter().any(|word| word == "publisher") {
        false => templates().candidates(),
        true => publishers().candidates(),
    })
}

/// Completes names of publishers.
fn publishers() -> ArgValueCandidates {
    named(|manager| Ok(manager.publishers()?.iter().map(|each| each.name.to_string()).collect()))
}

/// Completes names of templates.
pub fn templates() -> ArgValueCandidates {
    named(|manager| Ok(manager.templates()?.iter().map(|template| template.name.to_string()).collect()))
}

/// Opens the manager for the command line and the environment. Never creates anything: a directory that does not exist yields no
/// names.
fn manager() -> Option<Manager> {
    let words = invocation::words();
    let option = |name: &str| {
        let joined = words.iter().find_map(|word| word.to_str()?.strip_prefix(name)?.strip_prefix('='));
        let at = || words.iter().position(|word| word == OsStr::new(name));
        joined.map(PathBuf::from).or_else(|| words.get(at()? + 1).map(PathBuf::from))
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
