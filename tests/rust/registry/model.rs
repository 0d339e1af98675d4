//! Random work against a model that looks at each address, one after the other; a death at any write among it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use zmgr::Code;
use zmgr::internals::registry::{FsChange, HookPoint, WriteObserver};

use super::*;

/// One pool as the model knows it.
#[derive(Debug, Clone)]
struct Shape {
    base: u8,
    /// Sizes of the first network: 0 to 12 bits.
    bits: u8,
    excluded: Option<(u16, u16)>,
    reserved: Option<(u16, u8)>,
    gateway: Option<u16>,
    dual: bool,
}

impl Shape {
    fn v4(&self, n: u16) -> IpAddr {
        match self.base {
            // The lowest and the highest network that a pool may have.
            0 => std::net::Ipv4Addr::from_bits(0x0100_0000 + u32::from(n)).into(),
            1 => std::net::Ipv4Addr::from_bits(0xe000_0000 - (1 << self.bits) + u32::from(n)).into(),
            _ => std::net::Ipv4Addr::from_bits(0x0a08_0000 + u32::from(n)).into(),
        }
    }

    fn v6(&self, n: u16) -> IpAddr {
        match self.base {
            0 => std::net::Ipv6Addr::from_bits((1 << 112) + u128::from(n)).into(),
            // The highest network below those of multicast, which no pool may have.
            1 => std::net::Ipv6Addr::from_bits((0xfeff << 112) | (u128::MAX >> 20 << 4) | u128::from(n)).into(),
            _ => std::net::Ipv6Addr::from_bits((0x2001_0db8 << 96) + u128::from(n)).into(),
        }
    }

    /// The gateway, where there is one that a router can have.
    fn gateway(&self) -> Option<u16> {
        let n = self.gateway? % self.size();
        (self.bits < 2 || (n > 0 && n < self.size() - 1)).then_some(n)
    }

    fn size(&self) -> u16 {
        1 << self.bits
    }

    fn text(&self, name: &str) -> String {
        let mut text =
            format!("pool {name:?} {{\n    stub \"stub0\"\n    network \"{}/{}\" {{\n", self.v4(0), 32 - self.bits);
        if let Some(gateway) = self.gateway() {
            text += &format!("        gateway \"{}\"\n", self.v4(gateway));
        }
        if let Some((a, b)) = self.excluded {
            text += &format!(
                "        exclude \"{}-{}\"\n",
                self.v4(a % self.size()),
                self.v4((a % self.size()).max(b % self.size()))
            );
        }
        if let Some((n, owner)) = self.reserved {
            text += &format!("        reserve \"{}\" for=\"o{owner}\"\n", self.v4(n % self.size()));
        }
        text += "    }\n";
        if self.dual {
            text += &format!("    network \"{}/124\"\n", self.v6(0));
        }
        text + "}\n"
    }

    /// Every address that may be given to this owner, in order, by family.
    fn candidates(&self, owner: u8) -> [Vec<IpAddr>; 2] {
        let size = self.size();
        let v4 = (0..size).filter(|&n| {
            let a = self.v4(n);
            let edge = (self.bits > 1 && (n == 0 || n == size - 1)) || !can_have(a);
            let excluded = self.excluded.is_some_and(|(a, b)| (a % size..=(a % size).max(b % size)).contains(&n));
            let reserved = self.reserved.is_some_and(|(r, whom)| r % size == n && whom != owner);
            !edge && !excluded && !reserved && self.gateway() != Some(n)
        });
        let v6 = (1..16).filter(|_| self.dual);
        [v4.map(|n| self.v4(n)).collect(), v6.map(|n| self.v6(n)).collect()]
    }
}

/// Returns true if any interface can have it.
fn can_have(address: IpAddr) -> bool {
    !address.is_unspecified() && !matches!(address, IpAddr::V4(a) if a.is_broadcast())
}

