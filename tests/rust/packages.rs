//! Where the packages of a zone come from: publishers, proxies, and what each repository holds.

use std::fs;

use zmgr::{Code, CreateOptions, Dialect, Event, EventKind, RunOptions};

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
