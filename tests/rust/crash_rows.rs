//! Death in the midst of an operation on a zone of each brand: after one `recover`, the machine and the tree are as if the operation had
//! never begun, or done. The long tests die at every point, the others at a few of each operation.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;

use zmgr::{Dialect, SimHost, StepKind};

use crate::crash_matrix::{Whole, assert_tidy, die, recover_after};
use crate::sim_machine::answer;
use crate::snapshot::{copy, differences, scratch, whole};

pub(crate) type Site = (Dialect, &'static str);

/// Each brand, on each distribution that has it.
pub(crate) const SITES: [Site; 8] = [
    (Dialect::OpenIndiana, "nlipkg"),
    (Dialect::OpenIndiana, "ipkg"),
    (Dialect::OmniOs, "ipkg"),
    (Dialect::OmniOs, "lipkg"),
    (Dialect::OmniOs, "sparse"),
    (Dialect::OmniOs, "pkgsrc"),
    (Dialect::OmniOs, "illumos"),
    (Dialect::OmniOs, "lx"),
];

/// Number of points of an operation at which the short tests let it die.
const FEW: usize = 3;

/// State that an operation may leave, beside those before it and after it.
pub(crate) enum Left {
    /// The state after a part of it that has a journal of its own.
    After(fn(&Path)),
    /// One from which this comes to the state after it: changes that are not in the journal.
    Before(fn(&Path)),
}

/// An operation.
pub(crate) struct Row {
    pub(crate) operation: &'static str,
    pub(crate) sites: fn(Site) -> bool,
    pub(crate) prepare: fn(&Path, Site),
    pub(crate) left: Option<Left>,
    /// The steps that it runs on a zone of at least one brand.
    pub(crate) steps: &'static [StepKind],
}

/// True in the long tests.
fn is_long() -> bool {
    env::var_os("ZMGR_SOAK").is_some()
}

impl Row {
    pub(crate) fn visit(&self) {
        let mut met = BTreeSet::new();
        for (n, site) in SITES.into_iter().enumerate().filter(|(_, site)| (self.sites)(*site)) {
            met.extend(self.visit_site(site, n));
        }
        let named: BTreeSet<&str> = self.steps.iter().map(|kind| kind.as_str()).collect();
        let met: BTreeSet<&str> = met.iter().map(String::as_str).collect();
        assert_eq!(met, named, "steps of {}", self.operation);
    }

    /// Lets it die on a zone of this brand. Returns the kinds of steps that were run without a death.
    fn visit_site(&self, site: Site, n: usize) -> BTreeSet<String> {
        let scratch = scratch();
        let path = |name: &str| scratch.path().join(name);
        (self.prepare)(&path("start"), site);
        let before = state(&path("start"));
        copy(&path("start"), &path("done"));
        assert!(!die(&path("done"), self.operation, 0));
        let after = state(&path("done"));
        assert!(before != after, "{} of {site:?} did nothing", self.operation);
        // A death leaves one of these two.
        for dir in ["start", "done"] {
            assert_eq!(unhealthy(&path(dir)), [""; 0], "{} of {site:?}: {dir}", self.operation);
        }
        let mut undone = vec![before];
        if let Some(Left::After(part)) = self.left {
            copy(&path("start"), &path("part"));
            part(&path("part"));
            undone.push(state(&path("part")));
        }
        let count: usize = fs::read_to_string(path("done.count")).unwrap().parse().unwrap();
        let (first, every) = match is_long() {
            true => (1, 1),
            false => (1 + 5 * n % (count / FEW), count / FEW),
        };
        let (mut back, mut on) = (0, 0);
        for point in (first..=count).step_by(every) {
            let dir = path(&point.to_string());
            copy(&path("start"), &dir);
            assert!(die(&dir, self.operation, point as u64), "{} of {site:?}, {point}: no such point", self.operation);
            recover_after(&dir, &format!("{} of {site:?}, death at point {point} of {count}", self.operation));
            let mut now = state(&dir);
            if let (Some(Left::Before(rest)), false) = (&self.left, now == after || undone.contains(&now)) {
                rest(&dir);
                now = state(&dir);
            }
            match now {
                now if now == after => on += 1,
                now if undone.contains(&now) => back += 1,
                now => panic!("{}", self.neither(site, (point, count), (&undone[0], &now, &after))),
            }
            assert_tidy(&dir, &zones_of(&[&path("start"), &path("done")]));
            fs::remove_dir_all(&dir).unwrap();
        }
        assert!(!is_long() || back > 0 && on > 0, "{} of {site:?}: {back} undone, {on} done", self.operation);
        let steps = fs::read_to_string(path("done.steps")).unwrap();
        steps.lines().map(|id| id.split(':').next().unwrap().to_owned()).collect()
    }

    fn neither(
        &self,
        site: Site,
        (point, count): (usize, usize),
        (before, now, after): (&Whole, &Whole, &Whole),
    ) -> String {
        format!(
            "{} of {site:?}, death at point {point} of {count}: neither undone nor done.\nto before:\n{}\nto after:\n{}",
            self.operation,
            differences(before, now),
            differences(after, now)
        )
    }
}

/// The zones with which the host's own update would fail: they do not have exactly one active boot environment, mounted by zoneadm
/// alone.
pub(crate) fn unhealthy(dir: &Path) -> Vec<String> {
    let host = SimHost::open(dir).unwrap();
    let ask = |line: &str| answer(&host, &line.split(' ').collect::<Vec<_>>(), "");
    let running = ask("beadm list -H").split(';').nth(1).unwrap().to_owned();
    let columns = "name,mountpoint,org.opensolaris.libbe:active,org.opensolaris.libbe:parentbe,canmount,zoned";
    let listed = ask(&format!("zfs list -H -o {columns} -t filesystem -r rpool/zones"));
    let datasets: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').collect()).collect();
    let is_healthy = |zonepath: &str| {
        let own = datasets.iter().find(|dataset| dataset.get(1) == Some(&zonepath)).unwrap()[0];
        let below = format!("{own}/ROOT/");
        let is_environment = |name: &str| name.strip_prefix(&below).is_some_and(|rest| !rest.contains('/'));
        let all = datasets.iter().filter(|dataset| is_environment(dataset[0]));
        let active: Vec<_> = all.filter(|dataset| dataset[2..4] == ["on", running.as_str()]).collect();
        active.len() == 1 && active[0][1] == "legacy" && active[0][4..] == ["noauto", "on"]
    };
    let zones = ask("zoneadm list -cp");
    let fields = zones.lines().map(|line| line.split(':').collect::<Vec<_>>()).filter(|fields| fields.len() > 5);
    let with_files = fields.filter(|zone| zone[1] != "global" && !matches!(zone[2], "configured" | "incomplete"));
    let with_environments = with_files.filter(|zone| !matches!(zone[5], "illumos" | "lx"));
    with_environments.filter(|zone| !is_healthy(zone[3])).map(|zone| zone[1].to_owned()).collect()
}

/// The machine without the numbers of links, and without the times of boots, which it takes from its files: a copy has others.
fn state(dir: &Path) -> Whole {
    let mut all = whole(dir);
    for (_, text) in all.iter_mut().filter(|(path, _)| path.starts_with("etc/dladm/datalinks/")) {
        *text = text.lines().skip(1).collect::<Vec<_>>().join("\n");
    }
    for (_, text) in all.iter_mut().filter(|(path, _)| path.starts_with("etc/zones/")) {
        let words = text.split(' ').filter(|word| !word.starts_with("debugid="));
        *text = words.collect::<Vec<_>>().join(" ");
    }
    for text in all.values_mut().filter(|text| text.contains(" boot-time=")) {
        let words = text.split(' ').map(|word| if word.starts_with("boot-time=") { "boot-time" } else { word });
        *text = words.collect::<Vec<_>>().join(" ");
    }
    all
}

/// The zones that have entries in one of these directories.
fn zones_of(directories: &[&Path]) -> Vec<&'static str> {
    let files = directories.iter().flat_map(|dir| fs::read_dir(dir.join("etc/zmgr/zones")).unwrap());
    let names = files.map(|file| file.unwrap().file_name().to_str().unwrap().trim_end_matches(".kdl").to_owned());
    names.map(|name| &*name.leak()).collect()
}
