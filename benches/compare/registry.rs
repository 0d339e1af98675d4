//! Allocation: against CNI's host-local, and against the floor that the file system sets.

use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use zmgr::internals::ipam::{Block, Family, Pick, Space, number};
use zmgr::internals::registry::{HostUsage, Pools, Registry, Tree, Wait, WriteHook};
use zmgr::{Document, Pool, ZoneEntry};
use zmgr::{PoolName, ReservationName};

use super::rows::{Aim, Table, medians, time};
use super::sqlite::Sqlite;

pub(crate) const ZONES: usize = 8000;
const ROUNDS: usize = 7;
const HOST_LOCAL: &str = "/usr/lib/cni/host-local";
pub(crate) const POOL: &str = "pool \"big\" {\n    network \"10.64.0.0/16\"\n    gateway \"10.64.0.1\"\n    stub \"stub0\"\n    range \"10.64.0.10\" \"10.64.255.250\"\n}\n";

/// Work of a separate process.
pub(crate) fn task(task: &str, arguments: &[String]) {
    match (task, arguments) {
        ("allocate", [root, owner]) => {
            let given = allocate(Path::new(root), std::slice::from_ref(owner));
            println!("{}", given[0]);
        }
        ("release", [root, owner]) => release(Path::new(root), owner),
        ("stat", [directory]) => println!("{}", stat_floor(Path::new(directory))),
        ("nothing", []) => {}
        _ => panic!("no task {task}"),
    }
}

fn registry(root: &Path) -> Registry {
    Registry::new(Tree::new(root), "bench", WriteHook::none())
}

fn pools(root: &Path) -> Arc<Pools> {
    let path = root.join("pools/big.kdl");
    let pool: Pool = Document::parse(&path, &std::fs::read(&path).unwrap()).unwrap().value;
    Arc::new(Pools::new([(pool.name.clone(), pool)].into(), None))
}

fn allocate(root: &Path, owners: &[String]) -> Vec<IpAddr> {
    let registry = registry(root);
    let host_usage = registry.last_host_usage().unwrap_or_default();
    let mut session = registry.reserving(pools(root), host_usage, &mut Wait::up_to(Duration::from_secs(30))).unwrap();
    let pool = PoolName::new("big").unwrap();
    let give = |owner: &String| {
        let owner = ReservationName::new(owner.as_str()).unwrap();
        session.allocate(&pool, &owner, None).unwrap().addresses[0].address.addr()
    };
    let given = owners.iter().map(give).collect();
    session.commit().unwrap();
    given
}

fn release(root: &Path, owner: &str) {
    let registry = registry(root);
    let mut session =
        registry.reserving(Arc::default(), HostUsage::default(), &mut Wait::up_to(Duration::from_secs(30))).unwrap();
    session.release(&PoolName::new("big").unwrap(), &ReservationName::new(owner).unwrap(), None, None).unwrap();
    session.commit().unwrap();
}

/// A listing and a `stat` of each file, and nothing else.
pub(crate) fn stat_floor(directory: &Path) -> i64 {
    let fd = rustix::fs::open(directory, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()).unwrap();
    let mut size = 0;
    for entry in Dir::read_from(&fd).unwrap() {
        let entry = entry.unwrap();
        size += rustix::fs::statat(&fd, entry.file_name(), AtFlags::empty()).unwrap().st_size;
    }
    size
}

/// A tree with so many zones.
pub(crate) struct Site {
    root: PathBuf,
}

impl Site {
    pub(crate) fn new(root: PathBuf, zones: usize) -> Site {
        for directory in ["pools", "zones", "reservations"] {
            std::fs::create_dir(root.join(directory)).unwrap();
        }
        std::fs::write(root.join("pools/big.kdl"), POOL).unwrap();
        for n in 0..zones {
            std::fs::write(root.join(format!("zones/zone{n:05}.kdl")), zone(n)).unwrap();
        }
        Site { root }
    }

    fn path(&self) -> &Path {
        &self.root
    }
}

/// The address of this zone, in the pool of [`POOL`].
pub(crate) fn address(n: usize) -> std::net::IpAddr {
    Family::V4.address(u128::from(0x0a40_000a_u32) + n as u128)
}

/// A zone's file as zmgr writes it.
pub(crate) fn zone(n: usize) -> String {
    let address = address(n);
    format!(
        r#"zone "zone{n:05}" {{
    format 1
    id "{n:032x}"
    template "oi"
    brand "nlipkg"
    zonepath "/zones/zone{n:05}"
    state "ready"
    uuid "6ba7b810-9dad-11d1-80b4-{n:012x}"
    created "2026-03-22T12:14:09Z"
    origin "create"
    net "internal" {{
        pool "big"
        address "{address}/16" gateway="10.64.0.1"
        vnic "zone{n:05}_0"
        stub "stub0"
        mac "2:8:20:{:x}:{:x}:1"
        managed #true
    }}
    attr "owner" "alice"
}}
"#,
        n / 256 % 256,
        n % 256
    )
}

