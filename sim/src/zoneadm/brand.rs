//! Contents of the brands' config.xml: hooks, their paths, and their options of `install`.
//!
//! [source: config.xml of each brand in pkg5 of OmniOS and OpenIndiana]

use crate::Machine;
use crate::dialect::BrandKind;

/// The hooks of one kind of brand. Without a hook `zoneadm` does the work itself, or nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brand {
    pub(super) kind: BrandKind,
    /// `installopts`: which options `zoneadm install` takes to have a value.
    pub(super) install_options: Option<&'static str>,
    pub(super) attach: bool,
    pub(super) detach: bool,
    pub(super) clone: bool,
    pub(super) uninstall: bool,
    /// The program that the zone starts with; none if the machine does not play it.
    pub(super) init: Option<&'static str>,
}

const NATIVE_INIT: Option<&str> = Some("/sbin/init");

const PLAIN: Brand = Brand {
    kind: BrandKind::Plain,
    install_options: None,
    attach: false,
    detach: false,
    clone: false,
    uninstall: false,
    init: None,
};

/// The hooks of a brand's kind.
pub(super) fn of_kind(kind: BrandKind) -> Brand {
    let packages = Brand {
        kind,
        // `-p` is declared with a value, so it eats the word after it. [recorded: install-omnios-ipkg-p-a]
        install_options: Some("a:c:d:e:hk:P:p:suv"),
        attach: true,
        detach: true,
        clone: true,
        uninstall: true,
        init: NATIVE_INIT,
    };
    let seeded = Brand { kind, install_options: Some("s:"), uninstall: true, init: NATIVE_INIT, ..PLAIN };
    match kind {
        BrandKind::Image | BrandKind::LinkedImage | BrandKind::Sparse => packages,
        BrandKind::Illumos => seeded,
        BrandKind::Lx => Brand { init: Some("/native/usr/lib/brand/lx/lxinit"), ..seeded },
        BrandKind::Archive => Brand { kind, install_options: Some("a:d:hpsuv"), init: None, ..seeded },
        BrandKind::Vm => Brand { kind, install_options: Some(""), init: None, ..seeded },
        BrandKind::Plain => PLAIN,
    }
}

/// The brand of this name, if its config.xml is on the machine.
pub(super) fn open(machine: &Machine, name: &str) -> Option<Brand> {
    let there = !name.is_empty() && machine.path("usr/lib/brand").join(name).join("config.xml").is_file();
    there.then(|| of_kind(machine.line().brand(name).unwrap_or(BrandKind::Plain)))
}

/// The directory that a brand's scripts lie in.
pub(super) fn scripts(machine: &Machine, name: &str) -> String {
    // nlipkg and lipkg use the scripts of ipkg, pkgsrc those of sparse.
    let owner = match (name, machine.line().brand(name)) {
        (_, Some(BrandKind::Sparse)) => "sparse",
        (_, Some(BrandKind::Image | BrandKind::LinkedImage)) => "ipkg",
        (name, _) => name,
    };
    format!("/usr/lib/brand/{owner}")
}
