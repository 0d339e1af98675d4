//! Memory of the real parser from one command to the next. [source: zonecfg_grammar.y; recorded: err-mid-*]

use super::command::Value;
use super::words::Prop;

/// The parser's memory between commands.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The values read, the first ones from before where a broken line kept them from being cleared.
    pub(super) values: Vec<Value>,
    /// Number of values read since they were last cleared.
    pub(super) read: usize,
    /// The parts of each value's list.
    pub(super) lists: Vec<Vec<Value>>,
    pub(super) complex: Vec<(Prop, Vec<u8>)>,
    /// Words that no rule took. The real parser asserts that there are none when a command is done, and aborts.
    pub(super) unclaimed: usize,
}

impl Memory {
    pub(super) fn clear(&mut self) {
        self.lists.clear();
        self.read = 0;
    }

    pub(super) fn list(&mut self) -> &mut Vec<Value> {
        if self.lists.len() <= self.read {
            self.lists.resize(self.read + 1, Vec::new());
        }
        &mut self.lists[self.read]
    }

    pub(super) fn set(&mut self, at: usize, value: Value) {
        if self.values.len() <= at {
            self.values.resize(at + 1, Value::List(Vec::new()));
        }
        self.values[at] = value;
    }

    pub(super) fn finish(&mut self, value: Value) {
        self.set(self.read, value);
        self.read += 1;
    }

    pub(super) fn values(&self, count: usize) -> Vec<Value> {
        self.values.iter().take(count).cloned().collect()
    }
}
