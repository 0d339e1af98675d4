//! Checks a value against its type.

use super::command::command_fault;
use super::did_you_mean;
use super::parse::{parse_cpu_range, parse_cpus, parse_range};
use super::types::{Type, Wrong};
use crate::kdl_util::{Value, credentials};
use crate::value::address::{MacAddr, parse_address, parse_network, unusable_network};
use crate::value::name::{LinkName, PoolName, PublisherName, ReservationName, TemplateName, ZoneName};
use crate::value::{EntryId, Size};

/// Brands of virtual machines, which zmgr does not manage.
const VM_BRANDS: [&str; 5] = ["bhyve", "kvm", "emu", "propolis", "nebula-vm"];

impl Type {
    /// Checks that the value is of this type.
    pub(crate) fn check(self, value: &Value) -> Result<(), Wrong> {
        match (self, value) {
            (Type::Bool, Value::Bool(_)) => Ok(()),
            (Type::Bool, Value::Text(text))
                if matches!(text.as_str(), "true" | "false" | "yes" | "no" | "on" | "off") =>
            {
                let meant = matches!(text.as_str(), "true" | "yes" | "on");
                Err(Wrong::new("wrong-type", format!("invalid value {text:?}: expected #true or #false"))
                    .help(format!("write #{meant}")))
            }
            (Type::Int(low, high), Value::Int(number)) => {
                if (low..=high).contains(number) {
                    return Ok(());
                }
                Err(Wrong::new("out-of-range", format!("{number} is out of range: expected {}", self.describe())))
            }
            (Type::Int(..), Value::Text(text)) if text.parse::<i128>().is_ok() => {
                Err(Wrong::new("wrong-type", format!("{text:?} is a string: expected {}", self.describe()))
                    .help(format!("write {} without quotes", text.trim_start_matches('+'))))
            }
            (Type::AttrValue, Value::Bool(_)) => Ok(()),
            (Type::AttrValue, Value::Int(number)) => {
                match i64::try_from(*number).is_ok() || u64::try_from(*number).is_ok() {
                    true => Ok(()),
                    false => Err(Wrong::new("out-of-range", format!("{number} does not fit 64 bits"))),
                }
            }
            (Type::Cpus, Value::Int(number)) => check_text(self, &number.to_string()),
            (Type::Cpus, Value::Float(number)) => check_text(self, &number.to_string()),
            (Type::CpuRange, Value::Int(number)) => check_text(self, &number.to_string()),
            (Type::Size, Value::Int(number)) => Err(Wrong::new("wrong-type", "a size is a string")
                .help(format!("write \"{number}\" for bytes, or a size such as \"2G\""))),
            (Type::Bool | Type::Int(..), _) | (_, Value::Bool(_) | Value::Null | Value::Int(_) | Value::Float(_)) => {
                Err(Wrong::new("wrong-type", format!("expected {1}, not {0}", value.kind(), self.describe())))
            }
            (_, Value::Text(text)) => check_text(self, text),
        }
    }
}

fn bad(ty: Type, text: &str) -> Wrong {
    Wrong::new("bad-value", format!("{:?} is not {}", shortened(text), ty.describe()))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn named<T>(made: crate::error::Result<T>) -> Result<(), Wrong> {
    made.map(|_| ()).map_err(|error| Wrong::new("bad-name", error.message()))
}

fn require(ty: Type, text: &str, good: bool) -> Result<(), Wrong> {
    if good { Ok(()) } else { Err(bad(ty, text)) }
}

/// Returns true if a shell takes the text as one plain word.
fn is_shell_safe(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&b))
}

