//! `edit` with a script as the editor, on a terminal and without one.
#![allow(missing_docs)]

mod pty;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

struct Host(tempfile::TempDir);

impl Host {
    /// A simulated host with one zone.
    fn new() -> Host {
        let host = Host(tempfile::tempdir().unwrap());
        fs::create_dir(host.0.path().join("tmp")).unwrap();
        assert!(host.command(&["create", "web01"]).output().unwrap().status.success());
        host
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = pty::zmgr(self.0.path());
        command.env("TMPDIR", self.0.path().join("tmp")).args(words).stdin(Stdio::null());
        command
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("host/etc/zmgr").join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// The command `edit` with an editor that runs these lines of shell, with the file as `$1` and the number of the run as `$n`.
    fn edit(&self, words: &[&str], script: &str) -> Command {
        let (path, count) = (self.0.path().join("editor"), self.0.path().join("count"));
        let count = count.display();
        let head = format!("echo run >>{count}\nn=$(wc -l <{count})\nn=$((n))\n");
        fs::write(&path, format!("#!/bin/sh -e\n{head}{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = self.command(&[&["edit"], words].concat());
        command.env("EDITOR", path);
        command
    }

    /// Nothing of the private copy is left.
    fn assert_clean(&self) {
        assert_eq!(fs::read_dir(self.0.path().join("tmp")).unwrap().count(), 0);
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_wrong_is_shown_and_edited_again_on_a_terminal() {
    let host = Host::new();
    fs::set_permissions(host.file("zones/web01.kdl"), fs::Permissions::from_mode(0o640)).unwrap();
    let before = host.text("zones/web01.kdl");
    let script = r#"
stat -c %a "$1" "$(dirname "$1")" >modes
case $n in
1) sed -i 's/^    template.*/&\n    cpu-shaers 30/' "$1" ;;
2) grep -q cpu-shaers "$1"; sed -i 's/cpu-shaers/cpu-shares/' "$1" ;;
esac"#;
    let seen = pty::run(host.edit(&["web01"], script), 80, "e\ny\n");
    let screen = seen.screen();
    assert!(seen.status.success(), "{screen}");
    assert!(screen.contains("cpu-shaers 30"), "the line is shown: {screen}");
    assert!(screen.contains("did you mean"), "{screen}");
    assert!(screen.contains("[reconfigure]"), "the plan of apply is shown: {screen}");
    let now = host.text("zones/web01.kdl");
    assert_eq!(now.replace("    cpu-shares 30\n", ""), before);
    let mode = fs::metadata(host.file("zones/web01.kdl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o640, "the mode stays");
    assert_eq!(fs::read_to_string(host.0.path().join("modes")).unwrap(), "600\n700\n", "the copy is private");
    host.assert_clean();
}

#[test]
fn what_is_discarded_leaves_nothing() {
    let host = Host::new();
    let before = host.text("pools/internal.kdl");
    let seen = pty::run(host.edit(&["pool", "internal"], "echo '}' >>\"$1\""), 120, "d\n");
    assert_eq!(seen.status.code(), Some(3), "{}", seen.text);
    assert!(seen.text.contains("nothing was written"), "{}", seen.text);
    assert_eq!(host.text("pools/internal.kdl"), before);
    host.assert_clean();
}

#[test]
fn without_a_terminal_a_valid_change_is_written_and_another_refused() {
    let host = Host::new();
    let output = host.edit(&["template", "oi"], "sed -i 's/autoboot #true/autoboot #false/' \"$1\"").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(host.text("templates/oi.kdl").contains("autoboot #false"));
    host.assert_clean();

    let before = host.text("config.kdl");
    let output = host.edit(&[], "echo 'lock-tiemout 5' >>\"$1\"").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(host.text("config.kdl"), before);
    let said = said(&output);
    assert!(said.contains("lock-tiemout 5") && said.contains("your text is in"), "{said}");
    let kept = said.split("your text is in ").nth(1).unwrap().trim();
    assert!(fs::read_to_string(kept).unwrap().ends_with("lock-tiemout 5\n"));
}

#[test]
fn a_change_that_breaks_another_file_is_refused() {
    let host = Host::new();
    let before = host.text("templates/oi.kdl");
    let output = host.edit(&["template", "oi"], "sed -i '/brand/d' \"$1\"").output().unwrap();
    // The zone names its brand itself, so the template may lose it.
    assert!(output.status.success(), "{}", said(&output));
    fs::write(host.file("templates/oi.kdl"), &before).unwrap();
    fs::write(host.file("zones/new.kdl"), "zone \"new\" {\n    template \"oi\"\n}\n").unwrap();
    let output = host.edit(&["template", "oi"], "sed -i '/brand/d' \"$1\"").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("zones/new.kdl"), "{}", said(&output));
    assert_eq!(host.text("templates/oi.kdl"), before);
}

#[test]
fn an_unchanged_file_and_an_editor_that_fails_change_nothing() {
    let host = Host::new();
    let before = host.text("zones/web01.kdl");
    let output = host.edit(&["web01"], ":").output().unwrap();
    assert!(output.status.success() && said(&output).contains("nothing was changed"), "{}", said(&output));
    let output = host.edit(&["web01"], "echo '// x' >>\"$1\"; exit 7").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("exit status: 7"), "{}", said(&output));
    let output = host.edit(&["web1"], ":").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let output = host.edit(&["pool", "internl"], ":").output().unwrap();
    assert!(said(&output).contains("did you mean \"internal\"?"), "{}", said(&output));
    assert_eq!(host.text("zones/web01.kdl"), before);
    host.assert_clean();
}

#[test]
fn a_template_named_like_a_zone_is_offered() {
    let host = Host::new();
    let output = host.edit(&["oi"], ":").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(said(&output).contains("did you mean `zmgr edit template oi`?"), "{}", said(&output));
    host.assert_clean();
}

#[test]
fn a_text_that_is_not_utf_8_is_refused_and_kept() {
    let host = Host::new();
    let before = host.text("zones/web01.kdl");
    let output = host.edit(&["web01"], "printf '// \\374' >>\"$1\"").output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("not UTF-8"), "{said}");
    let kept = said.split("your text is in ").nth(1).unwrap().trim();
    assert!(fs::read(kept).unwrap().ends_with(b"// \xfc"));
    assert_eq!(host.text("zones/web01.kdl"), before);
}

#[test]
fn a_file_that_changed_in_the_meantime_is_not_overwritten() {
    let host = Host::new();
    let pool = host.file("pools/internal.kdl");
    let script = format!("echo '// mine' >>\"$1\"\necho '// theirs' >>{}", pool.display());
    let output = host.edit(&["pool", "internal"], &script).output().unwrap();
    assert_eq!(output.status.code(), Some(18));
    assert!(host.text("pools/internal.kdl").ends_with("// theirs\n"));
    let said = said(&output);
    let kept = said.split("your text is in ").nth(1).unwrap().trim();
    assert!(fs::read_to_string(kept).unwrap().ends_with("// mine\n"), "{said}");
}

#[test]
fn what_zmgr_writes_cannot_be_changed_by_accident() {
    let host = Host::new();
    let before = host.text("zones/web01.kdl");
    let output = host.edit(&["web01"], "sed -i 's/state \"ready\"/state \"failed\" step=\"install\"/' \"$1\"").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("nodes that only zmgr writes"), "{}", said(&output));
    assert_eq!(host.text("zones/web01.kdl"), before);
}

#[test]
fn a_new_file_begins_with_its_node() {
    let host = Host::new();
    let script = "test \"$(cat \"$1\")\" = 'pool \"dmz\" {\n}'\nsed -i 's,{,{\\n    network \"10.9.0.0/24\"\\n    stub \"stub0\",' \"$1\"";
    let output = host.edit(&["pool", "dmz", "--new"], script).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(host.text("pools/dmz.kdl").contains("10.9.0.0/24"));
    let output = host.edit(&["pool", "dmz", "--new"], "echo >>\"$1\"").output().unwrap();
    assert_ne!(output.status.code(), Some(0), "an empty pool is not valid, and the file exists");
    // A zone that is described and not built yet.
    let output = host.edit(&["web02", "--new"], "sed -i 's,{,{\\n    template \"oi\",' \"$1\"").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(host.text("zones/web02.kdl").contains("template \"oi\""));
}
