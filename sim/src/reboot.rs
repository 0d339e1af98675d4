//! The machine's reboot: what lives in the kernel is gone, what is recorded comes back, zones with `autoboot` boot.
//!
//! [source: svc-zones, be_mount.c of libbe, zfs_main.c: mount -a; recorded: reboot-* of dladm.jsonl]

use std::fs;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use super::call::Status;
use super::dladm::mac::Mac;
use super::dladm::{self, link};
use super::document::Document;
use super::zfs::dataset;
use super::{Error, Machine, index, ipadm, kernel};

/// Output of a zone's boot that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedBoot {
    /// The zone.
    pub zone: String,
    /// Standard error of `zoneadm boot`.
    pub stderr: String,
}

/// When the machine booted last, in seconds since 1970.
const BOOT_TIME: &str = "boot-time";

impl Machine {
    /// Returns when the machine booted last, in seconds since 1970.
    pub(crate) fn boot_time(&self) -> io::Result<u64> {
        match fs::read_to_string(self.own(BOOT_TIME)) {
            Ok(text) => text.trim().parse().map_err(io::Error::other),
            // It has not been rebooted since it was made.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = fs::metadata(self.path("etc/release"))?.modified()?;
                Ok(made.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
            }
            Err(error) => Err(error),
        }
    }

    /// Records a boot. Two boots within one second still differ.
    fn note_boot(&self) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let time = now.max(self.boot_time()? + 1);
        self.replace_own(BOOT_TIME, time.to_string().as_bytes())
    }

    /// Reboots the machine. Zones that should have booted and did not are reported; they are not a failure of the reboot.
    pub fn reboot(&self) -> Result<Vec<FailedBoot>, Error> {
        self.go_down().map_err(|source| Error::io(self.root(), source))?;
        if self.line().configuration_only {
            return Ok(Vec::new());
        }
        let entries = index::read(self).map_err(|source| Error::io(self.root(), source))?;
        let mut failed = Vec::new();
        for entry in entries.iter().filter(|entry| entry.state == index::State::Installed && entry.name != b"global") {
            let autoboot = Document::load(self, &entry.name).is_ok_and(|document| document.autoboot());
            let zone = String::from_utf8_lossy(&entry.name).into_owned();
            let (status, stderr) = self.ask(&["zoneadm", "-z", &zone, if autoboot { "boot" } else { "sysboot" }]);
            if status != Status::Exited(0) && autoboot {
                failed.push(FailedBoot { zone, stderr });
            }
        }
        Ok(failed)
    }

    fn go_down(&self) -> io::Result<()> {
        for zone in kernel::all(self)? {
            kernel::remove(self, &zone.name)?;
            for link in &zone.links {
                link::given_back(self, &link.name, &zone.name)?;
            }
        }
        self.unmount_what_stays_down()?;
        self.clear_temporary()?;
        // What interrupted commands left there is lost too: the directory lies in memory.
        for entry in fs::read_dir(self.path("var/run/zones"))? {
            fs::remove_file(entry?.path())?;
        }
        ipadm::forget_temporary(self)?;
        self.note_boot()?;
        let _lock = self.lock("links")?;
        let links = link::all(self)?;
        for link in links.iter().rev().filter(|link| !link.persistent) {
            link::remove(self, link)?;
        }
        for mut link in links.into_iter().filter(|link| link.persistent) {
            let mut complete = true;
            for lower in &link.over {
                complete &= link::find(self, lower)?.is_some_and(|lower| lower.active);
            }
            // An address that is not known cannot be given again.
            complete &= link.class != link::Class::Vnic || link.mac != Some(Mac::ZERO);
            let before = link.clone();
            link.active = complete;
            dladm::bring_up(self, &mut link)?;
            if link != before {
                link::put(self, &link)?;
            }
        }
        Ok(())
    }

    /// The host mounts what `zfs mount -a` mounts: not the roots of zones, which are legacy or `noauto`.
    fn unmount_what_stays_down(&self) -> io::Result<()> {
        let _lock = self.lock("datasets")?;
        for pool in dataset::pools(self)? {
            for name in dataset::descendants(self, &pool)?.iter().rev() {
                let Some(mut found) = dataset::find(self, name)?.filter(|found| found.mounted.is_some()) else {
                    continue;
                };
                let by_itself = found.local("canmount").is_none_or(|value| value == "on")
                    && dataset::mountpoint(self, &found)?.0.starts_with('/');
                if !by_itself && found.mounted.as_deref() != Some("/") {
                    dataset::unmount(self, &mut found)?;
                }
            }
        }
        Ok(())
    }
}
