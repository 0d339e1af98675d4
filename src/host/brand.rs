//! What zmgr knows of the brands: which it may touch, and what each operation of theirs does. One table, read by the plan, the
//! preconditions and the steps.

use super::Dialect;

/// What a brand is to zmgr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BrandKind {
    /// One that zmgr can install.
    Managed,
    /// A virtual machine: belongs to another tool, is never touched.
    Vm,
    /// Anything else: never touched either.
    Other,
}

/// How sure a row of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Seen: the real zoneadm and hooks were run.
    Recorded,
    /// Read in the hooks' source.
    Read,
}

/// How the install hook takes an image of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageOption {
    /// There is none.
    None,
    /// `-a ARCHIVE` or `-d DIRECTORY`, with exactly one of `-u` and `-p`. Archives are plain tar, pax or cpio.
    Archive,
    /// `-s` with an archive, stream, dataset or snapshot. Nothing else installs such a zone.
    Seed,
}

/// When the zone's root directory is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// From the installation on.
    Always,
    /// While the zone is ready or running only: install and halt unmount it.
    WhileActive,
}

/// What `zoneadm clone` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cloning {
    /// The brand's hook clones every dataset and gives the clone an identity of its own.
    Hook,
    /// zoneadm clones the zonepath's dataset, which holds all of the zone.
    Zonepath,
    /// zoneadm clones the zonepath's dataset, but the zone's root is in another one: the clone cannot boot.
    LosesRoot,
}

/// What `zoneadm uninstall` destroys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uninstalling {
    /// The boot environments of the host's current one; other datasets in the zonepath's stay, and with them the zonepath.
    BootEnvironments,
    /// The zonepath's dataset and every dataset below it.
    Everything,
}

/// What a brand does on some distributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Brand {
    pub(crate) name: &'static str,
    /// The distributions; every one if empty.
    on: &'static [Dialect],
    /// Its zones are linked images, whose publishers are the host's.
    pub(crate) linked: bool,
    /// The install hook takes `-P publisher=uri` and `-e package`.
    pub(crate) packages: bool,
    /// Its zones are images of pkg(7).
    pub(crate) pkg_image: bool,
    pub(crate) image: ImageOption,
    pub(crate) root: Root,
    pub(crate) cloning: Cloning,
    pub(crate) uninstalling: Uninstalling,
    /// What the row is taken from.
    pub(crate) source: &'static str,
    pub(crate) evidence: Evidence,
}

const IPKG: Brand = Brand {
    name: "ipkg",
    on: &[],
    linked: false,
    packages: true,
    pkg_image: true,
    image: ImageOption::Archive,
    root: Root::Always,
    cloning: Cloning::Hook,
    uninstalling: Uninstalling::BootEnvironments,
    source: "pkg5 of OpenIndiana and OmniOS, src/brand/ipkg: pkgcreatezone, image_install, clone, uninstall",
    evidence: Evidence::Recorded,
};

const SPARSE: Brand = Brand {
    name: "sparse",
    on: &[Dialect::OmniOs],
    linked: true,
    packages: false,
    image: ImageOption::None,
    source: "pkg5 of OmniOS, src/brand/sparse: pkgcreatezone, clone, uninstall, verifyadm",
    ..IPKG
};

const ILLUMOS: Brand = Brand {
    name: "illumos",
    on: &[],
    linked: false,
    packages: false,
    pkg_image: false,
    image: ImageOption::Seed,
    root: Root::WhileActive,
    cloning: Cloning::LosesRoot,
    uninstalling: Uninstalling::Everything,
    source: "pkg5 of OmniOS, src/brand/illumos: createzone, prestate, poststate, uninstall; shared/image.ksh",
    evidence: Evidence::Recorded,
};

/// The first row that fits the distribution counts.
const BRANDS: [Brand; 9] = [
    Brand { on: &[Dialect::OmniOs], ..IPKG },
    Brand { linked: true, ..IPKG },
    Brand { name: "nlipkg", ..IPKG },
    Brand { name: "lipkg", on: &[Dialect::OmniOs], linked: true, ..IPKG },
    Brand { name: "lipkg", evidence: Evidence::Read, ..IPKG },
    Brand { on: &[], ..SPARSE },
    Brand { name: "pkgsrc", on: &[], ..SPARSE },
    ILLUMOS,
    Brand {
        name: "lx",
        root: Root::Always,
        cloning: Cloning::Zonepath,
        source: "pkg5 of OmniOS, src/brand/lx: lx_install, lx_uninstall; shared/image.ksh",
        ..ILLUMOS
    },
];

/// What the brand of this name does on this distribution; `None` if zmgr cannot install it.
pub(crate) fn brand(name: &str, dialect: Dialect) -> Option<&'static Brand> {
    BRANDS.iter().find(|row| row.name == name && (row.on.is_empty() || row.on.contains(&dialect)))
}

fn any(name: &str) -> Option<&'static Brand> {
    BRANDS.iter().find(|row| row.name == name)
}

/// What the brand of this name is to zmgr. What is in neither list is not guessed at.
pub fn brand_kind(brand: &str) -> BrandKind {
    match brand {
        brand if any(brand).is_some() => BrandKind::Managed,
        "bhyve" | "kvm" | "emu" | "propolis" | "nebula-vm" => BrandKind::Vm,
        _ => BrandKind::Other,
    }
}

/// Whether install needs an image to be named for this brand.
pub fn needs_image(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.image == ImageOption::Seed)
}

/// Whether zones of this brand are images of pkg(7), so that publishers and packages mean something to them.
pub fn is_pkg_image(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.pkg_image)
}

/// Whether a clone of a zone of this brand lacks the zone's root.
pub(crate) fn clone_loses_root(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.cloning == Cloning::LosesRoot)
}

/// Whether the install hook of this brand takes publishers and packages.
pub(crate) fn takes_packages(brand: &str) -> bool {
    any(brand).is_some_and(|row| row.packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_says_where_it_is_from() {
        for row in &BRANDS {
            assert!(row.source.contains("src/brand/"), "{row:?}");
            assert!(matches!(row.evidence, Evidence::Recorded | Evidence::Read));
        }
    }

    #[test]
    fn the_distribution_decides_what_is_linked() {
        let linked = |name, dialect| brand(name, dialect).unwrap().linked;
        assert!(linked("ipkg", Dialect::OpenIndiana) && !linked("ipkg", Dialect::OmniOs));
        assert!(linked("lipkg", Dialect::OmniOs) && !linked("nlipkg", Dialect::OpenIndiana));
        assert_eq!(brand("bhyve", Dialect::OmniOs), None);
    }
}
