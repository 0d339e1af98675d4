//! `check` sees what `create`, `apply` and the next boot would fail on, and says what fixes it.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use zmgr::{Code, CreateOptions, Diagnostic, Dialect, Fault, ImportOptions, Manager, RunOptions, Severity};

use crate::import::{configure, manager};
use crate::sim_machine::{self, Pretend};

fn tree() -> (Pretend, Manager) {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    (pretend, manager)
}

fn put(manager: &Manager, path: &str, text: &str) {
    fs::write(manager.root().join(path), text).unwrap();
}

fn zone(manager: &Manager, name: &str, inner: &str) {
    put(manager, &format!("zones/{name}.kdl"), &format!("zone \"{name}\" {{\n{inner}\n}}\n"));
}

/// The one diagnostic with this code, which says how to fix it.
fn one(manager: &Manager, code: &str, severity: Severity, words: &str) -> Diagnostic {
    let found = manager.check().unwrap();
    let of_code: Vec<&Diagnostic> = found.iter().filter(|finding| finding.code == code).collect();
    let [finding] = of_code.as_slice() else { panic!("{code}: {found:#?}") };
    assert_eq!(finding.severity, severity, "{finding:#?}");
    assert!(finding.message.contains(words), "{finding:#?}");
    assert!(finding.help.is_some(), "{finding:#?}");
    (*finding).clone()
}

#[test]
fn the_starter_tree_and_a_zone_are_in_order() {
    let (_pretend, manager) = tree();
    assert_eq!(manager.check().unwrap(), []);
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(manager.check().unwrap(), []);
}

#[test]
fn zonepaths_that_cannot_be() {
    for path in ["/", "/zones/../etc", "zones/a", "/zones/a b"] {
        let (_pretend, manager) = tree();
        zone(&manager, "a", &format!("    template \"oi\"\n    zonepath \"{path}\""));
        let found = manager.check().unwrap();
        let errors: Vec<&Diagnostic> = found.iter().filter(|f| f.severity == Severity::Error).collect();
        let [error] = errors.as_slice() else { panic!("{path}: {found:#?}") };
        assert!(error.line == Some(3) && error.help.is_some(), "{path}: {error:#?}");
    }
    let (_pretend, manager) = tree();
    put(&manager, "config.kdl", "zonepath-prefix \"/zones/./x\"\ndefault-template \"oi\"\n");
    zone(&manager, "a", "    template \"oi\"");
    one(&manager, "bad-zonepath", Severity::Error, "zonepath-prefix");
}

#[test]
fn two_zones_with_one_zonepath() {
    for (other, words) in
        [("/zones/a", "same zonepath"), ("/zones/a/", "same zonepath"), ("//zones/a/b", "inside"), ("/zones", "inside")]
    {
        let (_pretend, manager) = tree();
        zone(&manager, "a", "    template \"oi\"\n    zonepath \"/zones/a\"");
        zone(&manager, "b", &format!("    template \"oi\"\n    zonepath \"{other}\""));
        zone(&manager, "c", "    template \"oi\"\n    zonepath \"/zones2/a-b\"");
        one(&manager, "zonepath-taken", Severity::Error, words);
    }
}

#[test]
fn sources_of_clones_that_cannot_be() {
    let (_pretend, manager) = tree();
    zone(&manager, "a", "    template \"oi\"\n    clone-from \"a\"");
    one(&manager, "circle", Severity::Error, "itself");
    let apply = manager.apply(&["a"], &zmgr::ApplyOptions::new(), &mut RunOptions::new());
    let error = apply.map_or_else(Some, |report| report.error()).unwrap();
    assert_eq!(error.code(), Code::Config, "{error}");
    for (name, source) in [("a", "b"), ("b", "c"), ("c", "a")] {
        zone(&manager, name, &format!("    template \"oi\"\n    clone-from \"{source}\""));
    }
    one(&manager, "circle", Severity::Error, "a → b → c → a");
    zone(&manager, "a", "    template \"oi\"");
    zone(&manager, "c", "    template \"oi\"\n    clone-from \"nosuch\"");
    let found = manager.check().unwrap();
    assert!(found.iter().any(|f| f.code == "no-clone-source" && f.severity == Severity::Error), "{found:#?}");
}

