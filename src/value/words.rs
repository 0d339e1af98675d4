//! Values that are one of a few words.

/// Implements `FromStr` for an enum whose `as_str` returns the word of a variant.
macro_rules! words {
    ($type:ty: $($variant:path),+) => {
        /// Parses its name; the error is a sentence.
        impl FromStr for $type {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                let all = [$($variant),+];
                all.into_iter().find(|each| each.as_str() == word).ok_or_else(|| {
                    let words: Vec<_> = all.iter().map(|each| format!("{:?}", each.as_str())).collect();
                    format!("{word:?} is not one of {}", words.join(", "))
                })
            }
        }
    };
}
pub(crate) use words;
