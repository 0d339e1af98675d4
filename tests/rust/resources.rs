//! Each resource and property on its whole way: template, create, and the document that the host has then.

use std::fs;

use proptest::prelude::*;
use zmgr::internals::exec::zonecfg::{
    Admin, Attr, DedicatedCpu, Device, Filesystem, IpType, Net, RctlValue, SecurityFlags, ZoneConfig, parse_xml,
};
use zmgr::{ApplyOptions, Code, CreateOptions, Dialect, Manager, RunOptions, SimHost};

type Change = fn(&mut ZoneConfig);

fn attr(config: &mut ZoneConfig, name: &str, kind: &str, value: &str) {
    config.attrs.push(Attr { name: name.into(), kind: kind.into(), value: value.into() });
}

fn alias(config: &mut ZoneConfig, shorthand: &str, limit: u64) {
    assert!(config.set_alias(shorthand, limit));
}

/// Text of a template, and its settings.
const TABLE: &[(&str, Change)] = &[
    ("fs \"/data\" special=\"/export/{zone}\" type=\"lofs\" { options \"rw\" \"nodevices\" }", |c| {
        c.filesystems.push(Filesystem {
            dir: "/data".into(),
            special: "/export/web01".into(),
            kind: "lofs".into(),
            options: vec!["rw".into(), "nodevices".into()],
            raw: None,
        });
    }),
    ("fs \"/u\" special=\"/dev/dsk/c0t0d0s0\" raw=\"/dev/rdsk/c0t0d0s0\" type=\"ufs\"", |c| {
        c.filesystems.push(Filesystem {
            dir: "/u".into(),
            special: "/dev/dsk/c0t0d0s0".into(),
            raw: Some("/dev/rdsk/c0t0d0s0".into()),
            kind: "ufs".into(),
            options: Vec::new(),
        });
    }),
    ("dataset \"rpool/d1\" create=#true quota=\"1G\"", |c| c.datasets.push("rpool/d1".into())),
    ("dataset \"rpool/{zone}.d2\" create=#true", |c| c.datasets.push("rpool/web01.d2".into())),
    ("device \"/dev/dsk/c1t0d0*\"", |c| {
        c.devices.push(Device { matching: "/dev/dsk/c1t0d0*".into(), properties: Vec::new() });
    }),
    ("attr \"env\" \"prod {zone} it's\"", |c| attr(c, "env", "string", "prod web01 it's")),
    ("attr \"on\" #true", |c| attr(c, "on", "boolean", "true")),
    ("attr \"n\" -5", |c| attr(c, "n", "int", "-5")),
    ("attr \"u\" 7 type=\"uint\"", |c| attr(c, "u", "uint", "7")),
    ("attr \"s\" \"7\" type=\"string\"", |c| attr(c, "s", "string", "7")),
    ("rctl \"zone.max-lofi\" { value limit=8 }", |c| {
        c.rctls.insert("zone.max-lofi".into(), vec![RctlValue::new(8, "deny")]);
    }),
    ("admin \"root\" \"login\" \"manage\"", |c| {
        c.admins.push(Admin { user: "root".into(), auths: "login,manage".into() });
    }),
    ("capped-memory physical=\"2G\" swap=\"4G\" locked=\"1.5G\"", |c| {
        c.physical_memory = Some(2 << 30);
        alias(c, "swap", 4 << 30);
        alias(c, "locked", 3 << 29);
    }),
    ("max-lwps 3000", |c| alias(c, "max-lwps", 3000)),
    ("max-processes 2000", |c| alias(c, "max-processes", 2000)),
    ("max-shm-memory \"1G\"", |c| alias(c, "max-shm-memory", 1 << 30)),
    ("max-shm-ids 11", |c| alias(c, "max-shm-ids", 11)),
    ("max-msg-ids 12", |c| alias(c, "max-msg-ids", 12)),
    ("max-sem-ids 13", |c| alias(c, "max-sem-ids", 13)),
    ("bootargs \"-m verbose\"", |c| c.bootargs = Some("-m verbose".into())),
    ("hostid \"0a0b0c\"", |c| c.hostid = Some("a0b0c".into())),
    ("limitpriv \"default,dtrace_proc,dtrace_user\"", |c| {
        c.limitpriv = Some("default,dtrace_proc,dtrace_user".into());
    }),
    ("scheduling-class \"FSS\"", |c| c.scheduling_class = Some("FSS".into())),
    ("fs-allowed \"ufs\" \"pcfs\"", |c| c.fs_allowed = Some("ufs,pcfs".into())),
    ("security-flags lower=\"aslr\" default=\"aslr,noexecstack\" upper=\"all\"", |c| {
        c.security_flags =
            Some(SecurityFlags { lower: "aslr".into(), default: "aslr,noexecstack".into(), upper: "all".into() });
    }),
];