#[test]
fn brands_that_zmgr_cannot_install_or_the_host_lacks() {
    for (brand, code, words) in [
        ("bhyve", "vm-brand", "virtual machines"),
        ("labeled", "bad-brand", "cannot install"),
        ("nlipgk", "bad-brand", "cannot install"),
    ] {
        let (_pretend, manager) = tree();
        zone(&manager, "a", &format!("    template \"oi\"\n    brand \"{brand}\""));
        one(&manager, code, Severity::Error, words);
    }
    let (_pretend, manager) = tree();
    zone(&manager, "a", "    template \"oi\"\n    brand \"sparse\"");
    one(&manager, "no-such-brand", Severity::Warning, "sparse");
}

#[test]
fn addresses_that_no_zone_can_have() {
    for address in [
        "255.255.255.255/32",
        "0.0.0.0/24",
        "224.0.0.5/24",
        "127.0.0.5/8",
        "240.0.0.1/24",
        "10.1.0.0/24",
        "10.1.0.255/24",
        "::/64",
        "::1/128",
        "ff02::1/64",
        "fe80::5/64",
        "::ffff:10.1.0.5/120",
    ] {
        let (_pretend, manager) = tree();
        let inner = format!(
            "    brand \"nlipkg\"\n    net \"a\" {{\n        physical \"net0\"\n        address \"{address}\"\n    }}"
        );
        zone(&manager, "a", &inner);
        one(&manager, "bad-address", Severity::Error, address.split('/').next().unwrap());
        let apply = manager.apply(&["a"], &zmgr::ApplyOptions::new(), &mut RunOptions::new());
        let error = apply.map_or_else(Some, |report| report.error()).unwrap();
        assert_eq!(error.code(), Code::Config, "{address}: {error}");
    }
    for (address, gateway) in [
        ("10.1.0.5/24", "10.2.0.1"),
        ("10.1.0.5/24", "10.1.0.5"),
        ("2001:db8::5/64", "2001:db8:1::1"),
        ("10.1.0.5/24", "10.1.0.255"),
        ("10.1.0.5/24", "10.1.0.0"),
        ("10.1.0.5/24", "fe80::1"),
    ] {
        let (_pretend, manager) = tree();
        let inner = format!(
            "    brand \"nlipkg\"\n    net \"a\" {{\n        physical \"net0\"\n        address \"{address}\" gateway=\"{gateway}\"\n    }}"
        );
        zone(&manager, "a", &inner);
        let found = manager.check().unwrap();
        assert!(found.iter().any(|f| f.severity == Severity::Error), "{address} {gateway}: {found:#?}");
    }
    for (address, gateway) in [
        ("10.1.0.5/24", "10.1.0.1"),
        ("10.1.0.5/32", "10.2.0.1"),
        ("2001:db8::5/64", "fe80::1"),
        ("10.1.0.0/31", "10.1.0.1"),
    ] {
        let (_pretend, manager) = tree();
        let inner = format!(
            "    brand \"nlipkg\"\n    net \"a\" {{\n        physical \"net0\"\n        address \"{address}\" gateway=\"{gateway}\"\n    }}"
        );
        zone(&manager, "a", &inner);
        assert!(
            manager.check().unwrap().iter().all(|f| f.severity != Severity::Error),
            "{:#?}",
            manager.check().unwrap()
        );
    }
}

