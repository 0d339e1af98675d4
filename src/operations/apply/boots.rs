//! Checks that a zone will boot with the configuration that it is about to get.

use crate::api::{PlannedStep, StepKind};
use crate::documents::resolve::ZoneSpec;
use crate::error::Result;
use crate::exec::zoneadm::{HostZone, ZoneState};
use crate::exec::zonecfg::ZoneConfig;
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::{Context, Snapshots};
use crate::operations::create_plan::vnics;
use crate::operations::next_environment::boots_same_environment;
use crate::operations::preconditions::{self, APPLY, APPLY_UNINSTALLED, Row, Subject, Unmet};
use crate::operations::used_datasets::used_by;
use crate::operations::wanted;
use crate::value::name::ZoneName;

/// Returns what a boot with this configuration would fail on.
pub(super) fn unmet(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    spec: &ZoneSpec,
    zone: &HostZone,
    found: &ZoneConfig,
    target: &ZoneConfig,
) -> Result<Vec<Unmet>> {
    let created = created(snapshots, spec);
    let mut below = spec.clone();
    below.nets.retain(|net| net.vnic.as_ref().is_some_and(|vnic| created.iter().any(|name| name == vnic.as_str())));
    preconditions::links(&snapshots.host, &below)?;
    let has = used_by(found);
    let gains = used_by(target).iter().any(|dataset| !has.contains(dataset));
    let claims = gains.then(|| snapshots.claims(context, config_tree)).transpose()?;
    let subject = Subject { made_links: created, claims, ..subject(context, snapshots, spec, found, target) };
    subject.unmet(match zone.state {
        ZoneState::Configured | ZoneState::Incomplete => APPLY_UNINSTALLED,
        _ => APPLY,
    })
}

/// Refuses to change a zone that could not boot afterwards. If nothing but its entry would be written, returns notes instead: the zone
/// stays as it was, and `apply` of all zones does not fail because one of them waits for something outside zmgr.
pub(super) fn refuse(planned: &[PlannedStep], name: &ZoneName, unmet: Vec<Unmet>) -> Result<Vec<String>> {
    if planned.iter().any(|step| step.kind != StepKind::Applied) {
        return preconditions::all_met(unmet).map(|()| Vec::new());
    }
    let prefix = format!("zone {name}: ");
    let note = |unmet: Unmet| {
        let message = unmet.error.message();
        format!("{name} cannot boot: {}", message.strip_prefix(&prefix).unwrap_or(message))
    };
    Ok(unmet.into_iter().map(note).collect())
}

/// Checks that the host has what is needed to build a zone again that it has lost.
pub(super) fn check_rebuild(
    context: &Context,
    config_tree: &ConfigTree,
    snapshots: &Snapshots,
    spec: &ZoneSpec,
) -> Result<()> {
    boots_same_environment(&context.host)?;
    preconditions::links(&snapshots.host, spec)?;
    let config = wanted::without_nets(spec, context.host.dialect())?;
    let claims = (!used_by(&config).is_empty()).then(|| snapshots.claims(context, config_tree)).transpose()?;
    let inventory = context.inventory(snapshots);
    let subject = Subject { spec: Some(spec), claims, ..Subject::new(inventory, &spec.name, &config) };
    subject.check(&[Row::Brand])?;
    subject.check(preconditions::CREATE)
}

/// Returns what a boot of this zone would fail on, each with `true` if the zone is already configured that way.
pub(crate) fn unmet_by_boot(
    context: &Context,
    snapshots: &Snapshots,
    spec: &ZoneSpec,
    zone: &HostZone,
    found: &ZoneConfig,
    target: &ZoneConfig,
) -> Result<Vec<(Unmet, bool)>> {
    if matches!(zone.state, ZoneState::Configured | ZoneState::Incomplete) {
        return Ok(Vec::new());
    }
    let of = |config| {
        let subject =
            Subject { made_links: created(snapshots, spec), ..subject(context, snapshots, spec, found, config) };
        subject.unmet(preconditions::BOOT)
    };
    let mut unmet: Vec<(Unmet, bool)> = of(found)?.into_iter().map(|unmet| (unmet, true)).collect();
    if !target.means(found) {
        for one in of(target)? {
            if !unmet.iter().any(|(known, _)| known.what == one.what) {
                unmet.push((one, false));
            }
        }
    }
    Ok(unmet)
}

fn subject<'a>(
    context: &'a Context,
    snapshots: &'a Snapshots,
    spec: &'a ZoneSpec,
    found: &'a ZoneConfig,
    config: &'a ZoneConfig,
) -> Subject<'a> {
    Subject { spec: Some(spec), has: Some(found), ..Subject::new(context.inventory(snapshots), &spec.name, config) }
}

/// Returns the VNICs of the zone that `apply` creates.
fn created(snapshots: &Snapshots, spec: &ZoneSpec) -> Vec<String> {
    let names = vnics(&spec.nets).into_iter().map(|vnic| vnic.name.to_string());
    names.filter(|name| snapshots.host.link(name).is_none()).collect()
}
