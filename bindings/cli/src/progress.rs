//! Progress of an operation: on a terminal one line for each zone that is worked on and one with the numbers, otherwise plain lines;
//! and the result of each zone as soon as it is known.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use zmgr::{Action, Event, EventKind};

use crate::failure::Failure;
use crate::globals::Globals;
use crate::terminal::{self, BAD, FAINT, NOTICE, styled};
use crate::{output, session};

/// Prints events as they arrive.
pub struct Progress {
    level: Level,
    /// True if standard output is for one JSON document.
    json: bool,
    /// Width of the terminal; `None` if standard error is not one.
    width: Option<usize>,
    /// Lines that change; `None` if standard error is not a terminal that can do that.
    lines: Option<Lines>,
    /// Number of zones that failed.
    failed: usize,
    /// The first result that could not be printed.
    unwritten: Option<Failure>,
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Quiet,
    Steps,
    Commands,
}

/// The lines at the bottom of a terminal.
struct Lines {
    all: MultiProgress,
    zones: HashMap<String, ProgressBar>,
    /// The last line, with the numbers of zones.
    numbers: ProgressBar,
}

impl Progress {
    /// Creates a progress printer for these options.
    pub fn new(globals: &Globals) -> Self {
        // With --json, standard error must contain only the error.
        let level = match (globals.quiet || globals.json, globals.verbose) {
            (true, _) => Level::Quiet,
            (false, 0) => Level::Steps,
            (false, _) => Level::Commands,
        };
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let logs = std::env::var_os(session::LOG).is_some();
        let live = level != Level::Quiet && std::io::stderr().is_terminal() && !dumb && !logs;
        let (width, lines) = (terminal::stderr_width(), live.then(Lines::new));
        Progress { level, json: globals.json, width, lines, failed: 0, unwritten: None }
    }

    /// Prints one event. Errors of standard error are ignored.
    pub fn hear(&mut self, event: &Event) {
        if let EventKind::Finished { ok, action, summary } = &event.kind {
            self.failed += usize::from(!ok);
            self.finish(event, *ok, *action, summary);
        }
        if self.level == Level::Quiet {
            return;
        }
        if let Some(lines) = &mut self.lines {
            lines.hear(event, self.failed);
        }
        let place = place(event);
        match &event.kind {
            EventKind::StepStarted if self.lines.is_none() => self.say(&place),
            EventKind::Command { argv } if self.level >= Level::Commands => {
                self.say(&styled(FAINT, format!("  {}", argv.join(" "))))
            }
            // Only the first line: the error at the end has the whole message.
            EventKind::StepFailed { message } => {
                self.say(&format!("{place}: {}", styled(BAD, message.lines().next().unwrap_or_default())));
            }
            EventKind::Undoing => self.say(&format!("{place}: undoing")),
            EventKind::Warning { message } => {
                self.say(&format!("{}: {} {message}", event.zone, styled(NOTICE, "warning:")))
            }
            EventKind::Log { path } if self.level >= Level::Commands => self.say(&format!("  log: {}", path.display())),
            _ => {}
        }
    }

    /// Prints the result of a zone.
    fn finish(&mut self, event: &Event, ok: bool, action: Action, summary: &str) {
        let several = event.zones.1 > 1;
        if ok && !self.json && !matches!(action, Action::Unchanged | Action::Skipped) {
            let printed = match &self.lines {
                Some(lines) => lines.all.suspend(|| output::line(summary)),
                None => output::line(summary),
            };
            if let Err(failure) = printed {
                self.unwritten.get_or_insert(failure);
            }
        }
        // The error of a single zone is the error of the command.
        if !ok && several && self.level != Level::Quiet {
            self.say(&styled(BAD, summary));
        }
        if several && self.level != Level::Quiet && self.lines.is_none() {
            self.say(&numbers(event.zones, self.failed));
        }
    }

    /// Shows how time passes.
    pub fn tick(&self) {
        for zone in self.lines.iter().flat_map(|lines| lines.zones.values()) {
            zone.tick();
        }
    }

    /// Removes the lines that change. Fails if a result could not be printed.
    pub fn end(self) -> Result<(), Failure> {
        self.unwritten.map_or(Ok(()), Err)
    }

    fn say(&self, words: &str) {
        let words = terminal::fill(words, self.width, 4);
        let write = || {
            let _ = writeln!(anstream::stderr().lock(), "{words}");
        };
        match &self.lines {
            Some(lines) => lines.all.suspend(write),
            None => write(),
        }
    }
}

impl Lines {
    fn new() -> Lines {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let numbers = all.add(ProgressBar::new_spinner().with_style(style("{wide_msg}")));
        Lines { all, zones: HashMap::new(), numbers }
    }

    fn hear(&mut self, event: &Event, failed: usize) {
        match &event.kind {
            EventKind::StepStarted | EventKind::Undoing => {
                let zone = self.zone(&event.zone);
                let undoing = if event.kind == EventKind::Undoing { ": undoing" } else { "" };
                zone.set_prefix(format!("{}{undoing}", place(event)));
                zone.set_message("");
                zone.reset_elapsed();
            }
            EventKind::Running { last_line: Some(line), .. } => {
                self.zone(&event.zone).set_message(line.replace(char::is_control, " "));
            }
            EventKind::Finished { .. } => {
                if let Some(zone) = self.zones.remove(&event.zone) {
                    zone.finish_and_clear();
                    self.all.remove(&zone);
                }
            }
            _ => {}
        }
        if event.zones.1 > 1 {
            self.numbers.set_message(numbers(event.zones, failed));
        }
    }

    /// Returns the line of a zone.
    fn zone(&mut self, name: &str) -> &ProgressBar {
        self.zones.entry(name.to_owned()).or_insert_with(|| {
            let line = ProgressBar::new_spinner().with_style(style("{prefix} {elapsed}  {wide_msg:.dim}"));
            self.all.insert_before(&self.numbers, line)
        })
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.zones.values().chain([&self.numbers]).for_each(ProgressBar::finish_and_clear);
        let _ = self.all.clear();
    }
}

/// Returns a style; the templates are those of this file, and valid.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Formats zone and step, such as `web01 [3/5] install`.
fn place(event: &Event) -> String {
    let number = match event.position {
        (0, _) | (_, 0) => String::new(),
        (at, of) => format!(" [{at}/{of}]"),
    };
    format!("{}{number} {}", event.zone, event.step).trim_end().to_owned()
}

fn numbers((done, of): (usize, usize), failed: usize) -> String {
    match failed {
        0 => format!("{done} of {of} done"),
        failed => format!("{done} of {of} done, {failed} failed"),
    }
}
