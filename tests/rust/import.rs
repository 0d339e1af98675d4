//! Adopting zones that the host has.

use std::fs;
use std::path::Path;

use zmgr::{
    Code, CreateOptions, DestroyOptions, Dialect, ImportOptions, Manager, Origin, Outcome, Query, QueryHost,
    RunOptions, Zone, ZoneState, ZoneStatus,
};

use crate::sim_machine::{self, Pretend};

pub(crate) fn manager(pretend: &Pretend) -> Manager {
    let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
    manager.init().unwrap();
    manager
}

/// Configures a zone by zonecfg itself.
pub(crate) fn configure(pretend: &Pretend, zone: &str, script: &str) {
    let script = format!("create -b\nset brand=nlipkg\nset zonepath=/zones/{zone}\n{script}\n");
    let file = pretend.dir.path().join("script");
    fs::write(&file, script).unwrap();
    let said = pretend.argv(&["zonecfg", "-z", zone, "-f", file.to_str().unwrap()], "");
    assert!(said.ends_with("=0"), "{said}");
}

/// Puts a document of a zone where zonecfg would, and a line into the index.
pub(crate) fn plant(pretend: &Pretend, zone: &str, state: &str, document: Option<&str>) {
    let zones = pretend.dir.path().join("etc/zones");
    if let Some(document) = document {
        fs::write(zones.join(format!("{zone}.xml")), document).unwrap();
    }
    let mut index = fs::read_to_string(zones.join("index")).unwrap();
    index.push_str(&format!("{zone}:{state}:/zones/{zone}:\n"));
    fs::write(zones.join("index"), index).unwrap();
}

pub(crate) fn document(zone: &str, attributes: &str, inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE zone PUBLIC \"-//Sun Microsystems Inc//DTD Zones//EN\" \
         \"file:///usr/share/lib/xml/dtd/zonecfg.dtd.1\">\n<zone name=\"{zone}\" zonepath=\"/zones/{zone}\" {attributes}>\n{inner}\n</zone>\n"
    )
}

fn import(manager: &Manager, names: &[&str], options: &ImportOptions) -> Vec<Outcome> {
    manager.import(names, options, &mut RunOptions::new()).unwrap().outcomes
}

fn outcome<'o>(outcomes: &'o [Outcome], zone: &str) -> &'o Outcome {
    outcomes.iter().find(|outcome| outcome.name == zone).unwrap_or_else(|| panic!("{outcomes:#?}"))
}

fn adopted<'o>(outcomes: &'o [Outcome], zone: &str) -> &'o Zone {
    let outcome = outcome(outcomes, zone);
    assert_eq!(outcome.action, zmgr::Action::Adopted, "{outcome:#?}");
    outcome.result.as_ref().unwrap().as_ref().unwrap()
}

fn entry(manager: &Manager, zone: &str) -> String {
    fs::read_to_string(manager.root().join(format!("zones/{zone}.kdl"))).unwrap()
}

