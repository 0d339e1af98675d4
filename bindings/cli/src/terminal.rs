//! What is known of the reader: how wide the terminal is, and what is coloured how. Where there is no terminal, lines are as
//! long as they are and have no colour.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Color, Style};

/// Headings of tables and of help.
pub const HEADING: Style = Style::new().bold();
/// What is well.
pub const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// What is under way, or wants a look.
pub const NOTICE: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
/// What is wrong.
pub const BAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))).bold();
/// What matters less.
pub const FAINT: Style = Style::new().dimmed();

/// The columns of the terminal behind standard output; `None` where it is none.
pub fn stdout_width() -> Option<usize> {
    std::io::stdout().is_terminal().then(|| columns(terminal_size::terminal_size_of(std::io::stdout())))
}

/// The columns of the terminal behind standard error; `None` where it is none.
pub fn stderr_width() -> Option<usize> {
    std::io::stderr().is_terminal().then(|| columns(terminal_size::terminal_size_of(std::io::stderr())))
}

fn columns(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    size.map(|(width, _)| usize::from(width.0)).filter(|width| *width >= 20).unwrap_or(80)
}

/// Words in a style.
pub fn styled(style: Style, words: impl std::fmt::Display) -> String {
    format!("{style}{words}{style:#}")
}

/// The style of a word of the columns STATE and STATUS.
pub fn of_state(word: &str) -> Style {
    match word {
        "ready" | "running" => GOOD,
        "failed" | "unreadable" => BAD,
        "-" | "installed" | "" => Style::new(),
        _ => NOTICE,
    }
}

/// The text with its long lines broken between words, those that follow indented by `indent` more than the line itself.
/// What has no place to break, such as a path, stays whole.
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
