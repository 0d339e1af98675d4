//! Every resource and property: from a template to a zone, from the zone to an entry, from the entry to the same zone elsewhere.

use std::fs;

use proptest::prelude::*;
use zmgr::internals::exec::SimRunner;
use zmgr::internals::exec::zonecfg::{self, ZoneConfig};
use zmgr::internals::host::Host;
use zmgr::{ApplyOptions, CreateOptions, Dialect, ImportOptions, Manager, Outcome, RunOptions};
use zmgr_sim::Machine;

use crate::import::manager;
use crate::sim_machine::{self, Pretend};

/// Nodes of a template, each beside what it cannot be together with.
const NODES: &[(&str, &[&str])] = &[
    ("fs \"/data\" special=\"/export/{zone}\" type=\"lofs\" { options \"ro\" \"nodevices\"; }", &[]),
    ("fs \"/scratch\" special=\"/export/scratch\" type=\"lofs\"", &[]),
    ("fs \"/u\" special=\"/dev/dsk/c0t0d0s0\" raw=\"/dev/rdsk/c0t0d0s0\" type=\"ufs\"", &[]),
    ("dataset \"rpool/{zone}-data\" create=#true quota=\"1G\"", &[]),
    ("admin \"root\" \"login\" \"manage\"", &[]),
    ("device \"/dev/dsk/c1t0d0*\"", &[]),
    ("attr \"env\" \"prod; a=b {{zone}}\"", &[]),
    ("attr \"count\" 7 type=\"uint\"", &[]),
    ("attr \"low\" -7", &[]),
    ("attr \"on\" #true", &[]),
    ("rctl \"zone.max-lofi\" { value priv=\"privileged\" limit=10 action=\"deny\"; }", &[]),
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
    ("net \"raw\" { physical \"net2\"; address \"none\"; }", &["net ", "ip-type"]),
    ("net \"raw\" { physical \"net1\"; address \"10.9.0.5/24\" gateway=\"10.9.0.1\"; }", &["net ", "ip-type"]),
    ("net \"dual\" { pool \"dual\"; link-property \"maxbw\" \"100M\"; }", &["net ", "ip-type"]),
    ("net \"flat\" { pool \"flat\"; }\n    ip-type \"shared\"", &["net ", "ip-type"]),
    ("autoboot #true", &["net \"raw\""]),
    ("brand \"ipkg\"\n    without \"install\"", &[]),
    ("resolver \"9.9.9.9\"\n    dns-domain \"example.org\"", &[]),
];

/// Nodes of a template that the zone's document does not hold, each with what tests them.
const ELSEWHERE: &[&str] = &[
    "extends",         // every template here
    "without",         // lossless
    "install",         // setup
    "clone-from",      // setup
    "setup",           // setup
    "tag",             // drift
    "after",           // boot_order
    "protected",       // drift
    "pool",            // documents: the older form of a net
    "zfs-io-priority", // resources: not on every distribution
];

const POOLS: &[(&str, &str)] = &[
    (
        "dual",
        "pool \"dual\" { stub \"net0\"; vlan 20; mtu 1400; network \"10.2.0.0/24\" { gateway \"10.2.0.1\"; }; network \"2001:db8:1::/64\" { gateway \"fe80::1\"; }; }\n",
    ),
    ("flat", "pool \"flat\" { stub \"net0\"; network \"10.3.0.0/24\"; gateway \"10.3.0.1\"; }\n"),
];

fn template(name: &str, nodes: &[&str]) -> String {
    let autoboot = if nodes.iter().any(|node| node.starts_with("autoboot")) { "" } else { "autoboot #false\n    " };
    format!("template \"{name}\" {{\n    extends \"oi\"\n    {autoboot}{}\n}}\n", nodes.join("\n    "))
}

fn found(pretend: &Pretend, zone: &str) -> ZoneConfig {
    let host = Host::simulated(SimRunner::new(Machine::open(pretend.host.dir()).unwrap()));
    host.zone_config(zone).unwrap().unwrap_or_else(|| panic!("{zone} is not there"))
}

/// Returns the entry of an adopted zone, as a file from which a zone can be created.
fn desired(entry: &str) -> String {
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

/// Directories that the zones mount, which illumos requires, and the pools of their addresses.
fn furnish(pretend: &Pretend, manager: &Manager, zones: &[(String, Vec<&str>)]) {
    if pretend.host.dialect() == Dialect::OmniOs {
        // The templates here extend one of that name.
        let text = fs::read_to_string(manager.root().join("templates/omnios.kdl")).unwrap();
        fs::write(manager.root().join("templates/oi.kdl"), text.replace("\"omnios\" {", "\"oi\" {")).unwrap();
    }
    for (name, text) in POOLS {
        fs::write(manager.root().join(format!("pools/{name}.kdl")), text).unwrap();
    }
    // A link of its own for each zone that uses one as it is.
    pretend.run("dladm create-etherstub net1");
    pretend.run("dladm create-etherstub net2");
    for path in ["dev/dsk", "dev/rdsk"] {
        let path = pretend.dir.path().join(path);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("c0t0d0s0"), "").unwrap();
    }
    for name in zones.iter().map(|(zone, _)| zone.as_str()).chain(["scratch"]) {
        fs::create_dir_all(pretend.dir.path().join("export").join(name)).unwrap();
    }
}

fn failures(outcomes: &[Outcome]) -> Vec<&Outcome> {
    outcomes.iter().filter(|outcome| outcome.result.is_err()).collect()
}

