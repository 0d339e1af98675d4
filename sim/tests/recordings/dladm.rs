//! dladm: streams and status, and what its listings say afterwards of links and of the property concerned.

use serde_json::Value;
use zmgr_sim::FailedBoot;

use crate::Outcome;
use crate::bench::{Bench, list, strings};

const ENV: &[(&str, &str)] = &[("PATH", "/usr/bin:/bin"), ("HOME", "/"), ("LC_ALL", "C")];
const NOT_SIMULATED: &str = "not simulated";
/// Prefixes of random addresses.
const RANDOM: [&str; 2] = ["2:8:20:", "2\\:8\\:20\\:"];

/// Replays one case.
pub(crate) fn replay(case: &Value) -> Outcome {
    if !case["no_replay"].is_null() {
        return Outcome::NotComparable;
    }
    let bench = Bench::new(&case["dialect"]);
    for (argv, wanted) in list(&case["setup"]).iter().zip(list(&case["setup_exit"])) {
        let (code, words) = step(&bench, &strings(argv));
        if Some(code) != wanted.as_i64() {
            return match words.contains(NOT_SIMULATED) {
                true => Outcome::NotSimulated,
                false => Outcome::Differs(vec![format!("setup: {argv} ended with {code}, not {wanted}: {words}")]),
            };
        }
    }
    let done = bench.run(&strings(&case["argv"]), "", ENV);
    if done.err.contains(NOT_SIMULATED) {
        return Outcome::NotSimulated;
    }
    let mut differences = Vec::new();
    let mut compare = |what: &str, got: String, wanted: String| {
        if got != wanted {
            differences.push(format!("{what}: got {got:?}, wanted {wanted:?}"));
        }
    };
    compare("exit", done.code.to_string(), case["exit"].to_string());
    compare("stdout", normal(&done.out), normal(text(&case["stdout"])));
    compare("stderr", normal(&done.err), normal(text(&case["stderr"])));
    for (words, wanted) in case["after"].as_object().into_iter().flatten() {
        let done = bench.run(&words.split(' ').collect::<Vec<_>>(), "", ENV);
        let got = match done.code {
            0 => normal(&done.out),
            code => format!("exit {code}: {}{}", normal(&done.err), normal(&done.out)),
        };
        compare(words, got, normal(text(wanted)));
    }
    if differences.is_empty() { Outcome::Same } else { Outcome::Differs(differences) }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// One step of a setup: a command, or what begins with `@`.
fn step(bench: &Bench, argv: &[&str]) -> (i64, String) {
    match argv {
        ["@reboot"] => match bench.machine.reboot() {
            Ok(failed) => {
                (0, failed.into_iter().map(|FailedBoot { zone, stderr }| format!("{zone}: {stderr}")).collect())
            }
            Err(error) => (-1, error.to_string()),
        },
        ["@plumb", link] => run(bench, &["ipadm", "create-if", link]),
        ["@zone", zone, link] => {
            let edit = format!(
                "create -b; set zonepath=/zones/{zone}; set brand=ipkg; set ip-type=exclusive; \
                 add net; set physical={link}; end"
            );
            let steps: [&[&str]; 3] = [
                &["zonecfg", "-z", zone, &edit],
                &["zoneadm", "-z", zone, "install"],
                &["zoneadm", "-z", zone, "boot"],
            ];
            steps.iter().map(|argv| run(bench, argv)).find(|(code, _)| *code != 0).unwrap_or_default()
        }
        _ => run(bench, argv),
    }
}

fn run(bench: &Bench, argv: &[&str]) -> (i64, String) {
    let done = bench.run(argv, "", ENV);
    (done.code, done.err)
}

/// Makes alike what the recording host and this one need not share: random addresses and the room that they take, the range
/// that a card's driver gives for its MTU, the name of an unknown long option (the real program prints a NUL), and the state of
/// an etherstub, which older gates call unknown.
fn normal(text: &str) -> String {
    let mut result = String::new();
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let mut line = without_addresses(line);
        if line.starts_with("net0 ") && line.contains(" mtu ") {
            line = line.trim_end().rsplit_once(' ').map_or(line.clone(), |(head, _)| format!("{head} RANGE"));
        }
        if let Some((head, _)) =
            line.split_once("unrecognized option '-").filter(|(_, rest)| rest.starts_with(['\0', '-']))
        {
            line = format!("{head}unrecognized option '-LONG'");
        }
        if line.contains("etherstub ") {
            line = line.replace(" unknown  ", " up       ");
        }
        result.push_str(line.trim_end());
        result.push_str(end);
    }
    result
}

fn without_addresses(line: &str) -> String {
    let mut result = String::new();
    let mut rest = line;
    while let Some((at, prefix)) = RANDOM.iter().filter_map(|prefix| Some((rest.find(prefix)?, *prefix))).min() {
        let (head, tail) = rest.split_at(at);
        let length = tail[prefix.len()..]
            .find(|c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '\\'))
            .map_or(tail.len(), |end| prefix.len() + end);
        // In a parsable line the colon after the address belongs to what follows.
        let separators = if prefix.contains('\\') { "\\:" } else { ":" };
        let address: Vec<&str> = tail[..length].split(separators).collect();
        let last = address.get(5).map(|last| last.split(':').next().unwrap_or_default());
        let end = match last {
            Some(last) => address[..5].iter().map(|part| part.len() + separators.len()).sum::<usize>() + last.len(),
            None => length,
        };
        result.push_str(head);
        result.push_str("MAC");
        rest = &tail[end..];
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        if blanks > 0 {
            result.push(' ');
            rest = &rest[blanks..];
        }
    }
    result + rest
}
