//! Link properties that dladm accepts for a VNIC, by dladm's names. A property that is not listed here is left to dladm.

/// Error in a property, and the advice that fixes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) help: String,
}

/// Properties of physical links, bridges and tunnels, which dladm knows and refuses for a VNIC.
const OF_OTHERS: [&str; 14] = [
    "channel",
    "default_tag",
    "duplex",
    "encaplimit",
    "flowctrl",
    "forward",
    "hoplimit",
    "learn_decay",
    "learn_limit",
    "linkmode",
    "powermode",
    "radio",
    "speed",
    "stp",
];
/// Beginnings of the names of more of them.
const OF_OTHERS_BEGIN: [&str; 4] = ["adv_", "en_", "stp_", "_"];
/// Ends of the names of properties that only report.
const READ_ONLY_END: [&str; 2] = ["-effective", "-available"];
/// The least bandwidth in kilobits per second; 0 means no limit.
const LEAST_BANDWIDTH: u64 = 1200;

/// Returns why dladm refuses this property of a VNIC, if it does.
pub(super) fn refusal(name: &str, value: &str) -> Option<Refusal> {
    let refused = |message: String, help: &str| Some(Refusal { message, help: help.to_owned() });
    // dladm takes names in any case.
    let lower = name.to_ascii_lowercase();
    if READ_ONLY_END.iter().any(|end| lower.ends_with(end)) {
        return refused(format!("the link property {name:?} can only be read"), "remove it");
    }
    if OF_OTHERS.contains(&lower.as_str()) || OF_OTHERS_BEGIN.iter().any(|start| lower.starts_with(start)) {
        return refused(format!("a VNIC has no link property {name:?}"), "remove it");
    }
    let values: Vec<&str> = value.split(',').collect();
    if values.contains(&"") {
        return refused(
            format!("the link property {name} has an empty value in {value:?}"),
            "separate values with single commas",
        );
    }
    let help = match lower.as_str() {
        "maxbw" => bandwidth(value).err()?,
        "priority" => one_of(value, &["low", "medium", "high"])?,
        "tagmode" => one_of(value, &["normal", "vlanonly"])?,
        "promisc-filtered" => one_of(value, &["on", "off"])?,
        "rxrings" | "txrings" => {
            let is_number = value.bytes().all(|b| b.is_ascii_digit());
            (!is_number).then_some(())?;
            one_of(value, &["sw", "hw"]).map(|help| format!("{help}, or a number"))?
        }
        "cpus" => processors(&values)?,
        "secondary-macs" => mac_addresses(&values)?,
        _ => return None,
    };
    refused(format!("dladm does not take {value:?} as the link property {name}"), &help)
}

fn one_of(value: &str, words: &[&str]) -> Option<String> {
    let known = words.iter().any(|word| word.eq_ignore_ascii_case(value));
    (!known).then(|| format!("write one of {}", words.join(", ")))
}

/// Kilobits per second: a whole number with `K`, `M` or `G`, megabits without. The error is what to write.
fn bandwidth(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(['K', 'k', 'M', 'm', 'G', 'g']);
    let factor = match &text[digits.len()..] {
        "K" | "k" => 1,
        "" | "M" | "m" => 1000,
        "G" | "g" => 1_000_000,
        _ => return Err("write a whole number with at most one of K, M, G behind it, such as \"100M\"".to_owned()),
    };
    let number: Option<u64> = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    match number.and_then(|number| number.checked_mul(factor)) {
        Some(kilobits) if kilobits == 0 || kilobits >= LEAST_BANDWIDTH => Ok(kilobits),
        Some(_) => Err(format!("write at least \"{LEAST_BANDWIDTH}K\"")),
        None => Err(match fraction(digits, factor) {
            Some(whole) => format!("write \"{whole}\": dladm takes whole numbers only"),
            None => "write a whole number with at most one of K, M, G behind it, such as \"100M\"".to_owned(),
        }),
    }
}

