//! Preconditions, checked before an operation changes anything: one table of rows, and the rows of each operation.
//!
//! Invariant: nothing here changes the host or the registry. An operation that boots a zone checks what its next boot needs before
//! it stops anything.

mod boot;
mod release;

use super::claims::Claims;
use super::data::Places;
use super::host_assets::unusable_files;
use super::inventory::Inventory;
use super::kept;
use super::lineage::Clones;
use super::next_environment::boots_same_environment;
use super::plan_inputs::PlanInputs;
use super::steps::Vnic;
use super::wanted::without_nets;
use super::zonepath::parent;
use crate::api::{AttachOptions, CreateOptions};
use crate::documents::resolve::ZoneSpec;
use crate::documents::resources::Fs;
use crate::documents::settings::IpType;
use crate::documents::zone::{MadeDataset, is_golden_name};
use crate::error::{Code, Error, Result};
use crate::exec::zoneadm::{self, HostZone, ZoneState};
use crate::exec::zonecfg::{Filesystem, ZoneConfig, check_zonepath, with_passed_through};
use crate::host::{self, BrandKind, Host, HostSnapshot, brand_kind, clone_loses_root, managed_brands};
use crate::registry::{Allocator, EntryKind, nested};
use crate::schema::did_you_mean_name;
use crate::value::name::{LinkName, ZoneName};
use crate::value::source::Source;

/// A precondition on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// Nothing is at the zonepath, and no dataset has the name that zoneadm would give the zone's.
    Vacant,
    /// The brand is installed.
    Brand,
    /// The delegated datasets are there, or are created.
    Delegated,
    /// The datasets that the zone gets for the first time, delegated or mounted by an `fs` of type zfs, are not needed by the host
    /// or by another zone.
    Delegable,
    /// The sources of the file systems are there.
    FileSystems,
    /// The links of the nets are there.
    BootLinks,
    /// The host's files that are written into the zone before its first boot can be used.
    SetupFiles,
}

/// Preconditions of a creation, besides those that [`creatable`] checks in the host snapshot.
pub(crate) const CREATE: &[Row] = &[Row::Vacant, Row::Delegated, Row::Delegable, Row::FileSystems, Row::SetupFiles];
/// Preconditions of an attach, besides those of the files that are attached.
pub(crate) const ATTACH: &[Row] = &[Row::Delegated, Row::Delegable, Row::FileSystems];
/// Preconditions of a reinstallation; if the zone is booted afterwards, [`BOOT`] too.
pub(crate) const REINSTALL: &[Row] = &[Row::Brand, Row::Delegated, Row::FileSystems, Row::SetupFiles];
/// Preconditions of a zone's next boot.
pub(crate) const BOOT: &[Row] = &[Row::Brand, Row::Delegated, Row::FileSystems, Row::BootLinks];
/// Preconditions of changing the configuration of an installed zone, whether or not the zone is booted with it at once.
pub(crate) const APPLY: &[Row] = &[Row::Brand, Row::Delegated, Row::Delegable, Row::FileSystems, Row::BootLinks];
/// Preconditions of changing the configuration of a zone that is not installed: its installation checks the rest.
pub(crate) const APPLY_UNINSTALLED: &[Row] = &[Row::Delegable];

/// The data that the rows check.
pub(crate) struct Subject<'a> {
    pub(crate) inventory: Inventory<'a>,
    pub(crate) zone: &'a ZoneName,
    /// Configuration that the zone boots with.
    pub(crate) config: &'a ZoneConfig,
    /// State of the zone on the host, if it exists there.
    pub(crate) has: Option<&'a ZoneConfig>,
    /// Desired state, if known.
    pub(crate) spec: Option<&'a ZoneSpec>,
    /// Links that the operation makes before the zone boots.
    pub(crate) made_links: Vec<String>,
    /// Files and datasets at the zonepaths of the zones to be created.
    pub(crate) places: Option<&'a Places>,
    /// The datasets that registered zones have or ask for, if the zone asks for one that it does not have.
    pub(crate) claims: Option<&'a Claims>,
}

/// Something that does not hold.
#[derive(Debug)]
pub(crate) struct Unmet {
    /// Subject, such as `dataset rpool/data/a on the host`.
    pub(crate) what: String,
    /// Expected value; empty if the subject only has to exist.
    pub(crate) desired: String,
    pub(crate) found: Option<String>,
    /// The line that asks for it.
    pub(crate) source: Source,
    pub(crate) error: Error,
}

impl Unmet {
    fn missing(what: String, source: Source, error: Error) -> Self {
        Unmet { what, desired: String::new(), found: None, source, error }
    }

