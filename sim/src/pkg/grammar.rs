//! Options as pkg reads them: Python's getopt, then each option counted by how often it may come. [misc.py: opts_parse]

/// Form in which an option is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// No value, once.
    Flag,
    /// No value, any number of times.
    Count,
    /// A value, once.
    Value,
    /// A value, any number of times.
    Values,
}

/// An option: its letter, if it has one, its long name, if it has one, and how it is given.
pub(super) type Spec = (&'static str, &'static str, Takes);

/// Options and operands of a subcommand.
#[derive(Debug, Default)]
pub(super) struct Given {
    options: Vec<(Spec, String)>,
    pub(super) operands: Vec<String>,
}

/// The name of an option in messages.
pub(super) fn label(spec: Spec) -> String {
    match spec {
        (letter, "", _) => format!("-{letter}"),
        ("", long, _) => format!("--{long}"),
        (letter, long, _) => format!("-{letter}/--{long}"),
    }
}

/// Parses by the table; an error is the text after `pkg SUBCOMMAND: `.
pub(super) fn parse(args: &[String], table: &[Spec]) -> Result<Given, String> {
    let given = getopt(args, table).map_err(|option| format!("illegal option -- {option}"))?;
    for (at, (spec, _)) in given.options.iter().enumerate() {
        let once = matches!(spec.2, Takes::Flag | Takes::Value);
        if once && given.options[..at].iter().any(|(before, _)| before == spec) {
            // [recorded: omnios-order-020]
            return Err(format!("Option '{}' may not be repeated.", label(*spec)));
        }
    }
    Ok(given)
}

/// An error is the option as Python's GetoptError names it.
fn getopt(args: &[String], table: &[Spec]) -> Result<Given, String> {
    let mut given = Given::default();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let (name, attached) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let spec = find_long(name, table)?;
            let takes_value = matches!(spec.2, Takes::Value | Takes::Values);
            let value = match (takes_value, attached) {
                (true, Some(value)) => value.to_owned(),
                (true, None) => words.next().cloned().ok_or_else(|| spec.1.to_owned())?,
                (false, None) => String::new(),
                // [recorded: omnios-usage-023]
                (false, Some(_)) => return Err(spec.1.to_owned()),
            };
            given.options.push((spec, value));
            continue;
        }
        let Some(cluster) = word.strip_prefix('-').filter(|cluster| !cluster.is_empty()) else {
            // The first operand ends the options. [recorded: omnios-usage-027]
            given.operands.push(word.clone());
            break;
        };
        for (at, letter) in cluster.char_indices() {
            let is_it = |spec: &&Spec| spec.0.chars().eq([letter]);
            let spec = *table.iter().find(is_it).ok_or_else(|| letter.to_string())?;
            if matches!(spec.2, Takes::Flag | Takes::Count) {
                given.options.push((spec, String::new()));
                continue;
            }
            let attached = &cluster[at + letter.len_utf8()..];
            let value = if attached.is_empty() { words.next().cloned() } else { Some(attached.to_owned()) };
            given.options.push((spec, value.ok_or_else(|| letter.to_string())?));
            break;
        }
    }
    given.operands.extend(words.cloned());
    Ok(given)
}

/// The option of this long name, or the only one whose name begins so. [recorded: omnios-usage-024, -026]
fn find_long(name: &str, table: &[Spec]) -> Result<Spec, String> {
    let mut begin = table.iter().filter(|(_, long, _)| !long.is_empty() && long.starts_with(name));
    let exact = table.iter().find(|(_, long, _)| !long.is_empty() && *long == name);
    match (exact, begin.next(), begin.next()) {
        (Some(spec), ..) | (None, Some(spec), None) => Ok(*spec),
        _ => Err(name.to_owned()),
    }
}

impl Given {
    /// Operands alone.
    pub(super) fn of(operands: &[String]) -> Given {
        Given { options: Vec::new(), operands: operands.to_vec() }
    }

    /// Says whether the option was given: by its long name, or its letter if it has no long one. Python takes an empty value of
    /// an option with one value as none. [source: options.py of pkg5]
    pub(super) fn has(&self, name: &str) -> bool {
        self.given(name).any(|(spec, value)| spec.2 != Takes::Value || !value.is_empty())
    }

    /// The value, unless it is empty: Python takes an empty text as none.
    pub(super) fn value<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next().filter(|value| !value.is_empty())
    }

    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.given(name).map(|(_, value)| value.as_str())
    }

    fn given<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a (Spec, String)> {
        let is_it = move |spec: Spec| if spec.1.is_empty() { spec.0 == name } else { spec.1 == name };
        self.options.iter().filter(move |(spec, _)| is_it(*spec))
    }
}

#[cfg(test)]
mod tests {
    use super::{Takes, parse};

    const TABLE: &[(&str, &str, Takes)] = &[
        ("g", "add-origin", Takes::Values),
        ("P", "search-first", Takes::Flag),
        ("", "search-after", Takes::Value),
        ("p", "", Takes::Value),
    ];

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn clusters_abbreviations_and_operands() {
        let given = parse(&words("-Pgx --add=y --search-a z name -P"), TABLE).unwrap();
        assert_eq!(given.values("add-origin").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(given.value("search-after"), Some("z"));
        assert_eq!(given.operands, ["name", "-P"]);
    }

    #[test]
    fn refused_options() {
        for (text, fault) in [
            ("--search", "illegal option -- search"),
            ("-P -P", "Option '-P/--search-first' may not be repeated."),
            ("-p a -p b", "Option '-p' may not be repeated."),
            ("--search-first=1", "illegal option -- search-first"),
            ("-g", "illegal option -- g"),
            ("-:", "illegal option -- :"),
        ] {
            assert_eq!(parse(&words(text), TABLE).unwrap_err(), fault, "{text}");
        }
    }
}
