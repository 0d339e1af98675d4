//! Surprising behaviour of the command.

use super::*;

/// A machine with a zone `z1` saved on it.
fn with_zone(dialect: Dialect) -> (tempfile::TempDir, Machine) {
    let (directory, machine) = machine(dialect);
    let (status, written) = zonecfg(&machine, "create -b; set zonepath=/zones/z1");
    assert_eq!((status, String::from_utf8_lossy(&written.err).as_ref()), (Status::Exited(0), ""));
    (directory, machine)
}

/// Commands as arguments.
fn zonecfg(machine: &Machine, commands: &str) -> (Status, Written) {
    run(machine, &[b"zonecfg", b"-z", b"z1", commands.as_bytes()], b"")
}

/// Commands by standard input.
fn typed(machine: &Machine, commands: &str) -> (Status, Written) {
    run(machine, &[b"zonecfg", b"-z", b"z1"], commands.as_bytes())
}

/// Commands in a file.
fn filed(machine: &Machine, commands: &str) -> (Status, Written) {
    fs::write(machine.root().join("commands"), commands).unwrap();
    run(machine, &[b"zonecfg", b"-z", b"z1", b"-f", b"commands"], b"")
}

/// Standard error without the listing of commands.
fn complaints(written: &Written) -> String {
    let text = String::from_utf8_lossy(&written.err).into_owned();
    match (text.find("Commands:\n\n"), text.find("\nverify\n")) {
        (Some(start), Some(end)) => format!("{}{}", &text[..start], &text[end + 8..]),
        _ => text,
    }
}

fn shown(written: &Written) -> String {
    String::from_utf8_lossy(&written.out).into_owned()
}

fn get(machine: &Machine, commands: &str) -> String {
    let (status, written) = zonecfg(machine, commands);
    assert_eq!((status, complaints(&written)), (Status::Exited(0), String::new()), "{commands}");
    shown(&written)
}

#[test]
fn words_left_over_from_a_bad_line_abort_after_the_next_command() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let (status, written) = typed(&machine, "set bogus=1\nset autoboot=true\nset bootargs=-v\n");
    assert_eq!((status, complaints(&written).as_str()), (Status::Signalled(6), "syntax error at '='\n"));
    assert_eq!(get(&machine, "info autoboot"), "autoboot: false\n");
    // If the bad line has no word left, the rest runs and is saved.
    let (status, _) = typed(&machine, "set autoboot true\nset bootargs=-v\n");
    assert_eq!(status, Status::Exited(1));
    assert_eq!(get(&machine, "info bootargs"), "bootargs: -v\n");
}

#[test]
fn a_value_of_a_bad_line_is_taken_for_that_of_the_next_command() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let (status, _) = typed(&machine, "info fs dir=/a dir=\nset bootargs=-v\n");
    assert_eq!(status, Status::Exited(1));
    assert_eq!(get(&machine, "info bootargs"), "bootargs: /a\n");
}

#[test]
fn a_file_stops_at_its_first_error_and_what_came_before_is_saved() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let (status, written) = filed(&machine, "set autoboot=true\nset pool=SUNWx\nset bootargs=-v\n");
    let wanted = "On line 2 of commands:\npool names starting with SUNW are reserved.\n";
    assert_eq!((status, complaints(&written).as_str()), (Status::Exited(1), wanted));
    assert_eq!(get(&machine, "info autoboot; info bootargs"), "autoboot: true\nbootargs: \n");
}

#[test]
fn an_error_is_not_forgotten() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let (status, _) = typed(&machine, "set autoboot=yes\nset autoboot=true\ncommit\n");
    assert_eq!(status, Status::Exited(1));
    assert_eq!(get(&machine, "info autoboot"), "autoboot: true\n");
}

