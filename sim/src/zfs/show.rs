//! `zfs list` and `zfs get`.
//!
//! [source: zfs_do_list, zfs_do_get of zfs_main.c, zfs_iter.c; recorded: calls of hooks.jsonl]

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use super::common::options;
use super::dataset::{self, Dataset, Snapshot};
use super::props::{self, Kind};
use super::{fail, fault_of_name, misused, volume};
use crate::Machine;
use crate::calendar::Date;
use crate::session::{Answer, FAILED, OK, Session};

/// A data set or a snapshot.
enum Item {
    Filesystem(Dataset),
    Snapshot(Snapshot),
}

impl Item {
    fn name(&self) -> &str {
        match self {
            Item::Filesystem(dataset) => &dataset.name,
            Item::Snapshot(snapshot) => &snapshot.name,
        }
    }
}

/// Scope of a listing: everything if the command line names nothing, or a depth below each operand.
struct Reach {
    /// Number of levels below each operand.
    depth: usize,
    filesystems: bool,
    volumes: bool,
    snapshots: bool,
    /// A snapshot named by hand is shown whatever `-t` says.
    typed: bool,
}

/// A property's value and where it comes from.
struct Value {
    text: String,
    source: String,
}

pub(super) fn list(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = match options(session, "list", "rHpd:o:t:s:S:", args) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    let fields: Vec<&str> = match options.value('o') {
        Some(fields) => fields.split(',').collect(),
        None => vec!["name", "used", "available", "referenced", "mountpoint"],
    };
    if let Some(bad) = fields.iter().find(|f| **f != "name" && props::find(f).is_none() && !props::is_user(f)) {
        return fail(session, format_args!("bad property list: invalid property '{bad}'"));
    }
    let (items, failed) = match gather(session, &options, "list") {
        Ok(found) => found?,
        Err(answer) => return answer,
    };
    if items.is_empty() {
        if !failed {
            session.complain(format_args!("no datasets available\n"));
        }
        return Ok(if failed { FAILED } else { OK });
    }
    let exact = options.has('p');
    let mut rows: Vec<Vec<String>> = Vec::new();
    for item in &items {
        let row: io::Result<Vec<String>> = fields
            .iter()
            .map(|field| match *field {
                "name" => Ok(item.name().to_owned()),
                field => Ok(value(session.machine, item, field, exact)?.map_or_else(|| "-".into(), |value| value.text)),
            })
            .collect();
        rows.push(row?);
    }
    sort(&mut rows, &options, &fields);
    let header: Vec<String> = fields.iter().map(|field| heading(field)).collect();
    let right: Vec<bool> = fields.iter().map(|f| matches!(heading(f).as_str(), "USED" | "AVAIL" | "REFER")).collect();
    let text = columns(&header, &rows, options.has('H'), &right);
    session.say(format_args!("{text}"));
    Ok(if failed { FAILED } else { OK })
}

