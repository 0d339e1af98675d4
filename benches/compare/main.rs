//! Side-by-side comparisons: each figure is a ratio of two medians taken in one run, in turns.
//!
//! `cargo bench --bench compare`, or `cargo bench --bench compare -- ROWS` for rows with these words. CNI's host-local is the peer
//! where it is installed (`benches/peers`); what it is measured against says SKIPPED otherwise.
#![allow(missing_docs, clippy::print_stdout)]

mod registry;
mod rows;
mod sqlite;
mod zones;

fn main() {
    // A process of its own for what is to be measured as such.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [task, rest @ ..] = arguments.as_slice()
        && let Some(task) = task.strip_prefix("task:")
    {
        registry::task(task, rest);
        return;
    }
    let mut table = rows::Table::new(arguments);
    // First those that make many files: what the others remove would cost them time.
    zones::rows(&mut table);
    registry::rows(&mut table);
    table.print();
}
