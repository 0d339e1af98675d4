//! The table itself: one file for each group of settings, one row for each node at the places where it is allowed.
//!
//! Invariant: a row says everything about its node. The checks, `explain`, the reference page and the lowest `format` follow from it.

mod config;
mod install;
mod limits;
mod management;
mod net;
mod pool;
mod properties;
mod publisher;
mod reservation;
mod resources;
mod settings;
mod setup;
mod singles;
mod template;
mod zone;

pub(crate) use singles::singles;

use super::types::Type;
use super::{NodeRule, Prop, Times};

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

/// The layers, in which settings may stand.
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
    inherited: false,
    format: 1,
    default: "",
    effect: None,
    help: "",
    example: "",
};

const COUNT: i128 = u64::MAX as i128;
const SECONDS: Type = Type::Int(1, 604_800);

macro_rules! args {
    ($($name:literal: $ty:expr),+) => { &[$($crate::schema::Arg { name: $name, ty: $ty }),+] };
}
use args;

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

/// The groups, in the order of the reference page: files first, then their bodies.
const GROUPS: &[&[NodeRule]] = &[
    config::NODES,
    template::NODES,
    pool::NODES,
    zone::NODES,
    net::NODES,
    settings::NODES,
    install::NODES,
    setup::NODES,
    management::NODES,
    resources::NODES,
    limits::NODES,
    singles::NODES,
    properties::NODES,
    publisher::NODES,
    reservation::NODES,
];

const LENGTH: usize = {
    let (mut length, mut group) = (0, 0);
    while group < GROUPS.len() {
        length += GROUPS[group].len();
        group += 1;
    }
    length
};

static ROWS: [NodeRule; LENGTH] = {
    let (mut rows, mut length, mut group) = ([BASE; LENGTH], 0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            rows[length] = GROUPS[group][row];
            (length, row) = (length + 1, row + 1);
        }
        group += 1;
    }
    rows
};

/// Every node, in the order of the reference page.
pub(crate) static TABLE: &[NodeRule] = &ROWS;

/// Returns the rule of a node at a place.
pub(super) fn rule(at: At, name: &str) -> Option<&'static NodeRule> {
    TABLE.iter().find(|rule| rule.name == name && rule.at.contains(&at))
}

/// Returns every rule of a place.
pub(super) fn rules(at: At) -> impl Iterator<Item = &'static NodeRule> {
    TABLE.iter().filter(move |rule| rule.at.contains(&at))
}

/// Returns the nodes that layers inherit.
pub(super) fn inherited() -> impl Iterator<Item = &'static NodeRule> + Clone {
    TABLE.iter().filter(|rule| rule.inherited)
}
