//! The commands. Each turns its options into one call of the API and prints the result.

pub mod check;
pub mod completions;
mod confirm;
pub mod create;
pub mod destroy;
pub mod documents;
pub mod drift;
pub mod fleet;
pub mod forget;
pub mod import;
pub mod init;
pub mod man;
mod operation;
pub mod plan;
pub mod pool;
mod pool_map;
pub mod power;
pub mod recover;
pub mod reinstall;
pub mod show;
pub mod sim;
mod zone_args;

use crate::args::{Cli, Command};
use crate::failure::Failure;

/// Runs the command and returns its exit status.
pub fn run(cli: &Cli) -> Result<u8, Failure> {
    let globals = &cli.globals;
    match &cli.command {
        Command::Create(create) => create.run(globals),
        Command::List(list) => list.run(globals),
        Command::Show(show) => show.run(globals),
        Command::Destroy(destroy) => destroy.run(globals),
        Command::Check(check) => check.run(globals),
        Command::Import(import) => import.run(globals),
        Command::Forget(forget) => forget.run(globals),
        Command::Template(documents) => documents.templates(globals),
        Command::Publisher(documents) => documents.publishers(globals),
        Command::Explain(explain) => explain.run(globals),
        Command::Diff(diff) => diff.run(globals),
        Command::Apply(apply) => apply.run(globals),
        Command::Set(set) => set.run(globals),
        Command::Init(init) => init.run(globals),
        Command::Reinstall(reinstall) => reinstall.run(globals),
        Command::Run(run) => run.run(globals),
        Command::Boot(boot) => boot.run(globals),
        Command::Shutdown(down) => down.shutdown(globals),
        Command::Halt(down) => down.halt(globals),
        Command::Reboot(down) => down.reboot(globals),
        Command::Exec(exec) => exec.run(globals),
        Command::Login(login) => login.run(globals),
        Command::Recover(recover) => recover.run(globals),
        Command::Fleet(fleet) => fleet.run(globals),
        Command::Pool(pool) => pool.run(globals),
        Command::Sim(sim) => sim.run(globals),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    }
}