/// Returns true if a text is an address of a repository that the install hook of a brand may get from a shell.
fn is_url(text: &str) -> bool {
    let Some(rest) = ["https://", "http://", "file://"].iter().find_map(|scheme| text.strip_prefix(scheme)) else {
        return false;
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let plain = authority.replace(['[', ']'], "") + &path.replace("/~", "/");
    !rest.is_empty() && (plain.is_empty() || is_shell_safe(&plain))
}

/// Refuses what zonecfg cannot represent in any value.
fn carried(text: &str, most: usize) -> Result<(), Wrong> {
    if let Some(c) = text.chars().find(|c| *c == '"' || c.is_control()) {
        let shown = if c == '"' { "a double quote".to_owned() } else { format!("the character U+{:04X}", c as u32) };
        return Err(Wrong::new("not-carried", format!("zonecfg cannot represent {shown} in a value")));
    }
    if text.is_empty() {
        return Err(Wrong::new("bad-value", "the text is empty")
            .help("remove the node, or drop an inherited one with `without`"));
    }
    if text.len() > most {
        return Err(Wrong::new("too-long", format!("the text has {} bytes; zonecfg allows {most}", text.len())));
    }
    Ok(())
}

/// Checks that a text is one of these words.
pub(crate) fn one_of(ty: Type, text: &str, words: impl Iterator<Item = &'static str> + Clone) -> Result<(), Wrong> {
    if words.clone().any(|word| word == text) {
        return Ok(());
    }
    let wrong = bad(ty, text);
    Err(match did_you_mean(text, words) {
        Some(word) => wrong.help(format!("did you mean {word:?}?")),
        None => wrong,
    })
}

fn check_text(ty: Type, text: &str) -> Result<(), Wrong> {
    match ty {
        Type::Bool | Type::Int(..) => {
            Err(Wrong::new("wrong-type", format!("expected {}, not a string", ty.describe())))
        }
        Type::Plain(most) => carried(text, most),
        Type::Verbatim => Ok(()),
        Type::FoundLink => require(ty, text, !text.is_empty()),
        Type::Word(words) => one_of(ty, text, words.iter().copied()),
        // The table knows the names.
        Type::Inherited => Ok(()),
        Type::Size => text.parse::<Size>().map(|_| ()).map_err(|message| Wrong::new("bad-size", message)),
        Type::Cpus => parse_cpus(text).map(|_| ()).map_err(|message| Wrong::new("bad-value", message)),
        Type::CpuRange => parse_cpu_range(text).map(|_| ()).map_err(|message| Wrong::new("bad-value", message)),
        Type::Path | Type::SafePath => path(ty, text),
        Type::ZonePath if text.starts_with("/") => Ok(()),
        Type::ZonePath => path(ty, text),
        Type::Safe => require(ty, text, is_shell_safe(text) && !text.starts_with('-') && text.len() <= 1000),
        Type::Url | Type::Endpoint if credentials(text).is_some() => Err(has_credentials(ty)),
        Type::Url => require(ty, text, is_url(text) && text.len() <= 1000),
        Type::Endpoint => endpoint(ty, text),
        Type::Address => parse_address(text).map(|_| ()).map_err(|message| Wrong::new("bad-address", message)),
        Type::Network => network(text),
        Type::Interface | Type::NetAddress if text == "none" => Ok(()),
        Type::NetAddress if matches!(text, "dhcp" | "slaac") => Ok(()),
        Type::Interface | Type::NetAddress => interface(text),
        Type::AddressRange => parse_range(text).map(|_| ()).map_err(|message| Wrong::new("bad-address", message)),
        Type::Mac => mac(text),
        Type::Vnic => named(LinkName::new(text)),
        Type::Link => link(ty, text),
        Type::EnvironmentName => environment_name(text),
        Type::EnvironmentValue => environment_value(ty, text),
        Type::LinkProperty => link_property(ty, text),
        Type::LinkValue => require(ty, text, is_link_value(text)),
        Type::Brand => brand(ty, text),
        Type::ZoneName => named(ZoneName::new(text)),
        Type::TemplateName => named(TemplateName::new(text)),
        Type::PoolName => named(PoolName::new(text)),
        Type::PublisherName => named(PublisherName::new(text)),
        Type::ReservationName => named(ReservationName::new(text)),
        Type::NetName => net_name(ty, text),
        Type::HostName | Type::Domain => host_name(ty, &filled(text)),
        Type::HostsLine => hosts_line(ty, text),
        Type::TimeZone => time_zone(ty, text),
        Type::Id => text.parse::<EntryId>().map(|_| ()).map_err(|error| Wrong::new("bad-value", error.message())),
        Type::Uuid => uuid(ty, text),
        Type::Time => require(ty, text, text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()),
        Type::AttrName => attr_name(ty, text),
        Type::AttrValue => carried(text, 255),
        Type::RctlName => rctl_name(ty, text),
        Type::HostId => host_id(ty, text),
        Type::Dataset => dataset(ty, text),
        Type::FileSystem => file_system(ty, text),
        Type::MacPrefix => text
            .parse::<crate::value::address::MacPrefix>()
            .map(|_| ())
            .map_err(|message| Wrong::new("bad-mac-prefix", message)),
        Type::VnicPattern => crate::value::link_name::Pattern::new(text)
            .map(|_| ())
            .map_err(|message| Wrong::new("bad-vnic-name", message)),
        Type::Command => match command_fault(text) {
            None => Ok(()),
            Some(message) => Err(Wrong::new("bad-command", message)),
        },
    }
}

/// Returns the error of a URL with a user name or password in it. The value is not repeated: it is a secret.
fn has_credentials(ty: Type) -> Wrong {
    let help = match ty {
        Type::Endpoint => "leave it out, and use `user` with `password-file`",
        _ => {
            "leave it out: plans, logs and the process list would show it; \
             use a client certificate (`ssl-cert` and `ssl-key`) instead"
        }
    };
    Wrong::new("credentials", "this URL has a user name or password in it").help(help)
}

/// Checks the URL of a store: a scheme, a host and a port.
fn endpoint(ty: Type, text: &str) -> Result<(), Wrong> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = rest.and_then(|rest| rest.rsplit_once(':'));
    let known = host.is_some_and(|(host, port)| {
        let shape = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        !host.is_empty() && host.bytes().all(shape) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    require(ty, text, known)
}

/// Checks an address with its prefix length that an interface can have.
fn interface(text: &str) -> Result<(), Wrong> {
    let net = parse_network(text).map_err(|message| Wrong::new("bad-address", message))?;
    let address = net.addr();
    if address.is_unspecified() || address.is_multicast() {
        return Err(Wrong::new("bad-address", format!("no interface can have the address {address}"))
            .help("write a unicast address with its prefix length, such as \"10.1.0.10/24\""));
    }
    Ok(())
}

/// Checks a MAC address: of a single link.
fn mac(text: &str) -> Result<(), Wrong> {
    let mac: MacAddr = text.parse().map_err(|error: crate::error::Error| Wrong::new("bad-value", error.message()))?;
    if mac.is_unicast() {
        Ok(())
    } else {
        Err(Wrong::new("bad-value", format!("{mac} is not the address of a single link")))
    }
}

/// Checks the name of a link that zmgr did not make.
fn link(ty: Type, text: &str) -> Result<(), Wrong> {
    let shape = text.len() <= 31
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/'));
    require(ty, text, shape)
}

/// Checks the value of a variable. The message does not show it: it may hold a password.
fn environment_value(ty: Type, text: &str) -> Result<(), Wrong> {
    let good =
        (1..=1000).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b)) && text.trim() == text;
    if good { Ok(()) } else { Err(Wrong::new("bad-value", format!("the value is not {}", ty.describe()))) }
}

