//! Diagnosis of a host: what zmgr finds of what it needs, and what it knows of how well that works.
//!
//! Invariant: reads only. Each query runs once, whatever the number of zones.

mod commands;
mod environments;
mod host;
mod kind;
mod services;

use serde::Serialize;

pub use kind::{DiagnosisArea, DiagnosisKind, DiagnosisLevel};

use crate::error::Result;
use crate::host::{Distribution, Evidence, real_runs};
use crate::operations::{ConfigTree, Context};

/// State of a host: can zmgr manage it, and what is noteworthy about it.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let diagnosis: Diagnosis = manager.doctor()?;
/// assert!(diagnosis.can_manage());
/// assert_eq!(diagnosis.distribution, Distribution::OpenIndiana);
/// for item in diagnosis.items.iter().filter(|item| item.level >= DiagnosisLevel::Warning) {
///     println!("{item}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Distribution. One that zmgr does not know counts as plain illumos.
    pub distribution: Distribution,
    /// First line of /etc/release.
    pub release: Option<String>,
    /// `VERSION_ID` of /etc/os-release.
    pub version: Option<String>,
    /// System, release and version that `uname` prints.
    pub kernel: Option<String>,
    /// The host is simulated.
    pub simulated: bool,
    /// Findings, by area.
    pub items: Vec<DiagnosisItem>,
}

/// One thing that was found.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let diagnosis = manager.doctor()?;
/// let is_brand = |item: &&DiagnosisItem| item.kind == DiagnosisKind::BrandKnown && item.subject == "nlipkg";
/// let brand: &DiagnosisItem = diagnosis.items.iter().find(is_brand).expect("OpenIndiana has it");
/// assert_eq!(brand.evidence, Some(Evidence::Read), "how its zones get their addresses is only read");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiagnosisItem {
    /// Part of the host.
    pub area: DiagnosisArea,
    /// Kind.
    pub kind: DiagnosisKind,
    /// Severity.
    pub level: DiagnosisLevel,
    /// Name of the command, brand, dataset, pool or zone that it is about; may be empty.
    pub subject: String,
    /// Message: a sentence without a full stop.
    pub message: String,
    /// Advice on what to do about it, if there is any.
    pub help: Option<String>,
    /// Evidence for it, if it is about what illumos does.
    pub evidence: Option<Evidence>,
}

impl DiagnosisItem {
    fn new(kind: DiagnosisKind, level: DiagnosisLevel, subject: &str, message: impl Into<String>) -> Self {
        DiagnosisItem {
            area: kind.area(),
            kind,
            level,
            subject: subject.to_owned(),
            message: message.into(),
            help: None,
            evidence: None,
        }
    }

    fn ok(kind: DiagnosisKind, subject: &str, message: impl Into<String>) -> Self {
        DiagnosisItem::new(kind, DiagnosisLevel::Ok, subject, message)
    }

    fn note(kind: DiagnosisKind, subject: &str, message: impl Into<String>) -> Self {
        DiagnosisItem::new(kind, DiagnosisLevel::Note, subject, message)
    }

    fn warning(kind: DiagnosisKind, subject: &str, message: impl Into<String>) -> Self {
        DiagnosisItem::new(kind, DiagnosisLevel::Warning, subject, message)
    }

    fn error(kind: DiagnosisKind, subject: &str, message: impl Into<String>) -> Self {
        DiagnosisItem::new(kind, DiagnosisLevel::Error, subject, message)
    }

    fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = Some(evidence);
        self
    }
}

/// Subject and message, as `zmgr doctor` prints them.
impl std::fmt::Display for DiagnosisItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.subject.as_str() {
            "" => f.write_str(&self.message),
            subject => write!(f, "{subject}: {}", self.message),
        }
    }
}

impl Diagnosis {
    /// Returns true if zmgr can manage zones on this host.
    pub fn can_manage(&self) -> bool {
        self.items.iter().all(|item| item.level < DiagnosisLevel::Error)
    }

    /// Returns the number of items of this level.
    pub fn count(&self, level: DiagnosisLevel) -> usize {
        self.items.iter().filter(|item| item.level == level).count()
    }

    /// Returns the diagnosis as JSON, as `zmgr doctor --json` prints it.
    pub fn to_json(&self) -> serde_json::Value {
        // It holds strings and words only.
        let mut value = serde_json::to_value(self).unwrap_or_default();
        value["can_manage"] = self.can_manage().into();
        value
    }
}

/// Looks at a host and at what the configuration files of a tree need of it.
pub(crate) fn diagnose(context: &Context) -> Result<Diagnosis> {
    let host = &context.host;
    let config_tree = ConfigTree::load(context.registry.tree())?;
    let answers = commands::ask(host)?;
    let (release, version) = host.release();
    let mut items = host::distribution(host, &answers, release.as_deref());
    items.push(DiagnosisItem::note(DiagnosisKind::RealHosts, "", real_runs()));
    items.extend(host::privileges(host)?);
    items.extend(answers.items());
    items.extend(host::brands(host, &config_tree)?);
    items.extend(host::datasets(&config_tree, &answers));
    items.extend(host::links(&config_tree, &answers));
    items.extend(environments::check(host, &answers));
    items.extend(services::boot_order(context, &config_tree)?);
    items.extend(host::platform_bugs(host)?);
    items.sort_by_key(|item| item.area);
    Ok(Diagnosis {
        distribution: host.dialect(),
        release,
        version,
        kernel: answers
            .kernel
            .as_ref()
            .map(|kernel| format!("{} {} {}", kernel.system, kernel.release, kernel.version)),
        simulated: !host.is_real(),
        items,
    })
}
