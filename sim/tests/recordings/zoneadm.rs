//! zoneadm and the brands' hooks: streams, states, data sets, mounts, zonepaths, documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use zmgr_sim::Fault;

use crate::Outcome;
use crate::bench::{Bench, list, strings};
use crate::text::{lines, missing_in_order, without_seconds, without_times, without_uuids};

const ENV: &[(&str, &str)] = &[("PATH", "/usr/bin:/bin"), ("HOME", "/"), ("LC_ALL", "C")];

/// Replays one case.
pub(crate) fn replay(case: &Value) -> Outcome {
    if !case["error"].is_null() || !case["no_replay"].is_null() || is_unlike_illumos(case) {
        return Outcome::NotComparable;
    }
    let bench = Bench::new(&case["dialect"]);
    if let Err(fault) = prepare(&bench, case) {
        return match fault.contains(NOT_SIMULATED) {
            true => Outcome::NotSimulated,
            false => Outcome::Differs(vec![format!("setup: {fault}")]),
        };
    }
    let (code, out, err) = answer(&bench, case);
    if err.contains(NOT_SIMULATED) {
        return Outcome::NotSimulated;
    }
    let mut comparison = Comparison { bench: &bench, case, differences: Vec::new() };
    for what in strings(&case["compare"]) {
        comparison.compare(what, code, &out, &err);
    }
    match comparison.differences.is_empty() {
        true => Outcome::Same,
        false => Outcome::Differs(comparison.differences),
    }
}

const NOT_SIMULATED: &str = "not simulated";

/// Recognizes recordings of what a stand-in did and illumos does not: the simulated host does as illumos.
///
/// - A zone boots although its link or a file system of its is not there: no network was set up, nothing mounted.
/// - The root of a sparse zone is unmounted from under its overlays, which real mounts forbid.
/// - `cpio` of Linux fails where that of illumos copies.
/// - `/export/web1` was left there by an earlier recording, and `/` had been given another mode.
/// - OmniOS lists one field more than the gate that was recorded.
fn is_unlike_illumos(case: &Value) -> bool {
    let argv = strings(&case["argv"]);
    let documents = ["zone_xml", "late_xml"].map(|when| case[when]["web1"].as_str().unwrap_or_default());
    let document = documents.concat();
    let boots = argv.contains(&"boot") && case["exit"] == 0;
    let platform = case["faked"].as_array().is_some_and(|faked| faked.iter().any(|what| what == "kernel"));
    let missing_link = case["stderr"].as_str().is_some_and(|text| text.contains(": object not found"));
    let missing_mount = document.contains("special=\"/nosuch\"");
    let from_under =
        matches!(case["brand"].as_str(), Some("sparse" | "pkgsrc")) && !strings(&case["umounts"]).is_empty();
    let copies = case["stdout"].as_str().is_some_and(|text| text.contains("Copying /"));
    let shared = document.contains("zonepath=\"/export/")
        || document.contains("zonepath=\"/zones\"")
        || (argv.contains(&"move") && argv.last() == Some(&"/"));
    let omnios_list = case["dialect"] == "omnios" && argv.contains(&"list");
    (boots && platform && (missing_link || missing_mount)) || from_under || copies || shared || omnios_list
}

fn normal(text: &str, root: Option<&str>) -> String {
    let text = match root {
        Some(root) => text.replace(root, "").replace("/FILES/", "FILES/"),
        None => text.to_owned(),
    };
    synopses(&without_times(&without_seconds(&without_uuids(&text))))
}

/// Leaves out the explanations below each synopsis of a usage message.
fn synopses(text: &str) -> String {
    if !text.contains("usage:\t") {
        return text.to_owned();
    }
    let is_synopsis = |line: &str| line.starts_with("zoneadm ") || line.starts_with("[-z");
    text.split_inclusive('\n').filter(|line| line.strip_prefix('\t').is_none_or(is_synopsis)).collect()
}

fn answer(bench: &Bench, step: &Value) -> (i64, String, String) {
    let argv: Vec<String> = strings(&step["argv"]).iter().map(|word| word.replace("FILES", "/FILES")).collect();
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let done = bench.run(&argv, step["stdin"].as_str().unwrap_or_default(), ENV);
    let root = bench.root();
    (done.code, normal(&done.out, Some(&root)), normal(&done.err, Some(&root)))
}

