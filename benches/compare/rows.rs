//! The table: medians taken in turns, and their ratios.

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Row of a comparison: the measurement, its peer, and the target.
struct Row {
    what: String,
    ours: Duration,
    theirs: Option<(String, Duration)>,
    /// The ratio and whether it holds.
    ratio: String,
    holds: Option<bool>,
}

pub(crate) struct Table {
    words: Vec<String>,
    rows: Vec<Row>,
    /// Removed when all is measured: a file system may avoid what was freed a moment ago, and then every new file costs more.
    scratch: tempfile::TempDir,
    directories: std::cell::Cell<usize>,
}

/// Expected relation of two medians.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// Ours is at least so many times faster.
    Faster(f64),
    /// Ours is at most so many times as slow.
    Within(f64),
}

impl Table {
    pub(crate) fn new(words: Vec<String>) -> Table {
        // On the disk of the build, because a temporary directory may be in memory.
        let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Table { words, rows: Vec::new(), scratch, directories: Default::default() }
    }

    /// Returns a new directory.
    pub(crate) fn directory(&self) -> PathBuf {
        self.directories.set(self.directories.get() + 1);
        let directory = self.scratch.path().join(self.directories.get().to_string());
        std::fs::create_dir(&directory).unwrap();
        directory
    }

    /// Returns true if rows of this name are requested.
    pub(crate) fn wants(&self, what: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| what.contains(word.as_str()))
    }

    /// Adds a row of two medians.
    pub(crate) fn row(&mut self, what: &str, ours: Duration, name: &str, theirs: Option<Duration>, aim: Aim) {
        let Some(theirs) = theirs else {
            let skipped = "SKIPPED: not installed".to_owned();
            self.rows.push(Row { what: what.to_owned(), ours, theirs: None, ratio: skipped, holds: None });
            return;
        };
        let (ours_s, theirs_s) = (ours.as_secs_f64(), theirs.as_secs_f64());
        let (ratio, holds) = match aim {
            Aim::Faster(aim) => {
                let ratio = theirs_s / ours_s;
                (format!("{ratio:.2} times faster (aim: {aim} or more)"), ratio >= aim)
            }
            Aim::Within(aim) => {
                let ratio = ours_s / theirs_s;
                (format!("{ratio:.2} times (aim: {aim} or less)"), ratio <= aim)
            }
        };
        let theirs = Some((name.to_owned(), theirs));
        self.rows.push(Row { what: what.to_owned(), ours, theirs, ratio, holds: Some(holds) });
    }

    pub(crate) fn print(&self) {
        println!("| what | ours | against | theirs | ratio | |");
        println!("|---|---|---|---|---|---|");
        for Row { what, ours, theirs, ratio, holds } in &self.rows {
            let (name, theirs) =
                theirs.as_ref().map_or(("", String::new()), |(name, d)| (name.as_str(), format!("{d:.2?}")));
            let mark = match holds {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "",
            };
            println!("| {what} | {ours:.2?} | {name} | {theirs} | {ratio} | {mark} |");
        }
    }
}

/// Medians of several things, each done `rounds` times, in turns so that a change of the machine's mood meets all of them. Each gives
/// the time that counts.
pub(crate) fn medians<const N: usize>(rounds: usize, mut things: [&mut dyn FnMut() -> Duration; N]) -> [Duration; N] {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (thing, times) in things.iter_mut().zip(&mut times) {
            times.push(thing());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

/// Duration of one run.
pub(crate) fn time<T>(act: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    std::hint::black_box(act());
    begun.elapsed()
}
