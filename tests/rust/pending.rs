//! When a change takes effect: at once, at the zone's next reboot, at reinstall, or never.

use std::fs;

use zmgr::{
    ApplyOptions, Code, CreateOptions, DestroyOptions, Dialect, Drift, DriftStatus, HaltOptions, Manager, Outcome,
    Plan, Query, QueryHost, RecoverOptions, ReinstallOptions, RunOptions, TakesEffect,
};

use crate::import::manager;
use crate::sim_machine::{self, Pretend};

fn run<'a>() -> RunOptions<'a> {
    RunOptions::new()
}

fn running(pretend: &Pretend) -> Manager {
    let manager = manager(pretend);
    manager.create("web01", &CreateOptions::new().boot(true), &mut run()).unwrap();
    manager
}

fn apply(manager: &Manager, options: &ApplyOptions) -> Outcome {
    let mut report = manager.apply(&["web01"], options, &mut run()).unwrap();
    assert!(report.error().is_none(), "{report:#?}");
    report.outcomes.remove(0)
}

fn diff(manager: &Manager) -> Drift {
    manager.diff(&["web01"]).unwrap()
}

fn pending(manager: &Manager) -> Vec<String> {
    let shown = manager.zone("web01").unwrap().pending;
    let listed = manager.zones(&Query::new()).unwrap().remove(0).pending;
    assert_eq!(shown, listed);
    let drift = diff(manager).zones.remove(0);
    assert_eq!(shown, drift.pending);
    assert_eq!(manager.zone("web01").unwrap().to_json()["pending"], serde_json::json!(shown));
    shown
}

fn set(manager: &Manager, key: &str, value: &str) {
    manager.set("web01", &[(key, value)], &mut run()).unwrap();
}

/// Changes what the entry says above its `applied` block.
fn edit(manager: &Manager, change: impl Fn(&str) -> String) {
    let path = manager.root().join("zones/web01.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let (own, rest) = text.split_once("    applied {").unwrap();
    let changed = change(own);
    assert_ne!(own, changed);
    fs::write(path, format!("{changed}    applied {{{rest}")).unwrap();
}

fn put(manager: &Manager, path: &str, text: &str) {
    fs::write(manager.root().join(path), text).unwrap();
}

fn entry(manager: &Manager) -> String {
    fs::read_to_string(manager.root().join("zones/web01.kdl")).unwrap()
}

const DMZ: &str =
    "pool \"dmz\" { network \"10.9.0.0/24\"; gateway \"10.9.0.1\"; stub \"stub1\"; vlan 20; mtu 1400; }\n";

#[test]
fn a_pending_reboot_is_remembered_until_the_zone_boots_whichever_way() {
    type Boot = fn(&Pretend, &Manager);
    let ways: [(&str, Boot); 5] = [
        ("zmgr", |_, manager| drop(manager.reboot(&["web01"], &HaltOptions::new(), &mut run()).unwrap())),
        ("zoneadm", |pretend, _| assert!(pretend.run("zoneadm -z web01 reboot").ends_with("=0"))),
        ("halt and boot", |pretend, _| {
            assert!(pretend.run("zoneadm -z web01 halt").ends_with("=0"));
            assert!(pretend.run("zoneadm -z web01 boot").ends_with("=0"));
        }),
        ("host", |pretend, _| drop(pretend.host.reboot().unwrap())),
        ("apply", |_, manager| {
            let outcome = apply(manager, &ApplyOptions::new().reboot(true));
            assert_eq!(outcome.action, zmgr::Action::Applied);
        }),
    ];
    for (way, boot) in ways {
        let pretend = sim_machine::new(Dialect::OpenIndiana);
        let manager = running(&pretend);
        assert_eq!(pending(&manager), [""; 0]);
        set(&manager, "bootargs", "-v");
        set(&manager, "attr.owner", "alice");
        let outcome = apply(&manager, &ApplyOptions::new());
        assert!(outcome.notes[0].contains("next reboot"), "{:?}", outcome.notes);
        assert_eq!(outcome.result.unwrap().unwrap().pending, ["bootargs"], "{way}");
        assert_eq!(pending(&manager), ["bootargs"], "{way}");
        assert!(!diff(&manager).is_clean());
        assert_eq!(diff(&manager).zones[0].status, DriftStatus::Pending);
        assert!(entry(&manager).contains("format 2") && entry(&manager).contains("change \"bootargs\""));
        // A second apply changes nothing and forgets nothing.
        let outcome = apply(&manager, &ApplyOptions::new());
        assert!(outcome.action == zmgr::Action::Unchanged && outcome.notes[0].contains("pending"), "{outcome:?}");
        assert_eq!(pending(&manager), ["bootargs"], "{way}");
        boot(&pretend, &manager);
        assert_eq!(pending(&manager), [""; 0], "{way}");
        assert!(diff(&manager).is_clean(), "{way}: {}", diff(&manager));
        assert_eq!(apply(&manager, &ApplyOptions::new().reboot(true)).action, zmgr::Action::Unchanged, "{way}");
        // The next writer forgets it.
        set(&manager, "attr.owner", "bob");
        apply(&manager, &ApplyOptions::new());
        assert!(!entry(&manager).contains("pending"), "{way}");
    }
}

#[test]
fn what_leads_back_to_the_running_value_no_longer_waits() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = running(&pretend);
    for (key, value) in [("bootargs", "-v"), ("cpu-shares", "20")] {
        set(&manager, key, value);
        apply(&manager, &ApplyOptions::new());
    }
    assert_eq!(pending(&manager), ["bootargs", "cpu-shares"]);
    set(&manager, "bootargs", "-s");
    apply(&manager, &ApplyOptions::new());
    set(&manager, "bootargs", "");
    apply(&manager, &ApplyOptions::new());
    assert_eq!(pending(&manager), ["cpu-shares"]);
    set(&manager, "cpu-shares", "");
    apply(&manager, &ApplyOptions::new());
    assert_eq!(pending(&manager), [""; 0]);
    assert!(diff(&manager).is_clean());
}

#[test]
fn a_zone_that_is_down_has_nothing_pending() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = running(&pretend);
    set(&manager, "bootargs", "-v");
    apply(&manager, &ApplyOptions::new());
    manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(pending(&manager), [""; 0]);
    assert!(!entry(&manager).contains("pending"));
    set(&manager, "bootargs", "-s");
    apply(&manager, &ApplyOptions::new());
    assert_eq!(pending(&manager), [""; 0]);
    // Without the host, the file is all there is.
    manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
    set(&manager, "bootargs", "-v");
    apply(&manager, &ApplyOptions::new());
    let offline = manager.zones(&Query::new().query_host(QueryHost::Never)).unwrap().remove(0);
    assert_eq!(offline.pending, ["bootargs"]);
}

