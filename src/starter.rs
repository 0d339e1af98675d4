//! The tree that `zmgr init` writes: small, with comments that teach.
//!
//! Invariant: every file of it reads without a fault, and a zone of its template can be created as soon as the stub is there.

/// The files of a first tree: path below the root, and text.
pub fn starter() -> Vec<(&'static str, &'static str)> {
    vec![
        ("config.kdl", CONFIG),
        ("templates/oi.kdl", TEMPLATE),
        ("pools/internal.kdl", POOL),
        ("publishers/openindiana.org.kdl", PUBLISHER),
    ]
}

/// The folders of a tree.
pub const FOLDERS: [&str; 5] = ["templates", "pools", "publishers", "zones", "reservations"];

const CONFIG: &str = r#"// zmgr: what holds for the whole tree. `zmgr explain NODE` tells of each node, `zmgr check` reads every file.

// New zones lie below this folder, which must be a ZFS file system:
//     zfs create -o mountpoint=/zones rpool/zones
zonepath-prefix "/zones"

// The template of `zmgr create NAME` without -t.
default-template "oi"

// How many seconds to wait while somebody else holds a lock; 0 fails at once.
lock-timeout 30

// When a step of create fails: "rollback" undoes the ones before it, "keep" leaves them for you to look at.
on-failure "rollback"

// The layer beneath every template.
defaults {
    // dns-domain "example.org"
    // resolver "9.9.9.9"
}
"#;

const TEMPLATE: &str = r#"// A template: what zones have in common. A zone's own file may say otherwise.
template "oi" {
    // OpenIndiana: "nlipkg" is not linked to the host's image, "ipkg" is. OmniOS: "ipkg" is not, "lipkg" is.
    brand "nlipkg"
    autoboot #true

    // One VNIC with an address of the pool, see pools/internal.kdl.
    net "internal" {
        pool "internal"
    }

    // install {
    //     publisher "openindiana.org"      // publishers/openindiana.org.kdl; without one: the host's
    //     package "editor/vim"
    // }
    // capped-memory physical="2G" swap="4G"
    // fs "/data" special="/export/{zone}" type="lofs" { options "rw" }
    // setup { hostname "{zone}"; ssh-key "/etc/zmgr/keys/ops.pub"; timezone "UTC" }
}
"#;

const POOL: &str = r#"// A pool: the addresses that zones get, and the link that leads to them.
pool "internal" {
    network "10.1.0.0/24"
    gateway "10.1.0.1"

    // The link that VNICs are made over. zmgr never makes it:
    //     dladm create-etherstub stub0
    stub "stub0"

    // Without a range, the whole network less what cannot be used.
    range "10.1.0.10" "10.1.0.250"
    // exclude "10.1.0.53" "10.1.0.100-10.1.0.120"
    // reserve "10.1.0.20" for="db01"

    // A zone gets one address of each family that the pool has.
    // network "2001:db8:1::/64" { gateway "fe80::1"; range "2001:db8:1::10" "2001:db8:1::ffff" }
    // vlan 20
    // resolver "10.1.0.53"
}
"#;

const PUBLISHER: &str = r#"// A publisher of packages that templates may name.
publisher "openindiana.org" {
    origin "https://pkg.openindiana.org/hipster"
    // mirror "https://mirror.example/hipster"
    sticky #true
}
"#;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::config::Config;
    use crate::document::{Document, Kind};
    use crate::effective::effective;
    use crate::name::ZoneName;
    use crate::pool::Pool;
    use crate::publisher::Publisher;
    use crate::template::Template;
    use crate::zone::ZoneEntry;

    fn read<T: Kind>(name: &str, text: &str) -> T {
        match Document::<T>::parse(Path::new(name), text.as_bytes()) {
            Ok(document) => document.value,
            Err(error) => panic!("{error}"),
        }
    }

    /// The text with what it offers in comments switched on: prose has no such shape.
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

    #[test]
    fn it_reads_and_makes_a_zone() {
        for change in [str::to_owned, switched_on] {
            let files: BTreeMap<&str, String> =
                starter().into_iter().map(|(path, text)| (path, change(text))).collect();
            let config: Config = read("config.kdl", &files["config.kdl"]);
            let template: Template = read("oi.kdl", &files["templates/oi.kdl"]);
            let pool: Pool = read("internal.kdl", &files["pools/internal.kdl"]);
            read::<Publisher>("openindiana.org.kdl", &files["publishers/openindiana.org.kdl"]);
            let mut zone = ZoneEntry::new(ZoneName::new("web01").unwrap());
            zone.template = config.default_template.clone();
            let templates = BTreeMap::from([(template.name.clone(), template)]);
            let pools = BTreeMap::from([(pool.name.clone(), pool)]);
            let spec = effective(&config, &templates, &pools, &zone).unwrap();
            assert_eq!((spec.zonepath.as_str(), spec.nets[0].stub.as_deref()), ("/zones/web01", Some("stub0")));
        }
        assert!(switched_on(TEMPLATE).contains("\n    install {\n"));
        assert!(switched_on(POOL).contains("\n    vlan 20\n"));
    }

    #[test]
    fn every_file_is_in_a_folder_of_the_tree() {
        for (path, _) in starter() {
            let folder = path.split_once('/').map(|(folder, _)| folder);
            assert!(folder.is_none_or(|folder| FOLDERS.contains(&folder)), "{path}");
        }
    }
}
