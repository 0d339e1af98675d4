//! The index of zones, `/etc/zones/index`: a line a zone, `name:state:zonepath:uuid`, and on SmartOS three fields more.
//!
//! Invariant: a change is made under the machine's index lock by one rename; every line but the changed one is kept byte for
//! byte, also those that do not parse.
//!
//! [source: getzoneent.c of libzonecfg; recorded: index_after of every recording, zone-in-index-no-xml-create]

use std::fs;
use std::io;

use super::document::{CONFIG_ROOT, Error, IpType};
use super::{Machine, ZoneState};

/// Longer lines are not read: a name, a state, a path and a uuid with what stands between them.
const MAX_LINE: usize = 64 + 14 + 1024 + 37 + 3;

/// A zone's name, its final NUL counted.
const NAME_MAX: usize = 64;

/// A path, its final NUL counted.
const PATH_MAX: usize = 1024;

/// The states that the index knows. The further states of an active zone are the kernel's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Configured,
    Incomplete,
    Installed,
}

impl From<State> for ZoneState {
    fn from(state: State) -> ZoneState {
        match state {
            State::Configured => ZoneState::Configured,
            State::Incomplete => ZoneState::Incomplete,
            State::Installed => ZoneState::Installed,
        }
    }
}

impl State {
    /// The word in the index and in listings.
    pub(crate) fn word(self) -> &'static str {
        match self {
            State::Configured => "configured",
            State::Incomplete => "incomplete",
            State::Installed => "installed",
        }
    }

    fn of(word: &[u8]) -> Option<State> {
        [State::Configured, State::Incomplete, State::Installed].into_iter().find(|s| s.word().as_bytes() == word)
    }
}

/// One zone's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) state: State,
    pub(crate) zonepath: Vec<u8>,
    /// The uuid as it stands in the file; none where it is empty or no uuid.
    pub(crate) uuid: Option<String>,
    /// Further fields of SmartOS; empty elsewhere.
    pub(crate) smartos: SmartOsFields,
}

/// The fields after the uuid, which only SmartOS writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SmartOsFields {
    pub(crate) brand: Vec<u8>,
    pub(crate) ip_type: Option<IpType>,
    pub(crate) debug_id: Option<u32>,
}

/// A change of one zone's line. What is none stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change<'a> {
    /// The new state. Below `installed` it takes the uuid away, since what was installed is no longer known; above
    /// `configured` an absent uuid is made.
    pub(crate) state: Option<State>,
    pub(crate) zonepath: Option<&'a [u8]>,
    pub(crate) new_name: Option<&'a [u8]>,
    /// The uuid to use where the line has none and needs one.
    pub(crate) uuid: Option<&'a str>,
    pub(crate) smartos: Option<&'a SmartOsFields>,
}

/// Every zone of the index, the global one too, in the file's order. Lines that do not parse are left out.
pub(crate) fn read(machine: &Machine) -> io::Result<Vec<Entry>> {
    let bytes = fs::read(machine.path(file()))?;
    Ok(lines(&bytes).filter_map(parse).collect())
}

/// The bytes of the index, for a command that looks at every zone of thousands.
#[derive(Debug, Default)]
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    pub(crate) fn read(machine: &Machine) -> io::Result<Bytes> {
        fs::read(machine.path(file())).map(Bytes)
    }

    /// Returns the names and zonepaths of the zones in this state or a later one, in the file's order.
    pub(crate) fn zonepaths(&self, state: State) -> impl Iterator<Item = (&[u8], &[u8])> {
        let zones = lines(&self.0).filter_map(fields);
        let zones = zones.filter(move |fields| State::of(fields.state).is_some_and(|s| s >= state));
        zones.map(|fields| (fields.name, fields.zonepath))
    }
}

/// The zone of this name. None too when there is no index.
pub(crate) fn find(machine: &Machine, name: &[u8]) -> Option<Entry> {
    let bytes = fs::read(machine.path(file())).ok()?;
    parts(&bytes, name).into_iter().find_map(|part| match part {
        Part::Line(line) => parse(line),
        Part::Others(_) => None,
    })
}

/// Returns true if any line of the index is this zone's.
pub(crate) fn contains(machine: &Machine, name: &[u8]) -> bool {
    find(machine, name).is_some()
}

