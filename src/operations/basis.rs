//! What a plan rests on, so that a stale one can say what has changed.

use std::collections::BTreeMap;

use super::config_tree::ConfigTree;
use super::plan::Basis;
use crate::effective::ZoneSpec;
use crate::host::HostSnapshot;

/// The entry of a zone that is not in the registry.
pub(crate) const ABSENT: &str = "absent";

/// Digests of the documents that this wish was read from, by their path below the root.
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

/// The facts of the host that this wish relies on.
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
    /// What the adoption of a zone with this wish rests on.
    pub(crate) fn of_import(config_tree: &ConfigTree, host: &HostSnapshot, spec: &ZoneSpec) -> Basis {
        Basis { documents: documents(config_tree, spec), entry: ABSENT.to_owned(), host: self::host(host, spec) }
    }
}
