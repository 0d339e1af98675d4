"""packaging/host-check-vm: the conversation on the console, and a whole run with a guest that is played."""

import argparse
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SCRIPT = TOP / "packaging/host-check-vm"
FAKE = Path(__file__).with_name("fake_qemu.py")
# A boot sector that prints a login prompt on COM1 and refuses every line: its code, and the two texts.
BOOT_SECTOR = bytes.fromhex(
    "fa31c08ed88ed0bc007cbe407ce81800bafd03eca80174fbbaf803ec3c0a75f0be587ce80200ebe8"
    "ac84c0741288c4bafd03eca82074fbbaf80388e0eeebe9c3"
) + b"\r\ndummy console login: \0\r\nLogin incorrect\r\n\0"
pytestmark = pytest.mark.timeout(300)


def load():
    loader = importlib.machinery.SourceFileLoader("host_check_vm", str(SCRIPT))
    sys.dont_write_bytecode = True
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("host_check_vm", loader))
    # Classes with annotations look their module up.
    sys.modules["host_check_vm"] = module
    loader.exec_module(module)
    return module


vm = load()


class Wire:
    """A console whose guest is the test."""

    def __init__(self) -> None:
        self.out_read, self.out_write = os.pipe()
        self.in_read, self.in_write = os.pipe()
        self.console = vm.Console(self.out_read, self.in_write)

    def guest(self, text: str) -> None:
        os.write(self.out_write, text.encode())

    def typed(self) -> list[str]:
        return os.read(self.in_read, 65536).decode().splitlines()


@pytest.fixture
def wire():
    return Wire()


def test_the_earliest_of_several_patterns_is_taken_and_the_rest_kept(wire):
    wire.guest("one two three")
    number, match = wire.console.expect(["three", "two"], 5, "a number")
    assert (number, match[0]) == (1, "two")
    assert wire.console.expect(["three"], 5, "a number")[0] == 0


def test_a_text_in_pieces_is_found(wire):
    wire.guest("guest console lo")
    assert wire.console.receive(5)
    wire.guest("gin: ")
    wire.console.expect([r"login: ?$"], 5, "the login prompt")


def test_a_time_out_tells_what_was_waited_for_and_what_came_last(wire):
    wire.guest("NOTICE: no root pool\r\n")
    started = time.monotonic()
    with pytest.raises(vm.VmError, match=r"waiting for the login prompt: nothing came for 0 s; last on the console: NOTICE: no root pool"):
        wire.console.expect(["login:"], 0.05, "the login prompt")
    assert time.monotonic() - started < 5


def test_a_machine_that_stops_is_not_waited_for(wire):
    wire.guest("panic\r\n")
    os.close(wire.out_write)
    with pytest.raises(vm.VmError, match="the machine has stopped; last on the console: panic"):
        wire.console.expect(["login:"], 600, "the login prompt")


def test_a_line_that_a_terminal_would_cut_is_not_sent(wire):
    for line in ("x" * 250, "a\nb"):
        with pytest.raises(ValueError, match="cannot take"):
            wire.console.send(line)


@pytest.mark.parametrize("status", [0, 1, 130])
def test_the_exit_status_comes_through_a_mark_even_if_the_terminal_echoes(wire, monkeypatch, status):
    monkeypatch.setattr(vm.secrets, "token_hex", lambda _: "0123456789abcdef")
    wire.guest('false\r\necho "01234567""89abcdef:$?"\r\nsome output\r\n')
    wire.guest(f"0123456789abcdef:{status}\r\nnext")
    got, output = wire.console.run("false", 5)
    assert (got, "some output\n" in output) == (status, True)
    assert wire.typed() == ["false", 'echo "01234567""89abcdef:$?"']
    assert wire.console.text == "next"


def test_bytes_that_are_not_text_do_no_harm(wire):
    os.write(wire.out_write, b"\xff\xfe login: ")
    wire.console.expect(["login: "], 5, "the login prompt")


def options(tmp_path, *more: str):
    image = tmp_path / "image"
    image.write_bytes(b"the system")
    source = tmp_path / "source"
    if not source.exists():
        shutil.copytree(TOP / "packaging", source / "packaging")
    return [
        str(image), "--qemu", str(FAKE), "--source", str(source), "--out", str(tmp_path / "out.jsonl"),
        "--boot-timeout", "60", "--answer-timeout", "60", "--timeout", "200", "--quiet", *more,
    ]  # fmt: skip


def test_a_guest_is_certified_from_boot_to_power_off(tmp_path, new_host, capsys):
    host = new_host()
    command = f"packaging/host-check --host-root {host.root} --zmgr {host.zmgr} --change --out host-check.jsonl"
    assert vm.main(options(tmp_path, "--command", command)) == 0, capsys.readouterr()
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert records[0]["failed"] == "0"
    assert any(record["kind"] == "change" for record in records)
    assert (tmp_path / "image").read_bytes() == b"the system"


