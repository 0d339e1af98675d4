//! Edits files in the styles of human authors: everything that is not part of the change is still there, in the same order.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::documents::config::Config;
use crate::documents::pool::{Pool, Strategy as PoolStrategy};
use crate::documents::publisher::Publisher;
use crate::documents::reservation::{Reservation, ReservedAddress};
use crate::documents::resources::{Attr, AttrValue, Resources};
use crate::documents::settings::{EntryNet, Settings};
use crate::documents::template::Template;
use crate::documents::zone::{Applied, EntryState, ZoneEntry};

/// Effect of an edit on existing nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Keeps,
    Removes,
    Moves,
}

/// Style of an author: newlines, indentation, and what is between nodes and between arguments.
#[derive(Debug, Clone)]
struct Style {
    newline: &'static str,
    indent: &'static str,
    bom: bool,
    one_line: bool,
    final_newline: bool,
    /// `}` on the line of the last node.
    tight: bool,
    /// Random choices, used one after another.
    dice: Vec<u8>,
}

fn style() -> impl Strategy<Value = Style> {
    let newline = prop_oneof![
        4 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\u{85}"), 1 => Just("\u{2028}"), 1 => Just("\u{2029}"), 1 => Just("\u{c}"), 1 => Just("\u{b}")
    ];
    let indent = prop_oneof![2 => Just("    "), 2 => Just("  "), 1 => Just("\t"), 1 => Just("        "), 1 => Just(""), 1 => Just(" \u{a0}")];
    (newline, indent, proptest::collection::vec(any::<u8>(), 80), 0..16u8).prop_map(|(newline, indent, dice, bits)| {
        Style {
            newline,
            indent,
            bom: bits & 1 != 0,
            one_line: bits & 2 != 0 && bits & 8 != 0,
            final_newline: bits & 4 == 0,
            tight: bits & 8 != 0,
            dice,
        }
    })
}

/// Writes nodes in a style, with a numbered comment at every place that the dice choose.
struct Writer<'s> {
    style: &'s Style,
    at: usize,
    text: String,
    notes: usize,
}