#[test]
fn what_takes_effect_at_reinstall_is_said_and_never_recorded_as_applied() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
    edit(&manager, |own| {
        own.replacen(
            "    net ",
            "    resolver \"9.9.9.9\"\n    dns-domain \"example.org\"\n    setup { hostname \"other\"; timezone \"UTC\"; }\n    install { package \"editor/vim\"; }\n    net ",
            1,
        )
    });
    let whats = ["hostname", "timezone", "resolver", "dns-domain", "package"];
    let found = diff(&manager);
    let items = &found.zones[0].items;
    assert_eq!(items.iter().map(|item| item.what.as_str()).collect::<Vec<_>>(), whats, "{found}");
    assert!(items.iter().all(|item| item.effect == Some(TakesEffect::Reinstall) && !item.counts));
    assert!(found.is_clean() && !found.is_empty());
    assert!(found.to_string().contains("takes effect at reinstall"), "{found}");
    let outcome = apply(&manager, &ApplyOptions::new());
    assert_eq!(outcome.action, zmgr::Action::Unchanged);
    for what in whats {
        let said =
            outcome.notes.iter().any(|note| note.starts_with(what) && note.contains("takes effect at reinstall"));
        assert!(said, "{what}: {:?}", outcome.notes);
    }
    // Also when something else is applied.
    set(&manager, "attr.owner", "alice");
    assert_eq!(apply(&manager, &ApplyOptions::new()).action, zmgr::Action::Applied);
    let applied = |text: &str| text.split_once("    applied {").unwrap().1.to_owned();
    for word in ["9.9.9.9", "example.org", "hostname", "vim"] {
        assert!(!applied(&entry(&manager)).contains(word), "{word}: {}", entry(&manager));
    }
    assert_eq!(diff(&manager).zones[0].items.len(), 5);
    // And at reinstall it does.
    manager.reinstall("web01", &ReinstallOptions::new().boot(false).force(true), &mut run()).unwrap();
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
    let root = pretend.dir.path().join("zones/web01/root/etc");
    assert_eq!(fs::read_to_string(root.join("resolv.conf")).unwrap(), "domain example.org\nnameserver 9.9.9.9\n");
    assert_eq!(fs::read_to_string(root.join("nodename")).unwrap(), "other\n");
}

