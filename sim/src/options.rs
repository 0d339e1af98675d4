//! Options as getopt reads them: clusters of letters, values attached or apart, long names; the first operand ends them.

/// Parsed options.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    options: Vec<(char, String)>,
    pub(crate) operands: Vec<String>,
}

/// An option that the command does not take, as it would be named in a message (`-q`, `--quick`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    Unknown(String),
    Missing(String),
}

/// Parses by a getopt specification (`"pl:"`: `-p`, and `-l` with a value) and the long names of some of its letters.
pub(crate) fn parse(args: &[String], spec: &str, longs: &[(&str, char)]) -> Result<Parsed, Bad> {
    let takes = |letter: char| {
        let mut rest = spec.chars().skip_while(|c| *c != letter);
        (letter != ':' && rest.next().is_some()).then(|| rest.next() == Some(':'))
    };
    let mut parsed = Parsed::default();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let (name, attached) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let Some(&(_, letter)) = longs.iter().find(|(known, _)| *known == name) else {
                return Err(Bad::Unknown(word.clone()));
            };
            let value = match (takes(letter), attached) {
                (Some(true), Some(value)) => value.to_owned(),
                (Some(true), None) => words.next().cloned().ok_or_else(|| Bad::Missing(word.clone()))?,
                _ => String::new(),
            };
            parsed.options.push((letter, value));
            continue;
        }
        let Some(cluster) = word.strip_prefix('-').filter(|cluster| !cluster.is_empty()) else {
            parsed.operands.push(word.clone());
            break;
        };
        for (at, letter) in cluster.char_indices() {
            match takes(letter) {
                None => return Err(Bad::Unknown(format!("-{letter}"))),
                Some(false) => parsed.options.push((letter, String::new())),
                Some(true) => {
                    let attached = &cluster[at + letter.len_utf8()..];
                    let value = if attached.is_empty() { words.next().cloned() } else { Some(attached.to_owned()) };
                    let value = value.ok_or_else(|| Bad::Missing(format!("-{letter}")))?;
                    parsed.options.push((letter, value));
                    break;
                }
            }
        }
    }
    parsed.operands.extend(words.cloned());
    Ok(parsed)
}

impl Parsed {
    pub(crate) fn has(&self, letter: char) -> bool {
        self.options.iter().any(|(known, _)| *known == letter)
    }

    /// The value of the option's last use.
    pub(crate) fn value(&self, letter: char) -> Option<&str> {
        self.options.iter().rev().find(|(known, _)| *known == letter).map(|(_, value)| value.as_str())
    }

    pub(crate) fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.options.iter().filter(move |(known, _)| *known == letter).map(|(_, value)| value.as_str())
    }

    /// The options in the order given.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (char, &str)> {
        self.options.iter().map(|(letter, value)| (*letter, value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Bad, parse};

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn clusters_values_and_operands() {
        let parsed = parse(&words("-po link,over --link=e0 v0 -x"), "po:l:", &[("link", 'l')]).unwrap();
        assert_eq!(parsed.value('o'), Some("link,over"));
        assert_eq!(parsed.value('l'), Some("e0"));
        assert!(parsed.has('p'));
        assert_eq!(parsed.operands, ["v0", "-x"]);
    }

    #[test]
    fn bad_options() {
        assert_eq!(parse(&words("-q"), "p", &[]).unwrap_err(), Bad::Unknown("-q".into()));
        assert_eq!(parse(&words("-p -l"), "pl:", &[]).unwrap_err(), Bad::Missing("-l".into()));
        assert_eq!(parse(&words("-:"), "pl:", &[]).unwrap_err(), Bad::Unknown("-:".into()));
    }
}
