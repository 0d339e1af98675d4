//! A machine that cannot manage zones reads the files of one that can.

use std::process::Command;

use serde_json::Value;

use crate::machine::Machine;

#[test]
fn reading_needs_no_host() {
    let machine = Machine::new();
    machine.succeed(&["create", "a", "b"]);
    machine.succeed(&["set", "b", "attr.owner=alice", "tags=web"]);
    let tree = machine.dir().join("etc/zmgr");
    let empty = tempfile::tempdir().unwrap();
    let elsewhere = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zmgr"));
        command.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").arg("--host-root").arg(empty.path());
        command.arg("--root").arg(&tree).args(words).output().unwrap()
    };
    for words in [
        &["list"][..],
        &["show", "a"],
        &["show", "a", "--effective"],
        &["check"],
        &["pool", "list"],
        &["pool", "show", "internal"],
        &["pool", "check"],
        &["template", "list"],
        &["template", "show", "oi"],
        &["publisher", "list"],
        &["fleet", "list", tree.to_str().unwrap()],
        &["explain", "zone"],
        &["diff", "a"],
    ] {
        let output = elsewhere(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for words in [&["diff"][..], &["diff", "--offline"], &["diff", "--tag", "web"]] {
        let output = elsewhere(words);
        assert_eq!(output.status.code(), Some(19), "{words:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("b: attr.owner unset → alice (zones/b.kdl:20); the host was not queried\n"), "{said}");
        let other = "a: applied as the files say; the host was not queried\n";
        assert_eq!(said.contains(other), words.len() < 3, "{said}");
    }
    // Likewise on the host, if it must not be queried.
    let drift = machine.zmgr(&["diff", "--offline"]);
    assert_eq!(drift.status.code(), Some(19));
    let drift: Value = serde_json::from_slice(&drift.stdout).unwrap();
    let status = |n: usize| (drift[n]["status"].as_str().unwrap(), drift[n]["unchecked"].as_bool().unwrap());
    assert_eq!((status(0), status(1)), (("unchecked", true), ("differs", true)));
    // Commands that change the host need one, and without a tree there is nothing to read.
    assert_eq!(elsewhere(&["apply"]).status.code(), Some(14));
    let nothing = Command::new(env!("CARGO_BIN_EXE_zmgr")).arg("--host-root").arg(empty.path()).arg("diff").output();
    assert_eq!(nothing.unwrap().status.code(), Some(14));
}
