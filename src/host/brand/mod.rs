//! Brands: the ones that zmgr manages, and what each operation does on which distribution.
//!
//! One table, read by plans, preconditions, steps, `explain`, `doctor` and the reference. Each cell has its source and its evidence.

mod explain;
mod table;

use super::{Distribution, Evidence};
use table::BRANDS;

pub use explain::{BrandFact, BrandOperation, brand_reference, explain_brand};

/// Relation of a brand to zmgr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BrandKind {
    /// One that zmgr can install.
    Managed,
    /// A virtual machine: belongs to another tool, is never touched.
    Vm,
    /// Anything else: never touched either.
    Other,
}

/// One thing that is known of a brand, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known<T> {
    pub(crate) value: T,
    pub(crate) evidence: Evidence,
    /// Recording or source that shows it.
    pub(crate) source: &'static str,
}

/// Way in which the install hook takes an image of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageOption {
    /// There is none.
    None,
    /// `-a ARCHIVE` or `-d DIRECTORY`, with exactly one of `-u` and `-p`. Archives are plain tar, pax or cpio.
    Archive,
    /// `-s` with an archive, stream, dataset or snapshot. Nothing else installs such a zone.
    Seed,
}

/// Install hook that `zoneadm install` runs, and its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Install {
    /// The hook, below /usr/lib/brand.
    pub(crate) hook: &'static str,
    /// It takes `-P publisher=uri` and `-e package`.
    pub(crate) packages: bool,
    pub(crate) image: ImageOption,
}

/// Relation of zones to pkg(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packages {
    /// No image.
    None,
    /// An image of its own.
    Own,
    /// A linked image, whose publishers are the host's.
    Linked,
}

/// Place of the zone's root directory, and when it is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// A boot environment below ZONEPATH's dataset, mounted from the installation on.
    Environment,
    /// A boot environment as above, with datasets for /lib/svc and /usr/lib/fm mounted over it.
    Overlaid,
    /// ROOT/illumos below ZONEPATH's dataset, mounted while the zone is ready or running only: install and halt unmount it.
    WhileActive,
    /// A directory in ZONEPATH's dataset.
    Directory,
}

/// Way in which a zone with an IP stack of its own gets its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// Its ipmgmtd makes the interfaces at the first boot and takes the addresses from the host at each boot.
    FirstBoot,
    /// Its init configures the links at each boot; there is no ipadm. IPv4 gateways only.
    Init,
}

/// Effect of `zoneadm clone`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloning {
    /// The brand's hook clones the boot environment and gives the clone a new identity. Interfaces are created at its first boot.
    Hook,
    /// As above, but the clone takes its first boot for a later one: its interfaces are created from the host.
    HookWithoutNetwork,
    /// zoneadm clones the zonepath's dataset, which contains the whole zone, including its identity.
    Zonepath,
    /// zoneadm clones the zonepath's dataset, but the zone's root is in another one: the clone cannot boot.
    LosesRoot,
}

/// Datasets that `zoneadm uninstall` destroys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uninstalling {
    /// The boot environments of the host's current one; other datasets in the zonepath's stay, and with them the zonepath.
    BootEnvironments,
    /// The boot environment of the host's current one if there is exactly one; otherwise nothing.
    OneBootEnvironment,
    /// The zonepath's dataset and every dataset below it.
    Everything,
}

/// Effect of `zoneadm detach` besides removing the zone from the host's index of installed zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detaching {
    /// The hook takes the active boot environment from the zone and mounts it for the host.
    Hook,
    /// Nothing: zoneadm writes the configuration beside the files.
    ZoneadmAlone,
}

/// Behaviour of a brand on some distributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Brand {
    pub(crate) name: &'static str,
    /// The distributions; every one if empty.
    on: &'static [Distribution],
    pub(crate) install: Known<Install>,
    pub(crate) packages: Known<Packages>,
    pub(crate) root: Known<Root>,
    pub(crate) addresses: Known<Addresses>,
    pub(crate) cloning: Known<Cloning>,
    pub(crate) detaching: Known<Detaching>,
    pub(crate) uninstalling: Known<Uninstalling>,
}

impl Brand {
    /// Returns true if its zones are linked images.
    pub(crate) fn is_linked(&self) -> bool {
        self.packages.value == Packages::Linked
    }

    /// Returns true if the brand's zones have boot environments that belong to the host's.
    pub(crate) fn has_boot_environments(&self) -> bool {
        matches!(self.root.value, Root::Environment | Root::Overlaid)
    }

    /// Returns evidence and source of what an operation does.
    pub(crate) fn known(&self, operation: BrandOperation) -> (Evidence, &'static str) {
        fn of<T>(cell: &Known<T>) -> (Evidence, &'static str) {
            (cell.evidence, cell.source)
        }
        match operation {
            BrandOperation::Install => of(&self.install),
            BrandOperation::Packages => of(&self.packages),
            BrandOperation::Root => of(&self.root),
            BrandOperation::Addresses => of(&self.addresses),
            BrandOperation::Clone => of(&self.cloning),
            BrandOperation::Detach => of(&self.detaching),
            BrandOperation::Uninstall => of(&self.uninstalling),
        }
    }
}

