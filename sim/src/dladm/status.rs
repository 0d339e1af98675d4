//! Statuses of libdladm's calls, in the words that dladm prints. [source: dladm_status2str of libdladm.c]

/// Why a call of the library failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    BadArg,
    Failed,
    NotSupported,
    NotFound,
    KeyInvalid,
    LinkInvalid,
    BadValue,
    Exists,
    ReadOnly,
    BadValueCount,
    TempOnly,
    PersistentOnly,
    Busy,
    InvalidMac,
    MacValue,
    MacReserved,
    MacInUse,
    MacPrefix,
    MacPrefixLength,
    BadRange,
    NoSuchCpu,
    MinimumBandwidth,
    InvalidIp,
    /// Never printed: the property has no value of the kind asked for.
    NotDefined,
    /// Features that are not simulated.
    NotSimulated,
}

impl Fault {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Fault::BadArg => "invalid argument",
            Fault::Failed => "operation failed",
            Fault::NotSupported => "operation not supported",
            Fault::NotFound => "object not found",
            Fault::KeyInvalid => "invalid key",
            Fault::LinkInvalid => "invalid link",
            Fault::BadValue => "invalid value",
            Fault::Exists => "object already exists",
            Fault::ReadOnly => "read-only property",
            Fault::BadValueCount => "invalid number of values",
            Fault::TempOnly => "change cannot be persistent",
            Fault::PersistentOnly => "change must be persistent",
            Fault::Busy => "link busy",
            Fault::InvalidMac => "invalid MAC address",
            Fault::MacValue => "invalid MAC address value",
            Fault::MacReserved => "MAC address reserved for use by underlying data-link",
            Fault::MacInUse => "MAC address is already in use",
            Fault::MacPrefix => "Invalid MAC address prefix value",
            Fault::MacPrefixLength => "Invalid MAC address prefix length",
            Fault::BadRange => "invalid range",
            Fault::NoSuchCpu => "non-existent processor ID",
            Fault::MinimumBandwidth => "minimum value for maxbw is 1200K",
            Fault::InvalidIp => "invalid IP address",
            Fault::NotDefined => "value not defined",
            Fault::NotSimulated => "not simulated",
        }
    }
}
