//! The options of the brands' scripts, as getopts of their shell (ksh) reads them.

use crate::session::Session;

/// Result of parsing a script's options.
pub(super) enum Options {
    Read(Read),
    /// One is unknown or lacks its value. The shell has complained; the script prints its usage.
    Bad,
    /// `-?` or a long option: the shell prints a usage of its own and ends the script. [recorded: usage-attach-long]
    Help,
}

/// Options and operands.
#[derive(Debug, Default)]
pub(super) struct Read {
    options: Vec<(char, String)>,
    pub(super) operands: Vec<String>,
}

impl Read {
    pub(super) fn has(&self, letter: char) -> bool {
        self.options.iter().any(|(known, _)| *known == letter)
    }

    /// The value of the option's last use.
    pub(super) fn value(&self, letter: char) -> Option<&str> {
        self.options.iter().rev().find(|(known, _)| *known == letter).map(|(_, value)| value.as_str())
    }

    pub(super) fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.options.iter().filter(move |(known, _)| *known == letter).map(|(_, value)| value.as_str())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = char> {
        self.options.iter().map(|(letter, _)| *letter)
    }
}

/// Reads the options of the script at this path.
pub(super) fn options(session: &mut Session<'_, '_>, script: &str, args: &[String], spec: &str) -> Options {
    let mut read = Read::default();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        if word.starts_with("--") {
            super::script::shell_usage(session, script, spec);
            return Options::Help;
        }
        let Some(cluster) = word.strip_prefix('-').filter(|cluster| !cluster.is_empty()) else {
            read.operands.push(word.clone());
            break;
        };
        for (at, letter) in cluster.char_indices() {
            let place = spec.find(letter).filter(|_| letter != ':');
            let Some(place) = place else {
                if letter == '?' {
                    super::script::shell_usage(session, script, spec);
                    return Options::Help;
                }
                session.complain(format_args!("{script}: -{letter}: unknown option\n"));
                return Options::Bad;
            };
            if !spec[place + 1..].starts_with(':') {
                read.options.push((letter, String::new()));
                continue;
            }
            let attached = &cluster[at + letter.len_utf8()..];
            let value = if attached.is_empty() { words.next().cloned() } else { Some(attached.to_owned()) };
            let Some(value) = value else {
                session.complain(format_args!("{script}: -{letter}: argument expected\n"));
                return Options::Bad;
            };
            read.options.push((letter, value));
            break;
        }
    }
    read.operands.extend(words.cloned());
    Options::Read(read)
}
