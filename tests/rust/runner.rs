//! The seam to the machine, against the simulated one: argv built, answers read, runs watched and stopped.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zmgr::internals::exec::dladm::{self, LinkClass};
use zmgr::internals::exec::pkg::{self, DesiredPublisher};
use zmgr::internals::exec::zlogin::{self, Mark, StatusFilter};
use zmgr::internals::exec::zoneadm::{self, ZoneState};
use zmgr::internals::exec::{Control, End, Invocation, Moment, Output, SimRunner, Stdin, Stopped, run_quietly};
use zmgr::internals::host::{Host, LinkState};
use zmgr::{Code, Dialect, Fault};
use zmgr::{LinkName, ZoneName};
use zmgr_sim::Machine;

use crate::sim_machine::{self, Pretend};

const LIMIT: Duration = Duration::from_secs(60);

fn machine() -> (Pretend, Host) {
    let pretend = sim_machine::new(Dialect::OpenIndiana);
    let host = Host::simulated(SimRunner::new(Machine::open(pretend.host.dir()).unwrap()));
    (pretend, host)
}

fn zone(name: &str) -> ZoneName {
    ZoneName::new(name).unwrap()
}

fn link(name: &str) -> LinkName {
    LinkName::new(name).unwrap()
}

#[test]
fn links_are_made_seen_and_deleted() {
    let (_pretend, host) = machine();
    let mac = [2, 8, 0x20, 0x0a, 0x0b, 0x0c];
    assert_eq!(host.link_state("web01_0").unwrap(), LinkState::Absent);
    assert!(matches!(host.link_state("stub0").unwrap(), LinkState::Other(stub) if stub.class == LinkClass::Etherstub));
    host.ask(&dladm::create_vnic(
        &link("web01_0"),
        "stub0",
        mac,
        Some(20),
        &std::collections::BTreeMap::from([("mtu".to_owned(), "9000".to_owned())]),
    ))
    .unwrap();
    let LinkState::Vnic(vnic) = host.link_state("web01_0").unwrap() else { panic!("it is not a VNIC") };
    assert_eq!((vnic.over.as_str(), vnic.mac, vnic.vlan), ("stub0", Some(mac), Some(20)));
    let record = host.recorded_vnic("web01_0").unwrap();
    assert_eq!(record.as_ref(), Some(&vnic));
    host.ask(&Invocation::new("dladm").args(["delete-vnic", "-t", "web01_0"])).unwrap();
    assert_eq!(
        (host.link_state("web01_0").unwrap(), host.recorded_vnic("web01_0").unwrap()),
        (LinkState::Absent, record)
    );
    let error = host.ask(&dladm::create_vnic(&link("web01_0"), "stub0", mac, None, &Default::default())).unwrap_err();
    assert_eq!(error.code(), Code::CommandFailed);
    assert!(error.message().contains("object already exists"), "{error}");
    host.ask(&dladm::delete_vnic(&link("web01_0"))).unwrap();
    assert_eq!(
        (host.link_state("web01_0").unwrap(), host.recorded_vnic("web01_0").unwrap()),
        (LinkState::Absent, None)
    );
}

#[test]
fn zones_are_followed_from_state_to_state() {
    let (pretend, host) = machine();
    let web01 = zone("web01");
    assert_eq!(host.zone_state(&web01).unwrap(), None);
    host.ask(&dladm::create_vnic(&link("web01_0"), "stub0", [2, 8, 0x20, 1, 2, 3], None, &Default::default())).unwrap();
    pretend.configure("web01", "nlipkg", "web01_0");
    let state = || host.zone_state(&web01).unwrap().unwrap();
    assert_eq!((state().state, state().uuid), (ZoneState::Configured, None));
    let log = pretend.dir.path().join("web01.log");
    let install = zoneadm::install(&web01, &[], LIMIT).with_output(Output::Log(log.clone()));
    let installed = run_quietly(host.runner(), &install).unwrap();
    assert_eq!(installed.log.as_deref(), Some(log.as_path()));
    assert!(fs::read_to_string(&log).unwrap().contains("A ZFS file system has been created for this zone."));
    assert_eq!(state().state, ZoneState::Installed);
    assert!(state().uuid.is_some());
    let dataset = host.dataset_at("/zones/web01").unwrap().unwrap();
    assert!(dataset.name.ends_with("/zones/web01"), "{dataset:?}");
    host.ask(&zoneadm::boot(&web01, LIMIT)).unwrap();
    assert!(state().state.is_active() && state().id.is_some());
    assert!(host.ask(&dladm::delete_vnic(&link("web01_0"))).is_err());
    host.ask(&zoneadm::halt(&web01, LIMIT)).unwrap();
    host.ask(&zoneadm::uninstall(&web01, LIMIT)).unwrap();
    assert_eq!(state().state, ZoneState::Configured);
    assert_eq!(host.dataset_at("/zones/web01").unwrap(), None);
}

