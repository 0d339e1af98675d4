//! The command `man`, which writes the man pages. `zmgr(8)` and one page per command are generated from `--help`, `zmgr.kdl(5)` from
//! the schema table.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use clap_mangen::Man as Page;
use zmgr::{Code, Error};

use crate::failure::Failure;

/// Date of the release, in the footer of each page.
const DATE: &str = "2026-11-30";
const SOURCE: &str = concat!("zmgr ", env!("CARGO_PKG_VERSION"));
/// Maximum length of a line of text in the source of a page.
const LINE: usize = 79;

/// Options of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Directory for man5 and man8, created if missing
    dir: PathBuf,
}

impl Man {
    /// Writes the pages of this command line.
    pub fn run(&self, mut command: clap::Command) -> Result<u8, Failure> {
        command.build();
        for (name, page) in pages(&command) {
            write(&self.dir.join("man8").join(format!("{name}.8")), &page)?;
        }
        write(&self.dir.join("man5/zmgr.kdl.5"), format(&zmgr::reference()).as_bytes())?;
        Ok(0)
    }
}

fn write(path: &Path, page: &[u8]) -> Result<(), Failure> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory).and_then(|()| fs::write(path, page)).map_err(|error| {
        Failure::from(Error::new(Code::Io, format!("cannot write {}: {error}", path.display())).with_source(error))
    })
}

/// Returns the pages of a command and its subcommands by name, such as `zmgr-pool-show`.
fn pages(command: &clap::Command) -> Vec<(String, Vec<u8>)> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    // clap_mangen would join the lines of the examples.
    let examples = command.get_after_help().map(ToString::to_string).filter(|words| words.starts_with("Examples:"));
    let shown = if examples.is_some() { command.clone().after_help("") } else { command.clone() };
    let page = Page::new(shown.version(None)).title(name.to_uppercase()).section("8");
    let page = page.date(DATE).source(SOURCE).manual("System Administration");
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = page.render(&mut text);
    let mut text = with_synopsis(&String::from_utf8_lossy(&text), command);
    if let Some(examples) = examples {
        let lines = examples.lines().skip(1).map(|line| format!("{}\n", plain(line.trim_start())));
        text.push_str(&format!(".SH EXAMPLES\n.nf\n{}.fi\n", lines.collect::<String>()));
    }
    text.push_str(".SH \"SEE ALSO\"\n.BR zmgr (8),\n.BR zmgr.kdl (5)\n");
    let below = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
        .flat_map(pages);
    std::iter::once((name, filled(&text).into_bytes())).chain(below).collect()
}

/// Replaces the synopsis, in which clap_mangen lists all options in no order, by the usage line of `--help`.
fn with_synopsis(page: &str, command: &clap::Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let words = usage.trim_start_matches("Usage:").trim();
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let arguments = plain(words.strip_prefix(name).unwrap_or(words).trim()).replace('<', "\\fI").replace('>', "\\fR");
    let Some((before, rest)) = page.split_once(".SH SYNOPSIS\n") else { return page.to_owned() };
    let after = rest.split_once(".SH DESCRIPTION\n").map_or(rest, |(_, after)| after);
    format!("{before}.SH SYNOPSIS\n.B {}\n{arguments}\n.SH DESCRIPTION\n{after}", plain(name))
}

/// Breaks long lines of text between words, removes blanks at their ends, and paragraph macros that have no effect.
fn filled(page: &str) -> String {
    let mut out = String::new();
    let (mut verbatim, mut paragraph, mut fresh) = (false, false, true);
    // clap_mangen separates paragraphs by a break, an empty line and another break.
    let page = page.replace("\n.br\n\n.br\n", "\n.sp\n");
    for line in page.lines().map(str::trim_end) {
        let request = line.split(' ').next().unwrap_or_default();
        match request {
            ".PP" if !verbatim => {
                paragraph = true;
                continue;
            }
            ".nf" | ".EX" => verbatim = true,
            ".fi" | ".EE" => verbatim = false,
            _ => {}
        }
        let heading = matches!(request, ".SH" | ".SS" | ".TH");
        if paragraph && !fresh && !heading && !matches!(request, ".IP" | ".TP") {
            out.push_str(".PP\n");
        }
        (paragraph, fresh) = (false, heading);
        if verbatim || line.starts_with('.') {
            out.push_str(&format!("{line}\n"));
        } else {
            out.push_str(&broken(line));
        }
    }
    out
}

/// Breaks a line of text between words.
fn broken(line: &str) -> String {
    let mut out = String::new();
    // mandoc counts other characters by their names, such as `\[u2026]`.
    let width = |word: &str| word.chars().map(|c| if c.is_ascii() { 1 } else { 8 }).sum::<usize>();
    let mut length = 0;
    for word in line.split(' ') {
        // A full stop or an apostrophe at the beginning of a line would be a request.
        let guard = if word.starts_with(['.', '\'']) { "\\&" } else { "" };
        match length {
            0 => out.push_str(word),
            _ if length + 1 + width(word) > LINE => {
                out.push_str(&format!("\n{guard}{word}"));
                length = 0;
            }
            _ => out.push_str(&format!(" {word}")),
        }
        length += width(word) + 1;
    }
    out.push('\n');
    out
}

/// Formats the configuration reference as a man page. Supports only the Markdown that the reference uses: headings, flat lists,
/// code blocks, paragraphs and backticks.
fn format(reference: &str) -> String {
    let mut page = format!(
        ".TH ZMGR.KDL 5 \"{DATE}\" \"{SOURCE}\" \"File Formats\"\n.SH NAME\nzmgr.kdl \\- configuration files of zmgr\n.SH DESCRIPTION\n"
    );
    let mut code = false;
    for line in reference.lines() {
        if line.starts_with("```") {
            page.push_str(if code { ".EE\n.RE\n" } else { ".RS\n.EX\n" });
            code = !code;
        } else if code {
            page.push_str(&format!("{}\n", plain(line)));
        } else if let Some(title) = line.strip_prefix("### ") {
            page.push_str(&format!(".SS \"{}\"\n", plain(&title.replace('`', "")).replace('"', "\\(dq")));
        } else if let Some(title) = line.strip_prefix("## ") {
            page.push_str(&format!(".SH \"{}\"\n", plain(&title.replace('`', "")).replace('"', "\\(dq")));
        } else if line.starts_with("# ") {
            // The NAME section replaces the title.
        } else if let Some(item) = line.strip_prefix("- ") {
            page.push_str(&format!(".IP \\(bu 2\n{}\n", words(item)));
        } else if line.is_empty() {
            page.push_str(".PP\n");
        } else {
            page.push_str(&format!("{}\n", words(line)));
        }
    }
    page.push_str(".SH \"SEE ALSO\"\n.BR zmgr (8),\n.BR zonecfg (8)\n");
    filled(&page)
}

/// Escapes text for roff.
fn plain(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

/// Escapes text for roff and sets words in backticks in bold.
fn words(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in plain(text).split('`').enumerate() {
        if n > 0 {
            out.push_str(if n % 2 == 1 { "\\fB" } else { "\\fR" });
        }
        out.push_str(part);
    }
    out
}
