//! Import loses nothing: documents that the real zonecfg wrote, and documents as random as zonecfg's own vocabulary allows.
//!
//! Each is adopted; the entry then matches the host, so `diff` reports nothing and `apply` runs nothing.

use std::collections::BTreeSet;
use std::fs;

use proptest::prelude::*;
use serde_json::Value;
use zmgr::{ApplyOptions, Dialect, ImportOptions, Manager, Outcome, Query, QueryHost, RunOptions};

use crate::import::manager;
use crate::sim_machine::{self, Pretend};

/// Puts documents on a machine as zones `r0`, `r1`, …, whatever they were called.
fn plant(pretend: &Pretend, documents: &[String]) {
    let zones = pretend.dir.path().join("etc/zones");
    let mut index = fs::read_to_string(zones.join("index")).unwrap();
    for (n, document) in documents.iter().enumerate() {
        let name = attribute(document, "name").unwrap_or_default();
        let text = document.replacen(&format!(" name=\"{name}\""), &format!(" name=\"r{n}\""), 1);
        fs::write(zones.join(format!("r{n}.xml")), text).unwrap();
        let zonepath = attribute(document, "zonepath").unwrap_or_default();
        let zonepath = if zonepath.contains(':') { format!("\"{zonepath}\"") } else { zonepath };
        index.push_str(&format!("r{n}:configured:{zonepath}:\n"));
    }
    fs::write(zones.join("index"), index).unwrap();
}

/// An attribute of the element `zone`.
fn attribute(document: &str, name: &str) -> Option<String> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(document, options).ok()?;
    document.root_element().attribute(name).map(str::to_owned)
}

/// Adopts every zone of the machine, and gives those that were left alone.
fn adopt(manager: &Manager, about: &str) -> Vec<Outcome> {
    let outcomes = manager.import(&[], &ImportOptions::new(), &mut RunOptions::new()).unwrap().outcomes;
    let drift = manager.diff(&[]).unwrap();
    assert!(drift.is_clean(), "{about}: {drift}");
    let plan = manager.plan_apply(&[], &ApplyOptions::new().prune(true)).unwrap();
    assert!(plan.is_empty(), "{about}: {plan}");
    for outcome in outcomes.iter().filter(|outcome| outcome.action == zmgr::Action::Adopted) {
        let spec = manager.effective(&outcome.name).unwrap();
        assert!(spec.tags.value.is_empty() && !spec.protected.value, "{about}: selected by its template: {spec:?}");
        assert!(spec.setup.is_empty() && spec.clone_from.is_none(), "{about}: {spec:?}");
        assert!(spec.install.packages.is_empty() && spec.install.publishers.is_empty(), "{about}: {spec:?}");
    }
    outcomes.into_iter().filter(|outcome| outcome.action != zmgr::Action::Adopted && outcome.name != "global").collect()
}