#[test]
fn a_pools_resolver_reaches_zones_at_reinstall() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
    let path = manager.root().join("pools/internal.kdl");
    let text = fs::read_to_string(&path).unwrap();
    let end = text.rfind('}').unwrap();
    fs::write(&path, format!("{}    resolver \"10.1.0.53\"\n}}\n", &text[..end])).unwrap();
    let found = diff(&manager);
    assert_eq!((found.zones[0].items[0].what.as_str(), found.zones[0].status), ("resolver", DriftStatus::Minor));
    apply(&manager, &ApplyOptions::new());
    assert_eq!(diff(&manager).zones[0].items.len(), 1);
}

#[test]
fn omnios_takes_resolvers_at_the_next_boot() {
    let pretend = sim_machine::new(Dialect::OmniOs);
    let manager = manager(&pretend);
    put(
        &manager,
        "templates/omnios.kdl",
        "template \"omnios\" { brand \"ipkg\"; net \"internal\" { pool \"internal\"; }; }\n",
    );
    manager.create("web01", &CreateOptions::new().boot(true), &mut run()).unwrap();
    set(&manager, "resolvers", "9.9.9.9");
    apply(&manager, &ApplyOptions::new());
    assert_eq!(pending(&manager), ["attr.resolvers"]);
    manager.reboot(&["web01"], &HaltOptions::new(), &mut run()).unwrap();
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
}

#[test]
fn a_quota_that_changes_is_set() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    let template = |quota: &str| {
        let text = format!(
            "template \"oi\" {{ brand \"nlipkg\"; net \"internal\" {{ pool \"internal\"; }}; dataset \"rpool/data\" create=#true{quota}; }}\n"
        );
        put(&manager, "templates/oi.kdl", &text);
    };
    template(" quota=\"10G\"");
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
    let quota = || pretend.run("zfs get -Hp -o value quota rpool/data").lines().next().unwrap().to_owned();
    assert_eq!(quota(), (10u64 << 30).to_string());
    template(" quota=\"20G\"");
    assert_eq!(diff(&manager).zones[0].items[0].what, "dataset rpool/data quota");
    apply(&manager, &ApplyOptions::new());
    assert_eq!(quota(), (20u64 << 30).to_string());
    assert!(diff(&manager).is_empty());
    template("");
    apply(&manager, &ApplyOptions::new());
    assert!(["none", "0"].contains(&quota().as_str()), "{}", quota());
}

#[test]
fn a_net_added_to_the_template_is_reported() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
    put(&manager, "pools/dmz.kdl", DMZ);
    let template = "template \"oi\" { brand \"nlipkg\"; autoboot #true; net \"internal\" { pool \"internal\"; }; net \"dmz\" { pool \"dmz\"; }; }\n";
    put(&manager, "templates/oi.kdl", template);
    let found = diff(&manager);
    assert_eq!(found.zones[0].items.iter().map(|item| item.what.as_str()).collect::<Vec<_>>(), ["net dmz"], "{found}");
    assert!(found.is_clean());
    edit(&manager, |own| own.replacen("    net ", "    without \"net\" \"dmz\"\n    net ", 1));
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
}

/// The lower link, the VLAN and the mtu of a zone's first VNIC, and its configuration's nets.
fn link(pretend: &Pretend, vnic: &str) -> (String, String) {
    let shown = pretend.run(&format!("dladm show-vnic -p -o over,vid {vnic}"));
    let mtu = pretend.run(&format!("dladm show-linkprop -c -o value -p mtu {vnic}"));
    (shown.lines().next().unwrap().to_owned(), mtu.lines().next().unwrap().trim().to_owned())
}

