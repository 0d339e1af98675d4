//! Splitting of the parsable output of the host's commands into fields.

/// Splits a line of `zoneadm list -p`: `\:` is a colon, a backslash before anything else is itself.
pub(super) fn split_zoneadm(line: &str) -> Vec<String> {
    split(line, false)
}

/// Splits a line of `dladm … -p -o` or `ipadm … -p -o` with two fields or more: `\:` is a colon, `\\` a backslash.
pub(super) fn split_dladm(line: &str) -> Vec<String> {
    split(line, true)
}

fn split(line: &str, escaped_backslash: bool) -> Vec<String> {
    if !line.contains('\\') {
        return line.split(':').map(str::to_owned).collect();
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
    fields
}

/// The fields of each line that is not blank, where there are at least `wanted` of them; else the line that is short.
pub(super) fn lines<F: Fn(&str) -> Vec<String>>(
    text: &str,
    wanted: usize,
    split: F,
) -> impl Iterator<Item = std::result::Result<Vec<String>, &str>> {
    text.lines().filter(|line| !line.trim().is_empty()).map(move |line| {
        let fields = split(line);
        if fields.len() < wanted { Err(line) } else { Ok(fields) }
    })
}

/// Splits at tabs, as `zfs list -H` and `pkg publisher -F tsv` write.
pub(super) fn split_tabs(line: &str) -> Vec<String> {
    line.split('\t').map(str::to_owned).collect()
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
            prop_assert_eq!(split_dladm(&line.join(":")), fields);
        }
    }
}
