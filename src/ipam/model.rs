//! A model that computes the same results by enumerating every address.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;

/// Returns all addresses of a block, in order.
fn addresses(block: &Block) -> Vec<IpAddr> {
    let Interval { first, last } = block.interval();
    (0..=last - first).map(|n| block.family().address(first + n)).collect()
}

fn within(ends: &[(IpAddr, IpAddr)], a: IpAddr) -> bool {
    ends.iter().any(|(x, y)| (x.min(y)..=x.max(y)).contains(&&a))
}

/// Returns true if the address may be allocated, by a literal reading of the rules.
fn may_give(block: &Block, a: IpAddr, owner: Option<&str>) -> bool {
    let edge = match block.network {
        IpNet::V4(n) => n.prefix_len() < 31 && (a == n.network() || a == n.broadcast()),
        IpNet::V6(n) => n.prefix_len() < 127 && a == n.network(),
    } || a.is_unspecified()
        || matches!(a, IpAddr::V4(a) if a.is_broadcast());
    !edge
        && block.gateway != Some(a)
        && !within(&block.excludes, a)
        && !block.reserves.iter().any(|(r, whom)| *r == a && owner != Some(whom.as_str()))
        && (block.ranges.is_empty() || within(&block.ranges, a))
        && block.shares.as_ref().is_none_or(|shares| within(shares, a))
}

fn candidates(space: &Space, family: Family, owner: Option<&str>) -> Vec<IpAddr> {
    let blocks = space.blocks.iter().filter(|b| b.family() == family);
    blocks.flat_map(|b| addresses(b).into_iter().filter(move |a| may_give(b, *a, owner))).collect()
}

/// Generates a base address of the family at an edge of its numbers, or between them.
fn base(family: Family, place: u8, prefix: u8) -> IpNet {
    let number = match (family, place) {
        (_, 0) => 0,
        (Family::V4, 1) => u128::from(u32::MAX),
        (Family::V6, 1) => u128::MAX,
        (Family::V4, _) => u128::from(0x0a01_0000_u32 + (u32::from(place) << 12)),
        (Family::V6, _) => (0x2001_0db8_u128 << 96) + (u128::from(place) << 12),
    };
    IpNet::new(family.address(number), prefix).unwrap().trunc()
}

prop_compose! {
    fn any_block(family: Family, place: u8)(bits in 0u8..=12)(
        bits in Just(bits),
        gateway in proptest::option::of(0u128..1 << bits),
        ranges in proptest::collection::vec((0u128..1 << bits, 0u128..1 << bits), 0..3),
        shares in proptest::option::of(proptest::collection::vec((0u128..1 << bits, 0u128..1 << bits), 0..3)),
        excludes in proptest::collection::vec((0u128..1 << bits, 0u128..1 << bits), 0..3),
        reserves in proptest::collection::vec((0u128..1 << bits, "[ab]"), 0..3),
    ) -> Block {
        let prefix = match family { Family::V4 => 32, Family::V6 => 128 } - bits;
        let network = base(family, place, prefix);
        let at = |n: u128| family.address(number(network.network()) + n);
        let ends = |v: Vec<(u128, u128)>| v.into_iter().map(|(a, b)| (at(a.min(b)), at(a.max(b)))).collect();
        // An exclusion of most of the network tests little of the rest.
        let excludes = excludes.into_iter().map(|(a, b)| (a, a.max(b).min(a + 64))).collect();
        Block {
            network,
            gateway: gateway.map(at),
            ranges: ends(ranges),
            shares: shares.map(ends),
            excludes: ends(excludes),
            reserves: reserves.into_iter().map(|(n, whom)| (at(n), whom)).collect(),
        }
    }
}

fn any_space(family: Family) -> impl Strategy<Value = Space> {
    proptest::sample::subsequence(vec![0u8, 1, 2, 3, 4], 1..3)
        .prop_shuffle()
        .prop_flat_map(move |places| places.into_iter().map(|p| any_block(family, p)).collect::<Vec<_>>())
        .prop_map(|blocks| Space { blocks })
}

