//! Numbers as the C library reads them.
//!
//! [source: strtoull, strtod of libc; zonecfg_str_to_bytes, bytes_to_units of zonecfg.c; recorded: cmem-*, ccpu-*, shares-*]

/// Skips the number that starts the text, with blanks and sign before it.
fn skip(text: &[u8]) -> (bool, &[u8]) {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let start = text.iter().position(|b| !blank(b)).unwrap_or(text.len());
    match text[start..].split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, &text[start..]),
    }
}

/// Parses as `strtoull` does: its value (none on overflow, wrapped if negative) and the rest. A text that holds no number
/// is left whole, and reads as 0.
pub(super) fn strtoull(text: &[u8], base: u32) -> (Option<u64>, &[u8]) {
    let (negative, digits) = skip(text);
    let hexadecimal =
        digits.len() > 2 && digits[0] == b'0' && matches!(digits[1], b'x' | b'X') && digits[2].is_ascii_hexdigit();
    let (base, digits) = match base {
        0 if hexadecimal => (16, &digits[2..]),
        16 if hexadecimal => (16, &digits[2..]),
        0 if digits.first() == Some(&b'0') => (8, digits),
        0 => (10, digits),
        base => (base, digits),
    };
    let end = digits.iter().position(|b| !char::from(*b).is_digit(base)).unwrap_or(digits.len());
    if end == 0 {
        return (Some(0), text);
    }
    let value = digits[..end].iter().try_fold(0u64, |value, b| {
        let digit = char::from(*b).to_digit(base)?;
        value.checked_mul(u64::from(base))?.checked_add(u64::from(digit))
    });
    (value.map(|value| if negative { value.wrapping_neg() } else { value }), &digits[end..])
}

/// Parses a whole text as `strtoll` does in base ten: none if something follows, or on overflow. Empty is 0.
pub(super) fn signed(text: &[u8]) -> Option<i64> {
    let (negative, _) = skip(text);
    let (magnitude, rest) = strtoull(text, 10);
    if !rest.is_empty() {
        return None;
    }
    let magnitude = if negative { magnitude?.wrapping_neg() } else { magnitude? };
    let value = i128::from(magnitude);
    i64::try_from(if negative { -value } else { value }).ok()
}

/// A whole decimal number without a minus sign: the library's `valid_uint`. Empty is 0.
pub(super) fn unsigned(text: &[u8]) -> Option<u64> {
    match strtoull(text, 10) {
        (Some(value), b"") if !text.contains(&b'-') => Some(value),
        _ => None,
    }
}

/// Parses as `atoi` does.
pub(super) fn atoi(text: &[u8]) -> i64 {
    let (negative, digits) = skip(text);
    let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    let value =
        digits[..end].iter().fold(0i64, |value, b| value.saturating_mul(10).saturating_add(i64::from(b - b'0')));
    let value = if negative { -value } else { value };
    // An int is what it is put into.
    i64::from(value as i32)
}

