//! Recordings of the real command, from the files that `ZMGR_RECORDINGS` names (separated by colons; a directory stands for its
//! `zonecfg.jsonl`); without it nothing is compared.

use serde_json::Value;

use super::*;

fn text(value: &Value) -> Vec<u8> {
    value.as_str().unwrap_or_default().as_bytes().to_vec()
}

fn replace(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(text).replace(from, to).into_bytes()
}

/// Lines that are the same in every run: the listing of commands in short, no assertions, no fresh uuids.
fn normal(text: &[u8], root: &Path) -> String {
    let text = String::from_utf8_lossy(text).into_owned();
    let root = root.to_string_lossy();
    let mut text = text.replace(&format!("{root}/files"), "FILES").replace(&*root, "ROOT");
    while let Some(start) = text.find("Commands:\n\n") {
        let Some(end) = text[start..].find("\nverify\n") else { break };
        text.replace_range(start..start + end + "\nverify\n".len(), "<commands>\n");
    }
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("Assertion failed:"));
    lines.map(without_uuids).collect()
}

fn without_uuids(line: &str) -> String {
    let is_uuid = |word: &str| {
        word.len() == 36
            && word.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            })
            && word[..8].bytes().any(|b| b != word.as_bytes()[0])
    };
    let cut = |c: char| !(c.is_ascii_hexdigit() || c == '-');
    let mut result = line.to_owned();
    for word in line.split(cut).filter(|word| is_uuid(word)) {
        result = result.replace(word, "UUID");
    }
    result
}

/// A document as elements, attributes sorted.
fn tree(bytes: Option<Vec<u8>>) -> String {
    fn show(node: roxmltree::Node<'_, '_>, out: &mut String) {
        let mut attributes: Vec<String> = node.attributes().map(|a| format!("{}={:?}", a.name(), a.value())).collect();
        attributes.sort();
        out.push_str(&format!("<{} {}>", node.tag_name().name(), attributes.join(" ")));
        for child in node.children().filter(roxmltree::Node::is_element) {
            show(child, out);
        }
        out.push_str("</>\n");
    }
    let Some(bytes) = bytes else { return "none".into() };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => error.into_bytes().iter().map(|b| char::from(*b)).collect(),
    };
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let mut out = String::new();
    match roxmltree::Document::parse_with_options(&text, options) {
        Ok(document) => show(document.root_element(), &mut out),
        Err(error) => out = format!("{error}: {text}"),
    }
    without_uuids(&out)
}

fn answer(machine: &Machine, step: &Value) -> (i64, String, String) {
    let files = format!("{}/files", machine.root().display());
    let argv: Vec<Vec<u8>> =
        step["argv"].as_array().unwrap().iter().map(|arg| replace(&text(arg), "FILES", &files)).collect();
    let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
    let (status, written) = run(machine, &argv, &text(&step["stdin"]));
    let code = match status {
        Status::Exited(code) => i64::from(code),
        Status::Signalled(signal) => -i64::from(signal),
    };
    (code, normal(&written.out, machine.root()), normal(&written.err, machine.root()))
}

fn faults(case: &Value) -> Vec<String> {
    let dialect = Dialect::from_name(case["dialect"].as_str().unwrap()).unwrap();
    let (_directory, machine) = machine(dialect);
    let index = machine.path("/etc/zones/index");
    fs::create_dir_all(machine.root().join("files")).unwrap();
    fs::write(&index, text(&case["index_before"])).unwrap();
    for (name, content) in case["files"].as_object().unwrap() {
        fs::write(machine.root().join("files").join(name), text(content)).unwrap();
    }
    for step in case["setup"].as_array().unwrap() {
        let (code, _, err) = answer(&machine, step);
        if Some(code) != step["exit"].as_i64() {
            return vec![format!("set-up {step} gave {code}: {err}")];
        }
    }
    if let Some(lines) = case["index_lines"].as_array().filter(|lines| !lines.is_empty()) {
        let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
        let names: Vec<String> = lines.iter().map(|line| name(line.as_str().unwrap())).collect();
        let old = fs::read_to_string(&index).unwrap();
        let kept = old.lines().filter(|line| !names.contains(&name(line)));
        let new: Vec<&str> = kept.chain(lines.iter().map(|line| line.as_str().unwrap())).collect();
        fs::write(&index, new.join("\n") + "\n").unwrap();
    }
    let (code, out, err) = answer(&machine, case);
    let mut faults = Vec::new();
    let mut compare = |what: &str, got: String, wanted: String| {
        if got != wanted {
            faults.push(format!("{what}:\n  got    {got:?}\n  wanted {wanted:?}"));
        }
    };
    compare("exit", code.to_string(), case["exit"].to_string());
    compare("stdout", out, normal(&text(&case["stdout"]), Path::new("/nowhere")));
    compare("stderr", err, normal(&text(&case["stderr"]), Path::new("/nowhere")));
    compare(
        "index",
        without_uuids(&String::from_utf8_lossy(&fs::read(&index).unwrap_or_default())),
        without_uuids(case["index_after"].as_str().unwrap_or_default()),
    );
    if let Some(wanted) = case.get("zone_xml_after") {
        let argv = case["argv"].as_array().unwrap();
        let zone = argv.iter().position(|arg| arg == "-z").map(|at| argv[at + 1].as_str().unwrap());
        let got = zone
            .filter(|zone| !zone.contains('/'))
            .and_then(|zone| fs::read(machine.path(format!("/etc/zones/{zone}.xml"))).ok());
        compare("xml", tree(got), tree(wanted.as_str().map(|text| text.as_bytes().to_vec())));
    }
    faults
}

#[test]
fn the_command_does_what_the_real_one_did() {
    let Some(files) = std::env::var_os("ZMGR_RECORDINGS") else { return };
    let only = std::env::var("ZMGR_ONLY").ok();
    let mut failed = Vec::new();
    let mut count = 0;
    for file in std::env::split_paths(&files) {
        let file = if file.is_dir() { file.join("zonecfg.jsonl") } else { file };
        for line in fs::read_to_string(file).unwrap().lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let id = case["id"].as_str().unwrap().to_owned();
            if only.as_ref().is_some_and(|only| *only != id) {
                continue;
            }
            count += 1;
            let faults = faults(&case);
            if !faults.is_empty() {
                failed.push(format!("{id}\n{}\n  {}", faults.join("\n"), case["stdin"]));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {count} failed:\n\n{}", failed.len(), failed.join("\n\n"));
}