#[test]
fn a_zone_is_adopted_under_the_template_of_its_brand() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    pretend.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 db0");
    configure(
        &pretend,
        "db",
        "set autoboot=true\nset ip-type=exclusive\nset cpu-shares=20\nadd net\nset physical=db0\n\
         set allowed-address=10.1.0.77/24\nset defrouter=10.1.0.1\nend\nadd attr\nset name=owner\nset type=string\n\
         set value=\"alice b\"\nend",
    );
    let plan = manager.plan_import(&[], &ImportOptions::new()).unwrap();
    assert!(!Path::new(&manager.root().join("zones/db.kdl")).exists());
    let step = &plan.changes.iter().find(|change| change.zone == "db").unwrap().steps[0];
    assert!(step.files[0].text.contains("template \"oi\""), "{}", step.files[0].text);

    let plan = zmgr::Plan::from_json(&plan.to_json()).unwrap();
    let outcomes = manager.run(&plan, &mut RunOptions::new()).unwrap().outcomes;
    let zone = adopted(&outcomes, "db");
    assert_eq!(manager.run(&plan, &mut RunOptions::new()).unwrap_err().code(), Code::StalePlan);
    assert_eq!(zone.template.as_deref(), Some("oi"));
    assert_eq!((zone.state, zone.status), (Some(ZoneState::Ready), Some(ZoneStatus::Configured)));
    assert_eq!(zone.origin, Some(Origin::Import));
    let net = &zone.nets[0];
    assert_eq!((net.name.as_str(), net.pool.as_deref(), net.managed), ("internal", Some("internal"), false));
    assert_eq!((net.vnic.as_deref(), net.stub.as_deref()), (Some("db0"), Some("stub0")));
    assert_eq!(net.addresses[0].address.to_string(), "10.1.0.77/24");
    assert_eq!(outcome(&outcomes, "db").notes, ["it is only configured, not installed"]);
    // Settings of the template are not repeated.
    let text = entry(&manager, "db");
    let own = text.split("applied {").next().unwrap();
    assert!(!own.contains("autoboot") && own.contains("cpu-shares 20"), "{text}");

    let zone = manager.zone("db").unwrap();
    assert_eq!(zone.attrs["owner"], "alice b");
    // Its address is held now.
    let next = manager.plan_create(&["a"], &CreateOptions::new().address("internal", "10.1.0.77".parse().unwrap()));
    assert_eq!(next.unwrap_err().code(), Code::AddressInUse);
    let again = import(&manager, &[], &ImportOptions::new());
    assert_eq!(outcome(&again, "db").notes, ["already registered"]);
    let named = import(&manager, &["db"], &ImportOptions::new());
    assert_eq!(named[0].result.as_ref().unwrap_err().code(), Code::Exists);
}

