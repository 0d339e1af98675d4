//! The table of brands. A row for a distribution whose hooks were neither run nor read is [`inferred`] from another.

use super::{
    Addresses, Brand, Cloning, Detaching, Evidence, ImageOption, Install, Known, Packages, Root, Uninstalling,
};
use crate::host::Distribution;

const fn recorded<T>(value: T, source: &'static str) -> Known<T> {
    Known { value, evidence: Evidence::Recorded, source }
}

const fn ran<T>(value: T, source: &'static str) -> Known<T> {
    Known { value, evidence: Evidence::Ran, source }
}

const fn read<T>(value: T, source: &'static str) -> Known<T> {
    Known { value, evidence: Evidence::Read, source }
}

/// Returns a row of another distribution as what is expected of one whose hooks are unknown.
const fn inferred(row: Brand) -> Brand {
    const fn weaken<T: Copy>(cell: Known<T>) -> Known<T> {
        Known { value: cell.value, evidence: Evidence::Inferred, source: cell.source }
    }
    Brand {
        name: row.name,
        on: &[],
        install: weaken(row.install),
        packages: weaken(row.packages),
        root: weaken(row.root),
        addresses: weaken(row.addresses),
        cloning: weaken(row.cloning),
        detaching: weaken(row.detaching),
        uninstalling: weaken(row.uninstalling),
    }
}

/// Sources that show how ipmgmtd takes the addresses of a zone from the host.
const IPMGMTD: &str = "illumos-gate, lib/libipadm/common: ipadm_ngz.c, libipadm.c";

const IPKG: Brand = Brand {
    name: "ipkg",
    on: &[Distribution::OmniOs],
    install: recorded(
        Install { hook: "ipkg/pkgcreatezone", packages: true, image: ImageOption::Archive },
        "pkg5 of OmniOS, src/brand/ipkg: pkgcreatezone, image_install",
    ),
    packages: ran(Packages::Own, "pkg5 of OmniOS, src/brand/ipkg: pkgcreatezone; pkg -R"),
    root: recorded(Root::Environment, "pkg5 of OmniOS, src/brand/ipkg: common.ksh, prestate, poststate"),
    addresses: read(Addresses::FirstBoot, IPMGMTD),
    cloning: recorded(Cloning::Hook, "pkg5 of OmniOS, src/brand/ipkg: clone, system-unconfigure"),
    detaching: recorded(Detaching::Hook, "pkg5 of OmniOS, src/brand/ipkg: detach"),
    uninstalling: recorded(
        Uninstalling::BootEnvironments,
        "pkg5 of OmniOS, src/brand/ipkg: uninstall; src/brand/shared: uninstall.ksh",
    ),
};

const LIPKG: Brand = Brand {
    name: "lipkg",
    packages: ran(Packages::Linked, "pkg5 of OmniOS, src/brand/lipkg: config.xml; src/brand/ipkg: pkgcreatezone"),
    ..IPKG
};

const NLIPKG_ON_OPENINDIANA: Brand = Brand {
    name: "nlipkg",
    on: &[Distribution::OpenIndiana],
    install: recorded(
        Install { hook: "ipkg/pkgcreatezone", packages: true, image: ImageOption::Archive },
        "pkg5 of OpenIndiana, src/brand/ipkg: pkgcreatezone, image_install",
    ),
    packages: ran(Packages::Own, "pkg5 of OpenIndiana, src/brand/nlipkg: config.xml; pkg -R"),
    root: recorded(Root::Environment, "pkg5 of OpenIndiana, src/brand/ipkg: common.ksh, prestate, poststate"),
    addresses: read(Addresses::FirstBoot, IPMGMTD),
    cloning: recorded(
        Cloning::HookWithoutNetwork,
        "pkg5 of OpenIndiana, src/brand/ipkg: clone, system-unconfigure, which keeps ipmgmtd/first_boot_done",
    ),
    detaching: recorded(Detaching::Hook, "pkg5 of OpenIndiana, src/brand/ipkg: detach"),
    uninstalling: recorded(Uninstalling::BootEnvironments, "pkg5 of OpenIndiana, src/brand/ipkg: uninstall"),
};

const IPKG_ON_OPENINDIANA: Brand = Brand {
    name: "ipkg",
    packages: ran(Packages::Linked, "pkg5 of OpenIndiana, src/brand/ipkg: config.xml, pkgcreatezone"),
    ..NLIPKG_ON_OPENINDIANA
};