fn shape() -> impl Strategy<Value = Shape> {
    let spot = || any::<u16>();
    (
        0u8..3,
        0u8..=12,
        proptest::option::of((spot(), spot())),
        proptest::option::of((spot(), 0u8..4)),
        proptest::option::of(spot()),
        any::<bool>(),
    )
        .prop_map(|(base, bits, excluded, reserved, gateway, dual)| Shape {
            base,
            bits,
            // Not more than a few, or the rest says little.
            excluded: excluded.map(|(a, b)| (a, a.wrapping_add(b % 8))),
            reserved,
            gateway,
            dual,
        })
}

#[derive(Debug, Clone)]
enum Work {
    Allocate { owner: u8, wanted: Option<u16> },
    Release { owner: u8 },
    EditPool(Shape),
    Zone { name: u8, n: Option<u16> },
    LoseIndex,
    DamageIndex(u16),
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        8 => (0u8..12, proptest::option::weighted(0.3, any::<u16>())).prop_map(|(owner, wanted)| Work::Allocate { owner, wanted }),
        4 => (0u8..12).prop_map(|owner| Work::Release { owner }),
        1 => shape().prop_map(Work::EditPool),
        2 => (0u8..4, proptest::option::of(any::<u16>())).prop_map(|(name, n)| Work::Zone { name, n }),
        1 => Just(Work::LoseIndex),
        1 => any::<u16>().prop_map(Work::DamageIndex),
    ]
}

/// Lets so many changes happen and none after.
struct DiesAfter(AtomicUsize);

impl WriteObserver for DiesAfter {
    fn at(&self, when: HookPoint, _: FsChange, _: &Path) -> io::Result<()> {
        let alive = |n: usize| if when == HookPoint::Before { n.checked_sub(1) } else { Some(n) };
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, alive).map(drop).map_err(|_| io::Error::other("dead"))
    }
}

/// Addresses by owner.
type Held = BTreeMap<String, BTreeSet<IpAddr>>;

fn on_disk(registry: &Registry) -> Held {
    let snapshot = registry.snapshot().unwrap();
    assert!(snapshot.unreadable().is_empty(), "{:?}", snapshot.unreadable());
    let addresses = |e: zmgr::internals::registry::Entry<'_>| {
        e.summary.nets().flat_map(|n| n.addresses()).map(|(a, _)| a.addr()).collect()
    };
    snapshot
        .entries()
        .map(|e| (e.summary.name.to_owned(), addresses(e)))
        .filter(|(_, held): &(_, BTreeSet<_>)| !held.is_empty())
        .collect()
}

