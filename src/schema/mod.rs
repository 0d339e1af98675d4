//! The table of all configuration nodes: places, arguments, properties, types, defaults and help.
//!
//! Invariant: only nodes of the table are decoded, and `explain`, the reference page and the checks are generated from it.

mod check;
mod command;
#[cfg(test)]
mod examples;
mod explain;
mod format;
mod parse;
mod similar;
mod table;
mod type_check;
mod types;

pub(crate) use check::{Faults, check_body, check_file, check_frozen};
pub use explain::{ExplainedValue, Explanation, explain, nodes, reference};
pub(crate) use format::needed_format;
pub(crate) use parse::{ordered, parse_cpu_range, parse_cpus, parse_range};
pub(crate) use similar::{did_you_mean, did_you_mean_name};
pub(crate) use table::{At, singles};
pub(crate) use type_check::is_link_value;

use types::Type;

use crate::value::word_enum;

/// Rule of a node at the places where it is allowed.
#[derive(Clone, Copy)]
pub(crate) struct NodeRule {
    pub(crate) name: &'static str,
    /// The bodies where it is allowed.
    pub(crate) at: &'static [At],
    pub(crate) args: &'static [Arg],
    /// True if the last argument may be repeated; at least one is required.
    pub(crate) rest: bool,
    /// True if the last argument may be left out.
    pub(crate) optional: bool,
    pub(crate) props: &'static [Prop],
    /// The body of its block, if it may have one.
    pub(crate) body: Option<At>,
    pub(crate) times: Times,
    pub(crate) required: bool,
    /// True if layers inherit it, so that `without` may name it.
    pub(crate) inherited: bool,
    /// The lowest `format` of entries whose readers know the node.
    pub(crate) format: u32,
    /// Default, in the syntax of the node.
    pub(crate) default: &'static str,
    /// When a change takes effect in an existing zone; `None` for nodes that zmgr writes and nodes that are not settings of a zone.
    pub(crate) effect: Option<TakesEffect>,
    pub(crate) help: &'static str,
    pub(crate) example: &'static str,
}

word_enum! {
    /// When a change of a setting takes effect in an existing zone.
    ///
    /// ```
    /// # use zmgr::*;
    /// # let dir = tempfile::tempdir()?;
    /// # let manager = Manager::builder().simulate(dir.path()).build()?;
    /// # manager.create("web01", &CreateOptions::new(), &mut RunOptions::new())?;
    /// manager.set("web01", &[("resolvers", "9.9.9.9")], &mut RunOptions::new())?;
    /// let drift = manager.diff(&["web01"])?;
    /// assert_eq!(drift.zones[0].items[0].effect, Some(TakesEffect::Reinstall));
    /// assert!(drift.is_clean(), "what waits for a reinstall does not count");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    TakesEffect {
        /// As soon as it is applied.
        AtOnce "at-once",
        /// At the next boot of the zone.
        NextReboot "reboot",
        /// At the next installation of the zone.
        Reinstall "reinstall",
        /// Never: another zone must be created.
        Never "never",
    }
}

impl TakesEffect {
    /// Returns it as the end of a sentence: "takes effect …".
    pub const fn describe(self) -> &'static str {
        match self {
            TakesEffect::AtOnce => "takes effect at once",
            TakesEffect::NextReboot => "takes effect at the zone's next reboot",
            TakesEffect::Reinstall => "takes effect at reinstall",
            TakesEffect::Never => "cannot be changed on an existing zone",
        }
    }
}

/// Returns when a change of a zone's setting takes effect; `None` if it is not a setting.
pub(crate) fn takes_effect(node: &str) -> Option<TakesEffect> {
    table::TABLE.iter().filter(|rule| rule.name == node).find_map(|rule| rule.effect)
}

word_enum! {
    /// Number of times that a node may appear in one body.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert_eq!(explain("brand")?[0].times, Times::Once);
    /// assert_eq!(explain("fs")?[0].times, Times::Keyed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Times {
        /// At most once.
        Once "once",
        /// At most once for each first argument.
        Keyed "once for each first argument",
        /// Any number of times.
        Many "any number of times",
    }
}

pub(crate) struct Arg {
    pub(crate) name: &'static str,
    pub(crate) ty: Type,
}

pub(crate) struct Prop {
    pub(crate) name: &'static str,
    pub(crate) ty: Type,
    pub(crate) required: bool,
    /// The lowest `format` of entries whose readers know the property.
    pub(crate) format: u32,
    pub(crate) help: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_inherited_can_be_dropped() {
        const NEVER: [&str; 6] = ["brand", "autoboot", "ip-type", "protected", "without", "zonepath"];
        for rule in table::TABLE.iter().filter(|rule| rule.at.contains(&At::Defaults)) {
            assert!(rule.inherited != NEVER.contains(&rule.name), "{}", rule.name);
        }
    }

    #[test]
    fn every_setting_of_a_zone_has_a_time_of_effect() {
        // Nodes that zmgr writes, and nodes that only select or name other settings.
        const NONE: [&str; 5] = ["managed", "override", "host-name", "without", "value"];
        let places =
            [At::Defaults, At::Template, At::TemplateNet, At::ZoneNet, At::Install, At::Setup, At::Fs, At::Rctl];
        for rule in table::TABLE.iter().filter(|rule| rule.at.iter().any(|at| places.contains(at))) {
            let older = rule.help.starts_with("Older form");
            let named = NONE.contains(&rule.name) || rule.name == "extends" || older;
            assert_eq!(rule.effect.is_none(), named, "{}", rule.name);
        }
    }

    #[test]
    fn every_node_is_described_once_for_each_place() {
        for (n, rule) in table::TABLE.iter().enumerate() {
            assert!(rule.help.ends_with('.') && !rule.example.is_empty(), "{}", rule.name);
            for other in &table::TABLE[n + 1..] {
                assert!(
                    other.name != rule.name || !other.at.iter().any(|at| rule.at.contains(at)),
                    "{} twice",
                    rule.name
                );
            }
        }
    }
}
