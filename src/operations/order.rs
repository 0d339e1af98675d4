//! The order in which an operation works on its zones: which of them waits for which others.
//!
//! Invariant: pure, and linear in the number of zones and of the pairs between them. With one worker the order is that of the
//! request, except that what a zone waits for comes before it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::value::name::ZoneName;

/// Zones that a zone waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The end of the other's turn, whatever came of it.
    End,
    /// The success of the other: if it fails, this one is not started.
    Success,
}

/// Dependencies between the zones of an operation, by their positions in the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Relation {
    /// A zone, what it rests on (a clone and its source, a zone and one that it needs to be running), and what it needs of that.
    pairs: Vec<(usize, usize, Need)>,
}

impl Relation {
    /// Returns the pairs among these zones, given what each rests on. Zones outside the operation are left out.
    pub(crate) fn of<I>(zones: &[ZoneName], rests_on: impl Fn(usize) -> I) -> Relation
    where
        I: IntoIterator<Item = (ZoneName, Need)>,
    {
        let places: HashMap<&ZoneName, usize> = zones.iter().enumerate().map(|(at, name)| (name, at)).collect();
        let mut pairs = Vec::new();
        for at in 0..zones.len() {
            pairs.extend(rests_on(at).into_iter().filter_map(|(other, need)| Some((at, *places.get(&other)?, need))));
        }
        Relation { pairs }
    }

    /// Returns the pairs: a zone, what it rests on, and what it needs of that.
    pub(crate) fn pairs(&self) -> &[(usize, usize, Need)] {
        &self.pairs
    }

    /// Returns who waits for whom in an operation that builds or starts: a zone for what it rests on.
    pub(crate) fn up(&self) -> impl Iterator<Item = (usize, usize, Need)> {
        self.pairs.iter().copied()
    }

    /// Returns who waits for whom in an operation that stops or removes: what a zone rests on for the zone.
    pub(crate) fn down(&self) -> impl Iterator<Item = (usize, usize, Need)> {
        self.pairs.iter().map(|&(zone, other, need)| (other, zone, need))
    }
}

/// Zones that wait for each other, each for the next and the last for the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cycle(pub(crate) Vec<usize>);

/// An order of turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The turns as one worker takes them.
    sequence: Vec<usize>,
    /// For each turn, those that it waits for.
    waits: Vec<Vec<(usize, Need)>>,
}

impl Order {
    /// Returns the order of turns that do not wait for each other.
    pub(crate) fn any(count: usize) -> Order {
        Order { sequence: (0..count).collect(), waits: vec![Vec::new(); count] }
    }

    /// Returns an order in which each turn comes after those that it waits for.
    ///
    /// `waits`: a turn, another that it waits for, and what it needs of that.
    pub(crate) fn new(count: usize, waits: impl IntoIterator<Item = (usize, usize, Need)>) -> Result<Order, Cycle> {
        let mut order = Order { sequence: Vec::with_capacity(count), waits: vec![Vec::new(); count] };
        for (turn, other, need) in waits {
            order.waits[turn].push((other, need));
        }
        order.sort().map(|()| order)
    }

    /// Returns the turns as one worker takes them.
    #[cfg(test)]
    pub(crate) fn sequence(&self) -> &[usize] {
        &self.sequence
    }

    /// Sorts these, one for each turn, into the sequence.
    pub(crate) fn sorted<T>(&self, items: Vec<T>) -> Vec<T> {
        let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
        self.sequence.iter().filter_map(|&at| items.get_mut(at)?.take()).collect()
    }

