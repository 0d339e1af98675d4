//! A zone's entry in the registry, `zones/NAME.kdl`: desired state, operation in progress and applied state of one zone.
//!
//! Invariant: the address core (`id`, `state`, `net`, `pool`, `address`, `vnic`, `mac`) never changes its meaning, so that an older
//! zmgr can read the allocations in any newer file.

use serde::{Deserialize, Serialize};

pub(crate) use crate::documents::entry_state::{APPLYING, SNAPSHOT, UPDATE};
pub use crate::documents::entry_state::{Before, EntryState, Intent, Origin};

use crate::documents::document::{FORMAT, Kind, Reader, integer, scalar};
use crate::documents::entry_state::{intent, state};
use crate::documents::renaming::Renaming;
use crate::documents::resources::setting_of;
use crate::documents::settings::{EntryNet, Settings, read, write};
use crate::documents::snapshot::TakenSnapshot;
use crate::kdl_util::{Node, Value};
use crate::schema::{At, needed_format};
use crate::value::EntryId;
use crate::value::name::{LinkName, TemplateName, ZoneName};
use crate::value::source::{Source, Sourced};

/// Start of the names of golden zones, which only zmgr gives.
pub(crate) const GOLDEN_PREFIX: &str = "zmgr-golden-";

/// Returns true if this is the name of a golden zone.
pub(crate) fn is_golden_name(name: &str) -> bool {
    name.starts_with(GOLDEN_PREFIX)
}

/// The `format` of entries without newer content.
pub(crate) const OLDEST_FORMAT: u32 = 1;

/// A zone in its file.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// let text = b"zone \"web01\" {\n    state \"ready\"\n}\n";
/// let entry: ZoneEntry = Document::parse("web01.kdl".as_ref(), text)?.value;
/// assert!(matches!(entry.state, Some(EntryState::Ready)));
/// assert_ne!(EntryId::random()?, EntryId::random()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ZoneEntry {
    /// Its name; the file's stem.
    pub name: ZoneName,
    /// Format of the file. Of a newer one than 2, only the address core was read, and the file is not changed.
    pub format: u32,
    /// Distinguishes this entry from earlier and later ones of the same name; `None` for a file that a user wrote and that has not
    /// been created.
    pub id: Option<EntryId>,
    /// Its template.
    pub template: Option<Sourced<TemplateName>>,
    /// The zonepath: an absolute path of the host.
    pub zonepath: Option<Sourced<String>>,
    /// Its state; `None` for a zone that has not been created yet.
    pub state: Option<EntryState>,
    /// Options of the operation in progress that are not in the rest of the entry.
    pub intent: Intent,
    /// The uuid of its installation.
    pub uuid: Option<String>,
    /// Time of registration, RFC 3339, UTC.
    pub created: Option<String>,
    /// Origin of the entry.
    pub origin: Option<Origin>,
    /// Its nets.
    pub nets: Vec<EntryNet>,
    /// Settings that differ from its template, including the brand.
    pub settings: Settings,
    /// The configuration as zmgr last applied it.
    pub applied: Option<Box<Applied>>,
    /// Changes that were applied while the zone was running and wait for its next boot.
    pub pending: Option<Pending>,
    /// The rename in progress; the file may have either name.
    pub renaming: Option<Renaming>,
    /// The datasets that zmgr made for it, the only ones that it ever destroys.
    pub datasets: Vec<MadeDataset>,
    /// The snapshots that zmgr took of it, oldest first.
    pub snapshots: Vec<TakenSnapshot>,
    /// Parts that import found and no node can represent, verbatim, one per line.
    pub foreign: Vec<String>,
    /// Line of the entry.
    pub source: Source,
}

impl ZoneEntry {
    /// Returns an entry of this name without settings.
    pub fn new(name: ZoneName) -> Self {
        ZoneEntry {
            name,
            format: OLDEST_FORMAT,
            id: None,
            template: None,
            zonepath: None,
            state: None,
            intent: Intent::default(),
            uuid: None,
            created: None,
            origin: None,
            nets: Vec::new(),
            settings: Settings::default(),
            applied: None,
            pending: None,
            renaming: None,
            datasets: Vec::new(),
            snapshots: Vec::new(),
            foreign: Vec::new(),
            source: Source::none(),
        }
    }

    /// Returns the brand, if the entry has one.
    pub fn brand(&self) -> Option<&str> {
        self.settings.brand.as_ref().map(|brand| brand.as_str())
    }

    /// Returns true if it is a golden zone, which others are cloned from.
    pub fn is_golden(&self) -> bool {
        self.origin == Some(Origin::Golden)
    }

