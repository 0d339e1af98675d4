//! Sets of numbers as sorted, disjoint intervals.
//!
//! Invariant: the intervals ascend and never touch, so equal sets are equal values.

/// The numbers from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The lowest number.
    pub first: u128,
    /// The highest number, not below `first`.
    pub last: u128,
}

impl Interval {
    /// Returns the interval of these two ends, in either order.
    pub fn new(a: u128, b: u128) -> Self {
        Interval { first: a.min(b), last: a.max(b) }
    }

    /// Returns true if the number is in it.
    pub fn contains(&self, number: u128) -> bool {
        self.first <= number && number <= self.last
    }

    /// Returns the number of elements; the only size that does not fit, all of `u128`, saturates.
    pub fn count(&self) -> u128 {
        (self.last - self.first).saturating_add(1)
    }

    /// Returns the intersection.
    pub fn overlap(&self, other: &Interval) -> Option<Interval> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(Interval { first, last })
    }
}

/// A set of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intervals(Vec<Interval>);

impl Intervals {
    /// Returns the intervals, ascending.
    pub fn as_slice(&self) -> &[Interval] {
        &self.0
    }

    /// Returns true if the number is in the set.
    pub fn contains(&self, number: u128) -> bool {
        let at = self.0.partition_point(|i| i.last < number);
        self.0.get(at).is_some_and(|i| i.first <= number)
    }

    /// Returns the number of elements, saturating.
    pub fn count(&self) -> u128 {
        self.0.iter().fold(0, |sum, i| sum.saturating_add(i.count()))
    }

    /// Returns the longest interval, the lowest of several.
    pub fn longest(&self) -> Option<Interval> {
        self.0.iter().copied().reduce(|best, i| if i.last - i.first > best.last - best.first { i } else { best })
    }

    /// Returns the intersection of both sets.
    #[must_use]
    pub fn intersect(&self, other: &Intervals) -> Intervals {
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut both = Vec::new();
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            both.extend(x.overlap(y));
            if x.last < y.last {
                a.next()
            } else {
                b.next()
            };
        }
        Intervals(both)
    }

    /// Returns the elements of this set that are not in the other.
    #[must_use]
    pub fn subtract(&self, other: &Intervals) -> Intervals {
        let mut rest = Vec::with_capacity(self.0.len());
        let mut from = 0;
        for whole in &self.0 {
            // Intervals of `other` that end before this one begins end before all later ones too.
            from += other.0[from..].partition_point(|i| i.last < whole.first);
            let mut next = Some(whole.first);
            for cut in other.0[from..].iter().take_while(|cut| cut.first <= whole.last) {
                let Some(first) = next else { break };
                if first < cut.first {
                    rest.push(Interval { first, last: cut.first - 1 });
                }
                next = cut.last.checked_add(1);
            }
            if let Some(first) = next.filter(|first| *first <= whole.last) {
                rest.push(Interval { first, last: whole.last });
            }
        }
        Intervals(rest)
    }
}

impl FromIterator<Interval> for Intervals {
    fn from_iter<I: IntoIterator<Item = Interval>>(intervals: I) -> Self {
        let mut all: Vec<Interval> = intervals.into_iter().collect();
        all.sort_unstable_by_key(|i| i.first);
        all.dedup_by(|next, kept| {
            let touch = kept.last.checked_add(1).is_none_or(|beyond| next.first <= beyond);
            if touch {
                kept.last = kept.last.max(next.last);
            }
            touch
        });
        Intervals(all)
    }
}

/// Builds a set of single numbers.
impl FromIterator<u128> for Intervals {
    fn from_iter<I: IntoIterator<Item = u128>>(numbers: I) -> Self {
        numbers.into_iter().map(|n| Interval { first: n, last: n }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(ends: &[(u128, u128)]) -> Intervals {
        ends.iter().map(|&(a, b)| Interval::new(a, b)).collect()
    }

    #[test]
    fn the_whole_of_u128() {
        let all = set(&[(0, u128::MAX)]);
        assert!(all.contains(0) && all.contains(u128::MAX));
        assert_eq!(all.count(), u128::MAX);
        assert_eq!(all.subtract(&all), Intervals::default());
        assert_eq!(all.subtract(&set(&[(0, 0)])), set(&[(1, u128::MAX)]));
        assert_eq!(all.subtract(&set(&[(u128::MAX, u128::MAX)])), set(&[(0, u128::MAX - 1)]));
        assert_eq!(set(&[(5, u128::MAX), (0, 4)]), all);
    }

    proptest! {
        #[test]
        fn as_sets_of_numbers(a in proptest::collection::vec((0u128..40, 0u128..40), 0..8), b in proptest::collection::vec((0u128..40, 0u128..40), 0..8), high in any::<bool>()) {
            let base = if high { u128::MAX - 40 } else { 0 };
            let shift = |v: &[(u128, u128)]| v.iter().map(|&(x, y)| (x + base, y + base)).collect::<Vec<_>>();
            let (a, b) = (set(&shift(&a)), set(&shift(&b)));
            for n in base..=base + 40 {
                prop_assert_eq!(a.intersect(&b).contains(n), a.contains(n) && b.contains(n));
                prop_assert_eq!(a.subtract(&b).contains(n), a.contains(n) && !b.contains(n));
            }
            prop_assert_eq!(a.intersect(&b).count() + a.subtract(&b).count(), a.count());
            for pair in a.subtract(&b).as_slice().windows(2) {
                prop_assert!(pair[0].last + 1 < pair[1].first);
            }
        }
    }
}
