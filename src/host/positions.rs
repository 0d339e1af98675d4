//! Finds items of the lists of a host snapshot by name, many times in lists of thousands.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Number of questions that scan the list: a map of thousands costs as much as so many scans.
const FEW: usize = 32;

/// Positions of the items of a list by name, collected after the first few questions.
#[derive(Debug, Default)]
pub(super) struct Positions {
    asked: AtomicUsize,
    all: OnceLock<HashMap<String, usize>>,
}

impl Positions {
    /// Returns the item of this name. If the list has become longer or shorter, or a name occurs twice, the list is scanned.
    pub(super) fn find<'l, T>(&self, list: &'l [T], name: &str, name_of: impl Fn(&T) -> &str) -> Option<&'l T> {
        let scan = || list.iter().find(|item| name_of(item) == name);
        if self.asked.fetch_add(1, Ordering::Relaxed) < FEW {
            return scan();
        }
        let position = |(at, item): (usize, &T)| (name_of(item).to_owned(), at);
        let all = self.all.get_or_init(|| list.iter().enumerate().map(position).collect());
        if all.len() != list.len() {
            return scan();
        }
        list.get(*all.get(name)?)
    }
}

/// The copy of a list may change, so it has positions of its own.
impl Clone for Positions {
    fn clone(&self) -> Self {
        Positions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_stay_the_same_when_the_positions_are_collected() {
        let mut list: Vec<String> = ["b", "a", "c"].map(str::to_owned).to_vec();
        let positions = Positions::default();
        for n in 0..3 * FEW {
            let found = |name: &str| positions.find(&list, name, |item| item).map(String::as_str);
            assert_eq!(["a", "b", "c", "d"].map(found), [Some("a"), Some("b"), Some("c"), None], "question {n}");
        }
        assert!(positions.all.get().is_some() && positions.clone().all.get().is_none());
        list.push("d".to_owned());
        assert_eq!(positions.find(&list, "d", |item| item), list.last());
        let twice = ["a", "a"].map(str::to_owned);
        assert_eq!((0..2 * FEW).filter_map(|_| positions.clone().find(&twice, "a", |item| item)).count(), 2 * FEW);
    }
}
