//! `zoneadm clone`, and the clone hook of the brands that have packages.

use std::io;

use super::hook::{self, End};
use super::play::{self, Hook};
use super::zonepath::Care;
use super::{
    ALREADY_INSTALLED, Rule, Target, UNINSTALL_FIRST, complain, install, lock, or_return, sanity, set_state, text,
    usage, verify,
};
use crate::answer::{Answer, FAILED, Session};
use crate::dialect::BrandKind;
use crate::document::{Document, Element};
use crate::index::{self, State};
use crate::options::parse;
use crate::zfs::dataset;
use crate::{Status, ZoneState, kernel, tree};

pub(super) fn run(session: &mut Session<'_, '_>, zone: Option<&str>, args: &[String]) -> Answer {
    let Ok(options) = parse(args, "m:s:X", &[]) else { return usage::of(session, "clone") };
    let [source] = options.operands.as_slice() else { return usage::of(session, "clone") };
    let refused = &[(ZoneState::Installed, ALREADY_INSTALLED), (ZoneState::Incomplete, UNINSTALL_FIRST)];
    let rule = Rule { word: "clone", must_be_active: false, must_be_inactive: true, refused };
    let mut target = or_return!(sanity(session, zone, rule)?);
    if !verify::details(session, &target, Care::Make)? {
        return Ok(FAILED);
    }
    let source = or_return!(check_source(session, &target, source)?);
    if warn_of_shared(session, &target, &source) {
        // The check for shared data sets forgets which of the two zones it works for.
        target = source.clone();
    }
    let _lock = or_return!(lock(session, &target.name)?);
    or_return!(set_state(session, &target.name, State::Incomplete));
    // The hook gets the command line as it is.
    let end = or_return!(play::run(session, Hook::Clone, &target, args)?);
    install::finish(session, &target, "clone", "brand-specific clone", end)
}

/// The hook of the zone's brand, or zoneadm's own way.
pub(super) fn hook(session: &mut Session<'_, '_>, target: &Target, args: &[String]) -> io::Result<End> {
    let options = parse(args, "m:s:X", &[]).unwrap_or_default();
    let source = options.operands.first().and_then(|source| play::find(session.machine, source));
    let Some(source) = source else { return Ok(End::Fatal) };
    match session.machine.line().brand(&target.brand) {
        // The hook knows neither -m nor anything of its own but -s and -X.
        Some(BrandKind::Image | BrandKind::LinkedImage) if options.has('m') => Ok(End::Usage),
        Some(BrandKind::Image | BrandKind::LinkedImage) => packages(session, target, &source, options.value('s')),
        _ => copy(session, target, &source),
    }
}

fn check_source(session: &mut Session<'_, '_>, target: &Target, source: &str) -> io::Result<Result<Target, Status>> {
    let new = target.name.clone();
    if source == "global" {
        complain(session, &new, format_args!("clone operation is invalid for the global zone."));
        return Ok(Err(FAILED));
    }
    if source.starts_with("SUNW") {
        complain(session, &new, format_args!("clone operation is invalid for zones starting with SUNW."));
        return Ok(Err(FAILED));
    }
    if let Some(active) = kernel::find(session.machine, source)? {
        complain(session, &new, format_args!("clone operation is invalid for {} zones.", active.state.word()));
        return Ok(Err(FAILED));
    }
    let Some(entry) = index::find(session.machine, source.as_bytes()) else {
        session.complain(format_args!("zoneadm: {source}: could not get state: No such zone configured\n"));
        return Ok(Err(FAILED));
    };
    if entry.state != State::Installed {
        let state = entry.state.word();
        session.complain(format_args!("zoneadm: zone {source} is {state}; installed is required.\n"));
        return Ok(Err(FAILED));
    }
    let (Ok(document), Some(brand)) =
        (Document::load(session.machine, source.as_bytes()), super::brand_of(session.machine, source))
    else {
        complain(session, source, format_args!("missing or invalid brand"));
        return Ok(Err(FAILED));
    };
    if brand != target.brand {
        session.complain(format_args!("zoneadm: Zones '{source}' and '{new}' have different brand types.\n"));
        return Ok(Err(FAILED));
    }
    let state = entry.state.into();
    Ok(Ok(Target { name: source.into(), state, brand, zonepath: text(&entry.zonepath), document }))
}

