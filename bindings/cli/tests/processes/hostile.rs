//! Careless or hostile surroundings of zmgr: ignored signals, open descriptors, a umask, files that are not files, files
//! that others may write, arguments beyond every limit.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::machine::{Machine, error, interrupt, wait_for};

/// Runs zmgr out of a shell that has run `prelude` before.
fn out_of_a_shell(prelude: &str, zmgr: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{prelude}; exec \"$0\" \"$@\"")).arg(zmgr.get_program()).args(zmgr.get_args());
    shell.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").stdin(Stdio::null());
    shell.stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

/// Runs zmgr under a guard: one that hangs ends with status 124.
fn guarded(machine: &Machine, words: &[&str]) -> Output {
    let zmgr = machine.command(words);
    let mut timeout = Command::new("timeout");
    timeout.args(["--signal=KILL", "60"]).arg(zmgr.get_program()).args(zmgr.get_args());
    timeout.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").stdin(Stdio::null()).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn make_fifo(path: &Path) {
    let _ = fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn signals_ignored_at_the_start_stay_ignored() {
    let machine = Machine::new();
    machine.sim(&["fault", "zoneadm", "install", "--delay", "1", "--times", "1"]);
    let mut shell = out_of_a_shell("trap '' INT TERM HUP", &machine.command(&["create", "web01"]));
    let zmgr = shell.spawn().unwrap();
    wait_for(&machine, "web01", "incomplete");
    interrupt(&zmgr);
    let output = zmgr.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_parent_that_ignores_sigchld_hides_no_ends() {
    let machine = Machine::new();
    let output = out_of_a_shell("trap '' CHLD", &machine.command(&["create", "web01"])).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn inherited_descriptors_do_not_reach_commands() {
    let machine = Machine::new();
    machine.succeed(&["create", "web01"]);
    machine.replace("zlogin", "shift; exec /bin/sh -c \"$*\"");
    for (file, status) in [("/proc/self/fd/9", 1), ("/proc/self/fd/1", 0)] {
        let zmgr = machine.command(&["exec", "web01", "--", "test", "-e", file]);
        let output = out_of_a_shell("exec 9</dev/null", &zmgr).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{file}: {}", stderr(&output));
    }
}

#[test]
fn the_umask_changes_no_mode() {
    for umask in ["0", "077"] {
        let machine = Machine::bare();
        let tree = machine.dir().join("etc/zmgr");
        for words in [&["init"][..], &["create", "web01"]] {
            let output = out_of_a_shell(&format!("umask {umask}"), &machine.command(words)).output().unwrap();
            assert!(output.status.success(), "umask {umask}, {words:?}: {}", stderr(&output));
        }
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        for name in ["", "zones", "reservations", "templates", "pools", "publishers", ".zmgr"] {
            assert_eq!(mode(&tree.join(name)), 0o755, "umask {umask}: {name}");
        }
        for file in ["config.kdl", "zones/web01.kdl", ".zmgr/.gitignore"] {
            assert_eq!(mode(&tree.join(file)), 0o644, "umask {umask}: {file}");
        }
        assert_eq!(mode(&tree.join(".zmgr/locks")), 0o700, "umask {umask}");
        assert_eq!(mode(&machine.dir().join("var/log/zmgr")), 0o755, "umask {umask}");
    }
}

#[test]
fn nothing_that_others_may_write_is_trusted() {
    let machine = Machine::new();
    machine.succeed(&["create", "web01"]);
    if fs::metadata(machine.dir()).unwrap().uid() != 0 {
        // Only root has something to lose.
        return;
    }
    let plan = machine.dir().join("plan.json");
    fs::write(&plan, machine.succeed(&["create", "web02", "--dry-run"]).stdout).unwrap();
    let tree = machine.dir().join("etc/zmgr");
    let refused = |what: &str, commands: &[&[&str]]| {
        for words in commands {
            let output = guarded(&machine, words);
            let said = stderr(&output) + &String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(3), "{what}: {words:?}: {said}");
            assert!(said.contains("as root"), "{what}: {words:?}: {said}");
        }
    };
    let run = ["run", plan.to_str().unwrap()];
    let of_the_zone: &[&[&str]] = &[
        &["set", "web01", "cpu-shares=3"],
        &["show", "web01"],
        &["halt", "web01"],
        &["boot", "web01"],
        &["exec", "web01", "--", "true"],
        &["apply", "web01"],
        &["destroy", "web01", "--yes"],
        &["reinstall", "web01", "--yes"],
        &["recover", "web01"],
    ];
    let of_the_tree: &[&[&str]] =
        &[&["list"], &["diff"], &["recover"], &["pool", "allocate", "internal", "printer"], &["create", "web02"], &run];
    let zones = tree.join("zones");
    chown(&zones, Some(1000), None).unwrap();
    refused("zones/ of user 1000", of_the_zone);
    refused("zones/ of user 1000", of_the_tree);
    chown(&zones, Some(0), None).unwrap();

    let chmod = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for directory in [&zones, &tree] {
        chmod(directory, 0o777);
        refused("a directory of mode 777", of_the_zone);
        refused("a directory of mode 777", of_the_tree);
        chmod(directory, 0o755);
    }
    let entry = tree.join("zones/web01.kdl");
    chmod(&entry, 0o666);
    refused("an entry of mode 666", of_the_zone);
    chmod(&entry, 0o644);
    for file in ["config.kdl", "pools/internal.kdl", "templates/oi.kdl"] {
        chmod(&tree.join(file), 0o666);
        refused(file, &[&["create", "web02"], &run, &["check"]]);
        chmod(&tree.join(file), 0o644);
    }
    for name in ["pools", "templates"] {
        chmod(&tree.join(name), 0o777);
        refused(name, &[&["create", "web02"], &run, &["check"]]);
        chmod(&tree.join(name), 0o755);
    }
    // Commands that need neither pools nor templates are not blocked by them.
    chmod(&tree.join("pools"), 0o777);
    machine.succeed(&["halt", "web01"]);
    chmod(&tree.join("pools"), 0o755);
    machine.succeed(&run);
}

#[test]
fn what_is_no_regular_file_does_not_hang_it() {
    let machine = Machine::new();
    machine.succeed(&["create", "web01"]);
    let tree = machine.dir().join("etc/zmgr");
    // Plans.
    let fifo = machine.dir().join("plan");
    make_fifo(&fifo);
    for plan in [fifo.to_str().unwrap(), "/dev/zero", "/"] {
        let output = guarded(&machine, &["run", plan]);
        assert_eq!(output.status.code(), Some(15), "{plan}: {}", stderr(&output));
    }
    // Files that zmgr keeps for itself: derived again, or refused.
    for derived in [".zmgr/index.v1", ".zmgr/host.v1"] {
        make_fifo(&tree.join(derived));
        for words in [&["list"][..], &["pool", "allocate", "internal", "a"], &["pool", "release", "internal", "a"]] {
            let output = guarded(&machine, words);
            assert!(output.status.success(), "{derived}: {words:?}: {}", stderr(&output));
        }
        fs::remove_file(tree.join(derived)).unwrap();
    }
    for lock in [".zmgr/locks/web01.lock", ".zmgr/locks/web01.child"] {
        make_fifo(&tree.join(lock));
        let output = guarded(&machine, &["halt", "web01"]);
        assert_eq!(output.status.code(), Some(15), "{lock}: {}", stderr(&output));
        fs::remove_file(tree.join(lock)).unwrap();
    }
    make_fifo(&tree.join(".zmgr/locks/registry"));
    let output = guarded(&machine, &["pool", "allocate", "internal", "a"]);
    assert_eq!(output.status.code(), Some(15), "{}", stderr(&output));
    fs::remove_file(tree.join(".zmgr/locks/registry")).unwrap();
    // Keys.
    let key = machine.dir().join("key");
    make_fifo(&key);
    let template = tree.join("templates/keys.kdl");
    let text = "template \"keys\" {\n    extends \"oi\"\n    setup { ssh-key \"/key\" }\n}\n";
    fs::write(&template, text).unwrap();
    let output = guarded(&machine, &["create", "web02", "-t", "keys"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("a FIFO"), "{}", stderr(&output));
}

#[test]
fn a_file_name_that_is_not_utf8_is_reported_and_its_addresses_are_held() {
    let machine = Machine::new();
    let name = OsStr::from_bytes(b"web\xff.kdl");
    let text = "zone \"webx\" {\n    net \"internal\" { pool \"internal\"; address \"10.1.0.10/24\" }\n}\n";
    fs::write(machine.dir().join("etc/zmgr/zones").join(name), text).unwrap();
    for words in [&["create", "web01"][..], &["pool", "allocate", "internal", "a"], &["check"]] {
        let output = machine.zmgr(words);
        assert_eq!(output.status.code(), Some(3), "{words:?}: {}", stderr(&output));
    }
    let zones = machine.json(&["list"]);
    assert_eq!(zones[0]["state"], "unreadable", "{zones}");
    assert!(zones[0]["fault"].to_string().contains("not UTF-8"), "{zones}");
    fs::remove_file(machine.dir().join("etc/zmgr/zones").join(name)).unwrap();
    fs::write(machine.dir().join("etc/zmgr/pools").join(name), "pool \"x\" {\n}\n").unwrap();
    assert_eq!(machine.zmgr(&["create", "web01"]).status.code(), Some(3));
}

#[test]
fn a_limit_that_no_clock_can_reach_is_none() {
    let machine = Machine::new();
    machine.succeed(&["create", "web01"]);
    for seconds in [i64::MAX as u64, u64::MAX] {
        let timeout = format!("--timeout={seconds}");
        machine.succeed(&["exec", &timeout, "web01", "--", "true"]);
        machine.succeed(&["reboot", "web01", &timeout]);
        machine.succeed(&["shutdown", "web01", &timeout]);
        machine.succeed(&["boot", "web01"]);
        machine.succeed(&["halt", "web01", &timeout]);
        machine.succeed(&["boot", "web01"]);
    }
}

#[test]
fn credentials_in_a_url_are_refused_and_never_shown() {
    let machine = Machine::new();
    let tree = machine.dir().join("etc/zmgr");
    fs::write(
        tree.join("templates/p.kdl"),
        "template \"p\" {\n    extends \"oi\"\n    install { publisher \"example.org\" }\n}\n",
    )
    .unwrap();
    for (origin, secret) in [
        ("origin \"https://bob:geheim@pkg.example/x\"", "geheim"),
        ("origin \"http://geheim@pkg.example/x\"", "geheim"),
        ("origin \"https://pkg.example/x\"; mirror \"https://bob:ge/heim@pkg.example/x\"", "heim@"),
        ("orgin \"https://bob:geheim@pkg.example/x\"", "geheim"),
        ("origin \"bob:geheim@pkg.example\"", "geheim"),
    ] {
        fs::write(tree.join("publishers/example.org.kdl"), format!("publisher \"example.org\" {{ {origin} }}\n"))
            .unwrap();
        for words in [&["check"][..], &["publisher", "list"], &["create", "web01", "-t", "p", "--dry-run"]] {
            for output in [machine.zmgr(words), machine.spoken(words).output().unwrap()] {
                assert_eq!(output.status.code(), Some(3), "{origin}: {words:?}: {}", stderr(&output));
                let said = stderr(&output) + &String::from_utf8_lossy(&output.stdout);
                assert!(!said.contains(secret), "{origin}: {words:?}: {said}");
            }
        }
    }
    let output = machine.spoken(&["check"]).output().unwrap();
    let said = stderr(&output) + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("ssl-cert"), "{said}");
}

#[test]
fn a_package_is_not_an_option() {
    let machine = Machine::new();
    let template = machine.dir().join("etc/zmgr/templates/p.kdl");
    fs::write(&template, "template \"p\" {\n    extends \"oi\"\n    install { package \"-EVIL\" }\n}\n").unwrap();
    let output = machine.zmgr(&["create", "web01", "-t", "p"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

#[test]
fn a_script_that_a_killed_apply_left_goes() {
    let machine = Machine::new();
    machine.succeed(&["create", "web01"]);
    let script = machine.dir().join("etc/zmgr/.zmgr/web01.zonecfg");
    for words in [&["recover"][..], &["set", "web01", "cpu-shares=3"]] {
        fs::write(&script, "set bootargs=secret\n").unwrap();
        machine.succeed(words);
        assert!(!script.exists(), "{words:?}");
    }
}

#[test]
fn a_value_that_cannot_be_set_is_blamed_on_its_key() {
    let machine = Machine::new();
    machine.succeed(&["create", "web01"]);
    let output = machine.zmgr(&["set", "web01", "cpu-shares=3", "attr.owner=a\"b"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let message = error(&output)["message"].to_string();
    assert!(message.contains("attr.owner: ") && !message.contains(".kdl"), "{message}");
}
