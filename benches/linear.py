#!/usr/bin/env python3
"""Large files and large trees: is anything more than linear?

benches/linear.py [ZMGR [WORD...]]   (target/release/zmgr; words select rows)

Each file is close to the limit of 1 MiB. `zmgr check` is compared with `zmgr check` of a plain file of the same size: a zone with as
many `x-` nodes as fit. Each tree is checked at a tenth of its size and at its whole size. The figures are CPU time, less than that of an empty tree.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT = (1 << 20) - 4096
TURNS = 3
ENTRY = 'zone "z" {\n    brand "pkgsrc"\n'


def lines(head, line, tail="}\n", most=10**9):
    """A text of as many lines as fit."""
    parts, size, n = [head], len(head) + len(tail), 0
    while n < most:
        one = line(n)
        size += len(one)
        if size > LIMIT:
            break
        parts.append(one)
        n += 1
    return "".join(parts) + tail


def words(head, word, tail):
    return lines(head, word, tail)


def v4(n, base=10):
    return f"{base}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def zone(line, **more):
    return {"zones/z.kdl": lines(ENTRY, line, **more)}


def pool(line, head=""):
    return {"pools/p.kdl": lines('pool "p" {\n    network "10.0.0.0/8" {\n' + head, line, "    }\n}\n")}


FILES = {
    "attr": lambda: zone(lambda n: f'    attr "a{n}" "v"\n'),
    "the same attr": lambda: zone(lambda n: '    attr "a" "v"\n'),
    "properties of one node": lambda: {"zones/z.kdl": words(ENTRY + "    x-note", lambda n: f" p{n}=1", "\n}\n")},
    "properties of one attr": lambda: {"zones/z.kdl": words(ENTRY + '    attr "a" "v"', lambda n: f" p{n}=1", "\n}\n")},
    "unknown nodes": lambda: zone(lambda n: f"    n{n}\n"),
    "unknown nodes at the top": lambda: {"zones/z.kdl": lines("", lambda n: f"n{n}\n", "")},
    "arguments": lambda: {"zones/z.kdl": words(ENTRY + "    x-note", lambda n: " 1", "\n}\n")},
    "tags of one node": lambda: {"zones/z.kdl": words(ENTRY + "    tag", lambda n: f' "t{n}"', "\n}\n")},
    "tags of many nodes": lambda: zone(lambda n: f'    tag "t{n}"\n'),
    "after": lambda: {"zones/z.kdl": words(ENTRY + "    after", lambda n: f' "z{n}"', "\n}\n")},
    "resolver": lambda: zone(lambda n: f'    resolver "{v4(n)}"\n'),
    "fs": lambda: zone(lambda n: f'    fs "/d{n}" special="/s" type="lofs"\n'),
    "dataset": lambda: zone(lambda n: f'    dataset "rpool/d{n}"\n'),
    "device": lambda: zone(lambda n: f'    device "/dev/d{n}"\n'),
    "rctl": lambda: zone(lambda n: f'    rctl "zone.max-r{n}" {{ value limit=1 action="deny"; }}\n'),
    "values of one rctl": lambda: {
        "zones/z.kdl": lines(
            ENTRY + '    rctl "zone.max-lwps" {\n', lambda n: f'        value limit={n} action="deny"\n', "    }\n}\n"
        )
    },
    "admin": lambda: zone(lambda n: f'    admin "u{n}" "login"\n'),
    "fs-allowed": lambda: zone(lambda n: f'    fs-allowed "f{n}"\n'),
    "zonecfg": lambda: zone(lambda n: f'    zonecfg "add attr; set name=a{n}; set type=string; set value=x; end"\n'),
    "without": lambda: zone(lambda n: f'    without "attr" "a{n}"\n'),
    "nets": lambda: zone(lambda n: f'    net "n{n}" {{ physical "net{n}"; }}\n'),
    "nets of a pool": lambda: {
        **zone(lambda n: f'    net "n{n}" {{ pool "p"; address "{v4(n)}/8"; vnic "v{n}"; }}\n'),
        "pools/p.kdl": 'pool "p" {\n    network "10.0.0.0/8"\n    stub "stub0"\n}\n',
    },
    "addresses of one net": lambda: {
        "zones/z.kdl": lines(
            ENTRY + '    net "n" {\n        physical "net0"\n', lambda n: f'        address "{v4(n)}/8"\n', "    }\n}\n"
        )
    },
    "link-property": lambda: {
        "zones/z.kdl": lines(
            ENTRY + '    net "n" {\n        pool "internal"\n', lambda n: f'        link-property "p{n}" "1"\n', "    }\n}\n"
        )
    },
    "package": lambda: {
        "zones/z.kdl": lines(ENTRY + "    install {\n", lambda n: f'        package "web/p{n}"\n', "    }\n}\n")
    },
    "publisher": lambda: {
        "zones/z.kdl": lines(ENTRY + "    install {\n", lambda n: f'        publisher "p{n}"\n', "    }\n}\n")
    },
    "hosts": lambda: {
        "zones/z.kdl": lines(ENTRY + "    setup {\n", lambda n: f'        hosts "10.0.0.1 h{n}"\n', "    }\n}\n")
    },
    "ssh-key": lambda: {
        "zones/z.kdl": lines(ENTRY + "    setup {\n", lambda n: f'        ssh-key "/k{n}"\n', "    }\n}\n")
    },
    "foreign": lambda: {
        "zones/z.kdl": lines(ENTRY + "    foreign {\n", lambda n: f'        line "<attr name=\\"a{n}\\"/>"\n', "    }\n}\n")
    },
    "deep blocks": lambda: zone(lambda n: "    x-a { x-b { x-c { x-d 1; }; }; }\n"),
    "comments": lambda: zone(lambda n: "    // a line\n"),
    "dropped nodes": lambda: zone(lambda n: "    /- x-a 1\n"),
    "open comments": lambda: {"zones/z.kdl": words(ENTRY, lambda n: "/*", "\n}\n")},
    "unclosed blocks": lambda: {"zones/z.kdl": words(ENTRY, lambda n: "a {\n", "")},
    "type annotations": lambda: zone(lambda n: f"    (t)n{n} 1\n"),
    "bad strings": lambda: zone(lambda n: '    x-a "\\q"\n'),
    "raw strings": lambda: zone(lambda n: '    x-a r"a"\n'),
    "multi-line strings": lambda: zone(lambda n: '    x-a """\n    a\n    """\n'),
    "one long string": lambda: {"zones/z.kdl": words(ENTRY + '    x-a "', lambda n: "abcdefgh", '"\n}\n')},
    "quotes": lambda: {"zones/z.kdl": words(ENTRY + "    x-a ", lambda n: '"', "\n}\n")},
    "continued lines": lambda: zone(lambda n: "    x-a \\\n    1\n"),
    "template attrs": lambda: {"templates/t.kdl": lines('template "t" {\n', lambda n: f'    attr "a{n}" "v"\n')},
    "networks": lambda: {
        "pools/p.kdl": lines('pool "p" {\n', lambda n: f'    network "10.{n >> 8 & 255}.{n & 255}.0/24"\n', most=60000)
    },
    "reserve": lambda: pool(lambda n: f'        reserve "{v4(n + 16)}" for="z{n}"\n'),
    "reserve, with entries": lambda: {
        **pool(lambda n: f'        reserve "{v4(n + 16)}" for="z{n}"\n'),
        **{
            f"zones/e{n}.kdl": f'zone "e{n}" {{\n    brand "pkgsrc"\n    net "n" {{ pool "p"; address "{v4(n + 99999)}/8"; }}\n}}\n'
            for n in range(200)
        },
    },
    "exclude": lambda: pool(lambda n: f'        exclude "{v4(2 * n + 16)}"\n'),
    "range": lambda: pool(lambda n: f'        range "{v4(4 * n + 16)}" "{v4(4 * n + 17)}"\n'),
    "origins": lambda: {"publishers/p.kdl": lines('publisher "p" {\n', lambda n: f'    origin "https://h{n}.example/"\n')},
    "addresses of a reservation": lambda: {
        "reservations/r.kdl": lines('reservation "r" {\n', lambda n: f'    address "{v4(n, 11)}" pool="internal"\n')
    },
    "environment": lambda: {"config.kdl": lines("environment {\n", lambda n: f'    http_proxy "http://h{n}/"\n')},
    "vlan of nets": lambda: zone(lambda n: f'    net "n{n}" {{ stub "stub0"; vnic "v{n}"; vlan 5; }}\n'),
}


def chain(size):
    return {
        f"templates/t{n}.kdl": f'template "t{n}" {{\n    ' + (f'extends "t{n + 1}"' if n + 1 < size else 'brand "lx"') + "\n}\n"
        for n in range(size)
    }


def clones(size):
    return {
        f"zones/z{n}.kdl": f'zone "z{n}" {{\n    brand "pkgsrc"\n' + (f'    clone-from "z{n + 1}"\n' if n + 1 < size else "") + "}\n"
        for n in range(size)
    }


TREES = {
    "extends, a chain": (3000, chain),
    "clone-from, a chain": (20000, clones),
    "after, missing zones": (
        20000,
        lambda size: {f"zones/z{n}.kdl": f'zone "z{n}" {{\n    brand "pkgsrc"\n    after "q{n}"\n}}\n' for n in range(size)},
    ),
    "zones": (100000, lambda size: {f"zones/z{n}.kdl": f'zone "z{n}" {{\n    brand "pkgsrc"\n}}\n' for n in range(size)}),
    "zones with nets": (
        60000,
        lambda size: {
            "pools/p.kdl": 'pool "p" {\n    network "10.0.0.0/8"\n    stub "stub0"\n}\n',
            **{
                f"zones/z{n}.kdl": f'zone "z{n}" {{\n    brand "pkgsrc"\n    net "n" {{ pool "p"; address "{v4(n + 16)}/8"; }}\n}}\n'
                for n in range(size)
            },
        },
    ),
    "one address for all": (
        20000,
        lambda size: {
            f"zones/z{n}.kdl": f'zone "z{n}" {{\n    brand "pkgsrc"\n    net "n" {{ physical "net0"; address "10.0.0.1/8"; }}\n}}\n'
            for n in range(size)
        },
    ),
    "missing templates": (
        20000,
        lambda size: {f"zones/z{n}.kdl": f'zone "z{n}" {{\n    template "t{n}"\n}}\n' for n in range(size)},
    ),
    "broken zones": (20000, lambda size: {f"zones/z{n}.kdl": f'zone "z{n}" {{\n    brnd "x"\n}}\n' for n in range(size)}),
    "broken pools": (20000, lambda size: {f"pools/p{n}.kdl": f'pool "p{n}" {{\n    netwrk "x"\n}}\n' for n in range(size)}),
    "templates": (
        60000,
        lambda size: {f"templates/t{n}.kdl": f'template "t{n}" {{\n    brand "pkgsrc"\n}}\n' for n in range(size)},
    ),
    "pools": (
        60000,
        lambda size: {
            f"pools/p{n}.kdl": f'pool "p{n}" {{\n    network "10.{n >> 8 & 255}.{n & 255}.0/24"\n    stub "s{n}"\n}}\n'
            for n in range(size)
        },
    ),
    "publishers": (
        60000,
        lambda size: {
            f"publishers/p{n}.kdl": f'publisher "p{n}" {{\n    origin "https://h{n}.example/"\n}}\n' for n in range(size)
        },
    ),
    "reservations": (
        60000,
        lambda size: {
            # A network that no other pool has: otherwise nothing is allocated.
            "pools/p.kdl": 'pool "p" {\n    network "11.0.0.0/8"\n}\n',
            **{
                f"reservations/r{n}.kdl": f'reservation "r{n}" {{\n    address "{v4(n + 16, 11)}" pool="p"\n}}\n'
                for n in range(size)
            },
        },
    ),
}


class Bench:
    def __init__(self, zmgr, scratch):
        self.zmgr, self.scratch, self.number = zmgr, scratch, 0
        self.host = os.path.join(scratch, "host")
        subprocess.run([zmgr, "--simulate", self.host, "init"], stdout=subprocess.DEVNULL, check=True)

    def tree(self, files):
        self.number += 1
        root = os.path.join(self.scratch, str(self.number))
        self.run(root, "init")
        for path, text in files.items():
            path = os.path.join(root, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return root

    def run(self, root, *args):
        """CPU seconds and peak memory in MiB. A host is there for what needs one."""
        host = ["--simulate", self.host] if args[0] == "pool" else []
        with open(os.devnull, "r+b") as null:
            process = subprocess.Popen([self.zmgr, *host, "--root", root, *args], stdin=null, stdout=null, stderr=null)
            try:
                resource.prlimit(process.pid, resource.RLIMIT_CPU, (120, 120))
            except ProcessLookupError:
                pass
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode

    def best(self, root, *args):
        figures = [self.run(root, *args) for _ in range(TURNS)]
        return min(f[0] for f in figures), max(f[1] for f in figures), figures[-1][2]


def main(zmgr="", *chosen):
    zmgr = os.path.abspath(zmgr or os.path.join(TOP, "target/release/zmgr"))
    scratch = tempfile.mkdtemp(prefix="linear-")
    wanted = lambda name: not chosen or any(word in name for word in chosen)
    try:
        bench = Bench(zmgr, scratch)
        empty = bench.best(bench.tree({}), "check")[0]
        plain = zone(lambda n: f'    x-note "{n:05}"\n')
        plain, memory, _ = bench.best(bench.tree(plain), "check")
        plain -= empty
        print(f"a plain file of 1 MiB: {plain * 1000:.0f} ms of CPU, {memory:.0f} MiB\n")
        print("| file of 1 MiB | nodes | CPU | times the plain file | peak memory |\n|---|---|---|---|---|")
        for name, make in FILES.items():
            if not wanted(name):
                continue
            files = make()
            largest = max(files.values(), key=len)
            root = bench.tree(files)
            cpu, memory, status = bench.best(root, "check")
            cpu -= empty
            print(
                f"| {name} | {largest.count(chr(10)):,} | {cpu * 1000:.0f} ms | {cpu / plain:.1f} | {memory:.0f} MiB |"
                + (f" ended with {status}" if status not in (0, 3) else ""),
                flush=True,
            )
            shutil.rmtree(root)
        print("\n| tree | files | check: CPU | CPU at a tenth | growth | peak memory |\n|---|---|---|---|---|---|")
        for name, (size, make) in TREES.items():
            if not wanted(name):
                continue
            small, large = bench.tree(make(size // 10)), bench.tree(make(size))
            jobs = [("", ["check"])]
            if name == "reservations":
                jobs.append((", the first allocation", ["pool", "allocate", "p", "new"]))
                jobs.append((", the second allocation", ["pool", "allocate", "p", "newer"]))
            for what, args in jobs:
                few, _, _ = bench.run(small, *args)
                many, memory, status = bench.run(large, *args)
                print(
                    f"| {name}{what} | {size:,} | {many:.2f} s | {few:.3f} s | {many / max(few, 0.001):.1f} | {memory:.0f} MiB |"
                    + (f" ended with {status}" if status not in (0, 3) else ""),
                    flush=True,
                )
            shutil.rmtree(small)
            shutil.rmtree(large)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main(*sys.argv[1:])
