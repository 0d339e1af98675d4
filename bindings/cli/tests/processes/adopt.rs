//! `import` on a machine whose zones other hands made, with the machine's own programs.

use std::fs;

use crate::machine::Machine;

/// Makes a zone of this brand; how its install ended.
fn zone(machine: &Machine, name: &str, brand: &str, address: &str) -> bool {
    let ends = |words: &[&str]| machine.run(words).status.success();
    let link = format!("{name}0");
    assert!(ends(&["dladm", "create-vnic", "-l", "stub0", &link]));
    let commands = format!(
        "create -b; set brand={brand}; set zonepath=/zones/{name}; set ip-type=exclusive; \
         add net; set physical={link}; set allowed-address={address}/24; end"
    );
    assert!(ends(&["zonecfg", "-z", name, &commands]));
    ends(&["zoneadm", "-z", name, "install"])
}

#[test]
fn the_first_is_adopted_and_the_rest_explained() {
    let machine = Machine::new();
    assert!(zone(&machine, "web", "nlipkg", "10.1.0.70"));
    zone(&machine, "vm", "bhyve", "10.1.0.71");
    zone(&machine, "lab", "labeled", "10.1.0.72");
    machine.sim(&["fault", "zoneadm", "install", "--exit", "255", "--times", "1"]);
    assert!(!zone(&machine, "half", "nlipkg", "10.1.0.73"));
    zone(&machine, "lost", "sn1", "10.1.0.74");
    fs::remove_dir_all(machine.dir().join("usr/lib/brand/sn1")).unwrap();

    let plan = machine.json(&["import", "--dry-run"]);
    assert_eq!(plan["operation"], "import");
    let adopted = machine.json(&["import"]);
    let names: Vec<&str> = adopted.as_array().unwrap().iter().map(|zone| zone["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["web"]);
    assert_eq!(adopted[0]["nets"][0]["address"], "10.1.0.70/24");
    assert_eq!(adopted[0]["origin"], "import");

    // Asked again, in words for a person: each has its reason.
    let output = machine.spoken(&["import"]).output().unwrap();
    assert!(output.status.success());
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for (zone, why) in [
        ("web", "already registered"),
        ("vm", "virtual machine"),
        ("lab", "labeled"),
        ("half", "incomplete"),
        ("lost", "brand"),
    ] {
        let told = |line: &str| line.contains(zone) && line.contains(why);
        assert!(said.lines().any(told), "{zone} is not explained by {why:?}:\n{said}");
    }
    let entries: Vec<_> =
        fs::read_dir(machine.dir().join("etc/zmgr/zones")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(entries, ["web.kdl"]);
    // Nothing of it was touched, and no other zone gets what it holds.
    assert!(machine.run(&["zoneadm", "-z", "web", "boot"]).status.success());
    for taken in ["10.1.0.70", "10.1.0.71", "10.1.0.72", "10.1.0.73", "10.1.0.74"] {
        let output = machine.zmgr(&["create", "new", "--address", &format!("internal={taken}")]);
        assert_eq!(output.status.code(), Some(8), "{taken}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
