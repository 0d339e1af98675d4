//! Recovery: what to do with work that a killed or failed zmgr left unfinished.

mod verdict;

pub(crate) use verdict::Phase;
