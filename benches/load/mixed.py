"""Row 15: reads, pages, changes and refreshes at the same time, for some minutes."""

import statistics
import threading

from drive import PAGE, wrk
from logins import new_families

CONNECTIONS = 64


def run(bench, server):
    new_families(server, bench.folder, bench.postgres)
    samples, done = [], threading.Event()

    def sample():
        while not done.wait(1):
            samples.append(server.memory())

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        # The script checks every response.
        rate, p99 = wrk(server.url, "mixed.lua", bench.options.mixed, CONNECTIONS, token=server.token, folder=bench.folder, page=PAGE, check=1)
    finally:
        done.set()
        thread.join()
    bench.add(15, "mixed load, p99", p99, f"{rate:,.0f}/s for {bench.options.mixed} s", goal="15 p99", unit="ms", connections=CONNECTIONS)
    # Without the start, when caches and connections fill.
    part = max(1, len(samples) // 5)
    before, after = statistics.median(samples[part:2 * part] or samples), statistics.median(samples[-part:])
    bench.add(15, "mixed load, memory in the last fifth against the second", after / before,
              f"{before:.0f} and {after:.0f} MB; {min(samples):.0f} to {max(samples):.0f} MB", goal="15 memory", samples=[round(value, 1) for value in samples])
