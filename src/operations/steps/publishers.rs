//! Sets the publishers of the zone's image: each one that install could not set, then a check of names, order and completeness.
//!
//! The steps have no undo: a zone that is rolled back is removed completely.

use super::{Probe, Step, StepContext, planned};
use crate::api::{PlannedStep, StepKind};
use crate::documents::publisher::Publisher;
use crate::error::{Code, Diagnostic, Error, Result};
use crate::exec::pkg::{self, DesiredPublisher, ImagePublisher, KeptKey};
use crate::exec::{Completed, Invocation};
use crate::file::{self, Links};
use crate::host::Host;
use crate::value::name::ZoneName;

/// The image of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) zone: ZoneName,
    pub(crate) zonepath: String,
}

impl Image {
    /// Path of the image on the host.
    pub(crate) fn root(&self) -> String {
        format!("{}/root", self.zonepath)
    }

    /// Returns the image's publishers, if it can be queried, with their keys compared with those of the desired ones.
    pub(crate) fn found(&self, host: &Host, desired: &[Publisher]) -> Result<Vec<ImagePublisher>> {
        self.read(host, desired, |invocation| host.question(&invocation))
    }

    fn publishers(&self, step_context: &StepContext<'_>, desired: &[Publisher]) -> Result<Vec<ImagePublisher>> {
        self.read(&step_context.host, desired, |invocation| step_context.attempt(invocation))
    }

    fn read(
        &self,
        host: &Host,
        desired: &[Publisher],
        ask: impl Fn(Invocation) -> Result<Completed>,
    ) -> Result<Vec<ImagePublisher>> {
        // pkg would report that the empty directory below has no image, which looks like any other image error.
        if !host.zone_root(&self.zonepath)?.is_directory("/var/pkg")? {
            return Err(not_mounted(&self.zone, &self.zonepath));
        }
        let must = |invocation| {
            let answer = ask(invocation)?;
            if answer.success() { Ok(answer) } else { Err(failure(&answer)) }
        };
        let mut found = pkg::parse_publishers(&must(pkg::publishers(&self.root()))?)?;
        pkg::note_enabled(&mut found, &must(pkg::enabled_publishers(&self.root()))?)?;
        // Without a copy there is no key; this saves the question for most images.
        let copies = std::fs::read_dir(host.path(format!("{}{KEPT}", self.root())));
        let has_copies = copies.is_ok_and(|mut entries| entries.next().is_some());
        let names: Vec<String> = found.iter().map(|publisher| publisher.name.clone()).collect();
        let kept = match has_copies && !names.is_empty() {
            true => pkg::parse_keys(&ask(pkg::describe_publishers(&self.root(), &names))?)?,
            false => Vec::new(),
        };
        for publisher in &mut found {
            let kept = kept.iter().find(|kept| kept.publisher == publisher.name);
            publisher.has_key = Some(kept.is_some());
            let desired = desired.iter().find(|desired| desired.name.as_str() == publisher.name);
            publisher.has_other_key = match (kept, desired) {
                (Some(kept), Some(desired)) => self.has_other_key(host, kept, desired)?,
                _ => false,
            };
        }
        Ok(found)
    }

    /// Returns true if a key or certificate of the host is not among the image's copies: the file has been replaced.
    fn has_other_key(&self, host: &Host, kept: &KeptKey, desired: &Publisher) -> Result<bool> {
        let root = host.zone_root(&self.zonepath)?;
        let mut copies = Vec::new();
        for file in &kept.files {
            // A copy that is missing breaks the publisher, and pkg says so.
            let Some(copy) = root.read(&format!("{KEPT}/{file}"), KEY_LIMIT)? else { return Ok(false) };
            copies.push(copy);
        }
        let files = [&desired.ssl_key, &desired.ssl_cert].into_iter().flatten();
        // Files that cannot be read are reported when they are needed.
        let read = |file: &String| {
            let (file, meta) = file::open(&host.path(file), Links::Follow).ok()?;
            file::read_to_limit(&file, &meta, KEY_LIMIT).ok()
        };
        Ok(files.filter_map(read).any(|bytes| !copies.contains(&bytes)))
    }
}