impl Writer<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.at += 1;
        self.style.dice[self.at % self.style.dice.len()].wrapping_add((self.at / self.style.dice.len()) as u8 * 7)
            % sides
    }

    fn note(&mut self) -> String {
        self.notes += 1;
        format!("note{}.", self.notes)
    }

    /// Returns what separates two entries.
    fn gap(&mut self) {
        match self.roll(9) {
            0 => {
                let note = self.note();
                self.text.push_str(&format!(" /* {note} }} */ "));
            }
            1 => {
                let (note, newline) = (self.note(), self.style.newline);
                self.text.push_str(&format!(" \\ // {note} {{{newline}  "));
            }
            2 => self.text.push_str(&format!(" \\{}\t", self.style.newline)),
            3 => {
                let note = self.note();
                self.text.push_str(&format!(" /- \"{note}\" "));
            }
            4 => self.text.push_str("   "),
            _ => self.text.push(' '),
        }
    }

    /// Returns what precedes a node, on separate lines or on the same line.
    fn before(&mut self, lead: &str) {
        let note = |writer: &mut Self| writer.note();
        let newline = if self.style.one_line { " " } else { self.style.newline };
        let piece = match self.roll(8) {
            0 => format!("/* {} */{newline}", note(self)),
            1 if !self.style.one_line => format!("// {} }}{newline}", note(self)),
            2 => format!("/- attr \"{}\" {{ x }}{}", note(self), if self.style.one_line { "; " } else { newline }),
            3 => {
                format!("x-mine \"{}\" a={{}}", note(self)).replace(" a={}", " a=1")
                    + if self.style.one_line { "; " } else { newline }
            }
            4 if !self.style.one_line => newline.to_owned(),
            _ => return,
        };
        self.text.push_str(&piece);
        if !self.style.one_line {
            self.text.push_str(lead);
        }
    }

    fn word(&mut self, entry: &crate::kdl_util::Entry) -> String {
        let plain = crate::kdl_util::print(&[Node { entries: vec![entry.clone()], ..Node::new("a") }], 0);
        let plain = plain[2..].trim_end().to_owned();
        let bare = |text: &str| text.len() < 9 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
        match (&entry.name, entry.value.as_text()) {
            (None, Some(text))
                if bare(text) && !["true", "false", "null", "inf", "nan"].contains(&text) && self.roll(3) == 0 =>
            {
                text.to_owned()
            }
            (None, Some(text)) if !text.contains(['"', '\n']) && self.roll(4) == 0 => format!("##\"{text}\"##"),
            (None, Some(text)) if !text.contains(['"', '\\', '\n']) && !self.style.one_line && self.roll(6) == 0 => {
                let newline = self.style.newline;
                format!("\"\"\"{newline}  {text}{newline}  \"\"\"")
            }
            (Some(name), _) if self.roll(3) == 0 => plain.replacen(&format!("{name}="), &format!("\"{name}\" = "), 1),
            (Some(name), _) if self.roll(6) == 0 => {
                plain.replacen(&format!("{name}="), &format!("{name} /* */ = \\{}", self.style.newline), 1)
            }
            _ => plain,
        }
    }

    fn nodes(&mut self, nodes: &[Node], level: usize) {
        let lead = self.style.indent.repeat(level);
        for (at, node) in nodes.iter().enumerate() {
            let last = at + 1 == nodes.len();
            if !self.style.one_line {
                self.text.push_str(&lead);
            }
            self.before(&lead);
            self.text.push_str(&node.name);
            for entry in &node.entries {
                self.gap();
                let word = self.word(entry);
                self.text.push_str(&word);
            }
            if let Some(children) = &node.children {
                if self.roll(8) == 0 {
                    let note = self.note();
                    self.text.push_str(&format!(" /-{{ a \"{note}\" }}"));
                }
                let newline = if self.style.one_line { " " } else { self.style.newline };
                let inline = self.roll(5) == 0 && children.iter().all(|child| child.children.is_none());
                if inline && !self.style.one_line {
                    let style = Style { one_line: true, ..self.style.clone() };
                    let mut inner = Writer { style: &style, at: self.at, text: String::new(), notes: self.notes };
                    inner.nodes(children, level + 1);
                    let Writer { text, notes, at, .. } = inner;
                    (self.notes, self.at) = (notes, at);
                    self.text.push_str(&format!(" {{ {} }}", text.trim_end()));
                } else {
                    self.text.push_str(" {");
                    self.text.push_str(newline);
                    self.nodes(children, level + 1);
                    if !self.style.one_line && !self.text.ends_with(' ') {
                        self.text.push_str(&lead);
                    }
                    self.text.push('}');
                }
            }
            let newline = self.style.newline;
            let tight = last && level > 0 && (self.style.tight || self.style.one_line);
            match self.roll(6) {
                0 => {
                    let note = self.note();
                    self.text.push_str(&format!(" ; /* {note} */"));
                }
                1 if !self.style.one_line => {
                    let note = self.note();
                    self.text.push_str(&format!(" // {note}"));
                    self.text.push_str(newline);
                    continue;
                }
                2 => {
                    let note = self.note();
                    self.text.push_str(&format!(" /* {note} */{}", if tight { " " } else { ";" }));
                }
                3 if !self.style.one_line && !last => {
                    self.text.push_str("; ");
                    self.text.push_str(newline);
                    continue;
                }
                4 if !last => {
                    self.text.push_str("; ");
                    continue;
                }
                _ if tight => {}
                _ if self.style.one_line => self.text.push(';'),
                _ => {}
            }
            self.text.push_str(if self.style.one_line || tight { " " } else { newline });
        }
    }
}

