//! Links of the simulated machine beyond VNICs and etherstubs: aggregations, overlays, VLANs; and the device nodes of volumes.

use zmgr::Dialect;

use crate::sim_machine::new;

#[test]
fn aggregations_and_overlays_are_links_that_others_lie_over() {
    let machine = new(Dialect::OmniOs);
    let link = |name: &str| machine.run(&format!("dladm show-link -p -o class,mtu,over {name}"));
    assert_eq!(machine.run("dladm create-aggr -L active -l net0 aggr0"), "=0");
    assert_eq!(link("aggr0"), "aggr:1500:net0\n=0");
    assert_eq!(machine.run("dladm create-vnic -l aggr0 v0"), "=0");
    // The port belongs to the aggregation.
    assert!(machine.run("dladm create-vnic -l net0 v1").ends_with("=1"));
    assert_eq!(machine.run("dladm delete-aggr aggr0"), "! dladm: delete operation failed: link busy\n=1");
    machine.host.reboot().unwrap();
    assert_eq!(link("v0"), "vnic:1500:aggr0\n=0");
    for (line, message) in [
        ("create-aggr -l net0 aggr1", "create operation failed: link busy"),
        ("create-aggr -l stub0 aggr1", "create operation failed: invalid argument"),
        ("create-aggr -l net9 aggr1", "invalid link name 'net9': object not found"),
        ("create-aggr -l net0 aggr0", "create operation failed: object already exists"),
        ("create-aggr -P L5 -l net0 aggr1", "invalid policy 'L5'"),
        ("create-aggr -L on -l net0 aggr1", "invalid LACP mode 'on'"),
        ("create-aggr -T now -l net0 aggr1", "invalid LACP timer value 'now'"),
        ("create-aggr -u 1:2:3 -l net0 aggr1", "invalid MAC address '1:2:3'"),
        ("create-aggr -l net0 aggr", "invalid link name 'aggr'"),
        ("create-aggr -l net0 1000", "create operation failed: invalid key"),
        ("remove-aggr -l net0 aggr0", "remove operation failed: invalid argument"),
        ("add-aggr -l stub0 aggr0", "add operation failed: invalid argument"),
        ("add-aggr -l stub0 aggr7", "add operation failed: object not found"),
        ("delete-aggr stub0", "delete operation failed: invalid argument"),
    ] {
        assert_eq!(machine.run(&format!("dladm {line}")), format!("! dladm: {message}\n=1"), "{line}");
    }
    assert_eq!(machine.run("dladm delete-vnic v0"), "=0");
    assert_eq!(machine.run("dladm delete-aggr aggr0"), "=0");
    let overlay = "dladm create-overlay -e vxlan -s direct -v 7 -p vxlan/listen_ip=10.0.0.1,direct/dest_ip=10.0.0.2 o0";
    assert_eq!(machine.run(overlay), "=0");
    assert_eq!(machine.run("dladm create-vnic -l o0 v0"), "=0");
    assert_eq!((link("o0"), link("v0")), ("overlay:1400:\n=0".to_owned(), "vnic:1400:o0\n=0".to_owned()));
    assert_eq!(machine.run("dladm delete-vnic v0"), "=0");
    assert_eq!(machine.run("dladm delete-overlay o0"), "=0");
}

/// [source: do_show_aggr and print_aggr_info of dladm.c]
#[test]
fn aggregations_are_shown_as_they_run_and_as_recorded() {
    let machine = new(Dialect::OmniOs);
    assert_eq!(machine.run("dladm show-aggr"), "=0");
    assert_eq!(machine.run("dladm create-aggr -f -P l4,l2 -L active -T long -u 2:8:20:1:2:3 -l net0 aggr1"), "=0");
    assert_eq!(
        machine.run("dladm show-aggr"),
        "LINK            POLICY   ADDRPOLICY           LACPACTIVITY  LACPTIMER   FLAGS\n\
         aggr1           L2,L4    fixed (2:8:20:1:2:3) active        long        f----\n=0"
    );
    assert_eq!(
        machine.run("dladm show-aggr -x 1"),
        "LINK        PORT           SPEED DUPLEX   STATE     ADDRESS            PORTSTATE\n\
         aggr1       --             1000Mb full    up        2:8:20:1:2:3       --\n            \
         net0           1000Mb full    up        0:c:29:1:2:1       attached\n=0"
    );
    assert_eq!(
        machine.run("dladm show-aggr -L aggr1"),
        "LINK        PORT         AGGREGATABLE SYNC COLL DIST DEFAULTED EXPIRED\n\
         aggr1       net0         yes          yes  yes  yes  no        no\n=0"
    );
    assert_eq!(
        machine.run("dladm show-aggr -p -o link,port,address -x aggr1"),
        "aggr1::2\\:8\\:20\\:1\\:2\\:3\naggr1:net0:0\\:c\\:29\\:1\\:2\\:1\n=0"
    );
    machine.run("dladm create-vnic -l aggr1 v0");
    for (line, message) in [
        ("-p", "-p requires -o"),
        ("-p -o all", "\"-o all\" is invalid with -p"),
        ("-i 1", "the option -i can be used only with -s"),
        ("-s -i 0", "invalid interval value '0'"),
        ("-sx", "the option -x cannot be used with -s"),
        ("-sP", "the option -P cannot be used with -s"),
        ("-LP", "the option -P cannot be used with -L"),
        ("-xL", "the option -L cannot be used with -x"),
        ("-xP", "the option -P cannot be used with -x"),
        ("-L -L", "the option -L cannot be specified more than once"),
        ("-o foo", "no valid output fields"),
        ("aggr9", "non-existent aggregation 'aggr9'"),
        ("9", "non-existent aggregation '9'"),
        ("v0", "failed to show aggr v0: object not found"),
        ("-P net0", "failed to show aggr net0: object not found"),
    ] {
        assert_eq!(machine.run(&format!("dladm show-aggr {line}")), format!("! dladm: {message}\n=1"), "{line}");
    }
}

