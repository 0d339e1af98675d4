use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use super::*;
use crate::exec::run_quietly;

const FAST: Grace = Grace {
    interrupt: Duration::from_millis(300),
    terminate: Duration::from_millis(300),
    kill: Duration::from_secs(5),
};

/// Returns a root whose `zoneadm` is this script.
fn host(script: &str) -> (tempfile::TempDir, SystemRunner) {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("usr/sbin");
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("zoneadm");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let runner = SystemRunner::new(root.path()).with_grace(FAST);
    (root, runner)
}

fn quiet(_: &Tick<'_>) -> Control {
    Control::Continue
}

#[test]
fn gives_arguments_environment_and_both_streams() {
    let (_root, runner) =
        host("printf '%s|' \"$@\"; env | sort | grep -v -e ^_= -e ^PWD= -e ^SHLVL= >&2; cat; pwd; exit 3");
    let invocation = Invocation::new("zoneadm").args(["-z", "a b", "$(id)", ""]);
    let completed = runner.run(&invocation, &mut quiet).unwrap();
    assert_eq!(completed.end, End::Exited(3));
    assert_eq!(completed.text().unwrap(), "-z|a b|$(id)||/\n");
    assert_eq!(completed.stderr.bytes(), b"HOME=/root\nLC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin\n");
    let error = completed.check().unwrap_err();
    assert_eq!(error.code(), Code::CommandFailed);
    assert!(error.message().starts_with("zoneadm -z 'a b' '$(id)' '' failed with exit status 3"), "{error}");
}

#[test]
fn questions_are_asked_at_the_same_time() {
    // Each command waits for the other: running them one after the other would block forever.
    let (root, runner) = host("touch \"$1\"; while [ ! -e \"$2\" ]; do sleep 0.01; done; echo \"${1##*/}\"");
    let (a, b) = (root.path().join("a"), root.path().join("b"));
    let question = |own: &Path, other: &Path| {
        Invocation::new("zoneadm").arg(own).arg(other).with_limit(Some(Duration::from_secs(60)))
    };
    let answers = runner.run_all(&[question(&a, &b), question(&b, &a), Invocation::new("dladm")], &|| false);
    let texts: Vec<Option<String>> =
        answers.into_iter().map(|answer| Some(answer.ok()?.text().unwrap().into_owned())).collect();
    assert_eq!(texts, [Some("a\n".to_owned()), Some("b\n".to_owned()), None]);
}

#[test]
fn a_missing_program_is_an_unsupported_host() {
    let (_root, runner) = host("");
    let error = run_quietly(&runner, &Invocation::new("dladm")).unwrap_err();
    assert_eq!(error.code(), Code::UnsupportedHost);
    assert!(error.message().contains("usr/sbin"), "{error}");
}

#[test]
fn drains_more_than_a_pipe_holds() {
    let (_root, runner) = host("head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero >&2");
    let completed = runner.run(&Invocation::new("zoneadm"), &mut quiet).unwrap();
    assert_eq!(completed.text().unwrap().len(), 3_000_000);
    assert_eq!(completed.stderr.bytes().len(), 3_000_000);
}

#[test]
fn a_descendant_that_holds_the_pipes_is_not_waited_for() {
    let (_root, runner) = host("sleep 30 & echo done");
    let completed = runner.run(&Invocation::new("zoneadm"), &mut quiet).unwrap();
    assert_eq!(completed.text().unwrap(), "done\n");
    assert!(completed.elapsed < Duration::from_secs(10));
}

