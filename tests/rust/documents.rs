//! Documents through the public manager: every fault of every file at once, edits, and what the reference page says.

use std::fs;
use std::path::{Path, PathBuf};

use zmgr::{Code, Diagnostic, Manager, Severity};

fn data(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/documents").join(below)
}

/// A manager of a copy of this tree, on a simulated machine of its own.
fn copy_of(tree: &Path) -> (tempfile::TempDir, Manager) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("tree");
    copy(tree, &root);
    let manager = Manager::builder().simulate(dir.path().join("machine")).root(&root).build().unwrap();
    (dir, manager)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => fs::copy(&path, &target).map(|_| ()).unwrap(),
        }
    }
}

/// A finding as people see it, with paths below the root.
fn shown(root: &Path, finding: &Diagnostic) -> String {
    let path = finding.path.as_deref().map(|path| path.strip_prefix(root).unwrap_or(path).display().to_string());
    let mut text = format!(
        "{}:{}:{} {}{}: {}\n",
        path.unwrap_or_default(),
        finding.line.unwrap_or(0),
        finding.column.unwrap_or(0),
        if finding.severity == Severity::Warning { "warning " } else { "" },
        finding.code,
        finding.message.replace(&root.display().to_string(), ""),
    );
    if let Some(snippet) = &finding.snippet {
        text.push_str(&format!("    | {snippet}\n"));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!("    = {}\n", help.replace(&root.display().to_string(), "")));
    }
    text
}

fn all_shown(manager: &Manager) -> String {
    manager.check().unwrap().iter().map(|finding| shown(manager.root(), finding)).collect()
}

#[test]
fn twelve_faults_in_seven_files_are_reported_in_one_run() {
    let (_dir, manager) = copy_of(&data("faulty"));
    let findings = manager.check().unwrap();
    let files: std::collections::BTreeSet<_> = findings.iter().map(|finding| finding.path.clone()).collect();
    insta::assert_snapshot!("twelve_faults", all_shown(&manager));
    assert_eq!((findings.len(), files.len()), (12, 7));
    assert_eq!(manager.check().unwrap(), findings, "the same order every time");
    assert!(findings.iter().all(|finding| finding.line.is_some() && finding.snippet.is_some()));
}

#[test]
fn the_reference_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md");
    let page = zmgr::reference();
    if std::env::var_os("ZMGR_WRITE_REFERENCE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/format.md is not what the table says: run the test again with ZMGR_WRITE_REFERENCE=1"
    );
}

#[test]
fn every_node_is_explained() {
    let told = zmgr::explain("fs").unwrap();
    assert_eq!(told.len(), 1);
    insta::assert_snapshot!("explain_fs", told[0].to_string());
    assert!(zmgr::explain("pool").unwrap().len() > 1, "a file, a node of a net, and older forms");
    let error = zmgr::explain("capped-memroy").unwrap_err();
    assert_eq!((error.code(), error.help()), (Code::NotFound, Some("did you mean `capped-memory`?")));
}

#[test]
fn documents_through_the_manager() {
    let dir = tempfile::tempdir().unwrap();
    let manager = Manager::builder().simulate(dir.path()).build().unwrap();
    assert_eq!(manager.check().unwrap_err().code(), Code::NotFound);
    manager.init().unwrap();
    let findings = manager.check().unwrap();
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning), "{findings:#?}");
    assert_eq!(manager.config().unwrap().default_template.unwrap().as_str(), "oi");
    assert_eq!(manager.templates().unwrap().len(), 1);
    assert_eq!(manager.pool("internal").unwrap().networks.len(), 1);
    assert_eq!(manager.publishers().unwrap()[0].origins.len(), 1);
    assert_eq!(manager.template("io").unwrap_err().code(), Code::NotFound);
    let zone = manager.root().join("zones/web01.kdl");
    fs::write(&zone, "zone \"web01\" {\n    template \"oi\"\n    attr \"env\" \"prod\"\n}\n").unwrap();
    let spec = manager.effective("web01").unwrap();
    assert_eq!(spec.resources.attrs[0].source.to_string(), format!("{}:3", zone.display()));
    assert_eq!(manager.effective("web02").unwrap_err().code(), Code::NotFound);
    fs::write(manager.root().join("templates/bad.kdl"), "template \"bad\" { nonsense }\n").unwrap();
    assert_eq!(manager.templates().unwrap_err().code(), Code::Config);
    assert!(
        manager.template("oi").is_ok() && manager.effective("web01").is_ok(),
        "errors in other files have no effect"
    );
}