/// Returns the text of nodes in a style.
fn written(nodes: &[Node], style: &Style) -> String {
    let mut writer =
        Writer { style, at: 0, text: if style.bom { "\u{feff}".to_owned() } else { String::new() }, notes: 0 };
    writer.nodes(nodes, 0);
    let Writer { mut text, .. } = writer;
    if !style.final_newline {
        text.truncate(text.trim_end_matches(|c: char| c.is_whitespace() || c == '\u{85}').len());
    }
    text
}

/// Returns the numbered comments of a text, in order.
fn notes(text: &str) -> Vec<usize> {
    let numbers = text.split("note").skip(1).filter_map(|rest| rest.split_once('.')?.0.parse().ok());
    numbers.collect()
}

/// Changes a document and checks that everything else is still there.
fn check<T: Kind + std::fmt::Debug>(
    path: &str,
    text: &str,
    change: impl Fn(&mut T),
    effect: Effect,
) -> Result<(), TestCaseError> {
    let parsed = Document::<T>::parse(Path::new(path), text.as_bytes());
    prop_assert!(parsed.is_ok(), "{:?}\n{}", parsed.err().map(|error| error.details().to_vec()), text);
    let document = parsed.unwrap();
    let mut value = document.value.clone();
    change(&mut value);
    let after = document.with(value.clone());
    prop_assert!(after.is_ok(), "{:?}\n{}", after.err().map(|error| error.details().to_vec()), text);
    let after = after.unwrap();
    prop_assert!(all_same(&after.value.encode(), &value.encode()), "{}\n---\n{}", text, after.text());
    let (before, now) = (notes(text), notes(after.text()));
    if effect == Effect::Keeps {
        prop_assert_eq!(&before, &now, "{}\n---\n{}", text, after.text());
    } else {
        let (mut sorted, moved) = (now.clone(), effect == Effect::Moves);
        sorted.sort_unstable();
        // The content of a removed node is removed with it; nothing is duplicated, and what does not move keeps its order.
        prop_assert!(
            sorted.windows(2).all(|two| two[0] != two[1]) && (moved || sorted == now),
            "{:?}\n{}\n---\n{}",
            now,
            text,
            after.text()
        );
    }
    let again = Document::<T>::parse(Path::new(path), after.text().as_bytes()).unwrap().with(value).unwrap();
    prop_assert_eq!(again.text(), after.text());
    // Edits add no other kind of newline.
    if !text.contains('\n') {
        prop_assert!(
            !after.text().contains('\n') || !text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}']),
            "{:?}",
            after.text()
        );
    }
    Ok(())
}

fn zone() -> ZoneEntry {
    let text = r#"zone "web01" {
        format 1; id "5f0c9d1e7a3b4c2d8e6f0a1b2c3d4e5f"; template oi; zonepath "/zones/web01"; state "ready"
        created "2026-03-22T12:14:09Z"; origin "create"
        net "a" { pool p; address "10.0.0.5/24" gateway="10.0.0.1"; address "2001:db8::5/64"; vnic a0; mtu 1400; link-property maxbw "100M"; link-property "priority" high }
        net "b" { physical e0; address none }
        autoboot #true; tag web prod; resolver "9.9.9.9" "8.8.8.8"
        attr owner alice; attr "n" -3; attr u 3 type=uint; fs "/a" special="/b" type=lofs { options rw nodevices }
        capped-memory physical="2G" swap="4G"; rctl "zone.max-lofi" { value priv=privileged limit=10 action=deny }
        setup { hostname w; ssh-key "/k" "/l" }; install { package x y }
        without attr env
        applied { net "a" { vnic a0 }; brand ipkg }
        foreign { line "set a=b" }
    }"#;
    Document::<ZoneEntry>::parse(Path::new("web01.kdl"), text.as_bytes()).unwrap().value
}

