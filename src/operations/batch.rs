//! Creates zones, and reserves for many of them together: loads the registry, locks and flushes once for a few dozen zones.
//!
//! Invariant: a zone is reserved under its own lock, which is held from then until its creation ends, so an entry that waits for
//! its turn is never mistaken for an abandoned one. Only free locks are taken; a zone with a busy lock waits alone.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::claims::Claims;
use super::context::{Context, Locks};
use super::create::{self, each, failure};
use super::create_plan::Creation;
use super::executor::Failure;
use super::golden_install;
use super::jobs::{EventSender, before, run_jobs};
use super::lineage::Lineage;
use super::prepare::{Prepared, prepare};
use crate::api::{Action, CreateOptions, Outcome, Report, RunOptions, Zone};
use crate::error::Result;
use crate::registry::Wait;
use crate::value::name::ZoneName;

/// Maximum number of zones that are reserved together: each one that waits for its turn holds two open files, and is left to
/// `recover` if zmgr dies.
const BATCH_MAX: usize = 32;

/// Maximum number for all workers together.
const TOTAL_MAX: usize = 256;

/// Creates zones.
pub(crate) fn create(
    context: &Context,
    names: &[ZoneName],
    options: &CreateOptions,
    run: &mut RunOptions<'_>,
) -> Result<Report> {
    let prepared = match before(run, |events| prepare(&context.with_cancel(events), &each(names, options))) {
        Ok(prepared) => prepared,
        Err(error) => return Report::called_off(names, Action::Created, error),
    };
    let failure = failure(run.on_failure, &prepared.config_tree);
    let batch = Batch::new(context, &prepared, names, options, run.jobs);
    let created = |at: usize, events: &EventSender| {
        let result = batch.create(at, failure, events);
        Outcome::new(names[at].to_string(), Action::Created, result.map(Some), events.take_notes())
    };
    let goldens: Vec<&ZoneName> = prepared.goldens.missing().collect();
    let building = prepared.relate(Lineage::unrelated(names)).building()?;
    if goldens.is_empty() && building.boots.is_empty() {
        return Ok(Report { outcomes: run_jobs((0..names.len()).collect(), run, created)? });
    }
    let items: Vec<Item<'_>> = goldens.into_iter().map(Item::Golden).chain((0..names.len()).map(Item::Zone)).collect();
    let outcomes = building.run((context, &prepared.config_tree), items, run, |item, events| match item {
        Item::Golden(name) => {
            golden_install::install(context, &prepared, name, &CreateOptions::default(), failure, None, events)
        }
        Item::Zone(at) => created(at, events),
    });
    Ok(Report { outcomes: outcomes? })
}

/// A zone that an operation creates.
enum Item<'a> {
    Golden(&'a ZoneName),
    /// The zone at this position.
    Zone(usize),
}

/// Creations shared by several workers, in the order of the names.
struct Batch<'a> {
    context: &'a Context,
    prepared: &'a Prepared,
    names: &'a [ZoneName],
    options: &'a CreateOptions,
    together: usize,
    places: Mutex<Vec<Place>>,
}

/// Progress of a creation.
enum Place {
    Open,
    Ready(Box<Result<(Locks, Creation)>>),
    Taken,
}

impl<'a> Batch<'a> {
    fn new(
        context: &'a Context,
        prepared: &'a Prepared,
        names: &'a [ZoneName],
        options: &'a CreateOptions,
        jobs: usize,
    ) -> Self {
        let places = Mutex::new(names.iter().map(|_| Place::Open).collect());
        let together = (TOTAL_MAX / jobs.max(1)).clamp(1, BATCH_MAX);
        Batch { context, prepared, names, options, together, places }
    }

    /// Creates the zone at this position.
    fn create(&self, at: usize, failure: Failure, events: &EventSender) -> Result<Zone> {
        match self.take(at, events) {
            Some(reserved) => {
                let (locks, creation) = reserved?;
                create::create_reserved(self.context, self.prepared, locks, &creation, failure, events)
            }
            None => {
                create::create_one(self.context, self.prepared, &self.names[at], self.options, failure, None, events)
            }
        }
    }

