//! Results of an operation on several zones.

use std::fmt;

use crate::api::{Action, Zone};
use crate::error::{Code, Diagnostic, Error, Result};

/// The outcome for each zone of an operation, in the order of the request.
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
/// assert_eq!((first.name.as_str(), first.action), ("web01", Action::Created));
/// assert!(report.error().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// Outcomes in the order of the request.
    pub outcomes: Vec<Outcome>,
}

/// The outcome for one zone.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The zone's name.
    pub name: String,
    /// Action taken; `Action::Failed` if the result is an error.
    pub action: Action,
    /// The resulting zone, if it still exists, or the error.
    pub result: Result<Option<Zone>>,
    /// Notes for the user.
    pub notes: Vec<String>,
}

/// One line: what was done, the zone and its addresses; or the zone and the error.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = match &self.result {
            Ok(zone) => zone,
            Err(error) => return write!(f, "{}: {}", self.name, error.message().lines().next().unwrap_or_default()),
        };
        write!(f, "{} {}", self.action, self.name)?;
        let Some(zone) = zone else { return Ok(()) };
        let addresses: Vec<String> =
            zone.nets.iter().flat_map(|net| &net.addresses).map(|each| each.address.to_string()).collect();
        if !addresses.is_empty() {
            write!(f, " {}", addresses.join(","))?;
        }
        // An import ties the zone to a template, which has effects later.
        match (self.action, &zone.template) {
            (Action::Adopted, Some(template)) => write!(f, " (template {template})"),
            (Action::Adopted, None) => f.write_str(" (no template)"),
            _ => Ok(()),
        }
    }
}

impl Outcome {
    /// Returns the outcome for a zone; its action is `failed` if the result is an error.
    pub(crate) fn new(name: String, action: Action, result: Result<Option<Zone>>, notes: Vec<String>) -> Outcome {
        let action = if result.is_ok() { action } else { Action::Failed };
        Outcome { name, action, result, notes }
    }
}

impl Report {
    /// Returns the report of a request that was cancelled before anything began. Without names, returns the error.
    pub(crate) fn called_off(names: &[impl ToString], action: Action, error: Error) -> Result<Report> {
        if error.code() != Code::Cancelled || names.is_empty() {
            return Err(error);
        }
        let outcome = |name: &dyn ToString| {
            let message = format!("the operation on {} was cancelled before it began", name.to_string());
            let result = Err(Error::new(Code::Cancelled, message));
            Outcome::new(name.to_string(), action, result, Vec::new())
        };
        Ok(Report { outcomes: names.iter().map(|name| outcome(name)).collect() })
    }

    /// Returns the zones that still exist and for which everything succeeded.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok()?.as_ref())
    }

    /// Returns the failures, with the names of their zones.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Error)> {
        self.outcomes.iter().filter_map(|outcome| Some((outcome.name.as_str(), outcome.result.as_ref().err()?)))
    }

    /// Returns `None` if everything succeeded; the error itself if the request named one zone; otherwise `partial` (or `cancelled`,
    /// if that is the reason), with each failure among its details.
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

    /// Returns the outcome of a request for one zone; `partial` as an error if there were several and some failed.
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
