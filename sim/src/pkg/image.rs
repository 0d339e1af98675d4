//! An image: its publishers and the packages that were asked for, in var/pkg/pkg5.image below its root; private copies of client
//! keys and certificates in var/pkg/ssl.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, fcntl_lock};

use crate::Machine;
use crate::record::Record;

const FILE: &str = "var/pkg/pkg5.image";
pub(super) const SSL: &str = "var/pkg/ssl";

/// An origin or a mirror.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) uri: String,
    pub(crate) disabled: bool,
    pub(crate) proxy: Option<String>,
    /// Path of the machine of the client key.
    pub(crate) key: Option<String>,
    /// Path of the machine of the client certificate.
    pub(crate) cert: Option<String>,
    /// The image has its catalog.
    pub(crate) fetched: bool,
}

impl Repository {
    pub(super) fn is_secure(&self) -> bool {
        self.uri.starts_with("https:")
    }
}

/// A publisher of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Publisher {
    pub(crate) name: String,
    /// In the order of their addresses, in which they are listed. [recorded: omnios-listed-order-001]
    pub(crate) origins: Vec<Repository>,
    /// Likewise.
    pub(crate) mirrors: Vec<Repository>,
    pub(crate) sticky: bool,
    /// Disabled as a whole, whatever its origins are.
    pub(crate) disabled: bool,
    /// It comes from the global zone through the system repository and cannot be changed here.
    pub(crate) system: bool,
    /// Since its origins were last changed one of them gave its catalog.
    pub(crate) refreshed: bool,
    pub(crate) props: Vec<(String, String)>,
    /// Values that a command would add to properties which cannot be lists; never saved.
    pub(super) lists: Vec<(String, Vec<String>)>,
}

impl Publisher {
    /// A publisher with one origin, as a new one is.
    pub(crate) fn new(name: &str, origin: &str) -> Publisher {
        let origin = (!origin.is_empty()).then(|| Repository {
            uri: with_slash(origin),
            fetched: true,
            ..Repository::default()
        });
        Publisher {
            name: name.to_owned(),
            origins: origin.into_iter().collect(),
            mirrors: Vec::new(),
            sticky: true,
            disabled: false,
            system: false,
            refreshed: true,
            props: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// The first origin, empty when there is none.
    pub(crate) fn origin(&self) -> &str {
        self.origins.first().map_or("", |origin| origin.uri.as_str())
    }

    fn repositories(&mut self) -> impl Iterator<Item = &mut Repository> {
        self.origins.iter_mut().chain(&mut self.mirrors)
    }
}

/// pkg writes the addresses of repositories with one slash at their end.
pub(crate) fn with_slash(uri: &str) -> String {
    format!("{}/", uri.trim_end_matches('/'))
}

/// Content of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    /// In search order.
    pub(crate) publishers: Vec<Publisher>,
    pub(crate) packages: Vec<String>,
    /// Versions of those packages that do not have the one that every package has.
    pub(crate) versions: BTreeMap<String, String>,
    /// The newest versions of its packages in the catalogs that it has fetched.
    pub(crate) offered: BTreeMap<String, String>,
    pub(crate) props: Vec<(String, String)>,
    /// Packages that stay at a version, by name.
    pub(crate) frozen: BTreeMap<String, Frozen>,
    /// Packages that no dependency of a group brings.
    pub(crate) avoided: BTreeSet<String>,
    /// Facets and variants that were set, by their full names.
    pub(crate) tags: BTreeMap<String, String>,
}

/// A package that is to stay at a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Frozen {
    pub(crate) version: String,
    /// Seconds since 1970.
    pub(crate) since: u64,
    /// Reason; may be empty.
    pub(crate) comment: String,
}

fn file(root: &Path) -> PathBuf {
    root.join(FILE)
}

/// The image rooted at this absolute path of the machine.
pub(crate) fn read(machine: &Machine, root: &str) -> io::Result<Option<Image>> {
    let Some(record) = Record::read(&machine.path(file(Path::new(root))))? else { return Ok(None) };
    let mut image = Image::default();
    let mut in_mirrors = false;
    for (key, value) in record.pairs() {
        let last = image.publishers.last_mut();
        match key {
            "publisher" => image.publishers.push(Publisher::new(value, "")),
            "package" => image.packages.push(value.to_owned()),
            "version" => image.versions.extend(pair(value)),
            "offered" => image.offered.extend(pair(value)),
            "avoided" => drop(image.avoided.insert(value.to_owned())),
            "tag" => image.tags.extend(pair(value)),
            "frozen" => image.frozen.extend(frozen(value)),
            _ => match (key.strip_prefix("property."), last) {
                (Some(name), _) => image.props.push((name.to_owned(), value.to_owned())),
                (None, Some(last)) => read_line(last, &mut in_mirrors, key, value),
                (None, None) => {}
            },
        }
    }
    Ok(Some(image))
}

/// A package and its version.
fn pair(value: &str) -> Option<(String, String)> {
    value.split_once(' ').map(|(name, version)| (name.to_owned(), version.to_owned()))
}

/// Name, version, time and reason.
fn frozen(value: &str) -> Option<(String, Frozen)> {
    let mut words = value.splitn(4, ' ');
    let (name, version) = (words.next()?.to_owned(), words.next()?.to_owned());
    let since = words.next()?.parse().ok()?;
    Some((name, Frozen { version, since, comment: words.next().unwrap_or_default().to_owned() }))
}

