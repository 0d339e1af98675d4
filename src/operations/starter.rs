//! The tree that `zmgr init` writes: small, with comments that teach the format.
//!
//! Invariant: every file of it is valid, and a zone of its template can be created as soon as the stub exists.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::error::{Code, Error, Result};
use crate::file::make_directories;
use crate::host::{Distribution, Host, needs_image};
use crate::registry::{Directory, Registry};

/// Choices of a starter tree that depend on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Starter {
    /// Name of the template.
    template: &'static str,
    brand: String,
    /// Explanation of the brands that one chooses from.
    brands: &'static str,
    /// Name and origin of the publisher that zones are installed from, if it is known.
    publisher: Option<(&'static str, String)>,
}

impl Starter {
    /// Returns the starter tree of a host; without one, that of OpenIndiana.
    pub(crate) fn of(host: Option<&Host>) -> Result<Starter> {
        let Some(host) = host else {
            return Ok(Starter::new(Distribution::OpenIndiana, DEFAULT_BRAND.to_owned(), None));
        };
        let brand = brand(&host.brands()?, host.dialect());
        Ok(Starter::new(host.dialect(), brand, host.release().1.as_deref()))
    }

    fn new(distribution: Distribution, brand: String, version: Option<&str>) -> Starter {
        let (template, brands) = match distribution {
            Distribution::OpenIndiana => {
                ("oi", "\"nlipkg\" is independent of the host's image, \"ipkg\" is linked to it.")
            }
            Distribution::OmniOs => {
                ("omnios", "\"ipkg\" is independent of the host's image, \"lipkg\" is linked to it.")
            }
            _ => ("base", "One of the host's brands, which `zmgr doctor` lists."),
        };
        let publisher = match distribution {
            Distribution::OpenIndiana => Some(("openindiana.org", "https://pkg.openindiana.org/hipster".to_owned())),
            Distribution::OmniOs => version.and_then(omnios_origin).map(|origin| ("omnios", origin)),
            _ => None,
        };
        Starter { template, brand, brands, publisher }
    }

    /// Returns its files, as paths below the root and texts.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let named = |text: &str| text.replace("{template}", self.template);
        let install = self.publisher.as_ref().map_or(String::new(), |(name, _)| {
            format!("\n    //     publisher \"{name}\"      // publishers/{name}.kdl; without one: the host's")
        });
        let template = named(TEMPLATE)
            .replace("{starter-brand}", &self.brand)
            .replace("{brands}", self.brands)
            .replace("{publisher}", &install);
        let mut files = vec![
            ("config.kdl".to_owned(), named(CONFIG)),
            (format!("templates/{}.kdl", self.template), template),
            ("pools/internal.kdl".to_owned(), POOL.to_owned()),
        ];
        files.extend(self.publisher.as_ref().map(|(name, origin)| {
            (format!("publishers/{name}.kdl"), PUBLISHER.replace("{name}", name).replace("{origin}", origin))
        }));
        files
    }
}

/// Returns the origin of OmniOS' packages for a release such as `r151054`. Odd releases are the development branch.
fn omnios_origin(version: &str) -> Option<String> {
    let number: u32 = version.strip_prefix('r')?.trim_end_matches(|c: char| c.is_ascii_lowercase()).parse().ok()?;
    let branch = if number % 2 == 1 { "bloody".to_owned() } else { format!("r{number}") };
    Some(format!("https://pkg.omnios.org/{branch}/core"))
}

/// Brand of the starter template if nothing is known of the host.
pub(crate) const DEFAULT_BRAND: &str = "nlipkg";

/// Chooses the brand of the starter template from those that the host has: one that installs without an image, not linked to the
/// host's own image if there is a choice.
pub(crate) fn brand(brands: &BTreeSet<String>, dialect: Distribution) -> String {
    let wanted: &[&str] = match dialect {
        Distribution::OpenIndiana => &["nlipkg", "ipkg"],
        Distribution::OmniOs => &["ipkg", "lipkg", "sparse", "pkgsrc"],
        _ => &["ipkg", "nlipkg", "lipkg", "sparse", "pkgsrc"],
    };
    let there = wanted.iter().find(|brand| brands.contains(**brand) && !needs_image(brand));
    there.or(wanted.first()).copied().unwrap_or(DEFAULT_BRAND).to_owned()
}

