//! `kstat`: the boot time of the host.

use super::{Completed, Invocation};
use crate::error::Result;

const BOOT_TIME: &str = "unix:0:system_misc:boot_time";

/// Queries the boot time of the host.
pub fn boot_time() -> Invocation {
    Invocation::new("kstat").args(["-p", BOOT_TIME])
}

/// Parses the output of [`boot_time`]: seconds since 1970. `None` if it is not in the output.
pub fn parse_boot_time(completed: &Completed) -> Result<Option<u64>> {
    Ok(parse(&completed.text()?))
}

fn parse(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(BOOT_TIME)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_boot_time() {
        assert_eq!(parse("unix:0:system_misc:boot_time\t1764430000\n"), Some(1_764_430_000));
        for text in ["", "unix:0:system_misc:boot_time\t\n", "unix:0:system_misc:clk_intr\t5\n", "\u{0}"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
