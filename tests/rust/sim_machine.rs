//! The simulated machine, asked as programs ask it: argv in, both streams and the status out.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use zmgr::{CommandIo, Dialect, SimHost, SimStatus};

/// A machine in a directory of its own.
pub(crate) struct Pretend {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) host: SimHost,
}

/// Result of a command: both streams as written, and `=STATUS` at the end.
pub(crate) fn new(dialect: Dialect) -> Pretend {
    let dir = tempfile::tempdir().unwrap();
    let host = SimHost::create(dir.path(), dialect).unwrap();
    Pretend { dir, host }
}

impl Pretend {
    /// Runs a command line split at blanks.
    pub(crate) fn run(&self, line: &str) -> String {
        self.argv(&line.split_whitespace().collect::<Vec<_>>(), "")
    }

    /// Runs a command, its standard input given.
    pub(crate) fn argv(&self, argv: &[&str], input: &str) -> String {
        answer(&self.host, argv, input)
    }

    /// Configures a zone by writing what zonecfg would.
    pub(crate) fn configure(&self, name: &str, brand: &str, link: &str) {
        let zones = self.dir.path().join("etc/zones");
        let net = format!("<network physical=\"{link}\" allowed-address=\"10.9.0.5/24\"/>");
        let xml = format!(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE zone PUBLIC \"-//Sun Microsystems Inc//DTD Zones//EN\" \
             \"file:///usr/share/lib/xml/dtd/zonecfg.dtd.1\">\n<zone name=\"{name}\" zonepath=\"/zones/{name}\" \
             autoboot=\"true\" brand=\"{brand}\" ip-type=\"exclusive\">{net}</zone>\n"
        );
        fs::write(zones.join(format!("{name}.xml")), xml).unwrap();
        let index = fs::read_to_string(zones.join("index")).unwrap();
        fs::write(zones.join("index"), format!("{index}{name}:configured:/zones/{name}:\n")).unwrap();
    }

    /// Every file of the machine's state with its mode and contents.
    pub(crate) fn state(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(self.dir.path(), self.dir.path(), &mut found);
        found.sort();
        found
    }
}