/// Parses as `strtod` does: the value and the rest.
pub(super) fn strtod(text: &[u8]) -> (f64, &[u8]) {
    let (negative, body) = skip(text);
    let sign = if negative { -1.0 } else { 1.0 };
    let lower = body.to_ascii_lowercase();
    for (word, value) in [(&b"infinity"[..], f64::INFINITY), (b"inf", f64::INFINITY), (b"nan", f64::NAN)] {
        if lower.starts_with(word) {
            return (sign * value, &body[word.len()..]);
        }
    }
    if lower.starts_with(b"0x")
        && let Some((value, length)) = hexadecimal(&body[2..])
    {
        return (sign * value, &body[2 + length..]);
    }
    let digits = |from: usize| body[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(0);
    let mut end = whole;
    if body.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return (0.0, text);
        }
        end += 1 + fraction;
    }
    if end == 0 {
        return (0.0, text);
    }
    if matches!(body.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(body.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let value = std::str::from_utf8(&body[..end]).ok().and_then(|number| number.parse::<f64>().ok());
    (sign * value.unwrap_or(0.0), &body[end..])
}

fn hexadecimal(body: &[u8]) -> Option<(f64, usize)> {
    let mut value = 0.0;
    let mut scale = 1.0;
    let mut end = 0;
    let mut seen = false;
    let mut point = false;
    for b in body {
        match char::from(*b).to_digit(16) {
            Some(digit) => {
                seen = true;
                value = value * 16.0 + f64::from(digit);
                scale *= if point { 16.0 } else { 1.0 };
            }
            None if *b == b'.' && !point => point = true,
            None => break,
        }
        end += 1;
    }
    if !seen {
        return None;
    }
    value /= scale;
    if matches!(body.get(end), Some(b'p' | b'P')) {
        let rest = &body[end + 1..];
        let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
        let digits = rest[sign..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 {
            let exponent: i32 = std::str::from_utf8(&rest[..sign + digits]).ok()?.parse().unwrap_or(i32::MAX);
            value *= 2f64.powi(exponent);
            end += 1 + sign + digits;
        }
    }
    Some((value, end))
}

/// An amount of memory: a number, with a fraction if need be, and K, M, G or T for powers of 1024.
pub(super) fn bytes(text: &[u8]) -> Option<u64> {
    let (value, unit) = strtod(text);
    if value < 0.0 {
        return None;
    }
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let unit = &unit[unit.iter().position(|b| !blank(b)).unwrap_or(unit.len())..];
    let scale = match unit.to_ascii_uppercase().as_slice() {
        b"" => 1,
        b"K" => 1 << 10,
        b"M" => 1 << 20,
        b"G" => 1 << 30,
        b"T" => 1u64 << 40,
        _ => return None,
    };
    // Whole numbers keep every digit, as they do in the library's wider floating point.
    match strtoull(text, 10) {
        (Some(whole), rest) if rest.len() == strtod(text).1.len() => Some(whole.saturating_mul(scale)),
        _ => Some((value * scale as f64) as u64),
    }
}

/// The amount in the largest unit that leaves at least one of it, with one decimal below ten where it is not whole.
pub(super) fn in_units(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut value = bytes;
    let mut before = 0;
    let mut units = "BKMGT".chars();
    let mut unit = units.next().unwrap_or('B');
    while value >= 1024 && unit != 'T' {
        unit = units.next().unwrap_or('T');
        before = value;
        value = (value + 512) >> 10;
    }
    if before % 1024 != 0 && before >> 10 < 10 {
        format!("{:.1}{unit}", before as f32 / 1024.0)
    } else {
        format!("{value}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_the_c_library_reads_them() {
        assert_eq!(strtoull(b"0x1F!", 0), (Some(31), &b"!"[..]));
        assert_eq!(strtoull(b"017", 0), (Some(15), &b""[..]));
        assert_eq!(strtoull(b"18446744073709551616", 10).0, None);
        assert_eq!((unsigned(b""), unsigned(b" 7"), unsigned(b"-7"), unsigned(b"7 ")), (Some(0), Some(7), None, None));
        assert_eq!((signed(b"-9223372036854775808"), signed(b"9223372036854775808")), (Some(i64::MIN), None));
        assert_eq!(strtod(b"1.5e1x"), (15.0, &b"x"[..]));
        assert_eq!(strtod(b".").1, b".");
        assert_eq!(atoi(b"24x"), 24);
    }

    #[test]
    fn amounts_of_memory() {
        assert_eq!(bytes(b"1.5g"), Some(3 << 29));
        assert_eq!(bytes(b"9223372036854775807"), Some(i64::MAX as u64));
        assert_eq!((bytes(b"1P"), bytes(b"-1M"), bytes(b"")), (None, None, Some(0)));
        assert_eq!((in_units(1_234_567_890), in_units(1 << 30)), ("1.1G".into(), "1G".into()));
    }
}
