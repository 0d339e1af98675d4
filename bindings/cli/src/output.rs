//! Standard output: one JSON document, or lines and tables. A closed pipe (`zmgr list | head`) is not a failure: the rest is not
//! printed and the exit status is that of the operation.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use serde_json::Value;
use zmgr::{Code, Error};

use crate::failure::Failure;
use crate::globals::Globals;
use crate::terminal::{self, HEADING, styled};

/// Prints text unchanged, without its colours if they are not wanted.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    // Stripped in one pass, because `anstream` would write line by line.
    let text = match has_colour() || !text.contains(ESCAPE) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(strip_str(text).to_string()),
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritten(error)),
        _ => Ok(()),
    }
}

/// Returns the error for a failed write to standard output.
pub fn unwritten(error: io::Error) -> Failure {
    Error::new(Code::Io, format!("cannot write to standard output: {error}")).with_source(error).into()
}

/// First character of a colour sequence.
const ESCAPE: char = '\u{1b}';

/// Returns true if standard output should be coloured.
fn has_colour() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Prints a line.
pub fn line(words: impl std::fmt::Display) -> Result<(), Failure> {
    text(&format!("{words}\n"))
}

/// Prints sentences; on a terminal they wrap between words, with continuation lines indented by `indent` more.
pub fn prose(words: &str, indent: usize) -> Result<(), Failure> {
    text(&terminal::fill(words, terminal::stdout_width(), indent))
}

/// Prints a note on standard error. Ignores write errors, because a note is never essential.
pub fn aside(words: impl std::fmt::Display) {
    let words = terminal::fill(&words.to_string(), terminal::stderr_width(), 2);
    let _ = writeln!(anstream::stderr().lock(), "{words}");
}

/// Prints a hint, but only for an interactive user.
pub fn remark(globals: &Globals, words: impl std::fmt::Display) {
    if !globals.quiet && !globals.json && io::stderr().is_terminal() {
        aside(words);
    }
}

/// Formats a source, with the file below the tree.
pub fn place(source: &zmgr::Source, tree: &std::path::Path) -> String {
    below(&source.to_string(), tree)
}

/// Shortens the paths of files below the tree.
pub fn below(words: &str, tree: &std::path::Path) -> String {
    words.replace(&format!("{}/", tree.display()), "")
}

/// Prints one JSON document.
pub fn json(value: &Value) -> Result<(), Failure> {
    line(value)
}

/// Prints one JSON document with `--json`, otherwise these lines.
pub fn lines<D: std::fmt::Display>(
    globals: &Globals,
    about: &Value,
    lines: impl IntoIterator<Item = D>,
) -> Result<u8, Failure> {
    match globals.json {
        true => json(about)?,
        false => lines.into_iter().try_for_each(line)?,
    }
    Ok(0)
}

/// Prints a JSON array without holding all of its values at once.
pub fn json_array(values: impl Iterator<Item = Value>) -> Result<(), Failure> {
    let mut all = String::from("[");
    for value in values {
        all += if all.len() > 1 { "," } else { "" };
        // Writing to a string does not fail.
        let _ = write!(all, "{value}");
    }
    line(all + "]")
}

/// Style of a table cell, by column and text.
type CellStyle<'a> = &'a dyn Fn(usize, &str) -> Style;

/// Prints a table. Each column is as wide as its widest cell, and an empty cell shows `-`. On a narrow terminal the last column
/// wraps between words.
pub fn table<const N: usize>(head: [&str; N], rows: &[[impl AsRef<str>; N]]) -> Result<(), Failure> {
    styled_table(head, rows, &|_, _| Style::new())
}

/// Prints a table whose cells are styled by `style`.
pub fn styled_table<const N: usize>(
    head: [&str; N],
    rows: &[[impl AsRef<str>; N]],
    style: CellStyle<'_>,
) -> Result<(), Failure> {
    text(&columns(head, rows, terminal::stdout_width(), has_colour().then_some(style)))
}

/// Formats a table; uses no colour if `style` is `None`.
fn columns<const N: usize>(
    head: [&str; N],
    rows: &[[impl AsRef<str>; N]],
    width: Option<usize>,
    style: Option<CellStyle<'_>>,
) -> String {
    const GAP: usize = 2;
    /// Minimum width at which the last column wraps.
    const MIN_WIDTH: usize = 16;
    let widest = |n: usize| {
        rows.iter().map(|row| row[n].as_ref().chars().count().max(1)).chain([head[n].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(widest).collect();
    let last = N - 1;
    let before: usize = widths[..last].iter().map(|width| width + GAP).sum();
    let room = width.and_then(|width| width.checked_sub(before)).filter(|room| *room >= MIN_WIDTH);
    let mut out = String::new();
    let mut print = |row: [&str; N], style: Option<CellStyle<'_>>| {
        for (n, cell) in row.into_iter().enumerate() {
            let cell = if cell.is_empty() { "-" } else { cell };
            let style = style.map(|style| style(n, cell)).filter(|style| !style.is_plain());
            let painted = |words| style.map_or(Cow::Borrowed(words), |style| styled(style, words).into());
            let length = cell.chars().count();
            match room {
                Some(room) if n == last && length > room => {
                    let lines = terminal::fill(&cell.replace(',', ", "), Some(room), 0);
                    let mut lines = lines.lines().map(str::trim_end);
                    out += &painted(lines.next().unwrap_or_default());
                    for line in lines {
                        out.push('\n');
                        out.extend(std::iter::repeat_n(' ', before));
                        out += &painted(line);
                    }
                }
                _ => {
                    out += &painted(cell);
                    out.extend(std::iter::repeat_n(' ', if n == last { 0 } else { widths[n] - length + GAP }));
                }
            }
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    };
    print(head, style.map(|_| &(|_, _: &str| HEADING) as CellStyle<'_>));
    for row in rows {
        print(row.each_ref().map(AsRef::as_ref), style);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_breaks_the_last_column() {
        let rows = [["web01", "10.1.0.10/24,2001:db8::10/64,10.2.0.10/24"]];
        let plain = |width| columns(["NAME", "ADDRESSES"], &rows, width, None);
        assert_eq!(plain(None), "NAME   ADDRESSES\nweb01  10.1.0.10/24,2001:db8::10/64,10.2.0.10/24\n");
        assert_eq!(
            plain(Some(30)),
            "NAME   ADDRESSES\nweb01  10.1.0.10/24,\n       2001:db8::10/64,\n       10.2.0.10/24\n"
        );
        assert!(plain(Some(40)).lines().all(|line| line.len() <= 40));
    }
}