fn write_documents(bench: &Bench, documents: &Value) {
    for (name, text) in documents.as_object().into_iter().flatten() {
        fs::write(bench.path(&format!("etc/zones/{name}.xml")), text.as_str().unwrap_or_default()).unwrap();
    }
}

fn index(bench: &Bench) -> String {
    String::from_utf8_lossy(&fs::read(bench.path("etc/zones/index")).unwrap_or_default()).into_owned()
}

/// Brings the host to where the recording begins.
fn prepare(bench: &Bench, case: &Value) -> Result<(), String> {
    write_documents(bench, &case["zone_xml"]);
    fs::write(bench.path("etc/zones/index"), case["index_before"].as_str().unwrap_or_default()).unwrap();
    for (link, owner) in case["links"].as_object().into_iter().flatten() {
        if !matches!(link.as_str(), "net0" | "stub0") {
            bench.run(&["dladm", "create-vnic", "-l", "net0", link], "", ENV);
        }
        if *owner == 0 {
            bench.run(&["ipadm", "create-if", link], "", ENV);
        }
    }
    bench.place(&case["place"])?;
    for dataset in strings(&case["datasets"]) {
        bench.run(&["zfs", "create", "-p", dataset], "", ENV);
    }
    for step in list(&case["setup"]) {
        let (code, out, err) = answer(bench, step);
        if code != step["exit"].as_i64().unwrap_or(0) {
            return Err(format!("{} gave {code}: {out}{err}", step["argv"]));
        }
    }
    bench.place(&case["place_after"])?;
    write_documents(bench, &case["late_xml"]);
    edit_index(bench, &strings(&case["index_lines"]));
    for place in strings(&case["umounts"]) {
        // Brands without a mounted root have nothing to unmount.
        let mounts = mounts(bench);
        if let Some((name, _)) = mounts.iter().find(|(_, at)| *at == place) {
            bench.run(&["zfs", "unmount", name], "", ENV);
        }
    }
    for command in strings(&case["sh"]) {
        let root = bench.root();
        let command = match command.contains("/etc/zones") {
            true => command.replace("/etc/zones", &format!("{root}/etc/zones")),
            false => command.replace("/zones/", &format!("{root}/zones/")),
        };
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &command]).current_dir(&root).output().unwrap();
    }
    inject(bench, &strings(&case["sim_fault"]));
    Ok(())
}

fn edit_index(bench: &Bench, new: &[&str]) {
    if new.is_empty() {
        return;
    }
    let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let names: Vec<String> = new.iter().map(|line| name(line)).collect();
    let old = index(bench);
    let kept = old.lines().filter(|line| !names.contains(&name(line)));
    let lines: Vec<&str> = kept.chain(new.iter().copied()).collect();
    fs::write(bench.path("etc/zones/index"), lines.join("\n") + "\n").unwrap();
}

/// A fault in the words of `zmgr sim fault`, which acts once.
fn inject(bench: &Bench, words: &[&str]) {
    let mut words = words.iter();
    let mut fault: Option<Fault> = None;
    while let Some(word) = words.next() {
        match (*word, &mut fault) {
            ("--exit", Some(fault)) => fault.exit = words.next().and_then(|code| code.parse().ok()),
            ("--stdout", Some(fault)) => fault.stdout = words.next().map(|text| (*text).to_owned()),
            ("--stderr", Some(fault)) => fault.stderr = words.next().map(|text| (*text).to_owned()),
            ("--zone", Some(fault)) => fault.zone = words.next().map(|zone| (*zone).to_owned()),
            (subcommand, Some(fault)) => fault.subcommand = Some(subcommand.to_owned()),
            (program, none) => *none = Some(Fault::new(program)),
        }
    }
    if let Some(mut fault) = fault {
        fault.times = Some(1);
        bench.machine.fault(&fault).unwrap();
    }
}

/// Data sets and where they are mounted.
fn mounts(bench: &Bench) -> BTreeMap<String, String> {
    let done = bench.run(&["zfs", "mount"], "", ENV);
    done.out.lines().filter_map(|line| line.split_once(' ')).map(|(n, m)| (n.into(), m.trim().into())).collect()
}