/// [source: do_modify_aggr of dladm.c, dladm_aggr_modify of libdlaggr.c]
#[test]
fn a_modified_aggregation_is_as_asked_now_and_unless_temporary_after_a_reboot() {
    let machine = new(Dialect::OmniOs);
    let shown = |options: &str| {
        machine.run(&format!("dladm show-aggr {options} -p -o policy,addrpolicy,lacpactivity,lacptimer aggr0"))
    };
    assert_eq!(machine.run("dladm create-aggr -l net0 aggr0"), "=0");
    assert_eq!(shown(""), "L4:auto:off:short\n=0");
    assert_eq!(machine.run("dladm modify-aggr -P L2,L3 -u 2:8:20:9:9:9 aggr0"), "=0");
    assert_eq!(machine.run("dladm modify-aggr -t -l passive -T long aggr0"), "=0");
    assert_eq!(shown(""), "L2,L3:fixed (2\\:8\\:20\\:9\\:9\\:9):passive:long\n=0");
    assert_eq!(shown("-P"), "L2,L3:fixed (2\\:8\\:20\\:9\\:9\\:9):off:short\n=0");
    machine.host.reboot().unwrap();
    assert_eq!(shown(""), shown("-P"));
    assert_eq!(machine.run("dladm modify-aggr -u auto 0"), "! dladm: modify operation failed: invalid link\n=1");
    assert_eq!(machine.run("dladm modify-aggr -u auto aggr0"), "=0");
    assert_eq!(shown(""), "L2,L3:auto:off:short\n=0");
    machine.run("dladm create-vlan -l aggr0 -v 7 vl0");
    for (line, message) in [
        ("aggr0", "at least one of the -PulT options must be specified"),
        ("-P L5 aggr0", "invalid policy 'L5'"),
        ("-P L2 -P L3 aggr0", "the option -P cannot be specified more than once"),
        ("-L on aggr0", "invalid LACP mode 'on'"),
        ("-l net0 aggr0", "invalid LACP mode 'net0'"),
        ("-T now aggr0", "invalid LACP timer value 'now'"),
        ("-u 1:0:0:0:0:1 aggr0", "invalid MAC address '1:0:0:0:0:1'"),
        ("-P L2 aggr9", "modify operation failed: object not found"),
        ("-P L2 net0", "modify operation failed: object not found"),
        ("-P L2 vl0", "modify operation failed: object not found"),
    ] {
        assert_eq!(machine.run(&format!("dladm modify-aggr {line}")), format!("! dladm: {message}\n=1"), "{line}");
    }
    assert_eq!(machine.run("dladm delete-vlan vl0"), "=0");
    // What is on record only cannot run otherwise.
    assert_eq!(machine.run("dladm delete-aggr -t aggr0"), "=0");
    let lost = "! dladm: modify operation failed: object not found\n=1";
    assert_eq!(machine.run("dladm modify-aggr -P L4 aggr0"), lost);
    assert_eq!(shown("-P"), "L2,L3:auto:off:short\n=0");
}