type Edit<T> = (&'static str, Effect, fn(&mut T));

fn resources(zone: &mut ZoneEntry) -> &mut Resources {
    &mut zone.settings.resources
}

/// Changes, and whether they remove nodes.
const ZONE_EDITS: &[Edit<ZoneEntry>] = &[
    ("state", Effect::Keeps, |z| z.state = Some(EntryState::Creating { step: "boot".into(), undo: true })),
    ("destroying", Effect::Keeps, |z| z.state = Some(EntryState::Destroying { step: "halt".into() })),
    ("no state", Effect::Removes, |z| z.state = None),
    ("brand", Effect::Keeps, |z| z.settings.brand = Some("lipkg".to_owned().into())),
    ("tags", Effect::Removes, |z| z.settings.tags = Some(vec!["blue".to_owned()].into())),
    ("more tags", Effect::Keeps, |z| {
        z.settings.tags = Some(["web", "new", "prod", "last"].map(str::to_owned).to_vec().into())
    }),
    ("no tags", Effect::Removes, |z| z.settings.tags = None),
    ("attr", Effect::Keeps, |z| resources(z).attrs[0].value.value = AttrValue::String("bob".into())),
    ("uint", Effect::Keeps, |z| resources(z).attrs[2].value.value = AttrValue::Uint(6)),
    ("new attr", Effect::Keeps, |z| resources(z).attrs.push(Attr::text("new", "x").into())),
    ("no attr", Effect::Removes, |z| drop(resources(z).attrs.remove(1))),
    ("attrs turned", Effect::Moves, |z| resources(z).attrs.reverse()),
    ("memory", Effect::Keeps, |z| {
        resources(z).capped_memory.as_mut().unwrap().value.physical = Some("3G".parse().unwrap())
    }),
    ("no swap", Effect::Keeps, |z| resources(z).capped_memory.as_mut().unwrap().value.swap = None),
    ("options", Effect::Keeps, |z| resources(z).fs[0].value.options.push("nosuid".into())),
    ("address", Effect::Keeps, |z| z.nets[0].addresses[0] = NetAddress::new("10.0.0.6/24".parse().unwrap(), None)),
    ("no address", Effect::Removes, |z| z.nets[0].addresses = z.nets[0].addresses.split_off(1)),
    ("managed", Effect::Keeps, |z| z.nets[0].managed = true),
    ("mac", Effect::Keeps, |z| z.nets[1].mac = Some("2:8:20:1:2:3".parse().unwrap())),
    ("new net", Effect::Keeps, |z| {
        z.nets.insert(1, EntryNet { vnic: Some("c0".parse().unwrap()), ..EntryNet::new("c") })
    }),
    ("no net", Effect::Removes, |z| drop(z.nets.remove(0))),
    ("nets turned", Effect::Moves, |z| z.nets.reverse()),
    ("resolvers", Effect::Removes, |z| z.settings.resolvers = Some(vec!["1.1.1.1".parse().unwrap()].into())),
    ("applied", Effect::Keeps, |z| {
        let settings = Settings { autoboot: Some(true.into()), ..Settings::default() };
        z.applied.get_or_insert_with(|| Box::new(Applied::default())).settings.autoboot = settings.autoboot;
    }),
    ("uuid", Effect::Keeps, |z| z.uuid = Some("2f8a6c1e-4b7d-4c39-9a10-5d2e8f7b6c44".into())),
    ("cpu", Effect::Keeps, |z| resources(z).cpu_shares = Some(5.into())),
    ("timezone", Effect::Keeps, |z| z.settings.setup.timezone = Some("UTC".to_owned().into())),
    ("foreign", Effect::Removes, |z| z.foreign.clear()),
];

use crate::value::address::NetAddress;

const POOL: &str = r#"pool "internal" {
    network "10.1.0.0/24"; gateway "10.1.0.1"; stub "stub0"
    range "10.1.0.10" "10.1.0.50"; range "10.1.0.60" "10.1.0.250"; exclude "10.1.0.53" "10.1.0.100-10.1.0.120"
    reserve "10.1.0.20" for=db01; network "2001:db8:1::/64" { gateway "fe80::1"; range "2001:db8:1::10" "2001:db8:1::ffff" }
    vlan 20; mtu 9000; resolver "10.1.0.53"; strategy lowest
}"#;

