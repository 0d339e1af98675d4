//! Security flags: their names, and how the three sets of a zone must lie within each other.
//!
//! [source: secflags.c; verify_secflags of zonecfg.c; recorded: secflags-*]

use super::resources::Draft;
use super::session::Zonecfg;
use super::text::text;
use super::words::Prop;

const NAMES: &[(&[u8], u8)] = &[(b"aslr", 1), (b"forbidnullmap", 2), (b"noexecstack", 4)];
const ALL: u8 = 7;

/// A set of flags as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flags {
    set: u8,
    /// It says what the flags are, and not how they differ from what they were.
    absolute: bool,
}

fn parse(text: &[u8]) -> Option<Flags> {
    let (mut add, mut remove, mut absolute) = (0, 0, true);
    for word in text.split(|b| *b == b',') {
        match word.to_ascii_lowercase().as_slice() {
            b"default" => return None,
            b"all" => add = ALL,
            b"none" => remove = ALL,
            b"current" => absolute = false,
            word => {
                let (taken_away, name) = match word.split_first() {
                    Some((b'-' | b'!', name)) => (true, name),
                    Some((b'+', name)) => (false, name),
                    _ => (false, word),
                };
                let (_, flag) = NAMES.iter().find(|(known, _)| *known == name)?;
                if taken_away {
                    remove |= flag;
                } else {
                    add |= flag;
                }
            }
        }
    }
    Some(Flags { set: if absolute { add & !remove } else { 0 }, absolute })
}

impl Zonecfg<'_, '_, '_> {
    /// Returns true if the security flags of this resource are valid; reports errors.
    pub(super) fn are_security_flags(&mut self, draft: &Draft) -> bool {
        let mut sound = true;
        let mut sets = Vec::new();
        for (prop, word, fallback) in
            [(Prop::Default, "default", 0), (Prop::Upper, "upper", ALL), (Prop::Lower, "lower", 0)]
        {
            let written = draft.get(prop);
            let flags = if written.is_empty() { Some(Flags { set: fallback, absolute: true }) } else { parse(written) };
            if flags.is_none() {
                self.zerr(text!(word, " security flags '", written, "' are invalid"));
                sound = false;
            }
            sets.push((word, written, flags.unwrap_or(Flags { set: 0, absolute: false })));
        }
        for at in [0, 2, 1] {
            let (word, written, flags) = sets[at];
            if !flags.absolute && !written.is_empty() {
                let (start, end) = (format!("only assignment of security flags is allowed ({word}: "), ")");
                self.zerr(text!(start, written, end));
            }
        }
        let [default, upper, lower] = [sets[0].2.set, sets[1].2.set, sets[2].2.set];
        for (wrong, message) in [
            (default & !upper, "default secflags must be within the upper limit"),
            (lower & !default, "default secflags must be above the lower limit"),
            (lower & !upper, "lower secflags must be within the upper limit"),
        ] {
            if wrong != 0 {
                self.zerr(message);
                sound = false;
            }
        }
        sound
    }
}
