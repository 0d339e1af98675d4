//! The C face of zmgr.
