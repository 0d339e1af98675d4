//! Values of properties: how libdladm parses and prints them.

use std::net::IpAddr;

use super::mac;
use super::status::Fault;

/// Bits per second that a limit has at least.
const LEAST_BANDWIDTH: u64 = 1_200_000;
/// Processors of the host.
const CPUS: u32 = 4;
/// Addresses or client ids in one list.
const MOST: usize = 32;
/// Modules of `autopush`, and the length of a module's name.
const MODULES: usize = 8;
const MODULE_NAME: usize = 8;

/// The number at the beginning of a text, as `strtoul` reads it with base 0, and what follows it.
pub(super) fn leading_number(text: &str) -> (u64, &str) {
    let trimmed = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let (negative, digits) = match trimmed.as_bytes().first() {
        Some(b'-') => (true, &trimmed[1..]),
        Some(b'+') => (false, &trimmed[1..]),
        _ => (false, trimmed),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (base, body) = match hex.filter(|rest| rest.starts_with(|c: char| c.is_ascii_hexdigit())) {
        Some(rest) => (16, rest),
        None if digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let end = body.find(|c: char| !c.is_digit(base)).unwrap_or(body.len());
    if end == 0 {
        return (0, text);
    }
    let number = u64::from_str_radix(&body[..end], base).unwrap_or(u64::MAX);
    (if negative { number.wrapping_neg() } else { number }, &body[end..])
}

/// A whole number in decimal as `strtol` reads it, with nothing after it.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    let trimmed = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    match trimmed {
        "" => Some(0),
        digits => digits.parse().ok(),
    }
}

/// Bits per second [set-maxbw-3, set-maxbw-5, set-maxbw-9, set-maxbw-11].
pub(super) fn bandwidth(text: &str) -> Result<u64, Fault> {
    let trimmed = text.trim_start_matches([' ', '\t']);
    let digits = trimmed.strip_prefix('-').or_else(|| trimmed.strip_prefix('+')).unwrap_or(trimmed);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if digits.len() - end > 1 {
        return Err(Fault::BadArg);
    }
    let number: u64 = match &digits[..end] {
        "" => 0,
        number => number.parse().map_err(|_| Fault::BadArg)?,
    };
    if trimmed.starts_with('-') && number > 0 {
        return Err(Fault::BadValue);
    }
    let factor = match &digits[end..] {
        "k" | "K" => 1000,
        "" | "m" | "M" => 1_000_000,
        "g" | "G" => 1_000_000_000,
        "%" => return Err(Fault::NotSupported),
        _ => return Err(Fault::BadArg),
    };
    let bits = number.checked_mul(factor).ok_or(Fault::BadArg)?;
    if bits != 0 && bits < LEAST_BANDWIDTH { Err(Fault::MinimumBandwidth) } else { Ok(bits) }
}

/// Megabits in five places, and the thousandths when there are any. The number is cut to 32 bits [set-maxbw-10].
pub(super) fn show_bandwidth(bits: u64) -> String {
    let (mega, kilo) = ((bits / 1_000_000) as u32, bits % 1_000_000 / 1000);
    if kilo == 0 { format!("{mega:5}") } else { format!("{mega:5}.{kilo:03}") }
}

/// Processors and ranges of them, sorted, as ranges.
pub(super) fn cpus(values: &[String]) -> Result<String, Fault> {
    let mut found: Vec<u32> = Vec::new();
    for value in values {
        let (first, last) = value.split_once('-').unwrap_or((value, value));
        let number = |text: &str| text.parse::<u32>().map_err(|_| Fault::BadRange);
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(Fault::BadRange);
        }
        if last >= CPUS {
            return Err(Fault::NoSuchCpu);
        }
        found.extend(first..=last);
    }
    found.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for cpu in found {
        match ranges.last_mut() {
            Some((_, last)) if *last == cpu => return Err(Fault::BadValue),
            Some((_, last)) if *last + 1 == cpu => *last = cpu,
            _ => ranges.push((cpu, cpu)),
        }
    }
    let shown = ranges.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") });
    Ok(shown.collect::<Vec<_>>().join(","))
}

