"""Prints a hosts file or a DNS zone file with all zones and reservations: dns.py DIRECTORY hosts|zone DOMAIN

The zone file has no SOA and NS records: include it in the file that has them ($INCLUDE).
"""

from __future__ import annotations

import re
import sys

import zmgr

#: Name, then its addresses without prefix length.
Names = dict[str, list[str]]

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def names(manager: zmgr.Manager) -> Names:
    """Returns the addresses of zones and reservations by name.

    A net after the first one gets a name of its own, such as web01-backend.
    """
    found: Names = {}
    for zone in manager.zones():
        for at, net in enumerate(zone.nets):
            name = zone.name if at == 0 else f"{zone.name}-{net.name}"
            found.setdefault(name, []).extend(str(address.address.ip) for address in net.addresses)
    for usage in manager.pool_usages():
        for held in usage.holders:
            if held.kind == "reservation":
                found.setdefault(held.name, []).append(str(held.address))
    return {name: addresses for name, addresses in sorted(found.items()) if addresses}


def label(name: str) -> str | None:
    """Returns a name as a DNS label; None if it cannot be one. Zone names may have dots and underscores."""
    text = re.sub(r"[._]", "-", name.lower())
    return text if LABEL.fullmatch(text) else None


def hosts_file(found: Names, domain: str) -> str:
    lines = [f"{address}\t{name}.{domain} {name}" for name, addresses in found.items() for address in addresses]
    return "\n".join(lines) + "\n"


def zone_file(found: Names, domain: str) -> str:
    lines = [f"$ORIGIN {domain}."]
    for name, addresses in found.items():
        lines += [f"{name}\tIN\t{'AAAA' if ':' in address else 'A'}\t{address}" for address in addresses]
    return "\n".join(lines) + "\n"


def main(directory: str, kind: str, domain: str) -> int:
    with zmgr.Manager(simulate=directory) as manager:
        found: Names = {}
        for name, addresses in names(manager).items():
            host = label(name)
            if host is None or host in found:
                print(f"{name}: left out, not a unique host name", file=sys.stderr)
            else:
                found[host] = addresses
    print({"hosts": hosts_file, "zone": zone_file}[kind](found, domain), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