const POOL_EDITS: &[Edit<Pool>] = &[
    ("gateway", Effect::Keeps, |p| p.networks[0].gateway = Some("10.1.0.2".parse().unwrap())),
    ("gateway of v6", Effect::Keeps, |p| p.networks[1].gateway = Some("fe80::2".parse().unwrap())),
    ("range", Effect::Keeps, |p| p.networks[0].ranges[0].1 = "10.1.0.40".parse().unwrap()),
    ("no range", Effect::Removes, |p| p.networks[0].ranges = p.networks[0].ranges.split_off(1)),
    ("new range", Effect::Keeps, |p| {
        p.networks[0].ranges.push(("10.1.0.3".parse().unwrap(), "10.1.0.4".parse().unwrap()))
    }),
    ("exclude", Effect::Keeps, |p| {
        p.networks[0].excludes.push(("10.1.0.7".parse().unwrap(), "10.1.0.7".parse().unwrap()))
    }),
    ("no exclude", Effect::Removes, |p| p.networks[0].excludes = p.networks[0].excludes.split_off(1)),
    ("reserve", Effect::Keeps, |p| p.networks[0].reserves[0].1 = "db02".into()),
    ("new reserve", Effect::Keeps, |p| p.networks[1].reserves.push(("2001:db8:1::20".parse().unwrap(), "x".into()))),
    ("strategy", Effect::Keeps, |p| p.strategy = PoolStrategy::Next),
    ("mtu", Effect::Keeps, |p| p.mtu = Some(1500.into())),
    ("no network", Effect::Removes, |p| drop(p.networks.remove(1))),
    ("resolvers", Effect::Removes, |p| p.resolvers.clear()),
];

/// Returns the tree of a text without the author's additions.
fn tree(text: &str) -> Vec<Node> {
    kdl_util::parse(text.as_bytes()).nodes.unwrap()
}

fn config() -> ProptestConfig {
    let cases = if option_env!("ZMGR_SOAK").is_some() { 20_000 } else { 150 };
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_algorithm: prop::test_runner::RngAlgorithm::ChaCha,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_zone_in_any_style(style in style(), edit in 0..ZONE_EDITS.len()) {
        let text = written(&zone().encode(), &style);
        let (_, effect, change) = ZONE_EDITS[edit];
        check::<ZoneEntry>("web01.kdl", &text, change, effect)?;
    }

    #[test]
    fn several_changes_in_any_style(style in style(), edits in proptest::sample::subsequence((0..ZONE_EDITS.len()).collect::<Vec<_>>(), 2..5)) {
        let text = written(&zone().encode(), &style);
        // Changes that need something that an earlier one removed are left out.
        let change = |z: &mut ZoneEntry| for edit in &edits {
            let mut next = z.clone();
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| ZONE_EDITS[*edit].2(&mut next))).is_ok() { *z = next; }
        };
        check::<ZoneEntry>("web01.kdl", &text, change, Effect::Moves)?;
    }

    #[test]
    fn a_pool_in_any_style(style in style(), edit in 0..POOL_EDITS.len()) {
        let text = written(&tree(POOL), &style);
        let (_, effect, change) = POOL_EDITS[edit];
        check::<Pool>("internal.kdl", &text, change, effect)?;
    }

    #[test]
    fn other_files_in_any_style(style in style()) {
        let text = written(&tree("template oi { extends base; brand ipkg; pool internal; attr env prod; fs-allowed ufs pcfs; tag a; tag b }"), &style);
        check::<Template>("oi.kdl", &text, |t| t.settings.brand = Some("lipkg".to_owned().into()), Effect::Keeps)?;
        check::<Template>("oi.kdl", &text, |t| t.nets[0].default_route = Some(false), Effect::Removes)?;
        check::<Template>("oi.kdl", &text, |t| t.settings.tags.as_mut().unwrap().value.insert(1, "c".into()), Effect::Keeps)?;
        let text = written(&tree("zonepath-prefix \"/z\"; lock-timeout 60; timeouts install=100 boot=600; defaults { resolver \"9.9.9.9\"; dns-domain \"example.org\" }"), &style);
        check::<Config>("config.kdl", &text, |c| c.timeouts.boot = std::time::Duration::from_secs(9), Effect::Keeps)?;
        check::<Config>("config.kdl", &text, |c| c.log_dir = "/l".into(), Effect::Keeps)?;
        check::<Config>("config.kdl", &text, |c| c.defaults.autoboot = Some(true.into()), Effect::Keeps)?;
        check::<Config>("config.kdl", &text, |c| c.lock_timeout = std::time::Duration::from_secs(30), Effect::Removes)?;
        let text = written(&tree("publisher p { origin \"https://a/x\" \"https://b/x\"; mirror \"https://c/x\"; sticky #true }"), &style);
        check::<Publisher>("p.kdl", &text, |p| p.origins.insert(1, "https://d/x".into()), Effect::Keeps)?;
        check::<Publisher>("p.kdl", &text, |p| p.sticky = false, Effect::Keeps)?;
        check::<Publisher>("p.kdl", &text, |p| drop(p.origins.remove(0)), Effect::Removes)?;
        let text = written(&tree("reservation printer { format 1; address \"10.1.0.30\" pool=internal; address \"10.1.0.31\" pool=internal }"), &style);
        check::<Reservation>("printer.kdl", &text, |r| r.addresses.push(ReservedAddress::new("10.1.0.9".parse().unwrap(), "internal".parse().unwrap())), Effect::Keeps)?;
        check::<Reservation>("printer.kdl", &text, |r| drop(r.addresses.remove(0)), Effect::Removes)?;
    }
}

