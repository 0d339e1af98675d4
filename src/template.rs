//! A template, `templates/NAME.kdl`: what zones have in common.

use crate::name::TemplateName;
use crate::settings::{EntryNet, Settings};
use crate::source::{Source, Sourced};

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Template {
    /// Its name; the file's stem.
    pub name: TemplateName,
    /// The template that it adds to.
    pub extends: Option<Sourced<TemplateName>>,
    /// The nets of its zones.
    pub nets: Vec<EntryNet>,
    /// Everything else.
    pub settings: Settings,
    /// Where it begins.
    pub source: Source,
}

impl Template {
    /// A template that says nothing.
    pub fn new(name: TemplateName) -> Self {
        Template { name, extends: None, nets: Vec::new(), settings: Settings::default(), source: Source::none() }
    }
}
