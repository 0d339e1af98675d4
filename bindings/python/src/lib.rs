//! The Python face of zmgr.
