//! Scripts made at random: whatever is asked, the command ends, and what it leaves on disk can be read again.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::document::Document;
use crate::index;

/// Parts of the language and of what is not the language.
const PARTS: &[&str] = &[
    "add ",
    "cancel",
    "clear ",
    "commit",
    "create",
    "create -b",
    "create -F",
    "delete -F",
    "end",
    "exit",
    "export",
    "help ",
    "info",
    "remove ",
    "revert -F",
    "select ",
    "set ",
    "verify",
    "verify save",
    "fs ",
    "net ",
    "device ",
    "rctl ",
    "attr ",
    "dataset ",
    "dedicated-cpu ",
    "capped-cpu ",
    "capped-memory ",
    "admin ",
    "security-flags ",
    "zonename",
    "zonepath",
    "autoboot",
    "brand",
    "bootargs",
    "ip-type",
    "dir",
    "special",
    "type",
    "options ",
    "address",
    "physical",
    "defrouter",
    "name",
    "value ",
    "match",
    "limitpriv",
    "hostid",
    "fs-allowed",
    "ncpus",
    "swap",
    "locked",
    "max-lwps",
    "cpu-shares",
    "mac-addr",
    "property ",
    "uuid",
    "user",
    "auths",
    "default",
    "lower",
    "z2",
    "=",
    "=",
    "=",
    "\n",
    "\n",
    "\n",
    ";",
    ";",
    " ",
    "[",
    "]",
    "(",
    ")",
    ",",
    "\"",
    "#",
    "\0",
    "\t",
    "\u{1}",
    "/zones/a",
    "/zones/z1",
    "true",
    "shared",
    "exclusive",
    "10.0.0.1/24",
    "fe80::1/64",
    "net0",
    "zone.max-lwps",
    "(priv=privileged,limit=1,action=deny)",
    "1",
    "1-2",
    "512M",
    "string",
    "\u{e9}",
    "root",
    "login",
    "aslr",
    "all",
    "set zonepath=/zones/z1\n",
    "add net\n",
    "add fs\n",
    "set physical=net0\n",
    "end\n",
];

fn script() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        9 => proptest::sample::select(PARTS).prop_map(|part| part.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

fn dialect() -> impl Strategy<Value = Dialect> {
    proptest::sample::select(&Dialect::ALL[..])
}

/// Every document reads as one, and every line of the index is a zone.
fn is_sound(machine: &Machine) {
    for entry in fs::read_dir(machine.path("/etc/zones")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let document = Document::parse(&fs::read(&path).unwrap());
            assert!(document.is_ok(), "{}", path.display());
        }
    }
    let lines = fs::read(machine.path("/etc/zones/index")).unwrap().split(|b| *b == b'\n').count() - 1;
    assert_eq!(index::read(machine).unwrap().len(), lines);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_script_ends_and_leaves_readable_documents(
        dialect in dialect(),
        scripts in proptest::collection::vec((script(), 0..3usize), 1..4),
    ) {
        let (_directory, machine) = machine(dialect);
        for (script, way) in scripts {
            let file = machine.root().join("commands");
            let (_, written) = match way {
                0 => run(&machine, &[b"zonecfg", b"-z", b"z1"], &script),
                1 => {
                    fs::write(&file, &script).unwrap();
                    run(&machine, &[b"zonecfg", b"-z", b"z1", b"-f", b"commands"], b"")
                }
                _ => {
                    let script: Vec<u8> = script.into_iter().filter(|b| *b != 0).collect();
                    run(&machine, &[b"zonecfg", b"-z", b"z1", &script], b"")
                }
            };
            prop_assert!(written.out.len() + written.err.len() < 4_000_000);
            is_sound(&machine);
        }
    }

    #[test]
    fn what_is_exported_with_plain_values_makes_the_same_zone(
        dialect in dialect(),
        values in proptest::collection::vec("[a-z][a-z0-9/._-]{0,12}( [a-z]{1,4})?", 6),
        swap in 50u64..4096,
    ) {
        let (_directory, machine) = machine(dialect);
        let [dir, special, option, name, value, match_] = &values[..] else { unreachable!() };
        let name = name.replace(['/', '_', ' '], "-");
        let option = option.replace(' ', "");
        let script = format!(
            "create -b\nset zonepath=/zones/z1\nset autoboot=true\nset max-lwps=200\n\
             add fs\nset dir=\"/{dir}\"\nset special=\"{special}\"\nset type=lofs\nadd options [{option},ro]\nend\n\
             add attr\nset name={name}\nset type=string\nset value=\"{value}\"\nend\n\
             add device\nset match=\"{match_}\"\nend\nadd capped-memory\nset swap={swap}M\nend\n"
        );
        let (status, _) = run(&machine, &[b"zonecfg", b"-z", b"z1", b"-f", b"-"], script.as_bytes());
        prop_assert_eq!(status, Status::Exited(0));
        let (_, exported) = run(&machine, &[b"zonecfg", b"-z", b"z1", b"export"], b"");
        let (status, written) = run(&machine, &[b"zonecfg", b"-z", b"z2", b"-f", b"-"], &exported.out);
        prop_assert_eq!((status, String::from_utf8_lossy(&written.err).into_owned()), (Status::Exited(0), String::new()));
        let [mut one, mut two] = [b"z1", b"z2"].map(|name| Document::load(&machine, name).unwrap());
        for document in [&mut one, &mut two] {
            document.zone.unset("name");
            document.zone.unset("debugid");
            // `export` names what it does not list last.
            document.zone.children.sort_by_key(|child| format!("{child:?}"));
        }
        prop_assert_eq!(one, two);
    }
}

#[test]
fn commands_at_once_never_spoil_the_index() {
    let (_directory, machine) = machine(Dialect::SmartOs);
    let threads = 6;
    let zones = 8;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let machine = &machine;
            scope.spawn(move || {
                for zone in 0..zones {
                    let name = format!("t{thread}-{zone}");
                    let create = format!("create -b; set zonepath=/zones/{name}");
                    let (status, _) = run(machine, &[b"zonecfg", b"-z", name.as_bytes(), create.as_bytes()], b"");
                    assert_eq!(status, Status::Exited(0));
                    let change = match zone % 3 {
                        0 => "delete -F".to_owned(),
                        1 => format!("set zonename=r{thread}-{zone}"),
                        _ => "set autoboot=true".to_owned(),
                    };
                    let (status, _) = run(machine, &[b"zonecfg", b"-z", name.as_bytes(), change.as_bytes()], b"");
                    assert_eq!(status, Status::Exited(0));
                }
            });
        }
    });
    is_sound(&machine);
    let names: BTreeSet<String> =
        index::read(&machine).unwrap().iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned()).collect();
    let mut wanted = BTreeSet::from(["global".to_owned()]);
    for (thread, zone) in (0..threads).flat_map(|t| (0..zones).map(move |z| (t, z))).filter(|(_, z)| z % 3 != 0) {
        wanted.insert(if zone % 3 == 1 { format!("r{thread}-{zone}") } else { format!("t{thread}-{zone}") });
    }
    assert_eq!(names, wanted);
    // Every zone has a debug id of its own.
    let ids: BTreeSet<u32> = index::read(&machine).unwrap().iter().filter_map(|entry| entry.smartos.debug_id).collect();
    assert_eq!(ids.len(), names.len() - 1);
}
