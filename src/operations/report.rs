//! What became of an operation on several zones.

use crate::error::{Code, Diagnostic, Error, Result};
use crate::manager::Zone;

/// What became of each zone of an operation, in the order of the request.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let report: Report = manager.create_all(&["web01", "web02"], &CreateOptions::new(), &mut RunOptions::new())?;
/// for (name, error) in report.failures() {
///     eprintln!("{name}: {error}");
/// }
/// let first: &Outcome = &report.outcomes[0];
/// assert_eq!((first.name.as_str(), first.action.as_str()), ("web01", "created"));
/// assert!(report.error().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// One for each zone.
    pub outcomes: Vec<Outcome>,
}

/// What became of one zone.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The zone's name.
    pub name: String,
    /// What was done, in a word: `created`, `destroyed`, `adopted`, `skipped`, …
    pub action: String,
    /// The zone as it is now, where it still is; or why it failed.
    pub result: Result<Option<Zone>>,
    /// What a person should know, and which stopped nothing.
    pub notes: Vec<String>,
}

impl Report {
    /// That of a request that was called off before anything began. Without names the error is all there is to say.
    pub(super) fn called_off(names: &[impl ToString], action: &str, error: Error) -> Result<Report> {
        if error.code() != Code::Cancelled || names.is_empty() {
            return Err(error);
        }
        let outcome = |name: &dyn ToString| {
            let message = format!("the work on {} was cancelled before it began", name.to_string());
            let result = Err(Error::new(Code::Cancelled, message));
            Outcome { name: name.to_string(), action: action.to_owned(), result, notes: Vec::new() }
        };
        Ok(Report { outcomes: names.iter().map(|name| outcome(name)).collect() })
    }

    /// The zones of which everything asked was done and which still are.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok()?.as_ref())
    }

    /// The failures, with the names of their zones.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Error)> {
        self.outcomes.iter().filter_map(|outcome| Some((outcome.name.as_str(), outcome.result.as_ref().err()?)))
    }

    /// `None` where all went well; the error itself where the one zone of the request failed; else `partial` (or `cancelled`,
    /// where that is why), with each failure among its details.
    pub fn error(&self) -> Option<Error> {
        let failures: Vec<(&str, &Error)> = self.failures().collect();
        let (_, first) = failures.first()?;
        let of = self.outcomes.len();
        if of == 1 {
            return Some(first.restated());
        }
        let details = failures
            .iter()
            .map(|(name, error)| {
                let mut detail = Diagnostic::new(error.code().slug(), format!("{name}: {}", error.message()));
                detail.help = error.help().map(str::to_owned);
                detail
            })
            .collect();
        let code = if failures.iter().all(|(_, error)| error.code() == Code::Cancelled) && failures.len() == of {
            Code::Cancelled
        } else {
            Code::Partial
        };
        let message = format!("{} of {of} failed, the first with: {}", failures.len(), first.message());
        Some(Error::new(code, message).with_details(details))
    }

    /// The one outcome of a request for one zone; `partial` as an error where there were several and some failed.
    pub fn into_result(mut self) -> Result<Vec<Zone>> {
        if self.outcomes.len() == 1 {
            return self.outcomes.remove(0).result.map(|zone| zone.into_iter().collect());
        }
        match self.error() {
            Some(error) => Err(error),
            None => Ok(self.outcomes.into_iter().filter_map(|outcome| outcome.result.ok().flatten()).collect()),
        }
    }
}
