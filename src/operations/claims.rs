//! The datasets that registered zones have or ask for.
//!
//! Invariant: a dataset that a zone has or still runs with is given to no other. Of two zones that only ask for it, the one created
//! first gets it, whichever operation asks, in whatever order: so both may ask at the same time.

use std::sync::Arc;

use super::config_tree::ConfigTree;
use super::files::read_document;
use super::used_datasets::{Use, UsedDataset, used_by};
use super::wanted::without_nets;
use crate::documents::document::Document;
use crate::documents::resolve::{ZoneSpec, effective};
use crate::documents::zone::ZoneEntry;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::HostZone;
use crate::host::{Distribution, HostSnapshot};
use crate::registry::{Directory, Tree};
use crate::value::name::ZoneName;

/// Way in which a zone holds a dataset, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    /// It was applied.
    Applied,
    /// It runs with it until its next boot.
    Running,
    /// Its files ask for it.
    Desired,
}

/// A dataset of a registered zone.
#[derive(Debug)]
struct Claim {
    zone: ZoneName,
    created: Option<String>,
    dataset: UsedDataset,
    hold: Hold,
}

/// The datasets of all registered zones that were created.
#[derive(Debug, Default)]
pub(crate) struct Claims(Vec<Claim>);

impl Claims {
    /// Reads the entries of all zones. Runs no command, so that it can be called under the registry lock. An entry that cannot be
    /// read claims nothing; operations on its zone report it.
    pub(crate) fn read(
        tree: &Tree,
        config_tree: &ConfigTree,
        dialect: Distribution,
        host: &HostSnapshot,
    ) -> Result<Claims> {
        let on_host = host.zones_by_name();
        let of_entry = |document: Document<ZoneEntry>| {
            let entry = &document.value;
            let spec = effective(&config_tree.config, &config_tree.templates, &config_tree.pools, entry).ok();
            match entry.state {
                Some(_) => of_zone(entry, spec.as_ref(), dialect, on_host.get(entry.name.as_str()).copied()),
                None => Vec::new(),
            }
        };
        let claims = Document::<ZoneEntry>::read_many(
            &tree.documents(Directory::Zones)?,
            |name| {
                let path = tree.directory(Directory::Zones).join(name);
                Ok(read_document(tree, &path)?.map(|bytes| (Arc::from(path), bytes)))
            },
            |_, document| document.ok().flatten().map(of_entry).unwrap_or_default(),
        );
        Ok(Claims(claims.into_iter().flatten().collect()))
    }

    /// Returns the claims of these entries, each with its desired state if that is valid. Zones that are not built claim something
    /// too, after all others: creating all of them would fail.
    pub(crate) fn of<'a>(
        zones: impl Iterator<Item = (&'a ZoneEntry, Option<&'a ZoneSpec>)>,
        dialect: Distribution,
        host: &HostSnapshot,
    ) -> Claims {
        let on_host = host.zones_by_name();
        let of_zone = |(entry, spec): (&'a ZoneEntry, _)| {
            of_zone(entry, spec, dialect, on_host.get(entry.name.as_str()).copied())
        };
        Claims(zones.flat_map(of_zone).collect())
    }

    /// Adds the datasets of a zone that is planned together with others, which the registry does not have yet. Fails with `config`
    /// if one of the others has a part of them.
    pub(crate) fn add(&mut self, zone: &ZoneEntry, datasets: &[UsedDataset]) -> Result<()> {
        datasets.iter().try_for_each(|dataset| self.check(&zone.name, dataset))?;
        let claim = |dataset: &UsedDataset| Claim {
            zone: zone.name.clone(),
            created: zone.created.clone(),
            dataset: dataset.clone(),
            hold: Hold::Applied,
        };
        self.0.extend(datasets.iter().map(claim));
        Ok(())
    }

    /// Fails with `config` if another zone claims the dataset or a part of it before this zone.
    pub(crate) fn check(&self, zone: &ZoneName, dataset: &UsedDataset) -> Result<()> {
        let rank = |created: Option<&String>, zone: &ZoneName| (created.is_none(), created.cloned(), zone.clone());
        let own = self.0.iter().find(|claim| claim.zone == *zone).and_then(|claim| claim.created.as_ref());
        let own = rank(own, zone);
        let before = |claim: &&Claim| {
            claim.zone != *zone
                && claim.dataset.excludes(dataset)
                && (claim.hold != Hold::Desired || rank(claim.created.as_ref(), &claim.zone) < own)
        };
        let first = |claim: &&Claim| (claim.hold, rank(claim.created.as_ref(), &claim.zone));
        let Some(claim) = self.0.iter().filter(before).min_by_key(first) else { return Ok(()) };
        let (holder, theirs) = (&claim.zone, &claim.dataset.name);
        let it = if *theirs == dataset.name { "it" } else { theirs.as_str() };
        let (why, help) = match claim.hold {
            Hold::Applied => (format!("zone {holder} has {it}"), dataset.how.help().to_owned()),
            Hold::Running => (
                format!("zone {holder} runs with {it} until its next boot"),
                format!("run `zmgr reboot {holder}` first"),
            ),
            Hold::Desired => (
                match &claim.created {
                    Some(_) => format!("zone {holder}, which was created first, asks for {it} too"),
                    None => format!("zone {holder} asks for {it} too"),
                },
                dataset.how.help().to_owned(),
            ),
        };
        let message = format!("zone {zone}: dataset {} cannot be {}: {why}", dataset.name, dataset.how.as_str());
        Err(Error::new(Code::Config, message).with_help(help))
    }
}