#[test]
fn a_zone_that_the_host_cannot_read_is_not_taken_for_absent() {
    let (pretend, host) = machine();
    pretend.configure("web01", "nlipkg", "web01_0");
    fs::remove_file(host.zone_document("web01")).unwrap();
    assert!(!host.zones().unwrap().iter().any(|zone| zone.name == "web01"));
    assert_eq!(host.zone_state(&zone("web01")).unwrap_err().code(), Code::CommandFailed);
}

#[test]
fn a_run_is_cancelled_and_limited() {
    let (pretend, host) = machine();
    let mut fault = Fault::new("zoneadm");
    fault.delay = Some(Duration::from_secs(30));
    pretend.host.fault(&fault).unwrap();
    let mut ticks = 0;
    let cancelled = host
        .run(&zoneadm::list(), &mut |_| {
            ticks += 1;
            if ticks == 4 { Control::Cancel } else { Control::Continue }
        })
        .unwrap();
    assert_eq!(cancelled.stopped, Some(Stopped::Cancelled));
    assert!(matches!(cancelled.end, End::Signalled(_) | End::Exited(1..)), "{:?}", cancelled.end);
    let limited = host.ask(&zoneadm::list().with_limit(Some(Duration::from_millis(100)))).unwrap_err();
    assert_eq!(limited.code(), Code::TimedOut);
}

#[test]
fn every_command_is_a_moment_before_and_after() {
    let (_pretend, host) = machine();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watcher = {
        let seen = Arc::clone(&seen);
        Arc::new(move |moment: Moment<'_>| {
            let (when, invocation): (_, &Invocation) = match moment {
                Moment::Before(invocation) => ("before", invocation),
                Moment::After(invocation) => ("after", invocation),
            };
            seen.lock().unwrap().push(format!("{when} {invocation}"));
        })
    };
    let watched = host.watched(watcher);
    watched.zones().unwrap();
    assert_eq!(*seen.lock().unwrap(), ["before zoneadm list -cp", "after zoneadm list -cp"]);
    // Questions asked together begin together.
    seen.lock().unwrap().clear();
    watched.snapshot(&Default::default()).unwrap();
    let asked = seen.lock().unwrap();
    let (before, after) = asked.split_at(asked.len() / 2);
    assert_eq!(before.len(), 4, "{asked:?}");
    assert!(before.iter().zip(after).all(|(b, a)| b.strip_prefix("before") == a.strip_prefix("after")), "{asked:?}");
}
#[test]
fn a_survey_finds_who_holds_what() {
    let (pretend, host) = machine();
    pretend.configure("web01", "nlipkg", "web01_0");
    pretend.configure("vm1", "bhyve", "vm1_0");
    let mut state = host.snapshot(&["/nowhere", "/zones"].map(str::to_owned).into()).unwrap();
    let mounted: Vec<(&str, bool)> = state.mounted.iter().map(|(path, is)| (path.as_str(), *is)).collect();
    assert_eq!(mounted, [("/nowhere", false), ("/zones", true)]);
    host.nets_of_zones(&mut state, Vec::new()).unwrap();
    assert!(state.zone("vm1").is_some() && state.zone("global").is_some());
    assert!(state.brands.contains("nlipkg"));
    assert!(state.link("stub0").is_some() && state.vnic("stub0").is_none());
    let held = |state: &zmgr::internals::host::HostSnapshot, zone: &str| -> Vec<String> {
        let nets = state.nets.iter().filter(|nets| nets.zone == zone).flat_map(|nets| &nets.nets);
        nets.flat_map(|net| &net.addresses).map(ToString::to_string).collect()
    };
    // Those of registered zones too: an entry may disappear, and the zone still has its address.
    assert_eq!((held(&state, "vm1"), held(&state, "web01")), (vec!["10.9.0.5/24".into()], vec!["10.9.0.5/24".into()]));
    assert!(state.addresses.iter().any(|held| held.object == "lo0/v4"), "{:?}", state.addresses);
    assert!(state.nets.iter().all(|nets| nets.unread.is_none()));
    fs::write(host.zone_document("vm1"), "<zone").unwrap();
    let before = std::mem::take(&mut state.nets);
    host.nets_of_zones(&mut state, before).unwrap();
    let unread = state.nets.iter().filter(|nets| nets.unread.as_ref().is_some_and(|unread| unread.nets_known)).count();
    assert_eq!((held(&state, "vm1"), unread), (vec!["10.9.0.5/24".into()], 1));
    let vm = state.nets.iter().find(|nets| nets.zone == "vm1").unwrap();
    assert_eq!((vm.document, vm.settled), (None, true), "it does not run, and what it had is kept");
}

