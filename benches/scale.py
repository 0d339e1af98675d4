#!/usr/bin/env python3
"""Whole commands at the size that illumos ends at, 8,191 zones, and at 1,000: time, CPU and peak memory, and what grows.

benches/scale.py [ZMGR [SIZE...]]   (target/release/zmgr 1000 8191)

Two simulated machines are filled by `zmgr create` itself. Commands are then run in turns, five times on each; the medians count.
The host's own part is in the figures: the simulated zoneadm reads a document for each zone that it lists, as the real one does.

Commands on the whole tree run without an index, on a tree that is as the host is. The aim is at most 1.5 times the time of reading and
decoding all files once (`list --offline`) plus the host's own answers (`show NAME`, which asks the host for everything), and 100 MiB.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
POOL = 'pool "internal" {\n    network "10.0.0.0/16"\n    gateway "10.0.0.1"\n    stub "stub0"\n}\n'
ROUNDS = 5


class Figures:
    def __init__(self, seconds, cpu, kib):
        self.seconds, self.cpu, self.kib = seconds, cpu, kib


def run(words, allowed=(0,)):
    """Runs a command to its end, its output thrown away."""
    begun = time.monotonic()
    with open(os.devnull, "r+b") as null:
        process = subprocess.Popen(words, stdin=null, stdout=null, stderr=subprocess.PIPE)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode not in allowed:
        sys.exit(f"{' '.join(words[:6])} … ended with {process.returncode}: {error.decode()[-2000:]}")
    return Figures(time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def median(all_figures):
    return Figures(*(statistics.median(values) for values in zip(*((f.seconds, f.cpu, f.kib) for f in all_figures))))


class Machine:
    def __init__(self, zmgr, directory, size):
        self.words = [zmgr, "--simulate", directory]
        self.size = size
        self.tree = os.path.join(directory, "etc/zmgr")
        run([*self.words, "init"])
        with open(os.path.join(self.tree, "pools/internal.kdl"), "w", encoding="utf-8") as file:
            file.write(POOL)
        self.names = [f"z{n:04}" for n in range(size)]
        self.filled = run([*self.words, "-q", "create", "--no-boot", "-j", "2", *self.names])
        time.sleep(0.1)
        self.number = 0

    def zmgr(self, *words, allowed=(0,)):
        return run([*self.words, *words], allowed)

    def create_and_destroy(self):
        self.number += 1
        name = f"more{self.number}"
        return self.zmgr("-q", "create", name), self.zmgr("-q", "destroy", "--yes", name)

    def without_index(self, *words):
        """Runs a command that has to read every file."""
        index = os.path.join(self.tree, ".zmgr/index.v1")
        if os.path.exists(index):
            os.rename(index, f"{self.tree}-index")
        return self.zmgr(*words, allowed=(0, 19))

    def import_all(self):
        # Put aside, not removed: ext4 looks long for inodes while thousands of them were freed lately.
        for directory in ("zones", ".zmgr"):
            os.rename(os.path.join(self.tree, directory), f"{self.tree}-{directory}")
        os.mkdir(os.path.join(self.tree, "zones"))
        return self.zmgr("-q", "import")


COMMANDS = [
    ("list", ["list"]),
    ("list --json", ["--json", "list"]),
    ("show NAME", ["show", "z0500"]),
    ("pool show", ["pool", "show", "internal"]),
    ("create --dry-run", ["create", "more", "--dry-run"]),
    ("check", ["check"]),
    ("diff", ["diff"]),
]

WHOLE_TREE = [["check"], ["diff"], ["apply", "--dry-run"], ["import", "--dry-run"], ["recover"], ["pool", "check"]]


def whole_tree(machine):
    """Prints a row for each command on the whole tree."""
    commands = [["list", "--offline"], ["show", "z0500"], *WHOLE_TREE]
    figures = {" ".join(words): [] for words in commands}
    for _ in range(ROUNDS):
        for words in commands:
            figures[" ".join(words)].append(machine.without_index(*words))
    rows = {name: median(each) for name, each in figures.items()}
    decoding, host = rows["list --offline"], rows["show z0500"]
    most = 1.5 * decoding.seconds + host.seconds
    print(f"\n{machine.size:,} zones without an index: decoding all files takes {decoding.seconds:.3f} s, the host {host.seconds:.3f} s\n")
    print("| command | time | of the aim | CPU | peak memory |")
    print("|---|---|---|---|---|")
    for words in WHOLE_TREE:
        f = rows[" ".join(words)]
        print(f"| {' '.join(words)} | {f.seconds:.3f} s | {f.seconds / most:.2f} | {f.cpu:.3f} s | {f.kib / 1024:.0f} MiB |")


def main(zmgr="", *sizes):
    zmgr = zmgr or os.path.join(TOP, "target/release/zmgr")
    directory = os.path.join(TOP, "target", "tmp")
    os.makedirs(directory, exist_ok=True)
    scratch = tempfile.mkdtemp(dir=directory, prefix="scale-")
    try:
        sizes = [int(size) for size in sizes] or [1000, 8191]
        machines = [Machine(zmgr, os.path.join(scratch, str(size)), size) for size in sizes]
        found = {name: [[] for _ in machines] for name, _ in COMMANDS}
        found |= {"create of one": [[] for _ in machines], "destroy of one": [[] for _ in machines]}
        for _ in range(ROUNDS):
            for at, machine in enumerate(machines):
                for name, words in COMMANDS:
                    found[name][at].append(machine.zmgr(*words, allowed=(0, 19)))
                created, destroyed = machine.create_and_destroy()
                found["create of one"][at].append(created)
                found["destroy of one"][at].append(destroyed)
        rows = {name: [median(each) for each in figures] for name, figures in found.items()}
        print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
        whole_tree(machines[-1])
        rows["create of all, -j 2"] = [machine.filled for machine in machines]
        rows["import of all, no index"] = [machine.import_all() for machine in machines]
        rows["destroy of all, -j 2"] = [
            machine.zmgr("-q", "destroy", "--yes", "-j", "2", *machine.names) for machine in machines
        ]
        print()
        heads = [f"{size:,} zones: time | CPU | peak memory" for size in sizes]
        print("| command |", " | ".join(heads), "| CPU grows, where the zones grow", f"{sizes[-1] / sizes[0]:.1f} times |")
        print("|---|" + "---|" * (3 * len(sizes) + 1))
        for name, figures in rows.items():
            cells = [f"{f.seconds:.3f} s | {f.cpu:.3f} s | {f.kib / 1024:.0f} MiB" for f in figures]
            print(f"| {name} |", " | ".join(cells), f"| {figures[-1].cpu / max(figures[0].cpu, 0.001):.1f} times |")
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main(*sys.argv[1:])