pub(super) fn get(session: &mut Session<'_, '_>, args: &[String]) -> Answer {
    let options = match options(session, "get", "rHpd:o:s:t:", args) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    let mut options = options;
    if options.operands.is_empty() {
        return misused(session, "get", format_args!("missing property argument"));
    }
    let wanted = options.operands.remove(0);
    let names: Vec<&str> = match wanted.as_str() {
        "all" => props::PROPS.iter().map(|prop| prop.name).collect(),
        names => names.split(',').collect(),
    };
    if let Some(bad) =
        names.iter().find(|name| **name != "name" && props::find(name).is_none() && !props::is_user(name))
    {
        return fail(session, format_args!("bad property list: invalid property '{bad}'"));
    }
    let (items, failed) = match gather(session, &options, "get") {
        Ok(found) => found?,
        Err(answer) => return answer,
    };
    let fields: Vec<&str> = match options.value('o') {
        None | Some("all") => vec!["name", "property", "value", "source"],
        Some(fields) => fields.split(',').collect(),
    };
    if let Some(bad) =
        fields.iter().find(|field| !matches!(**field, "name" | "property" | "value" | "source" | "received"))
    {
        return misused(session, "get", format_args!("invalid column name '{bad}'"));
    }
    let sources: Option<Vec<&str>> = options.value('s').map(|sources| sources.split(',').collect());
    let mut rows = Vec::new();
    for item in &items {
        let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if let (Item::Filesystem(dataset), "all") = (item, wanted.as_str()) {
            names.extend(dataset.props.iter().map(|(name, _)| name.clone()).filter(|name| props::is_user(name)));
        }
        for name in names {
            let found = value(session.machine, item, &name, options.has('p'))?;
            let found = match found {
                Some(found) => found,
                None if wanted == "all" => continue,
                None => Value { text: "-".into(), source: "-".into() },
            };
            let kind = found.source.split(' ').next().unwrap_or_default();
            if sources
                .as_ref()
                .is_some_and(|sources| !(sources.contains(&kind) || kind == "-" && sources.contains(&"none")))
            {
                continue;
            }
            let row: Vec<String> = fields
                .iter()
                .map(|field| match *field {
                    "name" => item.name().to_owned(),
                    "property" => props::find(&name).map_or(name.clone(), |prop| prop.name.to_owned()),
                    "value" => found.text.clone(),
                    "source" => found.source.clone(),
                    _ => "-".into(),
                })
                .collect();
            rows.push(row);
        }
    }
    if !rows.is_empty() {
        let header: Vec<String> = fields.iter().map(|field| field.to_uppercase()).collect();
        let text = columns(&header, &rows, options.has('H'), &[]);
        session.say(format_args!("{text}"));
    }
    Ok(if failed { FAILED } else { OK })
}

type Gathered = io::Result<(Vec<Item>, bool)>;

/// Data sets selected by the operands and `-r`, `-d`, `-t`, and whether an operand was missing.
fn gather(
    session: &mut Session<'_, '_>,
    options: &super::super::options::Parsed,
    command: &str,
) -> Result<Gathered, Answer> {
    let depth = match options.value('d').map(str::parse::<usize>) {
        Some(Ok(depth)) => Some(depth),
        Some(Err(_)) => return Err(misused(session, command, format_args!("invalid depth"))),
        None => None,
    };
    let types: Option<Vec<&str>> = options.value('t').map(|types| types.split(',').collect());
    let known = ["filesystem", "fs", "snapshot", "snap", "volume", "vol", "bookmark", "all"];
    if let Some(bad) = types.iter().flatten().find(|word| !known.contains(word)) {
        return Err(misused(session, command, format_args!("invalid type '{bad}'")));
    }
    let asks =
        |words: &[&str]| types.as_ref().is_some_and(|types| types.iter().any(|t| *t == "all" || words.contains(t)));
    let everything = options.operands.is_empty();
    let default_depth = if options.has('r') || everything { usize::MAX } else { 0 };
    let reach = Reach {
        depth: depth.unwrap_or(default_depth),
        filesystems: types.is_none() || asks(&["filesystem", "fs"]),
        volumes: types.is_none() || asks(&["volume", "vol"]),
        snapshots: asks(&["snapshot", "snap"]) || (command == "get" && types.is_none() && options.has('r')),
        typed: types.is_some(),
    };
    Ok(collect(session, &options.operands, &reach))
}