#[test]
fn cancelling_interrupts_the_group_then_kills_it() {
    // A shell that began with INT ignored, as in a background job, cannot trap it: there TERM is needed.
    let ignored = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let heard = ignored.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).is_none_or(|set| set & 2 == 0);
    let (_root, runner) =
        host("trap 'echo INT; exit 7' INT; trap 'echo TERM; exit 7' TERM; echo ready; while :; do sleep 0.02; done");
    let cancel = &mut |tick: &Tick<'_>| match tick.last_line {
        "ready" => Control::Cancel,
        _ => Control::Continue,
    };
    let completed = runner.run(&Invocation::new("zoneadm"), cancel).unwrap();
    assert_eq!((completed.stopped, completed.end), (Some(Stopped::Cancelled), End::Exited(7)));
    assert_eq!(completed.text().unwrap(), if heard { "ready\nINT\n" } else { "ready\nTERM\n" });
    assert_eq!(completed.check().unwrap_err().code(), Code::Cancelled);

    let (_root, runner) = host("trap '' INT TERM; echo ready; while :; do sleep 0.02; done");
    let completed = runner.run(&Invocation::new("zoneadm"), cancel).unwrap();
    assert_eq!(completed.end, End::Signalled(9));
    assert!(completed.elapsed >= FAST.interrupt + FAST.terminate);

    let kill = &mut |tick: &Tick<'_>| match tick.last_line {
        "ready" => Control::Kill,
        _ => Control::Continue,
    };
    let completed = runner.run(&Invocation::new("zoneadm"), kill).unwrap();
    assert_eq!(completed.end, End::Signalled(9));
}

#[test]
fn nothing_starts_once_cancelled() {
    let (root, runner) = host("touch \"$1\"");
    let flag = root.path().join("ran");
    let error = runner.run(&Invocation::new("zoneadm").arg(&flag), &mut |_| Control::Cancel).unwrap_err();
    assert_eq!(error.code(), Code::Cancelled);
    assert!(!flag.exists());
}

#[test]
fn a_time_limit_stops_it() {
    let (_root, runner) = host("exec sleep 30");
    let invocation = Invocation::new("zoneadm").arg("boot").with_limit(Some(Duration::from_millis(200)));
    let completed = runner.run(&invocation, &mut quiet).unwrap();
    assert!(completed.elapsed < Duration::from_secs(10));
    let error = completed.check().unwrap_err();
    assert_eq!(error.code(), Code::TimedOut);
    assert!(error.message().starts_with("zoneadm boot took longer than 200 ms"), "{error}");
}

#[test]
fn a_log_takes_both_streams_and_is_followed() {
    let (root, runner) = host("echo one; echo two >&2; sleep 0.2; echo three; exit 1");
    let path = root.path().join("web01.log");
    fs::write(&path, "before\n").unwrap();
    let mut lines = Vec::new();
    let completed = runner
        .run(&Invocation::new("zoneadm").with_output(Output::Log(path.clone())), &mut |tick| {
            lines.push(tick.last_line.to_owned());
            Control::Continue
        })
        .unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "before\none\ntwo\nthree\n");
    assert!(lines.contains(&"two".to_owned()), "{lines:?}");
    let error = completed.check().unwrap_err();
    assert!(error.message().ends_with("exit status 1: three"), "{error}");
    assert_eq!(error.command().unwrap().log.as_deref(), Some(path.as_path()));
    fs::remove_file(&path).unwrap();
    runner.run(&Invocation::new("zoneadm").with_output(Output::Log(path.clone())), &mut quiet).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_stream_is_passed_on_whole() {
    let (_root, runner) = host("head -c 300000 /dev/zero; echo end >&2");
    let (mut stdout, mut stderr) = (0, Vec::new());
    let invocation = Invocation::new("zoneadm").with_output(Output::Stream);
    runner
        .run(&invocation, &mut |tick| {
            stdout += tick.stdout.len();
            stderr.extend_from_slice(tick.stderr);
            Control::Continue
        })
        .unwrap();
    assert_eq!((stdout, stderr.as_slice()), (300_000, b"end\n".as_slice()));
}

#[test]
fn a_held_lock_outlives_the_holder() {
    // A shell gives /dev/null to background commands; descriptor 3 is like one that a hook would inherit.
    let (root, runner) = host("exec 3<&0; sleep 0.5 <&3 >/dev/null 2>&1 & echo started");
    let path = root.path().join("web01.child");
    let invocation = Invocation::new("zoneadm").with_stdin(Stdin::Held(Arc::from(path.as_path())));
    runner.run(&invocation, &mut quiet).unwrap();
    let other = File::open(&path).unwrap();
    assert!(other.try_lock().is_err());
    other.lock().unwrap();
}
