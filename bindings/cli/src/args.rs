//! The command line: the list of commands, and which code runs each. A command's own options are in its file under `commands/`.

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{
    attach, check, completions, create, destroy, doctor, documents, drift, edit, find, fleet, forget, import, init,
    man, plan, pool, power, recover, reinstall, rename, show, sim, snapshot, template, update,
};
use crate::examples;
use crate::failure::Failure;
use crate::globals::Globals;

const AFTER: &str = "\
Exit status: 0 on success, otherwise the number of the error (zmgr_status in C,
`number` in Python):
  1 internal            8 address-in-use       15 io
  2 invalid-argument    9 busy                 16 recovery-needed
  3 config             10 permission-denied    17 partial
  4 not-found          11 command-failed       18 stale-plan
  5 exists             12 timed-out            19 drift
  6 wrong-state        13 cancelled            20 store-unreachable
  7 pool-exhausted     14 unsupported-host";

/// Manage illumos zones from flat KDL files.
#[derive(Debug, Parser)]
#[command(name = "zmgr", version, after_help = AFTER)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write commented starter configuration files
    Init(init::Init),
    /// Check all configuration files and what they depend on
    Check(check::Check),
    /// Check whether zmgr can manage this host, and the health of its zones
    #[command(after_help = examples::DOCTOR)]
    Doctor(doctor::Doctor),
    /// Create zones: allocate addresses, configure, install, boot
    #[command(after_help = examples::CREATE)]
    Create(create::Create),
    /// List zones
    #[command(after_help = examples::LIST)]
    List(show::List),
    /// Show one zone
    #[command(after_help = examples::SHOW)]
    Show(show::Show),
    /// Find who holds an address, a MAC address, a link or a name, and why
    #[command(after_help = examples::FIND)]
    Find(find::Find),
    /// Destroy zones and what zmgr created for them
    #[command(after_help = examples::DESTROY)]
    Destroy(destroy::Destroy),
    /// Reinstall zones from scratch, keeping addresses and configuration
    Reinstall(reinstall::Reinstall),
    /// Take zones from the host and keep their files and entries
    #[command(after_help = examples::DETACH)]
    Detach(attach::Detach),
    /// Bring back detached zones, or files that destroy kept
    #[command(after_help = examples::ATTACH)]
    Attach(attach::Attach),
    /// Update the packages of zones, after a snapshot
    #[command(after_help = examples::UPDATE)]
    Update(update::Update),
    /// Give a zone another name, in every file that names it
    #[command(after_help = examples::RENAME)]
    Rename(rename::Rename),
    /// Run a plan created with --dry-run --json
    #[command(after_help = examples::RUN)]
    Run(plan::Run),
    /// Boot zones, in the order of `after`, and wait until they are running
    #[command(after_help = examples::BOOT)]
    Boot(power::Boot),
    /// Shut zones down cleanly, in reverse order of `after`, and wait until they are down
    Shutdown(power::Shutdown),
    /// Halt zones immediately, without running their shutdown scripts
    Halt(power::Down),
    /// Shut zones down and boot them again
    Reboot(power::Down),
    /// Run a command inside a zone
    #[command(after_help = examples::EXEC)]
    Exec(power::Exec),
    /// Log in to a zone on this terminal
    Login(power::Login),
    /// Add existing zones of the host to the registry without changing them
    #[command(after_help = examples::IMPORT)]
    Import(import::Import),
    /// Remove zones from the registry without changing them on the host
    #[command(after_help = examples::FORGET)]
    Forget(forget::Forget),
    /// Show how the host differs from the files
    #[command(after_help = examples::DIFF)]
    Diff(drift::Diff),
    /// Make the host match the files
    #[command(after_help = examples::APPLY)]
    Apply(drift::Apply),
    /// Change settings in a zone's file
    #[command(after_help = examples::SET)]
    Set(drift::Set),
    /// Edit a configuration file; it is written only if it is valid
    #[command(after_help = examples::EDIT)]
    Edit(edit::Edit),
    /// Resume or roll back interrupted operations
    #[command(after_help = examples::RECOVER)]
    Recover(recover::Recover),
    /// Take, list and delete snapshots of zones; roll zones back to them
    #[command(subcommand)]
    Snapshot(snapshot::Snapshot),
    /// Show address pools; allocate and release addresses
    #[command(subcommand)]
    Pool(pool::Pools),
    /// Compare several hosts, and share addresses with them
    #[command(subcommand)]
    Fleet(fleet::Fleet),
    /// List and show zone templates; refresh their golden zones
    #[command(subcommand)]
    Template(template::Template),
    /// List and show package publishers
    #[command(subcommand)]
    Publisher(documents::Documents),
    /// Explain a configuration node
    #[command(after_help = examples::EXPLAIN)]
    Explain(documents::Explain),
    /// Create and control a simulated host
    #[command(subcommand)]
    Sim(sim::Sim),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Write the man pages into a directory
    #[command(hide = true)]
    Man(man::Man),
}

impl Command {
    /// Runs the command and returns its exit status.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        match self {
            Command::Create(create) => create.run(globals),
            Command::List(list) => list.run(globals),
            Command::Show(show) => show.run(globals),
            Command::Find(find) => find.run(globals),
            Command::Destroy(destroy) => destroy.run(globals),
            Command::Check(check) => check.run(globals),
            Command::Doctor(doctor) => doctor.run(globals),
            Command::Import(import) => import.run(globals),
            Command::Forget(forget) => forget.run(globals),
            Command::Template(template) => template.run(globals),
            Command::Publisher(documents) => documents.publishers(globals),
            Command::Explain(explain) => explain.run(globals),
            Command::Diff(diff) => diff.run(globals),
            Command::Apply(apply) => apply.run(globals),
            Command::Set(set) => set.run(globals),
            Command::Edit(edit) => edit.run(globals),
            Command::Init(init) => init.run(globals),
            Command::Reinstall(reinstall) => reinstall.run(globals),
            Command::Detach(detach) => detach.run(globals),
            Command::Attach(attach) => attach.run(globals),
            Command::Update(update) => update.run(globals),
            Command::Rename(rename) => rename.run(globals),
            Command::Run(run) => run.run(globals),
            Command::Boot(boot) => boot.run(globals),
            Command::Shutdown(shutdown) => shutdown.run(globals),
            Command::Halt(down) => down.halt(globals),
            Command::Reboot(down) => down.reboot(globals),
            Command::Exec(exec) => exec.run(globals),
            Command::Login(login) => login.run(globals),
            Command::Recover(recover) => recover.run(globals),
            Command::Fleet(fleet) => fleet.run(globals),
            Command::Pool(pool) => pool.run(globals),
            Command::Snapshot(snapshot) => snapshot.run(globals),
            Command::Sim(sim) => sim.run(globals),
            Command::Completions(completions) => completions.run(),
            Command::Man(man) => man.run(<Cli as CommandFactory>::command()),
        }
    }
}