/// Runs a command on a machine: both streams as written, and `=STATUS` at the end.
pub(crate) fn answer(host: &SimHost, argv: &[&str], input: &str) -> String {
    let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = host.answer(
        &argv,
        CommandIo {
            env: &[],
            cwd: host.dir(),
            stdin: &mut input.as_bytes(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            interrupted: &|| false,
            hooks: None,
        },
    );
    let mut text = String::from_utf8(stdout).unwrap();
    for line in String::from_utf8(stderr).unwrap().lines() {
        text.push_str(&format!("! {line}\n"));
    }
    match status {
        SimStatus::Exited(status) => text + &format!("={status}"),
        other => text + &format!("={other:?}"),
    }
}

fn walk(root: &Path, at: &Path, found: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap();
        if name.starts_with(".zmgr") {
            continue;
        }
        let meta = fs::symlink_metadata(&path).unwrap();
        let contents = if meta.is_file() { fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        found.push(format!("{} {:o} {contents}", name.display(), meta.permissions().mode()));
        if meta.is_dir() {
            walk(root, &path, found);
        }
    }
}

#[test]
fn a_zones_whole_life_leaves_nothing() {
    let machine = new(Dialect::OpenIndiana);
    let run = |line: &str| machine.run(line);
    let before = machine.state();
    assert_eq!(run("dladm create-vnic -l stub0 web1_0"), "=0");
    machine.configure("web1", "nlipkg", "web1_0");
    assert_eq!(run("zoneadm -z web1 list -p"), "-:web1:configured:/zones/web1::nlipkg:excl\n=0");
    let verify = run("zoneadm -z web1 verify");
    assert!(verify.starts_with("! WARNING: /zones/web1 does not exist") && verify.ends_with("=0"), "{verify}");
    let install = run("zoneadm -z web1 install");
    assert!(install.starts_with("A ZFS file system has been created for this zone.\n"), "{install}");
    assert!(install.ends_with("to complete the configuration process.\n=0"), "{install}");
    assert_eq!(run("zoneadm -z web1 install"), "! zoneadm: zone 'web1': is already installed.\n=1");
    assert_eq!(run("zoneadm -z web1 boot"), "=0");
    assert_eq!(run("zoneadm -z web1 boot"), "! zone 'web1': zone is already booted\n=0");
    let listed = run("zoneadm list -p");
    assert!(listed.starts_with("0:global:running:/::ipkg:shared\n1:web1:running:/zones/web1:"), "{listed}");
    assert_eq!(run("dladm show-linkprop -c -o value -p zone web1_0"), "web1\n=0");
    assert_eq!(run("dladm delete-vnic web1_0"), "! dladm: vnic deletion failed: link busy\n=1");
    assert_eq!(
        run("zoneadm -z web1 uninstall -F"),
        "! zoneadm: zone 'web1': uninstall operation is invalid for running zones.\n=1"
    );
    assert_eq!(run("zoneadm -z web1 halt"), "=0");
    assert_eq!(run("zoneadm -z web1 halt"), "! zone 'web1': zone is already halted\n=0");
    assert_eq!(
        run("zfs list -H -o name,mountpoint -r rpool/zones"),
        "rpool/zones\t/zones\nrpool/zones/web1\t/zones/web1\nrpool/zones/web1/ROOT\tlegacy\n\
         rpool/zones/web1/ROOT/zbe\tlegacy\n=0"
    );
    assert_eq!(
        run("zoneadm -z web1 uninstall"),
        "! zoneadm: zone 'web1': Input not from terminal and -F not specified: uninstall not done.\n=1"
    );
    assert_eq!(run("zoneadm -z web1 uninstall -F"), "=0");
    assert_eq!(run("zoneadm -z web1 list -p"), "-:web1:configured:/zones/web1::nlipkg:excl\n=0");
    fs::remove_file(machine.dir.path().join("etc/zones/web1.xml")).unwrap();
    fs::write(machine.dir.path().join("etc/zones/index"), "global:installed:/\n").unwrap();
    assert_eq!(run("dladm delete-vnic web1_0"), "=0");
    assert_eq!(machine.state(), before);
    let own = std::process::Command::new("grep").arg("-rl").arg("web1").arg(machine.dir.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&own.stdout), "");
    let find = std::process::Command::new("find").arg(machine.dir.path()).args(["-name", "*web1*"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&find.stdout), "");
}

/// A machine with installed zones of these names.
pub(crate) fn with_zones(names: &[&str]) -> Pretend {
    let machine = new(Dialect::OpenIndiana);
    for name in names {
        assert_eq!(machine.run(&format!("dladm create-vnic -l stub0 {name}_0")), "=0");
        machine.configure(name, "nlipkg", &format!("{name}_0"));
        assert!(machine.run(&format!("zoneadm -z {name} install")).ends_with("=0"));
    }
    machine
}

#[test]
fn a_clone_outlives_its_source() {
    let machine = with_zones(&["web1"]);
    let run = |line: &str| machine.run(line);
    fs::write(machine.dir.path().join("zones/web1/root/etc/marker"), "seen").unwrap();
    assert_eq!(run("dladm create-vnic -l stub0 web2_0"), "=0");
    machine.configure("web2", "nlipkg", "web2_0");
    run("zoneadm -z web1 boot");
    assert_eq!(
        run("zoneadm -z web2 clone web1"),
        "! zoneadm: zone 'web2': clone operation is invalid for running zones.\n=1"
    );
    run("zoneadm -z web1 halt");
    assert_eq!(run("zoneadm -z web2 clone web1"), "=0");
    assert_eq!(
        run("zfs list -H -o name,origin -r rpool/zones/web2"),
        "rpool/zones/web2\t-\nrpool/zones/web2/ROOT\t-\n\
         rpool/zones/web2/ROOT/zbe\trpool/zones/web1/ROOT/zbe@web2_snap\n=0"
    );
    assert_eq!(
        run("zfs destroy rpool/zones/web1/ROOT/zbe"),
        "! cannot destroy 'rpool/zones/web1/ROOT/zbe': filesystem has dependent clones\n\
         ! use '-R' to destroy the following datasets:\n! rpool/zones/web2/ROOT/zbe\n=1"
    );
    assert_eq!(run("zoneadm -z web1 uninstall -F"), "promoting 'rpool/zones/web2/ROOT/zbe'.\n=0");
    assert_eq!(run("zfs list rpool/zones/web1"), "! cannot open 'rpool/zones/web1': dataset does not exist\n=1");
    assert_eq!(run("zoneadm -z web2 boot"), "=0");
    assert_eq!(run("zlogin web2 cat /etc/marker"), "seen=0");
    run("zoneadm -z web2 halt");
    assert_eq!(run("zoneadm -z web2 uninstall -F"), "=0");
    assert_eq!(run("zfs list -H -o name -t all -r rpool/zones"), "rpool/zones\n=0");
}

