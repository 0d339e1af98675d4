//! Pairs old and new nodes, so that as few as possible move.

use std::collections::HashMap;

use super::Node;
use super::write::{print, value};

/// Maximum number of comparisons to find the longest common subsequence.
const MAX_COMPARISONS: usize = 1 << 20;

/// Rule by which nodes of one name are paired.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairing {
    /// By their first argument only.
    ByKey,
    /// By their first argument, and the rest by position.
    ByPlace,
}

/// Returns, for each new node, the index of its old node.
pub(super) fn align(old: &[&Node], new: &[&Node], pairing: Pairing) -> Vec<Option<usize>> {
    let (head, tail) = common(old.len(), new.len(), |a, b| old[a].same(new[b]));
    let (rest_old, rest_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let key = |node: &&Node| node.first().map(value);
    let by_key = unique(rest_old.iter().map(key)).zip(unique(rest_new.iter().map(key)));
    let mut middle: Vec<Option<usize>> = match by_key {
        Some((of_old, _)) => rest_new.iter().map(|node| of_old.get(&key(node)?).copied()).collect(),
        None => {
            let texts = |nodes: &[&Node]| nodes.iter().map(|node| print(&[(*node).clone()], 0)).collect::<Vec<_>>();
            longest_run(&texts(rest_old), &texts(rest_new))
        }
    };
    if pairing == Pairing::ByPlace {
        fill_between(&mut middle, rest_old.len());
    }
    whole(head, tail, middle, old.len())
}

/// Returns, for each new key, the index of its old one: the longest common subsequence, and the rest by position.
pub(super) fn align_keys(old: &[String], new: &[String]) -> Vec<Option<usize>> {
    let (head, tail) = common(old.len(), new.len(), |a, b| old[a] == new[b]);
    let (rest_old, rest_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut middle = longest_run(rest_old, rest_new);
    fill_between(&mut middle, rest_old.len());
    whole(head, tail, middle, old.len())
}

/// Returns, for each pair, whether it keeps its place; the others move. As many as possible stay.
pub(super) fn in_order(pairs: &[Option<usize>]) -> Vec<bool> {
    // The longest increasing subsequence: `ends[n]` is the pair that ends the best one of length n + 1.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (at, pair) in pairs.iter().enumerate() {
        let Some(mine) = pair else { continue };
        let length = ends.partition_point(|end| pairs[*end].is_some_and(|other| other < *mine));
        before[at] = length.checked_sub(1).map(|n| ends[n]);
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut stays = vec![false; pairs.len()];
    let mut next = ends.last().copied();
    while let Some(at) = next {
        stays[at] = true;
        next = before[at];
    }
    stays
}

/// Returns the length of the common prefix and of the common suffix.
fn common(old: usize, new: usize, same: impl Fn(usize, usize) -> bool) -> (usize, usize) {
    let least = old.min(new);
    let head = (0..least).take_while(|at| same(*at, *at)).count();
    let tail = (0..least - head).take_while(|at| same(old - 1 - at, new - 1 - at)).count();
    (head, tail)
}

fn whole(head: usize, tail: usize, middle: Vec<Option<usize>>, old: usize) -> Vec<Option<usize>> {
    let middle = middle.into_iter().map(|pair| pair.map(|at| at + head));
    (0..head).map(Some).chain(middle).chain((old - tail..old).map(Some)).collect()
}

/// Returns the index of each key, if the keys are unique.
fn unique(keys: impl Iterator<Item = Option<String>>) -> Option<HashMap<String, usize>> {
    let mut found = HashMap::new();
    for (at, key) in keys.enumerate() {
        if found.insert(key?, at).is_some() {
            return None;
        }
    }
    Some(found)
}

/// Returns the longest common subsequence. Pairs nothing if there are too many keys.
fn longest_run(old: &[String], new: &[String]) -> Vec<Option<usize>> {
    let (n, m) = (old.len(), new.len());
    let mut pairs = vec![None; m];
    if n.saturating_mul(m) > MAX_COMPARISONS {
        return pairs;
    }
    let mut longest = vec![vec![0u32; m + 1]; n + 1];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            longest[i][j] = match old[i] == new[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < n && j < m {
        if old[i] == new[j] {
            pairs[j] = Some(i);
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Pairs the rest between two pairs, in order.
fn fill_between(pairs: &mut [Option<usize>], old: usize) {
    let mut taken = vec![false; old];
    pairs.iter().flatten().for_each(|at| taken[*at] = true);
    let mut next = 0;
    for pair in pairs.iter_mut() {
        match pair {
            Some(mine) => next = *mine + 1,
            None if next < old && !taken[next] => {
                *pair = Some(next);
                taken[next] = true;
                next += 1;
            }
            None => {}
        }
    }
}