    fn other(what: String, desired: &str, found: String, source: Source, error: Error) -> Self {
        Unmet { what, desired: desired.to_owned(), found: Some(found), source, error }
    }
}

impl From<Error> for Unmet {
    fn from(error: Error) -> Self {
        Unmet::missing(String::new(), Source::none(), error)
    }
}

impl<'a> Subject<'a> {
    pub(crate) fn new(inventory: Inventory<'a>, zone: &'a ZoneName, config: &'a ZoneConfig) -> Self {
        Subject { inventory, zone, config, has: None, spec: None, made_links: Vec::new(), places: None, claims: None }
    }

    fn fault(&self, message: impl std::fmt::Display) -> Error {
        Error::new(Code::Config, format!("zone {}: {message}", self.zone))
    }

    /// Checks these rows in order.
    pub(crate) fn check(&self, rows: &[Row]) -> Result<()> {
        all_met(self.unmet(rows)?)
    }

    /// Returns what does not hold of these rows. An error means that the host does not answer.
    pub(crate) fn unmet(&self, rows: &[Row]) -> Result<Vec<Unmet>> {
        let mut unmet = Vec::new();
        for row in rows {
            match row {
                Row::Vacant => self.vacant()?,
                Row::Brand => self.brand(&mut unmet),
                Row::Delegated => self.delegated(&mut unmet)?,
                Row::Delegable => self.delegable(&mut unmet)?,
                Row::FileSystems => self.file_systems(&mut unmet)?,
                Row::BootLinks => self.boot_links(&mut unmet)?,
                Row::SetupFiles => self.setup_files(&mut unmet),
            }
        }
        Ok(unmet)
    }

    fn setup_files(&self, unmet: &mut Vec<Unmet>) {
        let unusable = self.spec.map(|spec| unusable_files(self.inventory.host, spec)).unwrap_or_default();
        unmet.extend(unusable.into_iter().map(|(what, source, error)| Unmet::missing(what, source, error)));
    }

    fn vacant(&self) -> Result<()> {
        let (host, zonepath) = (self.inventory.host, &self.config.zonepath);
        match self.places {
            Some(places) => places.check_vacant(host, self.zone, zonepath),
            None => Places::inspect(host, std::iter::once(zonepath.as_str()))?.check_vacant(host, self.zone, zonepath),
        }
    }
}

/// Returns the first failure as an error, with the others as its details.
pub(crate) fn all_met(unmet: Vec<Unmet>) -> Result<()> {
    let mut unmet = unmet.into_iter().map(|unmet| unmet.error);
    let Some(first) = unmet.next() else { return Ok(()) };
    Err(unmet.fold(first, |error, other| error.with_detail(other.to_detail())))
}

/// Checks the preconditions of attaching this zone that no snapshot shows. `recorded`: the datasets that zmgr made for it.
/// Returns the datasets of its files.
pub(crate) fn before_attach(
    inventory: Inventory<'_>,
    spec: &ZoneSpec,
    recorded: &[MadeDataset],
    attach: &AttachOptions,
) -> Result<Vec<String>> {
    let host = inventory.host;
    let found = kept::check(host, &spec.name, &spec.zonepath.value, &spec.brand.value, recorded)?;
    if host::brand(&spec.brand.value, host.dialect()).is_some_and(host::Brand::has_boot_environments) {
        boots_same_environment(host)?;
    }
    release::fits(host, spec, attach.update)?;
    let parts = match attach.snapshot {
        true => kept::data_of(host, &spec.name, &spec.brand.value, &found)?,
        false => Vec::new(),
    };
    let Ok(config) = without_nets(spec, host.dialect()) else { return Ok(parts) };
    Subject { spec: Some(spec), ..Subject::new(inventory, &spec.name, &config) }.check(ATTACH)?;
    Ok(parts)
}

/// Checks the preconditions of creating this zone that no snapshot shows.
pub(crate) fn before_creation(inventory: Inventory<'_>, spec: &ZoneSpec, places: &Places) -> Result<()> {
    // Errors of the configuration itself are reported by its plan.
    let Ok(config) = without_nets(spec, inventory.host.dialect()) else { return Ok(()) };
    let subject = Subject { spec: Some(spec), places: Some(places), ..Subject::new(inventory, &spec.name, &config) };
    subject.check(CREATE)
}

