//! A shell's simplest lines: words with quotes, joined by `;`, newlines, `&&` and `||`. Whatever else a shell understands
//! (pipes, redirections, expansions but `$?`) is refused, since a wrong guess would be worse.
//!
//! [source: sh(1), as far as `zlogin ZONE COMMAND` needs it]

use super::commands::{self, Ended};
use crate::kernel::ActiveZone;
use crate::session::{Answer, OK, Session};
use crate::{Status, kernel};

/// Deeper nests of `sh -c` are refused.
const MAX_DEPTH: usize = 8;

/// Stands for `$?` in a word until the command runs. No argument of a program can hold it.
const STATUS: char = '\0';

/// Operator between a command and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Always,
    IfWell,
    IfNot,
}

/// Runs a text in the zone and gives its last command's status.
pub(super) fn run(session: &mut Session<'_, '_>, zone: &ActiveZone, text: &str, no_input: bool) -> Answer {
    nested(session, zone, text, no_input, 0)
}

fn nested(session: &mut Session<'_, '_>, zone: &ActiveZone, text: &str, no_input: bool, depth: usize) -> Answer {
    let lines = match split(text) {
        Ok(_) if depth > MAX_DEPTH => return refused(session, "too deep a nest"),
        Ok(lines) => lines,
        Err(what) => return refused(session, &what),
    };
    let mut status = OK;
    for (joint, words) in lines {
        let well = status == OK;
        if (joint == Joint::IfWell && !well) || (joint == Joint::IfNot && well) {
            continue;
        }
        if (session.call.interrupted)() {
            return Ok(Status::Signalled(2));
        }
        // The zone may have been halted, by this very text too.
        if kernel::find(session.machine, &zone.name)?.is_none_or(|now| now.id != zone.id) {
            return Ok(Status::Signalled(9));
        }
        let number = match status {
            Status::Exited(status) => status,
            Status::Signalled(signal) => 128 + signal,
        };
        let words: Vec<String> = words.iter().map(|word| word.replace(STATUS, &number.to_string())).collect();
        match commands::run(session, zone, &words, no_input)? {
            Ended::Went(now) => status = now,
            Ended::Left(now) => return Ok(now),
            Ended::Text { text, last } => {
                status = nested(session, zone, &text, no_input, depth + 1)?;
                if last {
                    return Ok(status);
                }
            }
        }
        if matches!(status, Status::Signalled(_)) {
            return Ok(status);
        }
    }
    Ok(status)
}

fn refused(session: &mut Session<'_, '_>, what: &str) -> Answer {
    session.complain(format_args!("sh: {what}: not played by this machine\n"));
    Ok(Status::Exited(2))
}

type Lines = Vec<(Joint, Vec<String>)>;

/// Splits a text into commands; `Err` names what is not played.
fn split(text: &str) -> Result<Lines, String> {
    let mut lines = Lines::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut joint = Joint::Always;
    let mut chars = text.chars().peekable();
    fn end_word(words: &mut Vec<String>, word: &mut Option<String>) {
        words.extend(word.take());
    }
    while let Some(c) = chars.next() {
        let mut end_command = |words: &mut Vec<String>, word: &mut Option<String>, next: Joint| {
            end_word(words, word);
            if !words.is_empty() {
                lines.push((joint, std::mem::take(words)));
            }
            joint = next;
        };
        match c {
            ' ' | '\t' => end_word(&mut words, &mut word),
            ';' | '\n' => end_command(&mut words, &mut word, Joint::Always),
            '&' if chars.next_if_eq(&'&').is_some() => end_command(&mut words, &mut word, Joint::IfWell),
            '|' if chars.next_if_eq(&'|').is_some() => end_command(&mut words, &mut word, Joint::IfNot),
            '\'' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => text.push(c),
                        None => return Err("an unmatched quote".into()),
                    }
                }
            }
            '"' => {
                let text = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') if chars.peek().is_some_and(|c| matches!(c, '"' | '\\' | '$' | '`')) => {
                            text.extend(chars.next());
                        }
                        Some('$') if chars.next_if_eq(&'?').is_some() => text.push(STATUS),
                        Some(c @ ('$' | '`')) => return Err(format!("the expansion {c}")),
                        Some(c) => text.push(c),
                        None => return Err("an unmatched quote".into()),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '$' if chars.next_if_eq(&'?').is_some() => word.get_or_insert_default().push(STATUS),
            STATUS => return Err("a NUL".into()),
            '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            '&' | '|' | '<' | '>' | '(' | ')' | '$' | '`' | '*' | '?' | '[' | '{' | '}' | '~' => {
                return Err(format!("the shell's {c}"));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    end_word(&mut words, &mut word);
    if !words.is_empty() {
        lines.push((joint, words));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::{Joint, split};

    #[test]
    fn words_and_joints() {
        let lines = split("echo 'a b'\"c\\\"\" d\\ e && false || exit 3; # rest\ntrue").unwrap();
        let words: Vec<String> = lines.iter().map(|(_, words)| words.join("|")).collect();
        assert_eq!(words, ["echo|a bc\"|d e", "false", "exit|3", "true"]);
        let joints: Vec<Joint> = lines.iter().map(|(joint, _)| *joint).collect();
        assert_eq!(joints, [Joint::Always, Joint::IfWell, Joint::IfNot, Joint::Always]);
    }

    #[test]
    fn what_is_not_played() {
        for text in ["a | b", "a > b", "echo $x", "echo \"$x\"", "a &", "(a)", "'a", "ls *"] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