/// [source: do_create_overlay of dladm.c, libdloverlay.c, overlay_i_create of overlay.c]
#[test]
fn overlays_that_cannot_be() {
    let machine = new(Dialect::OmniOs);
    let good = "-v 7 -e vxlan -s direct -p vxlan/listen_ip=10.0.0.1,direct/dest_ip=10.0.0.2";
    for (line, message) in [
        ("create-overlay", "missing required virtual network id"),
        ("create-overlay -v 23", "missing required encapsulation plugin"),
        ("create-overlay -v 23 -e vxlan", "missing required search plugin"),
        ("create-overlay -v 23 -e vxlan -s direct", "missing device name"),
        ("create-overlay -v x -e vxlan -s direct o0", "couldn't parse virtual networkd id: x"),
        ("create-overlay -v 99999999999999999999 o0", "virtual networkd id too large: 99999999999999999999"),
        ("create-overlay -v 7 -e vxlan -s direct o", "invalid link name 'o'"),
        ("create-overlay -v 7 -e vxlan -s direct -p =1 o0", "invalid overlay property"),
        ("create-overlay -v 7 -e gre -s direct o0", "overlay creation failed: object not found"),
        ("create-overlay -v 16777216 -e vxlan -s direct o0", "overlay creation failed: invalid argument"),
        ("create-overlay -v 7 -e vxlan -s direct net0", "overlay creation failed: object already exists"),
        (
            "create-overlay -v 7 -e vxlan -s direct o0",
            "what varpd says to an overlay that lacks a property is not simulated",
        ),
        ("delete-overlay o0", "failed to delete o0: object not found"),
        ("delete-overlay net0", "failed to delete net0: invalid argument"),
    ] {
        assert_eq!(machine.run(&format!("dladm {line}")), format!("! dladm: {message}\n=1"), "{line}");
    }
    assert_eq!(machine.run(&format!("dladm create-overlay {good} o0")), "=0");
    assert_eq!(machine.run("dladm create-vnic -l o0 v0"), "=0");
    assert_eq!(machine.run("dladm delete-overlay o0"), "! dladm: failed to delete o0: link busy\n=1");
    assert_eq!(
        machine.run("dladm delete-overlay -q o0"),
        "! dladm: unrecognized option '-q'\n! usage:     delete-overlay   [-t] <overlay>\n=1"
    );
}

/// [source: do_create_vlan of dladm.c]
#[test]
fn a_vlan_without_a_name_is_named_after_its_link() {
    let machine = new(Dialect::OpenIndiana);
    assert_eq!(machine.run("dladm create-vlan -l net0 -v 12"), "=0");
    assert_eq!(machine.run("dladm show-vlan -p -o link,vid,over"), "net12000:12:net0\n=0");
    machine.run("dladm create-aggr -l net0 aggr0");
    for (line, message) in [
        ("-l net0 -l net0 -v 3", "the option -l cannot be specified more than once"),
        ("-l net1000 -v 3", "invalid link name 'net1000'"),
        ("-l net -v 3", "invalid link name 'net'"),
    ] {
        assert_eq!(machine.run(&format!("dladm create-vlan {line}")), format!("! dladm: {message}\n=1"), "{line}");
    }
}

/// [source: sdev_zvolops.c; vplat.c and zonecfg(8): `device`]
#[test]
fn a_running_zone_sees_the_volumes_that_its_configuration_names() {
    let machine = new(Dialect::OmniOs);
    assert_eq!(machine.run("zfs create rpool/data"), "=0");
    for name in ["rpool/data/a", "rpool/data/b", "rpool/other"] {
        assert_eq!(machine.run(&format!("zfs create -V 16M {name}")), "=0");
    }
    let on_host = |path: &str| machine.dir.path().join(path).exists();
    assert!(on_host("dev/zvol/dsk/rpool/data/a") && on_host("dev/zvol/rdsk/rpool/other"));
    machine.run("dladm create-vnic -l stub0 v0");
    let edit = "create -b; set zonepath=/zones/z; set brand=ipkg; set ip-type=exclusive; add net; set physical=v0; end; \
                add device; set match=/dev/zvol/rdsk/rpool/data/*; end";
    assert_eq!(machine.argv(&["zonecfg", "-z", "z", edit], ""), "=0");
    assert!(machine.run("zoneadm -z z install").ends_with("=0"));
    assert_eq!(machine.run("zoneadm -z z boot"), "=0");
    assert_eq!(machine.run("zlogin z ls /dev/zvol/rdsk/rpool/data"), "a\nb\n=0");
    assert_eq!(machine.run("zlogin z ls /dev/zvol"), "rdsk\n=0");
    assert_eq!(machine.run("zlogin z test -c /dev/zvol/rdsk/rpool/data/a"), "=0");
    for unseen in ["/dev/zvol/dsk/rpool/data/a", "/dev/zvol/rdsk/rpool/other"] {
        assert_eq!(machine.run(&format!("zlogin z test -e {unseen}")), "=1", "{unseen}");
        assert_eq!(machine.run(&format!("zlogin z ls {unseen}")), format!("! {unseen}: No such file or directory\n=2"));
    }
    // A volume that comes later is seen, one that goes is not.
    assert_eq!(machine.run("zfs rename rpool/data/b rpool/data/c"), "=0");
    assert_eq!(machine.run("zfs destroy rpool/data/a"), "=0");
    assert_eq!(machine.run("zlogin z ls /dev/zvol/rdsk/rpool/data"), "c\n=0");
    assert_eq!(machine.run("zfs destroy rpool/data/c"), "=0");
    assert!(!on_host("dev/zvol/rdsk/rpool/data") && on_host("dev/zvol/rdsk/rpool/other"));
    assert_eq!(machine.run("zlogin z test -d /dev/zvol"), "=1");
}
