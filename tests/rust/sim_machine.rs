//! The simulated machine, asked as programs ask it: argv in, both streams and the status out.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use zmgr::{Dialect, SimHost, SimStatus, Surroundings};

/// A machine in a directory of its own.
pub(crate) struct Pretend {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) host: SimHost,
}

/// What a command came to: both streams as written, and `=STATUS` at the end.
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
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let status = self.host.answer(
            &argv,
            Surroundings {
                env: &[],
                cwd: self.dir.path(),
                stdin: &mut input.as_bytes(),
                stdout: &mut stdout,
                stderr: &mut stderr,
                interrupted: &|| false,
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
}
