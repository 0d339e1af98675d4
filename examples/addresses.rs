//! Reserves an address for something that is not a zone, and prints who holds the addresses of a pool.
//!
//! `cargo run --example addresses --features sim`

use zmgr::{CreateOptions, Manager, RunOptions};

#[allow(clippy::print_stdout, reason = "an example")]
fn main() -> zmgr::Result<()> {
    let host = tempfile::tempdir().expect("a directory for the simulated host");
    let manager = Manager::builder().simulate(host.path()).build()?;
    manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;

    let printer = manager.allocate("internal", "printer", None, &mut RunOptions::new())?;
    println!("the printer has {}", printer.addresses[0].address);

    let usage = manager.pool_usage("internal")?;
    for held in &usage.holders {
        println!("{} {}", held.address, held.by);
    }
    manager.release("internal", "printer", None, None, &mut RunOptions::new())
}

#[cfg(test)]
#[test]
fn it_runs() {
    main().unwrap();
}