    /// Returns the template's name, if the entry has one.
    pub fn template_name(&self) -> Option<&TemplateName> {
        self.template.as_ref().map(|template| &template.value)
    }

    /// Returns true if a newer zmgr wrote it: only the address core was read.
    pub fn is_newer(&self) -> bool {
        self.format > FORMAT
    }

    /// Returns the lowest `format` that supports everything in this entry, so that an older zmgr keeps working with every entry
    /// that it understands. Unfinished operations are left to a zmgr that knows all of their steps.
    fn needed_format(&self, nodes: &[Node]) -> u32 {
        if self.is_newer() {
            return self.format;
        }
        let unfinished = self.state.as_ref().is_some_and(|state| *state != EntryState::Ready);
        needed_format(nodes, At::Zone).max(if unfinished { 3 } else { OLDEST_FORMAT })
    }
}

/// Changes that were applied while a zone ran and take effect when it boots.
///
/// They apply to one boot of the zone, identified by the host's boot time and the zone's id.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new().boot(true), &mut RunOptions::new())?;
/// manager.set("web01", &[("bootargs", "-v")], &mut RunOptions::new())?;
/// manager.apply(&["web01"], &ApplyOptions::new(), &mut RunOptions::new())?.into_result()?;
/// assert_eq!(manager.zone("web01")?.pending, ["bootargs"]);
/// let path = manager.root().join("zones/web01.kdl");
/// let entry: ZoneEntry = Document::parse(&path, &std::fs::read(&path)?)?.value;
/// let pending: Pending = entry.pending.unwrap();
/// let change: &PendingChange = &pending.changes[0];
/// assert_eq!((change.what.as_str(), &change.was), ("bootargs", &None));
/// manager.reboot(&["web01"], &HaltOptions::new(), &mut RunOptions::new())?.into_result()?;
/// assert!(manager.zone("web01")?.pending.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending {
    /// Boot time of the host, in seconds since 1970; `None` if it was unknown.
    pub boot_time: Option<u64>,
    /// The zone's id when the changes were applied.
    pub zone_id: u32,
    /// The changes.
    pub changes: Vec<PendingChange>,
}

/// A change that waits for a zone's next boot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingChange {
    /// Its subject, in zonecfg's terms: `bootargs`, `net web01_0 10.1.0.10/24`.
    pub what: String,
    /// Value in the running zone; `None` if it has none.
    pub was: Option<String>,
}

impl Pending {
    /// Returns true if the zone has not booted since: the host's boot time and the zone's id are unchanged.
    pub fn is_current(&self, boot_time: Option<u64>, zone_id: Option<u32>) -> bool {
        let same_boot = match (self.boot_time, boot_time) {
            (Some(then), Some(now)) => then == now,
            _ => true,
        };
        same_boot && zone_id == Some(self.zone_id)
    }

    /// Returns one without changes, for this boot of the host and of the zone.
    pub(crate) fn of_boot(boot_time: Option<u64>, zone_id: u32) -> Pending {
        Pending { boot_time, zone_id, changes: Vec::new() }
    }

    /// Returns the settings that changed, by their names in the files, each once.
    pub fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for setting in self.changes.iter().map(|change| setting_of(&change.what)) {
            if !texts.contains(&setting) {
                texts.push(setting);
            }
        }
        texts
    }

    fn decode(node: &Node) -> Option<Pending> {
        let changes = node.children_named("change").filter_map(|change| {
            let was = change.property_text("was").map(str::to_owned);
            Some(PendingChange { what: change.text()?.to_owned(), was })
        });
        Some(Pending {
            boot_time: node.property("boot-time").and_then(|entry| integer(&entry.value)),
            zone_id: integer(&node.property("zone-id")?.value)?,
            changes: changes.collect(),
        })
    }

    fn encode(&self) -> Node {
        let change = |change: &PendingChange| {
            Node::new("change").arg(change.what.as_str()).prop_if("was", change.was.as_deref())
        };
        Node::new("pending")
            .prop_if("boot-time", self.boot_time)
            .prop("zone-id", self.zone_id)
            .block(self.changes.iter().map(change).collect())
    }
}

/// A dataset that zmgr made, or is about to make.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let text = manager.read_file("zones/web01.kdl")?;
/// let entry: ZoneEntry = Document::parse("web01.kdl".as_ref(), text.as_bytes())?.value;
/// let made: &MadeDataset = &entry.datasets[0];
/// assert!(made.zonepath && made.guid.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MadeDataset {
    /// Its name.
    pub name: String,
    /// Its guid, which identifies it whatever its name. `None` while it is being made: no such dataset existed before.
    pub guid: Option<String>,
    /// True if it is the zonepath's.
    pub zonepath: bool,
}