fn any_family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

proptest! {
    #[test]
    fn candidates_and_picks((family, space) in any_family().prop_flat_map(|f| (Just(f), any_space(f))), owner in proptest::option::of("[abc]"), seed in any::<u64>(), share in 0u64..=100) {
        let owner = owner.as_deref();
        let expected = candidates(&space, family, owner);
        let got = space.candidates(family, owner);
        prop_assert_eq!(got.count(), expected.len() as u128);
        let everything: Vec<IpAddr> = space.blocks.iter().flat_map(addresses).collect();
        let member: BTreeSet<IpAddr> = expected.iter().copied().collect();
        for a in &everything {
            prop_assert_eq!(got.contains(*a), member.contains(a), "{}", a);
            prop_assert_eq!(space.classify(*a, owner) == AddressClass::Candidate, member.contains(a), "{}", a);
        }
        // A share of all addresses is in use, candidates or not, unordered, some repeated.
        let mut state = seed | 1;
        let mut random = || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
        let mut used: Vec<u128> = everything.iter().filter(|_| random() % 100 < share).map(|a| number(*a)).collect();
        used.sort_by_cached_key(|_| random());
        used.extend(used.first().copied());
        let taken: BTreeSet<u128> = used.iter().copied().collect();
        let free = |a: &&IpAddr| !taken.contains(&number(**a));
        prop_assert_eq!(got.first_free(&used, Pick::Lowest), expected.iter().find(free).copied());
        // The next one after any address: the following ones in its network, then the later networks, then from the beginning.
        for after in everything.iter().step_by(1 + everything.len() / 16) {
            let home = space.blocks.iter().position(|b| b.contains(*after)).unwrap();
            let of = |a: &IpAddr| space.blocks.iter().position(|b| b.contains(*a)).unwrap();
            let (later, earlier): (Vec<&IpAddr>, Vec<&IpAddr>) = expected.iter().partition(|a| of(a) > home || (of(a) == home && *a > after));
            let next = later.into_iter().chain(earlier).find(free).copied();
            prop_assert_eq!(got.first_free(&used, Pick::After(*after)), next, "after {}", after);
        }
        for rank in [0, 1, u128::from(random())] {
            let start = rank.checked_rem(expected.len() as u128).unwrap_or_default() as usize;
            let next = expected[start..].iter().chain(&expected[..start]).find(free).copied();
            prop_assert_eq!(got.first_free(&used, Pick::Rank(rank)), next, "from rank {}", rank);
        }
    }

    #[test]
    fn counts_add_up((family, space) in any_family().prop_flat_map(|f| (Just(f), any_space(f))), seed in any::<u64>(), share in 0u64..=100) {
        let mut state = seed | 1;
        let mut random = || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
        let holders = [Holder::Zone, Holder::Reservation, Holder::Host];
        let mut holdings = Vec::new();
        for address in space.blocks.iter().flat_map(addresses) {
            if random() % 100 < share {
                holdings.push(Holding { address, holder: holders[random() as usize % 3] });
            }
        }
        let usage = space.usage(family, &holdings);
        prop_assert_eq!(usage.total, usage.used() + usage.gateways + usage.excluded + usage.reserved + usage.free);
        let held: BTreeSet<IpAddr> = holdings.iter().map(|h| h.address).collect();
        let free: Vec<IpAddr> = candidates(&space, family, None).into_iter().filter(|a| !held.contains(a)).collect();
        prop_assert_eq!(usage.free, free.len() as u128);
        let mut numbers: Vec<u128> = free.iter().map(|a| number(*a)).collect();
        numbers.sort_unstable();
        let longest = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| run.len()).max().unwrap_or(0);
        prop_assert_eq!(usage.largest_free.map_or(0, |r| r.count), longest as u128);
        // The map contains every address of the ranges once, and has no superfluous ranges.
        prop_assert_eq!(usage.map.iter().map(|part| part.range.count).sum::<u128>(), usage.total);
        let mapped = usage.map.iter().filter(|part| part.taken_for == AddressUse::Free);
        let mapped: Vec<u128> = mapped.flat_map(|part| number(part.range.first)..=number(part.range.last)).collect();
        prop_assert_eq!(mapped, numbers);
        for pair in usage.map.windows(2) {
            prop_assert!(pair[0].range.last < pair[1].range.first);
            let touch = number(pair[0].range.last) + 1 == number(pair[1].range.first);
            prop_assert!(!touch || pair[0].taken_for != pair[1].taken_for);
        }
        prop_assert_eq!(usage.used() + usage.outside, held.len() as u128);
    }
}

