//! The host: its commands through a [`Runner`], its files below a root.
//!
//! Invariant: nothing else in zmgr touches the machine. Everything is read again each time; nothing is cached.

mod brand;
mod evidence;
mod positions;
mod snapshot;
mod stamps;
mod zone_root;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use tracing::Dispatch;

pub(crate) use brand::{
    Brand, Cloning, ImageOption, Packages, Root, Uninstalling, brand, clone_loses_root, has_ipadm, has_services,
    is_detached_by_zoneadm, only_distribution_with, root_is_a_dataset, takes_packages,
};
pub use brand::{
    BrandFact, BrandKind, BrandOperation, brand_kind, brand_reference, explain_brand, is_pkg_image, managed_brands,
    needs_image,
};
pub use evidence::Evidence;
pub(crate) use evidence::real_runs;
pub use snapshot::{HostNet, HostSnapshot, HostZoneNets, UnreadDocument, config_addresses};
pub use stamps::{FileStamp, ZonesStamp};
pub use zone_root::ZoneRoot;

use crate::error::{Code, Error, Result};
use crate::exec::dladm::{self, HostLink, HostVnic};
use crate::exec::ipadm::{self, HostAddress};
use crate::exec::kstat;
use crate::exec::zfs::{self, Dataset};
use crate::exec::zoneadm::{self, HostZone};
use crate::exec::zonecfg::{self, ZoneConfig};
use crate::exec::{
    CancellableRunner, Completed, Control, Invocation, LoggedRunner, Runner, SystemRunner, Tick, WatchedRunner,
    Watcher, run_quietly,
};
use crate::file::{self, Links, Refused};
use crate::value::name::ZoneName;

/// Programs that are required.
const NEEDED: [&str; 3] = ["zoneadm", "zonecfg", "dladm"];
/// Largest file below /etc that is read.
const DOCUMENT: u64 = 8 << 20;

/// A distribution of illumos.
///
/// ```
/// # use zmgr::*;
/// assert_eq!(Distribution::OmniOs.as_str(), "omnios");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// Any other distribution.
    #[default]
    Illumos,
    /// OpenIndiana.
    OpenIndiana,
    /// OmniOS.
    OmniOs,
    /// SmartOS.
    SmartOs,
}

impl Distribution {
    /// Returns its name: `illumos`, `openindiana`, `omnios` or `smartos`.
    pub fn as_str(self) -> &'static str {
        match self {
            Distribution::Illumos => "illumos",
            Distribution::OpenIndiana => "openindiana",
            Distribution::OmniOs => "omnios",
            Distribution::SmartOs => "smartos",
        }
    }
}

/// State and class of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// It does not exist.
    Absent,
    /// A VNIC.
    Vnic(HostVnic),
    /// A link that is not a VNIC.
    Other(HostLink),
}

/// A host.
#[derive(Debug, Clone)]
pub struct Host {
    runner: Arc<dyn Runner>,
    root: PathBuf,
    dialect: Distribution,
    /// True if, for root, owners and modes of files matter: not on a simulated host.
    guarded: bool,
}

impl Host {
    /// Returns the machine that this process runs on; `unsupported-host` if it cannot manage zones.
    pub fn live() -> Result<Host> {
        Host::below("/")
    }

    /// Returns the host with the programs and files below this root; `unsupported-host` if they do not exist.
    pub fn below(root: impl Into<PathBuf>) -> Result<Host> {
        let runner = SystemRunner::new(root);
        let root = runner.root().to_owned();
        let missing: Vec<&str> = NEEDED.into_iter().filter(|program| runner.find(program).is_none()).collect();
        if !missing.is_empty() {
            let place = if root == Path::new("/") { "this machine".to_owned() } else { root.display().to_string() };
            let message = format!("{place} cannot manage zones: it has no {}", missing.join(", no "));
            return Err(unsupported(message));
        }
        if release(&root).contains("Solaris") {
            return Err(unsupported(
                "Oracle Solaris is not supported: its zones differ from those of illumos".to_owned(),
            ));
        }
        Ok(Host::new(Arc::new(runner), root))
    }

    /// The programs and files below this root, whatever is there: for a diagnosis.
    pub(crate) fn unchecked(root: impl Into<PathBuf>) -> Host {
        let runner = SystemRunner::new(root);
        let root = runner.root().to_owned();
        Host::new(Arc::new(runner), root)
    }