impl MadeDataset {
    /// Returns true if it is a snapshot of the zone's source, which cloning made.
    pub fn is_snapshot(&self) -> bool {
        self.name.contains('@')
    }

    /// Returns true if it is delegated to the zone.
    pub fn is_delegated(&self) -> bool {
        !self.zonepath && !self.is_snapshot()
    }
}

/// The configuration as last applied: the base of a three-way comparison.
///
/// ```
/// # use zmgr::*;
/// # let dir = tempfile::tempdir()?;
/// # let manager = Manager::builder().simulate(dir.path()).build()?;
/// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
/// let text = manager.read_file("zones/web01.kdl")?;
/// let entry: ZoneEntry = Document::parse("web01.kdl".as_ref(), text.as_bytes())?.value;
/// let applied: Applied = *entry.applied.ok_or("not built")?;
/// assert_eq!(applied.nets[0].name, "internal");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Applied {
    /// The zonepath.
    pub zonepath: Option<Sourced<String>>,
    /// The nets.
    pub nets: Vec<EntryNet>,
    /// Links that the zone got after its first boot and that are not plumbed yet.
    pub plumb_links: Vec<LinkName>,
    /// All other settings.
    pub settings: Settings,
}

impl Kind for ZoneEntry {
    const FILE: Option<At> = Some(At::ZoneFile);
    const FROZEN_CORE: bool = true;
    const OLDER: (&'static [&'static str], &'static str) =
        (&["pool", "address", "gateway", "vnic", "stub", "mac"], "net");

    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = |name: &str| root.child(name).and_then(Node::text).map(str::to_owned);
        let mut entry = ZoneEntry {
            format: reader.number(root, "format").map_or(OLDEST_FORMAT, |format| format.value),
            id: reader.parsed(root, "id").map(|id| id.value),
            state: root.child("state").and_then(|node| state(node, reader)),
            intent: root.child("state").map(intent).unwrap_or_default(),
            created: text("created"),
            nets: read::nets(root, reader),
            source: reader.source(root),
            ..ZoneEntry::new(root.text()?.parse().ok()?)
        };
        entry.nets.extend(older_net(root, reader));
        if reader.frozen {
            // Addresses that are still applied are held, like desired ones.
            entry.applied = root
                .child("applied")
                .map(|node| Box::new(Applied { nets: read::nets(node, reader), ..Applied::default() }));
            return Some(entry);
        }
        entry.template = reader.parsed(root, "template");
        entry.zonepath = reader.text_of(root, "zonepath");
        entry.uuid = text("uuid");
        entry.origin = reader.parsed(root, "origin").map(|origin| origin.value);
        entry.settings = read::settings(root, reader);
        entry.applied = root.child("applied").map(|node| {
            Box::new(Applied {
                zonepath: reader.text_of(node, "zonepath"),
                nets: read::nets(node, reader),
                plumb_links: node
                    .children_named("take-up")
                    .filter_map(|node| LinkName::new(node.text()?).ok())
                    .collect(),
                settings: read::settings(node, reader),
            })
        });
        entry.pending = root.child("pending").and_then(Pending::decode);
        entry.renaming = root.child("renaming").and_then(Renaming::decode);
        let made = root.child("datasets").map(Node::nodes).unwrap_or_default();
        entry.datasets = made
            .iter()
            .filter(|node| node.name == "dataset")
            .filter_map(|node| {
                Some(MadeDataset {
                    name: node.text()?.to_owned(),
                    guid: node.property_text("guid").map(str::to_owned),
                    zonepath: node.property("zonepath").is_some_and(|entry| entry.value == Value::Bool(true)),
                })
            })
            .collect();
        let taken = root.child("snapshots").into_iter().flat_map(|node| node.children_named("snapshot"));
        entry.snapshots = taken.filter_map(TakenSnapshot::decode).collect();
        entry.foreign = match root.child("foreign") {
            Some(node) => node.children_named("line").flat_map(Node::texts).map(str::to_owned).collect(),
            None => Vec::new(),
        };
        Some(entry)
    }

    fn encode(&self) -> Vec<Node> {
        let mut inner = Vec::new();
        inner.extend(self.id.as_ref().map(|id| Node::new("id").arg(id.as_str())));
        inner.extend(self.template.as_ref().map(|name| Node::new("template").arg(name.as_str())));
        let mut settings = write::settings(&self.settings);
        // The brand comes first, beside the template, because readers look for it first.
        if settings.first().is_some_and(|node| node.name == "brand") {
            inner.push(settings.remove(0));
        }
        inner.extend(scalar("zonepath", &self.zonepath));
        inner.extend(self.state.as_ref().map(|state| {
            let node = Node::new("state").arg(state.as_str()).prop_if("step", state.step());
            let undo = matches!(state, EntryState::Creating { undo: true, .. });
            let Intent { boot, running, keep_data, purge, keep_entry, attach, update, keep_root, before } = self.intent;
            node.prop_if("undo", undo.then_some(true))
                .prop_if("boot", boot)
                .prop_if("running", running.then_some(true))
                .prop_if("keep-data", keep_data.then_some(true))
                .prop_if("purge", purge.then_some(true))
                .prop_if("keep-entry", keep_entry.then_some(true))
                .prop_if("attach", attach.then_some(true))
                .prop_if("update", update.then_some(true))
                .prop_if("keep-root", keep_root.then_some(true))
                .prop_if("before", before.map(Before::as_str))
        }));
        let text = |name: &str, value: &Option<String>| value.as_ref().map(|value| Node::new(name).arg(value.as_str()));
        inner.extend(text("uuid", &self.uuid));
        inner.extend(text("created", &self.created));
        inner.extend(self.origin.map(|origin| Node::new("origin").arg(origin.as_str())));
        inner.extend(self.nets.iter().map(write::net));
        inner.extend(settings);
        inner.extend(self.applied.as_ref().map(|applied| {
            let mut nodes: Vec<Node> = scalar("zonepath", &applied.zonepath).into_iter().collect();
            nodes.extend(applied.nets.iter().map(write::net));
            nodes.extend(applied.plumb_links.iter().map(|link| Node::new("take-up").arg(link.as_str())));
            nodes.extend(write::settings(&applied.settings));
            Node::new("applied").block(nodes)
        }));
        inner.extend(self.pending.as_ref().map(Pending::encode));
        inner.extend(self.renaming.as_ref().map(Renaming::encode));
        if !self.datasets.is_empty() {
            let made = self.datasets.iter().map(|made| {
                Node::new("dataset")
                    .arg(made.name.as_str())
                    .prop_if("zonepath", made.zonepath.then_some(true))
                    .prop_if("guid", made.guid.as_deref())
            });
            inner.push(Node::new("datasets").block(made.collect()));
        }
        if !self.snapshots.is_empty() {
            inner.push(Node::new("snapshots").block(self.snapshots.iter().map(TakenSnapshot::encode).collect()));
        }
        if !self.foreign.is_empty() {
            let lines = self.foreign.iter().map(|line| Node::new("line").arg(line.as_str()));
            inner.push(Node::new("foreign").block(lines.collect()));
        }
        inner.insert(0, Node::new("format").arg(self.needed_format(&inner)));
        vec![Node::new("zone").arg(self.name.as_str()).block(inner)]
    }

    fn newer(&self) -> bool {
        self.is_newer()
    }
}

