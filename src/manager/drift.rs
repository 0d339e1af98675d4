//! Files and host compared.

use super::Manager;
use crate::drift::{self, Drift};
use crate::error::Result;
use crate::name::ZoneName;

impl Manager {
    /// In what these zones differ from their files, or all where none is named: the wish, what was applied last, and the host. Only
    /// looks; a zone whose files are at fault is in the answer with its fault.
    pub fn diff(&self, names: &[&str]) -> Result<Drift> {
        let names: Vec<ZoneName> = names.iter().map(|name| ZoneName::new(*name)).collect::<Result<_>>()?;
        drift::diff(&*self.site()?, &names)
    }
}
