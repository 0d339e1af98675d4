//! Combinations that are not among the recordings, with the answers of OmniOS' client of 2026-08 to them.

use std::ffi::OsString;
use std::fs;

use crate::{Call, Caller, Dialect, Machine, Output, Status};

/// Output of a command.
#[derive(Default)]
struct Written {
    out: Vec<u8>,
    err: Vec<u8>,
}

impl Output for Written {
    fn stdout(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.err.extend_from_slice(bytes);
    }
}

struct Bench {
    directory: tempfile::TempDir,
    machine: Machine,
}

const ROOT: &str = "/zones/web1/root";

/// A machine with a zone whose image has no publishers, and with file repositories of test.org, second.org and described.org.
fn bench() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let machine = Machine::create(directory.path(), Dialect::OmniOs).unwrap();
    super::image::make(&machine, "/zones/web1", &[], false, &[]).unwrap();
    for (name, publisher) in [("one", "test.org"), ("second", "second.org"), ("described", "described.org")] {
        let repository = directory.path().join("export/repo").join(name);
        fs::create_dir_all(repository.join("publisher").join(publisher)).unwrap();
        fs::write(repository.join("pkg5.repository"), "[repository]\nversion = 4\n").unwrap();
        let text = match name {
            "described" => {
                "{\"publishers\": [{\"repositories\": [{\"mirrors\": [\"http://mirror.invalid/d/\"], \
                 \"origins\": [\"file:///export/repo/one/\"]}]}]}"
            }
            _ => "{\"publishers\": [{\"repositories\": []}]}",
        };
        fs::write(repository.join("publisher").join(publisher).join("pub.p5i"), text).unwrap();
    }
    fs::create_dir_all(directory.path().join("export/repo/notrepo")).unwrap();
    fs::create_dir_all(directory.path().join("zones/web1/root/tmp")).unwrap();
    fs::write(directory.path().join("zones/web1/root/tmp/c.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    Bench { directory, machine }
}

impl Bench {
    /// Exit status, and both streams after each other, of `pkg -R ROOT WORDS`.
    fn pkg(&self, words: &str) -> (i32, String) {
        let own = ["pkg", "-R", ROOT].into_iter().chain(words.split(' '));
        let argv: Vec<OsString> = own.map(|word| if word == "''" { "".into() } else { word.into() }).collect();
        let mut written = Written::default();
        let mut call = Call {
            hooks: None,
            argv: &argv,
            env: &[],
            cwd: self.directory.path(),
            stdin: &mut std::io::empty(),
            interrupted: &|| false,
            caller: Caller::InProcess,
        };
        let status = self.machine.answer(&mut call, &mut written);
        let Status::Exited(code) = status else { panic!("{words}: {status:?}") };
        written.out.extend(written.err);
        (code, String::from_utf8(written.out).unwrap())
    }

    /// Origins and mirrors of the image, each with its publisher.
    fn repositories(&self) -> String {
        let (_, listed) = self.pkg("publisher -H -F tsv");
        let uri = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            format!("{} {}", fields[0], fields[6].trim_start_matches("file:///export/repo/"))
        };
        listed.lines().map(uri).collect::<Vec<_>>().join(", ")
    }
}

/// Output of a command that prints nothing.
const NOTHING: &str = "\0";

/// Runs the commands before the last, and compares the status, a part of the output and the repositories after the last.
fn check(commands: &[&str], code: i32, part: &str, repositories: &str) {
    let bench = bench();
    let (last, setup) = commands.split_last().unwrap();
    for words in setup {
        bench.pkg(words);
    }
    let (got, text) = bench.pkg(last);
    assert_eq!(got, code, "{commands:?}: {text}");
    assert!(if part == NOTHING { text.is_empty() } else { text.contains(part) }, "{commands:?}: {text}");
    assert_eq!(bench.repositories(), repositories, "{commands:?}");
}