fn of_zone(
    entry: &ZoneEntry,
    spec: Option<&ZoneSpec>,
    dialect: Distribution,
    on_host: Option<&HostZone>,
) -> Vec<Claim> {
    let claim = |dataset, hold| Claim { zone: entry.name.clone(), created: entry.created.clone(), dataset, hold };
    let applied = entry.applied.iter().flat_map(|applied| {
        let resources = &applied.settings.resources;
        let delegated = resources.datasets.iter().map(|dataset| UsedDataset::new(&dataset.name, Use::Delegated));
        let mounted = resources.fs.iter().filter(|fs| fs.fs_type == "zfs");
        delegated.chain(mounted.map(|fs| UsedDataset::new(&fs.special, Use::Mounted)))
    });
    let applied = applied.map(|dataset| claim(dataset, Hold::Applied));
    // Those that are passed through to zonecfg too.
    let desired = spec.and_then(|spec| without_nets(spec, dialect).ok()).map(|config| used_by(&config));
    let desired = desired.into_iter().flatten().map(|dataset| claim(dataset, Hold::Desired));
    // If the host has rebooted and given the zone the same id, this holds too much until the next `apply`.
    let runs = |id| on_host.is_some_and(|zone| zone.state.is_active() && zone.id == Some(id));
    let pending = entry.pending.iter().filter(|pending| runs(pending.zone_id)).flat_map(|pending| &pending.changes);
    let running = pending.filter_map(|change| runs_with(&change.what, change.was.as_deref()?));
    let running = running.map(|dataset| claim(dataset, Hold::Running));
    applied.chain(running).chain(desired).collect()
}

/// Returns the dataset of a change that waits for a boot, from what the zone had before.
fn runs_with(what: &str, was: &str) -> Option<UsedDataset> {
    if let Some(name) = what.strip_prefix("dataset ") {
        return Some(UsedDataset::new(name, Use::Delegated));
    }
    what.strip_prefix("fs ")?;
    let words: Vec<&str> = was.split(' ').collect();
    let special = words.iter().find_map(|word| word.strip_prefix("special="))?;
    words.contains(&"type=zfs").then(|| UsedDataset::new(special, Use::Mounted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_runs_with_the_dataset_of_an_fs_that_was_taken_away() {
        let runs = |what, was| runs_with(what, was).map(|used| (used.name, used.how));
        assert_eq!(runs("dataset rpool/a", ""), Some(("rpool/a".to_owned(), Use::Delegated)));
        assert_eq!(runs("fs /data", "special=rpool/a type=zfs"), Some(("rpool/a".to_owned(), Use::Mounted)));
        assert_eq!(runs("fs /data", "special=/export type=lofs"), None);
        assert_eq!(runs("attr a", "special=rpool/a type=zfs"), None);
    }
}