/// A process of its own doing this task.
pub(crate) fn process(task: &str, arguments: &[&str]) -> Duration {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(format!("task:{task}")).args(arguments).stdout(Stdio::null());
    time(|| assert!(command.status().unwrap().success()))
}

pub(crate) fn rows(table: &mut Table) {
    if table.wants("allocate") {
        one_at_a_time(table);
    }
    if table.wants("allocate") {
        growth(table);
    }
    if table.wants("batch") {
        batch(table);
    }
    if table.wants("pick") {
        pick(table);
    }
    if table.wants("load") {
        first_load(table);
    }
}

pub(crate) fn settle() {
    // Files must have been at rest for a moment before the index takes them.
    std::thread::sleep(Duration::from_millis(50));
}

fn one_at_a_time(table: &mut Table) {
    let site = Site::new(table.directory(), ZONES);
    let root = site.path().to_str().unwrap();
    let zones = site.path().join("zones");
    settle();
    allocate(site.path(), &["first".to_owned()]);
    let peer = Peer::new(table.directory(), ZONES);
    let mut n = 0;
    let mut ours = || {
        n += 1;
        process("allocate", &[root, &format!("owner{n}")])
    };
    let mut m = 0;
    let mut theirs = || {
        m += 1;
        peer.as_ref().map_or(Duration::ZERO, |peer| peer.add(m))
    };
    let mut floor = || process("stat", &[zones.to_str().unwrap()]);
    let mut start = || process("nothing", &[]);
    let [ours, theirs, floor, start] = medians(61, [&mut ours, &mut theirs, &mut floor, &mut start]);
    let theirs = peer.map(|_| theirs);
    let plain = Plain::new(table.directory(), ZONES);
    let mut m = 0;
    let mut python = || {
        m += 1;
        plain.as_ref().map_or(Duration::ZERO, |plain| plain.run("allocate", &[&format!("new{m}")]))
    };
    let mut again = || {
        n += 1;
        process("allocate", &[root, &format!("owner{n}")])
    };
    let [again, python] = medians(ROUNDS, [&mut again, &mut python]);
    table.row(
        "allocate, a process of its own, 8,000 zones",
        again,
        "Python: ipaddress and a directory of JSON files",
        plain.map(|_| python),
        Aim::Faster(5.0),
    );
    table.row("allocate, a process of its own, 8,000 zones", ours, "host-local ADD", theirs, Aim::Faster(5.0));
    table.row(
        "allocate, a process of its own, 8,000 zones",
        ours,
        "readdir and fstatat, a process of its own",
        Some(floor),
        Aim::Within(1.5),
    );
    println!("(starting and ending a process: {start:.2?})");
    let database = Sqlite::new(table.directory(), ZONES);
    let mut m = 0;
    let mut sqlite = || {
        m += 1;
        database.as_ref().map_or(Duration::ZERO, |peer| peer.allocate(&[format!("owner{m}")]))
    };
    let mut again = || {
        n += 1;
        process("allocate", &[root, &format!("owner{n}")])
    };
    let mut sweep = || time(|| assert!(stat_floor(&zones) > 0));
    let [again, sqlite, sweep] = medians(61, [&mut again, &mut sqlite, &mut sweep]);
    table.row(
        "allocate, a process of its own, 8,000 zones",
        again,
        "SQLite, a process of its own, and one sweep by fstatat",
        database.map(|_| sqlite + sweep),
        Aim::Within(1.0),
    );
}

/// Repeats it at an eighth of the size, to show the growth.
fn growth(table: &mut Table) {
    let sizes = [ZONES / 8, ZONES];
    let sites = sizes.map(|zones| Site::new(table.directory(), zones));
    settle();
    sites.iter().for_each(|site| drop(allocate(site.path(), &["first".to_owned()])));
    let allocates = |site: &Site| {
        let root = site.path().to_str().unwrap().to_owned();
        let mut n = 0;
        move || {
            n += 1;
            process("allocate", &[&root, &format!("owner{n}")])
        }
    };
    let [mut small, mut large] = sites.each_ref().map(allocates);
    let [small, large] = medians(31, [&mut small, &mut large]);
    table.row("allocate, 8,000 zones", large, "allocate, 1,000 zones", Some(small), Aim::Within(8.0));
}

