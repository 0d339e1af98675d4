//! The page that sets up etcd: its commands, run as they stand there, and what a host then can do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use zmgr::Store;
use zmgr_etcd::EtcdStore;

use crate::cluster::{FLEET, Network, available};
use crate::{claim, done, host, ip, unreachable};

fn blocks(text: &str) -> String {
    let all: Vec<&str> = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert_eq!(all.len(), 5, "the page has other blocks");
    // The test speaks between the first four and the backup, and after the end.
    let pause = "echo here; read -r line\n";
    let (setup, backup, restore) = (all[..3].concat(), all[3], all[4]);
    format!("{setup}{pause}{backup}{pause}{restore}{pause}")
}

struct Script(Child, PathBuf);

impl Script {
    /// Waits until the script says that it is there.
    fn here(&mut self) {
        use std::io::Read;
        let output = self.0.stdout.as_mut().unwrap();
        let (mut seen, mut byte) = (Vec::new(), [0]);
        while !seen.ends_with(b"here\n") {
            assert!(
                output.read(&mut byte).unwrap() == 1,
                "the script has ended: {}",
                fs::read_to_string(&self.1).unwrap()
            );
            seen.push(byte[0]);
        }
    }

    fn go_on(&mut self) {
        use std::io::Write;
        self.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // Its input ends, and so does it: the trap stops etcd.
        drop(self.0.stdin.take());
        if std::thread::panicking() {
            let log = self.1.with_file_name("etcd.log");
            eprintln!("{}", fs::read_to_string(log).unwrap_or_default());
        }
        let _ = self.0.wait();
    }
}

#[test]
fn the_page_sets_up_a_store() {
    let etcdctl = Command::new("etcdctl").arg("version").stdout(Stdio::null()).status().is_ok();
    if !available() || !etcdctl {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/store.md");
    // A source archive has no pages.
    let Ok(page) = fs::read_to_string(page) else { return };
    let address = Network::new().address(0);
    // Job control, as in a terminal.
    let script =
        format!("set -eum\ntrap 'for job in $(jobs -p); do kill -- -$job; done; wait' EXIT\n{}", blocks(&page));
    let script = script.replace("127.0.0.1", &address);
    fs::write(dir.path().join("page.sh"), &script).unwrap();
    let mut command = Command::new("bash");
    command
        .arg("page.sh")
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(dir.path().join("stderr")).unwrap());
    let mut script = Script(command.spawn().unwrap(), dir.path().join("stderr"));

    script.here();
    let file = |name: &str| dir.path().join(name);
    let store = EtcdStore::builder(FLEET)
        .endpoint(format!("https://{address}:2379"))
        .ca(file("ca.pem"))
        .certificate(file("h1.pem"), file("h1.key"))
        .user("h1", file("h1.password"))
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let h1 = host("h1");
    let (before, after) = (claim(&h1, "web01"), claim(&h1, "web02"));
    done(store.join(&h1));
    done(store.claim(&before, &[ip("10.1.0.10")], &[]));
    script.go_on();

    // After the backup.
    script.here();
    done(store.claim(&after, &[ip("10.1.0.11")], &[]));
    script.go_on();

    script.here();
    // The token is of a store that is gone: etcd leaves the first request without an answer.
    unreachable(store.read("ip/"));
    let held: Vec<_> = done(store.read("ip/")).into_iter().map(|record| record.key).collect();
    assert_eq!(held, [ip("10.1.0.10")], "the store is that of the backup");
    // Claims that the backup lacks are made again.
    done(store.claim(&after, &[ip("10.1.0.11")], &[]));
    done(store.claim(&before, &[ip("10.1.0.10")], &[]));
    script.go_on();
}
