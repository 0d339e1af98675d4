//! What the host and its unregistered zones hold, as the last survey found it: `.zmgr/survey.v1`.
//!
//! Invariant: a survey is made before the registry lock is taken, never under it. A file that is damaged or of another version is
//! no survey, and one is made.

use ipnet::IpNet;

use super::codec::{Decoder, Encoder, checksum};
use super::{Registry, RegistryLock};
use crate::file;
use crate::host::{Holder, HostState, ZonesStamp};

const HEADER: &str = concat!("zmgr survey 2 ", env!("CARGO_PKG_VERSION"), "\n");

/// The largest file that is read. A survey of 8,191 zones has about 2 MiB.
const LIMIT: u64 = 64 << 20;

/// What is in use on a host beside what the registry says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// When it was made, RFC 3339.
    pub taken: String,
    /// The zones whose addresses were looked for: those that were not in the registry, and those whose file there was unreadable.
    pub zones: Vec<String>,
    /// Addresses, each with its holder.
    pub addresses: Vec<(IpNet, SurveyHolder)>,
    /// Names of all data links.
    pub links: Vec<String>,
    /// MAC addresses of VNICs.
    pub macs: Vec<[u8; 6]>,
    /// How the zones' documents stood.
    pub stamp: ZonesStamp,
}

/// Who holds an address outside of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SurveyHolder {
    /// The global zone, by this address object.
    Host(String),
    /// A zone that is not in the registry.
    Zone(String),
}

impl Survey {
    /// What this look at the host says. `is_registered` as it was when the host was looked at.
    pub fn of(host: &HostState, is_registered: &dyn Fn(&str) -> bool) -> Survey {
        let zones = host.zones.iter().filter(|zone| zone.name != "global" && !is_registered(&zone.name));
        let addresses = host.addresses.iter().map(|held| {
            let holder = match &held.holder {
                Holder::Host(object) => SurveyHolder::Host(object.clone()),
                Holder::Zone(name) => SurveyHolder::Zone(name.clone()),
            };
            (held.address, holder)
        });
        Survey {
            taken: super::now(),
            zones: zones.map(|zone| zone.name.clone()).collect(),
            addresses: addresses.collect(),
            links: host.links.iter().map(|link| link.name.clone()).collect(),
            macs: host.vnics.iter().filter_map(|vnic| vnic.mac).collect(),
            stamp: host.stamp,
        }
    }

    /// Whether it knows what this zone holds.
    pub fn knows(&self, zone: &str) -> bool {
        self.zones.iter().any(|known| known == zone)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut e = Encoder::default();
        e.text(&self.taken);
        self.stamp.0.iter().for_each(|number| e.number(*number));
        for names in [&self.zones, &self.links] {
            e.number(names.len() as u64);
            names.iter().for_each(|name| e.text(name));
        }
        e.number(self.addresses.len() as u64);
        for (address, holder) in &self.addresses {
            e.interface(*address);
            let (kind, name) = match holder {
                SurveyHolder::Host(object) => (0, object),
                SurveyHolder::Zone(name) => (1, name),
            };
            e.byte(kind);
            e.text(name);
        }
        e.number(self.macs.len() as u64);
        self.macs.iter().for_each(|mac| e.fixed(*mac));
        let mut bytes = HEADER.as_bytes().to_vec();
        bytes.extend_from_slice(&checksum(&e.bytes).to_le_bytes());
        bytes.extend_from_slice(&e.bytes);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Survey> {
        let mut d = Decoder { bytes: bytes.strip_prefix(HEADER.as_bytes())? };
        let sum = u64::from_le_bytes(d.fixed()?);
        if sum != checksum(d.bytes) {
            return None;
        }
        let mut survey = Survey { taken: d.text()?.to_owned(), ..Survey::default() };
        for number in &mut survey.stamp.0 {
            *number = d.number()?;
        }
        for names in [&mut survey.zones, &mut survey.links] {
            for _ in 0..d.number()? {
                names.push(d.text()?.to_owned());
            }
        }
        for _ in 0..d.number()? {
            let address = d.interface()?;
            let kind = d.byte()?;
            let name = d.text()?.to_owned();
            survey
                .addresses
                .push((address, if kind == 0 { SurveyHolder::Host(name) } else { SurveyHolder::Zone(name) }));
        }
        for _ in 0..d.number()? {
            survey.macs.push(d.fixed()?);
        }
        Some(survey)
    }
}

impl Registry {
    /// The last survey; `None` where it is missing or cannot be read.
    pub fn last_survey(&self) -> Option<Survey> {
        let (file, meta) = self.tree().open_state(&self.tree().survey())?;
        Survey::from_bytes(&file::read_to_limit(&file, &meta, LIMIT).ok()?)
    }

    /// Drops the last survey: a zone that it left out as registered is registered no more, so the next one must look at it.
    pub fn drop_survey(&self, _lock: &RegistryLock) {
        // One that cannot be removed is found out by the stamp or replaced later.
        let _ = self.remove(&self.tree().survey());
    }

    /// Keeps a survey for those who make none, under the registry lock.
    pub(super) fn keep_survey(&self, survey: &Survey, _lock: &RegistryLock) {
        let same = |last: Survey| Survey { taken: survey.taken.clone(), ..last } == *survey;
        if !self.last_survey().is_some_and(same) {
            // Where it cannot be kept, the next one is made anew.
            let _ = self.replace_derived(&self.tree().survey(), &[&survey.to_bytes()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_whole_or_not_at_all() {
        let survey = Survey {
            taken: "2026-03-22T12:14:09Z".to_owned(),
            zones: vec!["vm1".to_owned()],
            addresses: vec![
                ("10.1.0.9/24".parse().unwrap(), SurveyHolder::Zone("vm1".to_owned())),
                ("fe80::2/64".parse().unwrap(), SurveyHolder::Host("net0/v6".to_owned())),
            ],
            links: vec!["net0".to_owned(), "stub0".to_owned()],
            macs: vec![[2, 8, 0x20, 1, 2, 3]],
            stamp: ZonesStamp([1, 2, 3, 4, 5, 6, 7, u64::MAX]),
        };
        let bytes = survey.to_bytes();
        assert_eq!(Survey::from_bytes(&bytes), Some(survey));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert_eq!(Survey::from_bytes(&flipped), None, "byte {at}");
            assert_eq!(Survey::from_bytes(&bytes[..at]), None, "cut off at {at}");
        }
    }
}
