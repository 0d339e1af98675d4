//! `write_file`: a configuration file is replaced as a whole, if the tree is valid with it.

use std::fs;

use zmgr::{Cancel, Code, RunOptions};

use crate::fixture::{self, Fixture, slug};

fn write(fixture: &Fixture, path: &str, text: &str, was: Option<&str>) -> zmgr::Result<Vec<zmgr::Diagnostic>> {
    fixture.manager.write_file(path, text, was, &mut RunOptions::new())
}

#[test]
fn a_file_that_is_wrong_already_can_be_made_better() {
    let fixture = fixture::new();
    fixture.create("web01");
    fs::write(fixture.file("pools/other.kdl"), "pool \"other\" {").unwrap();
    let was = fixture.manager.read_file("zones/web01.kdl").unwrap();
    let text = was.replace("template \"oi\"", "template \"oi\"\n    tag \"web\"");
    // Another file has an error, and keeps it.
    assert_eq!(write(&fixture, "zones/web01.kdl", &text, Some(&was)).unwrap(), []);
    assert_eq!(fs::read_to_string(fixture.entry("web01")).unwrap(), text);
    let pool = "pool \"other\" {\n    network \"10.7.0.0/24\"\n    stub \"stub0\"\n}\n";
    write(&fixture, "pools/other.kdl", pool, Some("pool \"other\" {")).unwrap();
}

#[test]
fn an_address_of_another_zone_is_refused_before_it_is_written() {
    let fixture = fixture::new();
    fixture.create("web01");
    fixture.create("web02");
    let was = fixture.manager.read_file("zones/web02.kdl").unwrap();
    let text = was.replacen("10.1.0.11/24", "10.1.0.10/24", 1);
    let error = write(&fixture, "zones/web02.kdl", &text, Some(&was)).unwrap_err();
    assert_eq!(error.code(), Code::Config);
    assert_eq!(error.details()[0].code, "duplicate-address", "{error:?}");
    assert_eq!(fixture.manager.read_file("zones/web02.kdl").unwrap(), was);
    // A free one is written, and the zone keeps the old one until it is applied.
    let text = was.replacen("10.1.0.11/24", "10.1.0.50/24", 1);
    assert_eq!(write(&fixture, "zones/web02.kdl", &text, Some(&was)).unwrap(), []);
}

#[test]
fn warnings_about_the_file_are_returned() {
    let fixture = fixture::new();
    let was = fixture.manager.read_file("pools/internal.kdl").unwrap();
    let text = was.replace("stub \"stub0\"", "stub \"nosuch0\"");
    let found = write(&fixture, "pools/internal.kdl", &text, Some(&was)).unwrap();
    assert_eq!(found.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["no-such-link"]);
    assert!(found[0].snippet.as_deref().is_some_and(|line| line.contains("nosuch0")), "{found:?}");
}

#[test]
fn only_configuration_files_are_written_and_none_by_accident() {
    let fixture = fixture::new();
    fixture.create("web01");
    for path in ["/etc/passwd", "../zmgr/config.kdl", "pools/a/b.kdl", "pools/x", "x.kdl", "", ".zmgr/index.v1"] {
        assert_eq!(slug(write(&fixture, path, "", None)), "invalid-argument", "{path}");
        assert_eq!(slug(fixture.manager.read_file(path)), "invalid-argument", "{path}");
    }
    let was = fixture.manager.read_file("config.kdl").unwrap();
    assert_eq!(slug(write(&fixture, "config.kdl", &was, None)), "exists");
    assert_eq!(slug(write(&fixture, "config.kdl", &format!("{was}\n"), Some("other"))), "stale-plan");
    assert_eq!(slug(write(&fixture, "pools/none.kdl", "pool \"none\" {\n}\n", Some(""))), "config");
    assert_eq!(fixture.manager.read_file("pools/internl.kdl").unwrap_err().help(), Some("did you mean \"internal\"?"));
    let cancel = Cancel::new();
    cancel.cancel();
    let cancelled = fixture.manager.write_file("config.kdl", &was, Some(&was), &mut RunOptions::new().cancel(&cancel));
    assert_eq!(slug(cancelled), "cancelled");
}

#[test]
fn a_link_in_place_of_a_file_is_not_written_through() {
    let fixture = fixture::new();
    let (file, target) = (fixture.file("config.kdl"), fixture.dir().join("elsewhere"));
    fs::rename(&file, &target).unwrap();
    std::os::unix::fs::symlink(&target, &file).unwrap();
    let was = fixture.manager.read_file("config.kdl").unwrap();
    assert_eq!(slug(write(&fixture, "config.kdl", &format!("{was}\n"), Some(&was))), "wrong-state");
    assert_eq!(fs::read_to_string(target).unwrap(), was);
}

#[test]
fn what_zmgr_wrote_into_an_entry_stays() {
    let fixture = fixture::new();
    fixture.create("web01");
    let was = fixture.manager.read_file("zones/web01.kdl").unwrap();
    let at = was.find("applied").unwrap();
    let (desired, applied) = was.split_at(at);
    let text = format!("{desired}{}", applied.replace("10.1.0.10/24", "10.1.0.77/24"));
    assert_eq!(slug(write(&fixture, "zones/web01.kdl", &text, Some(&was))), "invalid-argument");
    let text = was.replace("state \"ready\"", "state \"ready\" // looks fine");
    write(&fixture, "zones/web01.kdl", &text, Some(&was)).unwrap();
}
