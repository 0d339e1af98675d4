//! The grammar of the command language, as data: what stands on the left, what on the right, and what is then done.
//!
//! A terminal is written as the text it is typed as, a free word as `TOKEN`; what begins with a capital and goes on in small
//! letters is a rule's name. `Error` is what the parser puts in place of what it could not read.
//!
//! [source: zonecfg_grammar.y; recorded: syn-*, err-*]

use super::words::{Cmd, Prop, Res};

/// Action when a rule is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing: the value is that of the first part.
    Pass,
    /// The command is run.
    Run,
    /// The rest of a bad line has been read, after a command that was well formed.
    Recovered,
    /// The rest of a bad line has been read.
    RecoveredAtStart,
    /// An empty line.
    Empty,
    /// The command with its free words.
    Words(Cmd),
    /// The command lacks something: its usage is shown, and with it what `Lack` says.
    Lacking(Cmd, Lack),
    /// The command on the resource type in this part.
    Resource(Cmd, usize),
    /// `info` on a property of the zone.
    Global(Prop),
    /// `add`, `remove` or `set` of the property type in this part, with this many values.
    Property(Cmd, usize, usize),
    /// `set PROPERTY=[]`.
    EmptyList,
    /// `select` of a resource that there is only one of.
    SelectOnly(Res),
    ResourceType(Res),
    PropertyType(Prop),
    /// A whole value has been read.
    SimpleValue,
    ComplexValue,
    ListValue,
    /// A simple value: a word, or a keyword taken for one.
    Simple,
    /// A complex value.
    Complex,
    /// `name=value` within a complex value, the last one or not.
    Piece,
    LastPiece,
}

/// Text shown besides the usage of a command that lacks something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    Nothing,
    Properties,
    ResourcesAndProperties,
}

/// One production.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) left: &'static str,
    pub(super) right: Vec<&'static str>,
    pub(super) action: Action,
}

use Action::{
    ComplexValue, Empty, EmptyList, Lacking, LastPiece, ListValue, Pass, Piece, Property, Recovered, RecoveredAtStart,
    Resource, Run, SelectOnly, Simple, SimpleValue, Words,
};

const START: &[(&str, &str, Action)] = &[
    ("Commands", "Command Terminator", Run),
    ("Commands", "Command Error Terminator", Recovered),
    ("Commands", "Error Terminator", RecoveredAtStart),
    ("Commands", "Terminator", Empty),
    ("Terminator", "\n", Pass),
    ("Terminator", ";", Pass),
    ("Command", "add", Lacking(Cmd::Add, Lack::ResourcesAndProperties)),
    ("Command", "add TOKEN", Words(Cmd::Add)),
    ("Command", "add Resource", Resource(Cmd::Add, 1)),
    ("Command", "add Property Value", Property(Cmd::Add, 1, 1)),
    ("Command", "cancel", Words(Cmd::Cancel)),
    ("Command", "cancel TOKEN", Words(Cmd::Cancel)),
    ("Command", "create", Words(Cmd::Create)),
    ("Command", "create TOKEN", Words(Cmd::Create)),
    ("Command", "create TOKEN TOKEN", Words(Cmd::Create)),
    ("Command", "create TOKEN TOKEN TOKEN", Words(Cmd::Create)),
    ("Command", "commit", Words(Cmd::Commit)),
    ("Command", "commit TOKEN", Words(Cmd::Commit)),
    ("Command", "delete", Words(Cmd::Delete)),
    ("Command", "delete TOKEN", Words(Cmd::Delete)),
    ("Command", "end", Words(Cmd::End)),
    ("Command", "end TOKEN", Words(Cmd::End)),
    ("Command", "exit", Words(Cmd::Exit)),
    ("Command", "exit TOKEN", Words(Cmd::Exit)),
    ("Command", "export", Words(Cmd::Export)),
    ("Command", "export TOKEN", Words(Cmd::Export)),
    ("Command", "export TOKEN TOKEN", Words(Cmd::Export)),
    ("Command", "help", Words(Cmd::Help)),
    ("Command", "help TOKEN", Words(Cmd::Help)),
    ("Command", "info", Words(Cmd::Info)),
    ("Command", "info TOKEN", Lacking(Cmd::Info, Lack::ResourcesAndProperties)),
    ("Command", "info Resource", Resource(Cmd::Info, 1)),
    ("Command", "info Resource Property = Value", Resource(Cmd::Info, 1)),
    ("Command", "info Resource Property = Value Property = Value", Resource(Cmd::Info, 1)),
    ("Command", "info Resource Property = Value Property = Value Property = Value", Resource(Cmd::Info, 1)),
];

/// Lines of `info` about the zone itself.
const INFO: &[Prop] = &[
    Prop::Zonename,
    Prop::Zonepath,
    Prop::Brand,
    Prop::Autoboot,
    Prop::IpType,
    Prop::Pool,
    Prop::Limitpriv,
    Prop::Bootargs,
    Prop::SchedulingClass,
    Prop::CpuShares,
    Prop::MaxLwps,
    Prop::MaxProcesses,
    Prop::MaxShmMemory,
    Prop::MaxShmIds,
    Prop::MaxMsgIds,
    Prop::MaxSemIds,
    Prop::Hostid,
    Prop::FsAllowed,
    Prop::Uuid,
    Prop::ZfsIoPriority,
];

