//! A parsed command.
//!
//! [source: struct cmd, property_value of zonecfg.h]

use super::words::{Cmd, Prop, Res};

/// A command with its words.
#[derive(Debug, Clone)]
pub(super) struct Command {
    pub(super) cmd: Cmd,
    /// Words after it.
    pub(super) args: Vec<Vec<u8>>,
    /// The resource type that it names.
    pub(super) res: Option<Res>,
    /// The property types that it names, in order.
    pub(super) props: Vec<Prop>,
    /// Number of these that have a value.
    pub(super) pairs: usize,
    /// Their values.
    pub(super) values: Vec<Value>,
}

/// A parsed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Simple(Vec<u8>),
    Complex(Vec<(Prop, Vec<u8>)>),
    /// A list of simple and complex values.
    List(Vec<Value>),
}

impl Command {
    pub(super) fn new(cmd: Cmd) -> Self {
        Command { cmd, args: Vec::new(), res: None, props: Vec::new(), pairs: 0, values: Vec::new() }
    }

    /// Returns the first property type that it names.
    pub(super) fn prop(&self) -> Option<Prop> {
        self.props.first().copied()
    }
}

impl Value {
    /// Returns the text of a simple value.
    pub(super) fn simple(&self) -> Option<&[u8]> {
        match self {
            Value::Simple(text) => Some(text),
            _ => None,
        }
    }
}