fn space(network: &str) -> Space {
    Space { blocks: vec![Block::new(network.parse().unwrap())] }
}

#[test]
fn the_smallest_and_the_largest_networks() {
    for (network, count, first) in [
        ("10.0.0.4/31", 2, Some("10.0.0.4")),
        ("10.0.0.4/32", 1, Some("10.0.0.4")),
        ("10.0.0.4/30", 2, Some("10.0.0.5")),
        ("255.255.255.255/32", 0, None),
        ("255.255.255.254/31", 1, Some("255.255.255.254")),
        ("0.0.0.0/31", 1, Some("0.0.0.1")),
        ("::/127", 1, Some("::1")),
        ("0.0.0.0/0", (1 << 32) - 2, Some("0.0.0.1")),
        ("2001:db8::/127", 2, Some("2001:db8::")),
        ("2001:db8::/128", 1, Some("2001:db8::")),
        ("2001:db8::/126", 3, Some("2001:db8::1")),
        ("::/0", u128::MAX, Some("::1")),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", 1, Some("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
    ] {
        let space = space(network);
        let family = space.families().next().unwrap();
        let candidates = space.candidates(family, None);
        assert_eq!(candidates.count(), count, "{network}");
        let first = first.map(|a| a.parse::<IpAddr>().unwrap());
        assert_eq!(candidates.first_free(&[], Pick::Lowest), first, "{network}");
        assert_eq!(space.usage(family, &[]).total, count, "{network}");
        // After the last candidate, it continues with the first.
        let last = family.address(number(space.blocks[0].network.broadcast()));
        assert_eq!(candidates.first_free(&[], Pick::After(last)), first, "{network}");
    }
}

#[test]
fn why_an_address_is_not_given() {
    let mut space = space("10.1.0.0/24");
    let a = |s: &str| s.parse::<IpAddr>().unwrap();
    let block = &mut space.blocks[0];
    block.gateway = Some(a("10.1.0.1"));
    block.ranges = vec![(a("10.1.0.0"), a("10.1.0.99"))];
    block.shares = Some(vec![(a("10.1.0.0"), a("10.1.0.69")), (a("10.1.0.90"), a("10.1.0.120"))]);
    block.excludes = vec![(a("10.1.0.53"), a("10.1.0.60"))];
    block.reserves = vec![(a("10.1.0.20"), "db01".to_owned())];
    for (address, classify) in [
        ("10.1.0.0", AddressClass::Network),
        ("10.1.0.1", AddressClass::Gateway),
        ("10.1.0.2", AddressClass::Candidate),
        ("10.1.0.20", AddressClass::Reserved("db01")),
        ("10.1.0.55", AddressClass::Excluded),
        ("10.1.0.95", AddressClass::Candidate),
        ("10.1.0.70", AddressClass::OutOfShare),
        ("10.1.0.100", AddressClass::OutOfRange),
        ("10.1.0.255", AddressClass::Broadcast),
        ("10.2.0.1", AddressClass::Elsewhere),
        ("2001:db8::1", AddressClass::Elsewhere),
    ] {
        assert_eq!(space.classify(a(address), None), classify, "{address}");
    }
    assert_eq!(space.classify(a("10.1.0.20"), Some("db01")), AddressClass::Candidate);
    assert_eq!(space.kept_for(Family::V4, "db01").collect::<Vec<_>>(), [a("10.1.0.20")]);
}
