//! Refuses to destroy data without evidence on a host that counts as real: one whose commands run in processes.

use serde_json::Value;

use crate::machine::Machine;

fn error(machine: &Machine, words: &[&str]) -> Value {
    let output = machine.zmgr(words);
    assert!(!output.status.success(), "{words:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    let error: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    error["error"].clone()
}

/// Output of a command that succeeds.
fn printed(machine: &Machine, words: &[&str]) -> String {
    String::from_utf8(machine.succeed(words).stdout).unwrap()
}

#[test]
fn what_is_only_inferred_is_not_destroyed_without_a_word() {
    let machine = Machine::of("illumos");
    machine.succeed(&["init"]);
    machine.succeed(&["create", "web01", "--no-boot"]);
    let before = printed(&machine, &["list"]);
    for words in
        [&["destroy", "web01", "--yes"][..], &["destroy", "web01", "--dry-run"], &["reinstall", "web01", "--yes"]]
    {
        let error = error(&machine, words);
        assert_eq!(error["code"], "unsupported-host", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("what uninstall of brand ipkg destroys on illumos is only inferred"), "{message}");
        assert!(error["help"].as_str().unwrap().contains("--unproven"), "{error}");
    }
    assert_eq!(printed(&machine, &["list"]), before, "a refusal changes nothing");
    // Nothing is destroyed where the files stay.
    machine.succeed(&["destroy", "web01", "--dry-run", "--keep-data"]);
    machine.succeed(&["reinstall", "web01", "--yes", "--unproven"]);
    let plan: Value =
        serde_json::from_str(&printed(&machine, &["destroy", "web01", "--dry-run", "--unproven"])).unwrap();
    let note = plan["changes"][0]["notes"][0].as_str().unwrap();
    assert!(note.starts_with("what uninstall of brand ipkg destroys on illumos is only inferred"), "{note}");
    machine.succeed(&["destroy", "web01", "--yes", "--unproven"]);
    assert!(!machine.dir().join("zones/web01").exists());
}

#[test]
fn a_plan_that_was_approved_as_unproven_runs() {
    let machine = Machine::of("illumos");
    machine.succeed(&["init"]);
    machine.succeed(&["create", "web01", "--no-boot"]);
    let plan = printed(&machine, &["destroy", "web01", "--dry-run", "--unproven"]);
    let path = machine.dir().join("plan.json");
    std::fs::write(&path, plan).unwrap();
    machine.succeed(&["run", path.to_str().unwrap()]);
    assert!(!machine.dir().join("zones/web01").exists());
}

#[test]
fn the_hooks_that_were_run_need_no_word() {
    let machine = Machine::new();
    machine.succeed(&["create", "web01", "--no-boot"]);
    machine.succeed(&["destroy", "web01", "--yes"]);
}