/// Warns of what both zones have. True when a data set is among it.
fn warn_of_shared(session: &mut Session<'_, '_>, target: &Target, source: &Target) -> bool {
    let mut shared = |element: &str, attribute: &str, warn: &mut dyn FnMut(&mut Session<'_, '_>, &str)| {
        let value = |element: &Element| element.written(attribute).filter(|value| !value.is_empty()).map(text);
        let theirs: Vec<String> = source.document.resources(element).filter_map(value).collect();
        let both: Vec<String> =
            target.document.resources(element).filter_map(value).filter(|value| theirs.contains(value)).collect();
        both.iter().for_each(|value| warn(session, value));
        !both.is_empty()
    };
    shared("device", "match", &mut |session, value| {
        session.complain(format_args!("WARNING: device '{value}' is configured in both zones.\n"));
    });
    shared("network", "address", &mut |session, value| {
        session.complain(format_args!("WARNING: network address '{value}' is configured in both zones.\n"));
    });
    let name = target.name.clone();
    shared("dataset", "name", &mut |session, value| {
        complain(session, &name, format_args!("WARNING: dataset '{value}' is configured in both zones."));
    })
}

fn packages(
    session: &mut Session<'_, '_>,
    target: &Target,
    source: &Target,
    snapshot: Option<&str>,
) -> io::Result<End> {
    let machine = session.machine;
    let lock = machine.lock("datasets")?;
    let environment = match hook::zonepath_dataset(machine, &source.zonepath)? {
        Some(found) => hook::active_environment(machine, &found.name)?,
        None => {
            return Ok(hook::fatal(session, format_args!("Error: unable to determine source zone dataset.")));
        }
    };
    let Some(environment) = environment else {
        return Ok(hook::fatal(session, format_args!("no active dataset.")));
    };
    let Some(name) = hook::zonepath_dataset_name(machine, &target.zonepath)? else {
        return Ok(hook::fatal(session, format_args!("{}", hook::NO_DATASET)));
    };
    if name.starts_with("rpool/ROOT/") {
        return Ok(hook::fatal(session, format_args!("{}", hook::BELOW_ROOT)));
    }
    if name.split('/').next() != environment.name.split('/').next() {
        return Ok(hook::fatal(session, format_args!("Unable to create the zone's ZFS dataset.")));
    }
    if dataset::find(machine, &name)?.is_none() {
        dataset::create(machine, &mut dataset::Dataset { name: name.clone(), ..dataset::Dataset::default() })?;
        super::zonepath::make(machine, &target.zonepath)?;
    }
    let origin = match snapshot {
        Some(snapshot) => {
            let full =
                if snapshot.contains('@') { snapshot.to_owned() } else { format!("{}@{snapshot}", environment.name) };
            let of_source = full.starts_with(&format!("{}@", environment.name));
            if !of_source || dataset::find_snapshot(machine, &full)?.is_none() {
                return Ok(hook::fatal(
                    session,
                    format_args!("Error: specified snapshot is invalid for this source zone."),
                ));
            }
            full
        }
        None => {
            let base = format!("{}_snap", target.name);
            let names = std::iter::once(base.clone()).chain((1..100).map(|n| format!("{base}{n}")));
            let mut made = None;
            for short in names {
                let full = format!("{}@{short}", environment.name);
                if dataset::find_snapshot(machine, &full)?.is_some() {
                    session.complain(format_args!("cannot create snapshot '{full}': dataset already exists\n"));
                    continue;
                }
                dataset::snapshot(machine, &environment, &short)?;
                made = Some(full);
                break;
            }
            match made {
                Some(full) => full,
                None => return Ok(hook::fatal(session, format_args!("Unable to create the zone's ZFS dataset."))),
            }
        }
    };
    if hook::make_environment(machine, &target.zonepath, &name, Some(origin))?.is_none() {
        return Ok(hook::fatal(session, format_args!("Unable to create the zone's ZFS dataset.")));
    }
    drop(lock);
    Ok(End::Done)
}

/// Zoneadm's own way, for brands without a hook.
fn copy(session: &mut Session<'_, '_>, target: &Target, source: &Target) -> io::Result<End> {
    session.say(format_args!("Copying {}...\n", source.zonepath));
    let machine = session.machine;
    let (from, to) = (machine.path(&source.zonepath).join("root"), machine.path(&target.zonepath).join("root"));
    tree::remove(machine, &to)?;
    tree::copy(&from, &to)?;
    Ok(End::Done)
}
