//! Commands that templates pass through to zonecfg, which run last.
//!
//! Invariant: passed-through commands are parsed as well, so that the zone can be compared with them afterwards.

use super::command::Command;
use super::validate::check_value;
use super::{ZoneConfig, apply};
use crate::error::{Code, Diagnostic, Error, Result};

/// Properties that zmgr manages itself: passing them through would make the plan and the zone contradict each other.
const OWN: [&str; 5] = ["zonename", "zonepath", "brand", "ip-type", "net"];

/// Checks the commands in a configuration file. The error names the command by its position.
pub fn check_passed_through(texts: &[String]) -> std::result::Result<Vec<Command>, (usize, String)> {
    let mut commands = Vec::new();
    let mut open = None;
    for (at, text) in texts.iter().enumerate() {
        check_value(&text.replace('"', "")).map_err(|fault| (at, fault.to_owned()))?;
        let command = Command::parse(text).map_err(|fault| (at, fault))?;
        let what = match &command {
            Command::Set(what, _) | Command::Clear(what) if open.is_none() => Some(what),
            Command::Add(what) | Command::Select(what, _) | Command::Remove(what, _) => Some(what),
            _ => None,
        };
        if let Some(what) = what.filter(|what| OWN.contains(&what.as_str())) {
            return Err((at, format!("{what} is set by zmgr and cannot be passed through")));
        }
        match command {
            Command::Add(_) | Command::Select(..) => open = Some(at),
            Command::End => open = None,
            _ => {}
        }
        commands.push(command);
    }
    match open {
        Some(at) => Err((at, "its \"end\" is missing".to_owned())),
        None => Ok(commands),
    }
}

/// Returns the configuration of a zone after these passed-through commands.
///
/// Fails with `invalid-argument` if a command is invalid.
pub fn with_passed_through(config: &ZoneConfig, texts: &[String]) -> Result<ZoneConfig> {
    let fault = |message: String| {
        Error::new(Code::InvalidArgument, format!("invalid commands for zonecfg: {message}"))
            .with_detail(Diagnostic::new("zonecfg-command", message))
    };
    let commands = check_passed_through(texts).map_err(|(at, why)| fault(format!("{}: {why}", texts[at].trim())))?;
    apply(config.clone(), &commands).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn is_understood_and_applied() {
        let more = texts(&["set fs-allowed=ufs", "add attr", "set name=a", "set type=string", "set value=b", "end"]);
        let config = with_passed_through(&ZoneConfig::default(), &more).unwrap();
        assert_eq!((config.fs_allowed.as_deref(), config.attrs.len()), (Some("ufs"), 1));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (at, lines) in [
            (0, &["commit"][..]),
            (0, &["set brand=lx"]),
            (1, &["set pool=p", "add net"]),
            (0, &["remove net physical=x"]),
            (0, &["set a=b;delete -F"]),
            (0, &["set a=\"b\nc\""]),
            (0, &["add fs", "set dir=/x"]),
        ] {
            assert_eq!(check_passed_through(&texts(lines)).unwrap_err().0, at, "{lines:?}");
        }
        let error = with_passed_through(&ZoneConfig::default(), &texts(&["set odd=1"])).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
    }
}