/// Runs a command in `web01` and takes the mark out.
fn exec(host: &Host, words: &[&str]) -> (String, Option<i32>) {
    let mark = Mark::new("5f0c");
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let mut filter = StatusFilter::new(mark.clone());
    let mut stdout = Vec::new();
    host.run(&zlogin::command(&zone("web01"), &words, &mark, Stdin::Null, Some(LIMIT)), &mut |tick| {
        stdout.extend(filter.pass(tick.stdout));
        Control::Continue
    })
    .unwrap();
    let (rest, status) = filter.finish();
    stdout.extend(rest);
    (String::from_utf8(stdout).unwrap(), status)
}

#[test]
fn commands_run_inside_a_zone_and_their_end_is_known() {
    let (pretend, host) = machine();
    host.ask(&dladm::create_vnic(&link("web01_0"), "stub0", [2, 8, 0x20, 1, 2, 3], None, &Default::default())).unwrap();
    pretend.configure("web01", "nlipkg", "web01_0");
    host.ask(&zoneadm::install(&zone("web01"), &[], LIMIT)).unwrap();
    assert_eq!(exec(&host, &["true"]).1, None, "the zone does not run");
    host.ask(&zoneadm::boot(&zone("web01"), LIMIT)).unwrap();
    assert_eq!(exec(&host, &["echo", "it's  $HOME;"]), ("it's  $HOME;\n".to_owned(), Some(0)));
    assert_eq!(exec(&host, &["false"]), (String::new(), Some(1)));
    assert_eq!(exec(&host, &["sh", "-c", "exit 7"]), (String::new(), Some(7)));
    assert_eq!(exec(&host, &["halt"]).1, None, "the zone died underneath");
}

#[test]
fn publishers_are_set_and_read_back() {
    let (pretend, host) = machine();
    host.ask(&dladm::create_vnic(&link("web01_0"), "stub0", [2, 8, 0x20, 1, 2, 3], None, &Default::default())).unwrap();
    pretend.configure("web01", "nlipkg", "web01_0");
    host.ask(&zoneadm::install(&zone("web01"), &[], LIMIT)).unwrap();
    let image = "/zones/web01/root";
    let origins = ["https://a.example/one/".to_owned(), "https://a.example/two/".to_owned()];
    let desired = DesiredPublisher { name: "a.example", origins: &origins, first: true, ..DesiredPublisher::default() };
    for _ in 0..2 {
        host.ask(&pkg::set_publisher(image, &desired, None)).unwrap();
        let found = pkg::parse_publishers(&host.ask(&pkg::publishers(image)).unwrap()).unwrap();
        assert_eq!(
            (found[0].name.as_str(), found[0].origins.as_slice(), found[0].sticky),
            ("a.example", &origins[..], false)
        );
    }
    host.ask(&pkg::unset_publishers(image, &["a.example"])).unwrap();
    let found = pkg::parse_publishers(&host.ask(&pkg::publishers(image)).unwrap()).unwrap();
    assert!(found.iter().all(|publisher| publisher.name != "a.example"));
}