const REMOVE: &[(&str, &str, Action)] = &[
    ("Command", "remove", Lacking(Cmd::Remove, Lack::ResourcesAndProperties)),
    ("Command", "remove TOKEN", Lacking(Cmd::Remove, Lack::ResourcesAndProperties)),
    ("Command", "remove Resource", Resource(Cmd::Remove, 1)),
    ("Command", "remove TOKEN Resource", Resource(Cmd::Remove, 2)),
    ("Command", "remove Property Value", Property(Cmd::Remove, 1, 1)),
    ("Command", "remove Resource Property = Value", Resource(Cmd::Remove, 1)),
    ("Command", "remove TOKEN Resource Property = Value", Resource(Cmd::Remove, 2)),
    ("Command", "remove Resource Property = Value Property = Value", Resource(Cmd::Remove, 1)),
    ("Command", "remove TOKEN Resource Property = Value Property = Value", Resource(Cmd::Remove, 2)),
    ("Command", "remove Resource Property = Value Property = Value Property = Value", Resource(Cmd::Remove, 1)),
    ("Command", "remove TOKEN Resource Property = Value Property = Value Property = Value", Resource(Cmd::Remove, 2)),
];

/// Productions of the lines on which `remove` takes a property of a resource without its value.
const REMOVE_EXTRAS: &[(&str, &str, Action)] = &[
    ("Command", "remove Property", Property(Cmd::Remove, 1, 0)),
    ("Command", "remove TOKEN Property", Property(Cmd::Remove, 2, 0)),
    ("Command", "remove TOKEN Property Value", Property(Cmd::Remove, 2, 1)),
];

const REST: &[(&str, &str, Action)] = &[
    ("Command", "revert", Words(Cmd::Revert)),
    ("Command", "revert TOKEN", Words(Cmd::Revert)),
    ("Command", "select", Lacking(Cmd::Select, Lack::ResourcesAndProperties)),
    ("Command", "select dedicated-cpu", SelectOnly(Res::DedicatedCpu)),
    ("Command", "select capped-cpu", SelectOnly(Res::CappedCpu)),
    ("Command", "select capped-memory", SelectOnly(Res::CappedMemory)),
    ("Command", "select Resource", Lacking(Cmd::Select, Lack::Nothing)),
    ("Command", "select Resource Property = Value", Resource(Cmd::Select, 1)),
    ("Command", "select Resource Property = Value Property = Value", Resource(Cmd::Select, 1)),
    ("Command", "select Resource Property = Value Property = Value Property = Value", Resource(Cmd::Select, 1)),
    ("Command", "set", Lacking(Cmd::Set, Lack::Properties)),
    ("Command", "set Property = [ ]", EmptyList),
    ("Command", "set Property = Value", Property(Cmd::Set, 1, 1)),
    ("Command", "set TOKEN zonepath = Value", Property(Cmd::Set, 2, 1)),
    ("Command", "clear", Lacking(Cmd::Clear, Lack::Properties)),
    ("Command", "clear Property", Property(Cmd::Clear, 1, 0)),
    ("Command", "verify", Words(Cmd::Verify)),
    ("Command", "verify TOKEN", Words(Cmd::Verify)),
    ("Value", "Simple", SimpleValue),
    ("Value", "Complex", ComplexValue),
    ("Value", "List", ListValue),
    ("Simple", "TOKEN", Simple),
    ("Simple", "Resource", Simple),
    ("Simple", "Property", Simple),
    ("Complex", "( Piece )", Action::Complex),
    ("Piece", "Property = TOKEN", LastPiece),
    ("Piece", "Property = Resource", LastPiece),
    ("Piece", "Property = Property", LastPiece),
    ("Piece", "Property = TOKEN , Piece", Piece),
    ("Piece", "Property = Resource , Piece", Piece),
    ("Piece", "Property = Property , Piece", Piece),
    ("Item", "Simple", Pass),
    ("Item", "Complex", Pass),
    ("Item", "Simple , Item", Pass),
    ("Item", "Complex , Item", Pass),
    ("List", "[ Item ]", Pass),
];

fn rule((left, right, action): &(&'static str, &'static str, Action)) -> Rule {
    let right = if *right == "\n" { vec!["\n"] } else { right.split(' ').collect() };
    Rule { left, right, action: *action }
}

/// Every production, in the order that decides between two that are complete at once.
pub(super) fn rules(remove_extras: bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = START.iter().map(rule).collect();
    rules.extend(INFO.iter().map(|prop| Rule {
        left: "Command",
        right: vec!["info", prop.word()],
        action: Action::Global(*prop),
    }));
    rules.extend(REMOVE.iter().map(rule));
    if remove_extras {
        rules.extend(REMOVE_EXTRAS.iter().map(rule));
    }
    rules.extend(REST.iter().map(rule));
    rules.extend(Res::ALL.into_iter().map(|res| Rule {
        left: "Resource",
        right: vec![res.word()],
        action: Action::ResourceType(res),
    }));
    rules.extend(Prop::ALL.into_iter().map(|prop| Rule {
        left: "Property",
        right: vec![prop.word()],
        action: Action::PropertyType(prop),
    }));
    rules
}
