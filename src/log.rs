//! Log of what a manager does, for programs that want it as records: the operation, the zone, the step, and each command of the host
//! with its duration and status. Programs that use `tracing` themselves can install a subscriber instead.
//!
//! Invariant: nothing here is global. A manager without a callback logs to the caller's subscriber, if there is one. Records hold no
//! secrets: neither the commands that are run inside zones nor what the environment of a command holds.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// Prefix of the targets that are logged.
const TARGET: &str = "zmgr";

/// Severity of a log record, the most severe first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// A zone failed.
    Error,
    /// Something that a user should know, or a step that failed.
    Warn,
    /// Beginning and end of an operation on a zone.
    Info,
    /// Steps, and commands with their duration and status.
    Debug,
    /// Details for the developers of zmgr.
    Trace,
}

impl LogLevel {
    /// All levels, the most severe first.
    pub const ALL: [LogLevel; 5] = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];

    /// Returns its name: `error`, `warn`, `info`, `debug` or `trace`.
    pub const fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }

    fn of(level: &Level) -> LogLevel {
        match *level {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            _ => LogLevel::Trace,
        }
    }

    fn filter(self) -> LevelFilter {
        match self {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        }
    }
}

/// A record of a manager's log; see [`ManagerBuilder::log`](crate::ManagerBuilder::log).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogRecord {
    /// Its severity.
    pub level: LogLevel,
    /// Kind of event: `started`, `step done`, `command`.
    pub message: String,
    /// Details by name, the outermost first: `operation`, `zone`, `step`; for a command `command`, `status` and `elapsed_ms`.
    pub fields: Vec<(&'static str, String)>,
}

impl LogRecord {
    /// Returns a detail by name.
    ///
    /// ```
    /// # use std::sync::{Arc, Mutex};
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// let commands: Arc<Mutex<Vec<String>>> = Arc::default();
    /// let heard = Arc::clone(&commands);
    /// let manager = Manager::builder()
    ///     .simulate(dir.path())
    ///     .log(LogLevel::Debug, move |record: &LogRecord| {
    ///         heard.lock().unwrap().extend(record.field("command").map(str::to_owned));
    ///     })
    ///     .build()?;
    /// manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// assert!(commands.lock().unwrap().iter().any(|command| command == "zoneadm -z web01 boot"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// Level, message and details on one line.
impl fmt::Display for LogRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.fields.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// Callback of a log. Called on the thread that does the work, possibly several at once.
pub(crate) type LogSink = dyn Fn(&LogRecord) + Send + Sync;

/// Returns a dispatcher that hands records up to this level to a callback.
pub(crate) fn dispatch(level: LogLevel, sink: Arc<LogSink>) -> Dispatch {
    Dispatch::new(Log { level: level.filter(), sink, spans: Mutex::default() })
}

struct Log {
    level: LevelFilter,
    sink: Arc<LogSink>,
    spans: Mutex<Spans>,
}

#[derive(Default)]
struct Spans {
    last: u64,
    open: HashMap<u64, Open>,
    /// The spans that each thread is in, the innermost last.
    entered: HashMap<ThreadId, Vec<u64>>,
}

struct Open {
    parent: Option<u64>,
    references: usize,
    fields: Fields,
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => self.rest.push((name, text)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => self.rest.push((name, value.to_owned())),
        }
    }
}

impl Log {
    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spans {
    fn current(&self) -> Option<u64> {
        self.entered.get(&thread::current().id())?.last().copied()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && metadata.target().starts_with(TARGET)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut spans = self.spans();
        let parent = match (attributes.parent(), attributes.is_contextual()) {
            (Some(parent), _) => Some(parent.into_u64()),
            (None, true) => spans.current(),
            (None, false) => None,
        };
        spans.last += 1;
        let id = spans.last;
        spans.open.insert(id, Open { parent, references: 1, fields });
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        if let Some(open) = self.spans().open.get_mut(&span.into_u64()) {
            values.record(&mut open.fields);
        }
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut all: Vec<(&'static str, String)> = Vec::new();
        {
            let spans = self.spans();
            let mut at = spans.current();
            let mut outer: Vec<&Fields> = Vec::new();
            while let Some(open) = at.and_then(|id| spans.open.get(&id)) {
                outer.push(&open.fields);
                at = open.parent;
            }
            all.extend(outer.into_iter().rev().flat_map(|fields| fields.rest.iter().cloned()));
        }
        // A field of the event itself takes precedence.
        all.retain(|(name, _)| !fields.rest.iter().any(|(own, _)| own == name));
        all.append(&mut fields.rest);
        let level = LogLevel::of(event.metadata().level());
        (self.sink)(&LogRecord { level, message: fields.message, fields: all });
    }

    fn enter(&self, span: &Id) {
        self.spans().entered.entry(thread::current().id()).or_default().push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let mut spans = self.spans();
        let thread = thread::current().id();
        let Some(entered) = spans.entered.get_mut(&thread) else { return };
        if let Some(at) = entered.iter().rposition(|id| *id == span.into_u64()) {
            entered.remove(at);
        }
        if entered.is_empty() {
            spans.entered.remove(&thread);
        }
    }

    fn clone_span(&self, span: &Id) -> Id {
        if let Some(open) = self.spans().open.get_mut(&span.into_u64()) {
            open.references += 1;
        }
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        let mut spans = self.spans();
        let Some(open) = spans.open.get_mut(&span.into_u64()) else { return false };
        open.references -= 1;
        let last = open.references == 0;
        if last {
            spans.open.remove(&span.into_u64());
        }
        last
    }
}
