//! Word of long work on standard error: one line that changes on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};

use zmgr::{Event, EventKind};

use crate::args::Globals;

/// Tells of events as they come.
pub struct Progress {
    level: Level,
    terminal: bool,
    /// Whether the terminal shows an unfinished line.
    open: bool,
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Level {
    Quiet,
    Steps,
    Commands,
}

impl Progress {
    /// As the global options ask.
    pub fn new(globals: &Globals) -> Self {
        let level = match (globals.quiet, globals.verbose) {
            (true, _) => Level::Quiet,
            (false, 0) => Level::Steps,
            (false, _) => Level::Commands,
        };
        Progress { level, terminal: std::io::stderr().is_terminal(), open: false }
    }

    /// Tells of one event. A closed standard error stops nothing.
    pub fn hear(&mut self, event: &Event) {
        if self.level == Level::Quiet {
            return;
        }
        let (at, of) = event.position;
        let place = format!("{} [{at}/{of}] {}", event.zone, event.step);
        match &event.kind {
            EventKind::StepStarted if self.terminal => self.change(&place),
            EventKind::StepStarted => self.say(&place),
            EventKind::Running { elapsed, last_line } if self.terminal => {
                let last = last_line.as_deref().unwrap_or_default();
                self.change(&format!("{place} {} s  {last}", elapsed.as_secs()));
            }
            EventKind::Command { argv } if self.level >= Level::Commands => self.say(&format!("  {}", argv.join(" "))),
            // Its first line; all of it comes with the error at the end.
            EventKind::StepFailed { message } => {
                self.say(&format!("{place}: {}", message.lines().next().unwrap_or_default()));
            }
            EventKind::Undoing => self.say(&format!("{place}: undoing")),
            EventKind::Warning { message } => self.say(&format!("{}: warning: {message}", event.zone)),
            EventKind::Log { path } if self.level >= Level::Commands => self.say(&format!("  log: {}", path.display())),
            EventKind::Finished { .. } => self.close(),
            _ => {}
        }
    }

    fn change(&mut self, words: &str) {
        let shown: String = words.chars().filter(|c| !c.is_control()).take(100).collect();
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K{shown}");
        self.open = true;
    }

    fn say(&mut self, words: &str) {
        self.close();
        let _ = writeln!(std::io::stderr().lock(), "{words}");
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
