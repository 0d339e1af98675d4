//! Addresses on their own: given to owners that are not zones, taken back, reported.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::conduct::{Teller, before};
use super::library::Library;
use crate::document::Document;
use crate::effective::{effective, stale};
use crate::error::{Code, Diagnostic, Error, Result};
use crate::host::ZonesStamp;
use crate::manager::RunOptions;
use crate::name::{PoolName, ReservationName};
use crate::registry::{Allocation, EntryKind, Folder, Ledger, PoolUsage, Registry, Session, Survey, Wait};
use crate::zone::{EntryId, ZoneEntry};

/// Makes a survey of the host, which whoever has a line to the caller may stop. Called before any lock is taken.
pub(crate) type MakeSurvey<'a> = &'a (dyn Fn(Option<&Teller>) -> Result<Survey> + Sync);

/// Where a survey comes from: the last one, as long as the zones' documents stand as they stood then, or a new one.
pub(crate) struct Surveys<'a> {
    /// How they stand now.
    pub(crate) stamp: ZonesStamp,
    pub(crate) make: MakeSurvey<'a>,
}

impl Surveys<'_> {
    /// The last survey, where it still holds.
    fn last(&self, registry: &Registry) -> Option<Survey> {
        registry.last_survey().filter(|last| last.stamp == self.stamp)
    }

    /// A new one, which a request to stop ends.
    fn anew(&self, run: &mut RunOptions<'_>) -> Result<Survey> {
        before(run, |teller| (self.make)(Some(teller)))
    }
}

/// Gives each owner one address of each family of the pool, or the first the one that is wanted: one look at the registry and one
/// lock for all, and all or none.
pub(crate) fn allocate(
    registry: &Registry,
    surveys: &Surveys<'_>,
    pool: &PoolName,
    owners: &[ReservationName],
    wanted: Option<IpAddr>,
    run: &mut RunOptions<'_>,
) -> Result<Vec<Allocation>> {
    run.wanted()?;
    let (mut survey, mut made) = match surveys.last(registry) {
        Some(last) => (last, false),
        None => (surveys.anew(run)?, true),
    };
    let library = Library::load_pools(registry.tree())?;
    library.check(None)?;
    loop {
        let pools = std::sync::Arc::clone(&library.pools);
        let mut pulse = || run.goes_on();
        let mut wait = Wait::up_to(library.config.lock_timeout).pulse(&mut pulse);
        let mut session = registry.reserving(pools, survey, &mut wait)?;
        if made {
            session.keep_survey();
        } else if session.ledger().unknown().any(|unknown| unknown.file.kind == EntryKind::Zone) {
            // The host may know what a file that cannot be read held; it is never asked under the lock.
            drop(session);
            (survey, made) = (surveys.anew(run)?, true);
            continue;
        }
        let given = give(&mut session, pool, owners, wanted)?;
        session.commit()?;
        return Ok(given);
    }
}

fn give(
    session: &mut Session<'_>,
    pool: &PoolName,
    owners: &[ReservationName],
    wanted: Option<IpAddr>,
) -> Result<Vec<Allocation>> {
    owners.iter().map(|owner| session.allocate(pool, owner, wanted)).collect()
}

/// Takes back what the owner holds of the pool. Other files' faults do not matter to it.
pub(crate) fn release(
    registry: &Registry,
    pool: &PoolName,
    owner: &ReservationName,
    address: Option<IpAddr>,
    id: Option<&EntryId>,
    run: &mut RunOptions<'_>,
) -> Result<()> {
    run.wanted()?;
    let mut pulse = || run.goes_on();
    let mut wait = Wait::up_to(lock_timeout(registry)?).pulse(&mut pulse);
    let mut session = registry.reserving(<_>::default(), Survey::default(), &mut wait)?;
    session.release(pool, owner, address, id)?;
    session.commit()
}

fn lock_timeout(registry: &Registry) -> Result<Duration> {
    Ok(Library::load_config(registry.tree())?.config.lock_timeout)
}

/// How full pools are and who holds their addresses: of this pool, or of all.
pub(crate) fn pool_usage(
    registry: &Registry,
    surveys: &Surveys<'_>,
    pool: Option<&PoolName>,
) -> Result<Vec<PoolUsage>> {
    // If the host cannot be asked, what it last said is better than nothing.
    let (survey, unchecked) = match surveys.last(registry).map_or_else(|| (surveys.make)(None), Ok) {
        Err(error) if error.code() == Code::Cancelled => return Err(error),
        Err(error) => (registry.last_survey().unwrap_or_default(), Some(unchecked(&error))),
        Ok(survey) => (survey, None),
    };
    let mut ledger = ledger(registry, survey)?;
    let names = pool.map_or_else(|| ledger.pool_names(), |name| vec![name.clone()]);
    let usage = |name: &PoolName| {
        let mut usage = ledger.pool_usage(name)?;
        usage.unknown.extend(unchecked.clone());
        Ok(usage)
    };
    names.iter().map(usage).collect()
}

/// What is not as it should be with the addresses of this pool, or of all: looked at together with the host as it is now.
pub(crate) fn check_pools(
    registry: &Registry,
    surveys: &Surveys<'_>,
    pool: Option<&PoolName>,
) -> Result<Vec<Diagnostic>> {
    let (survey, unchecked) = match (surveys.make)(None) {
        Err(error) if error.code() == Code::UnsupportedHost => (Survey::default(), Some(unchecked(&error))),
        survey => (survey?, None),
    };
    let mut found = ledger(registry, survey)?.check_addresses(pool)?;
    found.extend(unchecked);
    found.extend(stale_nets(registry, pool)?);
    Ok(found)
}

/// Says that only the files were read.
fn unchecked(error: &Error) -> Diagnostic {
    let message = format!("the host was not checked, only the files: {}", error.message());
    Diagnostic::new("host-unchecked", message).warning()
}

/// Returns a warning for each net that its pool has otherwise now.
fn stale_nets(registry: &Registry, pool: Option<&PoolName>) -> Result<Vec<Diagnostic>> {
    let library = Library::load(registry.tree())?;
    let (tree, mut files) = (registry.tree(), Vec::new());
    for file in tree.documents(Folder::Zones)? {
        let path = tree.folder(Folder::Zones).join(file);
        // One that cannot be read is reported by who holds its addresses.
        if let Ok(Some(bytes)) = super::files::read_document(tree, &path) {
            files.push((Arc::from(path.as_path()), bytes));
        }
    }
    let of_zone = |document: Document<ZoneEntry>| {
        let mut entry = document.value;
        entry.nets.retain(|net| pool.is_none_or(|pool| net.pool.as_ref() == Some(pool)));
        match effective(&library.config, &library.templates, &library.pools, &entry) {
            Ok(spec) => stale(&entry, &spec.nets),
            Err(_) => Vec::new(),
        }
    };
    Ok(Document::<ZoneEntry>::parse_many_into(&files, of_zone).into_iter().flatten().flatten().collect())
}

fn ledger(registry: &Registry, survey: Survey) -> Result<Ledger> {
    let library = Library::load_pools(registry.tree())?;
    library.check(None)?;
    registry.ledger(library.pools, survey)
}
