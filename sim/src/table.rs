//! Columns as the illumos tools print them (libinetutil's ofmt): a table for people, or fields for programs.
//!
//! Invariant: with two fields or more each `:` and `\` of a value is escaped; a single field is printed as it is.
//!
//! [source: ofmt.c of libinetutil; recorded: show-* and linkprop-* of dladm.jsonl]

use super::Status;
use super::session::{Answer, FAILED, OK, Session};

/// Lines of the window that ofmt assumes when there is no terminal: the header comes again as often.
const LINES: usize = 24;

/// A column: its name, and its width with the blank after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) width: usize,
}

pub(crate) const fn column(name: &'static str, width: usize) -> Column {
    Column { name, width }
}

/// Columns that the caller asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) parsable: bool,
    /// `-o`.
    pub(crate) fields: Option<&'a str>,
    /// A value too wide for its column goes on in the next line, at a comma.
    pub(crate) wrap: bool,
}

/// A field of a row.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Empty ones are printed as `--` in a table.
    Text(String),
    /// The value cannot be read.
    Unknown,
}

/// A table that is being printed.
pub(crate) struct Output {
    columns: Vec<Column>,
    parsable: bool,
    wrap: bool,
    rows: usize,
    text: String,
}

/// Prints one line a row. `value` gives a row's text in a column. Nothing at all is printed when there are no rows.
pub(crate) fn print<R>(
    session: &mut Session<'_, '_>,
    request: &Request<'_>,
    rows: &[R],
    value: impl Fn(&R, &str) -> String,
) -> Answer {
    match open(session, request) {
        Ok(output) => output.print(session, rows, value),
        Err(status) => Ok(status),
    }
}

/// Finds the columns that were asked for, or complains and returns the status to end with.
pub(crate) fn open(session: &mut Session<'_, '_>, request: &Request<'_>) -> Result<Output, Status> {
    let die = |session: &mut Session<'_, '_>, text: &str| {
        let program = session.program.clone();
        session.complain(format_args!("{program}: {text}\n"));
        Err(FAILED)
    };
    let columns = match request.fields {
        None | Some("") if request.parsable => {
            return die(session, "output fields must be specified in parsable mode");
        }
        Some("all") if request.parsable => return die(session, "output field `all' invalid in parsable mode"),
        None | Some("all") => request.columns.to_vec(),
        Some(fields) => {
            let (mut columns, mut unknown) = (Vec::new(), Vec::new());
            for field in fields.split(',').filter(|field| !field.is_empty()) {
                match request.columns.iter().find(|column| column.name.eq_ignore_ascii_case(field)) {
                    Some(column) => columns.push(*column),
                    None => unknown.push(format!(" `{field}'")),
                }
            }
            // Of no use in either mode [show-link-po-foo].
            if columns.is_empty() {
                return die(session, "no valid output fields");
            }
            let plural = if unknown.len() > 1 { "s" } else { "" };
            if !unknown.is_empty() && request.parsable {
                return die(session, &format!("unknown output field{plural}:{}", unknown.concat()));
            }
            if !unknown.is_empty() {
                let program = session.program.clone();
                let unknown = unknown.concat();
                session.complain(format_args!("{program}: warning: ignoring unknown output field{plural}:{unknown}\n"));
            }
            columns
        }
    };
    Ok(Output { columns, parsable: request.parsable, wrap: request.wrap, rows: 0, text: String::new() })
}

impl Output {
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Prints these rows and is done.
    pub(crate) fn print<R>(
        mut self,
        session: &mut Session<'_, '_>,
        rows: &[R],
        value: impl Fn(&R, &str) -> String,
    ) -> Answer {
        for row in rows {
            let cells: Vec<Cell> = self.columns.iter().map(|column| Cell::Text(value(row, column.name))).collect();
            self.row(&cells);
        }
        self.flush(session);
        Ok(OK)
    }

    /// Adds a row, and the header before the first and again each 23 rows [linkprop-v0].
    pub(crate) fn row(&mut self, cells: &[Cell]) {
        if self.parsable {
            let escaped = cells.len() > 1;
            let fields = cells.iter().map(|cell| match cell {
                Cell::Text(text) if escaped => text.replace('\\', "\\\\").replace(':', "\\:"),
                Cell::Text(text) => text.clone(),
                Cell::Unknown => "?".into(),
            });
            self.text.push_str(&fields.collect::<Vec<_>>().join(":"));
            self.text.push('\n');
            return;
        }
        if self.rows.is_multiple_of(LINES - 1) {
            let header: Vec<String> = self.columns.iter().map(|column| column.name.to_owned()).collect();
            self.padded(&header);
        }
        self.rows += 1;
        let mut lines: Vec<Vec<String>> = Vec::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            lines.push(match cell {
                Cell::Unknown => vec!["?".into()],
                Cell::Text(text) if text.is_empty() => vec!["--".into()],
                Cell::Text(text) if self.wrap => wrapped(text, column.width),
                Cell::Text(text) => vec![text.clone()],
            });
        }
        for at in 0..lines.iter().map(Vec::len).max().unwrap_or_default() {
            let line: Vec<String> = lines.iter().map(|parts| parts.get(at).cloned().unwrap_or_default()).collect();
            self.padded(&line);
        }
    }

    /// Writes what was printed.
    pub(crate) fn flush(self, session: &mut Session<'_, '_>) {
        if !self.text.is_empty() {
            session.say(format_args!("{}", self.text));
        }
    }

    /// A value that overflows its column takes room from the columns after it, as far as they have any.
    fn padded(&mut self, values: &[String]) {
        let mut overflow = 0;
        for (at, (column, value)) in self.columns.iter().zip(values).enumerate() {
            self.text.push_str(value);
            if at + 1 == self.columns.len() {
                break;
            }
            let length = value.chars().count();
            let room = column.width.saturating_sub(overflow);
            let blanks = room.saturating_sub(length).max(1);
            overflow = (overflow + length + blanks).saturating_sub(column.width);
            self.text.extend(std::iter::repeat_n(' ', blanks));
        }
        self.text.push('\n');
    }
}

/// A list as lines: each holds as many of its words as fit, a comma after each but the last of all.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let words: Vec<&str> = text.split(',').filter(|word| !word.is_empty()).collect();
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for (at, word) in words.iter().enumerate() {
        line.push_str(word);
        match words.get(at + 1) {
            None => lines.push(std::mem::take(&mut line)),
            Some(next) => {
                line.push(',');
                if line.len() + next.len() > width {
                    lines.push(std::mem::take(&mut line));
                }
            }
        }
    }
    lines
}