#[test]
fn a_pool_was_the_whole_internet_and_check_was_silent() {
    for (network, words) in [
        ("0.0.0.0/0", "shorter than /8"),
        ("10.0.0.0/7", "shorter than /8"),
        ("128.0.0.0/1", "shorter than /8"),
        ("::/0", "shorter than /8"),
        ("2000::/3", "shorter than /8"),
        ("0.0.0.0/8", "not the address of a host"),
        ("127.0.0.0/8", "a loopback address"),
        ("224.1.0.0/16", "a multicast address"),
        ("240.0.0.0/8", "a reserved address"),
        ("255.255.255.254/31", "a reserved address"),
        ("::1/128", "a loopback address"),
        ("::ffff:10.1.0.0/120", "an IPv4 address written as IPv6"),
        ("fe80::/64", "link-local"),
        ("ff05::/16", "a multicast address"),
    ] {
        let (_pretend, manager) = tree();
        let pool = format!("pool \"internal\" {{\n    network \"{network}\"\n    stub \"stub0\"\n}}\n");
        put(&manager, "pools/internal.kdl", &pool);
        one(&manager, "bad-address", Severity::Error, words);
        let error = manager.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap_err();
        assert_eq!(error.code(), Code::Config, "{network}: {error}");
        assert!(!manager.root().join("reservations/printer.kdl").exists());
        let error = manager.create("a", &zmgr::CreateOptions::new(), &mut RunOptions::new()).unwrap_err();
        assert_eq!(error.code(), Code::Config, "{network}: {error}");
    }
    for network in ["10.0.0.0/8", "fd00::/8", "198.18.0.0/15", "169.254.0.0/16", "10.1.0.4/31", "2001:db8::1/128"] {
        let (_pretend, manager) = tree();
        let pool = format!("pool \"internal\" {{\n    network \"{network}\"\n    stub \"stub0\"\n}}\n");
        put(&manager, "pools/internal.kdl", &pool);
        assert_eq!(manager.check().unwrap(), [], "{network}");
        manager.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap();
    }
}

#[test]
fn a_reservation_without_an_address() {
    let (_pretend, manager) = tree();
    put(&manager, "reservations/printer.kdl", "reservation \"printer\" {\n    format 1\n}\n");
    one(&manager, "no-address", Severity::Error, "printer");
}

#[test]
fn a_config_that_cannot_be_read_makes_no_template_unused() {
    let (_pretend, manager) = tree();
    put(&manager, "config.kdl", "default-template \"oi\n");
    let found = manager.check().unwrap();
    assert!(!found.is_empty() && found.iter().all(|f| f.code != "unused-template"), "{found:#?}");
}

#[test]
fn a_link_that_two_exclusive_zones_name() {
    let (_pretend, manager) = tree();
    for name in ["a", "b"] {
        zone(
            &manager,
            name,
            "    brand \"nlipkg\"\n    net \"x\" {\n        physical \"net0\"\n        address \"none\"\n    }",
        );
    }
    one(&manager, "duplicate-link", Severity::Error, "zones a and b");
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    for name in ["a", "b"] {
        zone(
            &manager,
            name,
            "    brand \"nlipkg\"\n    ip-type \"shared\"\n    net \"x\" {\n        physical \"net0\"\n        address \"192.0.2.5/24\"\n    }",
        );
    }
    assert!(manager.check().unwrap().iter().all(|f| f.code != "duplicate-link"));
    zone(
        &manager,
        "a",
        "    brand \"nlipkg\"\n    net \"x\" {\n        physical \"web01_0\"\n        address \"none\"\n    }",
    );
    one(&manager, "duplicate-link", Severity::Error, "web01_0");
}

#[test]
fn an_operation_that_was_interrupted_and_what_it_left() {
    let (pretend, manager) = tree();
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some("install".to_owned());
    fault.exit = Some(1);
    pretend.host.fault(&fault).unwrap();
    let mut run = RunOptions::new().on_failure(zmgr::OnFailure::Keep);
    manager.create("web01", &CreateOptions::new(), &mut run).unwrap_err();
    let finding = one(&manager, "unfinished", Severity::Warning, "web01");
    assert!(finding.help.unwrap().contains("zmgr recover web01"));
    put(&manager, "zones/.web02.kdl.tmp", "zone \"web02");
    one(&manager, "left-over", Severity::Warning, "web02");
    fs::remove_file(manager.root().join("zones/.web02.kdl.tmp")).unwrap();
    put(&manager, ".zmgr/web03.zonecfg", "create -b\n");
    one(&manager, "left-over", Severity::Warning, "web03");
}

#[test]
fn a_file_name_that_is_not_utf_8() {
    let (_pretend, manager) = tree();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.kdl");
    fs::write(manager.root().join("zones").join(name), "zone \"cafe\" {\n}\n").unwrap();
    one(&manager, "bad-file-name", Severity::Error, "UTF-8");
}

