//! Limits of memory, processors and objects.

use super::{BASE, LAYERS, must, prop};
use crate::schema::types::Type;
use crate::schema::{NodeRule, TakesEffect};

pub(super) const NODES: &[NodeRule] = &[
    NodeRule {
        name: "capped-memory",
        at: LAYERS,
        props: &[
            prop("physical", Type::Size, "physical memory, at least 1M"),
            prop("swap", Type::Size, "swap, at least 50M"),
            prop("locked", Type::Size, "locked memory, at most physical"),
        ],
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "Memory limits, at least one.",
        example: r#"capped-memory physical="2G" swap="4G""#,
        ..BASE
    },
    NodeRule {
        name: "capped-cpu",
        at: LAYERS,
        props: &[must("ncpus", Type::Cpus, "the number, with up to two decimals")],
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "A limit of processor time.",
        example: r#"capped-cpu ncpus="1.5""#,
        ..BASE
    },
    NodeRule {
        name: "dedicated-cpu",
        at: LAYERS,
        props: &[
            must("ncpus", Type::CpuRange, "the number, or minimum and maximum"),
            prop("importance", Type::Int(0, u32::MAX as i128), "importance relative to other pools"),
        ],
        inherited: true,
        effect: Some(TakesEffect::NextReboot),
        help: "Dedicated processors. Cannot be combined with capped-cpu, cpu-shares or resource-pool.",
        example: r#"dedicated-cpu ncpus="1-4" importance=10"#,
        ..BASE
    },
];
