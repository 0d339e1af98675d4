//! Record of changes: who changed what, when, by which plan, and with which result. One JSON object per line, appended to
//! `changes.jsonl` in log-dir.
//!
//! Invariant: each line is appended in one write. A record that cannot be written is a warning and stops nothing.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tracing::Dispatch;

use super::{Operation, Outcome};
use crate::error::Error;
use crate::file::make_directories;
use crate::registry::now;

/// An operation that is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordedOperation {
    /// One that can be planned.
    Planned(Operation),
    /// Halt zones.
    Halt,
    /// Reboot zones.
    Reboot,
    /// Finish interrupted operations.
    Recover,
    /// Change settings in a zone's file.
    Set,
    /// Write a configuration file.
    Edit,
    /// Reserve addresses.
    Allocate,
    /// Release addresses.
    Release,
    /// Join this host to a fleet.
    FleetJoin,
    /// Forget a host of a fleet.
    FleetForget,
    /// Push a pool to the store of a fleet.
    FleetPush,
}

impl RecordedOperation {
    /// Returns its name in the record and in the log.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            RecordedOperation::Planned(operation) => operation.as_str(),
            RecordedOperation::Halt => "halt",
            RecordedOperation::Reboot => "reboot",
            RecordedOperation::Recover => "recover",
            RecordedOperation::Set => "set",
            RecordedOperation::Edit => "edit",
            RecordedOperation::Allocate => "allocate",
            RecordedOperation::Release => "release",
            RecordedOperation::FleetJoin => "fleet-join",
            RecordedOperation::FleetForget => "fleet-forget",
            RecordedOperation::FleetPush => "fleet-push",
        }
    }

    /// Returns the result of a change of files alone.
    const fn done(self) -> &'static str {
        match self {
            RecordedOperation::Edit => "written",
            RecordedOperation::Allocate => "allocated",
            RecordedOperation::Release => "released",
            RecordedOperation::FleetJoin => "joined",
            RecordedOperation::FleetForget => "forgotten",
            RecordedOperation::FleetPush => "pushed",
            other => other.as_str(),
        }
    }
}

impl From<Operation> for RecordedOperation {
    fn from(operation: Operation) -> RecordedOperation {
        RecordedOperation::Planned(operation)
    }
}

/// Name of the file in log-dir.
pub(crate) const FILE: &str = "changes.jsonl";

/// Destination of the log lines of one operation, and the fields that they share.
#[derive(Debug)]
pub(crate) struct ChangeRecord {
    path: PathBuf,
    operation: RecordedOperation,
    command: String,
    /// Digest of an approved plan.
    plan: Option<String>,
    failed: AtomicBool,
    /// Subscriber of the operation; `None` for that of the program.
    log: Option<Dispatch>,
}

impl ChangeRecord {
    /// Returns the record of an operation in this directory. `command` describes this process.
    pub(crate) fn new(
        directory: &Path,
        command: &str,
        log: Option<Dispatch>,
        operation: RecordedOperation,
        plan: Option<String>,
    ) -> ChangeRecord {
        ChangeRecord {
            path: directory.join(FILE),
            operation,
            command: command.to_owned(),
            plan,
            failed: AtomicBool::new(false),
            log,
        }
    }

    /// Returns the name of the operation.
    pub(crate) fn operation(&self) -> &'static str {
        self.operation.as_str()
    }

    /// Runs something that logs where the operation does.
    pub(crate) fn logging<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.log {
            Some(log) => tracing::dispatcher::with_default(log, work),
            None => work(),
        }
    }

    /// Returns the digest of the approved plan, if the operation runs one.
    pub(crate) fn plan(&self) -> Option<&String> {
        self.plan.as_ref()
    }

    /// Records that something begins to change. Returns a warning if it cannot.
    pub(crate) fn started(&self, subject: &str, plan: Option<&str>) -> Option<String> {
        self.append(&[self.line("started", subject, plan, json!({}))])
    }

    /// Records what came of a zone.
    pub(crate) fn ended(&self, outcome: &Outcome, plan: Option<&str>) -> Option<String> {
        let error = outcome.result.as_ref().err();
        self.append(&[self.line("ended", &outcome.name, plan, result(outcome.action.as_str(), error))])
    }

    /// Records changes that are made at once.
    pub(crate) fn done(&self, subjects: &[&str]) {
        let lines: Vec<String> = subjects
            .iter()
            .map(|subject| self.line("ended", subject, None, result(self.operation.done(), None)))
            .collect();
        if let Some(warning) = self.append(&lines) {
            self.logging(|| tracing::warn!("{warning}"));
        }
    }

    fn line(&self, event: &str, subject: &str, plan: Option<&str>, more: Value) -> String {
        let mut line = json!({
            "time": now(),
            "event": event,
            "operation": self.operation.as_str(),
            "subject": subject,
            "uid": rustix::process::getuid().as_raw(),
            "euid": rustix::process::geteuid().as_raw(),
            "pid": std::process::id(),
            "command": self.command,
            "zmgr": env!("CARGO_PKG_VERSION"),
            "plan": plan,
        });
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        format!("{line}\n")
    }

    fn append(&self, lines: &[String]) -> Option<String> {
        let failed = |error: std::io::Error| {
            // Once is enough.
            let first = !self.failed.swap(true, Ordering::SeqCst);
            first.then(|| format!("cannot record changes in {}: {error}", self.path.display()))
        };
        let write = || {
            if let Some(directory) = self.path.parent() {
                make_directories(directory, 0o755)?;
            }
            let mut file = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .custom_flags((rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed())
                .open(&self.path)?;
            file.write_all(lines.concat().as_bytes())
        };
        write().err().and_then(failed)
    }
}

fn result(action: &str, error: Option<&Error>) -> Value {
    match error {
        None => json!({"result": action}),
        Some(error) => json!({"result": "failed", "code": error.code().slug(), "message": error.message()}),
    }
}