/// Returns the error for a zone whose files are not where they should be.
pub(crate) fn not_mounted(zone: &ZoneName, zonepath: &str) -> Error {
    Error::new(Code::WrongState, format!("the file system of {zone} is not mounted on {zonepath}/root"))
        .with_help(format!("run `zoneadm -z {zone} ready`, then `zoneadm -z {zone} halt` to mount it"))
}

pub(super) fn failure(completed: &Completed) -> Error {
    if pkg::is_locked(completed) {
        return completed.error().with_help("another pkg is using this image: run the command again when it is done");
    }
    completed.error()
}

/// Directory of an image for its copies of keys and certificates.
const KEPT: &str = "/var/pkg/ssl";

/// Largest copy that is compared.
const KEY_LIMIT: u64 = 256 << 10;

/// Sets a publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetPublisher {
    pub(crate) image: Image,
    pub(crate) publisher: Publisher,
    /// The publisher that precedes it in the search order; `None`: it is first.
    pub(crate) after: Option<String>,
    /// The publisher in the image, if an administrator gave some of its origins or mirrors a proxy, which is to stay.
    pub(crate) found: Option<ImagePublisher>,
}

impl SetPublisher {
    fn command(&self) -> Invocation {
        let cert = self.inside(&self.publisher.ssl_cert, "pem");
        let key = self.inside(&self.publisher.ssl_key, "key");
        let desired = DesiredPublisher {
            name: self.publisher.name.as_str(),
            origins: &self.publisher.origins,
            mirrors: &self.publisher.mirrors,
            sticky: self.publisher.sticky,
            first: self.after.is_none(),
            after: self.after.as_deref(),
            ssl_cert: cert.as_deref(),
            ssl_key: key.as_deref(),
        };
        pkg::set_publisher(&self.image.root(), &desired, self.found.as_ref())
    }

    /// Path below the image's root of the copy of a file of the host: pkg looks for keys of a zone's image nowhere else.
    fn inside(&self, file: &Option<String>, ending: &str) -> Option<String> {
        file.as_ref().map(|_| format!("/var/pkg/zmgr-{}.{ending}", self.publisher.name))
    }

    /// Runs set-publisher while copies of the key and the certificate are in the zone. pkg keeps copies of its own, which are
    /// readable by everyone in the zone; they get the mode of a key.
    fn set(&self, step_context: &StepContext<'_>) -> Result<Completed> {
        let root = step_context.host.zone_root(&self.image.zonepath)?;
        let mut copies: Vec<(String, Vec<u8>)> = Vec::new();
        for (file, ending) in [(&self.publisher.ssl_cert, "pem"), (&self.publisher.ssl_key, "key")] {
            if let (Some(file), Some(inside)) = (file, self.inside(file, ending)) {
                let path = step_context.host.path(file);
                let bytes = file::read(&path, Links::Follow, KEY_LIMIT).map_err(|error| {
                    let name = &self.publisher.name;
                    Error::new(Code::Config, format!("cannot read {file} of publisher {name}: {error}"))
                })?;
                copies.push((inside, bytes));
            }
        }
        let written = copies.iter().try_for_each(|(inside, bytes)| root.write(inside, bytes, 0o600));
        let set = written.and_then(|()| step_context.run_logged(self.command()));
        let removed = copies.iter().try_for_each(|(inside, _)| root.remove(inside));
        let set = set?;
        removed?;
        if set.success() && !copies.is_empty() {
            let directory = step_context.host.path(format!("{}{KEPT}", self.image.root()));
            for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = format!("{KEPT}/{}", entry.file_name().to_string_lossy());
                let kept = root.read(&path, KEY_LIMIT)?;
                if let Some((_, bytes)) = copies.iter().find(|(_, bytes)| Some(bytes) == kept.as_ref()) {
                    root.write(&path, bytes, 0o600)?;
                }
            }
        }
        Ok(set)
    }

    fn difference(&self, step_context: &StepContext<'_>) -> Result<Option<String>> {
        let desired = std::slice::from_ref(&self.publisher);
        Ok(difference(&self.publisher, &self.image.publishers(step_context, desired)?))
    }
}

