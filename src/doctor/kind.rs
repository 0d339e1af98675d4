//! Areas and severities of the items of a diagnosis.

use crate::value::word_enum;

word_enum! {
    /// Severity of an item of a [`Diagnosis`](super::Diagnosis), mildest first.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert!(DiagnosisLevel::Warning < DiagnosisLevel::Error);
    /// ```
    DiagnosisLevel {
        /// As it should be.
        Ok "ok",
        /// Good to know. Nothing needs to be done.
        Note "note",
        /// Some operations fail, or fail for some zones.
        Warning "warning",
        /// The host cannot be managed.
        Error "error",
    }
}

word_enum! {
    /// Part of the host that an item of a [`Diagnosis`](super::Diagnosis) is about.
    ///
    /// ```
    /// # use zmgr::*;
    /// assert_eq!(DiagnosisKind::LinkMissing.area(), DiagnosisArea::Links);
    /// ```
    DiagnosisArea {
        /// Distribution, version, kernel.
        Distribution "distribution",
        /// Runs on real hosts.
        Evidence "evidence",
        /// Rights of the process.
        Privileges "privileges",
        /// The host's commands and the format of their output.
        Commands "commands",
        /// Brands.
        Brands "brands",
        /// Datasets that zones are created in.
        Datasets "datasets",
        /// Links that VNICs are created over.
        Links "links",
        /// Zones and their boot environments.
        Zones "zones",
        /// Known bugs of the platform.
        PlatformBugs "platform-bugs",
    }
}

word_enum! {
    /// Kind of an item of a [`Diagnosis`](super::Diagnosis).
    ///
    /// ```
    /// # use zmgr::*;
    /// assert_eq!(DiagnosisKind::SeveralActive.as_str(), "several-active");
    /// ```
    DiagnosisKind {
        /// The distribution, which zmgr knows.
        Distribution "distribution",
        /// An illumos distribution that zmgr does not know.
        UnknownDistribution "unknown-distribution",
        /// The system is not illumos.
        NotIllumos "not-illumos",
        /// zmgr runs in a zone, not in the global zone.
        NotGlobalZone "not-global-zone",
        /// The host is simulated.
        Simulated "simulated",
        /// Runs on real hosts.
        RealHosts "real-hosts",
        /// The process may change zones.
        Privileged "privileged",
        /// The process does not run as root, so it can only read.
        NotRoot "not-root",
        /// Root without all privileges.
        PrivilegesMissing "privileges-missing",
        /// The command is there, and its output is as expected.
        CommandWorks "command-works",
        /// The command is there. It has no query to try.
        CommandPresent "command-present",
        /// The host does not have the command.
        CommandMissing "command-missing",
        /// The command failed.
        CommandFailed "command-failed",
        /// The output of the command cannot be read.
        CommandUnreadable "command-unreadable",
        /// An installed brand that zmgr can install zones of.
        BrandKnown "brand-known",
        /// An installed brand whose zones zmgr can install, but what its uninstall destroys is only inferred.
        BrandUnproven "brand-unproven",
        /// An installed brand that zmgr does not touch.
        BrandIgnored "brand-ignored",
        /// A template needs a brand that is not installed.
        BrandMissing "brand-missing",
        /// No brand is installed that zmgr can install zones of.
        NoBrand "no-brand",
        /// The dataset of new zones is mounted.
        DatasetReady "dataset-ready",
        /// No dataset has the directory of new zones as its mount point.
        DatasetMissing "dataset-missing",
        /// The dataset of new zones is not mounted.
        DatasetUnmounted "dataset-unmounted",
        /// The dataset of new zones is almost full.
        DatasetFull "dataset-full",
        /// The link that a pool names is there and can carry VNICs.
        LinkReady "link-ready",
        /// The link that a pool names does not exist.
        LinkMissing "link-missing",
        /// The link that a pool names cannot carry VNICs.
        LinkUnsuitable "link-unsuitable",
        /// Some configuration files have errors, so what they ask for is not checked.
        ConfigUnreadable "config-unreadable",
        /// Zones whose datasets are as they should be.
        ZonesHealthy "zones-healthy",
        /// It is not known which boot environment of the host runs, so those of the zones are not checked.
        HostEnvironmentUnknown "host-environment-unknown",
        /// The host boots another boot environment next, which does not have zones created now.
        OtherEnvironmentNext "other-environment-next",
        /// The zone is incomplete: an install, clone or uninstall did not finish.
        ZoneIncomplete "zone-incomplete",
        /// The zone's root is mounted for maintenance, so it cannot boot.
        ZoneMounted "zone-mounted",
        /// No dataset is mounted at the zonepath.
        ZonepathUnmounted "zonepath-unmounted",
        /// The zone has no boot environment.
        NoEnvironment "no-environment",
        /// The zone's boot environments belong to other boot environments of the host.
        ForeignParent "foreign-parent",
        /// None of the zone's boot environments is active.
        NoneActive "none-active",
        /// More than one of the zone's boot environments is active.
        SeveralActive "several-active",
        /// The zone has more than one boot environment, and its brand cannot uninstall such a zone.
        SeveralEnvironments "several-environments",
        /// The zone's active boot environment is not mounted.
        EnvironmentUnmounted "environment-unmounted",
        /// Properties of the zone's active boot environment are not as the brand sets them.
        EnvironmentChanged "environment-changed",
        /// Clones of this brand come up without network; zmgr makes their interfaces.
        CloneWithoutNetwork "clone-without-network",
        /// Link properties given to `dladm create-vnic` are only recorded; zmgr sets them again.
        LinkPropertiesRecorded "link-properties-recorded",
        /// Long addresses of one link can make a boot fail; zmgr refuses them.
        LinkAddressesLimited "link-addresses-limited",
        /// The service that boots the zones with `after` is online.
        BootServiceOnline "boot-service-online",
        /// Zones have `after`, and the service that boots them is missing, disabled or broken.
        BootServiceNotOnline "boot-service-not-online",
    }
}

