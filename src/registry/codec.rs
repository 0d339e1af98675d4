//! Encodes the derived files: numbers, optional texts, addresses. Every decoder returns `None` at the end of its bytes and does not
//! fail later.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Returns a checksum that detects every change within eight bytes, and all but one in 2^64 of the others.
///
/// Each step is a bijection of both the state and the input word.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = ODD ^ bytes.len() as u64;
    let mut take = |word: u64| state = (state.rotate_left(23) ^ word).wrapping_mul(ODD);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        take(u64::from_le_bytes(word.try_into().unwrap_or_default()));
    }
    let mut last = [0; 8];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    take(u64::from_le_bytes(last));
    state ^ (state >> 29)
}

/// Appends to a buffer.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    pub(super) bytes: Vec<u8>,
}

impl Encoder {
    pub(super) fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn fixed<const N: usize>(&mut self, value: [u8; N]) {
        self.bytes.extend_from_slice(&value);
    }

    /// Appends a number, seven bits per byte.
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends an optional text: its length plus one, or zero.
    pub(super) fn maybe_text(&mut self, text: Option<&str>) {
        match text {
            None => self.number(0),
            Some(text) => {
                self.number(text.len() as u64 + 1);
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// Appends what `encode` writes, preceded by its length, so that readers can skip it.
    pub(super) fn counted(&mut self, encode: impl FnOnce(&mut Encoder)) {
        let start = self.bytes.len();
        self.fixed([0; 4]);
        encode(self);
        // A configuration file has at most 1 MiB.
        let length = (self.bytes.len() - start - 4) as u32;
        self.bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
    }

    pub(super) fn maybe_number(&mut self, value: Option<u64>) {
        self.number(value.map_or(0, |v| v.saturating_add(1)));
    }

    pub(super) fn maybe_bool(&mut self, value: Option<bool>) {
        self.byte(match value {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        });
    }

    pub(super) fn address(&mut self, address: Option<IpAddr>) {
        match address {
            None => self.byte(0),
            Some(IpAddr::V4(a)) => {
                self.byte(4);
                self.fixed(a.octets());
            }
            Some(IpAddr::V6(a)) => {
                self.byte(6);
                self.fixed(a.octets());
            }
        }
    }

    pub(super) fn interface(&mut self, interface: IpNet) {
        self.address(Some(interface.addr()));
        self.byte(interface.prefix_len());
    }
}

/// Reads from the front of a byte slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoder<'a> {
    pub(super) bytes: &'a [u8],
}

impl<'a> Decoder<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(front)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// Reads bytes without a copy.
    pub(super) fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.text_bytes()?).ok()
    }

    /// Reads a text as bytes: for comparing, checking that it is UTF-8 would be the most expensive part.
    pub(super) fn text_bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    pub(super) fn maybe_text(&mut self) -> Option<Option<&'a str>> {
        match self.maybe_text_bytes()? {
            None => Some(None),
            Some(bytes) => std::str::from_utf8(bytes).ok().map(Some),
        }
    }

    /// Reads an optional text as bytes, to compare or skip it.
    pub(super) fn maybe_text_bytes(&mut self) -> Option<Option<&'a [u8]>> {
        match self.number()?.checked_sub(1) {
            None => Some(None),
            Some(length) => self.take(usize::try_from(length).ok()?).map(Some),
        }
    }

    /// Reads what [`Encoder::counted`] appended.
    pub(super) fn counted(&mut self) -> Option<Decoder<'a>> {
        let length = u32::from_le_bytes(self.fixed()?);
        Some(Decoder { bytes: self.take(usize::try_from(length).ok()?)? })
    }

    pub(super) fn maybe_number(&mut self) -> Option<Option<u64>> {
        Some(self.number()?.checked_sub(1))
    }

    pub(super) fn maybe_bool(&mut self) -> Option<Option<bool>> {
        match self.byte()? {
            0 => Some(None),
            1 => Some(Some(false)),
            2 => Some(Some(true)),
            _ => None,
        }
    }

    pub(super) fn address(&mut self) -> Option<Option<IpAddr>> {
        match self.byte()? {
            0 => Some(None),
            4 => Some(Some(Ipv4Addr::from(self.fixed::<4>()?).into())),
            6 => Some(Some(Ipv6Addr::from(self.fixed::<16>()?).into())),
            _ => None,
        }
    }

    pub(super) fn interface(&mut self) -> Option<IpNet> {
        let address = self.address()??;
        IpNet::new(address, self.byte()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_flipped_byte_is_seen(bytes in proptest::collection::vec(any::<u8>(), 1..80), at in any::<prop::sample::Index>(), mask in 1u8..) {
            let mut flipped = bytes.clone();
            flipped[at.index(bytes.len())] ^= mask;
            prop_assert_ne!(checksum(&bytes), checksum(&flipped));
        }

        #[test]
        fn numbers_come_back(n in any::<u64>()) {
            let mut encoder = Encoder::default();
            encoder.number(n);
            prop_assert_eq!(Decoder { bytes: &encoder.bytes }.number(), Some(n));
        }
    }
}
