//! Splits the parsable output of the host's commands into fields.

use std::borrow::Cow;

/// The fields of a line, borrowed from it except for those with escapes.
pub(super) type Fields<'a> = Vec<Cow<'a, str>>;

/// Splits a line of `zoneadm list -p`: `\:` is a colon, a backslash before anything else is itself.
pub(super) fn split_zoneadm(line: &str) -> Fields<'_> {
    split(line, false)
}

/// Splits a line of `dladm … -p -o` or `ipadm … -p -o` with at least two fields: `\:` is a colon, `\\` a backslash.
pub(super) fn split_dladm(line: &str) -> Fields<'_> {
    split(line, true)
}

fn split(line: &str, escaped_backslash: bool) -> Fields<'_> {
    let (mut fields, bytes) = (Vec::with_capacity(8), line.as_bytes());
    // The field up to its last escape, if it has one, and the start of the rest of it.
    let (mut unescaped, mut start) = (None, 0);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let is_escaped = |next: &u8| *next == b':' || escaped_backslash && *next == b'\\';
        match byte {
            b':' => {
                fields.push(joined(unescaped.take(), &line[start..at]));
                start = at + 1;
            }
            b'\\' if bytes.get(at + 1).is_some_and(is_escaped) => {
                unescaped.get_or_insert_with(String::new).push_str(&line[start..at]);
                // What is escaped belongs to the rest, whatever it is.
                at += 1;
                start = at;
            }
            _ => {}
        }
        at += 1;
    }
    fields.push(joined(unescaped, &line[start..]));
    fields
}

fn joined(start: Option<String>, rest: &str) -> Cow<'_, str> {
    match start {
        None => Cow::Borrowed(rest),
        Some(start) => Cow::Owned(start + rest),
    }
}

/// Returns the fields of each line that is not blank, if there are at least `wanted` of them; otherwise the short line.
pub(super) fn lines(
    text: &str,
    wanted: usize,
    split: fn(&str) -> Fields<'_>,
) -> impl Iterator<Item = std::result::Result<Fields<'_>, &str>> {
    text.lines().filter(|line| !line.trim().is_empty()).map(move |line| {
        let fields = split(line);
        if fields.len() < wanted { Err(line) } else { Ok(fields) }
    })
}

/// Splits at tabs, the format of `zfs list -H` and `pkg publisher -F tsv`.
pub(super) fn split_tabs(line: &str) -> Fields<'_> {
    line.split('\t').map(Cow::Borrowed).collect()
}

/// Splits at semicolons, as `beadm list -H` writes.
pub(super) fn split_semicolons(line: &str) -> Fields<'_> {
    line.split(';').map(Cow::Borrowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes() {
        assert_eq!(split_zoneadm(r"-:a:/x\:y:"), ["-", "a", "/x:y", ""]);
        assert_eq!(split_zoneadm(r"/a\\b:c"), [r"/a\\b", "c"]);
        assert_eq!(split_dladm(r"v0:2\:8\:20:a\\b\"), ["v0", "2:8:20", r"a\b\"]);
        assert_eq!(split_dladm(""), [""]);
    }

    proptest! {
        #[test]
        fn undoes_the_escaping(fields in prop::collection::vec(r"[a-z:\\]{0,6}", 1..6)) {
            let line: Vec<String> = fields.iter().map(|f| f.replace('\\', r"\\").replace(':', r"\:")).collect();
            let line = line.join(":");
            prop_assert_eq!(split_dladm(&line), fields);
        }
    }
}
