//! Sources of a zone's packages: publishers, proxies, and the packages of each repository.

use std::fs;

use zmgr::{ApplyOptions, Code, CreateOptions, Dialect, Event, EventKind, Manager, RunOptions};

use crate::sim_machine;

fn fixture(dialect: Dialect) -> (sim_machine::Pretend, zmgr::Manager) {
    let machine = sim_machine::new(dialect);
    let manager = zmgr::Manager::builder().simulate(machine.dir.path()).build().unwrap();
    manager.init().unwrap();
    (machine, manager)
}

/// Puts every host of the network behind a proxy.
fn wall(machine: &sim_machine::Pretend, hosts: &[&str]) {
    for host in hosts {
        let directory = machine.dir.path().join(".zmgr/sim/network").join(host);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("behind-proxy"), "").unwrap();
    }
}

fn put(machine: &sim_machine::Pretend, path: &str, text: &str) {
    let path = machine.dir.path().join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn create(manager: &zmgr::Manager, name: &str) -> zmgr::Result<zmgr::Zone> {
    manager.create(name, &CreateOptions::new().boot(false), &mut RunOptions::new())
}

#[test]
fn an_install_behind_a_proxy_finds_the_proxy_that_config_kdl_names() {
    let (machine, manager) = fixture(Dialect::OpenIndiana);
    wall(&machine, &["pkg.openindiana.org"]);
    let refused = create(&manager, "web01").unwrap_err();
    assert_eq!(refused.code(), Code::CommandFailed, "{refused}");

    let config = fs::read_to_string(machine.dir.path().join("etc/zmgr/config.kdl")).unwrap();
    let with = |value: &str| put(&machine, "/etc/zmgr/config.kdl", &format!("{config}\nenvironment {value}\n"));
    with("\"http_proxy\" \"http://proxy.example.org:3128\"");
    assert!(create(&manager, "web01").is_err(), "the publisher has an https address");
    with("\"https_proxy\" \"http://proxy.example.org:3128\"");
    create(&manager, "web01").unwrap();
}

#[test]
fn the_password_of_a_proxy_is_shown_nowhere() {
    let (machine, manager) = fixture(Dialect::OpenIndiana);
    let config = fs::read_to_string(machine.dir.path().join("etc/zmgr/config.kdl")).unwrap();
    put(
        &machine,
        "/etc/zmgr/config.kdl",
        &format!("{config}\nenvironment \"https_proxy\" \"http://me:pa55w0rd@proxy.example.org:3128\"\n"),
    );
    let plan = manager.plan_create(&["web01"], &CreateOptions::new()).unwrap();
    let shown = format!("{plan} {} {:?}", plan.to_json(), manager.config().unwrap());
    let json = serde_json::to_string(&manager.config().unwrap()).unwrap();
    assert!(json.contains("http://***@proxy.example.org:3128"), "{json}");

    // The hook writes what it was given.
    let mut fault = zmgr::Fault::new("zoneadm");
    fault.subcommand = Some("install".to_owned());
    fault.stderr = Some("cannot use http://me:pa55w0rd@proxy.example.org:3128".to_owned());
    fault.exit = Some(1);
    zmgr::SimHost::open(machine.dir.path()).unwrap().fault(&fault).unwrap();
    let mut told = String::new();
    let mut log = None;
    let mut hear = |event: &Event| {
        told.push_str(&format!("{event:?}\n"));
        if let EventKind::Log { path } = &event.kind {
            log = Some(path.clone());
        }
        true
    };
    let error = manager.create("web01", &CreateOptions::new(), &mut RunOptions::new().progress(&mut hear)).unwrap_err();
    let log = fs::read_to_string(log.unwrap()).unwrap();
    assert!(error.to_string().contains("http://***@proxy.example.org:3128") && log.contains("http://***@"), "{error}");
    for text in [shown, json, told, log, format!("{error:?}")] {
        assert!(!text.contains("pa55w0rd"), "{text}");
    }
}

/// Says what the repository of a host holds.
fn hold(machine: &sim_machine::Pretend, host: &str, publisher: &str, packages: &[&str]) {
    for package in packages {
        let pkg = machine.dir.path().join(format!(".zmgr/sim/network/{host}/publisher/{publisher}/pkg"));
        fs::create_dir_all(pkg.join(package.replace('/', "%2F"))).unwrap();
    }
}

fn publishers(machine: &sim_machine::Pretend, marked: &[&str]) {
    put(machine, "/etc/zmgr/ssl/c.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    put(machine, "/etc/zmgr/ssl/c.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n");
    for name in ["tools.net", "system.net", "paid.net"] {
        let entire = if marked.contains(&name) { " entire=#true" } else { "" };
        let key =
            if name == "paid.net" { "ssl-cert \"/etc/zmgr/ssl/c.pem\"; ssl-key \"/etc/zmgr/ssl/c.key\"" } else { "" };
        let text = format!("publisher \"{name}\"{entire} {{ origin \"https://pkg.{name}/\"; {key}; }}\n");
        put(machine, &format!("/etc/zmgr/publishers/{name}.kdl"), &text.replace("; ; }", "; }"));
    }
    put(
        machine,
        "/etc/zmgr/templates/several.kdl",
        "template \"several\" {\n    extends \"oi\"\n    brand \"nlipkg\"\n    install {\n        publisher \"tools.net\" \"system.net\" \"paid.net\"\n        package \"web/tool\" \"editor/vim\" \"paid/suite\"\n    }\n}\n",
    );
    hold(machine, "pkg.tools.net", "tools.net", &["web/tool"]);
    hold(machine, "pkg.system.net", "system.net", &["entire", "editor/vim"]);
    hold(machine, "pkg.paid.net", "paid.net", &["paid/suite"]);
}

#[test]
fn a_zone_is_installed_from_the_publisher_with_entire_and_gets_packages_of_all() {
    let (machine, manager) = fixture(Dialect::OpenIndiana);
    publishers(&machine, &["system.net"]);
    let options = CreateOptions::new().template("several").boot(false);
    let plan = manager.plan_create(&["web01"], &options).unwrap();
    let steps = &plan.changes[0].steps;
    let install = steps.iter().find(|step| step.id == "install").unwrap();
    assert!(install.argv.join(" ").ends_with("install -P system.net=https://pkg.system.net/"), "{:?}", install.argv);
    let last = steps.iter().find(|step| step.id == "packages").unwrap();
    assert!(last.argv.join(" ").ends_with("install --accept web/tool editor/vim paid/suite"), "{:?}", last.argv);
    manager.create("web01", &options, &mut RunOptions::new()).unwrap();
    let listed = machine.run("pkg -R /zones/web01/root list -H web/tool editor/vim paid/suite");
    assert!(listed.ends_with("=0"), "{listed}");
    let order = machine.run("pkg -R /zones/web01/root publisher -H -F tsv");
    let order: Vec<&str> = order.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(order[..3], ["tools.net", "system.net", "paid.net"]);
}

#[test]
fn a_package_that_no_publisher_has_fails_the_create_and_leaves_nothing() {
    let (machine, manager) = fixture(Dialect::OpenIndiana);
    publishers(&machine, &["system.net"]);
    let path = "/etc/zmgr/templates/several.kdl";
    let text = fs::read_to_string(machine.dir.path().join(&path[1..])).unwrap();
    put(&machine, path, &text.replace("paid/suite", "paid/other"));
    let options = CreateOptions::new().template("several").boot(false);
    let error = manager.create("web01", &options, &mut RunOptions::new()).unwrap_err();
    assert!(error.message().contains("failed at packages") && error.message().contains("paid/other"), "{error}");
    assert!(!machine.run("zoneadm list -c").contains("web01"));
}

#[test]
fn several_publishers_need_exactly_one_that_has_entire() {
    for (marked, what) in [
        (&[][..], "no publisher of tools.net, system.net, paid.net is marked"),
        (&["system.net", "tools.net"], "several publishers are marked"),
        (&["paid.net"], "the install of a zone cannot use keys"),
    ] {
        let (machine, manager) = fixture(Dialect::OpenIndiana);
        publishers(&machine, marked);
        let options = CreateOptions::new().template("several").boot(false);
        let error = manager.plan_create(&["web01"], &options).unwrap_err();
        assert!(error.to_string().contains(what) && error.code() == Code::Config, "{error}");
        let found = manager.check().unwrap();
        assert_eq!(found.iter().any(|found| found.code == "no-entire"), marked != ["paid.net"], "{found:?}");
    }
}

#[test]
fn an_lx_zone_gets_no_ipv6_gateway() {
    let (machine, manager) = fixture(Dialect::OmniOs);
    put(&machine, "/export/lx.tar", "x");
    put(
        &machine,
        "/etc/zmgr/pools/dual.kdl",
        "pool \"dual\" {\n    network \"10.3.0.0/24\" { gateway \"10.3.0.1\"; }\n    network \"2001:db8:3::/64\" { gateway \"fe80::1\"; range \"2001:db8:3::10\" \"2001:db8:3::ff\"; }\n    stub \"stub0\"\n}\n",
    );
    put(
        &machine,
        "/etc/zmgr/templates/lx.kdl",
        "template \"lx\" { brand \"lx\"; install { image \"/export/lx.tar\"; }; net \"front\" { pool \"dual\"; }; }\n",
    );
    let plan = manager.plan_create(&["lx01"], &CreateOptions::new().template("lx")).unwrap();
    let configure = plan.changes[0].steps.iter().find(|step| step.id == "configure").unwrap();
    let text: String = configure.files.iter().map(|file| file.text.clone()).collect();
    assert!(text.contains("defrouter=\"10.3.0.1\"") && text.contains("2001:db8:3::10"), "{text}");
    assert!(!text.contains("fe80::1"), "{text}");
    assert!(plan.changes[0].notes.iter().any(|note| note.contains("fe80::1")), "{plan}");
}

const PAID: &str = "/etc/zmgr/publishers/paid.net.kdl";

/// A zone with the publishers `system.net` and `paid.net`, which has a key.
fn with_key() -> (sim_machine::Pretend, Manager) {
    let (machine, manager) = fixture(Dialect::OpenIndiana);
    publishers(&machine, &["system.net"]);
    let template = "template \"keyed\" { extends \"oi\"; brand \"nlipkg\"; install { publisher \"system.net\" \"paid.net\"; }; }\n";
    put(&machine, "/etc/zmgr/templates/keyed.kdl", template);
    let options = CreateOptions::new().template("keyed").boot(false);
    manager.create("web01", &options, &mut RunOptions::new()).unwrap();
    (machine, manager)
}

fn whats(manager: &Manager) -> Vec<String> {
    manager.diff(&["web01"]).unwrap().zones[0].items.iter().map(|item| item.what.clone()).collect()
}

fn apply(manager: &Manager) -> Vec<String> {
    let report = manager.apply(&["web01"], &ApplyOptions::new(), &mut RunOptions::new()).unwrap();
    let notes = report.outcomes[0].notes.clone();
    report.into_result().unwrap();
    notes
}

#[test]
fn a_key_that_is_taken_out_of_a_publishers_file_leaves_the_image_and_comes_back_with_it() {
    let (machine, manager) = with_key();
    let keys = || {
        let shown = machine.run("pkg -R /zones/web01/root publisher paid.net");
        shown.lines().filter(|line| line.contains("SSL Key") && !line.ends_with("None")).count()
    };
    assert_eq!((keys(), whats(&manager)), (1, vec![]));
    let with = fs::read_to_string(machine.dir.path().join(&PAID[1..])).unwrap();
    put(&machine, PAID, "publisher \"paid.net\" { origin \"https://pkg.paid.net/\"; }\n");
    assert_eq!(whats(&manager), ["publisher paid.net ssl-key"]);
    assert_eq!(apply(&manager), [""; 0]);
    assert_eq!((keys(), whats(&manager)), (0, vec![]));
    put(&machine, PAID, &with);
    assert_eq!(whats(&manager), ["publisher paid.net ssl-key"]);
    apply(&manager);
    assert_eq!((keys(), whats(&manager)), (1, vec![]));
}

#[test]
fn a_proxy_that_an_administrator_gave_an_origin_stays_or_is_said_to_go() {
    let (machine, manager) = with_key();
    let image = "/zones/web01/root";
    let by_hand = format!(
        "pkg -R {image} set-publisher --no-refresh --proxy http://p.example:3128 -G https://pkg.system.net/ -g https://pkg.system.net/ system.net"
    );
    assert!(machine.run(&by_hand).ends_with("=0"));
    let proxied = |origin: &str| {
        let listed = machine.run(&format!("pkg -R {image} publisher -H -F tsv"));
        listed.lines().any(|line| line.contains(&format!("\t{origin}\thttp://p.example:3128")))
    };
    assert_eq!((proxied("https://pkg.system.net/"), whats(&manager)), (true, vec![]));
    // Everything else about the publisher changes.
    let other = "publisher \"system.net\" entire=#true { origin \"https://pkg.system.net/\" \"https://two.system.net/\"; mirror \"https://m.system.net/\"; sticky #false; }\n";
    put(&machine, "/etc/zmgr/publishers/system.net.kdl", other);
    assert_eq!(whats(&manager).len(), 3);
    assert_eq!(apply(&manager), [""; 0]);
    assert_eq!((proxied("https://pkg.system.net/"), proxied("https://two.system.net/")), (true, false));
    assert_eq!(whats(&manager), [""; 0]);

    // A key goes with the origin only, and with that its proxy.
    let by_hand = format!(
        "pkg -R {image} set-publisher --no-refresh --proxy http://p.example:3128 -g https://two.paid.net/ paid.net"
    );
    assert!(machine.run(&by_hand).ends_with("=0"));
    put(&machine, PAID, "publisher \"paid.net\" { origin \"https://pkg.paid.net/\" \"https://two.paid.net/\"; }\n");
    let notes = apply(&manager);
    assert!(notes.len() == 1 && notes[0].contains("paid.net loses the proxy of https://two.paid.net/"), "{notes:?}");
    assert_eq!((proxied("https://two.paid.net/"), whats(&manager)), (false, vec![]));
}

#[test]
fn a_client_key_that_is_replaced_under_the_same_path_is_set_again() {
    let (machine, manager) = with_key();
    let copies = || {
        let shown = machine.run("pkg -R /zones/web01/root publisher paid.net");
        let names = shown.lines().filter_map(|line| line.trim().strip_prefix("SSL Key: ")?.rsplit('/').next());
        let read = |name: &str| fs::read(machine.dir.path().join("zones/web01/root/var/pkg/ssl").join(name)).unwrap();
        names.map(read).collect::<Vec<_>>()
    };
    let other = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n";
    assert_eq!(whats(&manager), [""; 0]);
    put(&machine, "/etc/zmgr/ssl/c.key", other);
    assert_eq!(whats(&manager), ["publisher paid.net ssl-key"]);
    assert_eq!(apply(&manager), [""; 0]);
    assert_eq!((copies(), whats(&manager)), (vec![other.as_bytes().to_vec()], vec![]));
    // A file that cannot be read does not take the key away.
    fs::remove_file(machine.dir.path().join("etc/zmgr/ssl/c.key")).unwrap();
    assert_eq!(whats(&manager), [""; 0]);
}

#[test]
fn an_install_line_that_zoneadm_would_refuse_is_refused_in_the_plan() {
    let (machine, manager) = fixture(Dialect::OpenIndiana);
    let long = |length: usize| {
        // Packages of 100 bytes, and one for the rest.
        let rest = length - "exec /usr/lib/brand/ipkg/pkgcreatezone -z web01 -R /zones/web01".len();
        let (count, last) = ((rest - 10) / 103, (rest - 10) % 103 + 7);
        (0..count)
            .map(|n| format!("p{n:099}"))
            .chain([format!("p{:0>width$}", 0, width = last - 1)])
            .collect::<Vec<_>>()
    };
    for (length, fits) in [(1023, true), (1024, false)] {
        let packages = long(length);
        let names: Vec<String> = packages.iter().map(|package| format!("{package:?}")).collect();
        let text = format!(
            "template \"long\" {{ extends \"oi\"; brand \"nlipkg\"; install {{ package {}; }}; }}\n",
            names.join(" ")
        );
        put(&machine, "/etc/zmgr/templates/long.kdl", &text);
        let planned = manager.plan_create(&["web01"], &CreateOptions::new().template("long"));
        assert_eq!(planned.is_ok(), fits, "{:?}", planned.err());
        if let Err(error) = planned {
            assert!(error.code() == Code::Config && error.message().contains("1024 bytes"), "{error}");
        }
        // It is zoneadm's own limit.
        let edit = "create -b; set zonepath=/zones/web01; set brand=nlipkg; set ip-type=exclusive";
        assert!(machine.argv(&["zonecfg", "-z", "web01", edit], "").ends_with("=0"));
        let words = packages.iter().flat_map(|package| ["-e", package.as_str()]);
        let argv: Vec<&str> = ["zoneadm", "-z", "web01", "install"].into_iter().chain(words).collect();
        assert_eq!(machine.argv(&argv, "").contains("Install command line too long"), !fits);
        machine.run("zoneadm -z web01 uninstall -F");
        assert!(machine.argv(&["zonecfg", "-z", "web01", "delete", "-F"], "").ends_with("=0"));
    }
}
