//! Allocations of whole hosts through a real etcd, compared with bare transactions of the same size: three nodes on loopback with TLS and
//! authentication, and one process for each host. `cargo bench -p zmgr-etcd --bench fleet`.
//!
//! A bare transaction compares the incarnation of the host, the digest of the pool and the absence of a key for each address, and puts
//! them, as an allocation does; its client keeps its connection and its token, and chooses keys that no other process has. An allocation
//! also reads the registry twice, to choose and to check under its lock, and writes and flushes a file and its directory. Everything is
//! in memory where the machine has such a place (`/dev/shm`): the rows compare work, not disks.
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr, dead_code, reason = "shares modules with the tests")]

#[path = "../../tests/etcd/cluster.rs"]
mod cluster;
#[path = "../../tests/etcd/fleet.rs"]
mod fleet;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use zmgr::{EntryId, RunOptions, Store, StoreAnswer, StoreClaim, StoreHost, StoreKey, StorePool, StoreValue};

use cluster::{Cluster, FLEET, Shape};
use fleet::{Setup, Site};

/// Numbers of hosts.
const HOSTS: [usize; 3] = [1, 2, 8];
/// Numbers of addresses that are allocated at once.
const TOGETHER: [usize; 2] = [1, 50];
/// Transactions of all hosts together in one turn.
const COUNT: usize = 400;
/// Transactions of all hosts together in one turn, with many addresses in each.
const LARGE: usize = 40;
const TURNS: usize = 5;

fn done<T>(answer: StoreAnswer<T>) -> T {
    match answer {
        StoreAnswer::Done(value) => value,
        StoreAnswer::Refused(refusal) => panic!("{refusal:?}"),
        StoreAnswer::Unknown(error) | StoreAnswer::Unreachable(error) => panic!("{error}"),
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["task:allocate", name, dir, count, together, turn] => {
            allocate(name, dir, (count.parse().unwrap(), together.parse().unwrap()), turn);
        }
        ["task:bare", name, dir, count, together, turn] => {
            bare(name, Path::new(dir), (count.parse().unwrap(), together.parse().unwrap()), turn);
        }
        _ if cluster::available() => measure(),
        _ => {}
    }
}

/// A process that is ready, and works once it is told to.
struct Worker(Child, ChildStdin, BufReader<std::process::ChildStdout>);

impl Worker {
    fn start(task: &str, site: &Site, dir: &Path, (count, together): (usize, usize), turn: &str) -> Worker {
        let (count, together) = (count.to_string(), together.to_string());
        let mut child = Command::new(env::current_exe().unwrap())
            .args([&format!("task:{task}"), &site.name, dir.to_str().unwrap(), &count, &together, turn])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut worker = Worker(child, input, output);
        worker.hear();
        worker
    }

    fn hear(&mut self) {
        let mut line = String::new();
        assert!(self.2.read_line(&mut line).unwrap() > 0, "a worker has ended");
    }
}

