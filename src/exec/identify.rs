//! `uname`, `zonename` and `ppriv`: what the host is, whether zmgr runs in its global zone, and what it may do.

use super::{Completed, Invocation};
use crate::error::Result;

/// Name and version of the kernel, as uname(1) prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kernel {
    /// Name of the system: `SunOS`.
    pub system: String,
    /// Release: `5.11`.
    pub release: String,
    /// Version, which names the build: `illumos-58ab7e66`.
    pub version: String,
}

/// Asks for system, release and version.
pub fn kernel() -> Invocation {
    Invocation::new("uname").args(["-s", "-r", "-v"])
}

/// Reads the answer of [`kernel`]; `None` if it is not three words.
pub fn parse_kernel(completed: &Completed) -> Result<Option<Kernel>> {
    Ok(parse(&completed.text()?))
}

fn parse(text: &str) -> Option<Kernel> {
    // The version comes last and may have blanks, as it does on systems that are not illumos.
    let mut words = text.trim().splitn(3, ' ').map(|word| Some(word.to_owned()).filter(|word| !word.is_empty()));
    let mut next = || words.next().flatten();
    Some(Kernel { system: next()?, release: next()?, version: next()? })
}

/// Asks for the name of the zone that the command runs in.
pub fn zone() -> Invocation {
    Invocation::new("zonename")
}

/// Asks for the privileges of a process.
pub fn privileges(process: u32) -> Invocation {
    Invocation::new("ppriv").arg(process.to_string())
}

/// Reads the answer of [`privileges`]: the effective set, `all` if it is full. `None` if it is not in the answer.
pub fn parse_privileges(completed: &Completed) -> Result<Option<String>> {
    Ok(effective_set(&completed.text()?))
}

fn effective_set(text: &str) -> Option<String> {
    text.lines().find_map(|line| Some(line.trim().strip_prefix("E:")?.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_effective_set() {
        let text = "1234:\t-bash\nflags = <none>\n\tE: all\n\tI: basic\n\tP: all\n\tL: all\n";
        assert_eq!(effective_set(text).as_deref(), Some("all"));
        assert_eq!(effective_set("ppriv: cannot examine 1\n"), None);
    }

    #[test]
    fn reads_three_words() {
        let kernel = parse("SunOS 5.11 omnios-r151056-33055012\n").unwrap();
        assert_eq!((kernel.system.as_str(), kernel.version.as_str()), ("SunOS", "omnios-r151056-33055012"));
        let other = parse("Linux 6.1.0 #1 SMP Debian\n").unwrap();
        assert_eq!(other.version, "#1 SMP Debian");
        for text in ["", "SunOS", "SunOS 5.11", "SunOS 5.11 \n"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