impl DiagnosisKind {
    /// Returns the part of the host that it is about.
    pub fn area(self) -> DiagnosisArea {
        use DiagnosisKind::*;
        match self {
            Distribution | UnknownDistribution | NotIllumos | NotGlobalZone | Simulated => DiagnosisArea::Distribution,
            RealHosts => DiagnosisArea::Evidence,
            Privileged | NotRoot | PrivilegesMissing => DiagnosisArea::Privileges,
            CommandWorks | CommandPresent | CommandMissing | CommandFailed | CommandUnreadable => {
                DiagnosisArea::Commands
            }
            BrandKnown | BrandUnproven | BrandIgnored | BrandMissing | NoBrand => DiagnosisArea::Brands,
            DatasetReady | DatasetMissing | DatasetUnmounted | DatasetFull => DiagnosisArea::Datasets,
            LinkReady | LinkMissing | LinkUnsuitable | ConfigUnreadable => DiagnosisArea::Links,
            ZonesHealthy
            | HostEnvironmentUnknown
            | OtherEnvironmentNext
            | ZoneIncomplete
            | ZoneMounted
            | ZonepathUnmounted
            | NoEnvironment
            | ForeignParent
            | NoneActive
            | SeveralActive
            | SeveralEnvironments
            | EnvironmentUnmounted
            | EnvironmentChanged
            | BootServiceOnline
            | BootServiceNotOnline => DiagnosisArea::Zones,
            CloneWithoutNetwork | LinkPropertiesRecorded | LinkAddressesLimited => DiagnosisArea::PlatformBugs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_json() {
        for kind in DiagnosisKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for area in DiagnosisArea::ALL {
            assert_eq!(serde_json::to_value(area).unwrap(), area.as_str());
            assert!(DiagnosisKind::ALL.iter().any(|kind| kind.area() == *area), "{area} has no kind");
        }
        for level in DiagnosisLevel::ALL {
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
    }
}