def test_checks_that_fail_in_the_guest_are_the_exit_status_and_the_recordings_come_out(tmp_path, new_host):
    host = new_host()
    host.sim("fault", "zfs", "mount", "--exit", "1")
    command = f"packaging/host-check --host-root {host.root} --zmgr {host.zmgr} --out host-check.jsonl"
    assert vm.main(options(tmp_path, "--command", command)) == 1
    assert '"result": "FAIL"' in (tmp_path / "out.jsonl").read_text()


def test_a_built_program_goes_along(tmp_path):
    built = tmp_path / "zmgr"
    built.write_text("#!/bin/sh\necho built\n")
    command = "./built-zmgr >host-check.jsonl"
    assert vm.main(options(tmp_path, "--binary", str(built), "--command", command)) == 0
    assert (tmp_path / "out.jsonl").read_text() == "built\n"


def test_without_a_command_the_guest_runs_certify_with_the_program_that_was_built(tmp_path):
    built = tmp_path / "zmgr"
    built.touch()
    assert vm.parse(options(tmp_path)).command == "packaging/illumos/certify host-check.jsonl"
    assert vm.parse(options(tmp_path, "--binary", str(built))).command == "ZMGR=$PWD/built-zmgr packaging/illumos/certify host-check.jsonl"


def test_a_password_is_given_when_it_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FAKE_PASSWORD", "secret")
    command = "echo done >host-check.jsonl"
    assert vm.main(options(tmp_path, "--password", "secret", "--command", command)) == 0
    assert vm.main(options(tmp_path, "--password", "wrong", "--command", command)) == 2
    assert "refuses user 'root'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("trouble", "times", "message"),
    [
        ("silent", ["--boot-timeout", "1"], "waiting for the login prompt: nothing came for 1 s; last on the console: "),
        ("hang", ["--timeout", "1"], "nothing came for 1 s"),
        ("die", [], "the machine has stopped"),
        ("nodisk", [], "the guest does not see the disk with the source tree"),
    ],
)
def test_a_guest_in_trouble_ends_with_2_and_leaves_no_process(tmp_path, monkeypatch, capsys, trouble, times, message):
    monkeypatch.setenv("FAKE_GUEST", trouble)
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(vm.subprocess, "Popen", lambda *args, **kwargs: started.append(popen(*args, **kwargs)) or started[-1])
    assert vm.main(options(tmp_path, *times, "--command", "true")) == 2
    assert message in capsys.readouterr().err
    assert started and all(process.returncode is not None for process in started)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_guest_without_recordings_is_not_certified(tmp_path, capsys):
    assert vm.main(options(tmp_path, "--command", "true")) == 2
    assert "exited with 0 and wrote no recordings" in capsys.readouterr().err


def test_a_missing_qemu_is_reported(tmp_path, capsys):
    assert vm.main([*options(tmp_path), "--qemu", str(tmp_path / "nothing")]) == 2
    assert "could not be started" in capsys.readouterr().err


def test_all_lines_for_the_guest_fit_its_terminal(tmp_path):
    sent = []

    class Recorder:
        def log_in(self, *_):
            pass

        def run(self, command, _seconds):
            sent.append(command)
            return 0, ""

    parsed = vm.parse(options(tmp_path))
    assert vm.certify(Recorder(), f"zmgr-host-check-{'0' * 12}", parsed) == 0
    assert len(sent) == 3 and all(len(line) < vm.LINE for line in sent)


def test_the_archive_begins_with_its_mark_and_has_the_tree_without_what_was_built(tmp_path):
    parsed = argparse.Namespace(source=TOP, command="true", binary=None)
    vm.pack(tmp_path / "in.tar", "zmgr-host-check-00", parsed)
    assert (tmp_path / "in.tar").read_bytes()[:512].startswith(b"zmgr-host-check-00/run\0")
    with tarfile.open(tmp_path / "in.tar") as tar:
        names = tar.getnames()
        assert tar.getmember("zmgr-host-check-00/zmgr/packaging/host-check").mode & 0o111
    assert "zmgr-host-check-00/zmgr/Cargo.lock" in names
    assert not any("/target/" in name for name in names)
    # QEMU and the raw devices of illumos read whole sectors.
    assert (tmp_path / "in.tar").stat().st_size % 512 == 0


@pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="QEMU is not installed")
def test_a_real_qemu_gets_as_far_as_the_prompt_of_a_dummy_image(tmp_path, capsys):
    image = tmp_path / "image"
    image.write_bytes((BOOT_SECTOR.ljust(510, b"\0") + b"\x55\xaa").ljust(1 << 20, b"\0"))
    source = tmp_path / "source"
    source.mkdir()
    argv = [str(image), "--source", str(source), "--disk", "ide", "--memory", "64", "--cpus", "1"]
    assert vm.main([*argv, "--boot-timeout", "200", "--answer-timeout", "60"]) == 2
    output = capsys.readouterr()
    assert "dummy console login: " in output.out
    assert "the guest refuses user 'root'" in output.err