#[test]
fn links_answer_as_the_reference_says() {
    let machine = with_zones(&["web1"]);
    for (line, answer) in [
        ("dladm create-vnic -l stub0 web010", "! dladm: invalid link name 'web010'\n=1"),
        ("dladm create-vnic -l stub0 a-b0", "! dladm: invalid link name 'a-b0'\n=1"),
        ("dladm create-vnic -l nostub0 v0", "! dladm: invalid link name 'nostub0'\n=1"),
        ("dladm create-vnic -l stub0 web1_0", "! dladm: vnic creation over stub0 failed: object already exists\n=1"),
        ("dladm create-vnic -l web1_0 v0", "! dladm: vnic creation over web1_0 failed: invalid argument\n=1"),
        ("dladm create-vnic -l stub0 -m fixed v0", "! dladm: 'fixed' is not a valid MAC address\n=1"),
        ("dladm create-vnic -l stub0 -v 5000 v0", "! dladm: invalid VLAN identifier '5000'\n=1"),
        ("dladm create-vnic -l stub0 -m 2:8:20:1b:2c:3d v0", "=0"),
        (
            "dladm create-vnic -l stub0 -m 02:08:20:1b:2c:3d v1",
            "! dladm: vnic creation over stub0 failed: MAC address is already in use\n=1",
        ),
        ("dladm create-vnic -l net0 -m 2:8:20:1b:2c:3d -v 20 -p mtu=1400 -t v2", "=0"),
        ("dladm show-vnic -p -o link,macaddress v0", "v0:2\\:8\\:20\\:1b\\:2c\\:3d\n=0"),
        ("dladm show-vnic -p -o macaddress v0", "2:8:20:1b:2c:3d\n=0"),
        ("dladm show-vnic -p -o link,over,vid v2", "v2:net0:20\n=0"),
        ("dladm show-link -p -o link,class,mtu,state,over v2", "v2:vnic:1500:up:net0\n=0"),
        ("dladm set-linkprop -p mtu=1400 v2", "=0"),
        ("dladm show-link -p -o link,class,mtu,state,over v2", "v2:vnic:1400:up:net0\n=0"),
        ("dladm show-link -p -o link,class,mtu,state stub0", "stub0:etherstub:9000:up\n=0"),
        ("dladm show-link -P v2", "! dladm: link v2 is a temporary link: invalid argument\n=1"),
        ("dladm show-link -p", "! dladm: -p requires -o\n=1"),
        ("dladm show-vnic -p", "! dladm: output fields must be specified in parsable mode\n=1"),
        ("dladm show-vnic -p -o all", "! dladm: output field `all' invalid in parsable mode\n=1"),
        ("dladm show-vnic -p -o foo", "! dladm: no valid output fields\n=1"),
        ("dladm show-vnic stub0", "=0"),
        ("dladm show-vnic nope0", "! dladm: invalid vnic name 'nope0': object not found\n=1"),
        ("dladm show-etherstub", "LINK\nstub0\n=0"),
        ("dladm show-linkprop -c -o link,value -p zone v0", "v0:\n=0"),
        ("dladm delete-vnic stub0", "! dladm: 'stub0' is not a vnic\n=1"),
        ("dladm delete-etherstub v0", "! dladm: 'v0' is not an etherstub\n=1"),
        ("dladm delete-etherstub stub0", "! dladm: vnic deletion failed: link busy\n=1"),
        ("dladm delete-vnic nope0", "! dladm: invalid link name 'nope0'\n=1"),
        ("ipadm create-if v0", "=0"),
        ("dladm delete-vnic v0", "! dladm: vnic deletion failed: link busy\n=1"),
        ("ipadm create-addr -T static -a 10.1.0.9/24 v0/v4", "=0"),
        (
            "ipadm show-addr -p -o addrobj,type,state,addr",
            "lo0/v4:static:ok:127.0.0.1/8\nlo0/v6:static:ok:\\:\\:1/128\nv0/v4:static:ok:10.1.0.9/24\n=0",
        ),
        ("ipadm delete-if v0", "=0"),
        ("dladm delete-vnic v0", "=0"),
    ] {
        assert_eq!(machine.run(line), answer, "{line}");
    }
    assert_eq!(machine.run("dladm delete-vnic web1_0"), "=0");
    assert_eq!(
        machine.run("zoneadm -z web1 boot"),
        "! WARNING: skipping network interface 'web1_0': object not found\n\
         ! zone 'web1': failed to add network device: No such device or address\n\
         ! zoneadm: zone 'web1': call to zoneadmd failed\n=1"
    );
    assert!(machine.run("zoneadm -z web1 list -p").contains(":installed:"));
}

