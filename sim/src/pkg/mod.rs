//! `pkg`: publishers of images, in the global zone and in the zones, and what little is shown of packages.

mod command;
pub(crate) mod image;
mod set_publisher;

pub(crate) use command::{run, run_at};
pub(crate) use image::Publisher;

use super::Machine;

/// The uuid of the global zone's boot environment, which the zones' own ones belong to.
pub(crate) fn boot_environment(machine: &Machine) -> String {
    let text = std::fs::read_to_string(machine.path("etc/zfs/@boot-environment")).unwrap_or_default();
    text.trim().to_owned()
}