    /// Goes through the turns in the order of the request, and first through what each waits for.
    fn sort(&mut self) -> Result<(), Cycle> {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            Open,
            Sorted,
        }
        let mut marks = vec![Mark::New; self.waits.len()];
        // Each with how many of those that it waits for have been seen to. A list, since a chain may be thousands long.
        let mut path: Vec<(usize, usize)> = Vec::new();
        for first in 0..self.waits.len() {
            if marks[first] != Mark::New {
                continue;
            }
            marks[first] = Mark::Open;
            path.push((first, 0));
            while let Some((turn, seen)) = path.last_mut() {
                let turn = *turn;
                let Some(&(other, _)) = self.waits[turn].get(*seen) else {
                    marks[turn] = Mark::Sorted;
                    self.sequence.push(turn);
                    path.pop();
                    continue;
                };
                *seen += 1;
                match marks[other] {
                    Mark::Sorted => {}
                    Mark::New => {
                        marks[other] = Mark::Open;
                        path.push((other, 0));
                    }
                    Mark::Open => {
                        let from = path.iter().position(|(on_path, _)| *on_path == other).unwrap_or_default();
                        return Err(Cycle(path[from..].iter().map(|(turn, _)| *turn).collect()));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The turns of an order as workers take them.
#[derive(Debug)]
pub(crate) struct Turns {
    sequence: Vec<usize>,
    rank: Vec<usize>,
    /// Ranks of the turns that wait for nothing more.
    ready: BinaryHeap<Reverse<usize>>,
    /// For each turn, how many of those that it waits for have not ended.
    open: Vec<usize>,
    followers: Vec<Vec<(usize, Need)>>,
    /// For each turn, the one whose failure keeps it from being started.
    blocked: Vec<Option<usize>>,
    /// Number of zones that have not been taken.
    left: usize,
}

impl Turns {
    pub(crate) fn of(order: &Order) -> Turns {
        let count = order.waits.len();
        let mut rank = vec![0; count];
        for (at, turn) in order.sequence.iter().enumerate() {
            rank[*turn] = at;
        }
        let mut followers = vec![Vec::new(); count];
        for (turn, waits) in order.waits.iter().enumerate() {
            for &(other, need) in waits {
                followers[other].push((turn, need));
            }
        }
        let open: Vec<usize> = order.waits.iter().map(Vec::len).collect();
        let ready = (0..count).filter(|turn| open[*turn] == 0).map(|turn| Reverse(rank[turn])).collect();
        Turns {
            sequence: order.sequence.clone(),
            rank,
            ready,
            open,
            followers,
            blocked: vec![None; count],
            left: count,
        }
    }

    /// Takes the next turn that waits for nothing, and the one whose failure keeps it from being started.
    pub(crate) fn take(&mut self) -> Option<(usize, Option<usize>)> {
        let Reverse(rank) = self.ready.pop()?;
        self.left -= 1;
        let turn = self.sequence[rank];
        Some((turn, self.blocked[turn]))
    }

    /// Returns whether every turn has been taken.
    pub(crate) fn are_taken(&self) -> bool {
        self.left == 0
    }

    /// Ends a turn that was taken: those that waited for it alone are ready.
    pub(crate) fn end(&mut self, turn: usize, ok: bool) {
        for (follower, need) in std::mem::take(&mut self.followers[turn]) {
            if !ok && need == Need::Success {
                self.blocked[follower].get_or_insert(turn);
            }
            self.open[follower] -= 1;
            if self.open[follower] == 0 {
                self.ready.push(Reverse(self.rank[follower]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(names: &[&str]) -> Vec<ZoneName> {
        names.iter().map(|name| ZoneName::new(*name).unwrap()).collect()
    }

    fn clones(pairs: &[(&str, &str)], zones: &[ZoneName]) -> Relation {
        Relation::of(zones, |at| {
            let of = pairs.iter().filter(|(zone, _)| *zone == zones[at].as_str());
            of.map(|(_, source)| (ZoneName::new(*source).unwrap(), Need::Success)).collect::<Vec<_>>()
        })
    }

    #[test]
    fn a_source_is_built_before_its_clones_and_removed_after_them() {
        let zones = names(&["a1", "b2", "g2", "a3"]);
        let relation = clones(&[("a1", "g2"), ("a3", "a1"), ("b2", "elsewhere")], &zones);
        assert_eq!(Order::new(4, relation.up()).unwrap().sequence(), [2, 0, 1, 3]);
        let down = Order::new(4, relation.down()).unwrap();
        assert_eq!(down.sequence(), [3, 0, 1, 2]);
        assert_eq!(down.sorted(vec!["a1", "b2", "g2", "a3"]), ["a3", "a1", "b2", "g2"]);
    }

    #[test]
    fn zones_that_wait_for_each_other_are_named() {
        let zones = names(&["a", "b", "c", "d"]);
        let relation = clones(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "b")], &zones);
        assert_eq!(Order::new(4, relation.up()), Err(Cycle(vec![1, 2, 3])));
        assert_eq!(Order::new(4, clones(&[("c", "c")], &zones).up()), Err(Cycle(vec![2])));
    }

    #[test]
    fn a_chain_as_long_as_a_host_has_zones_is_sorted_without_recursion() {
        let count = 8_191;
        let order = Order::new(count, (1..count).map(|at| (at - 1, at, Need::Success))).unwrap();
        assert_eq!(order.sequence(), (0..count).rev().collect::<Vec<_>>());
    }

    #[test]
    fn what_follows_a_failure_is_blocked_unless_it_needs_the_end_alone() {
        let order = Order::new(4, [(1, 0, Need::Success), (2, 1, Need::End), (3, 0, Need::Success)]).unwrap();
        let mut turns = Turns::of(&order);
        assert_eq!((turns.take(), turns.take()), (Some((0, None)), None));
        turns.end(0, false);
        assert_eq!((turns.take(), turns.take()), (Some((1, Some(0))), Some((3, Some(0)))));
        assert!(!turns.are_taken());
        turns.end(1, false);
        assert_eq!(turns.take(), Some((2, None)));
        assert!(turns.are_taken());
    }

    proptest! {
        #[test]
        fn each_comes_once_and_after_all_that_it_waits_for(pairs in prop::collection::vec((0..40usize, 0..40usize), 0..80)) {
            // Each waits for larger numbers only, so there is no cycle.
            let waits = pairs.iter().filter(|(a, b)| a != b).map(|&(a, b)| (a.min(b), a.max(b), Need::Success));
            let waits: Vec<_> = waits.collect();
            let mut turns = Turns::of(&Order::new(40, waits.clone()).unwrap());
            let mut taken = Vec::new();
            while let Some((turn, blocked)) = turns.take() {
                prop_assert_eq!(blocked, None);
                prop_assert!(waits.iter().all(|(zone, other, _)| *zone != turn || taken.contains(other)));
                taken.push(turn);
                turns.end(turn, true);
            }
            prop_assert_eq!(taken.len(), 40);
        }
    }
}
