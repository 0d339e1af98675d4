//! `beadm`: the boot environments of the host.

use super::{Completed, Invocation, fields};
use crate::error::{Code, Error, Result};

/// A boot environment of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BootEnvironment {
    /// Its name.
    pub name: String,
    /// Its identity, which the boot environments of zones name as their parent.
    pub uuid: String,
    /// The host runs it.
    pub running: bool,
    /// The host boots it next.
    pub next: bool,
}

/// Lists the boot environments.
pub fn list() -> Invocation {
    Invocation::new("beadm").args(["list", "-H"])
}

/// Reads the answer of [`list`].
pub fn parse_list(completed: &Completed) -> Result<Vec<BootEnvironment>> {
    parse_lines(&completed.text()?).map_err(|line| {
        Error::new(Code::CommandFailed, format!("beadm list answered with a line that cannot be read: {line:?}"))
            .with_command(completed.failed())
    })
}

fn parse_lines(text: &str) -> std::result::Result<Vec<BootEnvironment>, &str> {
    fields::lines(text, 3, fields::split_semicolons)
        .map(|line| {
            let line = line?;
            Ok(BootEnvironment {
                name: line[0].to_string(),
                uuid: line[1].to_string(),
                running: line[2].contains('N'),
                next: line[2].contains('R'),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tells_the_running_environment_from_the_next() {
        let text = "be-1;b6c0;N;/;5;static;1764430000\nbe-2;77aa;R;-;5;static;1764430001\nold;-;-;-;5;static;1\n";
        let found = parse_lines(text).unwrap();
        let flags: Vec<(&str, bool, bool)> = found.iter().map(|be| (be.uuid.as_str(), be.running, be.next)).collect();
        assert_eq!(flags, [("b6c0", true, false), ("77aa", false, true), ("-", false, false)]);
        assert_eq!(parse_lines("BE Active\n"), Err("BE Active"));
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse_lines(&text);
        }
    }
}
