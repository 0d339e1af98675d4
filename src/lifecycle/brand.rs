//! What may be said to each brand's install hook: one table, so that nothing reaches a hook that it does not know.
//!
//! Invariant: a hook that gets an option it does not know leaves the zone `incomplete`, so whatever is not in the table is refused
//! in the plan.

use super::library::Library;
use crate::effective::ZoneSpec;
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::check_hook_word;
use crate::host::Dialect;
use crate::publisher::Publisher;

/// What a brand's install takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Takes {
    brand: &'static str,
    /// `-P publisher=uri`.
    publisher: bool,
    /// `-e package`.
    packages: bool,
    /// How an image is named; `None` where it has no use for one.
    image: Option<&'static str>,
    /// Whether it cannot do without an image.
    needs_image: bool,
}

const TABLE: [Takes; 7] = [
    Takes { brand: "ipkg", publisher: true, packages: true, image: Some("-a"), needs_image: false },
    Takes { brand: "nlipkg", publisher: true, packages: true, image: Some("-a"), needs_image: false },
    Takes { brand: "lipkg", publisher: true, packages: true, image: Some("-a"), needs_image: false },
    Takes { brand: "sparse", publisher: false, packages: false, image: None, needs_image: false },
    Takes { brand: "pkgsrc", publisher: false, packages: false, image: None, needs_image: false },
    Takes { brand: "illumos", publisher: false, packages: false, image: Some("-s"), needs_image: true },
    Takes { brand: "lx", publisher: false, packages: false, image: Some("-s"), needs_image: true },
];

/// Whether zones of this brand are linked images, whose publishers are the host's.
pub(crate) fn is_linked(brand: &str, dialect: Dialect) -> bool {
    match brand {
        "ipkg" => dialect != Dialect::OmniOs,
        "lipkg" | "sparse" | "pkgsrc" => dialect == Dialect::OmniOs,
        _ => false,
    }
}

/// The publishers that the image of a zone shall have, in search order; `linked` says whether it is a linked image.
///
/// Errors: `config` where its brand cannot have its own, and where one is not known.
pub(crate) fn publishers(spec: &ZoneSpec, library: &Library, linked: bool) -> Result<Vec<Publisher>> {
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
    if !TABLE.iter().any(|takes| takes.brand == brand && takes.publisher) {
        return Err(refused(
            spec,
            format!("the install of brand {brand} takes no publishers"),
            Some("leave publishers out of its `install`"),
        ));
    }
    let mut publishers: Vec<Publisher> = Vec::new();
    for name in names {
        let Some(publisher) = library.publishers.get(name) else {
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

/// The arguments of `zoneadm install` for this wish.
pub(crate) fn install_arguments(spec: &ZoneSpec, library: &Library, dialect: Dialect) -> Result<Vec<String>> {
    let brand = spec.brand.value.as_str();
    let Some(takes) = TABLE.iter().find(|takes| takes.brand == brand) else {
        return Err(refused(spec, format!("zmgr cannot install zones of brand {brand}"), None));
    };
    let install = &spec.install;
    let mut arguments = Vec::new();
    match (&install.image, takes.image) {
        (Some(image), Some(option)) => arguments.extend([option.to_owned(), image.clone()]),
        (Some(_), None) => {
            return Err(refused(
                spec,
                format!("brand {brand} installs from no image"),
                Some("leave `image` out of `install`"),
            ));
        }
        (None, _) if takes.needs_image => {
            return Err(refused(
                spec,
                format!("brand {brand} installs from an image, and none is named"),
                Some("write install { image \"/…\" }"),
            ));
        }
        (None, _) => {}
    }
    if install.image.is_some() && !(install.publishers.is_empty() && install.packages.is_empty()) {
        return Err(refused(
            spec,
            "an image is installed as it is, without publishers and packages".to_owned(),
            Some("leave one of the two out of `install`"),
        ));
    }
    // The hook takes one publisher, and no key: the others, and those with a key, are set once the zone is installed.
    if let Some(publisher) = publishers(spec, library, is_linked(brand, dialect))?.first()
        && publisher.ssl_key.is_none()
        && let Some(origin) = publisher.origins.first()
    {
        arguments.extend(["-P".to_owned(), format!("{}={origin}", publisher.name)]);
    }
    if !install.packages.is_empty() {
        if !takes.packages {
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

fn refused(spec: &ZoneSpec, message: String, help: Option<&str>) -> Error {
    let error = Error::new(Code::Config, format!("zone {}: {message}", spec.name));
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}