impl Step for SetPublisher {
    fn kind(&self) -> StepKind {
        StepKind::Publisher
    }

    fn id(&self) -> String {
        format!("{}:{}", self.kind(), self.publisher.name)
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &self.command(), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        // An image's key cannot be queried in a parsable form; setting it again does no harm.
        if self.publisher.ssl_key.is_some() {
            return Ok(Probe::Absent);
        }
        Ok(if self.difference(step_context)?.is_none() { Probe::Done } else { Probe::Absent })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let set = self.set(step_context)?;
        if !set.success() {
            return Err(failure(&set));
        }
        let name = self.publisher.name.as_str();
        if self.image.publishers(step_context, &[])?.iter().any(|found| found.name == name && !found.enabled) {
            let enabled = step_context.run_logged(pkg::enable_publisher(&self.image.root(), name))?;
            if !enabled.success() {
                return Err(failure(&enabled));
            }
        }
        match self.difference(step_context)? {
            None => Ok(()),
            Some(how) => Err(set.error().with_detail(Diagnostic::new("publisher-differs", how))),
        }
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// Checks all publishers of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Publishers {
    pub(crate) image: Image,
    /// Desired publishers in search order.
    pub(crate) desired: Vec<Publisher>,
    /// Publishers to remove; `None`: all but the desired ones.
    pub(crate) gone: Option<Vec<String>>,
}

impl Publishers {
    fn is_desired(&self, name: &str) -> bool {
        self.desired.iter().any(|desired| desired.name.as_str() == name)
    }

    /// Returns the publishers of the image that are to be removed.
    fn strangers(&self, found: &[ImagePublisher]) -> Vec<String> {
        found
            .iter()
            .filter(|found| !self.is_desired(&found.name))
            .filter(|found| self.gone.as_ref().is_none_or(|gone| gone.contains(&found.name)))
            .map(|found| found.name.clone())
            .collect()
    }

    /// Returns how the image differs from the desired publishers.
    pub(crate) fn differences(&self, found: &[ImagePublisher]) -> Vec<String> {
        let mut differences: Vec<String> =
            self.desired.iter().filter_map(|publisher| difference(publisher, found)).collect();
        differences.extend(
            self.strangers(found).iter().map(|name| format!("it has {name}, which is not among its publishers")),
        );
        let order = found.iter().map(|found| found.name.as_str());
        let order: Vec<&str> = order.filter(|name| self.gone.is_none() || self.is_desired(name)).collect();
        if differences.is_empty() && !order.iter().copied().eq(self.desired.iter().map(|desired| desired.name.as_str()))
        {
            differences.push(format!("their search order is {}", order.join(", ")));
        }
        differences
    }
}

impl Step for Publishers {
    fn kind(&self) -> StepKind {
        StepKind::Publishers
    }

    fn planned(&self) -> PlannedStep {
        planned(self, &pkg::publishers(&self.image.root()), Vec::new(), None)
    }

    fn probe(&self, step_context: &StepContext<'_>) -> Result<Probe> {
        let found = self.image.publishers(step_context, &self.desired)?;
        Ok(if self.differences(&found).is_empty() { Probe::Done } else { Probe::Absent })
    }

    fn run(&self, step_context: &StepContext<'_>) -> Result<()> {
        let mut found = self.image.publishers(step_context, &self.desired)?;
        // Without -P, install copies the host's publishers.
        let strangers = self.strangers(&found);
        if !strangers.is_empty() {
            let unset = step_context.run_logged(pkg::unset_publishers(&self.image.root(), &strangers))?;
            if !unset.success() {
                return Err(failure(&unset));
            }
            found = self.image.publishers(step_context, &self.desired)?;
        }
        let differences = self.differences(&found);
        if differences.is_empty() {
            return Ok(());
        }
        let message = format!("the publishers of {} differ from those that were set", self.image.zone);
        Err(differences.into_iter().fold(Error::new(Code::CommandFailed, message), |error, difference| {
            error.with_detail(Diagnostic::new("publisher-differs", difference))
        }))
    }