#[test]
fn a_reboot_keeps_what_is_recorded() {
    let machine = with_zones(&["web1", "web2"]);
    machine.run("dladm create-vnic -t -l stub0 gone0");
    machine.run("dladm delete-vnic web2_0");
    machine.run("dladm create-vnic -t -l stub0 web2_0");
    assert_eq!(machine.run("zoneadm -z web2 boot"), "=0");
    let failed = machine.host.reboot().unwrap();
    assert_eq!(failed.iter().map(|boot| boot.zone.as_str()).collect::<Vec<_>>(), ["web2"]);
    assert_eq!(machine.run("zoneadm list"), "global\nweb1\n=0");
    assert_eq!(machine.run("dladm show-link -p -o link"), "net0\nstub0\nweb1_0\n=0");
}

#[test]
fn faults_act_in_the_middle() {
    use zmgr::Fault;
    let machine = with_zones(&["web1"]);
    machine.configure("web2", "nlipkg", "web2_0");
    machine.run("dladm create-vnic -l stub0 web2_0");
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some("install".into());
    fault.zone = Some("web2".into());
    fault.exit = Some(1);
    fault.stdout = Some("ERROR: failed to install package".into());
    fault.stderr = Some("pkg: 0/1 catalogs".into());
    fault.times = Some(1);
    machine.host.fault(&fault).unwrap();
    assert_eq!(
        machine.run("zoneadm -z web2 install"),
        "A ZFS file system has been created for this zone.\nERROR: failed to install package\n\
         ! pkg: 0/1 catalogs\n=1"
    );
    assert!(machine.run("zoneadm -z web2 list -p").starts_with("-:web2:incomplete:/zones/web2:"));
    assert!(machine.run("zfs list -H -o name rpool/zones/web2").ends_with("=0"));
    assert_eq!(machine.run("zoneadm -z web2 uninstall -F"), "=0");

    // The statuses of a hook decide about the state.
    for (status, state) in [(253, "incomplete"), (254, "configured"), (255, "incomplete")] {
        fault.exit = Some(status);
        machine.host.fault(&fault).unwrap();
        assert!(machine.run("zoneadm -z web2 install").ends_with("=1"));
        assert!(machine.run("zoneadm -z web2 list -p").starts_with(&format!("-:web2:{state}:")), "{status}");
        machine.run("zoneadm -z web2 uninstall -F");
    }
    assert!(!machine.dir.path().join("zones/web2").exists());

    let mut fault = Fault::new("zfs");
    fault.panic = true;
    fault.times = Some(1);
    machine.host.fault(&fault).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| machine.run("zfs list")));
    assert!(panicked.is_err() && machine.run("zfs list -H -o name /zones") == "rpool/zones\n=0");

    let mut fault = Fault::new("dladm");
    fault.exit = Some(1);
    fault.stderr = Some("dladm: no".into());
    machine.host.fault(&fault).unwrap();
    assert_eq!(machine.run("dladm create-vnic -l stub0 x0"), "! dladm: no\n=1");
    machine.host.clear_faults().unwrap();
    assert_eq!(machine.run("dladm delete-vnic x0"), "! dladm: invalid link name 'x0'\n=1");
}

