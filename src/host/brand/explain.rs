//! The table of brands as help: one brand, or the whole reference page.

use serde::{Deserialize, Serialize};

use super::{
    Addresses, Brand, Cloning, Detaching, Distribution, Evidence, ImageOption, Packages, Root, Uninstalling,
    managed_brands,
};
use crate::error::{Code, Error, Result};
use crate::host::real_runs;
use crate::schema::did_you_mean;

/// Fact about a brand: an operation, or a property that operations depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BrandOperation {
    /// `zoneadm install`: hook and options.
    Install,
    /// Relation of zones to pkg(7).
    Packages,
    /// Place of the zone's root, and the time at which it is mounted.
    Root,
    /// Way in which the zone gets its addresses.
    Addresses,
    /// `zoneadm clone`, and what a clone needs afterwards.
    Clone,
    /// `zoneadm detach`.
    Detach,
    /// `zoneadm uninstall`: what it destroys.
    Uninstall,
}

impl BrandOperation {
    /// Every operation.
    pub const ALL: [BrandOperation; 7] = [
        BrandOperation::Install,
        BrandOperation::Packages,
        BrandOperation::Root,
        BrandOperation::Addresses,
        BrandOperation::Clone,
        BrandOperation::Detach,
        BrandOperation::Uninstall,
    ];

    /// Returns its name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            BrandOperation::Install => "install",
            BrandOperation::Packages => "packages",
            BrandOperation::Root => "root",
            BrandOperation::Addresses => "addresses",
            BrandOperation::Clone => "clone",
            BrandOperation::Detach => "detach",
            BrandOperation::Uninstall => "uninstall",
        }
    }

    /// Returns true if it destroys data, so that zmgr must know what it destroys.
    pub fn is_destructive(self) -> bool {
        self == BrandOperation::Uninstall
    }
}

impl std::fmt::Display for BrandOperation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Effect of an operation of a brand on a distribution, and the evidence for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BrandFact {
    /// The brand.
    pub brand: String,
    /// The distribution.
    pub distribution: Distribution,
    /// The operation.
    pub operation: BrandOperation,
    /// Effect of the operation.
    pub behaviour: String,
    /// Evidence for it.
    pub evidence: Evidence,
    /// Recording or source that shows it. If it is inferred: the facts behind it.
    pub source: String,
}

/// The distributions that the table is shown for. SmartOS has none of these brands as zmgr knows them.
const SHOWN: [Distribution; 3] = [Distribution::OpenIndiana, Distribution::OmniOs, Distribution::Illumos];

/// Returns what is known of a brand, by distribution and operation. `not-found` for a brand that zmgr cannot install.
///
/// ```
/// # use zmgr::*;
/// let facts: Vec<BrandFact> = explain_brand("nlipkg")?;
/// let of = |fact: &&BrandFact| fact.distribution == Distribution::OpenIndiana && fact.operation == BrandOperation::Uninstall;
/// let uninstall = facts.iter().find(of).expect("the table has a row for each operation");
/// assert_eq!(uninstall.evidence, Evidence::Recorded);
/// println!("{}", uninstall.behaviour);
/// # Ok::<(), zmgr::Error>(())
/// ```
pub fn explain_brand(name: &str) -> Result<Vec<BrandFact>> {
    let mut facts = Vec::new();
    for dialect in SHOWN {
        let Some(row) = super::brand(name, dialect) else {
            let brands: Vec<&str> = managed_brands().collect();
            let help = match did_you_mean(name, managed_brands()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("name one of {}", brands.join(", ")),
            };
            let message = format!("zmgr cannot install zones of brand {name:?}");
            return Err(Error::new(Code::NotFound, message).with_help(help));
        };
        facts.extend(BrandOperation::ALL.into_iter().map(|operation| row.fact(operation, dialect)));
    }
    Ok(facts)
}

/// Returns the table of brands as the page `docs/brands.md`.
///
/// ```
/// # use zmgr::*;
/// assert!(brand_reference().contains("## sparse"));
/// ```
pub fn brand_reference() -> String {
    let mut page = String::from(concat!(
        "# Brands\n",
        "\n",
        "What zmgr knows of each brand that it can install, by distribution, and how it is known. Plans,\n",
        "preconditions, `zmgr doctor` and `zmgr explain brand NAME` use the same table. A distribution that\n",
        "is not named counts as `illumos`.\n",
        "\n",
    ));
    page.push_str(&format!("{}. The real hooks and clients were run on Linux.\n\n", real_runs()));
    page.push_str("| evidence | meaning |\n|---|---|\n");
    for evidence in Evidence::ALL.into_iter().rev() {
        page.push_str(&format!("| {evidence} | {} |\n", evidence.describe()));
    }
    page.push_str(concat!(
        "\n",
        "On a real host, a step that destroys data (`uninstall`) is refused if its row is only inferred, unless\n",
        "you pass `--unproven`.\n",
    ));
    for name in managed_brands() {
        page.push_str(&format!("\n## {name}\n"));
        for dialect in SHOWN {
            let Some(row) = super::brand(name, dialect) else { continue };
            page.push_str(&format!("\n### {name} on {}\n\n", dialect.as_str()));
            page.push_str("| operation | what happens | evidence | source |\n|---|---|---|---|\n");
            for operation in BrandOperation::ALL {
                let fact = row.fact(operation, dialect);
                page.push_str(&format!("| {operation} | {} | {} | {} |\n", fact.behaviour, fact.evidence, fact.source));
            }
        }
    }
    page
}

