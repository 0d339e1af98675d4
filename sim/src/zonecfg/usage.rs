//! Prints what the command says of itself, through a pager if there is one.
//!
//! [source: usage, help_func of zonecfg.c; recorded: err-*, info-pager-*]

use super::command::Command;
use super::files;
use super::help::*;
use super::session::{Flow, Scope, Zonecfg};
use super::words::Cmd;

impl Zonecfg<'_, '_, '_> {
    /// Shows listings, in the order in which they are kept.
    pub(super) fn usage(&mut self, stream: Stream, topics: &[Topic]) {
        let verbose = stream == Stream::Help;
        if verbose && self.interactive {
            // Help goes to standard output where there is no pager.
            self.has_pager();
        }
        let mut text = Vec::new();
        for topic in topics {
            match topic {
                Topic::More => text.extend(MORE.bytes()),
                Topic::Scope => {
                    if let Scope::Resource(Some(res)) = self.scope {
                        text.extend(scope(self.line, res).bytes());
                    }
                    text.extend(ANY_SCOPE.bytes());
                }
                Topic::Usage => text.extend(self.invocations()),
                Topic::Commands => {
                    text.extend(b"Commands:\n\n");
                    for command in Cmd::ALL {
                        text.extend(format!("{}\n", short(self.line, command)).bytes());
                        if verbose {
                            text.extend(format!("\t{}\n\n", long(command)).bytes());
                        }
                    }
                }
                Topic::Names => {
                    text.extend(if verbose { b"".as_slice() } else { b"\n" });
                    text.extend(NAMES.bytes());
                    text.extend(if verbose { b"\n".as_slice() } else { b"" });
                }
                Topic::Addresses => text.extend(ADDRESSES.bytes()),
                Topic::Resources => text.extend(resources().bytes()),
                Topic::Properties => text.extend(properties(self.line).bytes()),
            }
        }
        match stream {
            Stream::Help => self.host.out.stdout(&text),
            Stream::Errors => self.host.out.stderr(&text),
        }
    }

    fn invocations(&self) -> Vec<u8> {
        let name = self.name.as_slice();
        let zone: &[u8] = if self.line.uuid_property { b" {-z <zone>|-u <uuid>}" } else { b" -z <zone>" };
        let ways: [&[&[u8]]; 4] = [
            &[b"usage:\t", name, b" help\n"],
            &[b"\t", name, zone, b"\t\t\t(interactive)\n"],
            &[b"\t", name, zone, b" <command>\n"],
            &[b"\t", name, zone, b" -f <command-file>\n"],
        ];
        ways.concat().concat()
    }

    /// Returns true if there is a pager; says so if not.
    pub(super) fn has_pager(&mut self) -> bool {
        let value = |name: &str| {
            use std::os::unix::ffi::OsStrExt as _;
            let found = self.host.call.env.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_bytes().to_vec())
        };
        let Some(pager) = value("PAGER").filter(|pager| !pager.is_empty()) else { return true };
        let program = pager.split(|b| *b == b' ').next().unwrap_or_default();
        let search = value("PATH").unwrap_or_else(|| b"/usr/sbin:/usr/bin".to_vec());
        if files::is_program(self.machine.root(), &search, program) {
            return true;
        }
        let message = [b"PAGER ", program, b" does not exist (No such file or directory)."].concat();
        self.zerr(message);
        false
    }

    /// `help`.
    pub(super) fn help(&mut self, command: &Command) -> Flow {
        let Some(subject) = command.args.first() else {
            let topic = if self.scope == Scope::Zone { Topic::Commands } else { Topic::Scope };
            self.usage(Stream::Help, &[topic]);
            return Ok(());
        };
        match subject.as_slice() {
            b"usage" => self.usage(Stream::Help, &[Topic::Usage]),
            b"commands" => self.usage(Stream::Help, &[Topic::Commands]),
            b"syntax" => self.usage(Stream::Help, &[Topic::Names, Topic::Resources, Topic::Properties]),
            b"-?" => self.longer_usage(Cmd::Help),
            subject => match Cmd::ALL.into_iter().find(|command| command.word().as_bytes() == subject) {
                Some(command) => self.longer_usage(command),
                None => {
                    let message = [b"Unknown help subject ", subject, b".  "].concat();
                    self.host.out.stderr(&message);
                    self.usage(Stream::Errors, &[Topic::More]);
                }
            },
        }
        Ok(())
    }
}
