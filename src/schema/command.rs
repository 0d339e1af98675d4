//! Commands of zonecfg that a file may pass through.

use super::did_you_mean;

/// Returns why a text may not be passed to zonecfg as one command; `None` if it may.
pub(super) fn command_fault(text: &str) -> Option<String> {
    const VERBS: [&str; 6] = ["set", "clear", "add", "select", "remove", "end"];
    const OURS: [&str; 5] = ["zonename", "zonepath", "brand", "ip-type", "net"];
    if text.len() > 1000 {
        return Some(format!("the command has {} bytes; zonecfg reads lines of about 1000", text.len()));
    }
    if text.chars().any(|c| c.is_control()) {
        return Some("a control character stands in the command; one command a node".to_owned());
    }
    // Quotes take everything but a quote; outside them a `;` ends a command and a `#` may begin a comment.
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => return Some("a `;` begins another command; one command a node".to_owned()),
            _ => {}
        }
    }
    if quoted {
        return Some("a quote is not closed".to_owned());
    }
    let mut words = text.split([' ', '=']).filter(|word| !word.is_empty());
    let verb = words.next().unwrap_or_default();
    if !VERBS.contains(&verb) {
        let help = did_you_mean(verb, VERBS).map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
        return Some(format!("`{verb}` is not one of {}{help}", VERBS.join(", ")));
    }
    // `remove -F net`: the relevant word follows the options.
    let what = words.find(|word| !word.starts_with('-'));
    match (verb, what) {
        ("end", None) => None,
        ("end", Some(_)) => Some("`end` takes no words".to_owned()),
        (_, None) => Some(format!("`{verb}` needs an argument")),
        (_, Some(what)) if OURS.contains(&what.trim_matches('"')) => {
            Some(format!("`{what}` cannot be passed through: use its own node"))
        }
        _ => None,
    }
}
