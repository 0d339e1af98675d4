//! Arguments of each brand's install hook, in one table, so that a hook never gets an option that it does not know.
//!
//! Invariant: a hook that gets an unknown option leaves the zone `incomplete`, so the plan refuses whatever is not in the table.

use super::config_tree::ConfigTree;
use crate::documents::publisher::Publisher;
use crate::documents::resolve::ZoneSpec;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::check_install_argument;
use crate::host::{self, Distribution, ImageOption};

/// Kind of file that an install image is on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageKind {
    Directory,
    File,
    Missing,
}

/// Returns true if zones of this brand are linked images, whose publishers are the host's.
pub(crate) fn is_linked(brand: &str, dialect: Distribution) -> bool {
    host::brand(brand, dialect).is_some_and(|row| row.is_linked())
}

/// Returns the desired publishers of a zone's image, in search order; `linked` is true for a linked image.
///
/// Fails with `config` if the brand cannot have its own publishers, and if one is unknown.
pub(crate) fn publishers(spec: &ZoneSpec, config_tree: &ConfigTree, linked: bool) -> Result<Vec<Publisher>> {
    let (brand, names) = (spec.brand.value.as_str(), &spec.install.publishers);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    if linked {
        return Err(refused(
            spec,
            format!("zones of brand {brand} are linked images on this host and use the host's publishers"),
            Some("remove the publishers from its `install`, or use a brand that is not linked"),
        ));
    }
    if !host::takes_packages(brand) {
        return Err(refused(
            spec,
            format!("brand {brand} does not support publishers"),
            Some("remove the publishers from its `install`"),
        ));
    }
    let mut publishers: Vec<Publisher> = Vec::new();
    for name in names {
        let Some(publisher) = config_tree.publishers.get(name) else {
            return Err(refused(
                spec,
                format!("publisher {name} does not exist"),
                Some(&format!("create publishers/{name}.kdl, or remove the name from `install`")),
            ));
        };
        let addresses = publisher.origins.iter().chain(&publisher.mirrors);
        if publisher.ssl_key.is_some() && !addresses.clone().any(|uri| uri.starts_with("https:")) {
            return Err(refused(
                spec,
                format!("publisher {name} ({}) has a key but no https address to use it for", publisher.source),
                Some("remove `ssl-cert` and `ssl-key`, or add an https origin"),
            ));
        }
        if !publishers.iter().any(|known| known.name == publisher.name) {
            publishers.push(publisher.clone());
        }
    }
    Ok(publishers)
}

/// Returns true if install's `-P` alone sets this publisher completely.
pub(crate) fn is_set_by_install(publisher: &Publisher) -> bool {
    publisher.ssl_key.is_none() && publisher.origins.len() == 1 && publisher.mirrors.is_empty() && publisher.sticky
}

/// The publisher that install begins with: the one that has the package `entire`. None where it takes the host's publishers.
///
/// Errors: `config` if the files do not say which of several has it.
fn install_publisher<'p>(spec: &ZoneSpec, publishers: &'p [Publisher]) -> Result<Option<&'p Publisher>> {
    let marked: Vec<&Publisher> = publishers.iter().filter(|publisher| publisher.entire).collect();
    let names = |list: &[&Publisher]| list.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
    match (publishers, marked.as_slice()) {
        (_, [one]) if one.ssl_key.is_some() => Err(refused(
            spec,
            format!("the publisher {} has entire and a key, and the install of a zone cannot use keys", one.name),
            Some("mark another publisher with entire=#true, one that needs no key"),
        )),
        (_, [one]) => Ok(Some(one)),
        ([], _) => Ok(None),
        ([one], _) => Ok(Some(one).filter(|one| one.ssl_key.is_none())),
        (_, []) => Err(refused(
            spec,
            format!(
                "no publisher of {} is marked as the one with entire",
                names(&publishers.iter().collect::<Vec<_>>())
            ),
            Some("write publisher \"NAME\" entire=#true in the file of the one that zones are installed from"),
        )),
        _ => Err(refused(
            spec,
            format!("several publishers are marked as the one with entire: {}", names(&marked)),
            Some("leave entire=#true at the one that zones are installed from"),
        )),
    }
}

/// Returns whether the install hook knows every publisher of the zone, so that it can install packages of any.
pub(crate) fn hook_finds_packages(publishers: &[Publisher]) -> bool {
    match publishers {
        [] => true,
        [one] => is_set_by_install(one),
        _ => false,
    }
}

