//! Zonecfg's names of settings, as the files spell them.

use super::single::Single;

/// Returns the setting that is short for a resource control.
fn shorthand(control: &str) -> Option<&'static str> {
    match control {
        "zone.max-swap" => Some("capped-memory.swap"),
        "zone.max-locked-memory" => Some("capped-memory.locked"),
        "zone.cpu-cap" => Some("capped-cpu"),
        _ => Single::of_control(control).map(|(single, _)| single.node),
    }
}

/// Returns the name in the files of a part of zonecfg's configuration: `cpu-shares` for `rctl zone.cpu-shares`.
pub(crate) fn setting_of(part: &str) -> String {
    match part.split_once(' ') {
        // Of this resource zonecfg keeps the physical limit alone; the others are resource controls.
        None if part == "capped-memory" => "capped-memory.physical".to_owned(),
        None if part == "pool" => "resource-pool".to_owned(),
        Some(("rctl", control)) => shorthand(control).map_or_else(|| format!("rctl.{control}"), str::to_owned),
        Some(("attr", name)) => format!("attr.{name}"),
        _ => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_the_names_of_the_files() {
        for (part, setting) in [
            ("rctl zone.max-swap", "capped-memory.swap"),
            ("rctl zone.max-lwps", "max-lwps"),
            ("rctl process.max-stack-size", "rctl.process.max-stack-size"),
            ("capped-memory", "capped-memory.physical"),
            ("pool", "resource-pool"),
            ("attr owner", "attr.owner"),
            ("net web01_0 10.1.0.10/24", "net web01_0 10.1.0.10/24"),
            ("bootargs", "bootargs"),
        ] {
            assert_eq!(setting_of(part), setting);
        }
    }
}
