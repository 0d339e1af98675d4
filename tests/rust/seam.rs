//! The seam to the machine, against the simulated one: argv built, answers read, runs watched and stopped.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zmgr::exec::dladm::{self, LinkClass};
use zmgr::exec::zoneadm::{self, ZoneState};
use zmgr::exec::{Control, End, Invocation, Moment, Output, SimRunner, Stopped, run_quietly};
use zmgr::host::{Holder, Host, LinkState};
use zmgr::name::{LinkName, ZoneName};
use zmgr::sim::Machine;
use zmgr::{Code, Dialect, Fault};

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
    host.ask(&dladm::create_vnic(&link("web01_0"), "stub0", mac, Some(20), Some(9000))).unwrap();
    let LinkState::Vnic(vnic) = host.link_state("web01_0").unwrap() else { panic!("it is no VNIC") };
    assert_eq!((vnic.over.as_str(), vnic.mac, vnic.vlan), ("stub0", Some(mac), Some(20)));
    assert_eq!(host.zone_of_link("web01_0").unwrap(), None);
    let persistent = dladm::parse_persistent(&host.ask(&dladm::show_persistent()).unwrap()).unwrap();
    assert!(persistent.contains(&("web01_0".to_owned(), LinkClass::Vnic)), "{persistent:?}");
    let error = host.ask(&dladm::create_vnic(&link("web01_0"), "stub0", mac, None, None)).unwrap_err();
    assert_eq!(error.code(), Code::CommandFailed);
    assert!(error.message().contains("object already exists"), "{error}");
    host.ask(&dladm::delete_vnic(&link("web01_0"))).unwrap();
    assert_eq!(host.link_state("web01_0").unwrap(), LinkState::Absent);
}

#[test]
fn zones_are_followed_from_state_to_state() {
    let (pretend, host) = machine();
    let web01 = zone("web01");
    assert_eq!(host.zone_state(&web01).unwrap(), None);
    host.ask(&dladm::create_vnic(&link("web01_0"), "stub0", [2, 8, 0x20, 1, 2, 3], None, None)).unwrap();
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
    assert_eq!(host.zone_of_link("web01_0").unwrap().as_deref(), Some("web01"));
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
    host.watched(watcher).zones().unwrap();
    assert_eq!(*seen.lock().unwrap(), ["before zoneadm list -cp", "after zoneadm list -cp"]);
}