#[test]
fn links_that_match_are_adopted_where_asked() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let net = |zone: &str, link: &str, address: &str| {
        configure(
            &pretend,
            zone,
            &format!("set ip-type=exclusive\nadd net\nset physical={link}\nset allowed-address={address}\nend"),
        );
    };
    pretend.run("dladm create-vnic -l stub0 -m 2:8:20:1:2:3 good0");
    pretend.run("dladm create-vnic -l net0 -m 2:8:20:1:2:4 other0");
    net("good", "good0", "10.1.0.50/24");
    net("other", "other0", "10.1.0.51/24");
    net("phys", "net0", "10.1.0.52/24");
    net("gone", "gone0", "10.1.0.53/24");
    let outcomes = import(&manager, &[], &ImportOptions::new().adopt_links(true));
    assert!(adopted(&outcomes, "good").nets[0].managed);
    assert!(!adopted(&outcomes, "other").nets[0].managed);
    assert!(outcome(&outcomes, "other").notes.iter().any(|note| note.contains("it is over net0")));
    assert_eq!(adopted(&outcomes, "phys").nets[0].physical.as_deref(), Some("net0"));
    assert!(outcome(&outcomes, "gone").notes.contains(&"the host has no link gone0".to_owned()));
    manager.destroy(&["good", "other"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    let links = pretend.run("dladm show-link -p -o link");
    assert!(!links.contains("good0") && links.contains("other0"), "{links}");
}

#[test]
fn what_is_left_alone_is_explained() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let of_brand = |brand: &str| format!("brand=\"{brand}\" autoboot=\"false\"");
    plant(&pretend, "vm1", "installed", Some(&document("vm1", &of_brand("bhyve"), "")));
    plant(&pretend, "lab", "configured", Some(&document("lab", &of_brand("labeled"), "")));
    plant(&pretend, "half", "incomplete", Some(&document("half", &of_brand("nlipkg"), "")));
    plant(&pretend, "sparse", "configured", Some(&document("sparse", &of_brand("sparse"), "")));
    plant(&pretend, "123", "configured", Some(&document("123", &of_brand("nlipkg"), "")));
    plant(&pretend, "torn", "configured", Some("<zone name=\"torn\""));
    plant(&pretend, "lost", "configured", None);
    plant(&pretend, "fine", "configured", Some(&document("fine", &of_brand("nlipkg"), "")));
    let outcomes = import(&manager, &[], &ImportOptions::new());
    adopted(&outcomes, "fine");
    for (zone, word) in [
        ("vm1", "virtual machine"),
        ("lab", "does not support its brand"),
        ("half", "incomplete"),
        ("sparse", "does not have its brand"),
        ("123", "only digits"),
        ("torn", "cannot be read"),
        ("lost", "configuration file is missing"),
    ] {
        let outcome = outcome(&outcomes, zone);
        assert!(outcome.action == zmgr::Action::Skipped && outcome.notes[0].contains(word), "{outcome:?}");
        assert!(!manager.root().join(format!("zones/{zone}.kdl")).exists());
    }
    let names: Vec<String> = fs::read_dir(manager.root().join(".zmgr/locks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!names.iter().any(|name| name.starts_with("vm1")), "{names:?}");
    let error = manager.import(&["fine", "vm1"], &ImportOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(error.failures().count(), 2);
    let missing = manager.plan_import(&["nosuch"], &ImportOptions::new()).unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    let template = manager.plan_import(&[], &ImportOptions::new().template("none")).unwrap_err();
    assert_eq!((template.code(), template.help()), (Code::NotFound, Some("did you mean --no-template?")));
    fs::write(manager.root().join("templates/storage.kdl"), "template \"storage\" { autoboot #true; }\n").unwrap();
    let near = manager.plan_import(&[], &ImportOptions::new().template("storge")).unwrap_err();
    assert_eq!((near.code(), near.help()), (Code::NotFound, Some("did you mean \"storage\"?")));
    let both = manager.plan_import(&[], &ImportOptions::new().template("oi").no_template(true)).unwrap_err();
    assert_eq!(both.code(), Code::InvalidArgument);
}

#[test]
fn what_omnios_alone_says_is_kept_word_for_word() {
    let pretend = sim_machine::new(Dialect::OmniOs);
    let manager = manager(&pretend);
    let odd = [
        (
            "nic",
            "ip-type=\"exclusive\"",
            "<network physical=\"nic0\" allowed-address=\"10.1.0.30/24\" global-nic=\"net0\" vlan-id=\"7\"><net-attr name=\"primary\" value=\"true\"/></network>",
        ),
        (
            "device",
            "ip-type=\"exclusive\"",
            "<device match=\"/dev/dsk/*\"><net-attr name=\"boot\" value=\"true\"/></device>",
        ),
        (
            "ips",
            "ip-type=\"exclusive\"",
            "<network physical=\"i0\"><net-attr name=\"ips\" value=\"10.1.0.40/24,dhcp\"/></network>",
        ),
    ];
    for (zone, attributes, inner) in odd {
        let attributes = format!("brand=\"lipkg\" autoboot=\"false\" {attributes}");
        plant(&pretend, zone, "configured", Some(&document(zone, &attributes, inner)));
    }
    let outcomes = import(&manager, &[], &ImportOptions::new());
    for (zone, ..) in odd {
        adopted(&outcomes, zone);
    }
    for (zone, address) in [("nic", "10.1.0.30/24"), ("ips", "10.1.0.40/24")] {
        assert_eq!(adopted(&outcomes, zone).nets[0].addresses[0].address.to_string(), address);
    }
}

#[test]
fn what_no_node_can_hold_is_kept_word_for_word() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let odd = [
        ("unknown", "ip-type=\"exclusive\"", "<inherited-pkg-dir directory=\"/lib\"/>"),
        ("underscore", "", "<attr name=\"a_b\" type=\"string\" value=\"x\"/>"),
        (
            "quote",
            "",
            "<attr name=\"a\" type=\"string\" value=\"say &quot;hi&quot;\"/><attr name=\"b\" type=\"string\" value=\"c\"/>",
        ),
        ("braces", "", "<attr name=\"a\" type=\"string\" value=\"{zone}\"/>"),
        ("bare", "ip-type=\"shared\"", "<network physical=\"net0\" address=\"10.1.0.31\"/>"),
        ("named", "ip-type=\"shared\"", "<network physical=\"net0\" address=\"db.example.org\"/>"),
        (
            "several",
            "ip-type=\"exclusive\"",
            "<network physical=\"s0\" allowed-address=\"10.1.0.32/24,10.1.0.33/24\" defrouter=\"10.1.0.1\"/>",
        ),
        (
            "routers",
            "ip-type=\"exclusive\"",
            "<network physical=\"r0\" allowed-address=\"10.1.0.34/24\" defrouter=\"10.1.0.1\"/><network physical=\"r1\" allowed-address=\"10.9.0.34/24\" defrouter=\"10.9.0.1\"/>",
        ),
        (
            "control",
            "",
            "<rctl name=\"zone.max-lwps\"><rctl-value priv=\"privileged\" limit=\"500\" action=\"signal=TERM\"/></rctl>",
        ),
        (
            "second",
            "",
            "<rctl name=\"zone.max-lwps\"><rctl-value priv=\"privileged\" limit=\"500\" action=\"none\"/></rctl>",
        ),
        ("weight", "", "<pset ncpu_min=\"1\" ncpu_max=\"4\"/><tmp_pool importance=\"heavy\"/>"),
        ("long", &format!("bootargs=\"{}\"", "x".repeat(300)), ""),
        ("none", "ip-type=\"exclusive\"", "<network physical=\"n0\"/>"),
    ];
    for (zone, attributes, inner) in odd {
        let attributes = format!("brand=\"nlipkg\" autoboot=\"false\" {attributes}");
        plant(&pretend, zone, "configured", Some(&document(zone, &attributes, inner)));
    }
    let outcomes = import(&manager, &[], &ImportOptions::new());
    for (zone, ..) in odd {
        adopted(&outcomes, zone);
    }
    for (zone, foreign) in
        [("unknown", true), ("bare", true), ("named", false), ("second", false), ("none", false), ("quote", true)]
    {
        assert_eq!(entry(&manager, zone).contains("foreign {"), foreign, "{}", entry(&manager, zone));
    }
    assert!(entry(&manager, "quote").contains("attr \"b\" \"c\""), "what can be said is said");
    for (zone, address) in [("bare", "10.1.0.31"), ("several", "10.1.0.33")] {
        let taken = CreateOptions::new().address("internal", address.parse().unwrap());
        assert_eq!(manager.plan_create(&["a"], &taken).unwrap_err().code(), Code::AddressInUse, "{zone}");
    }
    let zones = manager.zones(&Query::new().query_host(QueryHost::Required)).unwrap();
    assert!(zones.iter().all(|zone| zone.fault.is_none() && zone.state == Some(ZoneState::Ready)), "{zones:#?}");
}

#[test]
fn addresses_twice_or_not_in_a_pool_are_reported_and_adopted() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    for (zone, link, address) in [
        ("a", "a0", "10.1.0.60/24"),
        ("b", "b0", "10.1.0.60/24"),
        ("c", "c0", "192.0.2.9/24"),
        ("d", "d0", "10.1.0.1/24"),
    ] {
        let inner = format!("<network physical=\"{link}\" allowed-address=\"{address}\"/>");
        let text = document(zone, "brand=\"nlipkg\" autoboot=\"false\" ip-type=\"exclusive\"", &inner);
        plant(&pretend, zone, "configured", Some(&text));
    }
    let outcomes = import(&manager, &[], &ImportOptions::new());
    for (zone, word) in [("a", "10.1.0.60"), ("b", "10.1.0.60"), ("c", "192.0.2.9 is not in a pool"), ("d", "10.1.0.1")]
    {
        adopted(&outcomes, zone);
        let outcome = outcome(&outcomes, zone);
        assert!(outcome.notes.iter().any(|note| note.contains(word)), "{outcome:#?}");
    }
}

#[test]
fn five_hundred_zones_in_one_go_and_five_broken_ones_explained() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let zones = pretend.dir.path().join("etc/zones");
    let mut index = fs::read_to_string(zones.join("index")).unwrap();
    for n in 0..500 {
        let zone = format!("z{n:03}");
        let state = if n == 100 { "incomplete" } else { "configured" };
        index.push_str(&format!("{zone}:{state}:/zones/{zone}:\n"));
        let (brand, inner) = match n {
            200 => ("bhyve".to_owned(), String::new()),
            300 => ("nosuchbrand".to_owned(), String::new()),
            n => (
                "nlipkg".to_owned(),
                format!(
                    "<network physical=\"v{n}\" allowed-address=\"10.1.{}.{}/16\"/><attr name=\"n\" type=\"uint\" value=\"{n}\"/>",
                    n / 250,
                    n % 250 + 2
                ),
            ),
        };
        let text = document(&zone, &format!("brand=\"{brand}\" autoboot=\"true\" ip-type=\"exclusive\""), &inner);
        match n {
            400 => fs::write(zones.join(format!("{zone}.xml")), "<zone name=").unwrap(),
            450 => {}
            _ => fs::write(zones.join(format!("{zone}.xml")), text).unwrap(),
        }
    }
    fs::write(zones.join("index"), index).unwrap();
    let outcomes = import(&manager, &[], &ImportOptions::new());
    let skipped: Vec<&Outcome> =
        outcomes.iter().filter(|outcome| outcome.action == zmgr::Action::Skipped && outcome.name != "global").collect();
    let names: Vec<&str> = skipped.iter().map(|outcome| outcome.name.as_str()).collect();
    assert_eq!(names, ["z100", "z200", "z300", "z400", "z450"]);
    assert!(skipped.iter().all(|outcome| !outcome.notes.is_empty()));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.action == zmgr::Action::Adopted).count(), 495);
    assert_eq!(manager.zones(&Query::new().query_host(QueryHost::Never)).unwrap().len(), 495);
}