/// Returns the behaviour of this brand on this distribution; `None` if zmgr cannot install it.
pub(crate) fn brand(name: &str, dialect: Distribution) -> Option<&'static Brand> {
    BRANDS.iter().find(|row| row.name == name && (row.on.is_empty() || row.on.contains(&dialect)))
}

/// Returns the distribution whose hooks of this brand are known, if it is the only one.
pub(crate) fn only_distribution_with(name: &str) -> Option<Distribution> {
    let mut on = BRANDS.iter().filter(|row| row.name == name).flat_map(|row| row.on);
    on.next().filter(|_| on.next().is_none()).copied()
}

fn any(name: &str) -> Option<&'static Brand> {
    BRANDS.iter().find(|row| row.name == name)
}

/// Returns the names of the brands that zmgr can install, for [`explain_brand`](crate::explain_brand).
///
/// ```
/// assert!(zmgr::managed_brands().any(|brand| brand == "lipkg"));
/// ```
pub fn managed_brands() -> impl Iterator<Item = &'static str> {
    let first = |(n, row): &(usize, &'static Brand)| !BRANDS[..*n].iter().any(|earlier| earlier.name == row.name);
    BRANDS.iter().enumerate().filter(first).map(|(_, row)| row.name)
}

/// Returns the relation of this brand to zmgr. Unknown brands are never touched.
pub fn brand_kind(brand: &str) -> BrandKind {
    match brand {
        brand if any(brand).is_some() => BrandKind::Managed,
        "bhyve" | "kvm" | "emu" | "propolis" | "nebula-vm" => BrandKind::Vm,
        _ => BrandKind::Other,
    }
}

/// Returns true if install requires an image for this brand.
pub fn needs_image(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.install.value.image == ImageOption::Seed)
}

/// Returns true if zones of this brand are images of pkg(7), so that publishers and packages apply to them.
pub fn is_pkg_image(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.packages.value != Packages::None)
}

/// Returns true if the root of a zone of this brand is a dataset below that of its zonepath, which its boot mounts.
pub(crate) fn root_is_a_dataset(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.cloning.value != Cloning::Zonepath)
}

/// Returns true if a clone of a zone of this brand lacks the zone's root.
pub(crate) fn clone_loses_root(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.cloning.value == Cloning::LosesRoot)
}

/// Returns true if zoneadm detaches zones of this brand without a hook, and refuses if anything is mounted below the zonepath.
pub(crate) fn is_detached_by_zoneadm(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.detaching.value == Detaching::ZoneadmAlone)
}

/// Returns true if the install hook of this brand takes publishers and packages.
pub(crate) fn takes_packages(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.install.value.packages)
}

/// Returns true if zones of this brand have an ipadm, with which their interfaces can be made from the host.
pub(crate) fn has_ipadm(brand: &str) -> bool {
    any(brand).is_none_or(|row| row.addresses.value != Addresses::Init)
}

/// Returns true if zones of this brand run the services of illumos, whose states tell when a zone has come up.
pub(crate) fn has_services(brand: &str) -> bool {
    any(brand).is_none_or(|row| row.addresses.value != Addresses::Init)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_decides_what_is_linked() {
        let linked = |name, dialect| brand(name, dialect).unwrap().is_linked();
        assert!(linked("ipkg", Distribution::OpenIndiana) && !linked("ipkg", Distribution::OmniOs));
        assert!(linked("lipkg", Distribution::OmniOs) && !linked("nlipkg", Distribution::OpenIndiana));
        assert_eq!(brand("bhyve", Distribution::OmniOs), None);
    }

    #[test]
    fn a_brand_elsewhere_than_where_its_hooks_were_run_is_inferred() {
        let evidence = |name, dialect, operation| brand(name, dialect).unwrap().known(operation).0;
        for name in managed_brands() {
            for dialect in [Distribution::Illumos, Distribution::SmartOs] {
                assert_eq!(evidence(name, dialect, BrandOperation::Uninstall), Evidence::Inferred, "{name}");
            }
        }
        assert_eq!(evidence("sparse", Distribution::OmniOs, BrandOperation::Uninstall), Evidence::Recorded);
        assert_eq!(evidence("sparse", Distribution::OpenIndiana, BrandOperation::Uninstall), Evidence::Inferred);
        assert_eq!(evidence("ipkg", Distribution::OpenIndiana, BrandOperation::Addresses), Evidence::Read);
    }

    #[test]
    fn clones_come_up_without_network_on_openindiana_alone() {
        let cloning = |name, dialect| brand(name, dialect).unwrap().cloning.value;
        assert_eq!(cloning("nlipkg", Distribution::OpenIndiana), Cloning::HookWithoutNetwork);
        assert_eq!(cloning("ipkg", Distribution::OmniOs), Cloning::Hook);
    }
}