/// The expected text is known here.
#[test]
fn the_text_after_an_edit() {
    type Case = (&'static str, fn(&mut ZoneEntry), &'static str);
    let tags: fn(&mut ZoneEntry) = |z| z.settings.tags = Some(vec!["blue".to_owned()].into());
    let boot: fn(&mut ZoneEntry) = |z| z.settings.autoboot = Some(true.into());
    let net: fn(&mut ZoneEntry) = |z| z.nets.push(EntryNet { vnic: Some("c0".parse().unwrap()), ..EntryNet::new("c") });
    let cases: &[Case] = &[
        (
            "zone \"web01\" { template \"oi\"; x-owner \"bob\"; tag \"web\"; tag \"prod\" }",
            tags,
            "zone \"web01\" { template \"oi\"; x-owner \"bob\"; tag \"blue\"; }",
        ),
        (
            "zone web01 {\n  tag \"a\"; /* why */\n  tag \"b\" // and b\n}\n",
            tags,
            "zone web01 {\n  tag \"blue\"; /* why */\n  // and b\n}\n",
        ),
        ("zone web01 {\n  template oi\n}\n", boot, "zone web01 {\n  template oi\n  autoboot #true\n}\n"),
        ("zone web01 {\r  template oi\r}\r", boot, "zone web01 {\r  template oi\r  autoboot #true\r}\r"),
        ("zone web01 {\n  template oi }", boot, "zone web01 {\n  template oi\n  autoboot #true }"),
        ("zone web01 {\n  template oi }", net, "zone web01 {\n  template oi\n  net \"c\" {\n    vnic \"c0\"\n  } }"),
        ("zone web01 {}", boot, "zone web01 {\n    format 1\n    autoboot #true\n}"),
        ("zone web01 { /- x }", boot, "zone web01 { format 1; autoboot #true; /- x }"),
    ];
    for (text, change, expected) in cases {
        let document = Document::<ZoneEntry>::parse(Path::new("web01.kdl"), text.as_bytes()).unwrap();
        let mut value = document.value.clone();
        change(&mut value);
        assert_eq!(
            document.with(value).unwrap().text(),
            expected.replace("format 1; ", "").replace("    format 1\n", "")
        );
    }
}