const CONFIG: &str = r#"// Global settings of zmgr. `zmgr explain NODE` explains a node, `zmgr check` reads every file.

// Directory of new zones. It must be a ZFS file system:
//     zfs create -o mountpoint=/zones rpool/zones
zonepath-prefix "/zones"

// The template of `zmgr create NAME` without -t.
default-template "{template}"

// Seconds to wait for a lock that another process holds; 0 fails at once.
lock-timeout 30

// When a step of create fails: "rollback" undoes the steps before it, "keep" leaves them for you to look at.
on-failure "rollback"

// Settings below every template.
defaults {
    // dns-domain "example.org"
    // resolver "9.9.9.9"
}
"#;

const TEMPLATE: &str = r#"// A template: what zones have in common. A zone's own file overrides it.
template "{template}" {
    // {brands}
    brand "{starter-brand}"
    autoboot #true

    // One VNIC with an address from the pool, see pools/internal.kdl.
    net "internal" {
        pool "internal"
    }

    // install {{publisher}
    //     package "editor/vim"
    // }
    // capped-memory physical="2G" swap="4G"
    // fs "/data" special="/export/{zone}" type="lofs" { options "rw" }
    // setup { hostname "{zone}"; ssh-key "/etc/zmgr/keys/ops.pub"; timezone "UTC" }
}
"#;

const POOL: &str = r#"// A pool: the addresses that zones get, and the link they are on.
pool "internal" {
    network "10.1.0.0/24"
    gateway "10.1.0.1"

    // The link that VNICs are created over. zmgr never creates it:
    //     dladm create-etherstub stub0
    stub "stub0"

    // Default: the whole network except addresses that cannot be used.
    range "10.1.0.10" "10.1.0.250"
    // exclude "10.1.0.53" "10.1.0.100-10.1.0.120"
    // reserve "10.1.0.20" for="db01"

    // A zone gets one address of each family that the pool has.
    // network "2001:db8:1::/64" { gateway "fe80::1"; range "2001:db8:1::10" "2001:db8:1::ffff" }
    // vlan 20
    // resolver "10.1.0.53"
}
"#;

const PUBLISHER: &str = r#"// A publisher of packages. Templates refer to it by name.
publisher "{name}" {
    origin "{origin}"
    // mirror "https://mirror.example/packages"
    sticky #true
}
"#;