impl Brand {
    /// Returns what an operation does.
    pub(crate) fn fact(&self, operation: BrandOperation, dialect: Distribution) -> BrandFact {
        let (evidence, source) = self.known(operation);
        BrandFact {
            brand: self.name.to_owned(),
            distribution: dialect,
            operation,
            behaviour: self.behaviour(operation),
            evidence,
            source: source.to_owned(),
        }
    }

    /// Says what an operation does.
    fn behaviour(&self, operation: BrandOperation) -> String {
        match operation {
            BrandOperation::Install => {
                let install = self.install.value;
                let image = match install.image {
                    ImageOption::None => "no image",
                    ImageOption::Archive => "an image as `-a ARCHIVE` or `-d DIRECTORY` with `-u`",
                    ImageOption::Seed => "an archive, stream, dataset or snapshot as `-s`, which it needs",
                };
                let packages =
                    if install.packages { ", one publisher as `-P`, packages as `-e`" } else { ", no packages" };
                format!("hook {}; takes {image}{packages}", install.hook)
            }
            BrandOperation::Packages => self.packages.value.describe().to_owned(),
            BrandOperation::Root => self.root.value.describe().to_owned(),
            BrandOperation::Addresses => self.addresses.value.describe().to_owned(),
            BrandOperation::Clone => self.cloning.value.describe().to_owned(),
            BrandOperation::Detach => self.detaching.value.describe().to_owned(),
            BrandOperation::Uninstall => self.uninstalling.value.describe().to_owned(),
        }
    }
}

impl Packages {
    fn describe(self) -> &'static str {
        match self {
            Packages::None => "the zone is not an image of pkg(7)",
            Packages::Own => "an image of its own, with publishers of its own",
            Packages::Linked => "a linked image: packages follow the host's, publishers are the host's",
        }
    }
}

impl Root {
    fn describe(self) -> &'static str {
        match self {
            Root::Environment => {
                "a boot environment, DATASET/ROOT/zbe, that belongs to the host's; mounted while the zone is down too"
            }
            Root::Overlaid => {
                "a boot environment, DATASET/ROOT/zbe, with svc and fm of its own over it; mounted while the zone is down \
                 too; /usr, /lib and /sbin are the host's"
            }
            Root::WhileActive => "DATASET/ROOT/illumos; mounted while the zone is ready or running only",
            Root::Directory => "the directory root in DATASET; always there",
        }
    }
}

impl Addresses {
    fn describe(self) -> &'static str {
        match self {
            Addresses::FirstBoot => {
                "the zone makes its interfaces at its first boot and takes the addresses from the host at each boot; a link \
                 that it gets later needs an interface made from the host"
            }
            Addresses::Init => "the zone's init configures the links at each boot; IPv4 gateways only; no ipadm",
        }
    }
}

impl Cloning {
    fn describe(self) -> &'static str {
        match self {
            Cloning::Hook => {
                "the hook clones the boot environment and resets its identity; interfaces come at the first boot"
            }
            Cloning::HookWithoutNetwork => {
                "the hook clones the boot environment and resets its identity, but the clone believes that it has booted \
                 before: zmgr makes its interfaces from the host"
            }
            Cloning::Zonepath => "zoneadm clones DATASET; the identity (host keys, host name) stays that of the source",
            Cloning::LosesRoot => "zoneadm clones DATASET without the root, so the clone cannot boot: zmgr refuses it",
        }
    }
}

impl Detaching {
    fn describe(self) -> &'static str {
        match self {
            Detaching::Hook => {
                "the hook takes the active boot environment from the zone and mounts it for the host; the files stay"
            }
            Detaching::ZoneadmAlone => {
                "zoneadm writes the configuration beside the files; refused if anything is mounted below the zonepath"
            }
        }
    }
}

impl Uninstalling {
    fn describe(self) -> &'static str {
        match self {
            Uninstalling::BootEnvironments => {
                "destroys the zone's boot environments of the running host's; other datasets below DATASET stay, and with \
                 them DATASET"
            }
            Uninstalling::OneBootEnvironment => {
                "destroys the zone's boot environment of the running host's, and fails if there is more than one; other \
                 datasets below DATASET stay, and with them DATASET"
            }
            Uninstalling::Everything => "destroys DATASET and every dataset below it, delegated ones included",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_brands_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/brands.md");
        if std::env::var_os("ZMGR_WRITE_REFERENCE").is_some() {
            std::fs::write(path, brand_reference()).unwrap();
        }
        let current = std::fs::read_to_string(path).unwrap_or_default() == brand_reference();
        assert!(current, "write docs/brands.md: ZMGR_WRITE_REFERENCE=1 cargo test -p zmgr --lib brand");
    }

    #[test]
    fn every_brand_is_explained_for_every_operation() {
        for name in managed_brands() {
            let facts = explain_brand(name).unwrap();
            assert_eq!(facts.len(), SHOWN.len() * BrandOperation::ALL.len());
            assert!(facts.iter().all(|fact| !fact.behaviour.is_empty() && !fact.source.is_empty()));
        }
        let error = explain_brand("bhyve").unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        assert!(error.help().unwrap().contains("nlipkg"));
    }

    #[test]
    fn the_words_are_those_of_json() {
        for operation in BrandOperation::ALL {
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.as_str());
        }
    }
}
