//! The host's commands: whether they are there, and whether zmgr can read what they print.

use super::{DiagnosisItem, DiagnosisKind, DiagnosisLevel};
use crate::error::{Code, Error, Result};
use crate::exec::beadm::{self, BootEnvironment};
use crate::exec::dladm::{self, HostLink};
use crate::exec::identify::{self, Kernel};
use crate::exec::zfs::{self, Environment};
use crate::exec::zoneadm::{self, HostZone};
use crate::exec::{Completed, End, Invocation, ipadm, kstat, pkg};
use crate::host::{Host, is_pkg_image};

/// Importance of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Every operation.
    All,
    /// Operations that the message names.
    Some(&'static str),
}

/// A program, and what needs it.
struct Program {
    name: &'static str,
    need: Need,
}

const PROGRAMS: [Program; 12] = [
    Program { name: "zoneadm", need: Need::All },
    Program { name: "zonecfg", need: Need::All },
    Program { name: "dladm", need: Need::All },
    Program { name: "zfs", need: Need::All },
    Program { name: "ipadm", need: Need::All },
    Program { name: "zlogin", need: Need::Some("exec, login, and network interfaces of clones and late links") },
    Program { name: "pkg", need: Need::Some("publishers and packages of zones") },
    Program { name: "svcs", need: Need::Some("the order in which zones boot") },
    Program { name: "beadm", need: Need::Some("the check of boot environments") },
    Program { name: "kstat", need: Need::Some("the record of changes that wait for a reboot") },
    Program { name: "zonename", need: Need::Some("the check that this is the global zone") },
    Program { name: "uname", need: Need::Some("the version of the kernel") },
];

/// Answers of the commands that other checks need.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) kernel: Option<Kernel>,
    pub(super) zone_name: Option<String>,
    pub(super) zones: Option<Vec<HostZone>>,
    pub(super) links: Option<Vec<HostLink>>,
    pub(super) environments: Option<Vec<Environment>>,
    pub(super) host_environments: Option<Vec<BootEnvironment>>,
    items: Vec<DiagnosisItem>,
}

impl Answers {
    /// Returns one item per command and query.
    pub(super) fn items(&self) -> Vec<DiagnosisItem> {
        self.items.clone()
    }
}

/// Keeps what a query answered. Returns how many things there were, or that it cannot be read.
type Keep = fn(&mut Answers, &Completed) -> Result<usize>;

/// The queries, as zmgr makes them everywhere.
fn queries(with_pkg: bool) -> Vec<(Invocation, Keep)> {
    fn keep<T>(place: &mut Option<Vec<T>>, found: Vec<T>) -> usize {
        place.insert(found).len()
    }
    let mut queries: Vec<(Invocation, Keep)> = vec![
        (zoneadm::list(), |answers, answer| Ok(keep(&mut answers.zones, zoneadm::parse_list(answer)?))),
        (dladm::show_link(None), |answers, answer| Ok(keep(&mut answers.links, dladm::parse_links(answer)?))),
        (dladm::show_vnic(None), |_, answer| Ok(dladm::parse_vnics(answer)?.len())),
        (dladm::show_properties(None), |_, answer| Ok(dladm::parse_properties(answer)?.len())),
        (zfs::list_environments(), |answers, answer| {
            Ok(keep(&mut answers.environments, zfs::parse_environments(answer)?))
        }),
        (zfs::list_mounts(), |_, answer| Ok(zfs::parse_mounts(answer)?.len())),
        (ipadm::show_addr(), |_, answer| Ok(ipadm::parse_addr(answer)?.len())),
        (beadm::list(), |answers, answer| Ok(keep(&mut answers.host_environments, beadm::parse_list(answer)?))),
        (kstat::boot_time(), |_, answer| kstat::parse_boot_time(answer)?.map(|_| 1).ok_or_else(|| unreadable(answer))),
        (identify::zone(), |answers, answer| {
            answers.zone_name = Some(answer.text()?.trim().to_owned());
            Ok(1)
        }),
        (identify::kernel(), |answers, answer| {
            answers.kernel = Some(identify::parse_kernel(answer)?.ok_or_else(|| unreadable(answer))?);
            Ok(1)
        }),
    ];
    if with_pkg {
        queries.push((pkg::publishers("/"), |_, answer| Ok(pkg::parse_publishers(answer)?.len())));
    }
    queries
}