#[test]
fn the_good_examples_have_no_fault() {
    let (_dir, manager) = copy_of(&data("good"));
    let findings = manager.check().unwrap();
    let errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    insta::assert_snapshot!("good_examples", all_shown(&manager));
}

#[test]
fn each_bad_example_is_reported() {
    let (_dir, manager) = copy_of(&data("bad"));
    insta::assert_snapshot!("bad_examples", all_shown(&manager));
}

/// Every file below tests/data/documents, and each again with some bytes of it changed, dropped or doubled.
#[test]
fn the_corpus_does_no_harm() {
    let mut directories = vec![data("")];
    let mut corpus: Vec<Vec<u8>> = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => directories.push(path),
                // Names that differ from the file's end a document early.
                false => corpus.push(fs::read_to_string(&path).unwrap().into_bytes()),
            }
        }
    }
    corpus.sort();
    assert!(corpus.len() > 20);
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below.max(1) as u64) as usize
    };
    const BYTES: &[u8] = b"{}\"\\/-*#;=\n 0\0\xff(";
    let rounds = if std::env::var_os("ZMGR_SOAK").is_some() { 4000 } else { 12 };
    for bytes in &corpus {
        for (_, target) in zmgr::internals::TARGETS {
            target(bytes);
        }
        for _ in 0..rounds {
            let mut changed = bytes.clone();
            for _ in 0..=next(3) {
                let at = next(changed.len());
                match next(3) {
                    0 if at < changed.len() => changed[at] = BYTES[next(BYTES.len())],
                    1 if at < changed.len() => drop(changed.remove(at)),
                    _ => {
                        let tail = changed.split_off(at);
                        changed.push(BYTES[next(BYTES.len())]);
                        changed.extend_from_slice(&tail[..next(tail.len().min(40))]);
                        changed.extend(tail);
                    }
                }
            }
            let (_, target) = zmgr::internals::TARGETS[next(zmgr::internals::TARGETS.len())];
            target(&changed);
        }
    }
}

/// In the older form too, or what was read could not be written again.
#[test]
fn an_address_is_not_its_own_gateway() {
    for net in
        ["address \"10.1.0.1/24\"; gateway \"10.1.0.1\"", "net \"a\" { address \"10.1.0.1/24\" gateway=\"10.1.0.1\"; }"]
    {
        let text = format!("zone \"a\" {{ {net}; }}\n");
        let error = zmgr::Document::<zmgr::ZoneEntry>::parse(Path::new("zones/a.kdl"), text.as_bytes()).unwrap_err();
        assert!(error.details().iter().any(|detail| detail.code == "bad-gateway"), "{text}: {error:?}");
    }
}

#[test]
fn what_no_document_may_be() {
    let (_dir, manager) = copy_of(&data("good"));
    let zones = manager.root().join("zones");
    fs::create_dir(zones.join("directory.kdl")).unwrap();
    make_fifo(&zones.join("fifo.kdl"));
    std::os::unix::fs::symlink("/dev/zero", zones.join("device.kdl")).unwrap();
    std::os::unix::fs::symlink("nowhere", zones.join("dangling.kdl")).unwrap();
    fs::write(zones.join("large.kdl"), vec![b' '; 2 << 20]).unwrap();
    fs::write(zones.join("latin.kdl"), b"zone \"latin\" { attr \"a\" \"\xe9\" }").unwrap();
    fs::write(zones.join("deep.kdl"), "a{".repeat(10_000)).unwrap();
    fs::write(zones.join("-x.kdl"), "zone \"-x\"").unwrap();
    let findings = manager.check().unwrap();
    let of = |name: &str| {
        let here = findings.iter().filter(|finding| finding.path.as_deref() == Some(&zones.join(name)));
        here.map(|finding| finding.code.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(of("directory.kdl"), ["not-a-file"]);
    assert_eq!(of("fifo.kdl"), ["not-a-file"]);
    assert_eq!(of("device.kdl"), ["not-a-file"]);
    assert_eq!(of("dangling.kdl"), ["not-found"]);
    assert_eq!(of("large.kdl"), ["too-large"]);
    assert_eq!(of("latin.kdl"), ["not-utf8"]);
    assert_eq!(of("deep.kdl"), ["too-deep"]);
    assert_eq!(of("-x.kdl"), ["bad-name"]);
    let zones: Vec<String> = manager.zones(&zmgr::Query::new()).unwrap().into_iter().map(|zone| zone.name).collect();
    assert!(zones.contains(&"everything".to_owned()), "one bad file hides no other: {zones:?}");
}

fn make_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}