#[test]
fn a_net_that_moves_to_another_pool_takes_its_link_along() {
    // Edited in place; replaced as a whole; with the old link lines dropped.
    let edits: [fn(&str) -> String; 3] = [
        |own| {
            let lines = own.lines().filter(|line| !line.trim().starts_with("address"));
            lines.map(|line| line.replace("pool \"internal\"", "pool \"dmz\"") + "\n").collect()
        },
        |own| {
            let (before, net) = own.split_once("    net \"internal\" {").unwrap();
            let (_, after) = net.split_once("\n    }\n").unwrap();
            format!("{before}    net \"internal\" {{ pool \"dmz\"; }}\n{after}")
        },
        |own| {
            let dropped = ["address", "stub"];
            let lines = own.lines().filter(|line| !dropped.iter().any(|word| line.trim().starts_with(word)));
            lines.map(|line| line.replace("pool \"internal\"", "pool \"dmz\"") + "\n").collect()
        },
    ];
    for (n, change) in edits.into_iter().enumerate() {
        for reboots in [true, false] {
            let pretend = sim_machine::new(Dialect::OpenIndiana);
            let manager = running(&pretend);
            let before = manager.zone("web01").unwrap().nets.remove(0);
            let vnic = before.vnic.clone().unwrap();
            pretend.run("dladm create-etherstub stub1");
            put(&manager, "pools/dmz.kdl", DMZ);
            edit(&manager, change);
            assert_eq!(diff(&manager).zones[0].status, DriftStatus::Differs, "{n}");
            let config = pretend.run("zonecfg -z web01 info net");
            if reboots {
                assert_eq!(apply(&manager, &ApplyOptions::new().reboot(true)).action, zmgr::Action::Applied);
            } else {
                // Nothing of the net changes under the running zone, and it is not lost.
                let outcome = apply(&manager, &ApplyOptions::new());
                assert!(outcome.notes.iter().any(|note| note.contains("apply --reboot")), "{:?}", outcome.notes);
                assert_eq!(link(&pretend, &vnic).0, "stub0:0", "{n}");
                assert_eq!(pretend.run("zonecfg -z web01 info net"), config, "{n}");
                assert_eq!(diff(&manager).zones[0].status, DriftStatus::Differs, "{n}");
                apply(&manager, &ApplyOptions::new());
                manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
                assert_eq!(apply(&manager, &ApplyOptions::new()).action, zmgr::Action::Applied);
            }
            assert_eq!(link(&pretend, &vnic), ("stub1:20".to_owned(), "1400".to_owned()), "{n}");
            let after = manager.zone("web01").unwrap().nets.remove(0);
            let address = after.addresses[0].clone();
            assert_eq!((after.vnic, after.mac, after.managed), (before.vnic, before.mac, true), "{n}");
            assert_eq!(
                (address.address.to_string().as_str(), address.gateway),
                ("10.9.0.2/24", "10.9.0.1".parse().ok())
            );
            assert!(pretend.run("zonecfg -z web01 info net").contains("10.9.0.1"));
            assert!(diff(&manager).is_empty(), "{n}: {}", diff(&manager));
            assert_eq!(apply(&manager, &ApplyOptions::new().reboot(true)).action, zmgr::Action::Unchanged, "{n}");
            manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
            assert_eq!(pretend.run("dladm show-vnic -p -o link"), "=0");
        }
    }
}

#[test]
fn a_pool_that_changes_reaches_its_zones() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
    let vnic = manager.zone("web01").unwrap().nets[0].vnic.clone().unwrap();
    pretend.run("dladm create-etherstub stub1");
    put(
        &manager,
        "pools/internal.kdl",
        "pool \"internal\" { network \"10.1.0.0/24\"; gateway \"10.1.0.254\"; stub \"stub1\"; vlan 7; mtu 1400; }\n",
    );
    let found = diff(&manager);
    let whats: Vec<&str> = found.zones[0].items.iter().map(|item| item.what.as_str()).collect();
    for what in ["over", "vlan", "mtu", "defrouter"] {
        assert!(whats.iter().any(|item| item.ends_with(what)), "{what}: {whats:?}");
    }
    for found in [manager.check().unwrap(), manager.check_pools(None).unwrap()] {
        let stale = found.iter().filter(|diagnostic| diagnostic.code == "stale-net").count();
        assert_eq!(stale, 4, "{found:?}");
    }
    apply(&manager, &ApplyOptions::new());
    assert_eq!(link(&pretend, &vnic), ("stub1:7".to_owned(), "1400".to_owned()));
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
    // A setting of the entry itself stays, whatever the pool says later.
    edit(&manager, |own| own.replacen("mtu 1400", "mtu 1300", 1));
    apply(&manager, &ApplyOptions::new());
    assert!(entry(&manager).contains("override \"mtu\""), "{}", entry(&manager));
    put(
        &manager,
        "pools/internal.kdl",
        "pool \"internal\" { network \"10.1.0.0/24\"; gateway \"10.1.0.254\"; stub \"stub1\"; vlan 8; mtu 1500; }\n",
    );
    apply(&manager, &ApplyOptions::new());
    assert_eq!(link(&pretend, &vnic), ("stub1:8".to_owned(), "1300".to_owned()));
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
}

