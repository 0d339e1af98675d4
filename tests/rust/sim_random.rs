//! Random command lines put to the simulated machine, by one and by several at once: no panic, no hang, and a state that
//! can be read and cleared away again.

use proptest::prelude::*;
use zmgr::Dialect;

use crate::sim_machine::{Pretend, new};

const ZONES: &[&str] = &["a", "b", "web-1", "global", "nope", "SUNWx"];
const LINKS: &[&str] = &["a0", "b0", "stub0", "net0", "x9", "bad", "a01"];
const SETS: &[&str] = &[
    "rpool/zones",
    "rpool/zones/a",
    "rpool/zones/b",
    "rpool/zones/a/ROOT/zbe",
    "rpool/zones/a/ROOT",
    "rpool/export",
    "rpool/export/c",
    "rpool/zones/a/ROOT/zbe@b_snap",
    "rpool/export@s",
    "nope/x",
    "rpool/x!",
];

fn word(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(from).prop_map(str::to_owned)
}

fn line() -> impl Strategy<Value = Vec<String>> {
    let split = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let zoneadm = (
        word(ZONES),
        word(&[
            "install",
            "uninstall -F",
            "boot",
            "halt",
            "ready",
            "reboot",
            "shutdown",
            "shutdown -r",
            "list -p",
            "verify",
            "detach",
            "attach",
            "attach -F",
            "mark incomplete",
            "mark -F installed",
            "move /zones/moved",
            "clone a",
            "clone b",
            "clone -m copy a",
            "install -q",
            "sysboot",
            "help",
            "frob",
        ]),
    )
        .prop_map(move |(zone, rest)| split(format!("zoneadm -z {zone} {rest}")));
    let dladm = (
        word(&[
            "create-vnic -l stub0",
            "create-vnic -t -l net0 -v 7",
            "delete-vnic",
            "delete-vnic -t",
            "create-etherstub",
            "delete-etherstub",
            "show-vnic",
            "show-link -p -o link,over",
            "show-linkprop",
            "set-linkprop -p mtu=1400",
            "set-linkprop -p zone=a",
            "reset-linkprop",
            "rename-link x9",
            "create-vlan -v 9 -l net0",
        ]),
        word(LINKS),
    )
        .prop_map(move |(rest, link)| split(format!("dladm {rest} {link}")));
    let zfs = (
        word(&[
            "create",
            "create -p -o mountpoint=/data",
            "destroy",
            "destroy -r",
            "destroy -R",
            "snapshot",
            "promote",
            "list -r",
            "list -t all",
            "get all",
            "set mountpoint=/zones/elsewhere",
            "set canmount=off",
            "inherit mountpoint",
            "mount",
            "unmount",
            "clone rpool/export@s",
            "rename rpool/export/c",
            "rename rpool/zones/a",
        ]),
        word(SETS),
    )
        .prop_map(move |(rest, set)| split(format!("zfs {rest} {set}")));
    let other = word(&[
        "ipadm create-if a0",
        "ipadm delete-if a0",
        "ipadm create-addr -T static -a 10.0.0.1/24 a0/v4",
        "ipadm show-addr",
        "ipadm show-if",
        "zlogin a echo x",
        "zlogin a init 5",
        "zlogin b reboot",
        "zlogin a ipadm create-if a0",
        "pkg -R /zones/a/root publisher",
        "pkg -R /zones/a/root set-publisher -g http://x y",
        "pkg unset-publisher openindiana.org",
        "zoneadm list -cp",
        "zoneadm list -cv",
        "pfexec zoneadm list",
        "zonename",
    ])
    .prop_map(split);
    let junk = prop::collection::vec("[-a-z0-9/@=,.: ]{0,8}", 0..5).prop_flat_map(|words| {
        word(&["zoneadm", "dladm", "zfs", "ipadm", "pkg", "zlogin", "zonename", "pfexec", "frob"]).prop_map(
            move |program| {
                let mut argv = vec![program];
                argv.extend(words.clone());
                argv
            },
        )
    });
    prop_oneof![4 => zoneadm, 2 => dladm, 2 => zfs, 1 => other, 1 => junk]
}

fn machine() -> Pretend {
    let machine = new(Dialect::OpenIndiana);
    machine.run("dladm create-vnic -l stub0 a0");
    machine.run("dladm create-vnic -l stub0 b0");
    machine.configure("a", "nlipkg", "a0");
    machine.configure("b", "nlipkg", "b0");
    machine.configure("web-1", "ipkg", "a0");
    machine
}

/// Invariants, however the machine got into its state.
fn hold(machine: &Pretend) {
    let listed = machine.run("zoneadm list -cp");
    let zones: Vec<&str> = listed.lines().filter_map(|line| line.split(':').nth(1)).collect();
    let expected = ["a", "b", "global", "web-1"];
    let mut sorted = zones.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "{listed}");
    // A zone has its link exactly while it is running.
    for line in listed.lines().filter(|line| line.contains(":nlipkg:")) {
        let fields: Vec<&str> = line.split(':').collect();
        let owner = machine.run(&format!("dladm show-linkprop -c -o value -p zone {}0", fields[1]));
        if fields[0] != "-" {
            assert_eq!(owner, format!("{}\n=0", fields[1]), "{listed}");
        }
    }
    assert!(machine.run("zfs list -t all -r rpool").ends_with("=0"));
    assert!(machine.run("dladm show-link").ends_with("=0"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_lines_spoil_nothing(lines in prop::collection::vec(line(), 1..60)) {
        let machine = machine();
        for line in &lines {
            let words: Vec<&str> = line.iter().map(String::as_str).collect();
            machine.argv(&words, "");
            hold(&machine);
        }
        machine.host.reboot().unwrap();
        hold(&machine);
    }
}

#[test]
fn several_at_once_keep_the_state_whole() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let machine = machine();
    let mut runner = TestRunner::deterministic();
    let mut lines = |count: usize| prop::collection::vec(line(), count).new_tree(&mut runner).unwrap().current();
    let shares: Vec<Vec<Vec<String>>> = (0..4).map(|_| lines(150)).collect();
    std::thread::scope(|scope| {
        for share in &shares {
            let machine = &machine;
            scope.spawn(move || {
                for line in share {
                    let words: Vec<&str> = line.iter().map(String::as_str).collect();
                    machine.argv(&words, "");
                }
            });
        }
    });
    hold(&machine);
}