/// Appends a zone. A zone that has a line already cannot be added.
pub(crate) fn add(machine: &Machine, name: &[u8], state: State, change: &Change<'_>) -> Result<(), Error> {
    let zonepath = change.zonepath.unwrap_or_default();
    if zonepath.is_empty() {
        return Err(Error::Invalid);
    }
    rewrite(machine, |bytes, out| {
        for part in parts(bytes, name) {
            match part {
                Part::Line(line) if line.ends_with(b"\n") => return Err(Error::UpdatingIndex),
                Part::Line(_) => {}
                Part::Others(lines) => out.extend_from_slice(lines),
            }
        }
        let fields = Fields {
            name,
            state: state.word().as_bytes(),
            zonepath,
            uuid: b"",
            smartos: change.smartos.cloned().unwrap_or_default(),
        };
        put(machine, out, fields, change.uuid);
        Ok(())
    })
}

/// Changes a zone's line in place. The global zone's line never changes, and asking for it is not an error.
pub(crate) fn modify(machine: &Machine, name: &[u8], change: &Change<'_>) -> Result<(), Error> {
    if name == b"global" {
        return Ok(());
    }
    rewrite(machine, |bytes, out| {
        let mut found = false;
        for part in parts(bytes, name) {
            let line = match part {
                Part::Line(line) => line,
                Part::Others(lines) => {
                    out.extend_from_slice(lines);
                    continue;
                }
            };
            let Some(content) = content(line) else { continue };
            let mut fields = split(content).ok_or(Error::UpdatingIndex)?;
            if let Some(state) = change.state {
                fields.state = state.word().as_bytes();
                if state < State::Installed && !machine.line().index_extended {
                    fields.uuid = b"";
                }
            }
            fields.name = change.new_name.unwrap_or(fields.name);
            fields.zonepath = change.zonepath.filter(|p| !p.is_empty()).unwrap_or(fields.zonepath);
            if let Some(smartos) = change.smartos {
                fields.smartos = smartos.clone();
            }
            put(machine, out, fields, change.uuid);
            found = true;
        }
        if found { Ok(()) } else { Err(Error::UpdatingIndex) }
    })
}

/// Gives a zone this uuid, whatever it had.
pub(crate) fn set_uuid(machine: &Machine, name: &[u8], uuid: &str) -> Result<(), Error> {
    if !is_uuid(uuid) {
        return Err(Error::InvalidProperty);
    }
    rewrite(machine, |bytes, out| {
        let mut found = false;
        for part in parts(bytes, name) {
            match part {
                Part::Others(lines) => out.extend_from_slice(lines),
                Part::Line(line) => match content(line).and_then(split) {
                    Some(fields) => {
                        put(machine, out, Fields { uuid: uuid.as_bytes(), ..fields }, None);
                        found = true;
                    }
                    None => out.extend_from_slice(line),
                },
            }
        }
        if found { Ok(()) } else { Err(Error::UpdatingIndex) }
    })
}

/// Drops a zone's line. That there is none is no error.
pub(crate) fn remove(machine: &Machine, name: &[u8]) -> Result<(), Error> {
    rewrite(machine, |bytes, out| {
        for part in parts(bytes, name) {
            match part {
                Part::Others(lines) => out.extend_from_slice(lines),
                Part::Line(line) if content(line).is_some_and(|c| split(c).is_none()) => {
                    return Err(Error::UpdatingIndex);
                }
                Part::Line(_) => {}
            }
        }
        Ok(())
    })
}

/// A new random uuid in its printed form.
pub(crate) fn new_uuid() -> String {
    let mut bytes = [0u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
        bytes.copy_from_slice(&(now ^ (u128::from(std::process::id()) << 96)).to_be_bytes());
    }
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn file() -> String {
    format!("{CONFIG_ROOT}/index")
}

fn rewrite(machine: &Machine, change: impl FnOnce(&[u8], &mut Vec<u8>) -> Result<(), Error>) -> Result<(), Error> {
    let _lock = machine.lock("index").map_err(|_| Error::LockingFile)?;
    let bytes = fs::read(machine.path(file())).map_err(|_| Error::MiscFs)?;
    let mut out = Vec::with_capacity(bytes.len() + 128);
    change(&bytes, &mut out)?;
    machine.replace(file(), &out).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Error::Access,
        _ => Error::MiscFs,
    })
}