/// The answer of the model: what the owner gets, or which refusal.
fn expected(
    shape: &Shape,
    held: &Held,
    owner: u8,
    wanted: Option<IpAddr>,
) -> std::result::Result<BTreeSet<IpAddr>, Code> {
    let name = format!("o{owner}");
    if let Some(has) = held.get(&name) {
        return if wanted.is_none_or(|wanted| has.contains(&wanted)) { Ok(has.clone()) } else { Err(Code::Exists) };
    }
    let taken: BTreeSet<IpAddr> = held.values().flatten().copied().collect();
    let candidates = shape.candidates(owner);
    if let Some(wanted) = wanted {
        return match candidates.concat().contains(&wanted) {
            true if taken.contains(&wanted) => Err(Code::AddressInUse),
            true => Ok([wanted].into()),
            // Reserved, a gateway, or never given: the words are tested elsewhere.
            false => Err(Code::InvalidArgument),
        };
    }
    let mut given = BTreeSet::new();
    for (family, candidates) in candidates.iter().enumerate() {
        if family == 1 && !shape.dual {
            continue;
        }
        let kept =
            shape.reserved.filter(|(_, whom)| family == 0 && *whom == owner).map(|(n, _)| shape.v4(n % shape.size()));
        // The owner of a reserved address never silently gets another.
        match kept {
            Some(kept) if !candidates.contains(&kept) => return Err(Code::Config),
            Some(kept) if taken.contains(&kept) => return Err(Code::AddressInUse),
            _ => {}
        }
        match kept.or_else(|| candidates.iter().copied().find(|a| !taken.contains(a))) {
            Some(address) => given.insert(address),
            None => return Err(Code::PoolExhausted),
        };
    }
    Ok(given)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if std::env::var_os("ZMGR_SOAK").is_some() { 2000 } else { 48 }, ..ProptestConfig::default() })]

    #[test]
    fn random_work(mut shape in shape(), steps in proptest::collection::vec((work(), proptest::option::weighted(0.25, 0usize..14)), 1..40)) {
        let site = Site::new(&[&shape.text("p")]);
        let index = site.path().join(".zmgr/index.v1");
        let calm = registry(site.path());
        let mut held = Held::new();
        for (work, death) in steps {
            let mortal = death.map(|left| {
                Registry::new(Tree::new(site.path()), "test", WriteHook::new(Arc::new(DiesAfter(AtomicUsize::new(left)))))
            });
            let registry = mortal.as_ref().unwrap_or(&calm);
            let mut then = held.clone();
            match &work {
                Work::Allocate { owner, wanted } => {
                    let wanted = wanted.map(|n| shape.v4(n % shape.size().saturating_mul(2).max(2)));
                    let desired = wanted.map(|a| a.to_string());
                    let answer = allocate(registry, "p", &format!("o{owner}"), desired.as_deref());
                    match (answer, expected(&shape, &held, *owner, wanted)) {
                        (Ok(got), Ok(right)) => {
                            prop_assert_eq!(got.addresses.iter().map(|a| a.address.addr()).collect::<BTreeSet<_>>(), right.clone());
                            then.insert(format!("o{owner}"), right);
                        }
                        (Err(error), Ok(right)) => {
                            prop_assert!(death.is_some(), "{error}");
                            then.insert(format!("o{owner}"), right);
                        }
                        (Err(error), Err(code)) => {
                            // A gateway is held.
                            let close = error.code() == Code::AddressInUse
                                && matches!(code, Code::InvalidArgument | Code::Config);
                            prop_assert!(error.code() == code || close || death.is_some(), "{error} is not {code}");
                        }
                        (Ok(got), Err(code)) => prop_assert!(false, "{got:?} in place of {code}"),
                    }
                }
                Work::Release { owner } => {
                    let answer = release(registry, "p", &format!("o{owner}"), None);
                    let had = then.remove(&format!("o{owner}"));
                    prop_assert!(answer.is_ok() == had.is_some() || death.is_some());
                }
                Work::EditPool(new) => {
                    shape = new.clone();
                    site.pool(&shape.text("p"));
                }
                Work::Zone { name, n } => {
                    let name = format!("z{name}");
                    match n {
                        Some(n) if can_have(shape.v4(n % shape.size())) => {
                            let address = shape.v4(n % shape.size());
                            site.zone(&name, &format!("net \"n\" {{ pool \"p\"; address \"{address}/32\" }}"));
                            then.insert(name, [address].into());
                        }
                        _ => {
                            let _ = std::fs::remove_file(site.path().join(format!("zones/{name}.kdl")));
                            then.remove(&name);
                        }
                    }
                    held = then.clone();
                }
                Work::LoseIndex => drop(std::fs::remove_file(&index)),
                Work::DamageIndex(at) => {
                    if let Ok(mut bytes) = std::fs::read(&index) {
                        let at = usize::from(*at) % bytes.len();
                        bytes[at] ^= 0x20;
                        std::fs::write(&index, bytes).unwrap();
                    }
                }
            }
            // Done or not done, nothing between; a death that did not come leaves it done.
            let now = on_disk(&calm);
            prop_assert!(now == then || (death.is_some() && now == held), "{:?}: {:?} became {:?}, not {:?}", work, held, now, then);
            held = now;
            // Everything adds up.
            let mut allocator = calm.allocator(pools(site.path()), HostUsage::default()).unwrap();
            for usage in allocator.pool_usage(&pool_name("p")).unwrap().families {
                prop_assert_eq!(usage.total, usage.used() + usage.gateways + usage.excluded + usage.reserved + usage.free);
            }
        }
        // The next one who works there clears up.
        let _ = allocate(&calm, "p", "last", None);
        let temps: Vec<String> = site.names("reservations").into_iter().filter(|n| n.ends_with(".tmp")).collect();
        prop_assert!(temps.is_empty(), "{:?}", temps);
    }
}