/// Checks the name of a brand: no brand of virtual machines.
fn brand(ty: Type, text: &str) -> Result<(), Wrong> {
    let shape = text.len() <= 63
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if VM_BRANDS.contains(&text) {
        return Err(Wrong::new(
            "vm-brand",
            format!("brand {text} is for virtual machines, which zmgr does not manage"),
        )
        .help("use vm-manager for it"));
    }
    require(ty, text, shape && !text.starts_with(['-', '.']))
}

/// Checks the name of a net.
fn net_name(ty: Type, text: &str) -> Result<(), Wrong> {
    let shape = !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    require(ty, text, shape)
}

/// Checks the name of a time zone: a relative path of plain characters.
fn time_zone(ty: Type, text: &str) -> Result<(), Wrong> {
    let shape = !text.is_empty()
        && text.len() <= 100
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-' | b'/'))
        && text.split('/').all(|part| !part.is_empty());
    require(ty, text, shape)
}

/// Checks a UUID.
fn uuid(ty: Type, text: &str) -> Result<(), Wrong> {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    let digits = text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    require(ty, text, digits && parts == [8, 4, 4, 4, 12])
}

/// Checks the name of an attribute, as zonecfg takes it.
fn attr_name(ty: Type, text: &str) -> Result<(), Wrong> {
    let shape = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= 255
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    if !shape && text.contains('_') {
        return Err(Wrong::new("not-carried", format!("{text:?}: zonecfg refuses `_` in the name of an attribute"))
            .help(format!("write {:?}", text.replace('_', "-"))));
    }
    if text.starts_with("zone.") {
        return Err(Wrong::new("bad-value", "names of attributes that begin with `zone.` belong to the system"));
    }
    require(ty, text, shape)
}

/// Checks the name of a resource control of a zone.
fn rctl_name(ty: Type, text: &str) -> Result<(), Wrong> {
    let rest = text.strip_prefix("zone.");
    require(
        ty,
        text,
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
            && text.len() <= 63,
    )
}

/// Checks a host id: up to eight hexadecimal digits, but not all of them `f`.
fn host_id(ty: Type, text: &str) -> Result<(), Wrong> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let number = u32::from_str_radix(digits, 16).ok().filter(|n| *n < u32::MAX);
    require(ty, text, number.is_some() && text.len() <= 10 && !digits.starts_with('+'))
}

