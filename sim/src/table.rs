//! Columns as the illumos tools print them (libinetutil's ofmt): a table for people, or fields for programs.
//!
//! Invariant: with two fields or more each `:` and `\` of a value is escaped; a single field is printed as it is.

use super::answer::{Answer, FAILED, OK, Session};

/// A column: its name, and its width with the blank after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) width: usize,
}

/// What the caller asked for, and the words of the two families of messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) columns: &'a [Column],
    pub(crate) parsable: bool,
    /// `-o`.
    pub(crate) fields: Option<&'a str>,
    /// What `-p` without `-o` and with `-o all` are told.
    pub(crate) needs_fields: &'a str,
    pub(crate) not_all: &'a str,
}

pub(crate) const NEEDS_FIELDS: &str = "output fields must be specified in parsable mode";
pub(crate) const NOT_ALL: &str = "output field `all' invalid in parsable mode";

/// Prints one line a row. `value` gives a row's text in a column. Nothing at all is printed when there are no rows.
pub(crate) fn print<R>(
    session: &mut Session<'_, '_>,
    request: &Request<'_>,
    rows: &[R],
    value: impl Fn(&R, &str) -> String,
) -> Answer {
    let columns = match select(session, request) {
        Ok(columns) => columns,
        Err(status) => return Ok(status),
    };
    if rows.is_empty() {
        return Ok(OK);
    }
    let mut text = String::new();
    if !request.parsable {
        let header: Vec<String> = columns.iter().map(|column| column.name.to_owned()).collect();
        padded(&mut text, &columns, &header);
    }
    for row in rows {
        let values: Vec<String> = columns.iter().map(|column| value(row, column.name)).collect();
        if request.parsable {
            text.push_str(&joined(&values));
            text.push('\n');
        } else {
            let shown: Vec<String> =
                values.into_iter().map(|text| if text.is_empty() { "--".into() } else { text }).collect();
            padded(&mut text, &columns, &shown);
        }
    }
    session.say(format_args!("{text}"));
    Ok(OK)
}

fn select(session: &mut Session<'_, '_>, request: &Request<'_>) -> Result<Vec<Column>, super::Status> {
    let program = session.program.clone();
    let fields = match request.fields {
        None if request.parsable => {
            session.complain(format_args!("{program}: {}\n", request.needs_fields));
            return Err(FAILED);
        }
        Some(all) if all.eq_ignore_ascii_case("all") && request.parsable => {
            session.complain(format_args!("{program}: {}\n", request.not_all));
            return Err(FAILED);
        }
        None => return Ok(request.columns.to_vec()),
        Some(all) if all.eq_ignore_ascii_case("all") => return Ok(request.columns.to_vec()),
        Some(fields) => fields,
    };
    let mut columns = Vec::new();
    let mut unknown = Vec::new();
    for field in fields.split(',') {
        match request.columns.iter().find(|column| column.name.eq_ignore_ascii_case(field)) {
            Some(column) => columns.push(*column),
            None => unknown.push(field),
        }
    }
    if let Some(field) = unknown.first().filter(|_| request.parsable) {
        session.complain(format_args!("{program}: unknown output field: `{field}'\n"));
        return Err(FAILED);
    }
    if columns.is_empty() {
        session.complain(format_args!("{program}: no valid output fields\n"));
        return Err(FAILED);
    }
    for field in unknown {
        session.complain(format_args!("{program}: warning: ignoring unknown output field: `{field}'\n"));
    }
    Ok(columns)
}

fn joined(values: &[String]) -> String {
    if let [single] = values {
        return single.clone();
    }
    let escaped: Vec<String> = values.iter().map(|value| value.replace('\\', "\\\\").replace(':', "\\:")).collect();
    escaped.join(":")
}

/// A value that overflows its column takes room from the columns after it, as far as they have any.
fn padded(text: &mut String, columns: &[Column], values: &[String]) {
    let mut overflow = 0;
    for (at, (column, value)) in columns.iter().zip(values).enumerate() {
        text.push_str(value);
        if at + 1 == columns.len() {
            break;
        }
        let length = value.chars().count();
        let room = column.width.saturating_sub(overflow);
        let blanks = room.saturating_sub(length).max(1);
        overflow = (overflow + length + blanks).saturating_sub(column.width);
        text.extend(std::iter::repeat_n(' ', blanks));
    }
    text.push('\n');
}