#[test]
fn name_servers_of_a_pool_are_not_given_to_a_zone_that_has_none() {
    let pretend = sim_machine::new(Dialect::OmniOs);
    let manager = manager(&pretend);
    let pool = manager.root().join("pools/internal.kdl");
    let text = fs::read_to_string(&pool).unwrap().replacen("    stub", "    resolver \"10.1.0.53\"\n    stub", 1);
    fs::write(&pool, text).unwrap();
    let net = "<network physical=\"v0\" allowed-address=\"10.1.0.30/24\"/>";
    for (zone, attr) in [("none", ""), ("own", "<attr name=\"resolvers\" type=\"string\" value=\"9.9.9.9\"/>")] {
        let attributes = "brand=\"lipkg\" autoboot=\"false\" ip-type=\"exclusive\"";
        plant(&pretend, zone, "configured", Some(&document(zone, attributes, &format!("{net}{attr}"))));
    }
    let outcomes = import(&manager, &[], &ImportOptions::new());
    adopted(&outcomes, "own");
    adopted(&outcomes, "none");
    assert!(entry(&manager, "none").contains("without \"resolver\""), "{}", entry(&manager, "none"));
    assert!(manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn an_adopted_zone_keeps_its_publishers_until_its_own_file_names_some() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    let tree = tempfile::tempdir().unwrap();
    let second = Manager::builder().simulate(pretend.dir.path()).root(tree.path().join("zmgr")).build().unwrap();
    second.init().unwrap();
    let put = |path: &str, text: &str| fs::write(second.root().join(path), text).unwrap();
    put("publishers/p.kdl", "publisher \"p\" { origin \"https://p.example/\"; }\n");
    put("templates/p.kdl", "template \"p\" { extends \"oi\"; install { publisher \"p\"; }; }\n");
    import(&second, &["web01"], &ImportOptions::new().template("p"));
    assert!(second.diff(&[]).unwrap().is_clean(), "{}", second.diff(&[]).unwrap());
    assert!(second.plan_apply(&[], &zmgr::ApplyOptions::new()).unwrap().is_empty());
    let path = second.root().join("zones/web01.kdl");
    let text = fs::read_to_string(&path).unwrap().replacen(
        "    applied {",
        "    install { publisher \"p\"; }\n    applied {",
        1,
    );
    fs::write(&path, text).unwrap();
    assert!(!second.diff(&[]).unwrap().is_clean());
    second.apply(&[], &zmgr::ApplyOptions::new().prune(true), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(second.diff(&[]).unwrap().is_clean(), "{}", second.diff(&[]).unwrap());
}

/// A zone that was made by hand, with what the starter template would give it.
fn handmade(pretend: &Pretend, zone: &str, address: &str) {
    configure(
        pretend,
        zone,
        &format!(
            "set autoboot=true\nset ip-type=exclusive\nadd net\nset physical={zone}x0\nset allowed-address={address}\nend"
        ),
    );
}

fn add_to_template(manager: &Manager, lines: &str) {
    let name = manager.config().unwrap().default_template.unwrap().value;
    let path = manager.root().join(format!("templates/{name}.kdl"));
    let text = fs::read_to_string(&path).unwrap();
    let end = text.rfind('}').unwrap();
    fs::write(&path, format!("{}{lines}\n}}\n", &text[..end])).unwrap();
}

#[test]
fn tags_and_protection_of_a_template_do_not_reach_an_imported_zone() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    add_to_template(&manager, "    tag \"scratch\"");
    handmade(&pretend, "prod", "10.1.0.40/24");
    manager.create("tmp", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    let outcomes = import(&manager, &["prod"], &ImportOptions::new());
    assert_eq!(adopted(&outcomes, "prod").template.as_deref(), Some("oi"));
    assert!(adopted(&outcomes, "prod").tags.is_empty());
    // A template that changes later reaches it no more than one that did not.
    add_to_template(&manager, "    protected #true");
    for live in [QueryHost::Never, QueryHost::IfAvailable] {
        let tagged = manager.zones(&Query::new().tag("scratch").query_host(live)).unwrap();
        assert_eq!(tagged.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>(), ["tmp"]);
    }
    assert!(manager.zone("prod").unwrap().tags.is_empty());
    assert!(!manager.effective("prod").unwrap().protected.value);
    assert!(manager.effective("tmp").unwrap().protected.value);
    // Its own file counts.
    manager.set("prod", &[("tags", "scratch"), ("protected", "true")], &mut RunOptions::new()).unwrap();
    assert_eq!(manager.zones(&Query::new().tag("scratch")).unwrap().len(), 2);
    assert_eq!(
        manager.plan_destroy(&["prod"], &DestroyOptions::new()).unwrap_err().code(),
        Code::WrongState,
        "protected by its own file"
    );
}

#[test]
fn a_later_change_of_the_template_shows_in_diff_before_it_reaches_an_imported_zone() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    add_to_template(
        &manager,
        "    install { package \"editor/vim\"; }\n    resolver \"9.9.9.9\"\n    dns-domain \"x.example\"",
    );
    handmade(&pretend, "prod", "10.1.0.40/24");
    import(&manager, &["prod"], &ImportOptions::new());
    let spec = manager.effective("prod").unwrap();
    assert!(
        spec.install.packages.is_empty() && spec.resolvers.value.is_empty() && spec.dns_domain.is_none(),
        "{spec:?}"
    );
    assert!(manager.diff(&[]).unwrap().is_clean());
    add_to_template(&manager, "    cpu-shares 20");
    let drift = manager.diff(&["prod"]).unwrap();
    assert!(drift.to_string().contains("cpu-shares"), "{drift}");
}

#[test]
fn a_template_is_left_out_if_asked() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    handmade(&pretend, "prod", "10.1.0.40/24");
    let plan = manager.plan_import(&["prod"], &ImportOptions::new()).unwrap();
    assert!(plan.changes[0].notes.iter().any(|note| note.contains("template \"oi\"")), "{plan}");
    let plan = manager.plan_import(&["prod"], &ImportOptions::new().no_template(true)).unwrap();
    assert!(plan.changes[0].notes.contains(&"no template".to_owned()), "{plan}");
    let plan = zmgr::Plan::from_json(&plan.to_json()).unwrap();
    let outcomes = manager.run(&plan, &mut RunOptions::new()).unwrap().outcomes;
    assert_eq!(adopted(&outcomes, "prod").template, None);
    assert!(!entry(&manager, "prod").contains("template"), "{}", entry(&manager, "prod"));
    assert!(manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn a_template_that_cannot_be_used_is_not_left_out_silently() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    handmade(&pretend, "prod", "10.1.0.40/24");
    for broken in [
        "template \"x\" {",
        "template \"x\" { extends \"nosuch\"; }\n",
        "template \"x\" { brand \"nlipkg\"; net \"a\" { pool \"gone\"; }; }\n",
    ] {
        fs::write(manager.root().join("templates/x.kdl"), broken).unwrap();
        let error = manager.import(&["prod"], &ImportOptions::new(), &mut RunOptions::new()).unwrap_err();
        assert_eq!(error.code(), Code::Config, "{broken}: {error}");
        assert!(error.details().iter().any(|detail| detail.path.as_ref().unwrap().ends_with("x.kdl")), "{error:?}");
        assert!(error.help().unwrap().contains("--no-template"), "{error:?}");
    }
    // One that only others extend has no brand, and stands in no zone's way.
    fs::write(manager.root().join("templates/x.kdl"), "template \"x\" { autoboot #true; }\n").unwrap();
    manager.plan_import(&["prod"], &ImportOptions::new()).unwrap();
    fs::write(manager.root().join("templates/x.kdl"), "template \"x\" {").unwrap();
    let named = manager.plan_import(&["prod"], &ImportOptions::new().template("oi")).unwrap();
    assert!(named.changes[0].steps[0].files[0].text.contains("template \"oi\""));
    let outcomes = import(&manager, &["prod"], &ImportOptions::new().no_template(true));
    assert_eq!(adopted(&outcomes, "prod").template, None);
}

/// The zones are planned by both, then one is the first to have the locks.
#[test]
fn a_zone_that_another_import_adopted_meanwhile_is_already_registered() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    manager(&pretend);
    for n in 0..12 {
        handmade(&pretend, &format!("z{n}"), &format!("10.1.0.{}/24", 40 + n));
    }
    let start = std::sync::Barrier::new(4);
    let reports: Vec<Vec<Outcome>> = std::thread::scope(|scope| {
        let work = || {
            let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
            start.wait();
            let report = manager.import(&[], &ImportOptions::new(), &mut RunOptions::new()).unwrap();
            assert!(report.error().is_none(), "{:?}", report.error());
            report.outcomes
        };
        let running: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for n in 0..12 {
        let zone = format!("z{n}");
        let adopted = reports.iter().filter(|report| outcome(report, &zone).action == zmgr::Action::Adopted).count();
        assert_eq!(adopted, 1, "{zone}");
        let others = reports
            .iter()
            .map(|report| outcome(report, &zone))
            .filter(|outcome| outcome.action != zmgr::Action::Adopted);
        others.for_each(|other| assert_eq!(other.notes, ["already registered"]));
    }
}
