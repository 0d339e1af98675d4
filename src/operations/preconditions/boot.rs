//! The rows that a zone's next boot needs: brand, datasets, file systems, links.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Subject, Unmet};
use crate::error::{Code, Error, Result};
use crate::exec::zonecfg::{Filesystem, IpType, Net};
use crate::host::LinkState;
use crate::operations::delegation;
use crate::operations::used_datasets::{Use, UsedDataset, used_by};
use crate::value::source::Source;

impl Subject<'_> {
    pub(super) fn brand(&self, unmet: &mut Vec<Unmet>) {
        let brand = &self.config.brand;
        if self.inventory.host.has_brand(brand) {
            return;
        }
        let message = format!("zone {}: the host does not have brand {brand}", self.zone);
        let error = Error::new(Code::UnsupportedHost, message).with_help(format!("run `pkg install brand/{brand}`"));
        let source = self.spec.map_or_else(Source::none, |spec| spec.brand.source.clone());
        unmet.push(Unmet::missing(format!("brand {brand} on the host"), source, error));
    }

    /// Datasets that are there, or that are created, and can be delegated at all.
    pub(super) fn delegated(&self, unmet: &mut Vec<Unmet>) -> Result<()> {
        let own = self.spec.iter().flat_map(|spec| &spec.resources.datasets);
        let own: HashMap<&str, _> = own.map(|own| (own.name.as_str(), own)).collect();
        for dataset in &self.config.datasets {
            let own = own.get(dataset.as_str());
            let (what, source) = (format!("dataset {dataset} on the host"), own.map(|own| own.source.clone()));
            let by = own.map(|own| format!(", which {} delegates", own.source)).unwrap_or_default();
            let source = source.unwrap_or_default();
            match self.inventory.dataset(dataset)? {
                None if own.is_some_and(|own| own.create) => {
                    unmet.extend(self.without_parent(dataset, source)?);
                }
                None => {
                    let error = self.fault(format_args!("the host has no dataset {dataset}{by}")).with_help(format!(
                        "run `zfs create {dataset}`, write dataset \"{dataset}\" create=#true, or take it out of the zone"
                    ));
                    unmet.push(Unmet::missing(what, source, error));
                }
                Some(found) if found.kind != "filesystem" => {
                    let error = self
                        .fault(format_args!(
                            "{dataset} is a {}, and only a file system can be delegated{by}",
                            found.kind
                        ))
                        .with_help("name a file system, or give the volume to the zone as a `device`");
                    unmet.push(Unmet::other(what, "filesystem", found.kind, source, error));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Returns an error if a dataset that is to be created has nothing to be created in.
    fn without_parent(&self, dataset: &str, source: Source) -> Result<Option<Unmet>> {
        let Some((parent, _)) = dataset.rsplit_once('/') else { return Ok(None) };
        if self.inventory.dataset(parent)?.is_some() {
            return Ok(None);
        }
        let error = self
            .fault(format_args!("the host has no dataset {parent}, in which {dataset} would be created"))
            .with_help(format!("run `zfs create -p {parent}`, or name another dataset"));
        Ok(Some(Unmet::missing(format!("dataset {parent} on the host"), source, error)))
    }

    /// Datasets that the zone does not use yet and that neither the host nor another zone needs.
    pub(super) fn delegable(&self, unmet: &mut Vec<Unmet>) -> Result<()> {
        let has: Vec<UsedDataset> = self.has.iter().flat_map(|has| used_by(has)).collect();
        let used = used_by(self.config);
        // A dataset that is mounted once more is new, although the zone has it.
        let count = |all: &[UsedDataset], one: &UsedDataset| all.iter().filter(|each| *each == one).count();
        let new: Vec<usize> =
            (0..used.len()).filter(|n| count(&used[..=*n], &used[*n]) > count(&has, &used[*n])).collect();
        if new.is_empty() {
            return Ok(());
        }
        let all: BTreeSet<&str> = self.config.datasets.iter().map(String::as_str).collect();
        let zones = self.inventory.zones()?;
        let others = self.inventory.delegations(&zones);
        let own = self.spec.iter().flat_map(|spec| &spec.resources.datasets);
        let mut lines: HashMap<&str, &Source> = own.map(|own| (own.name.as_str(), &own.source)).collect();
        let own = self.spec.iter().flat_map(|spec| &spec.resources.fs);
        lines.extend(own.map(|own| (own.special.as_str(), &own.source)));
        for (n, dataset) in new.into_iter().map(|n| (n, &used[n])) {
            let name = dataset.name.as_str();
            let source = || lines.get(name).map_or_else(Source::none, |line| (*line).clone());
            if let Some((why, help)) = within_itself(&used, n, &all) {
                unmet.push(Unmet::missing(String::new(), source(), self.fault(why).with_help(help)));
            }
            let (zone, zonepath) = (self.zone.as_str(), &self.config.zonepath);
            for refused in [
                match dataset.how {
                    Use::Delegated => delegation::check_delegable(&self.inventory, zone, zonepath, name, &zones),
                    Use::Mounted => delegation::check_mountable(&self.inventory, zone, zonepath, name, &zones),
                },
                delegation::check_free(self.zone.as_str(), dataset, &others)
                    .and_then(|()| self.claims.map_or(Ok(()), |claims| claims.check(self.zone, dataset))),
            ] {
                match refused {
                    Err(error) if error.code() == Code::Config => {
                        unmet.push(Unmet::missing(String::new(), source(), error));
                    }
                    other => other?,
                }
            }
        }
        Ok(())
    }

    pub(super) fn file_systems(&self, unmet: &mut Vec<Unmet>) -> Result<()> {
        let own = self.spec.iter().flat_map(|spec| &spec.resources.fs);
        let lines: HashMap<&str, &Source> = own.map(|own| (own.dir.as_str(), &own.source)).collect();
        for fs in &self.config.filesystems {
            let source = lines.get(fs.dir.as_str()).map_or_else(Source::none, |line| (*line).clone());
            match fs.kind.as_str() {
                "zfs" => self.zfs_source(fs, source, unmet)?,
                _ => self.sources(fs, &source, unmet),
            }
        }
        Ok(())
    }

    fn zfs_source(&self, fs: &Filesystem, source: Source, unmet: &mut Vec<Unmet>) -> Result<()> {
        let (special, dir) = (&fs.special, &fs.dir);
        let Some(found) = self.inventory.dataset(special)? else {
            let error = self
                .fault(format_args!("the host has no dataset {special}, which is mounted at {dir} in the zone"))
                .with_help(format!(
                    "run `zfs create -o mountpoint=legacy {special}`, or change `special` of fs \"{dir}\""
                ));
            unmet.push(Unmet::missing(format!("dataset {special} on the host"), source, error));
            return Ok(());
        };
        // zoneadm mounts it by itself, and refuses one that ZFS would mount too.
        if found.kind != "filesystem" || found.mountpoint.as_deref() != Some("legacy") {
            let at = found.mountpoint.unwrap_or_else(|| "none".to_owned());
            let error = self
                .fault(format_args!("the dataset {special} has mountpoint {at}, and fs \"{dir}\" needs legacy"))
                .with_help(format!(
                    "name a dataset made with `zfs create -o mountpoint=legacy`, or run `zfs set mountpoint=legacy {special}` if the host \
                     does not need it at {at}"
                ));
            unmet.push(Unmet::other(format!("mountpoint of {special}"), "legacy", at, source, error));
        }
        Ok(())
    }

    fn sources(&self, fs: &Filesystem, source: &Source, unmet: &mut Vec<Unmet>) {
        let paths = [Some(&fs.special), fs.raw.as_ref()].into_iter().flatten();
        for path in paths.filter(|path| path.starts_with('/') && !self.inventory.host.path(path).exists()) {
            let error = self
                .fault(format_args!(
                    "the host has no file or directory {path}, which is mounted at {} in the zone",
                    fs.dir
                ))
                .with_help(format!("create {path}, or change `special` of fs \"{}\"", fs.dir));
            unmet.push(Unmet::missing(format!("{path} on the host"), source.clone(), error));
        }
    }

    pub(super) fn boot_links(&self, unmet: &mut Vec<Unmet>) -> Result<()> {
        let mut seen: HashSet<&str> = HashSet::new();
        for net in &self.config.nets {
            // A link that the brand makes at boot needs the link below it.
            let link = match &net.global_nic {
                Some(below) if below == "auto" => continue,
                Some(below) => below.as_str(),
                None => net.physical.as_str(),
            };
            if seen.insert(link) && !self.made_links.iter().any(|made| made == link) {
                unmet.extend(self.link(net, link)?);
            }
        }
        Ok(())
    }

    fn link(&self, net: &Net, link: &str) -> Result<Option<Unmet>> {
        let source = || {
            let nets = self.spec.map(|spec| spec.nets.as_slice()).unwrap_or_default();
            let is_of = |name: &Option<String>| name.as_deref() == Some(link);
            let own = nets.iter().find(|own| {
                own.vnic.as_ref().is_some_and(|vnic| vnic.as_str() == link) || is_of(&own.physical) || is_of(&own.stub)
            });
            own.map_or_else(Source::none, |own| own.source.clone())
        };
        let is_shared = self.config.ip_type == IpType::Shared;
        let found = self.inventory.link(link)?;
        if found == LinkState::Absent {
            if is_shared && self.inventory.address_on(link)?.is_some() {
                return Ok(None);
            }
            let error = self
                .fault(format_args!("the host has no link {link}, which the zone needs to boot"))
                .with_help(format!(
                    "run `zmgr apply {}` to create a VNIC of zmgr's again; `dladm show-link` lists the links",
                    self.zone
                ));
            return Ok(Some(Unmet::missing(format!("link {link} on the host"), source(), error)));
        }
        // A link that the host has an interface on cannot be given away. VNICs are made to be given away.
        if is_shared || net.global_nic.is_some() || matches!(found, LinkState::Vnic(_)) {
            return Ok(None);
        }
        Ok(self.inventory.address_on(link)?.map(|address| {
            let object = &address.object;
            let error = self
                .fault(format_args!(
                    "the host itself uses the link {link} ({object}), and an exclusive zone needs it alone"
                ))
                .with_help(format!(
                    "run `ipadm delete-if {link}` if the host does not need it, or give the net another link"
                ));
            Unmet::other(format!("interface {link} of the host"), "none", object.clone(), source(), error)
        }))
    }
}

/// Returns why a zone cannot use one of its datasets beside its others, and the way out.
fn within_itself(used: &[UsedDataset], n: usize, delegated: &BTreeSet<&str>) -> Option<(String, &'static str)> {
    let dataset = &used[n];
    if dataset.how == Use::Delegated {
        let other = delegation::overlapping(delegated, &dataset.name)?;
        let help = "delegate only one of them: a dataset includes everything below it";
        return Some((format!("the datasets {other} and {} overlap", dataset.name), help));
    }
    let other = used[..n].iter().find(|other| other.excludes(dataset))?;
    Some(match other.how {
        Use::Mounted => (
            format!("dataset {} is mounted at two places", dataset.name),
            "remove one `fs`: a dataset can be mounted once",
        ),
        Use::Delegated => (
            format!("dataset {} cannot be mounted: dataset {} is delegated to the zone", dataset.name, other.name),
            "remove the `fs`, and mount the delegated dataset in the zone with `zfs set mountpoint=…`",
        ),
    })
}