/// Returns a bandwidth with decimals as one without them.
fn fraction(digits: &str, factor: u64) -> Option<String> {
    let (whole, decimals) = digits.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.len() < 10 && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(decimals) {
        return None;
    }
    let scale = 10u64.checked_pow(u32::try_from(decimals.len()).ok()?)?;
    let scaled = whole.parse::<u64>().ok()?.checked_mul(scale)?.checked_add(decimals.parse().ok()?)?;
    let kilobits = scaled.checked_mul(factor)?;
    let kilobits = (kilobits % scale == 0).then_some(kilobits / scale)?.max(LEAST_BANDWIDTH);
    Some(if kilobits % 1000 == 0 { format!("{}M", kilobits / 1000) } else { format!("{kilobits}K") })
}

/// Returns the error in a list of processors and ranges, if there is one.
fn processors(values: &[&str]) -> Option<String> {
    let mut seen: Vec<(u32, u32)> = Vec::new();
    for value in values {
        let (first, last) = value.split_once('-').unwrap_or((value, value));
        let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        let range = number(first).zip(number(last)).filter(|(first, last)| first <= last);
        let Some((first, last)) = range else { return Some("write processors such as \"0,2-3\"".to_owned()) };
        if seen.iter().any(|(low, high)| first <= *high && *low <= last) {
            return Some("name each processor once".to_owned());
        }
        seen.push((first, last));
    }
    None
}

/// Returns the error in a list of unicast MAC addresses, if there is one.
fn mac_addresses(values: &[&str]) -> Option<String> {
    let good = |text: &str| {
        text.parse::<crate::value::address::MacAddr>().is_ok_and(|mac| mac.bytes()[0] & 1 == 0 && mac.bytes() != [0; 6])
    };
    (!values.iter().all(|value| good(value))).then(|| "write MAC addresses of single hosts".to_owned())
}

#[cfg(test)]
mod tests {
    use super::refusal;

    fn help(name: &str, value: &str) -> String {
        refusal(name, value).map(|refusal| refusal.help).unwrap_or_default()
    }

    #[test]
    fn a_bandwidth_that_dladm_refuses_comes_with_the_right_spelling() {
        for (value, instead) in [
            ("1.5G", "\"1500M\""),
            ("2.5M", "\"2500K\""),
            ("0.5M", "\"1200K\""),
            ("1199K", "\"1200K\""),
            ("1", "\"1200K\""),
            ("5%", "\"100M\""),
            ("100MB", "\"100M\""),
            ("1GG", "\"100M\""),
            ("+5M", "\"100M\""),
            ("100,200", "\"100M\""),
            ("abc", "\"100M\""),
        ] {
            assert!(help("maxbw", value).contains(instead), "{value}: {}", help("maxbw", value));
        }
        for value in ["100M", "100", "1200K", "2g", "0", "10000000G"] {
            assert_eq!(refusal("maxbw", value), None, "{value}");
        }
    }

    #[test]
    fn what_dladm_refuses_for_a_vnic_is_refused_before_it_runs() {
        for (name, value) in [
            ("priority", "1"),
            ("tagmode", "x"),
            ("promisc-filtered", "yes"),
            ("cpus", "x"),
            ("cpus", "0,0"),
            ("cpus", "0-2,1"),
            ("cpus", "3-1"),
            ("cpus", "0,,1"),
            ("secondary-macs", "1:0:0:0:0:1"),
            ("secondary-macs", "x"),
            ("rxrings", "x"),
            ("speed", "100"),
            ("STP", "0"),
            ("en_1000fdx_cap", "1"),
            ("cpus-effective", "0"),
            ("txrings-available", "1"),
            ("_private", "1"),
            ("autopush", "a,"),
        ] {
            assert!(refusal(name, value).is_some(), "{name}={value}");
        }
        for (name, value) in [
            ("priority", "LOW"),
            ("tagmode", "vlanonly"),
            ("promisc-filtered", "off"),
            ("cpus", "0,2-3"),
            ("secondary-macs", "2:8:20:9:9:9,02:08:20:09:09:0a"),
            ("rxrings", "sw"),
            ("txrings", "2"),
            ("autopush", "tun"),
            ("allowed-dhcp-cids", "0x0102"),
            ("later-property", "1"),
        ] {
            assert_eq!(refusal(name, value), None, "{name}={value}");
        }
    }
}