#[test]
fn built_zones_that_the_host_lacks_or_has_otherwise() {
    let (pretend, manager) = tree();
    manager.create("web01", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    let path = manager.root().join("zones/web01.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let uuid = manager.zone("web01").unwrap().uuid.unwrap();
    fs::write(&path, text.replace(&uuid, "00000000-1111-2222-3333-444444444444")).unwrap();
    one(&manager, "other-installation", Severity::Warning, &uuid);
    fs::write(&path, &text).unwrap();
    fs::rename(pretend.dir.path().join("zones/web01"), pretend.dir.path().join("zones/gone")).unwrap();
    one(&manager, "no-zonepath", Severity::Warning, "/zones/web01");
    fs::rename(pretend.dir.path().join("zones/gone"), pretend.dir.path().join("zones/web01")).unwrap();
    pretend.run("zoneadm -z web01 uninstall -F");
    let finding = one(&manager, "not-installed", Severity::Warning, "web01");
    assert!(finding.help.unwrap().contains("zmgr reinstall web01"));
    pretend.run("zonecfg -z web01 delete -F");
    let finding = one(&manager, "no-such-zone", Severity::Warning, "web01");
    assert!(finding.help.unwrap().contains("zmgr forget web01"));
}

#[test]
fn a_zone_of_the_host_in_the_place_of_one_that_is_not_built() {
    let (pretend, manager) = tree();
    configure(&pretend, "a", "");
    zone(&manager, "a", "    template \"oi\"");
    one(&manager, "zone-taken", Severity::Warning, "zone a");
}

#[test]
fn a_built_zone_asked_for_what_apply_refuses_and_check_was_silent() {
    let (pretend, manager) = tree();
    pretend.run("dladm create-vnic -l stub0 mine0");
    manager.create("a", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    let path = manager.root().join("zones/a.kdl");
    let text = fs::read_to_string(&path).unwrap();
    for (from, to, words, code) in [
        ("vnic \"a_0\"", "vnic \"stub0\"", "the host already has a link stub0", Code::Exists),
        ("vnic \"a_0\"", "vnic \"net0\"", "the host already has a link net0", Code::Exists),
        ("vnic \"a_0\"", "vnic \"mine0\"", "the host already has a link mine0", Code::Exists),
    ] {
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        one(&manager, "cannot-change", Severity::Error, &format!("zone a cannot be changed as its files say: {words}"));
        let report = manager.apply(&["a"], &zmgr::ApplyOptions::new(), &mut RunOptions::new()).unwrap();
        assert_eq!(report.error().map(|error| error.code()), Some(code));
    }
    fs::write(&path, text.replacen("vnic \"a_0\"", "vnic \"free0\"", 1)).unwrap();
    assert!(manager.check().unwrap().iter().all(|finding| finding.severity != Severity::Error));
}

#[test]
fn what_import_recorded_is_a_warning() {
    let (pretend, manager) = tree();
    configure(
        &pretend,
        "odd",
        "set ip-type=exclusive\nadd net\nset physical=odd0\nset allowed-address=10.1.0.255/24\nend",
    );
    manager.import(&["odd"], &ImportOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    one(&manager, "bad-address", Severity::Warning, "10.1.0.255/24");
    assert!(manager.check().unwrap().iter().all(|finding| finding.severity == Severity::Warning));
    assert!(manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn places_and_links_with_which_apply_failed_while_check_was_silent() {
    let (_pretend, manager) = tree();
    let apply = |code: Code| {
        let report = manager.apply(&["a"], &zmgr::ApplyOptions::new(), &mut RunOptions::new()).unwrap();
        assert_eq!(report.error().map(|error| error.code()), Some(code));
    };
    zone(&manager, "a", "    template \"oi\"\n    zonepath \"/nowhere/a\"");
    one(&manager, "cannot-create", Severity::Error, "/nowhere is not a mounted ZFS file system");
    apply(Code::UnsupportedHost);
    zone(
        &manager,
        "a",
        "    template \"oi\"\n    net \"x\" {\n        pool \"internal\"\n        vnic \"net0\"\n    }",
    );
    one(&manager, "cannot-create", Severity::Error, "the host already has a link net0");
    apply(Code::Exists);
    for node in ["setup { ssh-key \"/no/key\"; }", "install { image \"/no/image\"; }"] {
        zone(&manager, "a", &format!("    template \"oi\"\n    {node}"));
        one(&manager, "cannot-create", Severity::Error, "does not exist");
        apply(Code::Config);
    }
    let pool = fs::read_to_string(manager.root().join("pools/internal.kdl")).unwrap();
    put(&manager, "pools/internal.kdl", &pool.replace("10.1.0.250", "10.1.0.10"));
    zone(&manager, "a", "    template \"oi\"");
    zone(&manager, "b", "    template \"oi\"");
    one(&manager, "cannot-create", Severity::Error, "zone b cannot be created: pool internal has no free IPv4 address");
    put(&manager, "pools/internal.kdl", &pool);
    fs::remove_file(manager.root().join("zones/b.kdl")).unwrap();
    zone(
        &manager,
        "a",
        "    template \"oi\"\n    net \"x\" {\n        stub \"none0\"\n        address \"10.1.0.9/24\"\n    }",
    );
    one(&manager, "no-such-link", Severity::Warning, "none0");
    one(&manager, "cannot-create", Severity::Error, "none0");
    apply(Code::UnsupportedHost);
    fs::remove_file(manager.root().join("zones/a.kdl")).unwrap();
    put(&manager, "config.kdl", "zonepath-prefix \"/nowhere\"\ndefault-template \"oi\"\n");
    one(&manager, "no-parent", Severity::Warning, "zones cannot be created below /nowhere");
    put(&manager, "config.kdl", "default-template \"oi\"\n");
    // A slash at the end names the same directory.
    zone(&manager, "a", "    template \"oi\"\n    zonepath \"/zones/a/\"");
    assert_eq!(manager.check().unwrap(), []);
    manager.apply(&["a"], &zmgr::ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(manager.check().unwrap(), []);
    assert!(manager.diff(&[]).unwrap().is_clean());
}

#[test]
fn thousands_of_problems_of_one_file_are_counted_and_shown_with_their_line_whatever_ends_it() {
    let (_pretend, manager) = tree();
    manager.create("a", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    let path = manager.root().join("zones/a.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let missing: String = (0..1000).map(|n| format!("    dataset \"rpool/none/{n}\"\n")).collect();
    let text = text.replacen("    state ", &format!("{missing}    state "), 1);
    fs::write(&path, text.replace('\n', "\r")).unwrap();
    let found = manager.check().unwrap();
    assert_eq!(found.len(), 101, "{:#?}", found.last());
    let more = found.iter().find(|finding| finding.code == "too-many").unwrap();
    assert_eq!(more.message, "900 more problems of this file are not listed");
    let first = found.iter().find(|finding| finding.message.contains("rpool/none/0,")).unwrap();
    assert_eq!(first.snippet.as_deref().map(str::trim), Some("dataset \"rpool/none/0\""));
}

#[test]
fn an_entry_whose_id_was_removed_is_reported_with_the_way_out() {
    let (_pretend, manager) = tree();
    manager.create("a", &CreateOptions::new().boot(false), &mut RunOptions::new()).unwrap();
    let path = manager.root().join("zones/a.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let without: String =
        text.lines().filter(|line| !line.starts_with("    id ")).map(|line| format!("{line}\n")).collect();
    fs::write(&path, without).unwrap();
    let finding = one(&manager, "no-id", Severity::Error, "the entry of a has a state but no id");
    let help = finding.help.unwrap();
    assert!(help.starts_with("run `zmgr forget a` and `zmgr import a`"), "{help}");
    let run = &mut RunOptions::new();
    for error in [
        manager.apply(&["a"], &zmgr::ApplyOptions::new(), run).unwrap().error(),
        manager.destroy(&["a"], &zmgr::DestroyOptions::new(), run).unwrap().error(),
    ] {
        assert_eq!(error.unwrap().help(), Some(help.as_str()));
    }
    manager.forget(&["a"], run).unwrap().into_result().unwrap();
    manager.import(&["a"], &ImportOptions::new(), run).unwrap().into_result().unwrap();
    assert_eq!(manager.check().unwrap(), []);
}
