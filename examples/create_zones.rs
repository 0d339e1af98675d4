//! Creates zones two at a time, prints each step as it begins, and lists what each zone got.
//!
//! `cargo run --example create_zones --features sim`

use zmgr::{CreateOptions, EventKind, Manager, Query, RunOptions};

#[allow(clippy::print_stdout, reason = "an example")]
fn main() -> zmgr::Result<()> {
    let host = tempfile::tempdir().expect("a directory for the simulated host");
    // On an illumos host: `Manager::open("/etc/zmgr")`.
    let manager = Manager::builder().simulate(host.path()).build()?;

    let mut progress = |event: &zmgr::Event| {
        if event.kind == EventKind::StepStarted {
            println!("{} {}/{} {}", event.zone, event.position.0, event.position.1, event.step);
        }
        true // false cancels the operation
    };
    let mut run = RunOptions::new().jobs(2).progress(&mut progress);
    let report = manager.create_all(&["web01", "web02"], &CreateOptions::new().attr("owner", "alice"), &mut run)?;
    for outcome in &report.outcomes {
        match &outcome.result {
            Ok(_) => println!("{} {}", outcome.action, outcome.name),
            Err(error) => println!("{}: {error}", outcome.name),
        }
    }

    for zone in manager.zones(&Query::new())? {
        let addresses: Vec<String> =
            zone.nets.iter().flat_map(|net| &net.addresses).map(|held| held.address.to_string()).collect();
        println!(
            "{} is {}: {}",
            zone.name,
            zone.status.map_or("unknown", zmgr::ZoneStatus::as_str),
            addresses.join(", ")
        );
    }
    Ok(())
}

#[cfg(test)]
#[test]
fn it_runs() {
    main().unwrap();
}
