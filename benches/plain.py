"""A typical script: allocates addresses with `ipaddress` from a directory of JSON files, one per zone.

plain.py make DIRECTORY COUNT | allocate DIRECTORY OWNER | list DIRECTORY
"""

import fcntl
import ipaddress
import json
import os
import sys

NETWORK = ipaddress.ip_network("10.64.0.0/16")
FIRST = ipaddress.ip_address("10.64.0.10")


def entries(directory):
    for name in os.listdir(directory):
        if name.endswith(".json"):
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                yield json.load(file)


def write(directory, owner, address):
    path = os.path.join(directory, owner + ".json")
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        json.dump({"name": owner, "brand": "nlipkg", "pool": "big", "address": str(address), "vnic": owner + "_0"}, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".tmp", path)


def allocate(directory, owner):
    with open(os.path.join(directory, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        used = {ipaddress.ip_address(entry["address"]) for entry in entries(directory)}
        for address in NETWORK.hosts():
            if address >= FIRST and address not in used:
                write(directory, owner, address)
                return address
    raise SystemExit("the pool is exhausted")


def main(task, directory, *rest):
    if task == "make":
        for n in range(int(rest[0])):
            name = f"zone{n:05}"
            entry = {"name": name, "brand": "nlipkg", "pool": "big", "address": str(FIRST + n), "vnic": name + "_0"}
            with open(os.path.join(directory, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(entry, file)
    elif task == "allocate":
        print(allocate(directory, rest[0]))
    elif task == "list":
        for entry in sorted(entries(directory), key=lambda entry: entry["name"]):
            print(entry["name"], entry["brand"], entry["address"])


main(*sys.argv[1:])
