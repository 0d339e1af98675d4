//! The command line as a shell sees it: words in, one document or lines out, an exit status.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Host {
    directory: tempfile::TempDir,
}

impl Host {
    fn new() -> Host {
        Host { directory: tempfile::tempdir().unwrap() }
    }

    fn dir(&self) -> PathBuf {
        self.directory.path().join("host")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = zmgr();
        command.arg("--simulate").arg(self.dir()).args(words);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().unwrap()
    }

    fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[&["--json"], words].concat())).unwrap()
    }

    /// The exit status and the error of a command that fails.
    fn fails(&self, words: &[&str]) -> (i32, Value) {
        let output = self.run(&[&["--json"], words].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        let last = error.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{words:?}: {error}"));
        (output.status.code().unwrap(), error["error"].clone())
    }
}

fn zmgr() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zmgr"));
    command.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").env_remove("RUST_BACKTRACE");
    command
}

/// Every file below a directory whose path or text speaks of `word`: logs aside, and what is derived or only held while it is
/// used (locks, the index, the simulation's own corner).
fn speaking_of(directory: &Path, word: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("var/log") || path.ends_with(".zmgr") {
            continue;
        }
        let named = path.file_name().unwrap().to_string_lossy().contains(word);
        if named {
            found.push(path.clone());
        }
        if path.is_dir() {
            found.extend(speaking_of(&path, word));
        } else if !named && String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).contains(word) {
            found.push(path);
        }
    }
    found
}

#[test]
fn create_list_show_destroy() {
    let host = Host::new();
    let made = host.json(&["create", "web01"]);
    let zone = &made[0];
    assert_eq!(made.as_array().unwrap().len(), 1);
    assert_eq!(zone["name"], "web01");
    assert_eq!(zone["state"], "ready");
    assert_eq!(zone["status"], "running");
    assert_eq!(zone["nets"][0]["address"], "10.1.0.10/24");
    assert_eq!(zone["nets"][0]["vnic"], "web01_0");
    let keys: Vec<&String> = zone.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "name", "id", "brand", "template", "zonepath", "state", "status", "uuid", "autoboot", "created", "origin",
            "nets", "tags", "attrs", "pending", "up", "fault"
        ]
    );
    assert_eq!(host.json(&["create", "web02"])[0]["nets"][0]["address"], "10.1.0.11/24");
    assert_eq!(host.json(&["list"]).as_array().unwrap().len(), 2);
    assert_eq!(host.json(&["show", "web02"])["name"], "web02");
    assert!(host.ok(&["list"]).lines().nth(1).unwrap().starts_with("web01"));
    assert!(host.ok(&["show", "web01"]).contains("10.1.0.10/24 via 10.1.0.1 (up)"));

    host.ok(&["destroy", "web01", "--yes"]);
    let left: Vec<PathBuf> = speaking_of(&host.dir(), "web01");
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(host.json(&["create", "web03"])[0]["nets"][0]["address"], "10.1.0.10/24");
}

#[test]
fn the_options_of_create() {
    let host = Host::new();
    let words = ["create", "a", "--address", "internal=10.1.0.77", "--attr", "owner=alice", "--no-boot"];
    let zone = &host.json(&words)[0];
    assert_eq!(zone["nets"][0]["address"], "10.1.0.77/24");
    assert_eq!(zone["attrs"]["owner"], "alice");
    assert_eq!(zone["status"], "installed");
    assert_eq!(host.fails(&["create", "b", "--address", "internal=10.1.0.77"]).0, 8);
    assert_eq!(host.fails(&["create", "b", "--address", "internal=10.1.0.77/24"]).0, 2);
    assert_eq!(host.fails(&["create", "b", "-t", "missing"]).0, 4);
    assert_eq!(host.fails(&["create", "a"]).0, 5);
}

#[test]
fn a_failed_install_leaves_nothing_and_says_why() {
    let host = Host::new();
    host.ok(&["sim", "new"]);
    host.ok(&["sim", "fault", "zoneadm", "install", "--exit", "1", "--stdout", "the hook's last words"]);
    let (status, error) = host.fails(&["create", "web01"]);
    assert_eq!((status, error["code"].as_str()), (11, Some("command-failed")));
    assert!(error["command"]["stdout"].as_str().unwrap().contains("the hook's last words"), "{error}");
    let words = String::from_utf8(host.run(&["create", "web01"]).stderr).unwrap();
    assert!(words.contains("the hook's last words"), "{words}");
    assert!(host.json(&["list"]).as_array().unwrap().is_empty());
    let left: Vec<PathBuf> = speaking_of(&host.dir(), "web01");
    assert!(left.is_empty(), "{left:?}");
    host.ok(&["sim", "fault", "--clear"]);
    assert_eq!(host.json(&["create", "web01"])[0]["nets"][0]["address"], "10.1.0.10/24");
}

