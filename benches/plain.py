"""What people write today: addresses given out by `ipaddress` from a folder of JSON files, one a zone.

plain.py make FOLDER COUNT | allocate FOLDER OWNER | list FOLDER
"""

import fcntl
import ipaddress
import json
import os
import sys

NETWORK = ipaddress.ip_network("10.64.0.0/16")
FIRST = ipaddress.ip_address("10.64.0.10")


def entries(folder):
    for name in os.listdir(folder):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                yield json.load(file)


def write(folder, owner, address):
    path = os.path.join(folder, owner + ".json")
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        json.dump({"name": owner, "brand": "nlipkg", "pool": "big", "address": str(address), "vnic": owner + "_0"}, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".tmp", path)


def allocate(folder, owner):
    with open(os.path.join(folder, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        used = {ipaddress.ip_address(entry["address"]) for entry in entries(folder)}
        for address in NETWORK.hosts():
            if address >= FIRST and address not in used:
                write(folder, owner, address)
                return address
    raise SystemExit("the pool is exhausted")


def main(task, folder, *rest):
    if task == "make":
        for n in range(int(rest[0])):
            name = f"zone{n:05}"
            entry = {"name": name, "brand": "nlipkg", "pool": "big", "address": str(FIRST + n), "vnic": name + "_0"}
            with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(entry, file)
    elif task == "allocate":
        print(allocate(folder, rest[0]))
    elif task == "list":
        for entry in sorted(entries(folder), key=lambda entry: entry["name"]):
            print(entry["name"], entry["brand"], entry["address"])


main(*sys.argv[1:])
