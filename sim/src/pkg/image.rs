//! An image: its publishers and the packages that were asked for, in var/pkg/pkg5.image below its root.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Machine;
use crate::record::Record;

const FILE: &str = "var/pkg/pkg5.image";

/// A publisher of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Publisher {
    pub(crate) name: String,
    pub(crate) origins: Vec<String>,
    pub(crate) mirrors: Vec<String>,
    pub(crate) sticky: bool,
    pub(crate) enabled: bool,
    /// It comes from the global zone through the system repository and cannot be changed here.
    pub(crate) system: bool,
    pub(crate) key: Option<String>,
    pub(crate) cert: Option<String>,
    pub(crate) props: Vec<(String, String)>,
}

impl Publisher {
    /// A publisher with one origin, as a new one is.
    pub(crate) fn new(name: &str, origin: &str) -> Publisher {
        Publisher {
            name: name.to_owned(),
            origins: if origin.is_empty() { Vec::new() } else { vec![with_slash(origin)] },
            mirrors: Vec::new(),
            sticky: true,
            enabled: true,
            system: false,
            key: None,
            cert: None,
            props: Vec::new(),
        }
    }

    /// The first origin, empty when there is none.
    pub(crate) fn origin(&self) -> &str {
        self.origins.first().map_or("", String::as_str)
    }
}

/// pkg writes the addresses of repositories with a slash at their end.
pub(crate) fn with_slash(uri: &str) -> String {
    if uri.ends_with('/') { uri.to_owned() } else { format!("{uri}/") }
}

/// What an image holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) publishers: Vec<Publisher>,
    pub(crate) packages: Vec<String>,
    pub(crate) props: Vec<(String, String)>,
}

fn file(root: &Path) -> PathBuf {
    root.join(FILE)
}

/// The image rooted at this absolute path of the machine.
pub(crate) fn read(machine: &Machine, root: &str) -> io::Result<Option<Image>> {
    let Some(record) = Record::read(&machine.path(file(Path::new(root))))? else { return Ok(None) };
    let mut image = Image::default();
    for (key, value) in record.pairs() {
        match (key, image.publishers.last_mut()) {
            ("publisher", _) => image.publishers.push(Publisher::new(value, "")),
            ("package", _) => image.packages.push(value.to_owned()),
            ("origin", Some(last)) => last.origins.push(value.to_owned()),
            ("mirror", Some(last)) => last.mirrors.push(value.to_owned()),
            ("sticky", Some(last)) => last.sticky = value == "true",
            ("enabled", Some(last)) => last.enabled = value == "true",
            ("system", Some(last)) => last.system = value == "true",
            ("key", Some(last)) => last.key = Some(value.to_owned()),
            ("cert", Some(last)) => last.cert = Some(value.to_owned()),
            (key, last) => {
                if let (Some(name), Some(last)) = (key.strip_prefix("publisher-property."), last) {
                    last.props.push((name.to_owned(), value.to_owned()));
                } else if let Some(name) = key.strip_prefix("property.") {
                    image.props.push((name.to_owned(), value.to_owned()));
                }
            }
        }
    }
    Ok(Some(image))
}

/// Its publishers in search order; none when there is no image.
pub(crate) fn publishers(machine: &Machine, root: &str) -> io::Result<Vec<Publisher>> {
    Ok(read(machine, root)?.map_or_else(Vec::new, |image| image.publishers))
}

/// Puts the image in place of what was there.
pub(crate) fn write(machine: &Machine, root: &str, image: &Image) -> io::Result<()> {
    let mut record = Record::default();
    for (name, value) in &image.props {
        record.push(&format!("property.{name}"), value);
    }
    for publisher in &image.publishers {
        record.push("publisher", &publisher.name);
        publisher.origins.iter().for_each(|uri| record.push("origin", uri));
        publisher.mirrors.iter().for_each(|uri| record.push("mirror", uri));
        record.push("sticky", publisher.sticky.to_string());
        record.push("enabled", publisher.enabled.to_string());
        if publisher.system {
            record.push("system", "true");
        }
        publisher.key.iter().for_each(|path| record.push("key", path));
        publisher.cert.iter().for_each(|path| record.push("cert", path));
        for (name, value) in &publisher.props {
            record.push(&format!("publisher-property.{name}"), value);
        }
    }
    image.packages.iter().for_each(|package| record.push("package", package));
    machine.replace(file(Path::new(root)), record.text().as_bytes())
}

/// Makes the image of a new zone. A linked one sees the global zone's publishers through the system repository.
pub(crate) fn make(
    machine: &Machine,
    zonepath: &str,
    publishers: &[Publisher],
    linked: bool,
    packages: &[String],
) -> io::Result<()> {
    let root = format!("{zonepath}/root");
    fs::create_dir_all(machine.path(&root).join("var/pkg"))?;
    let own = publishers.iter().map(|publisher| Publisher { system: linked, ..publisher.clone() });
    let mut all: Vec<String> = packages.to_vec();
    all.sort();
    all.dedup();
    write(machine, &root, &Image { publishers: own.collect(), packages: all, props: Vec::new() })
}
