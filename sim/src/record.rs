//! The small text files in which the machine keeps what illumos keeps in the kernel, in ZFS and in dlmgmtd: a line a
//! fact, `KEY VALUE`, in the order written; a key may come more than once.

use std::fs;
use std::io;
use std::path::Path;

/// Keys and values in order. A value's newlines and backslashes are escaped on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pairs: Vec<(String, String)>,
}

impl Record {
    /// The record in that file; none when there is no such file.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Record>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(Record::parse(&String::from_utf8_lossy(&bytes)))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn parse(text: &str) -> Record {
        let pairs = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(key, value)| (key.to_owned(), unescape(value)))
            .collect();
        Record { pairs }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (key, value) in &self.pairs {
            text.push_str(key);
            text.push(' ');
            text.push_str(&value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r"));
            text.push('\n');
        }
        text
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub(crate) fn push(&mut self, key: &str, value: impl Into<String>) {
        self.pairs.push((key.to_owned(), value.into()));
    }
}

fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Record;

    #[test]
    fn any_value_comes_back() {
        let mut record = Record::default();
        for value in ["", "a b", "a\\n\nb\r", "\\", " lead"] {
            record.push("k", value);
        }
        assert_eq!(Record::parse(&record.text()), record);
    }
}
