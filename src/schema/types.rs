//! Types of arguments and properties: valid values, and the errors for invalid ones.

/// A type of value.
#[derive(Clone, Copy)]
pub(crate) enum Type {
    Bool,
    /// A whole number from … to …
    Int(i128, i128),
    /// Text that zonecfg can represent, with a limit in bytes.
    Plain(usize),
    /// Any text, as import found it.
    Verbatim,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Name of a node that layers inherit.
    Inherited,
    Size,
    /// `1.5`, as a string or number.
    Cpus,
    /// `2` or `1-4`.
    CpuRange,
    /// An absolute path.
    Path,
    /// An absolute path that illumos passes to a shell.
    SafePath,
    /// A zonepath: an absolute path. Import may find odd ones; plans refuse those.
    ZonePath,
    /// A text that illumos passes to a shell.
    Safe,
    Url,
    /// The URL of a member of a store, without a path.
    Endpoint,
    Address,
    /// A network without host bits.
    Network,
    /// An address with its prefix length, or "none".
    Interface,
    /// An address with its prefix length, "none", or the way in which the zone gets its address by itself.
    NetAddress,
    /// An address, or two with a `-`.
    AddressRange,
    Mac,
    Vnic,
    /// A link of the host.
    Link,
    /// A property of a link that only dladm sets.
    LinkProperty,
    /// A value for it.
    LinkValue,
    /// A link of the host as import found it.
    FoundLink,
    Brand,
    ZoneName,
    TemplateName,
    PoolName,
    PublisherName,
    ReservationName,
    /// The name of a net.
    NetName,
    HostName,
    /// An address and host names.
    HostsLine,
    Domain,
    TimeZone,
    Id,
    Uuid,
    Time,
    AttrName,
    /// The value of an attribute: text, number or truth.
    AttrValue,
    RctlName,
    HostId,
    Dataset,
    FileSystem,
    /// The pattern of VNIC names.
    VnicPattern,
    /// The first bytes of MAC addresses.
    MacPrefix,
    /// The name of an environment variable that config.kdl may set.
    EnvironmentName,
    /// Its value, which may hold a password.
    EnvironmentValue,
    /// A command of zonecfg.
    Command,
}

/// Error of a value: code, message and help.
pub(crate) struct Wrong {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Wrong {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Wrong { code, message: message.into(), help: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Type {
    /// Returns true if a later version added words to the type.
    pub(crate) const fn has_newer_words(self) -> bool {
        matches!(self, Type::NetAddress | Type::Word(_) | Type::Inherited)
    }

    /// Describes a value of this type.
    pub(crate) fn describe(self) -> String {
        match self {
            Type::Bool => "#true or #false".into(),
            Type::Int(low, high) if high >= i128::from(u32::MAX) => format!("a whole number from {low}"),
            Type::Int(low, high) => format!("a whole number from {low} to {high}"),
            Type::Plain(most) => format!("a text of at most {most} bytes"),
            Type::Verbatim => "a text".into(),
            Type::Inherited => "the name of a node that can be inherited".into(),
            Type::Word(words) => words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" or "),
            Type::Size => "a size such as \"2G\"".into(),
            Type::Cpus => "a number of processors such as \"1.5\"".into(),
            Type::CpuRange => "a number of processors such as \"2\" or \"1-4\"".into(),
            Type::Path | Type::SafePath | Type::ZonePath => "an absolute path".into(),
            Type::Safe => "a text of letters, digits and @%+=:,./_-".into(),
            Type::Endpoint => "an address of the form https://HOST:PORT or http://HOST:PORT".into(),
            Type::Url => "an address of the form https://…, http://… or file:///…".into(),
            Type::Address => "an IP address".into(),
            Type::Network => "a network such as \"10.1.0.0/24\"".into(),
            Type::NetAddress => {
                "an address with its prefix length such as \"10.1.0.10/24\", \"dhcp\", \"slaac\" or \"none\"".into()
            }
            Type::Interface => "an address with its prefix length such as \"10.1.0.10/24\", or \"none\"".into(),
            Type::AddressRange => "an address, or a range such as \"10.1.0.5-10.1.0.9\"".into(),
            Type::Mac => "a MAC address".into(),
            Type::Vnic => "the name of a link, ending in a number".into(),
            Type::Link | Type::FoundLink => "the name of a link of the host".into(),
            Type::EnvironmentName => "the name of a variable such as \"https_proxy\"".into(),
            Type::EnvironmentValue => "a text of printable ASCII characters without blanks at its ends".into(),
            Type::LinkProperty => "a property of a link such as \"maxbw\"".into(),
            Type::LinkValue => "a text of letters, digits and @%+:,./_-".into(),
            Type::Brand => "the name of a brand".into(),
            Type::ZoneName => "the name of a zone".into(),
            Type::TemplateName => "the name of a template".into(),
            Type::PoolName => "the name of a pool".into(),
            Type::PublisherName => "the name of a publisher".into(),
            Type::ReservationName => "the name of a reservation".into(),
            Type::NetName => "a name of letters, digits, `_`, `.` and `-`".into(),
            Type::HostName => "a host name".into(),
            Type::HostsLine => "an address, followed by host names".into(),
            Type::Domain => "a domain name".into(),
            Type::TimeZone => "a time zone such as \"Europe/Zurich\"".into(),
            Type::Id => "32 hexadecimal digits".into(),
            Type::Uuid => "a uuid".into(),
            Type::Time => "a time such as \"2026-03-22T12:14:09Z\"".into(),
            Type::AttrName => "a name of letters, digits, `.` and `-`".into(),
            Type::AttrValue => "a text, a whole number, #true or #false".into(),
            Type::RctlName => "a resource control such as \"zone.max-lwps\"".into(),
            Type::HostId => "a hexadecimal number below ffffffff".into(),
            Type::Dataset => "a ZFS dataset".into(),
            Type::FileSystem => "a type of file system".into(),
            Type::MacPrefix => "the first bytes of a MAC address".into(),
            Type::VnicPattern => "a pattern with {zone}, ending in {index}".into(),
            Type::Command => "one set, clear, add, select, remove or end command of zonecfg".into(),
        }
    }
}
