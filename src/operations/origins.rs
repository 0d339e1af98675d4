//! The snapshots of its source that cloning a zone makes, and that no uninstall removes.
//!
//! Invariant: a snapshot is destroyed only if cloning this zone made it (its guid is recorded, or nothing of its name was there when
//! the clone was begun) and nothing was cloned from it.

use super::made::find;
use super::step_context::StepContext;
use crate::documents::zone::MadeDataset;
use crate::error::Result;
use crate::exec::zfs::{self, Part};
use crate::host::{self, Brand, Cloning, Uninstalling};
use crate::value::name::ZoneName;

/// Number of names that the clone hooks try.
const NAMES: u32 = 100;

/// Claims the snapshots that the brand's hook is about to make: they are named after the new zone. Where zoneadm clones by itself,
/// any zone's clone could get the next name, so nothing is claimed.
pub(crate) fn claim(step_context: &StepContext<'_>, source: &ZoneName) -> Result<()> {
    let host = &step_context.host;
    let Some(zone) = host.zone_state(source)? else { return Ok(()) };
    let names_it = |brand: &Brand| matches!(brand.cloning.value, Cloning::Hook | Cloning::HookWithoutNetwork);
    if !host::brand(&zone.brand, host.dialect()).is_some_and(names_it) {
        return Ok(());
    }
    let Some(dataset) = host.dataset_at(&zone.zonepath)? else { return Ok(()) };
    let parts = zfs::parse_parts(&host.ask(&zfs::list_parts(&dataset.name))?)?;
    for name in to_be_made(&dataset.name, &parts, step_context.zone) {
        step_context.made.claim(&name, false);
    }
    Ok(())
}

/// Returns the names of the snapshots that cloning makes of a source with these parts.
fn to_be_made(dataset: &str, parts: &[Part], zone: &ZoneName) -> Vec<String> {
    let root = format!("{dataset}/ROOT/");
    let environment = parts.iter().find(|part| {
        let is_environment = part.name.strip_prefix(&root).is_some_and(|rest| !rest.contains('/'));
        part.kind == "filesystem" && part.mounted && is_environment
    });
    // The hook mounts another one first; which one, it decides.
    let Some(environment) = environment else { return Vec::new() };
    let below = format!("{}/", environment.name);
    let sets: Vec<&str> = parts
        .iter()
        .filter(|part| part.kind == "filesystem" && (part.name == environment.name || part.name.starts_with(&below)))
        .map(|part| part.name.as_str())
        .collect();
    let candidates = (0..NAMES).map(|n| if n == 0 { format!("{zone}_snap") } else { format!("{zone}_snap{n}") });
    let names = candidates.map(|label| sets.iter().map(|set| format!("{set}@{label}")).collect::<Vec<_>>());
    let is_free = |names: &Vec<String>| !parts.iter().any(|part| names.contains(&part.name));
    names.into_iter().find(is_free).unwrap_or_default()
}

/// Records the snapshots that a clone has been made from and that its uninstall leaves, in place of those that were claimed. Those of
/// old files that the host has lost are destroyed.
pub(crate) fn cloned(step_context: &StepContext<'_>, brand: &str) -> Result<()> {
    let host = &step_context.host;
    for known in step_context.made.origins() {
        // Those of the zone's old files may be gone, if an earlier run was killed before it could forget them.
        if known.guid.is_none() || find(host, &known.name)?.is_none() {
            step_context.made.forget(&known.name);
        }
    }
    let Some(present) = record(step_context, brand)? else { return Ok(()) };
    for old in step_context.made.origins().into_iter().filter(|made| !present.contains(&made.name)) {
        if is_left(step_context, &old)? {
            drop_one(step_context, &old)?;
        }
    }
    Ok(())
}

/// Records the snapshots that a clone has been made from and that its uninstall leaves, and returns their names; `None` if they are
/// unknown.
pub(crate) fn record(step_context: &StepContext<'_>, brand: &str) -> Result<Option<Vec<String>>> {
    let host = &step_context.host;
    let (Some(own), Some(brand)) = (step_context.made.of_zonepath(), host::brand(brand, host.dialect())) else {
        return Ok(None);
    };
    let listing = zfs::list_filesystems_below(&own.name);
    let listed = match host.question(&listing)? {
        listed if listed.success() => listed,
        // A clone that failed at once has made nothing.
        _ if find(host, &own.name)?.is_none() => return Ok(None),
        _ => host.ask(&listing)?,
    };
    let sets = zfs::parse_list(&listed)?;
    let left = sets.iter().filter(|set| stays(brand.uninstalling.value, &own.name, &set.name));
    let origins: Vec<String> =
        left.filter_map(|set| set.origin.clone()).filter(|origin| is_of_clone(origin, step_context.zone)).collect();
    if !origins.is_empty() {
        for origin in zfs::parse_list(&host.ask(&zfs::list_named(&origins))?)? {
            step_context.made.made(&origin, false);
        }
    }
    Ok(Some(origins))
}

