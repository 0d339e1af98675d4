//! Syntax of the names of ZFS datasets.
//!
//! [source: validate_ds_name of libzonecfg.c; recorded: dataset-*]

/// Returns true if a file system can have this name.
pub(super) fn is_name(name: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b' ' | b'%');
    name.len() < 256 && name.split(|b| *b == b'/').all(|part| !part.is_empty() && part.iter().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["rpool", "rpool/a b", "rpool/a%b", "r/A-_.:9"] {
            assert!(is_name(good.as_bytes()), "{good}");
        }
        for bad in ["", "/rpool", "rpool/", "a//b", "a@b", "a#b", "a*b", "\u{e9}"] {
            assert!(!is_name(bad.as_bytes()), "{bad}");
        }
    }
}
