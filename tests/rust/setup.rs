//! Content of a zone when it comes up: publishers, first-boot files, delegated datasets; and the log of its installation.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zmgr::internals::exec::SimRunner;
use zmgr::internals::exec::pkg::{self, ImagePublisher};
use zmgr::internals::host::Host;
use zmgr::{
    Code, CreateOptions, DestroyOptions, Dialect, Event, EventKind, Fault, HaltOptions, Manager, Plan, RecoverOptions,
    ReinstallOptions, RunOptions, SimHost,
};
use zmgr_sim::Machine;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOpsOpsOps ops@example";

/// A machine with the starter's tree and templates of its own.
struct Site {
    dir: tempfile::TempDir,
    host: SimHost,
    manager: Manager,
}

impl Site {
    fn new(dialect: Dialect) -> Site {
        let dir = tempfile::tempdir().unwrap();
        let host = SimHost::create(dir.path().join("m"), dialect).unwrap();
        let manager = Manager::builder().simulate(host.dir()).build().unwrap();
        manager.init().unwrap();
        Site { dir, host, manager }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.host.dir().join(path.trim_start_matches('/'))
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn template(&self, name: &str, body: &str) {
        let text = format!("template \"{name}\" {{\n    net \"internal\" {{ pool \"internal\"; }}\n{body}\n}}\n");
        self.put(&format!("/etc/zmgr/templates/{name}.kdl"), &text);
    }

    fn publisher(&self, name: &str, body: &str) {
        let entire = if name == "a.example" { " entire=#true" } else { "" };
        let text = format!("publisher \"{name}\"{entire} {{ {body} }}\n");
        self.put(&format!("/etc/zmgr/publishers/{name}.kdl"), &text);
    }

    fn options(template: &str) -> CreateOptions {
        CreateOptions::new().template(template).boot(false)
    }

    fn plan(&self, template: &str) -> zmgr::Result<Plan> {
        self.manager.plan_create(&["web01"], &Site::options(template))
    }

    fn create(&self, template: &str) -> zmgr::Result<zmgr::Zone> {
        self.manager.create("web01", &Site::options(template), &mut RunOptions::new())
    }

    fn read(&self, path: &str) -> String {
        let path = self.path(&format!("/zones/web01/root{path}"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.path(&format!("/zones/web01/root{path}"))).unwrap().permissions().mode() & 0o7777
    }

    fn publishers(&self) -> Vec<ImagePublisher> {
        pkg::parse_publishers(&host(&self.host).ask(&pkg::publishers("/zones/web01/root")).unwrap()).unwrap()
    }

    fn has_zone(&self) -> bool {
        self.path("/etc/zmgr/zones/web01.kdl").exists() || self.path("/etc/zones/web01.xml").exists()
    }
}

fn host(machine: &SimHost) -> Host {
    Host::simulated(SimRunner::new(Machine::open(machine.dir()).unwrap()))
}

fn names(publishers: &[ImagePublisher]) -> Vec<&str> {
    publishers.iter().map(|publisher| publisher.name.as_str()).collect()
}

fn steps(plan: &Plan) -> Vec<&str> {
    plan.changes[0].steps.iter().map(|step| step.id.as_str()).collect()
}

fn three_publishers(site: &Site) {
    site.publisher("a.example", "origin \"https://a.example/one\"");
    site.publisher(
        "b.example",
        "origin \"https://b.example/\" \"https://b.example/two\"; mirror \"https://m.example\"; sticky #false",
    );
    site.put("/etc/zmgr/ssl/c.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    site.put("/etc/zmgr/ssl/c.key", "-----BEGIN PRIVATE KEY-----\nsecret\n");
    site.publisher(
        "c.example",
        "origin \"https://c.example/\"; ssl-cert \"/etc/zmgr/ssl/c.pem\"; ssl-key \"/etc/zmgr/ssl/c.key\"",
    );
}

#[test]
fn publishers_are_the_desired_ones_in_their_order() {
    for (list, first) in [
        (&["a.example", "b.example", "c.example"][..], "publisher:b.example"),
        (&["c.example", "b.example", "a.example"], "publisher:c.example"),
        (&["b.example"], "publisher:b.example"),
        (&["a.example"], "publishers"),
    ] {
        let site = Site::new(Dialect::OpenIndiana);
        three_publishers(&site);
        let words: Vec<String> = list.iter().map(|name| format!("{name:?}")).collect();
        site.template("t", &format!("brand \"nlipkg\"; install {{ publisher {} }}", words.join(" ")));
        let plan = site.plan("t").unwrap();
        let after = steps(&plan).into_iter().skip_while(|step| *step != "install").nth(1);
        assert_eq!(after, Some(first), "{plan}");
        assert!(!plan.to_json().contains("secret"));
        site.create("t").unwrap();
        let found = site.publishers();
        assert_eq!(names(&found), list);
        if let Some(b) = found.iter().find(|publisher| publisher.name == "b.example") {
            assert_eq!((b.origins.len(), b.mirrors.len(), b.sticky), (2, 1, false));
        }
        if list.contains(&"c.example") {
            // pkg has copies that only root reads; those that zmgr made for it are gone.
            use std::os::unix::fs::PermissionsExt;
            let kept =
                |directory: &str| fs::read_dir(site.path(&format!("/zones/web01/root/var/pkg{directory}"))).unwrap();
            let modes: Vec<u32> =
                kept("/ssl").map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777).collect();
            assert_eq!(modes, [0o600, 0o600]);
            assert!(!kept("").any(|file| file.unwrap().file_name().to_string_lossy().starts_with("zmgr-")));
        }
        let entry = fs::read_to_string(site.path("/etc/zmgr/zones/web01.kdl")).unwrap();
        assert!(!entry.contains("secret") && entry.contains("state \"ready\""), "{entry}");
    }
}

#[test]
fn a_clone_keeps_the_publishers_of_its_source_and_gets_its_own_name() {
    let site = Site::new(Dialect::OpenIndiana);
    three_publishers(&site);
    site.template("golden", "brand \"nlipkg\"; install { publisher \"b.example\" }; setup { hostname \"golden\"; }");
    site.manager.create("golden", &Site::options("golden"), &mut RunOptions::new()).unwrap();
    site.template("t", "brand \"nlipkg\"; install { publisher \"a.example\" }");
    let options = Site::options("t").clone_from("golden");
    site.manager.create("web01", &options, &mut RunOptions::new()).unwrap();
    assert_eq!(names(&site.publishers()), ["b.example"]);
    assert_eq!(site.read("/etc/nodename"), "web01\n");
}

#[test]
fn what_a_brand_cannot_have_is_refused_in_the_plan() {
    let site = Site::new(Dialect::OpenIndiana);
    three_publishers(&site);
    site.publisher(
        "plain",
        "origin \"http://p.example/\"; ssl-cert \"/etc/zmgr/ssl/c.pem\"; ssl-key \"/etc/zmgr/ssl/c.key\"",
    );
    site.publisher("gone", "origin \"https://g.example/\"; ssl-cert \"/no/cert\"; ssl-key \"/no/key\"");
    site.put("/etc/zmgr/keys/private", "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n");
    for (body, said) in [
        ("brand \"ipkg\"; install { publisher \"a.example\" }", "linked image"),
        ("brand \"nlipkg\"; install { publisher \"missing\" }", "publisher missing does not exist"),
        ("brand \"nlipkg\"; install { publisher \"plain\" }", "no https address"),
        ("brand \"nlipkg\"; install { publisher \"gone\" }", "ssl-cert /no/cert"),
        ("brand \"nlipkg\"; setup { ssh-key \"/etc/zmgr/keys/private\" }", "contains a private key"),
        ("brand \"nlipkg\"; setup { ssh-key \"/etc/zmgr/keys/none\" }", "cannot be used"),
        ("brand \"nlipkg\"; dataset \"rpool/none\"", "no dataset rpool/none"),
        (
            "brand \"nlipkg\"; zonecfg \"add device\" \"set match=/dev/x\" \"add property (name=a,value=b)\" \"end\"",
            "does not support the property of a device",
        ),
        ("brand \"nlipkg\"; zonecfg \"add attr\" \"set name=a\"", "end"),
        ("brand \"nlipkg\"; zonecfg \"set hostid=zz\"", "hostid"),
    ] {
        site.template("t", body);
        let error = site.plan("t").unwrap_err();
        let text = format!("{error:?}");
        assert_eq!(error.code(), Code::Config, "{body}: {text}");
        assert!(text.contains(said) && !text.contains("secret"), "{body}: {text}");
        assert!(site.create("t").is_err() && !site.has_zone());
    }
}

const SETUP: &str = "resolver \"9.9.9.9\" \"2620:fe::fe\"; dns-domain \"example.org\"
    setup { hostname \"{zone}.example.org\"; timezone \"Europe/Zurich\"; ssh-key \"/etc/zmgr/keys/ops.pub\"
        root-password-file \"/etc/zmgr/secrets/root\"
        hosts \"10.1.0.5 db01 db01.example.org\" \"127.0.1.1 {zone}\" }";

/// The hash of root's password, which must be nowhere but in its file and in the zone.
const HASH: &str = "$5$rounds=5000$saltsalt$Kqk0Vb.0123456789abcdefghij/";

/// The files of the host that [`SETUP`] names.
fn setup_files(site: &Site) {
    site.put("/etc/zmgr/keys/ops.pub", &format!("# ops\n{KEY}\n"));
    site.put("/etc/zmgr/secrets/root", &format!("{HASH}\n"));
    fs::set_permissions(site.path("/etc/zmgr/secrets/root"), fs::Permissions::from_mode(0o400)).unwrap();
}

/// The files below a directory that contain the hash.
fn with_hash(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(with_hash(&path));
        } else if path.is_file() && String::from_utf8_lossy(&fs::read(&path).unwrap()).contains("Kqk0Vb") {
            found.push(path);
        }
    }
    found
}

#[test]
fn the_files_of_the_first_boot() {
    let site = Site::new(Dialect::OpenIndiana);
    setup_files(&site);
    site.template("t", &format!("brand \"nlipkg\"; {SETUP}"));
    let plan = site.plan("t").unwrap();
    assert!(!plan.to_json().contains("Kqk0Vb") && !format!("{plan:?}").contains("Kqk0Vb"));
    let plan = plan.to_string();
    assert!(plan.contains("root: the hash in /etc/zmgr/secrets/root"), "{plan}");
    for line in ["/zones/web01/root/etc/nodename:", "web01.example.org", "TZ=Europe/Zurich", "nameserver 9.9.9.9", KEY]
    {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    let (events, created) = observed(&site, "t");
    created.unwrap();
    assert!(!format!("{events:?}").contains("Kqk0Vb"));
    assert_eq!(site.read("/etc/nodename"), "web01.example.org\n");
    assert_eq!(site.read("/etc/shadow").lines().next().unwrap(), format!("root:{HASH}:6445::::::"));
    assert!(site.read("/etc/shadow").contains("\nnobody:*LK*:6445::::::\n"));
    assert_eq!(site.mode("/etc/shadow"), 0o400);
    let hosts = "::1 localhost\n127.0.0.1 localhost loghost\n10.1.0.5 db01 db01.example.org\n127.0.1.1 web01\n";
    assert_eq!(site.read("/etc/inet/hosts"), hosts);
    let [own, zone] = [site.path("/etc/zmgr/secrets/root"), site.path("/zones/web01/root/etc/shadow")];
    assert_eq!(with_hash(site.host.dir()).iter().filter(|path| **path != own && **path != zone).count(), 0);
    assert!(site.read("/etc/default/init").contains("\nTZ=Europe/Zurich\nCMASK=022\n"));
    assert_eq!(site.read("/etc/resolv.conf"), "domain example.org\nnameserver 9.9.9.9\nnameserver 2620:fe::fe\n");
    assert!(site.read("/etc/nsswitch.conf").contains("\nhosts: files dns\nipnodes: files dns\n"));
    assert_eq!(site.read("/root/.ssh/authorized_keys"), format!("{KEY}\n"));
    assert_eq!((site.mode("/root/.ssh"), site.mode("/root/.ssh/authorized_keys")), (0o700, 0o600));
    assert_eq!(site.read("/etc/ssh/sshd_config"), "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n");
    assert_eq!(site.mode("/etc/ssh/sshd_config"), 0o644);
}

#[test]
fn omnios_writes_its_resolvers_itself() {
    let site = Site::new(Dialect::OmniOs);
    setup_files(&site);
    site.template("t", &format!("brand \"ipkg\"; {SETUP}"));
    site.create("t").unwrap();
    assert_eq!(site.read("/etc/nodename"), "web01.example.org\n");
    assert!(!site.path("/zones/web01/root/etc/resolv.conf").exists());
    let document = fs::read_to_string(site.path("/etc/zones/web01.xml")).unwrap();
    assert!(document.contains("9.9.9.9,2620:fe::fe") && document.contains("example.org"), "{document}");
}

#[test]
fn no_link_in_the_zone_leads_out_of_it() {
    let site = Site::new(Dialect::OpenIndiana);
    setup_files(&site);
    site.template("golden", "brand \"nlipkg\"");
    site.manager.create("golden", &Site::options("golden"), &mut RunOptions::new()).unwrap();
    let outside = site.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("init"), "TZ=UTC\n").unwrap();
    let root = site.path("/zones/golden/root");
    site.template("t", &format!("brand \"nlipkg\"; {SETUP}"));
    let create = || {
        let options = Site::options("t").clone_from("golden");
        site.manager.create("web01", &options, &mut RunOptions::new())
    };
    fs::write(outside.join("file"), "theirs\n").unwrap();
    let (directory, file) = (outside.clone(), outside.join("file"));
    for (path, target) in [
        ("root", &directory),
        ("root/.ssh", &directory),
        ("root/.ssh/authorized_keys", &file),
        ("etc", &directory),
        ("etc/default", &directory),
        ("etc/default/init", &file),
        ("etc/nodename", &file),
        ("etc/resolv.conf", &file),
        ("etc/nsswitch.conf", &file),
        ("etc/shadow", &file),
        ("etc/inet", &directory),
        ("etc/inet/hosts", &file),
        ("etc/ssh", &directory),
        ("etc/ssh/sshd_config", &file),
    ] {
        let place = root.join(path);
        let made = !place.parent().unwrap().exists();
        if made {
            fs::create_dir(place.parent().unwrap()).unwrap();
        }
        let kept = place.exists().then(|| fs::rename(&place, site.dir.path().join("kept")).unwrap());
        symlink(target, &place).unwrap();
        // A link in the place of a whole file is replaced; one on the way to it, or to one that is changed, is refused.
        match create() {
            Ok(_) => {
                assert!(!["root", "etc"].contains(&path), "{path}");
                let left = site.path("/zones/web01/root").join(path);
                assert!(!fs::symlink_metadata(&left).unwrap().is_symlink(), "{path}");
                site.manager.destroy(&["web01"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
            }
            Err(error) => assert!(matches!(error.code(), Code::Io | Code::WrongState), "{path}: {error:?}"),
        }
        assert!(!site.has_zone(), "{path}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs\n", "{path}");
        fs::remove_file(&place).unwrap();
        if made {
            fs::remove_dir(place.parent().unwrap()).unwrap();
        }
        if kept.is_some() {
            fs::rename(site.dir.path().join("kept"), &place).unwrap();
        }
    }
    assert_eq!(fs::read_to_string(outside.join("init")).unwrap(), "TZ=UTC\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 2);
    create().unwrap();
}

#[test]
fn a_clone_gets_the_password_and_the_hosts_again() {
    let site = Site::new(Dialect::OpenIndiana);
    setup_files(&site);
    site.template("t", &format!("brand \"nlipkg\"; {SETUP}"));
    site.manager.create("golden", &Site::options("t"), &mut RunOptions::new()).unwrap();
    site.manager.create("web01", &Site::options("t").clone_from("golden"), &mut RunOptions::new()).unwrap();
    assert!(site.read("/etc/shadow").starts_with(&format!("root:{HASH}:")));
    let hosts = site.read("/etc/inet/hosts");
    assert!(hosts.contains("\n10.1.0.5 db01 db01.example.org\n") && hosts.ends_with("\n127.0.1.1 web01\n"), "{hosts}");
    let entry = fs::read_to_string(site.path("/etc/zmgr/zones/web01.kdl")).unwrap();
    assert!(entry.contains("format 3\n"), "an older zmgr leaves it alone: {entry}");
}

#[test]
fn a_password_that_others_could_read_is_refused_before_anything_is_done() {
    let site = Site::new(Dialect::OpenIndiana);
    setup_files(&site);
    let secret = site.path("/etc/zmgr/secrets/root");
    site.template("t", "brand \"nlipkg\"; setup { root-password-file \"/etc/zmgr/secrets/root\" }");
    fs::write(site.path("/etc/zmgr/zones/web02.kdl"), "zone \"web02\" {\n    template \"t\"\n}\n").unwrap();
    let refused = |said: &str| {
        let error = site.plan("t").unwrap_err();
        assert_eq!(error.code(), Code::Config);
        assert!(error.message().contains(said) && !format!("{error:?}").contains("Kqk0Vb"), "{error:?}");
        assert!(error.message().contains("templates/t.kdl:"), "{error}");
        assert!(site.create("t").is_err() && !site.path("/etc/zones/web01.xml").exists());
        let found = site.manager.check().unwrap();
        let found: Vec<_> = found.iter().filter(|found| found.message.contains("root-password-file")).collect();
        assert!(found.len() == 1 && found[0].line.is_some(), "{found:?}");
    };
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    refused("its mode is 0640, and it must be 0400 or 0600");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&secret, "Kqk0Vb in the clear\n").unwrap();
    refused("it is not a hash such as $5$SALT$HASH");
    fs::write(&secret, format!("{HASH}\n{HASH}\n")).unwrap();
    refused("it does not have exactly one line");
    fs::remove_file(&secret).unwrap();
    refused("cannot be used");
    symlink("/etc/hostname", &secret).unwrap();
    refused("cannot be used");
}

#[test]
fn a_reinstallation_is_refused_while_the_zone_still_runs() {
    let site = Site::new(Dialect::OpenIndiana);
    setup_files(&site);
    site.template("t", &format!("brand \"nlipkg\"; {SETUP}"));
    site.manager.create("web01", &Site::options("t").boot(true), &mut RunOptions::new()).unwrap();
    fs::remove_file(site.path("/etc/zmgr/secrets/root")).unwrap();
    let reinstall = || site.manager.reinstall("web01", &ReinstallOptions::new(), &mut RunOptions::new());
    assert_eq!(reinstall().unwrap_err().code(), Code::Config);
    assert_eq!(site.manager.zone("web01").unwrap().status, Some(zmgr::ZoneStatus::Running));
    setup_files(&site);
    reinstall().unwrap();
    assert!(site.read("/etc/shadow").contains(HASH));
}

#[test]
fn a_creation_that_died_is_finished_with_its_password() {
    let site = Site::new(Dialect::OpenIndiana);
    setup_files(&site);
    site.template("t", &format!("brand \"nlipkg\"; {SETUP}"));
    let mut fault = Fault::new("zoneadm");
    (fault.subcommand, fault.panic, fault.times) = (Some("install".to_owned()), true, Some(1));
    site.host.fault(&fault).unwrap();
    let create = std::panic::AssertUnwindSafe(|| site.create("t").map(drop));
    std::panic::catch_unwind(create).unwrap_err();
    let resume = RecoverOptions::new().resume(true);
    site.manager.recover(&[], &resume, &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(site.read("/etc/shadow").contains(HASH) && site.read("/etc/inet/hosts").contains("db01"));
    // Changes that wait for a reinstallation are listed.
    site.template("t", "brand \"nlipkg\"; setup { hosts \"10.1.0.6 db02\" }");
    let drift = site.manager.diff(&["web01"]).unwrap();
    let waiting: Vec<&str> = drift.zones[0].items.iter().map(|item| item.what.as_str()).collect();
    assert!(waiting.iter().any(|what| what.contains("hosts")), "{waiting:?}");
    assert!(waiting.iter().any(|what| what.contains("root-password-file")), "{waiting:?}");
}

#[test]
fn hosts_of_a_linux_zone_and_lines_that_are_none_are_refused() {
    let site = Site::new(Dialect::OmniOs);
    site.put("/images/lx.tar", "");
    site.template("t", "brand \"lx\"; install { image \"/images/lx.tar\" }; setup { hosts \"10.1.0.5 db01\" }");
    assert!(site.plan("t").unwrap_err().message().contains("brand lx"));
    for line in ["db01 10.1.0.5", "10.1.0.5", "10.1.0.5 db_01!", "10.1.0.5 db01 # the database", ""] {
        site.template("t", &format!("brand \"lipkg\"; setup {{ hosts \"{line}\" }}"));
        assert_eq!(site.plan("t").unwrap_err().code(), Code::Config, "{line}");
    }
}

fn dataset_property(site: &Site, dataset: &str, property: &str) -> Option<String> {
    let ask = zmgr::internals::exec::Invocation::new("zfs").args(["get", "-H", "-p", "-o", "value", property, dataset]);
    let answer = host(&site.host).ask(&ask).ok()?;
    Some(answer.text().unwrap().trim().to_owned())
}

#[test]
fn a_dataset_is_made_once_and_never_taken_away() {
    let site = Site::new(Dialect::OpenIndiana);
    site.template("t", "brand \"nlipkg\"; dataset \"rpool/{zone}-data\" create=#true quota=\"10G\"");
    let plan = site.plan("t").unwrap();
    assert_eq!(steps(&plan)[0], "dataset:rpool/web01-data", "{plan}");
    site.create("t").unwrap();
    assert_eq!(dataset_property(&site, "rpool/web01-data", "quota").as_deref(), Some("10737418240"));
    assert_eq!(dataset_property(&site, "rpool/web01-data", "zoned").as_deref(), Some("on"));
    assert!(fs::read_to_string(site.path("/etc/zones/web01.xml")).unwrap().contains("rpool/web01-data"));
    site.manager.destroy(&["web01"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap();
    assert!(dataset_property(&site, "rpool/web01-data", "type").is_some());
    assert!(!steps(&site.plan("t").unwrap()).contains(&"dataset:rpool/web01-data"));
    site.create("t").unwrap();
}

/// Creates, and gives the events with the error.
fn observed(site: &Site, template: &str) -> (Vec<Event>, zmgr::Result<zmgr::Zone>) {
    let mut events = Vec::new();
    let mut hear = |event: &Event| {
        events.push(event.clone());
        true
    };
    let mut run = RunOptions::new().progress(&mut hear);
    let result = site.manager.create("web01", &Site::options(template), &mut run);
    (events, result)
}

#[test]
fn the_log_of_an_install_outlives_its_roll_back() {
    let site = Site::new(Dialect::OpenIndiana);
    site.template("t", "brand \"nlipkg\"");
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some("install".to_owned());
    fault.exit = Some(1);
    fault.stdout = Some("ERROR: failed to install package\n".to_owned());
    site.host.fault(&fault).unwrap();
    let (events, result) = observed(&site, "t");
    let error = result.unwrap_err();
    let logs: Vec<&Path> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Log { path } => Some(path.as_path()),
            _ => None,
        })
        .collect();
    let log = logs[0];
    assert!(log.starts_with(site.path("/var/log/zmgr")), "{}", log.display());
    assert!(log.file_name().unwrap().to_str().unwrap().starts_with("web01-"));
    assert_eq!(fs::metadata(log).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(log).unwrap().contains("failed to install package"));
    assert!(!site.has_zone());
    assert_eq!(error.command().unwrap().log.as_deref(), Some(log));
    assert!(error.message().contains("ERROR: failed to install package"), "{error}");
    assert!(format!("{error:?}").contains(&log.display().to_string()), "{error:?}");
}

#[test]
fn a_long_install_tells_its_last_line() {
    let site = Site::new(Dialect::OpenIndiana);
    site.template("t", "brand \"nlipkg\"");
    let mut fault = Fault::new("zoneadm");
    fault.subcommand = Some("install".to_owned());
    fault.delay = Some(Duration::from_millis(1500));
    site.host.fault(&fault).unwrap();
    let (events, result) = observed(&site, "t");
    result.unwrap();
    let running: Vec<_> = events
        .iter()
        .filter(|event| event.step == "install")
        .filter_map(|event| match &event.kind {
            EventKind::Running { elapsed, last_line } => Some((*elapsed, last_line.clone())),
            _ => None,
        })
        .collect();
    assert!((2..=4).contains(&running.len()), "{running:?}");
    assert!(running.iter().any(|(_, line)| line.as_deref().is_some_and(|line| line.contains("ZFS"))), "{running:?}");
}

/// Puts the image of a system on the host.
fn put_system(site: &Site, top: &str) {
    for directory in ["etc/svc", "etc/dfs", "etc/zones", "var/log", "var/pkg", "var/svc"] {
        fs::create_dir_all(site.path(&format!("{top}/{directory}"))).unwrap();
    }
    for program in ["usr/bin/pkg", "sbin/init"] {
        let path = format!("{top}/{program}");
        site.put(&path, "#!\n");
        fs::set_permissions(site.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn an_image_of_a_package_zone_is_named_with_its_kind_and_an_identity() {
    let site = Site::new(Dialect::OmniOs);
    put_system(&site, "/export/system");
    site.template("t", "brand \"ipkg\"; install { image \"/export/system\" }");
    let plan = site.plan("t").unwrap().to_string();
    assert!(plan.contains("install -d /export/system -u"), "{plan}");
    site.create("t").unwrap();
    assert!(site.has_zone());
}

#[test]
fn an_image_that_the_hook_cannot_unpack_is_refused_in_the_plan() {
    let site = Site::new(Dialect::OmniOs);
    site.put("/export/zone.tar.gz", "x");
    for (brand, image, said) in [
        ("ipkg", "/export/zone.tar.gz", "compressed"),
        ("ipkg", "/export/none.tar", "does not exist"),
        ("illumos", "/export/none.tar", "does not exist"),
        ("lx", "/export", "is a directory"),
    ] {
        site.template("t", &format!("brand \"{brand}\"; install {{ image \"{image}\" }}"));
        let error = site.plan("t").unwrap_err();
        assert_eq!(error.code(), Code::Config, "{error:?}");
        assert!(error.message().contains(said), "{brand} {image}: {error}");
    }
}

/// A tar archive without members.
fn empty_tar() -> String {
    format!("{}ustar{}", "\0".repeat(257), "\0".repeat(762))
}

#[test]
fn a_zone_whose_root_is_unmounted_when_down_gets_its_files_while_it_is_ready() {
    let site = Site::new(Dialect::OmniOs);
    setup_files(&site);
    site.put("/export/base.tar", &empty_tar());
    site.template("t", &format!("brand \"illumos\"; install {{ image \"/export/base.tar\" }}; {SETUP}"));
    let options = CreateOptions::new().template("t").boot(true);
    site.manager.create("web01", &options, &mut RunOptions::new()).unwrap();
    assert_eq!(site.read("/etc/nodename"), "web01.example.org\n");
    assert!(site.read("/etc/shadow").contains(HASH) && site.read("/etc/inet/hosts").contains("db01"));
    // A clone would lack the root.
    let options = CreateOptions::new().template("t").boot(false).clone_from("web01");
    let error = site.manager.plan_create(&["web02"], &options).unwrap_err();
    assert_eq!(error.code(), Code::Config);
    assert!(error.message().contains("could not boot"), "{error}");
}

#[test]
fn a_sparse_zone_that_was_up_is_destroyed_although_parts_of_its_root_stay_mounted() {
    let site = Site::new(Dialect::OmniOs);
    site.template("t", "brand \"sparse\"");
    let options = CreateOptions::new().template("t").boot(true);
    site.manager.create("web01", &options, &mut RunOptions::new()).unwrap();
    site.manager.halt(&["web01"], &HaltOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    site.manager.destroy(&["web01"], &DestroyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(!site.has_zone());
}

#[test]
fn what_a_silent_hook_logged_is_in_the_error_and_outlives_the_roll_back() {
    let site = Site::new(Dialect::OmniOs);
    site.put("/export/readme", "this is no archive\n");
    site.template("t", "brand \"illumos\"; install { image \"/export/readme\" }");
    let error = site.create("t").unwrap_err();
    let help = error.help().unwrap_or_default();
    assert!(help.contains("not in a supported format"), "{error:?}");
    let logs = fs::read_dir(site.path("/var/log/zmgr")).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<PathBuf> = logs.filter(|path| path.to_string_lossy().ends_with(".hook.log")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(fs::read_to_string(&kept[0]).unwrap().contains("not in a supported format"));
    assert!(!site.has_zone());
}