#[test]
fn a_net_that_becomes_a_physical_link_lets_its_vnic_go_after_the_reboot() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = running(&pretend);
    edit(&manager, |own| {
        let (before, net) = own.split_once("    net \"internal\" {").unwrap();
        let (_, after) = net.split_once("\n    }\n").unwrap();
        format!("{before}    net \"internal\" {{ physical \"net0\"; address \"none\"; }}\n{after}")
    });
    apply(&manager, &ApplyOptions::new());
    assert!(pretend.run("dladm show-vnic -p -o link").starts_with("web01_0"));
    manager.reboot(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
    assert_eq!(apply(&manager, &ApplyOptions::new()).action, zmgr::Action::Applied);
    assert_eq!(pretend.run("dladm show-vnic -p -o link"), "=0");
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
}

#[test]
fn a_second_change_of_an_ipv4_address_keeps_ipv6_on_omnios() {
    for dialect in [Dialect::OmniOs, Dialect::OpenIndiana] {
        let pretend = sim_machine::new(dialect);
        let manager = manager(&pretend);
        put(
            &manager,
            "pools/internal.kdl",
            "pool \"internal\" { network \"10.1.0.0/24\" { gateway \"10.1.0.1\"; }; network \"2001:db8:1::/64\" { gateway \"fe80::1\"; }; stub \"stub0\"; }\n",
        );
        let template = if dialect == Dialect::OmniOs { "omnios" } else { "oi" };
        let text =
            format!("template \"{template}\" {{ brand \"ipkg\"; net \"internal\" {{ pool \"internal\"; }}; }}\n");
        put(&manager, &format!("templates/{template}.kdl"), &text);
        manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
        for (from, to) in
            [("10.1.0.2/24", "10.1.0.40/24"), ("10.1.0.40/24", "10.1.0.41/24"), ("10.1.0.41/24", "10.1.0.2/24")]
        {
            edit(&manager, |own| own.replacen(from, to, 1));
            apply(&manager, &ApplyOptions::new());
            let text = pretend.run("zonecfg -z web01 info net");
            assert!(text.contains(to) && text.contains("2001:db8:1::"), "{dialect:?} {to}: {text}");
            assert!(diff(&manager).is_empty(), "{}", diff(&manager));
        }
    }
}

#[test]
fn brand_and_zonepath_of_a_built_zone_are_refused_with_the_way_out() {
    for (from, to, what) in [
        ("brand \"nlipkg\"", "brand \"ipkg\"", "brand"),
        ("zonepath \"/zones/web01\"", "zonepath \"/zones/other\"", "zonepath"),
    ] {
        let pretend = sim_machine::new(Dialect::OpenIndiana);
        let manager = running(&pretend);
        edit(&manager, |own| own.replacen(from, to, 1));
        let found = diff(&manager);
        let item = found.zones[0].items.iter().find(|item| item.what == what).unwrap();
        assert!(item.effect == Some(TakesEffect::Never) && item.counts, "{found}");
        let report = manager.apply(&["web01"], &ApplyOptions::new(), &mut run()).unwrap();
        let error = report.error().unwrap();
        assert_eq!(error.code(), Code::WrongState);
        assert!(error.message().contains(what) && !error.message().contains("outside zmgr"), "{error:?}");
        assert!(error.help().unwrap().contains("set") && error.help().unwrap().contains("destroy"), "{error:?}");
        // The zone itself can still be worked with.
        manager.halt(&["web01"], &HaltOptions::new(), &mut run()).unwrap().into_result().unwrap();
        manager.boot(&["web01"], &mut run()).unwrap().into_result().unwrap();
        manager.destroy(&["web01"], &DestroyOptions::new(), &mut run()).unwrap().into_result().unwrap();
    }
}

