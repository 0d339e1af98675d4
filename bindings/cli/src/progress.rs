//! Progress on standard error: one updating line on a terminal, plain lines otherwise.

use std::io::Write;

use zmgr::{Event, EventKind};

use crate::globals::Globals;
use crate::terminal::{self, BAD, FAINT, NOTICE, styled};

/// Prints events as they arrive.
pub struct Progress {
    level: Level,
    /// Width of the terminal; `None` if standard error is not one.
    width: Option<usize>,
    /// True while the terminal shows an unfinished line.
    open: bool,
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Quiet,
    Steps,
    Commands,
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
        Progress { level, width: terminal::stderr_width(), open: false }
    }

    /// Prints one event. Ignores write errors.
    pub fn hear(&mut self, event: &Event) {
        if self.level == Level::Quiet {
            return;
        }
        let (at, of) = event.position;
        let place = format!("{} [{at}/{of}] {}", event.zone, event.step);
        match &event.kind {
            EventKind::StepStarted if self.width.is_some() => self.change(&place),
            EventKind::StepStarted => self.say(&place),
            EventKind::Running { elapsed, last_line } if self.width.is_some() => {
                let last = last_line.as_deref().unwrap_or_default();
                self.change(&format!("{place} {} s  {last}", elapsed.as_secs()));
            }
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
            EventKind::Finished { .. } => self.close(),
            _ => {}
        }
    }

    fn change(&mut self, words: &str) {
        let shown: String =
            words.chars().filter(|c| !c.is_control()).take(self.width.unwrap_or(80).saturating_sub(1)).collect();
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{shown}");
        self.open = true;
    }

    fn say(&mut self, words: &str) {
        self.close();
        let words = terminal::fill(words, self.width, 4);
        let _ = writeln!(anstream::stderr().lock(), "{words}");
    }

    fn close(&mut self) {
        if self.open {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
            self.open = false;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.close();
    }
}
