//! The table itself, a block for each body of nodes.

use super::types::Type;
use super::{Arg, NodeRule, Prop, TakesEffect, Times};

/// A body of nodes: what a file or a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum At {
    /// A file of `templates/`, and so on: the one node that such a file has.
    TemplateFile,
    PoolFile,
    ZoneFile,
    PublisherFile,
    ReservationFile,
    Config,
    Store,
    Defaults,
    Template,
    Pool,
    PoolNetwork,
    PoolAddresses,
    Zone,
    Applied,
    Pending,
    Renaming,
    Datasets,
    Snapshots,
    Snapshot,
    Foreign,
    TemplateNet,
    ZoneNet,
    Install,
    Setup,
    Fs,
    Rctl,
    Publisher,
    Reservation,
}

impl At {
    /// Returns a description of the place for users.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            At::TemplateFile => "a file of templates/",
            At::PoolFile => "a file of pools/",
            At::ZoneFile => "a file of zones/",
            At::PublisherFile => "a file of publishers/",
            At::ReservationFile => "a file of reservations/",
            At::Config => "config.kdl",
            At::Store => "store",
            At::Defaults => "defaults",
            At::Template => "template",
            At::Pool => "pool",
            At::PoolNetwork => "network",
            At::PoolAddresses => "addresses",
            At::Zone => "zone",
            At::Applied => "applied",
            At::Pending => "pending",
            At::Renaming => "renaming",
            At::Datasets => "datasets",
            At::Snapshots => "snapshots",
            At::Snapshot => "snapshot",
            At::Foreign => "foreign",
            At::TemplateNet => "net (of a template)",
            At::ZoneNet => "net (of a zone)",
            At::Install => "install",
            At::Setup => "setup",
            At::Fs => "fs",
            At::Rctl => "rctl",
            At::Publisher => "publisher",
            At::Reservation => "reservation",
        }
    }
}

/// Wherever settings may stand.
const LAYERS: &[At] = &[At::Defaults, At::Template, At::Zone, At::Applied];
const NETS: &[At] = &[At::TemplateNet, At::ZoneNet];
const POOL: &[At] = &[At::Pool, At::PoolNetwork];

const BASE: NodeRule = NodeRule {
    name: "",
    at: &[],
    args: &[],
    rest: false,
    optional: false,
    props: &[],
    body: None,
    times: Times::Once,
    required: false,
    format: 1,
    default: "",
    effect: None,
    help: "",
    example: "",
};

const COUNT: i128 = u64::MAX as i128;
const SECONDS: Type = Type::Int(1, 604_800);

macro_rules! args {
    ($($name:literal: $ty:expr),+) => { &[$(Arg { name: $name, ty: $ty }),+] };
}

const fn prop(name: &'static str, ty: Type, help: &'static str) -> Prop {
    Prop { name, ty, required: false, format: 1, help }
}

const fn must(name: &'static str, ty: Type, help: &'static str) -> Prop {
    Prop { name, ty, required: true, format: 1, help }
}

impl Prop {
    /// Sets the `format` of entries from which on readers know the property.
    const fn since(mut self, format: u32) -> Prop {
        self.format = format;
        self
    }
}

