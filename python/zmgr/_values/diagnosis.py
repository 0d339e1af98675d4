"""Answers of `doctor`: how well the host can be managed."""

# Conversions from JSON and the base classes are private to the package.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .base import _Value, _Word


class DiagnosisLevel(_Word):
    """Severity of an item of a diagnosis, mildest first."""

    #: As it should be.
    OK = "ok"
    #: Good to know. Nothing needs to be done.
    NOTE = "note"
    #: Some operations fail, or fail for some zones.
    WARNING = "warning"
    #: The host cannot be managed.
    ERROR = "error"


class DiagnosisArea(_Word):
    """Part of the host that an item of a diagnosis is about."""

    #: Distribution, version, kernel.
    DISTRIBUTION = "distribution"
    #: Evidence from runs on real hosts.
    EVIDENCE = "evidence"
    #: Rights of the process.
    PRIVILEGES = "privileges"
    #: The host's commands and the format of their output.
    COMMANDS = "commands"
    #: Brands.
    BRANDS = "brands"
    #: Datasets that zones are created in.
    DATASETS = "datasets"
    #: Links that VNICs are created over.
    LINKS = "links"
    #: Zones and their boot environments.
    ZONES = "zones"
    #: Known bugs of the platform.
    PLATFORM_BUGS = "platform-bugs"


class DiagnosisKind(_Word):
    """Kind of an item of a diagnosis."""

    #: The distribution, which zmgr knows.
    DISTRIBUTION = "distribution"
    #: An illumos distribution that zmgr does not know.
    UNKNOWN_DISTRIBUTION = "unknown-distribution"
    #: The system is not illumos.
    NOT_ILLUMOS = "not-illumos"
    #: zmgr runs in a zone, not in the global zone.
    NOT_GLOBAL_ZONE = "not-global-zone"
    #: The host is simulated.
    SIMULATED = "simulated"
    #: Evidence from runs on real hosts.
    REAL_HOSTS = "real-hosts"
    #: The process may change zones.
    PRIVILEGED = "privileged"
    #: The process does not run as root, so it can only read.
    NOT_ROOT = "not-root"
    #: Root without all privileges.
    PRIVILEGES_MISSING = "privileges-missing"
    #: The command is there, and its output is as expected.
    COMMAND_WORKS = "command-works"
    #: The command is there. It has no query to try.
    COMMAND_PRESENT = "command-present"
    #: The host does not have the command.
    COMMAND_MISSING = "command-missing"
    #: The command failed.
    COMMAND_FAILED = "command-failed"
    #: The output of the command cannot be read.
    COMMAND_UNREADABLE = "command-unreadable"
    #: An installed brand that zmgr can install zones of.
    BRAND_KNOWN = "brand-known"
    #: An installed brand whose zones zmgr can install, but what its uninstall destroys is only inferred.
    BRAND_UNPROVEN = "brand-unproven"
    #: An installed brand that zmgr does not touch.
    BRAND_IGNORED = "brand-ignored"
    #: A template needs a brand that is not installed.
    BRAND_MISSING = "brand-missing"
    #: No brand is installed that zmgr can install zones of.
    NO_BRAND = "no-brand"
    #: The dataset of new zones is mounted.
    DATASET_READY = "dataset-ready"
    #: No dataset has the directory of new zones as its mount point.
    DATASET_MISSING = "dataset-missing"
    #: The dataset of new zones is not mounted.
    DATASET_UNMOUNTED = "dataset-unmounted"
    #: The dataset of new zones is almost full.
    DATASET_FULL = "dataset-full"
    #: The link that a pool names is there and can carry VNICs.
    LINK_READY = "link-ready"
    #: The link that a pool names does not exist.
    LINK_MISSING = "link-missing"
    #: The link that a pool names cannot carry VNICs.
    LINK_UNSUITABLE = "link-unsuitable"
    #: Some configuration files have errors, so what they ask for is not checked.
    CONFIG_UNREADABLE = "config-unreadable"
    #: Zones whose datasets are as they should be.
    ZONES_HEALTHY = "zones-healthy"
    #: It is not known which boot environment of the host runs, so those of the zones are not checked.
    HOST_ENVIRONMENT_UNKNOWN = "host-environment-unknown"
    #: The host boots another boot environment next, which does not have zones created now.
    OTHER_ENVIRONMENT_NEXT = "other-environment-next"
    #: The zone is incomplete: an install, clone or uninstall did not finish.
    ZONE_INCOMPLETE = "zone-incomplete"
    #: The zone's root is mounted for maintenance, so it cannot boot.
    ZONE_MOUNTED = "zone-mounted"
    #: No dataset is mounted at the zonepath.
    ZONEPATH_UNMOUNTED = "zonepath-unmounted"
    #: The zone has no boot environment.
    NO_ENVIRONMENT = "no-environment"
    #: The zone's boot environments belong to other boot environments of the host.
    FOREIGN_PARENT = "foreign-parent"
    #: None of the zone's boot environments is active.
    NONE_ACTIVE = "none-active"
    #: More than one of the zone's boot environments is active.
    SEVERAL_ACTIVE = "several-active"
    #: The zone has more than one boot environment, and its brand cannot uninstall such a zone.
    SEVERAL_ENVIRONMENTS = "several-environments"
    #: The zone's active boot environment is not mounted.
    ENVIRONMENT_UNMOUNTED = "environment-unmounted"
    #: Properties of the zone's active boot environment are not as the brand sets them.
    ENVIRONMENT_CHANGED = "environment-changed"
    #: Clones of this brand come up without network; zmgr makes their interfaces.
    CLONE_WITHOUT_NETWORK = "clone-without-network"
    #: Link properties given to `dladm create-vnic` are only recorded; zmgr sets them again.
    LINK_PROPERTIES_RECORDED = "link-properties-recorded"
    #: Long addresses of one link can make a boot fail; zmgr refuses them.
    LINK_ADDRESSES_LIMITED = "link-addresses-limited"
    #: The service that boots the zones with `after` is online.
    BOOT_SERVICE_ONLINE = "boot-service-online"
    #: Zones have `after`, and the service that boots them is missing, disabled or broken.
    BOOT_SERVICE_NOT_ONLINE = "boot-service-not-online"


