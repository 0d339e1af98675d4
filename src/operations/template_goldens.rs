//! The golden zones of templates: which one the zones of each template are cloned from now, and which ones nothing needs.

use std::collections::BTreeSet;

use super::config_tree::ConfigTree;
use super::create_plan;
use super::golden;
use super::host_assets::HostAssets;
use crate::api::CreateOptions;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::error::{Code, Error, Result};
use crate::host::{Host, HostSnapshot};
use crate::registry::Snapshot;
use crate::value::name::{TemplateName, ZoneName};

/// Returns the spec of a new zone of this template; its name is the template's.
pub(crate) fn spec_of(config_tree: &ConfigTree, template: &TemplateName) -> Result<ZoneSpec> {
    config_tree.check(Some(template))?;
    let entry = create_plan::desired(
        config_tree,
        &ZoneName::new(template.as_str())?,
        &CreateOptions::new().template(template.as_str()),
    )?;
    effective(&config_tree.config, &config_tree.templates, &config_tree.pools, &entry)
}

/// Returns true if the zones of this spec are cloned from a golden zone.
pub(crate) fn has_golden(spec: &ZoneSpec) -> bool {
    spec.install.is_golden() && spec.clone_from.is_none()
}

/// Returns the start of the name of each template's golden zones, for every template that has them; `None` if it is unknown because of
/// an error in the files.
pub(crate) fn bases(host: &Host, config_tree: &ConfigTree) -> Result<Vec<Option<String>>> {
    let (mut bases, mut entire) = (Vec::new(), None);
    for template in config_tree.templates.keys() {
        let base = match spec_of(config_tree, template) {
            Ok(spec) if !has_golden(&spec) => continue,
            Ok(spec) => HostAssets::of(host, config_tree, &spec)
                .and_then(|host_assets| golden::base_name(host, config_tree, &host_assets, &spec, &mut entire)),
            Err(error) => Err(error),
        };
        bases.push(match base {
            Ok(base) => Some(base),
            Err(error) if error.code() == Code::Cancelled => return Err(error),
            Err(_) => None,
        });
    }
    // A template whose file cannot be read is none of the above.
    bases.extend(config_tree.check_templates().is_err().then_some(None));
    Ok(bases)
}

/// Returns the golden zones that no zone is cloned from and no template needs. `renewed`: start of the names of those of which another
/// one is installed.
pub(crate) fn unneeded(
    host: &Host,
    config_tree: &ConfigTree,
    (found, registered): (&HostSnapshot, &Snapshot),
    needed: &BTreeSet<ZoneName>,
    renewed: &BTreeSet<String>,
) -> Result<Vec<ZoneName>> {
    let mut unneeded = golden::outdated(found, registered, &bases(host, config_tree)?, renewed);
    unneeded.retain(|name| !needed.contains(name));
    Ok(unneeded)
}

/// Returns the error for a template whose zones are not cloned from golden zones.
pub(crate) fn without_golden(template: &TemplateName) -> Error {
    Error::new(Code::WrongState, format!("template {template} has no golden zones: its zones are not cloned from one"))
        .with_help(format!("add to templates/{template}.kdl: install {{ golden #true }}"))
}