/// Settings that exclude each other in one zone: the ways to share processors.
const PROCESSORS: &[(&str, Change)] = &[
    ("", |_| {}),
    ("capped-cpu ncpus=1.55", |c| alias(c, "ncpus", 155)),
    ("dedicated-cpu ncpus=\"1-4\" importance=10", |c| {
        c.dedicated_cpu = Some(DedicatedCpu { ncpus: "1-4".into(), importance: Some("10".into()) });
    }),
    ("cpu-shares 20", |c| alias(c, "cpu-shares", 20)),
    ("resource-pool \"pool1\"", |c| c.pool = Some("pool1".into())),
    (
        "zonecfg \"add rctl\" \"set name=zone.max-processes\" \"add value (priv=privileged,limit=500,action=deny)\" \"end\"",
        |c| {
            c.rctls.insert("zone.max-processes".into(), vec![RctlValue::new(500, "deny")]);
        },
    ),
];

const NET: &str = "net \"internal\" { pool \"internal\"; }";

struct Site {
    _dir: tempfile::TempDir,
    host: SimHost,
    manager: Manager,
}

impl Site {
    fn new(dialect: Dialect) -> Site {
        let dir = tempfile::tempdir().unwrap();
        let host = SimHost::create(dir.path().join("m"), dialect).unwrap();
        let manager = Manager::builder().simulate(host.dir()).build().unwrap();
        manager.init().unwrap();
        // Files that zoneadm looks for before it installs.
        for path in ["export/web01", "dev/dsk", "dev/rdsk"] {
            fs::create_dir_all(host.dir().join(path)).unwrap();
        }
        for path in ["dev/dsk/c0t0d0s0", "dev/rdsk/c0t0d0s0"] {
            fs::write(host.dir().join(path), "").unwrap();
        }
        Site { _dir: dir, host, manager }
    }

    fn put(&self, path: &str, text: &str) {
        fs::write(self.host.dir().join("etc/zmgr").join(path), text).unwrap();
    }

    fn create(&self, body: &str) -> zmgr::Result<ZoneConfig> {
        let brand = if self.host.dialect() == Dialect::OpenIndiana { "nlipkg" } else { "ipkg" };
        self.put("templates/t.kdl", &format!("template \"t\" {{\n    brand \"{brand}\"\n    {body}\n}}\n"));
        let options = CreateOptions::new().template("t").boot(false);
        self.manager.create("web01", &options, &mut RunOptions::new())?;
        Ok(parse_xml(&fs::read_to_string(self.host.dir().join("etc/zones/web01.xml")).unwrap()).unwrap())
    }
}

fn net(physical: &str, address: &str, router: Option<&str>) -> Net {
    Net {
        physical: physical.into(),
        allowed_address: Some(address.into()),
        defrouter: router.map(str::to_owned),
        ..Net::default()
    }
}

fn bare(dialect: Dialect) -> ZoneConfig {
    ZoneConfig {
        name: "web01".into(),
        zonepath: "/zones/web01".into(),
        brand: if dialect == Dialect::OpenIndiana { "nlipkg".into() } else { "ipkg".into() },
        ip_type: IpType::Exclusive,
        nets: vec![net("web01_0", "10.1.0.10/24", Some("10.1.0.1"))],
        ..ZoneConfig::default()
    }
}