fn datasets(bench: &Bench) -> BTreeSet<String> {
    let listed = bench.run(&["zfs", "list", "-H", "-r", "-t", "filesystem", "-o", "name", "rpool"], "", ENV);
    let ours = |name: &&str| name.starts_with("rpool/zones/") || name.starts_with("rpool/export/");
    listed.out.lines().filter(ours).map(str::to_owned).collect()
}

fn states(index: &str) -> BTreeMap<String, String> {
    let split = index.lines().filter(|line| line.matches(':').count() >= 2).map(|line| line.split(':'));
    split.filter_map(|mut fields| Some((fields.next()?.to_owned(), fields.next()?.to_owned()))).collect()
}

/// Recognizes lines that a stand-in, the shell or a tool of Linux printed: they are not illumos' own.
fn is_stand_in(line: &str) -> bool {
    const STARTS: [&str; 15] = [
        "Publisher: Using",
        "Cache: Using",
        "PKG:",
        "pkg install:",
        "pkg image-create:",
        "/usr/bin/",
        "/bin/",
        "cp: ",
        "ln: ",
        "chown: ",
        "rm: ",
        "usage: zfs",
        "Log File:",
        "cannot open '",
        "cannot create '",
    ];
    const MORE: [&str; 3] = ["cannot destroy '", "cannot mount '", "cannot unmount '"];
    let numbered = |line: &str, end: &str| {
        line.match_indices('[').any(|(at, _)| {
            let rest = line[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit());
            rest.len() < line.len() - at - 1
                && (rest
                    .strip_prefix(']')
                    .is_some_and(|rest| if end.is_empty() { rest.is_empty() } else { rest.starts_with(end) }))
        })
    };
    let option = |what: &str| {
        line.match_indices(&format!(": {what}")).any(|(at, _)| {
            let head = &line.as_bytes()[..at];
            head.len() >= 4 && head[head.len() - 2] == b'-' && head[head.len() - 4..].starts_with(b": ")
        })
    };
    STARTS.iter().chain(&MORE).any(|start| line.starts_with(start))
        || line.contains("made to fail")
        || numbered(line, ": ")
        || numbered(line, "")
        || option("unknown option")
        || option("argument expected")
}

struct Comparison<'a> {
    bench: &'a Bench,
    case: &'a Value,
    differences: Vec<String>,
}

