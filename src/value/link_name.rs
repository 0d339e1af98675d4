//! Names of VNICs from a pattern, valid for every zone name.
//!
//! Invariant: every name is a valid link name, and two nets never get the same name while `taken` is correct.

use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result};
use crate::value::name::{LinkName, ZoneName};

/// A pattern of VNIC names, such as `{zone}_{index}`.
///
/// It has `{zone}` once and ends in `{index}`, before which a letter, `_` or `.` stands: so the index can be told from a zone's name that ends
/// in a number, and has no zero before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    before: String,
    between: String,
}

/// Number of bytes that the fallback and an index need in addition to the pattern's own letters.
const MAX_OWN_LEN: usize = 31 - 9 - 5;

impl Pattern {
    /// Checks a pattern; the error is a sentence.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let said = |rule: &str| format!("the pattern {pattern:?} {rule}");
        let Some(rest) = pattern.strip_suffix("{index}") else {
            return Err(said("must end in {index}: a link's name ends in a number"));
        };
        let Some((before, between)) = rest.split_once("{zone}") else {
            return Err(said("must contain {zone}, or two zones would get the same name"));
        };
        if let Some(c) =
            [before, between].concat().chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'))
        {
            return Err(match c {
                '{' | '}' => said("may have {zone} and {index} once each and no other placeholder"),
                '-' => said("has a `-`, which is not allowed in the name of a link; use `_`"),
                _ => format!(
                    "the pattern {pattern:?} has {c:?}: the name of a link may have only letters, digits, `_` and `.`"
                ),
            });
        }
        match between.chars().last() {
            None => {
                return Err(said(
                    "needs something between {zone} and {index}: web1 with 0 and web with 10 would both be web10",
                ));
            }
            Some(c) if c.is_ascii_digit() => {
                return Err(said("has a digit before {index}: names would be ambiguous or have a leading zero"));
            }
            Some(_) => {}
        }
        if before.starts_with(|c: char| !c.is_ascii_alphabetic()) {
            return Err(said("does not begin with a letter"));
        }
        if before.len() + between.len() > MAX_OWN_LEN {
            return Err(said("leaves too few of 31 bytes for the zone's name"));
        }
        Ok(Pattern { before: before.to_owned(), between: between.to_owned() })
    }

    /// Returns the name by the pattern, with `-` replaced by `_`; `None` if that is not a valid link name.
    pub(crate) fn plain(&self, zone: &ZoneName, index: u32) -> Option<LinkName> {
        LinkName::new(format!("{}{}{}{index}", self.before, zone.as_str().replace('-', "_"), self.between)).ok()
    }

    /// Returns an unused name: by the pattern, or else `z`, eight hexadecimal digits of the zone's hash, `_`, the index.
    pub(crate) fn choose(&self, zone: &ZoneName, index: u32, mut taken: impl FnMut(&str) -> bool) -> Result<LinkName> {
        self.plain(zone, index)
            .into_iter()
            .chain((0..1000).filter_map(|round| fallback(zone, index, round)))
            .find(|name| !taken(name.as_str()))
            .ok_or_else(|| Error::new(Code::Exists, format!("no name is left for link {index} of zone {zone}")))
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Pattern { before: String::new(), between: "_".to_owned() }
    }
}

/// `z<8 hex>_{index}`; later rounds hash the zone's name with their number, in case hashes collide.
fn fallback(zone: &ZoneName, index: u32, round: u32) -> Option<LinkName> {
    let text = if round == 0 { zone.as_str().to_owned() } else { format!("{zone}\n{round}") };
    let hash = Sha256::digest(text.as_bytes());
    let hex: String = hash.iter().take(4).map(|b| format!("{b:02x}")).collect();
    LinkName::new(format!("z{hex}_{index}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> ZoneName {
        ZoneName::new(name).unwrap()
    }

    #[test]
    fn names_of_odd_zones() {
        let pattern = Pattern::default();
        let name = |z: &str| pattern.choose(&zone(z), 0, |_| false).unwrap().to_string();
        assert_eq!(name("web01"), "web01_0");
        assert_eq!(name("db-prod-1"), "db_prod_1_0");

        assert!(name("1web").starts_with('z') && name("1web").len() == 11);
        assert_eq!(name(&"x".repeat(63)).len(), 11);
        let first = name("db-prod-1");
        let second = pattern.choose(&zone("db_prod_1"), 0, |taken| taken == first).unwrap();
        assert!(second.as_str().starts_with('z'));
        let third = pattern.choose(&zone("db_prod_1"), 0, |taken| taken == first || taken == second.as_str()).unwrap();
        assert_ne!(third, second);
    }

    #[test]
    fn patterns() {
        for good in ["{zone}_{index}", "vn_{zone}.{index}", "{zone}n{index}", "a1{zone}x{index}"] {
            assert!(Pattern::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "{zone}",
            "{index}",
            "{zone}{index}",
            "{zone}_{index}x",
            "{zone}-{index}",
            "_{zone}_{index}",
            "1{zone}_{index}",
            "{zone}_0{index}",
            "{zone}1{index}",
            "{zone}_{zone}_{index}",
            "{zone}_{index}_{index}",
            "{pool}{zone}_{index}",
            "{zone} {index}",
            "abcdefghijklmnopqr{zone}_{index}",
            "ä{zone}_{index}",
        ] {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_zone_gets_a_legal_name(name in "[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", index in 0u32..100_000, pattern in "[A-Za-z][A-Za-z0-9_.]{0,8}") {
            if let Ok(zone) = ZoneName::new(name) {
                let pattern = Pattern::new(&format!("{pattern}{{zone}}_{{index}}")).unwrap();
                let first = pattern.choose(&zone, index, |_| false).unwrap();
                let second = pattern.choose(&zone, index, |taken| taken == first.as_str()).unwrap();
                prop_assert_ne!(&first, &second);
                let number = format!("_{index}");
                prop_assert!(first.as_str().ends_with(&number));
            }
        }

        #[test]
        fn plain_names_of_two_nets_differ(a in "[a-z][a-z0-9]{0,9}", b in "[a-z][a-z0-9]{0,9}", i in 0u32..200, j in 0u32..200) {
            let pattern = Pattern::new("{zone}n{index}").unwrap();
            if let (Ok(za), Ok(zb)) = (ZoneName::new(a), ZoneName::new(b)) && (za != zb || i != j) {
                prop_assert_ne!(pattern.plain(&za, i), pattern.plain(&zb, j));
            }
        }

        #[test]
        fn no_pattern_panics(text in "\\PC{0,40}") {
            let _ = Pattern::new(&text);
        }
    }
}