#[test]
fn a_panic_ends_with_1() {
    let host = Host::new();
    host.ok(&["sim", "new"]);
    host.ok(&["sim", "fault", "dladm", "create-vnic", "--panic", "--times", "1"]);
    assert_eq!(host.fails(&["create", "web01"]).0, 1);
}

#[test]
fn a_dry_run_touches_nothing() {
    let host = Host::new();
    let text = host.ok(&["create", "web01", "--dry-run"]);
    assert!(text.contains("zonecfg") && text.contains("create-vnic"), "{text}");
    let plan = host.json(&["create", "web01", "--dry-run"]);
    assert_eq!(plan["operation"], "create");
    assert!(!host.dir().exists());
}

#[test]
fn words_that_are_wrong() {
    let host = Host::new();
    let (status, error) = host.fails(&["create"]);
    assert_eq!((status, error["code"].as_str()), (2, Some("invalid-argument")));
    assert_eq!(zmgr().arg("frobnicate").output().unwrap().status.code(), Some(2));
    assert_eq!(host.fails(&["create", "no/good"]).0, 2);
    assert_eq!(host.fails(&["destroy", "web01"]).0, 2); // no terminal to ask on
    assert_eq!(host.fails(&["show", "missing"]).0, 4);
    let both = zmgr().args(["--simulate", "/a", "--host-root", "/b", "list"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn the_environment_names_the_machine() {
    let host = Host::new();
    host.ok(&["create", "web01"]);
    let list = zmgr().env("ZMGR_SIMULATE", host.dir()).args(["list", "--json"]).output().unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list[0]["name"], "web01");
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    let host = Host::new();
    let names: Vec<String> = (0..3).map(|n| format!("zone-with-a-long-name-{n}")).collect();
    host.ok(&[&["create"], &*names.iter().map(String::as_str).collect::<Vec<_>>()].concat());
    let mut child = host.command(&["--json", "list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take()); // closed before a byte is read
    let mut stderr = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn usage_errors_look_like_every_other_error() {
    let host = Host::new();
    for (words, message, help) in [
        (&["creat"][..], "unknown command \"creat\"", "did you mean `zmgr create`?"),
        (&["help", "creat"], "unknown command \"creat\"", "did you mean `zmgr create`?"),
        (&["pool", "shw"], "unknown command \"shw\"", "did you mean `zmgr pool show`?"),
        (&["frobnicate"], "unknown command \"frobnicate\"", "run `zmgr --help`"),
        (&["create"], "missing argument: <NAME>...", "write `zmgr create <NAME>...`"),
        (&["create", "--templte", "x"], "unknown option \"--templte\"", "did you mean `--template`?"),
        (&["create", "a", "-t"], "--template <TEMPLATE> needs a value", "run `zmgr create --help`"),
        (&["pool", "show", "a", "b"], "unexpected argument \"b\"", "run `zmgr pool show --help`"),
        (
            &["apply", "--jobs", "0"],
            "invalid value \"0\" for --jobs <N>: 0 is not in 1..=65535",
            "run `zmgr apply --help`",
        ),
        (
            &["completions", "tcsh"],
            "invalid value \"tcsh\" for <SHELL>: expected one of bash, zsh, fish, elvish, powershell",
            "did you mean `zsh`?",
        ),
        (&["create", "a", "--boot", "--no-boot"], "--boot cannot be used with --no-boot", "run `zmgr create --help`"),
    ] {
        let output = host.run(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said), (Some(2), format!("zmgr: {message}\n  help: {help}\n")), "{words:?}");
        let (status, error) = host.fails(words);
        assert_eq!((status, &error["code"], &error["message"]), (2, &"invalid-argument".into(), &message.into()));
        assert_eq!(error["help"], help, "{words:?}");
    }
}

#[test]
fn some_of_several_fail() {
    let host = Host::new();
    host.ok(&["create", "b"]);
    let output = host.run(&["--json", "create", "a", "b", "c"]);
    assert_eq!(output.status.code(), Some(17));
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> = made.as_array().unwrap().iter().map(|zone| zone["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "c"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    let error: Value = serde_json::from_str(stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "partial");
    assert!(error["error"]["details"][0]["message"].as_str().unwrap().contains('b'));
}

#[test]
fn a_fault_of_a_document_is_drawn() {
    let host = Host::new();
    host.ok(&["create", "web01"]);
    let config = host.dir().join("etc/zmgr/config.kdl");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text + "\nzonepath-prefx \"/zones\"\n").unwrap();
    let output = host.run(&["create", "web02"]);
    assert_eq!(output.status.code(), Some(3));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("config.kdl:") && words.contains("zonepath-prefx"), "{words}");
    assert!(words.contains("zonepath-prefix"), "it says what was meant: {words}");
    // Others' faults stop no list.
    assert!(host.ok(&["list"]).contains("web01"));
}

#[test]
fn linked_programs_act_on_the_machine() {
    let host = Host::new();
    host.ok(&["create", "web01"]);
    let bin = host.directory.path().join("bin");
    host.ok(&["sim", "link", bin.to_str().unwrap()]);
    let output = Command::new(bin.join("zoneadm")).args(["list", "-cp"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(":web01:running:"), "{text}");
    let gone = Command::new(bin.join("zoneadm")).args(["-z", "missing", "halt"]).output().unwrap();
    assert_eq!(gone.status.code(), Some(1));
}

/// Completions that bash offers for a line whose last word is being typed.
fn bash_offers(host: &Host, line: &[&str]) -> Vec<String> {
    let script = r#"source <(zmgr completions bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
_clap_complete_zmgr zmgr "${COMP_WORDS[$COMP_CWORD]}"
printf '%s\n' "${COMPREPLY[@]}""#;
    let bin_dir = Path::new(env!("CARGO_BIN_EXE_zmgr")).parent().unwrap();
    let path = format!("{}:{}", bin_dir.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", script, "bash"])
        .args(line)
        .env("PATH", path)
        .env("ZMGR_SIMULATE", host.dir())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|word| word.trim_end().to_owned()).collect()
}

#[test]
fn completions_know_commands_and_live_names() {
    let host = Host::new();
    // Completion creates nothing.
    assert_eq!(bash_offers(&host, &["zmgr", "destroy", "web"]), [""]);
    assert!(!host.dir().exists());
    host.ok(&["create", "web01", "web02", "db01", "--no-boot"]);
    assert_eq!(bash_offers(&host, &["zmgr", "destr"]), ["destroy"]);
    assert_eq!(bash_offers(&host, &["zmgr", "destroy", "web"]), ["web01", "web02"]);
    assert_eq!(bash_offers(&host, &["zmgr", "pool", "show", ""])[0], "internal");
    assert_eq!(bash_offers(&host, &["zmgr", "create", "new", "--template", "o"]), ["oi"]);
    // As bash splits it; only what comes after the sign is replaced.
    assert_eq!(bash_offers(&host, &["zmgr", "create", "new", "--template", "=", "o"]), ["oi"]);
    assert_eq!(bash_offers(&host, &["zmgr", "set", "web01", "cpu-sh"]), ["cpu-shares="]);
    assert_eq!(bash_offers(&host, &["zmgr", "explain", "capped-m"]), ["capped-memory"]);
    host.ok(&["pool", "allocate", "internal", "printer"]);
    assert_eq!(bash_offers(&host, &["zmgr", "pool", "release", "internal", "pri"]), ["printer"]);
    host.ok(&["set", "web01", "tags=blue"]);
    assert_eq!(bash_offers(&host, &["zmgr", "destroy", "--tag", "bl"]), ["blue"]);
    assert_eq!(bash_offers(&host, &["zmgr", "edit", "template", "o"]), ["oi"]);
    assert_eq!(bash_offers(&host, &["zmgr", "edit", "reservation", "--new", "p"]), ["printer"]);
    assert_eq!(bash_offers(&host, &["zmgr", "edit", "pool", "w"]), [""]);
    assert_eq!(bash_offers(&host, &["zmgr", "edit", "w"]), ["web01", "web02"]);
    assert_eq!(bash_offers(&host, &["zmgr", "explain", "brand", "nl"]), ["nlipkg"]);
    assert_eq!(bash_offers(&host, &["zmgr", "explain", "net", "nl"]), [""]);
    assert_eq!(bash_offers(&host, &["zmgr", "set", "web01", "autoboot", "=", "t"]), ["true"]);
    assert_eq!(bash_offers(&host, &["zmgr", "set", "web01", "after", "=", "d"]), ["db01"]);
    host.ok(&["snapshot", "create", "web01", "before-upgrade"]);
    host.ok(&["snapshot", "create", "web02", "before-move"]);
    assert_eq!(bash_offers(&host, &["zmgr", "snapshot", "rollback", "web01", "bef"]), ["before-upgrade"]);
    assert_eq!(bash_offers(&host, &["zmgr", "snapshot", "delete", "--yes", "web02", "bef"]), ["before-move"]);
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = zmgr().args(["completions", shell]).output().unwrap();
        assert!(String::from_utf8(script.stdout).unwrap().contains("_ZMGR_COMPLETE"), "{shell}");
    }
}

#[test]
fn checks_say_if_the_host_was_not_checked() {
    let host = Host::new();
    host.ok(&["create", "web01", "--no-boot"]);
    // A query that fails is a warning, and counts if warnings do.
    for strict in [false, true] {
        host.ok(&["sim", "fault", "zoneadm", "list", "--exit", "1", "--times", "1"]);
        let output = host.run(&[&["check"][..], if strict { &["--strict"][..] } else { &[] }].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("host-failed") && text.contains(": 1 warning"), "{text}");
        assert_eq!(output.status.code(), Some(if strict { 3 } else { 0 }));
    }
    if cfg!(target_os = "illumos") {
        return;
    }
    // A pipeline on a machine without zones is not told about them each time, and can be strict.
    let tree = host.dir().join("etc/zmgr");
    for words in [&["check", "--strict"][..], &["pool", "check", "--strict"]] {
        let run = |json: &[&str]| zmgr().arg("--root").arg(&tree).args(json).args(words).output().unwrap();
        let text = String::from_utf8(run(&[]).stdout).unwrap();
        assert!(text.contains(": no problems; only the files were checked"), "{text}");
        assert!(!text.contains("host-unchecked") && run(&[]).status.success(), "{text}");
        let found: Value = serde_json::from_slice(&run(&["--json"]).stdout).unwrap();
        assert_eq!(found[0]["code"], "host-unchecked");
    }
    for words in [&["list"][..], &["show", "web01"]] {
        let output = zmgr().arg("--root").arg(&tree).args(words).output().unwrap();
        assert!(String::from_utf8(output.stderr).unwrap().contains("the host was not queried"), "{words:?}");
    }
}

#[test]
fn help_fits_a_terminal_and_tells_every_status() {
    let help = String::from_utf8(zmgr().arg("--help").output().unwrap().stdout).unwrap();
    for code in zmgr::Code::ALL {
        assert!(help.contains(&format!("{} {}", code.number(), code.slug())), "{code}");
    }
    let table = help.lines().skip_while(|line| !line.starts_with("Exit status"));
    assert!(table.clone().all(|line| line.len() <= 80), "{help}");
}

/// The commands of the table of the API, and those that the program has.
#[test]
fn the_table_of_the_api_has_every_command() {
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("| Rust | C | Python |")).skip(2);
    let cells =
        rows.take_while(|line| line.starts_with('|')).map(|line| line.trim_matches('|').split('|').nth(3).unwrap());
    let told: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let help = |words: &[&str]| {
        let output = zmgr().args(words).arg("--help").output().unwrap();
        assert!(output.status.success(), "{words:?} is not a command");
        String::from_utf8(output.stdout).unwrap()
    };
    for words in &told {
        let (commands, options): (Vec<&str>, Vec<&str>) = words.split(' ').partition(|word| !word.starts_with('-'));
        let help = help(&commands);
        for option in options {
            assert!(help.contains(option), "zmgr {commands:?} has no {option}");
        }
    }
    // Commands of the program's own, which are not operations of the API.
    let own = ["completions"];
    let listed = |help: &str| -> Vec<String> {
        let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        commands
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned))
            .filter(|w| !w.is_empty())
            .collect()
    };
    for command in listed(&help(&[])).into_iter().filter(|command| command != "help") {
        let below = listed(&help(&[&command]));
        let leaves = if below.is_empty() {
            vec![command.clone()]
        } else {
            below.iter().map(|leaf| format!("{command} {leaf}")).collect()
        };
        for leaf in leaves.iter().filter(|leaf| !own.contains(&leaf.as_str()) && !leaf.ends_with("help")) {
            assert!(
                told.iter().any(|words| words == leaf || words.starts_with(&format!("{leaf} -"))),
                "bindings/README.md: add a row for `{leaf}`"
            );
        }
    }
}

/// Every command has a page, every page a name, and every node of the documents stands in `zmgr.kdl(5)`.
#[test]
fn man_pages() {
    let dir = tempfile::tempdir().unwrap();
    assert!(zmgr().arg("man").arg(dir.path()).status().unwrap().success());
    let page = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap_or_else(|_| panic!("no page {name}"));
    for name in ["zmgr", "zmgr-create", "zmgr-pool", "zmgr-pool-show", "zmgr-sim-fault"] {
        let text = page(&format!("man8/{name}.8"));
        assert!(text.contains(&format!("\n.TH {} 8", name.to_uppercase())), "{name}: {}", &text[..text.len().min(200)]);
        assert!(text.contains("\n.SH SYNOPSIS\n"), "{name}");
    }
    assert!(!dir.path().join("man8/zmgr-man.8").exists(), "what is hidden has no page");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/illumos/zmgr.p5m");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let packed = manifest.split_whitespace().filter_map(|word| word.strip_prefix("path=usr/share/man/man8/"));
    let made =
        std::fs::read_dir(dir.path().join("man8")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let (packed, made): (BTreeSet<String>, BTreeSet<String>) = (packed.map(str::to_owned).collect(), made.collect());
    assert_eq!(packed, made, "pages in packaging/illumos/zmgr.p5m, and those that there are");
    let format = page("man5/zmgr.kdl.5");
    assert!(!format.contains('`') && !format.contains("\n#"), "no Markdown is left");
    for line in zmgr::reference().lines() {
        if let Some(node) = line.strip_prefix("### `") {
            let word = node.split([' ', '`']).next().unwrap().replace('-', "\\-");
            assert!(format.contains(&format!(".SS \"{word}")), "{word}");
        }
    }
}

#[test]
fn diff_exits_with_19_and_apply_fixes_the_difference() {
    let host = Host::new();
    host.ok(&["create", "a"]);
    assert_eq!(host.run(&["diff"]).status.code(), Some(0));
    host.ok(&["set", "a", "attr.owner=alice"]);
    let output = host.run(&["--json", "diff", "a"]);
    assert_eq!(output.status.code(), Some(19));
    let drift: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(drift[0]["status"], "differs");
    assert!(host.ok(&["apply", "--dry-run"]).contains("zonecfg"));
    host.ok(&["apply"]);
    assert_eq!(host.run(&["diff"]).status.code(), Some(0));
}

#[test]
fn documents_are_checked_shown_and_explained() {
    let host = Host::new();
    assert!(host.json(&["init"]).as_array().unwrap().len() > 2);
    assert_eq!(host.run(&["check"]).status.code(), Some(0));
    assert!(host.ok(&["template", "list"]).lines().count() >= 1);
    assert_eq!(host.fails(&["publisher", "show", "missing"]).0, 4);
    assert!(host.ok(&["explain", "pool"]).contains("pool"));
    assert_eq!(host.json(&["pool", "allocate", "internal", "printer"])["addresses"][0], "10.1.0.10/24");
    assert!(host.ok(&["pool", "show", "internal"]).contains("reservation printer"));
    host.ok(&["pool", "release", "internal", "printer"]);
    let pool = host.dir().join("etc/zmgr/pools/internal.kdl");
    std::fs::write(&pool, "pool \"internal\" {\n    network \"10.1.0.5/24\"\n}\n").unwrap();
    assert_eq!(host.run(&["check"]).status.code(), Some(3));
}

#[test]
fn snapshots_are_taken_listed_and_rolled_back_to() {
    let host = Host::new();
    host.ok(&["create", "web01"]);
    let motd = host.dir().join("zones/web01/root/etc/motd");
    std::fs::write(&motd, "old").unwrap();
    let taken = host.ok(&["snapshot", "create", "web01", "before"]);
    assert!(taken.contains("snapshot-taken web01") && taken.contains("snapshot before: zmgr-"), "{taken}");
    std::fs::write(&motd, "new").unwrap();
    let listed = host.ok(&["snapshot", "list"]);
    assert!(listed.starts_with("ZONE   LABEL   CREATED"), "{listed}");
    assert!(listed.lines().nth(1).unwrap().starts_with("web01  before  20"), "{listed}");
    let json = host.json(&["snapshot", "list", "web01"]);
    assert_eq!((&json[0]["label"], &json[0]["state"]), (&"before".into(), &"complete".into()), "{json}");
    let plan = host.ok(&["snapshot", "rollback", "web01", "before", "--dry-run"]);
    assert!(plan.contains("[rollback:before] /usr/sbin/zfs rollback"), "{plan}");
    let (status, error) = host.fails(&["snapshot", "rollback", "web01", "before"]);
    assert_eq!((status, &error["help"]), (2, &"pass `--yes`".into()), "there is no terminal to ask on: {error}");
    host.ok(&["snapshot", "rollback", "web01", "before", "--yes"]);
    assert_eq!(std::fs::read_to_string(&motd).unwrap(), "old");
    assert_eq!(host.fails(&["snapshot", "create", "web01", "before"]).0, 5);
    host.ok(&["set", "web01", "attr.owner=alice"]);
    host.ok(&["apply", "--snapshot"]);
    assert_eq!(host.json(&["snapshot", "list"]).as_array().unwrap().len(), 2);
    host.ok(&["snapshot", "delete", "web01", "before", "--yes"]);
    assert_eq!(host.fails(&["snapshot", "delete", "web01", "before", "--yes"]).0, 4);
}

#[test]
fn zones_are_chosen_by_their_tag() {
    let host = Host::new();
    host.ok(&["create", "web1", "web2", "db1", "--no-boot", "-j", "3"]);
    for zone in ["web1", "web2"] {
        host.ok(&["set", zone, "tags=web"]);
    }
    host.ok(&["boot", "--tag", "web", "-j", "2"]);
    let statuses = |host: &Host| -> Vec<String> {
        let zones = host.json(&["list"]);
        zones.as_array().unwrap().iter().map(|zone| format!("{} {}", zone["name"], zone["status"])).collect()
    };
    assert_eq!(statuses(&host), ["\"db1\" \"installed\"", "\"web1\" \"running\"", "\"web2\" \"running\""]);
    assert_eq!(host.json(&["diff", "--tag", "web"]).as_array().unwrap().len(), 2);
    assert_eq!(host.fails(&["apply", "--tag", "missing"]).0, 4);
    assert_eq!(host.fails(&["halt"]).0, 2);
    host.ok(&["destroy", "--tag", "web", "--yes", "-j", "2"]);
    assert_eq!(statuses(&host), ["\"db1\" \"installed\""]);
}

#[test]
fn show_tells_what_a_zone_is_given_before_its_first_boot() {
    let host = Host::new();
    host.ok(&["init"]);
    let template = host.dir().join("etc/zmgr/templates/t.kdl");
    std::fs::write(
        template,
        "template \"t\" { extends \"oi\"; resolver \"9.9.9.9\"; setup { hostname \"{zone}.example\"; timezone \"UTC\"; }; }\n",
    )
    .unwrap();
    host.ok(&["create", "web01", "-t", "t", "--no-boot"]);
    let shown = host.ok(&["show", "web01"]);
    for word in ["web01.example", "UTC", "9.9.9.9"] {
        assert!(shown.contains(word), "{shown}");
    }
}

/// Each example at the end of a command's help is understood: with `--help` after it, a word that is not is still refused.
#[test]
fn examples_of_the_help_are_understood() {
    let help = |words: &[&str]| String::from_utf8(zmgr().args(words).arg("--help").output().unwrap().stdout).unwrap();
    let commands = [
        "create", "destroy", "run", "exec", "import", "forget", "diff", "apply", "set", "recover", "list", "show",
        "explain", "doctor", "rename", "detach", "attach", "update",
    ];
    let mut pages: Vec<String> = commands.iter().map(|command| help(&[command])).collect();
    pages.extend([help(&["pool", "allocate"]), help(&["sim", "fault"])]);
    let mut read = 0;
    for page in &pages {
        let examples = page.split("Examples:\n").nth(1).unwrap_or_else(|| panic!("no examples: {page}"));
        for line in examples.lines().filter(|line| line.starts_with("  zmgr ")) {
            let words = line.split(" | ").next().unwrap().split(" >").next().unwrap();
            let script = format!("{words} --help").replacen("zmgr", "\"$ZMGR\"", 1);
            let output =
                Command::new("sh").args(["-c", &script]).env("ZMGR", env!("CARGO_BIN_EXE_zmgr")).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            // Words after the zone's name belong to the command; the zone's `uname` is not asked here.
            assert!(
                said.contains("Usage:") || line.contains(" exec "),
                "{line}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            read += 1;
        }
    }
    assert!(read > 25, "{read} examples");
}

#[test]
fn an_unfinished_or_unregistered_zone_is_reported_with_a_fix() {
    let host = Host::new();
    host.ok(&["create", "web01", "--no-boot"]);
    for words in [
        &["zonadm", "install", "--exit", "1"][..],
        &["zoneadm", "install"],
        &["zoneadm", "--exit", "1", "--times", "0"],
    ] {
        let (status, error) = host.fails(&[&["sim", "fault"], words].concat());
        assert_eq!(status, 2, "{words:?}: {error}");
    }
    host.ok(&["sim", "fault", "zoneadm", "install", "--exit", "1", "--times", "1"]);
    assert!(host.ok(&["sim", "fault", "--list"]).contains("zoneadm  install     -     1      exit=1"));
    // As JSON, the error is all that there is on standard error.
    let output = host.run(&["--json", "create", "web02", "--keep"]);
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(error["error"]["help"].as_str().unwrap().contains("zmgr recover web02"), "{error}");
    assert!(host.ok(&["sim", "fault", "--list"]).is_empty());
    let bin = host.directory.path().join("bin");
    host.ok(&["sim", "link", bin.to_str().unwrap()]);
    let made = Command::new(bin.join("zonecfg"))
        .args(["-z", "hand", "create -b; set brand=nlipkg; set zonepath=/zones/hand"])
        .status()
        .unwrap();
    assert!(made.success());
    let (status, error) = host.fails(&["show", "hand"]);
    assert_eq!(status, 4);
    assert!(error["help"].as_str().unwrap().contains("zmgr import hand"), "{error}");
}

#[test]
fn a_pool_with_shares_shows_whose_they_are() {
    let host = Host::new();
    host.ok(&["init"]);
    let tree = host.dir().join("etc/zmgr");
    let pool = "pool \"shared\" {\n    network \"10.4.0.0/24\"\n    stub \"stub0\"\n    vlan 4\n    \
                share \"h1\" \"10.4.0.10\" \"10.4.0.19\"\n    share \"h2\" \"10.4.0.20\" \"10.4.0.29\"\n}\n";
    std::fs::write(tree.join("pools/shared.kdl"), pool).unwrap();
    // Without a name, the host has no share.
    let (status, error) = host.fails(&["pool", "allocate", "shared", "printer"]);
    assert_eq!(status, 7, "{error}");
    let config = std::fs::read_to_string(tree.join("config.kdl")).unwrap();
    std::fs::write(tree.join("config.kdl"), format!("{config}host \"h2\"\n")).unwrap();
    host.ok(&["pool", "allocate", "shared", "printer"]);
    let shown = host.json(&["pool", "show", "shared"]);
    assert_eq!(shown["host"], "h2");
    assert_eq!(shown["shares"][1], serde_json::json!({"host": "h2", "first": "10.4.0.20", "last": "10.4.0.29"}));
    assert_eq!((&shown["families"][0]["total"], &shown["families"][0]["free"]), (&10.into(), &9.into()));
    let text = |words: &[&str]| {
        let output = zmgr().args(["--simulate", host.dir().to_str().unwrap()]).args(words).output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    assert!(text(&["pool", "show", "shared"]).contains("share of h2 (this host): 10.4.0.20 to 10.4.0.29"));
    assert!(text(&["pool", "list"]).contains("pool shared: the numbers are those of the share of h2"));
}

#[test]
fn fleet_check_finds_what_two_trees_hold_twice_on_a_machine_without_zones() {
    let hosts = [Host::new(), Host::new()];
    hosts.iter().for_each(|host| drop(host.ok(&["create", "web01", "--no-boot"])));
    let trees = hosts.each_ref().map(|host| host.dir().join("etc/zmgr").to_str().unwrap().to_owned());
    let run = |words: &[&str]| zmgr().args(words).args(&trees).stdin(Stdio::null()).output().unwrap();
    let checked = run(&["fleet", "check"]);
    let text = String::from_utf8_lossy(&checked.stderr);
    assert_eq!(checked.status.code(), Some(3), "{text}");
    assert!(String::from_utf8_lossy(&checked.stdout).contains("10.1.0.10 is held twice"), "{checked:?}");
    let listed = run(&["--json", "fleet", "list"]);
    let zones: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(zones.as_array().unwrap().len(), 2);
    assert_eq!(zones[1]["addresses"], serde_json::json!(["10.1.0.10/24"]));
    // One host alone has nothing twice.
    let alone = zmgr().args(["fleet", "check", &trees[0]]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(alone.status.code(), Some(0), "{alone:?}");
}

#[test]
fn doctor_exits_with_what_it_found() {
    let host = Host::new();
    host.ok(&["init"]);
    let said = host.ok(&["doctor"]);
    assert!(said.ends_with("zmgr can manage this host\n"), "{said}");
    assert!(said.contains("zmgr has not yet run on a real host"), "{said}");
    assert_eq!(host.ok(&["doctor", "--strict", "--quiet"]), "");
    assert_eq!(host.json(&["doctor"])["can_manage"], true);

    host.ok(&["sim", "fault", "kstat", "--exit", "1"]);
    let said = host.ok(&["doctor", "--quiet"]);
    assert!(said.starts_with("commands\n  warning: kstat"), "{said}");
    assert_eq!(host.run(&["doctor", "--strict"]).status.code(), Some(3));

    host.ok(&["sim", "fault", "dladm", "show-link", "--exit", "1"]);
    let output = host.run(&["--json", "doctor"]);
    assert_eq!(output.status.code(), Some(14));
    let diagnosis: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(diagnosis["can_manage"], false);
}

#[test]
fn a_brand_is_explained_with_its_evidence() {
    let host = Host::new();
    let said = host.ok(&["explain", "brand", "sparse"]);
    assert!(said.contains("sparse on omnios") && said.contains("[recorded: pkg5 of OmniOS"), "{said}");
    let facts = host.json(&["explain", "brand", "sparse"]);
    let inferred = |fact: &&Value| fact["distribution"] == "illumos" && fact["evidence"] == "inferred";
    assert_eq!(facts.as_array().unwrap().iter().filter(inferred).count(), 7);
    assert_eq!(host.fails(&["explain", "brand", "bhyve"]).0, 4);
    assert_eq!(host.fails(&["explain", "net", "sparse"]).0, 2);
}

#[test]
fn check_and_errors_show_diagnostics_alike() {
    let host = Host::new();
    host.ok(&["init"]);
    let path = host.dir().join("etc/zmgr/zones/web01.kdl");
    std::fs::write(&path, "zone \"web01\" {\n    template \"oi\"\n    autobot #true\n}\n").unwrap();
    let shown = |words: &[&str]| {
        let output = host.run(words);
        assert_eq!(output.status.code(), Some(3), "{words:?}");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let from = text.find("unknown-node\n").unwrap_or_else(|| panic!("{words:?}: {text}"));
        let help = text.find("did you mean `autoboot`?").unwrap_or_else(|| panic!("{words:?}: {text}"));
        text[from..help].to_owned()
    };
    let checked = shown(&["check"]);
    assert!(
        checked.contains("  error: unknown node `autobot` in `zone`\n") && checked.contains("3 |     autobot #true"),
        "{checked}"
    );
    assert_eq!(checked, shown(&["apply", "web01"]));
}

#[test]
fn pools_in_json_have_networks_link_and_percentage() {
    let host = Host::new();
    host.ok(&["create", "web01"]);
    for pool in [&host.json(&["pool", "list"])[0], &host.json(&["pool", "show", "internal"])] {
        assert_eq!(pool["networks"][0]["network"], "10.1.0.0/24");
        assert_eq!(pool["networks"][0]["gateway"], "10.1.0.1");
        assert_eq!((&pool["stub"], &pool["vlan"]), (&"stub0".into(), &Value::Null));
        assert_eq!(pool["families"][0]["percent"], 1);
    }
}

#[test]
fn show_completes_templates_and_publishers() {
    let host = Host::new();
    host.ok(&["init"]);
    assert!(bash_offers(&host, &["zmgr", "template", "show", ""]).contains(&"oi".to_owned()));
    assert!(bash_offers(&host, &["zmgr", "publisher", "show", ""]).contains(&"openindiana.org".to_owned()));
}
