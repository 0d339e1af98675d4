//! Comparing texts: what differs from run to run is made alike first.

/// Replaces fresh uuids by a word; those that a recording was given (all digits the same) stay.
pub(crate) fn without_uuids(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let boundary = at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if boundary && is_fresh_uuid(&bytes[at..]) {
            result.push_str("UUID");
            at += 36;
        } else {
            let next = (at + 1..=bytes.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(bytes.len());
            result.push_str(&text[at..next]);
            at = next;
        }
    }
    result
}

fn is_fresh_uuid(bytes: &[u8]) -> bool {
    let Some((uuid, rest)) = bytes.split_at_checked(36) else { return false };
    let shaped = uuid.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
    });
    shaped
        && !rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && uuid.iter().any(|byte| *byte != uuid[0] && *byte != b'-')
}

/// Replaces the seconds that something took.
pub(crate) fn without_seconds(text: &str) -> String {
    const BEFORE: &str = "completed in ";
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEFORE) {
        let (head, tail) = rest.split_at(at + BEFORE.len());
        result.push_str(head);
        let number = tail.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == 'N')).unwrap_or(tail.len());
        match number > 0 && tail[number..].starts_with(" seconds") {
            true => {
                result.push('N');
                rest = &tail[number..];
            }
            false => rest = tail,
        }
    }
    result + rest
}

/// Replaces the times that snapshots are named after.
pub(crate) fn without_times(text: &str) -> String {
    const SHAPE: &[u8] = b"0000-00-00:00:00:00";
    let is_time = |bytes: &[u8]| {
        bytes.len() == SHAPE.len()
            && bytes.iter().zip(SHAPE).all(|(b, shape)| if *shape == b'0' { b.is_ascii_digit() } else { b == shape })
    };
    let mut result = text.to_owned();
    while let Some(at) = result.as_bytes().windows(SHAPE.len()).position(is_time) {
        result.replace_range(at..at + SHAPE.len(), "NOW");
    }
    result
}

/// Lines without blanks around them; empty ones left out.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// The wanted lines that do not follow one another, in this order, among those that were got.
pub(crate) fn missing_in_order<'a>(wanted: &[&'a str], got: &[&str]) -> Vec<&'a str> {
    let mut rest = got.iter();
    wanted.iter().copied().filter(|line| !rest.any(|have| have == line)).collect()
}
