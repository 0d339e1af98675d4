//! Publishers that pkg refuses are refused before anything is installed, and those that it takes are taken: what `check` says of a
//! file is compared with what pkg does when it gets what the file says.

use std::fs;

use zmgr::{CreateOptions, Dialect, Manager, RunOptions, Severity};

use crate::import::manager;
use crate::sim_machine::{self, Pretend};

/// A publisher: its name, its origins, its mirrors, and what is said of it (nothing if it is good).
type Case = (&'static str, &'static [&'static str], &'static [&'static str], &'static str);

const GOOD: &str = "https://pkg.example/";

/// [recorded: kinds `names`, `userinfo`, `zmgr-origin`, `mirror` of pkg.jsonl]
const CASES: [Case; 27] = [
    ("a_b", &[GOOD], &[], "pkg allows only letters, digits, '.' and '-'"),
    ("a", &["https://user@pkg.example/"], &[], "user name or password"),
    ("a", &["https://user:secret@pkg.example/"], &[], "user name or password"),
    ("a", &["file://host/repo"], &[], "must not have a host"),
    ("a", &["file://localhost/repo"], &[], "must not have a host"),
    ("a", &["https://pkg_1.example/"], &[], "a host consists of"),
    ("a", &["http:///repo"], &[], "it has no host"),
    ("a", &["http://./"], &[], "it has no host"),
    ("a", &["https://pkg.example/repo//"], &[], "ends in more than one slash"),
    ("a", &[GOOD], &["http://m.example", "http://m.example/"], "given twice"),
    ("a", &[GOOD], &["http://m_1.example/"], "a host consists of"),
    ("a", &[GOOD], &["http://user@m.example/"], "user name or password"),
    ("a", &[GOOD, "http://second_1.example/"], &[], "a host consists of"),
    ("a", &["http://[fd00::1/"], &[], "a host consists of"),
    ("a", &["http://[fd00::]/"], &[], "must not end in a colon"),
    ("a", &[GOOD], &["http://[fd00::g]/"], "not an IPv6 address"),
    ("a", &["http://user@[fd00::1]/"], &[], "user name or password"),
    ("a", &["http://user:secret@[fd00::1]:80/~u"], &[], "user name or password"),
    ("a-b.org", &[GOOD], &[], ""),
    ("a", &["http://[fd00::1]/~u/repo", "https://[fd00::1]:8443"], &["http://[::1]:80/"], ""),
    ("a", &["https://[::ffff:10.0.0.1]/x", "http://pkg.example/~u"], &["file:///export/~u"], ""),
    ("a", &["http://pkg.example/~"], &[], ""),
    ("7", &["https://10.0.0.1:8443/a_b"], &[], ""),
    ("a", &["http://10.0.0.1:80/x", "https://pkg.example/u@x"], &[], ""),
    ("a", &["file:///export/repo"], &["http://m.example/", "http://n.example"], ""),
    ("A.org", &["https://PKG.example"], &["http://m.example/a", "http://m.example/b"], ""),
    // Taken, and then every command on the image fails: the last.
    ("None", &[GOOD], &[], "pkg cannot read an image"),
];

/// Writes the publisher's file, and a template that names it.
fn write(manager: &Manager, (name, origins, mirrors, _): &Case) {
    let lines =
        |node: &str, list: &[&str]| -> String { list.iter().map(|uri| format!("    {node} \"{uri}\"\n")).collect() };
    let text =
        format!("publisher \"{name}\" entire=#true {{\n{}{}}}\n", lines("origin", origins), lines("mirror", mirrors));
    let template = format!("template \"p\" {{ extends \"oi\"; install {{ publisher \"{name}\"; }}; }}\n");
    fs::write(manager.root().join(format!("publishers/{name}.kdl")), text).unwrap();
    fs::write(manager.root().join("templates/p.kdl"), template).unwrap();
}

/// Says whether pkg takes it, and works on the image afterwards.
fn taken_by_pkg(pretend: &Pretend, (name, origins, mirrors, _): &Case) -> bool {
    let mut argv = vec!["pkg", "-R", "/zones/web01/root", "set-publisher", "--no-refresh", "--enable", "-G", "*"];
    origins.iter().for_each(|uri| argv.extend(["-g", uri]));
    mirrors.iter().for_each(|uri| argv.extend(["-m", uri]));
    argv.extend(["--", name]);
    let set = pretend.argv(&argv, "");
    set.ends_with("=0") && pretend.run("pkg -R /zones/web01/root publisher -H -F tsv").ends_with("=0")
}

#[test]
fn check_and_pkg_agree_on_publishers_and_nothing_is_done_for_a_bad_one() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    for case in &CASES {
        let (name, _, _, why) = case;
        write(&manager, case);
        let errors: Vec<String> = manager
            .check()
            .unwrap()
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(|finding| format!("{:?} {}", finding.path, finding.message))
            .collect();
        let before = pretend.state();
        let planned = manager.plan_create(&["web02"], &CreateOptions::new().template("p"));
        assert_eq!(pretend.state(), before, "{case:?}");
        if why.is_empty() {
            assert_eq!(errors, [""; 0], "{case:?}");
            planned.unwrap();
        } else {
            assert!(errors.iter().any(|error| error.contains(name) && error.contains(why)), "{case:?}: {errors:#?}");
            let refused = manager.create_all(&["web02"], &CreateOptions::new().template("p"), &mut RunOptions::new());
            assert!(planned.is_err() && refused.is_err(), "{case:?}");
            assert_eq!(pretend.state(), before, "{case:?}");
        }
        assert_eq!(taken_by_pkg(&pretend, case), why.is_empty(), "{case:?}");
        pretend.run(&format!("pkg -R /zones/web01/root unset-publisher {name}"));
        fs::remove_file(manager.root().join(format!("publishers/{name}.kdl"))).unwrap();
        fs::remove_file(manager.root().join("templates/p.kdl")).unwrap();
    }
}