const SPARSE: Brand = Brand {
    name: "sparse",
    install: recorded(
        Install { hook: "sparse/pkgcreatezone", packages: false, image: ImageOption::None },
        "pkg5 of OmniOS, src/brand/sparse: pkgcreatezone",
    ),
    packages: ran(Packages::Linked, "pkg5 of OmniOS, src/brand/sparse: pkgcreatezone"),
    root: recorded(Root::Overlaid, "pkg5 of OmniOS, src/brand/sparse: common.ksh, prestate, poststate, verifyadm"),
    cloning: recorded(Cloning::Hook, "pkg5 of OmniOS, src/brand/sparse: clone; src/brand/ipkg: system-unconfigure"),
    detaching: recorded(Detaching::Hook, "pkg5 of OmniOS, src/brand/sparse: detach"),
    uninstalling: recorded(
        Uninstalling::OneBootEnvironment,
        "pkg5 of OmniOS, src/brand/sparse: uninstall; src/brand/shared: uninstall.ksh",
    ),
    ..IPKG
};

const PKGSRC: Brand = Brand { name: "pkgsrc", ..SPARSE };

const ILLUMOS: Brand = Brand {
    name: "illumos",
    on: &[Distribution::OmniOs],
    install: recorded(
        Install { hook: "illumos/createzone", packages: false, image: ImageOption::Seed },
        "pkg5 of OmniOS, src/brand/illumos: createzone; src/brand/shared: image.ksh",
    ),
    packages: recorded(Packages::None, "pkg5 of OmniOS, src/brand/illumos: createzone"),
    root: recorded(Root::WhileActive, "pkg5 of OmniOS, src/brand/illumos: createzone, prestate, poststate"),
    addresses: read(Addresses::FirstBoot, IPMGMTD),
    cloning: recorded(Cloning::LosesRoot, "pkg5 of OmniOS, src/brand/illumos: config.xml; zoneadm, zfs.c"),
    detaching: recorded(Detaching::ZoneadmAlone, "pkg5 of OmniOS, src/brand/illumos: config.xml; zoneadm, zoneadm.c"),
    uninstalling: recorded(Uninstalling::Everything, "pkg5 of OmniOS, src/brand/illumos: uninstall"),
};

const LX: Brand = Brand {
    name: "lx",
    on: &[Distribution::OmniOs],
    install: recorded(
        Install { hook: "lx/lx_install", packages: false, image: ImageOption::Seed },
        "pkg5 of OmniOS, src/brand/lx: lx_install; src/brand/shared: image.ksh",
    ),
    packages: recorded(Packages::None, "pkg5 of OmniOS, src/brand/lx: lx_install"),
    root: recorded(Root::Directory, "pkg5 of OmniOS, src/brand/lx: lx_install"),
    addresses: read(Addresses::Init, "illumos-omnios, lib/brand/lx: lxinit"),
    cloning: recorded(Cloning::Zonepath, "pkg5 of OmniOS, src/brand/lx: config.xml; zoneadm, zfs.c"),
    detaching: recorded(Detaching::ZoneadmAlone, "pkg5 of OmniOS, src/brand/lx: config.xml; zoneadm, zoneadm.c"),
    uninstalling: recorded(Uninstalling::Everything, "pkg5 of OmniOS, src/brand/lx: lx_uninstall"),
};

/// The first row that fits the distribution counts.
pub(super) const BRANDS: [Brand; 15] = [
    IPKG,
    IPKG_ON_OPENINDIANA,
    inferred(IPKG_ON_OPENINDIANA),
    NLIPKG_ON_OPENINDIANA,
    inferred(NLIPKG_ON_OPENINDIANA),
    LIPKG,
    inferred(Brand { packages: NLIPKG_ON_OPENINDIANA.packages, ..LIPKG }),
    SPARSE,
    inferred(SPARSE),
    PKGSRC,
    inferred(PKGSRC),
    ILLUMOS,
    inferred(ILLUMOS),
    LX,
    inferred(LX),
];

#[cfg(test)]
mod tests {
    use super::super::BrandOperation;
    use super::*;

    #[test]
    fn each_cell_says_where_it_is_from() {
        for row in &BRANDS {
            for operation in BrandOperation::ALL {
                let (evidence, source) = row.known(operation);
                assert!(source.contains("src/brand/") || source.contains("illumos"), "{row:?}");
                assert_eq!(evidence == Evidence::Inferred, row.on.is_empty(), "{} {operation:?}", row.name);
            }
        }
    }
}
