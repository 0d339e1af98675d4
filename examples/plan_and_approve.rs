//! Plans a creation, shows its commands, keeps it as JSON, and runs it later. A plan whose basis has changed is refused.
//!
//! `cargo run --example plan_and_approve --features sim`

use zmgr::{Code, CreateOptions, Manager, Plan, RunOptions};

#[allow(clippy::print_stdout, reason = "an example")]
fn main() -> zmgr::Result<()> {
    let host = tempfile::tempdir().expect("a directory for the simulated host");
    let manager = Manager::builder().simulate(host.path()).build()?;

    let plan = manager.plan_create(&["web01"], &CreateOptions::new())?;
    println!("{plan}");
    // The plan may cross a process boundary here; its digest says that it is the approved one.
    let (approved, digest) = (plan.to_json(), plan.digest());

    let plan = Plan::from_json(&approved)?;
    assert_eq!(plan.digest(), digest);
    manager.run(&plan, &mut RunOptions::new())?.into_result()?;
    println!("created, as planned");

    match manager.run(&plan, &mut RunOptions::new()) {
        Err(error) if error.code() == Code::StalePlan => println!("refused the second time: {error}"),
        other => println!("unexpected: {other:?}"),
    }
    Ok(())
}

#[cfg(test)]
#[test]
fn it_runs() {
    main().unwrap();
}
