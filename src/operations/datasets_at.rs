//! The datasets in which zones are installed: those directly below the one that is mounted at a directory.

use std::collections::BTreeMap;

use super::data;
use crate::error::Result;
use crate::exec::zfs::{self, Dataset};
use crate::host::Host;

/// Datasets directly below that of a directory.
#[derive(Debug, Default)]
pub(crate) struct DatasetsAt {
    /// The dataset of the directory; `None` if it does not have its own.
    parent: Option<String>,
    children: BTreeMap<String, Dataset>,
}

impl DatasetsAt {
    /// Lists them: two commands, however many there are.
    pub(crate) fn list(host: &Host, directory: &str) -> Result<DatasetsAt> {
        let Some(parent) = data::mounted_at(host, directory)? else { return Ok(DatasetsAt::default()) };
        let listed = zfs::parse_list(&host.ask(&zfs::list_children(&parent.name))?)?;
        let children = listed.into_iter().filter(|child| child.name != parent.name);
        let children = children.map(|child| (child.name.clone(), child)).collect();
        Ok(DatasetsAt { parent: Some(parent.name), children })
    }

    /// Returns true if this dataset would be among them.
    pub(crate) fn covers(&self, name: &str) -> bool {
        name.rsplit_once('/').is_some_and(|(parent, _)| self.parent.as_deref() == Some(parent))
    }

    /// Returns the dataset of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Dataset> {
        self.children.get(name)
    }

    /// Returns all of them, by name.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Dataset> {
        self.children.values()
    }
}
