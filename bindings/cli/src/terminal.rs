//! Terminal width, wrapping and colours. Output that does not go to a terminal is neither wrapped nor coloured.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Color, Style};

/// Style of headings in tables and help.
pub const HEADING: Style = Style::new().bold();
/// Style of a good state.
pub const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// Style of a transient state, and of warnings.
pub const NOTICE: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// Style of errors.
pub const BAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))).bold();
/// Style of secondary text.
pub const FAINT: Style = Style::new().dimmed();

/// Returns the width of the terminal behind standard output; `None` if it is not a terminal.
pub fn stdout_width() -> Option<usize> {
    std::io::stdout().is_terminal().then(|| columns(terminal_size::terminal_size_of(std::io::stdout())))
}

/// Returns the width of the terminal behind standard error; `None` if it is not a terminal.
pub fn stderr_width() -> Option<usize> {
    std::io::stderr().is_terminal().then(|| columns(terminal_size::terminal_size_of(std::io::stderr())))
}

fn columns(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    size.map(|(width, _)| usize::from(width.0)).filter(|width| *width >= 20).unwrap_or(80)
}

/// Applies a style to text.
pub fn styled(style: Style, words: impl std::fmt::Display) -> String {
    format!("{style}{words}{style:#}")
}

/// Returns the style of a value in the columns STATE and STATUS.
pub fn of_state(word: &str) -> Style {
    match word {
        "ready" | "running" => GOOD,
        "failed" | "unreadable" => BAD,
        "-" | "installed" | "" => Style::new(),
        _ => NOTICE,
    }
}

/// Wraps long lines between words and indents continuation lines by `indent` more than the line itself. A long word, such as a
/// path, stays whole.
pub fn fill(text: &str, width: Option<usize>, indent: usize) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let own = line.len() - line.trim_start_matches(' ').len();
        let hang = " ".repeat(own + indent);
        let options = textwrap::Options::new(width)
            .break_words(false)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
            .initial_indent(&hang[..own])
            .subsequent_indent(&hang);
        out += &textwrap::fill(line.trim_start_matches(' '), options);
        out += end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_only() {
        let text = "  help: one two three four\n/a/path/that/is/longer/than/the/line stays\n";
        let filled = fill(text, Some(20), 2);
        assert_eq!(filled, "  help: one two\n    three four\n/a/path/that/is/longer/than/the/line\n  stays\n");
        assert_eq!(fill(text, None, 2), text);
    }
}
