//! Processes of a test: how they are started and heard, and how they and the nodes of the store are killed at counted points.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::cluster::Cluster;

/// A generator of its own, so that a failure can be played again.
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// Returns true if long tests are requested.
pub(crate) fn soak() -> bool {
    env::var_os("ZMGR_SOAK").is_some()
}

/// The number of a process and a line of its output; an empty line if the process has ended.
pub(crate) type Line = (usize, String);

/// Starts a test of this program in a process of its own, with its instructions in an environment variable. Lines that begin with `@`
/// go to the channel.
pub(crate) fn start(test: &str, (variable, work): (&str, &str), number: usize, lines: &Sender<Line>) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .env(variable, work)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (output, lines) = (BufReader::new(child.stdout.take().unwrap()), lines.clone());
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if let Some(said) = line.strip_prefix('@') {
                let _ = lines.send((number, said.to_owned()));
            }
        }
        let _ = lines.send((number, String::new()));
    });
    child
}

/// Takes the lines of so many processes until each has ended.
pub(crate) fn drain(running: usize, lines: &Receiver<Line>, say: &mut dyn FnMut(usize, &str)) {
    let mut running = running;
    while running > 0 {
        match lines.recv().unwrap() {
            (_, line) if line.is_empty() => running -= 1,
            (number, line) => say(number, &line),
        }
    }
}

/// Random kills of processes and of nodes of the store.
pub(crate) struct Kills {
    /// Number of processes.
    pub(crate) processes: usize,
    /// Number of kills.
    pub(crate) kills: usize,
    pub(crate) seed: u64,
}

impl Kills {
    /// Starts processes by their number and a seed, kills one of them or a node after a counted number of lines, and starts it again.
    /// In the end no process runs and every node does. Returns the number of nodes that were killed.
    pub(crate) fn run(
        &self,
        cluster: &mut Cluster,
        start: &dyn Fn(usize, u64, &Sender<Line>) -> Child,
        say: &mut dyn FnMut(usize, &str),
    ) -> usize {
        let (sender, lines) = mpsc::channel();
        let mut random = Random(self.seed);
        let mut children: Vec<Child> =
            (0..self.processes).map(|number| start(number, number as u64, &sender)).collect();
        let (mut nodes, mut down) = (0, None);
        for killed in 1..=self.kills {
            for _ in 0..1 + random.below(12) {
                let (number, line) = lines.recv().unwrap();
                assert!(!line.is_empty(), "process {number} has ended");
                say(number, &line);
            }
            if random.below(4) == 0 {
                // The node that was killed before comes back first.
                if let Some(node) = down.take() {
                    cluster.restart(&[node]);
                }
                let node = random.below(3);
                cluster.kill(node);
                down = Some(node);
                nodes += 1;
            } else {
                let number = random.below(self.processes);
                children[number].kill().unwrap();
                children[number].wait().unwrap();
                // It ends its lines with an empty one; no other process may end.
                loop {
                    let (of, line) = lines.recv().unwrap();
                    if line.is_empty() {
                        assert_eq!(of, number, "another process has ended");
                        break;
                    }
                    say(of, &line);
                }
                children[number] = start(number, random.below(1 << 30) as u64, &sender);
            }
            if self.kills > 100 && killed % 100 == 0 {
                eprintln!("soak: {killed} of {} processes and nodes of the store killed", self.kills);
            }
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        drain(children.len(), &lines, say);
        if let Some(node) = down {
            cluster.restart(&[node]);
        }
        nodes
    }
}
