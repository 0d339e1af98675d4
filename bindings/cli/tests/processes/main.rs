//! zmgr as a process of its own, on simulated machines whose programs are processes too; each file beside it is a theme.
#![allow(missing_docs)]

mod adopt;
mod hostile;
mod inside;
mod linked;
mod machine;
mod offline;
mod orphan_processes;
mod thread_limits;
mod unproven;