/// The file's lines with their newline, cut where the commands' buffer ends.
fn lines(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        // Each command looks at thousands of lines.
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1).min(MAX_LINE);
        let (line, left) = rest.split_at(length);
        rest = left;
        Some(line)
    })
}

/// A part of the index, seen by a command that is about one zone.
#[derive(Debug, PartialEq, Eq)]
enum Part<'b> {
    /// A line of the zone.
    Line(&'b [u8]),
    /// Lines of others.
    Others(&'b [u8]),
}

/// Splits the index into the lines of a zone and what is between them, without a look at each of thousands of lines.
fn parts<'b>(bytes: &'b [u8], name: &[u8]) -> Vec<Part<'b>> {
    if is_cut(bytes) {
        let part = |line| if is_line_of(line, name) { Part::Line(line) } else { Part::Others(line) };
        return lines(bytes).map(part).collect();
    }
    let (mut parts, mut from) = (Vec::new(), 0);
    for at in memchr::memmem::find_iter(bytes, &[name, b":"].concat()) {
        let begins = at >= from && (at == 0 || bytes[at - 1] == b'\n');
        let Some(line) = lines(&bytes[at..]).next().filter(|line| begins && is_line_of(line, name)) else { continue };
        if at > from {
            parts.push(Part::Others(&bytes[from..at]));
        }
        parts.push(Part::Line(line));
        from = at + line.len();
    }
    if from < bytes.len() {
        parts.push(Part::Others(&bytes[from..]));
    }
    parts
}

/// Returns true if a line is longer than the commands' buffer.
fn is_cut(mut rest: &[u8]) -> bool {
    while rest.len() > MAX_LINE {
        // Whatever lines end before that place are short enough.
        let Some(end) = memchr::memrchr(b'\n', &rest[..MAX_LINE]) else { return true };
        rest = &rest[end + 1..];
    }
    false
}

fn is_line_of(line: &[u8], name: &[u8]) -> bool {
    !line.starts_with(b"#") && line.strip_prefix(name).is_some_and(|rest| rest.starts_with(b":"))
}

/// The line up to its end. A line without one is too long and holds no zone.
fn content(line: &[u8]) -> Option<&[u8]> {
    memchr::memchr2(b'\r', b'\n', line).map(|end| &line[..end])
}

/// Returns the fields of a line that may be a zone's.
fn fields(line: &[u8]) -> Option<Fields<'_>> {
    let content = content(line).filter(|content| !content.starts_with(b"#"))?;
    let fits = |fields: &Fields<'_>| {
        !fields.name.is_empty() && fields.name.len() < NAME_MAX && fields.zonepath.len() < PATH_MAX
    };
    split(content).filter(fits)
}

fn parse(line: &[u8]) -> Option<Entry> {
    let fields = fields(line)?;
    Some(Entry {
        name: fields.name.to_vec(),
        state: State::of(fields.state)?,
        zonepath: fields.zonepath.to_vec(),
        uuid: std::str::from_utf8(fields.uuid).ok().filter(|u| is_uuid(u)).map(str::to_owned),
        smartos: fields.smartos,
    })
}

/// Returns true if this is a printed uuid.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

struct Fields<'a> {
    name: &'a [u8],
    state: &'a [u8],
    zonepath: &'a [u8],
    uuid: &'a [u8],
    smartos: SmartOsFields,
}

/// Splits a line at its colons. None when it has no state.
fn split(content: &[u8]) -> Option<Fields<'_>> {
    let mut rest = Some(content);
    let name = token(&mut rest);
    let state = token(&mut rest);
    if state.is_empty() {
        return None;
    }
    let zonepath = token(&mut rest);
    let uuid = token(&mut rest);
    let brand = token(&mut rest).to_vec();
    let ip_type = match token(&mut rest) {
        b"sh" => Some(IpType::Shared),
        b"ex" => Some(IpType::Exclusive),
        _ => None,
    };
    let debug_id = std::str::from_utf8(token(&mut rest)).ok().and_then(|d| d.parse().ok());
    Some(Fields { name, state, zonepath, uuid, smartos: SmartOsFields { brand, ip_type, debug_id } })
}

