//! `import` on a machine whose zones other hands made, with the machine's own programs.
#![allow(missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Host(tempfile::TempDir);

impl Host {
    fn new() -> Host {
        let host = Host(tempfile::tempdir().unwrap());
        host.sim(&["new"]);
        host.sim(&["link", host.dir().join("usr/sbin").to_str().unwrap()]);
        assert!(host.zmgr(&["init"]).status.success());
        host
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zmgr"));
        command.env_remove("ZMGR_ROOT").env_remove("ZMGR_SIMULATE").stdin(Stdio::null());
        command
    }

    fn sim(&self, words: &[&str]) {
        let output = self.program().arg("--simulate").arg(self.dir()).arg("sim").args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn zmgr(&self, words: &[&str]) -> Output {
        self.program().arg("--host-root").arg(self.dir()).args(words).output().unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.zmgr(&[&["--json"], words].concat());
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// One of the machine's programs.
    fn run(&self, words: &[&str]) -> bool {
        let mut command = Command::new(self.dir().join("usr/sbin").join(words[0]));
        let output = command.args(&words[1..]).env_clear().stdin(Stdio::null()).output().unwrap();
        output.status.success()
    }

    /// A zone of this brand, and how its install ended.
    fn zone(&self, name: &str, brand: &str, address: &str) -> bool {
        let link = format!("{name}0");
        assert!(self.run(&["dladm", "create-vnic", "-l", "stub0", &link]));
        let commands = format!(
            "create -b; set brand={brand}; set zonepath=/zones/{name}; set ip-type=exclusive; \
             add net; set physical={link}; set allowed-address={address}/24; end"
        );
        assert!(self.run(&["zonecfg", "-z", name, &commands]));
        self.run(&["zoneadm", "-z", name, "install"])
    }
}

#[test]
fn the_first_is_adopted_and_the_rest_explained() {
    let host = Host::new();
    assert!(host.zone("web", "nlipkg", "10.1.0.70"));
    host.zone("vm", "bhyve", "10.1.0.71");
    host.zone("lab", "labeled", "10.1.0.72");
    host.sim(&["fault", "zoneadm", "install", "--exit", "255", "--times", "1"]);
    assert!(!host.zone("half", "nlipkg", "10.1.0.73"));
    host.zone("lost", "sn1", "10.1.0.74");
    fs::remove_dir_all(host.dir().join("usr/lib/brand/sn1")).unwrap();

    let plan = host.json(&["import", "--dry-run"]);
    assert_eq!(plan["operation"], "import");
    let adopted = host.json(&["import"]);
    let names: Vec<&str> = adopted.as_array().unwrap().iter().map(|zone| zone["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["web"]);
    assert_eq!(adopted[0]["nets"][0]["address"], "10.1.0.70/24");
    assert_eq!(adopted[0]["origin"], "import");

    // Asked again, in words for a person: each has its reason.
    let output = host.zmgr(&["import"]);
    assert!(output.status.success());
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for (zone, why) in [
        ("web", "in the registry already"),
        ("vm", "virtual machine"),
        ("lab", "labeled"),
        ("half", "incomplete"),
        ("lost", "brand"),
    ] {
        let told = |line: &str| line.contains(zone) && line.contains(why);
        assert!(said.lines().any(told), "{zone} is not explained by {why:?}:\n{said}");
    }
    let entries: Vec<_> =
        fs::read_dir(host.dir().join("etc/zmgr/zones")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(entries, ["web.kdl"]);
    // Nothing of it was touched, and what it holds is nobody else's.
    assert!(host.run(&["zoneadm", "-z", "web", "boot"]));
    for taken in ["10.1.0.70", "10.1.0.71", "10.1.0.72", "10.1.0.73", "10.1.0.74"] {
        let output = host.zmgr(&["create", "new", "--address", &format!("internal={taken}")]);
        assert_eq!(output.status.code(), Some(8), "{taken}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
