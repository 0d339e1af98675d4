//! Cost of a list of 8,000 zones from C and from Python, relative to the call from Rust: medians of turns taken in one run.
//!
//! `tests/run build`, then `cargo bench --bench front_ends`. A face that is not built is said to be SKIPPED.
#![allow(missing_docs, clippy::print_stdout)]

#[path = "../compare/rows.rs"]
#[allow(dead_code)]
mod rows;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rows::{Aim, Table, medians, time};
use zmgr::{CreateOptions, Manager, Query, QueryHost, RunOptions};

const ZONES: usize = 8000;
const ROUNDS: usize = 15;

fn main() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = tempfile::tempdir().unwrap();
    let host = scratch.path().join("host");
    let manager = tree(&host);

    let mut rust = || {
        let begun = std::time::Instant::now();
        let zones = manager.zones(&Query::new().query_host(QueryHost::Never)).unwrap();
        let took = begun.elapsed();
        assert_eq!(zones.len(), ZONES);
        took
    };
    let mut c = compiled(top, scratch.path()).map(|program| Face::start(Command::new(program).arg(&host)));
    let python = top.join("target/tools/venv/bin/python");
    let mut python = python.exists().then(|| {
        // From an empty directory: the installed wheel, not the source tree.
        let script = top.join("benches/front_ends/list.py");
        Face::start(Command::new(python).arg("-P").arg(script).arg(&host).current_dir(scratch.path()))
    });
    let mut of_c = || c.as_mut().map_or(Duration::ZERO, Face::list);
    let mut of_python = || python.as_mut().map_or(Duration::ZERO, Face::list);
    // Once each, so that all have read the index.
    time(|| (rust(), of_c(), of_python()));
    let [rust, of_c, of_python] = medians(ROUNDS, [&mut rust, &mut of_c, &mut of_python]);

    let mut table = Table::new(Vec::new());
    let what = format!("list of {ZONES} zones from C, without the host");
    table.row(&what, of_c, "the Rust call", c.is_some().then_some(rust), Aim::Within(1.1));
    let what = format!("list(m.zones()) of {ZONES} zones from Python, without the host");
    table.row(&what, of_python, "the Rust call", python.is_some().then_some(rust), Aim::Within(1.5));
    table.print();
}

/// A tree of so many zones, made from the file of one, and its index.
fn tree(host: &Path) -> Manager {
    let manager = Manager::builder().simulate(host).build().unwrap();
    manager.init().unwrap();
    let root = manager.root();
    let pool = "pool \"internal\" {\n    network \"10.0.0.0/16\"\n    gateway \"10.0.0.1\"\n    stub \"stub0\"\n}\n";
    fs::write(root.join("pools/internal.kdl"), pool).unwrap();
    let zone =
        manager.create("zone0000", &CreateOptions::new().attr("owner", "alice"), &mut RunOptions::new()).unwrap();
    let text = fs::read_to_string(root.join("zones/zone0000.kdl")).unwrap();
    let (address, id) = (zone.nets[0].addresses[0].address, zone.id.unwrap());
    for n in 1..ZONES {
        let other = text
            .replace("zone0000", &format!("zone{n:04}"))
            .replace(&address.to_string(), &format!("10.0.{}.{}/16", 1 + n / 250, 1 + n % 250))
            .replace(&id, &format!("{n:032x}"));
        fs::write(root.join(format!("zones/zone{n:04}.kdl")), other).unwrap();
    }
    // The first reservation after the files are at rest writes the index.
    std::thread::sleep(Duration::from_millis(1100));
    manager.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap();
    manager
}

/// The C program, against the library that ships.
fn compiled(top: &Path, scratch: &Path) -> Option<PathBuf> {
    let library = top.join("tests/c/build/lib");
    let program = scratch.join("list");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-O2", "-o"])
        .arg(&program)
        .arg(top.join("benches/front_ends/list.c"))
        .arg(format!("-I{}", top.join("include").display()))
        .args([format!("-L{}", library.display()), format!("-Wl,-rpath,{}", library.display()), "-lzmgr".to_owned()])
        .status();
    (library.join("libzmgr.so").exists() && compiled.is_ok_and(|status| status.success())).then_some(program)
}

/// A program that lists when it is told to, and says how long it took.
struct Face {
    child: Child,
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

impl Face {
    fn start(command: &mut Command) -> Face {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (ask, answer) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Face { child, ask, answer }
    }

    fn list(&mut self) -> Duration {
        self.ask.as_mut().unwrap().write_all(b"list\n").unwrap();
        let mut line = String::new();
        self.answer.read_line(&mut line).unwrap();
        let (zones, took) = line.trim().split_once(' ').unwrap();
        assert_eq!(zones, ZONES.to_string());
        Duration::from_nanos(took.parse().unwrap())
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        drop(self.ask.take());
        let _ = self.child.wait();
    }
}
