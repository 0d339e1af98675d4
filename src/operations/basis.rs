//! Records what a plan was made from, so that a stale plan can name the change.

use std::collections::BTreeMap;

use super::config_tree::ConfigTree;
use crate::api::Basis;
use crate::documents::resolve::ZoneSpec;
use crate::host::HostSnapshot;

/// The entry of a zone that is not in the registry.
pub(crate) const ABSENT: &str = "absent";

/// Returns digests of the files that this spec was read from, by their path below the root.
pub(crate) fn documents(config_tree: &ConfigTree, spec: &ZoneSpec) -> BTreeMap<String, String> {
    let templates = config_tree.chain(spec.template.as_ref().map(|template| &template.value));
    let pools = spec.nets.iter().filter_map(|net| net.pool.as_ref()).map(|pool| format!("pools/{pool}.kdl"));
    let publishers = spec.install.publishers.iter().map(|publisher| format!("publishers/{publisher}.kdl"));
    ["config.kdl".to_owned()]
        .into_iter()
        .chain(templates.into_iter().map(|template| format!("templates/{template}.kdl")))
        .chain(pools)
        .chain(publishers)
        .filter_map(|path| config_tree.digests.get(&path).map(|digest| (path.clone(), digest.clone())))
        .collect()
}

/// Returns the facts of the host that this spec relies on.
pub(crate) fn host(host: &HostSnapshot, spec: &ZoneSpec) -> BTreeMap<String, String> {
    let mut summary = BTreeMap::new();
    let zone = host.zone(spec.name.as_str()).map_or(ABSENT, |zone| zone.state.as_str());
    summary.insert(format!("zone {}", spec.name), zone.to_owned());
    if let Some(source) = &spec.clone_from {
        let state = host.zone(source.value.as_str()).map_or(ABSENT, |zone| zone.state.as_str());
        summary.insert(format!("zone {}", source.value), state.to_owned());
    }
    for stub in spec.nets.iter().filter_map(|net| net.stub.as_ref().or(net.physical.as_ref())) {
        let class = host.link(stub).map_or(ABSENT, |link| link.class.as_str());
        summary.insert(format!("link {stub}"), class.to_owned());
    }
    summary
}

impl Basis {
    /// Returns the basis of the adoption of a zone with this spec.
    pub(crate) fn of_import(config_tree: &ConfigTree, host: &HostSnapshot, spec: &ZoneSpec) -> Basis {
        Basis { documents: documents(config_tree, spec), entry: ABSENT.to_owned(), host: self::host(host, spec) }
    }
}