/// Says that the process is ready, and waits for the start of the measurement.
fn ready() {
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Time that these workers take together.
fn time(mut workers: Vec<Worker>) -> Duration {
    let start = Instant::now();
    workers.iter_mut().for_each(|worker| worker.1.write_all(b"\n").unwrap());
    workers.iter_mut().for_each(Worker::hear);
    let time = start.elapsed();
    workers.iter_mut().for_each(|worker| assert!(worker.0.wait().unwrap().success()));
    time
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

fn measure() {
    println!("| hosts | addresses at once | allocated per second | put by bare transactions per second | ratio |");
    println!("|---|---|---|---|---|");
    for (hosts, together) in TOGETHER.into_iter().flat_map(|together| HOSTS.map(|hosts| (hosts, together))) {
        let count = if together == 1 { COUNT } else { LARGE * together };
        let cluster = Cluster::start(Shape::default());
        let setup = Setup { last: "10.1.255.250", unique_names: false, ..Setup::of(&cluster) };
        let sites = Site::members(&cluster, hosts, &setup);
        // The first writes the digest of the pool.
        sites[0].allocate("first", None).unwrap();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for turn in 0..TURNS {
            for (task, times) in [("allocate", &mut ours), ("bare", &mut theirs)] {
                let start = |site: &Site| {
                    let dir = if task == "bare" { cluster.path() } else { &site.dir };
                    Worker::start(task, site, dir, (count / hosts, together), &turn.to_string())
                };
                times.push(time(sites.iter().map(start).collect()));
            }
        }
        // What was claimed is what the trees hold, and the rest is what the bare transactions put.
        let records = done(cluster.store("h1").read("ip/dmz/"));
        assert_eq!(records.len(), 1 + TURNS * count, "an allocation is lost or there for nothing");
        let [ours, theirs] = [ours, theirs].map(|times| count as f64 / median(times));
        println!("| {hosts} | {together} | {ours:.0} | {theirs:.0} | {:.2} |", ours / theirs);
    }
}

/// Allocates as a host does.
fn allocate(name: &str, dir: &str, (count, together): (usize, usize), turn: &str) {
    let site = Site { name: name.to_owned(), dir: PathBuf::from(dir) };
    let manager = site.manager();
    let owners: Vec<String> = (0..count).map(|n| format!("o{turn}-{n}")).collect();
    let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
    // Connections and tokens are there, and so is what a process that allocates much knows of the others.
    manager.fleet_status().unwrap();
    ready();
    for owners in owners.chunks(together) {
        manager.allocate_all("internal", owners, &mut RunOptions::new()).unwrap();
    }
    println!("done");
}

/// Makes transactions of the same size, with one connection and one token.
fn bare(name: &str, dir: &Path, (count, together): (usize, usize), turn: &str) {
    let read = |file: &str| fs::read(dir.join(file)).unwrap();
    let certificate = Certificate::from_pem(&read("host.pem")).unwrap();
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(rustls::crypto::ring::default_provider().into())
        .root_certs(RootCerts::new_with_certs(&[Certificate::from_pem(&read("ca.pem")).unwrap()]))
        .client_cert(Some(ClientCert::new_with_certs(
            &[certificate],
            PrivateKey::from_pem(&read("host.key")).unwrap(),
        )));
    let agent = ureq::Agent::config_builder().tls_config(tls.build()).build().new_agent();
    let config = fs::read_to_string(dir.join("hosts").join(name).join("etc/zmgr/config.kdl")).unwrap();
    let url = config.split("endpoint \"").nth(1).unwrap().split('"').next().unwrap();
    let ask = |path: &str, token: Option<&str>, body: &Value| -> Value {
        let mut request = agent.post(format!("{url}{path}"));
        if let Some(token) = token {
            request = request.header("Authorization", token);
        }
        let text = request.send(body.to_string()).unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let password = String::from_utf8(read(&format!("{name}.password"))).unwrap();
    let answer = ask("/v3/auth/authenticate", None, &json!({"name": name, "password": password}));
    let token = answer["token"].as_str().unwrap();

    let store = zmgr_etcd::EtcdStore::builder(FLEET)
        .endpoint(url)
        .ca(dir.join("ca.pem"))
        .certificate(dir.join("host.pem"), dir.join("host.key"))
        .user(name, dir.join(format!("{name}.password")))
        .build()
        .unwrap();
    let records = done(store.read(""));
    let host: &StoreHost = records
        .iter()
        .find_map(|record| match &record.value {
            StoreValue::Host(host) if host.host == name => Some(host),
            _ => None,
        })
        .unwrap();
    let pool: &StorePool = records
        .iter()
        .find_map(|record| match &record.value {
            StoreValue::Pool(pool) => Some(pool),
            _ => None,
        })
        .unwrap();
    let code = |text: &str| STANDARD.encode(text);
    // The value begins with this text and goes on, as the client compares it.
    let begins = |key: &StoreKey, start: &str| {
        let (key, end) = (code(&key.encode(FLEET)), STANDARD.encode([start.as_bytes(), &[0xff]].concat()));
        [
            json!({"key": key, "target": "VALUE", "result": "GREATER", "value": code(start)}),
            json!({"key": key, "target": "VALUE", "result": "LESS", "value": end}),
        ]
    };
    let host_key = StoreKey::Host(name.to_owned());
    let pool_key = StoreKey::Pool("internal".parse().unwrap());
    ready();
    let owners: Vec<String> = (0..count).map(|n| format!("o{turn}-{n}")).collect();
    for owners in owners.chunks(together) {
        let read = |key: &str| json!({"request_range": {"key": key}});
        let mut compare = begins(&host_key, &host.encoded_start()).to_vec();
        compare.extend(begins(&pool_key, &pool.encoded_start()));
        let mut failure = vec![read(&code(&host_key.encode(FLEET))), read(&code(&pool_key.encode(FLEET)))];
        let mut success = Vec::new();
        for owner in owners {
            // Not an address, so that no allocation gets it.
            let key = code(&format!("/zmgr/1/{FLEET}/bare/{name}/{owner}"));
            let (id, kind) = (EntryId::random().unwrap(), zmgr::ClaimKind::Reservation);
            let claim = StoreClaim::new(id, host, kind, owner, "2026-11-30T20:00:00Z");
            compare.push(json!({"key": key, "target": "CREATE", "result": "EQUAL", "create_revision": "0"}));
            failure.push(read(&key));
            success.push(json!({"request_put": {"key": key, "value": code(&claim.encode())}}));
        }
        let answer =
            ask("/v3/kv/txn", Some(token), &json!({"compare": compare, "success": success, "failure": failure}));
        assert_eq!(answer["succeeded"], true, "{answer}");
    }
    println!("done");
}
