//! `pkg`: publishers of images, in the global zone and in the zones, and what little is shown of packages.
//!
//! The rules are those of pkg5's client, of OmniOS or of OpenIndiana by the machine's dialect. Comments name where one comes
//! from: a recording of the real client, or a function of its source. [source: src/client.py and src/modules/client of pkg5]

mod address;
mod alter;
mod change;
mod command;
mod from_repository;
mod grammar;
pub(crate) mod image;
mod kept;
mod listing;
mod name;
pub(crate) mod network;
mod packages;
mod property;
mod repository;
mod request;
mod set_publisher;
mod tags;
#[cfg(test)]
mod tests;
pub(crate) mod versions;
mod work;

pub(crate) use command::{run, run_at};
pub(crate) use image::Publisher;

use super::Machine;

/// The uuid of the global zone's boot environment, which the zones' own ones belong to.
pub(crate) fn boot_environment(machine: &Machine) -> String {
    let text = std::fs::read_to_string(machine.path("etc/zfs/@boot-environment")).unwrap_or_default();
    text.trim().to_owned()
}
