//! The errors of illumos's zone configuration library: one number and one text each, used by every command.
//!
//! [source: libzonecfg.h, zonecfg_strerror of libzonecfg.c; recorded: wherever a message ends in one]

/// An error of the library. `zoneadm` and `zonecfg` print its [`text`](Error::text) after the name of what they worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Error {
    WrongDocumentType,
    BadProperty,
    SavingFile,
    NoEntry,
    BogusZoneName,
    RequiredResourceMissing,
    RequiredPropertyMissing,
    BadHandle,
    Invalid,
    Access,
    TooBig,
    MiscFs,
    NoZone,
    NoResourceType,
    NoResourceId,
    NoPropertyType,
    NoPropertyId,
    BadZoneState,
    InvalidDocument,
    NameInUse,
    UpdatingIndex,
    LockingFile,
    InsufficientSpec,
    Incompatible,
    AliasDisallow,
    ClearDisallow,
    InvalidProperty,
}

impl Error {
    /// The library's number, which some commands return as their exit status.
    pub(crate) fn number(self) -> i32 {
        self.entry().0
    }

    /// The library's text.
    pub(crate) fn text(self) -> &'static str {
        self.entry().1
    }

    fn entry(self) -> (i32, &'static str) {
        match self {
            Error::WrongDocumentType => (1, "Wrong document type"),
            Error::BadProperty => (3, "Bad document property"),
            Error::SavingFile => (5, "Problem saving file"),
            Error::NoEntry => (6, "No such entry"),
            Error::BogusZoneName => (7, "Bogus zone name"),
            Error::RequiredResourceMissing => (8, "Required resource missing"),
            Error::RequiredPropertyMissing => (9, "Required property missing"),
            Error::BadHandle => (10, "Bad handle"),
            Error::Invalid => (12, "Invalid argument"),
            Error::Access => (13, "Permission denied"),
            Error::TooBig => (14, "Argument list too long"),
            Error::MiscFs => (15, "Miscellaneous file system error"),
            Error::NoZone => (16, "No such zone configured"),
            Error::NoResourceType => (17, "No such resource type"),
            Error::NoResourceId => (18, "No such resource with that id"),
            Error::NoPropertyType => (19, "No such property type"),
            Error::NoPropertyId => (20, "No such property with that id"),
            Error::BadZoneState => (21, "Zone state is invalid for the requested operation"),
            Error::InvalidDocument => (22, "Invalid document"),
            Error::NameInUse => (23, "Zone name already in use"),
            Error::UpdatingIndex => (25, "Problem updating index file"),
            Error::LockingFile => (26, "Locking index file"),
            Error::InsufficientSpec => (29, "Insufficient specification"),
            Error::Incompatible => (41, "Incompatible settings"),
            Error::AliasDisallow => (42, "An incompatible rctl already exists for this property"),
            Error::ClearDisallow => (43, "Clearing this property is not allowed"),
            Error::InvalidProperty => (50, "Specified property is invalid"),
        }
    }
}