/// The next field. In double quotes it may hold a colon; what stands between the closing quote and the next colon is lost.
fn token<'a>(rest: &mut Option<&'a [u8]>) -> &'a [u8] {
    let Some(text) = *rest else { return b"" };
    let (field, after) = match text.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = quoted.iter().position(|&b| b == b'"').unwrap_or(quoted.len());
            (&quoted[..end], &quoted[(end + 1).min(quoted.len())..])
        }
        None => {
            let end = memchr::memchr(b':', text).unwrap_or(text.len());
            (&text[..end], &text[end..])
        }
    };
    *rest = memchr::memchr(b':', after).map(|colon| &after[colon + 1..]);
    field
}

fn put(machine: &Machine, out: &mut Vec<u8>, fields: Fields<'_>, uuid: Option<&str>) {
    let smartos = machine.line().index_extended;
    out.extend_from_slice(fields.name);
    out.push(b':');
    out.extend_from_slice(fields.state);
    out.push(b':');
    // There is no escape for a quote within: a path cannot hold one.
    let quote: &[u8] = if fields.zonepath.contains(&b':') { b"\"" } else { b"" };
    out.extend_from_slice(quote);
    out.extend_from_slice(fields.zonepath);
    out.extend_from_slice(quote);
    out.push(b':');
    if !fields.uuid.is_empty() {
        out.extend_from_slice(fields.uuid);
    } else if smartos || fields.state != State::Configured.word().as_bytes() {
        out.extend_from_slice(uuid.map_or_else(new_uuid, str::to_owned).as_bytes());
    }
    if smartos {
        out.push(b':');
        out.extend_from_slice(&fields.smartos.brand);
        let ip_type = if fields.smartos.ip_type == Some(IpType::Exclusive) { "ex" } else { "sh" };
        let debug_id = fields.smartos.debug_id.map_or_else(String::new, |id| id.to_string());
        out.extend_from_slice(format!(":{ip_type}:{debug_id}").as_bytes());
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(line: &str) -> Option<Entry> {
        parse(line.as_bytes())
    }

    #[test]
    fn quoted_path_holds_a_colon() {
        assert_eq!(entry("z:installed:\"/a:b\":\n").unwrap().zonepath, b"/a:b");
    }

    /// The lines of a zone, found one by one.
    fn slowly<'b>(bytes: &'b [u8], name: &[u8]) -> (Vec<&'b [u8]>, Vec<u8>) {
        let (ours, others): (Vec<&[u8]>, Vec<&[u8]>) = lines(bytes).partition(|line| is_line_of(line, name));
        (ours, others.concat())
    }

    #[test]
    fn the_lines_of_a_zone_are_those_that_a_look_at_each_line_finds() {
        let long = format!("{}\nz:installed:/z:\n", "x".repeat(3 * MAX_LINE));
        let cut = format!("{}z:installed:/cut:\nz:installed:/z:\n", "x".repeat(MAX_LINE));
        let fits = format!("{}\nz:installed:/z:", "x".repeat(MAX_LINE - 1));
        for text in [
            "",
            "z:",
            "z:installed:/z:\n",
            "a:installed:/z:z:\nz:installed:/z:\nzz:installed:/z:\nz:configured:/z:\n",
            "#z:installed:/z:\n\nz:installed:/z:",
            "z:z:z:\nz:z:\n",
            &long,
            &cut,
            &fits,
            &long.repeat(2),
        ] {
            for name in ["z", "#z", "", "a", "zz", "missing"] {
                let mut found = (Vec::new(), Vec::new());
                for part in parts(text.as_bytes(), name.as_bytes()) {
                    match part {
                        Part::Line(line) => found.0.push(line),
                        Part::Others(lines) => found.1.extend_from_slice(lines),
                    }
                }
                assert_eq!(found, slowly(text.as_bytes(), name.as_bytes()), "{name:?} in {} bytes", text.len());
            }
        }
    }

    #[test]
    fn lines_that_are_no_zone() {
        for line in ["# c\n", "\n", "z\n", "z::/a:\n", "z:running:/a:\n", ":installed:/a:\n", "z:installed:/a:"] {
            assert_eq!(entry(line), None, "{line:?}");
        }
    }

    #[test]
    fn uuid_is_kept_only_when_it_is_one() {
        let good = "11111111-2222-3333-4444-555555555555";
        assert_eq!(entry(&format!("z:installed:/a:{good}\n")).unwrap().uuid.as_deref(), Some(good));
        assert_eq!(entry("z:installed:/a:junk\n").unwrap().uuid, None);
        assert_eq!(entry("z:installed:/a\n").unwrap().uuid, None);
    }
}
