//! A terminal for tests: runs the command line with one of a given width, and shows what is left on its screen.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// What a command wrote to its terminal, and how it ended.
pub struct Seen {
    pub text: String,
    pub status: ExitStatus,
}

/// Runs a command with a terminal of this width for all three streams, and types this beforehand.
pub fn run(mut command: Command, columns: u16, typed: &str) -> Seen {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    tcsetwinsize(&master, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let slave = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(Stdio::from(slave));
    let mut child = command.spawn().unwrap();
    // It holds this side's ends of the terminal, which would keep the reading from ending.
    drop(command);
    let mut terminal = File::from(master);
    terminal.write_all(typed.as_bytes()).unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    // It ends with an error once the other end is closed.
    while let Ok(n @ 1..) = terminal.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..n]);
    }
    Seen { text: String::from_utf8(seen).unwrap(), status: child.wait().unwrap() }
}

/// Returns the command line on the simulated host of a directory, with nothing else in its environment.
pub fn zmgr(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zmgr"));
    command.env_clear().env("TERM", "xterm-256color").env("PATH", "/usr/bin:/bin");
    command.env("ZMGR_SIMULATE", directory.join("host")).current_dir(directory);
    command
}

/// Returns what is left on the screen: only the last state of a rewritten line, without colours.
pub fn screen(seen: &str) -> String {
    let mut out = String::new();
    for line in seen.replace("\r\n", "\n").split_inclusive('\n') {
        let line = line.rsplit_once("\r\x1b[K").map_or(line, |(_, last)| last);
        let mut codes = line.split("\x1b[");
        out += codes.next().unwrap_or_default();
        for code in codes {
            out += code.split_once('m').unwrap_or_else(|| panic!("{code:?} is no colour")).1;
        }
    }
    out
}
