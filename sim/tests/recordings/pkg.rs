//! pkg: streams, exit statuses, and the publishers that the image has afterwards.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Outcome;
use crate::bench::{Bench, list, strings};

const ROOT: &str = "/zones/web1/root";
const LISTING: &[&str] = &["pkg", "-R", ROOT, "publisher", "-H", "-F", "tsv"];
const NOT_SIMULATED: &str = "not simulated";

/// The file repositories of the recordings: name, prefix, publishers. Of packages they have none.
const REPOSITORIES: &[(&str, &str, &[&str])] = &[
    ("one", "test.org", &["test.org"]),
    ("second", "second.org", &["second.org"]),
    ("multi", "m1.org", &["m1.org", "m2.org"]),
    ("bare", "", &[]),
    ("late", "late.org", &["late.org"]),
    ("described", "described.org", &["described.org"]),
];

/// Description that pkgrepo writes of a publisher whose origins and mirrors were set. The skeletons of `replay_pkg.py` lack it:
/// with them six cases differ, because no file has what the real repository answered.
const DESCRIBED: &str = r#"{
  "packages": [],
  "publishers": [
    {
      "alias": null,
      "name": "described.org",
      "packages": [],
      "repositories": [
        {
          "collection_type": "core",
          "legal_uris": [],
          "mirrors": [
            "http://mirror.invalid/d/"
          ],
          "origins": [
            "file:///export/repo/one/"
          ],
          "related_uris": []
        }
      ]
    }
  ],
  "version": 1
}
"#;

/// Replays one case.
pub(crate) fn replay(case: &Value) -> Outcome {
    // The text of an internal error is compared by presence.
    let ends_with_internal_error = case["exit"] == 99 && matches!(case["kind"].as_str(), Some("keys" | "zmgr-origin"));
    if !case["no_replay"].is_null() && !ends_with_internal_error {
        return Outcome::NotComparable;
    }
    let dialect = if case["client"] == "omnios" { "omnios" } else { "openindiana" };
    let bench = Bench::new(&Value::from(dialect));
    match compare(&bench, case) {
        Err(text) if text.contains(NOT_SIMULATED) => Outcome::NotSimulated,
        Err(text) => Outcome::Differs(vec![text]),
        Ok(differences) if differences.is_empty() => Outcome::Same,
        Ok(differences) => Outcome::Differs(differences),
    }
}

fn compare(bench: &Bench, case: &Value) -> Result<Vec<String>, String> {
    lay_out(bench, case)?;
    place(bench, &case["files"])?;
    for step in list(&case["setup"]) {
        let (code, out, err) = run(bench, &strings(&step["argv"]), case, "/");
        if step["exit"] != code {
            return Err(format!("setup: {} gave {code}, not {}: {out}{err}", step["argv"], step["exit"]));
        }
    }
    place(bench, &case["files_late"])?;
    let cwd = case["cwd"].as_str().unwrap_or("/");
    let (code, out, err) = run(bench, &strings(&case["argv"]), case, cwd);
    if err.contains(NOT_SIMULATED) {
        return Err(err);
    }
    let mut differences = Vec::new();
    for what in strings(&case["compare"]) {
        let by_presence = what.ends_with('?');
        let (got, wanted) = match what.trim_end_matches('?') {
            "exit" => (code.to_string(), case["exit"].to_string()),
            "publishers" => {
                let (code, listed, _) = run(bench, LISTING, case, "/");
                let wanted = case["publishers"].as_str().map_or("none".to_owned(), str::to_owned);
                (if code == 0 { listed } else { "none".to_owned() }, wanted)
            }
            stream => {
                let recorded = without_progress(case[stream].as_str().unwrap_or_default());
                let text = if stream == "stdout" { &out } else { &err };
                (without_progress(&text.replace(&bench.root(), "")), recorded)
            }
        };
        let same = if by_presence { got.is_empty() == wanted.is_empty() } else { got == wanted };
        if !same {
            differences.push(format!("{what}: got {got:?}, wanted {wanted:?}"));
        }
    }
    Ok(differences)
}