#[test]
fn a_refused_add_leaves_the_zone_scope() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let cpu = "add dedicated-cpu; set ncpus=1-2; end";
    assert_eq!(get(&machine, cpu), "");
    let (status, written) = zonecfg(&machine, cpu);
    let wanted = "The dedicated-cpu resource already exists.\n\
                  Cannot set a resource-specific property from the global scope.\n\
                  The end command only makes sense in the resource scope.\n";
    assert_eq!((status, complaints(&written).as_str()), (Status::Exited(1), wanted));
}

#[test]
fn a_failed_end_stays_in_the_resource() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let (status, written) = zonecfg(&machine, "add net; set address=10.0.0.1/24; end; set autoboot=true");
    let wanted = "physical not specified\nautoboot: No such property type\n";
    assert_eq!(status, Status::Exited(1));
    assert!(complaints(&written).starts_with(wanted), "{}", complaints(&written));
    assert!(complaints(&written).ends_with("Resource incomplete.\n"));
}

#[test]
fn select_where_there_is_no_zone_enters_a_resource_of_nothing() {
    let (_directory, machine) = machine(Dialect::Illumos);
    let (status, written) = zonecfg(&machine, "select net physical=net0; end");
    let wanted = "z1: No such zone configured\nphysical not specified\nResource incomplete.\n";
    assert_eq!((status, complaints(&written).as_str()), (Status::Exited(1), wanted));
}

#[test]
fn resources_come_last_when_they_are_changed() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let attr = |name: &str| format!("add attr; set name={name}; set type=string; set value=a; end;");
    assert_eq!(get(&machine, &(attr("a") + &attr("b"))), "");
    assert_eq!(get(&machine, "select attr name=a; set value=\"c d\"; end"), "");
    let wanted = "attr:\n\tname: b\n\ttype: string\n\tvalue: a\nattr:\n\tname: a\n\ttype: string\n\tvalue: \"c d\"\n";
    assert_eq!(get(&machine, "info attr"), wanted);
    let (status, written) = zonecfg(&machine, "select attr type=string");
    let wanted = "select attr: Insufficient specification\n";
    assert_eq!((status, complaints(&written).as_str()), (Status::Exited(1), wanted));
}

#[test]
fn an_alias_and_its_control_are_one() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    assert_eq!(get(&machine, "set max-lwps=100; info max-lwps"), "[max-lwps: 100]\n");
    let value = "add value (priv=privileged,limit=5,action=deny)";
    let (status, written) = zonecfg(&machine, &format!("add rctl; set name=zone.max-lwps; {value}; end; cancel"));
    assert_eq!(status, Status::Exited(1));
    assert!(complaints(&written).contains("A rctl resource with the name 'zone.max-lwps' already exists.\n"));
    assert_eq!(get(&machine, &format!("select rctl name=zone.max-lwps; {value}; end")), "");
    let (_, written) = zonecfg(&machine, "clear max-lwps");
    let wanted = "clear max-lwps: An incompatible rctl already exists for this property\n";
    assert_eq!(complaints(&written), wanted);
}

#[test]
fn a_rename_moves_the_document_and_the_line() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    assert_eq!(get(&machine, "set zonename=z2"), "");
    assert_eq!(fs::read(machine.path("/etc/zones/index")).unwrap(), b"global:installed:/\nz2:configured:/zones/z1:\n");
    assert!(!machine.path("/etc/zones/z1.xml").exists() && machine.path("/etc/zones/z2.xml").exists());
}

#[test]
fn no_index_no_zone() {
    let (_directory, machine) = machine(Dialect::Illumos);
    fs::remove_file(machine.path("/etc/zones/index")).unwrap();
    let (status, written) = zonecfg(&machine, "create -b; set zonepath=/zones/z1");
    let wanted = "z1: Problem updating index file\nConfiguration not saved.\n";
    assert_eq!((status, complaints(&written).as_str()), (Status::Exited(1), wanted));
    assert!(!machine.path("/etc/zones/z1.xml").exists());
}

