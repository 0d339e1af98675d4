"""Progress, cancel, signals, threads, leaks."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import zmgr


def test_progress_is_heard_on_the_calling_thread(zmgr_manager: zmgr.Manager) -> None:
    heard: list[zmgr.Event] = []
    threads: set[int] = set()

    def hear(event: zmgr.Event) -> None:
        heard.append(event)
        threads.add(threading.get_ident())

    zmgr_manager.create_all(["a", "b", "c"], jobs=3, progress=hear)
    assert threads == {threading.get_ident()}
    assert {e.zone for e in heard} == {"a", "b", "c"}
    assert sum(e.kind is zmgr.EventKind.FINISHED for e in heard) == 3
    steps = [e for e in heard if e.zone == "a" and e.kind is zmgr.EventKind.STEP_STARTED]
    assert [e.position for e in steps] == sorted(e.position for e in steps)
    assert all(1 <= e.position <= e.steps for e in steps)


@pytest.mark.parametrize("step", ["vnic:internal", "configure", "install", "autoboot"])
def test_false_stops_it_and_nothing_stays(zmgr_manager: zmgr.Manager, step: str) -> None:
    asked: list[zmgr.EventKind] = []

    def hear(event: zmgr.Event) -> bool:
        if event.step == step:
            asked.append(event.kind)
        return event.step != step

    with pytest.raises(zmgr.CancelledError):
        zmgr_manager.create("web01", progress=hear)
    # Refused before it began, it has run nothing.
    assert asked[0] is zmgr.EventKind.STEP_STARTED
    assert zmgr.EventKind.STEP_DONE not in asked
    assert zmgr_manager.zones() == []


@pytest.mark.parametrize("kind", [zmgr.EventKind.STARTED, zmgr.EventKind.COMMAND, zmgr.EventKind.STEP_DONE])
def test_an_exception_in_the_callback_is_what_one_gets(zmgr_manager: zmgr.Manager, kind: zmgr.EventKind) -> None:
    class Mine(Exception):
        pass

    def hear(event: zmgr.Event) -> None:
        if event.kind is kind and event.step in ("", "autoboot"):
            raise Mine

    with pytest.raises(Mine):
        zmgr_manager.create("web01", progress=hear)
    assert zmgr_manager.zones() == []


def test_a_token_stops_it_from_another_thread(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_host.fault("zoneadm", "install", delay=30, times=1)
    token = zmgr.Cancel()
    timer = threading.Timer(0.3, token.cancel)
    timer.start()
    start = time.monotonic()
    with pytest.raises(zmgr.CancelledError):
        zmgr_manager.create("web01", cancel=token)
    timer.join()
    assert token.cancelled
    assert time.monotonic() - start < 15
    assert zmgr_manager.zones() == []


def test_ctrl_c_reaches_a_slow_install(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    # An interpreter that began with INT ignored, as in a background job, has not made it a KeyboardInterrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    zmgr_host.fault("zoneadm", "install", delay=30, times=1)
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        zmgr_manager.create("web01")
    timer.join()
    assert time.monotonic() - start < 15
    assert zmgr_manager.zones() == []


@pytest.mark.parametrize("question", ["zones", "zone", "plan_create", "plan_destroy", "diff", "check", "pool_usage", "create"])
def test_ctrl_c_ends_a_question_that_the_host_does_not_answer(
    zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager, question: str
) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    zmgr_manager.create("web01", boot=False)
    for survey in Path(zmgr_manager.root).glob(".zmgr/survey*"):
        survey.unlink()
    zmgr_host.fault("zoneadm", "list", delay=60)
    words = {"zone": ["web01"], "plan_create": [["web02"]], "plan_destroy": [["web01"]], "pool_usage": ["internal"]}
    ask = getattr(zmgr_manager, question)
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask(*words.get(question, ["web02"] if question == "create" else []))
    timer.join()
    assert time.monotonic() - start < 15
    zmgr_host.clear_faults()
    assert [zone.name for zone in zmgr_manager.zones()] == ["web01"]


def test_a_token_ends_a_question(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_host.fault("zoneadm", "list", delay=60)
    token = zmgr.Cancel()
    timer = threading.Timer(0.2, token.cancel)
    timer.start()
    start = time.monotonic()
    with pytest.raises(zmgr.CancelledError):
        zmgr_manager.with_cancel(token).zones()
    timer.join()
    assert time.monotonic() - start < 15
    zmgr_host.clear_faults()
    assert zmgr_manager.zones() == []


def test_the_interpreter_goes_on_meanwhile(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_host.fault("zoneadm", "install", delay=0.5, times=1)

    async def main() -> int:
        ticks = 0
        work = asyncio.ensure_future(asyncio.to_thread(zmgr_manager.create, "web01"))
        while not work.done():
            await asyncio.sleep(0.02)
            ticks += 1
        assert (await work).name == "web01"
        return ticks

    assert asyncio.run(main()) >= 10


def test_threads_share_a_manager(zmgr_manager: zmgr.Manager) -> None:
    zones: list[zmgr.Zone] = []

    def work(n: int) -> None:
        zones.append(zmgr_manager.create(f"t{n}"))
        zmgr_manager.zones()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({z.nets[0].address for z in zones}) == 8


def test_nothing_leaks(zmgr_manager: zmgr.Manager) -> None:
    def once() -> None:
        zmgr_manager.create("web01")
        zmgr_manager.zones()[0].nets  # noqa: B018
        zmgr_manager.destroy("web01")
        with pytest.raises(zmgr.NotFoundError):
            zmgr_manager.zone("web01")

    def held() -> tuple[int, int]:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGE_SIZE")

    for _ in range(10):
        once()
    fds, memory = held()
    for _ in range(40):
        once()
    fds_after, memory_after = held()
    assert fds_after == fds
    assert memory_after - memory < 8 << 20


def test_killed_and_recovered(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    """A process that dies at install leaves an entry that says so, and keeps its address."""
    zmgr_host.fault("zoneadm", "install", abort="before", times=1)
    script = textwrap.dedent(
        """
        import sys, zmgr
        zmgr.Manager(simulate=sys.argv[1]).create("web01")
        """
    )
    died = subprocess.run([sys.executable, "-c", script, zmgr_host.directory], check=False)
    assert died.returncode == -signal.SIGKILL
    assert zmgr_manager.zone("web01").state is zmgr.ZoneState.CREATING
    assert str(zmgr_manager.create("web02").nets[0].address) == "10.1.0.11/24"
    (outcome,) = zmgr_manager.recover()
    assert outcome.name == "web01" and outcome.error is None
    assert [z.name for z in zmgr_manager.zones()] == ["web02"]


def held(manager: zmgr.Manager) -> int:
    """Takes the lock of the registry, as another process that changes it would."""
    manager.allocate("internal", "first")
    lock = os.open(manager.root / ".zmgr/locks/registry", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def test_ctrl_c_ends_the_waiting_for_a_lock(zmgr_manager: zmgr.Manager) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    zmgr_manager.init()
    lock = held(zmgr_manager)
    for wait in (
        lambda: zmgr_manager.allocate("internal", "printer"),
        lambda: zmgr_manager.allocate_all("internal", ["a", "b"]),
        lambda: zmgr_manager.release("internal", "first"),
    ):
        timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
        timer.start()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            wait()
        timer.join()
        assert time.monotonic() - start < 10
    os.close(lock)
    assert [h.name for h in zmgr_manager.pool_usage("internal").holders if h.kind == "reservation"] == ["first"]


def test_a_token_ends_the_waiting_for_a_lock(zmgr_manager: zmgr.Manager) -> None:
    zmgr_manager.init()
    lock = held(zmgr_manager)
    token = zmgr.Cancel()
    timer = threading.Timer(0.2, token.cancel)
    timer.start()
    with pytest.raises(zmgr.CancelledError):
        zmgr_manager.allocate("internal", "printer", cancel=token)
    timer.join()
    os.close(lock)
    with pytest.raises(zmgr.CancelledError):
        zmgr_manager.set("missing", {"attr.a": "b"}, cancel=token)


def test_a_cancelled_thread_of_asyncio(zmgr_host: zmgr.SimHost, zmgr_manager: zmgr.Manager) -> None:
    zmgr_host.fault("zoneadm", "install", delay=30, times=1)

    async def main() -> None:
        token = zmgr.Cancel()
        installing = threading.Event()

        def progress(event: zmgr.Event) -> bool:
            if event.step == "install":
                installing.set()
            return True

        create = asyncio.to_thread(zmgr_manager.create, "web01", cancel=token, progress=progress)
        work = asyncio.ensure_future(create)
        assert await asyncio.to_thread(installing.wait, 60)
        token.cancel()
        with pytest.raises(zmgr.CancelledError):
            await asyncio.wait_for(work, 15)

    asyncio.run(main())
    assert zmgr_manager.zones() == []
