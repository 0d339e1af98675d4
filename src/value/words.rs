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

/// Defines an enum of which each variant has a word: its name in JSON, for users and for parsing.
macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$item])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// Returns its name, as in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        /// Parses its name; the error is a sentence.
        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|each| each.as_str() == word).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|each| format!("{:?}", each.as_str())).collect();
                    format!("{word:?} is not one of {}", words.join(", "))
                })
            }
        }
    };
}
pub(crate) use word_enum;
