//! MAC addresses as dladm reads and prints them: bytes in hexadecimal without leading zeros.

use std::fmt;

/// A MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mac([u8; 6]);

/// How a link came by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MacKind {
    Fixed,
    Random,
    Factory,
}

impl MacKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            MacKind::Fixed => "fixed",
            MacKind::Random => "random",
            MacKind::Factory => "factory",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<MacKind> {
        [MacKind::Fixed, MacKind::Random, MacKind::Factory].into_iter().find(|kind| kind.word() == word)
    }
}

impl Mac {
    pub(crate) fn parse(text: &str) -> Option<Mac> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| matches!(part.len(), 1 | 2))?;
            *byte = part.bytes().all(|c| c.is_ascii_hexdigit()).then(|| u8::from_str_radix(part, 16).ok())??;
        }
        parts.next().is_none().then_some(Mac(bytes))
    }

    /// An address under a prefix of up to six bytes, the rest at random.
    pub(crate) fn random(prefix: &[u8]) -> std::io::Result<Mac> {
        let mut bytes = [0; 6];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        bytes.iter_mut().zip(prefix).for_each(|(byte, wanted)| *byte = *wanted);
        Ok(Mac(bytes))
    }

    /// Whether a link can have it: neither zero nor a group's.
    pub(crate) fn is_unicast(self) -> bool {
        self.0 != [0; 6] && self.0[0] & 1 == 0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{g:x}")
    }
}

#[cfg(test)]
mod tests {
    use super::Mac;

    #[test]
    fn reads_with_and_without_zeros() {
        assert_eq!(Mac::parse("02:08:20:0a:1:ff").unwrap().to_string(), "2:8:20:a:1:ff");
        for bad in ["", "2:8:20:1:2", "2:8:20:1:2:3:4", "2:8:20:1:2:g", "2:8:20:1:2:+3", "002:8:20:1:2:3"] {
            assert_eq!(Mac::parse(bad), None, "{bad}");
        }
    }
}
