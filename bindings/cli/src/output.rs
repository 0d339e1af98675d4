//! Standard output: one document of JSON, or lines and tables for a person. A reader who has left (`zmgr list | head`) is no
//! failure: the rest is not printed and the exit status stays that of the work.

use std::io::{self, IsTerminal, Write};

use anstyle::Style;
use serde_json::Value;
use zmgr::{Code, Error};

use crate::args::Globals;
use crate::failure::Failure;
use crate::terminal::{self, HEADING, styled};

/// Prints text as it is; its colours only where they are wanted.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
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

/// Prints sentences: on a terminal, broken between words, what follows indented by `indent` more.
pub fn prose(words: &str, indent: usize) -> Result<(), Failure> {
    text(&terminal::fill(words, terminal::stdout_width(), indent))
}

/// Says something beside the answer, on standard error. Where nobody reads it, nobody wanted to know.
pub fn aside(words: impl std::fmt::Display) {
    let words = terminal::fill(&words.to_string(), terminal::stderr_width(), 2);
    let _ = writeln!(anstream::stderr().lock(), "{words}");
}

/// Says something to a person who looks on, where the answer itself would be silence.
pub fn remark(globals: &Globals, words: impl std::fmt::Display) {
    if !globals.quiet && !globals.json && io::stderr().is_terminal() {
        aside(words);
    }
}

/// Prints one document.
pub fn json(value: &Value) -> Result<(), Failure> {
    line(value)
}

/// Prints columns, each as wide as its widest cell; the last one is not filled up. An empty cell shows `-`. On a terminal that is
/// too narrow, the last column is broken between its words.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
    text(&columns(head, rows, terminal::stdout_width(), &|_, _| Style::new()))
}

/// The same with a style for cells, by column and word.
pub fn styled_table(head: &[&str], rows: &[Vec<String>], style: &dyn Fn(usize, &str) -> Style) -> Result<(), Failure> {
    text(&columns(head, rows, terminal::stdout_width(), style))
}

fn columns(head: &[&str], rows: &[Vec<String>], width: Option<usize>, style: &dyn Fn(usize, &str) -> Style) -> String {
    const GAP: usize = 2;
    /// A last column narrower than this is not worth breaking.
    const LEAST: usize = 16;
    let widest =
        |n: usize| rows.iter().map(|row| row[n].chars().count().max(1)).chain([head[n].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(widest).collect();
    let last = head.len() - 1;
    let before: usize = widths[..last].iter().map(|width| width + GAP).sum();
    let room = width.and_then(|width| width.checked_sub(before)).filter(|room| *room >= LEAST);
    let mut out = String::new();
    let mut print = |row: &[String], style: &dyn Fn(usize, &str) -> Style| {
        for (n, cell) in row.iter().enumerate() {
            let cell = if cell.is_empty() { "-" } else { cell };
            let style = style(n, cell);
            let fill = if n == last { 0 } else { widths[n] - cell.chars().count() + GAP };
            match room {
                Some(room) if n == last && cell.chars().count() > room => {
                    let spaced = cell.replace(",", ", ");
                    let lines = terminal::fill(&spaced, Some(room), 0);
                    let mut lines = lines.lines().map(|line| styled(style, line.trim_end()));
                    out += &lines.next().unwrap_or_default();
                    for line in lines {
                        out += &format!("\n{}{line}", " ".repeat(before));
                    }
                }
                _ => {
                    out += &styled(style, cell);
                    out += &" ".repeat(fill);
                }
            }
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    };
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    print(&head, &|_, _| HEADING);
    for row in rows {
        print(row, style);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_breaks_the_last_column() {
        let rows = vec![vec!["web01".to_owned(), "10.1.0.10/24,2001:db8::10/64,10.2.0.10/24".to_owned()]];
        let plain = |width| {
            anstream::adapter::strip_str(&columns(&["NAME", "ADDRESSES"], &rows, width, &|_, _| Style::new()))
                .to_string()
        };
        assert_eq!(plain(None), "NAME   ADDRESSES\nweb01  10.1.0.10/24,2001:db8::10/64,10.2.0.10/24\n");
        assert_eq!(
            plain(Some(30)),
            "NAME   ADDRESSES\nweb01  10.1.0.10/24,\n       2001:db8::10/64,\n       10.2.0.10/24\n"
        );
        assert!(plain(Some(40)).lines().all(|line| line.len() <= 40));
    }
}
