//! Evidence for each behaviour of illumos that zmgr relies on.

use serde::{Deserialize, Serialize};

/// Evidence that illumos does what zmgr expects, weakest first.
///
/// ```
/// # use zmgr::*;
/// assert!(Evidence::Inferred < Evidence::Recorded);
/// assert_eq!(Evidence::Recorded.as_str(), "recorded");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Evidence {
    /// Follows from other facts; neither seen nor read for this brand on this distribution.
    Inferred,
    /// Read in the source.
    Read,
    /// The real program or hook was run.
    Ran,
    /// The real program or hook was run, and the simulated host is compared with recordings of it.
    Recorded,
}

impl Evidence {
    /// Every kind of evidence, weakest first.
    pub const ALL: [Evidence; 4] = [Evidence::Inferred, Evidence::Read, Evidence::Ran, Evidence::Recorded];

    /// Returns the word for it, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::Inferred => "inferred",
            Evidence::Read => "read",
            Evidence::Ran => "ran",
            Evidence::Recorded => "recorded",
        }
    }

    /// Says in a sentence what it means.
    pub fn describe(self) -> &'static str {
        match self {
            Evidence::Inferred => "follows from other facts; neither seen nor read for this brand on this distribution",
            Evidence::Read => "read in the source",
            Evidence::Ran => "the real program or hook was run",
            Evidence::Recorded => {
                "the real program or hook was run, and the simulated host is compared with recordings of it"
            }
        }
    }
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// One run of zmgr on a real illumos kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RealRun {
    /// Distribution and release.
    pub(crate) host: &'static str,
    /// Program that was run, such as `host-check --install`.
    pub(crate) what: &'static str,
}

/// The runs on real hosts. What has been run elsewhere, such as the real hooks on Linux, is in the rows of the tables.
pub(crate) const REAL_RUNS: &[RealRun] = &[];

/// Says what has been run on real hosts.
pub(crate) fn real_runs() -> String {
    if REAL_RUNS.is_empty() {
        return "zmgr has not yet run on a real host".to_owned();
    }
    let runs: Vec<String> = REAL_RUNS.iter().map(|run| format!("{} ({})", run.host, run.what)).collect();
    format!("zmgr has run on these real hosts: {}", runs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_json() {
        for evidence in Evidence::ALL {
            assert_eq!(serde_json::to_value(evidence).unwrap(), evidence.as_str());
        }
    }

    #[test]
    fn the_readme_says_what_ran_on_real_hosts() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        let words = readme.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&real_runs()), "README.md does not say: {}", real_runs());
    }
}