/// Records what a clone was made from if an earlier run was killed before it could.
pub(crate) fn settle(step_context: &StepContext<'_>) -> Result<()> {
    if step_context.made.origins().iter().all(|made| made.guid.is_some()) {
        return Ok(());
    }
    match step_context.host.zone_state(step_context.zone)? {
        Some(zone) => cloned(step_context, &zone.brand),
        None => Ok(()),
    }
}

/// Returns whether uninstalling a clone leaves the snapshot that one of its datasets was cloned from. The hooks destroy that of the
/// boot environment.
fn stays(uninstalling: Uninstalling, own: &str, dataset: &str) -> bool {
    let environment = dataset.strip_prefix(own).and_then(|rest| rest.strip_prefix("/ROOT/"));
    match uninstalling {
        Uninstalling::Everything => true,
        Uninstalling::BootEnvironments | Uninstalling::OneBootEnvironment => {
            environment.is_none_or(|rest| rest.contains('/'))
        }
    }
}

/// Returns true if a snapshot has a name that clone hooks or zoneadm give.
pub(crate) fn is_of_clone(snapshot: &str, zone: &ZoneName) -> bool {
    let label = snapshot.split_once('@').map_or("", |(_, label)| label);
    let number = label.strip_prefix(&format!("{zone}_snap")).or_else(|| label.strip_prefix("SUNWzone"));
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Destroys what cloning the zone left on its source; the zone itself is not there.
pub(crate) fn undo(step_context: &StepContext<'_>) -> Result<()> {
    for made in step_context.made.origins() {
        match is_left(step_context, &made)? {
            true => drop_one(step_context, &made)?,
            false => step_context.made.forget(&made.name),
        }
    }
    Ok(())
}

/// Returns true if the snapshot is there, is the recorded one, and has no clones.
pub(crate) fn is_left(step_context: &StepContext<'_>, made: &MadeDataset) -> Result<bool> {
    let is_ours = |found: &zfs::Dataset| made.guid.as_ref().is_none_or(|guid| *guid == found.guid);
    if !find(&step_context.host, &made.name)?.is_some_and(|found| is_ours(&found)) {
        return Ok(false);
    }
    let parts = zfs::parse_parts(&step_context.host.ask(&zfs::list_parts(&made.name))?)?;
    Ok(parts.iter().all(|part| part.clones.is_empty()))
}

/// Destroys a snapshot. One that cannot be destroyed stays, with a note: the zone has no use for it.
pub(crate) fn drop_one(step_context: &StepContext<'_>, made: &MadeDataset) -> Result<()> {
    let ended = step_context.run_locked(zfs::destroy_one(&made.name))?;
    if !ended.success() && is_left(step_context, made)? {
        let why = ended.error();
        step_context.warn_and_note(format!("snapshot {} stays: {}", made.name, why.message()));
    }
    step_context.made.forget(&made.name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str) -> Part {
        let kind = if name.contains('@') { "snapshot" } else { "filesystem" };
        let mounted = !name.contains('@') && name != "p/w/ROOT";
        Part { name: name.to_owned(), kind: kind.to_owned(), mounted, ..Part::default() }
    }

    #[test]
    fn the_names_that_a_hook_will_choose_are_free_on_every_dataset() {
        let zone = ZoneName::new("new").unwrap();
        let names = ["p/w", "p/w/ROOT", "p/w/ROOT/zbe", "p/w/ROOT/zbe/svc", "p/w/ROOT/zbe/svc@new_snap"];
        let parts: Vec<Part> = names.iter().map(|name| part(name)).collect();
        assert_eq!(to_be_made("p/w", &parts, &zone), ["p/w/ROOT/zbe@new_snap1", "p/w/ROOT/zbe/svc@new_snap1"]);
        assert_eq!(to_be_made("p/w", &parts[..3], &zone), ["p/w/ROOT/zbe@new_snap"]);
        assert_eq!(to_be_made("p/w", &parts[..2], &zone), [""; 0]);
    }

    #[test]
    fn only_names_that_cloning_gives_count() {
        let zone = ZoneName::new("two").unwrap();
        for ours in ["p/w@two_snap", "p/w@two_snap12", "p/w@SUNWzone3"] {
            assert!(is_of_clone(ours, &zone), "{ours}");
        }
        for other in ["p/w", "p/w@two_snapshot", "p/w@one_snap", "p/w@golden", "p/w@two_snap-1"] {
            assert!(!is_of_clone(other, &zone), "{other}");
        }
    }

    #[test]
    fn hooks_destroy_the_snapshot_of_the_boot_environment_alone() {
        let stays = |uninstalling, set| stays(uninstalling, "p/w", set);
        assert!(!stays(Uninstalling::BootEnvironments, "p/w/ROOT/zbe"));
        assert!(stays(Uninstalling::OneBootEnvironment, "p/w/ROOT/zbe/svc"));
        assert!(stays(Uninstalling::Everything, "p/w"));
    }
}