/// Final documents of recordings of the real command, from the files that `ZMGR_RECORDINGS` names (separated by colons; a
/// directory stands for its `zonecfg.jsonl`).
#[test]
fn what_the_real_command_wrote_is_adopted() {
    let Some(files) = std::env::var_os("ZMGR_RECORDINGS") else { return };
    let mut recorded: BTreeSet<(bool, String)> = BTreeSet::new();
    for file in std::env::split_paths(&files) {
        let file = if file.is_dir() { file.join("zonecfg.jsonl") } else { file };
        for line in fs::read_to_string(file).unwrap().lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            if let Some(document) = case["zone_xml_after"].as_str()
                && attribute(document, "name").is_some_and(|name| name != "global")
            {
                recorded.insert((case["dialect"] == "smartos", document.to_owned()));
            }
        }
    }
    let mut lost = Vec::new();
    for dialect in [Dialect::Illumos, Dialect::OpenIndiana, Dialect::OmniOs] {
        let pretend = sim_machine::new(dialect);
        let manager = manager(&pretend);
        // SmartOS's own brands are not managed anywhere; what their documents say, zones of lx say as well.
        let documents: Vec<String> = recorded
            .iter()
            .filter(|(smartos, _)| !smartos || dialect == Dialect::OmniOs)
            .map(|(smartos, text)| match (smartos, attribute(text, "brand")) {
                (true, Some(brand)) => text.replacen(&format!("brand=\"{brand}\""), "brand=\"lx\"", 1),
                _ => text.clone(),
            })
            .collect();
        plant(&pretend, &documents);
        for outcome in adopt(&manager, &format!("{dialect:?}")) {
            let document = &documents[outcome.name[1..].parse::<usize>().unwrap()];
            let brand = attribute(document, "brand").unwrap_or_default();
            let managed = ["ipkg", "nlipkg", "lipkg", "lx"].contains(&brand.as_str());
            let missing = brand == "lipkg" && dialect == Dialect::OpenIndiana;
            if managed && !missing {
                lost.push(format!("{dialect:?} {:?} {document}", outcome.notes));
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n\n"));
}

/// A value that zonecfg can carry, as an attribute of a document holds it.
fn value() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        4 => "[a-z0-9/_.,:-]{1,20}",
        2 => "[^\"\\x00-\\x1f\\x7f]{1,30}",
        1 => Just("{zone} {{zone}} {odd} {".to_owned()),
        1 => Just("a'b\\c; #d=[e](f),<g>&h é ".to_owned()),
        1 => Just("true".to_owned()),
        1 => Just("x".repeat(255)),
    ];
    text.prop_map(escaped)
}

fn escaped(text: String) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn words(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![(0..4000u64).prop_map(|n| n.to_string()), any::<u64>().prop_map(|n| n.to_string()), Just("007".into())]
}

/// An attribute of the zone itself.
fn global() -> BoxedStrategy<String> {
    let hostid = prop_oneof![Just("0xABCD".to_owned()), Just("0".to_owned()), Just("000a".into()), Just("".into())];
    let one = |name: &'static str, value: BoxedStrategy<String>| {
        value.prop_map(move |value| format!("{name}=\"{value}\"")).boxed()
    };
    prop_oneof![
        one("bootargs", prop_oneof![value(), Just(String::new())].boxed()),
        one("pool", prop_oneof![value(), Just(String::new())].boxed()),
        one("limitpriv", value().boxed()),
        one("scheduling-class", prop_oneof![value(), words(&["FSS", "TS", "fx", ""])].boxed()),
        one("fs-allowed", words(&["ufs", "ufs,pcfs", "", "ufs,ufs", "a-b,,c"]).boxed()),
        one("hostid", hostid.boxed()),
    ]
    .boxed()
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (2..250u8).prop_map(|n| format!("10.1.0.{n}/24")),
        2 => (2..250u8).prop_map(|n| format!("192.0.2.{n}/28")),
        2 => (2..250u8).prop_map(|n| format!("2001:DB8::0:{n:x}/64")),
        1 => (2..250u8).prop_map(|n| format!("10.1.0.{n}")),
        1 => (2..250u8).prop_map(|n| format!("10.1.0.{n}/24,10.1.0.{}/24", n - 1)),
        1 => words(&["db.example.org", "10.0.0.256/24", "0.0.0.0/0", "/abc", "127.0.0.1/8", "ff02::1/128", "a b", "10.1.0.9/99"]),
    ]
}

/// A network resource. `exclusive` says which of both addresses it has; a tenth has the other.
fn network(exclusive: bool) -> BoxedStrategy<String> {
    let link = words(&["net0", "stub0", "v0", "v1", "e1000g1", "my-nic0", "lo0:1", "9net", "x", "a b"]);
    let router = prop_oneof![
        4 => Just(None),
        2 => Just(Some("10.1.0.1".to_owned())),
        1 => Just(Some("fe80::1".to_owned())),
        1 => Just(Some("10.1.0.1/24".to_owned())),
        1 => words(&["router", "10.1.0.300", "::"]).prop_map(Some)
    ];
    let more = words(&[
        "",
        "",
        "",
        "global-nic=\"net0\"",
        "mac-addr=\"02:08:20:0a:0b:0c\"",
        "vlan-id=\"7\"",
        "vlan-id=\"abc\"",
    ]);
    let inner = words(&[
        "",
        "",
        "",
        "<net-attr name=\"ips\" value=\"10.1.0.77/24,dhcp\"/>",
        "<net-attr name=\"a\" value=\"1\"/><net-attr name=\"a\" value=\"2\"/>",
    ]);
    let address = prop_oneof![5 => address().prop_map(Some), 1 => Just(None)];
    (link, address, router, more, inner, 0..10u8)
        .prop_map(move |(link, address, router, more, inner, odd)| {
            let name = if exclusive != (odd == 0) { "allowed-address" } else { "address" };
            let address = address.map_or(String::new(), |address| format!("{name}=\"{address}\""));
            let router = router.map_or(String::new(), |router| format!("defrouter=\"{router}\""));
            format!("<network physical=\"{link}\" {address} {router} {more}>{inner}</network>")
        })
        .boxed()
}