/// Checks that a zone on the host could boot as it is configured now. With `verify`, also runs `zoneadm verify`: for a zone that is
/// stopped before it boots.
pub(crate) fn before_boot(host: &Host, zone: &ZoneName, verify: bool) -> Result<()> {
    // Without a configuration there is no such zone, which the operation itself reports.
    let Some(config) = host.zone_config(zone.as_str())? else { return Ok(()) };
    Subject::new(Inventory::now(host), zone, &config).check(BOOT)?;
    if !verify {
        return Ok(());
    }
    let verified = host.question(&zoneadm::verify(zone))?;
    if verified.success() {
        Ok(())
    } else {
        Err(verified.error().with_context(format!("zone {zone} could not boot again")))
    }
}

/// Checks that no entry has this name yet.
pub(super) fn unregistered(allocator: &mut Allocator, name: &ZoneName) -> Result<()> {
    let unreadable = allocator
        .snapshot()
        .unreadable()
        .iter()
        .any(|unreadable| unreadable.file.kind == EntryKind::Zone && unreadable.file.name == name.as_str());
    let state = match allocator.find(EntryKind::Zone, name.as_str()) {
        None if !unreadable => return Ok(()),
        entry => entry.map(|entry| entry.summary.state()),
    };
    let error = Error::new(Code::Exists, format!("zone {name} is already registered"));
    Err(match state {
        _ if unreadable => error.with_help(format!("zones/{name}.kdl is unreadable: run `zmgr check`")),
        Some(None) => {
            error.with_help(format!("its file exists, but not the zone: run `zmgr apply {name}` to create it"))
        }
        Some(Some("detached")) => error.with_help(format!("run `zmgr attach {name}` to bring it back")),
        Some(Some("newer")) => error.with_help("a newer zmgr wrote its entry: use that zmgr, or a later one"),
        Some(Some("ready")) | None => {
            error.with_help(format!("run `zmgr show {name}` to see it, or `zmgr destroy {name}` to remove it"))
        }
        Some(Some(_)) => error.with_help(format!("it has an unfinished operation: run `zmgr recover {name}`")),
    })
}

/// Checks that no zone that is created, or is being created, has the zonepath, or one within or around it.
pub(super) fn check_own_place(allocator: &mut Allocator, spec: &ZoneSpec) -> Result<()> {
    match allocator.zone_around(spec.name.as_str(), spec.zonepath.value.as_str()) {
        Some(other) => Err(overlaps(spec, other)),
        None => Ok(()),
    }
}

fn overlaps(spec: &ZoneSpec, other: &str) -> Error {
    config_fault(spec, format!("the zonepath {} overlaps that of zone {other}", spec.zonepath.value))
        .with_help("use another zonepath, or set `zonepath-prefix` in config.kdl")
}

/// Checks that the host can have this zone.
pub(super) fn creatable(inputs: &PlanInputs<'_>, spec: &ZoneSpec, options: &CreateOptions) -> Result<()> {
    let name = &spec.name;
    if let Some(zone) = inputs.host.zone(name.as_str()) {
        return Err(Error::new(Code::Exists, format!("the host already has a zone {name}, {}", zone.state.as_str()))
            .with_help(format!("run `zmgr import {name}` to adopt it")));
    }
    inputs.host.check_listed(name.as_str())?;
    brand(inputs.host, spec)?;
    zonepath(inputs, spec)?;
    links(inputs.host, spec)?;
    if let Some(source) = &spec.clone_from {
        source_fits(inputs.clones, inputs.host, spec)?;
        let config = inputs.sources.get(&source.value).and_then(Option::as_ref);
        shares_no_data(spec, &source.value, config)?;
    }
    if let Some(error) = inputs.refused.get(name) {
        return Err(error.restated());
    }
    // A shared-IP zone gets its address through zonecfg; one without an address cannot be booted into the network.
    if options.boot == Some(true) && spec.ip_type.value == IpType::Shared {
        for net in &spec.nets {
            if net.no_address {
                return Err(config_fault(
                    spec,
                    format!("net {:?} needs an address: the zone shares the host's IP stack", net.name),
                ));
            }
        }
    }
    Ok(())
}

fn config_fault(spec: &ZoneSpec, message: String) -> Error {
    Error::new(Code::Config, format!("zone {}: {message}", spec.name))
}

