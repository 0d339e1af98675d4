//! Texts with a structure: ranges of addresses, numbers of processors.

use std::net::IpAddr;

use crate::value::CappedCpu;
use crate::value::address::parse_address;

/// `A` or `A-B`, both ends included and of one family.
pub(crate) fn parse_range(text: &str) -> Result<(IpAddr, IpAddr), String> {
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (parse_address(first.trim())?, parse_address(last.trim())?),
        None => {
            let address = parse_address(text)?;
            (address, address)
        }
    };
    ordered(first, last)
}

/// Checks the ends of a range: one family, and in order.
pub(crate) fn ordered(first: IpAddr, last: IpAddr) -> Result<(IpAddr, IpAddr), String> {
    if first.is_ipv4() != last.is_ipv4() {
        return Err(format!("{first} and {last} are of different families"));
    }
    if first > last {
        return Err(format!("the range begins at {first}, after its end {last}"));
    }
    Ok((first, last))
}

/// Parses `1.5` processors into hundredths.
pub(crate) fn parse_cpus(text: &str) -> Result<CappedCpu, String> {
    let wrong = || {
        format!(
            "invalid number of processors {text:?}: expected at least 0.01 with at most two decimals, such as \"1.5\""
        )
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 || whole.len() > 6 {
        return Err(wrong());
    }
    let whole: u32 = whole.parse().map_err(|_| wrong())?;
    let part: u32 = fraction.parse().map_err(|_| wrong())?;
    match whole * 100 + if fraction.len() == 1 { part * 10 } else { part } {
        0 => Err(wrong()),
        hundredths => Ok(CappedCpu::new(hundredths)),
    }
}

/// Parses `2` or `1-4` processors.
pub(crate) fn parse_cpu_range(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("invalid number of processors {text:?}: expected \"2\" or \"1-4\"");
    let number = |part: &str| {
        let plain = !part.is_empty() && part.len() <= 6 && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<u32>().ok()).flatten().filter(|n| *n > 0).ok_or_else(wrong)
    };
    let (min, max) = match text.split_once('-') {
        Some((min, max)) => (number(min)?, number(max)?),
        None => (number(text)?, number(text)?),
    };
    if min <= max { Ok((min, max)) } else { Err(format!("{text:?} begins above its end")) }
}
