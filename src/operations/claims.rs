//! The datasets that registered zones have or ask for.
//!
//! Invariant: a dataset that a zone has or still runs with is given to no other. Of two zones that only ask for it, the one created
//! first gets it, whichever operation asks, in whatever order: so both may ask at the same time.

use std::sync::Arc;

use super::config_tree::ConfigTree;
use super::delegation::overlap;
use super::files::read_document;
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
    dataset: String,
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
            of_zone(entry, spec.as_ref(), dialect, on_host.get(entry.name.as_str()).copied())
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

    /// Returns the claims of these entries, each with its desired state if that is valid.
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

    /// Fails with `config` if another zone claims the dataset or a part of it before this zone.
    pub(crate) fn check(&self, zone: &ZoneName, dataset: &str) -> Result<()> {
        let rank = |created: Option<&String>, zone: &ZoneName| (created.is_none(), created.cloned(), zone.clone());
        let own = self.0.iter().find(|claim| claim.zone == *zone).and_then(|claim| claim.created.as_ref());
        let own = rank(own, zone);
        let before = |claim: &&Claim| {
            claim.zone != *zone
                && overlap(&claim.dataset, dataset)
                && (claim.hold != Hold::Desired || rank(claim.created.as_ref(), &claim.zone) < own)
        };
        let first = |claim: &&Claim| (claim.hold, rank(claim.created.as_ref(), &claim.zone));
        let Some(claim) = self.0.iter().filter(before).min_by_key(first) else { return Ok(()) };
        let (holder, theirs) = (&claim.zone, &claim.dataset);
        let it = if theirs == dataset { "it" } else { theirs.as_str() };
        let (why, help) = match claim.hold {
            Hold::Applied => (
                format!("zone {holder} has {it}"),
                "delegate another dataset: two zones that use the same one destroy its data".to_owned(),
            ),
            Hold::Running => (
                format!("zone {holder} runs with {it} until its next boot"),
                format!("run `zmgr reboot {holder}` first"),
            ),
            Hold::Desired => (
                format!("zone {holder}, which was created first, asks for {it} too"),
                "delegate another dataset to one of them: two zones that use the same one destroy its data".to_owned(),
            ),
        };
        let message = format!("zone {zone}: dataset {dataset} cannot be delegated: {why}");
        Err(Error::new(Code::Config, message).with_help(help))
    }
}

fn of_zone(
    entry: &ZoneEntry,
    spec: Option<&ZoneSpec>,
    dialect: Distribution,
    on_host: Option<&HostZone>,
) -> Vec<Claim> {
    if entry.state.is_none() {
        return Vec::new();
    }
    let claim = |dataset: &str, hold| Claim {
        zone: entry.name.clone(),
        created: entry.created.clone(),
        dataset: dataset.to_owned(),
        hold,
    };
    let applied = entry.applied.iter().flat_map(|applied| &applied.settings.resources.datasets);
    let applied = applied.map(|dataset| claim(&dataset.name, Hold::Applied));
    // Those that are passed through to zonecfg too.
    let desired = spec.and_then(|spec| without_nets(spec, dialect).ok()).map(|config| config.datasets);
    let desired = desired.iter().flatten().map(|dataset| claim(dataset, Hold::Desired));
    // If the host has rebooted and given the zone the same id, this holds too much until the next `apply`.
    let runs = |id| on_host.is_some_and(|zone| zone.state.is_active() && zone.id == Some(id));
    let pending = entry.pending.iter().filter(|pending| runs(pending.zone_id)).flat_map(|pending| &pending.changes);
    let running = pending.filter(|change| change.was.is_some());
    let running = running.filter_map(|change| Some(claim(change.what.strip_prefix("dataset ")?, Hold::Running)));
    applied.chain(running).chain(desired).collect()
}