fn batch(table: &mut Table) {
    const BATCH: usize = 1000;
    let site = Site::new(table.directory(), ZONES);
    settle();
    allocate(site.path(), &["first".to_owned()]);
    let peer = Peer::new(table.directory(), ZONES);
    let baseline_directory = site.path().join("floor");
    std::fs::create_dir(&baseline_directory).unwrap();
    let mut round = 0;
    let mut ours = || {
        round += 1;
        let owners: Vec<String> = (0..BATCH).map(|n| format!("r{round}-{n}")).collect();
        let took = time(|| allocate(site.path(), &owners));
        // Back to 8,000, unmeasured.
        for owner in &owners {
            std::fs::remove_file(site.path().join(format!("reservations/{owner}.kdl"))).unwrap();
        }
        took / BATCH as u32
    };
    let mut floor = || {
        let took = time(|| fsync_floor(&baseline_directory, BATCH));
        std::fs::remove_dir_all(&baseline_directory).unwrap();
        std::fs::create_dir(&baseline_directory).unwrap();
        took / BATCH as u32
    };
    let mut m = 0;
    let mut theirs = || {
        m += 1;
        peer.as_ref().map_or(Duration::ZERO, |peer| peer.add(m))
    };
    let database = Sqlite::new(table.directory(), ZONES);
    let mut sqlite = || {
        let owners: Vec<String> = (0..BATCH).map(|n| format!("r{n}")).collect();
        let Some(peer) = &database else { return Duration::ZERO };
        let took = peer.allocate(&owners);
        peer.release(&owners);
        took / BATCH as u32
    };
    let [ours, floor, theirs, sqlite] = medians(7, [&mut ours, &mut floor, &mut theirs, &mut sqlite]);
    let theirs = peer.map(|_| theirs);
    table.row(
        "a batch of 1,000, for each address",
        ours,
        "SQLite, a transaction for each address",
        database.map(|_| sqlite),
        Aim::Within(1.5),
    );
    table.row("a batch of 1,000, for each address", ours, "host-local ADD", theirs, Aim::Faster(60.0));
    table.row(
        "a batch of 1,000, for each address",
        ours,
        "the same files written, flushed, linked",
        Some(floor),
        Aim::Within(1.2),
    );
}

/// Cost of this many durable new files: each written and flushed, given its name, and the directory flushed at the end.
fn fsync_floor(directory: &Path, count: usize) {
    let body = [b'x'; 200];
    let temp = |n: usize| directory.join(format!(".f{n}.kdl.tmp"));
    for n in 0..count {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(temp(n)).unwrap();
        file.write_all(&body).unwrap();
    }
    for n in 0..count {
        std::fs::File::open(temp(n)).unwrap().sync_all().unwrap();
    }
    for n in 0..count {
        std::fs::hard_link(temp(n), directory.join(format!("f{n}.kdl"))).unwrap();
        std::fs::remove_file(temp(n)).unwrap();
    }
    std::fs::File::open(directory).unwrap().sync_all().unwrap();
}

fn pick(table: &mut Table) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    // A /24 has not 8,000 addresses: it is compared with the others where each has as many as fit into it.
    for (count, prefixes) in [
        (ZONES, ["10.0.0.0/16", "10.0.0.0/8", "2001:db8::/64"].as_slice()),
        (250, ["10.0.0.0/24", "10.0.0.0/16", "10.0.0.0/8", "2001:db8::/64"].as_slice()),
    ] {
        let mut medians_of = Vec::new();
        for prefix in prefixes {
            let block = Block::new(prefix.parse().unwrap());
            let first = number(block.network.network()) + 1;
            let space = Space { blocks: vec![block] };
            let family = space.families().next().unwrap();
            let mut used: Vec<u128> = (0..count as u128).map(|n| first + n).collect();
            used.sort_by_cached_key(|_| random());
            let candidates = space.candidates(family, None);
            let many = |act: &dyn Fn()| time(|| (0..200).for_each(|_| act())) / 200;
            let mut ours = || {
                many(&|| {
                    let _ = std::hint::black_box(candidates.first_free(std::hint::black_box(&used), Pick::Lowest));
                })
            };
            let mut floor = || {
                many(&|| {
                    let _ = std::hint::black_box(one_pass(std::hint::black_box(&used), first));
                })
            };
            let [ours, floor] = medians(31, [&mut ours, &mut floor]);
            if count == ZONES {
                let what = format!("pick of {count} in {prefix}");
                table.row(&what, ours, "one pass over n + 1 bits", Some(floor), Aim::Within(2.0));
            }
            medians_of.push((prefix, ours));
        }
        let fastest = medians_of.iter().min_by_key(|(_, time)| *time).unwrap();
        let slowest = medians_of.iter().max_by_key(|(_, time)| *time).unwrap();
        table.row(
            &format!("pick of {count} in {}", slowest.0),
            slowest.1,
            &format!("pick of {count} in {}", fastest.0),
            Some(fastest.1),
            Aim::Within(1.5),
        );
    }
}

