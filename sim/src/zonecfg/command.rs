//! A command as it was read.
//!
//! [source: struct cmd, property_value of zonecfg.h]

use super::words::{Cmd, Prop, Res};

/// A command and what it was given.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) cmd: Cmd,
    /// The free words after it.
    pub(super) args: Vec<Vec<u8>>,
    /// The resource type that it names.
    pub(super) res: Option<Res>,
    /// The property types that it names, in order.
    pub(super) props: Vec<Prop>,
    /// Number of them that came with a value.
    pub(super) pairs: usize,
    /// Their values.
    pub(super) values: Vec<Value>,
}

/// A value as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Simple(Vec<u8>),
    Complex(Vec<(Prop, Vec<u8>)>),
    /// Simple and complex values in any mixture.
    List(Vec<Value>),
}

impl Command {
    pub(super) fn new(cmd: Cmd) -> Self {
        Command { cmd, args: Vec::new(), res: None, props: Vec::new(), pairs: 0, values: Vec::new() }
    }

    /// The property type that it names first.
    pub(super) fn prop(&self) -> Option<Prop> {
        self.props.first().copied()
    }
}

impl Value {
    /// The text of a simple value.
    pub(super) fn simple(&self) -> Option<&[u8]> {
        match self {
            Value::Simple(text) => Some(text),
            _ => None,
        }
    }
}