/// A machine with an installed zone whose image has no publishers, and with the repositories.
fn lay_out(bench: &Bench, case: &Value) -> Result<(), String> {
    let brand = if case["client"] == "omnios" { "ipkg" } else { "nlipkg" };
    let configure = format!("create -b; set zonepath=/zones/web1; set brand={brand}; set ip-type=exclusive");
    for argv in [["zonecfg", "-z", "web1", &configure], ["zoneadm", "-z", "web1", "install"]] {
        let answered = bench.run(&argv, "", &[]);
        if answered.code != 0 {
            return Err(format!("{argv:?}: {}{}", answered.out, answered.err));
        }
    }
    let listed = bench.run(LISTING, "", &[]).out;
    let mut names: Vec<&str> = listed.lines().filter_map(|line| line.split('\t').next()).collect();
    names.dedup();
    bench.run(&[&["pkg", "-R", ROOT, "unset-publisher"], names.as_slice()].concat(), "", &[]);
    let made = || -> std::io::Result<()> {
        for (name, prefix, publishers) in REPOSITORIES {
            let directory = bench.path(&format!("/export/repo/{name}"));
            fs::create_dir_all(&directory)?;
            for publisher in *publishers {
                fs::create_dir_all(directory.join("publisher").join(publisher))?;
            }
            if *name == "described" {
                fs::write(directory.join("publisher/described.org/pub.p5i"), DESCRIBED)?;
            }
            let text = format!("[publisher]\nprefix = {prefix}\n\n[repository]\nversion = 4\n");
            fs::write(directory.join("pkg5.repository"), text)?;
        }
        for directory in ["/export/repo/notrepo", "/export/work", "/export/keys"] {
            fs::create_dir_all(bench.path(directory))?;
        }
        fs::write(bench.path("/export/repo/file"), "x\n")?;
        fs::write(bench.path("/export/keys/key.pem"), material("key"))?;
        fs::write(bench.path("/export/keys/cert.pem"), material("certificate"))?;
        if case["image"] == false {
            fs::remove_dir_all(bench.path(&format!("{ROOT}/var/pkg")))?;
        }
        Ok(())
    };
    made().map_err(|error| error.to_string())
}

/// A stand-in for a key or a certificate of this kind.
fn material(kind: &str) -> String {
    let pem = |what: &str, body: &str| format!("-----BEGIN {what}-----\n{body}\n-----END {what}-----\n");
    match kind {
        "key" => pem("PRIVATE KEY", "AAAA"),
        "other-key" => pem("PRIVATE KEY", "BBBB"),
        "locked-key" => pem("ENCRYPTED PRIVATE KEY", "AAAA"),
        "certificate" => pem("CERTIFICATE", "AAAA"),
        "empty" => String::new(),
        _ => "nonsense\n".to_owned(),
    }
}

fn place(bench: &Bench, items: &Value) -> Result<(), String> {
    let with_text = list(items).iter().map(|item| {
        let mut item = item.clone();
        if let Some(kind) = item["material"].as_str() {
            item["text"] = Value::from(material(kind));
        }
        item
    });
    bench.place(&with_text.collect())
}

fn run(bench: &Bench, argv: &[&str], case: &Value, cwd: &str) -> (i64, String, String) {
    let mut env = vec![("PATH", "/usr/bin:/bin"), ("HOME", "/"), ("LC_ALL", "C")];
    if let Some(own) = case["env"].as_object() {
        env.extend(own.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))));
    }
    let answered = bench.run_in(Path::new(cwd), argv, "", &env);
    (answered.code, answered.out, answered.err)
}

/// A text without progress lines, without what follows a usage line, and without blanks around it.
fn without_progress(text: &str) -> String {
    let begins = ["Startup: ", "Planning", "Download", "Actions", "Finalize", "Caching catalogs"];
    let is_progress = |line: &str| {
        let line = line.strip_prefix(' ').unwrap_or(line);
        line == "Done" || begins.iter().any(|begin| line.starts_with(begin))
    };
    let ends = ["Usage:", "For a full list of subcommands", "Did you mean:"];
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !is_progress(line))
        .take_while(|line| !ends.iter().any(|end| line.starts_with(end)))
        .collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
