//! Recovers a rename. Its entry may be under either name of the zone, and so may the zone.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Done;
use super::decision::{RecoverMode, RecoveryAction, RenameView, advice, renaming as decide};
use crate::documents::renaming::Renaming;
use crate::documents::zone::{EntryState, ZoneEntry};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::HostZone;
use crate::operations::config_tree::ConfigTree;
use crate::operations::context::{Context, Locks};
use crate::operations::entries::entry;
use crate::operations::executor::{self, Purpose};
use crate::operations::jobs::EventSender;
use crate::operations::journal::{Journal, Note};
use crate::operations::{identity, references, rename, renamed_entry};
use crate::registry::Wait;
use crate::value::name::ZoneName;

/// Leaves out the new name of a rename whose entry is under its old name too.
pub(super) fn once_each(context: &Context, names: Vec<ZoneName>) -> Vec<ZoneName> {
    let twice = |name: &ZoneName| {
        let renaming = entry(context, name).ok().and_then(|entry| entry.renaming);
        renaming.is_some_and(|renaming| renaming.to == *name && names.contains(&renaming.from))
    };
    names.iter().filter(|name| !twice(name)).cloned().collect()
}

/// Resumes or rolls back a rename.
pub(super) fn recover(
    context: &Context,
    config_tree: &ConfigTree,
    (before, renaming): (&ZoneEntry, &Renaming),
    mode: RecoverMode,
    wait: bool,
    events: &EventSender,
) -> Result<Done> {
    let (from, to) = (&renaming.from, &renaming.to);
    let timeout = if wait { config_tree.config.timeouts.install } else { Duration::ZERO };
    let mut zones: BTreeSet<ZoneName> = rename::referring(&context.registry, &[from, to])?;
    zones.extend([from.clone(), to.clone()]);
    let locks = context.lock_all(&zones, timeout, timeout, events)?;
    let done = match locks.get(from) {
        Some(own) => locked(context, config_tree, (before, renaming), mode, own, events),
        None => Err(Error::new(Code::Internal, "a lock that was taken is not there")),
    };
    context.release(locks);
    done
}

fn locked(
    context: &Context,
    config_tree: &ConfigTree,
    (before, renaming): (&ZoneEntry, &Renaming),
    mode: RecoverMode,
    locks: &Locks,
    events: &EventSender,
) -> Result<Done> {
    let (from, to) = (&renaming.from, &renaming.to);
    // While both files exist, the old one counts. The previous holder of the locks may have completed the operation.
    let is_it = |entry: &ZoneEntry| entry.id == before.id;
    let (old, new) = (entry(context, from).ok().filter(is_it), entry(context, to).ok().filter(is_it));
    let Some(current) = old.as_ref().or(new.as_ref()) else { return Ok(Done::Undone) };
    if current.renaming.is_none() {
        let zone = rename::renamed(context, config_tree, &current.name)?;
        return Ok(if current.name == *to { Done::Finished(zone) } else { Done::Restored(zone) });
    }
    let Some(id) = current.id.clone() else {
        return Err(Error::new(Code::RecoveryNeeded, format!("the entry of {from} has a state but no id")));
    };
    let step_context = context.step_context(config_tree, from, locks, events)?;
    step_context.made.recorded(current);
    step_context.start(None);
    references::sweep(&context.registry, &mut Wait::up_to(config_tree.config.lock_timeout))?;
    let found = look(&context.with_cancel(events), current, renaming)?;
    let undo = !matches!(current.state, Some(EntryState::Creating { undo: false, .. }));
    let mut journal = Journal::new(&context.registry, from, id.clone()).renaming(to);
    let steps = rename::steps(context, config_tree, current, renaming, &id)?;
    match decide(undo, &found, mode) {
        RecoveryAction::Refuse(why) => Err(Error::new(Code::RecoveryNeeded, format!("{from}: {why}"))
            .with_help(advice(from, |mode| decide(undo, &found, mode)))),
        RecoveryAction::Undo | RecoveryAction::Restore => {
            executor::roll_back(&step_context, &mut journal, &steps, steps.len() - 1)
                .and_then(|()| rename::renamed(context, config_tree, from))
                .map(Done::Restored)
        }
        RecoveryAction::Finish => executor::run(&step_context, &mut journal, executor::each(&steps), Purpose::Resume)
            .and_then(|()| journal.note(Note::Ready))
            .and_then(|()| rename::renamed(context, config_tree, to))
            .map(Done::Finished),
    }
}

/// Returns where the host has the zone.
fn look(context: &Context, entry: &ZoneEntry, renaming: &Renaming) -> Result<RenameView> {
    let (from, to) = (&renaming.from, &renaming.to);
    let moved = {
        let mut entry = entry.clone();
        renamed_entry::complete(renaming, &mut entry, false);
        entry
    };
    let strange = |zone: &HostZone| {
        let why = identity::same_installation(entry, zone).err()?;
        let also = renaming.zonepath.is_some().then(|| identity::same_installation(&moved, zone));
        (!matches!(also, Some(Ok(())))).then(|| why.message().to_owned())
    };
    Ok(match (context.host.zone_state(from)?, context.host.zone_state(to)?) {
        (Some(zone), None) => strange(&zone).map_or(RenameView::Old, RenameView::Strange),
        (None, Some(zone)) => {
            let active = zone.state.is_active();
            strange(&zone).map_or(RenameView::New { active }, RenameView::Strange)
        }
        (Some(_), Some(_)) => RenameView::Strange(format!("the host has both zone {from} and zone {to}")),
        (None, None) => RenameView::Strange(format!("the host has neither zone {from} nor zone {to}")),
    })
}
