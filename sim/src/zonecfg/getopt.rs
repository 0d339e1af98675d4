//! The options of commands, read as illumos's getopt reads them from the first word on.
//!
//! [source: getopt.c of libc; recorded: create-*, options-*]

/// An option that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Option(u8),
    WithValue(u8, Vec<u8>),
    /// An unknown option, or `-?` itself.
    Bad(u8),
    /// An option without the value that it needs.
    NoValue(u8),
}

/// Options parsed from a command line.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) found: Vec<Found>,
    /// Number of words that were options and their values.
    pub(super) words: usize,
}

/// Reads `words`; the letters of `known` are the options, with a colon after those that take a value.
pub(super) fn read(words: &[Vec<u8>], known: &str) -> Options {
    let mut options = Options { found: Vec::new(), words: 0 };
    while let Some(word) = words.get(options.words) {
        if word.len() < 2 || word[0] != b'-' {
            break;
        }
        options.words += 1;
        if word == b"--" {
            break;
        }
        let mut at = 1;
        while at < word.len() {
            let letter = word[at];
            at += 1;
            let place = known.bytes().position(|b| b == letter).filter(|_| letter != b':');
            let Some(place) = place else {
                options.found.push(Found::Bad(letter));
                continue;
            };
            if known.as_bytes().get(place + 1) != Some(&b':') {
                options.found.push(if letter == b'?' { Found::Bad(b'?') } else { Found::Option(letter) });
                continue;
            }
            let value = if at < word.len() {
                Some(word[at..].to_vec())
            } else {
                options.words += 1;
                words.get(options.words - 1).cloned()
            };
            at = word.len();
            match value {
                Some(value) => options.found.push(Found::WithValue(letter, value)),
                None => {
                    options.words = words.len();
                    options.found.push(Found::NoValue(letter));
                }
            }
        }
    }
    options
}

/// Message of getopt itself for this, if it prints one.
pub(super) fn complaint(program: &[u8], found: &Found, known: &str) -> Option<Vec<u8>> {
    let (what, letter) = match found {
        Found::Bad(letter) if !(*letter == b'?' && known.contains('?')) => ("illegal option", letter),
        Found::NoValue(letter) => ("option requires an argument", letter),
        _ => return None,
    };
    Some([program, b": ", what.as_bytes(), b" -- ", &[*letter], b"\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_the_words_after_them() {
        let words: Vec<Vec<u8>> = ["-bF", "-t", "T", "x"].iter().map(|w| w.as_bytes().to_vec()).collect();
        let options = read(&words, "?a:bFt:");
        assert_eq!(options.words, 3);
        assert_eq!(options.found, [Found::Option(b'b'), Found::Option(b'F'), Found::WithValue(b't', b"T".to_vec())]);
        assert_eq!(read(&[b"-a".to_vec()], "?a:").found, [Found::NoValue(b'a')]);
        assert_eq!(read(&[b"-?q".to_vec()], "?").found, [Found::Bad(b'?'), Found::Bad(b'q')]);
    }
}
