//! Options as illumos' getopt(3C) reads them from a subcommand's words. Its messages begin with the first word it is given,
//! which for a subcommand is an option itself. [recorded: bootargs-nodash-m-bad]

use crate::session::Session;

/// Reader of the options of one command line.
#[derive(Debug)]
pub(super) struct Getopt<'a> {
    words: &'a [String],
    spec: &'a str,
    /// Prefix of messages; silent without one.
    name: Option<String>,
    /// Index of the first word that has not been read: the first operand once all options are read.
    pub(super) next: usize,
    /// Place within a word of several letters.
    at: usize,
}

/// An option: the letter that was found (`?` if it is unknown or lacks its value), the letter as written, the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opt {
    pub(super) letter: char,
    pub(super) written: char,
    pub(super) value: Option<String>,
}

impl<'a> Getopt<'a> {
    /// Reads options; prints a message for unknown ones.
    pub(super) fn new(words: &'a [String], spec: &'a str) -> Getopt<'a> {
        Getopt { words, spec, name: words.first().cloned(), next: 0, at: 1 }
    }

    /// Reads options; leaves unknown ones to a brand's hook.
    pub(super) fn quiet(words: &'a [String], spec: &'a str) -> Getopt<'a> {
        Getopt { name: None, ..Getopt::new(words, spec) }
    }

    /// Reads the options of a program of this name.
    pub(super) fn of_program(name: &str, words: &'a [String], spec: &'a str) -> Getopt<'a> {
        Getopt { name: Some(name.to_owned()), ..Getopt::new(words, spec) }
    }

    /// The next option.
    pub(super) fn next(&mut self, session: &mut Session<'_, '_>) -> Option<Opt> {
        let word: Vec<char> = self.words.get(self.next)?.chars().collect();
        if self.at == 1 && (word.first() != Some(&'-') || word.len() == 1) {
            return None;
        }
        if self.at == 1 && word == ['-', '-'] {
            self.next += 1;
            return None;
        }
        let letter = word[self.at];
        let long = self.at == 1 && letter == '-';
        let place = self.spec.chars().position(|known| known == letter && letter != ':' && !long);
        let Some(place) = place else {
            self.complain(session, "illegal option", letter);
            self.at += 1;
            if long {
                self.at = word.len();
            }
            self.end_of_word(word.len());
            return Some(Opt { letter: '?', written: letter, value: None });
        };
        if self.spec.chars().nth(place + 1) != Some(':') {
            self.at += 1;
            self.end_of_word(word.len());
            return Some(Opt { letter, written: letter, value: None });
        }
        let attached: String = word[self.at + 1..].iter().collect();
        (self.at, self.next) = (1, self.next + 1);
        if !attached.is_empty() {
            return Some(Opt { letter, written: letter, value: Some(attached) });
        }
        let value = self.words.get(self.next).cloned();
        if value.is_none() {
            self.complain(session, "option requires an argument", letter);
            return Some(Opt { letter: '?', written: letter, value });
        }
        self.next += 1;
        Some(Opt { letter, written: letter, value })
    }

    /// The words after the options.
    pub(super) fn operands(&self) -> &'a [String] {
        &self.words[self.next.min(self.words.len())..]
    }

    fn end_of_word(&mut self, length: usize) {
        if self.at >= length {
            (self.at, self.next) = (1, self.next + 1);
        }
    }

    fn complain(&self, session: &mut Session<'_, '_>, what: &str, letter: char) {
        if let Some(name) = &self.name {
            session.complain(format_args!("{name}: {what} -- {letter}\n"));
        }
    }
}