/// Every node, in the order of the reference page: files first, then their bodies.
pub(crate) static TABLE: &[NodeRule] = &[
    // config.kdl
    NodeRule {
        name: "zonepath-prefix",
        at: &[At::Config],
        args: args!("PATH": Type::SafePath),
        default: r#"zonepath-prefix "/zones""#,
        help: "Parent directory of the zonepaths of new zones; it must be a ZFS file system.",
        example: r#"zonepath-prefix "/zones""#,
        ..BASE
    },
    NodeRule {
        name: "default-template",
        at: &[At::Config],
        args: args!("TEMPLATE": Type::TemplateName),
        help: "Template of zones for which none is given.",
        example: r#"default-template "oi""#,
        ..BASE
    },
    NodeRule {
        name: "lock-timeout",
        at: &[At::Config],
        args: args!("SECONDS": Type::Int(0, 86_400)),
        default: "lock-timeout 30",
        help: "Seconds to wait for a lock; 0 fails at once.",
        example: "lock-timeout 30",
        ..BASE
    },
    NodeRule {
        name: "on-failure",
        at: &[At::Config],
        args: args!("WHAT": Type::Word(&["rollback", "keep"])),
        default: r#"on-failure "rollback""#,
        help: "What to do with completed steps when a later one fails: undo them, or keep them for you to inspect.",
        example: r#"on-failure "rollback""#,
        ..BASE
    },
    NodeRule {
        name: "vnic-name",
        at: &[At::Config],
        args: args!("PATTERN": Type::VnicPattern),
        default: r#"vnic-name "{zone}_{index}""#,
        help: "Pattern of VNIC names. A `-` in the zone's name becomes `_`; if the name does not fit, z, eight digits of its hash, _ and the index are used.",
        example: r#"vnic-name "{zone}_{index}""#,
        ..BASE
    },
    NodeRule {
        name: "mac-prefix",
        at: &[At::Config],
        args: args!("BYTES": Type::MacPrefix),
        help: "Prefix of the MAC addresses that zmgr chooses: one to five bytes. Default: locally administered addresses with 46 random bits.",
        example: r#"mac-prefix "2:8:20""#,
        ..BASE
    },
    NodeRule {
        name: "timeouts",
        at: &[At::Config],
        props: &[
            prop("install", SECONDS, "install and clone; 3600"),
            prop("boot", SECONDS, "boot, until the zone is running; 600"),
            prop("shutdown", SECONDS, "shutdown, until the zone is down; 130, because illumos itself waits 100"),
            prop("command", SECONDS, "every other command; 120"),
        ],
        default: "timeouts install=3600 boot=600 shutdown=130 command=120",
        help: "Time limits in seconds.",
        example: "timeouts install=3600 boot=600 shutdown=130",
        ..BASE
    },
    NodeRule {
        name: "environment",
        at: &[At::Config],
        args: args!("NAME": Type::EnvironmentName, "VALUE": Type::EnvironmentValue),
        times: Times::Keyed,
        help: "An environment variable of the commands that fetch packages: zoneadm install, pkg install. Other commands do not get it. A proxy for the host: http_proxy, https_proxy, all_proxy, and no_proxy with the hosts that need none; limits of pkg: PKG_CLIENT_… and PKG_CONCURRENCY.",
        example: r#"environment "https_proxy" "http://proxy.example.org:3128""#,
        ..BASE
    },
    NodeRule {
        name: "host",
        at: &[At::Config],
        args: args!("NAME": Type::HostName),
        help: "Name of this host in a fleet of hosts. Default: the name in /etc/nodename; `fleet list` shows the path of the tree.",
        example: r#"host "h1""#,
        ..BASE
    },
    NodeRule {
        name: "unique-names",
        at: &[At::Config],
        args: args!("VALUE": Type::Bool),
        default: "unique-names #false",
        help: "Whether a zone name may exist on one host of the fleet only. `fleet check` then reports a name on two hosts as an error. Zones that others are cloned from are exempt.",
        example: "unique-names #true",
        ..BASE
    },
    NodeRule {
        name: "store",
        at: &[At::Config],
        args: args!("KIND": Type::Word(&["etcd"])),
        body: Some(At::Store),
        help: "The store that the hosts of a fleet share: each address of a pool with `fleet` is claimed there before it is used. Without it, zmgr never opens a connection.",
        example: r#"store "etcd" { fleet "prod"; endpoint "https://a.example:2379" }"#,
        ..BASE
    },
    NodeRule {
        name: "fleet",
        at: &[At::Store],
        args: args!("NAME": Type::NetName),
        required: true,
        help: "Name of the fleet. Fleets with different names share nothing, even in one store.",
        example: r#"fleet "prod""#,
        ..BASE
    },
    NodeRule {
        name: "endpoint",
        at: &[At::Store],
        args: args!("URL": Type::Endpoint),
        rest: true,
        times: Times::Many,
        required: true,
        help: "Members of the store, in the order in which zmgr tries them.",
        example: r#"endpoint "https://a.example:2379" "https://b.example:2379" "https://c.example:2379""#,
        ..BASE
    },
    NodeRule {
        name: "tls",
        at: &[At::Store],
        props: &[
            prop(
                "ca",
                Type::Path,
                "certificates of the authorities that sign the endpoints' certificates; default: those of the host",
            ),
            prop("cert", Type::Path, "certificate of this host"),
            prop("key", Type::Path, "private key of that certificate"),
        ],
        help: "PEM files of the TLS connection to the store. etcd refuses a host certificate with a CommonName while authentication is on.",
        example: r#"tls ca="/etc/zmgr/tls/ca.pem" cert="/etc/zmgr/tls/h1.pem" key="/etc/zmgr/tls/h1.key""#,
        ..BASE
    },
    NodeRule {
        name: "user",
        at: &[At::Store],
        args: args!("NAME": Type::Plain(100)),
        props: &[must("password-file", Type::Path, "file with the password of the user in its first line")],
        help: "User of the store.",
        example: r#"user "h1" password-file="/etc/zmgr/tls/h1.password""#,
        ..BASE
    },
    NodeRule {
        name: "timeout",
        at: &[At::Store],
        args: args!("SECONDS": Type::Int(1, 3_600)),
        default: "timeout 10",
        help: "Time limit of each call of the store, in seconds.",
        example: "timeout 10",
        ..BASE
    },
    NodeRule {
        name: "incarnation",
        at: &[At::Store],
        args: args!("ID": Type::Id),
        help: "Written by zmgr: the id that this host drew when it joined the fleet. The store refuses a host with another one.",
        example: r#"incarnation "6f1b7c2d9e3a4b5c8d7e6f5a4b3c2d1e""#,
        ..BASE
    },
    NodeRule {
        name: "log-dir",
        at: &[At::Config],
        args: args!("PATH": Type::Path),
        default: r#"log-dir "/var/log/zmgr""#,
        help: "Directory for the full output of install, clone and uninstall, one file per command.",
        example: r#"log-dir "/var/log/zmgr""#,
        ..BASE
    },
    NodeRule {
        name: "defaults",
        at: &[At::Config],
        body: Some(At::Defaults),
        help: "The layer below every template: any node of a template except its nets.",
        example: r#"defaults { dns-domain "example.org" }"#,
        ..BASE
    },
    // templates/NAME.kdl
    NodeRule {
        name: "template",
        at: &[At::TemplateFile],
        args: args!("NAME": Type::TemplateName),
        body: Some(At::Template),
        required: true,
        help: "Settings that zones share. The name must match the file name.",
        example: r#"template "oi" { brand "nlipkg" }"#,
        ..BASE
    },
    NodeRule {
        name: "extends",
        at: &[At::Template],
        args: args!("TEMPLATE": Type::TemplateName),
        help: "The template that this one extends.",
        example: r#"extends "base""#,
        ..BASE
    },
    NodeRule {
        name: "net",
        at: &[At::Template],
        args: args!("NAME": Type::NetName),
        body: Some(At::TemplateNet),
        times: Times::Keyed,
        effect: Some(TakesEffect::NextReboot),
        help: "A net of the template's zones: a VNIC with addresses of a pool, or an existing link.",
        example: r#"net "internal" { pool "internal" }"#,
        ..BASE
    },
    NodeRule {
        name: "pool",
        at: &[At::Template],
        args: args!("POOL": Type::PoolName),
        help: "Older form of one net \"default\" with this pool.",
        example: r#"pool "internal""#,
        ..BASE
    },
    // pools/NAME.kdl
    NodeRule {
        name: "pool",
        at: &[At::PoolFile],
        args: args!("NAME": Type::PoolName),
        body: Some(At::Pool),
        required: true,
        help: "Networks and the link to them. The name must match the file name.",
        example: r#"pool "internal" { network "10.1.0.0/24"; gateway "10.1.0.1"; stub "stub0" }"#,
        ..BASE
    },
    NodeRule {
        name: "network",
        at: &[At::Pool],
        args: args!("NETWORK": Type::Network),
        body: Some(At::PoolNetwork),
        times: Times::Keyed,
        required: true,
        help: "A network of the pool. A zone gets one address of each family; several networks of one family are tried in order.",
        example: r#"network "10.1.0.0/24""#,
        ..BASE
    },
    NodeRule {
        name: "gateway",
        at: POOL,
        args: args!("ADDRESS": Type::Address),
        times: Times::Many,
        help: "Router of the network that contains it; never allocated to a zone.",
        example: r#"gateway "10.1.0.1""#,
        ..BASE
    },
    NodeRule {
        name: "stub",
        at: &[At::Pool],
        args: args!("LINK": Type::Link),
        help: "Link below the VNICs: etherstub, physical, aggregation or overlay, never a VNIC. zmgr never creates or deletes it.",
        example: r#"stub "stub0""#,
        ..BASE
    },
    NodeRule {
        name: "range",
        at: POOL,
        args: args!("FIRST": Type::Address, "LAST": Type::Address),
        times: Times::Many,
        help: "Addresses that may be allocated, both ends included. Default: the whole network except addresses that cannot be used.",
        example: r#"range "10.1.0.10" "10.1.0.250""#,
        ..BASE
    },
    NodeRule {
        name: "share",
        at: POOL,
        args: args!("HOST": Type::HostName, "FIRST": Type::Address, "LAST": Type::Address),
        times: Times::Many,
        help: "Addresses that one host of a fleet allocates from, both ends included. Once a pool has shares, every host allocates only from its own (see `host` in config.kdl), and a host without one allocates nothing.",
        example: r#"share "h1" "10.1.0.10" "10.1.0.59""#,
        ..BASE
    },
    NodeRule {
        name: "fleet",
        at: &[At::Pool],
        props: &[must(
            "segment",
            Type::NetName,
            "the layer-2 network of the pool; pools of one segment share their MAC addresses",
        )],
        help: "Shares the pool with the other hosts of the fleet through the `store` of config.kdl. Every host needs the same pool file.",
        example: r#"fleet segment="dmz""#,
        ..BASE
    },
    NodeRule {
        name: "exclude",
        at: POOL,
        args: args!("ADDRESSES": Type::AddressRange),
        rest: true,
        times: Times::Many,
        help: "Addresses that are never allocated: single ones or ranges.",
        example: r#"exclude "10.1.0.53" "10.1.0.100-10.1.0.120""#,
        ..BASE
    },
    NodeRule {
        name: "reserve",
        at: POOL,
        args: args!("ADDRESS": Type::Address),
        props: &[must("for", Type::NetName, "the zone or owner that it is reserved for")],
        times: Times::Keyed,
        help: "An address for only one zone or owner.",
        example: r#"reserve "10.1.0.20" for="db01""#,
        ..BASE
    },
    NodeRule {
        name: "range-start",
        at: POOL,
        args: args!("ADDRESS": Type::Address),
        help: "Older form of the start of a range.",
        example: r#"range-start "10.1.0.10""#,
        ..BASE
    },
    NodeRule {
        name: "range-end",
        at: POOL,
        args: args!("ADDRESS": Type::Address),
        help: "Older form of the end of a range.",
        example: r#"range-end "10.1.0.250""#,
        ..BASE
    },
    NodeRule {
        name: "addresses",
        at: POOL,
        body: Some(At::PoolAddresses),
        help: "Older form of ranges of one address each.",
        example: r#"addresses { address "10.1.0.10"; address "10.1.0.12" }"#,
        ..BASE
    },
    NodeRule {
        name: "address",
        at: &[At::PoolAddresses],
        args: args!("ADDRESS": Type::Address),
        rest: true,
        times: Times::Many,
        help: "Single addresses that may be allocated.",
        example: r#"address "10.1.0.10""#,
        ..BASE
    },
    NodeRule {
        name: "vlan",
        at: &[At::Pool, At::ZoneNet],
        args: args!("ID": Type::Int(1, 4094)),
        effect: Some(TakesEffect::NextReboot),
        help: "VLAN of the VNICs.",
        example: "vlan 20",
        ..BASE
    },
    NodeRule {
        name: "mtu",
        at: &[At::Pool, At::ZoneNet],
        args: args!("BYTES": Type::Int(576, 65_535)),
        effect: Some(TakesEffect::NextReboot),
        help: "MTU of the VNIC; default: the underlying link's.",
        example: "mtu 9000",
        ..BASE
    },
    NodeRule {
        name: "strategy",
        at: &[At::Pool],
        args: args!("WHAT": Type::Word(&["lowest", "next"])),
        default: r#"strategy "lowest""#,
        help: "Which free address is allocated: the lowest, or the first after the newest entry's.",
        example: r#"strategy "lowest""#,
        ..BASE
    },
    // zones/NAME.kdl
    NodeRule {
        name: "zone",
        at: &[At::ZoneFile],
        args: args!("NAME": Type::ZoneName),
        body: Some(At::Zone),
        required: true,
        help: "One zone: desired state, operation in progress, applied state. The name must match the file name.",
        example: r#"zone "web01" { template "oi" }"#,
        ..BASE
    },
    NodeRule {
        name: "format",
        at: &[At::Zone, At::Reservation],
        args: args!("NUMBER": Type::Int(1, 1_000_000)),
        default: "format 1",
        help: "Format of the file. Files of a newer format are read for their addresses only and not changed.",
        example: "format 1",
        ..BASE
    },
    NodeRule {
        name: "id",
        at: &[At::Zone, At::Reservation],
        args: args!("ID": Type::Id),
        help: "Written by zmgr: distinguishes this entry from earlier and later ones of the same name.",
        example: r#"id "5f0c9d1e7a3b4c2d8e6f0a1b2c3d4e5f""#,
        ..BASE
    },
    NodeRule {
        name: "template",
        at: &[At::Zone],
        args: args!("TEMPLATE": Type::TemplateName),
        help: "Template of the zone. Without one, the entry must be complete.",
        example: r#"template "oi""#,
        ..BASE
    },
    NodeRule {
        name: "zonepath",
        at: &[At::Zone, At::Applied],
        args: args!("PATH": Type::ZonePath),
        effect: Some(TakesEffect::Never),
        help: "Zonepath on the host. Default: its name below `zonepath-prefix`.",
        example: r#"zonepath "/zones/web01""#,
        ..BASE
    },
    NodeRule {
        name: "state",
        at: &[At::Zone],
        args: args!("STATE": Type::Word(&["creating", "ready", "destroying", "detached", "failed"])),
        props: &[
            prop("step", Type::Plain(100), "the current step; required except for ready and detached"),
            prop("undo", Type::Bool, "whether the steps are being undone; only for creating"),
            prop(
                "boot",
                Type::Bool,
                "whether it is booted at the end, if that differs from autoboot; only for creating",
            ),
            prop("running", Type::Bool, "whether it was running before; only for destroying"),
            prop("keep-data", Type::Bool, "whether its files are kept; only for destroying"),
            prop("purge", Type::Bool, "whether datasets that zmgr made for it are destroyed; only for destroying")
                .since(2),
            prop("keep-entry", Type::Bool, "whether the entry stays, as that of a detached zone; only for destroying")
                .since(3),
            prop("attach", Type::Bool, "whether its files are attached instead of installed; only for creating")
                .since(3),
            prop("update", Type::Bool, "whether its packages are updated to the host's; only for attach").since(3),
            prop(
                "before",
                Type::Word(&["desired", "ready", "detached", "wish"]),
                "what the entry was before, to restore it in a rollback; only for creating",
            ),
        ],
        help: "Written by zmgr: state of the zone. Without it, the zone has not been created yet.",
        example: r#"state "creating" step="install""#,
        ..BASE
    },
    NodeRule {
        name: "take-up",
        at: &[At::Applied],
        args: args!("LINK": Type::Vnic),
        times: Times::Many,
        help: "Written by zmgr: a link that the zone got after its first boot and that is not plumbed yet.",
        example: r#"take-up "web01_1""#,
        ..BASE
    },
    NodeRule {
        name: "uuid",
        at: &[At::Zone],
        args: args!("UUID": Type::Uuid),
        help: "Written by zmgr: uuid of the installation.",
        example: r#"uuid "2f8a6c1e-4b7d-4c39-9a10-5d2e8f7b6c44""#,
        ..BASE
    },
    NodeRule {
        name: "created",
        at: &[At::Zone, At::Reservation],
        args: args!("TIME": Type::Time),
        help: "Written by zmgr: time of registration.",
        example: r#"created "2026-03-22T12:14:09Z""#,
        ..BASE
    },
    NodeRule {
        name: "origin",
        at: &[At::Zone],
        args: args!("WHAT": Type::Word(&["create", "import", "golden"])),
        help: "Written by zmgr: whether the zone was created, imported, or is a golden zone that others are cloned from.",
        example: r#"origin "create""#,
        ..BASE
    },
    NodeRule {
        name: "net",
        at: &[At::Zone, At::Applied],
        args: args!("NAME": Type::NetName),
        body: Some(At::ZoneNet),
        times: Times::Keyed,
        effect: Some(TakesEffect::NextReboot),
        help: "A net of the zone. An entry with nets has only those, not its template's.",
        example: r#"net "internal" { pool "internal"; address "10.1.0.10/24" gateway="10.1.0.1"; vnic "web01_0" }"#,
        ..BASE
    },
    NodeRule {
        name: "pool",
        at: &[At::Zone],
        args: args!("POOL": Type::PoolName),
        help: "Older form of a net \"default\": its pool.",
        example: r#"pool "internal""#,
        ..BASE
    },
    NodeRule {
        name: "address",
        at: &[At::Zone],
        args: args!("ADDRESS": Type::Interface),
        props: &[prop("gateway", Type::Address, "the router")],
        times: Times::Many,
        help: "Older form of a net \"default\": its address.",
        example: r#"address "10.1.0.10/24""#,
        ..BASE
    },
    NodeRule {
        name: "gateway",
        at: &[At::Zone],
        args: args!("ADDRESS": Type::Address),
        times: Times::Many,
        help: "Older form of a net \"default\": the router of its address of the same family.",
        example: r#"gateway "10.1.0.1""#,
        ..BASE
    },
    NodeRule {
        name: "vnic",
        at: &[At::Zone],
        args: args!("LINK": Type::Vnic),
        help: "Older form of a net \"default\": its VNIC.",
        example: r#"vnic "web01_0""#,
        ..BASE
    },
    NodeRule {
        name: "stub",
        at: &[At::Zone],
        args: args!("LINK": Type::Link),
        help: "Older form of a net \"default\": the link below its VNIC.",
        example: r#"stub "stub0""#,
        ..BASE
    },
    NodeRule {
        name: "mac",
        at: &[At::Zone],
        args: args!("MAC": Type::Mac),
        help: "Older form of a net \"default\": the MAC address of its VNIC.",
        example: r#"mac "2:8:20:7d:1e:9f""#,
        ..BASE
    },
    NodeRule {
        name: "applied",
        at: &[At::Zone],
        body: Some(At::Applied),
        help: "Written by zmgr: the configuration as it was last applied, for comparison by `diff`.",
        example: r#"applied { brand "nlipkg" }"#,
        ..BASE
    },
    NodeRule {
        name: "pending",
        at: &[At::Zone],
        format: 2,
        props: &[
            prop("boot-time", Type::Int(0, i64::MAX as i128), "boot time of the host, in seconds since 1970"),
            must("zone-id", Type::Int(0, u32::MAX as i128), "the zone's id at that time, as in `zoneadm list -v`"),
        ],
        body: Some(At::Pending),
        help: "Written by zmgr: changes that were applied while the zone was running and take effect at its next boot. They count while the host's boot time and the zone's id are unchanged.",
        example: r#"pending boot-time=1774188000 zone-id=4 { change "bootargs" was="-v" }"#,
        ..BASE
    },
    NodeRule {
        name: "change",
        at: &[At::Pending],
        format: 2,
        args: args!("WHAT": Type::Verbatim),
        props: &[prop("was", Type::Verbatim, "value in the running zone; absent if it has none")],
        times: Times::Keyed,
        help: "Written by zmgr: one change that is not in effect yet.",
        example: r#"change "bootargs" was="-v""#,
        ..BASE
    },
    NodeRule {
        name: "renaming",
        at: &[At::Zone],
        format: 3,
        args: args!("ZONE": Type::ZoneName),
        props: &[must("to", Type::ZoneName, "name of the zone afterwards")],
        body: Some(At::Renaming),
        help: "Written by zmgr: the rename of the zone that is in progress.",
        example: r#"renaming "web01" to="web02" { link "web01_0" to="web02_0" }"#,
        ..BASE
    },
    NodeRule {
        name: "link",
        at: &[At::Renaming],
        format: 3,
        args: args!("LINK": Type::Vnic),
        props: &[must("to", Type::Vnic, "name of the VNIC afterwards")],
        times: Times::Keyed,
        help: "Written by zmgr: a VNIC that is renamed with the zone.",
        example: r#"link "web01_0" to="web02_0""#,
        ..BASE
    },
    NodeRule {
        name: "zonepath",
        at: &[At::Renaming],
        format: 3,
        args: args!("PATH": Type::ZonePath),
        props: &[must("to", Type::ZonePath, "zonepath afterwards")],
        help: "Written by zmgr: the move of the zone that goes with its rename.",
        example: r#"zonepath "/zones/web01" to="/zones/web02""#,
        ..BASE
    },
    NodeRule {
        name: "datasets",
        at: &[At::Zone],
        format: 2,
        body: Some(At::Datasets),
        help: "Written by zmgr: the datasets that it made for the zone. It destroys no others.",
        example: r#"datasets { dataset "rpool/zones/web01" guid="7265839121036642" zonepath=#true }"#,
        ..BASE
    },
    NodeRule {
        name: "dataset",
        at: &[At::Datasets],
        format: 2,
        args: args!("DATASET": Type::Plain(255)),
        props: &[
            prop("guid", Type::Plain(20), "its guid; absent while it is being made"),
            prop(
                "zonepath",
                Type::Bool,
                "whether it is the dataset of the zonepath; the others are delegated, or snapshots of the zone that this one was cloned from",
            ),
        ],
        times: Times::Keyed,
        help: "A dataset that zmgr made.",
        example: r#"dataset "rpool/zones/web01" guid="7265839121036642" zonepath=#true"#,
        ..BASE
    },
    NodeRule {
        name: "snapshots",
        at: &[At::Zone],
        format: 3,
        body: Some(At::Snapshots),
        help: "Written by zmgr: the snapshots that it took of the zone.",
        example: r#"snapshots { snapshot "before" name="zmgr-5f0c1234-20260322T121409Z-before" created="2026-03-22T12:14:09Z" { dataset "rpool/zones/web01/ROOT/zbe" guid="726583912103" } }"#,
        ..BASE
    },
    NodeRule {
        name: "snapshot",
        at: &[At::Snapshots],
        format: 3,
        args: args!("LABEL": Type::Plain(63)),
        props: &[
            must("name", Type::Plain(255), "its name on the host"),
            must("created", Type::Time, "when it was taken"),
        ],
        body: Some(At::Snapshot),
        times: Times::Keyed,
        help: "A snapshot that zmgr took.",
        example: r#"snapshot "before" name="zmgr-5f0c1234-20260322T121409Z-before" created="2026-03-22T12:14:09Z" { dataset "rpool/zones/web01/ROOT/zbe" guid="726583912103" }"#,
        ..BASE
    },
    NodeRule {
        name: "dataset",
        at: &[At::Snapshot],
        format: 3,
        args: args!("DATASET": Type::Plain(255)),
        props: &[prop("guid", Type::Plain(20), "guid of its snapshot; absent while it is being taken")],
        times: Times::Keyed,
        help: "A dataset that is in the snapshot.",
        example: r#"dataset "rpool/zones/web01/ROOT/zbe" guid="726583912103""#,
        ..BASE
    },
    NodeRule {
        name: "foreign",
        at: &[At::Zone],
        body: Some(At::Foreign),
        help: "Written by import: configuration that no node can represent, verbatim.",
        example: r#"foreign { line "set zfs-io-priority=10" }"#,
        ..BASE
    },
    NodeRule {
        name: "line",
        at: &[At::Foreign],
        args: args!("TEXT": Type::Verbatim),
        times: Times::Many,
        help: "A line, verbatim.",
        example: r#"line "set zfs-io-priority=10""#,
        ..BASE
    },
    // net
    NodeRule {
        name: "pool",
        at: NETS,
        args: args!("POOL": Type::PoolName),
        effect: Some(TakesEffect::NextReboot),
        help: "Pool of the net's addresses and link.",
        example: r#"pool "internal""#,
        ..BASE
    },
    NodeRule {
        name: "address",
        at: NETS,
        args: args!("ADDRESS": Type::NetAddress),
        props: &[prop("gateway", Type::Address, "the router")],
        times: Times::Keyed,
        effect: Some(TakesEffect::NextReboot),
        help: "An address with its prefix length. \"dhcp\", \"slaac\": zmgr makes the zone get its addresses by DHCP, or from router advertisements; a pool gives the net only its link. \"none\": zmgr assigns no address; the zone configures itself.",
        example: r#"address "10.1.0.10/24" gateway="10.1.0.1""#,
        ..BASE
    },
    NodeRule {
        name: "host-name",
        at: &[At::ZoneNet],
        args: args!("NAME": Type::Plain(255)),
        times: Times::Many,
        help: "A host name instead of an address, as import may find it.",
        example: r#"host-name "db.example.org""#,
        ..BASE
    },
    NodeRule {
        name: "physical",
        at: &[At::TemplateNet],
        args: args!("LINK": Type::Link),
        effect: Some(TakesEffect::NextReboot),
        help: "An existing link that the zone gets as it is; never created or deleted.",
        example: r#"physical "e1000g1""#,
        ..BASE
    },
    NodeRule {
        name: "physical",
        at: &[At::ZoneNet],
        args: args!("LINK": Type::FoundLink),
        effect: Some(TakesEffect::NextReboot),
        help: "An existing link that the zone has as it is; never created or deleted.",
        example: r#"physical "e1000g1""#,
        ..BASE
    },
    NodeRule {
        name: "link-property",
        at: NETS,
        args: args!("NAME": Type::LinkProperty, "VALUE": Type::LinkValue),
        times: Times::Keyed,
        effect: Some(TakesEffect::AtOnce),
        help: "A property of the VNIC, as in `dladm set-linkprop`; not mtu and those that the zone's boot sets.",
        example: r#"link-property "maxbw" "100M""#,
        ..BASE
    },
    NodeRule {
        name: "default-route",
        at: NETS,
        args: args!("WHETHER": Type::Bool),
        effect: Some(TakesEffect::NextReboot),
        help: "Whether default routes use this net. Default: the first net with a gateway has them.",
        example: "default-route #false",
        ..BASE
    },
    NodeRule {
        name: "vnic",
        at: &[At::ZoneNet],
        args: args!("LINK": Type::Vnic),
        effect: Some(TakesEffect::NextReboot),
        help: "The VNIC.",
        example: r#"vnic "web01_0""#,
        ..BASE
    },
    NodeRule {
        name: "stub",
        at: &[At::ZoneNet],
        args: args!("LINK": Type::Link),
        effect: Some(TakesEffect::NextReboot),
        help: "Link below the VNIC; for a shared-IP zone, the link that has the address.",
        example: r#"stub "stub0""#,
        ..BASE
    },
    NodeRule {
        name: "mac",
        at: &[At::ZoneNet],
        args: args!("MAC": Type::Mac),
        effect: Some(TakesEffect::NextReboot),
        help: "MAC address of the VNIC, chosen by zmgr: a VNIC is zmgr's only if name, link below and MAC address match.",
        example: r#"mac "2:8:20:7d:1e:9f""#,
        ..BASE
    },
    NodeRule {
        name: "override",
        at: &[At::ZoneNet],
        format: 2,
        args: args!("SETTING": Type::Word(&["stub", "vlan", "mtu", "gateway"])),
        rest: true,
        help: "Written by zmgr in `applied`: settings of the entry that differ from its pool.",
        example: r#"override "mtu""#,
        ..BASE
    },
    NodeRule {
        name: "managed",
        at: &[At::ZoneNet],
        args: args!("WHETHER": Type::Bool),
        default: "managed #false",
        help: "Written by zmgr: it created the VNIC, so `destroy` may delete it.",
        example: "managed #true",
        ..BASE
    },
    // Settings: defaults, templates, zones.
    NodeRule {
        name: "brand",
        at: LAYERS,
        args: args!("BRAND": Type::Brand),
        effect: Some(TakesEffect::Never),
        help: "The brand. OpenIndiana: ipkg is linked to the host's image, nlipkg is not; OmniOS: lipkg is, ipkg is not.",
        example: r#"brand "nlipkg""#,
        ..BASE
    },
    NodeRule {
        name: "autoboot",
        at: LAYERS,
        args: args!("WHETHER": Type::Bool),
        default: "autoboot #false",
        effect: Some(TakesEffect::AtOnce),
        help: "Whether the zone boots with the host, and at the end of `create`.",
        example: "autoboot #true",
        ..BASE
    },
    NodeRule {
        name: "ip-type",
        at: LAYERS,
        args: args!("WHAT": Type::Word(&["exclusive", "shared"])),
        default: r#"ip-type "exclusive""#,
        effect: Some(TakesEffect::NextReboot),
        help: "IP type. \"shared\": no VNIC; the addresses are set on the pool's link on the host.",
        example: r#"ip-type "exclusive""#,
        ..BASE
    },
    NodeRule {
        name: "install",
        at: LAYERS,
        body: Some(At::Install),
        effect: Some(TakesEffect::Reinstall),
        help: "How the zone is installed.",
        example: r#"install { package "editor/vim" }"#,
        ..BASE
    },
    NodeRule {
        name: "publisher",
        at: &[At::Install],
        args: args!("PUBLISHER": Type::PublisherName),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::AtOnce),
        help: "A publisher of the zone's image. Default: those of the host.",
        example: r#"publisher "openindiana.org""#,
        ..BASE
    },
    NodeRule {
        name: "package",
        at: &[At::Install],
        args: args!("PACKAGE": Type::Safe),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::Reinstall),
        help: "Packages in addition to the brand's own.",
        example: r#"package "editor/vim""#,
        ..BASE
    },
    NodeRule {
        name: "image",
        at: &[At::Install],
        args: args!("PATH": Type::Safe),
        effect: Some(TakesEffect::Reinstall),
        help: "Archive, snapshot, dataset or directory to install from, for brands that need one.",
        example: r#"image "/export/images/zone.tar""#,
        ..BASE
    },
    NodeRule {
        name: "golden",
        at: &[At::Install],
        args: args!("YES": Type::Bool),
        effect: Some(TakesEffect::Reinstall),
        help: "Zones are cloned from a golden zone, which the first creation installs and which never boots. Zones share it if brand, publishers, packages, image, the directory of the zonepath and the host's version of entire are the same.",
        default: "golden #false",
        example: "golden #true",
        format: 3,
        ..BASE
    },
    NodeRule {
        name: "clone-from",
        at: LAYERS,
        args: args!("ZONE": Type::ZoneName),
        effect: Some(TakesEffect::Reinstall),
        help: "A zone to clone instead of installing.",
        example: r#"clone-from "golden""#,
        ..BASE
    },
    NodeRule {
        name: "setup",
        at: LAYERS,
        body: Some(At::Setup),
        effect: Some(TakesEffect::Reinstall),
        help: "Files written before the zone's first boot.",
        example: r#"setup { hostname "{zone}"; timezone "UTC" }"#,
        ..BASE
    },
    NodeRule {
        name: "hostname",
        at: &[At::Setup],
        args: args!("NAME": Type::HostName),
        effect: Some(TakesEffect::Reinstall),
        help: "Host name of the zone. Default: the name of the zone.",
        example: r#"hostname "{zone}""#,
        ..BASE
    },
    NodeRule {
        name: "ssh-key",
        at: &[At::Setup],
        args: args!("PATH": Type::Path),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::Reinstall),
        help: "A file of the host with lines for root's authorized_keys.",
        example: r#"ssh-key "/etc/zmgr/keys/ops.pub""#,
        ..BASE
    },
    NodeRule {
        name: "root-password-file",
        at: &[At::Setup],
        format: 3,
        args: args!("PATH": Type::Path),
        effect: Some(TakesEffect::Reinstall),
        help: "A file of the host with the hash of root's password on one line, as in /etc/shadow: owned by root, mode 0400 or 0600. The hash appears in no plan, log or error. Default: what the installation leaves, on OmniOS an empty password.",
        example: r#"root-password-file "/etc/zmgr/secrets/root""#,
        ..BASE
    },
    NodeRule {
        name: "hosts",
        at: &[At::Setup],
        format: 3,
        args: args!("LINE": Type::HostsLine),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::Reinstall),
        help: "Lines for the zone's /etc/inet/hosts: an address, then host names. Not for brand lx.",
        example: r#"hosts "10.1.0.20 db01 db01.example.org""#,
        ..BASE
    },
    NodeRule {
        name: "timezone",
        at: &[At::Setup],
        args: args!("NAME": Type::TimeZone),
        effect: Some(TakesEffect::Reinstall),
        help: "The time zone.",
        example: r#"timezone "UTC""#,
        ..BASE
    },
    NodeRule {
        name: "resolver",
        at: &[At::Defaults, At::Template, At::Zone, At::Applied, At::Pool],
        args: args!("ADDRESS": Type::Address),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::Reinstall),
        help: "Name servers. Those of the zone or template override those of its pools, which override `defaults`.",
        example: r#"resolver "10.1.0.53""#,
        ..BASE
    },
    NodeRule {
        name: "dns-domain",
        at: LAYERS,
        args: args!("DOMAIN": Type::Domain),
        effect: Some(TakesEffect::Reinstall),
        help: "The DNS domain.",
        example: r#"dns-domain "example.org""#,
        ..BASE
    },
    NodeRule {
        name: "tag",
        at: LAYERS,
        args: args!("WORD": Type::NetName),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::AtOnce),
        help: "Tags for selecting zones.",
        example: r#"tag "web""#,
        ..BASE
    },
    NodeRule {
        name: "after",
        at: &[At::Template, At::Zone],
        format: 3,
        args: args!("ZONE": Type::ZoneName),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::AtOnce),
        help: "Zones that must be up before this one boots, and that stay up until it is down. The host's own autoboot is off then: the service svc:/application/zmgr/zones boots the zone.",
        example: r#"after "db01""#,
        ..BASE
    },
    NodeRule {
        name: "protected",
        at: LAYERS,
        args: args!("WHETHER": Type::Bool),
        default: "protected #false",
        effect: Some(TakesEffect::AtOnce),
        help: "Whether `destroy` needs --force.",
        example: "protected #true",
        ..BASE
    },
    NodeRule {
        name: "zonecfg",
        at: LAYERS,
        args: args!("COMMAND": Type::Command),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::NextReboot),
        help: "A command passed through to zonecfg, run last: set, clear, add, select, remove or end. Not for zonename, zonepath, brand, ip-type, net.",
        example: r#"zonecfg "set fs-allowed=ufs""#,
        ..BASE
    },
    NodeRule {
        name: "without",
        at: LAYERS,
        args: args!("NODE": Type::Word(super::DROPPABLE), "KEY": Type::Plain(1000)),
        optional: true,
        times: Times::Many,
        help: "Drops a node of the layers below, by name and key, or all of a kind.",
        example: r#"without "attr" "env""#,
        ..BASE
    },
    // Resources.
    NodeRule {
        name: "fs",
        at: LAYERS,
        args: args!("DIR": Type::Path),
        props: &[
            must("special", Type::Plain(1000), "the source of the mount"),
            must("type", Type::FileSystem, "the type, such as lofs or zfs"),
            prop("raw", Type::Plain(1000), "the raw device"),
        ],
        body: Some(At::Fs),
        times: Times::Keyed,
        effect: Some(TakesEffect::NextReboot),
        help: "A file system mounted at this directory of the zone.",
        example: r#"fs "/data" special="/export/{zone}" type="lofs" { options "rw" }"#,
        ..BASE
    },
    NodeRule {
        name: "options",
        at: &[At::Fs],
        args: args!("OPTION": Type::Plain(255)),
        rest: true,
        times: Times::Many,
        effect: Some(TakesEffect::NextReboot),
        help: "Mount options, one per string.",
        example: r#"options "rw" "nodevices""#,
        ..BASE
    },
    NodeRule {
        name: "dataset",
        at: LAYERS,
        args: args!("NAME": Type::Dataset),
        props: &[
            prop("create", Type::Bool, "whether `create` makes it if it is missing"),
            prop("quota", Type::Size, "its quota, if it is made"),
        ],
        times: Times::Keyed,
        effect: Some(TakesEffect::NextReboot),
        help: "A ZFS dataset delegated to the zone. zmgr never deletes it.",
        example: r#"dataset "tank/{zone}" create=#true quota="50G""#,
        ..BASE
    },
    NodeRule {
        name: "device",
        at: LAYERS,
        args: args!("PATTERN": Type::Plain(1000)),
        times: Times::Keyed,
        effect: Some(TakesEffect::NextReboot),
        help: "Devices of the host in the zone.",
        example: r#"device "/dev/dsk/c1t0d0*""#,
        ..BASE
    },
    NodeRule {
        name: "attr",
        at: LAYERS,
        args: args!("NAME": Type::AttrName, "VALUE": Type::AttrValue),
        props: &[prop(
            "type",
            Type::Word(&["string", "int", "uint", "boolean"]),
            "the type, if the value does not determine it",
        )],
        times: Times::Keyed,
        effect: Some(TakesEffect::AtOnce),
        help: "A user-defined attribute (zonecfg attr).",
        example: r#"attr "env" "prod""#,
        ..BASE
    },
    NodeRule {
        name: "rctl",
        at: LAYERS,
        args: args!("NAME": Type::RctlName),
        body: Some(At::Rctl),
        times: Times::Keyed,
        effect: Some(TakesEffect::NextReboot),
        help: "A resource control, for those without their own node.",
        example: r#"rctl "zone.max-lofi" { value limit=10 }"#,
        ..BASE
    },
    NodeRule {
        name: "value",
        at: &[At::Rctl],
        props: &[
            must("limit", Type::Int(0, COUNT), "the limit"),
            prop("priv", Type::Word(&["privileged", "basic"]), "who may change it; privileged"),
            prop("action", Type::Word(&["deny", "none"]), "what happens when it is exceeded; deny"),
        ],
        times: Times::Many,
        required: true,
        help: "A value of the control.",
        example: r#"value limit=10 action="deny""#,
        ..BASE
    },
    NodeRule {
        name: "admin",
        at: LAYERS,
        args: args!("USER": Type::Plain(32), "AUTH": Type::Word(&["login", "manage", "clonefrom"])),
        rest: true,
        times: Times::Keyed,
        effect: Some(TakesEffect::AtOnce),
        help: "A user of the host who may administer the zone, and how.",
        example: r#"admin "alice" "login" "manage""#,
        ..BASE
    },
    NodeRule {
        name: "capped-memory",
        at: LAYERS,
        props: &[
            prop("physical", Type::Size, "physical memory, at least 1M"),
            prop("swap", Type::Size, "swap, at least 50M"),
            prop("locked", Type::Size, "locked memory, at most physical"),
        ],
        effect: Some(TakesEffect::NextReboot),
        help: "Memory limits, at least one.",
        example: r#"capped-memory physical="2G" swap="4G""#,
        ..BASE
    },
    NodeRule {
        name: "capped-cpu",
        at: LAYERS,
        props: &[must("ncpus", Type::Cpus, "the number, with up to two decimals")],
        effect: Some(TakesEffect::NextReboot),
        help: "A limit of processor time.",
        example: r#"capped-cpu ncpus="1.5""#,
        ..BASE
    },
    NodeRule {
        name: "dedicated-cpu",
        at: LAYERS,
        props: &[
            must("ncpus", Type::CpuRange, "the number, or minimum and maximum"),
            prop("importance", Type::Int(0, u32::MAX as i128), "importance relative to other pools"),
        ],
        effect: Some(TakesEffect::NextReboot),
        help: "Dedicated processors. Cannot be combined with capped-cpu, cpu-shares or resource-pool.",
        example: r#"dedicated-cpu ncpus="1-4" importance=10"#,
        ..BASE
    },
    NodeRule {
        name: "cpu-shares",
        at: LAYERS,
        args: args!("SHARES": Type::Int(0, COUNT)),
        effect: Some(TakesEffect::NextReboot),
        help: "Shares of the fair share scheduler.",
        example: "cpu-shares 10",
        ..BASE
    },
    NodeRule {
        name: "max-lwps",
        at: LAYERS,
        args: args!("NUMBER": Type::Int(100, COUNT)),
        effect: Some(TakesEffect::NextReboot),
        help: "Maximum number of LWPs.",
        example: "max-lwps 2000",
        ..BASE
    },
    NodeRule {
        name: "max-processes",
        at: LAYERS,
        args: args!("NUMBER": Type::Int(100, COUNT)),
        effect: Some(TakesEffect::NextReboot),
        help: "Maximum number of processes.",
        example: "max-processes 1000",
        ..BASE
    },
    NodeRule {
        name: "max-shm-memory",
        at: LAYERS,
        args: args!("SIZE": Type::Size),
        effect: Some(TakesEffect::NextReboot),
        help: "Maximum amount of System V shared memory.",
        example: r#"max-shm-memory "4G""#,
        ..BASE
    },
    NodeRule {
        name: "max-shm-ids",
        at: LAYERS,
        args: args!("NUMBER": Type::Int(0, COUNT)),
        effect: Some(TakesEffect::NextReboot),
        help: "Maximum number of shared memory ids.",
        example: "max-shm-ids 100",
        ..BASE
    },
    NodeRule {
        name: "max-msg-ids",
        at: LAYERS,
        args: args!("NUMBER": Type::Int(0, COUNT)),
        effect: Some(TakesEffect::NextReboot),
        help: "Maximum number of message queue ids.",
        example: "max-msg-ids 100",
        ..BASE
    },
    NodeRule {
        name: "max-sem-ids",
        at: LAYERS,
        args: args!("NUMBER": Type::Int(0, COUNT)),
        effect: Some(TakesEffect::NextReboot),
        help: "Maximum number of semaphore ids.",
        example: "max-sem-ids 100",
        ..BASE
    },
    NodeRule {
        name: "hostid",
        at: LAYERS,
        args: args!("ID": Type::HostId),
        effect: Some(TakesEffect::NextReboot),
        help: "Host id in the zone.",
        example: r#"hostid "0x1234abcd""#,
        ..BASE
    },
    NodeRule {
        name: "bootargs",
        at: LAYERS,
        args: args!("ARGUMENTS": Type::Plain(255)),
        effect: Some(TakesEffect::NextReboot),
        help: "Arguments of each boot.",
        example: r#"bootargs "-m verbose""#,
        ..BASE
    },
    NodeRule {
        name: "limitpriv",
        at: LAYERS,
        args: args!("PRIVILEGES": Type::Plain(1000)),
        effect: Some(TakesEffect::NextReboot),
        help: "Maximum set of the zone's privileges.",
        example: r#"limitpriv "default,dtrace_user""#,
        ..BASE
    },
    NodeRule {
        name: "scheduling-class",
        at: LAYERS,
        args: args!("CLASS": Type::Word(&["FSS", "TS", "IA", "FX", "RT", "SDC"])),
        effect: Some(TakesEffect::NextReboot),
        help: "The scheduling class.",
        example: r#"scheduling-class "FSS""#,
        ..BASE
    },
    NodeRule {
        name: "fs-allowed",
        at: LAYERS,
        args: args!("TYPE": Type::FileSystem),
        rest: true,
        effect: Some(TakesEffect::NextReboot),
        help: "Types of file systems that the zone may mount.",
        example: r#"fs-allowed "ufs" "pcfs""#,
        ..BASE
    },
    NodeRule {
        name: "resource-pool",
        at: LAYERS,
        args: args!("NAME": Type::Plain(255)),
        effect: Some(TakesEffect::NextReboot),
        help: "The resource pool: zonecfg's own property \"pool\".",
        example: r#"resource-pool "pool_web""#,
        ..BASE
    },
    NodeRule {
        name: "security-flags",
        at: LAYERS,
        props: &[
            prop("default", Type::Plain(255), "flags that processes start with"),
            prop("lower", Type::Plain(255), "flags that are always set"),
            prop("upper", Type::Plain(255), "flags that may be set at most"),
        ],
        effect: Some(TakesEffect::NextReboot),
        help: "Security flags, as comma-separated lists.",
        example: r#"security-flags default="aslr" upper="all""#,
        ..BASE
    },
    // publishers/NAME.kdl
    NodeRule {
        name: "publisher",
        at: &[At::PublisherFile],
        args: args!("NAME": Type::PublisherName),
        props: &[prop(
            "entire",
            Type::Bool,
            "whether it has the package entire, with which the install of a zone begins; #true for exactly one of several publishers in an `install`",
        )],
        body: Some(At::Publisher),
        required: true,
        help: "A publisher of packages. The name must match the file name.",
        example: r#"publisher "openindiana.org" entire=#true { origin "https://pkg.example/hipster" }"#,
        ..BASE
    },
    NodeRule {
        name: "origin",
        at: &[At::Publisher],
        args: args!("URL": Type::Url),
        rest: true,
        times: Times::Many,
        required: true,
        help: "Origin of the packages.",
        example: r#"origin "https://pkg.example/hipster""#,
        ..BASE
    },
    NodeRule {
        name: "mirror",
        at: &[At::Publisher],
        args: args!("URL": Type::Url),
        rest: true,
        times: Times::Many,
        help: "Mirror of their content.",
        example: r#"mirror "https://mirror.example/hipster""#,
        ..BASE
    },
    NodeRule {
        name: "sticky",
        at: &[At::Publisher],
        args: args!("WHETHER": Type::Bool),
        default: "sticky #true",
        help: "Whether updates of its packages must come from it too.",
        example: "sticky #true",
        ..BASE
    },
    NodeRule {
        name: "ssl-cert",
        at: &[At::Publisher],
        args: args!("PATH": Type::Path),
        help: "Client certificate, a file of the host; requires ssl-key.",
        example: r#"ssl-cert "/etc/zmgr/ssl/x.pem""#,
        ..BASE
    },
    NodeRule {
        name: "ssl-key",
        at: &[At::Publisher],
        args: args!("PATH": Type::Path),
        help: "Key of the certificate, a file of the host.",
        example: r#"ssl-key "/etc/zmgr/ssl/x.key""#,
        ..BASE
    },
    // reservations/NAME.kdl
    NodeRule {
        name: "reservation",
        at: &[At::ReservationFile],
        args: args!("NAME": Type::ReservationName),
        body: Some(At::Reservation),
        required: true,
        help: "Addresses held for an owner that is not a zone. The name must match the file name.",
        example: r#"reservation "printer" { address "10.1.0.30" pool="internal" }"#,
        ..BASE
    },
    NodeRule {
        name: "address",
        at: &[At::Reservation],
        args: args!("ADDRESS": Type::Address),
        props: &[must("pool", Type::PoolName, "the pool of the address")],
        times: Times::Keyed,
        help: "An address that is held, and its pool.",
        example: r#"address "10.1.0.30" pool="internal""#,
        ..BASE
    },
];

/// The rule of a node at a place.
pub(super) fn rule(at: At, name: &str) -> Option<&'static NodeRule> {
    TABLE.iter().find(|rule| rule.name == name && rule.at.contains(&at))
}

/// Every rule of a place.
pub(super) fn rules(at: At) -> impl Iterator<Item = &'static NodeRule> {
    TABLE.iter().filter(move |rule| rule.at.contains(&at))
}