#[test]
fn a_failed_refresh_keeps_the_change_if_it_brought_a_catalog() {
    let one = "set-publisher --no-refresh -g file:///export/repo/one test.org";
    let fetched = "set-publisher -g file:///export/repo/one test.org";
    let dead = "set-publisher -g http://127.0.0.1:1/ test.org";
    let both = "test.org one/, test.org http://127.0.0.1:1/";
    check(&[one, dead], 1, "(1 partial)", both);
    check(&[fetched, dead], 1, "(1 partial)", "test.org one/");
    // What was fetched then is not asked for again.
    check(&[one, dead, "set-publisher --non-sticky test.org"], 0, "", both);
    // A disabled publisher loses its catalogs.
    let off = "set-publisher --no-refresh --disable test.org";
    let on = "set-publisher --no-refresh --enable test.org";
    check(&[fetched, off, on, dead], 1, "(1 partial)", both);
    check(&[one, "set-publisher --no-refresh -g http://127.0.0.1:1/ test.org", "refresh"], 3, "(1 partial)", both);
    check(&["set-publisher -g file:///export/repo/one -g file:///export/repo/notrepo test.org"], 1, "valid pkg", "");
}

#[test]
fn an_origin_without_the_publisher_fails_the_refresh() {
    let both = "set-publisher --no-refresh -g file:///export/repo/second -g file:///export/repo/one test.org";
    let after = "test.org one/, test.org second/";
    check(&[both, "refresh"], 1, "No publisher matching 'test.org' could be found.", after);
    check(&[both, "set-publisher --non-sticky test.org"], 1, "No publisher matching", after);
    let second = "set-publisher --no-refresh -g file:///export/repo/second test.org";
    check(&[second, "set-publisher -p file:///export/repo/one"], 1, "Updated publisher(s): test.org", after);
}

#[test]
fn a_repository_that_describes_itself_replaces_its_address() {
    let described = "set-publisher -p file:///export/repo/described";
    let after = "described.org one/, described.org http://mirror.invalid/d/";
    check(&[described], 1, "Added publisher(s): described.org", after);
    check(&["set-publisher --no-refresh described.org", described], 1, "Updated", after);
    let there = "set-publisher --no-refresh -g file:///export/repo/described described.org";
    check(
        &[there, described],
        1,
        "Updated",
        "described.org described/, described.org one/, described.org http://mirror.invalid/d/",
    );
    let off = ["set-publisher --no-refresh -g file:///export/repo/one test.org", "set-publisher --disable test.org"];
    let disabled = "Publisher 'test.org' is disabled and cannot be used";
    check(&[off[0], off[1], "set-publisher -p file:///export/repo/one"], 1, disabled, "test.org one/");
}

#[test]
fn properties_of_publishers_are_no_lists() {
    let new = "set-publisher --no-refresh -g http://a.org/ a.org";
    let after = "a.org http://a.org/";
    let set = "set-publisher --no-refresh --set-property x=y a.org";
    for (option, part) in [
        (
            "--add-property-value x=z --add-property-value x=w",
            "Invalid value '['z', 'w']' for property 'property.x' in section",
        ),
        ("--remove-property-value x=z", "because the property does not exist"),
        ("--set-property signature-policy=bad", "bad is not a valid value for this property:signature-policy"),
        ("--set-property signature-policy=require-names", "At least one name must be provided"),
    ] {
        check(&[new, &format!("set-publisher --no-refresh {option} a.org")], 1, part, after);
    }
    for (option, part) in [
        ("--add-property-value x=z", "The property name is 'x' and the current value is 'y'"),
        ("--remove-property-value x=y", "single valued property, unset must be used"),
    ] {
        check(&[new, set, &format!("set-publisher --no-refresh {option} a.org")], 1, part, after);
    }
    let names = "--add-property-value signature-required-names";
    let (first, second) = (
        format!("set-publisher --no-refresh {names}=y a.org"),
        format!("set-publisher --no-refresh {names}=z --set-property signature-policy=require-names a.org"),
    );
    check(&[new, &first, &second, "publisher a.org"], 0, "signature-required-names = y, z\n", after);
}

