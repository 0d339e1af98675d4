//! A template, `templates/NAME.kdl`: settings that zones share.

use crate::documents::document::{Kind, Reader};
use crate::documents::settings::{EntryNet, Settings};
use crate::documents::settings::{read, write};
use crate::kdl_util::Node;
use crate::schema::At;
use crate::value::name::TemplateName;
use crate::value::source::{Source, Sourced};

/// A template.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Template {
    /// Its name; the file's stem.
    pub name: TemplateName,
    /// The template that it extends.
    pub extends: Option<Sourced<TemplateName>>,
    /// The nets of its zones.
    pub nets: Vec<EntryNet>,
    /// All other settings.
    pub settings: Settings,
    /// Line of the template.
    pub source: Source,
}

impl Template {
    /// Returns a template without settings.
    pub fn new(name: TemplateName) -> Self {
        Template { name, extends: None, nets: Vec::new(), settings: Settings::default(), source: Source::none() }
    }
}

impl Template {
    /// Returns what it says as JSON, without the lines that the values stand on.
    pub fn to_json(&self) -> serde_json::Value {
        crate::documents::document::json::of(self)
    }
}

impl Kind for Template {
    const FILE: Option<At> = Some(At::TemplateFile);
    const OLDER: (&'static [&'static str], &'static str) = (&["pool"], "net");

    fn decode(root: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut template = Template::new(root.text()?.parse().ok()?);
        template.source = reader.source(root);
        template.extends = reader.parsed(root, "extends");
        template.nets = read::nets(root, reader);
        if let Some(node) = root.child("pool") {
            // The older form: a pool and nothing else is a net.
            let source = reader.source(node);
            if template.nets.iter().any(|net| net.name == "default") {
                reader.faults.add(
                    "contradiction",
                    node.name_span,
                    "`pool` is the older form of the net \"default\", which stands here too",
                );
            }
            let pool = node.text().and_then(|pool| pool.parse().ok());
            template.nets.push(EntryNet { pool, source, ..EntryNet::new("default") });
        }
        if let Some(extends) = root.child("extends").filter(|node| node.text() == Some(template.name.as_str())) {
            reader.faults.add(
                "circle",
                extends.name_span,
                format!("the template {:?} extends itself", template.name.as_str()),
            );
        }
        template.settings = read::settings(root, reader);
        Some(template)
    }

    fn encode(&self) -> Vec<Node> {
        let mut inner = Vec::new();
        inner.extend(self.extends.as_ref().map(|name| Node::new("extends").arg(name.as_str())));
        inner.extend(self.nets.iter().map(write::net));
        inner.extend(write::settings(&self.settings));
        vec![Node::new("template").arg(self.name.as_str()).block(inner)]
    }
}
