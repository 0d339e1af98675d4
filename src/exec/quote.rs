//! Quotes a word for a POSIX shell: for `zlogin`, whose arguments a shell inside the zone reads, and for display.

/// Returns the word so that a shell reads it back unchanged: bare if possible, otherwise in single quotes.
pub fn posix(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::posix;

    #[test]
    fn words() {
        assert_eq!(posix("a/b.c=1"), "a/b.c=1");
        assert_eq!(posix(""), "''");
        assert_eq!(posix("a b"), "'a b'");
        assert_eq!(posix("it's"), "'it'\\''s'");
        assert_eq!(posix("$(id)"), "'$(id)'");
    }
}