fn resource() -> BoxedStrategy<String> {
    let options = prop::collection::vec(value(), 0..3);
    let fs = (value(), value(), prop::option::of(value()), words(&["lofs", "zfs", "a very long type"]), options)
        .prop_map(|(dir, special, raw, kind, options)| {
            let raw = raw.map_or(String::new(), |raw| format!("raw=\"{raw}\""));
            let options: String = options.iter().map(|option| format!("<fsoption name=\"{option}\"/>")).collect();
            format!(
                "<filesystem special=\"{special}\" {raw} directory=\"/{dir}\" type=\"{kind}\">{options}</filesystem>"
            )
        });
    let device = (value(), words(&["", "", "<net-attr name=\"boot\" value=\"true\"/>"]))
        .prop_map(|(pattern, inner)| format!("<device match=\"{pattern}\">{inner}</device>"));
    let name = prop_oneof![
        "[A-Za-z0-9][A-Za-z0-9.-]{0,12}",
        Just("a_b".to_owned()),
        Just("resolvers".into()),
        Just("dns-domain".into())
    ];
    let attr = (name, words(&["string", "boolean", "int", "uint"]), value(), number(), any::<bool>()).prop_map(
        |(name, kind, text, number, yes)| {
            let value = match kind.as_str() {
                "string" => text,
                "boolean" => yes.to_string(),
                "int" => format!("-{number}"),
                _ => number,
            };
            format!("<attr name=\"{name}\" type=\"{kind}\" value=\"{value}\"/>")
        },
    );
    let control = words(&[
        "zone.max-swap",
        "zone.max-locked-memory",
        "zone.max-physical-memory",
        "zone.cpu-cap",
        "zone.cpu-shares",
        "zone.max-lwps",
        "zone.max-processes",
        "zone.max-shm-memory",
        "zone.max-shm-ids",
        "zone.max-msg-ids",
        "zone.max-sem-ids",
        "zone.max-lofi",
        "zone.zfs-io-priority",
        "zone.no-such",
    ]);
    let limit = (words(&["privileged", "basic", "system"]), number(), words(&["deny", "none", "signal=TERM"]))
        .prop_map(|(who, limit, action)| format!("<rctl-value priv=\"{who}\" limit=\"{limit}\" action=\"{action}\"/>"));
    let plain = (number(), words(&["deny", "none"]))
        .prop_map(|(limit, action)| format!("<rctl-value priv=\"privileged\" limit=\"{limit}\" action=\"{action}\"/>"));
    let rctl = (control, prop_oneof![2 => prop::collection::vec(plain, 1..2), 1 => prop::collection::vec(limit, 0..3)])
        .prop_map(|(name, values)| format!("<rctl name=\"{name}\">{}</rctl>", values.concat()));
    let dataset =
        words(&["rpool/a", "rpool/a b", "rpool/x%y", "tank"]).prop_map(|name| format!("<dataset name=\"{name}\"/>"));
    let pset = (words(&["1", "2", "0", "01"]), words(&["4", "2", "64"]), words(&["", "10", "heavy", "007"])).prop_map(
        |(min, max, importance)| {
            let pool =
                if importance.is_empty() { String::new() } else { format!("<tmp_pool importance=\"{importance}\"/>") };
            format!("<pset ncpu_min=\"{min}\" ncpu_max=\"{max}\"/>{pool}")
        },
    );
    let mcap = prop_oneof![number(), Just("lots".to_owned())].prop_map(|bytes| format!("<mcap physcap=\"{bytes}\"/>"));
    let admin = (
        words(&["root", "ops", "a b", "é"]),
        words(&["login", "login,manage", "clonefrom", "", "odd", "login,,manage"]),
    )
        .prop_map(|(user, auths)| format!("<admin user=\"{user}\" auths=\"{auths}\"/>"));
    let flags = (words(&["", "aslr", "none", "bad flag"]), words(&["", "all", "aslr,noexecstack"]))
        .prop_map(|(a, b)| format!("<security-flags default=\"{a}\" lower=\"{a}\" upper=\"{b}\"/>"));
    let twice = Just("<security-flags default=\"aslr\" lower=\"\" upper=\"\"/><security-flags default=\"\" lower=\"none\" upper=\"\"/>".to_owned());
    let odd = words(&[
        "<inherited-pkg-dir directory=\"/lib\"/>",
        "<package name=\"SUNWx\" version=\"1\"/>",
        "<patch id=\"1-1\"><obsoletes id=\"2\"/></patch>",
        "<dataset name=\"rpool/z\" alias=\"z\"/>",
        "<deleted-device match=\"/dev/x\"/>",
        "<!-- a remark -->",
    ]);
    prop_oneof![1 => fs, 1 => device, 2 => attr, 2 => rctl, 1 => dataset, 1 => pset, 1 => mcap, 1 => admin, 1 => flags, 1 => twice, 1 => odd].boxed()
}

