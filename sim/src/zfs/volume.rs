//! Sizes of volumes. [source: zfs_nicestrtonum, zfs_create and zfs_nicenum of libzfs]

/// The block size of a volume.
pub(super) const BLOCK: u64 = 8 << 10;

const UNITS: &str = "BKMGTPEZ";

/// Reads a size such as `10G`, `1.5g`, `512kb`, `8192`: what is behind the number is a unit, with a `B` at most after it.
pub(super) fn size(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.to_ascii_uppercase();
    let mut letters = unit.chars();
    let shift = match (letters.next(), letters.next(), letters.next()) {
        (None, ..) => 0,
        (Some('B'), None, _) => 0,
        (Some(letter), None | Some('B'), None) => 10 * UNITS.find(letter).filter(|at| *at > 0)?,
        _ => return None,
    };
    match number.split_once('.') {
        None => number.parse::<u64>().ok()?.checked_mul(1_u64.checked_shl(u32::try_from(shift).ok()?)?),
        Some(_) => {
            let exact = number.parse::<f64>().ok()? * 2_f64.powi(i32::try_from(shift).ok()?);
            (exact < u64::MAX as f64).then_some(exact as u64)
        }
    }
}

/// Why a volume cannot have this size.
pub(super) fn fault_of_size(size: u64) -> Option<&'static str> {
    match size {
        0 => Some("volume size cannot be zero"),
        size if size % BLOCK != 0 => Some("volume size must be a multiple of volume block size"),
        _ => None,
    }
}

/// A size for people: at most five characters, as `1G` or `1.50G`.
pub(super) fn shown(size: u64) -> String {
    let mut index = 0;
    let mut rest = size;
    while rest >= 1024 {
        rest /= 1024;
        index += 1;
    }
    let unit = UNITS.chars().nth(index).filter(|_| index > 0).map(String::from).unwrap_or_default();
    let whole = 1_u64 << (10 * index);
    if size.is_multiple_of(whole) {
        return format!("{rest}{unit}");
    }
    let exact = size as f64 / whole as f64;
    let mut digits = (0..=2).rev().map(|digits| format!("{exact:.digits$}{unit}"));
    digits.clone().find(|text| text.len() <= 5).or(digits.next_back()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, bytes, back) in
            [("1G", 1 << 30, "1G"), ("1.5g", 3 << 29, "1.50G"), ("16kb", 16 << 10, "16K"), ("8192", 8 << 10, "8K")]
        {
            assert_eq!(size(text), Some(bytes), "{text}");
            assert_eq!(shown(bytes), back, "{text}");
        }
        for bad in ["", "x", "G", "1X", "1GG", "1Gbb", "-1", "1.2.3G", "99999999999E"] {
            assert_eq!(size(bad), None, "{bad}");
        }
        assert!(fault_of_size(0).is_some() && fault_of_size(1000).is_some() && fault_of_size(BLOCK).is_none());
    }
}