#[test]
fn an_invalid_document_is_reported_once_and_then_used() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let file = machine.path("/etc/zones/z1.xml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("autoboot=\"false\"", "autoboot=\"perhaps\"")).unwrap();
    let (status, written) = zonecfg(&machine, "info zonepath; info zonepath; set bootargs=-v; commit");
    assert_eq!((status, shown(&written).as_str()), (Status::Signalled(6), "zonepath: /zones/z1\n"));
    assert_eq!(complaints(&written), "z1: Invalid document\n");
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let (status, _) = run(&machine, &[b"zonecfg", b"-z", b"z1", b"set bootargs=\"a\xff\xc3\xa9b\""], b"");
    assert_eq!(status, Status::Exited(0));
    let (_, written) = zonecfg(&machine, "info bootargs");
    assert_eq!(written.out, b"bootargs: a\xff\xc3\xa9b\n");
}

#[test]
fn smartos_has_its_own_properties() {
    let (_directory, machine) = with_zone(Dialect::SmartOs);
    let net = "set ip-type=exclusive; add net; set physical=net0; set global-nic=external; set mac-addr=2:8:20:1:2:3; \
               set vlan-id=7; add property (name=dhcp_server,value=\"true\"); end";
    assert_eq!(get(&machine, net), "");
    let wanted = "net:\n\taddress not specified\n\tallowed-address not specified\n\tdefrouter not specified\n\
                  \tglobal-nic: external\n\tmac-addr: 02:08:20:01:02:03\n\tphysical: net0\n\tvlan-id: 7\n\
                  \tproperty: (name=dhcp_server,value=\"true\")\n";
    assert_eq!(get(&machine, "info net"), wanted);
    assert!(get(&machine, "export").contains("set physical=\"net0\"\nset mac-addr=\"02:08:20:01:02:03\"\n"));
    assert_eq!(get(&machine, "select net mac-addr=02:8:20:1:2:3; remove property; clear vlan-id; end"), "");
    assert!(!get(&machine, "export").contains("property"));
    assert_eq!(get(&machine, "remove -F attr; remove -F fs dir=/x"), "");
}

#[test]
fn the_global_zone_takes_little() {
    let (_directory, machine) = machine(Dialect::Illumos);
    let (status, written) =
        run(&machine, &[b"zonecfg", b"-z", b"global", b"set autoboot=true; add fs; remove net"], b"");
    let wanted = "autoboot is not a valid property for the global zone.\n\
                  Cannot add a fs resource to the global zone.\n\
                  net is not a valid resource for the global zone.\n";
    assert_eq!((status, complaints(&written).as_str()), (Status::Exited(1), wanted));
    assert!(machine.path("/etc/zones/global.xml").exists());
}

#[test]
fn options_that_there_are_not() {
    let (_directory, machine) = with_zone(Dialect::Illumos);
    let (status, written) = zonecfg(&machine, "create -x; verify -?; delete foo");
    let wanted =
        "-x: illegal option -- x\nusage:\ncreate [-F] [ -a <path> | -b | -t <template> ]\nusage:\ndelete [-F]\n";
    assert_eq!((status, complaints(&written).as_str()), (Status::Exited(1), wanted));
    assert!(shown(&written).starts_with("usage:\nverify\n\tVerifies current configuration"));
}

#[test]
fn smartos_finds_a_zone_by_its_uuid() {
    let (_directory, machine) = with_zone(Dialect::SmartOs);
    let uuid = crate::index::find(&machine, b"z1").unwrap().uuid.unwrap();
    let shown = |uuid: &[u8]| {
        let (status, written) = run(&machine, &[b"zonecfg", b"-u", uuid, b"info zonepath"], b"");
        (status, shown(&written), complaints(&written))
    };
    assert_eq!(shown(uuid.as_bytes()), (Status::Exited(0), "zonepath: /zones/z1\n".into(), String::new()));
    assert_eq!(shown(b"z1"), (Status::Exited(50), String::new(), String::new()));
    let (status, _, complaint) = shown(b"00000000-0000-0000-0000-00000000000f");
    assert_eq!(status, Status::Exited(2));
    assert!(complaint.starts_with("00000000-0000-0000-0000-00000000000f: Bogus zone name\n"));
}
