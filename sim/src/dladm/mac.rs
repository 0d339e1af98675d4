//! MAC addresses as dladm reads and prints them: bytes in hexadecimal without leading zeros.

use std::fmt;

/// A MAC address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mac([u8; 6]);

/// Origin of a link's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MacKind {
    Fixed,
    Random,
    /// Of a VRRP router: its id, and whether it routes IPv6.
    Vrrp(u8, bool),
}

impl fmt::Display for MacKind {
    /// As `show-vnic` prints it [macopt-net0-vrrp-full].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MacKind::Fixed => f.write_str("fixed"),
            MacKind::Random => f.write_str("random"),
            MacKind::Vrrp(id, v6) => write!(f, "vrrp, {id}/{}", if *v6 { "inet6" } else { "inet" }),
        }
    }
}

impl MacKind {
    pub(crate) fn from_word(word: &str) -> Option<MacKind> {
        match word {
            "fixed" => Some(MacKind::Fixed),
            "random" => Some(MacKind::Random),
            _ => {
                let (id, family) = word.strip_prefix("vrrp, ")?.split_once('/')?;
                Some(MacKind::Vrrp(id.parse().ok()?, family == "inet6"))
            }
        }
    }
}

/// The bytes of a link address of any length (_link_aton): one or two hexadecimal digits each, with colons between them.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let byte = |part: &str| {
        let digits = matches!(part.len(), 1 | 2) && part.bytes().all(|c| c.is_ascii_hexdigit());
        digits.then(|| u8::from_str_radix(part, 16).ok())?
    };
    text.split(':').map(byte).collect()
}

impl Mac {
    /// Its bytes.
    pub(crate) fn bytes(self) -> [u8; 6] {
        self.0
    }

    pub(crate) const ZERO: Mac = Mac([0; 6]);

    pub(crate) fn new(bytes: &[u8]) -> Option<Mac> {
        bytes.try_into().ok().map(Mac)
    }

    pub(crate) fn parse(text: &str) -> Option<Mac> {
        Mac::new(&bytes(text)?)
    }

    /// An address under a prefix of up to six bytes, the rest at random.
    pub(crate) fn random(prefix: &[u8]) -> std::io::Result<Mac> {
        let mut bytes = [0; 6];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        bytes.iter_mut().zip(prefix).for_each(|(byte, wanted)| *byte = *wanted);
        Ok(Mac(bytes))
    }

    /// The address of a VRRP router.
    pub(crate) fn vrrp(id: u8, v6: bool) -> Mac {
        Mac([0, 0, 0x5e, 0, if v6 { 2 } else { 1 }, id])
    }

    /// Not the address of a group.
    pub(crate) fn is_unicast(self) -> bool {
        self.0[0] & 1 == 0
    }

    /// As listings print it: an address of nothing but zeros is not known [mac-zero].
    pub(crate) fn shown(self) -> String {
        if self == Mac::ZERO { "unknown".into() } else { self.to_string() }
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
