//! Inputs of the plan of a creation.

use std::collections::BTreeMap;

use super::config_tree::ConfigTree;
use super::golden::Goldens;
use super::host_assets::HostAssets;
use super::lineage::Clones;
use crate::documents::document::Document;
use crate::documents::zone::ZoneEntry;
use crate::error::Error;
use crate::exec::zonecfg::ZoneConfig;
use crate::host::{Distribution, HostSnapshot};
use crate::registry::Tree;
use crate::value::name::ZoneName;

/// Inputs for planning a creation.
pub(crate) struct PlanInputs<'a> {
    pub(crate) config_tree: &'a ConfigTree,
    /// Files of the unbuilt zones that are created.
    pub(crate) unbuilt: &'a BTreeMap<ZoneName, Document<ZoneEntry>>,
    pub(crate) host: &'a HostSnapshot,
    /// Configuration on the host of each zone that is cloned from.
    pub(crate) sources: &'a BTreeMap<ZoneName, Option<ZoneConfig>>,
    pub(crate) dialect: Distribution,
    pub(crate) host_assets: &'a HostAssets,
    /// Zones that the host cannot have, each with the reason.
    pub(crate) refused: &'a BTreeMap<ZoneName, Error>,
    /// Of each zone that is attached after a snapshot, the datasets of its files.
    pub(crate) kept: &'a BTreeMap<ZoneName, Vec<String>>,
    /// Zones that the same operation builds and clones.
    pub(crate) clones: &'a Clones,
    /// The golden zones that the zones are cloned from.
    pub(crate) goldens: &'a Goldens,
    pub(crate) tree: &'a Tree,
}
