//! Sizes in bytes and shares of CPUs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number of bytes. It prints with the largest unit that keeps it exact: `2G`, `1536M`, `1000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Size(pub u64);

const UNITS: [(char, u32); 4] = [('T', 40), ('G', 30), ('M', 20), ('K', 10)];

impl Size {
    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, bits) in UNITS {
            if self.0 != 0 && self.0.trailing_zeros() >= bits {
                return write!(f, "{}{unit}", self.0 >> bits);
            }
        }
        self.0.fmt(f)
    }
}

/// Parses a whole number or a decimal fraction with one of the units K, M, G, T (1024 each); without a unit, bytes. The error is a
/// sentence.
impl FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("invalid size {text:?}: expected a number with K, M, G or T, such as \"2G\"");
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let bits = match &text[number.len()..] {
            "" => 0,
            unit if unit.len() == 1 => UNITS
                .iter()
                .find(|(letter, _)| unit.eq_ignore_ascii_case(&letter.to_string()))
                .map(|(_, bits)| *bits)
                .ok_or_else(wrong)?,
            _ => return Err(format!("{} (not KB, MiB or the like)", wrong())),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 || number.ends_with('.') {
            return Err(wrong());
        }
        let large = || format!("the size {text:?} is larger than 2^64 bytes");
        let scale = 10u128.pow(fraction.len() as u32);
        let parts: u128 = format!("{whole}{fraction}").parse().map_err(|_| large())?;
        let scaled = parts.checked_mul(1u128 << bits).ok_or_else(large)?;
        if scaled % scale != 0 {
            return Err(format!("the size {text:?} is not a whole number of bytes"));
        }
        u64::try_from(scaled / scale).map(Size).map_err(|_| large())
    }
}

/// A limit of processor time.
///
/// ```
/// # use zmgr::*;
/// assert_eq!(CappedCpu::new(150).to_string(), "1.5");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CappedCpu {
    /// In hundredths of a processor: 150 is one and a half. At least 1.
    pub hundredths: u32,
}

impl CappedCpu {
    /// Returns a limit in hundredths of a processor.
    pub fn new(hundredths: u32) -> Self {
        CappedCpu { hundredths }
    }
}

/// Returns the number of processors in the format of zonecfg's `ncpus`: `1.5`.
impl fmt::Display for CappedCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.hundredths / 100, self.hundredths % 100);
        match rest {
            0 => write!(f, "{whole}"),
            _ if rest.is_multiple_of(10) => write!(f, "{whole}.{}", rest / 10),
            _ => write!(f, "{whole}.{rest:02}"),
        }
    }
}