#[test]
fn an_empty_value_is_as_none_but_for_a_key() {
    let after = "a.org http://a.org/";
    check(&["set-publisher -p ''"], 2, "requires a publisher name", "");
    check(&["set-publisher -p '' -g http://a.org/ --no-refresh a.org"], 0, NOTHING, after);
    check(&["set-publisher --search-after '' -P -g http://a.org/ --no-refresh a.org"], 0, NOTHING, after);
    check(
        &["set-publisher --search-before '' --search-after x -g http://a.org/ --no-refresh a.org"],
        1,
        "x is an unknown",
        "",
    );
    // The image's root: it is there, and only copying it fails.
    check(&["set-publisher --no-refresh -k '' -g http://a.org/ a.org"], 2, "does not have any SSL-based origins", "");
    check(&["set-publisher --no-refresh -k '' -g https://a.org/ --search-after x a.org"], 1, "x is an unknown", "");
    check(&["set-publisher --no-refresh -k '' -c /tmp/c.pem -g https://a.org/ a.org"], 99, "IsADirectoryError", "");
    check(&["set-publisher --no-refresh -k '' -g http://a.org/ a_b"], 1, "not a valid publisher name", "");
}

#[test]
fn packages_are_frozen_and_avoided() {
    check(&["freeze"], 0, NOTHING, "");
    check(&["freeze -c why"], 2, "At least one package to freeze must be given when -c is used.", "");
    check(&["freeze -H web/one"], 2, "pkg: -H may only be specified when listing the currently frozen packages.", "");
    check(&["freeze web/one"], 1, "don't match installed packages and\ncontain no version information", "");
    check(
        &["freeze web/*@1.0"],
        1,
        "The following patterns contained wildcards but matched no\ninstalled packages.\n\tweb/*@1.0",
        "",
    );
    check(&["freeze web/one@1.0 web/one@1.1"], 1, "\tweb/one\tweb/one@1.0 web/one@1.1\n", "");
    check(&["freeze web/one@latest"], 1, "pkg freeze: Illegal FMRI 'web/one@latest': Bad Version: latest", "");
    check(&["freeze entire"], 0, "entire was frozen at ", "");
    check(
        &["freeze pkg://test.org/web/one@1.0", "freeze -H"],
        0,
        "web/one            1.0                         ",
        "",
    );
    check(&["freeze -n web/one@1.0", "unfreeze web/one"], 4, NOTHING, "");
    check(&["freeze web/one@1.0 web/two@2", "unfreeze w*o"], 0, "web/two was unfrozen.\n", "");
    check(&["avoid -H"], 1, "pkg avoid: 'Illegal FMRI '-H': Invalid Package Name: -H' is an illegal fmri", "");
    check(&["avoid web/one"], 1, "did not match any allowable packages", "");
    check(&["avoid entire"], 1, "use uninstall to avoid these:\n\tentire", "");
    let one = "set-publisher -g file:///export/repo/one test.org";
    check(&[one, "avoid web/one", "avoid"], 0, "    web/one\n", "test.org one/");
    check(&[one, "avoid web/one", "unavoid web/one", "avoid"], 0, NOTHING, "test.org one/");
}

#[test]
fn facets_and_variants() {
    let head = format!("{:<64} VALUE SRC\n", "FACET");
    check(&["facet"], 0, &head, "");
    check(&["change-facet doc=false", "facet"], 0, &format!("{head}{:<64} False local\n", "doc"), "");
    check(
        &["change-facet doc=true", "facet -F json"],
        0,
        "[{\"facet\":\"facet.doc\",\"masked\":\"False\",\"src\":\"local\",\"value\":\"True\"}]",
        "",
    );
    check(&["change-facet doc=true", "change-facet doc=true"], 4, "No updates necessary for this image.\n", "");
    check(&["change-facet doc=true man=false"], 0, "Variants/Facets to change: 2\n", "");
    check(&["change-facet -n doc=true", "facet -H -F tsv"], 0, NOTHING, "");
    check(
        &["change-facet doc=maybe"],
        2,
        "pkg: change-facet: facets must to be of the form 'facet....=[True|False|None]'.\n",
        "",
    );
    check(&["facet doc"], 0, &format!("{:<64} True  system\n", "doc"), "");
    check(&["facet no*"], 1, "pkg facet: no matching facets found\n", "");
    check(&["variant opensolaris*"], 0, &format!("{:<70} nonglobal\n", "opensolaris.zone"), "");
    check(&["change-variant x=y", "variant -H x"], 0, &format!("{:<70} y\n", "x"), "");
    check(&["variant x"], 0, &format!("{:<70} false\n", "x"), "");
    check(&["variant -F xml"], 2, "Supported: default, tsv, json, json-formatted\n", "");
}
