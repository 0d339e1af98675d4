//! Turns a grammar into the tables of a shift-reduce parser, with the habits of the yacc that illumos is built with: a state
//! that can only complete one rule does so without looking ahead, and every state that can complete rules completes its most
//! frequent one where nothing else fits, unless the grammar can take an error there.
//!
//! [source: yacc of illumos; recorded: err-mid-*, where its habits decide what runs]

use std::collections::{BTreeMap, BTreeSet};

use super::grammar::Rule;

/// Placeholder for text that could not be read.
pub(super) const ERROR: &str = "Error";
/// After the last token.
pub(super) const END: &str = "";

/// Action of the parser in a state.
#[derive(Debug, Default)]
pub(super) struct State {
    shifts: BTreeMap<&'static str, usize>,
    gotos: BTreeMap<&'static str, usize>,
    reductions: BTreeMap<&'static str, usize>,
    default: Option<usize>,
    /// True if the next token must be known.
    pub(super) looks_ahead: bool,
}

impl State {
    /// The state after this token.
    pub(super) fn shift(&self, terminal: &str) -> Option<usize> {
        self.shifts.get(terminal).copied()
    }

    /// The state after what a completed rule stands for.
    pub(super) fn goto(&self, name: &str) -> Option<usize> {
        self.gotos.get(name).copied()
    }

    /// The rule that is complete.
    pub(super) fn reduction(&self, terminal: Option<&str>) -> Option<usize> {
        terminal.and_then(|t| self.reductions.get(t).copied()).or(self.default)
    }
}

/// A grammar and its tables.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) rules: Vec<Rule>,
    pub(super) states: Vec<State>,
}

/// A rule and how far it has been read.
type Item = (usize, usize);

impl Tables {
    /// The tables for these rules; the first one's left side is where the parser starts. No rule may be empty.
    pub(super) fn new(rules: Vec<Rule>) -> Tables {
        let follow = follow(&rules);
        let start: BTreeSet<Item> =
            (0..rules.len()).filter(|&r| rules[r].left == rules[0].left).map(|r| (r, 0)).collect();
        let mut kernels = vec![start];
        let mut states = Vec::new();
        let mut known: BTreeMap<BTreeSet<Item>, usize> = [(kernels[0].clone(), 0)].into();
        while states.len() < kernels.len() {
            let items = closure(&rules, &kernels[states.len()]);
            let mut state = State::default();
            let mut next: BTreeMap<&'static str, BTreeSet<Item>> = BTreeMap::new();
            for &(rule, at) in &items {
                if let Some(symbol) = rules[rule].right.get(at) {
                    next.entry(symbol).or_default().insert((rule, at + 1));
                }
            }
            for (symbol, kernel) in next {
                let number = *known.entry(kernel.clone()).or_insert_with(|| {
                    kernels.push(kernel);
                    kernels.len() - 1
                });
                let table = if is_rule(&rules, symbol) { &mut state.gotos } else { &mut state.shifts };
                table.insert(symbol, number);
            }
            let complete: Vec<usize> =
                items.iter().filter(|(r, at)| *at == rules[*r].right.len()).map(|(r, _)| *r).collect();
            for &rule in &complete {
                for &terminal in &follow[rules[rule].left] {
                    if !state.shifts.contains_key(terminal) {
                        // Items come in the order of the rules: of two complete ones the earlier wins.
                        state.reductions.entry(terminal).or_insert(rule);
                    }
                }
            }
            state.looks_ahead = !state.shifts.is_empty() || complete.len() > 1;
            state.default = (!state.shifts.contains_key(ERROR)).then(|| most_frequent(&complete, &state)).flatten();
            states.push(state);
        }
        Tables { rules, states }
    }
}

fn most_frequent(complete: &[usize], state: &State) -> Option<usize> {
    let count = |rule: usize| state.reductions.values().filter(|r| **r == rule).count();
    // Of equals the first.
    complete.iter().copied().rev().max_by_key(|rule| count(*rule))
}

fn is_rule(rules: &[Rule], symbol: &str) -> bool {
    rules.iter().any(|rule| rule.left == symbol)
}

fn closure(rules: &[Rule], kernel: &BTreeSet<Item>) -> BTreeSet<Item> {
    let mut items = kernel.clone();
    let mut open: Vec<Item> = items.iter().copied().collect();
    while let Some((rule, at)) = open.pop() {
        let Some(symbol) = rules[rule].right.get(at) else { continue };
        for (number, _) in rules.iter().enumerate().filter(|(_, rule)| rule.left == *symbol) {
            if items.insert((number, 0)) {
                open.push((number, 0));
            }
        }
    }
    items
}

type Terminals = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// The terminals that can stand after each rule's name.
fn follow(rules: &[Rule]) -> Terminals {
    let mut first: Terminals = BTreeMap::new();
    settle(&mut first, |first| {
        for rule in rules {
            let starts = of(rules, first, rule.right[0]);
            first.entry(rule.left).or_default().extend(starts);
        }
    });
    let mut follow: Terminals = [(rules[0].left, BTreeSet::from([END]))].into();
    settle(&mut follow, |follow| {
        for rule in rules {
            for (at, symbol) in rule.right.iter().enumerate().filter(|(_, symbol)| is_rule(rules, symbol)) {
                let after = match rule.right.get(at + 1) {
                    Some(next) => of(rules, &first, next),
                    None => follow.get(rule.left).cloned().unwrap_or_default(),
                };
                follow.entry(symbol).or_default().extend(after);
            }
        }
    });
    follow
}

fn of(rules: &[Rule], first: &Terminals, symbol: &'static str) -> BTreeSet<&'static str> {
    if is_rule(rules, symbol) { first.get(symbol).cloned().unwrap_or_default() } else { BTreeSet::from([symbol]) }
}

fn settle(sets: &mut Terminals, mut step: impl FnMut(&mut Terminals)) {
    let size = |sets: &Terminals| sets.values().map(BTreeSet::len).sum::<usize>() + sets.len();
    loop {
        let before = size(sets);
        step(sets);
        if size(sets) == before {
            return;
        }
    }
}