/// The net "default" of the older, flat form.
fn older_net(root: &Node, reader: &mut Reader<'_>) -> Option<EntryNet> {
    let first = root.nodes().iter().find(|node| ZoneEntry::OLDER.0.contains(&node.name.as_str()))?;
    if root.children_named("net").any(|net| net.text() == Some("default")) {
        let message = format!("`{}` is the older form of the net \"default\", which stands here too", first.name);
        reader.faults.add_with_help("contradiction", first.name_span, message, "move it into the net");
        return None;
    }
    let mut net = EntryNet { source: reader.source(first), ..EntryNet::new("default") };
    let mut gateways = Vec::new();
    for node in root.nodes() {
        let text = node.text().unwrap_or_default();
        match node.name.as_str() {
            "pool" => net.pool = text.parse().ok(),
            "address" if text == "none" => net.no_address = true,
            "address" => net.addresses.extend(read::address(node, reader)),
            "gateway" => gateways
                .extend(crate::value::address::parse_address(text).ok().map(|gateway| (gateway, node.name_span))),
            "vnic" => net.vnic = text.parse().ok(),
            "stub" => net.stub = Some(text.to_owned()),
            "mac" => net.mac = text.parse().ok(),
            _ => {}
        }
    }
    for address in net.addresses.iter_mut().filter(|address| address.gateway.is_none()) {
        let own = address.address.addr();
        let found = gateways.iter().find(|(gateway, _)| gateway.is_ipv4() == own.is_ipv4());
        if let Some((gateway, span)) = found.filter(|(gateway, _)| *gateway == own) {
            reader.faults.add("bad-gateway", *span, format!("{gateway} is the address and its own gateway"));
        }
        address.gateway = found.map(|(gateway, _)| *gateway);
    }
    Some(net)
}
