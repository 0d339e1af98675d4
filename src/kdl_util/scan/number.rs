//! Numbers, and what a bare word that looks like one may be meant as.

use super::super::Value;

pub(super) type NumberFault = (&'static str, String, &'static str);

/// Returns the number that a word stands for, if it can be kept.
pub(super) fn number(word: &str) -> Result<Value, NumberFault> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let is_negative = word.starts_with('-');
    let signed = |number: i128| Value::Int(if is_negative { -number } else { number });
    let based = |digits: &str, radix: u32| {
        let plain: String = digits.chars().filter(|c| *c != '_').collect();
        let shaped = !digits.starts_with('_') && !plain.is_empty() && plain.chars().all(|c| c.is_digit(radix));
        shaped.then(|| i128::from_str_radix(&plain, radix).ok())
    };
    let too_large =
        || Err(("number-too-large", format!("the number {word} is too large"), "numbers here have at most 38 digits"));
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return match based(digits, radix) {
                Some(Some(number)) => Ok(signed(number)),
                Some(None) => too_large(),
                None => Err(("bad-number", format!("`{word}` is not a number"), "put texts in quotes")),
            };
        }
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit()) && part.bytes().all(|b| b.is_ascii_digit() || b == b'_')
    };
    let shaped = digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    if !shaped {
        let quads = word.split('.').count() == 4 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if quads || word.contains(':') {
            return Err(("bare-address", format!("the address {word} must be in quotes"), "write it as \"…\""));
        }
        let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if !unit.is_empty() && unit.len() <= 3 && unit.chars().all(|c| c.is_ascii_alphabetic()) {
            return Err(("bare-unit", format!("`{word}` is not a number"), "put numbers with a unit in quotes"));
        }
        return Err(("bad-number", format!("`{word}` is not a number"), "put texts in quotes"));
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(("leading-zero", format!("the number {word} has a leading zero"), "leave it out; octal is 0o…"));
    }
    if fraction.is_some() || exponent.is_some() {
        let plain: String = unsigned.chars().filter(|c| *c != '_').collect();
        return match plain.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(if is_negative { -number } else { number })),
            _ => too_large(),
        };
    }
    match based(whole, 10) {
        Some(Some(number)) => Ok(signed(number)),
        _ => too_large(),
    }
}
