//! Standard output: one document of JSON, or lines and tables for a person. A reader who has left (`zmgr list | head`) is no
//! failure: the rest is not printed and the exit status stays that of the work.

use std::io::{self, Write};

use serde_json::Value;
use zmgr::{Code, Error};

use crate::failure::Failure;

/// Prints text as it is.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(Code::Io, format!("cannot write to standard output: {error}")).with_source(error).into())
        }
        _ => Ok(()),
    }
}

/// Prints a line.
pub fn line(words: impl std::fmt::Display) -> Result<(), Failure> {
    text(&format!("{words}\n"))
}

/// Says something beside the answer, on standard error. Where nobody reads it, nobody wanted to know.
pub fn aside(words: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// Prints one document.
pub fn json(value: &Value) -> Result<(), Failure> {
    line(value)
}

/// Prints columns, each as wide as its widest cell; the last one is not filled up. An empty cell shows `-`.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    let width =
        |n: usize| rows.iter().map(|row| row[n].chars().count().max(1)).chain([head[n].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let cell = if cell.is_empty() { "-" } else { cell };
            format!("{cell:<width$}")
        });
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out.push('\n');
    }
    text(&out)
}
