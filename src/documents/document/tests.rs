mod human;

use std::path::Path;

use super::*;
use crate::documents::config::Config;
use crate::documents::pool::Pool;
use crate::documents::publisher::Publisher;
use crate::documents::reservation::Reservation;
use crate::documents::template::Template;
use crate::documents::zone::{EntryState, ZoneEntry};

fn read<T: Kind>(path: &str, text: &str) -> Document<T> {
    match Document::parse(Path::new(path), text.as_bytes()) {
        Ok(document) => document,
        Err(error) => panic!("{error}\n{:#?}", error.details()),
    }
}

/// Written from scratch, it has the same value.
fn holds<T: Kind>(path: &str, text: &str) -> Document<T> {
    let document = read::<T>(path, text);
    let again = Document::create(Path::new(path), document.value.clone()).unwrap();
    assert_eq!(read::<T>(path, again.text()).text(), again.text());
    document
}

const ZONE: &str = r#"// front web server; ask alice before you touch it
zone "web01" {
    format 1
    id "5f0c9d1e7a3b4c2d8e6f0a1b2c3d4e5f"
    template "oi"
    brand   "nlipkg"   // never linked
    zonepath "/zones/web01"
    state "ready"
    created "2026-03-22T12:14:09Z"; origin "create"

    /* the only net */
    net "internal" {
        pool "internal"
        address "10.1.0.10/24" gateway="10.1.0.1" // from the old host
        address "2001:db8:1::10/64" gateway="fe80::1"
        vnic "web01_0"; stub "stub0"; vlan 20; mtu 9000
        mac "2:8:20:7d:1e:9f"
        managed #true
    }
    attr "owner" "alice"
    x-note "kept" { anything #null }
    /- attr "old" "gone"
    applied { brand "nlipkg"; net "internal" { vnic "web01_0" } }
    foreign { line "<device match=\"/dev/fuse\"><net-attr name=\"mode\" value=\"ro\"/></device>" }
}
"#;

#[test]
fn the_examples_of_every_kind() {
    holds::<Config>(
        "config.kdl",
        r#"zonepath-prefix "/zones"
default-template "oi"
lock-timeout 30                  // seconds
on-failure "keep"
vnic-name "vn_{zone}_{index}"
timeouts install=3600 boot=600 shutdown=130
log-dir "/var/log/zmgr"
defaults { resolver "9.9.9.9"; dns-domain "example.org" }
"#,
    );
    let template = holds::<Template>(
        "oi.kdl",
        r#"template "oi" {
    extends "base"
    brand "nlipkg"
    autoboot #true
    ip-type "exclusive"
    net "internal" { pool "internal" }
    net "storage" { pool "backend"; default-route #false }
    net "raw" { physical "e1000g1"; address "none" }
    install { publisher "openindiana.org"; package "editor/vim" }
    capped-memory physical="2G" swap="4G"
    fs "/data" special="/export/{zone}" type="lofs" { options "rw" }
    attr "env" "prod"
    setup { hostname "{zone}"; ssh-key "/etc/zmgr/keys/ops.pub"; timezone "UTC" }
    tag "web"
    protected #false
    zonecfg "set fs-allowed=ufs"
}
"#,
    );
    assert_eq!(template.value.nets.len(), 3);
    let pool = holds::<Pool>(
        "internal.kdl",
        r#"pool "internal" {
    network "10.1.0.0/24"
    gateway "10.1.0.1"
    stub "stub0"
    range "10.1.0.10" "10.1.0.250"
    exclude "10.1.0.53" "10.1.0.100-10.1.0.120"
    reserve "10.1.0.20" for="db01"
    network "2001:db8:1::/64" { gateway "fe80::1"; range "2001:db8:1::10" "2001:db8:1::ffff" }
    vlan 20
    mtu 9000
    resolver "10.1.0.53"
    strategy "lowest"
}
"#,
    );
    assert_eq!(pool.value.networks[0].excludes.len(), 2);
    assert_eq!(pool.value.networks[1].gateway, Some("fe80::1".parse().unwrap()));
    let zone = holds::<ZoneEntry>("web01.kdl", ZONE);
    assert_eq!(zone.value.nets[0].addresses.len(), 2);
    assert_eq!(zone.value.nets[0].source.line, 12);
    holds::<Publisher>(
        "openindiana.org.kdl",
        r#"publisher "openindiana.org" {
    origin "https://pkg.example/hipster"
    mirror "https://mirror.example/hipster"
    sticky #true
    ssl-cert "/etc/zmgr/ssl/x.pem"; ssl-key "/etc/zmgr/ssl/x.key"
}
"#,
    );
    let held = holds::<Reservation>(
        "printer.kdl",
        r#"reservation "printer" { format 1; id "5f0c9d1e7a3b4c2d8e6f0a1b2c3d4e5f"; created "2026-03-22T12:14:09Z"; address "10.1.0.30" pool="internal" }"#,
    );
    assert_eq!(held.value.addresses.len(), 1);
}

