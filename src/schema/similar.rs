//! "Did you mean": finds the most similar known word.

/// Largest number of names among which a reference is looked up.
const MAX_REFERENCED: usize = 1000;

/// Returns the name that is most similar to a misspelt reference, as [`did_you_mean`] does for words, or `None` among more than 1,000
/// names: a check may report thousands of references, comparing each with every name would take quadratic time, and among so many names
/// some are always similar.
pub(crate) fn did_you_mean_name<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().take(MAX_REFERENCED + 1).collect();
    if known.len() > MAX_REFERENCED { None } else { did_you_mean(written, known) }
}

/// Returns the known word that is most similar to a misspelt one, if one is similar enough.
pub(crate) fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const MAX_LEN: usize = 64;
    if written.len() > MAX_LEN {
        return None;
    }
    let plain = written.to_lowercase().replace('_', "-");
    let letters = plain.chars().count();
    let limit = match letters {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let known: Vec<&str> = known.into_iter().filter(|word| word.len() <= MAX_LEN).collect();
    known
        .iter()
        .filter(|word| word.chars().count().abs_diff(letters) <= limit)
        .map(|word| (distance(&plain, word), *word))
        // If nearly every letter of a short word differs, it is another word.
        .filter(|(distance, word)| *distance <= limit && *distance * 2 < word.chars().count().max(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
        .or_else(|| abbreviated(&plain, &known))
}

/// Returns the only word that begins with what was written, or of which it is the last part: `capped-memory.physical` for
/// `capped-memory.phys` and for `physical`.
fn abbreviated<'a>(plain: &str, known: &[&'a str]) -> Option<&'a str> {
    const MIN_LEN: usize = 3;
    let is_part = |word: &&str| {
        let before = word.strip_suffix(plain);
        word.starts_with(plain) || before.is_some_and(|before| before.ends_with(['.', '-']))
    };
    let mut found = known.iter().copied().filter(is_part);
    match (found.next(), found.next()) {
        (Some(word), None) if plain.chars().count() >= MIN_LEN => Some(word),
        _ => None,
    }
}

/// Returns the number of letters to add, drop, replace or swap with their neighbour to turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words() {
        let known = ["autoboot", "brand", "net", "capped-memory", "ip-type", "vlan", "mtu"];
        for (written, meant) in [
            ("autobot", Some("autoboot")),
            ("brnad", Some("brand")),
            ("capped_memory", Some("capped-memory")),
            ("IP-Type", Some("ip-type")),
            ("nte", Some("net")),
            ("zzz", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(did_you_mean(written, known), meant, "{written}");
        }
    }

    #[test]
    fn references_are_looked_up_among_a_thousand_names() {
        let names: Vec<String> = (0..=MAX_REFERENCED).map(|n| format!("web-{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(did_you_mean_name("wbe-999", names[..MAX_REFERENCED].iter().copied()), Some("web-999"));
        assert_eq!(did_you_mean_name("wbe-999", names), None);
    }

    #[test]
    fn parts_of_words() {
        let known = ["cpu-shares", "capped-cpu", "capped-memory.physical", "capped-memory.swap", "max-lwps"];
        for (written, meant) in [
            ("capped-memory.phys", Some("capped-memory.physical")),
            ("physical", Some("capped-memory.physical")),
            ("lwps", Some("max-lwps")),
            ("capped", None),
            ("cp", None),
            ("wps", None),
        ] {
            assert_eq!(did_you_mean(written, known), meant, "{written}");
        }
    }

    #[test]
    fn distances() {
        for (a, b, n) in [("", "", 0), ("", "abc", 3), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ä", "a", 1)] {
            assert_eq!((distance(a, b), distance(b, a)), (n, n), "{a} {b}");
        }
    }
}
