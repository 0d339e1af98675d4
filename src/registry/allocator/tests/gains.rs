//! Gains of an entry: things that it asks for and does not hold yet.

use super::*;

const NET: &str = "pool \"p\"; address \"10.4.0.2/28\"; vnic \"a0\"; stub \"stub0\"; mac \"2:8:20:0:0:1\"";

/// Returns true if a built zone with [`NET`] gains something by an edit to this.
fn gained(edited: &str) -> bool {
    let net = |net: &str| if net.is_empty() { String::new() } else { format!("net \"a\" {{ {net} }}") };
    let text =
        format!("zone \"web\" {{\n    state \"ready\"\n    {}\n    applied {{ {} }}\n}}\n", net(edited), net(NET));
    let entry: ZoneEntry = Document::parse(Path::new("web.kdl"), text.as_bytes()).unwrap().value;
    super::super::gains(&entry)
}

#[test]
fn a_built_zone_gains_what_it_has_not_been_given() {
    assert!(!gained(NET));
    for (from, to, gains) in [
        ("10.4.0.2", "10.4.0.3", true),
        ("a0", "a1", true),
        ("0:0:1", "0:0:2", true),
        // The address is another one on another link.
        ("stub0", "stub1", true),
        ("pool \"p\";", "vlan 7; pool \"p\";", true),
        ("pool \"p\";", "mtu 9000; pool \"p\";", false),
        ("; mac \"2:8:20:0:0:1\"", "", false),
        ("address \"10.4.0.2/28\";", "address \"10.4.0.2/28\"; address \"10.4.0.3/28\";", true),
    ] {
        let edited = NET.replace(from, to);
        assert_ne!(edited, NET);
        assert_eq!(gained(&edited), gains, "{edited}");
    }
    assert!(!gained(""), "nothing is needed without nets");
}

#[test]
fn a_zone_that_is_not_built_gains_all_that_it_names() {
    let gained = |nets: &str| {
        let text = format!("zone \"web\" {{\n    {nets}\n}}\n");
        let entry: ZoneEntry = Document::parse(Path::new("web.kdl"), text.as_bytes()).unwrap().value;
        super::super::gains(&entry)
    };
    assert!(!gained(""));
    for one in ["address \"10.4.0.2/28\"; stub \"stub0\"", "vnic \"a0\"", "physical \"net0\"", "mac \"2:8:20:0:0:1\""] {
        assert!(gained(&format!("net \"a\" {{ {one} }}")), "{one}");
    }
}
