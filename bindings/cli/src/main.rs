//! The program `zmgr`.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Without a path to the program, only `sim link` fails, and says so.
    let program = std::env::current_exe().map(|program| vec![program.into()]).unwrap_or_default();
    ExitCode::from(zmgr_cli::run(std::env::args_os().collect(), program))
}
