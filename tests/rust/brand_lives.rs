//! The life of a zone of each brand on each distribution: installed, with its first-boot files, booted, cloned, destroyed; or refused
//! in the plan, with the reason.

use std::fs;
use std::path::Path;

use zmgr::{CreateOptions, DestroyOptions, Dialect, HaltOptions, Manager, Report, RunOptions, Zone, brand_reference};

use crate::sim_machine::{self, Pretend};

/// SmartOS has none of these brands as zmgr knows them.
const DIALECTS: [Dialect; 3] = [Dialect::OpenIndiana, Dialect::OmniOs, Dialect::Illumos];

const NO_BRAND: &str = "the host does not have brand";

/// Refusals: the operation, the brand and distribution, and a part of the reason. All other lives end well.
const REFUSED: &[(Dialect, &str, &str, &str)] = &[
    (Dialect::OpenIndiana, "lipkg", "create", NO_BRAND),
    (Dialect::OpenIndiana, "sparse", "create", NO_BRAND),
    (Dialect::OpenIndiana, "pkgsrc", "create", NO_BRAND),
    (Dialect::OpenIndiana, "illumos", "create", NO_BRAND),
    (Dialect::OpenIndiana, "lx", "create", NO_BRAND),
    (Dialect::OmniOs, "nlipkg", "create", NO_BRAND),
    (Dialect::Illumos, "nlipkg", "create", NO_BRAND),
    (Dialect::Illumos, "sparse", "create", NO_BRAND),
    (Dialect::Illumos, "pkgsrc", "create", NO_BRAND),
    (Dialect::Illumos, "illumos", "create", NO_BRAND),
    (Dialect::Illumos, "lx", "create", NO_BRAND),
    (Dialect::OmniOs, "illumos", "clone", "a clone of one could not boot"),
];

/// The brands of the reference.
pub(crate) fn brands() -> Vec<String> {
    brand_reference().lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

/// A tar archive with one empty program.
fn archive(path: &str) -> String {
    let header = |sum: &str| {
        let fields =
            [(path, 100), ("0000755", 8), ("0000000", 8), ("0000000", 8), ("00000000000", 12), ("00000000000", 12)];
        let mut text: String = fields.iter().map(|(text, width)| format!("{text:\0<width$}")).collect();
        text.push_str(&format!("{sum}0{:\0<100}ustar\000", ""));
        format!("{text:\0<512}")
    };
    let sum: u32 = header(&" ".repeat(8)).bytes().map(u32::from).sum();
    header(&format!("{sum:06o}\0 ")) + &"\0".repeat(1024)
}

/// A machine with a template of this brand.
pub(crate) fn site(dialect: Dialect, brand: &str) -> (Pretend, Manager) {
    let pretend = sim_machine::new(dialect);
    let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
    manager.init().unwrap();
    write_template(pretend.dir.path(), brand);
    (pretend, manager)
}

/// Writes the template `t` of this brand on the machine in this directory, and what it needs.
pub(crate) fn write_template(dir: &Path, brand: &str) {
    let put = |path: &str, text: &str| {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let install = match brand {
        "illumos" | "lx" => "    install { image \"/export/base.tar\"; }\n",
        _ => "",
    };
    // On a host, lx mounts the host's /usr there.
    put("export/base.tar", &archive("native/usr/lib/brand/lx/lxinit"));
    put(
        "etc/zmgr/templates/t.kdl",
        &format!(
            "template \"t\" {{\n    brand \"{brand}\"\n    net \"internal\" {{ pool \"internal\"; }}\n{install}    \
             setup {{ hostname \"{{zone}}.example.org\"; }}\n}}\n"
        ),
    );
}

/// Checks that nothing had to be said about these zones.
fn quiet(report: Report) {
    for outcome in &report.outcomes {
        assert_eq!(outcome.notes, [""; 0], "{}", outcome.name);
    }
    report.into_result().unwrap();
}

/// Checks that a running zone has its own name and its addresses.
pub(crate) fn assert_up(pretend: &Pretend, brand: &str, zone: &Zone) {
    let name = &zone.name;
    let nodename = pretend.dir.path().join(format!("zones/{name}/root/etc/nodename"));
    // The init of lx configures the name and the links itself, and there is no ipadm to ask.
    if brand == "lx" {
        let link = zone.nets[0].vnic.as_deref().unwrap();
        assert_eq!(pretend.run(&format!("dladm show-linkprop -c -o value -p zone {link}")), format!("{name}\n=0"));
        return;
    }
    assert_eq!(fs::read_to_string(nodename).unwrap(), format!("{name}.example.org\n"));
    let shown = pretend.run(&format!("zlogin {name} ipadm show-addr -p -o state,addr"));
    for address in zone.nets.iter().flat_map(|net| &net.addresses) {
        assert!(shown.contains(&format!("ok:{}\n", address.address)), "{name}: {shown}");
    }
}

/// Creates, boots, clones and destroys it. Returns the stage whose plan was refused, and why.
fn live(dialect: Dialect, brand: &str) -> Result<(), (&'static str, String)> {
    let (pretend, manager) = site(dialect, brand);
    let before = pretend.run("zfs list -H -o name -t all");
    let options = || CreateOptions::new().template("t").boot(true);
    let refused = |stage| move |error: zmgr::Error| (stage, error.to_string());
    manager.plan_create(&["one"], &options()).map_err(refused("create"))?;
    let report = manager.create_all(&["one"], &options(), &mut RunOptions::new()).unwrap();
    quiet(report);
    let one = manager.zone("one").unwrap();
    assert_up(&pretend, brand, &one);
    quiet(manager.halt(&["one"], &HaltOptions::new(), &mut RunOptions::new()).unwrap());

    let cloned = match manager.plan_create(&["two"], &options().clone_from("one")) {
        Err(error) => Err(refused("clone")(error)),
        Ok(_) => {
            quiet(manager.create_all(&["two"], &options().clone_from("one"), &mut RunOptions::new()).unwrap());
            assert_up(&pretend, brand, &manager.zone("two").unwrap());
            Ok(())
        }
    };
    quiet(manager.boot(&["one"], &mut RunOptions::new()).unwrap());
    assert_up(&pretend, brand, &one);
    let all: Vec<&str> = if cloned.is_ok() { vec!["two", "one"] } else { vec!["one"] };
    quiet(manager.halt(&all, &HaltOptions::new(), &mut RunOptions::new()).unwrap());
    for zone in all {
        // Nothing needs force.
        manager.destroy(&[zone], &DestroyOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    }
    assert_eq!(pretend.run("zfs list -H -o name -t all"), before);
    assert_eq!(pretend.run("dladm show-vnic -p -o link").lines().filter(|line| !line.starts_with('=')).count(), 0);
    assert_eq!(fs::read_dir(manager.root().join("zones")).unwrap().count(), 0);
    cloned
}

#[test]
fn each_brand_lives_on_each_distribution_or_is_refused_in_the_plan() {
    let mut unexpected = Vec::new();
    for dialect in DIALECTS {
        for brand in brands() {
            let expected = REFUSED.iter().find(|(on, refused, ..)| *on == dialect && *refused == brand);
            let lived = std::panic::catch_unwind(|| live(dialect, &brand))
                .unwrap_or_else(|_| Err(("panic", "see above".to_owned())));
            let as_expected = match (&lived, expected) {
                (Ok(()), None) => true,
                (Err((stage, why)), Some((_, _, at, part))) => stage == at && why.contains(part),
                _ => false,
            };
            if !as_expected {
                unexpected.push(format!("{dialect:?} {brand}: {lived:?}"));
            }
        }
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}
