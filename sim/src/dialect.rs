//! The lines of illumos that the machine can speak, and all in which they differ: one table.
//!
//! Invariant: no other module asks which dialect it is; it asks the table for the one thing it wants to know.
//!
//! [source: the distributions' own files: release, brands, templates, config.xml of each brand; recorded: dialect of every
//! recording]

/// A line of illumos: which commands know what, and how they print it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// illumos-gate as it stands, without a distribution's additions.
    Illumos,
    /// OpenIndiana.
    #[default]
    OpenIndiana,
    /// OmniOS.
    OmniOs,
    /// SmartOS: `zonecfg` and `zoneadm list` only.
    SmartOs,
}

/// Kind of a brand's zones: decides which hooks `zoneadm` runs for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrandKind {
    /// An IPS image in a boot environment of its own, not bound to the packages of the global zone.
    Image,
    /// A pkg(7) image linked to the host's image.
    LinkedImage,
    /// An image that shares most of its files with the global zone, and two data sets laid over it.
    Sparse,
    /// A zone of any illumos, made from an archive, a stream, a dataset or a snapshot, with boot environments of its own.
    Illumos,
    /// A Linux zone, made from the same sources, without boot environments.
    Lx,
    /// A zone made from an archive, whose hooks the machine does not play.
    Archive,
    /// Brands without hooks of their own that the machine plays: `zoneadm` does the work itself.
    Plain,
    /// A virtual machine.
    Vm,
}

/// A template below /etc/zones that `zonecfg create` starts from. The brand of SUNWdefault is the default brand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Template {
    pub(crate) name: &'static str,
    pub(crate) brand: &'static str,
    pub(crate) exclusive: bool,
}

const fn template(name: &'static str, brand: &'static str, exclusive: bool) -> Template {
    Template { name, brand, exclusive }
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Line {
    /// The word by which users name the dialect.
    pub(crate) name: &'static str,
    /// First line of /etc/release.
    pub(crate) release: &'static str,
    /// /etc/os-release, where the distribution has one.
    pub(crate) os_release: Option<&'static str>,
    /// Output of `uname -v`.
    pub(crate) kernel: &'static str,
    /// The brand of SUNWdefault, which `zoneadm list` shows for the global zone.
    pub(crate) default_brand: &'static str,
    pub(crate) brands: &'static [(&'static str, BrandKind)],
    pub(crate) templates: &'static [Template],
    /// The publishers of the global zone, in search order: name and origin.
    pub(crate) publishers: &'static [(&'static str, &'static str)],
    /// Only `zonecfg` and `zoneadm list` are played.
    pub(crate) configuration_only: bool,

    /// `zoneadm list -p` has an eighth field, the debug id.
    pub(crate) list_debug_id: bool,
    /// `zoneadm list` knows `-n`, which leaves the global zone out.
    pub(crate) list_without_global: bool,
    /// An index line goes on after the uuid: brand, `sh` or `ex`, debug id; the uuid is there from creation.
    pub(crate) index_extended: bool,

    /// Fatal errors of the install hooks go to standard output (else to standard error).
    pub(crate) hook_errors_on_stdout: bool,
    /// The version of the package `entire` of the global zone.
    pub(crate) entire: &'static str,
    /// The install hook closes with what to do next.
    pub(crate) next_steps: bool,
    /// A clone makes interfaces of its links at its first boot, as a new zone does; else it believes that it has booted before.
    pub(crate) clone_boots_as_new: bool,
    /// The brands' scripts write resolv.conf from the attributes `resolvers` and `dns-domain` at each boot.
    pub(crate) resolver_attrs: bool,

    /// zonecfg: what the names of the brands' own templates begin with before the brand.
    pub(crate) template_prefix: Option<&'static str>,
    /// zonecfg: global-nic, mac-addr, vlan-id and `property` in a net, `property` in a device.
    pub(crate) net_extras: bool,
    /// zonecfg: the physical memory cap is the resource control zone.max-physical-memory.
    pub(crate) memory_cap_is_rctl: bool,
    /// zonecfg: `export` quotes every value of a resource.
    pub(crate) export_quotes_always: bool,
    /// zonecfg: quoted words may stand inside `(…)`.
    pub(crate) quotes_in_complex: bool,
    /// zonecfg: the global property `uuid`.
    pub(crate) uuid_property: bool,
    /// zonecfg: the aliases that came with SmartOS, as zfs-io-priority.
    pub(crate) joyent_rctls: bool,
    /// zonecfg: a cap on processors is rounded to the nearest hundredth (else cut).
    pub(crate) cpu_cap_rounded: bool,
    /// zonecfg: `info` goes to standard output where there is no pager (else nowhere).
    pub(crate) info_without_pager: bool,
}

const ILLUMOS: Line = Line {
    name: "illumos",
    release: "illumos",
    os_release: None,
    kernel: "illumos-58ab7e66",
    default_brand: "ipkg",
    brands: &[
        ("ipkg", BrandKind::Image),
        ("lipkg", BrandKind::LinkedImage),
        ("labeled", BrandKind::LinkedImage),
        ("sn1", BrandKind::Plain),
        ("solaris10", BrandKind::Archive),
        ("bhyve", BrandKind::Vm),
        ("kvm", BrandKind::Vm),
    ],
    templates: &[
        template("SUNWblank", "ipkg", false),
        template("SUNWdefault", "ipkg", false),
        template("SUNWipkg", "ipkg", false),
        template("SUNWsn1", "sn1", false),
    ],
    publishers: &[("openindiana.org", "https://pkg.openindiana.org/hipster/")],
    configuration_only: false,
    list_debug_id: false,
    list_without_global: false,
    index_extended: false,
    hook_errors_on_stdout: true,
    entire: "0.5.11",
    next_steps: true,
    clone_boots_as_new: false,
    resolver_attrs: false,
    template_prefix: None,
    net_extras: false,
    memory_cap_is_rctl: false,
    export_quotes_always: false,
    quotes_in_complex: false,
    uuid_property: false,
    joyent_rctls: false,
    cpu_cap_rounded: false,
    info_without_pager: false,
};