fn collect(session: &mut Session<'_, '_>, operands: &[String], reach: &Reach) -> Gathered {
    let machine = session.machine;
    let mut items = Vec::new();
    let mut failed = false;
    let names = if operands.is_empty() { dataset::pools(machine)? } else { operands.to_vec() };
    for operand in names {
        let name = match operand.starts_with('/') {
            true => containing(machine, &operand)?.unwrap_or_else(|| operand.clone()),
            false => operand.clone(),
        };
        let fault = if name.starts_with('/') { None } else { fault_of_name(&name, true) };
        if let Some(fault) = fault {
            session.complain(format_args!("cannot open '{name}': {fault}\n"));
            failed = true;
        } else if let Some(snapshot) = dataset::find_snapshot(machine, &name)? {
            if !reach.typed || reach.snapshots {
                items.push(Item::Snapshot(snapshot));
            }
        } else if let Some(found) = dataset::find(machine, &name)? {
            // Snapshots of a data set that was named without -r are one level below it.
            let depth = if reach.snapshots && !reach.filesystems { reach.depth.max(1) } else { reach.depth };
            descend(machine, found, depth, reach, &mut items)?;
        } else if name.starts_with('/') {
            session.complain(format_args!("{name}: No such file or directory\n"));
            failed = true;
        } else {
            session.complain(format_args!("cannot open '{name}': dataset does not exist\n"));
            failed = true;
        }
    }
    Ok((items, failed))
}

/// The file system that a path lies in, as zfs answers for any path that is there.
fn containing(machine: &Machine, path: &str) -> io::Result<Option<String>> {
    if fs::symlink_metadata(machine.path(path)).is_err() {
        return Ok(None);
    }
    let mut at = path.trim_end_matches('/');
    loop {
        if let Some(found) = dataset::mounted_at(machine, if at.is_empty() { "/" } else { at })? {
            return Ok(Some(found.name));
        }
        match at.rsplit_once('/') {
            Some((parent, _)) => at = parent,
            None => return Ok(None),
        }
    }
}

fn descend(machine: &Machine, found: Dataset, depth: usize, reach: &Reach, items: &mut Vec<Item>) -> io::Result<()> {
    let name = found.name.clone();
    if if found.is_volume() { reach.volumes } else { reach.filesystems } {
        items.push(Item::Filesystem(found));
    }
    if depth == 0 {
        return Ok(());
    }
    if reach.snapshots {
        items.extend(dataset::snapshots(machine, &name)?.into_iter().map(Item::Snapshot));
    }
    for child in dataset::children(machine, &name)? {
        if let Some(child) = dataset::find(machine, &child)? {
            descend(machine, child, depth - 1, reach, items)?;
        }
    }
    Ok(())
}

fn value(machine: &Machine, item: &Item, name: &str, exact: bool) -> io::Result<Option<Value>> {
    let fixed = |text: String| Ok(Some(Value { text, source: "-".into() }));
    let size = |bytes: u64, short: &str| fixed(if exact { bytes.to_string() } else { short.to_owned() });
    let canonical = props::find(name).map_or(name, |prop| prop.name);
    let dataset = match item {
        Item::Snapshot(snapshot) => {
            return match canonical {
                "name" => fixed(snapshot.name.clone()),
                "type" => fixed("snapshot".into()),
                "used" => size(0, "0"),
                "referenced" => size(512 << 20, "512M"),
                "creation" => fixed(creation(machine, item, exact)),
                "guid" => fixed(snapshot.guid.to_string()),
                "userrefs" => fixed(snapshot.holds.len().to_string()),
                "clones" => fixed(snapshot.clones.join(",")),
                "compressratio" => fixed("1.00x".into()),
                _ => Ok(None),
            };
        }
        Item::Filesystem(dataset) => dataset,
    };
    match canonical {
        "name" => return fixed(dataset.name.clone()),
        "creation" => return fixed(creation(machine, item, exact)),
        "guid" => return fixed(dataset.guid.to_string()),
        "used" | "referenced" => return size(512 << 20, "512M"),
        "available" => return size(400 << 30, "400G"),
        "type" if dataset.is_volume() => return fixed("volume".into()),
        "volsize" => {
            let shown = |size: u64| if exact { size.to_string() } else { volume::shown(size) };
            return fixed(dataset.volume_size().map_or_else(|| "-".into(), shown));
        }
        "volblocksize" if dataset.is_volume() => return size(volume::BLOCK, "8K"),
        "volblocksize" => return fixed("-".into()),
        "mounted" | "mountpoint" if dataset.is_volume() => return fixed("-".into()),
        "mounted" => return fixed(if dataset.mounted.is_some() { "yes" } else { "no" }.into()),
        "origin" => return Ok(dataset.origin.clone().map(|text| Value { text, source: "-".into() })),
        "clones" | "userrefs" => return Ok(None),
        "mountpoint" => {
            let (text, from) = dataset::mountpoint(machine, dataset)?;
            let source = match from {
                Some(ancestor) => format!("inherited from {ancestor}"),
                None if dataset.local("mountpoint").is_some() => "local".into(),
                None => "default".into(),
            };
            return Ok(Some(Value { text, source }));
        }
        _ => {}
    }
    let known = props::find(canonical);
    let set = match known.map(|prop| prop.kind) {
        Some(Kind::ReadOnly) => return fixed(known.map_or("", |prop| prop.default).into()),
        Some(Kind::Own) => dataset.local(canonical).map(|value| (value.to_owned(), None)),
        _ => dataset::inherited(machine, dataset, canonical)?,
    };
    Ok(match (set, known) {
        (Some((text, Some(ancestor))), _) => Some(Value { text, source: format!("inherited from {ancestor}") }),
        (Some((text, None)), _) => Some(Value { text, source: "local".into() }),
        (None, Some(prop)) => Some(Value { text: prop.default.into(), source: "default".into() }),
        (None, None) => None,
    })
}

