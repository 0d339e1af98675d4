//! Names of packages, and the patterns that name them. [source: fmri.py of pkg5; recorded: kind `packages`]

/// A package pattern's name and version.
pub(super) fn parts(pattern: &str) -> (&str, Option<&str>) {
    let name = pattern.trim_start_matches("pkg:").trim_start_matches('/');
    name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version)))
}

/// Finds out whether a pattern names the package: in full, or by its last components.
pub(super) fn is_named(pattern: &str, package: &str) -> bool {
    let (pattern, _) = parts(pattern);
    package == pattern || package.strip_suffix(pattern).is_some_and(|rest| rest.ends_with('/'))
}