static OPENINDIANA: Line = Line {
    name: "openindiana",
    release: "             OpenIndiana Hipster 2026.10 (powered by illumos)",
    os_release: Some(
        "NAME=\"OpenIndiana\"\nPRETTY_NAME=\"OpenIndiana Hipster 2026.10\"\nID=openindiana\nVERSION_ID=2026.10\n",
    ),
    kernel: "illumos-2026.10",
    default_brand: "ipkg",
    brands: &[
        ("ipkg", BrandKind::LinkedImage),
        ("nlipkg", BrandKind::Image),
        ("sn1", BrandKind::Plain),
        ("labeled", BrandKind::LinkedImage),
        ("solaris10", BrandKind::Archive),
        ("bhyve", BrandKind::Vm),
        ("kvm", BrandKind::Vm),
    ],
    templates: &[
        template("SUNWblank", "ipkg", false),
        template("SUNWdefault", "ipkg", false),
        template("SUNWipkg", "ipkg", false),
        template("SUNWsn1", "sn1", false),
        template("OInlipkg", "nlipkg", false),
    ],
    info_without_pager: true,
    ..copy(&ILLUMOS)
};

static OMNIOS: Line = Line {
    name: "omnios",
    release: "  OmniOS v11 r151056",
    os_release: Some("NAME=\"OmniOS\"\nPRETTY_NAME=\"OmniOS r151056\"\nID=omnios\nVERSION_ID=r151056\n"),
    kernel: "omnios-r151056-33055012",
    brands: &[
        ("ipkg", BrandKind::Image),
        ("lipkg", BrandKind::LinkedImage),
        ("sparse", BrandKind::Sparse),
        ("pkgsrc", BrandKind::Sparse),
        ("illumos", BrandKind::Illumos),
        ("lx", BrandKind::Lx),
        ("bhyve", BrandKind::Vm),
        ("emu", BrandKind::Vm),
        ("kvm", BrandKind::Vm),
    ],
    templates: &[
        template("SUNWblank", "ipkg", false),
        template("SUNWdefault", "ipkg", false),
        template("SUNWipkg", "ipkg", true),
        template("OMNIipkg", "ipkg", true),
        template("OMNIlipkg", "lipkg", true),
        template("OMNIsparse", "sparse", true),
        template("OMNIpkgsrc", "pkgsrc", true),
        template("OMNIillumos", "illumos", true),
        template("OMNIlx", "lx", true),
        template("OMNIbhyve", "bhyve", true),
        template("OMNIemu", "emu", true),
        template("OMNIkvm", "kvm", true),
    ],
    publishers: &[
        ("omnios", "https://pkg.omnios.org/r151056/core/"),
        ("extra.omnios", "https://pkg.omnios.org/r151056/extra/"),
    ],
    list_debug_id: true,
    list_without_global: true,
    hook_errors_on_stdout: false,
    entire: "11-151054.0",
    next_steps: false,
    clone_boots_as_new: true,
    resolver_attrs: true,
    template_prefix: Some("OMNI"),
    net_extras: true,
    memory_cap_is_rctl: true,
    export_quotes_always: true,
    quotes_in_complex: true,
    joyent_rctls: true,
    cpu_cap_rounded: true,
    info_without_pager: true,
    ..copy(&ILLUMOS)
};

static SMARTOS: Line = Line {
    name: "smartos",
    release: "                       SmartOS 20210701T204427Z x86_64",
    kernel: "joyent_20210701T204427Z",
    default_brand: "joyent",
    brands: &[
        ("joyent", BrandKind::Archive),
        ("joyent-minimal", BrandKind::Archive),
        ("lx", BrandKind::Archive),
        ("bhyve", BrandKind::Vm),
        ("kvm", BrandKind::Vm),
    ],
    templates: &[template("SUNWblank", "joyent", false), template("SUNWdefault", "joyent", false)],
    publishers: &[],
    configuration_only: true,
    list_without_global: true,
    list_debug_id: true,
    index_extended: true,
    net_extras: true,
    memory_cap_is_rctl: true,
    export_quotes_always: true,
    quotes_in_complex: true,
    uuid_property: true,
    joyent_rctls: true,
    cpu_cap_rounded: true,
    info_without_pager: true,
    ..copy(&ILLUMOS)
};

/// A row as the base of another: only what differs is written out.
const fn copy(line: &Line) -> Line {
    Line { ..*line }
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Dialect; 4] = [Dialect::Illumos, Dialect::OpenIndiana, Dialect::OmniOs, Dialect::SmartOs];

    /// The word by which users name it.
    pub fn name(self) -> &'static str {
        self.line().name
    }

    /// The dialect of that name.
    pub fn from_name(name: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Its row of the table.
    pub(crate) fn line(self) -> &'static Line {
        match self {
            Dialect::Illumos => &ILLUMOS,
            Dialect::OpenIndiana => &OPENINDIANA,
            Dialect::OmniOs => &OMNIOS,
            Dialect::SmartOs => &SMARTOS,
        }
    }
}

impl Line {
    /// Kind of a brand, if this distribution has it.
    pub(crate) fn brand(&self, name: &str) -> Option<BrandKind> {
        self.brands.iter().find(|(brand, _)| *brand == name).map(|(_, kind)| *kind)
    }
}
