//! What may be said to each brand's install hook: one table, so that nothing reaches a hook that it does not know.
//!
//! Invariant: a hook that gets an option it does not know leaves the zone `incomplete`, so whatever is not in the table is refused
//! in the plan.

use super::config_tree::ConfigTree;
use crate::effective::ZoneSpec;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::check_hook_word;
use crate::host::{self, Dialect, ImageOption};
use crate::publisher::Publisher;

/// What an image that is named for an install is on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageKind {
    Directory,
    File,
    Missing,
}

/// Returns whether zones of this brand are linked images, whose publishers are the host's.
pub(crate) fn is_linked(brand: &str, dialect: Dialect) -> bool {
    host::brand(brand, dialect).is_some_and(|row| row.is_linked())
}

/// The publishers that the image of a zone shall have, in search order; `linked` says whether it is a linked image.
///
/// Errors: `config` where its brand cannot have its own, and where one is not known.
pub(crate) fn publishers(spec: &ZoneSpec, config_tree: &ConfigTree, linked: bool) -> Result<Vec<Publisher>> {
    let (brand, names) = (spec.brand.value.as_str(), &spec.install.publishers);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    if linked {
        return Err(refused(
            spec,
            format!("a zone of brand {brand} is a linked image here, and has the publishers of the host"),
            Some("leave publishers out of its `install`, or take a brand that is not linked"),
        ));
    }
    if !host::takes_packages(brand) {
        return Err(refused(
            spec,
            format!("the install of brand {brand} takes no publishers"),
            Some("leave publishers out of its `install`"),
        ));
    }
    let mut publishers: Vec<Publisher> = Vec::new();
    for name in names {
        let Some(publisher) = config_tree.publishers.get(name) else {
            return Err(refused(
                spec,
                format!("there is no publisher {name}"),
                Some(&format!("write publishers/{name}.kdl, or leave it out of `install`")),
            ));
        };
        let addresses = publisher.origins.iter().chain(&publisher.mirrors);
        if publisher.ssl_key.is_some() && !addresses.clone().any(|uri| uri.starts_with("https:")) {
            return Err(refused(
                spec,
                format!("the publisher {name} ({}) has a key and no https address to use it for", publisher.source),
                Some("leave out ssl-cert and ssl-key, or name an https origin"),
            ));
        }
        if !publishers.iter().any(|known| known.name == publisher.name) {
            publishers.push(publisher.clone());
        }
    }
    Ok(publishers)
}

/// Whether `-P` of install alone makes this publisher what is wished.
pub(crate) fn is_set_by_install(publisher: &Publisher) -> bool {
    publisher.ssl_key.is_none() && publisher.origins.len() == 1 && publisher.mirrors.is_empty() && publisher.sticky
}

/// Returns the arguments of `zoneadm install` for this spec; `image` says what its image is on the host.
pub(crate) fn install_arguments(
    spec: &ZoneSpec,
    config_tree: &ConfigTree,
    dialect: Dialect,
    image: ImageKind,
) -> Result<Vec<String>> {
    let brand = spec.brand.value.as_str();
    let Some(row) = host::brand(brand, dialect) else {
        return Err(refused(spec, format!("zmgr cannot install zones of brand {brand}"), None));
    };
    let install = &spec.install;
    let mut arguments = match &install.image {
        Some(path) => image_arguments(spec, row.install.value.image, path, image)?,
        None if row.install.value.image == ImageOption::Seed => {
            return Err(refused(
                spec,
                format!("brand {brand} installs from an image, and none is named"),
                Some("write install { image \"/…\" }"),
            ));
        }
        None => Vec::new(),
    };
    if install.image.is_some() && !(install.publishers.is_empty() && install.packages.is_empty()) {
        return Err(refused(
            spec,
            "an image is installed as it is, without publishers and packages".to_owned(),
            Some("leave one of the two out of `install`"),
        ));
    }
    // The hook takes one publisher, and no key: the others, and those with a key, are set once the zone is installed.
    if let Some(publisher) = publishers(spec, config_tree, is_linked(brand, dialect))?.first()
        && publisher.ssl_key.is_none()
        && let Some(origin) = publisher.origins.first()
    {
        arguments.extend(["-P".to_owned(), format!("{}={origin}", publisher.name)]);
    }
    if !install.packages.is_empty() {
        if !row.install.value.packages {
            return Err(refused(
                spec,
                format!("the install of brand {brand} takes no packages"),
                Some("leave packages out of its `install`"),
            ));
        }
        for package in &install.packages {
            arguments.extend(["-e".to_owned(), package.clone()]);
        }
    }
    for word in &arguments {
        check_hook_word("an argument of install", word)?;
    }
    Ok(arguments)
}

/// Names of archives that are compressed. The hook takes them for compressed cpio archives and unpacks nothing.
const COMPRESSED: [&str; 9] = [".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".zip"];

/// Returns the words that name the image.
///
/// Errors: `config` if the brand has no use for one, if it is not there, and if the hook cannot unpack it.
fn image_arguments(spec: &ZoneSpec, option: ImageOption, path: &str, image: ImageKind) -> Result<Vec<String>> {
    let brand = spec.brand.value.as_str();
    let missing = || refused(spec, format!("the image {path:?} does not exist"), Some("put it there, or fix `image`"));
    let words = |letter: &str, rest: &[&str]| {
        [letter, path].iter().chain(rest).map(|word| (*word).to_owned()).collect::<Vec<String>>()
    };
    match (option, image) {
        (ImageOption::None, _) => {
            Err(refused(spec, format!("brand {brand} installs from no image"), Some("leave `image` out of `install`")))
        }
        // A name without a leading slash is that of a dataset or a snapshot.
        (ImageOption::Seed, ImageKind::Missing) if path.starts_with('/') => Err(missing()),
        (ImageOption::Seed, ImageKind::Directory) => Err(refused(
            spec,
            format!(
                "the image {path:?} is a directory, and brand {brand} installs from archives, streams and datasets"
            ),
            Some("name an archive, or a dataset"),
        )),
        (ImageOption::Seed, _) => Ok(words("-s", &[])),
        (ImageOption::Archive, ImageKind::Missing) => Err(missing()),
        // Exactly one of -u and -p is needed: the copy of a system gets an identity of its own.
        (ImageOption::Archive, ImageKind::Directory) => Ok(words("-d", &["-u"])),
        (ImageOption::Archive, ImageKind::File) => match COMPRESSED.iter().find(|end| path.ends_with(**end)) {
            Some(end) => Err(refused(
                spec,
                format!("the image {path:?} is compressed ({end}), and the install of brand {brand} cannot unpack it"),
                Some("name an uncompressed tar archive, or a directory"),
            )),
            None => Ok(words("-a", &["-u"])),
        },
    }
}

fn refused(spec: &ZoneSpec, message: String, help: Option<&str>) -> Error {
    let error = Error::new(Code::Config, format!("zone {}: {message}", spec.name));
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}