#[test]
fn publishers_and_logins() {
    let machine = with_zones(&["web1"]);
    machine.run("zoneadm -z web1 boot");
    for (line, answer) in [
        (
            "pkg -R /zones/web1/root publisher -HF tsv",
            "openindiana.org\ttrue\tfalse\ttrue\torigin\tonline\thttps://pkg.openindiana.org/hipster/\t-\n=0",
        ),
        ("pkg -R /zones/web1/root set-publisher --no-refresh -G * -g http://a/x -M * --non-sticky -P my.org", "=0"),
        ("zlogin web1 pkg publisher -P -H -F tsv", "my.org\tfalse\tfalse\ttrue\torigin\tonline\thttp://a/x/\t-\n=0"),
        ("pkg -R /zones/web1/root unset-publisher my.org", " Startup: Caching catalogs ... Done\n Done\n=0"),
        (
            "pkg -R /zones/web1/root unset-publisher my.org",
            " Done\n! \n! pkg unset-publisher: Removal failed for 'my.org': Unknown publisher 'my.org'.\n! \n=1",
        ),
        ("pkg -R /zones/none/root publisher", "! pkg: No image rooted at '/zones/none/root'\n=1"),
        ("zlogin web1 ipadm show-addr -p -o addrobj,type,state,addr", ADDRESSES),
        ("zlogin web1 hostname", "web1\n=0"),
        ("zlogin web1 exit 7", "=7"),
        ("zlogin web1 false || echo a b; exit 3", "a b\n=3"),
        ("zlogin web1 svcs -H -o state milestone/multi-user-server:default", "online\n=0"),
        ("zlogin web1 frob", "! sh: frob: not found\n=127"),
        ("zlogin web1 cat /../../etc/zones/index", "! cat: /../../etc/zones/index: No such file or directory\n=1"),
        ("zlogin nope true", "! zlogin: zone 'nope' unknown\n=1"),
        ("zlogin web1 shutdown -y -g0 -i5", "=0"),
        ("zlogin web1 true", "! zlogin: login allowed only to running zones (web1 is 'installed').\n=1"),
        ("pfexec zonename", "global\n=0"),
    ] {
        assert_eq!(machine.run(line), answer, "{line}");
    }
}

const ADDRESSES: &str =
    "lo0/v4:static:ok:127.0.0.1/8\nlo0/v6:static:ok:\\:\\:1/128\nweb1_0/_a:from-gz:ok:10.9.0.5/24\n=0";

#[test]
fn nothing_leaves_the_machines_directory() {
    let machine = with_zones(&["web1"]);
    let outside = machine.dir.path().parent().unwrap().join("zmgr-outside");
    for (line, answer) in [
        ("zfs create -o mountpoint=/../../zmgr-outside rpool/out", "=0"),
        (
            "zfs create -o mountpoint=/etc rpool/etc",
            "! cannot mount '/etc': directory is not empty\n! filesystem successfully created, but not mounted\n=1",
        ),
        ("zfs destroy rpool/etc", "=0"),
        ("zfs destroy -r rpool/ROOT/be", "! cannot destroy 'rpool/ROOT/be': dataset is busy\n=1"),
        ("zfs list -H -o name /", "rpool/ROOT/be\n=0"),
    ] {
        assert_eq!(machine.run(line), answer, "{line}");
    }
    assert!(!outside.exists() && machine.dir.path().join("zmgr-outside").is_dir());
    assert!(machine.dir.path().join("etc/release").exists());
}