/// Writes the missing files of the starter tree.
pub(crate) fn write(registry: &Registry, host: Option<&Host>) -> Result<Vec<PathBuf>> {
    let tree = registry.tree();
    let starter = Starter::of(host)?;
    make_directories(tree.root(), 0o755).map_err(|error| Error::io("make", tree.root(), error))?;
    for directory in Directory::ALL {
        registry.make_directory(&tree.directory(directory))?;
    }
    let mut written = Vec::new();
    for (path, text) in starter.files() {
        let path = tree.root().join(path);
        match registry.create(&path, text.as_bytes()) {
            Ok(()) => written.push(path),
            Err(error) if error.code() == Code::Exists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::documents::config::Config;
    use crate::documents::document::{Document, Kind};
    use crate::documents::pool::Pool;
    use crate::documents::publisher::Publisher;
    use crate::documents::resolve::effective;
    use crate::documents::template::Template;
    use crate::documents::zone::ZoneEntry;
    use crate::value::name::ZoneName;

    fn read<T: Kind>(name: &str, text: &str) -> T {
        match Document::<T>::parse(Path::new(name), text.as_bytes()) {
            Ok(document) => document.value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns the text with the commented-out settings enabled: prose has no such shape.
    fn switched_on(text: &str) -> String {
        let offer = |line: &str| {
            let node = line.trim_start().strip_prefix("// ").unwrap_or_default().trim_start();
            let word = node.split([' ', '}']).next().unwrap_or_default();
            let known = !word.is_empty() && crate::schema::explain(word).is_ok() && node.contains('"');
            known || node.starts_with("vlan ") || node == "install {" || node == "}"
        };
        text.lines()
            .map(|line| if offer(line) { line.replacen("// ", "", 1) } else { line.to_owned() } + "\n")
            .collect()
    }

    const STARTERS: [(Distribution, &str, Option<&str>); 5] = [
        (Distribution::OpenIndiana, "nlipkg", Some("2026.10")),
        (Distribution::OmniOs, "lipkg", Some("r151054")),
        (Distribution::OmniOs, "ipkg", Some("r151055")),
        (Distribution::OmniOs, "ipkg", None),
        (Distribution::Illumos, "ipkg", None),
    ];

    #[test]
    fn it_reads_and_makes_a_zone() {
        let as_written: fn(&str) -> String = str::to_owned;
        for (distribution, brand, version) in STARTERS {
            for change in [as_written, switched_on] {
                let starter = Starter::new(distribution, brand.to_owned(), version);
                let files: BTreeMap<String, String> =
                    starter.files().into_iter().map(|(path, text)| (path, change(&text))).collect();
                let config: Config = read("config.kdl", &files["config.kdl"]);
                let name = starter.template;
                let template: Template = read(&format!("{name}.kdl"), &files[&format!("templates/{name}.kdl")]);
                let pool: Pool = read("internal.kdl", &files["pools/internal.kdl"]);
                if let Some((name, origin)) = &starter.publisher {
                    let text = &files[&format!("publishers/{name}.kdl")];
                    let publisher: Publisher = read(&format!("{name}.kdl"), text);
                    assert_eq!(publisher.origins, std::slice::from_ref(origin));
                }
                let mut zone = ZoneEntry::new(ZoneName::new("web01").unwrap());
                zone.template = config.default_template.clone();
                let templates = BTreeMap::from([(template.name.clone(), template)]);
                let pools = BTreeMap::from([(pool.name.clone(), pool)]);
                let spec = effective(&config, &templates, &pools, &zone).unwrap();
                assert_eq!(spec.brand.value, brand);
                assert_eq!((spec.zonepath.as_str(), spec.nets[0].stub.as_deref()), ("/zones/web01", Some("stub0")));
                for text in files.values() {
                    assert!(
                        !["{template}", "{name}", "{origin}", "{publisher}", "{brands}"]
                            .iter()
                            .any(|w| text.contains(w))
                    );
                }
            }
        }
        let (_, template) = Starter::new(Distribution::OpenIndiana, DEFAULT_BRAND.to_owned(), None).files().remove(1);
        assert!(switched_on(&template).contains("\n    install {\n        publisher "), "{template}");
        assert!(switched_on(POOL).contains("\n    vlan 20\n"));
    }

    #[test]
    fn the_publisher_is_that_of_the_release() {
        let origin = |version: &str| omnios_origin(version).unwrap_or_default();
        assert_eq!(origin("r151054"), "https://pkg.omnios.org/r151054/core");
        assert_eq!(origin("r151054j"), "https://pkg.omnios.org/r151054/core");
        assert_eq!(origin("r151055"), "https://pkg.omnios.org/bloody/core");
        assert_eq!(origin("next"), "");
    }

    #[test]
    fn every_file_is_in_a_directory_of_the_tree() {
        for (distribution, brand, version) in STARTERS {
            for (path, _) in Starter::new(distribution, brand.to_owned(), version).files() {
                let directory = path.split_once('/').map(|(directory, _)| directory);
                assert!(
                    directory.is_none_or(|directory| Directory::ALL.iter().any(|each| each.name() == directory)),
                    "{path}"
                );
            }
        }
    }

    #[test]
    fn the_brand_is_one_that_the_host_has() {
        for (dialect, brands, chosen) in [
            (Distribution::OpenIndiana, &["ipkg", "nlipkg", "bhyve"][..], "nlipkg"),
            (Distribution::OpenIndiana, &["ipkg"], "ipkg"),
            (Distribution::OmniOs, &["lipkg", "bhyve", "lx"], "lipkg"),
            (Distribution::OmniOs, &["ipkg", "lipkg"], "ipkg"),
            (Distribution::Illumos, &["sn1", "labeled", "ipkg"], "ipkg"),
            (Distribution::Illumos, &["lx", "nlipkg"], "nlipkg"),
            (Distribution::OmniOs, &["lx"], "ipkg"),
        ] {
            let brands = brands.iter().map(|brand| (*brand).to_owned()).collect();
            assert_eq!(brand(&brands, dialect), chosen, "{dialect:?} {brands:?}");
        }
    }
}