fn read_line(publisher: &mut Publisher, in_mirrors: &mut bool, key: &str, value: &str) {
    let repository = Repository { uri: value.to_owned(), ..Repository::default() };
    match key {
        "origin" => {
            publisher.origins.push(repository);
            *in_mirrors = false;
        }
        "mirror" => {
            publisher.mirrors.push(repository);
            *in_mirrors = true;
        }
        "sticky" => publisher.sticky = value == "true",
        "disabled" => publisher.disabled = value == "true",
        "system" => publisher.system = value == "true",
        "refreshed" => publisher.refreshed = value == "true",
        _ => {
            if let Some(name) = key.strip_prefix("publisher-property.") {
                publisher.props.push((name.to_owned(), value.to_owned()));
                return;
            }
            let list = if *in_mirrors { &mut publisher.mirrors } else { &mut publisher.origins };
            let Some(repository) = list.last_mut() else { return };
            match key {
                "of-disabled" => repository.disabled = value == "true",
                "of-proxy" => repository.proxy = Some(value.to_owned()),
                "of-key" => repository.key = Some(value.to_owned()),
                "of-cert" => repository.cert = Some(value.to_owned()),
                "of-fetched" => repository.fetched = value == "true",
                _ => {}
            }
        }
    }
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
        for (word, list) in [("origin", &publisher.origins), ("mirror", &publisher.mirrors)] {
            for repository in list {
                record.push(word, &repository.uri);
                for (word, yes) in [("of-disabled", repository.disabled), ("of-fetched", repository.fetched)] {
                    if yes {
                        record.push(word, "true");
                    }
                }
                repository.proxy.iter().for_each(|uri| record.push("of-proxy", uri));
                repository.key.iter().for_each(|path| record.push("of-key", path));
                repository.cert.iter().for_each(|path| record.push("of-cert", path));
            }
        }
        record.push("sticky", publisher.sticky.to_string());
        record.push("disabled", publisher.disabled.to_string());
        record.push("refreshed", publisher.refreshed.to_string());
        if publisher.system {
            record.push("system", "true");
        }
        for (name, value) in &publisher.props {
            record.push(&format!("publisher-property.{name}"), value);
        }
    }
    image.packages.iter().for_each(|package| record.push("package", package));
    for (key, versions) in [("version", &image.versions), ("offered", &image.offered)] {
        versions.iter().for_each(|(name, version)| record.push(key, format!("{name} {version}")));
    }
    for (name, Frozen { version, since, comment }) in &image.frozen {
        record.push("frozen", format!("{name} {version} {since} {comment}"));
    }
    image.avoided.iter().for_each(|name| record.push("avoided", name));
    image.tags.iter().for_each(|(name, value)| record.push("tag", format!("{name} {value}")));
    machine.replace(file(Path::new(root)), record.text().as_bytes())
}

/// Copies the publisher's keys and certificates into the image: their names say what is in them, and everybody may read them,
/// whatever the mode of the originals. [recorded: omnios-keys-005, whose `ssl` is `… 644`]
pub(super) fn keep_keys(machine: &Machine, root: &str, publisher: &mut Publisher) -> io::Result<()> {
    let directory = format!("{}/{SSL}", root.trim_end_matches('/'));
    for repository in publisher.repositories() {
        for path in [&mut repository.key, &mut repository.cert].into_iter().flatten() {
            let bytes = match fs::read(machine.path(&path)) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let copy = format!("{directory}/{}", digest(&bytes));
            if copy != *path {
                fs::create_dir_all(machine.path(&directory))?;
                machine.replace(&copy, &bytes)?;
                fs::set_permissions(machine.path(&copy), fs::Permissions::from_mode(0o644))?;
                *path = copy;
            }
        }
    }
    Ok(())
}

/// Removes the copies that no publisher uses.
/// [api.py: __remove_unused_client_certificates, called when a publisher is updated]
pub(super) fn drop_unused_keys(machine: &Machine, root: &str, image: &Image) -> io::Result<()> {
    let directory = format!("{}/{SSL}", root.trim_end_matches('/'));
    let Ok(entries) = fs::read_dir(machine.path(&directory)) else { return Ok(()) };
    let all = || image.publishers.iter().flat_map(|publisher| publisher.origins.iter().chain(&publisher.mirrors));
    for entry in entries {
        let entry = entry?;
        let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
        if !all().any(|repository| repository.key.as_ref() == Some(&path) || repository.cert.as_ref() == Some(&path)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Forty hexadecimal digits that depend on the bytes; the real ones are a SHA-1.
fn digest(bytes: &[u8]) -> String {
    (0..5u32)
        .map(|seed| {
            let hash = bytes.iter().fold(0x811c_9dc5 ^ seed.wrapping_mul(0x9e37_79b9), |hash: u32, byte| {
                (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
            });
            format!("{hash:08x}")
        })
        .collect()
}

/// Asks whether another process holds the image's lock, as clients do: a POSIX lock on var/pkg/lock.
pub(super) fn is_locked(machine: &Machine, root: &str) -> bool {
    let path = machine.path(Path::new(root).join("var/pkg/lock"));
    let Ok(file) = fs::OpenOptions::new().read(true).write(true).open(path) else { return false };
    fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
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
    let mut own: Vec<Publisher> =
        publishers.iter().map(|publisher| Publisher { system: linked, ..publisher.clone() }).collect();
    if !linked {
        own.iter_mut().try_for_each(|publisher| keep_keys(machine, &root, publisher))?;
    }
    let mut all: Vec<String> = packages.to_vec();
    all.sort();
    all.dedup();
    // The install hook takes `entire` of the host's version, and with it the rest. [ipkg/pkgcreatezone]
    let versions = read(machine, "/")?.map_or_else(BTreeMap::new, |host| host.versions);
    write(machine, &root, &Image { publishers: own, packages: all, versions, ..Image::default() })
}