/// Addresses with their prefixes. One with a prefix must have no bits behind it [set-allowed-ips-2, set-allowed-ips-14].
pub(super) fn addresses(values: &[String]) -> Result<Vec<String>, Fault> {
    if values.len() > MOST {
        return Err(Fault::BadValueCount);
    }
    let mut found: Vec<String> = Vec::new();
    for value in values {
        let (address, prefix) = value.split_once('/').map_or((value.as_str(), None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| Fault::InvalidIp)?;
        let (bits, width) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32u32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let prefix = match prefix {
            None => width,
            Some(text) => text.parse().ok().filter(|prefix| (1..=width).contains(prefix)).ok_or(Fault::InvalidIp)?,
        };
        let behind = bits & ((1 << (width - prefix)) - 1);
        if bits == 0 || behind != 0 {
            return Err(Fault::InvalidIp);
        }
        found.push(format!("{address}/{prefix}"));
    }
    Ok(found)
}

/// DHCP client ids: hexadecimal after `0x`, else the text itself.
pub(super) fn client_ids(values: &[String]) -> Result<Vec<String>, Fault> {
    if values.len() > MOST {
        return Err(Fault::BadValueCount);
    }
    let id = |value: &String| {
        let digits = value.trim_start_matches(|c: char| c.is_ascii_digit());
        if digits.len() < value.len() && digits.starts_with('.') {
            return Err(Fault::NotSimulated);
        }
        match value.get(..2).filter(|head| head.eq_ignore_ascii_case("0x") && value.len() > 2) {
            Some(_) => {
                let hex = &value[2..];
                let valid = hex.len().is_multiple_of(2) && hex.bytes().all(|c| c.is_ascii_hexdigit());
                if valid { Ok(format!("0x{}", hex.to_ascii_uppercase())) } else { Err(Fault::BadArg) }
            }
            None => Ok(value.clone()),
        }
    };
    values.iter().map(id).collect()
}

/// MAC addresses of a VNIC beside its own.
pub(super) fn secondary_macs(values: &[String]) -> Result<String, Fault> {
    if values.len() > MOST {
        return Err(Fault::BadValueCount);
    }
    let read = |value: &String| mac::Mac::parse(value).map(|mac| mac.to_string()).ok_or(Fault::InvalidMac);
    Ok(values.iter().map(read).collect::<Result<Vec<_>, _>>()?.join(","))
}

/// STREAMS modules: names of up to eight letters with dots between them, one anchor after at least one module
/// [set-autopush-2].
pub(super) fn autopush(value: &str) -> Result<String, Fault> {
    const ANCHOR: &str = "[anchor]";
    let (mut modules, mut anchored) = (0, false);
    let mut shown: Vec<&str> = Vec::new();
    for module in value.split([' ', '.', '\n']).filter(|module| !module.is_empty()) {
        if module.len() > MODULE_NAME {
            return Err(Fault::BadValue);
        }
        if module.eq_ignore_ascii_case(ANCHOR) {
            if anchored || modules == 0 {
                return Err(Fault::BadValue);
            }
            anchored = true;
            shown.push(ANCHOR);
        } else {
            if modules == MODULES {
                return Err(Fault::BadValueCount);
            }
            modules += 1;
            shown.push(module);
        }
    }
    Ok(shown.join("."))
}

#[cfg(test)]
mod tests {
    use super::{addresses, bandwidth, cpus, leading_number, show_bandwidth};
    use crate::dladm::status::Fault;

    fn list(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        for (text, number) in [("1400", 1400), ("0x500", 1280), ("1e3", 1), ("abc", 0), ("010", 8), (" 7", 7), ("", 0)]
        {
            assert_eq!(leading_number(text).0, number, "{text}");
        }
        assert_eq!(leading_number("-1").0, u64::MAX);
        assert_eq!(leading_number("0x").1, "x");
    }

    #[test]
    fn bandwidths() {
        assert_eq!(bandwidth("1200K"), Ok(1_200_000));
        assert_eq!(show_bandwidth(1_200_000), "    1.200");
        assert_eq!(show_bandwidth(bandwidth("100").unwrap()), "  100");
        for (text, fault) in [
            ("1199K", Fault::MinimumBandwidth),
            ("1.5G", Fault::BadArg),
            ("abc", Fault::BadArg),
            ("5%", Fault::NotSupported),
            ("-1", Fault::BadValue),
        ] {
            assert_eq!(bandwidth(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn addresses_and_prefixes() {
        assert_eq!(
            addresses(&list("10.0.0.1 10.0.1.0/24 2001:db8::1")).unwrap(),
            ["10.0.0.1/32", "10.0.1.0/24", "2001:db8::1/128"]
        );
        for bad in ["10.0.0.1/24", "10.0.0.1/0", "10.0.0.1/33", "0.0.0.0", "::", "x", "2001:db8::1/64"] {
            assert_eq!(addresses(&list(bad)), Err(Fault::InvalidIp), "{bad}");
        }
    }

    #[test]
    fn processors() {
        assert_eq!(cpus(&list("0 1 3")).unwrap(), "0-1,3");
        assert_eq!(cpus(&list("9")), Err(Fault::NoSuchCpu));
        assert_eq!(cpus(&list("x")), Err(Fault::BadRange));
        assert_eq!(cpus(&list("0 0")), Err(Fault::BadValue));
    }
}