class Evidence(_Word):
    """Evidence for a behaviour of illumos, weakest first."""

    #: Follows from other facts; neither seen nor read for this brand on this distribution.
    INFERRED = "inferred"
    #: Read in the source.
    READ = "read"
    #: The real program or hook was run.
    RAN = "ran"
    #: The real program or hook was run, and the simulated host is compared with recordings of it.
    RECORDED = "recorded"


@dataclass(frozen=True)
class DiagnosisItem(_Value):
    """One thing that a diagnosis found."""

    area: DiagnosisArea
    kind: DiagnosisKind
    level: DiagnosisLevel
    #: Name of the command, brand, dataset, pool or zone that it is about; may be empty.
    subject: str
    #: A sentence without a full stop.
    message: str
    #: Advice.
    help: str | None
    #: Evidence for it, if it is about what illumos does.
    evidence: Evidence | None

    @classmethod
    def _from_json(cls, i: dict[str, Any]) -> DiagnosisItem:
        return cls(
            area=DiagnosisArea(i["area"]),
            kind=DiagnosisKind(i["kind"]),
            level=DiagnosisLevel(i["level"]),
            subject=i["subject"],
            message=i["message"],
            help=i["help"],
            evidence=None if i["evidence"] is None else Evidence(i["evidence"]),
        )


@dataclass(frozen=True)
class Diagnosis(_Value):
    """Result of checking whether a host can be managed, with what is noteworthy about it."""

    #: ``openindiana``, ``omnios``, ``smartos``, or ``illumos`` for any other.
    distribution: str
    #: First line of /etc/release.
    release: str | None
    #: VERSION_ID of /etc/os-release.
    version: str | None
    #: System, release and version that uname prints.
    kernel: str | None
    #: True if the host is simulated.
    simulated: bool
    #: True if zmgr can manage zones on the host: no item has the level ``error``.
    can_manage: bool
    #: Findings, by area.
    items: tuple[DiagnosisItem, ...]

    @classmethod
    def _from_json(cls, d: dict[str, Any]) -> Diagnosis:
        return cls(
            distribution=d["distribution"],
            release=d["release"],
            version=d["version"],
            kernel=d["kernel"],
            simulated=d["simulated"],
            can_manage=d["can_manage"],
            items=tuple(DiagnosisItem._from_json(item) for item in d["items"]),
        )