fn brand(host: &HostSnapshot, spec: &ZoneSpec) -> Result<()> {
    let brand = spec.brand.value.as_str();
    match brand_kind(brand) {
        BrandKind::Managed => {}
        BrandKind::Vm => {
            return Err(config_fault(
                spec,
                format!("brand {brand} ({}) is for virtual machines, which zmgr does not manage", spec.brand.source),
            )
            .with_help("use vm-manager for virtual machines"));
        }
        BrandKind::Other => {
            return Err(config_fault(
                spec,
                format!("brand {brand} ({}) is none that zmgr can install", spec.brand.source),
            )
            .with_help(format!("take one of {}", managed_brands().collect::<Vec<_>>().join(", "))));
        }
    }
    if host.brands.contains(brand) {
        return Ok(());
    }
    let known: Vec<&str> =
        host.brands.iter().map(String::as_str).filter(|brand| brand_kind(brand) == BrandKind::Managed).collect();
    Err(Error::new(
        Code::UnsupportedHost,
        format!("zone {}: the host does not have brand {brand} ({})", spec.name, spec.brand.source),
    )
    .with_help(format!("run `pkg install brand/{brand}`, or use a brand that the host has: {}", known.join(", "))))
}

fn zonepath(inputs: &PlanInputs<'_>, spec: &ZoneSpec) -> Result<()> {
    let path = spec.zonepath.value.as_str();
    check_zonepath(path)?;
    for zone in inputs.host.zones.iter().filter(|zone| zone.name != "global") {
        if nested(path, &zone.zonepath) {
            return Err(overlaps(spec, &zone.name));
        }
    }
    let parent = parent(path);
    if inputs.host.mounted.get(parent) == Some(&false) {
        return Err(Error::new(
            Code::UnsupportedHost,
            format!(
                "zone {}: {parent} is not a mounted ZFS file system, which zones must be installed below",
                spec.name
            ),
        )
        .with_help(format!(
            "run `zfs create -o mountpoint={parent} rpool{parent}`, or set `zonepath-prefix` in config.kdl"
        )));
    }
    Ok(())
}

/// Checks that the links below the nets exist and can carry them.
pub(super) fn links(host: &HostSnapshot, spec: &ZoneSpec) -> Result<()> {
    for net in &spec.nets {
        if let Some(physical) = &net.physical {
            if host.link(physical).is_none() {
                return Err(config_fault(
                    spec,
                    format!("the host has no link {physical}, which net {:?} uses", net.name),
                )
                .with_help("run `dladm show-link` to see the host's links"));
            }
            continue;
        }
        let Some(stub) = &net.stub else {
            return Err(config_fault(spec, format!("net {:?} has no link below it", net.name))
                .with_help("set `stub` in its pool"));
        };
        let Some(link) = host.link(stub) else {
            return Err(Error::new(Code::UnsupportedHost, format!("zone {}: the host has no link {stub}, which net {:?} needs", spec.name, net.name))
                .with_help(format!("run `dladm create-etherstub {stub}` for a network of zones only, or `dladm show-link` to see the host's links")));
        };
        if spec.ip_type.value == IpType::Exclusive && !link.class.carries_vnics() {
            return Err(config_fault(
                spec,
                format!("link {stub} is a {}, which cannot carry a VNIC", link.class.as_str()),
            )
            .with_help("set `stub` of the pool to an etherstub, a physical link or an aggregation"));
        }
        if let (Some(mtu), Some(most)) = (net.mtu, link.mtu)
            && mtu > most
        {
            return Err(config_fault(
                spec,
                format!("the mtu {mtu} of net {:?} is larger than that of {stub}, {most}", net.name),
            ));
        }
    }
    Ok(())
}

/// Checks that no operation is running on a registered zone that is to be cloned.
pub(super) fn undisturbed(allocator: &Allocator, source: &ZoneName) -> Result<()> {
    match allocator.snapshot().entry(EntryKind::Zone, source.as_str()).and_then(|entry| entry.summary.state()) {
        None if is_golden_name(source.as_str()) => {
            Err(Error::new(Code::WrongState, format!("the golden zone {source} was removed in the meantime"))
                .with_help("run the command again: it chooses another one, or installs one"))
        }
        None | Some("ready") => Ok(()),
        Some("detached") => Err(Error::new(Code::WrongState, format!("{source} is detached and cannot be cloned"))
            .with_help(format!("run `zmgr attach {source}`"))),
        Some(state) => Err(Error::new(Code::WrongState, format!("{source} is {state} and cannot be cloned now"))
            .with_help(format!("run `zmgr recover {source}`"))),
    }
}

