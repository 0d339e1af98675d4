//! The first minutes: the starter tree on each dialect, trees from git.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use zmgr::{Code, CreateOptions, Dialect, ImportOptions, Manager, RunOptions, ZoneStatus};

use crate::import::configure;
use crate::sim_machine;

#[test]
fn the_first_create_works_on_each_dialect() {
    for (dialect, brand, template, publisher) in [
        (Dialect::OpenIndiana, "nlipkg", "oi", Some("openindiana.org")),
        (Dialect::OmniOs, "ipkg", "omnios", Some("omnios")),
        (Dialect::Illumos, "ipkg", "base", None),
    ] {
        let pretend = sim_machine::new(dialect);
        let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
        let plan = manager.plan_create(&["web01"], &CreateOptions::new()).unwrap();
        assert!(plan.to_string().contains(brand), "planned without a tree: {plan}");
        assert!(!manager.root().exists());
        let zone = manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
        assert_eq!((zone.brand.as_deref(), zone.status), (Some(brand), Some(ZoneStatus::Running)), "{dialect:?}");
        assert!(manager.init().unwrap().is_empty());
        assert_eq!(manager.config().unwrap().default_template.unwrap().value.as_str(), template);
        let templates = manager.templates().unwrap();
        assert_eq!(templates.iter().map(|template| template.name.as_str()).collect::<Vec<_>>(), [template]);
        let publishers = manager.publishers().unwrap();
        let names = publishers.iter().map(|publisher| publisher.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), publisher.into_iter().collect::<Vec<_>>());
        assert!(manager.check().unwrap().is_empty(), "{:?}", manager.check());
        // It is one that the host itself has.
        let listed = pretend.run("pkg publisher -H -F tsv");
        if let Some(name) = publisher {
            let origin = manager.publisher(name).unwrap().origins.remove(0);
            assert!(listed.contains(&format!("{name}\t")) && listed.contains(&format!("\t{origin}/\t")), "{listed}");
        }
    }
}

#[test]
fn the_brand_of_the_starter_is_one_that_the_host_has() {
    let pretend = sim_machine::new(Dialect::OmniOs);
    fs::remove_dir_all(pretend.dir.path().join("usr/lib/brand/ipkg")).unwrap();
    let manager = Manager::builder().simulate(pretend.dir.path()).build().unwrap();
    manager.init().unwrap();
    assert_eq!(manager.template("omnios").unwrap().settings.brand.unwrap().value, "lipkg");
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
}

#[test]
fn init_writes_no_tree_for_a_machine_without_zones_unless_told_where() {
    let machine = tempfile::tempdir().unwrap();
    if std::path::Path::new("/usr/sbin/zonecfg").exists() {
        return;
    }
    let error = Manager::builder().build().unwrap().init().unwrap_err();
    assert_eq!(error.code(), Code::UnsupportedHost, "{error}");
    assert!(error.help().unwrap().contains("--simulate") && error.help().unwrap().contains("--root"), "{error:?}");
    let below = Manager::builder().host_root(machine.path()).build().unwrap();
    assert_eq!(below.init().unwrap().len(), 4);
    let rooted = Manager::open(machine.path().join("tree")).unwrap();
    assert_eq!(rooted.init().unwrap().len(), 4);
}

#[test]
fn directories_that_git_does_not_keep_are_made_when_needed() {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let manager = crate::import::manager(&pretend);
    configure(&pretend, "legacy", "");
    let root = manager.root().to_owned();
    let clone = || {
        for empty in ["zones", "reservations", ".zmgr"] {
            let _ = fs::remove_dir_all(root.join(empty));
        }
    };
    let mode = |directory: &str| fs::metadata(root.join(directory)).unwrap().permissions().mode() & 0o7777;
    clone();
    manager.allocate("internal", "printer", None, &mut RunOptions::new()).unwrap();
    assert_eq!(mode("reservations"), 0o755);
    clone();
    manager.import(&["legacy"], &ImportOptions::new(), &mut RunOptions::new()).unwrap().into_result().unwrap();
    assert_eq!(mode("zones"), 0o755);
    clone();
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new()).unwrap();
    assert_eq!(mode("zones"), 0o755);
    clone();
    manager
        .create_all(&["web02", "web03"], &CreateOptions::new(), &mut RunOptions::new().jobs(2))
        .unwrap()
        .into_result()
        .unwrap();
}
