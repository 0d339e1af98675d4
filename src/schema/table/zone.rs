//! Entries of zones: desired nets, and everything that zmgr records.

use super::{At, BASE, args, must, prop};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect, Times};

pub(super) const NODES: &[NodeRule] = &[
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
            prop("keep-root", Type::Bool, "whether the old root is kept, with the last snapshot; only for reinstall")
                .since(3),
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
        example: r#"foreign { line "<device match=\"/dev/fuse\"><net-attr name=\"mode\" value=\"ro\"/></device>" }"#,
        ..BASE
    },
    NodeRule {
        name: "line",
        at: &[At::Foreign],
        args: args!("TEXT": Type::Verbatim),
        times: Times::Many,
        help: "An element of the zone's document, or an attribute of its root, verbatim.",
        example: r#"line "<device match=\"/dev/fuse\"><net-attr name=\"mode\" value=\"ro\"/></device>""#,
        ..BASE
    },
];