/// When a snapshot was taken. Of a data set, when its directory last changed its own place: near enough for listings.
fn creation(machine: &Machine, item: &Item, exact: bool) -> String {
    let recorded = match item {
        Item::Snapshot(snapshot) => i64::try_from(snapshot.created).unwrap_or(0),
        Item::Filesystem(_) => 0,
    };
    let name = item.name().replace('@', "/@");
    let path = machine.path("/etc/zfs").join(name);
    let seconds = match recorded {
        0 => fs::metadata(path).map_or(0, |meta| meta.ctime().max(0)),
        recorded => recorded,
    };
    if exact {
        return seconds.to_string();
    }
    calendar(seconds.unsigned_abs())
}

/// As `Sun Nov 22 20:19 2026`, in UTC.
fn calendar(seconds: u64) -> String {
    let week = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(seconds / 86_400 % 7) as usize];
    let date = Date::of(seconds);
    let (month, Date { year, day, hour, minute, .. }) = (date.month_name(), date);
    format!("{week} {month} {day:>2} {hour:>2}:{minute:02} {year}")
}

fn heading(field: &str) -> String {
    match props::find(field).map_or(field, |prop| prop.name) {
        "available" => "AVAIL".into(),
        "referenced" => "REFER".into(),
        "compressratio" => "RATIO".into(),
        name => name.to_uppercase(),
    }
}

fn sort(rows: &mut [Vec<String>], options: &super::super::options::Parsed, fields: &[&str]) {
    let keys: Vec<(usize, bool)> = options
        .iter()
        .filter(|(letter, _)| matches!(letter, 's' | 'S'))
        .filter_map(|(letter, field)| Some((fields.iter().position(|known| *known == field)?, letter == 'S')))
        .collect();
    for (at, reverse) in keys.into_iter().rev() {
        rows.sort_by(|a, b| if reverse { b[at].cmp(&a[at]) } else { a[at].cmp(&b[at]) });
    }
}

/// Tab-separated without a header for programs, else padded columns.
fn columns(header: &[String], rows: &[Vec<String>], bare: bool, right: &[bool]) -> String {
    if bare {
        return rows.iter().map(|row| format!("{}\n", row.join("\t"))).collect();
    }
    let width =
        |at: usize| rows.iter().chain([&header.to_vec()]).map(|row| row[at].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    for row in [header.to_vec()].iter().chain(rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| match (right.get(at), at + 1 == row.len()) {
                (Some(true), _) => format!("{cell:>width$}"),
                (_, true) => cell.clone(),
                _ => format!("{cell:<width$}"),
            })
            .collect();
        text.push_str(&cells.join("  "));
        text.push('\n');
    }
    text
}
