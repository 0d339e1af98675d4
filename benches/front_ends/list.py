"""Lists the zones of DIRECTORY once for each line that it reads, and prints the nanoseconds that the call took: list.py DIRECTORY"""

import sys
import time

import zmgr

with zmgr.Manager(simulate=sys.argv[1]) as manager:
    for _ in sys.stdin:
        begun = time.perf_counter_ns()
        zones = list(manager.zones(query_host="never"))
        took = time.perf_counter_ns() - begun
        print(len(zones), took, flush=True)
        del zones
