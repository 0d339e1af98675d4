//! Text that people wrote stays, whatever zmgr does: comments, nodes of their own and nodes that are commented out are still there, in the
//! same order, after `create`, `apply`, `set`, `import`, `reinstall` and `recover`.

use std::fs;

use proptest::prelude::*;
use zmgr::{
    ApplyOptions, CreateOptions, Dialect, ImportOptions, Manager, RecoverOptions, ReinstallOptions, RunOptions,
};

use crate::import::configure;
use crate::sim_machine;

/// Style of an author: the newline, the indentation, blocks on one line, and the text between nodes.
#[derive(Debug, Clone)]
struct Style {
    newline: &'static str,
    indent: &'static str,
    one_line: bool,
    tight: bool,
    dice: Vec<u8>,
}

fn style() -> impl Strategy<Value = Style> {
    let newline =
        prop_oneof![4 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\u{85}"), 1 => Just("\u{2028}")];
    let indent = prop_oneof![Just("    "), Just("  "), Just("\t"), Just("")];
    (newline, indent, prop::bool::weighted(0.2), any::<bool>(), prop::collection::vec(any::<u8>(), 40))
        .prop_map(|(newline, indent, one_line, tight, dice)| Style { newline, indent, one_line, tight, dice })
}

/// Writes a node with these children, each with something of the author's own beside it.
fn written(head: &str, children: &[&str], style: &Style) -> String {
    let mut notes = 0;
    let mut rolls = style.dice.iter().cycle();
    let mut note = |before: &str, after: &str| {
        notes += 1;
        format!("{before}note{notes}.{after}")
    };
    let lead = if style.one_line { "" } else { style.indent };
    let newline = if style.one_line { " " } else { style.newline };
    let mut text = match style.one_line {
        true => String::new(),
        false => note("// ", style.newline),
    };
    text.push_str(&format!("{head} {{{newline}"));
    for (n, child) in children.iter().enumerate() {
        let end = if style.one_line { "; " } else { newline };
        match rolls.next().unwrap() % 6 {
            0 => text.push_str(&note(&format!("{lead}/* "), &format!(" }} */{newline}"))),
            1 if !style.one_line => text.push_str(&note(&format!("{lead}// "), style.newline)),
            2 => text.push_str(&note(&format!("{lead}x-mine \""), &format!("\" a=1{end}"))),
            3 => text.push_str(&note(&format!("{lead}/- attr \"old\" \""), &format!("\"{end}"))),
            4 if !style.one_line => text.push_str(style.newline),
            _ => {}
        }
        text.push_str(lead);
        text.push_str(child);
        let is_last = n + 1 == children.len();
        match rolls.next().unwrap() % 4 {
            0 => text.push_str(&note(" /* ", " */")),
            1 if !(style.one_line || is_last && style.tight) => text.push_str(&note(" // ", "")),
            _ => {}
        }
        if !(is_last && style.tight) {
            text.push_str(end);
        }
    }
    text + "}" + style.newline
}

/// The author's own words, in their order.
fn notes(text: &str) -> Vec<&str> {
    let number = |at: usize| text[at..].split('.').next().unwrap_or_default();
    text.match_indices("note").map(|(at, _)| number(at)).collect()
}

fn read(manager: &Manager, name: &str) -> String {
    fs::read_to_string(manager.root().join(name)).unwrap()
}

/// Operations that a person runs, one after the other.
fn operate(manager: &Manager, step: usize) {
    let run = &mut RunOptions::new();
    let done = |report: zmgr::Report| drop(report.into_result().unwrap());
    match step {
        0 | 3 | 5 => done(manager.apply(&[], &ApplyOptions::new().reboot(true), run).unwrap()),
        1 => drop(manager.create("other", &CreateOptions::new(), run).unwrap()),
        2 => {
            let pairs = [("attr.owner", "bob"), ("attr.added", "1"), ("cpu-shares", "3"), ("tags", "blue,green")];
            drop(manager.set("web01", &pairs, run).unwrap());
        }
        4 => drop(manager.set("web01", &[("attr.site", ""), ("capped-memory.physical", "3G")], run).unwrap()),
        6 => done(manager.import(&["legacy"], &ImportOptions::new(), run).unwrap()),
        7 => drop(manager.reinstall("web01", &ReinstallOptions::new(), run).unwrap()),
        _ => done(manager.recover(&[], &RecoverOptions::new(), run).unwrap()),
    }
}

fn keeps_everything(style: &Style) {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
    manager.init().unwrap();
    configure(&pretend, "legacy", "add attr\nset name=a\nset type=string\nset value=b\nend");
    let put = |name: &str, head: &str, children: &[&str]| {
        let text = written(head, children, style);
        fs::write(manager.root().join(name), &text).unwrap();
        text
    };
    let pool =
        ["network \"10.1.0.0/24\"", "gateway \"10.1.0.1\"", "stub \"stub0\"", "range \"10.1.0.10\" \"10.1.0.99\""];
    let template = ["brand \"nlipkg\"", "autoboot #true", "net \"internal\" { pool \"internal\"; }", "tag \"red\""];
    let zone = [
        "template \"oi\"",
        "attr \"owner\" \"alice\"",
        "attr \"site\" \"zurich\"",
        "tag \"blue\"",
        "tag \"prod\"",
        "capped-memory physical=\"1G\" swap=\"2G\"",
    ];
    let others = [
        ("pools/internal.kdl", put("pools/internal.kdl", "pool \"internal\"", &pool)),
        ("templates/oi.kdl", put("templates/oi.kdl", "template \"oi\"", &template)),
    ];
    let before = put("zones/web01.kdl", "zone \"web01\"", &zone);
    for step in 0..9 {
        operate(&manager, step);
        let now = read(&manager, "zones/web01.kdl");
        // `set` removed these, with what stood beside them on their lines.
        let removed = |note: &str| step >= 2 && !now.contains(&format!("{note}.")) && beside_removed(&before, note);
        let kept: Vec<&str> = notes(&before).into_iter().filter(|note| !removed(note)).collect();
        assert_eq!(notes(&now), kept, "step {step}\n{before}\n--\n{now}");
        assert_eq!(now.matches("x-mine").count(), before.matches("x-mine").count(), "step {step}\n{now}");
        assert_eq!(now.matches("/- attr").count(), before.matches("/- attr").count(), "step {step}\n{now}");
        for (name, text) in &others {
            assert_eq!(read(&manager, name), *text, "step {step}");
        }
    }
    let own = read(&manager, "zones/web01.kdl");
    let own = own.split_once("applied").unwrap().0;
    for value in ["\"owner\" \"bob\"", "\"green\"", "physical=\"3G\"", "swap=\"2G\"", "cpu-shares 3"] {
        assert!(own.contains(value), "{value}\n{own}");
    }
}

/// Returns true if a note stands on the same line as a node that `set` removes, behind it.
fn beside_removed(text: &str, note: &str) -> bool {
    let before = &text[..text.find(&format!("{note}.")).unwrap()];
    let node = before.rsplit([';', '\n', '\r', '\u{85}', '\u{2028}']).next().unwrap_or_default();
    ["attr \"site\"", "tag \"prod\""].iter().any(|removed| node.contains(removed))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_people_wrote_stays_whatever_zmgr_does(style in style()) {
        keeps_everything(&style);
    }
}

#[test]
fn a_file_on_one_line_keeps_its_comments() {
    let style = Style { newline: "\n", indent: "", one_line: true, tight: true, dice: (0..40).collect() };
    keeps_everything(&style);
}