    /// Returns a simulated machine.
    #[cfg(feature = "sim")]
    pub fn simulated(runner: crate::exec::SimRunner) -> Host {
        let root = runner.root().to_owned();
        Host { guarded: false, ..Host::new(Arc::new(runner), root) }
    }

    /// Returns true if a file that others can write to must not be trusted.
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded && rustix::process::geteuid().is_root()
    }

    /// Returns a host whose commands use this runner and whose files are below this root.
    pub fn new(runner: Arc<dyn Runner>, root: PathBuf) -> Host {
        let dialect = dialect(&release(&root));
        Host { runner, root, dialect, guarded: true }
    }

    /// Returns this host with each command reported to `watcher` before and after.
    #[must_use]
    pub fn watched(&self, watcher: Arc<Watcher>) -> Host {
        let runner = Arc::new(WatchedRunner::new(Arc::clone(&self.runner), watcher));
        Host { runner, ..self.clone() }
    }

    /// Returns this host with each command logged: to this dispatcher, or to the subscriber of the program.
    #[must_use]
    pub(crate) fn logged(&self, log: Option<Dispatch>) -> Host {
        let runner = Arc::new(LoggedRunner::new(Arc::clone(&self.runner), log));
        Host { runner, ..self.clone() }
    }

    /// Returns this host with all commands, even those without a callback, ending once cancellation is requested.
    #[must_use]
    pub fn with_cancel(&self, stopped: Arc<dyn Fn() -> bool + Send + Sync>) -> Host {
        let runner = Arc::new(CancellableRunner::new(Arc::clone(&self.runner), stopped));
        Host { runner, ..self.clone() }
    }

    /// Returns true unless the host is simulated in this process.
    pub(crate) fn is_real(&self) -> bool {
        self.guarded
    }

    /// Returns the first line of /etc/release, and the version of /etc/os-release.
    pub(crate) fn release(&self) -> (Option<String>, Option<String>) {
        let read = |name| file::read_text(&self.path(name), Links::Follow, DOCUMENT).unwrap_or_default();
        let present = |text: &str| Some(text.trim().trim_matches('"').to_owned()).filter(|text| !text.is_empty());
        let release = read("/etc/release").lines().next().and_then(present);
        let version = read("/etc/os-release").lines().find_map(|line| present(line.strip_prefix("VERSION_ID=")?));
        (release, version)
    }

    /// Returns its distribution.
    pub fn dialect(&self) -> Distribution {
        self.dialect
    }

    /// Returns its runner.
    pub fn runner(&self) -> &dyn Runner {
        &*self.runner
    }

    /// Returns the path of this process for an absolute path of the host.
    pub fn path(&self, absolute: impl AsRef<Path>) -> PathBuf {
        // Thousands of times in a row, so without `Path::strip_prefix`, which compares component by component.
        let absolute = absolute.as_ref().as_os_str().as_bytes();
        let slashes = absolute.iter().take_while(|byte| **byte == b'/').count();
        self.root.join(OsStr::from_bytes(&absolute[slashes..]))
    }

    /// Runs a command to its end, whatever its status, and reports progress.
    pub fn run(&self, invocation: &Invocation, on_tick: &mut dyn FnMut(&Tick<'_>) -> Control) -> Result<Completed> {
        self.runner.run(invocation, on_tick)
    }

    /// Runs a query that may be answered by a failure; a cancelled one has no answer and is an error.
    pub fn question(&self, invocation: &Invocation) -> Result<Completed> {
        self.run(invocation, &mut |_| Control::Continue)?.answered()
    }

    /// Runs a command that must succeed; for queries, which take no time.
    pub fn ask(&self, invocation: &Invocation) -> Result<Completed> {
        run_quietly(self.runner(), invocation)
    }

    /// Returns all zones, including the global one. Zones that the host cannot read are missing: see [`Host::zone_state`].
    pub fn zones(&self) -> Result<Vec<HostZone>> {
        zoneadm::parse_list(&self.ask(&zoneadm::list())?)
    }

    /// Returns one zone; `None` only if it is certain that there is none. A zone that exists but that the host cannot read is
    /// `command-failed`.
    pub fn zone_state(&self, name: &ZoneName) -> Result<Option<HostZone>> {
        // zoneadm would wait for the writer of a FIFO.
        let document = self.zone_document(name.as_str());
        file::check_kind(&document, Links::Follow).map_err(|why| why.error("read", &document))?;
        let completed = self.question(&zoneadm::list_one(name))?;
        if completed.success() {
            let zone = zoneadm::parse_list(&completed)?.into_iter().find(|zone| zone.name == name.as_str());
            return match zone {
                Some(zone) => Ok(Some(zone)),
                None if self.is_indexed(name)? => Err(completed.error().with_context("the host cannot read the zone")),
                None => Ok(None),
            };
        }
        if self.is_indexed(name)? {
            return Err(completed.error());
        }
        Ok(None)
    }

    /// Returns true if the host's index of zones has a line for this zone.
    fn is_indexed(&self, name: &ZoneName) -> Result<bool> {
        let text = self.index()?;
        // Of thousands of lines, only those that begin like it are taken apart.
        let lines = text.lines().filter(|line| line.trim_start().starts_with(name.as_str()));
        Ok(lines.flat_map(index_names).any(|indexed| indexed == name.as_str()))
    }

    /// Returns the names in the host's index of zones, including those that the host cannot read.
    pub fn indexed(&self) -> Result<Vec<String>> {
        Ok(index_names(&self.index()?).map(str::to_owned).collect())
    }

    fn index(&self) -> Result<String> {
        let path = self.path("/etc/zones/index");
        let text = file::read(&path, Links::Follow, DOCUMENT).map_err(|why| why.error("read", &path))?;
        Ok(String::from_utf8(text).unwrap_or_else(|text| String::from_utf8_lossy(text.as_bytes()).into_owned()))
    }

    /// Returns the path of a zone's document, for this process.
    pub fn zone_document(&self, name: &str) -> PathBuf {
        self.path("/etc/zones").join(format!("{name}.xml"))
    }

    /// Returns a zone's document; `None` if there is none.
    pub fn zone_text(&self, name: &str) -> Result<Option<String>> {
        let path = self.zone_document(name);
        match file::read_text(&path, Links::Follow, DOCUMENT) {
            Ok(text) => Ok(Some(text)),
            Err(Refused::Absent) => Ok(None),
            Err(why) => Err(why.error("read", &path)),
        }
    }

    /// Returns a zone's configuration, as exact as the host keeps it; `None` if there is none.
    pub fn zone_config(&self, name: &str) -> Result<Option<ZoneConfig>> {
        let Some(text) = self.zone_text(name)? else { return Ok(None) };
        zonecfg::parse_xml(&text).map(Some).map_err(|fault| {
            let path = self.zone_document(name);
            Error::new(Code::Io, format!("{} is not a valid zone document: {fault}", path.display()))
        })
    }

    /// Returns the boot environments below this dataset, and the datasets in them; none if the host does not have it.
    pub(crate) fn environments_below(&self, dataset: &str) -> Result<Vec<zfs::Environment>> {
        let completed = self.question(&zfs::list_environments_below(dataset))?;
        if completed.success() { zfs::parse_environments(&completed) } else { Ok(Vec::new()) }
    }

    /// Returns the boot environment of this name; `None` if the host does not have it.
    pub(crate) fn environment(&self, name: &str) -> Result<Option<zfs::Environment>> {
        Ok(self.environments_below(name)?.into_iter().find(|found| found.name == name))
    }

    /// Removes this directory of the host if it is empty and nothing is mounted there, as a killed install or uninstall may leave
    /// it.
    pub fn remove_if_empty(&self, path: &str) {
        // A directory that is not empty is not a failure; other problems are seen by the next operation that uses it.
        let _ = fs::remove_dir(self.path(path));
    }

    /// Returns the files of the zone at this path of the host.
    pub fn zone_root(&self, zonepath: &str) -> Result<ZoneRoot> {
        if zonepath.split('/').any(|part| part == "..") {
            let message = format!("the zonepath {zonepath} contains `..`; zmgr opens no file below it");
            return Err(Error::new(Code::UnsupportedHost, message));
        }
        ZoneRoot::open(&self.path(zonepath))
    }

    /// Returns all data links.
    pub fn links(&self) -> Result<Vec<HostLink>> {
        dladm::parse_links(&self.ask(&dladm::show_link(None))?)
    }

    /// Returns the state of the link of this name. One command if it is a VNIC.
    pub fn link_state(&self, name: &str) -> Result<LinkState> {
        let completed = self.question(&dladm::show_vnic(Some(name)))?;
        if completed.success()
            && let Some(vnic) = dladm::parse_vnics(&completed)?.into_iter().find(|vnic| vnic.name == name)
        {
            return Ok(LinkState::Vnic(vnic));
        }
        let completed = self.question(&dladm::show_link(Some(name)))?;
        if completed.success() {
            if let Some(link) = dladm::parse_links(&completed)?.into_iter().find(|link| link.name == name) {
                return Ok(LinkState::Other(link));
            }
        } else if self.question(&dladm::show_phys())?.success() {
            // Both failures could also mean that dladm does not work. It works, so there is no such link.
            return Ok(LinkState::Absent);
        }
        // Contradictory answers: the complete list decides.
        match self.links()?.into_iter().find(|link| link.name == name) {
            Some(link) => Ok(LinkState::Other(link)),
            None => Ok(LinkState::Absent),
        }
    }

    /// Returns the record of a VNIC that does not exist now, which would restore it at a reboot; `None` also if dladm fails, which
    /// [`Host::link_state`] has reported before.
    pub fn recorded_vnic(&self, name: &str) -> Result<Option<HostVnic>> {
        let completed = self.question(&dladm::show_recorded_vnic(name))?;
        if !completed.success() {
            return Ok(None);
        }
        Ok(dladm::parse_vnics(&completed)?.into_iter().find(|vnic| vnic.name == name))
    }

    /// Returns the active properties of every link, or of one: values by link and property. dladm exits with 1 if one property of
    /// one link cannot be read; the others are returned.
    pub fn link_properties(&self, name: Option<&str>) -> Result<BTreeMap<(String, String), String>> {
        let completed = self.question(&dladm::show_properties(name))?;
        if !completed.success() && completed.text()?.is_empty() {
            return Err(completed.error());
        }
        dladm::parse_properties(&completed)
    }

    /// Returns the boot time of the host in seconds since 1970; `None` if it is unknown.
    pub fn boot_time(&self) -> Result<Option<u64>> {
        match self.question(&kstat::boot_time()) {
            Ok(completed) if completed.success() => kstat::parse_boot_time(&completed),
            Ok(_) => Ok(None),
            // An older directory of linked programs has no kstat.
            Err(error) if error.code() == Code::UnsupportedHost => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the host's own addresses.
    pub fn addresses(&self) -> Result<Vec<HostAddress>> {
        ipadm::parse_addr(&self.ask(&ipadm::show_addr())?)
    }

    /// Returns the file system that is mounted exactly at this path of the host.
    pub fn dataset_at(&self, path: &str) -> Result<Option<Dataset>> {
        self.dataset_of(path, self.question(&zfs::list_path(path))?)
    }

    /// Returns the file system mounted exactly at this path, from the output of [`zfs::list_path`].
    fn dataset_of(&self, path: &str, completed: Completed) -> Result<Option<Dataset>> {
        if !completed.success() {
            return if self.path(path).exists() { Err(completed.error()) } else { Ok(None) };
        }
        let datasets = zfs::parse_list(&completed)?;
        Ok(datasets.into_iter().find(|dataset| dataset.mounted && dataset.mountpoint.as_deref() == Some(path)))
    }

    /// Returns its installed brands, from the files that zonecfg itself uses.
    pub fn brands(&self) -> Result<BTreeSet<String>> {
        let directory = self.path("/usr/lib/brand");
        let mut brands = BTreeSet::new();
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(brands),
            Err(error) => return Err(Error::io("read", &directory, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| Error::io("read", &directory, error))?;
            if let Ok(name) = entry.file_name().into_string()
                && self.has_brand(&name)
            {
                brands.insert(name);
            }
        }
        Ok(brands)
    }

    /// Returns true if it has this brand.
    pub fn has_brand(&self, brand: &str) -> bool {
        !brand.contains('/') && self.path("/usr/lib/brand").join(brand).join("config.xml").is_file()
    }
}

/// Returns the names of the zones in the host's index.
fn index_names(text: &str) -> impl Iterator<Item = &str> {
    let names = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(':').next());
    names.map(str::trim).filter(|name| !name.is_empty())
}

fn unsupported(message: String) -> Error {
    Error::new(Code::UnsupportedHost, message).with_help(
        "run it on an illumos host, or on a simulated one: `zmgr --simulate DIR …`, or `simulate` in the API",
    )
}

fn release(root: &Path) -> String {
    let read = |name: &str| file::read_text(&root.join(name), Links::Follow, DOCUMENT).unwrap_or_default();
    read("etc/release") + &read("etc/os-release")
}

fn dialect(release: &str) -> Distribution {
    [("OpenIndiana", Distribution::OpenIndiana), ("OmniOS", Distribution::OmniOs), ("SmartOS", Distribution::SmartOs)]
        .into_iter()
        .find(|(word, _)| release.contains(word))
        .map_or(Distribution::Illumos, |(_, dialect)| dialect)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Returns a root with these programs, each a script.
    fn host(programs: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for directory in ["usr/sbin", "etc/zones", "usr/lib/brand/nlipkg", "usr/lib/brand/empty"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        fs::write(root.path().join("usr/lib/brand/nlipkg/config.xml"), "").unwrap();
        fs::write(root.path().join("etc/release"), "OpenIndiana Hipster 2025.10\n").unwrap();
        for (name, script) in programs {
            let path = root.path().join("usr/sbin").join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        root
    }

    #[test]
    fn a_host_without_the_programs_is_unsupported() {
        let root = host(&[("zoneadm", ""), ("dladm", "")]);
        let error = Host::below(root.path()).unwrap_err();
        assert_eq!(error.code(), Code::UnsupportedHost);
        assert!(error.message().ends_with("it has no zonecfg"), "{error}");
        assert!(error.help().unwrap().contains("--simulate"));
    }

    #[test]
    fn absence_is_confirmed_by_the_index() {
        let root = host(&[("zoneadm", "echo oops >&2; exit 1"), ("zonecfg", ""), ("dladm", "")]);
        let host = Host::below(root.path()).unwrap();
        assert_eq!(host.dialect(), Distribution::OpenIndiana);
        assert_eq!(host.brands().unwrap().into_iter().collect::<Vec<_>>(), ["nlipkg"]);
        let zone = ZoneName::new("web01").unwrap();
        assert!(host.zone_state(&zone).is_err(), "without an index nothing is certain");
        fs::write(root.path().join("etc/zones/index"), "global:installed:/\nweb011:configured:/z:\n").unwrap();
        assert_eq!(host.zone_state(&zone).unwrap(), None);
        fs::write(root.path().join("etc/zones/index"), "global:installed:/\nweb01:installed:/z:\n").unwrap();
        assert_eq!(host.zone_state(&zone).unwrap_err().code(), Code::CommandFailed);
    }

    #[test]
    fn a_link_is_absent_where_dladm_answers_without_it() {
        let script = r#"case "$*" in
            "show-vnic"*" v0") echo 'v0:stub0:2\:8\:20\:1\:2\:3:0';;
            "show-vnic"*" stub0") ;;
            "show-link"*" stub0") echo 'stub0:etherstub:9000:';;
            "show-link"*over) echo 'stub0:etherstub:9000:'; echo 'v0:vnic:9000:stub0';;
            "show-phys"*) echo net0;;
            *) exit 1;;
        esac"#;
        let root = host(&[("zoneadm", ""), ("zonecfg", ""), ("dladm", script)]);
        let host = Host::below(root.path()).unwrap();
        assert!(matches!(host.link_state("v0").unwrap(), LinkState::Vnic(vnic) if vnic.over == "stub0"));
        assert!(matches!(host.link_state("stub0").unwrap(), LinkState::Other(_)));
        assert_eq!(host.link_state("v1").unwrap(), LinkState::Absent);
    }

    #[test]
    fn a_link_is_not_absent_because_dladm_fails() {
        let root = host(&[("zoneadm", ""), ("zonecfg", ""), ("dladm", "exit 1")]);
        assert!(Host::below(root.path()).unwrap().link_state("v1").is_err());
    }
}