#[test]
fn omnios_makes_links_on_demand_and_writes_the_resolver() {
    let machine = new(Dialect::OmniOs);
    let run = |line: &str| machine.run(line);
    let configured = machine.argv(
        &[
            "zonecfg",
            "-z",
            "web1",
            "create -t lipkg; set zonepath=/zones/web1; add net; set physical=od0; set global-nic=net0; \
             set allowed-address=10.1.0.9/24; set vlan-id=20; end; add attr; set name=resolvers; set type=string; \
             set value=\"10.1.0.1,10.1.0.2\"; end; add attr; set name=dns-domain; set type=string; set value=example.org; end",
        ],
        "",
    );
    assert_eq!(configured, "=0");
    assert!(run("zoneadm -z web1 install").ends_with("=0"));
    assert!(run("zoneadm -z web1 list -p").ends_with(":lipkg:excl:\n=0"));
    assert_eq!(run("zoneadm -z web1 boot"), "=0");
    assert_eq!(run("dladm show-vnic -p -o over,vid od0"), "net0:20\n=0");
    let mac = run("dladm show-vnic -p -o macaddress od0");
    let written = fs::read_to_string(machine.dir.path().join("etc/zones/web1.xml")).unwrap();
    assert!(written.contains("mac-addr=") && mac.ends_with("=0"), "{written}");
    assert_eq!(
        run("zlogin web1 cat /etc/resolv.conf"),
        "# Auto-generated from zone configuration\ndomain example.org\nnameserver 10.1.0.1\nnameserver 10.1.0.2\n=0"
    );
    assert!(run("pkg -R /zones/web1/root publisher -HF tsv").starts_with("omnios\ttrue\ttrue\ttrue\torigin"));
    assert_eq!(run("zoneadm -z web1 halt"), "=0");
    assert_eq!(run("dladm show-vnic"), "=0");
    assert!(run("zoneadm list -cpn").starts_with("-:web1:installed:"));
}

#[test]
fn a_second_install_waits_and_spoils_the_first() {
    let machine = new(Dialect::OpenIndiana);
    machine.run("dladm create-vnic -l stub0 web1_0");
    machine.configure("web1", "nlipkg", "web1_0");
    let mut slow = zmgr::Fault::new("zoneadm");
    slow.subcommand = Some("install".into());
    slow.delay = Some(std::time::Duration::from_millis(300));
    slow.times = Some(1);
    machine.host.fault(&slow).unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| machine.run("zoneadm -z web1 install"));
        // The middle state shows while the first is at work.
        while !machine.run("zoneadm -z web1 list -p").contains(":incomplete:") {
            std::thread::yield_now();
        }
        assert!(machine.run("zoneadm -z web1 install").starts_with("! zoneadm: zone 'web1': zone is incomplete;"));
        assert!(first.join().unwrap().ends_with("=0"));
    });
    assert_eq!(machine.run("zonecfg -z web1 delete"), NO_DELETE);
}

const NO_DELETE: &str = "! Input not from terminal and -F not specified:\n! delete command ignored, exiting.\n=1";

