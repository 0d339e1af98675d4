//! A terminal for tests: runs the command line with one of a given width, and shows what is left on its screen.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Output of a command on its terminal, and its exit status.
pub struct Seen {
    pub text: String,
    pub status: ExitStatus,
    columns: u16,
}

impl Seen {
    /// Returns what is left on the screen, without colours.
    pub fn screen(&self) -> String {
        let mut terminal = Terminal::new(self.columns);
        terminal.write(&self.text, &mut |_| {});
        // A line that the terminal broke is one line.
        terminal.joined()
    }

    /// Returns every screen that was to be seen: one for each time that the cursor went back to the beginning of a line.
    #[allow(dead_code, reason = "one of the tests that share this file uses it")]
    pub fn frames(&self) -> Vec<String> {
        let (mut terminal, mut frames) = (Terminal::new(self.columns), Vec::new());
        terminal.write(&self.text, &mut |text| frames.push(text));
        frames
    }
}

/// Runs a command with a terminal of this width for all three streams, and answers each question with a line of `typed`.
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
    let mut answers = typed.split_inclusive('\n');
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    // It ends with an error once the other end is closed.
    while let Ok(n @ 1..) = terminal.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..n]);
        // Each question ends like this, and is the last thing on the screen until it is answered.
        if (seen.ends_with(b": ") || seen.ends_with(b"] "))
            && let Some(answer) = answers.next()
        {
            terminal.write_all(answer.as_bytes()).unwrap();
        }
    }
    Seen { text: String::from_utf8(seen).unwrap(), status: child.wait().unwrap(), columns }
}

/// Returns the command line on the simulated host of a directory, with nothing else in its environment.
pub fn zmgr(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zmgr"));
    command.env_clear().env("TERM", "xterm-256color").env("PATH", "/usr/bin:/bin");
    command.env("ZMGR_SIMULATE", directory.join("host")).current_dir(directory);
    command
}

/// As much of a terminal as the programs use: lines of a width, the cursor, and what clears a line.
struct Terminal {
    columns: usize,
    lines: Vec<Vec<char>>,
    /// The rows that go on with the one before.
    continued: Vec<usize>,
    row: usize,
    column: usize,
}

impl Terminal {
    fn new(columns: u16) -> Terminal {
        Terminal { columns: columns.into(), lines: Vec::new(), continued: Vec::new(), row: 0, column: 0 }
    }

    fn write(&mut self, text: &str, frame: &mut dyn FnMut(String)) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' => {
                    frame(self.text());
                    self.column = 0;
                }
                '\n' => {
                    self.row += 1;
                    self.line();
                }
                '\u{1b}' => {
                    assert_eq!(chars.next(), Some('['), "only control sequences");
                    let mut number = String::new();
                    let end = loop {
                        match chars.next().unwrap() {
                            c if c.is_ascii_alphabetic() => break c,
                            c => number.push(c),
                        }
                    };
                    self.control(end, number.parse().unwrap_or(if matches!(end, 'K' | 'J') { 0 } else { 1 }));
                }
                c => {
                    // A full line goes on in the next one once there is more of it.
                    if self.column == self.columns {
                        (self.row, self.column) = (self.row + 1, 0);
                        self.continued.push(self.row);
                    }
                    let at = self.column;
                    let line = self.line();
                    line.resize(line.len().max(at + 1), ' ');
                    line[at] = c;
                    self.column += 1;
                }
            }
        }
        frame(self.text());
    }

    fn control(&mut self, end: char, number: usize) {
        match end {
            'm' | 'h' | 'l' => {}
            'A' => self.row = self.row.saturating_sub(number),
            'B' => self.row += number,
            'C' => self.column += number,
            'D' => self.column = self.column.saturating_sub(number),
            'G' => self.column = number - 1,
            'K' => {
                let at = self.column;
                match number {
                    0 => self.line().truncate(at),
                    _ => {
                        self.line().clear();
                        let row = self.row;
                        self.continued.retain(|continued| *continued != row && *continued != row + 1);
                    }
                }
            }
            'J' => {
                let at = self.column;
                self.line().truncate(at);
                self.lines.truncate(self.row + 1);
            }
            other => panic!("what does {number}{other} do?"),
        }
    }

    fn line(&mut self) -> &mut Vec<char> {
        self.lines.resize(self.lines.len().max(self.row + 1), Vec::new());
        &mut self.lines[self.row]
    }

    fn joined(&self) -> String {
        let mut text = String::new();
        for (row, line) in self.lines.iter().enumerate() {
            if row > 0 && !self.continued.contains(&row) {
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
            }
            text.extend(line);
        }
        let text = text.trim_end();
        if text.is_empty() { String::new() } else { format!("{text}\n") }
    }

    fn text(&self) -> String {
        let lines: Vec<String> =
            self.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned()).collect();
        let text = lines.join("\n");
        let text = text.trim_end();
        if text.is_empty() { String::new() } else { format!("{text}\n") }
    }
}
