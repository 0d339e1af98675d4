//! Which brands zmgr may touch.

/// What a brand is to zmgr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BrandKind {
    /// One that zmgr can install.
    Managed,
    /// A virtual machine: belongs to others, is never touched.
    Vm,
    /// Anything else: never touched either.
    Other,
}

/// What the brand of this name is to zmgr. What is in neither list is not guessed at.
pub fn brand_kind(brand: &str) -> BrandKind {
    match brand {
        "ipkg" | "nlipkg" | "lipkg" | "sparse" | "pkgsrc" | "illumos" | "lx" => BrandKind::Managed,
        "bhyve" | "kvm" | "emu" | "propolis" | "nebula-vm" => BrandKind::Vm,
        _ => BrandKind::Other,
    }
}

/// Whether install needs an image to be named for this brand.
pub fn needs_image(brand: &str) -> bool {
    matches!(brand, "illumos" | "lx")
}

/// Whether zones of this brand are images of pkg(7), so that publishers and packages mean something to them.
pub fn is_pkg_image(brand: &str) -> bool {
    matches!(brand, "ipkg" | "nlipkg" | "lipkg" | "sparse" | "pkgsrc")
}
