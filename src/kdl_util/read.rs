//! From bytes to a tree of nodes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use kdl::{KdlDocument, KdlNode, KdlValue};

use super::fault::NO_THREAD;
use super::scan::{Scanned, Tree, decode, scan};
use super::{Entry, Fault, Node, Span, Value};
use crate::parallel;

/// Enough for [`super::MAX_DEPTH`] levels many times over, in debug builds too.
const STACK: usize = 16 << 20;

/// Number of texts from which threads are worth their start.
const MIN_PARALLEL: usize = 64;

/// Content of a text, as far as it can be read.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The text, or what can be shown of it.
    pub(crate) text: String,
    /// Its nodes; `None` if nothing can be read.
    pub(crate) nodes: Option<Vec<Node>>,
    /// Its syntax errors. If there are nodes too, the rest of the text could be read.
    pub(crate) faults: Vec<Fault>,
    /// The number of further faults.
    pub(crate) more: usize,
    /// The parts that could not be read.
    pub(crate) dropped: Vec<Span>,
}

impl Parsed {
    fn new(text: impl Into<String>, nodes: Option<Vec<Node>>, faults: Vec<Fault>) -> Self {
        Parsed { text: text.into(), nodes, faults, more: 0, dropped: Vec::new() }
    }
}

/// Parses one text: here if the scanner can read it, otherwise on a thread of its own.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    read(bytes, |text, scanned| {
        std::thread::scope(|scope| {
            match parallel::start_with(parser, scope, true, || move || nodes_of(text, scanned)) {
                Ok(thread) => thread.join().unwrap_or_else(|_| Err(gave_up())),
                Err(error) => Err(Fault::new(
                    NO_THREAD,
                    Span::default(),
                    format!("cannot start a thread to parse it on: {error}"),
                )),
            }
        })
    })
}

/// Scans a text, and has `parser` read what the scanner cannot.
fn read(bytes: &[u8], parser: impl FnOnce(&str, &Scanned) -> Result<Vec<Node>, Fault>) -> Parsed {
    let (text, mut scanned) = match decode(bytes) {
        Ok(text) => (text, scan(text)),
        Err((fault, shown)) => return Parsed::new(shown, None, vec![fault]),
    };
    let nodes = match std::mem::replace(&mut scanned.tree, Tree::Unreadable) {
        Tree::Read(nodes) => Some(nodes),
        Tree::Unreadable => None,
        Tree::Parser(copy) => match parser(copy.as_deref().unwrap_or(text), &scanned) {
            Ok(nodes) => Some(nodes),
            Err(fault) => {
                // Next to problems of our own, the parser's is about the bridged copy.
                if scanned.faults.is_empty() {
                    scanned.faults.push(fault);
                }
                None
            }
        },
    };
    let Scanned { faults, more, dropped, .. } = scanned;
    Parsed { more, dropped, ..Parsed::new(text, nodes, faults) }
}

/// Parses many and makes something of each, on all cores; the order is kept. `make` runs on the same threads.
pub(crate) fn parse_many<I: Sync, T: Send>(
    inputs: &[I],
    bytes: impl Fn(&I) -> &[u8] + Sync,
    make: impl Fn(&I, Parsed) -> T + Sync,
) -> Vec<T> {
    with_parser(inputs, |input, parse| make(input, parse(bytes(input))))
}

/// Parses one text on the thread that it is called on.
pub(crate) type Parse<'p> = &'p dyn Fn(&[u8]) -> Parsed;

/// Makes something of each of these with a parser, on all cores; the order is kept. What `work` does not return is freed before the
/// next one.
pub(crate) fn with_parser<I: Sync, T: Send>(inputs: &[I], work: impl Fn(&I, Parse<'_>) -> T + Sync) -> Vec<T> {
    let one_by_one = || inputs.iter().map(|input| work(input, &parse)).collect();
    if inputs.len() < MIN_PARALLEL {
        return one_by_one();
    }
    let workers = parallel::cores();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(inputs.len()));
    let parse_or_give_up = |bytes: &[u8]| {
        let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parse_here(bytes)));
        parsed.unwrap_or_else(|_| Parsed::new(String::from_utf8_lossy(bytes), None, vec![gave_up()]))
    };
    let share = || {
        let mut mine = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(input) = inputs.get(at) else { break };
            mine.push((at, work(input, &parse_or_give_up)));
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
    };
    let started = std::thread::scope(|scope| {
        (0..workers).filter(|n| parallel::start_with(parser, scope, *n == 0, || share).is_ok()).count()
    });
    if started == 0 {
        return one_by_one();
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

/// Builds the threads that may run the parser.
fn parser() -> std::thread::Builder {
    std::thread::Builder::new().name("zmgr-parse".into()).stack_size(STACK)
}

/// Parses on this thread, which [`parser`] must have built.
fn parse_here(bytes: &[u8]) -> Parsed {
    read(bytes, nodes_of)
}

fn gave_up() -> Fault {
    Fault::new("parser-failed", Span::default(), "the parser gave up on this file")
}

pub(super) fn nodes_of(text: &str, scanned: &Scanned) -> Result<Vec<Node>, Fault> {
    match text.parse::<KdlDocument>() {
        Ok(document) => Ok(document.nodes().iter().map(|node| convert(node, scanned)).collect()),
        Err(error) => {
            let first = error.diagnostics.first();
            let span = first.map_or(Span::default(), |d| Span::new(d.span.offset(), d.span.offset() + d.span.len()));
            let message = first.and_then(|d| d.message.clone()).unwrap_or_else(|| "it is not valid KDL".to_owned());
            let fault = Fault::new("syntax", span, format!("parser: {}", message.trim_end_matches('.')));
            Err(match first.and_then(|d| d.help.clone()) {
                Some(help) => fault.help(help),
                None => fault,
            })
        }
    }
}

fn convert(node: &KdlNode, scanned: &Scanned) -> Node {
    let span_of = |start: usize, length: usize| Span::new(start, start + length);
    let name_span = span_of(node.name().span().offset(), node.name().span().len());
    let entries: Vec<Entry> = node
        .entries()
        .iter()
        .map(|entry| Entry {
            name: entry.name().map(|name| name.value().to_owned()),
            value: match entry.value() {
                KdlValue::String(text) => Value::Text(text.clone()),
                KdlValue::Integer(number) => Value::Int(*number),
                KdlValue::Float(number) => Value::Float(*number),
                KdlValue::Bool(yes) => Value::Bool(*yes),
                KdlValue::Null => Value::Null,
            },
            span: span_of(entry.span().offset(), entry.span().len()),
        })
        .collect();
    let head_end = entries.iter().map(|entry| entry.span.end).fold(name_span.end, usize::max);
    let children: Option<Vec<Node>> =
        node.children().map(|children| children.nodes().iter().map(|child| convert(child, scanned)).collect());
    // The parser does not say where a block's braces stand; what may come between the entries and the block holds none. Nor does it
    // say where a node ends without the blanks and comments behind it.
    let block = scanned.blocks.partition_point(|block| block.start < head_end);
    let braces = children.as_ref().and_then(|_| scanned.blocks.get(block).copied());
    let end = scanned.ends.binary_search_by_key(&name_span.start, |(start, _)| *start);
    let end = end.map_or(head_end, |at| scanned.ends[at].1).max(braces.map_or(head_end, |braces| braces.end));
    Node {
        name: node.name().value().to_owned(),
        entries,
        children,
        span: Span::new(name_span.start, end),
        name_span,
        head_end,
        braces,
    }
}