    fn undo(&self, _: &StepContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// Returns how this publisher differs in an image; `None` if it is as desired.
pub(crate) fn difference(desired: &Publisher, found: &[ImagePublisher]) -> Option<String> {
    let name = desired.name.as_str();
    let Some(found) = found.iter().find(|found| found.name == name) else {
        return Some(format!("publisher {name} is missing"));
    };
    for (what, desired, found) in
        [("origins", &desired.origins, &found.origins), ("mirrors", &desired.mirrors, &found.mirrors)]
    {
        if !same_addresses(desired, found) {
            return Some(format!("{name} has the {what} [{}], not [{}]", found.join(", "), desired.join(", ")));
        }
    }
    if found.sticky != desired.sticky {
        return Some(format!("{name} is {}", if found.sticky { "sticky" } else { "not sticky" }));
    }
    match (desired.ssl_key.is_some(), found.has_key) {
        (false, Some(true)) => return Some(format!("{name} has a client key, and its file names none")),
        (true, Some(false)) => return Some(format!("{name} lacks its client key")),
        (true, _) if found.has_other_key => return Some(format!("{name} has another client key than its file names")),
        _ => {}
    }
    (!found.enabled).then(|| format!("{name} is disabled"))
}

/// Returns true if both lists name the same repositories. Their order means nothing to pkg.
fn same_addresses(a: &[String], b: &[String]) -> bool {
    let tidy = |list: &[String]| {
        let mut list: Vec<String> = list.iter().map(|uri| pkg::tidy(uri)).collect();
        list.sort_unstable();
        list.dedup();
        list
    };
    tidy(a) == tidy(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired(name: &str, origins: &[&str]) -> Publisher {
        let mut publisher = Publisher::new(name.parse().unwrap());
        publisher.origins = origins.iter().map(|uri| (*uri).to_owned()).collect();
        publisher
    }

    fn found(name: &str, origins: &[&str]) -> ImagePublisher {
        ImagePublisher {
            name: name.to_owned(),
            origins: origins.iter().map(|uri| (*uri).to_owned()).collect(),
            sticky: true,
            enabled: true,
            ..ImagePublisher::default()
        }
    }

    fn publishers(desired: Vec<Publisher>) -> Publishers {
        let image = Image { zone: ZoneName::new("web01").unwrap(), zonepath: "/zones/web01".into() };
        Publishers { image, desired, gone: None }
    }

    #[test]
    fn what_differs_is_said() {
        let all = publishers(vec![desired("a", &["https://a", "/repo"]), desired("b", &["https://b/"])]);
        let a = found("a", &["file:///repo/", "https://a/"]);
        let b = found("b", &["https://b/"]);
        assert_eq!(all.differences(&[a.clone(), b.clone()]), [""; 0]);
        assert_eq!(all.differences(&[b.clone(), a.clone()]), ["their search order is b, a"]);
        assert_eq!(all.differences(std::slice::from_ref(&a)), ["publisher b is missing"]);
        assert_eq!(
            all.differences(&[a.clone(), b.clone(), found("c", &[])]),
            ["it has c, which is not among its publishers"]
        );
        let mut loose = b.clone();
        loose.sticky = false;
        assert_eq!(all.differences(&[a.clone(), loose]), ["b is not sticky"]);
        let mut off = b;
        off.enabled = false;
        assert_eq!(all.differences(&[a, off]), ["b is disabled"]);
    }

    #[test]
    fn what_others_gave_it_may_stay() {
        let mut all = publishers(vec![desired("a", &["https://a"])]);
        let found = [found("c", &[]), found("a", &["https://a"]), found("d", &[])];
        all.gone = Some(vec!["c".into()]);
        assert_eq!(all.differences(&found), ["it has c, which is not among its publishers"]);
        all.gone = Some(Vec::new());
        assert_eq!(all.differences(&found), [""; 0]);
    }

    #[test]
    fn the_first_is_searched_first_and_the_others_after_it() {
        let image = publishers(Vec::new()).image;
        let set = |after: Option<&str>| SetPublisher {
            image: image.clone(),
            publisher: desired("b", &["https://b/"]),
            after: after.map(str::to_owned),
            found: None,
        };
        assert!(set(None).command().to_string().contains(" --search-first "));
        assert!(set(Some("a")).command().to_string().contains(" --search-after a "));
    }
}