/// Returns the arguments of `zoneadm install` for this spec; `image` is the kind of its image on the host.
pub(crate) fn install_arguments(
    spec: &ZoneSpec,
    config_tree: &ConfigTree,
    dialect: Distribution,
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
                format!("brand {brand} installs from an image, but none is set"),
                Some("add `install { image \"/…\" }`"),
            ));
        }
        None => Vec::new(),
    };
    if install.image.is_some() && !(install.publishers.is_empty() && install.packages.is_empty()) {
        return Err(refused(
            spec,
            "an image cannot be combined with publishers or packages".to_owned(),
            Some("remove one of the two from `install`"),
        ));
    }
    // The hook takes one publisher, and no key: the others, and those with a key, are set once the zone is installed.
    let publishers = publishers(spec, config_tree, is_linked(brand, dialect))?;
    if let Some(publisher) = install_publisher(spec, &publishers)?
        && let Some(origin) = publisher.origins.first()
    {
        arguments.extend(["-P".to_owned(), format!("{}={origin}", publisher.name)]);
    }
    if !install.packages.is_empty() {
        if !row.install.value.packages {
            return Err(refused(
                spec,
                format!("brand {brand} does not support packages"),
                Some("remove the packages from its `install`"),
            ));
        }
        if hook_finds_packages(&publishers) {
            for package in &install.packages {
                arguments.extend(["-e".to_owned(), package.clone()]);
            }
        }
    }
    for word in &arguments {
        check_install_argument(word)?;
    }
    check_length(spec, row.install.value.hook, &arguments)?;
    Ok(arguments)
}

/// Size of the buffer in which zoneadm puts the hook's command line together.
const COMMAND_LINE: usize = 1024;

/// Checks that zoneadm can run the hook with these arguments.
fn check_length(spec: &ZoneSpec, hook: &str, arguments: &[String]) -> Result<()> {
    let start = format!("exec /usr/lib/brand/{hook} -z {} -R {}", spec.name, spec.zonepath.value);
    // zoneadm glues the value to its option: `-e web/tool` becomes `-eweb/tool`.
    let size = |word: &String| if word.starts_with('-') { word.len() + 1 } else { word.len() };
    let length = start.len() + arguments.iter().map(size).sum::<usize>();
    if length < COMMAND_LINE {
        return Ok(());
    }
    let message =
        format!("the command line of its install hook has {length} bytes, and zoneadm takes fewer than {COMMAND_LINE}");
    Err(refused(spec, message, Some("name fewer packages in `install`, and install the others in the zone")))
}

/// Returns whether zones of this brand can have an IPv6 gateway from their configuration. The init of lx reads gateways as IPv4 addresses,
/// and stops for ever at one that is none.
pub(crate) fn takes_ipv6_gateway(brand: &str) -> bool {
    brand != "lx"
}

/// Notes of a plan on settings that the brand cannot have.
pub(crate) fn notes(spec: &ZoneSpec) -> Vec<String> {
    if takes_ipv6_gateway(&spec.brand.value) {
        return Vec::new();
    }
    let gateways =
        spec.nets.iter().flat_map(|net| net.addresses.iter().filter_map(move |each| Some((net, each.gateway?))));
    gateways
        .filter(|(_, gateway)| gateway.is_ipv6())
        .map(|(net, gateway)| {
            format!(
                "the gateway {gateway} of net {:?} is left out: a zone of brand {} would not come up with it, and takes IPv6 routes from \
                 router advertisements",
                net.name, spec.brand.value
            )
        })
        .collect()
}

/// Suffixes of compressed archives. The hook takes them for compressed cpio archives and unpacks nothing.
const COMPRESSED: [&str; 9] = [".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".zip"];

/// Returns the arguments that name the image.
///
/// Fails with `config` if the brand does not use one, if it does not exist, and if the hook cannot unpack it.
fn image_arguments(spec: &ZoneSpec, option: ImageOption, path: &str, image: ImageKind) -> Result<Vec<String>> {
    let brand = spec.brand.value.as_str();
    let missing = || refused(spec, format!("the image {path:?} does not exist"), Some("create it, or correct `image`"));
    let words = |letter: &str, rest: &[&str]| {
        [letter, path].iter().chain(rest).map(|word| (*word).to_owned()).collect::<Vec<String>>()
    };
    match (option, image) {
        (ImageOption::None, _) => Err(refused(
            spec,
            format!("brand {brand} does not install from an image"),
            Some("remove `image` from `install`"),
        )),
        // A name without a leading slash is a dataset or a snapshot.
        (ImageOption::Seed, ImageKind::Missing) if path.starts_with('/') => Err(missing()),
        (ImageOption::Seed, ImageKind::Directory) => Err(refused(
            spec,
            format!("the image {path:?} is a directory; brand {brand} installs from archives, streams and datasets"),
            Some("name an archive, or a dataset"),
        )),
        (ImageOption::Seed, _) => Ok(words("-s", &[])),
        (ImageOption::Archive, ImageKind::Missing) => Err(missing()),
        // Exactly one of -u and -p is needed: the copy of a system gets a new identity.
        (ImageOption::Archive, ImageKind::Directory) => Ok(words("-d", &["-u"])),
        (ImageOption::Archive, ImageKind::File) => match COMPRESSED.iter().find(|end| path.ends_with(**end)) {
            Some(end) => Err(refused(
                spec,
                format!("the image {path:?} is compressed ({end}), which brand {brand} cannot unpack"),
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
