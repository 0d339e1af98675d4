//! Image that a subcommand works on, and how the subcommand may end.
//!
//! [source: client.py of pkg5; recorded: kinds `image` and `locked`]

use super::image::Image;
use super::{address, image};
use crate::session::{Answer, FAILED, Session};
use crate::{Dialect, Status};

/// Some of several things were done.
pub(super) const PARTIAL: Status = Status::Exited(3);

/// Another client holds the image.
pub(super) const LOCKED: Status = Status::Exited(7);

/// Part of every text about something that the real client does and this one does not.
pub(super) const NOT_SIMULATED: &str = "not simulated";

/// Object of a subcommand.
pub(super) struct Work {
    /// The image's root, an absolute path of the machine.
    pub(super) root: String,
    /// The root as the caller sees it: a zone sees its own as `/`.
    pub(super) seen: String,
    pub(super) image: Image,
}

impl Work {
    /// The path of the machine that names a key or a certificate: in a zone's image any path is below its root, in the global
    /// zone's it is the host's. [recorded: omnios-keys-005 to -010, -056]
    pub(super) fn file(&self, path: &str, cwd: &str) -> String {
        match self.root.as_str() {
            "/" if path.starts_with('/') => address::normalize(path),
            "/" => address::normalize(&format!("{cwd}/{path}")),
            root => address::normalize(&format!("{root}/{path}")),
        }
    }

    /// True for the image that the caller itself runs from.
    pub(super) fn is_live(&self) -> bool {
        self.seen == "/"
    }

    /// A path of the machine as the caller sees it.
    pub(super) fn shown(&self, path: &str) -> String {
        match path.strip_prefix(&self.root).filter(|_| self.root != "/" && self.seen == "/") {
            Some(inside) => inside.to_owned(),
            None => path.to_owned(),
        }
    }
}

pub(super) fn is_openindiana(session: &Session<'_, '_>) -> bool {
    session.machine.dialect() != Dialect::OmniOs
}

pub(super) fn fail(session: &mut Session<'_, '_>, message: std::fmt::Arguments<'_>) -> Answer {
    session.complain(format_args!("{message}\n"));
    Ok(FAILED)
}

/// The end of a command other than set-publisher if another client holds the image.
pub(super) fn locked(session: &mut Session<'_, '_>, root: &str) -> Option<Status> {
    image::is_locked(session.machine, root).then(|| {
        session.complain(format_args!("pkg: {}\n", IN_USE));
        LOCKED
    })
}

/// The text for an image that another client holds. It comes before the exit status 1 here, before 7 elsewhere.
/// [recorded: omnios-locked-005, -007]
pub(super) const IN_USE: &str = "The image cannot be modified as it is currently in use by another package client.";

/// The directory of the caller, as a path of the machine.
pub(super) fn work_directory(session: &Session<'_, '_>) -> String {
    let inside = session.call.cwd.strip_prefix(session.machine.root()).unwrap_or(std::path::Path::new(""));
    format!("/{}", inside.to_string_lossy())
}
