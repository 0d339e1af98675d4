//! `pkg`: publishers of images, in the global zone and in the zones, and what little is shown of packages.

mod command;
pub(in crate::sim) mod image;
mod set_publisher;

pub(in crate::sim) use command::{run, run_at};
pub(in crate::sim) use image::Publisher;

use super::Machine;

/// The uuid of the global zone's boot environment, which the zones' own ones belong to.
pub(in crate::sim) fn boot_environment(machine: &Machine) -> String {
    let text = std::fs::read_to_string(machine.path("etc/zfs/@boot-environment")).unwrap_or_default();
    text.trim().to_owned()
}
