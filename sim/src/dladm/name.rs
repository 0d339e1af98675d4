//! The rule for names of links (dladm_valid_linkname).

/// Longest name, in bytes.
pub(crate) const MAX: usize = 31;

/// Returns true if a name is valid: 1 to 31 bytes of letters, digits, `_` and `.`, not beginning with a digit, ending in a number
/// without a leading zero. The number may be of any size [name-vnic-huge2].
pub(crate) fn is_valid(name: &str) -> bool {
    let number = &name[name.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
    name.len() <= MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        && (number == "0" || !number.starts_with('0'))
        && !number.is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn names() {
        for good in ["net0", "web1n10", "web01_0", "a.b1", ".0", "v99999999999", &format!("{}1", "a".repeat(30))] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "net", "0net0", "net01", "web010", "a-b0", "net00", "7", "é1", "net0\u{b2}", &"a1".repeat(16)]
        {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