fn unreadable(answer: &Completed) -> Error {
    Error::new(Code::CommandFailed, "it printed something else than expected").with_command(answer.failed())
}

/// Asks every query once, at the same time if the host can.
pub(super) fn ask(host: &Host) -> Result<Answers> {
    let mut answers = Answers::default();
    // Brands that are not images of pkg(7) do without it.
    let with_pkg = host.brands().is_ok_and(|brands| brands.iter().any(|brand| is_pkg_image(brand)));
    let mut there: Vec<&'static str> = Vec::new();
    let mut tried: Vec<(Invocation, Keep)> = queries(with_pkg);
    for program in PROGRAMS.iter().filter(|program| with_pkg || program.name != "pkg") {
        if !host.runner().has(program.name) {
            answers.items.push(missing(program));
            continue;
        }
        there.push(program.name);
        if !tried.iter().any(|(query, _)| query.program() == program.name) {
            answers.items.push(DiagnosisItem::ok(DiagnosisKind::CommandPresent, program.name, "present"));
        }
    }
    tried.retain(|(query, _)| there.contains(&query.program()));
    let asked: Vec<Invocation> = tried.iter().map(|(query, _)| query.clone()).collect();
    let completed = host.runner().run_all(&asked, &|| false);
    for ((query, keep), completed) in tried.iter().zip(completed) {
        let item = judge(query, *keep, completed, &mut answers)?;
        answers.items.push(item);
    }
    Ok(answers)
}

fn missing(program: &Program) -> DiagnosisItem {
    let kind = DiagnosisKind::CommandMissing;
    match program.need {
        Need::All => DiagnosisItem::error(kind, program.name, "the host does not have this command")
            .with_help("run zmgr on an illumos host, or try it on a simulated one with `--simulate DIR`"),
        Need::Some(what) => DiagnosisItem::warning(
            kind,
            program.name,
            format!("the host does not have this command; it is needed for {what}"),
        ),
    }
}

/// Says how a query went.
fn judge(query: &Invocation, keep: Keep, completed: Result<Completed>, answers: &mut Answers) -> Result<DiagnosisItem> {
    let level = match PROGRAMS.iter().find(|program| program.name == query.program()).map(|program| program.need) {
        Some(Need::All) => DiagnosisLevel::Error,
        _ => DiagnosisLevel::Warning,
    };
    let subject = query.to_string();
    let failed = |kind, message: String| Ok(DiagnosisItem::new(kind, level, &subject, message));
    let completed = match completed.and_then(Completed::answered) {
        Err(error) if error.code() == Code::Cancelled => return Err(error),
        Err(error) => return failed(DiagnosisKind::CommandFailed, error.message().to_owned()),
        Ok(completed) => completed,
    };
    // show-linkprop exits with 1 if one property of one link cannot be read, and prints the others.
    let is_partial = query.arguments().iter().any(|word| word == "show-linkprop")
        && completed.end == End::Exited(1)
        && completed.text().is_ok_and(|text| !text.is_empty());
    if !completed.success() && !is_partial {
        return failed(DiagnosisKind::CommandFailed, completed.error().message().to_owned());
    }
    match keep(answers, &completed) {
        Ok(found) => Ok(DiagnosisItem::ok(DiagnosisKind::CommandWorks, &subject, entries(found))),
        Err(error) => failed(DiagnosisKind::CommandUnreadable, error.message().to_owned()),
    }
}

fn entries(found: usize) -> String {
    format!("output as expected, {found} {}", if found == 1 { "entry" } else { "entries" })
}