/// A document; resources that zonecfg has once stand once.
fn document() -> impl Strategy<Value = String> {
    let net =
        any::<bool>().prop_flat_map(|exclusive| (Just(exclusive), prop::collection::vec(network(exclusive), 0..4)));
    let zonepath = prop_oneof![4 => Just("/zones/z".to_owned()), 1 => words(&["/zones/a b", "/zones/a:b", "/z#", "/zones/../x", "/é"])];
    (prop::collection::vec(global(), 0..4), net, prop::collection::vec(resource(), 0..6), zonepath, any::<bool>()).prop_map(
        |(globals, (exclusive, nets), resources, zonepath, autoboot)| {
            let mut seen = BTreeSet::new();
            let mut once = |piece: &String, key: String| seen.insert(key) || piece.starts_with("<!");
            let globals: Vec<String> =
                globals.into_iter().filter(|piece| once(piece, piece.split('=').next().unwrap().to_owned())).collect();
            let key = |piece: &String| {
                let get = |name: &str| {
                    let rest = piece.split_once(&format!(" {name}=\"")).map_or("", |(_, rest)| rest);
                    rest.split('"').next().unwrap_or_default().to_owned()
                };
                let kind = piece.trim_start_matches('<').split([' ', '>']).next().unwrap().to_owned();
                let names: &[&str] = match kind.as_str() {
                    "filesystem" => &["directory"],
                    "network" => &["physical", "allowed-address", "address"],
                    "pset" | "mcap" | "security-flags" => &[],
                    "device" => &["match"],
                    "admin" => &["user"],
                    _ => &["name"],
                };
                names.iter().fold(kind, |key, name| key + " " + &get(name))
            };
            let inner: String = nets.into_iter().chain(resources).filter(|piece| once(piece, key(piece))).collect();
            let ip_type = if exclusive { "exclusive" } else { "" };
            format!(
                "<?xml version=\"1.0\"?>\n<zone name=\"z\" zonepath=\"{zonepath}\" autoboot=\"{autoboot}\" brand=\"lipkg\" \
                 ip-type=\"{ip_type}\" {}>{inner}</zone>\n",
                globals.join(" ")
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, failure_persistence: None, max_shrink_iters: 30, ..ProptestConfig::default() })]

    #[test]
    fn any_document_is_adopted(documents in prop::collection::vec(document(), 40)) {
        adopts_all(&documents, |_| {});
    }

    /// Over layers that say much else.
    #[test]
    fn whatever_its_template_says(documents in prop::collection::vec(document(), 40)) {
        adopts_all(&documents, |manager| {
            let put = |path: &str, text: &str| fs::write(manager.root().join(path), text).unwrap();
            put("templates/rich.kdl", RICH);
            put("publishers/p.kdl", "publisher \"p\" { origin \"https://p.example/\"; }\n");
            put("config.kdl", "default-template \"rich\"\ndefaults { attr \"site\" \"x\"; resolver \"192.0.2.53\"; }\n");
            put(
                "pools/internal.kdl",
                "pool \"internal\" { network \"10.1.0.0/24\"; gateway \"10.1.0.1\"; stub \"stub0\"; resolver \"10.1.0.53\"; }\n",
            );
        });
    }
}

