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
    if !line.contains('\\') {
        // A set of characters is searched byte by byte, which is faster in short fields than a search for a single one.
        let mut fields = Vec::with_capacity(8);
        fields.extend(line.split([':']).map(Cow::Borrowed));
        return fields;
    }
    let mut fields = vec![String::new()];
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        let next = chars.peek().copied();
        let escaped = char == '\\' && (next == Some(':') || escaped_backslash && next == Some('\\'));
        if char == ':' {
            fields.push(String::new());
            continue;
        }
        let char = if escaped { chars.next().unwrap_or(char) } else { char };
        if let Some(field) = fields.last_mut() {
            field.push(char);
        }
    }
    fields.into_iter().map(Cow::Owned).collect()
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