    /// Returns what was reserved for this position, now or earlier; `None` if it has to be done alone.
    fn take(&self, at: usize, events: &EventSender) -> Option<Result<(Locks, Creation)>> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        // After a cancellation nothing new begins.
        if matches!(places[at], Place::Open) && events.cancel_requests() == 0 {
            self.reserve(at, &mut places, events);
        }
        match std::mem::replace(&mut places[at], Place::Taken) {
            Place::Ready(reserved) => Some(*reserved),
            Place::Open | Place::Taken => None,
        }
    }

    /// Reserves for this position and the following ones, as far as their locks are free.
    fn reserve(&self, at: usize, places: &mut MutexGuard<'_, Vec<Place>>, events: &EventSender) {
        // Claims in a store are made one by one: one that is refused does not hold up the others.
        if !matches!(self.context.membership(&self.prepared.config_tree), Ok(None)) {
            return;
        }
        let mut held: Vec<(usize, Locks)> = Vec::new();
        for (n, name) in self.names.iter().enumerate().skip(at).take(self.together) {
            // An unbuilt entry is an edit of a user's file: each is reserved alone. The golden zone of another may be missing.
            let is_like_it = self.prepared.source(name) == self.prepared.source(&self.names[at]);
            if matches!(places[n], Place::Open) && is_like_it && !self.prepared.is_unbuilt(name) {
                match self.lock(name, events) {
                    Ok(locks) => held.push((n, locks)),
                    // If the first one has to wait, the others must not wait under locks.
                    Err(_) if n == at => return,
                    Err(_) => {}
                }
            }
        }
        // A single zone takes the ordinary path, which reports lock waits.
        if held.len() < 2 {
            return;
        }
        match self.reserve_all(held, events) {
            Ok(reserved) => {
                for (n, result) in reserved {
                    places[n] = Place::Ready(Box::new(result));
                }
            }
            Err(error) => places[at] = Place::Ready(Box::new(Err(error))),
        }
    }

    fn lock(&self, name: &ZoneName, events: &EventSender) -> Result<Locks> {
        let source = self.prepared.source(name);
        self.context.lock_with_source_for(name, source, Duration::ZERO, Duration::ZERO, events)
    }

    /// Returns a result for each; an error if nothing could be reserved for any.
    #[allow(clippy::type_complexity)]
    fn reserve_all(
        &self,
        held: Vec<(usize, Locks)>,
        events: &EventSender,
    ) -> Result<Vec<(usize, Result<(Locks, Creation)>)>> {
        let config_tree = &self.prepared.config_tree;
        let mut pulse = || events.cancel_requests() == 0;
        let mut wait = Wait::up_to(config_tree.config.lock_timeout).pulse(&mut pulse);
        let host_usage = self.prepared.snapshots.host_usage.clone();
        let (mut planned, mut together) = (Vec::new(), Claims::default());
        let done = self.context.registry.reserving(config_tree.pools.clone(), host_usage, &mut wait).and_then(
            |mut session| {
                for (n, locks) in &held {
                    let name = &self.names[*n];
                    planned.push(create::reserve_in(
                        &mut session,
                        self.context,
                        self.prepared,
                        locks,
                        name,
                        self.options,
                        &mut together,
                    ));
                }
                session.keep_host_usage();
                session.commit()
            },
        );
        if let Err(error) = done {
            held.into_iter().for_each(|(n, locks)| self.give_up(n, locks));
            return Err(error);
        }
        let results = held.into_iter().zip(planned).map(|((n, locks), planned)| match planned {
            Ok(creation) => (n, Ok((locks, creation))),
            Err(error) => {
                self.give_up(n, locks);
                (n, Err(error))
            }
        });
        Ok(results.collect())
    }

    /// Nothing was reserved, so nothing of the zone may stay, including its lock files.
    fn give_up(&self, at: usize, locks: Locks) {
        if !self.context.registry.tree().zone(&self.names[at]).exists() {
            locks.retire();
        }
    }
}

impl Drop for Batch<'_> {
    /// Releases reservations that no worker picked up because one died: nothing else was done for them.
    fn drop(&mut self) {
        let places = std::mem::take(self.places.get_mut().unwrap_or_else(PoisonError::into_inner));
        for place in places {
            if let Place::Ready(reserved) = place
                && let Ok((locks, creation)) = *reserved
            {
                // Leftovers that cannot be removed are left to `recover`.
                let _ = create::call_off(self.context, locks, &creation);
            }
        }
    }
}