/// Returns the lines that differ, as `-` and `+`.
fn diff(before: &str, after: &str) -> Vec<String> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same_head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let same_tail = a[same_head..].iter().rev().zip(b[same_head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let gone = a[same_head..a.len() - same_tail].iter().map(|line| format!("-{line}"));
    let come = b[same_head..b.len() - same_tail].iter().map(|line| format!("+{line}"));
    gone.chain(come).collect()
}

#[test]
fn one_change_is_one_line() {
    let zone = read::<ZoneEntry>("web01.kdl", ZONE);
    let changed = |change: &dyn Fn(&mut ZoneEntry)| {
        let mut value = zone.value.clone();
        change(&mut value);
        let after = zone.with(value).unwrap();
        diff(zone.text(), after.text())
    };
    assert_eq!(changed(&|_| {}), Vec::<String>::new());
    let unfinished = changed(&|z| z.state = Some(EntryState::Creating { step: "vnic".into(), undo: true }));
    assert_eq!(
        [&unfinished[0], &unfinished[5], &unfinished[6], &unfinished[11]],
        ["-    format 1", r#"-    state "ready""#, "+    format 3", r#"+    state "creating" step="vnic" undo=#true"#]
    );
    assert_eq!(
        changed(&|z| z.settings.brand = Some("ipkg".to_owned().into())),
        [r#"-    brand   "nlipkg"   // never linked"#, r#"+    brand   "ipkg"   // never linked"#]
    );
    assert_eq!(changed(&|z| z.uuid = Some("2f8a6c1e-4b7d-4c39-9a10-5d2e8f7b6c44".into())).len(), 1);
    assert_eq!(
        changed(&|z| z.nets[0].mac = Some("2:8:20:1:2:3".parse().unwrap())),
        [r#"-        mac "2:8:20:7d:1e:9f""#, r#"+        mac "2:8:20:1:2:3""#]
    );
    assert_eq!(
        changed(&|z| z.nets[0].addresses[0].gateway = None),
        [
            r#"-        address "10.1.0.10/24" gateway="10.1.0.1" // from the old host"#,
            r#"+        address "10.1.0.10/24" // from the old host"#
        ]
    );
    assert_eq!(
        changed(&|z| z.nets[0].mtu = None),
        [
            r#"-        vnic "web01_0"; stub "stub0"; vlan 20; mtu 9000"#,
            r#"+        vnic "web01_0"; stub "stub0"; vlan 20;"#
        ]
    );
    assert_eq!(
        changed(&|z| {
            z.nets[0].addresses.remove(0);
        }),
        [
            r#"-        address "10.1.0.10/24" gateway="10.1.0.1" // from the old host"#,
            r#"+        // from the old host"#
        ]
    );
    assert_eq!(changed(&|z| z.settings.autoboot = Some(true.into())), ["+    autoboot #true"]);
    assert_eq!(
        changed(&|z| z.foreign.clear()),
        [r#"-    foreign { line "<device match=\"/dev/fuse\"><net-attr name=\"mode\" value=\"ro\"/></device>" }"#]
    );
}

#[test]
fn the_older_form_of_a_zone() {
    let text = "zone \"a\" {\n    // by hand\n    template \"oi\"\n    address \"10.0.0.5/24\"\n    gateway \"10.0.0.1\"\n    vnic \"a0\"\n    stub \"stub0\"\n}\n";
    let zone = read::<ZoneEntry>("a.kdl", text);
    let net = &zone.value.nets[0];
    assert_eq!((net.name.as_str(), net.addresses[0].gateway), ("default", Some("10.0.0.1".parse().unwrap())));
    let mut value = zone.value.clone();
    value.state = Some(EntryState::Ready);
    let same_nets = zone.with(value.clone()).unwrap();
    assert_eq!(diff(text, same_nets.text()), ["+    state \"ready\""]);
    value.nets[0].managed = true;
    let new_nets = zone.with(value).unwrap();
    assert!(
        new_nets.text().contains("net \"default\" {")
            && !new_nets.text().contains("    address \"10.0.0.5/24\"\n    gateway")
    );
    assert!(new_nets.text().contains("// by hand"), "{}", new_nets.text());
}

#[test]
fn a_newer_format_is_read_for_its_core_and_not_changed() {
    let text = "zone \"a\" {\n  format 7\n  id \"5f0c9d1e7a3b4c2d8e6f0a1b2c3d4e5f\"\n  state \"frozen-solid\" depth=3\n  wonder \"x\" { y }\n  net \"n\" { address \"10.0.0.5/24\" metric=5; vnic \"a0\"; colour \"red\" }\n}\n";
    let zone = read::<ZoneEntry>("a.kdl", text);
    assert!(zone.value.is_newer());
    assert_eq!(zone.value.nets[0].addresses[0].address.to_string(), "10.0.0.5/24");
    let mut value = zone.value.clone();
    value.state = None;
    let error = zone.with(value).unwrap_err();
    assert!(error.message().contains("newer zmgr"), "{error}");
    let bad = text.replace("10.0.0.5/24", "10.0.0.555/24");
    assert!(Document::<ZoneEntry>::parse(Path::new("a.kdl"), bad.as_bytes()).is_err());
}

#[test]
fn of_a_newer_file_the_applied_addresses_are_held_too() {
    let text = "zone \"a\" {\n  format 7\n  state \"ready\"\n  net \"n\" { address \"by-magic\"; vnic \"a0\" }\n  applied {\n    net \"n\" { address \"10.0.0.5/24\"; vnic \"a0\" }\n    wonder { }\n  }\n}\n";
    let zone = read::<ZoneEntry>("a.kdl", text);
    assert!(zone.value.is_newer() && zone.value.nets[0].addresses.is_empty());
    let applied = zone.value.applied.clone().unwrap();
    assert_eq!(applied.nets[0].addresses[0].address.to_string(), "10.0.0.5/24");
    let bad = text.replace("10.0.0.5/24", "10.0.0.555/24");
    assert!(Document::<ZoneEntry>::parse(Path::new("a.kdl"), bad.as_bytes()).is_err());
}

#[test]
fn a_node_that_people_add_raises_the_format_of_the_entry() {
    let text = "zone \"a\" {\n    format 1\n    state \"ready\"\n    after \"db\"\n    autoboot #true\n}\n";
    let zone = read::<ZoneEntry>("a.kdl", text);
    let mut value = zone.value.clone();
    value.settings.autoboot = None;
    let changed = zone.with(value).unwrap();
    assert_eq!(changed.text(), "zone \"a\" {\n    format 3\n    state \"ready\"\n    after \"db\"\n}\n");
    let without = read::<ZoneEntry>("a.kdl", &text.replace("    format 1\n", ""));
    let mut value = without.value.clone();
    value.settings.autoboot = None;
    assert!(without.with(value).unwrap().text().contains("format 3"));
}

/// A missing node is reported beside a syntax error, unless it may be in the part that could not be read.
#[test]
fn a_syntax_error_hides_only_what_it_may_hide() {
    let codes = |text: &str| {
        let error = Document::<Publisher>::parse(Path::new("p.kdl"), text.as_bytes()).unwrap_err();
        error.details().iter().map(|detail| detail.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(codes("publisher \"p\" {\n    sticky true\n}\n"), ["missing-node", "kdl1-keyword"]);
    assert_eq!(codes("publisher \"p\" {\n    origin \"https://a\n}\n"), ["unclosed-string"]);
    assert_eq!(codes("publisher \"p\" {\n    x-a { b \"c\n }\n}\n"), ["missing-node", "unclosed-string"]);
}

/// Files of nearly 1 MiB that once took minutes.
#[test]
fn large_files_are_read_in_linear_time() {
    let begun = std::time::Instant::now();
    let zone = |body: String| format!("zone \"web01\" {{\n{body}}}\n");
    let attrs: String = (0..40_000).map(|n| format!("attr \"n{n}\" \"v\"\n")).collect();
    let document = read::<ZoneEntry>("web01.kdl", &zone(attrs));
    let mut value = document.value.clone();
    value.settings.resources.attrs.remove(7);
    value.settings.resources.attrs.reverse();
    assert_eq!(
        document.with(value.clone()).unwrap().value.settings.resources.attrs.len(),
        value.settings.resources.attrs.len()
    );
    let properties: String = (0..90_000).map(|n| format!("p{n}=1 ")).collect();
    for body in [format!("capped-memory {properties}\n"), "aa;".repeat(200_000), ";".repeat(500_000)] {
        let error = Document::<ZoneEntry>::parse(Path::new("web01.kdl"), zone(body).as_bytes()).unwrap_err();
        assert!(error.details().len() <= 102, "{}", error.details().len());
    }
    // A message may quote a word that is as long as the file.
    for word in ["1".repeat(900_000), format!("0x{}", "f".repeat(900_000)), format!("\"{}\"", "z".repeat(900_000))] {
        let body = format!("autoboot {word}\n");
        let error = Document::<ZoneEntry>::parse(Path::new("web01.kdl"), zone(body).as_bytes()).unwrap_err();
        let texts = error.details().iter().flat_map(|detail| [Some(&detail.message), detail.help.as_ref()]).flatten();
        assert!(texts.map(String::len).chain([error.message().len()]).all(|length| length < 5_000), "{}", word.len());
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(300), "{:?}", begun.elapsed());
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::documents::settings::EntryNet;
    use crate::value::source::Sourced;

    /// Lines of a zone's body that can be combined freely.
    const LINES: &[&str] = &[
        "format 1",
        "id \"5f0c9d1e7a3b4c2d8e6f0a1b2c3d4e5f\"",
        "template   \"oi\"   // as the others",
        "zonepath \"/zones/web01\"",
        "state \"ready\"",
        "uuid \"2f8a6c1e-4b7d-4c39-9a10-5d2e8f7b6c44\"",
        "created \"2026-03-22T12:14:09Z\"",
        "origin \"create\"",
        "autoboot #true",
        "attr \"owner\" \"alice\"",
        "attr \"n\" -3",
        "attr \"u\" 3 type=\"uint\"",
        "tag \"a\" \"b\"",
        "tag \"c\"",
        "fs \"/a\" type=\"lofs\" special=\"/b\" { options \"rw\"; options \"ro\" }",
        "dataset \"tank/x\"",
        "capped-memory swap=\"4096M\" physical=\"2048M\"",
        "rctl \"zone.max-lofi\" { value limit=10 }",
        "setup { timezone \"UTC\"; ssh-key \"/k\" }",
        "install { package \"x\"; package \"y\" }",
        "foreign { line \"set x=\\\"y\\\"\" }",
        "net \"a\" { pool \"p\"; address \"10.0.0.5/24\" gateway=\"10.0.0.1\"; vnic \"a0\" }",
        "net \"b\" {\n        // the second\n        physical \"e0\"\n        address \"none\"\n    }",
        "net \"c\" { stub \"s0\"; managed #true; mac \"2:8:20:1:2:3\"\n    }",
        "x-mine { \"kept\" as=\"it is\" }",
        "/- attr \"gone\" \"x\"",
        "// a note",
        "/* a longer\n       note */",
        "",
    ];

    fn zone_text() -> impl Strategy<Value = String> {
        let lines = proptest::sample::subsequence(LINES.to_vec(), 0..=LINES.len()).prop_shuffle();
        (lines, any::<bool>(), prop_oneof![Just("    "), Just("\t"), Just(" ")]).prop_map(|(lines, last, indent)| {
            let body: String = lines.iter().map(|line| format!("{indent}{line}\n")).collect();
            format!("// head\n\nzone \"web01\" {{\n{body}}}{}", if last { "\n// foot\n" } else { "" })
        })
    }

    type Edit = (&'static str, fn(&mut ZoneEntry));

    /// Single changes, each of one line.
    const EDITS: &[Edit] = &[
        ("state", |z| z.state = Some(EntryState::Destroying { step: "halt".into() })),
        ("no state", |z| z.state = None),
        ("uuid", |z| z.uuid = Some("00000000-4b7d-4c39-9a10-5d2e8f7b6c44".into())),
        ("no uuid", |z| z.uuid = None),
        ("brand", |z| z.settings.brand = Some("lipkg".to_owned().into())),
        ("autoboot", |z| z.settings.autoboot = Some(false.into())),
        ("zonepath", |z| z.zonepath = Some(Sourced::from("/tank/x".to_owned()))),
        ("no attr", |z| z.settings.resources.attrs.truncate(z.settings.resources.attrs.len().saturating_sub(1))),
        ("gateway", |z| {
            for net in z.nets.iter_mut().take(1) {
                for address in &mut net.addresses {
                    address.gateway = Some("10.0.0.9".parse().unwrap());
                }
            }
        }),
        ("mtu", |z| z.nets.iter_mut().take(1).for_each(|net| net.mtu = Some(1400))),
        ("managed", |z| z.nets.iter_mut().take(1).for_each(|net| net.managed = true)),
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_read_is_written_is_read(text in zone_text()) {
            let zone = read::<ZoneEntry>("web01.kdl", &text);
            let again = Document::create(Path::new("web01.kdl"), zone.value.clone()).unwrap();
            prop_assert_eq!(&again.value, &zone.value, "{}", again.text());
        }

        #[test]
        fn a_single_change_is_a_single_line(text in zone_text(), edit in 0..EDITS.len()) {
            let zone = read::<ZoneEntry>("web01.kdl", &text);
            let mut value = zone.value.clone();
            EDITS[edit].1(&mut value);
            let after = zone.with(value.clone()).unwrap();
            // A word that needs a newer format raises the entry's.
            value.format = after.value.format;
            prop_assert_eq!(&after.value, &value);
            let without_format = |text: &str| {
                let lines = text.lines().filter(|line| !line.trim_start().starts_with("format "));
                lines.map(|line| format!("{line}\n")).collect::<String>()
            };
            let lines = diff(&without_format(zone.text()), &without_format(after.text()));
            let gone = lines.iter().filter(|line| line.starts_with('-')).count();
            // An empty block opens onto separate lines.
            prop_assert!(gone <= 1 && lines.len() - gone <= 1, "{} {lines:#?}\n{text}", EDITS[edit].0);
        }

        #[test]
        fn several_changes_at_once_keep_the_notes(text in zone_text(), edits in proptest::collection::vec(0..EDITS.len(), 1..6), nets in 0usize..4) {
            let zone = read::<ZoneEntry>("web01.kdl", &text);
            let mut value = zone.value.clone();
            for edit in edits {
                EDITS[edit].1(&mut value);
            }
            value.nets.truncate(nets);
            value.nets.insert(0, EntryNet { vnic: Some("new0".parse().unwrap()), ..EntryNet::new("new") });
            let after = zone.with(value.clone()).unwrap();
            value.format = after.value.format;
            prop_assert_eq!(&after.value, &value);
            for note in ["// head", "// foot", "x-mine {", "/- attr", "// a note", "/* a longer"] {
                prop_assert_eq!(zone.text().contains(note), after.text().contains(note), "{} {}", note, after.text());
            }
        }
    }
}
