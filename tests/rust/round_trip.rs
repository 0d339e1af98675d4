//! Every resource and property: from a template to a zone, from the zone to an entry, from the entry to the same zone elsewhere.

use std::fs;

use proptest::prelude::*;
use zmgr::exec::SimRunner;
use zmgr::exec::zonecfg::{self, ZoneConfig};
use zmgr::host::Host;
use zmgr::sim::Machine;
use zmgr::{ApplyOptions, CreateOptions, Dialect, ImportOptions, Manager, Outcome, RunOptions};

use crate::import::manager;
use crate::sim_machine::{self, Pretend};

/// Nodes of a template, each beside what it cannot be together with.
const NODES: &[(&str, &[&str])] = &[
    ("fs \"/data\" special=\"/export/{zone}\" type=\"lofs\" { options \"ro\" \"nodevices\"; }", &[]),
    ("fs \"/scratch\" special=\"/export/scratch\" type=\"lofs\"", &[]),
    ("device \"/dev/dsk/c1t0d0*\"", &[]),
    ("attr \"env\" \"prod; a=b {{zone}}\"", &[]),
    ("attr \"count\" 7 type=\"uint\"", &[]),
    ("attr \"low\" -7", &[]),
    ("attr \"on\" #true", &[]),
    ("rctl \"zone.max-lofi\" { value limit=10; }", &[]),
    ("rctl \"zone.max-lwps\" { value limit=500 action=\"none\"; value limit=1000; }", &["max-lwps"]),
    ("capped-memory physical=\"2G\" swap=\"4G\" locked=\"1500M\"", &[]),
    ("capped-cpu ncpus=\"1.55\"", &["dedicated-cpu"]),
    ("dedicated-cpu ncpus=\"1-4\" importance=10", &["capped-cpu", "cpu-shares", "resource-pool"]),
    ("cpu-shares 30", &["dedicated-cpu", "scheduling-class"]),
    ("max-lwps 2000", &["rctl \"zone.max-lwps\""]),
    ("max-processes 1000", &[]),
    ("max-shm-memory \"1G\"", &[]),
    ("max-shm-ids 100", &[]),
    ("max-msg-ids 101", &[]),
    ("max-sem-ids 102", &[]),
    ("hostid \"0x1234abcd\"", &[]),
    ("bootargs \"-m verbose\"", &[]),
    ("limitpriv \"default,dtrace_user\"", &[]),
    ("scheduling-class \"FX\"", &["cpu-shares"]),
    ("fs-allowed \"ufs\" \"pcfs\"", &[]),
    ("resource-pool \"pool_web\"", &["dedicated-cpu"]),
    ("security-flags default=\"aslr\" lower=\"none\" upper=\"aslr,noexecstack\"", &[]),
    ("zonecfg \"set fs-allowed=ufs\"", &["fs-allowed"]),
    (
        "net \"second\" { pool \"internal\"; default-route #false; }\n    net \"internal\" { pool \"internal\"; }",
        &["net "],
    ),
    ("net \"raw\" { physical \"net0\"; address \"none\"; }", &["net "]),
];

fn template(name: &str, nodes: &[&str]) -> String {
    format!("template \"{name}\" {{\n    extends \"oi\"\n    autoboot #false\n    {}\n}}\n", nodes.join("\n    "))
}

fn found(pretend: &Pretend, zone: &str) -> ZoneConfig {
    let host = Host::simulated(SimRunner::new(Machine::open(pretend.host.dir()).unwrap()));
    host.zone_config(zone).unwrap().unwrap_or_else(|| panic!("{zone} is not there"))
}

/// The entry of an adopted zone, as a wish that anybody can build.
fn wish(entry: &str) -> String {
    let mut text = String::new();
    let mut applied = false;
    for line in entry.lines() {
        applied |= line == "    applied {";
        let word = line.trim_start().split(' ').next().unwrap_or_default();
        if !applied && !matches!(word, "id" | "state" | "uuid" | "created" | "origin" | "mac") {
            text.push_str(line);
            text.push('\n');
        }
        applied &= line != "    }";
    }
    text
}

/// What the zones mount, or illumos would not install them.
fn mounts(pretend: &Pretend, zones: &[(String, Vec<&str>)]) {
    for name in zones.iter().map(|(zone, _)| zone.as_str()).chain(["scratch"]) {
        fs::create_dir_all(pretend.dir.path().join("export").join(name)).unwrap();
    }
}

fn failures(outcomes: &[Outcome]) -> Vec<&Outcome> {
    outcomes.iter().filter(|outcome| outcome.result.is_err()).collect()
}

/// Makes a zone of each of these templates, adopts it into another tree, and builds that entry on another machine.
fn there_and_back(zones: &[(String, Vec<&str>)]) {
    let here = sim_machine::new(Dialect::OpenIndiana);
    let first = manager(&here);
    mounts(&here, zones);
    for (zone, nodes) in zones {
        fs::write(first.root().join(format!("templates/{zone}.kdl")), template(zone, nodes)).unwrap();
        let options = CreateOptions::new().template(zone).boot(false);
        first.create(zone, &options, &mut RunOptions::new()).unwrap_or_else(|error| panic!("{nodes:?}: {error:?}"));
    }
    let tree = tempfile::tempdir().unwrap();
    let second = Manager::builder().simulate(here.dir.path()).root(tree.path().join("zmgr")).build().unwrap();
    second.init().unwrap();
    let names: Vec<&str> = zones.iter().map(|(zone, _)| zone.as_str()).collect();
    let adopted = second.import(&names, &ImportOptions::new(), &mut RunOptions::new()).unwrap();
    assert!(adopted.error().is_none(), "{:#?}", failures(&adopted.outcomes));
    assert!(second.diff(&[]).unwrap().is_clean(), "{}", second.diff(&[]).unwrap());

    let there = sim_machine::new(Dialect::OpenIndiana);
    let third = manager(&there);
    mounts(&there, zones);
    for name in &names {
        let file = format!("zones/{name}.kdl");
        let entry = fs::read_to_string(second.root().join(&file)).unwrap();
        fs::write(third.root().join(&file), wish(&entry)).unwrap();
    }
    let built = third.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    assert!(built.error().is_none(), "{:#?}", failures(&built.outcomes));
    for (zone, nodes) in zones {
        let differences = zonecfg::differences(&found(&here, zone), &found(&there, zone));
        assert!(differences.is_empty(), "{nodes:?}: {differences:?}");
    }
    assert!(third.diff(&[]).unwrap().is_clean(), "{}", third.diff(&[]).unwrap());
}

#[test]
fn each_resource_and_property_alone() {
    let zones: Vec<(String, Vec<&str>)> =
        NODES.iter().enumerate().map(|(n, (node, _))| (format!("z{n}"), vec![*node])).collect();
    there_and_back(&zones);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_of_them_together(picks in proptest::collection::vec(any::<u32>(), 3)) {
        let zones: Vec<(String, Vec<&str>)> = picks.iter().enumerate().map(|(n, bits)| {
            let mut nodes: Vec<&str> = Vec::new();
            for (at, (node, others)) in NODES.iter().enumerate() {
                let clash = others.iter().any(|other| nodes.iter().any(|node| node.starts_with(other)));
                if bits & (1 << at) != 0 && !clash {
                    nodes.push(node);
                }
            }
            (format!("z{n}"), nodes)
        }).collect();
        there_and_back(&zones);
    }
}
