//! Names of packages, and the patterns that name them. [source: fmri.py of pkg5; recorded: kind `packages`]

/// A package pattern's name and version. A publisher before the name is left out.
pub(super) fn parts(pattern: &str) -> (&str, Option<&str>) {
    let name = pattern.strip_prefix("pkg:").unwrap_or(pattern);
    let name = match name.strip_prefix("//") {
        Some(rest) => rest.split_once('/').map_or(rest, |(_, name)| name),
        None => name.trim_start_matches('/'),
    };
    name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version)))
}

/// Finds out whether a pattern names the package: in full, or by its last components.
pub(super) fn is_named(pattern: &str, package: &str) -> bool {
    let (pattern, _) = parts(pattern);
    package == pattern || package.strip_suffix(pattern).is_some_and(|rest| rest.ends_with('/'))
}

/// Finds out whether a pattern, which may have wildcards, names the package.
pub(super) fn matches(pattern: &str, package: &str) -> bool {
    let (name, _) = parts(pattern);
    is_named(pattern, package) || (is_glob(name) && fits(name.as_bytes(), package.as_bytes()))
}

pub(super) fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// As Python's fnmatch, without its sets.
pub(super) fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => fits(rest, text) || (!text.is_empty() && fits(pattern, &text[1..])),
        ([b'?', rest @ ..], [_, text @ ..]) => fits(rest, text),
        ([one, rest @ ..], [other, text @ ..]) => one == other && fits(rest, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{matches, parts};

    #[test]
    fn patterns() {
        assert_eq!(parts("pkg://test.org/web/one@1.0"), ("web/one", Some("1.0")));
        assert_eq!(parts("pkg:/web/one"), ("web/one", None));
        for (pattern, fits) in
            [("web/*", true), ("one", true), ("*ne", true), ("w?b/one", true), ("eb/one", false), ("web", false)]
        {
            assert_eq!(matches(pattern, "web/one"), fits, "{pattern}");
        }
    }
}