/// Checks that a zone can be cloned, as far as its configuration allows.
///
/// If both zones name the same dataset, `zoneadm clone` takes the source for the new zone from then on: it marks the source as
/// incomplete and changes its files.
pub(crate) fn shares_no_data(spec: &ZoneSpec, source: &ZoneName, config: Option<&ZoneConfig>) -> Result<()> {
    let Some(config) = config else { return Ok(()) };
    let filesystem = |fs: &Fs| Filesystem { special: fs.special.clone(), raw: fs.raw.clone(), ..Filesystem::default() };
    let own = ZoneConfig {
        datasets: spec.resources.datasets.iter().map(|dataset| dataset.name.clone()).collect(),
        filesystems: spec.resources.fs.iter().map(|fs| filesystem(&fs.value)).collect(),
        ..ZoneConfig::default()
    };
    let own = with_passed_through(&own, &spec.zonecfg.value).unwrap_or(own);
    if let Some(shared) = config.datasets.iter().find(|dataset| own.datasets.contains(dataset)) {
        let message = format!("both it and its clone source {source} have the dataset {shared}");
        return Err(config_fault(spec, message).with_help(
            "remove the dataset from one of the two and add it again later: `zoneadm clone` would damage the source",
        ));
    }
    let raw =
        |config: &ZoneConfig| -> Vec<String> { config.filesystems.iter().filter_map(|fs| fs.raw.clone()).collect() };
    let theirs = raw(config);
    match raw(&own).iter().find(|device| theirs.contains(device)) {
        None => Ok(()),
        Some(shared) => {
            let message = format!("both it and its clone source {source} mount the device {shared}");
            Err(config_fault(spec, message).with_help(
                "give it a file system of its own: two zones that write to the same device destroy its data",
            ))
        }
    }
}

/// Checks that the source of a zone that is to be built can be cloned, once the operation has built it if it does.
pub(crate) fn source_fits(clones: &Clones, host: &HostSnapshot, spec: &ZoneSpec) -> Result<()> {
    let Some(source) = &spec.clone_from else { return Ok(()) };
    match clones.brand_of(&source.value) {
        Some(brand) => clonable_brand(spec, &source.value, brand),
        None => clonable(spec, &source.value, host.zone(source.value.as_str())).map_err(|error| {
            let near = did_you_mean_name(source.value.as_str(), host.zones.iter().map(|zone| zone.name.as_str()));
            match near.filter(|_| error.code() == Code::NotFound) {
                Some(near) => error.with_help(format!("did you mean {near:?}?")),
                None => error,
            }
        }),
    }
}

/// Checks that the host's zone can be cloned into this one.
pub(crate) fn clonable(spec: &ZoneSpec, source: &ZoneName, zone: Option<&HostZone>) -> Result<()> {
    if *source == spec.name {
        return Err(Error::new(Code::InvalidArgument, format!("{source} cannot be cloned from itself")));
    }
    let Some(zone) = zone else {
        return Err(Error::new(Code::NotFound, format!("the host has no zone {source} to clone")));
    };
    clonable_brand(spec, source, &zone.brand)?;
    match zone.state {
        ZoneState::Installed => Ok(()),
        state if state.is_active() => Err(Error::new(
            Code::WrongState,
            format!("{source} is {}; only a zone that is down can be cloned", state.as_str()),
        )
        .with_help(format!("run `zmgr shutdown {source}`"))),
        state => Err(Error::new(
            Code::WrongState,
            format!("{source} is {}; only an installed zone can be cloned", state.as_str()),
        )),
    }
}

/// Checks that a zone of this brand can be cloned into this one.
pub(crate) fn clonable_brand(spec: &ZoneSpec, source: &ZoneName, brand: &str) -> Result<()> {
    if brand != spec.brand.value {
        return Err(config_fault(
            spec,
            format!("its brand is {}, but its clone source {source} has brand {brand}", spec.brand.value),
        ));
    }
    if clone_loses_root(brand) && !is_golden_name(source.as_str()) {
        return Err(config_fault(
            spec,
            format!("a clone of {source} could not boot: zoneadm clone leaves the root of brand {brand} behind"),
        )
        .with_help(
            "install it from an image, or from a snapshot of the source's root: install { image \"DATASET@SNAPSHOT\" }",
        ));
    }
    Ok(())
}

/// Checks that a VNIC of this name can be created.
pub(super) fn link_fits(host: &HostSnapshot, vnic: &Vnic) -> Result<()> {
    match host.link(vnic.name.as_str()) {
        None => Ok(()),
        Some(link) => Err(Error::new(
            Code::Exists,
            format!("the host already has a link {}, a {}", vnic.name, link.class.as_str()),
        )
        .with_help(format!(
            "run `dladm show-link {0}` to see it; zmgr never reuses a link that it did not make",
            vnic.name
        ))),
    }
}

/// Checks that a link name chosen for a plan is still free.
pub(super) fn still_free(allocator: &mut Allocator, name: LinkName) -> Result<LinkName> {
    if allocator.has_link(name.as_str()) {
        return Err(Error::new(Code::StalePlan, format!("the link name {name} has been taken since")));
    }
    Ok(name)
}
