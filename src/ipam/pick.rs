//! Finds the next free address.

use std::net::IpAddr;

use super::intervals::{Interval, Intervals};
use super::{Family, number};

/// The candidates of one family in the order of allocation, each with a rank from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    family: Family,
    /// In order of rank.
    segments: Vec<Segment>,
    /// Positions in `segments`, by ascending address; empty if that is also the order of rank.
    by_address: Vec<usize>,
    /// The networks in order, each with the rank that follows its last candidate.
    blocks: Vec<(Interval, u128)>,
    count: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    interval: Interval,
    /// Rank of its first address.
    rank: u128,
}

/// Start of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// With the first candidate.
    Lowest,
    /// With the candidate after this address, wrapping around.
    After(IpAddr),
    /// With the candidate of this rank, modulo their number, wrapping around.
    Rank(u128),
}

impl Candidates {
    pub(super) fn new(family: Family, blocks: Vec<(Interval, Intervals)>) -> Self {
        let mut candidates =
            Candidates { family, segments: Vec::new(), by_address: Vec::new(), blocks: Vec::new(), count: 0 };
        for (network, set) in blocks {
            for interval in set.as_slice() {
                candidates.segments.push(Segment { interval: *interval, rank: candidates.count });
                // Without this, the whole of IPv6 would be one more than u128 can represent; but ::/0 always loses its first
                // address.
                candidates.count = candidates.count.saturating_add(interval.count());
            }
            candidates.blocks.push((network, candidates.count));
        }
        let segments = &candidates.segments;
        if !segments.is_sorted_by_key(|s| s.interval.first) {
            let mut order: Vec<usize> = (0..segments.len()).collect();
            order.sort_unstable_by_key(|&at| segments[at].interval.first);
            candidates.by_address = order;
        }
        candidates
    }

    /// Returns true if the address is a candidate.
    pub fn contains(&self, address: IpAddr) -> bool {
        Family::of(address) == self.family && self.rank(number(address)).is_some()
    }

    /// Returns the number of candidates.
    #[cfg(test)]
    pub(crate) fn count(&self) -> u128 {
        self.count
    }

    fn rank(&self, number: u128) -> Option<u128> {
        let segment = if self.by_address.is_empty() {
            let at = self.segments.partition_point(|s| s.interval.last < number);
            self.segments.get(at)?
        } else {
            let at = self.by_address.partition_point(|&at| self.segments[at].interval.last < number);
            &self.segments[*self.by_address.get(at)?]
        };
        (segment.interval.first <= number).then(|| segment.rank + (number - segment.interval.first))
    }

    fn at_rank(&self, rank: u128) -> Option<IpAddr> {
        let at = self.segments.partition_point(|s| s.rank <= rank).checked_sub(1)?;
        let segment = &self.segments[at];
        Some(self.family.address(segment.interval.first + (rank - segment.rank)))
    }

    /// Returns the rank of the first candidate after an address, 0 if there is none.
    fn rank_after(&self, number: u128) -> u128 {
        let Some(at) = self.blocks.iter().position(|(network, _)| network.contains(number)) else { return 0 };
        let (network, end) = self.blocks[at];
        let next = self
            .segments
            .iter()
            .filter(|s| network.contains(s.interval.first) && s.interval.last > number)
            .map(|s| if number < s.interval.first { s.rank } else { s.rank + (number - s.interval.first) + 1 })
            .min();
        let rank = next.unwrap_or(end);
        if rank < self.count { rank } else { 0 }
    }

    /// Returns the first candidate that is not in `used`, in one pass over it.
    ///
    /// `used` are numbers of this family in any order; they may repeat and need not be candidates. Among the first n + 1 candidates
    /// at least one is not among n numbers, so a bitmap of that size suffices.
    pub fn first_free(&self, used: &[u128], pick: Pick) -> Option<IpAddr> {
        let start = match pick {
            Pick::After(address) if Family::of(address) == self.family => self.rank_after(number(address)),
            Pick::Rank(rank) => rank.checked_rem(self.count).unwrap_or_default(),
            _ => 0,
        };
        let window = used.len() + 1;
        let mut taken = vec![0u64; window.div_ceil(64)];
        let mut mark = |offset: u128| {
            if offset < window as u128 {
                taken[offset as usize / 64] |= 1 << (offset as usize % 64);
            }
        };
        match self.segments.as_slice() {
            [only] if start == 0 => {
                let Interval { first, last } = only.interval;
                for &n in used {
                    if n <= last {
                        mark(n.wrapping_sub(first));
                    }
                }
            }
            _ => {
                for &n in used {
                    let Some(rank) = self.rank(n) else { continue };
                    mark(if rank >= start { rank - start } else { self.count - start + rank });
                }
            }
        }
        let word = taken.iter().position(|w| *w != u64::MAX)?;
        let offset = word as u128 * 64 + u128::from(taken[word].trailing_ones());
        if offset >= self.count {
            return None;
        }
        let before_the_end = self.count - start;
        self.at_rank(if offset < before_the_end { start + offset } else { offset - before_the_end })
    }
}
