//! Cancels a creation from another thread while a slow command runs. Nothing of the zone stays.
//!
//! `cargo run --example cancel --features sim`

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zmgr::{Cancel, Code, CreateOptions, Dialect, Fault, Manager, Query, RunOptions, SimHost};

#[allow(clippy::print_stdout, reason = "an example")]
fn main() -> zmgr::Result<()> {
    let host = tempfile::tempdir().expect("a directory for the simulated host");
    let mut slow = Fault::new("zoneadm");
    slow.subcommand = Some("install".into());
    slow.delay = Some(Duration::from_secs(60));
    SimHost::create(host.path(), Dialect::OpenIndiana)?.fault(&slow)?;
    let manager = Manager::builder().simulate(host.path()).build()?;

    let cancel = Cancel::new();
    let (begun, install) = mpsc::channel();
    let token = cancel.clone();
    let other = thread::spawn(move || {
        // The channel is closed if the operation ends before it installs anything.
        if install.recv().is_ok() {
            token.cancel();
        }
    });

    let mut progress = |event: &zmgr::Event| {
        if event.step == "install" {
            let _ = begun.send(());
        }
        true
    };
    let mut run = RunOptions::new().cancel(&cancel).progress(&mut progress);
    match manager.create("web01", &CreateOptions::new(), &mut run) {
        Err(error) if error.code() == Code::Cancelled => println!("{error}"),
        other => println!("unexpected: {other:?}"),
    }
    drop(begun);
    other.join().expect("the thread only waits and cancels");
    println!("{} zones are left", manager.zones(&Query::new())?.len());
    Ok(())
}

#[cfg(test)]
#[test]
fn it_runs() {
    main().unwrap();
}
