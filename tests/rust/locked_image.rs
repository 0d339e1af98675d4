//! An image that another package client holds: every change of its publishers ends with that reason, changes nothing, and can be
//! repeated when the other client is done.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use zmgr::{ApplyOptions, CreateOptions, Dialect, Error, RunOptions};

use crate::import::manager;
use crate::sim_machine::{self, Pretend};

/// Another process that holds the lock of an image as pkg does, until it is dropped.
struct OtherClient(Child);

impl OtherClient {
    fn new(machine: &Pretend, image: &str) -> OtherClient {
        let program = "import fcntl, sys\n\
                       lock = open(sys.argv[1], 'w')\n\
                       fcntl.lockf(lock, fcntl.LOCK_EX)\n\
                       print('held', flush=True)\n\
                       sys.stdin.read()\n";
        let lock = machine.dir.path().join(image).join("var/pkg/lock");
        let mut python = Command::new("python3");
        python.args(["-c", program]).arg(lock).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "held\n");
        OtherClient(child)
    }
}

impl Drop for OtherClient {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// set-publisher ends with 1 on a locked image, unset-publisher with 7. [recorded: omnios-locked-005, -007]
#[test]
fn changes_of_publishers_wait_for_the_other_client_and_say_so() {
    let machine = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&machine);
    let put = |path: &str, text: &str| fs::write(manager.root().join(path), text).unwrap();
    let publisher = |name: &str, origin: &str| {
        let entire = if name == "a" { " entire=#true" } else { "" };
        put(&format!("publishers/{name}.kdl"), &format!("publisher \"{name}\"{entire} {{ origin \"{origin}\"; }}\n"));
    };
    let install = |names: &str| {
        put("templates/p.kdl", &format!("template \"p\" {{ extends \"oi\"; install {{ publisher {names}; }}; }}\n"));
    };
    publisher("a", "https://a.example/");
    publisher("b", "https://b.example/");
    install("\"a\" \"b\"");
    let options = CreateOptions::new().template("p").boot(false);
    manager.create("web01", &options, &mut RunOptions::new()).unwrap();
    let listed = || machine.run("pkg -R /zones/web01/root publisher -H -F tsv");
    let apply = || -> Result<(), Error> {
        manager.apply(&["web01"], &ApplyOptions::new(), &mut RunOptions::new())?.into_result().map(drop)
    };
    let refused = |command: &str, status: &str| {
        let before = listed();
        let other = OtherClient::new(&machine, "zones/web01/root");
        let ended = machine.run(&format!("pkg -R /zones/web01/root {command}"));
        assert!(ended.ends_with(status), "{command}: {ended}");
        let error = apply().unwrap_err();
        assert!(error.help().is_some_and(|help| help.contains("another pkg is using this image")), "{error:?}");
        assert_eq!(listed(), before);
        drop(other);
        apply().unwrap();
        assert!(manager.diff(&["web01"]).unwrap().is_clean());
        assert_ne!(listed(), before);
    };
    publisher("b", "https://other.example/");
    refused("set-publisher --no-refresh -g https://x.example/ b", "=1");
    install("\"a\"");
    refused("unset-publisher b", "=7");
}