#[test]
fn each_resource_reaches_the_host_exactly() {
    for dialect in [Dialect::OpenIndiana, Dialect::OmniOs] {
        for (text, change) in TABLE.iter().chain(PROCESSORS) {
            let found =
                Site::new(dialect).create(&format!("{NET}\n    {text}")).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            let mut expected = bare(dialect);
            change(&mut expected);
            assert_eq!(found.canonical(), expected.canonical(), "{text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn so_does_any_set_of_them(chosen in prop::collection::vec(any::<bool>(), TABLE.len()), cpu in 0..PROCESSORS.len()) {
        let mut expected = bare(Dialect::OpenIndiana);
        let mut body = NET.to_owned();
        // The last line of processors sets what max-processes of the table sets.
        let both = |text: &str| cpu == PROCESSORS.len() - 1 && text.starts_with("max-processes");
        let rows = TABLE.iter().zip(&chosen).filter(|((text, _), chosen)| **chosen && !both(text)).map(|(row, _)| row);
        for (text, change) in rows.chain([&PROCESSORS[cpu]]) {
            body.push_str(&format!("\n    {text}"));
            change(&mut expected);
        }
        let found = Site::new(Dialect::OpenIndiana).create(&body).unwrap();
        prop_assert_eq!(found.canonical(), expected.canonical(), "{}", body);
    }
}

const DUAL: &str = "pool \"dual\" {
    stub \"net0\"
    vlan 20
    mtu 1400
    network \"10.2.0.0/24\" { gateway \"10.2.0.1\"; range \"10.2.0.10\" \"10.2.0.20\" }
    network \"2001:db8:1::/64\" { gateway \"fe80::1\"; range \"2001:db8:1::10\" \"2001:db8:1::ff\" }
}
";

#[test]
fn nets_of_every_kind() {
    let internal = || net("web01_0", "10.1.0.10/24", Some("10.1.0.1"));
    type Case = (&'static str, fn(&mut ZoneConfig), Vec<Net>);
    let cases: Vec<Case> = vec![
        (
            "net \"internal\" { pool \"internal\"; }; net \"dual\" { pool \"dual\"; default-route #false }",
            |_| {},
            vec![internal(), net("web01_1", "10.2.0.10/24", None), net("web01_1", "2001:db8:1::10/64", None)],
        ),
        (
            "net \"internal\" { pool \"internal\"; }; net \"dual\" { pool \"dual\"; default-route #true }",
            |_| {},
            vec![
                net("web01_0", "10.1.0.10/24", None),
                net("web01_1", "10.2.0.10/24", Some("10.2.0.1")),
                net("web01_1", "2001:db8:1::10/64", Some("fe80::1")),
            ],
        ),
        (
            // Each family's default route goes through the first net that has a gateway of it.
            "net \"internal\" { pool \"internal\"; }; net \"dual\" { pool \"dual\"; }",
            |_| {},
            vec![
                internal(),
                net("web01_1", "10.2.0.10/24", None),
                net("web01_1", "2001:db8:1::10/64", Some("fe80::1")),
            ],
        ),
        (
            "net \"raw\" { physical \"net0\"; address \"none\" }",
            |_| {},
            vec![Net { physical: "net0".into(), ..Net::default() }],
        ),
        (
            "net \"raw\" { physical \"net0\"; address \"10.9.0.5/24\" gateway=\"10.9.0.1\" }",
            |_| {},
            vec![net("net0", "10.9.0.5/24", Some("10.9.0.1"))],
        ),
        (
            "ip-type \"shared\"; net \"dual\" { pool \"shared\"; }",
            |c| c.ip_type = IpType::Shared,
            vec![Net {
                physical: "net0".into(),
                address: Some("10.3.0.10/24".into()),
                defrouter: Some("10.3.0.1".into()),
                ..Net::default()
            }],
        ),
    ];
    for (body, change, nets) in cases {
        let site = Site::new(Dialect::OpenIndiana);
        site.put("pools/dual.kdl", DUAL);
        site.put(
            "pools/shared.kdl",
            "pool \"shared\" { network \"10.3.0.0/24\"; gateway \"10.3.0.1\"; stub \"net0\"; range \"10.3.0.10\" \"10.3.0.20\" }\n",
        );
        let found = site.create(body).unwrap_or_else(|error| panic!("{body}: {error:?}"));
        let mut expected = ZoneConfig { nets, ..bare(Dialect::OpenIndiana) };
        change(&mut expected);
        assert_eq!(found.canonical(), expected.canonical(), "{body}");
    }
}

#[test]
fn the_vnic_is_as_its_pool_says() {
    let site = Site::new(Dialect::OpenIndiana);
    site.put("pools/dual.kdl", DUAL);
    site.create("net \"dual\" { pool \"dual\"; }").unwrap();
    let zone = site.manager.zone("web01").unwrap();
    let plan = &zone.nets[0];
    assert_eq!((plan.vlan, plan.stub.as_deref(), plan.managed), (Some(20), Some("net0"), true));
    let host = zmgr::internals::host::Host::simulated(zmgr::internals::exec::SimRunner::new(
        zmgr_sim::Machine::open(site.host.dir()).unwrap(),
    ));
    let vnic = host.recorded_vnic("web01_0").unwrap().unwrap();
    assert_eq!((vnic.over.as_str(), vnic.vlan), ("net0", Some(20)));
    assert_eq!(vnic.mac.map(zmgr::internals::exec::dladm::mac_text), plan.mac);
    let link = host.links().unwrap().into_iter().find(|link| link.name == "web01_0").unwrap();
    assert_eq!(link.mtu, Some(1400));
}

#[test]
fn what_this_illumos_does_not_know_is_named() {
    let device = "zonecfg \"add device\" \"set match=/dev/x\" \"add property (name=a,value=b)\" \"end\"";
    let error = Site::new(Dialect::OpenIndiana).create(&format!("{NET}\n    {device}")).unwrap_err();
    assert_eq!(error.code(), Code::Config);
    assert!(error.message().contains("the property of a device"), "{error}");
    let found = Site::new(Dialect::OmniOs).create(&format!("{NET}\n    {device}")).unwrap();
    assert_eq!(found.devices[0].properties, [("a".to_owned(), "b".to_owned())]);
    for own in ["set brand=lx", "set zonepath=/x", "add net", "set ip-type=shared"] {
        assert!(Site::new(Dialect::OpenIndiana).create(&format!("{NET}\n    zonecfg {own:?}")).is_err(), "{own}");
    }
}

#[test]
fn a_setting_that_this_illumos_does_not_have_is_named() {
    let setting = format!("{NET}\n    zfs-io-priority 100");
    let omnios = Site::new(Dialect::OmniOs);
    let found = omnios.create(&setting).unwrap();
    assert_eq!(found.rctls["zone.zfs-io-priority"], [RctlValue::new(100, "none")]);
    omnios.manager.set("web01", &[("zfs-io-priority", "200")], &mut RunOptions::new()).unwrap();
    omnios.manager.apply(&[], &ApplyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert!(omnios.manager.diff(&[]).unwrap().is_clean());
    let found = parse_xml(&fs::read_to_string(omnios.host.dir().join("etc/zones/web01.xml")).unwrap()).unwrap();
    assert_eq!(found.rctls["zone.zfs-io-priority"], [RctlValue::new(200, "none")]);

    let other = Site::new(Dialect::OpenIndiana);
    let error = other.create(&setting).unwrap_err();
    assert_eq!(error.code(), Code::Config);
    assert!(error.message().contains("t.kdl:4") && error.message().contains("zfs-io-priority"), "{error}");
    assert!(!other.host.dir().join("etc/zones/web01.xml").exists());
    other.create(NET).unwrap();
    let before = fs::read(other.host.dir().join("etc/zones/web01.xml")).unwrap();
    other.manager.set("web01", &[("zfs-io-priority", "200")], &mut RunOptions::new()).unwrap();
    let error = other.manager.apply(&["web01"], &ApplyOptions::new(), &mut RunOptions::new());
    let error = error.and_then(|report| report.into_result()).unwrap_err();
    assert!(error.code() == Code::Config && error.message().contains("zfs-io-priority"), "{error}");
    assert_eq!(fs::read(other.host.dir().join("etc/zones/web01.xml")).unwrap(), before);
}