/// Makes a zone of each of these templates, adopts it into another tree, and builds that entry on another machine.
fn there_and_back(dialect: Dialect, zones: &[(String, Vec<&str>)]) {
    let here = sim_machine::new(dialect);
    let first = manager(&here);
    furnish(&here, &first, zones);
    for (zone, nodes) in zones {
        fs::write(first.root().join(format!("templates/{zone}.kdl")), template(zone, nodes)).unwrap();
        let options = CreateOptions::new().template(zone).boot(false);
        first.create(zone, &options, &mut RunOptions::new()).unwrap_or_else(|error| panic!("{nodes:?}: {error:?}"));
    }
    let tree = tempfile::tempdir().unwrap();
    let second = Manager::builder().simulate(here.dir.path()).root(tree.path().join("zmgr")).build().unwrap();
    second.init().unwrap();
    furnish(&here, &second, zones);
    let names: Vec<&str> = zones.iter().map(|(zone, _)| zone.as_str()).collect();
    let adopted = second.import(&names, &ImportOptions::new(), &mut RunOptions::new()).unwrap();
    assert!(adopted.error().is_none(), "{:#?}", failures(&adopted.outcomes));
    assert!(second.diff(&[]).unwrap().is_clean(), "{}", second.diff(&[]).unwrap());

    let there = sim_machine::new(dialect);
    let third = manager(&there);
    furnish(&there, &third, zones);
    for (zone, _) in zones.iter().filter(|(_, nodes)| nodes.iter().any(|node| node.starts_with("dataset"))) {
        assert_eq!(there.run(&format!("zfs create rpool/{zone}-data")), "=0");
    }
    for name in &names {
        let file = format!("zones/{name}.kdl");
        let entry = fs::read_to_string(second.root().join(&file)).unwrap();
        fs::write(third.root().join(&file), desired(&entry)).unwrap();
    }
    let built = third.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    assert!(built.error().is_none(), "{:#?}", failures(&built.outcomes));
    for (zone, nodes) in zones {
        let differences = zonecfg::differences(&found(&here, zone), &found(&there, zone));
        assert!(differences.is_empty(), "{nodes:?}: {differences:?}");
    }
    assert!(third.diff(&[]).unwrap().is_clean(), "{}", third.diff(&[]).unwrap());
}

/// A node or property that is added to the schema of templates wants a row above.
#[test]
fn the_table_speaks_of_every_node_and_property() {
    let rows: String = NODES.iter().flat_map(|(node, _)| [*node, "\n"]).collect();
    let words: Vec<&str> = rows.split([' ', '\n', '{', '}', ';', '=']).collect();
    let meaning = |node: &str, place: &str| {
        let meanings = zmgr::explain(node).unwrap();
        let here = meanings.iter().position(|meaning| meaning.places.iter().any(|known| known == place));
        meanings.into_iter().nth(here.unwrap_or_else(|| panic!("{node} in {place}"))).unwrap()
    };
    let mut missing = Vec::new();
    let mut bodies = vec![("a file of templates/".to_owned(), "template".to_owned())];
    while let Some((place, node)) = bodies.pop() {
        let found = meaning(&node, &place);
        let inside = match node.as_str() {
            "net" => "net (of a template)".to_owned(),
            node => node.to_owned(),
        };
        for property in found.properties.iter().filter(|property| !words.contains(&property.name.as_str())) {
            missing.push(format!("{node} {}", property.name));
        }
        for child in found.children.into_iter().filter(|child| !ELSEWHERE.contains(&child.as_str()) || node == "net") {
            if !words.contains(&child.as_str()) {
                missing.push(format!("{node} {child}"));
            }
            bodies.push((inside.clone(), child));
        }
    }
    assert_eq!(missing, [""; 0]);
    let template = zmgr::explain("template").unwrap();
    assert!(ELSEWHERE.iter().all(|node| template.iter().any(|found| found.children.iter().any(|child| child == node))));
}

#[test]
fn each_resource_and_property_alone() {
    let zones: Vec<(String, Vec<&str>)> =
        NODES.iter().enumerate().map(|(n, (node, _))| (format!("z{n}"), vec![*node])).collect();
    there_and_back(Dialect::OpenIndiana, &zones);
}

/// OmniOS has its name servers in the document.
#[test]
fn what_omnios_says_otherwise() {
    let words = ["resolver", "attr", "capped-memory", "net \"dual\"", "dataset"];
    let rows = NODES.iter().filter(|(node, _)| words.iter().any(|word| node.starts_with(word)));
    let zones: Vec<(String, Vec<&str>)> =
        rows.enumerate().map(|(n, (node, _))| (format!("z{n}"), vec![*node])).collect();
    there_and_back(Dialect::OmniOs, &zones);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_of_them_together(picks in proptest::collection::vec(any::<u64>(), 3)) {
        let zones: Vec<(String, Vec<&str>)> = picks.iter().enumerate().map(|(n, bits)| {
            let mut nodes: Vec<&str> = Vec::new();
            for (at, (node, others)) in NODES.iter().enumerate() {
                let clash = others.iter().any(|other| nodes.iter().any(|node| node.starts_with(other)));
                // One zone alone can have a link that is used as it is.
                let taken = n > 0 && node.contains("physical \"net");
                if bits & (1 << at) != 0 && !clash && !taken {
                    nodes.push(node);
                }
            }
            (format!("z{n}"), nodes)
        }).collect();
        there_and_back(Dialect::OpenIndiana, &zones);
    }
}
