//! The service of the host that boots zones in the order of `after`.

use super::{DiagnosisItem, DiagnosisKind};
use crate::error::Result;
use crate::exec::svcs;
use crate::operations::{BootOrder, ConfigTree, Context};
use crate::value::name::ZoneName;

/// Most zones that a message names.
const MOST_NAMED: usize = 5;

/// Checks the service if zones come after others: the host itself does not boot those.
pub(super) fn boot_order(context: &Context, config_tree: &ConfigTree) -> Result<Option<DiagnosisItem>> {
    let order = BootOrder::load(context, config_tree)?;
    let zones: Vec<&str> = order.zones().map(ZoneName::as_str).collect();
    if zones.is_empty() || !context.host.runner().has("svcs") {
        return Ok(None);
    }
    let zones = match zones.len() {
        1..=MOST_NAMED => zones.join(", "),
        many => format!("{many} zones"),
    };
    let state = svcs::parse_state(&context.host.question(&svcs::boot_service())?);
    let subject = svcs::BOOT_SERVICE;
    let stays_down = format!("zones that come after others do not boot with the host: {zones}");
    let kind = DiagnosisKind::BootServiceNotOnline;
    Ok(Some(match state.as_deref() {
        Some("online") => {
            let message = format!("online, and boots the zones that come after others: {zones}");
            DiagnosisItem::ok(DiagnosisKind::BootServiceOnline, subject, message)
        }
        Some(state) => DiagnosisItem::warning(kind, subject, format!("{state}, so {stays_down}"))
            .with_help("run `svcadm enable zmgr/zones`, or see `svcs -xv zmgr/zones`"),
        None => DiagnosisItem::warning(kind, subject, format!("the host does not have this service, so {stays_down}"))
            .with_help("install zmgr's package, or run `svccfg import` on its manifest zones.xml"),
    }))
}
