//! Evidence for the steps of a plan: how it is known what each of them does on this host.
//!
//! Invariant: on a real host, a planned step that destroys data is refused if what it destroys is only inferred, unless the caller
//! allows it. The undo of a step is not a planned step: it removes what the same operation made.

use crate::api::{Change, PlannedStep, StepKind};
use crate::error::{Code, Error, Result};
use crate::host::{self, Brand, BrandOperation, Evidence, Host};

/// Notes in a change the evidence for each step, and names destructive steps whose row in the table of brands is only inferred.
///
/// Errors: `unsupported-host` for such a step on a real host, unless `unproven` allows it.
pub(crate) fn annotate(change: &mut Change, host: &Host, brand: Option<&str>, unproven: bool) -> Result<()> {
    let row = brand.and_then(|brand| host::brand(brand, host.dialect()));
    set_evidence(&mut change.steps, row);
    let Some(row) = row else { return Ok(()) };
    let mut notes: Vec<String> = Vec::new();
    for (what, behaviour) in change.steps.iter().filter_map(|step| inferred(step, row, host)) {
        if host.is_real() && !unproven {
            return Err(Error::new(Code::UnsupportedHost, format!("zone {}: {what}", change.zone)).with_help(format!(
                "read `zmgr explain brand {}`, try it on a zone that you can lose, and pass --unproven",
                row.name
            )));
        }
        let note = format!("{what}: {behaviour}");
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    change.notes.extend(notes);
    Ok(())
}

/// Says of a step that may lose data what is only inferred, and what is expected.
fn inferred(step: &PlannedStep, row: &'static Brand, host: &Host) -> Option<(String, String)> {
    let operation = match step.kind {
        StepKind::Activate => {
            let what = format!(
                "that a zone of brand {} can switch its boot environment is only inferred, from {SWITCH}",
                row.name
            );
            return Some((what, "its next boot takes the one that is active".to_owned()));
        }
        StepKind::RollBack => BrandOperation::Root,
        kind => operation(kind).filter(|operation| operation.is_destructive())?,
    };
    let fact = row.fact(operation, host.dialect());
    let subject = match operation {
        BrandOperation::Root => format!("where the files of a zone of brand {} are", fact.brand),
        operation => format!("what {operation} of brand {} destroys", fact.brand),
    };
    let what = format!("{subject} on {} is only inferred, from {}", fact.distribution.as_str(), fact.source);
    (fact.evidence == Evidence::Inferred).then_some((what, fact.behaviour))
}

/// Sources that show how the boot of a zone chooses its boot environment.
const SWITCH: &str = "pkg5, src/brand/ipkg: common.ksh, prestate; illumos-gate, lib/libbe";

/// Sets the evidence of steps on a zone of this row's brand.
pub(crate) fn set_evidence(steps: &mut [PlannedStep], row: Option<&'static Brand>) {
    for step in steps {
        step.evidence = evidence(step, row);
    }
}

/// Returns the operation of the brand that a step of this kind runs or relies on.
fn operation(kind: StepKind) -> Option<BrandOperation> {
    match kind {
        StepKind::Install => Some(BrandOperation::Install),
        StepKind::Clone => Some(BrandOperation::Clone),
        StepKind::Detach | StepKind::Attach => Some(BrandOperation::Detach),
        StepKind::Uninstall => Some(BrandOperation::Uninstall),
        StepKind::FirstBoot => Some(BrandOperation::Root),
        StepKind::Plumb => Some(BrandOperation::Addresses),
        StepKind::Publisher | StepKind::Publishers => Some(BrandOperation::Packages),
        _ => None,
    }
}

fn evidence(step: &PlannedStep, row: Option<&'static Brand>) -> Option<Evidence> {
    use StepKind::{Activate, CloneEnvironment, Deactivate, Mount, RollBack, Take};
    if matches!(step.kind, CloneEnvironment | Deactivate | Activate | Mount) {
        return Some(Evidence::Inferred);
    }
    if let (Some(row), Take | RollBack) = (row, step.kind) {
        return Some(row.root.evidence.min(Evidence::Read));
    }
    if let Some((row, operation)) = row.zip(operation(step.kind)) {
        return Some(row.known(operation).0);
    }
    let program = step.argv.first()?.rsplit('/').next()?;
    // The behaviour of each program by itself, independent of the brand.
    Some(match program {
        "zonecfg" | "zoneadm" | "dladm" | "pkg" => Evidence::Recorded,
        _ => Evidence::Read,
    })
}