/// The least that tells the lowest free one of an unsorted list.
fn one_pass(used: &[u128], first: u128) -> u128 {
    let mut bits = vec![0u64; used.len() / 64 + 1];
    for &n in used {
        let offset = n.wrapping_sub(first);
        if offset <= used.len() as u128 {
            bits[offset as usize / 64] |= 1 << (offset as usize % 64);
        }
    }
    let word = bits.iter().position(|w| *w != u64::MAX).unwrap_or(0);
    first + (word * 64) as u128 + u128::from(bits[word].trailing_ones())
}

fn first_load(table: &mut Table) {
    let site = Site::new(table.directory(), ZONES);
    let registry = registry(site.path());
    let cores = std::thread::available_parallelism().unwrap().get() as u32;
    let paths: Vec<PathBuf> = (0..ZONES).map(|n| site.path().join(format!("zones/zone{n:05}.kdl"))).collect();
    let mut ours = || time(|| assert_eq!(registry.snapshot().unwrap().entries().count(), ZONES));
    let mut floor = || {
        let paths = &paths;
        time(|| {
            for path in paths {
                std::hint::black_box(Document::<ZoneEntry>::parse(path, &std::fs::read(path).unwrap()).unwrap());
            }
        }) / cores
    };
    let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let mut parser = || {
        // A part of them, for it takes its time.
        const PART: usize = 16;
        let parse = |text: &String| drop(std::hint::black_box(text.parse::<kdl::KdlDocument>().unwrap()));
        time(|| texts.iter().step_by(PART).for_each(parse)) * PART as u32 / cores
    };
    let [ours, floor, parser] = medians(7, [&mut ours, &mut floor, &mut parser]);
    let what = "first load of 8,000 zones, no index";
    table.row(what, ours, "the kdl parser alone, divided by the cores", Some(parser), Aim::Within(1.2));
    table.row(what, ours, "reading and checking them one by one, divided by the cores", Some(floor), Aim::Within(1.5));
}

/// Work of a script of a few lines, with this many addresses taken.
pub(crate) struct Plain {
    directory: PathBuf,
}

impl Plain {
    pub(crate) fn new(directory: PathBuf, taken: usize) -> Option<Plain> {
        let plain = Plain { directory };
        let made = plain.command("make", &[&taken.to_string()]).status();
        made.is_ok_and(|status| status.success()).then_some(plain)
    }

    pub(crate) fn run(&self, task: &str, arguments: &[&str]) -> Duration {
        let mut command = self.command(task, arguments);
        time(|| assert!(command.stdout(Stdio::null()).status().unwrap().success()))
    }

    fn command(&self, task: &str, arguments: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/plain.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(task).arg(&self.directory).args(arguments);
        command
    }
}

/// CNI's host-local with so many addresses taken.
struct Peer {
    directory: PathBuf,
    taken: usize,
}

impl Peer {
    fn new(directory: PathBuf, taken: usize) -> Option<Peer> {
        if !Path::new(HOST_LOCAL).exists() {
            return None;
        }
        let store = directory.join("bench");
        std::fs::create_dir(&store).unwrap();
        for n in 0..taken {
            let address = Family::V4.address(u128::from(0x0a40_000a_u32) + n as u128);
            std::fs::write(store.join(address.to_string()), format!("taken{n}\r\neth0")).unwrap();
        }
        let last = Family::V4.address(u128::from(0x0a40_000a_u32) + taken as u128 - 1);
        std::fs::write(store.join("last_reserved_ip.0"), last.to_string()).unwrap();
        Some(Peer { directory, taken })
    }

    fn add(&self, n: usize) -> Duration {
        let config = format!(
            r#"{{"cniVersion":"0.4.0","name":"bench","type":"x","ipam":{{"type":"host-local","dataDir":"{}","ranges":[[{{"subnet":"10.64.0.0/16","rangeStart":"10.64.0.10","rangeEnd":"10.64.255.250"}}]]}}}}"#,
            self.directory.display()
        );
        let mut command = Command::new(HOST_LOCAL);
        command
            .env("CNI_COMMAND", "ADD")
            .env("CNI_CONTAINERID", format!("new{}-{n}", self.taken))
            .env("CNI_NETNS", "/proc/self/ns/net")
            .env("CNI_IFNAME", "eth0")
            .env("CNI_PATH", "/usr/lib/cni")
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        time(|| {
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(config.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success(), "host-local failed");
        })
    }
}