#[test]
fn a_name_given_twice_is_refused_by_every_operation() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = running(&pretend);
    let twice = ["web01", "web01"];
    let halt = HaltOptions::new();
    let errors = [
        manager.apply(&twice, &ApplyOptions::new(), &mut run().jobs(2)).map(drop),
        manager.plan_apply(&twice, &ApplyOptions::new()).map(drop),
        manager.diff(&twice).map(drop),
        manager.reboot(&twice, &halt, &mut run()).map(drop),
        manager.halt(&twice, &halt, &mut run()).map(drop),
        manager.recover(&twice, &RecoverOptions::new(), &mut run()).map(drop),
        manager.plan_import(&twice, &Default::default()).map(drop),
        manager.destroy(&twice, &DestroyOptions::new(), &mut run()).map(drop),
    ];
    for error in errors {
        assert_eq!(error.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[test]
fn no_field_of_an_approved_plan_can_lie() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = running(&pretend);
    set(&manager, "cpu-shares", "20");
    let plans = [
        manager.plan_apply(&["web01"], &ApplyOptions::new()).unwrap(),
        manager.plan_create(&["web02"], &CreateOptions::new()).unwrap(),
        manager.plan_destroy(&["web01"], &DestroyOptions::new()).unwrap(),
        manager.plan_reinstall(&["web01"], &ReinstallOptions::new()).unwrap(),
    ];
    for plan in plans {
        let json: serde_json::Value = serde_json::from_str(&plan.to_json()).unwrap();
        // From its request it is planned again: another request that comes to the same does the same.
        let paths = leaves(&json["changes"][0], "/changes/0".to_owned());
        for path in paths.into_iter().filter(|path| !path.contains("/request/")) {
            let mut other = json.clone();
            let value = other.pointer_mut(&path).unwrap();
            *value = match &*value {
                serde_json::Value::Bool(yes) => (!yes).into(),
                serde_json::Value::Number(_) => 4321.into(),
                serde_json::Value::String(text) => format!("{text}x").into(),
                _ => "x".into(),
            };
            let Ok(plan) = Plan::from_json(&other.to_string()) else { continue };
            let Err(error) = manager.run(&plan, &mut run()) else { panic!("{path} was believed") };
            let refused = [Code::StalePlan, Code::InvalidArgument, Code::NotFound];
            assert!(refused.contains(&error.code()), "{path}: {error:?}");
        }
    }
    assert_eq!(manager.zones(&Query::new()).unwrap().len(), 1);
}

/// The paths of the values below this one that hold no others.
fn leaves(value: &serde_json::Value, path: String) -> Vec<String> {
    let below = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        serde_json::Value::Object(map) => map.iter().flat_map(|(key, value)| leaves(value, below(key))).collect(),
        serde_json::Value::Array(list) => {
            list.iter().enumerate().flat_map(|(n, value)| leaves(value, below(&n.to_string()))).collect()
        }
        _ => vec![path],
    }
}

#[test]
fn default_routes_of_two_families_go_through_two_nets() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    put(
        &manager,
        "pools/v6.kdl",
        "pool \"v6\" { network \"2001:db8:2::/64\" { gateway \"fe80::1\"; }; stub \"stub0\"; }\n",
    );
    let template = |second: &str| {
        let text = format!(
            "template \"oi\" {{ brand \"nlipkg\"; net \"a\" {{ pool \"internal\"; default-route #true; }}; net \"b\" {{ pool \"{second}\"; default-route #true; }}; }}\n"
        );
        put(&manager, "templates/oi.kdl", &text);
    };
    template("v6");
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
    put(
        &manager,
        "pools/v4.kdl",
        "pool \"v4\" { network \"10.3.0.0/24\"; gateway \"10.3.0.1\"; stub \"stub0\"; vlan 3; }\n",
    );
    template("v4");
    assert_eq!(manager.plan_create(&["z"], &CreateOptions::new()).unwrap_err().code(), Code::Config);
}

#[test]
fn a_domain_without_resolvers_writes_no_resolv_conf() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    put(
        &manager,
        "templates/oi.kdl",
        "template \"oi\" { brand \"nlipkg\"; dns-domain \"example.org\"; net \"internal\" { pool \"internal\"; }; }\n",
    );
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
    assert!(!pretend.dir.path().join("zones/web01/root/etc/resolv.conf").exists());
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
}

