//! Examples at the end of each command's help. A test parses every one.

pub const CREATE: &str = "\
Examples:
  zmgr create web01
  zmgr create web01 web02 -t storage -j 2 --attr owner=alice --attr tier=front
  zmgr create web01 --address internal=10.1.0.77 --no-boot
  zmgr create web01 --dry-run";

pub const DOCTOR: &str = "\
Examples:
  zmgr doctor
  zmgr doctor --strict --quiet
  zmgr doctor --json

Exit status: 0; 14 if this host cannot be managed; 3 with --strict if there are
warnings.";

pub const DESTROY: &str = "\
Examples:
  zmgr destroy web01
  zmgr destroy web01 web02 --yes
  zmgr destroy db01 --keep-data
  zmgr destroy db01 --purge --dry-run";

pub const DETACH: &str = "\
Examples:
  zmgr detach web01
  zmgr detach --tag web --dry-run";

pub const ATTACH: &str = "\
Examples:
  zmgr attach web01
  zmgr attach web01 --update --snapshot --boot
  zmgr attach db01 -t storage --dry-run";

pub const UPDATE: &str = "\
Examples:
  zmgr update web01 --dry-run
  zmgr update web01 web02 --reboot -j 2
  zmgr update --tag web";

pub const RENAME: &str = "\
Examples:
  zmgr rename web01 web02 --dry-run
  zmgr rename web01 web02 --links --zonepath";

pub const RUN: &str = "\
Examples:
  zmgr --json create web01 --dry-run >plan.json
  zmgr run plan.json";

pub const EXEC: &str = "\
Examples:
  zmgr exec web01 uname -a
  zmgr exec web01 --timeout 10 -- sh -c 'svcs -xv | head'";

pub const IMPORT: &str = "\
Examples:
  zmgr import --dry-run
  zmgr import legacy --adopt-links
  zmgr import";

pub const FORGET: &str = "\
Examples:
  zmgr forget legacy
  zmgr forget web01 --dry-run";

pub const SNAPSHOT_ROLLBACK: &str = "\
Examples:
  zmgr snapshot rollback web01 before-upgrade --dry-run
  zmgr snapshot rollback web01 before-upgrade --force";

pub const DIFF: &str = "\
Examples:
  zmgr diff
  zmgr diff web01 --json
  zmgr --root tree/etc/zmgr diff --offline";

pub const APPLY: &str = "\
Examples:
  zmgr apply --dry-run
  zmgr apply web01 --reboot --snapshot
  zmgr apply --prune -j 4";

pub const SET: &str = "\
Examples:
  zmgr set web01 capped-memory.physical=2G cpu-shares=20
  zmgr set web01 attr.owner=alice tags=web,front
  zmgr set web01 attr.owner=";

pub const EDIT: &str = "\
Examples:
  zmgr edit web01
  zmgr edit template oi
  zmgr edit pool backend --new
  zmgr edit config

The editor is VISUAL, then EDITOR, then vi. It gets a private copy. The file is
written if the whole tree is valid with the change; otherwise you see what is
wrong, and edit again or discard.";

pub const BOOT: &str = "\
Examples:
  zmgr boot web01 db01
  zmgr boot --tag web -j 4
  zmgr boot --all -j 8";

pub const RECOVER: &str = "\
Examples:
  zmgr recover
  zmgr recover web01 --rollback
  zmgr recover --wait
  zmgr recover --skip-installs";

pub const LIST: &str = "\
Examples:
  zmgr list
  zmgr list -a
  zmgr list --tag web --json";

pub const SHOW: &str = "\
Examples:
  zmgr show web01
  zmgr show web01 --effective";

pub const FIND: &str = "\
Examples:
  zmgr find 10.1.0.10
  zmgr find 2:8:20:7d:1e:9f
  zmgr find web01_0 --json

Exit status: 0; 4 if nothing holds it.";

pub const EXPLAIN: &str = "\
Examples:
  zmgr explain net
  zmgr explain capped-memory
  zmgr explain brand sparse
  zmgr explain | less";

pub const POOL_ALLOCATE: &str = "\
Examples:
  zmgr pool allocate internal printer
  zmgr pool allocate internal loadbalancer 10.1.0.200";

pub const FLEET_FORGET: &str = "\
Examples:
  zmgr fleet forget h3
  zmgr fleet forget h3 --yes";

pub const SIM_FAULT: &str = "\
Examples:
  zmgr sim fault zoneadm install --exit 1 --stderr 'no network' --times 1
  zmgr sim fault dladm create-vnic --zone web01 --delay 2.5
  zmgr sim fault --list
  zmgr sim fault --clear";
