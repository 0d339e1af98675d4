//! `config.kdl`: what holds for the whole tree.

use std::str::FromStr;
use std::time::Duration;

use crate::name::TemplateName;
use crate::settings::{Settings, words};
use crate::source::{Source, Sourced};

/// What holds for the whole tree. A missing file means these defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The folder that zonepaths of new zones lie in: `PREFIX/NAME`.
    pub zonepath_prefix: Sourced<String>,
    /// The template of zones for which none is named.
    pub default_template: Option<Sourced<TemplateName>>,
    /// How long to wait for a lock; zero is not at all.
    pub lock_timeout: Duration,
    /// What becomes of the steps done when a later one fails.
    pub on_failure: FailureRule,
    /// The pattern of VNIC names.
    pub vnic_name: Sourced<String>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Where the full output of long commands is kept.
    pub log_dir: String,
    /// The layer beneath every template.
    pub defaults: Settings,
    /// The file, where there is one.
    pub source: Source,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            zonepath_prefix: "/zones".to_owned().into(),
            default_template: None,
            lock_timeout: Duration::from_secs(30),
            on_failure: FailureRule::RollBack,
            vnic_name: "{zone}_{index}".to_owned().into(),
            timeouts: Timeouts::default(),
            log_dir: "/var/log/zmgr".to_owned(),
            defaults: Settings::default(),
            source: Source::none(),
        }
    }
}

/// Time limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Install and clone.
    pub install: Duration,
    /// Boot, until the zone runs.
    pub boot: Duration,
    /// Shutdown, until the zone is down. illumos itself waits 100 seconds.
    pub shutdown: Duration,
    /// Every other command.
    pub command: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            install: Duration::from_secs(3600),
            boot: Duration::from_secs(600),
            shutdown: Duration::from_secs(130),
            command: Duration::from_secs(120),
        }
    }
}

/// What becomes of the steps done when a later one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum FailureRule {
    /// They are undone.
    #[default]
    RollBack,
    /// They are kept, and the entry is `failed`.
    Keep,
}

impl FailureRule {
    /// The word in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            FailureRule::RollBack => "rollback",
            FailureRule::Keep => "keep",
        }
    }
}

words!(FailureRule: FailureRule::RollBack, FailureRule::Keep);