#[test]
fn file_systems_on_the_root_and_twice_on_one_directory_are_refused() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    for (fs, code) in [
        ("fs \"/\" special=\"/export\" type=\"lofs\"", Some("bad-value")),
        ("fs \"//\" special=\"/export\" type=\"lofs\"", Some("bad-value")),
        (
            "fs \"/a\" special=\"/export\" type=\"lofs\"; fs \"/a/\" special=\"/export\" type=\"lofs\"",
            Some("contradiction"),
        ),
        (
            "fs \"/a/b\" special=\"/export\" type=\"lofs\"; fs \"/a//b\" special=\"/export\" type=\"lofs\"",
            Some("contradiction"),
        ),
        ("fs \"/a\" special=\"/export\" type=\"lofs\"; fs \"/ab\" special=\"/export\" type=\"lofs\"", None),
    ] {
        put(&manager, "templates/t.kdl", &format!("template \"t\" {{ extends \"oi\"; {fs}; }}\n"));
        let found = manager.check().unwrap();
        let codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
        assert_eq!(
            codes.iter().find(|code| ["bad-value", "contradiction"].contains(code)).copied(),
            code,
            "{fs}: {found:?}"
        );
    }
    // A nearer layer replaces the file system of another, whatever the spelling.
    put(&manager, "templates/t.kdl", "template \"t\" { extends \"u\"; fs \"/a/\" special=\"/x\" type=\"lofs\"; }\n");
    put(&manager, "templates/u.kdl", "template \"u\" { extends \"oi\"; fs \"/a\" special=\"/y\" type=\"lofs\"; }\n");
    let plan = manager.plan_create(&["z"], &CreateOptions::new().template("t"));
    if let Ok(plan) = plan {
        assert!(!plan.to_json().contains("special=\\\"/y"), "{plan}");
    }
}

#[test]
fn order_and_case_are_no_drift() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    put(
        &manager,
        "templates/oi.kdl",
        "template \"oi\" { brand \"nlipkg\"; net \"internal\" { pool \"internal\"; }; fs-allowed \"ufs\" \"pcfs\"; admin \"root\" \"manage\" \"login\"; security-flags default=\"ASLR,noexecstack\"; }\n",
    );
    manager.create("web01", &CreateOptions::new().boot(false), &mut run()).unwrap();
    assert!(diff(&manager).is_empty(), "{}", diff(&manager));
    for command in [
        "set fs-allowed=pcfs,ufs",
        "select admin user=root; set auths=login,manage; end",
        "remove security-flags; add security-flags; set default=noexecstack,aslr; end",
    ] {
        let said = pretend.argv(&["zonecfg", "-z", "web01", command], "");
        assert!(said.ends_with("=0"), "{said}");
        assert!(diff(&manager).is_empty(), "{command}: {}", diff(&manager));
    }
    assert_eq!(apply(&manager, &ApplyOptions::new()).action, zmgr::Action::Unchanged);
}

#[test]
fn a_change_that_zonecfg_drops_is_put_back() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = running(&pretend);
    let before = pretend.run("zonecfg -z web01 export");
    set(&manager, "bootargs", "-v");
    let mut fault = zmgr::Fault::new("zonecfg");
    (fault.exit, fault.times) = (Some(1), Some(1));
    pretend.host.fault(&fault).unwrap();
    let report = manager.apply(&["web01"], &ApplyOptions::new(), &mut run()).unwrap();
    let error = report.error().unwrap();
    assert!(error.message().contains("configured as before"), "{error:?}");
    assert_eq!(pretend.run("zonecfg -z web01 export"), before);
    assert_eq!(pending(&manager), [""; 0]);
    assert_eq!(apply(&manager, &ApplyOptions::new()).action, zmgr::Action::Applied);
}

#[test]
fn destroying_an_imported_zone_says_that_its_vnic_stays() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = manager(&pretend);
    pretend.run("dladm create-vnic -l stub0 db0");
    crate::import::configure(&pretend, "db", "set ip-type=exclusive; add net; set physical=db0; end");
    manager.import(&["db"], &Default::default(), &mut run()).unwrap().into_result().unwrap();
    let plan = manager.plan_destroy(&["db"], &DestroyOptions::new()).unwrap();
    assert!(plan.changes[0].notes.iter().any(|note| note.contains("db0")), "{plan}");
    let report = manager.destroy(&["db"], &DestroyOptions::new(), &mut run()).unwrap();
    assert!(report.outcomes[0].notes.iter().any(|note| note.contains("db0 is kept")), "{report:?}");
    assert!(pretend.run("dladm show-vnic -p -o link").contains("db0"));
}