/// A template that says something of everything.
const RICH: &str = "template \"rich\" {
    brand \"lipkg\"; autoboot #true; ip-type \"exclusive\"; dns-domain \"example.org\"
    net \"internal\" { pool \"internal\"; }
    fs \"/data\" special=\"/export/{zone}\" type=\"lofs\"; dataset \"rpool/{zone}\" create=#true; device \"/dev/null\"
    attr \"env\" \"prod\"; attr \"resolvers\" \"9.9.9.9\"; admin \"root\" \"login\"
    rctl \"zone.max-lofi\" { value limit=9; }
    capped-memory physical=\"2G\" swap=\"4G\"; capped-cpu ncpus=\"1.5\"; cpu-shares 10; max-lwps 1000; max-processes 900
    max-shm-memory \"1G\"; max-shm-ids 1; max-msg-ids 2; max-sem-ids 3; hostid \"12\"; bootargs \"-v\"
    limitpriv \"default\"; scheduling-class \"FSS\"; fs-allowed \"ufs\"; resource-pool \"p\"
    security-flags default=\"aslr\"
    zonecfg \"add attr\" \"set name=passed\" \"set type=string\" \"set value=on\" \"end\"
    tag \"web\"; protected #true; resolver \"192.0.2.1\"; setup { timezone \"UTC\"; hostname \"{zone}-x\"; }
    install { package \"editor/vim\"; publisher \"p\"; }
}
";

fn adopts_all(documents: &[String], furnish: impl Fn(&Manager)) {
    let pretend = sim_machine::new(Dialect::OmniOs);
    let manager = manager(&pretend);
    furnish(&manager);
    plant(&pretend, documents);
    let left = adopt(&manager, "any document");
    let about = |outcome: &Outcome| {
        let document = outcome.name[1..].parse().map(|n: usize| documents[n].clone());
        format!("{:?}\n{}", outcome.notes, document.unwrap_or_default())
    };
    let about: Vec<String> = left.iter().map(about).collect();
    let zones = manager.zones(&Query::new().query_host(QueryHost::Never)).unwrap();
    if manager.root().join("templates/rich.kdl").exists() {
        assert!(zones.iter().any(|zone| zone.template.as_deref() == Some("rich")));
    }
    assert!(about.is_empty(), "{}", about.join("\n"));
}
/// The key of a resource that is to be dropped is the one that it has in this zone.
#[test]
fn a_bare_zone_goes_under_a_template_that_says_everything() {
    let pretend = sim_machine::new(Dialect::OmniOs);
    let manager = manager(&pretend);
    fs::write(manager.root().join("templates/rich.kdl"), RICH).unwrap();
    let bare = "<zone name=\"z\" zonepath=\"/zones/z\" autoboot=\"true\" brand=\"lipkg\" ip-type=\"exclusive\"></zone>";
    plant(&pretend, &[bare.to_owned()]);
    let options = ImportOptions::new().template("rich");
    manager.import(&["r0"], &options, &mut RunOptions::new()).unwrap().into_result().unwrap();
    let entry = fs::read_to_string(manager.root().join("zones/r0.kdl")).unwrap();
    assert!(entry.contains("without \"dataset\" \"rpool/r0\""), "{entry}");
    assert!(manager.diff(&[]).unwrap().is_clean());
}
