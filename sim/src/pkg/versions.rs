//! Versions of packages: what an image has, and what the catalogs that it has fetched offer.
//!
//! A repository that lists the versions of a package (`publisher/NAME/pkg/PACKAGE/VERSION`, as a file repository does) offers the
//! newest of them; one that lists none offers what every image has.
//!
//! [source: version.py and repository.py of pkg5; recorded: kind `packages`]

use std::cmp::Ordering;
use std::io;

use super::image::{self, Image};
use super::network;
use crate::Machine;

/// The version of every package of a machine whose repositories list none.
pub(super) const VERSION: &str = "0.5.11-2026.0.0.22000";
/// The packages of every image. Those of a zone whose image is linked have the versions of the host's: they depend on their parent.
pub(crate) const BASE: &[&str] = &["SUNWcs", "SUNWcsd", "entire", "system/core-os"];

/// Names of the packages of an image, sorted.
pub(super) fn installed(image: &Image) -> Vec<String> {
    let mut names: Vec<String> =
        BASE.iter().map(|name| (*name).to_owned()).chain(image.packages.iter().cloned()).collect();
    names.sort();
    names.dedup();
    names
}

/// The version of a package of the image.
pub(crate) fn of<'a>(image: &'a Image, package: &str) -> &'a str {
    image.versions.get(package).map_or(VERSION, String::as_str)
}

/// Compares two versions, number by number. [version.py: DotSequence, Version.__lt__]
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    numbers(one).cmp(&numbers(other))
}

/// The newest version that an enabled publisher offers, of the first in search order that offers one.
/// [pkg-observed.md 20: a package comes from the first publisher in order that has it]
pub(super) fn newest(machine: &Machine, image: &Image, package: &str) -> Option<String> {
    let publishers = image.publishers.iter().filter(|publisher| !publisher.disabled && publisher.refreshed);
    publishers
        .flat_map(|publisher| publisher.origins.iter().map(move |origin| (publisher, origin)))
        .filter(|(_, origin)| !origin.disabled)
        .find_map(|(publisher, origin)| {
            let offered = network::versions(machine, &origin.uri, &publisher.name, package);
            offered.into_iter().max_by(|one, other| compare(one, other))
        })
}

/// Notes what the catalogs offer that were just fetched.
pub(super) fn note_catalogs(machine: &Machine, image: &mut Image) {
    let offered = installed(image).into_iter().filter_map(|name| Some((newest(machine, image, &name)?, name)));
    image.offered = offered.map(|(version, name)| (name, version)).collect();
}

/// The packages that an update would change, with their new versions. A zone whose image is linked gets no package of the base
/// system that is newer than its parent's.
/// [operations-reference: `pkg -R ZP/root update` updates a linked child within the parent's constraints]
pub(super) fn updates(machine: &Machine, root: &str, image: &Image) -> io::Result<Vec<(String, String)>> {
    let is_linked = root != "/" && image.publishers.iter().any(|publisher| publisher.system);
    let parent = if is_linked { image::read(machine, "/")? } else { None };
    let new = installed(image).into_iter().filter_map(|name| {
        // [source: pkg_solver.py: __begin_solve, the frozen packages]
        let mut version = image.offered.get(&name).filter(|_| !image.frozen.contains_key(&name))?.clone();
        if let Some(parent) = parent.as_ref().filter(|_| BASE.contains(&name.as_str())) {
            let limit = of(parent, &name);
            if compare(&version, limit) == Ordering::Greater {
                version = limit.to_owned();
            }
        }
        (compare(&version, of(image, &name)) == Ordering::Greater).then_some((name, version))
    });
    Ok(new.collect())
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::compare;

    #[test]
    fn versions_compare_by_their_numbers() {
        assert_eq!(compare("0.5.11-2026.0.0.9", "0.5.11-2026.0.0.10"), Ordering::Less);
        assert_eq!(compare("1.1", "1.0"), Ordering::Greater);
        assert_eq!(compare("1.0", "1.0"), Ordering::Equal);
    }
}
