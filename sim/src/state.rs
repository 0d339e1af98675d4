//! The states of a zone, in the words that `zoneadm list` prints. [source: zone_state_str of libzonecfg.c]

/// A zone's state. The first three are stored in the index, the others are known to the kernel alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ZoneState {
    Configured,
    Incomplete,
    Installed,
    Ready,
    Running,
    ShuttingDown,
    Down,
    Mounted,
}

use ZoneState::{Configured, Down, Incomplete, Installed, Mounted, Ready, Running, ShuttingDown};

const WORDS: [(ZoneState, &str); 8] = [
    (Configured, "configured"),
    (Incomplete, "incomplete"),
    (Installed, "installed"),
    (Ready, "ready"),
    (Running, "running"),
    (ShuttingDown, "shutting_down"),
    (Down, "down"),
    (Mounted, "mounted"),
];

impl ZoneState {
    pub(crate) fn word(self) -> &'static str {
        WORDS.iter().find(|(state, _)| *state == self).map_or("unknown", |(_, word)| word)
    }

    pub(crate) fn from_word(word: &str) -> Option<ZoneState> {
        WORDS.iter().find(|(_, name)| *name == word).map(|(state, _)| *state)
    }
}
