//! Options as illumos' getopt_long reads them: clusters of letters, values attached or apart, long names and their unique
//! beginnings, and operands before options [options-after-operand].

use std::collections::VecDeque;

/// One thing that the command line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word {
    Option(char, String),
    /// An option without the value that it needs.
    Missing(char),
    /// An option that the command does not know. Long ones are reported as a NUL byte [usage-show-vnic-long].
    Unknown(char),
}

/// A long option: its name, its letter, and whether it takes a value.
pub(super) type Long = (&'static str, char, bool);

/// Reads up to the first option that is wrong: what stands before it is acted on first.
pub(super) fn read(args: &[String], spec: &str, longs: &[Long]) -> (Vec<Word>, Vec<String>) {
    // Without the colon a missing value counts as an unknown option.
    let missing = |letter| if spec.starts_with(':') { Word::Missing(letter) } else { Word::Unknown(letter) };
    let takes = |letter: char| {
        let mut rest = spec.chars().skip_while(|c| *c != letter);
        (letter != ':' && rest.next().is_some()).then(|| rest.next() == Some(':'))
    };
    let mut words = Vec::new();
    let mut operands = Vec::new();
    let mut rest: VecDeque<&String> = args.iter().collect();
    while let Some(arg) = rest.pop_front() {
        if arg == "--" {
            operands.extend(rest.into_iter().cloned());
            break;
        }
        if let Some(text) = arg.strip_prefix("--") {
            let (name, attached) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
            let Some((_, letter, valued)) = long(longs, name) else {
                words.push(Word::Unknown('\0'));
                break;
            };
            let value = match (valued, attached) {
                (true, Some(value)) => Some(value.to_owned()),
                (true, None) => rest.pop_front().cloned(),
                (false, None) => Some(String::new()),
                (false, Some(_)) => None,
            };
            match value {
                Some(value) if takes(letter).is_some() => words.push(Word::Option(letter, value)),
                Some(_) => words.push(Word::Unknown('\0')),
                None => words.push(missing(letter)),
            }
        } else if let Some(cluster) = arg.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
            for (at, letter) in cluster.char_indices() {
                match takes(letter) {
                    None => words.push(Word::Unknown(letter)),
                    Some(false) => words.push(Word::Option(letter, String::new())),
                    Some(true) => {
                        let attached = &cluster[at + letter.len_utf8()..];
                        let value = if attached.is_empty() { rest.pop_front().cloned() } else { Some(attached.into()) };
                        words.push(value.map_or_else(|| missing(letter), |value| Word::Option(letter, value)));
                        break;
                    }
                }
                if matches!(words.last(), Some(Word::Unknown(_))) {
                    break;
                }
            }
        } else {
            operands.push(arg.clone());
        }
        if matches!(words.last(), Some(Word::Unknown(_) | Word::Missing(_))) {
            break;
        }
    }
    (words, operands)
}

/// The long option of that name, or the only one whose name begins so.
fn long(longs: &[Long], name: &str) -> Option<Long> {
    if let Some(exact) = longs.iter().find(|(known, ..)| *known == name) {
        return Some(*exact);
    }
    let mut begun = longs.iter().filter(|(known, ..)| known.starts_with(name));
    let first = begun.next()?;
    begun.all(|other| (other.1, other.2) == (first.1, first.2)).then_some(*first)
}

#[cfg(test)]
mod tests {
    use super::{Word, read};

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn options_before_and_after_operands() {
        let (options, operands) = read(&words("v1 -tl net0 --root=/a -- -x"), ":tl:R:", &[("root-dir", 'R', true)]);
        assert_eq!(
            options,
            [Word::Option('t', String::new()), Word::Option('l', "net0".into()), Word::Option('R', "/a".into())]
        );
        assert_eq!(operands, ["v1", "-x"]);
    }

    #[test]
    fn what_stands_before_a_wrong_option_is_kept() {
        assert_eq!(read(&words("-t -Q -l"), ":tl:", &[]).0, [Word::Option('t', String::new()), Word::Unknown('Q')]);
        assert_eq!(read(&words("-l"), ":tl:", &[]).0, [Word::Missing('l')]);
        assert_eq!(read(&words("-R"), "tR:", &[]).0, [Word::Unknown('R')]);
        assert_eq!(read(&words("--frob"), ":tl:", &[]).0, [Word::Unknown('\0')]);
        assert_eq!(read(&words("--temporary=x"), ":t", &[("temporary", 't', false)]).0, [Word::Missing('t')]);
    }
}