#[test]
fn zfs_answers_for_paths_volumes_and_snapshots() {
    let pretend = new(Dialect::OpenIndiana);
    std::fs::create_dir_all(pretend.dir.path().join("export/plain")).unwrap();
    assert_eq!(pretend.run("zfs list -H -o name /export/plain"), "rpool/export\n=0");
    assert!(pretend.run("zfs list -H -o name /export/none").ends_with("=1"));
    pretend.run("zfs create -o mountpoint=none rpool/export/data");
    pretend.run("zfs set mountpoint=/export/elsewhere rpool/export/data");
    assert_eq!(pretend.run("zfs list -H -o mounted rpool/export/data"), "yes\n=0");
    pretend.run("zfs create -V 1G rpool/export/vol");
    assert_eq!(
        pretend.run("zfs list -H -o name,type,mountpoint -t volume -r rpool"),
        "rpool/export/vol\tvolume\t-\n=0"
    );
    let file = pretend.dir.path().join("export/elsewhere/file");
    std::fs::write(&file, "old").unwrap();
    pretend.run("zfs snapshot -r rpool/export@before");
    std::fs::write(&file, "new").unwrap();
    assert_eq!(pretend.run("zfs rollback rpool/export/data@before"), "=0");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    pretend.run("zfs unmount rpool/export/data");
    assert_eq!(pretend.run("zfs snapshot rpool/export/data@down"), "=0");
    assert!(pretend.run("zfs rollback rpool/export/data@before").contains("more recent snapshots or bookmarks exist"));
}

#[test]
fn a_reboot_leaves_the_root_of_a_zone_that_stays_down_unmounted() {
    let pretend = new(Dialect::OmniOs);
    pretend.configure("web01", "illumos", "web01n0");
    let tar = format!("{}ustar{}", "\0".repeat(257), "\0".repeat(762));
    std::fs::write(pretend.dir.path().join("export/base.tar"), tar).unwrap();
    let document = pretend.dir.path().join("etc/zones/web01.xml");
    let text = std::fs::read_to_string(&document).unwrap().replace("autoboot=\"true\"", "autoboot=\"false\"");
    std::fs::write(&document, text).unwrap();
    pretend.run("dladm create-vnic -l stub0 web01n0");
    assert!(pretend.run("zoneadm -z web01 install -s /export/base.tar").ends_with("=0"));
    let root = "zfs list -H -o mounted rpool/zones/web01/ROOT/illumos";
    assert_eq!(pretend.run(root), "no\n=0");
    assert_eq!(pretend.run("zoneadm -z web01 boot"), "=0");
    assert_eq!(pretend.run(root), "yes\n=0");
    zmgr_sim::Machine::open(pretend.dir.path()).unwrap().reboot().unwrap();
    assert_eq!(pretend.run(root), "no\n=0");
}

#[test]
fn volumes_are_not_file_systems() {
    let machine = new(Dialect::OmniOs);
    assert_eq!(machine.run("zfs create -V 1536M rpool/vol"), "=0");
    assert_eq!(machine.run("zfs snapshot rpool/vol@a"), "=0");
    assert_eq!(machine.run("zfs clone rpool/vol@a rpool/copy"), "=0");
    let shown = machine.run("zfs list -H -o name,type,volsize,mountpoint,mounted rpool/copy");
    assert_eq!(shown, "rpool/copy\tvolume\t1.50G\t-\t-\n=0");
    assert_eq!(machine.run("zfs set volsize=2G rpool/vol"), "=0");
    assert_eq!(machine.run("zfs get -Hp -o value volsize,volblocksize rpool/vol"), "2147483648\n8192\n=0");
    for (line, message) in [
        ("create rpool/vol/below", "cannot create 'rpool/vol/below': parent is not a filesystem"),
        ("create -V 1000 rpool/odd", "cannot create 'rpool/odd': volume size must be a multiple of volume block size"),
        ("create -V 0 rpool/none", "cannot create 'rpool/none': volume size cannot be zero"),
        ("mount rpool/vol", "cannot open 'rpool/vol': operation not applicable to datasets of this type"),
        (
            "set mountpoint=/vol rpool/vol",
            "cannot set property for 'rpool/vol': 'mountpoint' does not apply to datasets of this type",
        ),
        ("set volsize=1G rpool", "cannot set property for 'rpool': 'volsize' does not apply to datasets of this type"),
    ] {
        assert_eq!(machine.run(&format!("zfs {line}")), format!("! {message}\n=1"), "{line}");
    }
    assert_eq!(machine.run("zfs create -V big rpool/big"), "! bad volume size 'big': bad numeric value 'big'\n=255");
}