impl Comparison<'_> {
    fn compare(&mut self, what: &str, code: i64, out: &str, err: &str) {
        let (stream, got) = match what.starts_with("stdout") {
            true => ("stdout", out),
            false => ("stderr", err),
        };
        let wanted = normal(self.case[stream].as_str().unwrap_or_default(), None);
        match what {
            "exit" => self.check(what, &Some(code), &self.case["exit"].as_i64()),
            "stdout" | "stderr" => self.check(what, got, wanted.as_str()),
            "stdout~" | "stderr~" => {
                let wanted: Vec<&str> = lines(&wanted).into_iter().filter(|line| !is_stand_in(line)).collect();
                let got = lines(got);
                let missing = missing_in_order(&wanted, &got);
                if !missing.is_empty() {
                    self.differences.push(format!("{what}: lacks {missing:?} in {got:?}"));
                }
            }
            "stdout?" | "stderr?" => self.check(what, &!got.trim().is_empty(), &!wanted.trim().is_empty()),
            "index" => {
                let wanted = self.case["index_after"].as_str().unwrap_or_default();
                self.check(what, &normal(&index(self.bench), None), &normal(wanted, None));
            }
            "state" => {
                let wanted = states(self.case["index_after"].as_str().unwrap_or_default());
                self.check(what, &states(&index(self.bench)), &wanted);
            }
            "kernel" => self.kernel(),
            "datasets" => self.datasets(),
            "zonepath" => self.zonepaths(),
            "xml" => self.documents(),
            other => self.differences.push(format!("{other}: unknown comparison")),
        }
    }

    fn check<T: PartialEq + std::fmt::Debug + ?Sized>(&mut self, what: &str, got: &T, wanted: &T) {
        if got != wanted {
            self.differences.push(format!("{what}: got    {got:?}\n      wanted {wanted:?}"));
        }
    }

    fn kernel(&mut self) {
        let word = |zone: &Value| {
            let number = |at: usize| zone[at].as_str().and_then(|text| text.parse().ok()).or(zone[at].as_i64());
            match (number(2), number(3).unwrap_or(0) & 2) {
                (_, 2) => "mounted",
                (Some(2), _) => "ready",
                (Some(3 | 4), _) => "running",
                (Some(5 | 6), _) => "shutting_down",
                (Some(7 | 8), _) => "down",
                _ => "?",
            }
        };
        let zones = list(&self.case["kernel_after"]).iter();
        let wanted: BTreeMap<String, String> =
            zones.map(|zone| (zone[1].as_str().unwrap_or_default().to_owned(), word(zone).to_owned())).collect();
        let listed = self.bench.run(&["zoneadm", "list", "-p"], "", ENV).out;
        let rows = listed.lines().filter(|line| !line.starts_with("0:")).map(|line| line.split(':'));
        let got = rows.filter_map(|mut f| Some((f.nth(1)?.to_owned(), f.next()?.to_owned()))).collect();
        self.check("kernel", &got, &wanted);
    }

    fn datasets(&mut self) {
        let got = datasets(self.bench);
        let after = self.case["datasets_after"].as_object();
        let wanted: BTreeSet<String> = after.into_iter().flatten().map(|(name, _)| name.clone()).collect();
        if got != wanted {
            let (more, fewer): (Vec<_>, Vec<_>) =
                (got.difference(&wanted).collect(), wanted.difference(&got).collect());
            self.differences.push(format!("datasets: more {more:?}, fewer {fewer:?}"));
            return;
        }
        let text = |mount: &Value, at: usize| mount[at].as_str().unwrap_or_default().to_owned();
        let zfs = list(&self.case["mounts"]).iter().filter(|mount| mount[2] == "zfs");
        let pairs: BTreeMap<String, String> = zfs.map(|mount| (text(mount, 0), text(mount, 1))).collect();
        let ours = |mounts: BTreeMap<String, String>| -> BTreeMap<String, String> {
            mounts.into_iter().filter(|(name, _)| got.contains(name)).collect()
        };
        self.check("mounts", &ours(mounts(self.bench)), &ours(pairs));
    }

    fn zonepaths(&mut self) {
        let left: BTreeMap<&str, &str> = self.case["left"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, kept)| (name.as_str(), kept.as_str().unwrap_or_default()))
            .collect();
        for (name, kept) in left.iter().filter(|(name, _)| !name.contains('/')) {
            match fs::symlink_metadata(self.bench.path(&format!("zones/{name}"))) {
                Err(_) => self.differences.push(format!("zonepath: /zones/{name} is gone, wanted {kept}")),
                Ok(meta) if kept.starts_with('d') => {
                    let mode = format!("{:o}", meta.permissions().mode() & 0o7777);
                    self.check(&format!("mode of /zones/{name}"), &Some(mode.as_str()), &kept.split(' ').nth(1));
                }
                Ok(_) => {}
            }
        }
        for entry in fs::read_dir(self.bench.path("zones")).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let placed = [&self.case["place"], &self.case["place_after"]];
            let mut paths = placed.into_iter().flat_map(list).filter_map(|item| item["path"].as_str());
            // Only directories were listed.
            if !entry.path().is_dir() || entry.path().is_symlink() && paths.any(|path| path == format!("/zones/{name}"))
            {
                continue;
            }
            if !left.contains_key(name.as_str()) {
                self.differences.push(format!("zonepath: /zones/{name} is there"));
                continue;
            }
            let root = self.bench.path(&format!("zones/{name}/root")).exists();
            self.check(&format!("/zones/{name}/root"), &root, &left.contains_key(format!("{name}/root").as_str()));
        }
    }

    fn documents(&mut self) {
        let zonepath = |text: &str| {
            let (_, rest) = text.split_once("zonepath=\"")?;
            rest.split_once('"').map(|(path, _)| path.to_owned())
        };
        for (name, wanted) in self.case["xml_changed"].as_object().into_iter().flatten() {
            let bytes = fs::read(self.bench.path(&format!("etc/zones/{name}.xml"))).ok();
            let got = bytes.map(|bytes| zonepath(&String::from_utf8_lossy(&bytes)));
            self.check(&format!("document of {name}"), &got, &wanted.as_str().map(zonepath));
        }
    }
}