/// Checks the name of a dataset; the braces are of placeholders.
fn dataset(ty: Type, text: &str) -> Result<(), Wrong> {
    let shape = text.len() <= 255
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.split('/').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':' | b'.' | b'{' | b'}'))
        });
    require(ty, text, shape)
}

/// Checks the name of a file system type.
fn file_system(ty: Type, text: &str) -> Result<(), Wrong> {
    // zonecfg silently truncates longer ones.
    let shape = !text.is_empty()
        && text.len() <= 15
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    require(ty, text, shape)
}

/// Returns the text with each placeholder replaced by a letter.
fn filled(text: &str) -> String {
    text.replace("{zone}", "z").replace("{template}", "t").replace("{brand}", "b")
}

/// Variables that pkg and libcurl document, and that cannot lead a command to other programs, files or images.
const ENVIRONMENT: [&str; 14] = [
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "ftp_proxy",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "PKG_CLIENT_CONNECT_TIMEOUT",
    "PKG_CLIENT_LOWSPEED_TIMEOUT",
    "PKG_CLIENT_MAX_CONSECUTIVE_ERROR",
    "PKG_CLIENT_MAX_REDIRECT",
    "PKG_CLIENT_MAX_TIMEOUT",
    "PKG_CONCURRENCY",
];

fn environment_name(text: &str) -> Result<(), Wrong> {
    if ENVIRONMENT.contains(&text) {
        return Ok(());
    }
    let message = format!("the environment variable {:?} cannot be set here", shortened(text));
    let help = match text {
        "HTTP_PROXY" => "write http_proxy in small letters: pkg does not read the other".to_owned(),
        _ => format!("use one of {}", ENVIRONMENT.join(", ")),
    };
    Err(Wrong::new("bad-value", message).help(help))
}

/// Returns true if a text can be the value of a link property in an argument of dladm.
pub(crate) fn is_link_value(text: &str) -> bool {
    is_shell_safe(text) && !text.contains('=') && text.len() <= 200
}

/// Refuses a property that zmgr or zoneadm sets, and names the right way to set it.
fn link_property(ty: Type, text: &str) -> Result<(), Wrong> {
    let other = match text {
        "mtu" => "write mtu, a node of its own",
        "zone" | "protection" | "allowed-ips" => "the zone's boot sets it, from the zone's configuration",
        "state" => "it can only be read",
        _ => "",
    };
    if !other.is_empty() {
        return Err(Wrong::new("bad-value", format!("the link property {text:?} cannot be set here")).help(other));
    }
    let shape = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    require(ty, text, shape)
}

fn path(ty: Type, text: &str) -> Result<(), Wrong> {
    carried(text, 1000)?;
    if !text.starts_with('/') {
        return Err(Wrong::new("relative-path", format!("{:?} is not an absolute path", shortened(text)))
            .help("begin it with `/`"));
    }
    if text.split('/').any(|part| part == "..") {
        return Err(
            Wrong::new("bad-value", format!("{:?} contains `..`", shortened(text))).help("write the path without `..`")
        );
    }
    if matches!(ty, Type::SafePath) {
        if text.bytes().all(|b| b == b'/') {
            return Err(Wrong::new("bad-value", "zones cannot be in `/` itself"));
        }
        if !is_shell_safe(text) {
            return Err(Wrong::new(
                "not-safe",
                format!("{:?} has characters that illumos would pass to a shell", shortened(text)),
            )
            .help("letters, digits and @%+=:,./_- are safe"));
        }
    }
    Ok(())
}

fn network(text: &str) -> Result<(), Wrong> {
    let net = parse_network(text).map_err(|message| Wrong::new("bad-address", message))?;
    if net.addr() != net.network() {
        return Err(Wrong::new("host-bits", format!("the network {text} has host bits set"))
            .help(format!("write \"{}\"", net.trunc())));
    }
    match unusable_network(&net) {
        Some(why) => Err(Wrong::new("bad-address", why)
            .help("write the network that the link has, such as \"10.1.0.0/24\" or \"2001:db8:1::/64\"")),
        None => Ok(()),
    }
}

/// Checks a line of a hosts file: an address, then one or more host names, which may have placeholders.
fn hosts_line(ty: Type, text: &str) -> Result<(), Wrong> {
    let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
    let address = words.next().is_some_and(|word| parse_address(word).is_ok());
    let names: Vec<&str> = words.collect();
    require(ty, text, address && !names.is_empty() && !text.contains('#') && text.len() <= 1000)?;
    names.iter().try_for_each(|name| host_name(Type::HostName, &filled(name)))
}

fn host_name(ty: Type, text: &str) -> Result<(), Wrong> {
    let shape = text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        });
    require(ty, text, shape)
}
